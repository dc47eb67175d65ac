//! Tests of the page on which hosts write what guests read, in one language at a time.

use serde_json::json;
use web::I18n;

use crate::pages::HOME;
use crate::stage::{Stage, call, on_default};

const PAGE: &str = "/settings/texts";

async fn welcome(stage: &Stage<'_>) -> I18n {
    let mut host = stage.visitor(&stage.owner);
    let found = call(&mut host, "GET", &stage.at(""), &json!(null)).await;
    serde_json::from_value(found.with(200).json()["welcome"].clone()).unwrap()
}

async fn write(stage: &Stage<'_>, welcome: serde_json::Value) {
    let mut host = stage.visitor(&stage.owner);
    let at = stage.at("");
    let old = call(&mut host, "GET", &at, &json!(null)).await.json();
    let new = json!({"welcome": welcome, "version": old["version"]});
    call(&mut host, "PATCH", &at, &new).await.with(200);
}

#[test]
fn guests_read_ready_made_words_until_hosts_write_their_own() {
    on_default(async |stage| {
        write(stage, json!({})).await;
        let words = "We request the pleasure of your company at our wedding.";
        let guest = stage.nobody().get("/invite/RAHMA?lang=en").await;
        assert!(guest.body.contains(words), "{}", guest.body);

        let mut host = stage.visitor(&stage.owner);
        let address = format!("{HOME}{PAGE}?language=en");
        let page = host.get(&address).await;
        assert!(page.body.contains(words));
        let mut form = page.form(&format!("{HOME}{PAGE}"));
        form.fill("welcome.en", "Come, all of you.");
        let saved = host.submit(&page, &form).await;
        let to = format!("{address}&done=saved#welcome.en");
        assert_eq!(saved.location(), Some(&*to), "it opens where it changed");
        let guest = stage.nobody().get("/invite/RAHMA?lang=en").await;
        assert!(guest.body.contains("Come, all of you."));
        assert!(!guest.body.contains(words));
        let page = host.get(&address).await;
        assert!(!page.body.contains(words), "the field is open");
    });
}

#[test]
fn a_language_without_own_words_shows_what_its_guests_read_and_leaves_the_others_alone() {
    on_default(async |stage| {
        write(stage, json!({"en": "Come, all of you."})).await;
        let mut host = stage.visitor(&stage.owner);
        let page = host.get(&format!("{HOME}{PAGE}?language=ms")).await;
        // Guests who read Malay get the English words, marked as English.
        assert!(page.body.contains("Come, all of you.</p>"), "{}", page.body);
        let mut form = page.form(&format!("{HOME}{PAGE}"));
        assert_eq!(form.value("welcome.en"), Some("Come, all of you."));
        form.fill("welcome.ms", "Jemput semua.");
        let saved = host.submit(&page, &form).await;
        let page = host.follow(saved).await;
        assert!(page.body.contains("Jemput semua."));
        let kept = welcome(stage).await;
        assert_eq!(kept.find("en"), Some("Come, all of you."));
        assert_eq!(kept.find("ms"), Some("Jemput semua."));
    });
}

#[test]
fn words_in_a_language_that_is_not_offered_any_more_are_kept() {
    on_default(async |stage| {
        write(stage, json!({"en": "Come.", "it": "Venite."})).await;
        let mut host = stage.visitor(&stage.owner);
        let at = stage.at("");
        let old = call(&mut host, "GET", &at, &json!(null)).await.json();
        let fewer =
            json!({"languages": ["en", "ms"], "default_language": "en", "version": old["version"]});
        call(&mut host, "PATCH", &at, &fewer).await.with(200);
        let page = host.get(&format!("{HOME}{PAGE}?language=it")).await;
        assert!(
            !page.body.contains("Venite.</textarea>"),
            "the main language is shown"
        );
        let mut form = page.form(&format!("{HOME}{PAGE}"));
        form.fill("welcome.en", "Come, all.");
        host.submit(&page, &form).await.expect(303);
        assert_eq!(welcome(stage).await.find("it"), Some("Venite."));
    });
}

#[test]
fn what_is_typed_is_seen_as_guests_will_and_not_saved() {
    on_default(async |stage| {
        write(stage, json!({"en": "Come."})).await;
        let mut coordinator = stage.visitor(&stage.coordinator);
        let page = coordinator.get(&format!("{HOME}{PAGE}?language=it")).await;
        let mut form = page.form(&format!("{HOME}{PAGE}"));
        form.fill("welcome.it", "Venite tutti.");
        form.action = format!("{HOME}{PAGE}/preview/page");
        let seen = coordinator.submit(&page, &form).await.with(200);
        assert!(seen.body.contains("Venite tutti."));
        assert!(seen.body.contains("lang=\"it\""));
        assert_eq!(welcome(stage).await.find("it"), None);
        form.fill("hosts.it", &"x".repeat(161));
        coordinator.submit(&page, &form).await.with(422);
    });
}
