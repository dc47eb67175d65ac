//! The access log, with one line for each request.
//!
//! Each worker has its own buffer, and a single thread writes all buffers, so a slow disk never
//! delays a request. Lines that do not fit into a buffer are dropped and counted.

mod entry;
mod format;
mod tunnelled;
mod writer;

use std::fmt::{self, Debug};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use entry::{Entry, LoggedPath, Pending, Upload};
pub use format::{Line, Mask, PathOwner, in_reading_order};
pub(crate) use tunnelled::{TUNNEL_BROKEN, Tunnelled};
pub use writer::{LogBuffer, LogWriter, Writing};

use metrics::Counter;

use crate::clock_text::ClockText;
use crate::metrics::log_lines_dropped;

const MAX_BUFFERED_BYTES: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    /// The "combined" log format that Apache and nginx use.
    Combined,
}

/// A function that returns the log with the name in a route's setting `log`, or `None` if that log
/// cannot be opened.
pub type SiteLogs = Arc<dyn Fn(&str) -> Option<Log> + Send + Sync>;

/// The access log of one worker. [`Log::for_worker`] makes the logs of further workers.
#[derive(Clone)]
pub struct Log(Arc<LogFormatter>);

struct LogFormatter {
    buffer: LogBuffer,
    format: Format,
    mask: Mask,
    second: Mutex<ClockText>,
    all_dropped: Counter,
    /// The number of lines that were dropped since the last line that fitted into the buffer.
    dropped: AtomicU64,
    /// A second log, which also gets the lines of requests that failed or were refused.
    errors: Option<Log>,
    sites: Option<SiteLogs>,
}

impl Log {
    pub fn start(
        format: Format,
        mask: Mask,
        target: impl Write + Send + 'static,
    ) -> io::Result<(Self, Writing)> {
        let writer = LogWriter::default();
        let (log, writing) = (Self::onto(&writer, format, mask), writer.writing());
        let failed = |error: &io::Error| {
            tracing::warn!(%error, "cannot write the access log; requests are served, but not logged; check what log.to names, and its disk");
        };
        std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || writer.write(target, failed))?;
        Ok((log, writing))
    }

    pub fn onto(writer: &LogWriter, format: Format, mask: Mask) -> Self {
        Self::of(writer.buffer(MAX_BUFFERED_BYTES), format, mask)
    }

    #[must_use]
    pub fn for_worker(&self) -> Self {
        let errors = self.0.errors.as_ref().map(Self::for_worker);
        self.with(|formatter| formatter.errors = errors)
    }

    /// Returns a copy of this log that also writes the lines of failed and refused requests to
    /// `errors`.
    #[must_use]
    pub fn with_errors(&self, errors: Self) -> Self {
        self.with(|formatter| formatter.errors = Some(errors))
    }

    /// Returns a copy of this log that writes the lines of a site's routes to the site's own log.
    #[must_use]
    pub fn with_sites(&self, sites: SiteLogs) -> Self {
        self.with(|formatter| formatter.sites = Some(sites))
    }

    fn with(&self, change: impl FnOnce(&mut LogFormatter)) -> Self {
        let LogFormatter {
            buffer,
            format,
            mask,
            errors,
            sites,
            ..
        } = &*self.0;
        let mut formatter = LogFormatter {
            errors: errors.clone(),
            sites: sites.clone(),
            ..LogFormatter::new(buffer.beside(), *format, Arc::clone(mask))
        };
        change(&mut formatter);
        Self(Arc::new(formatter))
    }

    /// Returns the log of a site, or this log if the site has none.
    pub(crate) fn of_site(&self, name: &str) -> Self {
        let site = self.0.sites.as_ref().and_then(|sites| sites(name));
        site.unwrap_or_else(|| self.clone())
    }

    fn of(buffer: LogBuffer, format: Format, mask: Mask) -> Self {
        Self(Arc::new(LogFormatter::new(buffer, format, mask)))
    }

    /// Puts a line into the buffer, or drops the line if the buffer is full. Never waits for the
    /// disk.
    pub fn line(&self, line: &Line<'_>) {
        let formatter = &*self.0;
        if let Some(errors) = formatter.errors.as_ref().filter(|_| line.is_error()) {
            errors.line(line);
        }
        let mut second = formatter
            .second
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let write =
            |lines: &mut Vec<u8>| line.write(formatter.format, &formatter.mask, &mut second, lines);
        let has_room = formatter.buffer.put(write);
        drop(second);
        if !has_room {
            formatter.all_dropped.increment(1);
            formatter.dropped.fetch_add(1, Ordering::Relaxed);
        } else if formatter.dropped.load(Ordering::Relaxed) > 0 {
            let lines = formatter.dropped.swap(0, Ordering::Relaxed);
            tracing::warn!(
                lines,
                "the access log could not keep up, so lines were dropped; put it on a faster disk (log.to), or make what reads it faster"
            );
        }
    }
}

impl LogFormatter {
    fn new(buffer: LogBuffer, format: Format, mask: Mask) -> Self {
        Self {
            buffer,
            format,
            mask,
            second: Mutex::default(),
            all_dropped: log_lines_dropped(),
            dropped: AtomicU64::new(0),
            errors: None,
            sites: None,
        }
    }
}

impl Debug for Log {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Log")
            .field("format", &self.0.format)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
