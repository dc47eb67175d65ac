//! Tests of personal tokens: their properties and their limits.

use identity::account::{self, AccountId};
use identity::grant::{self, Scope, administrator};
use identity::session::signed_in::{self, Bearer};
use identity::session::token::{self, CreateError, Created, NewToken};
use jiff::SignedDuration;
use platform::{Secret, Tx, sql};
use testkit::World;

use crate::grants::manager;
use crate::stage::{
    CLUB, CLUB_OWNER, MIGRATIONS, OBSERVER, SONGS_READ, SONGS_WRITE, accounts, actions, client,
    give, person, read, write,
};

fn new(name: &str) -> NewToken {
    NewToken {
        name: name.to_owned(),
        scopes: vec![SONGS_READ],
        scope: None,
        days: token::DEFAULT_DAYS,
    }
}

async fn create(world: &World, id: &AccountId, new: NewToken) -> Result<Created, CreateError> {
    let (id, request) = (id.clone(), client(1).request);
    let change = move |tx: &mut Tx<'_>| token::create(tx, &id, &new, Some(&request));
    world.store().write(change).await
}

async fn find(world: &World, secret: &Secret) -> Option<Bearer> {
    let secret = secret.clone();
    read(world.store(), move |tx| signed_in::by_token(tx, &secret)).await
}

#[test]
fn a_token_works_for_its_days_and_its_scopes() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let created = create(world, &id, new("Kitchen screen")).await.unwrap();
        let bearer = find(world, &created.secret).await.unwrap();
        assert!(bearer.clone().with(&[SONGS_WRITE]).is_err());
        let who = bearer.with(&[SONGS_READ]).unwrap();
        assert_eq!(who.account().id, id);
        assert!(!who.is_in_browser());
        assert!(find(world, &Secret::new("kd_pat_x")).await.is_none());

        world
            .clock
            .advance(SignedDuration::from_hours(24 * 90) - SignedDuration::from_secs(1));
        assert!(find(world, &created.secret).await.is_some());
        world.clock.advance(SignedDuration::from_secs(1));
        assert!(find(world, &created.secret).await.is_none());
        let rows: Vec<(Vec<u8>, String)> = read(world.store(), |tx| {
            tx.all(sql!("SELECT hash, last4 FROM personal_token"), &[])
        })
        .await;
        assert_eq!(rows[0].0.len(), 32);
        assert!(created.secret.reveal().ends_with(&rows[0].1));
    });
}

#[test]
fn rules_of_making_one() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let refused = async |new| create(world, &id, new).await.map(drop).unwrap_err();
        assert!(matches!(refused(new(" ")).await, CreateError::NameMissing));
        assert!(matches!(
            refused(new(&"x".repeat(61))).await,
            CreateError::NameLength
        ));
        for days in [0, 367] {
            let odd = NewToken { days, ..new("x") };
            assert!(matches!(refused(odd).await, CreateError::Expiry));
        }
        let none = NewToken {
            scopes: vec![],
            ..new("x")
        };
        assert!(matches!(refused(none).await, CreateError::NoScopes));

        let short = NewToken {
            days: 1,
            ..new("x")
        };
        create(world, &id, short).await.unwrap();
        assert!(matches!(refused(new(" x ")).await, CreateError::NameTaken));
        world.clock.advance(SignedDuration::from_hours(24));
        create(world, &id, new("x")).await.unwrap();
        for number in 1..token::LIMIT {
            create(world, &id, new(&format!("x{number}")))
                .await
                .unwrap();
        }
        assert!(matches!(refused(new("y")).await, CreateError::LimitReached));
    });
}

#[test]
fn a_token_of_one_club_reaches_no_other_and_manages_nothing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let (wedding, party) = (CLUB.scope("wedding"), CLUB.scope("party"));
        give(world, &id, CLUB_OWNER, &wedding).await;
        give(world, &id, OBSERVER, &party).await;
        give(world, &id, grant::OWNER, &Scope::site()).await;
        for (club, roles) in [
            (Some("wedding"), [Some(CLUB_OWNER), None, None]),
            (None, [Some(CLUB_OWNER), Some(OBSERVER), Some(grant::OWNER)]),
        ] {
            let new = NewToken {
                scope: club.map(|id| CLUB.scope(id).name()),
                ..new(club.unwrap_or("all"))
            };
            let created = create(world, &id, new).await.unwrap();
            let who = find(world, &created.secret).await.unwrap();
            let who = who.with(&[SONGS_READ]).unwrap();
            for (scope, role) in [&wedding, &party, &Scope::site()].into_iter().zip(roles) {
                let (of, at) = (who.clone(), scope.clone());
                let found = read(world.store(), move |tx| grant::rank_in(tx, &of, &at)).await;
                assert_eq!(found, role, "{club:?} {scope:?}");
                assert!(manager(world, &who, scope).await.is_none());
            }
            let of = who.clone();
            let seen = read(world.store(), move |tx| grant::ranks_of(tx, &of, &CLUB)).await;
            assert_eq!(seen.len(), roles.iter().flatten().count().min(2));
            let owner = read(world.store(), move |tx| {
                administrator::owner(tx, who.clone())
            })
            .await;
            assert!(owner.is_none());
        }
    });
}

#[test]
fn a_token_is_taken_back_by_its_owner_alone() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, "farah@example.my", None).await;
        let other = person(world, "mei@example.my", None).await;
        let created = create(world, &id, new("x")).await.unwrap();
        for (account, removed) in [(other, false), (id.clone(), true), (id, false)] {
            let (token, site) = (created.id.clone(), accounts(world).site.clone());
            let change = write(world.store(), move |tx| {
                let account = account::find(tx, &account)?.unwrap();
                token::remove_own(tx, &site, &account, &token, &client(1).request)
            });
            assert_eq!(change.await, removed);
        }
        assert!(find(world, &created.secret).await.is_none());
        assert_eq!(actions(world).await, ["token.created", "token.revoked"]);
    });
}
