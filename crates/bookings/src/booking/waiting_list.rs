//! The waiting list of a date of a class. Seats that become free are kept, in the same transaction, for
//! the first whole party that fits: by a pending booking, as for a member who has to pay. A party that
//! does not fit keeps its place.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::NewJob;
use platform::money::Currency;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{Booking, BookingId, State, jobs, seat};
use crate::brief::Brief;
use crate::choice::Choice;
use crate::provider::ProviderId;
use crate::room;
use crate::settings::{self, BookingSettings};
use crate::slot::{self, Slot, SlotId};

platform::id!(WaitingId, random, "One party in a waiting list.");

/// The job kind of the job that asks a party, or books for it.
pub(crate) const ASK: &str = "booking.waiting_ask";
/// The job kind of the job that tells all who wait that seats are free which nobody keeps.
pub(crate) const OPEN: &str = "booking.waiting_open";
/// From then on before the start, seats are not kept for anybody.
const NOTHING_KEPT: SignedDuration = SignedDuration::from_hours(2);
const SHORTEST: SignedDuration = SignedDuration::from_mins(30);

web::words! {
    /// The state of a party in a waiting list.
    #[schema(as = WaitingState)]
    WaitingState {
        /// Not enough seats have become free.
        Waiting = "waiting" => "waiting-waiting",
        /// Seats are kept for the party, which has not booked them yet.
        Asked = "asked" => "waiting-asked",
        /// The party has seats.
        Taken = "taken" => "waiting-taken",
        /// The party did not take the seats in time, or the list was closed.
        Passed = "passed" => "waiting-passed",
        /// The party does not wait any more.
        Left = "left" => "waiting-left",
    }
}

/// A party that waits for seats of a date of a class.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[row(table = "waiting")]
#[schema(as = WaitingParty)]
pub struct Waiting {
    pub id: WaitingId,
    /// The date of the class.
    pub slot_id: SlotId,
    #[serde(skip)]
    pub member_id: Option<AccountId>,
    /// How many seats the party needs.
    pub seats: i64,
    /// A note for the provider, up to 500 characters.
    pub note: String,
    pub state: WaitingState,
    /// Whether seats that become free are booked without asking.
    pub books_at_once: bool,
    /// Until when seats are kept for the party.
    pub asked_until: Option<Timestamp>,
    /// The booking that keeps, or kept, the seats for the party.
    pub booking_id: Option<BookingId>,
    pub created_at: Timestamp,
    /// The version, which increases with every change.
    pub version: i64,
}

impl Waiting {
    /// Whether the party waits, or seats are kept for it.
    pub(crate) fn is_active(&self) -> bool {
        matches!(self.state, WaitingState::Waiting | WaitingState::Asked)
    }
}

pub(crate) fn find(tx: &mut Tx<'_>, id: &WaitingId) -> Result<Option<Waiting>, StoreError> {
    tx.find(id)
}

/// The parties of a date that wait or are asked, in their order.
pub(crate) fn list(tx: &mut Tx<'_>, slot: &SlotId) -> Result<Vec<Waiting>, StoreError> {
    sql!(
        "SELECT {Waiting} FROM waiting WHERE slot_id = :slot AND state IN ('waiting', 'asked')
         ORDER BY created_at, id",
        slot
    )
    .all(tx)
}

/// The member's party that waits for a date or is asked.
pub(crate) fn find_active(
    tx: &mut Tx<'_>,
    member: &AccountId,
    slot: &SlotId,
) -> Result<Option<Waiting>, StoreError> {
    sql!(
        "SELECT {Waiting} FROM waiting
         WHERE slot_id = :slot AND member_id = :member AND state IN ('waiting', 'asked')",
        slot,
        member
    )
    .maybe(tx)
}

/// The party for which a booking keeps seats.
pub(crate) fn asked_by(
    tx: &mut Tx<'_>,
    booking: &BookingId,
) -> Result<Option<Waiting>, StoreError> {
    sql!(
        "SELECT {Waiting} FROM waiting WHERE booking_id = :booking AND state = 'asked'",
        booking
    )
    .maybe(tx)
}

/// Notes that the member of a booking has seats now, and so does not wait for the date any more.
pub(crate) fn end(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    if !booking.is_class {
        return Ok(());
    }
    sql!(
        "UPDATE waiting SET state = 'taken', booking_id = :booking, version = version + 1
         WHERE slot_id = :slot AND member_id = :member AND state IN ('waiting', 'asked')",
        booking = booking.id,
        slot = booking.slot_id,
        member = booking.member_id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Notes that the party for which the booking kept seats did not take them.
pub(super) fn pass(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    sql!(
        "UPDATE waiting SET state = 'passed', version = version + 1
         WHERE booking_id = :booking AND state = 'asked'",
        booking = booking.id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Like [`advance`], for all coming dates of a provider, which the caller has not locked.
pub(crate) fn advance_all(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<(), StoreError> {
    let slots: Vec<(SlotId,)> = sql!(
        "SELECT id FROM slot s
         WHERE s.provider_id = :provider AND s.starts_at > :now AND s.seats > 1
           AND EXISTS (SELECT 1 FROM waiting w WHERE w.slot_id = s.id AND w.state = 'waiting')
         ORDER BY id",
        provider,
        now = tx.now()
    )
    .all(tx)?;
    for (slot,) in &slots {
        slot::lock(tx, slot.as_str())?;
        advance(tx, slot)?;
    }
    Ok(())
}

/// Keeps the seats that are free for those who wait for them. Whatever frees seats calls this in the
/// same transaction, so that nobody takes them in between. The caller holds the slot's lock.
pub(crate) fn advance(tx: &mut Tx<'_>, slot: &SlotId) -> Result<(), StoreError> {
    let parties = list_fit(tx, slot)?;
    if parties.is_empty() {
        return Ok(());
    }
    let Some(slot) = find_bookable(tx, slot)? else {
        return Ok(());
    };
    let left = slot.starts_at.duration_since(tx.now());
    if left < NOTHING_KEPT {
        return tx.enqueue(NewJob {
            key: Some(format!("{OPEN} {}", slot.id)),
            ..NewJob::new(OPEN, json!(slot.id))
        });
    }
    let rules = settings::load(tx)?;
    let until = tx.now() + kept_for(left, rules.waiting_hours);
    let mut free = slot.seats_left();
    for (party, member) in &parties {
        if party.seats <= free && ask(tx, &slot, party, member, until, &rules)? {
            free -= party.seats;
        }
    }
    Ok(())
}

/// How long seats are kept for a party if the class begins in `left`: for `hours` at most.
fn kept_for(left: SignedDuration, hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
        .min(left / 4)
        .max(SHORTEST)
}

/// The parties that wait, in their order, with their members. A member who has already seats is left
/// out: perhaps somebody else holds them for that address.
fn list_fit(tx: &mut Tx<'_>, slot: &SlotId) -> Result<Vec<(Waiting, AccountId)>, StoreError> {
    let parties: Vec<Waiting> = sql!(
        "SELECT {w: Waiting} FROM waiting w JOIN account a ON a.id = w.member_id
         WHERE w.slot_id = :slot AND w.state = 'waiting' AND a.state = 'active'
           AND NOT EXISTS (SELECT 1 FROM booking b
                           WHERE b.slot_id = w.slot_id AND b.member_id = w.member_id
                             AND b.state NOT IN ('expired', 'cancelled'))
         ORDER BY w.created_at, w.id",
        slot
    )
    .all(tx)?;
    let parties = parties.into_iter();
    Ok(parties
        .filter_map(|party| party.member_id.clone().map(|member| (party, member)))
        .collect())
}

/// Finds a date that has free seats and that members can book now.
fn find_bookable(tx: &mut Tx<'_>, slot: &SlotId) -> Result<Option<Slot>, StoreError> {
    sql!(
        "SELECT {s: Slot} FROM slot s JOIN offer o ON o.id = s.offer_id
         JOIN provider p ON p.id = s.provider_id JOIN account a ON a.id = p.account_id
         WHERE s.id = :slot AND s.deleted_at IS NULL AND s.state = 'available'
           AND s.seats_taken < s.seats AND o.active = 1 AND o.seats > 1 AND p.is_paused = 0
           AND a.state = 'active' AND s.starts_at > CAST(:now AS BIGINT) + o.min_notice * 60000",
        slot,
        now = tx.now()
    )
    .maybe(tx)
}

/// What a provider is owed.
type Rate = (i64, Currency, i64);

/// Keeps seats for a party. Returns `false` if the class needs a room and none is free.
fn ask(
    tx: &mut Tx<'_>,
    slot: &Slot,
    party: &Waiting,
    member: &AccountId,
    until: Timestamp,
    rules: &BookingSettings,
) -> Result<bool, StoreError> {
    let (payout_minor, payout_currency, no_show_bps): Rate = sql!(
        "SELECT class_payout_minor, payout_currency, no_show_bps FROM provider WHERE id = :id",
        id = slot.provider_id
    )
    .one(tx)?;
    let booking = Booking {
        id: tx.id(),
        slot_id: slot.id.clone(),
        member_id: Some(member.clone()),
        provider_id: slot.provider_id.clone(),
        starts_at: slot.starts_at,
        ends_at: slot.ends_at,
        time_zone: slot.time_zone.clone(),
        title: slot.title.clone(),
        brief: Brief {
            note: party.note.clone(),
            ..Brief::default()
        },
        choice: Choice::default(),
        answers: Vec::new(),
        seats: party.seats,
        is_class: true,
        is_further: false,
        state: State::PendingPayment,
        order_id: None,
        credit_lot_id: None,
        hold_token: Some(platform::id::generate_random(tx.random())),
        hold_until: Some(until),
        cancel_minutes: rules.cancel_minutes,
        reschedule_limit: rules.reschedule_limit,
        reschedules: 0,
        ics_sequence: 0,
        cancelled_at: None,
        cancelled_by: None,
        cancel_reason: String::new(),
        payout_minor: payout_minor * party.seats,
        payout_currency,
        no_show_bps,
        late_refund_bps: rules.late_refund_bps,
        is_late: false,
        outcome_by: None,
        created_at: tx.now(),
        version: 1,
    };
    sql!(
        "INSERT INTO booking ({Booking}) VALUES ({:Booking})",
        Booking = booking
    )
    .run(tx, Rows::Exactly(1))?;
    if !room::reserve(tx, slot, booking.id.as_str())? {
        sql!("DELETE FROM booking WHERE id = :id", id = booking.id).run(tx, Rows::Exactly(1))?;
        return Ok(false);
    }
    seat::insert(tx, &seat::draft(&booking, &[]))?;
    sql!(
        "UPDATE slot SET seats_taken = seats_taken + :seats WHERE id = :id",
        seats = party.seats,
        id = slot.id
    )
    .run(tx, Rows::Exactly(1))?;
    sql!(
        "UPDATE waiting SET state = 'asked', asked_until = :until, booking_id = :booking,
             version = version + 1
         WHERE id = :id AND state = 'waiting'",
        until,
        booking = booking.id,
        id = party.id
    )
    .run(tx, Rows::Exactly(1))?;
    jobs::plan_hold(tx, &booking, until)?;
    tx.enqueue(NewJob::new(ASK, json!(party.id)))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_kept_for_the_rules_hours_a_quarter_of_the_time_and_half_an_hour() {
        for (left, hours, expected) in [
            (10_000, 12, 720),
            (2_880, 12, 720),
            (2_400, 12, 600),
            (240, 12, 60),
            (121, 12, 30),
            (2_880, 1, 60),
        ] {
            let kept = kept_for(SignedDuration::from_mins(left), hours);
            assert_eq!(kept.as_mins(), expected, "{left} {hours}");
        }
    }
}
