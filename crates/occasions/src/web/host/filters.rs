//! The filters above lists: form fields, removable labels, and the names of values. What a filter
//! does is defined in [`hosting`](crate::hosting).

use web::fields::Kind;
use web::{Field, Form, Language, List, Text};

use super::wording::{self, Wording};
use crate::event::Event;
use crate::hosting::listing::filter::{self, answer_word, unanswered_word};
use crate::hosting::listing::people;
use crate::question::Question;
use crate::words::{Access, AskedOf, QuestionKind};

const PAGING: [&str; 3] = ["cursor", "before", "at"];

/// A filter that is set, with a link to the list without it.
pub(super) struct Chip {
    pub(super) words: String,
    pub(super) without: String,
}

/// A filter with a list of values to choose from. `name` is its query parameter.
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) options: Vec<(String, String, bool)>,
}

/// The filters that the list offers, and the filters that its query sets.
pub(super) struct Filters<'a> {
    pub(super) text: &'a Text,
    pub(super) query: &'a Form,
    pub(super) path: String,
    pub(super) choices: Vec<Choice>,
}

impl<'a> Filters<'a> {
    pub(super) fn of_invitations(
        wording: &Wording<'a>,
        events: &'a [Event],
        questions: &[Question],
        query: &'a Form,
    ) -> Self {
        let own = |name: &str| match name {
            "access" => Some(options(wording.text, &Access::CHOICES[..3])),
            "event" => Some(event_options(wording, events)),
            "answer" => answer_options(wording, questions, AskedOf::Household),
            "language" => {
                let unknown = wording.text.say("host-language-unknown").into_owned();
                let mut languages = wording.languages();
                languages.push(("none".to_owned(), unknown));
                Some(languages)
            }
            _ => None,
        };
        Self::new(wording, "/invites", filter::FIELDS, query, own)
    }

    pub(super) fn of_guests(
        wording: &Wording<'a>,
        events: &'a [Event],
        diets: &[(String, String)],
        questions: &[Question],
        query: &'a Form,
    ) -> Self {
        let own = |name: &str| match name {
            "event" => Some(event_options(wording, events)),
            "answer" => answer_options(wording, questions, AskedOf::Guest),
            "diet" => Some(diets.to_vec()),
            _ => None,
        };
        Self::new(wording, "/guests", people::FIELDS, query, own)
    }

    /// `own` returns the options of fields that offer only some values, or values of the occasion.
    fn new(
        wording: &Wording<'a>,
        path: &str,
        fields: &[Field],
        query: &'a Form,
        own: impl Fn(&str) -> Option<Vec<(String, String)>>,
    ) -> Self {
        let text = wording.text;
        let choices = fields.iter().filter_map(|field| {
            let options = match (own(field.name), field.kind) {
                (Some(options), _) => options,
                (None, Kind::Choice(words)) => options(text, words),
                (None, Kind::Either(yes, no)) => options(text, &[("yes", yes), ("no", no)]),
                (None, _) => return None,
            };
            let chosen = query.text(field.name);
            let any = (String::new(), text.say("host-any").into_owned());
            let options = std::iter::once(any).chain(options).map(|(value, words)| {
                let is_chosen = value == chosen;
                (value, words, is_chosen)
            });
            Some(Choice {
                name: field.name,
                label: text.say(field.label).into_owned(),
                options: options.collect(),
            })
        });
        Self {
            text,
            query,
            path: wording.at(path),
            choices: choices.collect(),
        }
    }

    pub(super) fn search(&self) -> &str {
        self.query.text("q")
    }

    /// Returns the label that the list is filtered by, exactly as stored.
    pub(super) fn tag(&self) -> &str {
        self.query.text("tag")
    }

    pub(super) fn chips(&self) -> Vec<Chip> {
        let mut chips = Vec::new();
        for (name, id) in [("q", "host-chip-search"), ("tag", "host-chip-tag")] {
            let typed = self.query.text(name);
            if !typed.is_empty() {
                chips.push(Chip {
                    words: self.text.with(id, [("value", typed.into())]),
                    without: self.with(name, ""),
                });
            }
        }
        for choice in &self.choices {
            for (_, words, _) in choice
                .options
                .iter()
                .filter(|(value, _, is)| *is && !value.is_empty())
            {
                chips.push(Chip {
                    words: words.clone(),
                    without: self.with(choice.name, ""),
                });
            }
        }
        chips
    }

    fn repeated_parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let pairs = self.query.iter();
        pairs.filter(|(name, _)| !web::NOT_REPEATED.contains(name))
    }

    /// Returns a link to the first page of the list, with one parameter changed.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        self.with_all([(name, value)])
    }

    /// Like [`Filters::with`], with several parameters changed.
    pub(super) fn with_all<const N: usize>(&self, changed: [(&str, &str); N]) -> String {
        let is_changed = |known: &str| changed.iter().any(|(name, _)| *name == known);
        let pairs = self
            .repeated_parameters()
            .filter(|(known, _)| !PAGING.contains(known) && !is_changed(known))
            .chain(changed);
        wording::address(&self.path, pairs)
    }

    /// Returns a link to the current page of the list, with one parameter changed.
    pub(super) fn here(&self, name: &str, value: &str) -> String {
        let pairs = self
            .repeated_parameters()
            .filter(|(known, _)| *known != name)
            .chain([(name, value)]);
        wording::address(&self.path, pairs)
    }

    /// Returns the link to the page after `list`, if there is one.
    pub(super) fn next<T>(&self, list: &List<T>) -> Option<String> {
        let cursor = list.next_cursor.as_deref()?;
        Some(self.piece("cursor", cursor, self.before() + list.items.len()))
    }

    /// Returns the link to the page before `list`, if there is one. `limit` is the number of rows
    /// per page.
    pub(super) fn previous<T>(&self, list: &List<T>, limit: u32) -> Option<String> {
        let cursor = list.previous_cursor.as_deref()?;
        let limit = usize::try_from(limit).unwrap_or_default();
        Some(self.piece("before", cursor, self.before().saturating_sub(limit)))
    }

    fn piece(&self, name: &str, cursor: &str, at: usize) -> String {
        let at = at.to_string();
        let pairs = self
            .repeated_parameters()
            .filter(|(known, _)| !PAGING.contains(known))
            .chain([(name, cursor), ("at", at.as_str())]);
        wording::address(&self.path, pairs)
    }

    pub(super) fn first(&self) -> Option<String> {
        self.is_further().then(|| self.with("cursor", ""))
    }

    fn is_further(&self) -> bool {
        ["cursor", "before"]
            .iter()
            .any(|name| !self.query.text(name).is_empty())
    }

    /// Formats which rows are shown, such as "1–50 of 184".
    pub(super) fn range(&self, shown: usize, total: Option<i64>) -> String {
        let before = self.before();
        let values = [
            ("from", (before + usize::from(shown > 0)).into()),
            ("to", (before + shown).into()),
            (
                "total",
                total
                    .map_or_else(|| (before + shown).to_string(), |n| self.text.number(n))
                    .into(),
            ),
        ];
        self.text.with("host-range", values)
    }

    /// Returns all query parameters except `names` and the parameters for paging. A form that sets
    /// the parameters `names` sends the returned parameters along unchanged.
    pub(super) fn others(&self, names: &[&str]) -> Vec<(&'a str, &'a str)> {
        self.repeated_parameters()
            .filter(|(name, value)| {
                !PAGING.contains(name) && !names.contains(name) && !value.is_empty()
            })
            .collect()
    }

    fn before(&self) -> usize {
        if self.is_further() {
            self.query.text("at").parse().unwrap_or(0)
        } else {
            0
        }
    }
}

/// The message of a label can contain the value as the variable `$band`.
fn options(text: &Text, words: &[(&str, &str)]) -> Vec<(String, String)> {
    let offered = words.iter().filter(|(_, id)| !id.is_empty());
    offered
        .map(|(word, id)| ((*word).to_owned(), band(text, word, id)))
        .collect()
}

/// Returns the label of a value. The message of the label can contain the value as the variable
/// `$band`.
pub(super) fn band(text: &Text, word: &str, id: &str) -> String {
    text.with(id, [("band", word.replace('-', "–").into())])
}

fn event_options(wording: &Wording<'_>, events: &[Event]) -> Vec<(String, String)> {
    let default = &wording.occasion.default_language;
    let options = events.iter().map(|event| {
        let name = event.name.pick(wording.text.language(), default);
        (event.key.clone(), name.to_string())
    });
    options.collect()
}

/// A question's first option finds everyone who answered, a meal's last one everyone who has not.
fn answer_options(
    wording: &Wording<'_>,
    questions: &[Question],
    of: AskedOf,
) -> Option<Vec<(String, String)>> {
    let text = wording.text;
    let default = &wording.occasion.default_language;
    let asked = questions.iter().filter(|question| question.asked_of == of);
    let options: Vec<(String, String)> = asked
        .flat_map(|question| {
            let title = question.title.pick(text.language(), default).to_string();
            let values = [("question", title.as_str().into())];
            let any = text.with("host-filter-answer-any", values);
            let name = title.clone();
            let each = question.possible_answers().into_iter().map(move |answer| {
                let words = question.say(&answer, text, default);
                let value = answer_word(question, Some(&answer));
                (value, format!("{name} – {words}"))
            });
            let open = (question.kind == QuestionKind::Meal).then(|| {
                let values = [("question", title.as_str().into())];
                let words = text.with("host-filter-answer-open", values);
                (unanswered_word(question), words)
            });
            std::iter::once((answer_word(question, None), any))
                .chain(each)
                .chain(open)
        })
        .collect();
    (!options.is_empty()).then_some(options)
}

/// Returns the name of a language. For an unknown language, returns a text that says so.
pub(super) fn language(text: &Text, tag: Option<&str>) -> String {
    match tag {
        Some(tag) => Language::of(tag).name.into_owned(),
        None => text.say("host-language-unknown").into_owned(),
    }
}
