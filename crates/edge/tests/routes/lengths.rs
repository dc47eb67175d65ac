//! Tests responses with a known length. Their pieces may arrive at any time.

use std::time::Duration;

use axum::http::Request;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use tokio::sync::Semaphore;

use super::http2::{HTTPS, client};
use super::*;

const SOON: Duration = Duration::from_mins(1);

/// A body of `length` bytes. The server sends the first `first` bytes with the head, and the rest
/// after the client has received them.
#[derive(Debug, Clone, Copy)]
struct FileBody {
    length: usize,
    first: usize,
}

impl FileBody {
    /// Reads the two numbers at the end of a path such as `/20/10`.
    fn read(path: &str) -> Self {
        let mut numbers = path.rsplit('/').map(|number| number.parse().unwrap());
        let first = numbers.next().unwrap();
        let length = numbers.next().unwrap();
        Self { length, first }
    }

    fn content(self) -> Bytes {
        (0..=250).cycle().take(self.length).collect()
    }
}

/// Starts a server that sends the body's first piece with the head, and the second piece when the
/// test permits it.
async fn by_hand(go: Arc<Semaphore>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let go = Arc::clone(&go);
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\n") {
                    if stream.read_buf(&mut asked).await.unwrap() == 0 {
                        return;
                    }
                }
                let asked = String::from_utf8(asked).unwrap();
                let pieces = FileBody::read(asked.split(' ').nth(1).unwrap());
                let content = pieces.content();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n",
                    pieces.length
                );
                let first = [head.as_bytes(), &content[..pieces.first]].concat();
                stream.write_all(&first).await.unwrap();
                go.acquire().await.unwrap().forget();
                stream.write_all(&content[pieces.first..]).await.unwrap();
            });
        }
    });
    address
}

/// Requests `path` over HTTP/1.1 and returns the body. The server sends the second piece after the
/// client has received the first one.
async fn over_http1(site: &Site, path: &str, pieces: FileBody, go: &Semaphore) -> Vec<u8> {
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let asked = format!("GET {path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let body = |heard: &[u8]| {
        let end = heard.windows(4).position(|window| window == b"\r\n\r\n");
        end.map(|end| end + 4)
    };
    while body(&heard).is_none_or(|from| heard.len() < from + pieces.first) {
        let more = stream.read_buf(&mut heard).await.unwrap();
        assert_ne!(more, 0, "{path}: {}", String::from_utf8_lossy(&heard));
    }
    go.add_permits(1);
    stream.read_to_end(&mut heard).await.unwrap();
    let from = body(&heard).unwrap();
    let head = String::from_utf8_lossy(&heard[..from]).to_lowercase();
    let length = format!("content-length: {}\r\n", pieces.length);
    assert!(head.contains(&length), "{path}: {head}");
    heard.split_off(from)
}

/// Like `over_http1`, over HTTP/2.
async fn over_http2(site: &Site, path: &str, pieces: FileBody, go: &Semaphore) -> Vec<u8> {
    let mut send = client(&site.edge).await;
    let asked = Request::get(format!("https://a.example{path}"));
    let asked = asked.body(Empty::<Bytes>::new()).unwrap();
    let mut answer = send.send_request(asked).await.unwrap();
    let length = answer.headers()["content-length"].to_str().unwrap();
    assert_eq!(length, pieces.length.to_string(), "{path}");
    let mut heard = Vec::new();
    let mut is_let_go = false;
    loop {
        if heard.len() >= pieces.first && !is_let_go {
            is_let_go = true;
            go.add_permits(1);
        }
        match answer.frame().await {
            Some(frame) => heard.extend(frame.unwrap().into_data().unwrap()),
            None => return heard,
        }
    }
}

#[tokio::test]
async fn an_answer_with_a_length_comes_whole_in_however_many_pieces() {
    let go = Arc::new(Semaphore::new(0));
    let own = by_hand(Arc::clone(&go)).await;
    // A response in two pieces is not complete within `cache.wait`, so it is not stored.
    let site = Site::open(
        &format!(
            "{HTTPS}cache.wait = \"300ms\"\n\
             [[route]]\npath = \"/own/\"\nto = \"http://{own}\"\n\
             [[route]]\npath = \"/kept/\"\nto = \"http://{own}\"\nshared_cache = {{}}\n"
        ),
        Options::default(),
    );
    for (length, first) in [
        (2, 2),
        (20, 10),
        (20, 0),
        (40_000, 40_000),
        (300_000, 10),
        (300_000, 100_000),
        (1_000_000, 1_000_000),
    ] {
        let pieces = FileBody { length, first };
        for route in ["own", "kept"] {
            for version in [1, 2] {
                // Each HTTP version has its own path, and so its own stored response.
                let path = format!("/{route}/{version}/{length}/{first}");
                let heard = async {
                    if version == 1 {
                        over_http1(&site, &path, pieces, &go).await
                    } else {
                        over_http2(&site, &path, pieces, &go).await
                    }
                };
                let heard = tokio::time::timeout(SOON, heard).await.expect(&path);
                assert!(heard == pieces.content(), "{path}: {} bytes", heard.len());
            }
        }
    }
    site.edge.stop().await;
}
