//! Tests of the systemd unit that `kenduri install` writes. systemd checks the unit, but it is not
//! installed.

use std::path::Path;
use std::process::Command;

use crate::program::{run, text};

/// Settings of an edge with which `kenduri install` needs no options.
const SETTINGS: &str =
    "[listen]\nhttp = [\":80\"]\nhttps = [\":443\"]\n\n[[route]]\nto = \"status:404\"\n";

const SERVICE: &str = "\n[service.calm]\nrun = \"sleep 1\"\nlisten = \"none\"\n";

fn printed(folder: &Path, more: &[&str]) -> String {
    printed_of(SETTINGS, folder, more)
}

fn printed_of(settings: &str, folder: &Path, more: &[&str]) -> String {
    std::fs::write(folder.join("kenduri.toml"), settings).expect("a file");
    let mut words = vec!["install", "--print"];
    words.extend(more);
    let output = run(&words, folder, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs `systemd-analyze`. Returns whether it succeeded, and its output.
fn analyze(words: &[&str], folder: &Path) -> (bool, String) {
    let output = Command::new("systemd-analyze")
        .args(words)
        .current_dir(folder)
        .output()
        .expect("systemd-analyze, of Debian's package systemd");
    let said = text(&output.stdout) + &text(&output.stderr);
    (output.status.success(), said)
}

#[test]
fn systemd_takes_the_unit_and_finds_it_safe() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = [SETTINGS, SERVICE].concat();
    for (settings, more, most) in [
        (SETTINGS, &[][..], "20"),
        (SETTINGS, &["--socket"], "20"),
        (SETTINGS, &["--user", "root"], "30"),
        (&services, &[], "35"),
        (&services, &["--services-user", "kenduri"], "25"),
        (&services, &["--user", "root"], "35"),
    ] {
        let whole = printed_of(settings, folder.path(), more);
        let (service, socket) = whole
            .split_once("\n# kenduri.socket:\n")
            .unwrap_or((&whole, ""));
        std::fs::write(folder.path().join("kenduri.service"), service).expect("a file");
        let mut words = vec!["verify", "--man=no", "./kenduri.service"];
        if !socket.is_empty() {
            std::fs::write(folder.path().join("kenduri.socket"), socket).expect("a file");
            words.push("./kenduri.socket");
        }
        let (is_good, said) = analyze(&words, folder.path());
        assert!(is_good && !said.contains("kenduri.s"), "{more:?}: {said}");
        let threshold = format!("--threshold={most}");
        let (is_safe, said) = analyze(
            &[
                "security",
                "--offline=true",
                "--no-pager",
                &threshold,
                "./kenduri.service",
            ],
            folder.path(),
        );
        assert!(is_safe, "{more:?}: {said}");
    }
}

#[test]
fn printing_changes_nothing_and_names_what_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = printed(folder.path(), &["--data", "store", "--user", "guests"]);
    let file = folder.path().join("kenduri.toml");
    for line in [
        "User=guests\n".to_owned(),
        format!(
            "serve --config {} --data {}\n",
            file.display(),
            folder.path().join("store").display()
        ),
        format!("ReadWritePaths={}\n", folder.path().join("store").display()),
    ] {
        assert!(unit.contains(&line), "{line} is not in\n{unit}");
    }
    assert!(!folder.path().join("store").exists());
    let output = run(&["install", "--print", "--user", "a b"], folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn services_have_an_account_of_their_own_unless_told_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = [SETTINGS, SERVICE].concat();
    let printed = |more: &[&str]| printed_of(&services, folder.path(), more);
    let apart = printed(&[]);
    assert!(
        apart.contains(" --set service_user=kenduri-services\n"),
        "{apart}"
    );
    assert!(!apart.contains("User=") && apart.contains("RuntimeDirectory=kenduri\n"));
    let shared = printed(&["--services-user", "kenduri"]);
    assert!(shared.contains("User=kenduri\n") && !shared.contains("service_user"));
    let other = printed(&["--user", "guests", "--services-user", "helpers"]);
    assert!(other.contains(" --set service_user=helpers\n"), "{other}");
    // Without services, the unit does not run as root.
    let alone = printed_of(SETTINGS, folder.path(), &[]);
    assert!(alone.contains("User=kenduri\n") && !alone.contains("service_user"));
    let words = ["install", "--print", "--services-user", "root"];
    assert_eq!(run(&words, folder.path(), &[]).status.code(), Some(1));
}

#[test]
fn systemd_reads_odd_paths_as_they_are_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let odd = "it's 100% \"ours\", \\o/ $HOME;";
    let unit = printed(folder.path(), &["--data", odd]);
    let file = folder.path().join("kenduri.service");
    std::fs::write(&file, &unit).expect("a file");
    let (is_good, said) = analyze(&["verify", "--man=no", "./kenduri.service"], folder.path());
    assert!(is_good && !said.contains("kenduri.s"), "{said}");
    for odd in ["a\nUser=root", "a\tb"] {
        let words = ["install", "--print", "--data", odd];
        let output = run(&words, folder.path(), &[]);
        assert_eq!(output.status.code(), Some(1), "{odd:?}");
        assert!(text(&output.stderr).contains("rename it"), "{odd:?}");
    }
}

#[test]
fn wrong_settings_are_told_before_anything_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("kenduri.toml"), "[listne]\n").expect("a file");
    let output = run(&["install"], folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("listne"));
}
