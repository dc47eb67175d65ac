//! What a list is filtered by: a table whose fields stand in the query of an address.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Field, Input, form};
use crate::{Findings, Form};

/// Reads a filter. What is not part of it is left alone; an unknown word is found.
pub fn read<T: Serialize + DeserializeOwned + Clone + Default>(
    fields: &[Field],
    query: &Form,
    findings: &mut Findings,
) -> T {
    // An empty value asks for nothing, also after another one of the same name.
    let said = query.iter().filter(|(_, value)| !value.is_empty());
    let said = said.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let input = Input::Form(said.collect(), fields.to_vec());
    input.apply(fields, &T::default(), false, &TimeZone::UTC, findings)
}

/// The query of an address that says the same.
pub fn query<T: Serialize>(fields: &[Field], filter: &T) -> Form {
    let mut form = form(fields, filter, 0, &TimeZone::UTC);
    form.remove(&["version"]);
    form
}

/// A flag as statements take it: empty where it does not matter.
pub fn flag_word(flag: Option<bool>) -> &'static str {
    match flag {
        None => "",
        Some(true) => "yes",
        Some(false) => "no",
    }
}
