use tokio::io::AsyncWriteExt as _;

use super::*;

const SHORT: Duration = Duration::from_millis(200);
/// A timeout for tests in which the client sends something. Sending may take long on a busy
/// machine.
const HEAD: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_head_that_takes_too_long_is_refused() {
    let (edge, address, _) = simple(ListenSettings {
        header_time: HEAD,
        ..ListenSettings::default()
    });
    let answer = exchange(address, b"GET / HTTP/1.1\r\nHo").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(exchange(address, b"").await, "");
    edge.stop().await;
}

#[tokio::test]
async fn a_connection_that_asks_nothing_more_is_closed() {
    let (edge, address, _) = simple(ListenSettings {
        idle_time: SHORT,
        ..ListenSettings::default()
    });
    let answer = exchange(address, request("/").as_bytes()).await;
    assert!(answer.ends_with("hello"), "{answer}");
    edge.stop().await;
}

#[tokio::test]
async fn an_answer_that_takes_its_time_is_no_idle_connection() {
    let (edge, address, scene) = simple(ListenSettings {
        idle_time: SHORT,
        header_time: HEAD,
        body_time: SHORT,
        ..ListenSettings::default()
    });
    let mut stream = connect(address).await;
    stream.write_all(request("/wait").as_bytes()).await.unwrap();
    scene.reached.notified().await;
    // The connection is idle for longer than the timeouts for an idle connection and for a request
    // head together.
    tokio::time::sleep(4 * SHORT + HEAD).await;
    scene.go.add_permits(1);
    assert!(answer(&mut stream).await.ends_with("waited"));
    edge.stop().await;
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let (edge, address, _) = simple(ListenSettings {
        body_time: SHORT,
        ..ListenSettings::default()
    });
    for head in [
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na",
    ] {
        let answer = exchange(address, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn a_reader_that_stands_still_is_given_up() {
    let (edge, address, _scene) = simple(ListenSettings {
        body_time: SHORT,
        connections: 1,
        // The edge never evicts a connection of a trusted proxy to make room for another one.
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..ListenSettings::default()
    });
    let mut slow = connect(address).await;
    slow.write_all(request("/large").as_bytes()).await.unwrap();
    slow.readable().await.unwrap();
    // This request waits until the slow reader has lost its permit.
    let mut next = connect(address).await;
    next.write_all(request("/").as_bytes()).await.unwrap();
    assert!(answer(&mut next).await.ends_with("hello"));
    assert!(all(&mut slow).await.len() < 64 << 20);
    drop(next);
    edge.stop().await;
}

#[tokio::test]
async fn an_address_has_so_many_connections() {
    let (edge, address, scene) = simple(ListenSettings {
        connections_per_address: 1,
        ..ListenSettings::default()
    });
    let mut first = connect(address).await;
    first.write_all(request("/wait").as_bytes()).await.unwrap();
    scene.reached.notified().await;
    let mut second = connect(address).await;
    assert_eq!(all(&mut second).await, "");
    scene.go.add_permits(1);
    assert!(answer(&mut first).await.ends_with("waited"));
    edge.stop().await;
}
