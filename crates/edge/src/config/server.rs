//! Finds the server that the setting `to` of a route or of `access.ask` names.

use std::sync::Arc;

use units::Check;

use super::upstreams::{Upstreams, unnamed};
use super::{PlanContext, services};
use crate::proxy::parse_address;

/// An error that has already been added to the list of errors.
pub(super) struct Reported;

/// Returns the name of the upstream for `to`. If `to` is an address, adds an upstream for it.
/// Returns `None` if `to` names no server.
pub(super) fn server(
    key: &str,
    to: &str,
    upstreams: &mut Upstreams,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Option<Result<Arc<str>, Reported>> {
    match to.split_once(':')? {
        // The prefix `service:` lets a service and an upstream have the same name.
        ("service", _) if upstreams.contains_key(to) => Some(Ok(to.into())),
        ("service", name) if !name.is_empty() => {
            services::unknown(key, name, upstreams, ground, check);
            Some(Err(Reported))
        }
        ("upstream", name) if upstreams.contains_key(name) => Some(Ok(name.into())),
        ("upstream", name) => {
            check.refuse(
                key,
                format!("there is no upstream {name:?}"),
                format!("add [upstream.{name}]"),
            );
            Some(Err(Reported))
        }
        ("http" | "https" | "unix" | "h2c" | "h2c+unix", _) => {
            let Some(address) = check.accept(key, parse_address(to, ground.data)) else {
                return Some(Err(Reported));
            };
            let name: Arc<str> = address.to_string().into();
            upstreams
                .entry(Arc::clone(&name))
                .or_insert_with(|| unnamed(&name, Some(address)));
            Some(Ok(name))
        }
        _ => None,
    }
}
