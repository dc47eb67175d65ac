use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use super::*;

/// A recorder that stores gauges as `/metrics` shows them.
#[derive(Default)]
pub(crate) struct Page(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Page {
    pub(crate) fn text(&self) -> Vec<String> {
        let gauges = self.0.lock().unwrap();
        let lines = gauges.iter().map(|(name, value)| {
            let value = f64::from_bits(value.load(Ordering::SeqCst));
            format!("{name} {value}")
        });
        lines.collect()
    }
}

impl Recorder for Page {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let labels = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()));
        let name = format!("{}{{{}}}", key.name(), labels.collect::<Vec<_>>().join(","));
        let mut gauges = self.0.lock().unwrap();
        Gauge::from_arc(Arc::clone(gauges.entry(name).or_default()))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn who_is_gone_has_no_value_and_comes_back_as_the_same() {
    let page = Page::default();
    metrics::with_local_recorder(&page, || {
        let mut days = certificate_days();
        let told = |names: [&str; 2]| names.map(|name| (name.to_owned(), 30.0));
        let line = |name: &str, value: &str| {
            format!("kenduri_edge_certificate_days_left{{name={name}}} {value}")
        };
        days.set_all(told(["a", "b"]));
        assert_eq!(page.text(), [line("a", "30"), line("b", "30")]);
        days.set_all(told(["b", "b"]));
        assert_eq!(page.text(), [line("a", "NaN"), line("b", "30")]);
        days.set_all([("a".to_owned(), 2.0), ("a".to_owned(), 3.0)]);
        assert_eq!(page.text(), [line("a", "2"), line("b", "NaN")]);
    });
}
