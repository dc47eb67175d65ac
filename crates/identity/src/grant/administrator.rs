//! Proofs that a person administers or owns the installation.
//!
//! Administrators cannot act on people of higher rank.

use platform::audit::{Entity, Entry, RequestFacts};
use platform::{StoreError, Tx};
use serde_json::json;

use super::owners_lock::{Held, hold};
use crate::account::AccountId;
use crate::grant::{self, GrantError};
use crate::scope::{Role, SITE, Scope};
use crate::session::signed_in::SignedIn;
use crate::session::sudo::Sudo;

#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    #[error("only accounts with the role {0} may do this")]
    Rank(Role),
    #[error("no such person")]
    NotFound,
    #[error("the person's rank is above one's own")]
    AboveOwn,
    /// The installation would have no owner who can sign in.
    #[error("the last owner cannot be removed")]
    LastOwner,
    /// The account's email address is not confirmed, so somebody else may have registered it.
    #[error("the address is not confirmed")]
    EmailUnverified,
    #[error("the account is about to be erased")]
    Leaving,
    #[error("the account is deactivated")]
    Deactivated,
    #[error("the account has neither a second factor nor a passkey")]
    NoFactors,
    /// The person's email address receives no mail, so the person would not learn of the planned
    /// removal.
    #[error("the address receives no mail")]
    NoMail,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<GrantError> for PeopleError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::LastOwner => Self::LastOwner,
            GrantError::NotAMember | GrantError::UnknownRole => Self::NotFound,
            GrantError::Store(error) => Self::Store(error),
        }
    }
}

/// The proof that a person administers the installation. API tokens never give this proof.
#[derive(Clone, Debug)]
pub struct Administrator {
    pub(crate) who: SignedIn,
    rank: Role,
    pub(crate) request: RequestFacts,
}

impl Administrator {
    pub(crate) fn name(&self) -> &str {
        &self.who.account().display_name
    }

    pub fn is_owner(&self) -> bool {
        self.rank == grant::OWNER
    }
}

/// Returns an [`Administrator`] if `who` administers the installation.
pub fn administrator(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    request: &RequestFacts,
) -> Result<Administrator, PeopleError> {
    let rank = grant::rank_in(tx, who, &Scope::site())?;
    let rank = rank.filter(|_| who.is_in_browser());
    Ok(Administrator {
        who: who.clone(),
        rank: rank.ok_or(PeopleError::Rank(grant::ADMIN))?,
        request: request.clone(),
    })
}

/// The proof that an administrator is in sudo mode. Every change requires this proof.
#[derive(Clone, Debug)]
pub struct Acting(pub(crate) Administrator);

impl Acting {
    /// Returns the administrator if they are also an owner of the installation.
    pub(crate) fn owner(&self) -> Result<&Administrator, PeopleError> {
        let owner = Some(&self.0).filter(|by| by.is_owner());
        owner.ok_or(PeopleError::Rank(grant::OWNER))
    }

    pub(crate) fn account(&self) -> &AccountId {
        &self.0.who.account().id
    }

    pub(crate) fn record(
        &self,
        tx: &mut Tx<'_>,
        action: &'static str,
        person: &AccountId,
    ) -> Result<(), StoreError> {
        let by = &self.0;
        tx.record(Entry {
            actor: by.who.actor(),
            action,
            entity: Entity::new("account", person.to_string()),
            scope: None,
            changes: json!([]),
            request: Some(by.request.clone()),
        })
    }
}

/// Returns an [`Acting`] if the person administers the installation. `sudo` proves that the session
/// is in sudo mode.
pub fn acting(tx: &mut Tx<'_>, sudo: &Sudo, request: &RequestFacts) -> Result<Acting, PeopleError> {
    administrator(tx, sudo.who(), request).map(Acting)
}

/// Locks a person's account and all owners of the installation. Fails if the administrator may not
/// act on this person.
pub(crate) fn hold_for(tx: &mut Tx<'_>, by: &Acting, id: &AccountId) -> Result<Held, PeopleError> {
    let held = hold(tx, id)?.ok_or(PeopleError::NotFound)?;
    if held
        .rank
        .is_some_and(|rank| !SITE.at_least(by.0.rank, rank))
    {
        return Err(PeopleError::AboveOwn);
    }
    Ok(held)
}

/// The proof that a person owns the installation. API tokens never give this proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner(SignedIn);

impl Owner {
    pub fn who(&self) -> &SignedIn {
        &self.0
    }
}

/// Returns an [`Owner`] if `who` owns the installation.
pub fn owner(tx: &mut Tx<'_>, who: SignedIn) -> Result<Option<Owner>, StoreError> {
    let is_owner = grant::rank_in(tx, &who, &Scope::site())? == Some(grant::OWNER);
    Ok((is_owner && who.is_in_browser()).then_some(Owner(who)))
}
