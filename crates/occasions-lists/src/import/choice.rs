//! What hosts answer about a list before it is imported. A question without an answer takes the safe
//! side, which its [`Choice`] names.

use std::collections::BTreeMap;

use occasions::event::Event;
use platform::text_cleaning::fold;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;
use web::{Findings, words};

use super::ImportId;
use super::finding::Finding;
use super::gather::{Gathered, Gathering};
use super::warning::Warning;
use crate::household_document::{Ground, Record};

/// The events of new households, by key and separated by commas, where the list does not say it.
pub(super) const EVENTS: &str = "events";
/// The most answers about one list, and the most characters of a key.
const MOST_CHOICES: usize = 20_000;
const LONGEST_KEY: usize = 200;
/// The most questions about households that name nobody. In a list of more, nobody is named.
const MOST_GROUPS: usize = 10;

words! {
    /// What a question about a list is about.
    ChoiceKind {
        /// An email address that was mended, or that is none. The answer is the address; an empty
        /// one leaves it out.
        Email = "email" => "host-import-ask-email",
        /// Nobody in the household is named. The answer is `keep` or `leave_out`.
        Group = "group" => "host-import-ask-group",
        /// A household like this one is here. The answer is `leave`, `change` or `add`.
        Here = "here" => "host-import-ask-here",
    }
}

words! {
    /// What becomes of a household in a list if one like it is here already.
    Here {
        /// The household that is here stays as it is.
        Leave = "leave" => "host-import-here-leave",
        /// The household that is here takes the list's values.
        Change = "change" => "host-import-here-change",
        /// The list's household is added as another one.
        Add = "add" => "host-import-here-add",
    }
}

words! {
    /// What becomes of a household that names nobody.
    Group {
        Keep = "keep" => "host-import-group-keep",
        LeaveOut = "leave_out" => "host-import-group-leave-out",
    }
}

/// A question about a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportChoice)]
pub struct Choice {
    /// The name of the answer in `choices`. The same row of the same file has the same name again.
    pub key: String,
    /// What the question is about.
    pub kind: ChoiceKind,
    /// The row number as a spreadsheet shows it.
    pub row: usize,
    /// The household's name.
    pub household: String,
    /// What the list says.
    pub value: String,
    /// The possible answers; empty if the answer is a text.
    pub options: Vec<&'static str>,
    /// The answer, or what happens without one.
    pub chosen: String,
    /// Whether a host has answered.
    pub is_answered: bool,
}

/// The answers about a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Choices(BTreeMap<String, String>);

impl Choices {
    pub(super) fn load(tx: &mut Tx<'_>, id: &ImportId) -> Result<Self, StoreError> {
        let all: Vec<(String, String)> = sql!(
            "SELECT key, value FROM import_choice WHERE import = :id",
            id
        )
        .all(tx)?;
        Ok(Self(all.into_iter().collect()))
    }

    fn find(&self, kind: ChoiceKind, key: &str) -> Option<&str> {
        let value = self.0.get(&format!("{}:{key}", kind.word()));
        value.map(String::as_str)
    }

    fn events(&self, key: &str) -> Option<Vec<String>> {
        let value = self.0.get(key)?;
        let keys = value.split(',').map(str::trim);
        Some(
            keys.filter(|key| !key.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    pub(super) fn events_of_label(&self, label: &str) -> Option<Vec<String>> {
        self.events(&label_key(label))
    }

    /// Returns the events of a new household: those of its labels, else those of the list.
    fn invited(&self, tags: &[String], ground: &Ground, people: i64) -> Vec<String> {
        let of_labels: Vec<Vec<String>> = tags
            .iter()
            .filter_map(|tag| self.events_of_label(tag))
            .collect();
        let chosen = if of_labels.is_empty() {
            self.general_events(ground, people)
        } else {
            of_labels.concat()
        };
        let events = ground.events.iter();
        let events = events.filter(|event| event.open_to_all || chosen.contains(&event.key));
        events.map(|event| event.key.clone()).collect()
    }

    /// Returns the events that are ticked for the whole list.
    pub(super) fn general_events(&self, ground: &Ground, people: i64) -> Vec<String> {
        self.events(EVENTS).unwrap_or_else(|| {
            let is_only = ground.events.len() == 1;
            let events = ground.events.iter();
            let events = events
                .filter(|event| event.open_to_all || (is_only && !has_fewer_seats(event, people)));
            events.map(|event| event.key.clone()).collect()
        })
    }
}

pub(crate) fn label_key(label: &str) -> String {
    format!("{EVENTS}:{}", fold(label))
}

/// Whether an event has fewer seats than a list has people.
pub(crate) fn has_fewer_seats(event: &Event, people: i64) -> bool {
    event.capacity.is_some_and(|seats| seats < people)
}

/// Stores answers; `None` takes one back.
pub(super) fn store(
    tx: &mut Tx<'_>,
    id: &ImportId,
    new: &BTreeMap<String, Option<String>>,
) -> Result<(), StoreError> {
    for (key, value) in new {
        sql!(
            "DELETE FROM import_choice WHERE import = :id AND key = :key",
            id,
            key
        )
        .run(tx, Rows::AtMostOne)?;
        if let Some(value) = value {
            sql!(
                "INSERT INTO import_choice (import, key, value) VALUES (:id, :key, :value)",
                id,
                key,
                value
            )
            .run(tx, Rows::Exactly(1))?;
        }
    }
    Ok(())
}

/// Checks answers, each at its place below `/choices`.
pub(super) fn vet(
    new: &BTreeMap<String, Option<String>>,
    ground: &Ground,
    findings: &mut Findings,
) {
    if new.len() > MOST_CHOICES {
        findings.add("/choices", "too_many", [("limit", MOST_CHOICES.into())]);
        return;
    }
    for (key, value) in new {
        let pointer = format!("/choices/{}", web::findings::token(key));
        let (kind, about) = key.split_once(':').unwrap_or((key, ""));
        let is_named = !about.is_empty() && key.chars().count() <= LONGEST_KEY;
        let value = value.as_deref();
        let is_known = match ChoiceKind::find(kind) {
            _ if kind == EVENTS && (key == EVENTS || is_named) => {
                let mut keys = value.unwrap_or_default().split(',').map(str::trim);
                keys.all(|key| key.is_empty() || ground.events.iter().any(|one| one.key == key))
            }
            Some(ChoiceKind::Email) if is_named => {
                if let Some(email) = value.filter(|email| !email.is_empty()) {
                    findings.email(&pointer, email);
                }
                true
            }
            Some(ChoiceKind::Group) if is_named => {
                value.is_none_or(|value| Group::find(value).is_some())
            }
            Some(ChoiceKind::Here) if is_named => {
                value.is_none_or(|value| Here::find(value).is_some())
            }
            _ => false,
        };
        if !is_known {
            findings.add(&pointer, "unknown_option", []);
        }
    }
}

/// Makes the answers true for the households of a list, and collects the questions.
pub(super) fn apply(gathering: &mut Gathering, choices: &Choices, ground: &Ground) {
    let households = std::mem::take(&mut gathering.households);
    let nameless = households.iter().filter(|one| is_nameless(one)).count();
    for mut one in households {
        mend_emails(&mut one, choices, &mut gathering.choices);
        one.here = choices
            .find(ChoiceKind::Here, &one.key)
            .and_then(Here::find);
        if is_nameless(&one) && nameless <= MOST_GROUPS {
            let answer = choices.find(ChoiceKind::Group, &one.key);
            let chosen = answer.and_then(Group::find);
            let is_left_out = chosen == Some(Group::LeaveOut);
            gathering.choices.push(Choice {
                key: format!("{}:{}", ChoiceKind::Group.word(), one.key),
                kind: ChoiceKind::Group,
                row: one.row,
                household: name(&one.record),
                value: places(&one.record).to_string(),
                options: Group::ALL.iter().map(|one| one.word()).collect(),
                chosen: chosen.unwrap_or(Group::Keep).word().to_owned(),
                is_answered: chosen.is_some(),
            });
            if is_left_out {
                let line = Finding::line(one.row, &name(&one.record));
                gathering.findings.push(line);
                continue;
            }
        }
        gathering.households.push(one);
    }
    let people = gathering.households.iter();
    gathering.people = people.map(|one| people_of(&one.record)).sum();
    // A document that names no events is invited to all of them, as its description says, unless a
    // host has chosen.
    let has_chosen = choices.0.keys().any(|key| key.starts_with(EVENTS));
    let households = gathering.households.iter_mut();
    for one in households.filter(|one| one.reference.is_some() || has_chosen) {
        let tags = one.record.tags.as_deref().unwrap_or_default();
        one.invited = Some(choices.invited(tags, ground, gathering.people));
    }
}

pub(super) fn name(record: &Record) -> String {
    record.household.clone().unwrap_or_default()
}

/// How many people a household may bring whom nobody names.
pub(super) fn places(record: &Record) -> i64 {
    let unnamed = record.guests.iter().filter(|guest| guest.name.is_empty());
    let unnamed = i64::try_from(unnamed.count()).unwrap_or(i64::MAX);
    let others = record.plus_ones.unwrap_or(0) + record.children.unwrap_or(0);
    others.max(unnamed)
}

/// The number of all people of a household.
pub(super) fn people_of(record: &Record) -> i64 {
    let named = record.guests.iter().filter(|guest| !guest.name.is_empty());
    i64::try_from(named.count()).unwrap_or(i64::MAX) + places(record)
}

fn is_nameless(one: &Gathered) -> bool {
    one.findings
        .iter()
        .any(|finding| finding.code == Warning::NobodyNamed.word())
}

fn mend_emails(one: &mut Gathered, choices: &Choices, asked: &mut Vec<Choice>) {
    let codes = [Warning::EmailMended.word(), Warning::EmailInNote.word()];
    let doubtful: Vec<(usize, String, bool)> = one
        .findings
        .iter()
        .filter(|finding| codes.contains(&finding.code))
        .map(|finding| {
            let is_mended = finding.code == codes[0];
            (finding.row, finding.value.clone(), is_mended)
        })
        .collect();
    for (place, (row, typed, is_mended)) in doubtful.into_iter().enumerate() {
        let mended = is_mended.then(|| mended(&one.record, &typed)).flatten();
        if is_mended && mended.is_none() {
            continue;
        }
        let key = match place {
            0 => one.key.clone(),
            place => format!("{}-{}", one.key, place + 1),
        };
        let answer = choices.find(ChoiceKind::Email, &key);
        asked.push(Choice {
            key: format!("{}:{key}", ChoiceKind::Email.word()),
            kind: ChoiceKind::Email,
            row,
            household: name(&one.record),
            value: typed.clone(),
            options: Vec::new(),
            chosen: answer.map_or_else(|| mended.clone().unwrap_or_default(), str::to_owned),
            is_answered: answer.is_some(),
        });
        if let Some(answer) = answer {
            replace_email(&mut one.record, mended.as_deref(), answer);
            if mended.is_none() && !answer.is_empty() {
                drop_note(&mut one.record, &typed);
            }
        }
    }
}

/// The address that was made of a cell: it does not stand in it.
fn mended(record: &Record, typed: &str) -> Option<String> {
    let guests = record.guests.iter().map(|guest| &guest.email);
    let mut emails = std::iter::once(&record.email).chain(guests).flatten();
    let typed = fold(typed);
    emails.find(|email| !typed.contains(&fold(email))).cloned()
}

fn replace_email(record: &mut Record, old: Option<&str>, new: &str) {
    let new = Some(new.to_owned()).filter(|new| !new.is_empty());
    let guests = record.guests.iter_mut().map(|guest| &mut guest.email);
    let mut places = std::iter::once(&mut record.email).chain(guests);
    if let Some(place) = places.find(|place| place.as_deref() == old) {
        *place = new;
    }
}

fn drop_note(record: &mut Record, typed: &str) {
    let Some(note) = &record.note else { return };
    let suffix = format!(": {typed}");
    let lines = note.lines();
    let lines: Vec<&str> = lines
        .filter(|line| *line != typed && !line.ends_with(&suffix))
        .collect();
    record.note = Some(lines.join("\n")).filter(|note| !note.is_empty());
}
