//! Tests of the mail that confirms a household's saved answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::SignedDuration;
use occasions::code::CodeKey;
use occasions::household_change::{GuestUpdate, HouseholdChange};
use occasions::rsvp::{self, Save};
use occasions::web::mail::confirm;
use occasions::words::{ReplyStatus, Source};
use platform::jobs::{Handler, Worker};
use platform::{Rows, Sql, StoreError, Tx, sql};
use serde_json::json;
use testkit::SentMail;

use crate::stage::{Stage, answer, id, on_default, on_sqlite, put, state};

/// Advances the clock by `minutes`, runs all due jobs, and returns the mails sent.
async fn wait(stage: &Stage<'_>, minutes: i64) -> Vec<SentMail> {
    stage
        .world
        .clock
        .advance(SignedDuration::from_mins(minutes));
    stage.worker().run_due().await.unwrap();
    stage.world.mails().await
}

#[test]
fn it_comes_once_in_the_households_language_with_the_newest_answers() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        put(
            &mut visitor,
            "RAHMA",
            &answer(1, &rahman, &json!({ "nikah": "no" })),
        )
        .await
        .expect(200);
        assert!(wait(stage, 1).await.is_empty(), "they may still be at it");
        put(
            &mut visitor,
            "RAHMA",
            &answer(2, &rahman, &json!({ "nikah": "yes" })),
        )
        .await
        .expect(200);
        assert!(wait(stage, 1).await.is_empty());
        let mails = wait(stage, 1).await;
        assert_eq!(mails.len(), 1);
        let mail = &mails[0];
        assert_eq!(
            (mail.recipient.as_str(), mail.state.as_str()),
            ("rahman@example.com", "sent")
        );
        for shown in [
            "Rahman bin Ali",
            "Akad nikah",
            &format!("http://127.0.0.1:8080{}", stage.links.to("RAHMA")),
            "RAHMA",
            "Akad nikah: Akan hadir",
            "Masih ada jawapan yang belum diisi. Inilah jawapan yang kami terima:",
            "Atau pergi ke 127.0.0.1:8080 dan masukkan RAHMA.",
        ] {
            assert!(mail.text.contains(shown), "{shown}: {}", mail.text);
        }
        assert!(
            !mail.text.contains(&stage.say("mail-confirmation-list")),
            "in Malay, whatever the guest reads: {}",
            mail.text
        );
        assert_eq!(wait(stage, 60).await.len(), 1, "and no other");
        // The next save causes a new confirmation.
        put(
            &mut visitor,
            "RAHMA",
            &answer(3, &rahman, &json!({ "nikah": "no" })),
        )
        .await
        .expect(200);
        assert_eq!(wait(stage, 2).await.len(), 2);
        for _ in 0..2 {
            stage.expect_confirmation("rahman@example.com", "ms");
        }
    });
}

#[test]
fn it_says_when_and_where_the_events_are_that_somebody_comes_to() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let marco = id(&state(&mut visitor, "ROSSI").await, "Marco");
        let replies = json!({ "nikah": "no", "reception": "yes", "brunch": "no" });
        put(&mut visitor, "ROSSI", &answer(1, &marco, &replies))
            .await
            .expect(200);
        let mails = wait(stage, 2).await;
        let text = &mails[0].text;
        for shown in [
            "Dewan Seri Melati",
            "https://www.openstreetmap.org/",
            "http://127.0.0.1:8080/invite/ROSSI/calendar.ics",
        ] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        let reception = text.lines().position(|line| line == "Ricevimento");
        let reception = reception.unwrap_or_else(|| panic!("{text}"));
        let moment = text.lines().nth(reception + 1).unwrap();
        assert!(
            moment.contains("2027") && moment.contains("12"),
            "by the clock of the occasion: {moment}"
        );
        assert!(!text.contains("Brunch\n  "), "nobody goes there: {text}");
        let calendar = calendars(stage).await.remove(0).unwrap();
        for part in ["METHOD:PUBLISH", "SUMMARY:Ricevimento", "Dewan Seri Melati"] {
            assert!(calendar.contains(part), "{part}: {calendar}");
        }
        assert!(!calendar.contains("ROSSI"), "{calendar}");
        stage.expect_confirmation("rossi@example.com", "it");
    });
}

async fn calendars(stage: &Stage<'_>) -> Vec<Option<String>> {
    let look = |tx: &mut Tx<'_>| {
        tx.all::<(Option<String>,)>(sql!("SELECT calendar FROM mail ORDER BY id"), &[])
    };
    let found = stage.world.store().read(look).await.unwrap();
    found.into_iter().map(|(calendar,)| calendar).collect()
}

#[test]
fn who_declines_gets_no_calendar_file() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let start = state(&mut visitor, "ROSSI").await;
        let no = json!({ "nikah": "no", "reception": "no", "brunch": "no" });
        let guests =
            ["Marco", "Giulia"].map(|name| json!({ "id": id(&start, name), "replies": no }));
        let body = json!({ "version": 1, "guests": guests });
        put(&mut visitor, "ROSSI", &body).await.expect(200);
        assert_eq!(wait(stage, 2).await.len(), 1);
        assert_eq!(calendars(stage).await, [None]);
        stage.expect_confirmation("rossi@example.com", "it");
    });
}

#[test]
fn job_and_mail_name_the_request_that_saved() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let body = answer(1, &rahman, &json!({ "nikah": "yes" }));
        let saved = put(&mut visitor, "RAHMA", &body).await;
        let request = Some(saved.expect(200).header("x-request-id").to_owned());
        let cause = async |statement: Sql| {
            let look = move |tx: &mut Tx<'_>| tx.all::<(Option<String>,)>(statement, &[]);
            stage.world.store().read(look).await.unwrap()
        };
        let of_job = sql!("SELECT request_id FROM job WHERE kind = 'occasions.confirm'");
        assert_eq!(cause(of_job).await, [(request.clone(),)]);
        wait(stage, 2).await;
        let of_mail = sql!("SELECT request_id FROM mail");
        assert_eq!(cause(of_mail).await, [(request,)]);
        stage.expect_confirmation("rahman@example.com", "ms");
    });
}

#[test]
fn it_waits_ten_minutes_at_most() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let mut sent = Vec::new();
        for version in 1..=12 {
            let status = if version % 2 == 0 { "no" } else { "yes" };
            let body = answer(version, &rahman, &json!({ "nikah": status }));
            put(&mut visitor, "RAHMA", &body).await.expect(200);
            sent.push(wait(stage, 1).await.len());
        }
        assert_eq!(sent[..9], [0; 9]);
        assert_eq!(sent[9], 1, "{sent:?}");
        stage.expect_confirmation("rahman@example.com", "ms");
    });
}

/// Returns a worker that sends confirmations. It applies `change` after it has rendered the first
/// mail and before it sends that mail.
fn interrupted(
    stage: &Stage<'_>,
    change: impl Fn(&mut Tx<'_>) -> Result<(), StoreError> + Clone + Send + Sync + 'static,
) -> Worker {
    let site = stage.site.clone();
    let (store, clock, random) = (site.store.clone(), site.clock.clone(), site.random.clone());
    let is_first = Arc::new(AtomicBool::new(true));
    let confirms = Handler::new(rsvp::CONFIRM, move |job| {
        let (site, change, is_first) = (site.clone(), change.clone(), Arc::clone(&is_first));
        async move {
            let done = confirm(&site, &job).await;
            if is_first.swap(false, Ordering::Relaxed) {
                site.store.write(change).await?;
            }
            done
        }
    });
    Worker::new(store, clock, random, vec![confirms])
}

#[test]
fn answers_that_change_while_it_is_rendered_are_in_the_only_mail() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let body = answer(1, &rahman, &json!({ "nikah": "yes" }));
        put(&mut visitor, "RAHMA", &body).await.expect(200);
        let declined = Save {
            key: CodeKey::parse("RAHMA").unwrap(),
            change: HouseholdChange {
                version: Some(2),
                guests: vec![GuestUpdate {
                    id: Some(rahman.parse().unwrap()),
                    replies: BTreeMap::from([("nikah".to_owned(), ReplyStatus::No)]),
                    ..GuestUpdate::default()
                }],
                ..HouseholdChange::default()
            },
            source: Source::Api,
            repeat: None,
            request: None,
            needs_version: true,
        };
        let worker = interrupted(stage, move |tx| {
            let saved = rsvp::answer(tx, &declined, |_| String::new());
            saved.unwrap();
            Ok(())
        });
        let mut mails = Vec::new();
        for _ in 0..5 {
            stage.world.clock.advance(SignedDuration::from_mins(2));
            worker.run_due().await.unwrap();
            let texts = stage.world.mails().await.into_iter().map(|mail| mail.text);
            mails.push(texts.collect::<Vec<_>>());
        }
        assert!(mails[0].is_empty(), "the next save is confirmed later");
        assert_eq!(mails[1].len(), 1);
        assert!(!mails[1][0].contains("Akad nikah: Akan hadir"), "{mails:?}");
        assert_eq!(mails[4], mails[1], "and no other");
        stage.expect_confirmation("rahman@example.com", "ms");
    });
}

#[test]
fn what_hosts_change_while_it_is_rendered_holds_for_it() {
    type Change = fn(&mut Tx<'_>) -> Result<u64, StoreError>;
    let another_address: Change = |tx| {
        tx.run(
            sql!(
                "UPDATE invitation SET email = 'new@example.com', version = version + 1
                 WHERE code = 'RAHMA'"
            ),
            &[],
            Rows::Exactly(1),
        )
    };
    let closed: Change = |tx| {
        tx.run(
            sql!("UPDATE occasion SET status = 'archived', revision = revision + 1"),
            &[],
            Rows::Any,
        )
    };
    let nothing: Change = |_| Ok(0);
    for (change, to) in [
        (nothing, vec!["rahman@example.com"]),
        (another_address, vec!["new@example.com"]),
        (closed, vec![]),
    ] {
        on_default(async |stage| {
            let mut visitor = stage.guest();
            let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
            let body = answer(1, &rahman, &json!({ "nikah": "yes" }));
            put(&mut visitor, "RAHMA", &body).await.expect(200);
            let worker = interrupted(stage, move |tx| change(tx).map(drop));
            stage.world.clock.advance(SignedDuration::from_mins(2));
            worker.run_due().await.unwrap();
            for recipient in &to {
                stage.expect_confirmation(recipient, "ms");
            }
        });
    }
}

#[test]
fn nobody_is_written_to_who_has_no_address_or_where_it_is_off() {
    on_sqlite(async |stage| {
        stage
            .run(
                sql!("UPDATE invitation SET email = NULL WHERE code = $1"),
                "ROSSI",
            )
            .await;
        let mut visitor = stage.guest();
        visitor
            .post("/invite/ROSSI/notes", &[("note", "Ciao")])
            .await
            .expect(303);
        assert!(
            !visitor
                .get("/invite/ROSSI/confirmation")
                .await
                .text()
                .contains("copy")
        );
        visitor
            .post("/invite/RAHMA/notes", &[("note", "Hai")])
            .await
            .expect(303);
        // A confirmation is not sent in three cases: confirmations are off when it is due, the
        // invitation is archived, or no email address is known.
        stage
            .switch(|switches| switches.confirmation_mail = false)
            .await;
        assert!(wait(stage, 5).await.is_empty());
        stage
            .switch(|switches| switches.confirmation_mail = true)
            .await;
        visitor
            .post("/invite/RAHMA/notes", &[("note", "Hai lagi")])
            .await
            .expect(303);
        stage
            .run(
                sql!("UPDATE invitation SET archived_at = 1 WHERE code = $1"),
                "RAHMA",
            )
            .await;
        assert!(wait(stage, 5).await.is_empty());
        assert!(
            stage.world.jobs().await.is_empty(),
            "and nothing waits any more"
        );
    });
}

#[test]
fn a_line_break_in_a_name_does_not_reach_a_header() {
    on_sqlite(async |stage| {
        stage
            .details(|details| {
                details.hosts = web::I18n::one("ms", "Aisyah\r\nBcc: thief@example.com");
            })
            .await;
        let mut visitor = stage.guest();
        visitor
            .post("/invite/RAHMA/notes", &[("note", "Hai")])
            .await
            .expect(303);
        let mails = wait(stage, 2).await;
        assert_eq!(mails.len(), 1);
        assert!(
            !mails[0].subject.contains(['\r', '\n']),
            "{:?}",
            mails[0].subject
        );
        stage
            .world
            .expect_mail("rahman@example.com", &mails[0].subject);
    });
}

#[test]
fn what_a_household_is_called_becomes_no_link() {
    on_sqlite(async |stage| {
        let change = |tx: &mut Tx<'_>| {
            let household =
                sql!("UPDATE invitation SET household = 'Visit http://evil.example now'");
            tx.run(household, &[], Rows::Any)?;
            let guest = sql!("UPDATE guest SET name = 'evil.example'");
            tx.run(guest, &[], Rows::Any)
        };
        stage.world.store().write(change).await.unwrap();
        let mut visitor = stage.guest();
        visitor
            .post("/invite/RAHMA/notes", &[("note", "Hai")])
            .await
            .expect(303);
        let mails = wait(stage, 2).await;
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains("Visit http: //evil. example now"));
        assert!(!mails[0].text.contains("evil.example"), "{}", mails[0].text);
        stage
            .world
            .expect_mail("rahman@example.com", &mails[0].subject);
    });
}
