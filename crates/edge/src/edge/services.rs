//! Changes the servers of services while the edge runs.

use crate::config;
use crate::proxy::{BackendsStatus, ServerAddress, Servers};

use super::Edge;

impl Edge {
    /// Sets a service's servers. May be called before a plan names the service. The servers stay in
    /// effect when the plan changes.
    ///
    /// When a server is removed, its running requests finish. Its idle connections are closed at
    /// once. Its WebSockets are closed after [`Servers::drain_within`].
    ///
    /// Must be called within a Tokio runtime.
    pub fn set_servers(&self, service: &str, servers: &Servers) {
        let backends = self
            .shared
            .service_backends
            .of(&config::upstream_of(service));
        backends.set_servers(servers, &self.pools);
        drop(backends);
        self.shared.service_backends.tidy();
    }

    pub fn servers(&self, service: &str) -> BackendsStatus {
        let backends = self
            .shared
            .service_backends
            .find(&config::upstream_of(service));
        backends
            .map(|backends| backends.status())
            .unwrap_or_default()
    }

    /// Completes when no request is running on the server at `address`, after [`Edge::set_servers`]
    /// has removed that server. Completes at once if there is no such server.
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
