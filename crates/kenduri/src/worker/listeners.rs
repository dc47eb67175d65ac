//! What listens: the addresses of the edge, and the separate listener for metrics.

use anyhow::{Result, bail};
use configuration::{Settings, link_to};
use edge::{Edge, EdgeError, Inherited, ListenAddress, Options};
use operate::metrics::Metrics;
use operate::operators;

/// Independent of the site's limit, so that metrics are available even when it has no free
/// connections.
const METRICS_CONNECTIONS: u32 = 64;

/// If a listener could not be opened.
pub(super) fn with_listen_advice(error: EdgeError) -> anyhow::Error {
    let is_flag = matches!(error, EdgeError::Listen(_));
    let error = anyhow::Error::new(error);
    if is_flag {
        anyhow::anyhow!("{error}\n  --listen, listen.http and listen.https name the addresses")
    } else {
        error
    }
}

pub(super) fn listening_addresses(edge: &Edge, settings: &Settings) -> String {
    listened(edge, settings).join(" and ")
}

pub(super) fn listened(edge: &Edge, settings: &Settings) -> Vec<String> {
    let http = edge.http_addresses().into_iter();
    let https = edge.https_addresses().into_iter();
    let tcp = http
        .map(|address| link_to("http", address))
        .chain(https.map(|address| link_to("https", address)));
    let all = settings.listen.http.iter().chain(&settings.listen.https);
    let unix = all.filter(|address| matches!(address, ListenAddress::Unix(_)));
    tcp.chain(unix.map(ToString::to_string)).collect()
}

/// On its own listener.
pub(super) fn figures_alone(
    address: &ListenAddress,
    settings: &Settings,
    figures: Metrics,
) -> Result<Edge> {
    let listen = edge::Listen {
        http: vec![address.to_string()],
        connections: METRICS_CONNECTIONS,
        ..edge::Listen::default()
    };
    let Some(plan) = plan(listen, settings) else {
        bail!("metrics.listen: cannot listen on {address}\n  write it as 127.0.0.1:PORT");
    };
    let router = operators::figures_alone(figures);
    Edge::start(plan, Options::default(), Some(&router))
        .map_err(|error| anyhow::anyhow!("metrics.listen: {error}"))
}

/// Answers without TLS that this process is not ready, until the store is migrated.
pub(super) fn not_ready(settings: &Settings, sockets: &Inherited) -> Option<Edge> {
    let listen = &settings.listen;
    let addresses = listen.http.iter();
    let addresses = addresses.filter(|address| !listen.proxy_protocol.contains(address));
    let listen = edge::Listen {
        http: addresses.map(ToString::to_string).collect(),
        // The start waits for open connections no longer than this.
        drain_time: "1s".to_owned(),
        lame_duck_time: "1s".to_owned(),
        ..edge::Listen::default()
    };
    if listen.http.is_empty() {
        return None;
    }
    let inherited = Inherited::new(sockets.share().ok()?).ok()?;
    let options = Options {
        inherited,
        ..Options::default()
    };
    let router = operators::not_ready("the store is not migrated yet; run `kenduri migrate`\n");
    match Edge::start(plan(listen, settings)?, options, Some(&router)) {
        Ok(edge) => Some(edge),
        Err(error) => {
            tracing::warn!(%error, "/readyz does not answer until the store is migrated; free the addresses of listen.http and listen.https, or run `kenduri migrate`");
            None
        }
    }
}

/// Without routes, so that the app gets every request.
fn plan(listen: edge::Listen, settings: &Settings) -> Option<edge::Plan> {
    let description = edge::Description {
        listen,
        ..edge::Description::default()
    };
    let data = settings.data.as_path();
    let context = edge::PlanContext {
        folder: data,
        data,
        services: &[],
    };
    edge::Plan::check(&description, &context).ok()
}
