//! Refresh tokens. An API client exchanges each of them for an access token and the next refresh
//! token. Each refresh token works once, so the second use of a stolen token is detected and ends
//! the session (RFC 9700, section 4.14.2).
//!
//! A client that lost the response may repeat the request within [`GRACE`], and gets the same
//! successor token, provided that the successor was not used yet.

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Actor, Entity, Entry};
use platform::jobs::{Done, Handler};
use platform::key::Key;
use platform::store::Row;
use platform::{Keyring, Rows, Secret, Store, StoreError, Tx, sql};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use web::Site;

use crate::account::{self, Account, AccountId};
use crate::client::Client;
use crate::opaque_secret;
use crate::security_mail;
use crate::session::{self, SessionId, Stay};

/// How long after a refresh token's use a repeated request gets the same successor token.
pub const GRACE: SignedDuration = SignedDuration::from_secs(10);
/// How long an expired token stays in the store, so that the late use of a copy is detected too.
const KNOWN: SignedDuration = SignedDuration::from_hours(30 * 24);

const PREFIX: &str = "kd_rt_";
/// What a sealed successor is for; see [`Key::seal`].
const PLACE: [&str; 2] = ["refresh_token", "masked_successor"];

#[derive(Clone, Debug)]
pub struct Refreshed {
    pub account: Account,
    pub session: SessionId,
    /// The next refresh token.
    pub token: Secret,
}

/// The result of using a refresh token.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The token was valid, or the request repeats a request that was made less than [`GRACE`] ago.
    Refreshed(Box<Refreshed>),
    Unknown,
    Expired,
    SessionEnded,
    /// The session has reached its maximum duration, so it cannot be extended.
    SessionExpired,
    /// The token was used before, so somebody has a copy of it. The session was ended.
    Reused,
}

#[derive(Row)]
struct Stored {
    session_id: SessionId,
    account_id: AccountId,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
    successor_hash: Option<Vec<u8>>,
    masked_successor: Option<Vec<u8>>,
}

/// Creates the first refresh token of a new session. Returns `None` if the session has already
/// ended. API clients get this token instead of the session's own secret, because that secret is
/// only for cookies.
pub fn begin(
    tx: &mut Tx<'_>,
    account: &Account,
    secret: &Secret,
) -> Result<Option<Refreshed>, StoreError> {
    if !account::lock(tx, &account.id)? {
        return Ok(None);
    }
    let Some(session) = session::find(tx, secret)? else {
        return Ok(None);
    };
    let token = insert(tx, &session, &account.id)?;
    Ok(Some(Refreshed {
        account: account.clone(),
        session,
        token,
    }))
}

/// Exchanges a refresh token. The caller must commit the transaction even if the outcome is a
/// refusal.
pub fn refresh(
    tx: &mut Tx<'_>,
    site: &Site,
    shown: &Secret,
    client: &Client,
) -> Result<Outcome, StoreError> {
    let Some(first) = find(tx, shown)? else {
        return Ok(Outcome::Unknown);
    };
    // With this lock, concurrent uses of the token and the end of its session happen one after
    // another.
    let is_active = account::lock(tx, &first.account_id)?;
    let now = tx.now();
    let ends: Option<(Timestamp,)> = sql!(
        "SELECT absolute_expires_at FROM session WHERE id = :id FOR NO KEY UPDATE",
        id = first.session_id
    )
    .maybe(tx)?;
    let (Some(account), Some((ends,)), true) =
        (account::find(tx, &first.account_id)?, ends, is_active)
    else {
        return Ok(Outcome::SessionEnded);
    };
    if ends <= now {
        return Ok(Outcome::SessionExpired);
    }
    let Some(stored) = find(tx, shown)? else {
        return Ok(Outcome::Unknown);
    };
    let refreshed = |token| {
        Outcome::Refreshed(Box::new(Refreshed {
            account: account.clone(),
            session: stored.session_id.clone(),
            token,
        }))
    };
    match stored.used_at {
        None if stored.expires_at <= now => Ok(Outcome::Expired),
        None => Ok(refreshed(replace(tx, shown, &stored)?)),
        Some(used_at) => {
            let is_recent = now.duration_since(used_at) <= GRACE;
            if let Some(successor) = unused_successor(tx, shown, &stored)?.filter(|_| is_recent) {
                return Ok(refreshed(successor));
            }
            end_for_reuse(tx, site, &account, &stored.session_id, client)?;
            Ok(Outcome::Reused)
        }
    }
}

/// The session of this token, even if the token is no longer valid.
pub fn session_of(tx: &mut Tx<'_>, shown: &Secret) -> Result<Option<SessionId>, StoreError> {
    Ok(find(tx, shown)?.map(|stored| stored.session_id))
}

/// The account of this token, even if the token is no longer valid.
pub fn owner(tx: &mut Tx<'_>, shown: &Secret) -> Result<Option<AccountId>, StoreError> {
    Ok(find(tx, shown)?.map(|stored| stored.account_id))
}

/// The job that deletes stored successors after [`GRACE`], and tokens that expired long ago.
pub fn sweeps(store: Store) -> Handler {
    Handler::each_minute("accounts.sweep_refresh_tokens", move |_| {
        let store = store.clone();
        async move {
            store.write(sweep).await?;
            Ok(Done::nothing())
        }
    })
}

/// Runs [`sweeps`] once.
pub fn sweep(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE refresh_token SET masked_successor = NULL
         WHERE masked_successor IS NOT NULL AND used_at < :given_until",
        given_until = now - GRACE
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM refresh_token WHERE expires_at <= :known_until",
        known_until = now - KNOWN
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Signs out by ending the token's session. Does nothing if there is no such session.
pub fn end(tx: &mut Tx<'_>, shown: &Secret, client: &Client) -> Result<(), StoreError> {
    if let Some(stored) = find(tx, shown)? {
        session::end(tx, &stored.account_id, &stored.session_id, &client.request)?;
    }
    Ok(())
}

fn find(tx: &mut Tx<'_>, shown: &Secret) -> Result<Option<Stored>, StoreError> {
    sql!(
        "SELECT {Stored} FROM refresh_token WHERE hash = :hash",
        hash = opaque_secret::hash(shown)
    )
    .maybe(tx)
}

fn insert(tx: &mut Tx<'_>, session: &SessionId, account: &AccountId) -> Result<Secret, StoreError> {
    let token = Secret::new(format!(
        "{PREFIX}{}",
        opaque_secret::create(tx.random()).reveal()
    ));
    // The new token expires no later than the session, however often tokens are exchanged.
    sql!(
        "INSERT INTO refresh_token (hash, session_id, account_id, expires_at)
         SELECT :hash, id, :account, CASE WHEN absolute_expires_at < :idle
                THEN absolute_expires_at ELSE :idle END
         FROM session WHERE id = :session",
        hash = opaque_secret::hash(&token),
        account,
        idle = tx.now() + Stay::Remembered.idle(),
        session
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(token)
}

fn replace(tx: &mut Tx<'_>, shown: &Secret, stored: &Stored) -> Result<Secret, StoreError> {
    let now = tx.now();
    session::go_on(tx, &stored.session_id)?;
    let successor = insert(tx, &stored.session_id, &stored.account_id)?;
    let hash = opaque_secret::hash(shown);
    let masked = sealing(shown).seal(tx.random(), &PLACE, successor.reveal().as_bytes());
    sql!(
        "UPDATE refresh_token SET used_at = :now, successor_hash = :successor,
             masked_successor = :masked
         WHERE hash = :hash AND used_at IS NULL",
        now,
        successor = opaque_secret::hash(&successor),
        masked,
        hash
    )
    .run(tx, Rows::Exactly(1))?;
    // The client has used this token and has therefore received it. The copy for repeated requests
    // is no longer needed.
    sql!(
        "UPDATE refresh_token SET masked_successor = NULL WHERE successor_hash = :hash",
        hash
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(successor)
}

/// The successor of this token, if it was not used yet.
fn unused_successor(
    tx: &mut Tx<'_>,
    shown: &Secret,
    stored: &Stored,
) -> Result<Option<Secret>, StoreError> {
    let (Some(hash), Some(masked)) = (&stored.successor_hash, &stored.masked_successor) else {
        return Ok(None);
    };
    let unused: Option<(Timestamp,)> = sql!(
        "SELECT expires_at FROM refresh_token WHERE hash = :hash AND used_at IS NULL",
        hash
    )
    .maybe(tx)?;
    let successor = sealing(shown).open(&PLACE, masked);
    let successor = successor.and_then(|text| String::from_utf8(text).ok());
    Ok(successor.filter(|_| unused.is_some()).map(Secret::new))
}

/// The key that seals a token's successor. The store does not contain the token, so nobody can read
/// the successor from the store alone, not even with the key file.
fn sealing(token: &Secret) -> Key {
    let secret = Sha256::digest(token.reveal());
    Keyring::new(secret.into(), &[]).key("successor of a refresh token")
}

fn end_for_reuse(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    session: &SessionId,
    client: &Client,
) -> Result<(), StoreError> {
    session::end(tx, &account.id, session, &client.request)?;
    tx.record(Entry {
        actor: Actor::System,
        action: "refresh.reused",
        entity: Entity::new("account", account.id.to_string()),
        scope: None,
        changes: json!([]),
        request: Some(client.request.clone()),
    })?;
    security_mail::token_reused(tx, site, account, client)
}

#[cfg(test)]
mod tests {
    use platform::Random;

    use super::*;

    #[test]
    fn a_successor_is_read_with_its_own_token_alone() {
        let (one, other) = (Secret::new("one"), Secret::new("other"));
        let text = b"kd_rt_0123456789012345678901234567890123456789012";
        let masked = sealing(&one).seal(&Random::system(), &PLACE, text);
        assert_eq!(sealing(&one).open(&PLACE, &masked).unwrap(), text);
        assert_eq!(sealing(&other).open(&PLACE, &masked), None);
        assert!(!masked.windows(text.len()).any(|part| part == text));
    }
}
