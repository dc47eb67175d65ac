//! Plain pages for what the edge itself answers: no script, nothing loaded from
//! elsewhere, light and dark, and the id of the request to quote.

use std::fmt::Write as _;
use std::time::Duration;

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::body::{Answer, Body};
use crate::facts::RequestId;

/// What a client would rather read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// A page.
    Html,
    /// A problem (RFC 9457).
    Json,
}

impl Wants {
    /// By `Accept`: JSON where it is named and ranks above HTML.
    pub fn of(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter();
        let accepted = accepted.filter_map(|line| line.to_str().ok());
        let (mut html, mut json) = (0, 0);
        for range in accepted.flat_map(|line| line.split(',')) {
            let (kind, rest) = range.split_once(';').unwrap_or((range, ""));
            let quality = quality(rest);
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

/// Thousandths (RFC 9110, section 12.4.2).
fn quality(parameters: &str) -> u16 {
    let weight = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_weight = name.trim().eq_ignore_ascii_case("q");
        is_weight.then(|| value.trim().parse::<f32>().unwrap_or(0.0))
    });
    let thousandths = weight.unwrap_or(1.0).clamp(0.0, 1.0) * 1_000.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was clamped to 0 to 1000"
    )]
    let thousandths = thousandths as u16;
    thousandths
}

/// When to come back where nobody knows better.
const COME_BACK: Duration = Duration::from_secs(5);

/// An answer that says what went wrong; with 429 and 503 also when to come back.
pub fn page(
    status: StatusCode,
    id: &RequestId,
    wants: Wants,
    retry_after: Option<Duration>,
) -> Answer {
    let title = status.canonical_reason().unwrap_or("Error");
    let (text, kind) = match wants {
        Wants::Html => (html(status, title, id), "text/html; charset=utf-8"),
        Wants::Json => (problem(status, title, id), "application/problem+json"),
    };
    let mut answer = Response::new(Body::full(text));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
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
    if let Some(time) = retry_after.or(is_over_soon.then_some(COME_BACK)) {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    answer
}

/// What a person can make of a status.
fn advice(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "The request could not be understood.",
        StatusCode::UNAUTHORIZED => "This asks for a name and a password. Please try again.",
        StatusCode::FORBIDDEN => "This is not for everybody.",
        StatusCode::NOT_FOUND => "There is nothing at this address. Was it typed whole?",
        StatusCode::METHOD_NOT_ALLOWED => "This address does not answer such requests.",
        StatusCode::REQUEST_TIMEOUT => "The request took too long to arrive. Please try again.",
        StatusCode::GONE => "What was here has been taken away.",
        StatusCode::PRECONDITION_FAILED => {
            "What is here has changed meanwhile. Please reload the page."
        }
        StatusCode::PAYLOAD_TOO_LARGE => "What you sent is too large.",
        StatusCode::URI_TOO_LONG => "The address is too long.",
        StatusCode::RANGE_NOT_SATISFIABLE => {
            "What is here is shorter than the part that was asked for. Please load it anew."
        }
        StatusCode::MISDIRECTED_REQUEST => {
            "This connection is for another site. Please reload the page."
        }
        StatusCode::TOO_MANY_REQUESTS => "That was too often. Please wait a moment and try again.",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            "The request's headers are too large. Removing this site's cookies may help."
        }
        StatusCode::BAD_GATEWAY => {
            "The server behind this page gave no answer. Please try again in a moment."
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            "This page is not ready at the moment. Please try again soon."
        }
        StatusCode::GATEWAY_TIMEOUT => {
            "The server behind this page took too long. Please try again in a moment."
        }
        _ => "Something went wrong.",
    }
}

/// The same for a program, for ever.
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

fn html(status: StatusCode, title: &str, id: &RequestId) -> String {
    let mut page = String::with_capacity(1_024);
    // Neither the status nor an id holds anything that HTML reads as its own.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n\
         <style>body{{font:1.125rem/1.5 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem}}\
         h1{{font-size:1.75rem;line-height:1.2}}footer{{margin-top:3rem;font-size:.875rem}}</style>\n\
         </head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{}</p>\n</main>\n\
         <footer>{} · request <code>{id}</code></footer>\n</body>\n</html>\n",
        advice(status),
        status.as_u16(),
    );
    page
}

fn problem(status: StatusCode, title: &str, id: &RequestId) -> String {
    serde_json::json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "detail": advice(status),
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
            ("", Wants::Html),
            ("*/*", Wants::Html),
            ("text/html,application/json;q=0.9", Wants::Html),
            ("application/json", Wants::Json),
            ("text/html;q=0.5, application/problem+json", Wants::Json),
            ("application/json;q=0", Wants::Html),
            ("application/json;q=x", Wants::Html),
            ("application/json;Q=0.4;x=1,text/html;q=0.3", Wants::Json),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(Wants::of(&headers), wants, "{accept}");
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
            let answer = page(status, &id, Wants::Html, Some(Duration::from_millis(1_200)));
            assert_eq!(answer.headers()[RETRY_AFTER], "2");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert!(
                text.contains(&format!("{code} · request <code>id-1</code>")),
                "{text}"
            );
            assert!(!text.contains("src=") && !text.contains("href="));
            let answer = page(status, &id, Wants::Json, None);
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
