//! Mail: written in the transaction of its cause, handed over by a job.
//!
//! [`Tx::send_mail`] writes a row and the job that sends it. The job commits
//! `sending`, hands the mail over, and commits the result; so every mail leaves
//! once, with one exception that nobody can close: a program killed between the
//! server's "yes" and our commit. Such a row is found in `sending`, is called
//! `uncertain`, and is sent once more under the same Message-ID.
//!
//! Into the built-in [`mailbox`] a mail goes in the very transaction that ends
//! its job: there nothing is ever uncertain.

mod address;
mod callback;
mod delivery;
pub mod mailbox;
mod message;
pub mod sealed_text;
mod smtp;
mod sns;
pub mod suppression;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::jobs::{NewJob, Queue};
use crate::key::Key;
use crate::sql;
use crate::store::{Bind, Column, Row, Rows, StoreError, Tx, Value};
use crate::text_cleaning::clean_line;
pub use address::{Address, LIMIT, NotAnAddress};
pub use callback::{CallbackKey, Signed};
pub use delivery::{KIND, Mailer, Post, handler};
pub use message::Sender;
use sealed_text::Body;
pub use smtp::{Server, Smtp, SmtpError, Tls};
pub use sns::{SnsError, SnsPost, SnsTopic};

crate::id!(MailId, "One mail to one person.");

/// A mail on its way in.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// Who gets it.
    pub to: Address,
    /// The name to write beside the address; may be empty.
    pub to_name: String,
    /// The name it comes from, if not the installation's: the hosts'. The
    /// address is always the installation's, or servers would not believe it.
    pub sender_name: Option<String>,
    /// Where an answer goes.
    pub reply_to: Option<Address>,
    /// What class of mail it is.
    pub stream: Stream,
    /// Whom it concerns, for those who look after it: the id of a scope.
    pub scope: Option<String>,
    /// One line; line breaks become spaces.
    pub subject: String,
    /// The mail as plain text.
    pub text: String,
    /// The mail as a page.
    pub html: Option<String>,
    /// Seals text and page for the row: given where they have a link that works once. It is the key
    /// for [`sealed_text::PURPOSE`].
    pub seal: Option<Key>,
    /// Who causes it, if that is somebody of whom nothing is known.
    pub stranger: Option<Stranger>,
}

/// Somebody without a session, who may cause mail to whomever they like. Their mail gives way to
/// everybody else's, and to that of strangers elsewhere who cause less.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// Their network: each has a line of its own, and the lines take turns. It is no more than a name.
    pub line: String,
    /// Whether the address is that of somebody here, who may be waiting for the mail.
    pub is_known: bool,
}

/// A class of mail: what it is for decides who may refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Sign-in, reset, what happened to an account.
    Security,
    /// The direct answer to what a person did.
    Transactional,
    /// News a person may switch off.
    Notification,
    /// What nobody asked for.
    Marketing,
}

/// How far a mail has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for its turn.
    Queued,
    /// Is being handed over.
    Sending,
    /// The mail server took it.
    Sent,
    /// Waits for another attempt.
    Deferred,
    /// The mail server will never take it for this person.
    Bounced,
    /// Every attempt failed.
    Failed,
    /// The person gets no such mail.
    Suppressed,
    /// Perhaps sent: the answer was never known.
    Uncertain,
}

/// What a person may unsubscribe from.
const UNSUBSCRIBABLE: [Stream; 2] = [Stream::Notification, Stream::Marketing];

impl Stream {
    /// The word it is stored and sent as.
    pub fn word(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Transactional => "transactional",
            Self::Notification => "notification",
            Self::Marketing => "marketing",
        }
    }

    /// Whether a program writes it by itself; other programs then know not to
    /// answer.
    fn is_automatic(self) -> bool {
        matches!(self, Self::Security | Self::Transactional)
    }

    /// Whether its mails say how to stop them.
    fn is_unsubscribable(self) -> bool {
        UNSUBSCRIBABLE.contains(&self)
    }

    /// Who waits at a screen comes first.
    fn priority(self) -> i64 {
        match self {
            Self::Security => -10,
            Self::Transactional => 0,
            Self::Notification => 10,
            Self::Marketing => 20,
        }
    }
}

impl Stranger {
    /// Behind what others wait for and, if the address is nobody's, behind everything.
    fn priority(&self) -> i64 {
        if self.is_known { 5 } else { 30 }
    }
}

impl Bind for Stream {
    fn bind(&self) -> Value<'_> {
        Value::Text(self.word())
    }
}

impl Column for Stream {
    fn read(value: Value<'_>) -> Option<Self> {
        let Value::Text(word) = value else {
            return None;
        };
        [
            Self::Security,
            Self::Transactional,
            Self::Notification,
            Self::Marketing,
        ]
        .into_iter()
        .find(|stream| stream.word() == word)
    }
}

impl State {
    const ALL: [Self; 8] = [
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Deferred,
        Self::Bounced,
        Self::Failed,
        Self::Suppressed,
        Self::Uncertain,
    ];

    /// The word it is stored and sent as.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Bounced => "bounced",
            Self::Failed => "failed",
            Self::Suppressed => "suppressed",
            Self::Uncertain => "uncertain",
        }
    }
}

impl Bind for State {
    fn bind(&self) -> Value<'_> {
        Value::Text(self.word())
    }
}

impl Column for State {
    fn read(value: Value<'_>) -> Option<Self> {
        let Value::Text(word) = value else {
            return None;
        };
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl Tx<'_> {
    /// Writes a mail and the job that sends it.
    pub fn send_mail(&mut self, mail: NewMail) -> Result<MailId, StoreError> {
        let NewMail {
            to,
            to_name,
            sender_name,
            reply_to,
            stream,
            scope,
            subject,
            text,
            html,
            seal,
            stranger,
        } = mail;
        let id: MailId = self.id();
        let now = self.now();
        let request = self.request();
        let mut body = Body { text, html };
        let sealed = seal.map(|key| sealed_text::seal(&key, self.random(), &id, &body));
        if sealed.is_some() {
            body = Body {
                text: String::new(),
                html: None,
            };
        }
        sql!(
            "INSERT INTO mail (id, scope, stream, recipient, recipient_name, sender_name,
                               reply_to, subject, text, html, sealed_text, state,
                               doubts, created_at, changed_at, request_id)
             VALUES (:id, :scope, :stream, :to, :to_name, :sender_name, :reply_to, :subject, :text,
                 :html, :sealed, 'queued', 0, :now, :now, :request)",
            id,
            scope,
            stream,
            to,
            to_name = clean_line(&to_name),
            sender_name = sender_name.as_deref().map(clean_line),
            reply_to,
            subject = clean_line(&subject),
            text = body.text,
            html = body.html,
            sealed,
            now,
            request = request.as_deref()
        )
        .run(self, Rows::Exactly(1))?;
        enqueue(self, &id, stream, stranger)?;
        Ok(id)
    }
}

/// A mail as those see it who look after it: without its text.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Entry {
    /// Which one.
    pub id: MailId,
    /// Who gets it.
    #[row(rename = "recipient")]
    pub to: Address,
    /// Its subject.
    pub subject: String,
    /// How far it has come.
    pub state: State,
    /// The mail server's last reply.
    pub answer: Option<String>,
    /// Whether it may have been sent twice.
    #[row(rename = "doubts")]
    pub was_uncertain: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// When its state changed last.
    pub changed_at: Timestamp,
}

/// The mails of one scope, newest first, at most `limit`, older than `before`.
pub fn list(
    tx: &mut Tx<'_>,
    scope: &str,
    before: Option<&MailId>,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    // Every id is below this.
    let before = before.map_or("g", MailId::as_str);
    sql!(
        "SELECT {Entry} FROM mail WHERE scope = :scope AND id < :before ORDER BY id DESC
         LIMIT :limit",
        scope,
        before,
        limit
    )
    .all(tx)
}

/// How many mails were found half sent, so that at most so many people got one
/// twice or not at all.
pub fn doubted(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let (count,) = tx.one(sql!("SELECT COUNT(*) FROM mail WHERE doubts > 0"), &[])?;
    Ok(count)
}

/// Sends a mail again that failed, bounced, or is uncertain. `false` when there
/// is no such mail of this scope, or its text is gone because a server took it once.
pub fn send_again(tx: &mut Tx<'_>, scope: &str, id: &MailId) -> Result<bool, StoreError> {
    let now = tx.now();
    let found: Option<(Stream,)> = sql!(
        "UPDATE mail SET state = 'queued', changed_at = :now
         WHERE id = :id AND scope = :scope AND state IN ('failed', 'bounced', 'uncertain')
           AND (text <> '' OR sealed_text IS NOT NULL)
         RETURNING stream",
        id,
        scope,
        now
    )
    .maybe(tx)?;
    let Some((stream,)) = found else {
        return Ok(false);
    };
    enqueue(tx, id, stream, None)?;
    Ok(true)
}

/// The payload of the job that sends one mail.
#[derive(Serialize, Deserialize)]
struct Task {
    mail: MailId,
}

fn enqueue(
    tx: &mut Tx<'_>,
    id: &MailId,
    stream: Stream,
    stranger: Option<Stranger>,
) -> Result<(), StoreError> {
    let priority = stranger
        .as_ref()
        .map_or(stream.priority(), Stranger::priority);
    tx.enqueue(NewJob {
        queue: Queue::Mail,
        key: Some(format!("mail:{id}")),
        priority,
        line: stranger.map(|stranger| stranger.line),
        ..NewJob::new(KIND, serde_json::json!({ "mail": id }))
    })
}
