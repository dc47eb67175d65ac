//! Tests of refused forms: the page reports the errors and keeps all typed values.

use axum::body::Bytes;
use axum::http::Method;
use occasions::words::OccasionStatus;
use platform::sql;
use serde_json::json;
use testkit::{Page, Visitor};

use crate::answering::form;
use crate::stage::{
    Stage, assert_private, assert_problem, guest, id, on_default, on_sqlite, state,
};

/// Checks that the form's error summary contains `words` and links to `field`.
#[track_caller]
fn assert_complaint(page: &Page, field: &str, words: &str) {
    assert_private(page);
    assert!(page.text().contains(words), "{words}: {}", page.text());
    let link = page.link(words);
    assert_eq!(link.href, format!("#{field}"));
    assert!(
        page.body.contains(&format!("id=\"{field}\"")),
        "the summary leads to {field}"
    );
    assert!(page.body.contains("role=\"alert\""));
}

#[test]
fn wrong_fields_are_named_together_and_what_was_typed_is_kept() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let start = state(&mut visitor, "RAHMA").await;
        let (rahman, siti) = (id(&start, "Rahman"), id(&start, "Siti"));
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        let long = "x".repeat(101);
        let note = "y".repeat(4_001);
        filled
            .fill(&format!("reply.{rahman}.nikah"), "yes")
            .tick(&format!("diet.{rahman}"), "other")
            .fill(&format!("name.{siti}"), &long)
            .fill("new.0.name", "Mei <b>\"")
            .fill("new.1.name", &long)
            .tick("new.1.child", "1")
            .fill("new.1.age", "3")
            .fill("note", &note);
        let page = visitor.submit(&page, &filled).await;
        page.expect(422);
        for (field, complaint) in [
            (
                format!("diet_note.{rahman}"),
                &stage.say("complaint-diet-note"),
            ),
            (
                format!("name.{siti}"),
                &stage.fill("complaint-name-long", [("n", 100.into())]),
            ),
            (
                "note".to_owned(),
                &stage.fill("complaint-too-long", [("n", 4000.into())]),
            ),
        ] {
            assert_complaint(&page, &field, complaint);
        }
        let kept = page.form("/invite/RAHMA/rsvp");
        for (field, value) in filled.entries() {
            let same: Vec<_> = kept
                .entries()
                .into_iter()
                .filter(|(name, _)| *name == field)
                .collect();
            // All values stay as typed. Only the form's idempotency key changes, because the
            // corrected form is a new save.
            assert!(
                field == "submission_id" || same.contains(&(field, value)),
                "{field}={value}: {same:?}"
            );
        }
        assert_eq!(state(&mut visitor, "RAHMA").await["version"], 1);
        let mut kept = kept;
        kept.fill(&format!("diet_note.{rahman}"), "No durian")
            .fill(&format!("name.{siti}"), "Siti")
            .fill("new.1.name", "Tim")
            .fill("note", "Short");
        visitor.submit(&page, &kept).await.expect(303);
        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(guest(&stored, "Tim")["age"], 3);
        guest(&stored, "Mei <b>\"");
    });
}

#[test]
fn a_name_is_asked_for_where_hosts_want_one() {
    on_sqlite(async |stage| {
        stage
            .switch(|switches| switches.plus_one_name_required = true)
            .await;
        let mut visitor = stage.guest();
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled.tick("new.0.comes", "1");
        let page = visitor.submit(&page, &filled).await;
        assert_complaint(
            page.expect(422),
            "new.0.name",
            &stage.say("complaint-name-required"),
        );
    });
}

#[test]
fn what_no_page_offers_is_refused_at_its_field() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        for (name, value, status) in [
            (format!("reply.{rahman}.nikah"), "maybe", 422),
            (format!("reply.{rahman}.nikah"), "waitlisted", 422),
            (format!("reply.{rahman}.nowhere"), "yes", 422),
            (format!("age.{rahman}"), "4", 422),
            ("new.0.age".to_owned(), "18", 422),
            ("new.0.age".to_owned(), "-1", 422),
            ("new.0.age".to_owned(), "four", 422),
            ("reply.0197.nikah".to_owned(), "yes", 404),
            (format!("remove.{rahman}"), "1", 409),
            ("remove.0197".to_owned(), "1", 404),
        ] {
            let fields = [
                ("version", "1"),
                (name.as_str(), value),
                ("new.0.comes", "1"),
            ];
            let page = visitor.post("/invite/RAHMA/rsvp", &fields).await;
            assert_eq!(
                page.status.as_u16(),
                status,
                "{name}={value}: {}",
                page.text()
            );
        }
        let fields = [
            (format!("diet.{rahman}"), "stones"),
            (format!("diet_note.{rahman}"), ""),
        ];
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        visitor
            .post("/invite/RAHMA/rsvp", &fields)
            .await
            .expect(422);
        assert_eq!(state(&mut visitor, "RAHMA").await["version"], 1);
    });
}

#[test]
fn more_people_than_agreed_are_refused() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let fields = [
            ("version", "1"),
            ("new.0.name", "A"),
            ("new.1.name", "B"),
            ("new.2.name", "C"),
        ];
        let page = visitor.post("/invite/RAHMA/rsvp", &fields).await;
        assert_complaint(
            page.expect(409),
            "new.0.name",
            &stage.fill(
                "complaint-plus-ones",
                [("allowed", 2.into()), ("left", 2.into())],
            ),
        );
        let kept = page.form("/invite/RAHMA/rsvp");
        assert_eq!(
            kept.value("new.2.name"),
            Some("C"),
            "kept, though there is no place"
        );
        stage
            .run(
                sql!("UPDATE invitation SET plus_ones = 20, children = 20 WHERE code = $1"),
                "RAHMA",
            )
            .await;
        let names: Vec<String> = (0..27).map(|n| format!("new.{n}.name")).collect();
        let mut fields: Vec<_> = names.iter().map(|name| (name.as_str(), "X")).collect();
        fields.push(("version", "1"));
        let page = visitor.post("/invite/RAHMA/rsvp", &fields).await;
        assert_complaint(
            page.expect(409),
            "new.0.name",
            &stage.fill("complaint-guests", [("n", 30.into())]),
        );
    });
}

#[test]
fn a_full_event_takes_whole_households_or_nobody() {
    on_default(async |stage| {
        stage
            .run(
                sql!(
                    "UPDATE event SET capacity = 2 + (SELECT COUNT(*) FROM reply
                     WHERE reply.event = event.id AND reply.status = 'yes') WHERE key = $1"
                ),
                "reception",
            )
            .await;
        let mut visitor = stage.guest();
        let start = state(&mut visitor, "RAHMA").await;
        let ids = ["Rahman", "Siti", "Nur"].map(|name| id(&start, name));
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        assert!(
            page.text()
                .contains(&stage.fill("choice-left", [("n", 2.into())]))
        );
        for who in &ids {
            filled.fill(&format!("reply.{who}.reception"), "yes");
        }
        filled.fill("note", "Kept");
        let page = visitor.submit(&page, &filled).await;
        let field = format!("reply.{}.reception", ids[0]);
        assert_complaint(
            page.expect(409),
            &field,
            &stage.fill(
                "complaint-full",
                [("event", "Reception".into()), ("left", 2.into())],
            ),
        );
        let mut kept = page.form("/invite/RAHMA/rsvp");
        assert_eq!(
            (kept.value("note"), kept.value(&field)),
            (Some("Kept"), Some("yes"))
        );
        kept.fill(&format!("reply.{}.reception", ids[2]), "no");
        visitor.submit(&page, &kept).await.expect(303);
        // A guest who already has a seat keeps it, and may still change everything else.
        let page = visitor.get("/invite/RAHMA/rsvp").await;
        assert!(page.text().contains(&stage.say("choice-full")));
        let mut again = page.form("/invite/RAHMA/rsvp");
        again.fill(&format!("reply.{}.nikah", ids[0]), "yes");
        visitor.submit(&page, &again).await.expect(303);
    });
}

#[test]
fn who_comes_too_late_keeps_what_was_typed() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let start = state(&mut visitor, "RAHMA").await;
        let (rahman, siti) = (id(&start, "Rahman"), id(&start, "Siti"));
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled
            .fill(&format!("reply.{rahman}.nikah"), "yes")
            .fill(&format!("reply.{siti}.reception"), "no")
            .fill(&format!("name.{siti}"), "Siti Aminah Yusof")
            .tick(&format!("diet.{rahman}"), "halal")
            .fill(&format!("diet_note.{rahman}"), "No durian")
            .fill("new.0.name", "Mei Ling")
            .tick("new.1.comes", "1")
            .fill("note", "See you there");
        for sql in [
            sql!("UPDATE invitation SET lock_mode = 'locked' WHERE code = $1"),
            sql!("UPDATE invitation SET lock_mode = 'auto', deadline_override = 1 WHERE code = $1"),
        ] {
            stage.run(sql, "RAHMA").await;
            assert_late(stage, &visitor.submit(&page, &filled).await);
        }
        stage.status(OccasionStatus::Closed).await;
        assert_late(stage, &visitor.submit(&page, &filled).await);
        assert_eq!(state(&mut visitor, "RAHMA").await["version"], 1);
        // A note that is sent after the lock is refused with its own message.
        let page = visitor
            .post("/invite/RAHMA/notes", &[("note", "Late words")])
            .await;
        assert!(page.expect(423).text().contains("Late words"));
    });
}

#[track_caller]
fn assert_late(stage: &Stage<'_>, page: &Page) {
    assert_private(page.expect(423));
    let text = page.text();
    for shown in [
        "Siti Aminah Yusof",
        &stage.say("late-title"),
        &format!("Rahman bin Ali, Akad nikah {}", stage.say("reply-yes")),
        &format!(
            "Siti Aminah binti Yusof, Reception {}",
            stage.say("reply-no")
        ),
        &stage.say("diet-halal"),
        "No durian",
        "Mei Ling",
        "See you there",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    let own = page
        .forms()
        .into_iter()
        .filter(|form| form.action != "/")
        .count();
    assert_eq!(own, 0, "nothing to be sent again");
}

#[test]
fn a_form_from_elsewhere_is_refused() {
    on_sqlite(async |stage| {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let mut visitor = stage.guest();
            visitor.header(name, value);
            for (address, field, refused) in [
                ("/", "code", "code-elsewhere"),
                ("/o/aisyah-daniel", "code", "code-elsewhere"),
                ("/invite/RAHMA/rsvp", "note", "answer-elsewhere"),
                ("/invite/RAHMA/notes", "note", "answer-elsewhere"),
            ] {
                let page = visitor.post(address, &[(field, "Typed")]).await;
                page.expect(403);
                assert!(page.text().contains(&stage.say(refused)), "{}", page.text());
                let kept = page.form(address);
                assert_eq!(kept.value(field), Some("Typed"), "{address}");
            }
            let coming = state(&mut visitor, "ROSSI").await["guests"][0]["id"].clone();
            let field = format!("diet_note.{}", coming.as_str().unwrap());
            let address = "/invite/ROSSI/dietary";
            let page = visitor.post(address, &[(&field, "No prawns")]).await;
            let kept = page.expect(403).form(address);
            assert_eq!(kept.value(&field), Some("No prawns"));
            let page = visitor
                .post("/invite/LATE1/rsvp", &[("note", "Late")])
                .await;
            assert!(page.expect(403).text().contains("Late"), "to be copied");
            let page = visitor
                .post("/invite/WRONG/rsvp", &[("note", "Lost")])
                .await;
            assert!(page.expect(404).text().contains("Lost"), "to be copied");
            let page = visitor.post("/", &[("forget", "RAHMA")]).await;
            page.expect(403);
            assert!(
                visitor.get("/invite/RAHMA").await.text().contains("Rahman"),
                "to look is no harm"
            );
            assert_eq!(state(&mut visitor, "RAHMA").await["version"], 1);
        }
    });
}

#[test]
fn bodies_that_are_no_forms_are_refused_before_anything() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        for address in [
            "/",
            "/o/aisyah-daniel",
            "/invite/RAHMA/rsvp",
            "/invite/WRONG/rsvp",
        ] {
            for (kind, body, status) in [
                (Some("application/json"), b"{}".to_vec(), 415),
                (
                    Some("multipart/form-data; boundary=x"),
                    b"--x--".to_vec(),
                    415,
                ),
                (None, Vec::new(), 415),
                (
                    Some("application/x-www-form-urlencoded"),
                    b"note=%FF".to_vec(),
                    400,
                ),
                (
                    Some("application/x-www-form-urlencoded"),
                    vec![b'x'; 256 * 1024 + 1],
                    413,
                ),
                (
                    Some("application/x-www-form-urlencoded"),
                    b"a=1&".repeat(2001),
                    413,
                ),
            ] {
                let page = visitor
                    .send(Method::POST, address, kind, Bytes::from(body))
                    .await;
                assert_eq!(page.status.as_u16(), status, "{address} {kind:?}");
            }
        }
        let page = visitor
            .send(Method::DELETE, "/invite/RAHMA", None, Bytes::new())
            .await;
        page.expect(405);
        assert_eq!(state(&mut visitor, "RAHMA").await["version"], 1);
    });
}

#[test]
fn a_script_that_asks_for_json_hears_the_same_rule() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        visitor.header("accept", "application/json");
        stage.switch(|switches| switches.notes = false).await;
        let page = visitor.get("/invite/RAHMA/notes").await;
        assert_problem(&page, 404, "feature_disabled");
        assert_eq!(page.json()["instance"], json!("/invite/RA***/notes"));
    });
}

#[test]
fn what_was_lowered_meanwhile_stays_and_nothing_is_added() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled.fill("new.0.name", "Mei").fill("new.1.name", "Lin");
        visitor.submit(&page, &filled).await.expect(303);
        stage
            .run(
                sql!("UPDATE invitation SET plus_ones = 1 WHERE code = $1"),
                "RAHMA",
            )
            .await;
        let (page, filled) = form(&mut visitor, "RAHMA").await;
        assert!(page.text().contains(&stage.say("guest-above-allowance")));
        let (mei, lin) = both(&mut visitor).await;
        let mut edited = filled.clone();
        edited.fill(&format!("name.{mei}"), "Mei Mei");
        visitor.submit(&page, &edited).await.expect(303);
        let fields = [("version", "3"), ("new.0.name", "Tim")];
        visitor
            .post("/invite/RAHMA/rsvp", &fields)
            .await
            .expect(409);
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled.tick(&format!("remove.{lin}"), "1");
        visitor.submit(&page, &filled).await.expect(303);
        assert!(!visitor.get("/invite/RAHMA").await.text().contains("Above"));
    });
}

async fn both(visitor: &mut Visitor) -> (String, String) {
    let stored = state(visitor, "RAHMA").await;
    (id(&stored, "Mei"), id(&stored, "Lin"))
}
