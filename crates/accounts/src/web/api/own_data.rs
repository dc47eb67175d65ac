//! The JSON API with which people export their own data and erase their own account.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use platform::{Secret, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Json, Problem, csrf, routes};

use crate::web::own_data;
use identity::person::erasure::{self, EraseError, When};
use identity::session::sudo::Sudo;
use site::Callers::{Anybody, People};
use site::Context;
use site::asking::{Browser, Caller};
use site::call::Maybe;

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(export: People))
        .routes(routes!(erase: People))
        .routes(routes!(restore: Anybody))
}

/// The response to a sign-in if the account's erasure is pending.
#[derive(Serialize, ToSchema)]
struct RestoreOffered {
    /// Always `restore_offered`.
    status: &'static str,
    /// The secret that cancels the erasure, valid for 15 minutes.
    restore_token: String,
}

/// The response to a sign-in if the account's erasure is pending.
pub(super) fn offered(token: &Secret) -> Response {
    Json(RestoreOffered {
        status: "restore_offered",
        restore_token: token.reveal().to_owned(),
    })
    .into_response()
}

/// Export all data that is stored about you.
///
/// A zip with one JSON document; at most two exports a day.
#[utoipa::path(
    get, path = "/api/v1/me/export", tag = "accounts",
    responses(
        (status = 200, description = "The zip", content_type = "application/zip"),
        (status = 403, description = "`sudo_required`, `csrf_failed` or `token_not_permitted`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
    ),
)]
async fn export(
    State(accounts): State<Context>,
    headers: HeaderMap,
    caller: Caller,
) -> Result<Response, Problem> {
    // Without this check, a link on another site could use up the person's exports.
    csrf::check_sender(&headers, accounts.site.url())?;
    own_data::file(&accounts, caller.who, caller.request).await
}

/// The time of an account's erasure.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EraseBody {
    /// Whether to erase the account at once instead of in 7 days.
    #[serde(default)]
    immediately: bool,
}

/// Have your account erased.
///
/// You are signed out everywhere at once. For 7 days, signing in offers to cancel the erasure.
#[utoipa::path(
    delete, path = "/api/v1/me", tag = "accounts",
    request_body = Option<EraseBody>,
    responses(
        (status = 202, description = "It will be erased"),
        (status = 403, description = "`sudo_required` or `token_not_permitted`"),
        (status = 409, description = "`last_owner` or `active_obligations`"),
    ),
)]
async fn erase(
    State(accounts): State<Context>,
    caller: Caller,
    Maybe { value, .. }: Maybe<EraseBody>,
) -> Result<StatusCode, Problem> {
    let when = if value.immediately {
        When::Now
    } else {
        When::Later
    };
    let domains = accounts.domain_accounts;
    let sudo = Sudo::check(caller.who, accounts.site.clock.now())?;
    let change = move |tx: &mut Tx<'_>| -> Result<_, EraseError> {
        erasure::ask(tx, domains, &sudo, when, &caller.request)
    };
    accounts.site.store.write(change).await?;
    if when == When::Now {
        // Erased rows must also be removed from SQLite's write-ahead log.
        accounts.site.store.checkpoint().await?;
    }
    Ok(StatusCode::ACCEPTED)
}

/// The token that cancels the erasure.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RestoreBody {
    /// The `restore_token` of the response to a sign-in.
    restore_token: String,
}

/// Cancel the erasure of an account.
#[utoipa::path(
    post, path = "/api/v1/auth/restore", tag = "accounts",
    request_body = RestoreBody,
    responses(
        (status = 204, description = "The account is kept. Sign in again."),
        (status = 400, description = "`token_expired_or_used`"),
    ),
)]
async fn restore(
    State(accounts): State<Context>,
    Browser(client): Browser,
    Json(body): Json<RestoreBody>,
) -> Result<StatusCode, Problem> {
    own_data::keep(&accounts, Secret::new(body.restore_token), client.request).await?;
    Ok(StatusCode::NO_CONTENT)
}
