//! Numbers that people type with a unit: amounts of money, percentages and durations. JSON contains
//! them in minor units, in hundredths of a percent, and in the unit of their field.

use std::ops::RangeInclusive;

use platform::money::{Currency, Money, parse_decimal};
use serde_json::{Map, Value as Json};

use super::{FieldOf, Kind, Reading};
use crate::duration::Unit;
use crate::findings::Findings;
use crate::problem::Argument;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// An amount in the currency that the record's or the form's field of this name contains.
    Money(&'static str),
    Percent,
    /// A duration, in JSON in this unit.
    Duration(Unit),
}

/// An amount of `least` to `most` minor units. `currency` is the name of the field that contains
/// its currency.
pub const fn money(least: i64, most: i64, currency: &'static str) -> FieldOf<i64> {
    FieldOf::new(Kind::Quantity(Quantity::Money(currency), least, most))
}

/// A percentage of `least` to `most` hundredths of a percent.
pub const fn percent(least: i64, most: i64) -> FieldOf<i64> {
    FieldOf::new(Kind::Quantity(Quantity::Percent, least, most))
}

/// The code of a currency in use (ISO 4217). `code` is the error for any other text.
pub const fn currency<V>(code: &'static str) -> FieldOf<V> {
    FieldOf::new(Kind::Currency(code))
}

/// A month, from 1 for January to 12.
pub const fn month() -> FieldOf<i64> {
    FieldOf::new(Kind::Month)
}

/// A duration of `least` to `most` units.
pub const fn duration(least: i64, most: i64, unit: Unit) -> FieldOf<i64> {
    FieldOf::new(Kind::Quantity(Quantity::Duration(unit), least, most))
}

impl Quantity {
    /// A duration's unit may follow, after a space. Without one, the number is in the field's own
    /// unit.
    fn parse(self, typed: &str, currency: Option<Currency>) -> Option<i64> {
        match self {
            Self::Money(_) => Money::parse(typed, currency?).map(|money| money.minor),
            Self::Percent => {
                let typed = typed.trim();
                parse_decimal(typed.strip_suffix('%').unwrap_or(typed), 2)
            }
            Self::Duration(own) => {
                let parts = typed.rsplit_once(' ');
                let parts = parts.and_then(|(count, unit)| Some((count, Unit::find(unit)?)));
                let (count, unit) = parts.unwrap_or((typed, own));
                let minutes = parse_decimal(count, 0)?.checked_mul(unit.minutes())?;
                (minutes % own.minutes() == 0).then(|| minutes / own.minutes())
            }
        }
    }

    fn said(self, number: i64, currency: Option<Currency>) -> Argument {
        match (self, currency) {
            (Self::Money(_), Some(currency)) => Argument::Money(Money::new(number, currency)),
            (Self::Duration(unit), _) => Argument::Duration(number.saturating_mul(unit.minutes())),
            (Self::Percent, _) => Argument::Words(format!("{}\u{a0}%", percentage(number))),
            (Self::Money(_), None) => number.into(),
        }
    }

    /// Reads what was typed into a form, and returns the JSON value.
    pub(super) fn read(
        self,
        reading: &Reading<'_>,
        typed: &str,
        allowed: &RangeInclusive<i64>,
        sent: &Map<String, Json>,
        object: &Map<String, Json>,
        findings: &mut Findings,
    ) -> Option<Json> {
        let at = reading.at;
        if typed.trim().is_empty() {
            findings.add(at, "required", []);
            return None;
        }
        let currency = match self {
            Self::Money(name) => {
                let form = reading.form.and_then(|form| form.find(name));
                let own = object.get(name).and_then(Json::as_str);
                if let (Some(form), Some(own), None) = (form, own, sent.get(name))
                    && form != own
                {
                    findings.add(at, "currency_changed", [("currency", own.into())]);
                    return None;
                }
                let code = sent.get(name).and_then(Json::as_str).or(own).or(form);
                let code = code.unwrap_or_default().trim().to_uppercase();
                code.parse::<Currency>().ok()
            }
            Self::Percent | Self::Duration(_) => None,
        };
        let Some(number) = self.parse(typed, currency) else {
            let (code, values) = match self {
                Self::Money(_) => amount_invalid(currency),
                Self::Percent => ("percentage_invalid", Vec::new()),
                Self::Duration(_) => ("duration_invalid", Vec::new()),
            };
            findings.add(at, code, values);
            return None;
        };
        if number < *allowed.start() {
            let least = self.said(*allowed.start(), currency);
            findings.add(at, "too_low", [("min", least)]);
        } else if number > *allowed.end() {
            let most = self.said(*allowed.end(), currency);
            findings.add(at, "too_high", [("max", most)]);
        }
        Some(number.into())
    }

    /// Adds the form values of a number to `form`. `object` is its record.
    pub(super) fn fill(
        self,
        name: String,
        prefix: &str,
        number: i64,
        object: &Map<String, Json>,
        form: &mut Vec<(String, String)>,
    ) {
        match self {
            Self::Money(currency) => {
                let own = object.get(currency).and_then(Json::as_str);
                // The amounts of a list are in the currency of the record that has the list.
                let of_record = form.iter().find(|(known, _)| *known == currency);
                let code = own.or(of_record.map(|(_, code)| code.as_str()));
                let code = code.unwrap_or_default().to_owned();
                let typed = code.parse().map_or_else(
                    |_| number.to_string(),
                    |code| Money::new(number, code).decimal(),
                );
                form.push((name, typed));
                let currency = format!("{prefix}{currency}");
                if own.is_some() && form.iter().all(|(known, _)| *known != currency) {
                    form.push((currency, code));
                }
            }
            Self::Percent => form.push((name, percentage(number))),
            Self::Duration(own) => {
                let (count, unit) = own.say(number);
                form.push((format!("{name}.unit"), unit.word().to_owned()));
                form.push((name, count.to_string()));
            }
        }
    }
}

/// The error for what is no amount in this currency, with the arguments of its message.
pub(crate) fn amount_invalid(
    currency: Option<Currency>,
) -> (&'static str, Vec<(&'static str, Argument)>) {
    let example = currency.map(|currency| {
        let units = 10_i64.pow(currency.decimals());
        let example = Money::new(180 * units, currency).decimal();
        ("example", Argument::Words(example))
    });
    ("amount_invalid", Vec::from_iter(example))
}

/// Writes hundredths of a percent as a percentage: 1950 is “19.5”.
pub fn percentage(bps: i64) -> String {
    let (whole, part) = (bps / 100, bps % 100);
    match part {
        0 => whole.to_string(),
        part if part % 10 == 0 => format!("{whole}.{}", part / 10),
        part => format!("{whole}.{part:02}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::fields::{self, Field, Input, line};
    use crate::form_state;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Offer {
        price_minor: i64,
        currency: String,
        tax_bps: i64,
        notice_minutes: i64,
        hours: i64,
        tip: Option<i64>,
    }

    const FIELDS: &[Field] = crate::fields! { Offer:
        price_minor: money(100, 10_000_000, "currency").label("price"),
        tax_bps: percent(0, 10_000).label("tax"),
        notice_minutes: duration(0, 43_200, Unit::Minutes).label("notice"),
        hours: duration(1, 720, Unit::Hours).label("hours"),
        tip: money(0, 1_000, "currency").optional().label("tip"),
    };
    const CURRENCY: &[Field] = crate::fields! { Offer: currency: line(3).label("currency") };

    fn offer() -> Offer {
        Offer {
            price_minor: 18_000,
            currency: "EUR".to_owned(),
            tax_bps: 1_950,
            notice_minutes: 1_440,
            hours: 48,
            tip: None,
        }
    }

    fn apply(typed: &[(&str, &str)], with_currency: bool) -> Result<Offer, Vec<&'static str>> {
        let mut fields = FIELDS.to_vec();
        if with_currency {
            fields.extend_from_slice(CURRENCY);
        }
        let form = form_state::form(typed.iter().copied());
        let input = Input::Form(form, fields.clone());
        let mut findings = Findings::default();
        let new = input.apply(&fields, &offer(), false, &TimeZone::UTC, &mut findings);
        let done = findings.finish().map(|()| new);
        done.map_err(|all| all.into_iter().map(|one| one.code).collect())
    }

    #[test]
    fn a_form_shows_units_of_people_and_gives_back_the_same() {
        let form = fields::form(FIELDS, &offer(), 1, &TimeZone::UTC);
        for (name, value) in [
            ("price_minor", "180.00"),
            ("currency", "EUR"),
            ("tax_bps", "19.5"),
            ("notice_minutes", "24"),
            ("notice_minutes.unit", "hours"),
            ("hours", "2"),
            ("hours.unit", "days"),
            ("tip", ""),
        ] {
            assert_eq!(form.text(name), value, "{name}");
        }
        let typed: Vec<_> = form.iter().collect();
        assert_eq!(apply(&typed, false), Ok(offer()));
    }

    #[test]
    fn what_is_typed_is_read_in_its_unit_or_refused_in_words() {
        for (name, typed, number) in [
            ("price_minor", "180", Ok(18_000)),
            ("price_minor", "180,50", Ok(18_050)),
            ("price_minor", "1.234,5", Ok(123_450)),
            ("price_minor", "RM 250,00", Err("amount_invalid")),
            ("price_minor", "1.800", Err("amount_invalid")),
            ("price_minor", "0.5", Err("too_low")),
            ("price_minor", "100 001", Err("too_high")),
            ("price_minor", " ", Err("required")),
            ("tax_bps", "19 %", Ok(1_900)),
            ("tax_bps", "8,25", Ok(825)),
            ("tax_bps", "1900", Err("too_high")),
            ("tax_bps", "a lot", Err("percentage_invalid")),
            ("notice_minutes", "90", Ok(90)),
            ("notice_minutes", "1.5", Err("duration_invalid")),
        ] {
            let found = apply(&[(name, typed)], false);
            let found = found.map(|offer| match name {
                "price_minor" => offer.price_minor,
                "tax_bps" => offer.tax_bps,
                _ => offer.notice_minutes,
            });
            assert_eq!(found, number.map_err(|code| vec![code]), "{name} {typed}");
        }
        for (count, unit, hours) in [
            ("3", "days", Ok(72)),
            ("90", "minutes", Err("duration_invalid")),
        ] {
            let found = apply(&[("hours", count), ("hours.unit", unit)], false);
            let found = found.map(|offer| offer.hours);
            assert_eq!(found, hours.map_err(|code| vec![code]), "{count} {unit}");
        }
        assert_eq!(
            apply(&[("tip", "2")], false).map(|one| one.tip),
            Ok(Some(200))
        );
    }

    #[test]
    fn an_amount_is_of_the_currency_that_its_page_showed() {
        let yen = [("price_minor", "1500"), ("currency", "JPY")];
        assert_eq!(apply(&yen, true).map(|one| one.price_minor), Ok(1_500));
        assert_eq!(apply(&yen, false), Err(vec!["currency_changed"]));
        let decimals = [("price_minor", "15.00"), ("currency", "JPY")];
        assert_eq!(apply(&decimals, true), Err(vec!["amount_invalid"]));
    }

    #[test]
    fn json_keeps_its_units() {
        let sent = serde_json::json!({"price_minor": 25_000, "tax_bps": 800, "hours": 24});
        let mut findings = Findings::default();
        let new = Input::from(sent).apply(FIELDS, &offer(), false, &TimeZone::UTC, &mut findings);
        findings.finish().unwrap();
        assert_eq!((new.price_minor, new.tax_bps, new.hours), (25_000, 800, 24));
        let mut findings = Findings::default();
        let sent = serde_json::json!({"price_minor": "250.00"});
        Input::from(sent).apply(FIELDS, &offer(), false, &TimeZone::UTC, &mut findings);
        assert_eq!(findings.finish().unwrap_err()[0].code, "wrong_type");
    }
}
