//! The check before the supervisor process upgrades itself by `exec`. It runs the program file on
//! the disk, to find out whether that program can take over this process's state. A running worker
//! of the new program is no proof, because workers do not read this state.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Error, Result, bail};
use supervisor::PausedSupervisor;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{sleep, timeout};

use super::handover_note::{HandoverNote, understand};
use super::program_file::ProgramFile;
use super::service_config;

const REHEARSAL_FLAG: &str = "--rehearsal";
/// The program only reads a file and the settings, so it needs this long only on a machine that is
/// overloaded.
const CHECK_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_REASON_BYTES: u64 = 4 << 10;
/// For testing whether the program has exited, after its last output.
const EXIT_POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Runs the program file on the disk, to check whether it can take over this process's state.
pub(super) async fn rehearse(
    program: &ProgramFile,
    everything: &PausedSupervisor,
    note: &HandoverNote,
) -> Result<()> {
    let written = everything.handover_file(&serde_json::to_vec(note)?)?;
    let mut child = Command::new(program.path())
        .args(std::env::args_os().skip(1))
        .arg(REHEARSAL_FLAG)
        .stdin(written)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("the new program cannot be started; it must be a Kenduri for this machine")?;
    let heard = timeout(CHECK_TIMEOUT, wait_for_exit(&mut child)).await;
    if heard.is_err() {
        let _ = child.kill();
    }
    // The program has exited or was killed by now.
    let ended = child.wait()?;
    let said = heard.context("the new program did not say in time whether it can take over; try again when this machine is less busy")??;
    if ended.success() {
        return Ok(());
    }
    match said.trim().trim_start_matches("error: ") {
        "" => bail!(
            "the new program cannot take over, and ended with {ended}; it must be a Kenduri for this machine"
        ),
        said => Err(Error::msg(said.to_owned())),
    }
}

/// Returns what it wrote to standard error.
async fn wait_for_exit(child: &mut Child) -> io::Result<String> {
    let mut said = Vec::new();
    if let Some(error) = child.stderr.take() {
        let reading = Receiver::from_owned_fd(OwnedFd::from(error))?;
        let mut reading = reading.take(MAX_REASON_BYTES);
        reading.read_to_end(&mut said).await?;
    }
    while child.try_wait()?.is_none() {
        sleep(EXIT_POLL_INTERVAL).await;
    }
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Checks whether this program can take over the state in standard input. Has no side effects.
pub(crate) fn take_part() -> Result<()> {
    let written = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let handed = supervisor::read_handover_file(written)
        .context("only the supervisor process runs this; to upgrade, run `kenduri upgrade`")?;
    let (_, configuration) = understand(&handed.note)?;
    let (means, _) = service_config::means(&configuration);
    service_config::plan(&configuration, &ProgramFile::this()?)?;
    let understood = handed.rest.check(&means.run);
    understood
        .map_err(|why| Error::msg(format!("the new program cannot take over what runs: {why}; `sudo systemctl restart kenduri` changes to it, with a short stop")))
}
