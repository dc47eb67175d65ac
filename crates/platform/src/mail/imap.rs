//! Reads a mailbox through IMAP4rev1 (RFC 3501), with four commands and without changing anything
//! in the mailbox.
//!
//! A client library (async-imap 0.12) would add 14 crates, among them second versions of
//! async-channel and event-listener. This module needs only a reader for lines and literals.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::secret::Secret;

const TIMEOUT: Duration = Duration::from_secs(20);
/// The longest line in a server's response, in bytes. A long line lists the numbers of many mails.
const LINE_LIMIT: u64 = 1024 * 1024;
const LINES: usize = 10_000;
/// The maximum length of all lines of a response together, in bytes.
const LINES_LIMIT: usize = 4 * 1024 * 1024;
/// The maximum number of bytes that are read from a mail. A longer report is cut off, but this
/// affects only the returned mail at its end.
const MAIL_LIMIT: usize = 256 * 1024;
/// The maximum length of a server's message in an error, in bytes.
const TEXT_LIMIT: usize = 200;

/// A mailbox on an IMAP server.
#[derive(Clone, Debug)]
pub struct Mailbox {
    pub host: String,
    pub port: u16,
    /// Whether the connection is encrypted from its first byte.
    pub is_encrypted: bool,
    pub user: String,
    pub password: Secret,
    /// The folder, usually `INBOX`.
    pub folder: String,
    /// Certificates to trust in addition to the public authorities, as PEM.
    pub authorities: Vec<String>,
}

impl Mailbox {
    /// The mailbox's user, host and folder: `hello@mail.example/INBOX`.
    pub fn name(&self) -> String {
        format!("{}@{}/{}", self.user, self.host, self.folder)
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum ImapError {
    #[error(
        "the server cannot be reached; check host and port in mail.bounces, and the firewall: {0}"
    )]
    Unreachable(#[from] io::Error),
    #[error(
        "the server does not answer in time; if this goes on, check host and port in mail.bounces"
    )]
    Slow,
    #[error("the server refuses {command}; {}: {reply}", remedy(.command))]
    Refused {
        command: &'static str,
        reply: String,
    },
    #[error("the server's response cannot be read as IMAP; check host and port in mail.bounces")]
    Unreadable,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection on which the mailbox's folder is open.
pub(super) struct Session {
    stream: BufReader<Box<dyn Stream>>,
    commands: u32,
    /// How many bytes of literals the current response may still contain.
    room: usize,
    /// How many bytes of lines the current response may still contain.
    line_room: usize,
    /// The folder's generation. If it changes, all mails in the folder have new numbers.
    pub(super) uid_validity: i64,
    /// The number that the folder's next new mail will get.
    pub(super) next_uid: i64,
}

/// One line of a response, with its literals. The server sends the length of each literal before
/// the literal's bytes.
#[derive(Default)]
struct Response {
    line: String,
    literals: Vec<Vec<u8>>,
}

impl Session {
    /// Connects, signs in and opens the folder for reading.
    pub(super) async fn open(mailbox: &Mailbox) -> Result<Self, ImapError> {
        let stream = timeout(TIMEOUT, connect(mailbox))
            .await
            .map_err(|_| ImapError::Slow)??;
        let mut session = Self {
            stream: BufReader::new(stream),
            commands: 0,
            room: 0,
            line_room: LINES_LIMIT,
            uid_validity: 0,
            next_uid: 0,
        };
        let greeting = timeout(TIMEOUT, session.response())
            .await
            .map_err(|_| ImapError::Slow)??;
        if !greeting.line.starts_with("* OK") {
            return Err(refused("the connection", &greeting.line));
        }
        let (user, password) = (quote(&mailbox.user), quote(mailbox.password.reveal()));
        session
            .command("LOGIN", &format!("LOGIN {user} {password}"))
            .await?;
        let opened = session
            .command("EXAMINE", &format!("EXAMINE {}", quote(&mailbox.folder)))
            .await?;
        let number = |name| {
            let mut lines = opened.iter().map(|response| response.line.as_str());
            lines.find_map(|line| number_after(line, name))
        };
        session.uid_validity = number("[UIDVALIDITY ").ok_or(ImapError::Unreadable)?;
        session.next_uid = number("[UIDNEXT ").ok_or(ImapError::Unreadable)?;
        Ok(session)
    }

    /// Returns the numbers of the mails that claim to be delivery reports, among the mails with the
    /// numbers `first` to `last`.
    pub(super) async fn reports(&mut self, first: i64, last: i64) -> Result<Vec<i64>, ImapError> {
        let search =
            format!("UID SEARCH UID {first}:{last} HEADER Content-Type \"multipart/report\"");
        let found = self.command("SEARCH", &search).await?;
        let lines = found
            .iter()
            .filter_map(|response| response.line.strip_prefix("* SEARCH"));
        let mut numbers = Vec::new();
        for number in lines.flat_map(str::split_ascii_whitespace) {
            let number: i64 = number.parse().map_err(|_| ImapError::Unreadable)?;
            // The range `5:9` yields the last mail if all mails have numbers below 5.
            if (first..=last).contains(&number) {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Returns the beginning of a mail, or `None` if the mail was deleted in the meantime.
    pub(super) async fn mail(&mut self, uid: i64) -> Result<Option<Vec<u8>>, ImapError> {
        let fetch = format!("UID FETCH {uid} (BODY.PEEK[]<0.{MAIL_LIMIT}>)");
        let found = self.command("FETCH", &fetch).await?;
        let mut literals = found.into_iter().flat_map(|response| response.literals);
        Ok(literals.next())
    }

    /// Sends LOGOUT, and ignores any failure.
    pub(super) async fn close(mut self) {
        let _ = self.command("LOGOUT", "LOGOUT").await;
    }

    async fn command(
        &mut self,
        name: &'static str,
        line: &str,
    ) -> Result<Vec<Response>, ImapError> {
        timeout(TIMEOUT, self.exchange(name, line))
            .await
            .map_err(|_| ImapError::Slow)?
    }

    async fn exchange(
        &mut self,
        name: &'static str,
        line: &str,
    ) -> Result<Vec<Response>, ImapError> {
        self.commands += 1;
        self.room = MAIL_LIMIT;
        self.line_room = LINES_LIMIT;
        let tag = format!("k{} ", self.commands);
        self.stream
            .write_all(format!("{tag}{line}\r\n").as_bytes())
            .await?;
        self.stream.flush().await?;
        let mut responses = Vec::new();
        while responses.len() < LINES {
            let response = self.response().await?;
            match response.line.strip_prefix(&tag) {
                Some(done) if done.starts_with("OK") => return Ok(responses),
                Some(failed) => return Err(refused(name, failed)),
                None => responses.push(response),
            }
        }
        Err(ImapError::Unreadable)
    }

    async fn response(&mut self) -> Result<Response, ImapError> {
        let mut response = Response::default();
        loop {
            let mut line = Vec::new();
            let mut limited = (&mut self.stream).take(LINE_LIMIT);
            limited.read_until(b'\n', &mut line).await?;
            let Some(line) = line.strip_suffix(b"\r\n") else {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            };
            let left = self.line_room.checked_sub(line.len() + 1);
            self.line_room = left.ok_or(ImapError::Unreadable)?;
            response.line.push_str(&String::from_utf8_lossy(line));
            let Some(length) = literal_length(&response.line) else {
                return Ok(response);
            };
            self.room = self.room.checked_sub(length).ok_or(ImapError::Unreadable)?;
            let mut literal = vec![0; length];
            self.stream.read_exact(&mut literal).await?;
            response.literals.push(literal);
            // The line may end with this literal. Without the space, the line would then end with
            // the literal's length, which would be read a second time.
            response.line.push(' ');
        }
    }
}

async fn connect(mailbox: &Mailbox) -> Result<Box<dyn Stream>, ImapError> {
    let stream = TcpStream::connect((mailbox.host.as_str(), mailbox.port)).await?;
    if !mailbox.is_encrypted {
        return Ok(Box::new(stream));
    }
    let config = tls(&mailbox.authorities).map_err(io::Error::other)?;
    let name = ServerName::try_from(mailbox.host.clone()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await?;
    Ok(Box::new(stream))
}

fn tls(authorities: &[String]) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for authority in authorities {
        let authority = CertificateDer::from_pem_slice(authority.as_bytes());
        roots.add(authority.map_err(|error| rustls::Error::General(error.to_string()))?)?;
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    Ok(ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn remedy(command: &str) -> &'static str {
    match command {
        "LOGIN" => {
            "check the user in mail.bounces and its password (mail.bounces_password_file); many servers want an app password"
        }
        "EXAMINE" => {
            "correct the folder in mail.bounces, which is what follows the host, such as /INBOX"
        }
        "the connection" => {
            "if this goes on, the server lets this machine in no more: ask who runs it"
        }
        _ => "if this goes on, the server cannot do what is needed: name a mailbox elsewhere",
    }
}

fn refused(command: &'static str, reply: &str) -> ImapError {
    let mut reply = crate::text_cleaning::clean_line(reply);
    reply.truncate(reply.floor_char_boundary(TEXT_LIMIT));
    ImapError::Refused { command, reply }
}

/// Formats a quoted string (RFC 3501, section 4.3). Line breaks, which a quoted string cannot
/// contain, become spaces.
fn quote(text: &str) -> String {
    let text = text.replace(['\r', '\n', '\0'], " ");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn literal_length(line: &str) -> Option<usize> {
    let (_, length) = line.strip_suffix('}')?.rsplit_once('{')?;
    length.parse().ok()
}

fn number_after(line: &str, name: &str) -> Option<i64> {
    let (_, rest) = line.split_once(name)?;
    let (number, _) = rest.split_once(']')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_told_with_its_own_remedy() {
        for (command, expected) in [
            ("LOGIN", "mail.bounces_password_file"),
            ("EXAMINE", "correct the folder"),
            ("SEARCH", "a mailbox elsewhere"),
        ] {
            let why = refused(command, "NO such thing").to_string();
            assert!(
                why.contains(expected) && why.ends_with("NO such thing"),
                "{why}"
            );
        }
    }

    #[test]
    fn names_and_passwords_end_no_command() {
        assert_eq!(quote(r#"a"b\c"#), r#""a\"b\\c""#);
        assert_eq!(quote("a\r\nb LOGOUT"), "\"a  b LOGOUT\"");
    }

    #[test]
    fn lengths_of_literals_and_numbers_are_read() {
        assert_eq!(literal_length("* 1 FETCH (UID 7 BODY[]<0> {42}"), Some(42));
        for line in ["* OK", "* OK {a}", "* OK {42} ", "}", "{-1}"] {
            assert_eq!(literal_length(line), None, "{line}");
        }
        let line = "* OK [UIDVALIDITY 3857529045] UIDs valid";
        assert_eq!(number_after(line, "[UIDVALIDITY "), Some(3_857_529_045));
        assert_eq!(number_after(line, "[UIDNEXT "), None);
    }
}
