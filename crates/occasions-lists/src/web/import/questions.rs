//! The questions about a list, folded by what they are about.

use web::Text;
use web::form_state::FormState;

use crate::import::{Absent, Choice, ChoiceKind, Eater, Group, Here};

const OPEN: usize = 3;
/// The kinds of questions that a text answers, with the `inputmode` of their fields.
const TEXTS: [(ChoiceKind, &str); 3] = [
    (ChoiceKind::Email, "email"),
    (ChoiceKind::Phone, "tel"),
    (ChoiceKind::Number, "numeric"),
];

/// The questions of one kind.
pub(super) struct Asked {
    pub(super) kind: ChoiceKind,
    pub(super) heading: String,
    pub(super) count: String,
    pub(super) is_open: bool,
    pub(super) texts: Option<TextQuestions>,
    pub(super) questions: Vec<Question>,
}

/// Questions that a text answers.
pub(super) struct TextQuestions {
    pub(super) words: String,
    pub(super) mode: &'static str,
    pub(super) fields: Vec<TextQuestion>,
}

pub(super) struct TextQuestion {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) value: String,
    pub(super) typed: String,
    pub(super) error: Option<String>,
}

pub(super) struct Question {
    pub(super) name: String,
    pub(super) words: String,
    pub(super) options: Vec<QuestionOption>,
}

pub(super) struct QuestionOption {
    pub(super) value: String,
    pub(super) words: String,
    pub(super) is_chosen: bool,
}

/// Returns the questions by their kinds. Few stand open, and those with a wrong answer.
pub(super) fn asked(text: &Text, form_state: &FormState, all: &[Choice]) -> Vec<Asked> {
    let kinds = ChoiceKind::ALL.iter().map(|&kind| {
        let of_kind: Vec<&Choice> = all.iter().filter(|choice| choice.kind == kind).collect();
        let mode = TEXTS.iter().find(|(known, _)| *known == kind);
        let texts = mode.map(|(_, mode)| TextQuestions {
            words: text.say(kind.label()).into_owned(),
            mode,
            fields: (0..)
                .zip(&of_kind)
                .map(|(at, choice)| text_question(text, form_state, at, choice))
                .collect(),
        });
        let is_wrong = |texts: &TextQuestions| texts.fields.iter().any(|one| one.error.is_some());
        let questions = of_kind.iter().filter(|_| texts.is_none());
        Asked {
            kind,
            heading: text.say(heading(kind)).into_owned(),
            count: text.number(i64::try_from(of_kind.len()).unwrap_or(i64::MAX)),
            is_open: of_kind.len() <= OPEN || texts.as_ref().is_some_and(is_wrong),
            questions: questions
                .map(|choice| question(text, form_state, choice))
                .collect(),
            texts,
        }
    });
    let is_asked = |one: &Asked| {
        let fields = one.texts.as_ref().map_or(0, |texts| texts.fields.len());
        fields + one.questions.len() > 0
    };
    kinds.filter(is_asked).collect()
}

fn heading(kind: ChoiceKind) -> &'static str {
    match kind {
        ChoiceKind::Email => "host-import-kind-email",
        ChoiceKind::Phone => "host-import-kind-phone",
        ChoiceKind::Number => "host-import-kind-number",
        ChoiceKind::Group => "host-import-kind-group",
        ChoiceKind::Here => "host-import-kind-here",
        ChoiceKind::Food => "host-import-kind-food",
        ChoiceKind::NotComing => "host-import-kind-not-coming",
    }
}

fn text_question(text: &Text, form_state: &FormState, at: usize, choice: &Choice) -> TextQuestion {
    let name = format!("choice.{}", choice.key);
    TextQuestion {
        id: format!("{}-{at}", choice.kind.word()),
        label: text.with(
            "host-import-name-row",
            [
                ("name", choice.household.clone().into()),
                ("row", choice.row.to_string().into()),
            ],
        ),
        value: form_state
            .form
            .find(&name)
            .unwrap_or(&choice.chosen)
            .to_owned(),
        typed: choice.value.clone(),
        error: form_state.error(&name).map(str::to_owned),
        name,
    }
}

fn question(text: &Text, form_state: &FormState, choice: &Choice) -> Question {
    let name = format!("choice.{}", choice.key);
    let chosen = form_state
        .form
        .find(&name)
        .unwrap_or(&choice.chosen)
        .to_owned();
    let values = [
        ("name", choice.household.clone().into()),
        ("row", choice.row.to_string().into()),
        ("value", choice.value.clone().into()),
        ("here", choice.here.clone().unwrap_or_default().into()),
    ];
    let asked = match choice.here {
        Some(_) => "host-import-ask-people-here",
        None => choice.kind.label(),
    };
    Question {
        words: text.with(asked, values),
        options: choice
            .options
            .iter()
            .map(|value| QuestionOption {
                value: value.clone(),
                words: option_words(text, choice.kind, value),
                is_chosen: *value == chosen,
            })
            .collect(),
        name,
    }
}

/// An option without words of ours is a name.
fn option_words(text: &Text, kind: ChoiceKind, value: &str) -> String {
    let label = match kind {
        ChoiceKind::Email | ChoiceKind::Phone | ChoiceKind::Number => None,
        ChoiceKind::Group => Group::find(value).map(Group::label),
        ChoiceKind::Here => Here::find(value).map(Here::label),
        ChoiceKind::Food => Eater::find(value).map(Eater::label),
        ChoiceKind::NotComing => Absent::find(value).map(Absent::label),
    };
    label.map_or_else(|| value.to_owned(), |id| text.say(id).into_owned())
}
