//! Proving a credential again, which begins sudo mode for the session.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::{Secret, Tx};
use serde::Deserialize;
use utoipa::ToSchema;
use web::described::Routes;
use web::{Facts, Json, Problem, routes};

use super::passkeys::{Descriptor, RequestOptions};

use identity::credential::passkey;
use identity::credential::web_authn::{self, Asked, Assertion};
use identity::session::SessionId;
use identity::sign_in::own_password::ChangeError;
use identity::sign_in::sudo_proof::{self, SudoInput};
use identity::sign_in::with_passkey;
use site::Callers::People;
use site::asking::{Browser, Caller};
use site::{Context, cookies};

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(prove: People))
        .routes(routes!(ask_proof: People))
}

/// A proof of who the caller is. It is either a passkey, or a password with a code if the account
/// has a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Proof {
    /// The password as typed.
    #[schema(format = Password)]
    password: Option<String>,
    /// A code from the authenticator app or a recovery code, if the account has a second factor.
    #[serde(default)]
    code: String,
    /// The result of `navigator.credentials.get`: `AuthenticationResponseJSON`.
    credential: Option<Assertion>,
}

/// Request a challenge for a proof with a passkey.
///
/// Only the account's own passkeys are acceptable. The challenge is valid for five minutes, in this
/// session.
#[utoipa::path(
    post, path = "/api/v1/auth/sudo/options", tag = "passkeys",
    responses(
        (status = 200, description = "For `navigator.credentials.get`", body = RequestOptions),
        (status = 403, description = "`csrf_failed` or `token_not_permitted`"),
    ),
)]
async fn ask_proof(
    State(accounts): State<Context>,
    caller: Caller,
) -> Result<Json<RequestOptions>, Problem> {
    let session = caller.who.session().cloned();
    let session = session.ok_or_else(|| Problem::internal("a person without a session"))?;
    let id = caller.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| passkey::credentials(tx, &id);
    let own = accounts.site.store.read(look).await?;
    let own = own.into_iter().map(Descriptor::new).collect();
    let options = RequestOptions::new(&accounts.site, session.as_str(), own);
    Ok(Json(options))
}

/// Prove again who you are.
///
/// For 10 minutes, requests in this session are not refused with `sudo_required`. The response sets
/// a new cookie of the session; the previous cookie stops working.
#[utoipa::path(
    post, path = "/api/v1/auth/sudo", tag = "accounts",
    request_body = Proof,
    responses(
        (status = 204, description = "Proved"),
        (status = 401, description = "`credentials_invalid`, `passkey_invalid`, or
            `password_or_code_wrong` where there is a second factor"),
        (status = 403, description = "`csrf_failed` or `token_not_permitted`"),
        (status = 422, description = "`validation_failed`: also where the code is missing"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
        (status = 503, description = "`busy`, with `Retry-After`"),
    ),
)]
async fn prove(
    State(accounts): State<Context>,
    Browser(client): Browser,
    facts: Facts,
    caller: Caller,
    Json(proof): Json<Proof>,
) -> Result<Response, Problem> {
    let (secret, stay) = match proof {
        Proof {
            password: Some(password),
            code,
            credential: None,
        } => {
            let shown = SudoInput {
                password: Secret::new(password),
                code: Secret::new(code),
                network: facts.network(),
                client,
            };
            let proved = sudo_proof::prove(&accounts, &caller.who, shown).await;
            proved.map_err(|error| match error {
                ChangeError::CurrentWrong => {
                    Problem::new(StatusCode::UNAUTHORIZED, "credentials_invalid")
                }
                other => other.into(),
            })?
        }
        Proof {
            password: None,
            credential: Some(credential),
            ..
        } => {
            let session = caller.who.session().map(SessionId::as_str);
            let asked = Asked {
                url: accounts.site.url(),
                key: &accounts.site.keys.key(web_authn::KEY),
                now: accounts.site.clock.now(),
                browser: session.unwrap_or_default(),
            };
            with_passkey::prove(&accounts, &caller.who, &credential, &asked, client).await?
        }
        _ => return Err(Problem::fields().field("/password", "required", [])),
    };
    Ok(cookies::renewed(
        StatusCode::NO_CONTENT.into_response(),
        accounts.site.url(),
        &secret,
        stay,
    ))
}
