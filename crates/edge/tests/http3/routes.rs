//! Tests which route an HTTP/3 request matches, and what the route's upstream gets.

use axum::http::Method;
use edge::{CdnId, PlanContext};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::client::{Answer, answer};
use super::*;

/// Starts an upstream that responds with the request head.
async fn program() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut heard = Vec::new();
                while !heard.ends_with(b"\r\n\r\n") {
                    assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
                }
                let length = heard.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(&heard).await.unwrap();
            });
        }
    });
    address
}

async fn open(routes: &str) -> (Site, Talk) {
    let options = Options {
        cdn_id: CdnId::parse("one.of-us"),
        ..Options::default()
    };
    let site = Site::with(|listen| listen.http = Vec::new(), options);
    let https = &site.listen.https[0];
    let text = format!(
        "listen.http = []\nlisten.https = [\"{https}\"]\n\
         [[tls.certificate]]\nchain = \"first.pem\"\nkey = \"first.key\"\n{routes}"
    );
    let ground = PlanContext {
        folder: site.folder.path(),
        data: site.folder.path(),
        services: &[],
    };
    let plan = Plan::check(&toml::from_str(&text).unwrap(), &ground).unwrap();
    site.edge.apply(plan).unwrap();
    let talk = site.talk().await;
    (site, talk)
}

async fn get(talk: &mut Talk, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut stream = talk.ask(Method::GET, path, headers).await.unwrap();
    stream.finish().await.unwrap();
    answer(&mut stream).await.unwrap()
}

#[tokio::test]
async fn paths_are_read_as_over_the_other_protocols() {
    let program = program().await;
    let (site, mut talk) = open(&format!(
        "[[route]]\nto = \"http://{program}\"\n\
         [[route]]\npath = \"/admin/\"\nto = \"http://{program}\"\naccess = {{ allow = [\"10.0.0.0/8\"] }}\n\
         [[route]]\npath = \"/docs/\"\nto = \"http://{program}\"\n"
    ))
    .await;
    for (path, status) in [
        ("/admin", 403),
        ("/admin/x", 403),
        ("/Admin/x", 400),
        ("/ADMIN", 400),
        ("/Docs/x", 200),
    ] {
        assert_eq!(get(&mut talk, path, &[]).await.status, status, "{path}");
    }
    let bare = get(&mut talk, "/docs?a=b", &[]).await;
    assert_eq!(bare.status, 308);
    assert_eq!(bare.headers["location"], "/docs/?a=b");
    let without_path = get(&mut talk, "?x=/y", &[]).await.text();
    assert!(
        without_path.starts_with("GET /?x=/y HTTP/1.1\r\n"),
        "{without_path}"
    );
    site.stop().await;
}

#[tokio::test]
async fn passes_are_counted_and_claims_left_out_as_over_the_other_protocols() {
    let program = program().await;
    let (site, mut talk) = open(&format!("[[route]]\nto = \"http://{program}\"\n")).await;
    let own = ("cdn-loop", "one.of-us");
    let told = get(&mut talk, "/", &[own, own, own, own]).await;
    assert_eq!(told.text().matches("cdn-loop: one.of-us\r\n").count(), 5);
    assert_eq!(get(&mut talk, "/", &[own; 5]).await.status, 508);
    let claims = [
        "true-client-ip",
        "cf-connecting-ip",
        "x-original-url",
        "x-rewrite-url",
        "x-host",
    ];
    let headers = claims.map(|name| (name, "claimed"));
    let told = get(&mut talk, "/", &headers).await.text();
    assert!(!told.contains("claimed"), "{told}");
    site.stop().await;
}

#[tokio::test]
async fn other_origins_are_let_in_as_over_the_other_protocols() {
    let program = program().await;
    let (site, mut talk) = open(&format!(
        "[[route]]\nto = \"http://{program}\"\ncors = {{ origins = [\"https://app.example\"] }}\n"
    ))
    .await;
    for (origin, is_named) in [
        ("https://app.example", true),
        ("https://evil.example", false),
    ] {
        let headers = [("origin", origin), ("cookie", "who=aisyah")];
        let told = get(&mut talk, "/", &headers).await;
        let allowed = told.headers.get("access-control-allow-origin");
        assert_eq!((told.status.as_u16(), allowed.is_some()), (200, is_named));
        assert_eq!(told.text().contains("cookie:"), !is_named);
        let asks = ("access-control-request-method", "PUT");
        let headers = [("origin", origin), asks];
        let mut stream = talk.ask(Method::OPTIONS, "/", &headers).await.unwrap();
        stream.finish().await.unwrap();
        let told = answer(&mut stream).await.unwrap();
        let allowed = told.headers.get("access-control-allow-origin");
        assert_eq!((told.status.as_u16(), allowed.is_some()), (204, is_named));
        assert_eq!(told.headers["vary"], "Origin");
    }
    site.stop().await;
}
