//! Conditional requests, for pages that a browser caches and revalidates (RFC 9110, section 13).

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use platform::text_cleaning::hexadecimal;
use sha2::{Digest as _, Sha256};

/// Computes an ETag from a page or from the page's data.
pub fn tag(content: &[u8]) -> String {
    hexadecimal(&Sha256::digest(content)[..16])
}

/// Adds this ETag to the response, or returns `304 Not Modified` if the client's copy has the same
/// ETag.
pub fn revalidated(request: &HeaderMap, tag: &str, mut response: Response) -> Response {
    let Ok(tag) = HeaderValue::try_from(format!("\"{tag}\"")) else {
        return response;
    };
    if is_known(request, &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    let headers = response.headers_mut();
    headers.insert(ETAG, tag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Whether `If-None-Match` contains the tag. The comparison is weak, because a proxy that
/// compresses the page turns the page's ETag into a weak one.
fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let fields = request.get_all(IF_NONE_MATCH).iter();
    let mut known = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .map(|one| one.trim().trim_start_matches("W/"));
    known.any(|one| one == "*" || one.as_bytes() == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use axum::response::{Html, IntoResponse as _};

    use super::*;

    #[test]
    fn what_a_client_has_is_not_sent_again() {
        for (sent, status) in [
            ("\"a\"", 304),
            ("W/\"a\"", 304),
            ("\"b\", \"a\"", 304),
            ("*", 304),
            ("\"b\"", 200),
            ("a", 200),
            ("", 200),
        ] {
            let mut request = HeaderMap::new();
            request.insert(IF_NONE_MATCH, sent.parse().unwrap());
            let response = revalidated(&request, "a", Html("page").into_response());
            assert_eq!(response.status().as_u16(), status, "{sent}");
            assert_eq!(response.headers()[ETAG], "\"a\"");
            assert_eq!(response.headers().contains_key(CONTENT_TYPE), status == 200);
        }
    }
}
