//! Tests purging stored responses before they expire.

use super::*;

#[tokio::test]
async fn everything_is_purged_by_a_star_and_nothing_by_what_is_no_path() {
    let site = Site::open(ROUTE);
    for path in ["/a", "/b"] {
        site.script.says(path, minute("{n}"));
        assert_eq!(site.get(path).await.body, "1");
    }
    assert_eq!(site.edge.purge("a"), 0);
    assert_eq!(site.get("/a").await.body, "1");
    assert_eq!(site.edge.purge("*"), 2);
    assert_eq!(site.edge.purge("*"), 0);
    assert_eq!(site.get("/b").await.body, "2");
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
async fn an_answer_on_a_route_without_a_cache_purges_too() {
    let site = Site::open(
        "[[route]]\nto = \"app\"\nshared_cache = {}\n[[route]]\npath = \"/admin\"\nto = \"app\"\n",
    );
    site.script.says("/a", minute("a {n}"));
    site.script
        .says("/admin", Said::of(&[("x-kenduri-purge", "/a")], "saved"));
    assert_eq!(site.get("/a").await.body, "a 1");
    assert_eq!(site.get("/admin").await.header("x-kenduri-purge"), None);
    assert_eq!(site.get("/a").await.body, "a 2");
}

#[tokio::test]
async fn what_is_purged_while_it_comes_is_not_kept() {
    let site = Site::open(ROUTE);
    site.script.says("/a", minute("a {n}"));
    let gate = site.script.close("/a");
    let first = tokio::spawn(ask(site.address, "GET", "/a", &[]));
    until(|| site.script.asked("/a") == 1).await;
    site.edge.purge("/a");
    // A request after the purge must not get a response that was requested before the purge.
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
    // The headers name another page on this host, and a page on another host.
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
    // A failed change invalidates no stored response.
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
    site.edge.apply(again).unwrap();
    assert_eq!(
        ask(site.edge.http_addresses()[0], "GET", "/a", &[])
            .await
            .body,
        "a 1"
    );
    // The stored response is for the old target of the route.
    let elsewhere = "[[route]]\nto = \"http://127.0.0.1:9\"\nshared_cache = {}\n";
    site.edge
        .apply(plan(elsewhere, site.folder.path()))
        .unwrap();
    assert_eq!(
        ask(site.edge.http_addresses()[0], "GET", "/a", &[])
            .await
            .status,
        502
    );
    site.edge.apply(plan(ROUTE, site.folder.path())).unwrap();
    assert_eq!(
        ask(site.edge.http_addresses()[0], "GET", "/a", &[])
            .await
            .body,
        "a 1"
    );
}
