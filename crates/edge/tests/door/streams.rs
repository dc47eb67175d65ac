//! Tests slow HTTP/2 clients, and apps that respond slowly.

use std::sync::atomic::AtomicUsize;

use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;

use super::http2::{nothing, read, request_frame, site, to};
use super::tls::{files, handshake, secured};
use super::*;

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_reader_that_opens_no_window_is_given_up() {
    let mut site = site(|settings| settings.listen.body_time = SHORT).await;
    let asked = to("/endless").body(nothing()).unwrap();
    let mut unread = site.send.send_request(asked).await.unwrap();
    assert_eq!(unread.status(), StatusCode::OK);
    let given_up = site.scene.let_go.notified();
    tokio::time::timeout(SOON, given_up).await.unwrap();
    let broken = async { while let Some(Ok(_)) = unread.frame().await {} };
    tokio::time::timeout(SOON, broken).await.unwrap();
    // The connection and its other streams continue.
    let asked = to("/").body(nothing()).unwrap();
    let answer = site.send.send_request(asked).await.unwrap();
    assert_eq!(read(answer).await, (StatusCode::OK, "hello".to_owned()));
    drop((site.send, unread));
    site.edge.stop().await;
}

#[tokio::test]
async fn a_reader_that_waits_for_us_is_not_given_up() {
    let mut site = site(|settings| settings.listen.body_time = SHORT).await;
    let asked = to("/pieces").body(nothing()).unwrap();
    let mut answer = site.send.send_request(asked).await.unwrap();
    for _ in 0..3 {
        // The connection is idle for several times the timeout for a reader.
        tokio::time::sleep(4 * SHORT).await;
        site.scene.go.add_permits(1);
        let piece = tokio::time::timeout(SOON, answer.frame()).await.unwrap();
        assert_eq!(piece.unwrap().unwrap().into_data().unwrap(), "piece");
    }
    drop((site.send, answer));
    site.scene.go.close();
    site.edge.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_read_slowly_is_no_idle_connection() {
    let mut site = site(|settings| settings.listen.idle_time = SHORT).await;
    let asked = to("/large").body(nothing()).unwrap();
    let answer = site.send.send_request(asked).await.unwrap();
    // The connection is idle for longer than the idle timeout and the time for closing a connection
    // together.
    tokio::time::sleep(10 * SHORT).await;
    let whole = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(whole.len(), 64 << 20);
    drop(site.send);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_with_an_id() {
    let mut site = site(|_| {}).await;
    let large = "x".repeat(ListenSettings::default().header_size);
    let asked = to("/").header("x-large", large).body(nothing()).unwrap();
    let answer = site.send.send_request(asked).await.unwrap();
    assert!(answer.headers().contains_key("x-request-id"));
    let (status, text) = read(answer).await;
    assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert!(text.contains("too large"), "{text}");
    drop(site.send);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_tunnel_has_its_own_time_when_the_edge_stops() {
    let mut site = site(|settings| {
        settings.listen.drain_time = SHORT;
        settings.listen.tunnel_time = 10 * SOON;
    })
    .await;
    let asked = to("/tunnel")
        .method("CONNECT")
        .extension(hyper::ext::Protocol::from_static("websocket"))
        .body(nothing())
        .unwrap();
    let answer = site.send.send_request(asked).await.unwrap();
    let mut tunnel = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    let stopping = tokio::spawn(site.edge.stop());
    // The connection is idle for several times the timeout for a request.
    tokio::time::sleep(5 * SHORT).await;
    tunnel.write_all(b"abc").await.unwrap();
    let mut back = [0; 3];
    tunnel.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"abc");
    drop((tunnel, site.send));
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_whose_tunnel_has_ended_is_idle_again() {
    let mut site = site(|settings| settings.listen.idle_time = SHORT).await;
    let asked = to("/tunnel")
        .method("CONNECT")
        .extension(hyper::ext::Protocol::from_static("websocket"))
        .body(nothing())
        .unwrap();
    let answer = site.send.send_request(asked).await.unwrap();
    let mut tunnel = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    // The connection is idle for several times the timeout for an idle connection.
    tokio::time::sleep(5 * SHORT).await;
    tunnel.write_all(b"abc").await.unwrap();
    let mut back = [0; 3];
    tunnel.read_exact(&mut back).await.unwrap();
    tunnel.shutdown().await.unwrap();
    drop(tunnel);
    let closed = tokio::time::timeout(SOON, async {
        while site.send.ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    closed.await.unwrap();
    site.edge.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_holds_little_memory() {
    const STREAMS: u32 = 128;
    const PIECE: usize = 16 << 10;
    // The limit in bytes: for each stream, a held slice and a slice being sent, then the further
    // bytes that the connection may hold, and the socket buffers on both ends.
    const MOST: usize = STREAMS as usize * ((64 << 10) + PIECE) + (1 << 20) + (12 << 20);
    let folder = tempfile::tempdir().unwrap();
    let certificate = files(folder.path(), "a", &["a.example"]);
    let made = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&made);
    let endless = async move || {
        Body::from_stream(futures_util::stream::repeat_with(move || {
            count.fetch_add(PIECE, Ordering::Relaxed);
            Ok::<_, Infallible>(Bytes::from_static(&[b'x'; PIECE]))
        }))
    };
    let app = Router::new()
        .route("/endless", get(endless))
        .route("/", get(async || "hello"));
    let edge = start(secured(vec![certificate.clone()]), &app);
    let address = edge.https_addresses()[0];
    let stream = handshake(address, &certificate.chain, b"h2", "a.example").await;
    let mut stream = stream.unwrap();
    let mut said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS with a window of 16 MiB for each stream, and WINDOW_UPDATE for the connection.
    said.extend(b"\0\0\x06\x04\0\0\0\0\0\0\x04\x01\0\0\0");
    said.extend(b"\0\0\x04\x08\0\0\0\0\0\x40\0\0\0");
    for number in 0..STREAMS {
        said.extend(request_frame(2 * number + 1, "/endless"));
    }
    stream.write_all(&said).await.unwrap();
    let still = async {
        let mut before = 0;
        loop {
            tokio::time::sleep(SHORT).await;
            let now = made.load(Ordering::Relaxed);
            if now == before && now >= STREAMS as usize * PIECE {
                return now;
            }
            before = now;
        }
    };
    let held = tokio::time::timeout(SOON, still).await.unwrap();
    assert!(held <= MOST, "{held}");
    let mut other = handshake(address, &certificate.chain, b"http/1.1", "a.example")
        .await
        .unwrap();
    other.write_all(request("/").as_bytes()).await.unwrap();
    assert!(answer(&mut other).await.ends_with("hello"));
    drop((stream, other));
    edge.stop().await;
}
