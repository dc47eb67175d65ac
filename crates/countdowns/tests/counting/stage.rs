//! The common setup of the tests: a site with countdowns, and people who create them.

use axum::Extension;
use countdowns::countdown::{COUNTDOWN, READ, WRITE};
use countdowns::entry_limit::EntryLimit;
use countdowns::watchers;
use jiff::SignedDuration;
use platform::Platform;
use serde_json::{Value, json};
use site::dates::Dates;
use site::domain::Domains;
use site::domains;
use testkit::people::PASSWORD;
use testkit::{Page, Visitor, World};
use web::setting::SettingValues;

pub(crate) use testkit::people::request;
pub(crate) use testkit::{Person, Stage, errors, shape};

use crate::days;

pub(crate) const DOMAINS: Domains = &[accounts::DOMAIN, days::DOMAIN, countdowns::DOMAIN];

pub(crate) const DATES: Dates = Dates(DOMAINS);

pub(crate) const API: &str = "/api/v1/countdowns";

/// Runs the test on the default engine.
pub(crate) fn on_default(test: &impl AsyncFn(&Stage<'_>)) {
    in_world(async |world| run(world, test).await);
}

/// Like [`on_default`], on SQLite and on PostgreSQL.
pub(crate) fn on_both(test: &impl AsyncFn(&Stage<'_>)) {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        expect_jobs(world);
        run(world, test).await;
    });
}

async fn run(world: &World, test: &impl AsyncFn(&Stage<'_>)) {
    let stage = stage(world, world.platform.clone());
    test(&stage).await;
    assert_eq!(stage.unsaid_actions().await, [""; 0]);
}

/// Runs the test in a world on the default engine.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn in_world(test: impl AsyncFn(&World)) {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        expect_jobs(world);
        test(world).await;
    });
}

/// Jobs for days that have not come yet may remain at the end.
fn expect_jobs(world: &World) {
    world.expect_jobs("countdown.reach");
    world.expect_jobs("suggestion.digest");
}

/// A site on this platform. People's API tokens have all scopes for countdowns.
pub(crate) fn stage(world: &World, platform: Platform) -> Stage<'_> {
    Stage::with(world, DOMAINS, platform, testkit::stage::settings())
        .with_tokens_for(&[READ, WRITE])
        .checked_by(testkit::clock_times::check)
        .routed(|accounts, routes| routes.layer(Extension(EntryLimit::of(&accounts.site.limits))))
}

/// A visitor to a site with these limits on open event streams, in total and for one network.
pub(crate) fn visitor_among(stage: &Stage<'_>, total: u32, of_network: u32) -> Visitor {
    let mut values = SettingValues::default();
    values.set_number(watchers::TOTAL, total).unwrap();
    values.set_number(watchers::OF_NETWORK, of_network).unwrap();
    stage.clone().with_settings(values).visitor()
}

/// A browser in which somebody has registered and not yet confirmed their email address.
pub(crate) async fn unconfirmed(stage: &Stage<'_>, email: &str) -> Visitor {
    let password = PASSWORD;
    let mut browser = stage.open().visitor();
    let page = browser.get("/register").await;
    let mut form = page.form("/register");
    form.fill("display_name", "Mei Lin")
        .fill("email", email)
        .fill("password", password);
    stage.world.clock.advance(SignedDuration::from_secs(10));
    browser.submit(&page, &form).await.expect(202);
    let page = browser.get("/login").await;
    let mut form = page.form("/login");
    form.fill("email", email).fill("password", password);
    browser.submit(&page, &form).await.expect(303);
    let subject = "Confirm your address for Kenduri Kami";
    stage.world.expect_mail(email, subject);
    browser
}

/// An API client with a person's token that is limited to one countdown.
pub(crate) async fn limited(stage: &Stage<'_>, person: &Person, id: &str) -> Visitor {
    let mut person = person.clone();
    let scope = COUNTDOWN.scope(id);
    stage.allow(&mut person, &[READ, WRITE], Some(&scope)).await;
    person.program
}

/// Actions of people that concern countdowns.
pub(crate) trait Counting {
    async fn make(&mut self, body: Value) -> Value;

    /// Creates a countdown that counts up. Returns its path in the API.
    async fn since(&mut self, title: &str) -> String;

    /// Creates a public countdown and resets it. Returns its path in the API.
    async fn public(&mut self, title: &str) -> String;

    async fn reset(&mut self, at: &str, body: &Value) -> Page;
}

impl Counting for Person {
    async fn make(&mut self, body: Value) -> Value {
        let page = self.call("POST", API, &body).await;
        page.expect(201);
        page.json()
    }

    async fn since(&mut self, title: &str) -> String {
        let made = self.make(json!({"title": title, "kind": "since"})).await;
        format!("{API}/{}", made["id"].as_str().unwrap())
    }

    async fn public(&mut self, title: &str) -> String {
        let made = self
            .make(json!({"title": title, "visibility": "public"}))
            .await;
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        self.reset(&at, &json!({})).await.expect(201);
        at
    }

    async fn reset(&mut self, at: &str, body: &Value) -> Page {
        self.call("POST", &format!("{at}/entries"), body).await
    }
}
