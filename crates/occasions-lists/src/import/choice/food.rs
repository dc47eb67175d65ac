//! Whose a food need is that a row says of several people.

use platform::text_cleaning::{clean, fold};

use super::super::gathered::Gathered;
use super::super::lexicon::Lexicon;
use super::super::reading::ONE_OF;
use super::super::warning::Warning;
use super::{Choice, ChoiceKind, Choices, Eater, is_enough, name, numbered, words_of};
use crate::household_document::GuestRecord;

/// What stands between two notes on food of a guest.
const BETWEEN: &str = "; ";

/// Asks whose food needs are, and gives them to whom the host says. Until then they are of whom the
/// cell itself names ("Anna: vegan"), or else the note of each adult says that it is one of them.
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
        let (mut names, mut people): (Vec<String>, Vec<String>) = Default::default();
        let mut eaters: Vec<usize> = Vec::new();
        for (at, (guest, own)) in guests.enumerate() {
            if *own != row {
                continue;
            }
            let notes = guest.diet_note.as_deref().unwrap_or_default();
            if place_of(notes, &note).is_some() {
                eaters.push(at);
            }
            people.push(guest.name.clone());
            if !guest.name.is_empty() && !names.contains(&guest.name) {
                names.push(guest.name.clone());
            }
        }
        let of_one = of_one(&food, &people);
        let is_asked = !is_enough(ChoiceKind::Food, asked);
        if eaters.is_empty() || (of_one.is_none() && !is_asked) {
            continue;
        }
        let mut options = words_of(Eater::ALL.iter().map(|one| one.word()));
        options.extend(names);
        let key = numbered(&one.key, place);
        let answer = choices.find(ChoiceKind::Food, &key);
        let answer = answer.filter(|answer| options.iter().any(|option| option == answer));
        let proposed = of_one.map(|(name, _)| name);
        let question = Choice {
            key: format!("{}:{key}", ChoiceKind::Food.word()),
            kind: ChoiceKind::Food,
            row,
            household: name(&one.record),
            value: food.clone(),
            chosen: answer
                .or(proposed)
                .unwrap_or(Eater::OneOf.word())
                .to_owned(),
            is_answered: answer.is_some(),
            options,
        };
        asked.extend(is_asked.then_some(question));
        let answer = answer.or(proposed);
        let Some(answer) = answer.filter(|answer| *answer != Eater::OneOf.word()) else {
            continue;
        };
        let need = of_one.filter(|(name, _)| *name == answer);
        let need = need.map_or(food.as_str(), |(_, need)| need);
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
                give(guest, need, lexicon);
                is_given = true;
            }
        }
        one.findings.retain(|finding| {
            let is_this = finding.row == row && clean(&finding.value) == food;
            finding.code != Warning::WhoseDiet.word() || !is_this
        });
    }
}

/// Returns who of these a cell itself says a food need is of, and the need: "Anna: vegan", "vegan
/// (Anna)". `None` if it names nobody, or if it may be about several.
fn of_one<'a>(food: &'a str, names: &'a [String]) -> Option<(&'a str, &'a str)> {
    let behind = || {
        let (need, who) = food.strip_suffix([')', '）'])?.split_once(['(', '（'])?;
        (!need.contains([',', ';', '/', '&', '+'])).then_some((who, need))
    };
    let (who, need) = food.split_once([':', '：']).or_else(behind)?;
    let words = |text: &str| -> Vec<String> {
        let folded = fold(text);
        let words = folded.split(|sign: char| !sign.is_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let (who, need) = (words(who), need.trim());
    let meant = |name: &String| {
        let name = words(name);
        who.iter().all(|word| name.contains(word))
    };
    let (mine, others): (Vec<&String>, Vec<&String>) = names.iter().partition(|name| meant(name));
    let rest = words(need);
    let names_another = others
        .iter()
        .any(|name| words(name).iter().any(|word| rest.contains(word)));
    let is_one = !need.contains([':', '：', '(', '（', '\n']) && !names_another;
    match mine.as_slice() {
        [name] if is_one && !who.is_empty() && !rest.is_empty() => Some((name, need)),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::of_one;

    #[test]
    fn a_cell_may_say_whose_a_need_is() {
        let names = ["Mr Marco Rossi", "Mrs Rossi", "Anna Lim"].map(str::to_owned);
        for (food, expected) in [
            ("Mrs Rossi: nut allergy", Some(("Mrs Rossi", "nut allergy"))),
            ("MRS ROSSI：nuts", Some(("Mrs Rossi", "nuts"))),
            ("vegan (Anna)", Some(("Anna Lim", "vegan"))),
            // Both are Rossi, nobody is Ben, and two needs are of two people.
            ("Rossi: nut allergy", None),
            ("Ben: nut allergy", None),
            ("Anna: vegan, Marco: halal", None),
            ("Anna: vegan, Marco halal", None),
            ("Anna: vegan\nhalal", None),
            ("halal, vegan (Anna)", None),
            ("Anna : végane", Some(("Anna Lim", "végane"))),
            ("vegan ( Anna )", Some(("Anna Lim", "vegan"))),
            ("nut allergy (severe)", None),
            ("Anna:", None),
            (": vegan", None),
        ] {
            assert_eq!(of_one(food, &names), expected, "{food}");
        }
        let namesakes = ["Ali bin Ahmad", "Ali bin Ahmad"].map(str::to_owned);
        assert_eq!(of_one("Ali: nut allergy", &namesakes), None);
    }
}
