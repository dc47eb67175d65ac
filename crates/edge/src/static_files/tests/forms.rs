//! Tests compressed variants and ranges, for files in memory and for larger files.

use std::io::Read as _;

use proptest::prelude::*;

use super::*;

/// A text that compresses well although no two passages are equal.
fn text(length: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for number in 0_u32.. {
        if text.len() >= length {
            break;
        }
        text.extend_from_slice(format!("line {number}\n").as_bytes());
    }
    text.truncate(length);
    text
}

fn decoded(got: &Got) -> Vec<u8> {
    let mut plain = Vec::new();
    let bytes = &got.bytes[..];
    match got.header("content-encoding") {
        Some("br") => brotli::Decompressor::new(bytes, 4_096).read_to_end(&mut plain),
        Some("gzip") => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
        None => return bytes.to_vec(),
        Some(other) => panic!("{other}"),
    }
    .unwrap();
    plain
}

#[tokio::test]
async fn texts_are_compressed_as_the_client_ranks() {
    let world = World::new();
    let (small, large) = (text(30_000), text(3_000_000));
    world.write("small.css", &small);
    world.write("large.css", &large);
    for (uri, plain) in [("/small.css", &small), ("/large.css", &large)] {
        let mut tags = Vec::new();
        for (accept, coding) in [
            ("", None),
            ("gzip", Some("gzip")),
            ("zstd, gzip", Some("gzip")),
            ("gzip, deflate, br, zstd", Some("br")),
            ("br;q=0.5, gzip", Some("gzip")),
        ] {
            let got = world.ask("GET", uri, &[("accept-encoding", accept)]).await;
            assert_eq!(got.status, 200);
            assert_eq!(got.header("content-encoding"), coding, "{uri} {accept}");
            assert_eq!(got.header("vary"), Some("Accept-Encoding"));
            assert_eq!(got.header("content-type"), Some("text/css; charset=utf-8"));
            assert!(decoded(&got) == *plain, "{uri} {accept}");
            assert!(coding.is_none() || got.bytes.len() < plain.len() / 2);
            let tag = got.header("etag").unwrap().to_owned();
            let lines = [("accept-encoding", accept), ("if-none-match", &*tag)];
            let again = world.ask("GET", uri, &lines).await;
            assert_eq!(
                (again.status, again.header("vary")),
                (304, Some("Accept-Encoding"))
            );
            let head = world.ask("HEAD", uri, &[("accept-encoding", accept)]).await;
            assert_eq!(head.headers, got.headers);
            tags.push(tag);
        }
        tags.dedup();
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 3, "one tag per coding: {tags:?}");
    }
}

#[tokio::test]
async fn only_texts_of_some_size_that_shrink_are_compressed() {
    let world = World::new();
    world.write("tiny.css", text(1_023));
    world.write("just.css", text(1_024));
    world.write("a.png", text(30_000));
    let mut seed = 1_u64;
    let noise = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed.to_be_bytes()[0]
    });
    world.write("noise.txt", noise.take(30_000).collect::<Vec<_>>());
    for (uri, coding, vary) in [
        ("/tiny.css", None, None),
        ("/just.css", Some("br"), Some("Accept-Encoding")),
        ("/a.png", None, None),
        ("/noise.txt", None, Some("Accept-Encoding")),
    ] {
        let got = world.ask("GET", uri, &[("accept-encoding", "br")]).await;
        assert_eq!(
            (got.header("content-encoding"), got.header("vary")),
            (coding, vary),
            "{uri}"
        );
    }
}

#[tokio::test]
async fn siblings_are_taken_unless_they_are_older() {
    let world = World::new();
    let plain = text(30_000);
    world.write("app.js", &plain);
    world.write_at("app.js.gz", "gz", WRITTEN - 1);
    world.write("app.js.br", "br");
    for (accept, content, coding) in [
        ("br, gzip", &b"br"[..], Some("br")),
        // A precompressed file that is older than its original is not served. The edge does not
        // make its own compressed variant instead.
        ("gzip", &plain, None),
        ("", &plain, None),
    ] {
        let got = world
            .ask("GET", "/app.js", &[("accept-encoding", accept)])
            .await;
        assert!(got.bytes == content, "{accept}");
        assert_eq!(got.header("content-encoding"), coding);
        assert_eq!(got.header("vary"), Some("Accept-Encoding"));
        assert_eq!(
            got.header("content-type"),
            Some("text/javascript; charset=utf-8")
        );
    }
    let itself = world.get("/app.js.gz").await;
    assert_eq!(
        (itself.header("content-encoding"), itself.header("vary")),
        (None, None)
    );
}

#[tokio::test]
async fn many_who_ask_at_once_are_all_answered() {
    let world = World::new();
    let plain = text(500_000);
    world.write("a.css", &plain);
    let mut waiting = tokio::task::JoinSet::new();
    let world = Arc::new(world);
    for _ in 0..50 {
        let world = Arc::clone(&world);
        waiting.spawn(async move {
            world
                .ask("GET", "/a.css", &[("accept-encoding", "br")])
                .await
        });
    }
    let all = waiting.join_all().await;
    for got in &all {
        assert_eq!(got.header("content-encoding"), Some("br"));
        assert!(got.bytes == all[0].bytes);
    }
    // A variant that was made twice would use more memory.
    let bytes = plain.len() + all[0].bytes.len();
    assert!((bytes..bytes + 3_000).contains(&world.memory.weight()));
}

#[tokio::test]
async fn ranges_are_slices_of_the_form_that_is_sent() {
    let world = World::new();
    let (small, large) = (text(5_000), text(2_500_000));
    world.write("small.css", &small);
    world.write("large.css", &large);
    for (uri, plain) in [("/small.css", &small), ("/large.css", &large)] {
        let size = plain.len();
        let got = world.ask("GET", uri, &[("range", "bytes=1000-1999")]).await;
        assert_eq!(
            (got.status, got.header("content-length")),
            (206, Some("1000"))
        );
        assert_eq!(
            got.header("content-range"),
            Some(&*format!("bytes 1000-1999/{size}"))
        );
        assert!(got.bytes == plain[1_000..2_000]);
        let got = world.ask("GET", uri, &[("range", "bytes=-10")]).await;
        assert!(got.bytes == plain[size - 10..]);
        let got = world
            .ask("GET", uri, &[("range", &*format!("bytes={size}-"))])
            .await;
        assert_eq!(
            (got.status, got.header("content-range")),
            (416, Some(&*format!("bytes */{size}")))
        );
        let got = world.ask("GET", uri, &[("range", "lines=1-2")]).await;
        assert_eq!((got.status, got.bytes.len()), (200, size));
    }
    let whole = world
        .ask("GET", "/small.css", &[("accept-encoding", "br")])
        .await;
    let part = [("accept-encoding", "br"), ("range", "bytes=5-9")];
    let got = world.ask("GET", "/small.css", &part).await;
    assert_eq!(
        (got.status, got.header("content-encoding")),
        (206, Some("br"))
    );
    assert_eq!(got.bytes, whole.bytes[5..10]);
    // The uncompressed variant is sent, because content that is compressed while it is sent has no
    // ranges.
    let got = world.ask("GET", "/large.css", &part).await;
    assert_eq!((got.status, got.header("content-encoding")), (206, None));
    assert_eq!(got.bytes, large[5..10]);
}

/// The parts of a `multipart/byteranges` response: each range and its content.
fn parts_of(got: &Got) -> Vec<(String, Vec<u8>)> {
    let kind = got.header("content-type").unwrap();
    let boundary = kind
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let mut rest = &got.bytes[..];
    let mut parts = Vec::new();
    let find = |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).position(|at| at == needle);
    let first = format!("--{boundary}\r\n");
    rest = rest.strip_prefix(first.as_bytes()).unwrap();
    loop {
        let head_end = find(rest, b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&rest[..head_end]).unwrap();
        let range = head
            .split("Content-Range: bytes ")
            .nth(1)
            .unwrap()
            .to_owned();
        let body = &rest[head_end + 4..];
        let end = find(body, format!("\r\n--{boundary}").as_bytes()).unwrap();
        parts.push((range, body[..end].to_vec()));
        rest = &body[end + 4 + boundary.len()..];
        if rest == b"--\r\n" {
            return parts;
        }
        rest = rest.strip_prefix(b"\r\n").unwrap();
    }
}

#[tokio::test]
async fn several_ranges_come_as_parts() {
    let world = World::new();
    let (small, large) = (text(5_000), text(2_500_000));
    world.write("small.css", &small);
    world.write("large.css", &large);
    for (uri, plain) in [("/small.css", &small), ("/large.css", &large)] {
        let size = plain.len();
        let got = world
            .ask("GET", uri, &[("range", "bytes=100-199, 0-9, -5")])
            .await;
        assert_eq!(got.status, 206);
        assert_eq!(
            got.header("content-length").unwrap(),
            got.bytes.len().to_string()
        );
        assert_eq!(got.header("content-range"), None);
        let expected = [100..200, 0..10, size - 5..size].map(|part| {
            let range = format!("{}-{}/{size}", part.start, part.end - 1);
            (range, plain[part].to_vec())
        });
        assert!(parts_of(&got) == expected);
        let got = world
            .ask("GET", uri, &[("range", "bytes=0-99,50-149")])
            .await;
        assert_eq!(
            got.header("content-range"),
            Some(&*format!("bytes 0-149/{size}"))
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1))]

    #[test]
    fn whatever_is_asked_the_bytes_are_those_of_the_file(
        headers in prop::collection::vec("bytes=[0-9]{0,3}-[0-9]{0,3}(,[0-9]{0,3}-[0-9]{0,3}){0,4}", 300),
        strange in prop::collection::vec("[ -~]{0,30}", 300),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let world = World::new();
        let plain = text(700);
        world.write("a.css", &plain);
        runtime.block_on(async {
            for header in headers.iter().chain(&strange) {
                let got = world.ask("GET", "/a.css", &[("range", header), ("if-range", "")]).await;
                assert_eq!(got.status, 200, "{header}");
                let got = world.ask("GET", "/a.css", &[("range", header)]).await;
                let slice = |range: &str| {
                    let (range, size) = range.split_once('/').unwrap();
                    let (first, last) = range.split_once('-').unwrap();
                    assert_eq!(size, "700");
                    &plain[first.parse().unwrap()..=last.parse().unwrap()]
                };
                match (got.status, got.header("content-range")) {
                    (200, None) => assert!(got.bytes == plain),
                    (206, Some(range)) => {
                        assert!(got.bytes == slice(range.strip_prefix("bytes ").unwrap()));
                    }
                    (206, None) => {
                        for (range, bytes) in parts_of(&got) {
                            assert!(bytes == slice(&range), "{header}");
                        }
                    }
                    (416, Some("bytes */700")) => {}
                    other => panic!("{header}: {other:?}"),
                }
            }
            for field in ["accept-encoding", "if-match", "if-none-match", "if-modified-since", "if-range"] {
                for value in &strange {
                    let status = world.ask("GET", "/a.css", &[(field, value)]).await.status;
                    assert!([200, 304, 412].contains(&status), "{field}: {value}: {status}");
                }
            }
        });
    }
}

#[tokio::test]
async fn the_kernel_is_left_what_is_in_one_large_file() {
    let world = World::new();
    world.write("a.bin", vec![b'a'; 2 << 20]);
    world.write("medium.bin", vec![b'm'; 100 << 10]);
    world.write("small.bin", "small");
    for (method, path, range, is_in_file) in [
        ("GET", "/a.bin", "", true),
        ("GET", "/a.bin", "bytes=5-1500000", true),
        ("GET", "/a.bin", "bytes=0-1,5-6", false),
        ("HEAD", "/a.bin", "", false),
        ("GET", "/medium.bin", "", true),
        ("GET", "/medium.bin", "bytes=5-70000", false),
        ("GET", "/small.bin", "", false),
    ] {
        let range = [("range", range)];
        let asked = if range[0].1.is_empty() {
            &[]
        } else {
            &range[..]
        };
        let answer = world.start(method, path, asked).await;
        assert_eq!(
            answer.body().is_in_file(),
            is_in_file,
            "{method} {path} {asked:?}"
        );
    }
}
