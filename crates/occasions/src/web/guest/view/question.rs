//! The hosts' questions on pages: form fields and answers.

use web::{Spoken, Text};

/// One question in the household form.
pub struct QuestionField<'a> {
    /// The field's name: `answer.{g}.{key}`, or `household.{key}`.
    pub field: String,
    /// The question.
    pub title: Spoken<'a>,
    /// A text that helps to answer it.
    pub help: Spoken<'a>,
    /// Whether guests who come must answer it.
    pub required: bool,
    /// Whether only those who come are asked.
    pub coming_only: bool,
    /// Whether only hosts see it, so that it is on no guest's page.
    pub hosts_only: bool,
    /// The kind of control.
    pub control: QuestionControl,
    /// The field's value, as stored or typed.
    pub value: String,
    /// The choices, if the kind of control has any.
    pub choices: Vec<FieldChoice<'a>>,
    /// What somebody else saved meanwhile, shown to hosts.
    pub meanwhile: Option<String>,
}

/// The kind of control in which a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionControl {
    /// One line.
    Line,
    /// Several lines.
    Lines,
    /// A whole number.
    Number,
    /// A date field.
    Date,
    /// Yes, no, or nothing.
    YesNo,
    /// One of several, or nothing.
    Select,
    /// Any number of several.
    Ticks,
}

/// One of the choices of a question.
pub struct FieldChoice<'a> {
    /// The key of the choice.
    pub value: &'a str,
    /// The label of the choice.
    pub label: Spoken<'a>,
    /// Whether it is chosen.
    pub on: bool,
}

/// A question with its answer.
pub struct AnsweredQuestion<'a> {
    /// The question.
    pub question: Spoken<'a>,
    /// The answer in words.
    pub words: String,
}

impl QuestionField<'_> {
    /// Who the question is for, in words: guests who come must answer, or only they are asked.
    pub(crate) fn note(&self, text: &Text) -> Option<String> {
        let id = match (self.hosts_only, self.required, self.coming_only) {
            (true, ..) => "host-field-hosts-only",
            (false, true, _) => "question-required",
            (false, false, true) => "question-coming",
            (false, false, false) => return None,
        };
        Some(text.say(id).into_owned())
    }

    /// Ids of the elements that describe the control.
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
