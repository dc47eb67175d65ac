//! Optimistic locking: a mutable record has a version number, and a change contains the version on
//! which it is based. An outdated change is refused with the stored state.

use axum::http::header::IF_MATCH;
use axum::http::{HeaderMap, HeaderValue, StatusCode};

use crate::problem::Problem;

pub fn etag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// The version on which a change is based, from the header `If-Match` or from `version` in the
/// body. The header takes precedence. If both are missing, the error is a 428.
pub fn expected(headers: &HeaderMap, body: Option<i64>) -> Result<i64, Problem> {
    match headers.get(IF_MATCH) {
        Some(value) => read(value).ok_or_else(stale),
        None => {
            body.ok_or_else(|| Problem::new(StatusCode::PRECONDITION_REQUIRED, "version_required"))
        }
    }
}

fn read(value: &HeaderValue) -> Option<i64> {
    let text = value.to_str().ok()?.trim();
    let text = text.strip_prefix("W/").unwrap_or(text);
    let digits = text.strip_prefix('"')?.strip_suffix('"')?;
    digits.parse().ok()
}

/// The error for a malformed `If-Match` header, which matches no version.
fn stale() -> Problem {
    Problem::new(StatusCode::CONFLICT, "version_conflict")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_in_the_header_or_in_the_body() {
        for (header, body, found) in [
            (Some("\"3\""), None, Ok(3)),
            (Some("W/\"3\""), Some(4), Ok(3)),
            (None, Some(4), Ok(4)),
            (None, None, Err("version_required")),
            (Some("*"), Some(4), Err("version_conflict")),
            (Some("\"abc\""), None, Err("version_conflict")),
            (Some("3"), None, Err("version_conflict")),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert(IF_MATCH, header.parse().unwrap());
            }
            let answer = expected(&headers, body).map_err(|problem| problem.code);
            assert_eq!(answer, found, "{header:?} {body:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, etag(12));
        assert_eq!(expected(&headers, None).unwrap(), 12);
    }
}
