//! The older personal site's operations for browsers, which send a session cookie. Only pages of
//! the same origin may call them.

use axum::extract::State;
use axum::http::header::{AUTHORIZATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Extension, Router};
use jiff::Timestamp;
use serde::Serialize;
use web::{Facts, Json, Pages, Problem, Wishes};

use super::session::check_same_origin;
use super::sign_in::{self, Login, Registration};
use super::{Policy, own};

use accounts::web::front_end;
use identity::session::access_token::{Given, LIFETIME};
use site::Callers::{self, Anybody};
use site::Context;
use site::asking::{Browser, Caller, ForConfirmation};
use site::cookies;

pub(super) fn pages(policy: Policy) -> Pages<Context, Callers> {
    let pages = Pages::default().post("/api/auth/login", Anybody, login);
    if policy.register_tokens {
        pages.post("/api/auth/register", Anybody, register_and_enter)
    } else {
        pages.post("/api/auth/register", Anybody, register)
    }
}

pub(super) fn routes() -> Router<Context> {
    let send_again = post(own::send_again).route_layer(Extension(ForConfirmation));
    Router::new()
        .route("/api/auth/logout", post(logout))
        .route("/api/auth/me", get(own::me))
        .route("/api/auth/send-verification", send_again)
        .route("/api/auth/jwt", get(jwt))
        .route("/api/auth/profile", put(own::change_profile))
}

#[derive(Serialize)]
struct Success {
    success: bool,
}

const SUCCESS: Json<Success> = Json(Success { success: true });

async fn login(
    State(accounts): State<Context>,
    headers: HeaderMap,
    facts: Facts,
    Browser(client): Browser,
    Json(login): Json<Login>,
) -> Result<Response, Problem> {
    check_same_origin(&headers, &accounts.site)?;
    let (_, begun) = sign_in::try_sign_in(&accounts, &facts, client, login).await?;
    let mut response = SUCCESS.into_response();
    cookies::set_begun(response.headers_mut(), accounts.site.url(), &begun);
    Ok(response)
}

async fn register(
    State(accounts): State<Context>,
    headers: HeaderMap,
    facts: Facts,
    Browser(client): Browser,
    wishes: Wishes,
    Json(sent): Json<Registration>,
) -> Result<Response, Problem> {
    check_same_origin(&headers, &accounts.site)?;
    let registered = sign_in::try_register(&accounts, &facts, &client, &wishes, sent).await?;
    let mut response = (StatusCode::ACCEPTED, SUCCESS).into_response();
    let mark = cookies::set_registered(accounts.site.url(), &registered.browser);
    response.headers_mut().append(SET_COOKIE, mark);
    Ok(response)
}

async fn register_and_enter(
    State(accounts): State<Context>,
    headers: HeaderMap,
    facts: Facts,
    Browser(client): Browser,
    wishes: Wishes,
    Json(sent): Json<Registration>,
) -> Result<Response, Problem> {
    check_same_origin(&headers, &accounts.site)?;
    let registered = sign_in::try_register(&accounts, &facts, &client, &wishes, sent).await?;
    let url = accounts.site.url();
    let mark = cookies::set_registered(url, &registered.browser);
    let (_, begun) = sign_in::enter(&accounts, registered, client).await?;
    let mut response = SUCCESS.into_response();
    cookies::set_begun(response.headers_mut(), url, &begun);
    response.headers_mut().append(SET_COOKIE, mark);
    Ok(response)
}

async fn logout(
    State(accounts): State<Context>,
    headers: HeaderMap,
    caller: Result<Caller, Problem>,
) -> Result<Response, Problem> {
    match caller {
        Ok(caller) => front_end::end_session(&accounts, &headers, caller.request).await?,
        // The person has already signed out, for example in another tab.
        Err(problem) if problem.code == "unauthenticated" => {}
        Err(problem) => return Err(problem),
    }
    let mut response = SUCCESS.into_response();
    let gone = cookies::forget_session(accounts.site.url());
    response.headers_mut().append(SET_COOKIE, gone);
    Ok(response)
}

#[derive(Serialize)]
struct Jwt {
    token: String,
    #[serde(rename = "expiresAt")]
    expires_at: Timestamp,
}

/// Returns an access token for the session, for the page's script. The session stays unchanged.
async fn jwt(
    State(accounts): State<Context>,
    headers: HeaderMap,
    caller: Caller,
) -> Result<Response, Problem> {
    check_same_origin(&headers, &accounts.site)?;
    let (account, session) = (&caller.who.account().id, caller.who.session());
    // Without this check, a client could use a leaked access token to get new ones.
    let session = session
        .filter(|_| !headers.contains_key(AUTHORIZATION))
        .ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, "token_not_permitted"))?;
    Ok(front_end::unstored(Jwt {
        token: front_end::sign(&accounts, account, session, Given::InSession)?,
        expires_at: accounts.site.clock.now() + LIFETIME,
    }))
}
