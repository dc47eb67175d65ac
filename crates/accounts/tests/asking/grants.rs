//! Roles, the last owner, and invitations to become a member.

use accounts::account::AccountId;
use accounts::grant::{self, GrantError, Manager, Role, Scope};
use accounts::invite::{self, TakeError};
use accounts::signed_in::{self, SignedIn};
use platform::{Secret, StoreError, Tx};
use testkit::World;

use crate::stage::{
    MIGRATIONS, actions, client, give, look_away, new_account, person, read, role, signed_in,
    usual_hash,
};

fn wedding() -> Scope {
    Scope::occasion("wedding")
}

/// The proof that somebody manages a place.
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
    World::each_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        for (given, kept) in [
            (Role::Observer, Role::Observer),
            (Role::Coordinator, Role::Coordinator),
            (Role::Observer, Role::Coordinator),
            (Role::OccasionOwner, Role::OccasionOwner),
        ] {
            give(world, &id, given, &wedding()).await;
            assert_eq!(role(world, &id, &wedding()).await, Some(kept));
        }
        assert_eq!(role(world, &id, &Scope::occasion("party")).await, None);
        assert_eq!(role(world, &id, &Scope::Site).await, None);
        let who = signed_in(world, &id).await;
        let (of, seen) = (who.clone(), who);
        let found = read(world.store(), move |tx| grant::role_in(tx, &of, &wedding())).await;
        assert_eq!(found, Some(Role::OccasionOwner));
        let all = read(world.store(), move |tx| grant::occasions_of(tx, &seen)).await;
        assert_eq!(all, [("wedding".to_owned(), Role::OccasionOwner)]);
    });
}

#[test]
fn only_owners_manage_and_only_with_roles_that_fit() {
    World::each_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "farah@example.my", None).await;
        let helper = person(world, "mei@example.my", None).await;
        let stranger = person(world, "arjun@example.my", None).await;
        give(world, &owner, Role::OccasionOwner, &wedding()).await;
        give(world, &helper, Role::Coordinator, &wedding()).await;
        for id in [&helper, &stranger] {
            let who = signed_in(world, id).await;
            assert!(manager(world, &who, &wedding()).await.is_none());
        }
        let who = signed_in(world, &owner).await;
        assert!(manager(world, &who, &Scope::Site).await.is_none());
        let by = manager(world, &who, &wedding()).await.unwrap();

        let result = change(world, &by, &helper, Role::Admin).await;
        assert!(matches!(result, Err(GrantError::UnknownRole)));
        let result = change(world, &by, &stranger, Role::Observer).await;
        assert!(matches!(result, Err(GrantError::NotAMember)));
        change(world, &by, &helper, Role::Observer).await.unwrap();
        assert_eq!(role(world, &helper, &wedding()).await, Some(Role::Observer));
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
        assert_eq!(
            (&left[0].account, left[0].role),
            (&owner, Role::OccasionOwner)
        );
    });
}

#[test]
fn the_last_owner_stays() {
    World::each_engine(&MIGRATIONS, async |world| {
        let hash = usual_hash(world).await;
        for (scope, top, less) in [
            (wedding(), Role::OccasionOwner, Role::Observer),
            (Scope::Site, Role::Owner, Role::Admin),
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
    World::each_engine(&MIGRATIONS, async |world| {
        let hash = usual_hash(world).await;
        let with = person(world, "farah@example.my", Some(&hash)).await;
        let without = person(world, "mei@example.my", None).await;
        give(world, &with, Role::Owner, &Scope::Site).await;
        give(world, &without, Role::Owner, &Scope::Site).await;
        let who = signed_in(world, &without).await;
        let by = manager(world, &who, &Scope::Site).await.unwrap();
        let result = remove(world, &by, &with).await;
        assert!(matches!(result, Err(GrantError::LastOwner)));
        remove(world, &by, &without).await.unwrap();
    });
}

#[test]
fn the_owner_of_the_installation_has_a_proof() {
    World::each_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "farah@example.my", None).await;
        let admin = person(world, "mei@example.my", None).await;
        give(world, &owner, Role::Owner, &Scope::Site).await;
        give(world, &admin, Role::Admin, &Scope::Site).await;
        for (id, is_owner) in [(owner, true), (admin, false)] {
            let who = signed_in(world, &id).await;
            let proof = read(world.store(), move |tx| signed_in::owner(tx, who.clone())).await;
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
        Ok(invite::take_new(tx, &secret, &new, &hash)?.0)
    };
    world.store().write(change).await
}

#[test]
fn an_invitation_makes_one_member_within_seven_days() {
    World::each_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "farah@example.my", None).await;
        give(world, &owner, Role::OccasionOwner, &wedding()).await;
        let who = signed_in(world, &owner).await;
        let by = manager(world, &who, &wedding()).await.unwrap();

        let secret = invite(world, &by, Role::Coordinator).await;
        let taken = take_new(world, &secret, "farah@example.my").await;
        assert!(
            matches!(taken, Err(TakeError::EmailTaken)),
            "and the link stays good"
        );
        let id = take_new(world, &secret, "mei@example.my").await.unwrap();
        assert_eq!(role(world, &id, &wedding()).await, Some(Role::Coordinator));
        let again = take_new(world, &secret, "arjun@example.my").await;
        assert!(matches!(again, Err(TakeError::Gone)));

        let late = invite(world, &by, Role::Observer).await;
        world.clock.advance(invite::LIFETIME);
        let again = take_new(world, &late, "arjun@example.my").await;
        assert!(matches!(again, Err(TakeError::Gone)));
    });
}

#[test]
fn an_invitation_to_somebody_known_keeps_the_greater_role() {
    World::each_engine(&MIGRATIONS, async |world| {
        let owner = person(world, "farah@example.my", None).await;
        give(world, &owner, Role::OccasionOwner, &wedding()).await;
        let who = signed_in(world, &owner).await;
        let by = manager(world, &who, &wedding()).await.unwrap();
        for (offered, kept) in [
            (Role::Observer, Role::Observer),
            (Role::OccasionOwner, Role::OccasionOwner),
            (Role::Coordinator, Role::OccasionOwner),
        ] {
            let id = match account(world, "mei@example.my").await {
                Some(id) => id,
                None => person(world, "mei@example.my", None).await,
            };
            let (secret, who) = (
                invite(world, &by, offered).await,
                signed_in(world, &id).await,
            );
            let change = move |tx: &mut Tx<'_>| invite::take_as(tx, &secret, &who);
            world.store().write(change).await.unwrap();
            assert_eq!(role(world, &id, &wedding()).await, Some(kept));
        }
        look_away(world).await;
    });
}

async fn account(world: &World, email: &str) -> Option<AccountId> {
    let email = email.parse().unwrap();
    read(world.store(), move |tx| {
        accounts::account::find_by_email(tx, &email)
    })
    .await
    .map(|account| account.id)
}

#[test]
fn an_invitation_falls_with_whoever_made_it_and_can_be_withdrawn() {
    World::each_engine(&MIGRATIONS, async |world| {
        let first = person(world, "farah@example.my", None).await;
        let second = person(world, "mei@example.my", None).await;
        give(world, &first, Role::OccasionOwner, &wedding()).await;
        give(world, &second, Role::OccasionOwner, &wedding()).await;
        let who = signed_in(world, &first).await;
        let by_first = manager(world, &who, &wedding()).await.unwrap();
        let who = signed_in(world, &second).await;
        let by_second = manager(world, &who, &wedding()).await.unwrap();

        let fallen = invite(world, &by_first, Role::Observer).await;
        change(world, &by_second, &first, Role::Coordinator)
            .await
            .unwrap();
        let taken = take_new(world, &fallen, "arjun@example.my").await;
        assert!(matches!(taken, Err(TakeError::Gone)));

        let withdrawn = invite(world, &by_second, Role::Observer).await;
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
