//! A mail server for tests that records the mails it accepts.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// The `Message-ID` header.
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) subject: String,
}

/// A running mail server. Its threads end with the process.
pub(crate) struct MailServer {
    /// Host and port, such as `127.0.0.1:40123`.
    pub(crate) address: String,
    kept: Arc<(Mutex<Vec<Received>>, Condvar)>,
}

impl MailServer {
    pub(crate) fn start() -> Self {
        Self::slow(Duration::ZERO)
    }

    /// Starts a server that waits for `over_each` before it accepts each mail.
    pub(crate) fn slow(over_each: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let kept = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let keeping = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&keeping);
                // I/O errors are ignored, because a test may kill the client.
                std::thread::spawn(move || converse(stream, &kept, over_each).ok());
            }
        });
        Self { address, kept }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.kept
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until `holds` returns true for the accepted mails. Returns `false` if `limit` passes
    /// first.
    pub(crate) fn wait(&self, limit: Duration, holds: impl Fn(&[Received]) -> bool) -> bool {
        let end = Instant::now() + limit;
        let mut received = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        while !holds(&received) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            received = self
                .kept
                .1
                .wait_timeout(received, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }
}

fn converse(
    stream: TcpStream,
    kept: &(Mutex<Vec<Received>>, Condvar),
    over_each: Duration,
) -> io::Result<()> {
    let mut answers = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    answers.write_all(b"220 sink\r\n")?;
    let mut to = String::new();
    while let Some(line) = lines.next().transpose()? {
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "EHLO" => answers.write_all(b"250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")?,
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1);
                address.unwrap_or_default().clone_into(&mut to);
                answers.write_all(b"250 ok\r\n")?;
            }
            "DATA" => {
                answers.write_all(b"354 go on\r\n")?;
                let (mut id, mut subject) = (String::new(), String::new());
                loop {
                    // The client disconnected in the middle of the mail, so the mail is not
                    // accepted (RFC 5321 §4.1.1.4).
                    let Some(line) = lines.next().transpose()? else {
                        return Ok(());
                    };
                    if line == "." {
                        break;
                    }
                    let (name, value) = line.split_once(':').unwrap_or_default();
                    match name.to_ascii_lowercase().as_str() {
                        "message-id" => value.trim().clone_into(&mut id),
                        "subject" => value.trim().clone_into(&mut subject),
                        _ => {}
                    }
                }
                let received = Received {
                    id,
                    subject,
                    to: std::mem::take(&mut to),
                };
                kept.0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(received);
                kept.1.notify_all();
                std::thread::sleep(over_each);
                answers.write_all(b"250 kept\r\n")?;
            }
            "QUIT" => {
                answers.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => answers.write_all(b"250 ok\r\n")?,
        }
    }
    Ok(())
}

#[test]
fn a_mail_that_breaks_off_is_not_accepted() {
    let server = MailServer::start();
    let mut client = TcpStream::connect(&server.address).expect("a connection");
    client
        .write_all(b"RCPT TO:<a@example.com>\r\nDATA\r\nMessage-ID: <1")
        .expect("sent");
    client.shutdown(Shutdown::Write).expect("the end");
    let mut answers = String::new();
    client.read_to_string(&mut answers).expect("answers");
    assert!(answers.ends_with("354 go on\r\n"), "{answers}");
    assert!(server.received().is_empty(), "{:?}", server.received());
}
