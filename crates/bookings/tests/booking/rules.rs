//! Tests of the rules that administrators set, where no other test sets them.

use bookings::booking::State;
use identity::grant::OWNER;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::catalogue::send;
use crate::credits::{credits, offer, order, plan};
use crate::stage::{
    Booking, Person, Stage, on_both, on_default, prove, provider, script, state, wrong,
};
use crate::strangers::set;

async fn book(person: &mut Person, slot: &Value) -> testkit::Page {
    let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
    person.call("POST", "/api/v1/bookings", &body).await
}

#[test]
fn credits_reach_as_far_beyond_their_end_as_the_rules_say() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let mut farah = provider(stage).await;
        // The credits of a month end on 16 December or a few days later.
        let far = offer(&mut farah, "2027-01-10").await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        set(stage, &owner, "lot_grace_days", json!(0)).await;
        let refused = book(&mut aina, &far).await.expect(422).json();
        assert_eq!(refused["code"], "quota_exhausted");
        set(stage, &owner, "lot_grace_days", json!(60)).await;
        set(stage, &owner, "replaced_days", json!(3)).await;
        let booked = book(&mut aina, &far).await.expect(201).json();
        // The replacement of a credit that has ended lasts as the rules say.
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(32 * 24));
        let path = format!("/api/v1/bookings/{}/cancel", booked["id"].as_str().unwrap());
        let why = json!({"reason": "Ill"});
        farah.call("POST", &path, &why).await.expect(200);
        assert_eq!(credits(&mut aina).await, 1);
        stage.world.clock.advance(SignedDuration::from_hours(73));
        assert_eq!(credits(&mut aina).await, 0);
    });
}

#[test]
fn two_sessions_at_once_are_refused_unless_the_rules_allow_them() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let one = farah.offer("2026-12-01", "09:00", 0).await;
        let mut mei = stage.person_as("Mei Ling", OWNER).await;
        let other = mei.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        book(&mut aina, &one).await.expect(201);
        let refused = book(&mut aina, &other).await.expect(409).json();
        assert_eq!(refused["code"], "member_busy");
        set(stage, &owner, "member_busy", json!(false)).await;
        book(&mut aina, &other).await.expect(201);
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}

#[test]
fn a_session_is_complete_and_a_slot_too_near_when_the_rules_say_so() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        set(stage, &owner, "complete_minutes", json!(10)).await;
        set(stage, &owner, "notice_minutes", json!(1_440)).await;
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let near = farah.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let booked = book(&mut aina, &slot).await.expect(201).json();
        let booking = booked["id"].as_str().unwrap().to_owned();
        let end: jiff::Timestamp = slot["ends_at"].as_str().unwrap().parse().unwrap();
        let wait = end.duration_since(stage.site.clock.now());
        stage
            .world
            .clock
            .advance(wait + SignedDuration::from_mins(9));
        stage.work().await;
        assert_eq!(state(stage, &booking).await, State::Confirmed);
        stage.world.clock.advance(SignedDuration::from_mins(2));
        stage.work().await;
        assert_eq!(state(stage, &booking).await, State::Completed);
        // A provider who set none has the notice of the rules.
        prove(stage, &mut aina).await;
        let refused = book(&mut aina, &near).await.expect(409).json();
        assert_eq!(refused["code"], "slot_taken");
    });
}

#[test]
fn bookings_of_an_hour_and_looks_of_a_minute_are_counted_by_the_rules() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        set(stage, &owner, "booking_hour_limit", json!(1)).await;
        set(stage, &owner, "browse_minute_limit", json!(2)).await;
        let mut farah = provider(stage).await;
        let one = farah.offer("2026-12-01", "09:00", 0).await;
        let two = farah.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        book(&mut aina, &one).await.expect(201);
        let refused = book(&mut aina, &two).await.expect(429).json();
        assert_eq!(refused["code"], "too_many_bookings");
        stage.world.clock.advance(SignedDuration::from_mins(61));
        prove(stage, &mut aina).await;
        book(&mut aina, &two).await.expect(201);
        let mut stranger = crate::strangers::from(stage, "203.0.113.9");
        // The second brings the cookie by which the others count.
        for _ in 0..4 {
            stranger.get("/book").await.expect(200);
        }
        stranger.get("/book").await.expect(429);
        prove(stage, &mut owner).await;
        set(stage, &owner, "browse_minute_limit", json!(4)).await;
        stranger.get("/book").await.expect(200);

        // Of many behind one address, each counts alone, and all together ten times as often.
        set(stage, &owner, "browse_minute_limit", json!(8)).await;
        let seat = || crate::strangers::from(stage, "203.0.113.10");
        for turn in 0..2 {
            let mut one = seat();
            let page = one.get("/book").await;
            page.expect(200);
            assert!(!page.headers.contains_key("set-cookie"), "{turn}");
        }
        let mut seats = [seat(), seat(), seat()];
        for one in &mut seats {
            one.get("/book").await.expect(200);
            assert!(one.cookie("kd_browse").is_some());
            for _ in 0..8 {
                one.get("/book").await.expect(200);
            }
            one.get("/book").await.expect(429);
        }
        let mut forger = seat();
        for _ in 0..3 {
            forger.set_cookie("kd_browse", "x.AAAA");
            forger.get("/book").await.expect(200);
        }
        forger.set_cookie("kd_browse", "x.AAAA");
        forger.get("/book").await.expect(429);
    });
}

#[test]
fn without_a_reason_a_refund_is_what_the_policy_grants() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let mut farah = provider(stage).await;
        let slot = offer(&mut farah, "2026-12-01").await;
        let mut payments = Vec::new();
        for name in ["Aina Yusof", "Badrul Hisham"] {
            let mut member = stage.person(name).await;
            let pay = order(&mut member, &plan).await;
            member.pay(&pay, "pay").await.expect(200);
            if name == "Aina Yusof" {
                book(&mut member, &slot).await.expect(201);
            }
            let mut admin = script(stage, &owner);
            let all = admin.get("/api/v1/admin/payments").await.json();
            payments.push(all["items"][0]["id"].clone());
            stage.world.clock.advance(SignedDuration::from_secs(1));
        }
        prove(stage, &mut owner).await;
        let mut admin = script(stage, &owner);
        let path = "/api/v1/admin/refunds";
        let body = json!({"payment_id": payments[0], "amount_minor": 30_000});
        let refused = send(&mut admin, "POST", path, &body)
            .await
            .expect(422)
            .json();
        assert_eq!(
            (&refused["code"], &refused["clause"]),
            (&json!("refund_not_eligible"), &json!("used"))
        );
        let body = json!({"payment_id": payments[0], "amount_minor": 15_000,
            "reason": "The provider fell ill"});
        send(&mut admin, "POST", path, &body).await.expect(202);
        let body = json!({"payment_id": payments[1], "amount_minor": 30_000});
        send(&mut admin, "POST", path, &body).await.expect(202);
        owner
            .sees("/admin/refunds", &stage.say("refund-rule-policy"))
            .await;
    });
}
