//! What the tests stand on: a site in a world, and people in it.

use accounts::Accounts;
use accounts::account::{self, AccountId, NewAccount};
use accounts::client::Client;
use accounts::dates::Dates;
use accounts::domain::{self, Domains};
use accounts::registration::{Policy, Registration};
use accounts::session::{self, Method, Stay};
use accounts::signed_in::{self, SignedIn};
use accounts::token::{self, NewToken, TokenScope};
use axum::{Extension, http};
use countdowns::countdown::{COUNTDOWN, READ, WRITE};
use countdowns::entry_limit::EntryLimit;
use countdowns::watchers;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use platform::audit::RequestFacts;
use platform::jobs::Worker;
use platform::{Outbound, Platform, StoreError, Tx};
use serde_json::{Value, json};
use testkit::{English, Page, Visitor, World};
use web::client_info::Proxies;
use web::setting::SettingValues;
use web::{Settings, Site, SiteUrl};

use crate::days;

pub(crate) const DOMAINS: Domains = &[accounts::DOMAIN, days::DOMAIN, countdowns::DOMAIN];

pub(crate) const DATES: Dates = Dates(DOMAINS);

pub(crate) const API: &str = "/api/v1/countdowns";

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
    /// What the program says in `Authorization`.
    pub(crate) token: String,
}

pub(crate) fn on_both(test: &impl AsyncFn(&Stage<'_>)) {
    each_world(async |world| test(&Stage::build(world)).await);
}

/// A world on each engine, in which countdowns wait for their days.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn each_world(test: impl AsyncFn(&World)) {
    World::each_engine(&domain::migrations(DOMAINS), async |world| {
        world.expect_jobs("countdown.reach");
        world.expect_jobs("suggestion.digest");
        test(world).await;
    });
}

impl<'w> Stage<'w> {
    fn build(world: &'w World) -> Self {
        Self::with_outbound(world, world.platform.outbound.clone())
    }

    /// A site whose requests to others go another way.
    pub(crate) fn with_outbound(world: &'w World, outbound: Outbound) -> Self {
        let platform = Platform {
            outbound,
            ..world.platform.clone()
        };
        let settings = Settings {
            url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
            name: "Kenduri Kami".to_owned(),
            languages: ["en", "ms", "ar"].map(str::to_owned).into(),
            time_zone: TimeZone::UTC,
            proxies: Proxies::default(),
        };
        let site = domain::site(DOMAINS, &[], platform, settings);
        Self {
            world,
            accounts: Accounts::new(site, DOMAINS),
        }
    }

    /// A message as pages say it in English.
    pub(crate) fn say(&self, id: &str) -> String {
        English::new(&self.accounts.site.catalogue).say(id)
    }

    /// A message with its values, in English.
    pub(crate) fn fill<const N: usize>(
        &self,
        id: &str,
        values: [(&'static str, web::Value<'_>); N],
    ) -> String {
        English::new(&self.accounts.site.catalogue).fill(id, values)
    }

    /// The same site, where everybody may register.
    pub(crate) fn open(&self) -> Self {
        let policy = Policy {
            registration: Registration::Open,
            has_mail: true,
        };
        Self {
            world: self.world,
            accounts: {
                let mut changed = self.accounts.clone();
                changed.policy = policy;
                changed
            },
        }
    }

    /// The same site in another process.
    pub(crate) fn beside(&self) -> Self {
        let platform = Platform {
            store: self.world.second_store(),
            ..self.accounts.site.platform.clone()
        };
        let settings = (*self.accounts.site.settings).clone();
        Self {
            world: self.world,
            accounts: {
                let mut changed = self.accounts.clone();
                changed.site = domain::site(DOMAINS, &[], platform, settings);
                changed
            },
        }
    }

    pub(crate) fn site(&self) -> &Site {
        &self.accounts.site
    }

    pub(crate) fn visitor(&self) -> Visitor {
        visitor_of(&self.accounts)
    }

    /// Somebody on a site where so many may watch, and so many of one network.
    pub(crate) fn visitor_among(&self, total: u32, of_network: u32) -> Visitor {
        let mut values = SettingValues::default();
        values.set_number(watchers::TOTAL, total).unwrap();
        values.set_number(watchers::OF_NETWORK, of_network).unwrap();
        visitor_of(&{
            let mut changed = self.accounts.clone();
            changed.site = self.accounts.site.clone().with_settings(values);
            changed
        })
    }

    /// Does what is due in the background.
    pub(crate) async fn work(&self) {
        self.work_apart().await;
    }

    /// The same, for a race.
    pub(crate) fn work_apart(&self) -> impl Future<Output = ()> + use<> {
        let site = &self.accounts.site;
        let handlers = domain::jobs(DOMAINS, site);
        let (store, clock) = (site.store.clone(), site.clock.clone());
        let worker = Worker::new(store, clock, site.random.clone(), handlers);
        async move { while worker.run_due().await.unwrap() > 0 {} }
    }

    /// Somebody of this name, signed in, with a token for everything.
    pub(crate) async fn person(&self, name: &str) -> Person {
        self.person_with(name, &[READ, WRITE]).await
    }

    pub(crate) async fn person_with(&self, name: &str, scopes: &[TokenScope]) -> Person {
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
            scopes: scopes.to_vec(),
            scope: None,
            days: 300,
        };
        let store = self.world.store();
        let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let id: AccountId = account::create(tx, &new).unwrap();
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
        let token = format!("Bearer {}", secret.reveal());
        program.header("authorization", &token);
        Person {
            who,
            browser,
            program,
            token,
        }
    }
}

impl Stage<'_> {
    /// A browser in which somebody registered, who has not confirmed their address.
    pub(crate) async fn unconfirmed(&self, email: &str) -> Visitor {
        let password = "sebuah pantun lama";
        let mut browser = self.open().visitor();
        let page = browser.get("/register").await;
        let mut form = page.form("/register");
        form.fill("display_name", "Mei Lin")
            .fill("email", email)
            .fill("password", password);
        self.world.clock.advance(SignedDuration::from_secs(10));
        browser.submit(&page, &form).await.expect(202);
        let page = browser.get("/login").await;
        let mut form = page.form("/login");
        form.fill("email", email).fill("password", password);
        browser.submit(&page, &form).await.expect(303);
        let subject = "Confirm your address for Kenduri Kami";
        self.world.expect_mail(email, subject);
        browser
    }

    /// A program of somebody's, with a token for one countdown.
    pub(crate) async fn limited(&self, person: &Person, id: &str) -> Visitor {
        let token = NewToken {
            name: "limited".to_owned(),
            scopes: vec![READ, WRITE],
            scope: Some(COUNTDOWN.scope(id).name()),
            days: 1,
        };
        let account = person.who.account().id.clone();
        let change = move |tx: &mut Tx<'_>| token::create(tx, &account, &token, None);
        let made = self.world.store().write(change).await.unwrap();
        let mut program = self.visitor();
        program.header("authorization", &format!("Bearer {}", made.secret.reveal()));
        program
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

    /// Makes a countdown, and returns it.
    pub(crate) async fn make(&mut self, body: Value) -> Value {
        let page = self.call("POST", API, &body).await;
        page.expect(201);
        page.json()
    }

    /// Makes one that counts up, and returns its address in the API.
    pub(crate) async fn since(&mut self, title: &str) -> String {
        let made = self.make(json!({"title": title, "kind": "since"})).await;
        format!("{API}/{}", made["id"].as_str().unwrap())
    }

    /// Makes one that everybody sees, resets it, and returns its address in the API.
    pub(crate) async fn public(&mut self, title: &str) -> String {
        let made = self
            .make(json!({"title": title, "visibility": "public"}))
            .await;
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        self.reset(&at, &json!({})).await.expect(201);
        at
    }

    pub(crate) async fn reset(&mut self, at: &str, body: &Value) -> Page {
        self.call("POST", &format!("{at}/entries"), body).await
    }
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

/// An answer, without what differs by itself.
pub(crate) fn shape(page: &Page) -> (u16, String, Vec<(String, String)>) {
    let id = page.header("x-request-id").to_owned();
    // The token of a form is written anew each time.
    let token = page.body.split_once("name=\"_csrf\" value=\"");
    let token = token.and_then(|(_, rest)| rest.split('"').next());
    let body = match token {
        Some(token) => page.body.replace(token, ""),
        None => page.body.clone(),
    };
    let body = body.replace(&id, "");
    let mut headers: Vec<_> = page
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), format!("{value:?}")))
        .collect();
    headers.sort();
    (page.status.as_u16(), body, headers)
}

fn visitor_of(accounts: &Accounts) -> Visitor {
    let router = domain::routes(accounts).layer(Extension(EntryLimit::default()));
    let router = accounts::web::around(accounts, router);
    Visitor::new(web::serve(&accounts.site, router))
}
