//! Tests that the edge refuses invalid HTTP/3 input, and that hostile clients do not affect others.

use axum::http::Method;
use quinn::{ConnectionError, ReadToEndError, VarInt};
use rustls::AlertDescription;

use super::client::answer;
use super::*;

#[tokio::test]
async fn an_unknown_name_is_told_so_in_the_handshake() {
    let site = Site::open(|_| {});
    let client = Client::trusting(&site.chain);
    let refused = client.connect(site.address, "b.example").await.unwrap_err();
    // The client must get an alert (RFC 9001, section 4.8), not another host's certificate.
    let ConnectionError::ConnectionClosed(closed) = refused else {
        panic!("{refused:?}");
    };
    let code = u64::from(closed.error_code);
    assert_eq!(
        code,
        0x100 + u64::from(u8::from(AlertDescription::AccessDenied))
    );
    let other = Client::speaking(&site.chain, b"hq", quinn::TransportConfig::default());
    let refused = other.connect(site.address, "a.example").await;
    assert!(matches!(refused, Err(ConnectionError::ConnectionClosed(_))));
    assert_eq!(site.talk().await.get("/").await.text(), "hello");
    site.stop().await;
}

#[tokio::test]
async fn a_host_that_differs_or_has_another_certificate_is_not_served() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    for (uri, headers, status) in [
        ("https://c.example/", &[][..], 421),
        ("https://a.example/", &[("host", "a.example")], 200),
        ("https://a..example/", &[], 400),
        ("https://a.example/", &[("content-length", "1, 2")], 400),
        ("https://a.example/", &[("te", "gzip")], 400),
        ("https://a.example/", &[("expect", "miracles")], 417),
    ] {
        let mut request = axum::http::Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut stream = talk
            .send
            .send_request(request.body(()).unwrap())
            .await
            .unwrap();
        stream.finish().await.unwrap();
        let answered = answer(&mut stream).await.unwrap();
        assert_eq!(answered.status, status, "{uri} {headers:?}");
    }
    let mut tunnel = talk.ask(Method::TRACE, "/", &[]).await.unwrap();
    tunnel.finish().await.unwrap();
    assert_eq!(answer(&mut tunnel).await.unwrap().status, 405);
    site.stop().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_told_so() {
    let site = Site::open(|listen| listen.header_size = 1_024);
    let mut talk = site.talk().await;
    let long = "x".repeat(1_100);
    let mut stream = talk
        .ask(Method::GET, "/", &[("x-long", &long)])
        .await
        .unwrap();
    stream.finish().await.unwrap();
    assert_eq!(answer(&mut stream).await.unwrap().status, 431);
    assert_eq!(talk.get("/").await.text(), "hello");
    site.stop().await;
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_it_says_is_refused() {
    let site = Site::open(|_| {});
    let mut talk = site.talk().await;
    for (length, sent) in [("2", "abc"), ("4", "abc"), ("1", "")] {
        let headers = [("content-length", length)];
        let mut stream = talk.ask(Method::POST, "/echo", &headers).await.unwrap();
        if !sent.is_empty() {
            // An error means that the edge has refused the request.
            let _ = stream.send_data(Bytes::from(sent)).await;
        }
        let _ = stream.finish().await;
        // The edge refuses the request at once, or aborts the response when it finds the error.
        match answer(&mut stream).await {
            Ok(answered) => assert_eq!(answered.status, 400, "{length} {sent}"),
            Err(error) => assert!(error.to_string().contains("H3_INTERNAL_ERROR"), "{error}"),
        }
    }
    assert_eq!(talk.get("/").await.text(), "hello");
    site.stop().await;
}

/// Encodes a field section of literals (RFC 9204, section 4.5.6).
pub(crate) fn section(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = vec![0, 0];
    let number = |block: &mut Vec<u8>, first: u8, most: usize, value: usize| {
        if value < most {
            block.push(first | u8::try_from(value).unwrap());
            return;
        }
        block.push(first | u8::try_from(most).unwrap());
        let mut rest = value - most;
        while rest >= 128 {
            block.push(0x80 | u8::try_from(rest % 128).unwrap());
            rest /= 128;
        }
        block.push(u8::try_from(rest).unwrap());
    };
    for (name, value) in fields {
        number(&mut block, 0x20, 7, name.len());
        block.extend_from_slice(name.as_bytes());
        number(&mut block, 0, 127, value.len());
        block.extend_from_slice(value.as_bytes());
    }
    block
}

pub(crate) fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap() | 0x8000_0000;
    [&[kind], length.to_be_bytes().as_slice(), payload].concat()
}

const POST: [(&str, &str); 4] = [
    (":method", "POST"),
    (":scheme", "https"),
    (":authority", "a.example"),
    (":path", "/echo"),
];

/// Sends bytes on a new stream. Returns the bytes of the response, or the error that ended it.
async fn raw(connection: &quinn::Connection, bytes: &[u8]) -> Result<String, ReadToEndError> {
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    // An error means that the edge has closed its side of the stream.
    let _ = send.write_all(bytes).await;
    let _ = send.finish();
    let read = receive.read_to_end(1 << 20);
    let bytes = tokio::time::timeout(SOON, read).await.expect("an end")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn connected(site: &Site) -> quinn::Connection {
    let client = Client::trusting(&site.chain);
    client.connect(site.address, "a.example").await.unwrap()
}

#[tokio::test]
async fn frames_are_read_in_one_way_only() {
    let site = Site::open(|_| {});
    let connection = connected(&site).await;
    let head = frame(1, &section(&POST));
    let data = |text: &str| frame(0, text.as_bytes());
    let unknown = frame(0x21, b"who knows");
    // Empty frames and frames of unknown types are ignored between other frames.
    let bytes = [
        unknown.clone(),
        head.clone(),
        data(""),
        data("abc"),
        unknown,
        data("def"),
        data(""),
    ];
    let echoed = raw(&connection, &bytes.concat()).await.unwrap();
    let pieces: String = echoed.chars().filter(char::is_ascii_lowercase).collect();
    assert!(pieces.ends_with("abcdef") || (pieces.contains("abc") && pieces.ends_with("def")));
    let end = |connection: quinn::Connection| async move {
        let closed = tokio::time::timeout(SOON, connection.closed()).await;
        let Ok(ConnectionError::ApplicationClosed(closed)) = closed else {
            panic!("{closed:?}");
        };
        closed.error_code
    };
    let mut cut_off = data("abcdef");
    cut_off.truncate(8);
    let mut too_large = frame(1, &[]);
    too_large[1..5].copy_from_slice(&0xbfff_ffff_u32.to_be_bytes());
    for (bytes, code) in [
        // H3_FRAME_ERROR (RFC 9114, section 7.1).
        ([head.clone(), cut_off].concat(), 0x106_u32),
        (head[..10].to_vec(), 0x106),
        // H3_FRAME_UNEXPECTED: no request, or frames that exist only in HTTP/2.
        (data("abc"), 0x105),
        ([head.clone(), frame(8, b"1234")].concat(), 0x105),
        (vec![0x40, 0x41, 0], 0x105),
        // H3_EXCESSIVE_LOAD.
        (too_large, 0x107),
        // QPACK_DECOMPRESSION_FAILED: the dynamic table is empty.
        (frame(1, &[1, 0, 0x80]), 0x200),
        (frame(1, &[&[1], &section(&POST)[1..]].concat()), 0x200),
    ] {
        let connection = connected(&site).await;
        let answered = raw(&connection, &bytes).await;
        assert!(answered.is_err(), "{bytes:?}: {answered:?}");
        assert_eq!(end(connection).await, VarInt::from_u32(code), "{bytes:?}");
    }
    site.stop().await;
}

#[tokio::test]
async fn heads_are_read_in_one_way_only() {
    let site = Site::open(|_| {});
    let connection = connected(&site).await;
    let asked = |extra: &[(&str, &str)]| {
        let fields = [&POST, extra].concat();
        frame(1, &section(&fields))
    };
    // The edge can parse these requests, so it responds to them.
    for extra in [
        &[("connection", "close")][..],
        &[("transfer-encoding", "chunked")],
        &[("upgrade", "websocket")],
        &[("content-length", "0"), ("content-length", "0")],
        &[("host", "a.example"), ("host", "a.example")],
    ] {
        let answered = raw(&connection, &asked(extra)).await.unwrap();
        assert!(answered.contains("400 Bad Request"), "{extra:?} {answered}");
    }
    // These ambiguous requests end their streams with H3_MESSAGE_ERROR (RFC 9114, section 4.1.2).
    for extra in [
        &[("X-Upper", "x")][..],
        &[("x-line", "a\nb")],
        &[(":unknown", "x")],
        &[("host", "c.example")],
        &[(":path", "/seen")],
        &[(":authority", "c.example")],
        &[(":method", "GET")],
        &[(":status", "200")],
        &[("accept", "*/*"), (":protocol", "websocket")],
    ] {
        let refused = raw(&connection, &asked(extra)).await.unwrap_err();
        let expected = VarInt::from_u32(0x10e);
        assert!(
            matches!(&refused, ReadToEndError::Read(quinn::ReadError::Reset(code)) if *code == expected),
            "{extra:?} {refused:?}"
        );
    }
    let fine = raw(&connection, &asked(&[("content-length", "0")])).await;
    assert!(!fine.unwrap().contains("Bad Request"));
    site.stop().await;
}

#[tokio::test]
async fn who_takes_back_what_it_asked_for_is_sent_away() {
    let site = Site::open(|_| {});
    let asked = frame(
        1,
        &section(&[
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", "a.example"),
            (":path", "/held"),
        ]),
    );
    let (whole, half) = (asked.as_slice(), &asked[..10]);
    for bytes in [whole, half] {
        let connection = connected(&site).await;
        let mut sent = 0;
        let attack = async {
            while let Ok((mut send, mut receive)) = connection.open_bi().await {
                sent += 1;
                let _ = send.write_all(bytes).await;
                if bytes.len() < asked.len() {
                    let _ = send.reset(0x10c_u32.into());
                }
                let _ = receive.stop(0x10c_u32.into());
            }
        };
        tokio::time::timeout(SOON, attack).await.unwrap();
        // Too many resets end the connection with H3_EXCESSIVE_LOAD.
        let ended = connection.closed().await;
        let ConnectionError::ApplicationClosed(closed) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(closed.error_code, VarInt::from_u32(0x107));
        assert!(sent > 128, "{sent}");
    }
    assert_eq!(site.talk().await.get("/").await.text(), "hello");
    site.stop().await;
}

#[tokio::test]
async fn who_takes_back_what_it_asked_for_in_the_middle_of_a_100_is_sent_away() {
    let site = Site::open(|listen| listen.http = Vec::new());
    let mut transport = quinn::TransportConfig::default();
    // The window is too small for the head of any response.
    transport.stream_receive_window(4_u32.into());
    let client = Client::speaking(&site.chain, b"h3", transport);
    let connection = client.connect(site.address, "a.example").await.unwrap();
    let heard = connection.clone();
    let settings = tokio::spawn(async move {
        while let Ok(mut control) = heard.accept_uni().await {
            tokio::spawn(async move { control.read_to_end(1_024).await });
        }
    });
    let asked = frame(
        1,
        &section(&[
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "a.example"),
            (":path", "/whole"),
            ("expect", "100-continue"),
        ]),
    );
    let attack = async {
        while let Ok((mut send, mut receive)) = connection.open_bi().await {
            let _ = send.write_all(&asked).await;
            let _ = receive.read(&mut [0]).await;
            let _ = receive.stop(0x10c_u32.into());
        }
    };
    tokio::time::timeout(SOON, attack).await.unwrap();
    // H3_EXCESSIVE_LOAD.
    let ended = connection.closed().await;
    let quinn::ConnectionError::ApplicationClosed(closed) = ended else {
        panic!("{ended:?}");
    };
    assert_eq!(closed.error_code, quinn::VarInt::from_u32(0x107));
    settings.abort();
    site.stop().await;
}
