//! Tests requests and their responses over HTTP/3.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::http::{HeaderMap, Method};
use bytes::Buf as _;
use edge::access_log::{Format, Log, Mask, Writing};

use super::client::{answer, piece};
use super::*;

/// How long a test waits to see that nothing happens. If a fault shows later on a slow machine, the
/// test does not notice it.
const SHORT: Duration = Duration::from_secs(2);

#[tokio::test]
async fn who_moves_is_taken_for_nobody_else() {
    let site = Site::open(|_| {});
    let client = Client::trusting(&site.chain);
    let connection = client.connect(site.address, "a.example").await.unwrap();
    let mut talk = Talk::begin(connection).await;
    assert!(talk.get("/seen").await.text().contains("client=127.0.0.1"));
    client.move_to(Ipv4Addr::new(127, 0, 0, 2));
    assert!(talk.get("/seen").await.text().contains("client=127.0.0.1 "));
}

#[tokio::test]
async fn the_app_sees_the_same_as_by_the_other_protocols() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    let headers = [("x-forwarded-for", "192.0.2.1")];
    let mut stream = talk.ask(Method::GET, "/seen?q", &headers).await.unwrap();
    stream.finish().await.unwrap();
    let seen = answer(&mut stream).await.unwrap();
    assert_eq!(
        (seen.status.as_u16(), seen.text().as_str()),
        (
            200,
            "version=HTTP/3.0 uri=/seen?q host=[\"a.example\"] client=127.0.0.1 \
             scheme=https said=a.example forwarded=false"
        )
    );
    for name in ["x-request-id", "strict-transport-security", "date"] {
        assert!(seen.headers.contains_key(name), "{name}");
    }
    assert_eq!(seen.headers["content-length"], seen.body.len().to_string());
    for name in ["connection", "transfer-encoding"] {
        assert!(!seen.headers.contains_key(name), "{name}");
    }
    site.stop().await;
}

#[tokio::test]
async fn a_head_is_asked_for_alone() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    let mut stream = talk.ask(Method::HEAD, "/large", &[]).await.unwrap();
    stream.finish().await.unwrap();
    let head = answer(&mut stream).await.unwrap();
    assert_eq!(head.status, 200);
    assert_eq!(head.headers["content-length"], LARGE.to_string());
    assert!(head.body.is_empty());
    assert_eq!(talk.get("/nowhere").await.status, 404);
    site.stop().await;
}

#[tokio::test]
async fn large_bodies_go_both_ways() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    assert_eq!(talk.get("/large").await.body, vec![b'x'; LARGE]);
    let length = LARGE.to_string();
    let headers = [("content-length", length.as_str())];
    let stream = talk.ask(Method::POST, "/echo", &headers).await.unwrap();
    let (mut up, mut down) = stream.split();
    let sends = tokio::spawn(async move {
        for _ in 0..LARGE / 65_536 {
            up.send_data(Bytes::from(vec![b'y'; 65_536])).await.unwrap();
        }
        up.finish().await.unwrap();
    });
    assert_eq!(down.recv_response().await.unwrap().status(), 200);
    let mut length = 0;
    while let Some(mut data) = down.recv_data().await.unwrap() {
        let whole = data.remaining();
        let data = data.copy_to_bytes(whole);
        assert!(data.iter().all(|byte| *byte == b'y'));
        length += data.len();
    }
    assert_eq!(length, LARGE);
    sends.await.unwrap();
    site.stop().await;
}

#[tokio::test]
async fn pieces_arrive_when_they_are_made() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    let mut stream = talk.ask(Method::GET, "/drip", &[]).await.unwrap();
    stream.finish().await.unwrap();
    assert_eq!(stream.recv_response().await.unwrap().status(), 200);
    // The app sends the second piece after the client has received the first one.
    assert_eq!(piece(&mut stream).await.unwrap().unwrap(), "one");
    site.scene.go.add_permits(1);
    assert_eq!(piece(&mut stream).await.unwrap().unwrap(), "two");
    site.scene.go.add_permits(1);
    assert_eq!(piece(&mut stream).await.unwrap(), None);
    site.stop().await;
}

#[tokio::test]
async fn trailers_go_both_ways() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    let mut stream = talk.ask(Method::POST, "/echo", &[]).await.unwrap();
    stream.send_data(Bytes::from("abc")).await.unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "6".parse().unwrap());
    stream.send_trailers(trailers.clone()).await.unwrap();
    stream.finish().await.unwrap();
    let echoed = answer(&mut stream).await.unwrap();
    assert_eq!(
        (echoed.text().as_str(), echoed.trailers),
        ("abc", Some(trailers))
    );
    site.stop().await;
}

#[tokio::test]
async fn trailers_that_only_a_head_may_have_are_refused() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    for name in ["authorization", "content-length", "host"] {
        let mut stream = talk.ask(Method::POST, "/whole", &[]).await.unwrap();
        stream.send_data(Bytes::from("abc")).await.unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert(name, "6".parse().unwrap());
        stream.send_trailers(trailers).await.unwrap();
        stream.finish().await.unwrap();
        let refused = answer(&mut stream).await.unwrap();
        assert_eq!(refused.status, 400, "{name}");
    }
    site.stop().await;
}

#[tokio::test]
async fn who_waits_for_a_word_hears_it_when_its_body_is_wanted() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    let headers = [("expect", "100-continue")];
    let mut stream = talk.ask(Method::POST, "/whole", &headers).await.unwrap();
    let word = tokio::time::timeout(SOON, stream.recv_response()).await;
    assert_eq!(word.unwrap().unwrap().status(), 100);
    stream.send_data(Bytes::from("abc")).await.unwrap();
    stream.finish().await.unwrap();
    assert_eq!(answer(&mut stream).await.unwrap().text(), "abc");
    // The app does not read this body.
    let mut stream = talk.ask(Method::POST, "/none", &headers).await.unwrap();
    assert_eq!(answer(&mut stream).await.unwrap().status, 404);
    site.stop().await;
}

#[tokio::test]
async fn many_requests_share_a_connection() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    let mut waiting = talk.ask(Method::GET, "/wait", &[]).await.unwrap();
    waiting.finish().await.unwrap();
    site.scene.reached.notified().await;
    for _ in 0..300 {
        assert_eq!(talk.get("/").await.text(), "hello");
    }
    site.scene.go.add_permits(1);
    assert_eq!(answer(&mut waiting).await.unwrap().text(), "waited");
    site.stop().await;
}

#[tokio::test]
async fn who_leaves_is_not_worked_for() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    // The client cancels one request before its response, and another in the middle of its
    // response.
    let mut stream = talk.ask(Method::GET, "/held", &[]).await.unwrap();
    stream.finish().await.unwrap();
    site.scene.reached.notified().await;
    stream.stop_sending(h3::error::Code::H3_REQUEST_CANCELLED);
    let given_up = site.scene.given_up.notified();
    tokio::time::timeout(SOON, given_up).await.unwrap();
    let mut stream = talk.ask(Method::GET, "/endless", &[]).await.unwrap();
    stream.finish().await.unwrap();
    stream.recv_response().await.unwrap();
    assert!(piece(&mut stream).await.unwrap().is_some());
    stream.stop_sending(h3::error::Code::H3_REQUEST_CANCELLED);
    let given_up = site.scene.given_up.notified();
    tokio::time::timeout(SOON, given_up).await.unwrap();
    // The client closes the whole connection.
    let mut stream = talk.ask(Method::GET, "/held", &[]).await.unwrap();
    stream.finish().await.unwrap();
    site.scene.reached.notified().await;
    talk.connection.close(0u32.into(), b"");
    let given_up = site.scene.given_up.notified();
    tokio::time::timeout(SOON, given_up).await.unwrap();
    site.stop().await;
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let site = Site::open(|listen| listen.body_time = SHORT);
    let mut talk = site.talk().await;
    let mut stream = talk.ask(Method::POST, "/echo", &[]).await.unwrap();
    stream.send_data(Bytes::from("abc")).await.unwrap();
    // The client does not finish its body, so the edge resets the stream in the middle of the
    // response.
    let broken = answer(&mut stream).await;
    assert!(broken.is_err(), "{broken:?}");
    // The edge refuses an unfinished request if the app has not begun a response.
    let mut stream = talk.ask(Method::POST, "/whole", &[]).await.unwrap();
    stream.send_data(Bytes::from("abc")).await.unwrap();
    assert_eq!(answer(&mut stream).await.unwrap().status, 408);
    assert_eq!(talk.get("/").await.text(), "hello");
    site.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_given_up() {
    let site = Site::open(|listen| listen.body_time = SHORT);
    let mut talk = site.talk().await;
    let mut stream = talk.ask(Method::GET, "/endless", &[]).await.unwrap();
    stream.finish().await.unwrap();
    let given_up = site.scene.given_up.notified();
    tokio::time::timeout(SOON, given_up).await.unwrap();
    // The client cannot receive the rest of the response.
    assert!(answer(&mut stream).await.is_err());
    assert_eq!(talk.get("/").await.text(), "hello");
    site.stop().await;
}

#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Starts a site that writes its log into this value until the returned [`Writing`] is dropped.
    fn of_site(&self) -> (Site, Writing) {
        let mask: Mask = Arc::new(|text, _| text.to_owned().into());
        let (log, writing) = Log::start(Format::Json, mask, self.clone()).unwrap();
        let options = Options {
            log: Some(log),
            ..Options::default()
        };
        (Site::with(|_| {}, options), writing)
    }

    /// Returns the whole log after the logging thread has stopped. Dropping `writing` waits for
    /// only a second, which may be too short on a busy machine.
    pub(crate) fn after(&self, writing: Writing) -> String {
        drop(writing);
        let begin = Instant::now();
        while Arc::strong_count(&self.0) > 1 {
            assert!(begin.elapsed() < SOON, "somebody writes for ever");
            std::thread::sleep(Duration::from_millis(1));
        }
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn a_head_that_cannot_be_read_has_its_line() {
    let lines = Lines::default();
    let (site, writing) = lines.of_site();
    let client = Client::trusting(&site.chain);
    let connection = client.connect(site.address, "a.example").await.unwrap();
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    // A HEADERS frame without fields.
    send.write_all(&[1, 2, 0, 0]).await.unwrap();
    send.finish().unwrap();
    assert!(receive.read_to_end(1 << 10).await.is_err());
    site.stop().await;
    let line = lines.after(writing);
    for said in [
        "\"protocol\":\"HTTP/3\"",
        "\"status\":400",
        "\"why\":\"refused_header\"",
    ] {
        assert!(line.contains(said), "{said} in {line}");
    }
    assert!(
        !line.contains("\"path\"") && !line.contains("\"method\""),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1, "{line}");
}

#[tokio::test]
async fn a_line_says_by_which_protocol() {
    let lines = Lines::default();
    let (site, writing) = lines.of_site();
    let mut talk = site.talk().await;
    let headers = [("host", "a.example"), ("content-length", "x")];
    let mut stream = talk.ask(Method::GET, "/refused", &headers).await.unwrap();
    stream.finish().await.unwrap();
    assert_eq!(answer(&mut stream).await.unwrap().status, 400);
    site.stop().await;
    let line = lines.after(writing);
    for said in [
        "\"protocol\":\"HTTP/3\"",
        "\"tls\":\"1.3\"",
        "\"status\":400",
        "\"path\":\"/refused\"",
        "\"why\":\"refused_length\"",
        "\"client\":\"127.0.0.1\"",
    ] {
        assert!(line.contains(said), "{said} in {line}");
    }
    assert_eq!(line.lines().count(), 1, "{line}");
}
