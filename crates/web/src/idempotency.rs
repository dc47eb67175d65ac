//! Reads the `Idempotency-Key` of a request, which consists of 1 to 128 visible ASCII characters.

use axum::http::{HeaderMap, HeaderName, StatusCode};

use crate::problem::Problem;

pub const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

pub fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .filter(|key| (1..=128).contains(&key.len()))
        .filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))
        .map(Some)
        .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_invalid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_visible() {
        let long = "x".repeat(128);
        for (sent, found) in [
            (None, Ok(None)),
            (Some("0197-ab"), Ok(Some("0197-ab"))),
            (Some(long.as_str()), Ok(Some(long.as_str()))),
            (Some(&*format!("{long}x")), Err("idempotency_key_invalid")),
            (Some(""), Err("idempotency_key_invalid")),
            (Some("a b"), Err("idempotency_key_invalid")),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(sent) = sent {
                headers.insert(HEADER, sent.parse().unwrap());
            }
            assert_eq!(key(&headers).map_err(|problem| problem.code), found);
        }
    }
}
