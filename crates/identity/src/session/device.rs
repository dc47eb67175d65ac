//! Browsers in which an account has been used before. The cookie of such a browser never signs
//! anybody in. The cookie prevents the mail about a new sign-in, and lets the owner sign in after
//! other people have used up the account's attempts.

use jiff::SignedDuration;
use platform::{Rows, Secret, StoreError, Tx, sql};

use crate::account::AccountId;
use crate::opaque_secret;

/// How long a browser stays known after the last sign-in in it.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(180 * 24);

/// The maximum number of known browsers of an account. The least recently used browser is forgotten
/// first.
pub const LIMIT: i64 = 50;

/// Whether the browser with this secret has signed in to this account before.
pub fn is_known(tx: &mut Tx<'_>, account: &AccountId, secret: &Secret) -> Result<bool, StoreError> {
    let now = tx.now();
    let row: Option<(i64,)> = sql!(
        "SELECT 1 FROM device
         WHERE account_id = :account AND secret_hash = :secret_hash AND expires_at > :now",
        account,
        secret_hash = opaque_secret::hash(secret),
        now
    )
    .maybe(tx)?;
    Ok(row.is_some())
}

/// The browser in which a person has just signed in.
#[derive(Clone, Debug)]
pub enum Device {
    /// The account knows the browser by this secret, because the browser has signed in to it
    /// before.
    Known(Secret),
    /// The browser is new to the account, and receives this secret.
    New(Secret),
}

impl Device {
    /// The secret that the browser should send from now on.
    pub fn secret(&self) -> &Secret {
        let (Self::Known(secret) | Self::New(secret)) = self;
        secret
    }
}

/// Makes the browser known to the account. An unknown secret is replaced by a new secret, because
/// an attacker may have planted the unknown one.
pub fn remember(
    tx: &mut Tx<'_>,
    account: &AccountId,
    shown: Option<&Secret>,
) -> Result<Device, StoreError> {
    let now = tx.now();
    let until = now + LIFETIME;
    if let Some(secret) = shown {
        let count = sql!(
            "UPDATE device SET expires_at = :until
             WHERE account_id = :account AND secret_hash = :secret_hash AND expires_at > :now",
            account,
            secret_hash = opaque_secret::hash(secret),
            until,
            now
        )
        .run(tx, Rows::AtMostOne)?;
        if count == 1 {
            return Ok(Device::Known(secret.clone()));
        }
    }
    sql!(
        "DELETE FROM device WHERE account_id = :account AND expires_at <= :now",
        account,
        now
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM device WHERE account_id = :account AND secret_hash NOT IN (
             SELECT secret_hash FROM device WHERE account_id = :account
             ORDER BY expires_at DESC, secret_hash LIMIT :kept)",
        account,
        kept = LIMIT - 1
    )
    .run(tx, Rows::Any)?;
    let secret = opaque_secret::create(tx.random());
    sql!(
        "INSERT INTO device (account_id, secret_hash, expires_at)
         VALUES (:account, :hash, :until)",
        account,
        hash = opaque_secret::hash(&secret),
        until
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(Device::New(secret))
}
