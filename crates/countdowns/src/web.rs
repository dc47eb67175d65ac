//! Every address of countdowns.

pub mod api;
mod own;
mod phrases;
mod public;
mod words;

use accounts::Callers;
use accounts::Callers::{Anybody, People};
use web::{Pages, Site};

/// Every page.
pub fn pages() -> Pages<Site, Callers> {
    Pages::default()
        .get("/countdowns", Anybody, public::directory)
        .get("/u/{account}", Anybody, public::account)
        .get("/u/{account}/{countdown}", Anybody, public::show)
        .get("/{account}/incident-timer", Anybody, public::show_primary)
        .get("/me/countdowns", People, own::list)
        .get("/me/countdowns/new", People, own::new)
        .post("/me/countdowns/new", People, own::create)
        .get("/me/countdowns/{id}", People, own::show)
        .post("/me/countdowns/{id}/reset", People, own::resets::reset)
        .get("/me/countdowns/{id}/settings", People, own::edit)
        .post("/me/countdowns/{id}/settings", People, own::change)
        .post("/me/countdowns/{id}/delete", People, own::delete)
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
