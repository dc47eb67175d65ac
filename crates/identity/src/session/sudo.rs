//! Sudo: credentials, roles and data are changed only in a session whose holder proved a
//! credential a short while ago. A cookie that somebody else got hold of is not enough.

use jiff::{SignedDuration, Timestamp};
use platform::audit::RequestFacts;
use platform::{StoreError, Tx};

use crate::account::{self, AccountId};
use crate::session::signed_in::SignedIn;
use crate::session::{self, SessionId, token};

/// For how long a proof counts.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// The proof that the holder of a session proved a credential within [`LIFETIME`].
#[derive(Clone, Debug)]
pub struct Sudo {
    who: SignedIn,
    session: SessionId,
}

/// It was too long ago, or it is a program that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a credential has to be proved again")]
pub struct SudoRequired;

impl Sudo {
    /// The proof, if it is one at `now`. An access token never is.
    pub fn check(who: SignedIn, now: Timestamp) -> Result<Self, SudoRequired> {
        let proved = who.authentication().map(|(id, at)| (id.clone(), at));
        Self::of(who, proved, now)
    }

    /// The proof for somebody's own password, factors and sessions. For these the access token that
    /// a sign-in was answered with is one too, where it stands for the session: the front end that
    /// shows it has no cookie.
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

    /// Who it is.
    pub fn who(&self) -> &SignedIn {
        &self.who
    }

    /// Takes the account's lock; tells whether the session has not ended meanwhile. Whoever ends
    /// the sessions of an account holds the same lock.
    pub(crate) fn lock(&self, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
        Ok(account::lock(tx, &self.who.account().id)? && session::is_there(tx, &self.session)?)
    }

    /// In which session.
    pub fn session(&self) -> &SessionId {
        &self.session
    }
}

/// Refuses whoever lets others in, or makes what goes on without them, and whose session proved no
/// credential within [`LIFETIME`]. A personal token passes: it was made with such a proof, and its
/// scopes say what it may do. An access token never does.
///
/// A body may arrive long after its request was let in. So the account is locked, and the session
/// or the token has to be there still.
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

/// Notes in the log that somebody proved once more who they are.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    id: &AccountId,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    account::record(tx, id, "sudo.proved", ("account", id.to_string()), request)
}
