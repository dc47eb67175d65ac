//! The export of a person's own data: a zip file with one JSON document.
//!
//! The data is read in one transaction. If any part cannot be read, the whole export fails. The
//! document never contains hashes, sealed secrets or data about others.

use std::io::{Cursor, Write as _};

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Entity, Entry, RequestFacts};
use platform::limits::Wait;
use platform::mail::{Address, suppression};
use platform::store::Row;
use platform::{Keyring, Rows, StoreError, Tx, sql};
use serde::Serialize;
use serde_json::{Map, Value, json};
use web::Site;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::account::{self, AccountId};
use crate::credential::{linked_identity, passkey, planned_reset, second_factor};
use crate::grant::ACCOUNT;
use crate::grant::administrator::{self, Acting, PeopleError};
use crate::notification;
use crate::person::trusted;
use crate::scope::domain::DomainAccounts;
use crate::security_mail::SecurityMail;
use crate::session::sudo::Sudo;
use crate::session::{self, token};

/// The version of the document's format. Each incompatible change raises it.
pub const FORMAT_VERSION: u32 = 1;
/// How many exports a person may make in [`PERIOD`].
pub const LIMIT: i64 = 2;
/// The period in which [`LIMIT`] exports are allowed.
pub const PERIOD: SignedDuration = SignedDuration::from_hours(24);
/// The document's file name in the zip.
pub const DOCUMENT: &str = "account.json";

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The account no longer exists or is inactive.
    #[error("not signed in")]
    NotSignedIn,
    /// The person has reached the limit on exports.
    #[error(transparent)]
    TooMany(#[from] Wait),
    /// An error that every operation of an administrator can return.
    #[error(transparent)]
    People(#[from] PeopleError),
    #[error("the zip cannot be written")]
    Zip(#[from] zip::result::ZipError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates a zip with the person's data.
pub fn create(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    keys: &Keyring,
    sudo: &Sudo,
    request: &RequestFacts,
) -> Result<Vec<u8>, ExportError> {
    zipped(&own_document(tx, domains, keys, sudo, request)?)
}

/// Creates the document that the zip contains.
pub fn own_document(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    keys: &Keyring,
    sudo: &Sudo,
    request: &RequestFacts,
) -> Result<Value, ExportError> {
    let who = sudo.who();
    let id = &who.account().id;
    if !account::lock(tx, id)? {
        return Err(ExportError::NotSignedIn);
    }
    count(tx, id)?;
    let document = document(tx, domains, keys, id)?;
    tx.record(Entry {
        actor: who.actor(),
        action: "account.exported",
        entity: Entity::new("account", id.to_string()),
        scope: None,
        changes: json!([]),
        request: Some(request.clone()),
    })?;
    Ok(document)
}

/// Creates an export that the person has requested from an owner of the installation. A mail
/// notifies the person. The export does not count towards the person's own limit.
pub fn create_for_owner(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    site: &Site,
    by: &Acting,
    id: &AccountId,
) -> Result<Vec<u8>, ExportError> {
    let owner = by.owner()?;
    administrator::hold_for(tx, by, id)?;
    let person = account::find_in_any_state(tx, id)?.ok_or(PeopleError::NotFound)?;
    let document = document(tx, domains, &site.keys, id)?;
    by.record(tx, "account.exported", id)?;
    let notice = SecurityMail {
        subject: "mail-exported-subject",
        text: "mail-exported-text",
        at: tx.now(),
        path: "/me/data",
        values: vec![("by", owner.name().into())],
    };
    notice.send(tx, site, &person)?;
    zipped(&document)
}

fn document(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    keys: &Keyring,
    id: &AccountId,
) -> Result<Value, StoreError> {
    let mut document = Map::new();
    document.insert("format_version".to_owned(), FORMAT_VERSION.into());
    document.insert("created_at".to_owned(), json!(tx.now()));
    document.insert("account".to_owned(), own(tx, keys, id)?);
    for domain in domains {
        let part = (domain.export)(tx, id)?;
        if !part.is_null() {
            document.insert(domain.name.to_owned(), part);
        }
    }
    Ok(Value::Object(document))
}

/// The caller holds the account's lock.
fn count(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), ExportError> {
    let now = tx.now();
    sql!(
        "DELETE FROM account_export WHERE account_id = :id AND at <= :before",
        before = now - PERIOD,
        id
    )
    .run(tx, Rows::Any)?;
    let (count, first): (i64, Option<Timestamp>) = sql!(
        "SELECT COUNT(*), MIN(at) FROM account_export WHERE account_id = :id",
        id
    )
    .one(tx)?;
    if count >= LIMIT {
        let until = first.unwrap_or(now) + PERIOD;
        let seconds = u32::try_from(until.duration_since(now).as_secs());
        return Err(Wait {
            seconds: seconds.unwrap_or(0).max(1),
        }
        .into());
    }
    sql!(
        "INSERT INTO account_export (account_id, at) VALUES (:id, :now)",
        id,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn zipped(document: &Value) -> Result<Vec<u8>, ExportError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file(DOCUMENT, options)?;
    zip.write_all(format!("{document:#}\n").as_bytes())
        .map_err(zip::result::ZipError::from)?;
    Ok(zip.finish()?.into_inner())
}

#[derive(Row, Serialize)]
struct Profile {
    id: String,
    state: String,
    display_name: String,
    real_name: String,
    bio: String,
    location: String,
    website: String,
    locale: String,
    time_zone: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    last_login_at: Option<Timestamp>,
}

#[derive(Row, Serialize)]
struct Email {
    address: String,
    verified_by: String,
    is_primary: bool,
}

#[derive(Row, Serialize)]
struct Slug {
    slug: String,
    /// The time until which a former slug redirects; `None` for the current slug.
    until: Option<Timestamp>,
}

#[derive(Row, Serialize)]
struct Grant {
    scope_kind: String,
    scope_id: String,
    role: String,
    granted_at: Timestamp,
    expires_at: Option<Timestamp>,
}

#[derive(Row, Serialize)]
struct RefreshToken {
    session_id: String,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
}

#[derive(Row, Serialize)]
struct Newsletter {
    newsletter: String,
    since: Timestamp,
}

/// What a person made a link for, with which others register.
#[derive(Row, Serialize)]
struct GroupLink {
    title: String,
    path: String,
    uses: i64,
    used: i64,
    expires_at: Timestamp,
}

#[derive(Row)]
struct Line {
    at: Timestamp,
    actor_id: Option<String>,
    action: String,
    network: Option<String>,
}

fn own(tx: &mut Tx<'_>, keys: &Keyring, id: &AccountId) -> Result<Value, StoreError> {
    let profile: Profile = sql!("SELECT {Profile} FROM account WHERE id = :id", id).one(tx)?;
    let emails: Vec<Email> = sql!(
        "SELECT {Email} FROM email WHERE account_id = :id ORDER BY canonical",
        id
    )
    .all(tx)?;
    let slugs: Vec<Slug> = sql!(
        "SELECT {Slug} FROM account_slug WHERE account_id = :id ORDER BY slug",
        id
    )
    .all(tx)?;
    let slug_changes: Vec<(Timestamp,)> = sql!(
        "SELECT at FROM slug_change WHERE account_id = :id ORDER BY at",
        id
    )
    .all(tx)?;
    // A grant in the scope of an account is that person's trust, which only that person sees.
    let grants: Vec<Grant> = sql!(
        "SELECT {Grant} FROM role_grant WHERE account_id = :id AND scope_kind <> :of_people
         ORDER BY scope_kind, scope_id, role",
        id,
        of_people = ACCOUNT.name
    )
    .all(tx)?;
    let refresh_tokens: Vec<RefreshToken> = sql!(
        "SELECT {RefreshToken} FROM refresh_token WHERE account_id = :id
         ORDER BY expires_at, session_id",
        id
    )
    .all(tx)?;
    let password: Option<(Timestamp,)> =
        sql!("SELECT changed_at FROM password WHERE account_id = :id", id).maybe(tx)?;
    let devices: Vec<(Timestamp,)> = sql!(
        "SELECT expires_at FROM device WHERE account_id = :id ORDER BY expires_at",
        id
    )
    .all(tx)?;
    let registered_at: Option<(Timestamp,)> = sql!(
        "SELECT registered_at FROM registration WHERE account_id = :id",
        id
    )
    .maybe(tx)?;
    let newsletters: Vec<Newsletter> = sql!(
        "SELECT {Newsletter} FROM newsletter_subscription WHERE account_id = :id
         ORDER BY newsletter",
        id
    )
    .all(tx)?;
    let group_links: Vec<GroupLink> = sql!(
        "SELECT {GroupLink} FROM group_link WHERE made_by = :id ORDER BY created_at, id",
        id
    )
    .all(tx)?;
    let factors = second_factor::find(tx, id)?;
    let passkeys: Vec<Value> = passkey::list(tx, id)?
        .into_iter()
        .map(|passkey| {
            json!({
                "id": passkey.id.to_string(),
                "name": passkey.name,
                "created_at": passkey.created_at,
                "last_used_at": passkey.last_used_at,
            })
        })
        .collect();
    let identities: Vec<Value> = linked_identity::list(tx, id)?
        .into_iter()
        .map(|identity| {
            json!({
                "issuer": identity.issuer,
                "subject": identity.subject,
                "linked_at": identity.linked_at,
                "last_used_at": identity.last_used_at,
            })
        })
        .collect();
    let sessions: Vec<Value> = session::list(tx, id)?
        .into_iter()
        .map(|session| {
            json!({
                "id": session.id.to_string(),
                "authenticated_at": session.authenticated_at,
                "last_seen_at": session.last_seen_at,
                "user_agent": session.user_agent,
                "network": session.network,
            })
        })
        .collect();
    let tokens: Vec<Value> = token::list(tx, id)?
        .into_iter()
        .map(|token| {
            json!({
                "id": token.id.to_string(),
                "name": token.name,
                "scopes": token.scopes,
                "scope": token.scope,
                "created_at": token.created_at,
                "expires_at": token.expires_at,
                "last_used_at": token.last_used_at,
            })
        })
        .collect();
    Ok(json!({
        "profile": profile,
        "notices": notification::export(tx, id)?,
        "suppressed_addresses": suppressed(tx, keys, &emails)?,
        "emails": emails,
        "slugs": slugs,
        "slug_changes": slug_changes.into_iter().map(|(at,)| at).collect::<Vec<_>>(),
        "unconfirmed_since": registered_at.map(|(at,)| at),
        "password_changed_at": password.map(|(at,)| at),
        "second_factor_since": factors.totp_since,
        "recovery_codes_left": factors.recovery_codes,
        "second_factors_reset_at": planned_reset::due(tx, id)?,
        "passkeys": passkeys,
        "identities": identities,
        "sessions": sessions,
        "refresh_tokens": refresh_tokens,
        "known_browsers_until": devices.into_iter().map(|(at,)| at).collect::<Vec<_>>(),
        "tokens": tokens,
        "grants": grants,
        "newsletters": newsletters,
        "group_links": group_links,
        "trusted_contacts": trusted::list(tx, id)?,
        "events": events(tx, id)?,
    }))
}

fn suppressed(
    tx: &mut Tx<'_>,
    keys: &Keyring,
    emails: &[Email],
) -> Result<Vec<String>, StoreError> {
    let key = keys.key(suppression::PURPOSE);
    let mut found = Vec::new();
    for email in emails {
        if let Ok(address) = email.address.parse::<Address>()
            && suppression::find(tx, &key, &address)?.is_some()
        {
            found.push(email.address.clone());
        }
    }
    Ok(found)
}

/// Without the names of other people who acted.
fn events(tx: &mut Tx<'_>, id: &AccountId) -> Result<Vec<Value>, StoreError> {
    let lines: Vec<Line> = sql!(
        "SELECT {Line} FROM audit WHERE entity_id = :id OR actor_kind = 'account' AND actor_id = :id
         ORDER BY sequence",
        id
    )
    .all(tx)?;
    let event = |line: Line| {
        let is_own = line.actor_id.as_deref() == Some(id.as_str());
        json!({
            "at": line.at,
            "action": line.action,
            "by_you": is_own,
            "network": line.network.filter(|_| is_own),
        })
    };
    Ok(lines.into_iter().map(event).collect())
}
