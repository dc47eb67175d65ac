//! The same for a browser, which keeps a cookie: pages of the same origin ask here.

use axum::Router;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::put;
use jiff::Timestamp;
use serde::Serialize;
use web::{Access as _, Facts, Json, Pages, Problem, Wishes};

use super::auth::{self, Login, Registration};
use super::own;
use crate::Callers::{Anybody, Sessions};
use crate::access_token::{Given, LIFETIME};
use crate::client::Client;
use crate::web::api::refresh;
use crate::web::asking::{Caller, check_same_origin};
use crate::web::{cookies, visitor};
use crate::{Accounts, BackendPolicy, Callers};

pub(super) fn pages(policy: BackendPolicy) -> Pages<Accounts, Callers> {
    let pages = Pages::default();
    let pages = if policy.register_tokens {
        pages.post("/register", Anybody, register_and_enter)
    } else {
        pages.post("/register", Anybody, register)
    };
    let pages = pages
        .post("/login", Anybody, login)
        .post("/logout", Sessions, logout)
        .get("/me", Sessions, own::me)
        .post("/send-verification", Sessions, own::send_again)
        .get("/jwt", Sessions, jwt);
    Pages::default().nest("/api/auth", pages)
}

pub(super) fn routes() -> Router<Accounts> {
    let profile = Sessions.declare(put(own::change_profile));
    Router::new().route("/api/auth/profile", profile)
}

#[derive(Serialize)]
struct Success {
    success: bool,
}

const SUCCESS: Json<Success> = Json(Success { success: true });

async fn login(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    facts: Facts,
    client: Client,
    Json(login): Json<Login>,
) -> Result<Response, Problem> {
    check_same_origin(&headers, &accounts.site)?;
    let (_, begun) = auth::try_sign_in(&accounts, &facts, client, login).await?;
    let mut response = SUCCESS.into_response();
    cookies::set_begun(response.headers_mut(), accounts.site.url(), &begun);
    Ok(response)
}

async fn register(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    facts: Facts,
    client: Client,
    wishes: Wishes,
    Json(sent): Json<Registration>,
) -> Result<Response, Problem> {
    check_same_origin(&headers, &accounts.site)?;
    let registered = auth::try_register(&accounts, &facts, &client, &wishes, sent).await?;
    let mut response = (StatusCode::ACCEPTED, SUCCESS).into_response();
    let mark = cookies::set_registered(accounts.site.url(), &registered.browser);
    response.headers_mut().append(SET_COOKIE, mark);
    Ok(response)
}

async fn register_and_enter(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    facts: Facts,
    client: Client,
    wishes: Wishes,
    Json(sent): Json<Registration>,
) -> Result<Response, Problem> {
    check_same_origin(&headers, &accounts.site)?;
    let registered = auth::try_register(&accounts, &facts, &client, &wishes, sent).await?;
    let url = accounts.site.url();
    let mark = cookies::set_registered(url, &registered.browser);
    let (_, begun) = auth::enter(&accounts, registered, client).await?;
    let mut response = SUCCESS.into_response();
    cookies::set_begun(response.headers_mut(), url, &begun);
    response.headers_mut().append(SET_COOKIE, mark);
    Ok(response)
}

async fn logout(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    caller: Result<Caller, Problem>,
) -> Result<Response, Problem> {
    match caller {
        Ok(caller) => visitor::end_session(&accounts, &headers, caller.request).await?,
        // Signed out already, in another tab: that is what was asked for.
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

/// An access token for the page's own script; the session stays as it is.
async fn jwt(
    State(accounts): State<Accounts>,
    headers: HeaderMap,
    caller: Caller,
) -> Result<Response, Problem> {
    check_same_origin(&headers, &accounts.site)?;
    let (account, session) = (&caller.who.account().id, caller.who.session());
    // A token that leaked must not go on by itself.
    let session = session
        .filter(|_| !headers.contains_key(AUTHORIZATION))
        .ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, "token_not_permitted"))?;
    Ok(refresh::unstored(Jwt {
        token: refresh::sign(&accounts, account, session, Given::InSession)?,
        expires_at: accounts.site.clock.now() + LIFETIME,
    }))
}
