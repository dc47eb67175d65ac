//! The contacts of a phone: nobody is a guest until a host says so, and what a card says is kept or
//! named.

use occasions_lists::import::{self, Upload};
use platform::id::Id as _;
use serde_json::json;

use crate::import_choices::choose;
use crate::import_pages::{AT, post, send};
use crate::imports::{KEPT, apply, check, empty, records, upload};
use crate::stage::{ALL, call, on_both, on_default};

const CONTACTS: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lim;Ann;;;\r\nFN:Ann Lim\r\n\
    TEL;TYPE=WORK:03-1111 2222\r\nTEL;TYPE=CELL:012-345 6789\r\nEMAIL:ann@example.com\r\n\
    ORG:Acme\r\nBDAY:1990-01-01\r\nPHOTO;ENCODING=b:QUJD\r\n QUJD\r\nEND:VCARD\r\n\
    BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bo & Cid Tan\r\nTEL;TYPE=CELL:013-345 6789\r\nEND:VCARD\r\n\
    BEGIN:VCARD\r\nVERSION:3.0\r\nORG:Kedai Bunga\r\nTEL:03-2222 3333\r\nEND:VCARD\r\n\
    BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Öz\r\nTEL:014-345 6789\r\nEND:VCARD\r\n";

#[test]
fn a_host_ticks_contacts_and_loses_no_tick_while_searching() {
    on_both(async |stage| {
        stage.world.expect_jobs(import::KIND);
        empty(stage).await;
        let mut host = stage.visitor(&stage.coordinator);
        let begin = host.get(AT).await;
        let sent = send(&mut host, AT, &begin, CONTACTS.as_bytes()).await;
        let page = host.follow(sent).await;
        page.expect(200);
        let at = page.address.split('?').next().unwrap().to_owned();
        assert!(at.ends_with("/contacts"), "{at}");
        let ticked = |number: &str| {
            let form = page.form(&at);
            form.entries().contains(&("chosen", number))
        };
        assert!(["1", "2", "3", "4"].iter().all(|one| !ticked(one)));
        assert!(page.text().contains("Ticked: 0 of 4"), "{}", page.text());
        // Nobody is a guest yet.
        let mut form = page.form(&at);
        form.press("go", "next");
        let refused = host.submit(&page, &form).await;
        refused.expect(422);
        let words = stage.say("host-import-nobody-chosen");
        assert!(refused.text().contains(&words), "{}", refused.text());
        // A tick is saved by the search that leads away from it.
        let mut form = refused.form(&at);
        form.tick("chosen", "1")
            .fill("q", "bunga")
            .press("go", "search");
        let sent = host.submit(&refused, &form).await;
        assert!(sent.location().unwrap().contains("q=bunga"));
        let found = host.follow(sent).await;
        assert!(found.text().contains("Kedai Bunga") && !found.text().contains("Ann Lim"));
        assert!(found.text().contains("Ticked: 1 of 4"), "{}", found.text());
        let mut form = found.form(&at);
        form.press("go", "letter:B");
        let sent = host.submit(&found, &form).await;
        let found = host.follow(sent).await;
        assert!(found.text().contains("Bo & Cid Tan") && !found.text().contains("Kedai Bunga"));
        let mut form = found.form(&at);
        form.press("go", "all");
        let sent = host.submit(&found, &form).await;
        let all = host.get(&at).await;
        assert!(all.text().contains("Ticked: 2 of 4"), "{}", all.text());
        let page = host.follow(sent).await;
        let mut form = page.form(&at);
        form.press("go", "next");
        let sent = host.submit(&page, &form).await;
        let columns = host.follow(sent).await;
        assert!(columns.text().contains("Ticked: 2 of 4"));
        let mut form = columns.form(&columns.address.clone());
        form.tick("later", "1");
        let sent = host.submit(&columns, &form).await;
        let found = host.follow(sent).await;
        let words = found.text();
        let wanted = [
            "2 households, 3 people",
            "2: Kedai Bunga, Öz",
            "Birthday: 1",
            "Picture: 1",
        ];
        for words_wanted in wanted {
            assert!(words.contains(words_wanted), "{words_wanted}: {words}");
        }
        let one = found.address.clone();
        let mut form = found.form(&format!("{one}/apply"));
        form.press("go", "1");
        host.submit(&found, &form).await.expect(303);
        stage.worker().run_due().await.unwrap();
        let done = host.get(&one).await;
        assert!(
            done.text().contains("2 households, 3 people"),
            "{}",
            done.text()
        );
        assert!(done.text().contains("Birthday: 1"), "{}", done.text());
        let made = records(stage).await;
        let ann = made
            .iter()
            .find(|one| one["household"] == "Ann Lim")
            .unwrap();
        assert_eq!(
            (&ann["phone"], &ann["email"]),
            (&json!("012-345 6789"), &json!("ann@example.com"))
        );
        assert_eq!(
            ann["note"],
            "Phone (work): 03-1111 2222\nOrganisation: Acme"
        );
        let tan = made
            .iter()
            .find(|one| one["phone"] == "013-345 6789")
            .unwrap();
        assert_eq!(tan["guests"].as_array().unwrap().len(), 2, "{tan}");
        assert_eq!(made.len(), 2);
    });
}

#[test]
fn a_program_imports_contacts_only_if_it_names_some() {
    on_both(async |stage| {
        stage.world.expect_jobs(import::KIND);
        empty(stage).await;
        let mut program = stage.program(&stage.owner, &ALL).await;
        let at = stage.at("/imports");
        let made = post(&mut program, &at, CONTACTS.as_bytes()).await;
        let made = made.with(201).json();
        assert_eq!(made["rows"], 4);
        let one = format!("{at}/{}", made["id"].as_str().unwrap());
        let apply = format!("{one}/apply");
        let nothing = json!(null);
        let refused = call(&mut program, "POST", &apply, &nothing).await;
        let refused = refused.with(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "/choices");
        let change = json!({"choices": {"contact:3": "import", "contact:4": "import"}});
        call(&mut program, "PATCH", &one, &change).await.expect(200);
        let change = json!({"choices": {"contact:4": null}});
        call(&mut program, "PATCH", &one, &change).await.expect(200);
        let check = call(&mut program, "POST", &format!("{one}/check"), &nothing).await;
        let check = check.with(200).json();
        assert_eq!((&check["total"], &check["made"]), (&json!(1), &json!(1)));
        call(&mut program, "POST", &apply, &nothing)
            .await
            .expect(202);
        stage.worker().run_due().await.unwrap();
        let made = records(stage).await;
        assert_eq!(
            (made.len(), &made[0]["household"]),
            (1, &json!("Kedai Bunga"))
        );
        // There are no sheets in a list of contacts.
        let made = post(&mut program, &at, CONTACTS.as_bytes()).await;
        let one = format!("{at}/{}", made.with(201).json()["id"].as_str().unwrap());
        let change = json!({"choices": {"sheets": "1"}});
        call(&mut program, "PATCH", &one, &change).await.expect(422);
    });
}

#[test]
fn the_same_contacts_change_nothing_and_pasted_ones_are_read() {
    on_default(async |stage| {
        stage.expect_work();
        empty(stage).await;
        for made in [1, 0] {
            let id = upload(stage, &stage.owner, CONTACTS.as_bytes()).await;
            choose(stage, &id, "contact:1", Some("import")).await;
            assert_eq!(apply(stage, &id, KEPT).await.made, made);
        }
        let mut host = stage.visitor(&stage.owner);
        let begin = host.get(AT).await;
        let mut form = begin.form(AT);
        form.fill("paste", CONTACTS);
        let sent = host.submit(&begin, &form).await;
        let page = host.follow(sent).await;
        assert!(page.text().contains("Ticked: 0 of 4"), "{}", page.text());
        let id = page.address.rsplit('/').nth(1).unwrap().to_owned();
        let found = check(stage, &import::ImportId::from_text(id)).await;
        assert_eq!(found.total, 0);
    });
}

#[test]
fn pictures_of_contacts_do_not_count() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let picture = "QUJDREVG".repeat(1_500_000);
        let file = CONTACTS.replace("QUJD\r\n QUJD", &picture);
        assert!(file.len() > 11 << 20);
        let made = post(&mut owner, &stage.at("/imports"), file.as_bytes()).await;
        assert_eq!(made.with(201).json()["rows"], 4);
        let begin = owner.get(AT).await;
        let sent = send(&mut owner, AT, &begin, file.as_bytes()).await;
        let page = owner.follow(sent).await;
        assert!(page.text().contains("Ticked: 0 of 4"), "{}", page.text());
        // Other lists keep their limit, on the page too.
        let list = format!("Name\n{}", "x".repeat(10 << 20));
        let refused = send(&mut owner, AT, &begin, list.as_bytes()).await;
        refused.expect(422);
        let words = stage.say("problem-file-too-large");
        assert!(refused.text().contains(&words), "{}", refused.text());
        let code = |file: &[u8]| match Upload::read(file) {
            Err(problem) => problem.code,
            Ok(_) => "",
        };
        let long = file.replace("Acme", &"A".repeat(10 << 20));
        assert_eq!(code(long.as_bytes()), "file_too_large");
        let mut large = file.into_bytes();
        large.resize((50 << 20) + 1, b'Q');
        assert_eq!(code(&large), "file_too_large");
    });
}
