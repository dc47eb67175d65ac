//! The access log: one line per request, always.
//!
//! A line is written into the buffer of the worker that served the request; a
//! thread of its own collects the buffers and writes many lines at once, so a
//! slow disk never holds a request. What does not fit is dropped and counted.

mod line;
mod logged;

use std::fmt::{self, Debug};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use line::{Line, Mask, Whose};
pub use logged::{Entry, Logged, Pending};

use crate::metrics::DoorFigures;

/// How many bytes of one worker may wait.
const WAITING: usize = 1 << 20;
/// How long lines gather before they are written together.
const GATHER: Duration = Duration::from_millis(10);
/// How long the end of the program waits for lines to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An object of JSON.
    Json,
    /// The "combined" format that web servers share.
    Combined,
}

/// Takes the lines of one worker; each worker has its own, by [`Log::for_worker`].
#[derive(Clone)]
pub struct Log {
    desk: Arc<Desk>,
    pile: Arc<Mutex<Vec<u8>>>,
    format: Format,
    mask: Mask,
}

/// Writes what still waits when it is dropped.
#[derive(Debug)]
pub struct Writing(Arc<Desk>);

/// What workers and the writing thread share.
#[derive(Debug, Default)]
struct Desk {
    state: Mutex<State>,
    changed: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    piles: Vec<Arc<Mutex<Vec<u8>>>>,
    /// A line has come since the piles were last collected.
    has_lines: bool,
    ends: bool,
    ended: bool,
}

impl Log {
    /// Has lines written to `target`, which sees whole ones, until the second value
    /// is dropped.
    pub fn start(
        format: Format,
        mask: Mask,
        target: impl Write + Send + 'static,
    ) -> io::Result<(Self, Writing)> {
        let desk = Arc::new(Desk::default());
        let written = Arc::clone(&desk);
        std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || write(target, &written))?;
        let log = Self {
            pile: desk.pile(),
            desk: Arc::clone(&desk),
            format,
            mask,
        };
        Ok((log, Writing(desk)))
    }

    /// A log with a buffer of its own.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        Self {
            pile: self.desk.pile(),
            ..self.clone()
        }
    }

    /// Writes a line into the buffer; never waits for the disk.
    pub fn line(&self, line: &Line<'_>) {
        let mut pile = self.pile.lock().unwrap_or_else(PoisonError::into_inner);
        let before = pile.len();
        if before < WAITING {
            line.write(self.format, &self.mask, &mut pile);
        }
        // A pile that ends above the mark would grow with the longest line.
        if before >= WAITING || pile.len() > WAITING {
            pile.truncate(before);
            drop(pile);
            self.desk.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        drop(pile);
        if before == 0 {
            self.desk.state().has_lines = true;
            self.desk.changed.notify_all();
        }
    }
}

impl Debug for Log {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Log")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pile that is collected from now on.
    fn pile(&self) -> Arc<Mutex<Vec<u8>>> {
        let pile = Arc::default();
        self.state().piles.push(Arc::clone(&pile));
        pile
    }

    /// Waits for lines and moves them to the empty `lines`; `false`: there will
    /// be no more.
    fn take(&self, lines: &mut Vec<u8>) -> bool {
        let wait = |state: &mut State| !state.has_lines && !state.ends;
        let state = self.changed.wait_while(self.state(), wait);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let gathered = self
            .changed
            .wait_timeout_while(state, GATHER, |state| !state.ends);
        let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        state.has_lines = false;
        let goes_on = !state.ends;
        // A worker that is gone leaves its last lines here.
        let piles = state.piles.clone();
        drop(state);
        for pile in &piles {
            let mut pile = pile.lock().unwrap_or_else(PoisonError::into_inner);
            lines.append(&mut pile);
        }
        drop(piles);
        self.state().piles.retain(|pile| {
            let has_lines = || {
                !pile
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .is_empty()
            };
            Arc::strong_count(pile) > 1 || has_lines()
        });
        goes_on || !lines.is_empty()
    }
}

fn write(mut target: impl Write, desk: &Desk) {
    let figures = DoorFigures::default();
    let mut lines = Vec::new();
    while desk.take(&mut lines) {
        if let Err(error) = target.write_all(&lines) {
            tracing::warn!(%error, "the access log cannot be written");
        }
        lines.clear();
        let dropped = desk.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            figures.log_lines_dropped(dropped);
            tracing::warn!(
                lines = dropped,
                "the access log could not keep up: lines dropped"
            );
        }
    }
    let _ = target.flush();
    desk.state().ended = true;
    desk.changed.notify_all();
}

impl Drop for Writing {
    fn drop(&mut self) {
        // A terminal that was stopped must not keep the program from ending.
        let mut state = self.0.state();
        state.ends = true;
        self.0.changed.notify_all();
        let waits = |state: &mut State| !state.ended;
        drop(self.0.changed.wait_timeout_while(state, PATIENCE, waits));
    }
}

#[cfg(test)]
mod tests;
