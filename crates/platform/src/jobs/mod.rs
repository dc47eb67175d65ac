//! Background jobs, stored as rows in the transaction that causes them.
//!
//! [`Tx::enqueue`] writes a job in the transaction of its cause, so both are committed or neither
//! is. A [`Worker`] leases the job's row, runs the [`Handler`] for the job's kind, and commits the
//! handler's writes ([`Done::with`]) together with the deletion of the row. So a handler may be
//! started more than once, but its effects in the store happen once.
//!
//! At most one waiting job has a given key: see [`NewJob::key`].

mod handler;
mod held;
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

/// How often a worker that nobody wakes looks for jobs. A job that is due before wakes it.
const LOOK: SignedDuration = SignedDuration::from_secs(5);

#[derive(Clone, Debug)]
pub struct NewJob {
    /// The name of the job's handler, such as `confirm` or `mail.send`.
    pub kind: &'static str,
    /// The handler's input. It contains ids rather than copies of stored data.
    pub payload: Value,
    pub queue: Queue,
    /// At most one waiting job has this key. If a job with the same key is already waiting,
    /// enqueueing replaces the waiting job's payload and keeps the earlier of the two due times.
    /// With [`NewJob::latest`], the new due time is used instead, but no later than that limit. A
    /// running job does not count as waiting.
    pub key: Option<String>,
    /// The earliest start; `None` means immediately.
    pub run_at: Option<Timestamp>,
    /// The maximum delay that repeated enqueueing can cause, counted from the first enqueueing.
    pub latest: Option<SignedDuration>,
    /// Lower numbers run first; the default is 0.
    pub priority: i64,
    /// The job's lane. Jobs with the same priority alternate between lanes: first the first job of
    /// each lane runs, then the second job of each lane.
    pub line: Option<String>,
}

impl NewJob {
    /// A job without key that is due now.
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

/// A queue with its own workers, so that a slow mail server delays only mail, and slow sites delay
/// only HTTP requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// All jobs except mail and HTTP requests.
    Work,
    /// Outgoing mail, at the rate that the mail server allows.
    Mail,
    /// HTTP requests to other sites, which may be slow.
    Calls,
    /// HTTP requests to services that the operator configured. Each service has its own
    /// [lane](NewJob::line). At most two requests in a lane run at a time, so that a slow service
    /// delays only itself.
    Services,
    /// HTTP requests for what users keep on other sites, such as calendars. Each user has their own
    /// [lane](NewJob::line), in which one request runs at a time.
    Fetches,
}

impl Queue {
    const ALL: [Self; 5] = [
        Self::Work,
        Self::Mail,
        Self::Calls,
        Self::Services,
        Self::Fetches,
    ];

    fn line_at_once(self) -> Option<i64> {
        match self {
            Self::Work | Self::Mail | Self::Calls => None,
            Self::Services => Some(2),
            Self::Fetches => Some(1),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Mail => "mail",
            Self::Calls => "calls",
            Self::Services => "services",
            Self::Fetches => "fetches",
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
            Cell::Text("services") => Some(Self::Services),
            Cell::Text("fetches") => Some(Self::Fetches),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Row)]
pub struct Job {
    pub id: JobId,
    /// The name of the job's handler.
    pub kind: String,
    /// The payload as JSON text.
    pub payload: String,
    /// How many attempts failed before this one.
    pub attempts: u32,
    /// The id of the request that caused the job.
    pub request_id: Option<String>,
    queue: Queue,
    #[row(rename = "unique_key")]
    key: Option<String>,
    priority: i64,
    line: Option<String>,
    turn: i64,
    latest_at: Option<Timestamp>,
    created_at: Timestamp,
    /// The number of starts, including the current one. This number identifies the current lease.
    starts: i64,
}

impl Job {
    /// Parses the payload as `T`. A job with an invalid payload fails permanently.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_json::from_str(&self.payload).map_err(JobError::fail)
    }

    /// How many times the job was started and did not end, this start included. Starts that end
    /// because Kenduri stops are not counted.
    pub fn starts(&self) -> i64 {
        self.starts
    }

    /// How long ago the job was enqueued.
    pub fn age(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.created_at)
    }

    /// Whether the job fails permanently if this attempt fails.
    pub(crate) fn is_last_attempt(&self) -> bool {
        handler::pause_after(self.queue, self.attempts + 1, 0).is_none()
    }
}

impl Tx<'_> {
    /// Enqueues a job in this transaction, or updates the waiting job with the same key.
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
        .run_later(self, Rows::Any)?;
        if run_at <= now + LOOK {
            self.wake_jobs();
        }
        Ok(())
    }
}

fn next_turn(tx: &mut Tx<'_>, queue: Queue, line: &str) -> Result<i64, StoreError> {
    let (last,): (Option<i64>,) = sql!(
        "SELECT MAX(turn) FROM job WHERE line = :line AND queue = :queue AND state <> 'failed'",
        line,
        queue
    )
    .one(tx)?;
    Ok(last.map_or(0, |last| last + 1))
}

/// Deletes the waiting job with this key, if there is one.
pub fn withdraw(tx: &mut Tx<'_>, key: &str) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM job WHERE unique_key = :key AND state = 'waiting'",
        key
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// A job that failed permanently.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct FailedJob {
    pub id: JobId,
    /// The name of the job's handler.
    pub kind: String,
    /// The payload as JSON text.
    pub payload: String,
    pub attempts: u32,
    pub last_error: String,
    pub created_at: Timestamp,
}

/// Returns the failed jobs, oldest first, at most `limit`.
pub fn list_failed(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<FailedJob>, StoreError> {
    sql!(
        "SELECT id, kind, payload, attempts, COALESCE(last_error, '') AS last_error, created_at
         FROM job
         WHERE state = 'failed' ORDER BY id LIMIT :limit",
        limit
    )
    .all(tx)
}

/// Returns how many jobs of each kind failed after `since`. Mails are not included;
/// [`mail::failed_since`](crate::mail::failed_since) counts the failed mails.
pub fn failed_since(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<(String, u64)>, StoreError> {
    sql!(
        "SELECT kind, COUNT(*) FROM job
         WHERE state = 'failed' AND failed_at > :since AND queue <> 'mail'
         GROUP BY kind ORDER BY kind",
        since
    )
    .all(tx)
}

/// Makes a failed job due now, with its full number of attempts. Returns `false` if no failed job
/// has this id.
pub fn retry(tx: &mut Tx<'_>, id: &JobId) -> Result<bool, StoreError> {
    lease::revive(tx, id)
}

/// Returns the number of waiting and running jobs, and the earliest due time among them.
pub fn pending(tx: &mut Tx<'_>) -> Result<(u64, Option<Timestamp>), StoreError> {
    tx.one(
        sql!("SELECT COUNT(*), MIN(due_at) FROM job WHERE state <> 'failed'"),
        &[],
    )
}
