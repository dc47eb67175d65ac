//! Tests of mail to administrators about what they must see to: at most one an hour.

use identity::grant::{ADMIN, OWNER};
use jiff::SignedDuration;
use platform::jobs::NewJob;
use platform::{StoreError, Tx};
use serde_json::json;
use testkit::SentMail;

use crate::credits::{order, plan};
use crate::stage::{Booking, Person, Stage, on_default};

/// The mails to administrators, oldest first.
pub(crate) async fn alerts(stage: &Stage<'_>) -> Vec<SentMail> {
    let site = stage.site.settings.name.clone();
    let subject = stage.fill("booking-mail-alert", [("site", site.as_str().into())]);
    let mut mails = stage.world.mails().await;
    mails.retain(|mail| mail.subject == subject);
    mails
}

async fn dispute(aina: &mut Person, plan: &str) {
    let pay = order(aina, plan).await;
    aina.pay(&pay, "dispute").await.expect(200);
}

async fn after(stage: &Stage<'_>, minutes: i64) {
    stage
        .world
        .clock
        .advance(SignedDuration::from_mins(minutes));
    stage.work().await;
}

#[test]
fn what_happens_within_an_hour_is_one_mail_to_each_administrator() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        stage.person_as("Mei Lin", ADMIN).await;
        let plan = plan(&mut owner, 2).await;
        let mut aina = stage.person("Aina Yusof").await;
        dispute(&mut aina, &plan).await;
        stage.work().await;
        let mails = alerts(stage).await;
        let mut to: Vec<&str> = mails.iter().map(|mail| mail.recipient.as_str()).collect();
        to.sort_unstable();
        assert_eq!(to, ["Mei.Lin@example.my", "Siti.Owner@example.my"]);
        let told = |count: i64| stage.fill("booking-alert-dispute", [("count", count.into())]);
        for mail in &mails {
            let text = &mail.text;
            assert!(text.contains(&told(1)), "{text}");
            assert!(text.contains("/admin/orders\n"), "{text}");
        }
        for _ in 0..2 {
            after(stage, 20).await;
            dispute(&mut aina, &plan).await;
        }
        after(stage, 19).await;
        assert_eq!(alerts(stage).await.len(), 2);
        // On the site, all of them stand at once.
        let text = owner.browser.get("/me/notices").await.text();
        assert_eq!(text.matches("disputes the payment").count(), 3, "{text}");
        after(stage, 1).await;
        let mails = alerts(stage).await;
        assert_eq!(mails.len(), 4);
        assert!(mails[3].text.contains(&told(2)), "{}", mails[3].text);
        after(stage, 200).await;
        assert_eq!(alerts(stage).await.len(), 4);
        // After a quiet time the next one is mailed at once.
        dispute(&mut aina, &plan).await;
        stage.work().await;
        assert_eq!(alerts(stage).await.len(), 6);
    });
}

#[test]
fn administrators_hear_of_a_job_that_was_given_up() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let change = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            tx.enqueue(NewJob::new("booking.event", json!({"gateway": "nobody"})))
        };
        stage.world.store().write(change).await.unwrap();
        stage.work().await;
        let told = stage.fill(
            "booking-notice-job-failed",
            [("about", "booking.event".into())],
        );
        owner.sees("/me/notices", &told).await;
        let mails = alerts(stage).await;
        let told = stage.fill("booking-alert-job", [("count", 1.into())]);
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains(&told), "{}", mails[0].text);
    });
}
