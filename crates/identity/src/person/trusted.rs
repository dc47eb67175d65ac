//! Trusted contacts: people who may see content that an account hides from everybody else.
//!
//! A trusted contact has a duty in the scope of the account. Administrators can also grant this
//! duty in the installation. It then applies to all accounts.

use jiff::Timestamp;
use platform::audit::RequestFacts;
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;

use crate::account::AccountId;
use crate::grant::{self, ACCOUNT, GrantError, Scope, TRUSTED_CONTACT};
use crate::person::slug;
use crate::session::signed_in::{Confirmed, SignedIn};
use crate::session::sudo::{self, SudoRequired};

/// The maximum number of a person's trusted contacts.
pub const LIMIT: usize = 100;

/// A trusted contact.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = TrustedContact)]
pub struct Contact {
    /// The id of the contact's account.
    pub account: AccountId,
    /// The contact's name.
    pub name: String,
    /// The contact's slug in public URLs; null if they have none.
    pub slug: Option<String>,
    /// When the person became a trusted contact.
    pub since: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// No account has this slug, or the slug is the person's own.
    #[error("nobody else has this slug")]
    PersonUnknown,
    #[error("there are {LIMIT} already")]
    LimitReached,
    #[error(transparent)]
    SudoRequired(#[from] SudoRequired),
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether `who` may see the content that `account` shows only to its trusted contacts.
pub fn is_trusted(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    account: &AccountId,
) -> Result<bool, StoreError> {
    Ok(
        grant::has_duty(tx, who, &ACCOUNT.scope(account), TRUSTED_CONTACT)?
            || grant::has_duty(tx, who, &Scope::site(), TRUSTED_CONTACT)?,
    )
}

/// The trusted contacts of an account, sorted by name.
pub fn list(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Contact>, StoreError> {
    let now = tx.roughly_now();
    sql!(
        "SELECT g.account_id AS account, a.display_name AS name, s.slug, g.granted_at AS since
         FROM role_grant g
         JOIN account a ON a.id = g.account_id AND a.state = 'active'
         LEFT JOIN account_slug s ON s.account_id = a.id AND s.until IS NULL
         WHERE g.scope_kind = :kind AND g.scope_id = :account AND g.role = :role
           AND (g.expires_at IS NULL OR g.expires_at > :now)
         ORDER BY a.display_name, a.id",
        kind = ACCOUNT.name,
        account,
        role = TRUSTED_CONTACT,
        now
    )
    .all(tx)
}

/// Makes the person with this slug a trusted contact. Requires a recent proof, which also locks the
/// account, so that concurrent calls cannot exceed the limit.
pub fn add(tx: &mut Tx<'_>, by: &Confirmed, slug: &str) -> Result<(), TrustError> {
    sudo::require::<TrustError>(tx, by.who())?;
    let own = &by.who().account().id;
    if list(tx, own)?.len() >= LIMIT {
        return Err(TrustError::LimitReached);
    }
    let found = slug::account(tx, slug)?.filter(|found| found.id != *own);
    let person = found.ok_or(TrustError::PersonUnknown)?.id;
    let scope = ACCOUNT.scope(own);
    Ok(grant::give(
        tx,
        &person,
        TRUSTED_CONTACT,
        &scope,
        Some(own),
    )?)
}

pub fn remove(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    account: &AccountId,
    request: &RequestFacts,
) -> Result<(), GrantError> {
    let scope = ACCOUNT.scope(&who.account().id);
    let request = Some(request.clone());
    grant::take_duty(tx, who.actor(), account, &scope, TRUSTED_CONTACT, request)
}
