//! Tests that no file of a store contains a link from a mail. The tables alone are not enough,
//! because SQLite's write-ahead log also contains earlier versions of rows.

use jiff::SignedDuration;
use platform::jobs::Worker;
use platform::mail::{self, Mailer, Post, dkim, sealed_text, suppression};
use site::domains;
use testkit::World;

use super::{DOMAINS, URL, accounts, issue_every_secret};

#[test]
fn mailed_links_are_in_no_file_before_and_after_they_are_sent() {
    World::each_engine(&domains::migrations(DOMAINS), async |world| {
        let accounts = accounts(world);
        world.expect_jobs("countdown.reach");
        let handed = issue_every_secret(world, &accounts).await;
        let links = handed.0.iter().filter(|(what, _)| what.starts_with('/'));
        let links: Vec<_> = links.collect();
        let check = |when: &str| {
            for (what, secret) in &links {
                assert_eq!(world.places_of(secret), [""; 0], "{what} {when}");
            }
        };
        check("while they wait");
        let keys = &world.platform.keys;
        let post = Post {
            mailer: Mailer::Mailbox,
            from: "kenduri@localhost".parse().unwrap(),
            site_host: "localhost".to_owned(),
            site_url: URL.to_owned(),
            suppression: keys.key(suppression::PURPOSE),
            text: keys.key(sealed_text::PURPOSE),
            dkim: keys.key(dkim::PURPOSE),
            hears_deliveries: false,
        };
        let (store, clock) = (world.store().clone(), world.platform.clock.clone());
        let handlers = vec![mail::handler(store.clone(), post)];
        let worker = Worker::new(store, clock, world.platform.random.clone(), handlers);
        // The first worker has no handler for this kind of job, so it delayed the job by a minute.
        world.clock.advance(SignedDuration::from_mins(1));
        worker.run_due().await.unwrap();
        check("in the mailbox");
        for mail in world.mails().await {
            assert_eq!(mail.state, "sent");
            world.expect_mail(&mail.recipient, &mail.subject);
        }
    });
}
