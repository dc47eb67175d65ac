//! Tests of the feeds, as feed readers read them.

use jiff::SignedDuration;
use serde_json::json;
use testkit::Page;

use crate::stage::{Publishing, Stage, editor, on_default};

const FEEDS: [(&str, &str); 8] = [
    ("/feed", "application/rss+xml; charset=utf-8"),
    ("/feed/rss", "application/rss+xml; charset=utf-8"),
    ("/feed/atom", "application/atom+xml; charset=utf-8"),
    ("/feed/json", "application/feed+json"),
    ("/notes/feed", "application/rss+xml; charset=utf-8"),
    ("/notes/feed/rss", "application/rss+xml; charset=utf-8"),
    ("/notes/feed/atom", "application/atom+xml; charset=utf-8"),
    ("/notes/feed/json", "application/feed+json"),
];

/// The text content of all XML elements with this name. Panics if elements are not closed in order,
/// or if a text contains unescaped characters.
fn texts(page: &Page, name: &str) -> Vec<String> {
    let xml = page
        .body
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    let (mut open, mut found) = (Vec::new(), Vec::new());
    for piece in xml.unwrap().split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("{piece}"));
        assert!(!text.contains('>'), "{piece}");
        for reference in [tag, text].iter().flat_map(|part| part.split('&').skip(1)) {
            let mut known = ["amp;", "lt;", "gt;", "quot;"].iter();
            assert!(known.any(|known| reference.starts_with(known)), "{piece}");
        }
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{}", page.body);
            continue;
        }
        let called = tag.split([' ', '/']).next().unwrap();
        if called == name {
            let plain = [
                ("&lt;", "<"),
                ("&gt;", ">"),
                ("&quot;", "\""),
                ("&amp;", "&"),
            ];
            let plain = plain
                .iter()
                .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
            found.push(plain);
        }
        if !tag.ends_with('/') {
            open.push(called);
        }
    }
    assert_eq!(open, [""; 0]);
    found
}

#[test]
fn an_empty_feed_is_one_too() {
    on_default(&async |stage: &Stage<'_>| {
        editor(stage).await;
        let began = stage.world.clock.now();
        stage.world.clock.advance(SignedDuration::from_hours(1));
        let mut nobody = stage.visitor();
        for (path, kind) in FEEDS {
            let feed = nobody.get(path).await;
            feed.expect(200);
            assert_eq!(feed.header("content-type"), kind, "{path}");
            assert_eq!(
                feed.header("cache-control"),
                "public, max-age=300, s-maxage=60"
            );
        }
        let atom = nobody.get("/feed/atom").await;
        assert_eq!(texts(&atom, "updated"), [began.to_string()]);
        assert_eq!(texts(&atom, "title"), ["Kami & Kenduri"]);
        assert_eq!(texts(&nobody.get("/feed").await, "item"), [""; 0]);
    });
}

#[test]
fn every_format_has_the_same_posts() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let mut nobody = stage.visitor();
        let title = "Tom & <Jerry> \"x\" ]]>";
        let body = "A [link](/blog) & <b>\n\nNew \u{ffff}";
        let post = farah
            .make(json!({"title": title, "body": body, "state": "published", "tags": ["a & b"]}))
            .await;
        farah.make(json!({"title": "A draft", "body": "x"})).await;
        farah
            .make(json!({"kind": "note", "body": "A note", "state": "published"}))
            .await;
        let day = stage.world.clock.now().strftime("%Y-%m-%d");
        let id = format!("tag:127.0.0.1,{day}:post/{}", post["id"].as_str().unwrap());
        let link = "http://127.0.0.1:8080/blog/tom-jerry-x";

        let rss = nobody.get("/feed").await;
        assert_eq!(texts(&rss, "title"), ["Kami & Kenduri", title]);
        assert_eq!(texts(&rss, "guid"), [id.as_str()]);
        assert_eq!(texts(&rss, "link"), ["http://127.0.0.1:8080/blog", link]);
        let html = &texts(&rss, "description")[1];
        assert!(
            html.contains("<a href=\"http://127.0.0.1:8080/blog\">link</a> &amp; &lt;b&gt;"),
            "{html}"
        );
        assert_eq!(texts(&rss, "category"), ["a & b"]);
        assert!(texts(&rss, "pubDate")[0].ends_with("+0000"));

        let atom = nobody.get("/feed/atom").await;
        assert_eq!(texts(&atom, "title"), ["Kami & Kenduri", title]);
        assert_eq!(texts(&atom, "id")[1], id);
        assert_eq!(texts(&atom, "content"), [html.as_str()]);

        let json = nobody.get("/feed/json").await.json();
        assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
        let item = &json["items"][0];
        assert_eq!(json["items"].as_array().unwrap().len(), 1);
        assert_eq!((&item["id"], &item["url"]), (&json!(id), &json!(link)));
        assert_eq!(
            (&item["title"], &item["tags"]),
            (&json!(title), &json!(["a & b"]))
        );

        let notes = nobody.get("/notes/feed/atom").await;
        assert_eq!(texts(&notes, "title")[1], "A note");
        let notes = nobody.get("/notes/feed/rss").await;
        assert_eq!(texts(&notes, "title"), ["Notes – Kami & Kenduri"]);

        // An entry keeps its id when its slug changes.
        farah.set(&post, json!({"slug": "cats"})).await.expect(200);
        let rss = nobody.get("/feed").await;
        assert_eq!(texts(&rss, "guid"), [id.as_str()]);
        assert_eq!(texts(&rss, "link")[1], "http://127.0.0.1:8080/blog/cats");
    });
}

#[test]
fn a_feed_that_is_known_is_not_sent_again() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let post = farah.publish("One", "x").await;
        for path in ["/feed", "/feed/atom", "/feed/json"] {
            let first = stage.visitor().get(path).await;
            let tag = first.header("etag").to_owned();
            assert!(tag.starts_with('"'));
            let mut reader = stage.visitor();
            reader.header("if-none-match", &format!("\"x\", W/{tag}"));
            let known = reader.get(path).await;
            known.expect(304);
            assert_eq!((known.header("etag"), &*known.body), (&*tag, ""));
            // Time passes without a new post, so the feed has not changed.
            stage.world.clock.advance(SignedDuration::from_hours(1));
            reader.get(path).await.expect(304);
            let new = json!({"title": format!("For {path}")});
            farah.set(&post, new).await.expect(200);
            reader.get(path).await.expect(200);
        }
        farah
            .set(&post, json!({"state": "withdrawn"}))
            .await
            .expect(200);
        assert_eq!(texts(&stage.visitor().get("/feed").await, "item"), [""; 0]);
    });
}

#[test]
fn a_feed_has_the_newest_fifty() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        for number in 1..=52 {
            farah.publish(&format!("Number {number}"), "x").await;
            stage.world.clock.advance(SignedDuration::from_mins(1));
        }
        let json = stage.visitor().get("/feed/json").await.json();
        let items = json["items"].as_array().unwrap();
        assert_eq!(items.len(), 50);
        assert_eq!(items[0]["title"], "Number 52");
        assert_eq!(items[49]["title"], "Number 3");
    });
}

#[test]
fn pages_name_the_feeds_of_what_they_show() {
    on_default(&async |stage: &Stage<'_>| {
        let mut editor = editor(stage).await;
        editor
            .make(json!({"title": "One", "body": "x", "tags": ["a"], "state": "published"}))
            .await;
        let note = json!({"kind": "note", "body": "x", "state": "published"});
        let note = editor.make(note).await;
        let note = format!("/notes/{}", note["id"].as_str().unwrap());
        let mut nobody = stage.visitor();
        for (path, prefix) in [
            ("/blog", ""),
            ("/blog/one", ""),
            ("/blog/tag/a", ""),
            ("/notes", "/notes"),
            (note.as_str(), "/notes"),
        ] {
            let page = nobody.get(path).await;
            for (kind, name) in [("rss", "RSS"), ("atom", "Atom"), ("feed", "JSON")] {
                let own = name.to_lowercase();
                let media = if kind == "feed" {
                    "feed+json"
                } else {
                    &format!("{kind}+xml")
                };
                let link = format!(
                    "<link rel=\"alternate\" type=\"application/{media}\" title=\"{name}\" \
                     href=\"{prefix}/feed/{own}\">"
                );
                assert!(page.body.contains(&link), "{path}: {link}");
            }
            assert_eq!(page.body.matches("rel=\"alternate\"").count(), 3, "{path}");
        }
        assert!(
            !nobody
                .get("/search")
                .await
                .body
                .contains("rel=\"alternate\"")
        );
    });
}
