//! Answers that are read without an engine are read as the engine reads them: whatever
//! a server says to a `GET`, which needs none, it may say to `OPTIONS`, which has one.

use std::time::Duration;

use edge::Body;
use edge::proxy::{Pool, Upstream};
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use tokio::io::AsyncWriteExt as _;

use crate::support::{LONG, forward, head, request, server, settings};

/// So often are the two asked when they differ, which may be chance.
const TRIES: usize = 3;

/// What a server says, in two pieces.
#[derive(Debug, Clone)]
struct Said {
    text: Vec<u8>,
    split: usize,
    /// Nothing comes after the answer that does not belong to it.
    is_exact: bool,
    /// How long its server waits for another request.
    patience: Duration,
}

/// What a client gets of it, twice, and on how many connections.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    answers: [Answer; 2],
    connections: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Whole {
        status: u16,
        headers: Vec<(String, Vec<u8>)>,
        body: Vec<u8>,
    },
    /// It began, and had no end; whether that shows at once is a matter of luck.
    Broken,
    Refused(&'static str),
}

fn some_of(texts: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    proptest::sample::select(texts.to_vec()).prop_map(str::to_owned)
}

fn a_line() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => some_of(&[
            "Content-Type: text/plain",
            "Server: nginx/1.22.1",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
            "ETag: \"a\"",
            "X-Hop: 1",
            "Keep-Alive: timeout=5",
            "Connection: keep-alive",
            "X-Empty:",
            "x-odd_name:  spaces \t",
        ]),
        2 => some_of(&[
            "Connection: close",
            "Connection: Keep-Alive, X-Hop",
            "Connection: x-hop,  CLOSE",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: gzip, chunked",
            "Upgrade: h2c",
            "Trailer: X-Sum",
            "Content-Length: 5",
            "Content-Length: +5",
            "Content-Length: 5, 5",
            "Content-Length: 99999999999999999999",
        ]),
        1 => some_of(&["no colon", " folded: line", "space : before", "X-A: b\r", "X-A: \u{1}", "X-Ü: b"]),
    ]
}

/// Chunks, mostly plain ones.
fn chunks() -> impl Strategy<Value = Vec<u8>> {
    let bytes = proptest::collection::vec(any::<u8>(), 1..20);
    let line = prop_oneof![8 => Just("\r\n"), 1 => Just(";a=b\r\n")];
    let chunks = proptest::collection::vec((bytes, line), 0..4);
    let end = prop_oneof![8 => Just("0\r\n\r\n"), 1 => Just("0\r\nX-Sum: 1\r\n\r\n")];
    (chunks, end).prop_map(|(chunks, end)| {
        let mut text = Vec::new();
        for (bytes, line) in chunks {
            text.extend_from_slice(format!("{:X}{line}", bytes.len()).as_bytes());
            text.extend_from_slice(&bytes);
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(end.as_bytes());
        text
    })
}

/// How long it says that it is, what it is, and whether that is true.
fn a_body() -> impl Strategy<Value = (String, Vec<u8>, bool)> {
    let length = |bytes: &[u8]| format!("Content-Length: {}\r\n", bytes.len());
    let bytes = || proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        6 => bytes().prop_map(move |bytes| (length(&bytes), bytes, true)),
        1 => bytes().prop_map(|bytes| ("Content-Length: 17\r\n".to_owned(), bytes, false)),
        1 => bytes().prop_map(|bytes| (String::new(), bytes, false)),
        4 => chunks().prop_map(|text| ("Transfer-Encoding: chunked\r\n".to_owned(), text, true)),
    ]
}

fn what_is_said() -> impl Strategy<Value = Said> {
    let first = prop_oneof![
        12 => some_of(&["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 500 Oh dear"]),
        3 => some_of(&["HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified", "HTTP/1.1 200"]),
        2 => some_of(&[
            "HTTP/1.0 200 OK",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK",
            "HTTP/1.1 101 Switching Protocols",
            "HTTP/1.1 099 Odd",
            "HTTP/1.1 999 Odd",
            "HTTP/2.0 200 OK",
            "\r\nHTTP/1.1 200 OK",
        ]),
    ];
    let lines = proptest::collection::vec(a_line(), 0..5);
    let end = prop_oneof![20 => Just("\r\n"), 1 => Just("\n"), 1 => Just("")];
    (first, lines, a_body(), end, any::<prop::sample::Index>()).prop_map(
        |(first, lines, (framing, body, is_true), end, split)| {
            // What these have no body for is said all the same.
            let is_bodiless = [" 204 ", " 304 "]
                .iter()
                .any(|status| first.contains(status));
            let is_exact = is_true && !is_bodiless;
            // Half an answer has no other half, and what has no length ends so. What is whole
            // is counted by its connections, which a busy machine must not close.
            let patience = if is_exact && end == "\r\n" {
                Duration::from_secs(1)
            } else {
                Duration::from_millis(20)
            };
            let lines: String = lines
                .into_iter()
                .flat_map(|line| [line, "\r\n".to_owned()])
                .collect();
            let mut text = format!("{first}\r\n{lines}{framing}{end}").into_bytes();
            text.extend_from_slice(&body);
            let split = split.index(text.len());
            Said {
                text,
                split,
                is_exact,
                patience,
            }
        },
    )
}

/// Asks twice. Whoever says something is silent then, and closes when the client does
/// not go on.
async fn told(said: &Said, method: &str) -> Told {
    let said = said.clone();
    let server = server(move |_, mut stream| {
        let said = said.clone();
        async move {
            let (first, rest) = said.text.split_at(said.split);
            let mut patience = LONG;
            while let Ok(Some(_)) = tokio::time::timeout(patience, head(&mut stream)).await {
                for piece in [first, rest] {
                    if stream.write_all(piece).await.is_err() {
                        return;
                    }
                    tokio::task::yield_now().await;
                }
                patience = said.patience;
            }
        }
    })
    .await;
    let upstream = Upstream::new(settings(&[server.address]));
    let pool = Pool::default();
    let answers = [
        answer(&pool, &upstream, method).await,
        answer(&pool, &upstream, method).await,
    ];
    Told {
        answers,
        connections: server.accepted(),
    }
}

async fn answer(pool: &Pool, upstream: &std::sync::Arc<Upstream>, method: &str) -> Answer {
    let answer = match forward(pool, upstream, request(method, Body::Empty)).await {
        Ok(answer) => answer,
        // What the engine calls garbled when it comes at once it calls broken off when
        // it comes in pieces.
        Err(error) if ["upstream_closed", "upstream_garbled"].contains(&error.why()) => {
            return Answer::Broken;
        }
        Err(error) => return Answer::Refused(error.why()),
    };
    let (head, body) = answer.into_parts();
    let body = tokio::time::timeout(LONG, body.collect()).await;
    let Ok(body) = body.expect("an end in time") else {
        return Answer::Broken;
    };
    let headers = head.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_owned()))
        .collect();
    headers.sort();
    Answer::Whole {
        status: head.status.as_u16(),
        headers,
        body: body.to_bytes().to_vec(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_engine_reads_what_the_engine_reads(said in what_is_said()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let both = || {
            runtime.block_on(async { tokio::join!(told(&said, "GET"), told(&said, "OPTIONS")) })
        };
        let (mut without, mut with) = both();
        if said.is_exact {
            // Where the machine is busy elsewhere, the server's patience may end between two
            // requests: what differs in truth does so each time.
            for _ in 1..TRIES {
                if without == with {
                    break;
                }
                (without, with) = both();
            }
            prop_assert_eq!(without, with);
        } else {
            // Whether what is too much is seen before or after the next request is sent is
            // a matter of time, with an engine and without.
            prop_assert_eq!(&without.answers[0], &with.answers[0]);
        }
    }
}
