//! The dates of classes to which a group link may lead.

use identity::account::AccountId;
use identity::scope::domain::GroupPlace;
use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx, sql};

use crate::slot::SlotId;

/// Group links end within so many days.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The next dates of the account's classes, or of everybody's for `None`.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    account: Option<&AccountId>,
) -> Result<Vec<GroupPlace>, StoreError> {
    let now = tx.roughly_now();
    let of = account.map_or("", AccountId::as_str);
    let dates: Vec<(SlotId, String, Timestamp)> = sql!(
        "SELECT s.id, s.title, s.starts_at FROM slot s JOIN provider p ON p.id = s.provider_id
         WHERE s.seats > 1 AND s.deleted_at IS NULL AND s.state = 'available'
           AND s.starts_at > :now AND s.starts_at < :until
           AND (:of = '' OR p.account_id = :of)
         ORDER BY s.starts_at, s.id LIMIT 60",
        now,
        until = now + AHEAD,
        of
    )
    .all(tx)?;
    let places = dates.into_iter().map(|(id, title, at)| GroupPlace {
        path: format!("/book/{id}"),
        title,
        at: Some(at),
    });
    Ok(places.collect())
}
