//! Tests of automatic reminders. Each rule sends one reminder per deadline, only to households that
//! have not answered completely. No reminder is sent late.

use jiff::SignedDuration;
use occasions::hosting::campaign::{self, Campaign};
use occasions::hosting::mail_text::MailKind;
use occasions::hosting::reminders;
use platform::mail::{sender_domain, suppression};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use web::PageQuery;

use crate::campaigns::four;
use crate::pages::HOME;
use crate::stage::{ALL, Stage, call, on_default};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Labels four households, and removes the email addresses of all others. So no household except
/// these four is reminded.
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

/// Runs the check for due reminders. The server runs it every minute.
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
        .done(|tx, host| campaign::list(tx, host, &PageQuery::default()))
        .await;
    let all = all.items.into_iter();
    all.map(|report| report.campaign).collect()
}

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
    on_default(async |stage| {
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
        // Within a day after the first rule has sent a reminder, the second rule sends none.
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
fn who_is_not_sure_is_reminded_where_that_is_no_answer() {
    on_default(async |stage| {
        only_four(stage).await;
        let unsure = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let change = sql!("UPDATE reply SET status = 'undecided'");
            tx.run(change, &[], Rows::Any).map(drop)
        };
        stage.site.store.write(unsure).await.unwrap();
        rule(stage, 3, "10:00").await;
        let switch = async |undecided: bool| {
            stage
                .details(move |details| details.switches.undecided = undecided)
                .await;
        };
        switch(true).await;
        to_deadline(stage, DAY * 3 + SignedDuration::from_hours(13)).await;
        minute(stage).await;
        assert_eq!(reminders(stage).await.len(), 0);
        switch(false).await;
        minute(stage).await;
        assert_eq!(reminders(stage).await.len(), 1);
        deliver(stage).await;
        let mails = stage.world.mails().await;
        assert!(!mails.is_empty());
        expect_all(stage).await;
    });
}

#[test]
fn after_an_outage_a_reminder_is_noted_as_missed() {
    on_default(async |stage| {
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
    on_default(async |stage| {
        stage.label_four().await;
        let mut program = stage.public(&stage.owner);
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
        // The body names no occasion, because the owner has only one.
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
    on_default(async |stage| {
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

/// Sets the addresses of the household and of its guests, and resets all its replies.
async fn address(
    stage: &Stage<'_>,
    code: &'static str,
    household: Option<&'static str>,
    own: &'static [&'static str],
) {
    let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        sql!(
            "UPDATE invitation SET email = :household, deadline_override = NULL,
                 lock_mode = 'auto' WHERE code = :code",
            household,
            code
        )
        .run(tx, Rows::Exactly(1))?;
        let guests: Vec<(occasions::id::GuestId,)> = sql!(
            "SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
             WHERE code = :code ORDER BY guest.position, guest.id",
            code
        )
        .all(tx)?;
        for (guest,) in &guests {
            sql!(
                "UPDATE reply SET status = 'pending', answered_at = NULL WHERE guest = :guest",
                guest
            )
            .run(tx, Rows::Any)?;
        }
        for ((guest,), email) in guests.iter().zip(own) {
            sql!(
                "UPDATE guest SET email = :email WHERE id = :guest",
                email,
                guest
            )
            .run(tx, Rows::Exactly(1))?;
        }
        Ok(())
    };
    stage.site.store.write(change).await.unwrap();
}

#[test]
fn a_rule_also_reminds_guests_at_their_own_addresses_if_hosts_wish() {
    on_default(async |stage| {
        only_four(stage).await;
        let forget = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            tx.run(sql!("UPDATE invitation SET email = NULL"), &[], Rows::Any)?;
            tx.run(sql!("UPDATE guest SET email = NULL"), &[], Rows::Any)
                .map(drop)
        };
        stage.site.store.write(forget).await.unwrap();
        let rahman = Some("rahman@example.com");
        let own = &["Rahman@example.com", "ali@example.com", "gone@example.com"];
        address(stage, "RAHMA", rahman, own).await;
        address(stage, "TANWE", None, &["wei@example.com"]).await;
        let key = stage.site.keys.key(suppression::PURPOSE);
        let gone = "gone@example.com".parse().unwrap();
        let refuse = move |tx: &mut Tx<'_>| {
            suppression::record(tx, &key, &gone, suppression::Cause::HardBounce)
        };
        stage.site.store.write(refuse).await.unwrap();

        rule(stage, 5, "10:00").await;
        let mut owner = stage.visitor(&stage.owner);
        let wide = json!({"days": 3, "hour": "10:00", "to_guests": true});
        let made = call(&mut owner, "POST", &stage.at("/reminder-rules"), &wide).await;
        assert_eq!(made.with(201).json()["to_guests"], true);
        let page = format!("/admin/o/{}/mail", occasions::demo::SLUG);
        let shown = owner.get(&page).await;
        let words = stage.say("host-reminder-also-guests");
        assert_eq!(shown.body.matches(&words).count(), 1, "{words}");

        to_deadline(stage, DAY * 5 + SignedDuration::from_hours(13)).await;
        minute(stage).await;
        deliver(stage).await;
        assert_eq!(recipients(stage).await, ["rahman@example.com"]);
        to_deadline(stage, DAY * 3 + SignedDuration::from_hours(13)).await;
        minute(stage).await;
        minute(stage).await;
        deliver(stage).await;
        // If a guest has the household's address, the mail goes to the household. No mail goes to
        // an address that has bounced.
        assert_eq!(
            recipients(stage).await,
            [
                "ali@example.com",
                "rahman@example.com",
                "rahman@example.com",
                "wei@example.com"
            ]
        );
        let all = reminders(stage).await;
        assert_eq!(all.iter().filter(|one| one.to_guests).count(), 1);
        expect_all(stage).await;
    });
}

async fn recipients(stage: &Stage<'_>) -> Vec<String> {
    let mails = stage.world.mails().await.into_iter();
    let mut to: Vec<_> = mails.map(|mail| mail.recipient).collect();
    to.sort_unstable();
    to
}

#[test]
fn a_reminder_says_what_is_still_open() {
    on_default(async |stage| {
        let replies = async |status: &'static str| {
            let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                let invitation = sql!(
                    "UPDATE invitation SET sent_at = 1, language = 'en', phone = '+60 12-345 6789'
                     WHERE code = 'RAHMA'"
                );
                tx.run(invitation, &[], Rows::Any)?;
                let pending = sql!("UPDATE reply SET status = 'pending'");
                tx.run(pending, &[], Rows::Any)?;
                sql!(
                    "UPDATE reply SET status = :status
                     WHERE event = (SELECT id FROM event WHERE key = 'nikah')",
                    status
                )
                .run(tx, Rows::Any)?;
                Ok(())
            };
            stage.site.store.write(change).await.unwrap();
        };
        let mut host = stage.public(&stage.owner);
        let invitation = stage.invitation("RAHMA").await;
        let walk = format!("{HOME}/send/walk?kind=reminder&household={invitation}");
        let nothing = "We have not heard from you yet";
        replies("pending").await;
        let page = host.get(&walk).await.with(200);
        assert!(page.body.contains(nothing), "{}", page.body);
        replies("yes").await;
        let page = host.get(&walk).await.with(200);
        assert!(page.body.contains("Still open: Reception"), "{}", page.body);
        assert!(!page.body.contains(nothing), "{}", page.body);
    });
}

#[test]
fn the_page_for_sending_leads_to_all_whom_it_counts_to_remind() {
    on_default(async |stage| {
        crate::sending::only_four(stage).await;
        // Some have only opened their page.
        stage
            .change(|tx| {
                let opened = sql!(
                    "UPDATE invitation SET last_opened_at = 1
                     WHERE code IN ('RAHMA', 'ROSSI', 'LATE1', 'TANWE')"
                );
                tx.run(opened, &[], Rows::Exactly(4))?;
                let pending = sql!("UPDATE reply SET status = 'pending'");
                tx.run(pending, &[], Rows::Any).map(drop)
            })
            .await;
        let mut host = stage.public(&stage.coordinator);
        let found = host.get(&stage.at("/sending")).await.with(200).json();
        // Whoever can no longer answer has not answered either, and is not reminded.
        let page = host.get(&format!("{HOME}/send")).await.with(200);
        let mut links = page.links().into_iter();
        assert!(links.any(|link| link.href == format!("{HOME}/send/unanswered")));
        let list = stage.at("/invitations?invited=yes&response=pending&limit=1");
        let total = host.get(&list).await.with(200).json()["total"].clone();
        let parts = ["reminded", "too_late"].map(|name| &found[name]);
        let parts = [&found["reminders"]["households"], parts[0], parts[1]];
        let parts = parts.map(|n| n.as_i64().unwrap());
        assert_eq!(total, parts.iter().sum::<i64>());
        let n = total.as_i64().unwrap();
        let title = stage.fill("host-send-owing", [("n", n.into())]);
        assert!(page.text().contains(&title), "{}", page.text());
        let sent = stage.at("/invitations?sent=yes&response=pending&limit=1");
        let sent = host.get(&sent).await.with(200).json()["total"].clone();
        assert_ne!(sent, total);
    });
}
