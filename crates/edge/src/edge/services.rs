//! Who serves for the services that the program runs: told while the edge runs, kept
//! by name whatever the plan says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::config;
use crate::proxy::{Backends, BackendsStatus, ServerAddress, Servers};

use super::{Edge, lock};

/// The backends of all services, by the name of their upstream.
#[derive(Debug, Default)]
pub(super) struct ServiceBackends(Mutex<BTreeMap<Arc<str>, Arc<Backends>>>);

impl ServiceBackends {
    /// That of this upstream, which begins empty.
    pub(super) fn of(&self, upstream: &str) -> Arc<Backends> {
        let mut all = lock(&self.0);
        if let Some(backends) = all.get(upstream) {
            return Arc::clone(backends);
        }
        let backends = Arc::new(Backends::told(upstream));
        all.insert(upstream.into(), Arc::clone(&backends));
        backends
    }

    /// The one there is, if there is one.
    fn find(&self, upstream: &str) -> Option<Arc<Backends>> {
        lock(&self.0).get(upstream).cloned()
    }

    /// Forgets those that no plan in use names, and of which nobody says that there is
    /// a server: a service of the same name begins anew.
    pub(super) fn tidy(&self) {
        lock(&self.0).retain(|_, backends| {
            // Only `of` and `find` hand it out, which wait for this.
            let is_held = Arc::strong_count(backends) > 1;
            is_held || !backends.status().is_empty()
        });
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_serves_for_nobody_is_forgotten() {
        let service_backends = ServiceBackends::default();
        let named = service_backends.of("service:named");
        drop(service_backends.of("service:other"));
        let failed = service_backends.of("service:failed");
        let given_up = Servers {
            failed: true,
            ..Servers::default()
        };
        failed.tell(&given_up, &[]);
        drop(failed);
        service_backends.tidy();
        assert!(service_backends.find("service:named").is_some());
        assert!(service_backends.find("service:other").is_none());
        assert!(service_backends.find("service:failed").is_some());
        drop(named);
        service_backends.tidy();
        assert!(service_backends.find("service:named").is_none());
    }
}
