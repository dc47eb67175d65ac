//! The reasons for refusal that all domains share. A domain adds its own rules through a declared
//! error code ([`Refusal::Rule`]), or through an enum with one variant for these reasons.

use axum::http::StatusCode;
use platform::StoreError;
use platform::idempotency::Reused;
use platform::limits::Wait;
use serde_json::Value;
use web::codes::Code;
use web::{FieldProblem, Problem};

use identity::problem::email_unverified;

use identity::session::signed_in::ScopeMissing;
use identity::session::sudo::SudoRequired;

/// The reason why a request was refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The object does not exist, or the caller may not know that it exists.
    #[error("not there, or not the caller's to know")]
    NotFound,
    /// Another request saved a change since the caller looked.
    #[error("changed meanwhile")]
    VersionConflict(Box<Stored>),
    /// The caller used the idempotency key for a different request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Fields that cannot be saved as sent.
    #[error("{} fields are not right", .0.len())]
    Fields(Vec<FieldProblem>),
    /// The number of items has reached this limit.
    #[error("there are {0} already")]
    LimitReached(i64),
    /// The caller exceeds a rate limit.
    #[error(transparent)]
    TooOften(#[from] Wait),
    /// The caller has no role that permits the request.
    #[error("the caller may not do that")]
    Forbidden,
    /// Tokens may not do this, or tokens that are limited to one object may not.
    #[error("a token may not do that")]
    TokenNotPermitted,
    /// The session has not proved a credential within the last minutes.
    #[error(transparent)]
    SudoRequired(#[from] SudoRequired),
    /// The token lacks a scope.
    #[error(transparent)]
    ScopeMissing(#[from] ScopeMissing),
    /// The caller must confirm their email address first.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// A domain's own rule.
    #[error("{}", .0.code)]
    Rule(Code),
    /// A complete problem response.
    #[error("{}", .0.code)]
    Problem(Problem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The stored item, for a caller with a stale version.
#[derive(Debug)]
pub struct Stored {
    pub whole: Value,
    /// The item's id in paths and its version, for callers who may not see the rest.
    pub receipt: Value,
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

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::Rule(code)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        use StatusCode as S;
        match refusal {
            Refusal::NotFound => Self::not_found(),
            Refusal::VersionConflict(stored) => {
                Self::new(S::CONFLICT, "version_conflict").current(stored.whole)
            }
            Refusal::KeyReused => Self::new(S::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Refusal::Fields(errors) => {
                let mut problem = Self::fields();
                problem.errors = errors;
                problem
            }
            Refusal::LimitReached(limit) => {
                Self::new(S::CONFLICT, "limit_reached").with("limit", limit)
            }
            Refusal::TooOften(wait) => {
                Self::new(S::TOO_MANY_REQUESTS, "rate_limited").retry_after(wait.seconds)
            }
            Refusal::Forbidden => Self::new(S::FORBIDDEN, "forbidden"),
            Refusal::TokenNotPermitted => Self::new(S::FORBIDDEN, "token_not_permitted"),
            Refusal::SudoRequired(error) => error.into(),
            Refusal::ScopeMissing(error) => error.into(),
            Refusal::EmailUnverified => email_unverified(),
            Refusal::Rule(code) => match S::from_u16(code.status) {
                Ok(status) => Self::new(status, code.code),
                Err(cause) => Self::internal(cause),
            },
            Refusal::Problem(problem) => problem,
            Refusal::Store(error) => error.into(),
        }
    }
}
