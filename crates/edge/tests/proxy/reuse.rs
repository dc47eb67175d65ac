//! Tests which upstream connections are reused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use edge::Body;
use edge::proxy::{Pool, Times, Upstream};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::support::{
    After, LONG, Server, collect, forward, get, head, ok, request, says, server, settings, upstream,
};

#[tokio::test]
async fn a_connection_that_closed_while_unused_is_not_used() {
    for method in ["GET", "POST", "DELETE"] {
        let (answered, closed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (wait, told) = (Arc::clone(&answered), Arc::clone(&closed));
        let server = server(move |_, mut stream| {
            let (wait, told) = (Arc::clone(&wait), Arc::clone(&told));
            async move {
                head(&mut stream).await;
                stream.write_all(ok("once").as_bytes()).await.unwrap();
                wait.notified().await;
                drop(stream);
                told.notify_one();
            }
        })
        .await;
        let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
        // This task continues right after the server closes the connection, before Tokio notices
        // the close.
        let asking = tokio::spawn(async move {
            for _ in 0..20 {
                let answer = forward(&pool, &upstream, request(method, Body::Empty)).await;
                assert_eq!(collect(answer.expect(method)).await, "once");
                answered.notify_one();
                closed.notified().await;
            }
        });
        asking.await.unwrap();
        assert_eq!(server.accepted(), 20);
    }
}

/// Starts a server that responds to one request on each connection. It closes the connection after
/// it has read the next request.
async fn forgetful(requests: Arc<AtomicUsize>) -> crate::support::Server {
    server(move |_, mut stream| {
        let requests = Arc::clone(&requests);
        async move {
            head(&mut stream).await;
            requests.fetch_add(1, Ordering::SeqCst);
            stream.write_all(ok("one").as_bytes()).await.unwrap();
            if head(&mut stream).await.is_some() {
                requests.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_request_that_may_be_repeated_is_sent_once_more_on_a_fresh_connection() {
    let requests = Arc::new(AtomicUsize::new(0));
    let server = forgetful(Arc::clone(&requests)).await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    assert_eq!(get(&pool, &upstream).await.unwrap(), "one");
    assert_eq!(get(&pool, &upstream).await.unwrap(), "one");
    assert_eq!(server.accepted(), 2);
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    assert!(upstream.status()[0].ready);
}

#[tokio::test]
async fn a_request_that_may_not_be_repeated_is_not() {
    for (method, body) in [
        ("POST", Body::Empty),
        ("PATCH", Body::Empty),
        ("PUT", Body::full("half a fact")),
    ] {
        let requests = Arc::new(AtomicUsize::new(0));
        let server = forgetful(Arc::clone(&requests)).await;
        let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
        assert_eq!(get(&pool, &upstream).await.unwrap(), "one");
        let error = forward(&pool, &upstream, request(method, body))
            .await
            .unwrap_err();
        assert_eq!(error.why(), "upstream_closed");
        assert_eq!(requests.load(Ordering::SeqCst), 2, "{method}");
        assert_eq!(server.accepted(), 1);
    }
}

/// Accepts one connection and responds to one request. Exits when `told` is notified, or after a
/// second request. Returns whether there was a second request.
async fn dies(listener: TcpListener, told: Arc<Notify>) -> bool {
    let (mut stream, _) = listener.accept().await.unwrap();
    head(&mut stream).await;
    stream.write_all(ok("one").as_bytes()).await.unwrap();
    tokio::select! {
        heard = head(&mut stream) => heard.is_some(),
        () = told.notified() => false,
    }
}

#[tokio::test]
async fn what_a_server_may_have_changed_before_it_died_is_changed_by_no_other() {
    for (reads, expected) in [(true, &["upstream_closed"][..]), (false, &[])] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mortal = listener.local_addr().unwrap();
        let word = Arc::new(Notify::new());
        let mut dying = tokio::spawn(dies(listener, Arc::clone(&word)));
        let deleted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&deleted);
        let well = server(move |_, mut stream| {
            let count = Arc::clone(&count);
            async move {
                while let Some(asked) = head(&mut stream).await {
                    let is_delete = asked.starts_with("DELETE ");
                    count.fetch_add(usize::from(is_delete), Ordering::SeqCst);
                    stream.write_all(ok("one").as_bytes()).await.unwrap();
                }
            }
        })
        .await;
        let upstream = upstream(&[mortal, well.address]);
        // This task continues right after the server task ends, before Tokio notices the closed
        // connection.
        let asking = tokio::spawn(async move {
            let pool = Pool::default();
            for _ in 0..2 {
                assert_eq!(get(&pool, &upstream).await.unwrap(), "one");
            }
            if !reads {
                word.notify_one();
                assert!(!(&mut dying).await.unwrap());
            }
            let mut broken = Vec::new();
            for _ in 0..2 {
                match forward(&pool, &upstream, request("DELETE", Body::Empty)).await {
                    Ok(answer) => assert_eq!(collect(answer).await, "one"),
                    Err(error) => broken.push(error.why()),
                }
            }
            if reads {
                assert!(dying.await.unwrap());
            }
            broken
        });
        assert_eq!(asking.await.unwrap(), expected);
        assert_eq!(deleted.load(Ordering::SeqCst), 2 - expected.len());
    }
}

#[tokio::test]
async fn a_fresh_connection_is_not_tried_twice() {
    let server = says("", After::Close).await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    assert_eq!(
        get(&pool, &upstream).await.unwrap_err().why(),
        "upstream_closed"
    );
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn an_answer_that_has_begun_is_not_asked_for_again() {
    let server = server(|_, mut stream| async move {
        head(&mut stream).await;
        stream.write_all(ok("one").as_bytes()).await.unwrap();
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200").await.unwrap();
    })
    .await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    assert_eq!(get(&pool, &upstream).await.unwrap(), "one");
    assert_eq!(
        get(&pool, &upstream).await.unwrap_err().why(),
        "upstream_closed"
    );
    assert_eq!(server.accepted(), 1);
}

#[tokio::test(start_paused = true)]
async fn unused_connections_are_closed_before_the_server_does() {
    let (open, closed) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (count, told) = (Arc::clone(&open), Arc::clone(&closed));
    let server = server(move |_, mut stream| {
        let (count, told) = (Arc::clone(&count), Arc::clone(&told));
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            while head(&mut stream).await.is_some() {
                stream.write_all(ok("one").as_bytes()).await.unwrap();
            }
            count.fetch_sub(1, Ordering::SeqCst);
            told.notify_one();
        }
    })
    .await;
    let mut settings = settings(&[server.address]);
    settings.times.keep = Times::default().keep;
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    get(&pool, &upstream).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_400)).await;
    get(&pool, &upstream).await.unwrap();
    assert_eq!(server.accepted(), 1, "still young");
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    get(&pool, &upstream).await.unwrap();
    assert_eq!(server.accepted(), 2, "too old");
    tokio::time::sleep(Duration::from_secs(4)).await;
    tokio::time::resume();
    all_closed(&open, &closed).await;
}

async fn all_closed(open: &AtomicUsize, closed: &Notify) {
    let waits = async {
        while open.load(Ordering::SeqCst) > 0 {
            closed.notified().await;
        }
    };
    tokio::time::timeout(LONG, waits)
        .await
        .expect("what nobody used for so long is closed");
}

#[tokio::test]
async fn so_many_unused_connections_are_kept_and_no_more() {
    let server = says(ok("one"), After::Stay).await;
    let mut settings = settings(&[server.address]);
    settings.idle_connections = 2;
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    for accepted in [5, 8] {
        let all = (0..5).map(|_| get(&pool, &upstream));
        for answer in futures_util::future::join_all(all).await {
            assert_eq!(answer.unwrap(), "one");
        }
        assert_eq!(server.accepted(), accepted);
    }
}

/// Starts a server that always sends the same response, and keeps its connections open.
async fn server_of_one_word(word: &'static str) -> Server {
    server(move |_, mut stream| async move {
        while head(&mut stream).await.is_some() {
            stream.write_all(ok(word).as_bytes()).await.unwrap();
        }
    })
    .await
}

#[tokio::test]
async fn as_many_unused_connections_are_kept_as_were_lately_in_use_at_once() {
    const AT_ONCE: usize = 200;
    let (open, closed) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (count, told) = (Arc::clone(&open), Arc::clone(&closed));
    let server = server(move |_, mut stream| {
        let (count, told) = (Arc::clone(&count), Arc::clone(&told));
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            while head(&mut stream).await.is_some() {
                stream.write_all(ok("one").as_bytes()).await.unwrap();
            }
            count.fetch_sub(1, Ordering::SeqCst);
            told.notify_one();
        }
    })
    .await;
    let pool = Pool::default();
    // Another upstream's longer keep time must have no effect.
    let patient = server_of_one_word("two").await;
    let mut longer = settings(&[patient.address]);
    longer.times.keep = Duration::from_hours(1);
    assert_eq!(get(&pool, &Upstream::new(longer)).await.unwrap(), "two");
    let settings = settings(&[server.address]);
    let keep = settings.times.keep;
    let upstream = Upstream::new(settings);
    for _ in 0..5 {
        let all = (0..AT_ONCE).map(|_| get(&pool, &upstream));
        for answer in futures_util::future::join_all(all).await {
            assert_eq!(answer.unwrap(), "one");
        }
    }
    assert!(server.accepted() <= AT_ONCE, "{}", server.accepted());
    tokio::time::pause();
    tokio::time::sleep(2 * keep).await;
    tokio::time::resume();
    all_closed(&open, &closed).await;
}

/// The next number of a pseudo-random sequence. The sequence is the same in each run.
fn dice(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[tokio::test]
async fn no_request_fails_when_a_server_closes_unused_connections_as_it_likes() {
    const REQUESTS: usize = 2_000;
    const AT_ONCE: usize = 16;
    // The server closes the connection after a random number of responses, at once or after a short
    // wait. Some closes therefore coincide with the next request.
    let server = server(|number, mut stream| async move {
        let mut state = number as u64 * 2_654_435_761 + 88_172_645_463_325_252;
        loop {
            if head(&mut stream).await.is_none() {
                return;
            }
            if stream.write_all(ok("pound").as_bytes()).await.is_err() {
                return;
            }
            match dice(&mut state) % 8 {
                0 => return,
                1 => {
                    for _ in 0..dice(&mut state) % 20 {
                        tokio::task::yield_now().await;
                    }
                    return;
                }
                _ => {}
            }
        }
    })
    .await;
    let (pool, upstream) = (Pool::default(), upstream(&[server.address]));
    let workers = (0..AT_ONCE).map(|_| {
        let (pool, upstream) = (pool.clone(), Arc::clone(&upstream));
        tokio::spawn(async move {
            for _ in 0..REQUESTS / AT_ONCE {
                assert_eq!(get(&pool, &upstream).await.unwrap(), "pound");
            }
        })
    });
    for worker in futures_util::future::join_all(workers).await {
        worker.unwrap();
    }
    assert!(server.accepted() > 100, "it did close them");
}
