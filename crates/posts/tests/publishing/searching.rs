//! The search, as readers use it.

use serde_json::json;

use crate::stage::{Publishing, Stage, editor, errors, on_both, titles};

const SEARCH: &str = "/api/v1/search?q=";

#[test]
fn what_is_published_is_found_the_title_first() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let mut nobody = stage.visitor();
        farah
            .publish(
                "Deep in the text",
                &format!("{} Durian season", "word ".repeat(60)),
            )
            .await;
        farah
            .make(
                json!({"title": "In the excerpt", "body": "x", "excerpt": "The durian",
                "state": "published"}),
            )
            .await;
        farah.publish("Durian", "x").await;
        farah
            .make(json!({"title": "Durian draft", "body": "x"}))
            .await;
        farah
            .make(
                json!({"title": "Durian later", "body": "x", "state": "published",
                "published_at": "2099-01-01T00:00:00Z"}),
            )
            .await;
        let gone = farah.publish("Durian gone", "x").await;
        farah
            .set(&gone, json!({"state": "withdrawn"}))
            .await
            .expect(200);
        for (query, expected) in [
            (
                "durian",
                &["Durian", "In the excerpt", "Deep in the text"][..],
            ),
            // All words must occur. Only the last word may be incomplete.
            ("DURI", &["Durian", "In the excerpt", "Deep in the text"]),
            ("season%20duri", &["Deep in the text"]),
            ("duri%20season", &[]),
            ("urian", &[]),
            ("%25%25", &[]),
            ("__", &[]),
            ("d_rian", &[]),
        ] {
            let found = nobody.get(&format!("{SEARCH}{query}")).await;
            assert_eq!(titles(&found), expected, "{query}");
        }
        let page = nobody.get("/search?q=season").await;
        page.link("Deep in the text");
        assert_eq!(page.header("x-robots-tag"), "noindex");
        let page = nobody.get("/search?q=nothing").await;
        assert!(page.text().contains("Nothing was found"));
        nobody.get("/search").await.expect(200);
    });
}

#[test]
fn letters_are_found_without_their_marks_and_scripts_without_spaces() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        let mut nobody = stage.visitor();
        farah.publish("Crème brûlée", "x").await;
        farah.publish("我们的日子很好", "x").await;
        farah.publish("100% cotton", "x").await;
        for (query, expected) in [
            ("creme%20brul", "Crème brûlée"),
            ("%E6%97%A5%E5%AD%90", "我们的日子很好"),
            ("100%25", "100% cotton"),
        ] {
            let found = nobody.get(&format!("{SEARCH}{query}")).await;
            assert_eq!(titles(&found), [expected], "{query}");
        }
    });
}

#[test]
fn a_query_has_2_to_100_characters() {
    on_both(&async |stage: &Stage<'_>| {
        let mut nobody = stage.visitor();
        for (query, code) in [
            (String::new(), "required"),
            ("x".to_owned(), "too_short"),
            ("x".repeat(101), "too_long"),
        ] {
            let refused = nobody.get(&format!("{SEARCH}{query}")).await;
            refused.expect(422);
            assert_eq!(errors(&refused), [("/q".to_owned(), code.to_owned())]);
        }
        nobody
            .get(&format!("{SEARCH}{}", "x".repeat(100)))
            .await
            .expect(200);
        let page = nobody.get("/search?q=x").await;
        assert!(page.body.contains("id=\"q-wrong\""));
    });
}

#[test]
fn a_page_of_search_has_at_most_fifty() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = editor(stage).await;
        for number in 1..=52 {
            farah.publish(&format!("Number {number}"), "x").await;
        }
        let mut nobody = stage.visitor();
        let first = nobody.get(&format!("{SEARCH}number&limit=200")).await;
        let mut seen = titles(&first);
        assert_eq!(seen.len(), 50);
        let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
        let second = nobody.get(&format!("{SEARCH}number&cursor={cursor}")).await;
        seen.extend(titles(&second));
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 52);
        assert!(second.json()["next_cursor"].is_null());
        let page = nobody.get("/search?q=number").await;
        let next = page.link("More");
        nobody.get(&next.href).await.expect(200);
    });
}
