//! Tests files that are too large for memory. Over an unencrypted TCP socket, the kernel sends
//! them. Otherwise, the edge reads them in pieces.

use std::time::{Duration, Instant};

use edge::access_log::{Format, Log, Mask};
use tokio::net::UnixStream;

use super::sent::{Client, SOON, also_over_unix, content, large_file, large_file_with};
use super::told::Lines;
use super::*;

/// The length of a file in bytes. It exceeds the limit for files in memory, and the size of two
/// socket buffers.
const LENGTH: usize = 8 << 20;

#[tokio::test]
async fn they_come_whole_and_in_parts_and_leave_the_connection_open() {
    let expected = content(3, LENGTH);
    let site = large_file(&expected);
    let socket = also_over_unix(&site);
    let mut bare = Client::open(&site).await;
    let mut other = Client(UnixStream::connect(&socket).await.unwrap());
    for (line, status, part) in [
        ("", 200, 0..LENGTH),
        ("Range: bytes=5-3000004\r\n", 206, 5..3_000_005),
        ("Range: bytes=-7\r\n", 206, LENGTH - 7..LENGTH),
    ] {
        bare.say_with("GET", "/large.bin", line).await;
        other.say_with("GET", "/large.bin", line).await;
        // The client does not wait for the first response.
        bare.say("GET", "/page.html").await;
        let (head, body) = bare.hear_some(true).await;
        assert_eq!(head.status, status);
        assert!(body == expected[part.clone()], "{line}");
        assert_eq!(bare.hear(true).await.1, b"<p>A page</p>");
        assert!(other.hear_some(true).await.1 == expected[part], "{line}");
    }
    let line = "Range: bytes=0-1,7000000-7000001\r\n";
    bare.say_with("GET", "/large.bin", line).await;
    let (head, body) = bare.hear_some(true).await;
    assert!(
        head.header("content-type")
            .unwrap()
            .starts_with("multipart/byteranges")
    );
    let parts = [&expected[..2], &expected[7_000_000..7_000_002]];
    let ends = parts.map(|part| [b"\r\n\r\n", part, b"\r\n--"].concat());
    let found = ends.map(|end| body.windows(end.len()).position(|window| window == end));
    assert!(found[0].is_some() && found[0] < found[1], "{found:?}");
    bare.say("HEAD", "/large.bin").await;
    assert!(bare.hear(false).await.1.is_empty());
    drop((bare, other));
    site.edge.stop().await;
}

#[tokio::test]
async fn who_reads_nothing_keeps_nobody_waiting() {
    let expected = content(4, LENGTH);
    let site = large_file(&expected);
    let mut stuck = Vec::new();
    for _ in 0..100 {
        let mut client = Client::open(&site).await;
        client.say("GET", "/large.bin").await;
        stuck.push(client);
    }
    let mut client = Client::open(&site).await;
    assert!(client.get("/large.bin").await.1 == expected);
    assert_eq!(client.get("/page.html").await.1, b"<p>A page</p>");
    // Clients that paused still get the whole file.
    for mut client in stuck.into_iter().step_by(33) {
        assert!(client.hear(true).await.1 == expected);
    }
    drop(client);
    site.edge.stop().await;
}

#[tokio::test]
async fn what_came_of_each_is_told() {
    let lines = Lines::default();
    let mask: Mask = Arc::new(|text, _| text.into());
    let (log, writing) = Log::start(Format::Json, mask, lines.clone()).unwrap();
    let expected = content(5, LENGTH);
    let site = large_file_with(
        &expected,
        Options {
            log: Some(log),
            ..Options::default()
        },
    );
    let mut whole = Client::open(&site).await;
    assert!(whole.get("/large.bin").await.1 == expected);

    let mut gone = Client::open(&site).await;
    gone.say("GET", "/large.bin").await;
    gone.0.read_exact(&mut [0; 100]).await.unwrap();
    drop(gone);
    let begin = Instant::now();
    while lines.text().lines().count() < 2 {
        assert!(begin.elapsed() < SOON, "who has gone is not told of");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    // The file is truncated while it is sent, so the response must not look complete.
    let mut short = Client::open(&site).await;
    short.say("GET", "/large.bin").await;
    short.0.read_exact(&mut [0; 100]).await.unwrap();
    let file = site.folder.path().join("files/large.bin");
    let file = std::fs::File::options().write(true).open(file).unwrap();
    file.set_len(100).unwrap();
    let mut came = Vec::new();
    drop(short.0.read_to_end(&mut came).await);
    assert!(came.len() < LENGTH);

    drop((whole, short));
    site.edge.stop().await;
    let mut told: Vec<(u64, String)> = lines
        .after(writing)
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let why = line["why"].as_str().unwrap_or_default();
            (line["sent"].as_u64().unwrap(), why.to_owned())
        })
        .collect();
    told.sort_unstable_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0], (LENGTH as u64, String::new()));
    assert!(told.iter().skip(1).all(|(sent, _)| *sent < LENGTH as u64));
    assert!(told[1].1.contains("the client went away"), "{told:?}");
    assert!(told[2].1.contains("became shorter"), "{told:?}");
}
