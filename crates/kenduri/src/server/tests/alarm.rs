//! Tests of the mail that notifies owners when a failed service is no longer restarted.

use std::sync::Arc;

use identity::account::{self, NewAccount};
use identity::people::setup::{self, Credential};
use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx};
use supervisor::{GivenUp, ReadyInstances, ServiceInstances};
use testkit::{SentMail, World, together};
use web::{Language, Site};

use super::super::alarm::{Alarm, tell};
use super::{MIGRATIONS, site};

/// The owners' email addresses and languages.
const OWNERS: [(&str, &str); 2] = [("farah@example.my", "en"), ("aiman@example.my", "ms")];

/// Creates two owners with different languages, and a person who owns nothing.
async fn people(site: &Site) {
    let make = |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        for (email, locale) in OWNERS {
            setup::create_owner(tx, &[], &person(email, locale), &Credential::Link).unwrap();
        }
        account::create(tx, &person("guest@example.my", "en")).unwrap();
        Ok(())
    };
    site.store.write(make).await.unwrap();
}

fn person(email: &str, locale: &str) -> NewAccount {
    NewAccount {
        name: "Farah binti Ali".parse().unwrap(),
        email: email.parse().unwrap(),
        locale: locale.to_owned(),
        time_zone: "Asia/Kuala_Lumpur".to_owned(),
    }
}

fn given_up(since: Timestamp) -> GivenUp {
    GivenUp {
        since,
        reason: "it ended with code 3".to_owned(),
    }
}

fn fleet(given_up: Option<GivenUp>) -> ReadyInstances {
    let crew = ServiceInstances {
        given_up,
        ..ServiceInstances::default()
    };
    ReadyInstances::from([(Arc::from("web"), crew)])
}

/// Declares `times` expected mails to each owner.
fn expect_mails(world: &World, site: &Site, times: usize) {
    for (email, locale) in OWNERS {
        let text = site.catalogue.speak(&Language::of(locale));
        let values = [
            ("service", "web".into()),
            ("site", site.settings.name.as_str().into()),
        ];
        let subject = text.with("mail-service-subject", values);
        for _ in 0..times {
            world.expect_mail(email, &subject);
        }
    }
}

/// Waits until the store contains `count` mails.
async fn mails(world: &World, count: usize) -> Vec<SentMail> {
    let limit = std::time::Duration::from_secs(30);
    let there = async {
        loop {
            let mails = world.mails().await;
            if mails.len() >= count {
                return mails;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    let mails = tokio::time::timeout(limit, there).await.expect("mails");
    assert_eq!(mails.len(), count);
    mails
}

#[test]
fn every_owner_is_told_once_in_their_language() {
    World::each_engine(&MIGRATIONS, async |world| {
        let site = site(world).0.site.clone();
        people(&site).await;
        let mut alarm = Alarm::new(site.clone());
        alarm.hear(&fleet(None));
        let first = given_up(site.clock.now());
        for _ in 0..3 {
            alarm.hear(&fleet(Some(first.clone())));
        }
        let mut told = mails(world, 2).await;
        told.sort_by(|one, other| one.recipient.cmp(&other.recipient));
        let people: Vec<&str> = told.iter().map(|mail| mail.recipient.as_str()).collect();
        assert_eq!(people, ["aiman@example.my", "farah@example.my"]);
        assert!(
            told[0].text.contains("tidak dimulakan lagi"),
            "{}",
            told[0].text
        );
        for mail in told {
            for part in [
                "it ended with code 3",
                "Asia/Kuala_Lumpur",
                "http://127.0.0.1:8080/admin/server/services/web",
            ] {
                assert!(mail.text.contains(part), "{part} is not in {}", mail.text);
            }
        }
        // Another worker reports the same failure, but no owner gets a second mail.
        tell(site.clone(), "web".into(), first.clone()).await;
        mails(world, 2).await;
        // An owner starts the service, and it fails again.
        alarm.hear(&fleet(None));
        world.clock.advance(SignedDuration::from_mins(1));
        alarm.hear(&fleet(Some(given_up(site.clock.now()))));
        mails(world, 4).await;
        // The record of the sent mail expires. By then, the failure is too old for another mail.
        for days in 1..4 {
            world.clock.advance(SignedDuration::from_hours(24));
            tell(site.clone(), "web".into(), first.clone()).await;
            assert_eq!(mails(world, 4).await.len(), 4, "after {days} days");
        }
        expect_mails(world, &site, 2);
        assert_eq!(site.catalogue.missing(), [""; 0]);
    });
}

#[test]
fn an_owner_who_comes_later_hears_of_it_from_the_next_worker() {
    World::each_engine(&MIGRATIONS, async |world| {
        let site = site(world).0.site.clone();
        let told = given_up(site.clock.now());
        tell(site.clone(), "web".into(), told.clone()).await;
        people(&site).await;
        tell(site.clone(), "web".into(), told).await;
        mails(world, 2).await;
        expect_mails(world, &site, 1);
    });
}

#[test]
fn two_workers_that_hear_of_it_at_once_tell_it_once() {
    World::each_engine(&MIGRATIONS, async |world| {
        let here = site(world).0.site.clone();
        people(&here).await;
        let mut there = here.clone();
        there.platform.store = world.second_store();
        for round in 1..=50 {
            let told = given_up(here.clock.now() + SignedDuration::from_millis(round));
            let tell = |site: &Site| tell(site.clone(), "web".into(), told.clone());
            together(tell(&here), tell(&there)).await;
            mails(world, 2 * usize::try_from(round).unwrap()).await;
        }
        expect_mails(world, &here, 50);
    });
}
