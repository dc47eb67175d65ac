//! Tests of seats that a member adds to a class that they have booked.

use bookings::booking::State;
use identity::grant::OWNER;
use platform::sql;
use serde_json::{Value, json};
use testkit::{Page, together};

use crate::classes::{class, hold_seats, shown};
use crate::credits::{credits, order, plan};
use crate::hours::{BOOKINGS, booked, code, listed};
use crate::races::{self, send, there};
use crate::races_of_classes::{self, date, people};
use crate::stage::{
    Booking, Person, Stage, call_as_script, count, each_round, errors, ledger, on_both, on_default,
    state,
};

fn path(booking: &Value) -> String {
    format!("{BOOKINGS}/{}/seats", booking["id"].as_str().unwrap())
}

fn more(slot: &Value, seats: i64) -> Value {
    json!({"slot_version": slot["version"], "seats": seats})
}

async fn add(person: &mut Person, booking: &Value, slot: &Value, seats: i64) -> Page {
    person
        .call("POST", &path(booking), &more(slot, seats))
        .await
}

/// How many mails with this message as the subject there are.
async fn mails(stage: &Stage<'_>, subject: &str) -> usize {
    let (subject, mails) = (stage.start(subject), stage.world.mails().await);
    let is_it = |mail: &&testkit::SentMail| mail.subject.starts_with(&subject);
    mails.iter().filter(is_it).count()
}

#[test]
fn a_booking_takes_more_seats_until_the_class_is_full() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, _, _) = class(stage, &json!({"seats": 4, "party_limit": 3})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let slot = listed(&mut aina).await[4].clone();
        let booking = booked(&mut aina, &slot).await;
        let refused = add(&mut farah, &booking, &slot, 1).await;
        refused.expect(403);
        let unseen = aina
            .call("POST", &path(&booking), &json!({"seats": 1}))
            .await;
        unseen.expect(428);
        let mut named = more(&slot, 1);
        named["names"] = json!(["Wei"]);
        let added = aina.call("POST", &path(&booking), &named).await;
        let added = added.with(200).json();
        assert_eq!(
            (&added["id"], &added["seats"], &added["party"][1]["name"]),
            (&booking["id"], &json!(2), &json!("Wei"))
        );
        assert_eq!(shown(&mut mei, &slot).await["seats_left"], 2);
        // The member and the provider are told.
        assert_eq!(mails(stage, "booking-mail-seats-added").await, 2);
        let refused = add(&mut aina, &booking, &slot, 2).await;
        let expected = ("/seats".to_owned(), "out_of_range".to_owned());
        assert_eq!(errors(refused.expect(422)), [expected]);

        // A seat that is given back keeps its number.
        let given = format!("{}/cancel", path(&booking));
        let back = json!({"positions": [2]});
        aina.call("POST", &given, &back).await.expect(200);
        let added = add(&mut aina, &booking, &slot, 1).await.with(200).json();
        assert_eq!(
            (&added["seats"], &added["party"][2]["position"]),
            (&json!(2), &json!(3))
        );

        let mut daniel = stage.person("Daniel Tan").await;
        for person in [&mut mei, &mut daniel] {
            booked(person, &slot).await;
        }
        let refused = add(&mut aina, &booking, &slot, 1).await;
        let refused = refused.expect(409).json();
        assert_eq!(
            (&refused["code"], &refused["seats_left"], &refused["detail"]),
            (
                &json!("seats_left"),
                &json!(0),
                &json!("No place is left. Nothing was charged.")
            )
        );
        let page = format!("/me/bookings/{}", booking["id"].as_str().unwrap());
        let page = aina.browser.get(&page).await;
        assert!(
            page.expect(200)
                .forms()
                .iter()
                .all(|form| !form.action.ends_with("/seats/add"))
        );
        aina.call(
            "POST",
            &format!("{BOOKINGS}/{}/cancel", booking["id"].as_str().unwrap()),
            &json!({}),
        )
        .await
        .expect(200);
        let refused = add(&mut aina, &booking, &slot, 1).await;
        assert_eq!(code(refused.expect(409)), "seats_closed");
    });
}

#[test]
fn each_further_seat_costs_a_credit_and_gives_it_back() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let credit = json!({"seats": 5, "party_limit": 3, "credit_kind": "session"});
        class(stage, &credit).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let slot = listed(&mut aina).await[4].clone();
        let booking = booked(&mut aina, &slot).await;
        add(&mut aina, &booking, &slot, 1).await.expect(200);
        assert_eq!(credits(&mut aina).await, 0);
        let refused = add(&mut aina, &booking, &slot, 1).await;
        assert_eq!(code(refused.expect(422)), "quota_exhausted");
        let cancel = format!("{BOOKINGS}/{}/cancel", booking["id"].as_str().unwrap());
        aina.call("POST", &cancel, &json!({})).await.expect(200);
        assert_eq!(credits(&mut aina).await, 2);
    });
}

#[test]
fn further_seats_that_cost_money_are_paid_and_paid_back_by_themselves() {
    on_both(&async |stage: &Stage<'_>| {
        let priced = json!({"seats": 5, "party_limit": 3,
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        class(stage, &priced).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[4].clone();
        let (pay, first) = hold_seats(&mut aina, &slot, "1").await;
        aina.pay(&pay, "pay").await.expect(200);
        let booking = json!({"id": first.rsplit('/').next().unwrap()});
        // Money moves in a browser only.
        let refused = add(&mut aina, &booking, &slot, 2).await;
        assert_eq!(code(refused.expect(403)), "token_not_permitted");
        let page = aina.browser.get(&first).await;
        let mut form = page.expect(200).form(&format!("{first}/seats/add"));
        assert!(page.text().contains("Up to 2. Each: RM"), "{}", page.text());
        form.fill("seats", "2").fill("more_names", "Wei\r\nJia Hui");
        let held = aina.browser.submit(&page, &form).await;
        let pay = held.expect(303).location().unwrap().to_owned();
        assert!(pay.starts_with("/pay/"), "{pay}");
        assert_eq!(shown(&mut aina, &slot).await["seats_left"], 2);
        // Whoever presses again is led to the same payment.
        let again = call_as_script(stage, &aina, "POST", &path(&booking), &more(&slot, 1)).await;
        let again = again.with(200).json();
        assert_eq!(
            (
                &again["seats"],
                &again["is_further"],
                &again["order"]["amount_minor"]
            ),
            (&json!(2), &json!(true), &json!(4_000))
        );
        aina.pay(&pay, "pay").await.expect(200);
        let further = again["id"].as_str().unwrap();
        assert_eq!(state(stage, further).await, State::Confirmed);
        assert_eq!(ledger(stage).await, 6_000);
        let full = call_as_script(stage, &aina, "POST", &path(&booking), &more(&slot, 1)).await;
        assert_eq!(code(full.expect(409)), "seats_closed");
        aina.cancel(&format!("/me/bookings/{further}"))
            .await
            .expect(303);
        stage.work().await;
        assert_eq!(ledger(stage).await, 2_000);
        assert_eq!(shown(&mut aina, &slot).await["seats_left"], 4);
        assert_eq!(
            state(stage, booking["id"].as_str().unwrap()).await,
            State::Confirmed
        );
    });
}

#[test]
fn who_waits_comes_before_further_seats() {
    on_default(&async |stage: &Stage<'_>| {
        class(stage, &json!({"seats": 2, "party_limit": 2})).await;
        let (mut aina, mut mei, mut daniel) = people(stage).await;
        let slot = listed(&mut aina).await[4].clone();
        let booking = booked(&mut aina, &slot).await;
        let other = booked(&mut mei, &slot).await;
        let list = format!("/api/v1/slots/{}/waiting", slot["id"].as_str().unwrap());
        daniel.call("POST", &list, &json!({})).await.expect(200);
        let cancel = format!("{BOOKINGS}/{}/cancel", other["id"].as_str().unwrap());
        mei.call("POST", &cancel, &json!({})).await.expect(200);
        let refused = add(&mut aina, &booking, &slot, 1).await;
        assert_eq!(refused.expect(409).json()["seats_left"], 0);
        let asked = sql!("SELECT COUNT(*) FROM waiting WHERE state = 'asked'");
        assert_eq!(count(stage, asked).await, 1);
        stage.work().await;
    });
}

#[test]
fn the_last_seat_is_added_or_booked_once() {
    on_both(&async |stage: &Stage<'_>| {
        races_of_classes::class(stage, &json!({"seats": 2, "party_limit": 2})).await;
        let (mut aina, mei, _) = people(stage).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = date(&mut aina, round).await;
            let booking = races::booked(&mut aina, &slot).await;
            let seats = format!("{booking}/seats");
            let add = |program: &_| send(program, "POST", &seats, more(&slot, 1));
            let beside = there(&aina.program, &other);
            let (added, new) = together(
                together(add(&aina.program), add(&beside)),
                send(&mei.program, "POST", races::BOOKINGS, races::wish(&slot, 0)),
            )
            .await;
            let statuses = [&added.0, &added.1, &new].map(|page| page.status.as_u16());
            let done = statuses.iter().filter(|status| **status < 300).count();
            assert_eq!(done, 1, "round {round}: {statuses:?}");
            assert!(
                statuses
                    .iter()
                    .all(|status| matches!(status, 200 | 201 | 409))
            );
        })
        .await;
    });
}
