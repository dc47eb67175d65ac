//! Race tests of a person who leaves while other changes happen.

use identity::account::AccountId;
use identity::person::erasure::{self, DELAY, EraseError, When};
use identity::person::export::{self, ExportError};
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;
use identity::sign_in::{self, Welcome, restore};
use jiff::SignedDuration;
use platform::{Rows, Secret, Store, Tx, sql};
use site::domains::for_identity;
use testkit::{World, rounds, together};

use crate::leaving::STRICT;
use crate::stage::{
    CLUB, CLUB_OWNER, MIGRATIONS, PASSWORD, accounts_of, attempt, client, give, person, read,
    signed_in, usual_hash, write,
};

async fn ask(store: Store, world_now: jiff::Timestamp, who: SignedIn) -> Result<(), EraseError> {
    let sudo = Sudo::check(who, world_now).unwrap();
    let change = move |tx: &mut Tx<'_>| {
        erasure::ask(
            tx,
            &for_identity(STRICT),
            &sudo,
            When::Later,
            &client(1).request,
        )
    };
    store.write(change).await
}

#[test]
fn of_two_owners_who_leave_at_once_one_stays() {
    World::each_engine(&MIGRATIONS, async |world| {
        let mut ids: Vec<AccountId> = Vec::new();
        for email in ["one@example.my", "other@example.my"] {
            let id = person(world, email, None).await;
            give(world, &id, CLUB_OWNER, &CLUB.scope("choir")).await;
            ids.push(id);
        }
        let second = world.second_store();
        let now = world.clock.now();
        for _ in 0..rounds() {
            let who = [
                signed_in(world, &ids[0]).await,
                signed_in(world, &ids[1]).await,
            ];
            let [one, other] = who;
            let (one, other) = together(
                ask(world.store().clone(), now, one),
                ask(second.clone(), now, other),
            )
            .await;
            let results = [one, other];
            let left = results.iter().filter(|done| done.is_ok()).count();
            assert_eq!(left, 1, "{results:?}");
            let stays = results.into_iter().find_map(Result::err).unwrap();
            assert!(matches!(stays, EraseError::Obliged(_)), "{stays:?}");
            write(world.store(), |tx| {
                tx.run(sql!("DELETE FROM account_erasure"), &[], Rows::Any)?;
                tx.run(sql!("UPDATE account SET state = 'active'"), &[], Rows::Any)
            })
            .await;
        }
    });
}

#[test]
fn whoever_comes_back_while_the_job_runs_is_there_or_gone() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = accounts_of(world, STRICT);
        let hash = usual_hash(world).await;
        let second = world.second_store();
        for round in 0..rounds() {
            let email = format!("p{round}@example.my");
            let id = person(world, &email, Some(&hash)).await;
            let who = signed_in(world, &id).await;
            ask(world.store().clone(), world.clock.now(), who)
                .await
                .unwrap();
            world.clock.advance(DELAY - SignedDuration::from_secs(1));
            let tried = sign_in::with_password(&accounts, attempt(&email, PASSWORD, 9)).await;
            let Ok(Welcome::Leaving(token)) = tried else {
                panic!("nothing is offered: {tried:?}");
            };
            world.clock.advance(SignedDuration::from_secs(1));
            let (is_kept, ran) = together(restore(second.clone(), token), {
                let store = world.store().clone();
                async move { erasure::run(for_identity(STRICT).leak(), &store).await }
            })
            .await;
            ran.unwrap();
            let state: Option<(String,)> = read(world.store(), move |tx| {
                sql!("SELECT state FROM account WHERE id = :id", id).maybe(tx)
            })
            .await;
            let expected = is_kept.then(|| ("active".to_owned(),));
            assert_eq!(state, expected);
        }
    });
}

#[test]
fn a_copy_that_is_made_meanwhile_leaves_nothing_behind() {
    World::each_engine(&MIGRATIONS, async |world| {
        let second = world.second_store();
        for round in 0..rounds() {
            let id = person(world, &format!("p{round}@example.my"), None).await;
            let who = signed_in(world, &id).await;
            let prove = || Sudo::check(who.clone(), world.clock.now()).unwrap();
            let (one, other) = (prove(), prove());
            let (store, keys) = (world.store().clone(), world.platform.keys.clone());
            let (copied, erased) = together(
                async move {
                    let copy = move |tx: &mut Tx<'_>| {
                        export::create(tx, &for_identity(STRICT), &keys, &one, &client(1).request)
                    };
                    store.write(copy).await
                },
                {
                    let store = second.clone();
                    let request = client(1).request;
                    let erase = move |tx: &mut Tx<'_>| {
                        erasure::ask(tx, &for_identity(STRICT), &other, When::Now, &request)
                    };
                    async move { store.write(erase).await }
                },
            )
            .await;
            let _: () = Result::<_, EraseError>::unwrap(erased);
            // The person gets either a complete export or none.
            assert!(
                matches!(&copied, Ok(_) | Err(ExportError::NotSignedIn)),
                "{copied:?}"
            );
            let left: (i64, i64) = read(world.store(), |tx| {
                tx.one(
                    sql!(
                        "SELECT (SELECT COUNT(*) FROM account),
                             (SELECT COUNT(*) FROM account_export)"
                    ),
                    &[],
                )
            })
            .await;
            assert_eq!(left, (0, 0), "round {round}");
        }
    });
}

async fn restore(store: Store, token: Secret) -> bool {
    let change = move |tx: &mut Tx<'_>| restore::restore(tx, &token, &client(2).request);
    store.write(change).await.unwrap()
}
