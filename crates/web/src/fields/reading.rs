//! Reads JSON, or the values of a form, into a record's JSON.

use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json};

use super::{Field, Kind};
use crate::Form;
use crate::findings::{Findings, token};

/// The context for reading a JSON record.
pub(super) struct Reading<'a> {
    pub(super) is_new: bool,
    pub(super) zone: &'a TimeZone,
    /// The JSON pointer of the record in the input.
    pub(super) at: &'a str,
    /// The form from which the input was read.
    pub(super) form: Option<&'a Form>,
}

impl Reading<'_> {
    /// Applies the JSON input to `object`.
    pub(super) fn read(
        &self,
        fields: &[Field],
        sent: &Map<String, Json>,
        object: &mut Map<String, Json>,
        findings: &mut Findings,
    ) {
        let is_known = |name: &str| fields.iter().any(|field| field.name == name);
        for name in sent.keys().filter(|name| !is_known(name)) {
            findings.add(&format!("{}/{}", self.at, token(name)), "unknown_field", []);
        }
        for field in fields {
            let pointer = format!("{}/{}", self.at, field.name);
            let value = sent.get(field.name);
            let value = value.filter(|value| field.is_optional || !value.is_null());
            let Some(value) = value else {
                if self.is_new && field.is_required {
                    findings.add(&pointer, "required", []);
                }
                continue;
            };
            let old = object.get(field.name);
            if field.is_fixed && !self.is_new {
                if old != Some(value) {
                    findings.add(&pointer, "not_allowed", []);
                }
                continue;
            }
            let reading = Reading {
                at: &pointer,
                ..*self
            };
            let value = match (value, field.kind) {
                (Json::Null, _) => Some(Json::Null),
                (Json::String(typed), Kind::Quantity(quantity, least, most))
                    if self.form.is_some() =>
                {
                    let allowed = &(least..=most);
                    let read = quantity.read(&reading, typed, allowed, sent, object, findings);
                    Some(read.or_else(|| old.cloned()).unwrap_or_default())
                }
                (value, kind) => kind.check(&reading, value, old, findings),
            };
            match value {
                Some(value) => {
                    let is_none = field.is_optional && value == "";
                    let is_text = matches!(field.kind, Kind::Line(_) | Kind::Lines(_) | Kind::Date);
                    if field.is_required && is_text && value == "" {
                        findings.add(&pointer, "required", []);
                    }
                    let value = if is_none { Json::Null } else { value };
                    object.insert(field.name.to_owned(), value);
                }
                None => findings.add(&pointer, "wrong_type", []),
            }
        }
    }
}
