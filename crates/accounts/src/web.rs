//! What people and programs see of accounts: every address on one page.

pub mod api;
pub mod call;
mod cookies;
mod entrance;
mod form;
pub mod frame;
mod me;
mod newcomer;
mod problem;
mod sudo;
mod visitor;

pub mod asking;
pub mod upstream_access;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use web::{Pages, Site};

use crate::Callers::{Anybody, People};
use crate::{Accounts, Callers};
pub use cookies::session;

/// Every address of this crate.
pub fn routes(accounts: &Accounts) -> Router<Site> {
    pages()
        .into_router()
        .merge(api::routes::<Router<_>>())
        .merge(api::refresh::well_known())
        .with_state(accounts.clone())
}

/// Every page of this crate.
pub fn pages() -> Pages<Accounts, Callers> {
    Pages::default()
        .get("/login", Anybody, visitor::login)
        .post("/login", Anybody, visitor::sign_in)
        .post("/logout", People, visitor::sign_out)
        .get("/admin/login", Anybody, visitor::to_login)
        .get("/sign-in/{secret}", Anybody, visitor::link)
        .post("/sign-in/{secret}", Anybody, visitor::use_link)
        .get("/setup/{secret}", Anybody, newcomer::setup)
        .post("/setup/{secret}", Anybody, newcomer::set_up)
        .get("/admin/join/{secret}", Anybody, newcomer::join)
        .post("/admin/join/{secret}", Anybody, newcomer::accept)
        .get("/sudo", People, sudo::show)
        .post("/sudo", People, sudo::prove)
        .get("/.well-known/change-password", Anybody, me::change_password)
        .get("/me/security", People, me::security)
        .post("/me/security/password", People, me::set_password)
        .post("/me/security/sessions", People, me::end_sessions)
        .post("/me/security/tokens", People, me::create_token)
        .post("/me/security/tokens/remove", People, me::remove_token)
}

/// Puts around a site's routes what the extractors of [`asking`] rely on. It
/// decides nothing: it carries the counters in, and a renewed cookie out.
pub fn around(accounts: &Accounts, router: Router<Site>) -> Router<Site> {
    router.layer(from_fn_with_state(accounts.changes.clone(), cookies::carry))
}

impl FromRef<Accounts> for Site {
    fn from_ref(accounts: &Accounts) -> Self {
        accounts.site.clone()
    }
}
