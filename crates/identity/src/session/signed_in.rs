//! The proof that a caller is signed in. Only this module creates the proof, either from a
//! session's cookie or from a token that has the required scope.

use jiff::Timestamp;
use platform::audit::Actor;
use platform::store::{FromRow, Row};
use platform::{Secret, StoreError, Tx, sql};

use crate::account::{Account, unconfirmed};
use crate::opaque_secret;
use crate::scope::{Scope, ScopeName};
use crate::session::access_token::Claims;
use crate::session::token::{self, TokenId, TokenScope};
use crate::session::{self, SessionId, Stay};

/// The person or API client that is authenticated in the current request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    account: Account,
    by: By,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum By {
    Session {
        id: SessionId,
        /// When the person last proved a credential in the session, if known.
        authenticated_at: Option<Timestamp>,
        /// Whether the request has an access token instead of the session's cookie.
        is_by_token: bool,
    },
    /// An API client with the access token of a session.
    Access(Access),
    Token {
        id: TokenId,
        scopes: Vec<String>,
        scope: Option<ScopeName>,
    },
}

/// The session to which an access token belongs. The token does not show whether the person has
/// proved a credential since the token was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Access {
    session: SessionId,
    /// When the session began, if the token was issued in the response to the sign-in.
    signed_in_at: Option<Timestamp>,
}

impl SignedIn {
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Whether the caller is a person in a browser. All operations on passwords, tokens and roles
    /// require this.
    pub fn is_in_browser(&self) -> bool {
        matches!(self.by, By::Session { .. })
    }

    /// The session, if the request has its cookie; `None` for tokens.
    pub fn session(&self) -> Option<&SessionId> {
        match &self.by {
            By::Session { id, .. } => Some(id),
            By::Access(_) | By::Token { .. } => None,
        }
    }

    /// The session, if the request has its cookie, and the time at which the person last proved a
    /// credential in the session.
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

    /// Like [`Self::authentication`], but also accepts an access token that was issued in the
    /// response to a sign-in. Only for changes to the person's own credentials and sessions.
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

    /// Whether the caller has the scope. A person in a session has every scope; a personal token
    /// has only the scopes with which it was created.
    pub fn has(&self, scope: TokenScope) -> bool {
        match &self.by {
            By::Session { .. } | By::Access(_) => true,
            By::Token { scopes, .. } => scopes.iter().any(|word| word == scope.word()),
        }
    }

    /// The name under which responses for repeated requests are stored. Each personal token has a
    /// different name, so it never gets a response that was sent to the owner's browser or to
    /// another token.
    pub fn repeats_as(&self) -> String {
        match &self.by {
            By::Session { .. } | By::Access(_) => self.account.id.to_string(),
            By::Token { id, .. } => id.to_string(),
        }
    }

    /// The actor for the audit log.
    pub fn actor(&self) -> Actor {
        match &self.by {
            By::Session { .. } | By::Access(_) => Actor::Account(self.account.id.to_string()),
            By::Token { id, .. } => Actor::Token(id.to_string()),
        }
    }

    /// Treats a caller with an access token like a caller with the session's cookie. Some endpoints
    /// need this, because a front end sends them the token instead of a cookie.
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

    /// The id of the personal token, if one was sent.
    pub(crate) fn personal_token(&self) -> Option<&TokenId> {
        match &self.by {
            By::Token { id, .. } => Some(id),
            By::Session { .. } | By::Access(_) => None,
        }
    }

    /// Whether the request has a personal token that is limited to one scope.
    pub fn is_limited(&self) -> bool {
        matches!(&self.by, By::Token { scope: Some(_), .. })
    }

    /// Whether the caller may access `scope`. A personal token that is limited to another scope
    /// cannot access it.
    pub(crate) fn reaches(&self, scope: &Scope) -> bool {
        match &self.by {
            By::Token {
                scope: Some(only), ..
            } => *only == scope.name(),
            By::Session { .. } | By::Access(_) | By::Token { scope: None, .. } => true,
        }
    }
}

/// A live session found by its cookie.
#[derive(Clone, Debug)]
pub struct LiveSession {
    pub who: SignedIn,
    stay: Stay,
    last_seen_at: Timestamp,
}

impl LiveSession {
    /// Whether the time of the session's last use must be stored again.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_seen_at) >= session::SEEN_EVERY
    }

    /// How long the person stays signed in, as chosen at the sign-in.
    pub fn stay(&self) -> Stay {
        self.stay
    }
}

impl FromRow for LiveSession {
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

pub fn by_session(tx: &mut Tx<'_>, secret: &Secret) -> Result<Option<LiveSession>, StoreError> {
    let now = tx.now();
    sql!(
        "SELECT a.id, a.display_name, e.address, a.locale, a.time_zone,
                s.id, s.remembered, s.last_seen_at, s.authenticated_at
         FROM session s
         JOIN account a ON a.id = s.account_id AND a.state = 'active'
         JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         WHERE s.secret_hash = :hash AND s.idle_expires_at > :now
           AND s.absolute_expires_at > :now",
        hash = opaque_secret::hash(secret),
        now
    )
    .maybe(tx)
}

/// Finds the account of an access token, if its session is live. The caller has verified the
/// claims.
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

/// A live personal token. [`Bearer::with`] checks the token's scopes and returns a [`SignedIn`].
#[derive(Clone, Debug)]
pub struct Bearer {
    who: SignedIn,
    id: TokenId,
    last_used_at: Option<Timestamp>,
}

/// The API token lacks this scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token has no scope {0}")]
pub struct ScopeMissing(pub TokenScope);

impl Bearer {
    /// Returns the proof that the caller is signed in, if the token has all these scopes.
    pub fn with(self, scopes: &[TokenScope]) -> Result<SignedIn, ScopeMissing> {
        let missing = scopes.iter().find(|scope| !self.who.has(**scope));
        missing.map_or(Ok(self.who), |scope| Err(ScopeMissing(*scope)))
    }

    pub fn id(&self) -> &TokenId {
        &self.id
    }

    /// Whether the time of the token's last use must be stored again.
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
        hash = opaque_secret::hash(secret),
        now
    )
    .maybe(tx)
}

/// The proof that a person may create things that others can see or that keep working without the
/// person. The person has confirmed their email address, or was invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed(SignedIn);

impl Confirmed {
    pub fn who(&self) -> &SignedIn {
        &self.0
    }
}

/// Returns a [`Confirmed`], or `None` if the account of `who` is unconfirmed. Callers turn `None`
/// into the error `email_unverified`.
pub fn confirmed(tx: &mut Tx<'_>, who: &SignedIn) -> Result<Option<Confirmed>, StoreError> {
    let is_pending = unconfirmed::is_pending(tx, &who.account().id)?;
    Ok((!is_pending).then(|| Confirmed(who.clone())))
}
