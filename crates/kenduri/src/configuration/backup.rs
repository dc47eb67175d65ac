//! `[backup]`: where everything is backed up to, and what goes with the store.

use std::path::{Path, PathBuf};

use ::backup::{Beside, Settings, Target};
use jiff::SignedDuration;
use toml::{Table, Value};

use super::check::Check;
use super::written::Written;

/// The least time between snapshots.
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
/// Where the settings go in a restored data folder.
const SETTINGS: &str = "settings";
/// The keys of settings that name files, besides those that end with `_file`.
const NAME_FILES: [&str; 2] = ["chain", "key"];

/// The backup, if there is one.
pub(super) fn read(written: &Written, data: &Path, check: &mut Check<'_>) -> Option<Settings> {
    let every = duration("backup.every", &written.backup.every, check);
    let keep = duration("backup.keep", &written.backup.keep, check);
    if written.backup.to.is_empty() {
        return None;
    }
    let target = check.accept("backup.to", Target::parse(&written.backup.to))?;
    let files = written.files.url.strip_prefix("folder:");
    let beside = [
        (data.join(files.unwrap_or("files")), "files"),
        (data.join("acme"), "acme"),
        (data.join("maintenance.json"), "maintenance.json"),
        (data.join("maintenance.html"), "maintenance.html"),
        (data.join(&written.secret_file), "secret.key"),
    ];
    let beside = beside.map(|(from, to)| Beside {
        from,
        to: to.to_owned(),
    });
    Some(Settings {
        target,
        every: every?,
        keep: keep?,
        data: data.to_owned(),
        beside: beside.into(),
    })
}

fn duration(key: &str, text: &str, check: &mut Check<'_>) -> Option<SignedDuration> {
    let duration = units::duration(text).and_then(|time| {
        let time = SignedDuration::try_from(time).ok();
        time.filter(|time| *time >= SHORTEST)
            .ok_or_else(|| format!("{text:?} is too short; the least is 1m"))
    });
    check.accept(key, duration)
}

/// The file of settings, and the files that it names.
pub(super) fn settings_files(file: &Path, merged: &Table) -> Vec<Beside> {
    let folder = file.parent().unwrap_or_else(|| Path::new(""));
    let mut named = vec![PathBuf::from(file.file_name().unwrap_or_default())];
    gather(merged, &mut named);
    let all = named.into_iter().filter_map(|path| {
        let from = folder.join(&path);
        let parts = path.components().filter_map(|part| match part {
            std::path::Component::Normal(part) => part.to_str(),
            _ => None,
        });
        let to = std::iter::once(SETTINGS).chain(parts).collect::<Vec<_>>();
        let to = to.join("/");
        from.is_file().then_some(Beside { from, to })
    });
    all.collect()
}

fn gather(table: &Table, named: &mut Vec<PathBuf>) {
    for (key, value) in table {
        match value {
            Value::String(text) if key.ends_with("_file") || NAME_FILES.contains(&key.as_str()) => {
                named.push(PathBuf::from(text));
            }
            Value::Table(inner) => gather(inner, named),
            Value::Array(all) => {
                for inner in all.iter().filter_map(Value::as_table) {
                    gather(inner, named);
                }
            }
            _ => {}
        }
    }
}
