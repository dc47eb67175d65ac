//! Tests how the edge uses stale responses.

use super::*;

#[tokio::test]
async fn what_did_not_change_is_confirmed_and_not_sent_again() {
    let site = Site::open(ROUTE);
    let said = |tag: &str, more: &str| {
        Said::of(
            &[
                ("cache-control", "max-age=60"),
                ("etag", tag),
                ("x-more", more),
            ],
            "answer {n}",
        )
    };
    site.script.says("/", said("\"v1\"", "a"));
    assert_eq!(site.get("/").await.body, "answer 1");
    site.later(61);
    site.script.says("/", said("\"v1\"", "b"));
    let renewed = site.get("/").await;
    assert_eq!((renewed.status, renewed.body.as_str()), (200, "answer 1"));
    assert_eq!(
        renewed.cache(),
        "kenduri; fwd=stale; fwd-status=304; stored"
    );
    assert_eq!(renewed.header("x-more"), Some("b"));
    assert_eq!(renewed.header("age"), None);
    assert_eq!(site.script.last()["if-none-match"], "\"v1\"");
    site.later(59);
    assert!(site.get("/").await.is_hit());
    site.later(2);
    site.script.says("/", said("\"v2\"", "c"));
    let changed = site.get("/").await;
    assert_eq!(
        (changed.body.as_str(), changed.header("etag")),
        ("answer 3", Some("\"v2\""))
    );
    // The new response is for a single user, and the old one must not be used either.
    site.later(61);
    let mut own = said("\"v2\"", "d");
    own.headers
        .push(("set-cookie".to_owned(), "a=1".to_owned()));
    site.script.says("/", own);
    let last = site.get("/").await;
    assert_eq!(
        (last.body.as_str(), last.header("set-cookie")),
        ("answer 3", Some("a=1"))
    );
    assert!(!site.get("/").await.is_hit());
}

#[tokio::test]
async fn who_wants_only_what_is_kept_never_reaches_the_program() {
    let site = Site::open(ROUTE);
    let said = Said::of(&[("cache-control", "max-age=60")], "answer {n}");
    site.script.says("/", said);
    let only = [("cache-control", "only-if-cached")];
    let absent = site.ask("GET", "/", &only).await;
    assert_eq!((absent.status, absent.cache()), (504, "kenduri"));
    assert_eq!(site.script.asked("/"), 0);
    assert_eq!(site.get("/").await.body, "answer 1");
    let kept = site.ask("GET", "/", &only).await;
    assert_eq!((kept.status, kept.body.as_str()), (200, "answer 1"));
    site.later(61);
    assert_eq!(site.ask("GET", "/", &only).await.status, 504);
    assert_eq!(site.script.asked("/"), 1);
}

#[tokio::test]
async fn what_must_be_confirmed_always_is() {
    let site = Site::open(ROUTE);
    let said = Said::of(
        &[
            ("cache-control", "no-cache, max-age=60"),
            ("etag", "\"v1\""),
        ],
        "answer {n}",
    );
    site.script.says("/", said);
    assert_eq!(site.get("/").await.body, "answer 1");
    assert_eq!(site.get("/").await.body, "answer 1");
    assert_eq!(site.script.asked("/"), 2);
}

#[tokio::test]
async fn who_comes_late_is_answered_at_once_while_one_asks_anew() {
    let site = Site::open(ROUTE);
    let said = Said::of(
        &[("cache-control", "max-age=10, stale-while-revalidate=60")],
        "answer {n}",
    );
    site.script.says("/", said);
    assert_eq!(site.get("/").await.body, "answer 1");
    site.later(20);
    let gate = site.script.close("/");
    for _ in 0..30 {
        let heard = site.get("/").await;
        assert_eq!(heard.body, "answer 1");
        assert_eq!(heard.cache(), "kenduri; hit; ttl=-10");
        assert_eq!(heard.header("age"), Some("20"));
    }
    until(|| site.script.asked("/") == 2).await;
    gate.add_permits(1_000);
    let renewed = async {
        while site.get("/").await.body != "answer 2" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, renewed)
        .await
        .expect("a newer answer");
    assert_eq!(site.script.asked("/"), 2);
    // The stored response is too old to be sent during revalidation, so the client waits for a new
    // one.
    site.later(71);
    assert_eq!(site.get("/").await.body, "answer 3");
}

#[tokio::test]
async fn an_older_answer_stands_in_for_an_error() {
    let site = Site::open("[[route]]\nto = \"app\"\nshared_cache = { stale_if_error = \"1h\" }\n");
    site.script.says("/", minute("answer {n}"));
    let strict = Said::of(
        &[("cache-control", "max-age=60, must-revalidate")],
        "strict {n}",
    );
    site.script.says("/strict", strict);
    assert_eq!(site.get("/").await.body, "answer 1");
    assert_eq!(site.get("/strict").await.body, "strict 1");
    site.later(100);
    for status in [500, 502, 503, 504] {
        let fault = Said::of(&[], "fault").status(status);
        site.script.says("/", fault.clone());
        let heard = site.get("/").await;
        assert_eq!((heard.status, heard.body.as_str()), (200, "answer 1"));
        let expected = format!("kenduri; fwd=stale; fwd-status={status}; ttl=-40");
        assert_eq!(heard.cache(), expected);
        site.script.says("/strict", fault);
        assert_eq!(site.get("/strict").await.status, status);
    }
    // The stored response is too old to replace an error.
    site.later(3_700);
    site.script.says("/", Said::of(&[], "fault").status(503));
    assert_eq!(site.get("/").await.status, 503);
    site.script.says("/", minute("answer {n}"));
    assert!(site.get("/").await.body.starts_with("answer"));
    site.later(100);
    site.script.says("/", Said::of(&[], "gone").status(410));
    assert_eq!(site.get("/").await.status, 410);
    site.script.says("/", Said::of(&[], "fault").status(503));
    assert_eq!(site.get("/").await.status, 503);
}

#[tokio::test]
async fn it_does_so_for_a_head_and_for_a_part() {
    let site = Site::open("[[route]]\nto = \"app\"\nshared_cache = { stale_if_error = \"1h\" }\n");
    let tagged = [("cache-control", "max-age=60"), ("etag", "\"v1\"")];
    site.script.says("/", Said::of(&tagged, "answer {n}"));
    assert_eq!(site.get("/").await.body, "answer 1");
    site.later(100);
    site.script.says("/", Said::of(&[], "fault").status(503));
    let fault = "kenduri; fwd=stale; fwd-status=503; ttl=-40";
    let head = site.ask("HEAD", "/", &[]).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), Some("8"));
    assert_eq!((head.cache(), head.header("age")), (fault, Some("100")));
    let part = site.ask("GET", "/", &[("Range", "bytes=0-2")]).await;
    assert_eq!((part.status, part.body.as_str()), (206, "ans"));
    assert_eq!(part.header("content-range"), Some("bytes 0-2/8"));
    assert_eq!(part.cache(), fault);
    let known = site.ask("HEAD", "/", &[("If-None-Match", "\"v1\"")]).await;
    assert_eq!((known.status, known.cache()), (304, fault));
    // A stale response replaces server errors, but not a 410.
    site.script.says("/", Said::of(&[], "gone").status(410));
    assert_eq!(site.ask("HEAD", "/", &[]).await.status, 410);
    site.script.says("/", Said::of(&[], "fault").status(503));
    site.later(3_700);
    assert_eq!(site.ask("HEAD", "/", &[]).await.status, 503);
}

#[tokio::test]
async fn a_program_that_is_gone_is_stood_in_for() {
    // No other test uses the upstream's IP address. Therefore, no other process gets its port after
    // it has stopped.
    let listener = tokio::net::TcpListener::bind("127.1.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap();
    let site = Site::open(&format!(
        "[[route]]\npath = \"/shop/\"\nstrip = \"/shop\"\nto = \"http://{upstream}\"\nshared_cache = {{ lifetime = \"1m\", stale_if_error = \"1h\" }}\n"
    ));
    let serves = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4_096];
        let length = stream.read(&mut head).await.unwrap();
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\ncakes";
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&head[..length]).to_ascii_lowercase()
    });
    assert_eq!(site.get("/shop/list").await.body, "cakes");
    let asked = serves.await.unwrap();
    assert!(asked.starts_with("get /list http/1.1\r\n"), "{asked}");
    assert!(site.get("/shop/list").await.is_hit());
    site.later(90);
    let heard = site.get("/shop/list").await;
    assert_eq!((heard.status, heard.body.as_str()), (200, "cakes"));
    assert!(
        heard.cache().contains("fwd-status=502"),
        "{}",
        heard.cache()
    );
    assert_eq!(site.get("/shop/other").await.status, 502);
}

#[tokio::test]
async fn a_body_that_ends_with_its_connection_is_not_known_to_be_whole() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap();
    let site = Site::open(&format!(
        "[[route]]\nto = \"http://{upstream}\"\nshared_cache = {{}}\n"
    ));
    let serves = tokio::spawn(async move {
        for body in ["half", "whole"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4_096];
            let _ = stream.read(&mut head).await.unwrap();
            let head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nConnection: close\r\n";
            let answer = format!("{head}\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    assert_eq!(site.get("/").await.body, "half");
    assert_eq!(site.get("/").await.body, "whole");
    serves.await.unwrap();
}

/// Starts an upstream that sends no caching headers. Its responses contain the client's cookie.
async fn by_cookie() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(async |request: Request| {
        let cookie = request.headers().get("cookie");
        let name = cookie.map_or("nobody", |cookie| cookie.to_str().unwrap());
        let path = request.uri().path();
        let said = if path == "/said" { "max-age=60" } else { "" };
        ([("cache-control", said.to_owned())], format!("for {name}"))
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test]
async fn a_lifetime_of_the_route_is_not_for_answers_to_cookies() {
    let upstream = by_cookie().await;
    let route = |more: &str| {
        format!(
            "[[route]]\nto = \"http://{upstream}\"\nshared_cache = {{ lifetime = \"1h\"{more} }}\n"
        )
    };
    let site = Site::open(&route(""));
    let aisyah = [("Cookie", "session=aisyah")];
    for _ in 0..2 {
        let heard = site.ask("GET", "/", &aisyah).await;
        assert_eq!(
            (heard.is_hit(), &*heard.body),
            (false, "for session=aisyah")
        );
    }
    // Responses to requests without cookies are stored.
    let first = site.get("/").await;
    assert_eq!((first.is_hit(), &*first.body), (false, "for nobody"));
    assert!(first.cache().contains("stored"), "{}", first.cache());
    assert!(site.get("/").await.is_hit());
    // Requests with cookies get no stale responses either.
    site.later(3_700);
    assert!(!site.ask("GET", "/", &aisyah).await.is_hit());
    assert!(site.get("/").await.cache().contains("stored"));
    // The upstream permits shared caches to store this path's response.
    assert!(!site.ask("GET", "/said", &aisyah).await.is_hit());
    assert!(site.get("/said").await.is_hit());
    // The route now permits storing responses to requests with cookies.
    let folder = tempfile::tempdir().unwrap();
    let with_cookies = plan(&route(", with_cookies = true"), folder.path());
    site.edge.apply(with_cookies).unwrap();
    assert!(!site.ask("GET", "/new", &aisyah).await.is_hit());
    assert!(site.get("/new").await.is_hit());
}
