//! Changes the headers of requests to upstreams and of responses from upstreams.
//!
//! Hop-by-hop headers end at the edge (RFC 9110, section 7.6.1). Headers that describe the client
//! are always set by the edge, never by the client.

use std::net::IpAddr;

use bytes::Bytes;
use http::StatusCode;
use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, Entry, HOST, HeaderMap, HeaderName, HeaderValue,
    TE, TRANSFER_ENCODING, UPGRADE,
};

use crate::cdn_loop::CDN_LOOP;
use crate::client_info::ClientInfo;
use crate::client_network;
use crate::request_id::REQUEST_ID;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(crate) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(crate) const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Headers with which a client could impersonate a trusted proxy.
const CLAIMS: [&str; 17] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-real-ip",
    "x-client-ip",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "true-client-ip",
    "cf-connecting-ip",
    // Some servers let these headers override the request line or `Host`.
    "x-original-url",
    "x-rewrite-url",
    "x-host",
    // CGI programs get this header as the environment variable `HTTP_PROXY`.
    "proxy",
];

/// Whether only trusted proxies may send headers of this name.
pub(crate) fn is_claim(name: &str) -> bool {
    CLAIMS.contains(&name)
}

/// Headers that are always hop-by-hop. The header `Connection` can name further ones.
const HOPS: [&str; 8] = [
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Removes all headers that describe the client.
pub(crate) fn silence(headers: &mut HeaderMap) {
    remove(headers, is_claim);
}

/// Converts the headers of a client's request into those for the upstream.
///
/// Removes `Connection` and `Upgrade`; the caller must set them again to forward an upgrade.
pub fn request(headers: &mut HeaderMap, info: &ClientInfo) {
    let trailers = headers.contains_key(TE) && names(headers, &TE, "trailers");
    drop_hops(headers);
    drop_lookalikes(headers);
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    join_cookies(headers);
    if !headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(&info.host)
        && !host.is_empty()
    {
        headers.insert(HOST, host);
    }
    if let Some(id) = info.id.header() {
        headers.insert(REQUEST_ID, id);
    }
    write_claims(headers, info);
}

/// Appends to `out` the header lines that [`request`] would make.
///
/// Appends nothing and returns `false` if the peer is a trusted proxy, `Host` is missing,
/// `Content-Length` does not match `has_body`, or a header would have to be changed.
pub(crate) fn write(
    headers: &HeaderMap,
    info: &ClientInfo,
    has_body: bool,
    out: &mut Vec<u8>,
) -> bool {
    let before = out.len();
    let is_written = !info.peer_is_trusted
        && headers.contains_key(CONTENT_LENGTH) == has_body
        && write_theirs(headers, out);
    if !is_written {
        out.truncate(before);
        return false;
    }
    let mut ours = |name: HeaderName, write: &dyn Fn(&mut Vec<u8>)| {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        write(out);
        out.extend_from_slice(b"\r\n");
    };
    let client = info.client.to_canonical();
    ours(REQUEST_ID, &|out| {
        out.extend_from_slice(info.id.as_str().as_bytes());
    });
    ours(FORWARDED, &|out| element(info, client, out));
    ours(FORWARDED_FOR, &|out| client_network::push(out, client));
    ours(FORWARDED_PROTO, &|out| {
        out.extend_from_slice(info.scheme.as_str().as_bytes());
    });
    if !info.host.is_empty() {
        ours(FORWARDED_HOST, &|out| {
            out.extend_from_slice(info.host.as_bytes());
        });
    }
    true
}

/// `false` if `Host` is missing or a header would have to be changed.
fn write_theirs(headers: &HeaderMap, out: &mut Vec<u8>) -> bool {
    let (mut has_host, mut has_cookie) = (false, false);
    for (name, value) in headers {
        let name = match *name {
            CONNECTION if names_no_header(value) => continue,
            COOKIE if has_cookie => return false,
            CONNECTION | EXPECT | TE => return false,
            _ => name,
        };
        has_cookie |= *name == COOKIE;
        has_host |= *name == HOST;
        let text = name.as_str();
        if is_dropped(text) {
            continue;
        }
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    has_host
}

/// For the headers of untrusted clients.
fn is_dropped(name: &str) -> bool {
    let may_be = matches!(
        name.as_bytes().first(),
        Some(b'c' | b'f' | b'p' | b't' | b'x')
    );
    let is_said_here = may_be && (is_claim(name) || *name == *REQUEST_ID.as_str());
    is_said_here || is_hop(name) || is_lookalike(name)
}

/// Converts the headers of an upstream's response into those for the client.
///
/// Keeps `Upgrade` in a 426, which must say which protocol is required (RFC 9110, section 15.5.22).
/// Removes `X-Accel-*`, which programs write for nginx and which can name files of the machine, but
/// not `X-Accel-Buffering`, which other proxies in front may obey.
pub fn response(status: StatusCode, headers: &mut HeaderMap) {
    let is_required = status == StatusCode::UPGRADE_REQUIRED;
    let required = headers.get(UPGRADE).filter(|_| is_required).cloned();
    remove_named_by_connection(headers);
    remove(headers, |name| {
        is_hop(name) || (name.starts_with("x-accel-") && name != "x-accel-buffering")
    });
    if let Some(required) = required {
        headers.insert(UPGRADE, required);
    }
}

pub(crate) fn names(headers: &HeaderMap, header: &HeaderName, token: &str) -> bool {
    headers
        .get_all(header)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| {
            let word = part.split(';').next().unwrap_or(part);
            word.trim().eq_ignore_ascii_case(token)
        })
}

fn drop_hops(headers: &mut HeaderMap) {
    remove_named_by_connection(headers);
    remove(headers, is_hop);
}

fn remove_named_by_connection(headers: &mut HeaderMap) {
    if let Entry::Occupied(entry) = headers.entry(CONNECTION) {
        let (_, values) = entry.remove_entry_mult();
        let named: Vec<HeaderName> = values
            .filter(|value| !names_no_header(value))
            .flat_map(|value| named_by(&value))
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
}

fn is_hop(name: &str) -> bool {
    // This quick check comes first, because most names begin with another letter.
    let may_be = matches!(
        name.as_bytes().first(),
        Some(b'h' | b'k' | b'p' | b't' | b'u')
    );
    may_be && HOPS.contains(&name)
}

/// Removes the headers for whose names `is_such` is true. Usually there are none, so all names are
/// checked first.
pub(crate) fn remove(headers: &mut HeaderMap, is_such: impl Fn(&str) -> bool) {
    let found = headers.keys().filter(|name| is_such(name.as_str()));
    let found: Vec<HeaderName> = found.cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

/// A program may confuse them with the edge's own headers or with those that frame a body.
fn drop_lookalikes(headers: &mut HeaderMap) {
    remove(headers, is_lookalike);
}

fn is_lookalike(name: &str) -> bool {
    const REAL: [HeaderName; 4] = [REQUEST_ID, CONTENT_LENGTH, TRANSFER_ENCODING, HOST];
    // Every name of every request is looked at, and a table is faster than comparisons.
    const IS_USUAL: [bool; 256] = {
        let mut usual = [false; 256];
        let mut byte = 0_u8;
        while byte < u8::MAX {
            usual[byte as usize] = byte == b'-' || byte.is_ascii_alphanumeric();
            byte += 1;
        }
        usual
    };
    let is_odd = !name.bytes().all(|byte| IS_USUAL[usize::from(byte)]);
    is_odd
        && (CLAIMS.iter().any(|claim| is_alike(name, claim))
            || REAL.iter().any(|real| is_alike(name, real.as_str())))
}

/// Whether a program may confuse two header names. Programs that get headers as variables (RFC
/// 3875, section 4.1.18; WSGI) do not distinguish `_` from `-`. Some do not distinguish other
/// characters either.
pub(crate) fn is_alike(one: &str, other: &str) -> bool {
    let plain = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            byte.to_ascii_lowercase()
        } else {
            b'-'
        }
    };
    one.bytes().map(plain).eq(other.bytes().map(plain))
}

fn names_no_header(value: &HeaderValue) -> bool {
    value.as_bytes().eq_ignore_ascii_case(b"keep-alive")
        || value.as_bytes().eq_ignore_ascii_case(b"close")
}

/// A client must not be able to remove the headers that identify the host, the user or the proxies,
/// or that frame the body.
fn named_by(value: &HeaderValue) -> Vec<HeaderName> {
    const STAY: [HeaderName; 4] = [HOST, CONTENT_LENGTH, CDN_LOOP, http::header::AUTHORIZATION];
    value
        .as_bytes()
        .split(|byte| *byte == b',')
        .filter_map(|part| HeaderName::from_bytes(part.trim_ascii()).ok())
        .filter(|name| !STAY.contains(name))
        .collect()
}

/// HTTP/1.1 permits one `Cookie` header only, HTTP/2 several (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut values = headers.get_all(COOKIE).iter();
    if values.next().is_none() || values.next().is_none() {
        return;
    }
    let pieces: Vec<&[u8]> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if let Ok(whole) = HeaderValue::from_bytes(&pieces.join(&b"; "[..])) {
        headers.insert(COOKIE, whole);
    }
}

/// RFC 7239. Values from a trusted proxy are kept and come first.
fn write_claims(headers: &mut HeaderMap, info: &ClientInfo) {
    if !info.peer_is_trusted {
        silence(headers);
    }
    let address = info.client.to_canonical();
    let mut text = Vec::with_capacity(80);
    element(info, address, &mut text);
    append(headers, &FORWARDED, text);
    let mut text = Vec::with_capacity(40);
    client_network::push(&mut text, address);
    append(headers, &FORWARDED_FOR, text);
    if !headers.contains_key(FORWARDED_PROTO) {
        let scheme = HeaderValue::from_static(info.scheme.as_str());
        headers.insert(FORWARDED_PROTO, scheme);
    }
    if !headers.contains_key(FORWARDED_HOST)
        && let Ok(host) = HeaderValue::from_str(&info.host)
        && !host.is_empty()
    {
        headers.insert(FORWARDED_HOST, host);
    }
}

/// Appends an element to a list header, unless a trusted proxy has already added the same element.
fn append(headers: &mut HeaderMap, name: &HeaderName, text: Vec<u8>) {
    if !headers.contains_key(name) {
        if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(text)) {
            headers.insert(name.clone(), value);
        }
        return;
    }
    let mut pieces: Vec<&[u8]> = headers
        .get_all(name)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let said = pieces
        .iter()
        .flat_map(|piece| piece.split(|byte| *byte == b','))
        .any(|part| part.trim_ascii().eq_ignore_ascii_case(&text));
    if said && pieces.len() == 1 {
        return;
    }
    if !said {
        pieces.push(&text);
    }
    if let Ok(whole) = HeaderValue::from_bytes(&pieces.join(&b", "[..])) {
        headers.insert(name.clone(), whole);
    }
}

/// Appends an element of `Forwarded`. Values that are not tokens are quoted (RFC 7239, section 4).
fn element(info: &ClientInfo, client: IpAddr, out: &mut Vec<u8>) {
    let (before, after): (&[u8], &[u8]) = match client {
        IpAddr::V4(_) => (b"for=", b""),
        IpAddr::V6(_) => (b"for=\"[", b"]\""),
    };
    out.extend_from_slice(before);
    client_network::push(out, client);
    out.extend_from_slice(after);
    out.extend_from_slice(b";proto=");
    out.extend_from_slice(info.scheme.as_str().as_bytes());
    let host = &*info.host;
    let token = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if !host.is_empty() && !host.contains(['"', '\\']) {
        let quote: &[u8] = if token { b"" } else { b"\"" };
        out.extend_from_slice(b";host=");
        out.extend_from_slice(quote);
        out.extend_from_slice(host.as_bytes());
        out.extend_from_slice(quote);
    }
}

#[cfg(test)]
mod tests;
