//! The checked settings of a service.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::state::{MemoryAction, Policy};

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSettings {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// Whether it is a part of the program; see [`OwnService`](super::OwnService).
    pub own: bool,
    /// The program and its arguments, with placeholders of the instance.
    pub command: Vec<String>,
    /// Where it runs.
    pub directory: PathBuf,
    /// How its instances are reached.
    pub listening: Listening,
    /// Whether the supervisor opens the sockets of its instances.
    pub activate: bool,
    /// A fixed address that the edge holds for it.
    pub front: Option<String>,
    /// How the edge balances requests.
    pub balance: String,
    /// Everything in its environment but what tells instances apart.
    pub environment: Environment,
    /// Its user; none: the user of the supervisor.
    pub user: Option<User>,
    /// How it is asked whether it is well.
    pub health: Option<HealthSettings>,
    /// What asks it to stop.
    #[serde(with = "crate::serde_numbers::signal")]
    pub stop_signal: Signal,
    /// The most memory of an instance, in bytes.
    pub memory: Option<u64>,
    /// How much of its output is kept.
    pub logs: LogSettings,
    /// Services that must be ready before it is started.
    pub after: Vec<String>,
    /// When it is started, stopped and replaced.
    pub policy: Policy,
}

impl ServiceSettings {
    /// What the system itself lets an instance use, in bytes. One that is not killed at once has
    /// more, so that the next one can be ready, or it can stop by itself.
    pub(crate) fn hard_limit(&self) -> Option<u64> {
        let more = |max: u64| match self.policy.memory {
            MemoryAction::Roll | MemoryAction::Restart => max.saturating_add(max / 4),
            MemoryAction::Kill => max,
        };
        self.memory.map(more)
    }

    /// Whose (uid) socket an instance must be found at. None: it can be nobody else's, for the
    /// supervisor opened it, or nobody else comes to the folder in which it is.
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

/// How the instances of a service are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Listening {
    /// Each on a socket of its own in the file system.
    Unix,
    /// Each on a port of its own of 127.0.0.1.
    Tcp,
    /// Not at all.
    Nowhere,
}

/// Variables and their values, which are not shown.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// From elsewhere, secrets among it: it stays as it is.
    pub(crate) found: BTreeMap<String, String>,
    /// As it is described, with placeholders of the instance; it goes before what was found.
    pub(crate) written: BTreeMap<String, String>,
}

impl Environment {
    /// The names alone.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let all = self.found.keys().chain(self.written.keys());
        let names: BTreeSet<&str> = all.map(String::as_str).collect();
        names.into_iter()
    }

    /// The value of a variable, with placeholders.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.written.get(name).or_else(|| self.found.get(name));
        value.map(String::as_str)
    }

    /// What an instance gets.
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

/// A user of the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name that was written.
    pub name: String,
    /// The number of the user.
    pub user: u32,
    /// The number of the user's own group; no other one is kept.
    pub group: u32,
    /// The home folder that programs get in `HOME`; none: they get none.
    pub home: Option<String>,
}

impl User {
    /// Finds a user in `/etc/passwd`.
    pub fn named(name: &str) -> Option<Self> {
        Self::find(&known(), |user| user.name == name)
    }

    /// The user of these numbers, whether `/etc/passwd` has one or not.
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

    /// Finds a user in the text of passwd(5).
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

    /// The variables that name the user, as a sign-in sets them (environ(7)).
    pub(crate) fn environment(&self) -> impl Iterator<Item = (String, String)> {
        let names = [("USER", &self.name), ("LOGNAME", &self.name)];
        let home = self.home.iter().map(|home| ("HOME", home));
        let all = names.into_iter().chain(home);
        all.map(|(name, value)| (name.to_owned(), value.clone()))
    }
}

/// The text of `/etc/passwd`; nothing: nobody is known.
fn known() -> String {
    std::fs::read_to_string("/etc/passwd").unwrap_or_default()
}

/// How a service is asked whether it is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthSettings {
    /// Asked with `GET`; any 2xx is well.
    pub path: String,
    /// How often.
    pub every: Duration,
    /// How long an answer may take.
    pub within: Duration,
}

/// How much of a service's output is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSettings {
    /// A file does not grow past this, in bytes.
    pub max: u64,
    /// So many full files are kept.
    pub keep: u32,
    /// Whether each line goes to the [echo](crate::SupervisorOptions::line_hook) too.
    pub journal: bool,
}

/// The value of `{…}` in the command and the environment of one instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placeholders {
    /// `{instance}`.
    pub instance: u32,
    /// `{socket}`.
    pub socket: Option<PathBuf>,
    /// `{port}`.
    pub port: Option<u16>,
}

impl Placeholders {
    /// The text with everything in its place.
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
