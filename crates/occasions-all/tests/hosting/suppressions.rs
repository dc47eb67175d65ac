//! Tests of suppressed email addresses on an invitation: what hosts see, and which suppressions
//! hosts can lift.

use jiff::SignedDuration;
use platform::mail::suppression::{self, Cause};
use platform::mail::{Address, Stream};
use serde_json::{Value, json};
use testkit::Page;

use crate::pages::HOME;
use crate::stage::{Stage, on_default};

const RAHMAN: &str = "rahman@example.com";

async fn suppress(stage: &Stage<'_>, cause: Cause) {
    let key = stage.site.keys.key(suppression::PURPOSE);
    let address: Address = RAHMAN.parse().unwrap();
    stage
        .done(move |tx, _| Ok(suppression::record(tx, &key, &address, cause)?))
        .await;
}

async fn unsubscribe(stage: &Stage<'_>, stream: Stream, scope: &str) {
    let key = stage.site.keys.key(suppression::PURPOSE);
    let address: Address = RAHMAN.parse().unwrap();
    let link = suppression::unsubscribe_link(&key, &address, stream, Some(scope));
    stage.nobody().post(&link, &[]).await.expect(200);
}

fn causes(page: &Page) -> Value {
    page.expect(200);
    let Value::Array(all) = page.json()["suppressions"].take() else {
        return Value::Null;
    };
    all.into_iter().map(|mut one| one["cause"].take()).collect()
}

#[test]
fn hosts_see_why_mail_does_not_arrive_and_lift_a_bounce() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let (address, api) = (
            format!("{HOME}/invites/{id}"),
            format!("/api/v1/invitations/id/{id}"),
        );
        let lift = format!("{address}/bounce");
        let mut coordinator = stage.visitor(&stage.coordinator);
        let mut observer = stage.visitor(&stage.observer);
        let page = coordinator.get(&address).await;
        assert!(!page.body.contains(&lift));
        assert_eq!(causes(&coordinator.get(&api).await), json!([]));

        suppress(stage, Cause::HardBounce).await;
        let page = coordinator.get(&address).await;
        let bounced = stage.start("host-mail-hard-bounce");
        assert!(page.text().contains(&bounced), "{}", page.text());
        assert_eq!(causes(&coordinator.get(&api).await), json!(["hard_bounce"]));
        assert_eq!(causes(&observer.get(&api).await), Value::Null);
        let seen = observer.get(&address).await;
        assert!(!seen.text().contains(&bounced) && !seen.body.contains(RAHMAN));
        observer.post(&lift, &[]).await.expect(403);
        let form = page.form(&lift);
        let lifted = coordinator.submit(&page, &form).await;
        let page = coordinator.follow(lifted).await;
        assert!(page.text().contains(&stage.say("host-done-mail")));
        assert!(!page.text().contains(&bounced));
        let log = stage.actions().await;
        assert_eq!(log.last().unwrap(), "suppression.lifted", "{log:?}");
    });
}

#[test]
fn what_people_asked_for_no_host_lifts() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let (address, api) = (
            format!("{HOME}/invites/{id}"),
            format!("/api/v1/invitations/id/{id}"),
        );
        let lift = format!("{address}/bounce");
        let mut owner = stage.visitor(&stage.owner);
        unsubscribe(stage, Stream::Notification, "another").await;
        assert_eq!(causes(&owner.get(&api).await), json!([]));
        for stream in [Stream::Notification, Stream::Marketing] {
            unsubscribe(stage, stream, stage.occasion.as_str()).await;
        }
        assert_eq!(causes(&owner.get(&api).await), json!(["unsubscribe"]));
        suppress(stage, Cause::Complaint).await;
        let asked_for = json!(["complaint", "unsubscribe"]);
        assert_eq!(causes(&owner.get(&api).await), asked_for);
        let page = owner.get(&address).await;
        assert!(!page.body.contains(&lift));
        owner.post(&lift, &[]).await.expect(303);
        assert_eq!(causes(&owner.get(&api).await), asked_for);
    });
}

#[test]
fn an_address_is_held_for_a_week_after_soft_bounces_or_until_a_host_knows_better() {
    on_default(async |stage| {
        let id = stage.invitation("RAHMA").await;
        let address = format!("{HOME}/invites/{id}");
        let mut owner = stage.visitor(&stage.owner);
        let bounce = async |message: &'static str| {
            let key = stage.site.keys.key(suppression::PURPOSE);
            let address: Address = RAHMAN.parse().unwrap();
            let outcome = suppression::Outcome::SoftBounce;
            stage
                .done(move |tx, _| Ok(suppression::report(tx, &key, &address, message, outcome)?))
                .await;
        };
        let held = stage.start("host-mail-soft-bounce");
        for message in ["1", "2"] {
            bounce(message).await;
        }
        assert!(!owner.get(&address).await.text().contains(&held));
        bounce("3").await;
        let page = owner.get(&address).await;
        assert!(page.text().contains(&held), "{}", page.text());
        let form = page.form(&format!("{address}/bounce"));
        owner.submit(&page, &form).await.expect(303);
        // The owner has lifted the suppression, so bounces before that no longer count.
        bounce("4").await;
        assert!(!owner.get(&address).await.text().contains(&held));
        for message in ["5", "6"] {
            bounce(message).await;
        }
        assert!(owner.get(&address).await.text().contains(&held));
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(7 * 24));
        assert!(!owner.get(&address).await.text().contains(&held));
    });
}
