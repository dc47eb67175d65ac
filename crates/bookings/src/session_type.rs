//! Session types: the kinds of sessions, which administrators keep as a list.

use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{History, Removal, Resource, history_of};
use utoipa::ToSchema;
use web::fields::{flag, key, line, number};
use web::{Field, Input, List, PageQuery};

use crate::Refusal;
use crate::settings::Administrator;

platform::id!(SessionTypeId, random, "One kind of session.");

/// A kind of session, such as a portrait or a mock interview.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "session_type")]
#[schema(as = BookingSessionType)]
pub struct SessionType {
    /// The type's id.
    pub id: SessionTypeId,
    /// The name in URLs and in JSON, 1–40 characters of `a-z0-9-`. It never changes.
    pub code: String,
    /// The name, 1–80 characters.
    pub label: String,
    /// Whether the type can be chosen.
    pub active: bool,
    /// The position in the list of types.
    pub position: i64,
    /// The version, which increases with every change.
    pub version: i64,
}

/// The name of the type with this code; `None` if there is no such type.
pub fn label(tx: &mut Tx<'_>, code: &str) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> =
        sql!("SELECT label FROM session_type WHERE code = :code", code).maybe(tx)?;
    Ok(found.map(|(label,)| label))
}

impl Resource for SessionType {
    type Parent = Administrator;
    const FIELDS: &'static [Field] = web::fields! { SessionType:
        code: key(1, 40).label("choice-code").hint("choice-code-hint").required().fixed(),
        label: line(80).label("choice-label").required(),
        active: flag().label("choice-active"),
        position: number(0, 1_000).label("plan-position"),
    };
    const HISTORY: History = history_of!("session_type", named_by: "label");
    const LIMIT: Option<usize> = Some(100);

    site::stored_in_table!();

    fn list(tx: &mut Tx<'_>, _: &Administrator, _: &PageQuery) -> Result<List<Self>, Refusal> {
        let all = sql!("SELECT {SessionType} FROM session_type ORDER BY active DESC, position, id");
        Ok(List::whole(tx.all(all, &[])?))
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
            active: true,
            position: crate::position::next_position(there.iter().map(|one| one.position)),
            version: 1,
        })
    }

    fn removal(&self, tx: &mut Tx<'_>, _: &Administrator, _: &[Self]) -> Result<Removal, Refusal> {
        let (used,): (i64,) = sql!(
            "SELECT (SELECT COUNT(*) FROM slot_session_type WHERE session_type = :code)
                  + (SELECT COUNT(*) FROM booking WHERE session_type = :code)
                  + (SELECT COUNT(*) FROM booking_request WHERE session_type = :code)",
            code = self.code
        )
        .one(tx)?;
        Ok(Removal::of_uses(used))
    }
}
