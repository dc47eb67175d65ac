//! Ecosystem files of PM2.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use importer::pm2::Asked;
use serde_json::{Value, json};
use supervisor::{CheckDepth, InnerListener, Plan, PlanContext, ServiceConfigs};

use super::{Draw, comments, corpus, seeds};

const FIELDS: [&str; 22] = [
    "name",
    "script",
    "args",
    "interpreter",
    "cwd",
    "instances",
    "exec_mode",
    "env",
    "env_file",
    "max_memory_restart",
    "autorestart",
    "max_restarts",
    "min_uptime",
    "restart_delay",
    "exp_backoff_restart_delay",
    "cron_restart",
    "kill_timeout",
    "watch",
    "out_file",
    "port",
    "user",
    "stop_exit_codes",
];

const SCRIPTS: [&str; 10] = [
    "app.js",
    "npm start",
    "cd app && npm start",
    "NODE_ENV=production node app.js",
    "tail -f log | grep error",
    "node 'my app.js'",
    "server.py",
    "./run",
    "node app.js > out.txt; echo done",
    "serve",
];

fn value(draw: &mut Draw) -> Value {
    match draw.below(9) {
        0 => Value::Null,
        1 => Value::Bool(draw.below(2) == 0),
        2 => draw.below(5_000).into(),
        3 => json!(["a", "b c", draw.below(9)]),
        4 => json!({ "PORT": 3_000 + draw.below(3), "A": "it's" }),
        5 => "max".into(),
        6 => format!(
            "{}{}",
            draw.below(900),
            draw.one(&["s", "M", "G", "h", "x"])
        )
        .into(),
        7 => draw.one(&SCRIPTS).into(),
        _ => draw
            .one(&["cluster", "none", "* * * * *", "/srv/app", "a \"b", "é"])
            .into(),
    }
}

fn changed(draw: &mut Draw, corpus: &[String]) -> Value {
    let mut whole: Value = serde_json::from_str(&corpus[draw.below(corpus.len())]).unwrap();
    let one = json!({ "apps": [whole.clone()] });
    if whole.get("apps").is_none() && whole.is_object() {
        whole = one;
    }
    let apps = match &mut whole {
        Value::Array(apps) => apps,
        other => other["apps"].as_array_mut().unwrap(),
    };
    apps.push(json!({ "script": draw.one(&SCRIPTS) }));
    for app in apps.iter_mut() {
        for _ in 0..draw.below(5) {
            app[draw.one(&FIELDS)] = value(draw);
        }
        app["wonder"] = "yes".into();
    }
    whole
}

/// Writes a value as people write it in JavaScript.
fn written(draw: &mut Draw, value: &Value, text: &mut String) {
    let gap = |draw: &mut Draw| draw.one(&["", " ", "\n", " // a remark\n", "/* a remark */"]);
    text.push_str(gap(draw));
    let end = |draw: &mut Draw, left: usize| {
        if left > 0 || draw.below(2) == 0 {
            ","
        } else {
            ""
        }
    };
    match value {
        Value::Array(values) => {
            text.push('[');
            for (number, value) in values.iter().enumerate() {
                written(draw, value, text);
                text.push_str(end(draw, values.len() - number - 1));
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (number, (name, value)) in fields.iter().enumerate() {
                text.push_str(gap(draw));
                let is_plain = name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
                if is_plain && draw.below(3) > 0 {
                    text.push_str(name);
                } else {
                    let _ = write!(text, "{}", Value::from(name.as_str()));
                }
                text.push(':');
                written(draw, value, text);
                text.push_str(end(draw, fields.len() - number - 1));
            }
            text.push('}');
        }
        Value::String(said) if !said.contains(['\'', '"', '\\', '\n']) && draw.below(2) == 0 => {
            let _ = write!(text, "'{said}'");
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
    text.push_str(gap(draw));
}

/// The errors of the supervisor's own check, except for programs and folders that are not there.
fn flaws(text: &str) -> Vec<String> {
    let whole: toml::Table = text
        .parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let Some(services) = whole.get("service").cloned() else {
        return Vec::new();
    };
    let services: ServiceConfigs = services
        .try_into()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let inner: BTreeMap<String, InnerListener> = BTreeMap::new();
    let context = PlanContext {
        folder: Path::new("/"),
        run: Path::new("/run/kenduri"),
        inner: &inner,
        environment: &BTreeMap::new(),
        user: None,
        depth: CheckDepth::Whole,
    };
    let flaws = Plan::check(&services, &context).err();
    let flaws = flaws.into_iter().flatten();
    let missing = [
        "is not a folder",
        "is not a file",
        "there is no program",
        "cannot read",
    ];
    flaws
        .filter(|flaw| !missing.iter().any(|one| flaw.what.contains(one)))
        .map(|flaw| flaw.to_string())
        .collect()
}

#[test]
fn whatever_pm2_says_is_kept_or_told() {
    let corpus = corpus("pm2", &["json"]);
    let folder = tempfile::tempdir().unwrap();
    let asked = Asked {
        run: false,
        env: None,
        cores: 4,
    };
    let import = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        importer::pm2::import(&file, &asked)
    };
    for seed in seeds() {
        let mut draw = Draw(seed);
        let whole = changed(&mut draw, &corpus);
        let strict = whole.to_string();
        let mut loose = String::new();
        written(&mut draw, &whole, &mut loose);
        let made = import("ecosystem.json", &strict).unwrap().text;
        let same = import("ecosystem.json", &loose)
            .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{loose}"));
        assert_eq!(same.text, made, "seed {seed}\n{loose}");
        assert_eq!(
            flaws(&made),
            [] as [&str; 0],
            "seed {seed}\n{strict}\n{made}"
        );
        let apps = whole
            .get("apps")
            .unwrap_or(&whole)
            .as_array()
            .unwrap()
            .len();
        let comments = comments(&made);
        let left_out = comments.matches("left out: ").count() + comments.matches("files:").count();
        let services = made.matches("\n[service.").count();
        assert!(services + left_out >= apps, "seed {seed}\n{strict}\n{made}");
        assert!(
            comments.matches("wonder yes: not carried over").count() >= services,
            "seed {seed}\n{strict}\n{made}"
        );
        // A file that is broken anywhere is refused or read, and nothing worse.
        let mut letters: Vec<char> = loose.chars().collect();
        let at = draw.below(letters.len());
        letters[at] = ['{', '[', '\'', '\\', '/', ',', '0', 'é'][draw.below(8)];
        let broken: String = letters.into_iter().collect();
        if let Ok(made) = import("ecosystem.json", &broken) {
            assert_eq!(flaws(&made.text), [] as [&str; 0], "seed {seed}\n{broken}");
        }
    }
}
