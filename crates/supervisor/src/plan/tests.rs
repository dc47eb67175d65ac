//! Tests that invalid settings are refused, with an error that names the right key.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::*;

fn check(services: &str) -> Result<Plan, Vec<Problem>> {
    look(services, CheckDepth::Whole)
}

fn look(services: &str, depth: CheckDepth) -> Result<Plan, Vec<Problem>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, mode, text) in [
        ("open.env", 0o644, "A=b"),
        ("closed.env", 0o600, "A=b\nhunter2"),
        ("good.env", 0o600, "SECRET=x"),
        ("script", 0o644, ""),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let inner = InnerListener {
        socket: "run/flask.sock".into(),
        url: "http://127.0.0.1:9".to_owned(),
    };
    let ground = PlanContext {
        folder: folder.path(),
        run: Path::new("data/run"),
        inner: &BTreeMap::from([("flask".to_owned(), inner)]),
        environment: &BTreeMap::from([("LANG".to_owned(), "C".to_owned())]),
        user: None,
        depth,
    };
    Plan::check(&toml::from_str(services).unwrap(), &ground)
}

/// Returns the errors for a service `a` with these settings. Adds `run` if it is missing.
fn flaws(service: &str) -> Vec<String> {
    let service = if service.contains("run =") {
        format!("[a]\n{service}")
    } else {
        format!("[a]\nrun = \"sleep 1\"\n{service}")
    };
    let flaws = check(&service).err().unwrap_or_default();
    assert!(flaws.iter().all(|flaw| !flaw.mend.is_empty()));
    flaws
        .into_iter()
        .map(|flaw| format!("{}: {}", flaw.key, flaw.what))
        .collect()
}

#[test]
fn every_mistake_is_told_with_its_key() {
    for (service, wanted) in [
        ("run = \"\"", "service.a.run: there is no command"),
        ("run = []", "service.a.run: there is no command"),
        (
            "run = \"nobody-has-this\"",
            "service.a.run: there is no program \"nobody-has-this\"",
        ),
        (
            "run = \"./script\"",
            "service.a.run: there is no program \"./script\"",
        ),
        ("run = \"sleep 'x\"", "service.a.run: a ' is not closed"),
        (
            "run = [\"sleep\"]\nshell = true",
            "service.a.run: `shell` needs one line",
        ),
        (
            "run = \"sleep {socket}\"",
            "service.a.run: there is no {socket}",
        ),
        (
            "run = \"sleep {service.b.url}\"",
            "service.a.run: {service.b.url} is not a known placeholder",
        ),
        (
            "run = \"sleep {service.flask.port}\"",
            "service.a.run: {service.flask.port} is not a known placeholder",
        ),
        (
            "env = { A = \"{port}\" }",
            "service.a.env.A: there is no {port}",
        ),
        (
            "env = { \"A B\" = \"\" }",
            "service.a.env.A B: \"A B\" cannot name a variable",
        ),
        ("env_file = \"gone.env\"", "service.a.env_file: cannot read"),
        (
            "env_file = \"open.env\"",
            "service.a.env_file: others may read",
        ),
        ("env_file = \"closed.env\"", "line 2 is not NAME=value"),
        ("directory = \"gone\"", "is not a folder"),
        (
            "listen = \"udp\"",
            "service.a.listen: \"udp\" is not a way to listen",
        ),
        (
            "activate = true",
            "service.a.activate: the service does not listen",
        ),
        (
            "front = \"127.0.0.1:1\"",
            "service.a.front: the service does not listen",
        ),
        (
            "idle_time = \"1h\"",
            "service.a.idle_time: the service does not listen",
        ),
        (
            "front = \"127.0.0.1:0\"\nlisten = \"tcp\"",
            "service.a.front: \"127.0.0.1:0\" has no port",
        ),
        (
            "env = { PORT = \"5000\" }\nlisten = \"tcp\"",
            "service.a.env.PORT: each instance gets its own",
        ),
        (
            "env = { SOCKET = \"/run/a.sock\" }\nlisten = \"unix\"",
            "service.a.env.SOCKET: each instance gets its own",
        ),
        (
            "front = \"here\"\nlisten = \"tcp\"",
            "service.a.front: \"here\" is not an address",
        ),
        (
            "health = {}",
            "service.a.health: the service does not listen",
        ),
        (
            "health = { path = \"x\" }\nlisten = \"tcp\"",
            "service.a.health.path: \"x\" does not begin with a slash",
        ),
        (
            "health = { fall = 0 }\nlisten = \"tcp\"",
            "service.a.health.fall: it is 0",
        ),
        (
            "health = { every = \"0s\" }\nlisten = \"tcp\"",
            "service.a.health.every: it must be longer than 0",
        ),
        ("instances = 0", "service.a.instances: it is 0"),
        ("instances = 65", "service.a.instances: it is 65"),
        ("instances = 60\nspare = 5", "service.a.spare: it is 5"),
        ("cpu_weight = 0", "service.a.cpu_weight: it is 0"),
        ("cpu_weight = 10001", "service.a.cpu_weight: it is 10001"),
        (
            "balance = \"fair\"",
            "service.a.balance: \"fair\" is not a way to balance",
        ),
        (
            "balance = \"hash:ip\"",
            "service.a.balance: \"hash:ip\" is not a way to balance",
        ),
        ("user = \"nobody-at-all\"", "service.a.user: "),
        (
            "start_within = \"soon\"",
            "service.a.start_within: \"soon\" is not a time",
        ),
        (
            "stop = { signal = \"STOP\" }",
            "service.a.stop.signal: \"STOP\" is not a signal that stops",
        ),
        (
            "restart = { when = \"maybe\" }",
            "service.a.restart.when: \"maybe\" is not known here",
        ),
        (
            "restart = { backoff = \"1s\" }",
            "service.a.restart.backoff: \"1s\" is not a range",
        ),
        (
            "restart = { give_up = \"10\" }",
            "service.a.restart.give_up: \"10\" is not a number of failures and a time",
        ),
        (
            "memory = { max = \"much\" }",
            "service.a.memory.max: \"much\" is not a size",
        ),
        (
            "memory = { max = \"1023K\" }",
            "service.a.memory.max: no program can start with 1023K",
        ),
        (
            "memory = { max = \"1M\", action = \"cry\" }",
            "service.a.memory.action: \"cry\"",
        ),
        (
            "logs = { max = \"0\" }",
            "service.a.logs.max: \"0\" is not a size",
        ),
        (
            "after = [\"b\"]",
            "service.a.after: there is no service \"b\"",
        ),
        ("after = [\"a\"]", "service.a.after: a cycle"),
        (
            "roll = \"two\"",
            "service.a.roll: \"two\" is not known here",
        ),
    ] {
        let told = flaws(service);
        assert!(
            told.len() == 1 && told[0].contains(wanted),
            "{service}: {told:?}"
        );
    }
    assert_eq!(flaws(""), [] as [&str; 0]);
    assert_eq!(
        flaws("instances = 0\nspare = 99\nroll = \"\"").len(),
        3,
        "all at once"
    );
    assert!(
        flaws("env_file = \"closed.env\"")
            .iter()
            .all(|told| !told.contains("hunter2"))
    );
}

#[test]
fn mistakes_between_services_are_told() {
    let two = "[a]\nrun = \"sleep 1\"\nlisten = \"tcp\"\nfront = \"127.0.0.1:1\"\n\
               [b]\nrun = \"sleep 1\"\nlisten = \"tcp\"\nfront = \"127.0.0.1:1\"\n";
    let flaws = check(two).unwrap_err();
    assert_eq!(flaws[0].key, "service.b.front");
    let circle =
        "[a]\nrun = \"sleep 1\"\nafter = [\"b\"]\n[b]\nrun = \"sleep 1\"\nafter = [\"a\"]\n";
    assert!(check(circle).unwrap_err()[0].what.contains("a after b"));
    let name = format!(
        "[{}]\nrun = \"sleep 1\"\n[\"b c\"]\nrun = \"sleep 1\"",
        "n".repeat(65)
    );
    assert_eq!(
        check(&name).unwrap_err().len(),
        2,
        "a bad name and a long one"
    );
    let own = check(&format!("[{OWN_SERVICE}]\nrun = \"sleep 1\"")).unwrap_err();
    assert_eq!(own[0].key, "service.kenduri");
    assert!(own[0].what.contains("is the program itself"), "{}", own[0]);
    let all = check(&format!("[{ALL_SERVICES}]\nrun = \"sleep 1\"")).unwrap_err();
    assert!(all[0].what.contains("every service"), "{}", all[0]);
}

#[test]
fn who_listens_nowhere_is_not_found_by_others() {
    let services = |listen: &str, text: &str| {
        let of_flask = format!("[flask]\nrun = \"sleep 1\"\nlisten = {listen:?}\n");
        format!("{of_flask}[a]\nrun = \"sleep 1\"\nenv = {{ B = {text:?} }}\n")
    };
    for text in ["{service.flask.url}", "{service.flask.socket}"] {
        assert!(check(&services("tcp", text)).is_ok());
        let flaws = check(&services("none", text)).unwrap_err();
        assert_eq!(flaws.len(), 1, "{flaws:?}");
        assert_eq!(flaws[0].key, "service.a.env.B");
        assert!(
            flaws[0].what.contains("is not a known placeholder"),
            "{}",
            flaws[0]
        );
    }
}

#[test]
fn a_whole_description_is_understood() {
    let plan = check(
        r#"
        [flask]
        run = "sleep --bind 'unix:{socket}' {service.flask.url}"
        listen = "unix"
        front = "127.0.0.1:5000"
        instances = 2
        spare = 1
        balance = "least"
        env = { WHERE = "{service.flask.socket}", NUMBER = "{instance}" }
        env_file = "good.env"
        health = { path = "/healthz", every = "5s", within = "2s", fall = 3, rise = 2 }
        start_within = "30s"
        stop = { signal = "INT", within = "10s" }
        restart = { when = "always", backoff = "200ms..30s", give_up = "10 in 10m" }
        memory = { max = "150M", action = "restart" }
        logs = { max = "10M", keep = 5 }
        drain_within = "0s"
        activate = true
        "#,
    )
    .unwrap();
    let flask = &plan.services()["flask"];
    assert_eq!(
        flask.command,
        ["sleep", "--bind", "unix:{socket}", "http://127.0.0.1:9"]
    );
    assert_eq!(flask.environment.written["WHERE"], "run/flask.sock");
    let names: Vec<&str> = flask.environment.names().collect();
    assert_eq!(names, ["LANG", "NUMBER", "PATH", "SECRET", "WHERE"]);
    assert_eq!(
        (flask.policy.instances, flask.policy.rise, flask.memory),
        (2, 2, Some(150 << 20))
    );
    assert!(!format!("{flask:?}").contains("\"x\""));
}

#[test]
fn who_starts_nothing_need_not_be_able_to() {
    let service = "[a]\nrun = \"nowhere/program\"\ndirectory = \"nowhere\"\nuser = \"nobody-here\"\n\
                   env_file = \"nowhere.env\"\ndrain_within = \"7s\"\n";
    assert!(check(service).is_err());
    let plan = look(service, CheckDepth::Words).unwrap();
    let settings = &plan.services()["a"];
    assert_eq!(settings.policy.drain_within, Duration::from_secs(7));
    assert_eq!(settings.user, None);
    // Invalid values are refused even if the depth is `Words`.
    assert!(look(&service.replace("7s", "soon"), CheckDepth::Words).is_err());
}

#[test]
fn who_is_not_killed_at_once_has_a_quarter_more_meanwhile() {
    let limit = |memory: &str| {
        let service = format!("[a]\nrun = \"sleep 1\"\n{memory}");
        check(&service).unwrap().services()["a"].hard_limit()
    };
    assert_eq!(limit(""), None);
    let of = |action: &str| {
        limit(&format!(
            "memory = {{ max = \"32M\", action = \"{action}\" }}"
        ))
    };
    assert_eq!(of("kill"), Some(32 << 20));
    assert_eq!(of("restart"), Some(40 << 20));
    assert_eq!(of("roll"), Some(40 << 20));
}
