//! The built-in mailbox: the mails of an installation that sends none, kept in
//! the store for people and tests to read.

use jiff::Timestamp;

use super::{Address, MailId, Stream};
use crate::sql;
use crate::store::{FromRow, Row, StoreError, Tx};
use crate::text_cleaning::fold;

/// How many mails are looked through.
const DEPTH: u32 = 1_000;

/// One mail in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Which one.
    pub id: MailId,
    /// What class of mail it is.
    pub stream: Stream,
    /// Who gets it.
    pub to: Address,
    /// The name beside the address; may be empty.
    pub to_name: String,
    /// The name it comes from, if not the installation's.
    pub sender_name: Option<String>,
    /// Where an answer goes.
    pub reply_to: Option<Address>,
    /// Its subject.
    pub subject: String,
    /// The mail as plain text.
    pub text: String,
    /// The mail as a page.
    pub html: Option<String>,
    /// When it arrived.
    pub arrived_at: Timestamp,
}

impl FromRow for Letter {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.column(0)?,
            stream: row.column(1)?,
            to: row.column(2)?,
            to_name: row.column(3)?,
            sender_name: row.column(4)?,
            reply_to: row.column(5)?,
            subject: row.column(6)?,
            text: row.column(7)?,
            html: row.column(8)?,
            arrived_at: row.column(9)?,
        })
    }
}

/// What to look for; the default is everything.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Only mails to this address.
    pub to: Option<Address>,
    /// Only mails with this in address, name, subject or text.
    pub words: String,
}

impl Search {
    fn finds(&self, letter: &Letter) -> bool {
        let words = fold(&self.words);
        self.to.as_ref().is_none_or(|to| *to == letter.to)
            && [
                letter.to.as_str(),
                &letter.to_name,
                &letter.subject,
                &letter.text,
            ]
            .into_iter()
            .any(|text| fold(text).contains(&words))
    }
}

/// The mails that `search` finds among the latest thousand, newest first.
pub fn list(tx: &mut Tx<'_>, search: &Search) -> Result<Vec<Letter>, StoreError> {
    let mut letters: Vec<Letter> = tx.all(
        sql!(
            "SELECT id, stream, recipient, recipient_name, sender_name, reply_to, subject, text,
                    html, mailbox_at
             FROM mail WHERE mailbox_at IS NOT NULL ORDER BY id DESC LIMIT $1"
        ),
        &[&DEPTH],
    )?;
    letters.retain(|letter| search.finds(letter));
    Ok(letters)
}

/// One mail.
pub fn find(tx: &mut Tx<'_>, id: &MailId) -> Result<Option<Letter>, StoreError> {
    tx.maybe(
        sql!(
            "SELECT id, stream, recipient, recipient_name, sender_name, reply_to, subject, text,
                    html, mailbox_at
             FROM mail WHERE id = $1 AND mailbox_at IS NOT NULL"
        ),
        &[id],
    )
}
