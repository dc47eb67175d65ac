//! Property tests: statements that must hold for any ecosystem file.

use proptest::prelude::*;

use super::*;

/// Generates random values of limited depth.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(max|cluster|none|[0-9]{1,4}[smhMGK]?|.{0,12})".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("(PORT|A|.{0,4})", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Generates the index of a field and its value. The fixed name is reserved, and the fixed port
/// causes conflicts between services.
fn field() -> impl Strategy<Value = (usize, Value)> {
    prop_oneof![
        8 => (0_usize..30, anything()),
        1 => Just((0, json!("kenduri"))),
        1 => Just((25, json!(3000))),
    ]
}

proptest! {
    #[test]
    fn whatever_an_app_says_the_supervisor_takes_it(
        apps in prop::collection::vec(prop::collection::vec(field(), 0..10), 1..4)
    ) {
        const FIELDS: [&str; 30] = [
            "name", "script", "cmd", "interpreter", "interpreter_args", "args", "cwd", "instances", "exec_mode", "env",
            "env_production", "max_memory_restart", "autorestart", "max_restarts", "min_uptime", "restart_delay",
            "exp_backoff_restart_delay", "stop_exit_codes", "cron_restart", "watch", "out_file", "kill_timeout",
            "wait_ready", "listen_timeout", "instance_var", "port", "user", "env_file", "wonder", "time",
        ];
        let app = |fields: Vec<(usize, Value)>| {
            let mut app = json!({ "script": "x.js" });
            for (field, value) in fields {
                app[FIELDS[field]] = value;
            }
            app
        };
        let apps: Vec<Value> = apps.into_iter().map(app).collect();
        let whole = json!({ "apps": apps }).to_string();
        if let Ok(made) = made_of("a.json", &whole, Path::new(""), &asked(Some("production"))) {
            prop_assert_eq!(flaws(&made.text), Vec::<String>::new(), "{}", made.text);
        }
    }
}
