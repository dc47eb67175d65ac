//! A mail server with one mailbox, implementing the commands of IMAP (RFC 3501) that Kenduri sends.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A running server with one mailbox. Its threads end with the process, and clones share the
/// server.
#[derive(Clone)]
pub struct ImapServer {
    port: u16,
    kept: Arc<(Mutex<Kept>, Condvar)>,
}

struct Kept {
    uid_validity: u32,
    /// Mails by number, starting at 1; `None` for a deleted mail.
    mails: Vec<Option<String>>,
    fetched: Vec<usize>,
    visits: usize,
    password: String,
}

impl ImapServer {
    /// Starts on a free port of this machine, for the user `ken` with the password `hunter2`.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let kept = Kept {
            uid_validity: 3_857_529_045,
            mails: Vec::new(),
            fetched: Vec::new(),
            visits: 0,
            password: "\"hunter2\"".to_owned(),
        };
        let server = Self {
            port,
            kept: Arc::new((Mutex::new(kept), Condvar::new())),
        };
        let running = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = running.clone();
                // A test may kill its client, so this thread ignores I/O errors.
                std::thread::spawn(move || server.converse(stream).ok());
            }
        });
        server
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn receive(&self, mail: &str) -> usize {
        let mut kept = self.kept();
        kept.mails.push(Some(mail.replace('\n', "\r\n")));
        kept.mails.len()
    }

    pub fn delete(&self, number: usize) {
        self.kept().mails[number - 1] = None;
    }

    /// Gives all mails new numbers, as after a mailbox was restored.
    pub fn renumber(&self) {
        let mut kept = self.kept();
        kept.uid_validity += 1;
        kept.mails.retain(Option::is_some);
    }

    pub fn change_password(&self, password: &str) {
        self.kept().password = format!("\"{password}\"");
    }

    /// The numbers of the fetched mails, in the order of fetching.
    #[must_use]
    pub fn fetched(&self) -> Vec<usize> {
        self.kept().fetched.clone()
    }

    /// Returns how often a client has logged out.
    #[must_use]
    pub fn visits(&self) -> usize {
        self.kept().visits
    }

    /// Waits until `count` clients have logged out. Returns `false` if `limit` passes first.
    #[must_use]
    pub fn has_visits(&self, count: usize, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let mut kept = self.kept();
        while kept.visits < count {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.kept.1.wait_timeout(kept, left);
            kept = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn converse(&self, stream: TcpStream) -> io::Result<()> {
        let mut out = stream.try_clone()?;
        out.write_all(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")?;
        for line in BufReader::new(stream).lines() {
            let line = line?;
            let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
            let is_goodbye = command == "LOGOUT";
            let answer = self.answer(tag, command);
            out.write_all(&answer)?;
            if is_goodbye {
                return Ok(());
            }
        }
        Ok(())
    }

    fn answer(&self, tag: &str, command: &str) -> Vec<u8> {
        let mut kept = self.kept();
        let words: Vec<&str> = command.split(' ').collect();
        let done = format!("{tag} OK done\r\n");
        let text = match words.as_slice() {
            ["LOGIN", "\"ken\"", password] if *password == kept.password => done,
            ["LOGIN", ..] => format!("{tag} NO [AUTHENTICATIONFAILED] who are you?\r\n"),
            ["EXAMINE", "\"INBOX\""] => format!(
                "* {} EXISTS\r\n* OK [UIDVALIDITY {}] valid\r\n* OK [UIDNEXT {}] next\r\n{done}",
                kept.mails.iter().flatten().count(),
                kept.uid_validity,
                kept.mails.len() + 1
            ),
            [
                "UID",
                "SEARCH",
                "UID",
                range,
                "HEADER",
                "Content-Type",
                "\"multipart/report\"",
            ] => {
                let found = kept.search(range);
                format!("* SEARCH{found}\r\n{done}")
            }
            ["UID", "FETCH", number, "(BODY.PEEK[]<0.262144>)"] => {
                let number: usize = number.parse().unwrap_or(0);
                kept.fetched.push(number);
                match &kept.mails[number - 1] {
                    Some(mail) => format!(
                        "* {number} FETCH (UID {number} BODY[]<0> {{{}}}\r\n{mail})\r\n{done}",
                        mail.len()
                    ),
                    None => done,
                }
            }
            ["LOGOUT"] => {
                kept.visits += 1;
                self.kept.1.notify_all();
                format!("* BYE\r\n{done}")
            }
            _ => format!("{tag} BAD {command}\r\n"),
        };
        text.into_bytes()
    }
}

impl Kept {
    fn search(&self, range: &str) -> String {
        let ends = range.split_once(':');
        let (first, last) = ends.unwrap_or((range, range));
        let [first, last] = [first, last].map(|end| end.parse().unwrap_or(0));
        let mails = self.mails.iter().enumerate();
        let numbers = mails.filter_map(|(at, mail)| Some((at + 1, mail.as_ref()?)));
        let found = numbers.filter(|(number, mail)| {
            let head = mail.split("\r\n\r\n").next().unwrap_or_default();
            let head = head.to_ascii_lowercase();
            (first..=last).contains(number) && head.contains("content-type: multipart/report")
        });
        found.fold(String::new(), |all, (number, _)| format!("{all} {number}"))
    }
}
