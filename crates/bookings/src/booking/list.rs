//! Lists of bookings.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx, sql};
use site::dates::Date;
use web::calendar::Target;

use super::{Booking, BookingId, State};
use crate::provider::ProviderId;
use crate::slot::SlotId;

/// The sort key of a list: when the session starts, and the booking's id.
pub type After = (Timestamp, BookingId);

/// A page of a list. It contains at most `rows` bookings, which come after `after`.
#[derive(Clone, Debug)]
pub struct Part {
    pub after: Option<After>,
    pub rows: i64,
}

impl Part {
    /// The first `rows` bookings.
    pub fn first(rows: i64) -> Self {
        Self { after: None, rows }
    }

    /// All bookings, for lists that one person's sessions bound.
    pub fn whole() -> Self {
        Self::first(i64::MAX)
    }

    /// The smallest sort key by default: the list begins with the soonest session.
    fn after_soonest(&self) -> (Timestamp, &str) {
        let after = self.after.as_ref();
        after.map_or((Timestamp::MIN, ""), |(at, id)| (*at, id.as_str()))
    }

    /// The latest possible time by default: the list begins with the latest session.
    fn after_latest(&self) -> (Timestamp, &str) {
        let after = self.after.as_ref();
        after.map_or((Timestamp::MAX, ""), |(at, id)| (*at, id.as_str()))
    }
}

/// Lists a member's upcoming bookings, soonest first. If `is_past` is true, lists the past ones,
/// latest first.
pub fn list(
    tx: &mut Tx<'_>,
    member: &AccountId,
    is_past: bool,
    part: &Part,
) -> Result<Vec<Booking>, StoreError> {
    let (now, rows) = (tx.roughly_now(), part.rows);
    if is_past {
        let (at, id) = part.after_latest();
        return sql!(
            "SELECT {Booking} FROM booking
             WHERE member_id = :member AND (starts_at < :at OR (starts_at = :at AND id < :id))
               AND (ends_at <= :now OR state NOT IN ('pending_payment', 'confirmed'))
             ORDER BY starts_at DESC, id DESC LIMIT :rows",
            member,
            at,
            id,
            now,
            rows
        )
        .all(tx);
    }
    let (at, id) = part.after_soonest();
    sql!(
        "SELECT {Booking} FROM booking
         WHERE member_id = :member AND (starts_at > :at OR (starts_at = :at AND id > :id))
           AND ends_at > :now AND state IN ('pending_payment', 'confirmed')
         ORDER BY starts_at, id LIMIT :rows",
        member,
        at,
        id,
        now,
        rows
    )
    .all(tx)
}

/// Like [`list`], for the bookings with a provider.
pub fn list_with_provider(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    is_past: bool,
    part: &Part,
) -> Result<Vec<Booking>, StoreError> {
    let (now, rows) = (tx.roughly_now(), part.rows);
    if is_past {
        let (at, id) = part.after_latest();
        return sql!(
            "SELECT {Booking} FROM booking
             WHERE provider_id = :provider AND (starts_at < :at OR (starts_at = :at AND id < :id))
               AND (ends_at <= :now OR state NOT IN ('pending_payment', 'confirmed'))
             ORDER BY starts_at DESC, id DESC LIMIT :rows",
            provider,
            at,
            id,
            now,
            rows
        )
        .all(tx);
    }
    let (at, id) = part.after_soonest();
    sql!(
        "SELECT {Booking} FROM booking
         WHERE provider_id = :provider AND (starts_at > :at OR (starts_at = :at AND id > :id))
           AND ends_at > :now AND state IN ('pending_payment', 'confirmed')
         ORDER BY starts_at, id LIMIT :rows",
        provider,
        at,
        id,
        now,
        rows
    )
    .all(tx)
}

/// The starts of a member's upcoming sessions, for countdowns. The provider is not named, because
/// anybody may see a countdown.
pub(crate) fn dates(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Date>, StoreError> {
    let mut coming = list(tx, account, false, &Part::whole())?;
    coming.retain(|one| one.state == State::Confirmed);
    let date = |one: Booking| Date {
        id: one.id.to_string(),
        at: Target::of(one.starts_at, &one.zone()).to_string(),
        label: one.title,
        time_zone: one.time_zone,
    };
    Ok(coming.into_iter().map(date).collect())
}

/// Lists a provider's bookings whose sessions begin in this period, soonest first. Cancelled and
/// expired bookings are left out.
pub(crate) fn list_between(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Booking>, StoreError> {
    sql!(
        "SELECT {Booking} FROM booking
         WHERE provider_id = :provider AND starts_at >= :from AND starts_at < :until
           AND state IN ('pending_payment', 'confirmed', 'completed', 'no_show_member',
                         'no_show_provider')
         ORDER BY starts_at, id",
        provider,
        from,
        until
    )
    .all(tx)
}

/// Lists the bookings of a slot, oldest first. Cancelled and expired ones are left out. Only a class
/// has several.
pub(crate) fn list_of_slot(tx: &mut Tx<'_>, slot: &SlotId) -> Result<Vec<Booking>, StoreError> {
    sql!(
        "SELECT {Booking} FROM booking
         WHERE slot_id = :slot
           AND state IN ('pending_payment', 'confirmed', 'completed', 'no_show_member',
                         'no_show_provider')
         ORDER BY created_at, id",
        slot
    )
    .all(tx)
}

/// Lists the bookings of all members, those with the latest sessions first.
pub fn list_all(tx: &mut Tx<'_>, part: &Part) -> Result<Vec<Booking>, StoreError> {
    let (at, id) = part.after_latest();
    sql!(
        "SELECT {Booking} FROM booking WHERE starts_at < :at OR (starts_at = :at AND id < :id)
         ORDER BY starts_at DESC, id DESC LIMIT :rows",
        at,
        id,
        rows = part.rows
    )
    .all(tx)
}

/// Lists a provider's active bookings whose sessions have not ended, soonest first.
pub fn list_of_provider(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Vec<Booking>, StoreError> {
    list_with_provider(tx, provider, false, &Part::whole())
}

/// Counts a member's upcoming bookings, as [`list`] lists them.
pub(crate) fn count_coming(tx: &mut Tx<'_>, member: &AccountId) -> Result<usize, StoreError> {
    let (count,): (u64,) = sql!(
        "SELECT COUNT(*) FROM booking
         WHERE member_id = :member AND ends_at > :now
           AND state IN ('pending_payment', 'confirmed')",
        member,
        now = tx.roughly_now()
    )
    .one(tx)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Counts a provider's upcoming bookings, as [`list_of_provider`] lists them.
pub(crate) fn count_coming_of(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<usize, StoreError> {
    let (count,): (u64,) = sql!(
        "SELECT COUNT(*) FROM booking
         WHERE provider_id = :provider AND ends_at > :now
           AND state IN ('pending_payment', 'confirmed')",
        provider,
        now = tx.roughly_now()
    )
    .one(tx)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// Lists a provider's bookings whose outcome can be marked, latest session first. These sessions
/// have begun, and have either not ended yet or ended at most `hours` ago.
pub fn list_begun(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    hours: i64,
) -> Result<Vec<Booking>, StoreError> {
    let now = tx.roughly_now();
    sql!(
        "SELECT {Booking} FROM booking
         WHERE provider_id = :provider AND starts_at <= :now AND ends_at > :since
           AND state IN ('confirmed', 'completed', 'no_show_member', 'no_show_provider')
         ORDER BY starts_at DESC, id",
        provider,
        now,
        since = now - SignedDuration::from_hours(hours)
    )
    .all(tx)
}
