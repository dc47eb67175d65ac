//! Sends a mail by SMTP and classifies failures.
//!
//! This module drives the SMTP session itself instead of using lettre's transport, because the
//! meaning of a failure depends on the step. If the session fails before the mail's text is sent,
//! the mail was not sent. If it fails afterwards, without a reply to the text, the result is
//! unknown.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::{Instant, sleep_until, timeout};

use super::address::Address;
use crate::secret::Secret;

/// The timeout for opening a connection, and for QUIT.
const CONNECT: Duration = Duration::from_secs(10);
const COMMAND: Duration = Duration::from_secs(30);
/// Long, because some servers scan for viruses before they reply.
const TEXT: Duration = Duration::from_mins(2);
/// How long sending pauses after the mail server refused this site rather than one recipient.
const HOLD: Duration = Duration::from_mins(1);
/// The maximum length of a mail server's reply in the store, in bytes.
const ANSWER_LIMIT: usize = 500;

/// A mail server and its connection settings.
#[derive(Clone, Debug)]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    /// User and password, if the mail server needs them.
    pub login: Option<(String, Secret)>,
    /// The maximum number of mails per minute; 0 for no limit.
    pub per_minute: u32,
    /// Certificates to trust in addition to the public authorities, as PEM.
    pub authorities: Vec<String>,
}

/// When TLS starts on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte.
    AtOnce,
    /// TLS after STARTTLS. The mail server must offer STARTTLS, unless it is on this machine.
    StartTls,
}

/// The mail server's settings are unusable.
#[derive(Debug, thiserror::Error)]
#[error("the mail server {host} in mail.url cannot be used: {reason}\n  correct mail.url")]
pub struct SmtpError {
    host: String,
    reason: String,
}

/// Sends mails to one mail server, at a limited rate.
pub struct Smtp {
    server: Server,
    tls: TlsParameters,
    hello: ClientId,
    pace: Mutex<Pace>,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Smtp").field(&self.server).finish()
    }
}

struct Pace {
    interval: Duration,
    next: Instant,
    held_until: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A temporary failure, such as a broken connection or a 4xx reply.
    Passing(String),
    /// A 4xx reply that concerns this recipient.
    Delayed(String),
    /// The mail server refuses this site, because of a failed login or an unacceptable sender.
    Us(String),
    /// The mail server permanently refuses this mail or its recipient.
    Bounced {
        answer: String,
        /// Whether the mail server says that the recipient's email address does not exist.
        is_unknown: bool,
    },
    /// The text was sent, but no reply came.
    Unknown(String),
}

impl Smtp {
    /// Prepares connections to `server` without opening one. Fails if the settings are unusable.
    /// `site_host` is the name in EHLO.
    pub fn new(server: Server, site_host: &str) -> Result<Self, SmtpError> {
        let tls = parameters(&server).map_err(|error| SmtpError {
            host: server.host.clone(),
            reason: error.to_string(),
        })?;
        let now = Instant::now();
        let interval = Duration::from_mins(1)
            .checked_div(server.per_minute)
            .unwrap_or_default();
        Ok(Self {
            server,
            tls,
            hello: ClientId::Domain(site_host.to_owned()),
            pace: Mutex::new(Pace {
                interval,
                next: now,
                held_until: now,
            }),
        })
    }

    /// Waits for the rate limit. While sending is suspended, fails with the remaining time.
    pub(super) async fn turn(&self) -> Result<(), Duration> {
        let turn = self.pace().turn(Instant::now())?;
        sleep_until(turn).await;
        Ok(())
    }

    /// Sends `message`, and returns the server's reply.
    pub(super) async fn hand_over(
        &self,
        from: &Address,
        to: &Address,
        message: &[u8],
    ) -> Result<String, Refusal> {
        let result = self.try_to_hand_over(from, to, message).await;
        if let Err(Refusal::Us(_)) = &result {
            self.pace().held_until = Instant::now() + HOLD;
        }
        result
    }

    async fn try_to_hand_over(
        &self,
        from: &Address,
        to: &Address,
        message: &[u8],
    ) -> Result<String, Refusal> {
        let mut connection = self.connect().await?;
        self.introduce(&mut connection, from, to).await?;
        let answer = patiently(TEXT, connection.message(message))
            .await
            .map_err(|failure| match failure {
                Failure::Said(Reply {
                    is_final: true,
                    text,
                    ..
                }) => Refusal::Bounced {
                    answer: text,
                    is_unknown: false,
                },
                Failure::Said(reply) => Refusal::Passing(reply.text),
                Failure::Lost(reason) => Refusal::Unknown(reason),
            })?;
        // The server has accepted the mail, so the caller need not wait for QUIT.
        tokio::spawn(async move { timeout(CONNECT, connection.quit()).await });
        Ok(reply_text(&answer))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Refusal> {
        let server = &self.server;
        let at_once = (server.tls == Tls::AtOnce).then(|| self.tls.clone());
        let mut connection = patiently(
            CONNECT + COMMAND,
            AsyncSmtpConnection::connect_tokio1(
                (server.host.as_str(), server.port),
                Some(CONNECT),
                &self.hello,
                at_once,
                None,
            ),
        )
        .await
        .map_err(Failure::passing)?;
        if server.tls == Tls::StartTls
            && (connection.can_starttls() || !is_this_machine(&server.host))
        {
            patiently(COMMAND, connection.starttls(self.tls.clone(), &self.hello))
                .await
                .map_err(Failure::passing)?;
        }
        if let Some((user, password)) = &server.login {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            patiently(COMMAND, connection.auth(DEFAULT_MECHANISMS, &credentials))
                .await
                .map_err(Failure::about_us)?;
        }
        Ok(connection)
    }

    async fn introduce(
        &self,
        connection: &mut AsyncSmtpConnection,
        from: &Address,
        to: &Address,
    ) -> Result<(), Refusal> {
        let no_address = |error: lettre::address::AddressError| Refusal::Bounced {
            answer: error.to_string(),
            is_unknown: false,
        };
        let (from, to) = (
            from.for_transport().map_err(no_address)?,
            to.for_transport().map_err(no_address)?,
        );
        let mut parameters = Vec::new();
        if [&from, &to]
            .iter()
            .any(|address| !address.user().is_ascii())
        {
            if !connection
                .server_info()
                .supports_feature(Extension::SmtpUtfEight)
            {
                return Err(Refusal::Bounced {
                    answer: "the mail server does not accept addresses with letters beyond ASCII"
                        .to_owned(),
                    is_unknown: false,
                });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        patiently(
            COMMAND,
            connection.command(Mail::new(Some(from), parameters)),
        )
        .await
        .map_err(Failure::about_us)?;
        patiently(COMMAND, connection.command(Rcpt::new(to, Vec::new())))
            .await
            .map_err(Failure::about_recipient)?;
        patiently(COMMAND, connection.command(Data))
            .await
            .map_err(Failure::about_recipient)?;
        Ok(())
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    fn turn(&mut self, now: Instant) -> Result<Instant, Duration> {
        let held = self.held_until.saturating_duration_since(now);
        if !held.is_zero() {
            return Err(held);
        }
        let turn = self.next.max(now);
        self.next = turn + self.interval;
        Ok(turn)
    }
}

enum Failure {
    /// The server replied with an error.
    Said(Reply),
    /// There was no valid reply.
    Lost(String),
}

struct Reply {
    is_final: bool,
    text: String,
}

impl Failure {
    fn passing(self) -> Refusal {
        Refusal::Passing(self.text())
    }

    fn about_us(self) -> Refusal {
        match self {
            Self::Said(Reply {
                is_final: true,
                text,
            }) => Refusal::Us(text),
            other => other.passing(),
        }
    }

    fn about_recipient(self) -> Refusal {
        match self {
            Self::Said(Reply {
                is_final: true,
                text,
            }) => Refusal::Bounced {
                is_unknown: means_unknown(&text),
                answer: text,
            },
            Self::Said(reply) => Refusal::Delayed(reply.text),
            lost @ Self::Lost(_) => lost.passing(),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Said(Reply { text, .. }) | Self::Lost(text) => text,
        }
    }
}

async fn patiently<T>(
    limit: Duration,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    let error = match timeout(limit, step).await {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(error)) => error,
        Err(_) => return Err(Failure::Lost("the mail server does not answer".to_owned())),
    };
    let mut text = match (error.status(), std::error::Error::source(&error)) {
        (Some(code), Some(words)) => format!("{code} {words}"),
        (Some(code), None) => code.to_string(),
        // The error's text may contain anything that the mail server sent, so it is replaced.
        _ if error.is_response() => "the mail server's response cannot be parsed".to_owned(),
        _ => error.to_string(),
    };
    text.truncate(text.floor_char_boundary(ANSWER_LIMIT));
    if error.status().is_none() && !error.is_client() {
        return Err(Failure::Lost(text));
    }
    Err(Failure::Said(Reply {
        // Kenduri's own errors, such as a missing STARTTLS or login mechanism, are permanent.
        is_final: error.is_permanent() || error.is_client(),
        text,
    }))
}

fn reply_text(response: &Response) -> String {
    let words = response.message().collect::<Vec<_>>().join(" ");
    let mut text = format!("{} {words}", response.code());
    text.truncate(text.floor_char_boundary(ANSWER_LIMIT));
    text
}

/// Shortens a reply or failure for the log. A reply is reduced to the reply code and the enhanced
/// status code, without the mail server's text.
pub(super) fn without_words(answer: &str) -> String {
    let mut words = answer.split([' ', '-']);
    let reply = words.next().unwrap_or_default();
    if reply.len() != 3 || !reply.bytes().all(|byte| byte.is_ascii_digit()) {
        return answer.to_owned();
    }
    match words.next().filter(|word| is_enhanced(word)) {
        Some(status) => format!("{reply} {status}"),
        None => reply.to_owned(),
    }
}

/// Whether a word is an enhanced status code such as `4.7.1`.
fn is_enhanced(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    let is_number = |part: &&str| {
        (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    parts.len() == 3 && parts.iter().all(is_number)
}

/// Whether the enhanced status code of a refusal (RFC 3463 §3.2) says that the email address does
/// not exist. The text "User unknown" without such a code may mean anything.
pub(super) fn means_unknown(answer: &str) -> bool {
    // Each line of a multi-line reply begins with codes such as `550-5.1.1`.
    let mut words = answer.split([' ', '-', ';', '#']);
    words.any(|word| ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"].contains(&word))
}

/// Whether a host name or IP address denotes this machine.
pub fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn parameters(server: &Server) -> Result<TlsParameters, Error> {
    let mut builder = TlsParameters::builder(server.host.clone())
        .certificate_store(CertificateStore::WebpkiRoots);
    for authority in &server.authorities {
        builder = builder.add_root_certificate(Certificate::from_pem(authority.as_bytes())?);
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_go_at_an_even_pace_and_wait_out_a_hold() {
        let start = Instant::now();
        let mut pace = Pace {
            interval: Duration::from_secs(1),
            next: start,
            held_until: start,
        };
        let turns: Vec<_> = (0..3)
            .map(|_| pace.turn(start).unwrap() - start)
            .map(|wait| wait.as_secs())
            .collect();
        assert_eq!(turns, [0, 1, 2]);
        pace.held_until = start + HOLD;
        assert_eq!(pace.turn(start), Err(HOLD));
        let later = start + HOLD;
        assert_eq!(
            pace.turn(later),
            Ok(later),
            "an idle minute is not made up for"
        );
    }

    #[test]
    fn only_a_clear_word_makes_an_address_unknown() {
        for answer in ["550 5.1.1 no such user", "550-5.1.1 no such 550 user"] {
            assert!(means_unknown(answer), "{answer}");
        }
        for answer in [
            "550 user unknown",
            "550 5.7.1 we do not like you",
            "552 5.2.2 full",
            "550 15.1.1",
        ] {
            assert!(!means_unknown(answer), "{answer}");
        }
    }

    #[test]
    fn the_log_gets_codes_and_no_words_of_a_mail_server() {
        for (answer, logged) in [
            ("451 4.7.1 <aisyah@example.com> greylisted", "451 4.7.1"),
            ("550 5.1.10 aisyah@example.com", "550 5.1.10"),
            ("421-4.7.0 aisyah@example.com", "421 4.7.0"),
            ("550 aisyah@example.com is unknown", "550"),
            ("450 10.0.0.1 is not welcome", "450"),
            ("451", "451"),
            (
                "the mail server does not answer",
                "the mail server does not answer",
            ),
            (
                "Connection error: Connection refused",
                "Connection error: Connection refused",
            ),
        ] {
            assert_eq!(without_words(answer), logged);
        }
    }

    #[test]
    fn only_this_machine_may_go_without_encryption() {
        assert!(
            ["localhost", "127.0.0.1", "::1"]
                .into_iter()
                .all(is_this_machine)
        );
        assert!(
            !["mail.example", "10.0.0.1", "localhost.example"]
                .into_iter()
                .any(is_this_machine)
        );
    }
}
