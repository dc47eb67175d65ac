//! Tests how much memory clients can make the edge hold that read nothing of their responses. One
//! test measures the whole process, so there is no other one in it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../shared/certificates.rs"]
mod certificates;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use edge::{Edge, Options, Plan, PlanContext};
use h3::client::{RequestStream, SendRequest};
use h3_quinn::{BidiStream, OpenStreams};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use quinn::crypto::rustls::QuicClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use self::certificates::{files, trusting};

/// The greedy client's connections, and the streams of each.
const CONNECTIONS: usize = 24;
const STREAMS: u32 = 120;
/// The memory that all of them may hold, in bytes.
const MOST: usize = 64 << 20;
const SOON: Duration = Duration::from_mins(1);
const FILM: usize = 3 << 20;

struct Site {
    edge: Edge,
    address: SocketAddr,
    chain: PathBuf,
    _folder: tempfile::TempDir,
}

fn app() -> Router {
    let endless = async || {
        Body::from_stream(futures_util::stream::repeat_with(|| {
            Ok::<_, Infallible>(Bytes::from(vec![b'x'; 64 << 10]))
        }))
    };
    let page = async || {
        let text = "text ".repeat(20_000);
        ([("content-type", "image/x-page")], text)
    };
    let compressible = async || {
        let pieces = futures_util::stream::repeat_with(|| {
            Ok::<_, Infallible>(Bytes::from("text ".repeat(1_000)))
        });
        ([("content-type", "text/html")], Body::from_stream(pieces))
    };
    Router::new()
        .route("/", get(async || "hello"))
        .route("/endless", get(endless))
        .route("/page", get(page))
        .route("/compressible", get(compressible))
}

impl Site {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chain = files(folder.path(), "first", &["a.example"]).chain;
        std::fs::create_dir(folder.path().join("files")).unwrap();
        std::fs::write(folder.path().join("files/film.bin"), vec![b'x'; FILM]).unwrap();
        let text = "listen.http = []\nlisten.https = [\"127.0.0.1:0\"]\n\
             [[tls.certificate]]\nchain = \"first.pem\"\nkey = \"first.key\"\n\
             [[route]]\nto = \"app\"\n\
             [[route]]\npath = \"/files/\"\nstrip = \"/files\"\nto = \"files:files\"\n";
        let ground = PlanContext {
            folder: folder.path(),
            data: folder.path(),
            services: &[],
        };
        let plan = Plan::check(&toml::from_str(text).unwrap(), &ground).unwrap();
        let options = Options {
            workers: 2,
            ..Options::default()
        };
        let edge = Edge::start(plan, options, Some(&app())).unwrap();
        let address = edge.https_addresses()[0];
        Self {
            edge,
            address,
            chain,
            _folder: folder,
        }
    }

    async fn connect(&self, client: Ipv4Addr) -> TlsStream<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((client, 0).into()).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        let connector = TlsConnector::from(Arc::new(trusting(&self.chain, b"h2")));
        let name = ServerName::try_from("a.example").unwrap();
        connector.connect(name, stream).await.unwrap()
    }

    /// Downloads the film from an address of which nothing else comes.
    async fn download(&self) -> usize {
        let stream = self.connect(Ipv4Addr::new(127, 0, 0, 9)).await;
        let builder = http2::Builder::new(TokioExecutor::new());
        let (mut send, connection) = builder.handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let asked = axum::http::Request::get("https://a.example/files/film.bin");
        let asked = asked.body(Empty::<Bytes>::new()).unwrap();
        let answer = send.send_request(asked).await.unwrap();
        answer.into_body().collect().await.unwrap().to_bytes().len()
    }

    /// Makes requests over HTTP/2, and opens only this window for the response to each.
    async fn ask_http2(&self, path: &str, window: u32) -> Vec<TlsStream<TcpStream>> {
        let mut said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        said.extend(b"\0\0\x06\x04\0\0\0\0\0\0\x04");
        said.extend(window.to_be_bytes());
        for number in 0..STREAMS {
            said.extend(request_frame(2 * number + 1, path));
        }
        let mut connections = Vec::new();
        for number in 0..CONNECTIONS {
            let client = [2, 3][number % 2];
            let mut connection = self.connect(Ipv4Addr::new(127, 0, 0, client)).await;
            connection.write_all(&said).await.unwrap();
            connections.push(connection);
        }
        connections
    }

    /// Makes requests over HTTP/3, and reads nothing of the responses.
    async fn ask_http3(&self, path: &str) -> Vec<Http3> {
        let mut transport = quinn::TransportConfig::default();
        transport.stream_receive_window(1_024_u32.into());
        let crypto = QuicClientConfig::try_from(trusting(&self.chain, b"h3")).unwrap();
        let mut config = quinn::ClientConfig::new(Arc::new(crypto));
        config.transport_config(Arc::new(transport));
        let mut all = Vec::new();
        for _ in 0..CONNECTIONS / 3 {
            let endpoint = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            let connecting = endpoint.connect_with(config.clone(), self.address, "a.example");
            let wire = h3_quinn::Connection::new(connecting.unwrap().await.unwrap());
            let (mut driver, mut send) = h3::client::new(wire).await.unwrap();
            tokio::spawn(async move {
                std::future::poll_fn(|context| driver.poll_close(context)).await
            });
            let mut streams = Vec::new();
            for _ in 0..STREAMS {
                let asked = axum::http::Request::get(format!("https://a.example{path}"));
                let mut stream = send.send_request(asked.body(()).unwrap()).await.unwrap();
                stream.finish().await.unwrap();
                streams.push(stream);
            }
            all.push(Http3 {
                _endpoint: endpoint,
                _send: send,
                _streams: streams,
            });
        }
        all
    }
}

struct Http3 {
    _endpoint: quinn::Endpoint,
    _send: SendRequest<OpenStreams, Bytes>,
    _streams: Vec<RequestStream<BidiStream<Bytes>, Bytes>>,
}

/// The resident memory of this process in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse::<usize>().unwrap() << 10
}

/// A HEADERS frame of a GET request that ends the headers and the stream.
fn request_frame(stream: u32, path: &str) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "a.example"),
        (":path", path),
        ("accept-encoding", "br"),
    ] {
        // A literal that is not added to the dynamic table (RFC 7541, section 6.2.2).
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend_from_slice(text.as_bytes());
        }
    }
    let mut frame = vec![0, 0, u8::try_from(block.len()).unwrap(), 1, 5];
    frame.extend(stream.to_be_bytes());
    frame.extend(block);
    frame
}

/// Waits until the memory no longer grows, and returns it.
async fn settled() -> usize {
    let mut before = 0;
    loop {
        let now = resident();
        if now <= before {
            return now;
        }
        before = now;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn streams_that_nobody_reads_hold_little_memory_and_stop_nobody() {
    let site = Site::open();
    assert_eq!(site.download().await, FILM);
    let check = async |idle: usize, what: &str| {
        let held = settled().await.saturating_sub(idle);
        assert!(held <= MOST, "{what}: {held}");
        let download = tokio::time::timeout(SOON, site.download());
        assert_eq!(download.await.unwrap(), FILM, "{what}");
    };
    for (path, window) in [
        ("/endless", 0),
        ("/page", 0),
        ("/files/film.bin", 1_000),
        ("/compressible", 1_000),
    ] {
        let idle = settled().await;
        let _connections = site.ask_http2(path, window).await;
        check(idle, path).await;
    }
    let idle = settled().await;
    let _connections = site.ask_http3("/endless").await;
    check(idle, "HTTP/3").await;
    site.edge.stop().await;
}
