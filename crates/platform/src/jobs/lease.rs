//! Leases jobs, renews leases and ends jobs, all as changes to a job's row.
//!
//! A job is claimed by a conditional update on both engines. On PostgreSQL, jobs that others are
//! claiming are passed over: otherwise, with eight claims at once, three of four find their job
//! gone.

use jiff::{SignedDuration, Timestamp};

use super::held::Held;
use super::{Job, JobId, LOOK, Queue};
use crate::sql;
use crate::store::{Row, Rows, StoreError, Tx};

/// How long a lease lasts unless it is renewed.
pub(super) const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The maximum number of starts of a job. A job that exceeds it fails, because the job probably
/// crashes its worker.
pub(super) const STARTS: i64 = 25;

#[derive(Row)]
struct Earliest {
    work: Option<Timestamp>,
    mail: Option<Timestamp>,
    calls: Option<Timestamp>,
    services: Option<Timestamp>,
    fetches: Option<Timestamp>,
}

/// When the first job of each queue is due that has any. A running job is due when its lease ends.
pub(super) fn earliest(tx: &mut Tx<'_>) -> Result<Vec<(Queue, Timestamp)>, StoreError> {
    let first: Earliest = sql!(
        "SELECT
             (SELECT MIN(due_at) FROM job WHERE queue = :work AND state <> 'failed') AS work,
             (SELECT MIN(due_at) FROM job WHERE queue = :mail AND state <> 'failed') AS mail,
             (SELECT MIN(due_at) FROM job WHERE queue = :calls AND state <> 'failed') AS calls,
             (SELECT MIN(due_at) FROM job WHERE queue = :services AND state <> 'failed')
                 AS services,
             (SELECT MIN(due_at) FROM job WHERE queue = :fetches AND state <> 'failed')
                 AS fetches",
        work = Queue::Work,
        mail = Queue::Mail,
        calls = Queue::Calls,
        services = Queue::Services,
        fetches = Queue::Fetches
    )
    .one(tx)?;
    let of_queue = |queue| match queue {
        Queue::Work => first.work,
        Queue::Mail => first.mail,
        Queue::Calls => first.calls,
        Queue::Services => first.services,
        Queue::Fetches => first.fetches,
    };
    let all = Queue::ALL.into_iter();
    Ok(all
        .filter_map(|queue| Some((queue, of_queue(queue)?)))
        .collect())
}

/// Whether a job of `queue` is due.
pub(super) fn is_due(tx: &mut Tx<'_>, queue: Queue) -> Result<bool, StoreError> {
    Ok(next(tx, queue)?.is_some())
}

/// Leases the next due job. `held` are the jobs that this process runs: their leases are renewed.
pub(super) fn take(
    tx: &mut Tx<'_>,
    queue: Queue,
    held: &[Held],
) -> Result<Option<Job>, StoreError> {
    while let Some(id) = claimable(tx, queue)? {
        if let Some(own) = held.iter().find(|held| held.id == id)
            && renew(tx, own)?
        {
            continue;
        }
        // Another worker may have started requests in the lane before this transaction locked it,
        // so the due job is determined again.
        if queue.line_at_once().is_some()
            && !(lock_line(tx, queue, &id)? && next(tx, queue)?.as_ref() == Some(&id))
        {
            continue;
        }
        let now = tx.now();
        let until = now + LEASE;
        // If another worker has already leased the job, this updates no row.
        let job = sql!(
            "UPDATE job SET state = 'running', due_at = :until, starts = starts + 1
             WHERE id = :id AND due_at <= :now
             RETURNING {Job}",
            id,
            now,
            until
        )
        .maybe::<Job>(tx)?;
        if job.is_some() {
            return Ok(job);
        }
    }
    Ok(None)
}

/// Renews the lease. Returns `false` if the lease was lost.
pub(super) fn renew(tx: &mut Tx<'_>, held: &Held) -> Result<bool, StoreError> {
    let until = tx.now() + LEASE;
    let rows = sql!(
        "UPDATE job SET due_at = :until
         WHERE id = :id AND starts = :starts AND state = 'running'",
        id = held.id,
        starts = held.starts,
        until
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(rows == 1)
}

/// Deletes the finished job. Fails if the lease was lost. In that case another worker runs the job,
/// and this worker's writes must be rolled back.
pub(super) fn end(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM job WHERE id = :id AND starts = :starts AND state = 'running'",
        id = job.id,
        starts = job.starts
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

pub(super) struct Return<'a> {
    /// The time until the job is due again.
    pub(super) pause: SignedDuration,
    /// The number of failed attempts so far.
    pub(super) attempts: u32,
    /// The number of starts so far. The current start is excluded if it does not count.
    pub(super) starts: i64,
    pub(super) error: Option<&'a str>,
}

impl Return<'_> {
    /// Returns the job to the queue without counting a failure.
    pub(super) fn uncounted(pause: SignedDuration, attempts: u32, starts: i64) -> Self {
        Self {
            pause,
            attempts,
            starts,
            error: None,
        }
    }
}

/// Returns the job to the queue. If another job with the same key is already waiting, the returned
/// job is dropped.
pub(super) fn put_back(tx: &mut Tx<'_>, job: &Job, back: &Return<'_>) -> Result<(), StoreError> {
    end(tx, job)?;
    wait(tx, job, back)
}

fn wait(tx: &mut Tx<'_>, job: &Job, back: &Return<'_>) -> Result<(), StoreError> {
    let due_at = tx.now() + back.pause;
    sql!(
        "INSERT INTO job (id, queue, kind, payload, state, unique_key, priority, line, turn,
                          due_at, latest_at, starts, attempts, last_error, created_at,
                          request_id)
         VALUES (:id, :queue, :kind, :payload, 'waiting', :key, :priority, :line, :turn, :due_at,
             :latest_at, :starts, :attempts, :error, :created_at, :request_id)
         ON CONFLICT (unique_key) WHERE state = 'waiting' DO NOTHING",
        id = job.id,
        queue = job.queue,
        kind = job.kind,
        payload = job.payload,
        key = job.key,
        priority = job.priority,
        line = job.line,
        turn = job.turn,
        due_at,
        latest_at = job.latest_at,
        starts = back.starts,
        attempts = back.attempts,
        error = back.error,
        created_at = job.created_at,
        request_id = job.request_id
    )
    .run(tx, Rows::AtMostOne)?;
    if back.pause <= LOOK {
        tx.wake_jobs();
    }
    Ok(())
}

/// Marks the job as failed. An administrator sees failed jobs and can restart them.
pub(super) fn give_up(
    tx: &mut Tx<'_>,
    job: &Job,
    attempts: u32,
    error: &str,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE job SET state = 'failed', due_at = NULL, attempts = :attempts, last_error = :error,
             failed_at = :now
         WHERE id = :id AND starts = :starts AND state = 'running'",
        id = job.id,
        starts = job.starts,
        attempts,
        error,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Replaces a failed job by a new job with a new id. With the old id, a worker whose lease has
/// expired could end the new job.
pub(super) fn revive(tx: &mut Tx<'_>, id: &JobId) -> Result<bool, StoreError> {
    let now = tx.now();
    let job = sql!(
        "UPDATE job SET state = 'running', due_at = :now
         WHERE id = :id AND state = 'failed'
         RETURNING {Job}",
        id,
        now
    )
    .maybe::<Job>(tx)?;
    let Some(job) = job else {
        return Ok(false);
    };
    end(tx, &job)?;
    let job = Job { id: tx.id(), ..job };
    wait(tx, &job, &Return::uncounted(SignedDuration::ZERO, 0, 0))?;
    Ok(true)
}

/// By priority, then by sequence number within its lane, then by due time.
fn next(tx: &mut Tx<'_>, queue: Queue) -> Result<Option<JobId>, StoreError> {
    let now = tx.now();
    if let Some(most) = queue.line_at_once() {
        return next_of_lines(tx, queue, most);
    }
    let found: Option<(JobId,)> = sql!(
        "SELECT id FROM job WHERE queue = :queue AND due_at <= :now
         ORDER BY priority, turn, due_at, id LIMIT 1",
        queue,
        now
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Like [`next`]. Outside lanes, a job that another worker is claiming is passed over.
fn claimable(tx: &mut Tx<'_>, queue: Queue) -> Result<Option<JobId>, StoreError> {
    if queue.line_at_once().is_some() {
        return next(tx, queue);
    }
    let found: Option<(JobId,)> = sql!(
        "SELECT id FROM job WHERE queue = :queue AND due_at <= :now
         ORDER BY priority, turn, due_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED",
        queue,
        now = tx.now()
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Only one worker at a time starts a request in this lane. `false` if no job is left.
fn lock_line(tx: &mut Tx<'_>, queue: Queue, id: &JobId) -> Result<bool, StoreError> {
    let first: Option<(JobId,)> = sql!(
        "SELECT id FROM job WHERE queue = :queue
             AND line IS NOT DISTINCT FROM (SELECT line FROM job WHERE id = :id)
         ORDER BY turn, id LIMIT 1 FOR NO KEY UPDATE",
        queue,
        id
    )
    .maybe(tx)?;
    Ok(first.is_some())
}

fn next_of_lines(tx: &mut Tx<'_>, queue: Queue, most: i64) -> Result<Option<JobId>, StoreError> {
    let found: Option<(JobId,)> = sql!(
        "SELECT id FROM job WHERE queue = :queue AND due_at <= :now
             AND :most > (SELECT COUNT(*) FROM job other WHERE other.line = job.line
                          AND other.queue = :queue AND other.state = 'running'
                          AND other.due_at > :now)
         ORDER BY priority, turn, due_at, id LIMIT 1",
        queue,
        now = tx.now(),
        most
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}
