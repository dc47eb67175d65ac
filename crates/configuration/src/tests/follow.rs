//! Tests of `[follow]`.

use super::{load, problems, written};

const FILES: &str = "[files]\nurl = \"s3://pictures\"\naccess_key = \"k\"\nsecret_key = \"s\"\n";
const BACKUP: &str = "[backup]\nto = \"folder:/nowhere/a\"\n";
const FOLLOW: &str = "[follow]\nautomatic = true\n";

#[test]
fn a_machine_takes_over_by_itself_only_if_the_settings_say_so() {
    for (follow, expected) in [("", false), (FOLLOW, true)] {
        let (_folder, asked) = written(&format!("{FILES}{BACKUP}{follow}"));
        let found = load(&asked).expect("good");
        assert_eq!(
            found.settings.backup.expect("a backup").is_automatic,
            expected
        );
        let warnings: Vec<_> = found.warnings.iter().map(ToString::to_string).collect();
        assert!(
            !warnings.iter().any(|one| one.contains("follow")),
            "{warnings:?}"
        );
    }
}

#[test]
fn what_does_not_go_with_it_is_told() {
    for (text, expected) in [
        (FOLLOW.to_owned(), "backup.to is not set"),
        (
            format!("[store]\nurl = \"postgres://u@127.0.0.1/db\"\n{BACKUP}{FOLLOW}"),
            "store.url names a PostgreSQL database",
        ),
    ] {
        let (folder, asked) = written(&text);
        let said = problems(&folder, &asked);
        assert!(
            said.contains("follow.automatic") && said.contains(expected),
            "{said}"
        );
    }
    let (_folder, asked) = written(&format!("{BACKUP}{FOLLOW}"));
    let warnings = load(&asked).expect("good").warnings;
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    let is_told = |one: &String| one.contains("no machine can follow while files.url");
    assert!(warnings.iter().any(is_told), "{warnings:?}");
}

/// Two workers of one machine must not differ in it.
#[test]
fn only_a_restart_of_everything_changes_it() {
    assert!(crate::is_of_all("follow.automatic"));
}
