//! Who serves for the services that the program runs: told while the edge runs, kept
//! by name whatever the plan says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::plan;
use crate::proxy::{Crew, CrewStatus, ServerAddress, Servers};

use super::{Edge, lock};

/// The crews of all services, by the name of their upstream.
#[derive(Debug, Default)]
pub(super) struct Crews(Mutex<BTreeMap<Arc<str>, Arc<Crew>>>);

impl Crews {
    /// That of this upstream, which begins empty.
    pub(super) fn of(&self, upstream: &str) -> Arc<Crew> {
        let mut all = lock(&self.0);
        if let Some(crew) = all.get(upstream) {
            return Arc::clone(crew);
        }
        let crew = Arc::new(Crew::told(upstream));
        all.insert(upstream.into(), Arc::clone(&crew));
        crew
    }

    /// The one there is, if there is one.
    fn find(&self, upstream: &str) -> Option<Arc<Crew>> {
        lock(&self.0).get(upstream).cloned()
    }
}

impl Edge {
    /// Says which servers of a service take requests from now on. It may be said
    /// before a plan names the service, and holds whatever plans come. Requests that
    /// run on a server that is not named any more are finished there; unused
    /// connections to it are closed, websockets when they have had their time. Within
    /// a runtime.
    pub fn set_servers(&self, service: &str, servers: &Servers) {
        let crew = self.shared.crews.of(&plan::upstream_of(service));
        crew.tell(servers, &self.pools);
    }

    /// How the servers of a service fare.
    pub fn servers(&self, service: &str) -> CrewStatus {
        let crew = self.shared.crews.find(&plan::upstream_of(service));
        crew.map(|crew| crew.status()).unwrap_or_default()
    }

    /// Resolves when nothing runs any more on a server that
    /// [`Edge::set_servers`] has taken out; at once if nothing does.
    pub fn drained(
        &self,
        service: &str,
        address: &ServerAddress,
    ) -> impl Future<Output = ()> + Send + use<> {
        let crew = self.shared.crews.find(&plan::upstream_of(service));
        let drained = crew.map(|crew| crew.drained(address));
        async move {
            if let Some(drained) = drained {
                drained.await;
            }
        }
    }
}
