//! Tests that the paths of older software exist only if the settings enable them.

use rustix::process::Signal;
use serde_json::json;

use crate::engine::{Database, Engine};
use crate::http::{self, Answer};
use crate::program::{Program, run, text};

fn rsvp(program: &Program, body: &serde_json::Value) -> Answer {
    let headers = [("Content-Type", "application/json")];
    let body = body.to_string();
    let path = "/api/flask/rsvp";
    http::send(&program.address, "POST", path, &headers, body.as_bytes()).expect("an answer")
}

#[test]
fn nothing_of_it_is_there_unless_an_occasion_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(&["--data", &folder.path().to_string_lossy()], &[]);
    for path in [
        "/api/flask/health",
        "/api/node/hello",
        "/socket.io/?EIO=4&transport=polling",
        "/socket.io/socket.io.js",
    ] {
        assert_eq!(program.get(path).status, 404, "{path}");
    }
    assert_eq!(rsvp(&program, &json!({ "attending": true })).status, 404);
}

#[test]
fn the_demo_answers_for_its_own_occasion_and_forgets_nothing() {
    let engines = [
        Some(Engine::Sqlite),
        Database::create("compat").map(Engine::Postgres),
    ];
    for engine in engines.into_iter().flatten() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().to_string_lossy().into_owned();
        let environment = [("KENDURI_STORE_URL", engine.url())];
        let program = Program::serve(&["--demo", "--data", &data], &environment);
        assert_eq!(program.get("/api/node/health").status, 200);
        let body = json!({ "code": "RAHMA", "attending": "hadir", "pax": 6, "submission_id": "1" });
        let first = rsvp(&program, &body);
        assert_eq!(first.status, 201, "{}", first.text());
        assert_eq!(first.json()["guests"], 6);
        let open = rsvp(&program, &json!({ "name": "Mei", "attending": true }));
        assert_eq!(open.status, 201, "{}", open.text());
        program.kill();
        let program = Program::serve(&["--demo", "--data", &data], &environment);
        let again = rsvp(&program, &body);
        assert_eq!((again.status, again.body), (201, first.body));
        let code = open.json()["invite_code"]
            .as_str()
            .expect("a code")
            .to_owned();
        assert_eq!(program.get(&format!("/invite/{code}")).status, 200);
    }
}

#[test]
fn an_occasion_that_is_not_there_is_told_and_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    let environment = [
        ("KENDURI_COMPAT_OCCASION", "nobody-there"),
        ("KENDURI_LOG_TO", "log"),
    ];
    let mut program = Program::serve(&["--data", &data], &environment);
    assert_eq!(program.get("/api/flask/health").status, 200);
    for body in [
        json!({ "name": "Mei", "attending": true }),
        json!({ "code": "RAHMA", "attending": true }),
    ] {
        let refused = rsvp(&program, &body);
        assert_eq!(refused.status, 404);
        assert_eq!(refused.json()["code"], "not_found");
    }
    assert!(program.end(Signal::TERM).success());
    let said = std::fs::read_to_string(folder.path().join("log/kenduri.log")).expect("a log");
    assert!(
        said.contains("compat.occasion is \\\"nobody-there\\\""),
        "{said}"
    );
}

#[test]
fn what_cannot_be_an_occasion_s_name_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(
        &["check", "--set", "compat.occasion=Not A Slug"],
        folder.path(),
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("compat.occasion"));
}
