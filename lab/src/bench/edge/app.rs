//! A service whose responses resemble those of small frameworks and differ from nginx's: they have
//! a chunked body and an unusual reason phrase.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use anyhow::Result;

pub(super) const CHUNKED: &str = "/app/chunked";
pub(super) const MISSING: &str = "/app/missing";
/// The path of an event stream that contains a single event.
pub(super) const EVENTS: &str = "/app/events";

/// Small because each open stream occupies a thread.
const STACK_BYTES: usize = 128 << 10;

/// Starts the service, which runs until this process ends.
pub(super) fn start() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::Builder::new()
        .name("app".to_owned())
        .spawn(move || {
            for stream in listener.incoming().flatten() {
                // Connection errors are ignored, because a client may disconnect at any time.
                let _ = thread::Builder::new()
                    .stack_size(STACK_BYTES)
                    .spawn(|| answer(stream));
            }
        })?;
    Ok(address)
}

/// The requests must not have bodies.
fn answer(mut stream: TcpStream) -> Result<()> {
    let (chunked, missing) = (chunked(), missing());
    stream.set_nodelay(true)?;
    let mut received = Vec::new();
    let mut piece = [0; 4_096];
    loop {
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        received.extend_from_slice(&piece[..count]);
        if received.ends_with(b"\r\n\r\n") {
            let asks_for = |path: &str| received[4..].starts_with(path.as_bytes());
            stream.write_all(if asks_for(CHUNKED) {
                &chunked
            } else if asks_for(EVENTS) {
                EVENT
            } else {
                &missing
            })?;
            received.clear();
        }
    }
}

/// `X-Accel-Buffering: no` tells nginx not to buffer the stream.
const EVENT: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n\
    Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 0\n\n\r\n";

/// 4 KiB each, as a template engine produces it.
fn chunked() -> Vec<u8> {
    let piece = format!("1000\r\n{}\r\n", "k".repeat(4 << 10)).repeat(5);
    format!(
        "HTTP/1.1 200 OK\r\nServer: app\r\nContent-Type: text/html; charset=utf-8\r\n\
         Transfer-Encoding: chunked\r\n\r\n{piece}0\r\n\r\n"
    )
    .into_bytes()
}

/// Werkzeug writes reason phrases in capitals.
fn missing() -> Vec<u8> {
    let page = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n\
                <p>The requested URL was not found on the server.</p>\n";
    format!(
        "HTTP/1.1 404 NOT FOUND\r\nServer: app\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\n\r\n{page}",
        page.len()
    )
    .into_bytes()
}
