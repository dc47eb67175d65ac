//! Links that work once: to become the first owner, to become a member, to
//! sign in. The row is gone the moment the link is used, so of two uses one
//! finds nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, Secret, StoreError, Tx, sql};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::account::AccountId;
use crate::opaque;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To become the first owner. There is never more than one.
    Setup,
    /// To become a member.
    Invite,
    /// To sign in.
    SignIn,
    /// To sign in, once a second factor is proved.
    SecondStep,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invite => "invite",
            Self::SignIn => "sign_in",
            Self::SecondStep => "mfa",
        }
    }
}

/// A link that is still good.
#[derive(Clone, Debug)]
pub(crate) struct OneTime<T> {
    /// Names the link without opening anything.
    pub(crate) id: String,
    /// Whom it is for, or who made it.
    pub(crate) account: Option<AccountId>,
    /// What it carries.
    pub(crate) data: T,
    /// Until when.
    pub(crate) expires_at: Timestamp,
}

/// Makes a link for `lifetime`; the secret is shown once and kept nowhere.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    account: Option<&AccountId>,
    data: &impl Serialize,
    lifetime: SignedDuration,
) -> Result<Secret, StoreError> {
    let now = tx.now();
    sql!(
        "DELETE FROM one_time_token WHERE expires_at <= :now AND purpose <> 'setup'",
        now
    )
    .run(tx, Rows::Any)?;
    let secret = opaque::create(tx.random());
    let data = serde_json::to_string(data).unwrap_or_default();
    sql!(
        "INSERT INTO one_time_token (hash, purpose, account_id, data, expires_at)
         VALUES (:hash, :purpose, :account, :data, :expires_at)
         ON CONFLICT (purpose) WHERE purpose = 'setup' DO UPDATE
         SET hash = excluded.hash, expires_at = excluded.expires_at",
        hash = opaque::hash(&secret),
        purpose = purpose.word(),
        account,
        data,
        expires_at = now + lifetime
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(secret)
}

/// Looks at a link without using it.
pub(crate) fn find<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    secret: &Secret,
) -> Result<Option<OneTime<T>>, StoreError> {
    let now = tx.now();
    let row: Option<Columns> = sql!(
        "SELECT hash, account_id, data, expires_at FROM one_time_token
         WHERE hash = :hash AND purpose = :purpose AND expires_at > :now",
        hash = opaque::hash(secret),
        purpose = purpose.word(),
        now
    )
    .maybe(tx)?;
    Ok(row.and_then(read))
}

/// Uses a link up. Whoever comes second waits here, and finds nothing.
pub(crate) fn take<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    secret: &Secret,
) -> Result<Option<OneTime<T>>, StoreError> {
    // The clock may be asked only once the row is held: it is the lock.
    let row: Option<Columns> = sql!(
        "DELETE FROM one_time_token WHERE hash = :hash AND purpose = :purpose
         RETURNING hash, account_id, data, expires_at",
        hash = opaque::hash(secret),
        purpose = purpose.word()
    )
    .maybe(tx)?;
    let now = tx.now();
    Ok(row.and_then(read).filter(|link| link.expires_at > now))
}

/// Counts a try at what a link asks for beside itself; tells whether it was one of the first
/// `limit`.
pub(crate) fn count_attempt(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    secret: &Secret,
    limit: i64,
) -> Result<bool, StoreError> {
    let count = sql!(
        "UPDATE one_time_token SET attempts = attempts + 1
         WHERE hash = :hash AND purpose = :purpose AND attempts < :limit",
        hash = opaque::hash(secret),
        purpose = purpose.word(),
        limit
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}

/// The links of one purpose that are still good, the oldest first.
pub(crate) fn list<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    purpose: Purpose,
) -> Result<Vec<OneTime<T>>, StoreError> {
    let now = tx.now();
    let rows: Vec<Columns> = sql!(
        "SELECT hash, account_id, data, expires_at FROM one_time_token
         WHERE purpose = :purpose AND expires_at > :now ORDER BY expires_at, hash",
        purpose = purpose.word(),
        now
    )
    .all(tx)?;
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Withdraws one link by its id; tells whether there was one.
pub(crate) fn remove(tx: &mut Tx<'_>, purpose: Purpose, id: &str) -> Result<bool, StoreError> {
    let Ok(hash) = URL_SAFE_NO_PAD.decode(id) else {
        return Ok(false);
    };
    let count = sql!(
        "DELETE FROM one_time_token WHERE hash = :hash AND purpose = :purpose",
        hash,
        purpose = purpose.word()
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}

/// Withdraws the links of one purpose that were made for an account.
pub(crate) fn remove_of(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    account: &AccountId,
) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM one_time_token WHERE purpose = :purpose AND account_id = :account",
        purpose = purpose.word(),
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Withdraws every link of one purpose.
pub(crate) fn remove_all(tx: &mut Tx<'_>, purpose: Purpose) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM one_time_token WHERE purpose = :purpose",
        purpose = purpose.word()
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

type Columns = (Vec<u8>, Option<AccountId>, String, Timestamp);

/// What can no longer be read opens nothing.
fn read<T: DeserializeOwned>((hash, account, data, expires_at): Columns) -> Option<OneTime<T>> {
    Some(OneTime {
        id: URL_SAFE_NO_PAD.encode(hash),
        account,
        data: serde_json::from_str(&data).ok()?,
        expires_at,
    })
}
