//! One address opens as many connections as it can, while visitors from other addresses open a new
//! connection for each request.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, getrlimit};
use tokio::net::TcpStream;

use super::figures::Waits;
use super::hostile::{NOISE, TIMES, TRIES, WATCHED, print_waits, raise_descriptors};
use super::neighbours;
use super::place::Place;
use super::resets::frame;
use super::visitors::{Enough, Entrance, believing, connect_from, exchange, numbered};
use crate::interrupt;

const CROWD: usize = 20_000;
/// Besides those of the crowd's connections.
const OTHERS: usize = 1_000;
/// Kenduri's default.
const PLACES: u32 = 4_096;
const GREEDY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// A debug build may grow by twice as much, because its tasks are larger.
const GROWTH_KIB: u64 = 64 << 10;
/// Each from an address of its own, and with this time between two requests.
const VISITORS: u8 = 4;
const PACE: Duration = Duration::from_millis(20);
const SETTINGS: &str = "crowd.toml";

pub(super) async fn show(program: &Path, is_debug: bool) -> Result<()> {
    let growth = GROWTH_KIB * if is_debug { 2 } else { 1 };
    raise_descriptors()?;
    let limit = getrlimit(Resource::Nofile).current;
    let limit = limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or_default()
    });
    let crowd = CROWD.min(limit.saturating_sub(OTHERS));
    ensure!(crowd > PLACES as usize, "too few descriptors: ulimit -Hn");
    let place = Place::new()?;
    let server = neighbours::named("one").await?;
    let pair = Place::make_certificate()?;
    place.write_certificate(&pair)?;
    fs::create_dir(place.path("files"))?;
    fs::write(place.path("files/large.bin"), vec![b'x'; 1 << 20])?;
    let routes = format!(
        "[[route]]\npath = \"/api/\"\nto = \"http://{server}\"\n[[route]]\nto = \"files:files\"\n"
    );
    place.write_settings_for(SETTINGS, PLACES, &routes)?;
    let process = place.start(program, SETTINGS).await?;
    let doors = [
        Entrance::Clear(place.http()?),
        Entrance::Tls(place.https()?, believing(&[pair.certificate], b"http/1.1")?),
    ];
    println!("\nWaits of visitors who come anew each time, of {PLACES} connections at most");
    Newcomers::begin(&doors)?
        .after(Duration::from_secs(1))
        .await?;
    process.forget_peak()?;
    let calm = Newcomers::begin(&doors)?.after(WATCHED).await?;
    let base = process.peak_kib()?;
    print_waits("calm", &calm, &calm, base);
    let name = format!("{crowd} of one address");
    if crowd < CROWD {
        println!("{name}, not {CROWD}: more descriptors are not to be had (ulimit -Hn)");
    }
    let mut failing = Vec::new();
    for _ in 0..TRIES {
        ensure!(!interrupt::is_wanted(), "interrupted");
        process.forget_peak()?;
        let opened = open(crowd, place.http()?).await?;
        let waits = Newcomers::begin(&doors)?.after(WATCHED).await?;
        let memory = process.peak_kib()?;
        print_waits(&name, &waits, &calm, memory);
        let kept = opened.iter().filter(|stream| is_open(stream)).count();
        println!("{:<20}{kept} of them are open at the end", "");
        failing.clear();
        if kept < PLACES as usize / 2 {
            failing.push(format!("only {kept} connections of {PLACES} were taken"));
        }
        let (p99, allowed) = (waits.percentile(99), calm.percentile(99) * TIMES);
        if p99 > allowed.max(NOISE) {
            failing.push(format!("{name}: others wait {p99:?}"));
        }
        if memory > base + growth {
            failing.push(format!("{name}: {memory} KiB of memory"));
        }
        if failing.is_empty() {
            break;
        }
    }
    println!(
        "goals: p99 below {TIMES} × calm (or {NOISE:?}), memory below calm + {} MiB",
        growth >> 10
    );
    process.terminate()?;
    let status = process.end().await?;
    ensure!(status.success(), "the program ended with {status}");
    ensure!(failing.is_empty(), "{}", failing.join("\n"));
    Ok(())
}

/// Some send nothing, some an incomplete request head, some are idle after a response, and some use
/// HTTP/2 and do not read the response. The server may refuse any of them at any moment.
async fn open(crowd: usize, address: SocketAddr) -> Result<Vec<TcpStream>> {
    let answered = format!("GET /api/1 HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes();
    let kinds = [
        Vec::new(),
        b"GET / HTTP/1.1\r\nHo".to_vec(),
        answered,
        unread_stream(),
    ];
    let mut opened = Vec::with_capacity(crowd);
    for begun in kinds.iter().cycle().take(crowd) {
        let stream = connect_from(Some(GREEDY), address).await?;
        if stream.writable().await.is_ok() {
            let _ = stream.try_write(begun);
        }
        opened.push(stream);
    }
    Ok(opened)
}

/// Requests a file with a flow-control window of 0, so that the server cannot send the response.
fn unread_stream() -> Vec<u8> {
    const SETTINGS: u8 = 4;
    const HEADERS: u8 = 1;
    const END_OF_BOTH: u8 = 0x5;
    const NO_WINDOW: [u8; 6] = [0, 4, 0, 0, 0, 0];
    const PATH: &[u8] = b"/large.bin";
    const NAME: &[u8] = b"127.0.0.1";
    // GET and http are in the static table (RFC 7541, appendix A).
    let mut head = vec![0x82, 0x86, 0x04, 10];
    head.extend_from_slice(PATH);
    head.extend([0x01, 9]);
    head.extend_from_slice(NAME);
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, 0, &NO_WINDOW),
        frame(HEADERS, END_OF_BOTH, 1, &head),
    ]
    .concat()
}

fn is_open(stream: &TcpStream) -> bool {
    let mut heard = [0; 4 << 10];
    loop {
        match stream.try_read(&mut heard) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }
}

/// A new connection for each request, on a thread of their own.
struct Newcomers {
    enough: Arc<Enough>,
    thread: JoinHandle<Result<Vec<Duration>>>,
}

impl Newcomers {
    fn begin(doors: &[Entrance]) -> Result<Self> {
        let enough = Arc::new(Enough::default());
        let (ends, doors) = (Arc::clone(&enough), doors.to_vec());
        let thread = std::thread::Builder::new()
            .name("newcomers".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(async {
                    let visits = doors.iter().cycle().zip(0..VISITORS);
                    let visits = visits.map(|(door, number)| visit(door, number, &ends));
                    let waits = futures_util::future::try_join_all(visits).await?;
                    Ok(waits.concat())
                })
            })?;
        Ok(Self { enough, thread })
    }

    /// Stops the visitors and returns their response times.
    async fn after(self, time: Duration) -> Result<Waits> {
        tokio::time::sleep(time).await;
        self.enough.say();
        let waits = tokio::task::spawn_blocking(|| self.thread.join()).await?;
        let waits = waits
            .ok()
            .context("the thread of the visitors panicked")??;
        Ok(Waits::of(waits))
    }
}

async fn visit(door: &Entrance, number: u8, enough: &Enough) -> Result<Vec<Duration>> {
    let client = Ipv4Addr::new(127, 0, 0, 10 + number);
    let mut waits = Vec::new();
    while !enough.is_it() {
        let (request, _) = numbered(door, 1);
        let begin = Instant::now();
        let mut stream = door.open_from(Some(client)).await.context("connecting")?;
        exchange(&mut *stream, &request).await?;
        waits.push(begin.elapsed());
        drop(stream);
        tokio::time::sleep(PACE).await;
    }
    Ok(waits)
}
