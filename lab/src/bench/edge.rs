//! `bench edge`: compares the edge with Debian's nginx, and with `HAProxy` where both are proxies:
//! same core, same files, same upstream.
//!
//! nginx is tuned, with a buffered access log and a cache of open files; `HAProxy` logs to a ring
//! in memory. The measured server has one core; h2load, the upstream and this process share
//! another. Some rows are also measured with two cores and a worker on each. In addition to minimal
//! requests as in most benchmarks, there are realistic ones: a browser's headers, forms, pages, and
//! responses as frameworks write them. The servers are measured in alternating turns within one
//! run. The compared value is the processor time per request according to the kernel, which does
//! not depend on how long the client waits.

mod app;
mod counter;
pub(super) mod doors;
mod h2load;
mod handshakes;
mod haproxy;
pub(super) mod instructions;
mod memory;
mod results;
mod rows;
mod visitor;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::cores::Cores;
use super::load::figure;
use super::{Turns, median, new_folder};
use crate::interrupt;

use counter::Counter;
use doors::{Crew, Door, Doors};
use h2load::Load;
use memory::Held;
use results::{Measured, Results};
pub(super) use rows::STATIC;
use rows::{Ask, Row, rows, rows_as_shipped};

/// Of the slower server's peak request rate.
const CALM: f64 = 0.7;
/// Before and after the requests of a turn, in seconds.
const AROUND: f64 = 0.15;
/// In seconds.
const MEMORY_TIME: f64 = 15.0;

/// Also the body of POST requests.
const POSTED: &str = "1k.bin";
const FILES: [(&str, usize); 5] = [
    (POSTED, 1 << 10),
    ("20k.bin", 20 << 10),
    ("60k.bin", 60 << 10),
    ("100k.bin", 100 << 10),
    ("4m.bin", 4 << 20),
];

const AS_SHIPPED: &str = "as shipped: ";
const HANDSHAKES: &str = "full TLS 1.3 handshakes";

pub(super) struct Wanted<'a> {
    pub(super) turns: Turns,
    /// The program to measure instead of the release build of Kenduri.
    pub(super) program: Option<&'a Path>,
    /// Only rows whose name contains one of these strings are measured; all rows if there are no
    /// strings.
    pub(super) rows: &'a [String],
    /// The Markdown file to which the results are written.
    pub(super) into: &'a Path,
    /// Whether rows that are already in the table are skipped.
    pub(super) is_resumed: bool,
}

struct Pending {
    memory: Vec<Held>,
    single: Vec<Row>,
    handshakes: bool,
    shipped: Vec<Row>,
}

impl Wanted<'_> {
    fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let mut texts = self.rows.iter();
        self.rows.is_empty() || texts.any(|text| name.contains(&text.to_lowercase()))
    }

    fn pending(&self, results: &Results) -> Result<Pending> {
        let mut all = vec![HANDSHAKES.to_owned()];
        all.extend(Held::ALL.map(Held::name));
        all.extend(rows().iter().map(Row::name));
        all.extend(rows_as_shipped().iter().map(shipped_name));
        ensure!(
            all.iter().any(|name| self.wants(name)),
            "no row is called so; there are:\n{}",
            all.join("\n")
        );
        let is_pending = |name: &str| self.wants(name) && !results.has(name);
        Ok(Pending {
            memory: Held::ALL
                .into_iter()
                .filter(|held| is_pending(&held.name()))
                .collect(),
            single: rows()
                .into_iter()
                .filter(|row| is_pending(&row.name()))
                .collect(),
            handshakes: is_pending(HANDSHAKES),
            shipped: rows_as_shipped()
                .into_iter()
                .filter(|row| is_pending(&shipped_name(row)))
                .collect(),
        })
    }
}

impl Pending {
    /// Approximate.
    fn seconds(&self, turns: Turns) -> f64 {
        let of_rows = self.single.iter().chain(&self.shipped).map(|row| {
            let servers = if row.is_proxied() { 3 } else { 2 };
            servers + if row.is_timed() { servers } else { 0 }
        });
        let handshakes = if self.handshakes { 3 } else { 0 };
        let count = figure((of_rows.sum::<usize>() + handshakes) * turns.rounds);
        count * (turns.duration().as_secs_f64() + AROUND) + figure(self.memory.len()) * MEMORY_TIME
    }
}

fn shipped_name(row: &Row) -> String {
    format!("{AS_SHIPPED}{}", row.name())
}

pub(super) fn bench(runtime: &Runtime, wanted: &Wanted<'_>) -> Result<()> {
    let turns = wanted.turns;
    println!(
        "Processor time of a request, medians of {} turns of {} s",
        turns.rounds, turns.seconds
    );
    let mut results = Results::open(wanted.into, wanted.is_resumed)?;
    let pending = wanted.pending(&results)?;
    println!("this takes about {:.0} s", pending.seconds(turns));
    raise_descriptors()?;
    let folder = new_folder()?;
    let cores = Cores::choose()?;
    cores.settle()?;
    let counter = Counter::look();
    runtime.block_on(async {
        let one = [cores.server];
        let crew = Crew {
            cores: &one,
            program: wanted.program,
            counts: None,
        };
        for held in pending.memory {
            // Each row gets newly started servers, whose memory earlier rows have not changed.
            let doors = open(&folder, "memory", crew).await?;
            results.add(&[held.compare(&doors).await?])?;
        }
        if !pending.single.is_empty() || pending.handshakes {
            let doors = open(&folder, "one", crew).await?;
            let table = Table {
                doors: &doors,
                cores: &[],
                counter: &counter,
                turns,
            };
            for row in pending.single {
                results.add(&table.measure(row, row.name()).await?)?;
            }
            if pending.handshakes {
                results.add(&[handshakes::compare(&doors, turns).await?])?;
            }
        }
        if !pending.shipped.is_empty() {
            let cores = cores.both();
            let crew = Crew {
                cores: &cores,
                ..crew
            };
            let doors = open(&folder, "shipped", crew).await?;
            let table = Table {
                doors: &doors,
                cores: &cores,
                counter: &counter,
                turns,
            };
            for row in pending.shipped {
                results.add(&table.measure(row, shipped_name(&row)).await?)?;
            }
        }
        println!("the table is in {}", wanted.into.display());
        Ok(())
    })
}

async fn open(folder: &TempDir, name: &str, crew: Crew<'_>) -> Result<Doors> {
    ensure!(!interrupt::is_wanted(), "interrupted");
    Doors::open_all(&prepare(folder.path(), name)?, crew).await
}

/// The servers inherit the limit of open descriptors.
fn raise_descriptors() -> Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current, maximum })?)
}

/// Creates a folder for the servers, with the files that all of them serve.
pub(super) fn prepare(folder: &Path, name: &str) -> Result<PathBuf> {
    let folder = folder.join(name);
    let files = folder.join("files/static");
    fs::create_dir_all(&files)?;
    for (name, size) in FILES {
        let bytes: Vec<u8> = (0..=250).cycle().take(size).collect();
        fs::write(files.join(name), bytes)?;
    }
    Ok(folder)
}

struct Table<'a> {
    doors: &'a Doors,
    /// The client's cores; if empty, the client runs on its own core.
    cores: &'a [usize],
    counter: &'a Counter,
    turns: Turns,
}

struct Turn {
    per_second: f64,
    cost_us: f64,
    p99_us: f64,
    /// The instructions per request; `None` if this machine cannot count them.
    instructions: Option<f64>,
}

impl Table<'_> {
    async fn measure(&self, row: Row, name: String) -> Result<Vec<Measured>> {
        let doors = self.doors.of(row.is_proxied());
        let turns = self.turns(&doors, row, None).await?;
        let of = |figure: fn(&Turn) -> f64| turns.each_ref().map(|turns| middle(turns, figure));
        let [nginx, haproxy, ours] = of(|turn| turn.cost_us);
        let [their_instructions, _, our_instructions] = turns.each_ref().map(|turns| {
            let counted: Option<Vec<_>> = turns.iter().map(|turn| turn.instructions).collect();
            counted.filter(|counted| !counted.is_empty()).map(median)
        });
        let mut measured = Vec::new();
        if row.is_timed() {
            let rates = of(|turn| turn.per_second);
            let pace = rates[0].min(rates[2]) * CALM;
            let paced = self.turns(&doors, row, Some(pace)).await?;
            let late = paced
                .each_ref()
                .map(|turns| middle(turns, |turn| turn.p99_us));
            let timed = |what: &str, unit, figures: [f64; 3], is_rate| Measured {
                name: format!("{name}: {what}"),
                unit,
                nginx: figures[0],
                haproxy: Some(figures[1]),
                ours: figures[2],
                goal: "1.0".to_owned(),
                is_rate,
                instructions: None,
            };
            measured.push(timed("requests, ours ÷ nginx", "/s", rates, true));
            measured.push(timed("p99 at 0.7 of the rate", "µs", late, false));
        }
        measured.push(Measured {
            name,
            unit: "µs",
            nginx,
            haproxy: row.is_proxied().then_some(haproxy),
            ours,
            goal: row.goal.to_string(),
            is_rate: false,
            instructions: their_instructions
                .zip(our_instructions)
                .map(|(theirs, ours)| [theirs, ours]),
        });
        Ok(measured)
    }

    /// `HAProxy` only if it is compared.
    async fn turns(
        &self,
        doors: &[Option<&Door>; 3],
        row: Row,
        pace: Option<f64>,
    ) -> Result<[Vec<Turn>; 3]> {
        let mut turns = [const { Vec::new() }; 3];
        for _ in 0..self.turns.rounds {
            ensure!(!interrupt::is_wanted(), "interrupted");
            for (door, turns) in doors.iter().zip(&mut turns) {
                if let Some(door) = door {
                    turns.push(self.ask(door, row, self.turns.duration(), pace).await?);
                }
            }
        }
        Ok(turns)
    }

    async fn ask(
        &self,
        door: &Door,
        row: Row,
        duration: Duration,
        pace: Option<f64>,
    ) -> Result<Turn> {
        if row.case.ask == Ask::Mixed {
            return visitor::ask(door, row, duration).await;
        }
        let load = Load {
            url: door.url(row.protocol, row.case.path),
            protocol: row.protocol,
            connections: row.connections,
            streams: row.streams,
            duration,
            pace,
            cores: self.cores.to_vec(),
            headers: row.case.ask.headers(),
            body: (row.case.ask == Ask::Post).then(|| self.doors.file(POSTED)),
            status: if row.case.ask == Ask::Missing {
                '4'
            } else {
                '2'
            },
        };
        let before = door.server.processor_time()?;
        let heard = load.run(self.counter, &door.server.processes()?)?;
        let used = door.server.processor_time()?.saturating_sub(before);
        let answers = figure(heard.answers);
        Ok(Turn {
            per_second: answers / heard.time.as_secs_f64(),
            cost_us: used.as_secs_f64() * 1e6 / answers,
            p99_us: heard.p99_us,
            instructions: heard.instructions.map(|all| all / answers),
        })
    }
}

fn middle(turns: &[Turn], figure: fn(&Turn) -> f64) -> f64 {
    median(turns.iter().map(figure).collect())
}
