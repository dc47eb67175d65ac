//! List filters. A filter is a record whose fields are query parameters of a URL.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Field, Input, Kind, form};
use crate::{Findings, Form};

/// Parses a filter from a query. Other parameters are ignored; an unknown keyword is an error.
pub fn read<T: Serialize + DeserializeOwned + Clone + Default>(
    fields: &[Field],
    query: &Form,
    findings: &mut Findings,
) -> T {
    // A parameter that is only white space is neither empty nor a keyword, so it is invalid.
    let blank = query
        .iter()
        .filter(|(_, value)| !value.is_empty() && value.trim().is_empty());
    for (name, _) in blank {
        let field = fields.iter().find(|field| field.name == name);
        if field.is_some_and(|field| matches!(field.kind, Kind::Choice(..))) {
            findings.add(&format!("/{name}"), "unknown_option", []);
        }
    }
    // An empty parameter does not filter, and does not override an earlier value of the same
    // parameter.
    let said = query.iter().filter(|(_, value)| !value.is_empty());
    let said = said.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let input = Input::Form(said.collect(), fields.to_vec());
    input.apply(fields, &T::default(), false, &TimeZone::UTC, findings)
}

pub fn query<T: Serialize>(fields: &[Field], filter: &T) -> Form {
    let mut form = form(fields, filter, 0, &TimeZone::UTC);
    form.remove(&["version"]);
    form
}

/// A flag as an argument for SQL statements; empty if the flag does not filter.
pub fn flag_word(flag: Option<bool>) -> &'static str {
    match flag {
        None => "",
        Some(true) => "yes",
        Some(false) => "no",
    }
}
