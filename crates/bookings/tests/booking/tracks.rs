//! Tests of what an entry of the catalogue shows, and of its tracks, among which members choose.

use identity::grant::OWNER;
use serde_json::{Value, json};

use crate::catalogue::send;
use crate::stage::{Booking, Person, Stage, errors, on_default, provider, script};

const ENTRIES: &str = "/api/v1/admin/catalogue";

async fn offer(farah: &mut Person, day: &str, entries: &[&str]) -> Value {
    let body = json!({
        "date": day, "time": "09:00", "minutes": 60, "title": "Call",
        "location": "https://meet.jit.si/Veranda", "entries": entries,
    });
    let page = farah.call("POST", "/api/v1/me/slots", &body).await;
    page.expect(201).json()
}

async fn book(member: &mut Person, slot: &Value, choice: Value) -> testkit::Page {
    let mut body = choice;
    body["slot_id"] = slot["id"].clone();
    body["slot_version"] = slot["version"].clone();
    member.call("POST", "/api/v1/bookings", &body).await
}

#[test]
fn a_track_is_one_of_the_entry_that_is_chosen() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        for body in [
            json!({"slug": "acme", "name": "Acme Works", "tracks": ["Backend", "Data"],
                "levels": ["E4", "E5"], "description": "Engines of all kinds.",
                "logo_url": "/files/acme.png"}),
            json!({"slug": "solo", "name": "Solo", "tracks": ["Design"],
                "logo_url": "https://cdn.example/solo.png"}),
            json!({"slug": "plain", "name": "Plain"}),
        ] {
            send(&mut admin, "POST", ENTRIES, &body).await.expect(201);
        }
        let mut farah = provider(stage).await;
        let days = ["2026-12-01", "2026-12-02", "2026-12-03", "2026-12-04"];
        let acme = offer(&mut farah, days[0], &["acme"]).await;
        let solo = offer(&mut farah, days[1], &["solo"]).await;
        let any = offer(&mut farah, days[2], &[]).await;
        let mut aina = stage.person("Aina Yusof").await;

        // The page shows what there is to read, and no picture of another server.
        let at = |slot: &Value| format!("/book/{}", slot["id"].as_str().unwrap());
        let page = aina.browser.get(&at(&acme)).await;
        let body = &page.expect(200).body;
        assert!(
            body.contains("Engines of all kinds.") && body.contains("E4, E5"),
            "{body}"
        );
        assert!(body.contains("src=\"/files/acme.png\""), "{body}");
        assert!(
            body.contains("value=\"Backend\"") && body.contains("value=\"Data\""),
            "{body}"
        );
        let page = aina.browser.get(&at(&solo)).await;
        assert!(!page.expect(200).body.contains("cdn.example"));
        assert!(!page.body.contains("name=\"track\""));
        let path = format!("/api/v1/slots/{}", acme["id"].as_str().unwrap());
        let shown = aina.browser.get(&path).await.expect(200).json();
        assert_eq!(shown["catalogue"][0]["tracks"], json!(["Backend", "Data"]));

        for (slot, choice) in [
            (&acme, json!({"track": "Frontend"})),
            (&solo, json!({"track": "Backend"})),
            (&any, json!({"entry": "plain", "track": "Backend"})),
            (&any, json!({"track": "Backend"})),
        ] {
            let refused = book(&mut aina, slot, choice).await;
            let refused = refused.expect(422).json();
            assert_eq!(refused["code"], "choice_not_offered");
            assert_eq!(refused["errors"][0]["pointer"], "/track");
        }
        let booked = book(&mut aina, &acme, json!({"track": "Data"})).await;
        let booked = booked.expect(201).json();
        assert_eq!(
            (&booked["entry"], &booked["track"]),
            (&json!("acme"), &json!("Data"))
        );
        let page = format!("/me/bookings/{}", booked["id"].as_str().unwrap());
        aina.sees(&page, "Data").await;
        // A single track is implied, and of several none need be chosen.
        let booked = book(&mut aina, &solo, json!({})).await.expect(201).json();
        assert_eq!(booked["track"], "Design");
        let booked = book(&mut aina, &any, json!({"entry": "acme"})).await;
        let booked = booked.expect(201).json();
        assert_eq!(
            (&booked["entry"], &booked["track"]),
            (&json!("acme"), &Value::Null)
        );
        // A request carries it to the booking.
        let slot = offer(&mut farah, days[3], &["acme"]).await;
        let wish = json!({"slot_ids": [slot["id"]], "track": "Backend"});
        let asked = aina
            .call("POST", "/api/v1/requests", &wish)
            .await
            .expect(201)
            .json();
        assert_eq!(asked["track"], "Backend");
        let path = format!("/api/v1/requests/{}/confirm", asked["id"].as_str().unwrap());
        let body = json!({"slot_id": slot["id"]});
        farah.call("POST", &path, &body).await.expect(200);
        let all = aina.call("GET", "/api/v1/bookings", &Value::Null).await;
        let all = all.expect(200).json()["items"].as_array().unwrap().clone();
        let last = all.iter().find(|one| one["slot_id"] == slot["id"]).unwrap();
        assert_eq!(last["track"], "Backend");
    });
}

#[test]
fn an_entry_has_twenty_tracks_at_most_and_a_logo_by_https_or_of_the_site() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        let many: Vec<String> = (0..21).map(|number| format!("Track {number}")).collect();
        let body = json!({"slug": "many", "name": "Many", "tracks": many});
        let refused = send(&mut admin, "POST", ENTRIES, &body).await;
        assert!(
            errors(refused.expect(422)).contains(&("/tracks".to_owned(), "too_many".to_owned()))
        );
        for url in [
            "http://cdn.example/a.png",
            "//cdn.example/a.png",
            "/\\cdn.example",
            "a.png",
        ] {
            let body = json!({"slug": "logo", "name": "Logo", "logo_url": url});
            let refused = send(&mut admin, "POST", ENTRIES, &body).await;
            let refused = refused.expect(422).json();
            assert_eq!(refused["errors"][0]["code"], "url_invalid", "{url}");
        }
    });
}
