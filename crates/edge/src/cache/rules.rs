//! Decides which responses may be stored and how long they may be used (RFC 9111 for a shared
//! cache, and RFC 5861). All functions are pure. Section numbers without an RFC refer to RFC 9111.

use std::time::{Duration, SystemTime};

use http::header::{
    AGE, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG,
    EXPIRES, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_UNMODIFIED_SINCE, LAST_MODIFIED,
    RANGE, SET_COOKIE, TRAILER, UPGRADE, VARY,
};
use http::{Method, StatusCode};

use super::directives::{Directives, seconds};
use crate::client_info::{ClientInfo, Scheme};
use crate::filters::forwarding::is_alike;
use crate::filters::rate_limit::OUTCOME;

/// Headers that override the host, path or method at some servers. The cache key does not contain
/// them, so such requests bypass the cache.
const REWRITES: [&str; 7] = [
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
];

/// The edge sets or removes these headers itself, so they cannot select a stored response.
const SET_BY_EDGE: [&str; 15] = [
    "cf-connecting-ip",
    "connection",
    "forwarded",
    "te",
    "true-client-ip",
    "upgrade",
    "x-client-ip",
    "x-forwarded-for",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    "x-real-ip",
    "x-request-id",
];

/// Status codes of which the cache implements all caching requirements (section 3).
const UNDERSTOOD: [u16; 14] = [
    200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501,
];

/// The status codes whose responses are stored for the route's lifetime if they have no caching
/// headers. Section 4.2.2 permits more, but a missing page may appear at any moment.
const KEPT_UNSAID: [u16; 6] = [200, 203, 300, 301, 308, 410];

/// Clock corrections up to this size are ignored when the age of a response is calculated.
const ADJUSTED: Duration = Duration::from_secs(5);
/// The assumed age after the clock was set back: a hundred years, longer than any lifetime.
const UNKNOWN: Duration = Duration::from_hours(100 * 366 * 24);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CacheUse {
    /// The request may change the resource, so a successful response invalidates stored responses
    /// (section 4.4).
    Changes,
    /// The request bypasses the cache.
    Around,
    /// The request may be served from the cache.
    In(Demand),
}

/// The request's conditions for using a stored response (section 5.2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a condition of its own"
)]
pub(crate) struct Demand {
    /// Whether the edge must first revalidate the stored response.
    pub(crate) no_cache: bool,
    max_age: Option<Duration>,
    /// Whether the client wants a stored response or none.
    pub(crate) only_if_cached: bool,
    /// Whether the request is for a range. A stored response may serve it, but a partial response
    /// is not stored.
    pub(crate) part: bool,
    pub(crate) head: bool,
}

impl CacheUse {
    pub(crate) fn of(method: &Method, headers: &HeaderMap, has_body: bool) -> Self {
        // `CONNECT` begins a WebSocket over HTTP/2 (RFC 8441, section 5), and `GET` with `Upgrade`
        // begins a WebSocket over HTTP/1.1.
        if *method == Method::CONNECT {
            return Self::Around;
        }
        if !method.is_safe() {
            return Self::Changes;
        }
        let is_asking = *method == Method::GET || *method == Method::HEAD;
        let goes_around = [AUTHORIZATION, UPGRADE, IF_MATCH, IF_UNMODIFIED_SINCE];
        if !is_asking
            || has_body
            || goes_around.iter().any(|name| headers.contains_key(name))
            || headers.keys().any(rewrites)
            || names_headers(headers)
        {
            return Self::Around;
        }
        let said = Directives::of(headers);
        if said.no_store {
            return Self::Around;
        }
        Self::In(Demand {
            no_cache: said.no_cache,
            max_age: said.max_age,
            only_if_cached: said.only_if_cached,
            part: headers.contains_key(RANGE),
            head: *method == Method::HEAD,
        })
    }

    /// Bypasses the cache if forwarding headers give the server information that the cache key does
    /// not contain.
    pub(crate) fn told_by(self, headers: &HeaderMap, info: &ClientInfo) -> Self {
        match self {
            Self::In(_) if info.peer_is_trusted && claims_more(headers, info) => Self::Around,
            way => way,
        }
    }
}

fn rewrites(name: &HeaderName) -> bool {
    REWRITES.iter().any(|known| is_alike(name.as_str(), known))
}

/// A trusted proxy's clients may have set such headers. Headers with client addresses are not
/// checked, because they do not change a public response.
fn claims_more(headers: &HeaderMap, info: &ClientInfo) -> bool {
    const ALWAYS: [&str; 3] = ["forwarded", "proxy", "x-forwarded-prefix"];
    let is_secure = info.scheme == Scheme::Https;
    let port = match info.host.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => port,
        _ if is_secure => "443",
        _ => "80",
    };
    let known = [
        ("x-forwarded-host", &*info.host),
        ("x-forwarded-port", port),
        ("x-forwarded-proto", info.scheme.as_str()),
        ("x-forwarded-scheme", info.scheme.as_str()),
        ("x-forwarded-ssl", if is_secure { "on" } else { "off" }),
    ];
    let differs = |(name, known): &(&'static str, &str)| {
        let said = headers.get_all(*name).iter();
        let mut said = said.map(|said| said.as_bytes().eq_ignore_ascii_case(known.as_bytes()));
        said.next().is_some_and(|is_same| !is_same) || said.next().is_some()
    };
    ALWAYS.iter().any(|name| headers.contains_key(*name)) || known.iter().any(differs)
}

/// The edge removes the headers that `Connection` names, but they may affect the response.
fn names_headers(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|word| !word.is_empty())
        .any(|word| {
            let plain = ["close", "keep-alive", "te"];
            !plain
                .iter()
                .any(|plain| word.eq_ignore_ascii_case(plain.as_bytes()))
        })
}

/// The lifetimes that a route configures for responses without caching headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DefaultLifetimes {
    pub(crate) lifetime: Duration,
    pub(crate) stale_while_revalidate: Duration,
    pub(crate) stale_if_error: Duration,
}

/// How long a stored response may be used: while it is fresh, and after that while it is stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Freshness {
    received: SystemTime,
    /// The response's age when the edge received it (section 4.2.3).
    age: Duration,
    lifetime: Duration,
    /// Whether the edge must revalidate the response before each use.
    always_ask: bool,
    stale_while_revalidate: Duration,
    stale_if_error: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheDecision {
    /// Send the response.
    Fresh,
    /// Send the response, and revalidate it in the background.
    WhileRevalidating,
    /// Revalidate the response with the server first.
    Ask,
}

/// A response, with the times at which it was requested and received.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimedResponse<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) asked: SystemTime,
    pub(crate) received: SystemTime,
}

impl TimedResponse<'_> {
    /// How long the response may be used; `None` if it may not be stored (section 3).
    pub(crate) fn freshness(&self, unsaid: &DefaultLifetimes) -> Option<Freshness> {
        let headers = self.headers;
        let said = Directives::of(headers);
        let never = [
            SET_COOKIE,
            CONTENT_RANGE,
            TRAILER,
            CONTENT_ENCODING,
            OUTCOME,
        ];
        if said.no_store
            || said.private
            || never.iter().any(|name| headers.contains_key(name))
            || !UNDERSTOOD.contains(&self.status.as_u16())
            || cannot_be_told_apart(headers)
            || is_endless(headers)
        {
            return None;
        }
        let explicit = self.explicit_lifetime(&said);
        let heuristic = || {
            let is_kept = KEPT_UNSAID.contains(&self.status.as_u16());
            (is_kept && !unsaid.lifetime.is_zero()).then_some(unsaid.lifetime)
        };
        let lifetime = match explicit.or_else(heuristic) {
            Some(lifetime) => lifetime,
            None if said.no_cache => Duration::ZERO,
            None => return None,
        };
        let never_stale = said.must_revalidate || said.no_cache;
        // A response with `s-maxage` may be used stale only if it explicitly permits that.
        let by_route = |time: Duration| said.s_maxage.map_or(time, |_| Duration::ZERO);
        let stale = |said: Option<Duration>, unsaid: Duration| match said {
            _ if never_stale => Duration::ZERO,
            Some(time) => time,
            None => by_route(unsaid),
        };
        let freshness = Freshness {
            received: self.received,
            age: self.age(),
            lifetime,
            always_ask: said.no_cache,
            stale_while_revalidate: stale(
                said.stale_while_revalidate,
                unsaid.stale_while_revalidate,
            ),
            stale_if_error: stale(said.stale_if_error, unsaid.stale_if_error),
        };
        let can_be_used = !said.no_cache && freshness.age < freshness.usable();
        (can_be_used || has_validator(headers)).then_some(freshness)
    }

    /// The most specific directive takes precedence (section 4.2.1).
    fn explicit_lifetime(&self, said: &Directives) -> Option<Duration> {
        if let Some(time) = said.s_maxage.or(said.max_age) {
            return Some(time);
        }
        let mut expires = self.headers.get_all(EXPIRES).iter();
        let until = http_date(expires.next()?.as_bytes());
        let from = self.date().unwrap_or(self.received);
        let lifetime = until.and_then(|until| until.duration_since(from).ok());
        // An invalid date such as `0`, or more than one date, means an expired response.
        Some(
            lifetime
                .filter(|_| expires.next().is_none())
                .unwrap_or_default(),
        )
    }

    /// The age of the response when the edge received it (section 4.2.3).
    fn age(&self) -> Duration {
        let apparent = self
            .date()
            .and_then(|date| self.received.duration_since(date).ok());
        let said = self.headers.get(AGE).and_then(|age| {
            // If the header contains several values, the first one counts (section 5.1).
            seconds(
                age.as_bytes()
                    .split(|byte| *byte == b',')
                    .next()?
                    .trim_ascii(),
            )
        });
        let delay = self.received.duration_since(self.asked).unwrap_or_default();
        apparent
            .unwrap_or_default()
            .max(said.unwrap_or_default() + delay)
    }

    fn date(&self) -> Option<SystemTime> {
        http_date(self.headers.get(DATE)?.as_bytes())
    }
}

impl Freshness {
    /// The age of the response at `now`. A very high age is returned if the clock was set back.
    pub(crate) fn age_at(&self, now: SystemTime) -> Duration {
        let since = match now.duration_since(self.received) {
            Ok(since) => since,
            Err(early) if early.duration() <= ADJUSTED => Duration::ZERO,
            Err(_) => UNKNOWN,
        };
        self.age + since
    }

    /// For how many seconds the response is still fresh; negative if it is stale.
    pub(crate) fn seconds_left(&self, now: SystemTime) -> i64 {
        let whole = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        whole(self.lifetime) - whole(self.age_at(now))
    }

    pub(crate) fn judge(&self, demand: &Demand, now: SystemTime) -> CacheDecision {
        let age = self.age_at(now);
        let too_old = demand.max_age.is_some_and(|most| age > most);
        if demand.no_cache || self.always_ask || too_old {
            return CacheDecision::Ask;
        }
        if age < self.lifetime {
            CacheDecision::Fresh
        } else if age < self.lifetime + self.stale_while_revalidate {
            CacheDecision::WhileRevalidating
        } else {
            CacheDecision::Ask
        }
    }

    /// Whether the stored response may be used in place of an error (RFC 5861, section 4).
    pub(crate) fn stands_in(&self, now: SystemTime) -> bool {
        !self.stale_if_error.is_zero() && self.age_at(now) < self.lifetime + self.stale_if_error
    }

    pub(crate) fn received(&self) -> SystemTime {
        self.received
    }

    fn usable(&self) -> Duration {
        self.lifetime + self.stale_while_revalidate.max(self.stale_if_error)
    }
}

pub(crate) fn is_fault(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

pub(crate) fn has_validator(headers: &HeaderMap) -> bool {
    headers.contains_key(ETAG) || headers.contains_key(LAST_MODIFIED)
}

/// Whether a `304` confirms the stored response whose headers are `kept` (section 4.3.4).
pub(crate) fn confirms(not_modified: &HeaderMap, kept: &HeaderMap) -> bool {
    let plain = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    match (not_modified.get(ETAG), kept.get(ETAG)) {
        (Some(new), Some(old)) => plain(new.as_bytes()) == plain(old.as_bytes()),
        (Some(_), None) => false,
        (None, _) => match not_modified.get(LAST_MODIFIED) {
            Some(new) => kept.get(LAST_MODIFIED).is_none_or(|old| old == new),
            None => true,
        },
    }
}

/// Returns the headers of a stored response after a `304` has updated them (section 3.2). If the
/// `304` has no `Date`, the `Date` of the result is `received`, the time at which the `304`
/// arrived.
pub(crate) fn renewed(
    kept: &HeaderMap,
    not_modified: &HeaderMap,
    received: SystemTime,
) -> HeaderMap {
    let of_the_body = [
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "etag",
    ];
    let mut headers = kept.clone();
    if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(received)) {
        headers.insert(DATE, date);
    }
    for name in not_modified.keys() {
        if of_the_body.contains(&name.as_str()) {
            continue;
        }
        headers.remove(name);
        for value in not_modified.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    headers
}

/// The header names in `Vary`, in lower case and sorted.
pub(crate) fn vary(headers: &HeaderMap) -> Vec<HeaderName> {
    let mut names: Vec<HeaderName> = headers
        .get_all(VARY)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect();
    names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    names.dedup();
    names
}

/// `*`, an invalid name, or a header that only the edge sets selects no stored response.
fn cannot_be_told_apart(headers: &HeaderMap) -> bool {
    headers
        .get_all(VARY)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
        .any(|name| {
            name == b"*"
                || HeaderName::from_bytes(name)
                    .map_or(true, |name| SET_BY_EDGE.contains(&name.as_str()))
        })
}

fn is_endless(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .map(|kind| kind.as_bytes().to_ascii_lowercase());
    kind.is_some_and(|kind| {
        [
            &b"text/event-stream"[..],
            b"application/grpc",
            b"multipart/x-mixed-replace",
        ]
        .iter()
        .any(|endless| kind.starts_with(endless))
    })
}

/// Parses a date. The case of its letters does not matter (section 4.2).
fn http_date(text: &[u8]) -> Option<SystemTime> {
    let mut text = text.to_ascii_lowercase();
    let mut begins_word = true;
    for byte in &mut text {
        if begins_word {
            byte.make_ascii_uppercase();
        }
        begins_word = !byte.is_ascii_alphabetic();
    }
    let text = String::from_utf8(text).ok()?.replace("Gmt", "GMT");
    httpdate::parse_http_date(&text).ok()
}

#[cfg(test)]
mod tests;
