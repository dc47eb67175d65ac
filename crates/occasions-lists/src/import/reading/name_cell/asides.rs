//! What people write behind a name that is no part of it: "Oma Trude - sitzt vorne!", "Nadia
//! pregnant". Only hosts read it.

use super::super::super::warning::Warning;
use super::super::counts;
use super::super::words;
use super::NameCell;
use super::brackets::{add_aside, is_dash, is_name};
use crate::household_document::field::folded;

const SIGNS: [char; 10] = ['\n', ';', '；', '؛', '、', '&', '＆', '+', '＋', '|'];
const LONGEST_UNSURE: usize = 2;
/// This many words that begin small are no name.
const MOST_SMALL: usize = 3;

/// Takes out of a text what is plainly no name.
pub(super) fn take_asides(text: &str, found: &mut NameCell) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = end_of_part(rest);
        let (part, after) = rest.split_at(end);
        take_aside(part, &mut kept, found);
        let sign = after.chars().next().map_or(0, char::len_utf8);
        kept.push_str(&after[..sign]);
        rest = &after[sign..];
    }
    kept
}

fn end_of_part(text: &str) -> usize {
    let mut depth = 0_usize;
    let end = text.char_indices().find(|(_, sign)| {
        match sign {
            '(' | '（' | '[' => depth += 1,
            ')' | '）' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && SIGNS.contains(sign)
    });
    end.map_or(text.len(), |(at, _)| at)
}

fn has_word(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

fn take_aside(part: &str, kept: &mut String, found: &mut NameCell) {
    // "Ben + ?" is Ben and somebody.
    if !has_word(part) && part.contains(['?', '？']) && kept.ends_with(SIGNS) {
        kept.pop();
        found.places = found.places.saturating_add(1);
        return found.doubt(Warning::PlusOne);
    }
    let is_spaced = part.ends_with(' ');
    let unsure = unsure_from(part);
    let (part, unsure) = (
        part[..unsure].trim_end_matches([' ', '-', '–', '—']),
        part[unsure..].trim(),
    );
    let (part, doubt) = match part.trim_end().strip_suffix(['?', '？']) {
        Some(rest) if has_word(rest) => (rest.trim_end_matches(['?', '？', ' ']), Some("?")),
        _ => (part, None),
    };
    let is_shouted = part.contains(['!', '！']);
    let (name, shouted) = match part.split_once(['!', '！']) {
        Some((name, aside)) if has_word(name) => (name, aside.trim_matches(['!', '！', ' '])),
        _ => (part, ""),
    };
    let (name, dashed) = cut_at_dash(name, found);
    let tail = tail_from(name, is_shouted);
    let (name, tail) = (&name[..tail], name[tail..].trim());
    kept.push_str(name.trim_end_matches([' ', ',', '，']));
    for aside in [tail, unsure, dashed, shouted].into_iter().chain(doubt) {
        if has_word(aside) || aside == "?" {
            add_aside(aside, kept, found);
        }
    }
    if is_spaced {
        kept.push(' ');
    }
}

/// What stands before a dash and behind it. A number or a role behind it stays.
fn cut_at_dash<'t>(part: &'t str, found: &mut NameCell) -> (&'t str, &'t str) {
    let first = part.find(char::is_alphanumeric).unwrap_or(part.len());
    let is_cut = |(at, sign): &(usize, char)| {
        !matches!(sign, ':' | '：')
            && *at > first
            && part[..*at].ends_with(char::is_whitespace)
            && is_dash(part, *at, *sign)
    };
    let Some((at, sign)) = part.char_indices().find(is_cut) else {
        return (part, "");
    };
    let (before, behind) = (part[..at].trim_end(), part[at + sign.len_utf8()..].trim());
    let plain = folded(behind);
    if plain.is_empty() || behind.contains(['(', '（']) {
        return (part, "");
    }
    if counts::with_words(behind).is_some() {
        return (part, "");
    }
    if let Some(count) = counts::read(behind) {
        found.total = found.total.or(Some(count.people));
        found.doubt(Warning::NumberDoubtful);
        return (before, "");
    }
    if words::is_plus_one(behind) || words::is_role(&plain) {
        found.add_role(behind);
        return (before, "");
    }
    let plain = folded(before);
    let is_label = words::is_only_section(before, &plain) || words::is_remark(before, &plain);
    if is_name(behind) {
        if is_label && super::titles(before) == 0 {
            return (behind, before);
        }
        found.doubt(Warning::NameDoubtful);
    }
    (before, behind)
}

fn unsure_from(name: &str) -> usize {
    let end = name.trim_end();
    let mut spaces = end.rmatch_indices(' ').take(LONGEST_UNSURE);
    let is_unsure = |at: usize| has_word(&end[..at]) && words::is_unsure(&folded(&end[at..]));
    let found = spaces.find(|(at, _)| is_unsure(*at));
    found.map_or(name.len(), |(at, _)| at)
}

/// Words inside a name that begin small.
pub(super) fn is_particle(word: &str) -> bool {
    const PARTICLES: &str = " von van der den dem de del della di da do dos das du la le zu zum zur \
        ten ter bin binti bint ibn al el a/l a/p s/o d/o e y i und & ap ";
    word.contains(['’', '\'', '-', '.', '@', '/']) || PARTICLES.contains(&format!(" {word} "))
}

/// Where words begin at the end of a name that are plainly none.
fn tail_from(name: &str, is_shouted: bool) -> usize {
    let mut starts = name.char_indices().filter(|(at, letter)| {
        letter.is_alphanumeric() && (*at == 0 || name[..*at].ends_with(char::is_whitespace))
    });
    let is_name = starts.next().is_some_and(|(_, first)| first.is_uppercase());
    let is_small = |at: usize| {
        let word = name[at..].split(' ').next().unwrap_or_default();
        word.starts_with(char::is_lowercase) && !is_particle(word)
    };
    let Some((at, _)) = starts.find(|(at, _)| is_small(*at)).filter(|_| is_name) else {
        return name.len();
    };
    let tail = &name[at..];
    let plain = folded(tail);
    let all: Vec<&str> = plain.split(' ').collect();
    let says_who = |word: &&str| {
        words::JOINERS.contains(word)
            || words::is_role(word)
            || words::is_family(word)
            || words::is_child_word(word)
            || words::is_people_word(word)
            || words::is_years(word)
            || words::CHILD_TITLES.contains(word)
            || words::is_title(word)
    };
    let are_small = tail
        .split_whitespace()
        .all(|word| word.starts_with(char::is_lowercase));
    let is_plain = is_shouted
        || all
            .iter()
            .any(|word| words::is_no_part_of_name(word) || words::is_diet(word))
        || (are_small && all.len() >= MOST_SMALL);
    let has_others = tail.contains(['(', '（', ',', '，', '/']) || all.iter().any(says_who);
    if is_plain && !has_others {
        at
    } else {
        name.len()
    }
}
