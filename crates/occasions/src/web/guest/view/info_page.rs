//! A page that hosts wrote for their guests.

use askama::Template;
use web::{Language, Spoken, Text};

use super::{Contact, Frame, Hosts, around_contact};
use crate::occasion_page::Title;

/// The page `/o/{slug}/pages/{key}`, and the same page below an invitation.
#[derive(Template)]
#[template(path = "guest/info_page.html")]
pub struct InfoPage<'a> {
    pub text: &'a Text,
    /// The path to which the hosts' names link.
    pub home: String,
    pub hosts: Hosts<'a>,
    pub title: Title,
    /// The text as safe HTML.
    pub html: String,
    /// The text's language, if it differs from the page's.
    pub other: Option<Language>,
    /// The other pages that the guest may see.
    pub pages: Vec<PageLink>,
    pub contact: Option<Contact>,
    /// Whether a public page says that it is made with Kenduri.
    pub made_with: bool,
    /// The frame of a page behind a code; `None` on a public page.
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

    /// Returns the sentence about whom to contact with questions, as the text before and after the
    /// contact.
    fn questions(&self) -> (String, String) {
        around_contact(self.text, "guest-questions")
    }
}
