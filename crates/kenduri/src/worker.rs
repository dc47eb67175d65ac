//! The worker process. It runs the edge and the app on the supervisor process's listening sockets.
//! The supervisor process starts and replaces workers.

use std::collections::BTreeSet;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use ::backup::Agent;
use anyhow::{Context as _, Result, bail};
use compat::kadkahwin::ServedOccasion;
use compat::{booking_site, personal_site};
use configuration::{Configuration, Settings};
use edge::proxy::CookieKey;
use edge::{CdnId, Edge, Inherited, Options};
use identity::credential::provider::Providers;
use occasions::first_opened::Opens;
use occasions::link::LinkKey;
use occasions::own_domain;
use occasions::web::guest::CodeGate;
use occasions::web::own_domain::OwnDomains;
use operate::alerts::{self, Outlet, Watch};
use operate::channel::{self, Parcel};
use operate::machine::Machine;
use operate::messages::{DRAIN_TIME, MessageSender, RequestIds, ServeMode, ToParent, ToWorker};
use operate::metrics::{self, Metrics};
use operate::operators;
use operate::public_status::PublicStatus;
use operate::server::AdminParts;
use operate::server_status::ServerStatus;
use platform::Tx;
use platform::limits::guess::GuessBudget;
use site::webhook::declared;
use site::{Context, freeze, look};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::Site;
use web::mailbox::Access;
use web::state::Menu;

use crate::app_service::AppService;
use crate::app_setup::Opened;
use crate::background::{self, Background};
use crate::domains::DOMAINS;
use crate::request_context::RequestContext;
use crate::router::{self, Parts};
use crate::sd_notify::SdNotify;
use crate::shared_files::SharedFiles;
use crate::sockets::threads;
use crate::{app_setup, descriptors, log, masked_access_log, program_io};

mod active_settings;
mod listeners;
mod message_loop;
mod start_steps;
mod upstream_servers;

use active_settings::{ActiveSettings, Started};
use listeners::{figures_alone, listened, listening_addresses, not_ready, with_listen_advice};
use message_loop::MessageLoop;

const PARENT_ENDED: &str = "the supervisor process has ended, so this worker ends too\n  start Kenduri again, if systemd does not";

/// For the reasons of failed certificate orders, which occasions' hosts see.
const CERTIFICATES_PAUSE: Duration = Duration::from_secs(5);
const MAX_STATUS_REQUESTS: usize = 16;

/// Serves until the supervisor process stops this process. Standard input is the channel to the
/// supervisor process.
pub(crate) fn run() -> Result<()> {
    // Lists of processes would show the name of the link by which the supervisor started this one.
    let _ = rustix::thread::set_name(c"kenduri");
    let room = descriptors::make_room();
    // The metrics recorder comes first, so that it records all metrics.
    let figures = metrics::start()?;
    let channel =
        take_channel().context("only Kenduri itself runs this command; use `kenduri serve`")?;
    runtime()?.block_on(async {
        let (outbox, mut inbox, halt) = channel::open(channel)?;
        let Some((ToWorker::Begin { asked, start, is_first }, sockets)) = inbox.recv().await else {
            bail!("{PARENT_ENDED}");
        };
        let configuration = configuration::load_for_worker(DOMAINS, &asked)?;
        let lines = log::start(&configuration.settings.log, log::Who::Worker)?;
        if let Err(error) = room {
            tracing::warn!(%error, "cannot make room for many connections in advance; nothing needs to be done");
        }
        let begun = WorkerStart {
            start,
            is_first,
            sockets: Inherited::new(sockets)?,
            figures,
            line: MessageSender::new(outbox, RequestIds::default()),
            inbox,
        };
        let line = begun.line.clone();
        let served = Box::pin(begun.serve(configuration, &lines)).await;
        if let Err(error) = &served {
            let reason = format!("{error:#}");
            line.say(ToParent::Failed { reason }).await;
            // The message may still be in the queue. If nobody reads it, the log has the reason.
            let _ = halt.halt().await;
        }
        drop(lines);
        served
    })
}

/// From standard input, which becomes `/dev/null`.
fn take_channel() -> Result<UnixStream> {
    let stream = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    stream.peer_addr()?;
    rustix::stdio::dup2_stdin(OwnedFd::from(std::fs::File::open("/dev/null")?))?;
    Ok(stream)
}

/// For everything except the requests of clients, which one thread per core serves.
fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context(program_io::NO_RUNTIME)
}

struct WorkerStart {
    start: ServeMode,
    is_first: bool,
    sockets: Inherited,
    figures: Metrics,
    line: MessageSender<ToParent>,
    inbox: mpsc::Receiver<Parcel<ToWorker>>,
}

impl WorkerStart {
    async fn serve(self, configuration: Configuration, lines: &log::Lines) -> Result<()> {
        for warning in &configuration.warnings {
            tracing::warn!("{warning}");
        }
        let has_app = configuration.plan.needs_app();
        let settings = &configuration.settings;
        let started = Started {
            app: has_app,
            is_private: self.start.is_demo()
                || (has_app && settings.has_mailbox() && settings.is_private()),
        };
        let active = ActiveSettings::new(&configuration, started);
        let settings = Arc::new(configuration.settings);
        let mut terminate = signal(SignalKind::terminate())?;
        let manager = SdNotify::of(&program_io::environment());
        let maintenance = app_setup::maintenance(&settings);
        let (stop, ending) = (CancellationToken::new(), CancellationToken::new());
        let tasks = TaskTracker::new();
        let (ask, status_requests) = mpsc::channel(MAX_STATUS_REQUESTS);
        let server_status = ServerStatus::new(self.line.clone(), ask);
        let machine = Machine::new(&settings.data, &settings.store);
        let figures = self.figures.of_machine(machine);
        let (figures, app) = if started.app {
            // While an old worker serves, it answers meanwhile.
            let not_ready = || not_ready(&settings, &self.sockets);
            let answer = || self.is_first.then(not_ready).flatten();
            // A migration may take long, so `wait_for` requests more time from the service manager.
            let opened = tokio::select! {
                opened = manager.wait_for(app_setup::open_to_serve(&settings, answer)) => opened?,
                // It may wait for a migration for a long time.
                _ = terminate.recv() => return Ok(()),
            };
            let figures = figures.with(opened.site.store.clone());
            let stops = StopTokens {
                stop: stop.clone(),
                ending: ending.clone(),
            };
            let app = App::open(
                opened,
                &settings,
                self.start,
                &figures,
                server_status,
                stops,
                configuration.plan.named_hosts(),
            )
            .await?;
            (figures, Some(app))
        } else {
            (figures, None)
        };
        let access = masked_access_log::open(&settings.log, lines);
        let shared = app
            .as_ref()
            .and_then(|app| SharedFiles::of(&app.opened, &settings.store));
        if let Some(shared) = &shared {
            shared.load(&maintenance).await?;
        }
        let means = Options {
            workers: threads(),
            inherited: self.sockets,
            log: Some(access),
            maintenance: Some(Arc::clone(&maintenance)),
            certificate_book: shared.clone().map(SharedFiles::book),
            cdn_id: Some(CdnId::kept_in(&settings.data)),
            cookie_key: Some(CookieKey::kept_in(&settings.data)),
            ..Options::default()
        };
        let mounted = app.as_ref().map(|app| app.mounted.clone());
        let mounted = mounted.unwrap_or_else(|| {
            let router = operators::without_the_app(DOMAINS, figures.clone(), ending.clone());
            AppService::new(router, stop.clone())
        });
        let edge =
            Edge::start(configuration.plan, means, Some(&mounted)).map_err(with_listen_advice)?;
        let figures_edge = match &settings.metrics {
            Some(address) => Some(figures_alone(address, &settings, figures.clone())?),
            None => None,
        };
        tasks.spawn(figures.tidy(stop.clone()));
        let opened = app.as_ref().map(|app| app.opened.clone());
        let membership = opened.as_ref().and_then(|opened| opened.membership.clone());
        let backup = app.as_ref().and_then(|app| app.backup.clone());
        let own_domains = app.as_ref().and_then(|app| app.own_domains.clone());
        let links = app.map_or_else(String::new, |app| {
            app.background.start(&app.opened.site, &tasks, &stop);
            app.links
        });
        let hands = RequestContext {
            opened,
            backup: backup.clone(),
            maintenance,
            shared: shared.map(Ok),
            settings: Arc::clone(&settings),
            plan: edge.plan(),
            purges: None,
        };
        let services = &configuration.services;
        let mut message_loop = MessageLoop::new(
            &edge,
            active,
            self.line,
            hands,
            status_requests,
            services,
            ending.clone(),
        );
        message_loop.follow_other_machines(&tasks, &stop);
        let (names, farewell) = (
            listening_addresses(&edge, &settings),
            self.start.farewell(&settings),
        );
        if let Some(membership) = &membership {
            membership.set_ready(listened(&edge, &settings));
        }
        if let Err(error) =
            program_io::say(&format!("Kenduri answers at {names}\n{links}{farewell}"))
        {
            tracing::warn!(%error, "cannot print the addresses to standard output; nothing needs to be done");
        }
        manager.ready();
        let mut inbox = self.inbox;
        let serving = Box::pin(message_loop.serve(&mut inbox, terminate.recv()));
        tokio::select! {
            served = serving => served?,
            () = follow_own_domains(own_domains, &edge) => {}
        }
        tracing::info!("stopping: new connections are not accepted, running requests may finish");
        stop.cancel();
        if let Some(membership) = &membership {
            membership.drain();
        }
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
                tracing::warn!(
                    tasks = tasks.len(),
                    "stopped before all background work was done; it goes on after the next start, and nothing needs to be done"
                );
            }
        };
        let end = Box::pin(async { tokio::join!(edge.drain(), figures_end, tasks_end) });
        // While the last requests finish, services may still be replaced. The message loop must
        // continue, so that open websockets to a replaced service get their drain time.
        message_loop.finish(&mut inbox, end).await?;
        edge.end().await;
        // The last changes are copied to the backup only after all requests have finished. Until then,
        // they are only in the write-ahead log.
        background::end(backup, membership, &ending).await;
        Ok(())
    }
}

struct StopTokens {
    stop: CancellationToken,
    /// This token is cancelled when Kenduri as a whole stops, not only this worker.
    ending: CancellationToken,
}

struct App {
    opened: Opened,
    backup: Option<Arc<Agent>>,
    mounted: AppService,
    /// The occasions' own host names, if occasions may have any.
    own_domains: Option<OwnDomains>,
    background: Background,
    /// The links that are printed at startup.
    links: String,
}

impl App {
    async fn open(
        opened: Opened,
        settings: &Settings,
        start: ServeMode,
        figures: &Metrics,
        server_status: ServerStatus,
        stops: StopTokens,
        named_hosts: BTreeSet<String>,
    ) -> Result<Self> {
        let Opened { site, domains, .. } = opened.clone();
        let membership = opened.membership.clone();
        let membership = membership.context("this process is not in the list of machines; this is a mistake in Kenduri: please report it")?;
        let accounts = accounts(&opened, settings);
        let links = start_steps::run(settings, &opened, &membership, &accounts, start).await?;
        let backup = app_setup::start_backup(settings, &opened)?;
        if let Some(agent) = &backup {
            agent.hold_drills(move |tx| Ok(freeze::now(tx, domains)?.is_some()));
        }
        let every = settings.backup.as_ref().map(|backup| backup.every);
        let backup_every = every.unwrap_or_default();
        let machine = Machine::new(&settings.data, &settings.store);
        let (budget, opens) = (GuessBudget::new(), Arc::new(Opens::default()));
        let links_key = site.store.read(LinkKey::load).await?;
        let gate = CodeGate::new(&site, links_key, budget.clone(), Arc::clone(&opens));
        let own_domains = own_domains(&accounts, &gate, named_hosts);
        let router = router::router(Parts {
            accounts: accounts.clone(),
            gate,
            own_domains: own_domains.clone(),
            mailbox: mailbox_access(settings),
            kadkahwin: older_card_occasion(&site, settings, start).await?,
            personal_site: settings.personal_site.map(|site| personal_site::Policy {
                has_auth: site.has_auth,
                register_tokens: site.register_tokens,
            }),
            booking_site: settings.booking_site.map(|site| booking_site::Policy {
                has_auth: site.has_auth,
                register_tokens: site.register_tokens,
            }),
            figures: figures.clone(),
            public_status: public_status(settings, &server_status),
            admin: AdminParts {
                server: server_status.clone(),
                mail: background::mail_facts(settings),
                updates: settings.updates.clone().into(),
                backup: backup.clone(),
                machine: machine.clone(),
                membership: membership.clone(),
                domains,
                limits: settings.alerts.limits.clone(),
                backup_every,
            },
            stop: stops.stop.clone(),
            ending: stops.ending,
        });
        start_steps::reserve_slugs(&site).await?;
        let (home, webhooks) = (settings.site.home.clone(), settings.webhooks.clone());
        let mail = background::mail_facts(settings);
        let begin = move |tx: &mut Tx<'_>| {
            mail.begin(tx)?;
            declared::declare(tx, &webhooks)?;
            look::begin(tx, &home)
        };
        site.store.write(begin).await?;
        if let Some(agent) = &backup {
            app_setup::begin_acknowledging(agent, &site.store).await;
        }
        // A demo sends no alerts, because nobody relies on it.
        let alerts = (!start.is_demo()).then(|| {
            alerts::job(Watch {
                outlet: Outlet::new(&site, &settings.alerts),
                machine,
                membership: membership.clone(),
                server: server_status,
                backup: backup.clone(),
                every: backup_every,
                started: site.clock.now(),
            })
        });
        Ok(Self {
            background: Background {
                worker: background::worker(&accounts, settings, membership, alerts)?,
                jobs_at_once: settings.jobs_at_once,
                budget,
                opens,
            },
            mounted: AppService::new(router, stops.stop)
                .knowing(accounts)
                .with_own_domains(own_domains.clone()),
            own_domains,
            opened,
            backup,
            links,
        })
    }
}

/// A host name in `named_hosts` belongs to a route and is not available to occasions.
fn own_domains(
    accounts: &Context,
    gate: &CodeGate,
    named_hosts: BTreeSet<String>,
) -> Option<OwnDomains> {
    let site = &accounts.site;
    if !own_domain::ALLOWED.of(&site.declared.settings) {
        return None;
    }
    let mut there = accounts.clone();
    // The menu is empty, because the site's own pages do not exist at these host names.
    there.site.menu = Menu::default();
    let others = accounts::web::unsubscribe_routes(&there);
    Some(OwnDomains::new(site, gate, named_hosts, others))
}

/// If an order fails, stores the reason for the hosts. Never returns.
async fn follow_own_domains(own_domains: Option<OwnDomains>, edge: &Edge) {
    let Some(own_domains) = own_domains else {
        return std::future::pending().await;
    };
    let mut known = None;
    let order = async {
        loop {
            edge.order_also(own_domains.changed(&mut known).await);
        }
    };
    let tell = async {
        loop {
            let certificates = edge.certificates();
            let failures = certificates.iter().filter_map(|one| {
                let failures = one.failures.as_ref()?;
                Some((one.name.clone(), failures.why.clone()))
            });
            own_domains.set_failed_certificates(failures.collect());
            tokio::time::sleep(CERTIFICATES_PAUSE).await;
        }
    };
    tokio::join!(own_domains.follow(), order, tell);
}

fn public_status(settings: &Settings, server: &ServerStatus) -> Option<PublicStatus> {
    let services = settings.status.clone()?;
    Some(PublicStatus::new(server.clone(), services))
}

fn accounts(opened: &Opened, settings: &Settings) -> Context {
    let older = settings.personal_site.map(|policy| policy.register_tokens);
    let booking = settings.booking_site.map(|policy| policy.register_tokens);
    if older == Some(true) || booking == Some(true) {
        tracing::warn!(
            "compat.register_tokens is on: anybody can find out which addresses have an account; switch it off when nothing registers people at older addresses"
        );
    }
    let mut accounts = Context::new(opened.site.clone(), opened.domains);
    accounts.policy = identity::person::registration::Policy {
        registration: settings.registration,
        has_mail: !settings.has_mailbox(),
    };
    accounts.require_mfa_for = settings.require_mfa_for;
    accounts.providers = Providers::new(settings.providers.clone());
    accounts.mail_callbacks.clone_from(&settings.mail.callbacks);
    accounts.ses_topic.clone_from(&settings.mail.ses_topic);
    // The tests in `tests/api` set this variable, because they need higher limits per account.
    // Release builds ignore it.
    #[cfg(debug_assertions)]
    if program_io::environment()
        .iter()
        .any(|(name, _)| name == "KENDURI_TEST_UNLIMITED")
    {
        accounts.changes = identity::limits::changes::Changes::unlimited();
        accounts.limits = identity::limits::request_limits::RequestLimits::unlimited();
    }
    accounts
}

/// If it does not exist, logs only a warning, because somebody may create it while Kenduri runs.
async fn older_card_occasion(
    site: &Site,
    settings: &Settings,
    start: ServeMode,
) -> Result<Option<ServedOccasion>> {
    let named = settings.compat_occasion.as_deref();
    let demo = start.is_demo().then_some(occasions::demo::SLUG);
    let Some(slug) = named.or(demo) else {
        return Ok(None);
    };
    if !occasions::ENABLED.of(&site.declared.settings) {
        return Ok(None);
    }
    let served = ServedOccasion::new(slug);
    if served.finds_occasion(&site.store).await? {
        return Ok(Some(served));
    }
    if named.is_some() {
        tracing::warn!(
            "compat.occasion is {slug:?}, but there is no such occasion: until there is one, \
             /api/flask/rsvp and /socket.io answer not_found; correct it: the slug is the end of \
             the address, /o/SLUG"
        );
    }
    Ok(named.is_some().then_some(served))
}

/// `None` if nobody may. A mailbox that the network can reach exists only if it was explicitly
/// allowed. A site with a public URL may be behind a local proxy, where every request seems local.
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
