//! Outgoing mail, written in the transaction of its cause and sent by a job.
//!
//! [`Tx::send_mail`] writes the mail's row and the job that sends it. The job commits the state
//! `sending`, sends the mail, and commits the result. So every mail is sent once, with one
//! unavoidable exception: Kenduri is killed after the mail server accepted the mail but before the
//! commit. The next attempt finds such a mail in the state `sending`, marks it `uncertain`, and
//! sends it once more with the same Message-ID. A mail from [`Tx::send_mail_at_most_once`] is not
//! sent again.
//!
//! With the built-in [`mailbox`], the mail is stored in the transaction that ends its job, so no
//! mail is ever uncertain.

mod address;
pub mod bounces;
mod delivery;
pub mod dkim;
mod dsn;
mod imap;
pub mod mailbox;
mod message;
mod message_id;
pub mod sealed_text;
pub mod sender_domain;
mod smtp;
mod sns;
pub mod suppression;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::jobs::{self, NewJob, Queue};
use crate::key::Key;
use crate::sql;
use crate::store::{Bind, Column, Row, Rows, StoreError, Tx, Value};
use crate::text_cleaning::clean_line;
pub use address::{Address, LIMIT, NotAnAddress};
pub use delivery::{KIND, Mailer, Post, handler};
pub use message::Sender;
use sealed_text::Body;
pub use smtp::{Server, Smtp, SmtpError, Tls, is_this_machine};
pub use sns::{SnsError, SnsPost, SnsTopic};

crate::id!(MailId, "One mail to one person.");

/// A mail to be sent.
#[derive(Clone, Debug)]
pub struct NewMail {
    pub to: Address,
    /// The recipient's name; may be empty.
    pub to_name: String,
    /// The sender's display name, if it differs from the installation's. The sender's email address
    /// is always the installation's, because mail servers would reject any other.
    pub sender_name: Option<String>,
    pub reply_to: Option<Address>,
    pub stream: Stream,
    /// The id of the scope whose administrators can see the mail.
    pub scope: Option<String>,
    /// One line; line breaks become spaces.
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    /// The key that encrypts the text and HTML part in the store, for mails with a single-use link.
    /// Derived for [`sealed_text::PURPOSE`].
    pub seal: Option<Key>,
    /// The visitor without a session who causes the mail, if any.
    pub stranger: Option<Stranger>,
}

impl NewMail {
    /// An empty mail to this address.
    pub fn new(to: Address, stream: Stream) -> Self {
        Self {
            to,
            to_name: String::new(),
            sender_name: None,
            reply_to: None,
            stream,
            scope: None,
            subject: String::new(),
            text: String::new(),
            html: None,
            seal: None,
            stranger: None,
        }
    }
}

/// A visitor without a session, who can cause mail to any email address. Mail caused by visitors is
/// sent after mail that somebody waits for. A network that causes much mail waits longer than other
/// networks.
#[derive(Clone, Debug)]
pub struct Stranger {
    /// The visitor's network, under any name that identifies it. Sending alternates between
    /// networks.
    pub line: String,
    /// Whether the mail's recipient has an account, and so may be waiting for the mail.
    pub is_known: bool,
}

/// A class of mail. The stream determines whether recipients may unsubscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Mail about signing in, password resets and changes to an account.
    Security,
    /// Mail in direct response to a person's action.
    Transactional,
    /// Notifications, which a person may switch off.
    Notification,
    /// Mail that the recipient did not request.
    Marketing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Queued,
    Sending,
    /// The mail server accepted the mail.
    Sent,
    /// The mail is waiting for another attempt.
    Deferred,
    /// The mail server refused the mail permanently.
    Bounced,
    /// Every attempt to send the mail failed.
    Failed,
    /// The recipient is on the suppression list.
    Suppressed,
    /// The mail may have been sent, but the server's reply was lost.
    Uncertain,
}

const UNSUBSCRIBABLE: [Stream; 2] = [Stream::Notification, Stream::Marketing];

impl Stream {
    /// The stream's name in the store and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Transactional => "transactional",
            Self::Notification => "notification",
            Self::Marketing => "marketing",
        }
    }

    /// Whether mails of this stream are marked as automatic, so that other systems do not reply.
    fn is_automatic(self) -> bool {
        matches!(self, Self::Security | Self::Transactional)
    }

    fn is_unsubscribable(self) -> bool {
        UNSUBSCRIBABLE.contains(&self)
    }

    /// The sending job's priority. Mails that a person is waiting for come first.
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
    /// The priority of the visitor's mail. Mail to an address with an account is sent after mail
    /// that somebody waits for. Mail to any other address is sent after all other mail.
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

    /// The state's name in the store and in JSON.
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
        self.write_mail(mail, false)
    }

    /// Like [`Tx::send_mail`], for a mail that nobody should get twice. If Kenduri stops while
    /// sending it, the mail stays `uncertain`, and an administrator decides whether to send it
    /// again.
    pub fn send_mail_at_most_once(&mut self, mail: NewMail) -> Result<MailId, StoreError> {
        self.write_mail(mail, true)
    }

    fn write_mail(&mut self, mail: NewMail, is_held: bool) -> Result<MailId, StoreError> {
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
                               reply_to, subject, text, html, sealed_text, is_held, state,
                               doubts, created_at, changed_at, request_id)
             VALUES (:id, :scope, :stream, :to, :to_name, :sender_name, :reply_to, :subject, :text,
                 :html, :sealed, :is_held, 'queued', 0, :now, :now, :request)",
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
            is_held,
            now,
            request = request.as_deref()
        )
        .run(self, Rows::Exactly(1))?;
        enqueue(self, &id, stream, stranger)?;
        Ok(id)
    }
}

/// Sets the origin of the mail's unsubscribe link, such as `https://our-day.example`. The mail must
/// have been written in this transaction.
pub fn set_link_origin(tx: &mut Tx<'_>, id: &MailId, origin: &str) -> Result<(), StoreError> {
    sql!(
        "UPDATE mail SET link_origin = :origin WHERE id = :id",
        id,
        origin
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Adds a calendar file (RFC 5545) to a mail. The mail must have been written in this transaction.
/// Mail programs offer to add the file's event to the recipient's calendar.
pub fn attach_calendar(tx: &mut Tx<'_>, id: &MailId, file: &str) -> Result<(), StoreError> {
    sql!("UPDATE mail SET calendar = :file WHERE id = :id", id, file).run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// A mail as listed for a scope's administrators, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Entry {
    pub id: MailId,
    #[row(rename = "recipient")]
    pub to: Address,
    pub subject: String,
    pub state: State,
    /// The mail server's last reply.
    pub answer: Option<String>,
    /// Whether sending the mail was interrupted, so that the mail may have been sent twice.
    #[row(rename = "doubts")]
    pub was_uncertain: bool,
    pub created_at: Timestamp,
    /// When the mail's state last changed.
    pub changed_at: Timestamp,
}

/// At most `limit` mails of one scope, newest first, older than `before`.
pub fn list(
    tx: &mut Tx<'_>,
    scope: &str,
    before: Option<&MailId>,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    // Ids are hexadecimal, so every id sorts before `"g"`.
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

/// The number of mails whose sending was interrupted. Each of them may have been sent twice or not
/// at all.
pub fn doubted(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let (count,) = tx.one(sql!("SELECT COUNT(*) FROM mail WHERE doubts > 0"), &[])?;
    Ok(count)
}

/// The number of mails that failed after `since`.
pub fn failed_since(tx: &mut Tx<'_>, since: Timestamp) -> Result<u64, StoreError> {
    let (count,) = sql!(
        "SELECT COUNT(*) FROM mail WHERE state = 'failed' AND changed_at > :since",
        since
    )
    .one(tx)?;
    Ok(count)
}

/// The state of the mail that was sent, failed or deferred last; `None` if there is no such mail.
pub fn last_outcome(tx: &mut Tx<'_>) -> Result<Option<State>, StoreError> {
    let statement = sql!(
        "SELECT state FROM mail WHERE state IN ('sent', 'failed', 'deferred')
         ORDER BY changed_at DESC, id DESC LIMIT 1"
    );
    let found: Option<(State,)> = tx.maybe(statement, &[])?;
    Ok(found.map(|(state,)| state))
}

/// Withdraws a mail that no mail server has accepted yet. Returns `false` if it is too late.
pub fn withdraw(tx: &mut Tx<'_>, id: &MailId) -> Result<bool, StoreError> {
    let taken = sql!(
        "DELETE FROM mail WHERE id = :id AND state IN ('queued', 'deferred')",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    if taken == 0 {
        return Ok(false);
    }
    // If the job is already running, it will not find the mail.
    jobs::withdraw(tx, &job_key(id))?;
    Ok(true)
}

/// Sends a failed, bounced or uncertain mail again. Returns `false` if the scope has no such mail,
/// or if the text was deleted because a mail server had already accepted the mail.
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

#[derive(Serialize, Deserialize)]
struct Task {
    mail: MailId,
}

fn job_key(id: &MailId) -> String {
    format!("mail:{id}")
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
        key: Some(job_key(id)),
        priority,
        line: stranger.map(|stranger| stranger.line),
        ..NewJob::new(KIND, serde_json::json!({ "mail": id }))
    })
}
