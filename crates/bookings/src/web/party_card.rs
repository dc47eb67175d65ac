//! The card with the seats of a class that a booking takes.

use askama::Template;
use jiff::Timestamp;
use platform::{StoreError, Tx};
use web::form_state::{Field, FormState, form};
use web::{Form, Problem, Text};

use crate::booking::seat::{self, Seat, SeatState};
use crate::booking::{Booking, BookingId, Party, State};
use crate::class_party::{self, Attendance, SeatOutcome};
use crate::credit_kind::Labels;
use crate::further_seats::{self, Addable};
use crate::web::words;
use crate::{notice, settings};

/// The seats of a booking, which are none if it is no class.
pub(super) struct BookedSeats {
    pub(super) all: Vec<Seat>,
    /// Whether the reader can say who came.
    pub(super) may_mark: bool,
    /// What the reader can add.
    pub(super) addable: Option<Addable>,
    /// The label of the kind of credit that each seat to add costs.
    pub(super) credit: Option<String>,
}

impl BookedSeats {
    pub(super) fn load(
        tx: &mut Tx<'_>,
        booking: &Booking,
        party: Party,
    ) -> Result<Self, StoreError> {
        let (hours, now) = (settings::load(tx)?.outcome_hours, tx.roughly_now());
        let addable = further_seats::find_addable(tx, booking, party)?;
        Ok(Self {
            all: seat::of_booking(tx, &booking.id)?,
            may_mark: class_party::may_mark(booking, party, now, hours),
            credit: match addable
                .as_ref()
                .and_then(|one| one.slot.credit_kind.as_ref())
            {
                Some(kind) => Some(Labels::load(tx)?.label(kind).to_owned()),
                None => None,
            },
            addable,
        })
    }
}

/// The seats of one booking, with the forms that its reader can send.
#[derive(Template)]
#[template(path = "own/party.html")]
pub(super) struct PartyCard<'a> {
    text: &'a Text,
    here: String,
    booking: BookingId,
    /// Whether the card is on the page of the class, among others.
    is_of_class: bool,
    /// The message id of the card's title.
    title: &'static str,
    /// Who comes, and the message id of what became of the seat; empty while it is taken.
    rows: Vec<(String, &'static str)>,
    /// The field for the names; `None` for readers who cannot change them.
    names: Option<Field>,
    /// The seats that the reader can give back.
    cancel: Option<Field>,
    /// The fields of the form that adds seats, and the version of the date; `None` for readers who cannot
    /// add any.
    more: Option<(Vec<Field>, i64)>,
    /// The seats of which the reader can say that nobody came: position, name, and whether it was
    /// said. A page may have several such lists, so they are no fields, which have an id.
    missed: Vec<(i64, String, bool)>,
}

/// The message id of the title of the box that lists who comes, by what it asks.
pub(super) fn title(may_mark: bool, starts_at: Timestamp, now: Timestamp) -> &'static str {
    if may_mark {
        "seats-missed"
    } else if starts_at <= now {
        "class-came"
    } else {
        "class-people"
    }
}

fn named(text: &Text, seat: &Seat) -> String {
    match seat.name.as_str() {
        "" => text.with("seat-number", [("number", seat.position.into())]),
        name => name.to_owned(),
    }
}

impl<'a> PartyCard<'a> {
    /// The card for the page of a booking. `None` if the booking is no class.
    pub(super) fn of(
        text: &'a Text,
        form_state: &FormState,
        booking: &Booking,
        seats: &BookedSeats,
        party: Party,
        now: Timestamp,
    ) -> Option<Self> {
        let all = || seats.all.iter();
        let standing: Vec<&Seat> = all().filter(|one| one.stands()).collect();
        let may_change = party == Party::Member && booking.is_active() && booking.starts_at > now;
        let may_cancel = may_change && booking.state == State::Confirmed && standing.len() > 1;
        (!seats.all.is_empty()).then(|| Self {
            text,
            here: notice::page(booking),
            booking: booking.id.clone(),
            is_of_class: false,
            title: title(
                seats.may_mark && !standing.is_empty(),
                booking.starts_at,
                now,
            ),
            rows: all()
                .filter(|one| !one.name.is_empty() || one.state != SeatState::Taken)
                .map(|one| {
                    let state = match one.state {
                        SeatState::Taken => "",
                        state => state.label(),
                    };
                    (named(text, one), state)
                })
                .collect(),
            names: may_change.then(|| own_names(text, form_state, &seats.all)),
            cancel: may_cancel.then(|| {
                let choices = standing.iter();
                let choices = choices.map(|one| (one.position.to_string(), named(text, one)));
                FormState::default().ticks("positions", text.say("seats-cancel"), choices)
            }),
            more: seats
                .addable
                .as_ref()
                .map(|addable| more_fields(text, form_state, addable, seats.credit.as_deref())),
            missed: standing
                .iter()
                .filter(|_| seats.may_mark)
                .map(|one| {
                    let is_missed = one.state == SeatState::Missed;
                    (one.position, named(text, one), is_missed)
                })
                .collect(),
        })
    }

    /// The seats of a booking on the page of its class, as its provider reads it: a part of the form that
    /// says who came. `typed` is what a refused form says.
    pub(super) fn of_class(
        text: &'a Text,
        booking: &Booking,
        seats: &BookedSeats,
        typed: &Form,
        now: Timestamp,
    ) -> Option<Self> {
        let form_state = FormState::default();
        let mut card = Self::of(text, &form_state, booking, seats, Party::Provider, now)?;
        if typed.all(BOOKING).any(|id| id == booking.id.as_str()) {
            for (position, _, is_missed) in &mut card.missed {
                let value = format!("{}/{position}", booking.id);
                *is_missed = typed.all("missed").any(|one| one == value);
            }
        }
        Some(Self {
            is_of_class: true,
            ..card
        })
    }

    pub(super) fn may_mark(&self) -> bool {
        !self.missed.is_empty()
    }
}

/// The field with the ids of the bookings of a date of which the form says who came.
const BOOKING: &str = "booking";

/// What the form of a date says of each of its bookings.
pub(super) fn attendance(form: &Form) -> Result<Vec<Attendance>, Problem> {
    let of = |id: &str| {
        let missed = form.all("missed").filter_map(|one| one.split_once('/'));
        let missed = missed.filter(|(booking, _)| *booking == id);
        // No seat has the position 0.
        let missed = missed.map(|(_, position)| position.parse().unwrap_or_default());
        Ok(Attendance {
            booking: id.parse().map_err(|_| Problem::not_found())?,
            outcome: SeatOutcome {
                missed: missed.collect(),
            },
        })
    };
    form.all(BOOKING).map(of).collect()
}

/// The fields of the form that adds seats. `credit` is the label of the kind of credit that each costs.
fn more_fields(
    text: &Text,
    form_state: &FormState,
    addable: &Addable,
    credit: Option<&str>,
) -> (Vec<Field>, i64) {
    let slot = &addable.slot;
    let each = words::price(text, slot.price(), credit);
    let values = [("most", addable.most.into()), ("price", each.into())];
    let hint = text.with("booking-seats-hint", values);
    let seats = form_state.number("seats", text.say("booking-seats-own"));
    let names = form_state.lines("more_names", text.say("seats-add-names"));
    let names = names.hint(text.say("booking-names-hint"));
    (vec![seats.hint(hint).required(), names], slot.version)
}

/// The field with what was typed, or with the names as they are.
fn own_names(text: &Text, form_state: &FormState, party: &[Seat]) -> Field {
    if form_state.form.find("names").is_some() {
        return names_field(text, form_state);
    }
    let stored = form([("names", seat::lines_of_names(party))]);
    names_field(text, &FormState::of(stored))
}

/// The field for the names of those who come to a class, one on each line.
pub(super) fn names_field(text: &Text, form_state: &FormState) -> Field {
    let field = form_state.lines("names", text.say("booking-names"));
    field.hint(text.say("booking-names-hint"))
}
