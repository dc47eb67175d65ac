//! Telephone numbers: kept as people typed them, and read by the rules of their country for links,
//! search and comparison. Only this module knows the library that reads them.

use std::str::FromStr as _;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};
use web::Region;

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

fn parse(typed: &str, home_country: Option<Region>) -> Option<PhoneNumber> {
    if typed.chars().count() > MAX_CHARACTERS || has_lost_digits(typed) {
        return None;
    }
    let region = home_country.and_then(|home| rlibphonenumber::Region::from_str(home.code).ok());
    let valid = |text: &str| {
        let number = PHONE_NUMBER_UTIL.parse(text, region).ok()?;
        PHONE_NUMBER_UTIL.is_valid_number(&number).then_some(number)
    };
    // Most countries dial 00 abroad (ITU-T E.164), and people write it where their own does not.
    valid(typed).or_else(|| valid(&format!("+{}", typed.trim().strip_prefix("00")?)))
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

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            let expected = (Some(e164.to_owned()), is_mobile);
            assert_eq!(read(typed, country), expected, "{typed} {country}");
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
