//! Permissions in an occasion. Checking a caller returns a [`HostOf`] as proof. Every function that
//! requires a permission takes a [`HostOf`] as an argument.

use identity::account::AccountId;
use identity::grant;
use identity::session::signed_in::SignedIn;
use identity::session::token::TokenScope;
use platform::audit::{Actor, RequestFacts};
use platform::id::Id;
use platform::{StoreError, Tx, sql};

use super::Refusal;
use crate::id::{GuestId, InvitationId, OccasionId};
use crate::role::{self, Role};
use crate::token_scopes::{OCCASION_READ, RSVPS_READ};

/// Proves that the caller has a role in an occasion. Only the functions of this module create this
/// value, in the transaction that uses it.
#[derive(Clone, Debug)]
pub struct HostOf {
    occasion: OccasionId,
    role: Role,
    account: AccountId,
    actor: Actor,
    who: Option<SignedIn>,
    request: Option<RequestFacts>,
}

/// A permission that a role includes. An API token's scopes can take permissions away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See the overview, the lists and the names in them.
    See,
    /// See what hosts entered: the occasion, events, questions and invitations.
    SeeOccasion,
    /// See what guests entered: replies, answers, dietary requirements and notes.
    SeeAnswers,
    /// See codes, links, contact data, and notes that are only for hosts.
    SeeContacts,
    /// Create, change and archive invitations and guests. Record answers for guests, lock answers,
    /// set a household's deadline, and run bulk actions.
    Invite,
    /// Change texts and the events' schedules.
    Write,
    ReadLog,
    /// Change the occasion's deadline, switches, theme, events and status, the invitations' codes,
    /// and the members.
    Own,
}

impl Permission {
    /// Returns the lowest role with this permission. All higher roles have the permission too.
    pub fn least_role(self) -> Role {
        match self {
            Self::See | Self::SeeOccasion | Self::SeeAnswers => Role::Observer,
            Self::SeeContacts | Self::Invite | Self::Write | Self::ReadLog => Role::Coordinator,
            Self::Own => Role::OccasionOwner,
        }
    }
}

impl HostOf {
    pub fn occasion(&self) -> &OccasionId {
        &self.occasion
    }

    pub fn role(&self) -> Role {
        self.role
    }

    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// Returns the actor for lines of the audit log.
    pub fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// Returns the facts about the request that the audit log needs.
    pub fn request(&self) -> Option<RequestFacts> {
        self.request.clone()
    }

    /// Returns the host's session or token; `None` in a background job.
    pub(crate) fn who(&self) -> Option<&SignedIn> {
        self.who.as_ref()
    }

    /// Whether this host has the permission. The role and the token's scopes must both allow it.
    pub fn may(&self, permission: Permission) -> bool {
        self.has_role_for(permission) && self.missing(permission).is_none()
    }

    fn has_role_for(&self, permission: Permission) -> bool {
        self.role >= permission.least_role()
    }

    fn missing(&self, permission: Permission) -> Option<TokenScope> {
        let who = self.who.as_ref()?;
        let lacks = |scope: &TokenScope| !who.has(*scope);
        let (occasion, answers) = (OCCASION_READ, RSVPS_READ);
        match permission {
            Permission::See => Some(occasion).filter(|_| lacks(&occasion) && lacks(&answers)),
            Permission::SeeOccasion | Permission::SeeContacts => Some(occasion).filter(lacks),
            Permission::SeeAnswers => Some(answers).filter(lacks),
            Permission::ReadLog => [occasion, answers].into_iter().find(lacks),
            Permission::Invite | Permission::Write | Permission::Own => None,
        }
    }

    /// Refuses the caller unless [`HostOf::may`] is true for the permission.
    pub fn needs(&self, permission: Permission) -> Result<(), Refusal> {
        if !self.has_role_for(permission) {
            return Err(Refusal::Forbidden);
        }
        self.missing(permission)
            .map_or(Ok(()), |scope| Err(Refusal::ScopeRequired(scope)))
    }

    /// Refuses API tokens, because the action requires a session.
    pub fn needs_person(&self) -> Result<(), Refusal> {
        match &self.who {
            Some(who) if who.is_in_browser() => Ok(()),
            _ => Err(Refusal::TokenNotPermitted),
        }
    }
}

/// Checks that `who` is a host of this occasion. Anybody else gets "not found".
pub fn enter(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    occasion: &OccasionId,
    request: Option<RequestFacts>,
) -> Result<HostOf, Refusal> {
    let role = role::of(tx, who, occasion)?.ok_or(Refusal::NotFound)?;
    Ok(HostOf {
        occasion: occasion.clone(),
        role,
        account: who.account().id.clone(),
        actor: who.actor(),
        who: Some(who.clone()),
        request,
    })
}

/// Like [`enter`], but finds the occasion by an invitation.
pub fn enter_by_invitation(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    invitation: &InvitationId,
    request: Option<RequestFacts>,
) -> Result<HostOf, Refusal> {
    let found: Option<(OccasionId,)> = sql!(
        "SELECT occasion FROM invitation WHERE id = :invitation",
        invitation
    )
    .maybe(tx)?;
    let (occasion,) = found.ok_or(Refusal::NotFound)?;
    enter(tx, who, &occasion, request)
}

/// Like [`enter`], but finds the occasion by a guest.
pub fn enter_by_guest(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    guest: &GuestId,
    request: Option<RequestFacts>,
) -> Result<HostOf, Refusal> {
    let found: Option<(OccasionId,)> = sql!(
        "SELECT invitation.occasion FROM guest
         JOIN invitation ON invitation.id = guest.invitation WHERE guest.id = :guest",
        guest
    )
    .maybe(tx)?;
    let (occasion,) = found.ok_or(Refusal::NotFound)?;
    enter(tx, who, &occasion, request)
}

/// Returns a [`HostOf`] for a background job that acts for an account; `None` if the account is no
/// longer a host.
pub fn resume(
    tx: &mut Tx<'_>,
    account: &AccountId,
    occasion: &OccasionId,
) -> Result<Option<HostOf>, StoreError> {
    let rank = grant::rank_of(tx, account, &role::scope(occasion))?;
    Ok(rank.map(|rank| HostOf {
        occasion: occasion.clone(),
        role: rank.into(),
        account: account.clone(),
        actor: Actor::Account(account.to_string()),
        who: None,
        request: None,
    }))
}

/// Returns the occasions in which `who` is a host, with the role in each, newest first.
pub fn occasions_of(
    tx: &mut Tx<'_>,
    who: &SignedIn,
) -> Result<Vec<(OccasionId, Role)>, StoreError> {
    let mut all: Vec<(OccasionId, Role)> = grant::ranks_of(tx, who, &role::OCCASION)?
        .into_iter()
        .map(|(id, rank)| (Id::from_text(id), rank.into()))
        .collect();
    all.reverse();
    Ok(all)
}

#[cfg(test)]
impl HostOf {
    /// Creates a [`HostOf`] without a check, for tests of rules that do not depend on roles.
    pub(crate) fn for_test(occasion: OccasionId, role: Role) -> Self {
        Self {
            occasion,
            role,
            account: Id::from_text("01970000-0000-7000-8000-0000000000aa".to_owned()),
            actor: Actor::System,
            who: None,
            request: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_roles() {
        use Permission::{Invite, Own, ReadLog, See, SeeAnswers, SeeContacts, SeeOccasion, Write};
        let observes = [See, SeeOccasion, SeeAnswers];
        let coordinates = [SeeContacts, Invite, Write, ReadLog];
        let occasion: OccasionId = Id::from_text("01970000-0000-7000-8000-000000000001".to_owned());
        for (role, may) in [
            (Role::Observer, observes.to_vec()),
            (Role::Coordinator, [&observes[..], &coordinates].concat()),
            (
                Role::OccasionOwner,
                [&observes[..], &coordinates, &[Own]].concat(),
            ),
        ] {
            let host = HostOf::for_test(occasion.clone(), role);
            for permission in [&observes[..], &coordinates, &[Own]].concat() {
                assert_eq!(
                    host.may(permission),
                    may.contains(&permission),
                    "{role:?} {permission:?}"
                );
                assert_eq!(host.needs(permission).is_ok(), may.contains(&permission));
            }
        }
    }
}
