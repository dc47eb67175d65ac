//! Tests of the older personal site's post routes, called by its front end.

use jiff::SignedDuration;
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};

use posts::editor_role::EDITOR;

use crate::stage::{Person, Stage, on_both, post, with_backend, write};

const API: &str = "/api/v1/posts";

const POSTS: &str = "/backend/public/blog/posts";

async fn make(farah: &mut Person, body: Value) -> Value {
    post(&mut farah.program, API, body).await.with(201).json()
}

#[test]
fn nothing_answers_unless_it_is_switched_on() {
    on_both(&async |stage: &Stage<'_>| {
        let mut anybody = stage.visitor();
        for path in [POSTS, "/backend/public/blog/tags", "/backend/public/feed"] {
            anybody.get(path).await.expect(404);
        }
    });
}

#[test]
fn what_is_published_is_read_in_the_older_shape() {
    on_both(&async |stage: &Stage<'_>| {
        let stage = with_backend(stage, false);
        let mut farah = stage.person_as("Farah Ali", EDITOR).await;
        let mut anybody = stage.visitor();
        make(
            &mut farah,
            json!({"title": "A draft", "body": "rain", "tags": ["weather"]}),
        )
        .await;
        for (title, tags) in [
            ("Rain", json!(["weather"])),
            ("Sun", json!(["weather", "good"])),
        ] {
            let body = json!({
                "title": title, "body": "It *rained*.", "tags": tags, "state": "published",
            });
            make(&mut farah, body).await;
            stage.world.clock.advance(SignedDuration::from_secs(60));
        }
        make(
            &mut farah,
            json!({"kind": "note", "body": "rained too", "state": "published"}),
        )
        .await;

        let all = anybody.get(&format!("{POSTS}?status=draft")).await;
        all.expect(200);
        let all = all.json();
        let titles = |page: &Value| -> Vec<String> {
            let posts = page["posts"].as_array().unwrap().iter();
            posts
                .map(|post| post["title"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(
            titles(&all),
            ["Sun", "Rain"],
            "no draft, whatever is asked for"
        );
        assert_eq!(
            (&all["total"], &all["page"], &all["total_pages"]),
            (&json!(2), &json!(1), &json!(1))
        );
        let post = &all["posts"][0];
        for member in [
            "id",
            "slug",
            "title",
            "excerpt",
            "content",
            "content_html",
            "status",
            "tags",
            "published_at",
            "created_at",
            "updated_at",
            "meta_description",
        ] {
            assert!(!post[member].is_null(), "{member} of {post}");
        }
        assert_eq!(post["status"], "published");
        assert!(
            post["content_html"]
                .as_str()
                .unwrap()
                .contains("<em>rained</em>")
        );
        assert_eq!(post["featured_image_url"], Value::Null);

        let second = anybody.get(&format!("{POSTS}?page=2&limit=1")).await.json();
        assert_eq!(
            (titles(&second), &second["total_pages"]),
            (vec!["Rain".to_owned()], &json!(2))
        );
        let good = anybody.get(&format!("{POSTS}?tag=good")).await.json();
        assert_eq!(titles(&good), ["Sun"]);
        let one = anybody.get(&format!("{POSTS}/sun")).await;
        one.expect(200);
        assert_eq!(&one.json(), post);
        let missing = anybody.get(&format!("{POSTS}/a-draft")).await;
        missing.expect(404);
        assert_eq!(missing.json()["error"], missing.json()["detail"]);

        let tags = anybody
            .get("/backend/public/blog/tags?status=draft")
            .await
            .json();
        let expected = json!([{"tag": "weather", "count": 2}, {"tag": "good", "count": 1}]);
        assert_eq!(tags["tags"], expected);
        let found = anybody
            .get("/backend/public/blog/search?q=rained&limit=1")
            .await;
        found.expect(200);
        assert_eq!(
            (&found.json()["total"], titles(&found.json()).len()),
            (&json!(2), 1)
        );
        anybody
            .get("/backend/public/blog/search?q=x")
            .await
            .expect(400);

        for (path, kind) in [
            ("", "application/rss+xml; charset=utf-8"),
            ("/rss", "application/rss+xml; charset=utf-8"),
            ("/atom", "application/atom+xml; charset=utf-8"),
            ("/json", "application/feed+json"),
        ] {
            let feed = anybody.get(&format!("/backend/public/feed{path}")).await;
            feed.expect(200);
            assert_eq!(feed.header("content-type"), kind);
        }

        let pictured = |tx: &mut Tx<'_>| {
            let picture = sql!(
                "UPDATE post SET image = 'a.jpg', image_alt = 'A <b>gate</b>' WHERE slug = 'sun'"
            );
            tx.run(picture, &[], Rows::Any).map(drop)
        };
        write(stage.world, pictured).await;
        let one = anybody.get(&format!("{POSTS}/sun")).await.json();
        let url = "http://127.0.0.1:8080/blog/images/a.jpg";
        assert_eq!(one["featured_image_url"], url);
        assert_eq!(one["featured_image_alt"], "A <b>gate</b>");

        let at = format!("{API}/{}", post["id"].as_str().unwrap());
        let kept = farah.call("GET", &at, &Value::Null).await.json();
        let withdrawn = json!({"state": "withdrawn", "version": kept["version"]});
        farah.call("PATCH", &at, &withdrawn).await.expect(200);
        anybody.get(&format!("{POSTS}/sun")).await.expect(410);
    });
}
