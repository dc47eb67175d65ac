//! Tests sockets that several processes share. A keeper passes them from one serving process to the
//! next.

use axum::http::Method;
use edge::KeptSockets;
use quinn::ConnectionError;
use tokio::task::JoinSet;

use super::client::{answer, piece};
use super::*;

/// A TCP and a UDP socket. A test can pass them to several sites.
pub(crate) struct Keeper {
    tcp: TcpListener,
    kept: KeptSockets,
}

impl Keeper {
    pub(crate) fn open() -> Self {
        let (tcp, udp) = pair();
        let handed_in = vec![tcp.try_clone().unwrap().into(), udp.into()];
        let mut kept = KeptSockets::new(Inherited::new(handed_in).unwrap());
        let listen = ListenSettings {
            https: vec![ListenAddress::Tcp(tcp.local_addr().unwrap())],
            ..ListenSettings::default()
        };
        kept.open(&listen, 1).unwrap();
        Self { tcp, kept }
    }

    fn address(&self) -> SocketAddr {
        self.tcp.local_addr().unwrap()
    }

    pub(crate) fn site(&self) -> Site {
        self.site_with(|_| {})
    }

    /// Starts a site on the keeper's sockets, with changed settings.
    pub(crate) fn site_with(&self, change: impl FnOnce(&mut ListenSettings)) -> Site {
        let at = ListenAddress::Tcp(self.address());
        let change = |listen: &mut ListenSettings| {
            listen.https = vec![at];
            change(listen);
        };
        Site::with(change, options(self.kept.share().unwrap()))
    }
}

/// Connects to this site as soon as the site reads from the UDP socket.
pub(crate) async fn next(site: &Site) -> Talk {
    let client = Client::trusting(&site.chain);
    let connected = async {
        loop {
            let connecting = client.begin(site.address, "a.example");
            let soon = Duration::from_secs(2);
            if let Ok(Ok(connection)) = tokio::time::timeout(soon, connecting).await {
                return connection;
            }
        }
    };
    let connection = tokio::time::timeout(SOON, connected).await.unwrap();
    Talk::begin(connection).await
}

pub(crate) fn is_in_peace(ended: &ConnectionError) -> bool {
    // The connection ends with H3_NO_ERROR (RFC 9114, section 8.1).
    matches!(
        ended,
        ConnectionError::ApplicationClosed(closed) if closed.error_code == 0x100_u32.into()
    ) || *ended == ConnectionError::LocallyClosed
}

#[tokio::test]
async fn the_next_process_reads_once_the_first_has_stopped() {
    let keeper = Keeper::open();
    let first = keeper.site();
    let mut talk = next(&first).await;
    let second = keeper.site();
    // Both processes have the UDP socket. The second process does not know this connection, so it
    // must not receive the connection's packets.
    for _ in 0..200 {
        assert_eq!(talk.get("/").await.text(), "hello");
    }
    assert_eq!(second.scene.seen.load(Ordering::Relaxed), 0);
    let stopping = tokio::spawn(first.edge.stop());
    let ended = tokio::time::timeout(SOON, talk.connection.closed()).await;
    assert!(is_in_peace(&ended.unwrap()));
    let mut talk = next(&second).await;
    // The first process may send its last packets, but it no longer reads.
    for _ in 0..200 {
        assert_eq!(talk.get("/").await.text(), "hello");
    }
    assert_eq!(second.scene.seen.load(Ordering::Relaxed), 200);
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
    assert_eq!(talk.get("/").await.text(), "hello");
    second.stop().await;
}

#[tokio::test]
async fn who_ends_without_a_word_is_followed_by_one_that_resets_its_connections() {
    let keeper = Keeper::open();
    let mut first = keeper.site();
    for _ in 0..3 {
        let mut talk = next(&first).await;
        assert_eq!(talk.get("/").await.text(), "hello");
        let second = keeper.site();
        drop(first);
        assert_eq!(next(&second).await.get("/").await.text(), "hello");
        // The second process resets the connection, so the client need not wait for its own
        // timeout.
        let _unanswered = talk.ask(Method::GET, "/", &[]).await;
        let ended = tokio::time::timeout(SOON, talk.connection.closed()).await;
        assert_eq!(ended.unwrap(), ConnectionError::Reset);
        first = second;
    }
    first.stop().await;
}

#[tokio::test]
async fn what_is_answered_at_the_stop_still_arrives() {
    let keeper = Keeper::open();
    let site = keeper.site();
    let mut talk = next(&site).await;
    let mut waiting = talk.ask(Method::GET, "/wait", &[]).await.unwrap();
    waiting.finish().await.unwrap();
    site.scene.reached.notified().await;
    let stopping = tokio::spawn(site.edge.stop());
    tokio::task::yield_now().await;
    site.scene.go.add_permits(1);
    assert_eq!(answer(&mut waiting).await.unwrap().text(), "waited");
    let ended = tokio::time::timeout(SOON, talk.connection.closed()).await;
    assert!(is_in_peace(&ended.unwrap()));
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_socket_that_was_handed_in_outlives_a_reload_during_a_download() {
    let keeper = Keeper::open();
    let mut site = keeper.site();
    let mut talk = next(&site).await;
    for _ in 0..3 {
        let mut download = talk.ask(Method::GET, "/drip", &[]).await.unwrap();
        download.finish().await.unwrap();
        download.recv_response().await.unwrap();
        let first = piece(&mut download).await.unwrap();
        assert_eq!(first.as_deref(), Some(&b"one"[..]));
        site.apply(|listen| listen.http3 = false);
        site.apply(|listen| listen.http3 = true);
        // The first endpoint keeps the UDP socket until its client has everything.
        site.scene.go.add_permits(1);
        let second = piece(&mut download).await.unwrap();
        assert_eq!(second.as_deref(), Some(&b"two"[..]));
        site.scene.go.add_permits(1);
        assert_eq!(piece(&mut download).await.unwrap(), None);
        drop(download);
        let ended = tokio::time::timeout(SOON, talk.connection.closed()).await;
        assert!(is_in_peace(&ended.unwrap()));
        talk = next(&site).await;
        for _ in 0..50 {
            assert_eq!(talk.get("/").await.text(), "hello");
        }
    }
    site.stop().await;
}

/// All bytes on the edge's control stream until the connection ends.
async fn controlled(connection: quinn::Connection, begun: Arc<Notify>) -> Vec<u8> {
    let mut streams = JoinSet::new();
    while let Ok(mut stream) = connection.accept_uni().await {
        let begun = Arc::clone(&begun);
        streams.spawn(async move {
            let mut bytes = Vec::new();
            while let Ok(Some(chunk)) = stream.read_chunk(1_024, true).await {
                bytes.extend_from_slice(&chunk.bytes);
                if bytes[0] == 0 {
                    begun.notify_one();
                }
            }
            bytes
        });
    }
    let all = streams.join_all().await;
    // The other streams are for QPACK (RFC 9204, section 4.2).
    let control = all.into_iter().find(|bytes| bytes.first() == Some(&0));
    control.unwrap()
}

/// The stream IDs in GOAWAY frames (RFC 9114, section 7.2.6). They must be below 64.
fn goaways(control: &[u8]) -> Vec<u8> {
    let mut rest = &control[1..];
    let mut found = Vec::new();
    while let [kind, length, more @ ..] = rest {
        let (payload, next) = more.split_at(usize::from(*length));
        if let (7, [stream]) = (kind, payload) {
            found.push(*stream);
        }
        rest = next;
    }
    found
}

#[tokio::test]
async fn the_last_word_leaves_before_the_connection_is_closed() {
    for is_idle in [true, false] {
        let keeper = Keeper::open();
        let site = keeper.site_with(|listen| {
            if is_idle {
                // A client may take long to send its first request on a busy machine.
                listen.header_time = Duration::from_secs(5);
            }
        });
        let client = Client::trusting(&site.chain);
        let connection = client.connect(site.address, "a.example").await.unwrap();
        // A client must send at least an empty SETTINGS frame.
        let mut control = connection.open_uni().await.unwrap();
        control.write_all(&[0, 4, 0]).await.unwrap();
        let begun = Arc::new(Notify::new());
        let said = tokio::spawn(controlled(connection.clone(), Arc::clone(&begun)));
        begun.notified().await;
        let heard = if is_idle {
            let heard = tokio::time::timeout(SOON, said).await.unwrap().unwrap();
            site.stop().await;
            heard
        } else {
            site.stop().await;
            tokio::time::timeout(SOON, said).await.unwrap().unwrap()
        };
        // The client has sent no request, so GOAWAY must say that requests from stream 0 on can be
        // repeated.
        assert_eq!(goaways(&heard).last(), Some(&0), "{heard:?}");
        assert!(is_in_peace(&connection.closed().await));
    }
}

#[tokio::test]
async fn a_keeper_opens_what_plans_name_and_closes_what_they_no_longer_do() {
    let (tcp, udp) = pair();
    let address = tcp.local_addr().unwrap();
    drop((tcp, udp));
    let at = ListenAddress::Tcp(address);
    let plan = |change: &dyn Fn(&mut ListenSettings)| {
        let mut listen = ListenSettings {
            https: vec![at.clone()],
            ..ListenSettings::default()
        };
        change(&mut listen);
        Plan::of_app(listen, TlsSettings::default())
    };
    let mut kept = KeptSockets::default();
    let open = |kept: &mut KeptSockets, plan: &Plan| {
        kept.open(plan.listen(), 2).unwrap();
        kept.opened().unwrap().len()
    };
    let without = plan(&|listen| listen.http3 = false);
    assert_eq!(open(&mut kept, &without), 2);
    let announced = plan(&|listen| listen.proxy_protocol = vec![at.clone()]);
    assert_eq!(open(&mut kept, &announced), 2);
    let with = plan(&|_| {});
    // The keeper also passes the file that the reader of the UDP socket locks.
    let all = 2 + 1 + 1;
    assert_eq!(open(&mut kept, &with), all);
    assert_eq!(open(&mut kept, &with), all);
    // The UDP socket stays open for running requests while HTTP/3 is disabled.
    kept.close_others(without.listen());
    assert!(UdpSocket::bind(address).is_err());
    assert_eq!(open(&mut kept, &with), all);
    let clear = plan(&|listen| {
        listen.http = std::mem::take(&mut listen.https);
    });
    kept.close_others(clear.listen());
    drop(UdpSocket::bind(address).unwrap());
    let other = plan(&|listen| listen.https = Vec::new());
    kept.close_others(other.listen());
    drop(TcpListener::bind(address).unwrap());
    // The keeper continues without a UDP port that another process uses, and opens it later.
    let taken = UdpSocket::bind(address).unwrap();
    assert_eq!(open(&mut kept, &with), 2);
    drop(taken);
    assert_eq!(open(&mut kept, &with), all);
    // A resumed keeper can close sockets that the previous keeper opened, but not those that it
    // inherited.
    let (handed_in, theirs) = pair();
    let known = vec![OwnedFd::from(handed_in), OwnedFd::from(theirs)];
    let known = Inherited::new(known).unwrap();
    let opened = Inherited::new(kept.opened().unwrap()).unwrap();
    drop(kept);
    let mut kept = KeptSockets::resume(known, opened);
    assert_eq!(open(&mut kept, &with), all);
    kept.close_others(other.listen());
    drop(TcpListener::bind(address).unwrap());
    drop(UdpSocket::bind(address).unwrap());
    assert_eq!(kept.handed_in().unwrap().len(), 3);
    assert_eq!(kept.share().unwrap().len(), 3);
}

#[tokio::test]
async fn a_socket_that_comes_later_is_used() {
    let (tcp, udp) = pair();
    let address = tcp.local_addr().unwrap();
    let at = ListenAddress::Tcp(address);
    // The keeper has opened the UDP port, but has not passed it to the edge.
    let mut site = Site::with(
        |listen| listen.https = vec![at],
        options(vec![OwnedFd::from(tcp)]),
    );
    site.edge
        .hand_in(Inherited::new(vec![OwnedFd::from(udp)]).unwrap());
    site.apply(|_| {});
    assert_eq!(next(&site).await.get("/").await.text(), "hello");
    site.stop().await;
}
