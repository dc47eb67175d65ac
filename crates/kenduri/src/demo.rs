//! `serve --demo`: a sample wedding, its host's account, and the links to print.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use identity::account::{self, DisplayName, NewAccount};
use identity::grant::{self, GrantError};
use identity::people::setup::{self, Credential, SetupError};
use identity::sign_in;
use occasions::link::LinkKey;
use occasions::role::{self, Role};
use platform::mail::Address;
use platform::{Random, Secret, StoreError, Tx};
use site::Domains;

use crate::app_setup::Opened;

/// The invitation whose link is printed: unanswered, with two plus-ones.
const INVITATION: &str = "RAHMA";
/// The host.
const HOST: (&str, &str) = ("Aisyah", "aisyah@example.com");

/// Creates the sample wedding, unless the store has an occasion, and a sign-in link for its host
/// that is valid until the next start. Returns the text to print.
pub(crate) async fn prepare(Opened { site, domains }: &Opened) -> Result<String> {
    if !occasions::ENABLED.of(&site.declared.settings) {
        bail!(
            "the demonstration is an occasion, and occasions are off\n  leave occasions.enabled out"
        );
    }
    let domains = *domains;
    let host = Host {
        name: HOST.0.parse()?,
        email: HOST.1.parse()?,
    };
    let seeding = host.clone();
    site.store
        .write(move |tx| seed(tx, domains, &seeding))
        .await?;
    let secret = site
        .store
        .write(move |tx| sign_in_link(tx, &host.email))
        .await?;
    let url = site.url();
    let links = site.store.read(LinkKey::load).await?;
    let guest = url.join(&links.to(INVITATION));
    let mailbox = url.join("/mailbox");
    let host = secret.map_or_else(
        || "the host of this store was never made by a demonstration".to_owned(),
        |secret| {
            let link = url.join(&format!("/sign-in/{}", secret.reveal()));
            format!("{link}   (signs in once)")
        },
    );
    Ok(format!(
        "\n  A guest's invitation   {guest}\n  The host's side        {host}\n  The mailbox            {mailbox}\n"
    ))
}

#[derive(Clone)]
struct Host {
    name: DisplayName,
    email: Address,
}

/// Why the demo could not be created.
#[derive(Debug, thiserror::Error)]
enum SeedError {
    #[error(transparent)]
    Host(#[from] SetupError),
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn seed(tx: &mut Tx<'_>, domains: Domains, host: &Host) -> Result<(), SeedError> {
    let Some(occasion) = occasions::demo::seed(tx)? else {
        return Ok(());
    };
    let new = NewAccount {
        name: host.name.clone(),
        email: host.email.clone(),
        locale: "en".to_owned(),
        time_zone: occasions::demo::ZONE.to_owned(),
    };
    let (account, _) = setup::create_owner(
        tx,
        &site::domains::for_identity(domains),
        &new,
        &Credential::Link,
    )?;
    let scope = role::scope(&occasion);
    grant::give(tx, &account, Role::OccasionOwner.into(), &scope, None)?;
    Ok(())
}

/// `None` when the store is not a demo's and has no such host.
fn sign_in_link(tx: &mut Tx<'_>, email: &Address) -> Result<Option<Secret>, StoreError> {
    match account::find_by_email(tx, email)? {
        Some(host) => sign_in::create_link(tx, &host.id).map(Some),
        None => Ok(None),
    }
}

/// A temporary folder, removed when the demo ends.
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    /// Creates a new folder for this user alone.
    pub(crate) fn create() -> Result<Self> {
        let mut bytes = [0; 8];
        Random::system().fill(&mut bytes);
        let number = u64::from_be_bytes(bytes);
        let path = std::env::temp_dir().join(format!("kenduri-demo-{number:016x}"));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| {
                format!(
                    "cannot make {}\n  name a folder with --data",
                    path.display()
                )
            })?;
        Ok(Self(path))
    }

    /// The existing folder of a running demo.
    pub(crate) fn resume(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder's path.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // A folder that cannot be removed is left to the system, which cleans `/tmp`.
        let _ = fs::remove_dir_all(&self.0);
    }
}
