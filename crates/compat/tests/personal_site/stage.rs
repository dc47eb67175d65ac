//! The common setup of the tests: a site with the older personal site's routes, and people on it.

use axum::Extension;
use axum::http::Method;
use compat::personal_site::{self, Policy};
use countdowns::entry_limit::EntryLimit;
use identity::account::AccountId;
use identity::credential::second_factor::{self, FactorError};
use identity::session::sudo::Sudo;
use identity::session::{Stay, signed_in};
use jiff::SignedDuration;
use platform::{StoreError, Tx};
use serde_json::{Value, json};
use site::domain::Domains;
use site::domains;
use testkit::people::{begin, client};
use testkit::{Page, Visitor, World};

pub(crate) use testkit::people::{
    PASSWORD, expect_mail as expect, expect_sign_in_mails, give, person, role, usual_hash,
};
pub(crate) use testkit::{Person, Stage, errors};

pub(crate) const DOMAINS: Domains = &[
    accounts::DOMAIN,
    countdowns::DOMAIN,
    posts::DOMAIN,
    personal_site::DOMAIN,
];

pub(crate) const PUBLIC: &str = "/backend/public/auth";
pub(crate) const OWN: &str = "/backend/protected/auth";
pub(crate) const USERS: &str = "/backend/protected/admin/users";

pub(crate) const EMAIL: &str = "farah@example.my";
pub(crate) const OTHER_PASSWORD: &str = "seekor kancil di tepi sungai";

pub(crate) const ALONE: Policy = Policy {
    has_auth: false,
    register_tokens: false,
};
pub(crate) const WITH_AUTH: Policy = Policy {
    has_auth: true,
    register_tokens: false,
};
pub(crate) const WITH_TOKENS: Policy = Policy {
    has_auth: true,
    register_tokens: true,
};

/// Runs the test in a world on the default engine.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn in_world(test: impl AsyncFn(&World)) {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        run(world, &test).await;
    });
}

/// Like [`in_world`], on SQLite and on PostgreSQL.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn each_engine(test: impl AsyncFn(&World)) {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        run(world, &test).await;
    });
}

async fn run(world: &World, test: &impl AsyncFn(&World)) {
    for kind in ["countdown.reach", "suggestion.digest", posts::mailing::KIND] {
        world.expect_jobs(kind);
    }
    test(world).await;
}

pub(crate) fn on_default(test: &impl AsyncFn(&Stage<'_>)) {
    in_world(async |world| test(&without(world)).await);
}

pub(crate) fn on_both(test: &impl AsyncFn(&Stage<'_>)) {
    each_engine(async |world| test(&without(world)).await);
}

/// A site with open registration, without the older personal site's routes.
pub(crate) fn without(world: &World) -> Stage<'_> {
    Stage::new(world, DOMAINS)
        .with_tokens_for(&[posts::READ, posts::WRITE])
        .open()
}

/// A site with the older personal site's routes.
pub(crate) fn older(world: &World, policy: Policy) -> Stage<'_> {
    without(world).routed(move |accounts, routes| {
        let older = personal_site::routes(accounts, policy);
        let limit = EntryLimit::of(&accounts.site.limits);
        routes.merge(older).layer(Extension(limit))
    })
}

/// The same site with the older personal site's routes.
pub(crate) fn with_backend<'w>(stage: &Stage<'w>, has_auth: bool) -> Stage<'w> {
    older(stage.world, if has_auth { WITH_AUTH } else { ALONE })
}

/// Creates a person whose requests have an access token, as the front end sends them.
pub(crate) async fn front_end_of(stage: &Stage<'_>, name: &str) -> Person {
    let mut person = stage.person(name).await;
    person.browser.header("sec-fetch-site", "same-origin");
    let jwt = person.browser.get("/api/auth/jwt").await.with(200);
    person.token = format!("Bearer {}", jwt.json()["token"].as_str().unwrap());
    person.program.header("authorization", &person.token);
    person
}

pub(crate) async fn post(visitor: &mut Visitor, path: &str, body: Value) -> Page {
    visitor.call(Method::POST, path, &body).await
}

pub(crate) async fn put(visitor: &mut Visitor, path: &str, body: Value) -> Page {
    visitor.call(Method::PUT, path, &body).await
}

pub(crate) async fn login(stage: &Stage<'_>, email: &str, password: &str) -> Page {
    let body = json!({"email": email, "password": password});
    post(&mut stage.visitor(), &format!("{PUBLIC}/login"), body).await
}

/// A front end that sends the access token in `tokens`.
pub(crate) fn front_end(stage: &Stage<'_>, tokens: &Value) -> Visitor {
    let mut visitor = stage.visitor();
    let token = tokens["token"].as_str().unwrap();
    visitor.header("authorization", &format!("Bearer {token}"));
    visitor
}

/// A browser with the cookie of a new session, whose requests come from a page of the same origin.
pub(crate) async fn browser(world: &World, stage: &Stage<'_>, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Remembered, client(1)).await;
    let mut browser = stage.visitor();
    browser.set_cookie("kd_session", begun.session.reveal());
    browser.header("sec-fetch-site", "same-origin");
    browser
}

/// Creates a person and signs them in by password. Returns the front end and its tokens.
pub(crate) async fn signed_in(world: &World, stage: &Stage<'_>, email: &str) -> (Visitor, Value) {
    let hash = usual_hash(world).await;
    person(world, email, Some(&hash)).await;
    sign_in(world, stage, email).await
}

pub(crate) async fn sign_in(world: &World, stage: &Stage<'_>, email: &str) -> (Visitor, Value) {
    expect_sign_in_mails(world, email, 1);
    let tokens = login(stage, email, PASSWORD).await.with(200).json();
    (front_end(stage, &tokens), tokens)
}

pub(crate) fn registration(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "display_name": "Farah Ali", "honeypot": ""})
}

/// Sets up the second factor of a person.
pub(crate) async fn enrol(stage: &Stage<'_>, id: &AccountId) {
    let (world, site) = (stage.world, stage.site.clone());
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    let change = move |tx: &mut Tx<'_>| -> Result<(), FactorError> {
        let visit = signed_in::by_session(tx, &begun.session)?.unwrap();
        let sudo = Sudo::check(visit.who, tx.now()).unwrap();
        second_factor::begin(tx, &site, &sudo)?;
        let app = second_factor::pending(tx, &site, &sudo)?.unwrap();
        let code = app.code(tx.now());
        second_factor::confirm(tx, &site, &sudo, &code, &client(1)).map(drop)
    };
    world.store().write(change).await.unwrap();
    world.clock.advance(SignedDuration::from_mins(2));
}

/// The newest mailed link whose path begins with `prefix`.
pub(crate) async fn link(world: &World, prefix: &str) -> String {
    let mails = world.mails().await;
    let of_mail = |text: &str| {
        let at = text.find(&format!("http://127.0.0.1:8080{prefix}"))?;
        let link = text[at..].split_whitespace().next()?;
        Some(link["http://127.0.0.1:8080".len()..].to_owned())
    };
    let mut found = mails.iter().rev().filter_map(|mail| of_mail(&mail.text));
    found.next().unwrap()
}

pub(crate) async fn write<T, F>(world: &World, change: F) -> T
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    world.store().write(change).await.unwrap()
}
