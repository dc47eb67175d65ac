//! Tests that Kenduri accepts the settings that it has imported from other software.

use std::path::Path;

use rustix::process::Signal;

use crate::program::{Program, run, text};

#[test]
fn a_site_of_nginx_becomes_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("pages")).expect("a folder");
    std::fs::write(
        folder.path().join("site.conf"),
        "server {\n  listen 127.0.0.1:8080;\n  server_name a.example;\n  root pages;\n  wonder on;\n  \
         location /api/ { proxy_pass http://127.0.0.1:5000/; }\n}\n",
    )
    .expect("a file");
    let output = run(&["import", "nginx", "site.conf"], folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("# site.conf:5: wonder on: not carried over"));
    assert!(text(&output.stderr).contains("remarks are in the comments"));
    std::fs::write(folder.path().join("kenduri.toml"), &output.stdout).expect("a file");
    let output = run(
        &["check", "--url", "http://a.example/api/x"],
        folder.path(),
        &[],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("http://127.0.0.1:5000 gets /x"));
}

#[test]
fn a_program_is_run_only_when_somebody_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("ecosystem.config.js"),
        "require('fs').writeFileSync('ran', ''); module.exports = { apps: [{ name: 'a', script: 'a.js' }] };",
    )
    .expect("a file");
    let words = ["import", "pm2", "ecosystem.config.js"];
    let output = run(&words, folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--run"));
    assert!(output.stdout.is_empty() && !folder.path().join("ran").exists());
    let output = run(&[&words[..], &["--run"]].concat(), folder.path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("[service.a]\nrun = \"node a.js\""));
    assert!(folder.path().join("ran").exists());
}

#[test]
fn an_older_site_is_imported_only_when_somebody_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let dump = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/personal/older-site.sql");
    let dump = dump.to_str().expect("text");
    let words = ["import", "personal-site", dump, "--owner"];
    let import = |more: &[&str]| run(&[&words[..], more].concat(), folder.path(), &[]);
    for (more, code, said) in [
        (&["farah@older.example"][..], 0, "--write does it"),
        (&["daniel@older.example", "--write"], 1, "--owner names one"),
        (&["farah", "--write"], 1, ""),
        (
            &["farah@older.example", "--write"],
            0,
            "is in the store now",
        ),
        (
            &["farah@older.example", "--write"],
            0,
            "Everything is there already",
        ),
    ] {
        let output = import(more);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{more:?} {errors}");
        assert!(text(&output.stdout).contains(said), "{more:?} {errors}");
        assert_eq!(code == 1, errors.starts_with("error: "), "{errors}");
    }
    let custom = folder.path().join("site.dump");
    std::fs::write(&custom, b"PGDMP\x01\x0e").expect("a file");
    let output = run(
        &["import", "personal-site", "site.dump"],
        folder.path(),
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    let errors = text(&output.stderr);
    assert!(errors.contains("pg_restore --file=site.sql"), "{errors}");

    let data = folder.path().join("data");
    let data = data.to_str().expect("text");
    let mut kenduri = Program::serve(&["--data", data, "--listen", "127.0.0.1:0"], &[]);
    let output = import(&["farah@older.example"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("stop it first"));
    assert_eq!(kenduri.get("/farah/incident-timer").status, 200);
    assert!(kenduri.end(Signal::TERM).success());
}

#[test]
fn a_booking_site_is_imported_and_agrees_with_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let export = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../compat/src/booking_site/import/tests/export");
    let export = export.to_str().expect("text");
    let on = ["--set", "bookings.enabled=true"];
    let words = [
        "import",
        "booking-site",
        export,
        "--owner",
        "olive@older.example",
        "--zone",
    ];
    for (more, code, said) in [
        (&["Mars/Base"][..], 1, "is not a time zone"),
        (&["Asia/Kolkata"], 0, "--write does it"),
        (&["Asia/Kolkata", "--write"], 1, "--amounts: say"),
        (
            &["Asia/Kolkata", "--write", "--amounts", "major"],
            0,
            "is in the store now",
        ),
    ] {
        let output = run(&[&words[..], more, &on].concat(), folder.path(), &[]);
        let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{more:?} {all}");
        assert!(all.contains(said), "{more:?} {all}");
    }
    let output = run(
        &[&["verify", "bookings"][..], &on].concat(),
        folder.path(),
        &[],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = run(
        &[&words[..], &["Asia/Kolkata"]].concat(),
        folder.path(),
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("bookings are off"));
}
