//! The jobs that this process runs. It never begins one of them again, even if its lease has ended
//! because it could not be renewed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Job, JobId};

/// A job under the lease of its present start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) id: JobId,
    pub(super) starts: i64,
}

impl Held {
    pub(super) fn of(job: &Job) -> Self {
        Self {
            id: job.id.clone(),
            starts: job.starts,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct HeldJobs(Mutex<Vec<Held>>);

impl HeldJobs {
    /// Until the returned value is dropped.
    pub(super) fn hold(&self, held: Held) -> Holding<'_> {
        self.lock().push(held.clone());
        Holding { jobs: self, held }
    }

    pub(super) fn list(&self) -> Vec<Held> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
pub(super) struct Holding<'a> {
    jobs: &'a HeldJobs,
    held: Held,
}

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.jobs.lock().retain(|held| *held != self.held);
    }
}
