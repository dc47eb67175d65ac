//! Each site of `examples/`, with the programs beside it, within 1 GB of memory and on one core: it
//! starts, its main pages are asked, and nothing is killed.
//!
//! A control group limits the memory where the machine has them; everywhere, the memory of all
//! processes is sampled and compared with the limit.

mod memory;
mod running;
mod wedding;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::command::output;
use crate::confinement::Confinement;
use crate::example::{Site, import_older_site};
use crate::interrupt;
use memory::Peak;
use running::{Running, ask};

/// In bytes, for a site.
const LIMIT: u64 = 1_000_000_000;
/// In a round, all pages are asked for at the same time.
const ROUNDS: usize = 100;
/// Respects the limits that the sites set for one address.
const PAUSE: Duration = Duration::from_millis(200);
/// Not in the repository.
const LEFT_OUT: [&str; 4] = [".venv", "node_modules", "data", "__pycache__"];
const INSTALLED: [&str; 2] = [".venv", "node_modules"];

struct Example {
    name: &'static str,
    site: Site,
    settings: &'static str,
    /// Whether the demo's occasion is served.
    is_demo: bool,
    pages: &'static [&'static str],
}

const EXAMPLES: [Example; 8] = [
    Example {
        name: "kadkahwin: Flask, Node with Socket.IO",
        site: Site::Kadkahwin,
        settings: "kenduri.toml",
        is_demo: false,
        pages: &[
            "/",
            "/en/",
            "/card.js",
            "/majlis.ics",
            "/socket.io/socket.io.js",
            "/api/flask/hello",
            "/api/node/hello",
        ],
    },
    Example {
        name: "kadkahwin, Kenduri alone",
        site: Site::Kadkahwin,
        settings: "kenduri.alone.toml",
        is_demo: true,
        pages: &[
            "/",
            "/en/",
            "/socket.io/socket.io.js",
            "/api/flask/health",
            "/o/aisyah-daniel",
            "/invite/RAHMA",
            "/invite/RAHMA/rsvp",
        ],
    },
    Example {
        name: "flask-express: two of each, with ports",
        site: Site::FlaskExpress,
        settings: "kenduri.toml",
        is_demo: false,
        pages: KITCHEN,
    },
    Example {
        name: "flask-express: two of each, without ports",
        site: Site::FlaskExpress,
        settings: "kenduri.sockets.toml",
        is_demo: false,
        pages: KITCHEN,
    },
    Example {
        name: "personal",
        site: Site::Personal,
        settings: "kenduri.toml",
        is_demo: false,
        pages: &[
            "/",
            "/farah/incident-timer",
            "/blog/kopi",
            "/feed",
            "/login",
        ],
    },
    Example {
        name: "wedding",
        site: Site::Wedding,
        settings: "kenduri.toml",
        is_demo: false,
        pages: &[
            "/",
            "/o/nurul-haris",
            "/invite/WONG8",
            "/invite/WONG8/rsvp",
            "/login",
        ],
    },
    Example {
        name: "mentoring, with a front end in React",
        site: Site::Mentoring,
        settings: "kenduri.toml",
        is_demo: false,
        pages: &["/", "/app.js", "/api/v1/slots", "/api/v1/plans", "/login"],
    },
    Example {
        name: "mentoring, Kenduri alone",
        site: Site::Mentoring,
        settings: "kenduri.alone.toml",
        is_demo: false,
        pages: &["/", "/book", "/book/plans", "/login"],
    },
];

const KITCHEN: &[&str] = &[
    "/",
    "/tambah",
    "/lauk/1",
    "/health",
    "/api/health",
    "/api/dishes",
];

struct Outcome {
    started_in: Duration,
    peak: u64,
    asked: usize,
    failures: Vec<String>,
}

/// Runs every site, and fails if one fails a request, restarts a process or uses too much memory.
pub(super) fn show(program: &Path) -> Result<()> {
    let confinement = Confinement::find(LIMIT);
    let held = match confinement {
        Confinement::Missing => "no control group limits the memory here, so it is only sampled",
        _ => "a control group limits the memory",
    };
    println!("1 GB, one core; {held}\n");
    let mut failed = Vec::new();
    let mut rows = Vec::new();
    for example in &EXAMPLES {
        ensure!(!interrupt::is_wanted(), "interrupted");
        let outcome = example.run(program, &confinement);
        let outcome = outcome.with_context(|| example.name)?;
        if outcome.peak > LIMIT || !outcome.failures.is_empty() {
            failed.push(example.name);
        }
        for failure in &outcome.failures {
            println!("{}: {failure}", example.name);
        }
        rows.push(example.row(&outcome));
    }
    println!("\n| Site | Started in | Most memory | Pages asked for | Failures |");
    println!("|---|---|---|---|---|");
    println!("{}", rows.join("\n"));
    ensure!(
        failed.is_empty(),
        "not within 1 GB and one core: {}",
        failed.join(", ")
    );
    Ok(())
}

impl Example {
    fn run(&self, program: &Path, confinement: &Confinement) -> Result<Outcome> {
        println!("{} …", self.name);
        if !self.is_demo {
            self.site.install()?;
        }
        let folder = TempDir::with_prefix("kenduri-example-")?;
        copy(&self.site.folder(), folder.path())?;
        let settings = folder.path().join(self.settings);
        move_ports(&settings)?;
        let start = || Running::start(program, confinement, folder.path(), self);
        match self.site {
            Site::Personal => import_older_site(program, folder.path(), &settings)?,
            Site::Wedding => wedding::prepare(program, folder.path(), start)?,
            Site::Kadkahwin | Site::FlaskExpress | Site::Mentoring => {}
        }
        let running = start()?;
        let peak = Peak::watch(running.process())?;
        let started_in = running.until_all_answer(self.pages)?;
        let mut failures = Vec::new();
        for _ in 0..ROUNDS {
            ensure!(!interrupt::is_wanted(), "interrupted");
            failures.extend(self.round(&running));
            std::thread::sleep(PAUSE);
        }
        failures.extend(running.restarts()?);
        let peak = peak.end();
        running.stop()?;
        Ok(Outcome {
            started_in,
            peak,
            asked: ROUNDS * self.pages.len(),
            failures,
        })
    }

    /// All at the same time. Returns the failures.
    fn round(&self, running: &Running) -> Vec<String> {
        std::thread::scope(|scope| {
            let asked: Vec<_> = self
                .pages
                .iter()
                .map(|page| scope.spawn(move || ask(running.address(), "GET", page, &[], "")))
                .collect();
            let answers = asked.into_iter().zip(self.pages);
            answers
                .filter_map(|(answer, page)| match answer.join() {
                    Ok(Ok(answer)) if answer.status == 200 => None,
                    Ok(Ok(answer)) => Some(format!("{page}: {}", answer.status)),
                    Ok(Err(error)) => Some(format!("{page}: {error:#}")),
                    Err(_) => Some(format!("{page}: the visitor panicked")),
                })
                .collect()
        })
    }

    fn row(&self, outcome: &Outcome) -> String {
        format!(
            "| {} | {:.1} s | {} MB | {} | {} |",
            self.name,
            outcome.started_in.as_secs_f64(),
            outcome.peak / 1_000_000,
            outcome.asked,
            outcome.failures.len()
        )
    }
}

/// For sites that listen on fixed ports.
fn move_ports(settings: &Path) -> Result<()> {
    let [high, low] = (std::process::id() & 0xffff).to_be_bytes()[2..] else {
        return Ok(());
    };
    let text = fs::read_to_string(settings)?;
    let text = [3000, 5000].into_iter().fold(text, |text, port| {
        let own = format!("127.7.{high}.{low}:{port}");
        text.replace(&format!("127.0.0.1:{port}"), &own)
    });
    Ok(fs::write(settings, text)?)
}

/// As it is in the repository, with links to its installed packages.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, there) = (entry.file_name(), to.join(entry.file_name()));
        let is_named = |names: &[&str]| names.iter().any(|other| name == *other);
        if is_named(&INSTALLED) {
            symlink(entry.path(), there)?;
        } else if entry.file_type()?.is_dir() && !is_named(&LEFT_OUT) {
            copy(&entry.path(), &there)?;
        } else if !is_named(&LEFT_OUT) {
            fs::copy(entry.path(), there)?;
        }
    }
    Ok(())
}

fn command(program: &Path, folder: &Path, words: &[&str]) -> Result<String> {
    output(
        crate::command::program(program)
            .args(words)
            .current_dir(folder),
    )
}
