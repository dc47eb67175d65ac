//! `kenduri serve`: runs the supervisor process.

use anyhow::{Result, bail};
use clap::Args;
use configuration::folders::Folders;
use configuration::{Asked, Flag};
use operate::messages::ServeMode;

use super::Where;
use crate::demo::Temporary;
use crate::domains::DOMAINS;
use crate::parent::{self, ParentSetup, Sockets};
use crate::sockets::{self, Port};
use crate::{app_setup, log};

/// Run the server until it is stopped
///
/// Ctrl+C or SIGTERM stops it in order: it accepts nothing new, and running requests get 30 seconds
/// to finish (`listen.drain_time`). SIGHUP does what `kenduri apply` does.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Where,
    /// An address to listen on, instead of `listen.http` and `listen.https`: HOST:PORT, :PORT or
    /// unix:FILE; may be repeated
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// Serve a demo: a wedding with forty households
    ///
    /// Without --data, everything is in a temporary folder that is removed at the end. With --data,
    /// the demo is created there once and never reset. kenduri.toml is read only if --config names
    /// one. The demo answers this machine only, at the next free port if 8080 is in use; an address
    /// given with --listen is used as it is.
    #[arg(long)]
    demo: bool,
    /// Allow `mail.url = "mailbox:"` although other machines can reach this server
    #[arg(long)]
    allow_public_mailbox: bool,
    /// Leave the tables of the store as they are, and serve when `kenduri migrate` has updated them
    /// (`store.migrate = false`)
    #[arg(long)]
    no_migrate: bool,
    /// Say whether this program could take over from the supervisor process that runs this command
    #[arg(long, hide = true)]
    rehearsal: bool,
}

impl Serve {
    pub(super) fn run(self) -> Result<()> {
        if self.rehearsal {
            return parent::take_part();
        }
        let lost = match supervisor::receive_handover() {
            Ok(Some(handed)) => return parent::go_on(handed),
            Ok(None) => None,
            Err(lost) => Some(lost),
        };
        let mut asked = self.asked();
        let temporary = match &self.place.data {
            None if self.demo => Some(Temporary::create()?),
            _ => None,
        };
        if let Some(folder) = &temporary {
            asked.flags.push(Flag {
                typed: "--demo".to_owned(),
                key: "data".to_owned(),
                value: folder.path().to_string_lossy().into_owned(),
            });
        }
        let start = match (self.demo, &temporary) {
            (false, _) => ServeMode::Usual,
            (true, Some(_)) => ServeMode::DemoForNow,
            (true, None) => ServeMode::Demo,
        };
        let configuration = configuration::load(DOMAINS, &asked)?;
        if start.is_demo() && !configuration.settings.is_private() {
            bail!(
                "--demo is for this machine only, because its codes are public, and listen.http \
                 can be reached from other machines\n  \
                 listen on 127.0.0.1, or leave --demo out"
            );
        }
        let port = if start.is_demo() && self.listen.is_empty() {
            Port::Near
        } else {
            Port::Asked
        };
        let (mut asked, mut configuration, open) = sockets::prepare(asked, configuration, port)?;
        app_setup::make_data_folder(&configuration.settings.data)?;
        let folders = Folders::of_supervisor(&configuration.settings.data)?;
        if folders != configuration.folders {
            asked.folders = Some(folders);
            configuration = configuration::load(DOMAINS, &asked)?;
        }
        let run = configuration.folders.open()?;
        let lines = log::start(&configuration.log_of_supervisor(), log::Who::Parent)?;
        if let Some(error) = lost {
            tracing::error!(%error, "cannot take over what was running; everything is started again, and nothing needs to be done");
        }
        parent::run(ParentSetup {
            asked,
            configuration,
            sockets: Sockets::new(open),
            start,
            temporary,
            lines,
            run,
        })
    }

    fn asked(&self) -> Asked {
        let mut asked = self.place.asked();
        asked.allow_public_mailbox = self.allow_public_mailbox;
        asked.look_for_file = !self.demo;
        if self.demo && self.place.config.is_none() {
            let values = [
                ("site.time_zone", occasions::demo::ZONE),
                ("site.name", crate::demo::SITE),
                ("bookings.enabled", "true"),
                ("accounts.registration", "open"),
            ];
            let flags = values.map(|(key, value)| Flag {
                typed: "--demo".to_owned(),
                key: key.to_owned(),
                value: value.to_owned(),
            });
            // These flags come first, so that `--set` overrides them.
            asked.flags.splice(0..0, flags);
        }
        if self.no_migrate {
            asked.flags.push(Flag {
                typed: "--no-migrate".to_owned(),
                key: "store.migrate".to_owned(),
                value: "false".to_owned(),
            });
        }
        if !self.listen.is_empty() {
            let listen = [
                ("listen.http", self.listen.join(",")),
                ("listen.https", String::new()),
            ];
            asked.flags.extend(listen.map(|(key, value)| Flag {
                typed: "--listen".to_owned(),
                key: key.to_owned(),
                value,
            }));
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        serve: Serve,
    }

    fn time_zone(typed: &[&str]) -> Option<String> {
        let words = ["kenduri"].iter().chain(typed);
        let asked = Typed::try_parse_from(words).unwrap().serve.asked();
        let settings = configuration::load(DOMAINS, &asked).unwrap().settings;
        settings.site.time_zone.iana_name().map(str::to_owned)
    }

    #[test]
    fn a_demonstration_is_in_the_zone_of_its_wedding_unless_told_otherwise() {
        assert_eq!(
            time_zone(&["--demo"]).as_deref(),
            Some(occasions::demo::ZONE)
        );
        let other = ["--demo", "--set", "site.time_zone=Europe/Rome"];
        assert_eq!(time_zone(&other).as_deref(), Some("Europe/Rome"));
    }

    #[test]
    fn a_start_migrates_unless_told_otherwise() {
        let migrates = |typed: &[&str]| {
            let words = ["kenduri", "--demo"].iter().chain(typed);
            let asked = Typed::try_parse_from(words).unwrap().serve.asked();
            let settings = configuration::load(DOMAINS, &asked).unwrap().settings;
            settings.migrates_store
        };
        assert!(migrates(&[]));
        assert!(!migrates(&["--no-migrate"]));
        assert!(!migrates(&["--set", "store.migrate=false"]));
    }
}
