//! Servers that are spoken to in HTTP/2 in the clear: what gRPC needs, and what
//! happens when they go.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Request, Response, Version};
use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Channel, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::*;

/// Longer than anything here takes.
const SOON: Duration = Duration::from_mins(1);

type Sent = UnsyncBoxBody<Bytes, Infallible>;

/// A server of HTTP/2 in the clear, and nothing else.
#[derive(Clone)]
struct Speaker {
    accepted: Arc<AtomicUsize>,
    stop: CancellationToken,
}

impl Speaker {
    async fn open() -> (SocketAddr, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let speaker = Self::at(listener);
        (address, speaker)
    }

    fn at(listener: TcpListener) -> Self {
        let speaker = Self::new();
        let running = speaker.clone();
        tokio::spawn(async move {
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => accepted.unwrap().0,
                    () = running.stop.cancelled() => return,
                };
                running.takes(stream);
            }
        });
        speaker
    }

    /// On a socket in the file system, in place of whatever was there.
    fn on(path: &Path) -> Self {
        let _ = std::fs::remove_file(path);
        let listener = tokio::net::UnixListener::bind(path).unwrap();
        let speaker = Self::new();
        let running = speaker.clone();
        tokio::spawn(async move {
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => accepted.unwrap().0,
                    () = running.stop.cancelled() => return,
                };
                running.takes(stream);
            }
        });
        speaker
    }

    fn new() -> Self {
        Self {
            accepted: Arc::default(),
            stop: CancellationToken::new(),
        }
    }

    fn takes(&self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static + Send) {
        self.accepted.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(self.clone().serve(stream));
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static + Send) {
        let service =
            hyper::service::service_fn(|request| async { Ok::<_, Infallible>(speak(request)) });
        let served = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            _ = served => {}
            () = self.stop.cancelled() => {}
        }
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// Sends each message back as it comes, and tells of the request in its trailers.
fn speak(request: Request<Incoming>) -> Response<Sent> {
    assert_eq!(request.version(), Version::HTTP_2);
    let (parts, mut body) = request.into_parts();
    if parts.uri.path() == "/base/pkg.Service/Fails" {
        // An answer of headers only.
        return Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", "12")
            .body(Empty::new().boxed_unsync())
            .unwrap();
    }
    let (mut send, sent) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        let mut trailers = HeaderMap::new();
        while let Some(Ok(frame)) = body.frame().await {
            match frame.into_data() {
                Ok(data) => {
                    if send.send_data(data).await.is_err() {
                        return;
                    }
                }
                Err(frame) => {
                    trailers = frame.into_trailers().unwrap();
                }
            }
        }
        let told = |name: &str| parts.headers.get(name).cloned();
        let none = || HeaderValue::from_static("-");
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        trailers.insert("x-te", told("te").unwrap_or_else(none));
        trailers.insert("x-for", told("x-forwarded-for").unwrap_or_else(none));
        let uri = HeaderValue::try_from(format!("{} {}", parts.method, parts.uri));
        trailers.insert("x-uri", uri.unwrap());
        let _ = send.send_trailers(trailers).await;
    });
    Response::builder()
        .header("content-type", "application/grpc")
        .body(sent.boxed_unsync())
        .unwrap()
}

/// A client of HTTP/2 in the clear.
async fn client(site: &Site) -> SendRequest<Sent> {
    let stream = TcpStream::connect(site.address).await.unwrap();
    let (send, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    send
}

fn call(path: &str, body: Sent) -> Request<Sent> {
    Request::post(format!("http://a.example{path}"))
        .header("te", "trailers")
        .header("content-type", "application/grpc")
        .body(body)
        .unwrap()
}

fn nothing() -> Sent {
    Empty::new().boxed_unsync()
}

async fn next(body: &mut Incoming) -> Option<Frame<Bytes>> {
    let frame = tokio::time::timeout(SOON, body.frame()).await;
    frame.unwrap().map(Result::unwrap)
}

#[tokio::test]
async fn messages_and_trailers_pass_both_ways_while_both_sides_speak() {
    let (server, speaker) = Speaker::open().await;
    let route = format!("[[route]]\nto = \"h2c://{server}/base/\"\n");
    let site = Site::open(&route, Means::default());
    let mut send = client(&site).await;
    let (mut say, said) = Channel::<Bytes, Infallible>::new(1);
    let asked = send.send_request(call("/pkg.Service/Chat?x=1", said.boxed_unsync()));
    let asked = tokio::spawn(asked);
    say.send_data(Bytes::from("one")).await.unwrap();
    let answer = tokio::time::timeout(SOON, asked).await.unwrap().unwrap();
    let (parts, mut heard) = answer.unwrap().into_parts();
    assert_eq!(parts.status, 200);
    assert_eq!(parts.headers["content-type"], "application/grpc");
    assert!(parts.headers.contains_key("x-request-id"));
    // The answer comes while the request is still being made.
    assert_eq!(next(&mut heard).await.unwrap().into_data().unwrap(), "one");
    say.send_data(Bytes::from("two")).await.unwrap();
    assert_eq!(next(&mut heard).await.unwrap().into_data().unwrap(), "two");
    let mine = HeaderMap::from_iter([(
        axum::http::HeaderName::from_static("x-mine"),
        HeaderValue::from_static("yes"),
    )]);
    say.send_trailers(mine).await.unwrap();
    drop(say);
    let trailers = next(&mut heard).await.unwrap().into_trailers().unwrap();
    assert_eq!(trailers["grpc-status"], "0");
    assert_eq!(trailers["x-mine"], "yes");
    assert_eq!(trailers["x-te"], "trailers");
    assert_eq!(trailers["x-for"], "127.0.0.1");
    let uri = "POST http://a.example/base/pkg.Service/Chat?x=1";
    assert_eq!(trailers["x-uri"], uri);
    assert!(next(&mut heard).await.is_none());

    let failed = send
        .send_request(call("/pkg.Service/Fails", nothing()))
        .await;
    let failed = failed.unwrap();
    assert_eq!(failed.headers()["grpc-status"], "12");
    drop(send);
    speaker.stop.cancel();
    site.edge.stop().await;
}

#[tokio::test]
async fn one_connection_carries_all_and_elder_clients_are_served_too() {
    let (server, speaker) = Speaker::open().await;
    let route = format!("[[route]]\nto = \"h2c://{server}\"\n");
    let site = Site::open(&route, Means::default());
    let first = site.ask("POST", "/x", "", "hello").await;
    assert_eq!(first.status, 200);
    assert!(first.body.contains("\r\nhello\r\n"), "{first:?}");
    let all = futures_util::stream::iter(0..40)
        .map(|number| {
            let site = &site;
            async move {
                let body = format!("message {number}");
                let heard = site
                    .ask("POST", "/x", "Expect: 100-continue\r\n", &body)
                    .await;
                assert!(heard.status == 200 || heard.status == 100, "{heard:?}");
            }
        })
        .buffer_unordered(20);
    all.collect::<Vec<_>>().await;
    assert_eq!(site.get("/x").await.status, 200);
    assert_eq!(speaker.accepted(), 1);
    let upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let asked = format!("GET /x HTTP/1.1\r\nHost: a.example\r\n{upgrade}\r\n");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut heard = [0; 12];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"HTTP/1.1 502", "streams become nothing else");
    speaker.stop.cancel();
    site.edge.stop().await;
}

#[tokio::test]
async fn a_server_that_comes_back_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("h2.sock");
    let speaker = Speaker::on(&path);
    let route = format!("[[route]]\nto = \"h2c+unix:{}\"\n", path.display());
    let site = Site::open(&route, Means::default());
    assert_eq!(site.get("/x").await.status, 200);
    speaker.stop.cancel();
    let gone = async { while site.get("/x").await.status == 200 {} };
    tokio::time::timeout(SOON, gone).await.unwrap();
    let gone = site.ask("POST", "/x", "", "hello").await;
    assert!([502, 503].contains(&gone.status), "{gone:?}");
    let speaker = Speaker::on(&path);
    let back = async { while site.get("/x").await.status != 200 {} };
    tokio::time::timeout(SOON, back).await.unwrap();
    assert!(speaker.accepted() >= 1);
    speaker.stop.cancel();
    site.edge.stop().await;
}

#[tokio::test]
async fn sockets_health_and_servers_that_speak_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("h2.sock");
    let speaker = Speaker::on(&path);
    let (elder, _running) = server("elder").await;
    let routes = format!(
        "[upstream.well]\nto = [\"h2c+unix:{}\", \"h2c://{elder}\"]\n\
         health = {{ path = \"/well\", every = \"50ms\", fall = 1 }}\n\
         [[route]]\npath = \"/well\"\nto = \"upstream:well\"\n\
         [[route]]\npath = \"/elder\"\nto = \"h2c://{elder}\"\n\
         [[route]]\npath = \"/nobody\"\nto = \"h2c://127.0.0.1:1\"\n",
        path.display()
    );
    let site = Site::open(&routes, Means::default());
    let table = site.plan(&routes).table();
    assert!(table.contains(&format!("h2c://{elder}")), "{table}");
    for path in ["/elder", "/nobody"] {
        assert_eq!(site.get(path).await.status, 502, "{path}");
    }
    // The one that does not understand is found out, and gets nothing more.
    let mut in_a_row = 0;
    let well = async {
        while in_a_row < 20 {
            let heard = site.ask("POST", "/well", "", "hello").await;
            in_a_row = if heard.status == 200 { in_a_row + 1 } else { 0 };
        }
    };
    tokio::time::timeout(SOON, well).await.unwrap();
    speaker.stop.cancel();
    site.edge.stop().await;
}
