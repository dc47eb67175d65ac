//! Sets safe default headers in responses, and changes the headers of responses as a route demands.
//! Also removes the request headers that a route names.

use http::header::{
    ALT_SVC, REFERRER_POLICY, SERVER, STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;

use crate::description;
use crate::filters::forwarding::{is_alike, names, remove};
use crate::request_id::{REQUEST_ID, RequestId};

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Default headers. They forbid nothing that a page may need.
static DEFAULTS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    ),
    (
        PERMISSIONS_POLICY,
        HeaderValue::from_static(
            "browsing-topics=(), join-ad-interest-group=(), run-ad-auction=()",
        ),
    ),
];

/// For framing and connections (RFC 9110, section 7.6.1), and the edge's own.
const OURS: [&str; 10] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-kenduri-outcome",
    "x-request-id",
];

/// Request headers that the edge always sets itself (RFC 7239; RFC 9110, sections 7.2 and 10.1.1).
const SET_BY_EDGE: [&str; 6] = [
    "expect",
    "forwarded",
    "host",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    set: Vec<(HeaderName, HeaderValue)>,
    remove: Vec<HeaderName>,
}

impl Changes {
    /// Validates the settings. Calls `refuse` for each error, with the key, the error and the
    /// correction.
    pub fn check(
        written: &description::Headers,
        refuse: &mut impl FnMut(&str, String, String),
    ) -> Self {
        let mut changes = Self::default();
        for (name, value) in &written.set {
            let key = format!("set.{name}");
            let header = header(&key, name, refuse);
            let parsed = HeaderValue::from_str(value);
            if parsed.is_err() {
                refuse(
                    &key,
                    "the value has characters that a header cannot hold".to_owned(),
                    "use visible ASCII only".to_owned(),
                );
            }
            if let (Some(header), Ok(value)) = (header, parsed) {
                if changes.set.iter().any(|(other, _)| *other == header) {
                    refuse(
                        &key,
                        format!("{header} is set twice"),
                        "case does not matter: keep one of them".to_owned(),
                    );
                }
                changes.set.push((header, value));
            }
        }
        for (number, name) in written.remove.iter().enumerate() {
            let key = format!("remove[{number}]");
            changes.remove.extend(header(&key, name, refuse));
        }
        changes
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StrippedHeaders(Vec<HeaderName>);

impl StrippedHeaders {
    /// Validates the settings. Calls `refuse` for each error, with the key, the error and the
    /// correction.
    pub fn check(
        written: &description::RequestHeaders,
        refuse: &mut impl FnMut(&str, String, String),
    ) -> Self {
        let mut names = Vec::new();
        for (number, name) in written.remove.iter().enumerate() {
            let key = format!("remove[{number}]");
            match header(&key, name, refuse) {
                Some(header) if SET_BY_EDGE.contains(&header.as_str()) => {
                    refuse_ours(&key, &header, refuse);
                }
                header => names.extend(header),
            }
        }
        Self(names)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a program may confuse `name` with one of these headers.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.0.iter().any(|own| is_alike(name, own.as_str()))
    }

    pub(crate) fn take_from(&self, headers: &mut HeaderMap) {
        if !self.is_empty() {
            remove(headers, |name| self.holds(name));
        }
    }
}

fn header(
    key: &str,
    name: &str,
    refuse: &mut impl FnMut(&str, String, String),
) -> Option<HeaderName> {
    match name.parse::<HeaderName>() {
        Ok(header) if !OURS.contains(&header.as_str()) => Some(header),
        Ok(header) => {
            refuse_ours(key, &header, refuse);
            None
        }
        Err(_) => {
            refuse(
                key,
                format!("{name:?} is not a header name"),
                "a name has letters, digits and hyphens".to_owned(),
            );
            None
        }
    }
}

fn refuse_ours(key: &str, header: &HeaderName, refuse: &mut impl FnMut(&str, String, String)) {
    refuse(
        key,
        format!("{header} is set by the edge"),
        "remove it: the edge sets it for each connection".to_owned(),
    );
}

/// The value of `Strict-Transport-Security` (RFC 6797, section 6.1); `None` if the lifetime is
/// zero.
pub fn hsts(time: Duration) -> Option<HeaderValue> {
    if time.is_zero() {
        return None;
    }
    HeaderValue::from_str(&format!("max-age={}", time.as_secs())).ok()
}

/// What the edge adds to a response's headers, and what a route changes in them.
#[derive(Debug)]
pub struct Completion<'a> {
    /// `None` if no route changes them.
    pub(crate) changes: Option<&'a Arc<Changes>>,
    /// For `Strict-Transport-Security`; `None` for clear text.
    pub(crate) security: Option<HeaderValue>,
    /// For `Alt-Svc` (RFC 7838, section 3).
    pub(crate) alternative: Option<HeaderValue>,
}

impl Completion<'_> {
    /// Completes the headers of a response, but for its ID. Existing headers stay unless the route
    /// changes them.
    ///
    /// `is_instead` means that the response replaces the target's response, for example as an error
    /// page. The route's caching headers are then not applied.
    pub(crate) fn apply(&self, answer: &mut HeaderMap, is_instead: bool) {
        // An entry would make room for one header more even if the header is there.
        let mut add = |name: &HeaderName, value: &HeaderValue| {
            if !answer.contains_key(name) {
                answer.insert(name, value.clone());
            }
        };
        for (name, value) in &DEFAULTS {
            add(name, value);
        }
        if let Some(security) = &self.security {
            add(&STRICT_TRANSPORT_SECURITY, security);
        }
        if let Some(alternative) = &self.alternative {
            add(&ALT_SVC, alternative);
        }
        if answer.contains_key(SERVER) {
            hide_version(answer);
        }
        let Some(changes) = self.changes else {
            return;
        };
        let applies = |name: &HeaderName| !(is_instead && is_for_caches(name.as_str()));
        for name in changes.remove.iter().filter(|name| applies(name)) {
            while answer.remove(name).is_some() {}
        }
        for (name, value) in changes.set.iter().filter(|(name, _)| applies(name)) {
            answer.insert(name, value.clone());
        }
    }
}

/// The headers that [`Completion`] and [`identify`] add to every response, with an empty request ID.
pub(crate) fn prepared() -> HeaderMap {
    let mut headers: HeaderMap = DEFAULTS.iter().cloned().collect();
    headers.insert(REQUEST_ID, HeaderValue::from_static(""));
    headers
}

/// Whether the header controls all caches (RFC 9111, sections 5.2 and 5.3) or some (RFC 9213).
pub(crate) fn is_for_caches(name: &str) -> bool {
    name.ends_with("-cache-control")
        || ["cache-control", "expires", "surrogate-control"].contains(&name)
}

pub(crate) fn identify(answer: &mut HeaderMap, id: &RequestId) {
    let Some(id) = id.header() else {
        return;
    };
    // `insert` makes room for one header more even if it replaces one.
    match answer.get_mut(REQUEST_ID) {
        Some(place) => *place = id,
        None => drop(answer.insert(REQUEST_ID, id)),
    }
}

/// Adds the name of a request header to `Vary`, unless it is already there.
pub(crate) fn vary_by(answer: &mut HeaderMap, name: &'static str) {
    if !answer.contains_key(VARY) {
        answer.insert(VARY, HeaderValue::from_static(name));
        return;
    }
    if names(answer, &VARY, name) || names(answer, &VARY, "*") {
        return;
    }
    let mut merged = Vec::new();
    for value in answer.get_all(VARY) {
        merged.extend_from_slice(value.as_bytes());
        merged.extend_from_slice(b", ");
    }
    merged.extend_from_slice(name.as_bytes());
    if let Ok(merged) = HeaderValue::from_bytes(&merged) {
        answer.insert(VARY, merged);
    }
}

/// Removes the version from `Server`: `gunicorn/20.1 (unix)` becomes `gunicorn`.
fn hide_version(answer: &mut HeaderMap) {
    let is_one = answer.get_all(SERVER).iter().nth(1).is_none();
    let Some(server) = answer.get_mut(SERVER) else {
        return;
    };
    let bytes = server.as_bytes();
    let end = bytes.iter().position(|byte| b"/ (;".contains(byte));
    let name = &bytes[..end.unwrap_or(bytes.len())];
    if is_one && end.is_none() && !name.is_empty() {
        return;
    }
    match HeaderValue::from_bytes(name) {
        Ok(name) if is_one && !name.is_empty() => *server = name,
        Ok(name) if !name.is_empty() => drop(answer.insert(SERVER, name)),
        _ => drop(answer.remove(SERVER)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(text: &str) -> (Changes, Vec<String>) {
        let written: description::Headers = serde_json::from_str(text).unwrap();
        let mut flaws = Vec::new();
        let changes = Changes::check(&written, &mut |key, _, _| flaws.push(key.to_owned()));
        (changes, flaws)
    }

    fn completed(before: &[(&'static str, &'static str)], text: &str) -> HeaderMap {
        let mut answer = HeaderMap::new();
        for (name, value) in before {
            answer.append(*name, HeaderValue::from_static(value));
        }
        let id = RequestId::parse("id-1").unwrap();
        let hsts = hsts(Duration::from_mins(1));
        let completion = Completion {
            changes: Some(&Arc::new(changes(text).0)),
            security: hsts,
            alternative: None,
        };
        completion.apply(&mut answer, false);
        identify(&mut answer, &id);
        answer
    }

    #[test]
    fn defaults_never_stand_over_what_was_said() {
        let plain = completed(&[], "{}");
        assert_eq!(plain["x-content-type-options"], "nosniff");
        assert_eq!(plain["strict-transport-security"], "max-age=60");
        assert_eq!(plain["x-request-id"], "id-1");
        assert!(plain["x-request-id"].is_sensitive(), "HPACK would keep it");
        let said = completed(
            &[
                ("referrer-policy", "no-referrer"),
                ("x-request-id", "theirs"),
            ],
            "{}",
        );
        assert_eq!(said["referrer-policy"], "no-referrer");
        assert_eq!(said.get_all("x-request-id").iter().count(), 1);
        assert_eq!(said["x-request-id"], "id-1");
    }

    #[test]
    fn a_route_sets_and_removes() {
        let answer = completed(
            &[
                ("Cache-Control", "public"),
                ("Set-Cookie", "a=1"),
                ("Set-Cookie", "b=2"),
            ],
            r#"{"set": {"Cache-Control": "no-store"}, "remove": ["set-cookie", "Permissions-Policy"]}"#,
        );
        assert_eq!(answer["cache-control"], "no-store");
        assert!(!answer.contains_key("set-cookie") && !answer.contains_key("permissions-policy"));
    }

    #[test]
    fn no_version_leaves() {
        for (said, left) in [
            ("gunicorn/20.1 (unix)", Some("gunicorn")),
            ("nginx", Some("nginx")),
            ("/1", None),
        ] {
            let answer = completed(&[("server", said)], "{}");
            assert_eq!(
                answer.get("server").map(HeaderValue::as_bytes),
                left.map(str::as_bytes)
            );
        }
    }

    #[test]
    fn framing_is_not_for_routes() {
        let (_, flaws) = changes(
            r#"{"set": {"Content-Length": "3", "a b": "x", "X-A": "1", "x-a": "2", "X-B": "\n"},
                "remove": ["ok", "Transfer-Encoding"]}"#,
        );
        assert_eq!(
            flaws,
            [
                "set.Content-Length",
                "set.X-B",
                "set.a b",
                "set.x-a",
                "remove[1]"
            ]
        );
    }
}
