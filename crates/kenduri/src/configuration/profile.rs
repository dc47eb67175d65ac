//! `[profile.NAME]` of a settings file. The settings of a selected profile override the other
//! settings in the file.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::Asked;
use super::problem::Origin;

const SECTION: &str = "profile";
/// The environment variable that selects a profile, like the flag `--profile`.
pub(super) const VARIABLE: &str = "KENDURI_PROFILE";

/// The settings in a file, both with and without their offsets in the file.
#[derive(Clone)]
pub(super) struct Tables<'a> {
    pub(super) spans: DeTable<'a>,
    pub(super) values: Table,
}

/// Returns the requested profile, and the source of the request.
pub(super) fn wanted(asked: &Asked) -> Option<(&str, Origin)> {
    if let Some(name) = &asked.profile {
        return Some((name, Origin::Flag("--profile".to_owned())));
    }
    let mut variables = asked.environment.iter();
    let (_, name) = variables.find(|(variable, name)| variable == VARIABLE && !name.is_empty())?;
    Some((name, Origin::Environment(VARIABLE.to_owned())))
}

impl Tables<'_> {
    /// Removes and returns the profiles. The error is the offset of a profile that is not a
    /// section.
    pub(super) fn take_profiles(&mut self) -> Result<BTreeMap<String, Self>, usize> {
        let mut profiles = BTreeMap::new();
        let (spans, values) = (self.spans.remove(SECTION), self.values.remove(SECTION));
        let Some((spans, values)) = spans.zip(values) else {
            return Ok(profiles);
        };
        let offset = spans.span().start;
        let (DeValue::Table(spans), Value::Table(mut values)) = (spans.into_inner(), values) else {
            return Err(offset);
        };
        for (name, spans) in spans {
            let offset = name.span().start;
            let values = values.remove(name.get_ref().as_ref());
            let (DeValue::Table(spans), Some(Value::Table(values))) = (spans.into_inner(), values)
            else {
                return Err(offset);
            };
            profiles.insert(name.into_inner().into_owned(), Self { spans, values });
        }
        Ok(profiles)
    }

    /// Returns these settings, overridden by those of a profile. Sections are merged key by key.
    pub(super) fn with(&self, profile: &Self) -> Self {
        let mut whole = self.clone();
        lay_spans(&mut whole.spans, &profile.spans);
        lay_values(&mut whole.values, &profile.values);
        whole
    }
}

fn lay_spans<'a>(below: &mut DeTable<'a>, over: &DeTable<'a>) {
    for (name, value) in over {
        let key: &str = name.get_ref();
        let there = below.get_mut(key).map(Spanned::get_mut);
        if let (Some(DeValue::Table(there)), DeValue::Table(value)) = (there, value.get_ref()) {
            lay_spans(there, value);
        } else {
            // Inserting the key alone would keep the offset of the old key.
            below.remove(key);
            below.insert(name.clone(), value.clone());
        }
    }
}

fn lay_values(below: &mut Table, over: &Table) {
    for (name, value) in over {
        if let (Some(Value::Table(there)), Value::Table(value)) = (below.get_mut(name), value) {
            lay_values(there, value);
        } else {
            below.insert(name.clone(), value.clone());
        }
    }
}
