//! Addresses as logs and problems may show them: a code is cut to two
//! characters, a one-time token to none.

use std::borrow::Cow;

/// What stands right after these is an invitation's code.
const CODES: [&str; 2] = ["/invite/", "/api/v1/invitations/"];

/// Here a code comes in the body, and what it opens is answered.
const BODIES: [&str; 2] = ["/api/rsvp", "/api/v1/codes/resolve"];

/// What stands right after these is a token that acts by itself.
const TOKENS: [&str; 6] = [
    "/setup/",
    "/admin/join/",
    "/unsubscribe/",
    "/reset/",
    "/sign-in/",
    "/verify/",
];

/// `path` without what would open an invitation or an account:
/// `/invite/RAHMA/rsvp` becomes `/invite/RA***/rsvp`.
pub fn mask(path: &str) -> Cow<'_, str> {
    let Some(hidden) = find(path) else {
        return Cow::Borrowed(path);
    };
    let shown: String = hidden.secret.chars().take(hidden.kept).collect();
    let after = &path[hidden.prefix.len() + hidden.secret.len()..];
    Cow::Owned(format!("{}{shown}***{after}", hidden.prefix))
}

/// Whether `path` holds a code or a token, or takes one: what it shows is not for
/// everybody.
pub fn hides(path: &str) -> bool {
    find(path).is_some() || BODIES.contains(&path)
}

struct Hidden<'a> {
    prefix: &'static str,
    secret: &'a str,
    kept: usize,
}

fn find(path: &str) -> Option<Hidden<'_>> {
    let codes = CODES.into_iter().map(|prefix| (prefix, 2));
    let tokens = TOKENS.into_iter().map(|prefix| (prefix, 0));
    let mut places = codes.chain(tokens);
    let (prefix, kept, rest) =
        places.find_map(|(prefix, kept)| Some((prefix, kept, path.strip_prefix(prefix)?)))?;
    let secret = rest.split('/').next().unwrap_or_default();
    // `/api/v1/invitations/id/…` names an invitation, and opens nothing.
    let opens = !secret.is_empty() && (kept == 0 || secret != "id");
    opens.then_some(Hidden {
        prefix,
        secret,
        kept,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_keep_two_letters_and_tokens_none() {
        for (path, masked) in [
            ("/invite/RAHMA", "/invite/RA***"),
            ("/invite/RAHMA/rsvp", "/invite/RA***/rsvp"),
            ("/invite/R", "/invite/R***"),
            ("/invite/", "/invite/"),
            ("/invite/陈志明", "/invite/陈志***"),
            (
                "/api/v1/invitations/RAHMA/rsvp",
                "/api/v1/invitations/RA***/rsvp",
            ),
            ("/api/v1/invitations/id/0197", "/api/v1/invitations/id/0197"),
            ("/setup/abcdef", "/setup/***"),
            ("/admin/join/abcdef", "/admin/join/***"),
            ("/admin/o/aisyah-daniel", "/admin/o/aisyah-daniel"),
        ] {
            assert_eq!(mask(path), masked);
        }
    }

    proptest! {
        #[test]
        fn no_more_than_two_characters_of_a_code_are_left(code in "[0-9A-Z]{5,8}") {
            let path = format!("/invite/{code}/rsvp");
            prop_assert!(!mask(&path).contains(&code[..3]));
        }
    }
}
