//! Serves a folder and a router through the whole edge, over HTTP at port 8080 and HTTPS at port
//! 8443.
//!
//! The optional argument is a settings file with `listen`, `tls`, `route`, `upstream` and `log.to`.
//! `cargo xtask bench edge --door` passes one.

use std::error::Error;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use axum::{Router, routing::get};
use edge::access_log::{Format, Log, Writing};
use edge::{Description, Edge, Listen, Options, Plan, PlanContext, Route};

#[tokio::main(worker_threads = 1)]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new().route("/hello", get(|| async { "Welcome.\n" }));
    let (description, options, _written) = match std::env::args_os().nth(1) {
        Some(file) => described(Path::new(&file))?,
        None => (here(), Options::default(), None),
    };
    let ground = PlanContext {
        folder: Path::new("."),
        data: Path::new("."),
        services: &[],
    };
    let plan = Plan::check(&description, &ground).map_err(|flaws| format!("{flaws:?}"))?;
    let edge = Edge::start(plan, options, Some(&app))?;
    tokio::signal::ctrl_c().await?;
    edge.stop().await;
    Ok(())
}

fn here() -> Description {
    let route = |path: &str, to: &str| Route {
        path: path.to_owned(),
        to: to.to_owned(),
        ..Route::default()
    };
    Description {
        listen: Listen {
            https: vec!["127.0.0.1:8443".to_owned()],
            ..Listen::default()
        },
        route: vec![route("/", "files:."), route("/hello", "app")],
        ..Description::default()
    }
}

/// Reads a settings file. Paths in it are relative to the file's folder.
fn described(file: &Path) -> Result<(Description, Options, Option<Writing>), Box<dyn Error>> {
    let mut written: toml::Table = std::fs::read_to_string(file)?.parse()?;
    written.remove("data");
    let log = written.remove("log");
    if let Some(folder) = file.parent().filter(|folder| folder.is_dir()) {
        std::env::set_current_dir(folder)?;
    }
    let to = log.as_ref().and_then(|log| log.get("to")?.as_str());
    let (log, writing) = to
        .map(|folder| {
            std::fs::create_dir_all(folder)?;
            let file = File::create(Path::new(folder).join("access.log"))?;
            Log::start(Format::Json, Arc::new(|text, _| text.into()), file)
        })
        .transpose()?
        .unzip();
    let options = Options {
        workers: std::thread::available_parallelism()?.into(),
        log,
        ..Options::default()
    };
    Ok((written.try_into()?, options, writing))
}
