//! Stores the servers of services by the service's name, independently of the configuration.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::lock::lock;
use crate::proxy::Backends;

#[derive(Debug, Default)]
pub(crate) struct ServiceBackends(Mutex<BTreeMap<Arc<str>, Arc<Backends>>>);

impl ServiceBackends {
    pub(crate) fn of(&self, upstream: &str) -> Arc<Backends> {
        let mut all = lock(&self.0);
        if let Some(backends) = all.get(upstream) {
            return Arc::clone(backends);
        }
        let backends = Arc::new(Backends::told(upstream));
        all.insert(upstream.into(), Arc::clone(&backends));
        backends
    }

    pub(crate) fn find(&self, upstream: &str) -> Option<Arc<Backends>> {
        lock(&self.0).get(upstream).cloned()
    }

    /// Removes the entries of services that have no servers and that no configuration in use
    /// contains. A later service with the same name gets a new entry.
    pub(crate) fn tidy(&self) {
        lock(&self.0).retain(|_, backends| {
            // `of` and `find` are the only functions that return clones, and both need this lock.
            let is_held = Arc::strong_count(backends) > 1;
            is_held || !backends.status().is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Servers;

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
        failed.set_servers(&given_up, &[]);
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
