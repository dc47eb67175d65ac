//! Whose a food need is that a row says of several people.

use platform::text_cleaning::{clean, fold};

use super::super::finding::Finding;
use super::super::gathered::Gathered;
use super::super::identity;
use super::super::lexicon::Lexicon;
use super::super::reading::{self, LONGEST_FOOD, ONE_OF};
use super::super::warning::Warning;
use super::{Choice, ChoiceKind, Choices, Eater, is_enough, name, numbered, words_of};
use crate::household_document::GuestRecord;

/// What stands between two notes on food of a guest.
const BETWEEN: &str = "; ";
const BETWEEN_NEEDS: [char; 11] = [',', ';', '/', '&', '+', '\n', '，', '；', '、', '／', '＆'];
const DASHES: [char; 3] = ['-', '–', '—'];
/// The most parts of a cell. A longer one is asked as a whole.
const MOST_PARTS: usize = 6;

/// Asks whose food needs are, and gives them to whom the host says. Until then they are of whom the
/// cell itself names ("Anna: vegan"), or else the note of each adult says that it is one of them.
pub(super) fn share(
    one: &mut Gathered,
    choices: &Choices,
    lexicon: &Lexicon,
    asked: &mut Vec<Choice>,
) {
    let named = part(one);
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
        // The answer to another text of the same household is not the answer to this one.
        let key = numbered(&format!("{}-{}", one.key, identity::of_text(&food)), place);
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
            here: None,
            options,
        };
        let is_named = named.contains(&(row, food.clone()));
        asked.extend((is_asked && !is_named).then_some(question));
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
                replace(guest, &note, "");
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

/// Takes apart what a cell says of several people, if it names one of them or counts them: "1 vegan,
/// celiac (Wei Jie)". Each part is then asked, or given, by itself. Returns the parts, with their row,
/// of cells that name somebody in every part: nothing is left to ask of them.
fn part(one: &mut Gathered) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    let findings = std::mem::take(&mut one.findings);
    for finding in findings {
        let guests = one.record.guests.iter().zip(&one.guest_rows);
        let people = guests.filter(|(_, row)| **row == finding.row);
        let people: Vec<String> = people.map(|(guest, _)| guest.name.clone()).collect();
        let food = clean(&finding.value);
        let parts = if finding.code == Warning::WhoseDiet.word() {
            parts(&food, &people)
        } else {
            Vec::new()
        };
        let are_named = parts.iter().all(|part| of_one(part, &people).is_some());
        // "Chong ok" is no need.
        let is_need =
            |part: &&&str| of_one(part, &people).is_none_or(|(_, need)| !reading::is_no_need(need));
        let needs: Vec<&str> = parts.iter().filter(is_need).copied().collect();
        let parts = if needs.is_empty() { parts } else { needs };
        let whole = format!("{ONE_OF}{food}");
        let notes: Vec<String> = parts.iter().map(|part| format!("{ONE_OF}{part}")).collect();
        let notes = notes.join(BETWEEN);
        let length = |text: &str| text.chars().count();
        let more = length(&notes).saturating_sub(length(&whole));
        let mut guests = one
            .record
            .guests
            .iter()
            .filter_map(|one| one.diet_note.as_ref());
        let has_room = guests.all(|note| length(note) + more <= LONGEST_FOOD);
        if parts.is_empty() || !has_room {
            one.findings.push(finding);
            continue;
        }
        let guests = one.record.guests.iter_mut().zip(&one.guest_rows);
        for (guest, _) in guests.filter(|(_, row)| **row == finding.row) {
            replace(guest, &whole, &notes);
        }
        if are_named {
            named.extend(parts.iter().map(|part| (finding.row, clean(part))));
        }
        one.findings.extend(parts.into_iter().map(|part| Finding {
            value: part.to_owned(),
            ..finding.clone()
        }));
    }
    named
}

/// Returns the parts of a cell; none if it is one: all of it is of one person, or nothing in it says
/// whose a part is or how many eat it.
fn parts<'a>(food: &'a str, names: &[String]) -> Vec<&'a str> {
    if of_one(food, names).is_some() {
        return Vec::new();
    }
    let split = |signs: &'static [char]| -> Vec<&'a str> {
        let mut depth = 0_usize;
        let parts = food.split(|sign: char| {
            match sign {
                '(' | '（' => depth += 1,
                ')' | '）' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && signs.contains(&sign)
        });
        let parts = parts.map(str::trim);
        parts.filter(|part| !part.is_empty()).collect()
    };
    let says = |parts: &[&str]| {
        let is_counted = |part: &&str| uncounted(part).is_some();
        (2..=MOST_PARTS).contains(&parts.len())
            && (parts.iter().any(|part| of_one(part, names).is_some())
                || parts.iter().all(is_counted))
    };
    let ways = [&[';', '；', '\n'][..], &[';', '；', '\n', ',', '，', '、']];
    let mut ways = ways.into_iter().map(split);
    ways.find(|parts| says(parts)).unwrap_or_default()
}

/// Returns a need without the number of those who eat it: "2 vegan", "kids menu x2". `None` if it has
/// no number.
fn uncounted(part: &str) -> Option<String> {
    let is_number = |word: &&str| {
        let digits = word.trim_matches(['x', 'X', '×']);
        (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let words: Vec<&str> = part.split_whitespace().collect();
    let rest = match words.as_slice() {
        [number, rest @ ..] if is_number(number) => rest,
        [rest @ .., number] if is_number(number) => rest,
        _ => return None,
    };
    (!rest.is_empty()).then(|| rest.join(" "))
}

/// Returns who of these a cell itself says a food need is of, and the need: "Anna: vegan", "Anna -
/// vegan", "vegan (Anna)", "Anna vegan". `None` if it names nobody, or if it may be about several.
fn of_one<'a>(food: &'a str, names: &'a [String]) -> Option<(&'a str, &'a str)> {
    let words = |text: &str| -> Vec<String> {
        let folded = fold(text);
        let words = folded.split(|sign: char| !sign.is_alphanumeric());
        let words = words.filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let is_between = |sign: char| sign.is_whitespace() || DASHES.contains(&sign);
    let behind = || {
        let (need, who) = food.strip_suffix([')', '）'])?.split_once(['(', '（'])?;
        (!need.contains(BETWEEN_NEEDS)).then_some((who, need))
    };
    let before = || {
        let (who, need) = food.split_once(' ')?;
        let who = who.trim_end_matches(DASHES);
        let mut names = names.iter().flat_map(|name| name.split(' '));
        (names.any(|name| name == who) && !need.contains(BETWEEN_NEEDS)).then_some((who, need))
    };
    let dashed = || {
        let mut dashes = food.match_indices(DASHES);
        let (at, dash) = dashes.find(|(at, dash)| {
            let behind = &food[at + dash.len()..];
            *dash != "-" || food[..*at].ends_with(' ') || behind.starts_with(' ')
        })?;
        let (who, need) = (&food[..at], &food[at + dash.len()..]);
        let mut names = names.iter().map(|name| words(name));
        let is_named = names.any(|name| words(who).iter().all(|word| name.contains(word)));
        is_named.then_some((who, need))
    };
    let found = food.split_once([':', '：']).or_else(behind).or_else(dashed);
    let (who, need) = found.or_else(before)?;
    let (who, need) = (words(who), need.trim_start_matches(is_between).trim());
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
        is_whole(before, |text| {
            text.is_empty() || text.ends_with([' ', '\n'])
        }) && is_whole(after, |text| {
            text.is_empty() || text.starts_with([';', '\n'])
        })
    })
}

/// Puts other notes in the place of a note, or none.
fn replace(guest: &mut GuestRecord, note: &str, notes: &str) {
    let Some(known) = &guest.diet_note else {
        return;
    };
    let Some(at) = place_of(known, note) else {
        return;
    };
    let (before, after) = known.split_at(at);
    let after = after.strip_prefix(note).unwrap_or(after);
    let before = before.trim_end_matches([' ', ';', '\n']);
    let after = after.trim_start_matches([';', ' ', '\n']);
    let left = [before, notes, after];
    let left: Vec<&str> = left.into_iter().filter(|one| !one.is_empty()).collect();
    guest.diet_note = Some(left.join(BETWEEN)).filter(|left| !left.is_empty());
}

/// Words that the occasion offers become its food needs; the others stay a note.
fn give(guest: &mut GuestRecord, food: &str, lexicon: &Lexicon) {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let parts = food.split(BETWEEN_NEEDS).map(str::trim);
    for word in parts.filter(|word| !word.is_empty()) {
        let found = lexicon.diet(word);
        match found.or_else(|| lexicon.diet(&uncounted(word)?)) {
            Some(key) => known.push(key.to_owned()),
            None => unknown.push(word),
        }
    }
    guest.tick_diets(known);
    if !unknown.is_empty() {
        let before = guest.diet_note.take().into_iter();
        let all: Vec<String> = before.chain([unknown.join(", ")]).collect();
        guest.diet_note = Some(all.join(BETWEEN));
    }
}

#[cfg(test)]
mod tests {
    use super::{of_one, parts};

    #[test]
    fn a_cell_is_taken_apart_where_it_names_or_counts() {
        let names = ["Wei Jie Tan", "Mei Tan", "Anna Lim"].map(str::to_owned);
        for (food, expected) in [
            (
                "1 vegan, celiac (Wei Jie)",
                &["1 vegan", "celiac (Wei Jie)"][..],
            ),
            ("Anna: vegan, Mei: halal", &["Anna: vegan", "Mei: halal"]),
            (
                "Anna: vegan, nuts; Mei: halal",
                &["Anna: vegan, nuts", "Mei: halal"],
            ),
            ("halal, vegan (Anna)", &["halal", "vegan (Anna)"]),
            (
                "Anna - vegan, Mei – halal",
                &["Anna - vegan", "Mei – halal"],
            ),
            ("Anna no nuts, Mei ok", &["Anna no nuts", "Mei ok"]),
            ("2 vegan, 1 halal", &["2 vegan", "1 halal"]),
            ("kids menu x2、1 vegan", &["kids menu x2", "1 vegan"]),
            ("Anna: vegan\nhalal", &["Anna: vegan", "halal"]),
            // One person's, or nothing says whose.
            ("Anna: vegan, nuts", &[]),
            ("vegan, nut allergy", &[]),
            ("2 vegan, no nuts", &[]),
            ("kids menu x2", &[]),
            ("E 120, E 171", &[]),
            (
                "vegan (Anna), severe (epipen, nuts)",
                &["vegan (Anna)", "severe (epipen, nuts)"],
            ),
            ("halal，素食（Anna）", &["halal", "素食（Anna）"]),
        ] {
            assert_eq!(parts(food, &names), expected, "{food}");
        }
    }

    #[test]
    fn a_cell_may_say_whose_a_need_is() {
        let names = ["Mr Marco Rossi", "Mrs Rossi", "Anna Lim"].map(str::to_owned);
        for (food, expected) in [
            ("Mrs Rossi: nut allergy", Some(("Mrs Rossi", "nut allergy"))),
            ("MRS ROSSI：nuts", Some(("Mrs Rossi", "nuts"))),
            ("vegan (Anna)", Some(("Anna Lim", "vegan"))),
            ("Anna nut allergy", Some(("Anna Lim", "nut allergy"))),
            ("Anna - nut allergy", Some(("Anna Lim", "nut allergy"))),
            ("anna lim – nut-free", Some(("Anna Lim", "nut-free"))),
            ("Anna- vegan, nuts", Some(("Anna Lim", "vegan, nuts"))),
            ("Anna vegan - strict", Some(("Anna Lim", "vegan - strict"))),
            ("Anna - vegan, Marco - halal", None),
            ("nut-free - strict", None),
            ("Anna -", None),
            ("anna nut allergy", None),
            ("Anna vegan, Marco halal", None),
            ("Rossi nut allergy", None),
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
