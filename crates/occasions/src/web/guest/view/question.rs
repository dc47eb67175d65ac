//! The data for the hosts' own questions on pages, both as form fields and with their answers.

use web::{Spoken, Text};

pub struct QuestionField<'a> {
    /// The field's name, such as `answer.{guest}.{key}` or `household.{key}`.
    pub field: String,
    pub title: Spoken<'a>,
    /// The hosts' explanation of the question.
    pub help: Spoken<'a>,
    /// Whether guests who come must answer.
    pub required: bool,
    /// Whether only guests who come are asked the question.
    pub coming_only: bool,
    pub hosts_only: bool,
    /// The name of the event at which the meal is served. `None` if the question is not about a
    /// meal, or if the household is invited to a single event.
    pub meal_at: Option<String>,
    pub control: QuestionControl,
    pub value: String,
    /// The possible answers, if the control has choices.
    pub choices: Vec<FieldChoice<'a>>,
    /// The answer that somebody else has saved in the meantime. Only hosts see it.
    pub meanwhile: Option<String>,
}

/// The form control for the answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionControl {
    Line,
    Lines,
    Number,
    Date,
    /// A choice between yes and no. It may stay empty.
    YesNo,
    /// A choice of one answer. It may stay empty.
    Select,
    /// Checkboxes for any number of answers.
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
    /// Formats the note beside a question. It says that guests who come must answer, or that only
    /// guests who come are asked.
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

    /// Returns the ids of the elements that describe the control, as the value of
    /// `aria-describedby`.
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
