//! The logs of services: lines from their output pipes, stored in memory and in files.
//!
//! The length of a line, the memory, and the size and number of the files are limited. The
//! supervisor reads a pipe only as fast as it can write the lines to the file. So a service that
//! logs too much slows down only itself.

mod line_format;
mod line_splitter;
mod reverse_lines;
mod ring_buffer;
mod rotating_file;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::unix::pipe;
use tokio::sync::watch;

use crate::folder::Folder;
use crate::log_query::{LogLine, LogPosition, LogQuery, MOST_BYTES, Stream};
use crate::plan::LogSettings;
use crate::state::RunId;
use line_splitter::Splitter;
use reverse_lines::ReverseLines;
use ring_buffer::Ring;
use rotating_file::{LogFile, size_of_all};

/// The default capacity of a pipe.
const CHUNK: usize = 64 << 10;
impl Stream {
    pub fn word(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Err => "err",
        }
    }
}

pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// A function that receives each line of the services that [enable it](crate::LogConfig::journal),
/// for example to send the line to the journal. It must not block, because other tasks wait for it.
pub type LineHook = Arc<dyn Fn(&LogLine) + Send + Sync>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WatchPhase {
    /// The tasks read the output and watch the process.
    Active,
    Ended,
    /// The tasks stop without losing any output.
    Paused,
}

impl WatchPhase {
    /// Waits until the watch phase is no longer [`WatchPhase::Active`], or the sender is dropped.
    pub(crate) async fn ends(now: &mut watch::Receiver<Self>) {
        let _ = now.wait_for(|now| *now != Self::Active).await;
    }
}

/// An output pipe, and the incomplete last line that was read from it.
#[derive(Debug)]
pub(crate) struct OpenPipe {
    pub(crate) pipe: OwnedFd,
    pub(crate) stream: Stream,
    /// The beginning of a line that has not been read completely.
    pub(crate) line: Vec<u8>,
}

#[derive(Default)]
struct PendingLines {
    all: Vec<String>,
    errors: Vec<String>,
}

pub(crate) struct ServiceLog {
    service: Arc<str>,
    clock: Clock,
    line_hook: Option<LineHook>,
    has_line_hook: AtomicBool,
    ring: Mutex<Ring>,
    /// In the same order as in the ring, because they are added while the ring is locked.
    pending: Mutex<PendingLines>,
    newest: watch::Sender<u64>,
    /// Leads through the folder's open descriptor, which `folder` keeps open.
    path: PathBuf,
    folder: Arc<Folder>,
    file: Mutex<LogFile>,
    /// The separate file for lines on standard error; `None` if the settings do not request one.
    error_file: Mutex<Option<LogFile>>,
    /// Separate from `error_file`, so that it can be read without locking.
    has_error_file: AtomicBool,
    /// The next write error is reported only after a successful write.
    is_broken: AtomicBool,
}

impl ServiceLog {
    /// Opens a service's log file in this folder.
    pub(crate) fn open(
        service: &Arc<str>,
        folder: &Arc<Folder>,
        clock: Clock,
        line_hook: Option<LineHook>,
    ) -> io::Result<Arc<Self>> {
        let path = folder.at(format!("{service}.log"));
        let file = LogFile::open(&path)?;
        // Sequence numbers continue from the total size of the files, in bytes. Each line in the
        // files has at least one byte, so the new numbers are greater than all earlier ones.
        let first = size_of_all(&path);
        Ok(Arc::new(Self {
            service: Arc::clone(service),
            clock,
            line_hook,
            has_line_hook: AtomicBool::new(false),
            ring: Mutex::new(Ring::restore(Vec::new(), first)),
            pending: Mutex::default(),
            newest: watch::Sender::new(first),
            path,
            folder: Arc::clone(folder),
            file: Mutex::new(file),
            error_file: Mutex::new(None),
            has_error_file: AtomicBool::new(false),
            is_broken: AtomicBool::new(false),
        }))
    }

    /// Restores the lines from before this process's `exec`. Must be called before any output is
    /// read.
    pub(crate) fn restore(&self, lines: Vec<LogLine>, next: u64) {
        *lock(&self.ring) = Ring::restore(lines, next);
        self.newest.send_replace(next);
    }

    pub(crate) fn snapshot(&self) -> (Vec<LogLine>, u64) {
        let ring = lock(&self.ring);
        (ring.since(0), ring.next())
    }

    /// Applies the settings. They limit the files' sizes, and enable or disable the separate error
    /// file and the line hook.
    pub(crate) fn limit(&self, logs: LogSettings) {
        lock(&self.file).limit(logs.max, logs.keep);
        let mut error_file = lock(&self.error_file);
        if !logs.errors {
            *error_file = None;
        } else if error_file.is_none() {
            let service = &self.service;
            *error_file = LogFile::open(&self.folder.at(format!("{service}.err.log")))
                .inspect_err(|error| {
                    tracing::warn!(%service, %error, "cannot open the service's .err.log; its errors are in its .log only; check the disk and the folder of the logs, then restart Kenduri");
                })
                .ok();
        }
        if let Some(file) = &mut *error_file {
            file.limit(logs.max, logs.keep);
        }
        self.has_error_file
            .store(error_file.is_some(), Ordering::Relaxed);
        drop(error_file);
        self.has_line_hook.store(logs.journal, Ordering::Relaxed);
    }

    /// Returns the lines in memory, beginning with this sequence number.
    pub(crate) fn since(&self, sequence: u64) -> Vec<LogLine> {
        lock(&self.ring).since(sequence)
    }

    pub(crate) fn last_lines(&self, count: usize, run: Option<RunId>) -> Vec<LogLine> {
        let mut lines = lock(&self.ring).since(0);
        lines.retain(|line| run.is_none() || run == line.run);
        lines.split_off(lines.len().saturating_sub(count))
    }

    /// Returns the last lines that match the query, from the files and from memory.
    pub(crate) async fn query(self: &Arc<Self>, query: &LogQuery) -> Vec<LogLine> {
        let remembered = self.since(0);
        let fitting = remembered.iter().filter(|line| query.matches(line));
        let mut lines: Vec<LogLine> = fitting.cloned().collect();
        let most = query.line_limit();
        let first = remembered.first();
        let reaches = |since| first.is_some_and(|line| line.at < since);
        if lines.len() < most && !query.since.is_some_and(reaches) {
            let (output, query, most) = (Arc::clone(self), query.clone(), most - lines.len());
            let before = move || output.lines_in_files(&remembered, &query, most);
            let before = tokio::task::spawn_blocking(before).await;
            lines.splice(..0, before.unwrap_or_default());
        }
        lines.split_off(lines.len().saturating_sub(most))
    }

    /// Up to the query's limit. Skips lines that are also in memory.
    fn lines_in_files(
        &self,
        remembered: &[LogLine],
        query: &LogQuery,
        most: usize,
    ) -> Vec<LogLine> {
        let mut known: HashMap<String, usize> = HashMap::new();
        for line in remembered {
            *known.entry(line.to_file_line()).or_default() += 1;
        }
        let first = remembered.first();
        let mut sequence = first.map_or_else(|| lock(&self.ring).next(), |line| line.sequence);
        let mut at = first.map_or_else(|| (self.clock)(), |line| line.at);
        let (mut found, mut bytes) = (VecDeque::new(), 0);
        for written in ReverseLines::of(self.path.clone()) {
            // Lines in memory are usually in the file too, and must not be returned twice.
            let again = known.get_mut(&format!("{written}\n"));
            if let Some(count) = again.filter(|count| **count > 0) {
                *count -= 1;
                continue;
            }
            sequence = sequence.saturating_sub(1);
            let line = LogLine::parse(&self.service, sequence, written, at);
            at = line.at;
            let is_old = query.since.is_some_and(|since| at < since);
            if found.len() == most || bytes > MOST_BYTES || is_old {
                break;
            }
            if query.matches(&line) {
                bytes += line.text.len();
                found.push_front(line);
            }
        }
        found.into()
    }

    /// Returns the sequence number after the line at this position. The position may come from an
    /// earlier run of the supervisor, which numbered the lines differently.
    pub(crate) fn sequence_after(&self, seen: &LogPosition) -> u64 {
        let lines = self.since(0);
        let Some(first) = lines.first() else {
            return lock(&self.ring).next();
        };
        let is_known = match lines.iter().find(|line| line.sequence == seen.sequence) {
            Some(line) => line.at == seen.at,
            None => first.sequence > seen.sequence && first.at >= seen.at,
        };
        if is_known {
            return seen.sequence + 1;
        }
        let later = lines.iter().find(|line| line.at > seen.at);
        later.map_or_else(|| lock(&self.ring).next(), |line| line.sequence)
    }

    /// Returns the sequence number of the first line in memory.
    pub(crate) fn first_sequence(&self) -> u64 {
        let ring = lock(&self.ring);
        ring.since(0)
            .first()
            .map_or(ring.next(), |line| line.sequence)
    }

    pub(crate) fn service(&self) -> &Arc<str> {
        &self.service
    }

    /// Returns a receiver that is notified when a line is added.
    pub(crate) fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Reads a process's output pipe to its end. After the process has exited, reads only what is
    /// left in the pipe. If the watch phase becomes [`WatchPhase::Paused`], returns the pipe with
    /// its incomplete line.
    pub(crate) async fn read(
        self: Arc<Self>,
        begun: OpenPipe,
        instance: u32,
        run: RunId,
        mut phase: watch::Receiver<WatchPhase>,
    ) -> Option<OpenPipe> {
        let stream = begun.stream;
        let pipe = pipe::Receiver::from_owned_fd(begun.pipe).ok()?;
        let mut splitter = Splitter::after(begun.line);
        let mut chunk = vec![0; CHUNK];
        loop {
            let now = *phase.borrow();
            if now == WatchPhase::Paused {
                return Some(OpenPipe {
                    pipe: pipe.into_nonblocking_fd().ok()?,
                    stream,
                    line: splitter.into_begun(),
                });
            }
            let is_over = now == WatchPhase::Ended;
            let read = if is_over {
                // Tokio may not know yet that the pipe is readable, so this reads the pipe
                // directly.
                rustix::io::read(&pipe, &mut chunk).map_err(io::Error::from)
            } else {
                pipe.try_read(&mut chunk)
            };
            match read {
                Ok(0) => break,
                Ok(length) => {
                    let lines = splitter.split(&chunk[..length]);
                    self.append(instance, run, stream, lines).await;
                    // Lets other tasks run between two chunks.
                    tokio::task::yield_now().await;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && !is_over => {
                    // While the service is quiet, the task needs no buffer.
                    chunk = Vec::new();
                    let ended = tokio::select! {
                        ready = pipe.readable() => ready.is_err(),
                        gone = phase.wait_for(|now| *now != WatchPhase::Active) => gone.is_err(),
                    };
                    if ended {
                        break;
                    }
                    chunk.resize(CHUNK, 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.append(instance, run, stream, splitter.rest()).await;
        None
    }

    /// Returns when the lines are in the file, or when writing has failed.
    async fn append(
        self: &Arc<Self>,
        instance: u32,
        run: RunId,
        stream: Stream,
        texts: Vec<String>,
    ) {
        if texts.is_empty() {
            return;
        }
        let at = (self.clock)();
        // All these lines were read at the same time, so they share a prefix.
        let mut prefix = None;
        let has_line_hook = self.has_line_hook.load(Ordering::Relaxed);
        let line_hook = self.line_hook.as_ref().filter(|_| has_line_hook);
        let is_error = stream == Stream::Err && self.has_error_file.load(Ordering::Relaxed);
        let newest = {
            let mut ring = lock(&self.ring);
            let mut pending = lock(&self.pending);
            for text in texts {
                let line = LogLine {
                    sequence: ring.next(),
                    at,
                    service: Arc::clone(&self.service),
                    instance: Some(instance),
                    run: Some(run),
                    stream: Some(stream),
                    text,
                };
                let prefix = prefix.get_or_insert_with(|| line.prefix());
                let written = line.with_prefix(prefix);
                if is_error {
                    pending.errors.push(written.clone());
                }
                pending.all.push(written);
                if let Some(line_hook) = line_hook {
                    line_hook(&line);
                }
                ring.push(line);
            }
            ring.next()
        };
        self.newest.send_replace(newest);
        let output = Arc::clone(self);
        let _ = tokio::task::spawn_blocking(move || output.write_pending()).await;
    }

    fn write_pending(&self) {
        let mut file = lock(&self.file);
        // The first thread that locks the file writes the pending lines of all threads. If each
        // thread wrote only its own lines, their order in the file would depend on which thread
        // locks it first.
        let lines = std::mem::take(&mut *lock(&self.pending));
        if lines.all.is_empty() {
            return;
        }
        let mut written = file.append(&lines.all);
        if let Some(file) = &mut *lock(&self.error_file) {
            written = written.and(file.append(&lines.errors));
        }
        let failure = written.err();
        let was_broken = self.is_broken.swap(failure.is_some(), Ordering::Relaxed);
        if let Some(error) = failure.filter(|_| !was_broken) {
            let service = &self.service;
            tracing::warn!(%service, %error, "cannot write a service's log, so its lines are in memory only until it can; check the disk and the folder of the logs");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(folder: &tempfile::TempDir) -> Arc<Folder> {
        Arc::new(Folder::make(folder.path(), 0o700).unwrap())
    }

    #[tokio::test]
    async fn a_line_without_a_time_has_that_of_the_line_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let said = [
            "{\"msg\":\"too old\"}",
            "2026-11-21T08:00:00.000Z a 0 out too old",
            "{\"msg\":\"first\",\"time\":\"2001-01-01T00:00:00Z\"}",
            "2026-11-21T09:10:00.000Z a 0 out second",
            "{\"msg\":\"third\",\"time\":12}",
            "2026-11-21T09:30:00.000Z a 0 out fourth",
            "{\"msg\":\"fifth\"}",
        ];
        std::fs::write(folder.path().join("a.log"), said.join("\n") + "\n").unwrap();
        let clock: Clock = Arc::new(|| jiff::Timestamp::from_second(1_795_255_200).unwrap());
        let output = ServiceLog::open(&"a".into(), &held(&folder), clock, None).unwrap();
        let query = LogQuery {
            since: Some("2026-11-21T09:00:00Z".parse().unwrap()),
            ..LogQuery::default()
        };
        let lines = output.query(&query).await;
        let words = ["first", "second", "third", "fourth", "fifth"];
        assert_eq!(lines.len(), words.len(), "{lines:?}");
        for (line, word) in lines.iter().zip(words) {
            assert!(line.text.contains(word), "{lines:?}");
        }
    }

    #[tokio::test]
    async fn the_file_has_the_order_of_what_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let clock: Clock = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        let output = ServiceLog::open(&"a".into(), &held(&folder), clock, None).unwrap();
        let mut readers = tokio::task::JoinSet::new();
        for instance in 0..100 {
            let output = Arc::clone(&output);
            let texts = vec![format!("of {instance}")];
            readers.spawn(async move { output.append(instance, 1, Stream::Out, texts).await });
        }
        readers.join_all().await;
        let remembered: Vec<String> = output.since(0).iter().map(LogLine::to_file_line).collect();
        assert_eq!(remembered.len(), 100);
        let written = std::fs::read_to_string(folder.path().join("a.log")).unwrap();
        assert_eq!(written, remembered.concat());
    }

    #[tokio::test]
    async fn lines_are_echoed_where_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let line_hook: LineHook = {
            let heard = Arc::clone(&heard);
            Arc::new(move |line: &LogLine| lock(&heard).push(line.text.clone()))
        };
        let clock: Clock = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        let output = ServiceLog::open(&"a".into(), &held(&folder), clock, Some(line_hook)).unwrap();
        for (journal, text) in [(false, "one"), (true, "two"), (false, "three")] {
            output.limit(LogSettings {
                max: 1 << 20,
                keep: 1,
                journal,
                errors: false,
            });
            output
                .append(0, 1, Stream::Out, vec![text.to_owned()])
                .await;
        }
        assert_eq!(*lock(&heard), ["two"]);
        assert_eq!(output.since(0).len(), 3);
    }

    #[tokio::test]
    async fn errors_have_a_file_of_their_own_where_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let clock: Clock = Arc::new(|| jiff::Timestamp::UNIX_EPOCH);
        let output = ServiceLog::open(&"a".into(), &held(&folder), clock, None).unwrap();
        let said = [
            (false, Stream::Err, "one"),
            (true, Stream::Out, "two"),
            (true, Stream::Err, "three"),
            (false, Stream::Err, "four"),
        ];
        for (errors, stream, text) in said {
            output.limit(LogSettings {
                max: 1 << 20,
                keep: 1,
                journal: false,
                errors,
            });
            output.append(0, 1, stream, vec![text.to_owned()]).await;
        }
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("a.log").lines().count(), 4);
        let errors = read("a.err.log");
        assert!(errors.ends_with(" err three\n"), "{errors}");
        assert_eq!(errors.lines().count(), 1);
    }
}
