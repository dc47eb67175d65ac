//! The configuration: `kenduri.toml` as written, settings as needed.
//!
//! Precedence: built-in, file, environment (`KENDURI_SITE_URL`), flags
//! (`--set site.url=…`). A configuration is checked whole: either every
//! problem is told with file, line, key and mend, or there are [`Settings`].

mod address;
mod check;
mod keys;
mod mail;
mod problem;
mod report;
mod settings;
mod sources;
mod written;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::{Table, Value};

pub(crate) use address::{ListenAddress, link_to};
pub(crate) use mail::MailRoute;
pub(crate) use problem::{Origin, Problem, Problems};
pub(crate) use settings::Settings;
pub(crate) use written::{LogFormat, LogLevel};

use check::Check;
use written::Written;

/// The file that is read when none is named.
const USUAL_FILE: &str = "kenduri.toml";

/// What the command line says about the configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// `--config FILE`.
    pub(crate) file: Option<PathBuf>,
    /// Whether `kenduri.toml` in the current folder is read when no file is named.
    pub(crate) look_for_file: bool,
    /// `--set key=value`, in the order given, and flags that stand for a key.
    pub(crate) flags: Vec<Flag>,
    /// Variables of the environment.
    pub(crate) environment: Vec<(String, String)>,
    /// `--allow-public-mailbox`.
    pub(crate) allow_public_mailbox: bool,
}

/// A flag that gives one key a value.
#[derive(Debug, Clone)]
pub(crate) struct Flag {
    /// As typed, for messages: `--set site.url`, `--listen`.
    pub(crate) typed: String,
    /// `section.name`.
    pub(crate) key: String,
    /// Its value, as text.
    pub(crate) value: String,
}

/// Settings, with what is needed to tell where they came from.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// What is in force.
    pub(crate) settings: Settings,
    /// What works, and should be known.
    pub(crate) warnings: Vec<String>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    merged: Table,
    origins: BTreeMap<String, Origin>,
}

/// Reads, merges and checks.
pub(crate) fn load(asked: &Asked) -> Result<Configuration, Problems> {
    let mut problems = Vec::new();
    let file = find_file(asked);
    let mut leaves = Vec::new();
    if let Some(path) = &file {
        match std::fs::read_to_string(path) {
            Ok(text) => leaves.extend(sources::file(path, &text, &mut problems)),
            Err(error) => problems.push(Problem {
                origin: Origin::Flag("--config".to_owned()),
                what: format!("cannot read {}: {error}", path.display()),
                mend:
                    "name a file that is there, or leave the flag out: every setting has a default"
                        .to_owned(),
            }),
        }
    }
    leaves.extend(sources::environment(&asked.environment, &mut problems));
    for flag in &asked.flags {
        leaves.extend(sources::flag(
            &flag.key,
            &flag.value,
            &flag.typed,
            &mut problems,
        ));
    }

    let mut merged = Table::new();
    for (key, value) in keys::known() {
        keys::place(&mut merged, &key, value);
    }
    let mut origins = BTreeMap::new();
    for leaf in leaves {
        keys::place(&mut merged, &leaf.key, leaf.value);
        origins.insert(leaf.key, leaf.origin);
    }
    let written = match Written::deserialize(Value::Table(merged.clone())) {
        Ok(written) if problems.is_empty() => written,
        Ok(_) => return Err(Problems(problems)),
        Err(error) => {
            problems.push(Problem {
                origin: Origin::BuiltIn,
                what: error.message().to_owned(),
                mend: String::new(),
            });
            return Err(Problems(problems));
        }
    };

    let mut check = Check::new(&origins);
    let settings = settings::settings(&written, &mut check);
    if let Some(settings) = &settings {
        keep_mailbox_private(settings, asked.allow_public_mailbox, &mut check);
    }
    let Check {
        problems, warnings, ..
    } = check;
    match settings {
        Some(settings) if problems.is_empty() => Ok(Configuration {
            settings,
            warnings,
            file,
            merged,
            origins,
        }),
        _ => Err(Problems(problems)),
    }
}

/// The mailbox holds every sign-in link, so only this machine may reach it.
fn keep_mailbox_private(settings: &Settings, allowed: bool, check: &mut Check<'_>) {
    if !settings.has_mailbox() {
        return;
    }
    if settings
        .site
        .url
        .as_ref()
        .is_some_and(|url| !url.is_loopback())
    {
        check.warn(
            "mail.url is \"mailbox:\", so no mail leaves this machine. \
             Set it to your mail server before you invite anybody",
        );
    }
    if settings.is_private() {
        return;
    }
    let what = "mail.url is \"mailbox:\", which shows every mail (sign-in links too) to whoever asks, \
                and listen.http can be reached from other machines";
    if allowed {
        check.warn(what);
    } else {
        check.refuse(
            "listen.http",
            what,
            "set mail.url to your mail server, listen on 127.0.0.1, or say --allow-public-mailbox",
        );
    }
}

impl Configuration {
    /// What is in force and who said so, as TOML with remarks; secrets are `***`.
    pub(crate) fn report(&self) -> String {
        report::report(&self.merged, &self.origins)
    }
}

fn find_file(asked: &Asked) -> Option<PathBuf> {
    asked.file.clone().or_else(|| {
        let usual = PathBuf::from(USUAL_FILE);
        (asked.look_for_file && usual.exists()).then_some(usual)
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use platform::store;

    use super::{Asked, Flag, ListenAddress, load};

    /// A configuration file in a folder of its own.
    fn written(text: &str) -> (tempfile::TempDir, Asked) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kenduri.toml");
        std::fs::write(&file, text).expect("a file");
        let asked = Asked {
            file: Some(file),
            ..Asked::default()
        };
        (folder, asked)
    }

    fn set(asked: &mut Asked, key: &str, value: &str) {
        asked.flags.push(Flag {
            typed: format!("--set {key}"),
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }

    /// The problems, with the folder left out.
    fn problems(folder: &tempfile::TempDir, asked: &Asked) -> String {
        let told = load(asked).expect_err("a problem").to_string();
        told.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn nothing_is_needed_to_begin() {
        let settings = load(&Asked::default()).expect("built-in").settings;
        assert_eq!(settings.data, PathBuf::from("data"));
        assert!(settings.is_private() && settings.has_mailbox());
        assert!(settings.site.url.is_none());
        assert!(matches!(
            settings.store,
            store::Settings::Sqlite(store::SqliteSettings {
                batch: 512,
                durable: true,
                ..
            })
        ));
    }

    #[test]
    fn a_later_source_wins() {
        let (_folder, mut asked) = written(
            "data = \"d\"\n[site]\nname = \"file\"\nurl = \"https://file.example\"\n[jobs]\nat_once = 3\n",
        );
        asked.environment = vec![
            (
                "KENDURI_SITE_URL".to_owned(),
                "https://environment.example".to_owned(),
            ),
            (
                "KENDURI_LISTEN_HTTP".to_owned(),
                "127.0.0.1:1, [::1]:2".to_owned(),
            ),
            ("KENDURI_TEST_POSTGRES".to_owned(), "ignored".to_owned()),
            ("HOME".to_owned(), "ignored".to_owned()),
        ];
        set(&mut asked, "site.url", "https://flag.example");
        set(&mut asked, "jobs.at_once", "5");
        let found = load(&asked).expect("good");
        assert_eq!(found.settings.site.name, "file");
        assert_eq!(
            found.settings.site.url.as_ref().map(web::SiteUrl::origin),
            Some("https://flag.example")
        );
        assert_eq!(found.settings.jobs_at_once, 5);
        assert_eq!(
            found.settings.listen,
            ["127.0.0.1:1", "[::1]:2"].map(|text| ListenAddress::Tcp(text.parse().expect(text)))
        );
        let report = found.report();
        assert!(report.contains("# flag --set site.url"), "{report}");
        assert!(report.contains("kenduri.toml:3"), "{report}");
        assert!(
            report.contains("# environment KENDURI_LISTEN_HTTP"),
            "{report}"
        );
        assert!(report.parse::<toml::Table>().is_ok(), "{report}");
    }

    #[test]
    fn every_slip_is_told_with_line_key_and_mend() {
        let (folder, mut asked) = written(
            "[site]\nulr = \"https://x.example\"\n\n[mial]\nper_minute = 1\n\n[jobs]\nat_once = \"two\"\n[log]\nlevel = \"loud\"\n",
        );
        asked.environment = vec![("KENDURI_SITE_NAMES".to_owned(), "x".to_owned())];
        set(&mut asked, "mail.per_minute", "many");
        set(&mut asked, "stor.url", "x");
        let told = problems(&folder, &asked);
        for expected in [
            "kenduri.toml:2: unknown key site.ulr\n  did you mean site.url?",
            "kenduri.toml:4: unknown key mial\n  did you mean [mail]?",
            "kenduri.toml:8: jobs.at_once is wrong: invalid type: string \"two\", expected u32\n  built-in: jobs.at_once = 2",
            "kenduri.toml:10: log.level is wrong: unknown variant `loud`, expected one of `error`, `warn`, `info`, `debug`, `trace`",
            "environment KENDURI_SITE_NAMES: KENDURI_SITE_NAMES is not a setting\n  did you mean KENDURI_SITE_NAME?",
            "flag --set mail.per_minute: mail.per_minute cannot be \"many\"",
            "flag --set stor.url: unknown key stor.url\n  did you mean store.url?",
        ] {
            assert!(
                told.contains(expected),
                "{expected}\n--- not in ---\n{told}"
            );
        }
    }

    #[test]
    fn text_that_is_no_toml_names_its_line() {
        let (folder, asked) = written("[site]\nname = \"x\"\nurl = https\n");
        assert!(problems(&folder, &asked).starts_with("kenduri.toml:3: not valid TOML"));
    }

    #[test]
    fn impossible_combinations_are_refused() {
        for (text, expected) in [
            (
                "[listen]\nhttp = [\":8080\"]\n",
                "kenduri.toml:2: mail.url is \"mailbox:\"",
            ),
            (
                "[listen]\nhttp = []\n",
                "kenduri.toml:2: listen.http is empty",
            ),
            (
                "[mail]\nurl = \"smtp://u@h\"\n",
                "kenduri.toml:2: mail.url names the user \"u\", but there is no password",
            ),
            (
                "[mail]\npassword = \"a\"\npassword_file = \"b\"\n",
                "kenduri.toml:3: mail.password and mail.password_file are both set",
            ),
            (
                "[mail]\npassword_file = \"missing\"\n",
                "kenduri.toml:2: mail.password_file: cannot read ",
            ),
            (
                "[store]\nurl = \"mysql://x\"\n",
                "kenduri.toml:2: store.url is neither",
            ),
            (
                "[store]\nurl = \"postgres://x@h/d\"\nbatch = 1\n",
                "kenduri.toml:3: store.batch is for SQLite only",
            ),
            (
                "[store]\nbatch = 0\n",
                "kenduri.toml:2: store.batch is 0\n  it may be 1 to 4096",
            ),
            (
                "[site]\ntime_zone = \"Mars/Olympus\"\n",
                "kenduri.toml:2: site.time_zone",
            ),
            (
                "[site]\nlanguages = [\"xx\"]\n",
                "kenduri.toml:2: site.languages names \"xx\"",
            ),
            (
                "[site]\nurl = \"https://x.example/path\"\n",
                "kenduri.toml:2: site.url",
            ),
            (
                "[accounts]\nregistration = \"open\"\n",
                "kenduri.toml:2: accounts.registration is wrong",
            ),
            (
                "[files]\nurl = \"s3://bucket\"\n",
                "kenduri.toml:2: files.url",
            ),
            (
                "site = 3\n",
                "kenduri.toml:1: site is a section, not a value",
            ),
            (
                "[data]\nx = 3\n",
                "kenduri.toml:1: data is one value, not a section",
            ),
        ] {
            let (folder, asked) = written(text);
            let told = problems(&folder, &asked);
            assert!(
                told.contains(expected),
                "{text}\nexpected {expected}\ntold {told}"
            );
        }
    }

    #[test]
    fn a_public_mailbox_can_be_allowed() {
        let (_folder, mut asked) = written("[listen]\nhttp = [\":8080\"]\n");
        asked.allow_public_mailbox = true;
        assert_eq!(load(&asked).expect("allowed").warnings.len(), 1);
    }

    #[test]
    fn secrets_are_read_from_files_and_never_printed() {
        let (folder, asked) = written(
            "[store]\nurl = \"postgres://ken:hunter2@h/d\"\n[mail]\nurl = \"smtp://u@h\"\npassword_file = \"mail.secret\"\n",
        );
        std::fs::write(folder.path().join("mail.secret"), "hunter3\n").expect("a file");
        let found = load(&asked).expect("good");
        let everything = format!("{}{:?}", found.report(), found.settings);
        assert!(!everything.contains("hunter"), "{everything}");
        assert!(
            everything.contains("postgres://ken:***@h/d"),
            "{everything}"
        );
        let super::MailRoute::Smtp(server) = &found.settings.mail.route else {
            panic!("a server");
        };
        assert_eq!(
            server.login.as_ref().map(|(_, password)| password.reveal()),
            Some("hunter3")
        );
    }
}
