//! A mail from hosts to many households, as HTML and as plain text with the same content.

use askama::Template;
use web::{Text, Theme};

use super::EventRow;
use super::mail::{dark, light};

/// The mail as HTML.
#[derive(Template)]
#[template(path = "mail/letter.html")]
pub struct Letter<'a> {
    pub text: &'a Text,
    pub theme: Theme,
    pub hosts: &'a str,
    /// The first day in words.
    pub date: String,
    pub subject: String,
    /// The salutation, such as "Dear Rahman family,".
    pub salutation: String,
    /// The hosts' text.
    pub blocks: Vec<Block>,
    /// Dates and venues of the events; only in an invitation.
    pub events: Vec<EventRow<'a>>,
    /// The sentence that names the site on which the code can be typed, if the mail links to the
    /// household's page.
    pub or: Option<String>,
    /// The reason why the household gets the mail.
    pub why: String,
    /// The unsubscribe link; `None` in a test mail.
    pub unsubscribe: Option<String>,
}

/// A paragraph, or a button.
pub enum Block {
    /// Lines with text and links.
    Paragraph(Vec<Vec<Span>>),
    /// A button that links to the household's page.
    Button(String),
}

/// A part of a line.
pub enum Span {
    Words(String),
    Link(String),
}

impl Span {
    fn as_str(&self) -> &str {
        match self {
            Self::Words(text) | Self::Link(text) => text,
        }
    }
}

/// Renders the same mail as plain text.
#[derive(Template)]
#[template(path = "mail/letter.txt", whitespace = "preserve")]
pub struct LetterText<'a>(pub &'a Letter<'a>);
