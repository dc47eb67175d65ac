//! Browsers an account has been used with before. The cookie never signs
//! anyone in: it spares its owner the mail about a new sign-in, and keeps the
//! door open when others have used up the tries for the account.

use jiff::SignedDuration;
use platform::{Rows, Secret, StoreError, Tx, sql};

use crate::account::AccountId;
use crate::opaque;

/// How long a browser stays known after it was last used to sign in.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(180 * 24);

/// Whether the holder of `secret` has signed in to this account before.
pub fn is_known(tx: &mut Tx<'_>, account: &AccountId, secret: &Secret) -> Result<bool, StoreError> {
    let now = tx.now();
    let row: Option<(i64,)> = tx.maybe(
        sql!(
            "SELECT 1 FROM device
             WHERE account_id = $1 AND secret_hash = $2 AND expires_at > $3"
        ),
        &[account, &opaque::hash(secret), &now],
    )?;
    Ok(row.is_some())
}

/// A browser after somebody signed in with it.
#[derive(Clone, Debug)]
pub enum Device {
    /// It was known, by this secret.
    Known(Secret),
    /// It is known from now on, by this secret.
    New(Secret),
}

impl Device {
    /// What the browser shall show the next time.
    pub fn secret(&self) -> &Secret {
        let (Self::Known(secret) | Self::New(secret)) = self;
        secret
    }
}

/// Marks a browser as known to the account. A secret that the account does not
/// know is never taken over: somebody else may have planted it.
pub fn remember(
    tx: &mut Tx<'_>,
    account: &AccountId,
    shown: Option<&Secret>,
) -> Result<Device, StoreError> {
    let now = tx.now();
    let until = now + LIFETIME;
    if let Some(secret) = shown {
        let count = tx.run(
            sql!(
                "UPDATE device SET expires_at = $3
                 WHERE account_id = $1 AND secret_hash = $2 AND expires_at > $4"
            ),
            &[account, &opaque::hash(secret), &until, &now],
            Rows::AtMostOne,
        )?;
        if count == 1 {
            return Ok(Device::Known(secret.clone()));
        }
    }
    tx.run(
        sql!("DELETE FROM device WHERE account_id = $1 AND expires_at <= $2"),
        &[account, &now],
        Rows::Any,
    )?;
    let secret = opaque::create(tx.random());
    tx.run(
        sql!("INSERT INTO device (account_id, secret_hash, expires_at) VALUES ($1, $2, $3)"),
        &[account, &opaque::hash(&secret), &until],
        Rows::Exactly(1),
    )?;
    Ok(Device::New(secret))
}
