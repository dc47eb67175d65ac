//! Creates people in a world: accounts, passwords, sessions and roles. Also declares the mails that
//! a test expects.

use identity::account::{self, AccountId, AccountZone, NewAccount};
use identity::client::Client;
use identity::credential::hashing::Hasher;
use identity::credential::password::{self, Password, PasswordHash};
use identity::grant::{self, Role, Scope};
use identity::session::signed_in::{self, SignedIn};
use identity::session::{self, Begun, Method, Stay};
use platform::audit::RequestFacts;
use platform::{Secret, Store, StoreError, Tx};
use site::Domains;

use crate::{Stage, World};

/// The password of every test account that can sign in with a password.
pub const PASSWORD: &str = "sebuah pantun lama";

const DOMAINS: Domains = &[accounts::DOMAIN];

pub fn new_account(email: &str) -> NewAccount {
    NewAccount {
        name: "Farah binti Ali".parse().expect("a name"),
        email: email.parse().expect("an address"),
        locale: "en".to_owned(),
        zone: AccountZone::chosen("Asia/Kuala_Lumpur"),
    }
}

/// A browser client with the IP address `203.0.113.{last}`.
pub fn client(last: u8) -> Client {
    Client {
        request: RequestFacts {
            network: Some([203, 0, 113, last].into()),
            ..request()
        },
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
            .to_owned(),
        session: None,
        device: None,
        identity: None,
    }
}

/// The facts of a request without a client IP address.
pub fn request() -> RequestFacts {
    RequestFacts {
        request_id: "test".to_owned(),
        network: None,
    }
}

pub async fn hash(hasher: &Hasher, text: &str) -> PasswordHash {
    let password = Password::choose(&Secret::new(text), &[]).expect("a good password");
    hasher.hash(&password).await.expect("a hash")
}

/// The hash of [`PASSWORD`], for sharing between accounts, because hashing is slow.
pub async fn usual_hash(world: &World) -> PasswordHash {
    let hasher = Hasher::at_normal_priority(1, world.platform.random.clone());
    hash(&hasher, PASSWORD).await
}

/// Creates an account that can sign in with this email address and, if a hash is given, with a
/// password.
pub async fn person(world: &World, email: &str, hash: Option<&PasswordHash>) -> AccountId {
    let (new, hash) = (new_account(email), hash.cloned());
    write(world.store(), move |tx| {
        let id = account::create(tx, &new).expect("an account");
        if let Some(hash) = &hash {
            password::set(tx, &id, hash)?;
        }
        Ok(id)
    })
    .await
}

/// Begins a session of an account, as after following a sign-in link.
pub async fn begin(world: &World, id: &AccountId, stay: Stay, client: Client) -> Begun {
    let id = id.clone();
    write(world.store(), move |tx| {
        session::begin(tx, &id, Method::Link, stay, &client)
    })
    .await
    .expect("a session")
}

/// Returns the account to which the session with this secret belongs.
pub async fn find_session(world: &World, secret: &Secret) -> Option<SignedIn> {
    let secret = secret.clone();
    read(world.store(), move |tx| signed_in::by_session(tx, &secret))
        .await
        .map(|visit| visit.who)
}

pub async fn give(world: &World, id: &AccountId, role: Role, scope: &Scope) {
    let (id, scope) = (id.clone(), scope.clone());
    write(world.store(), move |tx| {
        grant::give(tx, &id, role, &scope, None).expect("a role");
        Ok(())
    })
    .await;
}

pub async fn role(world: &World, id: &AccountId, scope: &Scope) -> Option<Role> {
    let (id, scope) = (id.clone(), scope.clone());
    read(world.store(), move |tx| grant::rank_of(tx, &id, &scope)).await
}

/// Declares an expected mail to `email`, with the message `subject` as its subject.
pub fn expect_mail(world: &World, email: &str, subject: &str) {
    let stage = Stage::new(world, DOMAINS);
    let values = [("site", stage.site.settings.name.as_str().into())];
    world.expect_mail(email, &stage.fill(subject, values));
}

/// Expects `count` mails that report a sign-in with a new browser.
pub fn expect_sign_in_mails(world: &World, email: &str, count: usize) {
    for _ in 0..count {
        expect_mail(world, email, "mail-sign-in-subject");
    }
}

/// Runs a write transaction that must succeed.
pub async fn write<T, F>(store: &Store, change: F) -> T
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    store.write(change).await.expect("a change")
}

/// Runs a read transaction that must succeed.
pub async fn read<T, F>(store: &Store, look: F) -> T
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    store.read(look).await.expect("an answer")
}
