//! Starts drills, and hears of their results.

use jiff::Timestamp;

use super::Work;
use crate::drill::{self, DrillResult};
use crate::{BackupError, BackupKey};

impl Work {
    /// If a drill is due, starts it in a thread.
    pub(super) fn drill(&mut self, now: Timestamp) -> Result<(), BackupError> {
        if let Some(thread) = self.drill.take_if(|thread| thread.is_finished()) {
            let outcome = thread.join();
            let drill = outcome.map_err(|_| BackupError::DrillPanicked)??;
            if let DrillResult::Failed(reason) = &drill.result {
                tracing::error!(
                    "the trial restore of the backup failed; run `kenduri backup verify`, then `kenduri backup now`: {reason}"
                );
            }
            self.status.send_modify(|status| status.drill = Some(drill));
        }
        let data = self.settings.data.clone();
        let has_snapshot = self
            .going
            .as_ref()
            .is_some_and(|going| going.snapshot.is_some());
        if !self.settings.has_drills
            || !has_snapshot
            || self.drill.is_some()
            || !drill::is_due(&data, now)
        {
            return Ok(());
        }
        if self.is_frozen()? {
            return Ok(());
        }
        let Some(key) = BackupKey::read(&data)? else {
            return Ok(());
        };
        let target = self.settings.target.clone();
        let (clock, random) = (self.clock.clone(), self.random.clone());
        let thread = std::thread::Builder::new()
            .name("backup-drill".to_owned())
            .spawn(move || drill::drill(&target, &key, &data, &clock, &random));
        self.drill = Some(thread.map_err(BackupError::thread("the trial restore"))?);
        Ok(())
    }

    fn is_frozen(&self) -> Result<bool, BackupError> {
        let Some(is_frozen) = self.is_frozen.clone() else {
            return Ok(false);
        };
        self.read(move |tx| is_frozen(tx))
    }
}
