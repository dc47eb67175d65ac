//! Tests which pages of other origins may read the responses of a route.

use axum::http::Method;
use axum::http::header::HeaderMap;
use axum::response::IntoResponse as _;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;

use super::access::{answering, teller};
use super::http2::{HTTPS, client};
use super::*;

const CORS: &str = "cors = { origins = [\"https://app.example\", \"http://localhost:5173\"] }\n";

const APP: &str = "Origin: https://app.example\r\n";

const PREFLIGHT: &str = "Access-Control-Request-Method: PUT\r\n\
                         Access-Control-Request-Headers: authorization,if-match\r\n";

/// Origins that are not named, though some look like it.
const UNNAMED: [&str; 13] = [
    "null",
    "*",
    "https://evil.example",
    "https://App.example",
    "https://app.example/",
    "https://app.example:443",
    "https://app.example:8443",
    "http://app.example",
    "https://app.example.evil.example",
    "https://x.app.example",
    "http://localhost",
    "http://localhost:5174",
    "https://app.example http://localhost:5173",
];

fn is_about_cors(head: &str) -> bool {
    head.contains("access-control-")
}

#[tokio::test]
async fn a_named_origin_reads_and_no_other() {
    let (server, _running) = teller().await;
    let site = Site::open(
        &format!(
            "[[route]]\nto = \"app\"\n{CORS}\
             [[route]]\npath = \"/api/\"\nto = \"http://{server}\"\n{CORS}\
             [[route]]\npath = \"/files/\"\nstrip = \"/files\"\nto = \"files:files\"\n{CORS}\
             [[route]]\npath = \"/beside/\"\nstrip = \"/beside\"\nto = \"files:files\"\nfallback = \"app\"\n{CORS}\
             [[route]]\npath = \"/closed\"\nto = \"http://{server}\"\n"
        ),
        Options::default(),
    );
    for (path, status) in [
        ("/facts", 200),
        ("/none", 404),
        ("/api/x", 200),
        ("/files/page.html", 200),
        ("/files/none", 404),
        ("/beside/page.html", 200),
        ("/beside/none", 404),
    ] {
        for origin in ["https://app.example", "http://localhost:5173"] {
            let heard = site
                .ask("GET", path, &format!("Origin: {origin}\r\n"), "")
                .await;
            assert_eq!(heard.status, status, "{path}");
            let allowed = heard.header("access-control-allow-origin");
            assert_eq!(allowed, Some(origin), "{path}");
            let exposed = heard.header("access-control-expose-headers").unwrap();
            for name in ["etag", "link", "location", "retry-after"] {
                assert!(exposed.contains(name), "{exposed}");
            }
            assert!(heard.header("vary").unwrap().contains("origin"), "{path}");
            assert!(!heard.head.contains("credentials"), "{}", heard.head);
        }
        for origin in UNNAMED {
            let said = format!("Origin: {origin}\r\n");
            let heard = site.ask("GET", path, &said, "").await;
            assert_eq!(heard.status, status, "{path} {origin}");
            assert!(!is_about_cors(&heard.head), "{origin} {}", heard.head);
            assert!(heard.header("vary").unwrap().contains("origin"), "{path}");
        }
        let heard = site.get(path).await;
        assert!(!is_about_cors(&heard.head), "{}", heard.head);
        assert!(heard.header("vary").unwrap().contains("origin"), "{path}");
    }
    // Two origins are none, and a route without the setting says nothing.
    let two = format!("{APP}Origin: http://localhost:5173\r\n");
    for (path, said) in [("/api/x", &*two), ("/closed", APP)] {
        let heard = site.ask("GET", path, said, "").await;
        assert_eq!(heard.status, 200);
        assert!(!is_about_cors(&heard.head), "{path} {}", heard.head);
    }
    let said = format!("{APP}{PREFLIGHT}");
    let closed = site.ask("OPTIONS", "/closed", &said, "").await;
    assert!(closed.body.starts_with("OPTIONS /closed"));
    site.edge.stop().await;
}

#[tokio::test]
async fn the_edge_answers_preflights() {
    let (server, _running) = teller().await;
    let site = Site::open(
        &format!(
            "[[route]]\npath = \"/api/\"\nto = \"http://{server}\"\n{CORS}\
             limit = {{ rate = \"1/h\" }}\naccess = {{ deny = [\"127.0.0.0/8\"] }}\n\
             headers = {{ set = {{ \"Cache-Control\" = \"max-age=60\" }}, remove = [\"Vary\"] }}\n\
             [[route]]\npath = \"/open/\"\nto = \"http://{server}\"\n{CORS}"
        ),
        Options::default(),
    );
    let said = format!("{APP}{PREFLIGHT}");
    // Neither the limit nor the access rules apply to a preflight.
    for _ in 0..3 {
        let heard = site.ask("OPTIONS", "/api/x", &said, "").await;
        assert_eq!((heard.status, &*heard.body), (204, ""));
        for (name, value) in [
            ("access-control-allow-origin", Some("https://app.example")),
            (
                "access-control-allow-methods",
                Some("get, head, post, put, patch, delete"),
            ),
            ("access-control-max-age", Some("7200")),
            ("access-control-expose-headers", None),
            ("access-control-allow-credentials", None),
            ("vary", Some("origin")),
            ("cache-control", None),
        ] {
            assert_eq!(heard.header(name), value, "{name}");
        }
        let allowed = heard.header("access-control-allow-headers").unwrap();
        let allowed: Vec<_> = allowed.split(", ").collect();
        for name in [
            "authorization",
            "content-type",
            "idempotency-key",
            "if-match",
        ] {
            assert!(allowed.contains(&name), "{name}");
        }
        assert!(!allowed.contains(&"*"));
    }
    for origin in UNNAMED {
        let said = format!("Origin: {origin}\r\n{PREFLIGHT}");
        let heard = site.ask("OPTIONS", "/open/x", &said, "").await;
        assert_eq!((heard.status, &*heard.body), (204, ""), "{origin}");
        assert_eq!(heard.header("vary"), Some("origin"));
        assert!(!is_about_cors(&heard.head), "{origin} {}", heard.head);
    }
    // Other requests for the options of an address go to the program.
    for said in [APP, PREFLIGHT] {
        let heard = site.ask("OPTIONS", "/open/x", said, "").await;
        assert!(heard.body.starts_with("OPTIONS /open/x"), "{}", heard.body);
    }
    // The limit and the access rules apply to the request itself, and its page may read why.
    for status in [403, 429] {
        let heard = site.ask("PUT", "/api/x", APP, "").await;
        let allowed = heard.header("access-control-allow-origin");
        assert_eq!(
            (heard.status, allowed),
            (status, Some("https://app.example"))
        );
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn cookies_neither_come_from_other_origins_nor_go_there() {
    let (server, _running) = answering(any(|request: Request| async move {
        let headers = request.headers();
        let told = headers.get_all("cookie").iter().count();
        let token = headers["authorization"].to_str().unwrap().to_owned();
        let headers = [
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-origin", "*"),
            ("access-control-allow-private-network", "true"),
            ("set-cookie", "who=aisyah"),
            ("vary", "Accept-Language, Origin"),
        ];
        (headers, format!("{told} {token}")).into_response()
    }))
    .await;
    let site = Site::open(
        &format!(
            "[[route]]\nto = \"http://{server}\"\n\
             cors = {{ origins = [\"https://app.example\", \"http://a.example\"] }}\n"
        ),
        Options::default(),
    );
    let cookies = "Cookie: who=aisyah\r\nCookie: more=1\r\nAuthorization: Bearer x\r\n";
    let heard = site
        .ask("POST", "/x", &format!("{APP}{cookies}"), "x")
        .await;
    assert_eq!(heard.body, "0 Bearer x");
    assert_eq!(heard.header("set-cookie"), None);
    let allowed = heard.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://app.example"));
    assert_eq!(heard.head.matches("access-control-").count(), 2);
    assert_eq!(heard.header("vary"), Some("accept-language, origin"));
    // The site's own pages keep their cookies, also if they are named, and so do requests of
    // unnamed origins, which the program has to judge as on any route.
    for origin in ["http://a.example", "https://evil.example"] {
        let said = format!("Origin: {origin}\r\n{cookies}");
        let heard = site.ask("POST", "/x", &said, "x").await;
        assert!(heard.body.starts_with("1 "), "{origin} {}", heard.body);
        assert_eq!(heard.header("set-cookie"), Some("who=aisyah"));
        assert!(!is_about_cors(&heard.head), "{}", heard.head);
    }
    // The same name over another scheme is another origin.
    let edge = site.plan(&format!(
        "[[route]]\nto = \"http://{server}\"\ncors = {{ origins = [\"https://a.example\"] }}\n"
    ));
    site.edge.apply(edge).unwrap();
    let said = format!("Origin: https://a.example\r\n{cookies}");
    let heard = site.ask("POST", "/x", &said, "x").await;
    assert!(heard.body.starts_with("0 "), "{}", heard.body);
    site.edge.stop().await;
}

#[tokio::test]
async fn the_cache_keeps_nothing_of_an_origin() {
    let (server, _running) = answering(any(|| async {
        ([("cache-control", "max-age=60")], "for all").into_response()
    }))
    .await;
    let site = Site::open(
        &format!("[[route]]\nto = \"http://{server}\"\nshared_cache = {{}}\n{CORS}"),
        Options::default(),
    );
    let other = "Origin: http://localhost:5173\r\n";
    for (said, allowed) in [
        (APP, Some("https://app.example")),
        (other, Some("http://localhost:5173")),
        ("", None),
        (APP, Some("https://app.example")),
    ] {
        let heard = site.ask("GET", "/x", said, "").await;
        assert_eq!(heard.header("access-control-allow-origin"), allowed);
        assert_eq!(heard.header("vary"), Some("origin"));
    }
    let heard = site.ask("GET", "/x", APP, "").await;
    assert!(heard.header("cache-status").unwrap().contains("hit"));
    site.edge.stop().await;
}

#[tokio::test]
async fn http2_is_treated_alike() {
    let (server, _running) = teller().await;
    let routes = format!("{HTTPS}[[route]]\nto = \"http://{server}\"\n{CORS}");
    let site = Site::open(&routes, Options::default());
    let mut send = client(&site.edge).await;
    for (method, origin, status) in [
        (Method::OPTIONS, "https://app.example", 204),
        (Method::POST, "https://app.example", 200),
        (Method::OPTIONS, "https://evil.example", 204),
        (Method::POST, "https://evil.example", 200),
    ] {
        let request = http::Request::builder()
            .method(method)
            .uri("https://a.example/x")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("cookie", "who=aisyah")
            .header("cookie", "more=1")
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = send.send_request(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap();
        let body = String::from_utf8(body.to_bytes().to_vec()).unwrap();
        let headers: &HeaderMap = &head.headers;
        let allowed = headers.get("access-control-allow-origin");
        let is_named = origin == "https://app.example";
        assert_eq!(
            (head.status.as_u16(), allowed.is_some()),
            (status, is_named)
        );
        assert_eq!(headers["vary"], "Origin");
        assert_eq!(
            body.contains("cookie:"),
            status == 200 && !is_named,
            "{body}"
        );
    }
    drop(send);
    site.edge.stop().await;
}
