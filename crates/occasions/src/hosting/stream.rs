//! The feed behind a host's event stream. It returns the occasion's news in order, and the counters
//! at most twice a second. After each commit, it continues after the last news that it has
//! returned. It checks the host's role before each batch, so a former host gets no more news. All
//! feeds of an occasion share the news and counters read from the store, and the events built from
//! them.

mod counts;
mod recent;

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Bytes;
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
use web::event_stream;

const SUMMARY_EVERY: Duration = Duration::from_millis(500);
const BATCH: u32 = 200;

/// News in the form of an event: `rsvp`, `invitation`, `note`, `job`, `campaign` or `reset`.
#[derive(Clone, Debug)]
struct Event {
    /// A client can resume the stream after this number.
    number: i64,
    /// The permission that a host needs for this event, in addition to [`Permission::See`].
    needs: Permission,
    text: Bytes,
}

impl Event {
    fn text_for(&self, host: &HostOf) -> Option<Bytes> {
        host.may(self.needs).then(|| self.text.clone())
    }
}

#[derive(Debug)]
pub struct Feed {
    store: Store,
    who: SignedIn,
    occasion: OccasionId,
    counts: Counts,
    last: i64,
    wake: watch::Receiver<u64>,
    is_behind: bool,
    /// The time from which the counters may be sent again. `None` if they cannot have changed.
    summary_at: Option<Instant>,
    said_summary: Instant,
    waiting: VecDeque<Bytes>,
}

impl Feed {
    /// Opens a feed. If `resume` is set, the feed continues after the news with this number. If
    /// not, it begins with the event `hello`.
    pub async fn open(
        store: Store,
        counts: &AllCounts,
        who: SignedIn,
        occasion: OccasionId,
        resume: Option<i64>,
    ) -> Result<Self, Refusal> {
        // The feed subscribes before it reads for the first time, so it cannot miss a commit.
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

    /// Replaces the session or token with which the feed checks the host's role.
    pub fn renew(&mut self, who: SignedIn) {
        self.who = who;
    }

    /// Fails if the caller is no longer a host.
    pub async fn check(&self) -> Result<(), Refusal> {
        let (who, occasion) = (self.who.clone(), self.occasion.clone());
        let look = move |tx: &mut Tx<'_>| permissions::enter(tx, &who, &occasion, None).map(drop);
        self.store.read(look).await
    }

    /// Waits for the next event, and returns it as it is sent to clients. If the future is
    /// cancelled, no event is lost.
    pub async fn next(&mut self) -> Result<Bytes, Refusal> {
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
        let hello = json!({"cursor": cursor, "summary": *summary});
        let hello = event_stream::event(Some(cursor), "hello", &hello);
        self.waiting.push_back(hello.into());
        Ok(())
    }

    async fn summary(&mut self) -> Result<Bytes, Refusal> {
        let counted = self.count(self.last).await?;
        self.summary_at = None;
        Ok(counted.event)
    }

    /// The counters may come from another feed of the occasion. Even then, this subscriber's role
    /// is checked.
    async fn count(&mut self, last: i64) -> Result<Counted, Refusal> {
        let mut recent = self.counts.recent().await;
        recent.check(&self.store, &self.who, &self.occasion).await?;
        drop(recent);
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
        let (who, occasion) = (&self.who, &self.occasion);
        let mut recent = self.counts.recent().await;
        let news = recent.after(self.last, &self.store, &self.wake, who, occasion);
        let news = news.await?;
        drop(recent);
        self.is_behind = news.may_have_more;
        if news.last != self.last {
            self.summary_at = Some(Instant::now());
        }
        self.last = news.last;
        self.waiting.extend(news.texts);
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
    events: Vec<Event>,
    last: i64,
    may_have_more: bool,
    /// Whether some news after the last number has already been deleted from the store.
    is_reset: bool,
}

fn read_batch(tx: &mut Tx<'_>, host: &HostOf, last: i64) -> Result<Batch, Refusal> {
    let scope = host.occasion().to_string();
    let Some(found) = news::after(tx, &scope, last, BATCH)? else {
        let cursor = news::cursor(tx)?;
        let data = json!({"cursor": cursor});
        let reset = Event {
            number: cursor,
            needs: Permission::See,
            text: event_stream::event(Some(cursor), "reset", &data).into(),
        };
        return Ok(Batch {
            events: vec![reset],
            last: cursor,
            may_have_more: false,
            is_reset: true,
        });
    };
    let may_have_more = found.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX);
    let last = found.last().map_or(last, |news| news.number);
    let mut events = Vec::new();
    for news in found {
        events.extend(event_of(tx, &news)?);
    }
    Ok(Batch {
        events,
        last,
        may_have_more,
        is_reset: false,
    })
}

fn event_of(tx: &mut Tx<'_>, news: &News) -> Result<Option<Event>, StoreError> {
    let mut data: Value = serde_json::from_str(&news.payload).unwrap_or_default();
    let needs = match news.name.as_str() {
        "rsvp" | "note" => {
            // Stored news contains no names, so that the erasure of a person need not change it.
            // The household's name is therefore read only now.
            let invitation = data["invitation"].as_str().unwrap_or_default().to_owned();
            let household: Option<(String,)> = sql!(
                "SELECT household FROM invitation WHERE id = :invitation",
                invitation
            )
            .maybe(tx)?;
            data["household"] = json!(household.map(|(name,)| name));
            Permission::See
        }
        "job" if data["contacts"] == json!(true) => Permission::SeeContacts,
        "campaign" => Permission::Invite,
        "invitation" | "job" => Permission::See,
        // This news only says that the counters changed. Counters are sent as a separate event.
        _ => return Ok(None),
    };
    Ok(Some(Event {
        number: news.number,
        needs,
        text: event_stream::event(Some(news.number), &news.name, &data).into(),
    }))
}
