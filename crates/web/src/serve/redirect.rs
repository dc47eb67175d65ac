//! Redirects to pages that later lead back to the page from which the person came.

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, LOCATION, REFERER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::media_type;
use crate::state::Site;

/// The path of `page` with a parameter that makes `page` return to `here` after its form was
/// processed.
pub(super) fn leading_back(page: &str, here: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("redirect", here)
        .finish();
    format!("{page}?{query}")
}

/// Redirects a refused form to the page on which people confirm their identity again. Status 307
/// (RFC 9110, section 15.4.8) makes the browser send the body too; that page keeps the form and
/// shows it again afterwards.
pub(super) fn send_on(page: &str, sent_from: &str, address: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("redirect", sent_from)
        .append_pair("act", address)
        .finish();
    let mut response = see_other(&format!("{page}?{query}"));
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    response
}

/// The longest form that is redirected, in bytes.
const LONGEST_SENT_ON: u64 = 16 * 1024;

/// Whether [`send_on`] may redirect the request's form, that is, whether it is short and has no
/// file.
pub(super) fn is_short_form(request: &Request) -> bool {
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
    let length = announced.or_else(|| request.body().size_hint().upper());
    request.method() == Method::POST
        && media_type::is(request.headers(), media_type::URLENCODED)
        && length.is_some_and(|length| length <= LONGEST_SENT_ON)
}

/// The path of the page of this site from which the request was sent.
pub(super) fn sent_from(site: &Site, headers: &HeaderMap) -> Option<String> {
    let referrer = headers.get(REFERER)?.to_str().ok()?;
    let path = referrer.strip_prefix(site.url().origin())?;
    path.starts_with('/').then(|| path.to_owned())
}

pub(super) fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(location) = HeaderValue::try_from(path) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}
