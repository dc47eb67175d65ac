//! The end of an agent: copies what remains, and gives the lease back.

use super::{COPY_INTERVAL, Work};
use crate::BackupError;

/// The PostgreSQL server may still be sending its log.
const MAX_LAST_ROUNDS: u32 = 20;

/// What ends, when an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    OfKenduri,
    /// Another process of this machine goes on.
    OfThisProcess,
}

impl Work {
    pub(super) fn stop(&mut self, ending: Ending) {
        self.give_way();
        let began = self.clock.now();
        if let Some(going) = &mut self.going {
            going.files_looked_at = None;
        }
        let begun = self.begin_late(ending);
        let looked = begun.and_then(|()| self.look(began));
        let outcome = looked.and_then(|()| self.copy_all_commits());
        let outcome = outcome.and_then(|()| self.note_head(true));
        self.report_outcome(&outcome);
        let going = self.going.as_ref();
        let has_snapshot = going.is_some_and(|going| going.snapshot.is_some());
        let until = self.status.borrow().copied_until;
        let is_all = until.is_some_and(|until| until >= began);
        self.end(ending, outcome.is_ok() && has_snapshot && is_all);
    }

    /// What was saved in the first second of an SQLite store is to be copied too.
    fn begin_late(&mut self, ending: Ending) -> Result<(), BackupError> {
        let is_untried = self.going.is_none() && self.status.borrow().failure.is_none();
        if is_untried
            && ending == Ending::OfKenduri
            && self.settings.postgres.is_none()
            && self.take_lock()?
        {
            self.begin()?;
        }
        Ok(())
    }

    /// PostgreSQL streams its log, so this may take several rounds.
    fn copy_all_commits(&mut self) -> Result<(), BackupError> {
        let now = self.clock.now();
        for _ in 0..MAX_LAST_ROUNDS {
            self.copy_commits()?;
            let is_streaming = self.going.as_ref().is_some_and(|going| going.wal.is_some());
            let until = self.status.borrow().copied_until;
            if !is_streaming || until.is_none_or(|until| until >= now) {
                break;
            }
            std::thread::sleep(COPY_INTERVAL / 10);
        }
        Ok(())
    }

    /// Ends the second place's thread, and releases the lease. `is_whole`: everything was copied.
    pub(super) fn end(&mut self, ending: Ending, is_whole: bool) {
        self.renewal = None;
        if let Some(second) = self.second.take() {
            second.stop();
        }
        if ending == Ending::OfThisProcess && self.settings.postgres.is_none() {
            // The next process of this machine takes the lease at once, and no other machine may.
            return;
        }
        let is_whole = is_whole && ending == Ending::OfKenduri;
        if let Some(lease) = &self.lease
            && let Err(error) = lease.lock().release(is_whole)
        {
            tracing::warn!(
                "the lease of the backup was not released, so another machine would wait a minute for it; nothing needs to be done: {error}"
            );
        }
    }
}
