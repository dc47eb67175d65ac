//! The media types of bodies and the media types that a client accepts. Media types are
//! case-insensitive (RFC 9110, section 8.3.1).

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};

/// A form without files.
pub const URLENCODED: &str = "application/x-www-form-urlencoded";
/// A form that may have files (RFC 7578).
pub const MULTIPART: &str = "multipart/form-data";

/// Whether a body has this media type, ignoring parameters.
pub fn is(headers: &HeaderMap, kind: &str) -> bool {
    let said = headers.get(CONTENT_TYPE);
    said.is_some_and(|said| is_same(said.as_bytes(), kind))
}

/// Whether the client accepts this media type by name, not only through `*/*` (RFC 9110, section
/// 12.5.1).
pub fn is_wanted(headers: &HeaderMap, kind: &str) -> bool {
    let lines = headers.get_all(ACCEPT).iter();
    let mut ranges = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    ranges.any(|range| is_same(range, kind) && !is_refused(range))
}

/// Whether a browser submitted this form without JavaScript, so that the response must be a page.
pub fn is_form_of_a_browser(headers: &HeaderMap) -> bool {
    let mut forms = [URLENCODED, MULTIPART].iter();
    forms.any(|form| is(headers, form)) && is_wanted(headers, "text/html")
}

fn is_same(said: &[u8], kind: &str) -> bool {
    let said = said.split(|byte| *byte == b';').next().unwrap_or_default();
    said.trim_ascii().eq_ignore_ascii_case(kind.as_bytes())
}

/// Whether a media range has the weight zero, such as `q=0` or `q=0.000`.
fn is_refused(range: &[u8]) -> bool {
    let parameters = range.split(|byte| *byte == b';').skip(1);
    parameters.map(<[u8]>::trim_ascii).any(|parameter| {
        let weight = parameter
            .strip_prefix(b"q=")
            .or(parameter.strip_prefix(b"Q="));
        weight.is_some_and(|weight| weight.iter().all(|byte| b"0.".contains(byte)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn a_body_is_of_one_kind_however_it_is_written() {
        for (said, is_json) in [
            ("application/json", true),
            ("Application/JSON", true),
            ("application/json;charset=utf-8", true),
            (" application/json ; charset=utf-8", true),
            ("application/json-patch+json", false),
            ("text/plain; a=application/json", false),
            ("", false),
        ] {
            let headers = headers("content-type", said);
            assert_eq!(is(&headers, "application/json"), is_json, "{said}");
        }
        assert!(!is(&HeaderMap::new(), "application/json"));
    }

    #[test]
    fn a_kind_is_wanted_where_it_is_named_and_not_refused() {
        for (said, is_page) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json, Text/HTML;Q=0.5", true),
            ("text/html;q=0", false),
            ("text/html; q=0.0, */*", false),
            ("text/html-sandboxed", false),
            ("*/*", false),
            ("", false),
        ] {
            let headers = headers("accept", said);
            assert_eq!(is_wanted(&headers, "text/html"), is_page, "{said}");
        }
    }
}
