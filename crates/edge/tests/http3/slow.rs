//! Tests that a slow HTTP/3 client does not keep an upstream busy.

use axum::http::Method;
use edge::PlanContext;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::client::answer;
use super::*;

/// Sends all requests of the site to this upstream.
fn lead(site: &Site, program: SocketAddr) {
    let https = &site.listen.https[0];
    let text = format!(
        "listen.http = []\nlisten.https = [\"{https}\"]\n\
         [[tls.certificate]]\nchain = \"first.pem\"\nkey = \"first.key\"\n\
         [[route]]\nto = \"http://{program}\"\n"
    );
    let ground = PlanContext {
        folder: site.folder.path(),
        data: site.folder.path(),
        services: &[],
    };
    let plan = Plan::check(&toml::from_str(&text).unwrap(), &ground).unwrap();
    site.edge.apply(plan).unwrap();
}

/// Accepts a connection, responds on it and returns the request head.
async fn answered(listener: &TcpListener, end: &[u8]) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut came = Vec::new();
    while !came.ends_with(end) {
        assert_ne!(stream.read_buf(&mut came).await.unwrap(), 0);
    }
    let done = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndone";
    stream.write_all(done.as_bytes()).await.unwrap();
    String::from_utf8(came).unwrap()
}

#[tokio::test]
async fn a_body_that_drips_takes_no_connection_to_the_server() {
    let site = Site::open(|listen| listen.http = Vec::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    lead(&site, listener.local_addr().unwrap());
    let mut talk = site.talk().await;
    let headers = [("expect", "100-continue")];
    let mut dripping = talk.ask(Method::POST, "/up", &headers).await.unwrap();
    let word = tokio::time::timeout(SOON, dripping.recv_response()).await;
    assert_eq!(word.unwrap().unwrap().status(), 100);
    dripping.send_data(Bytes::from("abc")).await.unwrap();
    let mut other = talk.ask(Method::GET, "/other", &[]).await.unwrap();
    other.finish().await.unwrap();
    let first = tokio::time::timeout(SOON, answered(&listener, b"\r\n\r\n")).await;
    assert!(first.unwrap().starts_with("GET /other "));
    assert_eq!(answer(&mut other).await.unwrap().text(), "done");
    dripping.finish().await.unwrap();
    let second = tokio::time::timeout(SOON, answered(&listener, b"abc")).await;
    let second = second.unwrap().to_lowercase();
    assert!(second.starts_with("post /up ") && second.contains("content-length: 3\r\n"));
    assert_eq!(answer(&mut dripping).await.unwrap().text(), "done");
    site.stop().await;
}
