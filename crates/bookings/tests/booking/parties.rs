//! Tests of parties: the seats of a class that one booking takes, who comes, and what each costs.

use bookings::booking::State;
use identity::grant::OWNER;
use jiff::{SignedDuration, Timestamp};
use platform::sql;
use serde_json::{Value, json};
use testkit::Page;

use crate::classes::{class, hold_seats, party};
use crate::credits::{credits, order, plan};
use crate::hours::{BOOKINGS, code, listed};
use crate::stage::{
    Booking, Person, Stage, call_as_script, count, erase, errors, go_to, ledger, on_both,
    on_default, prove, run, state, wrong,
};

async fn book_party(person: &mut Person, slot: &Value, seats: i64, names: &Value) -> Page {
    let mut wish = party(slot, seats);
    wish["names"] = names.clone();
    person.call("POST", BOOKINGS, &wish).await
}

/// Calls an operation on the booking with this id, like a page's script: tokens move no money.
async fn on(
    stage: &Stage<'_>,
    person: &mut Person,
    booking: &str,
    operation: &str,
    body: &Value,
) -> Page {
    let path = format!("{BOOKINGS}/{booking}{operation}");
    let method = match operation {
        "/names" => "PUT",
        "" => "GET",
        _ => "POST",
    };
    prove(stage, person).await;
    call_as_script(stage, person, method, &path, body).await
}

fn id(booking: &Value) -> String {
    booking["id"].as_str().unwrap().to_owned()
}

fn column(booking: &Value, name: &str) -> Vec<String> {
    let party = booking["party"].as_array().unwrap().iter();
    let values = party.map(|seat| seat[name].as_str().unwrap().to_owned());
    values.collect()
}

async fn before(stage: &Stage<'_>, slot: &Value, hours: i64) {
    let begins: Timestamp = slot["starts_at"].as_str().unwrap().parse().unwrap();
    let then = begins - SignedDuration::from_hours(hours);
    go_to(stage, &then.to_string()).await;
}

async fn owed(stage: &Stage<'_>) -> i64 {
    let sum = sql!("SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM payout_item");
    count(stage, sum).await
}

#[test]
fn a_member_names_who_comes_and_the_provider_reads_it() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, _, _) = class(stage, &json!({"seats": 5, "party_limit": 3})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let slot = listed(&mut aina).await[4].clone();
        let long = "n".repeat(81);
        for (seats, names, said) in [
            (1, json!(["Wei", "Jia Hui"]), "too_many"),
            (1, json!([long]), "too_long"),
        ] {
            let refused = book_party(&mut aina, &slot, seats, &names).await;
            let expected = ("/names".to_owned(), said.to_owned());
            assert_eq!(errors(refused.expect(422)), [expected]);
        }
        let names = json!(["Wei", "Jia Hui"]);
        let made = book_party(&mut aina, &slot, 3, &names)
            .await
            .with(201)
            .json();
        assert_eq!(column(&made, "name"), ["Wei", "Jia Hui", ""]);
        let booking = id(&made);
        let new = json!({"names": ["Sofia"]});
        for person in [&mut farah, &mut mei] {
            let refused = on(stage, person, &booking, "/names", &new).await;
            assert!(matches!(refused.status.as_u16(), 403 | 404));
        }
        let now = on(stage, &mut aina, &booking, "/names", &new)
            .await
            .with(200)
            .json();
        assert_eq!(column(&now, "name"), ["Sofia", "", ""]);

        // On the pages: the member changes them, and the provider reads them.
        let here = format!("/me/bookings/{booking}");
        let page = aina.browser.get(&here).await;
        let mut form = page.expect(200).form(&format!("{here}/names"));
        form.fill("names", "Sofia\n\nNurul Huda");
        aina.browser.submit(&page, &form).await.expect(303);
        let own = format!("/me/slots/{}", slot["id"].as_str().unwrap());
        farah.sees(&own, "Nurul Huda").await;

        before(stage, &slot, -1).await;
        let refused = on(stage, &mut aina, &booking, "/names", &new).await;
        assert_eq!(code(refused.expect(409)), "booking_not_cancellable");
        before(stage, &slot, -4).await;
        erase(stage, &aina).await;
        let left = sql!("SELECT COUNT(*) FROM booking_seat WHERE name <> ''");
        assert_eq!(count(stage, left).await, 0);
    });
}

#[test]
fn seats_that_are_given_back_in_time_are_paid_back_and_free_for_others() {
    on_both(&async |stage: &Stage<'_>| {
        let more = json!({"seats": 3, "party_limit": 3,
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        class(stage, &more).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let slot = listed(&mut aina).await[4].clone();
        let (pay, booking) = hold_seats(&mut aina, &slot, "3").await;
        let here = booking.clone();
        let booking = booking.rsplit('/').next().unwrap().to_owned();
        let two = json!({"positions": [1, 3]});
        let refused = on(stage, &mut aina, &booking, "/seats/cancel", &two).await;
        assert_eq!(
            refused.expect(409).status.as_u16(),
            409,
            "it is not paid yet"
        );
        aina.pay(&pay, "pay").await.expect(200);
        for (positions, said) in [(json!([]), "required"), (json!([4]), "out_of_range")] {
            let body = json!({"positions": positions});
            let refused = on(stage, &mut aina, &booking, "/seats/cancel", &body).await;
            let expected = ("/positions".to_owned(), said.to_owned());
            assert_eq!(errors(refused.expect(422)), [expected]);
        }
        // The second time nothing changes.
        for _ in 0..2 {
            let now = on(stage, &mut aina, &booking, "/seats/cancel", &two).await;
            let now = now.with(200).json();
            assert_eq!(
                (&now["seats"], &now["state"]),
                (&json!(1), &json!("confirmed"))
            );
            assert_eq!(column(&now, "state"), ["cancelled", "taken", "cancelled"]);
        }
        stage.work().await;
        assert_eq!(ledger(stage).await, 2_000);
        assert_eq!(wrong(stage).await, [""; 0]);
        let receipt = format!("/me/orders/{}/receipt", pay.trim_start_matches("/pay/"));
        aina.sees(&receipt, "Lesson × 3").await;
        hold_seats(&mut mei, &slot, "2").await;

        // The last seat is the whole booking.
        let last = json!({"positions": [1, 2]});
        let now = on(stage, &mut aina, &booking, "/seats/cancel", &last).await;
        assert_eq!(now.with(200).json()["state"], "cancelled");
        stage.work().await;
        assert_eq!(ledger(stage).await, 0);
        aina.browser.get(&here).await.expect(200);
    });
}

#[test]
fn a_page_asks_before_seats_are_given_back() {
    on_default(&async |stage: &Stage<'_>| {
        let more = json!({"seats": 3, "party_limit": 3,
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        class(stage, &more).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[4].clone();
        let (pay, here) = hold_seats(&mut aina, &slot, "3").await;
        aina.pay(&pay, "pay").await.expect(200);
        let page = aina.browser.get(&here).await;
        let address = format!("{here}/seats");
        let mut form = page.expect(200).form(&address);
        form.tick("positions", "2");
        let asked = aina.browser.submit(&page, &form).await;
        let sure = asked.expect(200).form(&address);
        assert!(asked.body.contains("20.00"), "{}", asked.body);
        aina.browser.submit(&asked, &sure).await.expect(303);
        stage.work().await;
        assert_eq!(ledger(stage).await, 4_000);
    });
}

#[test]
fn each_seat_takes_a_credit_and_gives_it_back_to_its_own_lot() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let more = json!({"seats": 5, "party_limit": 3, "credit_kind": "session"});
        class(stage, &more).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let all = listed(&mut aina).await;
        let refused = book_party(&mut aina, &all[4], 3, &json!([])).await;
        assert_eq!(code(refused.expect(422)), "quota_exhausted");
        assert_eq!(credits(&mut aina).await, 2, "none was spent");
        stage.world.clock.advance(SignedDuration::from_hours(1));
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let made = book_party(&mut aina, &all[4], 3, &json!([])).await;
        let booking = id(&made.with(201).json());
        assert_eq!(credits(&mut aina).await, 1);
        let lots = sql!("SELECT COUNT(*) FROM credit_lot WHERE used > 0");
        assert_eq!(count(stage, lots).await, 2);
        assert_eq!(wrong(stage).await, [""; 0]);

        let third = json!({"positions": [3]});
        for _ in 0..2 {
            on(stage, &mut aina, &booking, "/seats/cancel", &third)
                .await
                .expect(200);
            assert_eq!(credits(&mut aina).await, 2);
        }
        assert_eq!(count(stage, lots).await, 1, "it is back in the second lot");
        let date = json!({"slot_id": all[5]["id"], "slot_version": all[5]["version"]});
        on(stage, &mut aina, &booking, "/reschedule", &date)
            .await
            .expect(200);
        on(stage, &mut aina, &booking, "/cancel", &json!({}))
            .await
            .expect(200);
        assert_eq!(credits(&mut aina).await, 4);
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}

#[test]
fn a_seat_that_is_given_back_late_is_owed_unless_somebody_takes_it() {
    on_both(&async |stage: &Stage<'_>| {
        let more = json!({"seats": 4, "party_limit": 4,
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        class(stage, &more).await;
        run(
            stage,
            sql!("UPDATE booking_setting SET late_refund_bps = 2500"),
        )
        .await;
        let rate = sql!("UPDATE provider SET class_payout_minor = 1000, no_show_bps = 5000");
        run(stage, rate).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let slot = listed(&mut aina).await[4].clone();
        let (pay, here) = hold_seats(&mut aina, &slot, "4").await;
        aina.pay(&pay, "pay").await.expect(200);
        let booking = here.rsplit('/').next().unwrap().to_owned();
        before(stage, &slot, 20).await;
        let two = json!({"positions": [1, 2]});
        let now = on(stage, &mut aina, &booking, "/seats/cancel", &two).await;
        assert_eq!(now.with(200).json()["is_late"], false, "the booking stands");
        stage.work().await;
        assert_eq!(ledger(stage).await, 7_000);
        prove(stage, &mut mei).await;
        let (pay, _) = hold_seats(&mut mei, &slot, "1").await;
        mei.pay(&pay, "pay").await.expect(200);
        before(stage, &slot, -5).await;
        // Two of Aina's seats and Mei's took place; of the two that were given back, one is taken.
        assert_eq!(owed(stage).await, 2_000 + 500 + 1_000);
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}

#[test]
fn the_provider_says_who_came_and_is_owed_for_each_seat() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, _, _) = class(stage, &json!({"seats": 5, "party_limit": 3})).await;
        let rate = sql!("UPDATE provider SET class_payout_minor = 1000, no_show_bps = 5000");
        run(stage, rate).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[4].clone();
        let made = book_party(&mut aina, &slot, 3, &json!(["Wei"])).await;
        let booking = id(&made.with(201).json());
        let one = json!({"missed": [2]});
        let refused = on(stage, &mut farah, &booking, "/seats/outcome", &one).await;
        assert_eq!(code(refused.expect(422)), "outcome_too_early");
        before(stage, &slot, -1).await;
        on(stage, &mut aina, &booking, "/seats/outcome", &one)
            .await
            .expect(403);
        let marked = on(stage, &mut farah, &booking, "/seats/outcome", &one).await;
        let marked = marked.with(200).json();
        assert_eq!(column(&marked, "state"), ["came", "missed", "came"]);
        assert_eq!(marked["state"], "confirmed");
        before(stage, &slot, -5).await;
        assert_eq!(state(stage, &booking).await, State::Completed);
        assert_eq!(owed(stage).await, 2_500);

        // Corrected, also on the page of the class, and to nobody and back.
        let own = format!("/me/slots/{}", slot["id"].as_str().unwrap());
        prove(stage, &mut farah).await;
        let page = farah.browser.get(&own).await;
        let form = page.expect(200).form(&format!("{own}/outcome"));
        farah.browser.submit(&page, &form).await.expect(303);
        assert_eq!(
            owed(stage).await,
            2_500,
            "the page has what was said before"
        );
        for (missed, expected) in [(json!([]), 3_000), (json!([1, 2]), 2_000)] {
            let body = json!({"missed": missed});
            on(stage, &mut farah, &booking, "/seats/outcome", &body)
                .await
                .expect(200);
            assert_eq!(owed(stage).await, expected);
            assert_eq!(wrong(stage).await, [""; 0]);
        }
        let all = json!({"missed": [1, 2, 3]});
        let none = on(stage, &mut farah, &booking, "/seats/outcome", &all).await;
        assert_eq!(none.with(200).json()["state"], "no_show_member");
        assert_eq!(owed(stage).await, 1_500);
        assert_eq!(wrong(stage).await, [""; 0]);
        let back = on(stage, &mut farah, &booking, "/seats/outcome", &one).await;
        assert_eq!(back.with(200).json()["state"], "completed");
        assert_eq!(owed(stage).await, 2_500);
    });
}

#[test]
fn a_class_that_its_provider_cancels_gives_back_late_seats_too() {
    on_both(&async |stage: &Stage<'_>| {
        let more = json!({"seats": 3, "party_limit": 3,
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        let (mut farah, _, _) = class(stage, &more).await;
        let rate = sql!("UPDATE provider SET class_payout_minor = 1000, no_show_bps = 5000");
        run(stage, rate).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[4].clone();
        let (pay, here) = hold_seats(&mut aina, &slot, "3").await;
        aina.pay(&pay, "pay").await.expect(200);
        let booking = here.rsplit('/').next().unwrap().to_owned();
        before(stage, &slot, 20).await;
        let one = json!({"positions": [1]});
        on(stage, &mut aina, &booking, "/seats/cancel", &one)
            .await
            .expect(200);
        stage.work().await;
        assert_eq!(ledger(stage).await, 6_000);
        prove(stage, &mut farah).await;
        farah.cancel(&here).await;
        stage.work().await;
        assert_eq!(ledger(stage).await, 0);
        before(stage, &slot, -5).await;
        assert_eq!(owed(stage).await, 0);
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}

#[test]
fn who_came_of_all_bookings_of_a_date_is_said_in_one_form() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, _, _) = class(stage, &json!({"seats": 5, "party_limit": 3})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let mut ravi = stage.person("Ravi Kumar").await;
        let slot = listed(&mut aina).await[4].clone();
        let hers = id(&book_party(&mut aina, &slot, 2, &json!([]))
            .await
            .with(201)
            .json());
        let meis = id(&book_party(&mut mei, &slot, 1, &json!([]))
            .await
            .with(201)
            .json());
        let ravis = id(&book_party(&mut ravi, &slot, 1, &json!([]))
            .await
            .with(201)
            .json());
        let own = format!("/me/slots/{}", slot["id"].as_str().unwrap());
        // The boxes are named for what they ask.
        let pages = [own.clone(), format!("/me/bookings/{hers}")];
        let titled = async |person: &mut Person, path: &str, message: &str| {
            let page = person.browser.get(path).await.with(200);
            let title = format!(">{}</h2>", stage.say(message));
            assert!(page.body.contains(&title), "{path}: {}", page.text());
        };
        for path in &pages {
            titled(&mut farah, path, "class-people").await;
        }
        before(stage, &slot, -1).await;
        prove(stage, &mut farah).await;
        prove(stage, &mut aina).await;
        for path in &pages {
            titled(&mut farah, path, "seats-missed").await;
        }
        titled(&mut aina, &pages[1], "class-came").await;
        let page = farah.browser.get(&own).await;
        let mut form = page.expect(200).form(&format!("{own}/outcome"));
        form.tick("missed", &format!("{hers}/2"));
        form.tick("missed", &format!("{meis}/1"));
        farah.browser.submit(&page, &form).await.expect(303);
        let seats = async |booking: &str| {
            let all =
                sql!("SELECT booking_id, state FROM booking_seat ORDER BY booking_id, position");
            let all: Vec<(String, String)> = crate::stage::rows(stage, all).await;
            let own = all.into_iter().filter(|(of, _)| of == booking);
            own.map(|(_, state)| state).collect::<Vec<_>>()
        };
        assert_eq!(seats(&hers).await, ["came", "missed"]);
        assert_eq!(seats(&ravis).await, ["came"]);
        assert_eq!(state(stage, &meis).await, State::NoShowMember);
        // What was said is ticked, and saying it again is no second report.
        let lines = sql!(
            "SELECT COUNT(*) FROM audit WHERE action IN ('booking.seats_marked', 'booking.outcome')"
        );
        let said = count(stage, lines).await;
        let page = farah.browser.get(&own).await;
        let mut form = page.expect(200).form(&format!("{own}/outcome"));
        farah.browser.submit(&page, &form).await.expect(303);
        let lines = sql!(
            "SELECT COUNT(*) FROM audit WHERE action IN ('booking.seats_marked', 'booking.outcome')"
        );
        assert_eq!(count(stage, lines).await, said);
        // A booking of another date is not reached.
        form.fill("booking", "no-booking-of-this-date");
        farah.browser.submit(&page, &form).await.expect(404);
    });
}

#[test]
fn what_was_paid_and_what_went_back_is_said_of_seats_that_were_given_back() {
    on_default(&async |stage: &Stage<'_>| {
        let more = json!({"seats": 5, "party_limit": 3,
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        let (mut farah, _, _) = class(stage, &more).await;
        let mut admin = stage.person_as("Mei Lin", OWNER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[4].clone();
        let (pay, here) = hold_seats(&mut aina, &slot, "3").await;
        aina.pay(&pay, "pay").await.expect(200);
        let booking = here.rsplit('/').next().unwrap().to_owned();
        let third = json!({"positions": [3]});
        on(stage, &mut aina, &booking, "/seats/cancel", &third)
            .await
            .expect(200);
        aina.sees(&here, "paid, RM 20.00 of it on its way back")
            .await;
        stage.work().await;
        aina.sees(&here, "paid, RM 20.00 of it paid back").await;
        let page = aina.browser.get(&pay).await.with(200);
        let text = page.text();
        for said in ["3 places", "RM 60.00", "Paid back"] {
            assert!(text.contains(said), "{said}: {text}");
        }
        // Of seats that were given back in time, nothing more is asked for.
        assert!(!text.contains(&stage.say("refund-ask-do")), "{text}");
        let own = format!("/me/slots/{}", slot["id"].as_str().unwrap());
        let text = farah.browser.get(&own).await.expect(200).text();
        for said in [
            "2 places · RM 60.00 paid, RM 20.00 of it paid back".to_owned(),
            stage.say("order-partially-refunded"),
        ] {
            assert!(text.contains(&said), "{said}: {text}");
        }
        let file = farah.browser.get(&format!("{own}/people.csv")).await;
        let file = file.expect(200).body.clone();
        assert!(file.lines().nth(1).unwrap().ends_with(",20.00"), "{file}");
        prove(stage, &mut admin).await;
        admin
            .sees("/admin/refunds", &stage.say("refund-rule-seats"))
            .await;

        // Of a seat that is given back late nothing comes back, but the member can ask for it.
        before(stage, &slot, 20).await;
        let second = json!({"positions": [2]});
        on(stage, &mut aina, &booking, "/seats/cancel", &second)
            .await
            .expect(200);
        aina.sees(&here, &stage.say("late-ask")).await;
        let page = aina.browser.get(&pay).await.with(200);
        let mut form = page.form(&format!("{pay}/refund"));
        form.fill("text", "My sister is ill.");
        aina.browser.submit(&page, &form).await.expect(303);
        prove(stage, &mut admin).await;
        let page = admin.browser.get("/admin/refunds").await.with(200);
        let mut forms = page.forms().into_iter();
        let form = forms
            .find(|form| form.action.contains("/requests/"))
            .unwrap();
        assert_eq!(form.value("amount_minor"), Some("20.00"));
    });
}
