//! The proof that somebody is signed in. Only the two checks of this file make
//! one: a session's cookie, or a token that has the scope in question.

use jiff::Timestamp;
use platform::audit::Actor;
use platform::store::{FromRow, Row};
use platform::{Secret, StoreError, Tx, sql};

use crate::account::{Account, unconfirmed};
use crate::opaque;
use crate::scope::{Scope, ScopeName};
use crate::session::access_token::Claims;
use crate::session::token::{self, TokenId, TokenScope};
use crate::session::{self, SessionId, Stay};

/// Somebody who has proved who they are, here and now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    account: Account,
    by: By,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum By {
    Session {
        id: SessionId,
        /// When its holder last proved a credential, if that is known.
        authenticated_at: Option<Timestamp>,
        /// Whether an access token was shown in place of the session's secret.
        is_by_token: bool,
    },
    /// A program of the person's, which goes on in a session.
    Access(Access),
    Token {
        id: TokenId,
        scopes: Vec<String>,
        scope: Option<ScopeName>,
    },
}

/// An access token. It is no proof of what the session's holder did in front of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Access {
    session: SessionId,
    /// When its holder signed in, if that was answered with it.
    signed_in_at: Option<Timestamp>,
}

impl SignedIn {
    /// Who it is.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Whether a person sits in front of it: what touches passwords, tokens and
    /// roles is for people.
    pub fn is_in_browser(&self) -> bool {
        matches!(self.by, By::Session { .. })
    }

    /// The session, if it is one.
    pub fn session(&self) -> Option<&SessionId> {
        match &self.by {
            By::Session { id, .. } => Some(id),
            By::Access(_) | By::Token { .. } => None,
        }
    }

    /// The session whose cookie was shown, and when its holder last proved a credential.
    pub(crate) fn authentication(&self) -> Option<(&SessionId, Timestamp)> {
        match &self.by {
            By::Session {
                id,
                authenticated_at,
                is_by_token: false,
            } => Some((id, (*authenticated_at)?)),
            By::Session { .. } | By::Access(_) | By::Token { .. } => None,
        }
    }

    /// The same for what concerns nothing but their own credentials and sessions: there the token
    /// that a sign-in was answered with proves that sign-in.
    pub(crate) fn own_authentication(&self) -> Option<(&SessionId, Timestamp)> {
        match &self.by {
            By::Session {
                id,
                authenticated_at,
                ..
            } => Some((id, (*authenticated_at)?)),
            By::Access(_) | By::Token { .. } => None,
        }
    }

    /// Whether this is allowed. A person may do what their role allows; a token
    /// has the scopes that it was made with.
    pub fn has(&self, scope: TokenScope) -> bool {
        match &self.by {
            By::Session { .. } | By::Access(_) => true,
            By::Token { scopes, .. } => scopes.iter().any(|word| word == scope.word()),
        }
    }

    /// To whom an answer belongs that is kept for a repeat: a token is never
    /// given what its owner's browser, or another token, was answered.
    pub fn repeats_as(&self) -> String {
        match &self.by {
            By::Session { .. } | By::Access(_) => self.account.id.to_string(),
            By::Token { id, .. } => id.to_string(),
        }
    }

    /// How the audit log names whoever this is.
    pub fn actor(&self) -> Actor {
        match &self.by {
            By::Session { .. } | By::Access(_) => Actor::Account(self.account.id.to_string()),
            By::Token { id, .. } => Actor::Token(id.to_string()),
        }
    }

    /// The person in front of the session that an access token names. This is for addresses whose
    /// front end keeps the token itself and shows it in place of a cookie.
    #[must_use]
    pub fn into_session(mut self) -> Self {
        if let By::Access(access) = self.by {
            self.by = By::Session {
                id: access.session,
                authenticated_at: access.signed_in_at,
                is_by_token: true,
            };
        }
        self
    }

    /// The token of a program, if it is one that was made for some uses.
    pub(crate) fn personal_token(&self) -> Option<&TokenId> {
        match &self.by {
            By::Token { id, .. } => Some(id),
            By::Session { .. } | By::Access(_) => None,
        }
    }

    /// Whether it is a token that was made for one scope alone.
    pub fn is_limited(&self) -> bool {
        matches!(&self.by, By::Token { scope: Some(_), .. })
    }

    /// Whether `scope` is within reach: a token may be made for one scope.
    pub(crate) fn reaches(&self, scope: &Scope) -> bool {
        match &self.by {
            By::Token {
                scope: Some(only), ..
            } => *only == scope.name(),
            By::Session { .. } | By::Access(_) | By::Token { scope: None, .. } => true,
        }
    }
}

/// A session that was found alive.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The proof.
    pub who: SignedIn,
    stay: Stay,
    last_seen_at: Timestamp,
}

impl Visit {
    /// Whether it is time to write down that the session is in use.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_seen_at) >= session::SEEN_EVERY
    }

    /// For how long the session was begun.
    pub fn stay(&self) -> Stay {
        self.stay
    }
}

impl FromRow for Visit {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            who: SignedIn {
                account: Account::from_row(row)?,
                by: By::Session {
                    id: row.column(5)?,
                    authenticated_at: Some(row.column(8)?),
                    is_by_token: false,
                },
            },
            stay: row.column(6)?,
            last_seen_at: row.column(7)?,
        })
    }
}

/// Who holds the session with this secret, if it is alive.
pub fn by_session(tx: &mut Tx<'_>, secret: &Secret) -> Result<Option<Visit>, StoreError> {
    let now = tx.now();
    sql!(
        "SELECT a.id, a.display_name, e.address, a.locale, a.time_zone,
                s.id, s.remembered, s.last_seen_at, s.authenticated_at
         FROM session s
         JOIN account a ON a.id = s.account_id AND a.state = 'active'
         JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         WHERE s.secret_hash = :hash AND s.idle_expires_at > :now
           AND s.absolute_expires_at > :now",
        hash = opaque::hash(secret),
        now
    )
    .maybe(tx)
}

/// Whom an access token speaks for, if the session that it names is alive. What it says was signed
/// by us.
pub fn by_access_token(tx: &mut Tx<'_>, claims: &Claims) -> Result<Option<SignedIn>, StoreError> {
    let now = tx.now();
    let found: Option<Account> = sql!(
        "SELECT a.id, a.display_name, e.address AS email, a.locale, a.time_zone
         FROM session s
         JOIN account a ON a.id = s.account_id AND a.state = 'active'
         JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         WHERE s.id = :sid AND a.id = :sub
           AND s.idle_expires_at > :now AND s.absolute_expires_at > :now",
        sid = claims.sid,
        sub = claims.sub,
        now
    )
    .maybe(tx)?;
    let signed_in_at = claims.auth_time.map(Timestamp::from_second);
    let access = Access {
        session: claims.sid.clone(),
        signed_in_at: signed_in_at.and_then(Result::ok),
    };
    Ok(found.map(|account| SignedIn {
        account,
        by: By::Access(access),
    }))
}

/// A token that was found alive. It proves nothing until it is asked for a
/// scope.
#[derive(Clone, Debug)]
pub struct Bearer {
    who: SignedIn,
    id: TokenId,
    last_used_at: Option<Timestamp>,
}

/// The token was not made for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token has no scope {0}")]
pub struct ScopeMissing(pub TokenScope);

impl Bearer {
    /// The proof, if the token may be used for all these.
    pub fn with(self, scopes: &[TokenScope]) -> Result<SignedIn, ScopeMissing> {
        let missing = scopes.iter().find(|scope| !self.who.has(**scope));
        missing.map_or(Ok(self.who), |scope| Err(ScopeMissing(*scope)))
    }

    /// Which token it is.
    pub fn id(&self) -> &TokenId {
        &self.id
    }

    /// Whether it is time to write down that the token is in use.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.last_used_at
            .is_none_or(|last| now.duration_since(last) >= session::SEEN_EVERY)
    }
}

impl FromRow for Bearer {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let id: TokenId = row.column(5)?;
        Ok(Self {
            who: SignedIn {
                account: Account::from_row(row)?,
                by: By::Token {
                    id: id.clone(),
                    scopes: token::split(&row.column::<String>(6)?),
                    scope: token::read_scope(row, 7)?,
                },
            },
            id,
            last_used_at: row.column(9)?,
        })
    }
}

/// Whose token this is, if it is alive.
pub fn by_token(tx: &mut Tx<'_>, secret: &Secret) -> Result<Option<Bearer>, StoreError> {
    if !token::is_token(secret.reveal()) {
        return Ok(None);
    }
    let now = tx.now();
    sql!(
        "SELECT a.id, a.display_name, e.address, a.locale, a.time_zone,
                t.id, t.rights, t.scope_kind, t.scope_id, t.last_used_at
         FROM personal_token t
         JOIN account a ON a.id = t.account_id AND a.state = 'active'
         JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         WHERE t.hash = :hash AND t.expires_at > :now",
        hash = opaque::hash(secret),
        now
    )
    .maybe(tx)
}

/// The proof that somebody may make what others can see, and what works without them: they have
/// confirmed their address, or were invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed(SignedIn);

impl Confirmed {
    /// Who it is.
    pub fn who(&self) -> &SignedIn {
        &self.0
    }
}

/// The proof that `who` is no registration that waits; `None`: `email_unverified`.
pub fn confirmed(tx: &mut Tx<'_>, who: &SignedIn) -> Result<Option<Confirmed>, StoreError> {
    let is_pending = unconfirmed::is_pending(tx, &who.account().id)?;
    Ok((!is_pending).then(|| Confirmed(who.clone())))
}
