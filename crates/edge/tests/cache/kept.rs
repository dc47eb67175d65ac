//! Tests which responses are stored, and for which requests.

use super::*;

#[tokio::test]
async fn an_answer_is_kept_as_long_as_it_says() {
    let site = Site::open(ROUTE);
    site.script.says("/", minute("answer {n}"));
    let first = site.get("/").await;
    assert_eq!((first.status, first.body.as_str()), (200, "answer 1"));
    assert_eq!(first.cache(), "kenduri; fwd=miss; stored");
    assert_eq!(first.header("age"), None);
    assert_eq!(
        first.header("date"),
        Some(site.date().to_ascii_lowercase().as_str())
    );
    site.later(59);
    let second = site.get("/").await;
    assert_eq!(second.body, "answer 1");
    assert_eq!(second.cache(), "kenduri; hit; ttl=1");
    assert_eq!(second.header("age"), Some("59"));
    assert_eq!(second.header("content-length"), Some("8"));
    assert_eq!(second.header("date"), first.header("date"));
    assert_ne!(second.header("x-request-id"), first.header("x-request-id"));
    site.later(1);
    assert_eq!(site.get("/").await.body, "answer 2");
    assert_eq!(site.get("/?a").await.body, "answer 3");
    assert_eq!(site.get("/?a").await.body, "answer 3");
}

#[tokio::test]
async fn a_route_that_did_not_ask_keeps_nothing() {
    let site = Site::open("");
    site.script.says("/", minute("answer {n}"));
    assert_eq!(site.get("/").await.body, "answer 1");
    let second = site.get("/").await;
    assert_eq!((second.body.as_str(), second.cache()), ("answer 2", ""));
}

#[tokio::test]
async fn what_is_for_one_person_is_never_kept() {
    let site = Site::open(
        "[[route]]\nto = \"app\"\nshared_cache = { stale_if_error = \"1h\", stale_while_revalidate = \"1h\" }\n",
    );
    for (path, headers) in [
        (
            "/cookie",
            &[
                ("cache-control", "public, max-age=60"),
                ("set-cookie", "a=1"),
            ][..],
        ),
        ("/private", &[("cache-control", "private, max-age=60")]),
        ("/silent", &[("etag", "\"v1\"")]),
        ("/no-store", &[("cache-control", "no-store")]),
        ("/star", &[("cache-control", "max-age=60"), ("vary", "*")]),
        (
            "/outcome",
            &[
                ("cache-control", "max-age=60"),
                ("x-kenduri-outcome", "bad"),
            ],
        ),
    ] {
        site.script.says(path, Said::of(headers, "for {n}"));
        for number in 1..5 {
            let heard = site.get(path).await;
            assert_eq!(heard.body, format!("for {number}"), "{path}");
            assert!(!heard.is_hit());
        }
    }
    let basic = [("Authorization", "Basic YTpi")];
    site.script.says("/mine", minute("for {n}"));
    for number in 1..4 {
        let heard = site.ask("GET", "/mine", &basic).await;
        assert_eq!(heard.body, format!("for {number}"));
        assert_eq!(heard.cache(), "kenduri; fwd=bypass");
    }
    // Requests with credentials must not get the response for others.
    assert_eq!(site.get("/mine").await.body, "for 4");
    assert_eq!(site.get("/mine").await.body, "for 4");
    assert_eq!(site.ask("GET", "/mine", &basic).await.body, "for 5");
}

#[tokio::test]
async fn what_an_answer_depends_on_is_told_apart() {
    let site = Site::open(ROUTE);
    let said = Said::of(
        &[
            ("cache-control", "max-age=60"),
            ("vary", "Accept-Language, Accept-Encoding"),
        ],
        "answer {n}",
    );
    site.script.says("/", said);
    let ask = async |language| {
        site.ask("GET", "/", &[("Accept-Language", language)])
            .await
            .body
    };
    assert_eq!(ask("en").await, "answer 1");
    assert_eq!(ask("ms").await, "answer 2");
    assert_eq!(ask("en").await, "answer 1");
    assert_eq!(ask("ms").await, "answer 2");
    assert_eq!(site.get("/").await.body, "answer 3");
    assert_eq!(site.get("/").await.body, "answer 3");
}

#[tokio::test]
async fn nobody_decides_what_others_are_answered() {
    let site = Site::open(ROUTE);
    let said = Said::of(
        &[
            ("cache-control", "max-age=60"),
            ("x-host", "echo:x-forwarded-host"),
            ("x-named", "echo:host"),
            ("x-proto", "echo:x-forwarded-proto"),
        ],
        "answer {n}",
    );
    site.script.says("/", said);
    let poison = [
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Prefix", "/evil"),
        ("Forwarded", "host=evil.example"),
    ];
    let first = site.ask("GET", "/", &poison).await;
    assert!(!first.head.contains("evil"), "{}", first.head);
    let second = site.get("/").await;
    assert!(second.is_hit() && !second.head.contains("evil"));
    // Another host has its own stored response.
    let other = site.ask("GET", "/", &[("Host", "b.example")]).await;
    assert_eq!(other.body, "answer 2");
    assert_eq!(other.header("x-named"), Some("b.example"));
    assert_eq!(site.get("/").await.body, "answer 1");
    // A header that can change the path prevents storing the response.
    let rewritten = [("X-Original-URL", "/admin"), ("Host", "c.example")];
    assert_eq!(site.ask("GET", "/", &rewritten).await.body, "answer 3");
    assert_eq!(
        site.ask("GET", "/", &[("Host", "c.example")]).await.body,
        "answer 4"
    );
}

#[tokio::test]
async fn conditions_ranges_and_heads_are_answered_from_what_is_kept() {
    let site = Site::open(ROUTE);
    let said = Said::of(
        &[("cache-control", "max-age=60"), ("etag", "\"v1\"")],
        "0123456789",
    );
    site.script.says("/", said);
    // The client has this content, but the edge fetches the whole response to store it.
    let known = [("If-None-Match", "\"v1\"")];
    let first = site.ask("GET", "/", &known).await;
    assert_eq!((first.status, first.body.as_str()), (304, ""));
    assert!(!site.script.last().contains_key("if-none-match"));
    let unchanged = site.ask("GET", "/", &[("If-None-Match", "W/\"v1\"")]).await;
    assert_eq!((unchanged.status, unchanged.is_hit()), (304, true));
    assert_eq!(unchanged.header("etag"), Some("\"v1\""));
    let other = site.ask("GET", "/", &[("If-None-Match", "\"v0\"")]).await;
    assert_eq!((other.status, other.body.as_str()), (200, "0123456789"));
    let part = site.ask("GET", "/", &[("Range", "bytes=2-4")]).await;
    assert_eq!((part.status, part.body.as_str()), (206, "234"));
    assert_eq!(part.header("content-range"), Some("bytes 2-4/10"));
    assert_eq!(part.header("content-length"), Some("3"));
    let newer = [("Range", "bytes=2-4"), ("If-Range", "\"v0\"")];
    assert_eq!(site.ask("GET", "/", &newer).await.status, 200);
    let outside = site.ask("GET", "/", &[("Range", "bytes=10-")]).await;
    assert_eq!(outside.status, 416);
    let head = site.ask("HEAD", "/", &[]).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), Some("10"));
    assert!(head.is_hit());
    assert_eq!(site.script.asked("/"), 1);
    // Neither a range request nor a `HEAD` stores a response.
    site.script.says("/other", minute("0123456789"));
    site.ask("GET", "/other", &[("Range", "bytes=2-4")]).await;
    site.ask("HEAD", "/other", &[]).await;
    assert_eq!(
        site.get("/other").await.cache(),
        "kenduri; fwd=miss; stored"
    );
}

#[tokio::test]
async fn who_has_what_a_weak_tag_names_is_not_sent_it_again() {
    let site = Site::open(ROUTE);
    let said = Said::of(
        &[("cache-control", "max-age=60"), ("etag", "W/\"v1\"")],
        "0123456789",
    );
    site.script.says("/", said);
    assert_eq!(site.get("/").await.status, 200);
    for known in ["W/\"v1\"", "\"v1\""] {
        let heard = site.ask("GET", "/", &[("If-None-Match", known)]).await;
        assert_eq!((heard.status, heard.is_hit()), (304, true), "{known}");
        assert_eq!(heard.header("etag"), Some("w/\"v1\""));
    }
    let other = site.ask("GET", "/", &[("If-None-Match", "W/\"v0\"")]).await;
    assert_eq!(other.status, 200);
    // The client may not combine this range with its own content, because a weak tag does not
    // guarantee equal bytes.
    for known in ["W/\"v1\"", "\"v1\""] {
        let part = [("Range", "bytes=2-4"), ("If-Range", known)];
        assert_eq!(site.ask("GET", "/", &part).await.status, 200, "{known}");
    }
    assert_eq!(site.script.asked("/"), 1);
}

#[tokio::test]
async fn clients_may_ask_for_more() {
    let site = Site::open(ROUTE);
    site.script.says("/", minute("answer {n}"));
    assert_eq!(site.get("/").await.body, "answer 1");
    let again = site.ask("GET", "/", &[("Cache-Control", "no-cache")]).await;
    assert_eq!(again.body, "answer 2");
    assert_eq!(again.cache(), "kenduri; fwd=request; stored");
    assert_eq!(site.get("/").await.body, "answer 2");
    let none = site.ask("GET", "/", &[("Cache-Control", "no-store")]).await;
    assert_eq!(none.body, "answer 3");
    assert_eq!(site.get("/").await.body, "answer 2");
}

#[tokio::test]
async fn what_is_kept_is_compressed_for_those_who_want_it() {
    let site = Site::open(ROUTE);
    let text = "text ".repeat(1_000);
    let said = Said::of(
        &[
            ("cache-control", "public, max-age=60"),
            ("content-type", "text/plain"),
            ("etag", "\"v1\""),
        ],
        &text,
    );
    site.script.says("/", said);
    let coded = [("Accept-Encoding", "gzip")];
    for _ in 0..2 {
        let heard = site.ask("GET", "/", &coded).await;
        assert_eq!(heard.header("content-encoding"), Some("gzip"));
        assert_eq!(heard.header("vary"), Some("accept-encoding"));
        assert_eq!(heard.header("etag"), Some("w/\"v1\""));
        let plain = site.get("/").await;
        assert_eq!(plain.header("content-encoding"), None);
        assert_eq!(plain.header("vary"), Some("accept-encoding"));
        assert_eq!(plain.header("etag"), Some("\"v1\""));
        assert_eq!(plain.body, text);
    }
    assert_eq!(site.script.asked("/"), 1);
    assert_eq!(site.script.last()["accept-encoding"], "identity");
    let known = [("Accept-Encoding", "gzip"), ("If-None-Match", "W/\"v1\"")];
    assert_eq!(site.ask("GET", "/", &known).await.status, 304);
}

#[tokio::test]
async fn what_is_too_large_or_breaks_off_is_not_kept() {
    let site = Site::open(&format!("[cache]\nlargest = \"1K\"\n{ROUTE}"));
    let long = "x".repeat(600);
    let control = [("cache-control", "max-age=60")];
    let large = Said::of(&control, "").streamed(&[&long, &long, &long]);
    site.script.says("/known", large.clone());
    site.script.says("/unknown", large.without_length());
    let fits = Said::of(&control, "").streamed(&["abc", &long, "def"]);
    site.script.says("/fits", fits.clone().without_length());
    let mut broken = fits;
    broken.breaks = true;
    site.script.says("/broken", broken.clone());
    site.script.says("/broken-chunks", broken.without_length());
    for number in 1..4 {
        for path in ["/known", "/unknown"] {
            let heard = site.get(path).await;
            assert_eq!(heard.body.len(), 1_800, "{path}");
            assert!(heard.is_whole);
            assert_eq!(site.script.asked(path), number);
        }
        // The upstream's response ends early, before the edge has sent anything to the client.
        for path in ["/broken", "/broken-chunks"] {
            assert_eq!(site.get(path).await.status, 502, "{path}");
            assert_eq!(site.script.asked(path), number);
        }
        let heard = site.get("/fits").await;
        assert_eq!(heard.body, format!("abc{long}def"));
        assert_eq!(site.script.asked("/fits"), 1);
    }
}

#[tokio::test]
async fn a_redirect_and_a_missing_page_are_kept_if_they_say_so() {
    let site = Site::open(ROUTE);
    let moved = Said::of(&[("cache-control", "max-age=60"), ("location", "/b")], "");
    site.script.says("/a", moved.status(302));
    site.script.says("/gone", minute("gone {n}").status(404));
    site.script.says("/fault", minute("fault {n}").status(500));
    for _ in 0..2 {
        let heard = site.get("/a").await;
        assert_eq!((heard.status, heard.header("location")), (302, Some("/b")));
        assert_eq!(site.get("/gone").await.body, "gone 1");
    }
    assert_eq!(site.script.asked("/a"), 1);
    assert_eq!(site.get("/fault").await.body, "fault 1");
    assert_eq!(site.get("/fault").await.body, "fault 2");
}

#[tokio::test]
async fn a_proxy_that_is_trusted_poisons_nothing() {
    let (address, upstream) = told().await;
    let site = Site::open(&format!(
        "listen.trusted_proxies = [\"127.0.0.0/8\"]\n\
         [[route]]\nto = \"http://{address}\"\nshared_cache = {{}}\n"
    ));
    for claim in [
        ("X-Forwarded-Prefix", "/evil"),
        ("X-Forwarded-Port", "666"),
        ("X-Forwarded-Scheme", "evil"),
        ("X-Forwarded-Ssl", "evil"),
        ("X-Forwarded-Host", "evil.example, a.example"),
        ("Forwarded", "for=198.51.100.1;host=evil.example"),
        ("X_Original_URL", "/evil"),
    ] {
        let heard = site.ask("GET", "/", &[claim]).await;
        assert_eq!(heard.cache(), "kenduri; fwd=bypass", "{claim:?}");
    }
    let usual = [
        ("X-Forwarded-For", "198.51.100.1"),
        ("X-Forwarded-Host", "a.example"),
        ("X-Forwarded-Port", "80"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Server", "evil.example"),
    ];
    let kept = site.ask("GET", "/", &usual).await;
    assert_eq!(kept.cache(), "kenduri; fwd=miss; stored");
    let heard = site.get("/").await;
    assert!(heard.is_hit(), "{heard:?}");
    for told in ["x-forwarded-port: 80", "x-forwarded-host: a.example"] {
        assert!(heard.body.contains(told), "{}", heard.body);
    }
    // A request ID may contain any digits, so the forged values contain other characters too.
    for lie in ["evil", ": 666", ":666", "=666"] {
        assert!(!heard.body.contains(lie), "{}", heard.body);
    }
    site.edge.stop().await;
    upstream.abort();
}

/// A server with a page that stays fresh for a minute and lists the request headers.
async fn told() -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let app = Router::new().fallback(async |request: Request| {
        let lines = request.headers().iter();
        let lines: Vec<String> = lines
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        ([("cache-control", "max-age=60")], lines.join("\n"))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let running = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, running)
}

#[tokio::test]
async fn one_address_is_kept_once_however_it_is_written() {
    let site = Site::open(ROUTE);
    site.script.says("/page", minute("page {n}"));
    for written in ["/page", "//page", "/x/../page", "/x/%2e%2e/page"] {
        let heard = site.get(written).await;
        assert_eq!((heard.status, &*heard.body), (200, "page 1"), "{written}");
    }
    assert_eq!(site.script.asked("/page"), 1);
    site.edge.stop().await;
}
