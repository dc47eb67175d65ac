//! `bench edge`: the edge compared with Debian's nginx, on the same core, with the same files and
//! the same upstream.
//!
//! nginx is measured twice: with the settings of Debian's package, to which the goals refer, and
//! tuned, with a buffered access log and a cache of open files. The measured server has one core;
//! h2load, the upstream and this process share another. Some rows are also measured with a worker
//! for each of two cores. Besides minimal requests as in most benchmarks, there are realistic ones:
//! a browser's headers, forms, pages, and responses as frameworks write them. The servers are
//! measured in alternating turns within one run. The compared value is the processor time per
//! request according to the kernel, which does not depend on how long the client waits.

mod app;
mod connections;
mod counter;
pub(super) mod doors;
mod h2load;
mod handshakes;
mod visitor;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::runtime::Runtime;

use super::cores::Cores;
use super::load::figure;
use super::server::Server;
use super::{Turns, median, new_folder};

use counter::Counter;
use doors::{Crew, Door, Doors};
use h2load::{Load, Protocol};

/// The number of concurrent connections.
const CLIENTS: usize = 64;
/// The fraction of the slower server's peak rate at which response times are measured.
const CALM: f64 = 0.7;

#[derive(Clone, Copy)]
pub(super) struct Case {
    name: &'static str,
    pub(super) path: &'static str,
    ask: Ask,
    /// The smallest acceptable ratio of nginx's processor time to ours, over HTTP/1.1 and over
    /// HTTP/2.
    goal: [f64; 2],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// A minimal request, as in most benchmarks.
    Barely,
    /// A request with the headers of a browser.
    AsBrowser,
    /// A `POST` request with a body of 1 KiB.
    Post,
    /// Mostly page requests, and now and then a form, on one connection per visitor.
    Mixed,
    /// A minimal request for a missing page.
    Missing,
}

impl Ask {
    /// Returns the headers that are added to h2load's own two or three.
    fn headers(self) -> &'static [&'static str] {
        const BARE: [&str; 1] = ["Accept-Encoding: identity"];
        // h2load also sends Host and User-Agent, so these make 14 lines.
        const BROWSER: [&str; 12] = [
            "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "Accept-Encoding: identity",
            "Accept-Language: ms-MY,ms;q=0.9,en-GB;q=0.8,en;q=0.7",
            "Cache-Control: max-age=0",
            "Connection: keep-alive",
            "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark",
            "Referer: http://127.0.0.1/wedding/rahma-and-farid?lang=ms",
            "Sec-Fetch-Dest: document",
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Site: same-origin",
            "Sec-CH-UA-Mobile: ?0",
            "Upgrade-Insecure-Requests: 1",
        ];
        if self == Self::AsBrowser {
            &BROWSER
        } else {
            &BARE
        }
    }
}

/// The file that is served, and also sent with POST.
const POSTED: &str = "1k.bin";
/// The files that all servers serve, with their sizes.
const FILES: [(&str, usize); 5] = [
    (POSTED, 1 << 10),
    ("20k.bin", 20 << 10),
    ("60k.bin", 60 << 10),
    ("100k.bin", 100 << 10),
    ("4m.bin", 4 << 20),
];

pub(super) const STATIC: Case = Case {
    name: "static 1 KiB",
    path: "/static/1k.bin",
    ask: Ask::Barely,
    goal: [1.3, 1.3],
};
const PROXY: Case = Case {
    name: "proxy to TCP",
    path: "/tcp/",
    ask: Ask::Barely,
    goal: [1.0, 0.9],
};
/// No server can reuse a connection to this upstream.
const CLOSING: Case = Case {
    name: "proxy, closed each time",
    path: "/closing/",
    ask: Ask::Barely,
    goal: [1.0, 0.9],
};

const CASES: [Case; 5] = [
    STATIC,
    Case {
        name: "static 100 KiB",
        path: "/static/100k.bin",
        ask: Ask::Barely,
        goal: [1.3, 1.3],
    },
    // Larger than the files that Kenduri caches in memory.
    Case {
        name: "static 4 MiB",
        path: "/static/4m.bin",
        ask: Ask::Barely,
        goal: [1.3, 1.3],
    },
    PROXY,
    Case {
        name: "proxy to unix",
        path: "/unix/",
        ask: Ask::Barely,
        goal: [1.0, 0.9],
    },
];

/// Requests and responses as sent by people and small services, over HTTP/1.1 in clear text.
const PEOPLE: [Case; 8] = [
    Case {
        name: "browser: static 1 KiB",
        path: STATIC.path,
        ask: Ask::AsBrowser,
        goal: [1.1, 1.1],
    },
    Case {
        name: "browser: proxy to TCP",
        path: PROXY.path,
        ask: Ask::AsBrowser,
        goal: [1.0, 1.0],
    },
    Case {
        name: "POST 1 KiB",
        path: PROXY.path,
        ask: Ask::Post,
        goal: [1.0, 1.0],
    },
    Case {
        name: "GET, with one POST in 20",
        path: PROXY.path,
        ask: Ask::Mixed,
        goal: [1.0, 1.0],
    },
    Case {
        name: "page of 20 KiB",
        path: "/tcp/page/20k.bin",
        ask: Ask::Barely,
        goal: [1.0, 1.0],
    },
    Case {
        name: "page of 60 KiB",
        path: "/tcp/page/60k.bin",
        ask: Ask::Barely,
        goal: [1.28, 1.28],
    },
    Case {
        name: "chunked 20 KiB",
        path: app::CHUNKED,
        ask: Ask::Barely,
        goal: [1.0, 1.0],
    },
    Case {
        name: "404 NOT FOUND of Flask",
        path: app::MISSING,
        ask: Ask::Missing,
        goal: [1.0, 1.0],
    },
];

/// The numbers of HTTP/2 connections, and of concurrent requests on each, since browsers send many
/// at once. The largest product equals the number of upstream connections that nginx is configured
/// to keep open.
const STREAMS: [(usize, usize); 3] = [(CLIENTS, 1), (8, 8), (4, 32)];

#[derive(Clone, Copy)]
struct Row {
    case: Case,
    protocol: Protocol,
    connections: usize,
    streams: usize,
}

impl Row {
    fn of(case: Case, protocol: Protocol) -> Self {
        Self {
            case,
            protocol,
            connections: CLIENTS,
            streams: 1,
        }
    }

    fn with_streams(self, (connections, streams): (usize, usize)) -> Self {
        Self {
            connections,
            streams,
            ..self
        }
    }

    fn name(&self) -> String {
        let (protocol, case) = (self.protocol.name(), self.case.name);
        format!("{protocol} {}x{} {case}", self.connections, self.streams)
    }

    fn goal(&self) -> f64 {
        self.case.goal[usize::from(self.protocol == Protocol::Http2)]
    }
}

/// Returns the rows that compare single workers on the same core.
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for protocol in Protocol::ALL {
        rows.extend(CASES.map(|case| Row::of(case, protocol)));
    }
    for streams in &STREAMS[1..] {
        rows.extend(
            [STATIC, PROXY].map(|case| Row::of(case, Protocol::Http2).with_streams(*streams)),
        );
    }
    rows.push(Row::of(CLOSING, Protocol::Http1));
    rows.extend(PEOPLE.map(|case| Row::of(case, Protocol::Http1)));
    rows
}

/// Returns the rows measured with a worker for each of two cores, which the client shares, as on a
/// small server.
fn rows_as_shipped() -> Vec<Row> {
    [STATIC, PROXY]
        .into_iter()
        .flat_map(|case| {
            let many = Row::of(case, Protocol::Http2).with_streams(STREAMS[1]);
            [Row::of(case, Protocol::Http1), many]
        })
        .chain(PEOPLE.map(|case| Row::of(case, Protocol::Http1)))
        .collect()
}

const AS_SHIPPED: &str = "as shipped: ";
const HANDSHAKES: &str = "handshakes";
const MEMORY: &str = "memory";

/// The rows that were requested.
struct Only<'a>(&'a [String]);

impl Only<'_> {
    fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let mut texts = self.0.iter();
        self.0.is_empty() || texts.any(|text| name.contains(&text.to_lowercase()))
    }

    fn of(&self, rows: Vec<Row>, group: &str) -> Vec<Row> {
        let wanted = |row: &Row| self.wants(&format!("{group}{}", row.name()));
        rows.into_iter().filter(wanted).collect()
    }

    /// Fails if no row matches.
    fn check(&self) -> Result<()> {
        let shipped = rows_as_shipped().into_iter();
        let shipped = shipped.map(|row| format!("{AS_SHIPPED}{}", row.name()));
        let others = [HANDSHAKES, MEMORY].map(str::to_owned);
        let mut all = rows().iter().map(Row::name).collect::<Vec<_>>();
        all.extend(shipped.chain(others));
        ensure!(
            all.iter().any(|name| self.wants(name)),
            "no row is called so; there are:\n{}",
            all.join("\n")
        );
        Ok(())
    }
}

pub(super) fn bench(
    runtime: &Runtime,
    turns: Turns,
    program: Option<&Path>,
    only: &[String],
) -> Result<()> {
    let only = Only(only);
    only.check()?;
    let folder = new_folder()?;
    let cores = Cores::choose()?;
    cores.settle()?;
    let counter = Counter::look();
    runtime.block_on(async {
        let (wanted, handshakes, memory) = (
            only.of(rows(), ""),
            only.wants(HANDSHAKES),
            only.wants(MEMORY),
        );
        if !wanted.is_empty() || handshakes || memory {
            let crew = Crew {
                cores: &[cores.server],
                program,
            };
            let doors = Doors::open(&prepare(folder.path(), "one")?, crew).await?;
            print_head(turns, "one worker on a core of its own");
            for row in wanted {
                let table = Table {
                    doors: &doors,
                    cores: &[],
                    counter: &counter,
                };
                table.measure(row, turns).await?;
            }
            if handshakes {
                handshakes::compare(&doors, turns).await?;
            }
            if memory {
                connections::compare(&doors).await?;
            }
        }
        let wanted = only.of(rows_as_shipped(), AS_SHIPPED);
        if wanted.is_empty() {
            return Ok(());
        }
        let cores = cores.both();
        let crew = Crew {
            cores: &cores,
            program,
        };
        let doors = Doors::open(&prepare(folder.path(), "shipped")?, crew).await?;
        print_head(
            turns,
            "as shipped: two workers on two cores, and the client on both",
        );
        for row in wanted {
            let table = Table {
                doors: &doors,
                cores: &cores,
                counter: &counter,
            };
            table.measure(row, turns).await?;
        }
        Ok(())
    })
}

fn print_head(turns: Turns, how: &str) {
    println!(
        "\nProcessor time of a request, medians of {} turns of {} s, {how}",
        turns.rounds, turns.seconds
    );
    println!(
        "{:<42}{:>10}{:>10}{:>10}{:>14}{:>7}{:>14}{:>12}{:>12}{:>24}",
        "",
        "nginx",
        "tuned",
        "Kenduri",
        "nginx ÷ ours",
        "goal",
        "tuned ÷ ours",
        "p99 nginx",
        "p99 ours",
        "instructions of each"
    );
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

/// The servers and tools with which the rows are measured.
struct Table<'a> {
    doors: &'a Doors,
    /// The cores of the client; if empty, it runs on its own core.
    cores: &'a [usize],
    counter: &'a Counter,
}

struct Turn {
    per_second: f64,
    cost_us: f64,
    p99_us: f64,
    /// The instructions per request; `None` if this machine cannot count them.
    instructions: Option<f64>,
}

impl Table<'_> {
    async fn measure(&self, row: Row, turns: Turns) -> Result<()> {
        let [mut costs, mut rates, mut instructions] = [const { [const { Vec::new() }; 3] }; 3];
        for _ in 0..turns.rounds {
            for (which, door) in self.doors.all().into_iter().enumerate() {
                let turn = self.ask(door, row, turns.duration(), None).await?;
                costs[which].push(turn.cost_us);
                rates[which].push(turn.per_second);
                instructions[which].extend(turn.instructions);
            }
        }
        let [theirs, tuned, ours] = costs.map(median);
        let [their_peak, _, our_peak] = rates.map(median);
        let [their_instructions, tuned_instructions, our_instructions] = instructions.map(shown);
        let pace = their_peak.min(our_peak) * CALM;
        let mut late = [Vec::new(), Vec::new()];
        for _ in 0..turns.rounds {
            for (which, door) in self.doors.both().into_iter().enumerate() {
                let turn = self.ask(door, row, turns.duration(), Some(pace)).await?;
                late[which].push(turn.p99_us);
            }
        }
        let [their_p99, our_p99] = late.map(median);
        println!(
            "{:<42}{theirs:>7.1} µs{tuned:>7.1} µs{ours:>7.1} µs{:>14.2}{:>7.1}{:>14.2}{:>9.2} ms{:>9.2} ms{:>8}{:>8}{:>8}",
            row.name(),
            theirs / ours,
            row.goal(),
            tuned / ours,
            their_p99 / 1e3,
            our_p99 / 1e3,
            their_instructions,
            tuned_instructions,
            our_instructions,
        );
        Ok(())
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

/// Returns the median of some figures as text, empty if there are none.
fn shown(figures: Vec<f64>) -> String {
    if figures.is_empty() {
        return "-".to_owned();
    }
    format!("{:.0}", median(figures))
}

fn resident_kib(server: &Server) -> Result<f64> {
    Ok(usize::try_from(server.resident()?).map_or(f64::NAN, figure) / 1024.0)
}
