//! The contents of `serve --demo`, and the links that it prints. A demo contains a wedding, and the
//! host's site with countdowns, a blog and lessons to book. It also contains a person who has no
//! part in the wedding.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail};
use axum::body::Bytes;
use identity::account::{self, AccountId, AccountZone, CreateError, NewAccount, ZoneSource};
use identity::grant::{self, GrantError};
use identity::people::import;
use identity::people::setup::{self, Credential, SetupError};
use identity::person::profile::Profile;
use identity::person::slug;
use identity::sign_in;
use occasions::link::LinkKey;
use occasions::role::{self, Role};
use platform::mail::Address;
use platform::{Random, Secret, StoreError, Tx};
use site::Domains;
use site::look::{self, Look};
use web::{Look as Theme, Problem, Site, picture_folder};

use crate::app_setup::Opened;

/// Its household has not replied and may bring two more people.
const PRINTED_INVITATION: &str = "RAHMA";
const HOST: (&str, &str) = ("Aisyah", "aisyah@example.com");
/// A person with an account but no part in the wedding.
const MEMBER: (&str, &str) = ("Mei Lin", "mei.lin@example.com");
/// A person who waits for a place in a class.
const WAITING: (&str, &str) = ("Farid", "farid@example.com");

pub(crate) const SITE: &str = "Aisyah & Daniel";
const INTRODUCTION: &str = "Aisyah teaches, Daniel repairs clocks. Here is what we learn on the way \
    to our wedding, and the days that we count.";
const SENTENCE: &str = "We cook for three hundred, and write it down.";
const PORTRAIT: (&str, &str) = (
    "portrait-480x576.jpg",
    "Aisyah in a red headscarf and Daniel with a black cap, laughing, hills behind them",
);

/// Creates the demo, unless the store already contains an occasion. Also creates a sign-in link for
/// the host and another for the member. These links are valid until the next start. Returns the
/// text to be printed.
pub(crate) async fn prepare(Opened { site, domains, .. }: &Opened) -> Result<String> {
    if !occasions::ENABLED.of(&site.declared.settings) {
        bail!(
            "the demo is an occasion, and occasions are off\n  remove occasions.enabled from the settings"
        );
    }
    let (host, member) = (person(HOST.0, HOST.1)?, person(MEMBER.0, MEMBER.1)?);
    let sample = Sample {
        domains,
        has_countdowns: countdowns::ENABLED.of(&site.declared.settings),
        has_posts: posts::ENABLED.of(&site.declared.settings),
        has_bookings: bookings::ENABLED.of(&site.declared.settings),
        host: host.clone(),
        member: member.clone(),
        waiting: person(WAITING.0, WAITING.1)?,
    };
    if site.store.write(move |tx| sample.seed(tx)).await? {
        let written = put_pictures(site).await;
        written.map_err(|problem| anyhow!("cannot keep the pictures: {problem:?}\n  the data folder must be writable and have room: --data DIR"))?;
    }
    let sign_in = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        Ok([
            sign_in_link(tx, &host.email)?,
            sign_in_link(tx, &member.email)?,
        ])
    };
    let [host, member] = site.store.write(sign_in).await?;
    let url = site.url();
    let links = site.store.read(LinkKey::load).await?;
    let guest = url.join(&links.to(PRINTED_INVITATION));
    let mailbox = url.join("/mailbox");
    let link = |secret: Option<Secret>| {
        secret.map_or_else(
            || "(this store has no account of a demo)".to_owned(),
            |secret| {
                let link = url.join(&format!("/sign-in/{}", secret.reveal()));
                format!("{link}   (signs in once)")
            },
        )
    };
    Ok(format!(
        "\n  The site               {}\n  A guest's invitation   {guest}\n  The host's side        {}\n  \
         A member               {}\n  The mailbox            {mailbox}\n",
        url.join("/"),
        link(host),
        link(member),
    ))
}

async fn put_pictures(site: &Site) -> Result<(), Problem> {
    let portrait = Bytes::from_static(include_bytes!("../pictures/portrait.jpg"));
    look::PICTURES.put(site, PORTRAIT.0, portrait).await?;
    posts::demo::put_picture(site).await
}

fn person(name: &str, email: &str) -> Result<NewAccount> {
    Ok(NewAccount {
        name: name.parse()?,
        email: email.parse()?,
        locale: "en".to_owned(),
        zone: AccountZone {
            name: occasions::demo::ZONE.to_owned(),
            source: ZoneSource::Site,
        },
    })
}

/// Depends on the enabled domains.
struct Sample {
    domains: Domains,
    has_countdowns: bool,
    has_posts: bool,
    has_bookings: bool,
    host: NewAccount,
    member: NewAccount,
    waiting: NewAccount,
}

#[derive(Debug, thiserror::Error)]
enum SeedError {
    #[error(transparent)]
    Host(#[from] SetupError),
    #[error(transparent)]
    Member(#[from] CreateError),
    #[error(transparent)]
    Grant(#[from] GrantError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sample {
    /// Returns whether the store was new.
    fn seed(&self, tx: &mut Tx<'_>) -> Result<bool, SeedError> {
        let Some(occasion) = occasions::demo::seed(tx)? else {
            return Ok(false);
        };
        let domains = site::domains::for_identity(self.domains);
        let (host, _) = setup::create_owner(tx, &domains, &self.host, &Credential::Link)?;
        let scope = role::scope(&occasion);
        grant::give(tx, &host, Role::OccasionOwner.into(), &scope, None)?;
        let member = account::create(tx, &self.member)?;
        if self.has_countdowns {
            let day = occasions::demo::wedding_day(tx.now());
            let people = [&host, &member];
            countdowns::demo::seed(tx, people, occasions::demo::ZONE, "Our wedding", day)?;
        }
        if self.has_posts {
            posts::demo::seed(tx, &host)?;
        }
        if self.has_bookings {
            let waiting = account::create(tx, &self.waiting)?;
            let (members, zone) = ([&member, &waiting], occasions::demo::ZONE);
            bookings::demo::seed(tx, &host, HOST.0, members, zone)?;
        }
        introduce(
            tx,
            &host,
            "I teach the second form, and count the days without sugar.",
        )?;
        introduce(
            tx,
            &member,
            "I keep the servers of the choir running. Mostly.",
        )?;
        look::begin_with(tx, first_look())?;
        Ok(true)
    }
}

fn introduce(tx: &mut Tx<'_>, id: &AccountId, bio: &str) -> Result<(), StoreError> {
    let profile = Profile {
        bio: bio.to_owned(),
        location: "Seremban".to_owned(),
        ..Profile::default()
    };
    import::set_profile(tx, id, profile)?;
    slug::of(tx, id)?;
    Ok(())
}

fn first_look() -> Look {
    let (file, alt) = PORTRAIT;
    let (width, height) = picture_folder::dimensions(file).unwrap_or_default();
    Look {
        look: Theme::Veranda,
        sentence: SENTENCE.to_owned(),
        introduction: INTRODUCTION.to_owned(),
        portrait: file.to_owned(),
        portrait_alt: alt.to_owned(),
        portrait_width: width.into(),
        portrait_height: height.into(),
        ..Look::default()
    }
}

/// `None` if no account has this email address, because the store then contains no demo.
fn sign_in_link(tx: &mut Tx<'_>, email: &Address) -> Result<Option<Secret>, StoreError> {
    match account::find_by_email(tx, email)? {
        Some(host) => sign_in::create_link(tx, &host.id).map(Some),
        None => Ok(None),
    }
}

/// A temporary folder. It is deleted when this value is dropped.
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    /// Creates a temporary folder that only this user can access.
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

    /// Takes over the folder of a running demo.
    pub(crate) fn resume(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // If this fails, the operating system deletes the folder when it cleans `/tmp`.
        let _ = fs::remove_dir_all(&self.0);
    }
}
