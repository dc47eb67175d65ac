//! `supervise SERVICES.json FOLDER`: keeps the services of a file running and prints what happens,
//! one JSON object on each line. The crate as a program of its own, and its tests' other process.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use supervisor::{Description, Ground, Means, Plan, Supervisor};
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
    let means = Means::in_folder(folder);
    let ground = Ground {
        folder: file.parent().unwrap_or(folder),
        run: &means.run,
        inner: &BTreeMap::new(),
        environment: &BTreeMap::new(),
    };
    let description: Description = serde_json::from_slice(&std::fs::read(file)?)?;
    let plan = Plan::check(&description, &ground).map_err(|flaws| {
        let flaws: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        flaws.join("\n")
    })?;
    let (supervisor, control) = Supervisor::new(&plan, means)?;
    let mut news = control.news();
    tokio::spawn(async move {
        loop {
            match news.recv().await {
                Ok(news) => {
                    let line = serde_json::to_string(&news).unwrap_or_default();
                    // Nobody may be reading.
                    let _ = writeln!(std::io::stdout(), "{line}");
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
    let mut end = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        end.recv().await;
        control.shut_down().await
    });
    supervisor.run().await?;
    Ok(())
}
