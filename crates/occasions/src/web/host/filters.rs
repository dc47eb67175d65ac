//! Filters of lists as people see them: fields to choose from, chips to take
//! away, words for each. What a filter means is decided elsewhere.

use web::{Form, Language, List, Text};

use super::wording::{self, Wording};
use crate::event::Event;
use crate::hosting::listing::filter::{Answered, Open, answer_word};
use crate::question::Question;
use crate::words::{Access, AskedOf, Response};

/// What of the address says which piece of the list is shown.
const PAGING: [&str; 3] = ["cursor", "before", "at"];

/// An active filter, with the address of the list without it.
pub(super) struct Chip {
    pub(super) words: String,
    pub(super) without: String,
}

/// A choice of a filter: the name in the address, its label, its options.
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) options: Vec<(String, String, bool)>,
}

/// Yes-or-no filters of invitations: name, label, words for yes and for no.
const INVITATION_FLAGS: [(&str, &str, &str, &str); 7] = [
    (
        "answered",
        "host-filter-answered",
        "host-filter-answered-yes",
        "host-filter-answered-no",
    ),
    (
        "opened",
        "host-filter-opened",
        "host-filter-opened-yes",
        "host-filter-opened-no",
    ),
    (
        "sent",
        "host-filter-sent",
        "host-filter-sent-yes",
        "host-filter-sent-no",
    ),
    (
        "email",
        "host-filter-email",
        "host-filter-email-yes",
        "host-filter-email-no",
    ),
    (
        "override",
        "host-filter-override",
        "host-filter-override-yes",
        "host-filter-override-no",
    ),
    (
        "over",
        "host-filter-over",
        "host-filter-over-yes",
        "host-filter-over-no",
    ),
    (
        "note",
        "host-filter-note",
        "host-filter-note-yes",
        "host-filter-note-no",
    ),
];

/// The same of guests.
const GUEST_FLAGS: [(&str, &str, &str, &str); 3] = [
    (
        "child",
        "host-filter-child",
        "host-filter-child-yes",
        "host-filter-child-no",
    ),
    (
        "plus_one",
        "host-filter-plus-one",
        "host-filter-plus-one-yes",
        "host-filter-plus-one-no",
    ),
    (
        "diet_note",
        "host-filter-diet-note",
        "host-filter-diet-note-yes",
        "host-filter-diet-note-no",
    ),
];

/// The message of a choice among those that came without a code.
fn open(which: Open) -> &'static str {
    match which {
        Open::Yes => "host-filter-open-yes",
        Open::No => "host-filter-open-no",
        Open::Waiting => "host-filter-open-waiting",
        Open::Duplicate => "host-filter-open-duplicate",
        Open::Approved => "host-filter-open-approved",
    }
}

/// What is chosen in the address of a list, and what may be.
pub(super) struct Filters<'a> {
    pub(super) text: &'a Text,
    pub(super) query: &'a Form,
    /// The address of the list without a query.
    pub(super) path: String,
    pub(super) choices: Vec<Choice>,
}

impl<'a> Filters<'a> {
    /// The filters of invitations.
    pub(super) fn of_invitations(
        wording: &Wording<'a>,
        events: &'a [Event],
        questions: &[Question],
        query: &'a Form,
    ) -> Self {
        let text = wording.text;
        let say = |id: &str| text.say(id).into_owned();
        let mut choices = vec![
            choice(
                text,
                query,
                "response",
                "host-filter-response",
                responses(text),
            ),
            choice(
                text,
                query,
                "access",
                "host-filter-access",
                [Access::Open, Access::Closed, Access::Locked]
                    .map(|one| (one.word().to_owned(), say(wording::access(one))))
                    .into(),
            ),
            event_choice(wording, events, query),
        ];
        choices.extend(answer_choice(wording, questions, AskedOf::Household, query));
        let mut languages = wording.languages();
        languages.push(("none".to_owned(), say("host-language-unknown")));
        choices.push(choice(
            text,
            query,
            "language",
            "host-filter-language",
            languages,
        ));
        choices.push(choice(
            text,
            query,
            "open",
            "host-filter-open",
            Open::ALL
                .map(|one| (one.word().to_owned(), say(open(one))))
                .into(),
        ));
        choices.extend(flags(text, query, &INVITATION_FLAGS));
        let archived = vec![("yes".to_owned(), say("host-filter-archived-yes"))];
        choices.push(choice(
            text,
            query,
            "archived",
            "host-filter-archived",
            archived,
        ));
        Self {
            text,
            query,
            path: wording.at("/invites"),
            choices,
        }
    }

    /// The filters of guests.
    pub(super) fn of_guests(
        wording: &Wording<'a>,
        events: &'a [Event],
        diets: Vec<(String, String)>,
        questions: &[Question],
        query: &'a Form,
    ) -> Self {
        let text = wording.text;
        let say = |id: &str| text.say(id).into_owned();
        let statuses = [
            ("yes", "reply-yes"),
            ("no", "reply-no"),
            ("undecided", "reply-undecided"),
            ("partial", "host-response-partial"),
            ("unanswered", "reply-pending"),
            ("pending", "host-response-pending"),
            ("waitlisted", "reply-waitlisted"),
            ("eating", "host-status-eating"),
        ];
        let statuses = statuses.map(|(word, id)| (word.to_owned(), say(id)));
        let bands = ["0-2", "3-6", "7-12", "13-17"].map(|band| {
            let shown = band.replace('-', "–");
            let words = text.with("host-children-band", [("band", shown.into())]);
            (band.to_owned(), words)
        });
        let mut bands = Vec::from(bands);
        bands.push(("unknown".to_owned(), say("host-children-unknown")));
        let mut choices = vec![
            choice(text, query, "status", "host-filter-status", statuses.into()),
            event_choice(wording, events, query),
            choice(text, query, "diet", "host-filter-diet", diets),
            choice(text, query, "band", "host-filter-band", bands),
        ];
        choices.extend(answer_choice(wording, questions, AskedOf::Guest, query));
        choices.extend(flags(text, query, &GUEST_FLAGS));
        Self {
            text,
            query,
            path: wording.at("/guests"),
            choices,
        }
    }

    /// What was typed to search for.
    pub(super) fn search(&self) -> &str {
        self.query.text("q")
    }

    /// One label, as written.
    pub(super) fn tag(&self) -> &str {
        self.query.text("tag")
    }

    /// Every active filter.
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

    /// What of the address stays in links: filters and the piece of the list.
    fn repeated_parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let pairs = self.query.iter();
        pairs.filter(|(name, _)| !web::NOT_REPEATED.contains(name))
    }

    /// The address of the same list from its beginning with one thing changed.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let pairs = self
            .repeated_parameters()
            .filter(|(known, _)| !PAGING.contains(known) && *known != name)
            .chain([(name, value)]);
        wording::address(&self.path, pairs)
    }

    /// The address of this very piece with one thing changed.
    pub(super) fn here(&self, name: &str, value: &str) -> String {
        let pairs = self
            .repeated_parameters()
            .filter(|(known, _)| *known != name)
            .chain([(name, value)]);
        wording::address(&self.path, pairs)
    }

    /// The address of the piece that follows `list`.
    pub(super) fn next<T>(&self, list: &List<T>) -> Option<String> {
        let cursor = list.next_cursor.as_deref()?;
        Some(self.piece("cursor", cursor, self.before() + list.items.len()))
    }

    /// The address of the piece before `list`, as long as this one was to be.
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

    /// The address of the first piece.
    pub(super) fn first(&self) -> Option<String> {
        self.is_further().then(|| self.with("cursor", ""))
    }

    fn is_further(&self) -> bool {
        ["cursor", "before"]
            .iter()
            .any(|name| !self.query.text(name).is_empty())
    }

    /// "1–50 of 184".
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

    /// What else stands in the address, for forms that change one part of it.
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

fn choice(
    text: &Text,
    query: &Form,
    name: &'static str,
    label: &str,
    options: Vec<(String, String)>,
) -> Choice {
    let chosen = query.text(name);
    let any = [(String::new(), text.say("host-any").into_owned())];
    Choice {
        name,
        label: text.say(label).into_owned(),
        options: any
            .into_iter()
            .chain(options)
            .map(|(value, words)| {
                let is_chosen = value == chosen;
                (value, words, is_chosen)
            })
            .collect(),
    }
}

fn flags(
    text: &Text,
    query: &Form,
    flags: &[(&'static str, &'static str, &'static str, &'static str)],
) -> Vec<Choice> {
    let say = |id: &str| text.say(id).into_owned();
    flags
        .iter()
        .map(|(name, label, yes, no)| {
            let options = vec![("yes".to_owned(), say(yes)), ("no".to_owned(), say(no))];
            choice(text, query, name, label, options)
        })
        .collect()
}

fn event_choice(wording: &Wording<'_>, events: &[Event], query: &Form) -> Choice {
    let default = &wording.occasion.details.default_language;
    let options = events.iter().map(|event| {
        let name = event.details.name.pick(wording.text.language(), default);
        (event.key.clone(), name.to_string())
    });
    choice(
        wording.text,
        query,
        "event",
        "host-filter-event",
        options.collect(),
    )
}

/// Who answered a question, and who gave which of its answers; nothing where
/// nothing is asked.
fn answer_choice(
    wording: &Wording<'_>,
    questions: &[Question],
    of: AskedOf,
    query: &Form,
) -> Option<Choice> {
    let text = wording.text;
    let default = &wording.occasion.details.default_language;
    let asked = questions.iter().filter(|question| question.asked_of == of);
    let options: Vec<(String, String)> = asked
        .flat_map(|question| {
            let title = question.title.pick(text.language(), default).to_string();
            let values = [("question", title.as_str().into())];
            let any = text.with("host-filter-answer-any", values);
            let each = question.possible_answers().into_iter().map(move |answer| {
                let words = question.say(&answer, text, default);
                let value = answer_word(question, Some(&answer));
                (value, format!("{title} – {words}"))
            });
            std::iter::once((answer_word(question, None), any)).chain(each)
        })
        .collect();
    let is_any = !options.is_empty();
    is_any.then(|| choice(text, query, "answer", "host-filter-answer", options))
}

fn responses(text: &Text) -> Vec<(String, String)> {
    Answered::ALL
        .map(|one| {
            let id = match one {
                Answered::Pending => "host-response-pending",
                Answered::Attending => "host-response-attending",
                Answered::Declined => "host-response-declined",
                Answered::Unanswered => wording::response(Response::Unanswered),
                Answered::Partial => wording::response(Response::Partial),
                Answered::Complete => wording::response(Response::Complete),
            };
            (one.word().to_owned(), text.say(id).into_owned())
        })
        .into()
}

/// The name of a language, or that it is not known.
pub(super) fn language(text: &Text, tag: Option<&str>) -> String {
    match tag {
        Some(tag) => Language::of(tag).name.into_owned(),
        None => text.say("host-language-unknown").into_owned(),
    }
}
