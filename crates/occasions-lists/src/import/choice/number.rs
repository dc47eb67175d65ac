//! Numbers of people that cannot be read, or that disagree.

use super::super::gathered::Gathered;
use super::super::warning::Warning;
use super::{Choice, ChoiceKind, Choices, is_enough, name, people_of};

/// The most people of a household: those whom it may name, and those whom it may bring.
const MOST_PEOPLE: i64 = 50;
const MOST_TO_BRING: i64 = 20;

/// Whether an answer is a number of people. An empty one leaves what was read.
pub(crate) fn is_number(answer: &str) -> bool {
    let number = answer.parse::<i64>();
    answer.is_empty() || number.is_ok_and(|number| (0..=MOST_PEOPLE).contains(&number))
}

/// Asks how many people a household has in all, and takes the host's number instead.
pub(super) fn mend(one: &mut Gathered, choices: &Choices, asked: &mut Vec<Choice>) {
    let code = Warning::NumberDoubtful.word();
    let Some(finding) = one.findings.iter().find(|finding| finding.code == code) else {
        return;
    };
    if is_enough(ChoiceKind::Number, asked) {
        return;
    }
    let record = &mut one.record;
    // Without a number, the occasion's usual one counts.
    let read = record.plus_ones.map(|_| people_of(record).to_string());
    let answer = choices.find(ChoiceKind::Number, &one.key);
    let answer = answer.filter(|answer| !answer.is_empty());
    asked.push(Choice {
        key: format!("{}:{}", ChoiceKind::Number.word(), one.key),
        kind: ChoiceKind::Number,
        row: finding.row,
        household: name(record),
        value: finding.value.clone(),
        here: None,
        options: Vec::new(),
        chosen: answer.map_or_else(|| read.unwrap_or_default(), str::to_owned),
        is_answered: answer.is_some(),
    });
    let Some(total) = answer.and_then(|answer| answer.parse::<i64>().ok()) else {
        return;
    };
    let named = record.guests.iter().filter(|guest| !guest.name.is_empty());
    let named = i64::try_from(named.count()).unwrap_or(i64::MAX);
    let more = total.saturating_sub(named).max(0);
    let children = record.children.unwrap_or(0).min(more);
    record.children = record.children.map(|_| children);
    record.plus_ones = Some((more - children).min(MOST_TO_BRING));
    if people_of(record) == total {
        one.findings.retain(|finding| finding.code != code);
    }
}
