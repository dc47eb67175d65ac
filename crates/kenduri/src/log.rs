//! What is said about the work: one line per event, as text or JSON, to
//! standard error or a folder.
//!
//! Lines gather in memory and a thread of their own writes them, many at once,
//! so that a slow disk or a stopped terminal never holds a request. What does
//! not fit is dropped and counted.

mod folder;

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::configuration::{LogFormat, LogLevel};

use folder::Folder;

/// How many bytes may wait.
const WAITING: usize = 4 << 20;
/// How long lines gather before they are written together, unless so many bytes have gathered
/// before: unnoticed by whoever reads along, and most of what writing costs is saved under load.
const GATHER: Duration = Duration::from_millis(10);
const GATHERED: usize = 64 << 10;
/// How long the end of the program waits for lines to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    /// How a line looks.
    pub(crate) format: LogFormat,
    /// The least important line written.
    pub(crate) level: LogLevel,
    /// A folder with rotation; nothing: standard error.
    pub(crate) folder: Option<std::path::PathBuf>,
}

impl Log {
    /// Whether lines are for people.
    pub(crate) fn is_text(&self) -> bool {
        match self.format {
            LogFormat::Auto => self.folder.is_none() && io::stderr().is_terminal(),
            LogFormat::Text => true,
            LogFormat::Json => false,
        }
    }
}

/// Writes what still waits when it is dropped.
#[derive(Debug)]
pub(crate) struct Writing(Arc<Desk>);

impl Writing {
    /// Waits until everything that was said is written, but not for ever.
    pub(crate) fn flush(&self) {
        let waits = |pile: &mut Pile| pile.is_being_written || !pile.lines.is_empty();
        let pile = self.0.pile();
        drop(self.0.changed.wait_timeout_while(pile, PATIENCE, waits));
    }

    /// Takes whole lines of somebody else's among the program's own.
    pub(crate) fn lines(&self) -> impl Write + Send + 'static {
        Lines(Queue(Arc::clone(&self.0)))
    }
}

/// Where lines wait for the thread that writes them.
#[derive(Debug, Default)]
struct Desk {
    pile: Mutex<Pile>,
    /// The first line has come, enough of them have, the end has, or everything is written.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pile {
    lines: Vec<u8>,
    /// What was taken away is on its way.
    is_being_written: bool,
    ends: bool,
    ended: bool,
}

impl Desk {
    fn pile(&self) -> MutexGuard<'_, Pile> {
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes lines, if there is room for them.
    fn put(&self, lines: &[u8]) -> bool {
        let mut pile = self.pile();
        let before = pile.lines.len();
        let after = before + lines.len();
        let fits = after <= WAITING;
        if fits {
            pile.lines.extend_from_slice(lines);
            if before == 0 || (before < GATHERED && after >= GATHERED) {
                self.changed.notify_all();
            }
        }
        fits
    }

    /// Waits for lines and swaps them for the empty `lines`; `false`: there will
    /// be no more.
    fn take(&self, lines: &mut Vec<u8>) -> bool {
        let mut pile = self.pile();
        pile.is_being_written = false;
        self.changed.notify_all();
        let wait = |pile: &mut Pile| pile.lines.is_empty() && !pile.ends;
        let pile = self.changed.wait_while(pile, wait);
        let pile = pile.unwrap_or_else(PoisonError::into_inner);
        let is_little = |pile: &mut Pile| pile.lines.len() < GATHERED && !pile.ends;
        let gathered = self.changed.wait_timeout_while(pile, GATHER, is_little);
        let (mut pile, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut pile.lines, lines);
        pile.is_being_written = !lines.is_empty();
        !(lines.is_empty() && pile.ends)
    }
}

/// Who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The process that keeps all others.
    Keeper,
    /// The process that answers requests.
    Worker,
}

impl Who {
    /// A file for each, for only one process can turn a file over.
    fn file(self) -> &'static str {
        match self {
            Self::Keeper => "keeper.log",
            Self::Worker => "kenduri.log",
        }
    }
}

/// Starts writing; lines are written until the result is dropped.
pub(crate) fn start(log: &Log, who: Who) -> Result<Writing> {
    let target: Box<dyn Write + Send> = match &log.folder {
        Some(folder) => Box::new(Folder::open(folder, who.file()).with_context(|| {
            format!(
                "cannot write the log into {}\n  log.to names it; the user that runs Kenduri must be able to write there",
                folder.display()
            )
        })?),
        None => Box::new(io::stderr()),
    };
    let as_text = log.is_text();
    let desk = Arc::new(Desk::default());
    let written = Arc::clone(&desk);
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || {
            supervisor::keep_signals_out();
            write(target, &written);
        })
        .context("cannot start the thread that writes the log")?;
    let lines = fmt::layer().with_writer(Queue(Arc::clone(&desk)));
    let subscriber = registry().with(filter(log.level));
    if as_text {
        let colours = log.folder.is_none() && io::stderr().is_terminal();
        let lines = lines.with_ansi(colours).with_target(false);
        subscriber.with(lines).init();
    } else {
        let lines = lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false);
        subscriber.with(lines).init();
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let place = place.unwrap_or_default();
        tracing::error!(
            place,
            said = web::panicked(panic.payload()),
            "the program panicked"
        );
    }));
    Ok(Writing(desk))
}

/// What is worth a line.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // The libraries below say much at `debug` that only they understand.
    let quiet = ["hyper", "rustls", "tokio_postgres"].map(|name| (name, LevelFilter::WARN));
    Targets::new()
        .with_default(level)
        .with_targets(quiet)
        .with_target("lettre", LevelFilter::INFO)
}

fn write(mut target: Box<dyn Write + Send>, desk: &Desk) {
    let mut lines = Vec::new();
    while desk.take(&mut lines) {
        // There is nobody left to tell when the log cannot be written.
        let _ = target.write_all(&lines);
        // Room is kept where much comes, and never as much as a slow target makes of it.
        let room = if lines.len() < GATHERED {
            0
        } else {
            2 * GATHERED
        };
        lines.clear();
        lines.shrink_to(room);
    }
    let _ = target.flush();
    desk.pile().ended = true;
    desk.changed.notify_all();
}

impl Drop for Writing {
    fn drop(&mut self) {
        // A terminal that was stopped must not keep the program from ending.
        let mut pile = self.0.pile();
        pile.ends = true;
        self.0.changed.notify_all();
        let waits = |pile: &mut Pile| !pile.ended;
        drop(self.0.changed.wait_timeout_while(pile, PATIENCE, waits));
    }
}

/// Hands each line to the thread that writes.
struct Queue(Arc<Desk>);

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Queue;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &Queue {
    /// The formatter calls this once for each finished line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if !self.0.put(line) {
            metrics::counter!("kenduri_log_lines_dropped_total").increment(1);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hands lines over, one by one where not all fit: none is dropped for the sake of others.
struct Lines(Queue);

impl Write for Lines {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if !self.0.0.put(lines) {
            for line in lines.split_inclusive(|byte| *byte == b'\n') {
                (&self.0).write_all(line)?;
            }
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was written, readable while it is written.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(lines);
            Ok(lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_written_in_its_order_before_the_end() {
        let (desk, paper) = (Arc::new(Desk::default()), Paper::default());
        let (writer, target) = (Arc::clone(&desk), paper.clone());
        let thread = std::thread::spawn(move || write(Box::new(target), &writer));
        let lines: Vec<String> = (0..1_000).map(|number| format!("{number}\n")).collect();
        for line in &lines {
            assert!(desk.put(line.as_bytes()));
        }
        drop(Writing(desk));
        assert_eq!(*paper.0.lock().unwrap(), lines.concat().as_bytes());
        thread.join().unwrap();
    }

    #[test]
    fn what_does_not_fit_is_refused_until_there_is_room() {
        let desk = Desk::default();
        let line = vec![b'x'; WAITING];
        assert!(desk.put(&line));
        assert!(!desk.put(b"one more"));
        let mut taken = Vec::new();
        assert!(desk.take(&mut taken));
        assert_eq!(taken.len(), WAITING);
        assert!(desk.put(b"one more"));
    }

    #[test]
    fn of_lines_that_come_together_those_are_kept_that_fit() {
        let desk = Arc::new(Desk::default());
        assert!(desk.put(&vec![b'x'; WAITING - 8]));
        let mut lines = Lines(Queue(Arc::clone(&desk)));
        lines.write_all(b"first\nsecond\n\n").unwrap();
        assert!(desk.pile().lines.ends_with(b"xfirst\n\n"));
    }

    #[test]
    fn enough_lines_do_not_wait_for_more() {
        let (desk, lines) = (Desk::default(), vec![b'x'; GATHERED]);
        let mut taken = Vec::new();
        let begun = std::time::Instant::now();
        for _ in 0..1_000 {
            assert!(desk.put(&lines));
            assert!(desk.take(&mut taken));
            taken.clear();
        }
        assert!(begun.elapsed() < GATHER * 1_000);
    }
}
