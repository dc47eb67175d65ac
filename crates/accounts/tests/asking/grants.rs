//! Tests of roles, of the last owner, and of invites to become a member.

use identity::account::AccountId;
use identity::grant::{self, GrantError, Manager, Role, Scope, administrator};
use identity::people::invite::{self, TakeError};
use identity::session::signed_in::SignedIn;
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, Secret, StoreError, Tx, sql};
use site::domains::for_identity;
use testkit::World;

use crate::stage::{
    CLUB, CLUB_OWNER, COOK, COORDINATOR, DOMAINS, MIGRATIONS, OBSERVER, SINGER, actions, client,
    give, new_account, person, read, role, signed_in, usual_hash, write,
};

fn wedding() -> Scope {
    CLUB.scope("wedding")
}

/// The proof that a person manages a scope; `None` if they do not.
pub(crate) async fn manager(world: &World, who: &SignedIn, scope: &Scope) -> Option<Manager> {
    let (who, scope) = (who.clone(), scope.clone());
    let request = Some(client(1).request);
    read(world.store(), move |tx| {
        grant::manager(tx, &who, scope.clone(), request.clone())
    })
    .await
}

async fn change(
    world: &World,
    by: &Manager,
    account: &AccountId,
    role: Role,
) -> Result<(), GrantError> {
    let (by, account) = (by.clone(), account.clone());
    let change = move |tx: &mut Tx<'_>| grant::change(tx, &by, &account, role);
    world.store().write(change).await
}

async fn remove(world: &World, by: &Manager, account: &AccountId) -> Result<(), GrantError> {
    let (by, account) = (by.clone(), account.clone());
    let change = move |tx: &mut Tx<'_>| grant::remove(tx, &by, &account);
    world.store().write(change).await
}

#[test]
fn a_person_is_one_thing_in_one_place() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        for (given, kept) in [
            (OBSERVER, OBSERVER),
            (COORDINATOR, COORDINATOR),
            (OBSERVER, COORDINATOR),
            (CLUB_OWNER, CLUB_OWNER),
        ] {
            give(world, &id, given, &wedding()).await;
            assert_eq!(role(world, &id, &wedding()).await, Some(kept));
        }
        assert_eq!(role(world, &id, &CLUB.scope("party")).await, None);
        assert_eq!(role(world, &id, &Scope::site()).await, None);
        let who = signed_in(world, &id).await;
        let (of, seen) = (who.clone(), who);
        let found = read(world.store(), move |tx| grant::rank_in(tx, &of, &wedding())).await;
        assert_eq!(found, Some(CLUB_OWNER));
        let all = read(world.store(), move |tx| grant::ranks_of(tx, &seen, &CLUB)).await;
        assert_eq!(all, [("wedding".to_owned(), CLUB_OWNER)]);
    });
}

/// Grants a role that expires at the given time; `None` means never.
async fn give_until(
    world: &World,
    id: &AccountId,
    role: Role,
    expires_at: Option<Timestamp>,
) -> Result<(), GrantError> {
    let id = id.clone();
    let change =
        move |tx: &mut Tx<'_>| grant::give_until(tx, &id, role, &wedding(), None, expires_at);
    world.store().write(change).await
}

async fn duties(world: &World, who: &SignedIn) -> [bool; 2] {
    let who = who.clone();
    read(world.store(), move |tx| {
        Ok([
            grant::has_duty(tx, &who, &wedding(), COOK)?,
            grant::has_duty(tx, &who, &wedding(), SINGER)?,
        ])
    })
    .await
}

#[test]
fn a_person_has_any_duties_beside_one_rank() {
    World::default_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "farah@example.my", None).await;
        give(world, &owner, CLUB_OWNER, &wedding()).await;
        let id = person(world, "mei@example.my", None).await;
        let who = signed_in(world, &id).await;
        give(world, &id, COOK, &wedding()).await;
        assert_eq!(duties(world, &who).await, [true, false]);
        assert_eq!(
            role(world, &id, &wedding()).await,
            None,
            "a duty is no rank"
        );
        give(world, &id, SINGER, &wedding()).await;
        give(world, &id, COORDINATOR, &wedding()).await;
        give(world, &id, COOK, &wedding()).await;
        assert_eq!(duties(world, &who).await, [true, true]);
        assert_eq!(role(world, &id, &wedding()).await, Some(COORDINATOR));
        let members = read(world.store(), |tx| grant::list(tx, &wedding())).await;
        assert_eq!(members.len(), 2, "each once");

        let by = signed_in(world, &owner).await;
        let by = manager(world, &by, &wedding()).await.unwrap();
        let refused = change(world, &by, &id, COOK).await;
        assert!(matches!(refused, Err(GrantError::UnknownRole)));
        let (manager, helper) = (by.clone(), id.clone());
        let no_longer = move |tx: &mut Tx<'_>| grant::remove_duty(tx, &manager, &helper, COOK);
        world.store().write(no_longer.clone()).await.unwrap();
        let again = world.store().write(no_longer).await;
        assert!(matches!(again, Err(GrantError::NotAMember)));
        assert_eq!(duties(world, &who).await, [false, true]);
        let (manager, helper) = (by.clone(), id.clone());
        let no_rank = move |tx: &mut Tx<'_>| grant::remove_duty(tx, &manager, &helper, COORDINATOR);
        assert!(world.store().write(no_rank).await.is_err());
        remove(world, &by, &id).await.unwrap();
        assert_eq!(duties(world, &who).await, [false, false]);
        assert_eq!(role(world, &id, &wedding()).await, None);

        // A role is refused if no domain has declared it, or if it belongs to another kind of
        // scope.
        for odd in [Role::new("dancer", ""), grant::ADMIN] {
            let refused = give_until(world, &id, odd, None).await;
            assert!(matches!(refused, Err(GrantError::UnknownRole)));
        }
    });
}

#[test]
fn the_tables_keep_one_rank_in_a_scope() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        give(world, &id, OBSERVER, &wedding()).await;
        let second = sql!(
            "INSERT INTO role_grant (account_id, scope_kind, scope_id, role, is_rank, granted_at)
             SELECT account_id, scope_kind, scope_id, 'coordinator', 1, 0 FROM role_grant"
        );
        let refused = world
            .store()
            .write(move |tx| tx.run(second, &[], Rows::Any))
            .await
            .unwrap_err();
        assert_eq!(refused.constraint(), Some("one_rank"), "{refused}");
    });
}

#[test]
fn a_grant_that_has_ended_gives_nothing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "farah@example.my", None).await;
        give(world, &owner, CLUB_OWNER, &wedding()).await;
        let id = person(world, "mei@example.my", None).await;
        let who = signed_in(world, &id).await;
        let start = world.clock.now();
        let hours = |count| Some(start + SignedDuration::from_hours(count));
        for role in [COORDINATOR, COOK] {
            give_until(world, &id, role, hours(2)).await.unwrap();
            // A second, shorter grant of the same role changes nothing.
            give_until(world, &id, role, hours(1)).await.unwrap();
        }
        // A grant of a lower rank does not replace the higher rank.
        give_until(world, &id, OBSERVER, None).await.unwrap();
        let ranks = async || {
            let who = who.clone();
            read(world.store(), move |tx| grant::ranks_of(tx, &who, &CLUB)).await
        };
        let members = async || {
            read(world.store(), |tx| grant::list(tx, &wedding()))
                .await
                .len()
        };
        world.clock.advance(SignedDuration::from_mins(119));
        assert_eq!(role(world, &id, &wedding()).await, Some(COORDINATOR));
        assert_eq!(ranks().await, [("wedding".to_owned(), COORDINATOR)]);
        assert_eq!(duties(world, &who).await, [true, false]);
        assert_eq!(members().await, 2);
        world.clock.advance(SignedDuration::from_mins(1));
        assert_eq!(role(world, &id, &wedding()).await, None);
        assert_eq!(ranks().await, []);
        assert_eq!(duties(world, &who).await, [false, false]);
        assert_eq!(members().await, 1);
        // After the higher rank has expired, the lower rank can be granted.
        give_until(world, &id, OBSERVER, hours(3)).await.unwrap();
        assert_eq!(role(world, &id, &wedding()).await, Some(OBSERVER));
        give_until(world, &id, OBSERVER, None).await.unwrap();
        give_until(world, &id, COOK, None).await.unwrap();
        world.clock.advance(SignedDuration::from_hours(9));
        assert_eq!(role(world, &id, &wedding()).await, Some(OBSERVER));
        let late = signed_in(world, &id).await;
        assert_eq!(duties(world, &late).await, [true, false]);

        // An owner with an expiring grant does not count as a remaining owner.
        give_until(world, &id, CLUB_OWNER, hours(99)).await.unwrap();
        assert_eq!(role(world, &id, &wedding()).await, Some(CLUB_OWNER));
        let by = manager(world, &late, &wedding()).await.unwrap();
        let refused = change(world, &by, &owner, OBSERVER).await;
        assert!(matches!(refused, Err(GrantError::LastOwner)));
    });
}

#[test]
fn only_owners_manage_and_only_with_roles_that_fit() {
    World::default_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "farah@example.my", None).await;
        let helper = person(world, "mei@example.my", None).await;
        let stranger = person(world, "arjun@example.my", None).await;
        give(world, &owner, CLUB_OWNER, &wedding()).await;
        give(world, &helper, COORDINATOR, &wedding()).await;
        for id in [&helper, &stranger] {
            let who = signed_in(world, id).await;
            assert!(manager(world, &who, &wedding()).await.is_none());
        }
        let who = signed_in(world, &owner).await;
        assert!(manager(world, &who, &Scope::site()).await.is_none());
        let by = manager(world, &who, &wedding()).await.unwrap();

        let result = change(world, &by, &helper, grant::ADMIN).await;
        assert!(matches!(result, Err(GrantError::UnknownRole)));
        let result = change(world, &by, &stranger, OBSERVER).await;
        assert!(matches!(result, Err(GrantError::NotAMember)));
        change(world, &by, &helper, OBSERVER).await.unwrap();
        assert_eq!(role(world, &helper, &wedding()).await, Some(OBSERVER));
        remove(world, &by, &helper).await.unwrap();
        assert_eq!(role(world, &helper, &wedding()).await, None);
        let result = remove(world, &by, &helper).await;
        assert!(matches!(result, Err(GrantError::NotAMember)));
        let actions = actions(world).await;
        let grants: Vec<_> = actions
            .iter()
            .filter(|action| action.starts_with("grant"))
            .collect();
        assert_eq!(
            grants,
            [
                "grant.given",
                "grant.given",
                "grant.changed",
                "grant.removed"
            ]
        );
        let left = read(world.store(), |tx| grant::list(tx, &wedding())).await;
        assert_eq!(left.len(), 1);
        assert_eq!((&left[0].account, left[0].role), (&owner, CLUB_OWNER));
    });
}

#[test]
fn the_last_owner_stays() {
    World::default_engine(&MIGRATIONS, async |world| {
        let hash = usual_hash(world).await;
        for (scope, top, less) in [
            (wedding(), CLUB_OWNER, OBSERVER),
            (Scope::site(), grant::OWNER, grant::ADMIN),
        ] {
            let first = person(world, &format!("a@{top}.my").replace('_', "-"), Some(&hash)).await;
            let second = person(world, &format!("b@{top}.my").replace('_', "-"), Some(&hash)).await;
            give(world, &first, top, &scope).await;
            let who = signed_in(world, &first).await;
            let by = manager(world, &who, &scope).await.unwrap();
            let last = |result| matches!(result, Err(GrantError::LastOwner));
            assert!(last(change(world, &by, &first, less).await));
            assert!(last(remove(world, &by, &first).await));
            let leave = async |who: &SignedIn| {
                let (who, scope) = (who.clone(), scope.clone());
                let change = move |tx: &mut Tx<'_>| grant::leave(tx, &who, &scope, None);
                world.store().write(change).await
            };
            assert!(last(leave(&who).await));
            assert_eq!(role(world, &first, &scope).await, Some(top));

            give(world, &second, top, &scope).await;
            leave(&who).await.unwrap();
            assert_eq!(role(world, &first, &scope).await, None);
        }
    });
}

#[test]
fn an_installation_keeps_an_owner_who_can_sign_in() {
    World::default_engine(&MIGRATIONS, async |world| {
        let hash = usual_hash(world).await;
        let with = person(world, "farah@example.my", Some(&hash)).await;
        let without = person(world, "mei@example.my", None).await;
        give(world, &with, grant::OWNER, &Scope::site()).await;
        give(world, &without, grant::OWNER, &Scope::site()).await;
        let who = signed_in(world, &without).await;
        let by = manager(world, &who, &Scope::site()).await.unwrap();
        let result = remove(world, &by, &with).await;
        assert!(matches!(result, Err(GrantError::LastOwner)));
        let of = without.clone();
        write(world.store(), move |tx| {
            sql!(
                "INSERT INTO passkey (id, account_id, credential, public_key, algorithm,
                     sign_count, name, created_at)
                 VALUES ('key', :of, 'key', :key, -7, 0, 'Phone', 0)",
                of,
                key = Vec::<u8>::new()
            )
            .run(tx, Rows::Exactly(1))
        })
        .await;
        remove(world, &by, &with).await.unwrap();
        let result = remove(world, &by, &without).await;
        assert!(matches!(result, Err(GrantError::LastOwner)));
    });
}

#[test]
fn the_owner_of_the_installation_has_a_proof() {
    World::default_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "farah@example.my", None).await;
        let admin = person(world, "mei@example.my", None).await;
        give(world, &owner, grant::OWNER, &Scope::site()).await;
        give(world, &admin, grant::ADMIN, &Scope::site()).await;
        for (id, is_owner) in [(owner, true), (admin, false)] {
            let who = signed_in(world, &id).await;
            let proof = read(world.store(), move |tx| {
                administrator::owner(tx, who.clone())
            })
            .await;
            assert_eq!(proof.is_some(), is_owner);
        }
    });
}

async fn invite(world: &World, by: &Manager, role: Role) -> Secret {
    let by = by.clone();
    let made = world
        .store()
        .write(move |tx| invite::create(tx, &by, role))
        .await;
    made.unwrap()
}

async fn take_new(world: &World, secret: &Secret, email: &str) -> Result<AccountId, TakeError> {
    let hash = usual_hash(world).await;
    let (secret, new) = (secret.clone(), new_account(email));
    let change = move |tx: &mut Tx<'_>| -> Result<_, TakeError> {
        Ok(invite::take_new(tx, &for_identity(DOMAINS), &secret, &new, &hash)?.0)
    };
    world.store().write(change).await
}

#[test]
fn an_invite_makes_one_member_within_seven_days() {
    World::default_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "farah@example.my", None).await;
        give(world, &owner, CLUB_OWNER, &wedding()).await;
        let who = signed_in(world, &owner).await;
        let by = manager(world, &who, &wedding()).await.unwrap();

        let secret = invite(world, &by, COORDINATOR).await;
        let taken = take_new(world, &secret, "farah@example.my").await;
        assert!(
            matches!(taken, Err(TakeError::EmailTaken)),
            "and the link stays good"
        );
        let id = take_new(world, &secret, "mei@example.my").await.unwrap();
        assert_eq!(role(world, &id, &wedding()).await, Some(COORDINATOR));
        let again = take_new(world, &secret, "arjun@example.my").await;
        assert!(matches!(again, Err(TakeError::Gone)));

        let late = invite(world, &by, OBSERVER).await;
        world.clock.advance(invite::LIFETIME);
        let again = take_new(world, &late, "arjun@example.my").await;
        assert!(matches!(again, Err(TakeError::Gone)));
    });
}

#[test]
fn an_invite_to_somebody_known_keeps_the_greater_role() {
    World::default_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "farah@example.my", None).await;
        give(world, &owner, CLUB_OWNER, &wedding()).await;
        let who = signed_in(world, &owner).await;
        let by = manager(world, &who, &wedding()).await.unwrap();
        for (offered, kept) in [
            (OBSERVER, OBSERVER),
            (CLUB_OWNER, CLUB_OWNER),
            (COORDINATOR, CLUB_OWNER),
        ] {
            let id = match account(world, "mei@example.my").await {
                Some(id) => id,
                None => person(world, "mei@example.my", None).await,
            };
            let (secret, who) = (
                invite(world, &by, offered).await,
                signed_in(world, &id).await,
            );
            let change =
                move |tx: &mut Tx<'_>| invite::take_as(tx, &for_identity(DOMAINS), &secret, &who);
            world.store().write(change).await.unwrap();
            assert_eq!(role(world, &id, &wedding()).await, Some(kept));
        }
    });
}

async fn account(world: &World, email: &str) -> Option<AccountId> {
    let email = email.parse().unwrap();
    read(world.store(), move |tx| {
        identity::account::find_by_email(tx, &email)
    })
    .await
    .map(|account| account.id)
}

#[test]
fn an_invite_falls_with_whoever_made_it_and_can_be_withdrawn() {
    World::default_engine(&MIGRATIONS, async |world| {
        let first = person(world, "farah@example.my", None).await;
        let second = person(world, "mei@example.my", None).await;
        give(world, &first, CLUB_OWNER, &wedding()).await;
        give(world, &second, CLUB_OWNER, &wedding()).await;
        let who = signed_in(world, &first).await;
        let by_first = manager(world, &who, &wedding()).await.unwrap();
        let who = signed_in(world, &second).await;
        let by_second = manager(world, &who, &wedding()).await.unwrap();

        let fallen = invite(world, &by_first, OBSERVER).await;
        change(world, &by_second, &first, COORDINATOR)
            .await
            .unwrap();
        let taken = take_new(world, &fallen, "arjun@example.my").await;
        assert!(matches!(taken, Err(TakeError::Gone)));

        let withdrawn = invite(world, &by_second, OBSERVER).await;
        let by = by_second.clone();
        let open = read(world.store(), move |tx| invite::list(tx, &by)).await;
        let [_, open] = &open[..] else {
            panic!("{open:?}");
        };
        let (by, id) = (by_second.clone(), open.id.clone());
        let remove =
            move |tx: &mut Tx<'_>| -> Result<_, StoreError> { invite::remove(tx, &by, &id) };
        assert!(world.store().write(remove.clone()).await.unwrap());
        assert!(!world.store().write(remove).await.unwrap());
        let taken = take_new(world, &withdrawn, "arjun@example.my").await;
        assert!(matches!(taken, Err(TakeError::Gone)));
        let by = by_second;
        let odd = world
            .store()
            .write(move |tx| -> Result<_, StoreError> { invite::remove(tx, &by, "é") });
        assert!(!odd.await.unwrap());
    });
}
