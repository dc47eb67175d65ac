//! Parses `Cache-Control` (RFC 9111, section 5.2) in requests and responses.

use std::mem;
use std::time::Duration;

use http::HeaderMap;
use http::header::CACHE_CONTROL;

/// Larger numbers are replaced by this one (RFC 9111, section 1.2.2).
const MAX: u64 = 1 << 31;

/// The parsed directives. A time that is malformed, or that is given twice with different values,
/// counts as zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the standard, said or not"
)]
pub(super) struct Directives {
    pub(super) no_store: bool,
    /// Whether `no-cache` is set, with or without field names.
    pub(super) no_cache: bool,
    /// Whether `private` is set, with or without field names.
    pub(super) private: bool,
    /// Whether `only-if-cached` is set (RFC 9111, section 5.2.1.7).
    pub(super) only_if_cached: bool,
    /// Whether `must-revalidate` or `proxy-revalidate` is set. Both mean the same to a shared
    /// cache.
    pub(super) must_revalidate: bool,
    pub(super) max_age: Option<Duration>,
    pub(super) s_maxage: Option<Duration>,
    /// How long a stale response may be sent while it is revalidated (RFC 5861, section 3).
    pub(super) stale_while_revalidate: Option<Duration>,
    /// How long a stale response may replace an error (RFC 5861, section 4).
    pub(super) stale_if_error: Option<Duration>,
}

/// Whether a response says for how long shared caches, in particular, may use it (RFC 9111, section
/// 5.2.2.10).
pub(crate) fn is_for_shared_caches(headers: &HeaderMap) -> bool {
    Directives::of(headers).s_maxage.is_some()
}

impl Directives {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        for value in headers.get_all(CACHE_CONTROL) {
            for (name, argument) in Parts(value.as_bytes()) {
                said.hear(&name, &argument);
            }
        }
        said
    }

    fn hear(&mut self, name: &str, argument: &[u8]) {
        match name {
            "no-store" => self.no_store = true,
            "no-cache" => self.no_cache = true,
            "private" => self.private = true,
            "only-if-cached" => self.only_if_cached = true,
            "must-revalidate" | "proxy-revalidate" => self.must_revalidate = true,
            "max-age" => set(&mut self.max_age, argument),
            "s-maxage" => set(&mut self.s_maxage, argument),
            "stale-while-revalidate" => set(&mut self.stale_while_revalidate, argument),
            "stale-if-error" => set(&mut self.stale_if_error, argument),
            _ => {}
        }
    }
}

fn set(time: &mut Option<Duration>, argument: &[u8]) {
    let said = seconds(argument).unwrap_or_default();
    *time = match *time {
        Some(before) if before != said => Some(Duration::ZERO),
        _ => Some(said),
    };
}

/// Parses the number of seconds in `Age` or in a directive.
pub(super) fn seconds(text: &[u8]) -> Option<Duration> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(text).ok()?.parse().unwrap_or(MAX);
    is_number.then(|| Duration::from_secs(number.min(MAX)))
}

/// `name`, `name=token` or `name="quoted"`, separated by commas.
struct Parts<'a>(&'a [u8]);

impl Iterator for Parts<'_> {
    type Item = (String, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        while let [b' ' | b'\t' | b',', rest @ ..] = self.0 {
            self.0 = rest;
        }
        if self.0.is_empty() {
            return None;
        }
        let end = position(self.0, |byte| byte == b'=' || byte == b',');
        let (name, rest) = self.0.split_at(end);
        let name = String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase();
        let (argument, rest) = match rest {
            [b'=', rest @ ..] => match argument(rest.trim_ascii_start()) {
                Some(argument) => argument,
                // An unterminated quotation may hide any directive, so the quotation counts as
                // `no-store`.
                None => return Some(("no-store".to_owned(), mem::take(&mut self.0).to_vec())),
            },
            rest => (Vec::new(), rest),
        };
        self.0 = rest;
        Some((name, argument))
    }
}

fn argument(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let [b'"', inside @ ..] = text else {
        let (token, rest) = text.split_at(position(text, |byte| byte == b','));
        return Some((token.trim_ascii().to_vec(), rest));
    };
    let mut said = Vec::new();
    let mut rest = inside;
    loop {
        match rest {
            [b'"', after @ ..] => {
                return Some((said, &after[position(after, |byte| byte == b',')..]));
            }
            [b'\\', byte, after @ ..] | [byte, after @ ..] => {
                said.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}

fn position(text: &[u8], is_it: impl Fn(u8) -> bool) -> usize {
    text.iter()
        .position(|byte| is_it(*byte))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn said(lines: &[&str]) -> Directives {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CACHE_CONTROL, HeaderValue::from_str(line).unwrap());
        }
        Directives::of(&headers)
    }

    #[test]
    fn times_are_numbers_said_once() {
        let age = |lines: &[&str]| said(lines).max_age.map(|time| time.as_secs());
        assert_eq!(age(&["max-age=60"]), Some(60));
        assert_eq!(age(&["MAX-AGE=60, public"]), Some(60));
        assert_eq!(age(&["max-age=\"60\""]), Some(60));
        assert_eq!(age(&["x=\"a, max-age=1\", max-age=60"]), Some(60));
        assert_eq!(age(&["x=\"a\\\", max-age=1\", max-age=60"]), Some(60));
        assert_eq!(age(&["public", "max-age=60"]), Some(60));
        assert_eq!(age(&["max-age=60, max-age=60"]), Some(60));
        assert_eq!(age(&["max-age=99999999999999999999999"]), Some(MAX));
        for wrong in [
            "max-age",
            "max-age=",
            "max-age=-1",
            "max-age=1.5",
            "max-age=x",
            "max-age=+1",
            "max-age=60, max-age=90",
        ] {
            assert_eq!(age(&[wrong]), Some(0), "{wrong}");
        }
        assert_eq!(age(&["x-max-age=60, public"]), None);
    }

    #[test]
    fn words_are_known_in_any_case_and_with_fields() {
        assert!(said(&["No-Store"]).no_store);
        assert!(said(&["private=\"Set-Cookie, X\", max-age=3"]).private);
        assert!(said(&["a=1, no-cache=\"X\""]).no_cache);
        assert!(said(&["proxy-revalidate"]).must_revalidate);
        assert!(said(&["must-revalidate"]).must_revalidate);
        assert!(said(&["max-age=60, x=\"no end"]).no_store);
        assert_eq!(
            said(&["nothing=\"no-store, private\""]),
            Directives::default()
        );
        let both = said(&["stale-while-revalidate=5, stale-if-error=6, s-maxage=7"]);
        assert_eq!(both.stale_while_revalidate, Some(Duration::from_secs(5)));
        assert_eq!(both.stale_if_error, Some(Duration::from_secs(6)));
        assert_eq!(both.s_maxage, Some(Duration::from_secs(7)));
    }

    proptest! {
        #[test]
        fn nothing_is_too_strange(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            for (_, argument) in Parts(&line) {
                let _ = seconds(&argument);
            }
        }

        #[test]
        fn what_forbids_is_heard_among_anything(
            before in "([a-z]{1,8}(=([0-9]{1,3}|\"[a-z, ]{0,8}\"))? ?,){0,4}",
            after in "[ -~]{0,20}",
        ) {
            let line = format!("{before} no-store, {after}");
            prop_assert!(said(&[&line]).no_store, "{line}");
        }
    }
}
