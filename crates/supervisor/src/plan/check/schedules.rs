//! Checks the schedules of a service.

use super::{Refused, ServiceCheck};
use crate::cron::Schedule;

impl ServiceCheck<'_> {
    pub(super) fn schedule(
        &mut self,
        key: &str,
        written: &str,
    ) -> Result<Option<Schedule>, Refused> {
        if written.is_empty() {
            return Ok(None);
        }
        let schedule = Schedule::parse(written, &self.service.time_zone);
        self.check.accept(key, schedule).map(Some).ok_or(Refused)
    }

    /// Refuses settings that would have no effect on a scheduled command.
    pub(super) fn only_once(&mut self) {
        let service = self.service;
        if service.cron.is_empty() {
            return;
        }
        for (key, is_set) in [
            ("cron_restart", !service.cron_restart.is_empty()),
            ("listen", service.listen != "none"),
            ("instances", service.instances != 1),
            ("spare", service.spare != 0),
        ] {
            if is_set {
                let what = "a command with `cron` runs at its times and is not kept running";
                self.check.refuse(key, what, "remove it, or remove `cron`");
            }
        }
    }
}
