//! Cleans strings before they are stored. A clean string is in NFC, is trimmed, and has no control
//! characters except line feeds.

use unicode_normalization::UnicodeNormalization;

/// Normalizes `text` to NFC, trims it, and removes control characters except line feeds.
pub fn clean(text: &str) -> String {
    let without_returns = text.replace("\r\n", "\n").replace('\r', "\n");
    without_returns
        .nfc()
        .filter(|c| *c == '\n' || !c.is_control())
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Like [`clean`], but on one line: line feeds and tabs become spaces.
pub fn clean_line(text: &str) -> String {
    clean(&text.replace("\r\n", "\n").replace(['\n', '\r', '\t'], " "))
}

/// The dots that programs read as the dots of a domain name (RFC 3490, section 3.1).
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];

/// Whether a text looks like a web address or has a domain name in it. Initials, as in "A.Kadir",
/// do not count.
pub fn has_address(text: &str) -> bool {
    let is_domain = |word: &str| {
        let labels: Vec<&str> = word.split(DOTS).collect();
        labels.windows(2).any(|pair| {
            let is_in_name = |letter: &char| letter.is_alphanumeric() || *letter == '-';
            let before = pair[0].chars().rev().take_while(is_in_name).count();
            let mut after = pair[1].chars().take_while(is_in_name);
            before > 1 && after.next().is_some_and(char::is_alphabetic) && after.next().is_some()
        })
    };
    text.contains("://") || text.split_whitespace().any(is_domain)
}

/// Writes a text so that no mail program makes a link of a part of it: with a space after each dot
/// that has none, and within "://".
pub fn without_links(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.replace("://", ": //").chars() {
        if safe.ends_with(DOTS) && letter.is_alphanumeric() {
            safe.push(' ');
        }
        safe.push(letter);
    }
    safe
}

/// Hexadecimal digits of `bytes`, in lower case.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(half.into(), 16));
        }
        text
    })
}

/// The length in Unicode scalar values, the unit of every length limit.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// Converts `text` to the form for searching, without case and accents, so that "Rene" finds
/// "René". Scripts without case (Han, Arabic) are unchanged.
pub fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c) || !is_latin_accent(*c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'ß' => 's',
            'ı' => 'i',
            'ø' => 'o',
            'ł' => 'l',
            'đ' => 'd',
            '’' => '\'',
            other => other,
        })
        .nfc()
        .collect()
}

/// Whether `c` is an accent of Latin letters. Vowel signs of other scripts carry meaning and are
/// kept.
fn is_latin_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_text_is_normal_trimmed_and_free_of_controls() {
        assert_eq!(clean("  e\u{301}\u{0}a\r\nb\u{7} "), "éa\nb");
        assert_eq!(clean_line("a\r\n\tb"), "a  b");
        assert_eq!(length("陈志明"), 3);
    }

    #[test]
    fn search_ignores_case_and_accents_but_not_letters() {
        assert_eq!(fold("RENÉ Müller"), "rene muller");
        assert_eq!(fold("陈志明"), "陈志明");
        assert_eq!(fold("மீனா"), "மீனா");
        assert_eq!(fold("Dato’ İsmail"), "dato' ismail");
    }

    #[test]
    fn a_name_is_no_address_and_becomes_no_link() {
        for (text, is_address, safe) in [
            (
                "Visit http://evil.example now",
                true,
                "Visit http: //evil. example now",
            ),
            ("www.evil.example", true, "www. evil. example"),
            ("evil\u{3002}example", true, "evil\u{3002} example"),
            ("a@evil.co", true, "a@evil. co"),
            ("(evil-1.co)", true, "(evil-1. co)"),
            ("http://a", true, "http: //a"),
            ("A.Kadir b. Ali", false, "A. Kadir b. Ali"),
            ("J.R.R. Tolkien Jr.", false, "J. R. R. Tolkien Jr."),
            ("Version 2.0", false, "Version 2. 0"),
            ("陈志明...", false, "陈志明..."),
        ] {
            assert_eq!(has_address(text), is_address, "{text}");
            assert_eq!(without_links(text), safe);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_becomes_no_link_is_no_address(text in ".*") {
            proptest::prop_assert!(!has_address(&without_links(&text)));
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in ".*") {
            let once = clean(&text);
            proptest::prop_assert_eq!(&clean(&once), &once);
        }
    }

    #[test]
    fn bytes_are_written_as_two_digits_each() {
        assert_eq!(hexadecimal(&[0, 9, 10, 255]), "00090aff");
    }
}
