//! Tests of the mail that warns owners that somebody is guessing codes.

use std::net::Ipv4Addr;

use ::occasions::role::{self, Role};
use ::occasions::words::OccasionStatus;
use identity::grant;
use jiff::SignedDuration;
use occasions::hosting::occasions;
use platform::limits::guess::Try;
use platform::{Rows, sql};
use testkit::SentMail;
use web::Language;

use crate::stage::{Stage, on_default};

/// Uses up the installation's budget for wrong codes, and returns the mails that were sent.
async fn attack(stage: &Stage<'_>, guess: &str) -> Vec<SentMail> {
    let now = stage.site.clock.now();
    for bot in 0..150 {
        let guess = Try {
            client: Ipv4Addr::new(198, bot, 100, 1).into(),
            code: guess,
            name: None,
            needs_name: false,
        };
        let attempt = stage.budget.attempt_now(guess, now);
        attempt.unwrap().unwrap().failed(now);
    }
    stage.budget.sync(&stage.site.store, now).await.unwrap();
    stage.worker().run_due().await.unwrap();
    stage.world.mails().await
}

#[test]
fn owners_are_told_once_a_day_in_their_language_that_codes_are_guessed() {
    on_default(async |stage| {
        let (second, here) = (stage.stranger.account.clone(), role::scope(&stage.occasion));
        let store = &stage.site.store;
        store
            .write(move |tx| {
                grant::give(tx, &second, Role::OccasionOwner.into(), &here, None).unwrap();
                let italian = sql!("UPDATE account SET locale = 'it' WHERE id = $1");
                tx.run(italian, &[&second], Rows::Exactly(1))
            })
            .await
            .unwrap();
        let mails = attack(stage, "one").await;
        let mut letters: Vec<(&str, &str)> = mails
            .iter()
            .map(|mail| (mail.recipient.as_str(), mail.text.as_str()))
            .collect();
        letters.sort_unstable();
        assert_eq!(letters.len(), 2, "owners only: {letters:?}");
        assert_eq!(letters[0].0, "owner@example.com");
        assert!(
            letters[0].1.contains("may be guessing them"),
            "{}",
            letters[0].1
        );
        assert!(letters[0].1.contains("http://127.0.0.1:8080/admin"));
        assert_eq!(letters[1].0, "stranger@example.com");
        assert!(letters[1].1.contains("indovinarli"), "{}", letters[1].1);

        stage.world.clock.advance(SignedDuration::from_hours(23));
        assert_eq!(attack(stage, "two").await.len(), 2, "one a day");
        stage.world.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(attack(stage, "three").await.len(), 4);
        stage
            .done(|tx, host| {
                occasions::set_status(tx, host, None, OccasionStatus::Archived).map(drop)
            })
            .await;
        stage.world.clock.advance(SignedDuration::from_hours(24));
        assert_eq!(attack(stage, "four").await.len(), 4, "no code is alive");
        for (owner, language) in [("owner@example.com", "en"), ("stranger@example.com", "it")] {
            let text = stage.site.catalogue.speak(&Language::of(language));
            let site = [("site", stage.site.settings.name.as_str().into())];
            let subject = text.with("mail-guessing-subject", site);
            for _ in 0..2 {
                stage.world.expect_mail(owner, &subject);
            }
        }
    });
}
