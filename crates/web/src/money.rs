//! Amounts of money in the reader's language.

use platform::money::{Currency, Money};

use crate::text::Text;

/// A no-break space, which keeps symbol and number on one line.
const NO_BREAK: char = '\u{a0}';

impl Text {
    /// An amount such as “RM 1,250.00”, on one line and left to right in every language.
    pub fn money(&self, sum: Money) -> String {
        self.write_money(sum, true)
    }

    /// Like [`Self::money`], but without decimals if they are zero: “RM 180”.
    pub fn money_short(&self, sum: Money) -> String {
        self.write_money(sum, sum.parts().1 != 0)
    }

    /// The symbol of a currency, or its code if people know it better: “RM”, “CHF”.
    pub fn currency_sign(&self, currency: Currency) -> String {
        currency.sign().to_owned()
    }

    fn write_money(&self, sum: Money, has_decimals: bool) -> String {
        let sign = self.currency_sign(sum.currency);
        let minus = if sum.minor < 0 { "\u{2212}" } else { "" };
        let (whole, part) = sum.parts();
        let whole = self.number(whole.abs());
        let decimals = if has_decimals && sum.currency.decimals() > 0 {
            let places = sum.currency.decimals() as usize;
            format!("{}{part:0places$}", self.say("number-decimal"))
        } else {
            String::new()
        };
        let mut written = format!("{minus}{sign}{NO_BREAK}{whole}{decimals}");
        if self.language().dir == "rtl" {
            written = format!("\u{2066}{written}\u{2069}");
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use platform::money::Money;

    use crate::testing;

    #[test]
    fn sums_are_written_as_people_of_each_language_write_them() {
        for (tag, minor, code, said) in [
            ("en", 125_000, "MYR", "RM\u{a0}1,250.00"),
            ("ms", 125_050, "MYR", "RM\u{a0}1,250.50"),
            ("it", 125_000, "EUR", "€\u{a0}1.250,00"),
            ("zh-Hans", 1_500, "JPY", "¥\u{a0}1,500"),
            ("en", -18_000, "MYR", "\u{2212}RM\u{a0}180.00"),
            ("en", 5, "KWD", "KWD\u{a0}0.005"),
            ("ar", 18_000, "MYR", "\u{2066}RM\u{a0}180.00\u{2069}"),
        ] {
            let sum = Money::new(minor, code.parse().unwrap());
            assert_eq!(testing::text(tag).money(sum), said);
        }
        let whole = Money::new(18_000, "MYR".parse().unwrap());
        assert_eq!(testing::text("en").money_short(whole), "RM\u{a0}180");
    }
}
