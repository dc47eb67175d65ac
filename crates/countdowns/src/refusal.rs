//! Why something was not saved: facts, each with its status and its stable code.

use accounts::signed_in::ScopeMissing;
use accounts::sudo::SudoRequired;
use axum::http::StatusCode;
use platform::StoreError;
use platform::idempotency::Reused;
use platform::limits::Wait;
use serde_json::json;
use web::{FieldProblem, Problem};

use crate::countdown::Countdown;

/// In seconds.
const A_DAY: u32 = 24 * 60 * 60;

/// Why nothing was saved.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Not there, or not the caller's to know.
    #[error("not there, or not the caller's to know")]
    NotFound,
    /// Something else was saved since the caller looked.
    #[error("changed meanwhile")]
    VersionConflict(Box<Countdown>),
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Fields that cannot be saved as sent.
    #[error("{} fields are not right", .0.len())]
    Fields(Vec<FieldProblem>),
    /// As many as there may be.
    #[error("there are {0} already")]
    LimitReached(i64),
    /// Another countdown of the account is called so.
    #[error("another countdown of the account is called so")]
    SlugTaken,
    /// It is found under this owner's name.
    #[error("it is found under this owner's name")]
    NamedAfter,
    /// Only what counts up is reset.
    #[error("only what counts up is reset")]
    WrongKind,
    /// It was reset in this very millisecond.
    #[error("it was reset in this very millisecond")]
    EntryExists,
    /// Resets are written too often.
    #[error(transparent)]
    TooOften(#[from] Wait),
    /// A token for one thing alone makes no others.
    #[error("the token is for one thing alone")]
    TokenNotPermitted,
    /// The session proved no credential in the last minutes.
    #[error(transparent)]
    SudoRequired(#[from] SudoRequired),
    /// The token was not made for this too.
    #[error(transparent)]
    ScopeMissing(#[from] ScopeMissing),
    /// Who makes one has to confirm their address first.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// An active phrase is like it.
    #[error("an active phrase is like it")]
    PhraseExists,
    /// The caller has suggested it already.
    #[error("the caller has suggested it already")]
    SuggestionPending,
    /// Too many suggestions of one account in a day.
    #[error("too many suggestions in a day")]
    TooManySuggestions,
    /// Somebody else decided on the suggestion.
    #[error("somebody else decided on the suggestion")]
    AlreadyModerated,
    /// The caller does not decide on phrases.
    #[error("the caller is no moderator of the site")]
    NotAModerator,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Reused> for Refusal {
    fn from(_: Reused) -> Self {
        Self::KeyReused
    }
}

impl From<Vec<FieldProblem>> for Refusal {
    fn from(found: Vec<FieldProblem>) -> Self {
        Self::Fields(found)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code);
        match refusal {
            Refusal::NotFound => Self::not_found(),
            Refusal::VersionConflict(stored) => conflict("version_conflict").current(json!(stored)),
            Refusal::KeyReused => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused")
            }
            Refusal::Fields(errors) => {
                let mut problem = Self::fields();
                problem.errors = errors;
                problem
            }
            Refusal::LimitReached(limit) => conflict("limit_reached").with("limit", limit),
            Refusal::SlugTaken => conflict("slug_taken"),
            Refusal::NamedAfter => conflict("named_after"),
            Refusal::WrongKind => Self::new(StatusCode::BAD_REQUEST, "wrong_kind"),
            Refusal::EntryExists => conflict("entry_exists"),
            Refusal::TokenNotPermitted => Self::new(StatusCode::FORBIDDEN, "token_not_permitted"),
            Refusal::SudoRequired(error) => error.into(),
            Refusal::ScopeMissing(error) => error.into(),
            Refusal::EmailUnverified => accounts::web::email_unverified(),
            Refusal::TooOften(wait) => {
                let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited");
                problem.retry_after = Some(wait.seconds);
                problem
            }
            Refusal::PhraseExists => conflict("phrase_exists"),
            Refusal::SuggestionPending => conflict("suggestion_pending"),
            Refusal::TooManySuggestions => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited").retry_after(A_DAY)
            }
            Refusal::AlreadyModerated => conflict("already_moderated"),
            Refusal::NotAModerator => Self::new(StatusCode::FORBIDDEN, "forbidden"),
            Refusal::Store(error) => error.into(),
        }
    }
}
