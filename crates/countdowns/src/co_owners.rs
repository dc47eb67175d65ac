//! Co-owners of a countdown. All owners have equal rights, except that the owner whose slug is in
//! the countdown's URL cannot leave.

use identity::account::AccountId;
use identity::grant::{self, GrantError, Manager, Member, Scope};
use identity::people::invite::{self, Invite};
use identity::session::sudo;
use platform::{Secret, StoreError, Tx, sql};

use crate::Refusal;
use crate::codes::NAMED_AFTER;
use crate::countdown::{self, OWNER, OwnerOf};

/// The maximum number of owners of a countdown, including open invites.
pub const LIMIT: usize = 20;

pub(crate) fn title_of(tx: &mut Tx<'_>, scope: &Scope) -> Result<Option<String>, StoreError> {
    if scope.kind().name != countdown::COUNTDOWN.name {
        return Ok(None);
    }
    let found: Option<(String,)> = sql!(
        "SELECT title FROM countdown WHERE id = :id",
        id = scope.id()
    )
    .maybe(tx)?;
    Ok(found.map(|(title,)| title))
}

/// All owners, in the order in which they joined.
pub fn list(tx: &mut Tx<'_>, owner: &OwnerOf) -> Result<Vec<Member>, StoreError> {
    grant::list(tx, &countdown::scope(&owner.countdown().id))
}

pub fn list_invites(tx: &mut Tx<'_>, owner: &OwnerOf) -> Result<Vec<Invite>, Refusal> {
    let manager = manager(tx, owner)?;
    Ok(invite::list(tx, &manager)?)
}

/// Creates an invite link that works once, within 7 days. The person who uses it becomes an owner.
/// The returned secret is the last part of `/admin/join/{…}`; it is not stored. The caller holds
/// the countdown's lock.
pub fn invite(tx: &mut Tx<'_>, owner: &OwnerOf) -> Result<Secret, Refusal> {
    let manager = manager(tx, owner)?;
    sudo::require::<Refusal>(tx, owner.asking().0)?;
    let count = list(tx, owner)?.len() + invite::list(tx, &manager)?.len();
    if count >= LIMIT {
        return Err(Refusal::LimitReached(i64::try_from(LIMIT).unwrap_or(0)));
    }
    invite::create(tx, &manager, OWNER).map_err(refused)
}

pub fn withdraw(tx: &mut Tx<'_>, owner: &OwnerOf, id: &str) -> Result<(), Refusal> {
    let manager = manager(tx, owner)?;
    let is_gone = invite::remove(tx, &manager, id)?;
    is_gone.then_some(()).ok_or(Refusal::NotFound)
}

/// Removes another owner or the caller. The caller holds the countdown's lock.
pub fn remove(tx: &mut Tx<'_>, owner: &OwnerOf, account: &AccountId) -> Result<(), Refusal> {
    let manager = manager(tx, owner)?;
    if countdown::account_of(tx, &owner.countdown().id)? == *account {
        return Err(NAMED_AFTER.into());
    }
    // Leaving takes nothing from others, so a person who leaves need not have confirmed their
    // identity recently.
    if account != owner.account() {
        sudo::require::<Refusal>(tx, owner.asking().0)?;
    }
    grant::remove(tx, &manager, account).map_err(refused)
}

/// Every owner may do so in a browser, but not with an API token.
fn manager(tx: &mut Tx<'_>, owner: &OwnerOf) -> Result<Manager, Refusal> {
    let (who, request) = owner.asking();
    let scope = countdown::scope(&owner.countdown().id);
    let manager = grant::manager(tx, who, scope, Some(request.clone()))?;
    manager.ok_or(Refusal::TokenNotPermitted)
}

/// If no owner would be left, the last one is the one whose slug is in the countdown's URL.
fn refused(error: GrantError) -> Refusal {
    match error {
        GrantError::NotAMember | GrantError::UnknownRole => Refusal::NotFound,
        GrantError::LastOwner => NAMED_AFTER.into(),
        GrantError::Store(error) => Refusal::Store(error),
    }
}
