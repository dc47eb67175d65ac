//! `bench countdown`: the cost of a request for a public countdown, compared with a small Actix
//! server that reads a person and their newest timer from `PostgreSQL` and returns them as JSON.
//!
//! Both servers run on the same core. `PostgreSQL` may run on any core. `PostgreSQL`'s processor
//! time is counted separately, whereas Kenduri's store is part of Kenduri's own process.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;

use super::client::{Answer, Client, get};
use super::cores::Cores;
use super::load::{self, Conversation, figure};
use super::members::{self, Member};
use super::server::{Server, free_address, pinned, processor_time};
use super::{Turns, median, new_folder};
use crate::command::{program, run, with_children};
use crate::postgres::PrivatePostgres;
use crate::workspace::root;

const CLIENTS: usize = 64;
const PAGE: &str = "/u/member-1/coffee";
const JSON: &str = "/api/v1/public/member-1/coffee";
const ACTIX: &str = "/member-1/incident-timer";

pub(super) fn bench(runtime: &Runtime, kenduri: &Path, turns: Turns) -> Result<()> {
    run(program("cargo")
        .args(["build", "--release", "--locked"])
        .args(["--manifest-path", "lab/actix/Cargo.toml"])
        .args(["--target-dir", "target/actix"]))?;
    let folder = new_folder()?;
    let data = folder.path().join("data");
    let cores = Cores::choose()?;
    let start = || Server::demo(pinned(kenduri.to_owned(), Some(cores.server)), &data, &[]);
    drop(runtime.block_on(start())?);
    members::join(kenduri, &data, 1)?;
    let postgres = PrivatePostgres::start(&[])?;
    cores.settle()?;
    runtime.block_on(async {
        let server = start().await?;
        let mut client = Client::open(server.address).await?;
        let member = Member::sign_in(&mut client, 1).await?;
        member.count_up(&mut client, "coffee").await?;
        draw(&member, &mut client).await?;
        let actix = start_actix(folder.path(), &postgres, cores.server).await?;
        let of_actix = Way {
            store: Some(postgres.process()),
            ..Way::new("Actix, sqlx: JSON", &actix, ACTIX)
        };
        let not_modified = Way {
            keeps: true,
            ..Way::new("Kenduri: page, not modified", &server, PAGE)
        };
        compare(
            [
                of_actix,
                Way::new("Kenduri: page", &server, PAGE),
                not_modified,
                Way::new("Kenduri: JSON", &server, JSON),
            ],
            turns,
        )
        .await
    })
}

/// Of images that were not requested before.
async fn draw(member: &Member, client: &mut Client) -> Result<()> {
    let mut times = Vec::new();
    for slug in ["tea", "milk", "juice", "water", "soup"] {
        member.count_up(client, slug).await?;
        let picture = get(&format!("/u/member-1/{slug}/og.png"), "");
        let begin = Instant::now();
        client.exchange(&picture).await?.expect(200)?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    println!("a new picture takes {:.1} ms", median(times));
    Ok(())
}

async fn start_actix(folder: &Path, postgres: &PrivatePostgres, core: usize) -> Result<Server> {
    let address = free_address()?;
    let binary = root().join("target/actix/release/countdown-actix");
    let mut command = pinned(binary, Some(core));
    command.arg(address.to_string()).arg(postgres.url());
    Server::start(command, address, folder.join("actix.log"), ACTIX).await
}

struct Way<'a> {
    name: &'static str,
    server: &'a Server,
    path: &'static str,
    /// Whether clients cache the page and revalidate it with each request.
    keeps: bool,
    /// The main process's pid of a separate database server.
    store: Option<u32>,
    per_second: Vec<f64>,
    server_us: Vec<f64>,
    store_us: Vec<f64>,
}

impl<'a> Way<'a> {
    fn new(name: &'static str, server: &'a Server, path: &'static str) -> Self {
        Way {
            name,
            server,
            path,
            keeps: false,
            store: None,
            per_second: Vec::new(),
            server_us: Vec::new(),
            store_us: Vec::new(),
        }
    }

    async fn turn(&mut self, duration: Duration) -> Result<()> {
        let readers = (0..CLIENTS)
            .map(|_| Reader {
                path: self.path,
                known: self.keeps.then(String::new),
            })
            .collect();
        let sample = || {
            let store = self
                .store
                .map(|first| processor_time(&with_children(first)?));
            Ok([
                self.server.processor_time()?,
                store.transpose()?.unwrap_or_default(),
            ])
        };
        let driven = load::drive(self.server.address, readers, duration, sample).await?;
        let (turn, [before, after]) = driven;
        let each = |at: usize| {
            after[at].saturating_sub(before[at]).as_secs_f64() * 1e6 / figure(turn.answers)
        };
        let [server_us, store_us] = [each(0), each(1)];
        self.per_second.push(turn.per_second);
        self.server_us.push(server_us);
        self.store_us.push(store_us);
        Ok(())
    }
}

async fn compare(mut ways: [Way<'_>; 4], turns: Turns) -> Result<()> {
    for _ in 0..turns.rounds {
        for way in &mut ways {
            way.turn(turns.duration()).await?;
        }
    }
    println!(
        "\nProcessor time of a request for a public countdown, {CLIENTS} clients; medians of {} turns of {} s",
        turns.rounds, turns.seconds
    );
    println!(
        "{:<28}  {:>10}  {:>9}  {:>10}  {:>9}  {:>7}",
        "", "requests/s", "server", "PostgreSQL", "together", "÷ Actix"
    );
    let mut of_actix = None;
    for way in ways {
        let [server, store] = [way.server_us, way.store_us].map(median);
        let together = server + store;
        let of_actix = *of_actix.get_or_insert(together);
        println!(
            "{:<28}  {:>10.0}  {server:>6.1} µs  {store:>7.1} µs  {together:>6.1} µs  {:>7.2}",
            way.name,
            median(way.per_second),
            together / of_actix
        );
    }
    Ok(())
}

struct Reader {
    path: &'static str,
    /// The ETag of the page that the client has cached. It changes every minute.
    known: Option<String>,
}

impl Conversation for Reader {
    fn ask(&mut self, request: &mut Vec<u8>) {
        let known = self.known.as_ref();
        let known = known.map(|known| format!("If-None-Match: {known}\r\n"));
        request.extend(get(self.path, &known.unwrap_or_default()));
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<()> {
        let Some(known) = &mut self.known else {
            return answer.expect(200);
        };
        if answer.status == 304 {
            return Ok(());
        }
        answer.expect(200)?;
        let tag = answer.header("etag").context("a page without ETag")?;
        ensure!(
            tag != *known,
            "a page was sent again, though it had not changed"
        );
        tag.clone_into(known);
        Ok(())
    }
}
