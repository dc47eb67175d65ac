//! Parses the form in which a household answers. The form's fields become a change to the
//! household. JSON pointers in errors become names of fields again.

use std::collections::BTreeMap;

use platform::id::Id;
use serde_json::Value;
use web::Form;

use crate::household_change::{GuestUpdate, HouseholdChange, NoteUpdate};
use crate::id::GuestId;
use crate::words::ReplyStatus;

/// The change that the form requests. For each guest in the change, `rows` says which row of the
/// form it comes from.
pub(crate) struct ParsedForm {
    pub(crate) change: HouseholdChange,
    rows: Vec<FormRow>,
}

enum FormRow {
    /// The row of a guest on the invitation. Its fields have names such as `name.{id}`.
    Known(String),
    /// The row of a new guest. Its fields have names such as `new.{n}.name`.
    New(usize),
}

/// The maximum number of new guests in one form. It is at least as large as any household's
/// allowance.
pub(super) const NEW_ROWS: usize = 40;

pub(crate) fn read(form: &Form) -> ParsedForm {
    let mut parsed = ParsedForm {
        change: HouseholdChange {
            version: form.number("version").ok().flatten(),
            answers: answers(form, "household."),
            ..HouseholdChange::default()
        },
        rows: Vec::new(),
    };
    for id in known_ids(form) {
        if form.is_ticked(&format!("remove.{id}")) {
            parsed.change.remove.push(GuestId::from_text(id));
            continue;
        }
        parsed.change.guests.push(known(form, &id));
        parsed.rows.push(FormRow::Known(id));
    }
    for n in 0..NEW_ROWS {
        let is_written = |field: &str| !form.text(&format!("new.{n}.{field}")).trim().is_empty();
        let is_there = ["name", "diet", "diet_note"].into_iter().any(is_written);
        if is_there || form.is_ticked(&format!("new.{n}.comes")) {
            parsed.change.guests.push(newcomer(form, n));
            parsed.rows.push(FormRow::New(n));
        }
    }
    parsed.change.note = form.find("note").map(|text| NoteUpdate {
        text: text.to_owned(),
        version: form.number("note_version").ok().flatten(),
    });
    parsed
}

impl ParsedForm {
    /// Returns the form field that a JSON pointer in an error stands for.
    pub(crate) fn field(&self, pointer: &str) -> String {
        let mut parts = pointer.trim_start_matches('/').splitn(3, '/');
        let (first, index, rest) = (parts.next(), parts.next(), parts.next());
        if let (Some("answers"), Some(key)) = (first, index) {
            return format!("household.{key}");
        }
        let row = index
            .and_then(|index| index.parse::<usize>().ok())
            .and_then(|index| self.rows.get(index));
        match (first, row, rest) {
            (Some("guests"), Some(row), Some(rest)) => row.field(rest),
            _ => "note".to_owned(),
        }
    }

    /// Returns the name field of the first new guest. If there are too many guests, the error is
    /// shown at this field.
    pub(super) fn first_new(&self) -> Option<String> {
        self.rows.iter().find_map(|row| match row {
            FormRow::New(n) => Some(format!("new.{n}.name")),
            FormRow::Known(_) => None,
        })
    }
}

impl FormRow {
    fn field(&self, rest: &str) -> String {
        let (name, key) = match rest.split_once('/') {
            Some(("replies", event)) => ("reply", format!(".{event}")),
            Some(("answers", question)) => ("answer", format!(".{question}")),
            _ => (rest, String::new()),
        };
        let name = match name {
            "is_child" => "child",
            "diets" => "diet",
            other => other,
        };
        match self {
            Self::Known(id) => format!("{name}.{id}{key}"),
            Self::New(n) => format!("new.{n}.{name}{key}"),
        }
    }
}

fn known_ids(form: &Form) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for (name, _) in form.iter() {
        let mut parts = name.splitn(3, '.');
        let about = matches!(
            parts.next(),
            Some("reply" | "name" | "child" | "age" | "diet" | "diet_note" | "answer" | "remove")
        );
        if let (true, Some(id)) = (about, parts.next())
            && !ids.iter().any(|known| known == id)
        {
            ids.push(id.to_owned());
        }
    }
    ids
}

fn known(form: &Form, id: &str) -> GuestUpdate {
    let (diets, diet_note) = food_needs(form, &format!("diet.{id}"), &format!("diet_note.{id}"));
    GuestUpdate {
        id: Some(GuestId::from_text(id.to_owned())),
        name: form.find(&format!("name.{id}")).map(str::to_owned),
        replies: replies(form, &format!("reply.{id}.")),
        diets,
        diet_note,
        answers: answers(form, &format!("answer.{id}.")),
        ..childhood(form, &format!("child.{id}"), &format!("age.{id}"))
    }
}

/// An unticked checkbox sends nothing. The note's field shows that the boxes were on the page.
fn food_needs(form: &Form, diets: &str, note: &str) -> (Option<Vec<String>>, Option<String>) {
    let note = form.find(note).map(str::to_owned);
    let ticked = || form.all(diets).map(str::to_owned).collect();
    (note.is_some().then(ticked), note)
}

fn newcomer(form: &Form, n: usize) -> GuestUpdate {
    let (diets, diet_note) = food_needs(
        form,
        &format!("new.{n}.diet"),
        &format!("new.{n}.diet_note"),
    );
    GuestUpdate {
        diets,
        diet_note,
        name: Some(form.text(&format!("new.{n}.name")).to_owned()),
        replies: replies(form, &format!("new.{n}.reply.")),
        answers: answers(form, &format!("new.{n}.answer.")),
        ..childhood(form, &format!("new.{n}.child"), &format!("new.{n}.age"))
    }
}

/// An unticked checkbox sends nothing. The age's field shows that the box was on the page.
fn childhood(form: &Form, child: &str, age: &str) -> GuestUpdate {
    let Some(chosen) = form.find(age) else {
        return GuestUpdate::default();
    };
    // A guest with an age is a child, even if the checkbox was left unticked.
    let is_child = form.is_ticked(child) || !chosen.is_empty();
    GuestUpdate {
        is_child: Some(is_child),
        // A text that is not a number becomes an invalid age. It is refused later.
        age: Some((!chosen.is_empty()).then(|| chosen.parse().unwrap_or(-1))),
        ..GuestUpdate::default()
    }
}

/// An empty field removes the answer.
fn answers(form: &Form, prefix: &str) -> BTreeMap<String, Value> {
    let mut typed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, value) in form.under(prefix) {
        let values = typed.entry(key).or_default();
        if !value.is_empty() {
            values.push(value);
        }
    }
    typed
        .into_iter()
        .map(|(key, values)| {
            let value = match values.as_slice() {
                [] => Value::Null,
                [one] => Value::from(*one),
                several => Value::from(several),
            };
            (key.to_owned(), value)
        })
        .collect()
}

fn replies(form: &Form, prefix: &str) -> BTreeMap<String, ReplyStatus> {
    form.iter()
        .filter_map(|(name, value)| {
            let event = name.strip_prefix(prefix)?;
            // An invalid value becomes `Waitlisted`. The save refuses this status, because guests
            // cannot choose it.
            let status = ReplyStatus::find(value).unwrap_or(ReplyStatus::Waitlisted);
            (!value.is_empty()).then(|| (event.to_owned(), status))
        })
        .collect()
}

/// Serializes the form, to recognize a repeated save.
pub(super) fn body(form: &Form) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in form.iter() {
        for part in [name, value] {
            body.extend_from_slice(part.as_bytes());
            body.push(0);
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(text: &str) -> Form {
        Form::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_form_becomes_a_wish() {
        let parsed = read(&form(
            "version=3&name.a=Rahman&reply.a.nikah=yes&reply.a.reception=no&diet_note.a=&diet.a=halal&diet.a=vegan\
             &age.b=&reply.b.nikah=&remove.c=1&name.c=X\
             &answer.a.bus=&answer.a.bus=one&answer.a.bus=two&answer.b.song=&household.song=ABBA&new.0.answer.song=Waterloo\
             &new.0.name=Mei&new.0.age=4&new.1.name=&new.2.comes=1&new.2.reply.nikah=no&note=Hello&note_version=2",
        ));
        let change = &parsed.change;
        assert_eq!(change.version, Some(3));
        assert_eq!(change.remove.len(), 1);
        let names: Vec<_> = change
            .guests
            .iter()
            .map(|guest| guest.name.as_deref())
            .collect();
        assert_eq!(names, [Some("Rahman"), None, Some("Mei"), Some("")]);
        assert_eq!(change.guests[0].replies.len(), 2);
        assert_eq!(
            change.guests[0].diets.as_deref().unwrap(),
            ["halal", "vegan"]
        );
        assert_eq!(
            change.guests[1].replies.len(),
            0,
            "not choosing is no answer"
        );
        assert_eq!(
            change.guests[1].diets, None,
            "what was not shown is not emptied"
        );
        assert_eq!(
            (change.guests[2].is_child, change.guests[2].age),
            (Some(true), Some(Some(4)))
        );
        assert_eq!(change.note.as_ref().unwrap().version, Some(2));
        assert_eq!(change.guests[0].answers["bus"], json!(["one", "two"]));
        assert_eq!(
            change.guests[1].answers["song"],
            json!(null),
            "an emptied field takes an answer back"
        );
        assert_eq!(change.guests[2].answers["song"], json!("Waterloo"));
        assert_eq!(change.answers["song"], json!("ABBA"));
        for (pointer, field) in [
            ("/answers/song", "household.song"),
            ("/guests/0/answers/bus", "answer.a.bus"),
            ("/guests/2/answers/song", "new.0.answer.song"),
            ("/guests/0/name", "name.a"),
            ("/guests/0/replies/nikah", "reply.a.nikah"),
            ("/guests/0/diets", "diet.a"),
            ("/guests/2/is_child", "new.0.child"),
            ("/guests/3/replies/nikah", "new.2.reply.nikah"),
            ("/note/text", "note"),
        ] {
            assert_eq!(parsed.field(pointer), field);
        }
        assert_eq!(parsed.first_new().as_deref(), Some("new.0.name"));
    }

    #[test]
    fn words_that_are_no_answers_are_not_taken_for_one() {
        let parsed = read(&form("reply.a.nikah=maybe"));
        assert_eq!(
            parsed.change.guests[0].replies["nikah"],
            ReplyStatus::Waitlisted
        );
    }
}
