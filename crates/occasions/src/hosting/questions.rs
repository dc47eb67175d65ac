//! Questions that hosts ask besides who comes: added, changed, put away.

use platform::store::Json;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::I18n;

use super::history::{self, Changes};
use super::permissions::{HostOf, Permission};
use super::{Current, Refusal, events, occasions};
use crate::event::{self, Event};
use crate::question::{self, Answer, Choice, LIMIT, Question, QuestionId};
use crate::role::Role;
use crate::words::{AskedOf, QuestionKind};
use web::{Findings, Limits};

/// What hosts may set about a question; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = QuestionChange)]
pub struct QuestionChange {
    /// The version that was seen; `If-Match` says the same.
    pub version: Option<i64>,
    /// 1–40 of `a-z0-9-`; only when it is created.
    pub key: Option<String>,
    /// Of whom it is asked. Not once it is answered.
    pub asked_of: Option<AskedOf>,
    /// What answers it takes. Not once it is answered.
    pub kind: Option<QuestionKind>,
    /// 1–200.
    pub title: Option<I18n>,
    /// 0–500.
    pub help: Option<I18n>,
    /// 2–50, where one or several are chosen; one that was chosen stays.
    pub choices: Option<Vec<Choice>>,
    /// Keys of the events it is about; empty: all of them.
    pub events: Option<Vec<String>>,
    /// Those who come have to answer it.
    pub required: Option<bool>,
    /// Only those who say yes are asked.
    pub coming_only: Option<bool>,
    /// Hosts ask it themselves; guests never see it.
    pub hosts_only: Option<bool>,
    /// Asked.
    pub active: Option<bool>,
    /// Order of showing.
    pub position: Option<i64>,
}

/// What became of a question that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// Nobody had answered it: it is gone.
    Deleted,
    /// Somebody had: it is asked of nobody any more.
    Deactivated,
}

/// All questions, in the order they are shown.
pub fn list(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<Question>, Refusal> {
    Ok(question::of(tx, host.occasion())?)
}

/// The question with this key.
pub fn load(tx: &mut Tx<'_>, host: &HostOf, key: &str) -> Result<Question, Refusal> {
    let found = list(tx, host)?
        .into_iter()
        .find(|question| question.key == key);
    found.ok_or(Refusal::NotFound)
}

/// Adds a question.
pub fn create(tx: &mut Tx<'_>, host: &HostOf, new: &QuestionChange) -> Result<Question, Refusal> {
    host.needs(Permission::Own)?;
    occasions::lock(tx, host)?;
    let there = list(tx, host)?;
    let mut fields = Findings::default();
    for (pointer, is_missing) in [
        ("/title", new.title.is_none()),
        ("/kind", new.kind.is_none()),
        ("/asked_of", new.asked_of.is_none()),
    ] {
        if is_missing {
            fields.add(pointer, "required", []);
        }
    }
    let last = there.iter().map(|question| question.position + 1).max();
    let mut question = Question {
        id: tx.id(),
        key: choose_key(new.key.as_deref(), &there, &mut fields),
        asked_of: AskedOf::Guest,
        kind: QuestionKind::ShortText,
        title: I18n::default(),
        help: I18n::default(),
        choices: Vec::new(),
        events: Vec::new(),
        required: false,
        coming_only: false,
        hosts_only: false,
        active: true,
        position: last.unwrap_or(0),
        version: 1,
    };
    let events = event::list(tx, host.occasion())?;
    apply(new, &mut question, &events, &mut fields);
    fields.finish()?;
    if there.len() >= LIMIT {
        return Err(Refusal::LimitReached(i64::try_from(LIMIT).unwrap_or(0)));
    }
    question::insert(tx, host.occasion(), &question)?;
    let changes = json!([{"field": "title", "old": null, "new": question.title}]);
    finish(tx, host, "question.created", &question, changes)?;
    Ok(question)
}

/// Changes a question. Like the words of an event, those of a question are for
/// coordinators too; what is asked, and of whom, is for owners.
pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    key: &str,
    version: i64,
    change: &QuestionChange,
) -> Result<Question, Refusal> {
    host.needs(Permission::Write)?;
    occasions::lock(tx, host)?;
    let old = load(tx, host, key)?;
    if old.version != version {
        let current = Box::new(old);
        return Err(Refusal::VersionConflict(Current::Question(current)));
    }
    let mut new = old.clone();
    let mut fields = Findings::default();
    if change.key.as_ref().is_some_and(|wanted| wanted != key) {
        fields.add("/key", "not_allowed", []);
    }
    let events = event::list(tx, host.occasion())?;
    apply(change, &mut new, &events, &mut fields);
    fields.finish()?;
    if new == old {
        return Ok(old);
    }
    if host.role() < Role::OccasionOwner && is_beyond_texts(&old, &new) {
        return Err(Refusal::Forbidden);
    }
    check_answers(tx, host, &old, &new)?;
    update(tx, &new)?;
    new.version += 1;
    let changes = compare(&old, &new).into_json();
    finish(tx, host, "question.changed", &new, changes)?;
    Ok(new)
}

/// Removes a question, or puts it away where somebody has answered it.
pub fn remove(tx: &mut Tx<'_>, host: &HostOf, key: &str) -> Result<Removed, Refusal> {
    host.needs(Permission::Own)?;
    occasions::lock(tx, host)?;
    let question = load(tx, host, key)?;
    // Whoever answers just now does not know that it is to go.
    events::wait_for_answers(tx, host.occasion())?;
    if !answers_to(tx, &question.id)?.is_empty() {
        let away = QuestionChange {
            active: Some(false),
            ..QuestionChange::default()
        };
        change(tx, host, key, question.version, &away)?;
        return Ok(Removed::Deactivated);
    }
    sql!("DELETE FROM question WHERE id = :id", id = question.id).run(tx, Rows::Exactly(1))?;
    let changes = json!([{"field": "title", "old": question.title, "new": null}]);
    finish(tx, host, "question.removed", &question, changes)?;
    Ok(Removed::Deleted)
}

/// The key as wanted; else questions are numbered.
fn choose_key(wanted: Option<&str>, there: &[Question], fields: &mut Findings) -> String {
    let is_taken = |key: &str| there.iter().any(|question| question.key == key);
    if let Some(wanted) = wanted {
        let key = fields.slug("/key", wanted, 1, 40);
        if is_taken(&key) {
            fields.add("/key", "not_unique", []);
        }
        return key;
    }
    (1..=there.len() + 1)
        .map(|number| format!("question-{number}"))
        .find(|key| !is_taken(key))
        .unwrap_or_default()
}

fn apply(
    change: &QuestionChange,
    question: &mut Question,
    events: &[Event],
    fields: &mut Findings,
) {
    question.asked_of = change.asked_of.unwrap_or(question.asked_of);
    question.kind = change.kind.unwrap_or(question.kind);
    if let Some(title) = &change.title {
        question.title = fields.i18n("/title", title, Limits::required(200));
    }
    if let Some(help) = &change.help {
        question.help = fields.i18n("/help", help, Limits::lines(500));
    }
    if let Some(choices) = &change.choices {
        question.choices = check_choices(choices, fields);
    }
    let takes_choices = question.kind.takes_choices();
    if !takes_choices && change.choices.is_none() {
        question.choices.clear();
    }
    match question.choices.len() {
        0 | 1 if takes_choices => fields.add("/choices", "too_few", [("min", 2.into())]),
        51.. => fields.add("/choices", "too_many", [("max", 50.into())]),
        1.. if !takes_choices => fields.add("/choices", "not_allowed", []),
        _ => {}
    }
    if let Some(keys) = &change.events {
        // An event that is gone stays named: the question was never about all.
        let known = events.iter().map(|event| event.key.as_str());
        let known: Vec<&str> = known
            .chain(question.events.iter().map(String::as_str))
            .collect();
        let mut kept: Vec<String> = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            if !known.contains(&key.as_str()) {
                fields.add(&format!("/events/{index}"), "unknown_option", []);
            } else if !kept.contains(key) {
                kept.push(key.clone());
            }
        }
        question.events = kept;
    }
    question.required = change.required.unwrap_or(question.required);
    question.coming_only = change.coming_only.unwrap_or(question.coming_only);
    question.hosts_only = change.hosts_only.unwrap_or(question.hosts_only);
    question.active = change.active.unwrap_or(question.active);
    if let Some(position) = change.position {
        question.position = fields.number("/position", position, 0, 1_000);
    }
}

/// Choices with a key each; whoever gives none gets the next free number.
fn check_choices(choices: &[Choice], fields: &mut Findings) -> Vec<Choice> {
    let mut kept: Vec<Choice> = Vec::new();
    for (index, choice) in choices.iter().take(51).enumerate() {
        let at = |field: &str| format!("/choices/{index}/{field}");
        let is_taken = |key: &str| choices.iter().any(|other| other.key == key);
        let key = match choice.key.trim() {
            "" => (1..=choices.len() * 2)
                .map(|number| format!("choice-{number}"))
                .find(|key| !is_taken(key) && kept.iter().all(|other| other.key != *key))
                .unwrap_or_default(),
            wanted => fields.slug(&at("key"), wanted, 1, 40),
        };
        if kept.iter().any(|other| other.key == key) {
            fields.add(&at("key"), "not_unique", []);
        }
        kept.push(Choice {
            key,
            label: fields.i18n(&at("label"), &choice.label, Limits::required(200)),
        });
    }
    kept
}

fn is_beyond_texts(old: &Question, new: &Question) -> bool {
    let keys = |question: &Question| -> Vec<String> {
        let choices = question.choices.iter();
        choices.map(|choice| choice.key.clone()).collect()
    };
    let with_texts = Question {
        title: new.title.clone(),
        help: new.help.clone(),
        choices: new.choices.clone(),
        ..old.clone()
    };
    with_texts != *new || keys(old) != keys(new)
}

/// What was answered keeps its meaning: kind and audience are frozen, and a
/// choice that somebody took stays.
fn check_answers(
    tx: &mut Tx<'_>,
    host: &HostOf,
    old: &Question,
    new: &Question,
) -> Result<(), Refusal> {
    let is_other = old.kind != new.kind || old.asked_of != new.asked_of;
    let is_gone = |key: &str| new.choices.iter().all(|choice| choice.key != key);
    let mut gone = old.choices.iter().map(|choice| choice.key.as_str());
    if !is_other && !gone.any(is_gone) {
        return Ok(());
    }
    // Whoever answers just now still answers the old question.
    events::wait_for_answers(tx, host.occasion())?;
    let answers = answers_to(tx, &old.id)?;
    let is_taken = |answer: &Answer| {
        let mut keys = old.choices.iter().map(|choice| choice.key.as_str());
        keys.any(|key| is_gone(key) && answer.has(key))
    };
    if answers.iter().any(|answer| is_other || is_taken(answer)) {
        return Err(Refusal::QuestionInUse);
    }
    Ok(())
}

fn answers_to(tx: &mut Tx<'_>, id: &QuestionId) -> Result<Vec<Answer>, StoreError> {
    let rows: Vec<(String,)> = sql!("SELECT value FROM answer WHERE question = :id", id).all(tx)?;
    let answers = rows.iter().map(|(json,)| {
        serde_json::from_str(json).map_err(|_| StoreError::Column {
            column: "answer.value".to_owned(),
            wanted: "an answer",
        })
    });
    answers.collect()
}

fn labels(question: &Question) -> Vec<&I18n> {
    question
        .choices
        .iter()
        .map(|choice| &choice.label)
        .collect()
}

fn compare(old: &Question, new: &Question) -> Changes {
    let mut changes = Changes::default();
    changes
        .compare("title", &old.title, &new.title)
        .compare("help", &old.help, &new.help)
        .compare("kind", &old.kind, &new.kind)
        .compare("asked_of", &old.asked_of, &new.asked_of)
        .compare("choices", &labels(old), &labels(new))
        .compare("events", &old.events, &new.events)
        .compare("required", &old.required, &new.required)
        .compare("coming_only", &old.coming_only, &new.coming_only)
        .compare("hosts_only", &old.hosts_only, &new.hosts_only)
        .compare("active", &old.active, &new.active)
        .compare("position", &old.position, &new.position);
    changes
}

fn update(tx: &mut Tx<'_>, new: &Question) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE question SET asked_of = :asked_of, kind = :kind, title = :title, help = :help,
             choices = :choices,
             events = :events, required = :required, coming_only = :coming_only,
             hosts_only = :hosts_only, active = :active,
             position = :position, version = version + 1, updated_at = :now
         WHERE id = :id AND version = :version",
        id = new.id,
        asked_of = new.asked_of,
        kind = new.kind,
        title = new.title,
        help = new.help,
        choices = Json(&new.choices),
        events = Json(&new.events),
        required = new.required,
        coming_only = new.coming_only,
        hosts_only = new.hosts_only,
        active = new.active,
        position = new.position,
        now,
        version = new.version
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn finish(
    tx: &mut Tx<'_>,
    host: &HostOf,
    action: &'static str,
    question: &Question,
    changes: serde_json::Value,
) -> Result<(), StoreError> {
    let entity = ("question", question.id.to_string());
    history::record(tx, host, action, entity, changes)?;
    history::tell_of_occasion(tx, host, "questions")
}
