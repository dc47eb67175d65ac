//! A session is one sign-in in one browser. The browser has the session's secret in a cookie; the
//! store contains only the secret's SHA-256.
//!
//! A session expires if it is not used for some time. Even if it is used, it expires some time
//! after the sign-in. Ended sessions are deleted; the audit log records why they ended.

pub mod access_token;
pub mod device;
pub mod refresh;
pub mod signed_in;
pub mod sudo;
pub mod token;

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Actor, Entity, Entry, RequestFacts};
use platform::store::{Bind, Column, Row, Value};
use platform::{Rows, Secret, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::account::{self, AccountId};
use crate::client::Client;
use crate::one_time::{self, Purpose};
use crate::opaque_secret;
use crate::session::device::Device;
use crate::session::signed_in::SignedIn;

platform::id!(SessionId, "One sign-in in one browser.");

/// The maximum number of sessions of an account.
pub const LIMIT: u32 = 50;
/// How often the time of a session's last use is stored. Most requests therefore write nothing.
pub const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// How long the person stays signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// Until the browser is closed, at most 12 hours without use, and at most a day in total.
    Visit,
    /// At most a week without use, and at most half a year in total.
    Remembered,
}

impl Stay {
    /// The time without use after which the session expires.
    pub fn idle(self) -> SignedDuration {
        match self {
            Self::Visit => SignedDuration::from_hours(12),
            Self::Remembered => SignedDuration::from_hours(7 * 24),
        }
    }

    /// How long after the sign-in the session expires, even if it is used.
    pub fn absolute(self) -> SignedDuration {
        match self {
            Self::Visit => SignedDuration::from_hours(24),
            Self::Remembered => SignedDuration::from_hours(180 * 24),
        }
    }
}

impl Bind for Stay {
    fn bind(&self) -> Value<'_> {
        Value::Integer(i64::from(*self == Self::Remembered))
    }
}

impl Column for Stay {
    fn read(value: Value<'_>) -> Option<Self> {
        bool::read(value).map(|remembered| {
            if remembered {
                Self::Remembered
            } else {
                Self::Visit
            }
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Password,
    Link,
    Passkey,
    Provider,
    /// The person has just created the account.
    Beginning,
}

impl Method {
    /// The stored name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Link => "link",
            Self::Passkey => "passkey",
            Self::Provider => "provider",
            Self::Beginning => "beginning",
        }
    }
}

/// The secrets that the server sends to the browser when a session begins.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The session secret, sent with every request.
    pub session: Secret,
    pub stay: Stay,
    /// The secret by which the browser is recognized at later sign-ins.
    pub device: Device,
}

/// Begins a session of an active account. Returns `None` if the account may not sign in. The
/// browser's previous session ends, whichever account it belonged to.
pub fn begin(
    tx: &mut Tx<'_>,
    account: &AccountId,
    method: Method,
    stay: Stay,
    client: &Client,
) -> Result<Option<Begun>, StoreError> {
    if !account::lock(tx, account)? {
        return Ok(None);
    }
    let now = tx.now();
    if let Some(brought) = &client.session {
        end_secret(tx, brought)?;
    }
    make_room(tx, account, &client.request)?;
    let id: SessionId = tx.id();
    let secret = opaque_secret::create(tx.random());
    sql!(
        "INSERT INTO session (id, account_id, secret_hash, auth_method, remembered,
                              authenticated_at, last_seen_at, idle_expires_at,
                              absolute_expires_at, user_agent, network)
         VALUES (:id, :account, :hash, :method, :stay, :now, :now, :idle, :absolute, :user_agent,
             :network)",
        id,
        account,
        hash = opaque_secret::hash(&secret),
        method = method.word(),
        stay,
        now,
        idle = now + stay.idle(),
        absolute = now + stay.absolute(),
        user_agent = client.name(),
        network = client.network()
    )
    .run(tx, Rows::Exactly(1))?;
    sql!(
        "UPDATE account SET last_login_at = :now WHERE id = :account",
        account,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    tx.record(Entry {
        actor: Actor::Account(account.to_string()),
        action: "sign_in.succeeded",
        entity: Entity::new("account", account.to_string()),
        scope: None,
        changes: json!([{ "field": "method", "new": method.word() }]),
        request: Some(client.request.clone()),
    })?;
    Ok(Some(Begun {
        session: secret,
        stay,
        device: device::remember(tx, account, client.device.as_ref())?,
    }))
}

/// Deletes expired sessions, and the least recently used sessions if the account has too many.
fn make_room(
    tx: &mut Tx<'_>,
    account: &AccountId,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "DELETE FROM session
         WHERE account_id = :account AND (idle_expires_at <= :now OR absolute_expires_at <= :now)",
        account,
        now
    )
    .run(tx, Rows::Any)?;
    let pushed_out = sql!(
        "DELETE FROM session WHERE account_id = :account AND id NOT IN (
             SELECT id FROM session WHERE account_id = :account
             ORDER BY last_seen_at DESC, id DESC LIMIT :limit)",
        account,
        limit = LIMIT - 1
    )
    .run(tx, Rows::Any)?;
    record_end(tx, account, pushed_out, "limit", request)
}

/// A session as listed for its owner.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Session {
    pub id: SessionId,
    /// When the person last proved a credential, such as a password, in this session.
    pub authenticated_at: Timestamp,
    /// When the session was last used, accurate to [`SEEN_EVERY`].
    pub last_seen_at: Timestamp,
    pub user_agent: String,
    /// The network from which the session began.
    pub network: String,
}

/// The account's live sessions, most recently used first.
pub fn list(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Session>, StoreError> {
    let now = tx.now();
    sql!(
        "SELECT {Session} FROM session
         WHERE account_id = :account AND idle_expires_at > :now AND absolute_expires_at > :now
         ORDER BY last_seen_at DESC, id DESC",
        account,
        now
    )
    .all(tx)
}

/// Stores the time of a session's last use, at most once per [`SEEN_EVERY`]. Returns whether the
/// time was stored.
pub fn touch(tx: &mut Tx<'_>, id: &SessionId, stay: Stay) -> Result<bool, StoreError> {
    let now = tx.now();
    let count = sql!(
        "UPDATE session SET last_seen_at = :now, idle_expires_at = :idle_expires_at
         WHERE id = :id AND last_seen_at <= :seen_before AND idle_expires_at > :now",
        id,
        now,
        idle_expires_at = now + stay.idle(),
        seen_before = now - SEEN_EVERY
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}

/// Extends a session after its client has used a refresh token.
pub(crate) fn go_on(tx: &mut Tx<'_>, id: &SessionId) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE session SET last_seen_at = :now, idle_expires_at = :idle WHERE id = :id",
        now,
        idle = now + Stay::Remembered.idle(),
        id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

pub(crate) fn find(tx: &mut Tx<'_>, secret: &Secret) -> Result<Option<SessionId>, StoreError> {
    let found: Option<(SessionId,)> = sql!(
        "SELECT id FROM session WHERE secret_hash = :hash",
        hash = opaque_secret::hash(secret)
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Whether the session still exists. A session that was ended does not exist any more.
pub(crate) fn is_there(tx: &mut Tx<'_>, id: &SessionId) -> Result<bool, StoreError> {
    let found: Option<(SessionId,)> =
        sql!("SELECT id FROM session WHERE id = :id", id).maybe(tx)?;
    Ok(found.is_some())
}

/// Gives a session a new secret and a new id. Returns the secret and the session's [`Stay`]. The
/// old secret, and access tokens with the old id, stop working. Returns `None` if the session has
/// ended in the meantime.
pub(crate) fn renew(tx: &mut Tx<'_>, id: &SessionId) -> Result<Option<(Secret, Stay)>, StoreError> {
    let (secret, new): (_, SessionId) = (opaque_secret::create(tx.random()), tx.id());
    let found: Option<(Stay,)> = sql!(
        "UPDATE session SET id = :new, secret_hash = :hash WHERE id = :id RETURNING remembered",
        new,
        id,
        hash = opaque_secret::hash(&secret)
    )
    .maybe(tx)?;
    sql!(
        "UPDATE refresh_token SET session_id = :new WHERE session_id = :id",
        new,
        id
    )
    .run(tx, Rows::Any)?;
    Ok(found.map(|(stay,)| (secret, stay)))
}

/// Records that the person has just proved a credential in a session, and renews the session.
/// Returns `None` if the session has ended in the meantime.
pub(crate) fn authenticate(
    tx: &mut Tx<'_>,
    id: &SessionId,
) -> Result<Option<(Secret, Stay)>, StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE session SET authenticated_at = :now, last_seen_at = :now WHERE id = :id",
        now,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    renew(tx, id)
}

/// Signs a person out by ending the session with this secret, if there is one.
pub fn sign_out(
    tx: &mut Tx<'_>,
    secret: &Secret,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    let Some(account) = end_secret(tx, secret)? else {
        return Ok(());
    };
    let entity = Entity::new("account", account.to_string());
    account::record(tx, &account, "session.signed_out", entity, request)
}

fn end_secret(tx: &mut Tx<'_>, secret: &Secret) -> Result<Option<AccountId>, StoreError> {
    let found: Option<(AccountId,)> = sql!(
        "DELETE FROM session WHERE secret_hash = :hash RETURNING account_id",
        hash = opaque_secret::hash(secret)
    )
    .maybe(tx)?;
    Ok(found.map(|(account,)| account))
}

/// Ends one session of the account, and returns whether it existed.
pub fn end(
    tx: &mut Tx<'_>,
    account: &AccountId,
    id: &SessionId,
    request: &RequestFacts,
) -> Result<bool, StoreError> {
    let count = sql!(
        "DELETE FROM session WHERE id = :id AND account_id = :account",
        id,
        account
    )
    .run(tx, Rows::AtMostOne)?;
    record_end(tx, account, count, "revoked", request)?;
    Ok(count == 1)
}

/// Ends every session of the account except one, and returns the number of ended sessions.
pub fn end_others(
    tx: &mut Tx<'_>,
    account: &AccountId,
    kept: &SessionId,
    request: &RequestFacts,
) -> Result<u64, StoreError> {
    let count = sql!(
        "DELETE FROM session WHERE account_id = :account AND id <> :kept",
        account,
        kept
    )
    .run(tx, Rows::Any)?;
    record_end(tx, account, count, "others", request)?;
    Ok(count)
}

/// Ends all sessions of the signed-in person, except the current one if `keep_current` is true.
/// Withdraws the invites that the person has sent. Returns the number of ended sessions.
pub fn end_own(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    keep_current: bool,
    request: &RequestFacts,
) -> Result<u64, StoreError> {
    let id = &who.account().id;
    account::lock(tx, id)?;
    let Some(own) = who.session() else {
        return Ok(0);
    };
    one_time::remove_of(tx, Purpose::Invite, id)?;
    let others = end_others(tx, id, own, request)?;
    Ok(others + u64::from(!keep_current && end(tx, id, own, request)?))
}

/// Ends every session of the account, and records the reason in the audit log.
pub(crate) fn end_all_of(
    tx: &mut Tx<'_>,
    account: &AccountId,
    reason: &'static str,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    let count =
        sql!("DELETE FROM session WHERE account_id = :account", account).run(tx, Rows::Any)?;
    record_end(tx, account, count, reason, request)
}

/// Ends every session of every account, and returns the number of ended sessions.
pub fn end_all(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    tx.run(sql!("DELETE FROM session"), &[], Rows::Any)
}

fn record_end(
    tx: &mut Tx<'_>,
    account: &AccountId,
    count: u64,
    reason: &'static str,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    if count == 0 {
        return Ok(());
    }
    tx.record(Entry {
        actor: Actor::Account(account.to_string()),
        action: "session.revoked",
        entity: Entity::new("account", account.to_string()),
        scope: None,
        changes: json!([{ "field": "reason", "new": reason }, { "field": "count", "new": count }]),
        request: Some(request.clone()),
    })
}

/// Ends all sessions of the account, and deletes its personal tokens and mailed links. Credentials
/// such as the password are kept. A link that undoes a change to the email address is kept too,
/// because it may be the owner's only way back. The caller holds the account's lock. Returns the
/// number of ended sessions.
pub(crate) fn end_access(tx: &mut Tx<'_>, id: &AccountId) -> Result<u64, StoreError> {
    // The store keeps responses for repeated requests with personal tokens. They are deleted too.
    sql!(
        "DELETE FROM idempotency
         WHERE owner IN (SELECT id FROM personal_token WHERE account_id = :id)",
        id
    )
    .run(tx, Rows::Any)?;
    sql!("DELETE FROM personal_token WHERE account_id = :id", id).run(tx, Rows::Any)?;
    for purpose in [
        Purpose::SignIn,
        Purpose::ResetPassword,
        Purpose::VerifyEmail,
        Purpose::ChangeEmail,
        Purpose::Restore,
        Purpose::SecondStep,
    ] {
        one_time::remove_of(tx, purpose, id)?;
    }
    sql!("DELETE FROM session WHERE account_id = :id", id).run(tx, Rows::Any)
}
