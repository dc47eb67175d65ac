//! A private `PostgreSQL` in a random folder, which listens on a Unix socket and contains no data.
//!
//! The collation is deliberately not `C`, so that a column without `COLLATE "C"` is sorted
//! differently than in `SQLite`.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::command::{find, output, program};
use crate::interrupt;

/// For the server's start on a slow disk.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// A running PostgreSQL server; dropping this value stops the server and removes its folder.
pub struct PrivatePostgres {
    server: Child,
    folder: TempDir,
}

impl PrivatePostgres {
    /// Starts a server on a new cluster, with additional settings such as `fsync=off`, and waits
    /// until the server accepts connections.
    pub fn start(settings: &[&str]) -> Result<Self> {
        let programs =
            find_programs().context("PostgreSQL is not installed: apt-get install postgresql")?;
        let folder = TempDir::with_prefix("kenduri-postgres-")?;
        // `initdb` and `postgres` refuse to run as root.
        let user = rustix::process::geteuid()
            .is_root()
            .then(|| User::load("postgres"))
            .transpose()?;
        if let Some(user) = &user {
            chown(folder.path(), Some(user.uid), Some(user.gid))?;
        }
        fs::set_permissions(folder.path(), Permissions::from_mode(0o700))?;
        let data = folder.path().join("data");
        output(
            as_user(user.as_ref(), &programs.join("initdb"))
                .arg("--pgdata")
                .arg(&data)
                .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
                .args([
                    "--locale=C.UTF-8",
                    "--locale-provider=icu",
                    "--icu-locale=en",
                ]),
        )?;
        let log = File::create(folder.path().join("log"))?;
        let server = as_user(user.as_ref(), &programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "max_connections=300"])
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start postgres")?;
        let mut postgres = PrivatePostgres { server, folder };
        postgres.wait_until_ready(&programs)?;
        println!("listening in {}", postgres.folder.path().display());
        Ok(postgres)
    }

    /// Returns the connection string of the maintenance database, as the superuser.
    pub fn url(&self) -> String {
        let socket = self.folder.path().display().to_string();
        format!(
            "postgres://postgres@{}/postgres",
            socket.replace('/', "%2F")
        )
    }

    /// Returns the pid of PostgreSQL's main process, which is the parent of the processes for
    /// connections.
    pub fn process(&self) -> u32 {
        self.server.id()
    }

    fn wait_until_ready(&mut self, programs: &Path) -> Result<()> {
        let begin = Instant::now();
        loop {
            let answers = output(
                program(programs.join("pg_isready"))
                    .arg("--host")
                    .arg(self.folder.path()),
            );
            if answers.is_ok() {
                return Ok(());
            }
            let ended = self.server.try_wait()?;
            if ended.is_some() || begin.elapsed() > START_TIMEOUT {
                let log = fs::read_to_string(self.folder.path().join("log"))?;
                bail!("the private PostgreSQL does not answer:\n{log}");
            }
            ensure!(!interrupt::is_wanted(), "interrupted");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        // SIGINT requests a “fast shutdown”, which does not wait for connections that tests left
        // open.
        if let Some(pid) = i32::try_from(self.server.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::INT);
        }
        let _ = self.server.wait();
    }
}

/// Returns the folder that contains `initdb` and `postgres`, which Debian does not include in
/// `PATH`.
pub fn find_programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    versions
        .pop()
        .or_else(|| Some(find("initdb")?.parent()?.to_owned()))
}

/// Killed by the kernel if this process dies.
fn as_user(user: Option<&User>, name: &Path) -> Command {
    let mut command = program("setpriv");
    if let Some(user) = user {
        command.args([
            format!("--reuid={}", user.uid),
            format!("--regid={}", user.gid),
        ]);
        command.arg("--clear-groups");
    }
    command.args(["--pdeathsig", "INT", "--"]).arg(name);
    command.current_dir("/").stdin(Stdio::null());
    command
}

struct User {
    uid: u32,
    gid: u32,
}

impl User {
    fn load(name: &str) -> Result<Self> {
        Ok(User {
            uid: output(program("id").args(["-u", name]))?.parse()?,
            gid: output(program("id").args(["-g", name]))?.parse()?,
        })
    }
}
