//! Metrics that show how many servers each upstream has and which of them are healthy.

use metrics::gauge;

use crate::config::service_of;
use crate::metrics::LabelledGauges;
use crate::proxy::Upstream;

/// Gauges for the health of upstream servers. Each configured server has its own gauge. For a
/// service, only the number of servers is shown, because they get new addresses at every start.
#[derive(Debug)]
pub(crate) struct ServerFigures {
    well: LabelledGauges<(String, String)>,
    services: LabelledGauges<String>,
}

impl Default for ServerFigures {
    fn default() -> Self {
        Self {
            well: LabelledGauges::new(
                |(upstream, server): &(String, String)| gauge!("edge_upstream_well", "upstream" => upstream.clone(), "server" => server.clone()),
            ),
            services: LabelledGauges::new(
                |name: &String| gauge!("edge_service_servers", "service" => name.clone()),
            ),
        }
    }
}

impl ServerFigures {
    /// Makes the gauges describe exactly these upstreams.
    pub(crate) fn update<'a>(&mut self, upstreams: impl Iterator<Item = (&'a str, &'a Upstream)>) {
        let (mut well, mut services) = (Vec::new(), Vec::new());
        for (name, upstream) in upstreams {
            let members = upstream.status();
            if let Some(service) = service_of(name) {
                let ready = members.iter().filter(|backend| backend.ready).count();
                let ready = u32::try_from(ready).unwrap_or(u32::MAX);
                services.push((service.to_owned(), ready.into()));
            } else {
                well.extend(members.into_iter().map(|backend| {
                    let label = (name.to_owned(), backend.address.to_string());
                    (label, if backend.ready { 1.0 } else { 0.0 })
                }));
            }
        }
        self.well.set_all(well);
        self.services.set_all(services);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::testing::check_running;
    use crate::metrics::tests::Page;
    use crate::proxy::UpstreamSettings;

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
                figures.update([shop(), ("service:node", &*node)].into_iter());
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
            figures.update([("service:node", &*none)].into_iter());
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
}
