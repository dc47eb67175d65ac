//! Routes requests to instances of services. The supervisor process reports which instances are
//! ready, and the edge reports how many requests they get.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use edge::Edge;
use edge::proxy::{ServerAddress, Servers};
use operate::messages::{MessageSender, RequestRate, ToParent};
use supervisor::state::RunId;
use supervisor::{Address, InstanceAddress, OWN_SERVICE, Plan, ReadyInstances};

/// How often the load of the instances is reported.
pub(super) const LOOK: Duration = Duration::from_secs(1);

/// The ready instances of all services, and how many requests each of them has received.
#[derive(Default)]
pub(super) struct UpstreamServers {
    fleet: ReadyInstances,
    /// The drain time of websockets and other tunnels, by service.
    times: BTreeMap<String, Duration>,
    leaving: BTreeSet<(String, RunId)>,
    /// The total number of requests that each server had received at the last report.
    counts: BTreeMap<Address, u64>,
}

impl UpstreamServers {
    /// Makes the edge send requests to the instances in `fleet`.
    pub(super) fn lead(
        &mut self,
        fleet: ReadyInstances,
        edge: &Edge,
        line: &MessageSender<ToParent>,
    ) {
        self.fleet = fleet;
        self.update_edge(edge);
        let mut leaving = BTreeSet::new();
        for (service, crew) in self.services() {
            for member in &crew.draining {
                let key = (service.to_owned(), member.run);
                if !self.leaving.contains(&key) {
                    report_when_drained(service, member, edge, line);
                }
                leaving.insert(key);
            }
        }
        self.leaving = leaving;
    }

    /// Applies the drain times in the services' new plan.
    pub(super) fn set_plan(&mut self, plan: &Plan, edge: &Edge) {
        let all = plan.services().iter();
        self.times = all
            .map(|(name, settings)| (name.clone(), settings.policy.drain_within))
            .collect();
        self.update_edge(edge);
    }

    fn update_edge(&self, edge: &Edge) {
        for (service, crew) in self.services() {
            let servers = Servers {
                ready: crew.ready.iter().filter_map(server_address).collect(),
                failed: crew.failed,
                drain_within: self.times.get(service).copied().unwrap_or_default(),
            };
            edge.set_servers(service, &servers);
        }
    }

    /// Returns how many requests per second each server has received since the last call. Must be
    /// called once every [`LOOK`].
    pub(super) fn rates(&mut self, edge: &Edge) -> Vec<RequestRate> {
        let mut counts = BTreeMap::new();
        for (service, crew) in self.services() {
            let known = edge.servers(service).members;
            for member in &crew.ready {
                let (Some(address), Some(wanted)) = (&member.address, server_address(member))
                else {
                    continue;
                };
                let found = known.iter().find(|member| member.address == wanted);
                let requests = found.map_or(0, |member| member.requests);
                counts.insert(address.clone(), requests);
            }
        }
        let rate = |(address, count): (&Address, &u64)| RequestRate {
            address: address.clone(),
            per_second: since(self.counts.get(address), *count),
        };
        let rates = counts.iter().map(rate).collect();
        self.counts = counts;
        rates
    }

    fn services(&self) -> impl Iterator<Item = (&str, &supervisor::ServiceInstances)> {
        let all = self.fleet.iter().map(|(name, crew)| (&**name, crew));
        all.filter(|(name, _)| *name != OWN_SERVICE)
    }
}

fn since(before: Option<&u64>, now: u64) -> f64 {
    let count = before.map_or(0, |before| now.saturating_sub(*before));
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / LOOK.as_secs_f64()
}

/// Once a replaced instance has no more requests.
fn report_when_drained(
    service: &str,
    member: &InstanceAddress,
    edge: &Edge,
    line: &MessageSender<ToParent>,
) {
    let Some(server) = server_address(member) else {
        return;
    };
    let drained = edge.drained(service, &server);
    let (service, run, line) = (service.to_owned(), member.run, line.clone());
    tokio::spawn(async move {
        drained.await;
        line.say(ToParent::Drained { service, run }).await;
    });
}

/// `None` if it serves none.
fn server_address(member: &InstanceAddress) -> Option<ServerAddress> {
    Some(match member.address.as_ref()? {
        Address::Unix(path) => ServerAddress::Unix {
            path: path.clone(),
            owner: member.owner,
        },
        Address::Tcp(port) => ServerAddress::Tcp {
            host: "127.0.0.1".to_owned(),
            port: *port,
            base: String::new(),
        },
    })
}
