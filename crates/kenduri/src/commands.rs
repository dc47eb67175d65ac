//! The command-line subcommands. Each has its own file and returns an exit code.

mod apply;
mod backup;
mod check;
mod export;
mod follow;
mod help;
mod import;
mod install;
mod maintenance;
mod migrate;
mod move_files;
mod move_store;
mod owner;
mod password;
mod purge;
mod restore;
mod secret;
mod serve;
mod services;
mod token;
mod verify;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Error, Result, bail};
use clap::{Args, Command, Parser, Subcommand};
use configuration::{Asked, Configuration, Flag, Settings};
use edge::maintenance::Maintenance;
use operate::control_requests::{ControlRequest, ControlResponse};
use platform::{Tx, machines, store};

use crate::domains::DOMAINS;
use crate::program_io::{Failed, NO_RUNTIME, environment, say};
use crate::request_context::RequestContext;
use crate::shared_files::SharedFiles;
use crate::{app_setup, control};

/// Invitations, countdowns, times to book and posts, with the server they run on
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    long_about = "A site of your own, in one program: invitations that are answered, countdowns, times to \
                  book, posts and pages, and the server they run on. It serves HTTPS with certificates \
                  of its own, and files, and keeps your other programs running behind it. One file of \
                  settings, one folder of data; the database is inside.",
    help_template = help::template(&Word::augment_subcommands(Command::new("kenduri"))),
    after_help = "A command's own options:  kenduri COMMAND --help\n\
                  A demo to look around:    kenduri serve --demo\n\
                  Exit codes:               0 done · 1 refused or failed · 2 bad usage · 3 Kenduri is not running",
    propagate_version = true
)]
pub(crate) struct Kenduri {
    #[command(subcommand)]
    word: Word,
}

#[derive(Debug, Subcommand)]
enum Word {
    Serve(serve::Serve),
    /// Run a worker; only the supervisor process starts this
    #[command(hide = true)]
    Work,
    #[command(flatten)]
    Services(services::Services),
    Check(check::Check),
    Apply(apply::Apply),
    Purge(purge::Purge),
    #[command(subcommand)]
    Maintenance(maintenance::Maintenance),
    #[command(subcommand)]
    Owner(owner::Owner),
    #[command(subcommand)]
    Password(password::Password),
    #[command(subcommand)]
    Secret(secret::Secret),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    Verify(verify::Verify),
    Migrate(migrate::Migrate),
    MoveStore(move_store::MoveStore),
    MoveFiles(move_files::MoveFiles),
    #[command(subcommand)]
    Backup(backup::Backup),
    Restore(restore::Restore),
    Follow(follow::Follow),
    TakeOver(follow::TakeOver),
    #[command(subcommand)]
    Import(import::Import),
    #[command(subcommand)]
    Export(export::Export),
    Install(install::Install),
}

/// The flags that select an installation and override its settings.
#[derive(Debug, Args)]
struct Where {
    /// The settings file [default: kenduri.toml in this folder, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The section `[profile.NAME]` of the settings file, whose settings override the other
    /// settings in the file [default: the variable `KENDURI_PROFILE`]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The data folder [default: data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A setting, such as `--set site.name="Rumah Daniel"`; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    set: Vec<(String, String)>,
}

impl Kenduri {
    pub(crate) fn run(self) -> Result<()> {
        match self.word {
            Word::Serve(serve) => serve.run(),
            Word::Work => crate::worker::run(),
            Word::Services(services) => services.run(),
            Word::Check(check) => check.run(),
            Word::Apply(apply) => apply.run(),
            Word::Purge(purge) => purge.run(),
            Word::Maintenance(maintenance) => maintenance.run(),
            Word::Owner(owner) => owner.run(),
            Word::Password(password) => password.run(),
            Word::Secret(secret) => secret.run(),
            Word::Token(token) => token.run(),
            Word::Verify(verify) => verify.run(),
            Word::Migrate(migrate) => migrate.run(),
            Word::MoveStore(move_store) => move_store.run(),
            Word::MoveFiles(move_files) => move_files.run(),
            Word::Backup(backup) => backup.run(),
            Word::Restore(restore) => restore.run(),
            Word::Follow(follow) => follow.run(),
            Word::TakeOver(take_over) => take_over.run(),
            Word::Import(import) => import.run(),
            Word::Export(export) => export.run(),
            Word::Install(install) => install.run(),
        }
    }
}

/// Prints the error, if there is one, and returns the exit code.
pub(crate) fn finish(result: Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    if let Some(Failed(code)) = error.downcast_ref() {
        return *code;
    }
    if error.is::<OutputClosed>() {
        return ExitCode::SUCCESS;
    }
    let mut reason = String::from("error: ");
    for (depth, cause) in error.chain().enumerate() {
        let text = cause.to_string();
        // Some errors repeat the text of their cause.
        if depth == 0 || !reason.contains(&text) {
            reason.push_str(if depth == 0 { "" } else { "\n  because " });
            reason.push_str(&text);
        }
    }
    let _ = writeln!(io::stderr(), "{reason}");
    if error.is::<NotRunning>() {
        return ExitCode::from(3);
    }
    ExitCode::FAILURE
}

/// A reader that has closed the pipe ends the command successfully, by [`OutputClosed`].
fn show(text: &str) -> Result<()> {
    say(text).map_err(|error| match error.downcast::<io::Error>() {
        Ok(error) if error.kind() == io::ErrorKind::BrokenPipe => OutputClosed.into(),
        Ok(error) => error.into(),
        Err(error) => error,
    })
}

/// The command still counts as successful.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads any more")]
struct OutputClosed;

#[derive(Debug, thiserror::Error)]
#[error(
    "Kenduri is not running with the data in {0}\n  start it, or name its data folder: --data DIR or --config FILE"
)]
struct NotRunning(String);

fn not_running(asked: &Asked) -> Error {
    match configuration::data(DOMAINS, asked) {
        (_, Some(doubt)) => doubt.into(),
        (data, None) => NotRunning(data.display().to_string()).into(),
    }
}

/// Fails if the user named a settings file that cannot be read, because the command could then act
/// on the wrong installation.
fn data(asked: &Asked) -> Result<PathBuf> {
    match configuration::data(DOMAINS, asked) {
        (_, Some(doubt)) if asked.file.is_some() => Err(Error::new(doubt).context(
            "cannot tell from --config which Kenduri is meant\n  \
             correct the file, or name the data folder of the running Kenduri: --data DIR",
        )),
        (data, _) => Ok(data),
    }
}

/// To the Kenduri that runs with this data folder, or else handles the request in this process.
fn send(order: ControlRequest, place: &Where) -> Result<ControlResponse> {
    let mut asked = place.asked();
    // This command opens no listener. The running Kenduri has already checked who can reach the
    // mailbox.
    asked.allow_public_mailbox = true;
    // A running Kenduri gets the request even if its settings file has become invalid meanwhile.
    if let Some(outcome) = control::ask(&data(&asked)?, &order)? {
        return Ok(outcome);
    }
    let needs_running = matches!(
        order,
        ControlRequest::Apply | ControlRequest::Purge { .. } | ControlRequest::Services(_)
    );
    if needs_running {
        return Err(not_running(&asked));
    }
    let Configuration { settings, plan, .. } = configuration::load(DOMAINS, &asked)?;
    // An owner may be created before the first start, when there is no data folder yet.
    let needs_data = !matches!(order, ControlRequest::OwnerCreate(_));
    if needs_data && !settings.data.exists() {
        bail!(NotRunning(settings.data.display().to_string()));
    }
    let settings = Arc::new(settings);
    alone(async {
        let opened = if order.is_for_the_app() {
            Some(app_setup::open(&settings).await?)
        } else {
            None
        };
        let maintenance = app_setup::maintenance(&settings);
        let shared = if is_shared(&order, &settings) && plan.needs_app() {
            // The other machines may serve meanwhile. Without the store, only this one hears.
            let shared = open_shared(&settings, &maintenance).await;
            shared
                .map_err(|error| error.root_cause().to_string())
                .transpose()
        } else {
            None
        };
        let hands = RequestContext {
            opened,
            backup: None,
            maintenance,
            shared,
            settings,
            plan: Arc::new(plan),
            purges: None,
        };
        hands.carry_out(order).await
    })
}

async fn open_shared(
    settings: &Arc<Settings>,
    maintenance: &Maintenance,
) -> Result<Option<SharedFiles>> {
    let opened = app_setup::open(settings).await?;
    let shared = SharedFiles::of(&opened, &settings.store);
    if let Some(shared) = &shared {
        shared.load(maintenance).await?;
    }
    Ok(shared)
}

/// Whether other machines on the same store have to know.
fn is_shared(order: &ControlRequest, settings: &Settings) -> bool {
    let is_maintenance = matches!(
        order,
        ControlRequest::MaintenanceOn { .. } | ControlRequest::MaintenanceOff { .. }
    );
    is_maintenance && matches!(settings.store, store::Settings::Postgres(_))
}

/// Fails if the installation is running.
fn settings_while_stopped(place: &Where) -> Result<Settings> {
    let mut asked = place.asked();
    // This command opens no listener, so the mailbox cannot be reached from other machines.
    asked.allow_public_mailbox = true;
    let settings = configuration::load(DOMAINS, &asked)?.settings;
    if control::is_running(&settings.data)? {
        bail!(
            "Kenduri is running with the data in {}\n  stop it first",
            settings.data.display()
        );
    }
    Ok(settings)
}

/// Fails if Kenduri runs on another machine that uses this store. Until the transaction ends, none
/// starts.
fn refuse_while_served(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    if matches!(settings.store, store::Settings::Sqlite(_)) {
        return Ok(());
    }
    match machines::find_other(tx, &settings.data)? {
        None => Ok(()),
        Some(name) => bail!(
            "Kenduri is running on {name} with this database\n  \
             stop it there first; after a crash, wait for 10 seconds"
        ),
    }
}

/// Must be called only while no Kenduri is running with the data folder.
fn alone<T>(done: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context(NO_RUNTIME)?
        .block_on(done)
}

impl Where {
    fn asked(&self) -> Asked {
        let mut flags: Vec<Flag> = self
            .set
            .iter()
            .map(|(key, value)| Flag {
                typed: format!("--set {key}"),
                key: key.clone(),
                value: value.clone(),
            })
            .collect();
        if let Some(data) = &self.data {
            flags.push(Flag {
                typed: "--data".to_owned(),
                key: "data".to_owned(),
                value: data.to_string_lossy().into_owned(),
            });
        }
        Asked {
            is_elsewhere: false,
            file: self.config.clone(),
            profile: self.profile.clone(),
            text: None,
            lasting: None,
            ports: BTreeMap::new(),
            folders: None,
            look_for_file: true,
            flags,
            environment: environment(),
            allow_public_mailbox: false,
        }
    }
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.trim().to_owned(), value.to_owned()))
        .ok_or_else(|| "write KEY=VALUE, as in site.name=Kenduri".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Kenduri::command().debug_assert();
    }
}
