//! What a cell says beside the names: in brackets, behind a dash, or that somebody does not come.

use super::super::super::warning::Warning;
use super::super::counts::{self, Count};
use super::super::words;
use super::{NameCell, SIGNS, is_child, without_article};
use crate::household_document::field::folded;

/// The most words that say that somebody does not come.
const LONGEST_CANCELLED: usize = 4;
/// What stands between people, or between their needs.
const BORDERS: [char; 14] = [
    '\n', ';', '；', '؛', '、', '&', '＆', '+', '＋', '|', '/', ',', '，', '،',
];
const COMMAS: [char; 3] = [',', '，', '،'];

/// "Old Mr Tan - not coming" is Old Mr Tan.
pub(super) fn without_cancelled(text: &str, found: &mut NameCell) -> String {
    let signs = [' ', '-', '–', '—', ':', ',', ';', '|'];
    let spaces = text.trim_end().rmatch_indices(' ').take(LONGEST_CANCELLED);
    let cut = spaces.filter(|(at, _)| {
        // `read_brackets` reads what stands in brackets.
        !text[*at..].contains(['(', '（', '[']) && words::is_cancelled(&folded(&text[*at..]))
    });
    let is_named = |(at, _): &(usize, &str)| !folded(&text[..*at]).is_empty();
    let Some((at, _)) = cut.filter(is_named).last() else {
        return without_cancelled_before(text, found);
    };
    let said = text[at..].trim_start_matches(signs);
    found.notes.push(said.trim().to_owned());
    found.doubt(Warning::NotComing);
    text[..at].trim_end_matches(signs).to_owned()
}

/// "ABGESAGT: Familie Kunz" is Familie Kunz.
fn without_cancelled_before(text: &str, found: &mut NameCell) -> String {
    let ends = text.match_indices([' ', ':', '-', '–']);
    let mut ends = ends.map(|(at, _)| at).take(LONGEST_CANCELLED);
    let Some(at) = ends.find(|at| words::is_cancelled(&folded(&text[..*at]))) else {
        return text.to_owned();
    };
    let rest = text[at..].trim_start_matches([' ', ':', '-', '–']);
    if folded(rest).is_empty() {
        return text.to_owned();
    }
    found.notes.push(text[..at].trim().to_owned());
    found.doubt(Warning::NotComing);
    rest.to_owned()
}

/// Reads and removes what brackets say about the people before them, and the food behind a dash.
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
        add_without_food(&rest[..open], &mut kept, found);
        if is_understood(inside, &kept, found) {
            kept.truncate(kept.trim_end_matches([' ', '\u{3000}']).len());
            if rest[end..].starts_with(char::is_alphanumeric) {
                kept.push(' ');
            }
        } else if is_of_name(inside, &kept) {
            kept.push_str(&rest[open..end]);
        } else {
            kept.truncate(kept.trim_end().len());
            add_aside(inside.trim(), &kept, found);
        }
        rest = &rest[end..];
    }
    add_without_food(rest, &mut kept, found);
    kept
}

/// Adds a text without the food needs that a dash, a colon or a comma parts from a name: "Niamh -
/// shellfish". They are the need of whom the text names before them.
fn add_without_food(text: &str, kept: &mut String, found: &mut NameCell) {
    let dashes = ['-', '–', '—', ':', '：', ' '];
    let mut rest = text;
    while let Some((before, need, after)) = next_food(rest, kept) {
        kept.push_str(before.trim_end_matches(dashes));
        let place = kept.matches(SIGNS).count();
        let need = need.trim().trim_start_matches(dashes).to_owned();
        found.food.push((Some(place), need));
        rest = after;
        // Behind a need, a comma stands between people.
        if let Some(next) = after.strip_prefix(COMMAS) {
            kept.push(';');
            rest = next;
        }
    }
    kept.push_str(rest);
}

/// The first food need of a text, with what stands before and behind it.
fn next_food<'t>(text: &'t str, kept: &str) -> Option<(&'t str, &'t str, &'t str)> {
    text.char_indices().find_map(|(at, sign)| {
        let (before, behind) = (&text[..at], &text[at + sign.len_utf8()..]);
        // "Rahul, Jain" may be a name.
        let is_comma =
            COMMAS.contains(&sign) && !behind.trim_start().starts_with(char::is_uppercase);
        if !is_comma && !is_dash(text, at, sign) {
            return None;
        }
        let end = food_end(behind);
        let is_named = |text: &str| {
            let last = text.rsplit(BORDERS).next();
            last.is_some_and(|last| !folded(last).is_empty())
        };
        let has_name = || is_named(before) || (!before.contains(BORDERS) && is_named(kept));
        (end > 0 && has_name()).then(|| (before, &behind[..end], &behind[end..]))
    })
}

/// How many bytes of a text are food needs, one after another.
fn food_end(text: &str) -> usize {
    let (mut end, mut from) = (0, 0);
    for (at, sign) in text.char_indices().chain([(text.len(), ';')]) {
        if is_dash(text, at, sign) {
            break;
        }
        if BORDERS.contains(&sign) {
            if !words::is_food(&folded(&text[from..at])) {
                break;
            }
            (end, from) = (at, at + sign.len_utf8());
        }
    }
    end
}

/// Whether a sign is more than a hyphen between two parts of a name.
pub(super) fn is_dash(text: &str, at: usize, sign: char) -> bool {
    match sign {
        '-' => {
            text[..at].ends_with(char::is_whitespace)
                || text[at + 1..].starts_with(char::is_whitespace)
        }
        other => matches!(other, '–' | '—' | ':' | '：'),
    }
}

fn is_understood(inside: &str, before: &str, found: &mut NameCell) -> bool {
    let plain = folded(inside);
    if plain.is_empty() && !inside.contains('?') {
        return true;
    }
    if plain.is_empty() || words::is_unsure(&plain) {
        add_remark(inside.trim(), before, found);
        return true;
    }
    if words::is_of_event(&plain) || words::is_without(&plain) || are_ages(&plain, before) {
        found.note(inside.trim().to_owned());
        return true;
    }
    if words::is_cancelled(&plain) {
        found.notes.push(inside.trim().to_owned());
        found.doubt(Warning::NotComing);
        return true;
    }
    let pieces = inside.split([',', ';', '/', '&', '+']).map(str::trim);
    let pieces = pieces.filter(|piece| !folded(piece).is_empty());
    let (needs, others): (Vec<&str>, Vec<&str>) =
        pieces.partition(|piece| words::is_food(&folded(piece)));
    let mut remarks = others.iter();
    if !needs.is_empty() && remarks.all(|other| is_remark(other, before)) {
        let place = before.matches(SIGNS).count();
        let needs = if others.is_empty() {
            inside.trim().to_owned()
        } else {
            add_remark(&others.join(", "), before, found);
            needs.join(", ")
        };
        found.food.push((Some(place), needs));
        return true;
    }
    if let Some(more) = inside.trim().strip_prefix('+') {
        let sure = more.trim().trim_end_matches(['?', '？']);
        if let Ok(more) = sure.parse::<usize>() {
            if more != 0 && inside.contains(['?', '？']) {
                found.doubt(Warning::PlusOne);
            }
            found.places = found.places.saturating_add(more);
            return true;
        }
        if words::is_role(&folded(more)) {
            found.add_role(more);
            return true;
        }
    }
    if words::is_role(&plain) && plain != "gast" && plain.contains("plus") {
        found.places = found.places.saturating_add(1);
        return true;
    }
    if let Some(more) = more(inside, &plain) {
        if words::is_family(&more) || (words::is_child_word(&more) && !words::is_one_child(&more)) {
            found.is_open = true;
            return true;
        }
        let count = counts::with_words(&more).unwrap_or(Count {
            people: usize::from(words::is_role(&more) || words::is_one_child(&more)),
            children: usize::from(words::is_one_child(&more)),
            ..Count::default()
        });
        if count.people > 0 {
            let adults = count.people.saturating_sub(count.children);
            if words::is_helper(&more) {
                found.note(format!("+ {more}"));
            }
            found.places = found.places.saturating_add(adults);
            found.child_places = found.child_places.saturating_add(count.children);
            return true;
        }
    }
    let number = plain
        .split_once(' ')
        .filter(|(about, _)| words::is_about(about));
    if let Some(Ok(people)) = number.map(|(_, number)| number.parse()) {
        let count = Count {
            people,
            children: 0,
            is_doubtful: true,
        };
        add_count(found, count);
        return true;
    }
    let of_family = || {
        let first = plain.split(' ').next().unwrap_or_default();
        words::is_family(first).then(|| counts::read(inside))?
    };
    if let Some(count) = counts::with_words(inside).or_else(of_family) {
        add_count(found, count);
        return true;
    }
    if is_remark(inside, before) {
        add_remark(inside.trim(), before, found);
        return true;
    }
    false
}

/// Who comes besides: "+ baby", "plus 2 kids", "and family".
fn more(inside: &str, plain: &str) -> Option<String> {
    let joined = plain
        .split_once(' ')
        .filter(|(first, _)| *first == "plus" || words::JOINERS.contains(first))
        .map(|(_, more)| more);
    let more = joined.or_else(|| inside.trim().starts_with(['+', '&']).then_some(plain));
    more.map(without_article)
}

/// Whether a bracket says who somebody is or what he does ("best man", "bride's cousin"). A name that
/// somebody has besides begins with a capital letter or stands between quotes.
fn is_remark(inside: &str, before: &str) -> bool {
    let (plain, before) = (folded(inside), before.trim_end());
    if !before.ends_with(|sign: char| sign.is_alphabetic() || sign == '.') {
        return false;
    }
    let first = plain.split(' ').next().unwrap_or_default();
    let last = folded(before.rsplit(' ').next().unwrap_or_default());
    let is_name = matches!(first, "aka" | "alias" | "nee" | "born" | "geb" | "or")
        || inside.trim().starts_with(['"', '“', '«', '‘', '\''])
        || words::is_degree(inside)
        || words::is_role(&last)
        || words::is_child_word(&last);
    let is_small = inside.chars().any(char::is_lowercase)
        && !inside
            .chars()
            .any(|sign| sign.is_uppercase() || sign.is_numeric());
    words::is_remark(inside, &plain)
        || (is_small && !is_name && before.chars().any(char::is_uppercase))
}

/// Whether a bracket that is not understood may be part of a name: "Robert (Bob)", "Lim (林志强)".
fn is_of_name(inside: &str, before: &str) -> bool {
    let plain = folded(inside);
    let last = folded(before.trim_end().rsplit(' ').next().unwrap_or_default());
    let first = plain.split(' ').next().unwrap_or_default();
    let is_number = plain.chars().all(|sign| sign.is_ascii_digit());
    let is_small = !before.contains(char::is_uppercase) && !plain.contains(' ');
    is_number
        || is_small
        || !before.contains(char::is_alphanumeric)
        || is_child(&format!("x ({inside})"))
        || matches!(first, "aka" | "alias" | "nee" | "born" | "geb" | "or")
        || inside.trim().starts_with(['"', '“', '«', '‘', '\''])
        || words::is_degree(inside)
        || words::is_role(&last)
        || words::is_child_word(&last)
        || last.parse::<usize>().is_ok()
        || is_name(inside)
}

/// Whether a text may be somebody's name: few words, all with a capital letter, and none that stands
/// in remarks.
pub(super) fn is_name(text: &str) -> bool {
    let plain = folded(text);
    let is_small = |word: &str| word.starts_with(char::is_lowercase);
    let is_known = |word: &str| {
        words::is_no_part_of_name(word)
            || words::is_of_event(word)
            || words::is_diet(word)
            || words::is_people_word(word)
            || words::is_unsure(word)
    };
    let mut typed = text.split_whitespace();
    let has_capitals = typed.next().is_some_and(|first| {
        let first = first.trim_start_matches(|sign: char| !sign.is_alphanumeric());
        first.starts_with(char::is_alphabetic) && !is_small(first)
    });
    let is_titled = super::titles(text) > 0;
    has_capitals
        && plain.split(' ').count() <= 4
        && typed.all(|word| {
            !is_small(word)
                || super::asides::is_particle(word)
                || words::JOINERS.contains(&word)
                || words::is_title(&folded(word))
        })
        && !text.contains(|sign: char| "!?！？:".contains(sign) || sign.is_ascii_digit())
        && !plain.split(' ').any(is_known)
        && !words::is_section(text, &plain)
        && !words::is_food_note(&plain)
        && (is_titled || !words::is_remark(text, &plain))
}

/// Keeps in the note what is no part of a name. What speaks of food is a food need.
pub(super) fn add_aside(aside: &str, before: &str, found: &mut NameCell) {
    let plain = folded(aside);
    if words::is_cancelled(&plain) {
        found.notes.push(aside.to_owned());
        found.doubt(Warning::NotComing);
    } else if words::is_food(&plain) || words::is_food_note(&plain) {
        let place = before.matches(SIGNS).count();
        found.food.push((Some(place), aside.to_owned()));
    } else {
        add_remark(aside, before, found);
    }
}

/// The note says whose a remark is.
fn add_remark(remark: &str, before: &str, found: &mut NameCell) {
    let part = before.rsplit(BORDERS).next().unwrap_or_default().trim();
    let (mut from, mut at) = (0, 0);
    for (place, word) in part.split_inclusive(' ').enumerate() {
        at += word.len();
        if place > 0 && words::JOINERS.contains(&folded(word).as_str()) {
            from = at;
        }
    }
    found.note(format!("{}: {remark}", part[from..].trim()));
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
