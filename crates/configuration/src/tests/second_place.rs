//! Tests of the backup's second place.

use super::{load, problems, written};

#[test]
fn a_second_place_has_the_first_ones_access_unless_it_has_its_own() {
    let text = "[backup]\nto = \"s3://one/kenduri\"\naccess_key = \"k\"\nsecret_key = \"first\"\n\
                also_to = \"s3://other\"\nalso_secret_key = \"hunter2\"\n";
    let (_folder, asked) = written(text);
    let found = load(&asked).expect("good");
    let backup = found.settings.backup.as_ref().expect("a backup");
    let second = backup.also.as_ref().expect("a second place");
    assert_eq!(second.name(), "s3://other");
    let everything = format!("{}{:?}", found.report(), found.settings);
    assert!(!everything.contains("hunter2"), "{everything}");

    let (_folder, asked) = written("[backup]\nto = \"folder:/nowhere/a\"\n");
    let found = load(&asked).expect("good").settings;
    assert!(found.backup.expect("a backup").also.is_none());
}

#[test]
fn what_is_wrong_with_a_second_place_is_told() {
    for (text, expected) in [
        (
            "to = \"folder:/nowhere/a\"\nalso_to = \"folder:/nowhere/a\"",
            "it is the place that backup.to names",
        ),
        ("also_to = \"folder:/nowhere/a\"", "backup.to is not"),
        (
            "to = \"folder:/nowhere/a\"\nalso_to = \"nowhere\"",
            "backup.also_to: \"nowhere\" is not a place for a backup",
        ),
        (
            "to = \"folder:/nowhere/a\"\nalso_to = \"s3://other\"",
            "access_key and secret_key_file are not both set",
        ),
    ] {
        let (folder, asked) = written(&format!("[backup]\n{text}\n"));
        let said = problems(&folder, &asked);
        assert!(said.contains(expected), "{said}");
    }
    let (_folder, asked) =
        written("[backup]\nto = \"folder:/nowhere/a\"\nalso_region = \"eu-west-1\"\n");
    let warnings = load(&asked).expect("good").warnings;
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("it does nothing without backup.also_to")),
        "{warnings:?}"
    );
}
