use proptest::prelude::*;

use crate::client_info::Scheme;

use super::*;
use crate::request_id::RequestId;

fn info() -> ClientInfo {
    ClientInfo {
        client: "203.0.113.7".parse().unwrap(),
        is_direct: true,
        peer_is_trusted: false,
        scheme: Scheme::Https,
        host: "kenduri.example".into(),
        id: RequestId::parse("abc-1").unwrap(),
    }
}

fn map(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, value.parse().unwrap());
    }
    headers
}

fn all(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter();
    values
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_holds_for_one_connection_ends_here() {
    let mut headers = map(&[
        ("Connection", "keep-alive, X-Mine ,close"),
        ("Connection", "x-other"),
        ("X-Mine", "1"),
        ("X-Other", "2"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("Proxy-Authorization", "Basic eA=="),
        ("TE", "gzip;q=1, trailers;q=0.5"),
        ("Transfer-Encoding", "chunked"),
        ("Trailer", "X-Sum"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAA"),
        ("Authorization", "Bearer a"),
        ("Content-Length", "5"),
        ("Host", "kenduri.example"),
        ("X-Stays", "3"),
    ]);
    request(&mut headers, &info());
    for gone in [
        "connection",
        "x-mine",
        "x-other",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
    ] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
    assert_eq!(all(&headers, "te"), ["trailers"]);
    for stays in ["trailer", "authorization", "content-length", "x-stays"] {
        assert!(headers.contains_key(stays), "{stays}");
    }
}

#[test]
fn a_connection_header_cannot_take_away_what_the_door_says() {
    let mut headers = map(&[
        (
            "Connection",
            "host, content-length, authorization, x-forwarded-for, forwarded, x-request-id",
        ),
        ("Host", "kenduri.example"),
        ("Content-Length", "5"),
        ("Authorization", "Bearer a"),
    ]);
    request(&mut headers, &info());
    for stays in [
        "host",
        "content-length",
        "authorization",
        "x-forwarded-for",
        "forwarded",
        "x-request-id",
    ] {
        assert!(headers.contains_key(stays), "{stays}");
    }
}

#[test]
fn an_unknown_peer_is_not_believed() {
    let mut headers = map(&[
        ("Forwarded", "for=10.0.0.1"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Forwarded-For", "10.0.0.2"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", "bank.example"),
        ("X-Real-IP", "10.0.0.1"),
        ("X-Forwarded-Prefix", "/x"),
        ("True-Client-IP", "10.0.0.1"),
        ("CF-Connecting-IP", "10.0.0.1"),
        ("X-Original-URL", "/admin"),
        ("X_Rewrite_URL", "/admin"),
        ("X-Rewrite-URL", "/admin"),
        ("X-Host", "bank.example"),
        ("Proxy", "evil:1"),
        ("X-Request-Id", "mine"),
    ]);
    request(&mut headers, &info());
    assert_eq!(
        all(&headers, "forwarded"),
        ["for=203.0.113.7;proto=https;host=kenduri.example"]
    );
    assert_eq!(all(&headers, "x-forwarded-for"), ["203.0.113.7"]);
    assert_eq!(all(&headers, "x-forwarded-proto"), ["https"]);
    assert_eq!(all(&headers, "x-forwarded-host"), ["kenduri.example"]);
    assert_eq!(all(&headers, "x-request-id"), ["abc-1"]);
    assert_eq!(all(&headers, "host"), ["kenduri.example"]);
    for gone in [
        "x-real-ip",
        "x-forwarded-prefix",
        "true-client-ip",
        "cf-connecting-ip",
        "x-original-url",
        "x_rewrite_url",
        "x-rewrite-url",
        "x-host",
        "proxy",
    ] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
}

#[test]
fn what_a_trusted_peer_says_stays_first() {
    let mut headers = map(&[
        ("X-Forwarded-For", "198.51.100.1"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Real-IP", "198.51.100.1"),
        ("Forwarded", "for=198.51.100.1"),
    ]);
    let trusted = ClientInfo {
        is_direct: true,
        peer_is_trusted: true,
        ..info()
    };
    request(&mut headers, &trusted);
    assert_eq!(
        all(&headers, "x-forwarded-for"),
        ["198.51.100.1, 10.0.0.1, 203.0.113.7"]
    );
    assert_eq!(
        all(&headers, "forwarded"),
        ["for=198.51.100.1, for=203.0.113.7;proto=https;host=kenduri.example"]
    );
    assert_eq!(all(&headers, "x-real-ip"), ["198.51.100.1"]);
    let mut said = map(&[("X-Forwarded-For", "203.0.113.7")]);
    request(&mut said, &trusted);
    assert_eq!(all(&said, "x-forwarded-for"), ["203.0.113.7"]);
}

#[test]
fn addresses_and_hosts_are_quoted_where_they_must_be() {
    let mut headers = HeaderMap::new();
    let info = ClientInfo {
        client: "2001:db8::1".parse().unwrap(),
        host: "kenduri.example:8443".into(),
        scheme: Scheme::Http,
        ..info()
    };
    request(&mut headers, &info);
    assert_eq!(
        all(&headers, "forwarded"),
        ["for=\"[2001:db8::1]\";proto=http;host=\"kenduri.example:8443\""]
    );
    assert_eq!(all(&headers, "x-forwarded-for"), ["2001:db8::1"]);
}

#[test]
fn what_a_program_would_take_for_our_word_is_dropped() {
    let mut headers = map(&[
        ("X_Forwarded_For", "10.0.0.1"),
        ("x_forwarded-proto", "https"),
        ("X_Request_Id", "forged"),
        ("X_Real_IP", "10.0.0.1"),
        ("X.Forwarded.Host", "bank.example"),
        ("Content_Length", "3"),
        ("Transfer_Encoding", "chunked"),
        ("api_key", "stays"),
    ]);
    request(&mut headers, &info());
    let odd = headers
        .keys()
        .filter(|name| name.as_str().contains(['_', '.']));
    assert_eq!(odd.collect::<Vec<_>>(), ["api_key"]);
    assert_eq!(all(&headers, "x-forwarded-for"), ["203.0.113.7"]);
}

#[test]
fn split_cookies_become_one() {
    let mut headers = map(&[("Cookie", "a=1"), ("Cookie", "b=2"), ("Cookie", "c=3")]);
    request(&mut headers, &info());
    assert_eq!(all(&headers, "cookie"), ["a=1; b=2; c=3"]);
}

fn a_head() -> impl Strategy<Value = HeaderMap> {
    let name = prop_oneof![
        proptest::sample::select(CLAIMS.to_vec()).prop_map(str::to_owned),
        proptest::sample::select(HOPS.to_vec()).prop_map(str::to_owned),
        proptest::sample::select(vec![
            "host",
            "cookie",
            "connection",
            "accept",
            "user-agent",
            "x-request-id",
            "x_request_id",
            "content.length",
            "x-mine",
            "x_mine",
            "range",
        ])
        .prop_map(str::to_owned),
        "[a-z][a-z_.-]{0,8}",
    ];
    let value = prop_oneof![
        proptest::sample::select(vec![
            "keep-alive",
            "Close",
            "x-mine",
            "trailers",
            "10.0.0.1",
            "",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,12}",
    ];
    let lines = proptest::collection::vec((name, value), 0..8);
    (lines, proptest::bool::weighted(0.9)).prop_map(|(lines, has_host)| {
        let mut headers = HeaderMap::new();
        if has_host {
            headers.insert(HOST, HeaderValue::from_static("kenduri.example"));
        }
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, value.parse().unwrap());
        }
        headers
    })
}

fn sorted(lines: impl Iterator<Item = (String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines
}

proptest! {
    #[test]
    fn what_is_written_is_what_the_map_would_say(
        headers in a_head(),
        is_trusted in proptest::bool::weighted(0.1),
        is_old in proptest::bool::ANY,
    ) {
        let client = if is_old { "203.0.113.7" } else { "2001:db8::7" };
        let info = ClientInfo {
            client: client.parse().unwrap(),
            peer_is_trusted: is_trusted,
            ..info()
        };
        let mut out = b"before".to_vec();
        let has_body = headers.contains_key(CONTENT_LENGTH);
        prop_assert!(!write(&headers, &info, !has_body, &mut out));
        if write(&headers, &info, has_body, &mut out) {
            let text = String::from_utf8(out.split_off(6)).unwrap();
            let written = text.split_terminator("\r\n").map(|line| {
                let (name, value) = line.split_once(": ").unwrap();
                (name.to_owned(), value.as_bytes().to_owned())
            });
            let mut map = headers.clone();
            request(&mut map, &info);
            let told = map.iter().map(|(name, value)| {
                (name.as_str().to_owned(), value.as_bytes().to_owned())
            });
            prop_assert_eq!(sorted(written), sorted(told));
        } else {
            let is_odd = is_trusted
                || !headers.contains_key(HOST)
                || headers.get_all(COOKIE).iter().count() > 1
                || ["connection", "expect", "te"]
                    .iter()
                    .any(|name| headers.contains_key(*name));
            prop_assert!(is_odd);
        }
        prop_assert_eq!(out, b"before");
    }
}

#[test]
fn answers_keep_what_belongs_to_the_client() {
    let mut headers = map(&[
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Transfer-Encoding", "chunked"),
        ("Trailer", "X-Sum"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    ]);
    response(http::StatusCode::OK, &mut headers);
    assert_eq!(all(&headers, "set-cookie"), ["a=1", "b=2"]);
    assert_eq!(all(&headers, "trailer"), ["X-Sum"]);
    assert_eq!(headers.len(), 3);
}

#[test]
fn a_required_protocol_is_named_and_no_file_of_the_machine() {
    for (status, upgrade) in [(426, vec!["websocket"]), (200, vec![])] {
        let mut headers = map(&[
            ("Connection", "upgrade"),
            ("Upgrade", "websocket"),
            ("X-Accel-Redirect", "/internal/x"),
            ("X-Accel-Buffering", "no"),
        ]);
        response(http::StatusCode::from_u16(status).unwrap(), &mut headers);
        assert_eq!(all(&headers, "upgrade"), upgrade);
        assert_eq!(all(&headers, "x-accel-buffering"), ["no"]);
        assert_eq!(headers.len(), 1 + upgrade.len());
    }
}
