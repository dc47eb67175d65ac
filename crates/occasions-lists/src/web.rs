//! The hosts' pages and the JSON API of lists.

pub(crate) mod api;
mod import;
mod reports;

use ::web::{Pages, Site};
use occasions::hosting::Permission::{Invite, See};
use occasions::web::access::HostAccess;

pub(crate) fn host_pages() -> Pages<Site, HostAccess> {
    Pages::default()
        .get("/import", Invite, import::begin)
        .post("/import", Invite, import::upload)
        .get("/import/{id}", Invite, import::show)
        .get("/import/{id}/columns", Invite, import::columns)
        .post("/import/{id}/columns", Invite, import::save_columns)
        .post("/import/{id}/sheets", Invite, import::sheets::save_sheets)
        .get("/import/{id}/contacts", Invite, import::contacts::choose)
        .post(
            "/import/{id}/contacts",
            Invite,
            import::contacts::save_chosen,
        )
        .post("/import/{id}/apply", Invite, import::preview::apply)
        .get("/import/{id}/left-out", Invite, import::result::left_out)
        .post("/import/{id}/undo", Invite, import::result::undo)
        .get("/reports", See, reports::show)
        .post("/reports", See, reports::start)
        .get("/reports/{id}", See, reports::file)
}
