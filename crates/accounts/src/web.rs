//! What people and programs see of accounts: every address on one page.

pub mod api;
mod cookies;
mod entrance;
mod form;
mod me;
mod newcomer;
mod problem;
mod visitor;

pub mod asking;
pub mod upstream_access;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use web::Site;

use crate::Accounts;
pub use cookies::session;

/// Every address of this crate.
pub fn routes(accounts: &Accounts) -> Router<Site> {
    Router::new()
        .route("/login", get(visitor::login).post(visitor::sign_in))
        .route("/logout", post(visitor::sign_out))
        .route("/admin/login", get(visitor::to_login))
        .route(
            "/sign-in/{secret}",
            get(visitor::link).post(visitor::use_link),
        )
        .route(
            "/setup/{secret}",
            get(newcomer::setup).post(newcomer::set_up),
        )
        .route(
            "/admin/join/{secret}",
            get(newcomer::join).post(newcomer::accept),
        )
        .route("/.well-known/change-password", get(me::change_password))
        .route("/me/security", get(me::security))
        .route("/me/security/password", post(me::set_password))
        .route("/me/security/sessions", post(me::end_sessions))
        .route("/me/security/tokens", post(me::create_token))
        .route("/me/security/tokens/remove", post(me::remove_token))
        .merge(api::routes::<Router<_>>())
        .with_state(accounts.clone())
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
