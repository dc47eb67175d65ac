//! Money: integer amounts in minor units of an ISO 4217 currency. Nothing is rounded, and
//! floating-point numbers are not used.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

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
    SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The error for a text that is not the code of a currency in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no currency of ISO 4217")]
pub struct NotACurrency;

impl Currency {
    pub const MYR: Self = Self(*b"MYR");

    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
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

    fn units(self) -> i64 {
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

    /// Parses “180”, “180.00” or “1,250.50”, with no more decimals than the currency has.
    pub fn parse(typed: &str, currency: Currency) -> Option<Self> {
        let typed: String = typed
            .trim()
            .chars()
            .filter(|c| !matches!(c, ',' | ' '))
            .collect();
        let (whole, part) = typed.split_once('.').unwrap_or((&typed, ""));
        let places = currency.decimals() as usize;
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > places || !is_number(whole) || !is_number(part) {
            return None;
        }
        let whole: i64 = whole.parse().ok()?;
        let part: i64 = format!("{part:0<places$}0").parse().ok()?;
        let minor = whole
            .checked_mul(currency.units())?
            .checked_add(part / 10)?;
        Some(Self { minor, currency })
    }
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
            ("1500", "JPY", 1_500, "1500"),
            ("0.005", "KWD", 5, "0.005"),
        ] {
            let read = Money::parse(typed, currency(code)).unwrap();
            assert_eq!((read.minor, read.decimal().as_str()), (minor, written));
        }
        for (typed, code) in [
            ("1.234", "MYR"),
            ("1.5", "JPY"),
            ("-1", "MYR"),
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
    fn only_currencies_in_use_are_known() {
        assert_eq!(currency("INR").decimals(), 2);
        for code in ["", "XXX", "myr", "MY", "DEM", "MYR "] {
            assert_eq!(code.parse::<Currency>(), Err(NotACurrency), "{code}");
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
