//! Tests of notifications about answers. Hosts get them by mail or on the site, at once, daily or
//! never. Hosts whose role has ended get none.

use identity::account::AccountId;
use identity::grant;
use identity::notification::{self, Notification};
use jiff::{SignedDuration, Timestamp};
use occasions::code::CodeKey;
use occasions::hosting::members;
use occasions::household_change::{GuestUpdate, HouseholdChange};
use occasions::role;
use occasions::rsvp::{self, Save};
use occasions::web::answer_notifications;
use occasions::words::{ReplyStatus, Source};
use platform::mail::suppression;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{SentMail, rounds, together};

use crate::stage::{ALL, Host, Stage, call, on_both, on_default};

/// Saves as a household, which changes its first guest's answer for the reception.
fn save(
    stage: &Stage<'_>,
    code: &'static str,
    status: ReplyStatus,
) -> impl Future<Output = ()> + Send + use<> {
    stage.expect_confirmations();
    let store = stage.site.store.clone();
    async move {
        let change = move |tx: &mut Tx<'_>| {
            let (guest,): (occasions::id::GuestId,) = sql!(
                "SELECT guest.id FROM guest JOIN invitation ON invitation.id = guest.invitation
                 WHERE code = :code ORDER BY guest.position, guest.id LIMIT 1",
                code
            )
            .one(tx)?;
            let change = HouseholdChange {
                guests: vec![GuestUpdate {
                    id: Some(guest),
                    replies: [("reception".to_owned(), status)].into(),
                    ..GuestUpdate::default()
                }],
                ..HouseholdChange::default()
            };
            let save = Save {
                key: CodeKey::parse(code).unwrap(),
                change,
                source: Source::Web,
                needs_version: false,
                repeat: None,
                request: None,
            };
            rsvp::answer(tx, &save, |_| String::new()).map(drop)
        };
        store.write(change).await.unwrap();
    }
}

impl Stage<'_> {
    /// Confirms the host's email address, and saves the host's notification settings.
    async fn hear(&self, host: &Host, choice: Value) -> Value {
        let account = host.account.clone();
        let confirm = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            sql!(
                "UPDATE email SET verified_by = 'mail' WHERE account_id = :account",
                account
            )
            .run(tx, Rows::Exactly(1))?;
            Ok(())
        };
        self.site.store.write(confirm).await.unwrap();
        let mut visitor = self.visitor(host);
        let at = self.at("/answer-notifications");
        let changed = call(&mut visitor, "PATCH", &at, &choice).await;
        changed.with(200).json()
    }

    /// Moves the clock by `minutes`, and runs the minutely job once.
    async fn after(&self, minutes: i64) {
        self.world.clock.advance(SignedDuration::from_mins(minutes));
        self.tell().await;
    }

    async fn tell(&self) {
        let handler = answer_notifications::each_minute(self.site.clone());
        self.working(vec![handler]).run_due().await.unwrap();
    }

    async fn notices(&self, host: &Host) -> Vec<Notification> {
        let id = host.account.clone();
        let look = move |tx: &mut Tx<'_>| notification::list(tx, &id, None, 100);
        self.site.store.read(look).await.unwrap()
    }

    /// Returns the mails about answers that a host got, oldest first.
    async fn heard(&self, host: &str) -> Vec<SentMail> {
        let mut mails = self.world.mails().await;
        mails.retain(|mail| mail.recipient == format!("{host}@example.com"));
        mails
    }

    async fn expect_heard(&self) {
        for mail in self.world.mails().await {
            self.world.expect_mail(&mail.recipient, &mail.subject);
        }
    }

    fn clock_at(&self, at: &str) {
        let at: Timestamp = at.parse().unwrap();
        let now = self.world.clock.now();
        self.world.clock.advance(at.duration_since(now));
    }

    async fn unreported(&self) -> i64 {
        let all = sql!("SELECT COUNT(*) FROM unreported_answer WHERE is_new = 1 AND account <> $1");
        self.count(all, "").await
    }
}

#[test]
fn three_saves_in_a_minute_are_one_notice_and_one_mail() {
    on_default(async |stage| {
        let at = stage.at("/answer-notifications");
        let usual = stage.visitor(&stage.owner).get(&at).await;
        let never = json!({"by_mail": "never", "on_site": "at_once", "hour": "08:00"});
        assert_eq!(usual.with(200).json(), never);
        let chosen = stage
            .hear(&stage.owner, json!({"by_mail": "at_once"}))
            .await;
        assert_eq!(chosen["by_mail"], "at_once");
        stage
            .hear(&stage.observer, json!({"on_site": "never"}))
            .await;

        for status in [ReplyStatus::Yes, ReplyStatus::No, ReplyStatus::Yes] {
            save(stage, "RAHMA", status).await;
            stage.world.clock.advance(SignedDuration::from_secs(20));
        }
        stage.after(1).await;
        assert!(
            stage.heard("owner").await.is_empty(),
            "they may still be at it"
        );
        stage.after(1).await;
        let mails = stage.heard("owner").await;
        assert_eq!(mails.len(), 1);
        let mail = &mails[0];
        assert!(
            mail.subject.starts_with("Keluarga Encik Rahman"),
            "{}",
            mail.subject
        );
        let rahma = stage.invitation("RAHMA").await;
        for shown in [
            "Keluarga Encik Rahman: 1 is coming",
            &format!("http://127.0.0.1:8080/admin/o/aisyah-daniel/invites/{rahma}"),
            "http://127.0.0.1:8080/admin/o/aisyah-daniel/notifications",
        ] {
            assert!(mail.text.contains(shown), "{shown}: {}", mail.text);
        }
        assert!(!mail.text.contains("RAHMA"), "no code: {}", mail.text);
        let notices = stage.notices(&stage.owner).await;
        assert_eq!(notices.len(), 1);
        assert_eq!(notices[0].about, "Keluarga Encik Rahman");
        stage
            .visitor(&stage.owner)
            .get(&notices[0].href)
            .await
            .expect(200);
        // The mail about answers contains a link to this list, and so does the daily notice.
        let list = "/admin/o/aisyah-daniel/invites?sort=replied";
        assert!(mail.text.contains(list), "{}", mail.text);
        stage.visitor(&stage.owner).get(list).await.expect(200);
        // The coordinator has not changed the notification settings. By default there is a notice
        // and no mail.
        assert_eq!(stage.notices(&stage.coordinator).await.len(), 1);
        assert!(stage.heard("coordinator").await.is_empty());
        assert!(stage.notices(&stage.observer).await.is_empty());
        assert!(stage.notices(&stage.stranger).await.is_empty());

        stage.after(60).await;
        assert_eq!(stage.heard("owner").await.len(), 1, "and no other");
        // No second notice appears while the first one is unread. After it is read, a new notice
        // appears.
        save(stage, "RAHMA", ReplyStatus::No).await;
        stage.after(2).await;
        assert_eq!(stage.notices(&stage.owner).await.len(), 1);
        let (id, now) = (stage.owner.account.clone(), stage.world.clock.now());
        let read = move |tx: &mut Tx<'_>| notification::read_all(tx, &id, now);
        stage.site.store.write(read).await.unwrap();
        save(stage, "RAHMA", ReplyStatus::Yes).await;
        stage.after(2).await;
        assert_eq!(stage.notices(&stage.owner).await.len(), 2);
        // A household appears in at most one mail per half hour. The next mail shows the
        // household's latest answer.
        for status in [ReplyStatus::No, ReplyStatus::Undecided, ReplyStatus::Yes] {
            save(stage, "RAHMA", status).await;
            stage.after(8).await;
        }
        assert_eq!(stage.heard("owner").await.len(), 2);
        save(stage, "TANWE", ReplyStatus::Yes).await;
        stage.after(2).await;
        let mails = stage.heard("owner").await;
        assert_eq!(mails.len(), 3, "another household does not wait");
        assert!(!mails[2].text.contains("Rahman"), "{}", mails[2].text);
        stage.after(2).await;
        let mails = stage.heard("owner").await;
        assert_eq!(mails.len(), 4);
        assert!(
            mails[3].text.contains("Keluarga Encik Rahman: 1 is coming"),
            "{}",
            mails[3].text
        );
        stage.after(60).await;
        assert_eq!(stage.heard("owner").await.len(), 4);
        assert_eq!(stage.unreported().await, 0);
        stage.expect_heard().await;
    });
}

#[test]
fn a_mail_that_waits_does_not_leave_to_a_host_who_was_removed() {
    on_default(async |stage| {
        let both = json!({"by_mail": "at_once"});
        for host in [&stage.owner, &stage.coordinator] {
            stage.hear(host, both.clone()).await;
        }
        save(stage, "RAHMA", ReplyStatus::Yes).await;
        stage.after(2).await;
        for name in ["owner", "coordinator"] {
            assert_eq!(stage.heard(name).await.len(), 1, "{name}");
        }
        let account = stage.coordinator.account.clone();
        stage
            .done(move |tx, host| members::remove(tx, host, &account))
            .await;
        assert!(stage.heard("coordinator").await.is_empty());
        assert_eq!(stage.heard("owner").await.len(), 1);
        stage.expect_work();
        stage.expect_heard().await;
    });
}

#[test]
fn saves_that_go_on_are_told_after_ten_minutes_all_together() {
    on_both(async |stage| {
        stage
            .hear(&stage.owner, json!({"by_mail": "at_once"}))
            .await;
        for minute in 0..10 {
            let status = [ReplyStatus::No, ReplyStatus::Yes][minute / 2 % 2];
            let code = ["RAHMA", "ROSSI"][minute % 2];
            save(stage, code, status).await;
            assert!(stage.heard("owner").await.is_empty(), "{minute}");
            stage.after(1).await;
        }
        let mails = stage.heard("owner").await;
        assert_eq!(mails.len(), 1);
        assert!(
            mails[0].subject.starts_with("2 households"),
            "{}",
            mails[0].subject
        );
        assert!(mails[0].text.contains("Rossi"), "{}", mails[0].text);
        stage.expect_heard().await;
    });
}

#[test]
fn a_day_comes_at_its_hour_in_the_occasions_zone_also_when_clocks_change() {
    on_default(async |stage| {
        let (owner, slug) = (&stage.owner, occasions::demo::SLUG);
        let move_to_rome = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            sql!(
                "UPDATE occasion SET time_zone = 'Europe/Rome', rsvp_deadline = NULL,
                     revision = revision + 1 WHERE slug = :slug",
                slug
            )
            .run(tx, Rows::Exactly(1))?;
            Ok(())
        };
        stage.site.store.write(move_to_rome).await.unwrap();
        let daily = json!({"by_mail": "daily", "on_site": "daily", "hour": "08:00"});
        stage.hear(owner, daily).await;
        // Clocks go forward on 28 March 2027, so this day has 23 hours.
        let mut status = [ReplyStatus::No, ReplyStatus::Yes].into_iter().cycle();
        stage.clock_at("2027-03-26T20:00:00Z");
        for (at, mails) in [
            ("2027-03-27T06:59:00Z", 0),
            ("2027-03-27T07:00:00Z", 1),
            ("2027-03-28T05:59:00Z", 1),
            ("2027-03-28T06:00:00Z", 2),
            ("2027-03-29T05:59:00Z", 2),
            ("2027-03-29T06:00:00Z", 3),
            // Clocks go back on 31 October 2027, so this day has 25 hours.
            ("2027-10-30T06:00:00Z", 4),
            ("2027-10-31T06:59:00Z", 4),
            ("2027-10-31T07:00:00Z", 5),
        ] {
            let status = status.next().unwrap();
            save(stage, "RAHMA", status).await;
            save(stage, "ROSSI", status).await;
            stage.clock_at(at);
            stage.tell().await;
            stage.tell().await;
            assert_eq!(stage.heard("owner").await.len(), mails, "{at}");
        }
        // While a daily notice is unread, no further notice follows.
        let notices = stage.notices(owner).await;
        assert_eq!(notices.len(), 1);
        assert_eq!(
            notices[0].href,
            format!("/admin/o/{slug}/invites?sort=replied")
        );
        // After an outage, the missed report is sent late, and only once.
        save(stage, "RAHMA", ReplyStatus::Undecided).await;
        stage.clock_at("2027-11-03T15:00:00Z");
        stage.tell().await;
        stage.tell().await;
        assert_eq!(stage.heard("owner").await.len(), 6);
        stage.expect_heard().await;
    });
}

async fn end(stage: &Stage<'_>, account: &AccountId) {
    let (account, here) = (account.clone(), role::scope(&stage.occasion));
    let end = move |tx: &mut Tx<'_>| grant::forget(tx, &account, &here).map(drop);
    stage.site.store.write(end).await.unwrap();
}

#[test]
fn nobody_hears_who_has_no_role_any_more() {
    on_default(async |stage| {
        let both = json!({"by_mail": "at_once"});
        for host in [&stage.owner, &stage.coordinator, &stage.observer] {
            stage.hear(host, both.clone()).await;
        }
        save(stage, "RAHMA", ReplyStatus::Yes).await;
        // Before the report is sent, one host's role ends and another host's role expires.
        end(stage, &stage.coordinator.account).await;
        let (account, now) = (stage.observer.account.clone(), stage.world.clock.now());
        let expire = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let soon = now + SignedDuration::from_mins(1);
            sql!(
                "UPDATE role_grant SET expires_at = :soon WHERE account_id = :account",
                soon,
                account
            )
            .run(tx, Rows::Exactly(1))?;
            Ok(())
        };
        stage.site.store.write(expire).await.unwrap();
        stage.after(2).await;
        for (host, name, count) in [
            (&stage.owner, "owner", 1),
            (&stage.coordinator, "coordinator", 0),
            (&stage.observer, "observer", 0),
        ] {
            assert_eq!(stage.heard(name).await.len(), count, "{name}");
            assert_eq!(stage.notices(host).await.len(), count, "{name}");
        }
        save(stage, "RAHMA", ReplyStatus::No).await;
        assert_eq!(stage.unreported().await, 2, "the owner's alone");
        let at = stage.at("/answer-notifications");
        let mut left = stage.visitor(&stage.coordinator);
        left.get(&at).await.expect(404);
        stage.after(30).await;
        assert_eq!(stage.unreported().await, 0);
        stage.expect_heard().await;
    });
}

#[test]
fn a_host_does_not_hear_of_answers_that_they_typed() {
    on_default(async |stage| {
        let rahma = stage.invitation("RAHMA").await;
        let mut typing = stage.visitor(&stage.coordinator);
        let at = format!("/api/v1/invitations/id/{rahma}");
        let shown = typing.get(&at).await.json();
        let guest = shown["guests"][0]["id"].as_str().unwrap();
        let reply = json!({"version": shown["version"], "status": "no"});
        let at = format!("/api/v1/guests/{guest}/replies/reception");
        call(&mut typing, "PUT", &at, &reply).await.expect(200);
        stage.after(2).await;
        assert_eq!(stage.notices(&stage.owner).await.len(), 1);
        assert!(stage.notices(&stage.coordinator).await.is_empty());
    });
}

#[test]
fn unsubscribing_by_a_mails_link_is_the_choice_of_no_mail() {
    on_default(async |stage| {
        stage
            .hear(&stage.owner, json!({"by_mail": "at_once"}))
            .await;
        save(stage, "RAHMA", ReplyStatus::Yes).await;
        stage.after(2).await;
        assert_eq!(stage.heard("owner").await.len(), 1);
        let scope: (Option<String>,) = {
            let look = |tx: &mut Tx<'_>| tx.one(sql!("SELECT scope FROM mail"), &[]);
            stage.site.store.read(look).await.unwrap()
        };
        let key = stage.site.keys.key(suppression::PURPOSE);
        let to = "owner@example.com".parse().unwrap();
        let stream = platform::mail::Stream::Notification;
        let link = suppression::unsubscribe_link(&key, &to, stream, scope.0.as_deref());
        let click = [("List-Unsubscribe", "One-Click")];
        stage.nobody().post(&link, &click).await.expect(200);

        let mut owner = stage.visitor(&stage.owner);
        let at = stage.at("/answer-notifications");
        assert_eq!(owner.get(&at).await.json()["by_mail"], "never");
        save(stage, "RAHMA", ReplyStatus::No).await;
        stage.after(2).await;
        assert_eq!(stage.heard("owner").await.len(), 1);
        assert_eq!(stage.notices(&stage.owner).await.len(), 1, "these go on");
        stage
            .hear(&stage.owner, json!({"by_mail": "at_once"}))
            .await;
        save(stage, "RAHMA", ReplyStatus::Yes).await;
        stage.after(30).await;
        assert_eq!(stage.heard("owner").await.len(), 2);
        stage.expect_heard().await;
    });
}

#[test]
fn no_mail_leaves_before_the_site_allows_it_or_to_unconfirmed_addresses() {
    on_default(async |stage| {
        for host in [&stage.owner, &stage.coordinator] {
            stage.hear(host, json!({"by_mail": "at_once"})).await;
        }
        let account = stage.coordinator.account.clone();
        let doubt = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            sql!(
                "UPDATE email SET verified_by = 'none' WHERE account_id = :account",
                account
            )
            .run(tx, Rows::Exactly(1))?;
            Ok(())
        };
        stage.site.store.write(doubt).await.unwrap();
        let allow = async |sends: bool| {
            let allow = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                sql!("UPDATE occasion SET sends_mail = :sends", sends).run(tx, Rows::Any)?;
                Ok(())
            };
            stage.site.store.write(allow).await.unwrap();
        };
        allow(false).await;
        let words = stage.say("host-hear-no-mail");
        let page = format!("/admin/o/{}/notifications", occasions::demo::SLUG);
        let mut owner = stage.visitor(&stage.owner);
        assert!(owner.get(&page).await.body.contains(&words));
        save(stage, "RAHMA", ReplyStatus::Yes).await;
        stage.after(2).await;
        assert!(stage.world.mails().await.is_empty());
        allow(true).await;
        assert!(!owner.get(&page).await.body.contains(&words));
        save(stage, "RAHMA", ReplyStatus::No).await;
        stage.after(2).await;
        assert_eq!(stage.heard("owner").await.len(), 1);
        assert!(stage.heard("coordinator").await.is_empty());
        assert_eq!(stage.notices(&stage.coordinator).await.len(), 1);
        stage.expect_heard().await;
    });
}

#[test]
fn the_page_and_the_api_change_the_same_choice_of_one_host() {
    on_default(async |stage| {
        let page = format!("/admin/o/{}/notifications", occasions::demo::SLUG);
        let at = stage.at("/answer-notifications");
        for host in [&stage.owner, &stage.coordinator, &stage.observer] {
            let mut visitor = stage.visitor(host);
            let shown = visitor.get(&page).await;
            let mut form = shown.expect(200).form(&page);
            form.fill("by_mail", "daily");
            form.fill("hour", "19:30");
            visitor.submit(&shown, &form).await.expect(303);
            let stored = visitor.get(&at).await.json();
            let chosen = json!({"by_mail": "daily", "on_site": "at_once", "hour": "19:30"});
            assert_eq!(stored, chosen);
        }
        let mut owner = stage.visitor(&stage.owner);
        for (wrong, pointer) in [
            (json!({"hour": ""}), "/hour"),
            (json!({"hour": "25:00"}), "/hour"),
            (json!({"by_mail": "often"}), "/by_mail"),
        ] {
            let refused = call(&mut owner, "PATCH", &at, &wrong)
                .await
                .with(422)
                .json();
            assert_eq!(refused["errors"][0]["pointer"], pointer);
        }
        assert_eq!(owner.get(&at).await.json()["hour"], "19:30");
        // The account's export contains the notification settings. Deleting the account deletes
        // them.
        let account = stage.coordinator.account.clone();
        let export = move |tx: &mut Tx<'_>| {
            let accounts = occasions_all::DOMAIN.accounts;
            let exported = (accounts.export)(tx, &account)?;
            save_note(tx)?;
            (accounts.erase)(tx, &account)?;
            let left: (i64,) = sql!(
                "SELECT (SELECT COUNT(*) FROM answer_notification WHERE account = :account)
                      + (SELECT COUNT(*) FROM unreported_answer WHERE account = :account)",
                account
            )
            .one(tx)?;
            Ok::<_, StoreError>((exported, left.0))
        };
        save(stage, "RAHMA", ReplyStatus::Yes).await;
        let (exported, left) = stage.site.store.write(export).await.unwrap();
        assert_eq!(exported[0]["answers_by_mail"], "daily");
        assert_eq!(exported[0]["answers_at"], "19:30");
        assert_eq!(left, 0);
        let mut reader = stage.program(&stage.observer, &[ALL[1]]).await;
        assert_eq!(reader.get(&at).await.json()["by_mail"], "daily");
        call(&mut reader, "PATCH", &at, &json!({"by_mail": "never"}))
            .await
            .expect(403);
    });
}

/// Checks that the store contains saves that were not reported yet, before the erasure deletes
/// them.
fn save_note(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let (count,): (i64,) = tx.one(sql!("SELECT COUNT(*) FROM unreported_answer"), &[])?;
    assert!(count > 0);
    Ok(())
}

#[test]
fn a_save_during_a_report_is_told_now_or_later() {
    on_both(async |stage| {
        stage
            .hear(
                &stage.owner,
                json!({"by_mail": "at_once", "on_site": "never"}),
            )
            .await;
        for host in [&stage.coordinator, &stage.observer] {
            stage.hear(host, json!({"on_site": "never"})).await;
        }
        for round in 0..rounds() {
            let status = [ReplyStatus::No, ReplyStatus::Yes][round % 2];
            // A household can appear in a second mail half an hour after the first one.
            stage.world.clock.advance(SignedDuration::from_mins(30));
            save(stage, "RAHMA", status).await;
            stage.world.clock.advance(SignedDuration::from_mins(2));
            let before = stage.heard("owner").await.len();
            let job = answer_notifications::each_minute(stage.site.clone());
            let worker = stage.working(vec![job]);
            let telling = async move { worker.run_due().await.unwrap() };
            together(telling, save(stage, "ROSSI", status)).await;
            let mails = stage.heard("owner").await;
            let left = stage.unreported().await;
            match mails.len() - before {
                // The save came before the report, and delayed it.
                0 => assert_eq!(left, 2, "round {round}"),
                1 => {
                    let text = &mails.last().unwrap().text;
                    assert!(text.contains("Rahman"), "round {round}: {text}");
                    let both = text.contains("Rossi");
                    assert_eq!(left, i64::from(!both), "round {round}: {text}");
                }
                more => panic!("round {round}: {more} mails"),
            }
            stage.after(2).await;
            assert_eq!(stage.unreported().await, 0);
            let told = stage.heard("owner").await;
            let last = told[before..]
                .iter()
                .any(|mail| mail.text.contains("Rossi"));
            assert!(last, "round {round}");
        }
        stage.expect_heard().await;
    });
}
