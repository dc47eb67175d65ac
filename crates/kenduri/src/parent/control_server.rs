//! Receives requests over the control socket, and sends the replies.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use operate::control_requests::services::{self, Logs};
use operate::control_requests::{ControlRequest, ControlResponse, Reply};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};

use super::command_gate::GatePermit;
use super::process::ParentProcess;
use crate::control::{Control, PATIENCE, send_reply};

const MAX_REQUEST_BYTES: u64 = 64 * 1024;

/// Accepts clients of the control socket, and handles their requests.
pub(super) async fn serve(control: Control, parent: Arc<ParentProcess>) {
    loop {
        // While the gate is closed, new clients wait. The next program takes over this socket and
        // accepts them.
        let accepted = parent.gate.unless_shut(control.accept()).await;
        let (Ok(accepted), Ok(inside)) = (accepted, parent.gate.enter()) else {
            parent.gate.opened().await;
            continue;
        };
        let stream = match accepted {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection on the control socket; it is tried again; if too many files are open, raise LimitNOFILE= in the systemd unit");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let parent = Arc::clone(&parent);
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &parent, inside).await {
                tracing::debug!(%error, "cannot answer a client of the control socket");
            }
        });
    }
}

async fn answer(
    mut stream: tokio::net::UnixStream,
    parent: &ParentProcess,
    inside: GatePermit,
) -> Result<()> {
    let visitor = stream.peer_cred()?.uid();
    let may = visitor == 0 || visitor == rustix::process::geteuid().as_raw();
    if !may {
        let why = "only root and the user that runs Kenduri may give it commands; run this as one of them, as with sudo";
        return send_reply(&mut stream, &Reply::Error(why.to_owned())).await;
    }
    let mut line = Vec::new();
    let (reading, _) = stream.split();
    let mut reading = tokio::io::BufReader::new(reading.take(MAX_REQUEST_BYTES));
    tokio::time::timeout(PATIENCE, reading.read_until(b'\n', &mut line)).await??;
    if line.is_empty() {
        // The client sent nothing, because it only tested whether Kenduri is running.
        return Ok(());
    }
    match serde_json::from_slice::<ControlRequest>(&line) {
        // An upgrade must not wait for these two requests. A followed log can last forever, and the
        // request for the upgrade ends only after the upgrade.
        Ok(ControlRequest::Services(services::ServiceRequest::Follow(logs))) => {
            drop(inside);
            follow(stream, parent, logs).await
        }
        Ok(ControlRequest::Services(services::ServiceRequest::Upgrade { force })) => {
            drop(inside);
            parent.upgrade(stream, force).await
        }
        Ok(order) => {
            let reply = parent.reply(order, &inside).await;
            send_reply(&mut stream, &reply).await
        }
        Err(error) => {
            let why = format!(
                "this Kenduri does not know the command: {error}\n  run the command with the program that runs, or run `kenduri upgrade` first"
            );
            send_reply(&mut stream, &Reply::Error(why)).await
        }
    }
}

/// Until the followed service no longer exists or the client disconnects.
async fn follow(
    mut stream: tokio::net::UnixStream,
    parent: &ParentProcess,
    logs: Logs,
) -> Result<()> {
    let mut lines = match parent.follow(logs).await {
        Ok(lines) => lines,
        Err(error) => return send_reply(&mut stream, &Reply::Error(format!("{error:#}"))).await,
    };
    let mut nothing = [0];
    loop {
        let heard = tokio::select! {
            heard = lines.next() => heard,
            // The client sends nothing more, so this read ends only when it disconnects.
            _ = stream.read(&mut nothing) => return Ok(()),
        };
        let Some(supervisor::LogBatch { lines, missed }) = heard else {
            return Ok(());
        };
        let lines = services::ServiceResponse::Lines { lines, missed };
        send_reply(&mut stream, &Reply::Ok(ControlResponse::Services(lines))).await?;
    }
}
