//! Tests WebSockets through routes, over HTTP/1.1 and HTTP/2.

use std::time::Duration;

use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use edge::access_log::{Format, Log, Mask};
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::ext::Protocol;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::access::answering;
use super::http2::{HTTPS, client};
use super::told::Lines;
use super::*;

/// The HTTP versions as in the access log.
const VERSIONS: [&str; 2] = ["HTTP/1.1", "HTTP/2"];

const SOON: Duration = Duration::from_mins(1);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Starts a server. One path has a page that may be cached for a minute, and a WebSocket that
/// echoes messages. The response header `X-Told` repeats the request's `X-Seen`.
async fn live() -> (SocketAddr, DropGuard) {
    answering(any(|mut request: Request| async move {
        let told = request.headers().get("x-seen").cloned();
        let told = [("x-told", told.unwrap_or(HeaderValue::from_static("-")))];
        let Some(key) = request.headers().get(header::SEC_WEBSOCKET_KEY) else {
            return (told, [("cache-control", "max-age=60")], "a page").into_response();
        };
        let accept = derive_accept_key(key.as_bytes());
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let stream = TokioIo::new(upgrade.await.unwrap());
            let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() && socket.send(message).await.is_err() {
                    break;
                }
            }
        });
        let switch = [
            ("connection", "upgrade".to_owned()),
            ("upgrade", "websocket".to_owned()),
            ("sec-websocket-accept", accept),
        ];
        (StatusCode::SWITCHING_PROTOCOLS, told, switch).into_response()
    }))
    .await
}

async fn open(site: &Site, version: &str, path: &str) -> (Response<()>, Socket) {
    let request = http::Request::builder()
        .header("sec-websocket-version", "13")
        .header("host", "a.example");
    let mut answer = if version == "HTTP/2" {
        let mut send = client(&site.edge).await;
        let request = request
            .method("CONNECT")
            .uri(format!("https://a.example{path}"))
            .extension(Protocol::from_static("websocket"));
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        // The request is repeated until the edge's settings have arrived. They permit extended
        // `CONNECT`.
        loop {
            send.ready().await.unwrap();
            match send.send_request(request.clone()).await {
                Ok(answer) => break answer,
                Err(error) if error.is_user() => tokio::task::yield_now().await,
                Err(error) => panic!("{error:?}"),
            }
        }
    } else {
        let stream = TokioIo::new(TcpStream::connect(site.address).await.unwrap());
        let (mut send, connection) = http1::handshake(stream).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        let request = request
            .uri(path)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        send.send_request(request).await.unwrap()
    };
    let expected = if version == "HTTP/2" { 200 } else { 101 };
    assert_eq!(answer.status(), expected);
    let stream = hyper::upgrade::on(&mut answer).await.unwrap();
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Client, None).await;
    (answer.map(drop), socket)
}

async fn echoes(socket: &mut Socket, text: &str) {
    socket.send(text.into()).await.unwrap();
    let heard = socket.next().await.unwrap().unwrap();
    assert_eq!(heard.to_text().unwrap(), text);
}

#[tokio::test]
async fn a_websocket_takes_nothing_out_of_the_cache() {
    let (server, _running) = live().await;
    let route = format!("{HTTPS}[[route]]\nto = \"http://{server}\"\nshared_cache = {{}}\n");
    let site = Site::open(&route, Options::default());
    assert_eq!(site.get("/live").await.body, "a page");
    for version in VERSIONS {
        let (_, mut socket) = open(&site, version, "/live").await;
        echoes(&mut socket, "hello").await;
        let kept = site.get("/live").await;
        let status = kept.header("cache-status").unwrap();
        assert!(status.contains("hit"), "{version}: {status}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn who_is_asked_hears_of_a_websocket_as_of_a_get() {
    let (server, _running) = live().await;
    let (judge, _judging) = answering(any(|request: Request| async move {
        let method = request.headers().get("x-forwarded-method").cloned();
        [("x-seen", method.unwrap())].into_response()
    }))
    .await;
    let site = Site::open(
        &format!(
            "{HTTPS}[[route]]\nto = \"http://{server}\"\n\
             access = {{ ask = {{ to = \"http://{judge}\", path = \"/\", copy = [\"X-Seen\"] }} }}\n"
        ),
        Options::default(),
    );
    for version in VERSIONS {
        let (answer, _socket) = open(&site, version, "/live").await;
        assert_eq!(answer.headers()["x-told"], "GET", "{version}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn a_websocket_has_one_line_when_it_ends() {
    let (server, _running) = live().await;
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.to_owned().into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let options = Options {
        log: Some(log),
        ..Options::default()
    };
    let route =
        format!("{HTTPS}listen.tunnel_time = \"1ms\"\n[[route]]\nto = \"http://{server}\"\n");
    let site = Site::open(&route, options);
    let mut open_ones = Vec::new();
    for version in VERSIONS {
        for path in ["/left", "/kept"] {
            let (_, mut socket) = open(&site, version, path).await;
            for _ in 0..10 {
                echoes(&mut socket, "hello").await;
            }
            if path == "/kept" {
                open_ones.push(socket);
                continue;
            }
            socket.close(None).await.unwrap();
            // The end of the stream comes after the server has closed its side.
            while let Some(Ok(_)) = socket.next().await {}
        }
    }
    // The access log has lines only for ended connections.
    let told = async {
        while lines.text().matches("\"/left\"").count() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, told).await.unwrap();
    assert!(!lines.text().contains("/kept"));
    let stopping = tokio::spawn(site.edge.stop());
    for mut socket in open_ones {
        while let Some(Ok(_)) = socket.next().await {}
    }
    stopping.await.unwrap();
    let text = lines.after(writing);
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4, "{text}");
    for version in VERSIONS {
        for (path, why) in [("/left", ""), ("/kept", "tunnel_closed")] {
            let is_it =
                |line: &&serde_json::Value| line["protocol"] == *version && line["path"] == *path;
            let line = lines.iter().find(is_it).unwrap();
            let status = if version == "HTTP/2" { 200 } else { 101 };
            assert_eq!(line["status"], status, "{line}");
            assert_eq!(line["why"].as_str().unwrap_or_default(), why, "{line}");
            // Each message has 5 bytes of data and a frame header: 2 bytes from the server, 6 from
            // a client.
            assert!(line["received"].as_u64().unwrap() >= 110, "{line}");
            assert!(line["sent"].as_u64().unwrap() >= 70, "{line}");
            assert_eq!(line["upstream"], format!("http://{server}"), "{line}");
        }
    }
}
