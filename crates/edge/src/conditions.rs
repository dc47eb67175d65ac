//! Evaluates conditional requests, in the order of RFC 9110, section 13.2.2.

use std::time::{Duration, SystemTime};

use http::header::{
    HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE,
};

/// The result of the conditions of a `GET` or `HEAD` request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precondition {
    Send,
    Unchanged,
    Failed,
}

pub(crate) fn judge(
    request: &HeaderMap,
    tag: &HeaderValue,
    modified: Option<SystemTime>,
) -> Precondition {
    let since = |name: HeaderName| {
        let said = httpdate::parse_http_date(request.get(name)?.to_str().ok()?).ok()?;
        Some(modified? > said)
    };
    if request.contains_key(IF_MATCH) {
        if !names_tag(request, &IF_MATCH, tag, Comparison::Strong) {
            return Precondition::Failed;
        }
    } else if since(IF_UNMODIFIED_SINCE) == Some(true) {
        return Precondition::Failed;
    }
    if request.contains_key(IF_NONE_MATCH) {
        if names_tag(request, &IF_NONE_MATCH, tag, Comparison::Weak) {
            return Precondition::Unchanged;
        }
    } else if since(IF_MODIFIED_SINCE) == Some(false) {
        return Precondition::Unchanged;
    }
    Precondition::Send
}

/// Whether `If-Range` permits a range (RFC 9110, section 13.1.5). True if there is no `If-Range`.
pub(crate) fn range_holds(
    request: &HeaderMap,
    tag: &HeaderValue,
    modified: Option<SystemTime>,
    now: SystemTime,
) -> bool {
    let Some(said) = request.get(IF_RANGE) else {
        return true;
    };
    if said.as_bytes().starts_with(b"\"") {
        return said == tag;
    }
    let date = said
        .to_str()
        .ok()
        .and_then(|said| httpdate::parse_http_date(said).ok());
    let (Some(date), Some(modified)) = (date, modified) else {
        return false;
    };
    // A file that changes twice within a second keeps its modification date, so a recent date
    // proves nothing.
    let is_old = now
        .duration_since(modified)
        .is_ok_and(|age| age > Duration::from_secs(1));
    date == modified && is_old
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

fn names_tag(
    request: &HeaderMap,
    name: &HeaderName,
    tag: &HeaderValue,
    comparison: Comparison,
) -> bool {
    request.get_all(name).iter().any(|value| {
        let value = value.as_bytes();
        value.trim_ascii() == b"*" || has(value, tag.as_bytes(), comparison)
    })
}

fn has(mut list: &[u8], tag: &[u8], comparison: Comparison) -> bool {
    loop {
        while let [b' ' | b'\t' | b',', rest @ ..] = list {
            list = rest;
        }
        let (is_weak, quoted) = match list {
            [b'W', b'/', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let [b'"', inside @ ..] = quoted else {
            return false;
        };
        let Some(end) = inside.iter().position(|byte| *byte == b'"') else {
            return false;
        };
        let (said, rest) = quoted.split_at(end + 2);
        // An upstream's ETag may be weak. A weak ETag never matches in a strong comparison.
        let is_same = match comparison {
            Comparison::Strong => !is_weak && said == tag,
            Comparison::Weak => said == tag.strip_prefix(b"W/").unwrap_or(tag),
        };
        if is_same {
            return true;
        }
        list = rest;
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const AT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn modified() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn conditions_are_judged_in_the_order_of_the_standard() {
        use Precondition::{Failed, Send, Unchanged};
        const MATCH: &str = "if-match";
        const NONE: &str = "if-none-match";
        const SINCE: &str = "if-modified-since";
        const UNTIL: &str = "if-unmodified-since";
        let table: &[(&[(&'static str, &str)], Precondition)] = &[
            (&[], Send),
            (&[(MATCH, "\"a\"")], Send),
            (&[(MATCH, "*")], Send),
            (&[(MATCH, "\"b\"")], Failed),
            (&[(MATCH, "\"b\", \"a\"")], Send),
            (&[(MATCH, "W/\"a\"")], Failed),
            (&[(MATCH, "\"a\""), (UNTIL, BEFORE)], Send),
            (&[(MATCH, "rubbish")], Failed),
            (&[(UNTIL, BEFORE)], Failed),
            (&[(UNTIL, AT)], Send),
            (&[(UNTIL, "yesterday")], Send),
            (&[(NONE, "\"a\"")], Unchanged),
            (&[(NONE, "W/\"a\"")], Unchanged),
            (&[(NONE, "*")], Unchanged),
            (&[(NONE, " * ")], Unchanged),
            (&[(NONE, "\"b\"")], Send),
            (&[(NONE, "\"b,\\\", \"a\"")], Unchanged),
            (&[(NONE, "\"b\""), (NONE, "\"a\"")], Unchanged),
            (&[(NONE, "\"b\",W/\"a\"")], Unchanged),
            (&[(NONE, "a")], Send),
            (&[(NONE, "\"a")], Send),
            (&[(NONE, "")], Send),
            (&[(NONE, "\"b\""), (SINCE, AT)], Send),
            (&[(SINCE, AT)], Unchanged),
            (&[(SINCE, LATER)], Unchanged),
            (&[(SINCE, BEFORE)], Send),
            (&[(SINCE, "Sunday, 06-Nov-94 08:49:37 GMT")], Unchanged),
            (&[(SINCE, "Sun Nov  6 08:49:37 1994")], Unchanged),
            (&[(SINCE, "0")], Send),
            (&[(MATCH, "\"a\""), (NONE, "\"a\"")], Unchanged),
            (&[(MATCH, "\"b\""), (NONE, "\"a\"")], Failed),
            (&[(UNTIL, AT), (SINCE, AT)], Unchanged),
            (&[(UNTIL, BEFORE), (NONE, "\"a\"")], Failed),
        ];
        let tag = HeaderValue::from_static("\"a\"");
        for (lines, expected) in table {
            let verdict = judge(&headers(lines), &tag, Some(modified()));
            assert_eq!(verdict, *expected, "{lines:?}");
        }
        assert_eq!(judge(&headers(&[(SINCE, AT)]), &tag, None), Send);
        assert_eq!(judge(&headers(&[(UNTIL, BEFORE)]), &tag, None), Send);
    }

    #[test]
    fn a_weak_tag_is_weakly_the_same_and_never_strongly() {
        let tag = HeaderValue::from_static("W/\"a\"");
        for (name, said, expected) in [
            ("if-none-match", "W/\"a\"", Precondition::Unchanged),
            ("if-none-match", "\"a\"", Precondition::Unchanged),
            ("if-none-match", "\"b\", W/\"a\"", Precondition::Unchanged),
            ("if-none-match", "W/\"b\"", Precondition::Send),
            ("if-match", "W/\"a\"", Precondition::Failed),
            ("if-match", "\"a\"", Precondition::Failed),
        ] {
            let verdict = judge(&headers(&[(name, said)]), &tag, None);
            assert_eq!(verdict, expected, "{name}: {said}");
        }
    }

    #[test]
    fn a_range_holds_for_a_strong_tag_or_an_old_date() {
        let tag = HeaderValue::from_static("\"a\"");
        let later = modified() + Duration::from_mins(1);
        for (said, now, expected) in [
            ("\"a\"", later, true),
            ("\"b\"", later, false),
            ("W/\"a\"", later, false),
            (AT, later, true),
            (AT, modified(), false),
            (BEFORE, later, false),
            (LATER, later, false),
            ("rubbish", later, false),
            ("", later, false),
        ] {
            let request = headers(&[("if-range", said)]);
            assert_eq!(
                range_holds(&request, &tag, Some(modified()), now),
                expected,
                "{said}"
            );
        }
        assert!(range_holds(&headers(&[]), &tag, None, later));
        assert!(!range_holds(
            &headers(&[("if-range", AT)]),
            &tag,
            None,
            later
        ));
    }
}
