//! What is taken out of the cache before its time.

use super::*;

fn tagged(tags: &str, body: &str) -> Said {
    Said::of(
        &[("cache-control", "max-age=60"), ("cache-tag", tags)],
        body,
    )
}

#[tokio::test]
async fn an_answer_purges_by_tag() {
    let site = Site::open(ROUTE);
    site.script.says("/a", tagged("wedding, a", "a {n}"));
    site.script.says("/b", tagged("wedding b", "b {n}"));
    site.script.says("/c", tagged("c", "c {n}"));
    let purge = Said::of(&[("x-kenduri-purge", "wedding, nothing")], "saved");
    site.script.says("/save", purge);
    for _ in 0..2 {
        for path in ["/a", "/b", "/c"] {
            let heard = site.get(path).await;
            assert!(heard.body.ends_with('1'));
            assert_eq!(heard.header("cache-tag"), None);
        }
    }
    let saved = site.ask("POST", "/save", &[]).await;
    assert_eq!(
        (saved.body.as_str(), saved.header("x-kenduri-purge")),
        ("saved", None)
    );
    assert_eq!(site.get("/a").await.body, "a 2");
    assert_eq!(site.get("/b").await.body, "b 2");
    assert_eq!(site.get("/c").await.body, "c 1");
    assert_eq!(site.edge.purge("c"), 1);
    assert_eq!(site.edge.purge("c"), 0);
    assert_eq!(site.get("/c").await.body, "c 2");
    assert_eq!(site.edge.purge("*"), 3);
    assert_eq!(site.get("/b").await.body, "b 3");
}

#[tokio::test]
async fn answers_are_purged_by_the_beginning_of_their_path() {
    let site = Site::open(ROUTE);
    for path in ["/shop/a", "/shop/b?c", "/shoes", "/about?in=/shop/"] {
        site.script
            .says(path.split('?').next().unwrap(), minute("{n}"));
        assert_eq!(site.get(path).await.body, "1");
    }
    let purge = Said::of(&[("x-kenduri-purge", "/shop/")], "saved");
    site.script.says("/save", purge);
    site.ask("POST", "/save", &[]).await;
    assert_eq!(site.get("/shop/a").await.body, "2");
    assert_eq!(site.get("/shop/b?c").await.body, "2");
    assert_eq!(site.get("/shoes").await.body, "1");
    assert_eq!(site.get("/about?in=/shop/").await.body, "1");
    assert_eq!(site.edge.purge("/sho"), 3);
    assert_eq!(site.get("/about?in=/shop/").await.body, "1");
}

#[tokio::test]
async fn tags_do_not_leave_the_door_with_what_goes_past_the_cache() {
    let site = Site::open(ROUTE);
    site.script.says("/a", tagged("wedding", "a {n}"));
    let personal = [("cache-tag", "b"), ("set-cookie", "session=1")];
    site.script.says("/b", Said::of(&personal, "b {n}"));
    let shown = [("authorization", "Basic YTpi")];
    for (method, path, headers) in [
        ("POST", "/a", &[][..]),
        ("GET", "/a", &shown),
        // That it cannot be kept is known from the second time on.
        ("GET", "/b", &[]),
        ("GET", "/b", &[]),
    ] {
        let heard = site.ask(method, path, headers).await;
        assert_eq!(heard.status, 200);
        assert_eq!(heard.header("cache-tag"), None, "{method} {path}");
    }
}

#[tokio::test]
async fn an_answer_on_a_route_without_a_cache_purges_too() {
    let site = Site::open(
        "[[route]]\nto = \"app\"\nshared_cache = {}\n[[route]]\npath = \"/admin\"\nto = \"app\"\n",
    );
    site.script.says("/a", tagged("t", "a {n}"));
    site.script
        .says("/admin", Said::of(&[("x-kenduri-purge", "t")], "saved"));
    assert_eq!(site.get("/a").await.body, "a 1");
    assert_eq!(site.get("/admin").await.header("x-kenduri-purge"), None);
    assert_eq!(site.get("/a").await.body, "a 2");
}

#[tokio::test]
async fn what_is_purged_while_it_comes_is_not_kept() {
    let site = Site::open(ROUTE);
    site.script.says("/a", tagged("t", "a {n}"));
    let gate = site.script.close("/a");
    let first = tokio::spawn(ask(site.address, "GET", "/a", &[]));
    until(|| site.script.asked("/a") == 1).await;
    site.edge.purge("t");
    // Who comes after the purge is not sent what was asked for before it.
    let second = begin(site.address, "GET", "/a", &[]).await;
    gate.add_permits(10);
    assert_eq!(first.await.unwrap().body, "a 1");
    let mut stream = second;
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    assert_eq!(Heard::of(&heard).body, "a 2");
    assert_eq!(site.get("/a").await.body, "a 2");
}

#[tokio::test]
async fn a_change_makes_what_is_kept_of_its_address_worthless() {
    let site = Site::open(ROUTE);
    for path in ["/a", "/b", "/c"] {
        site.script.says(path, minute("page {n}"));
        assert_eq!(site.get(path).await.body, "page 1");
    }
    // Its answer names another address of ours, and one of somebody else's.
    let done = Said::of(
        &[
            ("location", "/b"),
            ("content-location", "http://z.example/c"),
        ],
        "",
    );
    site.script.says("/a", done.status(303));
    let done = site.ask("POST", "/a", &[]).await;
    assert_eq!((done.status, done.cache()), (303, "kenduri; fwd=method"));
    site.script.says("/a", minute("page {n}"));
    assert_eq!(site.get("/a").await.body, "page 3");
    assert_eq!(site.get("/b").await.body, "page 2");
    assert_eq!(site.get("/c").await.body, "page 1");
    // One that fails changes nothing.
    site.script.says("/a", minute("no").status(403));
    site.ask("DELETE", "/a", &[]).await;
    assert_eq!(site.get("/a").await.body, "page 3");
}

#[tokio::test]
async fn a_reload_keeps_what_comes_from_the_same_place() {
    let site = Site::open(ROUTE);
    site.script.says("/a", minute("a {n}"));
    assert_eq!(site.get("/a").await.body, "a 1");
    let again = plan(
        &format!("[cache]\nmemory = \"32M\"\n{ROUTE}"),
        site.folder.path(),
    );
    site.edge.reload(again).unwrap();
    assert_eq!(
        ask(site.edge.http_addresses()[0], "GET", "/a", &[])
            .await
            .body,
        "a 1"
    );
    // Elsewhere it is another answer.
    let elsewhere = "[[route]]\nto = \"http://127.0.0.1:9\"\nshared_cache = {}\n";
    site.edge
        .reload(plan(elsewhere, site.folder.path()))
        .unwrap();
    assert_eq!(
        ask(site.edge.http_addresses()[0], "GET", "/a", &[])
            .await
            .status,
        502
    );
    site.edge.reload(plan(ROUTE, site.folder.path())).unwrap();
    assert_eq!(
        ask(site.edge.http_addresses()[0], "GET", "/a", &[])
            .await
            .body,
        "a 1"
    );
}
