//! `kenduri check`: checks the settings and prints their values.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Error, Result, bail};
use clap::Args;
use configuration::update_source::Source;
use configuration::{Asked, Configuration};
use edge::Plan;
use edge::route::NormalPath;
use operate::updates::{self, Found};
use platform::Outbound;
use units::Problems;

use super::{Failed, Where, show};
use crate::domains::DOMAINS;

/// Check the settings, and print each value and where it comes from
///
/// Nothing is started or changed. A mistake is reported with file, line, key and what to do, and
/// the exit code is 1. Certificates and keys are loaded as at a start. Files, folders and programs
/// that are not on this machine, or that you may not read, are named, and are no mistake without
/// --here. Passwords are printed as `***`.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    place: Where,
    /// Allow `mail.url = "mailbox:"` although other machines can reach this server
    #[arg(long)]
    allow_public_mailbox: bool,
    /// Also refuse what is not on this machine, or what you may not read, as a start does
    #[arg(long)]
    here: bool,
    /// Print which route handles a request for this URL, and why
    #[arg(long)]
    url: Option<String>,
    /// Instead of the settings, print newer versions and the advisories that concern this version,
    /// from a feed of releases (RSS, Atom) or a list of advisories (OSV); may be repeated. The exit
    /// code is 1 if an advisory concerns this version
    #[arg(long, value_name = "FILE|URL", conflicts_with = "url")]
    advisories: Vec<String>,
}

impl Check {
    pub(super) fn run(self) -> Result<()> {
        if !self.advisories.is_empty() {
            return show_updates(&self.advisories);
        }
        let mut asked = self.place.asked();
        asked.allow_public_mailbox = self.allow_public_mailbox;
        let (found, absent) = load(&asked, self.here)?;
        if let Some(url) = &self.url {
            let told = found.plan.explain(url).map_err(Error::msg)?;
            return show(&told);
        }
        let mut text = match &found.file {
            Some(file) => format!("# {} is good.\n", file.display()),
            None => "# No file: built-in settings.\n".to_owned(),
        };
        if let Some(absent) = absent {
            text.push_str("# Not here, or not readable for you (--here refuses it):\n");
            for line in absent.to_string().lines() {
                let _ = writeln!(text, "#   {line}");
            }
        }
        for warning in &found.warnings {
            text.push_str("# warning: ");
            text.push_str(warning);
            text.push('\n');
        }
        if let Some(warning) = shared_user(&found, install::installed().as_deref()) {
            let _ = writeln!(text, "# warning: {warning}");
        }
        text.push_str(&found.report());
        text.push_str("\n# Each request goes to the first route below that matches:\n");
        for line in found.plan.table().lines() {
            text.push_str("#   ");
            text.push_str(line);
            text.push('\n');
        }
        if found.settings.metrics.is_none() && !exposes_metrics(&found.plan) {
            text.push_str(
                "# Nobody is told figures: a route of yours takes /metrics, and metrics.listen, \
                 such as \"127.0.0.1:9100\", is empty.\n",
            );
        }
        show(&text)
    }
}

/// Unless `is_here`, problems that only concern this machine are returned beside the settings.
fn load(asked: &Asked, is_here: bool) -> Result<(Configuration, Option<Problems>), Problems> {
    match configuration::load(DOMAINS, asked) {
        Ok(found) => Ok((found, None)),
        Err(problems) if is_here => Err(problems),
        Err(problems) => match configuration::load_elsewhere(DOMAINS, asked) {
            Ok(found) => Ok((found, Some(problems))),
            Err(_) => Err(problems),
        },
    }
}

fn show_updates(written: &[String]) -> Result<()> {
    let sources = written
        .iter()
        .map(|one| Source::parse(one, |file| file.into()));
    let sources: Vec<_> = sources.collect::<Result<_, _>>().map_err(Error::msg)?;
    let outbound = Outbound::public()?;
    let found = super::alone(async { updates::look(&sources, &outbound).await })?;
    show(&news(&found))?;
    if found.advisories.is_empty() {
        Ok(())
    } else {
        bail!(Failed(ExitCode::FAILURE))
    }
}

fn news(found: &Found) -> String {
    let mut lines = vec![format!(
        "This is Kenduri {}. Read: {} releases and advisories.",
        updates::OURS,
        found.read
    )];
    for release in &found.newer {
        lines.push(format!("Newer: {}  {}", release.version, release.title));
        lines.extend(release.link.as_ref().map(|link| format!("  {link}")));
    }
    if found.newer.is_empty() {
        lines.push("There is no newer version.".to_owned());
    }
    for advisory in &found.advisories {
        lines.push(format!("Advisory: {}  {}", advisory.id, advisory.summary));
        if !advisory.fixed.is_empty() {
            lines.push(format!("  fixed in {}", advisory.fixed.join(", ")));
        }
        lines.extend(advisory.link.as_ref().map(|link| format!("  {link}")));
    }
    if found.advisories.is_empty() {
        lines.push("There is no advisory for this version.".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Services that run as the owner of Kenduri's data could read it.
fn shared_user(found: &Configuration, unit: Option<&str>) -> Option<String> {
    let names = found.services_without_user();
    let file = std::path::absolute(found.file.as_ref()?).ok()?;
    let before = install::Before::of(unit?, &file)?;
    if names.is_empty() || before.services_user.is_some() {
        return None;
    }
    let names = names.join(", ");
    Some(format!(
        "services without `user` run as Kenduri's own user and may read all its data: {names}. \
         `kenduri install --services-user kenduri-services` gives them a user of their own"
    ))
}

fn exposes_metrics(plan: &Plan) -> bool {
    let path = NormalPath::parse("/metrics").ok();
    let met = path.and_then(|path| plan.find("127.0.0.1", &path));
    met.is_some_and(|met| met.leads_to_app())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_here_is_named_and_what_is_wrong_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kenduri.toml");
        let check = |text: &str, is_here: bool| {
            std::fs::write(&file, text).unwrap();
            let asked = Asked {
                file: Some(file.clone()),
                ..Asked::default()
            };
            load(&asked, is_here).map(|(_, absent)| absent.map(|absent| absent.to_string()))
        };
        let absent = "[listen]\nhttps = [\":443\"]\n[[tls.certificate]]\nchain = \"a.pem\"\nkey = \"a.key\"\n\
                      [mail]\nurl = \"smtps://me@mail.example\"\npassword_file = \"secret\"\n\
                      [[route]]\nto = \"files:www\"\n[service.web]\nrun = \"gone-gunicorn\"\n";
        let told = check(absent, false).unwrap().unwrap();
        for part in ["a.pem", "a.key", "secret", "www", "gone-gunicorn"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(check(absent, true).is_err());
        let wrong = format!("{absent}[log]\nlevel = \"loud\"\n");
        assert!(check(&wrong, false).is_err());
        std::fs::write(folder.path().join("a.pem"), "").unwrap();
        std::fs::write(folder.path().join("a.key"), "").unwrap();
        let told = check(absent, false).unwrap_err().to_string();
        assert!(told.contains("a.pem holds no certificate"), "{told}");
        assert_eq!(check("", true).unwrap(), None);
    }

    #[test]
    fn a_site_without_a_certificate_of_its_own_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kenduri.toml");
        let shop = rcgen::generate_simple_self_signed(["shop.example".to_owned()]).unwrap();
        let pair = shop.cert.pem() + &shop.signing_key.serialize_pem();
        std::fs::write(folder.path().join("shop.pem"), pair).unwrap();
        let warnings = |host: &str, more: &str| {
            let text = format!(
                "[site]\nurl = \"https://{host}\"\n[mail]\nurl = \"smtp://mail.example\"\n\
                 [listen]\nhttps = [\":443\"]\n{more}[[tls.certificate]]\n\
                 chain = \"shop.pem\"\nkey = \"shop.pem\"\n"
            );
            std::fs::write(&file, text).unwrap();
            let asked = Asked {
                file: Some(file.clone()),
                ..Asked::default()
            };
            let (found, _) = load(&asked, true).unwrap();
            let warnings = found.warnings.into_iter();
            let warnings = warnings.filter(|warning| warning.starts_with("site.url"));
            warnings.collect::<Vec<_>>()
        };
        assert_eq!(warnings("shop.example", ""), <[String; 0]>::default());
        let acme = "[tls]\nacme = { email = \"me@other.example\" }\n";
        assert_eq!(warnings("other.example", acme), <[String; 0]>::default());
        let told = warnings("other.example", "").join("");
        assert!(
            told.contains("no certificate covers other.example"),
            "{told}"
        );
    }

    #[test]
    fn services_that_can_read_the_data_of_an_installed_kenduri_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kenduri.toml");
        let load = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let asked = Asked {
                file: Some(file.clone()),
                ..Asked::default()
            };
            configuration::load(DOMAINS, &asked).unwrap()
        };
        let line = format!(
            "ExecStart=/usr/local/bin/kenduri serve --config {}",
            file.display()
        );
        let apart = format!("{line} --set service_user=helpers");
        let one = load("[service.web]\nrun = \"sleep 1\"\n");
        let told = shared_user(&one, Some(&line)).unwrap();
        assert!(told.contains("web"), "{told}");
        assert_eq!(shared_user(&one, Some(&apart)), None);
        assert_eq!(shared_user(&one, None), None, "it is not installed");
        let other = "ExecStart=/usr/local/bin/kenduri serve --config /etc/other.toml";
        assert_eq!(shared_user(&one, Some(other)), None);
        assert_eq!(shared_user(&load(""), Some(&line)), None);
        if rustix::process::geteuid().is_root() {
            let named = load("[service.web]\nrun = \"sleep 1\"\nuser = \"nobody\"\n");
            assert_eq!(shared_user(&named, Some(&line)), None);
            let named = load("service_user = \"nobody\"\n[service.web]\nrun = \"sleep 1\"\n");
            assert_eq!(shared_user(&named, Some(&line)), None);
        }
    }
}
