//! Tests HTTP/3 at the edge through real sockets. The client uses other HTTP/3 code than the edge.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

mod alt_svc;
#[path = "../shared/certificates.rs"]
mod certificates;
mod client;
mod ends;
mod handed;
mod heads;
mod hostile;
mod passed_on;
mod requests;
mod routes;
mod slow;
mod sockets;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{any, get};
use edge::{
    ClientInfo, Edge, Inherited, ListenAddress, ListenSettings, Options, Plan, TlsSettings,
};
use futures_util::stream;
use tokio::sync::{Notify, Semaphore};

use self::certificates::{files, trusting};
use self::client::{Client, Talk};

pub(crate) const SOON: Duration = Duration::from_mins(1);

#[derive(Debug, Clone)]
pub(crate) struct Scene {
    /// Notified when a request that the app holds has arrived.
    pub(crate) reached: Arc<Notify>,
    /// Each permit lets one held request continue.
    pub(crate) go: Arc<Semaphore>,
    /// Notified when the app gives up a response because its client has disconnected.
    pub(crate) given_up: Arc<Notify>,
    pub(crate) seen: Arc<AtomicUsize>,
}

struct Gone(Arc<Notify>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

pub(crate) fn scene() -> (Scene, Router) {
    let scene = Scene {
        reached: Arc::new(Notify::new()),
        go: Arc::new(Semaphore::new(0)),
        given_up: Arc::new(Notify::new()),
        seen: Arc::default(),
    };
    let (waiting, dripping, held, endless) =
        (scene.clone(), scene.clone(), scene.clone(), scene.clone());
    let long = scene.clone();
    let seen_by = Arc::clone(&scene.seen);
    let app = Router::new()
        .route(
            "/",
            get(async move || {
                seen_by.fetch_add(1, Ordering::Relaxed);
                "hello"
            }),
        )
        .route(
            "/echo",
            any(async |request: Request| Response::new(request.into_body())),
        )
        .route("/whole", any(async |body: Bytes| body))
        .route("/large", get(|| async { vec![b'x'; LARGE] }))
        .route("/seen", any(seen))
        .route(
            "/wait",
            get(async move || {
                waiting.reached.notify_one();
                waiting.go.acquire().await.unwrap().forget();
                "waited"
            }),
        )
        .route(
            "/drip",
            get(async move || {
                let pieces = stream::unfold((dripping, 0), |(scene, number)| async move {
                    if number > 0 {
                        scene.go.acquire().await.unwrap().forget();
                    }
                    let piece = ["one", "two"].get(number)?;
                    Some((
                        Ok::<_, axum::Error>(Bytes::from(*piece)),
                        (scene, number + 1),
                    ))
                });
                Body::from_stream(pieces)
            }),
        )
        .route(
            "/long",
            get(async move || {
                let pieces = stream::unfold((long, 0), |(scene, number)| async move {
                    scene.go.acquire().await.unwrap().forget();
                    let piece = Bytes::from(vec![b'x'; PIECE]);
                    (number < PIECES).then_some((Ok::<_, axum::Error>(piece), (scene, number + 1)))
                });
                Body::from_stream(pieces)
            }),
        )
        .route(
            "/held",
            get(async move || {
                let _gone = Gone(Arc::clone(&held.given_up));
                held.reached.notify_one();
                std::future::pending::<()>().await;
            }),
        )
        .route(
            "/endless",
            get(async move || {
                let gone = Gone(Arc::clone(&endless.given_up));
                let pieces = stream::unfold(gone, |gone| async move {
                    tokio::task::yield_now().await;
                    let piece = Bytes::from_static(&[b'x'; 16 * 1_024]);
                    Some((Ok::<_, axum::Error>(piece), gone))
                });
                Body::from_stream(pieces)
            }),
        );
    (scene, app)
}

pub(crate) const LARGE: usize = 8 << 20;
/// The size in bytes and the number of the pieces of `/long`. A piece is larger than the data that
/// can be sent before the client acknowledges any.
pub(crate) const PIECE: usize = 256 << 10;
pub(crate) const PIECES: usize = 8;

/// Responds with the client information that the app gets.
async fn seen(request: Request) -> String {
    let facts = request.extensions().get::<ClientInfo>().unwrap();
    let hosts: Vec<_> = request.headers().get_all("host").iter().collect();
    format!(
        "version={:?} uri={} host={hosts:?} client={} scheme={} said={} forwarded={}",
        request.version(),
        request.uri(),
        facts.client,
        facts.scheme.as_str(),
        facts.host,
        request.headers().contains_key("x-forwarded-for"),
    )
}

/// A loopback address that no other test uses. Otherwise, a client could connect to another test's
/// edge on a reused port.
pub(crate) fn own() -> Ipv4Addr {
    static LAST: AtomicU16 = AtomicU16::new(0);
    let [high, low] = (LAST.fetch_add(1, Ordering::Relaxed) + 1).to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

pub(crate) fn local() -> ListenAddress {
    ListenAddress::Tcp(SocketAddr::from((own(), 0)))
}

/// A TCP and a UDP socket with the same port.
pub(crate) fn pair() -> (TcpListener, UdpSocket) {
    let tcp = TcpListener::bind((own(), 0)).unwrap();
    let udp = UdpSocket::bind(tcp.local_addr().unwrap()).unwrap();
    (tcp, udp)
}

/// Options for an edge that inherits these sockets.
pub(crate) fn options(sockets: Vec<OwnedFd>) -> Options {
    Options {
        inherited: Inherited::new(sockets).unwrap(),
        ..Options::default()
    }
}

pub(crate) struct Site {
    pub(crate) edge: Edge,
    pub(crate) address: SocketAddr,
    pub(crate) scene: Scene,
    pub(crate) chain: PathBuf,
    pub(crate) listen: ListenSettings,
    pub(crate) tls: TlsSettings,
    pub(crate) folder: tempfile::TempDir,
}

impl Site {
    pub(crate) fn open(change: impl FnOnce(&mut ListenSettings)) -> Self {
        Self::with(change, Options::default())
    }

    pub(crate) fn with(change: impl FnOnce(&mut ListenSettings), options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let first = files(folder.path(), "first", &["a.example"]);
        let second = files(folder.path(), "second", &["c.example"]);
        let mut listen = ListenSettings {
            http: vec![local()],
            https: vec![local()],
            ..ListenSettings::default()
        };
        change(&mut listen);
        let tls = TlsSettings {
            certificates: vec![first.clone(), second],
            self_signed: ["localhost".to_owned()].into(),
            hsts: Some(Duration::from_mins(5)),
        };
        let (scene, app) = scene();
        let options = Options {
            workers: 2,
            ..options
        };
        let plan = Plan::of_app(listen.clone(), tls.clone());
        let edge = Edge::start(plan, options, Some(&app)).unwrap();
        Self {
            address: edge.https_addresses()[0],
            edge,
            scene,
            chain: first.chain,
            listen,
            tls,
            folder,
        }
    }

    pub(crate) fn apply(&mut self, change: impl FnOnce(&mut ListenSettings)) {
        change(&mut self.listen);
        let plan = Plan::of_app(self.listen.clone(), self.tls.clone());
        self.edge.apply(plan).unwrap();
    }

    pub(crate) async fn talk(&self) -> Talk {
        let client = Client::trusting(&self.chain);
        Talk::begin(client.connect(self.address, "a.example").await.unwrap()).await
    }

    pub(crate) async fn stop(self) {
        tokio::time::timeout(SOON, self.edge.stop()).await.unwrap();
    }
}
