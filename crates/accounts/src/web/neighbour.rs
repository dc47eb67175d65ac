//! Whether somebody may go on to a neighbour: a program at the same address that
//! has no sign-in of its own, and for which ours stands.
//!
//! Sessions are cookies of one host, so this holds for neighbours on the host of
//! the site alone. The neighbour hears who it is, and never sees the cookies.

use std::str::FromStr;

use axum::http::{HeaderMap, HeaderValue};
use platform::{StoreError, Tx};

use super::cookies;
use crate::Accounts;
use crate::account::{self, AccountId};
use crate::grant::{self, Scope};
use crate::session::{self, Stay};
use crate::signed_in;

/// Who may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Who owns the installation.
    Owner,
    /// Whoever has a rank, in the installation or in a scope of a domain.
    Hosts,
}

/// There is no such word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write \"owner\" or \"hosts\"")]
pub struct NotAWho;

impl FromStr for Who {
    type Err = NotAWho;

    fn from_str(text: &str) -> Result<Self, NotAWho> {
        match text {
            "owner" => Ok(Self::Owner),
            "hosts" => Ok(Self::Hosts),
            _ => Err(NotAWho),
        }
    }
}

/// What was found of whoever asks.
#[derive(Clone, Debug)]
pub enum Found {
    /// They may go on.
    Welcome(Welcome),
    /// They are signed in, and may not.
    Stranger,
    /// Nobody is signed in.
    Nobody,
}

/// Somebody who may go on.
#[derive(Clone, Debug)]
pub struct Welcome {
    /// Who it is.
    pub account: AccountId,
    /// Their address, if it is known to be theirs.
    pub email: Option<String>,
    /// A cookie whose session goes on.
    pub renewed: Option<HeaderValue>,
}

/// Looks who asks, by the session that their browser shows.
pub async fn judge(
    accounts: &Accounts,
    headers: &HeaderMap,
    who: Who,
) -> Result<Found, StoreError> {
    let site = &accounts.site;
    let Some(secret) = cookies::session(headers, site.url()) else {
        return Ok(Found::Nobody);
    };
    let shown = secret.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let Some(visit) = signed_in::by_session(tx, &shown)? else {
            return Ok(None);
        };
        let may = match who {
            Who::Owner => grant::rank_in(tx, &visit.who, &Scope::site())? == Some(grant::OWNER),
            Who::Hosts => grant::has_any_rank(tx, &visit.who.account().id)?,
        };
        let email = account::verified_email(tx, &visit.who.account().id)?;
        Ok(Some((visit, may, email)))
    };
    let Some((visit, may, email)) = site.store.read(look).await? else {
        return Ok(Found::Nobody);
    };
    if !may {
        return Ok(Found::Stranger);
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
            Err(error) => tracing::warn!(%error, "the use of a session was not written down"),
        }
    }
    Ok(Found::Welcome(Welcome {
        account: visit.who.account().id.clone(),
        email,
        renewed,
    }))
}

/// The cookies that are between a browser and us.
pub fn own_cookies(accounts: &Accounts) -> Vec<String> {
    cookies::names(accounts.site.url())
}
