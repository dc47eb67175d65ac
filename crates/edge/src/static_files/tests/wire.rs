//! Tests responses as hyper sends them.

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// Returns the head in lower case, and the body. Reads until the connection closes.
async fn exchange(world: Arc<World>, request: &str) -> (String, Vec<u8>) {
    let (mut client, server) = tokio::io::duplex(64 * 1_024);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let world = Arc::clone(&world);
        async move {
            let request = request.map(drop);
            let path = request.uri().path().to_owned();
            let answer = world.answer(&request, &path, world.now).await;
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let serving =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service);
    let asking = async {
        client.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        client.read_to_end(&mut bytes).await.unwrap();
        bytes
    };
    let (_, bytes) = tokio::join!(serving, asking);
    let end = bytes.windows(4).position(|at| at == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    (head.to_lowercase(), bytes[end + 4..].to_vec())
}

#[tokio::test]
async fn lengths_and_bodies_agree() {
    let world = Arc::new(World::new());
    world.write("small.css", "x".repeat(2_000));
    world.write("large.css", "x".repeat(3_000_000));
    let tag = world
        .get("/small.css")
        .await
        .header("etag")
        .unwrap()
        .to_owned();
    let tag = format!("If-None-Match: {tag}\r\n");
    let coded = "Accept-Encoding: gzip\r\n";
    // Each row contains the request, the expected status, the value of `Content-Length` and the
    // number of received bytes.
    for (method, uri, line, status, told, bytes) in [
        ("GET", "/small.css", "", 200, Some(2_000), 2_000),
        ("HEAD", "/small.css", "", 200, Some(2_000), 0),
        ("GET", "/small.css", &*tag, 304, None, 0),
        ("GET", "/large.css", "", 200, Some(3_000_000), 3_000_000),
        ("HEAD", "/large.css", "", 200, Some(3_000_000), 0),
        ("HEAD", "/large.css", coded, 200, None, 0),
        (
            "GET",
            "/large.css",
            "Range: bytes=10-200009\r\n",
            206,
            Some(200_000),
            200_000,
        ),
        (
            "GET",
            "/large.css",
            "Range: bytes=9999999-\r\n",
            416,
            Some(0),
            0,
        ),
        ("GET", "/missing.css", "", 404, Some(0), 0),
        ("OPTIONS", "/small.css", "", 204, None, 0),
        ("POST", "/small.css", "", 405, Some(0), 0),
    ] {
        let request =
            format!("{method} {uri} HTTP/1.1\r\nHost: x\r\n{line}Connection: close\r\n\r\n");
        let (head, body) = exchange(Arc::clone(&world), &request).await;
        assert!(
            head.starts_with(&format!("http/1.1 {status} ")),
            "{request}{head}"
        );
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(
            length.map(|length| length.parse().unwrap()),
            told,
            "{request}{head}"
        );
        assert_eq!(body.len(), bytes, "{request}{head}");
    }
    let request = format!("GET /large.css HTTP/1.1\r\nHost: x\r\n{coded}Connection: close\r\n\r\n");
    let (head, body) = exchange(world, &request).await;
    assert!(head.contains("transfer-encoding: chunked") && head.contains("content-encoding: gzip"));
    assert!(body.ends_with(b"0\r\n\r\n"));
}
