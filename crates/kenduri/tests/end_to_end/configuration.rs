//! What the operator hears about settings.

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
