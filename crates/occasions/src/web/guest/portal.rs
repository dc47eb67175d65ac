//! The portal, and the page after a save.

use askama::Template as _;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use web::page::{Kind, Metadata, Page, Written};
use web::{Language, Problem, Site, Text};

use super::open_rsvp;
use super::pages::Found;
use super::request::{EarlyResponse, GuestRequest};
use super::show::{self, Reading, masked_email};
use super::view::{self, DaysLeft, Standing, Typed};
use crate::portal::Portal;

/// `GET /invite/{code}`.
pub(super) async fn show(req: GuestRequest) -> Result<Response, EarlyResponse> {
    let look = req.look_at_page().await?;
    let gate = &req.gate;
    gate.note_opened(&req.headers, &look.glance.id, look.now);
    let page = match &look.found {
        Found::Page(page) => page.clone(),
        Found::Portal(portal) => {
            let page = write(&req.site, &req.text(portal), portal).map_err(Problem::internal)?;
            gate.pages.keep(&look, portal.reads_alike_until(), &page);
            page
        }
    };
    let mut response = page.into_response();
    super::gate::keep_private(&mut response);
    Ok(req.remember(look.glance.id, look.glance.access_epoch, response))
}

/// Renders the portal as a page that can be kept.
pub(super) fn write(site: &Site, text: &Text, portal: &Portal) -> Result<Written, askama::Error> {
    let share = show::share(site, text, &portal.occasion, portal.invited_events());
    let metadata = Metadata {
        share: Some(&share),
        ..Metadata::default()
    };
    let body = body(text, portal, Vec::new());
    let title = body.title();
    let languages = languages(portal);
    web::page::write_with(&framed(text, portal, &title, body, &languages), metadata)
}

/// Renders the portal; `typed` arrived too late to be saved.
pub(super) fn page(text: &Text, portal: &Portal, typed: Vec<Typed>) -> Response {
    let late = !typed.is_empty();
    let body = body(text, portal, typed);
    let title = body.title();
    let mut response = guest_page(text, portal, &title, body);
    if late {
        *response.status_mut() = StatusCode::LOCKED;
    }
    response
}

/// The portal without its frame, for the hosts' preview.
pub(crate) fn preview(text: &Text, portal: &Portal) -> Result<String, askama::Error> {
    body(text, portal, Vec::new()).render()
}

fn body<'a>(text: &'a Text, portal: &'a Portal, typed: Vec<Typed>) -> view::Portal<'a> {
    let reading = Reading::new(text, portal);
    let details = &portal.household.invitation.details;
    view::Portal {
        text,
        frame: reading.frame(),
        cover: reading.cover(),
        standing: reading.standing(),
        salutation: reading.salutation(),
        closing: reading.closing(),
        progress: reading.progress(),
        welcome: show::welcome(text, &portal.occasion),
        message: (!details.host_message.is_empty()).then_some(details.host_message.as_str()),
        days_left: reading.days_left().map(|left| DaysLeft {
            // At its end the timer reloads the page, which would send the form again.
            timer: left.timer.filter(|_| typed.is_empty()),
            ..left
        }),
        typed,
        events: reading.events(),
        calendar: reading.calendar(),
        guests: reading.stored(),
        counts: reading.counts(),
        household: reading.household_answers(),
        tiles: reading.tiles(),
    }
}

/// Puts the body of a page behind a code into the frame of its occasion.
pub(super) fn guest_page<B: askama::Template>(
    text: &Text,
    portal: &Portal,
    title: &str,
    body: B,
) -> Response {
    let languages = languages(portal);
    let mut response = web::page(framed(text, portal, title, body, &languages));
    super::gate::keep_private(&mut response);
    response
}

fn framed<'a, B: askama::Template>(
    text: &'a Text,
    portal: &Portal,
    title: &'a str,
    body: B,
    languages: &'a [Language],
) -> Page<'a, B> {
    Page {
        title,
        body,
        text,
        theme: portal.occasion.theme,
        kind: Kind::Public { languages },
    }
}

/// The languages that a reader can choose.
fn languages(portal: &Portal) -> Vec<Language> {
    let tags = portal.occasion.languages.iter();
    tags.map(|tag| Language::of(tag)).collect()
}

/// `GET /invite/{code}/confirmation`.
pub(super) async fn confirmation(req: GuestRequest) -> Result<Response, EarlyResponse> {
    let portal = req.look().await?;
    let text = req.text(&portal);
    let reading = Reading::new(&text, &portal);
    let is_open_answer = open_rsvp::is_open_answer(&req.site, &portal).await;
    let tells_code = is_open_answer.map_err(Problem::from)?;
    let wants_mail = portal.occasion.switches.confirmation_mail;
    let email = portal.household.invitation.details.email.as_deref();
    let body = view::Confirmation {
        text: &text,
        frame: reading.frame(),
        tone: portal.occasion.tone,
        progress: reading.progress(),
        closing: reading.closing(),
        open: reading.standing() == Standing::Open,
        unconfirmed: portal.waits_for_seats(),
        code: tells_code.then_some(portal.household.invitation.code.as_str()),
        events: reading.events_attended(),
        guests: reading.stored(),
        counts: reading.counts(),
        household: reading.household_answers(),
        calendar: reading.calendar(),
        mail: email.filter(|_| wants_mail).map(masked_email),
        tiles: reading.tiles(),
    };
    let title = body.title();
    let response = guest_page(&text, &portal, &title, body);
    Ok(req.remember_household(&portal, response))
}
