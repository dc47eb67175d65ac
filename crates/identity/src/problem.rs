//! Conversion of this crate's errors to problem responses.

use std::ops::RangeInclusive;

use axum::http::StatusCode;
use platform::limits::Wait;
use web::{Argument, Problem};

use crate::account::NotAName;
use crate::credential::hashing::Busy;
use crate::credential::linked_identity::IdentityError;
use crate::credential::passkey::{self, PasskeyError};
use crate::credential::password::{self, Weakness};
use crate::credential::second_factor::FactorError;
use crate::grant::GrantError;
use crate::grant::administrator::PeopleError;
use crate::people::invite::{self, InviteError, TakeError};
use crate::people::setup::SetupError;
use crate::person::erasure::EraseError;
use crate::person::export::ExportError;
use crate::person::group_link::{self, MakeError};
use crate::person::profile::ProfileError;
use crate::person::provider_sign_in::ProviderSignInError;
use crate::person::registration::RegisterError;
use crate::person::reset::{AskError, ResetError};
use crate::person::slug_change::{self, SlugError};
use crate::person::trusted::{self, TrustError};
use crate::person::verification::{ConfirmError, ResendError};
use crate::session::signed_in::ScopeMissing;
use crate::session::sudo::SudoRequired;
use crate::session::token;
use crate::sign_in::SignInError;
use crate::sign_in::own_password::ChangeError;
use crate::sign_in::second_step::SecondStepError;

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

/// The error response for an exceeded rate limit, with the waiting time.
pub fn too_often(wait: Wait) -> Problem {
    wait.into()
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

impl From<SecondStepError> for Problem {
    fn from(error: SecondStepError) -> Self {
        match error {
            SecondStepError::CodeInvalid => Self::new(StatusCode::UNAUTHORIZED, "mfa_code_invalid"),
            SecondStepError::TokenGone => Self::new(StatusCode::UNAUTHORIZED, "mfa_token_invalid"),
            SecondStepError::UsedUp(wait) => too_often(wait),
            SecondStepError::Store(error) => error.into(),
        }
    }
}

impl From<FactorError> for Problem {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::CodeInvalid => Self::new(StatusCode::UNAUTHORIZED, "mfa_code_invalid"),
            FactorError::Enrolled => Self::new(StatusCode::CONFLICT, "mfa_enrolled"),
            FactorError::NotEnrolled => Self::new(StatusCode::CONFLICT, "mfa_not_enrolled"),
            FactorError::EmailUnverified => email_unverified(),
            FactorError::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated"),
            FactorError::Store(error) => error.into(),
        }
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
            TakeError::OtherAddress => Self::new(StatusCode::FORBIDDEN, "invite_for_other_address"),
            TakeError::UsedUp(wait) => too_often(wait),
            TakeError::EmailUnverified => email_unverified(),
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
            ChangeError::CodeMissing => Self::fields().field("/code", "required", []),
            ChangeError::PasswordOrCodeWrong => {
                Self::new(StatusCode::UNAUTHORIZED, "password_or_code_wrong")
            }
            ChangeError::SudoRequired(error) => error.into(),
            ChangeError::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated"),
            ChangeError::UsedUp(wait) => too_often(wait),
            ChangeError::Busy(error) => error.into(),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<PasskeyError> for Problem {
    fn from(error: PasskeyError) -> Self {
        match error {
            PasskeyError::Invalid(reason) => {
                tracing::info!(%reason, "a passkey was not accepted");
                Self::new(StatusCode::UNAUTHORIZED, "passkey_invalid")
            }
            PasskeyError::Known => Self::new(StatusCode::UNAUTHORIZED, "passkey_invalid"),
            PasskeyError::Name => Self::fields().field("/name", "too_long", [("max", 50.into())]),
            PasskeyError::Limit => {
                Self::new(StatusCode::CONFLICT, "limit_reached").with("limit", passkey::LIMIT)
            }
            PasskeyError::EmailUnverified => email_unverified(),
            PasskeyError::Last => Self::new(StatusCode::CONFLICT, "last_credential"),
            PasskeyError::NotFound => Self::not_found(),
            PasskeyError::Store(error) => error.into(),
        }
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::InUse => Self::new(StatusCode::CONFLICT, "identity_in_use"),
            IdentityError::OneOfProvider => {
                Self::new(StatusCode::CONFLICT, "limit_reached").with("limit", 1)
            }
            IdentityError::Last => Self::new(StatusCode::CONFLICT, "last_credential"),
            IdentityError::EmailUnverified => email_unverified(),
            IdentityError::NotFound => Self::not_found(),
            IdentityError::Store(error) => error.into(),
        }
    }
}

impl From<ProviderSignInError> for Problem {
    fn from(error: ProviderSignInError) -> Self {
        match error {
            ProviderSignInError::StateInvalid => {
                Self::new(StatusCode::BAD_REQUEST, "oauth_state_invalid")
            }
            ProviderSignInError::Denied => Self::new(StatusCode::BAD_REQUEST, "oauth_denied"),
            ProviderSignInError::Provider(error) => {
                tracing::warn!(%error, "a sign-in provider failed, so somebody could not sign in; correct [[accounts.provider]] if the error is about it; otherwise look at the status page of the provider");
                Self::new(StatusCode::BAD_GATEWAY, "oauth_provider_failed")
            }
            ProviderSignInError::Identity(error) => error.into(),
            ProviderSignInError::UsedUp(wait) => too_often(wait),
            ProviderSignInError::Register(error) => error.into(),
            ProviderSignInError::Store(error) => error.into(),
        }
    }
}

impl From<InviteError> for Problem {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::AboveOwn => Self::new(StatusCode::FORBIDDEN, "role_above_own"),
            InviteError::Closed => Self::new(StatusCode::FORBIDDEN, "registration_closed"),
            InviteError::EmailTaken => email_taken(),
            InviteError::LimitReached => {
                Self::new(StatusCode::CONFLICT, "limit_reached").with("limit", invite::LIMIT)
            }
            InviteError::Store(error) => error.into(),
        }
    }
}

impl From<MakeError> for Problem {
    fn from(error: MakeError) -> Self {
        let between = |range: RangeInclusive<i64>| {
            [
                ("min", (*range.start()).into()),
                ("max", (*range.end()).into()),
            ]
        };
        match error {
            MakeError::Uses => {
                Self::fields().field("/uses", "out_of_range", between(group_link::USES))
            }
            MakeError::Days => {
                Self::fields().field("/days", "out_of_range", between(group_link::DAYS))
            }
            MakeError::Place => Self::fields().field("/path", "unknown_option", []),
            MakeError::LimitReached => {
                Self::new(StatusCode::CONFLICT, "limit_reached").with("limit", group_link::LIMIT)
            }
            MakeError::Store(error) => error.into(),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed => Self::new(StatusCode::FORBIDDEN, "registration_closed"),
            RegisterError::FormStale => Self::new(StatusCode::BAD_REQUEST, "form_stale"),
            RegisterError::SlugReserved => Self::fields().field("/slug", "slug_reserved", []),
            RegisterError::SlugTaken => Self::new(StatusCode::CONFLICT, "slug_taken"),
            RegisterError::NewcomerGone => gone(),
            RegisterError::EmailTaken => email_taken(),
            RegisterError::UsedUp { wait, until } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, "registrations_used_up")
                    .with("until", Argument::Clock(until))
                    .retry_after(wait.seconds)
            }
            RegisterError::Busy(error) => error.into(),
            RegisterError::Store(error) => error.into(),
        }
    }
}

impl From<ResendError> for Problem {
    fn from(error: ResendError) -> Self {
        match error {
            ResendError::UsedUp(wait) => too_often(wait),
            ResendError::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated"),
            ResendError::Store(error) => error.into(),
        }
    }
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::LinkGone => gone(),
            ConfirmError::ProofNeeded => Self::new(StatusCode::FORBIDDEN, "password_required"),
            ConfirmError::EmailTaken => email_taken(),
            ConfirmError::CurrentWrong => {
                Self::new(StatusCode::BAD_REQUEST, "current_password_wrong")
            }
            ConfirmError::Weak(weakness) => password(Self::fields(), "/new_password", weakness),
            ConfirmError::UsedUp(wait) => too_often(wait),
            ConfirmError::Busy(error) => error.into(),
            ConfirmError::Store(error) => error.into(),
        }
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::UsedUp(wait) => too_often(wait),
            AskError::Store(error) => error.into(),
        }
    }
}

impl From<ResetError> for Problem {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::LinkGone => gone(),
            ResetError::Weak(weakness) => password(Self::fields(), "/password", weakness),
            ResetError::Busy(error) => error.into(),
            ResetError::Store(error) => error.into(),
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
            CreateError::EmailUnverified => email_unverified(),
            CreateError::Store(error) => error.into(),
        }
    }
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Rank(role) => {
                Self::new(StatusCode::FORBIDDEN, "role_required").with("role", role.word())
            }
            PeopleError::NotFound => Self::not_found(),
            PeopleError::AboveOwn => Self::new(StatusCode::FORBIDDEN, "role_above_own"),
            PeopleError::LastOwner => Self::new(StatusCode::CONFLICT, "last_owner"),
            PeopleError::EmailUnverified => Self::new(StatusCode::CONFLICT, "account_unverified"),
            PeopleError::Leaving => Self::new(StatusCode::CONFLICT, "account_leaving"),
            PeopleError::Deactivated => Self::new(StatusCode::CONFLICT, "account_deactivated"),
            PeopleError::NoFactors => Self::new(StatusCode::CONFLICT, "account_without_factors"),
            PeopleError::NoMail => Self::new(StatusCode::CONFLICT, "address_suppressed"),
            PeopleError::Store(error) => error.into(),
        }
    }
}

impl From<ProfileError> for Problem {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated"),
            ProfileError::Unconfirmed => email_unverified(),
            ProfileError::Fields(errors) => {
                let mut problem = Self::fields();
                problem.errors = errors;
                problem
            }
            ProfileError::Slug(error) => error.into(),
            ProfileError::Store(error) => error.into(),
        }
    }
}

impl From<SlugError> for Problem {
    fn from(error: SlugError) -> Self {
        match error {
            SlugError::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated"),
            SlugError::Invalid => Self::fields().field("/slug", "slug_invalid", []),
            SlugError::Reserved => Self::fields().field("/slug", "slug_reserved", []),
            SlugError::Taken => Self::new(StatusCode::CONFLICT, "slug_taken"),
            SlugError::LimitReached => {
                Self::new(StatusCode::CONFLICT, "limit_reached").with("limit", slug_change::LIMIT)
            }
            SlugError::Store(error) => error.into(),
        }
    }
}

impl From<TrustError> for Problem {
    fn from(error: TrustError) -> Self {
        match error {
            TrustError::PersonUnknown => Self::fields().field("/slug", "person_unknown", []),
            TrustError::LimitReached => {
                Self::new(StatusCode::CONFLICT, "limit_reached").with("limit", trusted::LIMIT)
            }
            TrustError::SudoRequired(error) => error.into(),
            TrustError::Grant(error) => error.into(),
            TrustError::Store(error) => error.into(),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated"),
            EraseError::Obliged(names) => Self::new(StatusCode::CONFLICT, "active_obligations")
                .with("obligations", names.join("; ").as_str()),
            EraseError::People(error) => error.into(),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::NotSignedIn => Self::new(StatusCode::UNAUTHORIZED, "unauthenticated"),
            ExportError::TooMany(wait) => too_often(wait),
            ExportError::People(error) => error.into(),
            ExportError::Zip(error) => Self::internal(error),
            ExportError::Store(error) => error.into(),
        }
    }
}

/// Adds to `problem` that the field at `pointer` is not a valid display name.
pub fn name(problem: Problem, pointer: &str, why: NotAName) -> Problem {
    let values = [("min", 2.into()), ("max", 50.into())];
    match why {
        NotAName::Length => problem.field(pointer, "display_name_length", values),
        NotAName::Address => problem.field(pointer, "display_name_address", []),
    }
}

/// Adds to `problem` that the field at `pointer` is not an acceptable password.
pub fn password(problem: Problem, pointer: &str, weakness: Weakness) -> Problem {
    let values = match weakness {
        Weakness::Short => vec![("min", password::SHORTEST.into())],
        Weakness::Long => vec![("max", password::LONGEST.into())],
        Weakness::Common => Vec::new(),
    };
    problem.field(pointer, weakness.code(), values)
}

/// The error response for a person who must confirm their email address first.
pub fn email_unverified() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "email_unverified")
}

/// The error response for a link that was used or has expired.
pub fn gone() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "token_expired_or_used")
}

fn email_taken() -> Problem {
    Problem::new(StatusCode::CONFLICT, "email_taken")
}
