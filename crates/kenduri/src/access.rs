//! The access log of the front door, and what its lines may say. Requests that
//! the app answers are logged by the app, which knows its own addresses.

use std::borrow::Cow;
use std::sync::Arc;

use edge::log::{Format, Whose};
use edge::route::NormalPath;
use web::masking;

use crate::log;

/// Opens the access log, whose lines stand among the others of the program, whatever
/// the level of those.
pub(crate) fn open(settings: &log::Log, lines: &log::Lines) -> edge::log::Log {
    let format = if settings.is_text() {
        Format::Combined
    } else {
        Format::Json
    };
    edge::log::Log::onto(&lines.desk, format, Arc::new(mask))
}

/// An address as logs may show it: codes in the path are cut, and of a query
/// only the names are left. Neighbours have no codes of ours but where an address
/// has the shape of our own.
fn mask(address: &str, whose: Whose) -> Cow<'_, str> {
    if address.is_empty() {
        return Cow::Borrowed(address);
    }
    let whole = (!address.starts_with('/')).then(|| address.split_once("://"));
    let (scheme, rest) = match whole.flatten() {
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
        Whose::App => without_code(path),
        Whose::Neighbour => masking::mask(path),
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

/// The path, as it is asked for however it was written, without what would open an
/// invitation, also where that was typed as the last piece of any path. Names of files
/// have an ending, and stay.
fn without_code(path: &str) -> Cow<'_, str> {
    match NormalPath::parse(path) {
        Ok(normal) if normal.as_str() != path => {
            without_a_code(normal.as_str()).into_owned().into()
        }
        _ => without_a_code(path),
    }
}

fn without_a_code(path: &str) -> Cow<'_, str> {
    let masked = masking::mask_anywhere(path);
    let end = masked.trim_end_matches('/').len();
    let start = masked[..end].rfind('/').map_or(0, |slash| slash + 1);
    let last = &masked[start..end];
    let cut = masking::mask_unknown(last);
    if last.contains('.') || last.ends_with("***") || cut == last {
        return masked;
    }
    Cow::Owned(format!("{}{cut}{}", &masked[..start], &masked[end..]))
}

#[cfg(test)]
mod tests {
    use edge::log::Whose;

    use super::mask;

    #[test]
    fn no_code_and_nothing_typed_is_shown() {
        for (address, shown) in [
            ("/", "/"),
            ("", ""),
            ("/images/pelamin.jpg", "/images/pelamin.jpg"),
            ("/catalogue/?q=Rahma&page=2", "/catalogue/?q=***&page=***"),
            ("/invite/RAHMA/rsvp?lang=en", "/invite/RA***/rsvp?lang=***"),
            ("/RAHMA", "/RA***"),
            ("/wedding/RAHMA/", "/wedding/RA***/"),
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
            ("https://kad.example", "https://kad.example"),
            (
                "https://kad.example?code=RAHMA",
                "https://kad.example?code=***",
            ),
            ("/go.html?to=https://kad.example/RAHMA", "/go.html?to=***"),
        ] {
            assert_eq!(mask(address, Whose::App), shown);
        }
    }

    #[test]
    fn a_neighbours_addresses_are_cut_where_they_are_ours() {
        for (address, shown) in [
            ("/api/users", "/api/users"),
            ("/RAHMA", "/RAHMA"),
            ("/api/users?code=RAHMA", "/api/users?code=***"),
            ("/invite/RAHMA", "/invite/RA***"),
            ("/sign-in/0123456789", "/sign-in/***"),
        ] {
            assert_eq!(mask(address, Whose::Neighbour), shown);
        }
    }
}
