//! A step of an installation, and what an installation is asked for.

use std::path::{Path, PathBuf};

/// systemd.unit(5), for the administrator's units.
const UNITS: &str = "/etc/systemd/system";
pub(super) const SERVICE: &str = "kenduri.service";
pub(super) const SOCKET: &str = "kenduri.socket";
/// The setting that names the user for services without a `user` setting.
pub(super) const SERVICE_USER: &str = "service_user";

#[derive(Debug, Clone)]
pub struct InstallOptions {
    pub service: String,
    /// The text of the socket unit, if there is one.
    pub socket: Option<String>,
    pub program: PathBuf,
    /// The flags that select the installation, such as `--config`.
    pub place: Vec<String>,
    pub data: PathBuf,
    /// The user who serves requests and owns the data.
    pub user: String,
    /// Whether the supervisor process runs as root, so that services can run as other users.
    pub by_root: bool,
    /// The user that runs services without a `user` setting. If `None`, it is the user that the
    /// settings name for this purpose, or else [`Self::user`].
    pub services_user: Option<String>,
    /// Whether the service is started now and at every boot.
    pub enable: bool,
    /// Whether to overwrite units that somebody has edited.
    pub force: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Runs a program with arguments.
    Run(Vec<String>),
    /// Creates a folder that the user owns.
    Folder { path: PathBuf, user: String },
    /// Writes `text` to a file.
    Write { path: PathBuf, text: String },
    /// Removes a file, if it exists.
    Remove { path: PathBuf },
}

pub(super) fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|word| (*word).to_owned()).collect()
}

pub(super) fn systemctl(text: &[&str]) -> Step {
    Step::Run(words(&[&["systemctl"], text].concat()))
}

pub(super) fn unit(name: &str) -> PathBuf {
    Path::new(UNITS).join(name)
}
