//! Idempotency keys make a repeated request act only once. The response to a request with a key is
//! stored for 48 hours.
//!
//! A response is stored under its owner, route and key. It is looked up only after the owner's code
//! or session is verified. [`find`] runs first in the transaction and [`keep`] last, so there is no
//! state "in progress". Usually a repeated request finds the stored response. If it runs
//! concurrently with the first request, [`keep`] finds the first request's row and makes the
//! repeated request's transaction start again. Refusals are not stored, so a corrected form may use
//! the same key.

use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use crate::sql;
use crate::store::{Rows, StoreError, Tx};

/// How long a response is stored.
pub const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// Identifies a request, so that a repetition is recognized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    owner: String,
    route: String,
    name: String,
    fingerprint: [u8; 32],
}

impl Key {
    /// Makes the key of a request with this `body`. Returns `None` unless `key` is 1 to 128 visible
    /// ASCII characters. `owner` is the account's id, or another name for the sender.
    pub fn new(owner: &str, route: &str, key: &str, body: &[u8]) -> Option<Self> {
        let allowed =
            (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        allowed.then(|| Self {
            owner: owner.to_owned(),
            route: route.to_owned(),
            name: key.to_owned(),
            fingerprint: Sha256::digest(body).into(),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub status: i64,
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The key is new: the caller does the work, then calls [`keep`] with the response.
    Nothing,
    /// The same request was processed before: the caller sends this response again.
    Answer(Stored),
    /// The key belongs to a request with another body: 422 `idempotency_key_reused`.
    Reused,
}

/// The key was used for a different request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the idempotency key was used for another request")]
pub struct Reused;

/// Runs `change` once per key. For a repeated request, returns the stored response instead. Without
/// a key, every call runs `change`.
pub fn once<E: From<StoreError> + From<Reused>>(
    tx: &mut Tx<'_>,
    key: Option<&Key>,
    change: impl FnOnce(&mut Tx<'_>) -> Result<Stored, E>,
) -> Result<Stored, E> {
    let Some(key) = key else {
        return change(tx);
    };
    match find(tx, key)? {
        Found::Answer(stored) => return Ok(stored),
        Found::Reused => return Err(Reused.into()),
        Found::Nothing => {}
    }
    let answer = change(tx)?;
    keep(tx, key, &answer)?;
    Ok(answer)
}

pub fn find(tx: &mut Tx<'_>, key: &Key) -> Result<Found, StoreError> {
    let expired = tx.roughly_now() - KEPT;
    let row: Option<(Vec<u8>, i64, String)> = sql!(
        "SELECT fingerprint, status, body FROM idempotency
         WHERE owner = :owner AND route = :route AND key = :key AND created_at > :expired",
        owner = key.owner,
        route = key.route,
        key = key.name,
        expired
    )
    .maybe(tx)?;
    Ok(match row {
        None => Found::Nothing,
        Some((fingerprint, status, body)) if fingerprint == key.fingerprint => {
            Found::Answer(Stored { status, body })
        }
        Some(_) => Found::Reused,
    })
}

/// Stores the response of the change made in this transaction.
pub fn keep(tx: &mut Tx<'_>, key: &Key, answer: &Stored) -> Result<(), StoreError> {
    let now = tx.now();
    let expired = now - KEPT;
    let kept = sql!(
        "INSERT INTO idempotency (owner, route, key, fingerprint, status, body, created_at)
         VALUES (:owner, :route, :key, :fingerprint, :status, :body, :now)
         ON CONFLICT (owner, route, key) DO UPDATE SET
             fingerprint = excluded.fingerprint, status = excluded.status,
             body = excluded.body, created_at = excluded.created_at
         WHERE idempotency.created_at <= :expired",
        owner = key.owner,
        route = key.route,
        key = key.name,
        fingerprint = key.fingerprint,
        status = answer.status,
        body = answer.body,
        now,
        expired
    )
    .run(tx, Rows::AtMostOne)?;
    if kept == 0 {
        // Another transaction has used the key since [`find`] ran.
        return Err(tx.run_again());
    }
    Ok(())
}

/// Deletes responses older than [`KEPT`], and returns their number.
pub fn sweep(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let expired = tx.now() - KEPT;
    sql!(
        "DELETE FROM idempotency WHERE created_at <= :expired",
        expired
    )
    .run(tx, Rows::Any)
}

/// Deletes every response stored for `owner`, as part of erasing a person's data.
pub fn forget(tx: &mut Tx<'_>, owner: &str) -> Result<u64, StoreError> {
    sql!("DELETE FROM idempotency WHERE owner = :owner", owner).run(tx, Rows::Any)
}
