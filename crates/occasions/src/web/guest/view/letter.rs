//! A mail from the hosts to many households. The HTML and the plain text have the same content.

use askama::Template;
use web::{Text, Theme};

use super::EventRow;
use super::mail::{dark, light};

#[derive(Template)]
#[template(path = "mail/letter.html")]
pub struct Letter<'a> {
    pub text: &'a Text,
    pub theme: Theme,
    pub hosts: &'a str,
    /// The date of the first day as text.
    pub date: String,
    pub subject: String,
    /// The opening line, such as "Dear Rahman family,".
    pub salutation: String,
    /// The paragraphs and buttons of the hosts' text.
    pub blocks: Vec<Block>,
    /// The events with dates and venues. Only invitations contain them.
    pub events: Vec<EventRow<'a>>,
    /// The sentence that names the site on which guests can type the code. `None` if the mail does
    /// not link to the household's page.
    pub or: Option<String>,
    pub why: String,
    /// The unsubscribe link. Previews and test mails contain only an example of it.
    pub unsubscribe: Option<String>,
}

/// A paragraph or button in a mail.
pub enum Block {
    Paragraph(Vec<Vec<Span>>),
    /// A button that links to the household's page.
    Button(String),
}

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

/// Renders a [`Letter`] as plain text.
#[derive(Template)]
#[template(path = "mail/letter.txt", whitespace = "preserve")]
pub struct LetterText<'a>(pub &'a Letter<'a>);
