//! Texts that name a family, or people by somebody else.

use super::super::counts;
use super::super::words;
use super::ages::trailing_number;
use super::brackets::is_name;
use super::parts::titles;
use crate::household_document::field::folded;

pub(super) fn guest_of(text: &str) -> Option<String> {
    let plain = text.to_lowercase();
    let starts = [
        "guest of ",
        "guests of ",
        "plus one of ",
        "+1 of ",
        "partner of ",
        "wife of ",
        "husband of ",
        "tetamu ",
    ];
    let start = starts
        .iter()
        .take(7)
        .find(|start| plain.starts_with(**start))?;
    Some(text.get(start.len()..)?.trim().to_owned())
}

/// Whether a text names a family, and nobody of it.
pub(super) fn is_family(text: &str) -> bool {
    let plain = folded(text);
    let all: Vec<&str> = plain.split(' ').collect();
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        return false;
    };
    if text.contains(['&', '+', ';', '/', '、', '\n', ',', ':']) {
        return false;
    }
    if text.ends_with('府') && text.chars().count() <= 4 {
        return true;
    }
    let joins = |word: &&str| words::JOINERS.contains(word) || matches!(*word, "e" | "y");
    if all.iter().any(joins) || all.len() < 2 {
        return false;
    }
    // "Fam" without a dot is a family name.
    if *first == "fam" && !text.contains('.') {
        return false;
    }
    let is_start = words::is_family(first) && *first != "sekeluarga";
    let is_end = words::is_family(last) && *last != "sekeluarga" && !last.starts_with('و');
    let is_plural = *first == "the" && all.len() == 2 && last.ends_with('s');
    let is_table = all
        .iter()
        .any(|word| matches!(*word, "table" | "meja" | "tavolo" | "tisch"))
        && last.chars().all(|digit| digit.is_ascii_digit());
    is_start || is_end || is_plural || is_table || words::is_group(last)
}

/// "Lee/Tan" with more people than names: two family names.
pub(super) fn is_names_of_families(text: &str, pax: Option<usize>) -> bool {
    let names: Vec<&str> = text.split('/').map(str::trim).collect();
    names.len() > 1
        && pax.is_some_and(|pax| pax > names.len())
        && names
            .iter()
            .all(|name| !name.is_empty() && !name.contains(' ') && name.chars().count() > 1)
}

/// "Familie Schneider (Onkel Bernd + Tante Eva)": the family, and the names of its people.
pub(super) fn with_people(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let inner = text.strip_suffix([')', '）']).and_then(|text| {
        let (family, people) = text.split_once(['(', '（'])?;
        (!people.contains(['(', '（', ')', '）'])).then_some((family, people))
    });
    let is_named = |piece: &str| {
        let bare = trailing_number(piece).map(|(name, _)| name);
        let piece = bare.as_deref().unwrap_or(piece);
        let plain = folded(piece);
        let is_child = plain.split(' ').next().is_some_and(words::is_child_word);
        is_child || words::is_role(&plain) || is_name(piece)
    };
    let has_people = |(family, people): &(&str, &str)| {
        let mut pieces = people.split(['+', '&', ',', ';', '/', '，', '、']);
        let first = pieces.next().unwrap_or_default();
        is_family(family)
            && is_name(first)
            && pieces.all(is_named)
            && counts::with_words(people).is_none()
    };
    let ways = [inner, text.split_once([':', '：'])].into_iter().flatten();
    let mut ways = ways.map(|(family, people)| (family.trim(), people.trim()));
    ways.find(has_people)
}

/// "Keluarga Encik Ahmad": the one of a family whom its name names.
pub(super) fn head(text: &str) -> Option<&str> {
    let (first, rest) = text.split_once(' ')?;
    let rest = ["of ", "de ", "di ", "von "]
        .iter()
        .find_map(|link| rest.strip_prefix(link))
        .unwrap_or(rest);
    let length = titles(rest);
    let is_named = length > 0 && length < rest.len();
    (words::is_family(&folded(first)) && is_named).then_some(rest)
}

/// Whether a text names two people by somebody else: "Eltern Kai", "Kai's parents".
pub(super) fn is_pair(text: &str) -> bool {
    let plain = folded(text);
    let is_one_of = |begin: bool| {
        words::pairs().any(|pair| {
            let rest = if begin {
                plain.strip_prefix(pair.as_str())
            } else {
                plain.strip_suffix(pair.as_str())
            };
            rest.is_some_and(|rest| {
                let is_apart = !pair.is_ascii() || rest.starts_with(' ') || rest.ends_with(' ');
                !rest.is_empty() && is_apart
            })
        })
    };
    is_one_of(true) || is_one_of(false)
}
