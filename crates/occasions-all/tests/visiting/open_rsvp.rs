//! Tests of answers on the public page, without a code.

use jiff::SignedDuration;
use occasions::words::OccasionStatus;
use platform::sql;
use testkit::{Page, Visitor};

use crate::stage::{Stage, assert_problem, on_both, on_sqlite, state};

const PAGE: &str = "/o/aisyah-daniel/rsvp";

const EVENTS: [&str; 3] = ["nikah", "reception", "brunch"];

/// Returns the form's fields. `attending` is repeated for each event.
fn spread<'f>(fields: &[(&'f str, &'f str)]) -> Vec<(String, &'f str)> {
    let mut spread = Vec::new();
    for (name, value) in fields {
        if *name == "attending" {
            spread.extend(EVENTS.map(|event| (format!("event.{event}"), *value)));
        } else {
            spread.push(((*name).to_owned(), *value));
        }
    }
    spread
}

async fn fill(visitor: &mut Visitor, fields: &[(&str, &str)]) -> Page {
    let page = visitor.get(PAGE).await;
    let mut form = page.expect(200).form(PAGE);
    for (name, value) in spread(fields) {
        form.fill(&name, value);
    }
    visitor.submit(&page, &form).await
}

/// Posts form fields, even fields that the page does not offer.
async fn post(visitor: &mut Visitor, fields: &[(&str, &str)]) -> Page {
    let spread = spread(fields);
    let fields: Vec<_> = spread
        .iter()
        .map(|(name, value)| (&**name, *value))
        .collect();
    visitor.post(PAGE, &fields).await
}

#[track_caller]
fn code(saved: &Page) -> String {
    let location = saved.expect(303).location().unwrap();
    let code = location
        .strip_prefix("/invite/")
        .and_then(|rest| Some(rest.split_once("/confirmation?k=")?.0));
    code.unwrap_or_else(|| panic!("{location}")).to_owned()
}

async fn made(stage: &Stage<'_>) -> i64 {
    let made = sql!("SELECT COUNT(*) FROM open_answer WHERE invitation <> $1");
    stage.count(made, "").await
}

#[test]
fn the_card_leads_to_it_and_it_ends_with_a_code() {
    on_both(async |stage| {
        let mut guest = stage.guest();
        let card = guest.get("/o/aisyah-daniel").await;
        assert_eq!(card.link(&stage.say("card-open-button")).href, PAGE);
        let saved = fill(
            &mut guest,
            &[
                ("name", " Mei Ling "),
                ("attending", "yes"),
                ("guests", "3"),
                ("message", "All the best!"),
                ("email", "mei@example.com"),
            ],
        )
        .await;
        let code = code(&saved);
        let thanks = guest.follow(saved).await;
        let words = thanks.expect(200).text();
        let noted = format!("{} {code}", stage.start("open-code"));
        assert!(words.contains(&noted), "{words}");
        assert!(words.contains("Mei Ling"), "{words}");
        let after = state(&mut guest, &code).await;
        assert_eq!(after["guests"].as_array().unwrap().len(), 3);
        assert_eq!(after["note"]["text"], "All the best!");
        assert_eq!(after["language"], "en");
        // The browser remembers the new household, and its code works like any other code.
        let known = guest.get("/").await;
        assert!(known.text().contains("Mei Ling"));
        guest.get(&format!("/invite/{code}/rsvp")).await.expect(200);
    });
}

#[test]
fn what_was_typed_is_kept_and_what_is_wrong_is_named() {
    on_sqlite(async |stage| {
        let mut guest = stage.guest();
        let name = stage.say("complaint-open-name");
        let event = stage.fill("complaint-open-event", [("event", "Akad nikah".into())]);
        let party = stage.fill("complaint-open-party", [("n", 6.into())]);
        for (fields, words) in [
            (vec![("name", "Mei")], &event),
            (vec![("attending", "yes")], &name),
            (
                vec![("name", "Mei"), ("attending", "yes"), ("guests", "7")],
                &party,
            ),
            (
                vec![("name", "Mei"), ("attending", "yes"), ("guests", "two")],
                &party,
            ),
            (
                vec![("name", "Mei"), ("attending", "no"), ("email", "nobody")],
                &stage.say("complaint-open-email"),
            ),
        ] {
            let page = fill(&mut guest, &fields).await;
            let text = page.expect(422).text();
            assert!(text.contains(words), "{text}");
            let form = page.form(PAGE);
            for (name, value) in spread(&fields) {
                assert_eq!(form.value(&name), Some(value), "{name}");
            }
        }
        let long = "x".repeat(4_001);
        let fields = [("name", "Mei"), ("attending", "no"), ("message", &*long)];
        fill(&mut guest, &fields).await.expect(422);
        let mut elsewhere = stage.guest();
        elsewhere.header("sec-fetch-site", "cross-site");
        let fields = [("name", "Mei"), ("attending", "no")];
        let page = post(&mut elsewhere, &fields).await;
        assert_eq!(page.expect(403).form(PAGE).value("name"), Some("Mei"));
        assert_eq!(made(stage).await, 0);
        // The number of people is ignored if nobody comes.
        let fields = [("name", "Mei"), ("attending", "no"), ("guests", "many")];
        let saved = fill(&mut guest, &fields).await;
        let after = state(&mut guest, &code(&saved)).await;
        assert_eq!(after["guests"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_wish_that_hosts_no_longer_take_is_not_dropped() {
    on_both(async |stage| {
        let mut guest = stage.guest();
        let page = guest.get(PAGE).await;
        let mut form = page.expect(200).form(PAGE);
        form.fill("name", "Mei");
        for event in EVENTS {
            form.fill(&format!("event.{event}"), "yes");
        }
        form.fill("message", "All the best!");
        stage.switch(|switches| switches.notes = false).await;
        let page = guest.submit(&page, &form).await;
        let off = stage.say("problem-feature-disabled");
        assert!(page.expect(404).text().contains(&off));
        let mut form = page.form(PAGE);
        assert_eq!(form.value("message"), Some("All the best!"));
        assert_eq!(form.value("name"), Some("Mei"));
        assert_eq!(made(stage).await, 0);
        form.fill("message", " ");
        code(&guest.submit(&page, &form).await);
    });
}

#[test]
fn five_an_hour_come_from_one_network() {
    on_both(async |stage| {
        let mut guest = stage.guest();
        for number in 0..5 {
            let name = format!("Guest {number}");
            let fields = [("name", &*name), ("attending", "no")];
            code(&fill(&mut guest, &fields).await);
            stage.world.clock.advance(SignedDuration::from_mins(1));
        }
        let fields = [("name", "Sixth"), ("attending", "no")];
        let page = fill(&mut guest, &fields).await;
        let wait: i64 = page.expect(429).header("retry-after").parse().unwrap();
        assert_eq!(wait, 55 * 60 + 1);
        assert_eq!(page.form(PAGE).value("name"), Some("Sixth"));
        let mut other = stage.visitor_at("192.0.2.77");
        code(&fill(&mut other, &fields).await);
        stage
            .world
            .clock
            .advance(SignedDuration::from_secs(wait - 1));
        code(&fill(&mut guest, &fields).await);
        fill(&mut guest, &fields).await.expect(429);
    });
}

#[test]
fn refused_answers_of_one_network_end_too() {
    on_sqlite(async |stage| {
        let mut guest = stage.guest();
        let fields = [("name", "Mei"), ("attending", "yes"), ("guests", "7")];
        // A form with errors gets its errors back, even after five accepted forms from the same IP
        // address.
        for number in 0..5 {
            let name = format!("Guest {number}");
            code(&fill(&mut guest, &[("name", &name), ("attending", "no")]).await);
        }
        fill(&mut guest, &fields).await.expect(422);
        stage.switch(|switches| switches.undecided = false).await;
        let undecided = [("name", "Mei"), ("attending", "undecided")];
        post(&mut guest, &undecided).await.expect(422);
        for _ in 7..30 {
            post(&mut guest, &undecided).await.expect(422);
        }
        let page = fill(&mut guest, &fields).await;
        let wait: i64 = page.expect(429).header("retry-after").parse().unwrap();
        assert!((1..=660).contains(&wait), "{wait}");
        assert_eq!(page.form(PAGE).value("name"), Some("Mei"));
        fill(&mut stage.visitor_at("192.0.2.77"), &fields)
            .await
            .expect(422);
        stage.world.clock.advance(SignedDuration::from_mins(11));
        fill(&mut guest, &fields).await.expect(422);
    });
}

#[test]
fn who_comes_twice_is_marked_and_a_double_click_is_not() {
    on_both(async |stage| {
        let mut guest = stage.guest();
        let page = guest.get(PAGE).await;
        let mut form = page.expect(200).form(PAGE);
        form.fill("name", "Mei Ling");
        for event in EVENTS {
            form.fill(&format!("event.{event}"), "yes");
        }
        form.fill("phone", "+60 12-345");
        let first = guest.submit(&page, &form).await;
        let again = guest.submit(&page, &form).await;
        assert_eq!(code(&first), code(&again));
        assert_eq!(made(stage).await, 1);
        let doubles =
            sql!("SELECT COUNT(*) FROM open_answer WHERE is_duplicate = 1 AND invitation <> $1");
        assert_eq!(stage.count(doubles, "").await, 0);
        let fields = [
            ("name", "MEI LING"),
            ("phone", "6012345"),
            ("attending", "yes"),
        ];
        let second = code(&fill(&mut guest, &fields).await);
        assert_ne!(second, code(&first));
        assert_eq!(stage.count(doubles, "").await, 1);
        let fields = [("name", "Mei Ling"), ("phone", "999"), ("attending", "yes")];
        fill(&mut guest, &fields).await;
        assert_eq!(stage.count(doubles, "").await, 1);
    });
}

#[test]
fn one_number_typed_in_two_ways_is_one_number() {
    on_both(async |stage| {
        let doubles =
            sql!("SELECT COUNT(*) FROM open_answer WHERE is_duplicate = 1 AND invitation <> $1");
        for (name, phone, expected) in [
            ("Mei", "012-345 6789", 0),
            ("MEI", "+60 12 345 6789", 1),
            ("Tan", "+60 12 345 6789", 1),
        ] {
            let mut guest = stage.guest();
            let fields = [("name", name), ("phone", phone), ("attending", "yes")];
            code(&fill(&mut guest, &fields).await);
            assert_eq!(stage.count(doubles, "").await, expected, "{name}");
        }
        let mut guest = stage.guest();
        let fields = [("name", "Mei"), ("phone", "6.01E+10"), ("attending", "yes")];
        let page = fill(&mut guest, &fields).await;
        let words = page.expect(422).text();
        assert!(words.contains(&stage.say("problem-phone-digits-lost")));
        assert_eq!(page.form(PAGE).value("phone"), Some("6.01E+10"));
    });
}

#[test]
fn one_of_two_contacts_is_enough_to_be_found_by() {
    on_both(async |stage| {
        let doubles =
            sql!("SELECT COUNT(*) FROM open_answer WHERE is_duplicate = 1 AND invitation <> $1");
        let mut found = 0;
        for (number, (name, email, phone, is_double)) in [
            ("Mei", "mei@example.com", "012-345", false),
            ("mei", "", "012 345", true),
            ("Mei", "MEI@example.com", "", true),
            ("Mei", "other@example.com", "012345", true),
            ("Mei", "third@example.com", "999", false),
            ("Mei", "", "", false),
            ("Tan", "mei@example.com", "012-345", false),
            ("Tan", "", "777", false),
            ("Tan", "tan@example.com", "777", true),
        ]
        .into_iter()
        .enumerate()
        {
            let mut guest = stage.visitor_at(&format!("192.0.2.{number}"));
            let fields = [
                ("name", name),
                ("email", email),
                ("phone", phone),
                ("attending", "yes"),
            ];
            code(&fill(&mut guest, &fields).await);
            found += i64::from(is_double);
            let counted = stage.count(doubles, "").await;
            assert_eq!(counted, found, "{name} {email} {phone}");
        }
        // An older answer has no stored telephone number. The site still recognizes it by its email
        // address.
        let before = sql!("UPDATE open_answer SET phone_likeness = NULL WHERE invitation <> $1");
        stage.run(before, "").await;
        let fields = [
            ("name", "Tan"),
            ("email", "tan@example.com"),
            ("attending", "no"),
        ];
        code(&fill(&mut stage.guest(), &fields).await);
        assert_eq!(stage.count(doubles, "").await, found + 1);
        // If the earlier answer was archived, repeating it counts as a new answer. If it was
        // archived by merging, the repetition is recognized.
        let archived = sql!(
            "UPDATE invitation SET archived_at = 1
             WHERE id IN (SELECT invitation FROM open_answer) AND id <> $1"
        );
        let merged = sql!(
            "UPDATE invitation
             SET merged_into = (SELECT MIN(id) FROM invitation WHERE archived_at IS NULL)
             WHERE archived_at IS NOT NULL AND id <> $1"
        );
        for (change, address, is_double) in [(archived, "192.0.2.91", 0), (merged, "192.0.2.92", 1)]
        {
            stage.run(change, "").await;
            let mut guest = stage.visitor_at(address);
            let fields = [("name", "Mei"), ("phone", "999"), ("attending", "yes")];
            code(&fill(&mut guest, &fields).await);
            let counted = stage.count(doubles, "").await;
            assert_eq!(counted, found + 1 + is_double, "{address}");
            stage.run(archived, "").await;
        }
    });
}

#[test]
fn it_is_there_only_where_hosts_take_such_answers_and_while_they_do() {
    on_sqlite(async |stage| {
        let closed = stage.say("closed-title-undated");
        let mut guest = stage.guest();
        let fields = [("name", "Mei"), ("attending", "yes")];
        stage.status(OccasionStatus::Closed).await;
        assert!(guest.get(PAGE).await.text().contains(&closed));
        let page = post(&mut guest, &fields).await;
        assert_eq!(page.expect(423).form(PAGE).value("name"), Some("Mei"));
        stage.status(OccasionStatus::Published).await;
        let day = SignedDuration::from_hours(24);
        stage.world.clock.advance(day * 40);
        assert!(guest.get(PAGE).await.text().contains(&closed));
        post(&mut guest, &fields).await.expect(423);
        for status in [OccasionStatus::Draft, OccasionStatus::Archived] {
            stage.status(status).await;
            let expected = if status == OccasionStatus::Draft {
                404
            } else {
                410
            };
            guest.get(PAGE).await.expect(expected);
            post(&mut guest, &fields).await.expect(expected);
        }
        stage.status(OccasionStatus::Published).await;
        stage.switch(|switches| switches.open_rsvp = false).await;
        guest.get(PAGE).await.expect(404);
        post(&mut guest, &fields).await.expect(404);
        let card = guest.get("/o/aisyah-daniel").await;
        assert!(!card.text().contains(&stage.say("card-open-button")));
        let mut program = stage.visitor();
        program.header("accept", "application/json");
        assert_problem(&program.get(PAGE).await, 404, "feature_disabled");
        assert_eq!(made(stage).await, 0);
    });
}

#[test]
fn seats_are_kept_for_those_who_have_them() {
    on_both(async |stage| {
        for change in [
            sql!(
                "UPDATE event SET seats_taken = (SELECT COUNT(*) FROM reply
                     WHERE reply.event = event.id AND reply.status = 'yes') WHERE key = $1"
            ),
            sql!("UPDATE event SET capacity = seats_taken + 2 WHERE key = $1"),
        ] {
            stage.run(change, "brunch").await;
        }
        let mut guest = stage.guest();
        let left = sql!("SELECT capacity - seats_taken FROM event WHERE key = $1");
        let waiting = sql!("SELECT unapproved_seats FROM event WHERE key = $1");
        let fields = [("name", "Mei"), ("attending", "yes"), ("guests", "3")];
        let page = fill(&mut guest, &fields).await;
        let words = page.expect(409).text();
        let full = stage.fill(
            "complaint-open-full",
            [("event", "Brunch".into()), ("left", 2.into())],
        );
        assert!(words.contains(&full), "{words}");
        assert_eq!(page.form(PAGE).value("name"), Some("Mei"));
        assert_eq!(made(stage).await, 0);
        // People who decline the full event can still answer for the other events.
        let fields = [
            ("name", "Mei"),
            ("event.nikah", "yes"),
            ("event.reception", "yes"),
            ("event.brunch", "no"),
            ("guests", "3"),
        ];
        code(&fill(&mut guest, &fields).await);
        let fields = [("name", "Lin"), ("attending", "yes"), ("guests", "2")];
        let saved = fill(&mut guest, &fields).await;
        let thanks = guest.follow(saved).await.text();
        assert!(thanks.contains(&stage.say("open-unconfirmed")), "{thanks}");
        // Answers that wait for approval take seats, but these do not count as confirmed.
        assert_eq!(stage.count(left, "brunch").await, 2);
        assert_eq!(stage.count(waiting, "brunch").await, 2);
    });
}

#[test]
fn every_event_is_shown_with_time_and_place_and_asked_for() {
    on_both(async |stage| {
        let mut guest = stage.guest();
        for address in [PAGE, "/o/aisyah-daniel"] {
            let words = guest.get(address).await.expect(200).text();
            for shown in [
                "Akad nikah",
                "Reception",
                "Brunch",
                "Saturday, 16 January 2027",
                "Sunday, 17 January 2027",
                "Dewan Seri Melati",
            ] {
                assert!(words.contains(shown), "{address}: no {shown} in {words}");
            }
        }
        let fields = [
            ("name", "Mei"),
            ("event.nikah", "no"),
            ("event.reception", "yes"),
            ("event.brunch", "undecided"),
            ("guests", "2"),
        ];
        let saved = fill(&mut guest, &fields).await;
        let after = state(&mut guest, &code(&saved)).await;
        let guests = after["guests"].as_array().unwrap();
        assert_eq!(guests.len(), 2);
        for guest in guests {
            let replies = &guest["replies"];
            assert_eq!(replies["nikah"], "no");
            assert_eq!(replies["reception"], "yes");
            assert_eq!(replies["brunch"], "undecided");
        }
        // While answers without a code are switched off, the public page hides the venue.
        stage.switch(|switches| switches.open_rsvp = false).await;
        let words = guest.get("/o/aisyah-daniel").await.text();
        assert!(!words.contains("Dewan Seri Melati"), "{words}");
    });
}

#[test]
fn an_event_that_was_not_asked_for_has_no_answer() {
    on_both(async |stage| {
        let mut guest = stage.guest();
        let page = guest.get(PAGE).await;
        let mut form = page.form(PAGE);
        form.fill("name", "Mei").fill("event.nikah", "yes");
        form.fill("event.reception", "yes")
            .fill("event.brunch", "no");
        // A host renames an event while a guest has the form open.
        stage
            .run(
                sql!("UPDATE event SET key = 'dinner' WHERE key = $1"),
                "reception",
            )
            .await;
        stage
            .run(
                sql!("UPDATE occasion SET revision = revision + 1 WHERE slug = $1"),
                "aisyah-daniel",
            )
            .await;
        let asked = guest.submit(&page, &form).await;
        let words = asked.expect(422).text();
        assert!(
            words.contains(&stage.fill("complaint-open-event", [("event", "Reception".into())])),
            "{words}"
        );
        assert_eq!(asked.form(PAGE).value("event.nikah"), Some("yes"));
        assert_eq!(made(stage).await, 0);
        // A form from an older version of the site has one choice for all events. It is not saved
        // and takes no seats.
        let fields = [("name", "Mei"), ("attending", "yes")];
        let asked = guest.post(PAGE, &fields).await;
        assert_eq!(asked.expect(422).form(PAGE).value("event.nikah"), None);
    });
}

#[test]
fn all_mistakes_are_told_at_once() {
    on_sqlite(async |stage| {
        let mut guest = stage.guest();
        let fields = [
            ("event.brunch", "no"),
            ("event.nikah", "yes"),
            ("guests", "9"),
            ("email", "nobody"),
        ];
        let page = fill(&mut guest, &fields).await;
        let words = page.expect(422).text();
        let mut from = 0;
        let event = stage.fill("complaint-open-event", [("event", "Reception".into())]);
        let party = stage.fill("complaint-open-party", [("n", 6.into())]);
        // The error summary lists the errors in the order of the form's fields. Each error links to
        // its field.
        for (complaint, field) in [
            (&stage.say("complaint-open-name"), "name"),
            (&event, "event.reception"),
            (&party, "guests"),
            (&stage.say("complaint-open-email"), "email"),
        ] {
            let at = words[from..].find(complaint);
            from += at.unwrap_or_else(|| panic!("no {complaint} in {words}"));
            let link = page
                .links()
                .into_iter()
                .find(|link| link.text.starts_with(complaint));
            assert_eq!(link.unwrap().href, format!("#{field}"));
            assert_eq!(
                words.matches(complaint).count(),
                2,
                "{complaint} stands at its field, too"
            );
        }
        let wrong = page.form(PAGE);
        for (name, value) in fields {
            assert_eq!(wrong.value(name), Some(value), "{name}");
        }
        assert_eq!(made(stage).await, 0);
    });
}

#[test]
fn every_language_has_the_page() {
    on_sqlite(async |stage| {
        for language in ["en", "ms", "it", "zh-Hans", "ar"] {
            let mut guest = stage.visitor();
            let page = guest.get(&format!("{PAGE}?lang={language}")).await;
            assert_eq!(page.expect(200).header("content-language"), language);
            assert!(!page.text().contains("open-"), "{}", page.text());
        }
    });
}

#[test]
fn an_answer_without_a_code_is_for_the_events_that_are_open_to_all() {
    on_both(async |stage| {
        stage
            .run(
                sql!("UPDATE event SET open_to_all = 1 WHERE key = $1"),
                "reception",
            )
            .await;
        stage
            .run(
                sql!("UPDATE occasion SET revision = revision + 1 WHERE slug = $1"),
                "aisyah-daniel",
            )
            .await;
        let mut visitor = stage.guest();
        let public = visitor.get("/o/aisyah-daniel").await;
        assert!(public.text().contains("Dewan Seri Melati"));
        assert!(!public.text().contains("Masjid Wilayah"), "not for all");
        let page = visitor.get(PAGE).await;
        let form = page.form(PAGE);
        assert!(form.value("event.nikah").is_none());
        let mut form = page.form(PAGE);
        form.fill("name", "Mei Tan").fill("event.reception", "yes");
        let saved = visitor.submit(&page, &form).await;
        let code = code(&saved);
        let state = state(&mut visitor, &code).await;
        let keys: Vec<&str> = state["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["key"].as_str().unwrap())
            .collect();
        assert_eq!(keys, ["reception"]);
    });
}
