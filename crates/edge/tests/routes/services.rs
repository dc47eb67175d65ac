//! Tests a service's servers when they are added or removed, fail or die.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use edge::proxy::{BackendStatus, BackendsStatus, ServerAddress, Servers, parse_address};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};

use super::*;

pub(super) const SOON: Duration = Duration::from_mins(1);
pub(super) const TO_NODE: &str = "[[route]]\nto = \"service:node\"\n";

pub(super) fn at(address: SocketAddr) -> ServerAddress {
    parse_address(&format!("http://{address}"), Path::new("/")).unwrap()
}

fn in_file(path: &Path, owner: Option<u32>) -> ServerAddress {
    let path = path.to_owned();
    ServerAddress::Unix { path, owner }
}

pub(super) fn ready(addresses: &[&ServerAddress]) -> Servers {
    Servers {
        ready: addresses.iter().map(|one| (*one).clone()).collect(),
        failed: false,
        drain_within: SOON,
    }
}

/// An address that refuses connections. No other process can bind it while the returned descriptor
/// is open.
fn nobody() -> (OwnedFd, ServerAddress) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket.into(), at(address))
}

/// Starts a server that closes each connection after the request, like a server that crashes on
/// every request.
async fn dying() -> (ServerAddress, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = at(listener.local_addr().unwrap());
    let stop = tokio_util::sync::CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let mut stream = accepted.unwrap().0;
                    head(&mut stream).await;
                }
                () = stopped.cancelled() => return,
            }
        }
    });
    (address, stop.drop_guard())
}

async fn until(what: impl Fn() -> bool) {
    let waiting = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.unwrap();
}

/// Pauses until a request has probably begun to wait for a server. The test cannot observe this. It
/// also passes if the request begins to wait later.
async fn pause(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

/// Repeats an action until it takes less than a second, and returns the last result.
pub(super) async fn at_once<T>(act: impl AsyncFn() -> T) -> T {
    let begin = Instant::now();
    loop {
        let before = Instant::now();
        let outcome = act().await;
        if before.elapsed() < Duration::from_secs(1) {
            return outcome;
        }
        assert!(begin.elapsed() < SOON, "it always takes long");
    }
}

#[tokio::test]
async fn one_that_was_given_up_is_not_waited_for() {
    let site = Site::open(TO_NODE, Options::default());
    let failed = Servers {
        failed: true,
        ..Servers::default()
    };
    // A request that waits for a server takes two seconds. On a busy machine, other requests may
    // also take two seconds, but not in every attempt.
    at_once(async || {
        site.edge.set_servers("node", &failed);
        let heard = site.get("/").await;
        assert_eq!(heard.status, 503);
        assert_eq!(heard.header("retry-after"), Some("30"));
        assert!(heard.body.contains("<h1>"), "{heard:?}");
    })
    .await;
    // When the service fails, requests that wait for a server are refused too.
    at_once(async || {
        site.edge.set_servers("node", &Servers::default());
        let (heard, ()) = tokio::join!(site.get("/"), async {
            pause(50).await;
            site.edge.set_servers("node", &failed);
        });
        assert_eq!(heard.status, 503);
    })
    .await;
    // The failure has no effect while any server is ready.
    let (server, _running) = server("one").await;
    let partly = Servers {
        failed: true,
        ..ready(&[&at(server)])
    };
    site.edge.set_servers("node", &partly);
    assert_eq!(site.get("/").await.status, 200);
    assert!(site.edge.servers("node").failed);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_service_has_as_long_as_its_plan_says() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let late = at(listener.local_addr().unwrap());
    let site = Site::open("", Options::default());
    site.edge.set_servers("node", &ready(&[&late]));
    let plan = |first_byte_time: &str| {
        let node = Service {
            first_byte_time: first_byte_time.to_owned(),
            ..service("node", &[])
        };
        plan_with(TO_NODE, site.folder.path(), &[node])
    };
    site.edge.apply(plan("1ms")).unwrap();
    assert_eq!(site.get("/").await.status, 504);
    let _given_up = listener.accept().await.unwrap();
    site.edge.apply(plan("1h")).unwrap();
    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        stream
    };
    let (heard, _kept) = tokio::join!(site.get("/"), answer);
    assert_eq!(heard.status, 200);
    site.edge.stop().await;
}

#[tokio::test]
async fn what_was_told_outlives_every_plan() {
    let (server, _running) = server("one").await;
    let (_bound, dead) = nobody();
    let site = Site::open("", Options::default());
    let all = ready(&[&at(server), &dead]);
    // The servers are set before any plan names the service.
    site.edge.set_servers("flask", &all);
    let plan = |balance: &str| {
        let flask = Service {
            balance: balance.to_owned(),
            ..service("flask", &[])
        };
        let routes = "[[route]]\nto = \"service:flask\"\n";
        plan_with(routes, site.folder.path(), &[flask])
    };
    site.edge.apply(plan("round-robin")).unwrap();
    let is_out = |members: &[BackendStatus]| members.len() == 2 && !members[1].ready;
    while !is_out(&site.edge.servers("flask").members) {
        assert_eq!(site.get("/").await.status, 200);
    }
    let before = site.edge.servers("flask");
    assert!(before.requests > 2, "{before:?}");
    // None of these reloads affects the servers: with the same routes, with another balance, or
    // without routes to the service.
    for balance in ["round-robin", "least", "sticky"] {
        site.edge.apply(plan(balance)).unwrap();
        let now = site.edge.servers("flask");
        assert!(is_out(&now.members), "{balance}: {now:?}");
        assert!(now.requests >= before.requests, "{balance}: {now:?}");
        let heard = site.get("/").await;
        assert_eq!(heard.status, 200);
        let cookie = heard.header("set-cookie").unwrap_or_default();
        assert_eq!(
            cookie.starts_with("kenduri-server-flask="),
            balance == "sticky"
        );
    }
    site.edge.apply(site.plan("")).unwrap();
    assert_eq!(site.edge.servers("flask").members.len(), 2);
    site.edge.apply(plan("least")).unwrap();
    assert_eq!(site.get("/").await.status, 200);
    assert_eq!(site.edge.servers("nobody"), BackendsStatus::default());
    site.edge.stop().await;
}

#[tokio::test]
async fn one_that_refuses_costs_no_request() {
    let (server, _running) = server("one").await;
    let (_bound, dead) = nobody();
    let site = Site::open(TO_NODE, Options::default());
    let missing = in_file(&site.folder.path().join("gone.sock"), None);
    let left = site.folder.path().join("left.sock");
    drop(std::os::unix::net::UnixListener::bind(&left).unwrap());
    let left = in_file(&left, None);
    for _ in 0..3 {
        for dead in [&dead, &missing, &left] {
            site.edge.set_servers("node", &Servers::default());
            site.edge
                .set_servers("node", &ready(&[dead, &at(server), dead]));
            for _ in 0..2 {
                let heard = site.get("/").await;
                assert_eq!(heard.status, 200, "{dead}");
                // The dead server cannot have received the request, so even a `POST` may go to
                // another server.
                let heard = site.ask("POST", "/", "", "12345").await;
                assert_eq!(heard.status, 200, "{dead}");
                assert!(heard.body.contains("length=5"), "{heard:?}");
            }
        }
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn one_that_breaks_off_is_followed_by_another_once() {
    let (server, _running) = server("one").await;
    let (dying_one, _first) = dying().await;
    let (dying_two, _second) = dying().await;
    let site = Site::open(TO_NODE, Options::default());
    let ask = async |method: &str, members: &[&ServerAddress]| {
        site.edge.set_servers("node", &Servers::default());
        site.edge.set_servers("node", &ready(members));
        // The two requests try the servers in opposite order.
        let mut heard = [0, 0];
        for status in &mut heard {
            *status = site.ask(method, "/", "", "").await.status;
        }
        heard.sort_unstable();
        heard
    };
    let well = at(server);
    assert_eq!(ask("GET", &[&dying_one, &well]).await, [200, 200]);
    // The first server may have begun to change something, so no other server gets the request.
    for method in ["POST", "PUT", "DELETE"] {
        assert_eq!(
            ask(method, &[&dying_one, &well]).await,
            [200, 502],
            "{method}"
        );
    }
    assert_eq!(ask("GET", &[&dying_one]).await, [502, 502]);
    // A request that failed at two servers is not sent to a third.
    let three = [&dying_one, &dying_two, &well];
    let mut bad = 0;
    for _ in 0..3 {
        site.edge.set_servers("node", &Servers::default());
        site.edge.set_servers("node", &ready(&three));
        for _ in 0..3 {
            bad += usize::from(site.get("/").await.status == 502);
        }
    }
    assert!(bad > 0);
    site.edge.stop().await;
}

#[tokio::test]
async fn who_comes_as_the_only_one_dies_waits_for_the_next() {
    let (server, _running) = server("one").await;
    let site = Site::open(TO_NODE, Options::default());
    // A request that waits for a server fails after two seconds. `at_once` repeats the attempt on a
    // busy machine.
    let heard = at_once(async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dying = at(listener.local_addr().unwrap());
        site.edge.set_servers("node", &ready(&[&dying]));
        let (heard, ()) = tokio::join!(site.get("/"), async {
            let (connection, _) = listener.accept().await.unwrap();
            // Nothing listens at the address when the connection breaks.
            drop(listener);
            drop(connection);
            pause(100).await;
            site.edge.set_servers("node", &ready(&[&at(server)]));
        });
        heard
    })
    .await;
    assert_eq!(heard.status, 200);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_dead_socket_is_waited_for() {
    let (server, _running) = server("one").await;
    let site = Site::open(TO_NODE, Options::default());
    let gone = in_file(&site.folder.path().join("gone.sock"), None);
    let (_bound, refusing) = nobody();
    for dead in [&gone, &refusing] {
        // A request that waits for a server fails after two seconds. `at_once` repeats the attempt
        // on a busy machine.
        let (get, post) = at_once(async || {
            site.edge.set_servers("node", &ready(&[dead]));
            let before = site.edge.servers("node").requests;
            let answers = async { tokio::join!(site.get("/"), site.ask("POST", "/", "", "12345")) };
            let (answers, ()) = tokio::join!(answers, async {
                // The address has refused the edge's connection.
                until(|| site.edge.servers("node").requests >= before + 2).await;
                pause(100).await;
                site.edge.set_servers("node", &ready(&[&at(server)]));
            });
            answers
        })
        .await;
        assert_eq!((get.status, post.status), (200, 200), "{dead}");
        assert!(post.body.contains("length=5"), "{post:?}");
    }
    // The server restarts at the same address, without a call to `set_servers`.
    let path = site.folder.path().join("back.sock");
    let back = in_file(&path, None);
    site.edge.set_servers("node", &ready(&[&back]));
    let (heard, _listener) = tokio::join!(site.get("/"), async {
        until(|| site.edge.servers("node").requests > 0).await;
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(answer.as_bytes()).await.unwrap();
        listener
    });
    assert_eq!((heard.status, &*heard.body), (200, "ok"));
    // Nothing listens at the address, so the request fails after two seconds with a `Retry-After`.
    site.edge.set_servers("node", &ready(&[&gone]));
    let before = Instant::now();
    let heard = site.get("/").await;
    let took = before.elapsed();
    assert_eq!(heard.status, 503);
    assert!(heard.header("retry-after").is_some());
    assert!(took >= Duration::from_secs(2), "{took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    site.edge.stop().await;
}

#[tokio::test]
async fn who_has_another_owner_is_told_nothing() {
    let site = Site::open(TO_NODE, Options::default());
    let (path, link) = ["a.sock", "link"]
        .map(|name| site.folder.path().join(name))
        .into();
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let me = rustix::process::geteuid().as_raw();
    site.edge
        .set_servers("node", &ready(&[&in_file(&link, Some(me + 1))]));
    let read = async || {
        let (mut stream, _) = listener.accept().await.unwrap();
        let length = stream.read(&mut [0; 1 << 10]).await.unwrap();
        (stream, length)
    };
    let (heard, (_, length)) = tokio::join!(site.ask("POST", "/", "", "12345"), read());
    assert_eq!((heard.status, length), (503, 0));
    site.edge
        .set_servers("node", &ready(&[&in_file(&path, Some(me))]));
    let (heard, ()) = tokio::join!(site.get("/"), async {
        let mut stream = loop {
            // Connections from earlier attempts carry no request.
            if let (stream, 1..) = read().await {
                break stream;
            }
        };
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    assert_eq!((heard.status, &*heard.body), (200, "ok"));
    site.edge.stop().await;
}

/// Starts a server that passes each connection to the test. The test sends the responses.
async fn patient() -> (ServerAddress, tokio::sync::mpsc::Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = at(listener.local_addr().unwrap());
    let (take, taken) = tokio::sync::mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if take.send(stream).await.is_err() {
                return;
            }
        }
    });
    (address, taken)
}

async fn head(stream: &mut TcpStream) {
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        heard.push(stream.read_u8().await.unwrap());
    }
}

#[tokio::test]
async fn one_that_is_taken_out_finishes_what_it_has() {
    let (old, mut taken) = patient().await;
    let (new, _running) = server("new").await;
    let site = Site::open(TO_NODE, Options::default());
    // Idle connections must not expire during this test.
    let node = Service {
        keep_time: "1h".to_owned(),
        ..service("node", &[])
    };
    let plan = plan_with(TO_NODE, site.folder.path(), &[node]);
    site.edge.apply(plan).unwrap();
    site.edge.set_servers("node", &ready(&[&old]));
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold";
    // The first connection becomes idle while a request runs on the second.
    let (first, mut resting) = tokio::join!(site.get("/"), async {
        let mut stream = taken.recv().await.unwrap();
        head(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream
    });
    assert_eq!(first.body, "old");
    let (second, third) = tokio::join!(site.get("/"), async {
        head(&mut resting).await;
        let third = tokio::join!(site.get("/"), async {
            let mut busy = taken.recv().await.unwrap();
            head(&mut busy).await;
            resting.write_all(answer.as_bytes()).await.unwrap();
            // The second connection is idle, and the edge closes it at once.
            until(|| site.edge.servers("node").members[0].running == 1).await;
            let before = site.edge.servers("node");
            assert_eq!((before.requests, before.members[0].requests), (3, 3));
            site.edge.set_servers("node", &ready(&[&at(new)]));
            let closed = tokio::time::timeout(SOON, resting.read_u8());
            assert!(closed.await.expect("closed at once").is_err());
            let drained = site.edge.drained("node", &old);
            let mut drained = std::pin::pin!(drained);
            let not_yet = tokio::time::timeout(Duration::from_millis(50), &mut drained);
            assert!(not_yet.await.is_err());
            assert!(site.get("/").await.body.starts_with("new"));
            let members = site.edge.servers("node").members;
            let told: Vec<_> = members.iter().map(|one| (one.ready, one.running)).collect();
            assert_eq!(told, [(true, 0), (false, 1)]);
            busy.write_all(answer.as_bytes()).await.unwrap();
            drained.await;
            // The busy connection is closed after its response.
            assert!(busy.read_u8().await.is_err());
        });
        third.0
    });
    assert_eq!((&*second.body, &*third.body), ("old", "old"));
    let after = site.edge.servers("node");
    assert_eq!(after.members.len(), 1, "{after:?}");
    assert_eq!((after.requests, after.members[0].requests), (4, 1));
    // The edge does not know these servers, so these calls return at once.
    site.edge.drained("node", &old).await;
    site.edge.drained("nobody", &old).await;
    site.edge.stop().await;
}

type Socket = WebSocketStream<TcpStream>;

/// Returns the client's and the server's end.
async fn websocket(site: &Site, listener: &TcpListener) -> (Socket, Socket) {
    let stream = TcpStream::connect(site.address).await.unwrap();
    let (near, far) = tokio::join!(client_async("ws://a.example/live", stream), async {
        let (stream, _) = listener.accept().await.unwrap();
        accept_async(stream).await.unwrap()
    });
    (near.unwrap().0, far)
}

async fn next(socket: &mut Socket) -> Option<Message> {
    let next = tokio::time::timeout(SOON, socket.next()).await;
    next.unwrap().map(Result::unwrap)
}

#[tokio::test]
async fn websockets_have_their_time_and_are_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let old = at(listener.local_addr().unwrap());
    let (new, _running) = server("new").await;
    let site = Site::open(TO_NODE, Options::default());
    site.edge.set_servers("node", &ready(&[&old]));
    let (mut near, mut far) = websocket(&site, &listener).await;
    let drain_within = Duration::from_secs(10);
    let taken_out = Servers {
        drain_within,
        ..ready(&[&at(new)])
    };
    let began = Instant::now();
    site.edge.set_servers("node", &taken_out);
    for text in ["one", "two"] {
        near.send(Message::text(text)).await.unwrap();
        assert_eq!(next(&mut far).await, Some(Message::text(text)));
    }
    let drained = site.edge.drained("node", &old);
    // The edge closes the connection without a closing frame, because it adds nothing to either
    // end's data.
    for end in [&mut near, &mut far] {
        let ended = tokio::time::timeout(SOON, end.next()).await.unwrap();
        assert!(matches!(ended, Some(Err(_))), "{ended:?}");
    }
    assert!(began.elapsed() >= drain_within);
    tokio::time::timeout(SOON, drained).await.unwrap();
    site.edge.stop().await;
}

#[tokio::test]
async fn a_service_that_was_removed_can_be_added_again() {
    let site = Site::open(TO_NODE, Options::default());
    let (with, without) = ([service("node", &[])], []);
    let plan = |services: &[Service]| {
        let routes = if services.is_empty() { "" } else { TO_NODE };
        plan_with(routes, site.folder.path(), services)
    };
    for name in ["one", "two", "three"] {
        let (server, _running) = server(name).await;
        // The servers may be set before or after the routes that name the service.
        if name == "two" {
            site.edge.apply(plan(&with)).unwrap();
        }
        site.edge.set_servers("node", &ready(&[&at(server)]));
        site.edge.apply(plan(&with)).unwrap();
        for _ in 0..3 {
            let heard = site.get("/").await;
            assert_eq!(heard.status, 200);
            assert!(heard.body.starts_with(name), "{heard:?}");
        }
        assert_eq!(site.edge.servers("node").requests, 3, "{name}");
        if name == "one" {
            site.edge.set_servers("node", &Servers::default());
        }
        site.edge.apply(plan(&without)).unwrap();
        site.edge.set_servers("node", &Servers::default());
        // The edge discards the servers when no routes name the service.
        until(|| {
            site.edge.set_servers("other", &Servers::default());
            site.edge.servers("node") == BackendsStatus::default()
        })
        .await;
    }
    site.edge.stop().await;
}
