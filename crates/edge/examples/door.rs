//! A folder and a router behind the whole door: `http://localhost:8080` leads to
//! `https://localhost:8443`, whose certificate nobody vouches for.

use std::path::Path;

use axum::{Router, routing::get};
use edge::{Description, Edge, Ground, Listen, Means, Plan, Route};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = Router::new().route("/hello", get(|| async { "Welcome.\n" }));
    let route = |path: &str, to: &str| Route {
        path: path.to_owned(),
        to: to.to_owned(),
        ..Route::default()
    };
    let description = Description {
        listen: Listen {
            https: vec!["127.0.0.1:8443".to_owned()],
            ..Listen::default()
        },
        route: vec![route("/", "files:."), route("/hello", "app")],
        ..Description::default()
    };
    let here = Ground {
        folder: Path::new("."),
        data: Path::new("."),
    };
    let plan = Plan::check(&description, &here).map_err(|flaws| format!("{flaws:?}"))?;
    let edge = Edge::start(plan, Means::default(), Some(&app))?;
    tokio::signal::ctrl_c().await?;
    edge.stop().await;
    Ok(())
}
