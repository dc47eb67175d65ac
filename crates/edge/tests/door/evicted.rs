//! Tests which connection is closed at the connection limit.

use super::http2::{nothing, read, site, to};
use super::tls::{files, secured};
use super::*;

const SHORT: Duration = Duration::from_millis(200);

/// The addresses of the client with the most connections, and of other clients.
const GREEDY: [u8; 4] = [127, 0, 0, 2];
const OTHER: [u8; 4] = [127, 0, 0, 3];
const THIRD: [u8; 4] = [127, 0, 0, 4];
const FOURTH: [u8; 4] = [127, 0, 0, 5];

/// Starts an edge with one worker. When the worker responds to a request, it has handled all
/// earlier connections.
fn crowded(listen: ListenSettings) -> (Edge, SocketAddr, Scene) {
    let (scene, app) = scene();
    let edge = try_start(clear(listen), 1, Inherited::default(), &app).unwrap();
    let address = edge.http_addresses()[0];
    (edge, address, scene)
}

fn places(connections: u32) -> ListenSettings {
    ListenSettings {
        connections,
        ..ListenSettings::default()
    }
}

/// Sends a request and returns the response. The connection stays open.
async fn greet(stream: &mut TcpStream) -> String {
    let bytes = b"GET / HTTP/1.1\r\nHost: b.example\r\n\r\n";
    stream.write_all(bytes).await.unwrap();
    answer(stream).await
}

async fn is_served(stream: &mut TcpStream) -> bool {
    greet(stream).await.ends_with("hello")
}

async fn idle(client: [u8; 4], address: SocketAddr) -> TcpStream {
    let mut stream = connect_from(client, address).await;
    assert!(is_served(&mut stream).await);
    stream
}

async fn serving(client: [u8; 4], address: SocketAddr, scene: &Scene) -> TcpStream {
    let mut stream = connect_from(client, address).await;
    let bytes = b"GET /wait HTTP/1.1\r\nHost: b.example\r\n\r\n";
    stream.write_all(bytes).await.unwrap();
    scene.reached.notified().await;
    stream
}

#[tokio::test]
async fn those_that_wait_for_a_request_go_first_and_then_the_oldest() {
    let (edge, address, scene) = crowded(places(4));
    let mut running = serving(GREEDY, address, &scene).await;
    let mut half = connect_from(GREEDY, address).await;
    let bytes = b"GET / HTTP/1.1\r\nHost: b\r\n\r\nGET / HTTP/1.1\r\nHo";
    half.write_all(bytes).await.unwrap();
    assert!(answer(&mut half).await.ends_with("hello"));
    let mut silent = connect_from(GREEDY, address).await;
    let mut kept = idle(GREEDY, address).await;
    let mut newcomers = Vec::new();
    for (newcomer, gone) in [
        (OTHER, &mut silent),
        (THIRD, &mut kept),
        (FOURTH, &mut running),
    ] {
        newcomers.push(idle(newcomer, address).await);
        assert_eq!(all(gone).await, "");
    }
    for newcomer in &mut newcomers {
        assert!(is_served(newcomer).await, "nobody else's is closed");
    }
    half.write_all(b"st: b\r\n\r\n").await.unwrap();
    assert!(answer(&mut half).await.ends_with("hello"));
    drop((half, newcomers));
    edge.stop().await;
}

#[tokio::test]
async fn a_newcomer_of_an_address_over_its_share_is_refused() {
    let (edge, address, _scene) = crowded(places(3));
    let mut other = idle(OTHER, address).await;
    let mut greedy = [idle(GREEDY, address).await, idle(GREEDY, address).await];
    let mut newcomer = connect_from(GREEDY, address).await;
    assert_eq!(all(&mut newcomer).await, "");
    for kept in greedy.iter_mut().chain([&mut other]) {
        assert!(is_served(kept).await);
    }
    drop((greedy, other));
    edge.stop().await;
}

#[tokio::test]
async fn from_who_holds_no_more_than_an_eighth_only_an_idle_one_is_taken() {
    let (edge, address, scene) = crowded(places(8));
    let mut oldest = serving(GREEDY, address, &scene).await;
    let mut second = serving(GREEDY, address, &scene).await;
    let mut others = Vec::new();
    for last in 10..16 {
        others.push(idle([127, 0, 0, last], address).await);
    }
    // Two of eight connections are more than an eighth. The client therefore loses its oldest
    // connection, although all other connections are idle.
    others.push(idle(THIRD, address).await);
    assert_eq!(all(&mut oldest).await, "");
    // Nobody holds more than an eighth now, so the oldest idle connection goes.
    let newcomer = idle(FOURTH, address).await;
    assert_eq!(all(&mut others.remove(0)).await, "");
    for other in &mut others {
        assert!(is_served(other).await);
    }
    scene.go.add_permits(1);
    assert!(answer(&mut second).await.ends_with("waited"));
    drop((others, second, newcomer));
    edge.stop().await;
}

#[tokio::test]
async fn silent_connections_of_many_addresses_let_newcomers_in() {
    const PLACES: u8 = 40;
    let (edge, address, _scene) = crowded(ListenSettings {
        header_time: 10 * SOON,
        ..places(PLACES.into())
    });
    let mut silent = Vec::new();
    for last in 0..PLACES {
        silent.push(connect_from([127, 9, last, 1], address).await);
    }
    let begin = Instant::now();
    for last in [2, 3] {
        let newcomer = tokio::time::timeout(SOON, idle([127, 0, 0, last], address));
        newcomer.await.unwrap();
    }
    assert!(begin.elapsed() >= Duration::from_secs(1));
    assert_eq!(all(&mut silent[0]).await, "");
    drop(silent);
    edge.stop().await;
}

#[tokio::test]
async fn a_tunnel_is_the_oldest_too() {
    let (edge, address, scene) = crowded(places(2));
    let mut tunnel = connect_from(GREEDY, address).await;
    let head = "GET /tunnel HTTP/1.1\r\nHost: b.example\r\nConnection: upgrade\r\n\
                Upgrade: echo\r\n\r\n";
    tunnel.write_all(head.as_bytes()).await.unwrap();
    assert!(answer(&mut tunnel).await.starts_with("HTTP/1.1 101 "));
    tunnel.write_all(b"x").await.unwrap();
    assert_eq!(tunnel.read_u8().await.unwrap(), b'x');
    let mut running = serving(GREEDY, address, &scene).await;
    let newcomer = idle(OTHER, address).await;
    assert_eq!(all(&mut tunnel).await, "");
    scene.go.add_permits(1);
    assert!(answer(&mut running).await.ends_with("waited"));
    drop((running, newcomer));
    edge.stop().await;
}

#[tokio::test]
async fn an_unfinished_handshake_goes_before_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path(), "a", &["a.example"]);
    let mut settings = secured(vec![files]);
    settings.listen.connections = 2;
    let (scene, app) = scene();
    let edge = try_start(settings, 1, Inherited::default(), &app).unwrap();
    let address = edge.http_addresses()[0];
    let mut running = serving(GREEDY, address, &scene).await;
    let mut half = connect_from(GREEDY, edge.https_addresses()[0]).await;
    half.write_all(b"\x16\x03\x01").await.unwrap();
    let newcomer = idle(OTHER, address).await;
    assert_eq!(all(&mut half).await, "");
    scene.go.add_permits(1);
    assert!(answer(&mut running).await.ends_with("waited"));
    drop((running, newcomer));
    edge.stop().await;
}

#[tokio::test]
async fn a_connection_of_http2_without_streams_waits_for_a_request() {
    let mut site = site(|settings| settings.listen.connections = 2).await;
    let address = site.edge.http_addresses()[0];
    let asked = site.send.send_request(to("/").body(nothing()).unwrap());
    assert_eq!(read(asked.await.unwrap()).await.1, "hello");
    let mut other = serving(OTHER, address, &site.scene).await;
    let newcomer = idle(THIRD, address).await;
    let closed = async {
        while site.send.ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, closed).await.unwrap();
    site.scene.go.add_permits(1);
    assert!(answer(&mut other).await.ends_with("waited"));
    drop((other, newcomer));
    site.edge.stop().await;
}

#[tokio::test]
async fn a_connection_of_http2_with_a_stream_does_not() {
    let mut site = site(|settings| settings.listen.connections = 2).await;
    let address = site.edge.http_addresses()[0];
    let asked = site.send.send_request(to("/wait").body(nothing()).unwrap());
    let asked = tokio::spawn(asked);
    site.scene.reached.notified().await;
    let mut other = idle(OTHER, address).await;
    let newcomer = idle(THIRD, address).await;
    assert_eq!(all(&mut other).await, "");
    site.scene.go.add_permits(1);
    let answer = asked.await.unwrap().unwrap();
    assert_eq!(read(answer).await.1, "waited");
    drop((newcomer, site.send));
    site.edge.stop().await;
}

#[tokio::test]
async fn a_connection_of_http2_with_a_stream_goes_as_the_oldest() {
    let mut site = site(|settings| settings.listen.connections = 2).await;
    let address = site.edge.http_addresses()[0];
    let asked = to("/endless").body(nothing()).unwrap();
    let unread = site.send.send_request(asked).await.unwrap();
    let mut other = serving(OTHER, address, &site.scene).await;
    let newcomer = idle(THIRD, address).await;
    let closed = async {
        while site.send.ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, closed).await.unwrap();
    let let_go = site.scene.let_go.notified();
    tokio::time::timeout(SOON, let_go).await.unwrap();
    site.scene.go.add_permits(1);
    assert!(answer(&mut other).await.ends_with("waited"));
    drop((unread, other, newcomer));
    site.edge.stop().await;
}

/// Opens a connection and sends a PROXY header that names this client.
async fn named(client: &str, address: SocketAddr) -> TcpStream {
    let mut stream = connect(address).await;
    let line = format!("PROXY TCP4 {client} 10.0.0.1 40000 80\r\n");
    stream.write_all(line.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn connections_of_a_proxy_count_for_the_clients_that_it_names() {
    let (edge, address, _scene) = crowded(ListenSettings {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        proxy_protocol: vec![local()],
        ..places(4)
    });
    let mut other = named("192.0.2.8", address).await;
    assert!(is_served(&mut other).await);
    let mut greedy = Vec::new();
    for _ in 0..3 {
        let mut stream = named("192.0.2.7", address).await;
        assert!(is_served(&mut stream).await);
        greedy.push(stream);
    }
    let mut newcomer = named("192.0.2.9", address).await;
    assert!(is_served(&mut newcomer).await);
    assert_eq!(all(&mut greedy[0]).await, "");
    // The edge reads the PROXY header after the connection has got a permit.
    let mut refused = named("192.0.2.7", address).await;
    assert_eq!(all(&mut refused).await, "");
    for kept in [&mut other, &mut newcomer] {
        assert!(is_served(kept).await);
    }
    drop((greedy, other, newcomer));
    edge.stop().await;
}

#[tokio::test]
async fn connections_of_a_proxy_that_names_nobody_do_not_make_room() {
    let (edge, address, _scene) = crowded(ListenSettings {
        trusted_proxies: vec!["127.0.0.2".parse::<std::net::IpAddr>().unwrap().into()],
        ..places(2)
    });
    let mut proxy = [idle(GREEDY, address).await, idle(GREEDY, address).await];
    let mut newcomer = connect_from(OTHER, address).await;
    newcomer.write_all(request("/").as_bytes()).await.unwrap();
    let early = tokio::time::timeout(SHORT, newcomer.readable()).await;
    assert!(early.is_err(), "there is no place for it yet");
    for kept in &mut proxy {
        assert!(is_served(kept).await);
    }
    drop(proxy);
    assert!(answer(&mut newcomer).await.ends_with("hello"));
    drop(newcomer);
    edge.stop().await;
}
