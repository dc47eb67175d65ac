//! Builds the demo occasion for tests, and lets tests change it.

use std::ops::Deref;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use axum::{Extension, Router};
use occasions::code::CodeKey;
use occasions::first_opened::Opens;
use occasions::id::OccasionId;
use occasions::invitation;
use occasions::link::LinkKey;
use occasions::occasion::{self, Occasion, Switches};
use occasions::web::guest::CodeGate;
use occasions::words::{LockMode, OccasionKind, OccasionStatus};
use platform::limits::guess::GuessBudget;
use platform::{Rows, Sql, StoreError, Tx, key, sql};
use serde_json::Value;
use site::domain::Domains;
use site::look;
use testkit::{Visitor, World};
use web::{Peer, Settings, Site};

/// The published demo occasion on a test site.
pub(crate) struct Stage<'w> {
    base: testkit::Stage<'w>,
    /// The budget for wrong codes.
    pub(crate) budget: GuessBudget,
    pub(crate) links: LinkKey,
    pub(crate) opens: Arc<Opens>,
    pub(crate) occasion: OccasionId,
    pub(crate) router: Router,
}

impl<'w> Deref for Stage<'w> {
    type Target = testkit::Stage<'w>;

    fn deref(&self) -> &Self::Target {
        &self.base
    }
}

impl<'w> Stage<'w> {
    /// Runs `work` while another connection holds a lock that all changes of the occasion need.
    pub(crate) async fn while_locked<T>(&self, work: impl Future<Output = T>) -> T {
        let (held, is_held) = channel();
        let (release, released) = channel::<()>();
        let released = Mutex::new(released);
        let other = self.world.second_store();
        let holding = tokio::spawn(async move {
            other
                .write(move |tx| {
                    tx.run(
                        sql!("UPDATE occasion SET version = version"),
                        &[],
                        Rows::Any,
                    )?;
                    held.send(()).unwrap();
                    let released = released.lock().unwrap_or_else(PoisonError::into_inner);
                    released.recv().unwrap();
                    Ok::<_, StoreError>(())
                })
                .await
        });
        tokio::task::block_in_place(|| is_held.recv()).unwrap();
        let done = work.await;
        release.send(()).unwrap();
        holding.await.unwrap().unwrap();
        done
    }

    /// Builds a site with these domains and languages. `more` builds additional routes.
    pub(crate) async fn build(
        world: &'w World,
        domains: Domains,
        languages: &[&str],
        more: fn(&Site, &CodeGate) -> Router<Site>,
    ) -> Self {
        let settings = Settings {
            name: "Kenduri".to_owned(),
            languages: languages.iter().map(|&tag| tag.to_owned()).collect(),
            ..testkit::stage::settings()
        };
        let base = testkit::Stage::with(world, domains, world.platform.clone(), settings);
        let seeded = base.site.store.write(occasions::demo::seed).await.unwrap();
        let keys = base.site.keys.clone();
        let begin = move |tx: &mut Tx<'_>| {
            assert!(key::adopt(tx, &keys)?);
            look::begin(tx, "invitations")?;
            LinkKey::load(tx)
        };
        let links = base.site.store.write(begin).await.unwrap();
        let (budget, opens) = (GuessBudget::new(), Arc::<Opens>::default());
        let gate = CodeGate::new(
            &base.site,
            links.clone(),
            budget.clone(),
            Arc::clone(&opens),
        );
        let base = base.routed(move |accounts, routes| {
            let routes = routes.merge(more(&accounts.site, &gate));
            routes.layer(Extension(gate.clone()))
        });
        Self {
            router: base.router(),
            base,
            budget,
            links,
            opens,
            occasion: seeded.unwrap(),
        }
    }

    /// Returns a browser at this IP address that sends no preferred language.
    pub(crate) fn visitor_at(&self, address: &str) -> Visitor {
        let mut visitor = Visitor::new(self.router.clone());
        visitor.carry(Peer(address.parse().unwrap()));
        visitor
    }

    pub(crate) fn visitor(&self) -> Visitor {
        self.visitor_at("192.0.2.1")
    }

    /// Changes the store directly, bypassing the hosts' and guests' rules.
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

    /// Runs a statement that counts rows. Its parameter `$1` is `name`, a code or key.
    pub(crate) async fn count(&self, sql: Sql, name: &'static str) -> i64 {
        let counted = self
            .world
            .store()
            .read(move |tx| tx.one::<(i64,)>(sql, &[&name]))
            .await;
        counted.unwrap().0
    }

    /// Runs a statement. Its parameter `$1` is `name`, a code or key.
    pub(crate) async fn run(&self, sql: Sql, name: &'static str) {
        self.change(move |tx| tx.run(sql, &[&name], Rows::Any).map(drop))
            .await;
    }

    pub(crate) async fn details(&self, change: impl Fn(&mut Occasion) + Send + Sync + 'static) {
        let id = self.occasion.clone();
        self.change(move |tx| {
            let mut found = occasion::load(tx, &id)?;
            change(&mut found);
            occasion::update(tx, &found)
        })
        .await;
    }

    pub(crate) async fn switch(&self, change: fn(&mut Switches)) {
        self.details(move |details| change(&mut details.switches))
            .await;
    }

    pub(crate) async fn status(&self, status: OccasionStatus) {
        let id = self.occasion.clone();
        self.change(move |tx| occasion::set_status(tx, &id, status))
            .await;
    }

    /// Creates another occasion with this status. Its only household has the code `code`.
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

/// Returns the JSON state of an invitation.
pub(crate) async fn state(visitor: &mut Visitor, code: &str) -> Value {
    let page = visitor.get(&format!("/api/v1/invitations/{code}")).await;
    page.expect(200).json()
}

/// Finds the guest whose name begins with `name` in an invitation's JSON state.
pub(crate) fn guest<'s>(state: &'s Value, name: &str) -> &'s Value {
    let guests = state["guests"].as_array().unwrap();
    let found = guests
        .iter()
        .find(|guest| guest["name"].as_str().unwrap().starts_with(name));
    found.unwrap_or_else(|| panic!("nobody is called {name}: {guests:#?}"))
}
