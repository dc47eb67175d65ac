//! Tests that the response to `HEAD` equals the response to `GET` without its body, in every HTTP
//! version.

use axum::http::{HeaderMap, Method, Request, StatusCode};
use edge::PlanContext;
use edge::access_log::{Format, Log, Mask};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::answer;
use super::requests::Lines;
use super::*;

const TARGETS: [(&str, u16); 10] = [
    ("/files/page.html", 200),
    ("/files/missing.html", 404),
    ("/files/../nowhere", 404),
    ("/other/page.html", 200),
    ("/other/missing", 404),
    ("/closed", 403),
    ("/app", 503),
    ("/old/x", 308),
    ("/gone", 410),
    ("/nothing", 204),
];

/// A response's `Content-Length`, and the number of received body bytes.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    status: u16,
    length: Option<String>,
    kind: Option<String>,
    body: usize,
}

impl Told {
    fn of(status: StatusCode, headers: &HeaderMap, body: usize) -> Self {
        let said = |name: &str| Some(headers.get(name)?.to_str().unwrap().to_owned());
        Self {
            status: status.as_u16(),
            length: said("content-length"),
            kind: said("content-type"),
            body,
        }
    }

    async fn read(answer: axum::http::Response<Incoming>) -> Self {
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self::of(parts.status, &parts.headers, body.len())
    }
}

struct Clients {
    first: http1::SendRequest<Empty<Bytes>>,
    second: http2::SendRequest<Empty<Bytes>>,
    third: Talk,
}

impl Clients {
    async fn open(clear: SocketAddr, secure: SocketAddr, chain: &Path) -> Self {
        let stream = TcpStream::connect(clear).await.unwrap();
        let (first, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let stream = TokioIo::new(over_tls(secure, chain).await);
        let (second, connection) = http2::handshake(TokioExecutor::new(), stream)
            .await
            .unwrap();
        tokio::spawn(connection);
        let client = Client::trusting(chain);
        let third = client.connect(secure, "a.example").await.unwrap();
        Self {
            first,
            second,
            third: Talk::begin(third).await,
        }
    }

    async fn ask(&mut self, method: &Method, target: &str) -> [Told; 3] {
        let request = |uri: String, host: &str| {
            let request = Request::builder().method(method).uri(uri);
            let request = request.header("host", host);
            request.body(Empty::<Bytes>::new()).unwrap()
        };
        self.first.ready().await.unwrap();
        // This host has no certificate. Otherwise, clear-text requests would be redirected.
        let first = request(target.to_owned(), "b.example");
        let first = self.first.send_request(first).await.unwrap();
        let first = Told::read(first).await;
        let second = request(format!("https://a.example{target}"), "a.example");
        let second = self.second.send_request(second).await.unwrap();
        let second = Told::read(second).await;
        let stream = self.third.ask(method.clone(), target, &[]);
        let mut stream = stream.await.unwrap();
        stream.finish().await.unwrap();
        let heard = answer(&mut stream).await.unwrap();
        let third = Told::of(heard.status, &heard.headers, heard.body.len());
        [first, second, third]
    }
}

async fn over_tls(address: SocketAddr, chain: &Path) -> TlsStream<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("a.example").unwrap();
    let connector = TlsConnector::from(Arc::new(trusting(chain, b"h2")));
    connector.connect(name, stream).await.unwrap()
}

#[tokio::test]
async fn a_head_says_what_a_get_does_and_has_no_body() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("files")).unwrap();
    std::fs::write(folder.path().join("files/page.html"), "<p>A page</p>").unwrap();
    files(folder.path(), "pair", &["a.example"]);
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = server.local_addr().unwrap();
    let page = Router::new()
        .route("/other/page.html", get(async || "a page of another"))
        .fallback(async || (StatusCode::NOT_FOUND, "not there"));
    let serving = tokio::spawn(async move { axum::serve(server, page).await });
    let routes = format!(
        r#"
        listen.http = ["{}"]
        listen.https = ["{}"]
        [[tls.certificate]]
        chain = "pair.pem"
        key = "pair.key"
        [[route]]
        path = "/files/"
        strip = "/files"
        to = "files:files"
        [[route]]
        path = "/other/"
        to = "http://{other}"
        [[route]]
        path = "/closed"
        to = "http://{other}"
        access = {{ deny = ["127.0.0.0/8"] }}
        [[route]]
        path = "/app"
        to = "app"
        [[route]]
        path = "/old/"
        to = "redirect:/files{{path}}"
        [[route]]
        path = "/gone"
        to = "status:410"
        [[route]]
        path = "/nothing"
        to = "status:204"
        "#,
        local(),
        local()
    );
    let ground = PlanContext {
        folder: folder.path(),
        data: folder.path(),
        services: &[],
    };
    let plan = Plan::check(&toml::from_str(&routes).unwrap(), &ground).unwrap();
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.to_owned().into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let options = Options {
        log: Some(log),
        ..Options::default()
    };
    let edge = Edge::start::<Router>(plan, options, None).unwrap();
    let (clear, secure) = (edge.http_addresses()[0], edge.https_addresses()[0]);
    let mut clients = Clients::open(clear, secure, &folder.path().join("pair.pem")).await;
    for (target, status) in TARGETS {
        let got = clients.ask(&Method::GET, target).await;
        let head = clients.ask(&Method::HEAD, target).await;
        for (version, (got, head)) in got.into_iter().zip(head).enumerate() {
            assert_eq!(got.status, status, "{target} {version}");
            let has_none = [204, 308].contains(&status);
            assert_eq!(got.body == 0, has_none, "{target} {version}: {got:?}");
            // A response to `HEAD` need not contain the length if the response to `GET` must have
            // no body.
            let length = got.length.clone().filter(|_| !has_none);
            let expected = Told {
                length,
                body: 0,
                ..got
            };
            assert_eq!(head, expected, "{target} {version}");
        }
    }
    drop(clients);
    tokio::time::timeout(SOON, edge.stop()).await.unwrap();
    serving.abort();
    let mut heads = 0;
    for line in lines.after(writing).lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["method"] == "HEAD" {
            heads += 1;
            assert_eq!(line["sent"], 0, "{line}");
            assert_ne!(line["why"], "the client went away", "{line}");
        }
    }
    assert_eq!(heads, 3 * TARGETS.len());
}
