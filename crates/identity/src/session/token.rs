//! Personal tokens, with which API clients act for an account.
//!
//! A token consists of `kd_pat_`, forty letters and digits, and a checksum of six characters, so
//! that scanners for leaked secrets recognize a token without asking this site. A token has the
//! scopes with which it was created, and never more rights than its owner currently has.

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Actor, Entity, Entry, RequestFacts};
use platform::store::{FromRow, Row};
use platform::{Random, Rows, Secret, StoreError, Tx, sql, text_cleaning};
use serde_json::json;
use sha2::{Digest, Sha256};
use web::Site;

use crate::account::{self, Account, AccountId, unconfirmed};
use crate::opaque_secret;
use crate::scope::ScopeName;
use crate::security_mail::{self, Change};
use crate::session::sudo::Sudo;

pub use crate::scope::token_scope::{PROFILE_READ, TokenScope};

platform::id!(TokenId, "One personal token.");

/// The maximum number of live tokens of an account.
pub const LIMIT: i64 = 50;
/// How many days a token is valid by default.
pub const DEFAULT_DAYS: u16 = 90;
/// The maximum number of days for which a token can be valid.
pub const LONGEST_DAYS: u16 = 366;

const PREFIX: &str = "kd_pat_";
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY: usize = 40;
const CHECK: usize = 6;

/// The properties of a new token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The name, 1–60 characters, unique among the account's live tokens.
    pub name: String,
    pub scopes: Vec<TokenScope>,
    /// The only scope that the token can access; `None` if the token can access all of its owner's
    /// scopes.
    pub scope: Option<ScopeName>,
    /// How many days the token is valid, 1–366.
    pub days: u16,
}

/// A newly created token.
#[derive(Clone, Debug)]
pub struct Created {
    pub id: TokenId,
    /// The token itself. It is shown only once.
    pub secret: Secret,
    pub expires_at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("a token needs a name\n  give it one: --name NAME")]
    NameMissing,
    #[error("the token's name has more than 60 characters\n  give it a shorter one: --name NAME")]
    NameLength,
    #[error("another token of this account has this name\n  give it another: --name NAME")]
    NameTaken,
    #[error("a token needs at least one scope\n  name one: --scope SCOPE")]
    NoScopes,
    #[error("a token is valid for 1 to 366 days\n  write one of these numbers: --days DAYS")]
    Expiry,
    #[error(
        "the account has {LIMIT} tokens already\n  delete one on its page “Sign-in and security” first"
    )]
    LimitReached,
    #[error(
        "there is no such account\n  name the address with which it signs in: --account ADDRESS"
    )]
    NoAccount,
    #[error(
        "the account's address is not confirmed\n  let its person open the link in the mail first"
    )]
    EmailUnverified,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub fn create(
    tx: &mut Tx<'_>,
    account: &AccountId,
    new: &NewToken,
    request: Option<&RequestFacts>,
) -> Result<Created, CreateError> {
    let name = text_cleaning::clean_line(&new.name);
    match text_cleaning::length(&name) {
        0 => return Err(CreateError::NameMissing),
        1..=60 => {}
        _ => return Err(CreateError::NameLength),
    }
    if new.scopes.is_empty() {
        return Err(CreateError::NoScopes);
    }
    if !(1..=LONGEST_DAYS).contains(&new.days) {
        return Err(CreateError::Expiry);
    }
    if !account::lock(tx, account)? {
        return Err(CreateError::NoAccount);
    }
    if unconfirmed::is_pending(tx, account)? {
        return Err(CreateError::EmailUnverified);
    }
    let now = tx.now();
    sql!(
        "DELETE FROM personal_token WHERE account_id = :account AND expires_at <= :now",
        account,
        now
    )
    .run(tx, Rows::Any)?;
    let (all, of_this_name): (i64, i64) = sql!(
        "SELECT COUNT(*), COUNT(CASE WHEN name = :name THEN 1 END)
         FROM personal_token WHERE account_id = :account",
        account,
        name
    )
    .one(tx)?;
    if of_this_name > 0 {
        return Err(CreateError::NameTaken);
    }
    if all >= LIMIT {
        return Err(CreateError::LimitReached);
    }
    let id: TokenId = tx.id();
    let secret = generate(tx.random());
    let expires_at = now + SignedDuration::from_hours(24 * i64::from(new.days));
    let last4 = &secret.reveal()[secret.reveal().len() - 4..];
    sql!(
        "INSERT INTO personal_token (id, account_id, hash, name, rights, scope_kind,
                                     scope_id, last4, created_at, expires_at)
         VALUES (:id, :account, :hash, :name, :rights, :scope_kind,
                 :scope, :last4, :now, :expires_at)",
        id,
        account,
        hash = opaque_secret::hash(&secret),
        name,
        rights = join(&new.scopes),
        scope_kind = new.scope.as_ref().map(|scope| &scope.kind),
        scope = new.scope.as_ref().map(|scope| &scope.id),
        last4,
        now,
        expires_at
    )
    .run(tx, Rows::Exactly(1))?;
    tx.record(entry(account, "token.created", &id, request))?;
    Ok(Created {
        id,
        secret,
        expires_at,
    })
}

/// Like [`create`], for a person who has recently proved a credential, and who is told by mail.
pub fn create_own(
    tx: &mut Tx<'_>,
    site: &Site,
    sudo: &Sudo,
    new: &NewToken,
    request: &RequestFacts,
) -> Result<Created, CreateError> {
    if !sudo.lock(tx)? {
        return Err(CreateError::NoAccount);
    }
    let account = sudo.who().account();
    let created = create(tx, &account.id, new, Some(request))?;
    let (change, name) = (Change::TokenCreated, new.name.as_str());
    security_mail::credential_changed(tx, site, account, change, name, request)?;
    Ok(created)
}

/// A token as listed for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    pub scopes: Vec<String>,
    /// The only scope that the token can access; `None` if the token can access all of its owner's
    /// scopes.
    pub scope: Option<ScopeName>,
    pub last4: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When the token was last used, accurate to five minutes.
    pub last_used_at: Option<Timestamp>,
}

impl FromRow for Token {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.column(0)?,
            name: row.column(1)?,
            scopes: split(&row.column::<String>(2)?),
            scope: read_scope(row, 3)?,
            last4: row.column(5)?,
            created_at: row.column(6)?,
            expires_at: row.column(7)?,
            last_used_at: row.column(8)?,
        })
    }
}

fn join(scopes: &[TokenScope]) -> String {
    let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    words.join(" ")
}

/// Splits stored token scopes. The result may contain scopes that no domain declares any more.
pub(crate) fn split(words: &str) -> Vec<String> {
    words.split(' ').map(str::to_owned).collect()
}

/// Reads a scope's name from a row: the kind from the column `index`, and the id from the next
/// column.
pub(crate) fn read_scope(row: &Row<'_>, index: usize) -> Result<Option<ScopeName>, StoreError> {
    let (kind, id): (Option<String>, Option<String>) = (row.column(index)?, row.column(index + 1)?);
    Ok(kind.zip(id).map(|(kind, id)| ScopeName { kind, id }))
}

/// The account's live tokens, newest first.
pub fn list(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Token>, StoreError> {
    let now = tx.now();
    sql!(
        "SELECT id, name, rights, scope_kind, scope_id, last4, created_at, expires_at,
                last_used_at
         FROM personal_token WHERE account_id = :account AND expires_at > :now
         ORDER BY created_at DESC, id DESC",
        account,
        now
    )
    .all(tx)
}

/// Revokes a person's token, and returns whether they had it. They are told by mail.
pub fn remove_own(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    id: &TokenId,
    request: &RequestFacts,
) -> Result<bool, StoreError> {
    let own: Option<(String,)> = sql!(
        "SELECT name FROM personal_token WHERE id = :id AND account_id = :account FOR NO KEY UPDATE",
        id,
        account = account.id
    )
    .maybe(tx)?;
    let Some((name,)) = own else {
        return Ok(false);
    };
    sql!("DELETE FROM personal_token WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    tx.record(entry(&account.id, "token.revoked", id, Some(request)))?;
    let change = Change::TokenRevoked;
    security_mail::credential_changed(tx, site, account, change, &name, request)?;
    Ok(true)
}

/// Whether the token still exists, that is, was not revoked.
pub(crate) fn is_there(tx: &mut Tx<'_>, id: &TokenId) -> Result<bool, StoreError> {
    let found: Option<(TokenId,)> =
        sql!("SELECT id FROM personal_token WHERE id = :id", id).maybe(tx)?;
    Ok(found.is_some())
}

/// Stores the time at which a token was used.
pub fn touch(tx: &mut Tx<'_>, id: &TokenId) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE personal_token SET last_used_at = :now WHERE id = :id",
        id,
        now
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Whether `text` has the form of a personal token. Other texts need not be looked up in the store.
pub fn is_token(text: &str) -> bool {
    text.strip_prefix(PREFIX)
        .filter(|rest| rest.len() == BODY + CHECK && rest.is_ascii())
        .map(|rest| rest.split_at(BODY))
        .is_some_and(|(body, check)| checksum(body) == check)
}

fn generate(random: &Random) -> Secret {
    let body: String = (0..BODY)
        .map(|_| letter(u64::from(random.below(62))))
        .collect();
    Secret::new(format!("{PREFIX}{body}{}", checksum(&body)))
}

/// The checksum of a token's body: the first 32 bits of its SHA-256 in base 62.
fn checksum(body: &str) -> String {
    let hash = Sha256::digest(body.as_bytes());
    let mut number = hash
        .iter()
        .take(4)
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let mut letters = [' '; CHECK];
    for place in letters.iter_mut().rev() {
        *place = letter(number % 62);
        number /= 62;
    }
    letters.iter().collect()
}

fn letter(index: u64) -> char {
    usize::try_from(index)
        .ok()
        .and_then(|index| LETTERS.get(index))
        .map_or('0', |byte| char::from(*byte))
}

fn entry(
    account: &AccountId,
    action: &'static str,
    id: &TokenId,
    request: Option<&RequestFacts>,
) -> Entry {
    Entry {
        actor: request.map_or(Actor::System, |_| Actor::Account(account.to_string())),
        action,
        entity: Entity::new("token", id.to_string()),
        scope: None,
        changes: json!([]),
        request: request.cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_told_by_its_letters() {
        let random = Random::seeded(5);
        let token = generate(&random);
        let text = token.reveal();
        assert_eq!(text.len(), 53);
        assert!(is_token(text), "{text}");
        let wrong = text.replace(&text[10..11], if &text[10..11] == "a" { "b" } else { "a" });
        for odd in [
            &wrong,
            &text[1..],
            &text[..52],
            "",
            "kd_pat_",
            &"é".repeat(27),
        ] {
            assert!(!is_token(odd), "{odd}");
        }
        assert!(generate(&random) != token);
    }
}
