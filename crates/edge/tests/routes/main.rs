//! Tests routes through real sockets: how the whole edge handles a request.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod access;
mod asked;
mod changes;
mod cors;
mod downloads;
mod fallback;
mod fronts;
mod heads;
mod hostile;
mod http2;
mod killed;
mod lengths;
mod pages;
mod passes;
mod paths;
mod programs;
mod refused;
mod sent;
mod services;
mod slow;
mod smuggled;
mod told;
mod unread;
mod warned;
mod websockets;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::{any, get};
use edge::{ClientInfo, Edge, Options, Plan, PlanContext, Service};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::DropGuard;

/// An edge that serves a temporary folder.
struct Site {
    folder: tempfile::TempDir,
    edge: Edge,
    address: SocketAddr,
}

impl Site {
    /// Starts a site with a page in its folder `files`.
    fn open(routes: &str, options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("files")).unwrap();
        std::fs::write(folder.path().join("files/page.html"), "<p>A page</p>").unwrap();
        std::fs::write(folder.path().join("files/large.txt"), "text ".repeat(4_000)).unwrap();
        let edge = Edge::start(plan(routes, folder.path()), options, Some(&app())).unwrap();
        let address = edge.http_addresses()[0];
        Self {
            folder,
            edge,
            address,
        }
    }

    fn plan(&self, routes: &str) -> Plan {
        plan(routes, self.folder.path())
    }

    async fn get(&self, target: &str) -> Heard {
        self.ask("GET", target, "", "").await
    }

    async fn ask(&self, method: &str, target: &str, headers: &str, body: &str) -> Heard {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let head =
            format!("{method} {target} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n");
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let bytes = format!("{head}{length}{headers}\r\n{body}");
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        Heard::of(&String::from_utf8_lossy(&heard))
    }
}

/// A plan that listens on a free port.
fn plan(routes: &str, folder: &Path) -> Plan {
    plan_with(routes, folder, &[service("node", &[])])
}

/// A plan that listens on a free port, with these services.
fn plan_with(routes: &str, folder: &Path, services: &[Service]) -> Plan {
    let text = format!("listen.http = [\"127.0.0.1:0\"]\n{routes}");
    let ground = PlanContext {
        folder,
        data: folder,
        services,
    };
    Plan::check(&toml::from_str(&text).unwrap(), &ground).unwrap()
}

fn service(name: &str, fronts: &[&str]) -> Service {
    Service {
        name: name.to_owned(),
        balance: "least".to_owned(),
        fronts: fronts.iter().map(|front| (*front).to_owned()).collect(),
        ..Service::default()
    }
}

fn app() -> Router {
    Router::new()
        .route("/", get(|| async { "the app" }))
        .route(
            "/facts",
            any(|request: Request| async move {
                let facts = request.extensions().get::<ClientInfo>().unwrap();
                format!("{} {} {}", facts.client, facts.host, facts.is_direct)
            }),
        )
        .route(
            "/wrong",
            get(|| async { ([("x-kenduri-outcome", "wrong-code")], "no") }),
        )
        .route(
            "/echo",
            axum::routing::post(|body: axum::body::Bytes| async { body }),
        )
        .route("/long", get(|| async { "text ".repeat(4_000) }))
        .route("/panic", get(panics))
        .route(
            "/shown/{secret}",
            get(|| async {
                let shown = edge::access_log::LoggedPath("/shown/what may be".into());
                (
                    http::StatusCode::NOT_FOUND,
                    axum::Extension(shown),
                    "nothing",
                )
            }),
        )
        .route(
            "/endless",
            get(|| async {
                let piece = || Ok::<_, Infallible>("x".repeat(1_024));
                axum::body::Body::from_stream(futures_util::stream::repeat_with(piece))
            }),
        )
}

async fn panics() -> &'static str {
    panic!("as asked")
}

#[derive(Debug)]
struct Heard {
    status: u16,
    head: String,
    body: String,
}

impl Heard {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.split("\r\n").skip(1);
        let mut values = lines.filter_map(|line| line.split_once(": "));
        values.find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// Starts a server that responds with `name` and the request.
async fn server(name: &'static str) -> (SocketAddr, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => accepted.unwrap().0,
                () = stopped.cancelled() => return,
            };
            let service = hyper::service::service_fn(async move |request: http::Request<_>| {
                Ok::<_, Infallible>(echoed(name, request).await)
            });
            let stopped = stopped.clone();
            tokio::spawn(async move {
                let served = hyper::server::conn::http1::Builder::new()
                    .serve_connection(hyper_util::rt::TokioIo::new(stream), service);
                tokio::select! {
                    _ = served => {}
                    () = stopped.cancelled() => {}
                }
            });
        }
    });
    (address, stop.drop_guard())
}

async fn echoed(
    name: &str,
    request: http::Request<hyper::body::Incoming>,
) -> http::Response<String> {
    use http_body_util::BodyExt as _;
    let (parts, body) = request.into_parts();
    let length = match body.collect().await {
        Ok(body) => body.to_bytes().len(),
        Err(_) => 0,
    };
    let header = |name: &str| {
        let value = parts.headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or("-").to_owned()
    };
    http::Response::builder()
        .header("server", "echo/1.2")
        .body(format!(
            "{name} {} {} host={} for={} proto={} id={} length={length} cookie={}",
            parts.method,
            parts.uri,
            header("host"),
            header("x-forwarded-for"),
            header("x-forwarded-proto"),
            header("x-request-id"),
            header("cookie"),
        ))
        .unwrap()
}

#[tokio::test]
async fn each_route_answers_in_its_own_way() {
    let (server, _running) = server("one").await;
    let site = Site::open(
        &format!(
            r#"
            [[route]]
            to = "app"
            [[route]]
            path = "/static/"
            strip = "/static"
            to = "files:files"
            headers = {{ set = {{ "X-Own" = "yes" }}, remove = ["Permissions-Policy"] }}
            [[route]]
            path = "/api/"
            strip = "/api"
            to = "http://{server}/base/"
            [[route]]
            path = "/old/"
            strip = "/old"
            to = "redirect:https://b.example{{path}}"
            [[route]]
            path = "/gone"
            to = "status:410"
            "#
        ),
        Options::default(),
    );
    let app = site.get("/").await;
    assert_eq!((app.status, &*app.body), (200, "the app"));
    assert_eq!(app.header("x-content-type-options"), Some("nosniff"));
    let id = app.header("x-request-id").unwrap().to_owned();
    let page = site.get("/static/page.html").await;
    assert_eq!((page.status, &*page.body), (200, "<p>A page</p>"));
    assert_eq!(page.header("x-own"), Some("yes"));
    assert_eq!(page.header("permissions-policy"), None);
    assert!(page.header("etag").is_some());
    assert_ne!(page.header("x-request-id"), Some(&*id));

    let proxied = site
        .ask(
            "POST",
            "/api/a%20b?q=1",
            "X-Forwarded-For: 9.9.9.9\r\n",
            "12345",
        )
        .await;
    assert_eq!(proxied.status, 200);
    let id = proxied.header("x-request-id").unwrap();
    let told = format!(
        "one POST /base/a%20b?q=1 host=a.example for=127.0.0.1 proto=http id={id} length=5 cookie=-"
    );
    assert_eq!(proxied.body, told);
    assert_eq!(proxied.header("server"), Some("echo"), "no version leaves");

    let moved = site.get("/old/x/y?z").await;
    assert_eq!(moved.status, 308);
    assert_eq!(moved.header("location"), Some("https://b.example/x/y?z"));
    let gone = site.get("/gone").await;
    assert_eq!(gone.status, 410);
    assert!(gone.body.contains("<h1>Gone</h1>"), "{}", gone.body);
    assert!(gone.body.contains(gone.header("x-request-id").unwrap()));
    site.edge.stop().await;
}

#[tokio::test]
async fn what_cannot_be_reached_is_told_as_a_page_or_a_problem() {
    let site = Site::open(
        "[[route]]\npath = \"/files/\"\nstrip = \"/files\"\nto = \"files:files\"\n\
         [[route]]\npath = \"/dead/\"\nto = \"http://127.0.0.1:1\"\n\
         [[route]]\npath = \"/service/\"\nto = \"service:node\"\n",
        Options::default(),
    );
    for (target, status) in [
        ("/nowhere", 404),
        ("/files/missing.css", 404),
        ("/files/..%2f..%2fkenduri.toml", 400),
        ("/%zz", 400),
        ("/dead/", 502),
    ] {
        let heard = site.get(target).await;
        assert_eq!(heard.status, status, "{target}");
        assert!(heard.body.contains("<h1>"), "{target}: {heard:?}");
        let json = "Accept: application/json\r\n";
        let problem = site.ask("GET", target, json, "").await;
        assert_eq!(
            problem.header("content-type"),
            Some("application/problem+json"),
            "{target}"
        );
    }
    let method = site.ask("POST", "/files/page.html", "", "x").await;
    assert_eq!(method.status, 405);
    assert_eq!(method.header("allow"), Some("get, head, options"));
    // The edge knows no servers of this service.
    let service = site.get("/service/").await;
    assert_eq!(service.status, 503);
    assert!(service.header("retry-after").is_some());
    for method in ["TRACE", "CONNECT"] {
        let target = if method == "CONNECT" {
            "a.example:80"
        } else {
            "/"
        };
        let refused = site.ask(method, target, "", "").await;
        assert!(
            [405, 501].contains(&refused.status),
            "{method}: {refused:?}"
        );
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn limits_hold_by_client_and_by_outcome() {
    let (server, _running) = server("one").await;
    let site = Site::open(
        &format!(
            "[[route]]\npath = \"/few\"\nto = \"status:204\"\nlimit = {{ rate = \"1/h\", burst = 2 }}\n\
             [[route]]\npath = \"/wrong\"\nto = \"app\"\nlimit = {{ rate = \"1/h\", on = \"wrong-code\" }}\n\
             [[route]]\npath = \"/echo\"\nto = \"app\"\nbody_size = \"1K\"\n\
             [[route]]\npath = \"/files\"\nto = \"files:files\"\nbody_size = \"1K\"\n\
             [[route]]\npath = \"/small\"\nto = \"http://{server}\"\nbody_size = \"1K\"\n"
        ),
        Options::default(),
    );
    assert_eq!(site.get("/few").await.status, 204);
    assert_eq!(site.get("/few").await.status, 204);
    let refused = site.get("/few").await;
    assert_eq!(refused.status, 429);
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&wait), "{wait}");

    let first = site.get("/wrong").await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("x-kenduri-outcome"), None);
    assert_eq!(site.get("/wrong").await.status, 429);

    let (fits, is_larger) = ("x".repeat(1_024), "x".repeat(1_025));
    assert!(
        site.ask("POST", "/small", "", &fits)
            .await
            .body
            .contains(" length=1024 ")
    );
    assert_eq!(site.ask("POST", "/small", "", &is_larger).await.status, 413);
    let chunked = format!("401\r\n{is_larger}\r\n0\r\n\r\n");
    for (path, status) in [("/small", "413"), ("/files", "413"), ("/echo", "4")] {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(chunked.as_bytes()).await.unwrap();
        let mut answer = [0; 64];
        let count = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..count]);
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{path}: {answer}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn answers_without_secrets_are_compressed() {
    let site = Site::open(
        "[[route]]\nto = \"app\"\n[[route]]\npath = \"/files/\"\nstrip = \"/files\"\nto = \"files:files\"\n",
        Options::default(),
    );
    let gzip = "Accept-Encoding: gzip\r\n";
    for target in ["/long", "/files/large.txt"] {
        let heard = site.ask("GET", target, gzip, "").await;
        assert_eq!(heard.header("content-encoding"), Some("gzip"), "{target}");
        assert!(heard.header("vary").unwrap().contains("accept-encoding"));
    }
    let personal = format!("{gzip}Cookie: session=1\r\n");
    let heard = site.ask("GET", "/long", &personal, "").await;
    assert_eq!(heard.header("content-encoding"), None);
    site.edge.stop().await;
}

#[tokio::test]
async fn the_app_is_told_who_asks() {
    let site = Site::open(
        "listen.trusted_proxies = [\"127.0.0.0/8\"]",
        Options::default(),
    );
    let said = "X-Forwarded-For: 192.0.2.7\r\nX-Request-Id: theirs\r\n";
    let heard = site.ask("GET", "/facts", said, "").await;
    assert_eq!(heard.body, "192.0.2.7 a.example false");
    assert_eq!(heard.header("x-request-id"), Some("theirs"));
    assert_eq!(site.get("/facts").await.body, "127.0.0.1 a.example true");
    // A proxy that sets one kind of forwarding header passes on the other kind as the client sent
    // it.
    site.edge
        .apply(site.plan(
            "listen.trusted_proxies = [\"127.0.0.0/8\"]\nlisten.forwarded_header = \"forwarded\"",
        ))
        .unwrap();
    let said = "X-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.9\r\n";
    let heard = site.ask("GET", "/facts", said, "").await;
    assert_eq!(heard.body, "192.0.2.9 a.example false");
    site.edge.stop().await;
}

#[tokio::test]
async fn the_app_is_asked_for_the_path_that_met_its_route() {
    let routes = "[[route]]\nto = \"status:404\"\n[[route]]\npath = \"/facts\"\nto = \"app\"\n\
                  [[route]]\npath = \"/below/\"\nstrip = \"/below\"\nto = \"app\"\n";
    let site = Site::open(routes, Options::default());
    for target in [
        "/facts",
        "//facts",
        "/x/../facts",
        "/x/%2e%2e/facts?a=b",
        "/./facts",
        "/below/facts",
    ] {
        assert_eq!(site.get(target).await.status, 200, "{target}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn without_an_app_its_routes_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let edge = Edge::start::<Router>(plan("", folder.path()), Options::default(), None).unwrap();
    let site = Site {
        address: edge.http_addresses()[0],
        edge,
        folder,
    };
    assert_eq!(site.get("/").await.status, 503);
    site.edge.stop().await;
}
