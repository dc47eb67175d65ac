//! `kenduri install`: Kenduri as a service of systemd.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use super::say;
use crate::configuration::{self, Asked, Configuration, Flag};
use crate::install::{self, Found, Running, Step, Unit, Wish, Work};

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
        if self.remove {
            let steps = install::remove(&found("root", Path::new("/"), None), self.force)?;
            if steps.is_empty() {
                return say("Nothing to remove: there is no unit of Kenduri.\n");
            }
            steps.iter().try_for_each(carry_out)?;
            return say("Removed. Data, settings and user are where they were.\n");
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
        let there = found(&wish.user, &wish.data, wish.socket.as_deref());
        do_all(&install::steps(&wish, &there)?, carry_out)?;
        let place = wish.place.join(" ");
        say(&if wish.enable {
            format!(
                "Kenduri runs, and starts with the machine.\n  \
                 its log:    journalctl -u kenduri -f\n  \
                 new settings:  systemctl reload kenduri\n  \
                 first owner:   runuser -u {} -- {} owner create {place} --email … --name …\n",
                wish.user,
                wish.program.display()
            )
        } else {
            "Nothing was started. To start it now and with the machine: systemctl enable --now kenduri\n".to_owned()
        })
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

/// What is on this machine; `wanted` is the text that the unit of sockets shall have.
fn found(user: &str, data: &Path, wanted: Option<&str>) -> Found {
    let (service, socket) = install::places();
    let text = |path: PathBuf| fs::read_to_string(path).ok();
    let (service, socket) = (text(service), text(socket));
    let is_active = |unit: &str| {
        let asked = Command::new("systemctl")
            .args(["is-active", "--quiet", unit])
            .status();
        asked.is_ok_and(|status| status.success())
    };
    let has_sockets = socket.is_some() && is_active("kenduri.socket");
    Found {
        is_root: rustix::process::geteuid().is_root(),
        // As sd_booted(3) does.
        has_systemd: Path::new("/run/systemd/system").is_dir(),
        has_user: identity(user).is_some(),
        has_data: data.is_dir(),
        service: install::seen(service.as_deref()),
        socket: install::seen(socket.as_deref()),
        is_open: has_sockets && socket.as_deref() == wanted,
        running: is_active("kenduri.service").then_some(Running {
            service,
            socket,
            has_sockets,
        }),
    }
}

/// The numbers of a user and its group, as `id` knows them.
fn identity(user: &str) -> Option<(u32, u32)> {
    let number = |flag: &str| -> Option<u32> {
        let output = Command::new("id")
            .args([flag, "--", user])
            .stderr(Stdio::null())
            .output()
            .ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    Some((number("-u")?, number("-g")?))
}

/// Does what is to be done, or, where that fails, takes it back.
fn do_all(work: &Work, carry_out: impl Fn(&Step) -> Result<()>) -> Result<()> {
    work.prepare.iter().try_for_each(&carry_out)?;
    let Err(error) = work.change.iter().try_for_each(&carry_out) else {
        return Ok(());
    };
    if work.back.is_empty() {
        return Err(error);
    }
    say("That failed. What ran before is brought back:\n")?;
    // All of it, whatever of it fails: what was not changed yet cannot be taken back.
    let back: Vec<_> = work.back.iter().map(carry_out).collect();
    match back.into_iter().next_back() {
        Some(Err(left)) => Err(error.context(format!(
            "Kenduri is not installed, and what ran before does not run: {left:#}\n  \
             systemctl status kenduri kenduri.socket tells why"
        ))),
        _ => Err(error.context("Kenduri is not installed anew, and what ran before runs again")),
    }
}

fn carry_out(step: &Step) -> Result<()> {
    let mut told = std::io::stdout().lock();
    match step {
        Step::Run(words) => {
            writeln!(told, "{}", words.join(" "))?;
            let [program, arguments @ ..] = words.as_slice() else {
                return Ok(());
            };
            // What a check prints is long, and of interest only where it fails.
            let output = Command::new(program)
                .args(arguments)
                .stdin(Stdio::null())
                .output()
                .with_context(|| format!("{program} could not be started"))?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                bail!(
                    "{} failed: {}\n{}",
                    words.join(" "),
                    output.status,
                    said.trim()
                );
            }
        }
        Step::Folder { path, user } => {
            writeln!(told, "folder {} of {user}", path.display())?;
            let (user, group) =
                identity(user).with_context(|| format!("there is no user {user}"))?;
            fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
            fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
            std::os::unix::fs::chown(path, Some(user), Some(group))?;
        }
        Step::Write { path, text } => {
            let before = fs::read_to_string(path).ok();
            let same = before.as_ref() == Some(text);
            let word = if same { "unchanged" } else { "written" };
            writeln!(told, "{} {word}", path.display())?;
            if !same {
                fs::write(path, text)
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Step::Remove { path } => {
            writeln!(told, "{} removed", path.display())?;
            fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn runs(words: &str) -> Step {
        Step::Run(vec![words.to_owned()])
    }

    /// What is done, and what is said at the end, where these fail.
    fn tried(back: &[&str], broken: &[&str]) -> (Vec<String>, Option<String>) {
        let steps = |all: &[&str]| all.iter().map(|words| runs(words)).collect();
        let work = Work {
            prepare: steps(&["check"]),
            change: steps(&["write", "open", "start"]),
            back: steps(back),
        };
        let done = RefCell::new(Vec::new());
        let said = do_all(&work, |step| {
            let Step::Run(words) = step else {
                return Ok(());
            };
            done.borrow_mut().push(words[0].clone());
            ensure!(!broken.contains(&&*words[0]), "{} failed", words[0]);
            Ok(())
        });
        (
            done.into_inner(),
            said.err().map(|error| format!("{error:#}")),
        )
    }

    #[test]
    fn what_ran_before_is_brought_back_where_a_change_fails() {
        let all_back = ["undo", "restart"];
        let (done, said) = tried(&all_back, &[]);
        assert_eq!((&*done.join(" "), said), ("check write open start", None));

        let (done, said) = tried(&all_back, &["check"]);
        assert_eq!(done, ["check"]);
        assert_eq!(said.as_deref(), Some("check failed"));

        let (done, said) = tried(&all_back, &["open", "undo"]);
        assert_eq!(done.join(" "), "check write open undo restart");
        let said = said.unwrap();
        assert!(said.ends_with("runs again: open failed"), "{said}");

        let (_, said) = tried(&all_back, &["open", "restart"]);
        let said = said.unwrap();
        assert!(said.contains("does not run: restart failed"), "{said}");

        let (done, said) = tried(&[], &["open"]);
        assert_eq!(done, ["check", "write", "open"]);
        assert_eq!(said.as_deref(), Some("open failed"));
    }
}
