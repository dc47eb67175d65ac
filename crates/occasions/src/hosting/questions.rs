//! Adds, changes and removes the hosts' own questions. A change may not alter what stored answers
//! mean.

use ::web::fields::{Part, choice, flag, key, rows, texts, words};
use ::web::{Field, Findings, Input, Limits, List, PageQuery};
use platform::{Rows, StoreError, Tx, sql};

use super::resource::{
    Edit, History, Removal, Resource, free_key, history_of, next_position, position,
};
use super::{HostOf, Permission, Refusal};
use crate::answer::Given;
use crate::event::{self, Event};
use crate::id::QuestionId;
use crate::invitation::wait_for_answers;
use crate::question::{Choice, Question, of};
use crate::words::{AskedOf, QuestionKind};

pub(crate) const MOST_CHOICES: usize = 50;

pub(crate) const CHOICE: Part<Choice> = ::web::part! { Choice:
    key: key(0, 40).label("host-field-key"),
    label: texts(Limits::required(200)).label("host-field-label"),
};

impl Question {
    pub(crate) fn field(name: &str) -> Option<&'static Field> {
        Self::FIELDS.iter().find(|field| field.name == name)
    }

    fn check_answers(&self, tx: &mut Tx<'_>, host: &HostOf, old: &Self) -> Result<(), Refusal> {
        fn keys(question: &Question) -> impl Iterator<Item = &str> {
            question.choices.iter().map(|choice| &*choice.key)
        }
        if !host.may(Permission::Own) && !keys(self).eq(keys(old)) {
            return Err(Refusal::Forbidden);
        }
        // A meal chosen for one event does not answer the question for another event.
        let is_moved = old.kind == QuestionKind::Meal && self.events != old.events;
        let is_other = (self.kind, self.asked_of) != (old.kind, old.asked_of) || is_moved;
        let gone = keys(old).filter(|key| keys(self).all(|kept| kept != *key));
        let gone: Vec<&str> = gone.collect();
        if !is_other && gone.is_empty() {
            return Ok(());
        }
        // Saves in progress may still contain answers to the old question, so the change waits for
        // them.
        wait_for_answers(tx, host.occasion())?;
        let is_taken = |given: &Given| gone.iter().any(|key| given.answer.has(key));
        let answers = answers_to(tx, &old.id)?;
        if answers.iter().any(|given| is_other || is_taken(given)) {
            return Err(Refusal::QuestionInUse);
        }
        Ok(())
    }

    /// In an occasion with a single event, the meal belongs to that event.
    fn check_meal(&mut self, events: &[Event], findings: &mut Findings) {
        self.coming_only = true;
        if self.asked_of != AskedOf::Guest && !findings.has("/asked_of") {
            findings.add("/asked_of", "not_allowed", []);
        }
        if let ([], [only]) = (&self.events[..], events) {
            self.events.push(only.key.clone());
        }
        let is_refused = findings.has("/events") || findings.has("/events/0");
        match self.events.len() {
            _ if is_refused => {}
            0 => findings.add("/events", "required", []),
            1 => {}
            _ => findings.add("/events", "too_many", [("max", 1.into())]),
        }
    }

    /// A removed choice's key is not used again: who chose it did not choose the new one.
    fn number_choices(&mut self, old: Option<&Self>, findings: &mut Findings) {
        let old: &[Choice] = old.map_or(&[], |old| &old.choices);
        for index in 0..self.choices.len() {
            let has = |choices: &[Choice], key: &str| choices.iter().any(|one| one.key == key);
            let key = &self.choices[index].key;
            if key.is_empty() {
                self.choices[index].key = free_key("choice", 1.., |key| {
                    has(&self.choices, key) || has(old, key)
                });
            } else if has(&self.choices[..index], key) {
                findings.add(&format!("/choices/{index}/key"), "not_unique", []);
            }
        }
    }
}

impl Resource for Question {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { Question:
        title: texts(Limits::required(200)).label("host-field-question").wording(),
        kind: choice().label("host-field-answer-kind").section("host-question-answers")
            .required(),
        asked_of: choice().label("host-field-asked-of").section("host-question-answers")
            .required(),
        help: texts(Limits::lines(500)).label("host-field-help").wording(),
        choices: rows(CHOICE, MOST_CHOICES).label("host-field-choices").wording(),
        required: flag().label("host-field-required").hint("host-field-required-hint"),
        coming_only: flag().label("host-field-coming-only").hint("host-field-coming-only-hint"),
        hosts_only: flag().label("host-field-hosts-only").hint("host-field-hosts-only-hint"),
        events: words().label("host-events"),
        active: flag().label("host-field-active").hint("host-field-active-hint"),
        position: position().label("host-field-position"),
        key: key(1, 40).label("host-field-key").hint("host-field-key-hint").fixed(),
    };
    const ADDRESS: &'static str = "key";
    const HISTORY: History = history_of!("question", named_by: "title");
    const NEWS: &'static str = "questions";
    const LIMIT: Option<usize> = Some(30);
    const WRITERS: Permission = Permission::Write;

    fn key(&self) -> &str {
        &self.key
    }

    fn entity(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(of(tx, host.occasion())?))
    }

    fn blank(tx: &mut Tx<'_>, _: &HostOf, _: &Input, there: &[Self]) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            key: free_key("question", 1.., |key| {
                there.iter().any(|one| one.key == key)
            }),
            active: true,
            position: next_position(there.iter().map(|question| question.position)),
            version: 1,
            ..Self::default()
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let takes_choices = self.kind.takes_choices();
        if !takes_choices && !edit.input.has("choices") {
            self.choices.clear();
        }
        match self.choices.len() {
            // If the kind or the choices already have errors, the number of choices is not checked.
            _ if findings.has("/kind") || findings.has("/choices") => {}
            0 | 1 if takes_choices => findings.add("/choices", "too_few", [("min", 2.into())]),
            1..=MOST_CHOICES if !takes_choices => findings.add("/choices", "not_allowed", []),
            _ => {}
        }
        self.number_choices(edit.old, findings);
        // The question keeps the key of a deleted event. Otherwise its list of events could become
        // empty, and an empty list means all events.
        let events = event::list(tx, edit.parent.occasion())?;
        let named: &[String] = edit.old.map_or(&[], |old| &old.events);
        for (index, key) in std::mem::take(&mut self.events).into_iter().enumerate() {
            if !named.contains(&key) && events.iter().all(|event| event.key != key) {
                findings.add(&format!("/events/{index}"), "unknown_option", []);
            } else if !self.events.contains(&key) {
                self.events.push(key);
            }
        }
        if self.kind == QuestionKind::Meal {
            self.check_meal(&events, findings);
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        Ok(Self::insert(self, tx, edit.parent.occasion())?)
    }

    fn update(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        if let Some(old) = edit.old {
            self.check_answers(tx, edit.parent, old)?;
        }
        self.version += 1;
        sql!(
            "UPDATE question SET {Question = :Question}, updated_at = :now
             WHERE id = :id AND version = :version - 1",
            Question = self,
            now = tx.now(),
            id = self.id,
            version = self.version
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(())
    }

    fn removal(&self, tx: &mut Tx<'_>, host: &HostOf, _: &[Self]) -> Result<Removal, Refusal> {
        // Saves in progress may still contain answers to the question, so the removal waits for
        // them.
        wait_for_answers(tx, host.occasion())?;
        Ok(if answers_to(tx, &self.id)?.is_empty() {
            Removal::Delete
        } else {
            Removal::Deactivate
        })
    }

    fn delete(&self, tx: &mut Tx<'_>, _: &HostOf) -> Result<(), Refusal> {
        sql!("DELETE FROM question WHERE id = :id", id = self.id).run(tx, Rows::Exactly(1))?;
        Ok(())
    }
}

fn answers_to(tx: &mut Tx<'_>, id: &QuestionId) -> Result<Vec<Given>, StoreError> {
    sql!("SELECT {Given} FROM answer WHERE question = :id", id).all(tx)
}
