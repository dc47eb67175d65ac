//! The pictures of posts.

use std::io::Cursor;

use axum::http::Method;
use image::{DynamicImage, ImageFormat};
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Form, MAX_UPLOAD, Page};

use crate::stage::{API, Person, Publishing, Stage, at, editor, errors, on_default};

const NEW: &str = "/me/posts/new";

fn picture() -> Vec<u8> {
    picture_of_width(30)
}

fn picture_of_width(width: u32) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture = DynamicImage::new_rgb8(width, 20);
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

async fn send(farah: &mut Person, form: &Form, page: &Page, file: &[u8]) -> Page {
    send_in(farah, form, page, ("image", file)).await
}

/// Submits a form with a file in the given field.
async fn send_in(
    farah: &mut Person,
    form: &Form,
    page: &Page,
    (field, file): (&str, &[u8]),
) -> Page {
    let mut body = Vec::new();
    for (name, value) in form.entries() {
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(value.as_bytes());
        body.extend(b"\r\n");
    }
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"{field}\"; ");
    body.extend(head.as_bytes());
    body.extend(b"filename=\"a.png\"\r\n");
    body.extend(b"Content-Type: image/png\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--b--\r\n");
    let action = match form.action.as_str() {
        "" => &page.address,
        action => action,
    };
    let kind = Some("multipart/form-data; boundary=b");
    farah
        .browser
        .send(Method::POST, action, kind, body.into())
        .await
}

async fn make(farah: &mut Person, title: &str, state: &str) -> (String, Value) {
    let page = farah.browser.get(NEW).await;
    let mut form = page.form(NEW);
    form.fill("title", title).fill("body", "x");
    form.fill("image_alt", "A <b>gate</b>")
        .press("state", state);
    let sent = send(farah, &form, &page, &picture()).await;
    sent.expect(303);
    let own = sent
        .location()
        .unwrap()
        .split('?')
        .next()
        .unwrap()
        .to_owned();
    let stored = farah
        .program
        .get(&own.replace("/me/posts", API))
        .await
        .json();
    (own, stored)
}

fn path(post: &Value) -> String {
    format!("/blog/images/{}", post["image"].as_str().unwrap())
}

/// Checks the page's preview data for other sites: the picture must be the page's first picture, 30
/// pixels wide.
fn assert_preview(page: &Page, path: &str, alt: &str) {
    for part in [
        &format!("\"og:image\" content=\"http://127.0.0.1:8080{path}\""),
        "\"og:image:width\" content=\"30\"",
        "\"og:image:height\" content=\"20\"",
        &format!("\"og:image:alt\" content=\"{alt}"),
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
}

/// The number of stored files.
fn files(stage: &Stage<'_>) -> usize {
    stage.world.files().len()
}

#[test]
fn a_picture_is_shown_wherever_the_post_is() {
    on_default(&async |stage: &Stage<'_>| {
        stage.world.expect_jobs(posts::image::KIND);
        let mut farah = editor(stage).await;
        let (own, post) = make(&mut farah, "One", "published").await;
        let path = path(&post);
        let mut nobody = stage.visitor();
        let shown = nobody.get(&path).await;
        shown.expect(200);
        assert_eq!(shown.header("content-type"), "image/jpeg");
        assert_eq!(shown.header("x-content-type-options"), "nosniff");
        let caching = "private, max-age=31536000, immutable";
        assert_eq!(shown.header("cache-control"), caching);
        let tag = format!("<img class=\"picture\" src=\"{path}\"");
        for page in ["/blog", "/blog/one", "/search?q=one"] {
            let page = nobody.get(page).await;
            assert!(page.body.contains(&tag), "{}", page.body);
            assert!(page.body.contains("alt=\"A &#60;b&#62;gate&#60;/b&#62;\""));
            assert!(page.body.contains("width=\"30\" height=\"20\""));
        }
        let own = farah.browser.get(&own).await;
        assert!(own.body.contains(&tag), "{}", own.body);
        assert_preview(&nobody.get("/blog/one").await, &path, "A &#60;b&#62;gate");
        let url = format!("http://127.0.0.1:8080{path}");
        let bytes = post["image_bytes"].as_i64().unwrap();
        let attributes = format!("=\"{url}\" length=\"{bytes}\" type=\"image/jpeg\"/>");
        let rss = nobody.get("/feed").await;
        assert!(rss.body.contains(&format!("<enclosure url{attributes}")));
        let atom = nobody.get("/feed/atom").await;
        assert!(
            atom.body
                .contains(&format!("<link rel=\"enclosure\" href{attributes}"))
        );
        let feed = nobody.get("/feed/json").await.json();
        let attachment = json!({"url": url, "mime_type": "image/jpeg", "size_in_bytes": bytes});
        assert_eq!(feed["items"][0]["attachments"], json!([attachment]));
        let public = nobody.get("/api/v1/blog/one").await.json();
        let image = json!({"url": url, "alt": "A <b>gate</b>", "width": 30, "height": 20});
        assert_eq!(public["image"], image);

        farah
            .set(&post, json!({"state": "withdrawn"}))
            .await
            .expect(200);
        nobody.get(&path).await.expect(410);
        let shown = farah.browser.get(&path).await;
        shown.expect(200);
        assert_eq!(shown.header("cache-control"), "no-store, private");
    });
}

#[test]
fn a_picture_is_replaced_and_removed_and_its_file_goes() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let (own, first) = make(&mut farah, "One", "draft").await;
        stage.visitor().get(&path(&first)).await.expect(404);
        let page = farah.browser.get(&own).await;
        let form = page.form(&own);
        // The editor clicks the button twice.
        let sent = send(&mut farah, &form, &page, &picture()).await;
        send(&mut farah, &form, &page, &picture()).await.expect(303);
        sent.expect(303);
        // The editor goes back in the browser and chooses another picture.
        let other = picture_of_width(40);
        let refused = send(&mut farah, &form, &page, &other).await;
        refused.expect(422);
        let second = farah.program.get(&at(&first)).await.json();
        assert_ne!(first["image"], second["image"]);
        assert_eq!(files(stage), 4);
        stage.world.clock.advance(SignedDuration::from_hours(23));
        stage.work().await;
        assert_eq!(files(stage), 4, "a form may still be open");
        stage.world.clock.advance(SignedDuration::from_hours(2));
        stage.work().await;
        assert_eq!(files(stage), 1, "those that no post has are gone");
        farah.browser.get(&path(&second)).await.expect(200);

        let page = farah.browser.get(&own).await;
        let mut form = page.form(&own);
        form.tick("image_remove", "1");
        farah.browser.submit(&page, &form).await.expect(303);
        let stored = farah.program.get(&at(&first)).await.json();
        assert_eq!([&stored["image"], &stored["image_alt"]], ["", ""]);
        stage.work().await;
        assert_eq!(files(stage), 1, "a backup that has begun may need it");
        stage.world.clock.advance(SignedDuration::from_hours(24));
        stage.work().await;
        assert_eq!(files(stage), 0);

        let (_, other) = make(&mut farah, "Two", "draft").await;
        farah
            .call("DELETE", &at(&other), &Value::Null)
            .await
            .expect(204);
        stage.world.clock.advance(SignedDuration::from_hours(2));
        stage.work().await;
        assert_eq!(files(stage), 1);
        stage.world.clock.advance(SignedDuration::from_hours(23));
        stage.work().await;
        assert_eq!(files(stage), 0);
    });
}

#[test]
fn what_is_published_says_what_its_picture_shows() {
    on_default(&async |stage: &Stage<'_>| {
        stage.world.expect_jobs(posts::image::KIND);
        let mut farah = editor(stage).await;
        let (own, post) = make(&mut farah, "One", "draft").await;
        farah.set(&post, json!({"image_alt": ""})).await.expect(200);
        let refused = farah.set(&post, json!({"state": "published"})).await;
        refused.expect(422);
        let required = ("/image_alt".to_owned(), "required".to_owned());
        assert_eq!(errors(&refused), [required]);
        let page = farah.browser.get(&own).await;
        let mut form = page.form(&own);
        form.fill("title", "Two").press("state", "published");
        let refused = send(&mut farah, &form, &page, &picture_of_width(40)).await;
        refused.expect(422);
        assert!(refused.body.contains("id=\"image_alt-wrong\""));
        // Only the picture's description is missing. The form keeps the picture and all typed
        // values.
        let mut form = refused.form(&own);
        let kept = form.value("image_kept").unwrap().to_owned();
        assert!(
            refused
                .body
                .contains(&format!("src=\"/blog/images/{kept}\""))
        );
        form.fill("image_alt", "A gate").press("state", "published");
        farah.browser.submit(&refused, &form).await.expect(303);
        let stored = farah.program.get(&at(&post)).await.json();
        assert_eq!(stored["image"], kept.as_str());
        assert_eq!([&stored["title"], &stored["image_alt"]], ["Two", "A gate"]);
        assert_eq!(stored["image_width"], 40);
        // The form names a file that was never uploaded.
        let page = farah.browser.get(&own).await;
        let mut entries = page.form(&own);
        entries.fill("title", "Three");
        let sent: Vec<_> = entries.entries();
        let sent: Vec<_> = sent
            .into_iter()
            .chain([("image_kept", "none-1x1.jpg")])
            .collect();
        farah.browser.post(&own, &sent).await.expect(422);
        let words = json!({"title": "Two", "image_alt": "A gate"});
        let refused = farah.call("POST", API, &words).await;
        assert_eq!(
            errors(&refused),
            [("/image".to_owned(), "required".to_owned())]
        );
    });
}

#[test]
fn the_text_is_kept_when_the_session_ended_before_the_form_was_sent() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let page = farah.browser.get(NEW).await;
        let mut form = page.form(NEW);
        form.fill("body", "Long and well considered");
        farah.browser.set_cookie("kd_session", "ended");
        // The file is larger than the limit for a form without a file.
        let large = vec![0; 290 * 1024];
        let refused = send(&mut farah, &form, &page, &large).await;
        refused.expect(401);
        assert!(refused.body.contains("Long and well considered"));
        form.fill("body", &"x".repeat(290 * 1024));
        send(&mut farah, &form, &page, b"").await.expect(413);
        assert_eq!(files(stage), 0);
    });
}

#[test]
fn what_is_no_picture_is_refused() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let page = farah.browser.get(NEW).await;
        let mut form = page.form(NEW);
        form.fill("title", "One").fill("image_alt", "A gate");
        let refused = send(&mut farah, &form, &page, b"<svg/>").await;
        refused.expect(422);
        assert!(refused.body.contains("id=\"image-wrong\""));
        assert!(refused.body.contains("value=\"One\""));
        // The server counts the bytes of the body itself, and stops reading at the limit.
        let large = vec![0; MAX_UPLOAD + 300 * 1024];
        send(&mut farah, &form, &page, &large).await.expect(413);
        let mut other = stage.person("Somebody").await;
        send(&mut other, &form, &page, &picture()).await.expect(403);
        assert_eq!(files(stage), 0);
    });
}

#[test]
fn pictures_stand_in_the_text() {
    on_default(&async |stage: &Stage<'_>| {
        stage.world.expect_jobs(posts::image::KIND);
        let mut farah = editor(stage).await;
        let page = farah.browser.get(NEW).await;
        let mut form = page.form(NEW);
        form.fill("title", "One")
            .fill("body", "Before\r\n\r\nAfter")
            .fill("text_image_alt", "A [gate]")
            .fill("caret", "6")
            .press("act", "picture");
        let shown = send_in(&mut farah, &form, &page, ("text_image", &picture())).await;
        shown.expect(200);
        let mut form = shown.form(NEW);
        let body = form.value("body").unwrap().to_owned();
        let (first, rest) = body.split_once("![A \\[gate\\]](").unwrap();
        assert_eq!(first, "Before\n\n");
        let (first, rest) = rest.split_once(")\n\n").unwrap();
        assert_eq!(rest, "After");
        assert!(first.starts_with("/blog/images/") && first.ends_with("-30x20.jpg"));
        // Before the post is saved, only editors can see the uploaded picture.
        farah.browser.get(first).await.expect(200);
        stage.visitor().get(first).await.expect(404);

        // A second picture was chosen but not inserted into the text, so the form needs a
        // description for it.
        form.press("state", "published");
        let refused = send_in(
            &mut farah,
            &form,
            &shown,
            ("text_image", &picture_of_width(40)),
        )
        .await;
        refused.expect(422);
        assert!(refused.body.contains("id=\"body-wrong\""));
        let mut form = refused.form(NEW);
        let body = form.value("body").unwrap().replace("![](", "![A hall](");
        form.fill("body", &body).press("state", "published");
        farah.browser.submit(&refused, &form).await.expect(303);

        let mut nobody = stage.visitor();
        nobody.get(first).await.expect(200);
        let origin = "http://127.0.0.1:8080";
        let tag =
            format!("<img src=\"{origin}{first}\" alt=\"A [gate]\" width=\"30\" height=\"20\"");
        let public = nobody.get("/blog/one").await;
        assert!(public.body.contains(&tag), "{}", public.body);
        assert!(public.body.contains("alt=\"A hall\" width=\"40\""));
        assert_preview(&public, first, "A [gate]");
        let feed = nobody.get("/feed/json").await.json();
        let html = feed["items"][0]["content_html"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(html.contains(&tag), "{html}");

        // A day after a picture was removed from the text, its file is deleted. The files of
        // pictures in the text remain.
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.work().await;
        assert_eq!(files(stage), 2);
        let posts = farah.program.get(API).await.json();
        let post = posts["items"][0].clone();
        farah.set(&post, json!({"body": "Words"})).await.expect(200);
        let drawn = nobody.get("/blog/one").await;
        assert!(
            drawn
                .body
                .contains("\"og:image\" content=\"http://127.0.0.1:8080/card.png?")
        );
        assert!(drawn.body.contains("\"og:image:width\" content=\"1200\""));
        nobody.get(first).await.expect(404);
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.work().await;
        assert_eq!(files(stage), 0);
    });
}

#[test]
fn the_program_says_which_picture_has_no_description() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let body = "![](/blog/images/gate-30x20.jpg)";
        let draft = farah.make(json!({"title": "One", "body": body})).await;
        let refused = farah.set(&draft, json!({"state": "published"})).await;
        refused.expect(422);
        let undescribed = ("/body".to_owned(), "picture_undescribed".to_owned());
        assert_eq!(errors(&refused), [undescribed]);
    });
}
