//! Tests of campaigns: their recipients and languages, sending each mail only once, and pausing,
//! resuming, cancelling and retrying. Some occasions may not send mail at all.

use jiff::SignedDuration;
use occasions::hosting::HostOf;
use occasions::hosting::campaign::audience::Audience;
use occasions::hosting::campaign::{self, CampaignId, CampaignState, Order, Report, Step};
use occasions::hosting::campaign::{progress, sending};
use occasions::hosting::listing::InvitationFilter;
use occasions::hosting::mail_text::MailKind;
use occasions::hosting::member_occasions::MAILS_A_DAY;
use occasions::words::OccasionStatus;
use platform::jobs::Worker;
use platform::mail::suppression::{self, Cause};
use platform::mail::{Address, Mailer, Post, dkim, sealed_text, sender_domain};
use platform::{Rows, StoreError, Tx, sql};

use crate::stage::{Stage, code, on_default};

/// The four households that get mail in these tests. Each entry has the household's code, its email
/// address, and the first words of the built-in invitation's subject.
pub(crate) const FOUR: [(&str, &str, &str); 4] = [
    ("RAHMA", "rahman@example.com", "Jemputan: "),
    ("ROSSI", "rossi@example.com", "Invito: "),
    ("LATE1", "fernandez@example.com", "You are invited: "),
    ("TANWE", "tan.wei@example.com", "诚挚邀请："),
];

impl Stage<'_> {
    /// Gives the same label to the four households and to a fifth household without an email
    /// address. Also allows campaign jobs to be waiting when the test ends.
    pub(crate) async fn label_four(&self) {
        self.world.expect_jobs(campaign::KIND);
        let label = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let tags = "[\"Four\"]";
            sql!(
                "UPDATE invitation SET tags = :tags
                 WHERE code IN ('RAHMA', 'ROSSI', 'LATE1', 'TANWE', 'SHUT1')",
                tags
            )
            .run(tx, Rows::Any)?;
            Ok(())
        };
        self.site.store.write(label).await.unwrap();
    }

    /// Returns a worker that writes the campaigns' mails and delivers them to the built-in mailbox.
    pub(crate) fn postman(&self) -> Worker {
        let site = &self.site;
        let post = Post {
            mailer: Mailer::Mailbox,
            from: "Kenduri <kenduri@example.org>".parse().unwrap(),
            site_host: "kenduri.example".to_owned(),
            site_url: "https://kenduri.example".to_owned(),
            suppression: site.keys.key(suppression::PURPOSE),
            text: site.keys.key(sealed_text::PURPOSE),
            dkim: site.keys.key(dkim::PURPOSE),
            hears_deliveries: false,
        };
        let handlers = vec![
            occasions::web::letter::campaigns(site.clone()),
            platform::mail::handler(site.store.clone(), post),
        ];
        self.working(handlers)
    }

    /// Returns a worker that writes the campaigns' mails but does not send them.
    pub(crate) fn scribe(&self) -> Worker {
        self.working(vec![occasions::web::letter::campaigns(self.site.clone())])
    }

    pub(crate) fn working(&self, handlers: Vec<platform::jobs::Handler>) -> Worker {
        let site = &self.site;
        let (store, clock) = (site.store.clone(), site.clock.clone());
        Worker::new(store, clock, site.random.clone(), handlers)
    }

    /// Runs due jobs, then advances the clock by one second, and repeats this `seconds` times. The
    /// mails in the mailbox count as accepted by a mail server.
    pub(crate) async fn seconds(&self, worker: &Worker, seconds: i64) {
        for _ in 0..seconds {
            worker.run_due().await.unwrap();
            let leave = |tx: &mut Tx<'_>| {
                let taken = sql!("UPDATE mail SET mailbox_at = NULL WHERE mailbox_at IS NOT NULL");
                tx.run(taken, &[], Rows::Any)
            };
            self.site.store.write(leave).await.unwrap();
            self.world.clock.advance(SignedDuration::from_secs(1));
        }
    }

    pub(crate) async fn order(&self, kind: MailKind, per_minute: i64) -> Report {
        let key = self.key();
        self.done(move |tx, host| campaign::order(tx, &key, host, &wanted(kind, per_minute)))
            .await
    }

    pub(crate) async fn look(&self, id: &CampaignId) -> Report {
        let id = id.clone();
        self.done(move |tx, host| campaign::load(tx, host, &id))
            .await
    }

    async fn step(&self, id: &CampaignId, step: Step) -> Report {
        let id = id.clone();
        self.done(move |tx, host| campaign::step(tx, host, &id, step))
            .await
    }

    /// Declares the expected invitation mails to the households with these codes.
    pub(crate) async fn expect_invitations(&self, codes: &[&str]) {
        for mail in self.world.mails().await {
            let four = FOUR.iter().filter(|(code, ..)| codes.contains(code));
            for (_, address, subject) in four {
                if mail.recipient == *address {
                    assert!(mail.subject.starts_with(subject), "{mail:?}");
                    self.world.expect_mail(address, &mail.subject);
                }
            }
        }
    }
}

fn wanted(kind: MailKind, per_minute: i64) -> Order {
    Order {
        kind,
        audience: four(),
        to_guests: false,
        send_at: None,
        per_minute,
    }
}

pub(crate) fn four() -> InvitationFilter {
    InvitationFilter {
        tag: Some("Four".to_owned()),
        ..InvitationFilter::default()
    }
}

pub(crate) fn counts(report: &Report) -> Vec<(&str, i64)> {
    let counts = report.counts.iter();
    counts.map(|(state, n)| (state.as_str(), *n)).collect()
}

async fn set_mails(stage: &Stage<'_>, state: &'static str) {
    let set = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        sql!("UPDATE mail SET state = :state", state).run(tx, Rows::Any)?;
        Ok(())
    };
    stage.site.store.write(set).await.unwrap();
}

#[test]
fn every_household_with_an_address_gets_one_mail_in_its_language() {
    on_default(async |stage| {
        stage.label_four().await;
        let key = stage.site.keys.key(suppression::PURPOSE);
        let gone: Address = "rossi@example.com".parse().unwrap();
        let suppress =
            move |tx: &mut Tx<'_>| suppression::record(tx, &key, &gone, Cause::HardBounce);
        stage.site.store.write(suppress).await.unwrap();
        let ordered = stage.order(MailKind::Invitation, 0).await;
        assert_eq!(ordered.campaign.state, CampaignState::Scheduled);
        let postman = stage.postman();
        stage.seconds(&postman, 3).await;
        let id = ordered.campaign.id;
        let report = stage.look(&id).await;
        assert_eq!(report.campaign.state, CampaignState::Sent);
        assert_eq!(counts(&report), [("sent", 3), ("skipped", 2)]);
        stage.expect_invitations(&["RAHMA", "LATE1", "TANWE"]).await;
        let mails = stage.world.mails().await;
        let to = |address: &str| mails.iter().find(|mail| mail.recipient == address).unwrap();
        let malay = to("rahman@example.com");
        assert!(
            malay.text.starts_with("Keluarga Encik Rahman"),
            "{}",
            malay.text
        );
        assert!(malay.text.contains("/invite/RAHMA?k="), "{}", malay.text);
        assert!(malay.text.contains("/unsubscribe/"), "{}", malay.text);
        assert!(!malay.text.contains('{'), "{}", malay.text);
        let of = id.clone();
        let skipped = stage
            .done(move |tx, host| {
                let state = Some(progress::RecipientState::Skipped);
                progress::recipients(tx, host, &of, state, 0, 10)
            })
            .await;
        let reasons: Vec<_> = skipped
            .iter()
            .map(|one| one.reason.unwrap().word())
            .collect();
        assert_eq!(reasons.len(), 2);
        assert!(reasons.contains(&"no_address") && reasons.contains(&"bounced"));
        // Only households whose mail was accepted for delivery are marked as sent.
        let sent = stage.count(
            sql!("SELECT COUNT(*) FROM invitation WHERE sent_at IS NOT NULL AND code = $1"),
            "RAHMA",
        );
        assert_eq!(sent.await, 1);
        // The campaign's job runs a second time. No household gets a second mail.
        let again = id.clone();
        let key = stage.site.keys.key(suppression::PURPOSE);
        let advanced = stage
            .site
            .store
            .write(move |tx| sending::advance(tx, &key, &again));
        assert!(advanced.await.unwrap().is_none());
        assert_eq!(stage.world.mails().await.len(), 3);
        let told = stage.news().await;
        let told: Vec<_> = told.iter().filter(|(name, _)| name == "campaign").collect();
        assert_eq!(told.last().unwrap().1["state"], "sent");
        assert_eq!(told.last().unwrap().1["counts"]["sent"], 3);
    });
}

#[test]
fn a_paused_campaign_takes_back_what_has_not_left_and_goes_on_later() {
    on_default(async |stage| {
        stage.label_four().await;
        let id = stage.order(MailKind::Invitation, 0).await.campaign.id;
        stage.scribe().run_due().await.unwrap();
        assert_eq!(
            counts(&stage.look(&id).await),
            [("queued", 4), ("skipped", 1)]
        );
        assert_eq!(stage.world.mails().await.len(), 4);

        let paused = stage.step(&id, Step::Pause).await;
        assert_eq!(paused.campaign.state, CampaignState::Paused);
        assert_eq!(stage.world.mails().await.len(), 0);
        let refused = id.clone();
        let twice = stage
            .act(&stage.coordinator, move |tx, host| {
                campaign::step(tx, host, &refused, Step::Pause)
            })
            .await;
        assert_eq!(code(twice), "wrong_state");
        let postman = stage.postman();
        stage.seconds(&postman, 3).await;
        assert_eq!(stage.world.mails().await.len(), 0);

        stage.step(&id, Step::Resume).await;
        stage.seconds(&postman, 3).await;
        let report = stage.look(&id).await;
        assert_eq!(report.campaign.state, CampaignState::Sent);
        assert_eq!(counts(&report), [("sent", 4), ("skipped", 1)]);
        let all = FOUR.map(|(code, ..)| code);
        stage.expect_invitations(&all).await;
    });
}

#[test]
fn a_cancelled_campaign_sends_nothing_more() {
    on_default(async |stage| {
        stage.label_four().await;
        let id = stage.order(MailKind::Invitation, 1).await.campaign.id;
        let postman = stage.postman();
        stage.seconds(&postman, 59).await;
        assert_eq!(
            counts(&stage.look(&id).await),
            [("queued", 3), ("sent", 1), ("skipped", 1)]
        );
        let cancelled = stage.step(&id, Step::Cancel).await;
        assert_eq!(
            counts(&cancelled),
            [("cancelled", 3), ("sent", 1), ("skipped", 1)]
        );
        stage.seconds(&postman, 120).await;
        assert_eq!(stage.world.mails().await.len(), 1);
        let all = FOUR.map(|(code, ..)| code);
        stage.expect_invitations(&all).await;
    });
}

#[test]
fn a_pace_is_kept_and_a_scheduled_campaign_waits_for_its_time() {
    on_default(async |stage| {
        stage.label_four().await;
        let due = stage.world.clock.now() + SignedDuration::from_mins(30);
        // The occasion's time zone is Asia/Kuala_Lumpur, UTC+8.
        let local = due.to_zoned(jiff::tz::TimeZone::get("Asia/Kuala_Lumpur").unwrap());
        let typed = local.datetime().strftime("%Y-%m-%dT%H:%M").to_string();
        let key = stage.key();
        let id = stage
            .done(move |tx, host| {
                let order = Order {
                    send_at: Some(web::When(typed.clone())),
                    ..wanted(MailKind::Invitation, 120)
                };
                campaign::order(tx, &key, host, &order)
            })
            .await
            .campaign
            .id;
        let postman = stage.postman();
        stage.seconds(&postman, 60).await;
        assert!(stage.world.mails().await.is_empty());
        stage.world.clock.advance(SignedDuration::from_mins(29));
        postman.run_due().await.unwrap();
        assert_eq!(stage.world.mails().await.len(), 2, "two a second");
        stage.world.clock.advance(SignedDuration::from_secs(1));
        stage.seconds(&postman, 2).await;
        let report = stage.look(&id).await;
        assert_eq!(report.campaign.state, CampaignState::Sent);
        let all = FOUR.map(|(code, ..)| code);
        stage.expect_invitations(&all).await;
    });
}

#[test]
fn what_failed_is_sent_again_and_what_is_uncertain_is_not() {
    on_default(async |stage| {
        stage.label_four().await;
        let id = stage.order(MailKind::Invitation, 0).await.campaign.id;
        stage.scribe().run_due().await.unwrap();
        set_mails(stage, "uncertain").await;
        let fail = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let fail =
                sql!("UPDATE mail SET state = 'failed' WHERE recipient = 'rahman@example.com'");
            tx.run(fail, &[], Rows::Exactly(1)).map(drop)
        };
        stage.site.store.write(fail).await.unwrap();
        let postman = stage.postman();
        stage.seconds(&postman, 2).await;
        let report = stage.look(&id).await;
        assert_eq!(report.campaign.state, CampaignState::Sent);
        assert_eq!(
            counts(&report),
            [("failed", 1), ("skipped", 1), ("uncertain", 3)]
        );
        stage.step(&id, Step::Retry).await;
        stage.seconds(&postman, 3).await;
        let report = stage.look(&id).await;
        assert_eq!(
            counts(&report),
            [("sent", 1), ("skipped", 1), ("uncertain", 3)]
        );
        let again = id.clone();
        let nothing = stage
            .act(&stage.coordinator, move |tx, host| {
                campaign::step(tx, host, &again, Step::Retry)
            })
            .await;
        assert_eq!(code(nothing), "wrong_state");
        let all = FOUR.map(|(code, ..)| code);
        stage.expect_invitations(&all).await;
    });
}

#[test]
fn a_reminder_skips_whoever_has_answered_meanwhile_and_whoever_may_not() {
    on_default(async |stage| {
        stage.label_four().await;
        stage.expect_confirmations();
        let id = stage.order(MailKind::Reminder, 0).await.campaign.id;
        let of = id.clone();
        let key = stage.site.keys.key(suppression::PURPOSE);
        // A recipient answers after the campaign has fixed its recipients.
        let begin = move |tx: &mut Tx<'_>| sending::advance(tx, &key, &of).map(drop);
        stage.site.store.write(begin).await.unwrap();
        let answer = serde_json::json!({"code": "TANWE", "attending": false});
        stage.answer(answer).await.unwrap();
        let postman = stage.postman();
        stage.world.clock.advance(SignedDuration::from_secs(1));
        stage.seconds(&postman, 3).await;
        let recipients = stage
            .done(move |tx, host| progress::recipients(tx, host, &id, None, 0, 10))
            .await;
        let why = |name: &str| {
            let mut found = recipients.iter();
            let found = found.find(|one| one.household.starts_with(name)).unwrap();
            found.reason.map(progress::Skip::word)
        };
        assert_eq!(why("陈伟"), Some("answered"));
        assert_eq!(why("Keluarga Dato"), Some("no_address"));
        assert_eq!(why("Keluarga Encik Rahman"), None);
        for mail in stage.world.mails().await {
            stage.world.expect_mail(&mail.recipient, &mail.subject);
        }
    });
}

#[test]
fn nothing_is_ordered_where_nothing_may_be_sent() {
    on_default(async |stage| {
        stage.label_four().await;
        let order = async || {
            let key = stage.key();
            stage
                .act(&stage.coordinator, move |tx, host| {
                    campaign::order(tx, &key, host, &wanted(MailKind::Invitation, 0))
                })
                .await
        };
        let set = async |by_staff: bool, sends_mail: bool| {
            let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
                sql!(
                    "UPDATE occasion SET by_staff = :by_staff, sends_mail = :sends_mail",
                    by_staff,
                    sends_mail
                )
                .run(tx, Rows::Any)?;
                Ok(())
            };
            stage.site.store.write(change).await.unwrap();
        };
        stage.status(OccasionStatus::Draft).await;
        assert_eq!(code(order().await), "occasion_not_published");
        stage.status(OccasionStatus::Published).await;
        set(false, false).await;
        assert_eq!(code(order().await), "mail_not_allowed");
        // Even if the occasion may send mail, it has a daily limit when an ordinary member owns it.
        set(false, true).await;
        let used = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let occasion: (String,) = tx.one(sql!("SELECT id FROM occasion"), &[])?;
            for number in 0..MAILS_A_DAY - 3 {
                sql!(
                    "INSERT INTO mail (id, scope, stream, recipient, recipient_name, subject, text,
                         state, doubts, created_at, changed_at)
                     VALUES (:id, :scope, 'marketing', 'a@example.com', '', '', '', 'sent', 0,
                         :now, :now)",
                    id = number.to_string(),
                    scope = occasion.0,
                    now = tx.now()
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok(())
        };
        stage.site.store.write(used).await.unwrap();
        let id = order().await.unwrap().campaign.id;
        let postman = stage.postman();
        stage.seconds(&postman, 5).await;
        assert_eq!(
            counts(&stage.look(&id).await),
            [("queued", 1), ("sent", 3), ("skipped", 1)]
        );
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.seconds(&postman, 3).await;
        assert_eq!(stage.look(&id).await.campaign.state, CampaignState::Sent);
        let forget =
            |tx: &mut Tx<'_>| tx.run(sql!("DELETE FROM mail WHERE subject = ''"), &[], Rows::Any);
        stage.site.store.write(forget).await.unwrap();
        let all = FOUR.map(|(code, ..)| code);
        stage.expect_invitations(&all).await;
    });
}

#[test]
fn a_campaign_whose_job_was_lost_is_found_again() {
    on_default(async |stage| {
        stage.label_four().await;
        let id = stage.order(MailKind::Invitation, 0).await.campaign.id;
        let lose = |tx: &mut Tx<'_>| tx.run(sql!("DELETE FROM job"), &[], Rows::Any);
        stage.site.store.write(lose).await.unwrap();
        stage.site.store.write(sending::queue_due).await.unwrap();
        let postman = stage.postman();
        stage.seconds(&postman, 3).await;
        assert_eq!(stage.look(&id).await.campaign.state, CampaignState::Sent);
        let all = FOUR.map(|(code, ..)| code);
        stage.expect_invitations(&all).await;
    });
}

#[test]
fn a_sender_domain_without_its_records_sends_no_mail_to_many() {
    on_default(async |stage| {
        stage.label_four().await;
        let domain = "kad.example";
        let note = async |is_verified| {
            let change = move |tx: &mut Tx<'_>| sender_domain::note(tx, domain, is_verified);
            stage.site.store.write(change).await.unwrap();
        };
        let require = |tx: &mut Tx<'_>| sender_domain::require(tx, Some(domain));
        stage.site.store.write(require).await.unwrap();
        let order = async || {
            let (key, wanted) = (stage.key(), wanted(MailKind::Invitation, 0));
            let order =
                move |tx: &mut Tx<'_>, host: &HostOf| campaign::order(tx, &key, host, &wanted);
            stage.act(&stage.coordinator, order).await
        };
        assert_eq!(code(order().await), "sender_unverified");
        note(true).await;
        let id = order().await.unwrap().campaign.id;
        // When the campaign is due, the sender domain has no DNS records. No mail is sent, and the
        // campaign keeps its recipients.
        note(false).await;
        let postman = stage.postman();
        stage.seconds(&postman, 3).await;
        assert_eq!(stage.look(&id).await.campaign.state, CampaignState::Paused);
        assert!(stage.world.mails().await.is_empty());
        let again = id.clone();
        let refused = stage
            .act(&stage.coordinator, move |tx, host| {
                campaign::step(tx, host, &again, Step::Resume)
            })
            .await;
        assert_eq!(code(refused), "sender_unverified");
        note(true).await;
        stage.step(&id, Step::Resume).await;
        // The mails are written. Before they are sent, the DNS records disappear again.
        stage.scribe().run_due().await.unwrap();
        note(false).await;
        stage.seconds(&postman, 3).await;
        let report = stage.look(&id).await;
        assert_eq!(report.campaign.state, CampaignState::Paused);
        note(true).await;
        stage.step(&id, Step::Resume).await;
        stage.seconds(&postman, 3).await;
        let report = stage.look(&id).await;
        assert_eq!(counts(&report), [("sent", 4), ("skipped", 1)]);
        // When the sender domain changes, mail waits for the new domain's DNS records. When no
        // sender domain is checked, mail is sent at once.
        let other = |tx: &mut Tx<'_>| sender_domain::require(tx, Some("other.example"));
        stage.site.store.write(other).await.unwrap();
        assert_eq!(code(order().await), "sender_unverified");
        let nobody = |tx: &mut Tx<'_>| sender_domain::require(tx, None);
        stage.site.store.write(nobody).await.unwrap();
        let last = order().await.unwrap().campaign.id;
        stage.step(&last, Step::Cancel).await;
        let all = FOUR.map(|(code, ..)| code);
        stage.expect_invitations(&all).await;
    });
}

#[test]
fn guests_own_addresses_get_it_once_in_a_household() {
    on_default(async |stage| {
        stage.label_four().await;
        let give = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            // Three guests of this household get email addresses: the household's own address in
            // another spelling, a new address, and the new address in another spelling.
            for (position, email) in [
                (0, "RAHMAN@example.com"),
                (1, "ismail@example.com"),
                (2, "Ismail@example.com"),
            ] {
                sql!(
                    "UPDATE guest SET email = :email WHERE position = :position AND invitation =
                         (SELECT id FROM invitation WHERE code = 'RAHMA')",
                    email,
                    position
                )
                .run(tx, Rows::Exactly(1))?;
            }
            // Here the household has no email address, but one of its guests has.
            tx.run(
                sql!(
                    "UPDATE guest SET email = 'guest@example.com' WHERE position = 0
                     AND invitation = (SELECT id FROM invitation WHERE code = 'SHUT1')"
                ),
                &[],
                Rows::Exactly(1),
            )?;
            Ok(())
        };
        stage.site.store.write(give).await.unwrap();
        let key = stage.site.keys.key(suppression::PURPOSE);
        let counted = stage
            .done(move |tx, host| {
                let without = Audience::count(tx, &key, host, &four(), false)?;
                Ok((without, Audience::count(tx, &key, host, &four(), true)?))
            })
            .await;
        let numbers = |one: &Audience| (one.mails, one.guests, one.without_address);
        assert_eq!(numbers(&counted.0), (4, 2, 1));
        assert_eq!(numbers(&counted.1), (6, 2, 0));
        let order = Order {
            to_guests: true,
            ..wanted(MailKind::Invitation, 0)
        };
        let key = stage.key();
        let id = stage
            .done(move |tx, host| campaign::order(tx, &key, host, &order))
            .await
            .campaign
            .id;
        stage.seconds(&stage.postman(), 3).await;
        let report = stage.look(&id).await;
        assert_eq!(counts(&report), [("sent", 6)]);
        let mails = stage.world.mails().await;
        let own: Vec<&str> = mails
            .iter()
            .map(|mail| mail.recipient.as_str())
            .filter(|to| ["ismail@example.com", "guest@example.com"].contains(to))
            .collect();
        assert_eq!(own.len(), 2, "{own:?}");
        for mail in &mails {
            stage.world.expect_mail(&mail.recipient, &mail.subject);
        }
        let named = id.clone();
        let recipients = stage
            .done(move |tx, host| progress::recipients(tx, host, &named, None, 0, 100))
            .await;
        let guests = recipients.iter().filter(|one| one.guest.is_some());
        assert_eq!(guests.count(), 2);
    });
}
