//! Tests of the pages and the API for imports. Some of the imported files are malicious.

use axum::http::Method;
use occasions_lists::import;
use serde_json::json;
use testkit::{Page, Visitor};

use crate::stage::{ALL, call, on_both};

const LIST: &str = "Household,Who,Email,Invited to\nTan,Mei Tan,mei@example.com,\n\
                    Tan,Wei Tan,,\nBad,Bo,,nowhere\n";

pub(crate) async fn send(visitor: &mut Visitor, address: &str, page: &Page, file: &[u8]) -> Page {
    let form = page.form(address);
    let mut body = Vec::new();
    for (name, value) in form.entries() {
        if name != "file" {
            let part = format!(
                "--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(part.as_bytes());
        }
    }
    let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\
                content-type: text/csv\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--b--\r\n");
    let kind = Some("multipart/form-data; boundary=b");
    visitor.send(Method::POST, address, kind, body.into()).await
}

pub(crate) const AT: &str = "/admin/o/aisyah-daniel/import";

/// The number beside *Guests* in the menu, which a page that follows a job exchanges with its parts.
fn households_in_menu(page: &Page) -> usize {
    let (_, menu) = page
        .body
        .split_once("<ul id=\"menu-1\" data-part>")
        .unwrap();
    let (_, count) = menu.split_once("<span class=\"count\">").unwrap();
    count.split_once('<').unwrap().0.parse().unwrap()
}

#[test]
fn a_host_brings_a_list_and_takes_it_back() {
    on_both(async |stage| {
        stage.world.expect_jobs(import::KIND);
        let mut host = stage.visitor(&stage.coordinator);
        let list = host.get("/admin/o/aisyah-daniel/invites").await;
        let begin = host.get(&list.link(&stage.say("host-import")).href).await;
        begin.expect(200);
        let sent = send(&mut host, AT, &begin, LIST.as_bytes()).await;
        let columns = host.follow(sent).await;
        assert!(columns.text().contains("Mei Tan · Wei Tan"));
        let action = columns.address.clone();
        let mut form = columns.form(&action);
        let mapped: Vec<(String, String)> = form
            .entries()
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let guessed: Vec<&str> = mapped
            .iter()
            .filter(|(name, _)| name == "column")
            .map(|(_, value)| value.as_str())
            .collect();
        assert_eq!(guessed, ["household", "guest", "email", "events"]);
        form.fill("column", "guest");
        let csrf = form.value("_csrf").unwrap().to_owned();
        let fields = [
            ("_csrf", csrf.as_str()),
            ("column", "household"),
            ("column", "names"),
            ("column", "email"),
            ("column", "events"),
        ];
        let saved = host.post(&action, &fields).await;
        let check = host.follow(saved).await;
        check.expect(200);
        let words = check.text();
        assert!(words.contains(&stage.say("host-import-check-text")));
        assert!(words.contains("nowhere"), "{words}");
        let at = check.address.clone();
        let mut form = check.form(&format!("{at}/apply"));
        form.press("go", "1");
        let applied = host.submit(&check, &form).await;
        let waiting = host.follow(applied).await;
        assert!(waiting.text().contains(&stage.say("host-refresh")));
        let follows = ["<noscript><meta http-equiv=\"refresh\"", "data-again"];
        assert!(follows.iter().all(|part| waiting.body.contains(part)));
        let before = households_in_menu(&waiting);
        stage.worker().run_due().await.unwrap();
        let done = host.get(&at).await;
        assert!(!follows.iter().any(|part| done.body.contains(part)));
        assert_eq!(households_in_menu(&done), before + 2);
        assert!(
            done.text().contains(&stage.say("host-import-refused")),
            "{}",
            done.text()
        );
        let invites = host.get("/admin/o/aisyah-daniel/invites?q=Tan").await;
        assert!(invites.text().contains("Tan"));
        // The host chose a column mapping for an earlier file. A file with the same headings gets
        // the same mapping.
        let begin = host.get(AT).await;
        assert!(begin.text().contains(&stage.say("host-import-earlier")));
        let sent = send(&mut host, AT, &begin, LIST.replace("Tan", "Lim").as_bytes()).await;
        let columns = host.follow(sent).await;
        let form = columns.form(&columns.address.clone());
        assert!(form.entries().contains(&("column", "names")));
        let undo = done.form(&format!("{at}/undo"));
        let undone = host.submit(&done, &undo).await;
        host.follow(undone).await.expect(200);
        stage.worker().run_due().await.unwrap();
        let done = host.get(&at).await;
        assert!(done.text().contains(&stage.say("host-import-state-undone")));
    });
}

#[test]
fn a_file_that_holds_no_list_is_refused_beside_its_field() {
    on_both(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let begin = host.get(AT).await;
        for (file, id) in [
            (&b""[..], "field-required"),
            (b"\x89PNG\0", "problem-file-not-text"),
            (b"A\n", "problem-file-empty"),
            (b"PK\x03\x04nothing", "problem-file-bad-workbook"),
        ] {
            let page = send(&mut host, AT, &begin, file).await;
            page.expect(422);
            assert!(
                page.text().contains(&stage.say(id)),
                "{id}: {}",
                page.text()
            );
        }
        let mut observer = stage.visitor(&stage.observer);
        observer.get(AT).await.expect(403);
        let list = observer.get("/admin/o/aisyah-daniel/invites").await;
        assert!(!list.body.contains("/import"));
    });
}

pub(crate) async fn post(visitor: &mut Visitor, address: &str, file: &[u8]) -> Page {
    let kind = Some("text/csv");
    visitor
        .send(Method::POST, address, kind, file.to_vec().into())
        .await
}

#[test]
fn a_program_brings_a_list() {
    on_both(async |stage| {
        stage.world.expect_jobs(import::KIND);
        let mut program = stage.program(&stage.owner, &ALL).await;
        let at = stage.at("/imports");
        let made = post(&mut program, &at, LIST.as_bytes())
            .await
            .with(201)
            .json();
        let guessed = json!(["household", "guest", "email", "events"]);
        assert_eq!(made["columns"], guessed);
        let one = format!("{at}/{}", made["id"].as_str().unwrap());
        let change = json!({"columns": ["household", "guest", "email", "events"]});
        let changed = call(&mut program, "PATCH", &one, &change)
            .await
            .with(200)
            .json();
        assert_eq!(changed["columns"][1], "guest");
        let nothing = json!(null);
        let check = call(&mut program, "POST", &format!("{one}/check"), &nothing).await;
        let check = check.with(200).json();
        assert_eq!((&check["made"], &check["faulty"]), (&json!(1), &json!(1)));
        assert_eq!(check["findings"][0]["row"], 4);
        assert_eq!(check["findings"][0]["code"], "unknown_option");
        let apply = format!("{one}/apply");
        call(&mut program, "POST", &apply, &nothing)
            .await
            .expect(202);
        call(&mut program, "POST", &apply, &nothing)
            .await
            .expect(409);
        stage.worker().run_due().await.unwrap();
        let done = call(&mut program, "GET", &one, &nothing)
            .await
            .with(200)
            .json();
        assert_eq!(
            (&done["state"], &done["made"]),
            (&json!("ready"), &json!(1))
        );
        assert_eq!(done["left_out"][0]["problem"], "unknown_option");
        call(&mut program, "POST", &format!("{one}/undo"), &nothing)
            .await
            .expect(202);
        stage.worker().run_due().await.unwrap();
        let list = call(&mut program, "GET", &at, &nothing)
            .await
            .with(200)
            .json();
        assert_eq!(list["items"][0]["state"], "undone");
    });
}

#[test]
fn hostile_files_are_refused_by_their_name() {
    on_both(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let at = stage.at("/imports");
        let rows = format!("Name\n{}", "x\n".repeat(10_001)).into_bytes();
        let columns = vec!["x"; 101].join(",") + "\n" + &vec!["y"; 101].join(",");
        let deep = format!("[{}", "[".repeat(100_000)).into_bytes();
        for (file, status, code) in [
            (rows, 422, "file_too_many_rows"),
            (columns.into_bytes(), 422, "file_too_many_columns"),
            (b"Name\n\"Ali\n".to_vec(), 422, "file_unclosed_quote"),
            (b"\xff\xfeN\0\x00\xd8".to_vec(), 422, "file_not_text"),
            (vec![b'x'; 10 * 1024 * 1024 + 1], 413, "file_too_large"),
            (deep, 400, "body_invalid"),
            (
                br#"[{"household": "A", "nothing": 1}]"#.to_vec(),
                422,
                "validation_failed",
            ),
            (b"[]".to_vec(), 422, "file_empty"),
        ] {
            let page = post(&mut owner, &at, &file).await;
            assert_eq!(page.expect(status).json()["code"], code);
        }
        // A cell that looks like a formula is imported as plain text.
        let file = b"Household,Guest\n=HYPERLINK(1),@SUM(A1)\n";
        let made = post(&mut owner, &at, file).await.with(201).json();
        let check = format!("{at}/{}/check", made["id"].as_str().unwrap());
        let check = call(&mut owner, "POST", &check, &json!(null))
            .await
            .with(200)
            .json();
        assert_eq!(check["made"], 1);
    });
}
