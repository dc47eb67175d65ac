//! The types of field values, with their JSON, form controls and validation.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json, json};

use platform::money::Currency;

use super::{Field, FieldOf, Quantity, Reading};
use crate::dates::Deadline;
use crate::findings::{Findings, Limits, When, token};
use crate::look::Color;
use crate::{Form, I18n, tags};

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A slug of the characters `a-z0-9-`. The numbers are its minimum and maximum length.
    Key(usize, usize),
    /// One line of at most this many characters.
    Line(usize),
    /// Several lines of at most this many characters.
    Lines(usize),
    /// An email address; may be empty.
    Email,
    /// A phone number of at most this many characters; may be empty.
    Phone(usize),
    /// An https URL; may be empty.
    Https,
    Texts(Limits),
    Flag,
    /// A whole number within these bounds.
    Number(i64, i64),
    /// A number within these bounds that people type with a unit.
    Quantity(Quantity, i64, i64),
    /// The code of a currency, and the error code for what is none in use.
    Currency(&'static str),
    /// From 1 for January to 12.
    Month,
    Moment,
    /// A time of day in the form `HH:MM`.
    Hour,
    /// A day of the calendar in the form `2027-01-16`.
    Date,
    /// A day, stored as the instant at the end of the day.
    Day,
    /// One of these keywords, each with its label's message id.
    Choice(&'static [(&'static str, &'static str)]),
    /// A search term as typed; may be empty.
    AsTyped,
    /// A filter for a boolean value, with the message ids of its choices "yes" and "no". If the
    /// filter is omitted, both values match.
    Either(&'static str, &'static str),
    /// Keywords that the record itself must validate.
    Words,
    /// A colour, as `#1f4a47`.
    Color,
    /// Labels, entered on one line with commas between them.
    Tags,
    /// A nested record.
    Part(&'static [Field]),
    /// A list of at most this many nested records.
    Rows(&'static [Field], usize),
}

/// A colour, typed into an input field that displays it.
pub const fn color() -> FieldOf<Color> {
    FieldOf::new(Kind::Color)
}

impl Kind {
    /// The message id of the label of one of this field's keywords.
    pub fn message(self, word: &str) -> Option<&'static str> {
        let Self::Choice(words) = self else {
            return None;
        };
        let found = words.iter().find(|(known, _)| *known == word);
        found.map(|(_, message)| *message)
    }

    /// Validates a JSON value and returns it in the stored form; `None` if the JSON type is wrong.
    /// `old` is the stored value.
    pub(super) fn check(
        self,
        reading: &Reading<'_>,
        sent: &Json,
        old: Option<&Json>,
        findings: &mut Findings,
    ) -> Option<Json> {
        let at = reading.at;
        Some(match self {
            Self::Key(least, most) => findings.slug(at, sent.as_str()?, least, most).into(),
            Self::Line(most) | Self::Phone(most) => {
                findings.line(at, sent.as_str()?, 0, most).into()
            }
            Self::Lines(most) => findings.text(at, sent.as_str()?, most).into(),
            Self::Email => findings.email(at, sent.as_str()?).into(),
            Self::Https => findings.https(at, sent.as_str()?).into(),
            Self::Texts(limits) => {
                let mut texts = I18n::default();
                for (tag, text) in sent.as_object()? {
                    if let Some(text) = text.as_str() {
                        texts.set(tag, text);
                    } else {
                        findings.add(&format!("{at}/{}", token(tag)), "wrong_type", []);
                    }
                }
                json!(findings.i18n(at, &texts, limits))
            }
            Self::AsTyped => sent.as_str()?.into(),
            Self::Either(..) if sent.is_string() => {
                findings.add(at, "unknown_option", []);
                Json::Null
            }
            Self::Flag | Self::Either(..) => sent.as_bool()?.into(),
            Self::Number(least, most) | Self::Quantity(_, least, most) => {
                findings.number(at, sent.as_i64()?, least, most).into()
            }
            Self::Month => findings.number(at, sent.as_i64()?, 1, 12).into(),
            Self::Currency(code) => {
                let sent = sent.as_str()?.trim().to_uppercase();
                let is_in_use = |known: Currency| known.is_in_use();
                if !sent.parse().is_ok_and(is_in_use) && old != Some(&json!(sent)) {
                    findings.add(at, code, []);
                }
                sent.into()
            }
            Self::Hour => {
                let hour = sent.as_str()?.trim();
                if hour.len() != 5 || hour.parse::<Time>().is_err() {
                    findings.add(at, "invalid", []);
                }
                hour.into()
            }
            Self::Date => {
                let day = sent.as_str()?.trim();
                if !day.is_empty() && (day.len() != 10 || day.parse::<Date>().is_err()) {
                    findings.add(at, "date_invalid", []);
                }
                day.into()
            }
            Self::Color => {
                let color = sent.as_str()?;
                if Color::parse(color).is_none() {
                    findings.add(at, "invalid", []);
                }
                color.to_lowercase().into()
            }
            Self::Moment | Self::Day => {
                let when = When(sent.as_str()?.to_owned());
                let found = findings.when(at, &when, reading.zone);
                found.map_or_else(|| old.cloned().unwrap_or_default(), |at| json!(at))
            }
            Self::Choice(words) => {
                let sent = sent.as_str()?;
                if sent.is_empty() || words.iter().all(|(word, _)| *word != sent) {
                    findings.add(at, "unknown_option", []);
                    return old.cloned().or(Some(Json::Null));
                }
                sent.into()
            }
            Self::Words => {
                let words = sent.as_array()?;
                if words.iter().any(|word| !word.is_string()) {
                    return None;
                }
                sent.clone()
            }
            Self::Tags => {
                let typed: Vec<String> = serde_json::from_value(sent.clone()).ok()?;
                json!(findings.tags(at, &typed))
            }
            Self::Part(fields) => {
                let mut object = old.and_then(Json::as_object).cloned().unwrap_or_default();
                let is_new = false;
                let reading = Reading { is_new, ..*reading };
                reading.read(fields, sent.as_object()?, &mut object, findings);
                Json::Object(object)
            }
            Self::Rows(fields, most) => {
                let rows = sent.as_array()?;
                if rows.len() > most {
                    findings.add(at, "too_many", [("max", most.into())]);
                }
                let rows = rows.iter().take(most + 1).enumerate().map(|(index, row)| {
                    let at = &format!("{at}/{index}");
                    let reading = Reading {
                        is_new: true,
                        at,
                        ..*reading
                    };
                    let blank = |field: &Field| {
                        let value = (!field.is_optional).then(|| field.kind.blank());
                        (field.name.to_owned(), json!(value))
                    };
                    let mut object = fields.iter().map(blank).collect();
                    match row.as_object() {
                        Some(row) => reading.read(fields, row, &mut object, findings),
                        None => findings.add(at, "wrong_type", []),
                    }
                    Json::Object(object)
                });
                Json::Array(rows.collect())
            }
        })
    }

    /// The value that takes the place of a missing or invalid field in a nested record.
    fn blank(self) -> Json {
        match self {
            Self::Texts(_) | Self::Part(_) => json!({}),
            Self::Flag => false.into(),
            Self::Number(least, _) | Self::Quantity(_, least, _) => least.into(),
            Self::Month => 1.into(),
            Self::Words | Self::Tags | Self::Rows(..) => json!([]),
            Self::Choice(words) => words.first().map(|(word, _)| *word).into(),
            Self::Moment | Self::Day | Self::Either(..) => Json::Null,
            _ => "".into(),
        }
    }

    /// Converts the form's value to JSON. Returns `None` if an empty field means no change. `held`
    /// is the value that the form showed at first.
    fn read_form(
        self,
        form: &Form,
        name: &str,
        held: Option<&Json>,
        zone: &TimeZone,
    ) -> Option<Json> {
        let typed = form.text(name);
        // The form control has no seconds, and cannot tell the two occurrences of a repeated hour
        // apart, so an untouched field keeps its exact value.
        if let Some(held) = held
            && self
                .instant_text(held, zone)
                .is_some_and(|text| text == typed)
        {
            return Some(held.clone());
        }
        let is_empty = typed.trim().is_empty();
        Some(match self {
            Self::Key(..) | Self::Moment | Self::Day if is_empty => return None,
            Self::Choice(_) | Self::AsTyped | Self::Either(..) if typed.is_empty() => return None,
            Self::Either(..) => match typed {
                "yes" | "true" | "1" => true.into(),
                "no" | "false" | "0" => false.into(),
                _ => typed.into(),
            },
            Self::Moment => in_zone(typed, zone).into(),
            Self::Flag => form.is_ticked(name).into(),
            Self::Quantity(quantity, ..) => {
                form.find(name)?;
                match (quantity, form.text(&format!("{name}.unit"))) {
                    (Quantity::Duration(_), unit) if !is_empty && !unit.is_empty() => {
                        format!("{typed} {unit}").into()
                    }
                    _ => typed.into(),
                }
            }
            Self::Currency(_) => {
                form.find(name)?;
                typed.trim().to_uppercase().into()
            }
            Self::Number(..) | Self::Month => match form.number(name) {
                Ok(number) => number?.into(),
                // An unparsable number is reported as out of range.
                Err(_) => i64::MIN.into(),
            },
            Self::Texts(_) => {
                let prefix = format!("{name}.");
                let texts = form.under(&prefix);
                let texts = texts.map(|(tag, text)| (tag.to_owned(), text.into()));
                Json::Object(texts.collect())
            }
            Self::Words => form.all(name).collect(),
            Self::Tags => tags::split(typed).collect(),
            Self::Part(fields) => {
                let held = held.and_then(Json::as_object);
                Json::Object(read_form(fields, form, &format!("{name}."), held, zone))
            }
            Self::Rows(fields, most) => {
                let prefix = format!("{name}.");
                let numbers = form
                    .under(&prefix)
                    .filter_map(|(rest, _)| rest.split('.').next()?.parse::<usize>().ok());
                let count = numbers.max().map_or(0, |last| last.saturating_add(1));
                // One row more than the limit is read, so that validation notices the excess.
                let rows = (0..count.min(most + 1)).map(|index| {
                    let prefix = format!("{prefix}{index}.");
                    Json::Object(read_form(fields, form, &prefix, None, zone))
                });
                rows.collect()
            }
            _ => typed.into(),
        })
    }

    /// The value of the form control for an instant; `None` for other kinds.
    fn instant_text(self, value: &Json, zone: &TimeZone) -> Option<String> {
        let at = value.as_str()?;
        match self {
            Self::Moment => Some(moment(at, zone)),
            Self::Day => Some(day(at, zone)),
            _ => None,
        }
    }
}

/// Converts the form's values for these fields to JSON. `held` is the record that the form showed
/// at first.
pub(super) fn read_form(
    fields: &[Field],
    form: &Form,
    prefix: &str,
    held: Option<&Map<String, Json>>,
    zone: &TimeZone,
) -> Map<String, Json> {
    let sent = fields.iter().filter_map(|field| {
        let name = format!("{prefix}{}", field.name);
        let held = held.and_then(|held| held.get(field.name));
        let typed = match field.kind.read_form(form, &name, held, zone) {
            _ if field.is_optional && form.text(&name).trim().is_empty() => Json::Null,
            // If the key is empty, the server generates one.
            None if field.is_required && matches!(field.kind, Kind::Key(..)) => "".into(),
            typed => typed?,
        };
        Some((field.name.to_owned(), typed))
    });
    sent.collect()
}

/// Adds the form values of a record to `values`.
pub(super) fn fill_form(
    fields: &[Field],
    object: &Map<String, Json>,
    prefix: &str,
    zone: &TimeZone,
    form: &mut Vec<(String, String)>,
) {
    for field in fields {
        let name = format!("{prefix}{}", field.name);
        let Some(value) = object.get(field.name) else {
            continue;
        };
        match (field.kind, value) {
            (Kind::Part(fields), Json::Object(object)) => {
                fill_form(fields, object, &format!("{name}."), zone, form);
            }
            (Kind::Rows(fields, _), Json::Array(rows)) => {
                for (index, row) in rows.iter().enumerate() {
                    if let Json::Object(row) = row {
                        fill_form(fields, row, &format!("{name}.{index}."), zone, form);
                    }
                }
            }
            (kind @ (Kind::Moment | Kind::Day), at @ Json::String(_)) => {
                form.push((name, kind.instant_text(at, zone).unwrap_or_default()));
            }
            (_, Json::Null) => form.push((name, String::new())),
            (Kind::Quantity(quantity, ..), Json::Number(number)) => {
                let number = number.as_i64().unwrap_or_default();
                quantity.fill(name, prefix, number, object, form);
            }
            (kind, Json::Bool(is_on)) => {
                let is_either = matches!(kind, Kind::Either(..));
                let [no, yes] = if is_either { ["no", "yes"] } else { ["", "1"] };
                form.push((name, if *is_on { yes } else { no }.to_owned()));
            }
            (_, Json::String(text)) => form.push((name, text.clone())),
            (Kind::Tags, Json::Array(tags)) => {
                let tags: Vec<_> = tags.iter().filter_map(Json::as_str).collect();
                form.push((name, tags.join(", ")));
            }
            (_, Json::Array(words)) => {
                let words = words.iter().filter_map(Json::as_str);
                form.extend(words.map(|word| (name.clone(), word.to_owned())));
            }
            (_, Json::Object(texts)) => form.extend(texts.iter().map(|(tag, text)| {
                let text = text.as_str().unwrap_or_default();
                (format!("{name}.{tag}"), text.to_owned())
            })),
            (_, number) => form.push((name, number.to_string())),
        }
    }
}

fn in_zone(typed: &str, zone: &TimeZone) -> String {
    let local = typed.trim().parse::<DateTime>().ok();
    let zoned = local.and_then(|local| local.to_zoned(zone.clone()).ok());
    zoned.map_or_else(|| typed.to_owned(), |zoned| zoned.timestamp().to_string())
}

fn moment(at: &str, zone: &TimeZone) -> String {
    let at = at.parse::<Timestamp>().map(|at| at.to_zoned(zone.clone()));
    at.map(|at| at.strftime("%Y-%m-%dT%H:%M").to_string())
        .unwrap_or_default()
}

/// The last day before an instant.
fn day(at: &str, zone: &TimeZone) -> String {
    let at = at.parse::<Timestamp>().map(|at| at.to_zoned(zone.clone()));
    at.map(|at| Deadline::of(&at).day().to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
