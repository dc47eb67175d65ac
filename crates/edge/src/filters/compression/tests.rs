//! Tests which responses are compressed, and that no data is lost or delayed.

use std::collections::VecDeque;
use std::io::Read as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body as HttpBody, Frame};
use http_body_util::BodyExt as _;

use super::*;

fn compress(request: &HeaderMap, answer: Answer) -> Answer {
    CodingPreferences::of(request).compress(answer, &EncoderMemory::default())
}

use crate::body::BodyError;

const BR: &[(&str, &str)] = &[("accept-encoding", "br")];

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            value.parse().unwrap(),
        );
    }
    headers
}

/// Compresses a response to `HEAD` with the headers `lines`, for a request with the headers
/// `request`.
fn head(lines: &[(&str, &str)], request: &[(&str, &str)]) -> Answer {
    let mut answer = Response::new(Body::Empty);
    *answer.headers_mut() = headers(lines);
    compress(&headers(request), answer)
}

fn page(lines: &[(&str, &str)], bytes: usize) -> Answer {
    let mut answer = Response::new(Body::full(
        "a page ".repeat(bytes / 7 + 1)[..bytes].to_owned(),
    ));
    *answer.headers_mut() = headers(lines);
    answer
}

fn value<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

fn decode(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match encoding {
        Encoding::Brotli => brotli::Decompressor::new(bytes, 4_096).read_to_end(&mut plain),
        Encoding::Gzip => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
    }
    .unwrap();
    plain
}

#[test]
fn decides_by_type_size_and_what_the_answer_says() {
    const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");
    type Lines = &'static [(&'static str, &'static str)];
    // Each row contains the response headers, the body size, and whether the response is
    // compressed.
    let table: &[(Lines, usize, bool)] = &[
        (&[HTML], 1_024, true),
        (&[HTML], 1_023, false),
        (&[("content-type", "Application/JSON")], 2_000, true),
        (&[("content-type", "application/problem+json")], 2_000, true),
        (&[("content-type", "image/svg+xml")], 2_000, true),
        (&[("content-type", "image/png")], 2_000, false),
        (&[("content-type", "text/event-stream")], 2_000, false),
        (
            &[("content-type", "text/event-stream;charset=utf-8")],
            2_000,
            false,
        ),
        (&[("content-type", "application/grpc")], 2_000, false),
        (
            &[("content-type", "application/grpc-web+proto")],
            2_000,
            false,
        ),
        (&[], 2_000, false),
        (&[HTML, ("content-encoding", "gzip")], 2_000, false),
        (&[HTML, ("content-encoding", "identity")], 2_000, false),
        (
            &[HTML, ("cache-control", "public, No-Transform")],
            2_000,
            false,
        ),
        (&[HTML, ("content-range", "bytes 0-1/2")], 2_000, false),
        (&[HTML, ("content-digest", "sha-256=:AA==:")], 2_000, false),
    ];
    for (lines, size, expected) in table {
        let answer = compress(&headers(BR), page(lines, *size));
        let coded = value(&answer, "content-encoding") == Some("br");
        assert_eq!(coded, *expected, "{lines:?} {size}");
    }
    for status in [206, 204, 304] {
        let mut answer = page(&[HTML], 2_000);
        *answer.status_mut() = status.try_into().unwrap();
        assert!(
            compress(&headers(BR), answer)
                .headers()
                .get("content-encoding")
                .is_none()
        );
    }
}

#[test]
fn compresses_nothing_that_may_hold_a_secret_beside_reflected_input() {
    const HTML: (&str, &str) = ("content-type", "text/html");
    const SCRIPT: (&str, &str) = ("content-type", "text/javascript");
    const DATED: (&str, &str) = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    const PUBLIC: (&str, &str) = ("cache-control", "max-age=60, public");
    const NEW_COOKIE: (&str, &str) = ("set-cookie", "a=b");
    const COOKIE: (&str, &str) = ("cookie", "a=b");
    const SIGNED: (&str, &str) = ("authorization", "Bearer x");
    type Lines = &'static [(&'static str, &'static str)];
    let table: &[(Lines, Lines, bool)] = &[
        (&[], &[HTML], true),
        (&[], &[HTML, NEW_COOKIE], false),
        (&[COOKIE], &[HTML], false),
        (&[SIGNED], &[HTML], false),
        (&[COOKIE], &[HTML, DATED], false),
        (&[COOKIE], &[HTML, PUBLIC], true),
        (&[COOKIE], &[HTML, PUBLIC, NEW_COOKIE], false),
        (&[COOKIE], &[SCRIPT], false),
        (&[COOKIE], &[SCRIPT, DATED], true),
        (&[COOKIE], &[SCRIPT, DATED, NEW_COOKIE], false),
        (
            &[SIGNED],
            &[("content-type", "application/json"), DATED],
            false,
        ),
    ];
    for (request, answer, expected) in table {
        let asked = headers(&[BR, request].concat());
        let coded =
            CodingPreferences::of(&asked).compress(page(answer, 2_000), &EncoderMemory::default());
        assert_eq!(
            coded.headers().contains_key("content-encoding"),
            *expected,
            "{request:?} {answer:?}"
        );
    }
}

#[test]
fn not_modified_says_what_the_answer_depends_on() {
    const HTML: (&str, &str) = ("content-type", "text/html");
    const DATED: (&str, &str) = ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT");
    const COOKIE: &[(&str, &str)] = &[("cookie", "a=b")];
    type Lines = &'static [(&'static str, &'static str)];
    let table: &[(Lines, Lines, Option<&str>)] = &[
        (&[], &[HTML], Some("Accept-Encoding")),
        (&[], &[("etag", "\"a\"")], Some("Accept-Encoding")),
        (&[], &[("vary", "Cookie")], Some("Cookie, Accept-Encoding")),
        (&[], &[("content-type", "image/png")], None),
        (&[], &[("cache-control", "no-transform")], None),
        (&[], &[("set-cookie", "a=b")], None),
        (COOKIE, &[HTML, DATED], None),
        (COOKIE, &[("etag", "\"a\"")], None),
        // The confirmed response may be a style sheet, which may be compressed.
        (COOKIE, &[DATED], Some("Accept-Encoding")),
        (COOKIE, &[DATED, ("set-cookie", "a=b")], None),
        (
            COOKIE,
            &[("cache-control", "public")],
            Some("Accept-Encoding"),
        ),
    ];
    for (request, said, expected) in table {
        let mut answer = Response::new(Body::Empty);
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        *answer.headers_mut() = headers(said);
        let answer = compress(&headers(request), answer);
        assert_eq!(value(&answer, "vary"), *expected, "{request:?} {said:?}");
        assert_eq!(value(&answer, "content-encoding"), None);
    }
}

#[test]
fn tells_caches_and_clients_what_has_changed() {
    const HTML: (&str, &str) = ("content-type", "text/html");
    let strong = &[
        HTML,
        ("etag", "\"a\""),
        ("content-length", "2000"),
        ("accept-ranges", "bytes"),
        ("vary", "Cookie"),
        ("vary", "Origin"),
    ];
    let answer = compress(&headers(BR), page(strong, 2_000));
    assert_eq!(value(&answer, "etag"), Some("W/\"a\""));
    assert_eq!(value(&answer, "content-length"), None);
    assert_eq!(value(&answer, "accept-ranges"), None);
    assert_eq!(answer.headers().get_all("vary").iter().count(), 1);
    assert_eq!(
        value(&answer, "vary"),
        Some("Cookie, Origin, Accept-Encoding")
    );

    let plain = compress(&headers(&[]), page(strong, 2_000));
    assert_eq!(value(&plain, "etag"), Some("\"a\""));
    assert_eq!(
        value(&plain, "vary"),
        Some("Cookie, Origin, Accept-Encoding")
    );
    for vary in ["*", "accept-encoding", "Origin, Accept-Encoding"] {
        let answer = compress(&headers(BR), page(&[HTML, ("vary", vary)], 2_000));
        assert_eq!(value(&answer, "vary"), Some(vary));
    }
    let weak = compress(&headers(BR), page(&[HTML, ("etag", "W/\"a\"")], 2_000));
    assert_eq!(value(&weak, "etag"), Some("W/\"a\""));
}

#[tokio::test]
async fn every_coding_gives_back_the_same_bytes() {
    let mut plain = Vec::new();
    for number in 0..60_000_u32 {
        plain.extend_from_slice(number.wrapping_mul(2_654_435_761).to_string().as_bytes());
    }
    for encoding in Encoding::ALL {
        let mut answer = Response::new(Body::full(plain.clone()));
        *answer.headers_mut() = headers(&[("content-type", "text/plain")]);
        let asked = headers(&[("accept-encoding", encoding.name())]);
        let answer = CodingPreferences::of(&asked).compress(answer, &EncoderMemory::default());
        assert_eq!(value(&answer, "content-encoding"), Some(encoding.name()));
        let coded = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(coded.len() < plain.len() * 3 / 4);
        assert!(decode(encoding, &coded) == plain, "{encoding:?}");
        assert!(decode(encoding, &Encoder::once(encoding, &plain).unwrap()) == plain);
    }
}

type Step = Poll<Option<Result<Frame<Bytes>, BodyError>>>;

/// A source that yields the steps of a script. It waits at each `Pending` step until the test opens
/// the gate.
struct Script {
    steps: VecDeque<Step>,
    gate: Arc<AtomicBool>,
}

impl HttpBody for Script {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Step {
        if matches!(self.steps.front(), Some(Poll::Pending)) {
            if !self.gate.swap(false, Ordering::Relaxed) {
                return Poll::Pending;
            }
            self.steps.pop_front();
        }
        self.steps.pop_front().unwrap_or(Poll::Ready(None))
    }
}

fn data(text: &'static str) -> Step {
    Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(text.as_bytes())))))
}

fn coded(encoding: Encoding, steps: Vec<Step>) -> (Body, Arc<AtomicBool>) {
    let gate = Arc::new(AtomicBool::new(false));
    let script = Script {
        steps: steps.into(),
        gate: Arc::clone(&gate),
    };
    let mut answer = Response::new(Body::stream(script));
    *answer.headers_mut() = headers(&[("content-type", "text/plain")]);
    let asked = headers(&[("accept-encoding", encoding.name())]);
    (
        CodingPreferences::of(&asked)
            .compress(answer, &EncoderMemory::default())
            .into_body(),
        gate,
    )
}

/// Reads the available frames of a body. Returns the data, the trailers and why reading stopped.
fn drain(body: &mut Body) -> (Vec<u8>, Option<HeaderMap>, &'static str) {
    let mut context = Context::from_waker(Waker::noop());
    let (mut bytes, mut trailers) = (Vec::new(), None);
    loop {
        match Pin::new(&mut *body).poll_frame(&mut context) {
            Poll::Pending => return (bytes, trailers, "waits"),
            Poll::Ready(None) => return (bytes, trailers, "ends"),
            Poll::Ready(Some(Err(_))) => return (bytes, trailers, "breaks"),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => bytes.extend_from_slice(&data),
                Err(frame) => trailers = frame.into_trailers().ok(),
            },
        }
    }
}

/// Decodes as much as possible of an incomplete compressed stream.
fn decode_start(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    let mut plain = vec![0; 1_000];
    let mut filled = 0;
    let mut source: Box<dyn std::io::Read> = match encoding {
        Encoding::Brotli => Box::new(brotli::Decompressor::new(bytes, 4_096)),
        Encoding::Gzip => Box::new(flate2::read::GzDecoder::new(bytes)),
    };
    while let Ok(read @ 1..) = source.read(&mut plain[filled..]) {
        filled += read;
    }
    plain.truncate(filled);
    plain
}

#[test]
fn holds_nothing_back_while_the_source_is_silent() {
    for encoding in Encoding::ALL {
        let script = vec![
            data("one "),
            data("two "),
            Poll::Pending,
            data("three"),
            Poll::Pending,
        ];
        let (mut body, gate) = coded(encoding, script);
        let (mut bytes, _, stopped) = drain(&mut body);
        assert_eq!(stopped, "waits");
        assert_eq!(decode_start(encoding, &bytes), b"one two ", "{encoding:?}");
        gate.store(true, Ordering::Relaxed);
        let (more, _, stopped) = drain(&mut body);
        assert_eq!(stopped, "waits");
        bytes.extend(more);
        assert_eq!(
            decode_start(encoding, &bytes),
            b"one two three",
            "{encoding:?}"
        );
        gate.store(true, Ordering::Relaxed);
        let (rest, _, stopped) = drain(&mut body);
        assert_eq!(stopped, "ends");
        bytes.extend(rest);
        assert_eq!(decode(encoding, &bytes), b"one two three");
        assert!(body.is_end_stream());
    }
}

#[test]
fn passes_trailers_on_after_the_last_byte() {
    for encoding in Encoding::ALL {
        let trailers = Poll::Ready(Some(Ok(Frame::trailers(headers(&[("x-sum", "1")])))));
        let (mut body, _) = coded(encoding, vec![data("text"), trailers]);
        let (bytes, trailers, stopped) = drain(&mut body);
        assert_eq!(decode(encoding, &bytes), b"text");
        assert_eq!(trailers.unwrap().get("x-sum").unwrap(), "1");
        assert_eq!(stopped, "ends");
    }
}

#[test]
fn a_broken_source_never_looks_like_an_end() {
    for encoding in Encoding::ALL {
        let broken = Poll::Ready(Some(Err("gone".into())));
        let (mut body, gate) = coded(encoding, vec![data("text"), Poll::Pending, broken]);
        let (mut bytes, ..) = drain(&mut body);
        gate.store(true, Ordering::Relaxed);
        let (rest, _, stopped) = drain(&mut body);
        bytes.extend(rest);
        assert_eq!(stopped, "breaks");
        assert_eq!(decode_start(encoding, &bytes), b"text");
        assert_eq!(drain(&mut body), (Vec::new(), None, "ends"));
    }
}

#[test]
fn lets_others_have_their_turn() {
    // All bytes are equal, so an encoder can compress many of them before it produces output.
    let mut body = {
        let mut answer = Response::new(Body::full(vec![b'a'; 8 << 20]));
        *answer.headers_mut() = headers(&[("content-type", "text/plain")]);
        compress(&headers(&[("accept-encoding", "gzip")]), answer).into_body()
    };
    let mut bytes = Vec::new();
    let mut turns = 0;
    loop {
        let (more, _, stopped) = drain(&mut body);
        bytes.extend(more);
        turns += 1;
        if stopped == "ends" {
            break;
        }
    }
    assert!(turns > 2, "{turns}");
    assert_eq!(decode(Encoding::Gzip, &bytes).len(), 8 << 20);
}

#[test]
fn an_answer_to_head_says_what_the_one_to_get_does() {
    const HTML: (&str, &str) = ("content-type", "text/html");
    type Lines = &'static [(&'static str, &'static str)];
    const TAGGED: Lines = &[HTML, ("etag", "\"a\""), ("accept-ranges", "bytes")];
    let table: &[(Lines, bool)] = &[
        (&[HTML, ("content-length", "1024")], true),
        (&[HTML], true),
        (&[HTML, ("content-length", "1023")], false),
        (&[HTML, ("content-length", "0")], false),
        (&[("content-length", "1024")], false),
        (
            &[("content-type", "image/png"), ("content-length", "1024")],
            false,
        ),
        (&[HTML, ("cache-control", "no-transform")], false),
    ];
    for (lines, varies) in table {
        let answer = head(lines, BR);
        let expected = varies.then_some("Accept-Encoding");
        assert_eq!(value(&answer, "vary"), expected, "{lines:?}");
        assert!(answer.body().is_end_stream());
    }
    for (length, size) in [("2000", 2_000), ("1000", 1_000)] {
        let lines = [TAGGED, &[("content-length", length)][..]].concat();
        for request in [BR, &[]] {
            let got = compress(&headers(request), page(&lines, size));
            let told = head(&lines, request);
            assert_eq!(told.headers(), got.headers(), "{lines:?} {request:?}");
        }
    }
    // The edge does not know whether the response to `GET` would be compressed.
    let told = head(TAGGED, BR);
    let left_out = ["etag", "accept-ranges", "content-encoding"];
    assert_eq!(left_out.map(|name| value(&told, name)), [None; 3]);
    assert_eq!(value(&head(TAGGED, &[]), "etag"), Some("\"a\""));
    let weak = [HTML, ("etag", "W/\"a\"")];
    assert_eq!(value(&head(&weak, BR), "etag"), Some("W/\"a\""));
}

#[tokio::test]
async fn a_page_for_one_person_is_compressed_where_the_app_says_so_and_its_length_varies() {
    const HTML: &[(&str, &str)] = &[("content-type", "text/html"), ("set-cookie", "a=b")];
    let marked = || {
        let mut answer = page(HTML, 20_000);
        answer.extensions_mut().insert(Compressible);
        answer
    };
    let request = headers(&[("cookie", "a=b"), ("accept-encoding", "gzip, br, zstd")]);
    let mut lengths = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let answer = compress(&request, marked());
        assert_eq!(value(&answer, "content-encoding"), Some("gzip"));
        assert_eq!(value(&answer, "vary"), Some("Accept-Encoding"));
        let sent = answer.into_body().collect().await.unwrap().to_bytes();
        let plain = marked().into_body().collect().await.unwrap().to_bytes();
        assert_eq!(decode(Encoding::Gzip, &sent), plain);
        assert!(sent.len() < 600, "{}", sent.len());
        lengths.insert(sent.len());
    }
    // There are 256 possible lengths. Forty responses have fewer than ten different lengths with a
    // probability of about 10^-40.
    assert!(lengths.len() >= 10, "{lengths:?}");

    let brotli_alone = headers(&[("cookie", "a=b"), ("accept-encoding", "br")]);
    for (request, answer) in [(&brotli_alone, marked()), (&request, page(HTML, 20_000))] {
        let answer = compress(request, answer);
        assert_eq!(value(&answer, "content-encoding"), None);
    }
}
