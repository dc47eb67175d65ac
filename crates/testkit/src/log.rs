//! What a test's thread logs.
//!
//! A subscriber of one thread alone misses a line whose call site another thread
//! meets first: `tracing` asks that thread whether anybody listens, and keeps the
//! answer. So one subscriber listens to all threads and keeps their lines apart.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

thread_local! {
    static LINES: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The lines that this thread logs while this lives.
#[derive(Debug)]
pub struct Log(());

impl Log {
    /// Begins to keep what this thread logs.
    pub fn start() -> Self {
        listen();
        LINES.set(Some(Vec::new()));
        Self(())
    }

    /// The lines up to now.
    pub fn text(&self) -> String {
        LINES.with_borrow(|lines| {
            String::from_utf8_lossy(lines.as_deref().unwrap_or_default()).into_owned()
        })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        LINES.set(None);
    }
}

/// Listens to all threads. A world does so before anything in it can log.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(|| Lines)
            .init();
    });
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.iter_mut().for_each(|lines| lines.extend(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
