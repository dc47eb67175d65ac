//! Makes responses from stored ones: evaluates conditions and ranges, and sets the age and the
//! cache status.

use std::time::SystemTime;

use http::StatusCode;
use http::header::{
    AGE, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED,
    RANGE,
};

use super::in_flight::How;
use super::rules::Demand;
use super::stored::{Stored, StoredHead};
use crate::body::{Answer, Body, answer};
use crate::conditions::{self, Precondition};
use crate::ranges::{self, RequestedRanges};

/// The header that tells how the cache handled a request (RFC 9211).
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How the cache handled a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CacheOutcome {
    Hit,
    Stale,
    /// The edge sent this request to the server, or let it wait for the response to another
    /// request.
    Asked {
        how: How,
        /// Why the request was sent to the server: a miss, a stale response, or a client's
        /// directive. This is the parameter `fwd` of RFC 9211.
        why: &'static str,
        collapsed: bool,
    },
    /// The request bypassed the cache, for this reason.
    Around(&'static str),
    /// The request went to the server for this reason, and the response may not be stored.
    NotKept(&'static str),
    /// No stored response could be used, and the client wanted no other.
    Absent,
}

impl CacheOutcome {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale
            | Self::Asked {
                how: How::StandsIn(_),
                ..
            } => "stale",
            Self::Asked {
                collapsed: true, ..
            } => "collapsed",
            Self::Asked {
                how: How::Renewed, ..
            } => "revalidated",
            Self::Asked { how: How::New, .. } | Self::NotKept(_) | Self::Absent => "miss",
            Self::Around(_) => "bypass",
        }
    }

    fn status(self, seconds_left: i64) -> String {
        match self {
            Self::Hit | Self::Stale => format!("kenduri; hit; ttl={seconds_left}"),
            Self::Around(why) | Self::NotKept(why) => format!("kenduri; fwd={why}"),
            Self::Absent => "kenduri".to_owned(),
            Self::Asked {
                how,
                why,
                collapsed,
            } => {
                let stored = if collapsed { "collapsed" } else { "stored" };
                match how {
                    How::New => format!("kenduri; fwd={why}; {stored}"),
                    How::Renewed => {
                        format!("kenduri; fwd={why}; fwd-status=304; {stored}")
                    }
                    How::StandsIn(status) => {
                        format!("kenduri; fwd={why}; fwd-status={status}; ttl={seconds_left}")
                    }
                }
            }
        }
    }
}

pub(crate) fn set_cache_status(answer: &mut Answer, told: CacheOutcome) {
    append_status(answer.headers_mut(), told, 0);
}

fn append_status(headers: &mut HeaderMap, told: CacheOutcome, seconds_left: i64) {
    if let Ok(status) = HeaderValue::try_from(told.status(seconds_left)) {
        headers.append(CACHE_STATUS, status);
    }
}

/// The properties of a request that determine how a stored response is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) demand: &'a Demand,
    pub(crate) now: SystemTime,
}

impl Asker<'_> {
    pub(crate) fn whole(&self, whole: &Stored, told: CacheOutcome) -> Answer {
        let head = &whole.head;
        let mut headers = self.headers_of(head, told);
        if let Some(answer) = self.unchanged(head, &mut headers) {
            return answer;
        }
        let length = whole.body.len() as u64;
        if head.status == StatusCode::OK
            && let Some(range) = self.headers.get(RANGE)
            && !self.demand.head
            && self.range_holds(head)
        {
            match ranges::wanted(range.as_bytes(), length) {
                RequestedRanges::Parts(parts) => {
                    // For several ranges, the whole body is sent, as RFC 9110, section 14.2,
                    // permits.
                    if let [part] = parts.as_slice() {
                        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
                        let body = whole.body.slice(at(part.start)..at(part.end));
                        let range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
                        set(&mut headers, CONTENT_RANGE, range);
                        headers.insert(CONTENT_LENGTH, body.len().into());
                        return answer(StatusCode::PARTIAL_CONTENT, headers, Body::shared(body));
                    }
                }
                RequestedRanges::Nothing => {
                    set(&mut headers, CONTENT_RANGE, format!("bytes */{length}"));
                    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
                    return answer(StatusCode::RANGE_NOT_SATISFIABLE, headers, Body::Empty);
                }
                RequestedRanges::Whole => {}
            }
        }
        if head.status != StatusCode::NO_CONTENT {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        let body = if self.demand.head {
            Body::Empty
        } else {
            Body::shared(whole.body.clone())
        };
        answer(head.status, headers, body)
    }

    fn headers_of(&self, head: &StoredHead, told: CacheOutcome) -> HeaderMap {
        let mut headers = head.headers.clone();
        let age = head.freshness.age_at(self.now).as_secs();
        let is_new = matches!(
            told,
            CacheOutcome::Asked {
                how: How::New | How::Renewed,
                ..
            } | CacheOutcome::NotKept(_)
        );
        if age > 0 || !is_new {
            headers.insert(AGE, age.into());
        }
        append_status(&mut headers, told, head.freshness.seconds_left(self.now));
        headers
    }

    /// Returns `304` if the client has this response (RFC 9110, section 13.2.2).
    fn unchanged(&self, head: &StoredHead, headers: &mut HeaderMap) -> Option<Answer> {
        if head.status != StatusCode::OK {
            return None;
        }
        let (tag, modified) = validators(head);
        match conditions::judge(self.headers, &tag, modified) {
            Precondition::Unchanged => {
                let headers = std::mem::take(headers);
                Some(answer(StatusCode::NOT_MODIFIED, headers, Body::Empty))
            }
            // Requests with `If-Match` or `If-Unmodified-Since` bypass the cache, so `Failed`
            // cannot occur.
            Precondition::Send | Precondition::Failed => None,
        }
    }

    fn range_holds(&self, head: &StoredHead) -> bool {
        let (tag, modified) = validators(head);
        let is_strong = tag.as_bytes().starts_with(b"\"");
        if !is_strong && modified.is_none() {
            return !self.headers.contains_key(http::header::IF_RANGE);
        }
        conditions::range_holds(self.headers, &tag, modified, head.freshness.received())
    }
}

fn validators(head: &StoredHead) -> (HeaderValue, Option<SystemTime>) {
    let tag = head.headers.get(ETAG).cloned();
    let modified = head
        .headers
        .get(LAST_MODIFIED)
        .and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    (
        tag.unwrap_or_else(|| HeaderValue::from_static("")),
        modified,
    )
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
