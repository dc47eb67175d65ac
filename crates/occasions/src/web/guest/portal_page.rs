//! Renders a household's invitation page.

use askama::Template as _;
use axum::http::StatusCode;
use axum::response::Response;
use web::page::{Metadata, Written};
use web::{Site, Text};

use super::event_time;
use super::frame::{framed, guest_page, languages};
use super::page_links;
use super::ready_made::ready_made;
use super::show::{self, Reading};
use super::view::{self, DaysLeft, Typed};
use crate::cover::OnPages;
use crate::event::Event;
use crate::invitation_snapshot::InvitationSnapshot;

/// Renders the invitation page for the cache.
pub(super) fn write(
    site: &Site,
    text: &Text,
    snapshot: &InvitationSnapshot,
) -> Result<Written, askama::Error> {
    let share = show::share(site, text, &snapshot.occasion, snapshot.invited_events());
    let metadata = Metadata {
        share: Some(&share),
        ..Metadata::default()
    };
    let body = body(text, snapshot, Vec::new());
    let title = body.title();
    let languages = languages(snapshot);
    web::page::write_with(&framed(text, snapshot, &title, body, &languages), metadata)
}

/// Renders the invitation page. `typed` contains values that came too late to be saved.
pub(super) fn page(text: &Text, snapshot: &InvitationSnapshot, typed: Vec<Typed>) -> Response {
    let late = !typed.is_empty();
    let body = body(text, snapshot, typed);
    let title = body.title();
    let mut response = guest_page(text, snapshot, &title, body);
    if late {
        *response.status_mut() = StatusCode::LOCKED;
    }
    response
}

/// Renders the invitation page without its frame, for the hosts' preview. `photo` is shown in place
/// of the stored one.
pub(crate) fn preview(
    text: &Text,
    snapshot: &InvitationSnapshot,
    photo: Option<OnPages>,
) -> Result<String, askama::Error> {
    let mut body = body(text, snapshot, Vec::new());
    if let (Some(photo), Some(picture)) = (photo, &mut body.cover.picture) {
        picture.photo = photo;
    }
    body.render()
}

fn body<'a>(
    text: &'a Text,
    snapshot: &'a InvitationSnapshot,
    typed: Vec<Typed>,
) -> view::PortalPage<'a> {
    let reading = Reading::new(text, snapshot);
    let details = &snapshot.household.invitation.details;
    view::PortalPage {
        text,
        frame: reading.frame(),
        cover: reading.cover(),
        standing: reading.standing(),
        salutation: reading.salutation(),
        closing: reading.closing(),
        progress: reading.progress(),
        welcome: show::welcome(text, &snapshot.occasion),
        invitation: ready_made(text, snapshot.occasion.kind, "welcome"),
        message: (!details.host_message.is_empty()).then_some(details.host_message.as_str()),
        days_left: reading.days_left().map(|left| DaysLeft {
            // At the end of the countdown, the page reloads. That would send the form again, so
            // this page has no countdown.
            timer: left.timer.filter(|_| typed.is_empty()),
            ..left
        }),
        typed,
        news: reading.news(),
        events: reading.events(),
        asked_again: asked_again(&reading, snapshot),
        cancelled: snapshot
            .cancelled
            .iter()
            .map(|event| event_time::cancelled(text, &snapshot.occasion, event))
            .collect(),
        calendar: reading.calendar(),
        guests: reading.stored(),
        counts: reading.counts(),
        waiting: reading.waiting(),
        household: reading.household_answers(),
        tiles: reading.tiles(),
        pages: page_links::invited_links(text, snapshot, ""),
    }
}

/// A sentence for each event for which the household is asked again.
fn asked_again<'a>(reading: &Reading<'a>, snapshot: &'a InvitationSnapshot) -> Vec<String> {
    let is_asked = |event: &&'a Event| {
        let mut guests = snapshot.household.guests.iter();
        guests.any(|guest| {
            let reply = guest.replies.get(&event.id);
            reply.is_some_and(|reply| reply.seat_until.is_some())
        })
    };
    let events = snapshot.invited_events().filter(is_asked);
    let sentence = |event: &'a Event| {
        let values = [("event", reading.event_name(event).text.to_owned().into())];
        reading.text.with("portal-asked-again", values)
    };
    events.map(sentence).collect()
}
