//! Forms of hosts' pages: each field with its words, what stands in it, what is
//! wrong with it, and what somebody else saved meanwhile.
//!
//! A field is named by the JSON pointer of what it fills, with dots:
//! `/contact/name` is `contact.name`, so findings lead back to their fields
//! without a table.

use web::{Form, Language, Problem, Text};

use super::history;
use crate::hosting::Refusal;

/// What stands in a form, and against it.
#[derive(Default)]
pub(crate) struct FormState {
    /// What is shown: stored, or as typed.
    pub(crate) form: Form,
    /// A sentence on the whole form.
    pub(crate) trouble: Option<String>,
    /// What is wrong with single fields.
    errors: Vec<(String, String)>,
    /// What is stored, where the form was made for an older version.
    stored: Option<Form>,
}

/// One field, ready for `host/field.html`.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) hint: Option<String>,
    pub(crate) control: Control,
    pub(crate) value: String,
    pub(crate) error: Option<String>,
    /// What somebody else saved there meanwhile.
    pub(crate) stored: Option<String>,
    /// The language of what is typed, for a text in several.
    pub(crate) language: Option<Language>,
    pub(crate) is_required: bool,
}

/// How a field is filled in.
pub(crate) enum Control {
    /// One line: the `type` and `autocomplete` of its input.
    Line(&'static str, &'static str),
    /// A whole number.
    Number,
    /// Several lines.
    Lines,
    /// One of these: value, words.
    Select(Vec<(String, String)>),
    /// Yes or no.
    Tick,
    /// Any of these: value, words, ticked.
    Ticks(Vec<(String, String, bool)>),
    /// One of these, with a picture of it in words: value, words, hint.
    Radios(Vec<(String, String, String)>),
}

/// Fields under one heading.
pub(crate) struct Group {
    pub(crate) legend: String,
    pub(crate) fields: Vec<Field>,
}

impl FormState {
    /// What is stored, to be changed.
    pub(crate) fn of(form: Form) -> Self {
        Self {
            form,
            ..Self::default()
        }
    }

    /// What was typed, and why it was not kept.
    pub(crate) fn refused(form: Form, problem: &Problem, text: &Text) -> Self {
        let errors: Vec<(String, String)> = problem
            .errors
            .iter()
            .map(|one| (field_name(&one.pointer), one.detail(text)))
            .collect();
        Self {
            form,
            trouble: errors.is_empty().then(|| problem.detail(text)),
            errors,
            stored: None,
        }
    }

    /// What was typed for an older version, beside what is stored now; the next
    /// save is for that one. `button` is the message of the button that sends it.
    pub(crate) fn clashing(typed: &Form, stored: Form, button: &str, text: &Text) -> Self {
        let version = stored.text("version").to_owned();
        let form = typed
            .iter()
            .map(|(name, value)| {
                let value = if name == "version" { &version } else { value };
                // Browsers send line ends as CRLF; the stored text has LF.
                (name.to_owned(), value.replace("\r\n", "\n"))
            })
            .collect();
        Self {
            form,
            trouble: Some(text.with("host-clash", [("button", text.say(button).into())])),
            errors: Vec::new(),
            stored: Some(stored),
        }
    }

    /// Adds a finding of the page's own.
    pub(crate) fn complain(&mut self, field: &str, words: String) {
        self.errors.push((field.to_owned(), words));
    }

    /// The first field in which what was typed is not what is stored now.
    pub(crate) fn first_clash(&self) -> Option<&str> {
        let stored = self.stored.as_ref()?;
        let mut names = self.form.iter().map(|(name, _)| name);
        names.find(|name| stored.find(name).is_some() && !stored.all(name).eq(self.form.all(name)))
    }

    /// Whether it was made for an older version.
    pub(crate) fn is_clash(&self) -> bool {
        self.stored.is_some()
    }

    /// Whether nothing stands against it.
    pub(crate) fn is_fine(&self) -> bool {
        self.trouble.is_none() && self.errors.is_empty()
    }

    /// All findings, for the summary: the field and what to do about it, which
    /// field being said first.
    pub(crate) fn errors(&self, text: &Text) -> Vec<(&str, String)> {
        let all = self.errors.iter();
        all.map(|(field, words)| {
            let label = field_label(field).map(|id| text.say(id));
            let said = label.map_or_else(|| words.clone(), |label| format!("{label}: {words}"));
            (field.as_str(), said)
        })
        .collect()
    }

    /// What is wrong with a field, or with a part of it.
    pub(crate) fn error(&self, name: &str) -> Option<&str> {
        let is_it = |field: &str| {
            let rest = field.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let found = self.errors.iter().find(|(field, _)| is_it(field));
        found.map(|(_, words)| words.as_str())
    }

    /// One line of text.
    pub(crate) fn line(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Line("text", "off"))
    }

    /// Several lines of text.
    pub(crate) fn lines(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Lines)
    }

    /// A whole number.
    pub(crate) fn number(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Number)
    }

    /// A day.
    pub(crate) fn date(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Line("date", "off"))
    }

    /// A day and an hour.
    pub(crate) fn moment(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Line("datetime-local", "off"))
    }

    /// One of `choices`: value and words.
    pub(crate) fn select(
        &self,
        name: &str,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (String, String)>,
    ) -> Field {
        let choices = choices.into_iter().collect();
        self.field(name, label, Control::Select(choices))
    }

    /// Yes or no.
    pub(crate) fn tick(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Tick)
    }

    /// Any of `choices`.
    pub(crate) fn ticks(
        &self,
        name: &str,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (String, String)>,
    ) -> Field {
        let ticked = |value: &str| self.form.all(name).any(|one| one == value);
        let choices = choices.into_iter().map(|(value, words)| {
            let is_ticked = ticked(&value);
            (value, words, is_ticked)
        });
        self.field(name, label, Control::Ticks(choices.collect()))
    }

    /// A text in several languages: a field for each.
    pub(crate) fn texts(
        &self,
        name: &str,
        legend: impl Into<String>,
        tags: &[String],
        control: impl Fn() -> Control,
    ) -> Group {
        let fields = tags.iter().map(|tag| {
            let language = Language::of(tag);
            let field = format!("{name}.{tag}");
            let mut field = self.field(&field, language.name.clone().into_owned(), control());
            field.language = Some(language);
            field
        });
        let mut fields: Vec<Field> = fields.collect();
        let of_all = self.errors.iter().find(|(field, _)| field == name);
        if let (Some((_, words)), Some(first)) = (of_all, fields.first_mut()) {
            first.error = Some(words.clone());
        }
        Group {
            legend: legend.into(),
            fields,
        }
    }

    /// Any field.
    pub(crate) fn field(&self, name: &str, label: impl Into<String>, control: Control) -> Field {
        let value = self.form.text(name).to_owned();
        let stored = self.stored.as_ref().and_then(|stored| {
            let stored = stored.text(name);
            (stored != value).then(|| stored.to_owned())
        });
        Field {
            name: name.to_owned(),
            label: label.into(),
            hint: None,
            control,
            value,
            error: self.error(name).map(str::to_owned),
            stored,
            language: None,
            is_required: false,
        }
    }
}

impl Field {
    /// With a sentence that helps.
    pub(crate) fn hint(mut self, words: impl Into<String>) -> Self {
        self.hint = Some(words.into());
        self
    }

    /// That has to be filled in.
    pub(crate) fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Ids of what describes the control.
    pub(crate) fn described_by(&self) -> String {
        let parts = [
            (self.hint.is_some(), "hint"),
            (self.error.is_some(), "wrong"),
            (self.stored.is_some(), "stored"),
        ];
        let ids: Vec<String> = parts
            .into_iter()
            .filter(|(is_there, _)| *is_there)
            .map(|(_, what)| format!("{}-{what}", self.name))
            .collect();
        ids.join(" ")
    }

    pub(crate) fn is_ticked(&self) -> bool {
        matches!(self.value.as_str(), "1" | "on" | "true" | "yes")
    }

    /// What was stored meanwhile, in words.
    pub(crate) fn stored_words(&self, text: &Text) -> Option<String> {
        let stored = self.stored.as_deref()?;
        let named = |choices: &[(String, String)]| {
            let found = choices.iter().find(|(value, _)| value == stored);
            found.map(|(_, words)| words.clone())
        };
        let words = match &self.control {
            Control::Select(choices) => named(choices),
            Control::Tick => Some(match stored {
                "" => text.say("host-no").into_owned(),
                _ => text.say("host-yes").into_owned(),
            }),
            _ => None,
        };
        let words = words.unwrap_or_else(|| stored.to_owned());
        let shown = if words.is_empty() {
            text.say("host-nothing").into_owned()
        } else {
            words
        };
        Some(text.with("host-clash-stored", [("value", shown.into())]))
    }
}

/// Fields of a form, from names and values; empty values are empty fields.
pub(crate) fn form<N: Into<String>, V: Into<String>>(
    fields: impl IntoIterator<Item = (N, V)>,
) -> Form {
    fields
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// What was typed; an empty field is nothing.
pub(crate) fn some(form: &Form, name: &str) -> Option<String> {
    let typed = form.text(name).trim();
    (!typed.is_empty()).then(|| typed.to_owned())
}

/// A number as typed. What is none is refused by the rule as one out of range.
pub(crate) fn number(form: &Form, name: &str) -> Option<i64> {
    match form.number(name) {
        Ok(number) => number,
        Err(_) => Some(-1),
    }
}

/// Whether a refusal belongs beside the form that was sent, and not on a page
/// of its own.
pub(crate) fn is_about_form(refusal: &Refusal) -> bool {
    !matches!(
        refusal,
        Refusal::NotFound | Refusal::Forbidden | Refusal::TokenNotPermitted | Refusal::Store(_)
    )
}

/// The label of a field, by the whole of its name or a part of it.
fn field_label(field: &str) -> Option<&'static str> {
    let parts = std::iter::once(field).chain(field.split('.'));
    parts.into_iter().find_map(history::field_words)
}

fn field_name(pointer: &str) -> String {
    pointer
        .trim_start_matches('/')
        .replace('/', ".")
        .replace("~1", "/")
        .replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use web::Catalogue;

    use super::*;

    fn text() -> Text {
        let catalogue = Catalogue::build(&[web::LOCALES, crate::LOCALES]);
        catalogue.speak(&Language::ENGLISH)
    }

    #[test]
    fn findings_lead_back_to_their_fields() {
        let problem = Problem::fields()
            .field("/contact/name", "too_long", [("max", 100.into())])
            .field("/languages/1", "language_unknown", []);
        let typed = form([("contact.name", "x"), ("languages", "en")]);
        let form_state = FormState::refused(typed, &problem, &text());
        assert_eq!(
            form_state.line("contact.name", "Name").error.as_deref(),
            Some("At most 100 characters.")
        );
        let choices = [("en".to_owned(), "English".to_owned())];
        assert!(
            form_state
                .ticks("languages", "Languages", choices)
                .error
                .is_some()
        );
        assert!(form_state.trouble.is_none() && !form_state.is_fine());
    }

    #[test]
    fn what_somebody_else_saved_stands_beside_what_was_typed() {
        let typed = form([
            ("version", "1"),
            ("address", "1\r\nJalan"),
            ("household", "Mine"),
            ("email", "a@b.my"),
        ]);
        let stored = form([
            ("version", "2"),
            ("address", "1\nJalan"),
            ("household", "Theirs"),
            ("email", "a@b.my"),
        ]);
        let form_state = FormState::clashing(&typed, stored, "host-save-phone", &text());
        let trouble = form_state.trouble.as_deref().unwrap_or_default();
        assert!(
            trouble.contains("Press “Save, by phone” again"),
            "{trouble}"
        );
        assert_eq!(form_state.first_clash(), Some("household"));
        assert_eq!(form_state.form.text("version"), "2");
        let household = form_state.line("household", "Household");
        assert_eq!(household.value, "Mine");
        let said = household.stored_words(&text()).unwrap();
        assert!(said.contains("Theirs"), "{said}");
        assert!(form_state.line("email", "Mail").stored.is_none());
    }
}
