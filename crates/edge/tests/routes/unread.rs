//! Tests HTTP/2 connections that the crate h2 closes because of client errors, and request bodies
//! that the app does not read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use edge::access_log::{Format, Log, Mask, Writing};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tokio_rustls::client::TlsStream;

use super::http2::{HTTPS, secure};
use super::told::Lines;
use super::*;

const SOON: Duration = Duration::from_mins(1);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// Encodes a header block of literals (RFC 7541, section 6.2.2).
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

const WHOLE: [(&str, &str); 4] = [
    (":method", "POST"),
    (":scheme", "https"),
    (":authority", "a.example"),
    (":path", "/none"),
];

/// An HTTP/2 connection on which the test writes every byte.
struct Raw(TlsStream<TcpStream>);

impl Raw {
    async fn open(site: &Site) -> Self {
        let mut stream = secure(&site.edge).await;
        let begin = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
        stream.write_all(&begin).await.unwrap();
        Self(stream)
    }

    async fn say(&mut self, frames: &[Vec<u8>]) {
        self.0.write_all(&frames.concat()).await.unwrap();
    }

    /// The next frame's type, flags and stream; `None` if the connection has ended.
    async fn hear(&mut self) -> Option<(u8, u8, u32)> {
        let mut head = [0; 9];
        let read = self.0.read_exact(&mut head);
        tokio::time::timeout(SOON, read).await.unwrap().ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((kind, flags, u32::from_be_bytes(stream)))
    }

    /// Waits for the end of all these streams, and returns those that were reset.
    async fn ended(&mut self, mut streams: Vec<u32>) -> Vec<u32> {
        let mut reset = Vec::new();
        while !streams.is_empty() {
            let (kind, flags, stream) = self.hear().await.unwrap();
            let is_last = [DATA, HEADERS].contains(&kind) && flags & END_STREAM != 0;
            if kind == RST_STREAM && streams.contains(&stream) {
                reset.push(stream);
            }
            if is_last || kind == RST_STREAM {
                streams.retain(|waited| *waited != stream);
            }
        }
        reset
    }
}

fn logged(more: &str) -> (Site, Lines, Writing) {
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let options = Options {
        log: Some(log),
        ..Options::default()
    };
    let site = Site::open(
        &format!("{HTTPS}{more}[[route]]\npath = \"/echo\"\nto = \"app\"\n"),
        options,
    );
    (site, lines, writing)
}

/// The status, protocol and reason in each line of the access log, sorted.
async fn told(site: Site, lines: Lines, writing: Writing) -> Vec<(u64, String, String)> {
    site.edge.stop().await;
    let line = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        // Lines about refused requests contain no method, host or path.
        let is_known = ["method", "host", "path"].map(|key| line[key].is_string());
        assert_eq!(is_known, [!text("why").starts_with("refused"); 3], "{line}");
        (
            line["status"].as_u64().unwrap(),
            text("protocol"),
            text("why"),
        )
    };
    let mut told: Vec<_> = lines.after(writing).lines().map(line).collect();
    told.sort_unstable();
    told
}

struct Refused(Arc<AtomicU64>);

impl Recorder for Refused {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        if key.name() == "edge_http2_connections_refused_total" {
            Counter::from_arc(Arc::clone(&self.0))
        } else {
            Counter::noop()
        }
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test]
async fn a_refused_connection_has_one_line_and_is_counted() {
    let counted = Arc::new(AtomicU64::new(0));
    metrics::set_global_recorder(Refused(Arc::clone(&counted))).unwrap();
    let (site, lines, writing) = logged("");
    let mut raw = Raw::open(&site).await;
    let head = |stream, fields: &[(&str, &str)]| {
        frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(fields))
    };
    raw.say(&[
        head(1, &WHOLE),
        head(3, &WHOLE[..3]),
        head(5, &[&WHOLE[..], &[("connection", "close")]].concat()),
        head(7, &WHOLE),
    ])
    .await;
    assert_eq!(raw.ended(vec![1, 3, 5, 7]).await, [3, 5]);
    // The index is outside HPACK's static and dynamic tables.
    raw.say(&[frame(HEADERS, END_HEADERS | END_STREAM, 9, &[0xff, 0x7f])])
        .await;
    while raw.hear().await.is_some() {}
    let http2 = |status, why: &str| (status, "HTTP/2".to_owned(), why.to_owned());
    assert_eq!(
        told(site, lines, writing).await,
        [
            http2(400, "refused_http2_protocol"),
            http2(404, ""),
            http2(404, "")
        ]
    );
    assert_eq!(counted.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_the_app_leaves_unread_is_read_before_its_response_is_sent() {
    let site = Site::open(
        &format!("{HTTPS}[[route]]\nto = \"app\"\n"),
        Options::default(),
    );
    let mut raw = Raw::open(&site).await;
    let head = |stream, length| {
        let path = (":path", "/facts");
        let fields = [&WHOLE[..3], &[path, ("content-length", length)]].concat();
        frame(HEADERS, END_HEADERS, stream, &block(&fields))
    };
    let data = |stream, flags, data: &[u8]| frame(DATA, flags, stream, data);
    raw.say(&[head(1, "3"), head(3, "3"), head(5, "65537")])
        .await;
    // The response does not wait for a body that is too large to be read.
    let answered = loop {
        let (kind, _, stream) = raw.hear().await.unwrap();
        if kind == HEADERS {
            break stream;
        }
    };
    assert_eq!(answered, 5);
    raw.say(&[data(1, 0, b"ab"), data(1, END_STREAM, b"c")])
        .await;
    assert!(raw.ended(vec![1]).await.is_empty());
    // The body is longer than its head says (RFC 9113, section 8.1.1).
    raw.say(&[data(3, END_STREAM, b"abcd")]).await;
    assert_eq!(raw.ended(vec![3]).await, [3]);
}
