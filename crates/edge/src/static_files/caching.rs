//! Chooses `Cache-Control` by a file's name.

use std::collections::BTreeMap;

use http::HeaderValue;

#[derive(Debug, PartialEq, Eq)]
struct CacheControlValues {
    /// The value for files that must be revalidated for each use.
    revalidate: HeaderValue,
    /// The value for files that get a new name when their content changes.
    for_ever: HeaderValue,
}

const FOR_EVERYBODY: CacheControlValues = CacheControlValues {
    revalidate: HeaderValue::from_static("no-cache"),
    for_ever: HeaderValue::from_static("public, max-age=31536000, immutable"),
};
/// Shared caches may not store restricted files (RFC 9111, section 5.2.2.7).
const FOR_SOME: CacheControlValues = CacheControlValues {
    revalidate: HeaderValue::from_static("private, no-cache"),
    for_ever: HeaderValue::from_static("private, max-age=31536000, immutable"),
};
const FINGERPRINT_LENGTH: std::ops::RangeInclusive<usize> = 8..=64;
/// Between letters and digits. Words and dates have fewer.
const MIN_CHANGES: usize = 3;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Caching {
    /// Name patterns with their configured values, longest pattern first.
    patterns: Vec<(String, HeaderValue)>,
    others: CacheControlValues,
}

impl Caching {
    /// Validates the patterns. The error is a pattern with a value that is not a valid header.
    pub(super) fn new(
        patterns: BTreeMap<String, String>,
        is_for_some: bool,
    ) -> Result<Self, String> {
        let mut checked = Vec::with_capacity(patterns.len());
        for (pattern, value) in patterns {
            match HeaderValue::try_from(value) {
                Ok(value) if !value.is_empty() => checked.push((pattern, value)),
                _ => return Err(pattern),
            }
        }
        checked.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.len()));
        Ok(Self {
            patterns: checked,
            others: if is_for_some { FOR_SOME } else { FOR_EVERYBODY },
        })
    }

    /// Returns the `Cache-Control` of a page that lists the folder's files.
    pub(super) fn of_listing(&self) -> HeaderValue {
        self.others.revalidate.clone()
    }

    pub(super) fn of(&self, relative: &str, is_page: bool) -> HeaderValue {
        let name = relative.rsplit('/').next().unwrap_or_default();
        let said = self
            .patterns
            .iter()
            .find(|(pattern, _)| match pattern.strip_prefix('/') {
                Some(whole) => matches_pattern(whole, relative),
                None if pattern.contains('/') => matches_pattern(pattern, relative),
                None => matches_pattern(pattern, name),
            });
        match said {
            Some((_, value)) => value.clone(),
            // An HTML page keeps its URL when its content changes.
            None if !is_page && is_fingerprinted(name) => self.others.for_ever.clone(),
            None => self.others.revalidate.clone(),
        }
    }
}

fn matches_pattern(pattern: &str, name: &str) -> bool {
    let Some((first, others)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = others.rsplit_once('*').unwrap_or(("", others));
    for piece in middle.split('*') {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// As site generators write it: `app.3f9a2c1b.js`, `index-BxK29aQz.css`, `app.3f9a2c1b.js.map`.
/// A missed hash only costs revalidations, but a wrong guess keeps a file cached for a year.
fn is_fingerprinted(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else {
        return false;
    };
    stem.rsplit(['.', '-', '_']).take(2).any(|piece| {
        FINGERPRINT_LENGTH.contains(&piece.len())
            && piece.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && changes(piece) >= MIN_CHANGES
    })
}

/// Between lower-case letters, capitals and digits. 0 without digits: capitals in words are common.
fn changes(piece: &str) -> usize {
    let kind = |byte: &u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
    let bytes = piece.as_bytes();
    if !bytes.iter().any(u8::is_ascii_digit) {
        return 0;
    }
    bytes
        .windows(2)
        .filter(|pair| kind(&pair[0]) != kind(&pair[1]))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_fingerprints_from_words_and_dates() {
        for (name, expected) in [
            ("app.3f9a2c1b.js", true),
            ("index-BxK29aQz.css", true),
            ("chunk-2QZ4F3TD.js", true),
            ("app.3f9a2c1b.js.map", true),
            ("4f3a2b1c9d.js", true),
            ("logo.0123abcd4567ef89.svg", true),
            ("app.js", false),
            ("3f9a2c1b", false),
            ("main-dashboard.css", false),
            ("report-20261120.pdf", false),
            ("report-20261120a.pdf", false),
            ("foo-version2.js", false),
            ("x-Version2.js", false),
            ("photo-IMG20231.jpg", false),
            ("HelloWorldPage.js", false),
            ("jquery-3.7.1.min.js", false),
            ("bootstrap.5.3.2.min.css", false),
            ("", false),
            (".js", false),
        ] {
            assert_eq!(is_fingerprinted(name), expected, "{name}");
        }
    }

    #[test]
    fn the_longest_pattern_that_fits_wins() {
        let patterns = [
            ("*", "a"),
            ("*.css", "b"),
            ("app*.css", "c"),
            ("pictures/*", "d"),
            ("/top.txt", "e"),
            ("x*y*z", "f"),
        ];
        let patterns = patterns.map(|(pattern, value)| (pattern.to_owned(), value.to_owned()));
        let caching = Caching::new(patterns.into(), false).unwrap();
        for (path, expected) in [
            ("a.js", "a"),
            ("css/a.css", "b"),
            ("app.css", "c"),
            ("pictures/app.css", "d"),
            ("top.txt", "e"),
            ("a/top.txt", "a"),
            ("x1y2z", "f"),
            ("xz", "a"),
            ("app.3f9a2c1b.js", "a"),
        ] {
            assert_eq!(caching.of(path, false), expected, "{path}");
        }
    }

    #[test]
    fn revalidates_unless_the_name_says_otherwise() {
        for (is_for_some, scope) in [(false, "public"), (true, "private")] {
            let caching = Caching::new(BTreeMap::new(), is_for_some).unwrap();
            let for_ever = format!("{scope}, max-age=31536000, immutable");
            assert_eq!(caching.of("app.3f9a2c1b.js", false), for_ever);
            let asked_for_again = if is_for_some {
                "private, no-cache"
            } else {
                "no-cache"
            };
            assert_eq!(caching.of("app.js", false), asked_for_again);
            assert_eq!(caching.of("app.3f9a2c1b.html", true), asked_for_again);
            assert_eq!(caching.of_listing(), asked_for_again);
        }
        let bad = [("*".to_owned(), "a\nb".to_owned())].into();
        assert_eq!(Caching::new(bad, false).unwrap_err(), "*");
    }
}
