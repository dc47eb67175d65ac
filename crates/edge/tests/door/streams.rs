//! Streams of HTTP/2 that take their time, on either side.

use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;

use super::http2::{nothing, read, site, to};
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
    // The connection and its other streams live on.
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
        // Time is what is tested here: several times what a reader gets.
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
    // Time is what is tested here: several times what an idle connection gets, and
    // what it has to go.
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
    // Time is what is tested here: several times what a request gets.
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
    // Time is what is tested here: several times what an idle connection gets.
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
