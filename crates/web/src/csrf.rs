//! Protection against cross-site request forgery.
//!
//! A request authenticated by a cookie must pass two checks: the browser reports the site's own
//! origin, and the form contains a token that only a page of this session knows. On pages behind a
//! secret code, only the first check is made, and only if the browser reports an origin at all
//! ([`check_sender`]).

use axum::http::header::{ORIGIN, REFERER};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use platform::{Random, secret};
use sha2::Sha256;

use crate::form::Form;
use crate::problem::Problem;
use crate::site_url::SiteUrl;

pub use crate::form::CSRF_FIELD as FIELD;

/// The header in which scripts send the CSRF token.
pub const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The length of a mask, and of the value that it masks, in bytes.
const LENGTH: usize = 32;

/// Generates a CSRF token for a session. Each page gets a different token, because pages are
/// compressed, and the lengths of many pages could reveal a common value.
pub fn token(session_secret: &str, random: &Random) -> String {
    let mask = random.token();
    let masked = exclusive_or(value(session_secret), mask);
    URL_SAFE_NO_PAD.encode([mask, masked].concat())
}

/// Whether `given` is a CSRF token that [`token`] generated for this session.
pub fn is_token(given: &str, session_secret: &str) -> bool {
    let mut bytes = [0; 2 * LENGTH];
    let length = URL_SAFE_NO_PAD.decode_slice(given, &mut bytes);
    let (mask, masked) = bytes.split_at(LENGTH);
    let found = exclusive_or(
        std::array::from_fn(|at| mask[at]),
        std::array::from_fn(|at| masked[at]),
    );
    length == Ok(bytes.len()) && secret::same(&found, &value(session_secret))
}

/// The value that all CSRF tokens of a session contain in masked form. It is derived from the
/// secret in the session or pre-session cookie, so it need not be stored.
fn value(session_secret: &str) -> [u8; LENGTH] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(session_secret.as_bytes()) else {
        unreachable!("HMAC takes keys of any length")
    };
    mac.update(b"kenduri csrf 1");
    mac.finalize().into_bytes().into()
}

/// Adds the token, as a hidden field, to every form of a page that posts to this site. Only templates
/// write tags, so every `<` is the beginning of one.
pub fn add_to_forms(page: &str, token: &str) -> String {
    let mut filled = String::with_capacity(page.len() + page.len() / 8);
    let mut rest = page;
    while let Some(at) = rest.find("<form") {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        let (before, after) = rest.split_at(end);
        filled.push_str(before);
        if posts_here(&before[at..]) {
            filled.push_str(r#"<input type="hidden" name=""#);
            filled.push_str(FIELD);
            filled.push_str(r#"" value=""#);
            filled.push_str(token);
            filled.push_str(r#"">"#);
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Whether a form's opening tag says that the form is posted to a path of this site, or, without
/// `action` or with an empty one, to the page itself.
fn posts_here(tag: &str) -> bool {
    let here = match tag.split_once(r#"action=""#) {
        Some((_, path)) => {
            path.starts_with('"') || path.starts_with('/') && !path.starts_with("//")
        }
        None => true,
    };
    here && tag.contains(r#"method="post""#)
}

fn exclusive_or(one: [u8; LENGTH], other: [u8; LENGTH]) -> [u8; LENGTH] {
    std::array::from_fn(|at| one[at] ^ other[at])
}

/// Checks the origin and the CSRF token of a request authenticated by a cookie. `form` is `None`
/// for JSON, whose token is in the header.
pub fn check(
    headers: &HeaderMap,
    url: &SiteUrl,
    session_secret: &str,
    form: Option<&Form>,
) -> Result<(), Problem> {
    let sender = sender(headers, url);
    let given = form
        .and_then(|form| form.find(FIELD))
        .or_else(|| headers.get(HEADER)?.to_str().ok())
        .unwrap_or_default();
    if sender == Sender::Us && is_token(given, session_secret) {
        Ok(())
    } else {
        Err(refused())
    }
}

/// Checks only the origin, for pages behind a secret code. Accepts a request without an origin,
/// because in-app browsers often send no origin, and pages that forbid the `Referer` header cause
/// `Origin: null`.
pub fn check_sender(headers: &HeaderMap, url: &SiteUrl) -> Result<(), Problem> {
    match sender(headers, url) {
        Sender::Us | Sender::Unsaid => Ok(()),
        Sender::Other => Err(refused()),
    }
}

/// Whether the browser reports the site's own origin.
pub fn is_from_us(headers: &HeaderMap, url: &SiteUrl) -> bool {
    sender(headers, url) == Sender::Us
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Us,
    Other,
    Unsaid,
}

fn sender(headers: &HeaderMap, url: &SiteUrl) -> Sender {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let ours = |ours: bool| if ours { Sender::Us } else { Sender::Other };
    match text(FETCH_SITE) {
        // The person typed the URL or opened a bookmark, so no page caused the request.
        Some("none") => return Sender::Unsaid,
        Some(site) => return ours(site == "same-origin"),
        None => {}
    }
    match text(ORIGIN) {
        Some("null") | None => {}
        Some(origin) => return ours(origin == url.origin()),
    }
    match text(REFERER) {
        Some(referrer) => ours(is_below(referrer, url.origin())),
        None => Sender::Unsaid,
    }
}

fn is_below(referrer: &str, origin: &str) -> bool {
    referrer
        .strip_prefix(origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

fn refused() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "csrf_failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    fn url() -> SiteUrl {
        SiteUrl::parse("https://kenduri.example").unwrap()
    }

    #[test]
    fn forms_that_post_to_this_site_get_the_token_and_no_others() {
        let field = r#"<input type="hidden" name="_csrf" value="t">"#;
        for (tag, gets_it) in [
            (r#"<form method="post" action="/me/slots/1">"#, true),
            (
                "<form class=\"card\"\n  method=\"post\"\n  action=\"/me\">",
                true,
            ),
            (r#"<form method="post">"#, true),
            (r#"<form method="post" action="">"#, true),
            (
                r#"<form method="post" action="https://pay.example/in">"#,
                false,
            ),
            (r#"<form method="post" action="//pay.example/in">"#, false),
            (r#"<form action="/book">"#, false),
            (r#"<form method="get" action="/book">"#, false),
        ] {
            let page = format!("<p>a</p>{tag}<button>b</button></form><p>c</p>");
            let expected = if gets_it {
                page.replace("<button>", &format!("{field}<button>"))
            } else {
                page.clone()
            };
            assert_eq!(add_to_forms(&page, "t"), expected);
        }
        assert_eq!(add_to_forms("<form method", "t"), "<form method");
        let two = r#"<form method="post" action="/a"></form>"#.repeat(2);
        assert_eq!(add_to_forms(&two, "t").matches(field).count(), 2);
    }

    #[test]
    fn the_browser_says_who_sent_the_form() {
        for (said, sent_by) in [
            (&[][..], Sender::Unsaid),
            (&[("sec-fetch-site", "same-origin")], Sender::Us),
            (&[("sec-fetch-site", "same-site")], Sender::Other),
            (&[("sec-fetch-site", "none")], Sender::Unsaid),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://kenduri.example"),
                ],
                Sender::Other,
            ),
            (&[("origin", "https://kenduri.example")], Sender::Us),
            (&[("origin", "http://kenduri.example")], Sender::Other),
            (
                &[("origin", "https://kenduri.example.evil.example")],
                Sender::Other,
            ),
            (&[("origin", "null")], Sender::Unsaid),
            (
                &[("origin", "null"), ("referer", "https://evil.example/")],
                Sender::Other,
            ),
            (
                &[("referer", "https://kenduri.example/invite/X")],
                Sender::Us,
            ),
            (&[("referer", "https://kenduri.example")], Sender::Us),
            (
                &[("referer", "https://kenduri.example.evil.example/")],
                Sender::Other,
            ),
            (
                &[("referer", "https://kenduri.example@evil.example/")],
                Sender::Other,
            ),
        ] {
            assert_eq!(sender(&headers(said), &url()), sent_by, "{said:?}");
            let behind_code = check_sender(&headers(said), &url()).is_ok();
            assert_eq!(behind_code, sent_by != Sender::Other, "{said:?}");
        }
    }

    #[test]
    fn a_session_s_form_needs_origin_and_value() {
        let form = |value: &str| {
            [(FIELD.to_owned(), value.to_owned())]
                .into_iter()
                .collect::<Form>()
        };
        let random = Random::seeded(1);
        let (good, other) = (token("secret", &random), token("other", &random));
        let again = token("secret", &random);
        assert_ne!(good, again);
        let ours = [("sec-fetch-site", "same-origin")];
        for (said, value, passes) in [
            (&ours[..], good.as_str(), true),
            (&ours, &again, true),
            (&ours, &good[..good.len() - 1], false),
            (&ours, &good.repeat(2), false),
            (&ours, &other, false),
            (&ours, "", false),
            (&[], &good, false),
            (&[("origin", "https://evil.example")], &good, false),
        ] {
            let answer = check(&headers(said), &url(), "secret", Some(&form(value)));
            assert_eq!(answer.is_ok(), passes, "{said:?} {value}");
        }
        let script = headers(&[("sec-fetch-site", "same-origin"), ("x-csrf-token", &good)]);
        assert!(check(&script, &url(), "secret", None).is_ok());
        assert!(check(&script, &url(), "secret", Some(&Form::default())).is_ok());
    }
}
