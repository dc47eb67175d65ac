//! Runs PostgreSQL's own programs. They dump a store, copy a server and restore a dump.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use platform::store::PostgresSettings;
use platform::text_cleaning::hexadecimal;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio_postgres::config::{Config, Host, SslMode};

use crate::BackupError;
use crate::generation::PIECE;

/// Debian's, with a subfolder for each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// The same as for the store's own connections.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// At most a minute.
const LOCK_WAIT: &str = "--lock-wait-timeout=60000";
/// In bytes: the log positions are there, at the end of a base backup.
const MANIFEST_END: usize = 65_536;
const MAX_MESSAGE_BYTES: u64 = 4_096;

/// Dumps the database. `take` gets the dump in pieces of at most [`PIECE`] bytes.
pub(crate) fn dump(
    settings: &PostgresSettings,
    take: impl FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let mut command = command_for("pg_dump", settings)?;
    command.args(["--format=custom", "--no-password", LOCK_WAIT]);
    // Owners and privileges are left out, because only the server's administrator may restore them.
    command.args(["--no-owner", "--no-privileges", "--no-comments"]);
    command.args(["--no-publications", "--no-subscriptions"]);
    let running = Running::start("pg_dump", command, Stdio::null(), Stdio::piped())?;
    running.read(take).map(drop)
}

/// Whether the store's role may copy the whole PostgreSQL server and its log.
pub(crate) fn may_replicate(settings: &PostgresSettings) -> Result<bool, BackupError> {
    let mut command = command_for("psql", settings)?;
    command.args(["--no-psqlrc", "--no-password", "--dbname=replication=1"]);
    command.arg("--command=IDENTIFY_SYSTEM");
    let running = Running::start("psql", command, Stdio::null(), Stdio::null())?;
    Ok(running.finish().is_ok())
}

/// The part of the write-ahead log that a base backup needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Positions {
    #[serde(rename = "Timeline")]
    pub(crate) timeline: u32,
    #[serde(rename = "Start-LSN")]
    pub(crate) start: String,
    #[serde(rename = "End-LSN")]
    pub(crate) end: String,
}

/// Copies the whole server as a tar archive. `take` gets the archive in pieces.
pub(crate) fn base_backup(
    settings: &PostgresSettings,
    mut take: impl FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<Positions, BackupError> {
    let mut command = command_for("pg_basebackup", settings)?;
    command.args(["--pgdata=-", "--format=tar", "--wal-method=none"]);
    command.args(["--checkpoint=fast", "--label=kenduri", "--no-password"]);
    let running = Running::start("pg_basebackup", command, Stdio::null(), Stdio::piped())?;
    // The log positions are in the manifest, which is the archive's last file.
    let mut end = Vec::new();
    let said = running.read(|piece| {
        end.extend_from_slice(piece);
        end.drain(..end.len().saturating_sub(MANIFEST_END));
        take(piece)
    })?;
    parse_positions(&end).ok_or(BackupError::Program {
        program: "pg_basebackup",
        reason: format!(
            "the server is older than PostgreSQL 13, so it must be upgraded first {said}"
        ),
    })
}

/// <https://www.postgresql.org/docs/current/backup-manifest-wal-ranges.html>
fn parse_positions(manifest: &[u8]) -> Option<Positions> {
    let text = String::from_utf8_lossy(manifest);
    let (_, ranges) = text.rsplit_once("\"WAL-Ranges\":")?;
    let (ranges, _) = ranges.split_once(']')?;
    let mut ranges: Vec<Positions> = serde_json::from_str(&format!("{ranges}]")).ok()?;
    ranges.pop()
}

/// Streams the server's log into a folder while the calling thread lives.
pub(crate) fn receive(
    settings: &PostgresSettings,
    folder: &Path,
    name: &str,
) -> Result<Running, BackupError> {
    let receiver = command_for("pg_receivewal", settings)?;
    // Two receivers must not write into the same folder. So `setpriv` stops `pg_receivewal` if this
    // process is killed.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]);
    command.arg(receiver.get_program());
    let variables = receiver.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    command.env("PGAPPNAME", name);
    command.arg("--directory").arg(folder);
    command.args(["--no-loop", "--synchronous", "--no-password"]);
    Running::start("pg_receivewal", command, Stdio::null(), Stdio::null())
}

/// Finds the `postgres` program of a major version.
pub(crate) fn find_server(version: &str) -> Result<PathBuf, BackupError> {
    let path = Path::new(VERSIONS).join(version).join("bin/postgres");
    let found = path.is_file().then_some(path);
    found.ok_or_else(|| BackupError::NoServer(version.to_owned()))
}

/// Returns the names of the database and the role that Kenduri uses.
pub(crate) fn names(settings: &PostgresSettings) -> Result<(String, String), BackupError> {
    let (config, _) = parse(settings)?;
    let user = config.get_user().unwrap_or("postgres");
    Ok((database(&config).to_owned(), user.to_owned()))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// The number of rows in all tables.
    pub(crate) rows: u64,
    /// The SHA-256 of the dump as SQL text.
    pub(crate) hash: String,
}

/// Reads a whole dump, without a server.
pub(crate) fn read(dump: &Path) -> Result<Contents, BackupError> {
    let mut command = Command::new(find("pg_restore"));
    command.arg("--file=-");
    let input = File::open(dump).map_err(BackupError::file(dump))?;
    let mut running = Running::start("pg_restore", command, input.into(), Stdio::piped())?;
    let Some(output) = running.child.stdout.take() else {
        return Err(running.failed("it has no output"));
    };
    let contents = count(BufReader::new(output));
    let contents = contents.map_err(|error| running.failed(&error.to_string()))?;
    running.finish()?;
    Ok(contents)
}

fn count(mut sql: impl io::BufRead) -> io::Result<Contents> {
    let (mut hash, mut rows) = (Sha256::new(), 0);
    let (mut line, mut is_data) = (Vec::new(), false);
    while sql.read_until(b'\n', &mut line)? > 0 {
        // These lines contain random tokens or version numbers, which are not part of the data.
        let is_noise = [&b"\\restrict "[..], b"\\unrestrict ", b"-- Dumped "]
            .iter()
            .any(|noise| line.starts_with(noise));
        if is_data || !is_noise {
            hash.update(&line);
        }
        if is_data {
            is_data = line != b"\\.\n";
            rows += u64::from(is_data);
        } else {
            is_data = line.starts_with(b"COPY ") && line.ends_with(b" FROM stdin;\n");
        }
        line.clear();
    }
    Ok(Contents {
        rows,
        hash: hexadecimal(&hash.finalize()),
    })
}

/// Restores a dump into an empty database, completely or not at all.
pub(crate) fn restore(settings: &PostgresSettings, dump: &Path) -> Result<(), BackupError> {
    let mut command = command_for("pg_restore", settings)?;
    command.arg(format!("--dbname={}", database(&parse(settings)?.0)));
    command.args(["--single-transaction", "--exit-on-error", "--no-password"]);
    command.args(["--no-owner", "--no-privileges"]);
    let mut dump = File::open(dump).map_err(BackupError::file(dump))?;
    // The dump comes through a pipe. If this process is killed, `pg_restore` fails and rolls back.
    let mut running = Running::start("pg_restore", command, Stdio::piped(), Stdio::null())?;
    if let Some(mut input) = running.child.stdin.take() {
        match io::copy(&mut dump, &mut input) {
            // After a broken pipe, the messages of `pg_restore` say why it stopped reading.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                return Err(running.failed(&error.to_string()));
            }
            _ => {}
        }
    }
    running.finish().map(drop)
}

/// Returns the database's name for operators, without the password.
pub(crate) fn name(settings: &PostgresSettings) -> Result<String, BackupError> {
    let (config, _) = parse(settings)?;
    let server = config.get_hosts().first().map(host).unwrap_or_default();
    Ok(format!("{} on {server}", database(&config)))
}

/// Returns the path of one of PostgreSQL's programs, from the newest version in [`VERSIONS`]. If
/// there is none, the program is found through `PATH`.
pub(crate) fn find(program: &'static str) -> PathBuf {
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let found = versions.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let path = entry.path().join("bin").join(program);
        path.is_file().then_some((version, path))
    });
    found.max().map_or_else(|| program.into(), |(_, path)| path)
}

/// Address and password are in the program's environment, which no other user can read.
fn command_for(program: &'static str, settings: &PostgresSettings) -> Result<Command, BackupError> {
    let (config, ca_file) = parse(settings)?;
    let mut command = Command::new(find(program));
    let joined = |parts: Vec<String>| parts.join(",");
    command
        .env("PGAPPNAME", "kenduri-backup")
        .env("PGCONNECT_TIMEOUT", "10")
        .env("PGTARGETSESSIONATTRS", "read-write")
        .env("PGDATABASE", database(&config))
        .env(
            "PGHOST",
            joined(config.get_hosts().iter().map(host).collect()),
        );
    let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
    if !ports.is_empty() {
        command.env("PGPORT", joined(ports));
    }
    if let Some(user) = config.get_user() {
        command.env("PGUSER", user);
    }
    if let Some(password) = config.get_password() {
        use std::os::unix::ffi::OsStrExt as _;
        command.env("PGPASSWORD", std::ffi::OsStr::from_bytes(password));
    }
    match config.get_ssl_mode() {
        SslMode::Disable => command.env("PGSSLMODE", "disable"),
        SslMode::Require => command.env("PGSSLMODE", "verify-full").env(
            "PGSSLROOTCERT",
            ca_file.unwrap_or_else(|| AUTHORITIES.into()),
        ),
        _ => command.env("PGSSLMODE", "prefer"),
    };
    Ok(command)
}

fn parse(settings: &PostgresSettings) -> Result<(Config, Option<PathBuf>), BackupError> {
    settings.parse().map_err(BackupError::Store)
}

/// PostgreSQL's default is the user's name.
fn database(config: &Config) -> &str {
    let given = config.get_dbname().or(config.get_user());
    given.unwrap_or("postgres")
}

fn host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    }
}

/// A running program of PostgreSQL. Dropping this value kills it.
pub(crate) struct Running {
    program: &'static str,
    pub(crate) child: Child,
    /// Collects the program's messages.
    messages: Option<JoinHandle<String>>,
}

impl Running {
    pub(crate) fn start(
        program: &'static str,
        mut command: Command,
        input: Stdio,
        output: Stdio,
    ) -> Result<Self, BackupError> {
        // The messages are in English, so that operators and developers can search for them.
        command.env("LC_ALL", "C.UTF-8").current_dir("/");
        command.stdin(input).stdout(output).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => BackupError::NoProgram(program),
            io::ErrorKind::WouldBlock => BackupError::Thread {
                what: program,
                reason: error,
            },
            _ => BackupError::Program {
                program,
                reason: error.to_string(),
            },
        })?;
        let said = child.stderr.take();
        let messages = std::thread::Builder::new()
            .name("backup-messages".to_owned())
            .spawn(move || said.map_or_else(String::new, collect))
            .map_err(|reason| {
                // Nobody would read what it writes.
                let _ = child.kill().and_then(|()| child.wait());
                BackupError::Thread {
                    what: program,
                    reason,
                }
            })?;
        Ok(Self {
            program,
            child,
            messages: Some(messages),
        })
    }

    pub(crate) fn has_ended(&mut self) -> Result<bool, BackupError> {
        let ended = self.child.try_wait();
        let ended = ended.map_err(|error| self.failed(&error.to_string()))?;
        Ok(ended.is_some())
    }

    /// Returns the program's messages after it has exited successfully.
    fn read(
        mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), BackupError>,
    ) -> Result<String, BackupError> {
        let Some(mut output) = self.child.stdout.take() else {
            return Err(self.failed("it has no output"));
        };
        let mut piece = Vec::with_capacity(PIECE);
        loop {
            piece.clear();
            let read = output.by_ref().take(PIECE as u64).read_to_end(&mut piece);
            match read.map_err(|error| self.failed(&error.to_string()))? {
                0 => return self.finish(),
                _ => take(&piece)?,
            }
        }
    }

    /// Waits until the program exits successfully. Returns the program's messages.
    pub(crate) fn finish(mut self) -> Result<String, BackupError> {
        let status = self.child.wait();
        let status = status.map_err(|error| self.failed(&error.to_string()))?;
        let messages = self.messages.take().map(JoinHandle::join);
        let messages = messages.and_then(Result::ok).unwrap_or_default();
        if status.success() {
            return Ok(messages);
        }
        Err(self.failed(&explain(status, &messages)))
    }

    pub(crate) fn failed(&self, reason: &str) -> BackupError {
        BackupError::Program {
            program: self.program,
            reason: reason.to_owned(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both calls fail if the program has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Only the beginning of the messages is kept, but all are read.
fn collect(mut said: impl io::Read) -> String {
    let mut kept = Vec::new();
    // Unreadable messages are left out.
    let _ = said.by_ref().take(MAX_MESSAGE_BYTES).read_to_end(&mut kept);
    let _ = io::copy(&mut said, &mut io::sink());
    String::from_utf8_lossy(&kept).trim().to_owned()
}

fn explain(status: ExitStatus, messages: &str) -> String {
    if messages.is_empty() {
        return status.to_string();
    }
    messages.to_owned()
}

#[cfg(test)]
mod tests {
    use platform::Secret;

    use super::*;

    fn settings(url: &str) -> PostgresSettings {
        PostgresSettings::new(Secret::new(url), 1)
    }

    #[test]
    fn the_password_is_in_the_environment_and_never_an_argument() {
        let settings = settings("postgres://mei:s3cret@db.example.my:6000/site?sslmode=require");
        let command = command_for("pg_dump", &settings).unwrap();
        assert_eq!(command.get_args().count(), 0);
        let variable = |wanted: &str| {
            let mut all = command.get_envs();
            let (_, value) = all.find(|(name, _)| *name == wanted)?;
            value?.to_str()
        };
        assert_eq!(variable("PGPASSWORD"), Some("s3cret"));
        assert_eq!(variable("PGHOST"), Some("db.example.my"));
        assert_eq!(variable("PGPORT"), Some("6000"));
        assert_eq!(variable("PGUSER"), Some("mei"));
        assert_eq!(variable("PGDATABASE"), Some("site"));
        assert_eq!(variable("PGSSLMODE"), Some("verify-full"));
        assert_eq!(name(&settings).unwrap(), "site on db.example.my");
    }

    #[test]
    fn the_part_of_the_log_is_read_from_the_manifest() {
        let manifest = b"\"WAL-Ranges\": [\n{ \"Timeline\": 1, \"Start-LSN\": \"0/2000028\", \
            \"End-LSN\": \"0/2000100\" }\n],\n\"Manifest-Checksum\": \"00\"}\n\0\0";
        let positions = parse_positions(manifest).unwrap();
        assert_eq!(positions.timeline, 1);
        assert_eq!(
            (&*positions.start, &*positions.end),
            ("0/2000028", "0/2000100")
        );
        assert_eq!(parse_positions(b"\0\0"), None);
    }

    #[test]
    fn rows_are_counted_and_what_changes_by_itself_is_not_hashed() {
        let sql = |token: &str, name: &str| {
            let text = format!(
                "-- Dumped from database version {token}\n\\restrict {token}\n\
                 COPY public.a (x) FROM stdin;\n{name}\n\\\\restrict\nCOPY x FROM stdin;\n\\.\n\
                 COPY public.b (x) FROM stdin;\n\\.\n\\unrestrict {token}\n"
            );
            count(text.as_bytes()).unwrap()
        };
        assert_eq!(sql("1", "Mei").rows, 3);
        assert_eq!(sql("1", "Mei"), sql("2", "Mei"));
        assert_ne!(sql("1", "Mei").hash, sql("1", "Mai").hash);
    }
}
