//! A host says where the headings of a list are, and which sheets are read.

use occasions_lists::import;
use serde_json::json;
use web::sheet::{self, Cell, FileFormat, Sheet};

use crate::import_pages::{AT, post, send};
use crate::imports::{empty, records};
use crate::stage::{ALL, call, on_both, on_default};

#[test]
fn headings_are_where_the_host_says() {
    on_both(async |stage| {
        stage.world.expect_jobs(import::KIND);
        empty(stage).await;
        // The second row looks like headings, but the fourth one holds them.
        let file = "Our wedding,,\nName,Phone,Notes\nsee below,,\nWho,Call them at,Remarks\n\
                    Ann Lim,012-345 6789,late\nBo Tan,013-345 6789,\n";
        let mut host = stage.visitor(&stage.owner);
        let begin = host.get(AT).await;
        let sent = send(&mut host, AT, &begin, file.as_bytes()).await;
        let columns = host.follow(sent).await;
        let words = columns.text();
        assert!(words.contains("The headings are not in row 2?"), "{words}");
        let at = columns.address.trim_end_matches("/columns").to_owned();
        let sheets = format!("{at}/sheets");
        let mut form = columns.form(&sheets);
        assert_eq!(form.value("headings.1"), Some("2"));
        form.fill("headings.1", "4");
        let sent = host.submit(&columns, &form).await;
        let columns = host.follow(sent).await;
        let words = columns.text();
        assert!(words.contains("The headings are not in row 4?"), "{words}");
        assert!(words.contains("Call them at"), "{words}");
        let mut form = columns.form(&columns.address.clone());
        form.tick("later", "1");
        let guessed: Vec<&str> = form
            .entries()
            .into_iter()
            .filter(|(name, _)| *name == "column")
            .map(|(_, value)| value)
            .collect();
        assert_eq!(guessed, ["guest", "phone", "note"]);
        let sent = host.submit(&columns, &form).await;
        let found = host.follow(sent).await;
        let words = found.text();
        assert!(words.contains("2 households, 2 people"), "{words}");
        // What stands above the headings is named.
        assert!(words.contains("see below"), "{words}");
        let mut form = found.form(&format!("{at}/apply"));
        form.press("go", "1");
        host.submit(&found, &form).await.expect(303);
        stage.worker().run_due().await.unwrap();
        let made = records(stage).await;
        assert_eq!(made.len(), 2);
        let ann = made
            .iter()
            .find(|one| one["household"] == "Ann Lim")
            .unwrap();
        assert_eq!(
            (&ann["phone"], &ann["note"]),
            (&json!("012-345 6789"), &json!("late"))
        );
    });
}

#[test]
fn a_list_without_headings_loses_no_first_row() {
    on_default(async |stage| {
        let mut program = stage.program(&stage.owner, &ALL).await;
        let at = stage.at("/imports");
        let file = "Guest,Family\nAnn,Friends\nBo,Work\n";
        let made = post(&mut program, &at, file.as_bytes())
            .await
            .with(201)
            .json();
        assert_eq!(
            (&made["headings"][0], &made["rows"]),
            (&json!("Guest"), &json!(2))
        );
        let one = format!("{at}/{}", made["id"].as_str().unwrap());
        let change = json!({"choices": {"headings:1": "none"}});
        let changed = call(&mut program, "PATCH", &one, &change).await;
        let changed = changed.with(200).json();
        assert_eq!(
            (&changed["headings"][0], &changed["rows"]),
            (&json!(""), &json!(3))
        );
        // The choice can be taken back.
        let change = json!({"choices": {"headings:1": null}});
        let changed = call(&mut program, "PATCH", &one, &change).await;
        assert_eq!(changed.with(200).json()["rows"], 2);
        let wrong = json!({
            "choices": {"headings:1": "9", "headings:2": "1", "sheets": "1,2"},
        });
        let refused = call(&mut program, "PATCH", &one, &wrong).await;
        let refused = refused.with(422).json();
        let pointers: Vec<&str> = refused["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(
            pointers,
            [
                "/choices/headings:1",
                "/choices/headings:2",
                "/choices/sheets"
            ]
        );
        // Columns belong to the new headings.
        let both = json!({"choices": {"headings:1": "none"}, "columns": ["guest"]});
        call(&mut program, "PATCH", &one, &both).await.expect(422);
        let both = json!({"choices": {"headings:1": "none"}, "columns": ["guest", "tags"]});
        let changed = call(&mut program, "PATCH", &one, &both).await;
        assert_eq!(
            changed.with(200).json()["columns"],
            json!(["guest", "tags"])
        );
    });
}

fn book(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    let sheets: Vec<Sheet> = sheets
        .iter()
        .map(|(name, rows)| Sheet {
            name: (*name).to_owned(),
            headings: rows[0].iter().map(|&cell| cell.to_owned()).collect(),
            rows: rows[1..]
                .iter()
                .map(|row| row.iter().map(|cell| Cell::from(*cell)).collect())
                .collect(),
        })
        .collect();
    let mut file = Vec::new();
    sheet::write(&sheets, FileFormat::Xlsx, &mut file).unwrap();
    file
}

#[test]
fn sheets_are_ticked() {
    on_both(async |stage| {
        let file = book(&[
            ("Bride", &[&["Name", "Phone"], &["Ann Lim", "012-345 6789"]]),
            ("Groom", &[&["Name", "Phone"], &["Bo Tan", "013-345 6789"]]),
            ("Ideas", &[&["Cid Ong", "cake"], &["Dee Ng", "music"]]),
        ]);
        let mut host = stage.visitor(&stage.owner);
        let begin = host.get(AT).await;
        let sent = send(&mut host, AT, &begin, &file).await;
        let columns = host.follow(sent).await;
        let at = columns.address.trim_end_matches("/columns").to_owned();
        let sheets = format!("{at}/sheets");
        let mut form = columns.form(&sheets);
        let ticks = |form: &testkit::Form| -> Vec<String> {
            let all = form.entries().into_iter();
            let ticks = all.filter(|(name, _)| *name == "sheet");
            ticks.map(|(_, value)| value.to_owned()).collect()
        };
        assert_eq!(ticks(&form), ["1", "2"]);
        form.untick("sheet", "1").untick("sheet", "2");
        let refused = host.submit(&columns, &form).await;
        refused.expect(422);
        assert!(refused.text().contains(&stage.say("host-import-no-sheet")));
        let mut form = refused.form(&sheets);
        form.untick("sheet", "1")
            .tick("sheet", "2")
            .tick("sheet", "3");
        let sent = host.submit(&refused, &form).await;
        let columns = host.follow(sent).await;
        assert_eq!(ticks(&columns.form(&sheets)), ["2", "3"]);
        let mut form = columns.form(&columns.address.clone());
        form.tick("later", "1");
        let sent = host.submit(&columns, &form).await;
        let found = host.follow(sent).await;
        let words = found.text();
        assert!(words.contains("3 households, 3 people"), "{words}");
        // The sheet that is not ticked is named with what it holds.
        assert!(words.contains("Bride: Name · Phone · Ann Lim"), "{words}");
    });
}

#[test]
fn commas_are_read_the_other_way_with_one_press() {
    on_both(async |stage| {
        empty(stage).await;
        let mut host = stage.visitor(&stage.owner);
        let begin = host.get(AT).await;
        let list = "Anna, Ben and Carla Rossi\nTom Lim\nMei, Wei, Jun\nTotal 7\n";
        let sent = send(&mut host, AT, &begin, list.as_bytes()).await;
        let columns = host.follow(sent).await;
        let at = columns.address.trim_end_matches("/columns").to_owned();
        let sheets = format!("{at}/sheets");
        for (words, other) in [
            ("host-import-commas-people", "columns"),
            ("host-import-commas-columns", "people"),
            ("host-import-commas-people", "columns"),
        ] {
            let preview = host.get(&at).await.with(200);
            let text = preview.text();
            assert!(text.contains(&stage.say(words)), "{text}");
            let names = ["Carla Rossi", "Anna & family", "Mei & family"];
            let are_people = names.iter().all(|name| text.contains(name));
            assert_eq!(are_people, other == "columns", "{text}");
            assert!(text.contains("3 households"), "{text}");
            let mut form = preview.form(&sheets);
            form.press("commas", other);
            let sent = host.submit(&preview, &form).await;
            host.follow(sent).await.expect(200);
        }
        // A list with headings is not asked about.
        let begin = host.get(AT).await;
        let sent = send(
            &mut host,
            AT,
            &begin,
            b"Name, Side\nAnn, Bride\nBo, Groom\n",
        )
        .await;
        let columns = host.follow(sent).await;
        let preview = host.get(columns.address.trim_end_matches("/columns")).await;
        assert!(
            !preview
                .text()
                .contains(&stage.say("host-import-commas-columns"))
        );
    });
}

#[test]
fn the_preview_of_a_long_list_is_folded() {
    on_default(async |stage| {
        empty(stage).await;
        let mut list = "Name,Pax,Email,Dietary needs\n".to_owned();
        for row in 0..120 {
            let line = match row % 6 {
                0 => format!("Ana{row} & Ben Lim,2,,no nuts\n"),
                1 => format!("Guest{row} (not coming),1,,\n"),
                2 => format!("Table {row},10,,\n"),
                3 => format!("Mei{row} Tan,some,,\n"),
                _ => format!("Wei{row} Ong,1,\"wei{row}@example,com\",\n"),
            };
            list.push_str(&line);
        }
        let mut host = stage.visitor(&stage.owner);
        let begin = host.get(AT).await;
        let sent = send(&mut host, AT, &begin, list.as_bytes()).await;
        let columns = host.follow(sent).await;
        let preview = host.get(columns.address.trim_end_matches("/columns")).await;
        let (_, form) = preview.body.split_once("id=\"needs\"").unwrap();
        assert!(form.matches("<details").count() > 5, "{form}");
        assert!(!form.contains("<details open"), "{form}");
        for (heading, count) in [("email", 40), ("number", 20), ("food", 20)] {
            let words = stage.say(&format!("host-import-kind-{heading}"));
            assert!(
                form.contains(&format!("<summary>{words} <b>{count}</b>")),
                "{words}"
            );
        }
    });
}
