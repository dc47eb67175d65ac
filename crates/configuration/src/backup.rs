//! Reads `[backup]`: the target of backups, and the files that are backed up together with the
//! store.

use std::path::{Path, PathBuf};

use ::backup::{Beside, S3Access, Settings, Target};
use jiff::SignedDuration;
use platform::store;
use toml::{Table, Value};
use units::Check;

use super::value_checks::secret;
use super::written::{Drill, Written};

const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
const SETTINGS_FOLDER: &str = "settings";
/// Keys whose value is a file name, although they do not end in `_file`.
const NAME_FILES: [&str; 2] = ["chain", "key"];

/// Returns the file with the passphrase, if the settings request a restore at startup.
pub(super) fn passphrase_file(written: &Written, check: &mut Check) -> Option<PathBuf> {
    if !written.backup.restore {
        return None;
    }
    for (key, value) in [
        ("backup.to", &written.backup.to),
        ("backup.passphrase_file", &written.backup.passphrase_file),
    ] {
        if value.is_empty() {
            check.refuse_sentence(
                key,
                format!("backup.restore is on, and {key} is not set"),
                "set it, or leave backup.restore out",
            );
        }
    }
    Some(check.path("backup.passphrase_file", &written.backup.passphrase_file))
}

pub(super) fn read(
    written: &Written,
    data: &Path,
    store: &store::Settings,
    access: &S3Access,
    check: &mut Check,
) -> Option<Settings> {
    let is_automatic = is_automatic(written, store, check);
    let every = duration("backup.every", &written.backup.every, check);
    let keep = duration("backup.keep", &written.backup.keep, check);
    if written.backup.to.is_empty() {
        if !written.backup.also_to.is_empty() {
            check.refuse_sentence(
                "backup.also_to",
                "backup.also_to is set, and backup.to is not".to_owned(),
                "write the place into backup.to; the second one gets what the first has got",
            );
        }
        return None;
    }
    let target = Target::parse(&written.backup.to, access);
    let target = check.accept("backup.to", target)?;
    if target.is_on_disk_of(data) {
        check.warn(
            "backup.to",
            "it is on the same disk as the data, so losing the disk loses both",
            "Name a folder on another disk, or a bucket.",
        );
    }
    let also = second(written, &target, data, access, check);
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
        also,
        every: every?,
        keep: keep?,
        is_automatic,
        has_drills: written.backup.drill == Drill::Weekly,
        data: data.to_owned(),
        postgres: match store {
            store::Settings::Sqlite(_) => None,
            store::Settings::Postgres(database) => Some(database.clone()),
        },
        beside: beside.into(),
    })
}

/// Whether a machine that follows may take over by itself.
fn is_automatic(written: &Written, store: &store::Settings, check: &mut Check) -> bool {
    let key = "follow.automatic";
    if !written.follow.automatic {
        return false;
    }
    if matches!(store, store::Settings::Postgres(_)) {
        check.refuse_sentence(
            key,
            "follow.automatic is on, and store.url names a PostgreSQL database".to_owned(),
            "leave it out; PostgreSQL has standbys of its own: docs/scale.md",
        );
    }
    if written.backup.to.is_empty() {
        check.refuse_sentence(
            key,
            "follow.automatic is on, and backup.to is not set".to_owned(),
            "write the place of the backup into backup.to, or leave follow.automatic out",
        );
    }
    if !written.files.url.starts_with("s3://") {
        check.warn(
            key,
            "no machine can follow while files.url names a folder, and this one saves nothing \
             while it cannot reach backup.to",
            "Put the files into a bucket, or leave it out.",
        );
    }
    true
}

/// Returns the second place of the backup, if there is one.
fn second(
    written: &Written,
    first: &Target,
    data: &Path,
    access: &S3Access,
    check: &mut Check,
) -> Option<Target> {
    let backup = &written.backup;
    let key = "backup.also_secret_key";
    let secret_key = secret(
        check,
        key,
        &backup.also_secret_key,
        &backup.also_secret_key_file,
    );
    if backup.also_to.is_empty() {
        for (key, value) in [
            ("backup.also_endpoint", &backup.also_endpoint),
            ("backup.also_region", &backup.also_region),
            ("backup.also_access_key", &backup.also_access_key),
        ] {
            if !value.is_empty() {
                check.warn(
                    key,
                    "it does nothing without backup.also_to",
                    "Set backup.also_to, or leave it out.",
                );
            }
        }
        return None;
    }
    let or_first = |text: &str, first: &str| if text.is_empty() { first } else { text }.to_owned();
    let access = S3Access {
        endpoint: or_first(&backup.also_endpoint, &access.endpoint),
        region: or_first(&backup.also_region, &access.region),
        access_key: or_first(&backup.also_access_key, &access.access_key),
        secret_key: secret_key.or_else(|| access.secret_key.clone()),
    };
    let target = Target::parse(&backup.also_to, &access);
    let target = check.accept("backup.also_to", target)?;
    let is_same_server = backup.also_endpoint.is_empty() || backup.also_endpoint == backup.endpoint;
    if target.name() == first.name() && is_same_server {
        check.refuse_sentence(
            "backup.also_to",
            "it is the place that backup.to names".to_owned(),
            "name another folder or bucket, or leave backup.also_to out",
        );
        return None;
    }
    if target.is_on_disk_of(data) {
        check.warn(
            "backup.also_to",
            "it is on the same disk as the data, so losing the disk loses both",
            "Name a folder on another disk, or a bucket.",
        );
    }
    Some(target)
}

/// Returns the S3 server's address and credentials.
pub(super) fn access(written: &Written, check: &mut Check) -> S3Access {
    let backup = &written.backup;
    let key = "backup.secret_key";
    S3Access {
        endpoint: backup.endpoint.clone(),
        region: backup.region.clone(),
        access_key: backup.access_key.clone(),
        secret_key: secret(check, key, &backup.secret_key, &backup.secret_key_file),
    }
}

fn duration(key: &str, text: &str, check: &mut Check) -> Option<SignedDuration> {
    let duration = units::duration(text).and_then(|time| {
        let time = SignedDuration::try_from(time).ok();
        time.filter(|time| *time >= SHORTEST)
            .ok_or_else(|| format!("{text:?} is too short; write at least 1m"))
    });
    check.accept(key, duration)
}

/// Returns the settings file and all files whose names are in it.
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
        let to = std::iter::once(SETTINGS_FOLDER)
            .chain(parts)
            .collect::<Vec<_>>();
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
