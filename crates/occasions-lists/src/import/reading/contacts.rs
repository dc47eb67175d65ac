//! Email addresses and telephone numbers in cells.

use super::counts::plain_digit;
use crate::household_document::field::folded;

/// What a cell with contact data holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contacts {
    pub(crate) emails: Vec<String>,
    pub(crate) phones: Vec<String>,
    /// Whether an address had a comma where a dot belongs, or a word for a sign.
    pub(crate) is_mended: bool,
    /// Whether a spreadsheet has rounded a number.
    pub(crate) has_lost_digits: bool,
    /// Whether the cell holds more than these.
    pub(crate) has_rest: bool,
}

/// Reads a cell with email addresses.
pub(crate) fn emails(cell: &str) -> Contacts {
    let mut found = Contacts::default();
    let (rest, emails) = take_emails(cell);
    let (rest, emails) = if emails.is_empty() {
        let (left, mended) = take_emails(&mended(cell));
        found.is_mended = !mended.is_empty();
        (left, mended)
    } else {
        (rest, emails)
    };
    found.has_rest = !folded(&rest).is_empty();
    found.emails = emails;
    found
}

/// "ana@example,org", "ana(at)example(dot)org" and "ana at example.org" as they were meant.
fn mended(cell: &str) -> String {
    let mut text = cell.trim().to_owned();
    text = text.replacen(',', ".", usize::from(cell.matches(',').count() == 1));
    let signs = [
        ("(at)", "@"),
        ("[at]", "@"),
        ("{at}", "@"),
        ("(dot)", "."),
        ("[dot]", "."),
    ];
    for (word, sign) in signs {
        for spaced in [format!(" {word} "), word.to_owned()] {
            text = text.replace(&spaced, sign);
        }
    }
    if !text.contains('@') && text.split_whitespace().count() == 3 {
        text = text.replacen(" at ", "@", 1);
    }
    text
}

/// Removes the email addresses of a text. A name beside an address stays in the text.
pub(crate) fn take_emails(text: &str) -> (String, Vec<String>) {
    let mut emails = Vec::new();
    if !text.contains('@') {
        return (text.to_owned(), emails);
    }
    let is_edge = |letter: char| letter.is_whitespace() || ",;<>()[]\"'|/".contains(letter);
    let mut rest = String::new();
    for piece in text.split_inclusive(is_edge) {
        let word = piece.trim_end_matches(is_edge);
        let bare = word
            .strip_prefix("mailto:")
            .unwrap_or(word)
            .trim_matches(['.', ':']);
        if is_email(bare) {
            if !emails.iter().any(|one: &String| one == bare) {
                emails.push(bare.to_owned());
            }
            // Signs around the address leave with it.
            while rest.ends_with(['<', '(', '"', '\'']) {
                rest.pop();
            }
            let end = &piece[word.len()..];
            if end.starts_with(char::is_whitespace) || end.starts_with([',', ';', '/']) {
                rest.push_str(end);
            }
        } else {
            rest.push_str(piece);
        }
    }
    if emails.is_empty() {
        return (text.to_owned(), emails);
    }
    (
        rest.trim()
            .trim_end_matches([',', ';', '/', '-', ':', ' '])
            .to_owned(),
        emails,
    )
}

fn is_email(word: &str) -> bool {
    let Some((local, domain)) = word.split_once('@') else {
        return false;
    };
    let is_local = |letter: char| letter.is_alphanumeric() || ".!#$%&*+-=?^_`{}~".contains(letter);
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    !local.is_empty()
        && local.chars().all(is_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && domain.contains('.')
        && domain.split('.').all(is_label)
        && domain
            .rsplit('.')
            .next()
            .is_some_and(|last| last.chars().any(char::is_alphabetic))
}

fn is_digit(letter: char) -> bool {
    plain_digit(letter).is_ascii_digit()
}

fn digits(text: &str) -> usize {
    text.chars().filter(|letter| is_digit(*letter)).count()
}

/// Removes the telephone numbers of at least 7 digits that stand beside a name.
pub(crate) fn take_phones(text: &str) -> (String, Vec<String>) {
    let mut phones = Vec::new();
    let mut rest = String::new();
    let letters: Vec<char> = with_area_codes(text).chars().collect();
    let mut at = 0;
    while at < letters.len() {
        let is_start = (is_digit(letters[at]) || letters[at] == '+')
            && at
                .checked_sub(1)
                .is_none_or(|before| !letters[before].is_alphanumeric());
        let length = if is_start {
            number_length(&letters[at..])
        } else {
            0
        };
        let number: String = letters[at..at + length].iter().collect();
        let number = number.trim_end_matches([' ', '-', '.', '(', '\u{a0}']);
        let is_over = letters
            .get(at + number.chars().count())
            .is_none_or(|next| !next.is_alphabetic());
        if digits(number) >= 7 && is_over {
            phones.push(number.trim().to_owned());
            at += number.chars().count();
        } else {
            // A shorter part of what failed fails as well.
            let run = length.max(1);
            rest.extend(&letters[at..at + run]);
            at += run;
        }
    }
    if phones.is_empty() {
        return (text.to_owned(), phones);
    }
    let rest = rest
        .trim()
        .trim_end_matches(['/', ',', ';', '-', ':', '(', '–', ' '])
        .trim_end_matches("()")
        .trim();
    (rest.to_owned(), phones)
}

/// The most signs that are looked at on each side of a slash.
const AREA_CODE: usize = 14;

/// Makes one number of an area code and its number: "0351/4567890".
fn with_area_codes(text: &str) -> String {
    let is_gap = |letter: char| letter == ' ' || letter == '\u{a0}';
    let is_part = |letter: &char| is_digit(*letter) || " -()+\u{a0}".contains(*letter);
    let mut whole = String::with_capacity(text.len());
    for (at, sign) in text.char_indices() {
        if sign != '/' {
            whole.push(sign);
            continue;
        }
        let code = text[..at].chars().rev().take(AREA_CODE).take_while(is_part);
        let code: String = code.collect::<Vec<char>>().into_iter().rev().collect();
        let number = text[at + 1..].trim_start_matches(is_gap).chars();
        let number: String = number.take(AREA_CODE).take_while(is_part).collect();
        let (first, second) = (digits(&code), digits(&number));
        let is_one = code.trim_start_matches([' ', '(']).starts_with(['0', '+'])
            && !number.starts_with(['0', '+', '('])
            && (2..=6).contains(&first)
            && second >= 4
            && first + second >= 7;
        whole.push(if is_one { ' ' } else { sign });
    }
    whole
}

fn number_length(letters: &[char]) -> usize {
    let is_part = |letter: &&char| is_digit(**letter) || " +-.()\u{a0}".contains(**letter);
    letters.iter().take_while(is_part).count()
}

/// Reads a cell with telephone numbers, which stay as they are typed.
pub(crate) fn phones(cell: &str) -> Contacts {
    let mut found = Contacts::default();
    let cell = with_area_codes(&cell.replace(":::", ";"));
    let plain = cell
        .trim()
        .trim_start_matches("=\"")
        .trim_matches(['"', '\'', '\u{200e}', '\u{202a}', '\u{202c}']);
    if is_rounded(plain) {
        found.has_lost_digits = true;
        return found;
    }
    let mut plain = plain.to_owned();
    for word in [
        " or ", " atau ", " oder ", " ou ", " o ", " dan ", " and ", " 或 ",
    ] {
        plain = plain.replace(word, ";");
    }
    let mut before = String::new();
    for piece in plain.split(['/', ',', ';', '\n', '|', '、', '&']) {
        let piece = piece.trim();
        if piece.is_empty() {
            continue;
        }
        if is_rounded(piece) {
            found.has_lost_digits = true;
            continue;
        }
        // "012-3456789/8" is a second number that ends in 8.
        if piece.chars().count() == 1
            && is_digit(piece.chars().next().unwrap_or(' '))
            && digits(&before) >= 7
        {
            let mut second = before.clone();
            second.pop();
            second.push_str(piece);
            found.phones.push(second);
            continue;
        }
        let start = piece.find(|letter: char| is_digit(letter) || letter == '+' || letter == '(');
        let Some(start) = start else {
            found.has_rest = true;
            continue;
        };
        let letters: Vec<char> = piece[start..].chars().collect();
        let number: String = letters[..number_length(&letters)].iter().collect();
        let used = start + number.len();
        let number = number.trim().trim_end_matches(['-', '(', ' ', '.', '+']);
        let number = if digits(number) > 7 {
            number.strip_suffix(".0").unwrap_or(number)
        } else {
            number
        };
        let is_whole = folded(&piece[..start]).is_empty() && folded(&piece[used..]).is_empty();
        if digits(number) == 0 || number.chars().count() > 32 {
            found.has_rest = true;
            continue;
        }
        found.has_rest |= !is_whole;
        if !found.phones.iter().any(|one| one == number) {
            found.phones.push(number.to_owned());
        }
        number.clone_into(&mut before);
    }
    found
}

/// "6.01234E+11": a spreadsheet has kept the first digits only.
fn is_rounded(text: &str) -> bool {
    let text = text.trim();
    let Some((number, power)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let is_number = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|sign| sign.is_ascii_digit() || sign == '.' || sign == ',')
    };
    is_number(number) && power.trim_start_matches('+').parse::<u8>().is_ok()
}
