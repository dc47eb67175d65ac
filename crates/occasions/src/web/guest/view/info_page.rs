//! The page that shows a text that hosts wrote for their guests.

use askama::Template;
use web::{Language, Spoken, Text};

use super::{Contact, Frame, Hosts, around_contact};
use crate::occasion_page::Title;

/// The page `/o/{slug}/pages/{key}`. Invited guests see the same page at
/// `/invite/{code}/pages/{key}`.
#[derive(Template)]
#[template(path = "guest/info_page.html")]
pub struct InfoPage<'a> {
    pub text: &'a Text,
    /// The path that the hosts' names link to.
    pub home: String,
    pub hosts: Hosts<'a>,
    pub title: Title,
    /// The page's text as safe HTML.
    pub html: String,
    /// The language of the text, if it differs from the page's language.
    pub other: Option<Language>,
    /// The other pages that the guest may see.
    pub pages: Vec<PageLink>,
    pub contact: Option<Contact>,
    /// Whether a public page says that it was made with Kenduri. For pages that need a code,
    /// [`Frame::made_with`] decides.
    pub made_with: bool,
    /// The frame of a page that needs a code; `None` on a public page.
    pub frame: Option<Frame<'a>>,
}

/// A link to a page that hosts wrote.
pub struct PageLink {
    pub href: String,
    pub title: Title,
}

impl InfoPage<'_> {
    pub fn title(&self) -> String {
        format!("{} – {}", self.title.spoken(), self.hosts.0)
    }

    fn lang(&self) -> String {
        let spoken = Spoken {
            text: "",
            other: self.other.clone(),
        };
        spoken.lang().to_string()
    }

    fn questions(&self) -> (String, String) {
        around_contact(self.text, "guest-questions")
    }
}
