//! The demo on a world of its own, with the router that guests meet.

use std::sync::Arc;

use accounts::domain::{self, Domains};
use accounts::{Accounts, look};
use axum::http::Method;
use axum::{Extension, Router};
use jiff::tz::TimeZone;
use occasions::code::CodeKey;
use occasions::first_opened::Opens;
use occasions::invitation;
use occasions::link::LinkKey;
use occasions::occasion::{self, Occasion, OccasionId, Switches};
use occasions::rsvp;
use occasions::web::guest::CodeGate;
use occasions::words::{LockMode, OccasionKind, OccasionStatus};
use platform::jobs::Worker;
use platform::limits::guess::GuessBudget;
use platform::mail::{self, Mailer, Post, sealed_text, suppression};
use platform::store::migrate::Migrations;
use platform::{Rows, Sql, StoreError, Tx, key, sql};
use serde_json::{Value, json};
use testkit::{English, Page, Visitor, World};
use web::client_info::Proxies;
use web::{Catalogue, Language, Peer, Site, SiteUrl};

/// The tables behind guests' pages.
const MIGRATIONS: [Migrations; 3] = [
    platform::MIGRATIONS,
    accounts::MIGRATIONS,
    occasions::MIGRATIONS,
];

/// The demo, open for guests.
pub(crate) struct Stage<'w> {
    pub(crate) world: &'w World,
    pub(crate) budget: GuessBudget,
    pub(crate) links: LinkKey,
    pub(crate) worker: Worker,
    pub(crate) opens: Arc<Opens>,
    pub(crate) occasion: OccasionId,
    english: English,
    catalogue: Catalogue,
    router: Router,
}

/// Runs `test` on a store in a file.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn on_sqlite<F: AsyncFn(&Stage<'_>)>(test: F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let world = World::sqlite(&MIGRATIONS);
    runtime.block_on(run(&world, &test));
}

/// Runs `test` on each engine there is.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn on_both<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::each_engine(&MIGRATIONS, async |world| run(world, &test).await);
}

async fn run<F: AsyncFn(&Stage<'_>)>(world: &World, test: &F) {
    let stage = Stage::build(world).await;
    test(&stage).await;
}

impl<'w> Stage<'w> {
    async fn build(world: &'w World) -> Self {
        // Nearly every save leaves a confirmation.
        world.expect_jobs(rsvp::CONFIRM);
        let site = site(world);
        let seeded = site.store.write(occasions::demo::seed).await.unwrap();
        let keys = site.keys.clone();
        let begin = move |tx: &mut Tx<'_>| {
            assert!(key::adopt(tx, &keys)?);
            LinkKey::load(tx)
        };
        let links = site.store.write(begin).await.unwrap();
        let budget = GuessBudget::new();
        let opens = Arc::new(Opens::default());
        let gate = CodeGate::new(
            &site.keys,
            links.clone(),
            budget.clone(),
            Arc::clone(&opens),
        );
        let accounts = Accounts::new(site.clone(), DOMAINS);
        let first = |tx: &mut Tx<'_>| look::begin(tx, "invitations");
        site.store.write(first).await.unwrap();
        let rooms = domain::routes(&accounts).layer(Extension(gate));
        Self {
            world,
            budget,
            links,
            worker: worker(&site),
            opens,
            english: English::new(&site.catalogue),
            catalogue: site.catalogue.clone(),
            occasion: seeded.unwrap(),
            router: web::serve(&site, accounts::web::around(&accounts, rooms)),
        }
    }

    /// A browser at an address of its own, which has said nothing of languages.
    pub(crate) fn visitor_at(&self, address: &str) -> Visitor {
        let mut visitor = Visitor::new(self.router.clone());
        visitor.carry(Peer(address.parse().unwrap()));
        visitor
    }

    /// A browser.
    pub(crate) fn visitor(&self) -> Visitor {
        self.visitor_at("192.0.2.1")
    }

    /// Somebody who has chosen to read English.
    pub(crate) fn guest(&self) -> Visitor {
        let mut guest = self.visitor();
        guest.set_cookie("kd_lang", "en");
        guest
    }

    /// Changes something behind everybody's back.
    pub(crate) async fn change(
        &self,
        change: impl Fn(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
    ) {
        let change = move |tx: &mut Tx<'_>| {
            change(tx)?;
            tx.run(
                sql!("UPDATE occasion SET revision = revision + 1"),
                &[],
                Rows::Any,
            )
        };
        self.world.store().write(change).await.unwrap();
    }

    /// Runs a statement whose `$1` is a code or a key.
    pub(crate) async fn run(&self, sql: Sql, name: &'static str) {
        self.change(move |tx| tx.run(sql, &[&name], Rows::Any).map(drop))
            .await;
    }

    /// Counts with a statement whose `$1` is a code or a key.
    pub(crate) async fn count(&self, sql: Sql, name: &'static str) -> i64 {
        let counted = self
            .world
            .store()
            .read(move |tx| tx.one::<(i64,)>(sql, &[&name]))
            .await;
        counted.unwrap().0
    }

    /// A message as the pages say it in English.
    #[track_caller]
    pub(crate) fn say(&self, id: &str) -> String {
        self.english.say(id)
    }

    /// A message with its values.
    #[track_caller]
    pub(crate) fn fill<const N: usize>(
        &self,
        id: &str,
        values: [(&'static str, web::Value<'_>); N],
    ) -> String {
        self.english.fill(id, values)
    }

    /// What a message begins with, up to its first value.
    #[track_caller]
    pub(crate) fn start(&self, id: &str) -> String {
        self.english.start(id)
    }

    /// One more save of somebody with this address, who reads this language, is confirmed.
    pub(crate) fn expect_confirmation(&self, recipient: &str, language: &str) {
        let text = self.catalogue.speak(&Language::of(language));
        let hosts = match language {
            "it" => "Aisyah e Daniel",
            _ => "Aisyah & Daniel",
        };
        let values = [("hosts", hosts.into())];
        let subject = text.with("mail-confirmation-subject", values);
        self.world.expect_mail(recipient, &subject);
    }

    /// What the hosts have filled in, changed.
    pub(crate) async fn details(&self, change: impl Fn(&mut Occasion) + Send + Sync + 'static) {
        let id = self.occasion.clone();
        self.change(move |tx| {
            let mut found = occasion::load(tx, &id)?;
            change(&mut found);
            occasion::update(tx, &found)
        })
        .await;
    }

    /// What is switched on, changed.
    pub(crate) async fn switch(&self, change: fn(&mut Switches)) {
        self.details(move |details| change(&mut details.switches))
            .await;
    }

    /// Moves the demo occasion into another state.
    pub(crate) async fn status(&self, status: OccasionStatus) {
        let id = self.occasion.clone();
        self.change(move |tx| occasion::set_status(tx, &id, status))
            .await;
    }

    /// Another occasion with one household, in this state.
    pub(crate) async fn other_occasion(&self, code: &'static str, status: OccasionStatus) {
        let id = self.occasion.clone();
        self.change(move |tx| {
            let other: OccasionId = tx.id();
            let occasion = Occasion {
                id: other.clone(),
                slug: format!("other-{}", code.to_lowercase()),
                kind: OccasionKind::Birthday,
                status: OccasionStatus::Draft,
                ..occasion::load(tx, &id)?
            };
            occasion::insert(tx, &occasion)?;
            occasion::set_status(tx, &other, status)?;
            let details = invitation::Details {
                household: "Another household".to_owned(),
                salutation: None,
                email: None,
                phone: None,
                address: None,
                language: None,
                plus_ones: 0,
                children: 0,
                deadline_override: None,
                lock_mode: LockMode::Auto,
                open_until: None,
                lock_reason: String::new(),
                host_message: String::new(),
                host_note: String::new(),
                tags: Vec::new(),
            };
            let key = CodeKey::parse(code).unwrap();
            invitation::insert(tx, &other, code, &key, &details).map(drop)
        })
        .await;
    }
}

pub(crate) fn site(world: &World) -> Site {
    let settings = web::Settings {
        url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
        name: "Kenduri".to_owned(),
        languages: ["en", "ms", "it", "zh-Hans", "ar"]
            .map(str::to_owned)
            .to_vec(),
        time_zone: TimeZone::UTC,
        proxies: Proxies::default(),
    };
    domain::site(DOMAINS, &[], world.platform.clone(), settings)
}

const DOMAINS: Domains = &[accounts::DOMAIN, occasions::DOMAIN];

fn worker(site: &Site) -> Worker {
    let post = Post {
        mailer: Mailer::Mailbox,
        from: "Kenduri <kenduri@example.com>".parse().unwrap(),
        site_host: site.url().host().to_owned(),
        site_url: "https://kenduri.example".to_owned(),
        suppression: site.keys.key(suppression::PURPOSE),
        text: site.keys.key(sealed_text::PURPOSE),
        hears_deliveries: false,
    };
    Worker::new(
        site.store.clone(),
        site.clock.clone(),
        site.random.clone(),
        vec![
            mail::handler(site.store.clone(), post),
            occasions::web::mail::confirmations(site.clone()),
            occasions::web::alarm::alarms(site.clone()),
        ],
    )
}

/// The state that a program reads.
pub(crate) async fn state(visitor: &mut Visitor, code: &str) -> Value {
    let page = visitor.get(&format!("/api/v1/invitations/{code}")).await;
    page.expect(200).json()
}

/// The id of a guest by the beginning of the name.
pub(crate) fn id(state: &Value, name: &str) -> String {
    let guests = state["guests"].as_array().unwrap();
    let found = guests
        .iter()
        .find(|guest| guest["name"].as_str().unwrap().starts_with(name));
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

/// One guest of a state, by the beginning of the name.
pub(crate) fn guest<'s>(state: &'s Value, name: &str) -> &'s Value {
    let guests = state["guests"].as_array().unwrap();
    let found = guests
        .iter()
        .find(|guest| guest["name"].as_str().unwrap().starts_with(name));
    found.unwrap_or_else(|| panic!("nobody is called {name}: {guests:#?}"))
}

/// Saves by JSON.
pub(crate) async fn put(visitor: &mut Visitor, code: &str, body: &Value) -> Page {
    let address = format!("/api/v1/invitations/{code}/rsvp");
    visitor.call(Method::PUT, &address, body).await
}

/// A body with one guest's answers.
pub(crate) fn answer(version: i64, id: &str, replies: &Value) -> Value {
    json!({ "version": version, "guests": [{ "id": id, "replies": replies }] })
}

/// Whether an answer carries what keeps it to its reader.
#[track_caller]
pub(crate) fn assert_private(page: &Page) {
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store, private"),
        ("x-robots-tag", "noindex, nofollow, noarchive"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(
            page.header(name),
            value,
            "{name} of {} ({})",
            page.address,
            page.status
        );
    }
    assert_eq!(page.headers.get_all("cache-control").iter().count(), 1);
}

/// Whether an answer is this problem, with everything that each has.
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
