//! Responses with a file from the file store, whole or in part (RFC 9110, section 14). The file is
//! sent while it is read.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use http_body::Frame;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use platform::Files;
use platform::files::{Content, Key};

use crate::problem::Problem;

/// A file in the file store that never changes.
#[derive(Clone, Debug)]
pub struct FileResponse<'a> {
    pub key: &'a Key,
    /// The size in bytes.
    pub bytes: u64,
    pub media_type: &'static str,
    pub disposition: HeaderValue,
    /// How the client may cache the file.
    pub caching: &'static str,
}

impl FileResponse<'_> {
    /// Responds with the requested range, or with the whole file.
    pub async fn send(&self, files: &Files, request: &HeaderMap) -> Result<Response, Problem> {
        let tag = HeaderValue::try_from(format!("\"{}\"", self.key)).map_err(Problem::internal)?;
        let range = match wanted(request, &tag, self.bytes) {
            Wanted::Whole => 0..self.bytes,
            Wanted::Part(range) => range,
            Wanted::Nothing => {
                let whole = format!("bytes */{}", self.bytes);
                return Ok(
                    (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, whole)]).into_response(),
                );
            }
        };
        let content = files.read(self.key, range.clone()).await;
        let content = content.map_err(Problem::internal)?;
        let content = content.ok_or_else(Problem::not_found)?;
        let length = range.end - range.start;
        let mut response = Body::new(ContentBody(Some(next(content)))).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        headers.insert(CONTENT_LENGTH, length.into());
        headers.insert(CONTENT_DISPOSITION, self.disposition.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(self.caching));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(ETAG, tag);
        if length < self.bytes {
            let part = format!("bytes {}-{}/{}", range.start, range.end - 1, self.bytes);
            let part = HeaderValue::try_from(part).map_err(Problem::internal)?;
            headers.insert(CONTENT_RANGE, part);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        Ok(response)
    }
}

/// The characters that RFC 8187 allows in a parameter without an escape.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The `Content-Disposition` of a file with this name (RFC 6266). `kind` is `inline` or
/// `attachment`.
pub fn disposition(kind: &'static str, name: &str) -> HeaderValue {
    let name = utf8_percent_encode(name, PLAIN);
    HeaderValue::try_from(format!("{kind}; filename*=UTF-8''{name}"))
        .unwrap_or(HeaderValue::from_static(kind))
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Range<u64>),
    /// The requested range begins after the file's end.
    Nothing,
}

/// Finds the requested part of a file. A request for several parts gets the whole file, which
/// section 14.2 allows.
fn wanted(request: &HeaderMap, tag: &HeaderValue, bytes: u64) -> Wanted {
    let is_other = |condition: &HeaderValue| condition.as_bytes() != tag.as_bytes();
    if request.get(IF_RANGE).is_some_and(is_other) {
        return Wanted::Whole;
    }
    let range = request.get(RANGE).and_then(|range| range.to_str().ok());
    let range = range.and_then(|range| range.strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.trim().split_once('-')) else {
        return Wanted::Whole;
    };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first > last => Wanted::Whole,
        (Ok(first), _) if first >= bytes => Wanted::Nothing,
        (Ok(first), Ok(last)) => Wanted::Part(first..bytes.min(last.saturating_add(1))),
        (Ok(first), Err(_)) if last.is_empty() => Wanted::Part(first..bytes),
        (Err(_), Ok(0)) if first.is_empty() => Wanted::Nothing,
        (Err(_), Ok(last)) if first.is_empty() && bytes > 0 => {
            Wanted::Part(bytes.saturating_sub(last)..bytes)
        }
        _ => Wanted::Whole,
    }
}

type Reading = Pin<Box<dyn Future<Output = (Content, io::Result<Option<Bytes>>)> + Send>>;

fn next(mut content: Content) -> Reading {
    Box::pin(async move {
        let part = content.next().await;
        (content, part)
    })
}

/// A response body that reads each part when it is polled. `None` after the end.
struct ContentBody(Option<Reading>);

impl http_body::Body for ContentBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(reading) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let (content, part) = ready!(reading.as_mut().poll(cx));
        self.0 = matches!(part, Ok(Some(_))).then(|| next(content));
        Poll::Ready(part.transpose().map(|part| part.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_of_a_file_can_be_asked_for() {
        let tag = HeaderValue::from_static("\"a\"");
        for (range, expected) in [
            ("bytes=0-3", Wanted::Part(0..4)),
            ("bytes=5-99", Wanted::Part(5..10)),
            ("bytes=7-", Wanted::Part(7..10)),
            ("bytes=-4", Wanted::Part(6..10)),
            ("bytes=-40", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=4-2", Wanted::Whole),
            ("bytes=0-1,4-5", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
        ] {
            let mut request = HeaderMap::new();
            request.insert(RANGE, HeaderValue::from_static(range));
            assert_eq!(wanted(&request, &tag, 10), expected, "{range}");
            request.insert(IF_RANGE, HeaderValue::from_static("\"b\""));
            assert_eq!(wanted(&request, &tag, 10), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        let header = disposition("attachment", "Majlis \"kami\"\r\nx: 1 \u{1f389}.pdf");
        assert_eq!(
            header,
            "attachment; filename*=UTF-8''Majlis%20%22kami%22%0D%0Ax%3A%201%20%F0%9F%8E%89.pdf"
        );
    }
}
