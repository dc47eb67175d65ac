//! Carries out the requests that commands send to a running Kenduri. If Kenduri is not running, the
//! command itself carries out some of them.

mod maintenance;

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use configuration::Settings;
use edge::Plan;
use edge::maintenance::Maintenance;
use identity::account::{AccountZone, DisplayName, NewAccount};
use identity::grant::{self, Scope};
use identity::people::factor_reset::{self, Reset};
use identity::people::setup::{self, Credential};
use identity::session::token::{self, NewToken, TokenScope};
use occasions::{occasion, role};
use operate::control_requests::{ControlRequest, ControlResponse, OwnerCreate, Reply, TokenCreate};
use platform::audit::chain;
use platform::machines;
use platform::mail::Address;
use platform::{StoreError, Tx};
use site::{Domains, freeze};
use tokio::sync::{mpsc, oneshot};
use web::Site;

use crate::app_setup::{self, Opened};
use crate::shared_files::{Purge, SharedFiles};

const NO_BACKUP: &str = "no backup is set up\n  set backup.to in kenduri.toml, and restart Kenduri";

/// The data and channels that the handlers of requests need.
#[derive(Clone)]
pub(crate) struct RequestContext {
    /// The app; `None` if it does not run.
    pub(crate) opened: Option<Opened>,
    /// The running backup; `None` if this process makes no backups.
    pub(crate) backup: Option<Arc<backup::Agent>>,
    pub(crate) maintenance: Arc<Maintenance>,
    /// What other machines share; `None` if there are none. The error says why the store that they
    /// share cannot be used.
    pub(crate) shared: Option<Result<SharedFiles, String>>,
    /// The settings from which links are built.
    pub(crate) settings: Arc<Settings>,
    pub(crate) plan: Arc<Plan>,
    /// The channel for deleting cached responses; `None` if Kenduri is not running.
    pub(crate) purges: Option<mpsc::Sender<Purge>>,
}

impl RequestContext {
    pub(crate) async fn reply(&self, request: ControlRequest) -> Reply {
        let done = self.carry_out(request).await;
        done.map_or_else(|error| Reply::Error(format!("{error:#}")), Reply::Ok)
    }

    pub(crate) async fn carry_out(&self, request: ControlRequest) -> Result<ControlResponse> {
        match request {
            ControlRequest::OwnerCreate(order) => create_owner(order, self.opened()?).await,
            ControlRequest::FactorsReset { email } => {
                reset_factors(&email, &self.opened()?.site).await
            }
            ControlRequest::TokenCreate(order) => create_token(order, self.opened()?).await,
            ControlRequest::VerifyAudit => verify_audit(&self.opened()?.site).await,
            ControlRequest::BackupNow => back_up(self, backup::Agent::now).await,
            ControlRequest::BackupAnew => back_up(self, backup::Agent::begin_anew).await,
            ControlRequest::Freeze => frozen(self).await,
            ControlRequest::VerifyBookings => verify_bookings(&self.opened()?.site).await,
            ControlRequest::Purge { tags } => {
                let (answer, count) = oneshot::channel();
                let purges = self
                    .purges
                    .as_ref()
                    .context("Kenduri is not serving requests\n  try again when it does")?;
                let told = match &self.shared {
                    Some(Ok(shared)) => shared.tell_purged(&tags).await,
                    // Only a command has an error here, and no cache.
                    Some(Err(_)) | None => Ok(()),
                };
                purges
                    .send((tags, answer))
                    .await
                    .context("Kenduri is stopping\n  start it, and try again")?;
                let count = count
                    .await
                    .context("Kenduri is stopping\n  start it, and try again")?;
                told.with_context(|| {
                    format!("{count} responses were removed here, but the other machines were not told\n  run the command again when the store works")
                })?;
                Ok(ControlResponse::Purged { count })
            }
            ControlRequest::Apply | ControlRequest::State | ControlRequest::Services(_) => {
                bail!(
                    "only the supervisor process can do this\n  start Kenduri, and run the command again"
                )
            }
            ControlRequest::TakeOver => {
                bail!(
                    "this Kenduri serves already, and follows no other machine\n  \
                     run `kenduri take-over` on the machine where `kenduri follow` runs"
                )
            }
            ControlRequest::MaintenanceOn { host } => {
                maintenance::close(host.as_deref(), self).await
            }
            ControlRequest::MaintenanceOff { host } => {
                maintenance::open(host.as_deref(), self).await
            }
        }
    }

    fn opened(&self) -> Result<&Opened> {
        self.opened.as_ref().context(
            "this Kenduri runs without its own pages, so it has no accounts\n  \
             add a [[route]] with to = \"app\", and restart Kenduri",
        )
    }
}

async fn create_owner(
    order: OwnerCreate,
    Opened { site, domains, .. }: &Opened,
) -> Result<ControlResponse> {
    let email: Result<Address, _> = order.email.parse();
    let Ok(email) = email else {
        bail!(
            "{:?} is not a mail address\n  write it as NAME@example.org",
            order.email
        );
    };
    let name: Result<DisplayName, _> = order.name.parse();
    let name =
        name.with_context(|| format!("{:?} cannot be the name of an account", order.name))?;
    let new = NewAccount {
        name,
        email,
        locale: site
            .settings
            .languages
            .first()
            .map_or_else(|| "en".to_owned(), Clone::clone),
        zone: AccountZone::guess(site, None),
    };
    let domains = *domains;
    let (_, secret) = site
        .store
        .write(move |tx| {
            setup::create_owner(
                tx,
                &site::domains::for_identity(domains),
                &new,
                &Credential::Link,
            )
        })
        .await?;
    let secret = secret.context("no link was made\n  please report this")?;
    Ok(ControlResponse::Owner {
        link: site.url().join(&format!("/sign-in/{}", secret.reveal())),
    })
}

async fn reset_factors(typed: &str, site: &Site) -> Result<ControlResponse> {
    let Ok(email) = typed.parse::<Address>() else {
        bail!("{typed:?} is not a mail address\n  write it as NAME@example.org");
    };
    let here = site.clone();
    let change = move |tx: &mut Tx<'_>| factor_reset::reset_now(tx, &here, &email);
    match site.store.write(change).await? {
        Reset::Done => Ok(ControlResponse::FactorsReset),
        Reset::Nothing => {
            bail!("{typed} has neither a second factor nor a passkey\n  there is nothing to reset")
        }
        Reset::Nobody => {
            bail!("no account signs in with {typed:?}\n  write the address that the account has")
        }
    }
}

async fn create_token(
    order: TokenCreate,
    Opened { site, domains, .. }: &Opened,
) -> Result<ControlResponse> {
    if !occasions::ENABLED.of(&site.declared.settings) {
        bail!(
            "occasions are off\n  remove occasions.enabled from kenduri.toml, and restart Kenduri"
        );
    }
    let domains = *domains;
    let created = site.store.write(move |tx| token(tx, domains, &order));
    let created = created.await?;
    Ok(ControlResponse::Token {
        token: created.secret.reveal().to_owned(),
        expires_at: created.expires_at.to_string(),
    })
}

/// If Kenduri is not running, starts the backup for this snapshot only.
async fn back_up(
    hands: &RequestContext,
    make: fn(&backup::Agent) -> Result<(), backup::BackupError>,
) -> Result<ControlResponse> {
    let agent = if let Some(agent) = &hands.backup {
        Arc::clone(agent)
    } else {
        if hands.settings.backup.is_none() {
            bail!(NO_BACKUP);
        }
        refuse_beside_a_leader(hands.opened()?).await?;
        app_setup::start_backup(&hands.settings, hands.opened()?)?.context(NO_BACKUP)?
    };
    let is_under_way = hands.backup.is_some();
    tokio::task::spawn_blocking(move || {
        let done = make(&agent);
        if !is_under_way {
            agent.stop();
        }
        done
    })
    .await??;
    Ok(ControlResponse::BackedUp)
}

/// The leader makes the backup, on the machine on which it runs.
async fn refuse_beside_a_leader(Opened { site, .. }: &Opened) -> Result<()> {
    let look = |tx: &mut Tx<'_>| {
        let now = tx.roughly_now();
        machines::list(tx, now)
    };
    let listed = site.store.read(look).await?;
    match listed.iter().find(|one| one.is_alive && one.is_leader) {
        None => Ok(()),
        Some(leader) => bail!(
            "{} makes the backup of this store\n  run this command there",
            leader.process.name
        ),
    }
}

/// Without the app, there are no events and therefore no freezes.
async fn frozen(hands: &RequestContext) -> Result<ControlResponse> {
    let Some(Opened { site, domains, .. }) = &hands.opened else {
        return Ok(ControlResponse::Frozen { until: None });
    };
    let domains = *domains;
    let freeze = site.store.read(move |tx| freeze::now(tx, domains)).await?;
    Ok(ControlResponse::Frozen {
        until: freeze.map(|freeze| freeze.until),
    })
}

async fn verify_audit(site: &Site) -> Result<ControlResponse> {
    let broken = site.store.read_at_length(chain::verify).await?;
    Ok(ControlResponse::AuditVerified {
        broken: broken.map(|broken| broken.place),
    })
}

async fn verify_bookings(site: &Site) -> Result<ControlResponse> {
    if !bookings::ENABLED.of(&site.declared.settings) {
        bail!(
            "bookings are off\n  write enabled = true below [bookings] in kenduri.toml, and restart Kenduri"
        );
    }
    let wrong = site.store.read_at_length(bookings::verify::find).await?;
    Ok(ControlResponse::BookingsVerified { wrong })
}

#[derive(Debug, thiserror::Error)]
enum TokenRefused {
    #[error("there is no occasion {0:?}\n  its slug is the end of its address: /o/SLUG")]
    NoOccasion(String),
    #[error("no account signs in with {0:?}\n  write the address that the account has")]
    NoAccount(String),
    #[error("there is no owner yet\n  make one with: kenduri owner create")]
    NoOwner,
    #[error(
        "there are several owners\n  name the one whose token it is: --account ADDRESS, one of {0}"
    )]
    SeveralOwners(String),
    #[error(
        "{0:?} is not a scope that a token can have\n  \
         write some of profile:read, occasion:read, occasion:write, rsvps:read, rsvps:write"
    )]
    NoScope(String),
    #[error(transparent)]
    Token(#[from] token::CreateError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn token(
    tx: &mut Tx<'_>,
    domains: Domains,
    order: &TokenCreate,
) -> Result<token::Created, TokenRefused> {
    let occasion = occasion::find_by_slug(tx, &order.occasion)?
        .ok_or_else(|| TokenRefused::NoOccasion(order.occasion.clone()))?;
    let mut owners = grant::list(tx, &Scope::site())?;
    owners.retain(|member| member.role == grant::OWNER);
    let account = match &order.account {
        Some(typed) => {
            typed
                .parse()
                .ok()
                .map(|address: Address| identity::account::find_by_email(tx, &address))
                .transpose()?
                .flatten()
                .ok_or_else(|| TokenRefused::NoAccount(typed.clone()))?
                .id
        }
        None => match owners.as_slice() {
            [] => return Err(TokenRefused::NoOwner),
            [only] => only.account.clone(),
            several => {
                let addresses: Vec<&str> =
                    several.iter().map(|member| member.email.as_str()).collect();
                return Err(TokenRefused::SeveralOwners(addresses.join(", ")));
            }
        },
    };
    let new = NewToken {
        name: order.name.clone(),
        scopes: TokenScope::find_all(&site::domains::for_identity(domains), &order.scopes)
            .map_err(|unknown| TokenRefused::NoScope(order.scopes[unknown].clone()))?,
        scope: Some(role::scope(&occasion).name()),
        days: order.days,
    };
    Ok(token::create(tx, &account, &new, None)?)
}
