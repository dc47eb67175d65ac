//! A mail that hosts write to many households, as HTML and as plain text of the same content.

use askama::Template;
use web::{Text, Theme};

use super::EventRow;
use super::mail::{dark, light};

/// The mail as HTML.
#[derive(Template)]
#[template(path = "mail/letter.html")]
pub struct Letter<'a> {
    /// The household's language.
    pub text: &'a Text,
    /// The theme.
    pub theme: Theme,
    /// The hosts' names.
    pub hosts: &'a str,
    /// The first day in words.
    pub date: String,
    /// The subject line.
    pub subject: String,
    /// "Dear Rahman family,".
    pub salutation: String,
    /// What the hosts wrote.
    pub blocks: Vec<Block>,
    /// When and where, for an invitation.
    pub events: Vec<EventRow<'a>>,
    /// Where to type the code, if the mail links to the household's page.
    pub or: Option<String>,
    /// Why the household gets the mail.
    pub why: String,
    /// The unsubscribe link; `None` in a test mail.
    pub unsubscribe: Option<String>,
}

/// A paragraph, or a button.
pub enum Block {
    /// Lines of text and links.
    Paragraph(Vec<Vec<Span>>),
    /// A button that links to the household's page.
    Button(String),
}

/// A part of a line.
pub enum Span {
    /// Plain words.
    Words(String),
    /// A link to this address.
    Link(String),
}

impl Span {
    fn as_str(&self) -> &str {
        match self {
            Self::Words(text) | Self::Link(text) => text,
        }
    }
}

/// The mail as plain text.
#[derive(Template)]
#[template(path = "mail/letter.txt", whitespace = "preserve")]
pub struct LetterText<'a>(pub &'a Letter<'a>);
