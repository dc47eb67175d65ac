use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;

/// The time `seconds` after Sun, 06 Nov 1994 08:49:37 GMT.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(784_111_777 + seconds)
}

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn freshness(status: u16, lines: &[(&str, &str)], unsaid: &DefaultLifetimes) -> Option<Freshness> {
    let headers = headers(lines);
    let kept = TimedResponse {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &headers,
        asked: at(0),
        received: at(2),
    };
    kept.freshness(unsaid)
}

fn kept(lines: &[(&str, &str)]) -> Option<Freshness> {
    freshness(200, lines, &DefaultLifetimes::default())
}

const CONTROL: &str = "cache-control";
const DATED: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");

#[test]
fn what_may_not_be_kept_is_not() {
    for wrong in [
        &[][..],
        &[(CONTROL, "no-store, max-age=60")],
        &[(CONTROL, "private, max-age=60")],
        &[(CONTROL, "private=\"X-A\", max-age=60")],
        &[(CONTROL, "public, max-age=60"), ("set-cookie", "a=1")],
        &[(CONTROL, "max-age=60"), ("vary", "*")],
        &[(CONTROL, "max-age=60"), ("vary", "accept, *")],
        &[(CONTROL, "max-age=60"), ("vary", "a b")],
        &[(CONTROL, "max-age=60"), ("vary", "cookie, X-Forwarded-For")],
        &[(CONTROL, "max-age=60"), ("content-range", "bytes 0-1/3")],
        &[(CONTROL, "max-age=60"), ("content-encoding", "gzip")],
        &[(CONTROL, "max-age=60"), ("trailer", "x")],
        &[(CONTROL, "max-age=60"), ("x-kenduri-outcome", "wrong-code")],
        &[
            (CONTROL, "max-age=60"),
            ("content-type", "Text/Event-Stream"),
        ],
        &[(CONTROL, "public")],
        &[("etag", "\"a\"")],
        // These responses arrive stale and have no validator.
        &[(CONTROL, "max-age=0")],
        &[(CONTROL, "no-cache, max-age=60")],
        &[(CONTROL, "max-age=60, s-maxage=0")],
        &[(CONTROL, "max-age=60"), ("age", "60")],
        &[("expires", "0")],
        &[("expires", "Sun, 06 Nov 1994 08:49:37 GMT")],
    ] {
        assert_eq!(kept(wrong), None, "{wrong:?}");
    }
    for right in [
        &[(CONTROL, "max-age=60")][..],
        &[(CONTROL, "s-maxage=60, max-age=0")],
        &[(CONTROL, "no-cache"), ("etag", "\"a\"")],
        &[(CONTROL, "max-age=0"), ("last-modified", "x")],
        &[(CONTROL, "max-age=0, stale-while-revalidate=60")],
        &[(CONTROL, "max-age=0, stale-if-error=60")],
        &[("expires", "Sun, 06 Nov 1994 08:50:37 GMT")],
        &[("expires", "sun, 06 NOV 1994 08:50:37 gmt")],
        &[("expires", "SUNDAY, 06-nov-94 08:50:37 Gmt")],
        &[("expires", "Sun Nov  6 08:50:37 1994")],
        &[(CONTROL, "max-age=60"), ("vary", "accept, ,cookie")],
    ] {
        assert!(kept(right).is_some(), "{right:?}");
    }
}

#[test]
fn only_statuses_that_are_understood_are_kept() {
    let said = &[(CONTROL, "max-age=60")];
    for status in UNDERSTOOD {
        assert!(freshness(status, said, &DefaultLifetimes::default()).is_some());
    }
    for status in [201, 206, 304, 400, 401, 403, 429, 500, 502, 503, 504] {
        assert_eq!(
            freshness(status, said, &DefaultLifetimes::default()),
            None,
            "{status}"
        );
    }
}

#[test]
fn a_route_speaks_where_nothing_was_said() {
    let unsaid = DefaultLifetimes {
        lifetime: Duration::from_mins(1),
        stale_while_revalidate: Duration::from_secs(5),
        stale_if_error: Duration::from_mins(10),
    };
    let silent = freshness(200, &[], &unsaid).unwrap();
    assert_eq!(silent.lifetime, Duration::from_mins(1));
    assert_eq!(silent.stale_if_error, Duration::from_mins(10));
    assert_eq!(freshness(404, &[], &unsaid), None);
    assert_eq!(freshness(302, &[], &unsaid), None);
    assert_eq!(freshness(200, &[(CONTROL, "private")], &unsaid), None);
    assert_eq!(freshness(200, &[("set-cookie", "a=1")], &unsaid), None);
    let said = freshness(
        200,
        &[(CONTROL, "max-age=9, stale-while-revalidate=3")],
        &unsaid,
    )
    .unwrap();
    assert_eq!(said.lifetime, Duration::from_secs(9));
    assert_eq!(said.stale_while_revalidate, Duration::from_secs(3));
    // `must-revalidate` and `proxy-revalidate` forbid stale responses in any case. `s-maxage`
    // forbids them unless the response explicitly permits them.
    for forbidden in [
        "max-age=9, must-revalidate, stale-if-error=9",
        "max-age=9, proxy-revalidate, stale-if-error=9",
        "s-maxage=9",
    ] {
        let strict = freshness(200, &[(CONTROL, forbidden)], &unsaid).unwrap();
        assert_eq!(strict.stale_if_error, Duration::ZERO, "{forbidden}");
        assert_eq!(strict.stale_while_revalidate, Duration::ZERO, "{forbidden}");
    }
    let allowed = freshness(200, &[(CONTROL, "s-maxage=9, stale-if-error=7")], &unsaid);
    assert_eq!(allowed.unwrap().stale_if_error, Duration::from_secs(7));
}

#[test]
fn the_lifetime_is_the_most_exact_one() {
    let lifetime = |lines: &[(&str, &str)]| kept(lines).map(|kept| kept.lifetime.as_secs());
    let later = ("expires", "Sun, 06 Nov 1994 08:59:37 GMT");
    assert_eq!(
        lifetime(&[(CONTROL, "max-age=60, s-maxage=90"), later, DATED]),
        Some(90)
    );
    assert_eq!(lifetime(&[(CONTROL, "max-age=60"), later, DATED]), Some(60));
    assert_eq!(lifetime(&[later, DATED]), Some(600));
    // The lifetime begins when the response is received, because there is no `Date`.
    assert_eq!(lifetime(&[later]), Some(598));
    assert_eq!(lifetime(&[later, later, ("etag", "\"a\"")]), Some(0));
    assert_eq!(lifetime(&[("expires", "soon"), ("etag", "\"a\"")]), Some(0));
}

#[test]
fn the_age_is_the_greater_of_what_is_said_and_what_is_seen() {
    let age = |lines: &[(&str, &str)]| {
        let all = [&[(CONTROL, "max-age=3600")], lines].concat();
        kept(&all).unwrap().age_at(at(10)).as_secs()
    };
    // The request was sent at second 0, and the response was received at second 2. Now is second
    // 10.
    assert_eq!(age(&[]), 2 + 8);
    assert_eq!(age(&[DATED]), 2 + 8);
    assert_eq!(age(&[("date", "Sun, 06 Nov 1994 08:49:07 GMT")]), 32 + 8);
    assert_eq!(age(&[("date", "Sun, 06 Nov 1994 08:59:37 GMT")]), 2 + 8);
    assert_eq!(age(&[("age", "100")]), 102 + 8);
    assert_eq!(age(&[("age", "100, 7")]), 102 + 8);
    assert_eq!(age(&[("age", "-5")]), 2 + 8);
}

#[test]
fn a_clock_put_back_makes_nothing_fresh() {
    let kept = kept(&[(CONTROL, "max-age=60, stale-while-revalidate=600")]).unwrap();
    let demand = Demand::default();
    assert_eq!(kept.judge(&demand, at(1)), CacheDecision::Fresh);
    let long_ago = at(0) - Duration::from_mins(10);
    assert_eq!(kept.judge(&demand, long_ago), CacheDecision::Ask);
    assert!(!kept.stands_in(long_ago));
}

#[test]
fn what_is_kept_is_judged_by_its_age_and_by_what_is_asked() {
    use CacheDecision::{Ask, Fresh, WhileRevalidating};
    let kept = kept(&[(
        CONTROL,
        "max-age=60, stale-while-revalidate=30, stale-if-error=90",
    )]);
    let kept = kept.unwrap();
    let judge = |control: &str, age: u64| {
        let CacheUse::In(demand) =
            CacheUse::of(&Method::GET, &headers(&[(CONTROL, control)]), false)
        else {
            panic!("a request");
        };
        kept.judge(&demand, at(age))
    };
    for (control, age, verdict) in [
        ("", 2, Fresh),
        ("", 59, Fresh),
        ("", 60, WhileRevalidating),
        ("", 89, WhileRevalidating),
        ("", 90, Ask),
        ("no-cache", 2, Ask),
        ("max-age=0", 3, Ask),
        ("max-age=30", 30, Fresh),
        ("max-age=30", 31, Ask),
        ("max-stale=1000", 90, Ask),
    ] {
        assert_eq!(judge(control, age), verdict, "{control} at {age}");
    }
    assert!(kept.stands_in(at(149)));
    assert!(!kept.stands_in(at(150)));
    assert_eq!(kept.seconds_left(at(50)), 10);
    assert_eq!(kept.seconds_left(at(70)), -10);
}

#[test]
fn what_must_be_asked_for_always_is() {
    let kept = kept(&[(CONTROL, "no-cache, max-age=60"), ("etag", "\"a\"")]).unwrap();
    assert_eq!(kept.judge(&Demand::default(), at(2)), CacheDecision::Ask);
    assert!(!kept.stands_in(at(2)));
}

#[test]
fn requests_go_their_way() {
    let way =
        |method: Method, lines: &[(&str, &str)]| CacheUse::of(&method, &headers(lines), false);
    for changes in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        assert_eq!(way(changes, &[]), CacheUse::Changes);
    }
    for around in [Method::OPTIONS, Method::CONNECT] {
        assert_eq!(way(around, &[]), CacheUse::Around);
    }
    for around in [
        ("authorization", "Basic x"),
        ("upgrade", "websocket"),
        ("if-match", "\"a\""),
        ("if-unmodified-since", "x"),
        (CONTROL, "no-store"),
        ("x-original-url", "/admin"),
        ("x_original_url", "/admin"),
        ("x_http_method-override", "DELETE"),
        ("connection", "keep-alive, Accept-Language"),
        ("x-http-method-override", "DELETE"),
    ] {
        assert_eq!(way(Method::GET, &[around]), CacheUse::Around, "{around:?}");
    }
    assert_eq!(
        CacheUse::of(&Method::GET, &HeaderMap::new(), true),
        CacheUse::Around
    );
    let asks = |lines: &[(&str, &str)], method: Method| match way(method, lines) {
        CacheUse::In(demand) => demand,
        other => panic!("{other:?}"),
    };
    assert!(asks(&[("range", "bytes=0-1")], Method::GET).part);
    assert!(asks(&[], Method::HEAD).head);
    assert!(asks(&[(CONTROL, "no-cache")], Method::GET).no_cache);
    let plain = [("connection", "Keep-Alive, TE"), ("connection", "close")];
    assert_eq!(asks(&plain, Method::GET), Demand::default());
    assert_eq!(asks(&[("cookie", "a=1")], Method::GET), Demand::default());
}

#[test]
fn what_a_trusted_proxy_says_beside_the_key_goes_around() {
    let info = |scheme: Scheme, host: &str, peer_is_trusted: bool| ClientInfo {
        client: "203.0.113.7".parse().unwrap(),
        is_direct: false,
        peer_is_trusted,
        scheme,
        host: host.into(),
        id: crate::request_id::RequestId::parse("abc-1").unwrap(),
    };
    let told = info(Scheme::Https, "a.example", true);
    let way = |lines: &[(&str, &str)], info: &ClientInfo| {
        CacheUse::In(Demand::default()).told_by(&headers(lines), info)
    };
    for lines in [
        &[("forwarded", "for=203.0.113.7")][..],
        &[("x-forwarded-prefix", "/evil")],
        &[("proxy", "b.example:1")],
        &[("x-forwarded-port", "444")],
        &[("x-forwarded-scheme", "http")],
        &[("x-forwarded-proto", "http, https")],
        &[("x-forwarded-ssl", "off")],
        &[("x-forwarded-host", "b.example, a.example")],
        &[
            ("x-forwarded-host", "b.example"),
            ("x-forwarded-host", "a.example"),
        ],
        &[
            ("x-forwarded-host", "a.example"),
            ("x-forwarded-host", "a.example"),
        ],
    ] {
        assert_eq!(way(lines, &told), CacheUse::Around, "{lines:?}");
        // The edge removes an untrusted peer's headers, so the request may use the cache.
        let unknown = info(Scheme::Https, "a.example", false);
        assert_eq!(way(lines, &unknown), CacheUse::In(Demand::default()));
    }
    let usual = [
        ("x-forwarded-for", "203.0.113.7"),
        ("x-real-ip", "203.0.113.7"),
        ("x-forwarded-host", "A.example"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-scheme", "https"),
        ("x-forwarded-ssl", "on"),
    ];
    assert_eq!(way(&usual, &told), CacheUse::In(Demand::default()));
    for (host, port) in [("a.example", "80"), ("[::1]", "80"), ("[::1]:81", "81")] {
        let told = info(Scheme::Http, host, true);
        let port = [("x-forwarded-port", port)];
        assert_eq!(way(&port, &told), CacheUse::In(Demand::default()), "{host}");
    }
    assert_eq!(
        CacheUse::Changes.told_by(&headers(&[("forwarded", "x")]), &told),
        CacheUse::Changes
    );
}

#[test]
fn not_modified_renews_what_it_speaks_of() {
    let old = headers(&[
        ("etag", "\"a\""),
        (CONTROL, "max-age=1"),
        ("content-type", "text/plain"),
        ("x-old", "1"),
        DATED,
    ]);
    let new = headers(&[
        ("etag", "W/\"a\""),
        (CONTROL, "max-age=2"),
        (CONTROL, "public"),
        ("content-type", "text/html"),
        ("content-length", "0"),
    ]);
    assert!(confirms(&new, &old));
    let renewed = renewed(&old, &new, at(5));
    assert_eq!(renewed["date"], "Sun, 06 Nov 1994 08:49:42 GMT");
    let control: Vec<_> = renewed.get_all(CONTROL).iter().collect();
    assert_eq!(control, ["max-age=2", "public"]);
    assert_eq!(renewed["content-type"], "text/plain");
    assert_eq!(renewed["x-old"], "1");
    assert_eq!(renewed["etag"], "\"a\"");
    assert!(!renewed.contains_key("content-length"));
    assert!(!confirms(&headers(&[("etag", "\"b\"")]), &old));
    assert!(!confirms(&headers(&[("etag", "\"a\"")]), &headers(&[])));
    assert!(confirms(&headers(&[]), &old));
}

proptest! {
    /// `no-store` and `private` take precedence over all other directives.
    #[test]
    fn a_refusal_is_heard_wherever_it_stands(
        before in "(public, |max-age=[0-9]{1,4}, |s-maxage=9, |immutable, ){0,3}",
        word in "(no-store|private|Private|NO-STORE|private=\"a, b\")",
        after in "(, public|, max-age=[0-9]{1,4}|, x=\"y\"){0,3}",
    ) {
        let control = format!("{before}{word}{after}");
        let unsaid = DefaultLifetimes { lifetime: Duration::from_mins(1), ..DefaultLifetimes::default() };
        prop_assert_eq!(freshness(200, &[(CONTROL, &control)], &unsaid), None);
    }

    #[test]
    fn nothing_becomes_fresh_again(
        lifetime in 0_u64..100, revalidate in 0_u64..100, early in 2_u64..300, later in 0_u64..300,
    ) {
        let control = format!("max-age={lifetime}, stale-while-revalidate={revalidate}");
        if let Some(kept) = kept(&[(CONTROL, &control), ("etag", "\"a\"")]) {
            let rank = |verdict| match verdict {
                CacheDecision::Fresh => 0,
                CacheDecision::WhileRevalidating => 1,
                CacheDecision::Ask => 2,
            };
            let demand = Demand::default();
            let (first, then) = (kept.judge(&demand, at(early)), kept.judge(&demand, at(early + later)));
            prop_assert!(rank(first) <= rank(then));
        }
    }
}
