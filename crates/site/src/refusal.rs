//! Why something was not done, for the reasons that every domain has. A rule of its own a domain
//! says by the code that it declares ([`Refusal::Rule`]), or in an enum that these reasons turn
//! into.

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

/// Why nothing was saved, or shown.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Not there, or not the caller's to know.
    #[error("not there, or not the caller's to know")]
    NotFound,
    /// Something else was saved since the caller looked.
    #[error("changed meanwhile")]
    VersionConflict(Box<Stored>),
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Fields that cannot be saved as sent.
    #[error("{} fields are not right", .0.len())]
    Fields(Vec<FieldProblem>),
    /// As many as there may be.
    #[error("there are {0} already")]
    LimitReached(i64),
    /// The caller does it too often.
    #[error(transparent)]
    TooOften(#[from] Wait),
    /// The caller has no role that may do it.
    #[error("the caller may not do that")]
    Forbidden,
    /// A token does not do this, or not one for one thing alone.
    #[error("a token may not do that")]
    TokenNotPermitted,
    /// The session proved no credential in the last minutes.
    #[error(transparent)]
    SudoRequired(#[from] SudoRequired),
    /// The token was not made for this too.
    #[error(transparent)]
    ScopeMissing(#[from] ScopeMissing),
    /// The caller has to confirm their address first.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// A rule of the domain's own.
    #[error("{}", .0.code)]
    Rule(Code),
    /// A reason that is worded already.
    #[error("{}", .0.code)]
    Problem(Problem),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is stored, where a stale version was sent.
#[derive(Debug)]
pub struct Stored {
    /// All of it.
    pub whole: Value,
    /// Its name in addresses and its version, for those who may not see it.
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
