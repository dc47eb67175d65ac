//! `bare ADDRESS FILE`: a bare axum server that sends one recorded response to every request.
//! `cargo xtask bench page` compares Kenduri with this server.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use clap::Parser;

/// Sends one recorded response to every request.
#[derive(Parser)]
struct Arguments {
    /// The socket address to listen on.
    address: SocketAddr,
    /// The file that contains the response: status line, headers, an empty line and the body.
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
        // axum adds these two headers itself.
        if !["content-length", "date"].contains(&name.to_ascii_lowercase().as_str()) {
            headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
    }
    Ok((headers, Bytes::copy_from_slice(&recorded[end + 4..])))
}
