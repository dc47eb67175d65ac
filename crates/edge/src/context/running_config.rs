//! The current configuration, and the state that depends on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderValue;

use crate::config::{Plan, service_of};
use crate::filters::headers;
use crate::proxy::{BufferMemory, Upstream, UpstreamSettings, Watch};
use crate::tls::HSTS_TIME;
use crate::unsent_memory::UnsentMemory;

use super::ServiceBackends;

pub(crate) struct Running {
    pub(crate) plan: Arc<Plan>,
    /// The value of `Strict-Transport-Security`; `None` if it is not sent.
    pub(crate) hsts: Option<HeaderValue>,
    /// True if the settings contain `hsts`, false if the default is used.
    pub(crate) is_hsts_written: bool,
    /// The memory for buffered bodies, shared by all workers.
    pub(crate) buffer_memory: Arc<BufferMemory>,
    /// The memory for unread responses of HTTP/2 and HTTP/3, shared by all workers.
    pub(crate) unsent_memory: Arc<UnsentMemory>,
    upstreams: BTreeMap<Arc<str>, RunningUpstream>,
}

#[derive(Clone)]
struct RunningUpstream {
    settings: UpstreamSettings,
    upstream: Arc<Upstream>,
    watch: Arc<Watch>,
}

impl Running {
    /// Takes over the rate limit counters and the state of servers from the previous configuration.
    /// Requests that are already running use the new servers too. The servers of services do not
    /// depend on the configuration.
    pub(crate) fn new(
        plan: Plan,
        before: Option<&Self>,
        service_backends: &ServiceBackends,
    ) -> Self {
        if let Some(before) = before {
            plan.go_on_from(&before.plan);
        }
        let upstreams = plan.upstreams().iter().map(|(name, settings)| {
            let old = before.and_then(|before| before.upstreams.get(name));
            let served = match old {
                Some(old) if old.settings == *settings => old.clone(),
                _ if service_of(name).is_some() => RunningUpstream::start(
                    settings,
                    Upstream::of(settings.clone(), service_backends.of(name)),
                ),
                Some(old) => old.changed(settings),
                None => RunningUpstream::start(settings, Upstream::new(settings.clone())),
            };
            (Arc::clone(name), served)
        });
        let size = plan.buffer_memory();
        // Memory that earlier bodies still use counts only towards the old limits.
        let (buffer_memory, unsent_memory) = match before {
            Some(same) if same.buffer_memory.size() == size => (
                Arc::clone(&same.buffer_memory),
                Arc::clone(&same.unsent_memory),
            ),
            _ => (BufferMemory::new(size), UnsentMemory::new(size / 2)),
        };
        Self {
            buffer_memory,
            unsent_memory,
            upstreams: upstreams.collect(),
            hsts: headers::hsts(plan.tls().hsts.unwrap_or(HSTS_TIME)),
            is_hsts_written: plan.tls().hsts.is_some(),
            plan: Arc::new(plan),
        }
    }

    pub(crate) fn upstream(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.upstreams.get(name).map(|served| &served.upstream)
    }

    pub(crate) fn upstreams(&self) -> impl Iterator<Item = (&str, &Upstream)> {
        let all = self.upstreams.iter();
        all.map(|(name, served)| (&**name, &*served.upstream))
    }
}

impl RunningUpstream {
    fn start(settings: &UpstreamSettings, upstream: Arc<Upstream>) -> Self {
        Self {
            settings: settings.clone(),
            watch: Arc::new(upstream.watch()),
            upstream,
        }
    }

    fn changed(&self, settings: &UpstreamSettings) -> Self {
        let upstream = self.upstream.changed(settings.clone());
        if self.settings.health == settings.health {
            return Self {
                settings: settings.clone(),
                upstream,
                watch: Arc::clone(&self.watch),
            };
        }
        // Running requests keep the old upstream alive, so its health checks must be stopped.
        // Otherwise, both upstreams would check the same servers.
        self.watch.stop();
        Self::start(settings, upstream)
    }
}
