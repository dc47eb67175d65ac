//! Tests of users and file permissions. The supervisor process runs as root, the data belongs to
//! another user, and all other users have no rights.

use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use rustix::process::Signal;

use crate::apart::{SCRIPT, Site};
use crate::parent::SERVER;
use crate::program::text;
use crate::upgrade::Copy;

/// The data's owner (`nobody`), and a user without any rights.
pub(crate) const OWNER: u32 = 65_534;
pub(crate) const STRANGER: u32 = 65_533;
/// The user `daemon`. Its id depends on the Linux distribution.
pub(crate) static DAEMON: LazyLock<u32> = LazyLock::new(|| {
    let users = fs::read_to_string("/etc/passwd").expect("users");
    let line = users.lines().find_map(|line| line.strip_prefix("daemon:"));
    let number = line.and_then(|line| line.split(':').nth(1)?.parse().ok());
    number.expect("a user called daemon")
});

#[test]
fn root_keeps_what_serves_the_data_of_another_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let site = Site::new("");
    let copy = &site.0;
    let mut program = site.start(&[]);
    assert_eq!(program.get("/readyz").status, 200);
    let status = text(&program.system_file("status"));
    assert!(status.contains(&format!("\nUid:\t{OWNER}\t")), "{status}");

    // A user without permission gets an error about permissions, not the error that Kenduri is not
    // running.
    for user in [OWNER, STRANGER] {
        let refused = give(copy, user, &["ps"]);
        let why = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{why}");
        assert!(why.contains("run the command as root or as"), "{why}");
        assert!(why.contains("delete the socket that it left"), "{why}");
    }
    assert_eq!(copy.order(&["ps"]).status.code(), Some(0));
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    let nobody = give(copy, OWNER, &["ps"]);
    assert_eq!(nobody.status.code(), Some(3), "{}", text(&nobody.stderr));
}

#[test]
fn a_service_of_another_user_reaches_its_socket_and_nothing_else() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let settings = "[service.web]\nrun = \"python3 server.py\"\nlisten = \"unix\"\n\
                    user = \"nobody\"\nhealth = { path = \"/health\" }\n\
                    [[route]]\npath = \"/web/\"\nto = \"service:web\"\n[[route]]\nto = \"app\"\n";
    let copy = Copy::new(settings);
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
    fs::write(copy.path().join("server.py"), SERVER).expect("written");
    let mut program = copy.serve();
    assert_eq!(program.get("/web/x").status, 200);
    let mode = |path: &Path| {
        let found = fs::metadata(path).expect("it is there");
        found.permissions().mode() & 0o777
    };
    let data = PathBuf::from(copy.data());
    assert_eq!(mode(&data), 0o711);
    for entry in fs::read_dir(&data).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_name() != "run" {
            assert_eq!(mode(&entry.path()) & 0o007, 0, "{:?}", entry.path());
        }
    }
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn services_of_other_users_find_each_other_and_strangers_do_not() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let service = |name: &str, user: &str| {
        format!(
            "[service.{name}]\nrun = \"python3 server.py\"\nlisten = \"unix\"\nuser = \"{user}\"\n"
        )
    };
    let routes = "[[route]]\npath = \"/web/\"\nto = \"service:web\"\n[[route]]\nto = \"app\"\n";
    let web = service("web", "nobody");
    let copy = Copy::new(&format!("{web}{routes}"));
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
    fs::write(copy.path().join("server.py"), SERVER).expect("written");
    let asked = copy.command();
    let mut words: Vec<&OsStr> = ["-c", SCRIPT].map(OsStr::new).to_vec();
    words.push(asked.get_program());
    words.extend(asked.get_args());
    let mut program = Copy::start(Path::new("sh"), &words);
    assert_eq!(program.get("/web/x").status, 200);
    let finds = |user: u32, service: &str| connects(&copy, user, service);
    assert!(finds(OWNER, "web"));
    assert!(!finds(STRANGER, "web") && !finds(*DAEMON, "web"));

    // The old processes may still run while their successors start.
    let (web, late) = (service("web", "daemon"), service("late", "daemon"));
    fs::write(copy.settings(), format!("{web}{late}{routes}")).expect("settings");
    let applied = copy.order(&["apply"]);
    assert_eq!(applied.status.code(), Some(0), "{}", text(&applied.stderr));
    for user in [OWNER, *DAEMON] {
        assert!(finds(user, "web") && finds(user, "late"), "{user}");
    }
    assert!(!finds(STRANGER, "web"));
    copy.change(&program);
    assert!(finds(*DAEMON, "late") && !finds(STRANGER, "late"));
    assert_eq!(program.end(Signal::TERM).code(), Some(0));

    // After a restart, the service's former user has no access any more.
    let mut program = copy.serve();
    assert_eq!(program.get("/web/x").status, 200);
    assert!(finds(*DAEMON, "web") && !finds(OWNER, "web"));
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

/// A service that replaces its socket with a link to a socket of root, and then responds once.
const LIAR: &str = r#"
import http.server, os, socketserver
there = os.environ["SOCKET"]
class Answer(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "local"
    def do_GET(self):
        os.symlink(os.path.abspath("roots.sock"), there + ".link")
        os.rename(there + ".link", there)
        self.send_response(200)
        self.end_headers()
socketserver.UnixStreamServer(there, Answer).serve_forever()
"#;

#[test]
fn requests_do_not_follow_a_link_that_a_service_of_another_user_has_put() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let settings = "[service.web]\nrun = \"python3 liar.py\"\nlisten = \"unix\"\n\
                    user = \"nobody\"\n\
                    [[route]]\npath = \"/web/\"\nto = \"service:web\"\n[[route]]\nto = \"app\"\n";
    let copy = Copy::new(settings);
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
    fs::write(copy.path().join("liar.py"), LIAR).expect("written");
    let listener = UnixListener::bind(copy.path().join("roots.sock")).expect("a socket");
    let mut program = copy.serve();
    assert_eq!(program.get("/web/x").status, 200);
    assert_eq!(program.get("/web/x").status, 503);
    let (mut stream, _) = listener.accept().expect("a connection");
    assert_eq!(stream.read(&mut [0; 256]).expect("its end"), 0);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

/// Whether a user can connect to a service's socket in the folder for other services.
fn connects(copy: &Copy, user: u32, service: &str) -> bool {
    let script = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])";
    let socket = format!("{}/run/inner/{service}.sock", copy.data());
    let mut command = Command::new("python3");
    command.args(["-c", script, &socket]).current_dir("/");
    let output = command.uid(user).gid(user).output().expect("its output");
    let why = text(&output.stderr);
    assert!(
        output.status.success() || why.contains("PermissionError"),
        "{why}"
    );
    output.status.success()
}

pub(crate) fn give(copy: &Copy, user: u32, words: &[&str]) -> Output {
    let mut command = Command::new(copy.program());
    command
        .args(words)
        .args(["--data", &copy.data()])
        .current_dir("/")
        .uid(user)
        .gid(user);
    command.output().expect("its output")
}
