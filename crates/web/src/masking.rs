//! Addresses as logs and problems may show them: a code is cut to two
//! characters, a one-time token to none.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization as _;

/// Here a code comes in the body, and what it opens is answered.
const BODIES: [&str; 2] = ["/api/rsvp", "/api/v1/codes/resolve"];

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

/// As [`mask`], wherever in the path an address of ours begins: the front door may take
/// off what is before it.
pub fn mask_anywhere(path: &str) -> Cow<'_, str> {
    let (mut masked, mut done) = (String::new(), 0);
    for (start, _) in path.match_indices('/') {
        let Some(hidden) = find(&path[start..]) else {
            continue;
        };
        let secret = start + hidden.prefix.len();
        // What was hidden already may be called as an address of ours.
        if secret >= done {
            masked.push_str(&path[done..secret]);
            masked.extend(hidden.secret.chars().take(hidden.kept));
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

/// As [`mask`], for a path that is no address of ours: a code may stand in any
/// piece of it, such as one that was typed right behind the host.
pub fn mask_unknown(path: &str) -> String {
    let masked = mask(path);
    let pieces = masked.split('/').map(|piece| {
        if may_be_code(piece) {
            let decoded = percent_decode_str(piece).decode_utf8_lossy();
            let shown: String = decoded.chars().take(2).collect();
            Cow::Owned(format!("{shown}***"))
        } else {
            Cow::Borrowed(piece)
        }
    });
    pieces.collect::<Vec<_>>().join("/")
}

/// Whether a piece of a path folds to the shape of a code: 5 to 8 letters or
/// digits, whatever separates them.
fn may_be_code(piece: &str) -> bool {
    let decoded = percent_decode_str(piece).decode_utf8_lossy();
    let folded = decoded.nfkc().map(|c| match c {
        // Of the Turkish alphabet; they fold to I.
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
    (5..=8).contains(&symbols)
}

/// Whether `path` holds a code or a token, or takes one: what it shows is not for
/// everybody.
pub fn hides(path: &str) -> bool {
    find(path).is_some() || BODIES.contains(&path)
}

struct Hidden<'a> {
    prefix: &'a str,
    secret: &'a str,
    kept: usize,
}

fn find(path: &str) -> Option<Hidden<'_>> {
    let (first, after) = path.strip_prefix('/')?.split_once('/')?;
    // Of an invitation's code two characters are kept, of a token that acts by itself none.
    let (kept, rest) = match first {
        "invite" => (2, after),
        "api" => (2, after.strip_prefix("v1/invitations/")?),
        "setup" | "unsubscribe" | "reset" | "sign-in" | "verify" => (0, after),
        "admin" => (0, after.strip_prefix("join/")?),
        _ => return None,
    };
    let rest = rest.trim_start_matches('/');
    let secret = rest.split('/').next().unwrap_or_default();
    // `/api/v1/invitations/id/…` names an invitation, and opens nothing.
    let opens = !secret.is_empty() && (kept == 0 || secret != "id");
    opens.then_some(Hidden {
        prefix: &path[..path.len() - rest.len()],
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

    #[test]
    fn an_address_of_ours_may_begin_anywhere() {
        for (path, masked) in [
            ("/sign-in/abcdef", "/sign-in/***"),
            ("/wedding/sign-in/abcdef/x", "/wedding/sign-in/***/x"),
            ("//sign-in//abcdef", "//sign-in//***"),
            ("/invite/invite/RAHMA/rsvp", "/invite/in***/RA***/rsvp"),
            ("/a/invite/RAHMA/b/setup/x", "/a/invite/RA***/b/setup/***"),
            ("/wedding/invite", "/wedding/invite"),
            ("", ""),
        ] {
            assert_eq!(mask_anywhere(path), masked);
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
            ("/api/v9/invitations/K7PWD2QR", "/api/v9/invitations/K7***"),
            ("/old-wedding-site/a.php", "/old-wedding-site/a.php"),
            ("/", "/"),
            ("/陈志明陈志明", "/陈志明陈志明"),
        ] {
            assert_eq!(mask_unknown(path), masked);
        }
    }

    proptest! {
        #[test]
        fn no_more_than_two_characters_of_a_code_are_left(code in "[0-9A-Z]{5,8}") {
            let path = format!("/invite/{code}/rsvp");
            prop_assert!(!mask(&path).contains(&code[..3]));
            let path = format!("/{code}/rsvp");
            prop_assert!(!mask_unknown(&path).contains(&code[..3]));
        }
    }
}
