//! Whose a food need is that a row says of several people.

use platform::text_cleaning::clean;

use super::super::gathered::Gathered;
use super::super::lexicon::Lexicon;
use super::super::reading::ONE_OF;
use super::super::warning::Warning;
use super::{Choice, ChoiceKind, Choices, Eater, is_enough, name, numbered, words_of};
use crate::household_document::GuestRecord;

/// What stands between two notes on food of a guest.
const BETWEEN: &str = "; ";

/// Asks whose food needs are, and gives them to whom the host says. Until then, the note of each
/// adult says that it is one of them.
pub(super) fn share(
    one: &mut Gathered,
    choices: &Choices,
    lexicon: &Lexicon,
    asked: &mut Vec<Choice>,
) {
    let shared = one.findings.iter();
    let shared = shared.filter(|finding| finding.code == Warning::WhoseDiet.word());
    let shared: Vec<(usize, String)> = shared
        .map(|finding| (finding.row, clean(&finding.value)))
        .collect();
    for (place, (row, food)) in shared.into_iter().enumerate() {
        let note = format!("{ONE_OF}{food}");
        let guests = one.record.guests.iter().zip(&one.guest_rows);
        let mut names: Vec<String> = Vec::new();
        let mut eaters: Vec<usize> = Vec::new();
        for (at, (guest, own)) in guests.enumerate() {
            if *own != row {
                continue;
            }
            let notes = guest.diet_note.as_deref().unwrap_or_default();
            if place_of(notes, &note).is_some() {
                eaters.push(at);
            }
            if !guest.name.is_empty() && !names.contains(&guest.name) {
                names.push(guest.name.clone());
            }
        }
        if eaters.is_empty() || is_enough(ChoiceKind::Food, asked) {
            continue;
        }
        let mut options = words_of(Eater::ALL.iter().map(|one| one.word()));
        options.extend(names);
        let key = numbered(&one.key, place);
        let answer = choices.find(ChoiceKind::Food, &key);
        let answer = answer.filter(|answer| options.iter().any(|option| option == answer));
        asked.push(Choice {
            key: format!("{}:{key}", ChoiceKind::Food.word()),
            kind: ChoiceKind::Food,
            row,
            household: name(&one.record),
            value: food.clone(),
            options,
            chosen: answer.unwrap_or(Eater::OneOf.word()).to_owned(),
            is_answered: answer.is_some(),
        });
        let Some(answer) = answer.filter(|answer| *answer != Eater::OneOf.word()) else {
            continue;
        };
        let is_for_all = answer == Eater::All.word();
        let mut is_given = false;
        let guests = one.record.guests.iter_mut().zip(&one.guest_rows);
        for (at, (guest, own)) in guests.enumerate() {
            let is_eater = eaters.contains(&at);
            if is_eater {
                drop_note(guest, &note);
            }
            let is_named = !is_given && *own == row && guest.name == answer;
            if (is_for_all && is_eater) || (!is_for_all && is_named) {
                give(guest, &food, lexicon);
                is_given = true;
            }
        }
        one.findings.retain(|finding| {
            let is_this = finding.row == row && clean(&finding.value) == food;
            finding.code != Warning::WhoseDiet.word() || !is_this
        });
    }
}

/// Where a whole note stands among the notes of a guest.
fn place_of(known: &str, note: &str) -> Option<usize> {
    let mut places = known.match_indices(note).map(|(at, _)| at);
    places.find(|at| {
        let (before, after) = (known.get(..*at), known.get(at + note.len()..));
        let is_whole = |text: Option<&str>, is_end: fn(&str) -> bool| text.is_some_and(is_end);
        is_whole(before, |text| text.is_empty() || text.ends_with(BETWEEN))
            && is_whole(after, |text| text.is_empty() || text.starts_with(BETWEEN))
    })
}

fn drop_note(guest: &mut GuestRecord, note: &str) {
    let Some(known) = &guest.diet_note else {
        return;
    };
    let Some(at) = place_of(known, note) else {
        return;
    };
    let (before, after) = known.split_at(at);
    let after = after.strip_prefix(note).unwrap_or(after);
    let before = before.strip_suffix(BETWEEN).unwrap_or(before);
    let after = after.strip_prefix(BETWEEN).unwrap_or(after);
    let left = [before, after].into_iter().filter(|one| !one.is_empty());
    let left: Vec<&str> = left.collect();
    guest.diet_note = Some(left.join(BETWEEN)).filter(|left| !left.is_empty());
}

/// Words that the occasion offers become its food needs; the others stay a note.
fn give(guest: &mut GuestRecord, food: &str, lexicon: &Lexicon) {
    let (mut known, mut unknown) = (guest.diets.take().unwrap_or_default(), Vec::new());
    let parts = food.split([',', ';', '/', '&', '+', '\n']).map(str::trim);
    for word in parts.filter(|word| !word.is_empty()) {
        match lexicon.diet(word) {
            Some(key) => known.push(key.to_owned()),
            None => unknown.push(word),
        }
    }
    known.sort();
    known.dedup();
    guest.diets = Some(known).filter(|known| !known.is_empty());
    if !unknown.is_empty() {
        let before = guest.diet_note.take().into_iter();
        let all: Vec<String> = before.chain([unknown.join(", ")]).collect();
        guest.diet_note = Some(all.join(BETWEEN));
    }
}
