//! Reads `[service.NAME]`: the services that Kenduri runs, and their addresses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use supervisor::{CheckDepth, CommandLine, InnerListener, Plan, PlanContext, ServiceConfigs, User};
use units::Check;

use super::Asked;
use super::written::Written;
use crate::folders::{Folders, INNER};

const INHERITED_VARIABLES: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];

/// The folders that are needed to build the services' plan.
pub(super) struct Places<'a> {
    pub(super) folder: &'a Path,
    pub(super) data: &'a Path,
    pub(super) folders: &'a Folders,
}

/// Returns the services' plan, or `None` if it is invalid.
pub(super) fn plan(
    written: &Written,
    asked: &Asked,
    places: &Places<'_>,
    depth: CheckDepth,
    check: &mut Check,
) -> Option<Plan> {
    let description = &written.service;
    // Services run in their own folders, where relative paths would be wrong.
    let folder = std::path::absolute(places.folder).unwrap_or_else(|_| places.folder.to_owned());
    let user = match depth {
        CheckDepth::Whole => default_user(&written.service_user, places, check),
        CheckDepth::Words => None,
    };
    let environment = asked
        .environment
        .iter()
        .filter(|(name, _)| INHERITED_VARIABLES.contains(&name.as_str()))
        .cloned()
        .collect();
    let inner = inner(description, asked, &places.folders.run);
    let ground = PlanContext {
        folder: &folder,
        run: &places.folders.run,
        inner: &inner,
        environment: &environment,
        user,
        depth,
    };
    check.take(Plan::check(description, &ground))
}

/// Runs services without a `user` setting. `None` stands for the user who runs Kenduri.
fn default_user(name: &str, places: &Places<'_>, check: &mut Check) -> Option<User> {
    if name.is_empty() {
        // If there is no data folder yet, services run as the user who runs Kenduri.
        return places.folders.worker(places.data).ok().flatten();
    }
    let key = "service_user";
    if !rustix::process::geteuid().is_root() {
        let what = "only root can run services as another user";
        check.refuse_sentence(key, what, "remove it, or run Kenduri as root");
        return None;
    }
    let user = User::named(name);
    if user.is_none() {
        let what = format!("there is no user {name:?} in /etc/passwd");
        let mend = "name an existing one, or add it (`adduser --system`)";
        check.refuse_sentence(key, what, mend);
    }
    user
}

/// Other services reach a service there: by a unix socket, or by a URL with a fixed address or a
/// local port.
fn inner(
    description: &ServiceConfigs,
    asked: &Asked,
    run: &Path,
) -> BTreeMap<String, InnerListener> {
    let all = description.iter();
    all.map(|(name, service)| {
        let url = match (service.front.as_str(), asked.ports.get(name)) {
            ("", Some(port)) => format!("http://127.0.0.1:{port}"),
            // The URL does not matter here, because it appears in no setting or because this
            // process does not start services.
            ("", None) => "http://127.0.0.1".to_owned(),
            (front, _) => format!("http://{front}"),
        };
        let socket = socket(name, run);
        (name.clone(), InnerListener { socket, url })
    })
    .collect()
}

fn socket(service: &str, run: &Path) -> PathBuf {
    run.join(INNER).join(format!("{service}.sock"))
}

/// Describes each service to the edge: its addresses, its timeouts and its load balancing.
pub(super) fn doors(description: &ServiceConfigs, asked: &Asked, run: &Path) -> Vec<edge::Service> {
    let all = description.iter();
    all.map(|(name, service)| {
        let listens = service.listen != "none";
        let port = asked.ports.get(name);
        let written = Some(&service.front).filter(|front| !front.is_empty());
        let fronts = std::iter::once(format!("unix:{}", socket(name, run).display()))
            .chain(written.cloned())
            .chain(port.map(|port| format!("127.0.0.1:{port}")))
            .filter(|_| listens);
        edge::Service {
            name: name.clone(),
            listens,
            balance: service.balance.clone(),
            connect_time: service.connect_time.clone(),
            first_byte_time: service.first_byte_time.clone(),
            idle_time: service.idle_time.clone(),
            keep_time: service.keep_time.clone(),
            fronts: fronts.collect(),
        }
    })
    .collect()
}

/// Returns the services without a fixed address whose URLs appear in settings.
pub(super) fn wanting_ports(description: &ServiceConfigs) -> Vec<String> {
    let is_named = |name: &str| {
        let place = format!("{{service.{name}.url}}");
        description.values().any(|service| {
            let words = match &service.run {
                CommandLine::Line(line) => std::slice::from_ref(line),
                CommandLine::Words(words) => words,
            };
            let mut texts = words.iter().chain(service.env.values());
            texts.any(|text| text.contains(&place))
        })
    };
    let all = description.iter();
    all.filter(|(name, service)| service.front.is_empty() && is_named(name))
        .map(|(name, _)| name.clone())
        .collect()
}
