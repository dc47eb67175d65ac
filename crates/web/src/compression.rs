//! Which pages may be compressed though they hold secrets of one person.
//!
//! The length of a compressed page tells whether a text that an attacker had reflected in
//! it equals a secret beside it (the BREACH attack). So a page is compressed only where
//! nothing of the request is reflected; the tokens of its forms differ each time, and
//! the edge adds a random length when it compresses it. What strangers have sent in earlier, such as
//! a name in an open answer, can still appear beside a code: each guess would take another
//! answer and many loads of the host's page, watched on its way.

use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;

/// On a page that may be compressed.
#[derive(Debug, Clone, Copy)]
pub struct Compressible;

/// Query parameters that such a page may have: no page repeats their value, unless it is the
/// right one.
pub const NOT_REPEATED: [&str; 3] = ["done", "k", "lang"];

/// Whether the answer is a page that repeats no text of the request but its path.
pub(crate) fn is_safe(method: &Method, uri: &Uri, response: &Response) -> bool {
    let query = uri.query().unwrap_or_default();
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let kind = response.headers().get(CONTENT_TYPE);
    matches!(*method, Method::GET | Method::HEAD)
        && response.status() == StatusCode::OK
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
        && names.all(|name| NOT_REPEATED.contains(&&*name))
}
