//! Redirects to pages that lead back.

use axum::http::header::{LOCATION, REFERER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::state::Site;

/// The path of a page that leads back `here` when its form is done.
pub(super) fn leading_back(page: &str, here: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("redirect", here)
        .finish();
    format!("{page}?{query}")
}

/// The path of the page of ours that a request was sent from.
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
