//! Tests of two limits on mails to many households: the length of a mail, and the number of mails
//! per day.

use occasions::hosting::campaign::{self, CampaignId, sending};
use occasions::hosting::mail_text::MailKind;
use occasions::hosting::member_occasions::MAILS_A_DAY;
use platform::mail::suppression;
use platform::{Rows, StoreError, Tx, sql};
use testkit::{rounds, together};

use crate::pages::HOME;
use crate::stage::{Stage, on_both, on_default};

#[test]
fn a_text_becomes_no_mail_of_megabytes() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.coordinator);
        let at = format!("{HOME}/mail/texts/invitation");
        let texts = host.get(&at).await;
        let mut form = texts.form(&at);
        form.fill("body.en", &"{guests} ".repeat(41));
        let refused = host.submit(&texts, &form).await;
        refused.expect(422);
        assert!(refused.text().contains("At most 40."), "{}", refused.text());
        form.fill("body.en", &"{guests} ".repeat(40));
        host.submit(&texts, &form).await.expect(303);
        // Gives every guest a name of 3,000 characters, so that one name is as long as 30 names of
        // the maximum length.
        let name = |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            let name = "&".repeat(3_000);
            sql!("UPDATE guest SET name = :name", name).run(tx, Rows::Any)
        };
        stage.site.store.write(name).await.unwrap();
        let frame = host.get(&format!("{at}/preview/page?language=en")).await;
        let length = frame.expect(200).body.len();
        assert!((40_000..256 * 1024).contains(&length), "{length}");
    });
}

/// Deletes all mail, and sets the mail counters so that three more mails are allowed today.
async fn leave_three(stage: &Stage<'_>) {
    let change = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        for clear in [
            sql!("DELETE FROM job"),
            sql!("DELETE FROM campaign_recipient"),
            sql!("DELETE FROM campaign"),
            sql!("DELETE FROM mail"),
            sql!("UPDATE occasion SET by_staff = 0, sends_mail = 1"),
        ] {
            tx.run(clear, &[], Rows::Any)?;
        }
        let (occasion,): (String,) = tx.one(sql!("SELECT id FROM occasion"), &[])?;
        for number in 0..MAILS_A_DAY - 3 {
            sql!(
                "INSERT INTO mail (id, scope, stream, recipient, recipient_name, subject, text,
                     state, doubts, created_at, changed_at)
                 VALUES (:id, :scope, 'marketing', 'a@example.com', '', '', '', 'sent', 0,
                     :now, :now)",
                id = number.to_string(),
                scope = occasion.as_str(),
                now = tx.now()
            )
            .run(tx, Rows::Exactly(1))?;
        }
        Ok(())
    };
    stage.site.store.write(change).await.unwrap();
}

async fn order(stage: &Stage<'_>) -> CampaignId {
    stage.order(MailKind::Invitation, 0).await.campaign.id
}

#[test]
fn campaigns_at_once_send_no_more_than_one_may_in_a_day() {
    on_both(async |stage| {
        stage.label_four().await;
        for round in 0..rounds() {
            leave_three(stage).await;
            order(stage).await;
            order(stage).await;
            let (one, two) = (stage.scribe(), stage.scribe());
            let (one, two) = together(async move { one.run_due().await }, async move {
                two.run_due().await
            })
            .await;
            one.unwrap();
            two.unwrap();
            let count = |tx: &mut Tx<'_>| -> Result<(i64,), StoreError> {
                tx.one(sql!("SELECT COUNT(*) FROM mail"), &[])
            };
            let (count,) = stage.site.store.read(count).await.unwrap();
            assert_eq!(count, MAILS_A_DAY, "round {round}");
        }
        leave_three(stage).await;
        let forget = |tx: &mut Tx<'_>| tx.run(sql!("DELETE FROM mail"), &[], Rows::Any);
        stage.site.store.write(forget).await.unwrap();
    });
}

#[test]
fn many_recipients_are_fixed_in_few_statements() {
    on_default(async |stage| {
        stage.world.expect_jobs(campaign::KIND);
        let mut found = Vec::new();
        for label_all in [false, true] {
            if label_all {
                let label = |tx: &mut Tx<'_>| {
                    tx.run(
                        sql!("UPDATE invitation SET tags = '[\"Four\"]'"),
                        &[],
                        Rows::Any,
                    )
                };
                stage.site.store.write(label).await.unwrap();
            } else {
                stage.label_four().await;
            }
            let report = stage.order(MailKind::Invitation, 60).await;
            let id = report.campaign.id.clone();
            let key = stage.site.keys.key(suppression::PURPOSE);
            let before = stage.site.store.counts().statements;
            let advance = move |tx: &mut Tx<'_>| sending::advance(tx, &key, &id);
            stage.site.store.write(advance).await.unwrap().unwrap();
            let statements = stage.site.store.counts().statements - before;
            let report = stage.look(&report.campaign.id).await;
            found.push((report.counts.values().sum::<i64>(), statements));
        }
        let [(few, before), (many, after)] = found[..] else {
            unreachable!("two campaigns");
        };
        assert!(many > few + 8, "{found:?}");
        assert!(after < before + 5, "{found:?}");
    });
}
