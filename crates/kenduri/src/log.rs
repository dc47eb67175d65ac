//! Kenduri's log. It has one line per event, as text or as JSON, on standard error or in a folder.
//!
//! A buffer collects the lines of this log and of the access log, and a thread writes them. Lines
//! that do not fit into the buffer are dropped and counted.

mod folder;
mod sites;

use std::io::{self, Write};

use anyhow::{Context as _, Result};
use configuration::log_settings::{Log, LogLevel, To};
use edge::access_log::{LogBuffer, LogWriter, Writing};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::program_io;

use folder::Folder;
pub(crate) use sites::sites;

const BUFFER_BYTES: usize = 4 << 20;

/// `$JOURNAL_STREAM` contains the device and inode of the journal's stream (systemd.exec(5)). A
/// child process inherits it even if its standard error is redirected.
fn stderr_is_the_journal() -> bool {
    let Ok(own) = rustix::fs::fstat(io::stderr()) else {
        return false;
    };
    let own = format!("{}:{}", own.st_dev, own.st_ino);
    let mut environment = program_io::environment().into_iter();
    environment.any(|(name, stream)| name == "JOURNAL_STREAM" && stream == own)
}

/// The running log. It stops when this value is dropped.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) writer: LogWriter,
    writing: Writing,
}

impl Lines {
    /// Waits until all lines are written, or until a time limit is over.
    pub(crate) fn flush(&self) {
        self.writing.flush();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Parent,
    Worker,
}

impl Who {
    /// Processes do not share a file, because only one process can rotate it.
    fn file(self) -> &'static str {
        match self {
            Self::Parent => "keeper.log",
            Self::Worker => "kenduri.log",
        }
    }
}

pub(crate) fn start(log: &Log, who: Who) -> Result<Lines> {
    let target: Box<dyn Write + Send> = match &log.to {
        To::Folder(folder) => Box::new(Folder::open(folder, who.file()).with_context(|| {
            format!(
                "cannot write the log into {}\n  log.to names it: give it to the user that runs Kenduri (chown), or name another folder",
                folder.display()
            )
        })?),
        To::Stderr | To::Journal => Box::new(io::stderr()),
    };
    let is_kept = log.to == To::Journal && stderr_is_the_journal();
    let writer = LogWriter::default();
    let (written, writing) = (writer.clone(), writer.writing());
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || {
            supervisor::block_signals();
            // If writing to the log fails, there is nowhere to report the error.
            written.write(target, |_| {});
        })
        .context("cannot start the thread that writes the log\n  the system allows no more threads: raise TasksMax= in the systemd unit, or `ulimit -u`")?;
    let lines = fmt::layer().with_writer(Queue(writer.buffer(BUFFER_BYTES)));
    let subscriber = registry().with(filter(log.level));
    if log.is_text() {
        let lines = lines.with_ansi(log.is_on_terminal()).with_target(false);
        if is_kept {
            // The journal adds the time to each line itself.
            subscriber.with(lines.without_time()).init();
        } else {
            subscriber.with(lines).init();
        }
    } else {
        let lines = lines.json().flatten_event(true).with_span_list(false);
        subscriber.with(lines).init();
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let place = place.unwrap_or_default();
        tracing::error!(
            place,
            said = web::panicked(panic.payload()),
            "the program panicked; please report this"
        );
    }));
    if log.to == To::Journal && !is_kept && who == Who::Parent {
        tracing::warn!(
            "log.to is \"journal\", but standard error does not go to the journal. Start Kenduri \
             by systemd (kenduri install), or name a folder"
        );
    }
    Ok(Lines { writer, writing })
}

/// For each crate, the least severe level that is logged.
fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // Debug events of these libraries help only the libraries' own developers.
    let quiet = ["hyper", "rustls", "tokio_postgres"].map(|name| (name, LevelFilter::WARN));
    Targets::new()
        .with_default(level)
        .with_targets(quiet)
        .with_target("lettre", LevelFilter::INFO)
}

struct Queue(LogBuffer);

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Queue;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &Queue {
    /// Called once for each complete line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if !self
            .0
            .put(|lines| edge::access_log::in_reading_order(lines, &text))
        {
            metrics::counter!("kenduri_log_lines_dropped_total").increment(1);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_read_in_another_order_than_written() {
        let writer = LogWriter::default();
        let writing = writer.writing();
        let queue = Queue(writer.buffer(BUFFER_BYTES));
        (&queue)
            .write_all("file \u{202e}gpj.exe\n".as_bytes())
            .unwrap();
        let mut written = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| writer.write(&mut written, |_| {}));
            drop(writing);
        });
        assert_eq!(written, b"file \\u202egpj.exe\n");
    }
}
