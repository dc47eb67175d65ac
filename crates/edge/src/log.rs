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
use crate::second::Second;

/// How many bytes of one worker may wait.
const WAITING: usize = 1 << 20;
/// How long lines gather before they are written together, unless so many bytes of one worker
/// have gathered before.
const GATHER: Duration = Duration::from_millis(10);
const GATHERED: usize = 64 << 10;
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
pub struct Log(Arc<Pen>);

struct Pen {
    desk: Arc<Desk>,
    pile: Arc<Mutex<Pile>>,
    format: Format,
    mask: Mask,
}

/// Lines that wait to be collected.
#[derive(Debug, Default)]
struct Pile {
    lines: Vec<u8>,
    second: Second,
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
    piles: Vec<Arc<Mutex<Pile>>>,
    /// What has come since the piles were last collected.
    come: Come,
    ends: bool,
    ended: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Come {
    #[default]
    Nothing,
    Lines,
    /// More need not be waited for.
    Enough,
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
        let pen = Pen {
            pile: desk.pile(),
            desk: Arc::clone(&desk),
            format,
            mask,
        };
        Ok((Self(Arc::new(pen)), Writing(desk)))
    }

    /// A log with a buffer of its own.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        let Pen {
            desk, format, mask, ..
        } = &*self.0;
        Self(Arc::new(Pen {
            pile: desk.pile(),
            desk: Arc::clone(desk),
            format: *format,
            mask: Arc::clone(mask),
        }))
    }

    /// Writes a line into the buffer; never waits for the disk.
    pub fn line(&self, line: &Line<'_>) {
        let mut pile = self.0.pile.lock().unwrap_or_else(PoisonError::into_inner);
        let Pile { lines, second } = &mut *pile;
        let before = lines.len();
        if before < WAITING {
            line.write(self.0.format, &self.0.mask, second, lines);
        }
        let after = lines.len();
        // A pile that ends above the mark would grow with the longest line.
        if before >= WAITING || after > WAITING {
            lines.truncate(before);
            drop(pile);
            self.0.desk.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        drop(pile);
        let come = if before < GATHERED && after >= GATHERED {
            Come::Enough
        } else if before == 0 {
            Come::Lines
        } else {
            return;
        };
        let mut state = self.0.desk.state();
        state.come = state.come.max(come);
        drop(state);
        self.0.desk.changed.notify_all();
    }
}

impl Debug for Log {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Log")
            .field("format", &self.0.format)
            .finish_non_exhaustive()
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A pile that is collected from now on.
    fn pile(&self) -> Arc<Mutex<Pile>> {
        let pile = Arc::default();
        self.state().piles.push(Arc::clone(&pile));
        pile
    }

    /// Waits for lines and moves them to the empty `lines`; `false`: there will
    /// be no more.
    fn take(&self, lines: &mut Vec<u8>) -> bool {
        let wait = |state: &mut State| state.come == Come::Nothing && !state.ends;
        let state = self.changed.wait_while(self.state(), wait);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let wait = |state: &mut State| state.come < Come::Enough && !state.ends;
        let gathered = self.changed.wait_timeout_while(state, GATHER, wait);
        let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        state.come = Come::Nothing;
        let goes_on = !state.ends;
        // A worker that is gone leaves its last lines here.
        let piles = state.piles.clone();
        drop(state);
        for pile in &piles {
            let mut pile = pile.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.is_empty() {
                std::mem::swap(lines, &mut pile.lines);
            } else {
                lines.append(&mut pile.lines);
            }
        }
        drop(piles);
        self.state().piles.retain(|pile| {
            let has_lines = || {
                !pile
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .lines
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
        // Room is kept where much comes, and never as much as a slow target makes of it.
        let room = if lines.len() < GATHERED {
            0
        } else {
            2 * GATHERED
        };
        lines.clear();
        lines.shrink_to(room);
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
