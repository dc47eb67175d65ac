//! Decides whether a user may reach an upstream service that relies on the site's sign-in.
//!
//! A session's cookie is valid for one host, so the sign-in works only for services on the site's
//! own host. The service learns who the user is, but never sees the cookies.

use std::str::FromStr;

use axum::http::{HeaderMap, HeaderValue};
use platform::{StoreError, Tx};

use crate::cookies;
use crate::domain::{Context, Domains};
use identity::account::{self, AccountId};
use identity::grant::{self, Scope};
use identity::session::{self, Stay, signed_in};

/// The users whom a route to an upstream service admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowedUsers {
    /// Only owners of the installation.
    Owner,
    /// Users with a rank in the installation, or with membership in a scope whose members
    /// count as hosts.
    Hosts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write \"owner\" or \"hosts\"")]
pub struct UnknownUsers;

impl FromStr for AllowedUsers {
    type Err = UnknownUsers;

    fn from_str(text: &str) -> Result<Self, UnknownUsers> {
        match text {
            "owner" => Ok(Self::Owner),
            "hosts" => Ok(Self::Hosts),
            _ => Err(UnknownUsers),
        }
    }
}

/// The result of [`check`].
#[derive(Clone, Debug)]
pub enum UpstreamAccess {
    Granted(GrantedUser),
    /// The user is signed in, but the route does not admit them.
    Denied,
    SignedOut,
}

/// A signed-in user whose request may reach the upstream service.
#[derive(Clone, Debug)]
pub struct GrantedUser {
    pub account: AccountId,
    /// The user's email address, if it is verified.
    pub email: Option<String>,
    /// A `Set-Cookie` header that extends the session; `None` if it need not be extended yet.
    pub renewed: Option<HeaderValue>,
}

/// Decides by the session cookie whether a request may reach the upstream service.
pub async fn check(
    context: &Context,
    headers: &HeaderMap,
    who: AllowedUsers,
) -> Result<UpstreamAccess, StoreError> {
    let site = &context.site;
    let Some(secret) = cookies::session(headers, site.url()) else {
        return Ok(UpstreamAccess::SignedOut);
    };
    let (shown, require_mfa_for) = (secret.clone(), context.require_mfa_for);
    let domains = context.domains;
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let Some(visit) = signed_in::by_session(tx, &shown)? else {
            return Ok(None);
        };
        let may = match who {
            AllowedUsers::Owner => {
                grant::rank_in(tx, &visit.who, &Scope::site())? == Some(grant::OWNER)
            }
            AllowedUsers::Hosts => is_host(tx, domains, &visit.who.account().id)?,
        };
        let is_unmet = require_mfa_for.is_unmet(tx, &visit.who.account().id)?;
        let may = may && !is_unmet;
        let email = account::verified_email(tx, &visit.who.account().id)?;
        Ok(Some((visit, may, email)))
    };
    let Some((visit, may, email)) = site.store.read(look).await? else {
        return Ok(UpstreamAccess::SignedOut);
    };
    if !may {
        return Ok(UpstreamAccess::Denied);
    }
    let mut renewed = None;
    if visit.is_due(site.clock.now())
        && let Some(id) = visit.who.session().cloned()
    {
        let stay = visit.stay();
        let change = move |tx: &mut Tx<'_>| session::touch(tx, &id, stay);
        match site.store.write(change).await {
            Ok(true) if stay == Stay::Remembered => {
                renewed = Some(cookies::set_session(site.url(), &secret, stay));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot store when a session was last used; if this goes on, check the store's disk or database server");
            }
        }
    }
    Ok(UpstreamAccess::Granted(GrantedUser {
        account: visit.who.account().id.clone(),
        email,
        renewed,
    }))
}

pub fn own_cookies(context: &Context) -> Vec<String> {
    cookies::names(context.site.url())
}

/// Whether the account has a rank in the site, or in a scope whose members count as hosts.
fn is_host(tx: &mut Tx<'_>, domains: Domains, account: &AccountId) -> Result<bool, StoreError> {
    if !grant::ranks_of_account(tx, account, &grant::SITE)?.is_empty() {
        return Ok(true);
    }
    for domain in domains {
        for kind in domain
            .accounts
            .scope_kinds
            .iter()
            .filter(|kind| kind.makes_hosts)
        {
            for (id, _) in grant::ranks_of_account(tx, account, kind)? {
                if (domain.accounts.makes_host)(tx, &kind.scope(id))? {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}
