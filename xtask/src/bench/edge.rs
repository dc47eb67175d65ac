//! `bench edge`: the front door beside Debian's nginx: same core, same files, same upstream.
//!
//! nginx stands there twice: with the settings of Debian's package, which the goals are held
//! against, and tuned, with its access log buffered and the files that it has open remembered.
//! The server that is measured has one core; h2load, the upstream and this process share another.
//! The doors are asked in turn within one run, and what is compared is the processor time that
//! the kernel says a request took: it does not depend on who had to wait for the client.

mod connections;
mod doors;
mod h2load;
mod handshakes;

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use tokio::runtime::Runtime;

use super::cores::Cores;
use super::load::figure;
use super::server::Server;
use super::{Turns, median, new_folder};

use doors::{Door, Doors};
use h2load::{Load, Protocol};

/// Connections that ask at once.
const CLIENTS: usize = 64;
/// Part of the slower door's peak at which the time of an answer is measured.
const CALM: f64 = 0.7;

/// What is asked for.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    path: &'static str,
    /// nginx's processor time over ours must be at least this, over HTTP/1.1 and over HTTP/2.
    goal: [f64; 2],
}

/// What both doors serve, and its size.
const FILES: [(&str, usize); 3] = [
    ("1k.bin", 1 << 10),
    ("100k.bin", 100 << 10),
    ("4m.bin", 4 << 20),
];

const CASES: [Case; 5] = [
    Case {
        name: "static 1 KiB",
        path: "/static/1k.bin",
        goal: [1.3, 1.3],
    },
    Case {
        name: "static 100 KiB",
        path: "/static/100k.bin",
        goal: [1.3, 1.3],
    },
    // More than we keep in memory.
    Case {
        name: "static 4 MiB",
        path: "/static/4m.bin",
        goal: [1.3, 1.3],
    },
    Case {
        name: "proxy to TCP",
        path: "/tcp/",
        goal: [1.0, 0.9],
    },
    Case {
        name: "proxy to unix",
        path: "/unix/",
        goal: [1.0, 0.9],
    },
];

pub(super) fn bench(runtime: &Runtime, turns: Turns, door: Option<&Path>) -> Result<()> {
    let folder = new_folder()?;
    prepare_files(folder.path())?;
    let cores = Cores::choose()?;
    cores.settle()?;
    runtime.block_on(async {
        let doors = Doors::open(folder.path(), cores.server, door).await?;
        println!("\nProcessor time of a request, medians of {} turns of {} s, {CLIENTS} connections, one core for the door", turns.rounds, turns.seconds);
        println!(
            "{:<16}{:<16}{:>10}{:>10}{:>10}{:>14}{:>7}{:>14}{:>12}{:>12}",
            "", "", "nginx", "tuned", "Kenduri", "nginx ÷ ours", "goal", "tuned ÷ ours", "p99 nginx", "p99 ours"
        );
        for protocol in Protocol::ALL {
            for case in CASES {
                row(&doors, protocol, case, turns)?;
            }
        }
        handshakes::compare(&doors, turns).await?;
        connections::compare(&doors).await
    })
}

/// The files that both doors serve.
fn prepare_files(folder: &Path) -> Result<()> {
    let files = folder.join("files/static");
    fs::create_dir_all(&files)?;
    for (name, size) in FILES {
        let bytes: Vec<u8> = (0..=250).cycle().take(size).collect();
        fs::write(files.join(name), bytes)?;
    }
    Ok(())
}

fn row(doors: &Doors, protocol: Protocol, case: Case, turns: Turns) -> Result<()> {
    let mut costs = [const { Vec::new() }; 3];
    let mut rates = [const { Vec::new() }; 3];
    for _ in 0..turns.rounds {
        for (which, door) in doors.all().into_iter().enumerate() {
            let turn = ask(door, protocol, case, turns.duration(), None)?;
            costs[which].push(turn.cost_us);
            rates[which].push(turn.per_second);
        }
    }
    let [theirs, tuned, ours] = costs.map(median);
    let [their_peak, _, our_peak] = rates.map(median);
    let pace = their_peak.min(our_peak) * CALM;
    let mut late = [Vec::new(), Vec::new()];
    for _ in 0..turns.rounds {
        for (which, door) in doors.both().into_iter().enumerate() {
            late[which].push(ask(door, protocol, case, turns.duration(), Some(pace))?.p99_us);
        }
    }
    let [their_p99, our_p99] = late.map(median);
    let goal = case.goal[usize::from(protocol == Protocol::Http2)];
    println!(
        "{:<16}{:<16}{theirs:>7.1} µs{tuned:>7.1} µs{ours:>7.1} µs{:>14.2}{goal:>7.1}{:>14.2}{:>9.2} ms{:>9.2} ms",
        protocol.name(),
        case.name,
        theirs / ours,
        tuned / ours,
        their_p99 / 1e3,
        our_p99 / 1e3,
    );
    Ok(())
}

/// One turn of one door.
struct Turn {
    per_second: f64,
    cost_us: f64,
    p99_us: f64,
}

fn ask(
    door: &Door,
    protocol: Protocol,
    case: Case,
    duration: Duration,
    pace: Option<f64>,
) -> Result<Turn> {
    let load = Load {
        url: door.url(protocol, case.path),
        protocol,
        connections: CLIENTS,
        duration,
        pace,
    };
    let before = door.server.processor_time()?;
    let heard = load.run()?;
    let used = door.server.processor_time()?.saturating_sub(before);
    Ok(Turn {
        per_second: figure(heard.answers) / heard.time.as_secs_f64(),
        cost_us: used.as_secs_f64() * 1e6 / figure(heard.answers),
        p99_us: heard.p99_us,
    })
}

/// Memory of a door, in KiB.
fn resident_kib(server: &Server) -> Result<f64> {
    Ok(usize::try_from(server.resident()?).map_or(f64::NAN, figure) / 1024.0)
}
