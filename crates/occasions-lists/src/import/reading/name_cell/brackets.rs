//! What a cell says beside the names: in brackets, or that somebody does not come.

use super::super::super::warning::Warning;
use super::super::counts::{self, Count};
use super::super::words;
use super::{NameCell, SIGNS};
use crate::household_document::field::folded;

/// The most words that say that somebody does not come.
const LONGEST_CANCELLED: usize = 4;

/// "Old Mr Tan - not coming" is Old Mr Tan.
pub(super) fn without_cancelled(text: &str, found: &mut NameCell) -> String {
    let signs = [' ', '-', '–', '—', ':', ',', ';', '|'];
    let mut spaces = text.trim_end().rmatch_indices(' ').take(LONGEST_CANCELLED);
    let cut = spaces.find(|(at, _)| {
        // `read_brackets` reads what stands in brackets.
        !text[*at..].contains(['(', '（', '[']) && words::is_cancelled(&folded(&text[*at..]))
    });
    let Some((at, _)) = cut.filter(|(at, _)| !folded(&text[..*at]).is_empty()) else {
        return text.to_owned();
    };
    found.notes.push(text[at..].trim().to_owned());
    found.doubt(Warning::NotComing);
    text[..at].trim_end_matches(signs).to_owned()
}

/// Reads and removes what brackets say about the people before them.
pub(super) fn read_brackets(text: &str, found: &mut NameCell) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(open) = rest.find(['(', '（', '[']) {
        let inside_from = open + rest[open..].chars().next().map_or(1, char::len_utf8);
        let Some(length) = rest[inside_from..].find([')', '）', ']']) else {
            break;
        };
        let inside = &rest[inside_from..inside_from + length];
        let close = inside_from + length;
        let end = close + rest[close..].chars().next().map_or(1, char::len_utf8);
        kept.push_str(&rest[..open]);
        if is_understood(inside, &kept, found) {
            kept.truncate(kept.trim_end_matches([' ', '\u{3000}']).len());
        } else {
            kept.push_str(&rest[open..end]);
        }
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
}

fn is_understood(inside: &str, before: &str, found: &mut NameCell) -> bool {
    let plain = folded(inside);
    if plain.is_empty() {
        return true;
    }
    if words::is_of_event(&plain) || words::is_without(&plain) || are_ages(&plain, before) {
        found.notes.push(inside.trim().to_owned());
        found.doubt(Warning::InNote);
        return true;
    }
    if words::is_cancelled(&plain) {
        found.notes.push(inside.trim().to_owned());
        found.doubt(Warning::NotComing);
        return true;
    }
    let mut pieces = inside
        .split([',', ';', '/', '&', '+'])
        .map(folded)
        .filter(|one| !one.is_empty());
    if pieces.all(|piece| words::is_food(&piece)) {
        let place = before.matches(SIGNS).count();
        found.food.push((Some(place), inside.trim().to_owned()));
        return true;
    }
    if let Some(more) = inside.trim().strip_prefix('+') {
        if let Ok(more) = more.trim().parse::<usize>() {
            found.places = found.places.saturating_add(more);
            return true;
        }
        if words::is_role(&folded(more)) {
            found.places = found.places.saturating_add(1);
            return true;
        }
    }
    if words::is_role(&plain) && plain != "gast" && plain.contains("plus") {
        found.places = found.places.saturating_add(1);
        return true;
    }
    if let Some(count) = counts::with_words(inside) {
        add_count(found, count);
        return true;
    }
    false
}

fn add_count(found: &mut NameCell, count: Count) {
    let total = found.total.unwrap_or(0);
    found.total = Some(total.saturating_add(count.people));
    found.child_places = found.child_places.saturating_add(count.children);
    if count.is_doubtful {
        found.doubt(Warning::NumberDoubtful);
    }
}

/// "2 kids (5 and 8)": ages of those whom nobody names.
fn are_ages(plain: &str, before: &str) -> bool {
    let before = folded(before);
    let (number, last) = before.rsplit_once(' ').unwrap_or_default();
    let number = number.rsplit(' ').next().unwrap_or_default();
    let is_age = |word: &str| word.parse::<u8>().is_ok_and(|age| age <= 17);
    let is_known = |word: &str| {
        is_age(word) || words::is_years(word) || matches!(word, "and" | "dan" | "e" | "und" | "et")
    };
    number.parse::<u8>().is_ok()
        && words::is_child_word(last.strip_suffix('2').unwrap_or(last))
        && plain.split(' ').any(is_age)
        && plain.split(' ').all(is_known)
}
