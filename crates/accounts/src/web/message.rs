//! Pages that consist of one message and a link.

use askama::Template;
use axum::response::Response;
use web::{Site, Text};

use super::without_sign_in::Entrance;

pub(super) struct Message {
    /// The message id of the title.
    pub(super) title: &'static str,
    /// The message id of the text.
    pub(super) words: &'static str,
    /// The path to which the link leads, and the message id of the link's label.
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
    /// Renders the message as a page for people who are not signed in.
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
