//! Servers of HTTP/2 that say what they did not begin (RFC 9113, sections 6.8 and 8.7),
//! and that die without a word.

use edge::Body;
use edge::proxy::{Pool, ServerAddress, Upstream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::support::{collect, forward, head, ok, request, server, settings};

/// What a server does when a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Answer,
    /// The stream is refused.
    Refuse,
    /// The connection goes away, and what has come last was not begun.
    GoAway,
    /// The connection goes away, and what has come last is answered.
    AnswerLast,
    /// It is over.
    Close,
}

/// What each connection that a server takes does; then it takes no more.
type Acts = &'static [&'static [Act]];

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
/// `END_STREAM`; of settings: `ACK`.
const END: u8 = 1;
const END_HEADERS: u8 = 4;
const NO_ERROR: [u8; 4] = [0; 4];
const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];
/// `:status: 200`, of the static table.
const OK: [u8; 1] = [0x88];

async fn say(stream: &mut TcpStream, kind: u8, flags: u8, on: u32, text: &[u8]) {
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    let start = [&length[1..], &[kind, flags], &on.to_be_bytes()].concat();
    // Whoever is gone does not hear it.
    let _ = stream.write_all(&[&start, text].concat()).await;
}

/// The next request, as the number of its stream; none at the end.
async fn hear(stream: &mut TcpStream) -> Option<u32> {
    loop {
        let mut start = [0; 9];
        stream.read_exact(&mut start).await.ok()?;
        let length = u32::from_be_bytes([0, start[0], start[1], start[2]]);
        let mut text = vec![0; length as usize];
        stream.read_exact(&mut text).await.ok()?;
        match (start[3], start[4]) {
            (HEADERS, _) => {
                return Some(u32::from_be_bytes([start[5], start[6], start[7], start[8]]));
            }
            (SETTINGS, 0) => say(stream, SETTINGS, END, 0, &[]).await,
            _ => {}
        }
    }
}

/// Speaks HTTP/2 on one connection: to each request that comes, the next of these, or
/// the last again.
async fn speak(mut stream: TcpStream, acts: &[Act]) {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    say(&mut stream, SETTINGS, 0, 0, &[]).await;
    let mut acts = acts.iter();
    let mut next = Act::Answer;
    loop {
        next = *acts.next().unwrap_or(&next);
        let Some(number) = hear(&mut stream).await else {
            return;
        };
        let goes_away = |last: u32| [last.to_be_bytes(), NO_ERROR].concat();
        match next {
            Act::Answer | Act::AnswerLast => {
                if next == Act::AnswerLast {
                    say(&mut stream, GOAWAY, 0, 0, &goes_away(number)).await;
                }
                say(&mut stream, HEADERS, END_HEADERS, number, &OK).await;
                say(&mut stream, DATA, END, number, b"one").await;
            }
            Act::Refuse => say(&mut stream, RST_STREAM, 0, number, &REFUSED_STREAM).await,
            Act::GoAway => {
                let before = goes_away(number.saturating_sub(2));
                say(&mut stream, GOAWAY, 0, 0, &before).await;
            }
            Act::Close => return,
        }
    }
}

/// A server of HTTP/2 that is gone when these connections are.
async fn mortal(connections: Acts) -> ServerAddress {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut running = tokio::task::JoinSet::new();
        for acts in connections {
            let (stream, _) = listener.accept().await.unwrap();
            running.spawn(speak(stream, acts));
        }
        drop(listener);
        running.join_all().await;
    });
    let plain = settings(&[address]).members.remove(0).address;
    ServerAddress::Http2(Box::new(plain))
}

/// What two requests come to that meet a server after each was asked for `GET` once: the
/// mortal one and one that is well. And what the latter was asked then.
async fn asked(connections: Acts, method: &str) -> (Vec<&'static str>, Vec<String>) {
    let (told, mut heads) = mpsc::unbounded_channel();
    let well = server(move |_, mut stream| {
        let told = told.clone();
        async move {
            while let Some(head) = head(&mut stream).await {
                told.send(head).unwrap();
                stream.write_all(ok("one").as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let mut settings = settings(&[well.address, well.address]);
    settings.members[0].address = mortal(connections).await;
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    let mut came = Vec::new();
    for method in ["GET", "GET", method, method] {
        let mut request = request(method, Body::Empty);
        let claim = "198.51.100.1".parse().unwrap();
        request.headers_mut().insert("x-forwarded-for", claim);
        came.push(match forward(&pool, &upstream, request).await {
            Ok(answer) => {
                assert_eq!(collect(answer).await, "one");
                "one"
            }
            Err(error) => error.why(),
        });
    }
    assert_eq!(came[..2], ["one", "one"]);
    let heads = std::iter::from_fn(|| heads.try_recv().ok()).skip(1);
    (came.split_off(2), heads.collect())
}

const NEVER_BEGINS: [Acts; 4] = [
    &[&[Act::Answer, Act::GoAway]],
    &[&[Act::Answer, Act::Refuse]],
    &[&[Act::Answer, Act::GoAway], &[Act::GoAway]],
    &[&[Act::Answer, Act::Refuse], &[Act::Refuse]],
];

#[tokio::test]
async fn what_a_server_says_it_did_not_begin_another_is_asked() {
    for connections in NEVER_BEGINS {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let (came, heads) = asked(connections, method).await;
            assert_eq!(came, ["one", "one"], "{method} {connections:?}");
            assert_eq!(heads.len(), 2, "{method} {connections:?}");
        }
    }
}

const MAY_BEGIN: [Acts; 3] = [
    &[&[Act::Answer, Act::Close]],
    // It says of the second try alone that it did not.
    &[&[Act::Answer, Act::Close], &[Act::GoAway]],
    &[&[Act::Answer, Act::Close], &[Act::Refuse]],
];

#[tokio::test]
async fn what_a_server_may_have_begun_is_changed_by_no_other() {
    for connections in MAY_BEGIN {
        for method in ["POST", "PUT", "DELETE"] {
            let (came, heads) = asked(connections, method).await;
            assert_eq!(came, ["upstream_closed", "one"], "{method} {connections:?}");
            assert_eq!(heads.len(), 1, "{method} {connections:?}");
        }
    }
}

#[tokio::test]
async fn what_a_server_has_begun_before_it_goes_it_answers() {
    let (came, heads) = asked(&[&[Act::Answer, Act::AnswerLast]], "POST").await;
    assert_eq!(came, ["one", "one"]);
    assert_eq!(heads.len(), 1);
}

#[tokio::test]
async fn who_asks_again_is_told_of_as_before() {
    let (_, heads) = asked(&[&[Act::Answer, Act::Close]], "GET").await;
    assert_eq!(heads.len(), 2);
    for head in heads {
        assert!(head.contains("x-forwarded-for: 203.0.113.7\r\n"), "{head}");
        assert!(!head.contains("198.51.100.1"), "{head}");
    }
}
