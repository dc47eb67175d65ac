//! The doors, closed for work and opened again, and where their owner comes in.

use std::collections::BTreeSet;

use anyhow::{Context as _, Error, Result, bail};
use edge::maintenance::ChangeError;
use edge::config::values;
use edge::route::HostPattern;
use platform::Random;
use units::nearest;

use super::{Hands, Outcome};
use crate::configuration::host_link;
use crate::installation;

/// So many links are told at most.
const LINKS: usize = 20;

/// Closes the doors of a host, or all.
pub(super) fn close(host: Option<&str>, hands: &Hands) -> Result<Outcome> {
    let host = host.map(values::host).transpose().map_err(Error::msg)?;
    let doors = match &host {
        Some(host) => vec![door(host, hands)?],
        None => doors(hands),
    };
    let mut pass = [0; 16];
    Random::system().fill(&mut pass);
    let pass = format!("{:032x}", u128::from_be_bytes(pass));
    let others = doors.len().saturating_sub(LINKS);
    let links = doors.iter().take(LINKS);
    let links: Vec<String> = links
        .map(|door| format!("{door}/?kenduri-pass={pass}"))
        .collect();
    match hands.maintenance.on(host.as_deref(), &pass) {
        Ok(()) => Ok(Outcome::Closed { links, others }),
        Err(error @ ChangeError::Unchanged(_)) => Err(error).context(
            "cannot close the doors\n  the data folder must be writable, and maintenance.html readable and at most 1M",
        ),
        Err(error @ ChangeError::Unsynced(_)) => Err(error).with_context(|| {
            format!(
                "the doors are closed, and {} lets you in, but a power failure may undo it\n  \
                 say it again when the disk is mended",
                links.join(" or ")
            )
        }),
    }
}

/// Opens them.
pub(super) fn open(hands: &Hands) -> Result<Outcome> {
    match hands.maintenance.off() {
        Ok(()) => Ok(Outcome::Open),
        Err(error @ ChangeError::Unchanged(_)) => {
            Err(error).context("cannot open the doors\n  the data folder must be writable")
        }
        Err(error @ ChangeError::Unsynced(_)) => Err(error).context(
            "the doors are open, but a power failure may undo it\n  \
             say it again when the disk is mended",
        ),
    }
}

/// Where a host is asked for. A name that no route is for is a slip of the finger: the doors
/// that were meant would stay open.
fn door(host: &str, hands: &Hands) -> Result<String> {
    let routes = hands.plan.routes();
    if routes.candidates(host).next().is_none() {
        let known = routes.routes().map(|route| route.host.to_string());
        let known: BTreeSet<String> = known.collect();
        match nearest(host, known.iter().map(String::as_str)) {
            Some(near) => bail!("no route is for {host}\n  did you mean {near}?"),
            None => bail!("no route is for {host}\n  kenduri check tells which hosts have one"),
        }
    }
    match &hands.settings.site.url {
        Some(own) if own.host() == host => Ok(own.join("")),
        _ => Ok(host_link(&hands.plan, host)),
    }
}

/// Where all hosts are asked for that somebody has named: the app's own address, and those of
/// routes. The address listened on stands for the app's, or if nobody has named any.
fn doors(hands: &Hands) -> Vec<String> {
    let Hands { settings, plan, .. } = hands;
    let own = settings.site.url.as_ref();
    let hosts: BTreeSet<&str> = plan
        .routes()
        .routes()
        .filter_map(|route| match &route.host {
            HostPattern::Exact(host) => Some(host.as_str()),
            HostPattern::Below(_) | HostPattern::Any => None,
        })
        .filter(|host| own.is_none_or(|own| own.host() != *host))
        .collect();
    let mut doors = Vec::new();
    if own.is_some() || plan.needs_app() || hosts.is_empty() {
        // With sockets in files only, whoever is before them knows the rest.
        let own = installation::url(settings);
        doors.push(own.map_or_else(|_| String::new(), |own| own.join("")));
    }
    doors.extend(hosts.into_iter().map(|host| host_link(plan, host)));
    doors
}
