//! Before an upgrade by `exec`, the program on the disk is started to check whether it could take
//! over the state: that it serves as a worker says nothing of that.

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

use super::exec_upgrade::{self, HandoverNote};
use super::program_file::ProgramFile;
use super::service_config;

/// What is added to the words by which this process was started.
const FLAG: &str = "--rehearsal";
/// It reads a file and the settings, and ends.
const PATIENCE: Duration = Duration::from_secs(10);
/// At most so much of the reason is shown, in bytes.
const REASON: u64 = 4 << 10;
/// Between the last word of a process and its end.
const LOOK: Duration = Duration::from_millis(5);

/// Has the program on the disk say whether it could go on with all this.
pub(super) async fn rehearse(
    program: &ProgramFile,
    everything: &PausedSupervisor,
    note: &HandoverNote,
) -> Result<()> {
    let written = everything.handover_file(&serde_json::to_vec(note)?)?;
    let mut child = Command::new(program.path())
        .args(std::env::args_os().skip(1))
        .arg(FLAG)
        .stdin(written)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("it cannot be started")?;
    let heard = timeout(PATIENCE, hear(&mut child)).await;
    if heard.is_err() {
        let _ = child.kill();
    }
    // It has ended by now, or is killed.
    let ended = child.wait()?;
    let said = heard.context("it does not say whether it could")??;
    if ended.success() {
        return Ok(());
    }
    match said.trim().trim_start_matches("error: ") {
        "" => bail!("it says that it could not, with {ended}"),
        said => Err(Error::msg(said.to_owned())),
    }
}

/// Waits for its end, and returns its output.
async fn hear(child: &mut Child) -> io::Result<String> {
    let mut said = Vec::new();
    if let Some(error) = child.stderr.take() {
        let reading = Receiver::from_owned_fd(OwnedFd::from(error))?;
        let mut reading = reading.take(REASON);
        reading.read_to_end(&mut said).await?;
    }
    while child.try_wait()?.is_none() {
        sleep(LOOK).await;
    }
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Says whether this program could go on with what it finds at its standard input. Changes
/// nothing.
pub(crate) fn take_part() -> Result<()> {
    let written = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let handed = supervisor::read_handover_file(written)
        .context("only the supervisor process asks for this")?;
    let (_, configuration) = exec_upgrade::understand(&handed.note)?;
    let (means, _) = service_config::means(&configuration.folders);
    service_config::plan(&configuration, &ProgramFile::this()?)?;
    let understood = handed.rest.check(&means.run);
    understood.map_err(|why| Error::msg(format!("it cannot take over what runs: {why}")))
}
