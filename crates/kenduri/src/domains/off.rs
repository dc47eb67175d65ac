//! Tests of disabled domains: their pages are not found, and the other domains still work.

use std::sync::Arc;

use axum::{Extension, Router};
use identity::account::{self, AccountId, AccountZone, NewAccount};
use identity::client::Client;
use identity::session::{self, Method, Stay};
use jiff::tz::TimeZone;
use occasions::link::LinkKey;
use occasions::web::guest::CodeGate;
use platform::audit::RequestFacts;
use platform::jobs::{NewJob, Worker};
use platform::limits::guess::GuessBudget;
use platform::store::migrate;
use platform::{StoreError, Tx};
use serde_json::json;
use site::{Context, domains};
use testkit::{Visitor, World};
use web::client_info::Proxies;
use web::setting::{Flag, SettingValues};
use web::{Settings, SiteUrl};

use super::DOMAINS;

pub(super) const ALL: [Flag; 4] = [
    occasions::ENABLED,
    countdowns::ENABLED,
    posts::ENABLED,
    bookings::ENABLED,
];
const PAGES: [&str; 11] = [
    "/invite",
    "/countdowns",
    "/me/countdowns",
    "/me/phrases",
    "/blog",
    "/feed",
    "/search",
    "/me/posts",
    "/book",
    "/me/bookings",
    "/me/slots",
];

pub(super) fn off(flags: &[Flag]) -> SettingValues {
    let mut values = SettingValues::default();
    for flag in flags {
        values.set_flag(*flag, false);
    }
    values
}

/// Also those that are disabled by default.
pub(super) fn everything_on() -> SettingValues {
    let mut values = SettingValues::default();
    values.set_flag(bookings::ENABLED, true);
    values
}

pub(super) async fn accounts(world: &World, values: SettingValues) -> Context {
    let settings = Settings {
        url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
        name: "Kenduri Kami".to_owned(),
        languages: vec!["en".to_owned()],
        time_zone: TimeZone::UTC,
        has_mail: true,
        proxies: Proxies::default(),
        cdn: false,
    };
    let owners = world.store().read(migrate::owners).await.unwrap();
    let domains = domains::in_force(DOMAINS, &values, &owners);
    let site = domains::site(domains, &[], world.platform.clone(), settings);
    Context::new(site.with_settings(values), domains)
}

pub(crate) async fn router(accounts: &Context) -> Router {
    let site = &accounts.site;
    let links = site.store.read(LinkKey::load).await.unwrap();
    let gate = CodeGate::new(site, links, GuessBudget::new(), Arc::default());
    let router = domains::routes(accounts).layer(Extension(gate));
    web::serve(site, accounts::web::around(accounts, router))
}

pub(crate) fn client() -> Client {
    Client {
        request: RequestFacts {
            request_id: "test".to_owned(),
            network: None,
        },
        user_agent: String::new(),
        session: None,
        device: None,
        identity: None,
    }
}

async fn person(accounts: &Context) -> (AccountId, Visitor) {
    let new = NewAccount {
        name: "Farah Ali".parse().unwrap(),
        email: "farah@example.com".parse().unwrap(),
        locale: "en".to_owned(),
        zone: AccountZone::chosen("UTC"),
    };
    let client = client();
    let begin = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let id = account::create(tx, &new).unwrap();
        let begun = session::begin(tx, &id, Method::Link, Stay::Visit, &client)?;
        Ok((id, begun.unwrap()))
    };
    let (id, begun) = accounts.site.store.write(begin).await.unwrap();
    let mut visitor = Visitor::new(router(accounts).await);
    visitor.set_cookie("kd_session", begun.session.reveal());
    (id, visitor)
}

async fn work(accounts: &Context) {
    let site = &accounts.site;
    let handlers = domains::jobs(accounts);
    let (store, clock) = (site.store.clone(), site.clock.clone());
    let worker = Worker::new(store, clock, site.random.clone(), handlers);
    while worker.run_due().await.unwrap() > 0 {}
}

#[test]
fn nobody_finds_a_domain_that_was_never_on_and_people_leave_as_ever() {
    // The store contains no tables of the disabled domains.
    World::each_engine(
        &domains::migrations_in_force(DOMAINS, &off(&ALL)),
        async |world| {
            let accounts = accounts(world, off(&ALL)).await;
            let (id, mut visitor) = person(&accounts).await;
            for page in PAGES {
                visitor.get(page).await.expect(404);
            }
            let admin = visitor.get("/admin").await;
            assert_eq!(admin.expect(303).location(), Some("/me"));
            for domain in accounts.domains {
                (domain.before_serving)(&accounts.site).await.unwrap();
            }
            let domains = accounts.domains;
            let leave = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                for domain in domains {
                    (domain.accounts.export)(tx, &id)?;
                    (domain.accounts.erase)(tx, &id)?;
                }
                Ok(())
            };
            accounts.site.store.write(leave).await.unwrap();
            work(&accounts).await;
        },
    );
}

#[test]
fn what_a_domain_promised_goes_on_while_it_is_off_and_its_jobs_wait() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let on = accounts(world, everything_on()).await;
        let (_, mut visitor) = person(&on).await;
        for page in PAGES {
            assert_ne!(visitor.get(page).await.status, 404, "{page}");
        }
        let off = accounts(world, off(&ALL)).await;
        let mut visitor = Visitor::new(router(&off).await);
        for page in PAGES {
            visitor.get(page).await.expect(404);
        }
        let add = |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            for kind in ["post.mail", "occasions.delete_diets"] {
                tx.enqueue(NewJob::new(kind, json!({})))?;
            }
            Ok(())
        };
        world.store().write(add).await.unwrap();
        world.expect_jobs("post.mail");
        work(&off).await;
        let kinds: Vec<_> = world.jobs().await.into_iter().map(|job| job.kind).collect();
        assert_eq!(kinds, ["post.mail"]);
    });
}
