//! What machines tell each other about the use of limits.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::Limits;
use crate::key::Key;
use crate::machine_news;
use crate::news::News;
use crate::store::{Store, StoreError, Tx};

/// The name of the news about used limits.
pub const USED: &str = "used";
/// A machine tells of a key when the limit's number divided by this was used there.
pub(super) const SHARE: u32 = 8;
/// The maximum number of keys that wait to be told. Further ones are not told.
const WAITING: usize = 20_000;
/// So many fit into one news item.
const BATCH: usize = 64;
const PAUSE: Duration = Duration::from_millis(250);
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// The uses that wait to be told.
#[derive(Debug)]
pub(super) struct Told {
    key: Key,
    /// This process's random name.
    machine: String,
    waiting: Mutex<HashMap<Place, Count>>,
    wake: Notify,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    limit: &'static str,
    key: String,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    actions: u32,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Message {
    machine: String,
    uses: Vec<Use>,
}

#[derive(Serialize, Deserialize)]
struct Use {
    limit: String,
    key: String,
    at: i64,
    actions: u32,
}

impl Told {
    pub(super) fn new(key: Key, machine: String) -> Self {
        Self {
            key,
            machine,
            waiting: Mutex::default(),
            wake: Notify::new(),
        }
    }

    pub(super) fn hide(&self, limit: &str, key: &str) -> String {
        self.key.sign(&[limit, key])
    }

    pub(super) fn add(&self, limit: &'static str, key: &str, actions: u32, at: Timestamp) {
        let key = key.to_owned();
        put(&mut self.waiting(), Place { limit, key }, actions, at);
        self.wake.notify_one();
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Place, Count>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limits {
    /// Tells the other machines of what is used here. Never returns.
    pub async fn tell(&self, store: &Store) {
        let Some(told) = &self.registered.told else {
            return std::future::pending().await;
        };
        loop {
            told.wake.notified().await;
            let pause = match self.tell_now(store).await {
                Ok(()) => PAUSE,
                Err(error) => {
                    tracing::warn!(%error, "cannot tell the other machines how much of a limit is used; it is tried again; if this goes on, check the store's disk or database server");
                    told.wake.notify_one();
                    RETRY_PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Tells the other machines what they have not been told yet.
    pub async fn tell_now(&self, store: &Store) -> Result<(), StoreError> {
        let Some(told) = &self.registered.told else {
            return Ok(());
        };
        let waiting: Vec<(Place, Count)> =
            std::mem::take(&mut *told.waiting()).into_iter().collect();
        if waiting.is_empty() {
            return Ok(());
        }
        let messages: Vec<serde_json::Value> = waiting
            .chunks(BATCH)
            .map(|part| {
                let uses = part.iter().map(|(place, count)| Use {
                    limit: place.limit.to_owned(),
                    key: place.key.clone(),
                    at: count.at.as_millisecond(),
                    actions: count.actions,
                });
                let message = Message {
                    machine: told.machine.clone(),
                    uses: uses.collect(),
                };
                serde_json::json!(message)
            })
            .collect();
        let tell = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            for message in &messages {
                machine_news::publish(tx, USED, message.clone())?;
            }
            Ok(())
        };
        let written = store.write(tell).await;
        if written.is_err() {
            let mut again = told.waiting();
            for (place, count) in waiting {
                put(&mut again, place, count.actions, count.at);
            }
        }
        written
    }

    /// Counts what another machine tells with news of the name [`USED`].
    pub fn hear(&self, news: &News) {
        let Some(told) = &self.registered.told else {
            return;
        };
        let message: Message = match serde_json::from_str(&news.payload) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(%error, "cannot read how much of a limit another machine used; run the same version of Kenduri on all machines");
                return;
            }
        };
        if message.machine == told.machine {
            return;
        }
        let limits = self.registered.limits.lock();
        let limits = limits.unwrap_or_else(PoisonError::into_inner);
        for one in message.uses {
            // An older or newer version may have other limits.
            let limit = limits.get(&*one.limit);
            if let (Some(limit), Ok(at)) = (limit, Timestamp::from_millisecond(one.at)) {
                limit.hear(&one.key, at, one.actions);
            }
        }
    }
}

fn put(waiting: &mut HashMap<Place, Count>, place: Place, actions: u32, at: Timestamp) {
    if waiting.len() >= WAITING && !waiting.contains_key(&place) {
        return;
    }
    let count = waiting.entry(place).or_insert(Count { actions: 0, at });
    count.actions = count.actions.saturating_add(actions);
    count.at = count.at.max(at);
}
