//! Caches the current second as text.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

#[derive(Debug, Default)]
pub(crate) struct ClockText {
    of: Option<Duration>,
    text: String,
}

impl ClockText {
    /// Formats the whole second of `time` with `form`. Also returns the nanoseconds after that
    /// second. `form` must be the same in every call.
    pub(crate) fn of(&mut self, time: SystemTime, form: &str) -> (&str, u32) {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        let since = since.unwrap_or_default();
        let whole = Duration::from_secs(since.as_secs());
        if self.of != Some(whole) {
            let time = Timestamp::try_from(SystemTime::UNIX_EPOCH + whole);
            let time = time.unwrap_or(Timestamp::UNIX_EPOCH);
            self.text = time.strftime(form).to_string();
            self.of = Some(whole);
        }
        (&self.text, since.subsec_nanos())
    }
}
