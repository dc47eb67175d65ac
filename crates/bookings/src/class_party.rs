//! What becomes of the seats of a party: a member names who comes and gives some of them back, and
//! the provider says who came.

use platform::audit::Entity;
use platform::money::Money;
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::{Findings, Site};

use crate::booking::seat::{self, Seat, SeatState};
use crate::booking::{self, Booking, BookingId, Party, PartyTo, State, class_seats};
use crate::cancel;
use crate::codes::{NOT_CANCELLABLE, OUTCOME_CLOSED, PAYOUT_STATE};
use crate::notice::{self, Event, Returned};
use crate::outcome::{self, Outcome};
use crate::provider::Provider;
use crate::slot::{self, SlotId};
use crate::{Refusal, credit, no_show_claim, order, outcome_mark, payout, refund, settings};

/// Who comes to a class.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingNames)]
pub struct Names {
    /// The names for the seats that the booking has, by position; up to one for each seat, each up to
    /// 80 characters. Seats beyond the last name have none.
    pub names: Vec<String>,
}

/// The seats of a class that a member gives back.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeatCancellation)]
pub struct SeatCancellation {
    /// The positions of the seats, at least one. Seats that were given back before stay so.
    pub positions: Vec<i64>,
}

/// The seats of a class to which nobody came.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeatOutcome)]
pub struct SeatOutcome {
    /// The positions of the seats to which nobody came. To all others somebody did.
    pub missed: Vec<i64>,
}

/// What a provider says of one booking of a date.
#[derive(Clone, Debug)]
pub(crate) struct Attendance {
    pub(crate) booking: BookingId,
    pub(crate) outcome: SeatOutcome,
}

/// The seats of a booking that were not given back.
fn standing(tx: &mut Tx<'_>, booking: &Booking) -> Result<Vec<Seat>, StoreError> {
    let all = seat::of_booking(tx, &booking.id)?.into_iter();
    Ok(all.filter(Seat::stands).collect())
}

/// Checks that the booking has seats with these positions.
fn check_positions(findings: &mut Findings, pointer: &str, positions: &[i64], party: &[Seat]) {
    let has = |position: &i64| party.iter().any(|seat| seat.position == *position);
    if !positions.iter().all(has) {
        let most = i64::try_from(party.len()).unwrap_or(i64::MAX);
        findings.add(
            pointer,
            "out_of_range",
            [("min", 1.into()), ("max", most.into())],
        );
    }
}

/// Names who comes. The member can do so until the class begins.
pub fn name(tx: &mut Tx<'_>, party: &PartyTo, new: &Names) -> Result<Booking, Refusal> {
    if party.party != Party::Member {
        return Err(Refusal::Forbidden);
    }
    let booking = &party.booking;
    if !booking.is_class || !booking.is_active() || booking.starts_at <= tx.now() {
        return Err(NOT_CANCELLABLE.into());
    }
    let mut findings = Findings::default();
    let names = seat::check_names(&mut findings, &new.names, booking.seats);
    findings.finish()?;
    let names = names.into_iter().chain(std::iter::repeat(String::new()));
    for (seat, name) in standing(tx, booking)?.into_iter().zip(names) {
        if seat.name != name {
            seat::save(tx, &Seat { name, ..seat })?;
        }
    }
    Ok(booking.clone())
}

/// Gives back some seats of a confirmed booking. If these are all that it has, the booking is
/// cancelled. After the deadline, the late rule decides what is paid back. Seats that were given
/// back before are left out, so that doing it again changes nothing.
pub fn cancel(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyTo,
    new: &SeatCancellation,
) -> Result<Booking, Refusal> {
    if party.party != Party::Member {
        return Err(Refusal::Forbidden);
    }
    let old = &party.booking;
    if !old.is_class {
        return Err(NOT_CANCELLABLE.into());
    }
    let all = seat::of_booking(tx, &old.id)?;
    let mut findings = Findings::default();
    if new.positions.is_empty() {
        findings.add("/positions", "required", []);
    }
    check_positions(&mut findings, "/positions", &new.positions, &all);
    findings.finish()?;
    let is_given = |seat: &&Seat| seat.stands() && new.positions.contains(&seat.position);
    let given: Vec<&Seat> = all.iter().filter(is_given).collect();
    let count = i64::try_from(given.len()).unwrap_or(old.seats);
    if count == 0 || old.state == State::Cancelled {
        return Ok(old.clone());
    }
    if old.state != State::Confirmed || old.starts_at <= tx.now() {
        return Err(NOT_CANCELLABLE.into());
    }
    if count == old.seats {
        return cancel::cancel(tx, site, party, "");
    }
    let is_late = cancel::is_late(old, tx.now());
    for seat in given {
        if let Some(lot) = seat.credit_lot_id.as_ref().filter(|_| !is_late) {
            credit::give_back(tx, lot, &seat.subject(), false)?;
        }
        let cancelled = Seat {
            state: SeatState::Cancelled,
            is_late,
            cancelled_at: Some(tx.now()),
            ..seat.clone()
        };
        seat::save(tx, &cancelled)?;
    }
    class_seats::give_back(tx, old, count)?;
    let back = give_money_back(tx, old, &all, count, is_late)?;
    let mut booking = Booking {
        seats: old.seats - count,
        payout_minor: old.payout_minor / old.seats * (old.seats - count),
        ..old.clone()
    };
    booking::save(tx, &mut booking)?;
    let returned = if is_late {
        cancel::returned(tx, &booking, back)?
    } else {
        back.map(Returned::InTime)
    };
    let event = Event::SeatsCancelled(count);
    notice::tell(tx, site, &booking, event, returned.as_ref())?;
    Ok(booking)
}

/// What a member who gives so many seats back now gets back of the order.
pub(crate) fn money_for(
    booking: &Booking,
    order: &order::Order,
    all: &[Seat],
    count: i64,
    is_late: bool,
) -> Money {
    let price = seat::part_of_order(order.amount_minor, all, count);
    let share = if is_late {
        booking.late_refund_bps
    } else {
        10_000
    };
    Money::new(payout::part_of(price, share), order.currency)
}

fn give_money_back(
    tx: &mut Tx<'_>,
    booking: &Booking,
    all: &[Seat],
    count: i64,
    is_late: bool,
) -> Result<Option<Money>, StoreError> {
    let order = match &booking.order_id {
        Some(id) => order::find(tx, id)?,
        None => None,
    };
    let Some(order) = order.filter(order::Order::is_paid) else {
        return Ok(None);
    };
    let part = money_for(booking, &order, all, count, is_late);
    refund::request_part(tx, &order, part.minor, refund::SEATS, None)
}

/// Whether the provider or an administrator can say now to which seats nobody came. `hours` is the
/// time for it after the class.
pub(crate) fn may_mark(booking: &Booking, party: Party, now: jiff::Timestamp, hours: i64) -> bool {
    let missed = Outcome::NoShowMember;
    booking.is_class
        && party != Party::Member
        && outcome_mark::check(booking, party, missed, now, hours).is_ok()
}

/// Says of several bookings of an own date at once to which seats nobody came, all or nothing. What was
/// said before is not said again.
pub(crate) fn mark_date(
    tx: &mut Tx<'_>,
    site: &Site,
    provider: &Provider,
    slot: &SlotId,
    all: &[Attendance],
) -> Result<(), Refusal> {
    slot::own(tx, provider, slot)?;
    let mut all: Vec<&Attendance> = all.iter().collect();
    all.sort_by_key(|one| &one.booking);
    // Orders and bookings are locked before slots.
    let mut parties = Vec::new();
    for one in &all {
        let by = PartyTo::lock(tx, provider.requester(), &one.booking)?;
        if by.booking.slot_id != *slot {
            return Err(Refusal::NotFound);
        }
        parties.push(by);
    }
    for (by, one) in parties.iter().zip(all) {
        let missed = &one.outcome.missed;
        let was_said = |seat: &Seat| {
            let is_missed = missed.contains(&seat.position);
            is_missed == (seat.state == SeatState::Missed) && seat.state != SeatState::Taken
        };
        if !standing(tx, &by.booking)?.iter().all(was_said) {
            mark(tx, site, by, &one.outcome)?;
        }
    }
    Ok(())
}

/// Says to which seats nobody came. If these are all of them, the member did not come; otherwise the
/// class took place, and the provider is owed the share for a missed session for these seats.
pub fn mark(
    tx: &mut Tx<'_>,
    site: &Site,
    by: &PartyTo,
    new: &SeatOutcome,
) -> Result<Booking, Refusal> {
    if by.party == Party::Member {
        return Err(Refusal::Forbidden);
    }
    let (old, party) = (&by.booking, by.party);
    if !old.is_class {
        return Err(OUTCOME_CLOSED.into());
    }
    let hours = settings::load(tx)?.outcome_hours;
    outcome_mark::check(old, party, Outcome::NoShowMember, tx.now(), hours)?;
    let seats = standing(tx, old)?;
    let mut findings = Findings::default();
    check_positions(&mut findings, "/missed", &new.missed, &seats);
    findings.finish()?;
    let is_missed = |seat: &Seat| new.missed.contains(&seat.position);
    if seats.iter().all(is_missed) {
        return outcome_mark::mark(tx, site, by, Outcome::NoShowMember, "");
    }
    if old.state == State::NoShowMember {
        outcome_mark::check(old, party, Outcome::Completed, tx.now(), hours)?;
    }
    match party {
        Party::Administrator if old.state == State::NoShowMember => {
            no_show_claim::settle_by_mark(tx, by)?;
        }
        Party::Administrator => {}
        _ => no_show_claim::correct(tx, by, Outcome::Completed)?,
    }
    for seat in seats {
        let state = if is_missed(&seat) {
            SeatState::Missed
        } else {
            SeatState::Came
        };
        seat::save(tx, &Seat { state, ..seat })?;
    }
    let booking = if old.state == State::Confirmed {
        old.clone()
    } else {
        let done = outcome::end(tx, old, Outcome::Completed, Some(party))?;
        done.ok_or(PAYOUT_STATE)?
    };
    let entity = Entity::new("booking", booking.id.to_string());
    let changes = json!([{"field": "missed", "old": null, "new": new.missed}]);
    by.requester
        .record(tx, entity, "booking.seats_marked", changes)?;
    Ok(booking)
}
