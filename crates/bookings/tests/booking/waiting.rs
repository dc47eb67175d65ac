//! Tests of the waiting lists of classes: who is asked, for how long, and what ends a list.

use bookings::booking::State;
use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::sql;
use serde_json::{Value, json};
use testkit::Page;

use crate::classes::{book_seats, change, class, hold_seats, shown};
use crate::credits::{credits, order, plan};
use crate::hours::{BOOKINGS, book, booked, code, listed};
use crate::stage::{
    Booking, Person, Stage, call_as_script, count, erase, errors, exported, go_to, ledger, on_both,
    on_default, prove, run, state, wrong,
};

fn priced(seats: i64) -> Value {
    json!({"seats": seats, "party_limit": 2,
        "lengths": [{"minutes": 60, "price_minor": 2_000}]})
}

fn list_of(slot: &Value) -> String {
    format!("/api/v1/slots/{}/waiting", slot["id"].as_str().unwrap())
}

async fn join(stage: &Stage<'_>, person: &mut Person, slot: &Value, seats: i64) -> Page {
    stage.world.clock.advance(SignedDuration::from_secs(1));
    let body = json!({"seats": seats});
    person.call("POST", &list_of(slot), &body).await
}

/// Joins the list, as somebody for whom seats are booked without asking.
async fn join_at_once(stage: &Stage<'_>, person: &mut Person, slot: &Value) {
    stage.world.clock.advance(SignedDuration::from_secs(1));
    let body = json!({"books_at_once": true});
    person.call("POST", &list_of(slot), &body).await.expect(200);
}

/// The only list in which the person waits or is asked.
async fn waits(person: &mut Person) -> Value {
    let all = person.call("GET", "/api/v1/waiting", &Value::Null).await;
    let all = all.with(200).json()["items"].clone();
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
    all[0].clone()
}

async fn waits_nowhere(person: &mut Person) -> bool {
    let all = person.call("GET", "/api/v1/waiting", &Value::Null).await;
    all.with(200).json()["items"].as_array().unwrap().is_empty()
}

async fn leave(person: &mut Person) {
    let id = waits(person).await["id"].clone();
    let path = format!("/api/v1/waiting/{}/leave", id.as_str().unwrap());
    for _ in 0..2 {
        person.call("POST", &path, &json!({})).await.expect(200);
    }
}

async fn cancel(stage: &Stage<'_>, person: &mut Person, booking: &Value) {
    let path = format!("{BOOKINGS}/{}/cancel", booking["id"].as_str().unwrap());
    person.call("POST", &path, &json!({})).await.expect(200);
    stage.work().await;
}

/// How many mails with this message as the subject a person got.
async fn mails(stage: &Stage<'_>, person: &Person, subject: &str) -> usize {
    let (subject, to) = (stage.start(subject), person.who.account().email.clone());
    let mails = stage.world.mails().await;
    mails
        .iter()
        .filter(|mail| mail.recipient == to && mail.subject.starts_with(&subject))
        .count()
}

/// A date of Farah's class of two seats, which Aina and Mei have booked, with these bookings.
struct Full {
    farah: Person,
    offer: String,
    aina: Person,
    mei: Person,
    slot: Value,
    bookings: [Value; 2],
}

async fn full(stage: &Stage<'_>, more: &Value) -> Full {
    let mut wanted = json!({"seats": 2, "party_limit": 2});
    for (name, value) in more.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    let (farah, _, offer) = class(stage, &wanted).await;
    let mut aina = stage.person("Aina Yusof").await;
    let mut mei = stage.person("Mei Lin").await;
    let slot = listed(&mut aina).await[4].clone();
    let bookings = [
        booked(&mut aina, &slot).await,
        booked(&mut mei, &slot).await,
    ];
    Full {
        farah,
        offer,
        aina,
        mei,
        slot,
        bookings,
    }
}

#[test]
fn seats_are_kept_for_the_first_whole_party_that_fits() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &json!({"seats": 3, "party_limit": 2})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let mut siti = stage.person("Siti Noor").await;
        let slot = listed(&mut aina).await[4].clone();
        let both = book_seats(&mut aina, &slot, 2).await.with(201).json();
        assert_eq!(
            code(join(stage, &mut daniel, &slot, 1).await.expect(409)),
            "not_full"
        );
        let single = booked(&mut mei, &slot).await;

        let first = join(stage, &mut daniel, &slot, 2).await.with(200).json();
        let again = join(stage, &mut daniel, &slot, 2).await.with(200).json();
        assert_eq!(again["id"], first["id"]);
        let other = join(stage, &mut daniel, &slot, 1).await;
        assert_eq!(code(other.expect(409)), "waiting_already");
        let busy = join(stage, &mut aina, &slot, 1).await;
        assert_eq!(code(busy.expect(409)), "member_busy");
        let large = join(stage, &mut siti, &slot, 3).await;
        assert_eq!(
            errors(large.expect(422)),
            [("/seats".to_owned(), "out_of_range".to_owned())]
        );
        join(stage, &mut siti, &slot, 1).await.expect(200);
        assert_eq!(waits(&mut siti).await["ahead"], 1);

        // Daniel needs two, so Siti is asked, and nobody else gets the seat.
        cancel(stage, &mut mei, &single).await;
        let asked = waits(&mut siti).await;
        assert_eq!(asked["state"], "asked");
        let until = asked["asked_until"].as_str().unwrap();
        assert!(until.starts_with("2026-11-20T20:00:0"), "{until}");
        assert_eq!(mails(stage, &siti, "waiting-notice-asked").await, 1);
        assert_eq!(waits(&mut daniel).await["state"], "waiting");
        let refused = book_seats(&mut mei, &slot, 1).await;
        assert_eq!(refused.expect(409).json()["seats_left"], 0);

        // Siti is silent. The seat fits nobody who waits, so it is everybody's.
        stage.world.clock.advance(SignedDuration::from_hours(12));
        stage.work().await;
        assert!(waits_nowhere(&mut siti).await);
        assert_eq!(mails(stage, &siti, "waiting-notice-lapsed").await, 1);
        siti.sees("/me/notices", &stage.start("waiting-notice-lapsed"))
            .await;
        assert_eq!(shown(&mut mei, &slot).await["seats_left"], 1);
        let passed = sql!("SELECT COUNT(*) FROM waiting WHERE state = 'passed'");
        assert_eq!(count(stage, passed).await, 1);

        cancel(stage, &mut aina, &both).await;
        assert_eq!(waits(&mut daniel).await["state"], "asked");
        assert_eq!(shown(&mut mei, &slot).await["seats_left"], 1);
        // The nightly check sees an offer that no booking keeps.
        run(
            stage,
            sql!("UPDATE waiting SET booking_id = NULL WHERE state = 'asked'"),
        )
        .await;
        assert_eq!(wrong(stage).await.len(), 1);
        run(
            stage,
            sql!(
                "UPDATE waiting SET booking_id = (SELECT id FROM booking
                     WHERE state = 'pending_payment') WHERE state = 'asked'"
            ),
        )
        .await;
        let taken = book(&mut daniel, &slot).await.with(200).json();
        assert_eq!(
            (&taken["state"], &taken["seats"]),
            (&json!("confirmed"), &json!(2))
        );
        assert!(waits_nowhere(&mut daniel).await);
    });
}

#[test]
fn the_pages_join_offer_and_leave() {
    on_default(&async |stage: &Stage<'_>| {
        let Full {
            mut farah,
            mut aina,
            slot,
            bookings,
            ..
        } = full(stage, &json!({})).await;
        let mut daniel = stage.person("Daniel Tan").await;
        let mut siti = stage.person("Siti Noor").await;
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let action = format!("{path}/waiting");
        for (person, seats) in [(&mut daniel, "1"), (&mut siti, "2")] {
            let page = person.browser.get(&path).await;
            let mut form = page.expect(200).form(&action);
            form.fill("waiting_seats", seats);
            let led = person.browser.submit(&page, &form).await;
            assert_eq!(
                led.expect(303).location(),
                Some("/me/bookings?done=waiting")
            );
        }
        siti.sees("/me/bookings", "One other waits").await;
        let own = format!("/me/slots/{}", slot["id"].as_str().unwrap());
        farah.sees(&own, "Daniel Tan").await;
        // A visitor is led to signing in.
        let mut visitor = stage.visitor();
        let page = visitor.get(&path).await;
        let forms = page.expect(200).forms();
        assert!(forms.iter().any(|form| form.action.ends_with("/sign-in")));

        cancel(stage, &mut aina, &bookings[0]).await;
        prove(stage, &mut farah).await;
        farah.sees(&own, "kept until").await;
        farah.sees(&own, &stage.say("waiting-is-kept")).await;
        let page = daniel.browser.get(&path).await;
        assert!(page.text().contains("1 place is kept for you until"));
        let form = page.form(&path);
        let led = daniel.browser.submit(&page, &form).await;
        assert!(
            led.expect(303)
                .location()
                .unwrap()
                .ends_with("?done=booked")
        );

        let page = siti.browser.get(&path).await;
        let mut forms = page.expect(200).forms().into_iter();
        let leave = forms.find(|form| form.action.ends_with("/leave")).unwrap();
        siti.browser.submit(&page, &leave).await.expect(303);
        assert!(waits_nowhere(&mut siti).await);
    });
}

#[test]
fn who_wishes_so_is_booked_at_once_and_asked_without_a_credit() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 1).await;
        class(stage, &json!({"seats": 2, "credit_kind": "session"})).await;
        let mut people = Vec::new();
        for name in ["Aina Yusof", "Mei Lin", "Lim Wei"] {
            let mut person = stage.person(name).await;
            let pay = order(&mut person, &plan).await;
            person.pay(&pay, "pay").await.expect(200);
            people.push(person);
        }
        let mut lim = people.pop().unwrap();
        let mut daniel = stage.person("Daniel Tan").await;
        let slot = listed(&mut lim).await[4].clone();
        let mut bookings = Vec::new();
        for person in &mut people {
            bookings.push(booked(person, &slot).await);
        }
        join_at_once(stage, &mut lim, &slot).await;
        join_at_once(stage, &mut daniel, &slot).await;

        cancel(stage, &mut people[0], &bookings[0]).await;
        assert_eq!(lim.coming().await["state"], "confirmed");
        assert_eq!(credits(&mut lim).await, 0);
        assert!(waits_nowhere(&mut lim).await);
        assert_eq!(mails(stage, &lim, "booking-mail-confirmed").await, 1);
        assert_eq!(mails(stage, &lim, "waiting-notice-asked").await, 0);

        // Daniel has no credit. With one, he takes the seat.
        cancel(stage, &mut people[1], &bookings[1]).await;
        assert_eq!(waits(&mut daniel).await["state"], "asked");
        assert_eq!(mails(stage, &daniel, "waiting-notice-asked").await, 1);
        let refused = book_seats(&mut daniel, &slot, 1).await;
        assert_eq!(code(refused.expect(422)), "quota_exhausted");
        let pay = order(&mut daniel, &plan).await;
        daniel.pay(&pay, "pay").await.expect(200);
        book_seats(&mut daniel, &slot, 1).await.expect(200);
        assert_eq!(credits(&mut daniel).await, 0);
        assert_eq!(daniel.coming().await["state"], "confirmed");
    });
}

#[test]
fn who_is_busy_or_waits_for_a_class_that_begins_soon_is_asked_first() {
    on_default(&async |stage: &Stage<'_>| {
        let Full {
            mut farah,
            mut aina,
            mut mei,
            slot,
            bookings,
            ..
        } = full(stage, &json!({"min_notice": 0})).await;
        let mut hana = stage
            .person_as("Hana Lee", bookings::provider::PROVIDER)
            .await;
        let single = hana.offer("2026-12-01", "10:00", 0).await;
        let mut daniel = stage.person("Daniel Tan").await;
        let mut siti = stage.person("Siti Noor").await;
        booked(&mut daniel, &single).await;
        join_at_once(stage, &mut daniel, &slot).await;
        join_at_once(stage, &mut siti, &slot).await;
        cancel(stage, &mut aina, &bookings[0]).await;
        assert_eq!(waits(&mut daniel).await["state"], "asked");
        leave(&mut daniel).await;
        stage.work().await;
        assert!(waits_nowhere(&mut siti).await, "booked at once");
        // Who gives the places back knows it.
        assert_eq!(mails(stage, &daniel, "waiting-notice-lapsed").await, 0);

        join_at_once(stage, &mut aina, &slot).await;
        go_to(stage, "2026-11-30T20:00:00Z").await;
        cancel(stage, &mut mei, &bookings[1]).await;
        let asked = waits(&mut aina).await;
        // A quarter of the six hours that are left.
        assert_eq!(asked["asked_until"], "2026-11-30T21:30:00Z");
        let own = format!("/me/slots/{}", slot["id"].as_str().unwrap());
        prove(stage, &mut farah).await;
        farah.sees(&own, "kept until").await;
    });
}

#[test]
fn an_offer_of_seats_is_paid_like_any_booking_and_is_no_hold() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &priced(2)).await;
        run(stage, sql!("UPDATE booking_setting SET hold_limit = 1")).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let all = listed(&mut aina).await;
        let (pay, booking) = hold_seats(&mut aina, &all[4], "2").await;
        aina.pay(&pay, "pay").await.expect(200);
        join(stage, &mut daniel, &all[4], 2).await.expect(200);
        aina.cancel(&booking).await.expect(303);
        stage.work().await;
        assert_eq!(waits(&mut daniel).await["state"], "asked");

        // Neither counts the offer as a hold, nor a hold against the offer.
        hold_seats(&mut daniel, &all[7], "1").await;
        let (pay, booking) = hold_seats(&mut daniel, &all[4], "2").await;
        daniel.sees("/me/bookings", "pay until").await;
        daniel.pay(&pay, "pay").await.expect(200);
        let id = booking.rsplit('/').next().unwrap();
        assert_eq!(state(stage, id).await, State::Confirmed);
        assert!(waits_nowhere(&mut daniel).await);
        assert_eq!(ledger(stage).await, 4_000);
    });
}

#[test]
fn shortly_before_the_class_all_who_wait_are_told_and_the_first_to_book_gets_the_seat() {
    on_both(&async |stage: &Stage<'_>| {
        let Full {
            mut aina,
            slot,
            bookings,
            ..
        } = full(stage, &json!({"min_notice": 0})).await;
        let mut daniel = stage.person("Daniel Tan").await;
        let mut siti = stage.person("Siti Noor").await;
        join(stage, &mut daniel, &slot, 2).await.expect(200);
        join(stage, &mut siti, &slot, 1).await.expect(200);
        go_to(stage, "2026-12-01T00:30:00Z").await;
        cancel(stage, &mut aina, &bookings[0]).await;
        for person in [&daniel, &siti] {
            assert_eq!(mails(stage, person, "waiting-notice-open").await, 1);
            assert_eq!(mails(stage, person, "waiting-notice-asked").await, 0);
        }
        assert_eq!(shown(&mut siti, &slot).await["seats_left"], 1);
        booked(&mut siti, &slot).await;
        assert!(waits_nowhere(&mut siti).await);
        assert_eq!(waits(&mut daniel).await["state"], "waiting");
        // Once the class has begun, nobody waits.
        go_to(stage, "2026-12-02T20:00:00Z").await;
        let active = sql!("SELECT COUNT(*) FROM waiting WHERE state IN ('waiting', 'asked')");
        assert_eq!(count(stage, active).await, 0);
    });
}

#[test]
fn a_cancelled_date_closes_its_list_and_tells_everybody() {
    on_both(&async |stage: &Stage<'_>| {
        let Full {
            mut farah,
            mut aina,
            slot,
            bookings,
            ..
        } = full(stage, &json!({})).await;
        let mut daniel = stage.person("Daniel Tan").await;
        let mut siti = stage.person("Siti Noor").await;
        join(stage, &mut daniel, &slot, 1).await.expect(200);
        join(stage, &mut siti, &slot, 1).await.expect(200);
        cancel(stage, &mut aina, &bookings[0]).await;
        prove(stage, &mut farah).await;
        let path = format!(
            "/api/v1/me/slots/{}/cancel-class",
            slot["id"].as_str().unwrap()
        );
        let why = json!({"reason": "Fever"});
        let done = call_as_script(stage, &farah, "POST", &path, &why).await;
        done.expect(200);
        let own = format!("/me/slots/{}", slot["id"].as_str().unwrap());
        let page = farah.browser.get(&own).await.with(200);
        let said = |message: &str| page.text().contains(&stage.say(message));
        assert!(said("booking-cancelled") && !said("slot-unavailable"));
        stage.work().await;
        for person in [&mut daniel, &mut siti] {
            assert_eq!(mails(stage, person, "waiting-notice-closed").await, 1);
            assert!(waits_nowhere(person).await);
        }
        let active =
            sql!("SELECT COUNT(*) FROM booking WHERE state IN ('pending_payment', 'confirmed')");
        assert_eq!(count(stage, active).await, 0);
    });
}

#[test]
fn who_leaves_the_list_or_the_site_lets_the_next_in() {
    on_both(&async |stage: &Stage<'_>| {
        let Full {
            mut aina,
            slot,
            bookings,
            ..
        } = full(stage, &json!({})).await;
        let mut daniel = stage.person("Daniel Tan").await;
        let mut siti = stage.person("Siti Noor").await;
        let mut lim = stage.person("Lim Wei").await;
        for person in [&mut daniel, &mut siti, &mut lim] {
            join(stage, person, &slot, 1).await.expect(200);
        }
        let path = format!(
            "/api/v1/waiting/{}/leave",
            waits(&mut daniel).await["id"].as_str().unwrap()
        );
        siti.call("POST", &path, &json!({})).await.expect(404);
        cancel(stage, &mut aina, &bookings[0]).await;
        leave(&mut daniel).await;
        assert_eq!(waits(&mut siti).await["state"], "asked");
        assert_eq!(exported(stage, &siti).await["waiting"][0]["state"], "asked");
        erase(stage, &siti).await;
        stage.work().await;
        assert_eq!(waits(&mut lim).await["state"], "asked");
        erase(stage, &lim).await;
        let named = sql!("SELECT COUNT(*) FROM waiting WHERE member_id IS NOT NULL");
        // Only Daniel is still here.
        assert_eq!(count(stage, named).await, 1);
        assert_eq!(shown(&mut aina, &slot).await["seats_left"], 1);
    });
}

#[test]
fn more_seats_and_a_date_or_a_provider_that_is_back_are_for_those_who_wait() {
    on_both(&async |stage: &Stage<'_>| {
        let Full {
            mut farah,
            offer,
            mut aina,
            mut mei,
            slot,
            bookings,
        } = full(stage, &json!({})).await;
        let mut daniel = stage.person("Daniel Tan").await;
        join(stage, &mut daniel, &slot, 1).await.expect(200);
        change(&mut farah, &offer, &json!({"seats": 3})).await;
        stage.work().await;
        assert_eq!(waits(&mut daniel).await["state"], "asked");

        // A seat of a hidden date is kept for nobody until the date is shown again.
        let mut siti = stage.person("Siti Noor").await;
        join(stage, &mut siti, &slot, 1).await.expect(200);
        let path = format!(
            "/api/v1/me/slots/{}/visibility",
            slot["id"].as_str().unwrap()
        );
        let hide = json!({"visible": false});
        farah.call("POST", &path, &hide).await.expect(200);
        cancel(stage, &mut aina, &bookings[0]).await;
        assert_eq!(waits(&mut siti).await["state"], "waiting");
        let show = json!({"visible": true});
        farah.call("POST", &path, &show).await.expect(200);
        stage.work().await;
        assert_eq!(waits(&mut siti).await["state"], "asked");

        let mut lim = stage.person("Lim Wei").await;
        join(stage, &mut lim, &slot, 1).await.expect(200);
        farah.profile("is_paused", "").await;
        cancel(stage, &mut mei, &bookings[1]).await;
        assert_eq!(waits(&mut lim).await["state"], "waiting");
        let page = farah.browser.get("/me/slots/profile").await;
        let mut form = page.expect(200).form("/me/slots/profile");
        form.untick("is_paused", "1");
        farah.browser.submit(&page, &form).await.expect(303);
        stage.work().await;
        assert_eq!(waits(&mut lim).await["state"], "asked");
    });
}
