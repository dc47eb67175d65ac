//! Reads an occasion's news once for all its event streams, and builds each event once. A stream
//! that is too far behind reads from the store itself.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use axum::body::Bytes;
use identity::session::signed_in::SignedIn;
use platform::{Store, Tx};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Batch, Event, SUMMARY_EVERY, read_batch};
use crate::hosting::Refusal;
use crate::hosting::permissions::{self, HostOf};
use crate::id::OccasionId;

/// How many events are kept for streams that have not sent them yet.
const KEPT: usize = 400;

/// The latest news of an occasion, and the callers who are known to be its hosts.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// The value of the store's news counter, `wake`, before the events were last read. `None`
    /// before the first read.
    announced: Option<u64>,
    /// The events whose news numbers are greater than `from`, up to `last`.
    events: VecDeque<Event>,
    from: i64,
    last: i64,
    may_have_more: bool,
    /// The callers who were hosts at the last check. All of them are checked again after
    /// [`SUMMARY_EVERY`].
    hosts: HashMap<String, Arc<HostOf>>,
    checked_at: Option<Instant>,
}

/// The news that a stream has not sent yet.
pub(super) struct News {
    pub(super) texts: Vec<Bytes>,
    pub(super) last: i64,
    pub(super) may_have_more: bool,
}

impl Recent {
    /// Checks that `who` is a host, and returns the news after the number `last`. Reads the store
    /// only if its news counter has changed since the last read.
    pub(super) async fn after(
        &mut self,
        last: i64,
        store: &Store,
        wake: &watch::Receiver<u64>,
        who: &SignedIn,
        occasion: &OccasionId,
    ) -> Result<News, Refusal> {
        // The counter is read before the news. So news that is published during the read is not
        // missed.
        let announced = *wake.borrow();
        let is_first = self.announced.is_none();
        if is_first {
            (self.from, self.last) = (last, last);
        }
        if is_first || self.may_have_more || self.announced < Some(announced) {
            self.read(store, occasion, who).await?;
            self.announced = Some(announced);
        }
        let host = self.host(store, occasion, who).await?;
        if (self.from..=self.last).contains(&last) {
            let new = self.events.iter().filter(|event| event.number > last);
            return Ok(News {
                texts: new.filter_map(|event| event.text_for(&host)).collect(),
                last: self.last,
                may_have_more: self.may_have_more,
            });
        }
        let batch = read(store, occasion, who, last).await?;
        let events = batch.events.iter();
        Ok(News {
            texts: events.filter_map(|event| event.text_for(&host)).collect(),
            last: batch.last,
            may_have_more: batch.may_have_more,
        })
    }

    pub(super) async fn check(
        &mut self,
        store: &Store,
        who: &SignedIn,
        occasion: &OccasionId,
    ) -> Result<(), Refusal> {
        self.host(store, occasion, who).await.map(drop)
    }

    async fn read(
        &mut self,
        store: &Store,
        occasion: &OccasionId,
        who: &SignedIn,
    ) -> Result<(), Refusal> {
        let batch = read(store, occasion, who, self.last).await?;
        self.hosts.clear();
        self.may_have_more = batch.may_have_more;
        if batch.is_reset {
            // Each stream notices separately that it cannot continue.
            self.events.clear();
            self.from = batch.last;
        } else {
            self.events.extend(batch.events);
        }
        self.last = batch.last;
        while self.events.len() > KEPT {
            self.from = self
                .events
                .pop_front()
                .map_or(self.from, |event| event.number);
        }
        Ok(())
    }

    async fn host(
        &mut self,
        store: &Store,
        occasion: &OccasionId,
        who: &SignedIn,
    ) -> Result<Arc<HostOf>, Refusal> {
        let now = Instant::now();
        if self.checked_at.is_none_or(|at| now - at >= SUMMARY_EVERY) {
            self.hosts.clear();
        }
        if self.hosts.is_empty() {
            self.checked_at = Some(now);
        }
        // A token and its owner have different keys, and so have two tokens of the same owner.
        // Their permissions may differ.
        let key = who.repeats_as();
        if let Some(host) = self.hosts.get(&key) {
            return Ok(Arc::clone(host));
        }
        let (asks, of) = (who.clone(), occasion.clone());
        let enter = move |tx: &mut Tx<'_>| permissions::enter(tx, &asks, &of, None);
        let host = Arc::new(store.read(enter).await?);
        self.hosts.insert(key, Arc::clone(&host));
        Ok(host)
    }
}

async fn read(
    store: &Store,
    occasion: &OccasionId,
    who: &SignedIn,
    last: i64,
) -> Result<Batch, Refusal> {
    let (who, occasion) = (who.clone(), occasion.clone());
    store
        .read(move |tx| {
            let host = permissions::enter(tx, &who, &occasion, None)?;
            read_batch(tx, &host, last)
        })
        .await
}
