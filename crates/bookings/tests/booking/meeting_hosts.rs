//! Tests of the hosts to which links to online meetings may lead.

use bookings::Refusal;
use bookings::import::{self, sessions};
use bookings::room::Room;
use identity::grant::OWNER;
use platform::Tx;
use serde_json::{Value, json};

use crate::stage::{Booking, Stage, errors, on_default, provider, script};

const SETTINGS: &str = "/api/v1/admin/booking-settings";
const OWN: &str = "https://rooms.bbb.example.org/b/abc";

#[test]
fn administrators_say_to_which_hosts_links_lead() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut own = script(stage, &owner);
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let change = json!({"location": OWN, "version": 1});
        let path = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
        let refused = farah.call("PATCH", &path, &change).await;
        let no_link = ("/location".to_owned(), "link_not_allowed".to_owned());
        assert_eq!(errors(refused.expect(422)), std::slice::from_ref(&no_link));
        let mut patch = async |hosts: Value, version: i64| {
            let body = json!({"meeting_hosts": hosts, "version": version});
            own.call("PATCH".parse().unwrap(), SETTINGS, &body).await
        };
        for hosts in [
            json!([]),
            json!(["127.0.0.1"]),
            json!(["meet.example.org:8443"]),
            json!(["me@meet.example.org"]),
            json!(["https://meet.example.org"]),
            json!("meet.example.org"),
        ] {
            patch(hosts, 1).await.expect(422);
        }
        let rooms = "/admin/sessions/settings/rooms";
        let page = owner.browser.get(rooms).await;
        let mut form = page.expect(200).form(rooms);
        let first = "meet.google.com, zoom.us, teams.microsoft.com, teams.live.com, meet.jit.si";
        assert_eq!(form.value("meeting_hosts"), Some(first));
        form.fill("meeting_hosts", "BBB.example.org, 10.0.0.1");
        let refused = owner.browser.submit(&page, &form).await;
        let said = stage.say("problem-host-invalid");
        assert!(refused.expect(422).text().contains(&said));
        form.fill("meeting_hosts", "BBB.example.org");
        owner.browser.submit(&page, &form).await.expect(303);
        let now = owner.browser.get(SETTINGS).await.json();
        assert_eq!(now["meeting_hosts"], json!(["bbb.example.org"]));
        // Times, rooms, replaced links and imports follow.
        farah.call("PATCH", &path, &change).await.expect(200);
        let old = json!({"location": "https://meet.jit.si/Veranda", "version": 2});
        let refused = farah.call("PATCH", &path, &old).await;
        assert_eq!(errors(refused.expect(422)), [no_link]);
        let mut aina = stage.person("Aina Yusof").await;
        let slot = json!({"slot_id": slot["id"], "slot_version": 2});
        let made = aina.call("POST", "/api/v1/bookings", &slot).await;
        let booking = made.expect(201).json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/bookings/{booking}/link");
        for (link, status) in [("https://meet.jit.si/Another", 422), (OWN, 200)] {
            let body = json!({"link": link});
            farah.call("PUT", &path, &body).await.expect(status);
        }
        let mut own = script(stage, &owner);
        for (link, status) in [("https://meet.jit.si/Room", 422), (OWN, 201)] {
            let body = json!({"name": "Room", "url": link});
            own.call("POST".parse().unwrap(), "/api/v1/admin/rooms", &body)
                .await
                .expect(status);
        }
        let look = |tx: &mut Tx<'_>| -> Result<_, Refusal> {
            let known = sessions::is_meeting(tx, "https://meet.jit.si/Room")?;
            let room = Room {
                id: tx.id(),
                name: "Other".to_owned(),
                url: "https://meet.jit.si/Other".to_owned(),
                active: true,
                version: 1,
            };
            let added = import::add_room(tx, &room)?;
            Ok((known, sessions::is_meeting(tx, OWN)?, added))
        };
        let found = stage.world.store().write(look).await.unwrap();
        assert_eq!(found, (false, true, None));
    });
}
