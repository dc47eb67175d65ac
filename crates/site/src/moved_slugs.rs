//! Redirects from slugs that an account used to have.

use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

/// Redirects to the same path with the account's current slug. Returns `None` if the path already
/// has that slug. Shared caches may store the redirect only if `is_public` is true.
pub fn lead(uri: &Uri, asked: &str, present: &str, is_public: bool) -> Option<Response> {
    if asked == present {
        return None;
    }
    let mut segments: Vec<&str> = uri.path().split('/').collect();
    let place = segments.iter().position(|segment| *segment == asked)?;
    segments[place] = present;
    let query = uri.query().map(|query| format!("?{query}"));
    let target = segments.join("/") + query.as_deref().unwrap_or_default();
    let location = HeaderValue::try_from(target).ok()?;
    let kept = if is_public {
        "max-age=300"
    } else {
        "private, max-age=300"
    };
    let headers = [
        (LOCATION, location),
        (CACHE_CONTROL, HeaderValue::from_static(kept)),
    ];
    Some((StatusCode::MOVED_PERMANENTLY, headers).into_response())
}
