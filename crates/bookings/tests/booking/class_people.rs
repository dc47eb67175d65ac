//! Tests of what a provider does with a date of a class: who comes, messages to everybody, dates that
//! are added, the calendar, and what a class closes.

use bookings::provider::PROVIDER;
use jiff::SignedDuration;
use platform::sql;
use serde_json::{Value, json};
use testkit::errors;
use web::Language;

use crate::classes::{book_seats, change, class, hold_seats};
use crate::feeds;
use crate::hours::{BOOKINGS, booked, code, every_day, listed, offer, starts, tuesdays};
use crate::stage::{Booking, Person, Stage, on_both, on_default, provider, rows, run};

/// The path of a date's page.
fn page_of(slot: &Value) -> String {
    format!("/me/slots/{}", slot["id"].as_str().unwrap())
}

#[test]
fn a_provider_reads_who_comes_what_is_paid_and_what_is_kept() {
    on_both(&async |stage: &Stage<'_>| {
        let more = json!({"seats": 10, "party_limit": 3,
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        let (mut farah, _, _) = class(stage, &more).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let slot = listed(&mut aina).await[4].clone();
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let page = aina.browser.get(&path).await;
        let mut form = page.expect(200).form(&path);
        form.fill("seats", "3").fill("note", "=Left-handed");
        form.tick("shows_email", "1");
        let held = aina.browser.submit(&page, &form).await;
        let pay = held.expect(303).location().unwrap().to_owned();
        aina.pay(&pay, "pay").await.expect(200);
        // Who booked first is first.
        stage.world.clock.advance(SignedDuration::from_secs(1));
        hold_seats(&mut mei, &slot, "1").await;

        let own = page_of(&slot);
        let page = farah.browser.get(&own).await;
        let said = [
            "4 of 10 places taken, 2 bookings".to_owned(),
            "Aina Yusof".to_owned(),
            "3 places · RM".to_owned(),
            "=Left-handed".to_owned(),
            stage.say("order-paid"),
            "Mei Lin".to_owned(),
            stage.start("class-kept"),
        ];
        let text = page.expect(200).text();
        for said in said {
            assert!(text.contains(&said), "{said}: {text}");
        }
        assert!(page.body.contains("mailto:Aina.Yusof@example.my"));
        assert!(!page.body.contains("mailto:Mei"), "{}", page.body);

        let file = farah.browser.get(&format!("{own}/people.csv")).await;
        let lines: Vec<&str> = file.expect(200).body.lines().collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        for (line, begins) in [
            (
                lines[1],
                "Aina Yusof,,3,confirmed,60.00,MYR,paid,,,'=Left-handed,Aina.Yusof@example.my,2026-",
            ),
            (
                lines[2],
                "Mei Lin,,1,pending_payment,20.00,MYR,created,,,,,2026-",
            ),
        ] {
            assert!(line.starts_with(begins), "{line}");
        }
        let mut other = stage.person_as("Ravi Kumar", PROVIDER).await;
        other.profile("bio", "Portraits").await;
        for path in [own.clone(), format!("{own}/people.csv")] {
            other.browser.get(&path).await.expect(404);
            mei.browser.get(&path).await.expect(403);
        }
        let single = farah.offer("2026-12-02", "09:00", 0).await;
        let file = format!("{}/people.csv", page_of(&single));
        farah.browser.get(&file).await.expect(409);
    });
}

/// The fewest statements with which a page is shown, because the first also does what is done once.
async fn statements(stage: &Stage<'_>, person: &mut Person, path: &str) -> u64 {
    let mut fewest = u64::MAX;
    for _ in 0..3 {
        let before = stage.site.store.counts().statements;
        person.browser.get(path).await.expect(200);
        fewest = fewest.min(stage.site.store.counts().statements - before);
    }
    fewest
}

#[test]
fn the_page_of_a_date_asks_the_store_no_more_for_more_people() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, _, _) = class(stage, &json!({"seats": 10})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[4].clone();
        booked(&mut aina, &slot).await;
        let path = page_of(&slot);
        let one = statements(stage, &mut farah, &path).await;
        for name in ["Mei Lin", "Daniel Tan", "Siti Noor"] {
            booked(&mut stage.person(name).await, &slot).await;
        }
        assert_eq!(statements(stage, &mut farah, &path).await, one);
    });
}

#[test]
fn everybody_who_comes_gets_one_mail_of_a_message_in_their_language() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, _, _) = class(stage, &json!({"seats": 5})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let all = listed(&mut aina).await;
        let slot = &all[4];
        booked(&mut aina, slot).await;
        booked(&mut mei, slot).await;
        let gone = booked(&mut daniel, slot).await;
        let cancel = format!("{BOOKINGS}/{}/cancel", gone["id"].as_str().unwrap());
        daniel.call("POST", &cancel, &json!({})).await.expect(200);
        let malay = sql!("UPDATE account SET locale = 'ms' WHERE display_name = 'Mei Lin'");
        run(stage, malay).await;
        run(stage, sql!("DELETE FROM mail")).await;

        let own = page_of(slot);
        let page = farah.browser.get(&own).await;
        let mut form = page.expect(200).form(&format!("{own}/message"));
        form.fill("text", "Bring an apron.\n\nAnd a towel.");
        for _ in 0..2 {
            farah.browser.submit(&page, &form).await.expect(303);
        }
        let mut mails = stage.world.mails().await;
        mails.sort_by(|one, other| one.recipient.cmp(&other.recipient));
        let to: Vec<&str> = mails.iter().map(|mail| &*mail.recipient).collect();
        assert_eq!(to, ["Aina.Yusof@example.my", "Mei.Lin@example.my"]);
        let malay = stage.site.catalogue.speak(&Language::of("ms"));
        for (mail, said) in mails.iter().zip([
            stage.fill("class-mail-said", [("with", "Farah Ali".into())]),
            malay.with("class-mail-said", [("with", "Farah Ali".into())]),
        ]) {
            assert!(mail.text.contains(&said), "{said}: {}", mail.text);
            let quoted = "“Bring an apron.\n\nAnd a towel.”";
            assert!(mail.text.contains(quoted), "{}", mail.text);
            assert!(!mail.text.contains('@'), "{}", mail.text);
        }
        assert!(!mails[0].text.contains("Mei Lin"), "{}", mails[0].text);

        // The same text goes out once, and five texts a day.
        let path = format!("/api/v1{own}/message");
        let text = |text: &str| json!({"text": text});
        let again = farah
            .call("POST", &path, &text("Bring an apron.\n\nAnd a towel."))
            .await;
        assert_eq!(code(again.expect(409)), "class_message_sent");
        for number in 0..4 {
            let sent = farah
                .call("POST", &path, &text(&format!("Part {number}")))
                .await;
            assert_eq!(sent.expect(200).json(), json!({"mails": 2}));
        }
        let refused = farah.call("POST", &path, &text("Part 4")).await;
        assert_eq!(code(refused.expect(429)), "too_many_class_messages");
        assert_eq!(stage.world.mails().await.len(), 10);
        stage.world.clock.advance(SignedDuration::from_hours(25));
        farah.call("POST", &path, &text("Part 4")).await.expect(200);
        for (wrong, said) in [
            (text(" \n"), "required"),
            (text(&"a".repeat(2_001)), "too_long"),
        ] {
            let refused = farah.call("POST", &path, &wrong).await;
            let expected = ("/text".to_owned(), said.to_owned());
            assert_eq!(errors(refused.expect(422)), [expected]);
        }

        let empty = format!("/api/v1{}/message", page_of(&all[7]));
        let refused = farah.call("POST", &empty, &text("Hello")).await;
        assert_eq!(code(refused.expect(409)), "nobody_comes");
        let mut other = stage.person_as("Ravi Kumar", PROVIDER).await;
        let refused = other.call("POST", &path, &text("Hello")).await;
        refused.expect(404);
    });
}

#[test]
fn an_added_date_follows_the_offer_but_not_the_hours() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, hours, class) = class(stage, &json!({"seats": 5})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let dates = format!("{class}/dates");
        let on = |date: &str, time: &str| json!({"date": date, "time": time});
        let wednesday = on("2026-12-02", "15:00");
        let added = farah.call("POST", &dates, &wednesday).await;
        let added = added.with(201).json();
        assert_eq!(added["starts_at"], "2026-12-02T07:00:00Z");
        // It may not meet another date, nor a single time.
        farah.offer("2026-12-04", "10:30", 0).await;
        for (date, time) in [
            ("2026-12-02", "15:30"),
            ("2026-12-01", "09:30"),
            ("2026-12-04", "10:00"),
        ] {
            let refused = farah.call("POST", &dates, &on(date, time)).await;
            assert_eq!(code(refused.expect(409)), "slot_overlap", "{date} {time}");
        }
        for (wrong, at, said) in [
            (on("2026-11-01", "15:00"), "/date", "slot_in_past"),
            (on("2028-11-01", "15:00"), "/date", "slot_too_far"),
            (on("2026-12-02", "late"), "/time", "time_invalid"),
        ] {
            let refused = farah.call("POST", &dates, &wrong).await;
            let expected = (at.to_owned(), said.to_owned());
            assert_eq!(errors(refused.expect(422)), [expected]);
        }

        // Other hours do not take it away; the price and the length are those of the offer.
        let week = json!({"week": [{"day": "monday", "opens": "09:00", "closes": "10:00"}]});
        change(&mut farah, &format!("/api/v1/me/schedules/{hours}"), &week).await;
        let longer = json!({"lengths": [{"minutes": 45, "price_minor": 500}], "buffer_after": 15});
        change(&mut farah, &class, &longer).await;
        stage.work().await;
        let find = |all: &[Value]| {
            let mut all = all.iter();
            all.find(|one| one["starts_at"] == added["starts_at"])
                .cloned()
        };
        let now = find(&listed(&mut aina).await).unwrap();
        assert_eq!(now["id"], added["id"]);
        assert_eq!(now["price_minor"], 500);
        assert_eq!(now["ends_at"], "2026-12-02T07:45:00Z");

        // It rests with the offer, and is not made again once it was removed.
        for (active, there) in [(false, false), (true, true)] {
            change(&mut farah, &class, &json!({"active": active})).await;
            stage.work().await;
            let found = find(&listed(&mut aina).await);
            assert_eq!(found.is_some(), there);
        }
        let own = format!("/api/v1{}", page_of(&added));
        farah.call("DELETE", &own, &Value::Null).await.expect(204);
        change(&mut farah, &class, &json!({"day_limit": 5})).await;
        stage.work().await;
        assert_eq!(find(&listed(&mut aina).await), None);

        // A booked one is meant to be outside the hours.
        change(&mut farah, &class, &json!({"lengths": [{"minutes": 45}]})).await;
        stage.work().await;
        farah.call("POST", &dates, &wednesday).await.expect(201);
        let again = find(&listed(&mut aina).await).unwrap();
        booked(&mut aina, &again).await;
        let page = farah.browser.get("/me/hours").await;
        let text = page.expect(200).text();
        assert!(!text.contains("Aina Yusof"), "{text}");
    });
}

#[test]
fn a_date_is_added_by_a_form_and_only_to_an_own_class_on_offer() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, hours, class) = class(stage, &json!({"seats": 5})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let id = class.rsplit('/').next().unwrap();
        let path = format!("/me/offers/{id}/dates/new");
        let list = farah.browser.get("/me/offers").await;
        assert!(
            list.expect(200)
                .links()
                .iter()
                .any(|link| link.href == path)
        );
        let page = farah.browser.get(&path).await;
        let mut form = page.expect(200).form(&path);
        form.fill("date", "2026-12-01").fill("time", "11:30");
        let refused = farah.browser.submit(&page, &form).await;
        let said = "This runs into your session at 11 am (Kuala Lumpur).";
        assert!(
            refused.expect(409).text().contains(said),
            "{}",
            refused.body
        );
        let page = farah.browser.get(&path).await;
        let mut form = page.expect(200).form(&path);
        form.fill("date", "2026-12-01").fill("time", "15:00");
        farah.browser.submit(&page, &form).await.expect(303);
        let all = listed(&mut aina).await;
        assert!(starts(&all).contains(&"2026-12-01T07:00:00Z"));

        let single = offer(&mut farah, &hours, &json!({"title": "Talk"})).await;
        let single = format!("/api/v1/me/offers/{}/dates", single["id"].as_str().unwrap());
        let day = json!({"date": "2026-12-03", "time": "15:00"});
        let refused = farah.call("POST", &single, &day).await;
        assert_eq!(code(refused.expect(409)), "not_a_class");
        let mut other = stage.person_as("Ravi Kumar", PROVIDER).await;
        let dates = format!("{class}/dates");
        other.call("POST", &dates, &day).await.expect(404);
        change(&mut farah, &class, &json!({"active": false})).await;
        let refused = farah.call("POST", &dates, &day).await;
        assert_eq!(code(refused.expect(409)), "not_a_class");
    });
}

#[test]
fn a_class_is_one_event_for_its_provider_with_the_number_of_people() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, _, _) = class(stage, &json!({"seats": 10, "party_limit": 3})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let slot = listed(&mut aina).await[4].clone();
        let hers = book_seats(&mut aina, &slot, 2).await.with(201).json();
        let last = booked(&mut mei, &slot).await;
        let theirs = feeds::path(&feeds::press(&mut farah, "new").await);
        let own = feeds::path(&feeds::press(&mut aina, "new").await);
        let mut reader = stage.visitor();
        let uid = |one: &Value| {
            format!(
                "UID:{}@{}",
                one["id"].as_str().unwrap(),
                stage.site.url().host()
            )
        };
        let (slot_uid, own_uid) = (uid(&slot), uid(&hers));
        for (at, uid, summary) in [
            (&theirs, &slot_uid, "SUMMARY:Lesson (3 of 10)\r\n"),
            (&own, &own_uid, "SUMMARY:Lesson\r\n"),
        ] {
            let body = reader.get(at).await.expect(200).body.clone();
            assert_eq!(body.matches("BEGIN:VEVENT").count(), 1, "{body}");
            assert!(body.contains(uid) && body.contains(summary), "{body}");
        }

        // What is mailed to the provider is about the same event, which ends when nobody comes.
        let mailed = async || {
            let files = sql!("SELECT calendar FROM mail WHERE recipient LIKE 'Farah%'");
            let files: Vec<(Option<String>,)> = rows(stage, files).await;
            run(stage, sql!("DELETE FROM mail")).await;
            files.into_iter().map(|(file,)| file).collect::<Vec<_>>()
        };
        let files = mailed().await;
        assert_eq!(files.len(), 2);
        for file in files.iter().flatten() {
            assert!(file.contains(&slot_uid), "{file}");
        }
        let cancel = |one: &Value| format!("{BOOKINGS}/{}/cancel", one["id"].as_str().unwrap());
        let none = json!({});
        aina.call("POST", &cancel(&hers), &none).await.expect(200);
        assert_eq!(mailed().await, [None]);
        let body = reader.get(&theirs).await.expect(200).body.clone();
        assert!(body.contains("SUMMARY:Lesson (1 of 10)"), "{body}");
        mei.call("POST", &cancel(&last), &none).await.expect(200);
        let files = mailed().await;
        let file = files[0].as_ref().unwrap();
        assert!(
            file.contains("METHOD:CANCEL") && file.contains(&slot_uid),
            "{file}"
        );
    });
}

#[test]
fn a_class_names_the_sessions_that_lose_times_to_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let other = every_day(&mut farah, "11:00", "13:00").await;
        let evening = every_day(&mut farah, "18:00", "20:00").await;
        for (hours, title) in [(&hours, "Talk"), (&other, "Chat"), (&evening, "Review")] {
            offer(&mut farah, hours, &json!({"title": title})).await;
        }
        let closes = |text: &str| {
            let said = |id, title: &str| stage.fill(id, [("titles", title.into())]);
            let all = text.contains(&said("offer-closes-all", "Talk"));
            let some = text.contains(&said("offer-closes", "Chat"));
            (all, some)
        };
        let page = farah.browser.get("/me/offers").await;
        assert_eq!(closes(&page.expect(200).text()), (false, false));
        offer(&mut farah, &hours, &json!({"seats": 5})).await;
        // Its dates are not made yet.
        let page = farah.browser.get("/me/offers").await;
        let before = page.expect(200).text();
        assert_eq!(closes(&before), (true, true));
        assert!(!before.contains("times of: Review"), "{before}");
        stage.work().await;
        let page = farah.browser.get("/me/offers").await;
        assert_eq!(closes(&page.expect(200).text()), (true, true));
    });
}
