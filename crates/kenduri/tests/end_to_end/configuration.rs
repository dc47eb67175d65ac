//! Tests of the messages that operators see about their settings.

use crate::program::{run, text};

#[test]
fn an_unknown_key_names_file_line_and_the_nearest_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kenduri.toml");
    std::fs::write(&file, "data = \"d\"\n\n[site]\nnmae = \"x\"\n").expect("a file");
    for word in [&["check"][..], &["serve"], &["migrate"]] {
        let output = run(word, folder.path(), &[]);
        assert_eq!(output.status.code(), Some(1), "{word:?}");
        assert_eq!(
            text(&output.stderr),
            "error: kenduri.toml:4: unknown key site.nmae\n  did you mean site.name?\n"
        );
        assert!(output.stdout.is_empty());
        assert!(!folder.path().join("d").exists());
    }
}

#[test]
fn check_tells_what_is_in_force_and_who_said_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kenduri.toml");
    std::fs::write(
        &file,
        "[mail]\nurl = \"smtp://ken@mail.example\"\npassword = \"hunter2\"\n",
    )
    .expect("a file");
    let output = run(
        &["check", "--set", "site.name=Rumah"],
        folder.path(),
        &[("KENDURI_JOBS_AT_ONCE", "4")],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for line in [
        "password = \"***\"                             # kenduri.toml:3",
        "name = \"Rumah\"                               # flag --set site.name",
        "at_once = 4                                  # environment KENDURI_JOBS_AT_ONCE",
        "time_zone = \"UTC\"                            # built-in",
    ] {
        assert!(said.contains(line), "{line}\n--- not in ---\n{said}");
    }
    assert!(!said.contains("hunter2"));
}

#[test]
fn bad_usage_is_told_from_refusal() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run(&["dance"], folder.path(), &[]).status.code(), Some(2));
    assert_eq!(
        run(&["check", "--set", "x"], folder.path(), &[])
            .status
            .code(),
        Some(2)
    );
    let missing = run(&["check", "--config", "missing.toml"], folder.path(), &[]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("cannot read missing.toml"));
}

#[test]
fn what_everybody_could_read_is_not_put_on_the_network() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        &["serve", "--listen", ":0"][..],
        &[
            "serve",
            "--demo",
            "--listen",
            "0.0.0.0:0",
            "--set",
            "mail.url=smtp://localhost:1",
        ],
    ] {
        let output = run(arguments, folder.path(), &[]);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(
            text(&output.stderr).contains("other machines"),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn check_tells_of_newer_versions_and_of_advisories_by_its_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
    let feed = "<rss><channel><item><title>99.0.0</title></item></channel></rss>";
    write("releases.rss", feed).expect("a file");
    let advisory = |introduced: &str| {
        format!(
            r#"{{"id":"KEN-1","summary":"Lists leak","affected":[{{
                "package":{{"ecosystem":"crates.io","name":"kenduri"}},
                "ranges":[{{"type":"SEMVER","events":[{{"introduced":"{introduced}"}}]}}]}}]}}"#
        )
    };
    write("ours.json", &advisory("0")).expect("a file");
    write("later.json", &advisory("99.0.0")).expect("a file");
    write("broken.json", "[").expect("a file");
    // This command does not read the settings file, so an invalid file does not matter.
    write("kenduri.toml", "nonsense = 1").expect("a file");
    let check = |files: &[&str]| {
        let options = files.iter().flat_map(|file| ["--advisories", file]);
        let words: Vec<_> = std::iter::once("check").chain(options).collect();
        let output = run(&words, folder.path(), &[]);
        let said = text(&output.stdout) + &text(&output.stderr);
        (output.status.code(), said)
    };
    let (code, said) = check(&["releases.rss", "later.json"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Newer: 99.0.0") && said.contains("There is no advisory"),
        "{said}"
    );
    let (code, said) = check(&["ours.json"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Advisory: KEN-1  Lists leak"), "{said}");
    let (code, said) = check(&["releases.rss", "broken.json"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("error: cannot read versions or advisories from broken.json"),
        "{said}"
    );
    assert!(!said.contains("99.0.0"), "{said}");
}
