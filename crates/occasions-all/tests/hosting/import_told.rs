//! What a list says and no household can keep is told before anything is brought.

use std::fmt::Write as _;

use occasions_lists::import::{Check, Finding};
use platform::{Rows, sql};
use serde_json::json;

use crate::imports::{KEPT, bring, check, empty, records, upload};
use crate::stage::{on_both, on_default};

fn codes(found: &Check) -> Vec<(usize, &str)> {
    let all = found.findings.iter();
    all.map(|one| (one.row, one.code)).collect()
}

#[test]
fn replies_of_a_stored_household_are_kept_or_told() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        stage
            .change(|tx| {
                let open = sql!("UPDATE event SET open_to_all = 1 WHERE key = 'reception'");
                tx.run(open, &[], Rows::Exactly(1))?;
                Ok(())
            })
            .await;
        // Two guests have the same name, and only the first is invited to everything.
        let head = "Household,Email,Guest,Invited to,Guest invited to,Nikah,Reception\n";
        let file = format!(
            "{head}Ali,ali@example.com,Ali,nikah; reception,,,\n\
             Ali,ali@example.com,Ali,,reception,,\n"
        );
        assert_eq!(bring(stage, &file, KEPT).await, (1, 0, 0));
        let replies = format!(
            "{head}Ali,ali@example.com,Ali,nikah,,yes,yes\n\
             Ali,ali@example.com,Ali,,reception,yes,yes\n"
        );
        let id = upload(stage, &stage.owner, replies.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!(codes(&found), [(3, "not_invited")], "{found:?}");
        assert_eq!(bring(stage, &replies, KEPT).await, (0, 1, 0));
        let made = records(stage).await;
        let reply = |guest: usize, event: &str| made[0]["guests"][guest]["replies"][event].clone();
        assert_eq!(reply(0, "nikah"), "yes");
        assert_eq!(
            (reply(0, "reception"), reply(1, "reception")),
            ("yes".into(), "yes".into())
        );
    });
}

#[test]
fn every_cell_that_is_left_out_counts_and_an_impossible_household_is_looked_at_once() {
    on_default(async |stage| {
        empty(stage).await;
        let mut file = "Household,Guest,Phone,Address,Note,Language\n".to_owned();
        for row in 0..30 {
            let _ = writeln!(
                file,
                "Ali,Guest {row},{row}1,{row} Road,note {row},Klingon{row}"
            );
        }
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        // The numbers are the people's; the other addresses and languages are in the note.
        let is_in_note = |one: &&Finding| one.code == "in_note";
        let named = found.findings.iter().filter(is_in_note).count();
        assert_eq!(found.found - found.findings.len() + named, 29 * 2);
        bring(stage, &file, KEPT).await;
        let made = records(stage).await;
        let note = made[0]["note"].as_str().unwrap();
        let guests = made[0]["guests"].as_array().unwrap();
        for (row, guest) in guests.iter().enumerate().take(30).skip(1) {
            assert_eq!(guest["phone"], format!("{row}1"));
            assert!(note.contains(&format!("{row} Road")), "{note}");
            assert!(note.contains(&format!("note {row}")), "{note}");
            assert!(note.contains(&format!("Klingon{row}")), "{note}");
        }
        empty(stage).await;
        // Of more people than there can be, the last ones are in the note.
        let mut file = "Household,Guest,Invited to\n".to_owned();
        for row in 0..32 {
            let _ = writeln!(file, "Ali,Person {row},reception");
        }
        assert_eq!(bring(stage, &file, KEPT).await, (1, 0, 0));
        assert_eq!(records(stage).await[0]["note"], "Person 30\nPerson 31");
        empty(stage).await;
        // A document of more people than there can be has one error, whatever else it says.
        let guest = json!({"name": "Guest", "replies": {"nikah": "yes"}});
        let file =
            json!([{"household": "Ali", "events": ["reception"], "guests": vec![guest; 31]}]);
        let id = upload(stage, &stage.owner, file.to_string().as_bytes()).await;
        let found = check(stage, &id).await;
        let mut codes = codes(&found);
        codes.dedup();
        assert!(codes.contains(&(1, "guest_limit")), "{codes:?}");
        assert!(codes.iter().all(|(_, code)| *code != "not_invited"));
    });
}

#[test]
fn a_list_comes_as_people_have_it() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        let file = "sep=;\nOur wedding;;\nName;Pax;Phone\n\
                    Mr & Mrs Goh;2;012-1234567 / 013-1234567\nFarah & family;4;6.01E+10\n\
                    TBC;2;\nTOTAL;8;\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        let wanted = [
            (1, "line_left_out"),
            (4, "digits_lost"),
            (5, "line_left_out"),
            (6, "line_left_out"),
            (1, "invited_to"),
            (3, "in_note"),
            (3, "no_email"),
            (4, "no_email"),
        ];
        assert_eq!(codes(&found), wanted);
        assert_eq!(bring(stage, file, KEPT).await, (2, 0, 0));
        let made = records(stage).await;
        let household = |name: &str| {
            let one = made.iter().find(|one| one["household"] == name);
            one.cloned().unwrap()
        };
        let goh = household("Mr & Mrs Goh");
        assert_eq!(goh["guests"][0]["name"], "Mr Goh");
        assert_eq!(goh["guests"][1]["name"], "Mrs Goh");
        assert_eq!(goh["phone"], "012-1234567");
        assert_eq!(goh["note"], "Phone: 013-1234567");
        let farah = household("Farah & family");
        assert_eq!(farah["plus_ones"], 3);
        assert_eq!(farah["phone"], json!(null));
        assert_eq!(bring(stage, file, KEPT).await, (0, 0, 0));
    });
}

#[test]
fn the_page_says_how_much_it_does_not_show() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let list = |rows: usize| {
            let mut file = "Name,Phone\n".to_owned();
            for row in 0..rows {
                let _ = writeln!(file, "Guest {row} Lim,012-345 {:04}", 6000 + row);
            }
            file
        };
        for (rows, words) in [(150, None), (230, Some("31 more remarks"))] {
            let id = upload(stage, &stage.owner, list(rows).as_bytes()).await;
            let found = check(stage, &id).await;
            let page = host
                .get(&format!("/admin/o/aisyah-daniel/import/{id}"))
                .await;
            let is_said = page.text().contains("more remarks");
            assert_eq!(is_said, words.is_some(), "{}", found.found);
            let words = words.unwrap_or_default();
            assert!(
                page.text().contains(words),
                "{}: {}",
                found.found,
                page.text()
            );
        }
    });
}
