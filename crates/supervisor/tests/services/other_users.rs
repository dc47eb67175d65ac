//! Tests that a supervisor that runs as root is safe from malicious users of the same machine,
//! including the users who run its services.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use supervisor::{Address, NotificationKind};
use tempfile::TempDir;

use crate::support::{Fixture, folder, folder_for_others, folder_with, kill, until};

const NOBODY: u32 = 65_534;
/// The uid of a user who runs no service.
const STRANGER: u32 = 65_533;
const ROUNDS: usize = 10;

/// A service that replaces its own socket with a link to a root-owned file as soon as the
/// supervisor has created the socket.
const THIEF: &str = r#"
import ctypes, os, socket
notify, made = os.environ["NOTIFY_SOCKET"], os.environ["SOCKET"]
head, run, tail = notify.rsplit(".", 2)
wanted = [f"{head}.{int(run) + 1}.{tail}", made.replace("0.sock", "1.sock")]
libc, here, exchange = ctypes.CDLL(None), -100, 2
for path in wanted:
    if os.fork() == 0:
        link = f"own/{os.getpid()}"
        os.symlink(os.path.abspath("secret"), link)
        link, path = link.encode(), path.encode()
        while True:
            libc.renameat2(here, link, here, path, exchange)
try:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", notify)
except OSError:
    pass  # It was stolen.
os.wait()
"#;

/// Creates a folder that other users may traverse. It contains a file that only root can read, and
/// a folder to which other users can write.
fn open_to_others(file: &str, text: &str) -> TempDir {
    let folder = folder_for_others(file, text);
    let (secret, own) = (folder.path().join("secret"), folder.path().join("own"));
    fs::write(&secret, "").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::create_dir(&own).unwrap();
    chown(own, Some(NOBODY), Some(NOBODY)).unwrap();
    folder
}

#[test]
fn nobody_is_given_what_a_link_leads_to() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let fixture = Fixture::in_folder(
        open_to_others("thief.py", THIEF),
        r#"
        [thief]
        run = "python3 thief.py"
        listen = "unix"
        activate = true
        user = "nobody"
        drain_within = "0s"
        keep_former = "0s"
        "#,
    );
    fixture.ready("thief", 1);
    let secret = fixture.folder.path().join("secret");
    for _ in 0..ROUNDS {
        fixture.wait(fixture.control.reload("thief")).unwrap();
        fixture.wait(fixture.control.scale("thief", 2)).unwrap();
        let facts = fs::metadata(&secret).unwrap();
        assert_eq!((facts.uid(), facts.mode() & 0o777), (0, 0o600));
        fixture.wait(fixture.control.scale("thief", 1)).unwrap();
    }
}

#[test]
fn a_link_to_the_socket_of_another_is_not_asked() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    for health in ["", "health = { path = \"/\" }"] {
        let folder = open_to_others("unused.py", "");
        let listener = UnixListener::bind(folder.path().join("roots.sock")).unwrap();
        let fixture = Fixture::in_folder(
            folder,
            &format!(
                r#"
                [liar]
                run = "ln -s $PWD/roots.sock $SOCKET; exec sleep 1000"
                shell = true
                listen = "unix"
                user = "nobody"
                restart = {{ give_up = "1 in 1m" }}
                {health}
                "#
            ),
        );
        let reason = fixture.crew("liar", |crew| crew.failed).given_up.unwrap();
        assert!(
            reason.reason.starts_with("another user listens"),
            "{reason:?}"
        );
        let (mut stream, _) = listener.accept().unwrap();
        assert_eq!(stream.read(&mut [0; 256]).unwrap(), 0);
    }
}

#[test]
fn the_lock_and_the_records_are_for_nobody_else() {
    let folder = folder();
    let run = folder.path().join("run");
    let (lock, records) = (run.join("supervisor.lock"), run.join("processes"));
    // An earlier version created the folder and the file with these insecure permissions.
    fs::create_dir_all(&records).unwrap();
    fs::write(&lock, "").unwrap();
    for (path, mode) in [(&lock, 0o644), (&records, 0o755)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut folder = folder;
    for _ in 0..2 {
        let fixture = Fixture::in_folder(folder, "[quiet]\nrun = \"sleep 1000\"");
        fixture.ready("quiet", 1);
        let modes = [&lock, &records].map(|path| fs::metadata(path).unwrap().mode() & 0o777);
        assert_eq!(modes, [0o600, 0o700]);
        folder = fixture.stop();
        // The next round must start without a run folder.
        fs::remove_dir_all(&run).unwrap();
    }
}

/// A service that nests more folders than a process can have open.
const DEEP: &str = r#"
import os
os.chdir(os.path.dirname(os.environ["SOCKET"]))
for _ in range(25000):
    os.mkdir("deep")
    os.chdir("deep")
print("deep enough", flush=True)
os.wait()
"#;

#[test]
fn folders_in_each_other_without_end_keep_nobody_from_starting() {
    let services =
        "[deep]\nrun = \"python3 deep.py\"\nlisten = \"unix\"\nrestart = { when = \"never\" }";
    let fixture = Fixture::in_folder(folder_with("deep.py", DEEP), services);
    until("they are there", || {
        fixture.log_text("deep").contains("deep enough")
    });
    let fixture = Fixture::in_folder(fixture.stop(), "[deep]\nrun = \"sleep 1000\"");
    fixture.ready("deep", 1);
    let services = fixture.folder.path().join("run/services");
    assert_eq!(fs::read_dir(services).unwrap().count(), 2);
}

/// A service that opens its port too late in its first process, and in time in its second process.
const LATE: &str = r#"
import os, socket, time
if os.path.exists("own/first"):
    os.execvp("python3", ["python3", "server.py"])
open("own/first", "w").close()
print("port", os.environ["PORT"], flush=True)
while not os.path.exists("go"):
    time.sleep(0.01)
if "SAYS" in os.environ:
    out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    out.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
time.sleep(1000)
"#;

/// A server that takes a port and accepts connections.
const TAKER: &str = r#"
import socket, sys
taken = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("taken", flush=True)
while True:
    stream, _ = taken.accept()
    try:
        stream.recv(1000)
        stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    except OSError:
        pass
    stream.close()
"#;

struct Taker(Child);

impl Taker {
    fn of(port: u16) -> Self {
        let mut command = Command::new("python3");
        command
            .args(["-c", TAKER, &port.to_string()])
            .uid(STRANGER)
            .stdout(Stdio::piped());
        let mut taker = Self(command.spawn().unwrap());
        let mut said = BufReader::new(taker.0.stdout.take().unwrap());
        said.read_line(&mut String::new()).unwrap();
        taker
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_port_that_another_has_taken_is_not_its_port() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let health = "health = { path = \"/\" }";
    for (kind, more) in [
        ("it accepts", ""),
        ("it is well", health),
        ("it says so", "env = { SAYS = \"so\" }"),
    ] {
        let fixture = Fixture::in_folder(
            open_to_others("late.py", LATE),
            &format!(
                "[late]\nrun = \"python3 late.py\"\nlisten = \"tcp\"\nuser = \"nobody\"\n{more}"
            ),
        );
        let mut news = fixture.control.notifications();
        let port = || {
            let said = fixture.log_text("late");
            let (_, port) = said.split_once(" out port ")?;
            port.strip_suffix('\n')?.parse::<u16>().ok()
        };
        until("it knows its port", || port().is_some());
        let taken = port().unwrap();
        let _taker = Taker::of(taken);
        fs::write(fixture.folder.path().join("go"), "").unwrap();
        let reason = fixture.wait(async {
            loop {
                if let NotificationKind::Failed { reason, .. } = news.recv().await.unwrap().what {
                    break reason;
                }
            }
        });
        assert!(
            reason.starts_with("another user listens"),
            "{kind}: {reason}"
        );
        let crew = fixture.ready("late", 1);
        assert_ne!(crew.addresses(), [Address::Tcp(taken)], "{kind}");
    }
}

/// Replaces the supervisor's folders with folders that belong to the service's user and contain
/// links to root-owned files.
const EXCHANGE: &str = "mv run run2 && mv logs logs2 && mkdir -p run/services logs && \
                        ln -s $PWD/target run/services/web && ln -s $PWD/secret logs/web.log";

/// Says that the service is ready, if the supervisor can be reached.
const READY: &str = r#"
import os, socket
try:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
except OSError:
    pass
"#;

#[test]
fn folders_that_others_exchange_lead_nowhere() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = open_to_others("ready.py", READY);
    let path = folder.path().to_owned();
    let target = path.join("target");
    fs::create_dir(&target).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o700)).unwrap();
    let fixture = Fixture::in_folder(
        folder,
        r#"
        [web]
        run = "python3 ready.py; while :; do echo word; sleep 0.02; done"
        shell = true
        listen = "unix"
        activate = true
        user = "nobody"
        logs = { max = "4K", keep = 1 }
        drain_within = "0s"
        "#,
    );
    fixture.ready("web", 1);
    chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
    let mut exchange = Command::new("sh");
    exchange.args(["-c", EXCHANGE]).current_dir(&path);
    assert!(exchange.uid(NOBODY).gid(NOBODY).status().unwrap().success());

    // Another process is started, which cannot say that it is ready.
    let first = fixture.pid("web");
    kill(first, rustix::process::Signal::KILL);
    until("another is there", || {
        let rows = fixture.rows("web");
        rows.iter()
            .any(|row| row.pid.is_some_and(|pid| pid != first))
    });
    let log = path.join("logs2/web.log");
    let mut turned = BTreeSet::new();
    until(
        "its lines go on where they were, and are turned over",
        || {
            turned.extend(fs::metadata(&log).map(|facts| facts.ino()));
            turned.len() == 2
        },
    );
    let facts = fs::metadata(&target).unwrap();
    assert_eq!((facts.uid(), facts.mode() & 0o777), (0, 0o700));
    let facts = fs::metadata(path.join("secret")).unwrap();
    assert_eq!((facts.uid(), facts.len()), (0, 0));
    let facts = fs::metadata(path.join("run2/services/web.0.1.sock")).unwrap();
    assert_eq!(facts.uid(), NOBODY);
}
