//! Tests of accounts that are erased, come back when an older state of the store is restored, and
//! are erased again.

use identity::account::{self, AccountId};
use identity::person::erasure as accounts_erasure;
use identity::session::Stay;
use platform::erasure::{self, Erased};
use platform::sql;
use testkit::World;

use crate::leaving::STRICT;
use crate::stage::{
    CLUB, CLUB_OWNER, MIGRATIONS, accounts_of, begin, client, give, person, read, write,
};

async fn import(world: &World, id: &AccountId) {
    let erased = Erased {
        number: 1,
        kind: "account".to_owned(),
        subject: erasure::subject("account", id.as_str()),
        at: 1,
    };
    write(world.store(), move |tx| {
        erasure::import(tx, std::slice::from_ref(&erased))
    })
    .await;
}

async fn is_there(world: &World, id: &AccountId) -> bool {
    let id = id.clone();
    read(world.store(), move |tx| account::find(tx, &id))
        .await
        .is_some()
}

#[test]
fn somebody_who_was_erased_is_gone_before_anything_is_served() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts_of(world, STRICT);
        let farah = person(world, "farah@example.my", None).await;
        let other = person(world, "other@example.my", None).await;
        begin(world, &farah, Stay::Visit, client(1)).await;
        import(world, &farah).await;
        accounts_erasure::repeat(accounts.domain_accounts, world.store())
            .await
            .unwrap();
        assert!(!is_there(world, &farah).await);
        assert!(is_there(world, &other).await);
        // The restored store lists this erasure too, so that the next backup contains it.
        let list = read(world.store(), |tx| erasure::after(tx, 0)).await;
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].subject, erasure::subject("account", farah.as_str()));
        assert!(!format!("{list:?}").contains(farah.as_str()));
    });
}

#[test]
fn somebody_who_has_something_alone_again_is_hidden_until_it_is_settled() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts_of(world, STRICT);
        let farah = person(world, "farah@example.my", None).await;
        let other = person(world, "other@example.my", None).await;
        give(world, &farah, CLUB_OWNER, &CLUB.scope("choir")).await;
        import(world, &farah).await;
        accounts_erasure::repeat(accounts.domain_accounts, world.store())
            .await
            .unwrap();
        let id = farah.clone();
        let state: Option<(String,)> = read(world.store(), move |tx| {
            sql!("SELECT state FROM account WHERE id = :id", id).maybe(tx)
        })
        .await;
        assert_eq!(state, Some(("pending_deletion".to_owned(),)));
        give(world, &other, CLUB_OWNER, &CLUB.scope("choir")).await;
        accounts_erasure::run(accounts.domain_accounts, world.store())
            .await
            .unwrap();
        assert!(!is_there(world, &farah).await);
    });
}
