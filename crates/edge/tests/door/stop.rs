use tokio::io::AsyncWriteExt as _;

use super::*;

#[tokio::test]
async fn what_runs_is_finished_and_then_closed() {
    let (edge, address, scene) = simple(ListenSettings::default());
    let mut stream = connect(address).await;
    stream.write_all(request("/wait").as_bytes()).await.unwrap();
    scene.reached.notified().await;
    let stopping = tokio::spawn(edge.stop());
    until_closed(address).await;
    scene.go.add_permits(1);
    let answer = all(&mut stream).await;
    assert!(
        answer.contains("connection: close") && answer.ends_with("waited"),
        "{answer}"
    );
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_idle_connection_is_a_lame_duck() {
    let (edge, address, _) = simple(ListenSettings {
        lame_duck_time: SOON,
        ..ListenSettings::default()
    });
    let mut stream = connect(address).await;
    stream.write_all(request("/").as_bytes()).await.unwrap();
    assert!(!answer(&mut stream).await.contains("connection: close"));
    let stopping = tokio::spawn(edge.stop());
    until_closed(address).await;
    stream.write_all(request("/").as_bytes()).await.unwrap();
    let last = all(&mut stream).await;
    assert!(
        last.contains("connection: close") && last.ends_with("hello"),
        "{last}"
    );
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_lame_duck_that_asks_nothing_is_closed() {
    let (edge, address, _) = simple(ListenSettings {
        lame_duck_time: Duration::from_millis(100),
        ..ListenSettings::default()
    });
    let mut stream = connect(address).await;
    stream.write_all(request("/").as_bytes()).await.unwrap();
    answer(&mut stream).await;
    edge.stop().await;
    assert_eq!(all(&mut stream).await, "");
}

#[tokio::test]
async fn what_does_not_end_is_ended() {
    let (edge, address, scene) = simple(ListenSettings {
        drain_time: Duration::from_millis(200),
        ..ListenSettings::default()
    });
    let mut stream = connect(address).await;
    stream.write_all(request("/wait").as_bytes()).await.unwrap();
    scene.reached.notified().await;
    tokio::time::timeout(SOON, edge.stop()).await.unwrap();
    assert_eq!(all(&mut stream).await, "");
}

#[tokio::test]
async fn a_reload_keeps_what_stays_and_closes_what_goes() {
    let (edge, first, _) = simple(ListenSettings::default());
    let mut stream = connect(first).await;
    stream.write_all(request("/").as_bytes()).await.unwrap();
    answer(&mut stream).await;
    let loopback = ListenAddress::Tcp("127.0.0.2:0".parse().unwrap());
    let mut both = clear(ListenSettings::default());
    both.listen.http.push(loopback.clone());
    edge.apply(both.plan()).unwrap();
    assert!(edge.http_addresses().contains(&first));
    let second = *edge
        .http_addresses()
        .iter()
        .find(|found| **found != first)
        .unwrap();
    let mut only = clear(ListenSettings::default());
    only.listen.http = vec![loopback];
    edge.apply(only.plan()).unwrap();
    assert_eq!(edge.http_addresses(), [second]);
    until_closed(first).await;
    // Connections outlive their listener.
    stream.write_all(request("/").as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.ends_with("hello"));
    let bytes = "GET / HTTP/1.0\r\n\r\n";
    assert!(exchange(second, bytes.as_bytes()).await.ends_with("hello"));
    drop(stream);
    edge.stop().await;
}

#[tokio::test]
async fn a_reload_that_cannot_be_done_changes_nothing() {
    let (edge, address, _) = simple(ListenSettings::default());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = clear(ListenSettings::default());
    settings.listen.http = vec![ListenAddress::Tcp(taken.local_addr().unwrap())];
    let refused = edge.apply(settings.plan());
    assert!(matches!(refused, Err(EdgeError::Listen(_))), "{refused:?}");
    assert_eq!(edge.http_addresses(), [address]);
    let bytes = "GET / HTTP/1.0\r\n\r\n";
    assert!(exchange(address, bytes.as_bytes()).await.ends_with("hello"));
    edge.stop().await;
}
