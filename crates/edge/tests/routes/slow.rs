//! Tests that slow clients of a server with a single worker do not block other clients.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::Request;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Channel, Full};
use hyper::client::conn::http2::Builder;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::http2::{HTTPS, built, client};
use super::services::SOON;
use super::*;

struct OneWorker {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    heads: Arc<Mutex<Vec<String>>>,
    running: JoinHandle<()>,
}

impl Drop for OneWorker {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl OneWorker {
    /// Starts the server. It responds with the length of the request's body, or with as many bytes
    /// as the path says.
    fn open() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // The kernel must not accept a whole response at once, so the send buffer is small.
        socket.set_send_buffer_size(8 << 10).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, heads) = (
            Arc::<AtomicUsize>::default(),
            Arc::<Mutex<Vec<_>>>::default(),
        );
        let (count, seen) = (Arc::clone(&accepted), Arc::clone(&heads));
        let running = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let head = until(&mut stream, b"\r\n\r\n").await.to_lowercase();
                let length = read_body(&mut stream, &head).await;
                let path = head.split(' ').nth(1).unwrap();
                let answer = match path.strip_prefix("/large/") {
                    Some(length) => "x".repeat(length.parse().unwrap()),
                    None => format!("length={length}"),
                };
                seen.lock().unwrap().push(head);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    answer.len()
                );
                // The client may have disconnected.
                let _ = stream.write_all((head + &answer).as_bytes()).await;
            }
        });
        Self {
            address,
            accepted,
            heads,
            running,
        }
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    fn last_head(&self) -> String {
        self.heads.lock().unwrap().last().unwrap().clone()
    }

    fn site(&self, more: &str) -> Site {
        let routes = format!("{more}\n[[route]]\nto = \"http://{}\"\n", self.address);
        Site::open(&routes, Options::default())
    }
}

/// Reads until the data ends with `end`, or to the end of the stream.
async fn until(stream: &mut TcpStream, end: &[u8]) -> String {
    let mut came = Vec::new();
    while !came.ends_with(end) {
        match stream.read_u8().await {
            Ok(byte) => came.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(came).unwrap()
}

/// Returns the length of the body after this head.
async fn read_body(stream: &mut TcpStream, head: &str) -> usize {
    if head.contains("transfer-encoding: chunked") {
        let mut length = 0;
        loop {
            let size = until(stream, b"\r\n").await;
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk).await.unwrap();
            if size == 0 {
                return length;
            }
            length += size;
        }
    }
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = line.map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    length
}

/// Sends an upload's head, and waits until the edge requests the body.
async fn upload(site: &Site, framing: &str) -> TcpStream {
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let head = format!(
        "POST /up HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\nExpect: 100-continue\r\n{framing}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let asked = tokio::time::timeout(SOON, until(&mut stream, b"\r\n\r\n"));
    assert_eq!(asked.await.unwrap(), "HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

async fn hear(stream: &mut TcpStream) -> Heard {
    let mut heard = Vec::new();
    let read = stream.read_to_end(&mut heard);
    tokio::time::timeout(SOON, read).await.unwrap().unwrap();
    Heard::of(&String::from_utf8_lossy(&heard))
}

async fn get(site: &Site, path: &str) -> Heard {
    tokio::time::timeout(SOON, site.get(path)).await.unwrap()
}

#[tokio::test]
async fn a_body_that_drips_takes_no_connection_to_the_server() {
    let server = OneWorker::open();
    let site = server.site("");
    for (framing, pieces) in [
        ("Content-Length: 10", ["12345", "67890"]),
        (
            "Transfer-Encoding: chunked",
            ["5\r\n12345\r\n", "5\r\n67890\r\n0\r\n\r\n"],
        ),
    ] {
        let before = server.accepted();
        let mut dripping = upload(&site, framing).await;
        dripping.write_all(pieces[0].as_bytes()).await.unwrap();
        assert_eq!(get(&site, "/other").await.body, "length=0");
        assert_eq!(server.accepted(), before + 1);
        dripping.write_all(pieces[1].as_bytes()).await.unwrap();
        assert_eq!(hear(&mut dripping).await.body, "length=10", "{framing}");
        let head = server.last_head();
        assert!(head.contains("content-length: 10\r\n"), "{head}");
        assert!(
            !head.contains("transfer-encoding") && !head.contains("expect"),
            "{head}"
        );
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn a_stream_that_drips_takes_none_either() {
    let server = OneWorker::open();
    let site = server.site(HTTPS);
    let mut send = client(&site.edge).await;
    let (mut pieces, body) = Channel::<Bytes, Infallible>::new(1);
    let asked = Request::post("https://a.example/up")
        .body(body.boxed())
        .unwrap();
    let dripping = send.send_request(asked);
    pieces.send_data("12345".into()).await.unwrap();
    let other = Request::get("https://a.example/other");
    let other = other.body(Full::default().boxed()).unwrap();
    let other = tokio::time::timeout(SOON, send.send_request(other));
    assert_eq!(other.await.unwrap().unwrap().status(), 200);
    assert_eq!(server.accepted(), 1);
    pieces.send_data("67890".into()).await.unwrap();
    drop(pieces);
    let answer = tokio::time::timeout(SOON, dripping).await.unwrap().unwrap();
    let answer = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(answer, "length=10");
    site.edge.stop().await;
}

/// Starts a server that passes all data after the request head to the receiver. It responds when
/// the data ends with `end`.
async fn teller(end: &'static [u8]) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = until(&mut stream, b"\r\n\r\n").await.to_lowercase();
            let _ = tell.send(head);
            let mut came = Vec::new();
            while !came.ends_with(end) && stream.read_buf(&mut came).await.unwrap() > 0 {
                let _ = tell.send(String::from_utf8_lossy(&came).into_owned());
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, told)
}

/// Waits until the server has received `count` letters `x`.
async fn until_came(told: &mut mpsc::UnboundedReceiver<String>, count: usize) {
    let came = async { while told.recv().await.unwrap().matches('x').count() < count {} };
    tokio::time::timeout(SOON, came).await.unwrap();
}

#[tokio::test]
async fn what_is_larger_streams_once_the_buffer_is_full() {
    let (server, mut told) = teller(b"end\r\n0\r\n\r\n").await;
    let site = Site::open(
        &format!(
            "proxy.buffer_request = \"1K\"\n[[route]]\nto = \"http://{server}\"\n\
             [[route]]\npath = \"/at-once\"\nto = \"http://{server}\"\nbuffer_request = \"0\"\n"
        ),
        Options::default(),
    );
    let mut client = upload(&site, "Transfer-Encoding: chunked").await;
    let half = format!("200\r\n{}\r\n", "x".repeat(512));
    client.write_all(half.as_bytes()).await.unwrap();
    client.write_all(half.as_bytes()).await.unwrap();
    assert!(told.recv().await.unwrap().contains("chunked"));
    until_came(&mut told, 1_024).await;
    client.write_all(b"3\r\nend\r\n0\r\n\r\n").await.unwrap();
    assert_eq!(hear(&mut client).await.status, 200);

    let mut client = TcpStream::connect(site.address).await.unwrap();
    let head = "POST /at-once HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\
                Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    until_came(&mut told, 1).await;
    client.write_all(b"3\r\nend\r\n0\r\n\r\n").await.unwrap();
    assert_eq!(hear(&mut client).await.status, 200);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_large_body_of_known_length_keeps_it_and_comes_whole() {
    let (server, mut told) = teller(b"end").await;
    let site = Site::open(
        &format!("proxy.buffer_request = \"1K\"\n[[route]]\nto = \"http://{server}\"\n"),
        Options::default(),
    );
    let mut client = upload(&site, "Content-Length: 2003").await;
    client.write_all(&[b'x'; 1_500]).await.unwrap();
    assert!(
        told.recv()
            .await
            .unwrap()
            .contains("content-length: 2003\r\n")
    );
    until_came(&mut told, 1_500).await;
    client.write_all(&[b'x'; 500]).await.unwrap();
    until_came(&mut told, 2_000).await;
    client.write_all(b"end").await.unwrap();
    assert_eq!(hear(&mut client).await.status, 200);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_body_there_is_no_room_for_is_not_read_before_there_is() {
    let server = OneWorker::open();
    let site = server.site("proxy = { buffer_request = \"1K\", buffer_memory = \"1K\" }");
    let mut first = upload(&site, "Content-Length: 1000").await;
    let mut second = TcpStream::connect(site.address).await.unwrap();
    let head = "POST /up HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\
                Expect: 100-continue\r\nContent-Length: 100\r\n\r\n";
    second.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(get(&site, "/other").await.body, "length=0");
    let early = second.try_read(&mut [0; 16]).unwrap_err();
    assert_eq!(early.kind(), std::io::ErrorKind::WouldBlock);
    first.write_all(&[b'x'; 1_000]).await.unwrap();
    assert_eq!(hear(&mut first).await.body, "length=1000");
    let asked = tokio::time::timeout(SOON, until(&mut second, b"\r\n\r\n"));
    assert_eq!(asked.await.unwrap(), "HTTP/1.1 100 Continue\r\n\r\n");
    second.write_all(&[b'x'; 100]).await.unwrap();
    assert_eq!(hear(&mut second).await.body, "length=100");
    site.edge.stop().await;
}

/// Sends an upload for a client behind a trusted proxy.
async fn post(site: &Site, client: &str, length: usize) -> Heard {
    let headers = format!("X-Forwarded-For: {client}\r\n");
    site.ask("POST", "/up", &headers, &"x".repeat(length)).await
}

#[tokio::test]
async fn slow_bodies_of_two_networks_stop_nobody() {
    const EACH: usize = 256 << 10;
    let server = OneWorker::open();
    let site = server.site(
        "listen.trusted_proxies = [\"127.0.0.0/8\"]\n\
         proxy = { buffer_request = \"256K\", buffer_memory = \"2M\" }",
    );
    let mut slow = Vec::new();
    for client in ["192.0.2.1", "192.0.2.2"].repeat(4) {
        let head = format!("Content-Length: {EACH}\r\nX-Forwarded-For: {client}");
        slow.push(upload(&site, &head).await);
    }
    let soon = Duration::from_secs(20);
    let honest = async || {
        let form = post(&site, "192.0.2.8", 300);
        let upload = post(&site, "192.0.2.9", 100 << 10);
        for (heard, length) in [(form.await, 300), (upload.await, 100 << 10)] {
            assert_eq!(heard.body, format!("length={length}"));
        }
    };
    // What was only declared takes no memory.
    tokio::time::timeout(soon, honest()).await.unwrap();
    for stream in &mut slow {
        stream.write_all(&vec![b'x'; EACH - 1]).await.unwrap();
    }
    // What has come does. The oldest body of a network with many makes room for others.
    let given_up = async {
        loop {
            honest().await;
            for stream in &mut slow {
                let mut begin = [0; 13];
                if let Ok(13) = stream.try_read(&mut begin) {
                    return begin;
                }
            }
        }
    };
    let given_up = tokio::time::timeout(soon, given_up).await.unwrap();
    assert_eq!(&given_up, b"HTTP/1.1 408 ");
    site.edge.stop().await;
}

/// Tests all HTTP versions at the same time, because the grace period for slow bodies is long.
#[tokio::test]
async fn a_body_that_comes_too_slowly_is_refused() {
    let server = OneWorker::open();
    let (streams, _told) = teller(b"end").await;
    let site = server.site(&format!(
        "{HTTPS}[[route]]\npath = \"/echo\"\nto = \"app\"\n\
         [[route]]\npath = \"/streams\"\nto = \"http://{streams}\"\nbuffer_request = \"0\"\n\
         [[route]]\nhost = \"slow.example\"\nto = \"app\"\nbody_rate = \"0\"\n",
    ));
    let refused = async |host: &'static str, path: &'static str, within: Duration| {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n");
        let begin = std::time::Instant::now();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while answer.is_empty() && begin.elapsed() < within {
            // The client sends the body byte by byte. It never stalls for long, but its rate is too
            // low.
            let _ = stream.write_all(b"1\r\nx\r\n").await;
            let read = stream.read_buf(&mut answer);
            let _ = tokio::time::timeout(Duration::from_secs(1), read).await;
        }
        (begin.elapsed(), String::from_utf8(answer).unwrap())
    };
    let over_http2 = async {
        let mut send = client(&site.edge).await;
        let (mut pieces, body) = Channel::<Bytes, Infallible>::new(1);
        let asked = Request::post("https://a.example/up").body(body).unwrap();
        let answer = tokio::spawn(send.send_request(asked));
        while !answer.is_finished() && pieces.send_data("x".into()).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        answer.await.unwrap().unwrap().status()
    };
    let (buffered, app, streamed, off, status) = tokio::join!(
        refused("a.example", "/up", SOON),
        refused("a.example", "/echo", SOON),
        refused("a.example", "/streams", SOON),
        refused("slow.example", "/echo", Duration::from_secs(23)),
        tokio::time::timeout(SOON, over_http2),
    );
    for (time, answer) in [buffered, app, streamed] {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(time >= Duration::from_secs(20), "{time:?}");
    }
    assert_eq!(status.unwrap(), 408);
    assert_eq!(off.1, "");
    assert_eq!(server.accepted(), 0);
    site.edge.stop().await;
}

#[tokio::test]
async fn a_slow_reader_leaves_the_server_to_others() {
    const LENGTH: usize = 350_000;
    let server = OneWorker::open();
    let site = server.site(HTTPS);
    let mut builder = Builder::new(TokioExecutor::new());
    builder.initial_stream_window_size(1_024);
    let mut send = built(&site.edge, &builder).await;
    let asked = Request::get(format!("https://a.example/large/{LENGTH}"));
    let asked = asked.body(Full::<Bytes>::default()).unwrap();
    let slow = tokio::time::timeout(SOON, send.send_request(asked));
    let slow = slow.await.unwrap().unwrap();
    // The client does not read the response that has begun.
    assert_eq!(get(&site, "/other").await.body, "length=0");
    let heard = slow.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(heard.len(), LENGTH);
    site.edge.stop().await;
}

#[tokio::test]
async fn events_pass_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let (go, mut gone) = mpsc::channel::<()>(1);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        until(&mut stream, b"\r\n\r\n").await;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        while gone.recv().await.is_some() {
            stream.write_all(b"9\r\ndata: x\n\n\r\n").await.unwrap();
        }
    });
    let routes = format!("[[route]]\nto = \"http://{server}\"\n");
    let site = Site::open(&routes, Options::default());
    let mut client = TcpStream::connect(site.address).await.unwrap();
    let head = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..3 {
        go.send(()).await.unwrap();
        let event = tokio::time::timeout(SOON, until(&mut client, b"data: x\n\n\r\n"));
        assert!(event.await.unwrap().ends_with("data: x\n\n\r\n"));
    }
    drop((client, go));
    site.edge.stop().await;
}

#[tokio::test]
async fn an_event_stream_does_not_hold_up_a_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        until(&mut stream, b"\r\n\r\n").await;
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                    Transfer-Encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let routes =
        format!("listen.lame_duck_time = \"100ms\"\n[[route]]\nto = \"http://{server}\"\n");
    let site = Site::open(&routes, Options::default());
    let mut client = TcpStream::connect(site.address).await.unwrap();
    let head = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    until(&mut client, b"data: x\n\n\r\n").await;
    let stopped = tokio::time::timeout(SOON, site.edge.stop()).await;
    assert!(stopped.is_ok(), "it waits for the drain time");
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "0\r\n\r\n", "the stream ends as it should");
}

#[tokio::test]
async fn a_body_that_was_read_before_is_sent_once() {
    let sent = Arc::new(AtomicUsize::new(0));
    let mut servers = Vec::new();
    for _ in 0..2 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        servers.push(listener.local_addr().unwrap());
        let sent = Arc::clone(&sent);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let head = until(&mut stream, b"\r\n\r\n").await;
                read_body(&mut stream, &head.to_lowercase()).await;
                sent.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let routes = format!(
        "[upstream.two]\nto = [\"http://{}\", \"http://{}\"]\n\
         [[route]]\nto = \"upstream:two\"\n",
        servers[0], servers[1]
    );
    let site = Site::open(&routes, Options::default());
    let heard = tokio::time::timeout(SOON, site.ask("POST", "/", "", "once"));
    assert_eq!(heard.await.unwrap().status, 502);
    assert_eq!(sent.load(Ordering::SeqCst), 1);
    site.edge.stop().await;
}
