//! What a member tells the provider with a booking or a request: topics, a note, and perhaps the
//! member's email address.

use platform::store::Row;
use platform::text_cleaning;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Findings, Form};

/// The maximum length of a note, in characters.
const NOTE: usize = 2_000;
/// The maximum number of topics, and the maximum length of each in characters.
const TOPICS: (usize, usize) = (10, 60);

/// What a member tells the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = BookingBrief)]
pub struct Brief {
    /// The topics of the session: up to 10, each up to 60 characters.
    #[row(json)]
    pub topics: Vec<String>,
    /// A note for the provider, up to 2,000 characters.
    pub note: String,
    /// Whether the provider sees the member's email address once the booking is confirmed.
    pub shows_email: bool,
}

impl Brief {
    /// Reads a form's fields; each line of the field `topics` is a topic.
    pub(crate) fn read(form: &Form) -> Self {
        Self {
            topics: form.text("topics").lines().map(str::to_owned).collect(),
            note: form.text("note").to_owned(),
            shows_email: form.is_ticked("shows_email"),
        }
    }

    /// Cleans and checks the brief. Empty topics and repetitions are left out.
    pub(crate) fn check(&self, findings: &mut Findings) -> Self {
        let mut topics = Vec::new();
        for topic in &self.topics {
            let topic = findings.line("/topics", topic, 0, TOPICS.1);
            if !topic.is_empty() && !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        if topics.len() > TOPICS.0 {
            findings.add("/topics", "too_many", [("max", TOPICS.0.into())]);
        }
        Self {
            topics,
            note: findings.text("/note", &self.note, NOTE),
            shows_email: self.shows_email,
        }
    }

    /// Makes a brief from imported texts, which are cut to the maximum lengths.
    pub fn cut(topics: impl IntoIterator<Item = String>, note: &str) -> Self {
        let cut = |text: String, most: usize| text.chars().take(most).collect::<String>();
        let topics = topics.into_iter();
        let topics = topics.map(|topic| cut(text_cleaning::clean_line(&topic), TOPICS.1));
        Self {
            topics: topics
                .filter(|topic| !topic.is_empty())
                .take(TOPICS.0)
                .collect(),
            note: cut(note.to_owned(), NOTE),
            shows_email: false,
        }
    }
}
