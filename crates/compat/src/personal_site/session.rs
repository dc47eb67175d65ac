//! Authentication for the older personal site's front end, which sends an access token instead of
//! the session's cookie and CSRF token. In both cases, handlers get a session.

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use identity::session::access_token::Audience;
use site::asking::{self, Found};
use web::{Problem, Site, csrf};

/// Converts a request's access token or cookie to the form that the extractors read.
pub(super) async fn find(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    if let Some(found) = asking::by_access_token(headers, &site, Audience::API).await {
        let found = found.map(identity::session::signed_in::SignedIn::into_session);
        request.extensions_mut().insert(Found(found));
    } else if !headers.contains_key(AUTHORIZATION)
        && let Some(secret) = site::cookies::session(headers, site.url())
        && csrf::is_from_us(headers, site.url())
        && let Ok(token) = HeaderValue::try_from(csrf::token(secret.reveal(), &site.random))
    {
        headers.insert(csrf::HEADER, token);
    }
    next.run(request).await
}

/// Refuses a request unless the browser reports that a page of the same origin sent it.
pub(super) fn check_same_origin(headers: &HeaderMap, site: &Site) -> Result<(), Problem> {
    if csrf::is_from_us(headers, site.url()) {
        return Ok(());
    }
    Err(Problem::new(StatusCode::FORBIDDEN, "csrf_failed"))
}
