//! `bench watchers`: many clients that watch one countdown by server-sent events. Measures the
//! memory per client, the processor time while nothing happens, and the time until all clients know
//! of a reset.
//!
//! The clients connect from many loopback addresses, five from each. The result includes the memory
//! of the server's processes, but not the kernel's memory for the connections.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::client::{Client, get, open_from};
use super::load::figure;
use super::members::{self, Member};
use super::server::{Server, bytes, pinned};
use super::{median, milliseconds, new_folder};

/// That the server permits.
const MAX_OF_ONE_ADDRESS: usize = 5;
/// The number of descriptors for other purposes, in this process and in the server.
pub(super) const SPARE: usize = 200;
/// For freeing memory after all clients have connected.
const SETTLE: Duration = Duration::from_secs(5);
const RECEIPT_TIMEOUT: Duration = Duration::from_mins(1);
/// An account may create so many entries in ten minutes, besides the countdown's first one.
const MAX_RESETS: usize = 29;

/// The options of the benchmark.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Watching {
    /// Number of watching clients.
    #[arg(long, default_value_t = 10_000)]
    watchers: usize,
    /// Seconds in which nothing happens.
    #[arg(long, default_value_t = 60)]
    quiet: u64,
    /// The number of resets; medians are shown.
    #[arg(long, default_value_t = 5)]
    resets: usize,
}

pub(super) fn bench(runtime: &Runtime, kenduri: &Path, watching: Watching) -> Result<()> {
    let Watching {
        watchers,
        quiet,
        resets,
    } = watching;
    ensure!(
        (1..=MAX_RESETS).contains(&resets),
        "--resets may be 1 to {MAX_RESETS}"
    );
    raise_limit(watchers + SPARE)?;
    let folder = new_folder()?;
    let data = folder.path().join("data");
    let settings = [
        ("KENDURI_LISTEN_CONNECTIONS", watchers + SPARE),
        ("KENDURI_COUNTDOWNS_WATCHERS", watchers),
        (
            "KENDURI_COUNTDOWNS_WATCHERS_PER_NETWORK",
            MAX_OF_ONE_ADDRESS,
        ),
    ]
    .map(|(name, number)| (name, number.to_string()));
    let start = || Server::demo(pinned(kenduri.to_owned(), None), &data, &settings);
    drop(runtime.block_on(start())?);
    members::join(kenduri, &data, 1)?;
    runtime.block_on(LocalSet::new().run_until(async {
        let server = start().await?;
        let mut client = Client::open(server.address).await?;
        let owner = Member::sign_in(&mut client, 1).await?;
        let countdown = owner.count_up(&mut client, "coffee").await?;
        let [without, _] = stay_quiet(&server, quiet).await?;
        let before = server.resident()?;
        let begin = Instant::now();
        let audience = Rc::new(Audience::default());
        audience.gather(server.address, watchers).await?;
        let gathered = begin.elapsed();
        tokio::time::sleep(SETTLE).await;
        let after = server.resident()?;
        println!("\n{watchers} watch one countdown");
        println!("until all were there  {:>8.1} s", gathered.as_secs_f64());
        println!(
            "memory of a watcher   {:>8.1} kB  ({:.1} MB before, {:.1} MB with all)",
            (bytes(after) - bytes(before)) / figure(watchers) / 1e3,
            bytes(before) / 1e6,
            bytes(after) / 1e6
        );
        audience.heartbeats.set(0);
        let [with, idle_seconds] = stay_quiet(&server, quiet).await?;
        let heartbeats = audience.heartbeats.get();
        println!("\nwhile nothing happens, {quiet} s");
        println!("processor time, nobody watches    {without:>8.0} ms a minute");
        println!("processor time, all watch         {with:>8.0} ms a minute");
        println!(
            "that is, for each of {heartbeats} heartbeats {:>8.1} µs",
            (with - without) * 1e3 * figure(usize::try_from(quiet)?) / 60.0 / figure(heartbeats)
        );
        println!("seconds in which the server did nothing: {idle_seconds} of {quiet}");
        println!("goal: no work for a watcher beside the heartbeat, every 25 s");
        hear(&server, &audience, &owner, &countdown, resets).await
    }))
}

/// Raises this process's limit of open descriptors.
pub(super) fn raise_limit(wanted: usize) -> Result<()> {
    let wanted = u64::try_from(wanted)?;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    ensure!(
        maximum.is_none_or(|maximum| maximum >= wanted),
        "this needs {wanted} descriptors: ulimit -Hn {wanted}"
    );
    if current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            maximum,
        };
        setrlimit(Resource::Nofile, raised)?;
    }
    Ok(())
}

/// Returns the processor time in milliseconds per minute, and the seconds without any.
async fn stay_quiet(server: &Server, seconds: u64) -> Result<[f64; 2]> {
    let begin = server.processor_time()?;
    let (mut last, mut idle) = (begin, 0);
    for _ in 0..seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = server.processor_time()?;
        idle += usize::from(now == last);
        last = now;
    }
    let minutes = Duration::from_secs(seconds).as_secs_f64() / 60.0;
    let used = milliseconds(last.saturating_sub(begin));
    Ok([used / minutes, figure(idle)])
}

async fn hear(
    server: &Server,
    audience: &Audience,
    owner: &Member,
    countdown: &str,
    resets: usize,
) -> Result<()> {
    let mut client = Client::open(server.address).await?;
    let (mut figures, mut cost_us) = ([const { Vec::new() }; 4], Vec::new());
    for _ in 0..resets {
        audience.heard.borrow_mut().clear();
        let before = server.processor_time()?;
        let sent = Instant::now();
        owner.reset(&mut client, countdown).await?;
        let answered = sent.elapsed();
        let all = audience.count.get();
        while audience.heard.borrow().len() < all {
            ensure!(
                sent.elapsed() < RECEIPT_TIMEOUT && audience.count.get() == all,
                "{} of {all} heard of the reset, and {} are still there",
                audience.heard.borrow().len(),
                audience.count.get()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut heard = audience.heard.borrow().clone();
        heard.sort_unstable();
        let after = |instant: Option<&Instant>| {
            instant.map_or(f64::NAN, |instant| milliseconds(*instant - sent))
        };
        let turn = [
            milliseconds(answered),
            after(heard.first()),
            after(heard.get(heard.len() / 2)),
            after(heard.last()),
        ];
        for (figures, figure) in figures.iter_mut().zip(turn) {
            figures.push(figure);
        }
        let used = server.processor_time()?.saturating_sub(before);
        cost_us.push(used.as_secs_f64() * 1e6 / figure(all));
    }
    let [answered, first, middle, last] = figures.map(median);
    println!("\nfrom the request for a reset on; medians of {resets}");
    println!("its answer            {answered:>8.1} ms");
    println!("the first has heard   {first:>8.1} ms");
    println!("half of them          {middle:>8.1} ms");
    println!("the last              {last:>8.1} ms");
    println!(
        "processor time        {:>8.1} µs for each of them",
        median(cost_us)
    );
    Ok(())
}

#[derive(Default)]
struct Audience {
    /// The number of connected clients.
    count: Cell<usize>,
    heartbeats: Cell<usize>,
    /// The times at which clients received the event of the last reset.
    heard: RefCell<Vec<Instant>>,
}

impl Audience {
    /// One after another, so that the server refuses none.
    async fn gather(self: &Rc<Self>, address: SocketAddr, watchers: usize) -> Result<()> {
        let accept = "Accept: text/event-stream\r\n";
        let request = get("/u/member-1/coffee/events", accept);
        for number in 0..watchers {
            let source = Ipv4Addr::from_bits(
                Ipv4Addr::new(127, 1, 0, 1).to_bits() + u32::try_from(number / MAX_OF_ONE_ADDRESS)?,
            );
            let mut stream = open_from(IpAddr::V4(source), address).await?;
            stream.write_all(&request).await?;
            let mut received = Vec::with_capacity(1024);
            while !received.windows(4).any(|window| window == b"id: ") {
                let count = stream.read_buf(&mut received).await?;
                let said = String::from_utf8_lossy(&received);
                ensure!(
                    count > 0 && said.starts_with("HTTP/1.1 200"),
                    "watcher {number} was refused:\n{said}"
                );
            }
            self.count.set(self.count.get() + 1);
            tokio::task::spawn_local(Rc::clone(self).watch(stream));
        }
        Ok(())
    }

    async fn watch(self: Rc<Self>, mut stream: TcpStream) {
        let mut received = [0; 512];
        while let Ok(count @ 1..) = stream.read(&mut received).await {
            // The server writes each event or heartbeat in one piece.
            let is_event = received[..count]
                .windows(b"event: changed".len())
                .any(|window| window == b"event: changed");
            if is_event {
                self.heard.borrow_mut().push(Instant::now());
            } else {
                self.heartbeats.set(self.heartbeats.get() + 1);
            }
        }
        self.count.set(self.count.get() - 1);
    }
}
