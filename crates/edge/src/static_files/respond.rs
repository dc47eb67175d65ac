//! Responds with a file's variant: evaluates conditions, then ranges.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderValue, RANGE};
use http::{Method, StatusCode};

use super::RequestParts;
use super::entry::{Content, Variant};
use super::memory::Memory;
use crate::body::{Answer, Body, FileBody, KeptFile, Piece, Readers, answer};
use crate::conditions::{self, Precondition};
use crate::filters::compression;
use crate::filters::headers::Completion;
use crate::ranges::{self, RequestedRanges};

pub(super) fn respond<'a>(
    request: RequestParts<'_>,
    variant: &Variant,
    modified: Option<SystemTime>,
    memory: &Memory,
    now: SystemTime,
    complete: Option<&dyn Fn() -> Completion<'a>>,
) -> Answer {
    match conditions::judge(request.headers, &variant.tag, modified) {
        Precondition::Send => {}
        Precondition::Unchanged => {
            return answer(
                StatusCode::NOT_MODIFIED,
                variant.unchanged.clone(),
                Body::Empty,
            );
        }
        Precondition::Failed => {
            let mut headers = variant.unchanged.clone();
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            return answer(StatusCode::PRECONDITION_FAILED, headers, Body::Empty);
        }
    }
    if request.method == Method::HEAD {
        return answer(StatusCode::OK, variant.headers.clone(), Body::Empty);
    }
    let wanted = match (request.headers.get(RANGE), variant.content.length()) {
        (Some(range), Some(length))
            if conditions::range_holds(request.headers, &variant.tag, modified, now) =>
        {
            ranges::wanted(range.as_bytes(), length)
        }
        _ => RequestedRanges::Whole,
    };
    match wanted {
        RequestedRanges::Whole => headed(variant, complete).unwrap_or_else(|| {
            let body = whole(&variant.content, memory);
            answer(StatusCode::OK, variant.headers.clone(), body)
        }),
        RequestedRanges::Nothing => nothing(variant),
        RequestedRanges::Parts(parts) => match parts.as_slice() {
            [part] => one(variant, part.clone(), memory.readers()),
            parts => multipart_ranges(variant, parts, memory),
        },
    }
}

/// With its head, if that is the same for each request.
fn headed<'a>(variant: &Variant, complete: Option<&dyn Fn() -> Completion<'a>>) -> Option<Answer> {
    let Content::Memory(bytes) = &variant.content else {
        return None;
    };
    let completion = complete?();
    let body = variant.ready.answer(&variant.headers, &completion, bytes)?;
    Some(Answer::new(Body::Headed(Box::new(body))))
}

fn whole(content: &Content, memory: &Memory) -> Body {
    let readers = memory.readers();
    match content {
        Content::Memory(bytes) => Body::shared(bytes.clone()),
        Content::Kept(bytes, file) => {
            Body::KeptFile(KeptFile::new(bytes.clone(), Arc::clone(file)))
        }
        Content::File(file, length) => file_body(file, *length, readers),
        Content::Coded(file, length, encoding) => {
            let permit = memory.encoders().claim(*encoding);
            compression::body(file_body(file, *length, readers), *encoding, permit)
        }
    }
}

fn file_body(file: &Arc<File>, length: u64, readers: &Readers) -> Body {
    let whole = Piece::File(Arc::clone(file), 0..length);
    Body::pieces(FileBody::new(readers, [whole].into()))
}

fn nothing(variant: &Variant) -> Answer {
    let mut headers = variant.unchanged.clone();
    let length = variant.content.length().unwrap_or_default();
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    if let Ok(range) = HeaderValue::try_from(format!("bytes */{length}")) {
        headers.insert(CONTENT_RANGE, range);
    }
    answer(StatusCode::RANGE_NOT_SATISFIABLE, headers, Body::Empty)
}

fn one(variant: &Variant, part: Range<u64>, readers: &Readers) -> Answer {
    let length = variant.content.length().unwrap_or_default();
    let mut headers = variant.headers.clone();
    headers.insert(CONTENT_LENGTH, (part.end - part.start).into());
    if let Ok(range) = HeaderValue::try_from(content_range(&part, length)) {
        headers.insert(CONTENT_RANGE, range);
    }
    let body = match piece(&variant.content, part) {
        Piece::Bytes(bytes) => Body::shared(bytes),
        file @ Piece::File(..) => Body::pieces(FileBody::new(readers, [file].into())),
    };
    answer(StatusCode::PARTIAL_CONTENT, headers, body)
}

/// RFC 9110, section 14.6.
fn multipart_ranges(variant: &Variant, parts: &[Range<u64>], memory: &Memory) -> Answer {
    let length = variant.content.length().unwrap_or_default();
    let boundary = format!("{:016x}{:016x}", memory.draw(), memory.draw());
    let kind = variant
        .headers
        .get(CONTENT_TYPE)
        .map_or(&b""[..], HeaderValue::as_bytes);
    let mut pieces = Vec::with_capacity(parts.len() * 2 + 1);
    let mut total = 0;
    let mut before = "";
    for part in parts {
        let mut head = format!("{before}--{boundary}\r\nContent-Type: ").into_bytes();
        head.extend_from_slice(kind);
        let range = content_range(part, length);
        head.extend_from_slice(format!("\r\nContent-Range: {range}\r\n\r\n").as_bytes());
        before = "\r\n";
        total += head.len() as u64 + (part.end - part.start);
        pieces.push(Piece::Bytes(head.into()));
        pieces.push(piece(&variant.content, part.clone()));
    }
    let end = format!("\r\n--{boundary}--\r\n");
    total += end.len() as u64;
    pieces.push(Piece::Bytes(end.into()));
    let mut headers = variant.headers.clone();
    headers.insert(CONTENT_LENGTH, total.into());
    let kind = format!("multipart/byteranges; boundary={boundary}");
    if let Ok(kind) = HeaderValue::try_from(kind) {
        headers.insert(CONTENT_TYPE, kind);
    }
    let body = Body::pieces(FileBody::new(memory.readers(), pieces.into()));
    answer(StatusCode::PARTIAL_CONTENT, headers, body)
}

fn content_range(part: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", part.start, part.end - 1)
}

/// The range is within the content, so the conversion cannot fail.
fn piece(content: &Content, part: Range<u64>) -> Piece {
    match content {
        Content::Memory(bytes) | Content::Kept(bytes, ..) => {
            let at = |place: u64| {
                usize::try_from(place)
                    .unwrap_or(bytes.len())
                    .min(bytes.len())
            };
            Piece::Bytes(bytes.slice(at(part.start)..at(part.end)))
        }
        Content::File(file, _) => Piece::File(Arc::clone(file), part),
        Content::Coded(..) => Piece::Bytes(Bytes::new()),
    }
}
