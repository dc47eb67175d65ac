//! Content codings: chooses a coding that the client accepts (RFC 9110, section 12.5.3), and
//! compresses responses of the app and of upstreams.
//!
//! The length of a compressed page can reveal a secret in it, if the page also contains an
//! attacker's text (the BREACH attack). Therefore, a response is compressed only in two cases: it
//! is evidently the same for everyone, or it is [`Compressible`] and gets random padding.

mod accept;
mod body;
mod encoder;
mod encoder_memory;
mod types;

use std::io;

use http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, COOKIE, ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, SET_COOKIE,
};
use http::{Response, StatusCode};
use http_body::Body as _;

pub use accept::{Accepted, Encoding, Offers};
pub(crate) use encoder::Encoder;
pub(crate) use encoder_memory::{EncoderMemory, EncoderPermit};
pub(crate) use types::is_compressible;

use crate::body::{Answer, Body, has_no_body};
use crate::crypto;
use crate::filters::forwarding::names;
use crate::filters::headers::vary_by;

/// The minimum size of a body that is compressed, in bytes. Smaller bodies fit into a packet or
/// two.
pub const SMALLEST: u64 = 1_024;
/// A response of at most this many bytes that is already in memory is compressed at once, so that no
/// encoder waits for its client.
const AT_ONCE: u64 = 128 * 1_024;

/// Headers with digests of the response's bytes. Compression would make them wrong.
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// Marks a response of the app for one user as safe to compress. A marked response repeats nothing
/// of its request except the path, and the secrets in its forms are different each time.
#[derive(Debug, Clone, Copy)]
pub struct Compressible;

/// What a request says about the content coding of its response.
#[derive(Debug, Clone, Copy)]
pub struct CodingPreferences {
    accepted: Accepted,
    /// Whether the request has no credentials.
    is_anonymous: bool,
}

impl CodingPreferences {
    pub fn of(request: &HeaderMap) -> Self {
        Self {
            accepted: Accepted::of(request),
            is_anonymous: !request.contains_key(COOKIE) && !request.contains_key(AUTHORIZATION),
        }
    }

    /// Compresses a response of the app or an upstream with the coding that the client prefers.
    /// Returns the response unchanged if it must not be compressed.
    pub(crate) fn compress(self, mut answer: Answer, encoders: &EncoderMemory) -> Answer {
        if answer.status() == StatusCode::NOT_MODIFIED {
            if may_stand_for_coded(self.is_anonymous, answer.headers()) {
                vary_by(answer.headers_mut(), "Accept-Encoding");
            }
            return answer;
        }
        let is_compressible = answer.extensions_mut().remove::<Compressible>().is_some();
        if is_for_everybody(self.is_anonymous, answer.headers()) {
            let encoding = self.accepted.choose(Offers::ALL);
            coded(answer, encoding, encoders, |encoding| {
                Ok(Encoder::stream(encoding))
            })
        } else if is_compressible {
            // Padding requires gzip, which every browser supports.
            let gzip = self.accepted.choose(Offers::GZIP);
            coded(answer, gzip, encoders, |_| {
                crypto::random().map(|[padding]| Encoder::padded_gzip(padding))
            })
        } else {
            answer
        }
    }
}

/// Like [`CodingPreferences::compress`], for a response without secrets.
pub(crate) fn encode(request: &HeaderMap, answer: Answer, encoders: &EncoderMemory) -> Answer {
    let encoding = Accepted::of(request).choose(Offers::ALL);
    coded(answer, encoding, encoders, |encoding| {
        Ok(Encoder::stream(encoding))
    })
}

fn coded(
    mut answer: Answer,
    encoding: Option<Encoding>,
    encoders: &EncoderMemory,
    encoder: impl FnOnce(Encoding) -> io::Result<Encoder>,
) -> Answer {
    if !can_be_coded(&answer) {
        return answer;
    }
    vary_by(answer.headers_mut(), "Accept-Encoding");
    let Some(encoding) = encoding else {
        return answer;
    };
    if answer.body().is_end_stream() {
        // A response to `HEAD` must have the headers of the response to `GET`.
        let is_known = answer.headers().contains_key(CONTENT_LENGTH);
        let headers = answer.headers_mut();
        if is_known {
            set_content_encoding(headers, encoding);
        } else {
            remove_encoding_dependent(headers);
        }
        return answer;
    }
    let is_short = answer.body().is_here() && length(&answer).is_some_and(|it| it <= AT_ONCE);
    let permit = if is_short {
        None
    } else {
        let Some(permit) = encoders.reserve(encoding) else {
            return answer;
        };
        Some(permit)
    };
    let encoder = match encoder(encoding) {
        Ok(encoder) => encoder,
        Err(error) => {
            tracing::warn!(%error, "cannot compress a response; it is sent uncompressed, and nothing needs to be done");
            return answer;
        }
    };
    let (mut parts, body) = answer.into_parts();
    let body = if let Some(permit) = permit {
        Body::stream(body::Coded::new(body, encoder, permit))
    } else {
        let plain = body.into_whole();
        match encoder.whole(&plain) {
            Ok(coded) => Body::full(coded),
            Err(error) => {
                tracing::warn!(%error, "cannot compress a response; it is sent uncompressed, and nothing needs to be done");
                return Response::from_parts(parts, Body::full(plain));
            }
        }
    };
    set_content_encoding(&mut parts.headers, encoding);
    Response::from_parts(parts, body)
}

pub(crate) fn body(plain: Body, encoding: Encoding, permit: EncoderPermit) -> Body {
    Body::stream(body::Coded::new(plain, Encoder::stream(encoding), permit))
}

fn set_content_encoding(headers: &mut HeaderMap, encoding: Encoding) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    headers.remove(CONTENT_LENGTH);
    headers.remove(ACCEPT_RANGES);
    weaken(headers);
}

/// For `HEAD`, if it is unknown whether the response to `GET` would be compressed. RFC 9110,
/// section 9.3.2, permits leaving these headers out.
fn remove_encoding_dependent(headers: &mut HeaderMap) {
    headers.remove(ACCEPT_RANGES);
    if headers.get(ETAG).is_some_and(|tag| !is_weak(tag)) {
        headers.remove(ETAG);
    }
}

/// A 304 must have the same headers as the compressed response that it may confirm (RFC 9110,
/// section 15.4.5). It may lack `Content-Type`.
fn may_stand_for_coded(is_anonymous: bool, headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    let may_be_file = kind.is_none() && headers.contains_key(LAST_MODIFIED);
    let is_shared = is_for_everybody(is_anonymous, headers)
        || (may_be_file && !headers.contains_key(SET_COOKIE));
    is_shared && may_be_coded(headers) && kind.is_none_or(is_compressible)
}

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

/// For a response to `HEAD`, the length in its headers.
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

fn is_weak(tag: &HeaderValue) -> bool {
    tag.as_bytes().starts_with(b"W/")
}

/// Compression changes the bytes but not the meaning (RFC 9110, section 8.8.1).
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
