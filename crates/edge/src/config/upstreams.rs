//! Validates `[upstream.NAME]`, and the upstreams that routes name by address.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::uri::PathAndQuery;
use units::{Check, HealthConfig};

use super::PlanContext;
use crate::description::Upstream;
use crate::proxy::{
    Balance, HealthSettings, ServerAddress, Times, UpstreamSettings, parse_address,
};

pub(super) type Upstreams = BTreeMap<Arc<str>, UpstreamSettings>;

const STICKY_COOKIE: &str = "kenduri-server";

pub(super) fn named(
    written: &BTreeMap<String, Upstream>,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Upstreams {
    let upstreams = written.iter().filter_map(|(name, upstream)| {
        let settings = upstream_of(name, upstream, ground, check)?;
        Some((Arc::from(name.as_str()), settings))
    });
    let upstreams = upstreams.collect();
    check.enter("");
    upstreams
}

/// Makes an upstream named after its target: `service:NAME`, `http://…` or `unix:…`.
pub(super) fn unnamed(name: &str, address: Option<ServerAddress>) -> UpstreamSettings {
    UpstreamSettings {
        name: name.to_owned(),
        members: address.into_iter().collect(),
        balance: Balance::RoundRobin,
        health: None,
        times: Times::default(),
        idle_connections: UpstreamSettings::IDLE_CONNECTIONS,
    }
}

/// Parses `connect_time`, `first_byte_time`, `idle_time` and `keep_time`, in this order.
pub(super) fn times(written: [&str; 4], check: &mut Check) -> Option<Times> {
    let names = ["connect_time", "first_byte_time", "idle_time", "keep_time"];
    let mut parsed = [None; 4];
    for (number, name) in names.into_iter().enumerate() {
        parsed[number] = check.time(name, written[number]);
    }
    let [connect, first_byte, idle, keep] = parsed;
    Some(Times {
        connect: connect?,
        first_byte: first_byte?,
        idle: idle?,
        keep: keep?,
        ..Times::default()
    })
}

fn upstream_of(
    name: &str,
    written: &Upstream,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Option<UpstreamSettings> {
    check.enter(format!("upstream.{name}"));
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    {
        check.refuse(
            "",
            "the name may have letters, digits, - and _ only",
            "rename it",
        );
    }
    if written.to.is_empty() {
        check.refuse(
            "to",
            "it has no server",
            "name at least one, for example \"http://127.0.0.1:3000\"",
        );
    }
    let mut members: Vec<ServerAddress> = Vec::new();
    for (number, address) in written.to.iter().enumerate() {
        let key = format!("to[{number}]");
        if let Some(address) = check.accept(&key, parse_address(address, ground.data)) {
            if members.contains(&address) {
                check.refuse(
                    &key,
                    format!("{address} is named twice"),
                    "keep one; all servers get equal shares",
                );
            }
            members.push(address);
        }
    }
    let balance = check.accept("balance", balance(&written.balance));
    let times = times(
        [
            &written.connect_time,
            &written.first_byte_time,
            &written.idle_time,
            &written.keep_time,
        ],
        check,
    );
    let health = match &written.health {
        None => None,
        Some(written) => Some(health(written, check)?),
    };
    Some(UpstreamSettings {
        name: name.to_owned(),
        members,
        balance: balance?,
        health,
        times: times?,
        idle_connections: UpstreamSettings::IDLE_CONNECTIONS,
    })
}

pub(super) fn balance(written: &str) -> Result<Balance, String> {
    match written {
        "round-robin" => Ok(Balance::RoundRobin),
        "least" => Ok(Balance::LeastRequests),
        "sticky" => Ok(Balance::Sticky(STICKY_COOKIE.to_owned())),
        _ => Err(format!(
            "{written:?} is not a way to balance; write round-robin, least or sticky (a cookie \
             leads each browser back to its server)"
        )),
    }
}

pub(super) fn request_path(written: &str) -> Result<PathAndQuery, String> {
    let path = units::path(written)?;
    path.parse()
        .map_err(|error| format!("{path:?}: {error}; write it like /healthz"))
}

fn health(written: &HealthConfig, check: &mut Check) -> Option<HealthSettings> {
    let path = check.accept("health.path", request_path(&written.path));
    let times = written.check(check);
    let (path, (every, within)) = path.zip(times)?;
    Some(HealthSettings {
        path,
        every,
        within,
        fall: written.fall,
        rise: written.rise,
    })
}
