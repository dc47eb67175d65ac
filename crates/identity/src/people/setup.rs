//! Creation of the first owner. It requires the setup key. The key works once, and only people with
//! access to the server's console or disk can read it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use platform::audit::{Actor, Entity, Entry};
use platform::{Rows, Secret, Store, StoreError, Tx, sql};
use serde_json::json;
use web::SiteUrl;

use crate::account::{self, AccountId, NewAccount, VerifiedBy, unconfirmed};
use crate::client::Client;
use crate::credential::password::{self, PasswordHash};
use crate::credential::{linked_identity, passkey, second_factor};
use crate::grant::{self, GrantError, Scope};
use crate::one_time::{self, Purpose};
use crate::person::erasure;
use crate::scope::domain::DomainAccounts;
use crate::session::{self, Begun, Method, Stay};
use crate::sign_in;

/// How long the setup key is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The name of the file with the setup link, in the data folder.
const FILE: &str = "setup-link";

/// The setup link. It is created at startup if there is no owner.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// The URL that is shown on the console. A person who opens it can become the owner.
    pub link: Secret,
    /// The file with the link, readable only by the user of the server process.
    pub file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum AnnounceError {
    #[error(
        "cannot write the link for the first owner into {}: {}\n  \
         the data folder must be writable and have room",
        .0.display(),
        .1
    )]
    File(PathBuf, io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates a new setup key and writes its link to the file, if there is no owner. An older key
/// stops working. The server calls this function at every startup.
pub async fn announce(
    store: &Store,
    url: &SiteUrl,
    folder: &Path,
) -> Result<Option<Announcement>, AnnounceError> {
    let file = folder.join(FILE);
    let key = store.write(make_key).await?;
    let failed = |error| AnnounceError::File(file.clone(), error);
    let Some(key) = key else {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => return Ok(None),
        }
    };
    let link = url.join(&format!("/setup/{}", key.reveal()));
    write_down(&file, &link).map_err(failed)?;
    Ok(Some(Announcement {
        link: Secret::new(link),
        file,
    }))
}

/// Creates a setup key; `None` if an owner exists.
pub fn make_key(tx: &mut Tx<'_>) -> Result<Option<Secret>, StoreError> {
    if has_owner(tx)? {
        return Ok(None);
    }
    one_time::create(tx, Purpose::Setup, None, &json!({}), LIFETIME).map(Some)
}

/// Whether the setup key is valid at this moment.
pub fn is_open(tx: &mut Tx<'_>, key: &Secret) -> Result<bool, StoreError> {
    let link = one_time::find::<serde_json::Value>(tx, Purpose::Setup, key)?;
    Ok(link.is_some() && !has_owner(tx)?)
}

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// An owner exists, or the setup key is invalid.
    #[error(
        "an owner exists, or the link is older than a day; sign in, or restart Kenduri for a new link"
    )]
    Closed,
    #[error("the address is another account's; name another, or sign in with that account")]
    EmailTaken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<account::CreateError> for SetupError {
    fn from(error: account::CreateError) -> Self {
        match error {
            account::CreateError::EmailTaken => Self::EmailTaken,
            account::CreateError::Store(error) => Self::Store(error),
        }
    }
}

impl From<GrantError> for SetupError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Store(error) => Self::Store(error),
            GrantError::NotAMember | GrantError::UnknownRole | GrantError::LastOwner => {
                Self::Closed
            }
        }
    }
}

/// Makes the person who has the setup key the first owner of the installation, and signs them in.
pub fn finish(
    tx: &mut Tx<'_>,
    key: &Secret,
    new: &NewAccount,
    hash: &PasswordHash,
    client: &Client,
) -> Result<Begun, SetupError> {
    let link = one_time::take::<serde_json::Value>(tx, Purpose::Setup, key)?;
    if link.is_none() || has_owner(tx)? {
        return Err(SetupError::Closed);
    }
    let id = account::create(tx, new)?;
    password::set(tx, &id, hash)?;
    make_owner(tx, &id)?;
    let begun = session::begin(tx, &id, Method::Beginning, Stay::Visit, client)?;
    begun.ok_or(SetupError::Closed)
}

/// How an owner who is created on the server's console signs in for the first time.
#[derive(Clone, Debug)]
pub enum Credential {
    Password(PasswordHash),
    /// A sign-in link. It works once and leads to the page for setting a password.
    Link,
}

/// Creates an owner from the server's console. The owner's account is the existing account with
/// this email address or, if there is none, a new account. Returns the secret of the sign-in link,
/// if one was requested. The setup key stops working.
pub fn create_owner(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    new: &NewAccount,
    credential: &Credential,
) -> Result<(AccountId, Option<Secret>), SetupError> {
    one_time::remove_all(tx, Purpose::Setup)?;
    let id = match account::find_by_email(tx, &new.email)? {
        Some(account) => {
            take_over(tx, domains, &account.id)?;
            account.id
        }
        None => account::create(tx, new)?,
    };
    make_owner(tx, &id)?;
    let link = match credential {
        Credential::Password(hash) => {
            password::set(tx, &id, hash)?;
            None
        }
        Credential::Link => Some(sign_in::create_link_to(tx, &id, "/me/security")?),
    };
    Ok((id, link))
}

/// Removes an unconfirmed account's credentials and everything that was created with the account,
/// because somebody else may have registered the email address.
fn take_over(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    id: &AccountId,
) -> Result<(), StoreError> {
    if account::verified_email(tx, id)?.is_some() {
        return Ok(());
    }
    account::lock(tx, id)?;
    session::end_access(tx, id)?;
    one_time::remove_of(tx, Purpose::Invite, id)?;
    passkey::erase(tx, id)?;
    linked_identity::erase(tx, id)?;
    second_factor::erase(tx, id)?;
    erasure::erase_made(tx, domains, id)?;
    unconfirmed::end(tx, id)?;
    sql!("DELETE FROM device WHERE account_id = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM password WHERE account_id = :id", id).run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Makes the account an owner of the installation. In the audit log, the actor is the system and
/// not the person, because only the server's operator can read the setup key or use the console.
fn make_owner(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), GrantError> {
    account::verify_email(tx, id, VerifiedBy::Operator)?;
    tx.record(Entry {
        actor: Actor::System,
        action: "owner.created",
        entity: Entity::new("account", id.to_string()),
        scope: None,
        changes: json!([]),
        request: None,
    })?;
    grant::give(tx, id, grant::OWNER, &Scope::site(), None)
}

fn has_owner(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let (owners,): (i64,) = tx.one(
        sql!(
            "SELECT COUNT(*) FROM role_grant g
             JOIN account a ON a.id = g.account_id AND a.state = 'active'
             WHERE g.scope_kind = 'site' AND g.role = 'owner'"
        ),
        &[],
    )?;
    Ok(owners > 0)
}

/// Replaces the file with the link atomically, so that nobody reads a partial link.
fn write_down(file: &Path, link: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;

    let unfinished = file.with_extension("new");
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut open = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    writeln!(open, "{link}")?;
    open.sync_all()?;
    std::fs::rename(&unfinished, file)
}
