//! Buffers of log lines. One thread writes the lines in batches, so a slow disk or a stopped
//! terminal never delays the code that logs.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::lock::lock;

/// The thread writes earlier if a buffer reaches `GATHERED` bytes.
const GATHER: Duration = Duration::from_millis(10);
const GATHERED: usize = 64 << 10;
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Writes the lines of many buffers. Clones share the buffers.
#[derive(Debug, Clone, Default)]
pub struct LogWriter(Arc<Buffers>);

#[derive(Debug, Default)]
struct Buffers {
    state: Mutex<BuffersState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct BuffersState {
    buffers: Vec<Arc<Mutex<Vec<u8>>>>,
    /// How much has been added to the buffers since the writing thread last emptied them.
    come: BufferLevel,
    flushes: u64,
    flushed: u64,
    ends: bool,
    ended: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum BufferLevel {
    #[default]
    Nothing,
    Lines,
    /// There are so many lines that the writing thread writes them without further delay.
    Enough,
}

#[derive(Debug)]
pub struct LogBuffer {
    writer: LogWriter,
    lines: Arc<Mutex<Vec<u8>>>,
    /// The size limit of the buffer, in bytes.
    most: usize,
}

/// When this guard is dropped, the writing thread writes all buffered lines and ends.
#[derive(Debug)]
pub struct Writing(LogWriter);

impl LogWriter {
    pub fn buffer(&self, most: usize) -> LogBuffer {
        let lines = Arc::default();
        self.state().buffers.push(Arc::clone(&lines));
        LogBuffer {
            writer: self.clone(),
            lines,
            most,
        }
    }

    pub fn writing(&self) -> Writing {
        Writing(self.clone())
    }

    /// Writes lines from the buffers to `target` until [`Writing`] is dropped. Lines that cannot be
    /// written are lost, and `failed` is called with the error.
    pub fn write(&self, mut target: impl Write, failed: impl Fn(&io::Error)) {
        let mut lines = Vec::new();
        while let Some(flushed) = self.next_batch(&mut lines) {
            if let Err(error) = target.write_all(&lines) {
                failed(&error);
            }
            // A slow target can make the buffer very large, so its capacity is reduced afterwards.
            let room = if lines.len() < GATHERED {
                0
            } else {
                2 * GATHERED
            };
            lines.clear();
            lines.shrink_to(room);
            self.state().flushed = flushed;
            self.0.changed.notify_all();
        }
        let _ = target.flush();
        self.state().ended = true;
        self.0.changed.notify_all();
    }

    /// `lines` must be empty. The returned number of flushes is complete once `lines` has been
    /// written. `None` if no more lines will come.
    fn next_batch(&self, lines: &mut Vec<u8>) -> Option<u64> {
        let changed = &self.0.changed;
        let is_wanted = |state: &BuffersState| state.ends || state.flushed < state.flushes;
        let wait =
            |state: &mut BuffersState| state.come == BufferLevel::Nothing && !is_wanted(state);
        let state = changed.wait_while(self.state(), wait);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let wait = |state: &mut BuffersState| state.come < BufferLevel::Enough && !is_wanted(state);
        let gathered = changed.wait_timeout_while(state, GATHER, wait);
        let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        state.come = BufferLevel::Nothing;
        let (goes_on, flushed) = (!state.ends, state.flushes);
        let buffers = state.buffers.clone();
        drop(state);
        for buffer in &buffers {
            let mut buffer = lock(buffer);
            if lines.is_empty() {
                std::mem::swap(lines, &mut buffer);
            } else {
                lines.append(&mut buffer);
            }
        }
        drop(buffers);
        // A buffer that is no longer used may still contain lines.
        let is_used = |buffer: &Arc<Mutex<Vec<u8>>>| {
            Arc::strong_count(buffer) > 1 || !lock(buffer).is_empty()
        };
        self.state().buffers.retain(is_used);
        (goes_on || !lines.is_empty()).then_some(flushed)
    }

    fn state(&self) -> MutexGuard<'_, BuffersState> {
        lock(&self.0.state)
    }
}

impl LogBuffer {
    /// Calls `write` to append lines, and keeps the lines if they fit. Returns `false` if they do
    /// not fit. Never waits for the writing thread.
    #[must_use]
    pub fn put(&self, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut lines = lock(&self.lines);
        let before = lines.len();
        if before < self.most {
            write(&mut lines);
        }
        let after = lines.len();
        // Lines that do not fit are dropped, because long lines could make the buffer grow beyond
        // its limit.
        if before >= self.most || after > self.most {
            lines.truncate(before);
            return false;
        }
        drop(lines);
        let come = if before < GATHERED && after >= GATHERED {
            BufferLevel::Enough
        } else if before == 0 {
            BufferLevel::Lines
        } else {
            return true;
        };
        let mut state = self.writer.state();
        state.come = state.come.max(come);
        drop(state);
        self.writer.0.changed.notify_all();
        true
    }

    #[must_use]
    pub fn beside(&self) -> Self {
        self.writer.buffer(self.most)
    }
}

impl Writing {
    /// Waits for at most one second until all buffered lines have been written.
    pub fn flush(&self) {
        let mut state = self.0.state();
        state.flushes += 1;
        let wanted = state.flushes;
        self.0.0.changed.notify_all();
        let waits = |state: &mut BuffersState| state.flushed < wanted && !state.ended;
        drop(self.0.0.changed.wait_timeout_while(state, MAX_WAIT, waits));
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // The wait has a limit, because a stopped terminal must not keep the process from exiting.
        let mut state = self.0.state();
        state.ends = true;
        self.0.0.changed.notify_all();
        let waits = |state: &mut BuffersState| !state.ended;
        drop(self.0.0.changed.wait_timeout_while(state, MAX_WAIT, waits));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Instant;

    use super::*;

    const MOST: usize = 1 << 20;

    /// A log target whose content the test can read. Before each write, it waits for a message from
    /// the test.
    struct Paper(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            // `recv` no longer waits after the test has dropped the sender.
            let _ = self.0.recv();
            lock(&self.1).extend_from_slice(lines);
            Ok(lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn writing(writer: &LogWriter) -> (mpsc::Sender<()>, Arc<Mutex<Vec<u8>>>, Writing) {
        let (go, stuck) = mpsc::channel();
        let text = Arc::default();
        let (writer, paper) = (writer.clone(), Paper(stuck, Arc::clone(&text)));
        let writing = writer.writing();
        thread::spawn(move || writer.write(paper, |_| {}));
        (go, text, writing)
    }

    fn put(buffer: &LogBuffer, line: &[u8]) -> bool {
        buffer.put(|lines| lines.extend_from_slice(line))
    }

    #[test]
    fn every_line_is_written_in_its_order_before_the_end() {
        let writer = LogWriter::default();
        let (go, text, writing) = writing(&writer);
        drop(go);
        let buffer = writer.buffer(MOST);
        let lines: Vec<String> = (0..1_000).map(|number| format!("{number}\n")).collect();
        for line in &lines {
            assert!(put(&buffer, line.as_bytes()));
        }
        drop(buffer);
        drop(writing);
        assert_eq!(*lock(&text), lines.concat().as_bytes());
        assert!(writer.state().buffers.is_empty());
    }

    #[test]
    fn a_flush_waits_for_what_was_said_on_every_pile() {
        let writer = LogWriter::default();
        let (go, text, writing) = writing(&writer);
        drop(go);
        let (buffer, other) = (writer.buffer(MOST), writer.buffer(MOST));
        for round in 1..=100 {
            assert!(put(&buffer, b"one ") && put(&other, b"two "));
            writing.flush();
            assert_eq!(lock(&text).len(), round * 8);
        }
        writing.flush();
    }

    #[test]
    fn what_does_not_fit_is_refused_until_there_is_room() {
        let writer = LogWriter::default();
        let buffer = writer.buffer(MOST);
        assert!(put(&buffer, &vec![b'x'; MOST - 8]));
        assert!(!put(&buffer, b"it is too long"));
        assert!(put(&buffer, b"it fits\n"));
        assert!(!put(&buffer, b"\n"));
        assert!(put(&writer.buffer(MOST), b"another's"));
        let mut taken = Vec::new();
        assert!(writer.next_batch(&mut taken).is_some());
        assert_eq!(taken.len(), MOST + 9);
        assert!(put(&buffer, b"it is too long"));
    }

    #[test]
    fn enough_lines_do_not_wait_for_more() {
        let writer = LogWriter::default();
        let (buffer, enough) = (writer.buffer(MOST), vec![b'x'; GATHERED]);
        let mut taken = Vec::new();
        let begun = Instant::now();
        for _ in 0..1_000 {
            assert!(put(&buffer, &enough));
            assert!(writer.next_batch(&mut taken).is_some());
            taken.clear();
        }
        assert!(begun.elapsed() < GATHER * 1_000);
    }

    #[test]
    fn who_writes_slowly_keeps_nobody_from_ending() {
        let writer = LogWriter::default();
        let (go, text, writing) = writing(&writer);
        assert!(put(&writer.buffer(MOST), b"line\n"));
        drop(writing);
        assert!(lock(&text).is_empty());
        drop(go);
    }
}
