//! The kinds of credits, which administrators keep as a list. Slots take credits of a kind, plans
//! grant them, and a review of a document costs one of the kind `document_review`.

use std::collections::BTreeMap;

use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{History, Removal, Resource, history_of, next_position, position};
use utoipa::ToSchema;
use web::fields::{flag, key, line, number};
use web::{Field, Input, List, PageQuery};

use crate::Refusal;
use crate::settings::Administrator;

platform::id!(CreditKindId, random, "One kind of credits.");

/// The code of the kind of credits for booking sessions. Every new site has this kind.
pub const SESSION: &str = "session";
/// The code of the kind that reviews of documents cost.
pub const DOCUMENT_REVIEW: &str = "document_review";

/// A kind of credits.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "credit_kind")]
pub struct CreditKind {
    /// The kind's id.
    pub id: CreditKindId,
    /// The name in JSON, 1–40 characters of `a-z0-9-`. It never changes. The kind that reviews cost
    /// has the code `document_review`.
    pub code: String,
    /// The name, 1–80 characters.
    pub label: String,
    /// The lowest tier of membership with which these credits can be spent; 0 if no membership is
    /// needed.
    pub min_tier: i64,
    /// Whether new slots can take credits of this kind and new plans can grant them.
    pub active: bool,
    /// The position in the list of kinds.
    pub position: i64,
    /// The version, which increases with every change.
    pub version: i64,
}

/// All kinds, the active ones first, in their order.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<CreditKind>, StoreError> {
    let all = sql!("SELECT {CreditKind} FROM credit_kind ORDER BY active DESC, position, id");
    tx.all(all, &[])
}

/// The active kind with this code.
pub(crate) fn find_active(tx: &mut Tx<'_>, code: &str) -> Result<Option<CreditKind>, StoreError> {
    sql!(
        "SELECT {CreditKind} FROM credit_kind WHERE code = :code AND active = 1",
        code
    )
    .maybe(tx)
}

/// The lowest tier of membership with which credits of a kind can be spent; 0 if no membership is
/// needed.
pub(crate) fn min_tier(tx: &mut Tx<'_>, code: &str) -> Result<i64, StoreError> {
    let tier: Option<(i64,)> =
        sql!("SELECT min_tier FROM credit_kind WHERE code = :code", code).maybe(tx)?;
    Ok(tier.map_or(0, |(tier,)| tier))
}

/// The labels of all kinds.
#[derive(Clone, Debug, Default)]
pub struct Labels(BTreeMap<String, String>);

impl Labels {
    pub fn load(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        Ok(Self::of(&all(tx)?))
    }

    pub(crate) fn of(kinds: &[CreditKind]) -> Self {
        let labels = kinds.iter();
        let labels = labels.map(|kind| (kind.code.clone(), kind.label.clone()));
        Self(labels.collect())
    }

    /// The label of a kind, or its code if the kind no longer exists.
    pub fn label<'a>(&'a self, code: &'a str) -> &'a str {
        self.0.get(code).map_or(code, String::as_str)
    }
}

impl Resource for CreditKind {
    type Parent = Administrator;
    const FIELDS: &'static [Field] = web::fields! { CreditKind:
        code: key(1, 40).label("choice-code").hint("choice-code-hint").required().fixed(),
        label: line(80).label("choice-label").required(),
        min_tier: number(0, 100).label("credit-kind-tier").hint("credit-kind-tier-hint"),
        active: flag().label("credit-kind-active"),
        position: position().label("plan-position"),
    };
    const HISTORY: History = history_of!("credit_kind", named_by: "label");
    const LIMIT: Option<usize> = Some(20);

    site::stored_in_table!();

    fn list(tx: &mut Tx<'_>, _: &Administrator, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(all(tx)?))
    }

    fn blank(
        tx: &mut Tx<'_>,
        _: &Administrator,
        _: &Input,
        there: &[Self],
    ) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            code: String::new(),
            label: String::new(),
            min_tier: 0,
            active: true,
            position: next_position(there.iter().map(|one| one.position)),
            version: 1,
        })
    }

    /// The kind that reviews cost is never deleted.
    fn removal(&self, tx: &mut Tx<'_>, _: &Administrator, _: &[Self]) -> Result<Removal, Refusal> {
        if self.code == DOCUMENT_REVIEW {
            return Ok(Removal::Deactivate);
        }
        let (used,): (i64,) = sql!(
            "SELECT (SELECT COUNT(*) FROM slot WHERE credit_kind = :code)
                  + (SELECT COUNT(*) FROM offer WHERE credit_kind = :code)
                  + (SELECT COUNT(*) FROM credit_lot WHERE credit_kind = :code)
                  + (SELECT COUNT(*) FROM plan WHERE grants LIKE :granted ESCAPE '!')
                  + (SELECT COUNT(*) FROM booking_order WHERE grants LIKE :granted ESCAPE '!')",
            code = self.code,
            granted = format!("%\"{}\"%", self.code)
        )
        .one(tx)?;
        Ok(Removal::of_uses(used))
    }
}
