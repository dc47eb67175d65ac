//! Proving once more who one is.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::Secret;
use serde::Deserialize;
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, Problem, routes};

use crate::Accounts;
use crate::Callers::People;
use crate::client::Client;
use crate::credential::ChangeError;
use crate::sudo;
use crate::web::asking::Caller;
use crate::web::cookies;

pub(super) fn routes<R: Routes<Accounts>>() -> R {
    R::default().routes(routes!(prove: People))
}

/// What proves who somebody is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Proof {
    /// The password as typed.
    #[schema(format = Password)]
    password: String,
}

/// Prove once more who you are.
///
/// For 10 minutes the session may then do what is otherwise refused with `sudo_required`. The
/// answer sets a new cookie of the session; the one before works no more.
#[utoipa::path(
    post, path = "/api/v1/auth/sudo", tag = "accounts",
    request_body = Proof,
    responses(
        (status = 204, description = "Proved"),
        (status = 401, description = "`credentials_invalid`"),
        (status = 403, description = "`csrf_failed` or `token_not_permitted`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
        (status = 503, description = "`busy`, with `Retry-After`"),
    ),
)]
async fn prove(
    State(accounts): State<Accounts>,
    client: Client,
    caller: Caller,
    Json(proof): Json<Proof>,
) -> Result<Response, Problem> {
    let password = Secret::new(proof.password);
    let proved = sudo::prove(&accounts, &caller.who, &password, client).await;
    let (secret, stay) = proved.map_err(|error| match error {
        ChangeError::CurrentWrong => Problem::new(StatusCode::UNAUTHORIZED, "credentials_invalid"),
        other => other.into(),
    })?;
    Ok(cookies::renewed(
        StatusCode::NO_CONTENT.into_response(),
        accounts.site.url(),
        &secret,
        stay,
    ))
}
