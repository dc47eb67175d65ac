//! The validated settings of a service.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::cron::Schedule;
use crate::state::{MemoryAction, Policy};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSettings {
    /// The name, which consists of letters, digits, `-` and `_`.
    pub name: String,
    /// Whether this is the program's own service; see [`OwnService`](super::OwnService).
    pub own: bool,
    /// The program and its arguments, before placeholders are replaced.
    pub command: Vec<String>,
    pub directory: PathBuf,
    pub listening: Listening,
    /// Whether the supervisor opens the instances' listening sockets.
    pub activate: bool,
    /// A fixed address on which the edge listens for the service.
    pub front: Option<String>,
    /// How the edge balances requests.
    pub balance: String,
    /// The environment, without the variables that differ between instances.
    pub environment: Environment,
    pub user: Option<User>,
    pub health: Option<HealthSettings>,
    /// The signal that asks an instance to stop.
    #[serde(with = "crate::serde_numbers::signal")]
    pub stop_signal: Signal,
    /// The memory limit of an instance, in bytes.
    pub memory: Option<u64>,
    /// An instance's relative share of the processor when several processes need it.
    #[serde(default = "usual_weight")]
    pub cpu_weight: u32,
    pub logs: LogSettings,
    /// The times at which the command runs. `None` for a command that runs permanently.
    #[serde(default)]
    pub cron: Option<Schedule>,
    /// The times at which the instances are replaced. `None` for never.
    #[serde(default)]
    pub cron_restart: Option<Schedule>,
    /// The services that must be ready before this one starts.
    pub after: Vec<String>,
    pub policy: Policy,
}

/// The default weight of a control group (cgroups(7)).
pub(crate) const USUAL_WEIGHT: u32 = 100;

/// For saved state of an older version without weights.
fn usual_weight() -> u32 {
    USUAL_WEIGHT
}

impl ServiceSettings {
    /// Returns the memory limit that the kernel enforces on an instance, in bytes. It equals the
    /// configured limit if the action is `kill`, and is greater otherwise. Because of the
    /// difference, a successor has time to become ready, or the instance has time to stop.
    pub(crate) fn hard_limit(&self) -> Option<u64> {
        let more = |max: u64| match self.policy.memory {
            MemoryAction::Roll | MemoryAction::Restart => max.saturating_add(max / 4),
            MemoryAction::Kill => max,
        };
        self.memory.map(more)
    }

    /// Returns the uid that must own an instance's socket. Returns `None` if the owner need not be
    /// checked, because only the supervisor can have opened the socket or because other users
    /// cannot enter the socket's folder.
    pub(crate) fn owner(&self) -> Option<u32> {
        let user = self.user.as_ref().map(|user| user.user);
        match self.listening {
            Listening::Unix if !self.activate => user,
            Listening::Tcp if !self.activate => {
                Some(user.unwrap_or_else(|| rustix::process::geteuid().as_raw()))
            }
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Listening {
    Unix,
    Tcp,
    /// The instances do not listen.
    Nowhere,
}

/// The environment variables of a service. Debug output does not show their values.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Variables from the user's account, the supervisor's environment and the environment file.
    /// They may be secret and contain no placeholders.
    pub(crate) found: BTreeMap<String, String>,
    /// Configured variables, which may contain placeholders and override those in `found`.
    pub(crate) written: BTreeMap<String, String>,
}

impl Environment {
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let all = self.found.keys().chain(self.written.keys());
        let names: BTreeSet<&str> = all.map(String::as_str).collect();
        names.into_iter()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.written.get(name).or_else(|| self.found.get(name));
        value.map(String::as_str)
    }

    pub(crate) fn filled(&self, places: &Placeholders) -> BTreeMap<String, String> {
        let mut all = self.found.clone();
        let written = self.written.iter();
        all.extend(written.map(|(name, value)| (name.clone(), places.fill(value))));
        all
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_set().entries(self.names()).finish()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name in the settings.
    pub name: String,
    pub user: u32,
    /// The gid of the user's primary group; supplementary groups are not used.
    pub group: u32,
    /// The value of `HOME`. If `None`, the variable is not set.
    pub home: Option<String>,
}

impl User {
    /// Finds a user in `/etc/passwd`.
    pub fn named(name: &str) -> Option<Self> {
        Self::find(&known(), |user| user.name == name)
    }

    /// Returns the user with this uid and gid, even if `/etc/passwd` does not contain the uid.
    pub fn numbered(user: u32, group: u32) -> Self {
        let found = Self::find(&known(), |known| known.user == user);
        Self {
            group,
            ..found.unwrap_or_else(|| Self {
                name: user.to_string(),
                user,
                group,
                home: None,
            })
        }
    }

    /// `known` has the format of passwd(5).
    fn find(known: &str, is_wanted: impl Fn(&Self) -> bool) -> Option<Self> {
        let users = known.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let (user, group) = (fields.nth(1)?, fields.next()?);
            Some(Self {
                name,
                user: user.parse().ok()?,
                group: group.parse().ok()?,
                home: fields.nth(1).map(str::to_owned),
            })
        });
        let mut users = users.filter(is_wanted);
        users.next()
    }

    /// Returns the variables that describe the user, as a login would set them (environ(7)).
    pub(crate) fn environment(&self) -> impl Iterator<Item = (String, String)> {
        let names = [("USER", &self.name), ("LOGNAME", &self.name)];
        let home = self.home.iter().map(|home| ("HOME", home));
        let all = names.into_iter().chain(home);
        all.map(|(name, value)| (name.to_owned(), value.clone()))
    }
}

fn known() -> String {
    std::fs::read_to_string("/etc/passwd").unwrap_or_default()
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthSettings {
    /// The path to request with `GET`. Any 2xx status means healthy.
    pub path: String,
    /// The interval between checks.
    pub every: Duration,
    pub within: Duration,
}

/// The limits of a service's log files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSettings {
    /// The largest size of a log file, in bytes.
    pub max: u64,
    /// The number of full log files that are kept.
    pub keep: u32,
    /// Whether each line is also passed to the [line hook](crate::SupervisorOptions::line_hook).
    pub journal: bool,
    /// Whether lines on standard error are also written to a separate file.
    #[serde(default)]
    pub errors: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placeholders {
    pub instance: u32,
    pub socket: Option<PathBuf>,
    pub port: Option<u16>,
}

impl Placeholders {
    pub fn fill(&self, text: &str) -> String {
        let mut filled = text.replace("{instance}", &self.instance.to_string());
        if let Some(socket) = &self.socket {
            filled = filled.replace("{socket}", &socket.display().to_string());
        }
        if let Some(port) = self.port {
            filled = filled.replace("{port}", &port.to_string());
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_instance_does_not_have_stays_as_it_is_written() {
        let places = Placeholders {
            instance: 3,
            socket: Some("run/3.sock".into()),
            port: None,
        };
        let text = "--bind unix:{socket} -n{instance} {other} {port} {";
        let filled = "--bind unix:run/3.sock -n3 {other} {port} {";
        assert_eq!(places.fill(text), filled);
    }

    #[test]
    fn an_environment_shows_names_only() {
        let secret = |name: &str| [(name.to_owned(), "hunter2".to_owned())].into();
        let environment = Environment {
            found: secret("KEY"),
            written: secret("A"),
        };
        assert_eq!(format!("{environment:?}"), r#"{"A", "KEY"}"#);
    }

    #[test]
    fn a_user_is_found_with_a_home() {
        let known = "root:x:0:0:root:/root:/bin/bash\nweb:x:33:34:www:/var/www:/bin/false\n";
        let web = User::find(known, |user| user.name == "web").unwrap();
        assert_eq!((web.user, web.group), (33, 34));
        assert_eq!(web.home.as_deref(), Some("/var/www"));
        assert_eq!(User::find(known, |user| user.name == "we"), None);
    }
}
