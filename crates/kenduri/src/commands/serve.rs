//! `kenduri serve`: from settings to answers, and an orderly end.

use std::sync::Arc;
use std::time::Duration;

use accounts::Accounts;
use anyhow::{Context as _, Result, bail};
use clap::Args;
use edge::{Edge, EdgeError, Inherited, ListenAddress, Means};
use occasions::opens::Opens;
use occasions::web::compat::Compat;
use platform::key;
use platform::limits::guess::GuessBudget;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::Site;
use web::mailbox::Access;

use super::{Where, say};
use crate::background::{self, Background};
use crate::configuration::{self, Asked, Configuration, Flag, Settings, link_to};
use crate::control::Control;
use crate::demo::Temporary;
use crate::figures::{self, Figures};
use crate::mounted::Mounted;
use crate::orders::{Hands, Wish};
use crate::reload::{Reload, Started};
use crate::router::{self, Parts};
use crate::sockets::{self, Port};
use crate::{access, demo, installation, log, memory};

/// How many may look at the figures at once, on a listener of their own: operators
/// find a way in also when everybody else has to wait.
const METRICS_CONNECTIONS: u32 = 64;
/// What goes on beside requests gets this long when Kenduri stops.
const DRAIN_TIME: Duration = Duration::from_secs(30);
/// How many may wait for new settings to be taken.
const WISHES: usize = 4;

/// Serve the pages, and do the work that follows from answers, until stopped
///
/// Ctrl+C or SIGTERM stops in order: nothing new is accepted, what runs gets
/// 30 seconds to finish. SIGHUP does what `kenduri apply` does.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Where,
    /// Where to answer, in place of `listen.http` and `listen.https`: HOST:PORT, :PORT or unix:FILE; may be repeated
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
        memory::share_one_heap();
        // Whatever is made from now on may count.
        let figures = figures::start()?;
        let mut asked = self.place.asked();
        asked.allow_public_mailbox = self.allow_public_mailbox;
        asked.look_for_file = !self.demo;
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
        let start = self.start()?;
        if let Start::Demo(Some(folder)) = &start {
            asked.flags.push(Flag {
                typed: "--demo".to_owned(),
                key: "data".to_owned(),
                value: folder.path().to_string_lossy().into_owned(),
            });
        }
        let configuration = configuration::load(&asked)?;
        let is_private = configuration.settings.is_private();
        if matches!(start, Start::Demo(_)) && !is_private {
            bail!(
                "--demo is for this machine only, because everybody knows its codes, and listen.http can be reached from other machines\n  \
                 listen on 127.0.0.1, or leave --demo out"
            );
        }
        let port = match start {
            Start::Usual => Port::Asked,
            Start::Demo(_) => Port::Near,
        };
        let (asked, configuration, inherited) = sockets::prepare(asked, configuration, port)?;
        installation::make_folders(&configuration.settings.data)?;
        let lines = log::start(&configuration.settings.log)?;
        let served = runtime()?.block_on(
            Prepared {
                asked,
                inherited,
                figures,
                start,
            }
            .serve(configuration, &lines),
        );
        drop(lines);
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

/// The runtime of everything but requests, which have a thread for each core.
fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// What is there before anything is served.
struct Prepared {
    asked: Asked,
    inherited: Inherited,
    figures: Figures,
    start: Start,
}

impl Prepared {
    async fn serve(self, configuration: Configuration, lines: &log::Writing) -> Result<()> {
        for warning in &configuration.warnings {
            tracing::warn!("{warning}");
        }
        let has_app = configuration.plan.needs_app();
        let settings = &configuration.settings;
        let started = Started {
            app: has_app,
            is_private: matches!(self.start, Start::Demo(_))
                || (has_app && settings.has_mailbox() && settings.is_private()),
        };
        let mut reload = Reload::new(self.asked, &configuration, started);
        let settings = Arc::new(configuration.settings);
        let mut signals = Signals::listen()?;
        let control = Control::open(&settings.data)?;
        let maintenance = installation::maintenance(&settings)?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let (figures, app) = if started.app {
            let site = open_site(&settings).await?;
            let figures = self.figures.with(site.store.clone());
            let app = App::open(site, &settings, &self.start, &figures, &stop).await?;
            (figures, Some(app))
        } else {
            (self.figures, None)
        };
        let access = access::open(&settings.log, lines)?;
        let (access, _written) = access.unzip();
        let url = app.as_ref().map(|app| app.site.url());
        let means = Means {
            workers: workers(),
            inherited: self.inherited,
            log: access,
            maintenance: Some(Arc::clone(&maintenance)),
            names: url
                .filter(|url| url.is_secure() && !url.is_loopback())
                .map(|url| url.host().to_owned())
                .into_iter()
                .collect(),
            ..Means::default()
        };
        let mounted = app.as_ref().map(|app| &app.mounted);
        let edge = Edge::start(configuration.plan, means, mounted).map_err(unlistened)?;
        let figures_edge = match &settings.metrics {
            Some(address) => Some(figures_alone(address, &settings, figures.clone())?),
            None => None,
        };
        let (wishes, mut wished) = mpsc::channel(WISHES);
        let hands = Hands {
            site: app.as_ref().map(|app| app.site.clone()),
            maintenance,
            settings: Arc::clone(&settings),
            wishes: Some(wishes),
        };
        tasks.spawn(control.serve(hands, stop.clone()));
        tasks.spawn(figures.tidy(stop.clone()));
        let links = app.map_or_else(String::new, |app| {
            app.background.start(&app.site, &tasks, &stop);
            app.links
        });
        let (names, farewell) = (names(&edge, &settings), self.start.farewell(&settings));
        if let Err(error) = say(&format!("Kenduri answers at {names}\n{links}{farewell}")) {
            tracing::warn!(%error, "nobody reads what is printed");
        }

        while let Some(wish) = signals.next(&mut wished, &self.start).await {
            match wish {
                Some(Wish::Apply(wish)) => drop(wish.send(reload.apply(&edge))),
                Some(Wish::Purge(tags, wish)) => {
                    let mut count = 0;
                    for tag in tags {
                        count += edge.purge(&tag).await;
                    }
                    let _ = wish.send(count);
                }
                None => match reload.apply(&edge) {
                    Ok(told) => tracing::info!("{}", told.trim_end()),
                    Err(error) => tracing::error!("nothing was changed: {error:#}"),
                },
            }
        }
        tracing::info!("stopping: nothing new is accepted, what runs may finish");
        stop.cancel();
        tasks.close();
        let figures_end = async {
            if let Some(edge) = figures_edge {
                edge.stop().await;
            }
        };
        let tasks_end = async {
            if tokio::time::timeout(DRAIN_TIME, tasks.wait())
                .await
                .is_err()
            {
                tracing::warn!(tasks = tasks.len(), "stopped in the middle of work");
            }
        };
        tokio::join!(edge.stop(), figures_end, tasks_end);
        Ok(())
    }
}

/// What the system may tell.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for a wish, none being that the settings are read again and nobody
    /// waits; nothing: Kenduri is to stop.
    async fn next(
        &mut self,
        wished: &mut mpsc::Receiver<Wish>,
        start: &Start,
    ) -> Option<Option<Wish>> {
        tokio::select! {
            _ = self.terminate.recv() => None,
            _ = self.interrupt.recv() => None,
            // A demonstration ends with the terminal it was started on.
            _ = self.hangup.recv() => matches!(start, Start::Usual).then_some(None),
            Some(wish) = wished.recv() => Some(Some(wish)),
        }
    }
}

/// Kenduri's own pages, and what goes on beside them.
struct App {
    site: Site,
    mounted: Mounted,
    background: Background,
    /// What to print of it.
    links: String,
}

impl App {
    async fn open(
        site: Site,
        settings: &Settings,
        start: &Start,
        figures: &Figures,
        stop: &CancellationToken,
    ) -> Result<Self> {
        let links = match start {
            Start::Usual => announce_setup(&site, settings).await?,
            Start::Demo(_) => demo::prepare(&site).await?,
        };
        let (budget, opens) = (GuessBudget::new(), Arc::new(Opens::default()));
        let key = site.store.write(|tx| key::load(tx, "guest")).await?;
        let accounts = Accounts::new(site.clone());
        let router = router::router(Parts {
            accounts: accounts.clone(),
            door: occasions::web::guest::Door::new(key, budget.clone(), Arc::clone(&opens)),
            mailbox: mailbox_access(settings),
            compat: compat(&site, settings, start).await?,
            figures: figures.clone(),
            stop: stop.clone(),
        });
        Ok(Self {
            mounted: Mounted::new(router, stop.clone()).knowing(accounts),
            background: Background {
                worker: background::worker(&site, settings).await?,
                jobs_at_once: settings.jobs_at_once,
                budget,
                opens,
            },
            site,
            links,
        })
    }
}

/// One for each core.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Which flag names the addresses, too.
fn unlistened(error: EdgeError) -> anyhow::Error {
    let is_flag = matches!(error, EdgeError::Listen(_));
    let error = anyhow::Error::new(error);
    if is_flag {
        anyhow::anyhow!("{error}\n  --listen, listen.http and listen.https name the addresses")
    } else {
        error
    }
}

/// Everything that is listened on, for people.
fn names(edge: &Edge, settings: &Settings) -> String {
    let http = edge.http_addresses().into_iter();
    let https = edge.https_addresses().into_iter();
    let tcp = http
        .map(|address| link_to("http", address))
        .chain(https.map(|address| link_to("https", address)));
    let all = settings.listen.http.iter().chain(&settings.listen.https);
    let unix = all.filter(|address| matches!(address, ListenAddress::Unix(_)));
    let names: Vec<String> = tcp.chain(unix.map(ToString::to_string)).collect();
    names.join(" and ")
}

/// `/metrics` on a listener of its own.
fn figures_alone(address: &ListenAddress, settings: &Settings, figures: Figures) -> Result<Edge> {
    let description = edge::Description {
        listen: edge::Listen {
            http: vec![address.to_string()],
            connections: METRICS_CONNECTIONS,
            ..edge::Listen::default()
        },
        ..edge::Description::default()
    };
    let data = settings.data.as_path();
    let plan = edge::Plan::check(&description, &edge::Ground { folder: data, data });
    let Ok(plan) = plan else {
        bail!("metrics.listen: cannot listen on {address}");
    };
    let router = router::figures_alone(figures);
    Edge::start(plan, Means::default(), Some(&router))
        .map_err(|error| anyhow::anyhow!("metrics.listen: {error}"))
}

async fn open_site(settings: &Arc<Settings>) -> Result<Site> {
    let settings = Arc::clone(settings);
    tokio::task::spawn_blocking(move || installation::open(&settings))
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

/// Which occasion answers at the addresses of older programs. One that is not there
/// yet may be made while Kenduri runs, so it is only told.
async fn compat(site: &Site, settings: &Settings, start: &Start) -> Result<Option<Compat>> {
    let named = settings.compat_occasion.as_deref();
    let slug = match start {
        Start::Usual => named,
        Start::Demo(_) => named.or(Some(occasions::demo::SLUG)),
    };
    let Some(slug) = slug else {
        return Ok(None);
    };
    let compat = Compat::new(slug);
    if compat.finds_occasion(&site.store).await? {
        return Ok(Some(compat));
    }
    if named.is_some() {
        tracing::warn!(
            "compat.occasion is {slug:?}, and there is no such occasion: until there is one, \
             /api/flask/rsvp and /socket.io answer not_found. Look at the address of its page, /o/SLUG"
        );
    }
    Ok(named.is_some().then_some(compat))
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
