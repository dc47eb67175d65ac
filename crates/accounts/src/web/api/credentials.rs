//! The JSON API for changing one's own password and for signing out everywhere.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use platform::{Secret, Tx};
use serde::Deserialize;
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, Problem, routes};

use super::people::SignedOut;
use crate::web::own_password::{TypedPasswords, renew_password};

use identity::session;
use identity::session::sudo::Sudo;
use site::Callers::People;
use site::asking::{Browser, Caller};
use site::call::Maybe;
use site::{Context, cookies};

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(change_password: People))
        .routes(routes!(sign_out_everywhere: People))
}

/// The current and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// The current password; may be omitted if the account has no password yet.
    #[serde(default)]
    #[schema(format = Password)]
    current_password: String,
    /// The new password, 10–256 characters.
    #[schema(format = Password)]
    new_password: String,
}

/// Change your password.
///
/// All other sessions end. The response sets a new cookie of the session; the previous cookie stops
/// working. If the account has no password yet or has a second factor, you must have proved a
/// credential within the last 10 minutes.
#[utoipa::path(
    put, path = "/api/v1/me/password", tag = "credentials",
    request_body = PasswordChange,
    responses(
        (status = 204, description = "Changed"),
        (status = 400, description = "`current_password_wrong`"),
        (status = 403, description = "`csrf_failed`, `sudo_required` or `token_not_permitted`"),
        (status = 422, description = "`validation_failed`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
        (status = 503, description = "`busy`, with `Retry-After`"),
    ),
)]
async fn change_password(
    State(accounts): State<Context>,
    Browser(client): Browser,
    caller: Caller,
    Json(sent): Json<PasswordChange>,
) -> Result<Response, Problem> {
    let passwords = TypedPasswords {
        current: Secret::new(sent.current_password),
        new: Secret::new(sent.new_password),
    };
    let (secret, stay) =
        renew_password(&accounts, &caller.who, client, passwords, "/new_password").await?;
    let response = StatusCode::NO_CONTENT.into_response();
    Ok(cookies::renewed(
        response,
        accounts.site.url(),
        &secret,
        stay,
    ))
}

/// The sessions that end.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Everywhere {
    /// Whether the session of this request continues.
    keep_current: bool,
}

/// Sign out everywhere.
///
/// Ends all sessions of the account. Their access tokens and refresh tokens stop working. Personal
/// tokens stay valid.
#[utoipa::path(
    post, path = "/api/v1/auth/logout-all", tag = "credentials",
    request_body = Option<Everywhere>,
    responses(
        (status = 200, description = "How many sessions ended", body = SignedOut),
        (status = 403, description = "`csrf_failed`, `sudo_required` or `token_not_permitted`"),
    ),
)]
async fn sign_out_everywhere(
    State(accounts): State<Context>,
    caller: Caller,
    body: Maybe<Everywhere>,
) -> Result<Response, Problem> {
    let Caller { who, request } = caller;
    Sudo::check(who.clone(), accounts.site.clock.now())?;
    let keep_current = body.value.keep_current;
    let change = move |tx: &mut Tx<'_>| session::end_own(tx, &who, keep_current, &request);
    let revoked = accounts.site.store.write(change).await?;
    let mut response = Json(SignedOut { revoked }).into_response();
    if !keep_current {
        let gone = cookies::forget_session(accounts.site.url());
        response.headers_mut().append(SET_COOKIE, gone);
    }
    Ok(response)
}
