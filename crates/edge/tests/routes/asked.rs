//! Tests routes with access control by another server or by the app's sign-in.

use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::IntoResponse as _;
use edge::{Answer, App, AuthDecision, Body, Pass, Question};

use super::access::{answering, teller};
use super::*;

/// Starts an authorization server that recognizes Aisyah by a cookie, and denies everybody the
/// secret paths.
async fn judge() -> (SocketAddr, DropGuard) {
    answering(any(|request: Request| async move {
        let headers = request.headers();
        let told = |name: &str| {
            let value = headers.get(name).map(|value| value.to_str().unwrap());
            value.unwrap_or("-").to_owned()
        };
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri().path(), "/base/verify");
        assert!(!headers.contains_key("content-length"));
        assert!(!headers.contains_key("transfer-encoding"));
        let others = ["x_forwarded_uri", "x_forwarded_host", "x-original-url"];
        for other in others {
            assert!(!headers.contains_key(other), "{other}");
        }
        let (method, uri) = (told("x-forwarded-method"), told("x-forwarded-uri"));
        let seen = format!("{method} {} {uri}", told("x-forwarded-host"));
        if uri.starts_with("/api/secret") {
            return (StatusCode::FORBIDDEN, [("x-seen", seen)], "not you").into_response();
        }
        match (uri.as_str(), told("cookie").as_str()) {
            ("/api/error", _) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            ("/api/unknown", _) => StatusCode::NOT_FOUND.into_response(),
            ("/api/same", _) => StatusCode::NOT_MODIFIED.into_response(),
            (_, "who=aisyah") => {
                let headers = [("x-user", "aisyah"), ("x-seen", &seen), ("x-more", "no")];
                (headers, "let in").into_response()
            }
            ("/api/basic", _) => {
                let headers = [("www-authenticate", "Basic realm=\"x\"")];
                (StatusCode::UNAUTHORIZED, headers, "who?").into_response()
            }
            _ => {
                let headers = [
                    ("location", "https://in.example/?then=x"),
                    ("set-cookie", "then=x"),
                ];
                (StatusCode::FOUND, headers).into_response()
            }
        }
    }))
    .await
}

#[tokio::test]
async fn a_server_is_asked_who_may_come_in() {
    let (server, _running) = teller().await;
    let (judge, judging) = judge().await;
    let site = Site::open(
        &format!(
            "[[route]]\npath = \"/api/\"\nstrip = \"/api\"\nto = \"http://{server}\"\n\
             access = {{ ask = {{ to = \"http://{judge}/base\", path = \"/verify\", copy = [\"X-User\", \"X-Seen\", \"X-Group\"] }} }}\n"
        ),
        Options::default(),
    );
    let aisyah = "Cookie: who=aisyah\r\n";
    let forged = format!(
        "{aisyah}X-User: owner\r\nX-Group: owners\r\nX-More: mine\r\nX-Forwarded-Uri: /public\r\n\
         X-Forwarded-Method: HEAD\r\nX-Forwarded-Host: b.example\r\n\
         X_User: owner\r\nX_Forwarded_Uri: /public\r\nX_Forwarded_Host: b.example\r\n\
         X-Original-URL: /public\r\n\
         Connection: x-user, x-forwarded-uri, x-forwarded-method, x-seen\r\nIf-None-Match: \"x\"\r\n"
    );
    let heard = site
        .ask("POST", "/api/a/../b%20c?q=1", &forged, "12345")
        .await;
    assert_eq!(heard.status, 200);
    let lines: Vec<&str> = heard.body.lines().collect();
    assert_eq!(lines[0], "POST /b%20c?q=1");
    for line in [
        "x-user: aisyah",
        "x-seen: POST a.example /api/b%20c?q=1",
        "x-more: mine",
        "content-length: 5",
        "cookie: who=aisyah",
    ] {
        assert_eq!(
            lines.iter().filter(|told| **told == line).count(),
            1,
            "{line}: {lines:?}"
        );
    }
    assert!(!heard.body.contains("x-group"), "{}", heard.body);
    assert!(!heard.body.contains("owner"), "{}", heard.body);

    let away = site.get("/api/x").await;
    assert_eq!(away.status, 302);
    assert_eq!(away.header("location"), Some("https://in.example/?then=x"));
    assert_eq!(away.header("set-cookie"), Some("then=x"));
    assert!(away.header("x-request-id").is_some());
    let basic = site.get("/api/basic").await;
    assert_eq!((basic.status, &*basic.body), (401, "who?"));
    assert!(basic.header("www-authenticate").is_some());
    for path in [
        "/api/secret/x",
        "/api/a/../secret/x",
        "/api/%73ecret/x",
        "/api//../secret/x",
    ] {
        let forbidden = site.ask("GET", path, &forged, "").await;
        assert_eq!(
            (forbidden.status, &*forbidden.body),
            (403, "not you"),
            "{path}"
        );
    }
    for path in ["/api/error", "/api/unknown", "/api/same"] {
        let heard = site.ask("GET", path, aisyah, "").await;
        assert_eq!(heard.status, 502, "{path}: neither yes nor no");
    }
    drop(judging);
    // A stopping server may respond once more on an open connection, so the request is repeated
    // until it fails.
    let alone = async {
        while ![502, 503].contains(&site.ask("GET", "/api/x", aisyah, "").await.status) {}
    };
    let alone = tokio::time::timeout(std::time::Duration::from_mins(1), alone).await;
    assert!(alone.is_ok(), "nobody is asked, and somebody comes in");
    site.edge.stop().await;
}

#[derive(Clone)]
struct House;

impl App for House {
    async fn answer(self, _: axum::http::Request<Body>) -> Answer {
        axum::http::Response::new(Body::full("the app"))
    }

    async fn judge(self, question: Question) -> AuthDecision {
        let mut answer = axum::http::Response::new(Body::Empty);
        let cookie = question.headers.get(COOKIE);
        let cookie = cookie.map_or("", |cookie| cookie.to_str().unwrap());
        if !cookie.contains("session=owner") {
            let to = format!("/login?redirect={}", question.target);
            *answer.status_mut() = StatusCode::SEE_OTHER;
            answer
                .headers_mut()
                .insert(LOCATION, HeaderValue::try_from(to).unwrap());
            return AuthDecision::Refuse(answer);
        }
        if &*question.who != "owner" {
            *answer.status_mut() = StatusCode::FORBIDDEN;
            return AuthDecision::Refuse(answer);
        }
        let user = HeaderName::from_static("x-forwarded-user");
        let renewed = HeaderValue::from_static("session=owner; Max-Age=60");
        AuthDecision::Pass(Pass {
            vouched: vec![user.clone(), HeaderName::from_static("x-forwarded-email")],
            headers: HeaderMap::from_iter([(user, HeaderValue::from_static("1"))]),
            without_cookies: vec!["session".to_owned()],
            answer: HeaderMap::from_iter([(SET_COOKIE, renewed)]),
        })
    }
}

#[tokio::test]
async fn the_apps_people_come_in_to_its_neighbours() {
    let (server, _running) = teller().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("files")).unwrap();
    std::fs::write(folder.path().join("files/page.html"), "<p>A page</p>").unwrap();
    let routes = format!(
        "[[route]]\nto = \"app\"\n\
         [[route]]\npath = \"/studio/\"\nto = \"http://{server}\"\naccess = {{ sign_in = \"owner\" }}\n\
         [[route]]\npath = \"/files/\"\nstrip = \"/files\"\nto = \"files:files\"\naccess = {{ sign_in = \"owner\" }}\n\
         [[route]]\npath = \"/hosts/\"\nto = \"http://{server}\"\naccess = {{ sign_in = \"hosts\" }}\n"
    );
    let routes = plan(&routes, folder.path());
    assert!(
        routes.table().contains("access by sign-in of owner"),
        "{}",
        routes.table()
    );
    let edge = Edge::start(routes, Options::default(), Some(&House)).unwrap();
    let site = Site {
        address: edge.http_addresses()[0],
        edge,
        folder,
    };
    let stranger = site.get("/studio/x?y").await;
    assert_eq!(stranger.status, 303);
    assert_eq!(
        stranger.header("location"),
        Some("/login?redirect=/studio/x?y")
    );
    let owner = "Cookie: theme=dark; session=owner; lang=ms\r\nX-Forwarded-User: 7\r\n\
         X_Forwarded_User: 7\r\nX-Forwarded-Email: eve@evil.example\r\n";
    let heard = site.ask("GET", "/studio/x?y", owner, "").await;
    assert_eq!(heard.status, 200);
    assert!(
        heard.body.contains("\nx-forwarded-user: 1\n"),
        "{}",
        heard.body
    );
    for forged in ["x_forwarded_user", "x-forwarded-email"] {
        assert!(!heard.body.contains(forged), "{}", heard.body);
    }
    assert!(
        heard.body.contains("\ncookie: theme=dark; lang=ms\n"),
        "{}",
        heard.body
    );
    assert_eq!(
        heard.header("set-cookie"),
        Some("session=owner; max-age=60")
    );
    assert_eq!(site.ask("GET", "/hosts/", owner, "").await.status, 403);
    assert_eq!(site.get("/files/page.html").await.status, 303);
    let page = site.ask("GET", "/files/page.html", owner, "").await;
    assert_eq!(page.body, "<p>A page</p>");
    assert_eq!(page.header("set-cookie"), Some("session=owner; max-age=60"));
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    assert_eq!(site.get("/").await.body, "the app");
    site.edge.stop().await;
}

#[tokio::test]
async fn an_app_without_people_lets_nobody_in() {
    let routes = "[[route]]\nto = \"status:204\"\naccess = { sign_in = \"owner\" }\n";
    let site = Site::open(routes, Options::default());
    assert_eq!(site.get("/").await.status, 403);
    assert!(site.plan(routes).needs_app());
    site.edge.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(routes, folder.path());
    let edge = Edge::start::<Router>(plan, Options::default(), None).unwrap();
    let site = Site {
        address: edge.http_addresses()[0],
        edge,
        folder,
    };
    assert_eq!(site.get("/").await.status, 503);
    site.edge.stop().await;
}

#[tokio::test]
async fn what_a_route_withholds_reaches_no_program() {
    let (server, _running) = teller().await;
    let site = Site::open(
        &format!(
            "[[route]]\nto = \"http://{server}\"\nrequest_headers = {{ remove = [\"X-Remote-User\", \"Authorization\"] }}\n\
             [[route]]\npath = \"/open/\"\nto = \"http://{server}\"\n\
             [[route]]\npath = \"/asked/\"\nto = \"http://{server}\"\nrequest_headers = {{ remove = [\"X-Role\"] }}\n\
             access = {{ ask = {{ to = \"http://{server}\", path = \"/\" }} }}\n\
             [[route]]\npath = \"/kept/\"\nto = \"http://{server}\"\nrequest_headers = {{ remove = [\"X-Role\"] }}\n\
             shared_cache = {{ lifetime = \"1h\" }}\n"
        ),
        Options::default(),
    );
    let claims = "X-Remote-User: admin\r\nx_remote_user: admin\r\nX-Remote-User: root\r\n\
         Authorization: Basic YTpi\r\nX-Remote-User-Agent: it\r\nX-Role: owner\r\nX-Kept: yes\r\n";
    for (method, target, body, gone) in [
        ("GET", "/x", "", "remote"),
        ("POST", "/x", "a body", "remote"),
        ("GET", "/asked/", "", "role"),
        ("GET", "/kept/", "", "role"),
        ("GET", "/open/", "", ""),
    ] {
        let heard = site.ask(method, target, claims, body).await;
        assert_eq!(heard.status, 200, "{target}");
        let told = &heard.body;
        assert!(told.contains("\nx-kept: yes\n"), "{target}: {told}");
        assert!(
            told.contains("\nx-remote-user-agent: it\n"),
            "{target}: {told}"
        );
        for (line, withheld_as) in [
            ("\nx-remote-user: admin\n", "remote"),
            ("\nx-remote-user: root\n", "remote"),
            ("\nx_remote_user: admin\n", "remote"),
            ("\nauthorization: ", "remote"),
            ("\nx-role: owner\n", "role"),
        ] {
            assert_eq!(told.contains(line), gone != withheld_as, "{target}: {told}");
        }
    }
    site.edge.stop().await;
}
