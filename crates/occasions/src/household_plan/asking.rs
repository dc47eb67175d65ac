//! Applies answers to the hosts' own questions. Either a household or a host gives the answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use web::Argument;
use web::findings::token;

use super::{FieldChange, Findings, Rules};
use crate::answer::Answers;
use crate::event::Event;
use crate::guest::Guest;
use crate::household_change::HouseholdChange;
use crate::question::{ANSWER_LIMIT, NUMBER_LIMIT, Question};
use crate::words::{ActedBy, AskedOf};

/// Whether the household is asked this question. The household is asked if the question counts for
/// at least one of the household's guests.
pub(crate) fn counts_for_household(
    question: &Question,
    guests: &[Guest],
    events: &[Event],
) -> bool {
    guests
        .iter()
        .any(|guest| question.counts_for(guest, events))
}

/// Applies the answers in a change to the stored answers.
pub(super) fn change(
    answers: &mut Answers,
    given: &BTreeMap<String, Value>,
    of: AskedOf,
    is_concerned: impl Fn(&Question) -> bool,
    rules: Rules<'_>,
    field: &mut Findings<'_>,
) {
    for (key, value) in given {
        let at = format!("answers/{}", token(key));
        let known = rules.questions.iter().find(|question| {
            question.key == *key
                && question.asked_of == of
                && (rules.speaker == ActedBy::Host || !question.hosts_only)
        });
        let Some(question) = known else {
            field.add(&at, "unknown_field", []);
            continue;
        };
        // The question may have been deactivated while the household had the page open. So the
        // answer is ignored, but not refused. Hosts can still correct stored answers.
        if !question.active && rules.speaker == ActedBy::Household {
            continue;
        }
        if !is_concerned(question) {
            field.add(&at, "not_allowed", []);
            continue;
        }
        match question.read(value) {
            Ok(Some(answer)) => {
                answers.insert(question.id.clone(), answer);
            }
            Ok(None) => {
                answers.remove(&question.id);
            }
            Err(code) => field.add(&at, code, limits(code)),
        }
    }
}

fn limits(code: &str) -> Vec<(&'static str, Argument)> {
    match code {
        "too_long" => vec![("max", ANSWER_LIMIT.into())],
        "out_of_range" => vec![
            ("min", (-NUMBER_LIMIT).into()),
            ("max", NUMBER_LIMIT.into()),
        ],
        _ => Vec::new(),
    }
}

/// Finds required answers that are missing. A change with an answer of a guest must contain all
/// required answers of that guest. A change with any answer must also contain the household's
/// required answers. A change of dietary requirements alone requires no answers. Hosts may leave
/// every question unanswered, because they record what a household told them.
pub(super) fn find_missing(
    change: &HouseholdChange,
    guests: &[Guest],
    rows: &[usize],
    answers: &Answers,
    rules: Rules<'_>,
    field: &mut Findings<'_>,
) {
    if rules.speaker == ActedBy::Host {
        return;
    }
    for (index, (wanted, at)) in change.guests.iter().zip(rows).enumerate() {
        if !wanted.answers_anything() {
            continue;
        }
        let guest = &guests[*at];
        for question in asked(rules, AskedOf::Guest) {
            if question.is_required_of(guest, rules.events)
                && !guest.answers.contains_key(&question.id)
            {
                let at = format!("guests/{index}/answers/{}", question.key);
                field.add(&at, "required", []);
            }
        }
    }
    if !change.answers_anything() {
        return;
    }
    for question in asked(rules, AskedOf::Household) {
        let is_required = guests
            .iter()
            .any(|guest| question.is_required_of(guest, rules.events));
        if is_required && !answers.contains_key(&question.id) {
            field.add(&format!("answers/{}", question.key), "required", []);
        }
    }
}

fn asked(rules: Rules<'_>, of: AskedOf) -> impl Iterator<Item = &Question> {
    rules
        .questions
        .iter()
        .filter(move |question| question.asked_of == of)
}

/// Lists the differences between two sets of answers as changed fields. The paths of the fields
/// begin with `prefix`.
pub fn differences(
    before: &Answers,
    after: &Answers,
    questions: &[Question],
    prefix: &str,
    changes: &mut Vec<FieldChange>,
) {
    for question in questions {
        let (old, new) = (before.get(&question.id), after.get(&question.id));
        if old != new {
            changes.push(FieldChange {
                field: format!("{prefix}answers/{}", question.key),
                old: json!(old),
                new: json!(new),
            });
        }
    }
}
