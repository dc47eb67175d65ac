//! Tests of creating the first owner.

use std::os::unix::fs::PermissionsExt;

use identity::grant::{self, Scope};
use identity::people::setup::{self, Credential, SetupError};
use identity::sign_in;
use jiff::SignedDuration;
use platform::{Secret, Tx};
use testkit::World;
use web::SiteUrl;

use crate::stage::{
    MIGRATIONS, PASSWORD, accounts, actions, arrived, attempt, client, expect_sign_in_mails,
    find_session, new_account, read, role, usual_hash, write,
};

async fn finish(
    world: &World,
    key: &Secret,
    email: &str,
) -> Result<identity::session::Begun, SetupError> {
    let hash = usual_hash(world).await;
    let (key, new, client) = (key.clone(), new_account(email), client(1));
    let change = move |tx: &mut Tx<'_>| setup::finish(tx, &key, &new, &hash, &client);
    world.store().write(change).await
}

async fn is_open(world: &World, key: &Secret) -> bool {
    let key = key.clone();
    read(world.store(), move |tx| setup::is_open(tx, &key)).await
}

#[test]
fn the_key_makes_one_owner_within_a_day() {
    World::default_engine(&MIGRATIONS, async |world| {
        let make = async || write(world.store(), setup::make_key).await;
        let older = make().await.unwrap();
        let key = make().await.unwrap();
        assert!(!is_open(world, &older).await, "a new start, a new key");
        assert!(is_open(world, &key).await);
        world.clock.advance(setup::LIFETIME);
        assert!(!is_open(world, &key).await);
        assert!(matches!(
            finish(world, &key, "a@example.my").await,
            Err(SetupError::Closed)
        ));

        let key = make().await.unwrap();
        let begun = finish(world, &key, "farah@example.my").await.unwrap();
        let who = find_session(world, &begun.session).await.unwrap();
        let id = &who.account().id;
        assert_eq!(role(world, id, &Scope::site()).await, Some(grant::OWNER));
        assert!(!is_open(world, &key).await);
        assert!(make().await.is_none(), "there is an owner");
        assert!(matches!(
            finish(world, &key, "b@example.my").await,
            Err(SetupError::Closed)
        ));
        assert_eq!(
            actions(world).await,
            ["owner.created", "grant.given", "sign_in.succeeded"]
        );
    });
}

#[test]
fn the_link_is_written_where_only_the_server_s_owner_reads_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let folder = std::env::temp_dir().join(format!(
            "kenduri-setup-{}-{:?}",
            std::process::id(),
            world.engine()
        ));
        std::fs::create_dir_all(&folder).unwrap();
        let url = SiteUrl::parse("https://kenduri.example").unwrap();
        let announce = async || setup::announce(world.store(), &url, &folder).await.unwrap();
        let first = announce().await.unwrap();
        let second = announce().await.unwrap();
        assert!(first.link != second.link);
        let text = std::fs::read_to_string(&second.file).unwrap();
        assert_eq!(text.trim(), second.link.reveal());
        let mode = std::fs::metadata(&second.file)
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let key = text
            .trim()
            .strip_prefix("https://kenduri.example/setup/")
            .unwrap();
        finish(world, &Secret::new(key), "farah@example.my")
            .await
            .unwrap();
        assert!(announce().await.is_none());
        assert!(!second.file.exists());
        std::fs::remove_dir_all(&folder).unwrap();
    });
}

#[test]
fn an_owner_made_on_the_server_closes_the_setup() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let key = write(world.store(), setup::make_key).await.unwrap();
        let create = async |email: &str, credential: Credential| {
            let new = new_account(email);
            let change = move |tx: &mut Tx<'_>| setup::create_owner(tx, &[], &new, &credential);
            world.store().write(change).await.unwrap()
        };
        let (id, link) = create("farah@example.my", Credential::Link).await;
        assert!(!is_open(world, &key).await);
        let welcome = sign_in::with_link(&accounts, link.unwrap(), client(1)).await;
        let arrived = arrived(welcome.unwrap());
        assert_eq!((&arrived.account.id, &*arrived.to), (&id, "/me/security"));

        let hash = usual_hash(world).await;
        let (same, link) = create("FARAH@example.my", Credential::Password(hash)).await;
        assert_eq!(same, id, "the account that signs in with this address");
        assert!(link.is_none());
        let signed_in = sign_in::with_password(&accounts, attempt("farah@example.my", PASSWORD, 1));
        assert!(signed_in.await.is_ok());
        expect_sign_in_mails(world, "farah@example.my", 2);
    });
}

#[test]
fn an_address_that_is_taken_leaves_the_key_good() {
    World::default_engine(&MIGRATIONS, async |world| {
        crate::stage::person(world, "farah@example.my", None).await;
        let key = write(world.store(), setup::make_key).await.unwrap();
        let result = finish(world, &key, "Farah@example.my").await;
        assert!(matches!(result, Err(SetupError::EmailTaken)));
        world.clock.advance(SignedDuration::from_hours(1));
        assert!(finish(world, &key, "mei@example.my").await.is_ok());
    });
}
