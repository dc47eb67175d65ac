use http::HeaderValue;
use proptest::prelude::*;
use proptest::string::bytes_regex;

use super::*;
use crate::cdn_presets::Cdn;

/// Returns the client, scheme and host that are determined for a request from `peer` with these
/// headers. The addresses 127.0.0.1 and 10.0.0.0/8 are trusted.
fn told(peer: &str, lines: &[(&str, &str)]) -> (String, Scheme, String) {
    told_by(ForwardedHeader::Auto, peer, lines).0
}

/// Like [`told`], but with a value for the setting `forwarded_header`. Also returns the names of
/// the headers that remain in the request.
fn told_by(
    forwarded_header: ForwardedHeader,
    peer: &str,
    lines: &[(&str, &str)],
) -> ((String, Scheme, String), Vec<String>) {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        headers.append(name, value);
    }
    let told = believed(forwarded_header, peer, &mut headers);
    (told, headers.keys().map(ToString::to_string).collect())
}

fn believed(
    forwarded_header: ForwardedHeader,
    peer: &str,
    headers: &mut HeaderMap,
) -> (String, Scheme, String) {
    let peer = Peer {
        address: peer.parse().unwrap(),
        scheme: Scheme::Http,
        server_name: None,
        tls: "",
        front: None,
    };
    let trusted = ["127.0.0.1/32", "10.0.0.0/8"].map(|network| network.parse().unwrap());
    let listen = ListenSettings {
        trusted_proxies: trusted.into(),
        forwarded_header,
        ..ListenSettings::default()
    };
    let host = "asked.example".into();
    let info = info(&peer, headers, host, &listen, &Ids::default());
    (info.client.to_string(), info.scheme, info.host.to_string())
}

/// Like [`told`], for a request from 127.0.0.1 with one header. The header's value may contain any
/// bytes.
fn of_bytes(name: &HeaderName, value: &[u8]) -> (String, Scheme, String) {
    let value = HeaderValue::from_bytes(value).unwrap();
    let mut headers = HeaderMap::from_iter([(name.clone(), value)]);
    believed(ForwardedHeader::Auto, "127.0.0.1", &mut headers)
}

/// Like [`told`], for a request from a trusted proxy that sends only `Forwarded`.
fn forwarded(value: &str) -> (String, Scheme, String) {
    told("127.0.0.1", &[("forwarded", value)])
}

#[test]
fn the_client_is_the_nearest_that_nobody_trusts() {
    for (value, client) in [
        ("for=192.0.2.1", "192.0.2.1"),
        ("For=192.0.2.1;by=10.0.0.1", "192.0.2.1"),
        ("for=\"192.0.2.1:4711\"", "192.0.2.1"),
        ("for=\"192.0.2.1:_port\"", "192.0.2.1"),
        ("for=\"[2001:db8::7]\"", "2001:db8::7"),
        ("for=\"[2001:db8::7]:4711\"", "2001:db8::7"),
        ("for=\"[::ffff:192.0.2.1]\"", "192.0.2.1"),
        ("for=\"\\1\\92.0.2.1\"", "192.0.2.1"),
        // Some proxies omit the required quotes.
        ("for=192.0.2.1:4711", "192.0.2.1"),
        ("for=[2001:db8::7]", "2001:db8::7"),
        ("for=[2001:db8::7]:4711", "2001:db8::7"),
        ("for=192.0.2.1;host=a.example:8443", "192.0.2.1"),
        ("for=192.0.2.1;host=[::1]:8443", "192.0.2.1"),
        ("host=a:b:[c;for=192.0.2.1", "192.0.2.1"),
        ("for=192.0.2.1;host=", "192.0.2.1"),
        ("for=192.0.2.1;host=(a@b)", "192.0.2.1"),
        ("for=192.0.2.1;host=\u{fc}", "192.0.2.1"),
        ("for=192.0.2.1;host=\"\u{fc}\\\u{fc}\"", "192.0.2.1"),
        ("for=192.0.2.1, for=10.0.0.1", "192.0.2.1"),
        ("for=192.0.2.1,,for=10.0.0.1 ,", "192.0.2.1"),
        ("for=192.0.2.9, for=192.0.2.1, for=10.0.0.1", "192.0.2.1"),
        // No trusted proxy gives these clients' addresses, so the nearest known address counts.
        ("for=192.0.2.1, for=unknown, for=10.0.0.1", "10.0.0.1"),
        ("for=_hidden, for=10.0.0.1", "10.0.0.1"),
        ("for=192.0.2.1, proto=https", "127.0.0.1"),
        ("for=unknown", "127.0.0.1"),
        ("for=\"_gazonk:_p\"", "127.0.0.1"),
        ("", "127.0.0.1"),
    ] {
        assert_eq!(forwarded(value).0, client, "{value}");
    }
}

#[test]
fn what_is_no_element_ends_the_walk() {
    for (value, client) in [
        ("192.0.2.1", "127.0.0.1"),
        ("for=192.0.2.1;for=192.0.2.2", "127.0.0.1"),
        ("for=2001:db8::7", "127.0.0.1"),
        ("for=\"2001:db8::7\"", "127.0.0.1"),
        ("for=[2001:db8::7", "127.0.0.1"),
        ("for=192.0.2.1/8", "127.0.0.1"),
        ("for=\"192.0.2.1:\"", "127.0.0.1"),
        ("for=\"192.0.2.1:123456\"", "127.0.0.1"),
        ("for=\"192.0.2.1 \"", "127.0.0.1"),
        ("for=\"[192.0.2.1]\"", "127.0.0.1"),
        ("for=\"[2001:db8::7\"", "127.0.0.1"),
        ("for =192.0.2.1", "127.0.0.1"),
        ("for= 192.0.2.1", "127.0.0.1"),
        ("for", "127.0.0.1"),
        ("for=", "127.0.0.1"),
        ("for=192.0.2.1;proto", "127.0.0.1"),
        ("for=\"192.0.2.1", "127.0.0.1"),
        ("for=192.0.2.1\"", "127.0.0.1"),
        ("for=\"192.0.2.1\"x", "127.0.0.1"),
        ("for=192.0.2.1, nonsense, for=10.0.0.1", "10.0.0.1"),
        // What a client writes into the header cannot affect what trusted proxies append.
        ("for=\"192.0.2.9, for=192.0.2.1", "192.0.2.1"),
        ("for=\"192.0.2.9\\\", for=192.0.2.1", "192.0.2.1"),
        ("for=\"192.0.2.9, for=\"[2001:db8::7]\"", "2001:db8::7"),
        ("\\\"\"\\, for=192.0.2.1", "192.0.2.1"),
    ] {
        assert_eq!(forwarded(value).0, client, "{value}");
    }
}

#[test]
fn scheme_and_host_are_those_the_client_used_with_the_first_of_ours() {
    for (value, scheme, host) in [
        ("proto=https", Scheme::Https, "asked.example"),
        ("proto=HTTPS;host=A.Example", Scheme::Https, "a.example"),
        ("host=\"a.example:8443\"", Scheme::Http, "a.example:8443"),
        ("host=a.example:8443", Scheme::Http, "a.example:8443"),
        ("proto=https;host=[::1]", Scheme::Https, "[::1]"),
        ("proto=https;host=a:b:[c", Scheme::Https, "asked.example"),
        (
            "for=192.0.2.1;proto=https;host=a.example, for=10.0.0.1;proto=http;host=inner",
            Scheme::Https,
            "a.example",
        ),
        (
            "for=192.0.2.9;proto=https;host=evil.example, for=192.0.2.1;proto=http;host=a.example",
            Scheme::Http,
            "a.example",
        ),
        (
            "for=192.0.2.1, for=10.0.0.1;proto=https;host=a.example",
            Scheme::Https,
            "a.example",
        ),
        (
            "for=_hidden;proto=https;host=a.example",
            Scheme::Https,
            "a.example",
        ),
        ("proto=ftp;host=\"a b\"", Scheme::Http, "asked.example"),
        ("proto=https;;host=a.example", Scheme::Https, "a.example"),
        (
            "for=1;proto=https;host=a.example;",
            Scheme::Http,
            "asked.example",
        ),
    ] {
        let (_, told, named) = forwarded(value);
        assert_eq!((told, &*named), (scheme, host), "{value}");
    }
}

#[test]
fn a_cdn_is_believed_about_its_client_by_its_own_header() {
    let cdn = |name| Cdn::named(name).unwrap();
    let cdns = vec![cdn("fastly"), cdn("cloudflare")];
    let networks = cdns.iter().flat_map(|cdn| cdn.networks.iter().copied());
    let listen = ListenSettings {
        trusted_proxies: networks.chain(["10.0.0.1/32".parse().unwrap()]).collect(),
        cdns,
        ..ListenSettings::default()
    };
    let told = |peer: &str, lines: &[(&'static str, &str)]| {
        let peer = Peer {
            address: peer.parse().unwrap(),
            scheme: Scheme::Http,
            server_name: None,
            tls: "",
            front: None,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let info = info(
            &peer,
            &mut headers,
            "a.example".into(),
            &listen,
            &Ids::default(),
        );
        assert!(!info.is_direct || info.client == peer.address);
        let is_claimed = *info.host != *"a.example";
        assert_eq!(is_claimed, headers.contains_key(&FORWARDED_HOST));
        (info.client.to_string(), info.host.to_string())
    };
    let (cloudflare, fastly) = ("104.16.1.1", "2a04:4e42::1");
    let own = ("cf-connecting-ip", "203.0.113.7");
    for (peer, lines, client) in [
        (cloudflare, vec![own], "203.0.113.7"),
        (
            cloudflare,
            vec![("x-forwarded-for", "198.51.100.2"), own],
            "203.0.113.7",
        ),
        (
            cloudflare,
            vec![("cf-connecting-ip", "::ffff:203.0.113.7")],
            "203.0.113.7",
        ),
        (
            cloudflare,
            vec![("x-forwarded-for", "192.0.2.9, 198.51.100.2")],
            "198.51.100.2",
        ),
        (cloudflare, vec![("cf-connecting-ip", "nobody")], cloudflare),
        (
            cloudflare,
            vec![own, ("cf-connecting-ip", "192.0.2.1")],
            cloudflare,
        ),
        (
            fastly,
            vec![("x-forwarded-for", "198.51.100.2"), own],
            "198.51.100.2",
        ),
        (
            "10.0.0.1",
            vec![("x-forwarded-for", "198.51.100.2, 104.16.1.1"), own],
            "198.51.100.2",
        ),
        ("192.0.2.1", vec![own], "192.0.2.1"),
    ] {
        assert_eq!(told(peer, &lines).0, client, "{peer} {lines:?}");
    }
    // A CDN passes on what its client wrote about the host.
    for claim in [
        ("x-forwarded-host", "other.example"),
        ("forwarded", "host=other.example"),
    ] {
        for peer in [cloudflare, fastly] {
            assert_eq!(told(peer, &[claim, own]).1, "a.example", "{claim:?}");
        }
    }
    let claim = ("x-forwarded-host", "other.example");
    assert_eq!(told("10.0.0.1", &[claim]).1, "other.example");
}

#[test]
fn lines_are_one_list() {
    let lines = [
        ("forwarded", "for=192.0.2.9, for=192.0.2.1;proto=https"),
        ("forwarded", "for=10.0.0.2, for=10.0.0.1"),
    ];
    let (client, scheme, _) = told("127.0.0.1", &lines);
    assert_eq!((&*client, scheme), ("192.0.2.1", Scheme::Https));
}

#[test]
fn lines_of_the_elder_form_are_one_list_too() {
    let lines = [
        ("x-forwarded-for", "192.0.2.9, 192.0.2.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-for", "10.0.0.2, 10.0.0.1"),
        ("x-forwarded-proto", "http, https"),
        ("x-forwarded-host", "evil.example, A.example"),
    ];
    let (client, scheme, host) = told("127.0.0.1", &lines);
    assert_eq!(
        (&*client, scheme, &*host),
        ("192.0.2.1", Scheme::Https, "a.example")
    );
}

#[test]
fn what_clients_wrote_does_not_make_the_rest_of_a_line_unreadable() {
    for (name, appended, told) in appended() {
        for theirs in [&b"\xff"[..], b"\t\xff", b"\xc3", b"\"\xff", b"=\xff;\xff"] {
            let value = [theirs, b", ", appended.as_bytes()].concat();
            assert_eq!(of_bytes(&name, &value), told, "{name} {theirs:?}");
        }
    }
}

#[test]
fn who_is_not_trusted_says_nothing() {
    use ForwardedHeader::{Auto, Forwarded, XForwardedFor};
    let own = (
        "192.0.2.5".to_owned(),
        Scheme::Http,
        "asked.example".to_owned(),
    );
    let new = ("forwarded", "for=192.0.2.1;proto=https;host=a.example");
    let elder = [
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "a.example"),
    ];
    for header in [Auto, Forwarded, XForwardedFor] {
        for lines in [&[new][..], &elder, &[&[new], &elder[..]].concat()] {
            let (told, _) = told_by(header, "192.0.2.5", lines);
            assert_eq!(told, own, "{header:?} {lines:?}");
        }
    }
}

#[test]
fn what_the_proxies_do_not_write_themselves_is_their_clients_claim() {
    use ForwardedHeader::{Auto, Forwarded, XForwardedFor};
    let new = ("forwarded", "for=192.0.2.9;proto=https;host=new.example");
    let (said, proto) = (
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-proto", "https"),
    );
    let (host, prefix) = (
        ("x-forwarded-host", "elder.example"),
        ("x-forwarded-prefix", "/x"),
    );
    let nobody = ("x-forwarded-for", "unknown");
    let (none, of_new) = (
        ("127.0.0.1", Scheme::Http, "asked.example"),
        ("192.0.2.9", Scheme::Https, "new.example"),
    );
    let client = ("192.0.2.1", Scheme::Http, "asked.example");
    let all = ("192.0.2.1", Scheme::Https, "elder.example");
    let elder = [said, proto, host, prefix, new];
    for (header, lines, expected, left) in [
        (Auto, &[new][..], of_new, &["forwarded"][..]),
        (Auto, &[said], client, &["x-forwarded-for"]),
        (Auto, &[new, said], client, &["x-forwarded-for"]),
        (Auto, &[new, nobody], none, &["x-forwarded-for"]),
        (
            Auto,
            &[new, proto],
            ("127.0.0.1", Scheme::Https, "asked.example"),
            &["x-forwarded-proto"],
        ),
        (
            Auto,
            &[new, host],
            ("127.0.0.1", Scheme::Http, "elder.example"),
            &["x-forwarded-host"],
        ),
        (Auto, &[prefix], none, &["x-forwarded-prefix"]),
        (Auto, &elder, all, &ELDER),
        (XForwardedFor, &[new], none, &[]),
        (XForwardedFor, &[said], client, &["x-forwarded-for"]),
        (XForwardedFor, &elder, all, &ELDER),
        (Forwarded, &[new], of_new, &["forwarded"]),
        (Forwarded, &[said], none, &[]),
        (Forwarded, &elder, of_new, &["forwarded"]),
        (Forwarded, &[said, ("x-real-ip", "a")], none, &["x-real-ip"]),
    ] {
        let ((client, scheme, host), mut names) = told_by(header, "127.0.0.1", lines);
        assert_eq!((&*client, scheme, &*host), expected, "{header:?} {lines:?}");
        names.sort_unstable();
        assert_eq!(names, left, "{header:?} {lines:?}");
    }
}

const ELDER: [&str; 4] = [
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-prefix",
    "x-forwarded-proto",
];

/// Forwarding headers, each with a value that a proxy may append and the resulting client, scheme
/// and host.
fn appended() -> [(HeaderName, &'static str, (String, Scheme, String)); 4] {
    let told = |client: &str, scheme, host: &str| (client.to_owned(), scheme, host.to_owned());
    let (own, asked) = ("127.0.0.1", "asked.example");
    [
        (
            FORWARDED,
            "for=\"[2001:db8::7]:1\";proto=https;host=a.example",
            told("2001:db8::7", Scheme::Https, "a.example"),
        ),
        (
            FORWARDED_FOR,
            "2001:db8::7",
            told("2001:db8::7", Scheme::Http, asked),
        ),
        (FORWARDED_PROTO, "https", told(own, Scheme::Https, asked)),
        (
            FORWARDED_HOST,
            "a.example",
            told(own, Scheme::Http, "a.example"),
        ),
    ]
}

proptest! {
    #[test]
    fn nothing_on_the_left_changes_what_a_proxy_appended(
        theirs in bytes_regex(r"(?-u:[\t -~\x80-\xff]{0,40})").unwrap()
    ) {
        for (name, appended, told) in appended() {
            let value = [&*theirs, b", ", appended.as_bytes()].concat();
            prop_assert_eq!(of_bytes(&name, &value), told);
        }
    }
}
