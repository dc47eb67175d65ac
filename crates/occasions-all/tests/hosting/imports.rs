//! Tests of imported guest lists: what an import creates, what it leaves unchanged, and what is
//! left after the import is undone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use occasions::diet_deletion;
use occasions::hosting::invitations;
use occasions::id::InvitationId;
use occasions::words::{ExportKind, FileFormat, ReplyStatus};
use occasions_lists::import::{
    self, Change, Check, Import, ImportId, ImportState, Options, Upload,
};
use platform::{Rows, Tx, sql};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::background::{ask, fetch, wanted};
use crate::import_samples::{ask_questions, households};
use crate::stage::{Host, Stage, code, fields, on_both};

pub(crate) async fn upload(stage: &Stage<'_>, host: &Host, file: &[u8]) -> ImportId {
    let read = Upload::read(file).unwrap();
    let catalogue = stage.site.catalogue.clone();
    let import = stage
        .act(host, move |tx, host| {
            let import = import::start(tx, host, &catalogue, &read, "list.csv")?;
            if import.headings.is_empty() {
                return Ok(import);
            }
            let all = BTreeMap::from([("events".to_owned(), Some("nikah,reception".to_owned()))]);
            let change = Change {
                choices: all,
                ..Change::default()
            };
            import::change(tx, host, &catalogue, &import.id, &change)
        })
        .await;
    import.unwrap().id
}

pub(crate) async fn check(stage: &Stage<'_>, id: &ImportId) -> Check {
    let (id, catalogue) = (id.clone(), stage.site.catalogue.clone());
    let check = move |tx: &mut Tx<'_>, host: &_| import::check(tx, host, &catalogue, &id);
    stage.done(check).await
}

async fn load(stage: &Stage<'_>, id: &ImportId) -> Import {
    let id = id.clone();
    stage
        .done(move |tx, host| import::load(tx, host, &id))
        .await
}

pub(crate) async fn apply(stage: &Stage<'_>, id: &ImportId, options: Options) -> Import {
    stage.world.expect_jobs(import::KIND);
    let (wanted, catalogue) = (id.clone(), stage.site.catalogue.clone());
    stage
        .done(move |tx, host| {
            let change = Change {
                options: Some(options),
                ..Change::default()
            };
            import::change(tx, host, &catalogue, &wanted, &change)?;
            import::apply(tx, host, &wanted)
        })
        .await;
    stage.worker().run_due().await.unwrap();
    load(stage, id).await
}

/// Imports a file. Returns the numbers of created, changed and failed households.
pub(crate) async fn bring(stage: &Stage<'_>, file: &str, options: Options) -> (i64, i64, i64) {
    let id = upload(stage, &stage.owner, file.as_bytes()).await;
    let import = apply(stage, &id, options).await;
    assert_eq!(import.state, ImportState::Ready);
    assert_eq!(import.done, import.total);
    (import.made, import.changed, import.failed)
}

async fn everything(stage: &Stage<'_>, format: FileFormat) -> String {
    let id = ask(
        stage,
        &stage.owner,
        wanted(ExportKind::Everything, format),
        "en",
    )
    .await;
    stage.worker().run_due().await.unwrap();
    fetch(stage, &stage.owner, &id).await
}

pub(crate) async fn records(stage: &Stage<'_>) -> Vec<Value> {
    let file = everything(stage, FileFormat::Json).await;
    serde_json::from_str(&file).unwrap()
}

/// Deletes every household and all traces of it.
pub(crate) async fn empty(stage: &Stage<'_>) {
    stage
        .change(|tx| {
            for statement in [
                sql!("DELETE FROM answer"),
                sql!("DELETE FROM reply"),
                sql!("DELETE FROM guest"),
                sql!("DELETE FROM submission"),
                sql!("DELETE FROM invitation_event"),
                sql!("DELETE FROM invitation_reference"),
                sql!("DELETE FROM invitation"),
                sql!("DELETE FROM import_row"),
            ] {
                tx.run(statement, &[], Rows::Any)?;
            }
            Ok(())
        })
        .await;
}

pub(crate) const KEPT: Options = Options {
    stop_on_errors: false,
    replace_answers: false,
    keep_codes: true,
};

#[test]
fn export_import_export_gives_the_same_bytes() {
    on_both(async |stage| {
        stage.expect_work();
        ask_questions(stage).await;
        let mut runner = TestRunner::deterministic();
        for round in 0..6 {
            if round > 0 {
                empty(stage).await;
                let made = households().new_tree(&mut runner).unwrap().current();
                let made = json!(made).to_string();
                let id = upload(stage, &stage.owner, made.as_bytes()).await;
                // A generated name may be blank. The resulting error is expected here.
                for fault in check(stage, &id).await.findings {
                    assert!(!fault.is_error || fault.code == "required", "{fault:?}");
                }
                apply(stage, &id, KEPT).await;
            }
            let before = [
                everything(stage, FileFormat::Json).await,
                everything(stage, FileFormat::Csv).await,
            ];
            for file in &before {
                empty(stage).await;
                let (_, changed, failed) = bring(stage, file, KEPT).await;
                assert_eq!((changed, failed), (0, 0), "{round}");
                let after = [
                    everything(stage, FileFormat::Json).await,
                    everything(stage, FileFormat::Csv).await,
                ];
                assert_eq!(after, before, "{round}");
                // The file was just exported from this occasion, so importing it changes nothing.
                assert_eq!(bring(stage, file, KEPT).await, (0, 0, 0), "{round}");
            }
        }
    });
}

#[test]
fn lists_of_other_programs_become_households() {
    on_both(async |stage| {
        stage.expect_work();
        empty(stage).await;
        for (file, wanted) in [
            // Zola's export format has a couple per row.
            (
                "First Name,Last Name,Partner First Name,Partner Last Name,Email Address,\
                 Street Address,City,Zip Code\nMei,Tan,Wei,Lim,mei@example.com,1 Road,Ipoh,30000\n",
                json!([{"household": "Mei Tan & Wei Lim", "email": "mei@example.com",
                        "address": "1 Road, Ipoh, 30000",
                        "guests": ["Mei Tan", "Wei Lim"]}]),
            ),
            // Joy's export format has a guest per row, grouped by party.
            (
                "First Name,Last Name,Party,Email,Tags\nAli,Omar,Omars,ali@example.com,Groom\n\
                 Siti,Omar,Omars,siti@example.com,\n",
                json!([{"household": "Omars", "email": "ali@example.com",
                        "guests": ["Ali Omar", "Siti Omar"], "tags": ["Groom"]}]),
            ),
            // The former export format of Google Contacts.
            (
                "Name,Given Name,Family Name,Group Membership,E-mail 1 - Value,Phone 1 - Value,\
                 Address 1 - Formatted\nZoe Ng,Zoe,Ng,* myContacts ::: Friends,zoe@example.com,\
                 +60 12-345,\"2 Lane\nIpoh\"\n",
                json!([{"household": "Zoe Ng", "email": "zoe@example.com", "phone": "+60 12-345",
                        "address": "2 Lane\nIpoh", "guests": ["Zoe Ng"], "tags": ["Friends"]}]),
            ),
            // The current export format of Google Contacts.
            (
                "First Name,Middle Name,Last Name,Labels,Notes,E-mail 1 - Value\n\
                 Raj,K,Nair,Work ::: * myContacts,old friend,raj@example.com\n",
                json!([{"household": "Raj K Nair", "email": "raj@example.com", "note": "old friend",
                        "guests": ["Raj K Nair"], "tags": ["Work"]}]),
            ),
            // The columns are separated by semicolons. Each row is a household with an unnamed
            // plus-one.
            (
                "Family;Guests;Language\nChen;\"Lee Chen; Ann Chen; +1\";English\n",
                json!([{"household": "Chen", "guests": ["Lee Chen", "Ann Chen"],
                        "plus_ones": 1, "language": "en"}]),
            ),
        ] {
            bring(stage, file, Options::default()).await;
            let got = records(stage).await;
            let wanted = wanted.as_array().unwrap();
            assert_eq!(got.len(), wanted.len(), "{file}");
            for (got, wanted) in got.iter().zip(wanted) {
                for (name, value) in wanted.as_object().unwrap() {
                    let there = if name == "guests" {
                        let guests = got["guests"].as_array().unwrap().iter();
                        guests.map(|guest| guest["name"].clone()).collect()
                    } else {
                        got[name].clone()
                    };
                    assert_eq!(there, *value, "{name} of {file}");
                }
            }
            // Importing the same file again changes nothing.
            assert_eq!(
                bring(stage, file, Options::default()).await,
                (0, 0, 0),
                "{file}"
            );
            empty(stage).await;
        }
    });
}

#[test]
fn an_answer_that_is_there_stays_unless_answers_are_replaced() {
    on_both(async |stage| {
        stage.expect_work();
        stage.expect_confirmations();
        let saved = stage
            .answer(json!({"code": "RAHMA", "attending": true}))
            .await;
        saved.unwrap();
        let before = records(stage).await;
        let known = before.iter().find(|one| one["code"] == "RAHMA").unwrap();
        let name = known["guests"][0]["name"].as_str().unwrap();
        let reply = known["guests"][0]["replies"]["reception"].as_str().unwrap();
        assert_eq!(reply, "yes");
        let file = format!("Code,Guest,Reception,Phone\nRAHMA,{name},declined,012-3\n");
        assert_eq!(bring(stage, &file, Options::default()).await, (0, 1, 0));
        let find = async || {
            let all = records(stage).await;
            all.into_iter().find(|one| one["code"] == "RAHMA").unwrap()
        };
        let after = find().await;
        assert_eq!(after["phone"], "012-3");
        assert_eq!(after["guests"], known["guests"]);
        let replaced = Options {
            replace_answers: true,
            ..Options::default()
        };
        assert_eq!(bring(stage, &file, replaced).await, (0, 1, 0));
        assert_eq!(find().await["guests"][0]["replies"]["reception"], "no");
        assert!(stage.actions().await.contains(&"import.started".to_owned()));
    });
}

const MIXED: &str = "Household,Guest,Email,Language,Plus ones,Diet,Invited to\n\
    Good,Ann,ann@example.com,English,1,Halal,\n\
    Bad,Bo,no address,Klingon,many,,nowhere\n\
    Lone,Cid,,Bahasa Melayu,,cabbage soup,\n";

#[test]
fn errors_leave_a_household_out_or_stop_the_whole() {
    on_both(async |stage| {
        empty(stage).await;
        let id = upload(stage, &stage.owner, MIXED.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!((found.total, found.made, found.faulty), (3, 2, 1));
        let seen: Vec<_> = found
            .findings
            .iter()
            .map(|one| (one.row, one.column.as_str(), one.code))
            .collect();
        assert_eq!(
            seen,
            [
                (3, "events", "unknown_option"),
                (3, "events", "unknown_option"),
                (3, "language", "unknown_language"),
                (3, "email", "email_in_note"),
                (3, "plus_ones", "number_doubtful"),
                (4, "diets", "unknown_diet"),
                (3, "email", "no_email"),
                (4, "email", "no_email"),
            ]
        );
        let stop = Options {
            stop_on_errors: true,
            ..Options::default()
        };
        let import = apply(stage, &id, stop).await;
        assert_eq!(
            (import.state, import.made, import.failed),
            (ImportState::Stopped, 0, 1)
        );
        assert_eq!(bring(stage, MIXED, Options::default()).await, (2, 0, 1));
        let made = records(stage).await;
        assert_eq!(made.len(), 2);
        assert_eq!(made[0]["guests"][0]["diets"], json!(["halal"]));
        assert_eq!(made[1]["guests"][0]["diet_note"], "cabbage soup");
        assert_eq!(made[1]["language"], "ms");
        // A household with the same name but another email address becomes a new household.
        let other = MIXED.replace("ann@", "bea@");
        let id = upload(stage, &stage.owner, other.as_bytes()).await;
        let found = check(stage, &id).await;
        assert_eq!((found.made, found.same), (1, 1));
        assert!(
            found
                .findings
                .iter()
                .any(|one| one.code == "doubtful_duplicate")
        );
    });
}

#[test]
fn what_nobody_touched_can_be_taken_back() {
    on_both(async |stage| {
        stage.expect_work();
        let before = everything(stage, FileFormat::Json).await;
        let file = "Household,Guest,Email\nA,Ann,a@example.com\nB,Bo,b@example.com\n\
                    C,Cid,c@example.com\n";
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        assert_eq!(apply(stage, &id, Options::default()).await.made, 3);
        stage
            .done(|tx, host| {
                let find = sql!("SELECT id FROM invitation WHERE household = 'B'");
                let (touched,): (InvitationId,) = tx.one(find, &[])?;
                let change = json!({"host_note": "by hand"});
                let change = web::Input::from(change).into();
                invitations::change(tx, host, &touched, 1, &change)
            })
            .await;
        let undone = id.clone();
        stage
            .done(move |tx, host| import::undo(tx, host, &undone))
            .await;
        stage.worker().run_due().await.unwrap();
        assert_eq!(load(stage, &id).await.state, ImportState::Undone);
        let wanted = id.clone();
        let kept = stage
            .done(move |tx, host| import::named(tx, host, &wanted))
            .await;
        let kept: Vec<_> = kept
            .iter()
            .map(|one| (one.row, one.household.as_str()))
            .collect();
        assert_eq!(kept, [(3, "B")]);
        let left = records(stage).await;
        let before: Vec<Value> = serde_json::from_str(&before).unwrap();
        assert_eq!(left.len(), before.len() + 1);
        // An import can be undone once, and only within a week.
        let again = id.clone();
        let again = stage.act(&stage.owner, move |tx, host| import::undo(tx, host, &again));
        assert_eq!(code(again.await), "wrong_state");
        let other = upload(stage, &stage.owner, file.as_bytes()).await;
        assert_eq!(apply(stage, &other, Options::default()).await.made, 2);
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(7 * 24));
        let late = other.clone();
        let late = stage.act(&stage.owner, move |tx, host| import::undo(tx, host, &late));
        assert_eq!(code(late.await), "wrong_state");
        stage.worker().run_due().await.unwrap();
        for table in [
            sql!("SELECT COUNT(*) FROM import_chunk WHERE rows <> $1"),
            sql!("SELECT COUNT(*) FROM import_row WHERE household <> $1"),
        ] {
            assert_eq!(
                stage.count(table, "").await,
                0,
                "nothing is kept of the files"
            );
        }
    });
}

#[test]
fn files_go_with_their_sender_and_with_food_needs() {
    on_both(async |stage| {
        // Each file is kept as it is, and as it is read.
        let kept = sql!("SELECT COUNT(*) FROM import_chunk WHERE rows <> $1");
        upload(stage, &stage.coordinator, MIXED.as_bytes()).await;
        upload(stage, &stage.owner, MIXED.as_bytes()).await;
        assert_eq!(stage.count(kept, "").await, 4);
        let account = stage.coordinator.account.clone();
        let erase = move |tx: &mut Tx<'_>| (occasions_all::DOMAIN.accounts.erase)(tx, &account);
        stage.site.store.write(erase).await.unwrap();
        assert_eq!(stage.count(kept, "").await, 2);
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 400));
        diet_deletion::run(&stage.site.platform).await.unwrap();
        assert_eq!(stage.count(kept, "").await, 0);
    });
}

#[test]
fn who_may_not_invite_brings_no_list() {
    on_both(async |stage| {
        let read = Upload::read(MIXED.as_bytes()).unwrap();
        for (host, why) in [
            (&stage.observer, "forbidden"),
            (&stage.stranger, "not_found"),
        ] {
            let (catalogue, read) = (stage.site.catalogue.clone(), read.clone());
            let refused = stage
                .act(host, move |tx, host| {
                    import::start(tx, host, &catalogue, &read, "")
                })
                .await;
            assert_eq!(code(refused), why);
        }
        // Only owners may import codes that are easy to guess.
        let id = upload(stage, &stage.coordinator, MIXED.as_bytes()).await;
        let change = Change {
            columns: Some(vec!["household".to_owned(), "reply:nothing".to_owned()]),
            options: Some(KEPT),
            choices: BTreeMap::from([
                ("events".to_owned(), Some("nothing".to_owned())),
                ("contact:Ann".to_owned(), Some("import".to_owned())),
                ("email:1".to_owned(), Some("no address".to_owned())),
                ("here:1".to_owned(), Some("burn".to_owned())),
                ("other".to_owned(), None),
            ]),
        };
        let catalogue = stage.site.catalogue.clone();
        let refused = stage
            .act(&stage.coordinator, move |tx, host| {
                import::change(tx, host, &catalogue, &id, &change)
            })
            .await;
        let wanted = [
            ("/columns".to_owned(), "invalid"),
            ("/columns/1".to_owned(), "unknown_option"),
            ("/options/keep_codes".to_owned(), "not_allowed"),
            ("/choices/contact:Ann".to_owned(), "unknown_option"),
            ("/choices/email:1".to_owned(), "email_invalid"),
            ("/choices/events".to_owned(), "unknown_option"),
            ("/choices/here:1".to_owned(), "unknown_option"),
            ("/choices/other".to_owned(), "unknown_option"),
        ];
        assert_eq!(fields(refused), wanted);
    });
}

#[test]
fn a_list_of_far_too_many_people_is_small_when_it_is_read() {
    let too_many = |file: String| match Upload::read(file.as_bytes()) {
        Err(problem) => problem.code,
        Ok(_) => panic!("it is read"),
    };
    let documents = format!("[{}{{}}]", "{},".repeat(5_000));
    assert_eq!(too_many(documents), "file_too_many_rows");
    let people = format!("[{{\"guests\":[{}{{}}]}}]", "{},".repeat(20_000));
    assert_eq!(too_many(people), "file_too_many_rows");
    on_both(async |stage| {
        let names = "Ali;".repeat(8_000);
        let file = format!("Household,Names,Events\n\"Rahman\",\"{names}\",\"{names}\"\n");
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let check = check(stage, &id).await;
        assert!(check.findings.len() < 110, "{}", check.findings.len());
    });
}

#[test]
fn taken_codes_are_told_twenty_times_a_week_at_most() {
    on_both(async |stage| {
        let draft = occasions::words::OccasionStatus::Draft;
        stage.other_occasion("XQWZ7", draft).await;
        let household = |n: usize| format!("Household {n},XQWZ7,ref {n}\n");
        let rows: String = (0..23).map(household).collect();
        // Rows with the same code would become a single household, so each row gets a file of its
        // own.
        for (n, row) in rows.lines().enumerate() {
            let file = format!("Household,Code,Reference\n{row}\n");
            let id = upload(stage, &stage.owner, file.as_bytes()).await;
            apply(stage, &id, Options::default()).await;
            let named = stage
                .done(move |tx, host| import::named(tx, host, &id))
                .await;
            let wanted = if n < 20 { "code_taken" } else { "rate_limited" };
            assert_eq!(named[0].problem.as_deref(), Some(wanted), "{n}");
        }
    });
}

#[test]
fn a_household_saves_while_its_list_is_brought() {
    on_both(async |stage| {
        stage.expect_work();
        stage.expect_confirmations();
        stage.world.expect_jobs(import::KIND);
        for round in 0..8 {
            let status = if round % 2 == 0 { "no" } else { "yes" };
            let file = format!("Code,Phone\nRAHMA,01-{round}\n");
            let id = upload(stage, &stage.owner, file.as_bytes()).await;
            let wanted = id.clone();
            stage
                .done(move |tx, host| import::apply(tx, host, &wanted))
                .await;
            let save = stage.answer(json!({"code": "RAHMA", "attending": status == "yes"}));
            let worker = stage.worker();
            let (saved, worked) = tokio::join!(save, worker.run_due());
            saved.unwrap();
            worked.unwrap();
            assert_eq!(load(stage, &id).await.changed, 1, "{round}");
            let all = records(stage).await;
            let after = all.iter().find(|one| one["code"] == "RAHMA").unwrap();
            assert_eq!(after["phone"], format!("01-{round}"));
            let word = ReplyStatus::find(status).unwrap().word();
            let guests = after["guests"].as_array().unwrap().iter();
            let mut replies = guests.flat_map(|guest| guest["replies"].as_object().unwrap());
            assert!(replies.all(|(_, reply)| reply == word), "{round}: {after}");
        }
    });
}

/// Imports 500 households by default. A run with 5,000 households checks the promised response
/// time.
#[test]
fn others_save_while_a_long_list_is_brought() {
    let count = 500;
    on_both(async |stage| {
        stage.world.expect_jobs(import::KIND);
        empty(stage).await;
        let row = |n| format!("Family {n},Guest {n} A; Guest {n} B,guest{n}@example.com\n");
        let rows: String = (0..count).map(row).collect();
        let file = format!("Household,Guests,Email\n{rows}");
        let begun = Instant::now();
        let id = upload(stage, &stage.owner, file.as_bytes()).await;
        let uploaded = begun.elapsed();
        let found = check(stage, &id).await;
        let checked = begun.elapsed();
        assert_eq!(found.made, count);
        let wanted = id.clone();
        stage
            .done(move |tx, host| import::apply(tx, host, &wanted))
            .await;
        let store = stage.site.store.clone();
        let is_over = tokio::sync::watch::channel(false);
        let (done, over) = is_over;
        let others = async {
            let mut waits = Vec::new();
            while !*over.borrow() {
                let asked = Instant::now();
                store
                    .write(|tx| {
                        let sql = sql!("UPDATE occasion SET updated_at = updated_at WHERE id = ''");
                        tx.run(sql, &[], Rows::Any)
                    })
                    .await
                    .unwrap();
                waits.push(asked.elapsed());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            waits.sort();
            waits
        };
        let work = async {
            stage.worker().run_due().await.unwrap();
            done.send(true).unwrap();
        };
        let ((), waits) = tokio::join!(work, others);
        let longest = waits.last().copied().unwrap_or_default();
        let (median, all) = (waits[waits.len() / 2], begun.elapsed());
        println!(
            "{count} households: read {uploaded:?}, checked {checked:?}, all {all:?}; \
             other saves waited {median:?} at the median, {longest:?} at most"
        );
        assert_eq!(load(stage, &id).await.made, i64::try_from(count).unwrap());
        assert!(median < Duration::from_millis(100), "{median:?}");
    });
}
