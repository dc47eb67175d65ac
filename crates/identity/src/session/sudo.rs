//! Sudo mode. Credentials, roles and data can be changed only in a session in which the person has
//! recently proved a credential, so a stolen cookie does not suffice.

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Entity, RequestFacts};
use platform::{StoreError, Tx};

use crate::account::{self, AccountId};
use crate::session::signed_in::SignedIn;
use crate::session::{self, SessionId, token};

/// How long sudo mode lasts after a credential was proved.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// The proof that the person has proved a credential in the session within [`LIFETIME`].
#[derive(Clone, Debug)]
pub struct Sudo {
    who: SignedIn,
    session: SessionId,
}

/// The person has not proved a credential recently, or the request has an API token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a credential has to be proved again")]
pub struct SudoRequired;

impl Sudo {
    /// Returns a [`Sudo`] if the session is in sudo mode at `now`. A request with an access token
    /// is always refused.
    pub fn check(who: SignedIn, now: Timestamp) -> Result<Self, SudoRequired> {
        let proved = who.authentication().map(|(id, at)| (id.clone(), at));
        Self::of(who, proved, now)
    }

    /// Like [`Self::check`], but also accepts an access token that was issued in the response to a
    /// sign-in, because a front end with such a token has no cookie. Only for changes to the
    /// person's own password, factors and sessions.
    pub fn check_own(who: SignedIn, now: Timestamp) -> Result<Self, SudoRequired> {
        let proved = who.own_authentication().map(|(id, at)| (id.clone(), at));
        Self::of(who, proved, now)
    }

    fn of(
        who: SignedIn,
        proved: Option<(SessionId, Timestamp)>,
        now: Timestamp,
    ) -> Result<Self, SudoRequired> {
        let (session, proved_at) = proved.ok_or(SudoRequired)?;
        if now.duration_since(proved_at) >= LIFETIME {
            return Err(SudoRequired);
        }
        Ok(Self { who, session })
    }

    pub fn who(&self) -> &SignedIn {
        &self.who
    }

    /// Locks the account, and returns whether the session still exists. Ending a session takes the
    /// same lock.
    pub(crate) fn lock(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        Ok(account::lock(tx, &self.who.account().id)? && session::is_there(tx, &self.session)?)
    }

    pub fn session(&self) -> &SessionId {
        &self.session
    }
}

/// Requires that the person has proved a credential in the session within [`LIFETIME`]. Callers use
/// this for actions that give others access, or that continue without the person. A personal token
/// passes, because its creation required the same proof and its scopes limit it. An access token
/// never passes.
///
/// A request's body may arrive long after the request was authenticated. The account is therefore
/// locked, and the session or token must still exist.
pub fn require<E>(tx: &mut Tx<'_>, who: &SignedIn) -> Result<(), E>
where
    E: From<SudoRequired> + From<StoreError>,
{
    let is_active = account::lock(tx, &who.account().id)?;
    let is_there = if let Some(token) = who.personal_token() {
        token::is_there(tx, token)?
    } else {
        let sudo = Sudo::check(who.clone(), tx.now())?;
        session::is_there(tx, &sudo.session)?
    };
    Ok((is_active && is_there).then_some(()).ok_or(SudoRequired)?)
}

/// Records in the audit log that the person proved a credential again.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    id: &AccountId,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    account::record(
        tx,
        id,
        "sudo.proved",
        Entity::new("account", id.to_string()),
        request,
    )
}
