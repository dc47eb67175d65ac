//! Tests request and response bodies that stream at the same time.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use edge::Body;
use edge::proxy::{Pool, Side, Upstream};
use http::{HeaderMap, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};

use crate::support::{
    After, LONG, collect, forward, head, ok, request, says, server, settings, upstream,
};

type Piece = Result<Frame<Bytes>, std::io::Error>;

/// A body that the test writes piece by piece.
fn written() -> (mpsc::UnboundedSender<Piece>, Body) {
    let (pieces, mut written) = mpsc::unbounded_channel();
    let stream = futures_util::stream::poll_fn(move |context| written.poll_recv(context));
    (pieces, Body::stream(StreamBody::new(stream)))
}

#[expect(clippy::unnecessary_wraps, reason = "bodies are streams of results")]
fn data(text: &str) -> Piece {
    Ok(Frame::data(Bytes::copy_from_slice(text.as_bytes())))
}

/// Returns the raw bytes of a chunked body, with the chunk framing.
async fn chunks(stream: &mut tokio::net::TcpStream) -> String {
    let mut text = Vec::new();
    loop {
        text.push(stream.read_u8().await.unwrap());
        let last = text.windows(3).any(|line| line == b"0\r\n");
        if last && text.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_body_of_unknown_length_goes_in_chunks_whatever_the_method() {
    for method in ["GET", "POST", "DELETE"] {
        let (said, heard) = oneshot::channel();
        let said = Arc::new(std::sync::Mutex::new(Some(said)));
        let server = server(move |_, mut stream| {
            let said = said.lock().unwrap().take().unwrap();
            async move {
                let head = head(&mut stream).await.unwrap();
                let body = chunks(&mut stream).await;
                said.send((head, body)).unwrap();
                stream.write_all(ok("done").as_bytes()).await.unwrap();
            }
        })
        .await;
        let (pieces, body) = written();
        pieces.send(data("one")).unwrap();
        pieces.send(data("two")).unwrap();
        drop(pieces);
        let answer = forward(
            &Pool::default(),
            &upstream(&[server.address]),
            request(method, body),
        )
        .await
        .unwrap();
        assert_eq!(collect(answer).await, "done");
        let (head, body) = heard.await.unwrap();
        assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
        assert_eq!(body, "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    }
}

#[tokio::test]
async fn trailers_pass_in_both_directions() {
    let server = server(move |_, mut stream| async move {
        loop {
            if head(&mut stream).await.is_none() {
                return;
            }
            let body = chunks(&mut stream).await;
            assert!(body.contains("x-sum: 7\r\n"), "{body}");
            let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Back\r\n\r\n\
                        2\r\nhi\r\n0\r\nX-Back: 8\r\n\r\n";
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    })
    .await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for _ in 0..3 {
        let (pieces, body) = written();
        pieces.send(data("one")).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "7".parse().unwrap());
        pieces.send(Ok(Frame::trailers(trailers))).unwrap();
        drop(pieces);
        let mut asked = request("POST", body);
        asked
            .headers_mut()
            .insert("trailer", "X-Sum".parse().unwrap());
        let answer = forward(&pool, &upstream, asked).await.unwrap();
        let whole = answer.into_body().collect().await.unwrap();
        assert_eq!(whole.trailers().unwrap()["x-back"], "8");
        assert_eq!(whole.to_bytes(), "hi");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_request_goes_on_while_its_answer_comes() {
    // Each piece is echoed before the next one is sent.
    let server = server(|_, mut stream| async move {
        while head(&mut stream).await.is_some() {
            let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            stream.write_all(start.as_bytes()).await.unwrap();
            loop {
                // The last chunk (`0` and two line ends) has five bytes. All others have six.
                let mut chunk = [0; 5];
                stream.read_exact(&mut chunk).await.unwrap();
                stream.write_all(&chunk).await.unwrap();
                if chunk[0] == b'0' {
                    break;
                }
                let mut end = [0; 1];
                stream.read_exact(&mut end).await.unwrap();
                stream.write_all(&end).await.unwrap();
            }
        }
    })
    .await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for _ in 0..2 {
        let (pieces, body) = written();
        let answer = forward(&pool, &upstream, request("POST", body))
            .await
            .unwrap();
        let mut body = answer.into_body();
        for letter in ["a", "b", "c"] {
            pieces.send(data(letter)).unwrap();
            let frame = tokio::time::timeout(LONG, body.frame())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            assert_eq!(frame.into_data().unwrap(), letter);
        }
        drop(pieces);
        assert!(
            tokio::time::timeout(LONG, body.frame())
                .await
                .unwrap()
                .is_none()
        );
    }
    assert_eq!(server.accepted(), 1, "both directions ended well");
}

#[tokio::test]
async fn an_early_answer_passes_and_ends_the_connection() {
    // The server responds and closes the connection without reading the body. The unread bytes
    // cause a TCP reset.
    let server = server(|_, mut stream| async move {
        head(&mut stream).await;
        let text = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge";
        stream.write_all(text.as_bytes()).await.unwrap();
    })
    .await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for round in 0..200 {
        let endless = futures_util::stream::repeat_with(|| {
            Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'x'; 16_384])))
        });
        let body = Body::stream(StreamBody::new(endless));
        let answer = forward(&pool, &upstream, request("POST", body)).await;
        let answer = answer.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(collect(answer).await, "large");
    }
    assert_eq!(server.accepted(), 200);
}

#[tokio::test]
async fn an_early_answer_is_read_even_after_writing_has_failed() {
    let (pieces, body) = written();
    let more = pieces.clone();
    let server = server(move |_, mut stream| {
        let more = more.clone();
        async move {
            head(&mut stream).await;
            stream.write_all(ok("early").as_bytes()).await.unwrap();
            // The server closes the connection without reading a piece, and then the client sends
            // another piece. Tokio has not noticed either event yet.
            drop(stream);
            more.send(data("two")).unwrap();
        }
    })
    .await;
    pieces.send(data("one")).unwrap();
    let upstream = upstream(&[server.address]);
    let asking = tokio::spawn(async move {
        let answer = forward(&Pool::default(), &upstream, request("POST", body)).await;
        collect(answer.unwrap()).await
    });
    assert_eq!(asking.await.unwrap(), "early");
    drop(pieces);
}

#[tokio::test(start_paused = true)]
async fn a_long_upload_is_not_a_late_one() {
    let server = server(|_, mut stream| async move {
        head(&mut stream).await;
        chunks(&mut stream).await;
        stream.write_all(ok("done").as_bytes()).await.unwrap();
    })
    .await;
    let mut settings = settings(&[server.address]);
    settings.times.idle = Duration::from_secs(3);
    settings.times.first_byte = Duration::from_secs(3);
    let (pieces, body) = written();
    tokio::spawn(async move {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            pieces.send(data("one")).unwrap();
        }
    });
    let pool = Pool::default();
    let answer = forward(&pool, &Upstream::new(settings), request("POST", body)).await;
    assert_eq!(collect(answer.unwrap()).await, "done");
}

#[tokio::test]
async fn an_early_answer_does_not_leave_half_a_request_behind() {
    let server = says(ok("early"), After::Stay).await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for _ in 0..3 {
        let (pieces, body) = written();
        let answer = forward(&pool, &upstream, request("POST", body))
            .await
            .unwrap();
        assert_eq!(collect(answer).await, "early");
        let _ = pieces.send(data("too late"));
    }
    assert_eq!(server.accepted(), 3);
}

#[tokio::test]
async fn the_door_asks_for_a_body_and_the_server_does_not() {
    let server = server(|_, mut stream| async move {
        let head = head(&mut stream).await.unwrap();
        assert!(!head.contains("expect"), "{head}");
        assert_eq!(chunks(&mut stream).await, "3\r\none\r\n0\r\n\r\n");
        stream.write_all(ok("done").as_bytes()).await.unwrap();
    })
    .await;
    let (pieces, body) = written();
    pieces.send(data("one")).unwrap();
    drop(pieces);
    let mut asked = request("POST", body);
    asked
        .headers_mut()
        .insert("expect", "100-continue".parse().unwrap());
    let answer = forward(&Pool::default(), &upstream(&[server.address]), asked)
        .await
        .unwrap();
    assert_eq!(collect(answer).await, "done");
}

#[tokio::test]
async fn a_client_that_breaks_off_is_not_the_servers_fault() {
    let server = server(|_, mut stream| async move {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    })
    .await;
    let (pieces, body) = written();
    pieces.send(data("one")).unwrap();
    pieces.send(Err(std::io::Error::other("gone"))).unwrap();
    let upstream = upstream(&[server.address]);
    let error = forward(&Pool::default(), &upstream, request("POST", body))
        .await
        .unwrap_err();
    assert_eq!(error.side(), Side::Client);
    assert_eq!(error.why(), "client_body");
    let cause = std::error::Error::source(&error).unwrap();
    assert!(cause.to_string().contains("gone"), "{cause}");
    assert!(upstream.status()[0].ready);
}

#[tokio::test(start_paused = true)]
async fn who_stands_still_is_told_apart() {
    let server = server(|_, mut stream| async move {
        head(&mut stream).await;
        // The server stops reading and never responds.
        std::future::pending::<()>().await;
    })
    .await;
    let mut settings = settings(&[server.address]);
    settings.times.idle = Duration::from_secs(3);
    let upstream = Upstream::new(settings);
    let (pieces, body) = written();
    pieces.send(data("one")).unwrap();
    let error = forward(&Pool::default(), &upstream, request("POST", body))
        .await
        .unwrap_err();
    assert_eq!(error.why(), "client_body_time");
    assert_eq!(error.status(), StatusCode::REQUEST_TIMEOUT);
    drop(pieces);
    let endless = futures_util::stream::repeat_with(|| data(&"x".repeat(65_536)));
    let body = Body::stream(StreamBody::new(endless));
    let error = forward(&Pool::default(), &upstream, request("POST", body))
        .await
        .unwrap_err();
    assert_eq!(error.why(), "upstream_send_time");
    assert_eq!(error.status(), StatusCode::GATEWAY_TIMEOUT);
}

/// The maximum number of bytes that the proxy accepts from a stalled stream: more than all socket
/// buffers, and far less than the whole body.
const BOUND: usize = 32 << 20;
const GIB: usize = 1 << 30;
/// The time without accepted data after which a write is stalled.
const STILL: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_slow_reader_holds_its_server_back() {
    let (stalled, stall) = oneshot::channel();
    let stalled = Arc::new(std::sync::Mutex::new(Some(stalled)));
    let server = server(move |_, mut stream| {
        let stalled = stalled.lock().unwrap().take();
        async move {
            head(&mut stream).await;
            let start = format!("HTTP/1.1 200 OK\r\nContent-Length: {GIB}\r\n\r\n");
            stream.write_all(start.as_bytes()).await.unwrap();
            let piece = [b'x'; 16_384];
            let mut sent = 0;
            while sent < GIB {
                match tokio::time::timeout(STILL, stream.write(&piece)).await {
                    Ok(written) => sent += written.unwrap(),
                    Err(_) => break,
                }
            }
            stalled.unwrap().send(sent).unwrap();
            while stream.write_all(&piece).await.is_ok() {}
        }
    })
    .await;
    let upstream = upstream(&[server.address]);
    let answer = forward(&Pool::default(), &upstream, request("GET", Body::Empty))
        .await
        .unwrap();
    let sent = tokio::time::timeout(LONG, stall).await.unwrap().unwrap();
    assert!(sent < BOUND, "{sent} bytes were taken for nobody");
    let mut body = answer.into_body();
    let mut read = 0;
    while read < 2 * BOUND {
        let frame = tokio::time::timeout(LONG, body.frame())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        read += frame.into_data().unwrap().len();
    }
    assert_eq!(upstream.status()[0].running, 1);
    drop(body);
    assert_eq!(upstream.status()[0].running, 0);
}

#[tokio::test]
async fn a_slow_server_holds_its_client_back() {
    let server = server(|_, mut stream| async move {
        head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    let endless = futures_util::stream::repeat_with(move || {
        count.fetch_add(65_536, Ordering::SeqCst);
        data(&"x".repeat(65_536))
    });
    let body = Body::stream(StreamBody::new(endless));
    let mut settings = settings(&[server.address]);
    settings.times.idle = STILL;
    let error = forward(
        &Pool::default(),
        &Upstream::new(settings),
        request("POST", body),
    )
    .await
    .unwrap_err();
    assert_eq!(error.why(), "upstream_send_time");
    let taken = taken.load(Ordering::SeqCst);
    assert!(taken < BOUND, "{taken} bytes were taken for nobody");
}

#[tokio::test]
async fn no_body_is_announced_that_is_not_sent() {
    for (method, said) in [("GET", None), ("DELETE", None), ("POST", Some("0"))] {
        let (heads, mut heard) = mpsc::unbounded_channel();
        let server = server(move |_, mut stream| {
            let heads = heads.clone();
            async move {
                heads.send(head(&mut stream).await.unwrap()).unwrap();
                stream.write_all(ok("done").as_bytes()).await.unwrap();
            }
        })
        .await;
        let mut request = request(method, Body::Empty);
        let length = http::HeaderValue::from_static("5");
        request.headers_mut().insert("content-length", length);
        let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
        let answer = forward(&pool, &upstream, request).await.unwrap();
        assert_eq!(collect(answer).await, "done");
        let head = heard.recv().await.unwrap().to_ascii_lowercase();
        let mut lines = head.split("\r\n");
        let length = lines.find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(length, said, "{head}");
    }
}

#[tokio::test]
async fn a_connection_is_used_again_after_a_body_of_any_length() {
    const LENGTH: usize = 300_000;
    let server = server(|_, mut stream| async move {
        while head(&mut stream).await.is_some() {
            let mut body = vec![0; LENGTH];
            stream.read_exact(&mut body).await.unwrap();
            stream.write_all(ok("done").as_bytes()).await.unwrap();
        }
    })
    .await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for _ in 0..3 {
        let (pieces, body) = written();
        let mut asked = request("PUT", body);
        let length = http::HeaderValue::from(LENGTH);
        asked.headers_mut().insert("content-length", length);
        for _ in 0..3 {
            pieces.send(data(&"x".repeat(LENGTH / 3))).unwrap();
        }
        drop(pieces);
        let answer = forward(&pool, &upstream, asked).await.unwrap();
        assert_eq!(collect(answer).await, "done");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_client_that_breaks_off_while_its_answer_comes_gets_no_whole_one() {
    let text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nearly";
    let server = says(text, After::Stay).await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    for _ in 0..2 {
        let (pieces, body) = written();
        pieces.send(data("one")).unwrap();
        let answer = forward(&pool, &upstream, request("POST", body)).await;
        let gone = std::io::Error::other("gone");
        pieces.send(Err(gone)).unwrap();
        let read = answer.unwrap().into_body().collect();
        let error = tokio::time::timeout(LONG, read).await.unwrap().unwrap_err();
        let cause = std::error::Error::source(&*error).unwrap();
        assert!(cause.to_string().contains("the client's body"), "{cause}");
    }
    assert_eq!(server.accepted(), 2);
}
