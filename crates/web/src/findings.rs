//! Validation of input, which reports all errors at once, each with a pointer to its field.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::mail::Address;
use platform::text_cleaning;
use serde::{Deserialize, Serialize};

use crate::problem::{Argument, FieldProblem};
use crate::{I18n, Language, dates, tags};

/// An instant, or a date without a time, which means the end of that day in the relevant time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(value_type = String, example = "2027-01-14")]
pub struct When(pub String);

const MOST: usize = 100;

/// The validation errors of an input, by field.
#[derive(Debug, Default)]
pub struct Findings(pub(crate) Vec<FieldProblem>);

impl Findings {
    pub fn add(
        &mut self,
        pointer: &str,
        code: &'static str,
        values: impl Into<Vec<(&'static str, Argument)>>,
    ) {
        // An unparsable value is present, so it is not also reported as missing.
        if self.0.len() >= MOST || code == "required" && self.has(pointer) {
            return;
        }
        self.0.push(FieldProblem::new(pointer, code, values));
    }

    /// Whether this field or a field below it has an error.
    pub fn has(&self, pointer: &str) -> bool {
        let mut found = self.0.iter();
        found.any(|one| {
            let rest = one.pointer.strip_prefix(pointer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails if there are errors.
    pub fn finish(self) -> Result<(), Vec<FieldProblem>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }

    /// Cleans and validates one line of `least` to `most` characters.
    pub fn line(&mut self, pointer: &str, typed: &str, least: usize, most: usize) -> String {
        let line = text_cleaning::clean_line(typed);
        self.length(pointer, &line, least, most);
        line
    }

    /// Cleans and validates several lines of up to `most` characters.
    pub fn text(&mut self, pointer: &str, typed: &str, most: usize) -> String {
        let text = text_cleaning::clean(typed);
        self.length(pointer, &text, 0, most);
        text
    }

    fn length(&mut self, pointer: &str, text: &str, least: usize, most: usize) {
        let length = text_cleaning::length(text);
        if length == 0 && least > 0 {
            self.add(pointer, "required", []);
        } else if length < least {
            self.add(pointer, "too_short", [("min", least.into())]);
        } else if length > most {
            self.add(pointer, "too_long", [("max", most.into())]);
        }
    }

    /// Validates a text in several languages. Each translation has a length within `limits`; empty
    /// translations are removed.
    pub fn i18n(&mut self, pointer: &str, typed: &I18n, limits: Limits) -> I18n {
        let mut kept = I18n::default();
        for (tag, text) in typed.iter() {
            let below = format!("{pointer}/{}", token(tag));
            if Language::find(tag).is_none() {
                self.add(&below, "language_unknown", []);
                continue;
            }
            let text = if limits.lines {
                text_cleaning::clean(text)
            } else {
                text_cleaning::clean_line(text)
            };
            self.length(&below, &text, 0, limits.most);
            kept.set(tag, text);
        }
        if limits.required && kept.is_empty() {
            self.add(pointer, "required", []);
        }
        kept
    }

    /// Validates that a number is from `least` to `most`.
    pub fn number(&mut self, pointer: &str, number: i64, least: i64, most: i64) -> i64 {
        if !(least..=most).contains(&number) {
            self.add(
                pointer,
                "out_of_range",
                [("min", least.into()), ("max", most.into())],
            );
        }
        number
    }

    /// Validates an email address, which may be empty.
    pub fn email(&mut self, pointer: &str, typed: &str) -> String {
        let line = self.line(pointer, typed, 0, 254);
        if !line.is_empty() && line.parse::<Address>().is_err() {
            self.add(pointer, "email_invalid", []);
        }
        line
    }

    /// Validates an https URL, which may be empty.
    pub fn https(&mut self, pointer: &str, typed: &str) -> String {
        let line = self.line(pointer, typed, 0, 2_048);
        let has_host = line
            .strip_prefix("https://")
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':', '@']));
        // Browsers treat a backslash as a slash and hide user names, so such a URL could lead to a
        // different host than people expect.
        let authority = line.split(['/', '?', '#']).nth(2).unwrap_or_default();
        let misleads = line.contains('\\') || authority.contains('@');
        if !line.is_empty() && (!has_host || misleads || line.contains(char::is_whitespace)) {
            self.add(pointer, "url_invalid", []);
        }
        line
    }

    /// Validates a slug of `least` to `most` characters of `a-z0-9-`.
    pub fn slug(&mut self, pointer: &str, typed: &str, least: usize, most: usize) -> String {
        let slug = text_cleaning::clean_line(typed).to_lowercase();
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if slug.is_empty() && least > 0 {
            self.add(pointer, "required", []);
        } else if !(least..=most).contains(&slug.len())
            || !slug.bytes().all(allowed)
            || slug.starts_with('-')
            || slug.ends_with('-')
        {
            self.add(pointer, "slug_invalid", []);
        }
        slug
    }

    /// Parses an instant. A date means the end of that day in `zone`, that is, the first instant of
    /// the next day.
    pub fn when(&mut self, pointer: &str, typed: &When, zone: &TimeZone) -> Option<Timestamp> {
        let found = instant(&typed.0, zone);
        if found.is_none() {
            self.add(pointer, "date_invalid", []);
        }
        found
    }

    /// Validates labels: at most 20, of 1–40 characters each, without duplicates and without the
    /// commas that separate [`tags`].
    pub fn tags(&mut self, pointer: &str, typed: &[String]) -> Vec<String> {
        let mut kept: Vec<String> = Vec::new();
        for (index, tag) in typed.iter().enumerate() {
            let below = format!("{pointer}/{index}");
            let tag = self.line(&below, tag, 1, 40);
            if tags::has_comma(&tag) {
                self.add(&below, "not_allowed", []);
            }
            if !kept.contains(&tag) {
                kept.push(tag);
            }
            if kept.len() > 20 {
                self.add(pointer, "too_many", [("max", 20.into())]);
                break;
            }
        }
        kept
    }

    /// Validates language tags: 1–20, without duplicates.
    pub fn languages(&mut self, pointer: &str, typed: &[String]) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut kept = Vec::new();
        for (index, tag) in typed.iter().enumerate() {
            match Language::find(tag) {
                Some(language) if seen.insert(language.tag.clone()) => {
                    kept.push(language.tag.to_string());
                }
                Some(_) => {}
                None => self.add(&format!("{pointer}/{index}"), "language_unknown", []),
            }
        }
        if typed.is_empty() {
            self.add(pointer, "required", []);
        } else if kept.len() > 20 {
            self.add(pointer, "too_many", [("max", 20.into())]);
        }
        kept
    }
}

/// The length limits of a text in several languages.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub(crate) required: bool,
    /// Whether several lines are allowed.
    pub lines: bool,
    most: usize,
}

impl Limits {
    /// The limits for one required line.
    pub const fn required(most: usize) -> Self {
        Self {
            required: true,
            lines: false,
            most,
        }
    }

    /// The limits for one optional line.
    pub const fn line(most: usize) -> Self {
        Self {
            required: false,
            lines: false,
            most,
        }
    }

    /// The limits for several optional lines.
    pub const fn lines(most: usize) -> Self {
        Self {
            required: false,
            lines: true,
            most,
        }
    }
}

fn instant(typed: &str, zone: &TimeZone) -> Option<Timestamp> {
    let typed = typed.trim();
    if let Ok(date) = typed.parse::<Date>()
        && typed.len() == 10
    {
        return dates::end_of_day(date, zone);
    }
    let exact: Timestamp = typed.parse().ok()?;
    // Instants are stored, shown and compared in milliseconds.
    Timestamp::from_millisecond(exact.as_millisecond()).ok()
}

/// Escapes an object's key for use in a JSON pointer (RFC 6901 §3).
pub fn token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> TimeZone {
        TimeZone::get("Asia/Kuala_Lumpur").unwrap()
    }

    fn codes(findings: Findings) -> Vec<(String, &'static str)> {
        let found = findings.finish().err().unwrap_or_default();
        found
            .into_iter()
            .map(|one| (one.pointer, one.code))
            .collect()
    }

    #[test]
    fn a_date_ends_with_its_day_in_its_zone() {
        for (typed, instant_is) in [
            ("2027-01-14", Some("2027-01-14T16:00:00Z")),
            (" 2027-01-14 ", Some("2027-01-14T16:00:00Z")),
            ("2027-01-14T16:00:00.0009Z", Some("2027-01-14T16:00:00Z")),
            ("2027-01-14T12:00:00+08:00", Some("2027-01-14T04:00:00Z")),
            ("2027-02-30", None),
            ("tomorrow", None),
            ("", None),
            ("9999-12-31", None),
        ] {
            let expected = instant_is.map(|text| text.parse::<Timestamp>().unwrap());
            assert_eq!(instant(typed, &zone()), expected, "{typed}");
        }
    }

    #[test]
    fn what_is_found_has_an_end() {
        let mut findings = Findings::default();
        findings.tags("/tags", &vec![String::new(); 90_000]);
        assert_eq!(codes(findings).len(), MOST);
        let mut findings = Findings::default();
        let tags: Vec<String> = (0..90_000).map(|number| number.to_string()).collect();
        assert_eq!(findings.tags("/tags", &tags).len(), 21);
        assert_eq!(codes(findings), [("/tags".to_owned(), "too_many")]);
    }

    #[test]
    fn a_link_leads_where_people_read_that_it_leads() {
        for typed in [
            "https://evil.example\\@bank.example/x",
            "https://bank.example\\.evil.example",
            "https://bank.example@evil.example/",
            "https://bank.example@evil.example?q",
        ] {
            let mut findings = Findings::default();
            findings.https("/url", typed);
            assert_eq!(
                codes(findings),
                [("/url".to_owned(), "url_invalid")],
                "{typed}"
            );
        }
        let mut findings = Findings::default();
        findings.https("/url", "https://social.example/@name?mail=a@b.example");
        assert_eq!(codes(findings), []);
    }

    #[test]
    fn every_finding_has_its_place() {
        let mut findings = Findings::default();
        findings.line("/name", "  ", 1, 120);
        findings.text("/host_note", &"x".repeat(2_001), 2_000);
        findings.number("/plus_ones", 21, 0, 20);
        findings.email("/email", "nobody");
        findings.https("/map_url", "http://map.example");
        findings.https("/map_url", "https://map.example/?q=1");
        findings.slug("/slug", "-no-", 3, 63);
        findings.tags("/tags", &["a,b".to_owned(), "x".repeat(41)]);
        findings.languages("/languages", &["en".to_owned(), "??".to_owned()]);
        findings.i18n(
            "/title",
            &I18n::one("en", "x".repeat(121)),
            Limits::required(120),
        );
        findings.i18n("/hosts", &I18n::one("en", " "), Limits::required(160));
        assert_eq!(
            codes(findings)
                .iter()
                .map(|(pointer, code)| (pointer.as_str(), *code))
                .collect::<Vec<_>>(),
            [
                ("/name", "required"),
                ("/host_note", "too_long"),
                ("/plus_ones", "out_of_range"),
                ("/email", "email_invalid"),
                ("/map_url", "url_invalid"),
                ("/slug", "slug_invalid"),
                ("/tags/0", "not_allowed"),
                ("/tags/1", "too_long"),
                ("/languages/1", "language_unknown"),
                ("/title/en", "too_long"),
                ("/hosts", "required"),
            ]
        );
    }
}
