//! In which zone people and visitors read times.

use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};

use crate::feeds;
use crate::newcomers::{open, siti_books};
use crate::stage::{
    Booking, Person, Stage, call_as_script, in_zone, on_both, on_default, provider, rows, run,
};

/// A site in Berlin, and a slot of Farah's, who is in Kuala Lumpur: 9 am there is 2 am in Berlin and
/// 10 am in Tokyo.
async fn berlin<'w>(stage: &Stage<'w>) -> (Stage<'w>, Person, String) {
    let stage = in_zone(stage, "Europe/Berlin");
    let mut farah = provider(&stage).await;
    let slot = farah.offer("2026-12-01", "09:00", 0).await;
    let path = format!("/book/{}", slot["id"].as_str().unwrap());
    (stage, farah, path)
}

#[test]
fn a_visitor_reads_in_the_zone_of_the_address_of_the_device_or_of_the_site() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, _, slot) = berlin(stage).await;
        for (address, cookie, line, time) in [
            ("", "", "All times are in Berlin (UTC+1).", "2 am"),
            (
                "",
                "Mars/Olympus",
                "All times are in Berlin (UTC+1).",
                "2 am",
            ),
            (
                "",
                "Asia/Tokyo",
                "All times are in Tokyo (UTC+9), as your device says.",
                "10 am",
            ),
            (
                "?tz=Asia/Tokyo",
                "",
                "All times are in Tokyo (UTC+9).",
                "10 am",
            ),
            (
                "?tz=America/New_York",
                "Asia/Tokyo",
                "All times are in New York (UTC−5).",
                "8 pm",
            ),
        ] {
            let mut visitor = stage.visitor();
            if !cookie.is_empty() {
                visitor.set_cookie("kd_zone", cookie);
            }
            let from = if address.is_empty() {
                "?from=2026-11-30"
            } else {
                "&from=2026-11-30"
            };
            let page = visitor.get(&format!("/book{address}{from}")).await;
            let text = page.expect(200).text();
            assert!(
                text.contains(line) && text.contains(time),
                "{address} {cookie}: {text}"
            );
            // No cache keeps what depends on a cookie.
            let is_kept = page.header("cache-control").starts_with("public");
            assert_eq!(is_kept, cookie.is_empty(), "{address} {cookie}");
            assert_eq!(visitor.cookie("kd_zone").unwrap_or_default(), cookie);
            // A script asks the device only where nobody has named a zone.
            let is_unknown = address.is_empty() && cookie.is_empty();
            assert_eq!(
                page.body.contains("data-zone-hint=\"Europe/Berlin\""),
                is_unknown
            );
            let shown = visitor.get(&format!("{slot}{address}")).await;
            let text = shown.expect(200).text();
            assert!(text.contains(time), "{address} {cookie}: {text}");
        }
    });
}

#[test]
fn links_keep_the_zone_of_the_address() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, _, slot) = berlin(stage).await;
        let mut visitor = stage.visitor();
        let page = visitor.get("/book?tz=Asia/Tokyo&from=2026-11-25").await;
        let links = page.expect(200).links();
        let hrefs: Vec<&str> = links.iter().map(|one| one.href.as_str()).collect();
        let kept = format!("{slot}?tz=Asia%2FTokyo");
        assert!(hrefs.contains(&&*kept), "{hrefs:?}");
        let onward = hrefs.iter().filter(|href| href.starts_with("/book?from="));
        for href in onward {
            assert!(href.contains("tz=Asia%2FTokyo"), "{href}");
        }
        let form = page.form("/book");
        assert_eq!(form.value("tz"), Some("Asia/Tokyo"));
    });
}

#[test]
fn a_visitor_finds_a_zone_by_city_country_or_difference_and_goes_back_with_it() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, _, slot) = berlin(stage).await;
        let mut visitor = stage.visitor();
        let list = visitor
            .get("/book?from=2026-11-30&tz=America%2FNew_York")
            .await;
        let change = list.expect(200).link("Change the zone").href;
        let page = visitor.get(&change).await;
        let text = page.expect(200).text();
        for words in [
            "New York (UTC−5)",
            "What you chose",
            "Berlin (UTC+1)",
            "Where this site is",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        for (query, place) in [
            ("india", "Kolkata (UTC+5:30)"),
            ("Calcutta", "Kolkata (UTC+5:30)"),
            ("UTC+5:30", "Kolkata (UTC+5:30)"),
        ] {
            let mut form = page.form("/book/zone");
            form.fill("q", query);
            let found = visitor.submit(&page, &form).await;
            let link = found.expect(200).link(place).href;
            assert_eq!(link, "/book?from=2026-11-30&tz=Asia%2FKolkata", "{query}");
            let back = visitor.get(&link).await;
            assert!(
                back.expect(200).text().contains("6:30 am"),
                "{}",
                back.text()
            );
        }
        let mut form = page.form("/book/zone");
        form.fill("q", "Atlantis <b>");
        let none = visitor.submit(&page, &form).await;
        assert!(none.expect(200).text().contains("No place has this name."));
        // A region's places, in the visitor's language.
        let asia = visitor.get("/book/zone?area=asia&lang=ms").await;
        let text = asia.expect(200).text();
        assert!(
            text.contains("Tokyo (UTC+9)") && text.contains("Jepun"),
            "{text}"
        );
        // A time's page leads there too, and no link leads elsewhere.
        let mut visitor = stage.visitor();
        let time = visitor.get(&slot).await;
        let change = time.expect(200).link("Change the zone").href;
        let page = visitor.get(&change).await;
        let back = page.expect(200).link("Berlin (UTC+1)").href;
        assert_eq!(back, format!("{slot}?tz=Europe%2FBerlin"));
        let evil = visitor.get("/book/zone?for=//evil.example&q=berlin").await;
        assert!(!evil.expect(200).body.contains("evil.example"));
    });
}

#[test]
fn a_zone_that_a_person_chose_comes_before_the_device_s() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, _, slot) = berlin(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.browser.set_cookie("kd_zone", "Asia/Tokyo");
        // The test's accounts chose Kuala Lumpur.
        let page = aina.browser.get("/book").await;
        assert!(
            page.expect(200)
                .text()
                .contains("All times are in Kuala Lumpur (UTC+8).")
        );
        let page = aina.browser.get(&slot).await;
        assert!(page.expect(200).form(&slot).value("zone_offered").is_none());
    });
}

#[test]
fn an_account_with_the_site_s_zone_takes_over_the_device_s_if_its_owner_wants() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, _, slot) = berlin(stage).await;
        let set = sql!(
            "UPDATE account SET time_zone = 'Europe/Berlin', zone_source = 'site'
             WHERE display_name <> 'Farah Ali'"
        );
        for (name, is_wanted) in [("Aina Yusof", true), ("Mei Lin", false)] {
            let mut person = stage.person(name).await;
            run(&stage, set).await;
            person.browser.set_cookie("kd_zone", "Asia/Tokyo");
            let page = person.browser.get(&slot).await;
            let mut form = page.expect(200).form(&slot);
            assert!(page.text().contains("10–11 am, Tokyo (UTC+9)"));
            assert_eq!(form.value("use_zone"), Some("Asia/Tokyo"));
            if !is_wanted {
                form.untick("use_zone", "Asia/Tokyo");
            }
            let booked = person.browser.submit(&page, &form).await;
            let booking = booked
                .expect(303)
                .location()
                .unwrap()
                .replace("?done=booked", "");
            let (said, time) = if is_wanted {
                (("Asia/Tokyo", "device"), "10–11 am, Tokyo (UTC+9)")
            } else {
                (("Europe/Berlin", "site"), "2–3 am, Berlin (UTC+1)")
            };
            let (zone, source) = zone_of(&stage, &person).await;
            assert_eq!((&*zone, &*source), said);
            person.sees(&booking, time).await;
            person.cancel(&booking).await.expect(303);
        }
    });
}

#[test]
fn the_zone_of_the_address_is_offered_unticked_and_the_account_s_time_is_said_beside_it() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, _, slot) = berlin(stage).await;
        let asked = format!("{slot}?tz=Asia/Tokyo");
        let mut aina = stage.person("Aina Yusof").await;
        let person = sql!(
            "UPDATE account SET time_zone = 'Europe/Berlin', zone_source = 'person'
             WHERE display_name <> 'Farah Ali'"
        );
        let site =
            sql!("UPDATE account SET zone_source = 'site' WHERE display_name <> 'Farah Ali'");
        for (set, is_offered) in [(person, false), (site, true)] {
            run(&stage, set).await;
            let page = aina.browser.get(&asked).await;
            let form = page.expect(200).form(&slot);
            assert!(page.text().contains("10–11 am, Tokyo (UTC+9)"));
            let own = "In your account’s zone: Tuesday, 1 December 2026, 2 am, Berlin (UTC+1)";
            assert!(page.text().contains(own), "{}", page.text());
            let offered = is_offered.then_some("Asia/Tokyo");
            assert_eq!(form.value("zone_offered"), offered);
            assert_eq!(form.value("use_zone"), None);
        }
        let page = aina.browser.get(&slot).await;
        assert!(!page.text().contains("In your account’s zone"));
    });
}

#[test]
fn a_new_provider_reads_their_zone_before_the_first_times() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage
            .person_as("Farah Ali", bookings::provider::PROVIDER)
            .await;
        let words = "Times are in your zone: Kuala Lumpur (UTC+8).";
        farah.sees("/me/slots", words).await;
        let page = farah.browser.get("/me/slots").await;
        page.link(&stage.say("slot-first-zone"));
    });
}

async fn zone_of(stage: &Stage<'_>, person: &Person) -> (String, String) {
    let id = person.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<(String, String), StoreError> {
        sql!(
            "SELECT time_zone, zone_source FROM account WHERE id = :id",
            id
        )
        .one(tx)
    };
    stage.world.store().read(look).await.unwrap()
}

#[test]
fn a_provider_s_zone_is_the_account_s() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let sent = json!({"time_zone": "America/New_York", "bio": "Calls."});
        let page = call_as_script(stage, &farah, "PUT", "/api/v1/me/provider", &sent).await;
        let saved = page.expect(200).json();
        assert_eq!(saved["time_zone"], "Asia/Kuala_Lumpur");
        assert_eq!(saved["bio"], "Calls.");
        farah.zone("America/New_York").await;
        let page = farah.call("GET", "/api/v1/me/provider", &json!(null)).await;
        assert_eq!(page.expect(200).json()["time_zone"], "America/New_York");
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        assert_eq!(slot["starts_at"], "2026-12-01T14:00:00Z");
        farah
            .sees("/me/slots", "All times are in New York (UTC−5).")
            .await;
    });
}

#[test]
fn an_account_takes_over_the_zone_of_the_former_profile_or_its_owner_is_told() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = &in_zone(stage, "Europe/Berlin");
        let mut people = Vec::new();
        for (name, zone, former) in [
            ("Farah Ali", "Europe/Berlin", "America/New_York"),
            ("Mei Lin", "Asia/Tokyo", "America/New_York"),
            ("Daniel Tan", "Asia/Tokyo", "Asia/Tokyo"),
        ] {
            let mut person = stage.person_as(name, bookings::provider::PROVIDER).await;
            person.offer("2026-12-01", "09:00", 0).await;
            let id = person.who.account().id.clone();
            let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                sql!(
                    "UPDATE account SET time_zone = :zone, zone_source = 'site' WHERE id = :id",
                    zone,
                    id
                )
                .run(tx, Rows::Exactly(1))?;
                sql!(
                    "UPDATE provider SET former_zone = :former WHERE account_id = :id",
                    former,
                    id
                )
                .run(tx, Rows::Exactly(1))?;
                Ok(())
            };
            stage.world.store().write(change).await.unwrap();
            people.push(person);
        }
        let before: Vec<(String,)> =
            rows(stage, sql!("SELECT starts_at || '' FROM slot ORDER BY id")).await;
        stage.work().await;
        let zones = [
            zone_of(stage, &people[0]).await.0,
            zone_of(stage, &people[1]).await.0,
            zone_of(stage, &people[2]).await.0,
        ];
        assert_eq!(zones, ["America/New_York", "Asia/Tokyo", "Asia/Tokyo"]);
        let told: Vec<(String, String)> =
            rows(stage, sql!("SELECT account_id, about FROM notification")).await;
        let mei = people[1].who.account().id.to_string();
        assert_eq!(told, [(mei, "Tokyo (UTC+9)".to_owned())]);
        let after: Vec<(String,)> =
            rows(stage, sql!("SELECT starts_at || '' FROM slot ORDER BY id")).await;
        assert_eq!(before, after);
        let left: Vec<(String,)> = rows(
            stage,
            sql!("SELECT former_zone FROM provider WHERE former_zone <> ''"),
        )
        .await;
        assert!(left.is_empty());
    });
}

#[test]
fn a_newcomer_s_account_has_the_zone_in_which_they_booked() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let stage = open(stage).await;
        let mut browser = stage.visitor();
        browser.set_cookie("kd_zone", "Asia/Tokyo");
        siti_books(&mut browser, &slot).await.expect(202);
        let found: Vec<(String, String)> = rows(
            &stage,
            sql!("SELECT time_zone, zone_source FROM account WHERE display_name LIKE 'Siti%'"),
        )
        .await;
        assert_eq!(found, [("Asia/Tokyo".to_owned(), "device".to_owned())]);
        let mails = stage.world.mails().await;
        assert!(
            mails
                .iter()
                .any(|mail| mail.text.contains("10 am, Tokyo (UTC+9)")),
            "{mails:?}"
        );
        let link = crate::newcomers::links(&stage, crate::newcomers::SITI)
            .await
            .pop()
            .unwrap();
        let page = browser.get(&link).await;
        assert!(
            page.expect(200).text().contains("10–11 am, Tokyo (UTC+9)"),
            "{}",
            page.text()
        );
    });
}

#[test]
fn a_session_in_person_is_told_in_the_zone_of_its_place() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let sent = json!({
            "date": "2026-12-01", "time": "09:00", "minutes": 60, "title": "Portrait",
            "location_kind": "in_person", "area": "Bangsar", "location": "No. 1",
        });
        let page = farah.call("POST", "/api/v1/me/slots", &sent).await;
        let slot = page.expect(201).json();
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let both = "9–10 am, Kuala Lumpur (UTC+8) (Tue 1 Dec 2026, 2 am, Rome (UTC+1))";
        let mut visitor = stage.visitor();
        let page = visitor.get(&format!("{path}?tz=Europe/Rome")).await;
        assert!(page.expect(200).text().contains(both), "{}", page.text());
        // Clocks in Singapore show the same.
        let page = visitor.get(&format!("{path}?tz=Asia/Singapore")).await;
        let text = page.expect(200).text();
        assert!(text.contains("9–10 am, Kuala Lumpur (UTC+8)") && !text.contains("(Tue 1 Dec"));
        for (zone, is_said) in [("Europe/Rome", true), ("Asia/Singapore", false)] {
            let page = visitor
                .get(&format!("/book?tz={zone}&from=2026-11-30"))
                .await;
            let said = page.expect(200).text();
            let place = "Tue 1 Dec, 9 am (Kuala Lumpur)";
            assert_eq!(said.contains(place), is_said, "{said}");
            assert!(!said.contains("2 am"), "{said}");
        }

        let mut aina = stage.person("Aina Yusof").await;
        aina.zone("Europe/Rome").await;
        let booked = aina.book(&slot).await;
        let booking = booked.expect(303).location().unwrap().to_owned();
        let booking = booking.replace("?done=booked", "");
        let text = aina.browser.get(&booking).await.expect(200).text();
        assert!(text.contains(both) && !text.contains("For the provider"));
        let short =
            "Tue 1 Dec 2026, 9 am, Kuala Lumpur (UTC+8) (Tue 1 Dec 2026, 2 am, Rome (UTC+1))";
        aina.sees("/me/bookings", short).await;
        farah.sees(&booking, "9–10 am, Kuala Lumpur (UTC+8)").await;
        let mails = stage.world.mails().await;
        let mail = mails.iter().find(|mail| mail.recipient.starts_with("Aina"));
        let mail = mail.unwrap();
        assert_eq!(
            mail.subject,
            "Booked: Portrait, Tue 1 Dec, 9 am (Kuala Lumpur)"
        );
        let long = "Tuesday, 1 December 2026, 9–10 am, Kuala Lumpur (UTC+8) (Tue 1 Dec 2026, 2 am, Rome (UTC+1))";
        assert!(mail.text.contains(long), "{}", mail.text);
        let file = aina.browser.get(&format!("{booking}/calendar.ics")).await;
        let start = "DTSTART;TZID=Asia/Kuala_Lumpur:20261201T090000";
        assert!(file.expect(200).body.contains(start), "{}", file.body);
        // Notices about a time that was asked for are told so too.
        let mut other = sent.clone();
        other["date"] = "2026-12-03".into();
        let other = farah.call("POST", "/api/v1/me/slots", &other).await;
        let other = other.expect(201).json();
        let ask = json!({"slot_ids": [other["id"]]});
        let made = aina.call("POST", "/api/v1/requests", &ask).await;
        let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
        let decline = format!("/api/v1/requests/{id}/decline");
        farah.call("POST", &decline, &Value::Null).await.expect(200);
        let mails = stage.world.mails().await;
        let told = "Thursday, 3 December 2026, 9 am, Kuala Lumpur (UTC+8) (Thu 3 Dec 2026, 2 am, Rome (UTC+1))";
        let is_told = |mail: &&testkit::SentMail| {
            mail.recipient.starts_with("Aina") && mail.text.contains(told)
        };
        assert!(mails.iter().any(|mail| is_told(&mail)), "{mails:?}");
        // The private calendar gives other sessions in the zone of the account.
        let call = farah.offer("2026-12-02", "09:00", 0).await;
        aina.book(&call).await.expect(303);
        let feed = feeds::path(&feeds::press(&mut aina, "new").await);
        let feed = stage.visitor().get(&feed).await;
        for line in [
            start,
            "DTSTART;TZID=Europe/Rome:20261202T020000",
            "TZID:Asia/Kuala_Lumpur\r\n",
            "TZID:Europe/Rome\r\n",
        ] {
            assert!(feed.expect(200).body.contains(line), "{}", feed.body);
        }
    });
}
