//! Tests of signing in with a password: its cost, its refusals and its effects.

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use axum::http::Method;
use identity::credential::password;
use identity::session;
use identity::sign_in::begin_session::Arrived;
use identity::sign_in::{self, SignInError};
use jiff::SignedDuration;
use platform::{Rows, Secret, sql};
use serde_json::Value;
use site::Context;
use testkit::World;
use web::Network;

use crate::passkeys::{Device, register};
use crate::people::browser;
use crate::stage::{
    MIGRATIONS, PASSWORD, accounts, actions, arrived, attempt, begin, client, expect_sign_in_mails,
    find_session, person, read, usual_hash, write,
};

#[test]
fn every_failure_reads_the_same_and_costs_one_hash() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        person(world, "farah@example.my", Some(&hash)).await;
        person(world, "link@example.my", None).await;
        let gone = person(world, "gone@example.my", Some(&hash)).await;
        write(world.store(), move |tx| {
            let sql = sql!("UPDATE account SET state = 'deactivated' WHERE id = $1");
            tx.run(sql, &[&gone], Rows::Exactly(1))
        })
        .await;
        let key = person(world, "key@example.my", None).await;
        register(&mut browser(world, &key).await, &Device::new("one"))
            .await
            .with(201);
        let leaving = person(world, "leaving@example.my", Some(&hash)).await;
        browser(world, &leaving)
            .await
            .call(Method::DELETE, "/api/v1/me", &Value::Null)
            .await
            .with(202);
        let before = actions(world).await.len();
        for (email, password) in [
            ("farah@example.my", "something else"),
            ("link@example.my", PASSWORD),
            ("key@example.my", PASSWORD),
            ("leaving@example.my", "something else"),
            ("gone@example.my", PASSWORD),
            ("nobody@example.my", PASSWORD),
            ("no address at all", PASSWORD),
            ("", ""),
        ] {
            let before = accounts.hasher.count();
            let result = sign_in::with_password(&accounts, attempt(email, password, 1)).await;
            assert!(matches!(result, Err(SignInError::Wrong)), "{email}");
            assert_eq!(accounts.hasher.count() - before, 1, "{email}");
        }
        assert_eq!(actions(world).await[before..], ["sign_in.failed"; 8]);
    });
}

/// Tries a wrong password for an account, once from each of these networks.
async fn attack(accounts: &Context, email: &str, networks: std::ops::Range<u16>) {
    for number in networks {
        let mut wrong = attempt(email, "something else", 1);
        let [high, low] = number.to_be_bytes();
        wrong.network = Network::of([198, high, low, 1].into());
        let result = sign_in::with_password(accounts, wrong).await;
        assert!(matches!(result, Err(SignInError::Wrong)), "{number}");
    }
}

fn seconds<T: std::fmt::Debug>(result: Result<T, SignInError>) -> u32 {
    match result {
        Err(SignInError::UsedUp(wait)) => wait.seconds,
        other => panic!("{other:?}"),
    }
}

#[test]
fn five_failures_from_one_network_refuse_a_right_password_too_and_cost_no_more_hashes() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        person(world, "farah@example.my", Some(&hash)).await;
        for email in ["Farah@Example.MY", "nobody@example.my"] {
            for _ in 0..5 {
                let wrong = attempt(email, "something else", 1);
                let result = sign_in::with_password(&accounts, wrong).await;
                assert!(matches!(result, Err(SignInError::Wrong)), "{email}");
            }
            let before = accounts.hasher.count();
            let right = attempt(&email.to_lowercase(), PASSWORD, 1);
            let result = sign_in::with_password(&accounts, right).await;
            assert_eq!(seconds(result), 900, "{email}");
            assert_eq!(accounts.hasher.count(), before, "{email}");
        }
        let elsewhere = attempt("farah@example.my", PASSWORD, 2);
        assert!(sign_in::with_password(&accounts, elsewhere).await.is_ok());
        // Refused attempts do not make the waiting time longer.
        for minute in 1..15 {
            world.clock.advance(SignedDuration::from_mins(1));
            let early = attempt("farah@example.my", PASSWORD, 1);
            let result = sign_in::with_password(&accounts, early).await;
            assert_eq!(seconds(result), 900 - 60 * minute);
        }
        world.clock.advance(SignedDuration::from_mins(1));
        let later = attempt("farah@example.my", PASSWORD, 1);
        assert!(sign_in::with_password(&accounts, later).await.is_ok());
        expect_sign_in_mails(world, "farah@example.my", 2);
    });
}

#[test]
fn a_network_that_used_up_its_tries_costs_no_hash() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        for number in 0..30 {
            let email = format!("{number}@example.my");
            let result = sign_in::with_password(&accounts, attempt(&email, PASSWORD, 1)).await;
            assert!(matches!(result, Err(SignInError::Wrong)));
        }
        let before = accounts.hasher.count();
        let result = sign_in::with_password(&accounts, attempt("x@example.my", "", 1)).await;
        assert_eq!(seconds(result), 900);
        assert_eq!(accounts.hasher.count(), before);
    });
}

#[test]
fn tries_are_counted_across_restarts() {
    World::default_engine(&MIGRATIONS, async |world| {
        let other_store = world.second_store();
        for number in 0..6 {
            // Every second attempt is made by another process, as after a restart or with two
            // processes at the same time.
            let mut process = accounts(world);
            if number % 2 == 1 {
                process.site.platform.store = other_store.clone();
            }
            let wrong = attempt("farah@example.my", "something else", 1);
            match sign_in::with_password(&process, wrong).await {
                Err(SignInError::Wrong) => assert!(number < 5),
                Err(SignInError::UsedUp(_)) => assert_eq!(number, 5),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn a_right_password_is_not_counted() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        person(world, "farah@example.my", Some(&hash)).await;
        for _ in 0..40 {
            let right = attempt("farah@example.my", PASSWORD, 1);
            assert!(sign_in::with_password(&accounts, right).await.is_ok());
        }
        let counted: Vec<(String,)> = read(world.store(), |tx| {
            tx.all(sql!("SELECT source FROM rate_limit_hit"), &[])
        })
        .await;
        assert_eq!(counted, []);
        expect_sign_in_mails(world, "farah@example.my", 40);
    });
}

#[test]
fn an_attack_from_anywhere_locks_nobody_out() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        person(world, "farah@example.my", Some(&hash)).await;
        let known = attempt("farah@example.my", PASSWORD, 9);
        let Arrived { begun, .. } =
            arrived(sign_in::with_password(&accounts, known).await.unwrap());
        for email in ["farah@example.my", "nobody@example.my"] {
            attack(&accounts, email, 0..60).await;
        }
        // An unknown browser in a new network has one attempt in 15 minutes. Attempts from other
        // networks do not delay it.
        let wrong = attempt("farah@example.my", "a slip of the finger", 2);
        let result = sign_in::with_password(&accounts, wrong.clone()).await;
        assert!(matches!(result, Err(SignInError::Wrong)));
        let mut stranger = wrong.clone();
        stranger.email = "nobody@example.my".to_owned();
        let result = sign_in::with_password(&accounts, stranger.clone()).await;
        assert!(matches!(result, Err(SignInError::Wrong)));
        for minute in 0..15 {
            let first = 60 + 4 * minute;
            for email in ["farah@example.my", "nobody@example.my"] {
                attack(&accounts, email, first..first + 4).await;
            }
            let left = 900 - 60 * u32::from(minute);
            let mut right = wrong.clone();
            right.password = Secret::new(PASSWORD);
            let result = sign_in::with_password(&accounts, right).await;
            assert_eq!(seconds(result), left);
            let result = sign_in::with_password(&accounts, stranger.clone()).await;
            assert_eq!(seconds(result), left, "an address that nobody has");
            world.clock.advance(SignedDuration::from_mins(1));
        }
        let right = attempt("farah@example.my", PASSWORD, 2);
        assert!(sign_in::with_password(&accounts, right).await.is_ok());
        // The other network has no failed attempts yet, so its first attempt is accepted.
        let elsewhere = attempt("farah@example.my", PASSWORD, 3);
        assert!(sign_in::with_password(&accounts, elsewhere).await.is_ok());
        // A browser that the account knows has five attempts of its own. Failed attempts of other
        // browsers in its network do not count.
        let mut known = attempt("farah@example.my", "something else", 2);
        known.client.device = Some(begun.device.secret().clone());
        for _ in 0..4 {
            let result = sign_in::with_password(&accounts, known.clone()).await;
            assert!(matches!(result, Err(SignInError::Wrong)));
        }
        known.password = Secret::new(PASSWORD);
        assert!(
            sign_in::with_password(&accounts, known.clone())
                .await
                .is_ok()
        );
        expect_sign_in_mails(world, "farah@example.my", 3);
    });
}

#[test]
fn a_known_browser_is_not_kept_out_by_its_network() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        person(world, "farah@example.my", Some(&hash)).await;
        let first = attempt("farah@example.my", PASSWORD, 1);
        let Arrived { begun, .. } =
            arrived(sign_in::with_password(&accounts, first).await.unwrap());
        for number in 0..30 {
            let other = attempt(&format!("{}@example.my", number % 7), "wrong", 1);
            let _refused = sign_in::with_password(&accounts, other).await;
        }
        let right = attempt("farah@example.my", PASSWORD, 1);
        let mut known = right.clone();
        known.client.device = Some(begun.device.secret().clone());
        assert_eq!(seconds(sign_in::with_password(&accounts, right).await), 900);
        assert!(sign_in::with_password(&accounts, known).await.is_ok());
        expect_sign_in_mails(world, "farah@example.my", 1);
    });
}

#[test]
fn networks_in_one_block_are_counted_together() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let tries = |email: &'static str, address: String| {
            let mut wrong = attempt(email, "something else", 1);
            wrong.network = Network::of(address.parse().unwrap());
            sign_in::with_password(&accounts, wrong)
        };
        let mut passed = 0;
        for subnet in 0..64 {
            let address = format!("2001:db8:7:{subnet:x}00::1");
            let result = tries("farah@example.my", address).await;
            passed += u32::from(matches!(result, Err(SignInError::Wrong)));
        }
        // After 50 failed attempts, the account counts as attacked. The /48 network has then
        // already reached its reduced limit.
        assert_eq!(passed, 50);
        let next_door = tries("farah@example.my", "2001:db8:8::1".to_owned()).await;
        assert!(matches!(next_door, Err(SignInError::Wrong)));
        let mut passed = 0;
        for last in 0..30 {
            let result = tries("mei@example.my", format!("192.0.2.{last}")).await;
            passed += u32::from(matches!(result, Err(SignInError::Wrong)));
        }
        assert_eq!(passed, 20, "an IPv4 /24");
    });
}

#[test]
fn success_begins_a_session_ends_the_one_brought_along_and_writes_a_mail() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        let mut right = attempt(" FARAH@example.my", PASSWORD, 7);
        let welcome = sign_in::with_password(&accounts, right.clone()).await;
        let Arrived { account, begun, .. } = arrived(welcome.unwrap());
        assert_eq!((&account.id, &*account.email), (&id, "farah@example.my"));
        let who = find_session(world, &begun.session).await.unwrap();
        assert_eq!(who.account(), &account);
        assert!(who.is_in_browser());

        let [mail] = &world.mails().await[..] else {
            panic!("one mail");
        };
        for words in [
            "Hello Farah binti Ali,",
            "Friday, 20 November 2026, 4 pm, Kuala Lumpur (UTC+8)",
            "Firefox, Linux",
            "203.0.113.0/24",
            "http://127.0.0.1:8080/me/security",
        ] {
            assert!(mail.text.contains(words), "{words:?} in {}", mail.text);
        }

        right.client.session = Some(begun.session.clone());
        right.client.device = Some(begun.device.secret().clone());
        let Arrived { begun: again, .. } =
            arrived(sign_in::with_password(&accounts, right).await.unwrap());
        assert!(find_session(world, &begun.session).await.is_none());
        assert!(find_session(world, &again.session).await.is_some());
        assert_eq!(world.mails().await.len(), 1, "the browser is known");
        assert_eq!(actions(world).await, ["sign_in.succeeded"; 2]);
        expect_sign_in_mails(world, "farah@example.my", 1);
    });
}

#[test]
fn a_device_of_somebody_else_is_not_taken_over() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mine = person(world, "farah@example.my", None).await;
        let other = person(world, "mei@example.my", None).await;
        let planted = begin(world, &other, session::Stay::Visit, client(1)).await;
        let mut with_planted = client(2);
        with_planted.device = Some(planted.device.secret().clone());
        let begun = begin(world, &mine, session::Stay::Visit, with_planted).await;
        assert!(begun.device.secret() != planted.device.secret());
    });
}

#[test]
fn a_weaker_hash_is_made_anew() {
    let params = Params::new(256, 1, 1, None).unwrap();
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16])
        .unwrap()
        .to_string();
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let (of, weak) = (id.clone(), weak.clone());
        write(world.store(), move |tx| {
            let sql =
                sql!("INSERT INTO password (account_id, hash, changed_at) VALUES ($1, $2, 0)");
            tx.run(sql, &[&of, &weak], Rows::Exactly(1))
        })
        .await;
        let right = attempt("farah@example.my", PASSWORD, 1);
        assert!(
            sign_in::with_password(&accounts, right.clone())
                .await
                .is_ok()
        );
        let of = id.clone();
        let hash = read(world.store(), move |tx| password::find(tx, &of)).await;
        assert!(!identity::credential::hashing::is_outdated(&hash.unwrap()));
        let before = accounts.hasher.count();
        assert!(sign_in::with_password(&accounts, right).await.is_ok());
        assert_eq!(accounts.hasher.count() - before, 1);
        expect_sign_in_mails(world, "farah@example.my", 2);
    });
}

#[test]
fn an_imported_bcrypt_hash_works_once_and_is_argon2id_from_then_on() {
    let typed = "cafe\u{301} latte satu";
    let imported = bcrypt::hash(typed, 4).unwrap();
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let (of, hash) = (id.clone(), imported.clone());
        write(world.store(), move |tx| {
            let now = tx.now();
            assert!(!identity::people::import::set_password(
                tx,
                &of,
                "$2b$12$nonsense",
                now
            )?);
            assert!(identity::people::import::set_password(tx, &of, &hash, now)?);
            Ok(())
        })
        .await;
        let before = accounts.hasher.count();
        // Passwords are compared with bcrypt hashes without Unicode normalization.
        for wrong in ["caf\u{e9} latte satu", "something else"] {
            let result = attempt("farah@example.my", wrong, 1);
            let result = sign_in::with_password(&accounts, result).await;
            assert!(matches!(result, Err(SignInError::Wrong)), "{wrong}");
        }
        assert_eq!(accounts.hasher.count() - before, 2, "one hash each");
        // The first sign-in replaced the hash, so both spellings of the password work from now on.
        for (right, hashes) in [(typed, 2), ("caf\u{e9} latte satu", 1), (typed, 1)] {
            let before = accounts.hasher.count();
            let right = attempt("farah@example.my", right, 1);
            assert!(sign_in::with_password(&accounts, right).await.is_ok());
            assert_eq!(accounts.hasher.count() - before, hashes);
            let of = id.clone();
            let hash = read(world.store(), move |tx| password::find(tx, &of)).await;
            assert!(!identity::credential::hashing::is_outdated(&hash.unwrap()));
        }
        expect_sign_in_mails(world, "farah@example.my", 3);
    });
}

#[test]
fn a_password_changed_meanwhile_is_not_overwritten() {
    World::default_engine(&MIGRATIONS, async |world| {
        let old = usual_hash(world).await;
        let newer = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&newer)).await;
        let (of, to) = (id.clone(), old.clone());
        let replaced = write(world.store(), move |tx| {
            password::replace(tx, &of, &old, &to)
        });
        assert!(!replaced.await);
        let kept = read(world.store(), move |tx| password::find(tx, &id)).await;
        assert_eq!(kept, Some(newer));
    });
}

#[test]
fn a_link_signs_in_once_within_a_day() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let link = async || {
            let of = id.clone();
            write(world.store(), move |tx| sign_in::create_link(tx, &of)).await
        };
        let use_up =
            async |secret: &Secret| sign_in::with_link(&accounts, secret.clone(), client(1)).await;
        let (older, newer) = (link().await, link().await);
        assert!(matches!(use_up(&older).await, Err(SignInError::LinkGone)));
        let shown = newer.clone();
        assert!(read(world.store(), move |tx| sign_in::is_link(tx, &shown)).await);
        let arrived = arrived(use_up(&newer).await.unwrap());
        assert_eq!((arrived.account.id, &*arrived.to), (id.clone(), "/me"));
        assert!(matches!(use_up(&newer).await, Err(SignInError::LinkGone)));
        let late = link().await;
        world.clock.advance(sign_in::LINK_LIFETIME);
        assert!(matches!(use_up(&late).await, Err(SignInError::LinkGone)));
        expect_sign_in_mails(world, "farah@example.my", 1);
    });
}
