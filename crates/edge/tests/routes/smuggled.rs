//! Tests request smuggling through the whole edge: the response to each attempt, and the requests
//! that a server behind the edge gets.

use std::sync::{Arc, Mutex};

use tokio::net::tcp::OwnedReadHalf;

use super::*;

/// The requests that the server got, according to a strict parser: `METHOD target "body"`.
type Seen = Arc<Mutex<Vec<String>>>;

/// Starts a server that records every complete request, and responds with an empty body.
async fn witness() -> (SocketAddr, Seen, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let running = tokio::spawn(async move {
        let mut visits = tokio::task::JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let seen = Arc::clone(&kept);
            visits.spawn(async move {
                let (mut reader, mut writer) = stream.into_split();
                while let Some(request) = request(&mut reader).await {
                    seen.lock().unwrap().push(request);
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                    writer.write_all(answer).await.unwrap();
                }
            });
        }
    });
    (address, seen, running)
}

async fn line(reader: &mut OwnedReadHalf) -> Option<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(reader.read_u8().await.ok()?);
    }
    line.truncate(line.len() - 2);
    let text = String::from_utf8(line).unwrap();
    assert!(!text.contains(['\r', '\n', '\0']), "{text:?}");
    Some(text)
}

async fn request(reader: &mut OwnedReadHalf) -> Option<String> {
    let first = line(reader).await?;
    let first = first.strip_suffix(" HTTP/1.1").unwrap();
    let (mut length, mut is_chunked) = (None, false);
    loop {
        let line = line(reader).await?.to_ascii_lowercase();
        let Some((name, value)) = line.split_once(": ") else {
            assert_eq!(line, "");
            break;
        };
        match name {
            "content-length" => {
                assert_eq!(length.replace(value.parse::<usize>().unwrap()), None);
            }
            "transfer-encoding" => {
                assert_eq!((value, is_chunked), ("chunked", false));
                is_chunked = true;
            }
            "upgrade" | "http2-settings" | "keep-alive" => panic!("of another hop: {line}"),
            _ => {}
        }
    }
    assert!(length.is_none() || !is_chunked, "framed twice");
    let mut body = Vec::new();
    let mut left = length.unwrap_or_default();
    while left > 0 || is_chunked {
        if is_chunked {
            left = usize::from_str_radix(&line(reader).await?, 16).unwrap();
        }
        let mut piece = vec![0; left];
        reader.read_exact(&mut piece).await.ok()?;
        body.extend(piece);
        let ends = !is_chunked || line(reader).await?.is_empty();
        assert!(ends, "only trailers that were asked for");
        is_chunked &= left > 0;
        left = 0;
    }
    let body = String::from_utf8(body).unwrap();
    Some(format!("{first} {body:?}"))
}

/// Sends bytes, reads `answers` responses and returns their statuses. If one of them is a refusal,
/// reads until the edge closes the connection. If `answers` is 0, the client disconnects at once.
async fn tried(address: SocketAddr, bytes: &str, answers: usize) -> Vec<u16> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    if answers == 0 {
        return Vec::new();
    }
    let mut heard = Vec::new();
    loop {
        let count = stream.read_buf(&mut heard).await.unwrap_or(0);
        let text = String::from_utf8_lossy(&heard);
        let found: Vec<u16> = text
            .split("\r\n")
            .filter_map(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok())
            .filter(|status| *status != 100)
            .collect();
        let is_whole = found.len() == answers && text.ends_with("\r\n\r\n");
        if count == 0 || (is_whole && !found.contains(&400)) {
            return found;
        }
    }
}

const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: a.example\r\n\r\n";

#[tokio::test]
async fn a_server_sees_what_the_door_understood_and_nothing_else() {
    let (server, seen, running) = witness().await;
    let site = Site::open(
        &format!("[[route]]\nto = \"http://{server}\"\n"),
        Options::default(),
    );
    let length = HIDDEN.len();
    let chunk = format!("{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n");
    // Each row: the headers after a valid `Host`, the bytes after the headers, the expected
    // statuses, and the requests that the server must get.
    let tries: Vec<(String, String, &[u16], Vec<String>)> = vec![
        // One of each kind. `http1` tests the rest.
        both(
            "Content-Length: 6\r\nTransfer-Encoding: chunked",
            "0\r\n\r\n",
        ),
        both("Content-Length: 0\r\nContent-Length: 44", ""),
        both("Content-Length: +44", ""),
        both("Transfer-Encoding: xchunked", &chunk),
        both("X: y\nTransfer-Encoding: chunked", &chunk),
        both("Transfer-Encoding: chunked", "1\r\nab\r\n0\r\n\r\n"),
        both(
            "Transfer-Encoding: chunked",
            "0\r\nContent-Length: 44\r\n\r\n",
        ),
        // These requests are odd but valid. The server must get the same messages from the edge.
        (
            "Connection: content-length\r\nContent-Length: 5".to_owned(),
            format!("hello{HIDDEN}"),
            &[200, 200],
            vec![
                "POST /seen \"hello\"".to_owned(),
                "GET /hidden \"\"".to_owned(),
            ],
        ),
        (
            format!("Content-Length: {length}\r\nContent_Length: 0\r\nTransfer_Encoding: chunked"),
            HIDDEN.to_owned(),
            &[200],
            vec![format!("POST /seen {HIDDEN:?}")],
        ),
        (
            "Transfer-Encoding: Chunked".to_owned(),
            chunk.clone(),
            &[200],
            vec![format!("POST /seen {HIDDEN:?}")],
        ),
        (
            "Connection: Upgrade, HTTP2-Settings, Keep-Alive\r\nUpgrade: h2c\r\n\
             HTTP2-Settings: AAMAAABkAAQAAP__\r\nKeep-Alive: 9\r\nContent-Length: 1"
                .to_owned(),
            "x".to_owned(),
            &[200],
            vec!["POST /seen \"x\"".to_owned()],
        ),
        (
            "Expect: 100-continue\r\nContent-Length: 2".to_owned(),
            "ok".to_owned(),
            &[200],
            vec!["POST /seen \"ok\"".to_owned()],
        ),
        // The server must not get an incomplete request.
        (
            format!("Content-Length: {}", length + 1),
            HIDDEN.to_owned(),
            &[],
            vec![],
        ),
    ];
    for (headers, rest, statuses, expected) in tries {
        seen.lock().unwrap().clear();
        let bytes = format!("POST /seen HTTP/1.1\r\nHost: a.example\r\n{headers}\r\n\r\n{rest}");
        let heard = tried(site.address, &bytes, statuses.len()).await;
        assert_eq!(heard, statuses, "{bytes:?}");
        assert_eq!(*seen.lock().unwrap(), expected, "{bytes:?}");
    }
    site.edge.stop().await;
    running.abort();
}

/// An attempt to hide another request after the body. The edge must refuse the attempt.
fn both(headers: &str, body: &str) -> (String, String, &'static [u16], Vec<String>) {
    (
        headers.to_owned(),
        format!("{body}{HIDDEN}"),
        &[400],
        Vec::new(),
    )
}
