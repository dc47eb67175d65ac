//! The pages for booking with only a name and an email address, and the redirect that keeps a
//! visitor's choice while they sign in.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use identity::account::{self, AccountZone, DisplayName, NewAccount};
use identity::person::unregistered;
use identity::problem;
use platform::mail::Address;
use platform::{StoreError, Tx};
use site::call::see_other;
use site::without_sign_in::{Entrance, Entry};
use site::{Context, cookies};
use web::form_state::{self, FormState};
use web::{Form, Problem, Site, Text, zone};

use super::frame::framed;
use super::slot_page::{Shown, signed_out_page};
use super::visitor_zone::VisitorZone;
use super::words::{self, percent};
use crate::book::NewBooking;
use crate::choice::{Choice, Kind};
use crate::newcomer::waiting::{WaitingNewcomer, Wanted};
use crate::newcomer::{self, CameWith, Confirmation, Newcomer};
use crate::slot::{Slot, SlotId};
use crate::{calendar_feed, notice, settings};

#[derive(Template)]
#[template(path = "newcomer/sent.html")]
struct SentPage<'a> {
    text: &'a Text,
    email: &'a str,
    held: String,
    is_sent: bool,
}

/// `POST /book/{slot}/newcomer`.
pub(super) async fn hold(
    State(accounts): State<Context>,
    Path(slot): Path<String>,
    headers: HeaderMap,
    entry: Entry,
) -> Result<Response, Problem> {
    let id: SlotId = site::call::id(&slot)?;
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    let site = &accounts.site;
    let look = |tx: &mut Tx<'_>| settings::load(tx);
    let rules = site.store.read(look).await?;
    if !rules.newcomers || !rules.browse_public || !unregistered::is_open(&accounts) {
        return Err(Problem::not_found());
    }
    let done = match read(&accounts, &entrance, &form).map(|account| Newcomer {
        account,
        booking: NewBooking::read(id.clone(), &form),
    }) {
        // Only bots fill in the hidden field.
        Ok(_) if !form.text("website").is_empty() => Ok(()),
        Ok(newcomer) => {
            let group = cookies::group(&headers, site.url());
            let with = CameWith {
                form_stamp: form.text("form_stamp"),
                group: group.as_deref(),
            };
            newcomer::hold(&accounts, newcomer, with, network, &entrance.client).await
        }
        Err(problem) => Err(problem),
    };
    if let Err(problem) = done {
        return again(&accounts, entrance, form, &id, problem).await;
    }
    let held = if site.settings.has_mail {
        "booking-newcomer-held"
    } else {
        "booking-newcomer-unsent"
    };
    let minutes = [("minutes", rules.hold_minutes.into())];
    let held = entrance.public_text.with(held, minutes);
    Ok(sent(site, entrance, form.text("email"), held))
}

/// `POST /book/{slot}/waiting-newcomer`: mails a link that puts the visitor on the waiting list.
pub(super) async fn wait(
    State(accounts): State<Context>,
    Path(slot): Path<String>,
    headers: HeaderMap,
    entry: Entry,
) -> Result<Response, Problem> {
    let id: SlotId = site::call::id(&slot)?;
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    let site = &accounts.site;
    if !unregistered::is_open(&accounts) {
        return Err(Problem::not_found());
    }
    let done = match read(&accounts, &entrance, &form) {
        // Only bots fill in the hidden field.
        Ok(_) if !form.text("website").is_empty() => Ok(()),
        Ok(account) => {
            let new = WaitingNewcomer {
                account,
                slot_id: id.clone(),
                seats: form_state::number(&form, "waiting_seats").unwrap_or(1),
            };
            let group = cookies::group(&headers, site.url());
            let with = CameWith {
                form_stamp: form.text("form_stamp"),
                group: group.as_deref(),
            };
            newcomer::waiting::ask(&accounts, new, with, network, &entrance.client).await
        }
        Err(problem) => Err(problem),
    };
    if let Err(problem) = done {
        return again(&accounts, entrance, form, &id, problem).await;
    }
    let held = if site.settings.has_mail {
        "waiting-newcomer-sent"
    } else {
        "waiting-newcomer-unsent"
    };
    let held = entrance.public_text.say(held).into_owned();
    Ok(sent(site, entrance, form.text("email"), held))
}

/// Asks to open the link that was mailed.
fn sent(site: &Site, entrance: Entrance, email: &str, held: String) -> Response {
    let text = entrance.public_text.clone();
    let body = SentPage {
        text: &text,
        email,
        held,
        is_sent: site.settings.has_mail,
    };
    let body = framed(site, &text, body);
    let mut response = entrance.show_publicly(site, "booking-newcomer-sent", body);
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// Shows the page of the slot again, with what was typed.
async fn again(
    accounts: &Context,
    entrance: Entrance,
    form: Form,
    id: &SlotId,
    problem: Problem,
) -> Result<Response, Problem> {
    form_state::answer(Err(problem), async |problem: Problem| {
        let form_state = FormState::refused(form.clone(), &problem, &entrance.public_text);
        let stamp = form.text("form_stamp").to_owned();
        let site_zone = accounts.site.settings.time_zone.clone();
        let zone = VisitorZone::of_form(form.text(zone::PARAMETER), site_zone);
        let shown = Shown {
            form_state: &form_state,
            zone: &zone,
        };
        signed_out_page(accounts, entrance, id, shown, &stamp).await
    })
    .await
}

#[derive(Template)]
#[template(path = "newcomer/wait.html")]
struct WaitPage<'a> {
    text: &'a Text,
    title: &'a str,
    date: String,
    time: String,
    seats: i64,
}

/// `GET /book/wait/{token}`.
pub(super) async fn ask_to_wait(
    State(accounts): State<Context>,
    Path(token): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let site = accounts.site.clone();
    let look = move |tx: &mut Tx<'_>| newcomer::waiting::find(tx, &site, &token);
    let found = accounts.site.store.read(look).await?;
    let Wanted { slot, seats, zone } = found.ok_or_else(problem::gone)?;
    let (text, place) = (entrance.public_text.clone(), slot.place_zone());
    let (date, time) = words::when(&text, &zone, place.as_ref(), slot.starts_at, slot.ends_at);
    let body = WaitPage {
        text: &text,
        title: &slot.title,
        date,
        time,
        seats,
    };
    let body = framed(&accounts.site, &text, body);
    Ok(entrance.show_publicly(&accounts.site, "waiting-join", body))
}

/// `POST /book/wait/{token}`.
pub(super) async fn confirm_waiting(
    State(accounts): State<Context>,
    Path(token): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    let (site, client) = (accounts.site.clone(), entry.entrance.client.clone());
    let change = move |tx: &mut Tx<'_>| newcomer::waiting::confirm(tx, &site, &token, &client);
    let done = accounts.site.store.write(change).await?;
    Ok(onward(&accounts, &done.ok_or_else(problem::gone)?))
}

/// Leads a confirmed newcomer on, with the session that begins.
fn onward(accounts: &Context, done: &Confirmation) -> Response {
    let mut response = see_other(&done.path);
    if let Some(begun) = &done.begun {
        cookies::set_begun(response.headers_mut(), accounts.site.url(), begun);
    }
    response
}

fn read(accounts: &Context, entrance: &Entrance, form: &Form) -> Result<NewAccount, Problem> {
    let site = &accounts.site;
    let mut wrong = Problem::fields();
    let name = DisplayName::of_stranger(form.text("display_name"));
    if let Err(error) = name {
        wrong = problem::name(wrong, "/display_name", error);
    }
    let email: Result<Address, _> = form.text("email").parse();
    if email.is_err() {
        wrong = wrong.field("/email", "email_invalid", []);
    }
    let (Ok(name), Ok(email)) = (name, email) else {
        return Err(wrong);
    };
    // People get mails in the zone in which they booked.
    let shown = zone::find(form.text(zone::PARAMETER));
    let shown = shown.filter(|shown| *shown != site.settings.time_zone);
    Ok(NewAccount {
        name,
        email,
        locale: entrance.locale.clone(),
        zone: AccountZone::guess(site, shown.as_ref()),
    })
}

#[derive(Template)]
#[template(path = "newcomer/confirm.html")]
struct ConfirmPage<'a> {
    text: &'a Text,
    title: &'a str,
    date: String,
    time: String,
    price: String,
}

/// `GET /book/confirm/{token}`.
pub(super) async fn ask(
    State(accounts): State<Context>,
    Path(token): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let site = accounts.site.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let Some(booking) = newcomer::find(tx, &site, &token)? else {
            return Ok(None);
        };
        let account = match &booking.member_id {
            Some(id) => account::find(tx, id)?,
            None => None,
        };
        let zone = account.map(|account| calendar_feed::zone(&site, &account));
        let slot: Slot = tx.load(&booking.slot_id)?;
        Ok(Some((booking, zone, slot)))
    };
    let found = accounts.site.store.read(look).await?;
    let (booking, zone, slot) = found.ok_or_else(problem::gone)?;
    let place = slot.place_zone();
    let text = entrance.public_text.clone();
    let zone = zone.unwrap_or_else(|| words::zone(&accounts.site, None));
    let (date, time) = words::when(
        &text,
        &zone,
        place.as_ref(),
        booking.starts_at,
        booking.ends_at,
    );
    let body = ConfirmPage {
        text: &text,
        title: &booking.title,
        date,
        time,
        price: notice::price(&text, slot.price()),
    };
    Ok(entrance.show_publicly(
        &accounts.site,
        "booking-newcomer-confirm",
        framed(&accounts.site, &text, body),
    ))
}

/// `POST /book/confirm/{token}`.
pub(super) async fn confirm(
    State(accounts): State<Context>,
    Path(token): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    let (site, client) = (accounts.site.clone(), entry.entrance.client.clone());
    let change = move |tx: &mut Tx<'_>| newcomer::confirm(tx, &site, &token, &client);
    let done = accounts.site.store.write(change).await?;
    Ok(onward(&accounts, &done.ok_or_else(problem::gone)?))
}

/// `POST /book/{slot}/sign-in`: redirects to the sign-in or the registration, which leads people
/// back to the slot with their choice.
pub(super) async fn sign_in(
    State(accounts): State<Context>,
    Path(slot): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    let id: SlotId = site::call::id(&slot)?;
    let path = with_choice(&id, &Choice::read(&entry.form), &entry.form);
    let is_new = entry.form.text("to") == "register";
    if !is_new {
        return Ok(see_other(&format!("/login?redirect={}", percent(&path))));
    }
    let mut response = see_other("/register");
    let cookie = cookies::set_onward(accounts.site.url(), &path);
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// The form of the slot with what was chosen so far, in the zone in which it was shown.
fn with_choice(slot: &SlotId, choice: &Choice, form: &Form) -> String {
    let chosen = Kind::ALL
        .iter()
        .filter_map(|kind| Some((kind.word(), choice.of(*kind)?.as_str())));
    let chosen = chosen.chain(choice.track.as_deref().map(|track| ("track", track)));
    let kept = ["seats", zone::PARAMETER].map(|name| (name, form.text(name)));
    let kept = kept.into_iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> = chosen
        .chain(kept)
        .map(|(name, value)| format!("{name}={}", percent(value)))
        .collect();
    match query.as_slice() {
        [] => format!("/book/{slot}"),
        query => format!("/book/{slot}?{}", query.join("&")),
    }
}
