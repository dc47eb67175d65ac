//! The job that reads delivery reports in a mailbox, usually the mailbox of the sender address.
//!
//! The mailbox may contain other mail too. So the job changes and deletes nothing in the mailbox,
//! and fetches only mails that claim to be delivery reports. The store records the position up to
//! which the mailbox was read.

use std::sync::Arc;

use jiff::Timestamp;

use super::dsn::{self, Bounce};
pub use super::imap::Mailbox;
use super::imap::{ImapError, Session};
use super::suppression;
use crate::jobs::{Done, Handler};
use crate::key::Key;
use crate::sql;
use crate::store::{Row, Rows, Store, StoreError, Tx};

pub const KIND: &str = "mail.bounces";
const BATCH: usize = 100;

/// The position up to which a mailbox was read.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Progress {
    uid_validity: i64,
    last_uid: i64,
    pub looked_at: Timestamp,
    /// Why the last attempt to read the mailbox failed.
    pub error: Option<String>,
}

/// Returns the position up to which a mailbox was read, or `None` if it was never read.
pub fn find(tx: &mut Tx<'_>, mailbox: &str) -> Result<Option<Progress>, StoreError> {
    sql!(
        "SELECT {Progress} FROM bounce_mailbox WHERE mailbox = :mailbox",
        mailbox
    )
    .maybe(tx)
}

/// A handler that reads the mailbox once a minute. `key` is the suppression list's key.
pub fn handler(store: Store, mailbox: Mailbox, key: Key) -> Handler {
    let mailbox = Arc::new(mailbox);
    Handler::each_minute(KIND, move |_| {
        let (store, mailbox, key) = (store.clone(), Arc::clone(&mailbox), key.clone());
        async move {
            let name = mailbox.name();
            let of = name.clone();
            let known = store.read(move |tx| find(tx, &of)).await?;
            let had_failed = known.as_ref().is_some_and(|known| known.error.is_some());
            match look(&mailbox, known.as_ref()).await {
                Ok(found) => Ok(Done::with(move |tx| keep(tx, &key, &name, &found))),
                Err(error) => {
                    // The page about mail always shows the error. The log reports only the first
                    // failure, not one every minute.
                    if !had_failed {
                        tracing::warn!(mailbox = name, %error, "cannot read the mailbox of mail.bounces, so nobody hears of mails that came back; it is tried again every minute; check mail.bounces and its password");
                    }
                    let error = error.to_string();
                    Ok(Done::with(move |tx| note_failure(tx, &name, &error)))
                }
            }
        }
    })
}

struct Found {
    uid_validity: i64,
    last_uid: i64,
    bounces: Vec<Bounce>,
}

async fn look(mailbox: &Mailbox, known: Option<&Progress>) -> Result<Found, ImapError> {
    let mut session = Session::open(mailbox).await?;
    let uid_validity = session.uid_validity;
    let last = known.filter(|known| known.uid_validity == uid_validity);
    let last = last.map_or(0, |known| known.last_uid);
    let mut found = Found {
        uid_validity,
        last_uid: last.max(session.next_uid - 1),
        bounces: Vec::new(),
    };
    if found.last_uid > last {
        let mut numbers = session.reports(last + 1, found.last_uid).await?;
        if let Some(next) = numbers.get(BATCH) {
            found.last_uid = next - 1;
            numbers.truncate(BATCH);
        }
        for number in numbers {
            let mail = session.mail(number).await?;
            found.bounces.extend(mail.and_then(|mail| dsn::read(&mail)));
        }
    }
    session.close().await;
    Ok(found)
}

fn keep(tx: &mut Tx<'_>, key: &Key, mailbox: &str, found: &Found) -> Result<(), StoreError> {
    for bounce in &found.bounces {
        suppression::returned(tx, key, bounce)?;
    }
    sql!(
        "INSERT INTO bounce_mailbox (mailbox, uid_validity, last_uid, looked_at)
         VALUES (:mailbox, :uid_validity, :last_uid, :now)
         ON CONFLICT (mailbox) DO UPDATE SET uid_validity = excluded.uid_validity,
             last_uid = excluded.last_uid, looked_at = excluded.looked_at, error = NULL",
        mailbox,
        uid_validity = found.uid_validity,
        last_uid = found.last_uid,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn note_failure(tx: &mut Tx<'_>, mailbox: &str, error: &str) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO bounce_mailbox (mailbox, uid_validity, last_uid, looked_at, error)
         VALUES (:mailbox, 0, 0, :now, :error)
         ON CONFLICT (mailbox) DO UPDATE SET looked_at = excluded.looked_at,
             error = excluded.error",
        mailbox,
        error,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}
