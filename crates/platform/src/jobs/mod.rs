//! Jobs: work that follows from a change, as rows written by that change.
//!
//! No cause without job, no job without cause: [`Tx::enqueue`] writes the row in
//! the transaction of its cause. A [`Worker`] takes a row by giving it a lease,
//! runs the [`Handler`] of its kind, and commits whatever the handler wants
//! written ([`Done::with`]) together with the removal of the row. So a handler
//! may be started more than once, but its effects in the store happen once.
//!
//! Two rows with the same key never wait at the same time: see
//! [`NewJob::key`].

mod handler;
mod lease;
mod worker;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::sql;
use crate::store::Value as Cell;
use crate::store::{Bind, Column, Row, Rows, StoreError, Tx};
pub use handler::{Done, Handler, JobError};
pub use worker::Worker;

crate::id!(JobId, "One piece of work.");

/// What is to be done, on its way in.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Names the handler: `confirm`, `mail.send`.
    pub kind: &'static str,
    /// What the handler needs to know: ids, not copies of what it can look up.
    pub payload: Value,
    /// Whose turn it waits for.
    pub queue: Queue,
    /// Among waiting jobs there is only one with this key. Enqueued again, the
    /// waiting one takes the new payload and moves to the new time, if
    /// [`NewJob::latest`] is given (then never beyond it), else to the earlier
    /// of both times. A job that runs already does not count as waiting.
    pub key: Option<String>,
    /// When it may start; `None` is now.
    pub run_at: Option<Timestamp>,
    /// How far being enqueued again may move it, counted from the first time.
    pub latest: Option<SignedDuration>,
    /// Lower runs first; 0 is the usual.
    pub priority: i64,
    /// Jobs of one priority that name a line take turns with those of other lines: of each the first,
    /// then of each the second.
    pub line: Option<String>,
}

impl NewJob {
    /// A job without key that may start at once.
    pub fn new(kind: &'static str, payload: Value) -> Self {
        Self {
            kind,
            payload,
            queue: Queue::Work,
            key: None,
            run_at: None,
            latest: None,
            priority: 0,
            line: None,
        }
    }
}

/// The line a job waits in. Each has its own workers, so that slow mail servers
/// hold up nothing but mail, and slow sites nothing but calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Everything but mail.
    Work,
    /// Mail on its way out, at the pace the mail server allows.
    Mail,
    /// Calls to other sites, which may take as long as they like.
    Calls,
}

impl Queue {
    fn word(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Mail => "mail",
            Self::Calls => "calls",
        }
    }
}

impl Bind for Queue {
    fn bind(&self) -> Cell<'_> {
        Cell::Text(self.word())
    }
}

impl Column for Queue {
    fn read(value: Cell<'_>) -> Option<Self> {
        match value {
            Cell::Text("work") => Some(Self::Work),
            Cell::Text("mail") => Some(Self::Mail),
            Cell::Text("calls") => Some(Self::Calls),
            _ => None,
        }
    }
}

/// A job as its handler gets it.
#[derive(Clone, Debug, Row)]
pub struct Job {
    /// Which one.
    pub id: JobId,
    /// The name of its handler.
    pub kind: String,
    /// What it was enqueued with, as JSON text.
    pub payload: String,
    /// How many attempts have failed before this one.
    pub attempts: u32,
    /// The request that caused it.
    pub request_id: Option<String>,
    queue: Queue,
    #[row(rename = "unique_key")]
    key: Option<String>,
    priority: i64,
    line: Option<String>,
    turn: i64,
    latest_at: Option<Timestamp>,
    created_at: Timestamp,
    /// How often it was started, this time included: what tells the holder of
    /// the lease from one that has lost it.
    starts: i64,
}

impl Job {
    /// The payload as `T`; a job that cannot be read fails for good.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_json::from_str(&self.payload).map_err(JobError::fail)
    }

    /// Whether nothing follows if this attempt fails too.
    pub(crate) fn is_last_attempt(&self) -> bool {
        handler::pause_after(self.queue, self.attempts + 1, 0).is_none()
    }
}

impl Tx<'_> {
    /// Writes a job that follows from this change, or moves the waiting one
    /// with the same key.
    pub fn enqueue(&mut self, job: NewJob) -> Result<(), StoreError> {
        let NewJob {
            kind,
            payload,
            queue,
            key,
            run_at,
            latest,
            priority,
            line,
        } = job;
        let turn = match &line {
            Some(line) => next_turn(self, queue, line)?,
            None => 0,
        };
        let id: JobId = self.id();
        let now = self.now();
        let run_at = run_at.unwrap_or(now);
        let latest_at = latest.map(|latest| now + latest);
        let payload = payload.to_string();
        let request = self.request();
        sql!(
            "INSERT INTO job (id, queue, kind, payload, state, unique_key, priority, line, turn,
                              due_at, latest_at, starts, attempts, created_at, request_id)
             VALUES (:id, :queue, :kind, :payload, 'waiting', :key, :priority, :line, :turn,
                 :run_at, :latest_at, 0, 0, :now, :request)
             ON CONFLICT (unique_key) WHERE state = 'waiting' DO UPDATE SET
                 payload = excluded.payload,
                 request_id = excluded.request_id,
                 priority = CASE WHEN job.priority < excluded.priority
                                 THEN job.priority ELSE excluded.priority END,
                 attempts = 0,
                 due_at = CASE
                     WHEN job.latest_at IS NULL AND job.due_at < excluded.due_at
                         THEN job.due_at
                     WHEN job.latest_at < excluded.due_at THEN job.latest_at
                     ELSE excluded.due_at END",
            id,
            queue,
            kind,
            payload,
            key,
            priority,
            line,
            turn,
            run_at,
            latest_at,
            now,
            request = request.as_deref()
        )
        .run(self, Rows::Exactly(1))?;
        if run_at <= now {
            self.wake_jobs();
        }
        Ok(())
    }
}

/// The turn of one more job in a line: after those that are there.
fn next_turn(tx: &mut Tx<'_>, queue: Queue, line: &str) -> Result<i64, StoreError> {
    let (last,): (Option<i64>,) = sql!(
        "SELECT MAX(turn) FROM job WHERE line = :line AND queue = :queue AND state <> 'failed'",
        line,
        queue
    )
    .one(tx)?;
    Ok(last.map_or(0, |last| last + 1))
}

/// Removes the waiting job with this key, if there is one.
pub fn withdraw(tx: &mut Tx<'_>, key: &str) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM job WHERE unique_key = :key AND state = 'waiting'",
        key
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct FailedJob {
    /// Which one.
    pub id: JobId,
    /// The name of its handler.
    pub kind: String,
    /// What it was enqueued with, as JSON text.
    pub payload: String,
    /// How many attempts failed.
    pub attempts: u32,
    /// The last failure's message.
    pub last_error: String,
    /// When it was enqueued.
    pub created_at: Timestamp,
}

/// The jobs that were given up, oldest first, at most `limit`.
pub fn list_failed(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<FailedJob>, StoreError> {
    sql!(
        "SELECT id, kind, payload, attempts, COALESCE(last_error, '') AS last_error, created_at
         FROM job
         WHERE state = 'failed' ORDER BY id LIMIT :limit",
        limit
    )
    .all(tx)
}

/// Gives a failed job its attempts back and lets it start now. `false` when it
/// is not there, or not failed any more.
pub fn retry(tx: &mut Tx<'_>, id: &JobId) -> Result<bool, StoreError> {
    lease::revive(tx, id)
}

/// How many jobs wait or run, and the instant the earliest of them is due.
pub fn pending(tx: &mut Tx<'_>) -> Result<(u64, Option<Timestamp>), StoreError> {
    tx.one(
        sql!("SELECT COUNT(*), MIN(due_at) FROM job WHERE state <> 'failed'"),
        &[],
    )
}
