//! The summary of a form's errors at the top of its page.

use std::borrow::Cow;
use std::collections::BTreeMap;

use askama::Template;

use crate::Text;

#[derive(Clone, Debug)]
pub struct FormError {
    pub field: String,
    pub words: String,
}

/// The summary of a form's errors: either one message about the whole form, or all errors with
/// links to their fields.
#[derive(Debug, Template)]
#[template(path = "form/summary.html")]
pub struct Summary<'a> {
    text: &'a Text,
    trouble: Option<&'a str>,
    /// The first field whose saved value differs from the typed value.
    pub(super) clash: Option<&'a str>,
    errors: Cow<'a, [FormError]>,
    /// The names of the fields whose errors already begin with a label.
    named: Vec<String>,
}

impl<'a> Summary<'a> {
    pub fn of(text: &'a Text, trouble: Option<&'a str>, errors: &'a [FormError]) -> Self {
        Self {
            text,
            trouble,
            clash: None,
            errors: errors.into(),
            named: Vec::new(),
        }
    }

    /// Puts the field's label before each of the first `count` errors.
    pub(super) fn named(mut self, count: usize, labels: &BTreeMap<String, String>) -> Self {
        for error in self.errors.to_mut().iter_mut().take(count) {
            let mut name = error.field.as_str();
            let label = loop {
                match (labels.get(name), name.rsplit_once('.')) {
                    (Some(label), _) => break Some(label),
                    (None, Some((rest, _))) => name = rest,
                    (None, None) => break None,
                }
            };
            if let Some(label) = label {
                error.words = format!("{label}: {}", error.words);
                self.named.push(error.field.clone());
            }
        }
        self
    }

    /// Puts the field's label before each error that has no label yet. `label` maps a field's name,
    /// or a part of it, to a message id.
    #[must_use]
    pub fn labelled(mut self, label: impl Fn(&str) -> Option<&'static str>) -> Self {
        let errors = self.errors.to_mut().iter_mut();
        for error in errors.filter(|error| !self.named.contains(&error.field)) {
            let mut names = std::iter::once(&*error.field).chain(error.field.split('.'));
            if let Some(label) = names.find_map(&label) {
                error.words = format!("{}: {}", self.text.say(label), error.words);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::form_state::FormState;
    use crate::{Form, Problem, testing};

    #[test]
    fn a_summary_leads_to_the_fields_by_their_labels() {
        let text = testing::text("en");
        let problem = Problem::fields().field("/theme/name", "required", []);
        let form_state = FormState::refused(Form::default(), &problem, &text);
        let link = |words: &str| format!("<a href=\"#theme.name\">{words}</a>");
        let summary = form_state.summary(&text);
        assert!(summary.to_string().contains(&link("Please fill this in.")));
        let label = |part: &str| (part == "name").then_some("shell-language");
        let summary = summary.labelled(label).to_string();
        assert!(
            summary.contains(&link("Language: Please fill this in.")),
            "{summary}"
        );
        assert_eq!(FormState::default().summary(&text).to_string().trim(), "");
    }
}
