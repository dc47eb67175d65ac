//! Resolves conflicts between two saves that are based on the same version. If only one save
//! changed a field, the value from that save is kept. If both saves changed a field, the household
//! chooses.
//!
//! If the stored answers already say what the later save wants, there is no conflict.

use axum::http::StatusCode;
use axum::response::Response;
use platform::text_cleaning;
use serde_json::Value;
use web::{Form, Text};

use super::super::frame::guest_page;
use super::super::parse_form::NEW_ROWS;
use super::super::show::Reading;
use super::super::view::{Conflict, Difference, Side};
use super::form::Which;
use crate::answer::{Answer, Answers};
use crate::guest::Guest;
use crate::household_plan::FieldChange;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::question::Question;
use crate::words::{AskedOf, QuestionKind};

/// Builds the page that asks the household which values to keep.
pub(super) fn show(
    which: Which,
    text: &Text,
    snapshot: &InvitationSnapshot,
    form: &Form,
    changed: &[FieldChange],
    submission: String,
) -> Response {
    let reading = Reading::new(text, snapshot);
    let merge = Merge {
        reading: &reading,
        text,
        snapshot,
        form,
        changed,
    };
    let (differences, merged) = merge.run();
    let body = Conflict {
        text,
        frame: reading.frame(),
        action: snapshot.link(&format!("/{}", which.path())),
        version: snapshot.household.invitation.version.to_string(),
        submission,
        differences,
        merged,
    };
    let title = body.title();
    let mut response = guest_page(text, snapshot, &title, body);
    *response.status_mut() = StatusCode::CONFLICT;
    response
}

struct Merge<'a> {
    reading: &'a Reading<'a>,
    text: &'a Text,
    snapshot: &'a InvitationSnapshot,
    form: &'a Form,
    changed: &'a [FieldChange],
}

struct Pair {
    field: String,
    /// The path of the field in the invitation's history.
    history: String,
    about: String,
    stored: String,
    words: String,
    /// The text that the page shows for each value. A value without a text is shown as it is.
    said: Vec<(String, String)>,
}

impl Merge<'_> {
    fn run(&self) -> (Vec<Difference>, Vec<(String, String)>) {
        let mut differences = Vec::new();
        let mut merged = Vec::new();
        let pairs = self.pairs();
        for pair in &pairs {
            let Some(typed) = self.form.find(&pair.field) else {
                continue;
            };
            let before = self.before(&pair.history);
            if typed == pair.stored || before.as_deref() == Some(typed) {
                merged.push((pair.field.clone(), pair.stored.clone()));
            } else if before.is_none() {
                merged.push((pair.field.clone(), typed.to_owned()));
            } else {
                differences.push(pair.difference(typed));
            }
        }
        for guest in &self.snapshot.household.guests {
            self.put_together(guest, &mut merged);
        }
        let ticked = self.put_choices_together(&mut merged);
        // All other typed values, such as new guests and removals, are sent again as they are.
        let twins = self.twins();
        for (name, value) in self.form.iter() {
            let asked = pairs.iter().any(|pair| pair.field == name);
            let ours = ["version", "submission_id", "note_version"].contains(&name);
            let ticks = name.starts_with("diet.")
                || name.starts_with("child.")
                || ticked.iter().any(|field| field == name);
            let twin = twins.iter().any(|row| name.starts_with(row));
            if !asked && !ours && !ticks && !twin && self.still_there(name) {
                merged.push((name.to_owned(), value.to_owned()));
            }
        }
        let version = self.snapshot.household.invitation.note_version.to_string();
        merged.push(("note_version".to_owned(), version));
        (differences, merged)
    }

    /// Rows of new guests whom an earlier save has added, for example after "Back": they must not
    /// be added twice. Returns the prefix of each row's field names.
    fn twins(&self) -> Vec<String> {
        let guests = self.snapshot.household.guests.iter();
        let mut added: Vec<&str> = guests
            .filter(|guest| self.old(&format!("guests/{}", guest.id)) == Some(&Value::Null))
            .map(|guest| guest.name.as_str())
            .collect();
        let mut twins = Vec::new();
        for n in 0..NEW_ROWS {
            let row = format!("new.{n}.");
            let name = text_cleaning::clean_line(self.form.text(&format!("{row}name")));
            let comes = self.form.is_ticked(&format!("{row}comes"));
            let at = added.iter().position(|known| *known == name);
            if let Some(at) = at.filter(|_| comes || !name.is_empty()) {
                added.remove(at);
                twins.push(row);
            }
        }
        twins
    }

    /// The changes of both saves are applied. The household is not asked.
    fn put_together(&self, guest: &Guest, merged: &mut Vec<(String, String)>) {
        let has = |field: &str| self.form.find(&format!("{field}.{}", guest.id)).is_some();
        if has("age") {
            let field = format!("child.{}", guest.id);
            let typed = self.form.is_ticked(&field);
            let old = self
                .old(&format!("guests/{}/is_child", guest.id))
                .and_then(Value::as_bool);
            let child = if old == Some(typed) {
                guest.is_child
            } else {
                typed
            };
            if child {
                merged.push((field, "1".to_owned()));
            }
        }
        if has("diet_note") {
            let field = format!("diet.{}", guest.id);
            let history = format!("guests/{}/diets", guest.id);
            merged.extend(self.ticks(&field, &history, &guest.diets));
        }
    }

    /// Removes the stored values that were unticked in the form, and adds the ticked ones.
    fn ticks(&self, field: &str, history: &str, stored: &[String]) -> Vec<(String, String)> {
        let typed: Vec<&str> = self.form.all(field).filter(|key| !key.is_empty()).collect();
        let old: Vec<&str> = match self.old(history) {
            Some(Value::Array(keys)) => keys.iter().filter_map(Value::as_str).collect(),
            Some(_) => Vec::new(),
            None => stored.iter().map(String::as_str).collect(),
        };
        let kept = stored.iter().map(String::as_str);
        let kept = kept.filter(|key| typed.contains(key) || !old.contains(key));
        let added = typed.iter().copied();
        let added = added.filter(|key| !old.contains(key) && !stored.iter().any(|had| had == key));
        kept.chain(added)
            .map(|key| (field.to_owned(), key.to_owned()))
            .collect()
    }

    /// The changes of both saves are applied. Returns the names of the merged fields.
    fn put_choices_together(&self, merged: &mut Vec<(String, String)>) -> Vec<String> {
        let mut fields = Vec::new();
        for (question, field, history, stored) in self.questions() {
            if question.kind != QuestionKind::SeveralChoices {
                continue;
            }
            if self.form.find(&field).is_some() {
                let stored = match stored.get(&question.id) {
                    Some(Answer::Choices(keys)) => keys.as_slice(),
                    _ => &[],
                };
                // The empty value shows the parser that the question was on the page.
                merged.push((field.clone(), String::new()));
                merged.extend(self.ticks(&field, &history, stored));
            }
            fields.push(field);
        }
        fields
    }

    /// With the form field and the path in the invitation's history.
    fn questions(&self) -> Vec<(&Question, String, String, &Answers)> {
        let household = &self.snapshot.household;
        let mut all = Vec::new();
        for question in self.reading.questions(AskedOf::Household) {
            let field = format!("household.{}", question.key);
            let history = format!("answers/{}", question.key);
            all.push((question, field, history, &household.answers));
        }
        for guest in &household.guests {
            for question in self.reading.questions_for(guest) {
                let field = format!("answer.{}.{}", guest.id, question.key);
                let history = format!("guests/{}/answers/{}", guest.id, question.key);
                all.push((question, field, history, &guest.answers));
            }
        }
        all
    }

    fn question(
        &self,
        question: &Question,
        field: String,
        history: String,
        answers: &Answers,
    ) -> Pair {
        let (text, snapshot) = (self.text, self.snapshot);
        let default = &snapshot.occasion.default_language;
        let of = snapshot
            .household
            .guests
            .iter()
            .find(|guest| field.starts_with(&format!("answer.{}.", guest.id)));
        let title = self.reading.question_title(question).text;
        let about = of.map_or_else(
            || title.to_owned(),
            |guest| {
                let (name, comma) = (self.reading.name(guest), text.say("list-comma"));
                format!("{name}{comma}{title}")
            },
        );
        let stored = answers.get(&question.id);
        Pair {
            field,
            history,
            about,
            stored: stored.map_or_else(String::new, |answer| question.field_value(answer)),
            words: stored.map_or_else(String::new, |answer| question.say(answer, text, default)),
            said: question
                .possible_answers()
                .iter()
                .map(|answer| {
                    (
                        question.field_value(answer),
                        question.say(answer, text, default),
                    )
                })
                .collect(),
        }
    }

    fn old(&self, history: &str) -> Option<&Value> {
        let change = self.changed.iter().find(|change| change.field == history)?;
        Some(&change.old)
    }

    /// `None` if the field has not changed since the form was rendered.
    fn before(&self, history: &str) -> Option<String> {
        Some(match self.old(history)? {
            Value::Null => String::new(),
            Value::String(text) if text == "pending" => String::new(),
            Value::String(text) => text.clone(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            other => other.to_string(),
        })
    }

    fn pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for guest in &self.snapshot.household.guests {
            let name = self.reading.name(guest);
            for (event, _) in self.reading.replies(guest) {
                pairs.push(self.reply(guest, event, &name));
            }
            pairs.push(Pair {
                field: format!("name.{}", guest.id),
                history: format!("guests/{}/name", guest.id),
                about: self.text.with("conflict-name", [("name", name.into())]),
                stored: guest.name.clone(),
                words: guest.name.clone(),
                said: Vec::new(),
            });
            pairs.push(self.diet_note(guest));
            pairs.push(self.age(guest));
        }
        for (question, field, history, stored) in self.questions() {
            if question.kind != QuestionKind::SeveralChoices {
                pairs.push(self.question(question, field, history, stored));
            }
        }
        let note = &self.snapshot.household.invitation.note;
        pairs.push(Pair {
            field: "note".to_owned(),
            history: "note".to_owned(),
            about: self.text.say("note-title").into_owned(),
            stored: note.clone(),
            words: note.clone(),
            said: Vec::new(),
        });
        pairs
    }

    fn diet_note(&self, guest: &Guest) -> Pair {
        let name = self.reading.name(guest);
        Pair {
            field: format!("diet_note.{}", guest.id),
            history: format!("guests/{}/diet_note", guest.id),
            about: self.text.with("answer-diets-for", [("name", name.into())]),
            stored: guest.diet_note.clone(),
            words: guest.diet_note.clone(),
            said: Vec::new(),
        }
    }

    fn age(&self, guest: &Guest) -> Pair {
        let (name, comma) = (self.reading.name(guest), self.text.say("list-comma"));
        let stored = guest
            .child_age
            .map(|age| age.to_string())
            .unwrap_or_default();
        Pair {
            field: format!("age.{}", guest.id),
            history: format!("guests/{}/age", guest.id),
            about: format!("{name}{comma}{}", self.text.say("answer-age")),
            words: stored.clone(),
            stored,
            said: Vec::new(),
        }
    }

    fn reply(&self, guest: &Guest, event: &crate::event::Event, name: &str) -> Pair {
        let status = guest.replies.get(&event.id).map(|reply| reply.status);
        let word = status.map_or("pending", crate::words::ReplyStatus::word);
        let comma = self.text.say("list-comma");
        Pair {
            field: format!("reply.{}.{}", guest.id, event.key),
            history: format!("guests/{}/replies/{}", guest.id, event.key),
            about: format!("{name}{comma}{}", self.reading.event_name(event)),
            stored: if word == "pending" { "" } else { word }.to_owned(),
            words: self.text.say(&format!("reply-{word}")).into_owned(),
            said: ["yes", "no", "undecided"]
                .map(|word| {
                    let words = self.text.say(&format!("reply-{word}")).into_owned();
                    (word.to_owned(), words)
                })
                .to_vec(),
        }
    }

    fn still_there(&self, name: &str) -> bool {
        let mut parts = name.splitn(3, '.');
        match (parts.next(), parts.next()) {
            (Some("new"), _) | (_, None) => true,
            (_, Some(id)) => self
                .snapshot
                .household
                .guests
                .iter()
                .any(|guest| guest.id.as_str() == id),
        }
    }
}

impl Pair {
    fn difference(&self, typed: &str) -> Difference {
        Difference {
            field: self.field.clone(),
            about: self.about.clone(),
            saved: Side {
                value: self.stored.clone(),
                words: self.words.clone(),
            },
            yours: Side {
                value: typed.to_owned(),
                words: self.say(typed),
            },
        }
    }

    fn say(&self, typed: &str) -> String {
        let found = self.said.iter().find(|(value, _)| value == typed);
        found.map_or(typed, |(_, words)| words).to_owned()
    }
}
