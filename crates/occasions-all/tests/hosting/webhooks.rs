//! Tests of an occasion's webhook events. Only webhooks of the occasion's owners receive the
//! events, and no event contains a name.

use identity::session::token::{PROFILE_READ, TokenScope};
use occasions::first_opened::Opens;
use occasions::token_scopes::{OCCASION_READ, OCCASION_WRITE, RSVPS_READ};
use platform::{StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::Visitor;

use crate::stage::{Stage, call, on_default};

const HOOKS: &str = "/api/v1/webhooks";

/// Returns the event names and bodies of the queued webhook messages, oldest first.
async fn messages(stage: &Stage<'_>) -> Vec<(String, Value)> {
    let look = |tx: &mut Tx<'_>| -> Result<Vec<(String, String)>, StoreError> {
        tx.all(
            sql!("SELECT event, body FROM webhook_delivery ORDER BY created_at, event"),
            &[],
        )
    };
    let found = stage.site.store.read(look).await.unwrap().into_iter();
    found
        .map(|(event, body)| (event, serde_json::from_str(&body).unwrap()))
        .collect()
}

fn hook(events: &[&str]) -> Value {
    json!({"url": "https://hooks.example/", "events": events})
}

#[test]
fn owners_webhooks_hear_of_answers_and_of_opened_invitations() {
    on_default(async |stage| {
        stage.world.expect_jobs("webhook.deliver");
        stage.expect_confirmations();
        let both = hook(&["reply.saved", "invitation.opened"]);
        let mut program = stage
            .program(&stage.owner, &[OCCASION_WRITE, RSVPS_READ])
            .await;
        for _ in 0..2 {
            call(&mut program, "POST", HOOKS, &both).await.expect(201);
        }
        // A host who owns no occasion cannot subscribe a webhook to these events.
        for host in [&stage.coordinator, &stage.stranger] {
            let scopes = [OCCASION_WRITE, RSVPS_READ];
            let mut program = stage.program(host, &scopes).await;
            let refused = call(&mut program, "POST", HOOKS, &both).await;
            refused.expect(422);
            assert_eq!(refused.json()["errors"][0]["code"], "unknown_option");
        }
        assert!(messages(stage).await.is_empty());

        let rahma = stage.invitation("RAHMA").await;
        let address = "/invite/RAHMA/rsvp";
        let mut guest = stage.nobody();
        let shown = guest.get(address).await;
        let mut form = shown.expect(200).form(address);
        let people = crate::diet_deletion::ids(stage, &rahma).await;
        form.fill(&format!("reply.{}.reception", people[0]), "yes");
        guest.submit(&shown, &form).await.expect(303);
        let told = messages(stage).await;
        assert_eq!(told.len(), 2, "one for each webhook");
        let (event, message) = &told[0];
        assert_eq!(
            (event.as_str(), &message["type"]),
            ("reply.saved", &json!(event))
        );
        assert_eq!(message["occasion"], json!(stage.occasion));
        assert_eq!(message["invitation"], json!(rahma));
        assert_eq!(message["source"], "web");
        assert_eq!(message["guests"][0]["replies"]["reception"], "yes");
        assert!(!message.to_string().contains("name"), "{message}");

        let opens = Opens::default();
        for _ in 0..2 {
            opens.note(rahma.clone(), stage.world.clock.now());
            opens.write(&stage.site.store).await.unwrap();
        }
        let told = messages(stage).await;
        let opened = told
            .iter()
            .filter(|(event, _)| event == "invitation.opened");
        let opened: Vec<_> = opened.map(|(_, message)| &message["invitation"]).collect();
        assert_eq!(
            opened,
            [&json!(rahma), &json!(rahma)],
            "once for each webhook"
        );
    });
}

/// Returns an API client with a new token of the owner, limited to `scopes`. Revokes earlier
/// tokens.
async fn with(stage: &Stage<'_>, scopes: &[TokenScope]) -> Visitor {
    stage.forget_tokens().await;
    stage.program(&stage.owner, scopes).await
}

#[test]
fn a_token_has_webhooks_of_what_it_may_read_alone() {
    on_default(async |stage| {
        let saved = hook(&["reply.saved"]);
        let mut writer = with(stage, &[OCCASION_READ, OCCASION_WRITE]).await;
        let refused = call(&mut writer, "POST", HOOKS, &saved).await;
        refused.expect(403);
        assert_eq!(refused.json()["code"], "scope_required");
        assert!(refused.body.contains(RSVPS_READ.word()), "{}", refused.body);

        let whole = [OCCASION_WRITE, RSVPS_READ];
        let mut program = with(stage, &whole).await;
        let made = call(&mut program, "POST", HOOKS, &saved).await;
        made.expect(201);
        let at = format!("{HOOKS}/{}", made.json()["id"].as_str().unwrap());
        let mut reader = with(stage, &[RSVPS_READ]).await;
        let listed = reader.get(HOOKS).await.json();
        assert_eq!(listed["items"][0]["events"], json!(["reply.saved"]));
        reader.get(&format!("{at}/deliveries")).await.expect(200);
        call(&mut reader, "DELETE", &at, &Value::Null)
            .await
            .expect(403);
        for scope in [OCCASION_READ, PROFILE_READ] {
            let mut other = with(stage, &[scope]).await;
            other.get(HOOKS).await.expect(403);
            other.get(&format!("{at}/deliveries")).await.expect(403);
        }
        let mut program = with(stage, &whole).await;
        call(&mut program, "DELETE", &at, &Value::Null)
            .await
            .expect(204);
    });
}

#[test]
fn the_page_offers_what_somebody_has() {
    on_default(async |stage| {
        let page = stage.visitor(&stage.owner).get("/me/webhooks").await;
        assert!(page.body.contains(&stage.say("host-event-reply-saved")));
        let page = stage.visitor(&stage.observer).get("/me/webhooks").await;
        page.expect(200);
        assert!(!page.body.contains(&stage.say("host-event-reply-saved")));
    });
}
