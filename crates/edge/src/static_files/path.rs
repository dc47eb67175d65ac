//! Decodes a request's path once, and rejects invalid paths before the disk is accessed.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The only name with a leading dot that is served (RFC 8615).
const WELL_KNOWN: &str = ".well-known";

/// A decoded path below the root folder, without empty and dot segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestedFile<'a> {
    /// The path without leading and trailing slashes, as in `a/b`; empty for the root folder.
    pub(super) relative: Cow<'a, str>,
    /// Whether the path ends with a slash, and so names a folder. An empty path, of which the route
    /// has stripped everything, is the root folder without a slash.
    pub(super) is_folder: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// The path contains a `%` without two hexadecimal digits.
    Invalid,
    /// No file is ever served for this path.
    Hidden,
}

impl<'a> RequestedFile<'a> {
    pub(super) fn parse(path: &'a str) -> Result<Self, Refused> {
        let is_folder = path.ends_with('/');
        let plain = path.strip_prefix('/').unwrap_or(path);
        let plain = plain.strip_suffix('/').unwrap_or(plain);
        let relative = if needs_no_decoding(plain) {
            Cow::Borrowed(plain)
        } else {
            Cow::Owned(decode(path)?)
        };
        Ok(Self {
            relative,
            is_folder,
        })
    }

    pub(super) fn into_owned(self) -> RequestedFile<'static> {
        RequestedFile {
            relative: Cow::Owned(self.relative.into_owned()),
            is_folder: self.is_folder,
        }
    }

    /// Whether the path names an asset, such as `app.js` but not `v1.2`. No page ever replaces a
    /// missing asset.
    pub(super) fn is_asset(&self) -> bool {
        let name = self.relative.rsplit('/').next().unwrap_or_default();
        let Some((_, ending)) = name.rsplit_once('.') else {
            return false;
        };
        (1..=12).contains(&ending.len())
            && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && ending.bytes().any(|byte| byte.is_ascii_alphabetic())
    }
}

fn needs_no_decoding(path: &str) -> bool {
    let mut before = b'/';
    for byte in path.bytes() {
        let starts_badly = before == b'/' && (byte == b'.' || byte == b'/');
        if byte == b'%' || byte == b'\\' || byte.is_ascii_control() || starts_badly {
            return false;
        }
        before = byte;
    }
    before != b'/' || path.is_empty()
}

pub(super) fn is_hidden(name: &[u8]) -> bool {
    name.starts_with(b".") && name != WELL_KNOWN.as_bytes()
}

/// Skips empty segments, as the file system does.
fn decode(path: &str) -> Result<String, Refused> {
    if !is_encoded_well(path) {
        return Err(Refused::Invalid);
    }
    let mut relative = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let segment = percent_decode_str(segment)
            .decode_utf8()
            .map_err(|_| Refused::Hidden)?;
        let bad = |letter: char| letter == '/' || letter == '\\' || letter.is_ascii_control();
        if is_hidden(segment.as_bytes()) || segment.contains(bad) {
            return Err(Refused::Hidden);
        }
        if !relative.is_empty() {
            relative.push('/');
        }
        relative.push_str(&segment);
    }
    Ok(relative)
}

fn is_encoded_well(path: &str) -> bool {
    path.split('%').skip(1).all(|behind| {
        let digits = behind.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_once_and_refuses_what_is_no_plain_name() {
        let table = [
            ("/", Ok(("", true))),
            ("", Ok(("", false))),
            ("//", Ok(("", true))),
            ("/a", Ok(("a", false))),
            ("/a/b.txt", Ok(("a/b.txt", false))),
            ("/a/", Ok(("a", true))),
            ("/a//b", Ok(("a/b", false))),
            ("/a//", Ok(("a", true))),
            ("/%61%20b", Ok(("a b", false))),
            ("/jalan%20%E2%9C%93", Ok(("jalan ✓", false))),
            ("/%252e%252e/x", Ok(("%2e%2e/x", false))),
            ("/.well-known/x", Ok((".well-known/x", false))),
            ("/a/%2ewell-known/x", Ok(("a/.well-known/x", false))),
            ("/..", Err(Refused::Hidden)),
            ("/a/../b", Err(Refused::Hidden)),
            ("/%2e%2E/b", Err(Refused::Hidden)),
            ("/.", Err(Refused::Hidden)),
            ("/.git/config", Err(Refused::Hidden)),
            ("/a/%2Eenv", Err(Refused::Hidden)),
            ("/.well-known/.x", Err(Refused::Hidden)),
            ("/.well-knownx", Err(Refused::Hidden)),
            ("/a%2fb", Err(Refused::Hidden)),
            ("/a%2F", Err(Refused::Hidden)),
            ("/a%5cb", Err(Refused::Hidden)),
            ("/a\\b", Err(Refused::Hidden)),
            ("/a%00", Err(Refused::Hidden)),
            ("/a%0a", Err(Refused::Hidden)),
            ("/%ff", Err(Refused::Hidden)),
            ("/%", Err(Refused::Invalid)),
            ("/%4", Err(Refused::Invalid)),
            ("/%zz", Err(Refused::Invalid)),
            ("/%+1", Err(Refused::Invalid)),
        ];
        for (path, expected) in table {
            let asked = RequestedFile::parse(path);
            let found = asked
                .as_ref()
                .map(|asked| (&*asked.relative, asked.is_folder))
                .map_err(|refused| *refused);
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn knows_assets_by_their_ending() {
        for (path, expected) in [
            ("/a.js", true),
            ("/a/b.woff2", true),
            ("/x.webmanifest", true),
            ("/a", false),
            ("/a.b/c", false),
            ("/v1.2", false),
            ("/a.", false),
            ("/guest/lee.s-h", false),
        ] {
            assert_eq!(
                RequestedFile::parse(path).unwrap().is_asset(),
                expected,
                "{path}"
            );
        }
    }
}
