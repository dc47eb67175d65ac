//! Numbers of people, as people write them.

use super::words;
use crate::household_document::field::folded;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) people: usize,
    /// How many of them are children.
    pub(crate) children: usize,
    /// Whether it was read in one of several possible ways.
    pub(crate) is_doubtful: bool,
}

/// "4", "4 pax", "family of 4", "1+1", "2 adults + 1 child", "1-2" (the higher one), "4.0".
pub(crate) fn read(cell: &str) -> Option<Count> {
    let plain: String = cell.chars().map(plain_digit).collect();
    let plain = plain.trim().trim_start_matches(['~', '=']);
    let plain = plain.strip_suffix(".0").unwrap_or(plain);
    if let Ok(people) = plain.parse() {
        return Some(Count {
            people,
            ..Count::default()
        });
    }
    if let Some(count) = with_words(plain).or_else(|| of_family(plain)) {
        return Some(count);
    }
    let sums: Option<Vec<usize>> = plain
        .split(['+', '&'])
        .map(|part| part.trim().parse().ok())
        .collect();
    if let Some(people) = sums.as_ref().and_then(|all| sum(all)) {
        return Some(Count {
            people,
            ..Count::default()
        });
    }
    let range: Option<Vec<usize>> = plain
        .split(['-', '–', '—', '/'])
        .map(|part| part.trim().parse().ok())
        .collect();
    match range.as_deref() {
        Some([low, high]) if low < high && *high <= 99 => Some(Count {
            people: *high,
            children: 0,
            is_doubtful: true,
        }),
        _ => None,
    }
}

/// A count with its words: "4 pax", "2 adults, 1 child", "4人".
pub(crate) fn with_words(text: &str) -> Option<Count> {
    let text: String = text.chars().map(plain_digit).collect();
    let mut count = Count::default();
    let mut has_words = false;
    for part in text.split([',', ';', '+', '&', '、']) {
        let plain = folded(part);
        let mut rest = plain.as_str();
        while !rest.is_empty() {
            let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
            let number: usize = rest[..end].parse().ok()?;
            let tail = rest[end..].trim_start();
            let next = tail
                .find(|letter: char| letter.is_ascii_digit())
                .unwrap_or(tail.len());
            let what = tail[..next].trim();
            let what = what
                .strip_suffix(" and")
                .or_else(|| what.strip_suffix(" dan"))
                .unwrap_or(what);
            if words::is_child_word(what) {
                count.children = count.children.checked_add(number)?;
            } else if !words::is_people_word(what) {
                return None;
            }
            count.people = count.people.checked_add(number)?;
            has_words = true;
            rest = &tail[next..];
        }
    }
    has_words.then_some(count)
}

/// "family of 4", "keluarga seramai 4 orang".
fn of_family(text: &str) -> Option<Count> {
    let plain = folded(text);
    let (first, rest) = plain.split_once(' ')?;
    let is_group = words::is_family(first) || matches!(first, "party" | "group" | "table");
    let (link, number) = rest.split_once(' ').unwrap_or(("", rest));
    let links = ["of", "di", "da", "de", "von", "mit", "seramai", "isi"];
    let number = if links.contains(&link) { number } else { rest };
    let begins = number.starts_with(|sign: char| sign.is_ascii_digit());
    (is_group && begins).then(|| read(number)).flatten()
}

fn sum(all: &[usize]) -> Option<usize> {
    all.iter()
        .try_fold(0_usize, |sum, one| sum.checked_add(*one))
}

/// Arabic and full-width digits as ASCII.
pub(super) fn plain_digit(letter: char) -> char {
    let digit = match letter as u32 {
        code @ 0x660..=0x669 => code - 0x660,
        code @ 0x6f0..=0x6f9 => code - 0x6f0,
        code @ 0xff10..=0xff19 => code - 0xff10,
        _ => return letter,
    };
    char::from_digit(digit, 10).unwrap_or(letter)
}
