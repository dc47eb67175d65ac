//! Health checks of an upstream's servers.

use std::sync::{Arc, Weak};

use http::header::{HOST, HeaderValue, USER_AGENT};
use http::{Method, Request};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::backend::Backend;
use super::backends::Backends;
use super::connect::Stream;
use super::settings::{HealthSettings, Times};
use super::upstream::Upstream;
use super::upstream_connection::{Outgoing, UpstreamConnection};

/// Dropping this value stops the health checks.
#[derive(Debug)]
pub struct Watch(CancellationToken);

impl Watch {
    /// Stops the health checks at once, even if this value is shared and will be dropped later.
    pub(crate) fn stop(&self) {
        self.0.cancel();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Upstream {
    /// Starts the health checks of the upstream's servers, if any are configured. Must be called
    /// within a Tokio runtime, and only once per upstream.
    pub fn watch(&self) -> Watch {
        let stop = CancellationToken::new();
        match self.health.clone() {
            Some(settings) => {
                let watching = watch(Arc::downgrade(self.backends()), settings, stop.clone());
                tokio::spawn(stop.clone().run_until_cancelled_owned(watching));
            }
            None => {
                for backend in self.backends().members() {
                    backend.vitals.unasked();
                }
            }
        }
        Watch(stop)
    }
}

async fn watch(backends: Weak<Backends>, settings: HealthSettings, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(settings.every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(members) = backends.upgrade().map(|backends| backends.members()) else {
            return;
        };
        let mut asking: JoinSet<(Arc<Backend>, bool)> = members
            .into_iter()
            .map(|backend| {
                let settings = settings.clone();
                async move {
                    let well = responds_in_time(&backend, &settings).await;
                    (backend, well)
                }
            })
            .collect();
        while let Some(asked) = asking.join_next().await {
            let Ok((backend, well)) = asked else {
                continue;
            };
            if backend.vitals.asked(well, &settings, &stop) {
                let Some(backends) = backends.upgrade() else {
                    return;
                };
                tracing::info!(
                    upstream = backends.name(),
                    server = %backend.address,
                    well,
                    "a server's health has changed"
                );
                backends.changed();
            }
        }
    }
}

async fn responds_in_time(backend: &Backend, settings: &HealthSettings) -> bool {
    let asked = async {
        let stream = Stream::connect(&backend.address, &backend.resolved)
            .await
            .ok()?;
        let mut connection = UpstreamConnection::new(stream);
        let mut request = Request::new(());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = backend.address.below_base(&settings.path).ok()?.into();
        let headers = request.headers_mut();
        headers.insert(HOST, backend.authority.clone());
        headers.insert(USER_AGENT, HeaderValue::from_static("kenduri-health"));
        headers.insert(http::header::CONNECTION, HeaderValue::from_static("close"));
        let times = Times {
            first_byte: settings.within,
            ..Times::default()
        };
        let answer = connection
            .ask(&mut request, &mut None, Outgoing::Here(None), &times, false)
            .await
            .ok()?;
        Some(answer.parts.status.is_success())
    };
    let within = tokio::time::timeout(settings.within, asked).await;
    matches!(within, Ok(Some(true)))
}
