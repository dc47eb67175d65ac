//! Email addresses that were mended, or that are none.

use platform::text_cleaning::fold;

use super::super::finding::Finding;
use super::super::gathered::Gathered;
use super::super::warning::Warning;
use super::{Choice, ChoiceKind, Choices, name, numbered};
use crate::household_document::Record;

/// Asks about addresses that were mended or are none, and takes the host's instead.
pub(super) fn mend(one: &mut Gathered, choices: &Choices, asked: &mut Vec<Choice>) {
    let codes = [Warning::EmailMended.word(), Warning::EmailInNote.word()];
    let doubtful: Vec<Finding> = one
        .findings
        .iter()
        .filter(|finding| codes.contains(&finding.code))
        .cloned()
        .collect();
    for (place, finding) in doubtful.into_iter().enumerate() {
        let (row, typed) = (finding.row, finding.value.clone());
        let is_mended = finding.code == codes[0];
        let mended = is_mended.then(|| mended(&one.record, &typed)).flatten();
        if is_mended && mended.is_none() {
            continue;
        }
        let key = numbered(&one.key, place);
        let answer = choices.find(ChoiceKind::Email, &key);
        asked.push(Choice {
            key: format!("{}:{key}", ChoiceKind::Email.word()),
            kind: ChoiceKind::Email,
            row,
            household: name(&one.record),
            value: typed.clone(),
            here: None,
            options: Vec::new(),
            chosen: answer.map_or_else(|| mended.clone().unwrap_or_default(), str::to_owned),
            is_answered: answer.is_some(),
        });
        if let Some(answer) = answer {
            let is_placed = replace_email(&mut one.record, mended.as_deref(), answer);
            if is_placed && mended.is_none() && !answer.is_empty() {
                drop_note(&mut one.record, &typed);
            }
            // What the host has answered is no doubt any more, and no longer in the note.
            if is_placed && (mended.is_some() || !answer.is_empty()) {
                one.findings.retain(|known| *known != finding);
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

/// Returns whether there was a place for the new address.
fn replace_email(record: &mut Record, old: Option<&str>, new: &str) -> bool {
    let new = Some(new.to_owned()).filter(|new| !new.is_empty());
    let guests = record.guests.iter_mut().map(|guest| &mut guest.email);
    let mut places = std::iter::once(&mut record.email).chain(guests);
    let place = places.find(|place| place.as_deref() == old);
    place.map(|place| *place = new).is_some()
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
