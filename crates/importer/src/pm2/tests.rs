//! Tests with typical ecosystem files and their results.

mod as_pm2_reads;
mod left_out;
mod properties;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use supervisor::state::{Action, Command, Event, Exit, Now, State};
use supervisor::{CheckDepth, InnerListener, Plan, PlanContext, ServiceConfigs};

use super::*;
use crate::ImportError;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pm2")
}

fn asked(env: Option<&str>) -> Asked {
    Asked {
        run: true,
        env: env.map(str::to_owned),
        cores: 4,
    }
}

/// The errors that the supervisor's check reports, except for missing programs and folders.
fn flaws(text: &str) -> Vec<String> {
    let whole: toml::Table = text
        .parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let Some(services) = whole.get("service") else {
        return Vec::new();
    };
    let services: ServiceConfigs = services
        .clone()
        .try_into()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let inner: BTreeMap<String, InnerListener> = BTreeMap::new();
    let ground = PlanContext {
        folder: Path::new("/"),
        run: Path::new("/run/kenduri"),
        inner: &inner,
        environment: &BTreeMap::new(),
        user: None,
        depth: CheckDepth::Whole,
    };
    let flaws = Plan::check(&services, &ground).err().unwrap_or_default();
    let is_missing = |what: &str| {
        what.contains("is not a folder")
            || what.starts_with("there is no program")
            || what.starts_with("cannot read")
    };
    flaws
        .into_iter()
        .filter(|flaw| !is_missing(&flaw.what))
        .map(|flaw| flaw.to_string())
        .collect()
}

#[test]
fn ecosystem_files_become_services() {
    let mut seen = 0;
    let mut files: Vec<PathBuf> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_none_or(|ending| ending != "toml"))
        .collect();
    files.sort();
    for file in files {
        let env = file
            .to_string_lossy()
            .contains("production")
            .then_some("production");
        let made = import(&file, &asked(env)).unwrap();
        crate::compare(&file, &made);
        assert_eq!(flaws(&made.text), [] as [&str; 0], "{}", made.text);
        seen += 1;
    }
    assert!(seen >= 4);
}

#[test]
fn a_program_is_not_run_unless_somebody_says_so() {
    let file = fixtures().join("ecosystem.config.js");
    let why = import(&file, &Asked::default()).unwrap_err().to_string();
    assert!(
        why.contains("--run") && why.contains("is a program"),
        "{why}"
    );
}

fn run(text: &str) -> Result<Imported, ImportError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ecosystem.config.cjs");
    fs::write(&file, text).unwrap();
    import(&file, &asked(None))
}

#[test]
fn a_program_sees_nothing_but_the_path_and_its_own_output_is_kept_apart() {
    let made = run(
        "console.log('starting'); \
         module.exports = { apps: [{ name: 'a', script: 'a.js', env: { SEEN: Object.keys(process.env).sort().join(',') } }] };",
    )
    .unwrap();
    assert!(made.text.contains("SEEN = \"PATH\""), "{}", made.text);
}

#[test]
fn a_program_that_fails_is_told_with_what_it_said() {
    let why = run("throw new Error('no such host');")
        .unwrap_err()
        .to_string();
    assert!(why.contains("no such host"), "{why}");
    let why = run("process.exit(0);").unwrap_err().to_string();
    assert!(why.contains("it failed"), "{why}");
    let why = run("module.exports = { apps: [{ script: 'x'.repeat(5 << 20) }] };").unwrap_err();
    assert!(why.to_string().contains("larger than 4 MB"));
}

#[test]
fn what_was_not_started_by_itself_is_told() {
    for (value, expected) in [("false", true), ("'false'", true), ("true", false)] {
        let made = run(&format!(
            "module.exports = {{ apps: [{{ name: 'a', script: 'a.js', autostart: {value} }}] }};"
        ))
        .unwrap();
        assert_eq!(
            made.text.contains("# autostart false:"),
            expected,
            "{}",
            made.text
        );
    }
}

#[test]
fn what_is_no_ecosystem_file_is_told() {
    for (text, told) in [
        ("{", "a.json:1: not valid JSON"),
        ("{}", "there are no apps"),
        ("{\"apps\": []}", "there are no apps"),
        ("3", "there are no apps"),
    ] {
        let why = made_of("a.json", text, Path::new(""), &asked(None))
            .unwrap_err()
            .to_string();
        assert!(why.contains(told), "{why}");
    }
    let why = import(Path::new("/nowhere/a.json"), &asked(None)).unwrap_err();
    assert!(why.to_string().contains("cannot read"));
    let why = import(Path::new("a.yaml"), &asked(None)).unwrap_err();
    assert!(why.to_string().contains("YAML"));
}

fn made(app: &Value) -> String {
    let whole = json!({ "apps": [app] }).to_string();
    made_of("a.json", &whole, Path::new(""), &asked(None))
        .unwrap()
        .text
}

#[test]
fn every_field_is_carried_over_or_said() {
    for (field, value, told) in [
        ("interpreter", json!("none"), "run = \"x.js\""),
        (
            "interpreter_args",
            json!("--max-old-space-size=64"),
            "run = \"node --max-old-space-size=64 x.js\"",
        ),
        (
            "args",
            json!(["a b", "-c"]),
            "run = \"node x.js \\\"a b\\\" -c\"",
        ),
        (
            "args",
            json!("--port 1 'two words'"),
            "run = \"node x.js --port 1 'two words'\"",
        ),
        ("args", json!("'open"), "a quote is not closed"),
        ("cwd", json!("/srv/app"), "directory = \"/srv/app\""),
        ("instances", json!(3), "instances = 3"),
        ("instances", json!("max"), "instances = 4"),
        ("instances", json!(-1), "instances = 3"),
        ("instances", json!(900), "instances = 64"),
        ("exec_mode", json!("cluster"), "listen = \"tcp\""),
        ("env", json!({ "PORT": 3000 }), "front = \"127.0.0.1:3000\""),
        (
            "env",
            json!({ "A": 1, "B": true, "C D": "x" }),
            "env = { A = \"1\", B = \"true\" }",
        ),
        (
            "env",
            json!({ "DB_PASSWORD": "x" }),
            "DB_PASSWORD: secrets are better kept",
        ),
        (
            "env_production",
            json!({ "A": "b" }),
            "env_production: not taken",
        ),
        (
            "max_memory_restart",
            json!("150M"),
            "memory = { max = \"150M\" }",
        ),
        (
            "autorestart",
            json!(false),
            "restart = { when = \"never\" }",
        ),
        ("max_restarts", json!(10), "give_up = \"10 in 67s\""),
        ("min_uptime", json!("5s"), "min_uptime: says when"),
        ("restart_delay", json!(4000), "backoff = \"4s..4s\""),
        (
            "exp_backoff_restart_delay",
            json!(100),
            "backoff = \"100ms..15s\"",
        ),
        ("stop_exit_codes", json!([0]), "when = \"on-failure\""),
        (
            "cron_restart",
            json!("0 3 * * *"),
            "cron_restart = \"0 3 * * *\"",
        ),
        (
            "cron_restart",
            json!("*/5 * * * * *"),
            "cron_restart: \"*/5 * * * * *\" does not have five fields",
        ),
        ("watch", json!(["src"]), "watch: files are not watched"),
        (
            "out_file",
            json!("/var/log/x"),
            "out_file: a program's output is kept",
        ),
        ("merge_logs", json!(true), "merge_logs: the lines of all"),
        (
            "kill_timeout",
            json!(3000),
            "stop = { signal = \"INT\", within = \"3s\" }",
        ),
        ("wait_ready", json!(true), "wait_ready: the message"),
        ("listen_timeout", json!(60000), "start_within = \"1m\""),
        ("listen_timeout", json!(3000), "the usual 30s are kept"),
        ("uid", json!("www-data"), "user www-data"),
        (
            "wonder",
            json!({"a": 1}),
            "wonder {\"a\":1}: not carried over",
        ),
    ] {
        let mut app = json!({ "name": "x", "script": "x.js" });
        app[field] = value.clone();
        let text = made(&app);
        let flat = text.replace("\n#  ", "");
        assert!(
            flat.contains(told),
            "{field} {value}: {told} is not in\n{text}"
        );
        assert_eq!(flaws(&text), [] as [&str; 0], "{text}");
    }
}

/// Returns how often the supervisor starts the service before it gives up, if each process exits
/// after `life`. `None` if it has not given up after 100 starts.
fn starts(text: &str, life: Duration) -> Option<u32> {
    let whole: toml::Table = text.parse().unwrap();
    let services: ServiceConfigs = whole["service"].clone().try_into().unwrap();
    let (inner, environment) = (BTreeMap::new(), BTreeMap::new());
    let ground = PlanContext {
        folder: Path::new("/"),
        run: Path::new("/run/kenduri"),
        inner: &inner,
        environment: &environment,
        user: None,
        depth: CheckDepth::Words,
    };
    let plan = Plan::check(&services, &ground).unwrap();
    let mut state = State::new(plan.services()["x"].policy.clone());
    let mut event = Event::Command(1, Command::Start);
    // With this random number, delays have their maximum length.
    let mut now = Now {
        at: Duration::ZERO,
        chance: 1.0,
    };
    let mut starts = 0;
    while starts < 100 {
        let (next, actions) = state.on(event, now);
        state = next;
        let spawned = actions.iter().find_map(|action| match action {
            Action::Spawn { run, .. } => Some(*run),
            _ => None,
        });
        if let Some(run) = spawned {
            starts += 1;
            now.at += life;
            event = Event::Exited(run, Exit::Code(1));
        } else if state.is_failed() {
            return Some(starts);
        } else {
            now.at = state.next_due().unwrap();
            event = Event::Tick;
        }
    }
    None
}

#[test]
fn a_broken_program_is_given_up_after_as_many_failures_as_pm2_takes() {
    for (fields, failures, life) in [
        (json!({ "max_restarts": 1 }), 1, 999),
        (json!({ "max_restarts": 2 }), 2, 999),
        (json!({ "max_restarts": 10 }), 10, 0),
        (json!({ "max_restarts": 10 }), 10, 999),
        (json!({ "max_restarts": 16, "min_uptime": 100 }), 16, 99),
        (
            json!({ "max_restarts": 10, "min_uptime": "2m" }),
            10,
            119_999,
        ),
        (
            json!({ "max_restarts": 10, "restart_delay": 4000 }),
            10,
            999,
        ),
        (
            json!({ "max_restarts": 20, "exp_backoff_restart_delay": 100 }),
            20,
            999,
        ),
        (
            json!({ "max_restarts": 12, "exp_backoff_restart_delay": 60_000 }),
            12,
            0,
        ),
        (
            json!({ "max_restarts": 9, "exp_backoff_restart_delay": 100, "restart_delay": 9000 }),
            9,
            999,
        ),
    ] {
        let mut app = json!({ "name": "x", "script": "x.js" });
        app.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let text = made(&app);
        assert_eq!(
            starts(&text, Duration::from_millis(life)),
            Some(failures),
            "{text}"
        );
    }
}

#[test]
fn waits_without_a_number_of_failures_are_told() {
    for (field, told) in [
        ("restart_delay", true),
        ("exp_backoff_restart_delay", true),
        ("kill_timeout", false),
    ] {
        let text = made(&json!({ "script": "x.js", field: 4000 }));
        assert_eq!(text.contains("give_up = \"never\""), told, "{text}");
    }
}

#[test]
fn several_of_node_are_a_cluster_unless_somebody_says_otherwise() {
    for (app, is_cluster) in [
        (json!({ "script": "app.js", "instances": 4 }), true),
        (json!({ "script": "app.cjs", "instances": "4" }), true),
        (json!({ "script": "app.js", "instances": "max" }), true),
        (json!({ "script": "app.js", "instances": 0 }), true),
        (json!({ "script": "app.js", "instances": -1 }), true),
        (json!({ "script": "bin/www", "instances": 2 }), true),
        (
            json!({ "script": "a", "interpreter": "/opt/node/bin/node", "instances": 2 }),
            true,
        ),
        (
            json!({ "script": "app.ts", "interpreter": "bun", "instances": 2 }),
            true,
        ),
        (
            json!({ "script": "app.js", "exec_mode": "cluster_mode" }),
            true,
        ),
        (
            json!({ "script": "app.js", "exec_mode": "fork", "instances": 4 }),
            false,
        ),
        (
            json!({ "script": "app.js", "execute_command": true, "instances": 4 }),
            false,
        ),
        (json!({ "script": "app.js", "instances": -2 }), false),
        (json!({ "script": "app.js", "instances": 1 }), false),
        (json!({ "script": "app.js" }), false),
        (json!({ "script": "app.py", "instances": 4 }), false),
        (
            json!({ "script": "app", "interpreter": "none", "instances": 4 }),
            false,
        ),
    ] {
        let text = made(&app);
        assert_eq!(
            text.contains("all instances share one port"),
            is_cluster,
            "{text}"
        );
        assert_eq!(text.contains("listen = \"tcp\"\n"), is_cluster, "{text}");
    }
}

#[test]
fn memory_of_more_than_one_process_is_told() {
    for (app, told) in [
        (json!({ "script": "app.js" }), false),
        (json!({ "script": "app.js", "exec_mode": "cluster" }), false),
        (json!({ "script": "gunicorn", "interpreter": "none" }), true),
        (json!({ "script": "app.py" }), true),
        (json!({ "script": "npm", "args": "start" }), true),
    ] {
        let mut app = app;
        app["max_memory_restart"] = json!("150M");
        let text = made(&app);
        assert_eq!(
            text.contains("PM2 measures the one process"),
            told,
            "{text}"
        );
    }
}

#[test]
fn python_says_at_once_what_it_says() {
    for (app, told) in [
        (
            json!({ "script": "app.py", "env": { "PYTHONUNBUFFERED": "" } }),
            true,
        ),
        (
            json!({ "script": "app", "interpreter": "/srv/venv/bin/python" }),
            true,
        ),
        (json!({ "script": "app.js" }), false),
        (
            json!({ "script": "gunicorn", "interpreter": "none" }),
            false,
        ),
    ] {
        let text = made(&app);
        assert_eq!(text.contains("PYTHONUNBUFFERED = \"1\""), told, "{text}");
    }
}

#[test]
fn what_would_be_replaced_in_the_environment_is_told() {
    for (value, told, is_there) in [
        ("log-{instance}.txt", "A: {instance} is replaced", true),
        ("x{port}", "A: {port} is replaced", true),
        ("{socket}", "A: {socket} has no meaning here", false),
        ("{service.b.url}", "A: {service. has no meaning here", false),
        ("{other}", "", true),
    ] {
        let text = made(&json!({ "script": "x.js", "env": { "A": value, "PORT": 3000 } }));
        let flat = text.replace("\n#  ", "");
        assert!(flat.contains(told), "{text}");
        assert_eq!(
            flat.contains("in `env`") || flat.contains("left out"),
            !told.is_empty(),
            "{text}"
        );
        assert_eq!(text.contains("A = "), is_there, "{text}");
        assert_eq!(flaws(&text), [] as [&str; 0], "{text}");
    }
    let text = made(&json!({ "script": "x.js", "env": { "A": "{port}" } }));
    assert!(!text.contains("A = "), "{text}");
    assert_eq!(flaws(&text), [] as [&str; 0], "{text}");
}

#[test]
fn scripts_without_an_ending_are_run_by_node_unless_they_are_binaries() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    fs::write(folder.path().join("bin/www"), "#!/usr/bin/env node\n").unwrap();
    fs::write(folder.path().join("bin/own"), b"\x7fELF\0\0").unwrap();
    for (app, run, is_told) in [
        (json!({ "script": "./bin/www" }), "node ./bin/www", false),
        (json!({ "script": "www", "cwd": "bin" }), "node www", false),
        (json!({ "script": "bin/own" }), "bin/own", false),
        (json!({ "script": "bin/gone" }), "node bin/gone", true),
        (json!({ "script": "npm" }), "npm", false),
        (
            json!({ "script": "bin/www", "interpreter": "none" }),
            "bin/www",
            false,
        ),
        (
            json!({ "script": "a.js", "interpreter": "node@18" }),
            "node a.js",
            true,
        ),
    ] {
        let file = folder.path().join("a.json");
        fs::write(&file, app.to_string()).unwrap();
        let text = import(&file, &asked(None)).unwrap().text;
        assert!(text.contains(&format!("run = \"{run}\"\n")), "{text}");
        let first = text.split("[service").next().unwrap();
        assert_eq!(first.contains("node"), is_told, "{text}");
    }
}

#[test]
fn names_are_made_to_fit_and_stand_once() {
    let whole = json!({ "apps": [
        { "name": "My App", "script": "a.js" },
        { "name": "My.App", "script": "a.js" },
        { "script": "server.js" },
        { "name": "字", "script": "a.js" },
    ]});
    let text = made_of("a.json", &whole.to_string(), Path::new(""), &asked(None))
        .unwrap()
        .text;
    for name in ["My-App", "My-App-2", "server", "service-4"] {
        assert!(text.contains(&format!("[service.{name}]")), "{text}");
    }
}

#[test]
fn what_belongs_to_another_is_not_taken() {
    let whole = json!({ "apps": [
        { "name": "kenduri", "script": "a.js" },
        { "name": "web", "script": "a.js", "env": { "PORT": 3000 } },
        { "name": "api", "script": "a.js", "port": "+3000" },
        { "name": "other", "script": "a.js", "port": "03001" },
    ]});
    let text = made_of("a.json", &whole.to_string(), Path::new(""), &asked(None))
        .unwrap()
        .text;
    assert_eq!(flaws(&text), [] as [&str; 0], "{text}");
    assert!(text.contains("[service.kenduri-2]"), "{text}");
    assert_eq!(
        text.matches("front = \"127.0.0.1:3000\"").count(),
        1,
        "{text}"
    );
    assert!(text.contains("front = \"127.0.0.1:3001\""), "{text}");
    assert_eq!(text.matches("listen = \"tcp\"\n").count(), 3, "{text}");
    let flat = text.replace("\n#  ", "");
    assert!(flat.contains("PORT 3000: web has it already"), "{text}");
}
