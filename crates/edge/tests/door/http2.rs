use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::tls::{files, handshake, secured};
use super::*;

pub(crate) struct Site {
    pub(crate) edge: Edge,
    pub(crate) scene: Scene,
    pub(crate) send: SendRequest<Body>,
    _folder: tempfile::TempDir,
}

pub(crate) async fn site(change: impl FnOnce(&mut Settings)) -> Site {
    let folder = tempfile::tempdir().unwrap();
    let first = files(folder.path(), "first", &["a.example"]);
    let second = files(folder.path(), "second", &["c.example"]);
    let (scene, app) = scene();
    let mut settings = secured(vec![first.clone(), second]);
    change(&mut settings);
    // When the only worker responds, it has handled all earlier connections.
    let edge = try_start(settings, 1, Inherited::default(), &app).unwrap();
    let address = edge.https_addresses()[0];
    let stream = handshake(address, &first.chain, b"h2", "a.example")
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    // With a small window, the edge can send little before the client reads.
    let (send, connection) = Builder::new(TokioExecutor::new())
        .initial_stream_window_size(16_384)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    Site {
        edge,
        scene,
        send,
        _folder: folder,
    }
}

pub(crate) fn to(path: &str) -> axum::http::request::Builder {
    Request::builder().uri(format!("https://a.example{path}"))
}

pub(crate) fn nothing() -> Body {
    Body::new(Empty::new())
}

pub(crate) async fn read(
    answer: axum::http::Response<hyper::body::Incoming>,
) -> (StatusCode, String) {
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn the_app_sees_the_same_as_by_http1() {
    let mut site = site(|_| {}).await;
    let asked = to("/seen?q")
        .header("x-forwarded-for", "192.0.2.1")
        .body(nothing());
    let answer = site.send.send_request(asked.unwrap()).await.unwrap();
    assert!(answer.headers().contains_key("x-request-id"));
    assert!(answer.headers().contains_key("strict-transport-security"));
    let (status, text) = read(answer).await;
    assert_eq!(status, 200);
    let expected = "uri=/seen?q host=[\"a.example\"] client=127.0.0.1 scheme=https said=a.example";
    assert!(text.starts_with(expected), "{text}");
    let sent = to("/echo")
        .method("POST")
        .body(Body::new(Full::from("abc")));
    let answer = site.send.send_request(sent.unwrap()).await.unwrap();
    assert_eq!(read(answer).await, (StatusCode::OK, "abc".to_owned()));
    drop(site.send);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_host_that_differs_or_has_another_certificate_is_not_served() {
    let mut site = site(|_| {}).await;
    for (uri, host, status) in [
        ("https://c.example/", None, 421),
        ("https://a.example/", Some("c.example"), 400),
        ("https://a.example/", Some("A.example"), 200),
        ("https://a..example/", None, 400),
    ] {
        let mut asked = Request::builder().uri(uri);
        if let Some(host) = host {
            asked = asked.header("host", host);
        }
        let asked = asked.body(nothing()).unwrap();
        let answer = site.send.send_request(asked).await.unwrap();
        assert_eq!(answer.status(), status, "{uri} {host:?}");
        // HTTP/2 forbids the header `Connection`.
        assert!(!answer.headers().contains_key("connection"));
    }
    drop(site.send);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_panic_costs_one_stream() {
    let mut site = site(|_| {}).await;
    for (path, status) in [("/panic", 500), ("/", 200)] {
        let asked = to(path).body(nothing()).unwrap();
        let answer = site.send.send_request(asked).await.unwrap();
        assert_eq!(answer.status(), status);
    }
    drop(site.send);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_body_that_panics_costs_one_stream() {
    let mut site = site(|_| {}).await;
    let other = site.send.send_request(to("/wait").body(nothing()).unwrap());
    site.scene.reached.notified().await;
    let asked = to("/panic/body").body(nothing()).unwrap();
    let broken = site.send.send_request(asked).await;
    let is_whole = match broken {
        Ok(answer) => answer.into_body().collect().await.is_ok(),
        Err(_) => false,
    };
    assert!(!is_whole, "its client hears that it broke off");
    // The other stream continues, and the client may send more requests.
    site.scene.go.add_permits(1);
    assert_eq!(read(other.await.unwrap()).await.1, "waited");
    let asked = to("/").body(nothing()).unwrap();
    let answer = site.send.send_request(asked).await.unwrap();
    assert_eq!(read(answer).await, (StatusCode::OK, "hello".to_owned()));
    drop(site.send);
    site.edge.stop().await;
}

#[tokio::test]
async fn streams_that_run_are_finished_when_the_edge_stops() {
    let mut site = site(|_| {}).await;
    let running = site.send.send_request(to("/wait").body(nothing()).unwrap());
    site.scene.reached.notified().await;
    let stopping = tokio::spawn(site.edge.stop());
    // After GOAWAY, the connection accepts no new requests. The running request continues.
    let refused = async {
        let mut other = site.send.clone();
        while other
            .send_request(to("/").body(nothing()).unwrap())
            .await
            .is_ok()
        {}
    };
    tokio::time::timeout(SOON, refused).await.unwrap();
    site.scene.go.add_permits(1);
    assert_eq!(read(running.await.unwrap()).await.1, "waited");
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let mut site = site(|settings| settings.listen.body_time = Duration::from_millis(200)).await;
    let never = Body::new(Never);
    let asked = to("/echo").method("POST").body(never).unwrap();
    let answer = tokio::time::timeout(SOON, site.send.send_request(asked)).await;
    assert!(answer.unwrap().unwrap().status().is_client_error());
    drop(site.send);
    site.edge.stop().await;
}

#[tokio::test]
async fn trailers_that_only_a_head_may_have_are_refused() {
    let mut site = site(|_| {}).await;
    for (name, is_fine) in [("x-sum", true), ("authorization", false), ("host", false)] {
        let mut trailers = HeaderMap::new();
        trailers.insert(name, "x".parse().unwrap());
        let body = Full::new(Bytes::from("abc")).with_trailers(async { Some(Ok(trailers)) });
        let asked = to("/echo").method("POST").body(Body::new(body)).unwrap();
        let answer = site.send.send_request(asked).await.unwrap();
        assert_eq!(answer.status().is_success(), is_fine, "{name}");
    }
    drop(site.send);
    site.edge.stop().await;
}

struct Never;

impl http_body::Body for Never {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn another_protocol_goes_through_a_stream() {
    let mut site = site(|_| {}).await;
    let asked = to("/tunnel")
        .method("CONNECT")
        .extension(hyper::ext::Protocol::from_static("websocket"))
        .body(nothing())
        .unwrap();
    let answer = site.send.send_request(asked).await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut tunnel = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    tunnel.write_all(b"abc").await.unwrap();
    let mut back = [0; 3];
    tunnel.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"abc");
    drop((tunnel, site.send));
    site.edge.stop().await;
}

#[tokio::test]
async fn a_connection_that_asks_for_nothing_is_ended() {
    const SHORT: Duration = Duration::from_millis(200);
    let folder = tempfile::tempdir().unwrap();
    let pair = files(folder.path(), "pair", &["a.example"]);
    let (_, app) = scene();
    let mut settings = secured(vec![pair.clone()]);
    settings.listen.header_time = SHORT;
    let edge = start(settings, &app);
    let address = edge.https_addresses()[0];
    let mut silent = handshake(address, &pair.chain, b"h2", "a.example")
        .await
        .unwrap();
    let _settings_and_the_end = all(&mut silent).await;
    edge.stop().await;

    let mut site = site(|settings| settings.listen.idle_time = SHORT).await;
    let asked = to("/").body(nothing()).unwrap();
    let (status, _) = read(site.send.send_request(asked).await.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    let closed = tokio::time::timeout(SOON, async {
        while site.send.ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    closed.await.unwrap();
    site.edge.stop().await;
}

#[tokio::test]
async fn a_head_that_can_be_read_in_two_ways_is_refused() {
    let mut site = site(|_| {}).await;
    for (name, values, refused) in [
        ("content-length", &["3"][..], None),
        ("content-length", &["3", "3"], Some(400)),
        ("content-length", &["0000000000000000003"], Some(400)),
        ("expect", &["100-Continue"], None),
        ("expect", &["miracles"], Some(417)),
    ] {
        let mut asked = to("/echo").method("POST");
        for value in values {
            asked = asked.header(name, *value);
        }
        let asked = asked.body(Body::new(Full::from("abc"))).unwrap();
        let answer = site.send.send_request(asked).await.unwrap();
        let expected = refused.unwrap_or(200);
        assert_eq!(answer.status(), expected, "{name}: {values:?}");
    }
    // hyper itself resets these streams.
    for values in [&["3", "4"][..], &["+3"], &["3, 3"], &["0x3"]] {
        let mut asked = to("/echo").method("POST");
        for value in values {
            asked = asked.header("content-length", *value);
        }
        let asked = asked.body(Body::new(Full::from("abc"))).unwrap();
        assert!(site.send.send_request(asked).await.is_err(), "{values:?}");
    }
    let asked = to("/").body(nothing()).unwrap();
    let answer = site.send.send_request(asked).await.unwrap();
    assert_eq!(read(answer).await, (StatusCode::OK, "hello".to_owned()));
    drop(site.send);
    site.edge.stop().await;
}

/// A HEADERS frame of a GET request that ends the headers and the stream.
pub(crate) fn request_frame(stream: u32, path: &str) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "a.example"),
        (":path", path),
    ] {
        // A literal that is not added to the dynamic table (RFC 7541, section 6.2.2).
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    let mut frame = vec![0, 0, u8::try_from(block.len()).unwrap(), 1, 5];
    frame.extend(stream.to_be_bytes());
    frame.extend(block);
    frame
}

/// hyper removes the fragment before the edge sees the URL.
#[tokio::test]
async fn a_fragment_goes_no_further() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = files(folder.path(), "a", &["a.example"]);
    let edge = start(secured(vec![certificate.clone()]), &scene().1);
    let address = edge.https_addresses()[0];
    let mut said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    said.extend(request_frame(1, "/seen?q#/admin"));
    let stream = handshake(address, &certificate.chain, b"h2", "a.example").await;
    let mut stream = stream.unwrap();
    stream.write_all(&said).await.unwrap();
    let mut heard = Vec::new();
    let told = async {
        while !String::from_utf8_lossy(&heard).contains("uri=/seen?q host=[\"a.example\"]") {
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
        }
    };
    tokio::time::timeout(SOON, told).await.unwrap();
    drop(stream);
    edge.stop().await;
}
