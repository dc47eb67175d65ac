//! The tokens of signed-in API clients: access tokens, and refresh tokens, with which clients get
//! new access tokens.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, PRAGMA};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use platform::{Secret, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Facts, Json, Network, Problem, Site, routes};

use super::Me;

use identity::account::{Account, AccountId};
use identity::client::Client;
use identity::problem::too_often;
use identity::session::access_token::{Given, LIFETIME, Signer};
use identity::session::refresh::{self, Outcome, Refreshed};
use identity::session::{Begun, SessionId};
use site::Callers::{Anybody, People};
use site::Context;
use site::asking::{Browser, Caller};

/// The tokens of a signed-in program.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    /// The token for each request: `Authorization: Bearer …`.
    access_token: String,
    /// How many seconds the access token is valid.
    expires_in: i64,
    /// The refresh token. It can be exchanged for new tokens once, within 7 days.
    refresh_token: String,
    /// The signed-in account.
    account: Me,
}

/// An access token for a page's script.
#[derive(Serialize, ToSchema)]
struct AccessToken {
    /// The token for each request: `Authorization: Bearer …`.
    access_token: String,
    /// How many seconds the access token is valid.
    expires_in: i64,
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshBody {
    /// The newest refresh token of the session; it works once.
    refresh_token: String,
}

pub(super) fn routes<R: Routes<Context>>() -> R {
    R::default()
        .routes(routes!(refresh: Anybody))
        .routes(routes!(end: Anybody))
        .routes(routes!(token: People))
}

/// The public keys that verify access tokens, at the path where API clients look for them.
pub(in crate::web) fn well_known() -> Router<Context> {
    Router::new().route("/.well-known/jwks.json", get(keys))
}

async fn keys(State(accounts): State<Context>) -> Response {
    let site = &accounts.site;
    let published = signer(site).published(site.clock.now());
    (
        [(CACHE_CONTROL, "public, max-age=300")],
        axum::Json(published),
    )
        .into_response()
}

/// The response with tokens for a person who has just signed in.
pub(super) async fn begin(
    accounts: &Context,
    account: Account,
    begun: &Begun,
) -> Result<Response, Problem> {
    answer(accounts, first(accounts, account, begun).await?).await
}

/// Creates the first refresh token of a new session.
pub async fn first(
    accounts: &Context,
    account: Account,
    begun: &Begun,
) -> Result<Refreshed, Problem> {
    let secret = begun.session.clone();
    let change = move |tx: &mut Tx<'_>| refresh::begin(tx, &account, &secret);
    let refreshed = accounts.site.store.write(change).await?;
    let revoked = || Problem::new(StatusCode::UNAUTHORIZED, "session_revoked");
    refreshed.ok_or_else(revoked)
}

/// Renew the tokens of a session.
///
/// Each refresh token works once, and the response contains the next one. A repeat within 10
/// seconds is accepted. Any later use of the same token ends the session, because somebody else
/// must have a copy of it.
#[utoipa::path(
    post, path = "/api/v1/auth/refresh", tag = "accounts", request_body = RefreshBody,
    responses(
        (status = 200, description = "The next tokens", body = Tokens),
        (status = 401, description = "`refresh_invalid`, `refresh_expired`, `refresh_reused`, \
            `session_revoked` or `session_expired`"),
        (status = 429, description = "`rate_limited`, with `Retry-After`"),
    ),
)]
async fn refresh(
    State(accounts): State<Context>,
    Browser(client): Browser,
    facts: Facts,
    Json(body): Json<RefreshBody>,
) -> Result<Response, Problem> {
    let shown = Secret::new(body.refresh_token);
    let refreshed = go_on(&accounts, shown, client, facts.network()).await?;
    answer(&accounts, refreshed).await
}

/// Exchanges a refresh token for the next one and an access token.
pub async fn go_on(
    accounts: &Context,
    shown: Secret,
    client: Client,
    network: Network,
) -> Result<Refreshed, Problem> {
    let site = accounts.site.clone();
    // The token is looked up before anything is written, so an invented token causes no write.
    let asked = shown.clone();
    let session = site
        .store
        .read(move |tx| refresh::session_of(tx, &asked))
        .await?;
    let (limits, now) = (&accounts.limits, site.clock.now());
    let Some(session) = session else {
        limits.refresh_wrongly(network, now).map_err(too_often)?;
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "refresh_invalid"));
    };
    limits.refresh(&session, now).map_err(too_often)?;
    let change = move |tx: &mut Tx<'_>| refresh::refresh(tx, &site, &shown, &client);
    let code = match accounts.site.store.write(change).await? {
        Outcome::Refreshed(refreshed) => return Ok(*refreshed),
        Outcome::Unknown => "refresh_invalid",
        Outcome::Expired => "refresh_expired",
        Outcome::SessionEnded => "session_revoked",
        Outcome::SessionExpired => "session_expired",
        Outcome::Reused => "refresh_reused",
    };
    Err(Problem::new(StatusCode::UNAUTHORIZED, code))
}

/// End the session of a refresh token.
///
/// The session's access tokens stop working. The request also succeeds if the session has ended
/// already.
#[utoipa::path(
    post, path = "/api/v1/auth/revoke", tag = "accounts", request_body = RefreshBody,
    responses((status = 204, description = "Ended")),
)]
async fn end(
    State(accounts): State<Context>,
    Browser(client): Browser,
    Json(body): Json<RefreshBody>,
) -> Result<StatusCode, Problem> {
    let shown = Secret::new(body.refresh_token);
    let (store, asked) = (&accounts.site.store, shown.clone());
    let owner = store.read(move |tx| refresh::owner(tx, &asked)).await?;
    if owner.is_some() {
        let change = move |tx: &mut Tx<'_>| refresh::end(tx, &shown, &client);
        store.write(change).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Get an access token for a page's script, in the session of the page's cookie.
#[utoipa::path(
    post, path = "/api/v1/auth/token", tag = "accounts",
    responses((status = 200, description = "Works for an hour", body = AccessToken)),
)]
async fn token(State(accounts): State<Context>, caller: Caller) -> Result<Response, Problem> {
    let (account, session) = (&caller.who.account().id, caller.who.session());
    let session =
        session.ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, "token_not_permitted"))?;
    let body = AccessToken {
        access_token: sign(&accounts, account, session, Given::InSession)?,
        expires_in: LIFETIME.as_secs(),
    };
    Ok(unstored(body))
}

async fn answer(accounts: &Context, refreshed: Refreshed) -> Result<Response, Problem> {
    let Refreshed {
        account,
        session,
        token,
    } = refreshed;
    Ok(unstored(Tokens {
        access_token: sign(accounts, &account.id, &session, Given::InSession)?,
        expires_in: LIFETIME.as_secs(),
        refresh_token: token.reveal().to_owned(),
        account: Me::of(accounts, account).await?,
    }))
}

pub fn sign(
    accounts: &Context,
    account: &AccountId,
    session: &SessionId,
    given: Given,
) -> Result<String, Problem> {
    let site = &accounts.site;
    let token = signer(site).sign(account, session, given, site.clock.now(), &site.random);
    let token = token.ok_or_else(|| Problem::internal("an access token was not signed"))?;
    Ok(token.reveal().to_owned())
}

fn signer(site: &Site) -> Signer {
    Signer::new(site.keys.clone(), site.url().to_string())
}

/// A response that no cache stores (RFC 6749, section 5.1).
pub fn unstored(body: impl Serialize) -> Response {
    (
        [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")],
        axum::Json(body),
    )
        .into_response()
}
