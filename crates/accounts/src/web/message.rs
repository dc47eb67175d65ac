//! A page that says one thing, and where to go on.

use askama::Template;
use axum::response::Response;
use web::{Site, Text};

use super::signed_out::Entrance;

/// What is said.
pub(super) struct Message {
    /// The message of the title.
    pub(super) title: &'static str,
    /// The message of the text.
    pub(super) words: &'static str,
    /// An address, and the message that names it.
    pub(super) onward: Option<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    text: &'a Text,
    title: &'static str,
    words: &'static str,
    onward: Option<(&'static str, &'static str)>,
}

impl Message {
    /// Shows it to somebody who is not signed in.
    pub(super) fn show(self, site: &Site, entrance: Entrance) -> Response {
        let text = entrance.text.clone();
        let page = MessagePage {
            text: &text,
            title: self.title,
            words: self.words,
            onward: self.onward,
        };
        entrance.show(site, self.title, page)
    }
}
