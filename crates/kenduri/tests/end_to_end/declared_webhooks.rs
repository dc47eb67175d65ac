//! Tests that a webhook in the settings (`[[webhook]]`) notifies a service when an answer is saved.

use std::fs;
use std::path::Path;
use std::time::Instant;

use platform::Clock;
use platform::webhook_key::{Signed, WebhookKey};
use serde_json::{Value, json};

use crate::engine::{Database, Engine};
use crate::http;
use crate::program::{PATIENCE, Program};

const SECRET: &str = "whsec_a2VuZHVyaS1rZW5kdXJpLWtlbmR1cmkta2Vu";

/// A service that writes the first message it receives to a file.
const SERVER: &str = r#"
import http.server, json, os, socketserver

class Hear(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "unix"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        with open("heard.new", "w") as file:
            json.dump({"path": self.path, "headers": headers, "body": body}, file)
        os.rename("heard.new", "heard.json")
        self.send_response(204)
        self.end_headers()

socketserver.UnixStreamServer(os.environ["SOCKET"], Hear).serve_forever()
"#;

/// Waits for the message in the service's file.
fn heard(folder: &Path) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Ok(text) = fs::read_to_string(folder.join("heard.json")) {
            return serde_json::from_str(&text).expect("JSON");
        }
        assert!(Instant::now() < end, "the service heard nothing");
        std::thread::yield_now();
    }
}

#[test]
fn a_service_beside_kenduri_hears_of_an_answer() {
    let engines = [
        Some(Engine::Sqlite),
        Database::create("declared").map(Engine::Postgres),
    ];
    for engine in engines.into_iter().flatten() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = "data = \"data\"\n[service.hears]\nrun = \"python3 server.py\"\nlisten = \"unix\"\n\
                        [[webhook]]\nurl = \"service:hears/hooks?from=kenduri\"\n\
                        events = [\"reply.saved\"]\nsecret_file = \"webhook.secret\"\n";
        let file = folder.path().join("kenduri.toml");
        fs::write(&file, settings).expect("written");
        fs::write(folder.path().join("webhook.secret"), SECRET).expect("written");
        fs::write(folder.path().join("server.py"), SERVER).expect("written");
        let arguments = ["--demo", "--config", &file.to_string_lossy()];
        let program = Program::serve(&arguments, &[("KENDURI_STORE_URL", engine.url())]);
        let answer = json!({ "code": "RAHMA", "attending": true, "pax": 2 }).to_string();
        let json = [("Content-Type", "application/json")];
        let path = "/api/flask/rsvp";
        let saved = http::send(&program.address, "POST", path, &json, answer.as_bytes());
        assert_eq!(saved.expect("an answer").status, 201);

        let heard = heard(folder.path());
        assert_eq!(heard["path"], "/hooks?from=kenduri");
        let header = |name: &str| heard["headers"][name].as_str().unwrap_or_default();
        let signed = Signed {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signatures: header("webhook-signature"),
        };
        let body = heard["body"].as_str().expect("a body");
        let key = WebhookKey::parse(SECRET).expect("a secret");
        assert!(key.verify(signed, body.as_bytes(), Clock::System.now()));
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["type"], "reply.saved");
        assert_eq!(body["id"], signed.id);
    }
}
