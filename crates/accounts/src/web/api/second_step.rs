//! The second step of a sign-in, for accounts with a second factor.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use platform::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, Problem, routes};

use super::{LoginCall, Me, Step, Want};

use identity::credential::second_factor;
use identity::sign_in::Welcome;
use identity::sign_in::second_step::{self, LIFETIME, SecondStepInput};
use site::Callers::Anybody;
use site::Context;

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default().routes(routes!(prove: Anybody))
}

/// What a sign-in answers where a second factor is needed.
#[derive(Serialize, ToSchema)]
struct SecondStepRequired {
    status: Status,
    /// To be shown with the code. It is no session.
    mfa_token: String,
    /// For how many seconds.
    expires_in: i64,
    /// What may be shown.
    methods: [Method; 2],
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// The second step is next.
    MfaRequired,
}

/// A kind of code.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Method {
    /// Six digits of an authenticator app.
    Totp,
    /// One of the codes for who lost it.
    RecoveryCode,
}

impl From<Method> for second_factor::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Totp => Self::Totp,
            Method::RecoveryCode => Self::RecoveryCode,
        }
    }
}

/// The second step.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecondStep {
    /// What the first step answered.
    mfa_token: String,
    /// What kind of code.
    method: Method,
    /// The code.
    code: String,
    /// What to answer with, as in the first step.
    #[serde(default)]
    want: Want,
}

impl Step for SecondStep {
    fn want(&self) -> Want {
        self.want
    }
}

/// The response that asks for the second step.
pub(super) fn required(token: &Secret) -> Response {
    Json(SecondStepRequired {
        status: Status::MfaRequired,
        mfa_token: token.reveal().to_owned(),
        expires_in: LIFETIME.as_secs(),
        methods: [Method::Totp, Method::RecoveryCode],
    })
    .into_response()
}

/// Sign in: the second step.
///
/// For an account with a second factor. The token of the first step works for 5 minutes, once, and
/// for 5 tries.
#[utoipa::path(
    post, path = "/api/v1/auth/mfa", tag = "second factors",
    request_body = SecondStep,
    responses(
        (status = 200, description = "Signed in: who it is, or `Tokens`", body = Me),
        (status = 401, description = "`mfa_code_invalid`; `mfa_token_invalid`: begin again"),
        (status = 403, description = "`csrf_failed` or `secure_connection_required`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`: begin again"),
    ),
)]
async fn prove(
    State(accounts): State<Context>,
    call: LoginCall<SecondStep>,
) -> Result<Response, Problem> {
    let LoginCall {
        login: step,
        attempt: (facts, client),
        ..
    } = call;
    let shown = SecondStepInput {
        token: Secret::new(step.mfa_token),
        method: step.method.into(),
        code: Secret::new(step.code),
        network: facts.network(),
        client,
    };
    let arrived = second_step::finish(&accounts, shown).await?;
    super::signed_in(&accounts, Welcome::Arrived(arrived), step.want).await
}
