//! A household's page after the day, and the page of one picture of the gallery.

use askama::Template;
use web::theme::Preset;
use web::{Spoken, Text};

use super::answer::titled;
use super::{AnsweredQuestion, Counts, Cover, FileView, Frame, Stored, Typed};

/// The household's page from the morning after the last event on, also in the archive.
#[derive(Template)]
#[template(path = "guest/after.html")]
pub struct AfterPage<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    pub cover: Cover<'a>,
    /// The heading of the thanks.
    pub heading: String,
    /// Our thanks, with the names of those who came.
    pub thanks: String,
    /// The hosts' own text. If it is not empty, it replaces our thanks.
    pub farewell: Spoken<'a>,
    /// How long ago the first day was, as text.
    pub since: Option<String>,
    /// Typed values that came too late to be saved.
    pub typed: Vec<Typed>,
    /// `None` if the household sees no gallery.
    pub pictures: Option<Pictures>,
    /// The path of the page on which the household sends pictures.
    pub share: Option<String>,
    /// The path of the household's note to the hosts; `None` if it cannot be written now.
    pub note: Option<String>,
    pub has_note: bool,
    /// Whether at least one guest has answered.
    pub has_answers: bool,
    pub guests: Vec<Stored<'a>>,
    pub counts: Counts,
    /// The household's answers to the hosts' own questions.
    pub household: Vec<AnsweredQuestion<'a>>,
    /// The gifts that the household chose from the wish list.
    pub gifts: Vec<Spoken<'a>>,
    /// Whether anything can still be sent. The archive's page has no forms.
    pub is_open: bool,
}

/// The first pictures of the gallery.
pub struct Pictures {
    pub first: Vec<FileView>,
    pub count: i64,
    /// The path of the whole gallery.
    pub all: String,
}

impl AfterPage<'_> {
    pub fn title(&self) -> String {
        format!("{} – {}", self.heading, self.frame.hosts.0)
    }

    fn word(&self) -> String {
        let hosts = self.frame.hosts.0.text;
        self.text.with("after-word", [("hosts", hosts.into())])
    }

    fn folded(&self) -> &'static str {
        match (self.has_answers, self.gifts.is_empty()) {
            (true, true) => "after-answers",
            (true, false) => "after-answers-and-gift",
            (false, _) => "after-gift",
        }
    }
}

/// The page of one picture (`/invite/{code}/gallery/{picture}`).
#[derive(Template)]
#[template(path = "guest/picture.html")]
pub struct PicturePage<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    pub file: FileView,
    /// The width and height in pixels, if the file's name holds them.
    pub size: Option<(u32, u32)>,
    pub number: i64,
    pub count: i64,
    pub previous: Option<String>,
    pub next: Option<String>,
    /// The path of the gallery.
    pub gallery: String,
}

impl PicturePage<'_> {
    pub fn title(&self) -> String {
        format!(
            "{} – {}",
            self.heading(),
            titled(self.text, "gallery-title", &self.frame, false)
        )
    }

    fn heading(&self) -> String {
        let values = [("n", self.number.into()), ("count", self.count.into())];
        self.text.with("gallery-picture", values)
    }
}
