//! Tests which clients get the header `Alt-Svc`.

use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::*;

/// The value of `Alt-Svc` in a response over TCP.
async fn told(site: &Site, host: &str) -> Option<String> {
    let config = trusting(&site.chain, b"http/1.1");
    let stream = TcpStream::connect(site.address).await.unwrap();
    let name = ServerName::try_from("a.example").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    asked(connector.connect(name, stream).await.unwrap(), host).await
}

async fn asked(mut stream: impl AsyncRead + AsyncWrite + Unpin, host: &str) -> Option<String> {
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains(" 200 ") || text.contains(" 404 "), "{text}");
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix("alt-svc: ").map(str::to_owned))
}

async fn until(site: &Site, host: &str, expected: &str) {
    let said = async {
        while told(site, host).await.as_deref() != Some(expected) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let said = tokio::time::timeout(SOON, said).await;
    assert!(
        said.is_ok(),
        "{:?} and not {expected}",
        told(site, host).await
    );
}

#[tokio::test]
async fn clients_are_told_once_udp_is_read_and_for_longer_once_one_came() {
    let mut site = Site::open(|_| {});
    until(&site, "a.example", "h3=\":443\"; ma=300").await;
    until(&site, "a.example:8443", "h3=\":8443\"; ma=300").await;
    let mut talk = site.talk().await;
    let answered = talk.get("/").await;
    assert_eq!(answered.headers["alt-svc"], "h3=\":443\"; ma=86400");
    until(&site, "a.example", "h3=\":443\"; ma=86400").await;
    // Neither clear-text clients nor a trusted proxy's clients learn about HTTP/3.
    let clear = TcpStream::connect(site.edge.http_addresses()[0]).await;
    assert_eq!(asked(clear.unwrap(), "b.example").await, None);
    site.apply(|listen| listen.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]);
    assert_eq!(told(&site, "a.example").await, None);
    site.apply(|listen| listen.trusted_proxies = Vec::new());
    // Clients that learned about HTTP/3 now learn that it is no longer available.
    site.apply(|listen| listen.http3 = false);
    assert_eq!(told(&site, "a.example").await.as_deref(), Some("clear"));
    site.stop().await;
}

/// Waits until the UDP port is free. Another process may use it for a moment.
async fn is_nobodys(address: SocketAddr) {
    let bound = async {
        while UdpSocket::bind(address).is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, bound).await.unwrap();
}

#[tokio::test]
async fn nobody_is_told_when_it_is_switched_off() {
    let site = Site::open(|listen| listen.http3 = false);
    assert_eq!(told(&site, "a.example").await, None);
    is_nobodys(site.address).await;
    site.stop().await;
}

#[tokio::test]
async fn nobody_comes_by_udp_where_proxies_say_for_whom_they_connect() {
    let tcp = TcpListener::bind((own(), 0)).unwrap();
    let address = tcp.local_addr().unwrap();
    let change = |listen: &mut ListenSettings| {
        listen.https.push(ListenAddress::Tcp(address));
        listen.proxy_protocol = vec![ListenAddress::Tcp(address)];
        listen.trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
    };
    let site = Site::with(change, options(vec![OwnedFd::from(tcp)]));
    let addresses = site.edge.https_addresses();
    let other = addresses.iter().find(|found| **found != address);
    let client = Client::trusting(&site.chain);
    let connection = client.connect(*other.unwrap(), "a.example").await;
    assert_eq!(
        Talk::begin(connection.unwrap()).await.get("/").await.text(),
        "hello"
    );
    // The proxy's clients would bypass the proxy over UDP, so HTTP/3 is not advertised.
    assert_eq!(told(&site, "a.example").await, None);
    is_nobodys(address).await;
    site.stop().await;
}

#[tokio::test]
async fn a_port_that_somebody_else_has_is_waited_for() {
    let (tcp, other) = pair();
    let address = ListenAddress::Tcp(tcp.local_addr().unwrap());
    let handed_in = options(vec![OwnedFd::from(tcp)]);
    let site = Site::with(|listen| listen.https = vec![address], handed_in);
    assert_eq!(told(&site, "a.example").await, None);
    drop(other);
    until(&site, "a.example", "h3=\":443\"; ma=300").await;
    assert_eq!(site.talk().await.get("/").await.text(), "hello");
    site.stop().await;
}
