//! Tests of the cards on the page after signing in.

use bookings::{READ, WRITE};
use identity::grant::{ADMIN, OWNER};
use platform::sql;
use serde_json::json;

use crate::credits::{offer, order, plan};
use crate::stage::{Booking, Person, Stage, go_to, on_default, prove, provider, run};

/// The words of the cards, without the frame around them.
async fn home(person: &mut Person) -> String {
    let page = person.browser.get("/me").await;
    let body = page.expect(200).body.clone();
    let main = body.split("<main").nth(1).unwrap();
    let main = main.split("</main>").next().unwrap();
    main.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a card with this heading is there.
fn has(stage: &Stage<'_>, home: &str, title: &str) -> bool {
    home.contains(&format!(">{}</h2>", stage.say(title)))
}

#[test]
fn who_has_nothing_is_invited_to_the_first_step_and_sees_no_zeros() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aina = stage.person("Aina Yusof").await;
        let mut farah = provider(stage).await;
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        for (person, begin) in [
            (&mut farah, "href=\"/me/slots\""),
            (&mut owner, "href=\"/admin/sessions\""),
        ] {
            let home = home(person).await;
            assert!(
                home.contains(begin) && !home.contains("href=\"/book\""),
                "{home}"
            );
        }
        farah.offer("2026-12-01", "09:00", 0).await;
        for (person, begin) in [
            (&mut aina, "href=\"/book\""),
            (&mut owner, "href=\"/book\""),
        ] {
            let home = home(person).await;
            assert!(!home.contains("href=\"/admin/sessions\""), "{home}");
            for title in ["booking-mine", "slot-mine", "booking-to-do"] {
                assert!(!has(stage, &home, title), "{title}: {home}");
            }
            assert!(home.contains(begin), "{home}");
            assert!(!home.contains(">0<") && !home.contains(" 0<"), "{home}");
        }
    });
}

#[test]
fn a_member_sees_the_next_session_and_the_credits_that_are_left() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = plan(&mut owner, 3).await;
        let slot = offer(&mut farah, "2026-12-01").await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let credits = |count: i32| {
            let kind = ("kind", "Sessions".into());
            stage.fill("credit-count", [("count", count.into()), kind])
        };
        // Credits alone make a card; there is no list of sessions to go to.
        let bought = home(&mut aina).await;
        let three = credits(3);
        assert!(has(stage, &bought, "booking-mine"), "{bought}");
        assert!(bought.contains(&three), "{bought}");
        let all = stage.fill("cards-all", [("count", 0.into())]);
        assert!(!bought.contains(&all), "{bought}");
        // Who has booked nothing starts with the times.
        let start = aina.browser.get("/me/start").await;
        assert_eq!(start.expect(303).location(), Some("/book"));
        aina.book(&slot).await.expect(303);
        let start = aina.browser.get("/me/start").await;
        assert_eq!(start.expect(303).location(), Some("/me/bookings"));
        let booked = home(&mut aina).await;
        let two = credits(2);
        for words in ["Mentoring", "Farah Ali", two.as_str(), "20 Dec 2026"] {
            assert!(booked.contains(words), "{words}: {booked}");
        }
    });
}

#[test]
fn a_provider_sees_today_what_waits_and_what_is_owed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.profile("bio", "Portraits").await;
        run(stage, sql!("UPDATE provider SET payout_minor = 12500")).await;
        let today = farah.offer("2026-12-01", "09:00", 0).await;
        let later = farah.offer("2026-12-01", "11:00", 0).await;
        let next = farah.offer("2026-12-02", "09:00", 0).await;
        let wanted = farah.offer("2026-12-03", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        for slot in [&today, &later, &next] {
            aina.book(slot).await.expect(303);
        }
        // Before the day comes, the card has the next session alone.
        let before = home(&mut farah).await;
        assert!(has(stage, &before, "slot-mine"), "{before}");
        assert_eq!(before.matches("Portrait on the veranda").count(), 1);
        assert!(!before.contains(&stage.say("payout-owed")), "{before}");
        go_to(stage, "2026-12-01T00:30:00Z").await;
        prove(stage, &mut farah).await;
        let morning = home(&mut farah).await;
        assert_eq!(morning.matches("Portrait on the veranda").count(), 2);
        for words in ["9–10", "Aina Yusof"] {
            assert!(morning.contains(words), "{words}: {morning}");
        }
        assert!(!morning.contains(&stage.say("request-asked")), "{morning}");
        prove(stage, &mut aina).await;
        stage.allow(&mut aina, &[READ, WRITE], None).await;
        let request = json!({"slot_ids": [wanted["id"]]});
        let asked = aina.call("POST", "/api/v1/requests", &request).await;
        asked.expect(201);
        go_to(stage, "2026-12-01T12:00:00Z").await;
        prove(stage, &mut farah).await;
        let evening = home(&mut farah).await;
        assert!(evening.contains(&stage.say("request-asked")), "{evening}");
        assert!(evening.contains(&stage.say("payout-owed")), "{evening}");
        assert!(evening.contains("250.00"), "{evening}");
    });
}

#[test]
fn an_administrator_sees_what_to_decide_and_others_do_not() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        farah.profile("bio", "Portraits").await;
        run(stage, sql!("UPDATE provider SET payout_minor = 12500")).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        go_to(stage, "2026-12-01T12:00:00Z").await;
        for (person, sees) in [(&mut owner, true), (&mut farah, false), (&mut aina, false)] {
            prove(stage, person).await;
            let home = home(person).await;
            assert_eq!(has(stage, &home, "booking-to-do"), sees, "{home}");
            let payouts = stage.fill("to-do-payouts", [("count", 1.into())]);
            assert_eq!(home.contains(&payouts), sees, "{home}");
        }
    });
}

#[test]
fn an_administrator_sees_claims_requests_and_who_asks_for_money() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, aina, _) = crate::payouts::booked(stage, 18_000).await;
        let mut admin = stage.person_as("Ravi Kumar", ADMIN).await;
        let wanted = farah.offer("2026-12-08", "09:00", 0).await;
        go_to(stage, "2026-11-24T02:30:00Z").await;
        let mut mei = stage.person("Mei Lin").await;
        stage.allow(&mut mei, &[READ, WRITE], None).await;
        let request = json!({"slot_ids": [wanted["id"]]});
        let asked = mei.call("POST", "/api/v1/requests", &request).await;
        asked.expect(201);
        // More than two days later, and less than three.
        go_to(stage, "2026-11-26T12:00:00Z").await;
        let orders: Vec<(String,)> =
            crate::stage::rows(stage, sql!("SELECT id FROM booking_order")).await;
        let path = format!("/api/v1/orders/{}/refund-request", orders[0].0);
        let body = json!({"text": "It was not for me."});
        let mut member = crate::stage::script(stage, &aina);
        let asked = crate::payouts::call(&mut member, "POST", &path, &body).await;
        asked.expect(200);
        run(
            stage,
            sql!(
                "INSERT INTO claim (id, booking_id, claimant, note, answer_until, answer, reason,
                     state, created_at)
                 SELECT 'c0000000-0000-4000-8000-000000000001', id, 'member', '', 1, '', '',
                     'disputed', 1 FROM booking"
            ),
        )
        .await;
        prove(stage, &mut admin).await;
        let home = home(&mut admin).await;
        for label in ["to-do-refunds", "to-do-disputes", "to-do-unanswered"] {
            let said = stage.fill(label, [("count", 1.into())]);
            assert!(home.contains(&said), "{said}: {home}");
        }
    });
}

#[test]
fn several_bookings_of_one_date_are_one_line_with_their_seats() {
    on_default(&async |stage: &Stage<'_>| {
        let more = json!({"seats": 6, "party_limit": 4,
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        crate::classes::class(stage, &more).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = crate::hours::listed(&mut aina).await[4].clone();
        let (pay, here) = crate::classes::hold_seats(&mut aina, &slot, "2").await;
        aina.pay(&pay, "pay").await.expect(200);
        let page = aina.browser.get(&here).await.with(200);
        let mut form = page.form(&format!("{here}/seats/add"));
        form.fill("seats", "1");
        let led = aina.browser.submit(&page, &form).await;
        let pay = led.expect(303).location().unwrap().to_owned();
        aina.pay(&pay, "pay").await.expect(200);
        let home = home(&mut aina).await;
        assert_eq!(home.matches("Lesson").count(), 1, "{home}");
        assert!(home.contains("3 places"), "{home}");
    });
}
