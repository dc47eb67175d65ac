//! The page of one of a provider's own slots.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::confirmation::{self, Question};
use site::request::{FormContext, FormPost, PageRequest};
use web::form_state::{self, Field, FormState};
use web::{Form, Problem, Text};

use super::people::ClassPeople;
use super::{HERE, week_of};
use crate::choice;
use crate::class_cancellation::{self, ClassCancellation};
use crate::class_message::{self, NewClassMessage};
use crate::credit_kind::Labels;
use crate::provider::Provider;
use crate::slot::{self, Slot, SlotId};
use crate::web::frame::BookingPage as _;
use crate::web::{choices, party_card, waiting as waiting_lists, words};
use crate::{Refusal, booking, class_party, class_people, notice, request, waiting};

pub(super) fn page_of(slot: &Slot) -> String {
    format!("{HERE}/{}", slot.id)
}

#[derive(Template)]
#[template(path = "slots/slot.html")]
struct SlotPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    slot: &'a Slot,
    date: String,
    time: String,
    price: String,
    place: String,
    state: &'static str,
    class: &'static str,
    is_free: bool,
    may_edit: bool,
    /// Whether the local time at which the slot begins occurs twice.
    is_twice: bool,
    choices: Vec<(&'static str, String)>,
    booking: Option<String>,
    /// The seats of a class; empty for other slots.
    seats: String,
    /// Who comes to a date of a class.
    people: Option<ClassPeople<'a>>,
    /// The waiting list of a class; empty if nobody waits.
    waiting: String,
    /// The field for the reason for cancelling a class; `None` if it cannot be cancelled.
    reason: Option<Field>,
}

/// What the page was sent back for.
const DONE: &[(&str, &str)] = &[("written", "class-written"), ("marked", "slot-saved")];

/// `GET /me/slots/{id}`.
pub(in crate::web) async fn show(req: PageRequest) -> Result<Response, Problem> {
    slot_page(&req, &FormState::default()).await
}

pub(super) async fn slot_page(
    req: &PageRequest,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let id: SlotId = req.id("id")?;
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::own(tx, provider, &id)?;
        let bookings = booking::list_of_slot(tx, &slot.id)?;
        let people = class_people::list(tx, &slot)?;
        let sets = choice::of_slot(tx, slot.sets())?;
        let lists = (choice::listed(tx)?, Labels::load(tx)?);
        let waits = waiting::list_named(tx, &slot.id)?;
        let state = if slot::was_cancelled(tx, &slot)? {
            booking::State::Cancelled.label()
        } else {
            slot.state.label()
        };
        Ok::<_, Refusal>((slot, state, (bookings, people, waits), sets, lists))
    };
    let (slot, state, (bookings, people, waits), sets, (listed, labels)) = req.read(look).await?;
    let (text, now) = (&req.text, req.site.clock.now());
    let kind = slot.credit_kind.as_deref().map(|code| labels.label(code));
    let zone = words::zone(&req.site, Some(&req.who));
    let place = slot.place_zone();
    let (date, time) = words::when(text, &zone, place.as_ref(), slot.starts_at, slot.ends_at);
    let body = SlotPage {
        text,
        form: req.form(DONE, form_state),
        people: slot
            .is_class()
            .then(|| ClassPeople::of(req, form_state, &slot, people, &labels, &listed)),
        date,
        time,
        price: words::price(text, slot.price(), kind),
        place: words::place(text, &slot),
        state,
        class: words::slot_class(slot.state),
        is_free: slot.is_free() && (slot.offer_id.is_none() || slot.is_class()),
        may_edit: match slot.offer_id {
            None => slot.state != slot::State::Completed,
            Some(_) if slot.is_class() => {
                slot.seats_taken > 0 && slot.state != slot::State::Completed
            }
            Some(_) => matches!(slot.state, slot::State::Held | slot::State::Booked),
        },
        seats: words::seats(text, &slot),
        waiting: waiting_lists::of_provider(req, &waits),
        reason: (slot.is_class() && slot.seats_taken > 0 && slot.starts_at > now).then(|| {
            let reason = form_state.line("reason", text.say("booking-reason"));
            reason.required()
        }),
        is_twice: slot.is_twice(),
        choices: choices::facts(&listed, &sets),
        booking: bookings
            .iter()
            .find(|one| one.is_active() && !one.is_class)
            .map(notice::page),
        slot: &slot,
    };
    let title = slot.title.clone();
    req.show(HERE, &title, body).await
}

async fn answer(posted: &FormPost, done: Result<Response, Refusal>) -> Result<Response, Problem> {
    form_state::answer(done, async |problem| {
        let form_state = FormState::refused(Form::default(), &problem, &posted.req.text);
        slot_page(&posted.req, &form_state).await
    })
    .await
}

/// `POST /me/slots/{id}/visibility`.
pub(in crate::web) async fn set_visibility(posted: FormPost) -> Result<Response, Problem> {
    let id: SlotId = posted.req.id("id")?;
    let is_shown = posted.form.text("visible") == "true";
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::show(tx, provider, &id, is_shown)?;
        Ok::<_, Refusal>(week_of(&slot, "saved"))
    };
    answer(&posted, posted.once(change).await).await
}

const REMOVE: Question = Question {
    title: "slot-remove-question",
    facts: "slot-remove-facts",
    undo: "slot-remove-undo",
    button: "slot-remove",
    confirm: "slot-remove",
};

/// `POST /me/slots/{id}/delete`.
pub(in crate::web) async fn remove(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let id: SlotId = req.id("id")?;
    if !confirmation::is_sure(&posted.form) {
        let here = format!("{HERE}/{id}");
        let address = format!("{here}/delete");
        return confirmation::ask_with(&posted, &address, &here, REMOVE, &[]).await;
    }
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::own(tx, provider, &id)?;
        request::remove_slot_and_notify(tx, provider, &id)?;
        Ok::<_, Refusal>(week_of(&slot, "removed"))
    };
    answer(&posted, posted.once(change).await).await
}

const CANCEL_CLASS: Question = Question {
    title: "class-cancel-question",
    facts: "class-cancel-facts",
    undo: "class-cancel-undo",
    button: "class-cancel",
    confirm: "class-cancel",
};

/// `POST /me/slots/{id}/cancel`: cancels a date of a class with all of its bookings.
pub(in crate::web) async fn cancel_class(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let id: SlotId = req.id("id")?;
    let reason = posted.form.text("reason").to_owned();
    if !confirmation::is_sure(&posted.form) && !reason.trim().is_empty() {
        let look = {
            let id = id.clone();
            move |tx: &mut Tx<'_>, provider: &Provider| {
                class_cancellation::given_back(tx, provider, &id)
            }
        };
        let back = req.read(look).await?;
        let sums = back.sums.iter().map(|sum| req.text.money(*sum));
        let sums: Vec<String> = sums.collect();
        let sum = if sums.is_empty() {
            "none".to_owned()
        } else {
            sums.join(" + ")
        };
        let values = vec![("seats", back.seats.into()), ("sum", sum.into())];
        let here = format!("{HERE}/{id}");
        let address = format!("{here}/cancel");
        return confirmation::ask_with(&posted, &address, &here, CANCEL_CLASS, &values).await;
    }
    let (site, new) = (req.site.clone(), ClassCancellation { reason });
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = class_cancellation::cancel(tx, &site, provider, &id, &new)?;
        Ok::<_, Refusal>(week_of(&slot, "saved"))
    };
    posted.save(change, slot_page).await
}

/// `POST /me/slots/{id}/message`.
pub(in crate::web) async fn write(posted: FormPost) -> Result<Response, Problem> {
    let (id, site): (SlotId, _) = (posted.req.id("id")?, posted.req.site.clone());
    let new = NewClassMessage {
        text: posted.form.text("text").to_owned(),
    };
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        class_message::send(tx, &site, provider, &id, &new)?;
        Ok::<_, Refusal>(format!("{HERE}/{id}?done=written"))
    };
    posted.save(change, slot_page).await
}

/// `POST /me/slots/{id}/outcome`: says who came, of all bookings of the date.
pub(in crate::web) async fn mark(posted: FormPost) -> Result<Response, Problem> {
    let (id, site): (SlotId, _) = (posted.req.id("id")?, posted.req.site.clone());
    let all = party_card::attendance(&posted.form)?;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| -> Result<String, Refusal> {
        class_party::mark_date(tx, &site, provider, &id, &all)?;
        Ok(format!("{HERE}/{id}?done=marked"))
    };
    posted.save(change, slot_page).await
}
