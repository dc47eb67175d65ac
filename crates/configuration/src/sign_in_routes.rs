//! Checks routes that require a sign-in.

use edge::Plan;
use edge::route::{HostPattern, NormalPath};
use site::upstream_access::AllowedUsers;
use units::Check;
use web::SiteUrl;

use super::written::Written;

/// Reports every `access = { sign_in = … }` that nobody could satisfy.
pub(super) fn check(written: &Written, plan: &Plan, check: &mut Check) {
    let url = SiteUrl::parse(&written.site.url).ok();
    let url = url.filter(|_| !check.is_built_in("site.url"));
    for (number, route) in written.route.iter().enumerate() {
        let word = route.access.as_ref().map_or("", |access| &access.sign_in);
        if word.is_empty() {
            continue;
        }
        let key = format!("route[{number}].access.sign_in");
        let mut refuse = |what: String, mend: &str| check.refuse(&key, what, mend);
        if let Err(error) = word.parse::<AllowedUsers>() {
            refuse(
                format!("{word:?} is not a value for it"),
                &error.to_string(),
            );
        }
        let host = HostPattern::parse(&route.host).unwrap_or(HostPattern::Any);
        match &url {
            None if host == HostPattern::Any => {}
            None => refuse(
                "site.url is not set, so the host on which people sign in is unknown".to_owned(),
                "set site.url; the route must be for its host",
            ),
            Some(url) if host.matches(url.host()) => {}
            Some(url) => refuse(
                format!(
                    "people sign in at {}, and their browsers do not send the sign-in to {}",
                    url.host(),
                    route.host
                ),
                "give the route the host of site.url and a path, or use basic or ask",
            ),
        }
        let host = url.as_ref().map_or("", SiteUrl::host);
        let login = NormalPath::parse("/login").ok();
        let met = login.and_then(|path| plan.find(host, &path).cloned());
        if !met.is_some_and(|met| met.leads_to_app() && met.access.is_none()) {
            refuse(
                format!("nobody can sign in: no open route leads from {host}/login to the app"),
                "add a [[route]] with the host of site.url and to = \"app\"",
            );
        }
    }
}
