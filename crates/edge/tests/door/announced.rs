//! Tests the PROXY protocol: from which proxies and at which listeners the edge accepts it, and its
//! effects.

use super::tls::{files, handshake_on, secured};
use super::*;

const LINE: &[u8] = b"PROXY TCP4 192.0.2.7 10.0.0.1 40000 80\r\n";

/// Settings that require the PROXY protocol from all clients on this machine.
fn announced() -> ListenSettings {
    ListenSettings {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        proxy_protocol: vec![local()],
        ..ListenSettings::default()
    }
}

fn second(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    let fixed = [command, family, length[0], length[1]];
    [&b"\r\n\r\n\0\r\nQUIT\n"[..], &fixed, rest].concat()
}

fn asking(headers: &str) -> String {
    format!("GET /seen HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n{headers}\r\n")
}

#[tokio::test]
async fn a_proxy_says_for_whom_it_connects() {
    let (edge, address, _scene) = simple(announced());
    let four = [192, 0, 2, 8, 10, 0, 0, 1, 0x9c, 0x40, 0, 80];
    let secure = [&four[..], &[0x20, 0, 5, 1, 0, 0, 0, 0]].concat();
    let claims = "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n";
    for (said, seen) in [
        (LINE.to_vec(), "client=192.0.2.7 scheme=http "),
        (
            b"PROXY TCP6 2001:db8::7 ::1 1 2\r\n".to_vec(),
            "client=2001:db8::7 scheme=http ",
        ),
        (second(0x21, 0x11, &four), "client=192.0.2.8 scheme=http "),
        (
            second(0x21, 0x11, &secure),
            "client=192.0.2.8 scheme=https ",
        ),
        // These headers contain no client address. The proxy is trusted, but an unknown client is
        // not.
        (b"PROXY UNKNOWN\r\n".to_vec(), "client=0.0.0.0 scheme=http "),
        (second(0x21, 0x00, &[]), "client=0.0.0.0 scheme=http "),
        (second(0x21, 0x31, &[0; 216]), "client=0.0.0.0 scheme=http "),
        // The header names a trusted proxy as the client, so the forwarding headers are used.
        (
            b"PROXY TCP4 127.0.0.9 10.0.0.1 1 2\r\n".to_vec(),
            "client=198.51.100.1 scheme=https ",
        ),
        // The proxy itself is the client (`LOCAL`).
        (second(0x20, 0x00, &[]), "client=198.51.100.1 scheme=https "),
    ] {
        let bytes = [&said[..], asking(claims).as_bytes()].concat();
        let heard = exchange(address, &bytes).await;
        assert!(heard.contains(seen), "{said:?}: {heard}");
    }
    // A header may arrive byte by byte.
    let mut stream = connect(address).await;
    for byte in [&second(0x21, 0x11, &four), asking("").as_bytes()].concat() {
        stream.write_u8(byte).await.unwrap();
        tokio::task::yield_now().await;
    }
    let heard = all(&mut stream).await;
    assert!(heard.contains("client=192.0.2.8"), "{heard}");
    edge.stop().await;
}

#[tokio::test]
async fn it_stands_before_tls() {
    let folder = tempfile::tempdir().unwrap();
    let first = files(folder.path(), "first", &["a.example"]);
    let mut settings = secured(vec![first.clone()]);
    settings.listen = ListenSettings {
        https: vec![local()],
        ..announced()
    };
    let (_scene, app) = scene();
    let edge = start(settings, &app);
    let address = edge.https_addresses()[0];
    let mut stream = connect(address).await;
    stream.write_all(LINE).await.unwrap();
    let mut stream = handshake_on(stream, &first.chain, b"http/1.1", "a.example")
        .await
        .unwrap();
    stream.write_all(asking("").as_bytes()).await.unwrap();
    let heard = all(&mut stream).await;
    assert!(heard.contains("client=192.0.2.7 scheme=https"), "{heard}");
    let stream = connect(address).await;
    let unsaid = handshake_on(stream, &first.chain, b"http/1.1", "a.example").await;
    assert!(unsaid.is_err(), "nobody is announced");
    edge.stop().await;
}

#[tokio::test]
async fn who_is_not_announced_is_not_served() {
    let (edge, address, _scene) = simple(announced());
    for bytes in [
        asking("").into_bytes(),
        b"PROXY TCP4 192.0.2.7 10.0.0.1 40000 99999\r\n".to_vec(),
        [b"PROXY UNKNOWN ", &[b'x'; 200][..], b"\r\n"].concat(),
        second(0x21, 0x11, &[0; 4]),
        second(0x21, 0x11, &[0; 5_000]),
        b"PROXY TCP4 192".to_vec(),
    ] {
        let mut stream = connect(address).await;
        // The edge may close the connection before all bytes are sent.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        assert_eq!(all(&mut stream).await, "", "{bytes:?}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn who_is_not_trusted_announces_nobody() {
    let mistrusting = ListenSettings {
        trusted_proxies: vec!["192.0.2.0/24".parse().unwrap()],
        ..announced()
    };
    let unexpected = ListenSettings {
        proxy_protocol: Vec::new(),
        ..announced()
    };
    for listen in [mistrusting, unexpected] {
        let (edge, address, _scene) = simple(listen);
        let heard = exchange(address, asking("").as_bytes()).await;
        assert!(heard.contains("client=127.0.0.1"), "{heard}");
        let four = [192, 0, 2, 8, 10, 0, 0, 1, 0x9c, 0x40, 0, 80];
        for said in [LINE.to_vec(), second(0x21, 0x11, &four)] {
            let bytes = [&said[..], asking("").as_bytes()].concat();
            let heard = exchange(address, &bytes).await;
            let is_refused = ["HTTP/1.1 400 ", "HTTP/1.1 505 "];
            let is_refused = is_refused.iter().any(|begin| heard.starts_with(begin));
            assert!(is_refused, "{heard}");
        }
        edge.stop().await;
    }
}

#[tokio::test]
async fn who_takes_too_long_is_not_waited_for() {
    let (edge, address, _scene) = simple(ListenSettings {
        header_time: Duration::from_millis(100),
        ..announced()
    });
    for said in [
        &b""[..],
        b"PROXY TCP4 192.0.2.7",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc0",
    ] {
        let mut stream = connect(address).await;
        let _ = stream.write_all(said).await;
        assert_eq!(all(&mut stream).await, "", "{said:?}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn connections_count_for_the_client_that_is_announced() {
    let (edge, address, _scene) = simple(ListenSettings {
        connections_per_address: 1,
        ..announced()
    });
    let mut first = connect(address).await;
    let bytes = [LINE, request("/").as_bytes()].concat();
    first.write_all(&bytes).await.unwrap();
    assert!(answer(&mut first).await.contains("hello"));
    let second = exchange(address, &bytes).await;
    assert_eq!(second, "", "one is open");
    let other = b"PROXY TCP4 192.0.2.9 10.0.0.1 1 2\r\n";
    let heard = exchange(address, &[other, asking("").as_bytes()].concat()).await;
    assert!(heard.contains("client=192.0.2.9"), "{heard}");
    drop(first);
    // The edge notices late that the first client has disconnected, so the request is repeated.
    let served = async {
        while exchange(address, &[LINE, asking("").as_bytes()].concat())
            .await
            .is_empty()
        {}
    };
    tokio::time::timeout(SOON, served).await.unwrap();
    edge.stop().await;
}
