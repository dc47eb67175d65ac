//! Recovers a PostgreSQL store from a base backup and the log. A private server replays the log up
//! to the requested time, and is then dumped.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use platform::Secret;
use platform::store::PostgresSettings;
use rustix::process::{Pid, Signal};

use crate::generation::Base;
use crate::{BackupError, postgres};

/// Whether the private server has replayed the log.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// If the log ends before the requested time.
const TOO_EARLY: &str = "before configured recovery target was reached";
/// Before the last replayed commit's time.
const LAST_COMMIT: &str = "last completed transaction was at log time ";
/// Without `hot_standby`, the original server's log settings are not needed. The data is dumped and
/// then deleted, so nothing needs flushing. Some systems have no `/dev/shm`, so memory is shared by
/// files.
const SETTINGS: &str = "listen_addresses = ''\nhot_standby = off\nfsync = off\nfull_page_writes = off\n\
    autovacuum = off\nmax_connections = 20\ndynamic_shared_memory_type = 'mmap'\n\
    log_timezone = 'UTC'\nlog_min_messages = log\n\
    logging_collector = off\nlog_destination = 'stderr'\nlc_messages = 'C'\n\
    restore_command = 'cp \"$KENDURI_WAL/%f\" \"%p\"'\nrecovery_target_timeline = 'latest'\n";

/// Unpacks the tar archive of a base backup, piece by piece.
pub(crate) struct Unpacking {
    tar: postgres::Running,
}

impl Unpacking {
    pub(crate) fn begin(cluster: &Path) -> Result<Self, BackupError> {
        crate::private_folder::make_folder(cluster)?;
        let mut tar = Command::new("tar");
        tar.arg("--extract").arg("--directory").arg(cluster);
        let tar = postgres::Running::start("tar", tar, Stdio::piped(), Stdio::null())?;
        Ok(Self { tar })
    }

    pub(crate) fn write(&mut self, piece: &[u8]) -> Result<(), BackupError> {
        let written = match &mut self.tar.child.stdin {
            Some(input) => input.write_all(piece),
            None => Ok(()),
        };
        match written {
            // After a broken pipe, the messages of `tar` say more than this error.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(self.tar.failed(&error.to_string()))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn end(mut self) -> Result<(), BackupError> {
        drop(self.tar.child.stdin.take());
        self.tar.finish().map(drop)
    }
}

/// Replays the log in `folder`/`wal` over the base backup in `folder`/`cluster`, to just before
/// `to`, and writes a dump to `dump`. Returns the last commit's time, or `None` if there was no
/// commit after the base backup.
pub(crate) fn recover(
    base: &Base,
    folder: &Path,
    to: Option<Timestamp>,
    dump: &Path,
) -> Result<Option<Timestamp>, BackupError> {
    let failed = BackupError::file(folder);
    let cluster = folder.join("cluster");
    let version = fs::read_to_string(cluster.join("PG_VERSION")).map_err(&failed)?;
    let program = postgres::find_server(version.trim())?;
    if rustix::process::geteuid().is_root() {
        return Err(BackupError::Root);
    }
    // The settings in the base backup are for the original server, so they are replaced.
    let prepare = || {
        fs::write(cluster.join("postgresql.auto.conf"), "")?;
        fs::write(cluster.join("recovery.signal"), "")?;
        fs::write(folder.join("hba"), "local all all trust\n")?;
        fs::write(folder.join("ident"), "")
    };
    prepare().map_err(&failed)?;
    let mut target = to.map_or(String::new(), |to| {
        let to = to.to_string().replace('T', " ").replace('Z', "+00");
        format!(
            "recovery_target_time = '{to}'\nrecovery_target_inclusive = off\n\
             recovery_target_action = 'promote'\n"
        )
    });
    let log = folder.join("server.log");
    let server = loop {
        let text = format!("{SETTINGS}{target}{}", places(folder));
        fs::write(folder.join("settings.conf"), text).map_err(&failed)?;
        let mut server = Server::start(&program, folder, &log)?;
        if server.wait_until_recovered(folder)? {
            break server;
        }
        let said = fs::read_to_string(&log).map_err(&failed)?;
        if target.is_empty() || !said.contains(TOO_EARLY) {
            return Err(BackupError::Program {
                program: "postgres",
                reason: last_lines(&said),
            });
        }
        // All commits are before the requested time, so the whole log is replayed.
        target.clear();
    };
    let mut output = File::create_new(dump).map_err(BackupError::file(dump))?;
    let private = PostgresSettings::new(
        Secret::new(format!(
            "host='{}' user='{}' dbname='{}'",
            quoted(&folder.display().to_string()),
            quoted(&base.user),
            quoted(&base.database)
        )),
        1,
    );
    postgres::dump(&private, |piece| {
        output.write_all(piece).map_err(BackupError::file(dump))
    })?;
    output.sync_all().map_err(BackupError::file(dump))?;
    drop(server);
    let said = fs::read_to_string(&log).map_err(&failed)?;
    Ok(last_commit(&said))
}

fn places(folder: &Path) -> String {
    let path = |name: &str| {
        let path = folder.join(name).display().to_string();
        path.replace('\'', "''")
    };
    format!(
        "unix_socket_directories = '{}'\nhba_file = '{}'\nident_file = '{}'\n",
        path("").trim_end_matches('/'),
        path("hba"),
        path("ident")
    )
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

fn last_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let from = lines.len().saturating_sub(5);
    lines.get(from..).unwrap_or_default().join("\n")
}

/// Such as `2027-01-16 10:00:00.123456+00`.
fn last_commit(said: &str) -> Option<Timestamp> {
    let (_, after) = said.rsplit_once(LAST_COMMIT)?;
    let time = after.lines().next()?.replacen(' ', "T", 1);
    format!("{}Z", time.trim_end_matches("+00")).parse().ok()
}

/// Stopped on drop.
struct Server(Child);

impl Server {
    fn start(program: &Path, folder: &Path, log: &Path) -> Result<Self, BackupError> {
        let output = File::create(log).map_err(BackupError::file(log))?;
        let copy = output.try_clone().map_err(BackupError::file(log))?;
        let mut settings = std::ffi::OsString::from("config_file=");
        settings.push(folder.join("settings.conf"));
        // `setpriv` stops the server if this process is killed.
        let server = Command::new("setpriv")
            .args(["--pdeathsig", "INT", "--"])
            .arg(program)
            .arg("-D")
            .arg(folder.join("cluster"))
            .arg("-c")
            .arg(settings)
            .env("KENDURI_WAL", folder.join("wal"))
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(copy)
            .spawn();
        server.map(Self).map_err(|error| BackupError::Program {
            program: "postgres",
            reason: error.to_string(),
        })
    }

    /// `false` if the server has exited.
    fn wait_until_recovered(&mut self, folder: &Path) -> Result<bool, BackupError> {
        let ready = postgres::find("pg_isready");
        loop {
            let is_ready = Command::new(&ready)
                .args(["--quiet", "--host"])
                .arg(folder)
                .status();
            if is_ready.is_ok_and(|status| status.success()) {
                return Ok(true);
            }
            let ended = self.0.try_wait();
            if ended.map_err(BackupError::file(folder))?.is_some() {
                return Ok(false);
            }
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // `SIGINT` makes the server disconnect its clients and exit. If it has already exited, both
        // calls fail.
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        let _ = pid.map(|pid| rustix::process::kill_process(pid, Signal::INT));
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_last_commit_is_read() {
        let said = "LOG: last completed transaction was at log time 2027-01-16 10:00:00.123456+00\n\
                    LOG: selected new timeline ID: 2\n";
        assert_eq!(
            last_commit(said),
            Some("2027-01-16T10:00:00.123456Z".parse().unwrap())
        );
        assert_eq!(last_commit("LOG: redo done\n"), None);
    }
}
