//! Invites to become a member: a link that works once, for seven days,
//! made by whoever manages the place. It is shown to be copied, not mailed.

use jiff::{SignedDuration, Timestamp};
use platform::audit::Entry;
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::account::{self, Account, AccountId, NewAccount};
use crate::domain::{Domain, Domains};
use crate::grant::{self, GrantError, Manager, Role, Scope, ScopeName};
use crate::one_time::{self, OneTime, Purpose};
use crate::password::{self, PasswordHash};
use crate::signed_in::SignedIn;

/// How long a link works.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a link leads to.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Offer {
    role: String,
    scope: ScopeName,
}

/// An invite that nobody has taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Names the invite; it does not open it.
    pub id: String,
    /// What it makes of whoever takes it.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// Who made it.
    pub invited_by: AccountId,
    /// Until when it works.
    pub expires_at: Timestamp,
}

impl Invite {
    fn find(link: OneTime<Offer>, domains: &[Domain]) -> Option<Self> {
        let scope = link.data.scope.find(domains)?;
        Self::of(link, scope)
    }

    fn of(link: OneTime<Offer>, scope: Scope) -> Option<Self> {
        Some(Self {
            id: link.id,
            role: scope.kind().role(&link.data.role)?,
            scope,
            invited_by: link.account?,
            expires_at: link.expires_at,
        })
    }
}

/// Makes an invite; the secret is the last part of `/admin/join/{…}`.
pub fn create(tx: &mut Tx<'_>, by: &Manager, role: Role) -> Result<Secret, GrantError> {
    if !by.scope().kind().has(role) {
        return Err(GrantError::UnknownRole);
    }
    let offer = Offer {
        role: role.word().to_owned(),
        scope: by.scope().name(),
    };
    let secret = one_time::create(tx, Purpose::Invite, Some(by.account()), &offer, LIFETIME)?;
    tx.record(Entry {
        actor: by.actor(),
        action: "invite.created",
        entity: ("grant", String::new()),
        scope: by.scope().audited(),
        changes: json!([{ "field": "role", "new": role.word() }]),
        request: by.request(),
    })?;
    Ok(secret)
}

/// The invites to a place that nobody has taken yet.
pub fn list(tx: &mut Tx<'_>, by: &Manager) -> Result<Vec<Invite>, StoreError> {
    Ok(one_time::list(tx, Purpose::Invite)?
        .into_iter()
        .filter(|link: &OneTime<Offer>| link.data.scope == by.scope().name())
        .filter_map(|link| Invite::of(link, by.scope().clone()))
        .collect())
}

/// Withdraws an invite; tells whether there was one.
pub fn remove(tx: &mut Tx<'_>, by: &Manager, id: &str) -> Result<bool, StoreError> {
    let is_ours = list(tx, by)?.iter().any(|invite| invite.id == id);
    if !is_ours || !one_time::remove(tx, Purpose::Invite, id)? {
        return Ok(false);
    }
    tx.record(Entry {
        actor: by.actor(),
        action: "invite.withdrawn",
        entity: ("grant", String::new()),
        scope: by.scope().audited(),
        changes: json!([]),
        request: by.request(),
    })?;
    Ok(true)
}

/// An invite and whoever made it, as the page shows them.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it offers.
    pub invite: Invite,
    /// Who made it.
    pub by: Account,
}

/// Looks at an invite without taking it.
pub fn find(
    tx: &mut Tx<'_>,
    domains: Domains,
    secret: &Secret,
) -> Result<Option<Shown>, StoreError> {
    let link = one_time::find(tx, Purpose::Invite, secret)?;
    let Some(invite) = link.and_then(|link| Invite::find(link, domains)) else {
        return Ok(None);
    };
    let by = account::find(tx, &invite.invited_by)?;
    Ok(by.map(|by| Shown { invite, by }))
}

/// Why an invite was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// It was taken, withdrawn, has ended, or whoever made it may no longer.
    #[error("the invite is no longer good")]
    Gone,
    /// Somebody signs in with this address already, and should.
    #[error("the address is another account's")]
    EmailTaken,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<GrantError> for TakeError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Store(error) => Self::Store(error),
            GrantError::NotAMember | GrantError::UnknownRole | GrantError::LastOwner => Self::Gone,
        }
    }
}

/// Takes an invite with a new account.
pub fn take_new(
    tx: &mut Tx<'_>,
    domains: Domains,
    secret: &Secret,
    new: &NewAccount,
    hash: &PasswordHash,
) -> Result<(AccountId, Invite), TakeError> {
    let invite = take(tx, domains, secret)?;
    let id = account::create(tx, new).map_err(|error| match error {
        account::CreateError::EmailTaken => TakeError::EmailTaken,
        account::CreateError::Store(error) => TakeError::Store(error),
    })?;
    password::set(tx, &id, hash)?;
    grant::give(
        tx,
        &id,
        invite.role,
        &invite.scope,
        Some(&invite.invited_by),
    )?;
    Ok((id, invite))
}

/// Takes an invite for an account that is there; a greater role is kept.
pub fn take_as(
    tx: &mut Tx<'_>,
    domains: Domains,
    secret: &Secret,
    who: &SignedIn,
) -> Result<Invite, TakeError> {
    let invite = take(tx, domains, secret)?;
    let id = &who.account().id;
    grant::give(tx, id, invite.role, &invite.scope, Some(&invite.invited_by))?;
    Ok(invite)
}

/// Uses the link up, if whoever made it may still make it.
fn take(tx: &mut Tx<'_>, domains: Domains, secret: &Secret) -> Result<Invite, TakeError> {
    let invite = one_time::take(tx, Purpose::Invite, secret)?
        .and_then(|link| Invite::find(link, domains))
        .ok_or(TakeError::Gone)?;
    let is_good = account::find(tx, &invite.invited_by)?.is_some()
        && grant::rank_of(tx, &invite.invited_by, &invite.scope)? == Some(invite.scope.kind().top);
    if is_good {
        Ok(invite)
    } else {
        Err(TakeError::Gone)
    }
}
