//! Tests upstream responses, and how the proxy passes them on.

use std::time::Duration;

use edge::Body;
use edge::proxy::{Pool, ProxyError, Side, Times, Upstream};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;

use crate::support::{
    After, collect, forward, get, head, nobody, ok, request, says, server, settings, upstream,
};

#[tokio::test]
async fn an_answer_passes_and_its_connection_is_used_again() {
    let server = says(ok("hello"), After::Stay).await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for _ in 0..10 {
        assert_eq!(get(&pool, &upstream).await.unwrap(), "hello");
    }
    assert_eq!(server.accepted(), 1);
    assert_eq!(upstream.status()[0].running, 0);
}

#[tokio::test]
async fn a_request_arrives_as_the_door_says_it() {
    let (heads, mut heard) = mpsc::unbounded_channel();
    let server = server(move |_, mut stream| {
        let heads = heads.clone();
        async move {
            heads.send(head(&mut stream).await.unwrap()).unwrap();
            stream.write_all(ok("").as_bytes()).await.unwrap();
        }
    })
    .await;
    let mut asked = request("GET", Body::Empty);
    let headers = asked.headers_mut();
    headers.insert("connection", "x-mine, upgrade".parse().unwrap());
    headers.insert("upgrade", "websocket".parse().unwrap());
    headers.insert("x-mine", "1".parse().unwrap());
    headers.insert("x-forwarded-for", "10.0.0.1".parse().unwrap());
    headers.insert("te", "trailers".parse().unwrap());
    let mut with_base = crate::support::backend(server.address);
    if let edge::proxy::ServerAddress::Tcp { base, .. } = &mut with_base {
        "/base".clone_into(base);
    }
    let mut settings = settings(&[]);
    settings.members = vec![with_base];
    let answer = Pool::default()
        .forward(
            &Upstream::new(settings),
            asked,
            &crate::support::facts(),
            "/a%2Fb?c=%20d".parse().unwrap(),
        )
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let head = heard.recv().await.unwrap();
    let mut lines: Vec<&str> = head.trim_end().lines().collect();
    assert_eq!(lines.remove(0), "GET /base/a%2Fb?c=%20d HTTP/1.1");
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "connection: te",
            "forwarded: for=203.0.113.7;proto=https;host=kenduri.example",
            "host: kenduri.example",
            "te: trailers",
            "x-forwarded-for: 203.0.113.7",
            "x-forwarded-host: kenduri.example",
            "x-forwarded-proto: https",
            "x-request-id: abc-1",
        ]
    );
}

#[tokio::test]
async fn a_unix_socket_is_a_server_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        while head(&mut stream).await.is_some() {
            stream.write_all(ok("unix").as_bytes()).await.unwrap();
        }
    });
    let mut settings = settings(&[]);
    settings.members = vec![edge::proxy::parse_address("unix:app.sock", folder.path()).unwrap()];
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    for _ in 0..3 {
        assert_eq!(get(&pool, &upstream).await.unwrap(), "unix");
    }
    task.abort();
}

#[tokio::test]
async fn what_is_no_answer_becomes_a_502() {
    for (name, text, why) in [
        ("nothing", "", "upstream_closed"),
        (
            "half a head",
            "HTTP/1.1 200 OK\r\nContent-Le",
            "upstream_closed",
        ),
        (
            "another protocol",
            "SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "upstream_garbled",
        ),
        (
            "no head",
            "hello, this is no HTTP at all\r\n\r\n",
            "upstream_garbled",
        ),
        (
            "two lengths",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "upstream_garbled",
        ),
        (
            "one length twice",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
            "upstream_framing",
        ),
        (
            "a length and chunks",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "upstream_framing",
        ),
        (
            "an unknown coding",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx",
            "upstream_framing",
        ),
        (
            "a signed length",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
            "upstream_garbled",
        ),
        (
            "a folded line",
            "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
            "upstream_garbled",
        ),
        (
            "an upgrade nobody asked for",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            "upstream_upgrade",
        ),
        (
            "a body that breaks off at once",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
            "upstream_closed",
        ),
        (
            "no chunk",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
            "upstream_closed",
        ),
    ] {
        let server = says(text, After::Close).await;
        let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
        let error = get(&pool, &upstream).await.expect_err(name);
        assert_eq!(error.why(), why, "{name}");
        assert_eq!(error.status(), StatusCode::BAD_GATEWAY, "{name}");
        assert_eq!(error.side(), Side::Upstream, "{name}");
        assert_eq!(server.accepted(), 1, "{name}: nothing is asked twice");
    }
}

#[tokio::test]
async fn heads_have_limits() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(5_000));
    let long = format!("HTTP/1.1 200 OK\r\nX-A: {}\r\n\r\n", "b".repeat(80_000));
    for text in [many, long] {
        let server = says(text, After::Close).await;
        let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
        let error = get(&pool, &upstream).await.unwrap_err();
        assert_eq!(error.why(), "upstream_garbled");
    }
    let few = format!("X-A: {}\r\n", "b".repeat(600)).repeat(90);
    let small = "X-A: b\r\n".repeat(3_000);
    for lines in [few, small] {
        let large = format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 0\r\n\r\n");
        let server = says(large, After::Close).await;
        let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
        assert_eq!(get(&pool, &upstream).await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_a_whole_one() {
    let text = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n{}",
        "a".repeat(100_000)
    );
    let server = says(text, After::Close).await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    match forward(&pool, &upstream, request("GET", Body::Empty)).await {
        Ok(answer) => assert!(answer.into_body().collect().await.is_err()),
        Err(error) => assert_eq!(error.why(), "upstream_closed"),
    }
}

#[tokio::test]
async fn interim_answers_are_not_the_answer() {
    let text = format!(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n{}",
        ok("final")
    );
    let server = says(text, After::Stay).await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for _ in 0..2 {
        assert_eq!(get(&pool, &upstream).await.unwrap(), "final");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn surplus_bytes_end_a_connection() {
    let text = format!(
        "{}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        ok("good")
    );
    let server = says(text, After::Stay).await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for _ in 0..5 {
        assert_eq!(get(&pool, &upstream).await.unwrap(), "good");
    }
    assert_eq!(server.accepted(), 5, "none was used twice");
}

#[tokio::test]
async fn answers_without_a_body_leave_the_connection_usable() {
    for (method, text) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        (
            "HEAD",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"a\"\r\n\r\n",
        ),
    ] {
        let server = says(text, After::Stay).await;
        let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
        for _ in 0..3 {
            let answer = forward(&pool, &upstream, request(method, Body::Empty))
                .await
                .unwrap();
            let length = answer.headers().get("content-length").cloned();
            assert_eq!(length.is_some(), text.contains("Content-Length"), "{text}");
            assert_eq!(collect(answer).await, "");
        }
        assert_eq!(server.accepted(), 1, "{text}");
    }
}

#[tokio::test]
async fn old_servers_end_a_body_by_closing() {
    for text in [
        "HTTP/1.0 200 OK\r\n\r\nto the end",
        "HTTP/1.1 200 OK\r\n\r\nto the end",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nto the end",
    ] {
        let server = says(text, After::Close).await;
        let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
        for _ in 0..3 {
            assert_eq!(get(&pool, &upstream).await.unwrap(), "to the end");
        }
        assert_eq!(server.accepted(), 3);
    }
}

#[tokio::test]
async fn old_servers_get_a_new_connection_even_when_they_offer_to_stay() {
    let text = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok";
    let server = says(text, After::Stay).await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for _ in 0..3 {
        assert_eq!(get(&pool, &upstream).await.unwrap(), "ok");
    }
    assert_eq!(server.accepted(), 3);
}

#[tokio::test]
async fn a_server_that_says_close_is_believed() {
    let text = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    let server = says(text, After::Stay).await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for _ in 0..3 {
        assert_eq!(get(&pool, &upstream).await.unwrap(), "ok");
    }
    assert_eq!(server.accepted(), 3);
}

#[tokio::test]
async fn nobody_listening_is_a_502() {
    let (_bound, gone) = nobody();
    let error = get(&Pool::default(), &upstream(&[gone])).await.unwrap_err();
    assert_eq!(error.why(), "upstream_connect");
    assert_eq!(error.status(), StatusCode::BAD_GATEWAY);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_a_504() {
    let server = server(|_, mut stream| async move {
        head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let mut settings = settings(&[server.address]);
    settings.times = Times {
        first_byte: Duration::from_secs(7),
        ..Times::default()
    };
    let before = tokio::time::Instant::now();
    let error = get(&Pool::default(), &Upstream::new(settings))
        .await
        .unwrap_err();
    assert!(matches!(error, ProxyError::FirstByteTime), "{error:?}");
    assert_eq!(error.status(), StatusCode::GATEWAY_TIMEOUT);
    let took = before.elapsed();
    assert!(
        took >= Duration::from_secs(7) && took < Duration::from_secs(8),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stands_still_is_given_up() {
    let server = server(|_, mut stream| async move {
        head(&mut stream).await;
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
        stream.write_all(text.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let mut settings = settings(&[server.address]);
    settings.times.idle = Duration::from_secs(9);
    let pool = Pool::default();
    let answer = forward(&pool, &Upstream::new(settings), request("GET", Body::Empty))
        .await
        .unwrap();
    let error = answer.into_body().collect().await.unwrap_err();
    assert!(
        matches!(
            error.downcast_ref(),
            Some(edge::proxy::AnswerError::IdleTime)
        ),
        "{error:?}"
    );
}
