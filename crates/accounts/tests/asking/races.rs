//! Race tests of two concurrent requests, some of them in two processes.

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::account::{self, NewAccount};
use identity::credential::hashing::Hasher;
use identity::credential::password;
use identity::grant::{self, GrantError, Scope};
use identity::people::invite::{self, TakeError};
use identity::people::setup::{self, SetupError};
use identity::person::slug;
use identity::session::token::{self, CreateError, NewToken, PROFILE_READ};
use identity::session::{self, LIMIT, Method, Stay};
use identity::sign_in::{self, SignInError, own_password};
use platform::{Rows, Secret, Store, StoreError, Tx, sql};
use site::Context;
use site::domains::for_identity;
use testkit::{World, rounds, together};
use tokio::sync::Barrier;

use crate::grants::manager;
use crate::stage::{
    CLUB, CLUB_OWNER, DOMAINS, MIGRATIONS, OBSERVER, PASSWORD, accounts, attempt, client,
    expect_sign_in_mails, give, in_process, new_account, person, read, role, signed_in, usual_hash,
    write,
};

/// The longest time that a test waits for an event.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs all changes at once, alternately in two processes, and returns their results.
async fn at_once<T, E, F>(stores: &[Store; 2], changes: Vec<F>) -> Vec<Result<T, E>>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Display + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(changes.len()));
    let tasks: Vec<_> = changes
        .into_iter()
        .zip(stores.iter().cycle())
        .map(|(change, store)| {
            let (store, barrier) = (store.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                let (change, begin) = (Arc::new(change), Instant::now());
                loop {
                    let change = Arc::clone(&change);
                    // On a slow machine, a change may wait in the queue until the store reports
                    // that it is busy. The change is then tried again.
                    match store.write(move |tx| change(tx)).await {
                        Err(error) if is_busy(&error) && begin.elapsed() < PATIENCE => {}
                        outcome => return outcome,
                    }
                }
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

fn is_busy(error: &impl Display) -> bool {
    error.to_string() == StoreError::Busy.to_string()
}

fn stores(world: &World) -> [Store; 2] {
    [world.store().clone(), world.second_store()]
}

fn succeeded<T, E>(results: &[Result<T, E>]) -> usize {
    results.iter().filter(|result| result.is_ok()).count()
}

#[test]
fn two_setups_at_once_make_one_owner() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stores = stores(world);
        let hash = usual_hash(world).await;
        for round in 0..rounds() {
            let key = write(world.store(), setup::make_key).await.unwrap();
            let changes = (0..3)
                .map(|number| {
                    let (key, hash) = (key.clone(), hash.clone());
                    let new = new_account(&format!("{round}-{number}@example.my"));
                    move |tx: &mut Tx<'_>| setup::finish(tx, &key, &new, &hash, &client(1))
                })
                .collect();
            let results = at_once(&stores, changes).await;
            assert_eq!(succeeded(&results), 1, "round {round}");
            for result in results {
                assert!(
                    matches!(result, Ok(_) | Err(SetupError::Closed)),
                    "{result:?}"
                );
            }
            let owners = read(world.store(), |tx| grant::list(tx, &Scope::site())).await;
            assert_eq!(owners.len(), 1);
            // Each round begins without the grant of the previous round.
            write(world.store(), |tx| {
                tx.run(sql!("DELETE FROM role_grant"), &[], Rows::Exactly(1))
            })
            .await;
        }
    });
}

#[test]
fn two_owners_who_demote_each_other_leave_one() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stores = stores(world);
        let hash = usual_hash(world).await;
        for (scope, top, less) in [
            (CLUB.scope("wedding"), CLUB_OWNER, OBSERVER),
            (Scope::site(), grant::OWNER, grant::ADMIN),
        ] {
            let place = if scope == Scope::site() {
                "site"
            } else {
                "wedding"
            };
            let one = person(world, &format!("a@{place}.my"), Some(&hash)).await;
            let two = person(world, &format!("b@{place}.my"), Some(&hash)).await;
            for round in 0..rounds() {
                give(world, &one, top, &scope).await;
                give(world, &two, top, &scope).await;
                let by_one = manager(world, &signed_in(world, &one).await, &scope)
                    .await
                    .unwrap();
                let by_two = manager(world, &signed_in(world, &two).await, &scope)
                    .await
                    .unwrap();
                let changes = [(by_one, two.clone()), (by_two, one.clone())]
                    .map(|(by, whom)| move |tx: &mut Tx<'_>| grant::change(tx, &by, &whom, less));
                let results = at_once(&stores, changes.into()).await;
                assert_eq!(succeeded(&results), 1, "round {round}");
                for result in results {
                    assert!(
                        matches!(result, Ok(()) | Err(GrantError::LastOwner)),
                        "{result:?}"
                    );
                }
                let roles = [
                    role(world, &one, &scope).await,
                    role(world, &two, &scope).await,
                ];
                assert_eq!(roles.iter().filter(|role| **role == Some(top)).count(), 1);
            }
        }
    });
}

#[test]
fn tries_at_once_are_counted_each() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        person(world, "farah@example.my", Some(&hash)).await;
        let mut second = accounts.site.clone();
        second.platform.store = world.second_store();
        for round in 0..rounds() {
            write(world.store(), |tx| {
                tx.run(sql!("DELETE FROM rate_limit_hit"), &[], Rows::Any)
            })
            .await;
            let processes = [&accounts.site, &second].map(|site| {
                let mut process = Context::new(site.clone(), DOMAINS);
                process.hasher = Hasher::at_normal_priority(1, site.random.clone());
                process
            });
            let tasks: Vec<_> = (0..6)
                .map(|number| {
                    let accounts = processes[number % 2].clone();
                    let wrong = attempt("farah@example.my", "something else", 1);
                    tokio::spawn(async move { sign_in::with_password(&accounts, wrong).await })
                })
                .collect();
            let mut counted = 0;
            for task in tasks {
                match task.await.unwrap() {
                    Err(SignInError::Wrong) => counted += 1,
                    Err(SignInError::UsedUp(_)) => {}
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(counted, 5, "round {round}");
            let hashes: u64 = processes.iter().map(|one| one.hasher.count()).sum();
            assert_eq!(hashes, 5, "one hash each");
        }
    });
}

#[test]
fn right_passwords_at_once_wait_for_those_before_them() {
    World::each_engine(&MIGRATIONS, async |world| {
        let mut accounts = accounts(world);
        // On a busy machine, attempts may wait long for each other. A long wait must not cause a
        // refusal.
        accounts.patience = Duration::from_mins(5);
        let hash = usual_hash(world).await;
        person(world, "farah@example.my", Some(&hash)).await;
        let at_once = async |password: &'static str| {
            let tasks: Vec<_> = (0..13)
                .map(|_| {
                    let accounts = accounts.clone();
                    let tried = attempt("farah@example.my", password, 1);
                    tokio::spawn(async move { sign_in::with_password(&accounts, tried).await })
                })
                .collect();
            let mut outcomes = Vec::new();
            for task in tasks {
                outcomes.push(task.await.unwrap());
            }
            outcomes
        };
        // All attempts succeed, because five are within the limit and up to eight can wait.
        for outcome in at_once(PASSWORD).await {
            assert!(outcome.is_ok(), "{outcome:?}");
        }
        let (mut wrong, mut refused) = (0, 0);
        for outcome in at_once("something else").await {
            match outcome {
                Err(SignInError::Wrong) => wrong += 1,
                Err(SignInError::UsedUp(_)) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((wrong, refused), (5, 8));
        let begin = Instant::now();
        let right = attempt("farah@example.my", PASSWORD, 1);
        let outcome = sign_in::with_password(&accounts, right).await;
        assert!(
            matches!(outcome, Err(SignInError::UsedUp(_))),
            "{outcome:?}"
        );
        assert!(
            begin.elapsed() < Duration::from_secs(4),
            "nobody to wait for"
        );
        expect_sign_in_mails(world, "farah@example.my", 13);
    });
}

#[test]
fn one_link_used_twice_lets_one_in() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        for round in 0..rounds() {
            let of = id.clone();
            let link = write(world.store(), move |tx| sign_in::create_link(tx, &of)).await;
            let tasks: Vec<_> = (0..3)
                .map(|_| {
                    let (accounts, link) = (accounts.clone(), link.clone());
                    tokio::spawn(
                        async move { sign_in::with_link(&accounts, link, client(1)).await },
                    )
                })
                .collect();
            let mut arrived = 0;
            for task in tasks {
                match task.await.unwrap() {
                    Ok(_) => arrived += 1,
                    Err(SignInError::LinkGone) => {}
                    Err(other) => panic!("{other:?}"),
                }
            }
            assert_eq!(arrived, 1, "round {round}");
        }
        expect_sign_in_mails(world, "farah@example.my", rounds());
    });
}

#[test]
fn one_invite_taken_twice_makes_one_member() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stores = stores(world);
        let hash = usual_hash(world).await;
        let wedding = CLUB.scope("wedding");
        let owner = person(world, "farah@example.my", Some(&hash)).await;
        give(world, &owner, CLUB_OWNER, &wedding).await;
        let by = manager(world, &signed_in(world, &owner).await, &wedding)
            .await
            .unwrap();
        for round in 0..rounds() {
            let of = by.clone();
            let made = world
                .store()
                .write(move |tx| invite::create(tx, &of, OBSERVER));
            let secret = made.await.unwrap();
            let changes = (0..3)
                .map(|number| {
                    let (secret, hash) = (secret.clone(), hash.clone());
                    let new = new_account(&format!("{round}-{number}@example.my"));
                    move |tx: &mut Tx<'_>| {
                        invite::take_new(tx, &for_identity(DOMAINS), &secret, &new, &hash)
                    }
                })
                .collect();
            let results = at_once(&stores, changes).await;
            assert_eq!(succeeded(&results), 1, "round {round}");
            for result in results {
                assert!(matches!(result, Ok(_) | Err(TakeError::Gone)), "{result:?}");
            }
        }
        let members = read(world.store(), move |tx| grant::list(tx, &wedding)).await;
        assert_eq!(members.len(), rounds() + 1);
    });
}

#[test]
fn a_role_that_is_taken_away_meanwhile_is_of_no_more_use() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stores = stores(world);
        let hash = usual_hash(world).await;
        let wedding = CLUB.scope("wedding");
        let first = person(world, "farah@example.my", Some(&hash)).await;
        let second = person(world, "mei@example.my", Some(&hash)).await;
        give(world, &second, CLUB_OWNER, &wedding).await;
        let who = [
            signed_in(world, &first).await,
            signed_in(world, &second).await,
        ];
        let by_second = manager(world, &who[1], &wedding).await.unwrap();
        for round in 0..rounds() {
            give(world, &first, CLUB_OWNER, &wedding).await;
            let by_first = manager(world, &who[0], &wedding).await.unwrap();
            let (by, whom) = (by_second.clone(), first.clone());
            let [here, there] = stores.clone();
            let (made, removed) = together(
                async move {
                    let create = move |tx: &mut Tx<'_>| invite::create(tx, &by_first, OBSERVER);
                    here.write(create).await
                },
                async move {
                    let remove = move |tx: &mut Tx<'_>| grant::remove(tx, &by, &whom);
                    there.write(remove).await
                },
            )
            .await;
            removed.unwrap();
            // The link's creator is no longer an owner, so the link does not work.
            let (secret, hash) = (made.unwrap(), hash.clone());
            let new = new_account(&format!("{round}@example.my"));
            let take = move |tx: &mut Tx<'_>| {
                invite::take_new(tx, &for_identity(DOMAINS), &secret, &new, &hash)
            };
            let taken = world.store().write(take).await;
            assert!(matches!(taken, Err(TakeError::Gone)), "round {round}");
            assert!(manager(world, &who[0], &wedding).await.is_none());
        }
    });
}

#[test]
fn two_tokens_of_one_name_are_one() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stores = stores(world);
        let id = person(world, "farah@example.my", None).await;
        for round in 0..rounds() {
            let changes = (0..3)
                .map(|_| {
                    let id = id.clone();
                    let new = NewToken {
                        name: format!("{}", round % 40),
                        scopes: vec![PROFILE_READ],
                        scope: None,
                        days: 1,
                    };
                    move |tx: &mut Tx<'_>| token::create(tx, &id, &new, None)
                })
                .collect();
            let results = at_once(&stores, changes).await;
            assert_eq!(succeeded(&results), 1, "round {round}");
            for result in results {
                assert!(
                    matches!(result, Ok(_) | Err(CreateError::NameTaken)),
                    "{result:?}"
                );
            }
            if round % 40 == 39 {
                world.clock.advance(jiff::SignedDuration::from_hours(25));
            }
        }
    });
}

#[test]
fn many_sign_ins_at_once_stay_within_the_limit() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stores = stores(world);
        let id = person(world, "farah@example.my", None).await;
        for _ in 0..rounds().div_ceil(10) {
            let changes = (0..20)
                .map(|_| {
                    let id = id.clone();
                    move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
                        session::begin(tx, &id, Method::Password, Stay::Visit, &client(1))
                    }
                })
                .collect();
            let results = at_once(&stores, changes).await;
            assert_eq!(succeeded(&results), 20);
            let of = id.clone();
            let live = read(world.store(), move |tx| session::list(tx, &of)).await;
            assert!(live.len() <= LIMIT as usize, "{}", live.len());
        }
    });
}

#[test]
fn a_sign_in_with_the_old_password_leaves_no_session_beside_its_change() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        let second = in_process(&accounts, &world.second_store());
        let mut signed_in_anew = 0;
        for round in 0..rounds().div_ceil(5) {
            let who = signed_in(world, &id).await;
            let change = own_password::Change {
                current: Secret::new(PASSWORD),
                new: password::Password::choose(&Secret::new("pantun yang baharu"), &[]).unwrap(),
                client: client(9),
            };
            let attempt = attempt("farah@example.my", PASSWORD, 1);
            let (here, there) = (accounts.clone(), second.clone());
            let (changed, entered) = together(
                async move { own_password::change(&here, &who, change).await },
                async move { sign_in::with_password(&there, attempt).await },
            )
            .await;
            let (kept, _) = changed.unwrap();
            assert!(
                matches!(entered, Ok(_) | Err(SignInError::Wrong)),
                "{entered:?}"
            );
            signed_in_anew += usize::from(entered.is_ok());
            let of = id.clone();
            let live = read(world.store(), move |tx| session::list(tx, &of)).await;
            assert_eq!(live.len(), 1, "round {round}: {entered:?}");
            assert!(crate::stage::find_session(world, &kept).await.is_some());
            let (of, back) = (id.clone(), hash.clone());
            write(world.store(), move |tx| password::set(tx, &of, &back)).await;
            world.clock.advance(jiff::SignedDuration::from_mins(20));
        }
        expect_sign_in_mails(world, "farah@example.my", signed_in_anew);
    });
}

#[test]
fn two_people_of_one_name_have_slugs_of_their_own() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stores = stores(world);
        for round in 0..rounds() {
            let new = |which: usize| NewAccount {
                name: format!("Farah {round}").parse().unwrap(),
                ..new_account(&format!("{round}.{which}@example.my"))
            };
            let changes = [1, 2]
                .map(|which| {
                    let new = new(which);
                    move |tx: &mut Tx<'_>| -> Result<String, StoreError> {
                        let id = account::create(tx, &new).unwrap();
                        slug::of(tx, &id)
                    }
                })
                .into();
            let mut slugs: Vec<_> = at_once(&stores, changes)
                .await
                .into_iter()
                .map(Result::unwrap)
                .collect();
            slugs.sort();
            let first = format!("farah-{round}");
            assert_eq!(slugs, [first.clone(), format!("{first}-2")]);
        }
    });
}

#[test]
fn a_password_changed_while_an_imported_hash_is_replaced_stays() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let second = world.second_store();
        let new = usual_hash(world).await;
        let id = person(world, "farah@example.my", None).await;
        let imported = bcrypt::hash("kopi o kosong", 4).unwrap();
        let mut signed_in = 0;
        for round in 0..rounds().div_ceil(3) {
            let (of, old) = (id.clone(), imported.clone());
            write(world.store(), move |tx| {
                sql!("DELETE FROM password WHERE account_id = :of", of).run(tx, Rows::AtMostOne)?;
                let now = tx.now();
                assert!(identity::people::import::set_password(tx, &of, &old, now)?);
                Ok(())
            })
            .await;
            let (of, to) = (id.clone(), new.clone());
            let change = second.write(move |tx| -> Result<(), StoreError> {
                identity::account::lock(tx, &of)?;
                password::set(tx, &of, &to)
            });
            let attempt = attempt("farah@example.my", "kopi o kosong", 1);
            // In every second round, the password changes while the second hash is being computed.
            let begun = accounts.hasher.count();
            let changed = async {
                while round % 2 == 1 && accounts.hasher.count() < begun + 2 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                change.await
            };
            let (changed, entered) =
                tokio::join!(changed, sign_in::with_password(&accounts, attempt));
            changed.unwrap();
            assert!(
                matches!(entered, Ok(_) | Err(SignInError::Wrong)),
                "{entered:?}"
            );
            signed_in += usize::from(entered.is_ok());
            let of = id.clone();
            let kept = read(world.store(), move |tx| password::find(tx, &of)).await;
            assert!(kept == Some(new.clone()), "round {round}: {entered:?}");
            world.clock.advance(jiff::SignedDuration::from_mins(20));
        }
        expect_sign_in_mails(world, "farah@example.my", signed_in);
    });
}
