//! Tests of a host name of the occasion's own: who may set which name, when it is served, and what
//! guests find there.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use occasions::first_opened::Opens;
use occasions::hosting::{own_domains, portals};
use occasions::link::LinkKey;
use occasions::own_domain::{self, ALLOWED};
use occasions::web::guest::CodeGate;
use occasions::web::own_domain::OwnDomains;
use occasions::words::OccasionStatus;
use platform::limits::guess::GuessBudget;
use platform::outbound::{Names, Outbound};
use testkit::Visitor;
use web::Peer;

use crate::pages::HOME;
use crate::stage::{Stage, code, fields, on_both};

const OURS: &str = "127.0.0.1";
const NAME: &str = "our-day.example";
const PAGE: &str = "/settings/domain";

/// The same site, on which hosts may have domains, with these names in the DNS.
fn allowed<'w>(stage: &Stage<'w>, names: &[(&str, &str)]) -> testkit::Stage<'w> {
    let base: &testkit::Stage<'w> = stage;
    let mut values = base.site.declared.settings.clone();
    values.set_flag(ALLOWED, true);
    let mut own = base.clone().with_settings(values);
    let names = names.iter().map(|(name, ip)| {
        let address = SocketAddr::new(ip.parse().unwrap(), 0);
        ((*name).to_owned(), vec![address])
    });
    let names = Names::Listed(names.collect::<HashMap<_, _>>());
    own.accounts.site.platform.outbound = Outbound::new(names, Vec::new(), &[]).unwrap();
    own
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
    let gate = CodeGate::new(
        &site.keys,
        links,
        GuessBudget::new(),
        Arc::<Opens>::default(),
    );
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
            let set = move |tx: &mut platform::Tx<'_>, host: &occasions::hosting::HostOf| {
                own_domains::set(tx, host, typed, |name| name == "shop.example")
            };
            fields(stage.act(&stage.owner, set).await)
        };
        let at = || "/own_domain".to_owned();
        assert_eq!(refused("https://a.example").await, [(at(), "invalid")]);
        assert_eq!(refused("192.0.2.7").await, [(at(), "invalid")]);
        assert_eq!(refused("Shop.example").await, [(at(), "not_unique")]);
        set(stage, " Our-Day.example. ").await;
        let id = stage.occasion.clone();
        let found = stage
            .done(move |tx, _| Ok(own_domain::find(tx, &id)?))
            .await;
        let found = found.unwrap();
        assert_eq!((&*found.host, found.verified_at), (NAME, None));
        // The store, too, has each name once.
        stage
            .other_occasion("OTHER", OccasionStatus::Published)
            .await;
        let first = stage.occasion.clone();
        let steal = move |tx: &mut platform::Tx<'_>, _: &occasions::hosting::HostOf| {
            let (other,): (occasions::id::OccasionId,) = tx.one(
                platform::sql!("SELECT id FROM occasion WHERE id <> $1"),
                &[&first],
            )?;
            Ok(own_domain::set(tx, &other, Some(NAME))?)
        };
        assert!(!stage.done(steal).await);
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
fn a_name_is_served_while_its_records_lead_here() {
    on_both(async |stage| {
        let elsewhere = allowed(stage, &[(NAME, "192.0.2.80")]);
        let mut owner = host(&elsewhere, stage);
        let page = owner.get(&format!("{HOME}{PAGE}")).await;
        let mut form = page.form(&format!("{HOME}{PAGE}"));
        form.fill("own_domain", NAME);
        let done = owner.submit(&page, &form).await;
        let page = owner.follow(done).await;
        let text = page.expect(200).text();
        assert!(
            text.contains(&stage.say("host-own-domain-elsewhere")),
            "{text}"
        );
        assert!(text.contains(OURS), "{text}");
        assert!(domains(&elsewhere, &[]).await.router_for(NAME).is_none());

        let here = allowed(stage, &[(NAME, OURS)]);
        let page = host(&here, stage).get(&format!("{HOME}{PAGE}")).await;
        assert!(page.text().contains(&stage.say("host-own-domain-here")));
        let served = domains(&here, &[]).await;
        assert!(served.router_for(NAME).is_some());
        assert!(served.router_for("127.0.0.1:8080").is_none());
        assert!(served.router_for("other.example").is_none());
        // A name that a route of the operator names leads where the route leads.
        assert!(domains(&here, &[NAME]).await.router_for(NAME).is_none());

        // Without an answer of the DNS, nothing changes.
        let silent = allowed(stage, &[]);
        own_domain::look_at_all(&silent.site).await.unwrap();
        served.refresh().await.unwrap();
        assert!(served.router_for(NAME).is_some());
        own_domain::look_at_all(&elsewhere.site).await.unwrap();
        served.refresh().await.unwrap();
        assert!(served.router_for(NAME).is_none());
    });
}

#[test]
fn names_are_told_to_whoever_orders_certificates() {
    on_both(async |stage| {
        let here = allowed(stage, &[(NAME, OURS)]);
        let served = domains(&here, &[]).await;
        let mut known = None;
        assert_eq!(served.changed(&mut known).await, BTreeSet::new());
        set(stage, NAME).await;
        own_domain::look_at_all(&here.site).await.unwrap();
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
        let here = allowed(stage, &[(NAME, OURS)]);
        set(stage, NAME).await;
        own_domain::look_at_all(&here.site).await.unwrap();
        let served = domains(&here, &[]).await;
        let mut guest = guest(&served);
        let page = guest.get("/").await;
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
        // A code opens the invitation at the same name, and for forms of that name alone.
        let opened = guest.post("/o/aisyah-daniel", &[("code", "RAHMA")]).await;
        let to = opened.location().unwrap().to_owned();
        assert!(to.starts_with("/invite/RAHMA"), "{to}");
        guest.get(&to).await.expect(200);
        guest.get("/o/aisyah-daniel/pages/travel").await.expect(200);
        // Codes of other occasions are as unknown here as codes that nobody has.
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
        // The session of a host is none at this name.
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
        let here = allowed(stage, &[(NAME, OURS)]);
        let id = stage.invitation("RAHMA").await;
        let begins = async || {
            let id = id.clone();
            let portal = stage
                .done(move |tx, host| portals::load(tx, host, &id))
                .await;
            portal.url(&here.site).to_string()
        };
        set(stage, NAME).await;
        assert_eq!(begins().await, "http://127.0.0.1:8080");
        own_domain::look_at_all(&here.site).await.unwrap();
        assert_eq!(begins().await, "http://our-day.example:8080");
        // The invitation's page has the link to send, and the QR code leads there.
        let mut owner = host(&here, stage);
        let page = owner.get(&format!("{HOME}/invites/{id}")).await;
        let link = "http://our-day.example:8080/invite/RAHMA";
        assert!(page.expect(200).body.contains(link), "{}", page.body);
        // With the setting off again, links are the site's own.
        let portal = stage
            .done(move |tx, host| portals::load(tx, host, &id))
            .await;
        assert_eq!(portal.url(&stage.site).to_string(), "http://127.0.0.1:8080");
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
