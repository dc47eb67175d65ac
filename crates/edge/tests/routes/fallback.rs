//! Tests a route that serves files and passes all other requests to the app.

use super::*;

const BESIDE: &str = "[[route]]\nto = \"files:files\"\nfallback = \"app\"\n\
                      headers = { set = { \"X-Site\" = \"files\" } }\n";

fn site(routes: &str) -> Site {
    let site = Site::open(routes, Options::default());
    std::fs::create_dir(site.folder.path().join("files/pictures")).unwrap();
    std::fs::create_dir(site.folder.path().join("files/en")).unwrap();
    std::fs::write(site.folder.path().join("files/en/index.html"), "<p>English").unwrap();
    site
}

#[tokio::test]
async fn what_is_no_file_is_the_app_s() {
    let site = site(BESIDE);
    for (path, status, text) in [
        ("/page.html", 200, "<p>A page</p>"),
        ("/en/", 200, "<p>English"),
        ("/en", 308, ""),
    ] {
        let heard = site.get(path).await;
        assert_eq!(
            (heard.status, heard.body.as_str()),
            (status, text),
            "{path}"
        );
        assert_eq!(heard.header("x-site"), Some("files"), "{path}");
    }
    for (path, text) in [("/", "the app"), ("/facts", "127.0.0.1 a.example true")] {
        let heard = site.get(path).await;
        assert_eq!((heard.status, heard.body.as_str()), (200, text), "{path}");
        assert_eq!(heard.header("x-site"), None, "{path}");
    }
    // The app does not have these paths either, and sends its own 404.
    for path in ["/pictures/", "/pictures", "/none.css", "/.env"] {
        let heard = site.get(path).await;
        assert_eq!((heard.status, heard.body.as_str()), (404, ""), "{path}");
        assert_eq!(heard.header("x-site"), None, "{path}");
    }
    let posted = site.ask("POST", "/echo", "", "abc").await;
    assert_eq!((posted.status, posted.body.as_str()), (200, "abc"));
    // These requests reach the app even if a file has this name.
    let posted = site.ask("POST", "/page.html", "", "abc").await;
    assert_eq!((posted.status, posted.header("x-site")), (404, None));
    let options = site.ask("OPTIONS", "/facts", "", "").await;
    assert_eq!(options.status, 200);
    // A `GET` with a body also reaches the app.
    let asked = site.ask("GET", "/facts", "", "abc").await;
    assert_eq!(asked.status, 200);
    let head = site.ask("HEAD", "/facts", "", "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    site.edge.stop().await;
}

#[tokio::test]
async fn other_refusals_are_no_reason_to_ask_the_app() {
    let closed = "[[route]]\npath = \"/closed\"\nto = \"files:files\"\nfallback = \"app\"\n\
                  access = { deny = [\"127.0.0.1\"] }\n";
    let site = site(&format!("{BESIDE}{closed}"));
    let range = "Range: bytes=100000-\r\n";
    let heard = site.ask("GET", "/page.html", range, "").await;
    assert_eq!(heard.status, 416);
    assert_eq!(site.get("/a.txt%").await.status, 400);
    assert_eq!(site.get("/closed/facts").await.status, 403);
    assert_eq!(site.ask("POST", "/closed", "", "x").await.status, 403);
    site.edge.stop().await;
}

#[tokio::test]
async fn the_app_s_addresses_are_those_that_clients_see() {
    let site = site(
        "[[route]]\npath = \"/facts\"\nto = \"files:files\"\nfallback = \"app\"\n\
         strip = \"/facts\"\nadd = \"/none\"\n",
    );
    let heard = site.get("/facts?a=b").await;
    assert_eq!(heard.status, 200);
    site.edge.stop().await;
}
