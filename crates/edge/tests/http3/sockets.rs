//! Tests which process has the HTTP/3 sockets, and how many clients may connect.

use std::sync::atomic::AtomicBool;

use quinn::ConnectionError;

use super::*;

#[tokio::test]
async fn a_socket_for_datagrams_that_was_handed_in_is_used() {
    let (tcp, udp) = pair();
    let address = tcp.local_addr().unwrap();
    let kept = udp.try_clone().unwrap();
    let inherited = options(vec![OwnedFd::from(tcp), OwnedFd::from(udp)]);
    let listen = |listen: &mut ListenSettings| listen.https = vec![ListenAddress::Tcp(address)];
    let site = Site::with(listen, inherited);
    assert_eq!(site.talk().await.get("/").await.text(), "hello");
    site.stop().await;
    drop(kept);
}

#[tokio::test]
async fn a_second_process_waits_until_the_first_has_finished() {
    let tcp = TcpListener::bind((own(), 0)).unwrap();
    let address = tcp.local_addr().unwrap();
    let listen = |listen: &mut ListenSettings| listen.https = vec![ListenAddress::Tcp(address)];
    let same = OwnedFd::from(tcp.try_clone().unwrap());
    let first = Site::with(listen, options(vec![OwnedFd::from(tcp)]));
    let mut talk = first.talk().await;
    // The processes share the TCP socket, as in an upgrade, but not the UDP socket.
    let second = Site::with(listen, options(vec![same]));
    for _ in 0..50 {
        assert_eq!(talk.get("/").await.text(), "hello");
    }
    assert_eq!(second.scene.seen.load(Ordering::Relaxed), 0);
    let stopping = tokio::spawn(first.edge.stop());
    // The first process drops packets of new clients. The second process binds the UDP port after
    // the first one has exited.
    let client = Client::trusting(&second.chain);
    let taken = async {
        loop {
            if let Ok(connection) = client.connect(address, "a.example").await {
                return Talk::begin(connection).await;
            }
        }
    };
    let mut next = tokio::time::timeout(SOON, taken).await.unwrap();
    assert_eq!(next.get("/").await.text(), "hello");
    assert_eq!(second.scene.seen.load(Ordering::Relaxed), 1);
    tokio::time::timeout(SOON, stopping).await.unwrap().unwrap();
    second.stop().await;
}

/// Whether packets from the server reach the client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Both,
    There,
}

async fn relay(to: SocketAddr, way: Way) -> (SocketAddr, Arc<AtomicBool>) {
    let near = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let far = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = near.local_addr().unwrap();
    let seen = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&seen);
    tokio::spawn(async move {
        let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
        let mut client = address;
        loop {
            tokio::select! {
                received = near.recv_from(&mut up) => {
                    let (length, from) = received.unwrap();
                    client = from;
                    let _ = far.send_to(&up[..length], to).await;
                }
                received = far.recv_from(&mut down) => {
                    let Ok((length, _)) = received else {
                        continue;
                    };
                    // A long header of type Retry (RFC 9000, section 17.2.5).
                    if down[0] & 0xb0 == 0xb0 && down[1..5] == [0, 0, 0, 1] {
                        noted.store(true, Ordering::Relaxed);
                    }
                    if way == Way::Both {
                        let _ = near.send_to(&down[..length], client).await;
                    }
                }
            }
        }
    });
    (address, seen)
}

#[tokio::test]
async fn where_addresses_are_counted_a_client_proves_its_own() {
    for (most, proves) in [(0, false), (1, true)] {
        let site = Site::open(|listen| listen.connections_per_address = most);
        let (address, retried) = relay(site.address, Way::Both).await;
        let client = Client::trusting(&site.chain);
        let connection = client.connect(address, "a.example").await.unwrap();
        let mut talk = Talk::begin(connection).await;
        assert_eq!(talk.get("/").await.text(), "hello");
        assert_eq!(retried.load(Ordering::Relaxed), proves);
        let second = client.connect(address, "a.example").await;
        match second {
            Ok(_) => assert_eq!(most, 0),
            // A client may fall back to TCP after CONNECTION_REFUSED (RFC 9000, section 20.1).
            Err(ConnectionError::ConnectionClosed(closed)) => {
                assert_eq!((most, u64::from(closed.error_code)), (1, 2));
            }
            Err(error) => panic!("{error:?}"),
        }
        site.stop().await;
    }
}

#[tokio::test]
async fn many_handshakes_at_once_have_to_prove_their_addresses() {
    let site = Site::open(|_| {});
    assert_eq!(site.talk().await.get("/").await.text(), "hello");
    let (address, retried) = relay(site.address, Way::There).await;
    let client = Client::trusting(&site.chain);
    // These handshakes never finish. The test begins more of them until clients must prove their
    // addresses.
    let mut begun = Vec::new();
    let flood = async {
        while !retried.load(Ordering::Relaxed) {
            begun.push(client.begin(address, "a.example"));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, flood).await.unwrap();
    assert!(begun.len() > 64, "{}", begun.len());
    assert_eq!(site.talk().await.get("/").await.text(), "hello");
    site.stop().await;
}
