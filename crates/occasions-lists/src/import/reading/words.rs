//! The words that mean something in a guest list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::household_document::field::folded;

/// Closed lists of words, in the form that [`folded`] returns.
static LISTS: LazyLock<BTreeMap<&str, BTreeSet<String>>> = LazyLock::new(|| {
    let lines = include_str!("words.txt").lines();
    let lists = lines.filter_map(|line| line.split_once(": "));
    let lists = lists.map(|(name, words)| (name, words.split(", ").map(folded).collect()));
    lists.collect()
});

fn list(name: &str) -> impl Iterator<Item = &'static String> {
    LISTS.get(name).into_iter().flatten()
}

/// Words that join two people.
pub(super) const JOINERS: &[&str] = &[
    "and", "dan", "und", "et", "with", "con", "avec", "mit", "dengan", "bersama", "و",
];

/// Words before a child's name.
pub(super) const CHILD_TITLES: &[&str] = &["baby", "bb", "adik", "bayi", "bebe", "little"];

pub(super) const TICKS: &[&str] = &[
    "yes", "y", "ya", "si", "sì", "ja", "oui", "true", "t", "1", "x", "✓", "✔", "✅", "☑",
    "checked", "是", "نعم",
];
pub(super) const CROSSES: &[&str] = &[
    "no", "n", "tidak", "tak", "nein", "non", "false", "f", "0", "-", "–", "—", "✗", "✘", "❌",
    "☐", "否", "لا",
];

/// The most bytes of a word for nothing.
const LONGEST_NOTHING: usize = 24;

fn is_in(list: &str, folded: &str) -> bool {
    LISTS.get(list).is_some_and(|words| words.contains(folded))
}

/// Whether a cell says that there is nothing.
pub(super) fn is_nothing(typed: &str) -> bool {
    let marks = ['-', '–', '—', '_', '.', '/', '\\', '*', '?', ' ', '\u{a0}'];
    typed
        .trim()
        .chars()
        .all(|sign| marks.contains(&sign) && sign != '?')
        || (typed.len() <= LONGEST_NOTHING && is_in("nothing", &folded(typed)))
}

/// Whether a cell says no, which is something where nobody knows to what.
pub(super) fn is_no(typed: &str) -> bool {
    CROSSES.contains(&folded(typed).as_str())
}

/// Whether a part of a name says that there is none.
pub(super) fn is_no_name(typed: &str) -> bool {
    is_nothing(typed) && !matches!(typed.trim(), "Na" | "No" | "Null")
}

pub(super) fn is_nobody(typed: &str, folded: &str) -> bool {
    folded.is_empty() || is_in("nobody", folded) || is_sum(folded) || is_divider(typed)
}

/// Whether a word says that a number is not exact.
pub(super) fn is_about(folded: &str) -> bool {
    is_in("about", folded)
}

/// Whether a text is a sum with its number, which no heading is.
pub(super) fn is_counted_sum(folded: &str) -> bool {
    is_sum(folded) && folded.contains(|sign: char| sign.is_ascii_digit())
}

/// "Total 54", "Summe: 54 Personen", "合计54人".
fn is_sum(folded: &str) -> bool {
    let is_digit = |sign: char| sign.is_ascii_digit();
    let words = folded.split(' ').flat_map(|word| {
        let digits = word.len() - word.trim_start_matches(|sign| !is_digit(sign)).len();
        let (before, rest) = word.split_at(digits);
        let end = rest.find(|sign| !is_digit(sign)).unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        [before, number, after]
    });
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let is_known = |word: &&str| {
        word.chars().all(is_digit)
            || is_in("sums", word)
            || is_people_word(word)
            || is_about(word)
            || matches!(*word, "of" | "grand" | "semua" | "all")
    };
    words.iter().any(|word| is_in("sums", word)) && words.iter().all(is_known)
}

/// "-- Groom side --", "=== Friends ===".
fn is_divider(typed: &str) -> bool {
    let typed = typed.trim();
    ["--", "==", "**", "##", "__", "––", "——", "~~"]
        .iter()
        .any(|mark| {
            typed.starts_with(mark) && typed.ends_with(mark) && typed.len() > 2 * mark.len()
        })
        && !(typed.starts_with("~~") && typed.ends_with("~~"))
}

pub(super) fn is_title(folded: &str) -> bool {
    is_in("titles", folded)
}

pub(super) fn is_role(folded: &str) -> bool {
    is_in("roles", folded) || is_helper(folded)
}

/// Whether a word means somebody who helps a household: a nanny, a driver.
pub(super) fn is_helper(folded: &str) -> bool {
    is_in("helpers", folded)
}

/// Words that mean two people: "parents".
pub(super) fn pairs() -> impl Iterator<Item = &'static String> {
    list("pairs")
}

/// Whether a word stands in remarks, and in no name.
pub(super) fn is_no_part_of_name(folded: &str) -> bool {
    is_in("no_names", folded)
}

/// "tbc", "vielleicht": it is not sure that they come.
pub(super) fn is_unsure(folded: &str) -> bool {
    is_in("unsure", folded)
}

pub(super) fn is_family(folded: &str) -> bool {
    is_in("families", folded)
}

pub(super) fn family_end(name: &str) -> Option<&str> {
    list("family_ends").find_map(|end| name.strip_suffix(end.as_str()))
}

pub(super) fn couple_end(name: &str) -> Option<&str> {
    list("couple_ends").find_map(|end| name.strip_suffix(end.as_str()))
}

pub(super) fn is_group(folded: &str) -> bool {
    is_in("groups", folded)
}

pub(super) fn is_child_word(folded: &str) -> bool {
    is_in("children", folded)
}

/// Whether a word means a single child.
pub(super) fn is_one_child(folded: &str) -> bool {
    is_in("one_child", folded)
}

/// Whether a text behind a name says who somebody is: "best man", "Bride's cousin", "sepupu Ali".
pub(super) fn is_remark(typed: &str, folded: &str) -> bool {
    let is_known = |word: &str| is_in("remarks", word) || is_in("sections", word);
    let (first, last) = (folded.split(' ').next(), folded.rsplit(' ').next());
    let is_within = |phrase: &String| {
        phrase.contains(' ') && format!(" {folded} ").contains(&format!(" {phrase} "))
    };
    is_role(folded)
        || list("remarks").any(is_within)
        || last.is_some_and(is_known)
        || first.is_some_and(|first| is_known(first) && !is_title(first))
        || ["section_parts", "remark_parts"]
            .iter()
            .any(|parts| list(parts).any(|part| typed.contains(part.as_str())))
}

pub(super) fn is_people_word(folded: &str) -> bool {
    is_in("people", folded)
}

pub(super) fn is_years(folded: &str) -> bool {
    is_in("years", folded)
}

/// Whether a line's only cell is the heading of the lines below it. "Tan family" names a household.
pub(super) fn is_section(typed: &str, folded: &str) -> bool {
    let is_side = |word: &str| is_in("sections", word) && !is_family(word);
    is_only_section(typed, folded)
        || folded.split(' ').any(is_side)
        || list("section_parts").any(|part| typed.contains(part.as_str()))
}

/// Whether a line holds nothing but words of side, table or family, and numbers.
pub(super) fn is_only_section(typed: &str, folded: &str) -> bool {
    let is_known = |word: &str| {
        is_in("sections", word)
            || word.chars().all(|digit| digit.is_ascii_digit())
            || matches!(word, "s" | "of" | "the" | "and")
    };
    typed.trim().ends_with(':') || (!folded.is_empty() && folded.split(' ').all(is_known))
}

/// "no prawns" is food; "no 14", "no kids" and "no phone" are not.
pub(super) fn is_food(folded: &str) -> bool {
    let has_number = folded.contains(|sign: char| sign.is_ascii_digit());
    is_in("foods", folded)
        || is_allergy(folded)
        || folded.starts_with("no ") && !has_number && !is_without(folded)
}

/// "no kids", "no plus one", "no phone": what is not there, and is no food.
pub(super) fn is_without(folded: &str) -> bool {
    let is_other = |word: &str| {
        is_child_word(word) || is_people_word(word) || is_role(word) || is_in("not_foods", word)
    };
    let rest = folded.strip_prefix("no ");
    rest.is_some_and(|rest| rest.split(' ').next().is_some_and(is_other))
}

/// Whether a text speaks of an allergy.
pub(super) fn is_allergy(folded: &str) -> bool {
    list("allergies").any(|word| {
        if word.is_ascii() {
            folded.split(' ').any(|one| one == word)
        } else {
            folded.contains(word.as_str())
        }
    })
}

/// Whether a text has one of the words of a list. Words of other scripts may be part of a longer one.
fn has(name: &str, folded: &str) -> bool {
    let padded = format!(" {folded} ");
    list(name).any(|word| {
        if word.is_ascii() {
            padded.contains(&format!(" {word} "))
        } else {
            folded.contains(word.as_str())
        }
    })
}

/// Whether a note speaks of food that somebody needs or does not eat. What may be a need is one.
pub(super) fn is_food_note(folded: &str) -> bool {
    let has_part = |name: &str| list(name).any(|part| folded.contains(part.as_str()));
    is_allergy(folded)
        || ["foods", "needs"].iter().any(|name| has(name, folded))
        || has_part("need_parts")
        || has("negations", folded) && (has("edibles", folded) || has_part("edible_parts"))
}

/// Whether a text is nothing but the name of a diet.
pub(super) fn is_diet(folded: &str) -> bool {
    is_in("foods", folded)
}

/// Whether a note is of all the people of its row: "Laktose (beide)".
pub(super) fn is_of_both(folded: &str) -> bool {
    has("both", folded)
}

/// Whether a text says that somebody needs no other food.
pub(crate) fn is_no_need(typed: &str) -> bool {
    is_nothing(typed) || is_in("no_needs", &folded(typed))
}

/// Whether a heading says that somebody is invited.
pub(super) fn says_invited(folded: &str) -> bool {
    has("invited", folded)
}

/// Whether a text says only that one more comes: "+1", "plus one", "Begleitung".
pub(super) fn is_plus_one(typed: &str) -> bool {
    let typed = typed.trim().trim_matches(['(', ')']);
    let number = typed.strip_prefix(['+', '＋']).map(str::trim);
    number == Some("1") || is_in("plus_ones", &folded(typed))
}

/// Whether the domain of an address is a usual misspelling of a large provider's.
pub(super) fn is_misspelt(email: &str) -> bool {
    let domain = email.rsplit_once('@').map(|(_, domain)| folded(domain));
    domain.is_some_and(|domain| is_in("mail_typos", &domain))
}

/// Whether a word of a name cell says how many come, or joins people, and is no part of a name.
pub(super) fn is_understood(folded: &str) -> bool {
    let lists = [
        "roles", "families", "children", "people", "years", "nothing",
    ];
    let number = folded.trim_start_matches('x');
    let end = number.trim_start_matches(|sign: char| sign.is_ascii_digit());
    let is_count = number.len() > end.len() && number.len() - end.len() <= 3;
    lists.iter().any(|list| is_in(list, folded))
        || JOINERS.contains(&folded)
        || CHILD_TITLES.contains(&folded)
        || TICKS.contains(&folded)
        || CROSSES.contains(&folded)
        || matches!(
            folded,
            "e" | "y" | "u" | "w" | "x" | "the" | "of" | "plus" | "mailto"
        )
        || (is_count && (end.is_empty() || lists.iter().any(|list| is_in(list, end))))
}

/// Whether a bracket behind a name says to which part of the day they are asked.
pub(super) fn is_of_event(folded: &str) -> bool {
    let is_known = |word: &str| is_in("event_words", word) || JOINERS.contains(&word);
    is_in("event_words", folded) || folded.split(' ').all(is_known)
}

pub(crate) fn is_cancelled(folded: &str) -> bool {
    is_in("cancelled", folded)
}

/// "S.Kom.", "Ph.D", "Jr.".
pub(super) fn is_degree(part: &str) -> bool {
    let part = part.trim();
    let plain: String = part.chars().filter(|sign| *sign != '.').collect();
    let is_short =
        |piece: &str| piece.chars().count() <= 4 && piece.chars().all(char::is_alphabetic);
    let is_dotted = part.contains('.')
        && part.split('.').all(is_short)
        && part.matches('.').count() > usize::from(plain.len() > 3);
    is_in("degrees", &plain.to_lowercase())
        || (is_dotted && !plain.is_empty() && plain.chars().count() <= 8)
}
