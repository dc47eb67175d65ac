//! The reasons for refusal that all domains share. A domain adds its own rules through a declared
//! error code ([`Refusal::Rule`]), or through its own enum, in which one variant contains a
//! [`Refusal`].

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
    /// The object does not exist, or the caller is not allowed to know whether it exists.
    #[error("not found, or hidden from the caller")]
    NotFound,
    /// The caller's change is based on an outdated version.
    #[error("changed in the meantime")]
    VersionConflict(Box<Stored>),
    /// The caller used the idempotency key for a different request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Some fields have invalid values.
    #[error("{} fields are invalid", .0.len())]
    Fields(Vec<FieldProblem>),
    /// The list already has as many items as its limit allows.
    #[error("there are already {0}, which is the limit")]
    LimitReached(i64),
    #[error(transparent)]
    TooOften(#[from] Wait),
    /// The caller has no role that allows the request.
    #[error("the caller may not do that")]
    Forbidden,
    /// The request has an API token that may not do this. For some operations, no token suffices;
    /// for others, only a token that is not limited to one object.
    #[error("a token may not do that")]
    TokenNotPermitted,
    /// The person must confirm their identity again, because they last did so too long ago.
    #[error(transparent)]
    SudoRequired(#[from] SudoRequired),
    #[error(transparent)]
    ScopeMissing(#[from] ScopeMissing),
    /// The caller must confirm their email address first.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// A rule that a domain declares through its error code.
    #[error("{}", .0.code)]
    Rule(Code),
    /// A complete error response, made by the domain.
    #[error("{}", .0.code)]
    Problem(Problem),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The stored item, for a caller whose change is based on an outdated version.
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
            Refusal::Rule(code) => code.into(),
            Refusal::Problem(problem) => problem,
            Refusal::Store(error) => error.into(),
        }
    }
}
