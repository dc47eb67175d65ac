//! Tests of plans and credits: buying, spending, returning and expiry.

use bookings::Refusal;
use bookings::book::{self, NewBooking};
use bookings::booking::State;
use bookings::offer_question::SentAnswers;
use identity::grant::OWNER;
use identity::session::signed_in;
use jiff::SignedDuration;
use platform::{Store, Tx, sql};
use serde_json::{Value, json};
use testkit::together;

use crate::stage::{
    Booking, Person, Stage, count, each_round, ledger, on_both, on_default, provider, state, wrong,
};

fn id(booking: &str) -> &str {
    booking
        .rsplit('/')
        .next()
        .unwrap()
        .split('?')
        .next()
        .unwrap()
}

/// Creates a plan that grants `credits` for a month. Returns the plan's id.
pub(crate) async fn plan(owner: &mut Person, credits: i64) -> String {
    let page = owner.browser.get("/admin/plans/new").await;
    let mut form = page.expect(200).form("/admin/plans/new");
    form.fill("name", "Three sessions")
        .fill("grants.0.quantity", &credits.to_string());
    form.fill("months", "1").fill("price_minor", "300.00");
    owner.browser.submit(&page, &form).await.expect(303);
    let all = owner.browser.get("/api/v1/plans").await.json();
    all["items"].as_array().unwrap().last().unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Orders a plan. Returns the path of the payment page.
pub(crate) async fn order(person: &mut Person, plan: &str) -> String {
    let page = person.browser.get("/book/plans").await;
    let form = page.expect(200).form(&format!("/book/plans/{plan}"));
    let led = person.browser.submit(&page, &form).await;
    led.expect(303).location().unwrap().to_owned()
}

pub(crate) async fn credits(person: &mut Person) -> i64 {
    let page = person.call("GET", "/api/v1/me/credits", &Value::Null).await;
    let all = page.expect(200).json()["items"].as_array().unwrap().clone();
    let left = |lot: &Value| lot["granted"].as_i64().unwrap() - lot["used"].as_i64().unwrap();
    all.iter().map(left).sum()
}

/// Offers a one-hour session that costs a credit.
pub(crate) async fn offer(farah: &mut Person, day: &str) -> Value {
    offer_at(farah, day, 9).await
}

pub(crate) async fn offer_at(farah: &mut Person, day: &str, hour: usize) -> Value {
    let body = json!({
        "date": day, "time": format!("{hour:02}:00"), "minutes": 60, "title": "Mentoring",
        "location": "https://meet.jit.si/Veranda", "credit_kind": "session",
    });
    let page = farah.call("POST", "/api/v1/me/slots", &body).await;
    page.expect(201);
    page.json()
}

#[test]
fn credits_are_bought_spent_and_given_back_in_time() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = plan(&mut owner, 2).await;
        let slot = offer(&mut farah, "2026-12-01").await;
        let mut aina = stage.person("Aina Yusof").await;
        // Without a credit, the page links to the plans instead of a form, and the API refuses the
        // booking.
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let page = aina.browser.get(&path).await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("booking-no-credit"))
        );
        let new = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
        let refused = aina.call("POST", "/api/v1/bookings", &new).await;
        assert_eq!(refused.expect(422).json()["code"], "quota_exhausted");
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "fail").await.expect(200);
        assert_eq!(credits(&mut aina).await, 0);
        stage.world.clock.advance(SignedDuration::from_secs(5));
        let page = aina.pay(&pay, "twice").await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("credit-was-paid"))
        );
        stage.work().await;
        assert_eq!((credits(&mut aina).await, ledger(stage).await), (2, 30_000));
        let page = aina.browser.get(&path).await;
        let button = stage.fill("booking-do-credit", [("count", 2.into())]);
        assert!(page.expect(200).text().contains(&button));
        let booked = aina.book(&slot).await;
        let booking = booked.expect(303).location().unwrap().to_owned();
        assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
        assert_eq!(credits(&mut aina).await, 1);
        // An access token can book with credits, because no money moves. The request must contain
        // the slot's current version, so that the price is the one that the member saw.
        let other = offer(&mut farah, "2026-12-02").await;
        let new = json!({"slot_id": other["id"], "slot_version": other["version"]});
        aina.call("POST", "/api/v1/bookings", &new)
            .await
            .expect(201);
        assert_eq!(credits(&mut aina).await, 0);
        aina.call(
            "POST",
            "/api/v1/orders",
            &json!({"plan_code": "three-sessions"}),
        )
        .await
        .expect(403);
        // A cancellation before the deadline returns the credit, and a second cancellation returns
        // nothing more.
        let at = format!("/me/bookings/{}", id(&booking));
        aina.cancel(&at).await.expect(303);
        assert_eq!(credits(&mut aina).await, 1);
        let again = format!("/api/v1/bookings/{}/cancel", id(&booking));
        aina.call("POST", &again, &Value::Null).await.expect(200);
        assert_eq!(credits(&mut aina).await, 1);
        let text = aina.browser.get("/me/credits").await.expect(200).text();
        for said in [
            "2 credits (Sessions) bought with Three sessions",
            "Used for Mentoring, 1 December",
            "Used for Mentoring, 2 December",
            "Given back: Mentoring, 1 December",
        ] {
            assert!(text.contains(said), "{text}");
        }
        let account = aina.who.account().id.to_string();
        let path = format!("/admin/orders/credits/{account}");
        owner.sees(&path, "Given back: Mentoring, 1 December").await;
        // A plan that was ordered is not deleted, only deactivated. Its credits stay valid.
        let page = owner.browser.get(&format!("/admin/plans/{plan}")).await;
        let remove = page
            .expect(200)
            .form(&format!("/admin/plans/{plan}/remove"));
        owner.browser.submit(&page, &remove).await.expect(303);
        assert_eq!(
            owner.browser.get("/api/v1/plans").await.json()["items"],
            json!([])
        );
        assert_eq!(credits(&mut aina).await, 1);
        aina.browser.get("/admin/plans").await.expect(403);
        owner.browser.get("/admin/orders").await.expect(200);
        // If the provider cancels after the deadline, the member gets the credit back.
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(11 * 24));
        let coming = aina.coming().await["id"].as_str().unwrap().to_owned();
        let late = format!("/api/v1/bookings/{coming}/cancel");
        let why = json!({"reason": "Fever"});
        farah.call("POST", &late, &why).await.expect(200);
        assert_eq!(credits(&mut aina).await, 2);
    });
}

#[test]
fn credits_end_and_one_that_ended_is_replaced_if_the_provider_cancels() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = plan(&mut owner, 3).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        // A credit can pay a session that begins up to 30 days after the credit expires.
        let far = offer(&mut farah, "2027-02-15").await;
        let near = offer(&mut farah, "2027-01-10").await;
        let path = format!("/book/{}", far["id"].as_str().unwrap());
        aina.sees(&path, &stage.say("booking-no-credit")).await;
        assert_eq!(credits(&mut aina).await, 3);
        let booked = aina.book(&near).await;
        let booking = id(booked.expect(303).location().unwrap()).to_owned();
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(32 * 24));
        stage.work().await;
        assert_eq!(credits(&mut aina).await, 0);
        let path = format!("/api/v1/bookings/{booking}/cancel");
        let why = json!({"reason": "Fever"});
        farah.call("POST", &path, &why).await.expect(200);
        assert_eq!(credits(&mut aina).await, 1);
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}

#[test]
fn what_an_order_grants_is_what_the_plan_was_when_it_was_made() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        let page = owner.browser.get(&format!("/admin/plans/{plan}")).await;
        let mut form = page.expect(200).form(&format!("/admin/plans/{plan}"));
        form.fill("grants.0.quantity", "1")
            .fill("price_minor", "900");
        owner.browser.submit(&page, &form).await.expect(303);
        aina.pay(&pay, "pay").await.expect(200);
        assert_eq!((credits(&mut aina).await, ledger(stage).await), (2, 30_000));
        // If an expired order is paid after all, the member still gets the credits.
        let pay = order(&mut aina, &plan).await;
        aina.press(&pay, "lost").await.expect(303);
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.work().await;
        assert_eq!(credits(&mut aina).await, 3);
    });
}

/// A time within the weeks in which a credit of this month can be spent: another one each round.
pub(crate) fn near(round: usize) -> (String, usize) {
    let days = jiff::Span::new().days(i64::try_from(round / 8).unwrap());
    let day = jiff::civil::date(2026, 11, 25).checked_add(days);
    (day.unwrap().to_string(), 6 + 2 * (round % 8))
}

fn booking(
    store: Store,
    stage: &Stage<'_>,
    person: &Person,
    slot: &Value,
) -> impl Future<Output = Result<(), Refusal>> + use<> {
    let (who, site) = (person.who.clone(), stage.site.clone());
    let new = NewBooking {
        slot_id: slot["id"].as_str().unwrap().parse().unwrap(),
        slot_version: slot["version"].as_i64(),
        topics: Vec::new(),
        note: String::new(),
        shows_email: false,
        session_type: None,
        level: None,
        entry: None,
        track: None,
        seats: None,
        names: Vec::new(),
        answers: SentAnswers::default(),
    };
    let change = move |tx: &mut Tx<'_>| {
        let member = signed_in::confirmed(tx, &who)?.ok_or(Refusal::EmailUnverified)?;
        book::book(tx, &site, &member, &new).map(drop)
    };
    async move { store.write(change).await }
}

#[test]
fn the_last_credit_books_one_of_two_sessions() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = plan(&mut owner, 1).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (here, there) = (stage.world.store().clone(), stage.world.second_store());
        each_round(stage, async |round| {
            let pay = order(&mut aina, &plan).await;
            aina.pay(&pay, "pay").await.expect(200);
            let (day, hour) = near(round);
            let one = offer_at(&mut farah, &day, hour).await;
            let two = offer_at(&mut farah, &day, hour + 1).await;
            let (first, second) = together(
                booking(here.clone(), stage, &aina, &one),
                booking(there.clone(), stage, &aina, &two),
            )
            .await;
            assert_ne!(
                first.is_ok(),
                second.is_ok(),
                "round {round}: {first:?} {second:?}"
            );
            let refused = first.err().or(second.err()).unwrap();
            let is_spent =
                matches!(&refused, Refusal::Rule(code) if code.code == "quota_exhausted");
            assert!(is_spent, "round {round}: {refused:?}");
            assert_eq!(credits(&mut aina).await, 0, "round {round}");
            let free = count(
                stage,
                sql!("SELECT COUNT(*) FROM slot WHERE state = 'available'"),
            )
            .await;
            assert_eq!(free, i64::try_from(round + 1).unwrap(), "round {round}");
        })
        .await;
    });
}
