//! Slow and hostile clients, with polite visitors whose response times are measured.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinSet;

use super::figures::{Polite, Waits};
use super::neighbours;
use super::place::{Place, Process};
use super::resets::{Sent, reset};
use super::visitors::{Duplex, Enough, Entrance, believing};
use crate::interrupt;

/// How long each kind of hostile client is observed.
pub(super) const WATCHED: Duration = Duration::from_secs(6);
/// Between two bytes of a slow client.
const DRIP: Duration = Duration::from_secs(1);
const SLOW: usize = 1_000;
const READERS: usize = 500;
const RESETTERS: usize = 2;
const HALF_OPEN: usize = 10_000;
/// Larger than all buffers between the server and a client.
const LARGE_FILE_BYTES: usize = 16 << 20;
/// The factor by which hostile clients may at most increase the other visitors' response times.
pub(super) const TIMES: u32 = 3;
/// The number of attempts. A bad result may be noise, which can only lengthen response times.
pub(super) const TRIES: usize = 3;
/// Times below this are mostly the noise of a shared machine.
pub(super) const NOISE: Duration = Duration::from_millis(10);
/// With unlimited buffers, slow readers would make Kenduri use 8 GB.
const GROWTH_KIB: u64 = 512 << 10;

const SETTINGS: &str = "hostile.toml";

#[derive(Clone, Copy)]
enum HostileClient {
    SlowHeads,
    SlowBodies,
    SlowReaders,
    Resets,
    HalfOpen,
}

impl HostileClient {
    const ALL: [Self; 5] = [
        Self::SlowHeads,
        Self::SlowBodies,
        Self::SlowReaders,
        Self::Resets,
        Self::HalfOpen,
    ];

    fn name(self) -> String {
        match self {
            Self::SlowHeads => format!("{SLOW} slow heads"),
            Self::SlowBodies => format!("{SLOW} slow bodies"),
            Self::SlowReaders => format!("{READERS} slow readers"),
            Self::Resets => format!("{RESETTERS} rapid resetters"),
            Self::HalfOpen => format!("{HALF_OPEN} half open"),
        }
    }
}

pub(super) async fn show(program: &Path) -> Result<()> {
    raise_descriptors()?;
    let place = Place::new()?;
    let server = neighbours::named("one").await?;
    fs::create_dir(place.path("files"))?;
    fs::write(place.path("files/large.bin"), vec![b'x'; LARGE_FILE_BYTES])?;
    let pair = Place::make_certificate()?;
    place.write_certificate(&pair)?;
    place.write_settings(
        SETTINGS,
        &format!(
            "[[route]]\npath = \"/api/\"\nto = \"http://{server}\"\n\
             [[route]]\nto = \"files:files\"\n"
        ),
    )?;
    let process = place.start(program, SETTINGS).await?;
    let believes = |protocol| believing(std::slice::from_ref(&pair.certificate), protocol);
    let doors = Doors {
        clear: Entrance::Clear(place.http()?),
        tls: Entrance::Tls(place.https()?, believes(b"http/1.1")?),
        http2: Entrance::Tls(place.https()?, believes(b"h2")?),
    };
    println!("\nWaits of polite visitors, and the most memory of the program meanwhile");
    println!(
        "{:<20}{:>9}{:>10}{:>10}{:>10}{:>12}",
        "", "answers", "p50", "p99", "of calm", "memory"
    );
    // This unmeasured run triggers one-time work, such as filling caches.
    watched(&doors, Duration::from_secs(1)).await?;
    process.forget_peak()?;
    let calm = watched(&doors, WATCHED).await?;
    let base = process.peak_kib()?;
    print_waits("calm", &calm, &calm, base);
    let mut broken = Vec::new();
    for kind in HostileClient::ALL {
        let mut failing = Vec::new();
        for _ in 0..TRIES {
            ensure!(!interrupt::is_wanted(), "interrupted");
            let (waits, memory) = beside(kind, &doors, &process).await?;
            print_waits(&kind.name(), &waits, &calm, memory);
            failing.clear();
            let allowed = (calm.percentile(99) * TIMES).max(NOISE);
            let p99 = waits.percentile(99);
            if p99 > allowed {
                failing.push(format!("{}: others wait {p99:?}", kind.name()));
            }
            if memory > base + GROWTH_KIB {
                failing.push(format!("{}: {memory} KiB of memory", kind.name()));
            }
            if failing.is_empty() {
                break;
            }
        }
        broken.append(&mut failing);
    }
    println!(
        "goals: p99 below {TIMES} × calm (or {NOISE:?}), memory below calm + {} MiB",
        GROWTH_KIB >> 10
    );
    process.terminate()?;
    let status = process.end().await?;
    ensure!(status.success(), "the program ended with {status}");
    ensure!(broken.is_empty(), "{}", broken.join("\n"));
    Ok(())
}

struct Doors {
    clear: Entrance,
    tls: Entrance,
    http2: Entrance,
}

async fn watched(doors: &Doors, time: Duration) -> Result<Waits> {
    let polite = Polite::begin(&[doors.clear.clone(), doors.tls.clone()])?;
    tokio::time::sleep(time).await;
    tokio::task::spawn_blocking(|| polite.end()).await?
}

/// The polite visitors' response times and Kenduri's peak memory.
async fn beside(kind: HostileClient, doors: &Doors, process: &Process) -> Result<(Waits, u64)> {
    let enough = Arc::new(Enough::default());
    let sent = Arc::new(Sent::default());
    let mut guests = JoinSet::new();
    let mut held = Vec::new();
    process.forget_peak()?;
    match kind {
        HostileClient::SlowHeads => {
            let head = "GET /api/1 HTTP/1.1\r\nX-Slow: ";
            drip(&mut guests, doors, head, &enough).await?;
        }
        HostileClient::SlowBodies => {
            let head = "POST /api/2 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n";
            drip(&mut guests, doors, head, &enough).await?;
        }
        HostileClient::SlowReaders => {
            for _ in 0..READERS {
                let ask = b"GET /large.bin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
                held.push(opened(&doors.clear, ask).await?);
            }
        }
        HostileClient::Resets => {
            for _ in 0..RESETTERS {
                let (sent, enough) = (Arc::clone(&sent), Arc::clone(&enough));
                guests.spawn(reset(doors.http2.clone(), sent, enough));
            }
        }
        HostileClient::HalfOpen => {
            for number in 0..HALF_OPEN {
                // One in ten clients stops in the middle of a TLS handshake.
                let (door, begun) = match (number % 10, &doors.tls) {
                    (0, Entrance::Tls(address, _)) => {
                        (&Entrance::Clear(*address), &b"\x16\x03\x01"[..])
                    }
                    _ => (&doors.clear, &b"GET / HTTP/1.1\r\nHo"[..]),
                };
                held.push(opened(door, begun).await?);
            }
        }
    }
    let waits = watched(doors, WATCHED).await?;
    let memory = process.peak_kib()?;
    enough.say();
    drop(held);
    guests.shutdown().await;
    if let HostileClient::Resets = kind {
        let (resets, away) = (
            sent.resets.load(Ordering::Relaxed),
            sent.away.load(Ordering::Relaxed),
        );
        ensure!(away > 0, "who resets {resets} streams is never sent away");
        println!("{:<20}{resets} streams reset, sent away {away} times", "");
    }
    Ok((waits, memory))
}

/// One byte per [`DRIP`] on each connection.
async fn drip(
    guests: &mut JoinSet<()>,
    doors: &Doors,
    head: &str,
    enough: &Arc<Enough>,
) -> Result<()> {
    for _ in 0..SLOW {
        let mut stream = opened(&doors.clear, head.as_bytes()).await?;
        let enough = Arc::clone(enough);
        guests.spawn(async move {
            while !enough.is_it() && stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(DRIP).await;
            }
        });
    }
    Ok(())
}

async fn opened(door: &Entrance, begun: &[u8]) -> Result<Box<dyn Duplex>> {
    let mut stream = door.open().await.context("connecting")?;
    stream.write_all(begun).await?;
    Ok(stream)
}

pub(super) fn print_waits(name: &str, waits: &Waits, calm: &Waits, memory_kib: u64) {
    let p99 = waits.percentile(99);
    println!(
        "{name:<20}{:>9}{:>7.2} ms{:>7.2} ms{:>10.1}{:>8.1} MiB",
        waits.count(),
        waits.percentile(50).as_secs_f64() * 1e3,
        p99.as_secs_f64() * 1e3,
        p99.as_secs_f64() / calm.percentile(99).as_secs_f64(),
        f64::from(u32::try_from(memory_kib).unwrap_or(u32::MAX)) / 1_024.0,
    );
}

/// Raises this process's limit of open descriptors as far as the system permits; Kenduri inherits
/// the limit.
pub(super) fn raise_descriptors() -> Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = maximum;
    setrlimit(Resource::Nofile, Rlimit { current, maximum })?;
    let needed = u64::try_from(HALF_OPEN + HALF_OPEN / 10)?;
    ensure!(
        current.is_none_or(|current| current >= needed),
        "{needed} descriptors are needed, and the limit is {current:?}: ulimit -Hn"
    );
    Ok(())
}
