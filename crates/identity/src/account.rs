//! Accounts: people who can sign in, and the email addresses with which they sign in.

pub mod unconfirmed;

use std::str::FromStr;

use jiff::tz::TimeZone;
use platform::audit::{Actor, Entity, Entry, RequestFacts};
use platform::mail::Address;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde_json::json;
use web::{Site, zone};

platform::id!(AccountId, "One account.");

web::words! {
    /// Whether the account's owner may sign in.
    State {
        /// The person may sign in.
        Active = "active" => "people-active",
        /// An administrator has deactivated the account.
        Deactivated = "deactivated" => "people-deactivated",
        /// The person has asked for the account to be erased.
        Leaving = "pending_deletion" => "people-leaving",
    }
}

/// The account data that the owner's pages and mails need.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Account {
    pub id: AccountId,
    pub display_name: String,
    /// The primary e-mail address, as typed.
    pub email: String,
    /// The language of mails to the person.
    pub locale: String,
    /// The IANA time zone in which times are shown.
    pub time_zone: String,
}

/// A display name of 2–50 characters, none of them invisible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    #[error("a name has 2 to 50 characters; write one of that length")]
    Length,
    /// Returned only by [`DisplayName::of_stranger`].
    #[error("a name is not a web address; write the name alone")]
    Address,
}

impl DisplayName {
    /// The maximum length of a name, in characters.
    pub const LONGEST: usize = 50;

    /// The name of a person who has not confirmed an email address. It is mailed to whatever
    /// address the person typed, so it must not look like a web address.
    pub fn of_stranger(text: &str) -> Result<Self, NotAName> {
        let name: Self = text.parse()?;
        if text_cleaning::has_address(&name.0) {
            return Err(NotAName::Address);
        }
        Ok(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DisplayName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let visible: String = text_cleaning::clean_line(text)
            .chars()
            .filter(|c| !is_invisible(*c))
            .collect();
        let name = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        if (2..=Self::LONGEST).contains(&text_cleaning::length(&name)) {
            Ok(Self(name))
        } else {
            Err(NotAName::Length)
        }
    }
}

/// Whether the character takes no space or changes the reading direction. Such characters could
/// make two names look alike.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// How the site knows that an email address belongs to the account's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifiedBy {
    /// The server's operator has set the email address.
    Operator,
    /// A link that was mailed to the email address was used.
    Mail,
    /// An identity provider has confirmed the email address.
    Provider,
    /// The person has typed the email address, but nothing has confirmed it.
    None,
}

impl VerifiedBy {
    fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Mail => "mail",
            Self::Provider => "provider",
            Self::None => "none",
        }
    }
}

#[derive(Clone, Debug)]
pub struct NewAccount {
    pub name: DisplayName,
    pub email: Address,
    pub locale: String,
    pub zone: AccountZone,
}

/// Who said in which zone a person reads times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneSource {
    /// Nobody: it is the zone that the site had when the account was made.
    Site,
    /// The person's device.
    Device,
    Person,
}

impl ZoneSource {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Device => "device",
            Self::Person => "person",
        }
    }
}

/// The IANA name of a person's zone, and who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountZone {
    pub name: String,
    pub source: ZoneSource,
}

impl AccountZone {
    /// The zone of the person's device; the site's where the device did not name one.
    pub fn guess(site: &Site, device: Option<&TimeZone>) -> Self {
        let (zone, source) = match device {
            Some(device) => (device, ZoneSource::Device),
            None => (&site.settings.time_zone, ZoneSource::Site),
        };
        Self {
            name: zone::name(zone).to_owned(),
            source,
        }
    }

    pub fn chosen(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            source: ZoneSource::Person,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("the address is another account's")]
    EmailTaken,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Creates an account without a credential. The caller adds a password, link or grant in the same
/// transaction. The email address counts as unverified, even if the person came with an invite
/// link.
pub fn create(tx: &mut Tx<'_>, new: &NewAccount) -> Result<AccountId, CreateError> {
    let id: AccountId = tx.id();
    let now = tx.now();
    sql!(
        "INSERT INTO account (id, state, display_name, folded_name, locale, time_zone,
             zone_source, created_at, updated_at)
         VALUES (:id, 'active', :name, :folded, :locale, :time_zone, :zone_source, :now, :now)",
        id,
        name = new.name.0,
        folded = text_cleaning::fold(&new.name.0),
        locale = new.locale,
        time_zone = new.zone.name,
        zone_source = new.zone.source.word(),
        now
    )
    .run(tx, Rows::Exactly(1))?;
    let count = sql!(
        "INSERT INTO email (account_id, address, canonical, verified_by, is_primary)
         VALUES (:id, :email, :canonical, :verified_by, 1) ON CONFLICT DO NOTHING",
        id,
        email = new.email.as_str(),
        canonical = new.email.canonical(),
        verified_by = VerifiedBy::None.word()
    )
    .run(tx, Rows::AtMostOne)?;
    if count == 0 {
        return Err(CreateError::EmailTaken);
    }
    Ok(id)
}

pub fn find(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<Account>, StoreError> {
    sql!(
        "SELECT a.id, a.display_name, e.address AS email, a.locale, a.time_zone
         FROM account a JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         WHERE a.id = :id AND a.state = 'active'",
        id
    )
    .maybe(tx)
}

pub(crate) fn find_in_any_state(
    tx: &mut Tx<'_>,
    id: &AccountId,
) -> Result<Option<Account>, StoreError> {
    sql!(
        "SELECT a.id, a.display_name, e.address AS email, a.locale, a.time_zone
         FROM account a JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         WHERE a.id = :id",
        id
    )
    .maybe(tx)
}

pub fn find_by_email(tx: &mut Tx<'_>, email: &Address) -> Result<Option<Account>, StoreError> {
    sql!(
        "SELECT a.id, a.display_name, e.address AS email, a.locale, a.time_zone
         FROM email e JOIN account a ON a.id = e.account_id
         WHERE e.canonical = :canonical AND e.is_primary = 1 AND a.state = 'active'",
        canonical = email.canonical()
    )
    .maybe(tx)
}

/// Finds the account with this email address, if the account's erasure is pending.
pub(crate) fn find_leaving(
    tx: &mut Tx<'_>,
    email: &Address,
) -> Result<Option<Account>, StoreError> {
    sql!(
        "SELECT a.id, a.display_name, e.address AS email, a.locale, a.time_zone
         FROM email e JOIN account a ON a.id = e.account_id
         WHERE e.canonical = :canonical AND e.is_primary = 1 AND a.state = 'pending_deletion'",
        canonical = email.canonical()
    )
    .maybe(tx)
}

/// Whether nobody has said in which zone the person reads times.
pub fn has_zone_of_site(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let (source,): (String,) =
        sql!("SELECT zone_source FROM account WHERE id = :id", id).one(tx)?;
    Ok(source == ZoneSource::Site.word())
}

/// Sets the zone in which the person reads times.
pub fn set_zone(tx: &mut Tx<'_>, id: &AccountId, zone: &AccountZone) -> Result<(), StoreError> {
    sql!(
        "UPDATE account SET time_zone = :name, zone_source = :source, updated_at = :now
         WHERE id = :id",
        name = zone.name,
        source = zone.source.word(),
        now = tx.now(),
        id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Records how the account's primary email address was verified.
pub(crate) fn verify_email(
    tx: &mut Tx<'_>,
    id: &AccountId,
    by: VerifiedBy,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE email SET verified_by = :by WHERE account_id = :id AND is_primary = 1",
        id,
        by = by.word()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// The account's email address, if it is verified.
pub fn verified_email(tx: &mut Tx<'_>, id: &AccountId) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> = sql!(
        "SELECT address FROM email
         WHERE account_id = :id AND is_primary = 1 AND verified_by <> 'none'",
        id
    )
    .maybe(tx)?;
    Ok(found.map(|(address,)| address))
}

/// Replaces the account's email address with `new`. The person has used a link that was mailed to
/// `new`. Returns `false` if another account has that address.
pub(crate) fn replace_email(
    tx: &mut Tx<'_>,
    id: &AccountId,
    new: &Address,
) -> Result<bool, StoreError> {
    let same = sql!(
        "UPDATE email SET address = :address, verified_by = :verified_by
         WHERE account_id = :id AND canonical = :canonical AND is_primary = 1",
        id,
        address = new.as_str(),
        canonical = new.canonical(),
        verified_by = VerifiedBy::Mail.word()
    )
    .run(tx, Rows::AtMostOne)?;
    if same == 1 {
        return Ok(true);
    }
    let inserted = sql!(
        "INSERT INTO email (account_id, address, canonical, verified_by, is_primary)
         VALUES (:id, :address, :canonical, :verified_by, 0) ON CONFLICT DO NOTHING",
        id,
        address = new.as_str(),
        canonical = new.canonical(),
        verified_by = VerifiedBy::Mail.word()
    )
    .run(tx, Rows::AtMostOne)?;
    if inserted == 0 {
        return Ok(false);
    }
    sql!(
        "DELETE FROM email WHERE account_id = :id AND is_primary = 1",
        id
    )
    .run(tx, Rows::Exactly(1))?;
    sql!(
        "UPDATE email SET is_primary = 1 WHERE account_id = :id AND canonical = :canonical",
        id,
        canonical = new.canonical()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(true)
}

/// Locks the account, and returns whether it is active. Functions that count the account's sessions
/// or tokens must call this first.
pub fn lock(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let locked: Option<(AccountId,)> = sql!(
        "SELECT id FROM account WHERE id = :id AND state = 'active' FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    Ok(locked.is_some())
}

/// Like [`lock`], for an account in any state. Returns whether the account exists.
pub(crate) fn lock_in_any_state(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let locked: Option<(AccountId,)> = sql!(
        "SELECT id FROM account WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    Ok(locked.is_some())
}

pub(crate) fn set_state(tx: &mut Tx<'_>, id: &AccountId, state: State) -> Result<(), StoreError> {
    sql!(
        "UPDATE account SET state = :state, updated_at = :now WHERE id = :id",
        now = tx.now(),
        state,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Records in the audit log what a person did with their own account.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    id: &AccountId,
    action: &'static str,
    entity: Entity,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: Actor::Account(id.to_string()),
        action,
        entity,
        scope: None,
        changes: json!([]),
        request: Some(request.clone()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_shows_what_it_says() {
        for (typed, name) in [
            ("  Farah   binti\tAli ", "Farah binti Ali"),
            ("陈志明", "陈志明"),
            ("Fa\u{202e}rah\u{200b}", "Farah"),
            ("e\u{301}a", "éa"),
        ] {
            assert_eq!(typed.parse::<DisplayName>().unwrap().as_str(), name);
        }
        for typed in ["", "a", "\u{200b}\u{200b}\u{200b}", &"a".repeat(51)] {
            assert_eq!(
                typed.parse::<DisplayName>(),
                Err(NotAName::Length),
                "{typed}"
            );
        }
    }

    #[test]
    fn the_name_of_a_stranger_is_no_web_address() {
        for typed in ["Visit http://evil.example", "evil.\u{200b}example"] {
            assert!(typed.parse::<DisplayName>().is_ok());
            assert_eq!(DisplayName::of_stranger(typed), Err(NotAName::Address));
        }
        assert_eq!(DisplayName::of_stranger("a"), Err(NotAName::Length));
        assert!(DisplayName::of_stranger("A.Kadir b. Ali").is_ok());
    }

    proptest! {
        #[test]
        fn a_name_is_its_own_name(text in ".{0,60}") {
            if let Ok(name) = text.parse::<DisplayName>() {
                prop_assert_eq!(&name.as_str().parse::<DisplayName>().unwrap(), &name);
            }
        }
    }
}
