//! The last part of `bench bookings`: what it costs to look at the times that the hours of 50 providers
//! leave free for 60 days, kept since somebody looked before, and computed afresh, because each of the
//! providers has changed something.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use super::client::{Client, get};
use super::members::{self, Member};
use super::server::{Server, pinned};
use super::{milliseconds, new_folder, percentile};

pub(super) const PROVIDERS: usize = 50;
const DAYS: u32 = 60;
const READS: usize = 200;
/// How often all providers change something.
const CHANGES: usize = 20;
const PATHS: [(&str, &str); 2] = [
    ("list, JSON", "/api/v1/slots?limit=20&title=Free+times"),
    ("month, page", "/book/s/free-times"),
];

/// `fill` writes to the store in a folder that each of the members is a provider with booked times.
pub(super) async fn measure(
    kenduri: &Path,
    settings: &[(&str, String)],
    fill: impl Fn(&Path, usize) -> Result<()>,
) -> Result<()> {
    let folder = new_folder()?;
    let data = folder.path().join("data");
    let start = || Server::demo(pinned(kenduri.to_owned(), None), &data, settings);
    drop(start().await?);
    members::join(kenduri, &data, PROVIDERS)?;
    fill(&data, PROVIDERS)?;
    let server = start().await?;
    let providers = offer(server.address).await?;
    let mut client = Client::open(server.address).await?;
    println!(
        "\nTimes that the hours of {PROVIDERS} providers leave free for {DAYS} days, one reader, time of an answer\n{:<20}  {:>12}  {:>12}",
        "", "kept", "afresh"
    );
    for (name, path) in PATHS {
        read(&mut client, path).await?;
        let mut kept = Vec::new();
        for _ in 0..READS {
            kept.push(read(&mut client, path).await?);
        }
        let mut afresh = Vec::new();
        for _ in 0..CHANGES {
            for provider in &providers {
                let day = json!({"first_day": "2099-12-31"});
                let path = "/api/v1/me/exceptions";
                provider.created(&mut client, path, &day).await?;
            }
            afresh.push(read(&mut client, path).await?);
        }
        let [kept, afresh] = [kept, afresh].map(|mut times| {
            times.sort_unstable();
            milliseconds(percentile(&times, 50))
        });
        println!("{name:<20}  {kept:>9.2} ms  {afresh:>9.2} ms");
    }
    println!("goal: of the times alone 1 ms of a processor, and 10 ms afresh");
    Ok(())
}

/// Each provider offers an hour, every half hour, in eight hours of each weekday.
pub(super) async fn offer(address: SocketAddr) -> Result<Vec<Member>> {
    let mut client = Client::open(address).await?;
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let week = days.map(|day| {
        let window = |opens, closes| json!({"day": day, "opens": opens, "closes": closes});
        [window("09:00", "12:00"), window("13:00", "18:00")]
    });
    let mut all = Vec::new();
    for number in 1..=PROVIDERS {
        let member = Member::sign_in(&mut client, number).await?;
        let hours = json!({"name": "Mine", "time_zone": "Europe/Berlin", "week": week.concat()});
        let path = "/api/v1/me/schedules";
        let hours = member.created(&mut client, path, &hours).await?;
        let offer = json!({"schedule_id": hours["id"], "title": "Free times",
            "location": "https://meet.jit.si/Veranda", "lengths": [{"minutes": 60}],
            "step_minutes": 30, "buffer_after": 15, "horizon_days": DAYS});
        let path = "/api/v1/me/offers";
        member.created(&mut client, path, &offer).await?;
        all.push(member);
    }
    Ok(all)
}

async fn read(client: &mut Client, path: &str) -> Result<Duration> {
    let begin = Instant::now();
    client.exchange(&get(path, "")).await?.expect(200)?;
    Ok(begin.elapsed())
}
