//! `bench rsvp`: durable RSVPs per second over HTTP.
//!
//! Each client is a household with its own invitation, and every save changes a reply. No event has
//! a seat limit, because on PostgreSQL such a limit makes households wait for each other. Three
//! servers run side by side: the first with default settings, the second with one transaction per
//! request, and the third with `synchronous=OFF`, which does not depend on the disk. The first is
//! also measured with the older API. Then every flush is slowed down by 5 ms, and counted.
//!
//! For comparison, a tuned nginx on two cores, with a worker on each, serves a file of 1 KiB to the
//! same clients. An RSVP's processor time is shown as a multiple of that file's processor time, so
//! that the results of different machines can be compared.
//!
//! All clients run in this process and use persistent connections. The processor time counts only
//! the server's processes, not a database server's.

mod beside;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::client::{Answer, Client, get, send_json};
use super::cores::Cores;
use super::crowd::{self, Crowd};
use super::edge::doors::{Crew, Doors};
use super::edge::{STATIC, prepare};
use super::flush::{self, SlowFlushes};
use super::load::{self, Conversation, Turn, figure};
use super::server::Server;
use super::{Turns, median, milliseconds, new_folder};
use crate::command::{program, run};
use crate::postgres::PrivatePostgres;

const CLIENTS: [usize; 3] = [1, 64, 256];
/// For every flush in the second part.
const SLOWER: Duration = Duration::from_millis(5);

pub(super) use beside::bench as beside;

/// The number of additional households, which send RSVPs.
pub(super) const HOUSEHOLDS: usize = 256;
const CROWD: Crowd = Crowd {
    invitations: HOUSEHOLDS,
};

const BATCH_OF_ONE: (&str, &str) = ("KENDURI_STORE_BATCH", "1");
const NO_FLUSH: (&str, &str) = ("KENDURI_STORE_SYNCHRONOUS", "off");

/// Every server gets its own copy.
struct Seeded<'a> {
    program: &'a Path,
    data: PathBuf,
}

impl<'a> Seeded<'a> {
    async fn in_folder(folder: &Path, program: &'a Path) -> Result<Self> {
        let data = folder.join("seeded");
        seed(program, &data).await?;
        Ok(Self { program, data })
    }

    async fn start(&self, name: &str, settings: &[(&str, String)]) -> Result<Server> {
        serve(self.program, &copy(&self.data, name)?, settings).await
    }
}

/// Makes the demo with additional households.
pub(super) async fn seed(program: &Path, data: &Path) -> Result<()> {
    drop(serve(program, data, &[]).await?);
    CROWD.join(&crowd::sqlite(data))
}

async fn serve(binary: &Path, data: &Path, settings: &[(&str, String)]) -> Result<Server> {
    Server::demo(program(binary), data, settings).await
}

pub(super) fn bench(runtime: &Runtime, program: &Path, turns: Turns, postgres: bool) -> Result<()> {
    let folder = new_folder()?;
    let seeded = runtime.block_on(Seeded::in_folder(folder.path(), program))?;
    let cores = Cores::choose()?.both();
    runtime.block_on(async {
        let crew = Crew {
            cores: &cores,
            program: None,
            counts: None,
        };
        let doors = Doors::open(&prepare(folder.path(), "nginx")?, crew).await?;
        let nginx = &doors.nginx().server;
        on_sqlite(folder.path(), &seeded, nginx, turns).await?;
        if postgres {
            on_postgres(folder.path(), program, nginx, turns).await?;
        }
        drop(doors);
        with_slow_flushes(folder.path(), &seeded, turns).await
    })
}

async fn on_sqlite(folder: &Path, seeded: &Seeded<'_>, nginx: &Server, turns: Turns) -> Result<()> {
    let flush = flush::measure(folder)?;
    println!(
        "\nSQLite: RSVPs a second (p99, processor time of one), medians of {} turns of {} s; a flush costs {:.2} ms here",
        turns.rounds,
        turns.seconds,
        milliseconds(flush)
    );
    let with = |(name, value): (&'static str, &str)| [(name, value.to_owned())];
    let shipped = seeded.start("shipped", &[]).await?;
    let one = seeded.start("one", &with(BATCH_OF_ONE)).await?;
    let off = seeded.start("off", &with(NO_FLUSH)).await?;
    print_multiples_head();
    println!(
        "{:>24}  {:>24}  {:>9}  {:>9}",
        "one transaction each", "synchronous=OFF", "÷ one", "÷ OFF"
    );
    for clients in CLIENTS {
        let ways = [
            (nginx, Way::File),
            (&shipped, Way::Save(Request::Put)),
            (&shipped, Way::Save(Request::PutWithKey)),
            (&shipped, Way::Save(Request::Post)),
            (&one, Way::Save(Request::Put)),
            (&off, Way::Save(Request::Put)),
        ];
        let [file, put, with_key, post, one, off] = in_turns(ways, clients, turns).await?;
        print_multiples(clients, &file, [&put, &with_key, &post]);
        println!(
            "{:>24}  {:>24}  {:>9.2}  {:>9.2}",
            one.shown(),
            off.shown(),
            put.per_second / one.per_second,
            put.per_second / off.per_second,
        );
    }
    println!(
        "goals at 64 and 256: at most 9 × the file without a key, 11 × with one; POST /api/rsvp at"
    );
    println!(
        "most 80 µs and at least 12,000 a second on two cores; ÷ OFF at least 0.7; ÷ one at least 5"
    );
    println!("where a flush costs 1 ms or more");
    Ok(())
}

async fn with_slow_flushes(folder: &Path, seeded: &Seeded<'_>, turns: Turns) -> Result<()> {
    println!("\nSQLite, every flush {} ms longer", SLOWER.as_millis());
    let [shipped, one] = [
        SlowFlushes::prepare(folder, "shipped")?,
        SlowFlushes::prepare(folder, "one")?,
    ];
    let shipped_server = start_slow(seeded, "slow-shipped", &shipped, &[]).await?;
    let one_server = start_slow(seeded, "slow-one", &one, &[BATCH_OF_ONE]).await?;
    println!(
        "{:>7}  {:>24}  {:>15}  {:>24}  {:>15}  {:>9}",
        "clients",
        "as shipped",
        "RSVPs per flush",
        "one transaction each",
        "RSVPs per flush",
        "÷ one"
    );
    for clients in CLIENTS {
        let (fast, shared) = one_turn(&shipped_server, &shipped, clients, turns).await?;
        let (slow, alone) = one_turn(&one_server, &one, clients, turns).await?;
        println!(
            "{clients:>7}  {:>24}  {shared:>15.1}  {:>24}  {alone:>15.1}  {:>9.2}",
            fast.shown(),
            slow.shown(),
            fast.per_second / slow.per_second
        );
    }
    println!("goals: at least 100 RSVPs per flush at 256; ÷ one at least 5 at 64 and 256");
    Ok(())
}

async fn on_postgres(folder: &Path, program: &Path, nginx: &Server, turns: Turns) -> Result<()> {
    println!("\nPostgreSQL, as shipped; processor time without the database server's");
    let postgres = PrivatePostgres::start(&[])?;
    let data = folder.join("postgres");
    let url = [("KENDURI_STORE_URL", postgres.url())];
    drop(serve(program, &data, &url).await?);
    CROWD.join(&postgres.url())?;
    let server = serve(program, &data, &url).await?;
    print_multiples_head();
    println!();
    for clients in CLIENTS {
        let ways = [
            (nginx, Way::File),
            (&server, Way::Save(Request::Put)),
            (&server, Way::Save(Request::PutWithKey)),
            (&server, Way::Save(Request::Post)),
        ];
        let [file, put, with_key, post] = in_turns(ways, clients, turns).await?;
        print_multiples(clients, &file, [&put, &with_key, &post]);
        println!();
    }
    Ok(())
}

fn print_multiples_head() {
    print!(
        "{:>7}  {:>16}  {:>32}  {:>32}  {:>32}  ",
        "clients", "nginx, 1 KiB", "as shipped", "with an Idempotency-Key", "POST /api/rsvp"
    );
}

/// Multiples of the processor time for the 1 KiB file, with default settings.
fn print_multiples(clients: usize, file: &Reached, ways: [&Reached; 3]) {
    print!("{clients:>7}  {:>13.1} µs", file.each_us);
    for way in ways {
        let times = format!("{}, {:.1} ×", way.shown(), way.each_us / file.each_us);
        print!("  {times:>32}");
    }
    print!("  ");
}

async fn start_slow(
    seeded: &Seeded<'_>,
    name: &str,
    flushes: &SlowFlushes,
    settings: &[(&'static str, &str)],
) -> Result<Server> {
    let mut all = flushes.environment(SLOWER);
    all.extend(
        settings
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    seeded.start(name, &all).await
}

pub(super) fn copy(seeded: &Path, name: &str) -> Result<PathBuf> {
    let data = seeded.with_file_name(name);
    run(program("cp").arg("--archive").arg(seeded).arg(&data))?;
    Ok(data)
}

struct Reached {
    per_second: f64,
    p99_ms: f64,
    /// The server's processor time for one RSVP, in microseconds.
    each_us: f64,
}

impl Reached {
    fn of(turn: &Turn, processor_time: Duration) -> Self {
        Reached {
            per_second: turn.per_second,
            p99_ms: milliseconds(turn.p99),
            each_us: processor_time.as_secs_f64() * 1e6 / figure(turn.answers),
        }
    }

    fn median(turns: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(turns.iter().map(figure).collect());
        Reached {
            per_second: of(|turn| turn.per_second),
            p99_ms: of(|turn| turn.p99_ms),
            each_us: of(|turn| turn.each_us),
        }
    }

    fn shown(&self) -> String {
        let Reached {
            per_second,
            p99_ms,
            each_us,
        } = self;
        format!("{per_second:.0} ({p99_ms:.1} ms, {each_us:.0} µs)")
    }
}

async fn in_turns<const N: usize>(
    ways: [(&Server, Way); N],
    clients: usize,
    turns: Turns,
) -> Result<[Reached; N]> {
    let mut reached = [const { Vec::new() }; N];
    for _ in 0..turns.rounds {
        for (at, (server, way)) in ways.into_iter().enumerate() {
            reached[at].push(in_turn(server, way, clients, turns).await?);
        }
    }
    Ok(reached.map(|turns| Reached::median(&turns)))
}

async fn in_turn(server: &Server, way: Way, clients: usize, turns: Turns) -> Result<Reached> {
    let (address, sample) = (server.address, || server.processor_time());
    let (turn, [before, after]) = match way {
        Way::File => {
            let visitors = (0..clients).map(|_| Visitor).collect();
            load::drive(address, visitors, turns.duration(), sample).await?
        }
        Way::Save(request) => {
            let households = load_households(address, clients, request).await?;
            load::drive(address, households, turns.duration(), sample).await?
        }
    };
    Ok(Reached::of(&turn, after.saturating_sub(before)))
}

async fn one_turn(
    server: &Server,
    flushes: &SlowFlushes,
    clients: usize,
    turns: Turns,
) -> Result<(Reached, f64)> {
    let households = load_households(server.address, clients, Request::Put).await?;
    let sample = || Ok((flushes.count()?, server.processor_time()?));
    let (turn, [before, after]) =
        load::drive(server.address, households, turns.duration(), sample).await?;
    let flushed = usize::try_from(after.0 - before.0)?;
    let reached = Reached::of(&turn, after.1.saturating_sub(before.1));
    Ok((reached, figure(turn.answers) / figure(flushed)))
}

#[derive(Clone, Copy)]
enum Way {
    File,
    Save(Request),
}

struct Visitor;

impl Conversation for Visitor {
    fn ask(&mut self, request: &mut Vec<u8>) {
        request.extend(get(STATIC.path, ""));
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)
    }
}

/// The API request by which a household saves its RSVP.
#[derive(Clone, Copy)]
pub(super) enum Request {
    /// `PUT /api/v1/invitations/{code}/rsvp`, with the version of the RSVP that the request
    /// replaces.
    Put,
    /// `PUT` with an `Idempotency-Key`, as the invitation page's script sends it.
    PutWithKey,
    /// `POST /api/rsvp`, as older clients send it.
    Post,
}

pub(super) struct Household {
    request: Request,
    code: String,
    guest: String,
    event: String,
    version: i64,
    comes: bool,
}

/// Returns all additional households.
pub(super) async fn households(address: SocketAddr) -> Result<Vec<Household>> {
    load_households(address, HOUSEHOLDS, Request::Post).await
}

pub(super) async fn load_households(
    address: SocketAddr,
    count: usize,
    request: Request,
) -> Result<Vec<Household>> {
    let mut client = Client::open(address).await?;
    let mut households = Vec::new();
    for number in 1..=count {
        households.push(Household::load(&mut client, crowd::code(number), request).await?);
    }
    Ok(households)
}

impl Household {
    async fn load(client: &mut Client, code: String, request: Request) -> Result<Self> {
        let look = get(&format!("/api/v1/invitations/{code}"), "");
        let answer = client.exchange(&look).await?;
        answer.expect(200)?;
        let state: Value = serde_json::from_slice(answer.body)?;
        let event = state["events"][0]["key"].as_str();
        let event = event.context("an occasion without events")?;
        let guest = &state["guests"][0];
        Ok(Household {
            request,
            code,
            guest: guest["id"].as_str().context("no guests")?.to_owned(),
            event: event.to_owned(),
            version: state["version"].as_i64().context("no version")?,
            comes: guest["replies"][event] == "yes",
        })
    }
}

impl Household {
    fn guests(&self, comes: bool) -> String {
        let reply = if comes { "yes" } else { "no" };
        format!(
            r#""guests":[{{"id":"{}","replies":{{"{}":"{reply}"}}}}]"#,
            self.guest, self.event
        )
    }

    /// An RSVP request as older clients send it. This request needs no version.
    pub(super) fn post(&self, comes: bool) -> Vec<u8> {
        let body = format!(r#"{{"code":"{}",{}}}"#, self.code, self.guests(comes));
        send_json("POST", "/api/rsvp", "", &body)
    }
}

impl Conversation for Household {
    fn ask(&mut self, request: &mut Vec<u8>) {
        request.extend(match self.request {
            Request::Put | Request::PutWithKey => {
                let path = format!("/api/v1/invitations/{}/rsvp", self.code);
                let guests = self.guests(!self.comes);
                let body = format!(r#"{{"version":{},{guests}}}"#, self.version);
                let key = match self.request {
                    // Each RSVP version is replaced only once, so the key is unique.
                    Request::PutWithKey => {
                        format!("Idempotency-Key: bench-{}-{}\r\n", self.code, self.version)
                    }
                    Request::Put | Request::Post => String::new(),
                };
                send_json("PUT", &path, &key, &body)
            }
            Request::Post => self.post(!self.comes),
        });
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        self.version += 1;
        self.comes = !self.comes;
        Ok(())
    }
}
