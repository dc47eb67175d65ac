//! What a list says and no household can keep is told before anything is brought.

use std::fmt::Write as _;

use occasions_lists::import::{Check, Finding};
use platform::{Rows, sql};

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
        let is_left_out = |one: &&Finding| one.code == "left_out";
        let named = found.findings.iter().filter(is_left_out).count();
        assert_eq!(found.found - found.findings.len() + named, 29 * 4);
        // A household of more people than there can be has one error, whatever else it says.
        let mut file = "Household,Guest,Invited to,Nikah\n".to_owned();
        for row in 0..31 {
            let _ = writeln!(file, "Ali,Guest {row},reception,yes");
        }
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let found = check(stage, &id).await;
        let mut codes = codes(&found);
        codes.dedup();
        assert!(codes.contains(&(2, "guest_limit")), "{codes:?}");
        assert!(codes.iter().all(|(_, code)| *code != "not_invited"));
    });
}
