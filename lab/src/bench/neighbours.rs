//! `bench neighbours`: compares a site of `examples/` run by Kenduri with the same site run by PM2
//! behind Debian's nginx. Both use the same programs under gunicorn and Node, on one machine, in
//! one run.

mod asking;
mod memory;
mod sides;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Runtime;

use super::client::{Answer, get};
use super::load::{Conversation, drive};
use super::{Turns, median, new_folder};
use crate::command::output;
use crate::example::Site;

use asking::{CLIENTS, ask_while, until_well, until_well_at};
use memory::Memory;
use sides::{Side, Which, express_by_hand, flask_by_hand, install_pm2};

/// Served without calling another service.
const EXPRESS: &str = "/health";
const FLASK: &str = "/api/health";
/// A page of Express and a list of Flask.
const CASES: [(&str, &str); 2] = [("page, Express", "/"), ("list, Flask", "/api/dishes")];
/// Rolling reloads under load, and the minimum number of requests meanwhile.
const RELOADS: usize = 10;
const LEAST: usize = 50_000;
/// The median is shown.
const DEATHS: usize = 5;
/// For freeing memory after the last request.
const SETTLE: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn bench(runtime: &Runtime, turns: Turns) -> Result<()> {
    Site::FlaskExpress.install()?;
    install_pm2()?;
    let folder = new_folder()?;
    runtime.block_on(async {
        let (theirs, ours) = (folder.path().join("theirs"), folder.path().join("ours"));
        cold_starts(&theirs, &ours, turns).await?;
        let both = [
            Side::start(Which::Theirs, &theirs).await?,
            Side::start(Which::Ours, &ours).await?,
        ];
        for side in &both {
            until_whole(side).await?;
        }
        through_the_door(&both, turns).await?;
        memory(&both).await?;
        deaths(&both, folder.path()).await?;
        reloads(&both).await?;
        for side in both {
            side.stop().await?;
        }
        in_reserve(&folder.path().join("reserve")).await
    })
}

fn head(what: &str) {
    println!("\n{what:<44}{:>16}{:>12}", "nginx and PM2", "Kenduri");
}

async fn cold_starts(theirs: &Path, ours: &Path, turns: Turns) -> Result<()> {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..turns.rounds {
        for (at, (which, folder)) in [(Which::Theirs, theirs), (Which::Ours, ours)]
            .into_iter()
            .enumerate()
        {
            let side = Side::start(which, folder).await?;
            times[at].push(milliseconds(side.cold_start));
            side.stop().await?;
        }
    }
    let [theirs, ours] = times.map(median);
    head("From the first command until all answer");
    println!("{:<44}{theirs:>13.0} ms{ours:>9.0} ms", "cold start");
    Ok(())
}

struct Asks {
    request: Vec<u8>,
}

impl Conversation for Asks {
    fn ask(&mut self, request: &mut Vec<u8>) {
        request.extend_from_slice(&self.request);
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)
    }
}

async fn through_the_door(both: &[Side; 2], turns: Turns) -> Result<()> {
    head(&format!("Through the door, {CLIENTS} connections"));
    for (name, path) in CASES {
        let mut rates = [Vec::new(), Vec::new()];
        let mut late = [Vec::new(), Vec::new()];
        for _ in 0..turns.rounds {
            for (at, side) in both.iter().enumerate() {
                let asks = |_| Asks {
                    request: get(path, ""),
                };
                let asks = (0..CLIENTS).map(asks).collect();
                let (turn, _) = drive(side.address(), asks, turns.duration(), || Ok(())).await?;
                rates[at].push(turn.per_second);
                late[at].push(milliseconds(turn.p99));
            }
        }
        let [theirs, ours] = rates.map(median);
        let label = format!("{name}, requests a second");
        println!("{label:<44}{theirs:>16.0}{ours:>12.0}");
        let [theirs, ours] = late.map(median);
        let label = format!("{name}, 99 of 100 within");
        println!("{label:<44}{theirs:>13.2} ms{ours:>9.2} ms");
    }
    Ok(())
}

async fn memory(both: &[Side; 2]) -> Result<()> {
    tokio::time::sleep(SETTLE).await;
    let [theirs, ours] = [both[0].around()?, both[1].around()?].map(|all| Memory::of(&all));
    let (theirs, ours) = (theirs?, ours?);
    head("Memory of all that is not the programs");
    for (name, theirs, ours) in [
        (
            "shared in parts (PSS)",
            theirs.proportional,
            ours.proportional,
        ),
        ("shared for each (RSS)", theirs.resident, ours.resident),
        ("in no file (Anonymous)", theirs.anonymous, ours.anonymous),
    ] {
        let part = ours / theirs;
        println!("{name:<44}{theirs:>13.1} MB{ours:>9.1} MB, {part:.2} of theirs (goal 0.25)");
    }
    Ok(())
}

/// Until the next response.
async fn deaths(both: &[Side; 2], folder: &Path) -> Result<()> {
    head("All instances killed, until the next 200");
    for (service, path) in [("express", EXPRESS), ("flask", FLASK)] {
        let mut times = [Vec::new(), Vec::new()];
        let mut by_hand = Vec::new();
        for _ in 0..DEATHS {
            for (at, side) in both.iter().enumerate() {
                // Instances that fail soon after their start are restarted with a delay, so the
                // instances are replaced before each kill.
                for mut command in side.reloads()? {
                    output(&mut command)?;
                }
                until_whole(side).await?;
                let begin = kill(&side.instances(service)?)?;
                until_well(side.address(), &[path]).await?;
                times[at].push(milliseconds(begin.elapsed()));
            }
            for side in both {
                until_whole(side).await?;
            }
            by_hand.push(milliseconds(start_by_hand(service, path, folder).await?));
        }
        let [theirs, ours] = times.map(median);
        let by_hand = median(by_hand);
        println!(
            "{service:<44}{theirs:>13.0} ms{ours:>9.0} ms, by hand {by_hand:.0} ms (goal: by hand + 30 ms)"
        );
    }
    Ok(())
}

/// As the process managers do. Returns the time until the first process responds.
async fn start_by_hand(service: &str, path: &str, folder: &Path) -> Result<Duration> {
    let sockets: [PathBuf; 2] = [0, 1].map(|number| folder.join(format!("hand-{number}.sock")));
    let begin = Instant::now();
    let mut started = Vec::new();
    for socket in &sockets {
        let mut command = if service == "flask" {
            flask_by_hand(socket, folder)
        } else {
            express_by_hand(socket)
        };
        command.stdout(Stdio::null()).stderr(Stdio::null());
        started.push(command.spawn().context("cannot start the program")?);
    }
    let [first, second] = &sockets;
    let well = tokio::select! {
        well = until_well_at(first, path) => well,
        well = until_well_at(second, path) => well,
    };
    let time = begin.elapsed();
    for mut program in started {
        end(program.id(), Signal::TERM)?;
        program.wait()?;
    }
    well.map(|()| time)
}

async fn reloads(both: &[Side; 2]) -> Result<()> {
    head(&format!("{RELOADS} rolling reloads of both under load"));
    let mut heard = Vec::new();
    for side in both {
        until_whole(side).await?;
        let rolling = async {
            for _ in 0..RELOADS {
                for mut command in side.reloads()? {
                    // The command runs on another thread, so that the clients keep sending
                    // requests.
                    tokio::task::spawn_blocking(move || output(&mut command)).await??;
                }
            }
            Ok(())
        };
        heard.push(
            ask_while(side.address(), &[EXPRESS, FLASK], LEAST, rolling)
                .await?
                .0,
        );
    }
    let figures = |of: fn(&asking::Heard) -> usize| (of(&heard[0]), of(&heard[1]));
    let (theirs, ours) = figures(|heard| heard.asked);
    println!("{:<44}{theirs:>16}{ours:>12}", "requests");
    let (theirs, ours) = figures(|heard| heard.failed.len());
    println!("{:<44}{theirs:>16}{ours:>12} (goal 0)", "failed");
    for failed in heard[1].failed.iter().take(3) {
        println!("  {}", failed.cause.lines().next().unwrap_or_default());
    }
    Ok(())
}

async fn in_reserve(folder: &Path) -> Result<()> {
    let side = Side::start(Which::OursWithSpare, folder).await?;
    let killing = async {
        let mut killed = Vec::new();
        for _ in 0..DEATHS {
            until_whole(&side).await?;
            let pids = side.instances("flask")?;
            killed.push(kill(&pids)?);
        }
        until_whole(&side).await?;
        Ok(killed)
    };
    let (heard, killed) = ask_while(side.address(), &[FLASK], 0, killing).await?;
    // Requests in progress when the instance is killed may fail; later requests must not.
    let after: Vec<_> = heard
        .failed
        .iter()
        .filter(|failed| failed.is_begun_after_a_death(&killed))
        .collect();
    println!(
        "\nOne Flask and one in reserve, killed {DEATHS} times: {} requests, {} failed, {} of them begun after a death (goal 0)",
        heard.asked,
        heard.failed.len(),
        after.len(),
    );
    for failed in after.iter().take(3) {
        println!("  {}", failed.cause.lines().next().unwrap_or_default());
    }
    side.stop().await
}

async fn until_whole(side: &Side) -> Result<()> {
    let begin = Instant::now();
    while !side.is_whole()? {
        ensure!(begin.elapsed() < PATIENCE, "not all of it runs");
        tokio::time::sleep(LOOK).await;
    }
    until_well(side.address(), &[EXPRESS, FLASK]).await
}

/// If their children were spared, gunicorn's workers would keep responding for a while.
fn kill(processes: &[u32]) -> Result<Instant> {
    ensure!(!processes.is_empty(), "there is nobody to kill");
    let mut all = Vec::new();
    for process in processes {
        let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
        all.push(*process);
        for child in children.split_whitespace() {
            all.push(child.parse()?);
        }
    }
    let now = Instant::now();
    for process in all {
        end(process, Signal::KILL)?;
    }
    Ok(now)
}

fn end(process: u32, signal: Signal) -> Result<()> {
    let process = Pid::from_raw(i32::try_from(process)?).context("no process")?;
    Ok(kill_process(process, signal)?)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
