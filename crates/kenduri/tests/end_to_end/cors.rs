//! Tests a front end of another origin, which calls the API with a bearer token.

use crate::http::{self, Answer};
use crate::program::{Program, run, text};
use crate::serving::session;

const APP: (&str, &str) = ("Origin", "https://app.example");

#[test]
fn a_front_end_elsewhere_needs_a_token_and_has_no_cookie() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kenduri.toml");
    let settings = "[listen]\nhttp = [\"127.0.0.1:0\"]\n[[route]]\nto = \"app\"\n\
                    cors = { origins = [\"https://app.example\"] }\n";
    std::fs::write(&file, settings).expect("written");
    let data = folder.path().join("data");
    let [file, data] = [&file, &data].map(|path| path.to_string_lossy().into_owned());
    let arguments = ["serve", "--demo", "--config", &file, "--data", &data];
    let mut program = Program::start(&arguments, &[]);
    let link = program.link("/sign-in/");
    let cookies = session(&program, &link);
    let occasion = ["--occasion", "aisyah-daniel"];
    let scopes = ["--scope", "occasion:read,occasion:write"];
    let token = ["token", "create", "--data", &data];
    let output = run(
        &[&token[..], &occasion, &scopes].concat(),
        folder.path(),
        &[],
    );
    let bearer = format!("Bearer {}", text(&output.stdout).trim());
    let (cookie, bearer) = (("Cookie", &*cookies), ("Authorization", &*bearer));
    let elsewhere = ("Sec-Fetch-Site", "cross-site");
    let list = "/api/v1/occasions";
    let send = |method, path: &str, headers: &[_], body: &str| -> Answer {
        let answer = http::send(&program.address, method, path, headers, body.as_bytes());
        answer.expect("an answer")
    };

    let asks = ("Access-Control-Request-Method", "POST");
    let preflight = send("OPTIONS", list, &[APP, elsewhere, asks], "");
    assert_eq!(preflight.status, 204);
    let allowed = preflight.header("access-control-allow-origin");
    assert_eq!(allowed, Some(APP.1));

    // The cookies are good, but not from there.
    assert_eq!(send("GET", list, &[cookie], "").status, 200);
    assert_eq!(send("GET", list, &[cookie, APP], "").status, 401);
    let listed = send("GET", list, &[cookie, APP, elsewhere, bearer], "");
    assert_eq!(listed.status, 200, "{}", listed.text());
    let allowed = listed.header("access-control-allow-origin");
    assert_eq!(allowed, Some(APP.1));
    assert!(!listed.head.to_ascii_lowercase().contains("credentials"));
    let listed = listed.json();
    let id = listed["items"][0]["id"].as_str().expect("an occasion");

    let path = format!("/api/v1/occasions/{id}/announcements");
    let body = r#"{"title": {"en": "The road is closed"}, "body": {"en": "Come by boat."}}"#;
    let json = ("Content-Type", "application/json");
    let sent = send("POST", &path, &[APP, elsewhere, json, bearer], body);
    assert_eq!(sent.status, 201, "{}", sent.text());
    let sent = send("POST", &path, &[APP, elsewhere, json, cookie], body);
    assert_eq!(sent.status, 401, "{}", sent.text());
    // The page may also read why a token is refused.
    let wrong = ("Authorization", "Bearer kd_pat_wrong");
    let refused = send("GET", list, &[APP, elsewhere, wrong], "");
    assert_eq!(refused.status, 401);
    assert!(refused.header("access-control-allow-origin").is_some());
    let other = ("Origin", "https://evil.example");
    let heard = send("GET", list, &[other, elsewhere, bearer], "");
    assert_eq!(heard.header("access-control-allow-origin"), None);
}
