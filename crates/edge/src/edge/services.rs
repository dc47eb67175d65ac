//! Who serves for the services that the program runs, told while the edge runs.

use crate::config;
use crate::proxy::{BackendsStatus, ServerAddress, Servers};

use super::Edge;

impl Edge {
    /// Says which servers of a service take requests from now on. It may be said
    /// before a plan names the service, and holds whatever plans come. Requests that
    /// run on a server that is not named any more are finished there; unused
    /// connections to it are closed, websockets when they have had their time. Nothing
    /// is kept of a service that no plan names and that has no servers. Within a
    /// runtime.
    pub fn set_servers(&self, service: &str, servers: &Servers) {
        let backends = self
            .shared
            .service_backends
            .of(&config::upstream_of(service));
        backends.tell(servers, &self.pools);
        drop(backends);
        self.shared.service_backends.tidy();
    }

    /// How the servers of a service fare.
    pub fn servers(&self, service: &str) -> BackendsStatus {
        let backends = self
            .shared
            .service_backends
            .find(&config::upstream_of(service));
        backends
            .map(|backends| backends.status())
            .unwrap_or_default()
    }

    /// Resolves when nothing runs any more on a server that
    /// [`Edge::set_servers`] has taken out; at once if nothing does.
    pub fn drained(
        &self,
        service: &str,
        address: &ServerAddress,
    ) -> impl Future<Output = ()> + Send + use<> {
        let backends = self
            .shared
            .service_backends
            .find(&config::upstream_of(service));
        let drained = backends.map(|backends| backends.drained(address));
        async move {
            if let Some(drained) = drained {
                drained.await;
            }
        }
    }
}
