//! Tests that pages and JSON responses hide some data from observers.

use occasions::hosting::bulk::{self, Action, Request, Target};
use occasions::hosting::invitations;
use occasions::hosting::listing::InvitationFilter;
use serde_json::{Value, json};

use crate::pages::HOME;
use crate::parts::{sent, version};
use crate::stage::on_default;

#[test]
fn observers_see_no_codes_and_no_contact_data() {
    on_default(async |stage| {
        let invitation = stage.invitation("RAHMA").await;
        let path = format!("/api/v1/invitations/id/{invitation}");
        let shown = stage.visitor(&stage.coordinator).get(&path).await.json();
        assert_eq!(shown["code"], "RAHMA");
        assert!(shown["email"].is_string());
        let mut observer = stage.visitor(&stage.observer);
        let masked = observer.get(&path).await;
        for field in [
            "code",
            "email",
            "phone",
            "address",
            "host_note",
            "lock_reason",
        ] {
            assert_eq!(masked.json()[field], Value::Null, "{field}");
        }
        assert_eq!(masked.json()["household"], shown["household"]);
        let list = observer.get(&stage.at("/invitations?limit=200")).await;
        let members = observer.get(&stage.at("/members")).await;
        for page in [&masked, &list, &members] {
            assert!(
                !page.body.contains("RAHMA") && !page.body.contains('@'),
                "{}",
                page.address
            );
        }
    });
}

#[test]
fn observers_read_what_households_read_and_not_what_hosts_tell_each_other() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let (other, seen) = (id.clone(), version(stage, &id).await);
        stage
            .done(move |tx, host| {
                let change = sent(json!({
                    "host_message": "We look forward to you",
                    "host_note": "Seat away from Uncle",
                }));
                invitations::change(tx, host, &other, seen, &change).map(drop)
            })
            .await;
        let request = Request {
            target: Target::Matching(InvitationFilter::default()),
            action: Action::Lock {
                reason: "They never answer".to_owned(),
            },
        };
        let job = stage
            .done(move |tx, host| bulk::start(tx, host, &request))
            .await
            .id;
        stage.worker().run_due().await.unwrap();
        let addresses = [
            format!("/api/v1/invitations/id/{id}"),
            format!("{HOME}/invites/{id}"),
            stage.at("/jobs"),
            stage.at(&format!("/bulk/{job}")),
        ];
        for (host, is_told) in [(&stage.coordinator, true), (&stage.observer, false)] {
            let mut visitor = stage.visitor(host);
            let mut pages = Vec::new();
            for address in &addresses {
                let page = visitor.get(address).await;
                pages.push(page.expect(200).body.clone());
            }
            for page in &pages[..2] {
                assert!(page.contains("We look forward to you"), "{page}");
                assert_eq!(page.contains("away from Uncle"), is_told, "{page}");
            }
            let reason = |page: &String| page.contains("They never answer");
            assert_eq!(pages.iter().all(reason), is_told);
            assert_eq!(pages.iter().any(reason), is_told);
        }
    });
}
