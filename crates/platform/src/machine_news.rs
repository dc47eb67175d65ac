//! News for all machines of an installation, such as a file that they share or the use of a limit.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use crate::news::{self, NewNews, News};
use crate::store::{Store, StoreError, Tx};

const SCOPE: &str = "machines";
const BATCH: u32 = 500;
/// The shortest time between two reads, because other news wakes readers too.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a machine looks by itself.
const LOOK: Duration = Duration::from_secs(5);
const RETRY_PAUSE: Duration = Duration::from_secs(1);

pub fn publish(tx: &mut Tx<'_>, name: &'static str, payload: Value) -> Result<(), StoreError> {
    tx.publish(NewNews {
        scope: SCOPE.to_owned(),
        name,
        payload,
    })
}

/// What a machine must do to know what the others know.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// Everything must be read: this is the beginning, or news was missed.
    Anything,
    News(Vec<News>),
    /// Some seconds have passed. What must not be missed is to be read again, whether or not news
    /// told of it.
    Look,
}

/// Reads the news for all machines, one after the other.
#[derive(Debug)]
pub struct Listener {
    store: Store,
    wake: tokio::sync::watch::Receiver<u64>,
    last: Option<i64>,
    look_at: Instant,
}

impl Listener {
    pub fn new(store: Store) -> Self {
        Self {
            wake: store.news_waiting(),
            store,
            last: None,
            look_at: Instant::now() + LOOK,
        }
    }

    /// Waits for news, or until it is time to look. If it is cancelled, nothing is lost. Never returns
    /// once the store has been closed.
    pub async fn next(&mut self) -> Heard {
        loop {
            if Instant::now() >= self.look_at {
                self.look_at = Instant::now() + LOOK;
                return Heard::Look;
            }
            match self.read().await {
                Ok(Some(heard)) => return heard,
                Ok(None) => {
                    sleep(PAUSE).await;
                    if let Ok(Err(_)) = timeout_at(self.look_at, self.wake.changed()).await {
                        std::future::pending::<()>().await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot read what the other machines tell; it is tried again; if this goes on, check the store's disk or database server");
                    sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    /// `None` if there is nothing new.
    async fn read(&mut self) -> Result<Option<Heard>, StoreError> {
        let last = self.last;
        let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let found = match last {
                Some(last) => news::after(tx, SCOPE, last, BATCH)?,
                None => None,
            };
            let cursor = match found {
                Some(_) => None,
                None => Some(news::cursor(tx)?),
            };
            Ok((found, cursor))
        };
        let (found, cursor) = self.store.read(look).await?;
        let Some(news) = found else {
            self.last = cursor;
            return Ok(Some(Heard::Anything));
        };
        let Some(newest) = news.last() else {
            return Ok(None);
        };
        self.last = Some(newest.number);
        Ok(Some(Heard::News(news)))
    }
}
