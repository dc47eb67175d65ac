//! Opens the parts of the app according to the settings: the store, the site, the languages and
//! maintenance mode.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Error, Result, bail};
use configuration::{OPERATOR_PATHS, Settings, likely_link};
use edge::Edge;
use edge::maintenance::Maintenance;
use operate::locales::LOCALES;
use operate::updates;
use platform::erasure;
use platform::limits::{self, Limits};
use platform::machines::{JOIN_WAIT, Joining, Membership, Shared};
use platform::store::{self, migrate};
use platform::{Clock, Keyring, Outbound, Platform, Random, Secret, Store, StoreError, Tx};
use site::domain::Domains;
use site::domains;
use web::{Site, SiteUrl};

use crate::domains::DOMAINS;

const MIGRATED_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// At a start, for the lease of the backup.
const LEASE_WAIT: Duration = Duration::from_secs(10);

/// The site, and the domains that are enabled.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) site: Site,
    pub(crate) domains: Domains,
    /// The place of this process in the list of machines; `None` for a command.
    pub(crate) membership: Option<Membership>,
}

/// What a process does with the store that it opens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Serve,
    Command,
}

/// Opens the app for a command, beside the processes that serve.
pub(crate) async fn open(settings: &Arc<Settings>) -> Result<Opened> {
    open_for(Use::Command, settings).await
}

/// Opens the app to serve it. Waits while another process has not migrated the store yet, and
/// `answer` may start what answers meanwhile. Fails if other machines that serve the store have
/// other settings.
pub(crate) async fn open_to_serve(
    settings: &Arc<Settings>,
    answer: impl Fn() -> Option<Edge>,
) -> Result<Opened> {
    let mut is_told = false;
    let mut meanwhile = None;
    loop {
        let error = match open_for(Use::Serve, settings).await {
            Ok(opened) => {
                if let Some(edge) = meanwhile {
                    Edge::stop(edge).await;
                }
                return Ok(opened);
            }
            Err(error) => error,
        };
        let reason = error.downcast_ref::<StoreError>();
        if !matches!(reason, Some(StoreError::NotMigrated(_))) {
            return Err(error);
        }
        if !std::mem::replace(&mut is_told, true) {
            meanwhile = answer();
            tracing::info!("waiting until the store is migrated, and serving then: {error:#}");
        }
        tokio::time::sleep(MIGRATED_CHECK_INTERVAL).await;
    }
}

async fn open_for(purpose: Use, settings: &Arc<Settings>) -> Result<Opened> {
    let opening = Arc::clone(settings);
    let store = tokio::task::spawn_blocking(move || {
        prepare_store(&opening)?;
        open_store(&opening)
    })
    .await;
    let (store, random) = (
        store.context("the thread that opens the store ended in a panic; “the program panicked” in the log says where: please report it")??,
        Random::system(),
    );
    let keys = settings.secret_file.load(&store, &random).await?;
    if purpose == Use::Command && matches!(settings.store, store::Settings::Sqlite(_)) {
        store.acknowledge_while(backup::may_acknowledge(&settings.data));
    }
    // Before this machine's keys become those of the store.
    let membership = match purpose {
        Use::Command => None,
        Use::Serve => Some(join(settings, &keys).await?),
    };
    settings.secret_file.adopt(&store, &keys).await?;
    let limits = match &settings.store {
        store::Settings::Sqlite(_) => Limits::default(),
        store::Settings::Postgres(_) => Limits::shared(keys.key(limits::PURPOSE), &random),
    };
    let platform = Platform {
        store,
        clock: Clock::System,
        random,
        files: settings.files.clone(),
        keys,
        outbound: Outbound::public()?,
        name_servers: settings.mail.name_servers.clone(),
        limits,
    };
    let owners = platform.store.read(migrate::owners).await?;
    let domains = domains::in_force(DOMAINS, &settings.domains, &owners);
    let values = settings.domains.clone();
    let settings = web::Settings {
        url: url(settings)?,
        name: settings.site.name.clone(),
        languages: settings.site.languages.clone(),
        time_zone: settings.site.time_zone.clone(),
        has_mail: !settings.has_mailbox(),
        proxies: settings.trusted_proxies.clone(),
        cdn: settings.site.cdn,
    };
    let site = domains::site(domains, LOCALES, platform, settings);
    Ok(Opened {
        site: site.with_settings(values),
        domains,
        membership,
    })
}

/// Refuses a store that must not be used, and restores it first if the settings request it. Blocks
/// the thread.
pub(crate) fn prepare_store(settings: &Settings) -> Result<()> {
    if settings.restore_with.is_none() {
        refuse_half_restored(settings)?;
    }
    refuse_moved(settings)?;
    restore_if_empty(settings)
}

async fn join(settings: &Arc<Settings>, keys: &Keyring) -> Result<Membership> {
    let domains = DOMAINS.iter().map(|domain| {
        let is_on = domain.is_on(&settings.domains);
        (domain.migrations.owner.to_owned(), is_on)
    });
    let joining = Joining {
        data: settings.data.clone(),
        version: updates::OURS.to_owned(),
        files: settings.files.clone(),
        shared: Shared {
            site_url: url(settings)?.join(""),
            key: keys.fingerprint_list(),
            domains: domains.collect(),
            compat: compat(settings),
        },
        wait: JOIN_WAIT,
    };
    let settings = Arc::clone(settings);
    let joined = move || {
        let random = Random::system();
        Membership::join(&settings.store, &joining, Clock::System, &random)
    };
    Ok(tokio::task::spawn_blocking(joined).await??)
}

/// The settings of `[compat]`. Other versions read them.
fn compat(settings: &Settings) -> BTreeMap<String, String> {
    let (backend, bookings) = (settings.personal_site, settings.booking_site);
    let auth = match (backend, bookings) {
        (Some(site), _) if site.has_auth => "backend",
        (_, Some(site)) if site.has_auth => "bookings",
        _ => "",
    };
    let register_tokens = backend
        .or(bookings)
        .is_some_and(|site| site.register_tokens);
    let occasion = settings.compat_occasion.clone().unwrap_or_default();
    let values = [
        ("auth", auth.to_owned()),
        ("backend", backend.is_some().to_string()),
        ("bookings", bookings.is_some().to_string()),
        ("occasion", occasion),
        ("register_tokens", register_tokens.to_string()),
    ];
    values.map(|(name, value)| (name.to_owned(), value)).into()
}

pub(crate) fn refuse_half_restored(settings: &Settings) -> Result<()> {
    if backup::is_unfinished(&settings.data) {
        bail!(
            "a restore into {} did not finish, and incomplete data is not served\n  \
             run `kenduri restore` again, or `kenduri follow`",
            settings.data.display()
        );
    }
    Ok(())
}

/// Returns the path of the file that marks the SQLite store as moved to PostgreSQL.
pub(crate) fn moved_mark(settings: &Settings) -> PathBuf {
    settings.data.join("store-is-in-postgresql")
}

/// Later writes to a moved store would be lost when the operator changes `store.url`.
fn refuse_moved(settings: &Settings) -> Result<()> {
    let mark = moved_mark(settings);
    if matches!(settings.store, store::Settings::Sqlite(_)) && mark.try_exists()? {
        bail!(
            "this store was moved to PostgreSQL by `kenduri move-store`\n  \
             set store.url to that database, or delete {} to go back to the SQLite file, without \
             the later changes in PostgreSQL",
            mark.display()
        );
    }
    Ok(())
}

/// Returns the site's URL from the settings, or the URL of the first listener if the settings have
/// none.
pub(crate) fn url(settings: &Settings) -> Result<SiteUrl> {
    if let Some(url) = &settings.site.url {
        return Ok(url.clone());
    }
    match likely_link(&settings.listen) {
        Some(link) => Ok(SiteUrl::parse(&link)?),
        None => bail!(
            "Kenduri listens on Unix sockets only, so it does not know its own address\n  set site.url in kenduri.toml"
        ),
    }
}

/// If the settings request it. Blocks the thread.
fn restore_if_empty(settings: &Settings) -> Result<()> {
    let (Some(file), Some(backup)) = (&settings.restore_with, &settings.backup) else {
        return Ok(());
    };
    let places = places(settings);
    // Finishes an interrupted restore. If that restore has already put its store in place, the
    // store may have been changed since. So nothing is restored again.
    if backup::finish(&places, None)?.is_some() {
        return Ok(());
    }
    let is_filled = match &places.store {
        backup::StorePlace::File(path) => path.exists(),
        backup::StorePlace::Database(database) => store::has_tables(database)?,
    };
    if is_filled && !backup::is_unfinished(&settings.data) {
        return Ok(());
    }
    let passphrase = std::fs::read_to_string(file).with_context(|| {
        format!(
            "cannot read the passphrase of the backup from {}\n  backup.passphrase_file names it",
            file.display()
        )
    })?;
    let key = match backup::open(&backup.target, &Secret::new(passphrase)) {
        // An empty folder on this disk looks like the mount point of a disk that is missing.
        Err(backup::BackupError::Nothing(name)) if backup.target.is_on_disk_of(&settings.data) => {
            bail!(
                "there is no backup in {name}, and it is on the same disk as the data folder\n  \
                 if its own disk is not mounted, mount it; \
                 for a first start without a backup, set backup.restore to false"
            )
        }
        // There is no backup yet, because no machine has ever made a snapshot.
        Err(backup::BackupError::Nothing(_)) => return Ok(()),
        key => key?,
    };
    let random = Random::system();
    let restored = backup::restore(&backup.target, &key, &places, None, &random)?;
    tracing::info!(
        "restored the state of {} from {}",
        restored.until,
        backup.target.name()
    );
    Ok(())
}

/// Returns the data folder and the store into which this installation's backup is restored.
pub(crate) fn places(settings: &Settings) -> backup::Places {
    backup::Places {
        data: settings.data.clone(),
        store: match &settings.store {
            store::Settings::Sqlite(sqlite) => backup::StorePlace::File(sqlite.path.clone()),
            store::Settings::Postgres(database) => backup::StorePlace::Database(database.clone()),
        },
    }
}

pub(crate) fn start_backup(
    settings: &Settings,
    opened: &Opened,
) -> Result<Option<Arc<backup::Agent>>> {
    let site = &opened.site;
    let target = settings.backup.as_ref().map(|backup| &backup.target);
    backup::check_promise(&settings.data, target)?;
    let Some(backup) = &settings.backup else {
        return Ok(None);
    };
    let agent = backup::Agent::start_on(
        opened.membership.clone(),
        backup.clone(),
        site.store.clone(),
        site.clock.clone(),
        site.random.clone(),
    )?;
    Ok(Some(Arc::new(agent)))
}

/// From now on, changes are acknowledged only if no other machine may have taken over by itself.
/// Waits for the lease, unless the backup's place is slow.
pub(crate) async fn begin_acknowledging(agent: &backup::Agent, store: &Store) {
    let may_acknowledge = agent.may_acknowledge();
    let mut status = agent.watch();
    let is_decided = status.wait_for(|status| may_acknowledge() || status.failure.is_some());
    // Who comes meanwhile is told that nothing can be saved yet.
    let _ = tokio::time::timeout(LEASE_WAIT, is_decided).await;
    store.acknowledge_while(may_acknowledge);
}

/// After a restore, imports the erasures that were made after the restored backup, so that they are
/// repeated.
pub(crate) async fn erase_again(settings: &Settings, opened: &Opened) -> Result<()> {
    let list = backup::erasures::to_repeat(&settings.data)?;
    if list.is_empty() {
        return Ok(());
    }
    let store = &opened.site.store;
    let import = move |tx: &mut Tx<'_>| erasure::import(tx, &list);
    let imported: Result<(), StoreError> = store.write(import).await;
    imported?;
    // From here on, the store itself records which erasures must still be repeated.
    backup::erasures::repeated(&settings.data)?;
    Ok(())
}

/// Restores maintenance mode as it was when Kenduri stopped.
pub(crate) fn maintenance(settings: &Settings) -> Arc<Maintenance> {
    let passes = OPERATOR_PATHS.map(str::to_owned);
    Arc::new(Maintenance::open(&settings.data, passes.into()))
}

pub(crate) fn make_data_folder(data: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| {
            format!(
                "cannot make the folder {}\n  `data` or --data names it: make it, give it to the user that runs Kenduri (chown), or name another",
                data.display()
            )
        })
}

/// Opens the store. Migrates its tables, unless the settings leave that to another process. Blocks
/// the thread.
pub(crate) fn open_store(settings: &Settings) -> Result<Store> {
    make_data_folder(&settings.data)?;
    let open = if settings.migrates_store {
        Store::open
    } else {
        Store::open_migrated
    };
    let migrations = domains::migrations_in_force(DOMAINS, &settings.domains);
    let opened = open(
        &settings.store,
        &migrations,
        Clock::System,
        Random::system(),
    );
    opened.map_err(|error| with_store_advice(error, settings))
}

/// Migrates the store, whatever the settings say, and returns the steps that were applied. Blocks
/// the thread.
pub(crate) fn migrate_store(settings: &Settings) -> Result<Vec<migrate::Pending>> {
    make_data_folder(&settings.data)?;
    let migrations = domains::migrations_in_force(DOMAINS, &settings.domains);
    let migrated = Store::migrate(&settings.store, &migrations, Clock::System.now());
    migrated.map_err(|error| with_store_advice(error, settings))
}

fn with_store_advice(error: StoreError, settings: &Settings) -> Error {
    let advice = match (&settings.store, &error) {
        (store::Settings::Sqlite(file), _) => {
            format!("cannot open the store {}", file.path.display())
        }
        // Not about the server, or about user and database: the error says what to do.
        (
            _,
            StoreError::Schema(_)
            | StoreError::NotMigrated(_)
            | StoreError::Settings(_)
            | StoreError::Thread(_),
        ) => "cannot open the PostgreSQL store".to_owned(),
        _ => "cannot open the PostgreSQL store\n  \
              check store.url: the server must run, and know \
              this user and this database"
            .to_owned(),
    };
    Error::new(error).context(advice)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use operate::locales::LOCALES;
    use site::domains;

    use crate::domains::DOMAINS;

    #[test]
    fn the_built_in_texts_of_all_domains_fit_together() {
        let catalogue = domains::catalogue(DOMAINS, LOCALES);
        catalogue.check().unwrap();
    }

    #[test]
    fn what_domains_declare_has_one_owner() {
        let domains = || DOMAINS.iter();
        let names = [
            domains().map(|domain| domain.migrations.owner).collect(),
            domains()
                .flat_map(|domain| domain.problem_codes)
                .chain(web::codes::CODES)
                .map(|code| code.code)
                .chain(web::codes::FIELD_CODES.iter().copied())
                .collect(),
            domains()
                .flat_map(|domain| domain.accounts.scope_kinds)
                .map(|kind| kind.name)
                .collect(),
            domains()
                .flat_map(|domain| domain.accounts.site_duties)
                .map(|duty| duty.word())
                .collect(),
            domains()
                .flat_map(|domain| domain.accounts.token_scopes)
                .map(|scope| scope.word())
                .collect::<Vec<_>>(),
        ];
        for names in names {
            let once: BTreeSet<_> = names.iter().collect();
            assert_eq!(once.len(), names.len(), "{names:?}");
        }
    }
}
