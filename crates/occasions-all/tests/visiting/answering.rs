//! Tests of answers through a form, without JavaScript.

use platform::sql;
use serde_json::json;
use testkit::{Form, Page, Visitor};

use crate::stage::{assert_private, guest, id, on_default, on_sqlite, state};

/// Opens a household's form for answers.
pub(crate) async fn form(visitor: &mut Visitor, code: &str) -> (Page, Form) {
    let address = format!("/invite/{code}/rsvp");
    let page = visitor.get(&address).await;
    assert_private(page.expect(200));
    let form = page.form(&address);
    (page, form)
}

async fn save(visitor: &mut Visitor, page: &Page, form: &Form) -> Page {
    let saved = visitor.submit(page, form).await;
    let location = saved.expect(303).location().unwrap().to_owned();
    assert!(location.contains("/confirmation?k="), "{location}");
    let page = visitor.follow(saved).await;
    assert_private(page.expect(200));
    page
}

#[test]
fn a_household_answers_for_everyone_and_every_event() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let before = state(&mut visitor, "RAHMA").await;
        let (rahman, siti) = (id(&before, "Rahman"), id(&before, "Siti"));
        let (nur, ahmad) = (id(&before, "Nur"), id(&before, "Ahmad"));
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        for who in [&rahman, &siti, &nur, &ahmad] {
            for event in ["nikah", "reception", "brunch"] {
                let name = format!("reply.{who}.{event}");
                assert_eq!(filled.value(&name), None, "nobody has chosen for them");
            }
        }
        filled
            .fill(&format!("reply.{rahman}.nikah"), "yes")
            .fill(&format!("reply.{rahman}.reception"), "yes")
            .fill(&format!("reply.{rahman}.brunch"), "undecided")
            .fill(&format!("reply.{siti}.nikah"), "no")
            .fill(&format!("reply.{siti}.reception"), "yes")
            .fill(&format!("name.{nur}"), "  Nur Iman binti  Rahman ")
            .fill(&format!("name.{ahmad}"), "Ahmad Faiz Rahman")
            .tick(&format!("diet.{rahman}"), "halal")
            .tick(&format!("diet.{rahman}"), "other")
            .fill(&format!("diet_note.{rahman}"), "No durian")
            .fill("new.0.name", "Mei Ling")
            .tick("new.1.comes", "1")
            .tick("new.1.child", "1")
            .fill("new.1.age", "4")
            .fill("new.1.reply.brunch", "no")
            .fill("note", "Terima kasih!\r\nJumpa nanti.");
        let shown = save(&mut visitor, &page, &filled).await.text();
        for words in [
            "Mei Ling",
            &stage.say("saved-partly"),
            &stage.fill("guest-of", [("name", "Rahman bin Ali".into())]),
            &stage.fill("guest-child-age", [("age", 4.into())]),
            "No durian",
        ] {
            assert!(shown.contains(words), "{words}: {shown}");
        }

        let after = state(&mut visitor, "RAHMA").await;
        assert_eq!(after["version"], 2);
        assert_eq!(
            guest(&after, "Rahman")["replies"],
            json!({ "nikah": "yes", "reception": "yes", "brunch": "undecided" })
        );
        assert_eq!(guest(&after, "Rahman")["diets"], json!(["halal", "other"]));
        assert_eq!(
            guest(&after, "Siti")["replies"],
            json!({ "nikah": "no", "reception": "yes", "brunch": "pending" })
        );
        assert_eq!(
            guest(&after, "Nur Iman")["replies"]["nikah"],
            "pending",
            "not choosing is no answer"
        );
        assert_eq!(guest(&after, "Ahmad Faiz Rahman")["kind"], "named");
        let mei = guest(&after, "Mei");
        assert_eq!(
            (&mei["kind"], &mei["replies"]["brunch"]),
            (&json!("plus_one"), &json!("yes")),
            "who comes, comes to everything"
        );
        let child = &after["guests"][5];
        assert_eq!(
            (&child["name"], &child["age"], &child["replies"]["brunch"]),
            (&json!(""), &json!(4), &json!("no"))
        );
        assert_eq!(
            after["note"],
            json!({ "text": "Terima kasih!\nJumpa nanti.", "version": 2 })
        );
        assert_eq!(
            after["allowance"]["plus_ones"],
            json!({ "allowed": 2, "used": 2 })
        );
    });
}

#[test]
fn answers_are_changed_as_often_as_wanted() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let start = state(&mut visitor, "RAHMA").await;
        let rahman = id(&start, "Rahman");
        for (round, choice) in ["yes", "no", "undecided", "yes"].into_iter().enumerate() {
            let (page, mut filled) = form(&mut visitor, "RAHMA").await;
            filled.fill(&format!("reply.{rahman}.nikah"), choice);
            save(&mut visitor, &page, &filled).await;
            let (_, stored) = form(&mut visitor, "RAHMA").await;
            assert_eq!(stored.value(&format!("reply.{rahman}.nikah")), Some(choice));
            assert_eq!(
                stored.value("version"),
                Some(format!("{}", round + 2).as_str())
            );
        }
        let (page, same) = form(&mut visitor, "RAHMA").await;
        save(&mut visitor, &page, &same).await;
        assert_eq!(state(&mut visitor, "RAHMA").await["version"], 5);
        let saves = sql!(
            "SELECT COUNT(*) FROM submission JOIN invitation ON invitation.id = invitation AND code = $1"
        );
        assert_eq!(stage.count(saves, "RAHMA").await, 4);
    });
}

#[test]
fn who_is_brought_along_comes_to_what_the_household_comes_to() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let before = state(&mut visitor, "TANWE").await;
        let (page, mut filled) = form(&mut visitor, "TANWE").await;
        for who in before["guests"].as_array().unwrap() {
            for (event, _) in who["replies"].as_object().unwrap() {
                let said = if event == "brunch" { "no" } else { "yes" };
                let who = who["id"].as_str().unwrap();
                filled.fill(&format!("reply.{who}.{event}"), said);
            }
        }
        filled.fill("new.0.name", "Zara");
        save(&mut visitor, &page, &filled).await;
        let after = state(&mut visitor, "TANWE").await;
        let zara = &guest(&after, "Zara")["replies"];
        assert_eq!(
            (&zara["reception"], &zara["brunch"]),
            (&json!("yes"), &json!("no"))
        );
    });
}

#[test]
fn plus_ones_are_named_corrected_and_removed() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let (page, mut filled) = form(&mut visitor, "TANWE").await;
        filled
            .fill("new.0.name", "小红")
            .tick("new.0.child", "1")
            .fill("new.0.age", "17")
            .fill("new.1.name", "Grandmother");
        save(&mut visitor, &page, &filled).await;
        let stored = state(&mut visitor, "TANWE").await;
        assert_eq!(
            stored["allowance"],
            json!({ "plus_ones": { "allowed": 1, "used": 1 }, "children": { "allowed": 1, "used": 1 } })
        );
        let (child, granny) = (id(&stored, "小红"), id(&stored, "Grandmother"));

        let (page, mut filled) = form(&mut visitor, "TANWE").await;
        assert!(
            !filled
                .fields
                .iter()
                .any(|field| field.name.starts_with("new.")),
            "no place is left"
        );
        assert!(
            page.text().contains(&stage.fill(
                "answer-places-both",
                [("children", 0.into()), ("guests", 0.into())]
            )),
            "and that is said"
        );
        let named = id(&stored, "陈伟");
        assert!(
            !filled
                .fields
                .iter()
                .any(|field| field.name == format!("remove.{named}")),
            "named guests stay"
        );
        filled
            .tick(&format!("remove.{granny}"), "1")
            .fill(&format!("name.{child}"), "陈小红")
            .fill(&format!("age.{child}"), "16");
        save(&mut visitor, &page, &filled).await;
        let stored = state(&mut visitor, "TANWE").await;
        assert_eq!(stored["guests"].as_array().unwrap().len(), 5);
        assert_eq!(guest(&stored, "陈小红")["age"], 16);

        // The child is now an adult. Adults need a slot that is not reserved for children.
        let (page, mut filled) = form(&mut visitor, "TANWE").await;
        filled
            .untick(&format!("child.{child}"), "1")
            .fill(&format!("age.{child}"), "");
        save(&mut visitor, &page, &filled).await;
        let stored = state(&mut visitor, "TANWE").await;
        assert_eq!(guest(&stored, "陈小红")["is_child"], false);
        assert_eq!(stored["allowance"]["plus_ones"]["used"], 1);
    });
}

#[test]
fn one_press_answers_for_everybody_and_can_be_undone() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let start = state(&mut visitor, "RAHMA").await;
        let rahman = id(&start, "Rahman");
        let (nikah, brunch) = (
            format!("reply.{rahman}.nikah"),
            format!("reply.{rahman}.brunch"),
        );
        let chosen = |form: &Form| -> Vec<String> {
            let replies = form.fields.iter();
            replies
                .filter(|field| field.sent && field.name.starts_with("reply."))
                .map(|field| field.value.clone())
                .collect()
        };
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled
            .fill(&nikah, "yes")
            .fill("new.0.name", "Mei Ling")
            .fill("note", "A long way")
            .press("press", "no");
        let page = visitor.submit(&page, &filled).await;
        let text = page.expect(200).text();
        assert!(text.contains(&stage.say("answer-nobody-done")), "{text}");
        let declined = page.form("/invite/RAHMA/rsvp");
        assert_eq!(chosen(&declined), vec!["no"; 12]);
        assert_eq!(declined.value("new.0.name"), Some(""), "nobody comes");
        assert_eq!(declined.value("note"), Some("A long way"));
        assert_eq!(
            state(&mut visitor, "RAHMA").await,
            start,
            "nothing is stored"
        );

        let mut undone = declined.clone();
        undone.press("press", "undo");
        let page = visitor.submit(&page, &undone).await;
        let undone = page.expect(200).form("/invite/RAHMA/rsvp");
        assert_eq!(chosen(&undone), ["yes"]);
        assert_eq!(undone.value(&nikah), Some("yes"));
        assert_eq!(undone.value("new.0.name"), Some("Mei Ling"));
        assert_eq!(undone.value("before"), None);

        let mut coming = undone.clone();
        coming.fill(&brunch, "no").press("press", "yes");
        let page = visitor.submit(&page, &coming).await;
        let coming = page.expect(200).form("/invite/RAHMA/rsvp");
        assert_eq!(chosen(&coming), vec!["yes"; 12]);
        assert_eq!(coming.value("new.0.name"), Some("Mei Ling"));
        save(&mut visitor, &page, &coming).await;
        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(stored["guests"].as_array().unwrap().len(), 5);
        assert_eq!(guest(&stored, "Siti")["replies"]["brunch"], "yes");
    });
}

#[test]
fn a_press_for_everybody_takes_no_place_that_is_not_there() {
    on_sqlite(async |stage| {
        let full = sql!("UPDATE event SET capacity = 0 WHERE key = $1");
        stage.run(full, "brunch").await;
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled.press("press", "yes");
        let page = visitor.submit(&page, &filled).await;
        let pressed = page.expect(200).form("/invite/RAHMA/rsvp");
        let value = |event: &str| pressed.value(&format!("reply.{rahman}.{event}"));
        assert_eq!((value("nikah"), value("brunch")), (Some("yes"), None));
        save(&mut visitor, &page, &pressed).await;
    });
}

#[test]
fn the_enter_key_saves() {
    on_sqlite(async |stage| {
        let (_, form) = form(&mut stage.guest(), "RAHMA").await;
        let mut buttons = form.fields.iter().filter(|field| field.kind == "submit");
        assert_eq!(
            buttons.next().unwrap().name,
            "",
            "the first button is what the enter key presses"
        );
    });
}

#[test]
fn food_needs_are_asked_where_a_plus_one_is_added() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled
            .fill("new.0.name", "Mei Ling")
            .tick("new.0.diet", "other")
            .tick("new.1.diet", "nut-allergy");
        let page = visitor.submit(&page, &filled).await;
        let text = page.expect(422).text();
        assert!(text.contains(&stage.say("complaint-diet-note")), "{text}");
        let mut again = page.form("/invite/RAHMA/rsvp");
        again.fill("new.0.diet_note", "No durian");
        let text = save(&mut visitor, &page, &again).await.text();
        assert!(
            text.contains(&stage.fill("people-diets", [("diets", "Other, No durian".into())])),
            "{text}"
        );
        let stored = state(&mut visitor, "RAHMA").await;
        let mei = guest(&stored, "Mei Ling");
        assert_eq!(
            (&mei["diets"], &mei["diet_note"]),
            (&json!(["other"]), &json!("No durian"))
        );
        assert_eq!(
            stored["guests"][5]["diets"],
            json!(["nut-allergy"]),
            "nobody's allergy is lost because no name was written"
        );
    });
}

#[test]
fn the_page_knows_the_places_that_are_left_after_each_person_added() {
    on_sqlite(async |stage| {
        let page = stage.guest().get("/invite/RAHMA/rsvp").await;
        let places = [0, 1, 2].map(|left| {
            let values = [("allowed", 2.into()), ("left", left.into())];
            let text = stage.fill("answer-places-people", values);
            format!("&#34;{text}&#34;")
        });
        let places = format!("data-places=\"[[{}]]\"", places.join(","));
        assert!(page.body.contains(&places), "{}", page.body);
    });
}

#[test]
fn food_needs_and_note_have_pages_that_change_nothing_else() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let page = visitor.get("/invite/RAHMA/dietary").await;
        assert!(
            page.text().contains(&stage.say("answer-diets-nobody")),
            "{}",
            page.text()
        );
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        let start = state(&mut visitor, "RAHMA").await;
        let rahman = id(&start, "Rahman");
        filled
            .fill(&format!("reply.{rahman}.reception"), "yes")
            .tick(&format!("diet.{rahman}"), "vegan")
            .fill("note", "First");
        save(&mut visitor, &page, &filled).await;

        let page = visitor.get("/invite/RAHMA/dietary").await;
        let mut diets = page.form("/invite/RAHMA/dietary");
        assert!(
            !diets
                .fields
                .iter()
                .any(|field| field.name.starts_with("reply."))
        );
        diets
            .untick(&format!("diet.{rahman}"), "vegan")
            .tick(&format!("diet.{rahman}"), "nut-allergy");
        let mut entries = diets.entries();
        let reply = format!("reply.{rahman}.reception");
        let smuggled = [
            (reply.as_str(), "no"),
            ("note", "Smuggled"),
            ("note_version", "2"),
            ("new.0.name", "Smuggled"),
        ];
        entries.extend(smuggled);
        visitor
            .post("/invite/RAHMA/dietary", &entries)
            .await
            .expect(303);
        let page = visitor.get("/invite/RAHMA/notes").await;
        let mut note = page.form("/invite/RAHMA/notes");
        assert_eq!(note.value("note"), Some("First"));
        note.fill("note", "");
        let mut entries = note.entries();
        entries.extend([(reply.as_str(), "no"), ("new.0.name", "Smuggled")]);
        visitor
            .post("/invite/RAHMA/notes", &entries)
            .await
            .expect(303);

        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(stored["note"]["text"], "", "saved empty it is removed");
        assert_eq!(stored["guests"].as_array().unwrap().len(), 4);
        assert_eq!(guest(&stored, "Rahman")["replies"]["reception"], "yes");
        assert_eq!(guest(&stored, "Rahman")["diets"], json!(["nut-allergy"]));
        // When a guest declines, the guest's dietary requirements stay stored.
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled.fill(&reply, "no");
        save(&mut visitor, &page, &filled).await;
        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(guest(&stored, "Rahman")["diets"], json!(["nut-allergy"]));
        assert!(
            visitor
                .get("/invite/RAHMA/dietary")
                .await
                .text()
                .contains(&stage.say("answer-diets-nobody"))
        );
    });
}

#[test]
fn the_confirmation_says_what_was_stored_and_masks_the_address() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let (page, mut filled) = form(&mut visitor, "ROSSI").await;
        let start = state(&mut visitor, "ROSSI").await;
        for name in ["Marco", "Giulia"] {
            for event in ["nikah", "reception", "brunch"] {
                filled.fill(&format!("reply.{}.{event}", id(&start, name)), "yes");
            }
        }
        let page = save(&mut visitor, &page, &filled).await;
        let text = page.text();
        for shown in [
            "Marco Rossi",
            "Giulia Rossi",
            &stage.say("saved-coming-formal"),
            &stage.fill("count-yes", [("n", 2.into())]),
            &stage.fill("closing-change-day", [("date", "20 December".into())]),
            &stage.fill("saved-mail", [("address", "r•••@example.com".into())]),
            "Akad nikah",
            "Masjid Wilayah Persekutuan",
            "Dewan Seri Melati",
        ] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        assert_eq!(
            page.link(&stage.say("saved-calendar")).href,
            stage.links.below("ROSSI", "/calendar.ics")
        );
        assert_eq!(
            page.link(&stage.say("portal-change")).href,
            stage.links.below("ROSSI", "/rsvp")
        );
        assert!(
            page.link(&stage.say("portal-map"))
                .href
                .starts_with("https://www.openstreetmap.org/")
        );
        let silent = stage.changed(|accounts| {
            std::sync::Arc::make_mut(&mut accounts.site.settings).has_mail = false;
        });
        let mut there = visitor.clone();
        there.use_router(silent.router());
        let page = there.get("/invite/ROSSI/confirmation").await;
        assert!(
            page.text().contains(&stage.say("saved-no-server")),
            "{}",
            page.text()
        );
        // Reloading the confirmation page does not send the form again.
        visitor.get("/invite/ROSSI/confirmation").await.expect(200);
        assert_eq!(state(&mut visitor, "ROSSI").await["version"], 2);

        let (page, mut filled) = form(&mut visitor, "ROSSI").await;
        for name in ["Marco", "Giulia"] {
            for event in ["nikah", "reception", "brunch"] {
                filled.fill(&format!("reply.{}.{event}", id(&start, name)), "no");
            }
        }
        let page = save(&mut visitor, &page, &filled).await;
        let portal = visitor.get("/invite/ROSSI").await;
        for (app, is_there) in [("portal-outlook", false), ("portal-waze", true)] {
            let link = format!(">{}<", stage.say(app));
            assert_eq!(portal.body.contains(&link), is_there, "{app}");
        }
        assert!(page.text().contains(&stage.say("saved-declined-formal")));
        assert!(
            !page.text().contains("Masjid"),
            "nobody goes there: {}",
            page.text()
        );
        assert!(
            !page.body.contains("calendar.ics"),
            "nothing is left to go to"
        );
        stage
            .switch(|switches| switches.confirmation_mail = false)
            .await;
        assert!(
            !visitor
                .get("/invite/ROSSI/confirmation")
                .await
                .text()
                .contains("copy")
        );
    });
}

#[test]
fn where_only_places_for_children_are_left_the_next_person_is_a_child() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let (_, both) = form(&mut visitor, "TANWE").await;
        assert_eq!(both.value("new.0.child"), None, "anybody may come first");
        assert_eq!(both.value("new.1.child"), Some("1"));
        let only = sql!("UPDATE invitation SET plus_ones = 0, children = 3 WHERE code = $1");
        stage.run(only, "TANWE").await;
        let (page, mut filled) = form(&mut visitor, "TANWE").await;
        for id in ["answer-only-children", "answer-add-child"] {
            assert!(page.text().contains(&stage.say(id)), "{id}");
        }
        filled.fill("new.0.name", "小红").untick("new.0.child", "1");
        let refused = visitor.submit(&page, &filled).await;
        refused.expect(409);
        let why = stage.say("complaint-only-children");
        assert!(refused.text().contains(&why), "{}", refused.text());
        let (page, mut filled) = form(&mut visitor, "TANWE").await;
        filled.fill("new.0.name", "小红");
        save(&mut visitor, &page, &filled).await;
        let stored = state(&mut visitor, "TANWE").await;
        assert_eq!(stored["allowance"]["children"]["used"], 1);

        let off = sql!(
            "UPDATE occasion
             SET switches = replace(switches, '\"children\":true', '\"children\":false')
             WHERE slug <> $1"
        );
        stage.run(off, "another").await;
        let (_, off) = form(&mut visitor, "TANWE").await;
        let is_new = |field: &testkit::Field| field.name.starts_with("new.");
        assert!(!off.fields.iter().any(is_new), "no place for anybody else");
    });
}
