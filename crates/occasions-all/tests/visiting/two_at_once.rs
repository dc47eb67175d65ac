//! Tests of a form that is sent twice, and of two outdated forms of the same household that
//! conflict.

use platform::sql;
use serde_json::json;
use testkit::{Form, Page};

use crate::answering::form;
use crate::stage::{assert_private, guest, id, on_both, on_sqlite, put, state};

#[test]
fn a_form_that_is_sent_twice_is_saved_once() {
    on_both(async |stage| {
        let mut visitor = stage.guest();
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled.fill("new.0.name", "Mei");
        for _ in 0..3 {
            visitor.submit(&page, &filled).await.expect(303);
        }
        // The form was saved before a host locked the answers. Sending it again still succeeds.
        stage
            .run(
                sql!("UPDATE invitation SET lock_mode = 'locked' WHERE code = $1"),
                "RAHMA",
            )
            .await;
        visitor.submit(&page, &filled).await.expect(303);
        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(
            (
                &stored["version"],
                stored["guests"].as_array().unwrap().len()
            ),
            (&json!(2), 5)
        );
        let saves = sql!(
            "SELECT COUNT(*) FROM submission JOIN invitation ON invitation.id = invitation AND code = $1"
        );
        assert_eq!(stage.count(saves, "RAHMA").await, 1);
        assert_eq!(stage.world.jobs().await.len(), 1, "one mail");
    });
}

#[test]
fn what_was_sent_after_back_asks_which_to_keep() {
    on_both(async |stage| {
        let mut visitor = stage.guest();
        let start = state(&mut visitor, "RAHMA").await;
        let field = format!("reply.{}.nikah", id(&start, "Rahman"));
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled.fill(&field, "yes");
        visitor.submit(&page, &filled).await.expect(303);
        // The guest goes back to the old page in the browser and makes another choice.
        filled.fill(&field, "no");
        let asked = visitor.submit(&page, &filled).await;
        assert_private(asked.expect(409));
        let text = asked.text();
        for shown in [
            "Rahman bin Ali, Akad nikah",
            &stage.say("conflict-title"),
            &stage.fill("conflict-saved", [("value", stage.say("reply-yes").into())]),
            &stage.fill("conflict-yours", [("value", stage.say("reply-no").into())]),
        ] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        assert_eq!(
            stored_reply(&mut visitor, "nikah").await,
            "yes",
            "nothing of it was written"
        );

        let mut merged = asked.form("/invite/RAHMA/rsvp");
        assert_eq!(
            merged.value(&field),
            Some("no"),
            "what was typed is proposed"
        );
        assert_ne!(merged.value("submission_id"), filled.value("submission_id"));
        visitor.submit(&asked, &merged).await.expect(303);
        assert_eq!(stored_reply(&mut visitor, "nikah").await, "no");
        // The guest sends the same old page again, with yet another choice.
        filled.fill(&field, "undecided");
        let asked = visitor.submit(&page, &filled).await;
        merged = asked.expect(409).form("/invite/RAHMA/rsvp");
        merged.fill(&field, "no");
        visitor.submit(&asked, &merged).await.expect(303);
        assert_eq!(stored_reply(&mut visitor, "nikah").await, "no");
    });
}

async fn stored_reply(visitor: &mut testkit::Visitor, event: &str) -> String {
    let stored = state(visitor, "RAHMA").await;
    guest(&stored, "Rahman")["replies"][event]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn of_two_tabs_the_second_is_put_together_with_the_first() {
    on_both(async |stage| {
        let mut first = stage.guest();
        let mut second = stage.guest();
        let start = state(&mut first, "RAHMA").await;
        let (rahman, siti) = (id(&start, "Rahman"), id(&start, "Siti"));
        let (page, mut mine) = form(&mut first, "RAHMA").await;
        let (other_page, mut theirs) = form(&mut second, "RAHMA").await;
        mine.fill(&format!("reply.{rahman}.nikah"), "yes")
            .fill(&format!("reply.{siti}.nikah"), "yes")
            .fill(&format!("name.{siti}"), "Siti Aminah")
            .tick(&format!("diet.{rahman}"), "halal")
            .tick(&format!("diet.{siti}"), "vegan")
            .fill(&format!("diet_note.{siti}"), "No nuts")
            .fill("new.0.name", "Mei")
            .fill("note", "From the first tab");
        first.submit(&page, &mine).await.expect(303);
        theirs
            .fill(&format!("reply.{rahman}.reception"), "yes")
            .fill(&format!("reply.{siti}.nikah"), "no")
            .tick(&format!("diet.{rahman}"), "other")
            .fill(&format!("diet_note.{rahman}"), "No durian");
        let asked = second.submit(&other_page, &theirs).await;
        let merged = asked.expect(409).form("/invite/RAHMA/rsvp");
        let questions = asked.text().matches(&stage.start("conflict-saved")).count();
        assert_eq!(
            questions,
            1,
            "only what both have changed: {}",
            asked.text()
        );
        second.submit(&asked, &merged).await.expect(303);

        let stored = state(&mut first, "RAHMA").await;
        let (rahman, siti) = (guest(&stored, "Rahman"), guest(&stored, "Siti"));
        assert_eq!(
            rahman["replies"],
            json!({ "nikah": "yes", "reception": "yes", "brunch": "pending" })
        );
        assert_eq!(rahman["diets"], json!(["halal", "other"]), "needs of both");
        assert_eq!(rahman["diet_note"], "No durian");
        assert_eq!(
            (&siti["name"], &siti["replies"]["nikah"]),
            (&json!("Siti Aminah"), &json!("no"))
        );
        assert_eq!(
            (&siti["diets"], &siti["diet_note"]),
            (&json!(["vegan"]), &json!("No nuts"))
        );
        assert_eq!(stored["note"]["text"], "From the first tab");
        assert_eq!(guest(&stored, "Mei")["replies"]["nikah"], "yes");
    });
}

#[test]
fn food_needs_taken_back_in_one_tab_do_not_come_back_from_another() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let body = json!({ "version": 1, "guests": [{
            "id": rahman, "replies": { "nikah": "yes" }, "diets": ["halal", "vegan"], "diet_note": "Mild"
        }] });
        put(&mut visitor, "RAHMA", &body).await.expect(200);
        let (page, mut old) = form(&mut visitor, "RAHMA").await;
        let body = json!({ "version": 2, "guests": [{ "id": rahman, "diets": ["halal"], "diet_note": "" }] });
        put(&mut visitor, "RAHMA", &body).await.expect(200);
        old.fill("note", "Hello")
            .tick(&format!("diet.{rahman}"), "no-beef");
        let asked = visitor.submit(&page, &old).await;
        let merged = asked.expect(409).form("/invite/RAHMA/rsvp");
        visitor.submit(&asked, &merged).await.expect(303);
        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(
            guest(&stored, "Rahman")["diets"],
            json!(["halal", "no-beef"])
        );
        assert_eq!(guest(&stored, "Rahman")["diet_note"], json!(null));
        assert_eq!(stored["note"]["text"], "Hello");
    });
}

#[test]
fn the_same_wish_in_both_tabs_is_no_conflict() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let field = format!(
            "reply.{}.nikah",
            id(&state(&mut visitor, "RAHMA").await, "Rahman")
        );
        let (page, mut mine) = form(&mut visitor, "RAHMA").await;
        let (_, mut theirs) = form(&mut visitor, "RAHMA").await;
        mine.fill(&field, "yes");
        theirs.fill(&field, "yes");
        visitor.submit(&page, &mine).await.expect(303);
        visitor.submit(&page, &theirs).await.expect(303);
        assert_eq!(state(&mut visitor, "RAHMA").await["version"], 2);
    });
}

#[test]
fn a_plus_one_corrected_in_both_tabs_is_asked_for_and_kept() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let (page, mut filled) = form(&mut visitor, "TANWE").await;
        filled
            .fill("new.0.name", "Mei")
            .tick("new.0.child", "1")
            .fill("new.0.age", "5");
        visitor.submit(&page, &filled).await.expect(303);
        let mei = id(&state(&mut visitor, "TANWE").await, "Mei");
        let (page, mut old) = form(&mut visitor, "TANWE").await;
        let body = json!({ "version": 2, "guests": [{ "id": mei, "age": 6 }] });
        put(&mut visitor, "TANWE", &body).await.expect(200);
        old.fill("note", "Hello");
        let (asked, merged) = ask(&mut visitor, &page, &old, "TANWE").await;
        visitor.submit(&asked, &merged).await.expect(303);
        let stored = state(&mut visitor, "TANWE").await;
        assert_eq!(
            guest(&stored, "Mei")["age"],
            6,
            "the old page does not undo it"
        );
        // Both forms changed the age, so the guest must choose.
        old.fill(&format!("age.{mei}"), "7");
        let (asked, merged) = ask(&mut visitor, &page, &old, "TANWE").await;
        assert_eq!(merged.value(&format!("age.{mei}")), Some("7"));
        visitor.submit(&asked, &merged).await.expect(303);
        assert_eq!(guest(&state(&mut visitor, "TANWE").await, "Mei")["age"], 7);
    });
}

async fn ask(visitor: &mut testkit::Visitor, page: &Page, old: &Form, code: &str) -> (Page, Form) {
    let asked = visitor.submit(page, old).await;
    let merged = asked.expect(409).form(&format!("/invite/{code}/rsvp"));
    (asked, merged)
}

#[test]
fn nobody_comes_twice_because_a_page_was_sent_again() {
    on_both(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled
            .fill("new.0.name", " Mei  Ling ")
            .tick("new.1.comes", "1");
        visitor.submit(&page, &filled).await.expect(303);
        // The guest goes back to the old page in the browser, adds an answer, and sends both
        // changes.
        filled.fill(&format!("reply.{rahman}.nikah"), "yes");
        let (asked, merged) = ask(&mut visitor, &page, &filled, "RAHMA").await;
        visitor.submit(&asked, &merged).await.expect(303);
        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(stored["guests"].as_array().unwrap().len(), 6);
        assert_eq!(guest(&stored, "Rahman")["replies"]["nikah"], "yes");
    });
}

#[test]
fn a_note_taken_back_is_asked_for_too() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        visitor
            .post("/invite/RAHMA/notes", &[("note", "One")])
            .await
            .expect(303);
        let page = visitor.get("/invite/RAHMA/notes").await;
        let mut old = page.form("/invite/RAHMA/notes");
        visitor
            .post("/invite/RAHMA/notes", &[("note", "Two")])
            .await
            .expect(303);
        old.fill("note", "");
        let asked = visitor.submit(&page, &old).await;
        let text = asked.expect(409).text();
        assert!(
            text.contains(&stage.fill("conflict-saved", [("value", "Two".into())]))
                && text.contains(&stage.fill(
                    "conflict-yours",
                    [("value", stage.say("conflict-nothing").into())]
                )),
            "{text}"
        );
        let merged = asked.form("/invite/RAHMA/notes");
        visitor.submit(&asked, &merged).await.expect(303);
        assert_eq!(state(&mut visitor, "RAHMA").await["note"]["text"], "");
    });
}

#[test]
fn two_notes_are_both_shown() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let page = visitor.get("/invite/RAHMA/notes").await;
        let mut mine = page.form("/invite/RAHMA/notes");
        let mut theirs = mine.clone();
        mine.fill("note", "One");
        visitor.submit(&page, &mine).await.expect(303);
        theirs.fill("note", "Two");
        let asked = visitor.submit(&page, &theirs).await;
        assert!(
            asked
                .expect(409)
                .text()
                .contains(&stage.fill("conflict-saved", [("value", "One".into())])),
            "{}",
            asked.text()
        );
        let merged = asked.form("/invite/RAHMA/notes");
        assert_eq!(merged.value("note"), Some("Two"));
        visitor.submit(&asked, &merged).await.expect(303);
        assert_eq!(state(&mut visitor, "RAHMA").await["note"]["text"], "Two");
    });
}
