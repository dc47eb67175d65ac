//! Validates `[upstream.NAME]`, and the upstreams that routes name by address.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Ground;
use super::check::Check;
use crate::description::{Health, Upstream};
use crate::proxy::{
    Balance, HealthSettings, ServerAddress, Times, UpstreamSettings, parse_address,
};

pub(super) type Upstreams = BTreeMap<Arc<str>, UpstreamSettings>;

const STICKY_COOKIE: &str = "kenduri-server";

pub(super) fn named(
    written: &BTreeMap<String, Upstream>,
    ground: &Ground<'_>,
    check: &mut Check,
) -> Upstreams {
    let upstreams = written.iter().filter_map(|(name, upstream)| {
        let settings = upstream_of(name, upstream, ground, check)?;
        Some((Arc::from(name.as_str()), settings))
    });
    upstreams.collect()
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

pub(super) struct WrittenTimes<'a> {
    pub(super) connect: &'a str,
    pub(super) first_byte: &'a str,
    pub(super) idle: &'a str,
    pub(super) keep: &'a str,
}

/// Parses the timeouts. `key` returns a timeout's key in the settings file.
pub(super) fn times(
    key: impl Fn(&str) -> String,
    written: &WrittenTimes<'_>,
    check: &mut Check,
) -> Option<Times> {
    let connect = check.time(&key("connect_time"), written.connect);
    let first_byte = check.time(&key("first_byte_time"), written.first_byte);
    let idle = check.time(&key("idle_time"), written.idle);
    let keep = check.time(&key("keep_time"), written.keep);
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
    ground: &Ground<'_>,
    check: &mut Check,
) -> Option<UpstreamSettings> {
    let key = |rest: &str| format!("upstream.{name}.{rest}");
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    {
        check.refuse(
            &format!("upstream.{name}"),
            "the name has other characters than letters, digits, - and _",
            "name it otherwise",
        );
    }
    if written.to.is_empty() {
        check.refuse(
            &key("to"),
            "no server is named",
            "name at least one, for example \"http://127.0.0.1:3000\"",
        );
    }
    let mut members: Vec<ServerAddress> = Vec::new();
    for (number, address) in written.to.iter().enumerate() {
        let key = format!("upstream.{name}.to[{number}]");
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
    let balance = check.accept(&key("balance"), balance(&written.balance));
    let times = times(
        key,
        &WrittenTimes {
            connect: &written.connect_time,
            first_byte: &written.first_byte_time,
            idle: &written.idle_time,
            keep: &written.keep_time,
        },
        check,
    );
    let health = match &written.health {
        None => None,
        Some(written) => Some(health(written, &key("health"), check)?),
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
            "{written:?} is no way to share; write round-robin, least, or sticky, which leads each browser back by a cookie"
        )),
    }
}

fn health(written: &Health, key: &str, check: &mut Check) -> Option<HealthSettings> {
    let path = written
        .path
        .starts_with('/')
        .then(|| written.path.parse().ok())
        .flatten();
    if path.is_none() {
        check.refuse(
            &format!("{key}.path"),
            format!("{:?} is no path", written.path),
            "begin with a slash: /healthz",
        );
    }
    let every = check.time(&format!("{key}.every"), &written.every);
    let within = check.time(&format!("{key}.within"), &written.within);
    let fall = check.between(&format!("{key}.fall"), written.fall, 1, 100);
    let rise = check.between(&format!("{key}.rise"), written.rise, 1, 100);
    Some(HealthSettings {
        path: path?,
        every: every?,
        within: within?,
        fall,
        rise,
    })
}
