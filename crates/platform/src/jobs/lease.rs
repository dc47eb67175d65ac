//! Taking a job, holding it, and giving it up: the row's way between its states.

use jiff::SignedDuration;

use super::{Job, JobId, Queue};
use crate::sql;
use crate::store::{Rows, StoreError, Tx};

/// How long a job is held without a sign of life.
pub(super) const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// A job that was started this often without ending, in success or failure,
/// takes its worker down with it, and is given up.
pub(super) const STARTS: i64 = 25;

/// Whether something in `queue` can be taken now.
pub(super) fn is_due(tx: &mut Tx<'_>, queue: Queue) -> Result<bool, StoreError> {
    Ok(next(tx, queue)?.is_some())
}

/// Takes the job of `queue` whose turn it is.
pub(super) fn take(tx: &mut Tx<'_>, queue: Queue) -> Result<Option<Job>, StoreError> {
    while let Some(id) = next(tx, queue)? {
        let now = tx.now();
        let until = now + LEASE;
        // Another worker may have been quicker: then this touches no row.
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

/// Holds the job for another [`LEASE`]. `false` when it is held no more.
pub(super) fn renew(tx: &mut Tx<'_>, job: &Job) -> Result<bool, StoreError> {
    let until = tx.now() + LEASE;
    let rows = sql!(
        "UPDATE job SET due_at = :until
         WHERE id = :id AND starts = :starts AND state = 'running'",
        id = job.id,
        starts = job.starts,
        until
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(rows == 1)
}

/// Ends the job. An error when the lease was lost: then somebody else does it,
/// and what was to be written with its end must not be.
pub(super) fn end(tx: &mut Tx<'_>, job: &Job) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM job WHERE id = :id AND starts = :starts AND state = 'running'",
        id = job.id,
        starts = job.starts
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// How a job goes back to wait.
pub(super) struct Return<'a> {
    /// How long it waits.
    pub(super) pause: SignedDuration,
    /// Failed attempts so far.
    pub(super) attempts: u32,
    /// Starts so far: the job's own number, or one less when this start did
    /// not count.
    pub(super) starts: i64,
    /// What went wrong, if anything did.
    pub(super) error: Option<&'a str>,
}

impl Return<'_> {
    /// A return that is nobody's failure.
    pub(super) fn uncounted(pause: SignedDuration, attempts: u32, starts: i64) -> Self {
        Self {
            pause,
            attempts,
            starts,
            error: None,
        }
    }
}

/// Lets the job wait again. If meanwhile another one with its key waits, that
/// one replaces both.
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
    if back.pause.is_zero() {
        tx.wake_jobs();
    }
    Ok(())
}

/// Gives the job up; people can see it and start it again.
pub(super) fn give_up(
    tx: &mut Tx<'_>,
    job: &Job,
    attempts: u32,
    error: &str,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE job SET state = 'failed', due_at = NULL, attempts = :attempts, last_error = :error
         WHERE id = :id AND starts = :starts AND state = 'running'",
        id = job.id,
        starts = job.starts,
        attempts,
        error
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Starts a failed job again, as a new one, so that nobody who held it before
/// can end it.
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

/// The job of `queue` whose turn it is: of the due ones the most urgent, then the
/// first of each line, then the one that has waited longest.
fn next(tx: &mut Tx<'_>, queue: Queue) -> Result<Option<JobId>, StoreError> {
    let now = tx.now();
    let found: Option<(JobId,)> = sql!(
        "SELECT id FROM job WHERE queue = :queue AND due_at <= :now
         ORDER BY priority, turn, due_at, id LIMIT 1",
        queue,
        now
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}
