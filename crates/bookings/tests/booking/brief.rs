//! Tests of what member and provider tell each other: topics, and their email addresses.

use serde_json::{Value, json};

use crate::stage::{Booking, Stage, errors, on_default, provider};

#[test]
fn the_provider_reads_the_topics_of_bookings_and_requests() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let other = farah.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        // A page takes a topic on each line.
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let page = aina.browser.get(&path).await;
        let mut form = page.expect(200).form(&path);
        form.fill("topics", "Caches\n\n  Queues \nCaches");
        let booked = aina.browser.submit(&page, &form).await;
        booked.expect(303);
        let booking = aina.coming().await;
        assert_eq!(booking["topics"], json!(["Caches", "Queues"]));
        let text = farah.browser.get("/me/slots/bookings").await.text();
        assert!(text.contains("Caches") && text.contains("Queues"), "{text}");
        let path = format!("/me/bookings/{}", booking["id"].as_str().unwrap());
        let text = farah.browser.get(&path).await.text();
        assert!(
            text.contains(&stage.say("booking-topics")) && text.contains("Queues"),
            "{text}"
        );
        let ask = json!({"slot_ids": [other["id"]], "topics": ["Threads"]});
        let asked = aina.call("POST", "/api/v1/requests", &ask).await;
        let asked = asked.expect(201).json();
        assert_eq!(asked["topics"], json!(["Threads"]));
        let text = farah.browser.get("/me/slots/requests").await.text();
        assert!(text.contains("Threads"), "{text}");
        // The booking that a confirmation makes has them too.
        let path = format!("/api/v1/requests/{}/confirm", asked["id"].as_str().unwrap());
        let confirmed = json!({"slot_id": other["id"]});
        farah.call("POST", &path, &confirmed).await.expect(200);
        let all = aina
            .call("GET", "/api/v1/bookings", &Value::Null)
            .await
            .json();
        assert_eq!(all["items"][1]["topics"], json!(["Threads"]));
    });
}

#[test]
fn there_are_ten_topics_of_sixty_characters_at_most() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let names = |count: usize| (0..count).map(|number| number.to_string());
        for (topics, code) in [
            (names(11).collect::<Vec<String>>(), Some("too_many")),
            (vec!["x".repeat(61)], Some("too_long")),
            (
                names(10).chain([" ".to_owned(), "9".to_owned()]).collect(),
                None,
            ),
        ] {
            let booking = json!({
                "slot_id": slot["id"], "slot_version": slot["version"], "topics": topics,
            });
            let page = aina.call("POST", "/api/v1/bookings", &booking).await;
            match code {
                Some(code) => {
                    let expected = ("/topics".to_owned(), code.to_owned());
                    assert_eq!(errors(page.expect(422)), [expected]);
                }
                None => assert_eq!(page.expect(201).json()["topics"][9], "9"),
            }
        }
    });
}

#[test]
fn an_address_is_shown_to_the_other_side_of_a_confirmed_booking_alone() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let free = farah.offer("2026-12-01", "09:00", 0).await;
        let priced = farah.offer("2026-12-02", "09:00", 5_000).await;
        let later = farah.offer("2026-12-03", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let emails = |booking: &Value| {
            let read = |name: &str| booking[name].as_str().unwrap().to_owned();
            (read("provider_email"), read("member_email"))
        };
        let none = (String::new(), String::new());
        // Nobody shows an address unless they say so.
        daniel.book(&later).await.expect(303);
        assert_eq!(emails(&daniel.coming().await), none);
        farah.profile("shows_email", "").await;
        let (theirs, own) = ("Farah.Ali@example.my", "Aina.Yusof@example.my");
        let seen = emails(&daniel.coming().await);
        assert_eq!(seen, (theirs.to_owned(), String::new()));
        let path = format!("/book/{}", priced["id"].as_str().unwrap());
        let page = aina.browser.get(&path).await;
        assert!(!page.expect(200).body.contains(theirs));
        let mut form = page.form(&path);
        form.tick("shows_email", "1");
        let held = aina.browser.submit(&page, &form).await;
        let pay = held.expect(303).location().unwrap().to_owned();
        let booking = aina.coming().await;
        assert_eq!(emails(&booking), none);
        let path = format!("/me/bookings/{}", booking["id"].as_str().unwrap());
        for (person, marker) in [(&mut farah, own), (&mut aina, theirs)] {
            let page = person.browser.get(&path).await;
            assert!(!page.expect(200).body.contains(marker), "{}", page.body);
        }
        aina.pay(&pay, "pay").await.expect(200);
        let seen = emails(&aina.coming().await);
        assert_eq!(seen, (theirs.to_owned(), own.to_owned()));
        for (person, marker) in [(&mut farah, own), (&mut aina, theirs)] {
            let page = person.browser.get(&path).await;
            assert!(page.expect(200).body.contains(&format!("mailto:{marker}")));
        }
        // Strangers read no address anywhere, and after a cancellation nobody does.
        let mut stranger = stage.visitor();
        for path in [
            "/api/v1/slots".to_owned(),
            format!("/book/{}", free["id"].as_str().unwrap()),
        ] {
            let page = stranger.get(&path).await;
            assert!(!page.expect(200).body.contains("@example.my"), "{path}");
        }
        aina.cancel(&path).await.expect(303);
        let page = farah.browser.get(&path).await;
        assert!(!page.expect(200).body.contains(own), "{}", page.body);
    });
}
