//! `kenduri install`: installs Kenduri as a systemd service.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use configuration::{Asked, Configuration, Flag};
use install::{Before, InstallOptions, Unit, carry_out, do_all, found, tell};

use super::say;
use crate::domains::DOMAINS;

const USUAL_DATA: &str = "/var/lib/kenduri";
const USUAL_FILE: &str = "kenduri.toml";
const USUAL_USER: &str = "kenduri";
const USUAL_SERVICES_USER: &str = "kenduri-services";

/// Install Kenduri as a systemd service, and start it
///
/// The settings are checked first, and each step is printed. The command may be repeated: a unit
/// that somebody has changed is not overwritten. The unit gives Kenduri no privilege that it does
/// not need.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that people type"
)]
pub(super) struct Install {
    /// The settings file [default: kenduri.toml in this folder, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The section `[profile.NAME]` of the settings file, whose settings override the other
    /// settings
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The data folder [default: as in the settings, else /var/lib/kenduri]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The user who serves requests and owns the data, created if missing; with `root`, root
    /// supervises and the user `kenduri` serves
    #[arg(long, value_name = "NAME", default_value = USUAL_USER)]
    user: String,
    /// The user who runs services without a `user`, created if missing; services can read the data
    /// if this is the user of --user
    ///
    /// If omitted: the user of services from an earlier installation, or else kenduri-services.
    #[arg(long, value_name = "NAME")]
    services_user: Option<String>,
    /// Let systemd open the listening sockets, so that connections wait while Kenduri restarts
    #[arg(long)]
    socket: bool,
    /// Write the units, but neither start them nor enable them at boot
    #[arg(long)]
    no_enable: bool,
    /// Print the unit and change nothing
    #[arg(long)]
    print: bool,
    /// Stop Kenduri and remove the units; data, settings and users stay
    #[arg(long, conflicts_with = "print")]
    remove: bool,
    /// Overwrite or remove a unit that somebody has changed
    #[arg(long)]
    force: bool,
}

impl Install {
    pub(super) fn run(self) -> Result<()> {
        let told = &mut io::stdout().lock();
        if self.remove {
            let steps = install::remove(&found(None)?, self.force)?;
            if steps.is_empty() {
                tell(
                    told,
                    "Nothing to remove: Kenduri is not installed as a service.",
                );
                return Ok(());
            }
            steps.iter().try_for_each(|step| carry_out(step, told))?;
            tell(told, "Removed. Data, settings and user were kept.");
            return Ok(());
        }
        let users = std::iter::once(&self.user).chain(&self.services_user);
        users.into_iter().try_for_each(|user| check_name(user))?;
        ensure!(
            self.services_user.as_deref() != Some("root"),
            "services without `user` may not run as root\n  \
             set `user = \"root\"` for the service that needs it"
        );
        let config = self.config()?;
        // The installed service does not have this shell's environment, so the settings are read
        // without it.
        let configuration = load(
            config.as_deref(),
            self.profile.as_deref(),
            self.data.as_deref(),
        )?;
        let (unit, shared) = self.unit(config.as_deref(), &configuration)?;
        let service = install::marked(&unit.text());
        let listen = configuration.plan.listen();
        let socket = self
            .socket
            .then(|| install::socket(&listen.http, &listen.https, listen.http3))
            .transpose()?
            .map(|text| install::marked(&text));
        if self.print {
            say(&service)?;
            return socket.map_or(Ok(()), |text| say(&format!("\n# kenduri.socket:\n{text}")));
        }
        let wish = InstallOptions {
            service,
            socket,
            place: unit.words(),
            program: unit.program,
            data: unit.data,
            by_root: unit.user.is_none(),
            user: self.worker().to_owned(),
            services_user: unit.services_user,
            enable: !self.no_enable,
            force: self.force,
        };
        do_all(
            &install::steps(&wish, &found(Some(&wish))?)?,
            told,
            carry_out,
        )?;
        if shared {
            tell(
                told,
                format!(
                    "warning: services without `user` run as {0}, who may read all data of \
                     Kenduri\n  \
                     to give them a user of their own: kenduri install --services-user \
                     {USUAL_SERVICES_USER} …",
                    wish.user
                ),
            );
        }
        let place = wish.place.join(" ");
        let as_whom = if wish.by_root {
            String::new()
        } else {
            format!("runuser -u {} -- ", wish.user)
        };
        if wish.enable {
            tell(
                told,
                format!(
                    "Kenduri runs, and starts with the machine.\n  \
                     its log:    journalctl -u kenduri -f\n  \
                     new settings:  systemctl reload kenduri\n  \
                     first owner:   {as_whom}{} owner create {place} --email … --name …",
                    wish.program.display()
                ),
            );
        } else {
            tell(
                told,
                "Nothing was started. To start it now and with the machine: systemctl enable --now kenduri",
            );
        }
        Ok(())
    }

    /// `None` if there is none.
    fn config(&self) -> Result<Option<PathBuf>> {
        let named = self.config.clone();
        let usual = || Path::new(USUAL_FILE).exists().then(|| USUAL_FILE.into());
        let file = named.or_else(usual);
        file.map(|file| {
            std::path::absolute(&file).with_context(|| {
                format!(
                    "cannot find {}\n  write its whole path: --config FILE",
                    file.display()
                )
            })
        })
        .transpose()
    }

    fn worker(&self) -> &str {
        if self.user == "root" {
            USUAL_USER
        } else {
            &self.user
        }
    }

    /// `None` if there are no services, if the settings name a default user, or if it is the user
    /// who serves requests.
    fn services_user(&self, config: &Path, services: &Services) -> Option<String> {
        if services.number == 0 || services.default_user.is_some() {
            return None;
        }
        let installed = install::installed();
        let before = installed.and_then(|text| Before::of(&text, config));
        let before = before.filter(|before| before.has_services);
        let user = match (&self.services_user, before) {
            (Some(user), _) => Some(user.clone()),
            // The user of installed services must not change, because it may own files of the
            // services.
            (None, Some(before)) => before.services_user,
            (None, None) => Some(USUAL_SERVICES_USER.to_owned()),
        };
        user.filter(|user| user != self.worker())
    }

    /// Also returns whether services run as the user who serves requests.
    fn unit(&self, config: Option<&Path>, configuration: &Configuration) -> Result<(Unit, bool)> {
        let services = match config {
            None => Services::default(),
            Some(file) => services(file, configuration.merged()),
        };
        let services_user = config.and_then(|config| self.services_user(config, &services));
        let has_others = services.with_user > 0 || services.default_user.is_some();
        let by_root = self.user == "root" || has_others || services_user.is_some();
        let shared = services.number > services.with_user
            && services.default_user.is_none()
            && services_user.is_none();
        let program = std::env::current_exe()
            .context("cannot find the file of this program\n  /proc must be mounted")?;
        let listen = configuration.plan.listen();
        let unit = Unit {
            program,
            config: config.map(Path::to_owned),
            profile: self.profile.clone(),
            data: std::path::absolute(&configuration.settings.data)?,
            says_data: self.data.is_some(),
            user: (!by_root).then(|| self.user.clone()),
            services_user,
            socket: self.socket,
            services: (services.number > 0).then_some(services.folders),
            drain: listen.unready_time + listen.drain_time,
        };
        unit.check()?;
        Ok((unit, shared))
    }
}

fn check_name(user: &str) -> Result<()> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let is_first = |first: char| first.is_ascii_lowercase() || first == '_';
    ensure!(
        user.chars().all(plain) && user.starts_with(is_first),
        "{user:?} is not a user name\n  write letters, digits, - and _, as in --user kenduri"
    );
    Ok(())
}

#[derive(Default)]
struct Services {
    number: usize,
    folders: Vec<PathBuf>,
    /// The number of services with a `user` setting.
    with_user: usize,
    /// The user that the settings name for services without a `user` setting, if any.
    default_user: Option<String>,
}

fn services(file: &Path, whole: &toml::Table) -> Services {
    let mut found = Services::default();
    let default_user = whole.get("service_user").and_then(toml::Value::as_str);
    found.default_user = default_user
        .filter(|user| !user.is_empty())
        .map(str::to_owned);
    let Some(services) = whole.get("service").and_then(toml::Value::as_table) else {
        return found;
    };
    let beside = file.parent().unwrap_or(Path::new("/"));
    for service in services.values() {
        found.number += 1;
        let text = |key: &str| {
            service
                .get(key)
                .and_then(toml::Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let folder = beside.join(text("directory").unwrap_or_default());
        if !found.folders.contains(&folder) {
            found.folders.push(folder);
        }
        if text("user").is_some() {
            found.with_user += 1;
        }
    }
    found
}

fn load(
    config: Option<&Path>,
    profile: Option<&str>,
    data: Option<&Path>,
) -> Result<Configuration> {
    let says_data = config.is_some() && data.is_none();
    let flag = Flag {
        typed: "--data".to_owned(),
        key: "data".to_owned(),
        value: data.unwrap_or(Path::new(USUAL_DATA)).display().to_string(),
    };
    let asked = Asked {
        file: config.map(Path::to_owned),
        profile: profile.map(str::to_owned),
        flags: if says_data { Vec::new() } else { vec![flag] },
        ..Asked::default()
    };
    Ok(configuration::load(DOMAINS, &asked)?)
}
