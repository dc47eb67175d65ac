//! Tests of the hosts' own questions: guests answer them, and the saved answers are shown again.

use jiff::SignedDuration;
use occasions::question::{Choice, Question};
use occasions::words::{AskedOf, QuestionKind};
use platform::sql;
use serde_json::{Value, json};
use testkit::Visitor;
use web::I18n;

use crate::answering::form;
use crate::stage::{Stage, answer, assert_problem, guest, id, on_default, on_sqlite, put, state};

/// Returns the question `Bus?`, which takes answers of this kind. Every guest is asked.
fn bus(kind: QuestionKind) -> Question {
    Question {
        id: platform::id::Id::from_text("01970000-0000-7000-8000-00000000b005".to_owned()),
        key: "bus".to_owned(),
        asked_of: AskedOf::Guest,
        kind,
        title: I18n::one("en", "Bus?"),
        help: I18n::one("en", "It leaves at nine."),
        choices: [("there", "On the way there"), ("back", "On the way back")]
            .map(|(key, label)| Choice {
                key: key.to_owned(),
                label: I18n::one("en", label),
            })
            .to_vec(),
        events: Vec::new(),
        required: false,
        coming_only: false,
        hosts_only: false,
        active: true,
        position: 1,
        version: 1,
    }
}

async fn ask(stage: &Stage<'_>, asked: Question) {
    let occasion = stage.occasion.clone();
    stage.change(move |tx| asked.insert(tx, &occasion)).await;
}

async fn answers(visitor: &mut Visitor, name: &str) -> Value {
    let stored = state(visitor, "RAHMA").await;
    guest(&stored, name)["answers"].clone()
}

#[test]
fn a_household_answers_and_reads_its_answer_everywhere() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        assert!(page.text().contains("A song that gets you dancing?"));
        filled
            .fill("household.song", " Getaran Jiwa ")
            .fill(&format!("reply.{rahman}.nikah"), "yes");
        let saved = visitor.submit(&page, &filled).await;
        let confirmation = visitor.follow(saved).await;
        let portal = visitor.get("/invite/RAHMA").await;
        for shown in [&confirmation, &portal] {
            assert!(shown.text().contains("Getaran Jiwa"), "{}", shown.address);
        }
        let (_, filled) = form(&mut visitor, "RAHMA").await;
        assert_eq!(filled.value("household.song"), Some("Getaran Jiwa"));
        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(stored["answers"], json!({ "song": "Getaran Jiwa" }));

        stage.world.clock.advance(SignedDuration::from_mins(2));
        stage.worker().run_due().await.unwrap();
        stage.expect_confirmation("rahman@example.com", "ms");
        let mails = stage.world.mails().await;
        assert!(mails[0].text.contains("Getaran Jiwa"), "{}", mails[0].text);

        // After a host locks the answers, guests see them but cannot change them.
        let lock = sql!("UPDATE invitation SET lock_mode = 'locked' WHERE code = $1");
        stage.run(lock, "RAHMA").await;
        let page = visitor.get("/invite/RAHMA/rsvp").await;
        let is_fixed = |form: &testkit::Form| form.value("household.song").is_none();
        assert!(page.text().contains("Getaran Jiwa") && page.forms().iter().all(is_fixed));
        let late = json!({ "version": 2, "answers": { "song": "Other" } });
        assert_problem(
            &put(&mut visitor, "RAHMA", &late).await,
            423,
            "invitation_locked",
        );
    });
}

#[test]
fn every_kind_is_kept_as_it_was_answered_and_stands_in_the_form_again() {
    use QuestionKind::{Date, LongText, Number, OneChoice, SeveralChoices, ShortText, YesNo};
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let field = format!("answer.{rahman}.bus");
        for (kind, typed, stored, shown_answer) in [
            (ShortText, "Only back", json!("Only back"), "Only back"),
            (LongText, "Only\r\nback", json!("Only\nback"), "back"),
            (OneChoice, "back", json!("back"), "On the way back"),
            (SeveralChoices, "back", json!(["back"]), "On the way back"),
            (YesNo, "yes", json!(true), &*stage.say("question-yes")),
            (Number, "3", json!(3), "3"),
            (Date, "2027-01-16", json!("2027-01-16"), "16 Jan 2027"),
        ] {
            stage
                .run(sql!("DELETE FROM answer WHERE $1 <> ''"), "x")
                .await;
            stage
                .run(sql!("DELETE FROM question WHERE key = $1"), "bus")
                .await;
            ask(stage, bus(kind)).await;
            let (page, mut filled) = form(&mut visitor, "RAHMA").await;
            assert!(page.text().contains("It leaves at nine."), "{kind:?}");
            if kind == SeveralChoices {
                filled.tick(&field, typed);
            } else {
                filled.fill(&field, typed);
            }
            let saved = visitor.submit(&page, &filled).await;
            saved.expect(303);
            let shown = visitor.follow(saved).await;
            assert!(
                shown.text().contains(shown_answer),
                "{kind:?}: {}",
                shown.text()
            );
            assert_eq!(
                answers(&mut visitor, "Rahman").await,
                json!({ "bus": stored })
            );
            let (page, mut filled) = form(&mut visitor, "RAHMA").await;
            let is_filled_in = filled.entries().iter().any(|(name, value)| {
                *name == field && value.replace("\r\n", "\n") == typed.replace("\r\n", "\n")
            });
            assert!(is_filled_in, "{kind:?}: {:?}", filled.entries());
            if kind == SeveralChoices {
                filled.untick(&field, typed);
            } else {
                filled.fill(&field, "");
            }
            visitor.submit(&page, &filled).await.expect(303);
            assert_eq!(answers(&mut visitor, "Rahman").await, json!({}), "{kind:?}");
        }
    });
}

#[test]
fn who_comes_has_to_answer_what_is_required_and_nobody_else() {
    on_default(async |stage| {
        ask(
            stage,
            Question {
                required: true,
                ..bus(QuestionKind::ShortText)
            },
        )
        .await;
        let household = Question {
            id: platform::id::Id::from_text("01970000-0000-7000-8000-00000000b006".to_owned()),
            key: "home".to_owned(),
            asked_of: AskedOf::Household,
            required: true,
            title: I18n::one("en", "How do you come?"),
            ..bus(QuestionKind::ShortText)
        };
        ask(stage, household).await;
        let mut visitor = stage.guest();
        let start = state(&mut visitor, "RAHMA").await;
        let (rahman, siti) = (id(&start, "Rahman"), id(&start, "Siti"));
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled.fill(&format!("reply.{siti}.nikah"), "no");
        visitor.submit(&page, &filled).await.expect(303);
        let (page, mut filled) = form(&mut visitor, "RAHMA").await;
        filled
            .fill(&format!("reply.{rahman}.nikah"), "yes")
            .fill("new.0.name", "Mei Ling");
        let refused = visitor.submit(&page, &filled).await;
        let text = refused.expect(422).text();
        assert!(
            text.contains(&stage.fill(
                "complaint-question-required",
                [("question", "How do you come?".into())]
            )),
            "{text}"
        );
        for field in [
            format!("answer.{rahman}.bus"),
            "new.0.answer.bus".to_owned(),
            "household.home".to_owned(),
        ] {
            let leads = refused
                .links()
                .iter()
                .any(|link| link.href == format!("#{field}"));
            assert!(leads, "{field}");
        }
        assert!(
            !refused.links().iter().any(|link| link.href.contains(&siti)),
            "who stays at home is left in peace"
        );
        // The page has kept the typed values. The guest fills in the missing ones.
        let mut again = refused.form("/invite/RAHMA/rsvp");
        assert_eq!(again.value("new.0.name"), Some("Mei Ling"));
        again
            .fill(&format!("answer.{rahman}.bus"), "Yes please")
            .fill("new.0.answer.bus", "No")
            .fill("household.home", "By car");
        visitor.submit(&refused, &again).await.expect(303);
        assert_eq!(answers(&mut visitor, "Mei").await, json!({ "bus": "No" }));

        // The JSON API applies the same rules. While required questions are unanswered, it refuses
        // answers but saves dietary requirements.
        let wish = json!({ "version": 3, "guests": [
            { "id": siti, "replies": { "nikah": "yes" } },
        ] });
        let problem = assert_problem(
            &put(&mut visitor, "RAHMA", &wish).await,
            422,
            "validation_failed",
        );
        assert_eq!(problem["errors"][0]["pointer"], "/guests/0/answers/bus");
        assert_eq!(problem["errors"][0]["code"], "required");
        let diets = json!({ "version": 3, "guests": [{ "id": rahman, "diets": ["halal"] }] });
        put(&mut visitor, "RAHMA", &diets).await.expect(200);
    });
}

#[test]
fn what_is_asked_later_is_required_with_the_next_answer_and_not_before() {
    on_default(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let coming = json!({ "nikah": "yes" });
        put(&mut visitor, "RAHMA", &answer(1, &rahman, &coming))
            .await
            .expect(200);
        ask(
            stage,
            Question {
                required: true,
                ..bus(QuestionKind::ShortText)
            },
        )
        .await;
        let diets = json!({ "version": 2, "guests": [{ "id": rahman, "diets": ["halal"] }] });
        put(&mut visitor, "RAHMA", &diets).await.expect(200);
        let more = answer(3, &rahman, &json!({ "brunch": "yes" }));
        let refused = put(&mut visitor, "RAHMA", &more).await;
        let problem = assert_problem(&refused, 422, "validation_failed");
        assert_eq!(problem["errors"][0]["code"], "required");
    });
}

#[test]
fn a_program_is_told_what_is_wrong_with_each_answer() {
    on_default(async |stage| {
        ask(stage, bus(QuestionKind::SeveralChoices)).await;
        let of_hosts = Question {
            id: platform::id::Id::from_text("01970000-0000-7000-8000-00000000b006".to_owned()),
            key: "plate".to_owned(),
            hosts_only: true,
            ..bus(QuestionKind::Number)
        };
        ask(stage, of_hosts).await;
        let mut visitor = stage.guest();
        let stored = state(&mut visitor, "RAHMA").await;
        let rahman = id(&stored, "Rahman");
        let asked: Vec<&str> = stored["questions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["key"].as_str().unwrap())
            .collect();
        assert_eq!(
            asked,
            ["song", "bus"],
            "the hosts' own question stays theirs"
        );
        assert!(
            !visitor
                .get("/invite/RAHMA/rsvp")
                .await
                .text()
                .contains("plate")
        );
        let wish = json!({ "version": 1, "answers": { "song": "x".repeat(2_001), "bus": "there", "nothing": 1 },
            "guests": [{ "id": rahman, "answers": { "bus": ["train"], "plate": 3, "song": "ABBA" } }] });
        let problem = assert_problem(
            &put(&mut visitor, "RAHMA", &wish).await,
            422,
            "validation_failed",
        );
        let found: Vec<(&str, &str)> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                (
                    one["pointer"].as_str().unwrap(),
                    one["code"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("/guests/0/answers/bus", "unknown_option"),
                ("/guests/0/answers/plate", "unknown_field"),
                ("/guests/0/answers/song", "unknown_field"),
                ("/answers/bus", "unknown_field"),
                ("/answers/nothing", "unknown_field"),
                ("/answers/song", "too_long"),
            ]
        );
        let wish = json!({ "version": 1, "answers": { "song": "ABBA" },
            "guests": [{ "id": rahman, "answers": { "bus": ["back", "there"] } }] });
        let saved = put(&mut visitor, "RAHMA", &wish).await;
        assert_eq!(saved.expect(200).json()["answers"]["song"], "ABBA");
        assert_eq!(
            answers(&mut visitor, "Rahman").await,
            json!({ "bus": ["there", "back"] })
        );
        // Sending the same answer again changes nothing, and a null removes the answer.
        let again = put(&mut visitor, "RAHMA", &wish).await;
        assert_eq!(again.expect(200).json()["version"], 2);
        let wish = json!({ "version": 2, "answers": { "song": null } });
        let saved = put(&mut visitor, "RAHMA", &wish).await;
        assert_eq!(saved.expect(200).json()["answers"], json!({}));
        // An answer to a question that the hosts have deactivated is ignored, not refused.
        stage
            .run(
                sql!("UPDATE question SET active = 0 WHERE key = $1"),
                "song",
            )
            .await;
        let wish = json!({ "version": 3, "answers": { "song": "ABBA" } });
        let saved = put(&mut visitor, "RAHMA", &wish).await;
        assert_eq!(saved.expect(200).json()["version"], 3);
    });
}

#[test]
fn who_declines_keeps_the_answer_and_it_is_shown_no_more() {
    on_sqlite(async |stage| {
        ask(stage, bus(QuestionKind::ShortText)).await;
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let wish = json!({ "version": 1, "guests": [{ "id": rahman,
            "replies": { "nikah": "yes", "reception": "no", "brunch": "no" }, "answers": { "bus": "Both ways" } }] });
        put(&mut visitor, "RAHMA", &wish).await.expect(200);
        assert!(
            visitor
                .get("/invite/RAHMA")
                .await
                .text()
                .contains("Both ways")
        );
        put(
            &mut visitor,
            "RAHMA",
            &answer(2, &rahman, &json!({ "nikah": "no" })),
        )
        .await
        .expect(200);
        assert!(
            !visitor
                .get("/invite/RAHMA")
                .await
                .text()
                .contains("Both ways")
        );
        assert_eq!(
            answers(&mut visitor, "Rahman").await,
            json!({ "bus": "Both ways" })
        );
    });
}

#[test]
fn who_is_not_invited_to_its_events_is_not_asked() {
    on_default(async |stage| {
        let of_brunch = Question {
            events: vec!["brunch".to_owned()],
            ..bus(QuestionKind::ShortText)
        };
        ask(stage, of_brunch).await;
        let uninvite = sql!(
            "DELETE FROM reply WHERE event IN (SELECT id FROM event WHERE key = 'brunch')
             AND guest IN (SELECT id FROM guest WHERE name LIKE $1)"
        );
        stage.run(uninvite, "Siti%").await;
        let mut visitor = stage.guest();
        let start = state(&mut visitor, "RAHMA").await;
        let (rahman, siti) = (id(&start, "Rahman"), id(&start, "Siti"));
        let (_, filled) = form(&mut visitor, "RAHMA").await;
        assert_eq!(filled.value(&format!("answer.{rahman}.bus")), Some(""));
        assert_eq!(filled.value(&format!("answer.{siti}.bus")), None);
        let wish = json!({ "version": 1, "guests": [{ "id": siti, "answers": { "bus": "Yes" } }] });
        let problem = assert_problem(
            &put(&mut visitor, "RAHMA", &wish).await,
            422,
            "validation_failed",
        );
        assert_eq!(problem["errors"][0]["code"], "not_allowed");
    });
}

#[test]
fn of_two_tabs_answers_are_put_together_and_the_same_one_is_asked() {
    on_default(async |stage| {
        ask(stage, bus(QuestionKind::SeveralChoices)).await;
        let mut first = stage.guest();
        let mut second = stage.guest();
        let start = state(&mut first, "RAHMA").await;
        let (rahman, siti) = (id(&start, "Rahman"), id(&start, "Siti"));
        let (page, mut mine) = form(&mut first, "RAHMA").await;
        let (other_page, mut theirs) = form(&mut second, "RAHMA").await;
        mine.fill("household.song", "Mine")
            .tick(&format!("answer.{rahman}.bus"), "there");
        theirs
            .fill("household.song", "Theirs")
            .tick(&format!("answer.{rahman}.bus"), "back")
            .tick(&format!("answer.{siti}.bus"), "back");
        second.submit(&other_page, &theirs).await.expect(303);
        let asked = first.submit(&page, &mine).await;
        let text = asked.expect(409).text();
        for shown in [
            "A song that gets you dancing?",
            &stage.fill("conflict-saved", [("value", "Theirs".into())]),
            &stage.fill("conflict-yours", [("value", "Mine".into())]),
        ] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
        let merged = asked.form("/invite/RAHMA/rsvp");
        first.submit(&asked, &merged).await.expect(303);
        let stored = state(&mut first, "RAHMA").await;
        assert_eq!(stored["answers"]["song"], "Mine");
        assert_eq!(
            guest(&stored, "Rahman")["answers"]["bus"],
            json!(["there", "back"])
        );
        assert_eq!(guest(&stored, "Siti")["answers"]["bus"], json!(["back"]));
    });
}

#[test]
fn answers_travel_with_their_own_form_and_go_with_their_guest() {
    on_default(async |stage| {
        ask(stage, bus(QuestionKind::ShortText)).await;
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        let wish = json!({ "version": 1, "guests": [
            { "id": rahman, "replies": { "nikah": "yes" }, "answers": { "bus": "Back" } },
            { "name": "Mei", "answers": { "bus": "There" } },
        ] });
        put(&mut visitor, "RAHMA", &wish).await.expect(200);
        // The pages for dietary requirements and for the household's note change only their own
        // fields.
        for (page, field) in [
            ("dietary", format!("diet_note.{rahman}")),
            ("notes", "note".to_owned()),
        ] {
            let address = format!("/invite/RAHMA/{page}");
            let bus = format!("answer.{rahman}.bus");
            let fields = [(&*field, "Hello"), ("household.song", "X"), (&*bus, "X")];
            visitor.post(&address, &fields).await.expect(303);
        }
        let stored = state(&mut visitor, "RAHMA").await;
        assert_eq!(stored["answers"], json!({}));
        assert_eq!(
            guest(&stored, "Rahman")["answers"],
            json!({ "bus": "Back" })
        );
        assert_eq!(guest(&stored, "Rahman")["diet_note"], "Hello");
        // Removing a guest also removes the guest's answers.
        let wish = json!({ "version": stored["version"], "remove": [id(&stored, "Mei")] });
        put(&mut visitor, "RAHMA", &wish).await.expect(200);
        let left = sql!("SELECT COUNT(*) FROM answer WHERE guest IS NOT NULL AND value <> $1");
        assert_eq!(stage.count(left, "x").await, 1);
        // After a host locks the answers, a guest may send a note. A note together with an answer
        // is refused.
        let lock = sql!("UPDATE invitation SET lock_mode = 'locked' WHERE code = $1");
        stage.run(lock, "RAHMA").await;
        let note = json!({ "text": "Still coming!", "version": stored["note"]["version"] });
        let late = json!({ "version": 5, "note": note.clone(), "answers": { "song": "X" } });
        let refused = put(&mut visitor, "RAHMA", &late).await;
        assert_problem(&refused, 423, "invitation_locked");
        let late = json!({ "version": 5, "note": note });
        put(&mut visitor, "RAHMA", &late).await.expect(200);
    });
}
