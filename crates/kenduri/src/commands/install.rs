//! `kenduri install`: Kenduri as a service of systemd.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use super::say;
use crate::configuration::{self, Asked, Configuration, Flag};
use crate::install::{self, Unit, Wish, carry_out, do_all, found, tell};

/// Where data is when no settings say otherwise.
const USUAL_DATA: &str = "/var/lib/kenduri";
/// The settings that are looked for in this folder.
const USUAL_FILE: &str = "kenduri.toml";

/// Write a systemd unit that keeps Kenduri running, and start it
///
/// The settings are checked first, and everything that is done is said. May be
/// repeated: a unit that somebody has changed is not overwritten. The unit
/// gives Kenduri no right that it does not need.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag that people type"
)]
pub(super) struct Install {
    /// The file of settings [default: kenduri.toml in this folder, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of data [default: what the settings say; without settings /var/lib/kenduri]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Who runs it; made if nobody is called so. `root` is for services with a `user` of their own
    #[arg(long, value_name = "NAME", default_value = "kenduri")]
    user: String,
    /// Have systemd open the sockets that the settings name, so that nobody is refused meanwhile
    #[arg(long)]
    socket: bool,
    /// Write the unit, but do not start it now or with the machine
    #[arg(long)]
    no_enable: bool,
    /// Print the unit, and change nothing
    #[arg(long)]
    print: bool,
    /// Stop it and take the unit away; data, settings and user stay
    #[arg(long, conflicts_with = "print")]
    remove: bool,
    /// Overwrite, or take away, a unit that somebody has changed
    #[arg(long)]
    force: bool,
}

impl Install {
    pub(super) fn run(self) -> Result<()> {
        let told = &mut io::stdout().lock();
        if self.remove {
            let steps = install::remove(&found(None)?, self.force)?;
            if steps.is_empty() {
                tell(told, "Nothing to remove: there is no unit of Kenduri.");
                return Ok(());
            }
            steps.iter().try_for_each(|step| carry_out(step, told))?;
            tell(
                told,
                "Removed. Data, settings and user are where they were.",
            );
            return Ok(());
        }
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        ensure!(
            self.user.chars().all(plain)
                && self
                    .user
                    .starts_with(|first: char| first.is_ascii_lowercase() || first == '_'),
            "{:?} is no name of a user\n  write letters, digits, - and _, as in --user kenduri",
            self.user
        );
        let config = self.config()?;
        // The unit must not depend on what is in this shell's environment.
        let configuration = load(config.as_deref(), self.data.as_deref())?;
        let unit = self.unit(config.as_deref(), &configuration)?;
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
        let wish = Wish {
            service,
            socket,
            place: unit.words(),
            program: unit.program,
            data: unit.data,
            user: self.user,
            enable: !self.no_enable,
            force: self.force,
        };
        do_all(
            &install::steps(&wish, &found(Some(&wish))?)?,
            told,
            carry_out,
        )?;
        let place = wish.place.join(" ");
        if wish.enable {
            tell(
                told,
                format!(
                    "Kenduri runs, and starts with the machine.\n  \
                     its log:    journalctl -u kenduri -f\n  \
                     new settings:  systemctl reload kenduri\n  \
                     first owner:   runuser -u {} -- {} owner create {place} --email … --name …",
                    wish.user,
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

    /// The file of settings, whole, if there is one.
    fn config(&self) -> Result<Option<PathBuf>> {
        let named = self.config.clone();
        let usual = || Path::new(USUAL_FILE).exists().then(|| USUAL_FILE.into());
        let file = named.or_else(usual);
        file.map(|file| {
            std::path::absolute(&file).with_context(|| format!("where is {}?", file.display()))
        })
        .transpose()
    }

    fn unit(&self, config: Option<&Path>, configuration: &Configuration) -> Result<Unit> {
        let services = match config {
            None => Services::default(),
            Some(file) => services(file)?,
        };
        if let Some(name) = &services.with_user
            && self.user != "root"
        {
            bail!(
                "service.{name}.user: only root can run a service as somebody else\n  \
                 take it out, or install with --user root"
            );
        }
        let program = std::env::current_exe().context("where is this program?")?;
        let unit = Unit {
            program,
            config: config.map(Path::to_owned),
            data: std::path::absolute(&configuration.settings.data)?,
            says_data: self.data.is_some(),
            user: self.user.clone(),
            socket: self.socket,
            services: (services.number > 0).then_some(services.folders),
            drain: configuration.plan.listen().drain_time,
        };
        unit.check()?;
        Ok(unit)
    }
}

/// What of services a unit depends on.
#[derive(Default)]
struct Services {
    number: usize,
    folders: Vec<PathBuf>,
    with_user: Option<String>,
}

/// Reads `[service.NAME]`, which has been checked.
fn services(file: &Path) -> Result<Services> {
    let whole: toml::Table = fs::read_to_string(file)?.parse()?;
    let mut found = Services::default();
    let Some(services) = whole.get("service").and_then(toml::Value::as_table) else {
        return Ok(found);
    };
    let beside = file.parent().unwrap_or(Path::new("/"));
    for (name, service) in services {
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
            found.with_user.get_or_insert_with(|| name.clone());
        }
    }
    Ok(found)
}

fn load(config: Option<&Path>, data: Option<&Path>) -> Result<Configuration> {
    let says_data = config.is_some() && data.is_none();
    let flag = Flag {
        typed: "--data".to_owned(),
        key: "data".to_owned(),
        value: data.unwrap_or(Path::new(USUAL_DATA)).display().to_string(),
    };
    let asked = Asked {
        file: config.map(Path::to_owned),
        flags: if says_data { Vec::new() } else { vec![flag] },
        ..Asked::default()
    };
    Ok(configuration::load(&asked)?)
}
