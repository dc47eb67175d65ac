//! Two machines on one PostgreSQL: one leads, the other takes over, and one that differs is refused.

use std::fs;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::load::tell;
use crate::postgres_server::Server;
use crate::program::{PATIENCE, Program, run, text};

/// The leader's lease, and a second until the other machine looks. The rest is for a busy machine.
const TAKE_OVER: Duration = Duration::from_secs(10);

/// 32 bytes in base64.
const OTHER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// The folders of two machines, which share one for files.
struct Machines {
    server: Server,
    folder: TempDir,
}

impl Machines {
    fn create() -> Option<Self> {
        let mut server = Server::create()?;
        server.start();
        let folder = tempfile::tempdir().expect("a folder");
        Some(Self { server, folder })
    }

    fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arguments of `kenduri serve` on a machine. Later settings win.
    fn arguments(&self, name: &str, more: &[&str]) -> Vec<String> {
        let files = self.data("files");
        let mut all = vec![
            "--data".to_owned(),
            text(self.data(name).as_os_str().as_encoded_bytes()),
        ];
        let settings = [
            format!("store.url={}", self.server.url()),
            "site.url=http://127.0.0.1:8099".to_owned(),
            format!("files.url=folder:{}", files.display()),
        ];
        let more = more.iter().map(|one| (*one).to_owned());
        for setting in settings.into_iter().chain(more) {
            all.extend(["--set".to_owned(), setting]);
        }
        all
    }

    fn serve(&self, name: &str) -> Program {
        let arguments = self.arguments(name, &[]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Program::serve(&arguments, &[])
    }

    /// Starts a machine that is refused, and returns what it says.
    fn refusal(&self, name: &str, more: &[&str]) -> String {
        let arguments = self.arguments(name, more);
        let mut words = vec!["serve", "--listen", "127.0.0.1:0"];
        words.extend(arguments.iter().map(String::as_str));
        let output = run(&words, Path::new("/"), &[]);
        assert!(!output.status.success());
        text(&output.stderr)
    }

    /// Gives a machine the key file of another one.
    fn share_key(&self, from: &str, to: &str) {
        fs::create_dir_all(self.data(to)).expect("a folder");
        let key = |name: &str| self.data(name).join("secret.key");
        fs::copy(key(from), key(to)).expect("a copy");
    }

    fn machine_id(&self, name: &str) -> String {
        let id = fs::read_to_string(self.data(name).join("machine-id"));
        id.expect("an id").trim().to_owned()
    }

    fn connect(&self) -> postgres::Client {
        postgres::Client::connect(&self.server.url(), postgres::NoTls).expect("the server")
    }

    /// The machine that leads, and the number of its term.
    fn leader(&self) -> (Option<String>, i64) {
        let row = self
            .connect()
            .query_one("SELECT machine, term FROM leader", &[])
            .expect("a row");
        (row.get(0), row.get(1))
    }

    /// Waits until the machine leads, and returns how long that took.
    fn wait_for_leader(&self, name: &str) -> Duration {
        let (begin, id) = (Instant::now(), Some(self.machine_id(name)));
        while self.leader().0 != id {
            assert!(begin.elapsed() < PATIENCE, "{name} does not lead");
            std::thread::sleep(Duration::from_millis(20));
        }
        begin.elapsed()
    }
}

#[test]
fn of_two_machines_one_leads_and_the_other_takes_over() {
    let Some(machines) = Machines::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    let first = machines.serve("a");
    machines.wait_for_leader("a");
    machines.share_key("a", "b");
    let mut second = machines.serve("b");
    // Only one machine shows the link with which the first owner is made.
    assert!(machines.data("a").join("setup-link").exists());
    assert!(!machines.data("b").join("setup-link").exists());
    assert_eq!(machines.leader(), (Some(machines.machine_id("a")), 1));
    for program in [&first, &second] {
        assert_eq!(program.get("/readyz").status, 200);
    }

    // New keys would make those of the running machines worthless.
    machines.share_key("a", "c");
    let key = fs::read(machines.data("c").join("secret.key")).expect("a key");
    let arguments = machines.arguments("c", &[]);
    let mut words = vec!["secret", "new"];
    words.extend(arguments.iter().map(String::as_str));
    let refused = run(&words, Path::new("/"), &[]);
    let said = text(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("Kenduri is running on"),
        "{said}"
    );
    assert_eq!(
        fs::read(machines.data("c").join("secret.key")).expect("a key"),
        key
    );

    // The settings name a backup that the running process does not know yet.
    let place = format!("backup.to=folder:{}", machines.data("backup").display());
    let arguments = machines.arguments("a", &[&place]);
    let mut words = vec!["backup", "now"];
    words.extend(arguments.iter().map(String::as_str));
    let said = text(&run(&words, Path::new("/"), &[]).stderr);
    assert!(said.contains("no backup is set up"), "{said}");

    first.kill();
    let took = machines.wait_for_leader("b");
    tell(&format!("after a kill another machine led in {took:?}"));
    assert!(took < TAKE_OVER, "{took:?}");

    // A machine that stops gives the lead back.
    let third = machines.serve("a");
    assert_eq!(machines.leader().0, Some(machines.machine_id("b")));
    assert_eq!(second.end(Signal::TERM).code(), Some(0));
    machines.wait_for_leader("a");
    drop(third);
}

#[test]
fn after_an_upgrade_the_next_worker_leads_while_the_former_one_drains() {
    let Some(machines) = Machines::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    let program = machines.serve("a");
    let former = program.worker();
    assert_eq!(machines.leader().1, 1);
    // What each start does, because a new version may have more to do than the one before.
    let mut client = machines.connect();
    let erased = "INSERT INTO erased (number, kind, subject, at, is_to_repeat)
         VALUES (1, 'account', 'nobody', 0, 1)";
    client.batch_execute(erased).expect("inserted");
    // A request in progress keeps the former worker.
    let mut open = TcpStream::connect(&program.address).expect("a connection");
    let half = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\n\
        Content-Type: application/json\r\nContent-Length: 9\r\n\r\nhalf";
    open.write_all(half.as_bytes()).expect("half a request");
    let data = text(machines.data("a").as_os_str().as_encoded_bytes());
    std::thread::scope(|scope| {
        let upgrade = || run(&["upgrade", "--data", &data], Path::new("/"), &[]);
        let upgraded = scope.spawn(upgrade);
        let begin = Instant::now();
        while machines.leader().1 == 1 {
            assert!(begin.elapsed() < PATIENCE, "the next worker does not lead");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(Path::new(&format!("/proc/{former}")).exists());
        let to_repeat = "SELECT COUNT(*) FROM erased WHERE is_to_repeat = 1";
        let row = client.query_one(to_repeat, &[]).expect("a row");
        assert_eq!(row.get::<_, i64>(0), 0);
        open.write_all(b" done").expect("the rest");
        let upgraded = upgraded.join().expect("an upgrade");
        assert!(upgraded.status.success(), "{}", text(&upgraded.stderr));
    });
}

#[test]
fn a_machine_that_differs_is_refused_with_what_to_do() {
    let Some(machines) = Machines::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    let first = machines.serve("a");
    for name in ["url", "folder", "domains", "key"] {
        machines.share_key("a", name);
    }
    // Kenduri would take over another key that verifies what the present one signed.
    let key_file = machines.data("key").join("secret.key");
    let present = fs::read_to_string(&key_file).expect("a key");
    fs::write(&key_file, format!("{OTHER_KEY}\n{present}")).expect("written");
    let own_folder = format!("files.url=folder:{}", machines.data("own").display());
    let cases: [(&str, &[&str], &str); 4] = [
        ("url", &["site.url=http://127.0.0.1:8098"], "site.url is"),
        ("folder", &[own_folder.as_str()], "kenduri move-files"),
        ("domains", &["bookings.enabled=true"], "the domains"),
        ("key", &[], "the key file is not the one of"),
    ];
    // Each waits for 15 s, in which a machine that was killed leaves the list.
    std::thread::scope(|scope| {
        for (name, more, told) in cases {
            let machines = &machines;
            scope.spawn(move || {
                let said = machines.refusal(name, more);
                assert!(said.contains(told), "{name}: {said}");
            });
        }
    });
    assert_eq!(first.get("/readyz").status, 200);
    // It is the list that refuses them, not the settings.
    drop(first);
    let arguments = machines.arguments("url", &["site.url=http://127.0.0.1:8098"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let other = Program::serve(&arguments, &[]);
    assert_eq!(other.get("/readyz").status, 200);
}
