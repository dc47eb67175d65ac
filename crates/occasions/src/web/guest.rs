//! The pages for guests: the pages behind a household's code, and the pages on which guests enter a
//! code. A handler loads the invitation, calls a function that contains the rules, and renders the
//! result. The forms need no CSRF token, because their path contains the code, which other sites do
//! not know. A form is refused if the browser reports that another site sent it.

mod after;
mod answer;
mod app_links;
mod asking;
mod calendar;
mod code_page;
mod cover_picture;
mod credentials;
pub(crate) mod entry;
mod event_time;
mod frame;
mod gallery;
mod gate;
mod gifts;
mod info_page;
mod language;
mod open_rsvp;
mod page_cache;
mod page_links;
pub(crate) mod parse_form;
mod portal;
mod portal_page;
mod ready_made;
mod refusal;
mod request;
mod sending_limits;
pub(crate) mod show;
mod thanks;
mod tiles;
pub(crate) mod upload_files;
pub(crate) mod upload_view;
mod uploads;
pub mod view;
mod waiting_list;

use axum::Router;
use axum::routing::{get, post};
use web::Site;
use web::shared::shared;

pub(crate) use calendar::calendar;
pub use credentials::Credentials;
pub(crate) use entry::in_theme;
pub use frame::keep_private;
pub(crate) use gate::Admitted;
pub use gate::{CodeGate, Failure};
pub use language::speak;
pub use open_rsvp::{confirm, thank};
pub(crate) use portal_page::preview;
pub(crate) use ready_made::ready_made;
pub(crate) use refusal::problem;
pub use request::GuestRequest;
pub(crate) use show::{Reading, contact};

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/", post(entry::open))
        .route("/o/{slug}", shared(get(entry::card)).post(entry::open_at))
        .route("/o/{slug}/rsvp", get(open_rsvp::show).post(open_rsvp::save))
        .route("/o/{slug}/pages/{key}", shared(get(info_page::show)))
        .route("/o/{slug}/cover/{file}", get(cover_picture::show))
        .route("/o/{slug}/gifts/{file}", get(gifts::picture))
        .route("/invite", get(entry::show))
        .route("/invite/", get(entry::show))
        .route("/invite/{code}", get(portal::show))
        .route("/invite/{code}/rsvp", get(answer::show).post(answer::save))
        .route("/invite/{code}/rsvp/opened", post(answer::opened))
        .route(
            "/invite/{code}/dietary",
            get(answer::diets).post(answer::save_diets),
        )
        .route(
            "/invite/{code}/notes",
            get(answer::note).post(answer::save_note),
        )
        .route("/invite/{code}/gifts", get(gifts::show))
        .route("/invite/{code}/gifts/{gift}", post(gifts::save))
        .route(
            "/invite/{code}/uploads",
            get(uploads::show).post(uploads::add),
        )
        .route("/invite/{code}/uploads/{upload}", post(uploads::remove))
        .route("/invite/{code}/gallery", get(gallery::show))
        .route("/invite/{code}/gallery/{picture}", get(gallery::picture))
        .route("/o/uploads/{token}/{file}", get(upload_files::file))
        .route("/invite/{code}/confirmation", get(portal::confirmation))
        .route("/invite/{code}/pages/{key}", get(info_page::show_invited))
        .route("/invite/{code}/calendar.ics", get(calendar::file))
}
