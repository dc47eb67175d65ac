//! Runs ecosystem files that are JavaScript programs. If the user permits it, node runs the file
//! with only PATH in the environment, and with limited time and output.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::toml_text::short;
use crate::{ImportError, MAX_FILE_BYTES};

const NODE_TIMEOUT: Duration = Duration::from_secs(10);
/// Of Node's error output in an error message.
const MAX_SHOWN_CHARS: usize = 600;

/// Loads the ecosystem file as a `CommonJS` or ES module and prints its exports. The file's own
/// output is redirected, so that it does not mix with them.
const READER: &str = r#"
const { pathToFileURL } = require("node:url");
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
import(pathToFileURL(process.argv[1])).then((loaded) => {
  const text = JSON.stringify(loaded.default ?? loaded);
  write(text === undefined ? "null" : text, () => process.exit(0));
}).catch((error) => {
  console.error(String(error));
  process.exit(1);
});
"#;

/// Returns the exports of the ecosystem file, as JSON.
pub(super) fn read(file: &Path, may_run: bool) -> Result<String, ImportError> {
    // A missing file is reported before asking whether it may be run.
    crate::read(file)?;
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let folder = whole.parent().unwrap_or(Path::new("/"));
    let shown = file.display().to_string();
    if !may_run {
        return Err(ImportError::NeedsRun {
            file: shown,
            folder: folder.display().to_string(),
            seconds: NODE_TIMEOUT.as_secs(),
        });
    }
    let failed = |what: String, mend| ImportError::Ran {
        file: shown.clone(),
        what,
        mend,
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "no setting: where programs are found, handed on as it is"
    )]
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = Command::new("node");
    command
        .args(["--eval", READER, "--"])
        .arg(&whole)
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = Group(command.spawn().map_err(|error| {
        failed(
            format!("node could not be started: {error}"),
            "install Node.js (apt install nodejs), or save what the file says as JSON",
        )
    })?);
    let said = collect(child.0.stdout.take());
    let complained = collect(child.0.stderr.take());
    let said = said.recv_timeout(NODE_TIMEOUT);
    let timed_out = matches!(said, Err(RecvTimeoutError::Timeout));
    // Dropping `child` also kills the other processes in its group, which could otherwise keep
    // standard error open.
    drop(child);
    let said = said.unwrap_or_default();
    if timed_out {
        return Err(failed(
            format!(
                "it was still running after {} s, and was killed",
                NODE_TIMEOUT.as_secs()
            ),
            "let it export its apps and end, or save what it says as JSON",
        ));
    }
    if said.len() as u64 > MAX_FILE_BYTES {
        return Err(failed(
            "what it exports is larger than 4 MB".to_owned(),
            "check that it is the right file",
        ));
    }
    match String::from_utf8(said) {
        Ok(text) if !text.is_empty() => Ok(text),
        _ => {
            let complained = complained.recv_timeout(NODE_TIMEOUT).unwrap_or_default();
            let complained = String::from_utf8_lossy(&complained);
            Err(failed(
                format!("it failed: {}", short(complained.trim(), MAX_SHOWN_CHARS)),
                "it must work with an empty environment; or save what it says as JSON",
            ))
        }
    }
}

/// Up to one byte more than the limit.
fn collect(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            // If reading fails, the data read so far is kept.
            let _ = stream.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

/// Dropping this value kills all processes of the group.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // Nobody has waited for the process yet, so its pid cannot have been reused.
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}
