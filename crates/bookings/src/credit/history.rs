//! What each change to credits was for, in the words of plans and sessions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::store::{IdSet, Row};
use platform::{StoreError, Tx, sql};

use super::{CreditEntry, CreditEntryId};

/// What a change to credits was for. Whatever is gone is `None`.
#[derive(Clone, Debug, Row)]
pub(crate) struct CreditUse {
    id: CreditEntryId,
    /// The code of the kind of credits.
    pub(crate) credit_kind: String,
    /// The name of the plan that was bought.
    pub(crate) plan: Option<String>,
    /// The title and the start of the session that was booked.
    pub(crate) session: Option<String>,
    pub(crate) starts_at: Option<Timestamp>,
    /// What the reviewed document is for.
    pub(crate) document: Option<String>,
}

/// Finds what these changes were for.
pub(crate) fn uses(
    tx: &mut Tx<'_>,
    entries: &[CreditEntry],
) -> Result<BTreeMap<CreditEntryId, CreditUse>, StoreError> {
    let mut all = BTreeMap::new();
    for set in IdSet::of(entries.iter().map(|one| one.id.as_str())) {
        // The subject of a seat is the booking's id, a hyphen and the seat's position.
        let found: Vec<CreditUse> = sql!(
            "SELECT e.id, l.credit_kind, n.name AS plan, b.title AS session, b.starts_at,
                 r.goal AS document
             FROM credit_entry e JOIN credit_lot l ON l.id = e.lot_id
             LEFT JOIN booking_order o ON o.id = e.subject
             LEFT JOIN plan n ON n.id = o.plan_id
             LEFT JOIN booking b ON b.id = substr(e.subject, 1, 36)
             LEFT JOIN review r ON r.id = e.subject
             WHERE e.id IN ({:IdSet})",
            IdSet = set
        )
        .all(tx)?;
        all.extend(found.into_iter().map(|one| (one.id.clone(), one)));
    }
    Ok(all)
}
