use std::io::Write as _;

use edge::ListenSettings;
use tokio::io::AsyncWriteExt as _;

use super::*;

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let (edge, address, _) = simple(ListenSettings::default());
    let mut stream = connect(address).await;
    for _ in 0..3 {
        stream.write_all(request("/").as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
        assert!(answer.ends_with("hello"), "{answer}");
    }
    drop(stream);
    edge.stop().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_and_a_bad_one_last() {
    let (edge, address, _) = simple(ListenSettings::default());
    let echo =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let bad =
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let bytes = format!("{}{echo}{bad}{}", request("/"), request("/"));
    let answers = exchange(address, bytes.as_bytes()).await;
    let lines: Vec<_> = answers
        .split("HTTP/1.1 ")
        .filter(|answer| !answer.is_empty())
        .map(|answer| (&answer[..3], answer.contains("connection: close")))
        .collect();
    assert_eq!(
        lines,
        [("200", false), ("200", false), ("400", true)],
        "{answers}"
    );
    assert!(answers.contains("abc"), "{answers}");
    edge.stop().await;
}

#[tokio::test]
async fn answers_of_every_size_follow_each_other() {
    let (edge, address, _) = simple(ListenSettings::default());
    let sizes = [0, 1, 4_095, 4_096, 4_097, 70_000, 1, 0];
    let asked: String = sizes
        .iter()
        .map(|size| request(&format!("/sized/{size}")))
        .collect();
    let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut answers = &*exchange(address, format!("{asked}{last}").as_bytes()).await;
    for size in sizes {
        let (head, rest) = answers.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {size}")), "{head}");
        let (body, rest) = rest.split_at(size);
        assert!(body.bytes().all(|byte| byte == b's'), "{size}: {body}");
        answers = rest;
    }
    assert!(answers.ends_with("hello"), "{answers}");
    edge.stop().await;
}

#[tokio::test]
async fn requests_of_every_kind_follow_each_other_in_pieces() {
    let (edge, address, _) = simple(ListenSettings::default());
    let echo = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    let large = "GET /streamed HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for between in [echo, large, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut stream = connect(address).await;
        let bytes = [&*request("/"), between, &*request("/"), last].concat();
        let (half, rest) = bytes.split_at(request("/").len() + between.len() / 2);
        stream.write_all(half.as_bytes()).await.unwrap();
        let first = answer(&mut stream).await;
        assert!(first.ends_with("hello"), "{first}");
        stream.write_all(rest.as_bytes()).await.unwrap();
        let answers = all(&mut stream).await;
        assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
        assert_eq!(answers.matches("\r\ndate: ").count(), 3, "{answers}");
        assert_eq!(answers.matches("connection: close").count(), 1, "{answers}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn an_answer_says_where_it_ends_and_whether_another_may_come() {
    let (edge, address, _) = simple(ListenSettings::default());
    for (asked, status, length, body) in [
        ("GET / HTTP/1.1\r\nHost: a", "200 OK", Some("5"), "hello"),
        ("HEAD / HTTP/1.1\r\nHost: a", "200 OK", Some("5"), ""),
        ("GET /empty HTTP/1.1\r\nHost: a", "200 OK", Some("0"), ""),
        (
            "GET /no-content HTTP/1.1\r\nHost: a",
            "204 No Content",
            None,
            "",
        ),
    ] {
        let asked = format!("{asked}\r\nConnection: close\r\n\r\n");
        let answer = exchange(address, asked.as_bytes()).await;
        let (head, rest) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{answer}"
        );
        assert!(head.contains("\r\nconnection: close"), "{answer}");
        let lengths = head
            .lines()
            .filter_map(|line| line.strip_prefix("content-length: "));
        assert!(lengths.eq(length), "{answer}");
        assert_eq!(rest, body, "{asked}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn a_request_may_come_byte_by_byte() {
    let (edge, address, _) = simple(ListenSettings::default());
    let echo = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n";
    let mut stream = connect(address).await;
    stream.set_nodelay(true).unwrap();
    for byte in echo.bytes() {
        stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let answer = all(&mut stream).await;
    assert!(
        answer.contains(" 200 ") && answer.ends_with("abc"),
        "{answer}"
    );
    edge.stop().await;
}

#[tokio::test]
async fn refusals_are_answered_with_their_status_and_close() {
    let (edge, address, _) = simple(ListenSettings::default());
    let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(20_000));
    let large = format!("GET / HTTP/1.1\r\nX: {}\r\n", "x".repeat(20_000));
    for (bytes, status) in [
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET /\r\n\r\n", 400),
        (long.as_str(), 414),
        (large.as_str(), 431),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: much\r\n\r\n", 417),
    ] {
        let answer = exchange(address, bytes.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{bytes:?}: {answer}"
        );
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        assert!(answer.contains("x-request-id: "), "{answer}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn a_body_that_is_framed_badly_is_told_so() {
    let (edge, address, _) = simple(ListenSettings::default());
    let bytes =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n";
    let answer = exchange(address, bytes.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    edge.stop().await;
}

#[tokio::test]
async fn an_answer_to_a_refusal_is_not_lost_behind_what_still_comes() {
    let (edge, address, _) = simple(ListenSettings::default());
    let ask = move || {
        let mut bytes = b"GET / HTTP/1.1\nHost: a\n\n".to_vec();
        bytes.resize(4 << 20, b'x');
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.write_all(&bytes)?;
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    let begin = Instant::now();
    let answer = loop {
        let before = Instant::now();
        let answer = tokio::task::spawn_blocking(ask).await.unwrap();
        // The edge discards data for up to two seconds. If a busy machine sends the data more
        // slowly, the attempt is repeated.
        if answer.is_ok() || before.elapsed() < Duration::from_secs(1) {
            break answer.unwrap();
        }
        assert!(begin.elapsed() < SOON, "it always takes long");
    };
    assert!(answer.starts_with("HTTP/1.1 400 "));
    edge.stop().await;
}

#[tokio::test]
async fn a_panic_costs_one_answer() {
    let (edge, address, _) = simple(ListenSettings::default());
    let mut stream = connect(address).await;
    stream
        .write_all(request("/panic").as_bytes())
        .await
        .unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 500 "));
    stream.write_all(request("/").as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200 "));
    drop(stream);
    edge.stop().await;
}

#[tokio::test]
async fn who_expects_to_be_asked_is_asked() {
    let (edge, address, _) = simple(ListenSettings::default());
    let mut stream = connect(address).await;
    let head =
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 100 "));
    stream.write_all(b"abc").await.unwrap();
    assert!(answer(&mut stream).await.ends_with("abc"));
    drop(stream);
    edge.stop().await;
}

#[tokio::test]
async fn nobody_is_believed_who_is_not_trusted() {
    let lines = "X-Forwarded-For: 192.0.2.1, 192.0.2.2, 127.0.0.2\r\nX-Forwarded-Proto: https\r\nForwarded: for=x\r\nX-Request-Id: mine\r\n";
    let bytes = format!(
        "GET http://A.example/seen?q HTTP/1.1\r\nHost: a.Example\r\nConnection: close\r\n{lines}\r\n"
    );
    let (edge, address, _) = simple(ListenSettings::default());
    let stranger = exchange(address, bytes.as_bytes()).await;
    assert!(
        stranger.contains("uri=/seen?q host=[\"a.example\"] client=127.0.0.1 scheme=http "),
        "{stranger}"
    );
    assert!(
        stranger.contains("direct=false for=[] proto=[] forwarded=[]"),
        "{stranger}"
    );
    assert!(!stranger.contains("mine"), "{stranger}");
    edge.stop().await;
    let (edge, address, _) = simple(ListenSettings {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..ListenSettings::default()
    });
    let trusted = exchange(address, bytes.as_bytes()).await;
    assert!(
        trusted.contains("client=192.0.2.2 scheme=https said=a.example id=mine"),
        "{trusted}"
    );
    assert!(trusted.contains("x-request-id: mine"), "{trusted}");
    edge.stop().await;
}

#[tokio::test]
async fn another_protocol_goes_on_after_its_answer() {
    let (edge, address, _) = simple(ListenSettings {
        tunnel_time: Duration::from_millis(100),
        ..ListenSettings::default()
    });
    let mut stream = connect(address).await;
    let wish = "GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    // The response decides the protocol of the bytes after an upgrade request.
    let bytes = format!("{wish}\nno\0http");
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    let mut back = [0; 8];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut back)
        .await
        .unwrap();
    assert_eq!(&back, b"\nno\0http");
    tokio::time::timeout(SOON, edge.stop()).await.unwrap();
    assert_eq!(all(&mut stream).await, "", "it had its time");
}

#[tokio::test]
async fn http2_is_not_spoken_in_the_clear() {
    let (edge, address, _) = simple(ListenSettings::default());
    for (bytes, status) in [
        (&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], "505"),
        (b"PRI * HTTP/2.0\r\n\r\n", "505"),
        (b"PRI * HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ] {
        let heard = exchange(address, bytes).await;
        let expected = format!("HTTP/1.1 {status} ");
        assert!(heard.starts_with(&expected), "{heard}");
    }
    edge.stop().await;
}

#[tokio::test]
async fn a_wish_for_another_protocol_may_be_passed_over() {
    let (edge, address, _) = simple(ListenSettings::default());
    let wish = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    let bytes = format!("{wish}{}GET / HTTP/1.0\r\n\r\n", request("/"));
    let answers = exchange(address, bytes.as_bytes()).await;
    assert_eq!(answers.matches(" 200 OK").count(), 3, "{answers}");
    edge.stop().await;
}

#[tokio::test]
async fn a_wish_for_another_protocol_may_come_behind_a_request() {
    let (edge, address, scene) = simple(ListenSettings::default());
    let mut stream = connect(address).await;
    let wish =
        "GET /tunnel HTTP/1.1\r\nHost: a.example\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    let both = format!("{}{wish}abc", request("/wait"));
    stream.write_all(both.as_bytes()).await.unwrap();
    scene.reached.notified().await;
    scene.go.add_permits(1);
    assert!(answer(&mut stream).await.ends_with("waited"));
    let switched = answer(&mut stream).await;
    assert!(switched.starts_with("HTTP/1.1 101 "), "{switched}");
    let mut back = [0; 3];
    let echoed = stream.read_exact(&mut back);
    tokio::time::timeout(SOON, echoed).await.unwrap().unwrap();
    assert_eq!(&back, b"abc");
    drop(stream);
    edge.stop().await;
}
