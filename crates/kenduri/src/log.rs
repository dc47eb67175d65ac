//! What is said about the work: one line per event, as text or JSON, to
//! standard error or a folder.
//!
//! Lines go through a bounded queue to a thread of their own, so that a slow
//! disk or a stopped terminal never holds a request. What does not fit is
//! dropped and counted.

mod folder;

use std::io::{self, IsTerminal as _, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::configuration::{LogFormat, LogLevel};

use folder::Folder;

/// How many lines may wait.
const WAITING: usize = 8_192;
/// How long the end of the program waits for lines to be written.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait before looking again whether there is room.
const BREATH: Duration = Duration::from_millis(5);

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

/// Writes what still waits when it is dropped.
#[derive(Debug)]
pub(crate) struct Writing {
    queue: SyncSender<Message>,
    written: Receiver<()>,
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    End,
}

/// Starts writing; lines are written until the result is dropped.
pub(crate) fn start(log: &Log) -> Result<Writing> {
    let target: Box<dyn Write + Send> = match &log.folder {
        Some(folder) => Box::new(Folder::open(folder).with_context(|| {
            format!(
                "cannot write the log into {}\n  log.to names it; the user that runs Kenduri must be able to write there",
                folder.display()
            )
        })?),
        None => Box::new(io::stderr()),
    };
    let as_text = match log.format {
        LogFormat::Auto => log.folder.is_none() && io::stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let (queue, lines) = sync_channel(WAITING);
    let (done, written) = sync_channel(1);
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || {
            write(target, &lines);
            let _ = done.send(());
        })
        .context("cannot start the thread that writes the log")?;
    // The libraries below say much at `debug` that only they understand.
    let filter = EnvFilter::new(format!(
        "{},hyper=warn,rustls=warn,tokio_postgres=warn,lettre=info,globset=warn",
        level(log.level)
    ));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Queue(queue.clone()));
    if as_text {
        let colours = log.folder.is_none() && io::stderr().is_terminal();
        subscriber.with_ansi(colours).with_target(false).init();
    } else {
        subscriber
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .init();
    }
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(Writing { queue, written })
}

fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    }
}

fn write(mut target: Box<dyn Write + Send>, lines: &Receiver<Message>) {
    while let Ok(Message::Line(line)) = lines.recv() {
        // There is nobody left to tell when the log cannot be written.
        let _ = target.write_all(&line);
    }
    let _ = target.flush();
}

impl Drop for Writing {
    fn drop(&mut self) {
        // A terminal that was stopped must not keep the program from ending.
        let end = Instant::now() + PATIENCE;
        while self.queue.try_send(Message::End).is_err() && Instant::now() < end {
            std::thread::sleep(BREATH);
        }
        let _ = self.written.recv_timeout(PATIENCE);
    }
}

/// Hands each line to the thread that writes.
struct Queue(SyncSender<Message>);

impl<'a> MakeWriter<'a> for Queue {
    type Writer = &'a Queue;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &Queue {
    /// The formatter calls this once for each finished line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.0.try_send(Message::Line(line.to_vec())).is_err() {
            metrics::counter!("kenduri_log_lines_dropped_total").increment(1);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
