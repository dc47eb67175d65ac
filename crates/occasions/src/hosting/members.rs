//! The members of an occasion. Every host can see them. Only an owner can change them, and only in
//! a session, not with an API token.

use identity::account::AccountId;
use identity::grant::{self, GrantError, Manager, Member};
use identity::people::invite::{self, Invite};
use identity::session::sudo;
use platform::{Secret, StoreError, Tx};

use super::Refusal;
use super::permissions::{HostOf, Permission};
use crate::answer_notification;
use crate::role::{self, Role};

/// The maximum number of members of an occasion. A link that nobody has used yet counts as a
/// member.
pub const LIMIT: usize = 50;

/// Returns all members, in the order in which they joined. For observers, email addresses are left
/// out.
pub fn list(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<Member>, Refusal> {
    host.needs(Permission::See)?;
    let mut members = grant::list(tx, &role::scope(host.occasion()))?;
    if !host.may(Permission::SeeContacts) {
        for member in &mut members {
            member.email.clear();
        }
    }
    Ok(members)
}

/// Returns the links that nobody has used yet.
pub fn list_invites(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<Invite>, Refusal> {
    let manager = manager(tx, host)?;
    Ok(invite::list(tx, &manager)?)
}

/// Creates a link that gives a role to the first person who opens it within 7 days. Returns the
/// secret, which is the last part of the link's path `/admin/join/{…}`. The secret cannot be read
/// again later.
pub fn invite(tx: &mut Tx<'_>, host: &HostOf, role: Role) -> Result<Secret, Refusal> {
    let manager = proved_manager(tx, host)?;
    let members = grant::list(tx, manager.scope())?.len();
    if members + invite::list(tx, &manager)?.len() >= LIMIT {
        return Err(Refusal::LimitReached(i64::try_from(LIMIT).unwrap_or(0)));
    }
    invite::create(tx, &manager, role.into()).map_err(Refusal::from)
}

pub fn withdraw(tx: &mut Tx<'_>, host: &HostOf, id: &str) -> Result<(), Refusal> {
    let manager = manager(tx, host)?;
    if invite::remove(tx, &manager, id)? {
        Ok(())
    } else {
        Err(Refusal::NotFound)
    }
}

pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    account: &AccountId,
    role: Role,
) -> Result<(), Refusal> {
    let manager = proved_manager(tx, host)?;
    Ok(grant::change(tx, &manager, account, role.into())?)
}

/// Removes a member. Members can always remove themselves.
pub fn remove(tx: &mut Tx<'_>, host: &HostOf, account: &AccountId) -> Result<(), Refusal> {
    if account == host.account()
        && let Some(who) = host.who()
    {
        host.needs_person()?;
        let scope = role::scope(host.occasion());
        grant::leave(tx, who, &scope, host.request())?;
    } else {
        let manager = proved_manager(tx, host)?;
        grant::remove(tx, &manager, account)?;
    }
    Ok(answer_notification::stop(tx, account, host.occasion())?)
}

/// For changes that affect other people's permissions.
fn proved_manager(tx: &mut Tx<'_>, host: &HostOf) -> Result<Manager, Refusal> {
    let manager = manager(tx, host)?;
    if let Some(who) = host.who() {
        sudo::require::<Refusal>(tx, who)?;
    }
    Ok(manager)
}

fn manager(tx: &mut Tx<'_>, host: &HostOf) -> Result<Manager, Refusal> {
    host.needs(Permission::Own)?;
    host.needs_person()?;
    let who = host.who().ok_or(Refusal::TokenNotPermitted)?;
    let scope = role::scope(host.occasion());
    let manager = grant::manager(tx, who, scope, host.request())?;
    manager.ok_or(Refusal::Forbidden)
}

impl From<GrantError> for Refusal {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::NotAMember => Self::NotFound,
            GrantError::UnknownRole => {
                let mut fields = web::Findings::default();
                fields.add("/role", "unknown_option", []);
                fields.finish().err().map_or(Self::Forbidden, Self::Fields)
            }
            GrantError::LastOwner => Self::LastOwner,
            GrantError::Store(error) => Self::Store(error),
        }
    }
}

/// Returns the name of an account. The audit log contains only the id of the account.
pub fn name_of(tx: &mut Tx<'_>, account: &AccountId) -> Result<Option<String>, StoreError> {
    let found = identity::account::find(tx, account)?;
    Ok(found.map(|account| account.display_name))
}
