//! Tests that hosts can invite many households to another event at once.

use occasions::hosting::bulk;
use serde_json::json;

use crate::pages::HOME;
use crate::parts::{portal, sent};
use crate::stage::{Stage, call, on_default};

async fn invited_to(stage: &Stage<'_>, household: &str, events: &[&str]) -> String {
    let change = sent(json!({
        "household": household, "events": events, "guests": [{ "name": household }],
    }));
    let made = stage
        .done(move |tx, host| occasions::hosting::invitations::create(tx, host, &change, None));
    made.await.household.invitation.id.to_string()
}

async fn events_of(stage: &Stage<'_>, id: &str) -> Vec<String> {
    let snapshot = portal(stage, &id.parse().unwrap()).await;
    let mut keys: Vec<_> = snapshot
        .invited_events()
        .map(|event| event.key.clone())
        .collect();
    keys.sort();
    let guests = snapshot.household.guests.iter();
    for guest in guests {
        assert_eq!(guest.replies.len(), keys.len(), "each guest is asked");
    }
    keys
}

#[test]
fn many_households_are_invited_to_a_further_event() {
    on_default(async |stage| {
        stage.world.expect_jobs(bulk::KIND);
        let one = invited_to(stage, "Ali", &["nikah"]).await;
        let other = invited_to(stage, "Siti", &["nikah", "brunch"]).await;
        let mut owner = stage.visitor(&stage.owner);
        let body = json!({ "ids": [one, other], "action": "invite", "args": { "event": "party" } });
        let wrong = call(&mut owner, "POST", &stage.at("/bulk"), &body).await;
        assert_eq!(
            wrong.with(422).json()["errors"][0]["pointer"],
            "/args/event"
        );

        let list = format!("{HOME}/invites/bulk");
        let fields = [
            ("action", "invite"),
            ("ids", one.as_str()),
            ("ids", other.as_str()),
            ("event", "brunch"),
        ];
        let csrf = owner.get(&format!("{HOME}/invites")).await.form(&list);
        let token = csrf.value("_csrf").unwrap().to_owned();
        let fields = [&fields[..], &[("_csrf", token.as_str())]].concat();
        let shown = owner.post(&list, &fields).await;
        let mut form = shown.expect(200).form(&list);
        assert_eq!(form.value("event"), Some("brunch"));
        form.press("go", "1");
        let job = owner.submit(&shown, &form).await;
        let job = job.expect(303).header("location").to_owned();
        stage.worker().run_due().await.unwrap();
        owner.get(&job).await.expect(200);
        assert_eq!(events_of(stage, &one).await, ["brunch", "nikah"]);
        assert_eq!(events_of(stage, &other).await, ["brunch", "nikah"]);
        let id = job.rsplit('/').next().unwrap();
        let rows = owner
            .get(&stage.at(&format!("/bulk/{id}/rows")))
            .await
            .json();
        let states = |id: &str| {
            let rows = rows["items"].as_array().unwrap().iter();
            let mut found = rows.filter(|row| row["invitation"] == id);
            found.next().unwrap()["state"].as_str().unwrap().to_owned()
        };
        assert_eq!(states(&one), "done");
        assert_eq!(states(&other), "unchanged");
    });
}
