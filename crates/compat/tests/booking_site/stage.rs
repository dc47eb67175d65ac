//! The common setup of the tests: a site with the older booking site's routes, and people on it.

use axum::http::Method;
use bookings::provider::PROVIDER;
use compat::booking_site::{self, Policy};
use identity::account::AccountId;
use identity::grant::{ADMIN, Role, Scope};
use identity::session::Stay;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use site::domain::Domains;
use site::domains;
use testkit::people::{PASSWORD, begin, client, give, person, usual_hash};
use testkit::{Page, Stage, Visitor, World};

pub(crate) const DOMAINS: Domains = &[accounts::DOMAIN, bookings::DOMAIN];

pub(crate) const POLICY: Policy = Policy {
    has_auth: true,
    register_tokens: false,
};

/// Runs the test on the default engine, and finally checks that the tables are consistent.
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
    for kind in [
        "booking.hold",
        "booking.ask",
        "booking.end",
        "booking.order_end",
        "booking.complete",
        "booking.remind",
        "booking.poll",
        "booking.close",
        "booking.refund",
        "booking.request",
        "booking.event",
        "booking.review_file",
        "booking.review_files",
        "booking.reconcile",
        "booking.retention",
        "booking.verify",
        "booking.payout_drafts",
        "booking.payout_draft",
        "booking.test_event",
        "booking.new_slots",
        "booking.new_slots_mail",
        "booking.compare",
        "date.moved",
    ] {
        world.expect_jobs(kind);
    }
    test(&older(world, POLICY)).await;
    let found = world.store().read(bookings::verify::find).await.unwrap();
    assert_eq!(found, [""; 0]);
    // Tests that check mails have done so before this point.
    let clear = |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
        tx.run(sql!("DELETE FROM mail"), &[], Rows::Any)
    };
    world.store().write(clear).await.unwrap();
}

pub(crate) fn older(world: &World, policy: Policy) -> Stage<'_> {
    Stage::new(world, DOMAINS)
        .with_tokens_for(&[bookings::READ, bookings::WRITE])
        .open()
        .routed(move |accounts, routes| routes.merge(booking_site::routes(accounts, policy)))
}

/// A person who uses the front end.
pub(crate) struct User {
    pub(crate) id: AccountId,
    pub(crate) email: String,
    pub(crate) front: Visitor,
}

impl User {
    pub(crate) async fn call(&mut self, method: &str, path: &str, body: Value) -> Page {
        let method: Method = method.parse().unwrap();
        self.front.call(method, path, &body).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Value {
        self.front.get(path).await.with(200).json()
    }

    pub(crate) async fn refused(
        &mut self,
        method: &str,
        path: &str,
        body: Value,
        (status, code): (u16, &str),
    ) -> Value {
        let refused = self.call(method, path, body).await.with(status);
        assert_eq!(refused.header("content-type"), "application/problem+json");
        let refused = refused.json();
        assert_eq!(refused["code"], code, "{path}: {refused}");
        assert!(refused["detail"].is_string(), "{path}: {refused}");
        refused
    }
}

pub(crate) async fn login(stage: &Stage<'_>, email: &str, password: &str) -> Page {
    let body = json!({"email": email, "password": password});
    let mut anybody = stage.visitor();
    anybody.call(Method::POST, "/api/auth/login", &body).await
}

/// Creates a person with this name and role, who signs in to the front end.
pub(crate) async fn user(stage: &Stage<'_>, name: &str, role: Option<Role>) -> User {
    let (world, email) = (stage.world, format!("{name}@example.my"));
    let hash = usual_hash(world).await;
    let id = person(world, &email, Some(&hash)).await;
    let (named, name) = (id.clone(), name.to_owned());
    let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
        sql!(
            "UPDATE account SET display_name = :name WHERE id = :named",
            name,
            named
        )
        .run(tx, Rows::Exactly(1))
    };
    world.store().write(change).await.unwrap();
    if let Some(role) = role {
        give(world, &id, role, &Scope::site()).await;
    }
    enter(stage, id, email).await
}

pub(crate) async fn enter(stage: &Stage<'_>, id: AccountId, email: String) -> User {
    let entered = login(stage, &email, PASSWORD).await.with(200).json();
    let token = entered["access_token"].as_str().unwrap();
    User {
        id,
        email,
        front: front(stage, token),
    }
}

/// A front end that sends this token.
pub(crate) fn front(stage: &Stage<'_>, token: &str) -> Visitor {
    let mut front = stage.visitor();
    front.header("authorization", &format!("Bearer {token}"));
    front
}

pub(crate) async fn member(stage: &Stage<'_>) -> User {
    user(stage, "mei", None).await
}

pub(crate) async fn mentor(stage: &Stage<'_>) -> User {
    user(stage, "farah", Some(PROVIDER)).await
}

pub(crate) async fn administrator(stage: &Stage<'_>) -> User {
    user(stage, "aisyah", Some(ADMIN)).await
}

/// A slot as the older site's mentors offer it.
pub(crate) fn slot(date: &str, start: &str, price_minor: i64) -> Value {
    json!({
        "date": date, "start_time": start, "end_time": "23:30", "time_zone": "Asia/Kolkata",
        "title": "Mock interview", "preparation_notes": "Bring a laptop",
        "meeting_link": "https://meet.jit.si/Veranda", "price_minor": price_minor,
    })
}

pub(crate) async fn offer(mentor: &mut User, date: &str, price_minor: i64) -> Value {
    let body = slot(date, "22:30", price_minor);
    mentor
        .call("POST", "/api/mentor/slots", body)
        .await
        .with(201)
        .json()
}

/// Makes a plan with this many credits, as an administrator does on the site. Returns its id.
pub(crate) async fn plan(stage: &Stage<'_>, credits: i64) -> String {
    let id = platform::id::generate_random(&stage.site.random);
    let made = id.clone();
    let grants = json!([{"credit_kind": "session", "quantity": credits}]).to_string();
    let change = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
        sql!(
            "INSERT INTO plan (id, code, name, description, grants, months, price_minor,
                               currency, active, position, version)
             VALUES (:made, :made, 'Starter', 'Talk to a mentor\nKeep the notes', :grants, 3,
                     15000, 'MYR', 1, 1, 1)",
            made,
            grants
        )
        .run(tx, Rows::Exactly(1))
    };
    stage.world.store().write(change).await.unwrap();
    id
}

/// Orders a plan, pays at the test gateway in a browser, and returns what the gateway reports to the
/// front end.
pub(crate) async fn pay(stage: &Stage<'_>, member: &mut User, plan: &str) -> Value {
    let body = json!({"plan_id": plan});
    let made = member.call("POST", "/api/payment/create-order", body).await;
    let made = made.with(201).json();
    let begun = begin(stage.world, &member.id, Stay::Visit, client(1)).await;
    let mut browser = stage.visitor();
    browser.set_cookie("kd_session", begun.session.reveal());
    let gateway = made["payment_url"].as_str().unwrap();
    let page = browser.get(gateway).await;
    let mut form = page.expect(200).form(gateway);
    form.press("how", "pay");
    let back = browser.submit(&page, &form).await.with(303);
    let (_, query) = back.location().unwrap().split_once('?').unwrap();
    let mut report = json!({"order_id": made["order_id"]});
    for (name, value) in web::Form::parse(query.as_bytes()).unwrap().iter() {
        report[name] = value.into();
    }
    report
}

/// Buys credits.
pub(crate) async fn buy(stage: &Stage<'_>, member: &mut User, credits: i64) {
    let plan = plan(stage, credits).await;
    let report = pay(stage, member, &plan).await;
    let paid = member.call("POST", "/api/payment/verify", report).await;
    assert_eq!(paid.with(200).json()["status"], "paid");
}
