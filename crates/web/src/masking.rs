//! Masks secrets in paths, for logs and error pages. A code is cut to its first two characters, and
//! a single-use token is hidden.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization as _;

/// A path that contains a secret, or that receives a secret in the request body.
#[derive(Clone, Copy, Debug)]
pub struct SecretPath {
    /// The path up to the secret, including the last slash. If the secret is in the request body,
    /// this is the whole path.
    before: &'static str,
    /// How many characters of the secret logs may show.
    shown: usize,
    /// A path segment that may follow `before` without being a secret.
    not: &'static str,
}

impl SecretPath {
    /// A path that consists of `before`, which ends with a slash, and a code.
    pub const fn code(before: &'static str) -> Self {
        Self {
            before,
            shown: 2,
            not: "",
        }
    }

    /// A path that consists of `before`, which ends with a slash, and a token that grants access by
    /// itself.
    pub const fn token(before: &'static str) -> Self {
        Self {
            before,
            shown: 0,
            not: "",
        }
    }

    /// A path whose request body contains a code, and whose response contains the data that the
    /// code protects.
    pub const fn body(path: &'static str) -> Self {
        Self::code(path)
    }

    /// The same path, except that `word` is not a secret.
    #[must_use]
    pub const fn but_not(self, word: &'static str) -> Self {
        Self { not: word, ..self }
    }

    fn find<'a>(&self, path: &'a str) -> Option<Hidden<'a>> {
        let after = path.strip_prefix(self.before)?;
        let rest = after.trim_start_matches('/');
        let secret = rest.split('/').next().unwrap_or_default();
        let is_secret = self.before.ends_with('/') && !secret.is_empty() && secret != self.not;
        is_secret.then_some(Hidden {
            prefix: &path[..path.len() - rest.len()],
            secret,
            shown: self.shown,
        })
    }
}

/// All of a site's paths that contain secrets.
#[derive(Clone, Debug, Default)]
pub struct SecretPaths(pub Vec<SecretPath>);

impl SecretPaths {
    /// `path` without its secret, such as `/invite/RA***/reply` for `/invite/RAHMA/reply`.
    pub fn mask<'a>(&self, path: &'a str) -> Cow<'a, str> {
        let Some(hidden) = self.find(path) else {
            return Cow::Borrowed(path);
        };
        let shown: String = hidden.secret.chars().take(hidden.shown).collect();
        let after = &path[hidden.prefix.len() + hidden.secret.len()..];
        Cow::Owned(format!("{}{shown}***{after}", hidden.prefix))
    }

    /// Like [`Self::mask`], but finds the site's paths anywhere in `path`, because at the edge a
    /// path may begin with a prefix that the edge strips.
    pub fn mask_anywhere<'a>(&self, path: &'a str) -> Cow<'a, str> {
        let (mut masked, mut done) = (String::new(), 0);
        for (start, _) in path.match_indices('/') {
            let Some(hidden) = self.find(&path[start..]) else {
                continue;
            };
            let secret = start + hidden.prefix.len();
            // The hidden part may itself look like one of the site's paths.
            if secret >= done {
                masked.push_str(&path[done..secret]);
                masked.extend(hidden.secret.chars().take(hidden.shown));
                masked.push_str("***");
                done = secret + hidden.secret.len();
            }
        }
        if done == 0 {
            return Cow::Borrowed(path);
        }
        masked.push_str(&path[done..]);
        Cow::Owned(masked)
    }

    /// Like [`Self::mask`], for a path that matches no route. Any segment of such a path may be a
    /// code, such as a code typed directly after the host name.
    pub fn mask_unknown<'a>(&self, path: &'a str) -> Cow<'a, str> {
        match self.mask(path) {
            Cow::Borrowed(path) => mask_segments(path, mask_code),
            Cow::Owned(path) => mask_segments(&path, mask_code).into_owned().into(),
        }
    }

    /// Whether `path` or its request body contains a code or a token, so that the response is not
    /// public.
    pub fn hides(&self, path: &str) -> bool {
        let takes = |one: &SecretPath| one.before == path && !path.ends_with('/');
        self.find(path).is_some() || self.0.iter().any(takes)
    }

    fn find<'a>(&self, path: &'a str) -> Option<Hidden<'a>> {
        self.0.iter().find_map(|one| one.find(path))
    }
}

struct Hidden<'a> {
    prefix: &'a str,
    secret: &'a str,
    shown: usize,
}

/// `path`, in which `masked` replaces each segment for which it returns an owned text.
pub fn mask_segments(path: &str, masked: impl Fn(&str) -> Cow<'_, str>) -> Cow<'_, str> {
    let (mut all, mut done, mut start) = (String::new(), 0, 0);
    for segment in path.split('/') {
        let end = start + segment.len();
        if let Cow::Owned(masked) = masked(segment) {
            all.push_str(&path[done..start]);
            all.push_str(&masked);
            done = end;
        }
        start = end + 1;
    }
    if done == 0 {
        return Cow::Borrowed(path);
    }
    all.push_str(&path[done..]);
    Cow::Owned(all)
}

/// Cuts a segment that could be a code to its first two characters.
pub fn mask_code(segment: &str) -> Cow<'_, str> {
    if !may_be_code(segment) {
        return Cow::Borrowed(segment);
    }
    let decoded = percent_decode_str(segment).decode_utf8_lossy();
    let shown: String = decoded.chars().take(2).collect();
    Cow::Owned(format!("{shown}***"))
}

/// Whether a segment could be a code: 5 to 8 letters or digits, ignoring separators.
fn may_be_code(piece: &str) -> bool {
    const LENGTHS: RangeInclusive<usize> = 5..=8;
    // Decoding and normalization do not change such a segment, and every logged request has some.
    if piece.is_ascii() && !piece.contains('%') {
        let symbols = piece.bytes().filter(u8::is_ascii_alphanumeric).count();
        return LENGTHS.contains(&symbols);
    }
    let decoded = percent_decode_str(piece).decode_utf8_lossy();
    let folded = decoded.nfkc().map(|c| match c {
        // These Turkish letters fold to I.
        'ı' | 'İ' => 'I',
        other => other,
    });
    let mut symbols = 0;
    for c in folded {
        if c.is_ascii_alphanumeric() {
            symbols += 1;
        } else if c.is_alphanumeric() {
            return false;
        }
    }
    LENGTHS.contains(&symbols)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paths() -> SecretPaths {
        SecretPaths(vec![
            SecretPath::code("/invite/"),
            SecretPath::code("/api/v1/notes/").but_not("id"),
            SecretPath::body("/api/v1/codes/resolve"),
            SecretPath::token("/setup/"),
            SecretPath::token("/sign-in/"),
            SecretPath::token("/admin/join/"),
        ])
    }

    #[test]
    fn what_holds_or_takes_a_secret_is_not_for_everybody() {
        for (path, hides) in [
            ("/invite/RAHMA", true),
            ("/invite/", false),
            ("/api/v1/codes/resolve", true),
            ("/api/v1/codes/resolve/x", false),
            ("/api/v1/notes/id/0197", false),
            ("/", false),
        ] {
            assert_eq!(paths().hides(path), hides, "{path}");
        }
    }

    #[test]
    fn codes_keep_two_letters_and_tokens_none() {
        for (path, masked) in [
            ("/invite/RAHMA", "/invite/RA***"),
            ("/invite/RAHMA/reply", "/invite/RA***/reply"),
            ("/invite/R", "/invite/R***"),
            ("/invite/", "/invite/"),
            ("/invite/陈志明", "/invite/陈志***"),
            ("/api/v1/notes/RAHMA/reply", "/api/v1/notes/RA***/reply"),
            ("/api/v1/notes/id/0197", "/api/v1/notes/id/0197"),
            ("/setup/abcdef", "/setup/***"),
            ("/admin/join/abcdef", "/admin/join/***"),
            ("/admin/o/aisyah-daniel", "/admin/o/aisyah-daniel"),
        ] {
            assert_eq!(paths().mask(path), masked);
        }
    }

    #[test]
    fn an_address_of_ours_may_begin_anywhere() {
        for (path, masked) in [
            ("/sign-in/abcdef", "/sign-in/***"),
            ("/wedding/sign-in/abcdef/x", "/wedding/sign-in/***/x"),
            ("//sign-in//abcdef", "//sign-in//***"),
            ("/invite/invite/RAHMA/reply", "/invite/in***/RA***/reply"),
            ("/a/invite/RAHMA/b/setup/x", "/a/invite/RA***/b/setup/***"),
            ("/wedding/invite", "/wedding/invite"),
            ("", ""),
        ] {
            assert_eq!(paths().mask_anywhere(path), masked);
        }
    }

    #[test]
    fn what_is_no_address_of_ours_may_be_a_code() {
        for (path, masked) in [
            ("/RAHMA", "/RA***"),
            ("/rahma/", "/ra***/"),
            ("/wedding/r-a-h-m-a", "/we***/r-***"),
            ("/r%41hma", "/rA***"),
            ("/ra%20hm%20a", "/ra***"),
            ("/ＲＡＨＭＡ", "/ＲＡ***"),
            ("/invıte", "/in***"),
            ("/invite/QQ/RAHMA", "/in***/QQ***/RA***"),
            ("/setup/0123456789abcdef/x", "/se***/***/x"),
            ("/api/v9/documents/K7PWD2QR", "/api/v9/documents/K7***"),
            ("/old-wedding-site/a.php", "/old-wedding-site/a.php"),
            ("/", "/"),
            ("/陈志明陈志明", "/陈志明陈志明"),
        ] {
            assert_eq!(paths().mask_unknown(path), masked);
        }
    }

    proptest! {
        #[test]
        fn no_more_than_two_characters_of_a_code_are_left(code in "[0-9A-Z]{5,8}") {
            let path = format!("/invite/{code}/reply");
            prop_assert!(!paths().mask(&path).contains(&code[..3]));
            let path = format!("/{code}/reply");
            prop_assert!(!paths().mask_unknown(&path).contains(&code[..3]));
        }
    }
}
