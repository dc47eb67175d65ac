//! The path of a request, normalized once (RFC 3986, section 6).
//!
//! A path has two forms. The *forwarded* form has no dot segments, and keeps its percent-encoding.
//! In the *matched* form, every escape except `%2F` and `%25` is also decoded, and empty segments
//! are removed.

use std::borrow::Cow;

/// Why a path is refused with 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    #[error("the path does not begin with a slash; write one before it")]
    Relative,
    /// The path contains a `%` without two hexadecimal digits.
    #[error("the path has a % without two hexadecimal digits after it; write %25 for a % itself")]
    Escape,
    /// The path contains a control character, a space, a `?`, a `#`, a backslash, or a NUL (even as
    /// `%00`).
    #[error("the path has a character that is not allowed in a path; percent-encode it")]
    Character,
    /// The path contains a segment such as `..%2F`, `..%5C` or `..;x`, which some servers interpret
    /// as `..`.
    #[error("the path hides a dot segment, such as ..%2F; write it without one")]
    HiddenDots,
    /// Many servers would match the path to another route, because of a `%2F`, a `%5C`, a `;`, its
    /// letter case or a trailing slash.
    #[error(
        "a server that decodes %2F, ignores letter case, a closing slash or what follows a ; \
         could take the path for one of another route; write it as that route does"
    )]
    OtherRoute,
}

impl BadPath {
    /// A stable identifier for logs.
    pub fn why(self) -> &'static str {
        match self {
            Self::Relative => "refused_path_relative",
            Self::Escape => "refused_path_escape",
            Self::Character => "refused_path_character",
            Self::HiddenDots => "refused_path_hidden_dots",
            Self::OtherRoute => "refused_path_other_route",
        }
    }
}

/// A normalized path, which is safe to match and to forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalPath<'a> {
    forwarded: Cow<'a, str>,
    /// `None` if the matched form equals `forwarded`.
    matched: Option<Vec<u8>>,
}

impl<'a> NormalPath<'a> {
    /// Parses the path of a request target, without its query. Copies the path only if
    /// normalization changes it.
    pub fn parse(text: &'a str) -> Result<Self, BadPath> {
        let bytes = text.as_bytes();
        if bytes.first() != Some(&b'/') {
            return Err(BadPath::Relative);
        }
        let mut escaped = false;
        // Whether a segment is empty, has parameters, or begins with a dot or an escape.
        let mut odd = false;
        let mut before = b'x';
        for &byte in bytes {
            match byte {
                0..=b' ' | 0x7f | b'\\' | b'?' | b'#' => return Err(BadPath::Character),
                b'%' => {
                    escaped = true;
                    odd |= before == b'/';
                }
                b'/' | b'.' => odd |= before == b'/',
                b';' => odd = true,
                _ => {}
            }
            before = byte;
        }
        if !escaped && !odd {
            return Ok(Self {
                forwarded: Cow::Borrowed(text),
                matched: None,
            });
        }
        if escaped {
            check_escapes(bytes)?;
        }
        let forwarded = without_dots(text)?;
        let matched = matched(forwarded.as_bytes());
        let matched = (matched != forwarded.as_bytes()).then_some(matched);
        Ok(Self { forwarded, matched })
    }

    pub fn as_str(&self) -> &str {
        &self.forwarded
    }

    pub fn matched(&self) -> &[u8] {
        self.matched
            .as_deref()
            .unwrap_or_else(|| self.forwarded.as_bytes())
    }

    /// Returns the matched form as other servers may interpret it, in three variants: `%2F` and
    /// backslashes count as slashes, or parameters (`;`, RFC 3986, section 3.3) are ignored, or
    /// both.
    pub(super) fn other_readings(&self) -> impl Iterator<Item = Vec<u8>> + use<'_> {
        let matched = self.matched();
        let is_clear = !matched
            .iter()
            .any(|byte| matches!(byte, b'%' | b'\\' | b';'));
        let ways = [(true, false), (false, true), (true, true)];
        let ways = ways.into_iter().filter(move |_| !is_clear);
        ways.map(|(decodes, cuts)| read_otherwise(matched, decodes, cuts))
    }

    /// Returns the path to forward, without its first `segments` segments. The result begins with
    /// exactly one slash.
    pub fn without_first(&self, segments: usize) -> &str {
        let mut rest = self.as_str();
        for _ in 0..segments {
            rest = rest.trim_start_matches('/');
            rest = rest.find('/').map_or("", |end| &rest[end..]);
        }
        if segments == 0 {
            return rest;
        }
        let inner = rest.trim_start_matches('/');
        if rest.is_empty() {
            "/"
        } else {
            &rest[rest.len() - inner.len() - 1..]
        }
    }
}

pub(super) fn segments(path: &str) -> usize {
    path.split('/').filter(|part| !part.is_empty()).count()
}

fn check_escapes(bytes: &[u8]) -> Result<(), BadPath> {
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%') {
        match percent_decoded(bytes, at) {
            None => return Err(BadPath::Escape),
            Some(0) => return Err(BadPath::Character),
            Some(_) => {}
        }
    }
    Ok(())
}

fn percent_decoded(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |offset: usize| {
        let digit = char::from(*bytes.get(at + offset)?).to_digit(16)?;
        u8::try_from(digit).ok()
    };
    Some(digit(1)? << 4 | digit(2)?)
}

/// RFC 3986, section 5.2.4. Merges leading slashes, because `//host/` would name another host.
fn without_dots(text: &str) -> Result<Cow<'_, str>, BadPath> {
    let text = &text[text.len() - text.trim_start_matches('/').len() - 1..];
    let mut kept: Vec<&str> = Vec::new();
    let mut changed = false;
    let mut ends_with_dots = false;
    for segment in text[1..].split('/') {
        ends_with_dots = false;
        match dots(segment)? {
            0 => kept.push(segment),
            number => {
                (changed, ends_with_dots) = (true, true);
                if number == 2 {
                    kept.pop();
                }
            }
        }
    }
    if !changed {
        return Ok(Cow::Borrowed(text));
    }
    if ends_with_dots {
        kept.push("");
    }
    // The resolved path may begin with empty segments.
    let first = kept.iter().position(|segment| !segment.is_empty());
    let kept = first.map_or(&[""][..], |first| &kept[first..]);
    Ok(Cow::Owned(format!("/{}", kept.join("/"))))
}

/// Returns 1 for `.`, 2 for `..`, and 0 for any other segment.
fn dots(segment: &str) -> Result<usize, BadPath> {
    if !segment.contains(['.', '%']) {
        return Ok(0);
    }
    let decoded: Cow<'_, [u8]> = percent_encoding::percent_decode_str(segment).into();
    match &*decoded {
        b"." => return Ok(1),
        b".." => return Ok(2),
        _ => {}
    }
    // For some servers, a backslash ends a segment.
    let mut parts = decoded.split(|byte| matches!(byte, b'/' | b'\\'));
    let hides = parts.any(|part| {
        let name = part.split(|byte| *byte == b';').next().unwrap_or_default();
        matches!(name, b"." | b"..")
    });
    if hides {
        Err(BadPath::HiddenDots)
    } else {
        Ok(0)
    }
}

fn matched(forwarded: &[u8]) -> Vec<u8> {
    let mut matched = Vec::with_capacity(forwarded.len());
    let mut at = 0;
    while let Some(&byte) = forwarded.get(at) {
        match (byte, percent_decoded(forwarded, at)) {
            (b'%', Some(b'/')) => matched.extend_from_slice(b"%2F"),
            (b'%', Some(b'%')) => matched.extend_from_slice(b"%25"),
            (b'%', Some(decoded)) => matched.push(decoded),
            (b'/', _) if matched.last() == Some(&b'/') => {}
            _ => matched.push(byte),
        }
        at += if byte == b'%' { 3 } else { 1 };
    }
    matched
}

/// Converts a matched form: `decodes` replaces `%2F` and backslashes by slashes, and `cuts` removes
/// parameters.
fn read_otherwise(matched: &[u8], decodes: bool, cuts: bool) -> Vec<u8> {
    let mut read = Vec::with_capacity(matched.len());
    let slash = |read: &mut Vec<u8>| {
        if read.last() != Some(&b'/') {
            read.push(b'/');
        }
    };
    for (number, segment) in matched.split(|byte| *byte == b'/').enumerate() {
        if number > 0 {
            slash(&mut read);
        }
        let end = segment.iter().position(|byte| cuts && *byte == b';');
        let mut rest = &segment[..end.unwrap_or(segment.len())];
        while let Some((&byte, next)) = rest.split_first() {
            let hidden = rest.strip_prefix(b"%2F").or(rest.strip_prefix(b"\\"));
            rest = if let Some(next) = hidden.filter(|_| decodes) {
                slash(&mut read);
                next
            } else {
                read.push(byte);
                next
            };
        }
    }
    read
}

/// Folds the letter case of a path in matched form, for the letters of all languages, because the
/// target may do so too.
pub(super) fn folded(matched: &[u8]) -> Cow<'_, [u8]> {
    if matched
        .iter()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        return Cow::Borrowed(matched);
    }
    let mut folded = Vec::with_capacity(matched.len());
    for chunk in matched.utf8_chunks() {
        // Some letters, such as the long s, share their capital with another letter.
        let letters = chunk.valid().chars().flat_map(char::to_uppercase);
        let letters: String = letters.flat_map(char::to_lowercase).collect();
        folded.extend_from_slice(letters.as_bytes());
        folded.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(folded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_normalised_once() {
        for (written, forwarded, matched) in [
            ("/", "/", "/"),
            ("/a/b.html", "/a/b.html", "/a/b.html"),
            ("/a/./b/../c", "/a/c", "/a/c"),
            ("/a/%2e%2E/b", "/b", "/b"),
            ("/a/..", "/", "/"),
            ("/a/b/.", "/a/b/", "/a/b/"),
            ("/../../etc", "/etc", "/etc"),
            ("/%61dmin", "/%61dmin", "/admin"),
            ("/a%2Fb", "/a%2Fb", "/a%2Fb"),
            ("/a%2fb", "/a%2fb", "/a%2Fb"),
            ("/a%252Fb", "/a%252Fb", "/a%252Fb"),
            ("//host/x", "/host/x", "/host/x"),
            ("/a//b", "/a//b", "/a/b"),
            ("/..//x", "/x", "/x"),
            ("/.well-known/x", "/.well-known/x", "/.well-known/x"),
            ("/...", "/...", "/..."),
            ("/a;v=1/b", "/a;v=1/b", "/a;v=1/b"),
            ("/%E2%98%83", "/%E2%98%83", "/\u{2603}"),
        ] {
            let path = NormalPath::parse(written).expect(written);
            assert_eq!(path.as_str(), forwarded, "{written}");
            assert_eq!(path.matched(), matched.as_bytes(), "{written}");
        }
    }

    #[test]
    fn ambiguous_paths_are_refused() {
        for (written, why) in [
            ("", BadPath::Relative),
            ("*", BadPath::Relative),
            ("a", BadPath::Relative),
            ("/%", BadPath::Escape),
            ("/%2", BadPath::Escape),
            ("/%zz", BadPath::Escape),
            ("/%+1", BadPath::Escape),
            ("/%00", BadPath::Character),
            ("/a\0", BadPath::Character),
            ("/a b", BadPath::Character),
            ("/a\\..\\b", BadPath::Character),
            ("/a?b", BadPath::Character),
            ("/a/..%2Fb", BadPath::HiddenDots),
            ("/a%2f%2e%2e%2fb", BadPath::HiddenDots),
            ("/a/..%5cb", BadPath::HiddenDots),
            ("/a/..;/b", BadPath::HiddenDots),
            ("/a/..%3bx=1/b", BadPath::HiddenDots),
        ] {
            assert_eq!(NormalPath::parse(written), Err(why), "{written}");
        }
    }

    #[test]
    fn servers_read_a_path_in_other_ways() {
        for (written, decoded, cut, both) in [
            ("/a%2Fb", "/a/b", "/a%2Fb", "/a/b"),
            ("/%2fa%5C%2f", "/a/", "/%2Fa\\%2F", "/a/"),
            ("/a;b%2Fc/d", "/a;b/c/d", "/a/d", "/a/d"),
            ("/a%2Fb%3Bc/;/d", "/a/b;c/;/d", "/a%2Fb/d", "/a/b/d"),
            ("/a%252Fb", "/a%252Fb", "/a%252Fb", "/a%252Fb"),
        ] {
            let path = NormalPath::parse(written).unwrap();
            let readings: Vec<_> = path.other_readings().collect();
            let expected = [decoded, cut, both].map(|text| text.as_bytes().to_vec());
            assert_eq!(readings, expected, "{written}");
        }
        let path = NormalPath::parse("/a//b/%61").unwrap();
        assert_eq!(path.other_readings().count(), 0);
    }

    #[test]
    fn letter_case_is_folded_in_any_language() {
        for (written, folded) in [
            ("/admin", "/admin"),
            ("/AdMin/%2F", "/admin/%2f"),
            ("/%C3%89t%C3%A9", "/\u{e9}t\u{e9}"),
            // The Kelvin sign, a long s and a Turkish dotless i.
            ("/%E2%84%AA%C5%BF%C4%B1", "/ksi"),
        ] {
            let path = NormalPath::parse(written).unwrap();
            assert_eq!(
                super::folded(path.matched()),
                folded.as_bytes(),
                "{written}"
            );
        }
        let path = NormalPath::parse("/%FFA").unwrap();
        assert_eq!(*super::folded(path.matched()), *b"/\xffa");
    }

    #[test]
    fn a_plain_path_is_not_copied() {
        let path = NormalPath::parse("/a/b-c_d.css").unwrap();
        assert!(matches!(path.forwarded, Cow::Borrowed(_)) && path.matched.is_none());
    }

    #[test]
    fn segments_are_taken_off_whole() {
        for (path, number, rest) in [
            ("/api/x", 0, "/api/x"),
            ("/api/x", 1, "/x"),
            ("/api", 1, "/"),
            ("/api/", 1, "/"),
            ("/%61pi/x/", 1, "/x/"),
            ("/a//b//c", 2, "/c"),
            ("/api//evil.example/", 1, "/evil.example/"),
        ] {
            let path = NormalPath::parse(path).unwrap();
            assert_eq!(path.without_first(number), rest, "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_forwarded_is_normal(path in "/([a-c./;%25F\\\\]|%2[ef5F]|%5c|%61){0,12}") {
            if let Ok(normal) = NormalPath::parse(&path) {
                let again = NormalPath::parse(normal.as_str()).expect("still a path");
                prop_assert_eq!(&again, &normal);
                prop_assert!(!normal.as_str().starts_with("//"));
                let fully = percent_encoding::percent_decode_str(normal.as_str()).decode_utf8_lossy();
                prop_assert!(!fully.split(['/', '\\']).any(|part| part == ".." || part == "."));
                prop_assert!(!normal.matched().windows(2).any(|pair| pair == b"//"));
                for reading in normal.other_readings() {
                    prop_assert!(reading.starts_with(b"/"));
                    prop_assert!(!reading.split(|byte| *byte == b'/').any(|part| part == b".." || part == b"."));
                }
            }
        }

        #[test]
        fn no_text_panics(path in ".*") {
            let _ = NormalPath::parse(&path);
            let _ = NormalPath::parse(&format!("/{path}")).map(|normal| normal.without_first(2).len());
        }
    }
}
