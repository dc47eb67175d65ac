//! `[service.NAME]`: what is kept running beside Kenduri's own pages, and where
//! each of them is found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use supervisor::{Depth, Description, Ground, Inner, Plan, Run};

use super::Asked;
use super::check::Check;

/// What a service gets of our own environment.
const PASSED_ON: [&str; 4] = ["PATH", "HOME", "LANG", "TZ"];
/// The folder in `data` for whatever is found there while Kenduri runs.
pub(crate) const RUN: &str = "run";
/// The folder in `data` for what services say.
pub(crate) const LOGS: &str = "logs";
/// The folder in `RUN` where services find each other.
const INNER: &str = "inner";

/// Everything the supervisor needs to know, if all of it can be done.
pub(super) fn plan(
    description: &Description,
    asked: &Asked,
    (folder, data): (&Path, &Path),
    depth: Depth,
    check: &mut Check<'_>,
) -> Option<Plan> {
    // A service has a folder of its own.
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (folder, data) = (absolute(folder), absolute(data));
    let environment = asked
        .environment
        .iter()
        .filter(|(name, _)| PASSED_ON.contains(&name.as_str()))
        .cloned()
        .collect();
    let inner = inner(description, asked, &data);
    let ground = Ground {
        folder: &folder,
        run: &data.join(RUN),
        inner: &inner,
        environment: &environment,
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

/// Where each service is found by the others: on a socket in the file system, and,
/// for programs that speak to a URL only, at a fixed address or a port of this machine.
fn inner(description: &Description, asked: &Asked, data: &Path) -> BTreeMap<String, Inner> {
    let all = description.iter();
    all.map(|(name, service)| {
        let url = match (service.front.as_str(), asked.ports.get(name)) {
            ("", Some(port)) => format!("http://127.0.0.1:{port}"),
            // Nobody asks for it, or whoever reads the settings starts nothing.
            ("", None) => "http://127.0.0.1".to_owned(),
            (front, _) => format!("http://{front}"),
        };
        let socket = socket(name, data);
        (name.clone(), Inner { socket, url })
    })
    .collect()
}

/// Where services find each other.
pub(crate) fn inner_folder(data: &Path) -> PathBuf {
    data.join(RUN).join(INNER)
}

fn socket(service: &str, data: &Path) -> PathBuf {
    inner_folder(data).join(format!("{service}.sock"))
}

/// What the edge needs to know: where each service is listened for, how its instances
/// share requests, and how long those may take.
pub(super) fn doors(description: &Description, asked: &Asked, data: &Path) -> Vec<edge::Service> {
    let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
    let all = description.iter();
    all.map(|(name, service)| {
        let listens = service.listen != "none";
        let port = asked.ports.get(name);
        let written = Some(&service.front).filter(|front| !front.is_empty());
        let fronts = std::iter::once(format!("unix:{}", socket(name, &data).display()))
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
pub(super) fn wanting_ports(description: &Description) -> Vec<String> {
    let is_named = |name: &str| {
        let place = format!("{{service.{name}.url}}");
        description.values().any(|service| {
            let words = match &service.run {
                Run::Line(line) => std::slice::from_ref(line),
                Run::Words(words) => words,
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
