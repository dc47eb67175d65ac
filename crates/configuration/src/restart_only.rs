//! Settings that take effect only after a restart. Until then, the values from the last start stay
//! active.
//!
//! These values travel with the settings, to each worker and to the next program.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use site::domain::Domains;
use toml::{Table, Value};
use units::Origin;

use super::{differences, keys};

const CHANGEABLE_SECTIONS: [&str; 8] = [
    "cache",
    "listen",
    "proxy",
    "route",
    "service",
    "service_user",
    "tls",
    "upstream",
];

/// The supervisor process uses them too, or two workers must not differ in them.
const START_ONLY: [&str; 6] = [
    "data",
    "follow",
    "log",
    "secret_file",
    "service_memory",
    "store",
];

/// The settings that change only at a restart, each with its source.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RestartOnly(BTreeMap<String, (Value, Origin)>);

impl RestartOnly {
    /// Returns the settings in `merged` that change only at a restart.
    pub(super) fn of(merged: &Table, origins: &BTreeMap<String, Origin>) -> Self {
        let all = origins.iter().filter(|(key, _)| !is_swapped(key));
        let said = all.filter_map(|(key, origin)| {
            let value = keys::find(merged, key)?;
            Some((key.clone(), (value.clone(), origin.clone())))
        });
        Self(said.collect())
    }

    /// Returns the keys with a new value in `merged` that takes effect only at the next restart.
    pub(super) fn waiting(&self, domains: Domains, merged: &Table) -> Vec<String> {
        differences(&self.over(domains, merged), merged)
    }

    /// Copies `merged`, but keeps the stored values of the settings that change only at a restart.
    pub(super) fn over(&self, domains: Domains, merged: &Table) -> Table {
        let mut held = keys::built_in(domains);
        for (section, value) in merged.iter().filter(|(section, _)| is_swapped(section)) {
            held.insert(section.clone(), value.clone());
        }
        for (key, (value, _)) in &self.0 {
            keys::place(&mut held, key, value.clone());
        }
        held
    }

    /// Returns the values for a new worker: those of `next`, but the stored ones of the settings
    /// that only a start of Kenduri as a whole can change.
    pub fn for_new_worker(&self, next: Self) -> Self {
        let stored = self.0.iter().filter(|(key, _)| is_of_all(key));
        let stored = stored.map(|(key, value)| (key.clone(), value.clone()));
        let next = next.0.into_iter().filter(|(key, _)| !is_of_all(key));
        Self(next.chain(stored).collect())
    }

    /// Replaces the sources of the settings that change only at a restart by the stored ones.
    pub(super) fn over_origins(&self, origins: &mut BTreeMap<String, Origin>) {
        origins.retain(|key, _| is_swapped(key));
        let said = self.0.iter();
        origins.extend(said.map(|(key, (_, origin))| (key.clone(), origin.clone())));
    }
}

fn is_swapped(key: &str) -> bool {
    CHANGEABLE_SECTIONS.contains(&section(key))
}

/// Whether only a start of Kenduri as a whole can change the setting, and not a new worker.
pub fn is_of_all(key: &str) -> bool {
    START_ONLY.contains(&section(key))
}

fn section(key: &str) -> &str {
    key.split(['.', '[']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::Asked;
    use crate::tests::load;

    #[test]
    fn what_only_a_restart_changes_stays_as_it_was_said_at_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kenduri.toml");
        let write = |text: &str| std::fs::write(&file, text).expect("written");
        write("data = \"d\"\n[mail]\nper_minute = 7\n[listen]\nhttp = [\"127.0.0.1:1\"]\n");
        let mut asked = Asked {
            file: Some(file.clone()),
            environment: vec![("KENDURI_JOBS_AT_ONCE".to_owned(), "5".to_owned())],
            ..Asked::default()
        };
        let began = load(&asked).expect("good");
        assert!(began.waiting.is_empty());
        // In production, the values are serialized to pass them to a worker or to the next program.
        let lasting = serde_json::to_string(&began.lasting()).expect("written");
        asked.lasting = Some(serde_json::from_str(&lasting).expect("read"));
        let same = load(&asked).expect("good");
        assert_eq!(same.merged(), began.merged());
        assert!(same.waiting.is_empty());

        write(
            "data = \"e\"\n[site]\nurl = \"https://kad.example\"\n[listen]\nhttp = [\"127.0.0.1:2\"]\n\
             [[route]]\nto = \"app\"\n",
        );
        let now = load(&asked).expect("good");
        assert_eq!(now.waiting, ["data", "mail.per_minute", "site.url"]);
        let settings = &now.settings;
        // The path is relative to the folder of the settings file.
        assert_eq!(settings.data, folder.path().join("d"));
        assert!(settings.site.url.is_none(), "nobody had said it");
        assert_eq!(now.merged()["mail"]["per_minute"].as_integer(), Some(7));
        assert_eq!(settings.jobs_at_once, 5);
        assert_eq!(settings.listen.http[0].to_string(), "127.0.0.1:2");
        assert!(now.plan.needs_app());
        // A new worker takes what waits, but no other data folder.
        let whole = Asked {
            lasting: None,
            ..asked.clone()
        };
        let next = load(&whole).expect("good").lasting();
        let lasting = asked.lasting.clone().expect("stored");
        let renewed = Asked {
            lasting: Some(lasting.for_new_worker(next)),
            ..asked.clone()
        };
        let renewed = load(&renewed).expect("good");
        assert_eq!(renewed.waiting, ["data"]);
        assert_eq!(renewed.settings.data, folder.path().join("d"));
        assert!(renewed.settings.site.url.is_some());
        // Later changes to the settings file do not affect these values.
        asked.lasting = Some(now.lasting());
        assert_eq!(load(&asked).expect("good").merged(), now.merged());
    }
}
