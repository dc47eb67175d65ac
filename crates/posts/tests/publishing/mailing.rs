//! Articles by mail: who receives them, and that each mail is sent once.

use identity::account::{self, AccountId, AccountZone, NewAccount};
use jiff::SignedDuration;
use platform::jobs::NewJob;
use platform::mail::suppression;
use platform::{Rows, StoreError, Tx, sql};
use posts::mailing::{KIND, NEWSLETTER, PAGE};
use serde_json::{Value, json};
use testkit::{Page, rounds, together};

use crate::stage::{self, Person, Publishing, Stage, at, on_both, on_default, request};

const FARAH: &str = "Farah.Ali@example.my";

/// Creates an editor with a confirmed or an unconfirmed email address.
async fn editor(stage: &Stage<'_>, is_confirmed: bool) -> Person {
    let farah = stage::editor(stage).await;
    let id = farah.who.account().id.clone();
    if is_confirmed {
        let confirm = move |tx: &mut Tx<'_>| confirm(tx, &id);
        stage.world.store().write(confirm).await.unwrap();
    }
    farah
}

fn confirm(tx: &mut Tx<'_>, id: &AccountId) -> Result<u64, StoreError> {
    sql!(
        "UPDATE email SET verified_by = 'mail' WHERE account_id = :id",
        id
    )
    .run(tx, Rows::Exactly(1))
}

/// On the newsletter page, subscribes the person to articles by mail, or unsubscribes them.
async fn choose(farah: &mut Person, is_wanted: bool) {
    let page = page_of_choice(farah).await;
    let mut form = page.form("/me/email/newsletters");
    if is_wanted {
        form.tick("posts", "1");
    } else {
        form.untick("posts", "1");
    }
    let sent = farah.browser.submit(&page, &form).await;
    farah.browser.follow(sent).await.expect(200);
}

async fn page_of_choice(farah: &mut Person) -> Page {
    let page = farah.browser.get("/me/email").await;
    page.expect(200);
    page
}

fn is_ticked(page: &Page) -> bool {
    page.form("/me/email/newsletters").value("posts").is_some()
}

fn subject(title: &str) -> String {
    format!("{title} – Kami & Kenduri")
}

/// The number of recipients of mails with this title.
async fn count(stage: &Stage<'_>, title: &str) -> usize {
    let mails = stage.world.mails().await;
    let with_title = mails.iter().filter(|mail| mail.subject == subject(title));
    with_title.count()
}

#[test]
fn subscribers_get_an_article_once_whatever_becomes_of_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage, true).await;
        assert!(
            !is_ticked(&page_of_choice(&mut farah).await),
            "off by default"
        );
        choose(&mut farah, true).await;
        assert!(is_ticked(&page_of_choice(&mut farah).await));
        let article = farah.publish("One", "The first\n\nof many").await;
        stage.work().await;
        stage.world.expect_mail(FARAH, &subject("One"));
        let mail = stage.world.mails().await.pop().unwrap();
        for part in ["One", "The first of many", "http://127.0.0.1:8080/blog/one"] {
            assert!(mail.text.contains(part), "{part} is not in {}", mail.text);
        }
        for change in [
            json!({"body": "Other"}),
            json!({"state": "withdrawn"}),
            json!({"state": "published"}),
        ] {
            farah.set(&article, change).await.expect(200);
            stage.work().await;
        }
        assert_eq!(count(stage, "One").await, 1);
        // Notes and drafts are not mailed.
        let note = json!({"kind": "note", "body": "x", "state": "published"});
        farah.make(note).await;
        farah.make(json!({"title": "Draft", "body": "x"})).await;
        choose(&mut farah, false).await;
        farah.publish("Two", "x").await;
        stage.work().await;
    });
}

#[test]
fn a_scheduled_article_is_mailed_when_its_time_comes() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage, true).await;
        choose(&mut farah, true).await;
        let in_hours =
            |hours| (stage.world.clock.now() + SignedDuration::from_hours(hours)).to_string();
        let (soon, late) = (in_hours(1), in_hours(3));
        let scheduled = |title: &str, at: &str| json!({"title": title, "body": "x", "state": "scheduled", "published_at": at});
        farah.make(scheduled("Kept", &soon)).await;
        let moved = farah.make(scheduled("Moved", &soon)).await;
        farah
            .set(&moved, json!({"published_at": late}))
            .await
            .expect(200);
        let early = farah.make(scheduled("Early", &late)).await;
        let now = json!({"state": "published", "published_at": null});
        let back = farah.make(scheduled("Back", &soon)).await;
        farah
            .set(&back, json!({"state": "draft", "published_at": null}))
            .await
            .expect(200);
        let gone = farah.make(scheduled("Gone", &soon)).await;
        farah
            .set(&gone, json!({"state": "draft"}))
            .await
            .expect(200);
        farah
            .call("DELETE", &at(&gone), &Value::Null)
            .await
            .expect(204);
        stage.work().await;
        assert_eq!(stage.world.mails().await.len(), 0);
        farah.set(&early, now.clone()).await.expect(200);
        stage.work().await;
        stage.world.expect_mail(FARAH, &subject("Early"));
        assert_eq!(stage.world.mails().await.len(), 1);

        stage.world.clock.advance(SignedDuration::from_hours(2));
        stage.work().await;
        stage.world.expect_mail(FARAH, &subject("Kept"));
        assert_eq!(stage.world.mails().await.len(), 2);
        farah.set(&back, now).await.expect(200);
        stage.world.clock.advance(SignedDuration::from_hours(2));
        stage.work().await;
        for title in ["Back", "Moved"] {
            stage.world.expect_mail(FARAH, &subject(title));
        }
    });
}

#[test]
fn an_address_that_nobody_confirmed_gets_none() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage, false).await;
        let page = page_of_choice(&mut farah).await;
        assert!(!page.body.contains("/me/email/newsletters"));
        let who = farah.who.account().clone();
        let (keys, id) = (stage.world.platform.keys.clone(), who.id.clone());
        let change = move |tx: &mut Tx<'_>| NEWSLETTER.choose(tx, &keys, &who, true, &request());
        stage.world.store().write(change).await.unwrap();
        farah.publish("One", "x").await;
        stage.work().await;
        assert_eq!(count(stage, "One").await, 0);
        let confirm = move |tx: &mut Tx<'_>| confirm(tx, &id);
        stage.world.store().write(confirm).await.unwrap();
        farah.publish("Two", "x").await;
        stage.work().await;
        stage.world.expect_mail(FARAH, &subject("Two"));
    });
}

#[test]
fn the_link_of_a_mail_stops_this_mail_alone_and_the_tick_brings_it_back() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage, true).await;
        choose(&mut farah, true).await;
        farah.publish("One", "x").await;
        stage.work().await;
        stage.world.expect_mail(FARAH, &subject("One"));
        let mail = |tx: &mut Tx<'_>| -> Result<(platform::mail::Stream, String), StoreError> {
            tx.one(sql!("SELECT stream, scope FROM mail"), &[])
        };
        let (stream, scope) = stage.world.store().read(mail).await.unwrap();
        let key = stage.world.platform.keys.key(suppression::PURPOSE);
        let address = FARAH.parse().unwrap();
        let link = suppression::unsubscribe_link(&key, &address, stream, Some(&scope));
        let click = [("List-Unsubscribe", "One-Click")];
        stage.visitor().post(&link, &click).await.expect(200);
        let page = page_of_choice(&mut farah).await;
        assert!(!is_ticked(&page));
        assert!(
            !page.body.contains("/me/email/subscribe"),
            "it is said once"
        );
        choose(&mut farah, true).await;
        assert!(is_ticked(&page_of_choice(&mut farah).await));
        let look =
            move |tx: &mut Tx<'_>| suppression::find_for(tx, &key, &address, stream, Some(&scope));
        let held: Result<_, StoreError> = stage.world.store().read(look).await;
        assert_eq!(held.unwrap(), None);
    });
}

#[test]
fn of_thousands_everybody_gets_one_mail_however_often_the_job_runs() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage, true).await;
        let other = stage.beside();
        let people = 2 * PAGE + 5;
        let keys = stage.world.platform.keys.clone();
        let subscribe = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for number in 0..people {
                let new = NewAccount {
                    name: "Somebody".parse().unwrap(),
                    email: format!("n{number}@example.my").parse().unwrap(),
                    locale: "ms".to_owned(),
                    zone: AccountZone::chosen("Asia/Kuala_Lumpur"),
                };
                let id = account::create(tx, &new).unwrap();
                confirm(tx, &id)?;
                let account = account::find(tx, &id)?.unwrap();
                NEWSLETTER.choose(tx, &keys, &account, true, &request())?;
            }
            Ok(())
        };
        stage.world.store().write(subscribe).await.unwrap();
        for round in 0..rounds().min(5) {
            let title = format!("Round {round}");
            let post = farah.publish(&title, "x").await;
            let twice = move |tx: &mut Tx<'_>| {
                let payload = json!({ "post": post["id"] });
                tx.enqueue(NewJob::new(KIND, payload))
            };
            stage.world.store().write(twice.clone()).await.unwrap();
            let (one, two) = (stage.work(), other.work());
            together(one, two).await;
            stage.world.store().write(twice).await.unwrap();
            stage.work().await;
            for number in 0..people {
                let to = format!("n{number}@example.my");
                stage.world.expect_mail(&to, &subject(&title));
            }
        }
    });
}
