//! Decides which pages may be compressed although they contain one person's secrets.
//!
//! If a page repeats text from the request, the length of the compressed page reveals whether that
//! text equals a secret on the page (the BREACH attack). So a page is compressed only if it repeats
//! nothing from the request. In addition, form tokens differ on every load, and the edge adds a
//! random length when it compresses. Text that strangers stored earlier, such as the name in a
//! guest's reply, can still be on the same page as a code. But for each guess, the attacker must
//! then send another reply and observe many loads of the host's page.

use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;

/// Response extension by which a page declares that it may be compressed.
#[derive(Debug, Clone, Copy)]
pub struct Compressible;

/// Query parameters that do not prevent compression, because a page repeats their values only if
/// they are valid.
pub const NOT_REPEATED: [&str; 4] = ["done", "fresh", "k", "lang"];

/// Whether the response is a page that repeats nothing of the request except its path.
pub(crate) fn is_safe(method: &Method, uri: &Uri, response: &Response) -> bool {
    let query = uri.query().unwrap_or_default();
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let kind = response.headers().get(CONTENT_TYPE);
    matches!(*method, Method::GET | Method::HEAD)
        && response.status() == StatusCode::OK
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
        && names.all(|name| NOT_REPEATED.contains(&&*name))
}
