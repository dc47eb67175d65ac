//! Who comes to a date of a class: the part of the date's page, the CSV file, and the message to
//! everybody.

use askama::Template;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::money::Money;
use site::request::PageRequest;
use web::form_state::{Field, FormState};
use web::sheet::FileFormat;
use web::{Form, Problem, Text};

use crate::booking::State;
use crate::choice::Listed;
use crate::class_people::{self, Participant};
use crate::credit_kind::Labels;
use crate::notice;
use crate::provider::Provider;
use crate::slot::{Slot, SlotId};
use crate::web::party_card::{BookedSeats, PartyCard, title};
use crate::web::{choices, words};

#[derive(Template)]
#[template(path = "slots/people.html")]
pub(super) struct ClassPeople<'a> {
    text: &'a Text,
    slot: SlotId,
    /// The message id of the title.
    title: &'static str,
    /// How many of the seats are taken, in words and as numbers.
    seats: String,
    taken: i64,
    all: i64,
    rows: Vec<Row<'a>>,
    /// Whether the provider can say who came.
    may_mark: bool,
    /// The form of a message to everybody: its `submission_id`, its field and its button; `None` if
    /// nobody's booking is confirmed.
    write: Option<(String, Field, String)>,
}

struct Row<'a> {
    href: String,
    name: String,
    /// How many seats, and what they cost.
    seats: String,
    facts: Vec<(&'static str, String)>,
    /// The questions of the offer, and what was answered.
    answers: Vec<(String, String)>,
    note: String,
    email: String,
    class: &'static str,
    state: String,
    /// The seats of the booking.
    party: Option<PartyCard<'a>>,
}

impl<'a> ClassPeople<'a> {
    pub(super) fn may_write(&self) -> bool {
        self.write.is_some()
    }

    pub(super) fn of(
        req: &'a PageRequest,
        form_state: &FormState,
        slot: &Slot,
        people: Vec<Participant>,
        labels: &'a Labels,
        listed: &'a [Listed],
    ) -> Self {
        let text = &req.text;
        let sayer = Sayer {
            text,
            zone: words::zone(&req.site, Some(&req.who)),
            now: req.site.clock.now(),
            labels,
            listed,
        };
        let is_reader = |one: &&Participant| one.view.state == State::Confirmed;
        let readers = people.iter().filter(is_reader).count();
        let seats = [
            ("taken", slot.seats_taken.into()),
            ("seats", slot.seats.into()),
            ("bookings", people.len().into()),
        ];
        let rows = people.into_iter();
        let rows: Vec<Row<'a>> = rows.map(|one| sayer.row(one, &form_state.form)).collect();
        let may_mark = rows
            .iter()
            .filter_map(|row| row.party.as_ref())
            .any(PartyCard::may_mark);
        Self {
            text,
            title: title(may_mark, slot.starts_at, sayer.now),
            slot: slot.id.clone(),
            seats: text.with("class-taken", seats),
            taken: slot.seats_taken,
            all: slot.seats,
            write: (readers > 0).then(|| {
                let field = form_state.lines("text", text.say("class-write-text"));
                let button = text.with("class-write-do", [("count", readers.into())]);
                let hint = text.say("class-write-hint").into_owned();
                (req.submission(), field.hint(hint).required(), button)
            }),
            may_mark,
            rows,
        }
    }
}

/// What a row is said with.
struct Sayer<'a> {
    text: &'a Text,
    zone: TimeZone,
    now: Timestamp,
    labels: &'a Labels,
    listed: &'a [Listed],
}

impl<'a> Sayer<'a> {
    /// `typed` is what a refused form says of who came.
    fn row(&self, one: Participant, typed: &Form) -> Row<'a> {
        let (text, state) = (self.text, self.state(&one));
        let Participant {
            booking,
            view,
            back_minor,
            may_mark,
        } = one;
        let seats_of = BookedSeats {
            all: view.party,
            may_mark,
            addable: None,
            credit: None,
        };
        let mut seats = text.with("class-seats", [("count", view.seats.into())]);
        let price = match (&view.order, &view.credit_kind) {
            (Some(order), _) if back_minor > 0 => {
                let back = text.money(Money::new(back_minor, order.currency));
                let paid = text.money(order.amount());
                text.with(
                    "class-paid-back",
                    [("paid", paid.into()), ("back", back.into())],
                )
            }
            (Some(order), _) => text.money(order.amount()),
            (None, Some(kind)) => words::credits(text, view.seats, self.labels.label(kind)),
            (None, None) => String::new(),
        };
        if !price.is_empty() {
            seats = format!("{seats} · {price}");
        }
        let mut facts = choices::chosen(self.listed, &view.choice);
        if !view.brief.topics.is_empty() {
            facts.push(("booking-topics", view.brief.topics.join(" · ")));
        }
        let answers = view.answers.iter();
        let answers = answers.map(|one| (one.label.clone(), one.said(text)));
        let gone = || text.say("session-member-gone").into_owned();
        Row {
            answers: answers.collect(),
            href: notice::page(&booking),
            name: view.member.unwrap_or_else(gone),
            seats,
            facts,
            note: view.brief.note,
            email: view.member_email,
            class: words::tag(view.state),
            state,
            party: PartyCard::of_class(text, &booking, &seats_of, typed, self.now),
        }
    }

    /// Whether the seats are paid for, or until when they are kept; afterwards the outcome.
    fn state(&self, one: &Participant) -> String {
        let (text, order) = (self.text, one.view.order.as_ref());
        let until = order.map(|order| order.expires_at);
        let paid = order.filter(|order| order.is_paid());
        match (one.view.state, until.or(one.booking.hold_until)) {
            (State::PendingPayment, Some(until)) => {
                let until = text.until_in(&self.zone, until, self.now);
                text.with("class-kept", [("time", until.into())])
            }
            (State::Confirmed, _) if paid.is_some() || one.view.credit_kind.is_some() => {
                let label = paid.map_or("class-by-credit", |order| order.state.label());
                text.say(label).into_owned()
            }
            _ => text.say(one.booking.state_label()).into_owned(),
        }
    }
}

/// `GET /me/slots/{id}/people.csv`.
pub(in crate::web) async fn file(req: PageRequest) -> Result<Response, Problem> {
    let id: SlotId = req.id("id")?;
    let look = move |tx: &mut Tx<'_>, provider: &Provider| class_people::file(tx, provider, &id);
    let file = req.read(look).await?;
    let headers = [
        (CONTENT_TYPE, FileFormat::Csv.media_type()),
        (CONTENT_DISPOSITION, "attachment; filename=\"people.csv\""),
        (CACHE_CONTROL, "no-store, private"),
    ];
    Ok((headers, file).into_response())
}
