//! The seats of a party: a row for each seat of a class that a booking takes. Other bookings have
//! none.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::store::{IdSet, Row};
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Findings, Form};

use super::{Booking, BookingId, State};
use crate::credit::{self, LotId};

/// The maximum length of a name, in characters.
const NAME: usize = 80;

web::words! {
    /// The state of a seat. While its booking is cancelled or has expired, nobody takes it.
    #[schema(as = BookingSeatState)]
    SeatState {
        /// Somebody will come, or has come without anybody saying so.
        Taken = "taken" => "seat-taken",
        /// The member has given the seat back, and keeps others.
        Cancelled = "cancelled" => "seat-cancelled",
        /// The provider says that somebody came.
        Came = "came" => "seat-came",
        /// The provider says that nobody came.
        Missed = "missed" => "seat-missed",
    }
}

/// A seat of a class that a booking takes.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = BookingSeat)]
pub struct Seat {
    #[serde(skip)]
    pub booking_id: BookingId,
    /// The number of the seat in its booking, from 1. It never changes.
    pub position: i64,
    /// Who comes, as the member says, up to 80 characters; may be empty.
    pub name: String,
    pub state: SeatState,
    /// Whether the member gave the seat back after the deadline.
    pub is_late: bool,
    /// The lot from which the credit for the seat was taken; `None` if it cost no credit.
    #[serde(skip)]
    pub credit_lot_id: Option<LotId>,
    pub cancelled_at: Option<Timestamp>,
}

impl Seat {
    /// Whether the seat was not given back.
    pub fn stands(&self) -> bool {
        self.state != SeatState::Cancelled
    }

    /// The subject of the entries about the seat's credit.
    pub(crate) fn subject(&self) -> String {
        format!("{}-{}", self.booking_id, self.position)
    }
}

/// Reads the field `names`, which has a name on each line.
pub(crate) fn read_names(form: &Form) -> Vec<String> {
    read_lines(form, "names")
}

/// Like [`read_names`], from another field.
pub(crate) fn read_lines(form: &Form, field: &str) -> Vec<String> {
    let names = form.text(field).lines().map(str::trim);
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The names of those who come, one on each line.
pub(crate) fn lines_of_names(party: &[Seat]) -> String {
    let named = party.iter().filter(|one| one.stands());
    let names = named.map(|one| one.name.as_str());
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    names.join("\n")
}

/// Checks the names of those who come, at most one for each of so many seats.
pub(crate) fn check_names(findings: &mut Findings, names: &[String], seats: i64) -> Vec<String> {
    if i64::try_from(names.len()).unwrap_or(i64::MAX) > seats {
        findings.add("/names", "too_many", [("max", seats.into())]);
    }
    let names = names.iter();
    names
        .map(|name| findings.line("/names", name, 0, NAME))
        .collect()
}

/// The seats of a booking that is not stored yet, with the names in this order.
pub(crate) fn draft(booking: &Booking, names: &[String]) -> Vec<Seat> {
    let seats = if booking.is_class { booking.seats } else { 0 };
    let names = names
        .iter()
        .cloned()
        .chain(std::iter::repeat(String::new()));
    let seats = (1..=seats).zip(names).map(|(position, name)| Seat {
        booking_id: booking.id.clone(),
        position,
        name,
        state: SeatState::Taken,
        is_late: false,
        credit_lot_id: None,
        cancelled_at: None,
    });
    seats.collect()
}

pub(crate) fn insert(tx: &mut Tx<'_>, seats: &[Seat]) -> Result<(), StoreError> {
    for seat in seats {
        sql!(
            "INSERT INTO booking_seat ({Seat}) VALUES ({:Seat})",
            Seat = seat
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(())
}

/// Stores other seats for a booking that nobody has proved or paid yet.
pub(crate) fn replace(
    tx: &mut Tx<'_>,
    booking: &Booking,
    names: &[String],
) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM booking_seat WHERE booking_id = :id",
        id = booking.id
    )
    .run(tx, Rows::Any)?;
    insert(tx, &draft(booking, names))
}

/// All seats of a booking, also those that were given back.
pub fn of_booking(tx: &mut Tx<'_>, booking: &BookingId) -> Result<Vec<Seat>, StoreError> {
    sql!(
        "SELECT {Seat} FROM booking_seat WHERE booking_id = :booking ORDER BY position",
        booking
    )
    .all(tx)
}

/// Like [`of_booking`], for several bookings.
pub(crate) fn of_bookings<'a>(
    tx: &mut Tx<'_>,
    bookings: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<BookingId, Vec<Seat>>, StoreError> {
    let mut all: BTreeMap<BookingId, Vec<Seat>> = BTreeMap::new();
    for set in IdSet::of(bookings) {
        let found: Vec<Seat> = sql!(
            "SELECT {Seat} FROM booking_seat WHERE booking_id IN ({:IdSet})
             ORDER BY booking_id, position",
            IdSet = set
        )
        .all(tx)?;
        for seat in found {
            all.entry(seat.booking_id.clone()).or_default().push(seat);
        }
    }
    Ok(all)
}

/// Stores a seat. The caller holds the booking's lock.
pub(crate) fn save(tx: &mut Tx<'_>, seat: &Seat) -> Result<(), StoreError> {
    sql!(
        "UPDATE booking_seat SET {Seat = :Seat} WHERE booking_id = :booking AND position = :position",
        Seat = seat,
        booking = seat.booking_id,
        position = seat.position
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// The part of what an order costs that is for so many seats of its booking, whose seats are
/// `party`. For a booking that is no class, all of it.
pub(crate) fn part_of_order(amount_minor: i64, party: &[Seat], seats: i64) -> i64 {
    match i64::try_from(party.len()) {
        Ok(all) if all > 0 => amount_minor / all * seats,
        _ => amount_minor,
    }
}

/// Returns all credits of a booking that are not back yet; see [`credit::give_back`]. The caller
/// holds the booking's lock.
pub(crate) fn give_credits_back(
    tx: &mut Tx<'_>,
    booking: &Booking,
    is_replaced: bool,
) -> Result<(), StoreError> {
    let Some(lot) = &booking.credit_lot_id else {
        return Ok(());
    };
    let mut spent = vec![(Some(lot.clone()), booking.id.to_string())];
    if booking.is_class {
        let party = of_booking(tx, &booking.id)?.into_iter();
        spent = party
            .map(|seat| (seat.credit_lot_id.clone(), seat.subject()))
            .collect();
    }
    for (lot, subject) in spent {
        if let Some(lot) = lot
            && !credit::is_back(tx, &subject)?
        {
            credit::give_back(tx, &lot, &subject, is_replaced)?;
        }
    }
    Ok(())
}

/// The lots from which the credits of a booking were taken.
pub(crate) fn lots(tx: &mut Tx<'_>, booking: &Booking) -> Result<Vec<LotId>, StoreError> {
    if !booking.is_class || booking.credit_lot_id.is_none() {
        return Ok(booking.credit_lot_id.iter().cloned().collect());
    }
    let lots: Vec<(LotId,)> = sql!(
        "SELECT DISTINCT credit_lot_id FROM booking_seat
         WHERE booking_id = :booking AND credit_lot_id IS NOT NULL ORDER BY credit_lot_id",
        booking = booking.id
    )
    .all(tx)?;
    Ok(lots.into_iter().map(|(lot,)| lot).collect())
}

/// Says the same of each seat as the outcome of its booking. If only some are missed, the session
/// took place.
pub(crate) fn follow_outcome(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    if !booking.is_class {
        return Ok(());
    }
    let party = of_booking(tx, &booking.id)?.into_iter();
    let party: Vec<Seat> = party.filter(Seat::stands).collect();
    let state = match booking.state {
        State::NoShowMember => SeatState::Missed,
        State::NoShowProvider => SeatState::Taken,
        _ if party.iter().all(|seat| seat.state == SeatState::Missed) => SeatState::Came,
        _ => return Ok(()),
    };
    for seat in party {
        save(tx, &Seat { state, ..seat })?;
    }
    Ok(())
}
