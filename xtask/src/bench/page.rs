//! `bench page`: the guest's page beside a bare axum server that answers the same bytes.
//!
//! Each server has the same one core, the client another. The page of the small store is always
//! the same one; in the large store each request asks for a household chosen at random.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use tokio::runtime::Runtime;

use super::client::{Answer, Client, get};
use super::cores::Cores;
use super::crowd::{self, Crowd};
use super::load::{self, Conversation, figure};
use super::server::{Server, free_address, pinned};
use super::{Turns, median, new_folder};
use crate::command::{program, run};
use crate::workspace::root;

/// Clients that ask at once: enough to keep a core busy.
const CLIENTS: usize = 64;
/// Invitations of the large store.
const MANY: usize = 100_000;

pub(super) fn bench(runtime: &Runtime, turns: Turns) -> Result<()> {
    run(program("cargo").args([
        "build",
        "--release",
        "--locked",
        "-p",
        "xtask",
        "--example",
        "bare",
    ]))?;
    let folder = new_folder()?;
    let [small, large] = ["small", "large"].map(|name| folder.path().join(name));
    drop(runtime.block_on(Server::kenduri(&small, &[], None))?);
    drop(runtime.block_on(Server::kenduri(&large, &[], None))?);
    Crowd { invitations: MANY }.join(&crowd::sqlite(&large))?;

    let cores = Cores::choose()?;
    let on = Some(cores.server);
    cores.settle()?;
    runtime.block_on(async {
        let small = Server::kenduri(&small, &[], on).await?;
        let large = Server::kenduri(&large, &[], on).await?;
        let bare = start_bare(folder.path(), &small, cores.server).await?;
        compare([&bare, &small, &large], turns).await
    })
}

async fn compare(servers: [&Server; 3], turns: Turns) -> Result<()> {
    let mut rates = [const { Vec::new() }; 3];
    let mut costs = [const { Vec::new() }; 3];
    for _ in 0..turns.rounds {
        for (at, server) in servers.iter().enumerate() {
            let readers = (1..=CLIENTS)
                .map(|number| {
                    Reader::new(
                        if at == 2 {
                            Asks::AnyOf(MANY)
                        } else {
                            Asks::One
                        },
                        number,
                    )
                })
                .collect();
            let processor = || server.processor_time();
            let (turn, [before, after]) =
                load::drive(server.address, readers, turns.duration(), processor).await?;
            rates[at].push(turn.per_second);
            costs[at].push(after.saturating_sub(before).as_secs_f64() * 1e6 / figure(turn.answers));
        }
    }
    let rates = rates.map(median);
    let costs = costs.map(median);
    println!(
        "\nThe guest's page, {CLIENTS} clients, one core for the server; medians of {} turns of {} s",
        turns.rounds, turns.seconds
    );
    println!(
        "{:<28}  {:>10}  {:>12}  {:>8}",
        "", "requests/s", "CPU each", "÷ bare"
    );
    let names = [
        "bare axum, same bytes",
        "40 invitations",
        "100,000 invitations",
    ];
    for (at, name) in names.into_iter().enumerate() {
        println!(
            "{name:<28}  {:>10.0}  {:>9.1} µs  {:>8.2}",
            rates[at],
            costs[at],
            rates[at] / rates[0]
        );
    }
    println!("large ÷ small: {:.2}", rates[2] / rates[1]);
    println!("goals: ÷ bare at least 0.35; CPU each at most 60 µs; large ÷ small at least 0.9");
    Ok(())
}

/// The same bytes from a server that does nothing else.
async fn start_bare(folder: &Path, small: &Server, core: usize) -> Result<Server> {
    let mut client = Client::open(small.address).await?;
    let answer = client.exchange(&get(PAGE, "")).await?;
    answer.expect(200)?;
    println!(
        "the page has {} bytes before compression",
        answer.body.len()
    );
    let mut bytes = answer.head.as_bytes().to_vec();
    bytes.extend(b"\r\n\r\n");
    bytes.extend(answer.body);
    let file = folder.join("page");
    fs::write(&file, bytes)?;
    let address = free_address()?;
    let binary = root().join("target/release/examples/bare");
    let mut command = pinned(binary, Some(core));
    command.arg(address.to_string()).arg(&file);
    Server::start(command, address, folder.join("bare.log"), PAGE).await
}

const PAGE: &str = "/invite/RAHMA";

#[derive(Clone, Copy)]
enum Asks {
    /// Always for the same household.
    One,
    /// For one of so many.
    AnyOf(usize),
}

/// A guest who reads the page again and again.
struct Reader {
    asks: Asks,
    state: usize,
}

impl Reader {
    fn new(asks: Asks, number: usize) -> Self {
        Reader {
            asks,
            state: number,
        }
    }

    /// Knuth's multiplicative generator: every run asks for the same households.
    fn next_number(&mut self) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.state >> 33
    }
}

impl Conversation for Reader {
    fn ask(&mut self, request: &mut Vec<u8>) {
        match self.asks {
            Asks::One => request.extend(get(PAGE, "")),
            Asks::AnyOf(count) => {
                let code = crowd::code(self.next_number() % count + 1);
                request.extend(get(&format!("/invite/{code}"), ""));
            }
        }
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)?;
        ensure!(!answer.body.is_empty(), "an empty page");
        Ok(())
    }
}
