//! The hosts' pages: everything under `/admin`.
//!
//! Every address stands here. A handler opens the occasion by its `HostRequest`,
//! calls one noun of [`hosting`](crate::hosting), and shows what came of it; what a
//! role may not do is not on its pages. Everything works without script.

mod audit;
mod bulk;
mod curve;
mod events;
mod filters;
pub(crate) mod form_state;
pub(crate) mod frame;
mod guests;
mod history;
mod invite;
mod invite_acts;
mod invite_form;
mod invite_people;
mod invites;
mod members;
mod more;
mod occasions;
mod overview;
mod person;
mod preview;
mod questions;
mod reports;
pub(crate) mod request;
mod rows;
mod schedule;
mod settings;
mod settings_form;
pub(crate) mod wording;

use ::web::Site;
use axum::Router;
use axum::routing::{get, post};

use super::resource;
use crate::diet::DietaryOption;

/// All hosts' addresses.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/admin", get(occasions::list))
        .route("/admin/new", get(occasions::new).post(occasions::create))
        .nest("/admin/o/{slug}", of_occasion())
}

fn of_occasion() -> Router<Site> {
    Router::new()
        .route("/", get(overview::show))
        .route("/answers", get(overview::table))
        .route("/invites", get(invites::list))
        .route(
            "/invites/new",
            get(invite_form::new).post(invite_form::create),
        )
        .route("/invites/bulk", post(bulk::step))
        .route("/invites/bulk/{id}", get(bulk::job))
        .route("/invites/{id}", get(invite::show))
        .route(
            "/invites/{id}/edit",
            get(invite_form::edit).post(invite_form::change),
        )
        .route("/invites/{id}/answers", post(invite_acts::answer))
        .route("/invites/{id}/lock", post(invite_acts::lock))
        .route("/invites/{id}/unlock", post(invite_acts::unlock))
        .route("/invites/{id}/deadline", post(invite_acts::deadline))
        .route("/invites/{id}/sent", post(invite_acts::sent))
        .route("/invites/{id}/order", post(invite_acts::order))
        .route("/invites/{id}/code", post(invite_acts::replace_code))
        .route("/invites/{id}/approve", post(invite_acts::approve))
        .route("/invites/{id}/merge", post(invite_acts::merge))
        .route("/invites/{id}/archive", post(invite_acts::archive))
        .route("/invites/{id}/restore", post(invite_acts::restore))
        .route("/invites/{id}/preview", get(preview::show))
        .route("/invites/{id}/preview/page", get(preview::page))
        .route(
            "/invites/{id}/guests/new",
            get(person::new).post(person::add),
        )
        .route(
            "/invites/{id}/guests/{guest}",
            get(person::edit).post(person::change),
        )
        .route("/invites/{id}/guests/{guest}/remove", post(person::remove))
        .route("/guests", get(guests::list))
        .route("/reports", get(reports::show).post(reports::start))
        .route("/reports/{id}", get(reports::file))
        .route("/settings", get(settings::show))
        .route("/settings/{part}", get(settings::show).post(settings::save))
        .route("/settings/events", get(events::list))
        .route(
            "/settings/events/new",
            get(events::new).post(events::create),
        )
        .route(
            "/settings/events/{id}",
            get(events::edit).post(events::change),
        )
        .route("/settings/events/{id}/remove", post(events::remove))
        .route(
            "/settings/events/{id}/schedule",
            get(schedule::edit).post(schedule::change),
        )
        .route("/settings/questions", get(questions::list))
        .route(
            "/settings/questions/new",
            get(questions::new).post(questions::create),
        )
        .route(
            "/settings/questions/{id}",
            get(questions::edit).post(questions::change),
        )
        .route("/settings/questions/{id}/remove", post(questions::remove))
        .merge(resource::pages::<DietaryOption>())
        .route("/members", get(members::show))
        .route("/members/invite", post(members::invite))
        .route("/members/withdraw", post(members::withdraw))
        .route("/members/change", post(members::change))
        .route("/members/remove", post(members::remove))
        .route("/audit", get(audit::show))
        .route("/more", get(more::show))
}
