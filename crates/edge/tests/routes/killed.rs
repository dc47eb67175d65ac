//! Tests upstream servers that are killed before they have read a request.

use std::time::Instant;

use edge::proxy::{ServerAddress, Servers};

use super::services::{SOON, TO_NODE, at, at_once, ready};
use super::*;

async fn open() -> (TcpListener, ServerAddress) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = at(listener.local_addr().unwrap());
    (listener, address)
}

/// Resets a connection with unread data, as the kernel does when a process is killed.
async fn reset(listener: &TcpListener) {
    let (stream, _) = listener.accept().await.unwrap();
    stream.peek(&mut [0]).await.unwrap();
}

#[tokio::test]
async fn who_comes_as_all_are_killed_waits_for_the_next() {
    let (next, _running) = server("next").await;
    let site = Site::open(TO_NODE, Options::default());
    // A request that waits for a server fails after two seconds. `at_once` repeats the attempt on a
    // busy machine.
    let heard = at_once(async || {
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for _ in 0..4 {
            let (listener, address) = open().await;
            listeners.push(listener);
            addresses.push(address);
        }
        let all: Vec<_> = addresses.iter().collect();
        site.edge.set_servers("node", &ready(&all));
        // Each server is killed after it has been sent the request.
        let (heard, ()) = tokio::join!(site.get("/"), async {
            let dying = listeners.into_iter().map(async |listener| {
                reset(&listener).await;
            });
            tokio::time::timeout(SOON, futures_util::future::join_all(dying))
                .await
                .unwrap();
            site.edge.set_servers("node", &Servers::default());
            site.edge.set_servers("node", &ready(&[&at(next)]));
        });
        heard
    })
    .await;
    assert_eq!(heard.status, 200, "{heard:?}");
    site.edge.stop().await;
}

#[tokio::test]
async fn none_that_reset_a_request_gets_it_twice() {
    let (listener, address) = open().await;
    let (other, other_address) = open().await;
    let routes = format!("{TO_NODE}[[route]]\npath = \"/planned\"\nto = \"{address}\"\n");
    let site = Site::open(&routes, Options::default());
    site.edge
        .set_servers("node", &ready(&[&address, &other_address]));
    for (target, expected, resets) in [("/", 503, [1, 1]), ("/planned", 502, [1, 0])] {
        let before = Instant::now();
        let mut counts = [0, 0];
        let mut asking = std::pin::pin!(site.get(target));
        let heard = loop {
            tokio::select! {
                heard = &mut asking => break heard,
                () = reset(&listener) => counts[0] += 1,
                () = reset(&other) => counts[1] += 1,
            }
        };
        assert_eq!((heard.status, counts), (expected, resets), "{target}");
        assert!(before.elapsed() < SOON);
    }
    // These methods may change something, and the server may have read the request. Therefore, the
    // edge does not repeat the request.
    for method in ["POST", "PUT", "DELETE"] {
        let (heard, ()) = tokio::join!(site.ask(method, "/planned", "", ""), reset(&listener));
        assert_eq!(heard.status, 502, "{method}");
    }
    site.edge.stop().await;
}
