//! The web front end of accounts, with the complete list of its routes.

mod after_sign_in_or_out;
pub mod api;
mod audit_sentences;
mod cards;
mod email_change;
mod factor_reset;
mod factor_section;
mod factors;
mod group_links;
mod invites;
mod look;
mod message;
mod new_account_form;
mod notifications;
mod oauth;
mod overview;
mod own_data;
mod own_password;
mod people;
mod profile;
mod providers;
mod public_pages;
mod registration;
mod reset;
mod second_step;
mod security;
mod setup_and_join;
pub mod shared;
mod sign_in;
mod slug;
mod sudo;
mod suppressed;
mod tokens;
pub(crate) mod trusted;
mod unsubscribe;
mod webhooks;

use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use web::{Pages, Site};

pub use ::site::cookies::session;
use ::site::webhook::test_limit::TestLimit;
pub use ::site::{
    asking, call, frame, moved_slugs, proof, refusal, request, resource, upstream_access,
};
use ::site::{cookies, mail_callbacks, without_sign_in};
use site::Callers::{self, Anybody, People};
use site::Context;

/// Functions for crates that serve sign-in, sign-out and account management under other paths.
pub mod front_end {
    pub use super::after_sign_in_or_out::end_session;
    pub use super::api::refresh::{first, go_on, sign, unstored};
    pub use super::own_password::{TypedPasswords, renew_password};
    pub use super::profile::save;
    pub use super::registration::Sent;
    pub use super::reset::mail_link;
    pub use super::without_sign_in::check_connection;
}

pub fn routes(accounts: &Context) -> Router<Site> {
    let has_admin_page = accounts.domains.iter().any(|one| one.has_admin_page);
    let own: Pages<Context, Callers> = if has_admin_page {
        Pages::default()
    } else {
        Pages::default().get("/admin", People, security::admin)
    };
    pages()
        .into_router()
        .merge(own.into_router())
        .merge(api::routes::<Router<_>>())
        .merge(api::refresh::well_known())
        .layer(Extension(TestLimit::of(&accounts.site.limits)))
        .layer(Extension(accounts.domains))
        .with_state(accounts.clone())
}

/// The routes of the unsubscribe page alone, for host names on which this crate serves no other
/// page.
pub fn unsubscribe_routes(accounts: &Context) -> Router<Site> {
    let pages: Pages<Context, Callers> = Pages::default()
        .get("/unsubscribe/{link}", Anybody, unsubscribe::show)
        .post("/unsubscribe/{link}", Anybody, unsubscribe::unsubscribe);
    pages.into_router().with_state(accounts.clone())
}

pub fn pages() -> Pages<Context, Callers> {
    Pages::default()
        .get("/login", Anybody, sign_in::login)
        .post("/login", Anybody, sign_in::sign_in)
        .post("/logout", People, sign_in::sign_out)
        .get("/admin/login", Anybody, sign_in::to_login)
        .get("/sign-in/{secret}", Anybody, sign_in::link)
        .post("/sign-in/{secret}", Anybody, sign_in::use_link)
        .get("/register", Anybody, registration::register)
        .post("/register", Anybody, registration::enter)
        .post("/register/again", Anybody, registration::send_again)
        .post("/register/change", Anybody, registration::change_address)
        .get("/group/{secret}", Anybody, registration::with_group)
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
        .get("/admin/audit", People, overview::show)
        .get("/admin/suppressions", People, suppressed::list)
        .post("/admin/suppressions/lift", People, suppressed::lift)
        .get_shared("/", Anybody, public_pages::first)
        .get_shared("/u/{account}", Anybody, public_pages::person)
        .get("/site/images/{file}", Anybody, public_pages::image)
        .get("/card.png", Anybody, public_pages::card)
        .get("/qr.svg", Anybody, public_pages::qr)
        .get("/robots.txt", Anybody, public_pages::robots)
        .get("/sitemap.xml", Anybody, public_pages::sitemap)
        .get("/admin/look", People, look::show)
        .post("/admin/look", People, look::change)
        .post("/admin/look/preview", People, look::preview)
        .post("/admin/look/icon", People, look::set_icon)
        .post("/admin/look/portrait", People, look::set_portrait)
        .get("/me", People, cards::show)
        .get(frame::START, People, cards::start)
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
        .get("/me/group-links", People, group_links::show)
        .post("/me/group-links", People, group_links::create)
        .post("/me/group-links/end", People, group_links::end)
        .get("/setup/{secret}", Anybody, setup_and_join::setup)
        .post("/setup/{secret}", Anybody, setup_and_join::set_up)
        .get("/admin/join/{secret}", Anybody, setup_and_join::join)
        .post("/admin/join/{secret}", Anybody, setup_and_join::accept)
        .post("/oauth/{provider}/start", Anybody, oauth::start)
        .get("/oauth/{provider}/callback", Anybody, oauth::callback)
        .get("/oauth/{provider}/address", Anybody, oauth::address)
        .post("/oauth/{provider}/address", Anybody, oauth::register)
        .get("/login/mfa", Anybody, second_step::show)
        .post("/login/mfa", Anybody, second_step::prove)
        .get("/sudo", People, sudo::show)
        .post("/sudo", People, sudo::prove)
        .get(
            "/.well-known/change-password",
            Anybody,
            security::change_password,
        )
        .get("/me/security", People, security::security)
        .post("/me/security/password", People, security::set_password)
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
        .post("/me/security/sessions", People, security::end_sessions)
        .post(
            "/me/security/passkeys/remove",
            People,
            security::remove_passkey,
        )
        .post("/me/security/identities/remove", People, oauth::unlink)
        .post("/me/security/tokens", People, tokens::create_token)
        .post("/me/security/tokens/remove", People, tokens::remove_token)
        .get("/me/data", People, own_data::data)
        .post("/me/data/export", People, own_data::export)
        .post("/me/data/erase", People, own_data::erase)
        .get("/restore/{secret}", Anybody, own_data::offered)
        .post("/restore/{secret}", Anybody, own_data::restore)
        .get("/admin/people", People, people::list)
        .get("/admin/people/{id}", People, people::show)
        .post("/admin/people/{id}", People, people::change)
}

/// Wraps a site's routes in a layer. The layer provides the data that the extractors of
/// `site::asking` need: the counters of changes and the setting for second factors. It also sends
/// renewed session cookies.
pub fn around(accounts: &Context, router: Router<Site>) -> Router<Site> {
    let carried = (accounts.changes.clone(), accounts.require_mfa_for);
    let inside = public_pages::Inside(router.clone().with_state(accounts.site.clone()));
    // One layer, because the router boxes each for every request.
    router.layer((
        from_fn_with_state(carried, cookies::carry),
        from_fn_with_state(Arc::new(accounts.clone()), public_pages::visit),
        Extension(inside),
    ))
}
