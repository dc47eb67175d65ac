//! Import of accounts from another system, with their ids, email addresses and passwords.
//!
//! Existing data is kept, so an import can be repeated.

use jiff::Timestamp;
use platform::key::Key;
use platform::mail::Address;
use platform::mail::suppression::{self, Cause};
use platform::{Rows, StoreError, Tx, sql, text_cleaning};

use crate::account::{self, AccountId, DisplayName, VerifiedBy, unconfirmed};
use crate::credential::hashing;
use crate::credential::linked_identity::{self, Identity, IdentityId};
use crate::credential::password::PasswordHash;
use crate::grant::{self, GrantError, Role, Scope};
use crate::person::profile::Profile;
use crate::person::slug;

/// The maximum length of a name, in characters.
const NAME: usize = 50;

/// A person who has an account in another system.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account's id, which is the same in both systems.
    pub id: AccountId,
    pub email: Address,
    /// The display name. [`add`] shortens it to the maximum length.
    pub name: String,
    /// The slug. It may be longer than slugs that people can choose.
    pub slug: String,
    /// Whether the person may sign in.
    pub is_active: bool,
    /// The language for the person's mails.
    pub locale: String,
    pub time_zone: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Added,
    Known,
    /// Another account already has the email address. This is the id of that account.
    EmailTaken(AccountId),
    /// Another account has the slug, or had it recently.
    SlugTaken,
    /// The slug has characters other than `a-z0-9-`.
    SlugInvalid,
}

/// Imports a person. If the outcome is a refusal, the transaction must be rolled back.
pub fn add(tx: &mut Tx<'_>, person: &Person) -> Result<Outcome, StoreError> {
    let name = match person.name.parse::<DisplayName>() {
        Ok(name) => name.as_str().to_owned(),
        Err(_) => text_cleaning::clean_line(&person.name)
            .chars()
            .take(NAME)
            .collect(),
    };
    let name = if name.is_empty() { &person.slug } else { &name };
    let added = sql!(
        "INSERT INTO account (id, state, display_name, folded_name, locale, time_zone,
             zone_source, created_at, updated_at)
         VALUES (:id, :state, :name, :folded, :locale, :time_zone, 'site', :created_at,
             :updated_at)
         ON CONFLICT (id) DO NOTHING",
        id = person.id,
        state = if person.is_active {
            "active"
        } else {
            "deactivated"
        },
        name,
        folded = text_cleaning::fold(name),
        locale = person.locale,
        time_zone = person.time_zone,
        created_at = person.created_at,
        updated_at = person.updated_at
    )
    .run(tx, Rows::AtMostOne)?;
    if added == 0 {
        return Ok(Outcome::Known);
    }
    let added = sql!(
        "INSERT INTO email (account_id, address, canonical, verified_by, is_primary)
         VALUES (:id, :email, :canonical, 'none', 1) ON CONFLICT DO NOTHING",
        id = person.id,
        email = person.email.as_str(),
        canonical = person.email.canonical()
    )
    .run(tx, Rows::AtMostOne)?;
    if added == 0 {
        let (other,): (AccountId,) = sql!(
            "SELECT account_id FROM email
             WHERE canonical = :canonical AND (is_primary = 1 OR verified_by <> 'none')",
            canonical = person.email.canonical()
        )
        .one(tx)?;
        return Ok(Outcome::EmailTaken(other));
    }
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if person.slug.is_empty() || !person.slug.bytes().all(allowed) {
        return Ok(Outcome::SlugInvalid);
    }
    if !slug::take(tx, &person.id, &person.slug)? {
        return Ok(Outcome::SlugTaken);
    }
    unconfirmed::await_confirmation(tx, &person.id)?;
    Ok(Outcome::Added)
}

/// Stores the hash of the person's password. Returns `false` if this server cannot check hashes of
/// this type.
pub fn set_password(
    tx: &mut Tx<'_>,
    id: &AccountId,
    hash: &str,
    changed_at: Timestamp,
) -> Result<bool, StoreError> {
    let hash = PasswordHash::from_phc(hash.to_owned());
    if !hashing::is_supported(&hash) {
        return Ok(false);
    }
    sql!(
        "INSERT INTO password (account_id, hash, changed_at) VALUES (:id, :hash, :changed_at)
         ON CONFLICT (account_id) DO NOTHING",
        id,
        hash = hash.phc(),
        changed_at
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(true)
}

/// Stores the person's profile. The display name is not stored here but in [`add`]. Returns `false`
/// if the website was omitted because it is not a valid https URL.
pub fn set_profile(
    tx: &mut Tx<'_>,
    id: &AccountId,
    mut profile: Profile,
) -> Result<bool, StoreError> {
    let is_website = profile.clean_imported();
    sql!(
        "UPDATE account SET real_name = :real_name, bio = :bio, location = :location,
             website = :website
         WHERE id = :id",
        id,
        real_name = profile.real_name,
        bio = profile.bio,
        location = profile.location,
        website = profile.website
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(is_website)
}

/// Records that the email address is confirmed, because the other system confirmed it with a mailed
/// link.
pub fn verify_email(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), StoreError> {
    account::verify_email(tx, id, VerifiedBy::Mail)?;
    unconfirmed::end(tx, id)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    Added,
    Known,
    /// The identity belongs to another account, or the person has another identity at this
    /// provider, or the person has unlinked the identity.
    No,
}

/// Links the provider's identity that a person had in the other system. If the account existed
/// before the import (`is_new` is false), nothing is linked, because its owner may have unlinked
/// the identity.
pub fn link(
    tx: &mut Tx<'_>,
    id: &AccountId,
    identity: &Identity,
    linked_at: Timestamp,
    is_new: bool,
) -> Result<Linked, StoreError> {
    if linked_identity::owner(tx, identity)?.as_ref() == Some(id) {
        return Ok(Linked::Known);
    }
    if !is_new {
        return Ok(Linked::No);
    }
    let identity_id: IdentityId = tx.id();
    let added = sql!(
        "INSERT INTO linked_identity (id, account_id, issuer, subject, linked_at)
         VALUES (:identity_id, :id, :issuer, :subject, :linked_at) ON CONFLICT DO NOTHING",
        identity_id,
        id,
        issuer = identity.issuer,
        subject = identity.subject,
        linked_at
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(if added == 1 {
        Linked::Added
    } else {
        Linked::No
    })
}

/// Grants a person a role in the installation. Returns `false` if they already have that role or a
/// higher one.
pub fn give(tx: &mut Tx<'_>, id: &AccountId, role: Role) -> Result<bool, GrantError> {
    let site = Scope::site();
    let rank = grant::rank_of(tx, id, &site)?;
    if rank.is_some_and(|rank| site.kind().at_least(rank, role)) {
        return Ok(false);
    }
    grant::give(tx, id, role, &site, None)?;
    unconfirmed::end(tx, id)?;
    Ok(true)
}

/// Grants a person a duty in the installation. An unconfirmed email address stays unconfirmed: the
/// person must confirm it before they can do anything that requires a confirmed address.
pub fn give_duty(tx: &mut Tx<'_>, id: &AccountId, duty: Role) -> Result<(), GrantError> {
    let was_pending = unconfirmed::is_pending(tx, id)?;
    grant::give(tx, id, duty, &Scope::site(), None)?;
    if was_pending {
        unconfirmed::await_again(tx, id)?;
    }
    Ok(())
}

/// The account with this email address, whether or not the address is confirmed.
pub fn find_by_address(
    tx: &mut Tx<'_>,
    address: &Address,
) -> Result<Option<AccountId>, StoreError> {
    let found: Option<(AccountId,)> = sql!(
        "SELECT account_id FROM email
         WHERE canonical = :canonical AND (is_primary = 1 OR verified_by <> 'none')",
        canonical = address.canonical()
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Stops mail to an email address, because a mail bounced or the recipient unsubscribed. Returns
/// `false` if mail to it was already stopped.
pub fn suppress(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    cause: Cause,
) -> Result<bool, StoreError> {
    if cause == Cause::Unsubscribe {
        return suppression::unsubscribe_from_all(tx, key, address);
    }
    let known = suppression::find(tx, key, address)?;
    if known.is_some_and(|known| known >= cause) {
        return Ok(false);
    }
    suppression::record(tx, key, address, cause)?;
    Ok(true)
}
