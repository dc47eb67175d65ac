//! One connection of HTTP/2 that carries the requests of many.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use bytes::Bytes;
use edge::Body;
use edge::proxy::{Pool, ServerAddress, Upstream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Channel, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{collect, forward, get, request, settings};

/// Polls once, and finds that there is nothing yet.
async fn begun<T>(mut asking: Pin<&mut impl Future<Output = T>>) {
    std::future::poll_fn(|context| {
        assert!(asking.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// Says which host it was asked for, where that was said, and what was sent to it.
async fn told(request: Request<Incoming>) -> Response<UnsyncBoxBody<Bytes, Infallible>> {
    let (parts, body) = request.into_parts();
    let text = |name: &str| {
        let value = parts.headers.get(name);
        value
            .map_or("-", |value| value.to_str().unwrap())
            .to_owned()
    };
    let sent = body.collect().await.unwrap().to_bytes();
    let (host, coding) = (text("host"), text("transfer-encoding"));
    let sent = String::from_utf8_lossy(&sent);
    let said = format!("{} {host} {coding} {sent}", parts.uri);
    Response::new(Full::from(said).boxed_unsync())
}

#[tokio::test]
async fn who_is_not_sent_on_a_connection_that_ends_is_asked_for_elsewhere_as_before() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let (count, first_ends) = (Arc::clone(&accepted), CancellationToken::new());
    let ends = first_ends.clone();
    let server = tokio::spawn(async move {
        // One at a time, and the first one's answer never ends.
        let (stream, _) = listener.accept().await.unwrap();
        count.fetch_add(1, Ordering::SeqCst);
        let held = std::sync::Mutex::new(Vec::new());
        let service = hyper::service::service_fn(|_| {
            let (send, sent) = Channel::<Bytes, Infallible>::new(1);
            held.lock().unwrap().push(send);
            std::future::ready(Ok::<_, Infallible>(Response::new(sent)))
        });
        let served = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .max_concurrent_streams(1)
            .serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            _ = served => panic!("it lasts until it is ended"),
            () = ends.cancelled() => {}
        }
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let service = hyper::service::service_fn(|request| async {
                Ok::<_, Infallible>(told(request).await)
            });
            let served = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(served);
        }
    });
    let mut settings = settings(&[address]);
    let plain = settings.members[0].address.clone();
    settings.members[0].address = ServerAddress::Http2(Box::new(plain));
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    let held = forward(&pool, &upstream, request("GET", Body::Empty)).await;
    let held = held.unwrap();
    // The next one waits for its stream, and what comes after it has no stream yet.
    let second = request("GET", Body::Empty);
    let mut second = pin!(forward(&pool, &upstream, second));
    begun(second.as_mut()).await;
    let third = request("POST", Body::full("hello"));
    let mut third = pin!(forward(&pool, &upstream, third));
    begun(third.as_mut()).await;
    first_ends.cancel();
    let third = collect(third.await.unwrap()).await;
    assert_eq!(third, "http://kenduri.example/ - - hello");
    let second = collect(second.await.unwrap()).await;
    assert_eq!(second, "http://kenduri.example/ - - ");
    assert!(held.into_body().collect().await.is_err());
    assert!(accepted.load(Ordering::SeqCst) >= 2);
    server.abort();
}

#[tokio::test]
async fn clients_that_do_not_read_hold_up_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let service = hyper::service::service_fn(|request: Request<Incoming>| {
                let piece = Bytes::from_static(&[b'x'; 16_384]);
                let body = if request.method() == "GET" {
                    Full::from("done").boxed_unsync()
                } else {
                    let pieces = futures_util::stream::repeat_with(move || {
                        Ok::<_, Infallible>(Frame::data(piece.clone()))
                    });
                    StreamBody::new(pieces).boxed_unsync()
                };
                std::future::ready(Ok::<_, Infallible>(Response::new(body)))
            });
            let served = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(served);
        }
    });
    let mut settings = settings(&[address]);
    let plain = settings.members[0].address.clone();
    settings.members[0].address = ServerAddress::Http2(Box::new(plain));
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    // More than fill the window of one connection, and more than it has streams for.
    let mut unread = Vec::new();
    for _ in 0..250 {
        let answer = forward(&pool, &upstream, request("POST", Body::Empty)).await;
        unread.push(answer.unwrap());
    }
    assert_eq!(get(&pool, &upstream).await.unwrap(), "done");
    let opened = accepted.load(Ordering::SeqCst);
    assert!((2..=8).contains(&opened), "{opened} connections");
    drop(unread);
    // There are places again.
    for _ in 0..100 {
        assert_eq!(get(&pool, &upstream).await.unwrap(), "done");
    }
    assert_eq!(accepted.load(Ordering::SeqCst), opened);
    server.abort();
}
