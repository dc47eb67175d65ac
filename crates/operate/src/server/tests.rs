//! Tests of the operator's pages in a browser without JavaScript. A simulated supervisor process
//! records its requests.

use std::sync::{Arc, Mutex};

use ::backup::Agent;
use configuration::alert_settings::{Floor, Limits};
use configuration::update_source::Source;
use edge::FileCertificate;
use edge::acme::{CertificateStatus as Certificate, Failures};
use identity::account::{self, AccountId, AccountZone, NewAccount};
use identity::people::setup::{self, Credential};
use identity::sign_in;
use platform::audit::{self, Filter};
use platform::dns::NameServers;
use platform::machines::{JOIN_WAIT, Joining, Membership, Shared};
use platform::store::migrate::Migrations;
use platform::{Random, StoreError, Tx};
use site::{Context, Domain, Domains};
use supervisor::state::InstanceState;
use supervisor::{
    Address, InstanceStatus, LastExit, LogLine as Said, OWN_SERVICE, ServiceStatus, Stream,
};
use testkit::{Form, Page, Visitor, World};
use tokio::sync::mpsc;
use web::Language;
use web::state::{Audience, MenuEntry, MenuPage, MenuPlace};

use super::{AdminParts, MailFacts, routes};
use crate::control_requests::Reply;
use crate::control_requests::services::{ServiceRequest, ServiceResponse};
use crate::control_requests::{self};
use crate::locales::LOCALES;
use crate::machine::Machine;
use crate::messages::{MessageSender, RequestIds, ToParent};
use crate::server_status::{EdgeStatus, ServerStatus, StatusRequest};
use crate::test_site;

mod alerts;
mod backup;
mod freeze;
mod machines;
mod updates;

const MIGRATIONS: [Migrations; 2] = [platform::MIGRATIONS, identity::MIGRATIONS];
/// The pages of accounts, and a domain with an entry in the menu.
const DOMAINS: Domains = &[
    accounts::DOMAIN,
    Domain {
        menu: &[MenuEntry {
            place: MenuPlace::Own,
            position: 10,
            label: "status",
            pages: &[MenuPage::new("status", "/admin", Audience::Everybody)],
            start: None,
            waits: None,
        }],
        ..Domain::new(platform::MIGRATIONS)
    },
];
const WEB: &str = "/admin/server/services/web";

/// The actions that the simulated supervisor process was asked to perform.
type Orders = Arc<Mutex<Vec<ServiceRequest>>>;

/// Returns a site with a simulated supervisor process. It has a service `web` with two instances,
/// and refuses to restart this service.
fn site(world: &World) -> (Context, axum::Router, Orders) {
    site_with(world, Some(status(world.platform.clock.now())))
}

/// Like [`site`], but the edge has this state. With `None`, the worker does not report the edge's
/// state.
fn site_with(world: &World, status: Option<EdgeStatus>) -> (Context, axum::Router, Orders) {
    site_looking(world, status, &[])
}

fn site_backed_up(world: &World, agent: &Arc<Agent>) -> (Context, axum::Router, Orders) {
    let status = status(world.platform.clock.now());
    site_of(world, Some(status), &[], Some(Arc::clone(agent)), &[])
}

fn site_looking(
    world: &World,
    status: Option<EdgeStatus>,
    sources: &[Source],
) -> (Context, axum::Router, Orders) {
    site_of(world, status, sources, None, &[])
}

fn site_of(
    world: &World,
    status: Option<EdgeStatus>,
    sources: &[Source],
    backup: Option<Arc<Agent>>,
    domains: Domains,
) -> (Context, axum::Router, Orders) {
    let site = test_site::site(world, DOMAINS, &["en", "ms"]);
    let accounts = Context::new(site, DOMAINS);
    let (server, orders) = server(world.platform.clock.now(), status);
    let pages = accounts::web::routes(&accounts).merge(routes(AdminParts {
        server,
        updates: sources.into(),
        mail: mail_facts(),
        backup,
        machine: Machine::new(std::path::Path::new("/"), &world.settings()),
        membership: membership(world),
        domains,
        limits: Limits {
            disk: Some(Floor::Bytes(1)),
            ..Limits::default()
        },
        backup_every: jiff::SignedDuration::from_hours(24),
    }));
    let pages = accounts::web::around(&accounts, pages);
    let router = web::serve(&accounts.site, pages);
    (accounts, router, orders)
}

/// The process of the only machine that runs on this world.
fn membership(world: &World) -> Membership {
    let folder = tempfile::tempdir().unwrap();
    let joining = Joining {
        data: folder.path().to_owned(),
        version: "1.0.0".to_owned(),
        files: world.platform.files.clone(),
        shared: Shared::default(),
        wait: JOIN_WAIT,
    };
    let (settings, clock) = (world.settings(), world.platform.clock.clone());
    // Joining blocks the thread, which is not allowed inside a runtime.
    std::thread::scope(|scope| {
        let join = || Membership::join(&settings, &joining, clock, &Random::system());
        scope.spawn(join).join().unwrap().unwrap()
    })
}

/// Returns mail settings with DNS servers that do not respond.
fn mail_facts() -> Arc<MailFacts> {
    Arc::new(MailFacts {
        domain: "kad.example".to_owned(),
        server: Some("mail.example".to_owned()),
        dns: NameServers::new(Vec::new()),
        is_required: true,
        bounces: None,
    })
}

fn server(now: jiff::Timestamp, status: Option<EdgeStatus>) -> (ServerStatus, Orders) {
    let (outbox, mut asked) = mpsc::channel(8);
    let (ask, mut looks) = mpsc::channel::<StatusRequest>(8);
    let line = MessageSender::new(outbox, RequestIds::default());
    let server = ServerStatus::new(line.clone(), ask);
    let orders = Orders::default();
    let noted = Arc::clone(&orders);
    tokio::spawn(async move {
        while let Some((message, _)) = asked.recv().await {
            let ToParent::Request { id, order } = message else {
                continue;
            };
            let control_requests::ControlRequest::Services(order) = order else {
                continue;
            };
            line.answered(id, answer(order, &noted, now));
        }
    });
    tokio::spawn(async move {
        while let Some(look) = looks.recv().await {
            if let Some(status) = &status {
                let _ = look.send(status.clone());
            }
        }
    });
    (server, orders)
}

fn answer(order: ServiceRequest, noted: &Orders, now: jiff::Timestamp) -> Reply {
    let done = match order {
        ServiceRequest::Ps => ServiceResponse::Rows(vec![
            row(OWN_SERVICE, 0, now),
            row("web", 0, now),
            row("web", 1, now),
        ]),
        ServiceRequest::Describe { service } if ["web", OWN_SERVICE].contains(&&*service) => {
            ServiceResponse::Described(Box::new(described(&service, now)))
        }
        ServiceRequest::Describe { service } => {
            return Reply::Error(format!("there is no service {service}"));
        }
        ServiceRequest::Logs(logs) => {
            let mut lines = described("web", now).lines;
            let grep = logs.grep.unwrap_or_default();
            lines.retain(|line| line.text.contains(&grep));
            ServiceResponse::Lines { lines, missed: 0 }
        }
        ServiceRequest::Restart { .. } => {
            return Reply::Error("it is being replaced just now".to_owned());
        }
        order => {
            noted.lock().unwrap().push(order);
            ServiceResponse::Done("done".to_owned())
        }
    };
    Reply::Ok(control_requests::ControlResponse::Services(done))
}

fn row(service: &str, instance: u32, now: jiff::Timestamp) -> InstanceStatus {
    InstanceStatus {
        service: service.into(),
        instance,
        generation: 1,
        state: match instance {
            0 => InstanceState::Ready,
            _ => InstanceState::Failed,
        },
        pid: (instance == 0).then_some(4711),
        since: now - jiff::SignedDuration::from_mins(5),
        restarts: 3,
        cpu_percent: 1.25,
        memory_bytes: 48_200_000,
        up_since: None,
        requests_per_second: (instance == 0).then_some(12.5),
        last_exit: (instance == 1).then(|| "signal 9".to_owned()),
    }
}

fn described(service: &str, now: jiff::Timestamp) -> ServiceStatus {
    let line = |sequence: u64, text: &str| Said {
        sequence,
        at: now,
        service: service.into(),
        instance: Some(0),
        run: None,
        stream: Some(Stream::Out),
        text: text.to_owned(),
    };
    ServiceStatus {
        service: service.into(),
        command: vec!["python3".to_owned(), "server.py".to_owned()],
        directory: "/srv/web".into(),
        user: None,
        front: None,
        after: Vec::new(),
        generation: 1,
        wanted_instances: 2,
        wanted_spare: 0,
        settings: supervisor::SettingsSummary {
            drain_within: "90s".to_owned(),
            ..supervisor::SettingsSummary::default()
        },
        memory_max_bytes: Some(150_000_000),
        environment: vec!["SECRET_KEY".to_owned()],
        instances: vec![row(service, 0, now), row(service, 1, now)],
        sockets: vec![Address::Tcp(40_123)],
        exits: vec![LastExit {
            instance: 1,
            at: now,
            ran_seconds: 90,
            how: "signal 9".to_owned(),
        }],
        lines: vec![line(0, "hello <b>"), line(1, "something else")],
    }
}

fn status(now: jiff::Timestamp) -> EdgeStatus {
    let certificate = Certificate {
        name: "kenduri.example".to_owned(),
        valid_from: None,
        valid_until: None,
        next: None,
        failures: Some(Failures {
            count: 1,
            last: now,
            why: "nobody answers at port 80".to_owned(),
            asked_to_wait: 0,
        }),
        refused: None,
    };
    let in_file = |name: &str, days: i64| {
        let until = now + jiff::SignedDuration::from_hours(24 * days);
        FileCertificate {
            names: vec![name.to_owned(), format!("*.{name}")],
            chain: format!("/etc/ssl/{name}.pem").into(),
            valid_from: until - jiff::SignedDuration::from_hours(24 * 90),
            valid_until: until,
        }
    };
    EdgeStatus {
        ordered: vec![certificate],
        of_occasions: Vec::new(),
        in_files: vec![
            in_file("fine.example", 60),
            in_file("soon.example", 10),
            in_file("over.example", 0),
            in_file("early.example", 91),
        ],
        routes: "1  /web/  service web\n".to_owned(),
    }
}

/// Creates a signed-in person. If `is_owner` is true, the person owns the installation.
async fn somebody(
    world: &World,
    accounts: &Context,
    router: &axum::Router,
    is_owner: bool,
) -> Visitor {
    let email = format!("{is_owner}@example.my");
    let new = NewAccount {
        name: "Farah binti Ali".parse().unwrap(),
        email: email.parse().unwrap(),
        locale: "en".to_owned(),
        zone: AccountZone::chosen("Asia/Kuala_Lumpur"),
    };
    let make = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let id: AccountId = if is_owner {
            setup::create_owner(tx, &[], &new, &Credential::Link)
                .unwrap()
                .0
        } else {
            account::create(tx, &new).unwrap()
        };
        sign_in::create_link(tx, &id)
    };
    let link = accounts.site.store.write(make).await.unwrap();
    let mut visitor = Visitor::new(router.clone());
    let address = format!("/sign-in/{}", link.reveal());
    let page = visitor.get(&address).await;
    let form = page.forms().remove(0);
    visitor.submit(&page, &form).await.expect(303);
    let told = [("site", accounts.site.settings.name.as_str().into())];
    let text = accounts.site.catalogue.speak(&Language::of("en"));
    world.expect_mail(&email, &text.with("mail-sign-in-subject", told));
    visitor
}

fn action(page: &Page, word: &str) -> Form {
    let mut forms = page.forms().into_iter();
    let holds = |form: &Form| {
        let mut fields = form.fields.iter();
        fields.any(|field| field.name == "deed" && field.value == word)
    };
    let mut form = forms.find(holds).expect("such a form");
    form.press("deed", word);
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_sees_what_runs_and_nobody_else_does() {
    let world = World::sqlite(&MIGRATIONS);
    let (accounts, router, _) = site(&world);
    let mut stranger = Visitor::new(router.clone());
    let mut host = somebody(&world, &accounts, &router, false).await;
    let mut owner = somebody(&world, &accounts, &router, true).await;
    for path in ["/admin/server", WEB] {
        let page = stranger.get(path).await;
        let way_in = page.location().expect("a way in");
        assert!(way_in.starts_with("/login?redirect=%2Fadmin%2Fserver"));
        host.get(path).await.expect(404);
        let page = owner.get(path).await;
        page.expect(200);
        assert_eq!(page.header("cache-control"), "no-store");
    }
    let said = owner.get("/admin/server").await.text();
    for part in [
        "web 0",
        "Ready",
        "Failed",
        "48.2 MB",
        "12.5",
        "4711",
        "signal 9",
        "5 min",
        "fine.example, *.fine.example Valid Valid until",
        "From the file /etc/ssl/fine.example.pem",
        "soon.example, *.soon.example Valid, ends soon",
        "over.example, *.over.example Expired",
        "early.example, *.early.example Not valid yet",
        "kenduri.example",
        "nobody answers at port 80",
        "/web/ service web",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let page = owner.get(WEB).await;
    let said = page.text();
    for part in [
        "python3 server.py",
        "48.2 MB of 150.0 MB",
        "SECRET_KEY",
        "drain_within 90s",
        "restart { ",
        "hello <b>",
        "Instance 1, after 1 min",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    owner.get("/admin/server/services/nobody").await.expect(404);
    let said = owner.get(&format!("{WEB}?grep=else")).await.text();
    assert!(said.contains("something else") && !said.contains("hello"));
    let page = owner.get(&format!("{WEB}?lang=ms")).await;
    assert!(page.text().contains("Ganti tanpa gangguan"));
    assert_eq!(accounts.site.catalogue.missing(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_door_does_not_say_is_not_guessed() {
    let world = World::sqlite(&MIGRATIONS);
    let (accounts, router, _) = site_with(&world, None);
    let mut owner = somebody(&world, &accounts, &router, true).await;
    let said = owner.get("/admin/server").await.text();
    let in_a_moment = said.matches("Please reload in a moment").count();
    assert_eq!(in_a_moment, 2, "certificates and routes: {said}");
    assert!(!said.contains("There is no certificate"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_reach_the_parent_and_the_log() {
    let world = World::sqlite(&MIGRATIONS);
    let (accounts, router, orders) = site(&world);
    let mut owner = somebody(&world, &accounts, &router, true).await;
    for (word, said) in [
        ("start", "web runs."),
        ("reload", "web was replaced"),
        ("scale", "web has the number"),
        ("stop", "web is stopped."),
    ] {
        let page = owner.get(WEB).await;
        let mut form = action(&page, word);
        if word == "scale" {
            form.fill("instances", "3");
        }
        let answer = owner.submit(&page, &form).await;
        answer.expect(303);
        assert_eq!(answer.location(), Some(&*format!("{WEB}?done={word}")));
        let page = owner.follow(answer).await;
        assert!(page.text().contains(said), "{}", page.text());
    }
    let service = || "web".to_owned();
    let done = format!("{:?}", orders.lock().unwrap());
    let wanted = [
        ServiceRequest::Start { service: service() },
        ServiceRequest::Reload {
            service: service(),
            force: false,
        },
        ServiceRequest::Scale {
            service: service(),
            instances: 3,
        },
        ServiceRequest::Stop { service: service() },
    ];
    assert_eq!(done, format!("{wanted:?}"));
    let filter = Filter {
        action: "service.ordered".to_owned(),
        ..Filter::default()
    };
    let look =
        move |tx: &mut Tx<'_>| -> Result<_, StoreError> { audit::list(tx, &filter, None, 9) };
    let records = world.store().read(look).await.unwrap();
    let newest = &records[0];
    assert_eq!(records.len(), 4);
    assert_eq!(
        (&*newest.entity_id, &*newest.changes),
        ("web", r#"[{"field":"stop"}]"#)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_parent_refuses_is_said_and_what_nobody_may_order_reaches_it_not() {
    let world = World::sqlite(&MIGRATIONS);
    let (accounts, router, orders) = site(&world);
    let mut owner = somebody(&world, &accounts, &router, true).await;
    let page = owner.get(WEB).await;
    let refused = owner.submit(&page, &action(&page, "restart")).await;
    refused.expect(409);
    assert!(refused.text().contains("it is being replaced just now"));

    for typed in ["0", "65", "many", ""] {
        let mut form = action(&page, "scale");
        form.fill("instances", typed);
        owner.submit(&page, &form).await.expect(422);
    }
    let mut forged = action(&page, "stop");
    forged.fill("_csrf", "guessed");
    owner.submit(&page, &forged).await.expect(403);
    owner.post(WEB, &[("deed", "stop")]).await.expect(403);
    Visitor::new(router.clone())
        .post(WEB, &[("deed", "stop")])
        .await
        .expect(401);

    let mut host = somebody(&world, &accounts, &router, false).await;
    let security = host.get("/me/security").await;
    let token = security.form("/logout").value("_csrf").unwrap().to_owned();
    let fields = [("_csrf", &*token), ("deed", "stop")];
    host.post(WEB, &fields).await.expect(404);
    assert!(orders.lock().unwrap().is_empty());
}

/// The paths of the tabs on the server's page.
async fn tabs(owner: &mut Visitor) -> Vec<String> {
    let page = owner.get("/admin/server").await;
    let (_, tabs) = page.body.split_once("<nav class=\"subtabs\"").unwrap();
    let (tabs, _) = tabs.split_once("</nav>").unwrap();
    let links = tabs.split("href=\"").skip(1);
    let tabs = links.filter_map(|link| Some(link.split_once('"')?.0.to_owned()));
    tabs.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_has_the_same_names_on_the_pages_of_the_account_and_the_server() {
    let world = World::sqlite(&MIGRATIONS);
    let (accounts, router, _) = site(&world);
    let mut owner = somebody(&world, &accounts, &router, true).await;
    for address in ["/me/security", "/admin/server"] {
        let page = owner.get(address).await;
        for (text, href) in [
            ("Status", "/admin"),
            ("Farah binti Ali", "/me/profile"),
            ("Server", "/admin/server"),
        ] {
            assert_eq!(page.link(text).href, href, "{address}");
        }
    }
    let tabs = tabs(&mut owner).await;
    assert_eq!(
        tabs,
        [
            "/admin/server",
            "/admin/server/mail",
            "/admin/server/machines",
            "/admin/audit",
        ]
    );
    for tab in tabs {
        owner.get(&tab).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kenduri_itself_can_only_be_replaced() {
    let world = World::sqlite(&MIGRATIONS);
    let (accounts, router, orders) = site(&world);
    let mut owner = somebody(&world, &accounts, &router, true).await;
    let path = format!("/admin/server/services/{OWN_SERVICE}");
    let page = owner.get(&path).await;
    assert!(!page.body.contains(r#"value="stop""#));
    let answer = owner.submit(&page, &action(&page, "reload")).await;
    owner.follow(answer).await.expect(200);
    let done = format!("{:?}", orders.lock().unwrap());
    assert_eq!(
        done,
        format!(
            "[{:?}]",
            ServiceRequest::Reload {
                service: OWN_SERVICE.to_owned(),
                force: false,
            }
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_does_not_answer_is_not_waited_for() {
    let (outbox, _silent) = mpsc::channel(8);
    let (ask, _looks) = mpsc::channel(8);
    let server = ServerStatus::new(MessageSender::new(outbox, RequestIds::default()), ask);
    let began = tokio::time::Instant::now();
    assert!(server.ask(ServiceRequest::Ps).await.is_err());
    assert!(server.edge_status().await.is_none());
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
}

#[test]
fn every_language_says_the_same_messages_with_the_same_names() {
    let is_public = |id: &str| id == "status" || id.starts_with("status-");
    let differences = web::locales::differences(LOCALES, |tag, id| {
        web::language::COMPLETE.contains(&tag) || is_public(id)
    });
    assert_eq!(differences, [""; 0]);
}
