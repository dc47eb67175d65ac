//! What a person may order from the command line: said once here, carried out
//! by the Kenduri that runs, or by the word itself when none runs.

mod doors;
pub(crate) mod neighbours;

use std::path::PathBuf;
use std::sync::Arc;

use accounts::account::{DisplayName, NewAccount};
use accounts::grant::{self, Scope};
use accounts::setup::{self, Credential};
use accounts::token::{self, NewToken, Right};
use anyhow::{Context as _, Result, bail};
use edge::Plan;
use edge::maintenance::Maintenance;
use occasions::{occasion, role};
use platform::mail::Address;
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use web::Site;

use crate::configuration::Settings;
use crate::control::Reply;

/// An order, as it travels over the control socket.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub(crate) enum Order {
    /// Make somebody an owner of the installation.
    OwnerCreate(OwnerCreate),
    /// Make an API token.
    TokenCreate(TokenCreate),
    /// Read the settings again, and do what they say now.
    Apply,
    /// Take what is kept with these paths and tags out of the cache of the front door.
    Purge {
        /// What begins with `/` is the beginning of a path; `*` is everything.
        tags: Vec<String>,
    },
    /// Close the doors, of one host or of all.
    MaintenanceOn {
        /// The host; nothing: all.
        host: Option<String>,
    },
    /// Open the doors.
    MaintenanceOff,
    /// Of what is kept running.
    Neighbours(neighbours::Order),
}

/// Make somebody an owner of the installation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OwnerCreate {
    /// The address they sign in with.
    pub(crate) email: String,
    /// What they want to be called.
    pub(crate) name: String,
}

/// Make an API token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TokenCreate {
    /// The slug of the one occasion it reaches.
    pub(crate) occasion: String,
    /// What it may be used for.
    pub(crate) scopes: Vec<Right>,
    /// Whose it is, by address; nothing: the only owner's.
    pub(crate) account: Option<String>,
    /// What its owner calls it.
    pub(crate) name: String,
    /// How long it works.
    pub(crate) days: u16,
}

/// What came of an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// Somebody is an owner.
    Owner {
        /// Signs in once, and leads to where a password is set.
        link: String,
    },
    /// A token was made.
    Token {
        /// The token, which is never shown again.
        token: String,
        /// Until when it works.
        expires_at: String,
    },
    /// New settings were taken.
    Applied {
        /// Which, and what waits for a restart.
        said: String,
        /// The file that was read; nothing: there is none, or somebody else knows.
        #[serde(default)]
        file: Option<PathBuf>,
    },
    /// Kept answers were taken out of the cache.
    Purged {
        /// How many.
        count: usize,
    },
    /// The doors are closed.
    Closed {
        /// Each lets whoever opens it in at its host.
        links: Vec<String>,
        /// At so many other hosts the same end of an address does.
        others: usize,
    },
    /// The doors are open.
    Open,
    /// Of what is kept running.
    Neighbours(neighbours::Outcome),
}

/// Kept answers that are to be taken out of the cache: their paths and tags, and who waits
/// to hear how many went.
pub(crate) type Purge = (Vec<String>, oneshot::Sender<usize>);

/// What orders are carried out with.
#[derive(Clone)]
pub(crate) struct Hands {
    /// The app, if any of it runs.
    pub(crate) site: Option<Site>,
    /// Closes the doors.
    pub(crate) maintenance: Arc<Maintenance>,
    /// Where links lead.
    pub(crate) settings: Arc<Settings>,
    /// What the front door does, or would.
    pub(crate) plan: Arc<Plan>,
    /// Whoever has the front door, if anybody runs.
    pub(crate) purges: Option<mpsc::Sender<Purge>>,
}

impl Order {
    /// Does it, and says how it went.
    pub(crate) async fn reply(self, hands: &Hands) -> Reply {
        let done = self.carry_out(hands).await;
        done.map_or_else(|error| Reply::Error(format!("{error:#}")), Reply::Ok)
    }

    /// Whether it needs the app and its store.
    pub(crate) fn is_for_the_app(&self) -> bool {
        matches!(self, Self::OwnerCreate(_) | Self::TokenCreate(_))
    }

    /// Does it.
    pub(crate) async fn carry_out(self, hands: &Hands) -> Result<Outcome> {
        match self {
            Self::OwnerCreate(order) => create_owner(order, hands.site()?).await,
            Self::TokenCreate(order) => create_token(order, hands.site()?).await,
            Self::Purge { tags } => {
                let (answer, count) = oneshot::channel();
                let purges = hands.purges.as_ref().context("Kenduri does not run")?;
                purges.send((tags, answer)).await?;
                Ok(Outcome::Purged {
                    count: count.await.context("Kenduri is stopping")?,
                })
            }
            Self::Apply | Self::Neighbours(_) => bail!("this is for the keeper"),
            Self::MaintenanceOn { host } => doors::close(host.as_deref(), hands),
            Self::MaintenanceOff => doors::open(hands),
        }
    }
}

impl Hands {
    fn site(&self) -> Result<&Site> {
        self.site.as_ref().context(
            "this Kenduri runs without its own pages, so it has no accounts\n  \
             write a [[route]] with to = \"app\", and restart it",
        )
    }
}

async fn create_owner(order: OwnerCreate, site: &Site) -> Result<Outcome> {
    let email: Result<Address, _> = order.email.parse();
    let Ok(email) = email else {
        bail!("{:?} is no mail address", order.email);
    };
    let name: DisplayName = order.name.parse()?;
    let new = NewAccount {
        name,
        email,
        locale: site
            .settings
            .languages
            .first()
            .map_or_else(|| "en".to_owned(), Clone::clone),
        time_zone: site
            .settings
            .time_zone
            .iana_name()
            .unwrap_or("UTC")
            .to_owned(),
    };
    let (_, secret) = site
        .store
        .write(move |tx| setup::create_owner(tx, &new, &Credential::Link))
        .await?;
    let secret = secret.context("no link was made")?;
    Ok(Outcome::Owner {
        link: site.url().join(&format!("/sign-in/{}", secret.reveal())),
    })
}

async fn create_token(order: TokenCreate, site: &Site) -> Result<Outcome> {
    let created = site.store.write(move |tx| token(tx, &order)).await?;
    Ok(Outcome::Token {
        token: created.secret.reveal().to_owned(),
        expires_at: created.expires_at.to_string(),
    })
}

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("there is no occasion {0:?}\n  its slug stands in its address: /o/SLUG")]
    NoOccasion(String),
    #[error("nobody signs in with {0:?}")]
    NoAccount(String),
    #[error("there is no owner yet\n  make one with: kenduri owner create")]
    NoOwner,
    #[error("there are several owners\n  say whose token it is: --account ADDRESS, one of {0}")]
    SeveralOwners(String),
    #[error(transparent)]
    Token(#[from] token::CreateError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn token(tx: &mut Tx<'_>, order: &TokenCreate) -> Result<token::Created, Refused> {
    let occasion = occasion::find_by_slug(tx, &order.occasion)?
        .ok_or_else(|| Refused::NoOccasion(order.occasion.clone()))?;
    let mut owners = grant::list(tx, &Scope::site())?;
    owners.retain(|member| member.role == grant::OWNER);
    let account = match &order.account {
        Some(typed) => {
            typed
                .parse()
                .ok()
                .map(|address: Address| accounts::account::find_by_email(tx, &address))
                .transpose()?
                .flatten()
                .ok_or_else(|| Refused::NoAccount(typed.clone()))?
                .id
        }
        None => match owners.as_slice() {
            [] => return Err(Refused::NoOwner),
            [only] => only.account.clone(),
            several => {
                let addresses: Vec<&str> =
                    several.iter().map(|member| member.email.as_str()).collect();
                return Err(Refused::SeveralOwners(addresses.join(", ")));
            }
        },
    };
    let new = NewToken {
        name: order.name.clone(),
        rights: order.scopes.clone(),
        scope: Some(role::scope(&occasion).name()),
        days: order.days,
    };
    Ok(token::create(tx, &account, &new, None)?)
}
