//! The feed behind a host's event stream. It returns the occasion's news in order, and the counters
//! at most twice a second. It remembers the number of the last returned news, and continues from
//! there after each commit. The host's role is checked before each batch of news, so that a former
//! host gets no more news.

mod counts;

use std::collections::VecDeque;
use std::time::Duration;

use identity::session::signed_in::SignedIn;
use platform::news::{self, News};
use platform::{Store, StoreError, Tx, sql};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Refusal;
use super::permissions::{self, HostOf, Permission};
use super::summary;
use crate::id::OccasionId;
pub use counts::AllCounts;
use counts::{Counted, Counts};

/// The shortest time between two events with counters.
const SUMMARY_EVERY: Duration = Duration::from_millis(500);
/// The maximum number of news read at once.
const BATCH: u32 = 200;

/// An event for a host's event stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The number from which the client can resume; `None` for counters.
    pub id: Option<i64>,
    /// The kind of event: `hello`, `summary`, `rsvp`, `invitation`, `note`, `job`, `campaign` or
    /// `reset`.
    pub name: String,
    pub data: Value,
}

#[derive(Debug)]
pub struct Feed {
    store: Store,
    who: SignedIn,
    occasion: OccasionId,
    counts: Counts,
    last: i64,
    wake: watch::Receiver<u64>,
    /// Whether there may be news after `last` that has not been read.
    is_behind: bool,
    /// When the counters may be sent again. `None` if they cannot have changed.
    summary_at: Option<Instant>,
    said_summary: Instant,
    waiting: VecDeque<Message>,
}

impl Feed {
    /// Opens a feed. It continues after the news with the number `resume`, or begins with the event
    /// `hello`.
    pub async fn open(
        store: Store,
        counts: &AllCounts,
        who: SignedIn,
        occasion: OccasionId,
        resume: Option<i64>,
    ) -> Result<Self, Refusal> {
        // The feed subscribes before its first read, so that it misses no commit.
        let wake = store.news_waiting();
        let mut feed = Self {
            store,
            who,
            counts: counts.of(&occasion),
            occasion,
            last: 0,
            wake,
            is_behind: true,
            summary_at: None,
            said_summary: Instant::now(),
            waiting: VecDeque::new(),
        };
        match resume {
            Some(number) => {
                feed.last = number;
                feed.read_news().await?;
                feed.summary_at = Some(Instant::now());
            }
            None => feed.say_hello().await?,
        }
        Ok(feed)
    }

    /// Replaces the session or token with which the host's role is checked.
    pub fn renew(&mut self, who: SignedIn) {
        self.who = who;
    }

    /// Fails if the subscriber is no longer a host.
    pub async fn check(&self) -> Result<(), Refusal> {
        let (who, occasion) = (self.who.clone(), self.occasion.clone());
        let look = move |tx: &mut Tx<'_>| permissions::enter(tx, &who, &occasion, None).map(drop);
        self.store.read(look).await
    }

    /// Waits for the next message. Cancelling the future loses nothing.
    pub async fn next(&mut self) -> Result<Message, Refusal> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Ok(message);
            }
            if self.is_behind {
                self.read_news().await?;
                continue;
            }
            let due = self
                .summary_at
                .map(|at| at.max(self.said_summary + SUMMARY_EVERY));
            if due.is_some_and(|due| due <= Instant::now()) {
                return self.summary().await;
            }
            tokio::select! {
                changed = self.wake.changed() => {
                    changed.map_err(|_| StoreError::Stopped)?;
                    self.is_behind = true;
                }
                () = until(due) => {}
            }
        }
    }

    async fn say_hello(&mut self) -> Result<(), Refusal> {
        let now = self.store.read::<_, StoreError, _>(news::cursor).await?;
        let Counted {
            cursor, summary, ..
        } = self.count(now).await?;
        self.last = cursor;
        self.waiting.push_back(Message {
            id: Some(cursor),
            name: "hello".to_owned(),
            data: json!({"cursor": cursor, "summary": *summary}),
        });
        Ok(())
    }

    async fn summary(&mut self) -> Result<Message, Refusal> {
        let counted = self.count(self.last).await?;
        self.summary_at = None;
        Ok(Message {
            id: None,
            name: "summary".to_owned(),
            data: json!(*counted.summary),
        })
    }

    /// Returns counters that include the news number `last`. They may have been counted for another
    /// feed. The subscriber's role is checked every time.
    async fn count(&mut self, last: i64) -> Result<Counted, Refusal> {
        self.check().await?;
        let counted = self.counts.after(last, || {
            let (who, occasion) = (self.who.clone(), self.occasion.clone());
            self.store.read_at_length(move |tx| {
                let host = permissions::enter(tx, &who, &occasion, None)?;
                count(tx, &host)
            })
        });
        let counted = counted.await?;
        self.said_summary = Instant::now();
        Ok(counted)
    }

    async fn read_news(&mut self) -> Result<(), Refusal> {
        let (who, occasion, last) = (self.who.clone(), self.occasion.clone(), self.last);
        let batch = self
            .store
            .read(move |tx| {
                let host = permissions::enter(tx, &who, &occasion, None)?;
                read_batch(tx, &host, last)
            })
            .await?;
        self.is_behind = batch.may_have_more;
        if batch.last != self.last {
            self.summary_at = Some(Instant::now());
        }
        self.last = batch.last;
        self.waiting.extend(batch.messages);
        Ok(())
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn count(tx: &mut Tx<'_>, host: &HostOf) -> Result<(i64, Value), Refusal> {
    let cursor = news::cursor(tx)?;
    Ok((cursor, json!(summary::load(tx, host)?)))
}

struct Batch {
    messages: Vec<Message>,
    last: i64,
    may_have_more: bool,
}

fn read_batch(tx: &mut Tx<'_>, host: &HostOf, last: i64) -> Result<Batch, Refusal> {
    let scope = host.occasion().to_string();
    let Some(found) = news::after(tx, &scope, last, BATCH)? else {
        let cursor = news::cursor(tx)?;
        let reset = Message {
            id: Some(cursor),
            name: "reset".to_owned(),
            data: json!({"cursor": cursor}),
        };
        return Ok(Batch {
            messages: vec![reset],
            last: cursor,
            may_have_more: false,
        });
    };
    let may_have_more = found.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX);
    let last = found.last().map_or(last, |news| news.number);
    let mut messages = Vec::new();
    for news in found {
        messages.extend(tell(tx, host, news)?);
    }
    Ok(Batch {
        messages,
        last,
        may_have_more,
    })
}

/// Builds the event that this host may see. Returns `None` if there is none.
fn tell(tx: &mut Tx<'_>, host: &HostOf, news: News) -> Result<Option<Message>, StoreError> {
    let mut data: Value = serde_json::from_str(&news.payload).unwrap_or_default();
    match news.name.as_str() {
        "rsvp" | "note" => {
            // Stored news contains no names, so that erasing a person need not change it. The
            // household's name is therefore read now.
            let invitation = data["invitation"].as_str().unwrap_or_default().to_owned();
            let household: Option<(String,)> = sql!(
                "SELECT household FROM invitation WHERE id = :invitation",
                invitation
            )
            .maybe(tx)?;
            data["household"] = json!(household.map(|(name,)| name));
        }
        "job" if data["contacts"] == json!(true) && !host.may(Permission::SeeContacts) => {
            return Ok(None);
        }
        "campaign" if !host.may(Permission::Invite) => return Ok(None),
        "invitation" | "job" | "campaign" => {}
        // This news only means that the counters changed, and counters have an event of their own.
        _ => return Ok(None),
    }
    Ok(Some(Message {
        id: Some(news.number),
        name: news.name,
        data,
    }))
}
