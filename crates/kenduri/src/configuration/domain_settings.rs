//! The domains' sections of the settings, validated against the keys that each domain declares.

use std::collections::BTreeMap;

use site::domain::Domain;
use site::domains;
use site::look::{self, FirstPage};
use toml::{Table, Value};
use web::setting::{Setting, SettingValues};

use super::check::Check;
use super::keys;
use crate::domains::DOMAINS;

/// Returns the keys with their defaults.
pub(super) fn built_in() -> BTreeMap<String, Value> {
    let all = domains::settings(DOMAINS).map(|setting| {
        let value = match setting {
            Setting::Flag(flag) => Value::Boolean(flag.built_in),
            Setting::Number(number) => Value::Integer(number.built_in.into()),
            Setting::Word(word) => Value::String(word.built_in().to_owned()),
        };
        (setting.key().to_owned(), value)
    });
    all.collect()
}

/// Separates the domains' keys from the program's own.
pub(super) fn split(merged: Table) -> (Table, Table) {
    let is_theirs = |section: &str| {
        let mut all = domains::settings(DOMAINS);
        all.any(|setting| keys::section(setting.key()) == section)
    };
    merged
        .into_iter()
        .partition(|(section, _)| is_theirs(section))
}

/// Returns whether a value has its key's type; `None` if the key belongs to no domain.
pub(super) fn check_kind(key: &str, value: &Value) -> Option<Result<(), String>> {
    let setting = domains::settings(DOMAINS).find(|setting| setting.key() == key)?;
    let expected = match setting {
        Setting::Flag(_) => "true or false",
        Setting::Number(_) => "a number, 0 or more",
        Setting::Word(_) => "a word in quotes",
    };
    let fits = match setting {
        Setting::Flag(_) => value.is_bool(),
        Setting::Number(_) => number(value).is_some(),
        Setting::Word(_) => value.is_str(),
    };
    let error = || format!("invalid value: {value}, expected {expected}");
    Some(if fits { Ok(()) } else { Err(error()) })
}

/// Returns the configured values; invalid ones are reported.
pub(super) fn read(sections: &Table, check: &mut Check<'_>) -> SettingValues {
    let mut values = SettingValues::default();
    for setting in domains::settings(DOMAINS) {
        let Some(value) = keys::find(sections, setting.key()) else {
            continue;
        };
        let set = match setting {
            Setting::Flag(flag) => {
                values.set_flag(flag, value.as_bool().unwrap_or(flag.built_in));
                Ok(())
            }
            Setting::Number(of) => values.set_number(of, number(value).unwrap_or(of.built_in)),
            Setting::Word(word) => values.set_word(word, value.as_str().unwrap_or_default()),
        };
        if let Err(mend) = set {
            let what = format!("{} is {value}", setting.key());
            check.refuse(setting.key(), &what, &mend);
        }
    }
    values
}

/// Checks that a first page exists in this program. Whether it is public is checked in the store.
pub(super) fn check_home(home: &str, values: &SettingValues, check: &mut Check<'_>) {
    if home == look::SITE {
        return;
    }
    let (word, argument) = home.split_once(':').unwrap_or((home, ""));
    let of_domain = |domain: &&Domain| domain.first_pages.iter().any(|page| page.word == word);
    let what = format!("site.home is {home:?}");
    let Some(domain) = DOMAINS.iter().find(of_domain) else {
        let pages = DOMAINS.iter().flat_map(|domain| domain.first_pages);
        let all: Vec<_> = pages.map(FirstPage::form).collect();
        let mend = format!("it may be {}, {}, files:FOLDER", look::SITE, all.join(", "));
        return check.refuse("site.home", &what, &mend);
    };
    if let Some(flag) = domain.enabled.filter(|flag| !flag.of(values)) {
        let mend = format!("leave {} out, or write \"{}\"", flag.key, look::SITE);
        return check.refuse("site.home", &format!("{what}, which is off"), &mend);
    }
    let page = domain.first_pages.iter().find(|page| page.word == word);
    if let Some(page) = page.filter(|page| page.argument.is_empty() != argument.is_empty()) {
        check.refuse("site.home", &what, &format!("write it as {}", page.form()));
    }
}

fn number(value: &Value) -> Option<u32> {
    value.as_integer().and_then(|number| number.try_into().ok())
}
