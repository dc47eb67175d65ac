//! The hosts' questions on pages, as form fields and answers.

use web::{Spoken, Text};

pub struct QuestionField<'a> {
    /// The field's name, `answer.{g}.{key}` or `household.{key}`.
    pub field: String,
    pub title: Spoken<'a>,
    /// The hosts' help text.
    pub help: Spoken<'a>,
    /// Whether guests who come must answer the question.
    pub required: bool,
    /// Whether only guests who come are asked.
    pub coming_only: bool,
    pub hosts_only: bool,
    /// The event of a meal, where the household is invited to several.
    pub meal_at: Option<String>,
    /// The kind of control.
    pub control: QuestionControl,
    pub value: String,
    /// The choices, if the kind of control has any.
    pub choices: Vec<FieldChoice<'a>>,
    /// The value that somebody else saved in the meantime, shown to hosts.
    pub meanwhile: Option<String>,
}

/// The kind of control in which a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionControl {
    Line,
    Lines,
    Number,
    /// A date field.
    Date,
    /// Yes, no, or nothing.
    YesNo,
    /// One choice out of several, or none.
    Select,
    /// Any number of choices.
    Ticks,
}

pub struct FieldChoice<'a> {
    pub value: &'a str,
    pub label: Spoken<'a>,
    pub on: bool,
}

pub struct AnsweredQuestion<'a> {
    pub question: Spoken<'a>,
    pub words: String,
}

impl QuestionField<'_> {
    /// Formats the note on the question's scope, namely that guests who come must answer it, or
    /// that only they are asked.
    pub(crate) fn note(&self, text: &Text) -> Option<String> {
        if let (Some(event), false) = (&self.meal_at, self.hosts_only) {
            let id = if self.required {
                "question-meal-required"
            } else {
                "question-meal"
            };
            return Some(text.with(id, [("event", event.as_str().into())]));
        }
        let id = match (self.hosts_only, self.required, self.coming_only) {
            (true, ..) => "host-field-hosts-only",
            (false, true, _) => "question-required",
            (false, false, true) => "question-coming",
            (false, false, false) => return None,
        };
        Some(text.say(id).into_owned())
    }

    /// Returns the ids of the elements that describe the control.
    pub(crate) fn described_by(&self, wrong: bool) -> String {
        let parts = [
            (!self.help.is_empty(), "help"),
            (self.required || self.coming_only || self.hosts_only, "note"),
            (wrong, "wrong"),
        ];
        let ids: Vec<String> = parts
            .into_iter()
            .filter(|(is_there, _)| *is_there)
            .map(|(_, what)| format!("{}-{what}", self.field))
            .collect();
        ids.join(" ")
    }
}
