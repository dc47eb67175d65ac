//! Tests that kill the supervisor process itself and restart it at once, as systemd does with
//! `Restart=always`.

use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, test_kill_process};

use crate::http;
use crate::program::{Program, children, free_address};

/// The minimum number of kills of the supervisor process.
const ROUNDS: usize = 5;
/// The time within which Kenduri must serve again.
const SOON: Duration = Duration::from_secs(1);
/// The time limit, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A service that starts another process. The kernel does not kill that process together with the
/// service.
const SERVER: &str = r#"
import http.server, os, socketserver, subprocess

class Answer(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "local"
    def do_GET(self):
        said = f"{os.getpid()} {beside.pid}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

beside = subprocess.Popen(["sleep", "1000"])
Server(os.environ["SOCKET"], Answer).serve_forever()
"#;

/// Returns the pids of the service's processes. The service reports them through the edge at
/// `address`.
fn processes(address: &str) -> BTreeSet<u32> {
    let end = Instant::now() + PATIENCE;
    let said = loop {
        let answer = http::send(address, "GET", "/web/", &[], b"").expect("an answer");
        if answer.status == 200 {
            break answer.text();
        }
        // On a busy machine, the edge may stop waiting before the service has started.
        assert!(answer.status == 503 && Instant::now() < end, "{answer:?}");
    };
    let numbers = said.split(' ').map(|word| word.parse().expect("a number"));
    numbers.collect()
}

fn lives(process: u32) -> bool {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid).is_ok())
}

#[test]
fn a_killed_parent_is_back_within_a_second() {
    let folder = tempfile::tempdir().expect("a folder");
    let (door, front) = (free_address().to_string(), free_address().to_string());
    let settings = format!(
        "data = \"data\"\n[listen]\nhttp = [\"{door}\"]\n\
         [service.web]\nrun = \"python3 server.py\"\nlisten = \"unix\"\nfront = \"{front}\"\n\
         [[route]]\npath = \"/web/\"\nto = \"service:web\"\n[[route]]\nto = \"app\"\n"
    );
    let file = folder.path().join("kenduri.toml");
    fs::write(folder.path().join("server.py"), SERVER).expect("written");
    fs::write(&file, settings).expect("written");
    let file = file.to_string_lossy().into_owned();
    let words = ["serve", "--config", &file];
    let begin = Instant::now();
    let mut program = Program::start(&words, &[]);
    processes(&door);
    let start = begin.elapsed();
    // On a machine where every start is slow, the limit is twice the usual start time.
    let soon = SOON.max(2 * start);
    let is_soon = |time: &Duration| *time < soon;
    let end = Instant::now() + PATIENCE;
    let mut times = Vec::new();
    while times.len() < ROUNDS || !times.iter().any(is_soon) && Instant::now() < end {
        let mut before = processes(&door);
        before.extend(children(program.supervisor_pid()));
        assert!(before.len() >= 3, "{before:?}");
        let begin = Instant::now();
        program.kill();
        program = Program::start(&words, &[]);
        assert_eq!(program.get("/readyz").status, 200);
        let after = processes(&door);
        times.push(begin.elapsed());
        // The service's own listening address is free again, too.
        assert_eq!(processes(&front), after);
        assert!(after.is_disjoint(&before), "{before:?} and {after:?}");
        let end = Instant::now() + PATIENCE;
        while let Some(left) = before.iter().find(|process| lives(**process)) {
            assert!(Instant::now() < end, "{left} is left over");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    println!("back, with its service, after {times:?}; the first start took {start:?}");
    assert!(times.iter().any(is_soon), "{times:?}");

    let last = processes(&door);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    assert!(!last.into_iter().any(lives));
    for address in [door, front] {
        TcpListener::bind(&address).expect("nobody has it any more");
    }
}

/// On a busy machine, the killed supervisor process's worker may live on until its threads are
/// scheduled. In this test, the process that is left behind never exits by itself.
#[test]
fn what_is_left_over_keeps_no_address() {
    let folder = tempfile::tempdir().expect("a folder");
    let (door, other) = (free_address(), free_address());
    let (host, port) = (other.ip(), other.port());
    let takes = format!(
        "import os, socket, time\nif os.fork() == 0:\n    \
         taken = socket.create_server(('{host}', {port}))\ntime.sleep(1000)\n"
    );
    fs::write(folder.path().join("takes.py"), takes).expect("written");
    let file = folder.path().join("kenduri.toml");
    let serve = |address: SocketAddr, rest: &str| {
        let listen = format!("data = \"data\"\n[listen]\nhttp = [\"{address}\"]\n");
        fs::write(&file, format!("{listen}{rest}")).expect("written");
        Program::start(&["serve", "--config", &file.to_string_lossy()], &[])
    };
    let program = serve(door, "[service.takes]\nrun = \"python3 takes.py\"\n");
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect(other).is_err() {
        assert!(Instant::now() < end, "nobody takes the address");
        std::thread::sleep(Duration::from_millis(2));
    }
    program.kill();
    let mut program = serve(other, "");
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}
