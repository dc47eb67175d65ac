//! The demo on a world of its own, with the addresses of older wedding cards beside the guests'
//! pages.

use std::sync::Arc;

use accounts::domain::{self, Domains};
use axum::{Extension, Router};
use compat::kadkahwin::{self, ServedOccasion};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use jiff::tz::TimeZone;
use occasions::code::CodeKey;
use occasions::invitation;
use occasions::link::LinkKey;
use occasions::occasion::{self, Occasion, OccasionId, Switches};
use occasions::rsvp;
use occasions::web::guest::CodeGate;
use occasions::words::{LockMode, OccasionKind, OccasionStatus};
use platform::limits::guess::GuessBudget;
use platform::{Rows, Sql, StoreError, Tx, key, sql};
use serde_json::Value;
use testkit::{English, Page, Visitor, World};
use tokio::io::DuplexStream;
use tokio_util::sync::CancellationToken;
use web::client_info::Proxies;
use web::{Peer, Site, SiteUrl};

const DOMAINS: Domains = &[accounts::DOMAIN, occasions::DOMAIN, kadkahwin::DOMAIN];

/// The demo, open for guests.
pub(crate) struct Stage<'w> {
    pub(crate) world: &'w World,
    pub(crate) links: LinkKey,
    occasion: OccasionId,
    english: English,
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
    let world = World::sqlite(&domain::migrations(DOMAINS));
    runtime.block_on(run(&world, &test));
}

/// Runs `test` on a store in a file, where it can move the time of the runtime.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn on_one_thread<F: AsyncFn(&Stage<'_>)>(test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = World::sqlite(&domain::migrations(DOMAINS));
    runtime.block_on(run(&world, &test));
}

/// Runs `test` on each engine there is.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn on_both<F: AsyncFn(&Stage<'_>)>(test: F) {
    let migrations = domain::migrations(DOMAINS);
    World::each_engine(&migrations, async |world| run(world, &test).await);
}

async fn run<F: AsyncFn(&Stage<'_>)>(world: &World, test: &F) {
    let stage = Stage::build(world).await;
    test(&stage).await;
}

impl<'w> Stage<'w> {
    async fn build(world: &'w World) -> Self {
        // Nearly every save leaves a confirmation.
        world.expect_jobs(rsvp::CONFIRM);
        let settings = web::Settings {
            url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
            name: "Kenduri".to_owned(),
            languages: ["en", "ms", "it", "zh-Hans", "ar"]
                .map(str::to_owned)
                .to_vec(),
            time_zone: TimeZone::UTC,
            proxies: Proxies::default(),
        };
        let site = domain::site(DOMAINS, &[], world.platform.clone(), settings);
        let seeded = site.store.write(occasions::demo::seed).await.unwrap();
        let keys = site.keys.clone();
        let begin = move |tx: &mut Tx<'_>| {
            assert!(key::adopt(tx, &keys)?);
            LinkKey::load(tx)
        };
        let links = site.store.write(begin).await.unwrap();
        let gate = CodeGate::new(
            &site.keys,
            links.clone(),
            GuessBudget::new(),
            Arc::default(),
        );
        let served = ServedOccasion::new(occasions::demo::SLUG);
        let pages: Router<Site> = occasions::web::api::routes();
        let router = pages
            .merge(occasions::web::guest::routes())
            .merge(kadkahwin::routes(
                served,
                &site,
                &gate,
                CancellationToken::new(),
            ))
            .layer(Extension(gate));
        Self {
            world,
            links,
            occasion: seeded.unwrap(),
            english: English::new(&site.catalogue),
            router: web::serve(&site, router),
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

    /// A connection from an address of its own, over which anything can be said.
    pub(crate) fn connection(&self, address: &str) -> DuplexStream {
        let (client, server) = tokio::io::duplex(64 << 10);
        let peer = Extension(Peer(address.parse().unwrap()));
        let service = TowerToHyperService::new(self.router.clone().layer(peer));
        let served = http1::Builder::new().serve_connection(TokioIo::new(server), service);
        tokio::spawn(served.with_upgrades());
        client
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

/// The state that a program reads.
pub(crate) async fn state(visitor: &mut Visitor, code: &str) -> Value {
    let page = visitor.get(&format!("/api/v1/invitations/{code}")).await;
    page.expect(200).json()
}

/// One guest of a state, by the beginning of the name.
pub(crate) fn guest<'s>(state: &'s Value, name: &str) -> &'s Value {
    let guests = state["guests"].as_array().unwrap();
    let found = guests
        .iter()
        .find(|guest| guest["name"].as_str().unwrap().starts_with(name));
    found.unwrap_or_else(|| panic!("nobody is called {name}: {guests:#?}"))
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
