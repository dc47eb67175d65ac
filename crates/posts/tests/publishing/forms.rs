//! The editors' pages, without script.

use serde_json::json;

use crate::stage::{API, Publishing, Stage, at, editor, on_default};

const NEW: &str = "/me/posts/new";

#[test]
fn an_article_is_made_changed_and_deleted_by_forms() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let browser = &mut farah.browser;
        let page = browser.get("/me/posts").await;
        let page = browser.get(&page.link("New article").href).await;
        let mut form = page.form(NEW);
        form.fill("title", "Hello")
            .fill("body", "Some **text**")
            .fill("tags", "one, two，three,")
            .fill("published_at", "2099-01-02T10:00");
        let mut look = form.clone();
        look.press("act", "preview");
        let seen = browser.submit(&page, &look).await;
        seen.expect(200);
        assert!(seen.body.contains("<strong>text</strong>"), "the preview");
        let later = "Publish on Friday, 2 January";
        assert!(seen.text().contains(later), "{}", seen.text());
        form = seen.form(NEW);
        assert_eq!(form.value("title"), Some("Hello"));
        form.press("state", "published");
        let sent = browser.submit(&page, &form).await;
        // The editor clicks the button twice.
        let again = browser.submit(&page, &form).await;
        assert_eq!(sent.location(), again.location());
        let page = browser.follow(sent).await;
        page.expect(200);
        let own = page.address.split('?').next().unwrap().to_owned();
        let api = own.replace("/me/posts", API);
        let stored = farah.program.get(&api).await.json();
        // The editor typed the time in their own time zone.
        assert_eq!(stored["published_at"], "2099-01-02T02:00:00Z");
        assert_eq!(stored["state"], "scheduled");
        assert_eq!(stored["tags"], json!(["one", "two", "three"]));

        let form = page.form(&own);
        assert_eq!(form.value("tags"), Some("one, two, three"));
        assert_eq!(form.value("published_at"), Some("2099-01-02T10:00"));
        let page = farah.browser.submit(&page, &form).await;
        let page = farah.browser.follow(page).await;
        let stored = farah.program.get(&api).await.json();
        assert_eq!(stored["version"], 1, "nothing was changed");
        let page = farah.browser.get(&page.link("Delete…").href).await;
        assert!(page.text().contains("Delete “Hello”?"));
        let form = page.form(&format!("{own}/delete"));
        farah.browser.submit(&page, &form).await.expect(303);
        farah.browser.get(&own).await.expect(404);
    });
}

#[test]
fn what_is_wrong_stands_at_its_field() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let page = farah.browser.get(&format!("{NEW}?kind=note")).await;
        let mut form = page.form(NEW);
        assert_eq!(form.value("title"), None);
        form.fill("body", &"x".repeat(1001)).fill("tags", "a, b");
        let refused = farah.browser.submit(&page, &form).await;
        refused.expect(422);
        assert!(refused.body.contains("id=\"body-wrong\""));
        let mut form = refused.form(NEW);
        assert_eq!(form.value("tags"), Some("a, b"), "what was typed stays");
        form.fill("body", "Short").press("state", "published");
        let page = farah.browser.submit(&refused, &form).await;
        page.expect(303);
        let page = farah.browser.follow(page).await;
        page.link("View page");
        // A post that was public can only be withdrawn, not deleted, and keeps its publication
        // time.
        let own = page.address.split('?').next().unwrap().to_owned();
        let form = page.form(&own);
        assert_eq!(form.value("published_at"), None);
        assert!(
            !page
                .links()
                .iter()
                .any(|link| link.href.ends_with("/delete"))
        );
        let page = farah.browser.get(&page.link("Withdraw…").href).await;
        let form = page.form(&format!("{own}/withdraw"));
        let sent = farah.browser.submit(&page, &form).await;
        let page = farah.browser.follow(sent).await;
        let public = own.replace("/me/posts", "/notes");
        stage.visitor().get(&public).await.expect(410);
        let mut form = page.form(&own);
        form.press("state", "published");
        farah.browser.submit(&page, &form).await.expect(303);
        stage.visitor().get(&public).await.expect(200);
    });
}

#[test]
fn who_was_slower_sees_what_is_stored() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let post = farah.make(json!({"title": "First"})).await;
        let own = at(&post).replace(API, "/me/posts");
        let page = farah.browser.get(&own).await;
        farah
            .set(&post, json!({"title": "Second"}))
            .await
            .expect(200);
        let mut form = page.form(&own);
        form.fill("title", "Third");
        let clash = farah.browser.submit(&page, &form).await;
        clash.expect(409);
        assert!(clash.body.contains("Second"));
        let again = clash.form(&own);
        assert_eq!(again.value("title"), Some("Third"));
        farah.browser.submit(&clash, &again).await.expect(303);
    });
}

#[test]
fn editors_begin_on_the_page_where_they_land() {
    on_default(&async |stage: &Stage<'_>| {
        let new = "/me/posts/new?kind=article";
        let mut somebody = stage.person("Somebody").await;
        for (browser, is_offered) in [
            (&mut editor(stage).await.browser, true),
            (&mut somebody.browser, false),
        ] {
            let page = browser.get("/me").await;
            let offered = page.links().iter().any(|link| link.href == new);
            assert_eq!(offered, is_offered);
        }
    });
}

#[test]
fn the_first_page_and_its_menu_have_what_is_published() {
    on_default(&async |stage: &Stage<'_>| {
        let leads = |page: &testkit::Page, href: &str| -> bool {
            page.links().iter().any(|link| link.href == href)
        };
        let page = stage.visitor().get("/").await;
        assert!(!leads(page.expect(200), "/blog") && !leads(&page, "/blog/rain"));
        let mut farah = editor(stage).await;
        farah.publish("Rain", "x").await;
        // The menu is cached for two seconds.
        let later = jiff::SignedDuration::from_secs(3);
        stage.world.clock.advance(later);
        let page = stage.visitor().get("/").await;
        assert!(leads(&page, "/blog") && leads(&page, "/blog/rain"));
    });
}
