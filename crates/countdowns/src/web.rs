//! The routes and pages of countdowns.

pub mod api;
mod badge;
mod calendar;
mod change_events;
mod clock_view;
mod oembed;
pub(crate) mod own;
pub(crate) mod own_card;
mod phrases;
mod picture;
pub(crate) mod public;
mod runs;
mod sharing;
mod words;

use axum::{Extension, Router};
use site::Callers::{self, Anybody, People};
use site::Context;
use site::dates::Dates;
use site::resource::pages::{PageResource as _, pages as of_resource};
use web::{Pages, Site};

use crate::countdown::Countdown;
use crate::watchers::Watchers;

/// All routes of countdowns, with the state that this process's requests share.
pub(crate) fn routes(accounts: &Context) -> Router<Site> {
    api::routes::<Router<_>>()
        .merge(pages().into_router())
        .layer(Extension(Watchers::default()))
        .layer(Extension(Dates(accounts.domains)))
}

pub fn pages() -> Pages<Site, Callers> {
    Pages::default()
        .get_shared("/countdowns", Anybody, public::directory)
        .get_shared("/u/{account}/{countdown}", Anybody, public::show)
        .get("/u/{account}/{countdown}/badge.svg", Anybody, badge::show)
        .get("/u/{account}/{countdown}/og.png", Anybody, picture::show)
        .get("/u/{account}/{countdown}/day.ics", Anybody, calendar::show)
        .get(
            "/u/{account}/{countdown}/events",
            Anybody,
            change_events::listen,
        )
        .get_shared("/embed/{account}/{countdown}", Anybody, badge::embed)
        .get("/oembed", Anybody, oembed::show)
        .get_shared("/{account}/incident-timer", Anybody, public::show_primary)
        .nest(Countdown::PAGES, of_resource::<Countdown, _>())
        .get("/me/countdowns/{id}", People, own::one::show)
        .post("/me/countdowns/{id}/reset", People, own::resets::reset)
        .get("/me/countdowns/{id}/owners", People, own::co_owners::show)
        .post(
            "/me/countdowns/{id}/owners/invite",
            People,
            own::co_owners::invite,
        )
        .post(
            "/me/countdowns/{id}/owners/withdraw",
            People,
            own::co_owners::withdraw,
        )
        .post(
            "/me/countdowns/{id}/owners/remove",
            People,
            own::co_owners::remove,
        )
        .get(
            "/me/countdowns/{id}/entries/{entry}",
            People,
            own::resets::edit,
        )
        .post(
            "/me/countdowns/{id}/entries/{entry}",
            People,
            own::resets::change,
        )
        .post(
            "/me/countdowns/{id}/entries/{entry}/delete",
            People,
            own::resets::delete,
        )
        .get("/me/phrases", People, phrases::mine)
        .post("/me/phrases/suggest", People, phrases::suggest)
        .post("/me/phrases/{id}/exclude", People, phrases::exclude)
        .post("/me/phrases/{id}/include", People, phrases::include)
        .get("/admin/phrases", People, phrases::all)
        .post("/admin/phrases", People, phrases::create)
        .post("/admin/phrases/{id}", People, phrases::change)
        .get("/admin/suggestions/{id}", People, phrases::decide)
        .post("/admin/suggestions/{id}/approve", People, phrases::approve)
        .post("/admin/suggestions/{id}/reject", People, phrases::reject)
}
