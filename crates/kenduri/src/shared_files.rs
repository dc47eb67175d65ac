//! What the machines on one PostgreSQL share besides tables: certificates, whether maintenance mode
//! is on, and which answers were removed from the edge's cache. This module is the only one that
//! knows both the edge and the store's files.
//!
//! Each machine has a copy in memory, so no handshake and no page waits for the store. News says when
//! to look for changes; a machine also looks by itself, so that nothing depends on a wake-up.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use edge::acme::{BookError, BookFuture, CertificateBook, OrderPermit};
use edge::maintenance::{ChangeError, Maintenance};
use platform::key::Key;
use platform::limits::{Limits, USED};
use platform::machine_news::{self, Heard, Listener};
use platform::machines::Membership;
use platform::news::News;
use platform::shared_file::{self, Change, Place, SharedFile};
use platform::store::Settings;
use platform::{Platform, Store, StoreError, Tx, id};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::app_setup::Opened;

/// How long an announced file may take to come back as news. All machines get news at that moment.
/// It takes some seconds if the process that numbers news froze.
const NEWS_TIME: Duration = Duration::from_secs(15);
/// How long machines may take to read their news.
const READ_TIME: Duration = Duration::from_secs(1);
const RETRY_PAUSE: Duration = Duration::from_secs(2);
const MAINTENANCE: &str = "maintenance";
/// The name of the news about answers that were removed from the edge's cache.
const PURGED: &str = "purged";
/// News is short.
const MAX_PURGED: usize = 4_096;
/// All answers in the cache.
const EVERYTHING: &str = "*";

/// The beginnings of the paths to remove from the edge's cache, and where the number of removed
/// answers is wanted.
pub(crate) type Purge = (Vec<String>, oneshot::Sender<usize>);

/// The files that this machine shares with others. Clones share the copies.
#[derive(Clone)]
pub(crate) struct SharedFiles(Arc<Inner>);

struct Inner {
    store: Store,
    limits: Limits,
    key: Key,
    /// This process's random name.
    holder: String,
    /// `None` for a command, which orders no certificates.
    membership: Option<Membership>,
    known: Mutex<Known>,
    changed: watch::Sender<u64>,
    /// Whether news is heard. What was told before is not.
    follows: watch::Sender<bool>,
    /// The places of files, with the revisions that news has brought.
    heard: watch::Sender<BTreeMap<Place, i64>>,
}

#[derive(Serialize, Deserialize)]
struct Purged {
    holder: String,
    names: Vec<String>,
}

#[derive(Default)]
struct Known {
    copies: BTreeMap<Place, FileCopy>,
    /// The revisions that were read and followed, also of files that another key sealed.
    read: BTreeMap<Place, i64>,
    /// The revision of maintenance mode that could not be followed, once that was told.
    unfollowed: Option<i64>,
}

struct FileCopy {
    revision: i64,
    text: Arc<str>,
}

impl SharedFiles {
    /// `None` if no other machine can use this store.
    pub(crate) fn of(opened: &Opened, settings: &Settings) -> Option<Self> {
        let membership = || opened.membership.clone();
        matches!(settings, Settings::Postgres(_)).then(|| Self::new(&opened.site, membership()))
    }

    fn new(platform: &Platform, membership: Option<Membership>) -> Self {
        Self(Arc::new(Inner {
            store: platform.store.clone(),
            limits: platform.limits.clone(),
            key: platform.keys.key(shared_file::PURPOSE),
            holder: id::generate_random(&platform.random),
            membership,
            known: Mutex::default(),
            changed: watch::Sender::default(),
            follows: watch::Sender::default(),
            heard: watch::Sender::default(),
        }))
    }

    /// Reads all files, before this machine serves.
    pub(crate) async fn load(&self, maintenance: &Maintenance) -> Result<(), StoreError> {
        self.look(Some((maintenance, true))).await
    }

    /// Does what other machines tell, until `stop`.
    pub(crate) async fn follow(
        self,
        maintenance: Arc<Maintenance>,
        purges: mpsc::Sender<Purge>,
        stop: CancellationToken,
    ) {
        let mut listener = Listener::new(self.0.store.clone());
        let following = async {
            loop {
                if !self.hear(listener.next().await, &purges).await {
                    continue;
                }
                while let Err(error) = self.look(Some((&maintenance, false))).await {
                    tracing::warn!(%error, "cannot read what another machine changed; it is tried again; if this goes on, check the store's disk or database server");
                    sleep(RETRY_PAUSE).await;
                }
            }
        };
        let telling = self.0.limits.tell(&self.0.store);
        let both = async {
            tokio::join!(following, telling);
        };
        stop.run_until_cancelled(both).await;
    }

    /// The files as the edge uses them.
    pub(crate) fn book(self) -> Arc<dyn CertificateBook> {
        Arc::new(self)
    }

    /// Returns whether files may have changed.
    async fn hear(&self, heard: Heard, purges: &mpsc::Sender<Purge>) -> bool {
        let news = match heard {
            Heard::Look => return true,
            Heard::Anything => {
                self.0.follows.send_replace(true);
                // Nobody knows what was removed meanwhile.
                purge(purges, vec![EVERYTHING.to_owned()]).await;
                return true;
            }
            Heard::News(news) => news,
        };
        let mut is_changed = false;
        for one in &news {
            match &*one.name {
                USED => self.0.limits.hear(one),
                PURGED => self.hear_purged(one, purges).await,
                shared_file::CHANGED => {
                    is_changed = true;
                    self.hear_changed(one);
                }
                _ => {}
            }
        }
        is_changed
    }

    async fn hear_purged(&self, news: &News, purges: &mpsc::Sender<Purge>) {
        match serde_json::from_str::<Purged>(&news.payload) {
            Ok(purged) if purged.holder == self.0.holder => {}
            Ok(purged) => purge(purges, purged.names).await,
            Err(error) => {
                tracing::warn!(%error, "cannot read what another machine removed from its cache, so this one removes everything; run the same version of Kenduri on all machines");
                purge(purges, vec![EVERYTHING.to_owned()]).await;
            }
        }
    }

    fn hear_changed(&self, news: &News) {
        match serde_json::from_str::<Change>(&news.payload) {
            Ok(change) => self.0.heard.send_modify(|heard| {
                heard.insert(change.place, change.revision);
            }),
            Err(error) => {
                tracing::warn!(%error, "cannot read which file another machine changed, so all are looked at; if this goes on, run the same version of Kenduri on all machines");
            }
        }
    }

    /// Has the other machines remove from their caches what was removed from this one's.
    pub(crate) async fn tell_purged(&self, names: &[String]) -> Result<(), StoreError> {
        let length: usize = names.iter().map(String::len).sum();
        let names = if length > MAX_PURGED {
            vec![EVERYTHING.to_owned()]
        } else {
            names.to_vec()
        };
        let holder = self.0.holder.clone();
        let purged = serde_json::json!(Purged { holder, names });
        let tell = move |tx: &mut Tx<'_>| machine_news::publish(tx, PURGED, purged.clone());
        self.0.store.write(tell).await
    }

    /// Reads the files that have changed since they were read last. `maintenance` is with whether
    /// this is the start; without it, its file is left for later.
    async fn look(&self, maintenance: Option<(&Maintenance, bool)>) -> Result<(), StoreError> {
        let (key, known) = (self.0.key.clone(), self.0.known().read.clone());
        let read = move |tx: &mut Tx<'_>| shared_file::changed(tx, &key, &known);
        let files = self.0.store.read(read).await?;
        let mut read = Vec::with_capacity(files.len());
        for file in &files {
            let is_done = match (file.place == maintenance_place(), maintenance) {
                (false, _) => true,
                (true, None) => false,
                (true, Some((maintenance, is_start))) => {
                    self.0.follow_maintenance(maintenance, file, is_start)
                }
            };
            if is_done {
                read.push((file.place.clone(), file.revision));
            }
        }
        self.0.keep(files);
        self.0.known().read.extend(read);
        Ok(())
    }

    /// Begins maintenance on all machines.
    pub(crate) async fn close(
        &self,
        maintenance: &Maintenance,
        host: Option<&str>,
        pass: &str,
    ) -> Result<Result<(), ChangeError>, StoreError> {
        let (host, pass) = (host.map(str::to_owned), pass.to_owned());
        let change = move |before: Option<&str>| {
            Maintenance::closed(before, host.as_deref(), &pass).map(Some)
        };
        self.change_maintenance(maintenance, change).await
    }

    /// Ends maintenance on all machines.
    pub(crate) async fn open(
        &self,
        maintenance: &Maintenance,
        host: Option<&str>,
    ) -> Result<Result<(), ChangeError>, StoreError> {
        let host = host.map(str::to_owned);
        let change = move |before: Option<&str>| Maintenance::opened(before, host.as_deref());
        self.change_maintenance(maintenance, change).await
    }

    /// `change` returns the new text, or `None` for no change.
    async fn change_maintenance(
        &self,
        maintenance: &Maintenance,
        change: impl Fn(Option<&str>) -> Result<Option<String>, ChangeError> + Send + 'static,
    ) -> Result<Result<(), ChangeError>, StoreError> {
        let key = self.0.key.clone();
        let write = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let place = maintenance_place();
            let before = shared_file::lock(tx, &key, &place)?;
            let text = match change(before.text.as_deref()) {
                Ok(Some(text)) => text,
                Ok(None) => return Ok(Ok(None)),
                Err(error) => return Ok(Err(error)),
            };
            let revision = shared_file::put(tx, &key, &place, &text)?;
            Ok(Ok(Some((text, revision))))
        };
        let (text, revision) = match self.0.store.write(write).await? {
            Ok(Some(written)) => written,
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        };
        Ok(maintenance.follow(&text, revision, false))
    }
}

/// Has this machine's cache remove what another machine removed.
async fn purge(purges: &mpsc::Sender<Purge>, names: Vec<String>) {
    // Nobody waits for the number of removed answers.
    let (answer, _) = oneshot::channel();
    // An error means that this process does not serve any more.
    let _ = purges.send((names, answer)).await;
}

fn maintenance_place() -> Place {
    Place {
        folder: MAINTENANCE.to_owned(),
        name: MAINTENANCE.to_owned(),
    }
}

impl Inner {
    /// Returns whether it need not be tried again.
    fn follow_maintenance(
        &self,
        maintenance: &Maintenance,
        file: &SharedFile,
        is_start: bool,
    ) -> bool {
        // What another key sealed closes nothing, and opens nothing.
        let Some(text) = &file.text else {
            return true;
        };
        let Err(error) = maintenance.follow(text, file.revision, is_start) else {
            return true;
        };
        let told = self.known().unfollowed.replace(file.revision);
        if told != Some(file.revision) {
            tracing::error!(%error, "cannot follow the maintenance mode of the other machines; it is tried again, or run `kenduri maintenance` here too");
        }
        !matches!(error, ChangeError::Unchanged(_))
    }

    fn keep(&self, files: Vec<SharedFile>) {
        let mut is_new = false;
        let mut known = self.known();
        for SharedFile {
            place,
            revision,
            text,
        } in files
        {
            let copies = &mut known.copies;
            let copy = copies.get(&place);
            if let Some(text) = text
                && copy.is_none_or(|copy| copy.revision < revision)
            {
                let text = text.into();
                copies.insert(place, FileCopy { revision, text });
                is_new = true;
            }
        }
        drop(known);
        if is_new {
            self.changed.send_modify(|changes| *changes += 1);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this process writes as the leader fails as soon as another one leads.
    fn store(&self) -> Store {
        let lead = self.membership.as_ref().and_then(Membership::lead);
        lead.map_or_else(|| self.store.clone(), |lead| lead.store(&self.store))
    }

    async fn put(&self, place: Place, text: String) -> Result<i64, StoreError> {
        let (key, file) = (self.key.clone(), (place.clone(), text.clone()));
        let put = move |tx: &mut Tx<'_>| shared_file::put(tx, &key, &file.0, &file.1);
        let revision = self.store().write(put).await?;
        self.keep(vec![SharedFile {
            place,
            revision,
            text: Some(text),
        }]);
        Ok(revision)
    }

    async fn announce(&self, place: Place, text: String) -> Result<(), BookError> {
        wait_for_news(&self.follows, |follows| *follows).await?;
        let revision = self.put(place.clone(), text).await?;
        wait_for_news(&self.heard, |heard| {
            heard.get(&place).is_some_and(|heard| *heard >= revision)
        })
        .await?;
        sleep(READ_TIME).await;
        Ok(())
    }
}

/// Waits until what news has told is so.
async fn wait_for_news<T>(
    told: &watch::Sender<T>,
    is_so: impl FnMut(&T) -> bool,
) -> Result<(), BookError> {
    let mut told = told.subscribe();
    let heard = timeout(NEWS_TIME, told.wait_for(is_so)).await;
    if heard.is_ok_and(|heard| heard.is_ok()) {
        Ok(())
    } else {
        Err("news takes too long; check the database server".into())
    }
}

fn place(folder: &str, file: &str) -> Place {
    Place {
        folder: format!("acme/{folder}"),
        name: file.to_owned(),
    }
}

impl CertificateBook for SharedFiles {
    fn get(&self, folder: &str, file: &str) -> Option<Arc<str>> {
        let known = self.0.known();
        known
            .copies
            .get(&place(folder, file))
            .map(|copy| Arc::clone(&copy.text))
    }

    fn put(&self, folder: &str, file: &str, text: &str) -> BookFuture<Result<(), BookError>> {
        let (shared, place, text) = (Arc::clone(&self.0), place(folder, file), text.to_owned());
        Box::pin(async move {
            shared.put(place, text).await?;
            Ok(())
        })
    }

    fn announce(&self, folder: &str, file: &str, text: &str) -> BookFuture<Result<(), BookError>> {
        let (shared, place, text) = (Arc::clone(&self.0), place(folder, file), text.to_owned());
        Box::pin(async move { shared.announce(place, text).await })
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    fn may_order(&self, _: &str) -> BookFuture<Option<OrderPermit>> {
        let shared = self.clone();
        Box::pin(async move {
            let lead = shared.0.membership.as_ref()?.lead()?;
            // What the leader before has put.
            if let Err(error) = shared.look(None).await {
                tracing::warn!(%error, "cannot read what other machines know of certificates, so none is ordered now; it is tried again; if this goes on, check the store's disk or database server");
                return None;
            }
            Some(OrderPermit::new(move || lead.is_held()))
        })
    }
}

#[cfg(test)]
mod tests;
