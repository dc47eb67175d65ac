//! Converts a PM2 app to a section `[service.NAME]`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};
use supervisor::{OWN_SERVICE, Schedule};

use super::Asked;
use super::command::Line;
use super::service::{SHOWN, Service};
use super::values::text;
use crate::toml_text::{Page, short};

const MAX_NAME_LENGTH: usize = 64;
/// Kenduri does not need them, or replaces them.
const SETTLED: [(&str, &str); 18] = [
    (
        "out_file",
        "a program's output is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "error_file",
        "a program's output is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "log_file",
        "a program's output is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "output",
        "a program's output is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "error",
        "a program's output is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "out",
        "a program's output is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "log",
        "a program's output is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "merge_logs",
        "the lines of all instances stand together, each with its instance",
    ),
    (
        "combine_logs",
        "the lines of all instances stand together, each with its instance",
    ),
    ("log_date_format", "each line has its time (RFC 3339)"),
    ("time", "each line has its time (RFC 3339)"),
    ("log_type", "lines that are JSON are kept as they are"),
    (
        "ignore_watch",
        "files are not watched; call `kenduri reload NAME` when a new version is in place",
    ),
    (
        "watch_options",
        "files are not watched; call `kenduri reload NAME` when a new version is in place",
    ),
    (
        "watch_delay",
        "files are not watched; call `kenduri reload NAME` when a new version is in place",
    ),
    (
        "shutdown_with_message",
        "a program is told to stop by the signal of `stop`, not by a message",
    ),
    (
        "increment_var",
        "`listen = \"tcp\"` gives each instance a port of its own, in PORT",
    ),
    ("treekill", "the whole group of processes is stopped"),
];

/// They do not affect how the app's processes run, so they need no remark.
const QUIET: [&str; 8] = [
    "namespace",
    "source_map_support",
    "vizion",
    "pmx",
    "automation",
    "force",
    "trace",
    "disable_source_map_support",
];

/// The names and ports that services already use. Each must be unique.
#[derive(Debug, Default)]
pub(super) struct UsedNames {
    names: Vec<String>,
    /// The ports in the key `front`, each with the name of its service.
    pub(super) fronts: BTreeMap<u16, String>,
}

/// Writes a service's section. `folder` is the folder that contains the ecosystem file.
pub(super) fn write(
    page: &mut Page,
    app: &Map<String, Value>,
    number: usize,
    taken: &mut UsedNames,
    folder: &Path,
    asked: &Asked,
) {
    let mut service = Service {
        page,
        app,
        folder,
        asked,
        used: QUIET.to_vec(),
    };
    let name = service.name(number, &mut taken.names);
    if service.serves_files(&name) {
        return;
    }
    let Some(Line {
        text,
        interpreter,
        is_for_shell,
    }) = service.run(&name)
    else {
        return;
    };
    service.page.section(&format!("[service.{name}]"));
    service.page.key("run", text);
    if is_for_shell {
        service.page.key("shell", true);
    }
    service.directory();
    let env = service.env(&interpreter);
    let instances = service.instances(&interpreter);
    let listens = service.listen(&env, &instances, &name, &mut taken.fronts);
    service.write_env(env, listens, &instances);
    service.memory(&interpreter);
    service.stop();
    let may_end = service.restart();
    service.start();
    service.rest(may_end);
}

impl Service<'_> {
    fn name(&mut self, number: usize, names: &mut Vec<String>) -> String {
        let written = self.take_text(&["name"]);
        let script = self
            .app
            .get("script")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let stem = Path::new(script).file_stem().unwrap_or_default();
        let wanted = written
            .clone()
            .unwrap_or_else(|| stem.to_string_lossy().into_owned());
        let plain = |letter: char| {
            if letter.is_ascii_alphanumeric() || letter == '_' {
                letter
            } else {
                '-'
            }
        };
        let mut name: String = wanted
            .chars()
            .map(plain)
            .take(MAX_NAME_LENGTH - 5)
            .collect();
        if name.trim_matches('-').is_empty() {
            name = format!("service-{}", number + 1);
        }
        let base = name.clone();
        let mut again = 2;
        while name == OWN_SERVICE || names.contains(&name) {
            name = format!("{base}-{again}");
            again += 1;
        }
        names.push(name.clone());
        if written.is_some_and(|written| written != name) {
            let why = if base == OWN_SERVICE {
                "Kenduri itself has this name"
            } else {
                "a name has letters, digits, - and _, and is used once"
            };
            self.page.remark(&format!(
                "name {}: {why}; here it is {name}",
                short(&wanted, SHOWN)
            ));
        }
        name
    }

    fn directory(&mut self) {
        if let Some(folder) = self.take_text(&["cwd"]) {
            if !folder.starts_with('/') {
                self.page.remark("looked for from the folder of kenduri.toml; write the whole path, if that is another");
            }
            self.page.key("directory", folder);
        }
    }

    fn cron(&mut self, cron: &str, may_end: bool) {
        if let Err(why) = Schedule::parse(cron, "") {
            self.page.remark(&format!("cron_restart: {why}"));
        } else if may_end {
            self.page.remark(
                "cron_restart: PM2 runs it at the start too. A command that runs at these times alone, in UTC or in time_zone = \"Asia/Kuala_Lumpur\", has this line in place of `restart`",
            );
            self.page.propose("cron", cron);
        } else {
            self.page.remark(
                "cron_restart: in UTC, unless you write another zone, such as time_zone = \"Asia/Kuala_Lumpur\"",
            );
            self.page.key("cron_restart", cron);
        }
    }

    /// `may_end` says whether the service may exit permanently.
    fn rest(&mut self, may_end: bool) {
        if let Some(watch) = self.take(&["watch"])
            && *watch != false
        {
            self.page.remark("watch: files are not watched; call `kenduri reload NAME` when a new version is in place");
        }
        if let Some(user) = self.take_text(&["user", "uid"]) {
            self.page.remark(&format!(
                "user {}: write user = \"NAME\"; Kenduri must then run as root (`kenduri install --user root`)",
                short(&user, SHOWN)
            ));
        }
        if let Some(autostart) = self.take(&["autostart"])
            && (*autostart == false || *autostart == "false")
        {
            self.page.remark(
                "autostart false: every service starts with Kenduri; leave its section out until it should run",
            );
        }
        if let Some(cron) = self.take_text(&["cron_restart", "cron"]) {
            self.cron(&cron, may_end);
        }
        for (field, why) in SETTLED {
            if self.take(&[field]).is_some() {
                self.page.remark(&format!("{field}: {why}"));
            }
        }
        let used = std::mem::take(&mut self.used);
        for (key, value) in self
            .app
            .iter()
            .filter(|(key, _)| !used.contains(&key.as_str()))
        {
            self.page.remark(&format!(
                "{} {}: not carried over; docs/configure.md says what a service can have",
                short(key, SHOWN),
                shown(value)
            ));
        }
    }
}

pub(super) fn shown(value: &Value) -> String {
    short(&text(value).unwrap_or_default(), SHOWN)
}
