//! Tests request bodies that the app reads while they arrive, and the requests after them.

use edge::ListenSettings;

use super::*;

const CHUNKED: &str = "Transfer-Encoding: chunked";

fn post(path: &str, lines: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n")
}

async fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut came = Vec::new();
    let read = async {
        while !came.ends_with(end.as_bytes()) {
            came.push(stream.read_u8().await.expect("more"));
        }
    };
    tokio::time::timeout(SOON, read).await.expect(end);
    String::from_utf8(came).unwrap()
}

#[tokio::test]
async fn a_connection_goes_on_behind_a_body_of_any_length() {
    let (edge, address, _) = simple(ListenSettings::default());
    let mut stream = connect(address).await;
    for length in [1, 16 << 10, (16 << 10) + 1, 300_000] {
        let body = "b".repeat(length);
        let sized = post("/echo", &format!("Content-Length: {length}")) + &body;
        let chunked = post("/echo", CHUNKED) + &format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
        for asked in [sized, chunked] {
            // The client does not wait for the first response.
            let both = asked + &request("/");
            stream.write_all(both.as_bytes()).await.unwrap();
            let echoed = until(&mut stream, &format!("\r\n\r\n{body}")).await;
            assert!(!echoed.contains("connection: close"), "{length}");
            assert!(answer(&mut stream).await.ends_with("hello"), "{length}");
        }
    }
    drop(stream);
    edge.stop().await;
}

#[tokio::test]
async fn an_answer_may_begin_before_its_request_has_ended() {
    let (edge, address, _) = simple(ListenSettings::default());
    for path in ["/back", "/back/elsewhere"] {
        let mut stream = connect(address).await;
        let head = post(path, CHUNKED);
        stream.write_all(head.as_bytes()).await.unwrap();
        for piece in ["one", "two"] {
            let chunk = format!("3\r\n{piece}\r\n");
            stream.write_all(chunk.as_bytes()).await.unwrap();
            let heard = until(&mut stream, &chunk).await;
            assert_eq!(heard.starts_with("HTTP/1.1 200 "), piece == "one");
        }
        let last = format!("0\r\n\r\n{}", request("/"));
        stream.write_all(last.as_bytes()).await.unwrap();
        until(&mut stream, "0\r\n\r\n").await;
        assert!(answer(&mut stream).await.ends_with("hello"), "{path}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_before_all_is_sent_can_send_it() {
    const SIZE: usize = 200_000;
    let (edge, address, _) = simple(ListenSettings::default());
    let mut stream = connect(address).await;
    let head = post(
        "/back",
        &format!("Content-Length: {SIZE}\r\nConnection: close"),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; SIZE]).await.unwrap();
    let echoed = all(&mut stream).await;
    assert!(echoed.matches('x').count() >= SIZE);
    assert!(echoed.ends_with("0\r\n\r\n") || echoed.ends_with('x'));
    edge.stop().await;
}

#[tokio::test]
async fn what_nobody_reads_of_a_body_is_put_away_or_ends_the_connection() {
    let (edge, address, _) = simple(ListenSettings::default());
    for (framing, body, is_last) in [
        ("Content-Length: 3", "abc".to_owned(), false),
        ("Content-Length: 40000", "b".repeat(40_000), false),
        (CHUNKED, "3\r\nabc\r\n0\r\n\r\n".to_owned(), false),
        ("Content-Length: 3000000", "b".repeat(10_000), true),
        (
            "Content-Length: 3\r\nExpect: 100-continue",
            String::new(),
            true,
        ),
        (CHUNKED, "3\r\nabc\r\nx".to_owned(), true),
    ] {
        let mut stream = connect(address).await;
        let asked = post("/unread", framing) + &body;
        stream.write_all(asked.as_bytes()).await.unwrap();
        let answered = answer(&mut stream).await;
        assert!(answered.starts_with("HTTP/1.1 200 "), "{answered}");
        assert_eq!(answered.contains("connection: close"), is_last, "{framing}");
        if is_last {
            assert_eq!(all(&mut stream).await, "", "{framing}");
        } else {
            stream.write_all(request("/").as_bytes()).await.unwrap();
            assert!(answer(&mut stream).await.ends_with("hello"), "{framing}");
        }
    }
    edge.stop().await;
}

#[tokio::test]
async fn half_a_body_is_none() {
    let (edge, address, _) = simple(ListenSettings::default());
    for framing in ["Content-Length: 9", CHUNKED] {
        let mut stream = connect(address).await;
        let asked = post("/echo", framing) + "3\r\nab";
        stream.write_all(asked.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answered = all(&mut stream).await;
        assert!(answered.starts_with("HTTP/1.1 400 "), "{answered}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn who_sends_at_once_is_not_told_to() {
    let (edge, address, _) = simple(ListenSettings::default());
    let asked = post(
        "/echo",
        "Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close",
    );
    let answered = exchange(address, (asked + "abc").as_bytes()).await;
    assert!(answered.starts_with("HTTP/1.1 200 "), "{answered}");
    assert!(answered.ends_with("abc"), "{answered}");
    edge.stop().await;
}

#[tokio::test]
async fn http10_is_answered_as_it_knows() {
    let (edge, address, scene) = simple(ListenSettings::default());
    let closed = exchange(address, b"GET / HTTP/1.0\r\n\r\n").await;
    assert!(closed.starts_with("HTTP/1.0 200 OK\r\n"), "{closed}");
    assert!(closed.contains("connection: close\r\n"), "{closed}");
    let mut stream = connect(address).await;
    for _ in 0..2 {
        let asked = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        stream.write_all(asked).await.unwrap();
        let kept = answer(&mut stream).await;
        assert!(kept.contains("connection: keep-alive\r\n"), "{kept}");
    }
    // HTTP/1.0 has no chunked coding, so the end of the connection ends the response.
    let asked = b"GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    stream.write_all(asked).await.unwrap();
    scene.go.add_permits(2);
    let streamed = until(&mut stream, "piecepiece").await;
    assert!(streamed.contains("connection: close\r\n"), "{streamed}");
    assert!(streamed.ends_with("\r\n\r\npiecepiece"), "{streamed}");
    scene.go.close();
    assert_eq!(all(&mut stream).await, "");
    edge.stop().await;
}

#[tokio::test]
async fn nobody_switches_who_was_not_asked_to() {
    let (edge, address, _) = simple(ListenSettings::default());
    let answered = exchange(
        address,
        b"GET /switched HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    let answered = answered.await;
    assert!(answered.starts_with("HTTP/1.1 500 "), "{answered}");
    edge.stop().await;
}
