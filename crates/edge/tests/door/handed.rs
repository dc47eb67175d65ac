//! Tests two edges on the same sockets, which a keeper passes from one worker process to the next.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize};

use axum::http::Request as Asked;
use edge::{CertificateFiles, KeptSockets};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use super::tls::{files, handshake};
use super::*;

/// The number of requests that each kind of client sends, and the number of concurrent clients.
const REQUESTS: usize = 1_000;
const CLIENTS: usize = 8;

/// An address with a free port. No other test uses its IP address, so the keeper can open a socket
/// for each thread.
fn free() -> SocketAddr {
    let socket = std::net::TcpListener::bind(own()).unwrap();
    socket.local_addr().unwrap()
}

fn on_both(address: SocketAddr, path: &Path) -> Settings {
    let mut settings = Settings::default();
    settings.listen.http = vec![
        ListenAddress::Tcp(address),
        ListenAddress::Unix(path.to_owned()),
    ];
    settings
}

struct House {
    kept: KeptSockets,
    address: SocketAddr,
    path: PathBuf,
    /// `None` if the test does not use TLS.
    secure: Option<(ListenAddress, CertificateFiles)>,
    _folder: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        // A TCP socket for each of the two threads, and one Unix socket for both.
        Self::with(|_| None, 3)
    }

    fn secure() -> Self {
        let with_tls = |folder: &Path| {
            let address = ListenAddress::Tcp(free());
            Some((address, files(folder, "a", &["b.example"])))
        };
        Self::with(with_tls, 5)
    }

    fn with(
        secure: impl FnOnce(&Path) -> Option<(ListenAddress, CertificateFiles)>,
        sockets: usize,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut house = Self {
            kept: KeptSockets::default(),
            address: free(),
            path: folder.path().join("edge.sock"),
            secure: secure(folder.path()),
            _folder: folder,
        };
        let plan = house.settings().plan();
        house.kept.open(plan.listen(), 2).unwrap();
        assert_eq!(house.kept.opened().unwrap().len(), sockets);
        house
    }

    fn settings(&self) -> Settings {
        let mut settings = on_both(self.address, &self.path);
        if let Some((address, certificate)) = &self.secure {
            settings.listen.https = vec![address.clone()];
            settings.listen.http3 = false;
            settings.tls.certificates = vec![certificate.clone()];
        }
        settings
    }

    fn edge(&self) -> Edge {
        self.edge_with(|_| {})
    }

    /// Starts another edge on the keeper's sockets, with changed settings.
    fn edge_with(&self, tell: impl FnOnce(&mut ListenSettings)) -> Edge {
        let inherited = Inherited::new(self.kept.share().unwrap()).unwrap();
        let (_, app) = scene();
        let mut settings = self.settings();
        tell(&mut settings.listen);
        try_start(settings, 2, inherited, &app).unwrap()
    }
}

#[derive(Clone, Default)]
struct Progress {
    answered: Arc<AtomicUsize>,
    /// How often a client had to reconnect.
    closed: Arc<AtomicUsize>,
    is_enough: Arc<AtomicBool>,
}

impl Progress {
    fn goes_on(&self) -> bool {
        !self.is_enough.load(Ordering::SeqCst)
    }

    fn count(&self) {
        self.answered.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits for `requests` more responses.
    async fn more(&self, requests: usize) {
        let wanted = self.answered.load(Ordering::SeqCst) + requests;
        let reached = async {
            while self.answered.load(Ordering::SeqCst) < wanted {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let in_time = tokio::time::timeout(3 * SOON, reached).await;
        in_time.expect("everybody is answered");
    }
}

/// Sends requests over a connection until the edge announces that it will close the connection.
/// Then continues over a new connection. No request may fail.
async fn asks<S, C>(connect: impl Fn() -> C, progress: Progress)
where
    S: AsyncRead + tokio::io::AsyncWrite + Unpin,
    C: Future<Output = std::io::Result<S>>,
{
    while progress.goes_on() {
        let mut stream = connect().await.expect("a connection");
        while progress.goes_on() {
            stream.write_all(request("/").as_bytes()).await.unwrap();
            let answered = answer(&mut stream).await;
            assert!(answered.ends_with("hello"), "{answered}");
            progress.count();
            if answered.contains("connection: close") {
                progress.closed.fetch_add(1, Ordering::SeqCst);
                break;
            }
        }
    }
}

/// Like `asks`, over HTTP/2, where GOAWAY announces the end of a connection. Requests before the
/// GOAWAY must get a response.
async fn asks_many(address: SocketAddr, chain: PathBuf, progress: Progress) {
    while progress.goes_on() {
        let stream = handshake(address, &chain, b"h2", "b.example").await;
        let stream = TokioIo::new(stream.unwrap());
        let shaken = http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), stream).await;
        let (mut send, connection) = shaken.unwrap();
        let driven = tokio::spawn(connection);
        while progress.goes_on() {
            if send.ready().await.is_err() {
                progress.closed.fetch_add(1, Ordering::SeqCst);
                break;
            }
            let asked = Asked::get("https://b.example/").body(Empty::new()).unwrap();
            match send.send_request(asked).await {
                Ok(answer) => {
                    let body = answer.into_body().collect().await.unwrap().to_bytes();
                    assert_eq!(body, "hello");
                    progress.count();
                }
                // The edge did not process the request, so the client sends it again.
                Err(error) if error.is_canceled() || is_untaken(&error) => break,
                Err(error) => panic!("{error:?}"),
            }
        }
        drop(send);
        let _ = driven.await;
    }
}

/// Exchanges data through a tunnel, and closes it.
async fn talks(address: SocketAddr, progress: Progress) {
    let upgrade = b"GET /tunnel HTTP/1.1\r\nHost: a.example\r\n\
        Connection: upgrade\r\nUpgrade: echo\r\n\r\n";
    while progress.goes_on() {
        let mut stream = connect(address).await;
        stream.write_all(upgrade).await.unwrap();
        let answered = answer(&mut stream).await;
        assert!(answered.starts_with("HTTP/1.1 101"), "{answered}");
        for word in [b"one", b"two", b"six"] {
            stream.write_all(word).await.unwrap();
            let mut echo = [0; 3];
            stream.read_exact(&mut echo).await.unwrap();
            assert_eq!(echo, *word);
            progress.count();
        }
    }
}

/// Whether the edge reported, by GOAWAY or a reset, that it did not process a request (RFC 9113,
/// section 8.7). Only hyper's error message shows that.
fn is_untaken(error: &hyper::Error) -> bool {
    let said = format!("{error:?}");
    said.contains("GoAway(b\"\", NO_ERROR, Remote)") || said.contains("REFUSED_STREAM, Remote")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_fails_while_one_worker_follows_another() {
    let house = House::secure();
    let Some((ListenAddress::Tcp(secure), certificate)) = house.secure.clone() else {
        panic!("it listens with TLS");
    };
    let mut serving = house.edge();
    let progress = Progress::default();
    let (many, talk) = (Progress::default(), Progress::default());
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (address, path) = (house.address, house.path.clone());
        clients.spawn(asks(move || TcpStream::connect(address), progress.clone()));
        clients.spawn(asks(
            move || UnixStream::connect(path.clone()),
            progress.clone(),
        ));
        clients.spawn(asks_many(secure, certificate.chain.clone(), many.clone()));
        clients.spawn(talks(address, talk.clone()));
    }
    // These clients open a connection for each request.
    let address = house.address;
    let short = progress.clone();
    clients.spawn(async move {
        while short.goes_on() {
            let answered = exchange(address, b"GET / HTTP/1.0\r\n\r\n").await;
            assert!(answered.ends_with("hello"), "{answered:?}");
            short.count();
        }
    });
    for _ in 0..4 {
        progress.more(REQUESTS).await;
        let next = house.edge();
        let stopping = std::mem::replace(&mut serving, next).stop();
        let in_time = tokio::time::timeout(SOON, stopping).await;
        in_time.expect("the old one ends");
        many.more(REQUESTS / 10).await;
        talk.more(REQUESTS / 10).await;
        // The keeper owns the Unix socket, so its path still exists.
        drop(UnixStream::connect(&house.path).await.unwrap());
    }
    for progress in [&progress, &many, &talk] {
        progress.is_enough.store(true, Ordering::SeqCst);
    }
    clients.join_all().await;
    // Each client had to reconnect at each replacement.
    assert!(progress.closed.load(Ordering::SeqCst) >= 4 * 2 * CLIENTS);
    serving.stop().await;
}

#[tokio::test]
async fn an_idle_client_goes_on_at_the_next_worker() {
    let house = House::open();
    let first = house.edge_with(|listen| listen.lame_duck_time = SOON);
    let mut idle = connect(house.address).await;
    idle.write_all(request("/").as_bytes()).await.unwrap();
    assert!(!answer(&mut idle).await.contains("connection: close"));
    let second = house.edge();
    let stopping = tokio::spawn(first.stop());
    // The old edge may accept new connections, and must respond on them.
    for _ in 0..200 {
        let answered = exchange(house.address, b"GET / HTTP/1.0\r\n\r\n").await;
        assert!(answered.ends_with("hello"), "{answered:?}");
    }
    idle.write_all(request("/").as_bytes()).await.unwrap();
    let last = all(&mut idle).await;
    assert!(
        last.contains("connection: close") && last.ends_with("hello"),
        "{last}"
    );
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
    let answered = exchange(house.address, b"GET / HTTP/1.0\r\n\r\n").await;
    assert!(answered.ends_with("hello"), "{answered:?}");
    second.stop().await;
}

#[tokio::test]
async fn sockets_that_come_with_a_reload_are_used() {
    let mut house = House::open();
    let edge = house.edge();
    let (added, address, path) = (free(), house.address, house.path.clone());
    let plan = || {
        let mut settings = on_both(address, &path);
        settings.listen.http.push(ListenAddress::Tcp(added));
        settings.plan()
    };
    house.kept.open(plan().listen(), 2).unwrap();
    assert_eq!(house.kept.opened().unwrap().len(), 5);
    // The keeper has the port open, so the edge cannot open its own socket there.
    assert!(matches!(edge.apply(plan()), Err(EdgeError::Listen(_))));
    // The keeper passes all its sockets, also those that the edge uses.
    edge.hand_in(Inherited::new(house.kept.share().unwrap()).unwrap());
    edge.apply(plan()).unwrap();
    for _ in 0..32 {
        let answered = exchange(added, b"GET / HTTP/1.0\r\n\r\n").await;
        assert!(answered.ends_with("hello"), "{answered:?}");
    }
    edge.apply(house.settings().plan()).unwrap();
    house.kept.close_others(house.settings().plan().listen());
    until_closed(added).await;
    edge.stop().await;
}

#[tokio::test]
async fn sockets_that_came_for_a_plan_that_is_refused_are_let_go() {
    let mut house = House::open();
    let edge = house.edge();
    let added = free();
    let mut unreadable = on_both(house.address, &house.path);
    unreadable.listen.https.push(ListenAddress::Tcp(added));
    unreadable.tls.certificates.push(edge::CertificateFiles {
        hosts: vec!["a.example".to_owned()],
        chain: "/nowhere/a.pem".into(),
        key: "/nowhere/a.key".into(),
        is_default: false,
    });
    let unreadable = unreadable.plan();
    house.kept.open(unreadable.listen(), 2).unwrap();
    edge.hand_in(Inherited::new(house.kept.share().unwrap()).unwrap());
    assert!(matches!(edge.apply(unreadable), Err(EdgeError::Tls(_))));
    // The keeper has also closed its sockets, so the port is free.
    house.kept.close_others(house.settings().plan().listen());
    std::net::TcpListener::bind(added).unwrap();
    std::net::UdpSocket::bind(added).unwrap();
    let answered = exchange(house.address, b"GET / HTTP/1.0\r\n\r\n").await;
    assert!(answered.ends_with("hello"), "{answered:?}");
    edge.stop().await;
}

#[tokio::test]
async fn what_is_spoken_at_a_socket_changes_with_a_reload() {
    let house = House::open();
    let edge = house.edge();
    let at = ListenAddress::Tcp(house.address);
    let clear = b"GET / HTTP/1.0\r\n\r\n";
    assert!(exchange(house.address, clear).await.ends_with("hello"));
    for _ in 0..3 {
        let mut secure = house.settings();
        secure.listen.http.remove(0);
        secure.listen.https = vec![at.clone()];
        secure.listen.http3 = false;
        secure.tls.self_signed = ["localhost".to_owned()].into();
        edge.apply(secure.plan()).unwrap();
        assert_eq!(edge.https_addresses(), [house.address]);
        let closed = async {
            // Connections from before the change are still served, so the request is repeated.
            while exchange(house.address, clear).await.ends_with("hello") {}
        };
        tokio::time::timeout(SOON, closed).await.unwrap();
        edge.apply(house.settings().plan()).unwrap();
        // The threads apply the change at different times, so several consecutive connections must
        // show it.
        let open = async {
            let mut in_a_row = 0;
            while in_a_row < 32 {
                let answered = exchange(house.address, clear).await;
                in_a_row = if answered.ends_with("hello") {
                    in_a_row + 1
                } else {
                    0
                };
            }
        };
        tokio::time::timeout(SOON, open).await.unwrap();
    }
    edge.stop().await;
}
