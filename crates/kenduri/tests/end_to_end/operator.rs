//! Tests of the operator's pages with a real supervisor process. Most tests press a button and
//! check its effect.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{self, Answer};
use crate::program::{Program, run, text};

/// The time limit, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

const BEAT: &str = r#"
import os, socket, time
print("the heart beats")
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
out.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
time.sleep(1000)
"#;

const SETTINGS: &str = r#"
[service.beat]
run = ["python3", "-u", "beat.py"]
listen = "none"
keep_former = "100ms"

[[route]]
to = "app"
"#;

/// A signed-in owner's browser, and the running Kenduri.
struct Owner {
    folder: tempfile::TempDir,
    program: Program,
    cookies: String,
}

impl Owner {
    fn arrive() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("kenduri.toml"), SETTINGS).expect("written");
        std::fs::write(folder.path().join("beat.py"), BEAT).expect("written");
        let [file, data] = paths(&folder);
        let program = Program::serve(&["--config", &file, "--data", &data], &[]);
        let mut owner = Self {
            folder,
            program,
            cookies: String::new(),
        };
        let said = owner.give(&[
            "owner",
            "create",
            "--email",
            "farah@example.my",
            "--name",
            "Farah",
        ]);
        let place = said.find("/sign-in/").expect("a link");
        let link = said[place..].split_whitespace().next().expect("a link");
        let page = owner.get(link);
        owner.cookies = page.cookie().unwrap_or_default();
        let answer = owner.post(link, &page, &[]);
        owner.cookies = answer.cookie().expect("a session");
        owner
    }

    fn give(&self, words: &[&str]) -> String {
        let [file, data] = paths(&self.folder);
        let place = ["--config", &file, "--data", &data];
        let output = run(&[words, &place].concat(), self.folder.path(), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    fn get(&self, path: &str) -> Answer {
        let headers = [("Cookie", &*self.cookies), ("Accept", "text/html")];
        http::send(&self.program.address, "GET", path, &headers, b"").expect("an answer")
    }

    fn post(&self, path: &str, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let body = page.text();
        let (_, rest) = body.split_once(r#"name="_csrf" value=""#).expect("a form");
        let token = rest.split('"').next().unwrap_or_default();
        let mut form = format!("_csrf={token}");
        for (name, value) in fields {
            write!(form, "&{name}={value}").expect("a text");
        }
        let headers = [
            ("Cookie", &*self.cookies),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let answer = http::send(
            &self.program.address,
            "POST",
            path,
            &headers,
            form.as_bytes(),
        );
        answer.expect("an answer")
    }

    fn press(&self, service: &str, fields: &[(&str, &str)]) -> Answer {
        let path = format!("/admin/server/services/{service}");
        let answer = self.post(&path, &self.get(&path), fields);
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.get(answer.header("location").expect("a way on"))
    }

    /// Returns the state and the pid of each process of a service.
    fn processes(&self, service: &str) -> Vec<(String, Option<i64>)> {
        let said = self.give(&["ps", "--json"]);
        let rows: Vec<Value> = serde_json::from_str(&said).expect("a list");
        let rows = rows.into_iter().filter(|row| row["service"] == service);
        rows.map(|row| {
            let state = row["state"].as_str().unwrap_or_default().to_owned();
            (state, row["pid"].as_i64())
        })
        .collect()
    }

    fn ready(&self, service: &str) -> Vec<i64> {
        let all = self.processes(service).into_iter();
        let ready = all.filter(|(state, _)| state == "ready");
        ready.filter_map(|(_, pid)| pid).collect()
    }
}

fn paths(folder: &tempfile::TempDir) -> [String; 2] {
    ["kenduri.toml", "data"].map(|name| folder.path().join(name).to_string_lossy().into_owned())
}

fn wait<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_page_for_one_person_is_sent_compressed() {
    let owner = Owner::arrive();
    let ask = |path: &str| {
        let headers = [("Cookie", &*owner.cookies), ("Accept-Encoding", "gzip, br")];
        http::send(&owner.program.address, "GET", path, &headers, b"").expect("an answer")
    };
    let whole = owner.get("/me/security");
    let page = ask("/me/security");
    assert_eq!(page.header("content-encoding"), Some("gzip"));
    assert!(2 * page.body.len() < whole.body.len());
    // The sign-in page contains a value from the URL. If the page were compressed, its size could
    // reveal other content of the page.
    let sign_in = ask("/login?redirect=/me/security");
    assert_eq!(sign_in.header("content-encoding"), None);
}

#[test]
fn an_owner_sees_services_and_orders_them_from_the_page() {
    let owner = Owner::arrive();
    let begun = wait("one instance", || owner.ready("beat").first().copied());
    let page = owner.get("/admin/server").text();
    for part in ["beat", "kenduri", &begun.to_string(), "path"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    wait("its words on its page", || {
        let page = owner.get("/admin/server/services/beat").text();
        page.contains("the heart beats").then_some(())
    });

    let page = owner.press("beat", &[("deed", "scale"), ("instances", "2")]);
    assert!(page.text().contains("has the number of instances"));
    assert_eq!(owner.ready("beat").len(), 2);

    let before = owner.ready("beat");
    let page = owner.press("beat", &[("deed", "reload")]);
    assert!(page.text().contains("beat was replaced"), "{}", page.text());
    let after = owner.ready("beat");
    assert!(
        after.iter().all(|pid| !before.contains(pid)),
        "{before:?} {after:?}"
    );

    let page = owner.press("beat", &[("deed", "stop")]);
    assert!(page.text().contains("beat is stopped."));
    let rest = owner.processes("beat");
    assert!(rest.iter().all(|(_, pid)| pid.is_none()), "{rest:?}");

    owner.press("beat", &[("deed", "start")]);
    assert_eq!(owner.ready("beat").len(), 2);
}

#[test]
fn the_worker_is_replaced_from_its_own_page() {
    let owner = Owner::arrive();
    let before = owner.program.worker();
    // The old worker may still send this response. Later pages may come from either worker.
    let page = owner.press("kenduri", &[("deed", "reload")]);
    assert_eq!(page.status, 200);
    wait("another worker", || {
        let ready = owner.ready("kenduri");
        ready
            .iter()
            .all(|pid| *pid != i64::from(before))
            .then_some(())
    });
    assert_eq!(owner.get("/admin/server").status, 200);
}
