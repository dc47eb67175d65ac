//! Sudo: credentials, roles and data are changed only in a session whose holder proved a
//! credential a short while ago. A cookie that somebody else got hold of is not enough.

use jiff::{SignedDuration, Timestamp};
use platform::audit::RequestFacts;
use platform::{Secret, StoreError, Tx};
use web::Network;

use crate::Accounts;
use crate::account::{self, AccountId};
use crate::client::Client;
use crate::credential::password::{self, PasswordHash};
use crate::credential::second_factor::{self, Method};
use crate::session::signed_in::SignedIn;
use crate::session::token;
use crate::session::{self, SessionId, Stay};
use crate::sign_in::attempts::Attempt;
use crate::sign_in::own_password::{self, ChangeError};

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

/// What somebody shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The password as typed.
    pub password: Secret,
    /// A code of the app or a recovery code; empty where there is no second factor.
    pub code: Secret,
    /// Where they come from.
    pub network: Network,
    /// Their browser.
    pub client: Client,
}

/// Proves the password of who is signed in, and the second factor where there is one. Returns the
/// session's new secret: the one before works no more. Failures count like those of a sign-in, and
/// do not tell which of the two was wrong.
pub async fn prove(
    accounts: &Accounts,
    who: &SignedIn,
    shown: Shown,
) -> Result<(Secret, Stay), ChangeError> {
    let (site, store) = (accounts.site.clone(), &accounts.site.store);
    let session = who.session().cloned().ok_or(ChangeError::NotSignedIn)?;
    let account = who.account().clone();
    let (hash, attempt) = find(accounts, &account.id, &shown).await?;
    let reserved = match attempt {
        Some(_) if shown.code.reveal().is_empty() => return Err(ChangeError::CodeMissing),
        Some(attempt) => Some(attempt.reserve::<ChangeError>(accounts).await?),
        None => None,
    };
    let proved = own_password::prove(
        accounts,
        who,
        session.clone(),
        &shown.password,
        hash.as_ref(),
    )
    .await;
    match (proved, reserved.clone()) {
        (Err(ChangeError::CurrentWrong), Some(_)) => return Err(ChangeError::PasswordOrCodeWrong),
        (Err(error), Some(reserved)) => {
            reserved.give_back_to(store).await?;
            return Err(error);
        }
        (proved, _) => proved?,
    }
    // Until what came of it is in the store, the next try waits.
    let _in_flight = reserved.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<_, ChangeError> {
        let Shown { code, client, .. } = &shown;
        let id = &account.id;
        // The password may have been changed meanwhile.
        if !account::lock(tx, id)? || password::find(tx, id)? != hash {
            return Err(ChangeError::CurrentWrong);
        }
        if second_factor::is_enrolled(tx, id)? {
            let method = Method::of(code.reveal());
            if !second_factor::prove(tx, &site, &account, method, code, client)? {
                // What a failure writes is kept, so it is no error of the transaction.
                return Ok(Err(ChangeError::PasswordOrCodeWrong));
            }
        }
        if let Some(reserved) = &reserved {
            reserved.give_back(tx)?;
        }
        let renewed = session::authenticate(tx, &session)?.ok_or(ChangeError::NotSignedIn)?;
        record(tx, id, &client.request)?;
        Ok(Ok(renewed))
    };
    store.write(change).await?
}

/// The password of an account and, where it has a second factor, a try at that.
async fn find(
    accounts: &Accounts,
    id: &AccountId,
    shown: &Shown,
) -> Result<(Option<PasswordHash>, Option<Attempt>), StoreError> {
    let (id, network, device) = (id.clone(), shown.network, shown.client.device.clone());
    let look = move |tx: &mut Tx<'_>| {
        let attempt = if second_factor::is_enrolled(tx, &id)? {
            let attempt = Attempt::at_second_factor(tx, &id, network, device.as_ref())?;
            Some(attempt)
        } else {
            None
        };
        Ok((password::find(tx, &id)?, attempt))
    };
    accounts.site.store.read(look).await
}

/// Notes in the log that somebody proved once more who they are.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    id: &AccountId,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    account::record(tx, id, "sudo.proved", ("account", id.to_string()), request)
}
