//! Determines a file's media type by its extension.

use http::HeaderValue;

/// They take precedence over the crate `mime_guess`.
const OURS: [(&str, &str); 10] = [
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("webmanifest", "application/manifest+json"),
    ("map", "application/json"),
    ("avif", "image/avif"),
    ("ico", "image/x-icon"),
    ("ics", "text/calendar; charset=utf-8"),
    ("md", "text/markdown; charset=utf-8"),
    // A segment of a stream (RFC 3555); browsers load no TypeScript.
    ("ts", "video/mp2t"),
];

/// The media type of a file: `application/octet-stream` for an unknown extension. Text files count
/// as UTF-8.
pub(super) fn of(name: &str) -> HeaderValue {
    let ending = name
        .rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'));
    let Some((_, ending)) = ending else {
        return HeaderValue::from_static("application/octet-stream");
    };
    let ours = OURS
        .iter()
        .find(|(known, _)| ending.eq_ignore_ascii_case(known));
    if let Some((_, kind)) = ours {
        return HeaderValue::from_static(kind);
    }
    let Some(kind) = mime_guess::from_ext(ending).first_raw() else {
        return HeaderValue::from_static("application/octet-stream");
    };
    if kind.starts_with("text/")
        && let Ok(kind) = HeaderValue::try_from(format!("{kind}; charset=utf-8"))
    {
        return kind;
    }
    HeaderValue::from_static(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_that_browsers_want() {
        for (name, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("a.CSS", "text/css; charset=utf-8"),
            ("a.js", "text/javascript; charset=utf-8"),
            ("a.mjs", "text/javascript; charset=utf-8"),
            ("a.wasm", "application/wasm"),
            ("a.webmanifest", "application/manifest+json"),
            ("a.json", "application/json"),
            ("a.svg", "image/svg+xml"),
            ("a.avif", "image/avif"),
            ("a.webp", "image/webp"),
            ("a.woff2", "font/woff2"),
            ("a.pdf", "application/pdf"),
            ("a.txt", "text/plain; charset=utf-8"),
            ("a.csv", "text/csv; charset=utf-8"),
            ("a.mp4", "video/mp4"),
            ("a.ts", "video/mp2t"),
            ("a.js.br", "application/octet-stream"),
            ("LICENSE", "application/octet-stream"),
            ("a.b/LICENSE", "application/octet-stream"),
            ("a.qqq", "application/octet-stream"),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
    }
}
