//! Content codings: which one a client wants (RFC 9110, section 12.5.3), and answers
//! of the app and of upstreams sent in it.
//!
//! # What is compressed
//! Text-like types of at least [`SMALLEST`] bytes or of unknown length, unless the
//! answer is coded already, is partial, empty, carries a digest of its bytes, or says
//! `Cache-Control: no-transform`. Event streams and gRPC are never touched.
//!
//! # Secrets
//! The length of a compressed page tells whether a text that an attacker had reflected
//! in it equals a secret beside it (the BREACH attack). That needs an answer made for
//! one person. So an answer is compressed only when it is evidently for everybody:
//!
//! 1. the request carried neither `Cookie` nor `Authorization`, or
//! 2. the answer says `Cache-Control: public`, or
//! 3. it is a style, script, font, picture or WebAssembly with a `Last-Modified`:
//!    a file, not something made for this request,
//!
//! and in all three cases it sets no cookie. A page of the app that is [`Compressible`]
//! is compressed too, with a random length added. Everything else goes as it is.

mod accept;
mod body;
mod encoder;
mod types;

use std::io;

use http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, COOKIE, ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, SET_COOKIE,
    VARY,
};
use http::{Response, StatusCode};
use http_body::Body as _;

pub use accept::{Accepted, Encoding, Offers};
pub(crate) use encoder::Encoder;
pub(crate) use types::is_compressible;

use crate::body::{Answer, Body, has_no_body};
use crate::crypto;
use crate::filters::forwarding::names;

/// Answers of fewer bytes fit in a packet or two: compressing gains nothing.
pub const SMALLEST: u64 = 1_024;

/// Checksums of the bytes that are sent: other bytes would belie them.
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// On an answer of the app for one person: it repeats no text of the request but its path,
/// and what its forms hold is another text each time.
#[derive(Debug, Clone, Copy)]
pub struct Compressible;

/// What of a request decides in which coding its answer is sent.
#[derive(Debug, Clone, Copy)]
pub struct Wishes {
    accepted: Accepted,
    /// The request names nobody.
    is_anonymous: bool,
}

impl Wishes {
    /// Reads them, before the request is handed on.
    pub fn of(request: &HeaderMap) -> Self {
        Self {
            accepted: Accepted::of(request),
            is_anonymous: !request.contains_key(COOKIE) && !request.contains_key(AUTHORIZATION),
        }
    }

    /// An answer of the app or of an upstream in the coding that the client ranks
    /// highest, or as it was. The module says which answers are left alone.
    pub fn compress(self, mut answer: Answer) -> Answer {
        if answer.status() == StatusCode::NOT_MODIFIED {
            if may_stand_for_coded(self.is_anonymous, answer.headers()) {
                vary(answer.headers_mut());
            }
            return answer;
        }
        let is_compressible = answer.extensions_mut().remove::<Compressible>().is_some();
        if is_for_everybody(self.is_anonymous, answer.headers()) {
            let encoding = self.accepted.choose(Offers::ALL);
            coded(answer, encoding, |encoding| Ok(Encoder::stream(encoding)))
        } else if is_compressible {
            // The coding that every browser knows, and in which a length can be added.
            let gzip = self.accepted.choose(Offers::GZIP);
            coded(answer, gzip, |_| {
                crypto::random().map(|[padding]| Encoder::padded_gzip(padding))
            })
        } else {
            answer
        }
    }
}

/// As [`Wishes::compress`], of an answer that is known to hold no secret.
pub(crate) fn encode(request: &HeaderMap, answer: Answer) -> Answer {
    let encoding = Accepted::of(request).choose(Offers::ALL);
    coded(answer, encoding, |encoding| Ok(Encoder::stream(encoding)))
}

fn coded(
    mut answer: Answer,
    encoding: Option<Encoding>,
    encoder: impl FnOnce(Encoding) -> io::Result<Encoder>,
) -> Answer {
    if !can_be_coded(&answer) {
        return answer;
    }
    vary(answer.headers_mut());
    let Some(encoding) = encoding else {
        return answer;
    };
    if answer.body().is_end_stream() {
        // An answer to `HEAD`, which says what the one to `GET` does.
        let is_known = answer.headers().contains_key(CONTENT_LENGTH);
        let headers = answer.headers_mut();
        if is_known {
            becomes(headers, encoding);
        } else {
            leave_open(headers);
        }
        return answer;
    }
    let encoder = match encoder(encoding) {
        Ok(encoder) => encoder,
        Err(error) => {
            tracing::warn!(%error, "an answer is not compressed");
            return answer;
        }
    };
    let (mut parts, body) = answer.into_parts();
    becomes(&mut parts.headers, encoding);
    Response::from_parts(parts, Body::stream(body::Coded::new(body, encoder)))
}

/// A body in this coding.
pub(crate) fn body(plain: Body, encoding: Encoding) -> Body {
    Body::stream(body::Coded::new(plain, Encoder::stream(encoding)))
}

/// Says that the answer is coded, so that its length is not known.
fn becomes(headers: &mut HeaderMap, encoding: Encoding) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    headers.remove(CONTENT_LENGTH);
    headers.remove(ACCEPT_RANGES);
    weaken(headers);
}

/// Says nothing that an answer that may be coded or not might say otherwise: an answer
/// to `HEAD` may leave that out (RFC 9110, section 9.3.2).
fn leave_open(headers: &mut HeaderMap) {
    headers.remove(ACCEPT_RANGES);
    if headers.get(ETAG).is_some_and(|tag| !is_weak(tag)) {
        headers.remove(ETAG);
    }
}

/// Whether a 304 may speak of an answer that is sent coded: it says then what that one
/// says (RFC 9110, section 15.4.5). It need not name the type.
fn may_stand_for_coded(is_anonymous: bool, headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    let may_be_file = kind.is_none() && headers.contains_key(LAST_MODIFIED);
    let is_shared = is_for_everybody(is_anonymous, headers)
        || (may_be_file && !headers.contains_key(SET_COOKIE));
    is_shared && may_be_coded(headers) && kind.is_none_or(is_compressible)
}

/// Whether the headers say nothing against it.
fn may_be_coded(headers: &HeaderMap) -> bool {
    !headers.contains_key(CONTENT_ENCODING)
        && !headers.contains_key(CONTENT_RANGE)
        && !headers.keys().any(|name| DIGESTS.contains(name))
        && !names(headers, &CACHE_CONTROL, "no-transform")
}

fn can_be_coded(answer: &Answer) -> bool {
    let headers = answer.headers();
    let status = answer.status();
    !has_no_body(status)
        && ![StatusCode::RESET_CONTENT, StatusCode::PARTIAL_CONTENT].contains(&status)
        && may_be_coded(headers)
        && headers.get(CONTENT_TYPE).is_some_and(is_compressible)
        && length(answer).is_none_or(|length| length >= SMALLEST)
}

/// As far as it is known; without a body, what is said of the one to `GET`.
fn length(answer: &Answer) -> Option<u64> {
    let there = answer.body().size_hint().exact();
    let there = there.filter(|_| !answer.body().is_end_stream());
    there.or_else(|| {
        let said = answer.headers().get(CONTENT_LENGTH)?;
        said.to_str().ok()?.parse().ok()
    })
}

fn is_for_everybody(is_anonymous: bool, answer: &HeaderMap) -> bool {
    let file =
        answer.contains_key(LAST_MODIFIED) && answer.get(CONTENT_TYPE).is_some_and(types::is_asset);
    !answer.contains_key(SET_COOKIE)
        && (is_anonymous || names(answer, &CACHE_CONTROL, "public") || file)
}

/// Adds `Accept-Encoding` to what the answer depends on.
fn vary(headers: &mut HeaderMap) {
    const ALONE: HeaderValue = HeaderValue::from_static("Accept-Encoding");
    if !headers.contains_key(VARY) {
        headers.insert(VARY, ALONE);
        return;
    }
    if names(headers, &VARY, "accept-encoding") || names(headers, &VARY, "*") {
        return;
    }
    let mut merged = Vec::new();
    for value in headers.get_all(VARY) {
        merged.extend_from_slice(value.as_bytes());
        merged.extend_from_slice(b", ");
    }
    merged.extend_from_slice(b"Accept-Encoding");
    if let Ok(merged) = HeaderValue::from_bytes(&merged) {
        headers.insert(VARY, merged);
    }
}

fn is_weak(tag: &HeaderValue) -> bool {
    tag.as_bytes().starts_with(b"W/")
}

/// The bytes are others, the meaning is the same (RFC 9110, section 8.8.1).
fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(ETAG) else {
        return;
    };
    if is_weak(tag) {
        return;
    }
    match HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()) {
        Ok(weak) => headers.insert(ETAG, weak),
        Err(_) => headers.remove(ETAG),
    };
}

#[cfg(test)]
mod tests;
