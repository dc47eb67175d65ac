//! Links that work once: to become the first owner, to become a member, to sign in and so on. Most
//! links are [taken](take): the row is deleted, so a second use finds nothing. A link that confirms
//! something is [used](use_once) instead. For ten minutes after its use ([`KNOWN`]), a repeated
//! request, such as a double click, is recognized as a repeat.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, Secret, StoreError, Tx, sql};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::account::AccountId;
use crate::opaque_secret;

/// How long a used link is kept, so that repeated requests are recognized.
pub(crate) const KNOWN: SignedDuration = SignedDuration::from_mins(10);

/// The purpose of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To become the first owner. There is never more than one such link.
    Setup,
    /// To become a member. When all sessions of an account are ended, its invites are deleted too,
    /// because a thief may have created them.
    Invite,
    SignIn,
    /// To record the use of a passkey challenge, so that only one response to it is accepted.
    Passkey,
    /// To cancel an account's erasure.
    Restore,
    /// To confirm an account's email address.
    VerifyEmail,
    ResetPassword,
    /// To confirm an account's new email address.
    ChangeEmail,
    /// To restore an account's previous email address.
    UndoEmail,
    /// To receive mail again at an email address after a bounce or a complaint.
    ReceiveMail,
    /// To finish a sign-in with a second factor.
    SecondStep,
    /// To recognize a browser that returns from an identity provider.
    ProviderState,
    /// To link a provider's identity at the next sign-in.
    LinkIdentity,
    /// To enter an email address. An identity provider has identified the person, but they have no
    /// account yet.
    Newcomer,
    /// To keep second factors although their removal is planned.
    KeepFactors,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invite => "invite",
            Self::SignIn => "sign_in",
            Self::Passkey => "passkey",
            Self::Restore => "restore",
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
            Self::UndoEmail => "undo_email",
            Self::ReceiveMail => "receive_mail",
            Self::SecondStep => "mfa",
            Self::ProviderState => "oauth_state",
            Self::LinkIdentity => "link_identity",
            Self::Newcomer => "newcomer",
            Self::KeepFactors => "keep_factors",
        }
    }
}

/// A link that was found in the store.
#[derive(Clone, Debug)]
pub(crate) struct OneTime<T> {
    /// The link's id. Knowing the id does not suffice to use the link.
    pub(crate) id: String,
    /// The account that the link is for, or the account that created the link.
    pub(crate) account: Option<AccountId>,
    pub(crate) data: T,
    pub(crate) expires_at: Timestamp,
    /// Whether the link was already used. A used link can be found until [`KNOWN`] after its use.
    pub(crate) is_used: bool,
}

/// Creates a link that is valid for `lifetime`. The returned secret is not stored; the store has
/// only its hash.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    account: Option<&AccountId>,
    data: &impl Serialize,
    lifetime: SignedDuration,
) -> Result<Secret, StoreError> {
    remove_expired(tx)?;
    let now = tx.now();
    let secret = opaque_secret::create(tx.random());
    let data = serde_json::to_string(data).unwrap_or_default();
    sql!(
        "INSERT INTO one_time_token (hash, purpose, account_id, data, expires_at)
         VALUES (:hash, :purpose, :account, :data, :expires_at)
         ON CONFLICT (purpose) WHERE purpose = 'setup' DO UPDATE
         SET hash = excluded.hash, expires_at = excluded.expires_at",
        hash = opaque_secret::hash(&secret),
        purpose = purpose.word(),
        account,
        data,
        expires_at = now + lifetime
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(secret)
}

fn remove_expired(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM one_time_token WHERE expires_at <= :now AND purpose <> 'setup'",
        now = tx.now()
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Records the use of a value that is not a stored link, such as a signed passkey challenge. The
/// record is kept until the value expires. Returns whether this is the first use.
pub(crate) fn use_up(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    used: &Secret,
    until: Timestamp,
) -> Result<bool, StoreError> {
    remove_expired(tx)?;
    let count = sql!(
        "INSERT INTO one_time_token (hash, purpose, data, expires_at)
         VALUES (:hash, :purpose, '{}', :until) ON CONFLICT (hash) DO NOTHING",
        hash = opaque_secret::hash(used),
        purpose = purpose.word(),
        until
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}

/// Finds a link without using it up. A link that was used less than [`KNOWN`] ago is still found.
pub(crate) fn find<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    secret: &Secret,
) -> Result<Option<OneTime<T>>, StoreError> {
    let now = tx.now();
    let row: Option<Columns> = sql!(
        "SELECT hash, account_id, data, expires_at, used_at FROM one_time_token
         WHERE hash = :hash AND purpose = :purpose AND expires_at > :now",
        hash = opaque_secret::hash(secret),
        purpose = purpose.word(),
        now
    )
    .maybe(tx)?;
    Ok(row.and_then(|row| read(row, now)))
}

/// Marks a link as used, so that a repeat is recognized. A concurrent call waits for this
/// transaction, and then returns the link as used.
pub(crate) fn use_once<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    secret: &Secret,
) -> Result<Option<OneTime<T>>, StoreError> {
    // The statement may wait for the row's lock, so the clock is read afterwards.
    let row: Option<Columns> = sql!(
        "SELECT hash, account_id, data, expires_at, used_at FROM one_time_token
         WHERE hash = :hash AND purpose = :purpose FOR NO KEY UPDATE",
        hash = opaque_secret::hash(secret),
        purpose = purpose.word()
    )
    .maybe(tx)?;
    let now = tx.now();
    let link = row.and_then(|row| read(row, now));
    let link = link.filter(|link| link.expires_at > now);
    if link.as_ref().is_some_and(|link| !link.is_used) {
        sql!(
            "UPDATE one_time_token SET used_at = :now WHERE hash = :hash",
            hash = opaque_secret::hash(secret),
            now
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(link)
}

/// Deletes a link and returns it. A concurrent call waits for this transaction, and then finds
/// nothing.
pub(crate) fn take<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    secret: &Secret,
) -> Result<Option<OneTime<T>>, StoreError> {
    // The statement may wait for the row's lock, so the clock is read afterwards.
    let row: Option<Columns> = sql!(
        "DELETE FROM one_time_token WHERE hash = :hash AND purpose = :purpose
         RETURNING hash, account_id, data, expires_at, used_at",
        hash = opaque_secret::hash(secret),
        purpose = purpose.word()
    )
    .maybe(tx)?;
    let now = tx.now();
    let link = row.and_then(|row| read(row, now));
    Ok(link.filter(|link| link.expires_at > now && !link.is_used))
}

/// Counts an attempt to use a link that also requires a second-factor code. Returns whether the
/// link exists and had fewer than `limit` attempts before.
pub(crate) fn count_attempt(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    secret: &Secret,
    limit: i64,
) -> Result<bool, StoreError> {
    let count = sql!(
        "UPDATE one_time_token SET attempts = attempts + 1
         WHERE hash = :hash AND purpose = :purpose AND attempts < :limit",
        hash = opaque_secret::hash(secret),
        purpose = purpose.word(),
        limit
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}

/// The valid links of one purpose, oldest first.
pub(crate) fn list<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    purpose: Purpose,
) -> Result<Vec<OneTime<T>>, StoreError> {
    let now = tx.now();
    let rows: Vec<Columns> = sql!(
        "SELECT hash, account_id, data, expires_at, used_at FROM one_time_token
         WHERE purpose = :purpose AND expires_at > :now AND used_at IS NULL
         ORDER BY expires_at, hash",
        purpose = purpose.word(),
        now
    )
    .all(tx)?;
    Ok(rows.into_iter().filter_map(|row| read(row, now)).collect())
}

/// Deletes a link by its id, and returns whether it existed.
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

/// Deletes an account's unused links of one purpose.
pub(crate) fn remove_of(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    account: &AccountId,
) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM one_time_token
         WHERE purpose = :purpose AND account_id = :account AND used_at IS NULL",
        purpose = purpose.word(),
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Deletes an account's unused links of one purpose that expire at `end` or later.
pub(crate) fn remove_since(
    tx: &mut Tx<'_>,
    purpose: Purpose,
    account: &AccountId,
    end: Timestamp,
) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM one_time_token
         WHERE purpose = :purpose AND account_id = :account AND used_at IS NULL
           AND expires_at >= :end",
        purpose = purpose.word(),
        account,
        end
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

pub(crate) fn remove_all(tx: &mut Tx<'_>, purpose: Purpose) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM one_time_token WHERE purpose = :purpose",
        purpose = purpose.word()
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

type Columns = (
    Vec<u8>,
    Option<AccountId>,
    String,
    Timestamp,
    Option<Timestamp>,
);

/// Reads a link from its row. Returns `None` if the data is unreadable, or if the link was used
/// longer than [`KNOWN`] ago.
fn read<T: DeserializeOwned>(
    (hash, account, data, expires_at, used_at): Columns,
    now: Timestamp,
) -> Option<OneTime<T>> {
    if used_at.is_some_and(|at| now.duration_since(at) >= KNOWN) {
        return None;
    }
    Some(OneTime {
        id: URL_SAFE_NO_PAD.encode(hash),
        account,
        data: serde_json::from_str(&data).ok()?,
        expires_at,
        is_used: used_at.is_some(),
    })
}
