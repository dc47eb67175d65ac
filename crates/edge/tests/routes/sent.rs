//! Large files over a bare socket: the kernel sends them from a copy of its own.

use std::time::{Duration, Instant};

use tokio::net::TcpSocket;

use super::*;

/// The largest that is kept in memory, and more than any socket takes at once.
const LENGTH: usize = 1 << 20;
/// Longer than anything here takes.
const SOON: Duration = Duration::from_mins(1);

fn content(seed: usize) -> Vec<u8> {
    let byte = |place: usize| u8::try_from((place / 7 + place * seed) % 251).unwrap();
    (0..LENGTH).map(byte).collect()
}

fn large_file() -> Site {
    let site = Site::open(
        "[[route]]\npath = \"/\"\nto = \"files:files\"\n",
        Means::default(),
    );
    std::fs::write(site.folder.path().join("files/large.bin"), content(1)).unwrap();
    site
}

/// Whether any copy was made in this process.
fn is_copied() -> bool {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let mut links = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    links.any(|link| link.to_string_lossy().starts_with("/memfd:held"))
}

struct Client(TcpStream);

impl Client {
    async fn open(site: &Site) -> Self {
        // It takes little at once, so that every answer goes out in many pieces.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(8 << 10).unwrap();
        Self(socket.connect(site.address).await.unwrap())
    }

    async fn say(&mut self, method: &str, target: &str) {
        let request = format!("{method} {target} HTTP/1.1\r\nHost: a.example\r\n\r\n");
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    /// The head of the next answer, and so many bytes behind it as it says.
    async fn hear(&mut self, has_body: bool) -> (Heard, Vec<u8>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        let head = Heard::of(&String::from_utf8(head).unwrap());
        assert_eq!(head.status, 200);
        let length = head.header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; if has_body { length } else { 0 }];
        self.0.read_exact(&mut body).await.unwrap();
        (head, body)
    }

    async fn get(&mut self, target: &str) -> (Heard, Vec<u8>) {
        self.say("GET", target).await;
        let heard = self.hear(true);
        tokio::time::timeout(SOON, heard).await.unwrap()
    }
}

/// Asks until the file is sent from a copy: it is none while the file is so new that
/// another change of it might not show.
async fn until_copied(client: &mut Client, expected: &[u8]) {
    let begin = Instant::now();
    while !is_copied() {
        assert!(begin.elapsed() < SOON, "it is never copied");
        assert!(client.get("/large.bin").await.1 == expected);
    }
}

#[tokio::test]
async fn it_comes_whole_among_others_and_by_pieces() {
    let site = large_file();
    let expected = content(1);
    let mut client = Client::open(&site).await;
    until_copied(&mut client, &expected).await;

    // All asked at once: the ends of answers must be where their heads say.
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

    // Whoever goes in the middle takes nothing from others.
    let mut gone = Client::open(&site).await;
    gone.say("GET", "/large.bin").await;
    gone.0.read_exact(&mut [0; 100]).await.unwrap();
    drop(gone);
    assert!(client.get("/large.bin").await.1 == expected);
    site.edge.stop().await;
}

#[tokio::test]
async fn what_is_written_into_the_file_is_never_sent_under_its_old_tag() {
    let site = large_file();
    let (old, new) = (content(1), content(2));
    let mut client = Client::open(&site).await;
    until_copied(&mut client, &old).await;
    let mut waiting = Client::open(&site).await;
    waiting.say("GET", "/large.bin").await;
    let tag = client.get("/large.bin").await.0;
    let tag = tag.header("etag").unwrap();

    // Into the same file, as `cp` does.
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
