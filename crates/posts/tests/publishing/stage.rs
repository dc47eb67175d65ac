//! What the tests stand on: a site in a world, and people in it.

use accounts::Accounts;
use accounts::account::{self, AccountId, NewAccount};
use accounts::client::Client;
use accounts::domain::{self, Domains};
use accounts::grant::{self, Role, Scope};
use accounts::session::{self, Method, Stay};
use accounts::signed_in::{self, SignedIn};
use accounts::token::{self, NewToken};
use axum::http;
use jiff::tz::TimeZone;
use platform::audit::RequestFacts;
use platform::jobs::Worker;
use platform::{Store, StoreError, Tx};
use posts::editor::EDITOR;
use posts::{READ, WRITE};
use serde_json::{Value, json};
use testkit::{Page, Visitor, World};
use web::client_info::Proxies;
use web::{Settings, SiteUrl};

const DOMAINS: Domains = &[accounts::DOMAIN, posts::DOMAIN];

pub(crate) const API: &str = "/api/v1/posts";

/// A site in a world.
pub(crate) struct Stage<'w> {
    pub(crate) world: &'w World,
    accounts: Accounts,
}

/// Somebody with a browser and a program.
pub(crate) struct Person {
    pub(crate) who: SignedIn,
    pub(crate) browser: Visitor,
    pub(crate) program: Visitor,
}

pub(crate) fn on_both(test: &impl AsyncFn(&Stage<'_>)) {
    World::each_engine(&domain::migrations(DOMAINS), async |world| {
        test(&Stage::build(world)).await;
    });
}

impl<'w> Stage<'w> {
    fn build(world: &'w World) -> Self {
        let settings = Settings {
            url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
            name: "Kami & Kenduri".to_owned(),
            languages: vec!["en".to_owned(), "ms".to_owned()],
            time_zone: TimeZone::UTC,
            proxies: Proxies::default(),
        };
        // Of articles that nobody has subscribed to.
        world.expect_jobs(posts::mailing::KIND);
        let site = domain::site(DOMAINS, &[], world.platform.clone(), settings);
        Self {
            world,
            accounts: Accounts::new(site, DOMAINS),
        }
    }

    /// Does what is due in the background.
    pub(crate) fn work(&self) -> impl Future<Output = ()> + use<> {
        self.work_with(self.world.store().clone())
    }

    /// The same in a process of its own.
    pub(crate) fn work_with(&self, store: Store) -> impl Future<Output = ()> + use<> {
        let site = &self.accounts.site;
        let handlers = domain::jobs(DOMAINS, site);
        let worker = Worker::new(store, site.clock.clone(), site.random.clone(), handlers);
        async move { while worker.run_due().await.unwrap() > 0 {} }
    }

    pub(crate) fn visitor(&self) -> Visitor {
        let router = domain::routes(&self.accounts);
        let router = accounts::web::around(&self.accounts, router);
        Visitor::new(web::serve(&self.accounts.site, router))
    }

    /// An editor, signed in, with a token for everything.
    pub(crate) async fn editor(&self) -> Person {
        self.person("Farah Ali", Some(EDITOR)).await
    }

    pub(crate) async fn person(&self, name: &str, role: Option<Role>) -> Person {
        let new = NewAccount {
            name: name.parse().unwrap(),
            email: format!("{}@example.my", name.replace(' ', "."))
                .parse()
                .unwrap(),
            locale: "en".to_owned(),
            time_zone: "Asia/Kuala_Lumpur".to_owned(),
        };
        let token = NewToken {
            name: "test".to_owned(),
            scopes: vec![READ, WRITE],
            scope: None,
            days: 300,
        };
        let store = self.world.store();
        let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let id: AccountId = account::create(tx, &new).unwrap();
            if let Some(role) = role {
                grant::give(tx, &id, role, &Scope::site(), None).unwrap();
            }
            let begun = session::begin(tx, &id, Method::Link, Stay::Remembered, &client())?;
            let session = begun.unwrap().session;
            let visit = signed_in::by_session(tx, &session)?.unwrap();
            let token = token::create(tx, &id, &token, None).unwrap();
            Ok((visit.who, session, token.secret))
        };
        let (who, session, secret) = store.write(change).await.unwrap();
        let mut browser = self.visitor();
        browser.set_cookie("kd_session", session.reveal());
        let mut program = self.visitor();
        program.header("authorization", &format!("Bearer {}", secret.reveal()));
        Person {
            who,
            browser,
            program,
        }
    }
}

pub(crate) fn client() -> Client {
    Client {
        request: request(),
        user_agent: "test".to_owned(),
        session: None,
        device: None,
        identity: None,
    }
}

pub(crate) fn request() -> RequestFacts {
    RequestFacts {
        request_id: "test".to_owned(),
        network: None,
    }
}

impl Person {
    pub(crate) async fn call(&mut self, method: &str, path: &str, body: &Value) -> Page {
        let method = http::Method::from_bytes(method.as_bytes()).unwrap();
        self.program.call(method, path, body).await
    }

    /// Makes a post, and returns it.
    pub(crate) async fn make(&mut self, body: Value) -> Value {
        let page = self.call("POST", API, &body).await;
        page.expect(201);
        page.json()
    }

    /// Makes and publishes an article.
    pub(crate) async fn publish(&mut self, title: &str, body: &str) -> Value {
        self.make(json!({"title": title, "body": body, "state": "published"}))
            .await
    }

    /// Changes a post as it is now.
    pub(crate) async fn set(&mut self, post: &Value, mut change: Value) -> Page {
        let at = at(post);
        change["version"] = self.program.get(&at).await.json()["version"].clone();
        self.call("PATCH", &at, &change).await
    }
}

/// Its address in the API.
pub(crate) fn at(post: &Value) -> String {
    format!("{API}/{}", post["id"].as_str().unwrap())
}

/// Where and why a body was refused.
pub(crate) fn errors(page: &Page) -> Vec<(String, String)> {
    let json = page.json();
    let all = json["errors"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.iter()
        .map(|one| (text(&one["pointer"]), text(&one["code"])))
        .collect()
}

/// The titles of a list.
pub(crate) fn titles(page: &Page) -> Vec<String> {
    page.expect(200);
    let json = page.json();
    let items = json["items"].as_array().cloned().unwrap_or_default();
    let title = |item: &Value| item["title"].as_str().unwrap_or_default().to_owned();
    items.iter().map(title).collect()
}
