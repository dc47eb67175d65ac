//! What people and programs see of accounts: every address on one page.

pub mod api;
mod arrival;
mod cards;
mod email_change;
mod entrance;
mod event;
mod factor_reset;
mod factor_section;
mod factors;
mod first;
mod form;
mod invites;
mod leaving;
mod look;
mod me;
mod message;
mod newcomer;
mod notifications;
mod oauth;
mod own_password;
mod people;
mod profile;
mod providers;
mod registration;
mod reset;
mod second_step;
pub mod shared;
mod slug;
mod sudo;
mod suppressed;
mod tokens;
pub(crate) mod trusted;
mod unsubscribe;
mod visitor;
mod webhooks;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use web::{Pages, Site};

use crate::Callers::{Anybody, People};
use crate::{Accounts, Callers};
pub use ::site::cookies::session;
use ::site::webhook::test_limit::TestLimit;
pub use ::site::{asking, call, frame, moved, proof, refusal, request, resource, upstream_access};
use ::site::{cookies, mail_callbacks};
pub use identity::problem::email_unverified;
pub use refusal::Refusal;

/// What it takes to sign people in and out, and to keep their accounts, at other addresses than
/// those of this crate.
pub mod front_end {
    pub use super::api::refresh::{first, go_on, sign, unstored};
    pub use super::arrival::end_session;
    pub use super::entrance::check_connection;
    pub use super::own_password::renew_password;
    pub use super::profile::save;
    pub use super::registration::Sent;
    pub use super::reset::mail_link;
    pub use ::site::cookies::{forget_session, registered, renewed, set_begun, set_registered};
    pub use identity::problem::{password, too_often};
}

/// Every address of this crate.
pub fn routes(accounts: &Accounts) -> Router<Site> {
    let has_admin_page = accounts.domains.iter().any(|one| one.has_admin_page);
    let own: Pages<Accounts, Callers> = if has_admin_page {
        Pages::default()
    } else {
        Pages::default().get("/admin", People, me::admin)
    };
    pages()
        .into_router()
        .merge(own.into_router())
        .merge(api::routes::<Router<_>>())
        .merge(api::refresh::well_known())
        .layer(Extension(TestLimit::default()))
        .layer(Extension(accounts.domains))
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
        .get("/register", Anybody, registration::register)
        .post("/register", Anybody, registration::enter)
        .post("/register/again", Anybody, registration::send_again)
        .post("/register/change", Anybody, registration::change_address)
        .get("/verify/{secret}", Anybody, registration::verify)
        .post("/verify/{secret}", Anybody, registration::confirm)
        .get("/forgot", Anybody, reset::forgot)
        .post("/forgot", Anybody, reset::ask)
        .get("/reset/{secret}", Anybody, reset::reset)
        .post("/reset/{secret}", Anybody, reset::finish)
        .get("/me/email", People, email_change::show)
        .post("/me/email", People, email_change::ask)
        .post("/me/email/verify", People, email_change::send_again)
        .get("/email/confirm/{secret}", Anybody, email_change::look)
        .post("/email/confirm/{secret}", Anybody, email_change::confirm)
        .get("/email/undo/{secret}", Anybody, email_change::look_back)
        .post("/email/undo/{secret}", Anybody, email_change::undo)
        .post("/me/email/receive", People, email_change::receive)
        .post("/me/email/subscribe", People, email_change::subscribe)
        .post(
            "/me/email/newsletters",
            People,
            email_change::choose_newsletters,
        )
        .get(
            "/email/receive/{secret}",
            Anybody,
            email_change::look_at_receiving,
        )
        .post(
            "/email/receive/{secret}",
            Anybody,
            email_change::confirm_receiving,
        )
        .get("/unsubscribe/{link}", Anybody, unsubscribe::show)
        .post("/unsubscribe/{link}", Anybody, unsubscribe::unsubscribe)
        .post("/hooks/mail/{provider}", Anybody, mail_callbacks::take)
        .get("/admin/suppressions", People, suppressed::list)
        .post("/admin/suppressions/lift", People, suppressed::lift)
        .get("/", Anybody, first::first)
        .get("/u/{account}", Anybody, first::person)
        .get("/site/images/{file}", Anybody, first::image)
        .get("/card.png", Anybody, first::card)
        .get("/robots.txt", Anybody, first::robots)
        .get("/sitemap.xml", Anybody, first::sitemap)
        .get("/admin/look", People, look::show)
        .post("/admin/look", People, look::change)
        .get("/admin/look/preview", People, look::preview)
        .post("/admin/look/icon", People, look::set_icon)
        .post("/admin/look/portrait", People, look::set_portrait)
        .get("/me", People, cards::show)
        .get("/me/notices", People, notifications::show)
        .post("/me/notices", People, notifications::read)
        .post("/me/notices/mail", People, notifications::choose_mail)
        .get("/me/profile", People, profile::show)
        .post("/me/profile", People, profile::change)
        .get("/me/slug", People, slug::show)
        .post("/me/slug", People, slug::change)
        .get("/me/trusted", People, trusted::show)
        .post("/me/trusted", People, trusted::add)
        .post("/me/trusted/remove", People, trusted::remove)
        .get("/me/shared", People, shared::show)
        .get("/me/webhooks", People, webhooks::show)
        .post("/me/webhooks", People, webhooks::create)
        .post("/me/webhooks/{id}/test", People, webhooks::test)
        .post("/me/webhooks/{id}/rotate", People, webhooks::rotate)
        .post("/me/webhooks/{id}/delete", People, webhooks::delete)
        .get("/admin/invites", People, invites::show)
        .post("/admin/invites", People, invites::create)
        .post("/admin/invites/remove", People, invites::remove)
        .get("/setup/{secret}", Anybody, newcomer::setup)
        .post("/setup/{secret}", Anybody, newcomer::set_up)
        .get("/admin/join/{secret}", Anybody, newcomer::join)
        .post("/admin/join/{secret}", Anybody, newcomer::accept)
        .post("/oauth/{provider}/start", Anybody, oauth::start)
        .get("/oauth/{provider}/callback", Anybody, oauth::callback)
        .get("/oauth/{provider}/address", Anybody, oauth::address)
        .post("/oauth/{provider}/address", Anybody, oauth::register)
        .get("/login/mfa", Anybody, second_step::show)
        .post("/login/mfa", Anybody, second_step::prove)
        .get("/sudo", People, sudo::show)
        .post("/sudo", People, sudo::prove)
        .get("/.well-known/change-password", Anybody, me::change_password)
        .get("/me/security", People, me::security)
        .post("/me/security/password", People, me::set_password)
        .get("/me/security/totp", People, factors::setup)
        .post("/me/security/totp", People, factors::begin)
        .post("/me/security/totp/confirm", People, factors::confirm)
        .post("/me/security/totp/remove", People, factors::remove)
        .post(
            "/me/security/recovery-codes",
            People,
            factors::renew_recovery_codes,
        )
        .post(factor_reset::KEEP, People, factor_reset::keep)
        .get("/factors/keep/{secret}", Anybody, factor_reset::look)
        .post(
            "/factors/keep/{secret}",
            Anybody,
            factor_reset::keep_with_link,
        )
        .post("/me/security/sessions", People, me::end_sessions)
        .post("/me/security/passkeys/remove", People, me::remove_passkey)
        .post("/me/security/identities/remove", People, oauth::unlink)
        .post("/me/security/tokens", People, tokens::create_token)
        .post("/me/security/tokens/remove", People, tokens::remove_token)
        .get("/me/data", People, leaving::data)
        .post("/me/data/export", People, leaving::export)
        .post("/me/data/erase", People, leaving::erase)
        .get("/restore/{secret}", Anybody, leaving::offered)
        .post("/restore/{secret}", Anybody, leaving::restore)
        .get("/admin/people", People, people::list)
        .get("/admin/people/{id}", People, people::show)
        .post("/admin/people/{id}", People, people::change)
}

/// Puts around a site's routes what the extractors of [`asking`] rely on. It
/// decides nothing: it carries the counters and who needs a second factor in, and a renewed cookie
/// out.
pub fn around(accounts: &Accounts, router: Router<Site>) -> Router<Site> {
    let carried = (accounts.changes.clone(), accounts.require_mfa_for);
    let inside = first::Inside(router.clone().with_state(accounts.site.clone()));
    router
        .layer(Extension(inside))
        .layer(from_fn_with_state(accounts.clone(), first::visit))
        .layer(from_fn_with_state(carried, cookies::carry))
}
