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

    /// Forgets those that no plan in use names, and of which nobody says that there is
    /// a server: a service of the same name begins anew.
    pub(super) fn tidy(&self) {
        lock(&self.0).retain(|_, crew| {
            // Only `of` and `find` hand it out, which wait for this.
            let is_held = Arc::strong_count(crew) > 1;
            is_held || !crew.status().is_empty()
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
        let crew = self.shared.crews.of(&plan::upstream_of(service));
        crew.tell(servers, &self.pools);
        drop(crew);
        self.shared.crews.tidy();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_serves_for_nobody_is_forgotten() {
        let crews = Crews::default();
        let named = crews.of("service:named");
        drop(crews.of("service:other"));
        let failed = crews.of("service:failed");
        let given_up = Servers {
            failed: true,
            ..Servers::default()
        };
        failed.tell(&given_up, &[]);
        drop(failed);
        crews.tidy();
        assert!(crews.find("service:named").is_some());
        assert!(crews.find("service:other").is_none());
        assert!(crews.find("service:failed").is_some());
        drop(named);
        crews.tidy();
        assert!(crews.find("service:named").is_none());
    }
}
