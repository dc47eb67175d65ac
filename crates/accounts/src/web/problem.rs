//! Refusals of this crate as the problems that people and programs read.

use axum::http::StatusCode;
use platform::limits::Wait;
use web::Problem;

use crate::account::NotAName;
use crate::credential::ChangeError;
use crate::grant::GrantError;
use crate::hashing::Busy;
use crate::invite::TakeError;
use crate::password::{self, Weakness};
use crate::setup::SetupError;
use crate::sign_in::SignInError;
use crate::signed_in::ScopeMissing;
use crate::sudo::SudoRequired;
use crate::token;

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong => Self::new(StatusCode::UNAUTHORIZED, "credentials_invalid"),
            SignInError::LinkGone => gone(),
            SignInError::UsedUp(wait) => too_often(wait),
            SignInError::Busy(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

/// Somebody who does something too often, and when it may be done again.
pub(super) fn too_often(Wait { seconds }: Wait) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited")
        .with("minutes", seconds.div_ceil(60))
        .retry_after(seconds)
}

impl From<Busy> for Problem {
    fn from(Busy: Busy) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy").retry_after(1)
    }
}

impl From<ScopeMissing> for Problem {
    fn from(ScopeMissing(scope): ScopeMissing) -> Self {
        Self::new(StatusCode::FORBIDDEN, "scope_required").with("scope", scope.word())
    }
}

impl From<SudoRequired> for Problem {
    fn from(SudoRequired: SudoRequired) -> Self {
        Self::new(StatusCode::FORBIDDEN, "sudo_required")
    }
}

impl From<GrantError> for Problem {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::NotAMember => Self::not_found(),
            GrantError::UnknownRole => Self::new(StatusCode::BAD_REQUEST, "role_unknown"),
            GrantError::LastOwner => Self::new(StatusCode::CONFLICT, "last_owner"),
            GrantError::Store(error) => error.into(),
        }
    }
}

impl From<TakeError> for Problem {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::Gone => gone(),
            TakeError::EmailTaken => email_taken(),
            TakeError::Store(error) => error.into(),
        }
    }
}

impl From<SetupError> for Problem {
    fn from(error: SetupError) -> Self {
        match error {
            SetupError::Closed => Self::not_found(),
            SetupError::EmailTaken => email_taken(),
            SetupError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::CurrentWrong => {
                Self::new(StatusCode::BAD_REQUEST, "current_password_wrong")
            }
            ChangeError::SudoRequired(error) => error.into(),
            ChangeError::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated"),
            ChangeError::UsedUp(wait) => too_often(wait),
            ChangeError::Busy(error) => error.into(),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<token::CreateError> for Problem {
    fn from(error: token::CreateError) -> Self {
        use token::CreateError;

        let days = [
            ("min", 1.into()),
            ("max", i64::from(token::LONGEST_DAYS).into()),
        ];
        match error {
            CreateError::NameLength => {
                Self::fields().field("/name", "too_long", [("max", 60.into())])
            }
            CreateError::NameMissing => Self::fields().field("/name", "required", []),
            CreateError::NameTaken => Self::fields().field("/name", "not_unique", []),
            CreateError::NoScopes => Self::fields().field("/scopes", "required", []),
            CreateError::Expiry => Self::fields().field("/expires_in_days", "out_of_range", days),
            CreateError::LimitReached => {
                Self::new(StatusCode::CONFLICT, "limit_reached").with("limit", token::LIMIT)
            }
            CreateError::NoAccount => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated"),
            CreateError::Store(error) => error.into(),
        }
    }
}

/// A field whose text is no name.
pub(super) fn name(problem: Problem, pointer: &str, NotAName: NotAName) -> Problem {
    let values = [("min", 2.into()), ("max", 50.into())];
    problem.field(pointer, "display_name_length", values)
}

/// A field whose text is no password.
pub(super) fn password(problem: Problem, pointer: &str, weakness: Weakness) -> Problem {
    let values = match weakness {
        Weakness::Short => vec![("min", password::SHORTEST.into())],
        Weakness::Long => vec![("max", password::LONGEST.into())],
        Weakness::Common => Vec::new(),
    };
    problem.field(pointer, weakness.code(), values)
}

fn gone() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "token_expired_or_used")
}

fn email_taken() -> Problem {
    Problem::new(StatusCode::CONFLICT, "email_taken")
}
