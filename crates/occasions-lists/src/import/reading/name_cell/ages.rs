//! Numbers in a name cell: ages, and how many come.

use super::super::words;
use crate::household_document::field::folded;

/// "Ella (6)", "Ella 6 yrs", "baby Ethan".
pub(super) fn is_child(part: &str) -> bool {
    let plain = folded(part);
    let mut all = plain.split(' ');
    let first = all.next().unwrap_or_default();
    let is_titled = words::CHILD_TITLES.contains(&first) && all.next().is_some();
    is_titled || age(part).is_some()
}

/// The age behind a name, up to 17.
pub(super) fn age(part: &str) -> Option<i64> {
    if let Some((_, age)) = inner_age(part) {
        return Some(age);
    }
    if let Some((_, age)) = trailing_number(part) {
        return i64::try_from(age).ok().filter(|age| *age <= 17);
    }
    let plain = folded(part);
    let mut all: Vec<&str> = plain.split(' ').collect();
    let last = all.pop()?;
    let (number, unit) = match last.find(|letter: char| !letter.is_ascii_digit()) {
        Some(0) => (all.pop()?, last),
        Some(end) => (&last[..end], &last[end..]),
        None => return None,
    };
    let is_bracketed = part.trim_end().ends_with([')', '）']);
    if all.is_empty() || !words::is_years(unit) || (unit == "th" && !is_bracketed) {
        return None;
    }
    number.parse().ok().filter(|age| *age <= 17)
}

/// "Lena (6) Becker" without the brackets, and 6.
pub(super) fn inner_age(part: &str) -> Option<(String, i64)> {
    let (before, rest) = part.split_once(['(', '（'])?;
    let (number, after) = rest.split_once([')', '）'])?;
    let age = number.trim().parse().ok().filter(|age| *age <= 17)?;
    let is_name = |text: &str| text.trim().starts_with(char::is_alphabetic);
    (is_name(before) && is_name(after)).then(|| (format!("{before} {after}"), age))
}

/// "Ella (6)" without the brackets, and 6.
pub(super) fn trailing_number(part: &str) -> Option<(String, usize)> {
    let part = part.trim_end();
    let inner = part.strip_suffix([')', '）', ']'])?;
    let open = inner.rfind(['(', '（', '['])?;
    let number = inner[open..].trim_start_matches(['(', '（', '[']).trim();
    let name = part[..open].trim_end().to_owned();
    let number = number.parse().ok()?;
    (!name.is_empty()).then_some((name, number))
}

/// Numbers in words, from two.
const NUMBERS: [(usize, &[&str]); 4] = [
    (2, &["two", "dua", "zwei", "due", "deux", "dos"]),
    (3, &["three", "tiga", "drei", "tre", "trois", "tres"]),
    (4, &["four", "empat", "vier", "quattro", "quatre", "cuatro"]),
    (5, &["five", "lima", "funf", "cinque", "cinq", "cinco"]),
];

/// "3 anak", "3anak", "drei Kinder".
pub(super) fn counted(plain: &str) -> Option<(usize, String)> {
    if let Some((first, what)) = plain.split_once(' ')
        && (words::is_child_word(what) || words::is_people_word(what))
        && let Some((number, _)) = NUMBERS.iter().find(|(_, names)| names.contains(&first))
    {
        return Some((*number, what.to_owned()));
    }
    let end = plain.find(|letter: char| !letter.is_ascii_digit())?;
    let number: usize = plain[..end].parse().ok()?;
    (number <= 30).then(|| (number, plain[end..].trim().to_owned()))
}
