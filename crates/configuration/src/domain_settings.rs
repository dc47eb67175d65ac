//! Reads the domains' sections of the settings file, and checks them against the keys that the
//! domains declare.

use site::domain::{Domain, Domains};
use site::look::{self, FirstPage};
use toml::{Table, Value};
use units::Check;
use web::setting::{Setting, SettingValues};

use super::{keys, value_checks};

/// Splits the settings into two tables: the domains' keys, and all other keys.
pub(super) fn split(domains: Domains, merged: Table) -> (Table, Table) {
    let is_theirs = |section: &str| {
        let mut all = site::domains::settings(domains);
        all.any(|setting| keys::section(setting.key()) == section)
    };
    merged
        .into_iter()
        .partition(|(section, _)| is_theirs(section))
}

/// Checks that a value has its key's type. Returns `None` if no domain declares the key.
pub(super) fn check_kind(domains: Domains, key: &str, value: &Value) -> Option<Result<(), String>> {
    let is_meant = |setting: &Setting| setting.key() == key || setting.file_key() == Some(key);
    let setting = site::domains::settings(domains).find(is_meant)?;
    let expected = match setting {
        Setting::Flag(_) => "true or false",
        Setting::Number(_) => "a number, 0 or more",
        Setting::Word(_) => "a word in quotes",
        Setting::Words(_) => "a list of words in quotes",
        Setting::Line(_) | Setting::Secret(_) => "a text in quotes",
    };
    let fits = match setting {
        Setting::Flag(_) => value.is_bool(),
        Setting::Number(_) => number(value).is_some(),
        Setting::Word(_) | Setting::Line(_) | Setting::Secret(_) => value.is_str(),
        Setting::Words(_) => words(value).is_some(),
    };
    let error = || format!("invalid value: {value}, expected {expected}");
    Some(if fits { Ok(()) } else { Err(error()) })
}

/// Whether the key's value is a secret, which must never be printed.
pub(super) fn is_secret(domains: Domains, key: &str) -> bool {
    site::domains::settings(domains)
        .any(|setting| matches!(setting, Setting::Secret(secret) if secret.key == key))
}

pub(super) fn read(domains: Domains, sections: &Table, check: &mut Check) -> SettingValues {
    let mut values = SettingValues::default();
    for setting in site::domains::settings(domains) {
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
            Setting::Words(of) => values.set_words(of, &words(value).unwrap_or_default()),
            Setting::Line(line) => {
                values.set_line(line, value.as_str().unwrap_or_default());
                Ok(())
            }
            Setting::Secret(secret) => {
                let file = keys::find(sections, secret.file_key).and_then(Value::as_str);
                let written = value.as_str().unwrap_or_default();
                let read =
                    value_checks::secret(check, secret.key, written, file.unwrap_or_default());
                if let Some(read) = read {
                    values.set_secret(secret, read);
                }
                Ok(())
            }
        };
        if let Err(mend) = set {
            let what = format!("{} is {value}", setting.key());
            check.refuse_sentence(setting.key(), what, mend);
        }
    }
    for domain in domains.iter().filter(|domain| domain.is_on(&values)) {
        for flaw in (domain.check_settings)(&values) {
            check.refuse_sentence(flaw.key, &flaw.what, flaw.mend);
        }
    }
    values
}

/// Checks that `site.home` names a page that Kenduri has. Whether the page is public is checked
/// later, because that depends on the store.
pub(super) fn check_home(domains: Domains, home: &str, values: &SettingValues, check: &mut Check) {
    if home == look::SITE {
        return;
    }
    let (word, argument) = home.split_once(':').unwrap_or((home, ""));
    let of_domain = |domain: &&Domain| domain.first_pages.iter().any(|page| page.word == word);
    let what = format!("site.home is {home:?}");
    let Some(domain) = domains.iter().find(of_domain) else {
        let pages = domains.iter().flat_map(|domain| domain.first_pages);
        let all: Vec<_> = pages.map(FirstPage::form).collect();
        let mend = format!("write {}, {} or files:FOLDER", look::SITE, all.join(", "));
        return check.refuse_sentence("site.home", what, mend);
    };
    if let Some(flag) = domain.enabled.filter(|flag| !flag.of(values)) {
        let mend = format!("leave {} out, or write \"{}\"", flag.key, look::SITE);
        return check.refuse_sentence("site.home", format!("{what}, which is off"), mend);
    }
    let page = domain.first_pages.iter().find(|page| page.word == word);
    if let Some(page) = page.filter(|page| page.argument.is_empty() != argument.is_empty()) {
        check.refuse_sentence("site.home", what, format!("write it as {}", page.form()));
    }
}

/// Whether the domain's setting `key` is on. It is not if there is no such setting.
pub(super) fn is_on(domains: Domains, key: &str, values: &SettingValues) -> bool {
    let mut all = site::domains::settings(domains);
    all.any(|setting| matches!(setting, Setting::Flag(flag) if flag.key == key && flag.of(values)))
}

fn words(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

fn number(value: &Value) -> Option<u32> {
    value.as_integer().and_then(|number| number.try_into().ok())
}
