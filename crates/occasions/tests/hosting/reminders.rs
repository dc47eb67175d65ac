//! Tests of automatic reminders. They are sent once for each rule and deadline, only to households
//! that have not answered completely, and never late.

use jiff::SignedDuration;
use occasions::hosting::campaign::{self, Campaign};
use occasions::hosting::mail_text::MailKind;
use occasions::hosting::reminders;
use platform::mail::{sender_domain, suppression};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use crate::campaigns::four;
use crate::stage::{ALL, Stage, call, on_both};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Labels four households and removes the email addresses of all others, so that at most these four
/// are reminded.
async fn only_four(stage: &Stage<'_>) {
    stage.label_four().await;
    let forget = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        let forget = sql!("UPDATE invitation SET email = NULL WHERE tags <> '[\"Four\"]'");
        tx.run(forget, &[], Rows::Any).map(drop)
    };
    stage.site.store.write(forget).await.unwrap();
}

async fn rule(stage: &Stage<'_>, days: i64, hour: &str) {
    let mut owner = stage.visitor(&stage.owner);
    let rule = json!({"days": days, "hour": hour});
    let made = call(&mut owner, "POST", &stage.at("/reminder-rules"), &rule).await;
    made.expect(201);
}

/// Runs the check for due reminders, which otherwise runs every minute.
async fn minute(stage: &Stage<'_>) {
    stage.world.clock.advance(SignedDuration::from_mins(1));
    let key = stage.site.keys.key(suppression::PURPOSE);
    let store = stage.site.store.clone();
    let sends = occasions::web::letter::campaigns(stage.site.clone());
    let looks = stage.working(vec![reminders::each_minute(store, key), sends]);
    looks.run_due().await.unwrap();
}

async fn reminders(stage: &Stage<'_>) -> Vec<Campaign> {
    let all = stage
        .done(|tx, host| campaign::list(tx, host, 100))
        .await
        .into_iter();
    all.map(|report| report.campaign).collect()
}

/// Runs the worker that sends due mails.
async fn deliver(stage: &Stage<'_>) {
    let postman = stage.postman();
    stage.seconds(&postman, 8).await;
}

async fn expect_all(stage: &Stage<'_>) {
    for mail in stage.world.mails().await {
        stage.world.expect_mail(&mail.recipient, &mail.subject);
    }
}

async fn to_deadline(stage: &Stage<'_>, before: SignedDuration) {
    let occasion = stage.occasion.clone();
    let deadline = stage.site.store.read(move |tx| {
        Ok::<_, StoreError>(occasions::occasion::load(tx, &occasion)?.rsvp_deadline)
    });
    let deadline = deadline.await.unwrap().unwrap();
    let now = stage.world.clock.now();
    stage
        .world
        .clock
        .advance((deadline - before).duration_since(now));
}

#[test]
fn a_rule_reminds_once_of_each_deadline() {
    on_both(async |stage| {
        only_four(stage).await;
        rule(stage, 3, "10:00").await;
        rule(stage, 2, "09:00").await;
        // The deadline is at the end of the day. The reminder is due three days earlier, at 10:00.
        to_deadline(stage, DAY * 3 + SignedDuration::from_hours(15)).await;
        minute(stage).await;
        assert_eq!(reminders(stage).await.len(), 0, "an hour too early");
        stage.world.clock.advance(SignedDuration::from_hours(1));
        minute(stage).await;
        minute(stage).await;
        let all = reminders(stage).await;
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].kind, &all[0].audience), (MailKind::Reminder, &None));
        deliver(stage).await;
        let mails = stage.world.mails().await;
        let mut to: Vec<_> = mails.iter().map(|mail| mail.recipient.as_str()).collect();
        to.sort_unstable();
        assert!(to.contains(&"rahman@example.com"), "{to:?}");
        let was = to.len();
        // A second reminder rule sends nothing within a day after the first rule.
        stage.world.clock.advance(SignedDuration::from_hours(23));
        minute(stage).await;
        assert_eq!(stage.world.mails().await.len(), was);
        // If the hosts move the deadline, the rule sends reminders for the new deadline.
        stage
            .details(|details| {
                details.rsvp_deadline = details.rsvp_deadline.map(|at| at + DAY * 10);
            })
            .await;
        to_deadline(stage, DAY * 3 + SignedDuration::from_hours(14)).await;
        minute(stage).await;
        assert_eq!(reminders(stage).await.len(), 2);
        deliver(stage).await;
        let all = stage.world.mails().await;
        assert_eq!(all.len(), was * 2);
        expect_all(stage).await;
    });
}

#[test]
fn after_an_outage_a_reminder_is_noted_as_missed() {
    on_both(async |stage| {
        only_four(stage).await;
        rule(stage, 14, "10:00").await;
        to_deadline(stage, DAY * 12).await;
        minute(stage).await;
        assert_eq!(reminders(stage).await.len(), 0);
        let missed =
            sql!("SELECT COUNT(*) FROM reminder_sent WHERE campaign IS NULL AND rule <> $1");
        assert!(stage.count(missed, "").await > 0);
        minute(stage).await;
        assert_eq!(reminders(stage).await.len(), 0);
    });
}

#[test]
fn a_program_reminds_and_a_repeat_within_ten_minutes_does_not() {
    on_both(async |stage| {
        stage.label_four().await;
        let mut program = stage.program(&stage.owner, &ALL).await;
        let mut body = json!({"occasion": occasions::demo::SLUG, "filter": four()});
        let at = "/api/email/reminder";
        let first = call(&mut program, "POST", at, &body).await.with(202).json();
        assert_eq!(first["kind"], "reminder");
        assert_eq!(first["audience"]["response"], "pending");
        let second = call(&mut program, "POST", at, &body).await.with(200).json();
        assert_eq!(second["id"], first["id"]);
        body["force"] = json!(true);
        let forced = call(&mut program, "POST", at, &body).await.with(202).json();
        assert_ne!(forced["id"], first["id"]);
        // The body names no occasion, because the token's owner has only one.
        stage.world.clock.advance(SignedDuration::from_mins(11));
        let own = call(&mut program, "POST", at, &json!({"filter": four()})).await;
        assert_ne!(own.with(202).json()["id"], forced["id"]);
        let mut nobody = stage.program(&stage.stranger, &ALL).await;
        call(&mut nobody, "POST", at, &body).await.expect(404);
        let refused = call(&mut nobody, "POST", at, &json!({})).await;
        assert_eq!(
            refused.with(422).json()["errors"][0]["pointer"],
            "/occasion"
        );
        deliver(stage).await;
        expect_all(stage).await;
    });
}

#[test]
fn reminders_wait_for_the_records_of_the_senders_domain() {
    on_both(async |stage| {
        only_four(stage).await;
        rule(stage, 3, "10:00").await;
        let require = |tx: &mut Tx<'_>| sender_domain::require(tx, Some("kad.example"));
        stage.site.store.write(require).await.unwrap();
        to_deadline(stage, DAY * 3 + SignedDuration::from_hours(13)).await;
        minute(stage).await;
        assert_eq!(reminders(stage).await.len(), 0);
        let note = |tx: &mut Tx<'_>| sender_domain::note(tx, "kad.example", true);
        stage.site.store.write(note).await.unwrap();
        minute(stage).await;
        assert_eq!(reminders(stage).await.len(), 1);
        deliver(stage).await;
        expect_all(stage).await;
    });
}
