//! `[service.NAME]`: what is kept running beside Kenduri's own pages, and where
//! each of them is found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use supervisor::{CheckDepth, CommandLine, InnerListener, Plan, PlanContext, ServiceConfigs, User};

use super::Asked;
use super::check::Check;
use super::written::Written;
use crate::folders::Folders;

/// What a service gets of our own environment.
const PASSED_ON: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];
/// The folder in `data` for whatever is found there while Kenduri runs.
pub(crate) const RUN: &str = "run";
/// The folder in `data` for what services say.
pub(crate) const LOGS: &str = "logs";
/// The folder beside the other sockets where services find each other.
pub(crate) const INNER: &str = "inner";

/// The folders that services depend on.
pub(super) struct Places<'a> {
    /// That of the settings.
    pub(super) folder: &'a Path,
    pub(super) data: &'a Path,
    /// Those of the supervisor process.
    pub(super) folders: &'a Folders,
}

/// Everything the supervisor needs to know, if all of it can be done.
pub(super) fn plan(
    written: &Written,
    asked: &Asked,
    places: &Places<'_>,
    depth: CheckDepth,
    check: &mut Check<'_>,
) -> Option<Plan> {
    let description = &written.service;
    // A service has a folder of its own.
    let folder = std::path::absolute(places.folder).unwrap_or_else(|_| places.folder.to_owned());
    let user = match depth {
        CheckDepth::Whole => default_user(&written.service_user, places, check),
        CheckDepth::Words => None,
    };
    let environment = asked
        .environment
        .iter()
        .filter(|(name, _)| PASSED_ON.contains(&name.as_str()))
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
    match Plan::check(description, &ground) {
        Ok(plan) => Some(plan),
        Err(flaws) => {
            for flaw in flaws {
                check.refuse_at(&flaw.key, &flaw.what, &flaw.mend);
            }
            None
        }
    }
}

/// The user of services that name none; nothing: the user that runs Kenduri.
fn default_user(name: &str, places: &Places<'_>, check: &mut Check<'_>) -> Option<User> {
    if name.is_empty() {
        // Without data there is nothing that belongs to anybody else.
        return places.folders.worker(places.data).ok().flatten();
    }
    let key = "service_user";
    if !rustix::process::geteuid().is_root() {
        let what = "only root can run services as somebody else";
        check.refuse(key, what, "take it out, or run Kenduri as root");
        return None;
    }
    let user = User::named(name);
    if user.is_none() {
        let what = format!("there is no user {name:?} in /etc/passwd");
        let mend = "name one that is there, or add it (`adduser --system`)";
        check.refuse(key, &what, mend);
    }
    user
}

/// Where each service is found by the others: on a socket in the file system, and,
/// for programs that speak to a URL only, at a fixed address or a port of this machine.
fn inner(
    description: &ServiceConfigs,
    asked: &Asked,
    run: &Path,
) -> BTreeMap<String, InnerListener> {
    let all = description.iter();
    all.map(|(name, service)| {
        let url = match (service.front.as_str(), asked.ports.get(name)) {
            ("", Some(port)) => format!("http://127.0.0.1:{port}"),
            // Nobody needs it, or this reader of the settings starts nothing.
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

/// What the edge needs to know: where each service is listened for, how its instances
/// share requests, and how long those may take.
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

/// The services whose URL somebody asks for, who have no fixed address.
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
