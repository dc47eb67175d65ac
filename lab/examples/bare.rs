//! A bare axum server that answers one recorded answer to everything: what `cargo xtask bench page`
//! compares with. Started as `bare ADDRESS FILE`.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use clap::Parser;

/// One answer to everything.
#[derive(Parser)]
struct Arguments {
    /// Where to listen.
    address: SocketAddr,
    /// Status line, headers, an empty line, the body.
    file: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let (headers, body) = read(&fs::read(&arguments.file)?)?;
    let answer = move || {
        let answer = (headers.clone(), body.clone());
        async move { answer }
    };
    let listener = tokio::net::TcpListener::bind(arguments.address).await?;
    axum::serve(listener, Router::new().fallback(answer)).await?;
    Ok(())
}

fn read(recorded: &[u8]) -> Result<(HeaderMap, Bytes)> {
    let end = recorded
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .context("no end of the headers")?;
    let mut headers = HeaderMap::new();
    for line in std::str::from_utf8(&recorded[..end])?.split("\r\n").skip(1) {
        let (name, value) = line.split_once(": ").context("a header without a value")?;
        // These two the server writes itself.
        if !["content-length", "date"].contains(&name.to_ascii_lowercase().as_str()) {
            headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
    }
    Ok((headers, Bytes::copy_from_slice(&recorded[end + 4..])))
}
