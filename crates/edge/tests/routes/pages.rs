//! Tests the edge's own pages, which replace responses or are a route's target.

use super::*;

const SET: &str = r#"headers = { set = { "Cache-Control" = "public, max-age=2592000", "CDN-Cache-Control" = "max-age=60", "X-Own" = "yes" }, remove = ["Expires"] }"#;

#[tokio::test]
async fn what_stands_in_for_an_answer_is_kept_by_nobody() {
    let (server, _running) = server("one").await;
    let site = Site::open(
        &format!(
            "[[route]]\npath = \"/well\"\nto = \"http://{server}\"\n{SET}\n\
             [[route]]\npath = \"/dead\"\nto = \"http://127.0.0.1:1\"\n{SET}\n\
             [[route]]\npath = \"/files/\"\nto = \"files:files\"\n{SET}\n\
             [[route]]\npath = \"/closed\"\nto = \"http://{server}\"\n{SET}\n\
             access = {{ deny = [\"127.0.0.0/8\"] }}\n\
             [[route]]\npath = \"/asked\"\nto = \"http://{server}\"\n{SET}\n\
             access = {{ ask = {{ to = \"http://127.0.0.1:1\", path = \"/\" }} }}\n\
             [[route]]\npath = \"/few\"\nto = \"status:410\"\n{SET}\n\
             limit = {{ rate = \"1/h\" }}\n\
             [[route]]\npath = \"/bare\"\nto = \"http://127.0.0.1:1\"\n\
             headers = {{ remove = [\"Cache-Control\"] }}\n"
        ),
        Options::default(),
    );
    let control = |heard: &Heard| heard.header("cache-control").map(str::to_owned);
    // A route's headers must also be on pages of the edge itself.
    for (target, status) in [("/well", 200), ("/few", 410)] {
        let heard = site.get(target).await;
        assert_eq!(heard.status, status, "{target}");
        assert_eq!(control(&heard).unwrap(), "public, max-age=2592000");
        assert_eq!(heard.header("cdn-cache-control"), Some("max-age=60"));
    }
    for (target, status) in [
        ("/dead", 502),
        ("/files/missing", 404),
        ("/closed", 403),
        ("/asked", 502),
        ("/few", 429),
    ] {
        let heard = site.get(target).await;
        assert_eq!(heard.status, status, "{target}");
        assert_eq!(control(&heard).as_deref(), Some("no-store"), "{target}");
        assert_eq!(heard.header("cdn-cache-control"), None, "{target}");
        assert_eq!(heard.header("x-own"), Some("yes"), "{target}");
    }
    let heard = site.get("/bare").await;
    assert_eq!(control(&heard).as_deref(), Some("no-store"));
    // The request becomes invalid in its body, after the edge has chosen a route.
    let chunked = "POST /well HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n";
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    stream.write_all(chunked.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    let heard = Heard::of(&String::from_utf8_lossy(&heard));
    assert_eq!(heard.status, 400);
    assert_eq!(control(&heard).as_deref(), Some("no-store"));
    site.edge.stop().await;
}

#[tokio::test]
async fn a_page_about_a_file_has_one_word_for_caches() {
    let site = Site::open("[[route]]\nto = \"files:files\"\n", Options::default());
    let name = "app.3f9a2c1b.js";
    std::fs::write(site.folder.path().join("files").join(name), "x").unwrap();
    for (asks, status) in [
        ("Range: bytes=9-\r\n", 416),
        ("If-Match: \"other\"\r\n", 412),
    ] {
        let heard = site.ask("GET", &format!("/{name}"), asks, "").await;
        assert_eq!(heard.status, status);
        let said: Vec<&str> = heard
            .head
            .lines()
            .filter(|line| line.starts_with("cache-control:"))
            .collect();
        assert_eq!(said, ["cache-control: no-store"]);
        assert_eq!(heard.header("content-range").is_some(), status == 416);
        assert!(!heard.body.contains("Something went wrong"), "{heard:?}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn a_page_is_in_the_language_of_its_reader() {
    let site = Site::open(
        "[[route]]\npath = \"/gone\"\nto = \"status:410\"\n\
         [[route]]\npath = \"/files/\"\nto = \"files:files\"\n",
        Options::default(),
    );
    for (target, languages, tag, title) in [
        ("/gone", "ms-MY, en;q=0.5", "ms", "Sudah tiada"),
        ("/files/missing", "it", "it", "Pagina non trovata"),
        ("/nowhere", "zh-CN", "zh-hans", "找不到页面"),
        ("/a%00", "fr", "en", "Bad Request"),
    ] {
        let asks = format!("Accept-Language: {languages}\r\n");
        let heard = site.ask("GET", target, &asks, "").await;
        assert_eq!(heard.header("content-language"), Some(tag), "{target}");
        assert_eq!(heard.header("vary"), Some("accept, accept-language"));
        let heading = format!("<h1>{title}</h1>");
        assert!(heard.body.contains(&heading), "{heard:?}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn what_is_over_soon_says_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _running) = server("one").await;
    let routes = format!(
        "[[route]]\npath = \"/503\"\nto = \"status:503\"\n\
         [[route]]\npath = \"/429\"\nto = \"status:429\"\n\
         [[route]]\npath = \"/410\"\nto = \"status:410\"\n\
         [[route]]\npath = \"/app\"\nto = \"app\"\n\
         [[route]]\npath = \"/judged\"\nto = \"http://{server}\"\n\
         access = {{ sign_in = \"owner\" }}\n\
         [[route]]\npath = \"/said\"\nto = \"status:503\"\n\
         headers = {{ set = {{ \"Retry-After\" = \"3600\" }} }}\n"
    );
    let plan = plan(&routes, folder.path());
    let edge = Edge::start::<Router>(plan, Options::default(), None).unwrap();
    let site = Site {
        address: edge.http_addresses()[0],
        edge,
        folder,
    };
    for (target, status, seconds) in [
        ("/503", 503, Some("5")),
        ("/429", 429, Some("5")),
        ("/410", 410, None),
        ("/app", 503, Some("5")),
        ("/judged", 503, Some("5")),
        ("/said", 503, Some("3600")),
    ] {
        let heard = site.get(target).await;
        assert_eq!(heard.status, status, "{target}");
        assert_eq!(heard.header("retry-after"), seconds, "{target}");
        let lines = heard.head.matches("retry-after").count();
        assert!(lines <= 1, "{target}: {}", heard.head);
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn what_is_asked_of_the_door_itself_hears_what_may_be_asked() {
    let site = Site::open("", Options::default());
    for (method, target, status) in [("TRACE", "/", 405), ("OPTIONS", "*", 204)] {
        let heard = site.ask(method, target, "", "").await;
        assert_eq!(heard.status, status, "{method}");
        let allowed = heard.header("allow").unwrap_or_default();
        assert!(allowed.contains("get, head"), "{method}: {allowed}");
        assert!(!allowed.contains("trace"), "{method}: {allowed}");
    }
    assert_eq!(site.ask("OPTIONS", "x", "", "").await.status, 400);
    assert_eq!(site.ask("GET", "*", "", "").await.status, 400);
    site.edge.stop().await;
}
