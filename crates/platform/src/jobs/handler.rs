//! A handler is the code that runs jobs of one kind. Each attempt to run a job ends with a result.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::SignedDuration;

use super::{Job, Queue};
use crate::store::{StoreError, Tx};

/// The pauses between the three attempts of an ordinary job.
const PAUSES: &[SignedDuration] = &[SignedDuration::from_secs(10), SignedDuration::from_secs(60)];
const MAIL_PAUSES: &[SignedDuration] = &[
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(6),
];

/// The pause after an attempt that failed because the store saved nothing, which was not its fault.
const AFTER_CLOSURE: SignedDuration = SignedDuration::from_secs(10);

const MINUTES_OF_DAY: i64 = 24 * 60;

/// A closure whose writes are committed together with an attempt's result. The closure may be
/// called again, so it must have no effect outside its transaction.
pub(super) type Effect = Arc<dyn Fn(&mut Tx<'_>) -> Result<(), JobError> + Send + Sync>;

pub struct Handler {
    pub(super) kind: &'static str,
    /// The interval in minutes, if the job is scheduled by the clock.
    pub(super) period: Option<i64>,
    pub(super) run: Run,
    /// The writes that are committed in the transaction that gives up a job.
    pub(super) given_up: Option<Effect>,
}

type Run = Box<dyn Fn(Job) -> Running + Send + Sync>;
pub(super) type Running = Pin<Box<dyn Future<Output = Result<Done, JobError>> + Send>>;

impl Handler {
    /// Creates a handler for jobs named `kind`. `run` does the work outside the store, and returns
    /// the resulting writes as [`Done::with`].
    pub fn new<F, R>(kind: &'static str, run: F) -> Self
    where
        F: Fn(Job) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Done, JobError>> + Send + 'static,
    {
        Self {
            kind,
            period: None,
            run: Box::new(move |job| Box::pin(run(job))),
            given_up: None,
        }
    }

    /// Commits `write` in the transaction that gives up a job. `write` gets the job's kind.
    #[must_use]
    pub fn when_given_up<E>(
        self,
        write: impl Fn(&mut Tx<'_>, &'static str) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self
    where
        E: Into<JobError>,
    {
        let kind = self.kind;
        Self {
            given_up: Some(Arc::new(move |tx| write(tx, kind).map_err(Into::into))),
            ..self
        }
    }

    /// Like [`Handler::new`], but every call of `run` also gets a clone of `shared`, such as the
    /// site.
    pub fn with<S, F, R>(kind: &'static str, shared: &S, run: F) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Fn(S, Job) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Done, JobError>> + Send + 'static,
    {
        let shared = shared.clone();
        Self::new(kind, move |job| run(shared.clone(), job))
    }

    /// Like [`Handler::new`], for a job that runs once a minute, even if several processes share
    /// the store. If a minute is missed, the job does not run an additional time later.
    pub fn each_minute<F, R>(kind: &'static str, run: F) -> Self
    where
        F: Fn(Job) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Done, JobError>> + Send + 'static,
    {
        Self {
            period: Some(1),
            ..Self::new(kind, run)
        }
    }

    /// Like [`Handler::each_minute`], but once a day: soon after midnight UTC or, if no process is
    /// running then, when the next process starts.
    pub fn each_day<F, R>(kind: &'static str, run: F) -> Self
    where
        F: Fn(Job) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Done, JobError>> + Send + 'static,
    {
        Self {
            period: Some(MINUTES_OF_DAY),
            ..Self::new(kind, run)
        }
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handler").field(&self.kind).finish()
    }
}

#[derive(Default)]
pub struct Done {
    pub(super) effect: Option<Effect>,
}

impl Done {
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Reports success. `write` is committed in the transaction that ends the job.
    pub fn with<E>(write: impl Fn(&mut Tx<'_>) -> Result<(), E> + Send + Sync + 'static) -> Self
    where
        E: Into<JobError>,
    {
        Self {
            effect: Some(Arc::new(move |tx| write(tx).map_err(Into::into))),
        }
    }
}

impl fmt::Debug for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Done")
    }
}

pub struct JobError {
    pub(super) verdict: Verdict,
    /// Whether the store was busy or unavailable, so that another attempt may succeed.
    pub(super) is_passing: bool,
    cause: Box<dyn std::error::Error + Send + Sync>,
    /// The text for the log, if the cause may contain personal data.
    logged: Option<String>,
    pub(super) effect: Option<Effect>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Retry,
    Fail,
    Later(SignedDuration),
}

impl JobError {
    /// A temporary failure. The job is attempted again.
    pub fn retry(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::of(Verdict::Retry, cause)
    }

    /// A permanent failure. The job is not attempted again.
    pub fn fail(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::of(Verdict::Fail, cause)
    }

    /// The attempt could not be made. The job runs again after `pause`, and the attempt is not
    /// counted.
    pub fn later(
        pause: SignedDuration,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::of(Verdict::Later(pause), cause)
    }

    /// Commits `write` together with the failure.
    #[must_use]
    pub fn with<E>(
        self,
        write: impl Fn(&mut Tx<'_>) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self
    where
        E: Into<Self>,
    {
        Self {
            effect: Some(Arc::new(move |tx| write(tx).map_err(Into::into))),
            ..self
        }
    }

    /// Replaces the cause in the log by `words`, because the cause may contain personal data. The
    /// store keeps the cause.
    #[must_use]
    pub fn logged_as(self, words: impl Into<String>) -> Self {
        Self {
            logged: Some(words.into()),
            ..self
        }
    }

    pub(super) fn logged(&self) -> String {
        self.logged.clone().unwrap_or_else(|| self.to_string())
    }

    fn of(verdict: Verdict, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            verdict,
            is_passing: false,
            cause: cause.into(),
            logged: None,
            effect: None,
        }
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        let verdict = match error {
            StoreError::LeaseOver => Verdict::Later(AFTER_CLOSURE),
            _ => Verdict::Retry,
        };
        Self {
            // Whoever writes the end of a job may write it twice.
            is_passing: error.is_passing() || matches!(error, StoreError::Unknown),
            ..Self::of(verdict, error)
        }
    }
}

impl fmt::Debug for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.verdict, self.cause)
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

/// The pause after a job in `queue` has failed `failed` times; `None` after the last attempt.
/// `chance`, from 0 to 400, varies a mail's pause by up to a fifth, so that mails deferred at the
/// same time are not retried at the same time.
pub(crate) fn pause_after(queue: Queue, failed: u32, chance: u32) -> Option<SignedDuration> {
    let index = usize::try_from(failed).ok()?.checked_sub(1)?;
    match queue {
        Queue::Work | Queue::Calls | Queue::Services | Queue::Fetches => PAUSES.get(index).copied(),
        Queue::Mail => MAIL_PAUSES.get(index).map(|pause| {
            let per_mille = 800 + i128::from(chance.min(400));
            let millis = pause.as_millis() * per_mille / 1_000;
            SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let seconds = |queue, chance| {
            (1..)
                .map_while(|failed| pause_after(queue, failed, chance))
                .map(|pause| pause.as_secs())
                .collect::<Vec<_>>()
        };
        assert_eq!(seconds(Queue::Work, 400), [10, 60]);
        assert_eq!(seconds(Queue::Mail, 200), [60, 300, 1_800, 7_200, 21_600]);
        assert_eq!(seconds(Queue::Mail, 0), [48, 240, 1_440, 5_760, 17_280]);
        assert_eq!(seconds(Queue::Mail, 400), [72, 360, 2_160, 8_640, 25_920]);
        assert_eq!(pause_after(Queue::Work, 0, 0), None);
    }
}
