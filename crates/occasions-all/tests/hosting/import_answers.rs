//! What hosts answer about the people of a list, the events that they tick, and an undo after some
//! households have heard of it.

use std::fmt::Write as _;

use occasions::hosting::handed::{self, Channel};
use occasions::hosting::mail_text::MailKind;
use occasions::id::InvitationId;
use occasions_lists::import::{self, Check, ChoiceKind};
use platform::{Rows, sql};
use serde_json::json;
use testkit::{Page, Visitor, errors};

use crate::import_choices::choose;
use crate::imports::{KEPT, apply, bring, check, empty, records, upload};
use crate::stage::{ALL, Stage, call, on_both, on_default};

pub(crate) const AT: &str = "/admin/o/aisyah-daniel/import";

pub(crate) fn asked(found: &Check) -> Vec<(usize, ChoiceKind, &str)> {
    let all = found.choices.iter();
    all.map(|one| (one.row, one.kind, one.chosen.as_str()))
        .collect()
}

pub(crate) fn codes(found: &Check, code: &str) -> usize {
    let all = found.findings.iter();
    all.filter(|one| one.code == code).count()
}

#[test]
fn food_goes_to_whom_the_host_names_and_who_does_not_come_declines() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Name,Pax,Dietary needs\nAna & Ben Lim,2,\"halal, no nuts\"\nCy & Dee Ong,2,vegan\n\
                    Tan (not coming),1,\nGoh (cancelled),1,\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        let safe = [
            (2, ChoiceKind::Food, "one_of"),
            (3, ChoiceKind::Food, "one_of"),
            (4, ChoiceKind::NotComing, "leave_out"),
            (5, ChoiceKind::NotComing, "leave_out"),
        ];
        assert_eq!(asked(&found), safe);
        assert_eq!(codes(&found, "whose_diet"), 2);
        let options: &[String] = &found.choices[0].options;
        assert_eq!(options, ["one_of", "all", "Ana", "Ben Lim"]);
        let keys: Vec<String> = found.choices.iter().map(|one| one.key.clone()).collect();
        // A name that the row does not have is no answer.
        choose(stage, &id, &keys[0], Some("Cy")).await;
        assert!(!check(stage, &id).await.choices[0].is_answered);
        for (key, answer) in keys.iter().zip(["Ana", "all", "decline", "leave_out"]) {
            choose(stage, &id, key, Some(answer)).await;
        }
        let found = check(stage, &id).await;
        assert!(found.choices.iter().all(|one| one.is_answered), "{found:?}");
        assert_eq!(codes(&found, "whose_diet"), 0);
        let mut left = found.findings.iter();
        let left = left.find(|one| one.code == "left_out_absent");
        assert_eq!(
            left.map(|one| (one.row, one.value.as_str())),
            Some((5, "Goh"))
        );
        assert_eq!(apply(stage, &id, KEPT).await.made, 3);
        let all = records(stage).await;
        let guest = |household: &str, at: usize| {
            let one = all.iter().find(|one| one["household"] == household);
            one.unwrap()["guests"][at].clone()
        };
        let (ana, ben) = (guest("Ana & Ben Lim", 0), guest("Ana & Ben Lim", 1));
        assert_eq!(
            (&ana["diets"], &ana["diet_note"]),
            (&json!(["halal"]), &json!("no nuts"))
        );
        assert_eq!((ben.get("diets"), ben.get("diet_note")), (None, None));
        for at in [0, 1] {
            let one = guest("Cy & Dee Ong", at);
            assert_eq!(
                (&one["diets"], one.get("diet_note")),
                (&json!(["vegan"]), None)
            );
        }
        let tan = guest("Tan", 0);
        assert_eq!(tan["replies"], json!({"nikah": "no", "reception": "no"}));
    });
}

#[test]
fn whoever_does_not_come_is_left_out_and_added_with_one_press() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let mut file = "Household,Name,Pax\nLim,Ana Lim,1\nLim,Bo Lim (abgesagt),1\n".to_owned();
        for row in 0..25 {
            let _ = writeln!(file, ",Guest{row} tak datang,1");
        }
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!((found.made, codes(&found, "left_out_absent")), (1, 25));
        assert_eq!(asked(&found)[0], (3, ChoiceKind::NotComing, "decline"));
        let address = format!("{AT}/{id}");
        let mut host = stage.visitor(&stage.owner);
        for (answer, made) in [("keep", 26), ("leave_out", 1)] {
            let page = host.get(&address).await;
            let mut form = page.form(&format!("{address}/apply"));
            form.press("absent", answer);
            let pressed = host.submit(&page, &form).await;
            host.follow(pressed).await.expect(200);
            assert_eq!(check(stage, &id).await.made, made, "{answer}");
        }
        assert_eq!(apply(stage, &id, KEPT).await.made, 1);
        let all = records(stage).await;
        let replies = |at: usize| all[0]["guests"][at].get("replies").cloned();
        let pending = json!({"nikah": "pending", "reception": "pending"});
        assert_eq!(replies(0), Some(pending));
        assert_eq!(replies(1), Some(json!({"nikah": "no", "reception": "no"})));
    });
}

#[test]
fn a_cell_of_several_people_is_asked_in_parts_and_the_same_file_asks_nothing_again() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Name,Pax,Dietary needs\nWei Jie & Mei Tan,2,\"1 vegan, no nuts (Wei Jie)\"\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        let proposed = [
            (2, ChoiceKind::Food, "one_of"),
            (2, ChoiceKind::Food, "Wei Jie"),
        ];
        assert_eq!(asked(&found), proposed);
        let mut host = stage.visitor(&stage.owner);
        let preview = host.get(&format!("{AT}/{id}")).await.with(200);
        let cards = preview.body.split("class=\"house\"").skip(1);
        let cards: Vec<&str> = cards
            .filter_map(|card| card.split("</article>").next())
            .collect();
        let of_both = cards[0].matches("1 vegan").count();
        let of_one = cards[0].matches("no nuts").count();
        assert_eq!((of_both, of_one), (2, 1), "{}", cards[0]);
        choose(stage, &id, &found.choices[0].key, Some("Mei Tan")).await;
        assert_eq!(apply(stage, &id, KEPT).await.made, 1);
        let all = records(stage).await;
        let note = |at: usize| all[0]["guests"][at].get("diet_note");
        assert_eq!(note(0), Some(&json!("no nuts")));
        assert_eq!(all[0]["guests"][1]["diets"], json!(["vegan"]));
        assert_eq!(note(1), None);

        let again = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &again).await;
        assert_eq!(found.choices[0].chosen, "Mei Tan");
        assert!(found.choices[0].is_answered);
        let other = file.replace("1 vegan", "1 halal");
        let other = upload(stage, &stage.owner, other.as_bytes()).await;
        assert!(!check(stage, &other).await.choices[0].is_answered);
    });
}

#[test]
fn a_long_list_asks_some_questions_and_tells_the_rest() {
    on_default(async |stage| {
        empty(stage).await;
        let mut file = "Name,Pax,Dietary needs\n".to_owned();
        for row in 0..25 {
            let _ = writeln!(file, "Ana{row} & Ben{row} Lim,2,no nuts");
        }
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!((found.choices.len(), codes(&found, "whose_diet")), (20, 25));
    });
}

async fn paste(host: &mut Visitor, cells: &str) -> Page {
    let begin = host.get(AT).await;
    let mut form = begin.form(AT);
    form.fill("paste", cells);
    let sent = host.submit(&begin, &form).await;
    host.follow(sent).await
}

async fn forget_days(stage: &Stage<'_>, all_but: &'static str) {
    stage
        .change(move |tx| {
            sql!(
                "UPDATE event SET day_known = 0 WHERE key <> :all_but",
                all_but
            )
            .run(tx, Rows::Any)
            .map(drop)
        })
        .await;
}

#[test]
fn events_are_ticked_for_a_list_and_for_its_labels() {
    on_both(async |stage| {
        stage.world.expect_jobs(import::KIND);
        stage.expect_work();
        empty(stage).await;
        stage
            .change(|tx| {
                let open = sql!("UPDATE event SET open_to_all = 1 WHERE key = 'nikah'");
                tx.run(open, &[], Rows::Exactly(1))?;
                let few = sql!("UPDATE event SET capacity = 2 WHERE key = 'reception'");
                tx.run(few, &[], Rows::Exactly(1)).map(drop)
            })
            .await;
        let mut host = stage.visitor(&stage.owner);
        let columns = paste(
            &mut host,
            "Name\tSide\nAnn Lim\tBride\nBo Tan\tGroom\nCid Ong\t\n",
        )
        .await;
        let words = columns.text();
        for part in [
            stage.say("host-import-open-to-all"),
            "2 seats, and 3 people in the list".to_owned(),
            "Different for Bride, Groom".to_owned(),
        ] {
            assert!(words.contains(&part), "{part}: {words}");
        }
        let action = columns.address.clone();
        let mut form = columns.form(&action);
        // What is open to all is ticked and fixed; nothing else is, because there are two events.
        let ticked = form
            .entries()
            .iter()
            .filter(|(name, _)| name.starts_with("event"))
            .count();
        assert_eq!(ticked, 0);
        form.tick("differs", "Bride").tick("event.0", "reception");
        let saved = host.submit(&columns, &form).await;
        let preview = host.follow(saved).await;
        let again = host.get(&action).await.form(&action);
        assert!(again.entries().contains(&("differs", "Bride")));
        assert!(again.entries().contains(&("event.0", "reception")));
        assert!(!again.entries().contains(&("differs", "Groom")));
        let at = preview.address.clone();
        let mut form = preview.form(&format!("{at}/apply"));
        form.press("go", "1");
        host.submit(&preview, &form).await.expect(303);
        stage.worker().run_due().await.unwrap();
        let all = records(stage).await;
        let events: Vec<_> = all
            .iter()
            .map(|one| (one["household"].clone(), one["events"].clone()))
            .collect();
        let wanted = [
            (json!("Ann Lim"), json!(["nikah", "reception"])),
            (json!("Bo Tan"), json!(["nikah"])),
            (json!("Cid Ong"), json!(["nikah"])),
        ];
        assert_eq!(events, wanted);
    });
}

#[test]
fn every_label_can_have_other_events_or_the_page_says_how_many_cannot() {
    on_default(async |stage| {
        empty(stage).await;
        let mut host = stage.visitor(&stage.owner);
        for (count, left) in [(40, None), (1_000, Some("more labels have no room here"))] {
            let rows = (0..count).map(|row| format!("Ann {row}\tSide {row}\n"));
            let cells = format!("Name\tSide\n{}", rows.collect::<String>());
            let columns = paste(&mut host, &cells).await;
            let form = columns.form(&columns.address.clone());
            let entries = form.entries();
            let labels = entries.iter().filter(|(name, _)| *name == "label");
            let labels = labels.count();
            assert_eq!(labels == count, left.is_none(), "{labels}");
            let named = "Different for Side 0, Side 1, Side 10";
            assert!(labels >= 40 && columns.text().contains(named));
            let is_said = columns.text().contains("more labels");
            assert_eq!(is_said, left.is_some(), "{}", columns.text());
            // The browser can send what the page offers.
            host.submit(&columns, &form).await.expect(303);
        }
    });
}

#[test]
fn the_only_event_is_ticked_and_one_without_a_day_is_not_offered() {
    on_default(async |stage| {
        empty(stage).await;
        let mut host = stage.visitor(&stage.owner);
        forget_days(stage, "nikah").await;
        let columns = paste(&mut host, "Name\nAnn Lim\n").await;
        let form = columns.form(&columns.address.clone());
        assert_eq!(form.value("event"), Some("nikah"));
        assert_eq!(
            form.entries()
                .iter()
                .filter(|(name, _)| *name == "event")
                .count(),
            1
        );
        forget_days(stage, "").await;
        let columns = host.get(&columns.address).await;
        assert!(columns.text().contains(&stage.say("host-import-no-days")));
        let form = columns.form(&columns.address.clone());
        let saved = host.submit(&columns, &form).await;
        let preview = host.follow(saved).await;
        assert!(preview.text().contains(&stage.say("host-import-no-event")));
    });
}

#[test]
fn wrong_answers_are_refused_all_at_once_and_none_is_stored() {
    on_default(async |stage| {
        let mut program = stage.program(&stage.owner, &ALL).await;
        let id = upload(stage, &stage.owner, b"Name\nAnn Lim\n").await;
        let one = format!("{}/{id}", stage.at("/imports"));
        let change = json!({"choices": {
            "email:a": "no address", "events": "nowhere", "group:a": "yes", "here:a": "leave",
            "not_coming:a": "perhaps", "nothing": "x",
        }});
        let refused = call(&mut program, "PATCH", &one, &change).await.with(422);
        let found: Vec<String> = errors(&refused).into_iter().map(|(at, _)| at).collect();
        let wanted = [
            "/choices/email:a",
            "/choices/events",
            "/choices/group:a",
            "/choices/not_coming:a",
            "/choices/nothing",
        ];
        assert_eq!(found, wanted);
        let stored = sql!("SELECT COUNT(*) FROM import_choice WHERE key = $1");
        assert_eq!(stage.count(stored, "here:a").await, 0);
    });
}

#[test]
fn a_household_that_was_handed_something_or_opened_its_form_stays_after_an_undo() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "Our wedding,\nHousehold,Guest\nA,Ann\nB,Bo\nC,Cid\nD,Dee\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        assert_eq!(apply(stage, &id, KEPT).await.made, 4);
        for (name, is_withdrawn) in [("A", false), ("B", true)] {
            stage
                .done(move |tx, host| {
                    let (id,): (InvitationId,) =
                        sql!("SELECT id FROM invitation WHERE household = :name", name).one(tx)?;
                    let kind = MailKind::SaveTheDate;
                    handed::record(tx, host, &id, kind, "", Channel::WhatsApp)?;
                    if is_withdrawn {
                        handed::withdraw(tx, host, &id, kind, "")?;
                    }
                    Ok(())
                })
                .await;
        }
        let opened = sql!(
            "INSERT INTO form_event (invitation, first_opened, last_opened, openings, refused_field)
             SELECT id, '2026-11-20', '2026-11-20', 1, '' FROM invitation WHERE household = $1"
        );
        stage
            .change(move |tx| tx.run(opened, &[&"D"], Rows::Exactly(1)).map(drop))
            .await;
        let mut host = stage.visitor(&stage.owner);
        let at = format!("{AT}/{id}");
        let done = host.get(&at).await;
        assert!(
            done.text().contains("4 households, 4 people"),
            "{}",
            done.text()
        );
        let form = done.form(&format!("{at}/undo"));
        let sent = host.submit(&done, &form).await;
        host.follow(sent).await.expect(200);
        stage.worker().run_due().await.unwrap();
        let undone = host.get(&at).await;
        assert!(
            undone
                .text()
                .contains(&stage.say("host-import-state-undone"))
        );
        assert!(undone.text().contains(&stage.say("host-import-kept")));
        let all = records(stage).await;
        let names: Vec<_> = all.iter().map(|one| one["household"].clone()).collect();
        assert_eq!(names, ["A", "B", "D"]);
        // The file names what was left out and what stayed, each with its reason.
        let file = host.get(&format!("{at}/left-out")).await;
        let kept = stage.say("host-import-kept");
        for part in ["Our wedding", kept.as_str()] {
            assert!(file.body.contains(part), "{part}: {}", file.body);
        }
        let mut observer = stage.visitor(&stage.observer);
        observer.get(&format!("{at}/left-out")).await.expect(403);
    });
}

#[test]
fn a_no_in_a_column_that_nobody_knows_is_in_the_note() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let list = "Name,Email,Hotel needed?,Coming?\n\
                    Omar Haddad,omar@example.com,No,perhaps later\n\
                    Nora Weiss,nora@example.com,nein,✗\n";
        assert_eq!(bring(stage, list, KEPT).await, (2, 0, 0));
        let made = records(stage).await;
        let of = |name: &str| made.iter().find(|one| one["household"] == name).unwrap();
        let note = |name| of(name)["note"].as_str().unwrap_or_default().to_owned();
        assert!(
            note("Omar Haddad").contains("Hotel needed?: No"),
            "{made:?}"
        );
        assert!(note("Omar Haddad").contains("perhaps later"), "{made:?}");
        assert!(
            note("Nora Weiss").contains("Hotel needed?: nein"),
            "{made:?}"
        );
    });
}
