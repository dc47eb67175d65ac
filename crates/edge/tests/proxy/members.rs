//! Tests which of several upstream servers gets a request, and which are healthy.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use edge::Body;
use edge::proxy::{Balance, HealthSettings, Pool, Tunnels, Upstream, parse_address};
use http::StatusCode;
use http::uri::PathAndQuery;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::support::{
    After, LONG, Server, backend, collect, forward, get, head, nobody, ok, request, says, server,
    settings, upstream,
};

async fn named() -> Vec<Server> {
    let mut all = Vec::new();
    for name in ["a", "b", "c"] {
        all.push(says(ok(name), After::Stay).await);
    }
    all
}

fn addresses(servers: &[Server]) -> Vec<SocketAddr> {
    servers.iter().map(|server| server.address).collect()
}

async fn tally(pool: &Pool, upstream: &Arc<Upstream>, requests: usize) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for _ in 0..requests {
        let name = get(pool, upstream).await.unwrap();
        *count
            .entry(String::from_utf8(name.to_vec()).unwrap())
            .or_default() += 1;
    }
    count
}

#[tokio::test]
async fn each_gets_its_share() {
    let servers = named().await;
    let (pool, upstream) = (Pool::default(), upstream(&addresses(&servers)));
    let count = tally(&pool, &upstream, 30).await;
    assert_eq!(
        count,
        [("a".into(), 10), ("b".into(), 10), ("c".into(), 10)].into()
    );
}

#[tokio::test]
async fn one_that_refuses_is_passed_over() {
    let servers = named().await;
    let (_bound, nobody) = nobody();
    let mut all = addresses(&servers);
    all.insert(1, nobody);
    let (pool, upstream) = (Pool::default(), upstream(&all));
    let count = tally(&pool, &upstream, 60).await;
    assert_eq!(count.values().sum::<usize>(), 60);
    assert!(count.values().all(|count| *count >= 15), "{count:?}");
    assert!(!upstream.status()[1].ready, "three failures are enough");
    assert!(upstream.status()[0].ready);
}

#[tokio::test]
async fn one_that_takes_no_connection_is_given_up_in_time() {
    // The listener never accepts, so its queue fills up and further connection attempts time out.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    let full = Duration::from_millis(200);
    while let Ok(connected) = tokio::time::timeout(full, TcpStream::connect(address)).await {
        waiting.push(connected.unwrap());
    }
    let mut stuck = settings(&[address]);
    stuck.times.connect = Duration::from_millis(50);
    let pool = Pool::default();
    let error = get(&pool, &Upstream::new(stuck.clone())).await.unwrap_err();
    assert_eq!(error.why(), "upstream_connect_time");
    assert_eq!(error.status(), StatusCode::GATEWAY_TIMEOUT);
    let other = says(ok("other"), After::Stay).await;
    stuck.members.push(backend(other.address));
    assert_eq!(get(&pool, &Upstream::new(stuck)).await.unwrap(), "other");
}

#[tokio::test]
async fn the_least_busy_gets_the_next() {
    let blocked = Arc::new(Notify::new());
    let wait = Arc::clone(&blocked);
    let slow = server(move |_, mut stream| {
        let wait = Arc::clone(&wait);
        async move {
            head(&mut stream).await;
            wait.notified().await;
            stream.write_all(ok("slow").as_bytes()).await.unwrap();
        }
    })
    .await;
    let quick = says(ok("quick"), After::Stay).await;
    let mut settings = settings(&[slow.address, quick.address]);
    settings.balance = Balance::LeastRequests;
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    let waiting = tokio::spawn({
        let (pool, upstream) = (pool.clone(), Arc::clone(&upstream));
        async move { get(&pool, &upstream).await.unwrap() }
    });
    while upstream.status()[0].running == 0 {
        tokio::task::yield_now().await;
    }
    let count = tally(&pool, &upstream, 20).await;
    assert_eq!(count, [("quick".into(), 20)].into());
    blocked.notify_one();
    assert_eq!(waiting.await.unwrap(), "slow");
}

#[tokio::test]
async fn a_cookie_leads_back() {
    let servers = named().await;
    let mut settings = settings(&addresses(&servers));
    settings.balance = Balance::Sticky("stay".to_owned());
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    for _ in 0..3 {
        let answer = forward(&pool, &upstream, request("GET", Body::Empty))
            .await
            .unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        let first = collect(answer).await;
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax; Secure");
        assert!(!cookie.contains("127.0.0.1"));
        for _ in 0..5 {
            let mut asked = request("GET", Body::Empty);
            let all = format!("a=b; {pair}; c=d");
            asked.headers_mut().insert("cookie", all.parse().unwrap());
            let answer = forward(&pool, &upstream, asked).await.unwrap();
            assert!(!answer.headers().contains_key("set-cookie"));
            assert_eq!(collect(answer).await, first);
        }
    }
    let mut asked = request("GET", Body::Empty);
    asked
        .headers_mut()
        .insert("cookie", "stay=nonsense".parse().unwrap());
    let answer = forward(&pool, &upstream, asked).await.unwrap();
    assert!(
        answer.headers().contains_key("set-cookie"),
        "an unknown name gets a new one"
    );
}

#[tokio::test]
async fn who_loses_a_server_goes_to_the_one_that_came_last() {
    let servers = named().await;
    let all = addresses(&servers);
    let mut settings = settings(&all[..2]);
    settings.balance = Balance::Sticky("stay".to_owned());
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    // One of two servers is replaced. Its clients go to its replacement, although the other server
    // is next in turn.
    upstream.set_members(&[backend(all[1]), backend(all[2])]);
    for _ in 0..6 {
        let mut asked = request("GET", Body::Empty);
        asked
            .headers_mut()
            .insert("cookie", "stay=gone".parse().unwrap());
        let answer = forward(&pool, &upstream, asked).await.unwrap();
        assert_eq!(collect(answer).await, "c");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_ready_is_a_503_after_a_wait() {
    let upstream = upstream(&[]);
    let before = Instant::now();
    let error = get(&Pool::default(), &upstream).await.unwrap_err();
    assert_eq!(error.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
    let took = before.elapsed();
    assert!(
        took >= Duration::from_secs(2) && took < Duration::from_secs(3),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_request_that_waits_hears_of_a_server_at_once() {
    let server = says(ok("here"), After::Stay).await;
    let mut settings = settings(&[]);
    settings.times.ready = Duration::from_mins(10);
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    let waiting = (0..10).map(|_| {
        let (pool, upstream) = (pool.clone(), Arc::clone(&upstream));
        tokio::spawn(async move { get(&pool, &upstream).await.unwrap() })
    });
    let waiting: Vec<_> = waiting.collect();
    tokio::task::yield_now().await;
    upstream.set_members(&[backend(server.address)]);
    for one in waiting {
        assert_eq!(one.await.unwrap(), "here");
    }
}

#[tokio::test]
async fn what_runs_on_a_server_that_goes_is_finished_there() {
    let blocked = Arc::new(Notify::new());
    let wait = Arc::clone(&blocked);
    let old = server(move |_, mut stream| {
        let wait = Arc::clone(&wait);
        async move {
            head(&mut stream).await;
            let start = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\no";
            stream.write_all(start.as_bytes()).await.unwrap();
            wait.notified().await;
            stream.write_all(b"ld").await.unwrap();
            assert!(head(&mut stream).await.is_none(), "never asked again");
            wait.notify_one();
        }
    })
    .await;
    let new = says(ok("new"), After::Stay).await;
    let settings = settings(&[old.address]);
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    let answer = forward(&pool, &upstream, request("GET", Body::Empty))
        .await
        .unwrap();
    upstream.set_members(&[backend(new.address)]);
    assert_eq!(get(&pool, &upstream).await.unwrap(), "new");
    blocked.notify_one();
    assert_eq!(collect(answer).await, "old");
    // The proxy must close the connection, not keep it for reuse.
    let closed = tokio::time::timeout(crate::support::LONG, blocked.notified()).await;
    closed.unwrap();
}

#[tokio::test]
async fn servers_that_stay_keep_what_is_known_of_them() {
    let servers = named().await;
    let (_bound, nobody) = nobody();
    let (pool, upstream) = (Pool::default(), upstream(&[nobody, servers[0].address]));
    tally(&pool, &upstream, 12).await;
    assert!(!upstream.status()[0].ready);
    upstream.set_members(&[backend(servers[1].address), backend(nobody)]);
    assert!(!upstream.status()[1].ready);
    assert!(upstream.status()[0].ready);
}

#[tokio::test]
async fn one_that_was_out_gets_another_chance() {
    // No other test uses the server's IP address. Therefore, no other process gets its port while
    // it is stopped.
    let listener = TcpListener::bind("127.0.0.3:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (pool, upstream) = (Pool::default(), upstream(&[address]));
    for _ in 0..3 {
        assert_eq!(
            get(&pool, &upstream).await.unwrap_err().why(),
            "upstream_connect"
        );
    }
    assert!(!upstream.status()[0].ready);
    // Requests do not wait while the only server is paused. They fail, or reach the server if it
    // has recovered.
    let error = get(&pool, &upstream).await.unwrap_err();
    assert_eq!(error.why(), "upstream_connect");
    let listener = TcpListener::bind(address).await.unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        stream.write_all(ok("back").as_bytes()).await.unwrap();
    });
    assert_eq!(get(&pool, &upstream).await.unwrap(), "back");
    task.await.unwrap();
}

#[tokio::test]
async fn servers_are_asked_whether_they_are_well() {
    let well = Arc::new(AtomicBool::new(true));
    let (told, asked) = (Arc::clone(&well), Arc::new(Notify::new()));
    let heard = Arc::clone(&asked);
    let server = server(move |_, mut stream| {
        let (told, heard) = (Arc::clone(&told), Arc::clone(&heard));
        async move {
            let head = head(&mut stream).await.unwrap();
            assert!(
                head.starts_with("GET /healthy?deep=1 HTTP/1.1\r\n"),
                "{head}"
            );
            let text = if told.load(Ordering::SeqCst) {
                ok("")
            } else {
                "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n".to_owned()
            };
            stream.write_all(text.as_bytes()).await.unwrap();
            heard.notify_one();
        }
    })
    .await;
    let mut settings = settings(&[server.address]);
    settings.health = Some(HealthSettings {
        path: PathAndQuery::from_static("/healthy?deep=1"),
        every: Duration::from_millis(5),
        within: Duration::from_secs(5),
        fall: 2,
        rise: 2,
    });
    let upstream = Upstream::new(settings);
    let watch = upstream.watch();
    asked.notified().await;
    assert!(upstream.status()[0].ready);
    well.store(false, Ordering::SeqCst);
    while upstream.status()[0].ready {
        asked.notified().await;
    }
    well.store(true, Ordering::SeqCst);
    while !upstream.status()[0].ready {
        asked.notified().await;
    }
    drop(watch);
    drop(upstream);
}

#[tokio::test]
async fn servers_are_asked_below_their_base() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let server = server(move |_, mut stream| {
        let tell = tell.clone();
        async move {
            let head = head(&mut stream).await.unwrap();
            let _ = tell.send(head.lines().next().map(str::to_owned));
            stream.write_all(ok("").as_bytes()).await.unwrap();
        }
    })
    .await;
    let mut settings = settings(&[server.address]);
    let below = format!("http://{}/app/", server.address);
    settings.members[0] = parse_address(&below, Path::new("/")).unwrap();
    settings.health = Some(HealthSettings {
        path: PathAndQuery::from_static("/hz?deep=1"),
        every: Duration::from_mins(1),
        within: LONG,
        fall: 1,
        rise: 1,
    });
    let (pool, upstream) = (Pool::default(), Upstream::new(settings));
    let watch = upstream.watch();
    let asked = told.recv().await.unwrap();
    assert_eq!(asked.as_deref(), Some("GET /app/hz?deep=1 HTTP/1.1"));
    get(&pool, &upstream).await.unwrap();
    let asked = told.recv().await.unwrap();
    assert_eq!(asked.as_deref(), Some("GET /app/ HTTP/1.1"));
    drop(watch);
}

#[tokio::test]
async fn pools_share_what_they_know_of_a_server() {
    let servers = named().await;
    let upstream = upstream(&addresses(&servers));
    let tunnels = Tunnels::default();
    let mut count = BTreeMap::new();
    for _ in 0..9 {
        let pool = Pool::new(tunnels.clone());
        for (name, more) in tally(&pool, &upstream, 1).await {
            *count.entry(name).or_insert(0) += more;
        }
    }
    assert!(count.values().all(|count| *count == 3), "{count:?}");
}
