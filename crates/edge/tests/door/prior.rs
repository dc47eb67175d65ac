//! HTTP/2 in the clear, by prior knowledge (RFC 9113, section 3.3).

use axum::body::Body;
use axum::http::Request;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::client::conn::http2::Builder;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// An empty `SETTINGS` frame.
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

fn nothing() -> Body {
    Body::new(Empty::new())
}

#[tokio::test]
async fn whoever_begins_with_the_preface_is_understood() {
    let (edge, address, _scene) = simple(ListenSettings::default());
    let stream = TokioIo::new(connect(address).await);
    let (mut send, connection) = Builder::new(TokioExecutor::new())
        .handshake(stream)
        .await
        .unwrap();
    tokio::spawn(connection);
    let asked = Request::get("http://a.example/seen?q")
        .body(nothing())
        .unwrap();
    let answer = send.send_request(asked).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    let seen = answer.into_body().collect().await.unwrap().to_bytes();
    let seen = String::from_utf8_lossy(&seen).into_owned();
    let expected = "uri=/seen?q host=[\"a.example\"] client=127.0.0.1 scheme=http said=a.example";
    assert!(seen.starts_with(expected), "{seen}");
    let posted = Request::post("http://a.example/echo");
    let posted = posted.body(Body::new(Full::from("abc"))).unwrap();
    let answer = send.send_request(posted).await.unwrap();
    let echoed = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(echoed, "abc");
    // The same listener still speaks the elder one.
    let elder = request("/").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let elder = exchange(address, elder.as_bytes()).await;
    assert!(
        elder.starts_with("HTTP/1.1 200 ") && elder.ends_with("hello"),
        "{elder}"
    );
    drop(send);
    edge.stop().await;
}

#[tokio::test]
async fn a_preface_may_come_in_pieces() {
    let (edge, address, _scene) = simple(ListenSettings::default());
    for sizes in [1, 5, 23] {
        let mut stream = connect(address).await;
        for piece in [PREFACE, SETTINGS].concat().chunks(sizes) {
            stream.write_all(piece).await.unwrap();
            stream.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        // Its own SETTINGS are what a server says first (section 3.4).
        let mut head = [0; 9];
        let read = stream.read_exact(&mut head);
        tokio::time::timeout(SOON, read).await.unwrap().unwrap();
        assert_eq!(head[3], 4, "{head:?}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn what_only_looks_like_it_is_refused_as_before() {
    let (edge, address, _scene) = simple(ListenSettings::default());
    for (bytes, status) in [
        (&b"PRI * HTTP/2.0\r\n\r\n"[..], "505"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r ", "505"),
        (b"PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\n\r\n", "505"),
        (b"PRI * HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ] {
        let mut stream = connect(address).await;
        stream.write_all(bytes).await.unwrap();
        // It says no more; that it closed already is as good.
        let _ = stream.shutdown().await;
        let heard = all(&mut stream).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(heard.starts_with(&expected), "{bytes:?}: {heard}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn who_does_not_go_on_is_not_waited_for() {
    let (edge, address, _scene) = simple(ListenSettings {
        header_time: Duration::from_millis(200),
        ..ListenSettings::default()
    });
    for bytes in [&b""[..], b"P", b"PRI * HT", b"PRI * HTTP/2.0\r\n\r\nSM\r\n"] {
        let mut stream = connect(address).await;
        // The time may be over before the first byte: then there is no answer.
        let _ = stream.write_all(bytes).await;
        let heard = all(&mut stream).await;
        let is_told = ["HTTP/1.1 408 ", "HTTP/1.1 505 "];
        let is_told = is_told.iter().any(|begin| heard.starts_with(begin));
        assert!(heard.is_empty() || is_told, "{bytes:?}: {heard}");
    }
    // Nor is who begins well and asks nothing.
    let mut stream = connect(address).await;
    let _ = stream.write_all(&[PREFACE, SETTINGS].concat()).await;
    let _ = all(&mut stream).await;
    edge.stop().await;
}

#[tokio::test]
async fn it_follows_what_a_proxy_says_first() {
    let (edge, address, _scene) = simple(ListenSettings {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        proxy_protocol: vec![local()],
        ..ListenSettings::default()
    });
    let mut stream = connect(address).await;
    let line = b"PROXY TCP4 192.0.2.7 10.0.0.1 40000 80\r\n";
    stream.write_all(line).await.unwrap();
    let (mut send, connection) = Builder::new(TokioExecutor::new())
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let asked = Request::get("http://a.example/seen")
        .body(nothing())
        .unwrap();
    let answer = send.send_request(asked).await.unwrap();
    let seen = answer.into_body().collect().await.unwrap().to_bytes();
    let seen = String::from_utf8_lossy(&seen).into_owned();
    assert!(seen.contains("client=192.0.2.7"), "{seen}");
    drop(send);
    edge.stop().await;
}
