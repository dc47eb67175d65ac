//! Where a cell with several people is cut.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::super::super::warning::Warning;
use super::super::words;
use super::habits::{CommaHabit, Habits};
use super::{NameCell, is_child};
use crate::household_document::field::folded;

/// What stands before a part of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Start,
    Sign,
    Slash,
    Word,
    Comma,
}

fn is_han_name(piece: &str) -> bool {
    piece.chars().count() > 1 && piece.chars().all(is_han)
}

fn is_han(letter: char) -> bool {
    matches!(letter as u32, 0x3400..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x2ffff)
}

/// The most letters that are looked at on each side of a word.
const LONGEST_PART: usize = 200;

/// Splits outside brackets.
pub(super) fn split(text: &str, found: &mut NameCell) -> Vec<(Before, String)> {
    let mut parts: Vec<(Before, String)> = Vec::new();
    let (mut before, mut part, mut depth) = (Before::Start, String::new(), 0_usize);
    let is_shouted = !text.chars().any(char::is_lowercase);
    let letters: Vec<char> = text.chars().collect();
    let mut at = 0;
    while let Some(letter) = letters.get(at).copied() {
        at += 1;
        let mut end = |next: Before, part: &mut String| {
            if !folded(part).is_empty() {
                parts.push((before, std::mem::take(part).trim().to_owned()));
            }
            part.clear();
            before = next;
        };
        match letter {
            '(' | '（' | '[' => {
                depth += 1;
                part.push(letter);
            }
            ')' | '）' | ']' => {
                depth = depth.saturating_sub(1);
                part.push(letter);
            }
            _ if depth > 0 => part.push(letter),
            '\n' | ';' | '；' | '؛' | '、' | '&' | '＆' | '+' | '＋' | '|' => {
                end(Before::Sign, &mut part);
            }
            '/' if !is_beside_one_letter(&letters, at - 1) => end(Before::Slash, &mut part),
            '和' | '与' | '與' | '跟' => {
                let stops = |one: &&char| {
                    !matches!(**one, '、' | '/' | '&' | ';' | '\n' | '+' | ',' | '，')
                };
                let right = letters[at..].iter().take(LONGEST_PART).take_while(stops);
                let right = right.filter(|one| is_han(**one)).count();
                let left = part.chars().rev().take(LONGEST_PART);
                let left = left.filter(|one| is_han(*one)).count();
                if left >= 2 && right >= 2 && left + right >= 5 {
                    end(Before::Word, &mut part);
                } else {
                    if left >= 2 && right >= 2 {
                        found.doubt(Warning::NameDoubtful);
                    }
                    part.push(letter);
                }
            }
            letter if letter.is_whitespace() => {
                let word: String = letters[at..]
                    .iter()
                    .take_while(|one| !one.is_whitespace())
                    .collect();
                let rest = &letters[(at + word.chars().count()).min(letters.len())..];
                match joins(&part, &word, rest, is_shouted) {
                    Joins::Yes => {
                        at += word.chars().count();
                        end(Before::Word, &mut part);
                    }
                    Joins::Perhaps => {
                        found.doubt(Warning::NameDoubtful);
                        part.push(' ');
                    }
                    Joins::No => part.push(' '),
                }
            }
            other => part.push(other),
        }
    }
    if !folded(&part).is_empty() {
        parts.push((before, part.trim().to_owned()));
    }
    parts
}

enum Joins {
    Yes,
    Perhaps,
    No,
}

/// Whether `word` stands between two people. The first word never does.
fn joins(part: &str, word: &str, rest: &[char], is_shouted: bool) -> Joins {
    let is_letter = |letter: &char| letter.is_alphanumeric();
    if !part.chars().any(|letter| is_letter(&letter)) || !rest.iter().any(is_letter) {
        return Joins::No;
    }
    if matches!(word, "u." | "w/") {
        return Joins::Yes;
    }
    let plain = folded(word);
    let is_small = !word.chars().any(char::is_uppercase) || is_shouted;
    if words::JOINERS.contains(&plain.as_str()) && plain == word.to_lowercase() && is_small {
        return Joins::Yes;
    }
    if !matches!(word, "e" | "y") {
        return Joins::No;
    }
    let ends = |letter: &&char| !"&+;/,\n".contains(**letter);
    let next: String = rest.iter().take(LONGEST_PART).take_while(ends).collect();
    let start = part.char_indices().rev().nth(LONGEST_PART);
    let part = &part[start.map_or(0, |(at, _)| at)..];
    let (left, right) = (folded(part), folded(&next));
    let first = right.split(' ').next().unwrap_or_default().to_owned();
    if words::is_role(&right)
        || words::is_family(&first)
        || words::is_title(&first)
        || words::is_child_word(&first)
    {
        return Joins::Yes;
    }
    let count = |text: &str| text.split(' ').count();
    let letters = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).count();
    if letters(&left) < 2 || letters(&right) < 2 {
        return Joins::No;
    }
    if count(&left) >= 2 && count(&right) == 1 {
        Joins::Perhaps
    } else {
        Joins::Yes
    }
}

/// "s/o", "a/p" and "w/" are no borders.
fn is_beside_one_letter(letters: &[char], slash: usize) -> bool {
    let is_word = |letter: &&char| letter.is_alphanumeric();
    let before = letters[..slash].iter().rev().take_while(is_word).count();
    let after = letters[slash + 1..].iter().take_while(is_word).count();
    (before == 1 && after > 0) || (after == 1 && before > 0)
}

/// Splits at commas where they part people, and turns "last, first" round.
pub(super) fn split_commas(
    parts: Vec<(Before, String)>,
    pax: Option<usize>,
    habits: Habits,
    found: &mut NameCell,
) -> Vec<(Before, String)> {
    let mut all = Vec::new();
    let is_list = parts.len() > 1
        && parts
            .last()
            .is_some_and(|(before, _)| *before == Before::Word);
    let count = parts.len();
    for (before, part) in parts {
        let mut pieces: Vec<String> = Vec::new();
        for piece in commas(&part) {
            match pieces.last_mut() {
                Some(last) if words::is_degree(&piece) => {
                    last.push_str(", ");
                    last.push_str(piece.trim());
                }
                _ => pieces.push(piece.trim().to_owned()),
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        let length = |piece: &String| folded(piece).split(' ').count();
        let is_child = |piece: &String| is_child(piece);
        match pieces.as_slice() {
            [last, first] if !is_child(first) => {
                let (left, right) = (length(last), length(first));
                let has_extra = is_extra(first) || is_extra(last);
                let is_turned =
                    matches!(habits.commas, CommaHabit::SurnameFirst { .. }) && !has_extra;
                let are_whole = is_han_name(last) && is_han_name(first);
                let are_two = are_two(last, first) && pax != Some(1);
                let is_alone = count == 1 && habits.commas != CommaHabit::Couples;
                if are_two && is_alone && pax.is_none() {
                    found.doubt(Warning::NameDoubtful);
                }
                let is_two = left > 1 && right > 1 || is_list || has_extra || are_whole || are_two;
                if is_two && !(is_turned && right <= 2 && left <= 2) {
                    all.extend([(before, last.clone()), (Before::Comma, first.clone())]);
                } else if is_turned {
                    // A list of couples may be "Anna, Ben" in each row.
                    let is_shown = CommaHabit::SurnameFirst { is_shown: true };
                    if habits.commas != is_shown && !begins_with_surname(last, first) {
                        found.doubt(Warning::NameDoubtful);
                    }
                    all.push((before, format!("{first} {last}")));
                } else if left == 1 && right == 1 {
                    if pax.is_some_and(|pax| pax >= 2) || !begins_with_surname(last, first) {
                        found.doubt(Warning::NameDoubtful);
                    }
                    if count == 1 && pax.is_some_and(|pax| pax >= 2) {
                        all.extend([(before, last.clone()), (Before::Comma, first.clone())]);
                    } else {
                        all.push((before, format!("{first} {last}")));
                    }
                } else {
                    // "Anna Rossi, Ben" may be two.
                    let begins_small = last.starts_with(char::is_lowercase);
                    if left > 1 && !begins_small {
                        found.doubt(Warning::NameDoubtful);
                    }
                    all.push((before, format!("{first} {last}")));
                }
            }
            pieces => {
                for (place, piece) in pieces.iter().enumerate() {
                    let before = if place == 0 { before } else { Before::Comma };
                    all.push((before, piece.clone()));
                }
            }
        }
    }
    all
}

/// Given names of Europe and Malaysia that are no frequent surnames, folded.
static GIVEN_NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let names = include_str!("../given_names.txt");
    names.split_whitespace().collect()
});

fn is_given_name(piece: &str) -> bool {
    let plain = folded(piece);
    let first = plain.split([' ', '-']).next().unwrap_or_default();
    GIVEN_NAMES.contains(first)
}

/// "Anna, Ben"
fn are_two(last: &str, first: &str) -> bool {
    let is_word = |piece: &str| !folded(piece).contains(' ');
    is_word(last) && is_word(first) && is_given_name(last) && is_given_name(first)
}

/// "Müller, Klaus"
fn begins_with_surname(last: &str, first: &str) -> bool {
    is_given_name(first) && !is_given_name(last)
}

/// What the commas of a cell look like by themselves.
pub(super) enum Commas {
    /// None, or one beside a word that joins people.
    None,
    /// "Anna, Ben"
    Two,
    /// "Müller, Klaus"; sure if the second alone is a given name, or if only a surname begins so:
    /// "van der Berg, Jan Peter".
    Pair {
        surname: String,
        is_sure: bool,
    },
    Others,
}

pub(super) fn commas_of(cell: &str) -> Commas {
    let pieces = commas(cell);
    let count = |piece: &String| {
        folded(piece)
            .split(' ')
            .filter(|word| !word.is_empty())
            .count()
    };
    let is_name = |piece: &String| {
        !is_han_name(piece.trim())
            && (1..=3).contains(&count(piece))
            && !piece.contains(|sign: char| sign.is_ascii_digit() || "&+;/".contains(sign))
            && !words::is_degree(piece)
    };
    let joins = |piece: &String| {
        let folded = folded(piece);
        folded.split(' ').any(|word| words::JOINERS.contains(&word))
    };
    match pieces.as_slice() {
        [_] => Commas::None,
        [_, second] if joins(second) => Commas::None,
        [last, first]
            if is_name(last) && is_name(first) && !is_extra(first) && count(first) <= 2 =>
        {
            if are_two(last, first) {
                return Commas::Two;
            }
            Commas::Pair {
                surname: folded(last),
                is_sure: begins_with_surname(last, first)
                    || last.trim_start().starts_with(char::is_lowercase),
            }
        }
        _ => Commas::Others,
    }
}

/// Whether a piece behind a comma is a role, a family or a count.
fn is_extra(piece: &str) -> bool {
    let plain = folded(piece);
    words::is_role(&plain)
        || words::is_family(&plain)
        || plain.chars().all(|digit| digit.is_ascii_digit())
        || plain.split_once(' ').is_some_and(|(number, word)| {
            number.parse::<usize>().is_ok()
                && (words::is_child_word(word) || words::is_people_word(word))
        })
}

fn commas(part: &str) -> Vec<String> {
    let (mut all, mut depth) = (vec![String::new()], 0_usize);
    for letter in part.chars() {
        match letter {
            ',' | '，' | '،' if depth == 0 => {
                all.push(String::new());
                continue;
            }
            '(' | '（' | '[' => depth += 1,
            ')' | '）' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(last) = all.last_mut() {
            last.push(letter);
        }
    }
    all
}

/// How many bytes of a name are the titles with which it begins. "Tan" is one in "Tan Sri" only.
pub(super) fn titles(name: &str) -> usize {
    let mut end = 0;
    let mut all = name.split_inclusive(' ').peekable();
    while let Some(word) = all.next() {
        let plain = folded(word);
        let is_tan_sri = plain == "tan" && all.peek().is_some_and(|next| folded(next) == "sri");
        if !words::is_title(&plain) && !is_tan_sri {
            break;
        }
        end += word.len();
    }
    end
}

/// "Mr" before "Mrs Goh" is Mr Goh.
pub(super) fn share_titles(parts: &[(Before, String)]) -> Vec<(Before, String)> {
    let mut all = parts.to_vec();
    for place in 0..parts.len().saturating_sub(1) {
        let (own, next) = (&parts[place].1, &parts[place + 1].1);
        let shared = titles(next);
        if titles(own) == own.len() && !own.is_empty() && shared > 0 && shared < next.len() {
            all[place].1 = format!("{} {}", own.trim(), &next[shared..]);
        }
    }
    all
}
