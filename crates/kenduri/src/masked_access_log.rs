//! Opens the edge's access log. Masks secret codes, such as invitation codes, in the logged URLs.
//! The app masks its own paths, because it knows which of them contain codes.
//!
//! The edge alone writes this log, also for requests that the app answers. With each response, the
//! app says how its path may be shown; a path without this is masked as if it could contain a code.

use std::borrow::Cow;
use std::sync::Arc;

use configuration::log_settings::{Log, To};
use edge::access_log::{Format, Mask, PathOwner};
use edge::route::NormalPath;
use site::domains;
use web::masking::{SecretPaths, mask_code, mask_segments};

use crate::domains::DOMAINS;
use crate::log;

/// Opens the access log. It has the same output as Kenduri's own log, but does not depend on the
/// log level.
pub(crate) fn open(settings: &Log, lines: &log::Lines) -> edge::access_log::Log {
    let format = if settings.is_text() {
        Format::Combined
    } else {
        Format::Json
    };
    let paths = domains::secret_paths(DOMAINS);
    let mask: Mask = Arc::new(move |address, whose| mask(&paths, address, whose));
    let log = edge::access_log::Log::onto(&lines.writer, format, Arc::clone(&mask));
    match &settings.to {
        To::Folder(folder) => log.with_sites(log::sites(folder.clone(), format, mask)),
        To::Stderr | To::Journal => log,
    }
}

/// Shortens secret codes in the path, and replaces the values of query parameters. If the request
/// went to a service instead of the app, masks only paths that the app knows.
fn mask<'a>(paths: &SecretPaths, address: &'a str, whose: PathOwner) -> Cow<'a, str> {
    if address.is_empty() {
        return Cow::Borrowed(address);
    }
    let may_be_in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    let is_scheme = |scheme: &str| scheme.bytes().all(may_be_in_scheme);
    let whole = address.split_once("://");
    let (scheme, rest) = match whole.filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, address),
    };
    let (host, target) = match scheme {
        Some(_) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let masked = match whose {
        PathOwner::App => without_code(paths, path),
        PathOwner::Other => paths.mask(path),
    };
    if query.is_none() && matches!(masked, Cow::Borrowed(_)) {
        return Cow::Borrowed(address);
    }
    let mut shown = scheme.map_or_else(String::new, |scheme| format!("{scheme}://{host}"));
    shown.push_str(&masked);
    for (number, pair) in query.unwrap_or_default().split('&').enumerate() {
        shown.push_str(if query.is_none() {
            ""
        } else if number == 0 {
            "?"
        } else {
            "&"
        });
        match pair.split_once('=') {
            Some((name, _)) => {
                shown.push_str(name);
                shown.push_str("=***");
            }
            None if pair.is_empty() => {}
            None => shown.push_str("***"),
        }
    }
    Cow::Owned(shown)
}

/// Also in a path that the app does not know. If the path cannot be normalized, shortens every segment
/// that is long enough for a code.
fn without_code<'a>(paths: &SecretPaths, path: &'a str) -> Cow<'a, str> {
    match NormalPath::parse(path) {
        Ok(normal) if normal.as_str() != path => {
            without_a_code(paths, normal.as_str()).into_owned().into()
        }
        Ok(_) => without_a_code(paths, path),
        Err(_) => mask_segments(path, beginning),
    }
}

/// If the app knows the path, only the last segment can still contain an unmasked code; otherwise,
/// every segment can.
fn without_a_code<'a>(paths: &SecretPaths, path: &'a str) -> Cow<'a, str> {
    let masked = paths.mask_anywhere(path);
    if matches!(masked, Cow::Borrowed(_)) {
        return mask_segments(path, mask_unless_file);
    }
    let end = masked.trim_end_matches('/').len();
    let start = masked[..end].rfind('/').map_or(0, |slash| slash + 1);
    let last = mask_unless_file(&masked[start..end]);
    Cow::Owned(format!("{}{last}{}", &masked[..start], &masked[end..]))
}

/// A segment with a dot is a file name and stays as it is.
fn mask_unless_file(piece: &str) -> Cow<'_, str> {
    if piece.contains('.') || piece.ends_with("***") {
        return Cow::Borrowed(piece);
    }
    mask_code(piece)
}

fn beginning(piece: &str) -> Cow<'_, str> {
    const SHORTEST: usize = 5;
    if piece.chars().nth(SHORTEST - 1).is_none() {
        return Cow::Borrowed(piece);
    }
    let shown: String = piece.chars().take(2).collect();
    Cow::Owned(format!("{shown}***"))
}

#[cfg(test)]
mod tests {
    use edge::access_log::PathOwner;

    use super::*;

    #[test]
    fn no_code_and_nothing_typed_is_shown() {
        let paths = domains::secret_paths(DOMAINS);
        for (address, shown) in [
            ("/", "/"),
            ("", ""),
            ("/images/pelamin.jpg", "/im***/pelamin.jpg"),
            ("/catalogue/?q=Rahma&page=2", "/catalogue/?q=***&page=***"),
            ("/invite/RAHMA/rsvp?lang=en", "/invite/RA***/rsvp?lang=***"),
            ("/RAHMA", "/RA***"),
            ("/wedding/RAHMA/", "/we***/RA***/"),
            ("/our-wedding/RAHMA/rsvp", "/our-wedding/RA***/rsvp"),
            ("/%zz", "/%zz"),
            ("/RAHMA.%zz", "/RA***"),
            ("/..%2fsign-in/0123456789?a", "/..***/01***?***"),
            ("/%69nvite/./RAHMA/%zz", "/%6***/./RA***/%zz"),
            ("/sign-in/0123456789", "/sign-in/***"),
            ("//sign-in/0123456789", "/sign-in/***"),
            ("/x/../sign-in/./0123456789", "/sign-in/***"),
            ("/wedding/sign-in/0123456789?a", "/wedding/sign-in/***?***"),
            ("/wedding/invite/RAHMA/rsvp", "/wedding/invite/RA***/rsvp"),
            (
                "https://kad.example//invite/RAHMA/rsvp",
                "https://kad.example/invite/RA***/rsvp",
            ),
            ("/?kenduri-pass=0123", "/?kenduri-pass=***"),
            ("/login.php?to=%2Finvite%2FRAHMA&x", "/login.php?to=***&***"),
            (
                "https://kad.example/invite/RAHMA?a=b",
                "https://kad.example/invite/RA***?a=***",
            ),
            (
                "https://kad.example/our-wedding/RAHMA/rsvp",
                "https://kad.example/our-wedding/RA***/rsvp",
            ),
            ("https://kad.example", "https://kad.example"),
            (
                "https://kad.example?code=RAHMA",
                "https://kad.example?code=***",
            ),
            ("/go.html?to=https://kad.example/RAHMA", "/go.html?to=***"),
            ("go.html?to=https://kad.example/RAHMA", "go***?to=***"),
            (
                "android-app://org.example/a?b=c",
                "android-app://org.example/a?b=***",
            ),
        ] {
            assert_eq!(mask(&paths, address, PathOwner::App), shown);
        }
    }

    #[test]
    fn a_neighbours_addresses_are_cut_where_they_are_ours() {
        let paths = domains::secret_paths(DOMAINS);
        for (address, shown) in [
            ("/api/users", "/api/users"),
            ("/RAHMA", "/RAHMA"),
            ("/api/users?code=RAHMA", "/api/users?code=***"),
            ("/invite/RAHMA", "/invite/RA***"),
            ("/sign-in/0123456789", "/sign-in/***"),
        ] {
            assert_eq!(mask(&paths, address, PathOwner::Other), shown);
        }
    }
}
