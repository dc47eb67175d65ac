//! `bench machines`: one, two and four programs on one PostgreSQL, behind `HAProxy`.
//!
//! The database has a core of its own; the programs, `HAProxy` and the clients share the other one.
//! So more programs do not make more answers here: the table shows what each further one costs.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;

use super::client::{Answer, get};
use super::cores::Cores;
use super::crowd::{self, Crowd};
use super::load::{self, Conversation, Turn, figure};
use super::rsvp::{Request, load_households};
use super::server::{Server, free_address, pinned, processor_time};
use super::{Turns, milliseconds, new_folder};
use crate::command::{output, program, run, with_children};
use crate::postgres::{PrivatePostgres, find_programs};

const HAPROXY: &str = "/usr/sbin/haproxy";
const MACHINES: [usize; 3] = [1, 2, 4];
const CLIENTS: usize = 64;
const CROWD: Crowd = Crowd {
    invitations: CLIENTS,
};
/// How long the machines have nothing to do.
const IDLE: Duration = Duration::from_secs(10);
/// Of four machines, transactions a second.
const IDLE_GOAL: f64 = 10.0;

pub(super) fn bench(runtime: &Runtime, program: &Path, turns: Turns) -> Result<()> {
    runtime.block_on(table(program, turns))
}

async fn table(tested: &Path, turns: Turns) -> Result<()> {
    let folder = new_folder()?;
    let cores = Cores::choose()?;
    let [database, others] = cores.both();
    let postgres = PrivatePostgres::start(&[])?;
    // Its processes for connections inherit this.
    run(program("taskset")
        .args(["--pid", "--cpu-list", &database.to_string()])
        .arg(postgres.process().to_string()))?;
    cores.settle()?;
    let site = free_address()?;
    let settings = [
        ("KENDURI_STORE_URL", postgres.url()),
        ("KENDURI_SITE_URL", format!("http://{site}")),
        (
            "KENDURI_FILES_URL",
            format!("folder:{}", folder.path().join("files").display()),
        ),
    ];
    let start = async |number: usize| {
        let data = folder.path().join(format!("machine-{number}"));
        if number > 0 {
            fs::create_dir_all(&data)?;
            let key = folder.path().join("machine-0/secret.key");
            fs::copy(key, data.join("secret.key"))?;
        }
        Server::demo(pinned(tested.to_owned(), [others]), &data, &settings).await
    };
    drop(start(0).await?);
    CROWD.join(&postgres.url())?;
    println!(
        "\n{CLIENTS} clients; the database on a core of its own, the rest on another one. Turns of {} s. Processor time of one, in µs: programs + HAProxy + PostgreSQL.",
        turns.seconds
    );
    println!(
        "| Machines | Answers a second (p99) | Processor time | Pages a second (p99) | Processor time | Connections | Idle transactions a second |\n|---|---|---|---|---|---|---|"
    );
    for count in MACHINES {
        let mut machines = Vec::new();
        for number in 0..count {
            machines.push(start(number).await?);
        }
        let balancer = balance(folder.path(), site, &machines, others).await?;
        let database = Database(&postgres);
        let (connections, idle) = (database.connections()?, database.transactions().await?);
        let times = || {
            let programs: Vec<u32> = machines
                .iter()
                .map(Server::processes)
                .collect::<Result<Vec<_>>>()?
                .concat();
            Ok([
                processor_time(&programs)?,
                balancer.processor_time()?,
                processor_time(&with_children(postgres.process())?)?,
            ])
        };
        let households = load_households(site, CLIENTS, Request::Put).await?;
        let answers = load::drive(site, households, turns.duration(), &times).await?;
        let pages = (1..=CLIENTS).map(Reader).collect();
        let pages = load::drive(site, pages, turns.duration(), &times).await?;
        println!(
            "| {count} | {} | {} | {connections} | {idle:.1} |",
            shown(&answers.0, &answers.1),
            shown(&pages.0, &pages.1)
        );
        if count == 4 {
            println!("goal with four: at most {IDLE_GOAL} idle transactions a second");
        }
    }
    Ok(())
}

/// The rate with its 99th percentile, and the processor time of each part.
fn shown(turn: &Turn, [before, after]: &[[Duration; 3]; 2]) -> String {
    let parts: Vec<String> = after
        .iter()
        .zip(before)
        .map(|(after, before)| {
            let each = after.saturating_sub(*before).as_secs_f64() * 1e6 / figure(turn.answers);
            format!("{each:.0}")
        })
        .collect();
    format!(
        "{:.0} ({:.0} ms) | {}",
        turn.per_second,
        milliseconds(turn.p99),
        parts.join(" + ")
    )
}

/// A guest who reads the household's page.
struct Reader(usize);

impl Conversation for Reader {
    fn ask(&mut self, request: &mut Vec<u8>) {
        request.extend(get(&format!("/invite/{}", crowd::code(self.0)), ""));
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)
    }
}

/// Starts `HAProxy`, which sends each request to the next machine.
async fn balance(
    folder: &Path,
    site: SocketAddr,
    machines: &[Server],
    core: usize,
) -> Result<Server> {
    let servers = machines.iter().enumerate();
    let servers =
        servers.map(|(number, machine)| format!("  server m{number} {} check\n", machine.address));
    let settings = format!(
        "global
  nbthread 1
defaults
  mode http
  timeout connect 1s
  timeout client 1m
  timeout server 1m
frontend site
  bind {site}
  default_backend machines
backend machines
  balance roundrobin
  option httpchk GET /readyz
{}",
        servers.collect::<String>()
    );
    let file = folder.join("haproxy.cfg");
    fs::write(&file, settings)?;
    ensure!(
        Path::new(HAPROXY).exists(),
        "HAProxy is Debian's package haproxy"
    );
    let mut command = pinned(HAPROXY.into(), [core]);
    command.args(["-db", "-f"]).arg(&file);
    Server::start(command, site, folder.join("haproxy.log"), "/readyz").await
}

pub(super) struct Database<'a>(pub(super) &'a PrivatePostgres);

impl Database<'_> {
    pub(super) fn number(&self, query: &str) -> Result<usize> {
        let psql =
            find_programs().context("PostgreSQL is not installed: apt-get install postgresql")?;
        let said = output(
            program(psql.join("psql"))
                .args([
                    "--no-psqlrc",
                    "--tuples-only",
                    "--no-align",
                    "--command",
                    query,
                ])
                .arg(self.0.url()),
        )?;
        Ok(said.parse()?)
    }

    /// The machines' connections.
    fn connections(&self) -> Result<usize> {
        self.number(
            "SELECT COUNT(*) FROM pg_stat_activity
             WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
    }

    /// The transactions a second while nobody asks for anything, without those of this question.
    async fn transactions(&self) -> Result<f64> {
        let query = "SELECT xact_commit + xact_rollback FROM pg_stat_database
             WHERE datname = current_database()";
        let before = self.number(query)?;
        tokio::time::sleep(IDLE).await;
        let after = self.number(query)?;
        Ok(figure(after.saturating_sub(before + 1)) / IDLE.as_secs_f64())
    }
}
