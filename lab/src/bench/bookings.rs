//! `bench bookings`: browsing and booking at a steady rate, with many connected clients and two
//! sign-ins a second, in Kenduri with `SQLite` and in a plain `FastAPI` app with `PostgreSQL`
//! (`lab/bookings_fastapi`). Then the processor time of a browse and of a booking in both, and what the
//! times cost that hours leave free (`free_times.rs`), and what those who book wait for each other on
//! `PostgreSQL` (`booking_locks.rs`).
//!
//! Both keep the same promises about a booking: one transaction, a guarded update of the slot, and
//! a unique index. Kenduri also serves its page of free times and the sign-ins, the other app only
//! JSON. Everything runs on the same cores. `PostgreSQL`'s processor time is added to that of the
//! app in front of it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::client::{Client, get, send_json};
use super::load::figure;
use super::members::{self, Member};
use super::paced::{self, Asked, Outcome, Pace};
use super::server::{Server, free_address, pinned, processor_time};
use super::watchers::{SPARE, raise_limit};
use super::{booking_locks, free_times};
use super::{median, milliseconds, new_folder, percentile, profile};
use crate::command::{program, run, with_children};
use crate::example::install_python;
use crate::postgres::PrivatePostgres;
use crate::workspace::root;

/// That each provider offers, and that each member books at most.
const SLOTS_OF_ONE: usize = 20;
/// The first of so many requests as the second.
const BOOKINGS: (usize, usize) = (2, 20);
const KINDS: [&str; 4] = ["browse, JSON", "browse, page", "booking", "sign-in"];
const BOOKING: usize = 2;
const SIGN_IN: usize = 3;
const SIGN_INS: Pace = Pace {
    per_second: 2,
    connections: 4,
};
/// While processor time is measured.
const CLIENTS: usize = 16;
const BROWSES: usize = 2_000;
/// Of the `FastAPI` app.
const WORKERS: usize = 2;

/// The options of the benchmark.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Wanted {
    /// Duration of the steady load in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Requests per second.
    #[arg(long, default_value_t = 1_000)]
    per_second: u32,
    /// Number of connected clients.
    #[arg(long, default_value_t = 1_000)]
    clients: usize,
    /// Number of bookings that are over, and of additional free slots.
    #[arg(long, default_value_t = 0)]
    stored: usize,
    /// The number of turns in which processor time is measured; the median is shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The number of bookings per turn.
    #[arg(long, default_value_t = 1_000)]
    booked: usize,
}

impl Wanted {
    /// One more where the interval between requests is not a whole number of nanoseconds.
    fn steady(self) -> Result<usize> {
        let all = usize::try_from(self.seconds * u64::from(self.per_second))? + 1;
        Ok(all.div_ceil(BOOKINGS.1) * BOOKINGS.0)
    }

    /// At least two, for all bookings.
    fn members(self) -> Result<usize> {
        let all = self.steady()? + self.rounds * self.booked;
        Ok(all.div_ceil(SLOTS_OF_ONE).max(2))
    }
}

struct Side<'a> {
    server: Server,
    /// The main process of a separate database server.
    store: Option<&'a PrivatePostgres>,
    browse: &'static str,
    page: &'static str,
    book: &'static str,
    /// The `Authorization` headers of the members.
    members: Rc<Vec<String>>,
}

pub(super) fn bench(runtime: &Runtime, kenduri: &Path, wanted: Wanted) -> Result<()> {
    raise_limit(wanted.clients + SPARE)?;
    let app = root().join("lab/bookings_fastapi");
    install_python(&app)?;
    let folder = new_folder()?;
    let members = wanted.members()?;
    let postgres = PrivatePostgres::start(&[])?;
    run(program(app.join(".venv/bin/python"))
        .arg(app.join("app.py"))
        .arg(postgres.url())
        .args([members, wanted.stored].map(|number| number.to_string())))?;
    let data = folder.path().join("data");
    let settings = [
        ("KENDURI_BOOKINGS_ENABLED", "true".to_owned()),
        (
            "KENDURI_LISTEN_CONNECTIONS",
            (wanted.clients + SPARE).to_string(),
        ),
    ];
    let start = || Server::demo(pinned(kenduri.to_owned(), None), &data, &settings);
    drop(runtime.block_on(start())?);
    members::join(kenduri, &data, members)?;
    fill(&data, members, wanted.stored)?;
    let subject = kenduri;
    runtime.block_on(async {
        let kenduri = ours(start().await?, members).await?;
        let fastapi = theirs(folder.path(), &app, &postgres, members).await?;
        println!(
            "\n{} requests a second for {} s, {} clients, {members} members who offer {} slots, {} bookings stored",
            wanted.per_second,
            wanted.seconds,
            wanted.clients,
            members * SLOTS_OF_ONE,
            wanted.stored
        );
        for (name, side) in [("Kenduri, SQLite", &kenduri), ("FastAPI, PostgreSQL", &fastapi)] {
            steady(name, side, wanted).await?;
        }
        println!("goal: p99 below 200 ms, of a sign-in below 500 ms, none failed");
        cost([("Kenduri, SQLite", &kenduri), ("FastAPI, PostgreSQL", &fastapi)], wanted).await?;
        drop(kenduri);
        let providers = |data: &Path, number| fill(data, number, 0);
        free_times::measure(subject, &settings, providers).await?;
        booking_locks::measure(subject, &settings, providers).await
    })
}

fn fill(data: &Path, members: usize, stored: usize) -> Result<()> {
    run(program("cargo")
        .args(["run", "--quiet", "--locked", "-p", "lab"])
        .args(profile())
        .args(["--example", "bookings", "--"])
        .arg(data.join("kenduri.db"))
        .args([members, stored].map(|number| number.to_string())))
}

async fn ours(server: Server, members: usize) -> Result<Side<'static>> {
    let mut client = Client::open(server.address).await?;
    let mut all = Vec::new();
    for number in 1..=members {
        let member = Member::sign_in(&mut client, number).await?;
        all.push(member.authorization);
    }
    Ok(Side {
        server,
        store: None,
        browse: "/api/v1/slots?limit=20",
        page: "/book",
        book: "/api/v1/bookings",
        members: Rc::new(all),
    })
}

async fn theirs<'a>(
    folder: &Path,
    app: &Path,
    postgres: &'a PrivatePostgres,
    members: usize,
) -> Result<Side<'a>> {
    let address = free_address()?;
    let mut command = program(app.join(".venv/bin/uvicorn"));
    command
        .args(["app:app", "--no-access-log", "--log-level", "warning"])
        // Clients of the other server stay connected between two requests too.
        .args(["--timeout-keep-alive", "75", "--backlog", "4096"])
        .args(["--workers", &WORKERS.to_string()])
        .args(["--host", &address.ip().to_string()])
        .args(["--port", &address.port().to_string()])
        .env("STORE", postgres.url())
        .current_dir(app);
    let browse = "/slots?limit=20";
    let server = Server::start(command, address, folder.join("fastapi.log"), browse).await?;
    let tokens = (1..=members).map(|number| format!("Authorization: Bearer token-{number}\r\n"));
    Ok(Side {
        server,
        store: Some(postgres),
        browse,
        page: browse,
        book: "/bookings",
        members: Rc::new(tokens.collect()),
    })
}

impl Side<'_> {
    /// Counted from 0. Nobody books twice, or what they offer themselves.
    fn booking(&self) -> impl Fn(usize) -> Vec<u8> + 'static {
        let (members, path) = (Rc::clone(&self.members), self.book);
        move |number| {
            let provider = number % members.len();
            let slot = provider * SLOTS_OF_ONE + number / members.len() + 1;
            let body = json!({
                "slot_id": format!("00000000-0000-4000-8002-{slot:012}"),
                "slot_version": 1,
            });
            let member = &members[(provider + 1) % members.len()];
            send_json("POST", path, member, &body.to_string())
        }
    }

    fn processor_time(&self) -> Result<Duration> {
        let store = match self.store {
            Some(postgres) => processor_time(&with_children(postgres.process())?)?,
            None => Duration::ZERO,
        };
        Ok(self.server.processor_time()? + store)
    }
}

async fn steady(name: &str, side: &Side<'_>, wanted: Wanted) -> Result<()> {
    let (book, browse, page) = (side.booking(), side.browse, side.page);
    let next = move |number: usize| {
        let (round, place) = (number / BOOKINGS.1, number % BOOKINGS.1);
        let (kind, request, status) = if place < BOOKINGS.0 {
            (BOOKING, book(round * BOOKINGS.0 + place), 201)
        } else {
            // Where there is no page, all browse the JSON.
            let kind = if page == browse { 0 } else { place % 2 };
            (kind, get([browse, page][kind], ""), 200)
        };
        Asked {
            kind,
            request,
            status,
        }
    };
    let pace = Pace {
        per_second: wanted.per_second,
        connections: wanted.clients,
    };
    let duration = Duration::from_secs(wanted.seconds);
    let address = side.server.address;
    let before = side.processor_time()?;
    let outcomes = if side.store.is_some() {
        paced::drive(address, pace, duration, next).await?
    } else {
        let members = side.members.len();
        let (steady, signed_in) = tokio::join!(
            paced::drive(address, pace, duration, next),
            paced::drive(address, SIGN_INS, duration, move |number| Asked {
                kind: SIGN_IN,
                request: members::sign_in(number % members + 1),
                status: 200,
            })
        );
        let mut all = steady?;
        all.extend(signed_in?);
        all
    };
    let used = side.processor_time()?.saturating_sub(before);
    print(name, &outcomes);
    println!(
        "{:<20}  {:>8.2} of a core",
        "",
        used.as_secs_f64() / duration.as_secs_f64()
    );
    Ok(())
}

fn print(name: &str, outcomes: &[Outcome]) {
    println!(
        "\n{name:<20}  {:>8}  {:>6}  {:>10}  {:>10}  {:>10}",
        "requests", "failed", "p50", "p95", "p99"
    );
    for (kind, name) in KINDS.iter().enumerate() {
        let all: Vec<_> = outcomes.iter().filter(|asked| asked.kind == kind).collect();
        let failed: Vec<_> = all
            .iter()
            .filter_map(|asked| asked.failure.as_ref())
            .collect();
        let mut times: Vec<_> = all.iter().map(|asked| asked.time).collect();
        times.sort_unstable();
        if times.is_empty() {
            continue;
        }
        let [p50, p95, p99] = [50, 95, 99].map(|part| milliseconds(percentile(&times, part)));
        println!(
            "{name:<20}  {:>8}  {:>6}  {p50:>7.1} ms  {p95:>7.1} ms  {p99:>7.1} ms",
            times.len(),
            failed.len()
        );
        if let Some(first) = failed.first() {
            println!("  such as: {first}");
        }
    }
}

/// Of a browse and of a booking, of both sides in turns.
async fn cost(sides: [(&str, &Side<'_>); 2], wanted: Wanted) -> Result<()> {
    let mut times = [const { [const { Vec::new() }; 2] }; 2];
    let mut next = wanted.steady()?;
    for _ in 0..wanted.rounds {
        for ((_, side), times) in sides.iter().zip(&mut times) {
            let browse = get(side.browse, "");
            let browses = (0..BROWSES).map(|_| (browse.clone(), 200)).collect();
            times[0].push(spend(side, browses).await?);
            let book = side.booking();
            let bookings = (next..next + wanted.booked).map(|number| (book(number), 201));
            times[1].push(spend(side, bookings.collect()).await?);
        }
        next += wanted.booked;
    }
    println!(
        "\nProcessor time, {CLIENTS} clients, {BROWSES} browses and {} bookings a turn; medians of {} turns",
        wanted.booked, wanted.rounds
    );
    println!("{:<20}  {:>12}  {:>12}", "", "browse", "booking");
    let mut shown = Vec::new();
    for ((name, _), times) in sides.iter().zip(times) {
        let [browse, booking] = times.map(median);
        println!("{name:<20}  {browse:>9.0} µs  {booking:>9.0} µs");
        shown.push([browse, booking]);
    }
    if let [[browse, booking], [their_browse, their_booking]] = shown[..] {
        println!(
            "{:<20}  {:>12.2}  {:>12.2}",
            "Kenduri ÷ FastAPI",
            browse / their_browse,
            booking / their_booking
        );
    }
    Ok(())
}

/// The processor time of one request, in microseconds.
async fn spend(side: &Side<'_>, requests: Vec<(Vec<u8>, u16)>) -> Result<f64> {
    let count = requests.len();
    let before = side.processor_time()?;
    let waiting = Rc::new(RefCell::new(requests.into_iter()));
    let clients = LocalSet::new();
    let talks: Vec<_> = (0..CLIENTS)
        .map(|_| clients.spawn_local(talk(side.server.address, Rc::clone(&waiting))))
        .collect();
    clients.await;
    for talk in talks {
        talk.await.context("a client failed")??;
    }
    let used = side.processor_time()?.saturating_sub(before);
    ensure!(count > 0, "nothing was asked");
    Ok(used.as_secs_f64() * 1e6 / figure(count))
}

type Requests = std::vec::IntoIter<(Vec<u8>, u16)>;

async fn talk(address: SocketAddr, waiting: Rc<RefCell<Requests>>) -> Result<()> {
    let mut client = Client::open(address).await?;
    loop {
        let Some((request, status)) = waiting.borrow_mut().next() else {
            return Ok(());
        };
        client.exchange(&request).await?.expect(status)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_members_as_all_bookings_need() {
        let wanted = Wanted {
            seconds: 10,
            per_second: 1_000,
            clients: 1,
            stored: 0,
            rounds: 3,
            booked: 1_000,
        };
        assert_eq!(wanted.steady().unwrap(), 1_002);
        assert_eq!(wanted.members().unwrap(), 201);
    }
}
