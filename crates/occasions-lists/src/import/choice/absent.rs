//! Households of which the list says that they do not come.

use occasions::words::ReplyStatus;

use super::super::gathered::Gathered;
use super::super::warning::Warning;
use super::{ABSENT, Absent, Choice, ChoiceKind, Choices, is_enough, name};

/// Asks what becomes of the household. Returns whether the host leaves it out.
pub(super) fn is_left_out(one: &Gathered, choices: &Choices, asked: &mut Vec<Choice>) -> bool {
    let rows = rows(one);
    let Some(row) = rows.first() else {
        return false;
    };
    let chosen = chosen(one, choices);
    let question = Choice {
        key: format!("{}:{}", ChoiceKind::NotComing.word(), one.key),
        kind: ChoiceKind::NotComing,
        row: *row,
        household: name(&one.record),
        value: name(&one.record),
        here: None,
        options: super::words_of(options(one).map(Absent::word)),
        chosen: chosen.word().to_owned(),
        is_answered: answer(one, choices).is_some(),
    };
    if !is_enough(ChoiceKind::NotComing, asked) {
        asked.push(question);
    }
    chosen == Absent::LeaveOut
}

fn options(one: &Gathered) -> impl DoubleEndedIterator<Item = Absent> {
    let rows = rows(one);
    // Rows of which the list says nothing stay.
    let is_whole = one.guest_rows.iter().all(|own| rows.contains(own));
    let can_decline = !named(one).is_empty() || one.record.guests.is_empty();
    let all = Absent::ALL.iter().copied();
    all.filter(move |option| match option {
        Absent::Keep => true,
        Absent::Decline => can_decline,
        Absent::LeaveOut => is_whole,
    })
}

/// The guests of these rows decline the events to which they are invited, unless the host says
/// otherwise.
pub(super) fn decline(one: &mut Gathered, choices: &Choices) {
    if rows(one).is_empty() || chosen(one, choices) != Absent::Decline {
        return;
    }
    let is_answered = answer(one, choices).is_some();
    let guests = named(one);
    let of_household = one.record.events.clone().or_else(|| one.invited.clone());
    if one.record.guests.is_empty() {
        let events = of_household.clone().unwrap_or_default();
        if events.is_empty() {
            return;
        }
        for event in events {
            one.record.replies.entry(event).or_insert(ReplyStatus::No);
        }
    }
    for guest in guests {
        let Some(guest) = one.record.guests.get_mut(guest) else {
            continue;
        };
        let events = guest.events.clone().or_else(|| of_household.clone());
        for event in events.unwrap_or_default() {
            guest.replies.entry(event).or_insert(ReplyStatus::No);
        }
    }
    let code = Warning::NotComing.word();
    one.findings
        .retain(|finding| finding.code != code || !is_answered);
}

fn answer(one: &Gathered, choices: &Choices) -> Option<Absent> {
    let answer = choices.find(ChoiceKind::NotComing, &one.key);
    let answer = answer.and_then(Absent::find)?;
    options(one)
        .any(|option| option == answer)
        .then_some(answer)
}

/// What becomes of the household: what the host says of it, or of all such, or else the last that
/// may.
fn chosen(one: &Gathered, choices: &Choices) -> Absent {
    let of_all = choices.value(ABSENT).and_then(Absent::find);
    let of_all = of_all.filter(|chosen| options(one).any(|option| option == *chosen));
    let usual = || options(one).next_back().unwrap_or(Absent::Keep);
    answer(one, choices).or(of_all).unwrap_or_else(usual)
}

/// The rows of which the list says that they do not come.
fn rows(one: &Gathered) -> Vec<usize> {
    let code = Warning::NotComing.word();
    let findings = one.findings.iter().filter(|finding| finding.code == code);
    findings.map(|finding| finding.row).collect()
}

/// The places of the named guests of these rows.
fn named(one: &Gathered) -> Vec<usize> {
    let rows = rows(one);
    let guests = one.record.guests.iter().zip(&one.guest_rows).enumerate();
    let guests = guests.filter(|(_, (guest, row))| rows.contains(row) && !guest.name.is_empty());
    guests.map(|(at, _)| at).collect()
}
