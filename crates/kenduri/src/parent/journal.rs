//! Sends log lines to the systemd journal, for services with `logs.journal = true`.
//!
//! Each line is a datagram in the journal's own protocol (systemd, "Native Journal Protocol"), with
//! the identifier `SERVICE:INSTANCE`. Sending does not block. A line that the journal does not
//! accept is counted as dropped, but remains in the service's log file.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use supervisor::{LineHook, LogLine, Stream};

const SOCKET: &str = "/run/systemd/journal/socket";
/// `LOG_INFO` (syslog(3)).
const PRIORITY: &str = "6";

/// Returns a hook that sends each line to the journal, or `None` if no socket can be created.
pub(super) fn line_hook() -> Option<LineHook> {
    let journal = Journal::at(Path::new(SOCKET));
    let journal =
        journal.inspect_err(|error| tracing::warn!(%error, "cannot open a socket to the journal, so services with logs.journal log into their files only; correct the error, and restart Kenduri"));
    let journal = journal.ok()?;
    Some(Arc::new(move |line| journal.log(line)))
}

struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
    dropped: AtomicU64,
}

impl Journal {
    fn at(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            path: path.to_owned(),
            dropped: AtomicU64::new(0),
        })
    }

    fn log(&self, line: &LogLine) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        if dropped > 0 {
            let text = format!("… {dropped} lines are in the files only …");
            if self.send(line, &text).is_ok() {
                self.dropped.fetch_sub(dropped, Ordering::Relaxed);
            }
        }
        if self.send(line, &line.text).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn send(&self, line: &LogLine, text: &str) -> io::Result<()> {
        let instance = line
            .instance
            .map_or_else(String::new, |number| number.to_string());
        let stream = line.stream.map_or("", Stream::word);
        let name = format!("{}:{instance}", line.service);
        let mut message = Vec::with_capacity(text.len() + 256);
        for (field, value) in [
            ("PRIORITY", PRIORITY),
            ("SYSLOG_IDENTIFIER", &name),
            ("KENDURI_SERVICE", &line.service),
            ("KENDURI_INSTANCE", &instance),
            ("KENDURI_STREAM", stream),
            ("MESSAGE", text),
        ] {
            // In this form of a field, the value has a length prefix, so it may contain any bytes.
            message.extend_from_slice(field.as_bytes());
            message.push(b'\n');
            message.extend_from_slice(&(value.len() as u64).to_le_bytes());
            message.extend_from_slice(value.as_bytes());
            message.push(b'\n');
        }
        self.socket.send_to(&message, &self.path).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine {
            sequence: 0,
            at: jiff::Timestamp::UNIX_EPOCH,
            service: "web".into(),
            instance: Some(1),
            run: None,
            stream: Some(Stream::Err),
            text: text.to_owned(),
        }
    }

    fn heard(journal: &UnixDatagram) -> String {
        let mut message = vec![0; 64 << 10];
        let length = journal.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    }

    #[test]
    fn a_line_has_its_service_and_instance() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let there = UnixDatagram::bind(&path).unwrap();
        Journal::at(&path).unwrap().log(&line("hello"));
        let heard = heard(&there);
        for wanted in [
            "SYSLOG_IDENTIFIER\n\u{5}\0\0\0\0\0\0\0web:1\n",
            "KENDURI_SERVICE\n\u{3}\0\0\0\0\0\0\0web\n",
            "KENDURI_STREAM\n\u{3}\0\0\0\0\0\0\0err\n",
            "MESSAGE\n\u{5}\0\0\0\0\0\0\0hello\n",
        ] {
            assert!(heard.contains(wanted), "{heard:?}");
        }
    }

    #[test]
    fn nobody_waits_for_a_journal_that_does_not_listen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::at(&path).unwrap();
        journal.log(&line("nobody is there"));
        let there = UnixDatagram::bind(&path).unwrap();
        // Nobody reads the journal's socket here, so it becomes full after some lines.
        let mut said = 0;
        while journal.dropped.load(Ordering::Relaxed) < 5 {
            journal.log(&line(&"x".repeat(10_000)));
            said += 1;
            assert!(said < 100_000, "it takes everything");
        }
        there.set_nonblocking(true).unwrap();
        let mut message = vec![0; 64 << 10];
        while there.recv(&mut message).is_ok() {}
        journal.log(&line("again"));
        assert!(heard(&there).contains("… 5 lines are in the files only …"));
        assert!(heard(&there).contains("again"));
    }
}
