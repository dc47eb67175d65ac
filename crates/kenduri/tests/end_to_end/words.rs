//! Tests of the subcommands about services, as a user types them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Program, command, run, text};

/// The time limit, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

const SETTINGS: &str = r#"
data = "data"
[listen]
http = ["127.0.0.1:0"]
[service.web]
run = "echo one; echo two; echo three; exec sh -c 'exec sleep 1000' --token=hunter2"
shell = true
"#;

/// Runs a command, checks its exit code, and returns its output.
fn says(folder: &Path, words: &[&str], code: i32) -> String {
    let output = run(words, folder, &[]);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
    said
}

fn start(folder: &Path, settings: &str) -> Program {
    let config = folder.join("kenduri.toml");
    fs::write(&config, settings).expect("a file");
    let config = config.to_string_lossy().into_owned();
    Program::start(&["serve", "--config", &config], &[])
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn every_word_tells_that_nobody_runs() {
    let words: [&[&str]; 13] = [
        &["ps"],
        &["monit"],
        &["describe", "web"],
        &["logs"],
        &["logs", "web", "-f"],
        &["start", "web"],
        &["stop", "web"],
        &["restart", "web"],
        &["reload", "web"],
        &["scale", "web", "2"],
        &["upgrade"],
        &["apply"],
        &["purge", "/a"],
    ];
    let place = tempfile::tempdir().expect("a folder");
    for settings in [
        "",
        "nonsense = 1\n",
        "data = \"elsewhere\"\ninstances = 1\n",
    ] {
        fs::write(place.path().join("kenduri.toml"), settings).expect("a file");
        for words in words {
            let said = says(place.path(), words, 3);
            assert!(said.contains("Kenduri is not running"), "{said}");
        }
    }
    // If the settings file is invalid, the data folder is unknown, so `--data` is required.
    fs::write(place.path().join("kenduri.toml"), "[").expect("a file");
    for words in words {
        assert!(says(place.path(), words, 1).contains("not valid TOML"));
        says(place.path(), &[words, &["--data", "data"]].concat(), 3);
    }
}

#[test]
fn what_was_said_is_found_also_after_everything_was_killed() {
    let place = tempfile::tempdir().expect("a folder");
    let here = place.path();
    let program = start(here, SETTINGS);
    let logs = |words: &[&str]| says(here, &[&["logs", "web"], words].concat(), 0);
    until("all was said", || logs(&[]).contains("three"));
    until("all was written", || {
        let file = fs::read_to_string(here.join("data/logs/web.log"));
        file.is_ok_and(|text| text.contains("three"))
    });
    program.kill();
    let quiet = SETTINGS.replace("echo one; echo two; echo three; ", "");
    let _program = start(here, &quiet);
    let texts = |words: &[&str]| -> Vec<String> {
        let said = logs(words);
        let lines = said
            .lines()
            .map(|line| line.rsplit(' ').next().unwrap_or(""));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(texts(&[]), ["one", "two", "three"]);
    assert_eq!(texts(&["-n", "2"]), ["two", "three"]);
    assert_eq!(texts(&["--since", "1d"]), ["one", "two", "three"]);
    assert_eq!(texts(&["--since", "2100-01-01T00:00:00Z"]), [""; 0]);
    assert_eq!(texts(&["--grep", "t"]), ["two", "three"]);
    assert_eq!(texts(&["0", "-n", "1"]), ["three"]);
    let unknown = says(here, &["logs", "web", "1"], 1);
    assert!(unknown.contains("web has no instance 1"), "{unknown}");
    says(here, &["logs", "web", "1", "-f"], 1);
    let json = logs(&["--json", "-n", "1"]);
    let line: Value = serde_json::from_str(&json).expect("JSON");
    for (key, value) in [
        ("service", json!("web")),
        ("instance", json!(0)),
        ("stream", json!("out")),
        ("text", json!("three")),
    ] {
        assert_eq!(line[key], value, "{json}");
    }
    says(here, &["logs", "web", "--since", "soon"], 2);
    let own = says(here, &["logs", "kenduri"], 1);
    assert!(own.contains("journalctl"), "{own}");

    let told = says(here, &["describe", "web", "--json"], 0);
    assert!(!told.contains("hunter2"), "{told}");
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["listen"], "none");
    assert_eq!(told["stop"], json!({ "signal": "TERM", "within": "10s" }));
    assert_eq!(told["lines"], json!([]));
    let told = says(here, &["describe", "web"], 0);
    assert!(told.contains("--token=***"), "{told}");
    assert!(told.contains("give_up = \"10 in 10m\""), "{told}");
}

#[test]
fn whoever_stops_reading_has_read_enough() {
    let place = tempfile::tempdir().expect("a folder");
    let here = place.path();
    let _program = start(here, SETTINGS);
    until("all was said", || {
        says(here, &["logs"], 0).contains("three")
    });
    let words: [&[&str]; 7] = [
        &["ps"],
        &["monit"],
        &["monit", "--json"],
        &["logs"],
        &["logs", "-f"],
        &["describe", "web"],
        &["check"],
    ];
    for words in words {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = command(&[]);
        let output = command.args(words).current_dir(here).stdout(writer);
        let output = output.stderr(Stdio::piped()).spawn().expect("it starts");
        let output = output.wait_with_output().expect("its end");
        assert_eq!(text(&output.stderr), "", "{words:?}");
        assert_eq!(output.status.code(), Some(0), "{words:?}");
    }
}

/// Runs a command until it has printed `count` lines, kills it, and returns the lines.
fn first_lines(folder: &Path, words: &[&str], count: usize) -> Vec<String> {
    let mut child = command(&[])
        .args(words)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let output = child.stdout.take().expect("its output");
    let lines = BufReader::new(output).lines().map_while(Result::ok);
    let lines = lines.take(count).collect();
    child.kill().expect("it goes on");
    child.wait().expect("its end");
    lines
}

#[test]
fn what_runs_and_what_is_said_is_shown_again_and_again() {
    let place = tempfile::tempdir().expect("a folder");
    let here = place.path();
    let other = SETTINGS.replace(
        "echo one",
        "while ! test -e go; do sleep 0.02; done; echo one",
    );
    let _program = start(here, &other);
    let rows = first_lines(here, &["monit", "--json"], 2);
    for row in rows {
        let row: Value = serde_json::from_str(&row).expect("JSON");
        assert_eq!(row[1]["service"], "web", "{row}");
    }
    let screen = first_lines(here, &["monit"], 6);
    let heads = screen.iter().filter(|line| line.contains("\x1b[2J"));
    assert_eq!(heads.count(), 2, "{screen:?}");
    fs::write(here.join("go"), "").expect("a file");
    let lines = first_lines(here, &["logs", "-f"], 3);
    assert!(lines[0].ends_with(" web 0 out one"), "{lines:?}");
    assert!(lines[2].ends_with("three"), "{lines:?}");
}

#[test]
fn a_stopped_service_stays_in_the_list_and_says_what_becomes_of_it() {
    let place = tempfile::tempdir().expect("a folder");
    let here = place.path();
    let _program = start(here, SETTINGS);
    says(here, &["stop", "web"], 0);
    let is_listed = || {
        let rows = says(here, &["ps", "--json"], 0);
        let rows: Vec<Value> = serde_json::from_str(&rows).expect("JSON");
        let mut rows = rows.iter().filter(|row| row["service"] == "web");
        rows.next().map(|row| row["state"].clone())
    };
    let said = says(here, &["reload", "web"], 0);
    let wanted = "web is stopped; its settings are used at its next start.";
    assert!(said.contains(wanted), "{said}");
    assert_eq!(is_listed(), Some(json!("stopped")));
    let added = "[service.more]\nrun = \"sleep 1000\"\n";
    let next = SETTINGS.replace("echo one; ", "") + added;
    fs::write(here.join("kenduri.toml"), next).expect("a file");
    let said = says(here, &["apply"], 0);
    assert!(said.contains("web is stopped; its new settings"), "{said}");
    assert!(said.contains("more is being started."), "{said}");
    assert_eq!(is_listed(), Some(json!("stopped")));
}

#[test]
fn the_log_tells_how_a_service_ended_and_how_long_it_ran() {
    let place = tempfile::tempdir().expect("a folder");
    let here = place.path();
    let settings = "data = \"data\"\n[log]\nto = \"logs\"\n[listen]\nhttp = [\"127.0.0.1:0\"]\n\
                    [service.ends]\nrun = \"sleep 0.2; exit 3\"\nshell = true\n\
                    restart = { when = \"never\" }\n\
                    [service.late]\nrun = \"sleep 1000\"\nlisten = \"unix\"\n\
                    start_within = \"300ms\"\nrestart = { when = \"never\" }\n";
    let _program = start(here, settings);
    let failed = |service: &str| {
        let log = fs::read_to_string(here.join("data/logs/keeper.log")).unwrap_or_default();
        let mut lines = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        lines.find(|line: &Value| {
            line["message"] == "a service failed" && line["service"] == service
        })
    };
    for (service, exit) in [("ends", "code 3"), ("late", "signal 15")] {
        until("it has failed", || failed(service).is_some());
        let line = failed(service).expect("a line");
        assert_eq!(line["exit"], exit, "{line}");
        assert!(line["ran_ms"].as_i64() >= Some(100), "{line}");
    }
}

#[test]
fn a_named_file_that_cannot_be_read_leads_to_nobody_else() {
    let place = tempfile::tempdir().expect("a folder");
    let here = place.path();
    let _program = start(here, SETTINGS);
    fs::write(here.join("typo.toml"), "data = [").expect("a file");
    for (file, why) in [
        ("typo.toml", "not valid TOML"),
        ("nosuch.toml", "cannot read"),
    ] {
        let words: [&[&str]; 4] = [
            &["ps"],
            &["stop", "web"],
            &["logs", "-f"],
            &["maintenance", "on"],
        ];
        for words in words {
            let said = says(here, &[words, &["--config", file]].concat(), 1);
            assert!(said.contains(why) && said.contains("--data DIR"), "{said}");
        }
        // With `--data`, no settings file is needed.
        let rows = says(
            here,
            &["ps", "--json", "--config", file, "--data", "data"],
            0,
        );
        assert!(
            rows.contains("\"ready\"") || rows.contains("\"starting\""),
            "{rows}"
        );
    }
    // The running Kenduri handles the command, and does not read this folder's invalid file.
    fs::write(here.join("kenduri.toml"), "[").expect("a file");
    says(here, &["ps"], 0);
}
