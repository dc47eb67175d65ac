//! Tests of what only the app can do: it tells which cookies count, and that something has changed.

use super::*;

const SHARED: &str = "public, max-age=0, s-maxage=60, stale-while-revalidate=30";

#[tokio::test]
async fn a_visitor_with_a_cookie_of_the_app_gets_and_leaves_nothing() {
    let site = Site::open(ROUTE);
    site.script
        .says("/", Said::of(&[("cache-control", SHARED)], "page {n}"));
    let own = [("Cookie", "own=1")];
    assert_eq!(site.ask("GET", "/", &own).await.body, "page 1");
    assert_eq!(site.get("/").await.body, "page 2");
    let other = site.ask("GET", "/", &[("Cookie", "other=1")]).await;
    assert!(other.is_hit(), "{}", other.head);
    assert_eq!(other.body, "page 2");
    let personal = site.ask("GET", "/", &own).await;
    assert_eq!(personal.body, "page 3");
    assert!(personal.cache().contains("fwd=bypass"), "{}", personal.head);
    assert_eq!(site.get("/").await.body, "page 2");
}

#[tokio::test]
async fn what_the_app_has_changed_is_not_shown_as_it_was() {
    let site = Site::open(ROUTE);
    let said = [("cache-control", SHARED), ("etag", "\"1\"")];
    site.script.says("/", Said::of(&said, "page {n}"));
    assert_eq!(site.get("/").await.body, "page 1");
    assert!(site.get("/").await.is_hit());
    site.script.changes.fetch_add(1, Ordering::SeqCst);
    // The change was elsewhere, so the app confirms the page.
    let confirmed = site.get("/").await;
    assert_eq!(
        (confirmed.body.as_str(), site.script.asked("/")),
        ("page 1", 2)
    );
    assert!(site.get("/").await.is_hit());
    site.script.changes.fetch_add(1, Ordering::SeqCst);
    site.script.says("/", Said::of(&[], "gone").status(404));
    assert_eq!(site.get("/").await.status, 404);
}

#[tokio::test]
async fn a_change_during_a_fetch_is_seen_by_who_comes_after_it() {
    let site = Site::open(ROUTE);
    site.script
        .says("/", Said::of(&[("cache-control", SHARED)], "page {n}"));
    let gate = site.script.close("/");
    let address = site.address;
    let before = tokio::spawn(async move { ask(address, "GET", "/", &[]).await });
    until(|| site.script.asked("/") == 1).await;
    site.script.changes.fetch_add(1, Ordering::SeqCst);
    gate.add_permits(1_000);
    assert_eq!(site.get("/").await.body, "page 2");
    assert_eq!(before.await.unwrap().body, "page 1");
}

#[tokio::test]
async fn an_old_page_stands_in_for_an_error_only_if_nothing_has_changed() {
    let site = Site::open("[[route]]\nto = \"app\"\nshared_cache = { stale_if_error = \"1h\" }\n");
    let said = "s-maxage=60, stale-if-error=3600";
    site.script
        .says("/", Said::of(&[("cache-control", said)], "page {n}"));
    site.get("/").await;
    site.script.says("/", Said::of(&[], "busy").status(503));
    site.later(61);
    assert_eq!(site.get("/").await.body, "page 1");
    site.script.changes.fetch_add(1, Ordering::SeqCst);
    assert_eq!(site.get("/").await.status, 503);
}

/// The id of a request would be wrong in the responses of other caches.
#[tokio::test]
async fn a_page_for_shared_caches_names_no_request() {
    let site = Site::open(ROUTE);
    site.script
        .says("/", Said::of(&[("cache-control", SHARED)], "page"));
    site.script.says("/own", minute("page"));
    for _ in 0..2 {
        assert_eq!(site.get("/").await.header("x-request-id"), None);
    }
    assert!(site.get("/own").await.header("x-request-id").is_some());
}

#[tokio::test]
async fn a_page_behind_an_access_rule_is_for_no_cache() {
    let site = Site::open("[[route]]\nto = \"app\"\naccess = { allow = [\"127.0.0.1\"] }\n");
    site.script
        .says("/", Said::of(&[("cache-control", SHARED)], "page"));
    let page = site.get("/").await;
    assert_eq!(page.header("cache-control"), Some("no-store, private"));
}

#[tokio::test]
async fn a_page_that_is_seen_during_maintenance_is_for_no_cache() {
    let site = Site::open("[[route]]\nto = \"app\"\n");
    site.script
        .says("/", Said::of(&[("cache-control", SHARED)], "page"));
    let page = site.ask("GET", "/", &[("Cookie", "kenduri-pass=1")]).await;
    assert_eq!(page.header("cache-control"), Some("no-store, private"));
    let page = site.get("/").await;
    assert_eq!(page.header("cache-control"), Some(SHARED));
}
