//! A submitted form contains its fields in the order in which they were sent, with their text as
//! typed.
//!
//! If a field is sent twice, its last value counts, because a hidden field before a checkbox
//! contains the value for "unticked". [`Form::all`] returns every value. Nothing is cleaned here,
//! because a refused form shows the text again as typed.

use std::fmt;

/// The name of the hidden field with the CSRF token, which proves that the form comes from one of
/// the site's own pages.
pub const CSRF_FIELD: &str = "_csrf";

/// The fields of a form, in the order of sending.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form(pub(crate) Vec<(String, String)>);

impl Form {
    /// The text of a field as typed.
    pub fn find(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter().rev();
        fields
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// Like [`Form::find`], but empty for a missing field.
    pub fn text(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// All values of the field `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the checkbox `name` is ticked.
    pub fn is_ticked(&self, name: &str) -> bool {
        matches!(self.find(name), Some("1" | "on" | "true" | "yes"))
    }

    /// Parses a whole number; `None` if the field is empty.
    pub fn number(&self, name: &str) -> Result<Option<i64>, NotANumber> {
        match self.text(name).trim() {
            "" => Ok(None),
            typed => typed.parse().map(Some).map_err(|_| NotANumber),
        }
    }

    pub fn remove(&mut self, names: &[&str]) {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
    }

    /// Replaces all values of a field by `value`.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(&[name]);
        self.0.push((name.to_owned(), value.into()));
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Returns the fields whose names start with `prefix`, and removes the prefix from their names.
    /// For `reply.`, the field `reply.person.event` becomes `person.event`.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.iter()
            .filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value)))
    }
}

/// Prints only the fields' names, because a value may be a password.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl FromIterator<(String, String)> for Form {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(fields: T) -> Self {
        Self(fields.into_iter().collect())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANumber;
