//! Adjustments of a member's credits by administrators. Added credits form a new lot, and only
//! unused credits can be taken away. Each adjustment is recorded in the ledger, with a reason.

use identity::account::{self, AccountId};
use identity::session::sudo;
use jiff::SignedDuration;
use platform::audit::Entity;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::resource::Parent as _;
use utoipa::ToSchema;
use web::{Findings, PageQuery};

use super::{CreditEntry, CreditEntryId, CreditReason, Lot, entries, insert, lots};
use crate::Refusal;
use crate::credit_kind;
use crate::order::{self, OrderMode};
use crate::settings::Administrator;

const LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);
/// The minimum and the maximum length of a reason, in characters.
const REASON: (usize, usize) = (5, 300);
const MOST: i64 = 999;

/// Credits that are added to an account or taken away.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCreditAdjustment)]
pub struct NewAdjustment {
    /// The member's account.
    pub account_id: AccountId,
    /// The code of the kind of credits.
    pub credit_kind: String,
    /// How many credits are added or, if the number is negative, taken away; not 0.
    pub delta: i64,
    /// The reason, 5–300 characters.
    pub reason: String,
}

/// All credits of an account, and the latest changes to them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CreditsOfAccount)]
pub struct AccountCredits {
    pub account_id: AccountId,
    /// The person's name.
    pub name: String,
    /// All lots, including those that are used up or have expired; the last to expire comes first.
    pub lots: Vec<Lot>,
    /// The changes, newest first: a page of them, or the latest 50.
    pub entries: Vec<CreditEntry>,
    /// The `cursor` of the next page of changes; absent on the last page.
    pub next_cursor: Option<String>,
}

/// Finds an account's credits, and the page `paging` of the changes to them.
pub fn find(
    tx: &mut Tx<'_>,
    id: &AccountId,
    paging: &PageQuery,
) -> Result<Option<AccountCredits>, Refusal> {
    let Some(account) = account::find(tx, id)? else {
        return Ok(None);
    };
    let lots = sql!(
        "SELECT {l: Lot} FROM credit_lot l JOIN money_party p ON p.id = l.party_id
         WHERE p.account_id = :id AND l.is_closed = 0 ORDER BY l.expires_at DESC, l.id",
        id
    )
    .all(tx)?;
    let before = paging.after()?;
    let entries = entries(tx, id, before.as_ref(), paging.rows())?;
    let entries = paging.list(entries, |one| (one.created_at, one.id.clone()));
    Ok(Some(AccountCredits {
        account_id: account.id,
        name: account.display_name,
        lots,
        entries: entries.items,
        next_cursor: entries.next_cursor,
    }))
}

/// Adjusts an account's credits. Only unused credits that have not expired are taken away, starting
/// with those that expire first.
pub fn adjust(
    tx: &mut Tx<'_>,
    by: &Administrator,
    new: &NewAdjustment,
) -> Result<AccountCredits, Refusal> {
    sudo::require::<Refusal>(tx, &by.requester().who)?;
    if account::find(tx, &new.account_id)?.is_none() {
        return Err(Refusal::NotFound);
    }
    let mut findings = Findings::default();
    let reason = findings.line("/reason", &new.reason, REASON.0, REASON.1);
    let delta = findings.number("/delta", new.delta, -MOST, MOST);
    if delta == 0 {
        findings.add("/delta", "required", []);
    }
    if delta > 0 && credit_kind::find_active(tx, &new.credit_kind)?.is_none() {
        findings.add("/credit_kind", "unknown_option", []);
    }
    findings.finish()?;
    let ids = if delta > 0 {
        vec![add(tx, new, &reason)?]
    } else {
        take_away(tx, new, &reason)?
    };
    let changes = json!([{"field": "credits", "old": null, "new": delta},
        {"field": "credit_kind", "old": null, "new": new.credit_kind},
        {"field": "reason", "old": null, "new": reason},
        {"field": "entries", "old": null, "new": ids}]);
    let entity = Entity::new("account", new.account_id.to_string());
    by.record(tx, entity, "credit.adjusted", changes)?;
    find(tx, &new.account_id, &PageQuery::default())?.ok_or(Refusal::NotFound)
}

fn add(tx: &mut Tx<'_>, new: &NewAdjustment, reason: &str) -> Result<CreditEntryId, StoreError> {
    let lot = Lot {
        party_id: order::party(tx, &new.account_id)?,
        id: tx.id(),
        credit_kind: new.credit_kind.clone(),
        granted: new.delta,
        used: 0,
        expires_at: tx.now() + LIFETIME,
        review_calls: false,
    };
    insert(tx, &lot, None)?;
    enter(tx, &lot, new.delta, reason)
}

fn take_away(
    tx: &mut Tx<'_>,
    new: &NewAdjustment,
    reason: &str,
) -> Result<Vec<CreditEntryId>, Refusal> {
    let mut locked = Vec::new();
    for lot in lots(tx, &new.account_id, OrderMode::Test)? {
        if lot.credit_kind == new.credit_kind {
            locked.push(super::find(tx, &lot.id)?);
        }
    }
    let unused: i64 = locked.iter().map(|lot| lot.granted - lot.used).sum();
    if unused < -new.delta {
        let mut findings = Findings::default();
        findings.add("/delta", "too_low", [("min", (-unused).into())]);
        findings.finish()?;
    }
    let (mut left, mut ids) = (-new.delta, Vec::new());
    for lot in locked {
        let part = left.min(lot.granted - lot.used);
        if part > 0 {
            sql!(
                "UPDATE credit_lot SET granted = granted - :part WHERE id = :id",
                id = lot.id,
                part
            )
            .run(tx, Rows::Exactly(1))?;
            ids.push(enter(tx, &lot, -part, reason)?);
            left -= part;
        }
    }
    Ok(ids)
}

fn enter(
    tx: &mut Tx<'_>,
    lot: &Lot,
    delta: i64,
    reason: &str,
) -> Result<CreditEntryId, StoreError> {
    let id: CreditEntryId = tx.id();
    sql!(
        "INSERT INTO credit_entry (id, lot_id, delta, reason, subject, note, created_at)
         VALUES (:id, :lot, :delta, :adjusted, :id, :note, :now)",
        id,
        lot = lot.id,
        delta,
        adjusted = CreditReason::Adjusted,
        note = reason,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(id)
}
