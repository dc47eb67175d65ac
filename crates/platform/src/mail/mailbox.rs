//! The built-in mailbox. If an installation does not send mail, its mails stay in the store, where
//! administrators and tests can read them.

use jiff::Timestamp;

use super::{Address, MailId, Stream, sealed_text};
use crate::key::Key;
use crate::sql;
use crate::store::{Row, StoreError, Tx};
use crate::text_cleaning::fold;

/// How many of the latest mails a search covers.
const DEPTH: u32 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Letter {
    pub id: MailId,
    pub stream: Stream,
    #[row(rename = "recipient")]
    pub to: Address,
    /// The recipient's name; may be empty.
    #[row(rename = "recipient_name")]
    pub to_name: String,
    /// The sender's display name, if it differs from the installation's.
    pub sender_name: Option<String>,
    pub reply_to: Option<Address>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    #[row(rename = "mailbox_at")]
    pub arrived_at: Timestamp,
}

#[derive(Row)]
struct Stored {
    #[row(flatten)]
    letter: Letter,
    sealed_text: Option<Vec<u8>>,
}

impl Stored {
    /// Decrypts the mail's text. The text is empty if the key has been replaced.
    fn open(self, key: &Key) -> Letter {
        let mut letter = self.letter;
        let sealed = self.sealed_text.as_deref();
        if let Some(body) = sealed.and_then(|sealed| sealed_text::open(key, &letter.id, sealed)) {
            (letter.text, letter.html) = (body.text, body.html);
        }
        letter
    }
}

/// A search; the default finds every mail.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Only mails to this email address.
    pub to: Option<Address>,
    /// Only mails that contain this text in email address, name, subject or text.
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

/// Returns the mails among the latest thousand that match `search`, newest first. `key` must be
/// derived for [`sealed_text::PURPOSE`].
pub fn list(tx: &mut Tx<'_>, key: &Key, search: &Search) -> Result<Vec<Letter>, StoreError> {
    let stored: Vec<Stored> = sql!(
        "SELECT {Stored} FROM mail WHERE mailbox_at IS NOT NULL ORDER BY id DESC LIMIT :depth",
        depth = DEPTH
    )
    .all(tx)?;
    let letters = stored.into_iter().map(|stored| stored.open(key));
    Ok(letters.filter(|letter| search.finds(letter)).collect())
}

pub fn find(tx: &mut Tx<'_>, key: &Key, id: &MailId) -> Result<Option<Letter>, StoreError> {
    let stored: Option<Stored> = sql!(
        "SELECT {Stored} FROM mail WHERE id = :id AND mailbox_at IS NOT NULL",
        id
    )
    .maybe(tx)?;
    Ok(stored.map(|stored| stored.open(key)))
}
