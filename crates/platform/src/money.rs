//! Money: integer amounts in minor units of an ISO 4217 currency. Nothing is rounded, and
//! floating-point numbers are not used.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::id::TEXT_SCHEMA;
use crate::store::{Bind, Column, Value};

/// Currencies without minor units.
const WHOLE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
/// Currencies with three decimals.
const THREE: &str = "BHD IQD JOD KWD LYD OMR TND";
/// The other currencies, which have two decimals.
const TWO: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN \
    BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL \
    GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR \
    LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB \
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP \
    SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR ZMW ZWG";
/// Currencies that are no longer in use: the Netherlands Antillean guilder became XCG in 2025, the
/// Bulgarian lev became EUR in 2026. Stored amounts keep them.
const OUT_OF_USE: [&str; 2] = ["ANG", "BGN"];

/// Currency symbols that people know better than the ISO codes.
const SIGNS: [(&str, &str); 7] = [
    ("MYR", "RM"),
    ("INR", "₹"),
    ("USD", "US$"),
    ("SGD", "S$"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("JPY", "¥"),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The error for a text that is not the code of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a currency of ISO 4217")]
pub struct NotACurrency;

impl Currency {
    pub const MYR: Self = Self(*b"MYR");

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The symbol, or the code if people know it better: “RM”, “CHF”.
    pub fn sign(&self) -> &str {
        let known = SIGNS.iter().find(|(code, _)| *code == self.code());
        known.map_or(self.code(), |(_, sign)| sign)
    }

    /// The number of decimals of an amount in this currency.
    pub fn decimals(&self) -> u32 {
        let is_in = |list: &str| list.split(' ').any(|code| code == self.code());
        match () {
            () if is_in(WHOLE) => 0,
            () if is_in(THREE) => 3,
            () => 2,
        }
    }

    /// Whether people still pay in this currency, so that it may be chosen.
    pub fn is_in_use(&self) -> bool {
        !OUT_OF_USE.contains(&self.code())
    }

    /// The currencies that may be chosen, by code.
    pub fn all_in_use() -> Vec<Self> {
        let lists = [WHOLE, THREE, TWO].into_iter();
        let codes = lists.flat_map(|list| list.split_ascii_whitespace());
        let known = codes.filter_map(|code| code.parse::<Self>().ok());
        let mut all: Vec<Self> = known.filter(Self::is_in_use).collect();
        all.sort_unstable();
        all
    }

    pub fn units(self) -> i64 {
        10_i64.pow(self.decimals())
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;

    fn from_str(code: &str) -> Result<Self, NotACurrency> {
        let mut known = [WHOLE, THREE, TWO]
            .into_iter()
            .flat_map(|list| list.split_ascii_whitespace());
        if !known.any(|one| one == code) {
            return Err(NotACurrency);
        }
        code.as_bytes()
            .try_into()
            .map(Self)
            .map_err(|_| NotACurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        String::schema()
    }
}

impl ToSchema for Currency {
    fn name() -> Cow<'static, str> {
        TEXT_SCHEMA.into()
    }
}

impl Bind for Currency {
    fn bind(&self) -> Value<'_> {
        Value::Text(self.code())
    }
}

impl Column for Currency {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(code) => code.parse().ok(),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// The amount in minor units, such as cents.
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Adds two amounts. Returns `None` if the currencies differ or the sum is too large.
    pub fn plus(self, other: Self) -> Option<Self> {
        let minor = self.minor.checked_add(other.minor)?;
        (self.currency == other.currency).then_some(Self { minor, ..self })
    }

    /// Subtracts an amount. Returns `None` if the currencies differ or the difference is too large.
    pub fn minus(self, other: Self) -> Option<Self> {
        let minor = self.minor.checked_sub(other.minor)?;
        (self.currency == other.currency).then_some(Self { minor, ..self })
    }

    /// The same number in another currency: 100.00 of one is 100 of a currency without decimals.
    /// `None` if the other currency has too few decimals for it, or if the sum is too large.
    pub fn in_units_of(self, currency: Currency) -> Option<Self> {
        let (from, to) = (
            i128::from(self.currency.units()),
            i128::from(currency.units()),
        );
        let minor = i128::from(self.minor) * to;
        let minor = (minor % from == 0).then(|| i64::try_from(minor / from).ok())??;
        Some(Self { minor, currency })
    }

    /// Splits the amount into `count` parts that differ by at most one minor unit.
    pub fn shares(self, count: u16) -> Vec<Self> {
        let count = i64::from(count);
        if count == 0 {
            return Vec::new();
        }
        let (each, rest) = (self.minor.div_euclid(count), self.minor.rem_euclid(count));
        let share = |at| Self {
            minor: each + i64::from(at < rest),
            ..self
        };
        (0..count).map(share).collect()
    }

    /// The whole units and the remaining minor units.
    pub fn parts(self) -> (i64, i64) {
        let units = self.currency.units();
        (self.minor / units, (self.minor % units).abs())
    }

    /// The amount in the format of JSON and form fields, such as “180.00”.
    pub fn decimal(self) -> String {
        let (whole, part) = self.parts();
        let sign = if self.minor < 0 && whole == 0 {
            "-"
        } else {
            ""
        };
        match self.currency.decimals() {
            0 => whole.to_string(),
            places => format!("{sign}{whole}.{part:0places$}", places = places as usize),
        }
    }

    /// Parses an amount as people write it: “180”, “180.00”, “180,00”, “1 800.00”, “1,800.00” or
    /// “1.800,00”, with no more decimals than the currency has. The currency's code or symbol
    /// may stand before or after the number.
    pub fn parse(typed: &str, currency: Currency) -> Option<Self> {
        let typed = typed.trim();
        let mut marks = [currency.code(), currency.sign()].into_iter();
        let typed = marks.find_map(|mark| without(typed, mark)).unwrap_or(typed);
        let minor = parse_decimal(typed, currency.decimals())?;
        Some(Self { minor, currency })
    }
}

/// The rest of a text that either begins or ends with this code or symbol.
fn without<'a>(typed: &'a str, mark: &str) -> Option<&'a str> {
    let is_mark = |part: Option<&str>| part.is_some_and(|one| one.eq_ignore_ascii_case(mark));
    let end = typed.len().checked_sub(mark.len())?;
    match (is_mark(typed.get(..mark.len())), is_mark(typed.get(end..))) {
        (true, false) => typed.get(mark.len()..),
        (false, true) => typed.get(..end),
        _ => None,
    }
}

/// Parses a number of at most `places` decimals that is not negative, and returns it without its
/// decimal point: “1,250.5” with two decimals is 125,050. Thousands may be separated by spaces,
/// apostrophes, commas or dots. What could mean a number a thousand times larger is refused:
/// “1.800” with two decimals, and “1,800” with three.
pub fn parse_decimal(typed: &str, places: u32) -> Option<i64> {
    let places = usize::try_from(places).ok()?;
    let plain = |c: char| match c {
        '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        '\u{2019}' => '\'',
        c => c,
    };
    let typed: String = typed.trim().chars().map(plain).collect();
    let mark = typed.rfind([',', '.']).filter(|at| {
        let (mark, decimals) = (&typed[*at..=*at], typed.len() - at - 1);
        let is_alone = typed.matches(mark).count() == 1;
        // Three digits after a comma are thousands, unless a dot before it separates thousands.
        let is_group = mark == "," && decimals == 3 && !typed[..*at].contains('.');
        is_alone && !is_group
    });
    let (whole, decimals) = match mark {
        Some(at) => (&typed[..at], &typed[at + 1..]),
        None => (&*typed, ""),
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_decimals = (1..=places).contains(&decimals.len()) && is_number(decimals);
    // With three decimals, a comma before three digits may be either mark.
    let is_unclear = mark.is_none() && places == 3 && whole.contains(',');
    if mark.is_some() && !has_decimals || is_unclear {
        return None;
    }
    let separator = whole.find(|c: char| !c.is_ascii_digit());
    let separator = separator.and_then(|at| whole[at..].chars().next());
    if separator.is_some_and(|c| !matches!(c, ' ' | '\'' | ',' | '.')) {
        return None;
    }
    let groups: Vec<&str> = match separator {
        Some(separator) => whole.split(separator).collect(),
        None => vec![whole],
    };
    let last = groups.len() - 1;
    let fits = groups.iter().enumerate().all(|(at, group)| {
        // India separates thousands, and above them each two digits.
        let is_group = match group.len() {
            1 => at == 0,
            2 => at < last,
            length => length == 3,
        };
        is_number(group) && !group.is_empty() && (last == 0 || is_group)
    });
    // Nobody separates the thousands of 0: “0,001” has more decimals than there are.
    if !fits || last > 0 && groups[0].starts_with('0') {
        return None;
    }
    format!("{}{decimals:0<places$}", groups.concat())
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn a_sum_is_read_as_it_is_written() {
        for (typed, code, minor, written) in [
            ("180", "MYR", 18_000, "180.00"),
            ("1,250.5", "MYR", 125_050, "1250.50"),
            ("180,00", "MYR", 18_000, "180.00"),
            ("MYR 250,00", "MYR", 25_000, "250.00"),
            ("180 eur", "EUR", 18_000, "180.00"),
            ("RM 250,00", "MYR", 25_000, "250.00"),
            ("rm10", "MYR", 1_000, "10.00"),
            ("€ 10", "EUR", 1_000, "10.00"),
            ("1.234,50 €", "EUR", 123_450, "1234.50"),
            ("US$\u{a0}1,800", "USD", 180_000, "1800.00"),
            ("1 800.00", "MYR", 180_000, "1800.00"),
            ("1\u{202f}800,00", "EUR", 180_000, "1800.00"),
            ("1’800.00", "CHF", 180_000, "1800.00"),
            ("1,800.00", "MYR", 180_000, "1800.00"),
            ("1,800", "MYR", 180_000, "1800.00"),
            ("1.234,5", "EUR", 123_450, "1234.50"),
            ("1.234.567,00", "EUR", 123_456_700, "1234567.00"),
            ("1,00,000.00", "INR", 10_000_000, "100000.00"),
            ("1500", "JPY", 1_500, "1500"),
            ("1,500", "JPY", 1_500, "1500"),
            ("0.005", "KWD", 5, "0.005"),
            ("1.234,500", "KWD", 1_234_500, "1234.500"),
        ] {
            let read = Money::parse(typed, currency(code)).unwrap();
            assert_eq!((read.minor, read.decimal().as_str()), (minor, written));
        }
        for (typed, code) in [
            ("1.234", "MYR"),
            ("1.800", "EUR"),
            ("1.500", "JPY"),
            ("1,800", "KWD"),
            ("0,001", "EUR"),
            ("0.001", "EUR"),
            ("0 500", "JPY"),
            ("012,345.00", "MYR"),
            ("RM 250,00", "EUR"),
            ("€ 250", "MYR"),
            ("USD 250", "EUR"),
            ("US$ 250", "SGD"),
            ("S$ 250", "USD"),
            ("$ 250", "USD"),
            ("RM 1.800", "MYR"),
            ("€ 1.800", "EUR"),
            ("RM 10 RM", "MYR"),
            ("RM 10 MYR", "MYR"),
            ("MYR RM 10", "MYR"),
            ("RM -10", "MYR"),
            ("RM", "MYR"),
            ("1,80,00", "MYR"),
            ("18 0", "MYR"),
            ("1,800 000", "MYR"),
            ("180.", "MYR"),
            ("180,000,", "MYR"),
            ("180.00.00", "MYR"),
            ("1.5", "JPY"),
            ("-1", "MYR"),
            ("+1", "MYR"),
            ("١٨٠", "MYR"),
            ("", "MYR"),
            (".5", "MYR"),
            ("1e3", "MYR"),
            ("99999999999999999999", "MYR"),
            ("92233720368547758.08", "MYR"),
        ] {
            assert_eq!(Money::parse(typed, currency(code)), None, "{typed}");
        }
        assert_eq!(Money::new(-5, Currency::MYR).decimal(), "-0.05");
    }

    #[test]
    fn only_currencies_in_use_are_offered_and_former_ones_are_read() {
        assert_eq!(currency("INR").decimals(), 2);
        let offered = Currency::all_in_use();
        assert!(offered.contains(&currency("XCG")) && offered.is_sorted());
        for code in ["ANG", "BGN"] {
            assert!(!currency(code).is_in_use() && !offered.contains(&currency(code)));
        }
        for code in ["", "XXX", "myr", "MY", "DEM", "MYR "] {
            assert_eq!(code.parse::<Currency>(), Err(NotACurrency), "{code}");
        }
    }

    #[test]
    fn a_number_stays_in_another_currency() {
        for (from, minor, to, expected) in [
            ("MYR", 10_000, "EUR", Some(10_000)),
            ("MYR", 10_000, "JPY", Some(100)),
            ("MYR", 10_050, "JPY", None),
            ("JPY", 100, "KWD", Some(100_000)),
            ("JPY", i64::MAX, "KWD", None),
        ] {
            let found = Money::new(minor, currency(from)).in_units_of(currency(to));
            let expected = expected.map(|minor| Money::new(minor, currency(to)));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn no_sum_is_of_two_currencies_or_larger_than_it_can_be() {
        let (ringgit, yen) = (Money::new(1, Currency::MYR), Money::new(1, currency("JPY")));
        assert_eq!(ringgit.plus(yen), None);
        assert_eq!(ringgit.minus(yen), None);
        assert_eq!(Money::new(i64::MAX, Currency::MYR).plus(ringgit), None);
        assert_eq!(Money::new(i64::MIN, Currency::MYR).minus(ringgit), None);
    }

    proptest! {
        #[test]
        fn shares_add_up(minor in -1_000_000_i64..1_000_000, count in 1_u16..50) {
            let shares = Money::new(minor, Currency::MYR).shares(count);
            prop_assert_eq!(shares.len(), usize::from(count));
            prop_assert_eq!(shares.iter().map(|share| share.minor).sum::<i64>(), minor);
            let (least, most) = (shares.iter().map(|s| s.minor).min(), shares.iter().map(|s| s.minor).max());
            prop_assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1));
        }

        #[test]
        fn what_is_written_is_read_back(minor in 0_i64.., code in prop_oneof!["MYR", "JPY", "KWD"]) {
            let sum = Money::new(minor, currency(&code));
            prop_assert_eq!(Money::parse(&sum.decimal(), sum.currency), Some(sum));
        }
    }
}
