//! The second step of a sign-in to an account with a second factor.

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

/// The response to a sign-in that needs a second factor.
#[derive(Serialize, ToSchema)]
struct SecondStepRequired {
    status: Status,
    /// The token for the second step. It does not work as a session.
    mfa_token: String,
    /// The lifetime of the token, in seconds.
    expires_in: i64,
    /// The kinds of codes that are accepted.
    methods: [Method; 2],
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// A second factor must be proved.
    MfaRequired,
}

/// A kind of code.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Method {
    /// A code from the authenticator app, six digits.
    Totp,
    /// A recovery code, for a person who has lost the app.
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

/// The input of the second step.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecondStep {
    /// The token from the response to the first step.
    mfa_token: String,
    /// The kind of code.
    method: Method,
    /// The code.
    code: String,
    /// How the response delivers the session, as in the first step: as a cookie or as tokens.
    #[serde(default)]
    want: Want,
}

impl Step for SecondStep {
    fn want(&self) -> Want {
        self.want
    }
}

pub(super) fn required(token: &Secret) -> Response {
    Json(SecondStepRequired {
        status: Status::MfaRequired,
        mfa_token: token.reveal().to_owned(),
        expires_in: LIFETIME.as_secs(),
        methods: [Method::Totp, Method::RecoveryCode],
    })
    .into_response()
}

/// Complete a sign-in with the second factor.
///
/// The token of the first step is valid for one sign-in, for 5 minutes and for 5 attempts.
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
