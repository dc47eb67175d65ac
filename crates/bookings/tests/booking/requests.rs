//! Tests of requests: asking for one of several slots, confirming, declining, withdrawing, lapsing.

use bookings::booking::State;
use bookings::provider::PROVIDER;
use identity::grant::OWNER;
use platform::sql;
use serde_json::{Value, json};
use testkit::{Page, rounds, together};

use crate::credits;
use crate::stage::{
    Booking, Person, Stage, again, erase, exported, go_to, on_both, on_default, provider, run,
    script, state, wrong,
};

const PATH: &str = "/api/v1/requests";

async fn ask(person: &mut Person, slots: &[&Value]) -> Page {
    let ids: Vec<&Value> = slots.iter().map(|slot| &slot["id"]).collect();
    let body = json!({"slot_ids": ids, "note": "Either suits me"});
    person.call("POST", PATH, &body).await
}

/// Makes a request. Returns its id.
async fn asked(person: &mut Person, slots: &[&Value]) -> String {
    let made = ask(person, slots).await;
    made.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn decide(person: &mut Person, id: &str, step: &str, slot: Option<&Value>) -> Page {
    let body = slot.map_or(Value::Null, |slot| json!({"slot_id": slot["id"]}));
    person
        .call("POST", &format!("{PATH}/{id}/{step}"), &body)
        .await
}

/// The member's own requests.
pub(crate) async fn own(person: &mut Person) -> Vec<Value> {
    let page = person.call("GET", PATH, &Value::Null).await;
    page.expect(200).json()["items"].as_array().unwrap().clone()
}

async fn find(person: &mut Person, id: &str) -> Value {
    let all = own(person).await;
    all.into_iter().find(|one| one["id"] == id).unwrap()
}

/// How many mails with this notification's text as the subject an address got.
async fn mails(stage: &Stage<'_>, address: &str, subject: &str) -> usize {
    let subject = stage.start(subject);
    let mails = stage.world.mails().await;
    let found = mails
        .iter()
        .filter(|mail| mail.recipient == address && mail.subject.starts_with(&subject));
    found.count()
}

const AINA: &str = "Aina.Yusof@example.my";

#[test]
fn a_member_who_books_one_of_the_times_meanwhile_is_not_booked_twice() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let one = farah.offer("2026-12-01", "09:00", 0).await;
        let two = farah.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let id = asked(&mut aina, &[&one, &two]).await;
        aina.book(&one).await.expect(303);
        let late = decide(&mut farah, &id, "confirm", Some(&two)).await;
        assert_eq!(late.expect(409).json()["code"], "request_settled");
        assert_eq!(aina.coming().await["slot_id"], one["id"]);
    });
}

#[test]
fn a_member_asks_for_one_of_two_times_and_the_provider_confirms_one() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let one = farah.offer("2026-12-01", "09:00", 0).await;
        let two = farah.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let text = aina.browser.get("/me/requests").await.text();
        assert!(text.contains(&stage.say("request-none")), "{text}");
        let slot = aina
            .browser
            .get(&format!("/book/{}", one["id"].as_str().unwrap()))
            .await;
        let link = slot.link(&stage.say("request-ask")).href;
        let page = aina.browser.get(&link).await;
        let mut form = page.expect(200).form("/me/requests/new");
        assert_eq!(form.value("slot_1"), one["id"].as_str());
        form.fill("slot_2", one["id"].as_str().unwrap());
        let twice = aina.browser.submit(&page, &form).await;
        let said = stage.say("problem-preferred-invalid");
        assert!(twice.expect(422).text().contains(&said));
        form.fill("slot_2", two["id"].as_str().unwrap())
            .fill("note", "Either suits me");
        let made = aina.browser.submit(&page, &form).await;
        let made = aina.browser.follow(made).await;
        assert!(
            made.expect(200)
                .text()
                .contains(&stage.say("request-was-made"))
        );
        // A form that is sent twice asks once, and nothing is reserved.
        aina.browser.submit(&page, &form).await.expect(303);
        assert_eq!(own(&mut aina).await.len(), 1);
        let told = mails(stage, "Farah.Ali@example.my", "request-notice-made").await;
        assert_eq!(told, 1);
        let free = stage.visitor().get("/api/v1/slots").await.json();
        assert_eq!(free["items"].as_array().unwrap().len(), 2);
        let page = farah.browser.get("/me/slots/requests").await;
        let text = page.expect(200).text();
        assert!(
            text.contains("Aina Yusof") && text.contains("Either suits me"),
            "{text}"
        );
        let id = own(&mut aina).await[0]["id"].as_str().unwrap().to_owned();
        let mut form = page.form(&format!("/me/requests/{id}/confirm"));
        form.press("slot", two["id"].as_str().unwrap());
        let done = farah.browser.submit(&page, &form).await;
        assert_eq!(
            done.expect(303).location(),
            Some("/me/slots/requests?done=confirm")
        );
        let booking = aina.coming().await;
        assert_eq!(
            (&booking["slot_id"], &booking["state"]),
            (&two["id"], &json!("confirmed"))
        );
        assert_eq!(booking["note"], "Either suits me");
        assert_eq!(mails(stage, AINA, "booking-mail-confirmed").await, 1);
        let seen = own(&mut aina).await;
        assert_eq!(
            (&seen[0]["state"], &seen[0]["booking_id"]),
            (&json!("confirmed"), &booking["id"])
        );
        let confirmed = |seen: &Value| -> Vec<Value> {
            let slots = seen["slots"].as_array().unwrap().iter();
            slots.map(|slot| slot["is_confirmed"].clone()).collect()
        };
        assert_eq!(confirmed(&seen[0]), [json!(false), json!(true)]);
        let text = aina.browser.get("/me/requests").await.text();
        assert!(text.contains(&stage.say("request-confirmed")), "{text}");
        let this = stage.say("request-this-time");
        assert_eq!(text.matches(&this).count(), 1, "{text}");
        for (slot, code) in [(&one, "request_settled"), (&two, "request_settled")] {
            let again = decide(&mut farah, &id, "confirm", Some(slot)).await;
            assert_eq!(again.expect(409).json()["code"], code);
        }
        for step in ["decline", "withdraw"] {
            let person = if step == "decline" {
                &mut farah
            } else {
                &mut aina
            };
            let late = decide(person, &id, step, None).await;
            assert_eq!(late.expect(409).json()["code"], "request_settled");
        }
    });
}

#[test]
fn who_may_not_ask_or_decide_is_told_why() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let mut slots = Vec::new();
        for day in 1..6 {
            slots.push(farah.offer(&format!("2026-12-0{day}"), "09:00", 0).await);
        }
        let credit = credits::offer(&mut farah, "2026-12-10").await;
        let mut aina = stage.person("Aina Yusof").await;
        for wanted in [
            vec![],
            vec![&slots[0], &slots[0]],
            slots.iter().take(3).collect(),
        ] {
            let page = ask(&mut aina, &wanted).await;
            let found = crate::stage::errors(page.expect(422));
            assert_eq!(
                found,
                [("/slot_ids".to_owned(), "preferred_invalid".to_owned())]
            );
        }
        let page = ask(&mut farah, &[&slots[0]]).await;
        assert_eq!(page.expect(403).json()["code"], "own_slot");
        let page = ask(&mut aina, &[&credit]).await;
        assert_eq!(page.expect(422).json()["code"], "quota_exhausted");
        let known = slots[0]["id"].as_str().unwrap();
        let other = if known.ends_with('0') { "1" } else { "0" };
        let unknown = format!("{}{other}", &known[..known.len() - 1]);
        ask(&mut aina, &[&json!({"id": unknown})]).await.expect(404);
        let id = asked(&mut aina, &[&slots[0], &slots[1]]).await;
        let third = asked(&mut aina, &[&slots[2]]).await;
        asked(&mut aina, &[&slots[3]]).await;
        let page = ask(&mut aina, &[&slots[4]]).await;
        assert_eq!(page.expect(429).json()["code"], "too_many_requests_open");
        // Who is no party sees nothing; a member decides nothing, and nobody withdraws for them.
        let mut daniel = stage.person_as("Daniel Tan", PROVIDER).await;
        for step in ["confirm", "decline", "withdraw"] {
            decide(&mut daniel, &id, step, Some(&slots[0]))
                .await
                .expect(404);
            decide(&mut owner, &id, step, Some(&slots[0]))
                .await
                .expect(404);
        }
        decide(&mut aina, &id, "confirm", Some(&slots[0]))
            .await
            .expect(403);
        decide(&mut aina, &id, "decline", None).await.expect(403);
        decide(&mut farah, &id, "withdraw", None).await.expect(403);
        let page = decide(&mut farah, &id, "confirm", Some(&slots[4])).await;
        assert_eq!(page.expect(422).json()["code"], "preferred_invalid");
        // A slot that is hidden or booked meanwhile cannot be confirmed.
        let hide = json!({"visible": false});
        let at = format!(
            "/api/v1/me/slots/{}/visibility",
            slots[0]["id"].as_str().unwrap()
        );
        farah.call("POST", &at, &hide).await.expect(200);
        daniel.book(&slots[1]).await.expect(303);
        for slot in &slots[..2] {
            let page = decide(&mut farah, &id, "confirm", Some(slot)).await;
            assert_eq!(page.expect(409).json()["code"], "slot_taken");
        }
        // An administrator sees and decides all of them in a browser. Others do not.
        let listed = daniel
            .call("GET", &format!("{PATH}?as=administrator"), &Value::Null)
            .await;
        listed.expect(403);
        daniel
            .browser
            .get("/admin/sessions/requests")
            .await
            .expect(403);
        let none = daniel
            .call("GET", &format!("{PATH}?as=provider"), &Value::Null)
            .await;
        assert_eq!(none.expect(200).json()["items"], json!([]));
        let all = owner.browser.get("/admin/sessions/requests").await;
        let form = all.expect(200).form(&format!("/me/requests/{id}/decline"));
        owner.browser.submit(&all, &form).await.expect(303);
        assert_eq!(mails(stage, AINA, "request-notice-declined").await, 1);
        let mut admin = script(stage, &owner);
        let seen = admin.get(&format!("{PATH}?as=administrator")).await;
        assert_eq!(
            seen.expect(200).json()["items"].as_array().unwrap().len(),
            2
        );
        // A withdrawal is told once more without a second effect.
        for _ in 0..2 {
            let done = decide(&mut aina, &third, "withdraw", None).await;
            assert_eq!(done.expect(200).json()["state"], "withdrawn");
        }
        let form = aina.browser.get("/me/requests").await;
        let left = form
            .forms()
            .into_iter()
            .filter(|one| one.action.ends_with("/withdraw"));
        assert_eq!(left.count(), 1);
    });
}

#[test]
fn of_two_providers_each_decides_about_their_own_time() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut daniel = stage.person_as("Daniel Tan", PROVIDER).await;
        let one = farah.offer("2026-12-01", "09:00", 0).await;
        let two = daniel.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let id = asked(&mut aina, &[&one, &two]).await;
        assert_eq!(
            mails(stage, "Daniel.Tan@example.my", "request-notice-made").await,
            1
        );
        let seen = daniel
            .call("GET", &format!("{PATH}?as=provider"), &Value::Null)
            .await
            .json();
        let slots = seen["items"][0]["slots"].as_array().unwrap().clone();
        assert_eq!((slots.len(), &slots[0]["slot_id"]), (1, &two["id"]));
        let page = decide(&mut farah, &id, "confirm", Some(&two)).await;
        assert_eq!(page.expect(422).json()["code"], "preferred_invalid");
        let done = decide(&mut farah, &id, "decline", None).await;
        assert_eq!(done.expect(200).json()["state"], "pending");
        let page = decide(&mut farah, &id, "confirm", Some(&one)).await;
        assert_eq!(page.expect(422).json()["code"], "preferred_invalid");
        assert_eq!(mails(stage, AINA, "request-notice-declined").await, 0);
        let done = decide(&mut daniel, &id, "decline", None).await;
        assert_eq!(done.expect(200).json()["state"], "declined");
        assert_eq!(mails(stage, AINA, "request-notice-declined").await, 1);
        daniel
            .sees("/me/slots/requests", &stage.say("request-none-asked"))
            .await;
    });
}

#[test]
fn a_request_lapses_in_time_or_without_slots() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let one = farah.offer("2026-12-01", "09:00", 0).await;
        let two = farah.offer("2026-12-02", "09:00", 0).await;
        let three = farah.offer("2026-12-03", "09:00", 0).await;
        let soon = farah.offer("2026-11-22", "09:00", 0).await;
        let until = ask(&mut aina, &[&soon]).await.expect(201).json();
        // A request lapses when its last slot begins, if that is before its 72 hours.
        assert_eq!(until["expires_at"], soon["starts_at"]);
        let pair = asked(&mut aina, &[&one, &two]).await;
        let id = asked(&mut aina, &[&three]).await;
        let mut remove = async |slot: &Value| {
            let at = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
            farah.call("DELETE", &at, &Value::Null).await.expect(204);
            stage.work().await;
        };
        remove(&one).await;
        assert_eq!(mails(stage, AINA, "request-notice-dropped").await, 1);
        assert_eq!(find(&mut aina, &pair).await["state"], "pending");
        remove(&two).await;
        assert_eq!(find(&mut aina, &pair).await["state"], "lapsed");
        assert_eq!(mails(stage, AINA, "request-notice-lapsed").await, 1);
        let due: jiff::Timestamp = find(&mut aina, &id).await["expires_at"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        go_to(stage, until["expires_at"].as_str().unwrap()).await;
        let first = find(&mut aina, until["id"].as_str().unwrap()).await;
        assert_eq!(first["state"], "lapsed");
        // At its end a request is not confirmed any more, whether or not the job has run.
        let now = stage.site.clock.now();
        stage.world.clock.advance(due.duration_since(now));
        let late = decide(&mut farah, &id, "confirm", Some(&three)).await;
        assert_eq!(late.expect(409).json()["code"], "request_settled");
        stage.work().await;
        assert_eq!(find(&mut aina, &id).await["state"], "lapsed");
        assert_eq!(mails(stage, AINA, "request-notice-lapsed").await, 3);
    });
}

#[test]
fn a_time_with_a_price_is_kept_for_the_member_for_a_day() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let one = farah.offer("2026-12-01", "09:00", 18_000).await;
        let two = farah.offer("2026-12-02", "09:00", 18_000).await;
        let near = farah.offer("2026-11-21", "10:00", 18_000).await;
        let id = asked(&mut aina, &[&one]).await;
        let page = decide(&mut farah, &id, "confirm", Some(&one)).await;
        assert_eq!(page.expect(403).json()["code"], "token_not_permitted");
        let mut pays = Vec::new();
        for (slot, id) in [
            (&one, id),
            (&two, asked(&mut aina, &[&two]).await),
            (&near, asked(&mut aina, &[&near]).await),
        ] {
            let page = farah.browser.get("/me/slots/requests").await;
            let mut form = page.expect(200).form(&format!("/me/requests/{id}/confirm"));
            form.press("slot", slot["id"].as_str().unwrap());
            farah.browser.submit(&page, &form).await.expect(303);
            let booking = find(&mut aina, &id).await;
            let at = format!(
                "/api/v1/bookings/{}",
                booking["booking_id"].as_str().unwrap()
            );
            let booking = aina.call("GET", &at, &Value::Null).await.expect(200).json();
            assert_eq!(booking["state"], "pending_payment");
            pays.push(booking);
        }
        assert_eq!(mails(stage, AINA, "request-notice-held").await, 3);
        // Nobody holds a time longer than until it begins.
        assert_eq!(pays[2]["order"]["expires_at"], near["starts_at"]);
        aina.pay(
            &format!("/pay/{}", pays[0]["order"]["id"].as_str().unwrap()),
            "pay",
        )
        .await
        .expect(200);
        go_to(stage, pays[1]["order"]["expires_at"].as_str().unwrap()).await;
        let states = [State::Confirmed, State::Expired, State::Expired];
        for (booking, expected) in pays.iter().zip(states) {
            assert_eq!(
                state(stage, booking["id"].as_str().unwrap()).await,
                expected
            );
        }
    });
}

#[test]
fn without_a_credit_nothing_is_confirmed_and_the_request_stays() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = credits::plan(&mut owner, 1).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = credits::order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let one = credits::offer(&mut farah, "2026-12-01").await;
        let two = credits::offer(&mut farah, "2026-12-02").await;
        let id = asked(&mut aina, &[&one]).await;
        assert_eq!(credits::credits(&mut aina).await, 1);
        aina.book(&two).await.expect(303);
        for _ in 0..2 {
            let page = decide(&mut farah, &id, "confirm", Some(&one)).await;
            assert_eq!(page.expect(422).json()["code"], "quota_exhausted");
        }
        let page = farah.browser.get("/me/slots/requests").await;
        let mut form = page.expect(200).form(&format!("/me/requests/{id}/confirm"));
        form.press("slot", one["id"].as_str().unwrap());
        let refused = farah.browser.submit(&page, &form).await;
        let said = stage.say("problem-quota-exhausted");
        assert!(refused.expect(422).text().contains(&said));
        assert_eq!(mails(stage, AINA, "request-notice-no-credit").await, 1);
        assert_eq!(own(&mut aina).await[0]["state"], "pending");
        // With another credit, the same request is confirmed.
        let pay = credits::order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        decide(&mut farah, &id, "confirm", Some(&one))
            .await
            .expect(200);
        assert_eq!(credits::credits(&mut aina).await, 0);
        // A provider learns that the member is busy, but not with what.
        let three = farah.offer("2026-12-03", "09:00", 0).await;
        let mut daniel = stage.person_as("Daniel Tan", PROVIDER).await;
        let beside = daniel.offer("2026-12-03", "09:30", 0).await;
        let id = asked(&mut aina, &[&three]).await;
        aina.book(&beside).await.expect(303);
        let page = decide(&mut farah, &id, "confirm", Some(&three)).await;
        assert_eq!(page.expect(409).json()["code"], "member_busy");
        assert_eq!(page.json()["booking_id"], Value::Null);
    });
}

#[test]
fn who_leaves_takes_their_requests_along() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let one = farah.offer("2026-12-01", "09:00", 0).await;
        let two = farah.offer("2026-12-02", "09:00", 0).await;
        let (mut aina, mut mei) = (
            stage.person("Aina Yusof").await,
            stage.person("Mei Lin").await,
        );
        let id = asked(&mut aina, &[&one]).await;
        asked(&mut mei, &[&two]).await;
        let copy = exported(stage, &aina).await;
        assert_eq!(copy["requests"][0]["note"], "Either suits me");
        erase(stage, &aina).await;
        let page = decide(&mut farah, &id, "confirm", Some(&one)).await;
        assert_eq!(page.expect(409).json()["code"], "request_settled");
        erase(stage, &farah).await;
        stage.work().await;
        assert_eq!(own(&mut mei).await[0]["state"], "lapsed");
        erase(stage, &mei).await;
        let places = stage.world.places_of("Either suits me");
        let left: Vec<_> = places
            .iter()
            .filter(|place| place.starts_with("booking"))
            .collect();
        assert!(left.is_empty(), "{places:?}");
    });
}

/// Detaches all requests from their member. The races need more of them than a member may make.
pub(crate) async fn forget_requests(stage: &Stage<'_>) {
    run(stage, sql!("UPDATE booking_request SET member_id = NULL")).await;
    again(stage).await;
}

fn day(round: usize) -> String {
    let days = jiff::Span::new().days(i64::try_from(round).unwrap());
    let day = jiff::civil::date(2026, 12, 1).checked_add(days);
    day.unwrap().to_string()
}

#[test]
fn of_two_who_confirm_at_once_one_does() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let other = stage.beside();
        for round in 0..rounds() {
            forget_requests(stage).await;
            let one = farah.offer(&day(round), "09:00", 0).await;
            let two = farah.offer(&day(round), "11:00", 0).await;
            let id = asked(&mut aina, &[&one, &two]).await;
            let path = format!("/me/requests/{id}/confirm");
            let asked = farah.browser.get("/me/slots/requests").await;
            let all = owner.browser.get("/admin/sessions/requests").await;
            let (mut first, mut second) = (asked.form(&path), all.form(&path));
            first.press("slot", one["id"].as_str().unwrap());
            second.press("slot", two["id"].as_str().unwrap());
            let (mut here, mut there) = (farah.browser.clone(), owner.browser.clone());
            there.use_router(other.router());
            let (first, second) = together(
                async move { here.submit(&asked, &first).await.status },
                async move { there.submit(&all, &second).await.status },
            )
            .await;
            let mut statuses = [first, second].map(|status| status.as_u16());
            statuses.sort_unstable();
            assert_eq!(statuses, [303, 409], "round {round}");
            aina.coming().await;
            assert_eq!(wrong(stage).await, [""; 0], "round {round}");
        }
    });
}

#[test]
fn confirming_and_withdrawing_at_once_have_one_outcome() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let other = stage.beside();
        for round in 0..rounds() {
            forget_requests(stage).await;
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let id = asked(&mut aina, &[&slot]).await;
            let body = json!({"slot_id": slot["id"]});
            let (mut here, mut there) = (farah.program.clone(), aina.program.clone());
            there.use_router(other.router());
            let confirm = format!("{PATH}/{id}/confirm");
            let withdraw = format!("{PATH}/{id}/withdraw");
            let (confirmed, withdrawn) = together(
                async move {
                    here.call("POST".parse().unwrap(), &confirm, &body)
                        .await
                        .status
                },
                async move {
                    let nothing = Value::Null;
                    there
                        .call("POST".parse().unwrap(), &withdraw, &nothing)
                        .await
                        .status
                },
            )
            .await;
            let mut statuses = [confirmed, withdrawn].map(|status| status.as_u16());
            let is_booked = statuses[0] == 200;
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409], "round {round}");
            let coming = aina
                .call("GET", "/api/v1/bookings", &Value::Null)
                .await
                .json();
            let count = coming["items"].as_array().unwrap().len();
            assert_eq!(count, usize::from(is_booked), "round {round}");
            assert_eq!(wrong(stage).await, [""; 0], "round {round}");
        }
    });
}
