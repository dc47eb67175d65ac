//! Tests access rules by IP address and by password.

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use edge::Problem;

use super::*;

/// A cheap hash, for fast tests.
fn hash(password: &str) -> String {
    let params = Params::new(64, 1, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2
        .hash_password_with_salt(password.as_bytes(), b"0123456789abcdef")
        .unwrap();
    hash.to_string()
}

/// A password file with a single user, Aisyah.
fn people() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("aisyah:{}\n", hash("bunga raya"))).unwrap();
    file
}

fn shown(name: &str, password: &str) -> String {
    let token = BASE64_STANDARD.encode(format!("{name}:{password}"));
    format!("Authorization: Basic {token}\r\n")
}

fn flaws(routes: &str) -> Vec<Problem> {
    let folder = tempfile::tempdir().unwrap();
    let ground = PlanContext {
        folder: folder.path(),
        data: folder.path(),
        services: &[],
    };
    Plan::check(&toml::from_str(routes).unwrap(), &ground).unwrap_err()
}

/// Starts a server that responds with the request head.
pub(crate) async fn teller() -> (SocketAddr, DropGuard) {
    answering(any(|request: Request| async move {
        let mut told = format!("{} {}\n", request.method(), request.uri());
        for (name, value) in request.headers() {
            told.push_str(name.as_str());
            told.push_str(": ");
            told.push_str(value.to_str().unwrap());
            told.push('\n');
        }
        told
    }))
    .await
}

/// Starts a server that runs until the guard is dropped.
pub(crate) async fn answering(answers: axum::routing::MethodRouter) -> (SocketAddr, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let stopped = stop.clone();
    let router = Router::new().fallback_service(answers);
    tokio::spawn(async move {
        tokio::select! {
            _ = axum::serve(listener, router) => {}
            () = stopped.cancelled() => {}
        }
    });
    (address, stop.drop_guard())
}

#[tokio::test]
async fn a_server_hears_that_trailers_are_a_matter_of_one_hop() {
    let (server, _running) = teller().await;
    let route = format!("[[route]]\nto = \"http://{server}\"\n");
    let site = Site::open(&route, Options::default());
    for (said, is_told) in [
        ("TE: trailers\r\n", true),
        ("TE: trailers, deflate\r\n", true),
        ("TE: deflate\r\n", false),
        ("", false),
    ] {
        for (method, body) in [("GET", ""), ("POST", "12345")] {
            let heard = site.ask(method, "/x", said, body).await;
            let has = |line: &str| heard.body.lines().any(|told| told == line);
            assert_eq!(has("te: trailers"), is_told, "{said} {}", heard.body);
            assert_eq!(has("connection: te"), is_told, "{said} {}", heard.body);
        }
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn a_name_and_its_password_open_and_go_no_further() {
    let (server, _running) = teller().await;
    let people = people();
    let site = Site::open(
        &format!(
            "[[route]]\npath = \"/api/\"\nto = \"http://{server}\"\n\
             access = {{ basic = {{ file = {:?}, realm = \"The studio\" }} }}\n\
             [[route]]\npath = \"/files/\"\nstrip = \"/files\"\nto = \"files:files\"\n\
             access = {{ basic = {{ file = {:?} }} }}\n\
             [[route]]\npath = \"/long\"\nto = \"app\"\naccess = {{ basic = {{ file = {:?} }} }}\n\
             [[route]]\nto = \"app\"\n",
            people.path(),
            people.path(),
            people.path(),
        ),
        Options::default(),
    );
    for headers in [
        String::new(),
        shown("aisyah", "bunga"),
        shown("aisyah", ""),
        shown("Aisyah", "bunga raya"),
        shown("daniel", "bunga raya"),
        format!(
            "{}{}",
            shown("aisyah", "bunga raya"),
            shown("aisyah", "bunga raya")
        ),
        "Authorization: Bearer bunga raya\r\n".to_owned(),
        "Authorization: Basic ====\r\n".to_owned(),
        "Authorization: Basic\r\n".to_owned(),
    ] {
        let heard = site.ask("GET", "/api/x", &headers, "").await;
        assert_eq!(heard.status, 401, "{headers}");
        assert_eq!(
            heard.header("www-authenticate"),
            Some("basic realm=\"the studio\", charset=\"utf-8\"")
        );
        assert_eq!(heard.header("cache-control"), Some("no-store"));
        assert!(heard.body.contains("<h1>Unauthorized</h1>"), "{heard:?}");
    }
    let right = shown("aisyah", "bunga raya");
    for _ in 0..3 {
        let heard = site.ask("POST", "/api/x?y", &right, "12345").await;
        assert_eq!(heard.status, 200);
        assert!(heard.body.starts_with("POST /api/x?y\n"), "{}", heard.body);
        assert!(!heard.body.contains("authorization"), "{}", heard.body);
    }
    let hidden = format!("{right}Connection: authorization\r\n");
    assert_eq!(site.ask("GET", "/api/", &hidden, "").await.status, 200);
    assert_eq!(site.get("/files/page.html").await.status, 401);
    let page = site.ask("GET", "/files/page.html", &right, "").await;
    assert_eq!(page.body, "<p>A page</p>");
    // Shared caches must not serve this page to clients without the password.
    assert_eq!(page.header("cache-control"), Some("private, no-cache"));
    assert_eq!(site.get("/").await.status, 200, "other routes are open");
    // A response to a request with credentials is personal. It is not compressed, because
    // compression can reveal secrets (BREACH).
    let gzip = format!("{right}Accept-Encoding: gzip\r\n");
    let long = site.ask("GET", "/long", &gzip, "").await;
    assert_eq!((long.status, long.header("content-encoding")), (200, None));
    site.edge.stop().await;
}

#[tokio::test]
async fn who_guesses_is_not_listened_to() {
    let people = people();
    let routes = format!(
        "listen.trusted_proxies = [\"127.0.0.1\"]\n\
         [[route]]\nto = \"app\"\naccess = {{ basic = {{ file = {:?} }} }}\n\
         [[route]]\npath = \"/own\"\nto = \"status:204\"\naccess = {{ basic = {{ file = {:?} }} }}\n\
         limit = {{ rate = \"1/h\", on = \"wrong-password\" }}\n",
        people.path(),
        people.path(),
    );
    let site = Site::open(&routes, Options::default());
    let from = |client: &str, headers: &str| format!("X-Forwarded-For: {client}\r\n{headers}");
    let mut looked_at = 0;
    let refused = loop {
        let wrong = shown("aisyah", &format!("guess {looked_at}"));
        let heard = site.ask("GET", "/", &from("192.0.2.1", &wrong), "").await;
        if heard.status != 401 {
            break heard;
        }
        looked_at += 1;
        assert!(looked_at < 1_000, "nobody stops a guesser");
    };
    assert_eq!(refused.status, 429);
    assert!(looked_at >= 10, "people may mistype: {looked_at}");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    let right = shown("aisyah", "bunga raya");
    let other = site.ask("GET", "/", &from("192.0.2.2", &right), "").await;
    assert_eq!(other.status, 200, "others are");
    // A request without credentials is no guess of a password.
    for _ in 0..30 {
        let heard = site.ask("GET", "/", &from("192.0.2.3", ""), "").await;
        assert_eq!(heard.status, 401);
    }
    // A wrong password also counts against the route's own rate limit, which may be stricter than
    // the limit of guesses.
    let ask = |headers: String| {
        let headers = from("192.0.2.4", &headers);
        let site = &site;
        async move { site.ask("GET", "/own", &headers, "").await.status }
    };
    assert_eq!(ask(right.clone()).await, 204);
    assert_eq!(ask(shown("aisyah", "wrong")).await, 401);
    assert_eq!(ask(right.clone()).await, 429);
    site.edge.apply(site.plan(&routes)).unwrap();
    assert_eq!(ask(right).await, 429, "a reload forgets nothing");
    site.edge.stop().await;
}

#[tokio::test]
async fn a_changed_file_counts_from_the_next_reload() {
    let people = people();
    let routes = format!(
        "[[route]]\nto = \"app\"\naccess = {{ basic = {{ file = {:?} }} }}\n",
        people.path(),
    );
    let site = Site::open(&routes, Options::default());
    let ask = |password: &'static str| {
        let site = &site;
        async move {
            let headers = shown("aisyah", password);
            site.ask("GET", "/", &headers, "").await.status
        }
    };
    assert_eq!(ask("bunga raya").await, 200);
    std::fs::write(people.path(), format!("aisyah:{}", hash("kemboja"))).unwrap();
    site.edge.apply(site.plan(&routes)).unwrap();
    assert_eq!(
        ask("bunga raya").await,
        401,
        "what was right is not remembered"
    );
    assert_eq!(ask("kemboja").await, 200);
    site.edge.stop().await;
}

#[tokio::test]
async fn networks_are_let_in_or_not() {
    let (server, _running) = teller().await;
    let route = |path: &str, access: &str| {
        format!("[[route]]\npath = {path:?}\nto = \"http://{server}\"\naccess = {{ {access} }}\n")
    };
    let routes = [
        route("/here", "allow = [\"127.0.0.0/8\"]"),
        route("/elsewhere", "allow = [\"10.0.0.0/8\", \"2001:db8::/32\"]"),
        route("/not-here", "deny = [\"127.0.0.1\"]"),
        route("/both", "allow = [\"127.0.0.0/8\"], deny = [\"127.0.0.1\"]"),
    ]
    .concat();
    let site = Site::open(&routes, Options::default());
    let said = "X-Forwarded-For: 10.0.0.1\r\n";
    for (path, status) in [
        ("/here", 200),
        ("/elsewhere", 403),
        ("/not-here", 403),
        ("/both", 403),
    ] {
        let heard = site.ask("GET", path, said, "").await;
        assert_eq!(heard.status, status, "{path}: nobody is believed");
        assert_eq!(heard.body.contains("<h1>Forbidden</h1>"), status == 403);
    }
    site.edge.stop().await;
    let trusting = format!("listen.trusted_proxies = [\"127.0.0.1\"]\n{routes}");
    let site = Site::open(&trusting, Options::default());
    for (client, path, status) in [
        ("10.1.2.3", "/elsewhere", 200),
        ("2001:db8::7", "/elsewhere", 200),
        ("::ffff:10.1.2.3", "/elsewhere", 200),
        ("10.1.2.3, 192.0.2.1", "/elsewhere", 403),
        ("nonsense", "/elsewhere", 403),
        ("10.1.2.3", "/here", 403),
        ("10.1.2.3", "/not-here", 200),
    ] {
        let said = format!("X-Forwarded-For: {client}\r\n");
        let heard = site.ask("GET", path, &said, "").await;
        assert_eq!(heard.status, status, "{client} {path}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn the_log_says_why_and_holds_no_password() {
    let people = people();
    let lines = super::told::Lines::default();
    let mask: edge::access_log::Mask = Arc::new(|text, _| text.into());
    let started = edge::access_log::Log::start(edge::access_log::Format::Json, mask, lines.clone());
    let (log, writing) = started.unwrap();
    let site = Site::open(
        &format!(
            "[[route]]\nto = \"status:204\"\naccess = {{ basic = {{ file = {:?} }} }}\n\
             [[route]]\npath = \"/far\"\nto = \"status:204\"\naccess = {{ allow = [\"10.0.0.1\"] }}\n",
            people.path()
        ),
        Options {
            log: Some(log),
            ..Options::default()
        },
    );
    let right = shown("aisyah", "bunga raya");
    site.ask("GET", "/", &shown("aisyah", "wrong one"), "")
        .await;
    site.ask("GET", "/", &right, "").await;
    site.ask("GET", "/far", &right, "").await;
    site.edge.stop().await;
    let text = lines.after(writing);
    let token = right.trim().rsplit(' ').next().unwrap().to_owned();
    for secret in [token.as_str(), "bunga", "wrong one", "aisyah"] {
        assert!(!text.contains(secret), "{text}");
    }
    let whys: Vec<(u64, String)> = text
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let why = line["why"].as_str().unwrap_or_default().to_owned();
            (line["status"].as_u64().unwrap(), why)
        })
        .collect();
    let expected = [(401, "access"), (204, ""), (403, "access")];
    assert_eq!(whys, expected.map(|(status, why)| (status, why.to_owned())));
}

#[test]
fn what_cannot_be_kept_is_told_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let clear = file("clear", "aisyah:bunga raya\n");
    let empty = file("empty", "# nobody\n");
    let good = file("good", &format!("aisyah:{}", hash("x")));
    for (access, key) in [
        (String::new(), "route[0].access"),
        (
            "allow = [\"10.0.0.0/33\"]".to_owned(),
            "route[0].access.allow[0]",
        ),
        (
            "deny = [\"a.example\"]".to_owned(),
            "route[0].access.deny[0]",
        ),
        (
            "basic = { file = \"none\" }".to_owned(),
            "route[0].access.basic.file",
        ),
        (
            format!("basic = {{ file = {clear:?} }}"),
            "route[0].access.basic.file",
        ),
        (
            format!("basic = {{ file = {empty:?} }}"),
            "route[0].access.basic.file",
        ),
        (
            format!("basic = {{ file = {good:?}, realm = \"a\\\"b\" }}"),
            "route[0].access.basic.realm",
        ),
        (
            "ask = { to = \"app\", path = \"/x\" }".to_owned(),
            "route[0].access.ask.to",
        ),
        (
            "ask = { to = \"upstream:x\", path = \"/x\" }".to_owned(),
            "route[0].access.ask.to",
        ),
        (
            "ask = { to = \"http://127.0.0.1:1\", path = \"x\" }".to_owned(),
            "route[0].access.ask.path",
        ),
        (
            "ask = { to = \"http://127.0.0.1:1\", path = \"/x\", copy = [\"Host\"] }".to_owned(),
            "route[0].access.ask.copy[0]",
        ),
        (
            "ask = { to = \"http://127.0.0.1:1\", path = \"/x\", copy = [\"X-A\", \"a b\"] }"
                .to_owned(),
            "route[0].access.ask.copy[1]",
        ),
    ] {
        let found = flaws(&format!(
            "[[route]]\nto = \"app\"\naccess = {{ {access} }}\n"
        ));
        let keys: Vec<&str> = found.iter().map(|flaw| flaw.key.as_str()).collect();
        assert_eq!(keys, [key], "{access}: {found:?}");
        assert!(!found[0].to_string().contains("bunga raya"), "{found:?}");
    }
}
