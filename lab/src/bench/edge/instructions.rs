//! `bench edge --instructions`: how many instructions Kenduri executes for one request, in user
//! mode, counted by callgrind. Unlike time, the number is the same in every run but for a few.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;

use super::doors::{Crew, Doors};
use super::prepare;
use super::rows::{self, Case};
use crate::bench::client::Client;
use crate::bench::load::figure;
use crate::bench::new_folder;
use crate::command::{find, program};
use crate::interrupt;

/// The requests of two runs. Starting and stopping takes as many instructions in both.
const REQUESTS: [usize; 2] = [500, 2_500];

pub(super) fn under_callgrind(command: &Command, counts: &Path) -> Result<Command> {
    ensure!(
        find("valgrind").is_some(),
        "valgrind is not installed: apt-get install valgrind"
    );
    let mut counted = program("valgrind");
    counted
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(command.get_program())
        .args(command.get_args());
    Ok(counted)
}

pub(in crate::bench) fn bench(runtime: &Runtime, measured: Option<&Path>) -> Result<()> {
    let folder = new_folder()?;
    println!("Instructions of a request on one connection that stays");
    for (number, case) in rows::counted().into_iter().enumerate() {
        let mut all = [0.0; 2];
        for (requests, all) in REQUESTS.into_iter().zip(&mut all) {
            ensure!(!interrupt::is_wanted(), "interrupted");
            let folder = prepare(folder.path(), &format!("{number}-{requests}"))?;
            *all = runtime.block_on(run(&folder, measured, case, requests))?;
        }
        let [few, many] = REQUESTS.map(figure);
        println!("{:<24}{:>8.0}", case.name, (all[1] - all[0]) / (many - few));
    }
    Ok(())
}

async fn run(folder: &Path, program: Option<&Path>, case: Case, requests: usize) -> Result<f64> {
    let counts: PathBuf = folder.join("callgrind.out");
    let crew = Crew {
        cores: &[],
        program,
        counts: Some(&counts),
    };
    let doors = Doors::open(folder, crew).await?;
    let address = doors.kenduri().server.address;
    let lines = case.ask.headers().join("\r\n");
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: bench\r\n{lines}\r\n\r\n",
        case.path
    );
    let mut client = Client::open(address).await?;
    for _ in 0..requests {
        client.exchange(request.as_bytes()).await?.expect(200)?;
    }
    drop((client, doors));
    let counted = fs::read_to_string(&counts).context("callgrind has written nothing")?;
    let line = counted
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals: "));
    let number = line.and_then(|line| line.split(' ').next());
    Ok(number.context("callgrind has written no total")?.parse()?)
}
