//! `bench rsvp`: durable RSVPs a second through HTTP.
//!
//! Each client is a household with an invitation of its own, and every save changes an answer. No
//! event has a limit of seats: on PostgreSQL such a limit makes households wait for each other.
//! Three ways run side by side: as shipped; one transaction per request; `synchronous=OFF`,
//! which is what the disk cannot slow down. Then every flush is made 5 ms longer, and counted.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::client::{Answer, Client, get, send_json};
use super::crowd::{self, Crowd};
use super::flush::{self, SlowFlushes};
use super::load::{self, Conversation, figure};
use super::server::Server;
use super::{Turns, median, new_folder};
use crate::command::{program, run};
use crate::postgres::PrivatePostgres;

/// How many clients wait at once.
const CLIENTS: [usize; 4] = [1, 16, 64, 256];
/// What is added to every flush in the second part.
const SLOWER: Duration = Duration::from_millis(5);

const BATCH_OF_ONE: (&str, &str) = ("KENDURI_STORE_BATCH", "1");
const NO_FLUSH: (&str, &str) = ("KENDURI_STORE_SYNCHRONOUS", "off");

pub(super) fn bench(runtime: &Runtime, turns: Turns, postgres: bool) -> Result<()> {
    let folder = new_folder()?;
    let seeded = folder.path().join("seeded");
    drop(runtime.block_on(Server::kenduri(&seeded, &[], None))?);
    let crowd = Crowd { invitations: 256 };
    crowd.join(&crowd::sqlite(&seeded))?;
    runtime.block_on(async {
        on_sqlite(folder.path(), &seeded, turns).await?;
        with_slow_flushes(folder.path(), &seeded, turns).await?;
        if postgres {
            on_postgres(folder.path(), crowd, turns).await?;
        }
        Ok(())
    })
}

async fn on_sqlite(folder: &Path, seeded: &Path, turns: Turns) -> Result<()> {
    let flush = flush::measure(folder)?;
    println!(
        "\nSQLite: RSVPs a second (p99), medians of {} turns of {} s; a flush costs {:.2} ms here",
        turns.rounds,
        turns.seconds,
        milliseconds(flush)
    );
    let shipped = start(seeded, "shipped", &[]).await?;
    let one = start(seeded, "one", &[BATCH_OF_ONE]).await?;
    let off = start(seeded, "off", &[NO_FLUSH]).await?;
    println!(
        "{:>7}  {:>20}  {:>20}  {:>20}  {:>9}  {:>9}",
        "clients", "as shipped", "one transaction each", "synchronous=OFF", "÷ one", "÷ OFF"
    );
    for clients in CLIENTS {
        let [shipped, one, off] = in_turns([&shipped, &one, &off], clients, turns).await?;
        println!(
            "{clients:>7}  {:>20}  {:>20}  {:>20}  {:>9.2}  {:>9.2}",
            shipped.shown(),
            one.shown(),
            off.shown(),
            shipped.per_second / one.per_second,
            shipped.per_second / off.per_second,
        );
    }
    println!(
        "goals at 64 and 256: ÷ OFF at least 0.7; ÷ one at least 5 where a flush costs 1 ms or more"
    );
    Ok(())
}

async fn with_slow_flushes(folder: &Path, seeded: &Path, turns: Turns) -> Result<()> {
    println!("\nSQLite, every flush {} ms longer", SLOWER.as_millis());
    let [shipped, one] = [
        SlowFlushes::prepare(folder, "shipped")?,
        SlowFlushes::prepare(folder, "one")?,
    ];
    let shipped_server = start_slow(seeded, "slow-shipped", &shipped, &[]).await?;
    let one_server = start_slow(seeded, "slow-one", &one, &[BATCH_OF_ONE]).await?;
    println!(
        "{:>7}  {:>20}  {:>15}  {:>20}  {:>15}  {:>9}",
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
            "{clients:>7}  {:>20}  {shared:>15.1}  {:>20}  {alone:>15.1}  {:>9.2}",
            fast.shown(),
            slow.shown(),
            fast.per_second / slow.per_second
        );
    }
    println!("goals: at least 100 RSVPs per flush at 256; ÷ one at least 5 at 64 and 256");
    Ok(())
}

async fn on_postgres(folder: &Path, crowd: Crowd, turns: Turns) -> Result<()> {
    println!("\nPostgreSQL, as shipped");
    let postgres = PrivatePostgres::start()?;
    let data = folder.join("postgres");
    let url = [("KENDURI_STORE_URL", postgres.url())];
    drop(Server::kenduri(&data, &url, None).await?);
    crowd.join(&postgres.url())?;
    let server = Server::kenduri(&data, &url, None).await?;
    println!("{:>7}  {:>20}", "clients", "as shipped");
    for clients in CLIENTS {
        let [shipped] = in_turns([&server], clients, turns).await?;
        println!("{clients:>7}  {:>20}", shipped.shown());
    }
    Ok(())
}

/// A program of its own on a copy of the seeded store.
async fn start(seeded: &Path, name: &str, settings: &[(&str, &str)]) -> Result<Server> {
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Server::kenduri(&copy(seeded, name)?, &settings, None).await
}

async fn start_slow(
    seeded: &Path,
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
    Server::kenduri(&copy(seeded, name)?, &all, None).await
}

fn copy(seeded: &Path, name: &str) -> Result<PathBuf> {
    let data = seeded.with_file_name(name);
    run(program("cp").arg("--archive").arg(seeded).arg(&data))?;
    Ok(data)
}

/// What one way reached.
struct Reached {
    per_second: f64,
    p99_ms: f64,
}

impl Reached {
    fn shown(&self) -> String {
        format!("{:.0} ({:.1} ms)", self.per_second, self.p99_ms)
    }
}

async fn in_turns<const N: usize>(
    servers: [&Server; N],
    clients: usize,
    turns: Turns,
) -> Result<[Reached; N]> {
    let mut rates = [const { Vec::new() }; N];
    let mut p99s = [const { Vec::new() }; N];
    for _ in 0..turns.rounds {
        for (at, server) in servers.iter().enumerate() {
            let households = load_households(server.address, clients).await?;
            let (turn, _) =
                load::drive(server.address, households, turns.duration(), || Ok(())).await?;
            rates[at].push(turn.per_second);
            p99s[at].push(milliseconds(turn.p99));
        }
    }
    Ok(std::array::from_fn(|at| Reached {
        per_second: median(std::mem::take(&mut rates[at])),
        p99_ms: median(std::mem::take(&mut p99s[at])),
    }))
}

async fn one_turn(
    server: &Server,
    flushes: &SlowFlushes,
    clients: usize,
    turns: Turns,
) -> Result<(Reached, f64)> {
    let households = load_households(server.address, clients).await?;
    let counting = || flushes.count();
    let (turn, [before, after]) =
        load::drive(server.address, households, turns.duration(), counting).await?;
    let flushed = usize::try_from(after - before)?;
    let reached = Reached {
        per_second: turn.per_second,
        p99_ms: milliseconds(turn.p99),
    };
    Ok((reached, figure(turn.answers) / figure(flushed)))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A household that changes its mind with every save.
struct Household {
    code: String,
    guest: String,
    event: String,
    version: i64,
    comes: bool,
}

async fn load_households(address: SocketAddr, count: usize) -> Result<Vec<Household>> {
    let mut client = Client::open(address).await?;
    let mut households = Vec::new();
    for number in 1..=count {
        households.push(Household::load(&mut client, crowd::code(number)).await?);
    }
    Ok(households)
}

impl Household {
    async fn load(client: &mut Client, code: String) -> Result<Self> {
        let request = get(&format!("/api/v1/invitations/{code}"), "");
        let answer = client.exchange(&request).await?;
        answer.expect(200)?;
        let state: Value = serde_json::from_slice(answer.body)?;
        let event = state["events"][0]["key"].as_str();
        let event = event.context("an occasion without events")?;
        let guest = &state["guests"][0];
        Ok(Household {
            code,
            guest: guest["id"].as_str().context("no guests")?.to_owned(),
            event: event.to_owned(),
            version: state["version"].as_i64().context("no version")?,
            comes: guest["replies"][event] == "yes",
        })
    }
}

impl Conversation for Household {
    fn ask(&mut self, request: &mut Vec<u8>) {
        let reply = if self.comes { "no" } else { "yes" };
        let body = format!(
            r#"{{"version":{},"guests":[{{"id":"{}","replies":{{"{}":"{reply}"}}}}]}}"#,
            self.version, self.guest, self.event
        );
        let path = format!("/api/v1/invitations/{}/rsvp", self.code);
        request.extend(send_json("PUT", &path, "", &body));
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        self.version += 1;
        self.comes = !self.comes;
        Ok(())
    }
}
