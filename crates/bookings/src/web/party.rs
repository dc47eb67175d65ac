//! What members and providers do with the seats of a class that a booking takes: they name who comes,
//! give some seats back, and say who came.

use axum::response::Response;
use platform::Tx;
use site::confirmation::{self, Question};
use site::request::FormPost;
use web::form_state::{self, FormState};
use web::{Form, Problem, Text};

use super::own::{Loaded, load, page};
use super::words;
use crate::booking::seat;
use crate::booking::{PartyTo, State};
use crate::class_party::{self, Names, SeatCancellation, SeatOutcome};
use crate::further_seats::{self, FurtherSeats};
use crate::{Refusal, cancel as cancelling, notice};

fn positions(form: &Form, name: &str) -> Vec<i64> {
    let ticked = form.all(name);
    ticked.filter_map(|one| one.parse().ok()).collect()
}

/// `POST /me/bookings/{id}/names`.
pub(super) async fn name(posted: FormPost) -> Result<Response, Problem> {
    let new = Names {
        names: seat::read_names(&posted.form),
    };
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let named = class_party::name(tx, party, &new)?;
        Ok::<_, Refusal>(format!("{}?done=named", notice::page(&named)))
    };
    posted.save(change, page).await
}

/// `POST /me/bookings/{id}/seats/add`: adds seats, and leads to their payment if they cost money.
pub(super) async fn add(posted: FormPost) -> Result<Response, Problem> {
    let (site, form) = (posted.req.site.clone(), &posted.form);
    let new = FurtherSeats {
        slot_version: form.number("slot_version").ok().flatten(),
        seats: form_state::number(form, "seats").unwrap_or(0),
        names: seat::read_lines(form, "more_names"),
    };
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let booked = further_seats::add(tx, &site, party, &new)?;
        let is_paid = booked.booking.state == State::PendingPayment;
        Ok::<_, Refusal>(match booked.order.filter(|_| is_paid) {
            Some(order) => format!("/pay/{}", order.id),
            None => format!("{}?done=added", notice::page(&booked.booking)),
        })
    };
    form_state::answer(posted.once(change).await, async |mut problem| {
        for error in &mut problem.errors {
            if error.pointer == "/names" {
                "/more_names".clone_into(&mut error.pointer);
            }
        }
        let (req, form) = (&posted.req, posted.form.clone());
        page(req, &FormState::refused(form, &problem, &req.text)).await
    })
    .await
}

const CANCEL: Question = Question {
    title: "seats-cancel-question",
    facts: "seats-cancel-facts",
    undo: "seats-cancel-undo",
    button: "seats-cancel-do",
    confirm: "seats-cancel-do",
};

/// `POST /me/bookings/{id}/seats`: gives back some seats, after a confirmation.
pub(super) async fn cancel(mut posted: FormPost) -> Result<Response, Problem> {
    let loaded = load(&posted.req).await?;
    let (booking, now) = (&loaded.booking, posted.req.site.clock.now());
    let given = positions(&posted.form, "positions");
    let is_late = cancelling::is_late(booking, now);
    // The question says what is paid back. If that has changed since, it is asked again.
    let is_sure = confirmation::is_sure(&posted.form) && posted.form.is_ticked("late") == is_late;
    if !is_sure && !given.is_empty() {
        posted.form.set("late", if is_late { "1" } else { "" });
        let (req, here) = (&posted.req, notice::page(booking));
        let count = i64::try_from(given.len()).unwrap_or(booking.seats);
        let zone = words::zone(&req.site, Some(&req.who));
        let (place, at) = (loaded.slot.place_zone(), booking.starts_at);
        let when = words::moment_at(&req.text, &zone, place.as_ref(), at);
        let values = vec![
            ("title", booking.title.as_str().into()),
            ("when", when.into()),
            ("count", count.into()),
            (
                "money",
                money_back(&req.text, &loaded, count, is_late).into(),
            ),
        ];
        let address = format!("{here}/seats");
        return confirmation::ask_with(&posted, &address, &here, CANCEL, &values).await;
    }
    let (site, new) = (
        posted.req.site.clone(),
        SeatCancellation { positions: given },
    );
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        if !is_late && party.booking.state == State::Confirmed {
            cancelling::check_window(tx, &party.booking)?;
        }
        let done = class_party::cancel(tx, &site, party, &new)?;
        Ok::<_, Refusal>(format!("{}?done=seats", notice::page(&done)))
    };
    posted.save(change, page).await
}

/// An amount, or a keyword that selects a variant of the message.
fn money_back(text: &Text, loaded: &Loaded, count: i64, is_late: bool) -> String {
    let (booking, all) = (&loaded.booking, &loaded.seats.all);
    match &loaded.order {
        Some(order) => match class_party::money_for(booking, order, all, count, is_late) {
            sum if sum.minor > 0 => text.money(sum),
            _ => "late".to_owned(),
        },
        None if booking.credit_lot_id.is_some() && is_late => "late-credit".to_owned(),
        None if booking.credit_lot_id.is_some() => "credit".to_owned(),
        None => "none".to_owned(),
    }
}

/// `POST /me/bookings/{id}/seats/outcome`: says to which seats nobody came.
pub(super) async fn mark(posted: FormPost) -> Result<Response, Problem> {
    let site = posted.req.site.clone();
    let new = SeatOutcome {
        missed: positions(&posted.form, "missed"),
    };
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let done = class_party::mark(tx, &site, party, &new)?;
        Ok::<_, Refusal>(format!("{}?done=marked", notice::page(&done)))
    };
    posted.save(change, page).await
}
