//! The job that sends a mail.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::dkim::{self, Signer};
use super::message::{Outgoing, Sender};
use super::smtp::{self, Refusal, Smtp};
use super::suppression::{self, Outcome};
use super::{MailId, State, Task, message_id, sealed_text};
use crate::jobs::{Done, Handler, Job, JobError};
use crate::key::Key;
use crate::sql;
use crate::store::{Rows, Store, StoreError, Tx};

pub const KIND: &str = "mail.send";

#[derive(Debug)]
pub enum Mailer {
    /// Mails are stored in the [mailbox](super::mailbox), not sent.
    Mailbox,
    /// Mails are sent to a mail server.
    Smtp(Box<Smtp>),
}

/// The settings and keys that the job needs for sending mail.
#[derive(Debug)]
pub struct Post {
    pub mailer: Mailer,
    pub from: Sender,
    /// The site's host name, the domain of Message-IDs.
    pub site_host: String,
    /// The site's URL without a trailing slash. The unsubscribe link of a mail without a
    /// `link_origin` begins with this URL.
    pub site_url: String,
    /// The key that hashes email addresses for the suppression list.
    pub suppression: Key,
    /// The key that decrypts sealed texts, derived for [`sealed_text::PURPOSE`].
    pub text: Key,
    /// The key that decrypts DKIM private keys, derived for [`dkim::PURPOSE`].
    pub dkim: Key,
    /// True if a mail provider reports deliveries and failures. If false, a mail counts as
    /// delivered when the mail server accepts it.
    pub hears_deliveries: bool,
}

impl Post {
    fn unsubscribe_link(&self, mail: &Outgoing) -> Option<String> {
        if !mail.stream.is_unsubscribable() {
            return None;
        }
        let (key, scope) = (&self.suppression, mail.scope.as_deref());
        let path = suppression::unsubscribe_link(key, &mail.to, mail.stream, scope);
        let origin = mail.link_origin.as_deref().unwrap_or(&self.site_url);
        Some(format!("{origin}{path}"))
    }
}

/// Sends the mails written by [`Tx::send_mail`](crate::Tx::send_mail).
pub fn handler(store: Store, post: Post) -> Handler {
    let post = Arc::new(post);
    Handler::new(KIND, move |job| {
        let (store, post) = (store.clone(), Arc::clone(&post));
        async move { send(&store, post, job).await }
    })
}

async fn send(store: &Store, post: Arc<Post>, job: Job) -> Result<Done, JobError> {
    let id = job.read::<Task>()?.mail;
    let Mailer::Smtp(smtp) = &post.mailer else {
        return Ok(Done::with(move |tx| keep(tx, &post, &id)));
    };
    if let Err(held) = smtp.turn().await {
        let pause = SignedDuration::try_from(held).unwrap_or(SignedDuration::MAX);
        return Err(JobError::later(
            pause,
            "the mail server refused the last mails, so sending pauses; if this goes on, check mail.url",
        ));
    }
    let begin_post = Arc::clone(&post);
    let begun = store.write(move |tx| begin(tx, &begin_post, &id)).await?;
    let Some(begun) = begun else {
        return Ok(Done::nothing());
    };
    let unsubscribe = post.unsubscribe_link(&begun.mail);
    let message_id = message_id::write(&post.suppression, &begun.mail.id, &post.site_host);
    let message = begun
        .mail
        .message(&post.from, &message_id, unsubscribe.as_deref());
    let message = match message {
        Ok(message) => message,
        Err(error) => return Ok(ended(post, begun.mail, State::Failed, error.to_string())),
    };
    let message = match &begun.signer {
        Some(signer) => signer.sign(message, begun.at),
        None => message,
    };
    let handed = smtp
        .hand_over(&post.from.address, &begun.mail.to, &message)
        .await;
    match handed {
        Ok(answer) => Ok(ended(post, begun.mail, State::Sent, answer)),
        Err(Refusal::Bounced { answer, is_unknown }) => {
            let outcome = if is_unknown {
                Outcome::HardBounce
            } else {
                Outcome::SoftBounce
            };
            Ok(failed(post, begun.mail, State::Bounced, answer, outcome))
        }
        Err(Refusal::Unknown(reason)) if begun.is_last => {
            Ok(ended(post, begun.mail, State::Uncertain, reason))
        }
        // The mail stays in the state `sending`, so that the next attempt knows that the mail may
        // already have been sent.
        Err(Refusal::Unknown(reason)) => Err(unsent(reason)),
        // The email address temporarily accepts no mail, and no attempts are left.
        Err(Refusal::Delayed(reason)) if job.is_last_attempt() => Ok(failed(
            post,
            begun.mail,
            State::Failed,
            reason,
            Outcome::SoftBounce,
        )),
        Err(Refusal::Passing(reason) | Refusal::Us(reason)) if job.is_last_attempt() => {
            Ok(ended(post, begun.mail, State::Failed, reason))
        }
        Err(Refusal::Passing(reason) | Refusal::Delayed(reason) | Refusal::Us(reason)) => {
            let answer = reason.clone();
            Err(unsent(reason)
                .with(move |tx| note(tx, &begun.mail.id, State::Deferred, Some(&answer))))
        }
    }
}

/// The mail server's reply may contain the recipient's email address, so the log gets less.
fn unsent(reason: String) -> JobError {
    let logged = smtp::without_words(&reason);
    JobError::retry(reason).logged_as(logged)
}

/// A mail that is about to be sent. Its state `sending` is already committed.
struct Begun {
    mail: Outgoing,
    /// The DKIM signer, if the mail is to be signed. `at` is the time of the signature.
    signer: Option<Signer>,
    at: Timestamp,
    /// Whether the mail becomes `uncertain` if this attempt's outcome is unknown. This is so if an
    /// earlier attempt may already have sent the mail, or if the mail must be sent at most once.
    is_last: bool,
}

fn keep(tx: &mut Tx<'_>, post: &Post, id: &MailId) -> Result<(), StoreError> {
    if begin(tx, post, id)?.is_none() {
        return Ok(());
    }
    let now = tx.now();
    sql!(
        "UPDATE mail SET state = 'sent', mailbox_at = :now, changed_at = :now WHERE id = :id",
        id,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// If it must not be sent, returns `None`, and the mail's state contains the reason.
fn begin(tx: &mut Tx<'_>, post: &Post, id: &MailId) -> Result<Option<Begun>, StoreError> {
    let locked: Option<(State, i64, bool)> = sql!(
        "SELECT state, doubts, is_held FROM mail WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    let Some((state, doubts, is_held)) = locked else {
        return Ok(None);
    };
    let found_half_sent = match state {
        State::Queued | State::Deferred => false,
        State::Sending => true,
        // An uncertain mail was already sent a second time, and a third attempt would not make its
        // delivery certain.
        State::Sent | State::Bounced | State::Failed | State::Suppressed | State::Uncertain => {
            return Ok(None);
        }
    };
    if found_half_sent {
        doubt(tx, id)?;
        note(tx, id, State::Uncertain, None)?;
        let is_last = doubts > 0 || is_held;
        let next = if is_last {
            "it is not sent again: ask whom it was for, if it matters"
        } else {
            "it is sent once more, and nothing needs to be done"
        };
        tracing::warn!(mail = %id, "Kenduri stopped while it sent a mail, which may have arrived; {next}");
        metrics::counter!("kenduri_mails_uncertain_total").increment(1);
        if is_last {
            give_up(tx, id)?;
            return Ok(None);
        }
    }
    let mut mail: Outgoing = sql!("SELECT {Outgoing} FROM mail WHERE id = :id", id).one(tx)?;
    sql!(
        "UPDATE mail SET recipient_hash = :hash WHERE id = :id",
        hash = post.suppression.mac(&[mail.to.canonical()]),
        id
    )
    .run(tx, Rows::Exactly(1))?;
    let (key, scope) = (&post.suppression, mail.scope.as_deref());
    if mail.stream.is_unsubscribable() {
        suppression::lock_address(tx, key, &mail.to)?;
    }
    let cause = suppression::find_for(tx, key, &mail.to, mail.stream, scope)?;
    if cause.is_some_and(|cause| !(mail.confirms && cause.ends_when_confirmed())) {
        if !found_half_sent {
            note(tx, id, State::Suppressed, None)?;
        }
        give_up(tx, id)?;
        return Ok(None);
    }
    if let Some(sealed) = mail.sealed_text.take() {
        let Some(body) = sealed_text::open(&post.text, id, &sealed) else {
            note(
                tx,
                id,
                State::Failed,
                Some("sealed with another secret.key; put that file back"),
            )?;
            give_up(tx, id)?;
            return Ok(None);
        };
        (mail.text, mail.html) = (body.text, body.html);
    }
    if !found_half_sent {
        note(tx, id, State::Sending, None)?;
    }
    Ok(Some(Begun {
        signer: dkim::signer(tx, &post.dkim, post.from.address.domain())?,
        at: tx.now(),
        mail,
        is_last: found_half_sent || is_held,
    }))
}

fn report_end(mail: &Outgoing, state: State, answer: &str) {
    metrics::counter!("kenduri_mails_total", "state" => state.word()).increment(1);
    if state != State::Sent {
        let (id, error) = (&mail.id, smtp::without_words(answer));
        tracing::warn!(mail = %id, state = state.word(), %error, "a mail is not sent again, and may not have arrived; if the error is about this server, check mail.url and mail.from");
    }
}

fn ended(post: Arc<Post>, mail: Outgoing, state: State, answer: String) -> Done {
    report_end(&mail, state, &answer);
    Done::with(move |tx| {
        note(tx, &mail.id, state, Some(&answer))?;
        if state == State::Uncertain {
            doubt(tx, &mail.id)?;
        }
        if state == State::Sent {
            forget(tx, &mail.id)?;
            if !post.hears_deliveries {
                suppression::delivered(tx, &post.suppression, &mail.to)?;
            }
        } else {
            give_up(tx, &mail.id)?;
        }
        Ok::<(), StoreError>(())
    })
}

/// `outcome` is what the refusal says about the email address.
fn failed(post: Arc<Post>, mail: Outgoing, state: State, answer: String, outcome: Outcome) -> Done {
    report_end(&mail, state, &answer);
    Done::with(move |tx| {
        note(tx, &mail.id, state, Some(&answer))?;
        give_up(tx, &mail.id)?;
        let (key, id) = (&post.suppression, mail.id.as_str());
        suppression::outcome_of_mail(tx, key, &mail.to, id, outcome)
    })
}

fn doubt(tx: &mut Tx<'_>, id: &MailId) -> Result<(), StoreError> {
    sql!("UPDATE mail SET doubts = doubts + 1 WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Deletes the text of a finished mail, because the text may contain a sign-in link.
fn forget(tx: &mut Tx<'_>, id: &MailId) -> Result<(), StoreError> {
    sql!(
        "UPDATE mail SET text = '', html = NULL, sealed_text = NULL, calendar = NULL WHERE id = :id",
        id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Deletes the text of a mail that will not be sent. If the mail has a scope and is not a
/// notification, its text is kept, so that the scope's administrators can send the mail
/// [again](super::send_again).
fn give_up(tx: &mut Tx<'_>, id: &MailId) -> Result<(), StoreError> {
    sql!(
        "UPDATE mail SET text = '', html = NULL, sealed_text = NULL, calendar = NULL
         WHERE id = :id AND (scope IS NULL OR stream = :notification)",
        id,
        notification = super::Stream::Notification
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

fn note(
    tx: &mut Tx<'_>,
    id: &MailId,
    state: State,
    answer: Option<&str>,
) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE mail SET state = :state, answer = COALESCE(:answer, answer), changed_at = :now
         WHERE id = :id",
        id,
        state,
        answer,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}
