//! Random messages, each from a seed. All parsers must agree on where a message ends, however its
//! bytes are split.
//!
//! `HTTP1_FROM=NUMBER HTTP1_SECONDS=28800 cargo test --release -p http1 --test messages generated
//! -- --nocapture` is a long run, and prints the next seed at its end.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::reader::{Followed, Reader};
use bytes::Bytes;
use http::HeaderMap;
use http1::{Chunks, Decoded, Read, read};

/// The number of cases in a run without a time limit.
const CASES: u64 = 5_000;
const LIMIT: usize = 2_048;

/// Random values from a seed (`SplitMix64`).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn sometimes(&mut self) -> bool {
        self.below(8) == 0
    }

    /// Deletes, duplicates or replaces some bytes.
    fn spoil(&mut self, bytes: &mut Vec<u8>, range: Range<usize>) {
        const OTHERS: &[u8] = b"\r\n\0\t :;,0af/?#\x7f\x80\xff";
        for _ in 0..self.below(3) {
            let at = range.start + self.below(range.len());
            let Some(&byte) = bytes.get(at) else {
                continue;
            };
            match self.below(4) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, byte),
                2 => bytes.insert(at, OTHERS[self.below(OTHERS.len())]),
                _ => bytes[at] = OTHERS[self.below(OTHERS.len())],
            }
        }
    }

    fn chunks(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.below(4) {
            let size = 1 + self.below(40);
            let extension = self.one(&["", "", "", ";a", ";a=b", "; a=\"b\""]);
            let zeros = self.one(&["", "", "0", "000"]);
            bytes.extend(format!("{zeros}{size:x}{extension}\r\n").bytes());
            bytes.extend((0..size).map(|_| b"ab\r\n0"[self.below(5)]));
            bytes.extend(b"\r\n");
        }
        bytes.extend(self.one(&["0", "0", "00", "0;a"]).bytes());
        bytes.extend(b"\r\n");
        if self.sometimes() {
            bytes.extend(
                self.one(&["X-Sum: 1\r\n", "A: b\r\nC: d\r\n", "Host: a\r\n"])
                    .bytes(),
            );
        }
        bytes.extend(b"\r\n");
    }

    fn lines(&mut self, bytes: &mut Vec<u8>, framing: &str) {
        const LINES: [&str; 10] = [
            "Accept: */*\r\n",
            "Connection: close\r\n",
            "Connection: keep-alive\r\n",
            "Connection: upgrade\r\nUpgrade: websocket\r\n",
            "Cookie: a=b; c=d\r\n",
            "Content-Length: 3\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Expect: 100-continue\r\n",
            "X-Empty:\r\n",
        ];
        bytes.extend(framing.bytes());
        for _ in 0..self.below(3) {
            bytes.extend(self.one(&LINES).bytes());
        }
        bytes.extend(b"\r\n");
    }

    /// Valid or nearly valid requests.
    fn requests(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..=self.below(3) {
            let begin = bytes.len();
            let empty = if self.sometimes() { "\r\n" } else { "" };
            let method = self.one(&[
                "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "X",
            ]);
            let target = self.one(&["/", "/a?b", "/%2e", "*", "http://a/", "/^", "//a"]);
            let version = self.one(&["1.1", "1.1", "1.1", "1.0", "2.0"]);
            let host = self.one(&["Host: a\r\n", "Host: a:80\r\n", "Host: a\r\n", ""]);
            bytes.extend(format!("{empty}{method} {target} HTTP/{version}\r\n{host}").bytes());
            let length = self.below(30);
            match self.below(3) {
                0 => self.lines(&mut bytes, ""),
                1 => {
                    self.lines(&mut bytes, &format!("Content-Length: {length}\r\n"));
                    bytes.extend((0..length).map(|_| b"ab\r\n"[self.below(4)]));
                }
                _ => {
                    self.lines(&mut bytes, "Transfer-Encoding: chunked\r\n");
                    self.chunks(&mut bytes);
                }
            }
            if self.sometimes() {
                let end = bytes.len();
                self.spoil(&mut bytes, begin..end);
            }
        }
        bytes
    }

    fn answer(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.sometimes() {
            bytes.extend(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        }
        let version = self.one(&["1.1", "1.1", "1.1", "1.0"]);
        let status = self.one(&[
            "200 OK",
            "404 NOT FOUND",
            "204 No Content",
            "304",
            "101 X",
            "299 a",
        ]);
        bytes.extend(format!("HTTP/{version} {status}\r\n").bytes());
        let length = self.below(30);
        match self.below(3) {
            0 => self.lines(&mut bytes, ""),
            1 => {
                self.lines(&mut bytes, &format!("Content-Length: {length}\r\n"));
                bytes.extend((0..length).map(|_| b'x'));
            }
            _ => {
                self.lines(&mut bytes, "Transfer-Encoding: chunked\r\n");
                self.chunks(&mut bytes);
            }
        }
        if self.sometimes() {
            let end = bytes.len();
            self.spoil(&mut bytes, 0..end);
        }
        bytes
    }

    /// Returns at most three random positions at which the bytes are split, followed by `length`.
    fn places(&mut self, length: usize) -> Vec<usize> {
        let mut places: Vec<_> = (0..self.below(4)).map(|_| self.below(length)).collect();
        places.push(length);
        places.sort_unstable();
        places
    }
}

/// Passes the bytes to a reader in pieces that end at these positions. Returns the result and the
/// request bodies.
fn let_through(bytes: &[u8], places: &[usize]) -> (Followed, Vec<u8>) {
    let mut reader = Reader::new(LIMIT);
    let mut before = 0;
    for &place in places {
        reader.follow(&bytes[before..place]);
        before = place;
    }
    (reader.followed, reader.bodies)
}

/// The data of a chunked body and the position after its end; `None` if the body is incomplete or
/// invalid.
fn decoded(bytes: &[u8], places: &[usize]) -> Option<(Vec<u8>, usize)> {
    let (mut chunks, mut data, mut before) = (Chunks::of_answer(), Vec::new(), 0);
    for &place in places {
        let mut came = Bytes::copy_from_slice(&bytes[before..place]);
        before = place;
        while let Some(part) = chunks.next(&mut came).ok()? {
            match part {
                Decoded::Data(more) => data.extend_from_slice(&more),
                Decoded::End(_) => return Some((data, place - came.len())),
            }
        }
    }
    None
}

fn requests_are_read_in_one_way(draw: &mut Draw) {
    let bytes = draw.requests();
    let whole = let_through(&bytes, &[bytes.len()]);
    let places = draw.places(bytes.len());
    assert_eq!(let_through(&bytes, &places), whole, "split at {places:?}");
    let every: Vec<_> = (1..=bytes.len()).collect();
    assert_eq!(let_through(&bytes, &every), whole, "byte by byte");
}

fn chunks_end_in_one_place(draw: &mut Draw) {
    const HEAD: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut body = Vec::new();
    draw.chunks(&mut body);
    if draw.sometimes() {
        let end = body.len();
        draw.spoil(&mut body, 0..end);
    }
    let whole = decoded(&body, &[body.len()]);
    let places = draw.places(body.len());
    assert_eq!(decoded(&body, &places), whole, "split at {places:?}");
    let every: Vec<_> = (1..=body.len()).collect();
    assert_eq!(decoded(&body, &every), whole, "byte by byte");

    // If the request parser accepts a chunked message, the response parser must find the same end
    // and content.
    let mut reader = Reader::new(LIMIT);
    reader.follow(HEAD);
    for (place, byte) in body.iter().enumerate() {
        reader.follow(&[*byte]);
        if reader.is_between() {
            assert_eq!(whole, Some((reader.bodies, place + 1)));
            break;
        }
    }
}

fn an_answer_is_read_in_one_way(draw: &mut Draw) {
    let bytes = draw.answer();
    let is_head = draw.sometimes();
    let read_to = |end: usize| {
        let came = Bytes::copy_from_slice(&bytes[..end]);
        read(&came, is_head, &mut HeaderMap::new())
    };
    let mut first = None;
    for end in 0..=bytes.len() {
        match (read_to(end), &first) {
            (Read::Part, None) => {}
            (Read::Part, Some(_)) => panic!("a head that was there is not, at {end}"),
            (Read::Whole(head), None) => {
                assert!(head.first.is_empty(), "a body before its head has ended");
                first = Some((head.parts.status, head.parts.headers));
            }
            (Read::Whole(head), Some((status, headers))) => {
                assert_eq!((head.parts.status, &head.parts.headers), (*status, headers));
            }
            (Read::Interim(length), _) => return assert!(length <= end),
            // Further bytes cannot make an invalid message valid.
            (Read::Bad(_), _) => return,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a long run is told where to begin and when to end"
)]
fn told(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn whatever_comes_is_read_in_one_way() {
    let from = told("HTTP1_FROM").unwrap_or(0);
    let time = told("HTTP1_SECONDS").map(Duration::from_secs);
    let begin = Instant::now();
    let mut number = from;
    while time.map_or(number < from + CASES, |time| begin.elapsed() < time) {
        let case = number;
        let tried = std::panic::catch_unwind(|| {
            requests_are_read_in_one_way(&mut Draw(case));
            chunks_end_in_one_place(&mut Draw(case));
            an_answer_is_read_in_one_way(&mut Draw(case));
        });
        assert!(tried.is_ok(), "case {case}: HTTP1_FROM={case}");
        number += 1;
    }
    println!("{} cases; the next is HTTP1_FROM={number}", number - from);
}
