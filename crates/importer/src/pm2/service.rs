//! A PM2 app while it is converted.

use std::path::Path;

use serde_json::{Map, Value};

use super::Asked;
use super::values::text;
use crate::toml_text::Page;

/// The maximum number of characters of a value in a remark.
pub(super) const SHOWN: usize = 80;

pub(super) struct Service<'a> {
    pub(super) page: &'a mut Page,
    pub(super) app: &'a Map<String, Value>,
    pub(super) folder: &'a Path,
    pub(super) asked: &'a Asked,
    pub(super) used: Vec<&'a str>,
}

impl<'a> Service<'a> {
    /// Returns the value of the first of these fields that the app sets, and marks all of them as
    /// handled.
    pub(super) fn take(&mut self, fields: &[&'static str]) -> Option<&'a Value> {
        self.used.extend(fields);
        fields
            .iter()
            .find_map(|field| self.app.get(*field))
            .filter(|value| !value.is_null())
    }

    pub(super) fn take_text(&mut self, fields: &[&'static str]) -> Option<String> {
        self.take(fields)
            .and_then(text)
            .filter(|text| !text.is_empty())
    }

    pub(super) fn is_true(&mut self, field: &'static str) -> bool {
        self.take(&[field])
            .is_some_and(|value| matches!(value, Value::Bool(true)) || value == "true")
    }
}
