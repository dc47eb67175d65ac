//! Tests of the confirmations of a member's occasion that may not send mail yet.

use jiff::SignedDuration;
use platform::{Rows, Sql, StoreError, Tx, sql};
use serde_json::json;
use testkit::{SentMail, Visitor};

use crate::stage::{Stage, answer, id, on_default, put, state};

const TITLE: (&str, &str) = (
    "Walimatulurus Aisyah & Daniel",
    "Il matrimonio di Aisyah e Daniel",
);

async fn change(stage: &Stage<'_>, statement: Sql) {
    let write =
        move |tx: &mut Tx<'_>| -> Result<u64, StoreError> { tx.run(statement, &[], Rows::Any) };
    stage.world.store().write(write).await.unwrap();
}

async fn restrict(stage: &Stage<'_>) {
    let statement =
        sql!("UPDATE occasion SET by_staff = 0, sends_mail = 0, revision = revision + 1");
    change(stage, statement).await;
}

/// Answers with a household's code, by naming its first guest of this name.
async fn reply(visitor: &mut Visitor, (code, name): (&str, &str), status: &str) {
    let now = state(visitor, code).await;
    let version = now["version"].as_i64().unwrap();
    let body = answer(version, &id(&now, name), &json!({ "nikah": status }));
    put(visitor, code, &body).await.expect(200);
}

/// Waits until the confirmations of the last answers are due, and returns the recipients of all
/// mails that were sent.
async fn sent(stage: &Stage<'_>) -> Vec<SentMail> {
    stage.world.clock.advance(SignedDuration::from_mins(2));
    stage.worker().run_due().await.unwrap();
    stage.world.mails().await
}

/// Whether the page after a save says that no mail is sent.
async fn says_none(stage: &Stage<'_>, visitor: &mut Visitor, code: &str) -> bool {
    visitor.set_cookie("kd_lang", "en");
    let page = visitor.get(&format!("/invite/{code}/confirmation")).await;
    let text = page.expect(200).text();
    text.contains(&stage.say("saved-no-mail"))
}

const RAHMAN: (&str, &str) = ("RAHMA", "Rahman");
const ROSSI: (&str, &str) = ("ROSSI", "Marco");

#[test]
fn one_network_has_one_address_confirmed_in_ten_minutes() {
    on_default(async |stage| {
        restrict(stage).await;
        let mut host = stage.visitor_at("192.0.2.1");
        for household in [RAHMAN, ROSSI] {
            reply(&mut host, household, "yes").await;
        }
        assert!(!says_none(stage, &mut host, "RAHMA").await);
        assert!(says_none(stage, &mut host, "ROSSI").await);
        let mails = sent(stage).await;
        let recipients: Vec<&str> = mails.iter().map(|mail| mail.recipient.as_str()).collect();
        assert_eq!(recipients, ["rahman@example.com"]);
        // The same household may change its answers at once.
        reply(&mut host, RAHMAN, "no").await;
        assert!(!says_none(stage, &mut host, "RAHMA").await);
        assert_eq!(sent(stage).await.len(), 2);
        // Another network, and another /64 of the same IPv6 network.
        for (address, is_refused) in [("2001:db8:1:2::1", false), ("2001:db8:1:3::1", true)] {
            let (household, status) = if is_refused {
                (RAHMAN, "yes")
            } else {
                (ROSSI, "no")
            };
            let mut guest = stage.visitor_at(address);
            reply(&mut guest, household, status).await;
            assert_eq!(says_none(stage, &mut guest, household.0).await, is_refused);
        }
        assert_eq!(sent(stage).await.len(), 3);
        // Ten minutes later, the first network may have another address confirmed.
        stage.world.clock.advance(SignedDuration::from_mins(10));
        reply(&mut host, ROSSI, "yes").await;
        assert!(!says_none(stage, &mut host, "ROSSI").await);
        assert_eq!(sent(stage).await.len(), 4);
        expect(stage, &["rahman", "rahman", "rossi", "rossi"]);
    });
}

fn expect(stage: &Stage<'_>, recipients: &[&str]) {
    for recipient in recipients {
        let (language, title) = if *recipient == "rossi" {
            ("it", TITLE.1)
        } else {
            ("ms", TITLE.0)
        };
        let text = stage.site.catalogue.speak(&web::Language::of(language));
        let subject = text.with("mail-restricted-subject", [("title", title.into())]);
        stage
            .world
            .expect_mail(&format!("{recipient}@example.com"), &subject);
    }
}

#[test]
fn it_says_title_day_and_place_and_nothing_else_of_the_hosts() {
    on_default(async |stage| {
        restrict(stage).await;
        change(
            stage,
            sql!("UPDATE invitation SET household = 'Visit evil.example' WHERE code = 'RAHMA'"),
        )
        .await;
        let mut guest = stage.visitor_at("192.0.2.1");
        reply(&mut guest, RAHMAN, "yes").await;
        let mails = sent(stage).await;
        let [mail] = mails.as_slice() else {
            panic!("{mails:?}");
        };
        for shown in ["Masjid Wilayah Persekutuan", &stage.links.to("RAHMA")] {
            assert!(mail.text.contains(shown), "{shown}: {}", mail.text);
        }
        for hidden in [
            "farah@example.com",
            "Rahman bin Ali",
            "Akad nikah",
            "evil.example",
        ] {
            assert!(!mail.text.contains(hidden), "{hidden}: {}", mail.text);
        }
        let look = |tx: &mut Tx<'_>| {
            let columns = sql!("SELECT recipient_name, sender_name, html FROM mail");
            tx.all::<(String, Option<String>, Option<String>)>(columns, &[])
        };
        let columns = stage.world.store().read(look).await.unwrap();
        assert_eq!(columns, [(String::new(), None, None)]);
        expect(stage, &["rahman"]);
    });
}

#[test]
fn no_mail_goes_to_an_address_that_a_host_puts_in_after_the_answer() {
    on_default(async |stage| {
        restrict(stage).await;
        let mut guest = stage.visitor_at("192.0.2.1");
        reply(&mut guest, RAHMAN, "yes").await;
        change(
            stage,
            sql!("UPDATE invitation SET email = 'stranger@example.net' WHERE code = 'RAHMA'"),
        )
        .await;
        assert!(sent(stage).await.is_empty());
        assert!(says_none(stage, &mut guest, "RAHMA").await);
    });
}

#[test]
fn a_day_has_sixty_of_them() {
    on_default(async |stage| {
        restrict(stage).await;
        let fill = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for number in 0..60 {
                sql!(
                    "INSERT INTO mail (id, scope, stream, recipient, recipient_name, subject, text,
                         state, doubts, created_at, changed_at)
                     SELECT :id, id, 'transactional', 'a@example.com', '', 'filled', '', 'sent', 0,
                         CAST(:now AS BIGINT), CAST(:now AS BIGINT)
                     FROM occasion WHERE by_staff = 0 LIMIT 1",
                    id = format!("filled-{number}"),
                    now = tx.now()
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok(())
        };
        let mut guest = stage.visitor_at("192.0.2.1");
        // These answers are granted a confirmation, and others use up the day before it is due.
        reply(&mut guest, RAHMAN, "yes").await;
        stage.world.store().write(fill).await.unwrap();
        assert_eq!(sent(stage).await.len(), 60);
        assert!(says_none(stage, &mut guest, "RAHMA").await);
        let mut other = stage.visitor_at("192.0.2.2");
        reply(&mut other, ROSSI, "yes").await;
        assert!(says_none(stage, &mut other, "ROSSI").await);
        stage.world.clock.advance(SignedDuration::from_hours(24));
        reply(&mut other, ROSSI, "no").await;
        assert!(!says_none(stage, &mut other, "ROSSI").await);
        assert_eq!(sent(stage).await.len(), 61);
        change(stage, sql!("DELETE FROM mail WHERE subject = 'filled'")).await;
        expect(stage, &["rossi"]);
    });
}
