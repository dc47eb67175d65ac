//! One app of PM2, as `[service.NAME]`.

use serde_json::{Map, Value};
use toml::Table;

use super::Asked;
use super::values::{Instances, instances, text};
use crate::import::page::{Page, short};

/// The most instances of a service.
const MOST_INSTANCES: u32 = 64;
/// The longest name of a service.
const LONGEST_NAME: usize = 64;
/// So much of a value is shown.
pub(super) const SHOWN: usize = 80;

/// Fields that are met in another way, or need nothing.
const SETTLED: [(&str, &str); 20] = [
    (
        "out_file",
        "what a program says is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "error_file",
        "what a program says is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "log_file",
        "what a program says is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "output",
        "what a program says is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "error",
        "what a program says is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "out",
        "what a program says is kept in data/logs; `kenduri logs NAME` shows it",
    ),
    (
        "log",
        "what a program says is kept in data/logs; `kenduri logs NAME` shows it",
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
        "cron_restart",
        "nothing is started anew by the clock; a timer of systemd, or cron, may call `kenduri reload NAME`",
    ),
    (
        "cron",
        "nothing is started anew by the clock; a timer of systemd, or cron, may call `kenduri reload NAME`",
    ),
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

/// Fields that say nothing about how the program runs.
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

/// Writes the section.
pub(super) fn write(
    page: &mut Page,
    app: &Map<String, Value>,
    number: usize,
    names: &mut Vec<String>,
    asked: &Asked,
) {
    let mut service = Service {
        page,
        app,
        asked,
        used: QUIET.to_vec(),
    };
    let name = service.name(number, names);
    let Some(run) = service.run() else {
        return;
    };
    service.page.section(&format!("[service.{name}]"));
    let (key, value) = run;
    service.page.key(key, value);
    service.directory();
    let env = service.env();
    let instances = service.instances();
    let listens = service.listen(&env);
    service.write_env(env, listens, instances);
    service.memory();
    service.stop();
    service.restart();
    service.start();
    service.rest();
}

pub(super) struct Service<'a> {
    pub(super) page: &'a mut Page,
    app: &'a Map<String, Value>,
    asked: &'a Asked,
    used: Vec<&'a str>,
}

impl<'a> Service<'a> {
    /// The value of the first of these fields that says anything.
    pub(super) fn take(&mut self, fields: &[&'static str]) -> Option<&'a Value> {
        self.used.extend(fields);
        fields
            .iter()
            .find_map(|field| self.app.get(*field))
            .filter(|value| !value.is_null())
    }

    pub(super) fn take_text(&mut self, fields: &[&'static str]) -> Option<String> {
        self.take(fields)
            .and_then(text)
            .filter(|text| !text.is_empty())
    }

    pub(super) fn is_true(&mut self, field: &'static str) -> bool {
        self.take(&[field])
            .is_some_and(|value| matches!(value, Value::Bool(true)) || value == "true")
    }

    fn name(&mut self, number: usize, names: &mut Vec<String>) -> String {
        let written = self.take_text(&["name"]);
        let script = self
            .app
            .get("script")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let stem = std::path::Path::new(script).file_stem().unwrap_or_default();
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
        let mut name: String = wanted.chars().map(plain).take(LONGEST_NAME - 5).collect();
        if name.trim_matches('-').is_empty() {
            name = format!("service-{}", number + 1);
        }
        let base = name.clone();
        let mut again = 2;
        while names.contains(&name) {
            name = format!("{base}-{again}");
            again += 1;
        }
        names.push(name.clone());
        if written.is_some_and(|written| written != name) {
            self.page.remark(&format!(
                "name {}: a name is letters, digits, - and _, and stands once; here it is {name}",
                short(&wanted, SHOWN)
            ));
        }
        name
    }

    fn directory(&mut self) {
        if let Some(folder) = self.take_text(&["cwd"]) {
            if !folder.starts_with('/') {
                self.page.remark("relative to the folder of kenduri.toml");
            }
            self.page.key("directory", folder);
        }
    }

    /// Variables by name: those of `env`, and over them those that were asked for.
    fn env(&mut self) -> Vec<(String, String)> {
        let wanted = self.asked.env.as_ref().map(|name| format!("env_{name}"));
        let mut all = Table::new();
        let mut odd = Vec::new();
        let app = self.app;
        let chosen = wanted.as_ref().and_then(|wanted| app.get(wanted));
        for table in [app.get("env"), chosen]
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
        {
            for (name, value) in table {
                match text(value) {
                    Some(value) if is_name(name) && !value.contains('\0') => {
                        all.insert(name.clone(), value.into());
                    }
                    _ => odd.push(short(name, SHOWN)),
                }
            }
        }
        if !odd.is_empty() {
            self.page.remark(&format!(
                "left out of env, for no variable can be called so or it has no value: {}",
                odd.join(", ")
            ));
        }
        if wanted.is_some() && chosen.is_none() {
            self.page.remark(&format!(
                "there is no {}",
                wanted.as_deref().unwrap_or_default()
            ));
        }
        for key in self
            .app
            .keys()
            .filter(|key| key.starts_with("env_") && *key != "env_file")
        {
            self.used.push(key);
            if wanted.as_ref() != Some(key) {
                self.page.remark(&format!(
                    "{key}: not taken; `kenduri import pm2 --env {}` does",
                    &key["env_".len()..]
                ));
            }
        }
        self.used.push("env");
        if let Some(file) = self.take_text(&["env_file"]) {
            self.page.remark("`env_file` must have mode 0600");
            self.page.key("env_file", file);
        }
        all.into_iter()
            .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
            .collect()
    }

    /// How many, and whether they shared one port.
    fn instances(&mut self) -> u32 {
        let mode = self.take_text(&["exec_mode"]).unwrap_or_default();
        let is_cluster = mode.starts_with("cluster");
        let written = self.take(&["instances"]);
        let number = match written.map(instances) {
            None => 1,
            Some(Instances::Number(number)) => number,
            Some(Instances::Cores(less)) => {
                let cores = self.asked.cores.saturating_sub(less).max(1);
                self.page.remark(&format!(
                    "instances {}: one for each core{}, which is {cores} on this machine",
                    written.and_then(text).unwrap_or_default(),
                    if less == 0 { "" } else { " but so many" },
                ));
                u32::try_from(cores).unwrap_or(MOST_INSTANCES)
            }
            Some(Instances::Unknown) => {
                self.page.remark("instances: no number; one here");
                1
            }
        };
        if number > MOST_INSTANCES {
            self.page
                .remark(&format!("instances {number}: {MOST_INSTANCES} is the most"));
        }
        let number = number.clamp(1, MOST_INSTANCES);
        if is_cluster {
            self.page.remark(
                "exec_mode cluster: PM2 has all instances share one port. Here each must listen at the PORT that it finds \
                 in its environment; `front` is the one address before them",
            );
        }
        if number > 1 {
            self.page.key("instances", i64::from(number));
        }
        if is_cluster { number.max(2) } else { number }
    }

    /// Whether each instance is told where to listen.
    fn listen(&mut self, env: &[(String, String)]) -> bool {
        let is_cluster = self
            .app
            .get("exec_mode")
            .and_then(Value::as_str)
            .is_some_and(|mode| mode.starts_with("cluster"));
        let port = env
            .iter()
            .find(|(name, _)| name == "PORT")
            .map(|(_, value)| value.as_str());
        let written = self.take_text(&["port"]);
        match port.map(str::to_owned).or(written) {
            Some(port) if port.parse::<u16>().is_ok_and(|port| port > 0) => {
                self.page.say(
                    "Each instance finds a PORT of its own in its environment. `front` is the address it had: whoever asks \
                     there still finds it; routes lead to service:NAME.",
                );
                self.page.key("listen", "tcp");
                self.page.key("front", format!("127.0.0.1:{port}"));
                true
            }
            Some(port) => {
                self.page.remark(&format!(
                    "PORT {}: no port; each instance is told one",
                    short(&port, SHOWN)
                ));
                self.page.key("listen", "tcp");
                true
            }
            None if is_cluster => {
                self.page.remark("which port it had is not written here: add front = \"127.0.0.1:PORT\", or a route to service:NAME");
                self.page.key("listen", "tcp");
                true
            }
            None => {
                self.page.remark(
                    "nothing says where it listens, so it is not told. If it reads PORT or SOCKET from its environment, write \
                     listen = \"tcp\" or \"unix\", and lead routes to service:NAME",
                );
                false
            }
        }
    }

    fn write_env(&mut self, env: Vec<(String, String)>, listens: bool, instances: u32) {
        let mut table = Table::new();
        for (name, value) in env {
            if listens && name == "PORT" {
                continue;
            }
            table.insert(name, value.into());
        }
        let variable = self.take_text(&["instance_var"]);
        if instances > 1 || variable.is_some() {
            let variable = variable
                .filter(|name| is_name(name))
                .unwrap_or_else(|| "NODE_APP_INSTANCE".to_owned());
            table.insert(variable, "{instance}".into());
        }
        let secret = |name: &str| {
            let name = name.to_ascii_uppercase();
            ["PASS", "SECRET", "TOKEN", "KEY", "DATABASE_URL", "DSN"]
                .iter()
                .any(|part| name.contains(part))
        };
        let secrets: Vec<&str> = table
            .keys()
            .map(String::as_str)
            .filter(|name| secret(name))
            .collect();
        if !secrets.is_empty() {
            self.page.remark(&format!(
                "{}: secrets are better kept in a file of mode 0600, with NAME=value lines: env_file = \"secrets/NAME.env\"",
                secrets.join(", ")
            ));
        }
        if table.values().filter_map(toml::Value::as_str).any(|value| {
            value.contains("{service.")
                || value.contains("{socket}")
                || (value.contains("{port}") && !listens)
        }) {
            self.page.remark(
                "{service.…}, {socket} and {port} have a meaning in `env`, see docs/configure.md",
            );
        }
        if !table.is_empty() {
            self.page.key("env", table);
        }
    }

    fn rest(&mut self) {
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
                "autostart false: every service starts with Kenduri; leave its section out until it shall run",
            );
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
                "{} {}: not carried over",
                short(key, SHOWN),
                shown(value)
            ));
        }
    }
}

pub(super) fn shown(value: &Value) -> String {
    short(&text(value).unwrap_or_default(), SHOWN)
}

/// Whether this can name a variable of the environment.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(plain)
}
