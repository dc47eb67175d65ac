//! `kenduri serve`: from settings to answers, and an orderly end.

use std::sync::Arc;

use accounts::Accounts;
use anyhow::{Context as _, Result, bail};
use clap::Args;
use occasions::opens::Opens;
use platform::key;
use platform::limits::guess::GuessBudget;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::mailbox::Access;
use web::{Site, SiteUrl};

use super::{Where, say};
use crate::background::{self, Background};
use crate::configuration::{self, Configuration, Flag, Settings, link_to};
use crate::control::Control;
use crate::demo::Temporary;
use crate::figures;
use crate::installation;
use crate::listener::{DRAIN_TIME, Door};
use crate::router::{self, Parts};
use crate::{demo, log};

/// Serve the pages, and do the work that follows from answers, until stopped
///
/// Ctrl+C or SIGTERM stops in order: nothing new is accepted, what runs gets
/// 30 seconds to finish.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Where,
    /// Where to answer, in place of `listen.http`: HOST:PORT, :PORT or unix:FILE; may be repeated
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// Serve a wedding of forty households to look around in
    ///
    /// Without --data everything is in a temporary folder that is removed at
    /// the end; with --data it is made there once and never reset. Reads no
    /// kenduri.toml unless --config names one. Answers this machine only.
    #[arg(long)]
    demo: bool,
    /// Accept `mail.url = "mailbox:"` together with a listener other machines can reach
    #[arg(long)]
    allow_public_mailbox: bool,
}

impl Serve {
    pub(super) fn run(self) -> Result<()> {
        let mut asked = self.place.asked();
        asked.allow_public_mailbox = self.allow_public_mailbox;
        asked.look_for_file = !self.demo;
        if !self.listen.is_empty() {
            asked.flags.push(Flag {
                typed: "--listen".to_owned(),
                key: "listen.http".to_owned(),
                value: self.listen.join(","),
            });
        }
        let start = self.start()?;
        if let Start::Demo(Some(folder)) = &start {
            asked.flags.push(Flag {
                typed: "--demo".to_owned(),
                key: "data".to_owned(),
                value: folder.path().to_string_lossy().into_owned(),
            });
        }
        let configuration = configuration::load(&asked)?;
        if matches!(start, Start::Demo(_)) && !configuration.settings.is_private() {
            bail!(
                "--demo is for this machine only, because everybody knows its codes, and listen.http can be reached from other machines\n  \
                 listen on 127.0.0.1, or leave --demo out"
            );
        }
        installation::make_folders(&configuration.settings.data)?;
        let writing = log::start(&configuration.settings.log)?;
        let served = tokio::runtime::Runtime::new()
            .context("cannot start the runtime")?
            .block_on(serve(configuration, &start));
        drop(writing);
        served
    }

    fn start(&self) -> Result<Start> {
        Ok(match (self.demo, &self.place.data) {
            (false, _) => Start::Usual,
            (true, Some(_)) => Start::Demo(None),
            (true, None) => Start::Demo(Some(Temporary::create()?)),
        })
    }
}

/// What is served.
enum Start {
    /// An installation.
    Usual,
    /// A demonstration, in its own folder unless another was named.
    Demo(Option<Temporary>),
}

impl Start {
    /// How it ends, and what stays.
    fn farewell(&self, settings: &Settings) -> String {
        match self {
            Self::Usual => String::new(),
            Self::Demo(folder) => format!(
                "\n  Stop with Ctrl+C. Everything is in {}{}.\n",
                settings.data.display(),
                if folder.is_some() {
                    ", and removed at the end"
                } else {
                    ", and stays there"
                }
            ),
        }
    }
}

async fn serve(configuration: Configuration, start: &Start) -> Result<()> {
    for warning in &configuration.warnings {
        tracing::warn!("{warning}");
    }
    let settings = configuration.settings;
    let mut ends = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let control = Control::open(&settings.data)?;
    let doors = open_doors(&settings, start).await?;
    let site = open_site(&settings, &doors).await?;
    let figures = figures::start(site.store.clone())?;
    let links = match start {
        Start::Usual => announce_setup(&site, &settings).await?,
        Start::Demo(_) => demo::prepare(&site).await?,
    };

    let stop = CancellationToken::new();
    let connections = TaskTracker::new();
    let tasks = TaskTracker::new();
    let (budget, opens) = (GuessBudget::new(), Arc::new(Opens::default()));
    let key = site.store.write(|tx| key::load(tx, "guest")).await?;
    let app = router::router(Parts {
        accounts: Accounts::new(site.clone()),
        door: occasions::web::guest::Door::new(key, budget.clone(), Arc::clone(&opens)),
        mailbox: mailbox_access(&settings),
        figures: figures.clone(),
        stop: stop.clone(),
    });
    if let Some(address) = &settings.metrics {
        let alone = router::figures_alone(figures.clone());
        let door = Door::open(address).await?;
        tasks.spawn(door.serve(alone, stop.clone(), connections.clone()));
    }
    Background {
        worker: background::worker(&site, &settings).await?,
        jobs_at_once: settings.jobs_at_once,
        budget,
        opens,
        figures,
    }
    .start(&site, &tasks, &stop);
    tasks.spawn(control.serve(site, stop.clone()));
    let names: Vec<String> = doors.iter().map(Door::name).collect();
    for door in doors {
        tasks.spawn(door.serve(app.clone(), stop.clone(), connections.clone()));
    }
    let names = names.join(" and ");
    let farewell = start.farewell(&settings);
    if let Err(error) = say(&format!("Kenduri answers at {names}\n{links}{farewell}")) {
        tracing::warn!(%error, "nobody reads what is printed");
    }

    tokio::select! {
        _ = ends.0.recv() => {}
        _ = ends.1.recv() => {}
    }
    tracing::info!("stopping: nothing new is accepted, what runs may finish");
    stop.cancel();
    connections.close();
    tasks.close();
    let finished = async { tokio::join!(connections.wait(), tasks.wait()) };
    if tokio::time::timeout(DRAIN_TIME, finished).await.is_err() {
        let connections = connections.len();
        tracing::warn!(connections, "stopped in the middle of requests");
    }
    Ok(())
}

async fn open_site(settings: &Settings, doors: &[Door]) -> Result<Site> {
    let (settings, url) = (settings.clone(), site_url(settings, doors)?);
    tokio::task::spawn_blocking(move || installation::open(&settings, url))
        .await
        .context("the store could not be opened")?
}

/// While nobody owns the installation, the console and a private file hold the
/// link that makes whoever opens it the owner.
async fn announce_setup(site: &Site, settings: &Settings) -> Result<String> {
    let announced = accounts::setup::announce(&site.store, site.url(), &settings.data).await?;
    Ok(announced.map_or_else(String::new, |announced| {
        format!(
            "\n  Nobody owns this installation yet. This link makes whoever opens it the owner, for a day:\n  \
             {}\n  It is in {} too; a new one is made at every start.\n",
            announced.link.reveal(),
            announced.file.display()
        )
    }))
}

async fn open_doors(settings: &Settings, start: &Start) -> Result<Vec<Door>> {
    let mut doors = Vec::new();
    for address in &settings.listen {
        doors.push(match start {
            Start::Demo(_) => Door::open_near(address).await?,
            Start::Usual => Door::open(address).await?,
        });
    }
    Ok(doors)
}

/// Whom the mailbox answers, if there is one. The configuration has made sure
/// that somebody allowed it where the network is among them.
/// Nobody sees the mailbox through a front door on this machine: whoever comes
/// that way looks like this machine.
fn mailbox_access(settings: &Settings) -> Option<Access> {
    let url = settings.site.url.as_ref();
    let behind_a_door = url.is_some_and(|url| !url.is_loopback());
    if !settings.has_mailbox() {
        None
    } else if !settings.is_private() {
        Some(Access::Everybody)
    } else {
        (!behind_a_door).then_some(Access::ThisMachine)
    }
}

/// As written, or the first address listened on.
fn site_url(settings: &Settings, doors: &[Door]) -> Result<SiteUrl> {
    if let Some(url) = &settings.site.url {
        return Ok(url.clone());
    }
    let Some(address) = doors.iter().find_map(Door::address) else {
        bail!(
            "Kenduri listens on a unix socket only, so it cannot know its own address\n  set site.url"
        );
    };
    Ok(SiteUrl::parse(&link_to(address))?)
}
