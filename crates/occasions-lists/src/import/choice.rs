//! What hosts answer about a list before it is imported. A question without an answer takes the safe
//! side, which its [`Choice`] names.

mod absent;
mod contact;
mod email;
mod food;
mod number;
mod phone;

use std::collections::BTreeMap;

use occasions::event::Event;
use occasions::id::OccasionId;
use platform::text_cleaning::fold;
use platform::{Rows, StoreError, Tx, sql};
use web::{Findings, words};

pub(crate) use self::contact::contact_choices;
pub(super) use self::contact::{chosen_contacts, contact_name};
pub(crate) use self::number::is_number;
use super::ImportId;
use super::finding::Finding;
use super::gathered::{Gathered, Gathering};
use super::lexicon::Lexicon;
pub use super::question::{Choice, ChoiceKind, Here};
use super::reading::Commas;
use super::warning::Warning;
use crate::household_document::table::Field;
use crate::household_document::{Ground, Record};

/// The events of new households, by key and separated by commas, where the list does not say it.
pub(super) const EVENTS: &str = "events";
/// The numbers of the sheets that are read, separated by commas. The first sheet is 1.
pub(crate) const SHEETS: &str = "sheets";
/// Followed by the number of a sheet: the number of its row of headings, or `none`.
pub(super) const HEADINGS: &str = "headings:";
/// What the commas of a text part: `people` or `columns`.
pub(crate) const COMMAS: &str = "commas";
/// What becomes of all households of which the list says that they do not come.
pub(crate) const ABSENT: &str = "absent";
/// The most answers about one list, and the most characters of a key.
const MOST_CHOICES: usize = 20_000;
const LONGEST_KEY: usize = 200;
/// The most questions about households that name nobody. In a list of more, nobody is named.
const MOST_GROUPS: usize = 10;
/// The most questions of another kind. Further rows take the safe side, and a finding names them.
const MOST_OF_A_KIND: usize = 20;

words! {
    /// What becomes of a household that names nobody.
    Group {
        Keep = "keep" => "host-import-group-keep",
        LeaveOut = "leave_out" => "host-import-group-leave-out",
    }
}

words! {
    /// Whose a food need is that a row says of several people, unless it is a name.
    Eater {
        /// The note of each adult says that it is one of them.
        OneOf = "one_of" => "host-import-food-one-of",
        /// It is the need of each adult.
        All = "all" => "host-import-food-all",
    }
}

words! {
    /// What becomes of a household of which the list says that it does not come.
    Absent {
        /// It is added, and the note says so.
        Keep = "keep" => "host-import-absent-keep",
        /// It is added, and has declined.
        Decline = "decline" => "host-import-absent-decline",
        LeaveOut = "leave_out" => "host-import-absent-leave-out",
    }
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
        // These keys name a row by all that its question is about, so that nobody answers it twice.
        let earlier: Vec<(String, String)> = sql!(
            "SELECT old.key, old.value FROM import_choice AS old
             JOIN import ON import.id = old.import
             JOIN import AS this ON this.occasion = import.occasion
             WHERE this.id = :id AND import.id < :id
               AND (old.key LIKE 'email:%' OR old.key LIKE 'phone:%' OR old.key LIKE 'food:%'
                    OR old.key LIKE 'not_coming:%')
             ORDER BY import.id",
            id
        )
        .all(tx)?;
        let own = all.into_iter();
        Ok(Self(earlier.into_iter().chain(own).collect()))
    }

    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(super) fn commas(&self) -> Option<Commas> {
        self.value(COMMAS).and_then(Commas::find)
    }

    /// Returns the choices whose keys begin so, with the rest of their keys.
    pub(super) fn under(&self, begin: &'static str) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        all.filter_map(move |(key, value)| Some((key.strip_prefix(begin)?, value.as_str())))
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

/// Whether a choice is about the sheets or the headings of a file.
pub(super) fn is_of_layout(key: &str) -> bool {
    key == SHEETS || key == COMMAS || key.starts_with(HEADINGS)
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
        if let Some(value) = value {
            sql!(
                "INSERT INTO import_choice (import, key, value) VALUES (:id, :key, :value)
                 ON CONFLICT (import, key) DO UPDATE SET value = excluded.value",
                id,
                key,
                value
            )
            .run(tx, Rows::Exactly(1))?;
        } else {
            sql!(
                "DELETE FROM import_choice WHERE import = :id AND key = :key",
                id,
                key
            )
            .run(tx, Rows::AtMostOne)?;
        }
    }
    Ok(())
}

/// Stores what hosts last answered about the same rows, so that nobody answers twice.
pub(super) fn repeat(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    id: &ImportId,
) -> Result<(), StoreError> {
    let earlier: Option<(ImportId,)> = sql!(
        "SELECT earlier.id FROM import AS earlier
         JOIN import AS this ON this.headings = earlier.headings
             AND this.columns = earlier.columns AND this.row_count = earlier.row_count
         WHERE this.id = :id AND earlier.id <> :id AND earlier.occasion = :occasion
           AND NOT EXISTS (SELECT 1 FROM import_chunk AS new
               WHERE new.import = :id AND new.place >= 0
                 AND NOT EXISTS (SELECT 1 FROM import_chunk AS old
                     WHERE old.import = earlier.id AND old.place = new.place
                       AND old.rows = new.rows))
         ORDER BY earlier.id DESC LIMIT 1",
        id,
        occasion
    )
    .maybe(tx)?;
    if let Some((earlier,)) = earlier {
        // What a host chose of sheets and headings has changed the rows already; contacts are ticked
        // anew.
        sql!(
            "INSERT INTO import_choice (import, key, value)
             SELECT :id, key, value FROM import_choice
             WHERE import = :earlier AND key NOT IN ('sheets', 'commas') AND key NOT LIKE 'headings:%'
               AND key NOT LIKE 'contact:%'",
            id,
            earlier
        )
        .run(tx, Rows::Any)?;
    }
    Ok(())
}

/// Returns how many answers about a list are stored.
pub(super) fn count(tx: &mut Tx<'_>, id: &ImportId) -> Result<usize, StoreError> {
    let (stored,): (u64,) =
        sql!("SELECT COUNT(*) FROM import_choice WHERE import = :id", id).one(tx)?;
    Ok(usize::try_from(stored).unwrap_or(usize::MAX))
}

/// Checks answers, each at its place below `/choices`. As many as `stored` are there already.
pub(super) fn vet(
    new: &BTreeMap<String, Option<String>>,
    stored: usize,
    ground: &Ground,
    findings: &mut Findings,
) {
    if new.len().saturating_add(stored) > MOST_CHOICES {
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
            _ if key == ABSENT => value.is_none_or(|value| Absent::find(value).is_some()),
            Some(ChoiceKind::Email) if is_named => {
                if let Some(email) = value.filter(|email| !email.is_empty()) {
                    findings.email(&pointer, email);
                }
                true
            }
            Some(ChoiceKind::Number) if is_named => value.is_none_or(is_number),
            Some(ChoiceKind::Group) if is_named => {
                value.is_none_or(|value| Group::find(value).is_some())
            }
            Some(ChoiceKind::Here) if is_named => {
                value.is_none_or(|value| Here::find(value).is_some())
            }
            Some(ChoiceKind::NotComing) if is_named => {
                value.is_none_or(|value| Absent::find(value).is_some())
            }
            // Only the list knows the names, and which numbers have a country.
            Some(ChoiceKind::Food | ChoiceKind::Phone) if is_named => {
                value.is_none_or(|value| value.chars().count() <= LONGEST_KEY)
            }
            // Only the file knows its sheets and rows.
            _ if is_of_layout(key) => true,
            _ => contact::is_known(key, value),
        };
        if !is_known {
            findings.add(&pointer, "unknown_option", []);
        }
    }
}

/// Makes the answers true for the households of a list, and collects the questions.
pub(super) fn apply(
    gathering: &mut Gathering,
    choices: &Choices,
    ground: &Ground,
    lexicon: &Lexicon,
) {
    let households = std::mem::take(&mut gathering.households);
    let nameless = households.iter().filter(|one| is_nameless(one)).count();
    let countries = phone::Countries::of(&households, ground);
    let asked = &mut gathering.choices;
    for mut one in households {
        email::mend(&mut one, choices, asked);
        phone::mend(&mut one, &countries, choices, asked);
        number::mend(&mut one, choices, asked);
        food::share(&mut one, choices, lexicon, asked);
        one.here = choices
            .find(ChoiceKind::Here, &one.key)
            .and_then(Here::find);
        let is_absent = absent::is_left_out(&one, choices, asked);
        let is_left_out =
            is_absent || (nameless <= MOST_GROUPS && is_group_left_out(&one, choices, asked));
        if is_left_out {
            let warning = if is_absent {
                Warning::LeftOutAbsent
            } else {
                Warning::LeftOutByHost
            };
            let name = name(&one.record);
            let finding = Finding::warning(one.row, Field::Household, warning, &name);
            gathering.findings.push(finding);
        } else {
            gathering.households.push(one);
        }
    }
    let people = gathering.households.iter();
    gathering.people = people.map(|one| people_of(&one.record)).sum();
    // A document that names no events is invited to all of them, as its description says, unless a
    // host has chosen.
    let has_chosen = choices.0.keys().any(|key| key.starts_with(EVENTS));
    for one in &mut gathering.households {
        if one.reference.is_some() || has_chosen {
            let tags = one.record.tags.as_deref().unwrap_or_default();
            let mut invited = choices.invited(tags, ground, gathering.people);
            one.set_invited(&mut invited);
            one.invited = Some(invited);
            if let Some(mut events) = one.record.events.take() {
                one.set_invited(&mut events);
                one.record.events = Some(events);
            }
        }
        absent::decline(one, choices);
    }
}

/// Asks about a household that names nobody. Returns whether the host leaves it out.
fn is_group_left_out(one: &Gathered, choices: &Choices, asked: &mut Vec<Choice>) -> bool {
    if !is_nameless(one) {
        return false;
    }
    let chosen = choices.find(ChoiceKind::Group, &one.key);
    let chosen = chosen.and_then(Group::find);
    asked.push(Choice {
        key: format!("{}:{}", ChoiceKind::Group.word(), one.key),
        kind: ChoiceKind::Group,
        row: one.row,
        household: name(&one.record),
        value: places(&one.record).to_string(),
        here: None,
        options: words_of(Group::ALL.iter().map(|one| one.word())),
        chosen: chosen.unwrap_or(Group::Keep).word().to_owned(),
        is_answered: chosen.is_some(),
    });
    chosen == Some(Group::LeaveOut)
}

/// Names the question at this place among those of one kind about a household.
fn numbered(key: &str, place: usize) -> String {
    match place {
        0 => key.to_owned(),
        place => format!("{key}-{}", place + 1),
    }
}

pub(super) fn words_of(words: impl Iterator<Item = &'static str>) -> Vec<String> {
    words.map(str::to_owned).collect()
}

fn is_enough(kind: ChoiceKind, asked: &[Choice]) -> bool {
    asked.iter().filter(|one| one.kind == kind).count() >= MOST_OF_A_KIND
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
