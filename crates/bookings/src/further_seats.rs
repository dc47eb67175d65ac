//! Seats that a member adds to a class that they have booked, under the same locks as a booking. If they
//! cost nothing or credits, the booking takes more seats. If they cost money, or the booking was paid, they
//! are a booking beside the first, with an order and refunds of its own.

use identity::account::AccountId;
use jiff::SignedDuration;
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Findings, Site};

use crate::book::{self, Booked, BookingWishes};
use crate::booking::seat::{self, Seat};
use crate::booking::{self, Booking, Party, PartyTo, State, class_seats};
use crate::brief::Brief;
use crate::codes::{SEATS_CLOSED, TOKEN_NOT_PERMITTED};
use crate::notice::{self, Event};
use crate::slot::Slot;
use crate::{Refusal, booking_limits, browse, gateway, member, order, settings};

/// Further seats of a class.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FurtherSeats {
    /// The version of the date that the member saw. API clients may send it as `If-Match` instead.
    #[serde(default)]
    pub slot_version: Option<i64>,
    /// How many seats are added, each for the price or a credit. All that the member has of the date are
    /// at most as many as the offer says for one booking.
    pub seats: i64,
    /// Who comes: up to one name for each further seat, each up to 80 characters.
    #[serde(default)]
    pub names: Vec<String>,
}

/// What a member is told who can add seats to a booking.
#[derive(Clone, Debug)]
pub(crate) struct Addable {
    /// The date as it is offered now.
    pub(crate) slot: Slot,
    /// The most seats that can be added.
    pub(crate) most: i64,
}

/// Finds what this person can add to the booking now; `None` if that is nothing.
pub(crate) fn find_addable(
    tx: &mut Tx<'_>,
    booking: &Booking,
    party: Party,
) -> Result<Option<Addable>, StoreError> {
    let Some(member) = booking.member_id.as_ref().filter(|_| is_open(tx, booking)) else {
        return Ok(None);
    };
    let found = match party {
        Party::Member => browse::find(tx, &booking.slot_id)?,
        Party::Provider | Party::Administrator => None,
    };
    let Some(slot) = found.map(|offered| offered.slot) else {
        return Ok(None);
    };
    let most = most(tx, member, &slot)?.min(slot.seats_left());
    Ok((most > 0).then_some(Addable { slot, most }))
}

fn is_open(tx: &mut Tx<'_>, booking: &Booking) -> bool {
    booking.is_class && booking.state == State::Confirmed && booking.starts_at > tx.roughly_now()
}

/// How many more seats of a date one member may have.
fn most(tx: &mut Tx<'_>, member: &AccountId, slot: &Slot) -> Result<i64, StoreError> {
    let (has,): (i64,) = sql!(
        "SELECT CAST(COALESCE(SUM(seats), 0) AS BIGINT) FROM booking
         WHERE slot_id = :slot AND member_id = :member
           AND state IN ('pending_payment', 'confirmed')",
        slot = slot.id,
        member
    )
    .one(tx)?;
    Ok(class_seats::most(tx, slot)? - has)
}

/// The further seats of a date that a member has not paid yet.
fn find_pending(
    tx: &mut Tx<'_>,
    member: &AccountId,
    slot: &Slot,
) -> Result<Option<Booking>, StoreError> {
    sql!(
        "SELECT {Booking} FROM booking
         WHERE slot_id = :slot AND member_id = :member AND is_further = 1
           AND state = 'pending_payment' ORDER BY created_at, id LIMIT 1",
        slot = slot.id,
        member
    )
    .maybe(tx)
}

/// Adds seats to a confirmed booking until the class begins. Returns the booking that has them. While
/// further seats wait for their payment, returns their booking, and adds nothing.
pub fn add(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyTo,
    new: &FurtherSeats,
) -> Result<Booked, Refusal> {
    let old = &party.booking;
    if party.party != Party::Member {
        return Err(Refusal::Forbidden);
    }
    if !old.is_class || old.state != State::Confirmed || old.starts_at <= tx.now() {
        return Err(SEATS_CLOSED.into());
    }
    let account = &party.requester.who.account().id;
    member::lock(tx, account)?;
    let slot = browse::find_slot(tx, &old.slot_id)?.ok_or(Refusal::NotFound)?;
    if let Some(booking) = find_pending(tx, account, &slot)? {
        let order = match &booking.order_id {
            Some(order) => order::find(tx, order)?,
            None => None,
        };
        return Ok(Booked {
            booking,
            order,
            is_repeat: true,
        });
    }
    if !browse::may_be_free(tx, &slot)? {
        return Err(book::taken(tx, &slot)?);
    }
    book::check_version(&slot, new.slot_version)?;
    let most = most(tx, account, &slot)?;
    if most < 1 {
        return Err(SEATS_CLOSED.into());
    }
    let mut findings = Findings::default();
    let seats = findings.number("/seats", new.seats, 1, most);
    let names = seat::check_names(&mut findings, &new.names, seats);
    findings.finish()?;
    if slot.price_minor > 0 && !party.requester.who.is_in_browser() {
        return Err(TOKEN_NOT_PERMITTED.into());
    }
    if slot.price_minor == 0 && old.order_id.is_none() {
        return add_to(tx, site, old, &slot, &names, seats);
    }
    let rules = settings::load(tx)?;
    if slot.price_minor > 0 {
        booking_limits::check_holds(tx, account, &rules)?;
    }
    let wishes = BookingWishes {
        brief: &Brief::default(),
        choice: old.choice.clone(),
        // The first booking has them.
        answers: Vec::new(),
        seats,
        names: &names,
        is_further: true,
    };
    let hold = SignedDuration::from_mins(rules.hold_minutes);
    book::place(tx, site, account, &slot, wishes, hold, &rules)
}

/// The seats that are added to a booking, with positions that no seat of it ever had.
fn draft(
    tx: &mut Tx<'_>,
    booking: &Booking,
    names: &[String],
    seats: i64,
) -> Result<Vec<Seat>, StoreError> {
    let there = seat::of_booking(tx, &booking.id)?;
    let last = there.iter().map(|one| one.position).max().unwrap_or(0);
    let more = Booking {
        seats,
        ..booking.clone()
    };
    let added = seat::draft(&more, names).into_iter();
    let added = added.map(|one| Seat {
        position: last + one.position,
        ..one
    });
    Ok(added.collect())
}

fn add_to(
    tx: &mut Tx<'_>,
    site: &Site,
    old: &Booking,
    slot: &Slot,
    names: &[String],
    seats: i64,
) -> Result<Booked, Refusal> {
    let mut booking = old.clone();
    let mut added = draft(tx, old, names, seats)?;
    let rules = settings::load(tx)?;
    if let (Some(wanted), Some(account)) = (slot.credit(&rules), &old.member_id) {
        let mode = gateway::mode(site);
        book::spend_credits(tx, account, mode, wanted, &mut booking, &mut added)?;
        booking.credit_lot_id = old.credit_lot_id.clone().or(booking.credit_lot_id);
    }
    if !booking::take(tx, slot, seats, None)? {
        return Err(book::taken(tx, slot)?);
    }
    seat::insert(tx, &added)?;
    booking.seats += seats;
    booking.payout_minor = old.payout_minor / old.seats * booking.seats;
    booking::save(tx, &mut booking)?;
    notice::tell(tx, site, &booking, Event::SeatsAdded(seats), None)?;
    Ok(Booked {
        booking,
        order: None,
        is_repeat: false,
    })
}
