//! The demo occasion behind the guests' router, with helpers for guests' actions.

use axum::Router;
use axum::http::Method;
use occasions::rsvp;
use platform::jobs::Worker;
use platform::mail::{self, Mailer, Post, dkim, sealed_text, suppression};
use serde_json::{Value, json};
use site::domain::Domains;
use site::domains;
use testkit::{Page, Visitor, World};
use web::Language;

pub(crate) use crate::demo::{Stage, guest, state};
pub(crate) use testkit::assert_private;

const DOMAINS: Domains = &[accounts::DOMAIN, occasions_all::DOMAIN];

/// Runs `test` with a store in a SQLite file.
pub(crate) fn on_sqlite<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::in_file(&domains::migrations(DOMAINS), async move |world| {
        run(world, &test).await;
    });
}

/// Runs `test` on the default engine.
pub(crate) fn on_default<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::default_engine(&domains::migrations(DOMAINS), async move |world| {
        run(world, &test).await;
    });
}

/// Like [`on_default`], on SQLite and on PostgreSQL.
pub(crate) fn on_both<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::each_engine(&domains::migrations(DOMAINS), async move |world| {
        run(world, &test).await;
    });
}

async fn run<F: AsyncFn(&Stage<'_>)>(world: &World, test: &F) {
    // Most saves queue a confirmation.
    world.expect_jobs(rsvp::CONFIRM);
    let languages = ["en", "ms", "it", "zh-Hans", "ar"];
    let stage = Stage::build(world, DOMAINS, &languages, |_, _| Router::new()).await;
    test(&stage).await;
}

impl Stage<'_> {
    pub(crate) fn guest(&self) -> Visitor {
        let mut guest = self.visitor();
        guest.set_cookie("kd_lang", "en");
        guest
    }

    /// Declares an expected confirmation mail to `recipient`, in this language.
    pub(crate) fn expect_confirmation(&self, recipient: &str, language: &str) {
        let text = self.site.catalogue.speak(&Language::of(language));
        let hosts = match language {
            "it" => "Aisyah e Daniel",
            _ => "Aisyah & Daniel",
        };
        let values = [("hosts", hosts.into())];
        let subject = text.with("mail-confirmation-subject", values);
        self.world.expect_mail(recipient, &subject);
    }

    pub(crate) fn worker(&self) -> Worker {
        let site = &self.site;
        let post = Post {
            mailer: Mailer::Mailbox,
            from: "Kenduri <kenduri@example.com>".parse().unwrap(),
            site_host: site.url().host().to_owned(),
            site_url: "https://kenduri.example".to_owned(),
            suppression: site.keys.key(suppression::PURPOSE),
            text: site.keys.key(sealed_text::PURPOSE),
            dkim: site.keys.key(dkim::PURPOSE),
            hears_deliveries: false,
        };
        Worker::new(
            site.store.clone(),
            site.clock.clone(),
            site.random.clone(),
            vec![
                mail::handler(site.store.clone(), post),
                occasions::web::mail::confirmations(site.clone()),
                occasions::web::mail::moves_up(site.clone()),
                occasions::web::alarm::alarms(site.clone()),
            ],
        )
    }
}

pub(crate) fn id(state: &Value, name: &str) -> String {
    guest(state, name)["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn put(visitor: &mut Visitor, code: &str, body: &Value) -> Page {
    let address = format!("/api/v1/invitations/{code}/rsvp");
    visitor.call(Method::PUT, &address, body).await
}

pub(crate) fn answer(version: i64, id: &str, replies: &Value) -> Value {
    json!({ "version": version, "guests": [{ "id": id, "replies": replies }] })
}

/// Checks the status and code of an error response, and the fields that every error response has.
/// Returns the JSON.
#[track_caller]
pub(crate) fn assert_problem(page: &Page, status: u16, code: &str) -> Value {
    page.expect(status);
    assert_eq!(page.header("content-type"), "application/problem+json");
    let problem = page.json();
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(problem["status"], status);
    assert_eq!(problem["type"], format!("/problems/{code}"));
    assert_eq!(problem["request_id"], page.header("x-request-id"));
    for member in ["title", "detail", "instance"] {
        assert!(
            problem[member]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{member}: {problem}"
        );
    }
    problem
}
