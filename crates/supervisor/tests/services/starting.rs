//! Tests of how services start and when they are ready.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::json;
use supervisor::Address;

use crate::support::{Fixture, folder, folder_for_others, folder_with, until};

fn ask(address: &Address) -> String {
    fn through(mut stream: impl Read + Write) -> String {
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
    match address {
        Address::Unix(path) => through(UnixStream::connect(path).unwrap()),
        Address::Tcp(port) => through(TcpStream::connect(("127.0.0.1", *port)).unwrap()),
    }
}

#[test]
fn each_instance_has_a_socket_or_a_port_of_its_own() {
    for listen in ["unix", "tcp"] {
        for activate in [false, true] {
            let fixture = Fixture::new(&format!(
                r#"
                [web]
                run = "python3 server.py"
                listen = "{listen}"
                activate = {activate}
                instances = 2
                health = {{ path = "/health" }}
                "#
            ));
            let crew = fixture.ready("web", 2);
            let addresses = crew.addresses();
            assert_eq!(addresses.len(), 2);
            let pids: Vec<i32> = fixture
                .rows("web")
                .iter()
                .filter_map(|row| row.pid)
                .collect();
            for (address, pid) in addresses.iter().zip(pids) {
                assert!(
                    ask(address).ends_with(&pid.to_string()),
                    "{address} is {pid}"
                );
            }
        }
    }
}

#[test]
fn why_one_was_ended_is_told_with_its_end() {
    let fixture = Fixture::new(
        "[web]\nrun = \"sleep 1000\"\nlisten = \"unix\"\nstart_within = \"1m\"\n\
         restart = { give_up = \"1 in 1m\" }\nstop = { within = \"10s\" }",
    );
    until("it runs", || fixture.rows("web")[0].pid.is_some());
    fixture.passes(Duration::from_secs(61));
    until("its end", || fixture.rows("web")[0].last_exit.is_some());
    let told = fixture.rows("web")[0].last_exit.clone().unwrap();
    assert!(
        told.starts_with("signal 15: it was not ready within "),
        "{told}"
    );
}

#[test]
fn a_socket_that_accepts_is_enough_when_nothing_else_can_be_asked() {
    let fixture = Fixture::new("[web]\nrun = \"python3 server.py\"\nlisten = \"unix\"");
    let crew = fixture.ready("web", 1);
    assert!(ask(&crew.addresses()[0]).contains("200"));
}

#[test]
fn a_service_may_say_itself_that_it_is_ready() {
    let script = r#"
import os, socket, time
while not os.path.exists("go"):
    time.sleep(0.01)
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
out.sendto(b"STATUS=here\nREADY=1\n", os.environ["NOTIFY_SOCKET"])
time.sleep(1000)
"#;
    // The test service never opens its socket, so only `READY=1` can make it ready.
    let fixture = Fixture::in_folder(
        folder_with("notify.py", script),
        "[quiet]\nrun = \"python3 notify.py\"\nlisten = \"unix\"",
    );
    assert_eq!(
        fixture.rows("quiet")[0].state,
        supervisor::state::InstanceState::Starting
    );
    fs::write(fixture.folder.path().join("go"), "").unwrap();
    fixture.ready("quiet", 1);
}

#[test]
fn a_service_that_needs_longer_says_so() {
    let script = r#"
import array, fcntl, os, socket, termios, time
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def say(word):
    out.sendto(word, os.environ["NOTIFY_SOCKET"])
    unread = array.array("i", [1])
    while unread[0]:
        time.sleep(0.001)
        fcntl.ioctl(out, termios.TIOCOUTQ, unread)
say(b"EXTEND_TIMEOUT_USEC=600000000")
open("asked", "w").close()
while not os.path.exists("go"):
    time.sleep(0.01)
say(b"READY=1")
time.sleep(1000)
"#;
    let fixture = Fixture::in_folder(
        folder_with("late.py", script),
        "[late]\nrun = \"python3 late.py\"\nlisten = \"unix\"\nstart_within = \"1m\"",
    );
    let file = |name: &str| fixture.folder.path().join(name);
    until("it has asked for more", || file("asked").exists());
    // When the supervisor has responded to two status requests, it has also handled the service's
    // earlier request for more start time.
    for _ in 0..2 {
        fixture.rows("late");
    }
    fixture.passes(Duration::from_mins(2));
    fs::write(file("go"), "").unwrap();
    fixture.ready("late", 1);
    assert_eq!(fixture.rows("late")[0].restarts, 0);
}

#[test]
fn the_environment_holds_only_what_was_said() {
    let folder = folder();
    let secrets = folder.path().join("secrets.env");
    fs::write(&secrets, "TOKEN=hunter2{port}{instance}\n").unwrap();
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
    let fixture = Fixture::in_folder(
        folder,
        r#"
        [shows]
        run = "env; echo end"
        shell = true
        listen = "tcp"
        env_file = "secrets.env"
        env = { WHERE = "{port}/{instance}/{service.inner.url}" }
        restart = { when = "never" }
        "#,
    );
    until("it has ended", || {
        fixture.log_text("shows").contains("out end")
    });
    let said = fixture.log_text("shows");
    let mut names: Vec<&str> = said
        .lines()
        .filter_map(|line| {
            line.split_once(" out ")?
                .1
                .split_once('=')
                .map(|(name, _)| name)
        })
        .collect();
    names.sort_unstable();
    let wanted = [
        "KENDURI_INSTANCE",
        "NOTIFY_SOCKET",
        "PATH",
        "PORT",
        "PWD",
        "SUPERVISOR_RUN",
        "TOKEN",
        "WHERE",
    ];
    // Shells set these variables themselves.
    names.retain(|name| !["OLDPWD", "SHLVL", "_"].contains(name));
    assert_eq!(names, wanted);
    assert!(said.contains("TOKEN=hunter2{port}{instance}\n"), "{said}");
    assert!(said.contains("/0/http://127.0.0.1:4711"));
    let described = fixture.wait(fixture.control.describe("shows")).unwrap();
    let told = serde_json::to_string(&(&described.environment, &described.command)).unwrap();
    assert!(told.contains("TOKEN") && !told.contains("hunter2"));
}

#[test]
fn another_user_has_no_way_back() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = folder_for_others("unused.py", "");
    let fixture = Fixture::in_folder(
        folder,
        r#"
        [nobody]
        run = "id -u; id -G | wc -w; grep NoNewPrivs /proc/self/status; echo $HOME $USER $LOGNAME; echo end"
        shell = true
        user = "nobody"
        env = { LOGNAME = "somebody" }
        directory = "/"
        restart = { when = "never" }
        "#,
    );
    until("it has ended", || {
        fixture.log_text("nobody").contains("out end")
    });
    let said = fixture.log_text("nobody");
    assert!(
        said.contains(" out 65534\n") && said.contains(" out 1\n"),
        "{said}"
    );
    assert!(said.contains("NoNewPrivs:\t1"), "{said}");
    // Configured variables override those from the user's account.
    assert!(
        said.contains(" out /nonexistent nobody somebody\n"),
        "{said}"
    );
}

#[test]
fn connections_wait_for_a_service_that_is_activated() {
    let folder = folder();
    let fixture = Fixture::in_folder(
        folder,
        r#"
        [web]
        run = "while ! test -e go; do sleep 0.02; done; exec python3 server.py"
        shell = true
        listen = "unix"
        activate = true
        health = { path = "/health", within = "50s" }
        "#,
    );
    let path = fixture.folder.path().join("run/services/web.0.1.sock");
    // The file is there a moment before the socket listens.
    until("it listens", || UnixStream::connect(&path).is_ok());
    let address = Address::Unix(path);
    let waiting = std::thread::spawn(move || ask(&address));
    fs::write(fixture.folder.path().join("go"), "").unwrap();
    assert!(waiting.join().unwrap().contains("200"));
    fixture.ready("web", 1);
}

#[test]
fn one_is_started_when_those_before_it_are_ready_and_stopped_before_them() {
    // The test services never open their sockets, so only `READY=1` can make them ready.
    let script = r#"
import os, signal, socket, sys, time
def note(word):
    with open("order", "a") as order:
        order.write("%s %s\n" % (sys.argv[1], word))
def stop(*_):
    note("stopped")
    os._exit(0)
signal.signal(signal.SIGTERM, stop)
note("started")
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
out.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
while True:
    time.sleep(1000)
"#;
    let services = ["a", "b", "c"].map(|name| {
        let after = match name {
            "a" => r#"["b", "c"]"#,
            "b" => r#"["c"]"#,
            _ => "[]",
        };
        format!(
            "[{name}]\nrun = \"python3 ordered.py {name}\"\nlisten = \"unix\"\nafter = {after}\n"
        )
    });
    let fixture = Fixture::in_folder(folder_with("ordered.py", script), &services.concat());
    fixture.ready("a", 1);
    let folder = fixture.stop();
    let order = fs::read_to_string(folder.path().join("order")).unwrap();
    let wanted = "c started\nb started\na started\na stopped\nb stopped\nc stopped\n";
    assert_eq!(order, wanted);
}

#[test]
fn what_cannot_be_run_fails_and_says_why() {
    let folder = folder();
    let script = folder.path().join("broken");
    fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let fixture = Fixture::in_folder(
        folder,
        "[a]\nrun = \"./broken\"\nrestart = { give_up = \"1 in 1m\" }",
    );
    fixture.crew("a", |crew| crew.failed);
    assert!(
        fixture.log_text("a").contains("cannot start the service"),
        "{}",
        fixture.log_text("a")
    );
    let refused = fixture.wait(fixture.control.start("a")).unwrap_err();
    assert!(refused.to_string().contains("code 127"), "{refused}");
}

#[test]
fn a_socket_goes_with_its_instance() {
    let fixture = Fixture::new(
        "[web]\nrun = \"python3 server.py\"\nlisten = \"unix\"\nactivate = true\ndrain_within = \"0s\"\nkeep_former = \"0s\"",
    );
    fixture.ready("web", 1);
    fixture.wait(fixture.control.scale("web", 2)).unwrap();
    let crew = fixture.ready("web", 2);
    fixture.wait(fixture.control.scale("web", 1)).unwrap();
    let addresses = crew.addresses();
    let [Address::Unix(stays), Address::Unix(goes)] = addresses.as_slice() else {
        panic!("other addresses");
    };
    assert!(UnixStream::connect(stays).is_ok());
    until("its socket is gone", || {
        !goes.exists() && UnixStream::connect(goes).is_err()
    });
}

#[test]
fn secrets_of_a_command_are_not_told() {
    let fixture = Fixture::new(
        r#"
        [words]
        run = ["sleep", "1000", "--token=hunter2", "--Api-Key", "hunter2", "postgres://app:hunter2@db/x"]
        [line]
        run = "exec sleep 1000 --password 'hunter2 and more' --name=x"
        shell = true
        listen = "none"
        stop = { signal = "INT" }
        memory = { max = "1500M" }
        "#,
    );
    let described = |service: &str| fixture.wait(fixture.control.describe(service)).unwrap();
    let command = |service: &str| described(service).command;
    let words = [
        "sleep",
        "1000",
        "--token=***",
        "--Api-Key",
        "***",
        "postgres://app:***@db/x",
    ];
    assert_eq!(command("words"), words);
    let line = ["/bin/sh", "-c", "exec sleep 1000 --password *** --name=x"];
    assert_eq!(command("line"), line);
    let told = serde_json::to_value(described("line")).unwrap();
    for (key, value) in [
        ("listen", json!("none")),
        ("activate", json!(false)),
        ("balance", json!("round-robin")),
        ("health", json!(null)),
        ("stop", json!({ "signal": "INT", "within": "10s" })),
        (
            "restart",
            json!({ "when": "always", "backoff": "200ms..30s", "give_up": "10 in 10m" }),
        ),
        ("memory", json!({ "max": "1500M", "action": "roll" })),
        (
            "logs",
            json!({ "max": "10M", "keep": 5, "journal": false, "errors": false }),
        ),
        ("drain_within", json!("5s")),
    ] {
        assert_eq!(told[key], value, "{key}");
    }
}
