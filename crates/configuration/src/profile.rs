//! `[profile.NAME]` of a settings file. The settings of a selected profile override the other
//! settings in the file.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use units::Origin;

use super::Asked;

const SECTION: &str = "profile";
/// The environment variable that selects a profile, like the flag `--profile`.
pub(super) const VARIABLE: &str = "KENDURI_PROFILE";

/// Returns the requested profile, and the source of the request.
pub(super) fn wanted(asked: &Asked) -> Option<(&str, Origin)> {
    if let Some(name) = &asked.profile {
        return Some((name, Origin::Flag("--profile".to_owned())));
    }
    let mut variables = asked.environment.iter();
    let (_, name) = variables.find(|(variable, name)| variable == VARIABLE && !name.is_empty())?;
    Some((name, Origin::Environment(VARIABLE.to_owned())))
}

/// Removes the profiles from the settings, and returns them. If a profile is not a section, the
/// error is its offset.
pub(super) fn take_all<'a>(
    table: &mut DeTable<'a>,
) -> Result<BTreeMap<String, DeTable<'a>>, usize> {
    let Some(section) = table.remove(SECTION) else {
        return Ok(BTreeMap::new());
    };
    let offset = section.span().start;
    let DeValue::Table(profiles) = section.into_inner() else {
        return Err(offset);
    };
    let profiles = profiles.into_iter().map(|(name, profile)| {
        let offset = name.span().start;
        match profile.into_inner() {
            DeValue::Table(profile) => Ok((name.into_inner().into_owned(), profile)),
            _ => Err(offset),
        }
    });
    profiles.collect()
}

/// Returns the settings in `table`, overridden by those in `profile`. Sections are merged key by
/// key.
pub(super) fn with<'a>(table: &DeTable<'a>, profile: &DeTable<'a>) -> DeTable<'a> {
    let mut whole = table.clone();
    lay(&mut whole, profile);
    whole
}

fn lay<'a>(below: &mut DeTable<'a>, over: &DeTable<'a>) {
    for (name, value) in over {
        let key: &str = name.get_ref();
        let there = below.get_mut(key).map(Spanned::get_mut);
        if let (Some(DeValue::Table(there)), DeValue::Table(value)) = (there, value.get_ref()) {
            lay(there, value);
        } else {
            // The old key is removed first, because `insert` would keep it together with its
            // offset.
            below.remove(key);
            below.insert(name.clone(), value.clone());
        }
    }
}
