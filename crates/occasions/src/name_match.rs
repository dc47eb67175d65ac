//! Checks whether a name belongs to an invitation. While somebody is guessing codes, a code works
//! only together with a guest's name. Case, accents and titles do not matter.

use platform::{StoreError, Tx, sql};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::code::CodeKey;

/// The maximum length of a name in bytes. A longer name never matches.
const LIMIT: usize = 400;

/// Words that appear on too many invitations to identify a person.
const COMMON: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mister",
    "dr",
    "prof",
    "sir",
    "the",
    "and",
    "family",
    "guest",
    "guests",
    "household",
    "encik",
    "puan",
    "cik",
    "tuan",
    "haji",
    "hajah",
    "hajjah",
    "dato",
    "datin",
    "datuk",
    "sri",
    "dan",
    "keluarga",
    "sekeluarga",
    "bin",
    "binti",
    "bte",
    "al",
    "ap",
    "signor",
    "signora",
    "signore",
    "sig",
    "ra",
    "dott",
    "dottor",
    "dottoressa",
    "famiglia",
    "e",
    "ed",
    "de",
    "di",
    "la",
    "el",
    "von",
    "van",
    "عائلة",
    "السيد",
    "السيدة",
    "الدكتور",
    "بن",
    "بنت",
    "ابن",
    "آل",
    "و",
    "先",
    "生",
    "女",
    "士",
    "太",
    "小",
    "姐",
    "夫",
    "人",
    "家",
    "府",
    "一",
    "全",
    "及",
    "和",
    "與",
    "与",
    "阖",
    "闔",
    "伉",
    "俪",
    "儷",
];

/// Whether every word in `name` is on the invitation with this code. For an unknown code, the same
/// query runs, so that the response time does not reveal which codes exist.
pub fn is_on_invitation(tx: &mut Tx<'_>, code: &CodeKey, name: &str) -> Result<bool, StoreError> {
    let rows: Vec<(String, Option<String>)> = sql!(
        "SELECT invitation.household, guest.name
         FROM invitation LEFT JOIN guest ON guest.invitation = invitation.id
         WHERE invitation.id =
             (SELECT CASE WHEN merged_into IS NULL OR alias_ended_at IS NOT NULL
                          THEN id ELSE merged_into END
              FROM invitation WHERE code_key = :code)",
        code
    )
    .all(tx)?;
    let names = rows
        .iter()
        .flat_map(|(household, guest)| [Some(household.as_str()), guest.as_deref()])
        .flatten();
    Ok(is_among(name, names))
}

fn is_among<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> bool {
    if name.len() > LIMIT {
        return false;
    }
    let wanted = words(name);
    let there: Vec<String> = names.flat_map(words).collect();
    !wanted.is_empty() && wanted.iter().all(|word| there.contains(word))
}

/// Splits a name into words without case and accents. Each Chinese character is a word.
pub fn words(name: &str) -> Vec<String> {
    let folded: String = name
        .to_lowercase()
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| if c == 'ı' { 'i' } else { c })
        .collect();
    let mut words = Vec::new();
    for part in folded.split(|c: char| !c.is_alphanumeric()) {
        let (han, rest): (Vec<char>, Vec<char>) = part.chars().partition(|c| is_han(*c));
        words.extend(han.iter().map(char::to_string));
        if rest.len() >= 2 {
            words.push(rest.iter().collect());
        }
    }
    words.retain(|word| !COMMON.contains(&word.as_str()));
    words
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_of_the_invitation_is_enough() {
        let invitation = [
            "Encik Rahman & Keluarga",
            "Siti binti Ahmad",
            "François Müller",
        ];
        for name in [
            "rahman",
            "RAHMAN",
            " Siti ",
            "Encik Rahman",
            "siti ahmad",
            "Siti binti Ahmad",
            "francois",
            "Muller",
            "ＭＵＬＬＥＲ",
        ] {
            assert!(is_among(name, invitation.into_iter()), "{name}");
        }
        for name in [
            "",
            "  ",
            "r",
            "rahma",
            "rahmans",
            "keluarga",
            "encik",
            "binti",
            "Encik Keluarga",
            "Rahman Rossi",
            "ahmad siti rahman mei",
        ] {
            assert!(!is_among(name, invitation.into_iter()), "{name}");
        }
    }

    #[test]
    fn one_han_character_is_a_name() {
        let invitation = ["陈志明先生一家", "محمد"];
        for name in ["陈", "陈志明", "志明", "陈先生", "محمد", "مُحَمَّد"] {
            assert!(is_among(name, invitation.into_iter()), "{name}");
        }
        for name in ["家", "先生", "林", "陈大明"] {
            assert!(!is_among(name, invitation.into_iter()), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(name in ".{0,60}") {
            let _ = is_among(&name, ["Rahman", "陈"].into_iter());
        }
    }
}
