//! What is heard of a certificate that expires, and what is never heard.

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};

use edge::Challenge;
use jiff::SignedDuration;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};

use crate::authority::Wishes;
use crate::house::{House, has_certificate, has_failed, set, wait};
use crate::played::ninety_days;

/// Hears every thread and tells them apart: what a test starts runs on the test's own. One for
/// each test would miss events that another thread met first.
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

fn errors() -> Vec<String> {
    let mut lines = LINES.with_borrow(Vec::clone);
    lines.retain(|line| line.starts_with("ERROR"));
    lines
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

/// The one gauge there is.
#[derive(Default)]
struct Eyes(Arc<AtomicU64>);

impl Recorder for Eyes {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        assert_eq!(key.name(), "kenduri_edge_certificate_days_left");
        Gauge::from_arc(Arc::clone(&self.0))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test]
async fn an_expiring_certificate_is_loud_fourteen_days_before_and_every_day() {
    listen();
    let eyes = Eyes::default();
    let _seen = metrics::set_default_local_recorder(&eyes);
    // Nobody listens there.
    let directory = "https://localhost:1/dir".to_owned();
    let mut house = House::alone(Challenge::Http01, directory, String::new()).await;
    house.set_clock("2026-03-17T23:00:00Z".parse().unwrap());
    let acme = house.start(&[]);
    house.stop.cancel();
    acme.stopped().await;
    fs::write(
        house.vault().join("a.example.certificate.pem"),
        ninety_days(),
    )
    .unwrap();
    let acme = house.start(&["a.example"]);
    wait(&acme, "a.example", has_failed).await;
    assert!(errors().is_empty(), "{:?}", errors());
    for (hours, heard, days) in [(1, 1, 14), (1, 1, 13), (22, 1, 13), (1, 2, 13), (24, 3, 12)] {
        house.advance(SignedDuration::from_hours(hours));
        let mut watch = acme.watch();
        watch.mark_unchanged();
        acme.set_names(set(&["a.example"]));
        // It speaks before it reports.
        watch.changed().await.unwrap();
        let errors = errors();
        assert_eq!(errors.len(), heard, "{errors:?}");
        let last = errors.last().unwrap();
        assert!(
            last.contains("a.example") && last.contains("2026-04-01"),
            "{last}"
        );
        let seen = f64::from_bits(eyes.0.load(Ordering::SeqCst));
        assert!((seen - f64::from(days)).abs() < 0.5, "{seen} is not {days}");
    }
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
    let kept = fs::read_to_string(house.vault().join("a.example.certificate.pem")).unwrap();
    let account = fs::read_to_string(house.vault().join("account.json")).unwrap();
    let account: serde_json::Value = serde_json::from_str(&account).unwrap();
    let account = account["credentials"]["key_pkcs8"].as_str().unwrap();
    let lines = LINES.with_borrow(Vec::clone);
    assert!(lines.iter().any(|line| line.contains("new certificate")));
    for line in lines {
        assert!(!line.contains(kept.lines().nth(1).unwrap()), "{line}");
        assert!(!line.contains(account), "{line}");
    }
}
