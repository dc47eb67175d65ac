//! `bench import`: a host imports as many households as an occasion can have, while other
//! households save RSVPs. Then the host's pages are requested for the full occasion.

use std::cell::Cell;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::time::sleep;

use super::client::{Client, get, send_json};
use super::crawl::Cookies;
use super::crowd::{self, Crowd};
use super::load::{Conversation as _, figure};
use super::rsvp::{self, Request};
use super::server::{Server, bytes};
use super::{median, milliseconds, new_folder, percentile};
use crate::command::{output, program};

const OCCASION: &str = "aisyah-daniel";
const MOST_INVITATIONS: usize = 5_000;
const DEMO_INVITATIONS: usize = 40;
/// One after another, during the import.
const ANSWERING: usize = 8;
/// For freeing memory, after the start and after an import.
const SETTLE: Duration = Duration::from_secs(3);
/// Of the import's progress and the server's memory.
const POLL: Duration = Duration::from_millis(20);
const VIEWS: usize = 100;

pub(super) fn bench(runtime: &Runtime, kenduri: &Path) -> Result<()> {
    let folder = new_folder()?;
    let data = folder.path().join("data");
    let start = || Server::demo(program(kenduri), &data, &[]);
    drop(runtime.block_on(start())?);
    Crowd {
        invitations: ANSWERING,
    }
    .join(&crowd::sqlite(&data))?;
    runtime.block_on(async {
        let server = start().await?;
        let mut host = Host::new(kenduri, &data, server.address).await?;
        let households = MOST_INVITATIONS - DEMO_INVITATIONS - ANSWERING;
        let list = list(households)?;
        sleep(SETTLE).await;
        let before = server.resident()?;
        let stop = Cell::new(false);
        let answering = answer(server.address, &stop);
        let importing = async {
            let imported = host.import(&list, &server).await;
            stop.set(true);
            imported
        };
        let (imported, waits) = tokio::join!(importing, answering);
        let (imported, mut waits) = (imported?, waits?);
        waits.sort_unstable();
        println!("\n{households} households of two, from CSV, while others answer");
        println!(
            "until all are there   {:>8.1} s    goal 5 s",
            imported.took.as_secs_f64()
        );
        println!(
            "memory above idle     {:>8.1} MB   goal 100 MB  ({:.1} MB before)",
            (bytes(imported.peak) - bytes(before)) / 1e6,
            bytes(before) / 1e6
        );
        println!(
            "longest of {:>6} saves {:>7.1} ms   goal 100 ms  (99 % within {:.1} ms)",
            waits.len(),
            milliseconds(percentile(&waits, 100)),
            milliseconds(percentile(&waits, 99))
        );
        let mut client = Client::open(server.address).await?;
        let cookies = Cookies::of_host(&server, &mut client).await?;
        println!("\nin that occasion, medians of {VIEWS}; goal 50 ms");
        for (name, path) in [
            ("overview", ""),
            ("list of invitations", "/invites"),
            ("list of guests", "/guests"),
        ] {
            let request = get(&format!("/admin/o/{OCCASION}{path}"), &cookies.header());
            let mut times = Vec::new();
            let before = server.processor_time()?;
            for _ in 0..VIEWS {
                let begin = Instant::now();
                client.exchange(&request).await?.expect(200)?;
                times.push(milliseconds(begin.elapsed()));
            }
            let used = server.processor_time()?.saturating_sub(before);
            println!(
                "{name:<20}  {:>8.1} ms  {:>8.1} ms of processor time",
                median(times),
                milliseconds(used) / figure(VIEWS)
            );
        }
        Ok(())
    })
}

/// As CSV, with two rows for each household.
fn list(households: usize) -> Result<String> {
    let mut list = "household,guest,email,language,plus ones\n".to_owned();
    for number in 1..=households {
        let language = if number % 3 == 0 { "ms" } else { "en" };
        for guest in ["Aminah", "Budi"] {
            writeln!(
                list,
                "Household {number},{guest} {number},h{number}@example.com,{language},1"
            )?;
        }
    }
    Ok(list)
}

/// One household after another, until `stop` is true. Returns how long each request took.
async fn answer(address: SocketAddr, stop: &Cell<bool>) -> Result<Vec<Duration>> {
    let mut households = rsvp::load_households(address, ANSWERING, Request::Put).await?;
    let mut client = Client::open(address).await?;
    let (mut times, mut request) = (Vec::new(), Vec::new());
    loop {
        for household in &mut households {
            if stop.get() {
                return Ok(times);
            }
            request.clear();
            household.ask(&mut request);
            let begin = Instant::now();
            let answer = client.exchange(&request).await?;
            times.push(begin.elapsed());
            household.hear(&answer)?;
        }
    }
}

struct Imported {
    took: Duration,
    /// The server's peak memory during the import, in bytes.
    peak: u64,
}

struct Host {
    client: Client,
    authorization: String,
    occasion: String,
}

impl Host {
    async fn new(kenduri: &Path, data: &Path, address: SocketAddr) -> Result<Self> {
        let mut command = program(kenduri);
        command.args(["token", "create", "--occasion", OCCASION, "--data"]);
        command.arg(data);
        for scope in [
            "occasion:read",
            "occasion:write",
            "rsvps:read",
            "rsvps:write",
        ] {
            command.args(["--scope", scope]);
        }
        let token = output(&mut command)?;
        let mut host = Self {
            client: Client::open(address).await?,
            authorization: format!("Authorization: Bearer {}\r\n", token.trim()),
            occasion: String::new(),
        };
        let all = host.read("").await?;
        let id = all["items"][0]["id"].as_str();
        id.context("no occasion")?.clone_into(&mut host.occasion);
        Ok(host)
    }

    /// Below the occasion, or the list of occasions.
    async fn read(&mut self, below: &str) -> Result<Value> {
        let path = match below {
            "" => "/api/v1/occasions".to_owned(),
            below => format!("/api/v1/occasions/{}{below}", self.occasion),
        };
        let request = get(&path, &self.authorization);
        let answer = self.client.exchange(&request).await?;
        answer.expect(200)?;
        Ok(serde_json::from_slice(answer.body)?)
    }

    /// Returns when all households of the CSV guest list are imported.
    async fn import(&mut self, list: &str, server: &Server) -> Result<Imported> {
        let begin = Instant::now();
        let upload = format!(
            "POST /api/v1/occasions/{}/imports HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\
             Content-Type: text/csv\r\nContent-Length: {}\r\n\r\n{list}",
            self.occasion,
            self.authorization,
            list.len()
        );
        let answer = self.client.exchange(upload.as_bytes()).await?;
        answer.expect(201)?;
        let import: Value = serde_json::from_slice(answer.body)?;
        let below = format!("/imports/{}", import["id"].as_str().context("no id")?);
        let path = format!("/api/v1/occasions/{}{below}/apply", self.occasion);
        let apply = send_json("POST", &path, &self.authorization, "{}");
        let answer = self.client.exchange(&apply).await?;
        ensure!(answer.status < 300, "not applied: {}", answer.status);
        let mut peak = 0;
        loop {
            let state = self.read(&below).await?;
            peak = peak.max(server.resident()?);
            if state["state"] == "ready" {
                ensure!(state["failed"] == 0, "some were skipped: {state}");
                let took = begin.elapsed();
                return Ok(Imported { took, peak });
            }
            sleep(POLL).await;
        }
    }
}
