//! The forty households of the demo, read from `households.json`.

use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sample {
    /// The household's code. If empty, the demo draws a random code.
    pub(super) code: String,
    pub(super) household: String,
    pub(super) salutation: Option<String>,
    pub(super) language: String,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    /// Whether the invitation has yet to be sent.
    pub(super) unsent: bool,
    pub(super) message: String,
    pub(super) tags: Vec<String>,
    pub(super) plus_ones: i64,
    pub(super) children: i64,
    pub(super) answers: Answers,
    pub(super) guests: Vec<Person>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) age: Option<i64>,
    /// True for a guest whom the household brings, false for a guest whom the hosts listed by name.
    #[serde(default)]
    pub(super) brought: bool,
    #[serde(default)]
    pub(super) diets: Vec<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answers {
    #[default]
    Nobody,
    All,
    AllDecline,
    ReceptionOnly,
    FirstOnly,
    Unsure,
    Mixed,
}

/// Returns all households of the demo. The documentation mentions the first five.
pub(super) fn all() -> Result<Vec<Sample>, serde_json::Error> {
    serde_json::from_str(include_str!("households.json"))
}
