use proptest::prelude::*;

use super::*;

/// What is known of a request that 127.0.0.1 sends for others; 10.0.0.0/8 is trusted too.
fn told(peer: &str, lines: &[(&str, &str)]) -> (String, Scheme, String) {
    let peer = Peer {
        address: peer.parse().unwrap(),
        scheme: Scheme::Http,
        server_name: None,
        tls: "",
        front: None,
    };
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, value.parse().unwrap());
    }
    let trusted = ["127.0.0.1/32", "10.0.0.0/8"].map(|network| network.parse().unwrap());
    let facts = facts(
        &peer,
        &headers,
        "asked.example".into(),
        &trusted,
        &Ids::default(),
    );
    (
        facts.client.to_string(),
        facts.scheme,
        facts.host.to_string(),
    )
}

/// By way of a trusted proxy that sends `Forwarded` alone.
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
        // As proxies write it that know of no quotes.
        ("for=192.0.2.1:4711", "192.0.2.1"),
        ("for=[2001:db8::7]", "2001:db8::7"),
        ("for=[2001:db8::7]:4711", "2001:db8::7"),
        ("for=192.0.2.1;host=a.example:8443", "192.0.2.1"),
        ("for=192.0.2.1;host=[::1]:8443", "192.0.2.1"),
        ("host=a:b:[c;for=192.0.2.1", "192.0.2.1"),
        ("for=192.0.2.1;host=", "192.0.2.1"),
        ("for=192.0.2.1, for=10.0.0.1", "192.0.2.1"),
        ("for=192.0.2.1,,for=10.0.0.1 ,", "192.0.2.1"),
        ("for=192.0.2.9, for=192.0.2.1, for=10.0.0.1", "192.0.2.1"),
        // Nobody of ours says who that was.
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
        // What clients wrote cannot reach into what our proxies appended.
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
fn lines_are_one_list() {
    let lines = [
        ("forwarded", "for=192.0.2.9, for=192.0.2.1;proto=https"),
        ("forwarded", "for=10.0.0.2, for=10.0.0.1"),
    ];
    let (client, scheme, _) = told("127.0.0.1", &lines);
    assert_eq!((&*client, scheme), ("192.0.2.1", Scheme::Https));
}

#[test]
fn who_is_not_trusted_says_nothing() {
    let lines = [("forwarded", "for=192.0.2.1;proto=https;host=a.example")];
    let told = told("192.0.2.5", &lines);
    let own = (
        "192.0.2.5".to_owned(),
        Scheme::Http,
        "asked.example".to_owned(),
    );
    assert_eq!(told, own);
}

/// Proxies that write the elder headers hand on the client's own `Forwarded` as it is.
#[test]
fn beside_its_elder_brothers_it_counts_for_nothing() {
    let claimed = ("forwarded", "for=192.0.2.9;proto=https;host=evil.example");
    for (elder, client, scheme, host) in [
        (
            ("x-forwarded-for", "192.0.2.1"),
            "192.0.2.1",
            Scheme::Http,
            "asked.example",
        ),
        (
            ("x-forwarded-proto", "https"),
            "127.0.0.1",
            Scheme::Https,
            "asked.example",
        ),
        (
            ("x-forwarded-host", "a.example"),
            "127.0.0.1",
            Scheme::Http,
            "a.example",
        ),
        (
            ("x-forwarded-for", "unknown"),
            "127.0.0.1",
            Scheme::Http,
            "asked.example",
        ),
    ] {
        let told = told("127.0.0.1", &[claimed, elder]);
        assert_eq!(
            told,
            (client.to_owned(), scheme, host.to_owned()),
            "{elder:?}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_on_the_left_changes_what_a_proxy_appended(theirs in "[ -~]{0,40}") {
        let value = format!("{theirs}, for=\"[2001:db8::7]:1\";proto=https;host=a.example");
        let told = ("2001:db8::7".to_owned(), Scheme::Https, "a.example".to_owned());
        prop_assert_eq!(forwarded(&value), told);
    }
}
