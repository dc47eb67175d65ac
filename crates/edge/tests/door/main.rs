//! Tests the edge through real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod announced;
mod bodies;
#[path = "../shared/certificates.rs"]
mod certificates;
mod curl;
mod evicted;
mod handed;
mod http1;
mod http2;
mod limits;
mod sockets;
mod stop;
mod streams;
mod tls;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, StatusCode, Version};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use edge::{
    Answer, App, ClientInfo, Edge, EdgeError, Inherited, ListenAddress, ListenSettings, Options,
    Plan, TlsSettings,
};
use futures_util::StreamExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tower::ServiceExt as _;
use upgrade::OnUpgrade;

pub(crate) const SOON: Duration = Duration::from_mins(1);

#[derive(Debug, Clone)]
pub(crate) struct Scene {
    /// Notified when a request for `/wait` has arrived.
    pub(crate) reached: Arc<Notify>,
    /// Each permit lets `/wait` respond, or `/pieces` send one piece.
    pub(crate) go: Arc<Semaphore>,
    /// Notified when the body of `/endless` is dropped.
    pub(crate) let_go: Arc<Notify>,
}

pub(crate) fn scene() -> (Scene, Router) {
    let scene = Scene {
        reached: Arc::new(Notify::new()),
        go: Arc::new(Semaphore::new(0)),
        let_go: Arc::new(Notify::new()),
    };
    let (waiting, pieces, endless) = (scene.clone(), scene.clone(), scene.clone());
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/back", post(async |body: Body| body))
        .route("/back/elsewhere", post(from_elsewhere))
        .route("/unread", post(async || "unread"))
        .route("/switched", get(async || StatusCode::SWITCHING_PROTOCOLS))
        .route("/large", get(|| async { vec![b'x'; 64 << 20] }))
        .route("/streamed", get(async || "s".repeat(2_048)))
        .route(
            "/sized/{length}",
            get(async |Path(length): Path<usize>| "s".repeat(length)),
        )
        .route("/empty", get(async || ()))
        .route("/no-content", get(async || StatusCode::NO_CONTENT))
        .route("/panic", get(panics))
        .route(
            "/panic/body",
            get(async || {
                Body::from_stream(futures_util::stream::poll_fn(
                    |_| -> Poll<Option<Result<Bytes, Infallible>>> { panic!("as asked") },
                ))
            }),
        )
        .route("/seen", any(seen))
        .route(
            "/endless",
            get(async move || {
                let told = ToldWhenDropped(Arc::clone(&endless.let_go));
                Body::from_stream(futures_util::stream::unfold(told, async |told| {
                    Some((
                        Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1_024])),
                        told,
                    ))
                }))
            }),
        )
        .route(
            "/pieces",
            get(async move || {
                Body::from_stream(futures_util::stream::unfold(pieces.go, async |go| {
                    go.acquire().await.ok()?.forget();
                    Some((Ok::<_, Infallible>(Bytes::from_static(b"piece")), go))
                }))
            }),
        )
        .route("/tunnel", any(tunnel))
        .route(
            "/wait",
            get(async move || {
                waiting.reached.notify_one();
                waiting.go.acquire().await.unwrap().forget();
                "waited"
            }),
        );
    (scene, app)
}

struct ToldWhenDropped(Arc<Notify>);

impl Drop for ToldWhenDropped {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// Returns a body in pieces that come from another task.
async fn from_elsewhere(body: Body) -> Body {
    let (pieces, came) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let mut body = body.into_data_stream();
        while let Some(piece) = body.next().await {
            pieces.send(piece).await.unwrap();
        }
    });
    Body::from_stream(futures_util::stream::unfold(came, async |mut came| {
        Some((came.recv().await?, came))
    }))
}

async fn panics() -> &'static str {
    panic!("as asked")
}

/// Echoes all bytes after the switch to another protocol.
async fn tunnel(mut request: Request) -> Response {
    let is_first = request.version() < Version::HTTP_2;
    let upgrade: OnUpgrade = request.extensions_mut().remove().unwrap();
    tokio::spawn(async move {
        let mut stream = upgrade.await.unwrap();
        let mut piece = [0; 64];
        while let Ok(count @ 1..) = stream.read(&mut piece).await {
            if stream.write_all(&piece[..count]).await.is_err() {
                break;
            }
        }
    });
    if is_first {
        let headers = [("connection", "upgrade"), ("upgrade", "echo")];
        (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
    } else {
        StatusCode::OK.into_response()
    }
}

/// Responds with the client information and the headers that the app gets.
async fn seen(headers: HeaderMap, request: Request) -> String {
    let facts = request.extensions().get::<ClientInfo>().unwrap();
    let header = |name: &str| {
        let all: Vec<_> = headers.get_all(name).iter().collect();
        format!("{all:?}")
    };
    format!(
        "uri={} host={} client={} scheme={} said={} id={} direct={} for={} proto={} forwarded={}",
        request.uri(),
        header("host"),
        facts.client,
        facts.scheme.as_str(),
        facts.host,
        facts.id,
        facts.is_direct,
        header("x-forwarded-for"),
        header("x-forwarded-proto"),
        header("forwarded"),
    )
}

/// Settings of an edge that routes everything to the app.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) listen: ListenSettings,
    pub(crate) tls: TlsSettings,
}

impl Settings {
    pub(crate) fn plan(self) -> Plan {
        Plan::of_app(self.listen, self.tls)
    }
}

/// A loopback address that no other test uses, so that no other test reuses its ports. Each test
/// has its own thread.
pub(crate) fn own() -> SocketAddr {
    static LAST: AtomicU16 = AtomicU16::new(0);
    thread_local! {
        static OWN: Ipv4Addr = {
            let [high, low] = (LAST.fetch_add(1, Ordering::Relaxed) + 1).to_be_bytes();
            Ipv4Addr::new(127, 1, high, low)
        };
    }
    SocketAddr::from((OWN.with(|own| *own), 0))
}

pub(crate) fn local() -> ListenAddress {
    ListenAddress::Tcp(own())
}

pub(crate) async fn until_closed(address: SocketAddr) {
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    let closed = tokio::time::timeout(SOON, closed).await;
    closed.expect("nobody listens there any more");
}

pub(crate) fn clear(listen: ListenSettings) -> Settings {
    Settings {
        listen: ListenSettings {
            http: vec![local()],
            ..listen
        },
        ..Settings::default()
    }
}

pub(crate) fn start(settings: Settings, app: &Router) -> Edge {
    try_start(settings, 2, Inherited::default(), app).unwrap()
}

pub(crate) fn try_start(
    settings: Settings,
    workers: usize,
    inherited: Inherited,
    app: &Router,
) -> Result<Edge, EdgeError> {
    let options = Options {
        workers,
        inherited,
        ..Options::default()
    };
    Edge::start(settings.plan(), options, Some(&Mounted(app.clone())))
}

/// Mounts a router as the app, and sends short responses in one piece.
#[derive(Clone)]
struct Mounted(Router);

impl App for Mounted {
    async fn answer(self, request: Request<edge::Body>) -> Answer {
        let answer = self.0.oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = match body.size_hint().exact() {
            Some(0..1_024) => edge::Body::full(axum::body::to_bytes(body, 1_024).await.unwrap()),
            _ => edge::Body::stream(body),
        };
        Response::from_parts(parts, body)
    }
}

pub(crate) fn simple(listen: ListenSettings) -> (Edge, SocketAddr, Scene) {
    let (scene, app) = scene();
    let edge = start(clear(listen), &app);
    let address = edge.http_addresses()[0];
    (edge, address, scene)
}

pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Connects from another loopback address.
pub(crate) async fn connect_from(client: [u8; 4], address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::from(client), 0).into()).unwrap();
    socket.connect(address).await.unwrap()
}

pub(crate) async fn all(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let ended = tokio::time::timeout(SOON, stream.read_to_end(&mut bytes)).await;
    // After all data, a reset is a normal end of the connection.
    let _ = ended.expect("the connection closes");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one response, which must have a `Content-Length`.
pub(crate) async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let read = async {
        loop {
            let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .map_or(0, |length| length.parse().unwrap());
                if body.len() >= length {
                    return String::from_utf8_lossy(&bytes).into_owned();
                }
            }
            let byte = stream.read_u8().await.expect("an answer, whole");
            bytes.push(byte);
        }
    };
    tokio::time::timeout(SOON, read).await.expect("an answer")
}

/// Sends bytes on a new connection, and reads until the edge closes it.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address).await;
    stream.write_all(bytes).await.unwrap();
    all(&mut stream).await
}

pub(crate) fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n")
}
