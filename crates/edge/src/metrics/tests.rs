use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Key, KeyName, Metadata, Recorder, SharedString, Unit};

use super::*;
use crate::config::testing::check_running;
use crate::proxy::UpstreamSettings;

/// Gauges as `/metrics` would show them.
#[derive(Default)]
struct Page(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Page {
    fn text(&self) -> Vec<String> {
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
        days.tell(told(["a", "b"]));
        assert_eq!(page.text(), [line("a", "30"), line("b", "30")]);
        days.tell(told(["b", "b"]));
        assert_eq!(page.text(), [line("a", "NaN"), line("b", "30")]);
        days.tell([("a".to_owned(), 2.0), ("a".to_owned(), 3.0)]);
        assert_eq!(page.text(), [line("a", "2"), line("b", "NaN")]);
    });
}

fn upstream(settings: &UpstreamSettings, servers: &[&str]) -> Arc<Upstream> {
    let mut settings = settings.clone();
    let address =
        |text: &&str| crate::proxy::parse_address(text, std::path::Path::new("/")).unwrap();
    settings.members = servers.iter().map(address).collect();
    Upstream::new(settings)
}

#[tokio::test]
async fn a_service_that_starts_again_and_again_has_one_line() {
    let text = "[upstream.shop]\nto = [\"http://a:1\", \"http://a:2\"]\n\
        [[route]]\nto = \"upstream:shop\"\n";
    let plan = check_running(text, &[("node", "least", &[])]).unwrap();
    let of = |name: &str| plan.upstreams()[name].clone();
    let shop = upstream(&of("shop"), &["http://a:1", "http://a:2"]);
    let page = Page::default();
    metrics::with_local_recorder(&page, || {
        let mut figures = ServerFigures::default();
        let shop = || ("shop", &*shop);
        for run in 1..=3 {
            let sockets = [format!("unix:/0.{run}.sock"), format!("unix:/1.{run}.sock")];
            let node = upstream(&of("service:node"), &sockets.each_ref().map(|it| &**it));
            figures.tell([shop(), ("service:node", &*node)].into_iter());
        }
        assert_eq!(
            page.text(),
            [
                "edge_service_servers{service=node} 2",
                "edge_upstream_well{upstream=shop,server=http://a:1} 1",
                "edge_upstream_well{upstream=shop,server=http://a:2} 1",
            ]
        );
        let none = upstream(&of("service:node"), &[]);
        figures.tell([("service:node", &*none)].into_iter());
        assert_eq!(
            page.text(),
            [
                "edge_service_servers{service=node} 0",
                "edge_upstream_well{upstream=shop,server=http://a:1} NaN",
                "edge_upstream_well{upstream=shop,server=http://a:2} NaN",
            ]
        );
    });
}
