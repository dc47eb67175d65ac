//! Who may do what to an occasion. The check returns a proof, and every
//! function that needs leave asks for it in its signature.

use accounts::account::AccountId;
use accounts::grant;
use accounts::signed_in::SignedIn;
use accounts::token::TokenScope;
use platform::audit::{Actor, RequestFacts};
use platform::id::Id;
use platform::{StoreError, Tx, sql};

use super::Refusal;
use crate::guest::GuestId;
use crate::invitation::InvitationId;
use crate::occasion::OccasionId;
use crate::role::{self, Role};
use crate::token_scopes::{OCCASION_READ, RSVPS_READ};

/// Somebody with a role in one occasion. Made by [`enter`] alone, inside the
/// transaction that relies on it.
#[derive(Clone, Debug)]
pub struct HostOf {
    occasion: OccasionId,
    role: Role,
    account: AccountId,
    actor: Actor,
    who: Option<SignedIn>,
    request: Option<RequestFacts>,
}

/// What a role may or may not do. What a token may see is further cut down to
/// the scopes that it was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Dashboard, lists, names.
    See,
    /// What hosts wrote: occasion, events, questions, invitations.
    SeeOccasion,
    /// What people answered: replies, answers, food needs, notes.
    SeeAnswers,
    /// Codes, links, contact data, notes between hosts.
    SeeContacts,
    /// Create, change, archive invitations and guests; answer for them; lock;
    /// the deadline of one household; bulk actions.
    Invite,
    /// Texts, and the schedules of events.
    Write,
    /// Read the log.
    ReadLog,
    /// The occasion's deadline, switches, theme, events, state; codes of
    /// invitations; members.
    Own,
}

impl Permission {
    /// The least role that has it.
    pub fn least_role(self) -> Role {
        match self {
            Self::See | Self::SeeOccasion | Self::SeeAnswers => Role::Observer,
            Self::SeeContacts | Self::Invite | Self::Write | Self::ReadLog => Role::Coordinator,
            Self::Own => Role::OccasionOwner,
        }
    }
}

impl HostOf {
    /// The occasion.
    pub fn occasion(&self) -> &OccasionId {
        &self.occasion
    }

    /// What the host is there.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The account behind it.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// How the log names whoever this is.
    pub fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// What is known of the request.
    pub fn request(&self) -> Option<RequestFacts> {
        self.request.clone()
    }

    /// The sign-in behind it, where there is one and not a job.
    pub(crate) fn who(&self) -> Option<&SignedIn> {
        self.who.as_ref()
    }

    /// Whether this host has `permission`: by role, and by the scopes of a token.
    pub fn may(&self, permission: Permission) -> bool {
        self.has_role_for(permission) && self.missing(permission).is_none()
    }

    fn has_role_for(&self, permission: Permission) -> bool {
        self.role >= permission.least_role()
    }

    /// The scope that a token lacks to see what `permission` is about.
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

    /// Refuses where [`HostOf::may`] says no.
    pub fn needs(&self, permission: Permission) -> Result<(), Refusal> {
        if !self.has_role_for(permission) {
            return Err(Refusal::Forbidden);
        }
        self.missing(permission)
            .map_or(Ok(()), |scope| Err(Refusal::ScopeRequired(scope)))
    }

    /// Refuses tokens: some things are for people.
    pub fn needs_person(&self) -> Result<(), Refusal> {
        match &self.who {
            Some(who) if who.is_in_browser() => Ok(()),
            _ => Err(Refusal::TokenNotPermitted),
        }
    }
}

/// The proof that `who` is a host of this occasion; a foreign occasion is not
/// there.
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

/// As [`enter`], by one of the occasion's invitations.
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

/// As [`enter`], by one of the occasion's guests.
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

/// What an account still is when its job runs; `None` when it is a host no
/// more.
pub(super) fn resume(
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

/// The occasions where `who` is something, and what, newest first.
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
    /// A host of any role, for tests of rules that roles do not concern.
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
