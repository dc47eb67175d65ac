//! The state of a form on a page. It contains each field's label, value and error. After an edit
//! conflict, it also contains the values that another person has saved.
//!
//! A field's name is the JSON pointer of its value, written with dots: `/contact/name` is
//! `contact.name`, so errors can be mapped to their fields. Fields and the error summary render
//! themselves into other crates' templates: `{{ field.html(text)|safe }}`. [`TableForm`] builds the
//! fields from a [table](mod@crate::fields).

mod answer;
mod rows;
mod summary;
mod table;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use askama::Template;
use platform::money::{Currency, Money};

use crate::{Form, Language, Problem, Text, fields};

pub use answer::answer;
pub use rows::{compact, sort};
pub use summary::{FormError, Summary};
pub use table::TableForm;

#[derive(Debug, Default)]
pub struct FormState {
    /// The displayed values: either the stored ones or the typed ones.
    pub form: Form,
    /// An error message about the whole form.
    pub trouble: Option<String>,
    /// Whether the error is that the sender has to wait, which is about none of the fields.
    has_to_wait: bool,
    errors: Vec<FormError>,
    /// How many errors at the start of `errors` concern the value of a single field.
    findings: usize,
    /// The stored values, if the record was saved again after the form was opened.
    stored: Option<Form>,
    labels: Mutex<BTreeMap<String, String>>,
}

#[derive(Debug)]
pub struct Field {
    pub name: String,
    pub label: String,
    /// The explanation below the label.
    pub hint: Option<String>,
    /// The words that follow the control of a number or a duration.
    pub after: Option<String>,
    pub control: Control,
    pub value: String,
    pub error: Option<String>,
    /// The value that another person has saved since the form was opened.
    pub stored: Option<String>,
    /// The language of the value, if the text is in several languages.
    pub language: Option<Language>,
    pub is_required: bool,
    /// Whether the field gets the keyboard focus when the page opens.
    pub is_first: bool,
}

#[derive(Debug)]
pub enum Control {
    /// A line of text, with the attributes `type` and `autocomplete` of its `input` element.
    Line(&'static str, &'static str),
    Number,
    Lines,
    /// A selection, with a value and a label for each option.
    Select(Vec<(String, String)>),
    Tick,
    /// A group of checkboxes, each with its value, its label and whether it is ticked.
    Ticks(Vec<(String, String, bool)>),
    Hidden,
    /// A number with decimals, followed by its unit, such as “EUR” or “%”. The pair is a hidden
    /// field, which contains the currency.
    Amount(String, Option<(String, String)>),
    /// A number, followed by a choice of its unit: the keyword of each unit and its name, and the
    /// chosen keyword.
    Duration(Vec<(String, String)>, String),
    /// Radio buttons, each with value, label and explanation.
    Radios(Vec<(String, String, String)>),
}

/// A group of fields under one heading.
#[derive(Debug)]
pub struct Group {
    pub legend: String,
    pub fields: Vec<Field>,
}

impl FormState {
    /// A form that shows stored values.
    pub fn of(form: Form) -> Self {
        Self {
            form,
            ..Self::default()
        }
    }

    /// A refused form, which shows the typed values and the errors.
    pub fn refused(form: Form, problem: &Problem, text: &Text) -> Self {
        let errors = problem.errors.iter().map(|one| FormError {
            field: field_name(&one.pointer),
            words: one.detail(text),
        });
        let errors: Vec<FormError> = errors.collect();
        Self {
            form,
            trouble: errors.is_empty().then(|| problem.detail(text)),
            has_to_wait: problem.retry_after.is_some(),
            findings: errors.len(),
            errors,
            ..Self::default()
        }
    }

    /// A form that could not be saved. After a version conflict, the form shows the stored values
    /// beside the typed values; after any other refusal, it shows the errors. `button` has the same
    /// meaning as in [`FormState::clashing`].
    pub fn not_saved(
        typed: &Form,
        stored: impl FnOnce() -> Form,
        button: &str,
        problem: &Problem,
        text: &Text,
    ) -> Self {
        if problem.code == "version_conflict" {
            Self::clashing(typed, stored(), button, text)
        } else {
            Self::refused(typed.clone(), problem, text)
        }
    }

    /// A form after a version conflict, which shows the stored values beside the typed values. The
    /// next save is based on the stored version. `button` is the message id of the submit button.
    pub fn clashing(typed: &Form, stored: Form, button: &str, text: &Text) -> Self {
        let version = stored.text("version").to_owned();
        let form = typed
            .iter()
            .map(|(name, value)| {
                let value = if name == "version" { &version } else { value };
                // Browsers send CRLF, while stored text has LF.
                (name.to_owned(), value.replace("\r\n", "\n"))
            })
            .collect();
        Self {
            form,
            trouble: Some(text.with("form-clash", [("button", text.say(button).into())])),
            stored: Some(stored),
            ..Self::default()
        }
    }

    /// Adds an error that the page itself has found.
    pub fn complain(&mut self, field: &str, words: String) {
        let field = field.to_owned();
        self.errors.push(FormError { field, words });
    }

    /// Moves the error about the whole form to this field, unless it is that the sender has to wait.
    #[must_use]
    pub fn at(mut self, field: &str) -> Self {
        if self.has_to_wait {
            return self;
        }
        if let Some(words) = self.trouble.take() {
            self.complain(field, words);
        }
        self
    }

    fn first_clash(&self) -> Option<&str> {
        let stored = self.stored.as_ref()?;
        let mut names = self.form.iter().map(|(name, _)| name);
        names.find(|name| stored.find(name).is_some() && !stored.all(name).eq(self.form.all(name)))
    }

    /// Whether the record was saved again after the form was opened.
    pub fn is_clash(&self) -> bool {
        self.stored.is_some()
    }

    pub fn is_fine(&self) -> bool {
        self.trouble.is_none() && self.errors.is_empty()
    }

    /// The error summary for the top of the page, with a link to each field with an error.
    pub fn summary<'a>(&'a self, text: &'a Text) -> Summary<'a> {
        let mut summary = Summary::of(text, self.trouble.as_deref(), &self.errors);
        summary.clash = self.first_clash();
        let labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        summary.named(self.findings, &labels)
    }

    /// The error of a field, or of a field nested in it.
    pub fn error(&self, name: &str) -> Option<&str> {
        let is_it = |field: &str| {
            let rest = field.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let found = self.errors.iter().find(|error| is_it(&error.field));
        found.map(|error| error.words.as_str())
    }

    pub fn line(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Line("text", "off"))
    }

    pub fn lines(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Lines)
    }

    pub fn number(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Number)
    }

    /// A field for an amount of money in this currency.
    pub fn amount(&self, name: &str, label: impl Into<String>, currency: &str) -> Field {
        self.field(name, label, Control::Amount(currency.to_owned(), None))
    }

    /// A choice of the currencies in use. The stored currency is offered too.
    pub fn currency(&self, name: &str, label: impl Into<String>) -> Field {
        let all = Currency::all_in_use();
        let own = self.form.text(name);
        let own = all
            .iter()
            .all(|one| one.code() != own)
            .then(|| own.to_owned());
        let all = own.into_iter().chain(all.iter().map(Currency::to_string));
        self.select(name, label, all.map(|one| (one.clone(), one)))
    }

    pub fn date(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Line("date", "off"))
    }

    /// A selection from `choices`, each with a value and a label.
    pub fn select(
        &self,
        name: &str,
        label: impl Into<String>,
        choices: impl IntoIterator<Item = (String, String)>,
    ) -> Field {
        let choices = choices.into_iter().collect();
        self.field(name, label, Control::Select(choices))
    }

    pub fn tick(&self, name: &str, label: impl Into<String>) -> Field {
        self.field(name, label, Control::Tick)
    }

    /// A group of checkboxes for `choices`.
    pub fn ticks(
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

    /// A text in several languages, with one field for each language.
    pub fn texts(
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
        let of_all = self.errors.iter().find(|error| error.field == name);
        if let (Some(error), Some(first)) = (of_all, fields.first_mut()) {
            first.error = Some(error.words.clone());
        }
        Group {
            legend: legend.into(),
            fields,
        }
    }

    /// Returns a field with this control. A field for a password or a file never has a value.
    pub fn field(&self, name: &str, label: impl Into<String>, control: Control) -> Field {
        let has_value = !matches!(control, Control::Line("password" | "file", _));
        let value = if has_value {
            self.form.text(name).to_owned()
        } else {
            String::new()
        };
        let stored = self.stored.as_ref().filter(|_| has_value);
        let stored = stored.and_then(|stored| {
            let stored = stored.text(name);
            (stored != value).then(|| stored.to_owned())
        });
        let label = label.into();
        let mut labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        labels.insert(name.to_owned(), label.clone());
        drop(labels);
        Field {
            name: name.to_owned(),
            label,
            hint: None,
            after: None,
            control,
            value,
            error: self.error(name).map(str::to_owned),
            stored,
            language: None,
            is_required: false,
            is_first: false,
        }
    }
}

impl Field {
    pub fn html<'a>(&'a self, text: &'a Text) -> impl Display + 'a {
        FieldHtml { field: self, text }
    }

    #[must_use]
    pub fn hint(mut self, words: impl Into<String>) -> Self {
        self.hint = Some(words.into());
        self
    }

    /// Turns a selection into radio buttons, each with an explanation from `hints`.
    pub fn show_as_radios(&mut self, hints: impl IntoIterator<Item = String>) {
        if let Control::Select(words) = &mut self.control {
            let words = std::mem::take(words).into_iter().zip(hints);
            let words = words.map(|((word, label), hint)| (word, label, hint));
            self.control = Control::Radios(words.collect());
        }
    }

    #[must_use]
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Gives the field the keyboard focus when the page opens. If the form has errors, the error
    /// summary gets the focus instead.
    #[must_use]
    pub fn first(mut self) -> Self {
        self.is_first = self.error.is_none();
        self
    }

    fn described_by(&self) -> String {
        let parts = [
            (self.after.is_some(), "after"),
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

    pub fn is_ticked(&self) -> bool {
        matches!(self.value.as_str(), "1" | "on" | "true" | "yes")
    }

    fn stored_words(&self, text: &Text) -> Option<String> {
        let stored = self.stored.as_deref()?;
        let named = |choices: &[(String, String)]| {
            let found = choices.iter().find(|(value, _)| value == stored);
            found.map(|(_, words)| words.clone())
        };
        let words = match &self.control {
            Control::Select(choices) => named(choices),
            Control::Tick => Some(match stored {
                "" => text.say("value-no").into_owned(),
                _ => text.say("value-yes").into_owned(),
            }),
            _ => None,
        };
        let words = words.unwrap_or_else(|| stored.to_owned());
        let shown = if words.is_empty() {
            text.say("value-nothing").into_owned()
        } else {
            words
        };
        Some(text.with("form-clash-stored", [("value", shown.into())]))
    }
}

impl Group {
    /// Renders the group as a card with a heading.
    pub fn card<'a>(&'a self, text: &'a Text) -> impl Display + 'a {
        Card { group: self, text }
    }
}

#[derive(Template)]
#[template(path = "form/field.html")]
struct FieldHtml<'a> {
    field: &'a Field,
    text: &'a Text,
}

#[derive(Template)]
#[template(path = "form/card.html")]
struct Card<'a> {
    group: &'a Group,
    text: &'a Text,
}

/// Builds a form from field names and values.
pub fn form<N: Into<String>, V: Into<String>>(fields: impl IntoIterator<Item = (N, V)>) -> Form {
    fields
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// The typed text without surrounding white space; `None` for an empty field.
pub fn some(form: &Form, name: &str) -> Option<String> {
    let typed = form.text(name).trim();
    (!typed.is_empty()).then(|| typed.to_owned())
}

/// Parses an amount in this currency.
pub fn amount(form: &Form, name: &str, currency: Currency) -> Result<Money, Problem> {
    let typed = form.text(name);
    Money::parse(typed, currency).ok_or_else(|| {
        let (code, values) = if typed.trim().is_empty() {
            ("required", Vec::new())
        } else {
            fields::amount_invalid(Some(currency))
        };
        Problem::fields().field(format!("/{name}"), code, values)
    })
}

/// Parses a number. An unparsable number becomes a value that validation refuses as out of range.
pub fn number(form: &Form, name: &str) -> Option<i64> {
    match form.number(name) {
        Ok(number) => number,
        Err(_) => Some(-1),
    }
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
    use super::*;
    use crate::testing;

    fn text() -> Text {
        testing::text("en")
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
    fn what_is_said_of_the_whole_form_may_stand_at_a_field() {
        let text = text();
        let refused = FormState::refused(Form::default(), &Problem::not_found(), &text);
        let words = refused.trouble.clone();
        let form_state = refused.at("slug");
        assert!(form_state.trouble.is_none() && words.is_some());
        assert_eq!(form_state.error("slug"), words.as_deref());
    }

    #[test]
    fn a_password_is_not_sent_back() {
        let form_state = FormState::of(form([("email", "a@b.my"), ("password", "secret")]));
        let text = text();
        for (name, is_shown) in [("email", true), ("password", false)] {
            let kind = if is_shown { "email" } else { "password" };
            let field = form_state.field(name, "", Control::Line(kind, "off"));
            let html = field.required().html(&text).to_string();
            assert_eq!(
                html.contains(form_state.form.text(name)),
                is_shown,
                "{html}"
            );
            assert!(html.contains(" required"), "{html}");
        }
    }

    #[test]
    fn what_somebody_else_saved_stands_beside_what_was_typed() {
        let typed = form([
            ("version", "1"),
            ("address", "1\r\nJalan"),
            ("title", "Mine"),
            ("email", "a@b.my"),
        ]);
        let stored = form([
            ("version", "2"),
            ("address", "1\nJalan"),
            ("title", "Theirs"),
            ("email", "a@b.my"),
        ]);
        let form_state = FormState::clashing(&typed, stored, "shell-send-again", &text());
        let trouble = form_state.trouble.as_deref().unwrap_or_default();
        assert!(trouble.contains("Press “Send it again” again"), "{trouble}");
        assert_eq!(form_state.first_clash(), Some("title"));
        assert_eq!(form_state.form.text("version"), "2");
        let title = form_state.line("title", "Title");
        assert_eq!(title.value, "Mine");
        let said = title.stored_words(&text()).unwrap();
        assert!(said.contains("Theirs"), "{said}");
        assert!(form_state.line("email", "Mail").stored.is_none());
    }
}
