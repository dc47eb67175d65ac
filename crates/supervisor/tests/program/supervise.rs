//! `supervise SERVICES.json FOLDER`: keeps the services in a file running, and prints
//! notifications, one JSON object per line. It is an example of a program that uses this crate, and
//! the tests run it.
//!
//! On SIGUSR2, `supervise` replaces itself with `FOLDER/next`, or with the same program if that
//! file does not exist. The services keep running.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use supervisor::{
    CheckDepth, Control, Notification, Plan, PlanContext, RunEnd, ServiceConfigs, Supervisor,
    SupervisorOptions, receive_handover,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;

fn main() -> ExitCode {
    supervisor::shim::run_if_asked();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(supervise()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

async fn supervise() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, file, folder] = words.as_slice() else {
        return Err("usage: supervise SERVICES.json FOLDER".into());
    };
    let (file, folder) = (Path::new(file), Path::new(folder));
    let means = SupervisorOptions {
        alive: Duration::from_secs(1),
        ..SupervisorOptions::in_folder(folder)
    };
    let ground = PlanContext {
        folder: file.parent().unwrap_or(folder),
        run: &means.run,
        inner: &BTreeMap::new(),
        environment: &BTreeMap::new(),
        user: None,
        depth: CheckDepth::Whole,
    };
    let description: ServiceConfigs = serde_json::from_slice(&std::fs::read(file)?)?;
    let plan = Plan::check(&description, &ground).map_err(|flaws| {
        let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        flaws.join("\n")
    })?;
    let (mut supervisor, control) = match receive_handover()? {
        None => Supervisor::new(&plan, means)?,
        Some(handed) => {
            let resumed = Supervisor::resume(&plan, means, handed.rest)?;
            let names: Vec<String> = handed.extra.into_iter().map(|(name, _)| name).collect();
            let note = String::from_utf8_lossy(&handed.note).into_owned();
            say(&json!({ "what": "resumed", "note": note, "extra": names }));
            resumed
        }
    };
    let mut news = control.notifications();
    listen(control)?;
    loop {
        let ended = {
            let run = supervisor.run();
            tokio::pin!(run);
            loop {
                tokio::select! {
                    told = news.recv() => tell(told),
                    ended = &mut run => break ended?,
                }
            }
        };
        while let Ok(told) = news.try_recv() {
            tell(Ok(told));
        }
        let RunEnd::HandedOver(everything) = ended else {
            return Ok(());
        };
        let next = folder.join("next");
        let next = if next.is_symlink() {
            next
        } else {
            "/proc/self/exe".into()
        };
        let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        let output = std::io::stdout();
        let stayed = everything.exec(&next, &arguments, &[("output", output.as_fd())], b"a note");
        say(&json!({ "what": "stayed", "why": stayed.why.to_string() }));
        supervisor = stayed.supervisor;
    }
}

/// Carries out the requests that signals make.
fn listen(control: Control) -> Result<(), Box<dyn Error>> {
    let mut end = signal(SignalKind::terminate())?;
    let mut renew = signal(SignalKind::user_defined2())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = end.recv() => return control.shut_down().await,
                _ = renew.recv() => if let Err(error) = control.hand_over().await {
                    say(&json!({ "what": "refused", "why": error.to_string() }));
                },
            }
        }
    });
    Ok(())
}

fn tell(told: Result<Notification, RecvError>) {
    if let Ok(news) = told {
        say(&news);
    }
}

fn say(what: &impl Serialize) {
    let line = serde_json::to_string(what).unwrap_or_default();
    // Whoever reads standard output may have exited.
    let _ = writeln!(std::io::stdout(), "{line}");
}
