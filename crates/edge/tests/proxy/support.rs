//! Scripted servers and common code for these tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use edge::proxy::{Balance, Pool, ProxyError, ServerAddress, Times, Upstream, UpstreamSettings};
use edge::{Answer, Body, ClientInfo, RequestId, Scheme};
use http::Request;
use http::uri::PathAndQuery;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const LONG: Duration = Duration::from_secs(20);

/// How long idle connections are kept. The tests count connections, so none may expire on a busy
/// machine.
const KEEP: Duration = Duration::from_mins(10);

pub(crate) fn facts() -> ClientInfo {
    ClientInfo {
        client: "203.0.113.7".parse().unwrap(),
        is_direct: true,
        peer_is_trusted: false,
        scheme: Scheme::Https,
        host: "kenduri.example".into(),
        id: RequestId::parse("abc-1").unwrap(),
    }
}

pub(crate) fn backend(address: SocketAddr) -> ServerAddress {
    ServerAddress::Tcp {
        host: address.ip().to_string(),
        port: address.port(),
        base: String::new(),
    }
}

pub(crate) fn settings(addresses: &[SocketAddr]) -> UpstreamSettings {
    UpstreamSettings {
        name: "test".to_owned(),
        members: addresses.iter().copied().map(backend).collect(),
        balance: Balance::RoundRobin,
        health: None,
        times: Times {
            keep: KEEP,
            ..Times::default()
        },
        idle_connections: UpstreamSettings::IDLE_CONNECTIONS,
    }
}

pub(crate) fn upstream(addresses: &[SocketAddr]) -> Arc<Upstream> {
    Upstream::new(settings(addresses))
}

pub(crate) fn request(method: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri("/")
        .header("host", "kenduri.example")
        .body(body)
        .unwrap()
}

pub(crate) async fn forward(
    pool: &Pool,
    upstream: &Arc<Upstream>,
    request: Request<Body>,
) -> Result<Answer, ProxyError> {
    let path = PathAndQuery::from_static("/");
    tokio::time::timeout(LONG, pool.forward(upstream, request, &facts(), path))
        .await
        .expect("an answer in time")
}

/// Reads the whole response to a `GET` request.
pub(crate) async fn get(pool: &Pool, upstream: &Arc<Upstream>) -> Result<Bytes, ProxyError> {
    let answer = forward(pool, upstream, request("GET", Body::Empty)).await?;
    Ok(collect(answer).await)
}

pub(crate) async fn collect(answer: Answer) -> Bytes {
    tokio::time::timeout(LONG, answer.into_body().collect())
        .await
        .expect("a body in time")
        .expect("a whole body")
        .to_bytes()
}

/// Calls `script` for each connection, with the connection's number.
pub(crate) async fn server<F>(script: impl Fn(usize, TcpStream) -> F + Send + 'static) -> Server
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    let task = tokio::spawn(async move {
        let mut running = tokio::task::JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            running.spawn(script(count.fetch_add(1, Ordering::SeqCst), stream));
        }
    });
    Server {
        address,
        accepted,
        task,
    }
}

/// An address that refuses connections. No other process can bind it while the returned socket
/// exists.
pub(crate) fn nobody() -> (std::net::TcpListener, SocketAddr) {
    // The socket is bound but not listening, so connections are refused.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    let bound: std::net::TcpListener = socket.into();
    let address = bound.local_addr().unwrap();
    (bound, address)
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a server that reads one request head, sends `text`, and then does what `after` says.
pub(crate) async fn says(text: impl Into<Vec<u8>>, after: After) -> Server {
    let text = Bytes::from(text.into());
    server(move |_, mut stream| {
        let text = text.clone();
        async move {
            while head(&mut stream).await.is_some() {
                if stream.write_all(&text).await.is_err() {
                    return;
                }
                match after {
                    After::Close => return,
                    After::Stay => {}
                }
            }
        }
    })
    .await
}

#[derive(Clone, Copy)]
pub(crate) enum After {
    Close,
    /// Keeps the connection open and reads the next request head.
    Stay,
}

/// Reads up to an empty line. Returns `None` at the end of the stream.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(text).unwrap())
}

pub(crate) fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
