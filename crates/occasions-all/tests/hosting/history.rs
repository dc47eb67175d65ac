//! Tests that an invitation's history names the fields that changed, and only these.

use occasions::event::PlannedEvent;
use serde_json::json;

use crate::pages::HOME;
use crate::stage::{Stage, call, on_both};

async fn event(stage: &Stage<'_>, key: &'static str) -> (PlannedEvent, i64) {
    let all = stage
        .done(|tx, host| Ok(occasions::event::list(tx, host.occasion())?))
        .await;
    let event = all.into_iter().find(|event| event.key == key).unwrap();
    let sequence = event.calendar_sequence;
    (event.into(), sequence)
}

#[test]
fn a_form_leaves_an_instant_alone_that_nobody_touched() {
    on_both(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let read = async |visitor: &mut testkit::Visitor, at: &str| {
            visitor.get(at).await.json()["version"].clone()
        };
        let version = read(&mut owner, &stage.at("")).await;
        let zone = json!({"time_zone": "Europe/Berlin", "version": version});
        call(&mut owner, "PATCH", &stage.at(""), &zone)
            .await
            .expect(200);
        let (reception, _) = event(stage, "reception").await;
        let in_api = stage.at(&format!("/events/{}", reception.id));
        let in_form = format!("{HOME}/settings/events/{}", reception.id);
        for (starts_at, ends_at) in [
            // Summer time ends in this night, so 2:30 am occurs twice. This UTC time is the second
            // 2:30 am.
            ("2026-10-25T01:30:00Z", "2026-10-25T05:00:00Z"),
            ("2026-10-26T01:30:17Z", "2026-10-26T05:00:59Z"),
        ] {
            let version = read(&mut owner, &in_api).await;
            let moved = json!({"starts_at": starts_at, "ends_at": ends_at, "version": version});
            call(&mut owner, "PATCH", &in_api, &moved).await.expect(200);
            let (before, sequence) = event(stage, "reception").await;
            assert_eq!(before.starts_at.unwrap().to_string(), starts_at);

            let page = owner.get(&in_form).await;
            let mut form = page.form(&in_form);
            form.fill("dress_code.en", &format!("Batik {starts_at}"));
            owner.submit(&page, &form).await.expect(303);
            let (after, same) = event(stage, "reception").await;
            assert_eq!(
                (after.starts_at, after.ends_at),
                (before.starts_at, before.ends_at)
            );
            assert_eq!(same, sequence, "calendars hear nothing of it");
            let log = owner.get(&stage.at("/audit?action=event.changed")).await;
            let newest = &log.json()["items"][0]["changes"];
            let fields: Vec<_> = newest.as_array().unwrap().iter().collect();
            assert_eq!(fields.len(), 1, "{newest}");
            assert_eq!(fields[0]["field"], "dress_code");

            let page = owner.get(&in_form).await;
            let mut form = page.form(&in_form);
            form.fill("starts_at", "2026-10-24T18:00");
            owner.submit(&page, &form).await.expect(303);
            let (touched, sequence) = event(stage, "reception").await;
            assert_eq!(
                touched.starts_at.unwrap().to_string(),
                "2026-10-24T16:00:00Z"
            );
            assert_eq!(sequence, same + 1);
        }
    });
}

#[test]
fn words_of_hosts_are_told_as_they_are() {
    on_both(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let id = stage.invitation("LATE1").await;
        let at = format!("/api/v1/invitations/id/{id}");
        let version = owner.get(&at).await.json()["version"].clone();
        let tagged = json!({"tags": ["no", "auto", "2026-10-25T01:30:00Z"], "version": version});
        call(&mut owner, "PATCH", &at, &tagged).await.expect(200);
        let (reception, _) = event(stage, "reception").await;
        let at = stage.at(&format!("/events/{}", reception.id));
        let version = owner.get(&at).await.json()["version"].clone();
        let venue =
            json!({"venue": "open", "starts_at": "2027-01-16T04:30:00Z", "version": version});
        call(&mut owner, "PATCH", &at, &venue).await.expect(200);

        let page = owner.get(&format!("{HOME}/invites/{id}")).await.text();
        assert!(page.contains("no, auto, 2026-10-25T01:30:00Z"), "{page}");
        let log = owner
            .get(&format!("{HOME}/audit?action=event"))
            .await
            .text();
        assert!(log.contains("→ open"), "{log}");
        assert!(!log.contains(&stage.say("host-access-open")), "{log}");
        assert!(
            !log.contains("2027-01-16T04:30"),
            "an instant is told as one"
        );

        // Fixed values such as the lock mode are shown in the host's language.
        let lock = format!("{HOME}/invites/{id}");
        let at = format!("/api/v1/invitations/id/{id}/lock");
        call(&mut owner, "POST", &at, &json!({})).await.expect(200);
        let page = owner.get(&lock).await.text();
        assert!(page.contains(&stage.say("host-lock-auto")), "{page}");
    });
}
