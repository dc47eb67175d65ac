//! Editors' operations on posts, and the view of readers.

use identity::grant::{ADMIN, Role};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::stage::{API, Publishing, Stage, at, editor, errors, on_both, titles};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A role that another domain declares.
const MODERATOR: Role = Role::new("moderator", "");

#[test]
fn the_log_does_not_keep_the_texts() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let draft = json!({"title": "Rain", "body": "first-words", "excerpt": "first-lead"});
        let post = farah.make(draft).await;
        let change = json!({"body": "other-words", "excerpt": "other-lead"});
        farah.set(&post, change).await.expect(200);
        let form = farah
            .browser
            .get(&at(&post).replace(API, "/me/posts"))
            .await;
        assert!(form.body.contains("other-words"), "{}", form.body);
        farah
            .call("DELETE", &at(&post), &json!({}))
            .await
            .expect(204);
        for words in ["first-words", "first-lead", "other-words", "other-lead"] {
            let found = stage.world.places_of(words);
            assert!(!found.contains(&"audit".to_owned()), "{words}: {found:?}");
        }
    });
}

#[test]
fn an_article_is_written_published_and_withdrawn() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let mut nobody = stage.visitor();
        let draft = json!({"title": "Rain & Sun", "tags": ["weather", "Kota Baru", "weather"]});
        let post = farah.make(draft).await;
        assert_eq!(post["slug"], "rain-sun");
        assert_eq!(post["state"], "draft");
        assert_eq!(post["tags"], json!(["weather", "Kota Baru"]));
        nobody.get("/blog/rain-sun").await.expect(404);
        assert_eq!(titles(&nobody.get("/api/v1/blog").await), [""; 0]);

        // A post without text cannot be published.
        let refused = farah.set(&post, json!({"state": "published"})).await;
        assert_eq!(
            errors(&refused),
            [("/body".to_owned(), "required".to_owned())]
        );
        let body = "It *rained*. <script>alert(1)</script>";
        let change = json!({"state": "published", "body": body});
        let published = farah.set(&post, change).await;
        published.expect(200);
        let now = stage.world.clock.now().to_string();
        assert_eq!(published.json()["published_at"], json!(now));
        let page = nobody.get("/blog/rain-sun").await;
        page.expect(200);
        assert!(page.body.contains("<em>rained</em>"));
        assert!(!page.body.contains("<script>alert"));
        assert_eq!(titles(&nobody.get("/api/v1/blog").await), ["Rain & Sun"]);
        let read = nobody.get("/api/v1/blog/rain-sun").await.json();
        assert_eq!(read["url"], "http://127.0.0.1:8080/blog/rain-sun");
        assert!(read["html"].as_str().unwrap().contains("<em>rained</em>"));
        for tag in ["weather", "Kota%20Baru"] {
            let tagged = nobody.get(&format!("/blog/tag/{tag}")).await;
            tagged.link("Rain & Sun");
            let path = format!("/api/v1/blog?tag={tag}");
            assert_eq!(titles(&nobody.get(&path).await), ["Rain & Sun"]);
        }
        nobody.get("/blog/tag/sun").await.expect(404);
        let tags = json!({"tags": ["sun"]});
        farah.set(&post, tags).await.expect(200);
        nobody.get("/blog/tag/weather").await.expect(404);
        nobody.get("/blog/tag/sun").await.expect(200);

        let refused = farah.set(&post, json!({"state": "draft"})).await;
        refused.expect(409);
        assert_eq!(refused.json()["code"], "post_published");
        farah
            .call("DELETE", &at(&post), &json!({}))
            .await
            .expect(409);
        let later = json!({"published_at": "2099-01-01T00:00:00Z"});
        let refused = farah.set(&post, later).await;
        let expected = [("/published_at".to_owned(), "not_allowed".to_owned())];
        assert_eq!(errors(&refused), expected);

        let withdrawn = json!({"state": "withdrawn"});
        farah.set(&post, withdrawn).await.expect(200);
        nobody.get("/blog/rain-sun").await.expect(410);
        let gone = nobody.get("/api/v1/blog/rain-sun").await;
        gone.expect(410);
        assert_eq!(gone.json()["code"], "gone");
        assert_eq!(titles(&nobody.get("/api/v1/blog").await), [""; 0]);
        stage.world.clock.advance(HOUR);
        let again = farah.set(&post, json!({"state": "published"})).await;
        again.expect(200);
        assert_eq!(again.json()["first_published_at"], json!(now));
        assert_eq!(again.json()["published_at"], json!(now));
        nobody.get("/blog/rain-sun").await.expect(200);
    });
}

#[test]
fn a_scheduled_post_appears_when_its_time_has_come() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let mut nobody = stage.visitor();
        let soon = stage.world.clock.now() + HOUR;
        let without_time = json!({"title": "Later", "body": "x", "state": "scheduled"});
        let refused = farah.call("POST", API, &without_time).await;
        let expected = [("/published_at".to_owned(), "required".to_owned())];
        assert_eq!(errors(&refused), expected);
        // The request asks for the state `published`, but with a future publication time.
        let sent = json!({"title": "Later", "body": "x", "state": "published",
            "published_at": soon.to_string()});
        let post = farah.make(sent).await;
        assert_eq!(post["state"], "scheduled");
        let secret = farah
            .make(json!({"title": "Never", "body": "x", "state": "scheduled",
                "published_at": soon.to_string()}))
            .await;
        nobody.get("/blog/later").await.expect(404);
        farah
            .set(&secret, json!({"state": "draft"}))
            .await
            .expect(200);
        let withdrawn = json!({"state": "withdrawn"});
        let refused = farah.set(&secret, withdrawn).await;
        let expected = [("/state".to_owned(), "not_allowed".to_owned())];
        assert_eq!(errors(&refused), expected);
        let gone = farah.call("DELETE", &at(&secret), &json!({})).await;
        gone.expect(204);

        let to_come = SignedDuration::from_millis(1);
        stage.world.clock.set(soon - to_come);
        nobody.get("/blog/later").await.expect(404);
        stage.world.clock.set(soon);
        nobody.get("/blog/later").await.expect(200);
        let shown = farah.program.get(&at(&post)).await.json();
        assert_eq!(shown["state"], "published");
        assert_eq!(shown["first_published_at"], json!(soon.to_string()));
        let refused = farah.set(&post, json!({"state": "draft"})).await;
        refused.expect(409);
        // A request with the post's previous state does not change the post.
        let scheduled = farah.set(&post, json!({"state": "scheduled"})).await;
        assert_eq!(scheduled.json()["state"], "published");
    });
}

#[test]
fn a_slug_is_made_of_the_title_and_is_nobody_else_s() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let mut slugs = Vec::new();
        for title in ["One", "One", "One", &"x".repeat(60), &"x".repeat(60)] {
            let made = farah.make(json!({"title": title})).await;
            slugs.push(made["slug"].as_str().unwrap().to_owned());
        }
        let (long, second) = ("x".repeat(50), format!("{}-2", "x".repeat(48)));
        assert_eq!(slugs, ["one", "one-2", "one-3", &long, &second]);
        let chosen = json!({"title": "Two", "slug": "one"});
        let refused = farah.call("POST", API, &chosen).await;
        refused.expect(409);
        assert_eq!(refused.json()["code"], "slug_taken");
        let two = farah.make(json!({"title": "Two"})).await;
        let refused = farah.set(&two, json!({"slug": "one"})).await;
        refused.expect(409);
        assert_eq!(refused.json()["code"], "slug_taken");
        for slug in ["x", "No!", "a--b"] {
            let refused = farah.set(&two, json!({"slug": slug})).await;
            let expected = [("/slug".to_owned(), "slug_invalid".to_owned())];
            assert_eq!(errors(&refused), expected, "{slug}");
        }
        let other_script = farah.make(json!({"title": "我们的日子"})).await;
        let slug = other_script["slug"].as_str().unwrap();
        assert!(slug.starts_with("post-"), "{slug}");
    });
}

#[test]
fn notes_are_short_and_have_no_title() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let mut nobody = stage.visitor();
        let wrong = json!({"kind": "note", "title": "x", "slug": "xy", "excerpt": "x",
            "body": "x".repeat(1001)});
        let refused = farah.call("POST", API, &wrong).await;
        let found = errors(&refused);
        for (pointer, code) in [
            ("/title", "not_allowed"),
            ("/slug", "not_allowed"),
            ("/excerpt", "not_allowed"),
            ("/body", "too_long"),
        ] {
            let one = (pointer.to_owned(), code.to_owned());
            assert!(found.contains(&one), "{one:?} in {found:?}");
        }
        let mut made = Vec::new();
        for body in ["First *note*", "Second"] {
            let note = json!({"kind": "note", "body": body, "state": "published"});
            made.push(farah.make(note).await);
            stage.world.clock.advance(HOUR);
        }
        let path = format!("/notes/{}", made[0]["id"].as_str().unwrap());
        let page = nobody.get(&path).await;
        page.expect(200);
        assert!(page.body.contains("First <em>note</em>"));
        let page = nobody.get("/notes").await;
        let second = page.body.find("Second").unwrap();
        assert!(second < page.body.find("First").unwrap());
        let listed = nobody.get("/api/v1/blog?kind=note").await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        assert_eq!(titles(&nobody.get("/api/v1/blog").await), [""; 0]);
        let path = format!("/api/v1/blog/{}", made[1]["id"].as_str().unwrap());
        nobody.get(&path).await.expect(200);
        nobody.get("/notes/x").await.expect(404);
        nobody.get("/api/v1/blog?kind=x").await.expect(422);
        let change = json!({"kind": "article"});
        farah.set(&made[0], change).await.expect(422);
    });
}

#[test]
fn only_editors_and_administrators_write() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let post = farah.publish("Mine", "x").await;
        let mut admin = stage.person_as("An Admin", ADMIN).await;
        admin.program.get(API).await.expect(200);
        stage.visitor().get(API).await.expect(401);
        for (name, role) in [("Somebody", None), ("A Moderator", Some(MODERATOR))] {
            let mut other = stage.person_as(name, role).await;
            let new = json!({"title": "x"});
            for (method, path, body) in [
                ("GET", API.to_owned(), json!({})),
                ("POST", API.to_owned(), new),
                ("GET", at(&post), json!({})),
                ("PATCH", at(&post), json!({"version": 1, "title": "y"})),
                ("DELETE", at(&post), json!({})),
            ] {
                let refused = other.call(method, &path, &body).await;
                refused.expect(403);
                assert_eq!(refused.json()["code"], "forbidden", "{method} {path}");
            }
            for path in ["/me/posts", "/me/posts/new"] {
                other.browser.get(path).await.expect(403);
            }
            let blog = other.browser.get("/blog").await;
            assert!(blog.links().iter().all(|link| link.href != "/me/posts"));
        }
        farah.browser.get("/blog").await.link("Write and change");
    });
}

#[test]
fn a_list_goes_on_where_it_ended() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let mut nobody = stage.visitor();
        for number in 1..=5 {
            farah.publish(&format!("Number {number}"), "x").await;
            // Each pair of posts has the same publication time. Posts with equal times are ordered
            // by their ids.
            if number % 2 == 0 {
                stage.world.clock.advance(HOUR);
            }
        }
        for list in ["/api/v1/blog", API] {
            let mut seen = Vec::new();
            let mut path = format!("{list}?limit=2");
            loop {
                let page = match list {
                    API => farah.program.get(&path).await,
                    _ => nobody.get(&path).await,
                };
                seen.extend(titles(&page));
                match page.json()["next_cursor"].clone() {
                    Value::String(cursor) => path = format!("{list}?limit=2&cursor={cursor}"),
                    _ => break,
                }
            }
            seen.sort();
            assert_eq!(
                seen,
                [1, 2, 3, 4, 5].map(|n| format!("Number {n}")),
                "{list}"
            );
        }
        nobody.get("/api/v1/blog?cursor=x").await.expect(400);
        let page = nobody.get("/blog?limit=2").await;
        let next = page.link("Older");
        nobody.get(&next.href).await.expect(200);
    });
}

#[test]
fn an_article_that_is_sent_twice_is_one() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        farah.program.header("idempotency-key", "one-press");
        let one = farah.make(json!({"title": "Once"})).await;
        let other = farah.make(json!({"title": "Once"})).await;
        assert_eq!(one, other);
    });
}
