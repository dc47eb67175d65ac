//! Turns maintenance mode on and off. During maintenance, Kenduri responds to every request with a
//! notice. Requests with the cookie that a printed link sets are served as usual.

use std::collections::BTreeSet;

use anyhow::{Context as _, Error, Result, bail};
use configuration::host_link;
use edge::maintenance::ChangeError;
use edge::route::HostPattern;
use edge::values;
use operate::control_requests::ControlResponse;
use platform::Random;
use units::nearest;

use super::RequestContext;
use crate::app_setup;

const MAX_LINKS: usize = 20;

/// Turns maintenance mode on, for one host or for all hosts.
pub(super) async fn close(host: Option<&str>, hands: &RequestContext) -> Result<ControlResponse> {
    let host = host.map(values::host).transpose().map_err(Error::msg)?;
    let urls = match &host {
        Some(host) => vec![host_url(host, hands)?],
        None => all_urls(hands),
    };
    let mut pass = [0; 16];
    Random::system().fill(&mut pass);
    let pass = format!("{:032x}", u128::from_be_bytes(pass));
    let others = urls.len().saturating_sub(MAX_LINKS);
    let links = urls.iter().take(MAX_LINKS);
    let links: Vec<String> = links
        .map(|url| format!("{url}/?kenduri-pass={pass}"))
        .collect();
    match close_here_and_elsewhere(host.as_deref(), &pass, hands).await {
        Ok(None) => Ok(ControlResponse::Closed { links, others }),
        Ok(Some(reason)) => bail!(
            "maintenance mode is on at this machine, and {} lets you in, but the other machines may not know: {reason}\n  \
             run the command again when the store works",
            links.join(" or ")
        ),
        Err(error @ ChangeError::Unsynced(_)) => Err(error).with_context(|| {
            let links = links.join(" or ");
            format!("maintenance mode is on, and {links} lets you in")
        }),
        Err(error) => Err(error.into()),
    }
}

/// Turns maintenance mode off, for one host or for all hosts.
pub(super) async fn open(host: Option<&str>, hands: &RequestContext) -> Result<ControlResponse> {
    let host = host.map(values::host).transpose().map_err(Error::msg)?;
    match open_here_and_elsewhere(host.as_deref(), hands).await {
        Ok(None) => Ok(ControlResponse::Open),
        Ok(Some(reason)) => bail!(
            "maintenance mode is off at this machine, but the other machines may not know: {reason}\n  \
             run the command again when the store works"
        ),
        Err(error @ ChangeError::Unsynced(_)) => Err(error).context("maintenance mode is off"),
        Err(error) => Err(error.into()),
    }
}

/// Why the other machines may not know of a change. `None` if they do, or if there are none.
type Untold = Option<String>;

/// If the other machines cannot be told, this machine is closed all the same.
async fn close_here_and_elsewhere(
    host: Option<&str>,
    pass: &str,
    hands: &RequestContext,
) -> Result<Untold, ChangeError> {
    let untold = match &hands.shared {
        None => None,
        Some(Err(reason)) => Some(reason.clone()),
        Some(Ok(shared)) => {
            hands.maintenance.check_page()?;
            match shared.close(&hands.maintenance, host, pass).await {
                Ok(closed) => return closed.map(|()| None),
                Err(error) => Some(error.to_string()),
            }
        }
    };
    hands.maintenance.on(host, pass)?;
    Ok(untold)
}

async fn open_here_and_elsewhere(
    host: Option<&str>,
    hands: &RequestContext,
) -> Result<Untold, ChangeError> {
    let elsewhere = match &hands.shared {
        None => None,
        Some(Err(reason)) => Some(Err(reason.clone())),
        Some(Ok(shared)) => {
            let opened = shared.open(&hands.maintenance, host).await;
            Some(opened.map_err(|error| error.to_string()))
        }
    };
    // What this machine alone was told is ended too.
    let here = match host {
        Some(host) => hands.maintenance.off_for(host),
        None => hands.maintenance.off(),
    };
    let here = match here {
        Err(ChangeError::NotClosed(_)) if matches!(elsewhere, Some(Err(_) | Ok(Ok(())))) => Ok(()),
        here => here,
    };
    match elsewhere {
        Some(Ok(Err(error))) if !matches!(error, ChangeError::NotClosed(_)) => Err(error),
        Some(Err(reason)) => here.map(|()| Some(reason)),
        _ => here.map(|()| None),
    }
}

/// Refuses a host without a route, because it is probably a typing error.
fn host_url(host: &str, hands: &RequestContext) -> Result<String> {
    let routes = hands.plan.routes();
    if routes.candidates(host).next().is_none() {
        let known = routes.routes().map(|route| route.host.to_string());
        let known: BTreeSet<String> = known.collect();
        match nearest(host, known.iter().map(String::as_str)) {
            Some(near) => bail!("there is no route for {host}\n  did you mean {near}?"),
            None => bail!(
                "there is no route for {host}\n  `kenduri check` lists the hosts that have one"
            ),
        }
    }
    match &hands.settings.site.url {
        Some(own) if own.host() == host => Ok(own.join("")),
        _ => Ok(host_link(&hands.plan, host)),
    }
}

/// Of the app and of all hosts that have routes. If the settings contain no URL for the app, it is
/// the URL of the first listener.
fn all_urls(hands: &RequestContext) -> Vec<String> {
    let RequestContext { settings, plan, .. } = hands;
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
    let mut urls = Vec::new();
    if own.is_some() || plan.needs_app() || hosts.is_empty() {
        // If Kenduri listens only on unix sockets, only the proxy in front of it knows the URL.
        let own = app_setup::url(settings);
        urls.push(own.map_or_else(|_| String::new(), |own| own.join("")));
    }
    urls.extend(hosts.into_iter().map(|host| host_link(plan, host)));
    urls
}
