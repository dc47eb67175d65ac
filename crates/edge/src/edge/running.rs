//! The plan that is in force, and what lives as long as it does.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderValue;

use crate::headers;
use crate::plan::{Plan, service_of};
use crate::proxy::{Upstream, UpstreamSettings, Watch};

use super::crews::Crews;

/// A plan in force.
pub(crate) struct Running {
    pub(crate) plan: Arc<Plan>,
    pub(crate) hsts: Option<HeaderValue>,
    upstreams: BTreeMap<Arc<str>, Served>,
}

/// An upstream, and whoever asks whether it is well.
#[derive(Clone)]
struct Served {
    settings: UpstreamSettings,
    upstream: Arc<Upstream>,
    _watch: Arc<Watch>,
}

impl Running {
    /// Takes over what another plan has the same: counted requests, and servers
    /// with how they fare. Those of services are the same in every plan.
    pub(super) fn new(plan: Plan, before: Option<&Self>, crews: &Crews) -> Self {
        if let Some(before) = before {
            plan.go_on_from(&before.plan);
        }
        let upstreams = plan.upstreams().iter().map(|(name, settings)| {
            let same = before.and_then(|before| before.upstreams.get(name));
            let served = match same.filter(|served| served.settings == *settings) {
                Some(served) => served.clone(),
                None if service_of(name).is_some() => {
                    Served::start(settings, Upstream::of(settings.clone(), crews.of(name)))
                }
                None => Served::start(settings, Upstream::new(settings.clone())),
            };
            (Arc::clone(name), served)
        });
        Self {
            upstreams: upstreams.collect(),
            hsts: plan.tls().hsts.and_then(headers::hsts),
            plan: Arc::new(plan),
        }
    }

    /// The upstream of this name.
    pub(crate) fn upstream(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.upstreams.get(name).map(|served| &served.upstream)
    }

    /// All of them, by name.
    pub(super) fn upstreams(&self) -> impl Iterator<Item = (&str, &Upstream)> {
        let all = self.upstreams.iter();
        all.map(|(name, served)| (&**name, &*served.upstream))
    }
}

impl Served {
    fn start(settings: &UpstreamSettings, upstream: Arc<Upstream>) -> Self {
        Self {
            settings: settings.clone(),
            _watch: Arc::new(upstream.watch()),
            upstream,
        }
    }
}
