//! What is done at a start before requests are served.

use anyhow::Result;
use configuration::Settings;
use identity::person::slug;
use operate::messages::ServeMode;
use platform::machines::Membership;
use platform::{StoreError, Tx};
use site::{Context, domains};
use web::Site;

use crate::app_setup::{self, Opened};
use crate::demo;
use crate::domains::DOMAINS;

/// Erases again what a restore brought back, and prepares the domains. Each process does this,
/// because another version may have more to do than the leader had; what is done already changes
/// nothing. Returns the links that are printed at a start.
pub(super) async fn run(
    settings: &Settings,
    opened: &Opened,
    membership: &Membership,
    accounts: &Context,
    start: ServeMode,
) -> Result<String> {
    let site = &opened.site;
    membership.lead_or_follow().await;
    let links = match start {
        // A new link would end the one that another machine has shown.
        ServeMode::Usual if !membership.is_leader_here() => String::new(),
        ServeMode::Usual => announce_setup(site, settings).await?,
        ServeMode::Demo | ServeMode::DemoForNow => demo::prepare(opened).await?,
    };
    app_setup::erase_again(settings, opened).await?;
    identity::person::erasure::repeat(accounts.domain_accounts, &site.store).await?;
    for domain in opened.domains {
        let owner = domain.migrations.owner;
        let prepared = (domain.before_serving)(site).await;
        prepared.map_err(|error| anyhow::anyhow!("{owner} cannot be served: {error}\n  do what it says, and start Kenduri again; if it says nothing to do, please report it"))?;
    }
    Ok(links)
}

/// If the installation has no owner. Only this user can read the file with the link, whose visitor
/// becomes the owner.
async fn announce_setup(site: &Site, settings: &Settings) -> Result<String> {
    let announced =
        identity::people::setup::announce(&site.store, site.url(), &settings.data).await?;
    Ok(announced.map_or_else(String::new, |announced| {
        format!(
            "\n  \
             This installation has no owner yet. Whoever opens this link within a day becomes the \
             owner:\n  \
             {}\n  \
             It is in {} too; a new one is made at every start.\n",
            announced.link.reveal(),
            announced.file.display()
        )
    }))
}

/// An account that already has such a slug keeps it.
pub(super) async fn reserve_slugs(site: &Site) -> Result<()> {
    let words = domains::reserved_slugs(DOMAINS);
    let reserve = move |tx: &mut Tx<'_>| slug::reserve(tx, &words);
    let held: Result<Vec<String>, StoreError> = site.store.write(reserve).await;
    for slug in held? {
        tracing::warn!(
            "an account has the slug {slug:?}, which is reserved by now; the account keeps it, and nothing needs to be done"
        );
    }
    Ok(())
}
