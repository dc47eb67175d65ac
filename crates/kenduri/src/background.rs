//! Background work of the app: jobs, counters that are written regularly, and a cleanup every
//! minute.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use backup::Agent;
use configuration::{MailRoute, Settings};
use occasions::first_opened::Opens;
use operate::server::{self, MailFacts};
use operate::updates;
use platform::jobs::{Done, Handler, Worker};
use platform::limits::guess::GuessBudget;
use platform::machines::Membership;
use platform::mail::bounces::{self, Mailbox};
use platform::mail::{self, Mailer, Post, Smtp, dkim, sealed_text, suppression};
use platform::{StoreError, Tx, audit, idempotency, news};
use site::webhook::declared;
use site::{Context, domains};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::Site;

/// A crash loses the page views of invitations since the last write.
const VIEWS_INTERVAL: Duration = Duration::from_secs(10);

pub(crate) struct Background {
    pub(crate) worker: Worker,
    /// The number of jobs that run concurrently.
    pub(crate) jobs_at_once: usize,
    /// Limits how often clients may guess invitation codes. All processes share the limit through
    /// the store.
    pub(crate) budget: GuessBudget,
    /// The page views of invitations that have not been written to the store yet.
    pub(crate) opens: Arc<Opens>,
}

impl Background {
    /// Starts all background work in `tasks`. The work ends after `stop` is cancelled.
    pub(crate) fn start(self, site: &Site, tasks: &TaskTracker, stop: &CancellationToken) {
        tasks.spawn(self.worker.run(self.jobs_at_once, stop.clone()));
        let (store, clock) = (site.store.clone(), site.clock.clone());
        tasks.spawn(self.budget.run(store, clock, stop.clone()));
        tasks.spawn(write_opens(self.opens, site.clone(), stop.clone()));
    }
}

/// Ends the backup, and leaves the list of machines. `ending` is cancelled if Kenduri as a whole
/// stops, not only this worker.
pub(crate) async fn end(
    backup: Option<Arc<Agent>>,
    membership: Option<Membership>,
    ending: &CancellationToken,
) {
    let is_last = ending.is_cancelled();
    let end = move || {
        match backup {
            Some(backup) if is_last => backup.stop(),
            Some(backup) => backup.hand_over(),
            None => {}
        }
        if let Some(membership) = membership {
            membership.leave();
        }
    };
    // A panic was reported when it happened.
    let _ = tokio::task::spawn_blocking(end).await;
}

/// Returns the data that the operator's page about mail needs from the settings.
pub(crate) fn mail_facts(settings: &Settings) -> Arc<MailFacts> {
    let mail = &settings.mail;
    Arc::new(MailFacts {
        domain: mail.from.address.domain().to_owned(),
        server: match &mail.route {
            MailRoute::Mailbox => None,
            MailRoute::Smtp(server) => Some(server.host.clone()),
        },
        dns: mail.name_servers.clone(),
        is_required: mail.require_records && !settings.has_mailbox(),
        bounces: mail.bounces.as_ref().map(Mailbox::name),
    })
}

/// Returns a worker for the jobs of all domains. `alerts` is the handler of the job that checks the
/// conditions of alerts.
pub(crate) fn worker(
    accounts: &Context,
    settings: &Settings,
    membership: Membership,
    alerts: Option<Handler>,
) -> Result<Worker> {
    let site = &accounts.site;
    let mailer = match &settings.mail.route {
        MailRoute::Mailbox => Mailer::Mailbox,
        MailRoute::Smtp(server) => {
            Mailer::Smtp(Box::new(Smtp::new(server.clone(), site.url().host())?))
        }
    };
    let post = Post {
        mailer,
        from: settings.mail.from.clone(),
        site_host: site.url().host().to_owned(),
        site_url: site.url().join(""),
        suppression: site.keys.key(suppression::PURPOSE),
        text: site.keys.key(sealed_text::PURPOSE),
        dkim: site.keys.key(dkim::PURPOSE),
        hears_deliveries: settings.mail.callbacks.is_some()
            || settings.mail.ses_topic.is_some()
            || settings.mail.bounces.is_some(),
    };
    let mut handlers = vec![
        Handler::each_minute("keep", async |_| Ok(Done::with(seal_and_sweep))),
        mail::handler(site.store.clone(), post),
        server::look_daily(site, &mail_facts(settings)),
    ];
    if let Some(mailbox) = &settings.mail.bounces {
        let key = site.keys.key(suppression::PURPOSE);
        handlers.push(bounces::handler(site.store.clone(), mailbox.clone(), key));
    }
    handlers.extend(alerts);
    handlers.extend(domains::jobs(accounts));
    handlers.push(declared::handler(site, settings.webhooks.clone()));
    if !settings.updates.is_empty() {
        handlers.push(updates::job(site, &settings.updates));
    }
    Ok(Worker::on(
        membership,
        site.store.clone(),
        site.clock.clone(),
        site.random.clone(),
        handlers,
    ))
}

fn seal_and_sweep(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    audit::chain::seal(tx)?;
    news::sweep(tx)?;
    idempotency::sweep(tx)?;
    suppression::sweep(tx)?;
    platform::store::sweep(tx)?;
    Ok(())
}

async fn write_opens(opens: Arc<Opens>, site: Site, stop: CancellationToken) {
    loop {
        let last = tokio::time::timeout(VIEWS_INTERVAL, stop.cancelled())
            .await
            .is_ok();
        if let Err(error) = opens.write(&site.store).await {
            tracing::warn!(%error, "cannot store which invitations were opened; it is tried again; if this goes on, check the store's disk or database server");
        }
        if last {
            return;
        }
    }
}
