//! The common setup of the tests: a site with posts, and people who write them.

use posts::editor_role::EDITOR;
use posts::{READ, WRITE};
use serde_json::{Value, json};
use site::domain::Domains;
use site::domains;
use testkit::{Page, World};
use web::Settings;

pub(crate) use testkit::people::request;
pub(crate) use testkit::{Person, Stage, errors};

const DOMAINS: Domains = &[accounts::DOMAIN, posts::DOMAIN];

pub(crate) const API: &str = "/api/v1/posts";

/// Runs the test on the default engine.
pub(crate) fn on_default(test: &impl AsyncFn(&Stage<'_>)) {
    World::default_engine(&domains::migrations(DOMAINS), async |world| {
        run_in(world, test).await;
    });
}

/// Like [`on_default`], on SQLite and on PostgreSQL.
pub(crate) fn on_both(test: &impl AsyncFn(&Stage<'_>)) {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        run_in(world, test).await;
    });
}

pub(crate) async fn run_in(world: &World, test: &impl AsyncFn(&Stage<'_>)) {
    // Publishing an article enqueues a mail job, which may still wait when a test ends.
    world.expect_jobs(posts::mailing::KIND);
    let settings = Settings {
        name: "Kami & Kenduri".to_owned(),
        languages: vec!["en".to_owned(), "ms".to_owned()],
        ..testkit::stage::settings()
    };
    let stage = Stage::with(world, DOMAINS, world.platform.clone(), settings)
        .checked_by(testkit::clock_times::check);
    let stage = stage.with_tokens_for(&[READ, WRITE]);
    test(&stage).await;
    assert_eq!(stage.unsaid_actions().await, [""; 0]);
}

/// A signed-in editor with a token that has all scopes.
pub(crate) async fn editor(stage: &Stage<'_>) -> Person {
    stage.person_as("Farah Ali", EDITOR).await
}

/// Actions of people that concern posts.
pub(crate) trait Publishing {
    /// Creates a post, and returns it.
    async fn make(&mut self, body: Value) -> Value;

    /// Creates and publishes an article.
    async fn publish(&mut self, title: &str, body: &str) -> Value;

    /// Changes a post, based on its current version.
    async fn set(&mut self, post: &Value, change: Value) -> Page;
}

impl Publishing for Person {
    async fn make(&mut self, body: Value) -> Value {
        let page = self.call("POST", API, &body).await;
        page.expect(201);
        page.json()
    }

    async fn publish(&mut self, title: &str, body: &str) -> Value {
        self.make(json!({"title": title, "body": body, "state": "published"}))
            .await
    }

    async fn set(&mut self, post: &Value, mut change: Value) -> Page {
        let at = at(post);
        change["version"] = self.program.get(&at).await.json()["version"].clone();
        self.call("PATCH", &at, &change).await
    }
}

pub(crate) fn at(post: &Value) -> String {
    format!("{API}/{}", post["id"].as_str().unwrap())
}

pub(crate) fn titles(page: &Page) -> Vec<String> {
    page.expect(200);
    let json = page.json();
    let items = json["items"].as_array().cloned().unwrap_or_default();
    let title = |item: &Value| item["title"].as_str().unwrap_or_default().to_owned();
    items.iter().map(title).collect()
}
