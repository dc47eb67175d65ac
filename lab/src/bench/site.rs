//! `bench site`: runs a whole personal site with little memory, under steady load.
//!
//! An owner and members have countdowns, posts and phrases. Visitors request pages, feeds and
//! badges. API clients send requests with tokens, some countdowns are reset, and some members sign
//! in. The pace of the requests does not depend on the responses.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use tokio::runtime::Runtime;

use super::client::{Client, get};
use super::load::figure;
use super::members::{self, Member, resets};
use super::paced::{self, Asked, Outcome, Pace};
use super::server::{Server, pinned};
use super::{milliseconds, new_folder, percentile};
use crate::confinement::Confinement;

/// Of each member.
const COUNTDOWNS: usize = 3;
const ARTICLES: usize = 40;
const NOTES: usize = 20;

/// The options of the benchmark.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Visit {
    /// The number of members, including the owner.
    #[arg(long, default_value_t = 101)]
    members: usize,
    /// Requests per second.
    #[arg(long, default_value_t = 200)]
    per_second: u32,
    /// Duration in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Memory limit of the control group, in MiB.
    #[arg(long, default_value_t = 256)]
    memory: u64,
}

pub(super) fn bench(runtime: &Runtime, kenduri: &Path, visit: Visit) -> Result<()> {
    let folder = new_folder()?;
    let data = folder.path().join("data");
    drop(runtime.block_on(Server::demo(pinned(kenduri.to_owned(), None), &data, &[]))?);
    members::join(kenduri, &data, visit.members)?;
    // The confinement is declared before the server, so that the server is dropped first.
    let confinement = Confinement::find(visit.memory << 20);
    runtime.block_on(async {
        let server = Server::demo(confinement.command(kenduri), &data, &[]).await?;
        let site = Rc::new(Site::furnish(&server, visit.members).await?);
        let pace = Pace {
            per_second: visit.per_second,
            connections: 32,
        };
        let before = server.processor_time()?;
        let asking = Rc::clone(&site);
        let duration = Duration::from_secs(visit.seconds);
        let is_over = Cell::new(false);
        let visitors = async {
            let next = move |number| asking.ask(number);
            let outcomes = paced::drive(server.address, pace, duration, next).await;
            is_over.set(true);
            outcomes
        };
        let (outcomes, largest) = tokio::join!(visitors, find_largest(&server, &is_over));
        let (outcomes, largest) = (outcomes?, largest?);
        let used = server.processor_time()?.saturating_sub(before);
        println!(
            "\nA site of {} members, {} requests a second for {} s",
            visit.members, visit.per_second, visit.seconds
        );
        show(&outcomes);
        println!(
            "processor time of a request           {:>7.2} ms",
            milliseconds(used) / figure(outcomes.len())
        );
        println!(
            "most memory of its processes (PSS)    {:>7.1} MiB",
            mebibytes(largest)
        );
        match confinement.peak(server.process())? {
            Some(peak) => println!(
                "peak of its control group             {:>7.1} MiB of {}, files that the kernel keeps included",
                mebibytes(peak),
                visit.memory
            ),
            None => println!("no control group could be made here, so nothing held it to {} MiB", visit.memory),
        }
        Ok(())
    })
}

/// Sampled until `is_over`.
async fn find_largest(server: &Server, is_over: &Cell<bool>) -> Result<u64> {
    let mut largest = server.resident()?;
    while !is_over.get() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        largest = largest.max(server.resident()?);
    }
    Ok(largest)
}

fn show(outcomes: &[Outcome]) {
    println!(
        "{:<28}  {:>8}  {:>6}  {:>9}  {:>9}",
        "", "requests", "failed", "p50", "p99"
    );
    let mut failures: BTreeMap<&str, usize> = BTreeMap::new();
    for failure in outcomes.iter().filter_map(|asked| asked.failure.as_deref()) {
        *failures.entry(failure).or_default() += 1;
    }
    let kinds = KINDS.iter().enumerate();
    for (kind, Kind { name, .. }) in kinds {
        show_line(name, outcomes.iter().filter(|asked| asked.kind == kind));
    }
    show_line("all", outcomes.iter());
    println!("goal: none failed");
    for (failure, count) in failures {
        println!("{count} failed: {failure}");
    }
}

fn show_line<'a>(name: &str, outcomes: impl Iterator<Item = &'a Outcome> + Clone) {
    let failed = outcomes.clone().filter(|asked| asked.failure.is_some());
    let failed = failed.count();
    let mut times: Vec<_> = outcomes.map(|asked| asked.time).collect();
    times.sort_unstable();
    let [p50, p99] = [50, 99].map(|percent| milliseconds(percentile(&times, percent)));
    println!(
        "{name:<28}  {:>8}  {failed:>6}  {p50:>6.2} ms  {p99:>6.2} ms",
        times.len()
    );
}

/// `share` is the percentage of requests of this kind.
struct Kind {
    name: &'static str,
    share: usize,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Countdown,
    Person,
    Directory,
    Badge,
    Blog,
    Article,
    Feed,
    Search,
    PublicJson,
    Phrase,
    OwnJson,
    Reset,
    SignIn,
}

const fn kind(name: &'static str, share: usize, what: What) -> Kind {
    Kind { name, share, what }
}

const KINDS: [Kind; 13] = [
    kind("countdown", 26, What::Countdown),
    kind("a member's page", 7, What::Person),
    kind("directory", 5, What::Directory),
    kind("badge", 15, What::Badge),
    kind("blog", 6, What::Blog),
    kind("article", 8, What::Article),
    kind("feed", 7, What::Feed),
    kind("search", 3, What::Search),
    kind("API: a public countdown", 6, What::PublicJson),
    kind("API: phrase", 4, What::Phrase),
    kind("API: own countdowns", 10, What::OwnJson),
    kind("API: reset", 2, What::Reset),
    kind("API: sign-in", 1, What::SignIn),
];

struct Site {
    members: Vec<Member>,
    /// The first countdown of each member.
    countdowns: Vec<String>,
}

impl Site {
    async fn furnish(server: &Server, number: usize) -> Result<Self> {
        let mut client = Client::open(server.address).await?;
        let (mut all, mut countdowns) = (Vec::new(), Vec::new());
        for number in 1..=number {
            let member = Member::sign_in(&mut client, number).await?;
            countdowns.push(member.count_up(&mut client, &countdown(0)).await?);
            for other in 1..COUNTDOWNS {
                member.count_up(&mut client, &countdown(other)).await?;
            }
            all.push(member);
        }
        if let Some(owner) = all.first() {
            for number in 0..ARTICLES + NOTES {
                let post = post(number);
                owner.created(&mut client, "/api/v1/posts", &post).await?;
            }
        }
        Ok(Site {
            members: all,
            countdowns,
        })
    }

    /// Every run sends the same requests.
    fn ask(&self, number: usize) -> Asked {
        let chance = spread(number);
        let (kind, what) = choose(chance % 100);
        let member = &self.members[chance / 100 % self.members.len()];
        let who = members::slug(member.number);
        let countdown = countdown(chance / 10_000 % COUNTDOWNS);
        let page = |path: &str| (get(path, ""), 200);
        let (request, status) = match what {
            What::Countdown => page(&format!("/u/{who}/{countdown}")),
            What::Person => page(&format!("/u/{who}")),
            What::Directory => page("/countdowns"),
            What::Badge => page(&format!("/u/{who}/{countdown}/badge.svg")),
            What::Blog => page("/blog"),
            What::Article => page(&format!("/blog/article-{}", chance / 100 % ARTICLES)),
            What::Feed => page("/feed"),
            What::Search => page("/search?q=coffee"),
            What::PublicJson => page(&format!("/api/v1/public/{who}/{countdown}")),
            What::Phrase => page(&format!("/api/v1/public/{who}/phrase")),
            What::OwnJson => (get("/api/v1/countdowns", &member.authorization), 200),
            What::Reset => {
                let of = &self.countdowns[member.number - 1];
                (member.create(&resets(of), &json!({})), 201)
            }
            What::SignIn => (members::sign_in(member.number), 200),
        };
        Asked {
            kind,
            request,
            status,
        }
    }
}

fn countdown(number: usize) -> String {
    format!("habit-{number}")
}

/// An article of a few paragraphs, or a note.
fn post(number: usize) -> serde_json::Value {
    let text = "Coffee was *not* had today. It was [tea](https://example.com), and rain fell.\n\n";
    if number < ARTICLES {
        json!({
            "kind": "article",
            "state": "published",
            "title": format!("Article {number}"),
            "slug": format!("article-{number}"),
            "tags": ["coffee"],
            "body": text.repeat(20),
        })
    } else {
        json!({ "kind": "note", "state": "published", "body": text })
    }
}

/// `number` is below 100.
fn choose(mut number: usize) -> (usize, What) {
    for (kind, Kind { share, what, .. }) in KINDS.iter().enumerate() {
        if number < *share {
            return (kind, *what);
        }
        number -= share;
    }
    (0, KINDS[0].what)
}

/// One step of a linear congruential generator with Knuth's multiplier.
fn spread(number: usize) -> usize {
    number
        .wrapping_add(1)
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
        >> 33
}

fn mebibytes(bytes: u64) -> f64 {
    usize::try_from(bytes).map_or(f64::NAN, figure) / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_requests_have_each_kind_as_often_as_it_should_be() {
        let mut counts = [0; KINDS.len()];
        for number in 0..100 {
            counts[choose(number).0] += 1;
        }
        assert_eq!(counts, KINDS.map(|kind| kind.share));
    }
}
