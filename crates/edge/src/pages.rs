//! Makes HTML pages for the edge's own responses. The pages need no scripts, have a light and a
//! dark mode, and are in the visitor's language.

mod language;

use std::fmt::Write as _;
use std::time::Duration;

use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, RETRY_AFTER, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::body::{Answer, Body};
use crate::quality_values::quality;
use crate::request_id::RequestId;
use language::Language;

/// The formats and languages that a client accepts. The headers are copied at once, but parsed only
/// for a page.
#[derive(Debug, Clone)]
pub struct Reader {
    accepted: Option<HeaderValue>,
    more: Vec<HeaderValue>,
    languages: Option<HeaderValue>,
}

impl Reader {
    pub fn of(headers: &HeaderMap) -> Self {
        let mut accepted = headers.get_all(ACCEPT).iter().cloned();
        Self {
            accepted: accepted.next(),
            more: accepted.collect(),
            languages: headers.get(ACCEPT_LANGUAGE).cloned(),
        }
    }

    fn wants(&self) -> ErrorFormat {
        ErrorFormat::by(self.accepted.iter().chain(&self.more))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorFormat {
    Html,
    /// A problem document in JSON (RFC 9457).
    Json,
}

impl ErrorFormat {
    /// Chooses JSON if `Accept` names JSON and ranks it higher than HTML.
    pub fn of(headers: &HeaderMap) -> Self {
        Self::by(headers.get_all(ACCEPT).iter())
    }

    fn by<'a>(accepted: impl Iterator<Item = &'a HeaderValue>) -> Self {
        let accepted = accepted.filter_map(|line| line.to_str().ok());
        let (mut html, mut json) = (0, 0);
        for range in accepted.flat_map(|line| line.split(',')) {
            let (kind, rest) = range.split_once(';').unwrap_or((range, ""));
            let quality = quality(rest.as_bytes()).unwrap_or(0);
            let is_one_of = |names: [&str; 2]| {
                let kind = kind.trim();
                names.iter().any(|name| kind.eq_ignore_ascii_case(name))
            };
            if is_one_of(["text/html", "application/xhtml+xml"]) {
                html = html.max(quality);
            } else if is_one_of(["application/json", "application/problem+json"]) {
                json = json.max(quality);
            }
        }
        if json > html { Self::Json } else { Self::Html }
    }
}

const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);

/// Makes a page that explains an error. A 429 or 503 response also has `Retry-After`.
pub fn page(
    status: StatusCode,
    id: &RequestId,
    reader: &Reader,
    retry_after: Option<Duration>,
) -> Answer {
    let language = Language::of(reader.languages.as_ref());
    let (text, kind) = match reader.wants() {
        ErrorFormat::Html => (html(status, language, id), "text/html; charset=utf-8"),
        ErrorFormat::Json => (problem(status, language, id), "application/problem+json"),
    };
    let mut answer = Response::new(Body::full(text));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag));
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Language"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    );
    let is_over_soon = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    if let Some(time) = retry_after.or(is_over_soon.then_some(DEFAULT_RETRY_AFTER)) {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    answer
}

/// The codes never change.
fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "bad_request",
        StatusCode::UNAUTHORIZED => "unauthenticated",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::REQUEST_TIMEOUT => "request_timeout",
        StatusCode::GONE => "gone",
        StatusCode::PRECONDITION_FAILED => "precondition_failed",
        StatusCode::PAYLOAD_TOO_LARGE => "body_too_large",
        StatusCode::URI_TOO_LONG => "uri_too_long",
        StatusCode::RANGE_NOT_SATISFIABLE => "range_not_satisfiable",
        StatusCode::MISDIRECTED_REQUEST => "misdirected_request",
        StatusCode::TOO_MANY_REQUESTS => "rate_limited",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "headers_too_large",
        StatusCode::BAD_GATEWAY => "bad_gateway",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        StatusCode::GATEWAY_TIMEOUT => "gateway_timeout",
        _ => "error",
    }
}

fn html(status: StatusCode, language: &Language, id: &RequestId) -> String {
    let (title, text) = language.text(status);
    let Language { tag, dir, .. } = language;
    let mut page = String::with_capacity(1_024);
    // Translations and request IDs contain no characters that are special in HTML.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"{tag}\" dir=\"{dir}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         <style>body{{font:1.125rem/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem}}\
         h1{{font-size:1.75rem;line-height:1.2}}footer{{margin-top:3rem;font-size:.875rem}}</style>\n\
         </head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n</main>\n\
         <footer>{} · {} <code>{id}</code></footer>\n</body>\n</html>\n",
        status.as_u16(),
        language.request(),
    );
    page
}

fn problem(status: StatusCode, language: &Language, id: &RequestId) -> String {
    let (title, text) = language.text(status);
    serde_json::json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "detail": text,
        "code": code(status),
        "request_id": id.as_str(),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[test]
    fn json_is_for_those_who_rank_it_higher() {
        for (accept, wants) in [
            ("", ErrorFormat::Html),
            ("*/*", ErrorFormat::Html),
            ("text/html,application/json;q=0.9", ErrorFormat::Html),
            ("application/json", ErrorFormat::Json),
            (
                "text/html;q=0.5, application/problem+json",
                ErrorFormat::Json,
            ),
            ("application/json;q=0", ErrorFormat::Html),
            ("application/json;q=x", ErrorFormat::Html),
            (
                "application/json;Q=0.4;x=1,text/html;q=0.3",
                ErrorFormat::Json,
            ),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(ErrorFormat::of(&headers), wants, "{accept}");
        }
    }

    fn reader(accept: &'static str, languages: &'static str) -> Reader {
        Reader::of(&HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static(accept)),
            (ACCEPT_LANGUAGE, HeaderValue::from_static(languages)),
        ]))
    }

    #[tokio::test]
    async fn a_page_is_in_the_language_of_its_reader() {
        let id = RequestId::parse("id-1").unwrap();
        for (languages, tag, first, title, footer) in [
            (
                "fr",
                "en",
                "<html lang=\"en\" dir=\"ltr\">",
                "Bad Gateway",
                "502 · request <code>",
            ),
            (
                "ms-MY",
                "ms",
                "<html lang=\"ms\" dir=\"ltr\">",
                "Pelayan tidak menjawab",
                "502 · permintaan <code>",
            ),
            (
                "ar, en;q=0.5",
                "ar",
                "<html lang=\"ar\" dir=\"rtl\">",
                "الخادم لا يجيب",
                "502 · الطلب <code>",
            ),
        ] {
            for accept in ["text/html", "application/json"] {
                let answer = page(
                    StatusCode::BAD_GATEWAY,
                    &id,
                    &reader(accept, languages),
                    None,
                );
                assert_eq!(answer.headers()[CONTENT_LANGUAGE], tag);
                assert_eq!(answer.headers()[VARY], "Accept, Accept-Language");
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                let text = String::from_utf8(body.to_vec()).unwrap();
                assert!(text.contains(title), "{text}");
                let is_page = text.contains(first) && text.contains(footer);
                assert_eq!(is_page, accept == "text/html", "{text}");
            }
        }
    }

    #[tokio::test]
    async fn a_page_says_what_happened_and_whom_to_quote() {
        let id = RequestId::parse("id-1").unwrap();
        for (code, word) in [
            (400, "bad_request"),
            (401, "unauthenticated"),
            (403, "forbidden"),
            (404, "not_found"),
            (405, "method_not_allowed"),
            (408, "request_timeout"),
            (410, "gone"),
            (412, "precondition_failed"),
            (413, "body_too_large"),
            (414, "uri_too_long"),
            (416, "range_not_satisfiable"),
            (421, "misdirected_request"),
            (429, "rate_limited"),
            (431, "headers_too_large"),
            (502, "bad_gateway"),
            (503, "unavailable"),
            (504, "gateway_timeout"),
            (599, "error"),
        ] {
            let status = StatusCode::from_u16(code).unwrap();
            let answer = page(
                status,
                &id,
                &reader("text/html", "en"),
                Some(Duration::from_millis(1_200)),
            );
            assert_eq!(answer.headers()[RETRY_AFTER], "2");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert!(
                text.contains(&format!("{code} · request <code>id-1</code>")),
                "{text}"
            );
            assert!(!text.contains("src=") && !text.contains("href="));
            let answer = page(status, &id, &reader("application/json", "en"), None);
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(
                (&json["status"], &json["code"]),
                (&code.into(), &word.into())
            );
            let is_told = json["detail"] != "Something went wrong.";
            assert_eq!(is_told, word != "error", "{code}");
            assert_eq!(json["request_id"], "id-1");
        }
    }
}
