//! Sends requests and WebSocket messages while the settings, the certificate, the upstream and the
//! process behind an open listener change.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::neighbours;
use super::place::{PATIENCE, Place};
use super::visitors::{
    Enough, Entrance, Tally, asks, believing, exchange, numbered, shake_hands, talks,
};
use crate::interrupt;

/// At each entrance: `VISITORS` have a persistent HTTP connection, `TALKERS` a WebSocket.
const VISITORS: usize = 4;
const TALKERS: usize = 2;
/// The same number of requests precedes each change.
const CHANGES: usize = 5;
/// For noticing that a change has taken effect.
const LOOK: Duration = Duration::from_millis(5);

const FIRST: &str = "first.toml";
const SECOND: &str = "second.toml";

pub(super) async fn show(program: &Path, requests: usize) -> Result<()> {
    let place = Place::new()?;
    let (one, two) = (
        neighbours::named("one").await?,
        neighbours::named("two").await?,
    );
    let live = neighbours::echoing().await?;
    let settings = |plan: &str, server: SocketAddr| {
        format!(
            "[[route]]\npath = \"/api/\"\nto = \"http://{server}\"\n\
             headers = {{ set = {{ \"X-Plan\" = \"{plan}\" }} }}\n\
             [[route]]\npath = \"/live/\"\nto = \"http://{live}\"\n"
        )
    };
    // Both certificates are created before the visitors connect, so that the visitors can trust
    // both.
    let (before, after) = (Place::make_certificate()?, Place::make_certificate()?);
    place.write_certificate(&before)?;
    place.write_settings(FIRST, &settings("first", one))?;
    let first = place.start(program, FIRST).await?;
    let both = [before.certificate, after.certificate.clone()];
    let connector = believing(&both, b"http/1.1")?;
    let entrances = [
        Entrance::Clear(place.http()?),
        Entrance::Tls(place.https()?, connector.clone()),
    ];
    let (tally, enough) = (Arc::new(Tally::default()), Arc::new(Enough::default()));
    let mut visitors = tokio::task::JoinSet::new();
    for entrance in &entrances {
        for _ in 0..VISITORS {
            visitors.spawn(asks(
                entrance.clone(),
                Arc::clone(&tally),
                Arc::clone(&enough),
            ));
        }
        for _ in 0..TALKERS {
            visitors.spawn(talks(
                entrance.clone(),
                Arc::clone(&tally),
                Arc::clone(&enough),
            ));
        }
    }
    let course = Course {
        tally: &tally,
        entrances: &entrances,
        each: requests / (CHANGES + 1),
    };

    println!(
        "\n{requests} requests on {} kept connections, {} websockets",
        2 * VISITORS,
        2 * TALKERS
    );
    course.reach(1).await?;
    let begin = Instant::now();
    place.write_settings(FIRST, &settings("second", one))?;
    let (done, said) = place.apply(program, FIRST)?;
    ensure!(done, "the reload was refused: {said}");
    course.until_all_say("\r\nx-plan: second").await?;
    course.print_change("a reload", begin);

    course.reach(2).await?;
    let begin = Instant::now();
    place.write_settings(FIRST, &format!("{}nonsense = 1\n", settings("third", two)))?;
    let (done, said) = place.apply(program, FIRST)?;
    ensure!(
        !done && said.contains("nonsense"),
        "a broken file was taken: {said}"
    );
    course.until_all_say("\r\nx-plan: second").await?;
    course.print_change("a broken file, refused", begin);

    course.reach(3).await?;
    let begin = Instant::now();
    place.write_certificate(&after)?;
    let address = place.https()?;
    let shown = async || -> Result<bool> {
        let stream = shake_hands(address, &connector).await?;
        let shown = stream
            .get_ref()
            .1
            .peer_certificates()
            .and_then(<[_]>::first);
        Ok(shown == Some(&after.certificate))
    };
    until("the new certificate", shown).await?;
    course.print_change("another certificate", begin);

    course.reach(4).await?;
    let begin = Instant::now();
    place.write_settings(SECOND, &settings("second process", one))?;
    let second = place.start(program, SECOND).await?;
    first.terminate()?;
    course.until_all_say("\r\nx-plan: second process").await?;
    course.print_change("another process", begin);

    course.reach(5).await?;
    let begin = Instant::now();
    place.write_settings(SECOND, &settings("third", two))?;
    let (done, said) = place.apply(program, SECOND)?;
    ensure!(done, "the reload was refused: {said}");
    course.until_all_say("\r\nx-plan: third").await?;
    course.print_change("another upstream", begin);

    course.reach(CHANGES + 1).await?;
    enough.say();
    visitors.join_all().await;
    let status = first.end().await?;
    ensure!(status.success(), "the first process ended with {status}");
    second.terminate()?;
    let status = second.end().await?;
    ensure!(status.success(), "the second process ended with {status}");
    let failures = tally.failures();
    println!(
        "{} answers, {} messages back, {} connections opened, {} failures",
        tally.answered.load(Ordering::Relaxed),
        tally.messages.load(Ordering::Relaxed),
        tally.opened.load(Ordering::Relaxed),
        failures.len()
    );
    ensure!(
        failures.is_empty(),
        "requests failed: {:#?}",
        &failures[..failures.len().min(5)]
    );
    Ok(())
}

struct Course<'a> {
    tally: &'a Tally,
    entrances: &'a [Entrance],
    /// The number of requests between two changes.
    each: usize,
}

impl Course<'_> {
    async fn reach(&self, change: usize) -> Result<()> {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            let answered = self.tally.answered.load(Ordering::Relaxed);
            if answered >= change * self.each {
                return Ok(());
            }
            if answered > last {
                (last, since) = (answered, Instant::now());
            }
            ensure!(!interrupt::is_wanted(), "interrupted");
            ensure!(
                since.elapsed() < PATIENCE,
                "nobody is answered any more: {:?}",
                self.tally.failures().first()
            );
            tokio::time::sleep(LOOK).await;
        }
    }

    /// On new connections.
    async fn until_all_say(&self, header: &str) -> Result<()> {
        for entrance in self.entrances {
            let says = async || -> Result<bool> {
                let mut stream = entrance.open().await?;
                let (request, _) = numbered(entrance, 1);
                Ok(exchange(&mut *stream, &request).await?.says(header))
            };
            until(header.trim(), says).await?;
        }
        Ok(())
    }

    fn print_change(&self, change: &str, begin: Instant) {
        println!(
            "{:>8} answers: {change:<24} {:>6} ms, {} failures",
            self.tally.answered.load(Ordering::Relaxed),
            begin.elapsed().as_millis(),
            self.tally.failures().len()
        );
    }
}

async fn until(what: &str, is_there: impl AsyncFn() -> Result<bool>) -> Result<()> {
    let begin = Instant::now();
    while !is_there()
        .await
        .with_context(|| format!("looking for {what}"))?
    {
        ensure!(!interrupt::is_wanted(), "interrupted");
        ensure!(begin.elapsed() < PATIENCE, "never seen: {what}");
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
