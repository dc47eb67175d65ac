//! Invites to become a member of a scope. Each invite has a link that works once, within seven
//! days. A manager of the scope creates the invite and copies its link from the page.
//!
//! An invite to the installation itself is for one email address. If the server sends mail, the
//! link is mailed to this address. Using a mailed link proves that the address is the person's own,
//! because the inviter never sees the link.

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Actor, Entity, Entry, RequestFacts};
use platform::limits::Wait;
use platform::mail::Address;
use platform::{Secret, StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::Site;

use crate::account::{self, Account, AccountId, NewAccount, VerifiedBy, unconfirmed};
use crate::credential::password::{self, PasswordHash};
use crate::grant::{self, GrantError, Manager, Role, SITE, Scope, ScopeName};
use crate::one_time::{self, OneTime, Purpose};
use crate::person::registration::{Policy, Registration};
use crate::scope::domain::DomainAccounts;
use crate::security_mail::SecurityMail;
use crate::session::signed_in::SignedIn;
use crate::session::sudo::Sudo;

/// How long an invite's link is valid.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Offer {
    role: String,
    scope: ScopeName,
    /// The email address of the only person who may use the link, in canonical form.
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    is_mailed: bool,
}

/// The role in invites that only create an account. It is never granted.
pub const MEMBER: Role = Role::new("member", "account-role-member");

/// An invite that was not used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// The invite's id. Knowing the id does not suffice to accept the invite.
    pub id: String,
    pub role: Role,
    pub scope: Scope,
    pub invited_by: AccountId,
    pub expires_at: Timestamp,
    /// The email address of the only person who may use the invite; `None` if everybody may.
    pub address: Option<String>,
    is_mailed: bool,
}

impl Invite {
    fn find(link: OneTime<Offer>, domains: &[DomainAccounts]) -> Option<Self> {
        let scope = link.data.scope.find(domains)?;
        Self::of(link, scope)
    }

    fn of(link: OneTime<Offer>, scope: Scope) -> Option<Self> {
        let role = match link.data.role.as_str() {
            word if word == MEMBER.word() && scope == Scope::site() => MEMBER,
            word => scope.kind().role(word)?,
        };
        Some(Self {
            id: link.id,
            role,
            scope,
            invited_by: link.account?,
            expires_at: link.expires_at,
            address: link.data.address,
            is_mailed: link.data.is_mailed,
        })
    }

    /// `admits` says whether the account is kept even if its email address stays unconfirmed.
    fn give_to(&self, tx: &mut Tx<'_>, id: &AccountId, admits: bool) -> Result<(), TakeError> {
        if self.role != MEMBER {
            grant::give(tx, id, self.role, &self.scope, Some(&self.invited_by))?;
        }
        if admits {
            unconfirmed::admit(tx, id)?;
        }
        if self.is_mailed && account::verified_email(tx, id)?.is_none() {
            account::verify_email(tx, id, VerifiedBy::Mail)?;
            unconfirmed::end(tx, id)?;
        }
        Ok(())
    }

    fn is_for(&self, address: &Address) -> bool {
        let only = self.address.as_deref();
        only.is_none_or(|only| only == address.canonical())
    }
}

/// Creates an invite. The path of the invite's link is `/admin/join/` followed by the returned
/// secret.
pub fn create(tx: &mut Tx<'_>, by: &Manager, role: Role) -> Result<Secret, GrantError> {
    if !by.scope().kind().has(role) {
        return Err(GrantError::UnknownRole);
    }
    let offer = Offer {
        role: role.word().to_owned(),
        scope: by.scope().name(),
        address: None,
        is_mailed: false,
    };
    let secret = one_time::create(tx, Purpose::Invite, Some(by.account()), &offer, LIFETIME)?;
    tx.record(Entry {
        actor: by.actor(),
        action: "invite.created",
        entity: Entity::new("grant", String::new()),
        scope: by.scope().audited(),
        changes: json!([{ "field": "role", "new": role.word() }]),
        request: by.request(),
    })?;
    Ok(secret)
}

/// The unused invites to a scope.
pub fn list(tx: &mut Tx<'_>, by: &Manager) -> Result<Vec<Invite>, StoreError> {
    Ok(one_time::list(tx, Purpose::Invite)?
        .into_iter()
        .filter(|link: &OneTime<Offer>| link.data.scope == by.scope().name())
        .filter_map(|link| Invite::of(link, by.scope().clone()))
        .collect())
}

/// Deletes an invite, and returns whether it existed.
pub fn remove(tx: &mut Tx<'_>, by: &Manager, id: &str) -> Result<bool, StoreError> {
    let is_ours = list(tx, by)?.iter().any(|invite| invite.id == id);
    if !is_ours || !one_time::remove(tx, Purpose::Invite, id)? {
        return Ok(false);
    }
    tx.record(Entry {
        actor: by.actor(),
        action: "invite.withdrawn",
        entity: Entity::new("grant", String::new()),
        scope: by.scope().audited(),
        changes: json!([]),
        request: by.request(),
    })?;
    Ok(true)
}

/// The data for the page that the link of an invite opens.
#[derive(Clone, Debug)]
pub struct InviteDetails {
    pub invite: Invite,
    pub by: Account,
    /// The title of the scope to which the person is invited.
    pub title: Option<String>,
    /// Whether people without an account may use the invite.
    pub admits_newcomers: bool,
}

/// Finds an invite without using it up.
pub fn find(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    secret: &Secret,
) -> Result<Option<InviteDetails>, StoreError> {
    let link = one_time::find(tx, Purpose::Invite, secret)?;
    let Some(invite) = link.and_then(|link| Invite::find(link, domains)) else {
        return Ok(None);
    };
    let Some(by) = account::find(tx, &invite.invited_by)? else {
        return Ok(None);
    };
    let mut title = None;
    for domain in domains {
        title = title.or((domain.scope_title)(tx, &invite.scope)?);
    }
    let admits_newcomers = admits_newcomers(tx, domains, &invite.scope)?;
    Ok(Some(InviteDetails {
        invite,
        by,
        title,
        admits_newcomers,
    }))
}

#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The invite was used or deleted, or has expired, or the inviter may not invite people any
    /// more.
    #[error("the invite is no longer good")]
    Gone,
    /// An account with this email address already exists; its owner should sign in instead.
    #[error("the address is another account's")]
    EmailTaken,
    #[error("the invite is for another address")]
    OtherAddress,
    /// Too many attempts from this network failed.
    #[error(transparent)]
    UsedUp(#[from] Wait),
    /// The invite requires an account with a confirmed email address.
    #[error("the invite is for confirmed accounts")]
    EmailUnverified,
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

/// Accepts an invite with a new account.
pub fn take_new(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    secret: &Secret,
    new: &NewAccount,
    hash: &PasswordHash,
) -> Result<(AccountId, Invite), TakeError> {
    let invite = take(tx, domains, secret)?;
    if !admits_newcomers(tx, domains, &invite.scope)? {
        return Err(TakeError::EmailUnverified);
    }
    if !invite.is_for(&new.email) {
        return Err(TakeError::OtherAddress);
    }
    let id = account::create(tx, new).map_err(|error| match error {
        account::CreateError::EmailTaken => TakeError::EmailTaken,
        account::CreateError::Store(error) => TakeError::Store(error),
    })?;
    password::set(tx, &id, hash)?;
    invite.give_to(tx, &id, true)?;
    Ok((id, invite))
}

/// Accepts an invite with an existing account. If the account has a higher role, it keeps that
/// role.
pub fn take_as(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    secret: &Secret,
    who: &SignedIn,
) -> Result<Invite, TakeError> {
    let invite = take(tx, domains, secret)?;
    let address = who.account().email.parse::<Address>();
    if !address.is_ok_and(|address| invite.is_for(&address)) {
        return Err(TakeError::OtherAddress);
    }
    let id = &who.account().id;
    let admits = admits_newcomers(tx, domains, &invite.scope)?;
    if !admits && unconfirmed::is_pending(tx, id)? {
        return Err(TakeError::EmailUnverified);
    }
    invite.give_to(tx, id, admits)?;
    Ok(invite)
}

/// Whether an invite to this scope may be accepted without a confirmed email address. This requires
/// that the scope's creator has a rank in the installation. Without this rule, anybody who may
/// create a scope could get another person's email address confirmed.
fn admits_newcomers(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    scope: &Scope,
) -> Result<bool, StoreError> {
    let kind = scope.kind();
    let domain = domains
        .iter()
        .find(|domain| domain.scope_kinds.iter().any(|own| own.name == kind.name));
    match domain {
        Some(domain) if kind.invites_newcomers => (domain.makes_host)(tx, scope),
        _ => Ok(kind.invites_newcomers),
    }
}

/// Uses up the invite, if the inviter still has the right to invite people.
fn take(tx: &mut Tx<'_>, domains: &[DomainAccounts], secret: &Secret) -> Result<Invite, TakeError> {
    let invite = one_time::take(tx, Purpose::Invite, secret)?
        .and_then(|link| Invite::find(link, domains))
        .ok_or(TakeError::Gone)?;
    let rank = grant::rank_of(tx, &invite.invited_by, &invite.scope)?;
    let may_still = if invite.address.is_some() {
        rank.is_some_and(|rank| may_offer(rank, invite.role))
    } else {
        rank == Some(invite.scope.kind().top)
    };
    if may_still && account::find(tx, &invite.invited_by)?.is_some() {
        Ok(invite)
    } else {
        Err(TakeError::Gone)
    }
}

/// Whether a person of this rank may invite people to the installation as `role`.
pub fn may_offer(rank: Role, role: Role) -> bool {
    SITE.at_least(rank, grant::ADMIN) && (role == MEMBER || SITE.at_least(rank, role))
}

/// The proof that a person may invite others to the installation. Only owners and administrators
/// get this proof, and only in a browser.
#[derive(Clone, Debug)]
pub struct Inviter {
    who: SignedIn,
    rank: Role,
    request: RequestFacts,
}

impl Inviter {
    /// The roles that the inviter may offer, lowest first.
    pub fn roles(&self) -> Vec<Role> {
        let all = [MEMBER, grant::ADMIN, grant::OWNER].into_iter();
        all.filter(|role| may_offer(self.rank, *role)).collect()
    }
}

/// Returns an [`Inviter`] if `who` may invite people to the installation.
pub fn inviter(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    request: RequestFacts,
) -> Result<Option<Inviter>, StoreError> {
    let rank = grant::rank_in(tx, who, &Scope::site())?;
    let rank = rank.filter(|rank| may_offer(*rank, MEMBER) && who.is_in_browser());
    Ok(rank.map(|rank| Inviter {
        who: who.clone(),
        rank,
        request,
    }))
}

#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// The offered role, or the role in an older invite to this email address, is higher than the
    /// inviter's own.
    #[error("the role is above the inviter's own")]
    AboveOwn,
    /// The configuration allows only invites that grant a rank.
    #[error("registration is closed")]
    Closed,
    #[error("the address is another account's")]
    EmailTaken,
    #[error("there are {LIMIT} invites already")]
    LimitReached,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The maximum number of open invites.
pub const LIMIT: usize = 500;

/// Invites the owner of an email address to the installation. The link is mailed to the address; if
/// the server sends no mail, the link is returned instead. An older invite to the address stops
/// working.
pub fn create_for(
    tx: &mut Tx<'_>,
    site: &Site,
    policy: Policy,
    by: &Inviter,
    sudo: &Sudo,
    address: &Address,
    role: Role,
) -> Result<Option<Secret>, InviteError> {
    if !may_offer(by.rank, role) {
        return Err(InviteError::AboveOwn);
    }
    if role == MEMBER && policy.registration == Registration::Closed {
        return Err(InviteError::Closed);
    }
    if account::find_by_email(tx, address)?.is_some() {
        return Err(InviteError::EmailTaken);
    }
    let open = list_for_site(tx, by)?;
    let only = Some(address.canonical().to_owned());
    for older in open.iter().filter(|invite| invite.address == only) {
        if !may_offer(by.rank, older.role) {
            return Err(InviteError::AboveOwn);
        }
        one_time::remove(tx, Purpose::Invite, &older.id)?;
    }
    if open.len() >= LIMIT {
        return Err(InviteError::LimitReached);
    }
    let offer = Offer {
        role: role.word().to_owned(),
        scope: Scope::site().name(),
        address: only,
        is_mailed: policy.has_mail,
    };
    let inviter = sudo.who().account();
    let link = one_time::create(tx, Purpose::Invite, Some(&inviter.id), &offer, LIFETIME)?;
    record(
        tx,
        by,
        "invite.created",
        json!([{ "field": "role", "new": role.word() }]),
    )?;
    if !policy.has_mail {
        return Ok(Some(link));
    }
    // The mail is addressed to a person whose name and language are not known yet.
    let to = Account {
        display_name: address.to_string(),
        email: address.to_string(),
        ..inviter.clone()
    };
    let notice = SecurityMail {
        subject: "mail-invite-subject",
        text: "mail-invite-text",
        at: tx.now(),
        path: &format!("/admin/join/{}", link.reveal()),
        values: vec![("by", inviter.display_name.as_str().into())],
    };
    notice.send(tx, site, &to)?;
    Ok(None)
}

/// The unused invites to the installation.
pub fn list_for_site(tx: &mut Tx<'_>, _: &Inviter) -> Result<Vec<Invite>, StoreError> {
    let all = one_time::list::<Offer>(tx, Purpose::Invite)?.into_iter();
    let ours = all.filter(|link| link.data.address.is_some());
    Ok(ours
        .filter_map(|link| Invite::of(link, Scope::site()))
        .collect())
}

/// Deletes an invite to the installation. Returns `false` if there is no such invite, or if the
/// inviter may not delete it.
pub fn remove_for_site(tx: &mut Tx<'_>, by: &Inviter, id: &str) -> Result<bool, StoreError> {
    let open = list_for_site(tx, by)?;
    let mut open = open.iter();
    let is_theirs = open.any(|invite| invite.id == id && may_offer(by.rank, invite.role));
    if !is_theirs || !one_time::remove(tx, Purpose::Invite, id)? {
        return Ok(false);
    }
    record(tx, by, "invite.withdrawn", json!([]))?;
    Ok(true)
}

fn record(
    tx: &mut Tx<'_>,
    by: &Inviter,
    action: &'static str,
    changes: serde_json::Value,
) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: Actor::Account(by.who.account().id.to_string()),
        action,
        entity: Entity::new("grant", String::new()),
        scope: None,
        changes,
        request: Some(by.request.clone()),
    })
}
