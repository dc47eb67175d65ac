//! A PostgreSQL server of a test's own, and its standby.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::program::{PATIENCE, children};

/// The test's own PostgreSQL server, which flushes commits to the disk. Its socket is in its folder.
pub(crate) struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Server {
    /// Creates a server. Returns `None` if PostgreSQL is not installed.
    pub(crate) fn create() -> Option<Self> {
        let server = Self::in_a_new_folder()?;
        let made = server
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .arg("--pgdata")
            .arg(server.data())
            .stdout(Stdio::null())
            .status();
        assert!(made.expect("initdb").success());
        Some(server)
    }

    /// Starts a synchronous standby of this server.
    pub(crate) fn standby(&self) -> Self {
        let mut standby = Self::in_a_new_folder().expect("PostgreSQL is installed");
        let copied = standby
            .command("pg_basebackup")
            .arg("--host")
            .arg(self.folder.path())
            .args([
                "--username=postgres",
                "--checkpoint=fast",
                "--write-recovery-conf",
            ])
            .arg("--pgdata")
            .arg(standby.data())
            .status();
        assert!(copied.expect("pg_basebackup").success());
        standby.start();
        let mut client = self.connect();
        let set = "ALTER SYSTEM SET synchronous_standby_names = '*'";
        client.batch_execute(set).expect("a setting");
        client
            .batch_execute("SELECT pg_reload_conf()")
            .expect("a reload");
        let end = Instant::now() + PATIENCE;
        let follows = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'";
        while client.query(follows, &[]).expect("rows").is_empty() {
            assert!(Instant::now() < end, "the standby does not follow");
            std::thread::sleep(Duration::from_millis(5));
        }
        standby
    }

    /// Makes a server that does not run a standby.
    pub(crate) fn demote(&self) {
        let mark = self.data().join("standby.signal");
        File::create(&mark).expect("a file");
        give_to_postgres(&mark);
    }

    pub(crate) fn promote(&self) {
        let promoted = self.connect().query_one("SELECT pg_promote()", &[]);
        assert!(promoted.expect("an answer").get::<_, bool>(0));
    }

    fn connect(&self) -> postgres::Client {
        postgres::Client::connect(&self.url(), postgres::NoTls).expect("the server")
    }

    fn in_a_new_folder() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().expect("a folder");
        give_to_postgres(folder.path());
        let server = Self {
            programs,
            folder,
            // It only names the socket in the folder.
            port: 5432,
            process: None,
        };
        Some(server)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        as_postgres(&self.programs.join(program))
    }

    pub(crate) fn start(&mut self) {
        assert!(self.starts_with(&["listen_addresses="]), "the server ends");
    }

    /// Starts the server with TLS at `localhost`. Its certificate and key are in its data folder.
    /// Returns its port.
    pub(crate) fn start_with_tls(&mut self) -> u16 {
        loop {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
            self.port = free.local_addr().expect("its address").port();
            drop(free);
            // Others may take the port first.
            if self.starts_with(&["listen_addresses=localhost", "ssl=on"]) {
                return self.port;
            }
        }
    }

    /// `false` if the server ends at once, because its port is taken.
    fn starts_with(&mut self, settings: &[&str]) -> bool {
        let port = format!("port={}", self.port);
        let more = [port.as_str(), "fsync=on"];
        let settings = settings.iter().chain(&more);
        let url = self.url();
        let log = File::create(self.folder.path().join("log")).expect("a log");
        let process = self
            .command("postgres")
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(self.folder.path())
            .args(settings.flat_map(|setting| ["-c", setting]))
            .stderr(log)
            .spawn();
        let process = self.process.insert(process.expect("postgres"));
        let end = Instant::now() + PATIENCE;
        while postgres::Client::connect(&url, postgres::NoTls).is_err() {
            if process.try_wait().expect("a child").is_some() {
                return false;
            }
            assert!(Instant::now() < end, "the server does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// The folder of the server's socket.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The server's host in a URL.
    pub(crate) fn host(&self) -> String {
        self.folder.path().to_string_lossy().replace('/', "%2F")
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@{}:{}/postgres", self.host(), self.port)
    }

    /// Kills all processes of the server, and waits until they have exited.
    pub(crate) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let all = children(process.id());
        process.kill().expect("killed");
        for child in &all {
            let pid = i32::try_from(*child).ok().and_then(Pid::from_raw);
            // The process may have exited already.
            let _ = kill_process(pid.expect("a process id"), Signal::KILL);
        }
        process.wait().expect("it ended");
        let is_running = |child: &u32| {
            let status = fs::read_to_string(format!("/proc/{child}/stat"));
            status.is_ok_and(|status| !status.contains(") Z "))
        };
        let end = Instant::now() + PATIENCE;
        while all.iter().any(is_running) {
            assert!(Instant::now() < end, "a process goes on");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the folder of PostgreSQL's programs, or `None` if it is not installed.
pub(crate) fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|programs| programs.join("initdb").exists())
        .max()
}

/// Builds a command for a program that refuses to run as root, so that root runs it as another
/// user. It is killed when this process dies.
pub(crate) fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if rustix::process::geteuid().is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// Makes a file or folder belong to the user of [`as_postgres`].
pub(crate) fn give_to_postgres(path: &Path) {
    if rustix::process::geteuid().is_root() {
        let user = Command::new("id").args(["-u", "postgres"]).output();
        let user = String::from_utf8(user.expect("id").stdout).expect("a number");
        chown(path, user.trim().parse().ok(), None).expect("given away");
    }
}
