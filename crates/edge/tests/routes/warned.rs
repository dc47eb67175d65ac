//! Tests the log entries about failed requests.

use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use axum::http::StatusCode;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};

use super::access::answering;
use super::*;

/// Collects log events of all threads, because each edge runs on its own threads.
struct Ears;

static LISTENING: Once = Once::new();
static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn listen() {
    LISTENING.call_once(|| {
        tracing::subscriber::set_global_default(Ears).unwrap();
        tracing::callsite::rebuild_interest_cache();
    });
}

fn heard_of(id: &str) -> Vec<String> {
    let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    let said = format!("request_id={id}");
    let all = heard.iter().filter(|line| line.contains(&said));
    all.cloned().collect()
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Ears {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn whoever_quotes_an_id_finds_what_was_the_matter() {
    listen();
    let undecided = any(|| async { StatusCode::INTERNAL_SERVER_ERROR });
    let (undecided, _deciding) = answering(undecided).await;
    let site = Site::open(
        &format!(
            "[[route]]\npath = \"/dead/\"\nto = \"http://127.0.0.1:1\"\n\
             [[route]]\npath = \"/unasked/\"\nto = \"app\"\n\
             access = {{ ask = {{ to = \"http://127.0.0.1:1\", path = \"/\" }} }}\n\
             [[route]]\npath = \"/undecided/\"\nto = \"app\"\n\
             access = {{ ask = {{ to = \"http://{undecided}\", path = \"/\" }} }}\n\
             [[route]]\npath = \"/files/\"\nstrip = \"/files\"\nto = \"files:/proc/self\"\n\
             [[route]]\npath = \"/panic\"\nto = \"app\"\n"
        ),
        Options::default(),
    );
    for (path, status, said) in [
        ("/dead/", 502, "WARN a request failed"),
        (
            "/unasked/",
            502,
            "WARN the server in access.ask did not answer",
        ),
        (
            "/undecided/",
            502,
            "WARN the server in access.ask sent a status",
        ),
        // `mem` contains unmapped addresses, so reading it fails.
        ("/files/mem", 500, "WARN cannot read a file"),
        ("/panic", 500, "ERROR the app panicked"),
    ] {
        let heard = site.get(path).await;
        assert_eq!(heard.status, status, "{path}");
        let id = heard.header("x-request-id").unwrap();
        let lines = heard_of(id);
        let (level, words) = said.split_once(' ').unwrap();
        let is_it = |line: &String| line.starts_with(level) && line.contains(words);
        assert_eq!(lines.iter().filter(|line| is_it(line)).count(), 1, "{path}");
    }
    site.edge.stop().await;
}
