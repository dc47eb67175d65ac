//! Asks an authorization server whether a request is permitted.
//!
//! The server gets a `GET` request with the client's headers and no body. A 2xx response permits
//! the client's request; redirects, 401, 403 and 429 reject it and are sent to the client.

use std::sync::Arc;

use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
    EXPECT, HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};

use crate::body::Body;
use crate::filters::forwarding::{is_alike, is_claim, remove};

const FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
const FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");

/// Whether other proxies use this header to tell authorization servers the URL or the method.
fn is_elsewhere(name: &str) -> bool {
    const OURS: [HeaderName; 2] = [FORWARDED_METHOD, FORWARDED_URI];
    const ORIGINAL: &str = "x-original-";
    let start = name.get(..ORIGINAL.len()).unwrap_or_default();
    is_alike(start, ORIGINAL)
        || is_alike(name, "x-rewrite-url")
        || OURS.iter().any(|ours| is_alike(name, ours.as_str()))
}

/// They concern the body, the response or the connection of the client's request.
const LEFT_OUT: [HeaderName; 15] = [
    ACCEPT_ENCODING,
    ACCEPT_RANGES,
    CONNECTION,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
    RANGE,
    TRANSFER_ENCODING,
    UPGRADE,
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub upstream: Arc<str>,
    pub path: PathAndQuery,
    /// Headers that a 2xx response of the authorization server sets in the client's request.
    pub copy: Vec<HeaderName>,
}

impl Ask {
    /// Whether the setting `copy` may contain this header. It may not contain the edge's own
    /// headers, headers that only trusted proxies may send, or headers that control routing or
    /// framing.
    pub fn may_copy(name: &HeaderName) -> bool {
        const OURS: [&str; 11] = [
            "connection",
            "content-length",
            "expect",
            "host",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "x-request-id",
        ];
        !OURS.contains(&name.as_str()) && !LEFT_OUT.contains(name) && !is_claim(name.as_str())
    }

    /// Makes the request to the authorization server. `target` is the client's request target as
    /// the edge parsed it.
    pub(crate) fn question(
        method: &Method,
        target: &str,
        headers: &HeaderMap,
        host: &str,
    ) -> Option<Request<Body>> {
        let mut question = Request::new(Body::Empty);
        let asked = question.headers_mut();
        *asked = headers.clone();
        for name in LEFT_OUT {
            asked.remove(name);
        }
        remove(asked, is_elsewhere);
        if !host.is_empty() {
            asked.insert(HOST, HeaderValue::from_str(host).ok()?);
        }
        asked.insert(
            FORWARDED_METHOD,
            HeaderValue::from_str(method.as_str()).ok()?,
        );
        asked.insert(FORWARDED_URI, HeaderValue::try_from(unescape(target)).ok()?);
        Some(question)
    }

    /// Whether the authorization server's response rejects the request. The client then gets this
    /// response.
    pub(crate) fn is_no(status: StatusCode) -> bool {
        let is_move = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
        is_move || matches!(status.as_u16(), 401 | 403 | 429)
    }
}

/// Removes unnecessary percent-encoding from the path of a request target (RFC 3986, section
/// 6.2.2.2). Otherwise, `/%73ecret` would bypass rules for `/secret`.
fn unescape(target: &str) -> String {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let mut pieces = path.split('%');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.get(..2).unwrap_or_default();
        let byte = u8::from_str_radix(digits, 16).ok();
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
        if let Some(byte) = byte.filter(is_plain) {
            text.push(char::from(byte));
            text.push_str(piece.get(2..).unwrap_or_default());
        } else {
            text.push('%');
            text.push_str(piece);
        }
    }
    if let Some(query) = query {
        text.push('?');
        text.push_str(query);
    }
    text
}

/// Copies the headers `names` from `said` to a request. Removes the client's headers of these
/// names, and client headers that a program may confuse with them. Also ensures that the client
/// cannot remove the copied headers by naming them in `Connection` (RFC 9110, section 7.6.1).
pub(crate) fn vouch(headers: &mut HeaderMap, names: &[HeaderName], said: &HeaderMap) {
    remove(headers, |written| {
        names.iter().any(|name| is_alike(written, name.as_str()))
    });
    for name in names {
        for value in said.get_all(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    let is_named = |token: &&[u8]| {
        let token = token.trim_ascii();
        names
            .iter()
            .any(|name| token.eq_ignore_ascii_case(name.as_str().as_bytes()))
    };
    let tokens = || {
        let lines = headers.get_all(CONNECTION).iter();
        lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
    };
    if !tokens().any(|token| is_named(&token)) {
        return;
    }
    let kept: Vec<&[u8]> = tokens().filter(|token| !is_named(token)).collect();
    match HeaderValue::from_bytes(&kept.join(&b","[..])) {
        Ok(kept) if !kept.is_empty() => drop(headers.insert(CONNECTION, kept)),
        _ => drop(headers.remove(CONNECTION)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_vouched_for_is_nobody_elses() {
        let user = HeaderName::from_static("x-user");
        let group = HeaderName::from_static("x-group");
        let mut headers = HeaderMap::new();
        headers.append(&user, HeaderValue::from_static("mallory"));
        headers.append(&user, HeaderValue::from_static("eve"));
        headers.append(&group, HeaderValue::from_static("owners"));
        headers.append(CONNECTION, HeaderValue::from_static("keep-alive, X-User"));
        headers.append(CONNECTION, HeaderValue::from_static("x-group ,upgrade"));
        let said = HeaderMap::from_iter([(user.clone(), HeaderValue::from_static("aisyah"))]);
        vouch(&mut headers, &[user.clone(), group.clone()], &said);
        assert_eq!(headers.get_all(&user).iter().count(), 1);
        assert_eq!(headers[&user], "aisyah");
        assert!(!headers.contains_key(&group));
        assert_eq!(headers.get_all(CONNECTION).iter().count(), 1);
        assert_eq!(headers[CONNECTION], "keep-alive,upgrade");
        headers.insert(CONNECTION, HeaderValue::from_static("X-USER"));
        vouch(&mut headers, &[user], &said);
        assert!(!headers.contains_key(CONNECTION));
    }

    #[test]
    fn what_a_program_would_take_for_it_is_nobodys_either() {
        let user = HeaderName::from_static("x-forwarded-user");
        let odd = HeaderName::from_static("x_group");
        let mut headers = HeaderMap::new();
        for name in [
            "x_forwarded_user",
            "x-forwarded_user",
            "x.forwarded.user",
            "x-group",
            "x_stays",
        ] {
            headers.append(name, HeaderValue::from_static("mallory"));
        }
        let said = HeaderMap::from_iter([
            (user.clone(), HeaderValue::from_static("aisyah")),
            (odd.clone(), HeaderValue::from_static("cooks")),
        ]);
        vouch(&mut headers, &[user.clone(), odd.clone()], &said);
        assert_eq!(headers.len(), 3, "{headers:?}");
        assert_eq!(headers[user], "aisyah");
        assert_eq!(headers[odd], "cooks");
        assert_eq!(headers["x_stays"], "mallory");
    }

    #[test]
    fn a_question_names_one_address() {
        let mut headers = HeaderMap::new();
        for name in [
            "x_forwarded_uri",
            "x-forwarded_method",
            "x-original-url",
            "x_original_uri",
            "x-original-method",
            "x-rewrite-url",
            "x_rewrite_url",
        ] {
            headers.append(name, HeaderValue::from_static("/public"));
        }
        let asked = Ask::question(&Method::GET, "/secret", &headers, "a.example").unwrap();
        let public = asked
            .headers()
            .iter()
            .filter(|(_, value)| *value == "/public");
        assert_eq!(public.count(), 0, "{:?}", asked.headers());
        assert_eq!(asked.headers()[FORWARDED_URI], "/secret");
    }

    #[test]
    fn nothing_is_hidden_behind_an_encoding() {
        for (target, told) in [
            ("/a", "/a"),
            ("/%73ecret%2Fx?%73", "/secret%2Fx?%73"),
            ("/%41%5f%7E%2d%c3%a9%25%37", "/A_~-%c3%a9%257"),
            ("/%", "/%"),
            ("/%zz%4", "/%zz%4"),
        ] {
            assert_eq!(unescape(target), told, "{target}");
        }
    }

    #[test]
    fn a_question_has_nothing_of_the_body() {
        let headers = HeaderMap::from_iter([
            (CONTENT_LENGTH, HeaderValue::from_static("5")),
            (CONNECTION, HeaderValue::from_static("x-forwarded-uri")),
            (IF_NONE_MATCH, HeaderValue::from_static("\"x\"")),
            (http::header::COOKIE, HeaderValue::from_static("a=b")),
            (FORWARDED_URI, HeaderValue::from_static("/public")),
        ]);
        let asked = Ask::question(&Method::POST, "/secret?x", &headers, "a.example").unwrap();
        assert_eq!(asked.method(), Method::GET);
        let mut names: Vec<_> = asked.headers().keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["cookie", "host", "x-forwarded-method", "x-forwarded-uri"]
        );
        assert_eq!(asked.headers()[FORWARDED_URI], "/secret?x");
        assert_eq!(asked.headers()[FORWARDED_METHOD], "POST");
    }
}
