//! The short secret codes of invitations. This module parses typed codes, normalizes codes for
//! look-ups, and draws new codes.

use std::fmt;

use platform::Random;
use unicode_normalization::UnicodeNormalization;

/// The characters of new codes. `0 O 1 I L` are left out, because they look alike on a printed
/// card.
const SYMBOLS: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// A normalized code, which is used to look up invitations. A code is a secret, so `Debug` prints
/// only two of its characters.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CodeKey(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has 5 to 8 letters or digits")]
pub struct Malformed;

impl CodeKey {
    /// Normalizes a typed code. Case, spaces and hyphens are ignored, and look-alike characters
    /// become equal.
    pub fn parse(typed: &str) -> Result<Self, Malformed> {
        // A valid code is never longer than 256 bytes, even with a separator after every letter.
        if typed.len() > 256 {
            return Err(Malformed);
        }
        let folded: String = typed
            .nfkc()
            .filter(|c| !is_separator(*c))
            .map(|c| match c {
                'ı' | 'İ' => 'I',
                other => other.to_ascii_uppercase(),
            })
            .map(|c| match c {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        let well_formed = (5..=8).contains(&folded.len())
            && folded
                .bytes()
                .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        well_formed.then_some(Self(folded)).ok_or(Malformed)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}***", self.0.get(..2).unwrap_or_default())
    }
}

impl platform::store::Bind for CodeKey {
    fn bind(&self) -> platform::store::Value<'_> {
        platform::store::Value::Text(&self.0)
    }
}

/// Converts a code that a host has chosen to upper case, and removes separators.
pub fn display_form(typed: &str) -> String {
    typed
        .nfkc()
        .filter(|c| !is_separator(*c))
        .map(|c| match c {
            'ı' | 'İ' => 'I',
            other => other.to_ascii_uppercase(),
        })
        .collect()
}

/// Returns the length of new codes. The more codes exist, the longer new codes are, so that
/// guessing stays infeasible.
pub fn length_for(live_codes: u64) -> usize {
    match live_codes {
        0..=200 => 5,
        201..=6_900 => 6,
        _ => 7,
    }
}

/// Draws a random code. If another invitation has the code, the caller must draw again.
pub fn draw(random: &Random, length: usize) -> String {
    (0..length)
        .map(|_| char::from(SYMBOLS[random.below(31) as usize]))
        .collect()
}

pub fn symbol(byte: u8) -> char {
    char::from(SYMBOLS[usize::from(byte) % SYMBOLS.len()])
}

/// Whether a chosen code is easy to guess. A code is easy to guess if it is an ordinary word or one
/// of `names`, the names of the household and its guests.
pub fn is_guessable<'a>(key: &CodeKey, names: impl Iterator<Item = &'a str>) -> bool {
    let fold = |word: &str| CodeKey::parse(word).ok();
    let of_names = names
        .flat_map(|name| name.split_whitespace().chain([name]))
        .filter_map(fold)
        .any(|word| word == *key);
    let bytes = key.0.as_bytes();
    let run = bytes.windows(2).all(|pair| pair[0] == pair[1])
        || bytes
            .windows(2)
            .all(|pair| pair[1].wrapping_sub(pair[0]) == 1);
    let word = [
        "GUEST", "INVITE", "WEDDING", "FAMILY", "HELLO", "KENDURI", "NIKAH", "RSVP1", "ADMIN",
        "TAMU", "JEMPUT", "KAHWIN", "PARTY", "LOVES", "BRIDE", "GROOM",
    ];
    of_names
        || run
        || word
            .iter()
            .filter_map(|word| fold(word))
            .any(|word| word == *key)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '.' | '‐' | '‑' | '‒' | '–' | '—' | '−' | '·' | '\u{200b}'
                ..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_spaces_and_case_do_not_count() {
        for (typed, folded) in [
            ("SMITH", "SM1TH"),
            ("sm1th", "SM1TH"),
            (" s-m.i t\u{200b}h ", "SM1TH"),
            ("ＳＭＩＴＨ", "SM1TH"),
            ("smıth", "SM1TH"),
            ("SMİTH", "SM1TH"),
            ("olilo", "01110"),
            ("ABCDEFGH", "ABCDEFGH"),
        ] {
            assert_eq!(CodeKey::parse(typed).unwrap().as_str(), folded, "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_told_apart() {
        for typed in [
            "",
            "ABCD",
            "ABCDEFGHI",
            "ABC€E",
            "陈志明家",
            "AB/CD",
            "Æther",
        ] {
            assert_eq!(CodeKey::parse(typed), Err(Malformed), "{typed}");
        }
        assert_eq!(CodeKey::parse(&"-".repeat(300)), Err(Malformed));
    }

    #[test]
    fn new_codes_avoid_look_alikes_and_grow_with_the_installation() {
        let random = Random::seeded(5);
        for _ in 0..1_000 {
            let code = draw(&random, 5);
            assert_eq!(CodeKey::parse(&code).unwrap().as_str(), code);
        }
        assert_eq!([200, 201, 6_900, 6_901].map(length_for), [5, 6, 6, 7]);
    }

    #[test]
    fn names_words_and_runs_are_no_secrets() {
        let key = |text| CodeKey::parse(text).unwrap();
        assert!(is_guessable(
            &key("rahman"),
            ["Keluarga Rahman"].into_iter()
        ));
        assert!(is_guessable(&key("AAAAA"), [].into_iter()));
        assert!(is_guessable(&key("12345"), [].into_iter()));
        assert!(is_guessable(&key("wedding"), [].into_iter()));
        assert!(!is_guessable(&key("K7PWD"), ["Rahman"].into_iter()));
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(format!("{:?}", CodeKey::parse("RAHMA").unwrap()), "RA***");
    }

    proptest::proptest! {
        #[test]
        fn folding_never_panics_and_is_stable(typed in ".{0,40}") {
            if let Ok(key) = CodeKey::parse(&typed) {
                proptest::prop_assert_eq!(CodeKey::parse(key.as_str()), Ok(key.clone()));
            }
        }
    }
}
