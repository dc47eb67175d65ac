//! The public page of an archived occasion. The hosts' thanks can be read until the occasion is deleted.
//! Nothing can be changed any more.

use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use web::page::{Kind, Metadata, Page};
use web::{Language, Problem, Site, Text};

use super::frame::keep_out_of_search;
use super::language::speak;
use super::show;
use super::view::Thanks;
use crate::event::{self, Event};
use crate::occasion::Occasion;

/// Renders the public page of an archived occasion.
pub(super) fn of_occasion(
    site: &Site,
    wishes: &web::Wishes,
    occasion: &Occasion,
    [events, cancelled]: [&[Event]; 2],
) -> Response {
    let text = speak(site, wishes, occasion, None);
    let day = event::of_public_day(events, cancelled, occasion.switches.open_rsvp);
    let events: Vec<&Event> = day.into_iter().collect();
    let mut response = render(site, &text, occasion, &events);
    keep_out_of_search(&mut response);
    response
}

fn render(site: &Site, text: &Text, occasion: &Occasion, events: &[&Event]) -> Response {
    let first = events.iter().min_by_key(|event| event.starts_at);
    let body = Thanks {
        text,
        theme: occasion.theme,
        hosts: show::hosts(text, occasion),
        cover: show::cover(text, occasion, events.iter().copied()),
        since: first
            .and_then(|event| days_since(text, occasion, event.starts_at, site.clock.now())),
        farewell: show::pick(text, occasion, &occasion.farewell),
        contact: show::contact(occasion),
    };
    let title = body.title();
    let languages = occasion.languages.iter();
    let languages: Vec<Language> = languages.map(|tag| Language::of(tag)).collect();
    let share = show::share(site, text, occasion, events.iter().copied());
    let page = Page {
        title: &title,
        body,
        text,
        theme: occasion.theme,
        kind: Kind::Public {
            languages: &languages,
        },
    };
    let metadata = Metadata {
        share: Some(&share),
        ..Metadata::default()
    };
    let written = web::page::write_with(&page, metadata).map_err(Problem::internal);
    written.into_response()
}

/// `None` before that day, or if the hosts have switched this line off.
pub(super) fn days_since(
    text: &Text,
    occasion: &Occasion,
    first: Timestamp,
    now: Timestamp,
) -> Option<String> {
    let zone = occasion.zone();
    let [day, today] = [first, now].map(|at| at.to_zoned(zone.clone()).date());
    let days = web::dates::days_between(day, today);
    let is_shown = occasion.switches.days_left && days >= 0;
    is_shown.then(|| text.with("thanks-days-since", [("n", days.into())]))
}
