//! The hosts' questions: the fields they are answered in, and what was answered.

use web::{Spoken, Text};

/// One question in the household form.
pub struct Asked<'a> {
    /// The field's name: `answer.{g}.{key}`, or `household.{key}`.
    pub field: String,
    /// The question.
    pub title: Spoken<'a>,
    /// What helps to answer it.
    pub help: Spoken<'a>,
    /// Whether those who come have to answer it.
    pub required: bool,
    /// Whether only those who come are asked.
    pub coming_only: bool,
    /// Whether hosts ask it themselves; on no guest's page it is.
    pub hosts_only: bool,
    /// How it is answered.
    pub control: Ask,
    /// What stands in the field, as stored or typed.
    pub value: String,
    /// What can be chosen, where one or several are.
    pub choices: Vec<AskedChoice<'a>>,
    /// What somebody else saved there meanwhile, as hosts are told it.
    pub meanwhile: Option<String>,
}

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// One line.
    Line,
    /// Several lines.
    Lines,
    /// A whole number.
    Number,
    /// A day.
    Date,
    /// Yes, no, or nothing.
    YesNo,
    /// One of several, or nothing.
    Select,
    /// Any of several.
    Ticks,
}

/// One of the answers that can be chosen.
pub struct AskedChoice<'a> {
    /// Its key.
    pub value: &'a str,
    /// Its name.
    pub label: Spoken<'a>,
    /// Whether it is chosen.
    pub on: bool,
}

/// One question with what was answered.
pub struct Told<'a> {
    /// The question.
    pub question: Spoken<'a>,
    /// The answer in words.
    pub words: String,
}

impl Asked<'_> {
    /// Whom it is for, in words: who comes has to, or only who comes is asked.
    pub(crate) fn note(&self, text: &Text) -> Option<String> {
        let id = match (self.hosts_only, self.required, self.coming_only) {
            (true, ..) => "host-field-hosts-only",
            (false, true, _) => "question-required",
            (false, false, true) => "question-coming",
            (false, false, false) => return None,
        };
        Some(text.say(id).into_owned())
    }

    /// Ids of what describes the control.
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
