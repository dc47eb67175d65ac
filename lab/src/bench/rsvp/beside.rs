//! Compares two builds of Kenduri in one run, such as a release and a `cargo build --release`: the
//! processor time of an RSVP and of a file of 1 KiB.
//!
//! Both builds are measured in every round, in alternating order. The result is the median of the
//! rounds' ratios, so that other load on the machine affects both builds alike.

use std::fs;
use std::path::Path;

use anyhow::Result;
use tokio::runtime::Runtime;

use super::{Reached, Request, Seeded, Way, copy, in_turn};
use crate::bench::edge::prepare;
use crate::bench::server::{Server, free_address};
use crate::bench::{Turns, median, new_folder};
use crate::command::program;

/// Besides Kenduri's own pages.
const SETTINGS: &str =
    "[[route]]\npath = \"/static/\"\nto = \"files:files\"\n[[route]]\nto = \"app\"\n";
const CLIENTS: usize = 64;

pub(in crate::bench) fn bench(runtime: &Runtime, programs: [&Path; 2], turns: Turns) -> Result<()> {
    let folder = new_folder()?;
    runtime.block_on(async {
        let seeded = Seeded::in_folder(folder.path(), programs[0]).await?;
        let place = prepare(folder.path(), "files")?;
        fs::write(place.join("kenduri.toml"), SETTINGS)?;
        let start = async |binary: &Path, name| -> Result<Server> {
            let (data, address) = (copy(&seeded.data, name)?, free_address()?);
            let mut command = program(binary);
            command
                .args(["serve", "--demo", "--listen", &address.to_string()])
                .arg("--config")
                .arg(place.join("kenduri.toml"))
                .arg("--data")
                .arg(&data);
            Server::start(command, address, data.with_extension("log"), "/readyz").await
        };
        let (one, other) = (
            start(programs[0], "one").await?,
            start(programs[1], "other").await?,
        );
        println!(
            "\nprocessor time, medians of {} rounds of {} s, {CLIENTS} clients\n{:>16}  {:>12}  {:>12}  {:>8}",
            turns.rounds, turns.seconds, "", "the first", "the second", "÷"
        );
        for (name, way) in [
            ("static 1 KiB", Way::File),
            ("PUT …/rsvp", Way::Save(Request::Put)),
        ] {
            let mut times: [Vec<f64>; 3] = Default::default();
            for round in 0..turns.rounds {
                let ask = async |server| -> Result<f64> {
                    let reached: Reached = in_turn(server, way, CLIENTS, turns).await?;
                    Ok(reached.each_us)
                };
                let (first, second) = if round % 2 == 0 {
                    let first = ask(&one).await?;
                    (first, ask(&other).await?)
                } else {
                    let second = ask(&other).await?;
                    (ask(&one).await?, second)
                };
                times[0].push(first);
                times[1].push(second);
                times[2].push(first / second);
            }
            let [first, second, ratio] = times.map(median);
            println!("{name:>16}  {first:>9.1} µs  {second:>9.1} µs  {ratio:>8.3}");
        }
        println!("goal: at most 1.03");
        Ok(())
    })
}
