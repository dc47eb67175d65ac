//! Telephone numbers: kept as people typed them, and read by the rules of their country for links,
//! search and comparison. Only this module knows the library that reads them.

use std::str::FromStr as _;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};
use web::{Findings, Region};

pub use stored::{job, read_stored};
pub(crate) use stored::{note_of_guest, note_of_invitation, read_again};

mod stored;

/// What is longer is no number and is not read.
const MAX_CHARACTERS: usize = 100;

/// A telephone number as somebody typed it, and how it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone<'a> {
    pub typed: &'a str,
    /// The number with its country code as E.164 writes it, such as `+60123456789`; `None` if it is
    /// no valid number, or has no country code while no home country is known.
    pub e164: Option<String>,
    /// Whether the number may belong to a mobile telephone. In some countries, such as the United
    /// States, numbers do not tell.
    pub is_mobile: bool,
}

impl<'a> Phone<'a> {
    /// Reads one number. A number without a country code is one of the home country.
    pub fn read(typed: &'a str, home_country: Option<Region>) -> Self {
        let number = parse(typed, home_country);
        Self {
            typed,
            e164: number.as_ref().map(|number| {
                PHONE_NUMBER_UTIL
                    .format(number, PhoneNumberFormat::E164)
                    .into_owned()
            }),
            is_mobile: number.is_some_and(|number| {
                let kind = PHONE_NUMBER_UTIL.get_number_type(&number);
                matches!(
                    kind,
                    PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile
                )
            }),
        }
    }
}

impl Phone<'_> {
    /// The number as `tel:` and `sms:` links need it. A number that cannot be read keeps its digits.
    pub fn dialled(&self) -> String {
        let as_typed = || {
            let is_kept = |one: &char| one.is_ascii_digit() || *one == '+';
            self.typed.chars().filter(is_kept).collect()
        };
        self.e164.clone().unwrap_or_else(as_typed)
    }

    /// The number as links of WhatsApp need it; empty if it cannot be read. WhatsApp then lets people
    /// choose the recipient.
    pub fn whatsapp(&self) -> String {
        let e164 = self.e164.as_deref().unwrap_or_default();
        e164.trim_start_matches('+').to_owned()
    }
}

/// The country of a number in the form of E.164.
pub fn country(e164: &str) -> Option<Region> {
    let number = parse(e164, None)?;
    let region = PHONE_NUMBER_UTIL.get_region_for_number(&number)?;
    Region::find(&region.to_string())
}

/// How to write a mobile number of a country so that it is read everywhere, such as `+60 12-345 6789`.
pub fn example(home_country: Option<Region>) -> String {
    let region = home_country.and_then(|home| rlibphonenumber::Region::from_str(home.code).ok());
    let number = region.and_then(|region| {
        let kind = PhoneNumberType::Mobile;
        let number = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind);
        number.ok()
    });
    number.map_or_else(
        || "+60 12-345 6789".to_owned(),
        |number| {
            PHONE_NUMBER_UTIL
                .format(&number, PhoneNumberFormat::International)
                .into_owned()
        },
    )
}

fn parse(typed: &str, home_country: Option<Region>) -> Option<PhoneNumber> {
    if typed.chars().count() > MAX_CHARACTERS || has_lost_digits(typed) {
        return None;
    }
    let plain = plain(typed)?;
    let region = home_country.and_then(|home| rlibphonenumber::Region::from_str(home.code).ok());
    let valid = |text: &str| {
        let number = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
        PHONE_NUMBER_UTIL.is_valid_number(&number).then_some(number)
    };
    // Most countries dial 00 abroad (ITU-T E.164), and people write it where their own does not.
    valid(&plain).or_else(|| valid(&format!("+{}", plain.strip_prefix("00")?)))
}

/// The number from its first digit on, in ASCII; `None` if it contains what no number does. The
/// library panics on some texts with letters and semicolons, such as `;phone-context=` before `tel:`.
fn plain(typed: &str) -> Option<String> {
    // Programs put marks of the writing direction around numbers that they copy.
    let is_mark = |one: &char| matches!(one, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}');
    let ascii = |one: char| match one {
        '+' | '＋' => Some('+'),
        '(' | '（' => Some('('),
        ')' | '）' => Some(')'),
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '－' => Some('-'),
        // The letters are those of an extension: `ext 5`, `x5`.
        '.' | '/' | 'e' | 'x' | 't' | 'E' | 'X' | 'T' => Some(one),
        _ if one.is_whitespace() => Some(' '),
        _ => digit(one),
    };
    let begins = |one: &char| matches!(one, '+' | '＋' | '(' | '（') || digit(*one).is_some();
    let number = typed.chars().filter(|one| !is_mark(one));
    let number = number.skip_while(|one| !begins(one));
    let plain: String = number.map(ascii).collect::<Option<_>>()?;
    Some(plain.trim().to_owned())
}

/// The decimal digits of the scripts in which people write numbers, by their zero.
const ZEROS: [char; 8] = ['0', '٠', '۰', '०', '০', '௦', '๐', '０'];

fn digit(one: char) -> Option<char> {
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(one).checked_sub(u32::from(*zero))?;
        char::from_digit(value, 10)
    })
}

/// Whether a spreadsheet has shortened a number to powers of ten, such as `6.01E+10`. Most of its
/// digits are lost then.
pub fn has_lost_digits(typed: &str) -> bool {
    let Some((mantissa, exponent)) = typed.trim().split_once(['e', 'E']) else {
        return false;
    };
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = mantissa.replacen([',', '.'], "", 1);
    are_digits(&mantissa) && are_digits(exponent.trim_start_matches('+'))
}

/// Refuses a number that [has lost its digits](has_lost_digits).
pub(crate) fn check_digits(pointer: &str, typed: Option<&str>, findings: &mut Findings) {
    if typed.is_some_and(has_lost_digits) {
        findings.add(pointer, "phone_digits_lost", []);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_that_is_read_goes_to_whatsapp() {
        for (typed, country, whatsapp, dialled) in [
            ("+60 12-345 6789", "", "60123456789", "+60123456789"),
            ("012-345 6789", "MY", "60123456789", "+60123456789"),
            ("012-345 67 89", "", "", "0123456789"),
            ("12", "MY", "", "12"),
            ("", "MY", "", ""),
        ] {
            let phone = Phone::read(typed, Region::find(country));
            assert_eq!(phone.whatsapp(), whatsapp, "{typed}");
            assert_eq!(phone.dialled(), dialled, "{typed}");
        }
    }

    fn read(typed: &str, country: &str) -> (Option<String>, bool) {
        let phone = Phone::read(typed, Region::find(country));
        assert_eq!(phone.typed, typed);
        (phone.e164, phone.is_mobile)
    }

    #[test]
    fn a_number_is_read_as_its_country_writes_it() {
        for (typed, country, e164, is_mobile) in [
            ("+6012-345-6783", "", "+60123456783", true),
            ("012-345 6789", "MY", "+60123456789", true),
            ("60123456789", "MY", "+60123456789", true),
            ("(03) 8888 1234", "my", "+60388881234", false),
            ("٠١٢٣٤٥٦٧٨٩", "MY", "+60123456789", true),
            ("＋６０１２３４５６７８９", "", "+60123456789", true),
            ("+60 12-345 6789", "IT", "+60123456789", true),
            ("347 123 4567", "IT", "+393471234567", true),
            // In Italy, the 0 of an area stays.
            ("06 1234567", "IT", "+39061234567", false),
            ("0065 9123 4567", "MY", "+6591234567", true),
            ("0065 9123 4567", "", "+6591234567", true),
            ("0065 9123 4567", "US", "+6591234567", true),
            ("(650) 253-0000", "US", "+16502530000", true),
            ("012-345 6789 ext 5", "MY", "+60123456789", true),
            ("HP: 012-345\u{a0}6789", "MY", "+60123456789", true),
            (
                "\u{202a}+60 12\u{2011}345 6789\u{202c}",
                "",
                "+60123456789",
                true,
            ),
            ("๐๑๒-๓๔๕ ๖๗๘๙", "MY", "+60123456789", true),
        ] {
            let expected = (Some(e164.to_owned()), is_mobile);
            assert_eq!(read(typed, country), expected, "{typed} {country}");
        }
    }

    #[test]
    fn a_whole_number_names_its_country() {
        for (e164, code) in [
            ("+60123456789", "MY"),
            ("+393471234567", "IT"),
            ("+4917", ""),
        ] {
            let found = country(e164).map(|one| one.code);
            assert_eq!(found.unwrap_or_default(), code, "{e164}");
        }
    }

    #[test]
    fn an_example_is_a_number_that_is_read_everywhere() {
        for (country, begins) in [("MY", "+60 "), ("IT", "+39 "), ("US", "+1 "), ("", "+60 ")] {
            let example = example(Region::find(country));
            assert!(example.starts_with(begins), "{country}: {example}");
            assert!(read(&example, "").0.is_some(), "{country}: {example}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_guessed() {
        let long = "0123456789".repeat(11);
        for (typed, country) in [
            ("", "MY"),
            ("ask Mei", "MY"),
            ("12", "MY"),
            // Valid elsewhere, but nobody wrote a country.
            ("012-345 6789", ""),
            ("6591234567", "MY"),
            // Two numbers are not one.
            ("+60 12-345 6789 / 013", "MY"),
            ("6.01E+10", "MY"),
            ("012-345 6789; 013-345 6789", "MY"),
            // The library panics on it.
            ("+60;phone-context=x;ext=tel:0", "MY"),
            (&long, "MY"),
        ] {
            assert_eq!(read(typed, country), (None, false), "{typed} {country}");
        }
    }

    #[test]
    fn powers_of_ten_have_lost_their_digits() {
        for lost in ["6.01E+10", " 6,01e+10 ", "6E10", "6.0123E+10"] {
            assert!(has_lost_digits(lost), "{lost}");
        }
        for kept in [
            "",
            "E",
            "6.01",
            "012-345 6789",
            "E10",
            "6E",
            "012 ext 5",
            "6E-1",
        ] {
            assert!(!has_lost_digits(kept), "{kept}");
        }
    }

    #[test]
    fn ten_thousand_made_cells_are_read_without_harm() {
        let parts = [
            "+",
            "00",
            "0",
            "6",
            "12",
            "345 ",
            "-",
            "/",
            ";ext=",
            "ext",
            "(",
            ")",
            "٣",
            "９",
            "tel:",
            ";phone-context=",
            "+60",
            "a",
            "é",
            "中",
            "\u{200f}",
            "\u{0}",
            "~",
            "x",
            "*",
            "#",
            ",",
        ];
        let mut state = 7_u64;
        let mut next = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap_or_default() % below
        };
        let mut valid = 0;
        for _ in 0..10_000 {
            let cell: String = (0..next(16)).map(|_| parts[next(parts.len())]).collect();
            let phone = Phone::read(&cell, Region::find("MY"));
            if let Some(e164) = phone.e164 {
                valid += 1;
                let again = Phone::read(&e164, None);
                assert_eq!(again.e164.as_deref(), Some(e164.as_str()), "{cell:?}");
            }
        }
        assert!(valid > 0);
    }
}
