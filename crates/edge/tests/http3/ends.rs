//! Tests how HTTP/3 connections end: when the edge stops or reloads, and by timeouts.

use axum::http::Method;
use quinn::ConnectionError;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::answer;
use super::*;

#[tokio::test]
async fn what_runs_is_finished_when_the_edge_stops() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    let mut waiting = talk.ask(Method::GET, "/wait", &[]).await.unwrap();
    waiting.finish().await.unwrap();
    site.scene.reached.notified().await;
    let stopping = tokio::spawn(site.edge.stop());
    // After GOAWAY, the connection accepts no new requests. Running requests continue.
    let told = async {
        while let Ok(mut stream) = talk.ask(Method::GET, "/", &[]).await {
            let _ = stream.finish().await;
            let _ = answer(&mut stream).await;
        }
    };
    tokio::time::timeout(SOON, told).await.unwrap();
    site.scene.go.add_permits(1);
    assert_eq!(answer(&mut waiting).await.unwrap().text(), "waited");
    drop(waiting);
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
    let ended = talk.connection.closed().await;
    let in_peace = matches!(
        &ended,
        ConnectionError::ApplicationClosed(closed) if closed.error_code == 0x100_u32.into()
    );
    assert!(
        in_peace || ended == ConnectionError::LocallyClosed,
        "{ended:?}"
    );
}

#[tokio::test]
async fn nothing_that_was_taken_is_lost_when_the_edge_stops_under_load() {
    let site = Site::open(|_| {});
    let warm = Arc::new(Semaphore::new(0));
    let mut clients = Vec::new();
    for _ in 0..8 {
        let mut talk = site.talk().await;
        let warm = Arc::clone(&warm);
        clients.push(tokio::spawn(async move {
            let mut answered = 0;
            while let Ok(mut stream) = talk.ask(Method::GET, "/", &[]).await {
                let _ = stream.finish().await;
                match answer(&mut stream).await {
                    Ok(hello) => assert_eq!(hello.text(), "hello"),
                    Err(_) => break,
                }
                answered += 1;
                warm.add_permits(1);
            }
            answered
        }));
    }
    let _ = warm.acquire_many(200).await.unwrap();
    let seen = Arc::clone(&site.scene.seen);
    site.stop().await;
    let mut answered = 0;
    for client in clients {
        answered += client.await.unwrap();
    }
    // Each request that reached the app must have got its response.
    assert_eq!(answered, seen.load(Ordering::Relaxed));
    assert!(answered >= 200);
}

#[tokio::test]
async fn what_does_not_end_is_ended() {
    let site = Site::open(|listen| listen.drain_time = Duration::from_millis(200));
    let mut talk = site.talk().await;
    let mut held = talk.ask(Method::GET, "/held", &[]).await.unwrap();
    held.finish().await.unwrap();
    site.scene.reached.notified().await;
    site.stop().await;
    assert!(answer(&mut held).await.is_err());
}

#[tokio::test]
async fn a_connection_that_asks_for_nothing_is_ended() {
    for asks in [false, true] {
        let site = Site::open(|listen| {
            if asks {
                listen.idle_time = Duration::from_millis(200);
            } else {
                // A client may take long to send its first request on a busy machine.
                listen.header_time = Duration::from_secs(5);
            }
        });
        let mut talk = site.talk().await;
        if asks {
            assert_eq!(talk.get("/").await.text(), "hello");
        }
        let ended = tokio::time::timeout(SOON, talk.connection.closed()).await;
        let Ok(ConnectionError::ApplicationClosed(closed)) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(closed.error_code, 0x100_u32.into());
        site.stop().await;
    }
}

#[tokio::test]
async fn a_connection_that_waits_for_a_request_makes_room_for_another_client() {
    let site = Site::open(|listen| listen.connections = 1);
    let mut talk = site.talk().await;
    assert_eq!(talk.get("/").await.text(), "hello");
    let client = tokio::net::TcpSocket::new_v4().unwrap();
    client
        .bind((Ipv4Addr::new(127, 0, 0, 2), 0).into())
        .unwrap();
    let mut newcomer = client.connect(site.edge.http_addresses()[0]).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nHost: b.example\r\nConnection: close\r\n\r\n";
    newcomer.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let answered = newcomer.read_to_end(&mut answer);
    tokio::time::timeout(SOON, answered).await.unwrap().unwrap();
    assert!(answer.ends_with(b"hello"));
    let ended = tokio::time::timeout(SOON, talk.connection.closed()).await;
    let Ok(ConnectionError::ApplicationClosed(closed)) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(closed.error_code, 0x100_u32.into());
    site.stop().await;
}

#[tokio::test]
async fn a_reload_keeps_connections_and_can_end_them() {
    let mut site = Site::open(|_| {});
    let mut talk = site.talk().await;
    assert_eq!(talk.get("/").await.text(), "hello");
    site.apply(|listen| listen.connections = 7);
    assert_eq!(talk.get("/").await.text(), "hello");
    let mut waiting = talk.ask(Method::GET, "/wait", &[]).await.unwrap();
    waiting.finish().await.unwrap();
    site.scene.reached.notified().await;
    site.apply(|listen| listen.http3 = false);
    site.scene.go.add_permits(1);
    assert_eq!(answer(&mut waiting).await.unwrap().text(), "waited");
    drop(waiting);
    tokio::time::timeout(SOON, talk.connection.closed())
        .await
        .unwrap();
    // The edge binds the UDP port again when HTTP/3 is enabled.
    site.apply(|listen| listen.http3 = true);
    assert_eq!(site.talk().await.get("/").await.text(), "hello");
    site.stop().await;
}

#[tokio::test]
async fn a_certificate_that_changes_is_shown_to_who_comes_next() {
    let site = Site::open(|_| {});
    let mut before = site.talk().await;
    assert_eq!(before.get("/").await.text(), "hello");
    let old = site.folder.path().join("old.pem");
    std::fs::copy(&site.chain, &old).unwrap();
    files(site.folder.path(), "first", &["a.example"]);
    let swapped = async {
        loop {
            let client = Client::trusting(&site.chain);
            if let Ok(connection) = client.connect(site.address, "a.example").await {
                return connection;
            }
        }
    };
    let connection = tokio::time::timeout(SOON, swapped).await.unwrap();
    assert_eq!(Talk::begin(connection).await.get("/").await.text(), "hello");
    let outdated = Client::trusting(&old);
    assert!(outdated.connect(site.address, "a.example").await.is_err());
    assert_eq!(before.get("/").await.text(), "hello");
    site.stop().await;
}
