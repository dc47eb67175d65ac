//! Race tests of two concurrent sign-ins with the same identity.

use identity::limits::request_limits::RequestLimits;
use serde_json::json;
use testkit::{World, rounds, together};

use crate::identities::{browser, claims, me};
use crate::provider::{Provider, leave};
use crate::stage::{MIGRATIONS, count_actions, expect_sign_in_mails, in_process, person, visitor};

#[test]
fn one_new_identity_twice_at_once_makes_one_account() {
    World::each_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let second = world.second_store();
        for round in 0..rounds() {
            let here = provider.site(world, true);
            let there = in_process(&here, &second);
            let email = format!("{round}@example.my");
            let claims = json!({"sub": email, "email": email, "email_verified": true});
            let mut ways = Vec::new();
            for accounts in [&here, &there] {
                let mut browser = visitor(accounts);
                let location = leave(&mut browser, "/login").await;
                ways.push((
                    browser,
                    provider.agree(&location, world.clock.now(), &claims),
                ));
            }
            let mut ways = ways.into_iter().map(|(mut browser, back)| async move {
                browser.get(&back).await.with(303);
                me(&mut browser).await
            });
            let (one, other) = together(ways.next().unwrap(), ways.next().unwrap()).await;
            assert!(one.is_some() && one == other, "round {round}");
            // One of the two sign-ins came from a browser that the account did not know.
            expect_sign_in_mails(world, &email, 1);
        }
        for action in ["account.registered", "identity.linked"] {
            assert_eq!(count_actions(world, action).await, rounds(), "{action}");
        }
    });
}

#[test]
fn one_identity_linked_to_two_accounts_at_once_is_one_s() {
    World::each_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = {
            let mut changed = provider.site(world, true);
            changed.limits = RequestLimits::unlimited();
            changed
        };
        for round in 0..rounds() {
            let mut ways = Vec::new();
            for which in ["a", "b"] {
                let id = person(world, &format!("{which}{round}@example.my"), None).await;
                let mut own = browser(world, &accounts, &id).await;
                let location = leave(&mut own, "/me/security").await;
                let back =
                    provider.agree(&location, world.clock.now(), &claims(&format!("{round}")));
                ways.push(async move { own.get(&back).await.status.as_u16() });
            }
            let mut ways = ways.into_iter();
            let (one, other) = together(ways.next().unwrap(), ways.next().unwrap()).await;
            assert_eq!(
                [one.min(other), one.max(other)],
                [303, 409],
                "round {round}"
            );
        }
    });
}
