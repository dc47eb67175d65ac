//! Tests in-memory files that need more than one write.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpSocket;

use super::*;

/// The length of a file in bytes: nearly the largest size in memory, and more than any socket
/// accepts at once.
const LENGTH: usize = (1 << 20) - 1;
pub(crate) const SOON: Duration = Duration::from_mins(1);

pub(crate) fn content(seed: usize, length: usize) -> Vec<u8> {
    let byte = |place: usize| u8::try_from((place / 7 + place * seed) % 251).unwrap();
    (0..length).map(byte).collect()
}

const ROUTE: &str = "[[route]]\npath = \"/\"\nto = \"files:files\"\n";

pub(crate) fn large_file(content: &[u8]) -> Site {
    large_file_with(content, Options::default())
}

pub(crate) fn large_file_with(content: &[u8], options: Options) -> Site {
    let site = Site::open(ROUTE, options);
    std::fs::write(site.folder.path().join("files/large.bin"), content).unwrap();
    site
}

/// Makes the site listen on a Unix socket too. Over that socket, the edge does not use `sendfile`.
pub(crate) fn also_over_unix(site: &Site) -> PathBuf {
    let socket = site.folder.path().join("door.sock");
    let both = format!(
        "listen.http = [\"127.0.0.1:0\", \"unix:{}\"]\n{ROUTE}",
        socket.display()
    );
    let ground = PlanContext {
        folder: site.folder.path(),
        data: site.folder.path(),
        services: &[],
    };
    let both = Plan::check(&toml::from_str(&both).unwrap(), &ground).unwrap();
    site.edge.apply(both).unwrap();
    socket
}

pub(crate) struct Client<S>(pub(crate) S);

impl Client<TcpStream> {
    pub(crate) async fn open(site: &Site) -> Self {
        // With a small receive buffer, the edge needs many writes for every response.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8 << 10).unwrap();
        Self(socket.connect(site.address).await.unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn say(&mut self, method: &str, target: &str) {
        self.say_with(method, target, "").await;
    }

    pub(crate) async fn say_with(&mut self, method: &str, target: &str, lines: &str) {
        let request = format!("{method} {target} HTTP/1.1\r\nHost: a.example\r\n{lines}\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    /// Reads the next response's head, and its body if `has_body`.
    pub(crate) async fn hear(&mut self, has_body: bool) -> (Heard, Vec<u8>) {
        let (head, body) = self.hear_some(has_body).await;
        assert_eq!(head.status, 200);
        (head, body)
    }

    /// Like `hear`, but the status may be 206.
    pub(crate) async fn hear_some(&mut self, has_body: bool) -> (Heard, Vec<u8>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        let head = Heard::of(&String::from_utf8(head).unwrap());
        let length = head.header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; if has_body { length } else { 0 }];
        self.0.read_exact(&mut body).await.unwrap();
        (head, body)
    }

    pub(crate) async fn get(&mut self, target: &str) -> (Heard, Vec<u8>) {
        self.say("GET", target).await;
        let heard = self.hear(true);
        tokio::time::timeout(SOON, heard).await.unwrap()
    }
}

#[tokio::test]
async fn it_comes_whole_among_others_and_by_pieces() {
    let expected = content(1, LENGTH);
    let site = large_file(&expected);
    let mut client = Client::open(&site).await;

    // All requests are sent at once. If a response had a wrong length, the next one could not be
    // parsed.
    for (method, target) in [
        ("GET", "/large.bin"),
        ("HEAD", "/large.bin"),
        ("GET", "/page.html"),
        ("GET", "/large.bin"),
        ("GET", "/page.html"),
    ] {
        client.say(method, target).await;
    }
    assert!(client.hear(true).await.1 == expected);
    assert!(client.hear(false).await.1.is_empty());
    assert_eq!(client.hear(true).await.1, b"<p>A page</p>");
    assert!(client.hear(true).await.1 == expected);
    assert_eq!(client.hear(true).await.1, b"<p>A page</p>");

    // A client that disconnects in the middle of a response does not affect others.
    let mut gone = Client::open(&site).await;
    gone.say("GET", "/large.bin").await;
    gone.0.read_exact(&mut [0; 100]).await.unwrap();
    drop(gone);
    assert!(client.get("/large.bin").await.1 == expected);
    site.edge.stop().await;
}

#[tokio::test]
async fn what_is_written_into_the_file_is_never_sent_under_its_old_tag() {
    let (old, new) = (content(1, LENGTH), content(2, LENGTH));
    let site = large_file(&old);
    let mut client = Client::open(&site).await;
    let mut waiting = Client::open(&site).await;
    let tag = client.get("/large.bin").await.0;
    let tag = tag.header("etag").unwrap();
    waiting.say("GET", "/large.bin").await;
    // Once something has arrived, and the only worker has answered another request, the response
    // waits for its client. While the kernel sends a part of the file, nobody can tell a change.
    waiting.0.readable().await.unwrap();
    client.get("/page.html").await;

    // Overwrites the file in place, as `cp` does.
    std::fs::write(site.folder.path().join("files/large.bin"), &new).unwrap();
    let (head, body) = waiting.hear(true).await;
    assert_eq!(head.header("etag"), Some(tag));
    assert!(body == old);
    let begin = Instant::now();
    loop {
        let (head, body) = client.get("/large.bin").await;
        let is_old = head.header("etag") == Some(tag);
        assert!(body == *if is_old { &old } else { &new });
        if !is_old {
            break;
        }
        assert!(begin.elapsed() < SOON, "the change never shows");
    }
    site.edge.stop().await;
}
