//! Tests the format of log lines, and that no line can be lost or forged.

use std::borrow::Cow;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Version};
use http_body_util::{BodyExt as _, Empty, Full};
use proptest::prelude::*;

use super::*;
use crate::body::LoggedBody;
use crate::request_id::RequestId;

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn mask() -> Mask {
    Arc::new(|text, whose| {
        if text.contains("secret") && whose == PathOwner::App {
            Cow::Owned(text.replace("secret", "***"))
        } else {
            Cow::Borrowed(text)
        }
    })
}

fn line(target: &str) -> Line<'_> {
    Line {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123),
        id: "id-1",
        client: Some([192, 0, 2, 1].into()),
        method: "GET",
        host: "kad.example",
        target,
        whose: PathOwner::App,
        shown: "",
        referrer: b"https://kad.example/i/secret",
        agent: b"curl/8",
        status: 200,
        received: 1,
        sent: 2,
        queue: None,
        upstream_time: Some(Duration::from_micros(15)),
        all: Duration::from_millis(3),
        route: "*/",
        upstream: "",
        protocol: "HTTP/2",
        tls: "1.3",
        cache: "",
        why: "",
    }
}

fn written(format: Format, line: &Line<'_>) -> String {
    let mut out = Vec::new();
    line.write(format, &mask(), &mut ClockText::default(), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn lines_look_as_agreed_and_codes_are_masked() {
    assert_eq!(
        written(Format::Json, &line("/i/secret?code=secret")),
        concat!(
            r#"{"timestamp":"2023-11-14T22:13:20.123000Z","level":"INFO","message":"request","#,
            r#""request_id":"id-1","client":"192.0.2.1","method":"GET","#,
            r#""host":"kad.example","path":"/i/***","query":"code=***","#,
            r#""referrer":"https://kad.example/i/***","agent":"curl/8","status":200,"received":1,"#,
            r#""sent":2,"upstream_us":15,"duration_us":3000,"route":"*/","protocol":"HTTP/2","tls":"1.3","target":"edge"}"#,
            "\n"
        )
    );
    assert_eq!(
        written(Format::Combined, &line("/i/secret?a")),
        "192.0.2.1 - - [14/Nov/2023:22:13:20 +0000] \"GET /i/***?a HTTP/2\" 200 2 \
         \"https://kad.example/i/***\" \"curl/8\" request_id=\"id-1\" host=\"kad.example\" \
         received=1 upstream_us=15 duration_us=3000 route=\"*/\" tls=\"1.3\"\n"
    );
    let neighbours = Line {
        whose: PathOwner::Other,
        ..line("/secret")
    };
    let text = written(Format::Combined, &neighbours);
    assert!(text.contains("GET /secret HTTP/2"), "{text}");
    assert!(text.contains("kad.example/i/***"), "a referrer: {text}");
    let known = Line {
        shown: "/login",
        ..line("/l%6fgin?secret=secret")
    };
    let text = written(Format::Combined, &known);
    assert!(text.contains("GET /login?***=*** HTTP/2"), "{text}");
    let text = written(Format::Json, &known);
    assert!(
        text.contains(r#""path":"/login","query":"***=***""#),
        "{text}"
    );
    let broken = Line {
        client: None,
        method: "",
        host: "",
        referrer: b"",
        agent: b"",
        status: 400,
        upstream_time: None,
        route: "",
        tls: "",
        why: "line_end",
        ..line("")
    };
    assert_eq!(
        written(Format::Combined, &broken),
        "- - - [14/Nov/2023:22:13:20 +0000] \"-\" 400 2 \"-\" \"-\" request_id=\"id-1\" \
         received=1 duration_us=3000 why=\"line_end\"\n"
    );
}

const BIDIRECTIONAL: &[char] = &[
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

#[test]
fn no_line_is_read_in_another_order_than_written() {
    let agent: String = BIDIRECTIONAL.iter().collect();
    let escaped = concat!(
        r"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e",
        r"\u2066\u2067\u2068\u2069"
    );
    let line = Line {
        agent: agent.as_bytes(),
        ..line("/")
    };
    for format in [Format::Json, Format::Combined] {
        let text = written(format, &line);
        assert!(text.contains(&format!("\"{escaped}\"")), "{text}");
    }
    let mut out = Vec::new();
    in_reading_order(&mut out, &format!("مرحبا {agent} é"));
    let out = String::from_utf8(out).unwrap();
    assert_eq!(out, format!("مرحبا {escaped} é"));
}

proptest! {
    #[test]
    fn no_request_forges_a_line(
        target in "/[\\x00-\\xff\"\\\\\u{61c}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]{0,30}",
        agent in proptest::collection::vec(any::<u8>(), 0..30),
    ) {
        let harmless = Line { why: "limit", ..line("/") };
        let line = Line { agent: &agent, why: &target, ..line(&target) };
        for format in [Format::Json, Format::Combined] {
            let text = written(format, &line);
            prop_assert_eq!(text.matches('\n').count(), 1);
            prop_assert!(!text.trim_end_matches('\n').chars().any(char::is_control));
            prop_assert!(!text.chars().any(|letter| BIDIRECTIONAL.contains(&letter)));
        }
        let json: serde_json::Value = serde_json::from_str(&written(Format::Json, &line)).unwrap();
        prop_assert_eq!(json["why"].as_str(), Some(&*target));
        let quotes = |line| written(Format::Combined, line).matches('"').count();
        prop_assert_eq!(quotes(&line), quotes(&harmless));
    }
}

#[test]
fn every_line_of_every_worker_is_written_before_the_end() {
    let paper = Paper::default();
    let (log, writing) = Log::start(Format::Json, mask(), paper.clone()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let log = log.for_worker();
            scope.spawn(move || (0..500).for_each(|_| log.line(&line("/"))));
        }
    });
    drop(writing);
    assert_eq!(paper.text().lines().count(), 2_000);
}

/// A log target that reports each write to the test, and then blocks until the test permits the
/// write.
struct Stuck(mpsc::Sender<()>, mpsc::Receiver<()>, Paper);

impl Write for Stuck {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(());
        let _ = self.1.recv();
        self.2.write(lines)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stuck_disk_holds_nobody_and_what_is_dropped_is_counted() {
    let (is_stuck, stuck) = mpsc::channel();
    let (go, gone) = mpsc::channel();
    let paper = Paper::default();
    let disk = Stuck(is_stuck, gone, paper.clone());
    let (log, writing) = Log::start(Format::Json, mask(), disk).unwrap();
    log.line(&line("/"));
    stuck.recv().unwrap();
    let long = format!("/{}", "x".repeat(10_000));
    let many = 2 * MAX_BUFFERED_BYTES / long.len();
    (0..many).for_each(|_| log.line(&line(&long)));
    let dropped = log.0.dropped.load(Ordering::Relaxed);
    assert!(dropped > 0);
    drop(go);
    drop(writing);
    let written = paper.text();
    assert!(written.len() <= MAX_BUFFERED_BYTES + 1_024);
    assert_eq!(written.lines().count() as u64 + dropped, 1 + many as u64);
}

fn entry(log: &Log, method: Method, status: StatusCode) -> Box<Entry> {
    Box::new(Entry {
        log: log.clone(),
        time: SystemTime::UNIX_EPOCH,
        began: tokio::time::Instant::now(),
        id: RequestId::parse("id-1").unwrap(),
        client: None,
        method: Some(method),
        host: "kad.example".into(),
        target: Some("/x".parse().unwrap()),
        whose: PathOwner::App,
        shown: None,
        referrer: Some(HeaderValue::from_static("r")),
        agent: None,
        version: Version::HTTP_11,
        tls: "",
        status,
        received: Some(Arc::new(Upload {
            received: AtomicU64::new(7),
            ..Upload::default()
        })),
        queue: None,
        upstream_time: None,
        route: None,
        upstream: None,
        cache: "",
        why: "",
    })
}

#[tokio::test]
async fn an_answer_has_exactly_one_line_however_it_ends() {
    let paper = Paper::default();
    let (log, writing) = Log::start(Format::Json, mask(), paper.clone()).unwrap();
    let entry = |method, status| entry(&log, method, status);
    let whole = LoggedBody::new(
        Full::new(Bytes::from("12345")),
        entry(Method::GET, StatusCode::OK),
    );
    whole.collect().await.unwrap();
    let empty = LoggedBody::new(Empty::<Bytes>::new(), entry(Method::GET, StatusCode::OK));
    empty.collect().await.unwrap();
    // hyper sends no body in response to `HEAD` or with a 304.
    drop(LoggedBody::new(
        Full::new(Bytes::from("12345")),
        entry(Method::HEAD, StatusCode::OK),
    ));
    drop(LoggedBody::new(
        Full::new(Bytes::new()),
        entry(Method::GET, StatusCode::NOT_MODIFIED),
    ));
    drop(LoggedBody::new(
        Full::new(Bytes::from("12345")),
        entry(Method::GET, StatusCode::OK),
    ));
    drop(writing);
    let lines: Vec<serde_json::Value> = paper
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["sent"].as_u64().unwrap(),
                line["why"].as_str().unwrap_or(""),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (5, ""),
            (0, ""),
            (0, ""),
            (0, ""),
            (0, "the client went away")
        ]
    );
    assert_eq!(lines[0]["received"], 7);
}

#[tokio::test]
async fn a_tunnel_of_which_nobody_said_how_it_ended_is_broken() {
    let paper = Paper::default();
    let (log, writing) = Log::start(Format::Json, mask(), paper.clone()).unwrap();
    let both_were_done = Tunnelled::default();
    both_were_done.ended("");
    // The second tunnel has no recorded end, as if its task had been dropped or had panicked.
    for tunnelled in [both_were_done, Tunnelled::default()] {
        tunnelled.answered(entry(&log, Method::GET, StatusCode::SWITCHING_PROTOCOLS));
    }
    drop(log);
    drop(writing);
    let why: Vec<_> = paper
        .text()
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["why"].as_str().map(str::to_owned)
        })
        .collect();
    assert_eq!(why, [None, Some("tunnel_broken".to_owned())]);
}
