//! Tests of an occasion's own host name: who may set which name, when the site serves it, and what
//! guests see under it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use identity::notification;
use jiff::SignedDuration;
use occasions::first_opened::Opens;
use occasions::hosting::campaign;
use occasions::hosting::{own_domains, portals};
use occasions::id::OccasionId;
use occasions::link::LinkKey;
use occasions::own_domain::{self, ALLOWED, NotSet, OwnDomain, RecordState, WaitsFor};
use occasions::web::guest::CodeGate;
use occasions::web::own_domain::OwnDomains;
use occasions::words::OccasionStatus;
use platform::limits::guess::GuessBudget;
use platform::{NameServers, Rows, StoreError, Tx};
use serde_json::json;
use testkit::{NameServer, Visitor};
use web::Peer;

use crate::pages::HOME;
use crate::stage::{ALL, Host, Stage, call, code, fields, on_both};
use crate::uploads;

const OURS: &str = "127.0.0.1";
const NAME: &str = "our-day.example";
const PAGE: &str = "/settings/domain";

/// Returns the same site, but with own host names allowed and with the name server `dns`.
fn allowed<'w>(stage: &Stage<'w>, dns: &NameServer) -> testkit::Stage<'w> {
    let base: &testkit::Stage<'w> = stage;
    let mut values = base.site.declared.settings.clone();
    values.set_flag(ALLOWED, true);
    let servers = NameServers::new(vec![dns.address()]);
    base.clone()
        .with_settings(values)
        .changed(|accounts| accounts.site.platform.name_servers = servers)
}

/// Returns a name server with both records that the occasion's host name needs.
fn proven(stage: &Stage<'_>) -> NameServer {
    let dns = NameServer::start();
    dns.set_address(NAME, OURS);
    dns.set_text(&own_domain::proof_name(NAME), &proof(stage));
    dns
}

fn proof(stage: &Stage<'_>) -> String {
    own_domain::proof_value(&stage.site.keys, &stage.occasion, NAME)
}

/// Checks the DNS records of all names, after the minimum time between two checks.
async fn check(stage: &Stage<'_>, own: &testkit::Stage<'_>) {
    stage.world.clock.advance(SignedDuration::from_mins(1));
    own_domain::check_all(&own.site).await.unwrap();
}

async fn found(stage: &Stage<'_>) -> OwnDomain {
    let id = stage.occasion.clone();
    let find = move |tx: &mut Tx<'_>| own_domain::find(tx, &id);
    stage.site.store.read(find).await.unwrap().unwrap()
}

async fn notices(stage: &Stage<'_>, host: &Host) -> usize {
    let id = host.account.clone();
    let list = move |tx: &mut Tx<'_>| notification::list(tx, &id, None, 100);
    stage.site.store.read(list).await.unwrap().len()
}

fn host(own: &testkit::Stage<'_>, stage: &Stage<'_>) -> Visitor {
    let mut visitor = stage.visitor(&stage.owner);
    visitor.use_router(own.router());
    visitor
}

async fn set(stage: &Stage<'_>, name: &'static str) {
    stage
        .done(move |tx, host| own_domains::set(tx, host, name, |_| false))
        .await;
}

async fn domains(own: &testkit::Stage<'_>, reserved: &[&str]) -> OwnDomains {
    let site = &own.site;
    let links = site.store.read(LinkKey::load).await.unwrap();
    let gate = CodeGate::new(site, links, GuessBudget::new(), Arc::<Opens>::default());
    let reserved: BTreeSet<String> = reserved.iter().map(|&name| name.to_owned()).collect();
    let domains = OwnDomains::new(site, &gate, reserved, Router::new());
    domains.refresh().await.unwrap();
    domains
}

fn guest(domains: &OwnDomains) -> Visitor {
    let mut guest = Visitor::new(domains.router_for("our-day.example:8080").unwrap());
    guest.carry(Peer("192.0.2.9".parse().unwrap()));
    guest.set_cookie("kd_lang", "en");
    guest
}

#[test]
fn only_a_public_name_that_nobody_has_is_taken() {
    on_both(async |stage| {
        let refused = async |typed: &'static str| {
            let set = move |tx: &mut Tx<'_>, host: &occasions::hosting::HostOf| {
                own_domains::set(tx, host, typed, |name| name == "shop.example")
            };
            fields(stage.act(&stage.owner, set).await)
        };
        let at = || "/own_domain".to_owned();
        assert_eq!(refused("https://a.example").await, [(at(), "invalid")]);
        assert_eq!(refused("192.0.2.7").await, [(at(), "invalid")]);
        assert_eq!(refused("Shop.example").await, [(at(), "not_unique")]);
        set(stage, " Our-Day.example. ").await;
        let found = found(stage).await;
        assert_eq!((&*found.host, found.verified_at), (NAME, None));
        for other in [&stage.coordinator, &stage.observer] {
            let done = stage.act(other, |tx, host| own_domains::set(tx, host, "", |_| false));
            assert_eq!(code(done.await), "forbidden");
        }
        set(stage, "").await;
        let id = stage.occasion.clone();
        assert_eq!(
            stage
                .done(move |tx, _| Ok(own_domain::find(tx, &id)?))
                .await,
            None
        );
    });
}

#[test]
fn a_name_is_served_after_its_proof_and_while_its_records_lead_here() {
    on_both(async |stage| {
        let dns = NameServer::start();
        dns.set_address(NAME, "192.0.2.80");
        let own = allowed(stage, &dns);
        let served = domains(&own, &[]).await;
        let mut owner = host(&own, stage);
        let at = format!("{HOME}{PAGE}");
        let page = owner.get(&at).await;
        let mut form = page.form(&at);
        form.fill("own_domain", NAME);
        let done = owner.submit(&page, &form).await;
        let page = owner.follow(done).await;
        let text = page.expect(200).text();
        for shown in [
            &*stage.say("host-own-domain-elsewhere"),
            &*stage.say("host-own-domain-missing"),
            "_kenduri-challenge.our-day.example",
            &proof(stage),
            OURS,
        ] {
            assert!(text.contains(shown), "{shown}: {text}");
        }

        // One record alone is not enough. A proof that belongs to another occasion is not enough
        // either.
        dns.set_address(NAME, OURS);
        check(stage, &own).await;
        served.refresh().await.unwrap();
        assert!(served.router_for(NAME).is_none());
        let other = own_domain::proof_value(&stage.site.keys, &stage.occasion, "other.example");
        dns.set_text(&own_domain::proof_name(NAME), &other);
        check(stage, &own).await;
        assert_eq!(found(stage).await.proof, RecordState::Missing);
        dns.set_text(&own_domain::proof_name(NAME), &proof(stage));
        dns.remove(NAME);
        check(stage, &own).await;
        assert_eq!(found(stage).await.proof, RecordState::Seen);
        assert_eq!(found(stage).await.address, RecordState::Missing);
        served.refresh().await.unwrap();
        assert!(served.router_for(NAME).is_none());

        dns.set_address(NAME, OURS);
        stage.world.clock.advance(SignedDuration::from_mins(1));
        let page = owner.get(&at).await;
        let form = page.form(&format!("{at}/check"));
        let done = owner.submit(&page, &form).await;
        let page = owner.follow(done).await;
        assert!(page.text().contains(&stage.say("host-own-domain-here")));
        served.refresh().await.unwrap();
        assert!(served.router_for(NAME).is_some());
        let reason = "CAA record for our-day.example prevents issuance";
        let failures = |name: &str| [(name.to_owned(), reason.to_owned())].into();
        owner.carry(served.clone());
        let api = format!("/api/v1/occasions/{}/own-domain", stage.occasion);
        for (name, is_told) in [(NAME, true), ("other.example", false)] {
            served.set_failed_certificates(failures(name));
            let page = owner.get(&at).await;
            assert_eq!(page.text().contains(reason), is_told, "{name}");
            let json = owner.get(&api).await.json();
            assert_eq!(json["failed_certificate"] == reason, is_told, "{json}");
        }
        assert!(served.router_for("127.0.0.1:8080").is_none());
        assert!(served.router_for("other.example").is_none());
        // If the operator has configured a route for the name, the operator's route wins.
        assert!(domains(&own, &[NAME]).await.router_for(NAME).is_none());
    });
}

#[test]
fn a_name_without_its_records_is_lost_and_comes_back() {
    on_both(async |stage| {
        let dns = proven(stage);
        let own = allowed(stage, &dns);
        set(stage, NAME).await;
        check(stage, &own).await;
        let is_served = async || found(stage).await.verified_at.is_some();
        assert!(is_served().await);
        // A name that resolves to another server is dropped at once, and the owner is notified.
        dns.set_address(NAME, "192.0.2.80");
        check(stage, &own).await;
        assert!(!is_served().await);
        assert_eq!(notices(stage, &stage.owner).await, 1);
        assert_eq!(notices(stage, &stage.observer).await, 0);
        dns.set_address(NAME, OURS);
        check(stage, &own).await;
        assert!(is_served().await, "it comes back by itself");
        // A name whose address or proof is missing is dropped after 7 days.
        for record in [NAME.to_owned(), own_domain::proof_name(NAME)] {
            dns.remove(&record);
            check(stage, &own).await;
            assert!(found(stage).await.failing_since.is_some());
            stage.world.clock.advance(SignedDuration::from_hours(167));
            check(stage, &own).await;
            assert!(is_served().await);
            stage.world.clock.advance(SignedDuration::from_hours(1));
            check(stage, &own).await;
            assert!(!is_served().await, "{record}");
            dns.set_address(NAME, OURS);
            dns.set_text(&own_domain::proof_name(NAME), &proof(stage));
            check(stage, &own).await;
            assert!(is_served().await);
            assert_eq!(found(stage).await.failing_since, None);
        }
        assert_eq!(
            notices(stage, &stage.owner).await,
            1,
            "unread ones are not repeated"
        );
    });
}

#[test]
fn two_occasions_may_enter_a_name_and_the_one_that_proves_it_has_it() {
    on_both(async |stage| {
        let dns = proven(stage);
        let own = allowed(stage, &dns);
        stage
            .other_occasion("OTHER", OccasionStatus::Published)
            .await;
        let (first, account) = (stage.occasion.clone(), stage.owner.account.clone());
        let (other,): (OccasionId,) = testkit::people::read(&stage.site.store, move |tx| {
            tx.one(
                platform::sql!("SELECT id FROM occasion WHERE id <> $1"),
                &[&first],
            )
        })
        .await;
        let enter = {
            let other = other.clone();
            move |tx: &mut Tx<'_>| own_domain::set(tx, &other, &account, Some(NAME))
        };
        stage.site.store.write(enter.clone()).await.unwrap();
        set(stage, NAME).await;
        check(stage, &own).await;
        assert!(found(stage).await.verified_at.is_some());
        let taken = stage.site.store.write(enter).await;
        assert!(matches!(taken, Err(NotSet::Taken)), "{taken:?}");
        let value = own_domain::proof_value(&stage.site.keys, &other, NAME);
        dns.set_text(&own_domain::proof_name(NAME), &value);
        check(stage, &own).await;
        let find = move |tx: &mut Tx<'_>| own_domain::find(tx, &other);
        let found = testkit::people::read(&stage.site.store, find)
            .await
            .unwrap();
        assert_eq!(
            (found.waits_for, found.verified_at),
            (WaitsFor::Other, None)
        );
    });
}

#[test]
fn names_orders_and_looks_are_limited() {
    on_both(async |stage| {
        let dns = proven(stage);
        let own = allowed(stage, &dns);
        let mut owner = host(&own, stage);
        let at = format!("{HOME}{PAGE}");
        // Opening the page sends no DNS queries. Two checks are at least a minute apart.
        set(stage, NAME).await;
        for _ in 0..3 {
            owner.get(&at).await.expect(200);
        }
        assert_eq!(dns.asked(), 0);
        for _ in 0..3 {
            let page = owner.get(&at).await;
            let form = page.form(&format!("{at}/check"));
            owner.submit(&page, &form).await.expect(303);
        }
        assert_eq!(dns.asked(), 3, "A, AAAA and TXT");
        for name in ["a.example", "b.example", "c.example", "d.example"] {
            set(stage, name).await;
        }
        let limited = stage.act(&stage.owner, |tx, host| {
            own_domains::set(tx, host, "e.example", |_| false)
        });
        assert_eq!(code(limited.await), "rate_limited");
        stage.world.clock.advance(SignedDuration::from_hours(24));
        set(stage, NAME).await;

        // At first the limit on certificates is reached. A later daily check orders the
        // certificate.
        let account = stage.owner.account.clone();
        let orders = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for _ in 1..own_domain::ORDERS_A_WEEK_OF_ACCOUNT {
                platform::sql!(
                    "INSERT INTO own_domain_use (kind, account, occasion, used_at)
                     VALUES ('order', :account, '', :now)",
                    account,
                    now = tx.now()
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok(())
        };
        stage.site.store.write(orders).await.unwrap();
        check(stage, &own).await;
        let one = found(stage).await;
        assert_eq!((one.waits_for, one.verified_at), (WaitsFor::Limit, None));
        let page = owner.get(&at).await;
        assert!(page.text().contains(&stage.say("host-own-domain-limit")));
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(7 * 24));
        check(stage, &own).await;
        assert!(found(stage).await.verified_at.is_some());
        // Records of certificate orders are deleted once they are too old for every limit. When the
        // account is erased, the remaining records no longer contain its id.
        let account = stage.owner.account.clone();
        let erase = move |tx: &mut Tx<'_>| -> Result<Vec<(String, String)>, StoreError> {
            (occasions_all::DOMAIN.accounts.erase)(tx, &account)?;
            tx.all(
                platform::sql!(
                    "SELECT kind, account FROM own_domain_use
                     UNION ALL SELECT 'domain', account FROM own_domain ORDER BY 1"
                ),
                &[],
            )
        };
        let left = stage.site.store.write(erase).await.unwrap();
        let left: Vec<_> = left.iter().map(|(kind, who)| (&**kind, &**who)).collect();
        assert_eq!(left, [("domain", ""), ("order", "")]);
    });
}

#[test]
fn a_program_sets_checks_and_removes_a_name() {
    on_both(async |stage| {
        let dns = NameServer::start();
        dns.set_address(NAME, OURS);
        let own = allowed(stage, &dns);
        let mut program = stage.program(&stage.owner, &ALL).await;
        program.use_router(own.router());
        let at = stage.at("/own-domain");
        let none = json!({"allowed": true, "domain": null, "failed_certificate": null});
        let read = call(&mut program, "GET", &at, &json!({})).await;
        assert_eq!(read.with(200).json(), none);
        let check = format!("{at}/check");
        call(&mut program, "POST", &check, &json!({}))
            .await
            .expect(404);
        let body = json!({"own_domain": "192.0.2.7"});
        call(&mut program, "PUT", &at, &body).await.expect(422);
        let body = json!({"own_domain": NAME});
        let put = call(&mut program, "PUT", &at, &body).await.with(200).json();
        let put = &put["domain"];
        assert_eq!(put["address"], "seen");
        assert_eq!(put["proof"], "missing");
        assert_eq!(put["addresses"], json!([OURS]));
        dns.set_text(
            put["proof_name"].as_str().unwrap(),
            put["proof_value"].as_str().unwrap(),
        );
        stage.world.clock.advance(SignedDuration::from_mins(1));
        let checked = call(&mut program, "POST", &check, &json!({})).await;
        let checked = checked.with(200).json();
        assert_eq!(checked["domain"]["proof"], "seen");
        assert!(checked["domain"]["verified_at"].is_string());
        let read = call(&mut program, "GET", &at, &json!({})).await;
        assert_eq!(read.with(200).json(), checked);
        call(&mut program, "DELETE", &at, &json!({}))
            .await
            .expect(204);
        let read = call(&mut program, "GET", &at, &json!({})).await;
        assert_eq!(read.with(200).json(), none);
    });
}

#[test]
fn links_of_an_archived_occasion_stay_readable_at_its_name() {
    on_both(async |stage| {
        let dns = proven(stage);
        let own = allowed(stage, &dns);
        set(stage, NAME).await;
        check(stage, &own).await;
        stage
            .done(|tx, host| {
                occasions::hosting::occasions::set_status(tx, host, None, OccasionStatus::Archived)
            })
            .await;
        let served = domains(&own, &[]).await;
        guest(&served).get("/").await.expect(200);
        let id = stage.occasion.clone();
        let find = move |tx: &mut Tx<'_>| own_domain::served_host(tx, &id);
        let host = testkit::people::read(&stage.site.store, find).await;
        assert_eq!(host.as_deref(), Some(NAME));
    });
}

#[test]
fn mail_to_guests_ends_at_the_occasions_name() {
    on_both(async |stage| {
        let dns = proven(stage);
        let own = allowed(stage, &dns);
        set(stage, NAME).await;
        check(stage, &own).await;
        stage.world.expect_jobs(campaign::KIND);
        let key = stage.key();
        stage
            .done(move |tx, host| {
                let order = json!({"kind": "invitation"});
                let order: campaign::Order = serde_json::from_value(order).unwrap();
                campaign::order(tx, &key, host, &order).map(drop)
            })
            .await;
        let job = occasions::web::letter::campaigns(own.site.clone());
        stage.seconds(&stage.working(vec![job]), 5).await;
        let origins: Vec<(Option<String>,)> = testkit::people::read(&stage.site.store, |tx| {
            tx.all(
                platform::sql!("SELECT DISTINCT link_origin FROM mail WHERE stream = 'marketing'"),
                &[],
            )
        })
        .await;
        let own_origin = Some("http://our-day.example:8080".to_owned());
        assert_eq!(origins, [(own_origin,)]);
        for mail in stage.world.mails().await {
            stage.world.expect_mail(&mail.recipient, &mail.subject);
        }
        stage.expect_work();
    });
}

#[test]
fn names_are_told_to_whoever_orders_certificates() {
    on_both(async |stage| {
        let here = allowed(stage, &proven(stage));
        let served = domains(&here, &[]).await;
        let mut known = None;
        assert_eq!(served.changed(&mut known).await, BTreeSet::new());
        set(stage, NAME).await;
        check(stage, &here).await;
        let (changed, refreshed) = tokio::join!(served.changed(&mut known), served.refresh());
        refreshed.unwrap();
        assert_eq!(changed, BTreeSet::from([NAME.to_owned()]));
        set(stage, "").await;
        let (changed, refreshed) = tokio::join!(served.changed(&mut known), served.refresh());
        refreshed.unwrap();
        assert!(changed.is_empty());
    });
}

#[test]
fn guests_find_the_occasion_and_nothing_else() {
    on_both(async |stage| {
        let here = allowed(stage, &proven(stage));
        set(stage, NAME).await;
        check(stage, &here).await;
        let served = domains(&here, &[]).await;
        let unknown = served.router_for(NAME).unwrap();
        let page = Visitor::new(unknown).get("/").await.with(200);
        assert!(page.header("cache-control").starts_with("public"));
        let mut guest = guest(&served);
        let page = guest.get("/").await;
        assert_eq!(page.header("cache-control"), "no-store, private");
        let text = page.expect(200).text();
        assert!(
            text.contains("Aisyah & Daniel") && text.contains("Made with Kenduri"),
            "{text}"
        );
        assert!(
            page.body
                .contains("http://our-day.example:8080/o/aisyah-daniel"),
            "og:url"
        );
        // A code opens the invitation under the same host name, and forms are accepted only from
        // there.
        let opened = guest.post("/o/aisyah-daniel", &[("code", "RAHMA")]).await;
        let to = opened.location().unwrap().to_owned();
        assert!(to.starts_with("/invite/RAHMA"), "{to}");
        guest.get(&to).await.expect(200);
        guest.get("/o/aisyah-daniel/pages/travel").await.expect(200);
        uploads::send(stage, "RAHMA", "", 0).await;
        let own = guest.get("/invite/RAHMA/uploads").await.with(200).links();
        let file = own.iter().find(|link| link.href.starts_with("/o/uploads/"));
        guest.get(&file.unwrap().href).await.expect(200);
        // Under this host name, codes of other occasions count as unknown codes.
        stage
            .other_occasion("OTHER", OccasionStatus::Published)
            .await;
        let base: &testkit::Stage<'_> = stage;
        let mut elsewhere = base.visitor();
        elsewhere.get("/invite/OTHER").await.expect(200);
        let unknown = guest.get("/invite/ZZZZZ").await.status;
        assert_ne!(unknown.as_u16(), 200);
        guest.get("/invite/OTHER").await.expect(unknown.as_u16());
        guest.header("sec-fetch-site", "cross-site");
        let forged = guest.post("/o/aisyah-daniel", &[("code", "RAHMA")]).await;
        forged.expect(403);
        for path in [
            "/login",
            "/admin",
            "/me",
            "/register",
            "/api/v1/occasions",
            "/o/other",
        ] {
            guest.get(path).await.expect(404);
        }
        // A host's session is not valid under this host name.
        let mut session = stage.visitor(&stage.owner);
        session.use_router(served.router_for(NAME).unwrap());
        session.get("/admin/o/aisyah-daniel").await.expect(404);

        stage.switch(|switches| switches.made_with = false).await;
        assert!(!guest.get("/").await.text().contains("Made with Kenduri"));
    });
}

#[test]
fn links_begin_with_the_name_while_it_is_served() {
    on_both(async |stage| {
        let here = allowed(stage, &proven(stage));
        let id = stage.invitation("RAHMA").await;
        let begins = async || {
            let id = id.clone();
            let snapshot = stage
                .done(move |tx, host| portals::load(tx, host, &id))
                .await;
            snapshot.url(&here.site).to_string()
        };
        set(stage, NAME).await;
        assert_eq!(begins().await, "http://127.0.0.1:8080");
        check(stage, &here).await;
        assert_eq!(begins().await, "http://our-day.example:8080");
        // The invitation's page shows this link, also as a QR code.
        let mut owner = host(&here, stage);
        let page = owner.get(&format!("{HOME}/invites/{id}")).await;
        let link = "http://our-day.example:8080/invite/RAHMA";
        assert!(page.expect(200).body.contains(link), "{}", page.body);
        // After the setting is switched off again, links use the site's own name.
        let snapshot = stage
            .done(move |tx, host| portals::load(tx, host, &id))
            .await;
        assert_eq!(
            snapshot.url(&stage.site).to_string(),
            "http://127.0.0.1:8080"
        );
    });
}

#[test]
fn without_the_operators_leave_there_is_no_domain() {
    on_both(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{HOME}{PAGE}")).await;
        let text = page.expect(200).text();
        assert!(text.contains(&stage.say("host-own-domain-off")), "{text}");
        let fields = [("own_domain", NAME)];
        let refused = owner.post(&format!("{HOME}{PAGE}"), &fields).await;
        refused.expect(404);
    });
}
