//! Tests of posts of the kind `Page`, and of the parts around a post.

use jiff::SignedDuration;
use serde_json::json;
use testkit::Page;

use crate::stage::{API, Publishing, Stage, at, editor, errors, on_default, titles};

fn leads(page: &Page, href: &str) -> bool {
    page.links().iter().any(|link| link.href == href)
}

#[test]
fn a_page_is_in_the_menu_and_in_no_list() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let about = json!({"kind": "page", "title": "About me", "body": "## Here\n\nI write."});
        let page = farah.make(about).await;
        assert_eq!(page["slug"], "about-me");
        let mut nobody = stage.visitor();
        nobody.get("/p/about-me").await.expect(404);
        farah
            .set(&page, json!({"state": "published"}))
            .await
            .expect(200);
        // An article may have the same slug, because its path is different.
        farah.publish("About me", "x").await;

        let shown = nobody.get("/p/about-me").await;
        shown.expect(200);
        assert!(shown.text().contains("I write."));
        assert!(!shown.body.contains("<time"), "a page has no date");
        let public = nobody.get("/api/v1/pages/about-me").await;
        assert_eq!(public.expect(200).json()["kind"], "page");
        stage.world.clock.advance(SignedDuration::from_secs(3));
        assert!(leads(&nobody.get("/").await, "/p/about-me"), "the menu");
        assert_eq!(titles(&nobody.get("/api/v1/blog").await), ["About me"]);
        let feed = nobody.get("/feed/json").await.json();
        assert_eq!(feed["items"].as_array().map(Vec::len), Some(1));
        let found = nobody.get("/api/v1/search?q=write").await;
        assert_eq!(titles(&found), ["About me"], "a search finds it");

        farah
            .set(&page, json!({"state": "withdrawn"}))
            .await
            .expect(200);
        nobody.get("/p/about-me").await.expect(410);
        nobody.get("/blog/about-me").await.expect(200);
        let taken = json!({"kind": "page", "title": "Other", "slug": "about-me"});
        farah.call("POST", API, &taken).await.expect(409);
        let no_title = farah.call("POST", API, &json!({"kind": "page"})).await;
        let required = ("/title".to_owned(), "required".to_owned());
        assert_eq!(errors(&no_title), [required]);
    });
}

#[test]
fn a_page_is_not_mailed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let about = json!({"kind": "page", "title": "About", "body": "x", "state": "published"});
        farah.make(about).await;
        let waiting = stage.world.jobs().await;
        assert!(!waiting.iter().any(|job| job.kind == posts::mailing::KIND));
    });
}

#[test]
fn a_page_may_stand_at_the_root() {
    on_default(&async |stage: &Stage<'_>| {
        let find = posts::DOMAIN
            .first_pages
            .iter()
            .find(|page| page.word == "page");
        let find = find.unwrap().find;
        let mut farah = editor(stage).await;
        let about = json!({"kind": "page", "title": "About", "body": "x", "state": "published"});
        let page = farah.make(about).await;
        let found = || async {
            let look = move |tx: &mut platform::Tx<'_>| find(tx, "about");
            stage.world.platform.store.read(look).await.unwrap()
        };
        assert_eq!(found().await.as_deref(), Some("/p/about"));
        farah
            .set(&page, json!({"state": "withdrawn"}))
            .await
            .expect(200);
        assert_eq!(found().await, None);
    });
}

#[test]
fn a_list_describes_itself_to_other_sites() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        farah.publish("One", "word").await;
        for (path, about) in [
            ("/blog", "The newest articles on "),
            ("/notes", "The newest notes on "),
        ] {
            let page = stage.visitor().get(path).await;
            let url = format!("property=\"og:url\" content=\"http://127.0.0.1:8080{path}\"");
            assert!(page.expect(200).body.contains(&url), "{}", page.body);
            let name = format!("name=\"description\" content=\"{about}");
            let preview = format!("property=\"og:description\" content=\"{about}");
            assert!(page.body.contains(&name) && page.body.contains(&preview));
        }
    });
}

#[test]
fn a_post_names_its_author_and_leads_to_its_neighbours() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        for title in ["One", "Two", "Three"] {
            farah.publish(title, &"word ".repeat(300)).await;
            stage.world.clock.advance(SignedDuration::from_secs(1));
        }
        let page = stage.visitor().get("/blog/two").await;
        assert!(leads(&page, "/blog/one") && leads(&page, "/blog/three"));
        assert!(page.body.contains("rel=\"prev\"") && page.body.contains("rel=\"next\""));
        let author = page.link("Farah Ali").href;
        let theirs = stage.visitor().get(&author).await;
        assert!(leads(theirs.expect(200), "/blog/three"), "their own page");
        assert!(
            page.body
                .contains("property=\"og:type\" content=\"article\"")
        );
        let text = page.text();
        assert!(
            text.contains("Farah Ali") && text.contains("2 minutes"),
            "{text}"
        );
        assert!(!leads(&page, "/me/posts"), "a reader cannot change it");
        let post = farah.program.get(API).await.json()["items"][1].clone();
        let own = at(&post).replace(API, "/me/posts");
        assert!(leads(&farah.browser.get("/blog/two").await, &own));

        let id = farah.who.account().id.clone();
        let erase = posts::DOMAIN.accounts.erase;
        stage
            .world
            .platform
            .store
            .write(move |tx| erase(tx, &id))
            .await
            .unwrap();
        let page = stage.visitor().get("/blog/two").await;
        assert!(!page.text().contains("Farah Ali"));
    });
}
