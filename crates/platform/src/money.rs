//! Amounts of money: whole minor units of one currency, never a fraction.

use std::fmt;

/// An ISO 4217 currency code, in upper case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Parses a three-letter code in upper case.
    pub fn parse(code: &str) -> Option<Self> {
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(code))
    }

    /// The code: `MYR`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many digits follow the decimal point (ISO 4217 list one).
    pub fn exponent(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in minor units (sen, cents) of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Signed minor units.
    pub minor: i64,
    /// The currency of the amount.
    pub currency: Currency,
}

impl Money {
    /// The sum; `None` for different currencies or on overflow.
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        self.minor
            .checked_add(other.minor)
            .map(|minor| Self { minor, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let unit = 10_u64.pow(exponent);
        let sign = if self.minor < 0 { "-" } else { "" };
        let (whole, part) = (
            self.minor.unsigned_abs() / unit,
            self.minor.unsigned_abs() % unit,
        );
        if exponent == 0 {
            write!(f, "{} {sign}{whole}", self.currency)
        } else {
            let width = exponent as usize;
            write!(f, "{} {sign}{whole}.{part:0width$}", self.currency)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money {
            minor,
            currency: Currency::parse(code).unwrap(),
        }
    }

    #[test]
    fn amounts_show_their_own_decimals() {
        assert_eq!(money(125_000, "MYR").to_string(), "MYR 1250.00");
        assert_eq!(money(-5, "MYR").to_string(), "MYR -0.05");
        assert_eq!(money(1_250, "JPY").to_string(), "JPY 1250");
        assert_eq!(money(1_250, "KWD").to_string(), "KWD 1.250");
        assert_eq!(
            money(i64::MIN, "EUR").to_string(),
            "EUR -92233720368547758.08"
        );
    }

    #[test]
    fn two_currencies_never_add() {
        assert_eq!(money(1, "MYR").plus(money(1, "SGD")), None);
        assert_eq!(money(i64::MAX, "MYR").plus(money(1, "MYR")), None);
        assert_eq!(
            money(2, "MYR").plus(money(-3, "MYR")),
            Some(money(-1, "MYR"))
        );
        assert_eq!(Currency::parse("myr"), None);
    }
}
