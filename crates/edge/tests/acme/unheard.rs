//! Tests that secrets never appear in log messages.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::sync::Once;

use edge::Challenge;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};

use crate::authority::Wishes;
use crate::house::{House, has_certificate, wait};

/// Collects the log events of each thread. A test's tasks run on the test's own thread. All tests
/// share this subscriber, because a subscriber for one test would miss events from call sites that
/// another thread used before.
struct Ears;

static LISTENING: Once = Once::new();

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn listen() {
    LISTENING.call_once(|| {
        tracing::subscriber::set_global_default(Ears).unwrap();
        tracing::callsite::rebuild_interest_cache();
    });
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
        let level: &Level = event.metadata().level();
        let mut line = Line(level.to_string());
        event.record(&mut line);
        LINES.with_borrow_mut(|lines| lines.push(line.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn no_key_is_ever_heard() {
    listen();
    let Some(mut house) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    let acme = house.start(&["a.example"]);
    wait(&acme, "a.example", has_certificate).await;
    house.stop.cancel();
    acme.stopped().await;
    let kept = fs::read_to_string(house.storage().join("a.example.certificate.pem")).unwrap();
    let account = fs::read_to_string(house.storage().join("account.json")).unwrap();
    let account: serde_json::Value = serde_json::from_str(&account).unwrap();
    let account = account["credentials"]["key_pkcs8"].as_str().unwrap();
    let lines = LINES.with_borrow(Vec::clone);
    assert!(lines.iter().any(|line| line.contains("new certificate")));
    for line in lines {
        assert!(!line.contains(kept.lines().nth(1).unwrap()), "{line}");
        assert!(!line.contains(account), "{line}");
    }
}
