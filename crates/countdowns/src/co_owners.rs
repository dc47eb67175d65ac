//! Who keeps a countdown together. All are its owners; the one under whose name it is found stays.

use accounts::account::AccountId;
use accounts::grant::{self, GrantError, Manager, Member, Scope};
use accounts::invite::{self, Invite};
use accounts::sudo;
use platform::{Secret, StoreError, Tx, sql};

use crate::countdown::{self, OWNER, OwnerOf};
use crate::{NAMED_AFTER, Refusal};

/// How many owners a countdown has at most, open invites included.
pub const LIMIT: usize = 20;

/// What the countdown of this scope is called.
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

/// All owners, in the order they came.
pub fn list(tx: &mut Tx<'_>, owner: &OwnerOf) -> Result<Vec<Member>, StoreError> {
    grant::list(tx, &countdown::scope(&owner.countdown().id))
}

/// Invites that nobody has taken yet.
pub fn list_invites(tx: &mut Tx<'_>, owner: &OwnerOf) -> Result<Vec<Invite>, Refusal> {
    let manager = manager(tx, owner)?;
    Ok(invite::list(tx, &manager)?)
}

/// Makes a link that makes an owner of who takes it: once, within 7 days. The secret is the last
/// part of `/admin/join/{…}`, and is shown this once. The countdown's lock is held.
pub fn invite(tx: &mut Tx<'_>, owner: &OwnerOf) -> Result<Secret, Refusal> {
    let manager = manager(tx, owner)?;
    sudo::require::<Refusal>(tx, owner.asking().0)?;
    let count = list(tx, owner)?.len() + invite::list(tx, &manager)?.len();
    if count >= LIMIT {
        return Err(Refusal::LimitReached(i64::try_from(LIMIT).unwrap_or(0)));
    }
    invite::create(tx, &manager, OWNER).map_err(refused)
}

/// Withdraws an invite.
pub fn withdraw(tx: &mut Tx<'_>, owner: &OwnerOf, id: &str) -> Result<(), Refusal> {
    let manager = manager(tx, owner)?;
    let is_gone = invite::remove(tx, &manager, id)?;
    is_gone.then_some(()).ok_or(Refusal::NotFound)
}

/// Takes an owner away, or leaves. The countdown's lock is held.
pub fn remove(tx: &mut Tx<'_>, owner: &OwnerOf, account: &AccountId) -> Result<(), Refusal> {
    let manager = manager(tx, owner)?;
    if countdown::account_of(tx, &owner.countdown().id)? == *account {
        return Err(NAMED_AFTER.into());
    }
    // Who leaves takes nothing from anybody.
    if account != owner.account() {
        sudo::require::<Refusal>(tx, owner.asking().0)?;
    }
    grant::remove(tx, &manager, account).map_err(refused)
}

/// Each of them may decide it, in person.
fn manager(tx: &mut Tx<'_>, owner: &OwnerOf) -> Result<Manager, Refusal> {
    let (who, request) = owner.asking();
    let scope = countdown::scope(&owner.countdown().id);
    let manager = grant::manager(tx, who, scope, Some(request.clone()))?;
    manager.ok_or(Refusal::TokenNotPermitted)
}

/// Why a grant is not removed, where the last owner is the one under whose name it is found.
fn refused(error: GrantError) -> Refusal {
    match error {
        GrantError::NotAMember | GrantError::UnknownRole => Refusal::NotFound,
        GrantError::LastOwner => NAMED_AFTER.into(),
        GrantError::Store(error) => Refusal::Store(error),
    }
}
