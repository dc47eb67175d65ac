//! `bench backup`: measures the cost of a backup at 3,000 RSVPs per second, how far the backup lags
//! behind, and how long a restore of 1 GB takes.
//!
//! Servers with the same store run side by side. The first has no backup, and the second has a
//! backup into a folder. If the user names the program litestream, litestream copies the store of a
//! third server. All servers get the same requests in alternating turns. In each round, the
//! processor time of an RSVP is compared with that of the server without a backup; litestream's own
//! time is included. The result is the median of these ratios.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use clap::Args;
use tokio::runtime::Runtime;

use super::load::figure;
use super::paced::{self, Asked, Pace};
use super::rsvp::{HOUSEHOLDS, Household, copy, households, seed};
use super::server::{Server, processor_time};
use super::{Turns, median, new_folder};
use crate::command::{output, program, run};

const CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// In which litestream and the backup adapt to the load.
const WARM_UP: Duration = Duration::from_secs(3);

/// What to measure.
#[derive(Args)]
pub(crate) struct Wanted {
    #[command(flatten)]
    pub(super) turns: Turns,
    /// How many answers come each second.
    #[arg(long, default_value_t = 3_000)]
    per_second: u32,
    /// The size of the restored store, in MB; 0 leaves the restore out.
    #[arg(long, default_value_t = 1_000)]
    megabytes: u64,
    /// The program `litestream`, to measure it beside.
    #[arg(long, value_name = "FILE")]
    litestream: Option<PathBuf>,
}

pub(super) fn bench(runtime: &Runtime, binary: &Path, wanted: &Wanted) -> Result<()> {
    let folder = new_folder()?;
    let seeded = folder.path().join("seeded");
    runtime.block_on(async {
        seed(binary, &seeded).await?;
        cost(binary, &seeded, wanted).await
    })?;
    if wanted.megabytes > 0 {
        runtime.block_on(restore(binary, &seeded, wanted.megabytes))?;
    }
    Ok(())
}

fn backup_of(data: &Path) -> [(&'static str, String); 2] {
    let target = data.with_extension("backup");
    [
        ("KENDURI_BACKUP_TO", format!("folder:{}", target.display())),
        ("KENDURI_BACKUP_DRILL", "off".to_owned()),
    ]
}

/// Returns the passphrase.
fn snapshot(binary: &Path, data: &Path) -> Result<String> {
    let said = output(
        program(binary)
            .args(["backup", "now", "--data"])
            .arg(data)
            .envs(backup_of(data)),
    )?;
    let mut lines = said.lines().map(str::trim);
    let passphrase = lines.find(|line| line.matches('-').count() == 5);
    Ok(passphrase.context("no passphrase was shown")?.to_owned())
}

async fn cost(binary: &Path, seeded: &Path, wanted: &Wanted) -> Result<()> {
    let start = async |name: &str, settings: &[(&str, String)]| -> Result<(PathBuf, Server)> {
        let data = copy(seeded, name)?;
        let server = Server::demo(program(binary), &data, settings).await?;
        Ok((data, server))
    };
    let (_, alone) = start("alone", &[]).await?;
    let backed_up = seeded.with_file_name("backed-up");
    let (data, with_backup) = start("backed-up", &backup_of(&backed_up)).await?;
    snapshot(binary, &data)?;
    let beside = match &wanted.litestream {
        None => None,
        Some(litestream) => {
            let (data, server) = start("litestream", &[]).await?;
            Some((Litestream::start(litestream, &data)?, server))
        }
    };
    let Turns { rounds, seconds } = wanted.turns;
    println!(
        "\n{} answers a second, {rounds} rounds of {seconds} s",
        wanted.per_second
    );
    let (mut costs, mut lags) = ([const { Vec::new() }; 3], Vec::new());
    for _ in 0..rounds {
        let plain = turn(&alone, || alone.processor_time(), wanted).await?;
        let lag = Lag::watch(data.with_extension("backup").join("generations"));
        let copied = turn(&with_backup, || with_backup.processor_time(), wanted).await?;
        lags.push(lag.end()?.as_secs_f64());
        costs[0].push(plain);
        costs[1].push(copied / plain);
        print!(
            "{plain:>8.1} µs without, {copied:>8.1} µs with a backup, lag at most {:.1} s",
            lags.last().copied().unwrap_or_default()
        );
        if let Some((litestream, server)) = &beside {
            let sum = || Ok(server.processor_time()? + litestream.processor_time()?);
            let beside = turn(server, sum, wanted).await?;
            costs[2].push(beside / plain);
            print!(", {beside:>8.1} µs with litestream");
        }
        println!();
    }
    let percent = |ratios: &[f64]| (median(ratios.to_vec()) - 1.0) * 100.0;
    println!(
        "medians: {:.1} µs of processor time for an answer; the backup costs {:.1} % of it (goal 10 %), \
         and lags at most {:.1} s (goal 2 s)",
        median(costs[0].clone()),
        percent(&costs[1]),
        median(lags),
    );
    if beside.is_some() {
        println!("litestream costs {:.1} %", percent(&costs[2]));
    }
    Ok(())
}

/// Returns the processor time of one RSVP, in microseconds.
async fn turn(
    server: &Server,
    time: impl Fn() -> Result<Duration>,
    wanted: &Wanted,
) -> Result<f64> {
    let all: Arc<Vec<Household>> = Arc::new(households(server.address).await?);
    let pace = Pace {
        per_second: wanted.per_second,
        connections: 64,
    };
    let drive = async |duration| -> Result<usize> {
        let all = Arc::clone(&all);
        let outcomes = paced::drive(server.address, pace, duration, move |number| Asked {
            kind: 0,
            request: all[number % HOUSEHOLDS].post((number / HOUSEHOLDS).is_multiple_of(2)),
            status: 200,
        });
        let outcomes = outcomes.await?;
        let failure = outcomes.iter().find_map(|one| one.failure.as_ref());
        ensure!(failure.is_none(), "an answer failed: {failure:?}");
        Ok(outcomes.len())
    };
    drive(WARM_UP).await?;
    let (before, begin) = (time()?, Instant::now());
    let answers = drive(wanted.turns.duration()).await?;
    let spent = time()?.saturating_sub(before);
    let reached = figure(answers) / begin.elapsed().as_secs_f64();
    if reached < 0.95 * f64::from(wanted.per_second) {
        print!("({reached:.0} a second) ");
    }
    Ok(spent.as_secs_f64() * 1e6 / figure(answers))
}

/// The age of the newest copied commit, whose time is in the name of the newest segment.
struct Lag {
    is_ended: Arc<AtomicBool>,
    watching: std::thread::JoinHandle<Result<Duration>>,
}

impl Lag {
    fn watch(generations: PathBuf) -> Self {
        let is_ended = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&is_ended);
        let watching = std::thread::spawn(move || {
            let (begin, mut most) = (Instant::now(), Duration::ZERO);
            while !ended.load(Ordering::Relaxed) {
                // There are no commits before the turn, so the newest commit is old when the turn
                // begins.
                if begin.elapsed() > WARM_UP {
                    most = most.max(now()?.saturating_sub(newest(&generations)?));
                }
                std::thread::sleep(CHECK_INTERVAL);
            }
            Ok(most)
        });
        Self { is_ended, watching }
    }

    fn end(self) -> Result<Duration> {
        self.is_ended.store(true, Ordering::Relaxed);
        let ended = self.watching.join();
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "compared with the times in the names of segments"
)]
fn now() -> Result<Duration> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?)
}

/// Since the Unix epoch, from the name of the newest segment.
fn newest(generations: &Path) -> Result<Duration> {
    let mut newest = 0;
    for generation in fs::read_dir(generations)? {
        let segments = fs::read_dir(generation?.path().join("log")).into_iter();
        for segment in segments.flatten().flatten() {
            let name = segment.file_name();
            let name = name.to_string_lossy();
            let at = name.rsplit_once('-').and_then(|(_, at)| at.parse().ok());
            newest = at.map_or(newest, |at| newest.max(at));
        }
    }
    Ok(Duration::from_millis(newest))
}

/// Stopped on drop.
struct Litestream(Child);

impl Litestream {
    fn start(litestream: &Path, data: &Path) -> Result<Self> {
        let settings = data.with_extension("yml");
        let text = format!(
            "dbs:\n  - path: {}\n    replica:\n      type: file\n      path: {}\n",
            data.join("kenduri.db").display(),
            data.with_extension("backup").display()
        );
        fs::write(&settings, text)?;
        let child = Command::new(litestream)
            .args(["replicate", "-config"])
            .arg(settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start litestream")?;
        Ok(Self(child))
    }

    fn processor_time(&self) -> Result<Duration> {
        processor_time(&[self.0.id()])
    }
}

impl Drop for Litestream {
    fn drop(&mut self) {
        // litestream may have exited already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn restore(binary: &Path, seeded: &Path, megabytes: u64) -> Result<()> {
    let data = copy(seeded, "large")?;
    run(program("cargo")
        .args(["run", "--quiet", "--locked", "-p", "lab"])
        .args(super::profile())
        .args(["--example", "fill", "--"])
        .arg(data.join("kenduri.db"))
        .arg(megabytes.to_string()))?;
    let settings = backup_of(&data);
    let server = Server::demo(program(binary), &data, &settings).await?;
    let passphrase = data.with_extension("passphrase");
    fs::write(&passphrase, snapshot(binary, &data)?)?;
    households(server.address).await?;
    drop(server);
    let again = data.with_file_name("again");
    let begin = Instant::now();
    run(program(binary)
        .args(["restore", "--from", &settings[0].1])
        .arg("--passphrase-file")
        .arg(&passphrase)
        .arg("--data")
        .arg(&again))?;
    let took = begin.elapsed();
    let bytes = fs::metadata(again.join("kenduri.db"))?.len();
    println!(
        "a store of {} MB was restored in {:.1} s (goal: 1 GB in 30 s)",
        bytes / 1_000_000,
        took.as_secs_f64()
    );
    Ok(())
}
