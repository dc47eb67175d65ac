//! The built-in mailbox: the mails of an installation that sends none, kept in
//! the store for people and tests to read.

use jiff::Timestamp;

use super::{Address, MailId, Stream};
use crate::sql;
use crate::store::{Row, StoreError, Tx};
use crate::text_cleaning::fold;

/// How many mails are looked through.
const DEPTH: u32 = 1_000;

/// One mail in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Letter {
    /// Which one.
    pub id: MailId,
    /// What class of mail it is.
    pub stream: Stream,
    /// Who gets it.
    #[row(rename = "recipient")]
    pub to: Address,
    /// The name beside the address; may be empty.
    #[row(rename = "recipient_name")]
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
    #[row(rename = "mailbox_at")]
    pub arrived_at: Timestamp,
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
    let mut letters: Vec<Letter> = sql!(
        "SELECT {Letter} FROM mail WHERE mailbox_at IS NOT NULL ORDER BY id DESC LIMIT :depth",
        depth = DEPTH
    )
    .all(tx)?;
    letters.retain(|letter| search.finds(letter));
    Ok(letters)
}

/// One mail.
pub fn find(tx: &mut Tx<'_>, id: &MailId) -> Result<Option<Letter>, StoreError> {
    sql!(
        "SELECT {Letter} FROM mail WHERE id = :id AND mailbox_at IS NOT NULL",
        id
    )
    .maybe(tx)
}
