//! An open loop: so many requests a second, whatever becomes of them.
//!
//! A request that is late because all connections wait counts from the instant at which it was due,
//! or the slowest answers would hide those that should have been asked meanwhile.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::LocalSet;

use super::client::Client;

/// No answer within this is none.
const PATIENCE: Duration = Duration::from_secs(10);

/// One request, and what is right as its answer.
pub(super) struct Asked {
    /// Which of the kinds that are counted apart.
    pub(super) kind: usize,
    pub(super) request: Vec<u8>,
    pub(super) status: u16,
}

/// What became of it.
pub(super) struct Outcome {
    pub(super) kind: usize,
    pub(super) time: Duration,
    /// What was wrong with the answer.
    pub(super) failure: Option<String>,
}

/// How fast.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Requests in a second.
    pub(super) per_second: u32,
    /// Kept connections that they take turns on.
    pub(super) connections: usize,
}

/// Asks `next`, which hears how many were before, until `duration` is over.
pub(super) async fn drive(
    address: SocketAddr,
    pace: Pace,
    duration: Duration,
    next: impl Fn(usize) -> Asked + 'static,
) -> Result<Vec<Outcome>> {
    let begin = Instant::now();
    let schedule = Rc::new(Schedule {
        address,
        begin,
        end: begin + duration,
        interval: Duration::from_secs(1) / pace.per_second,
        next,
        count: Cell::new(0),
        outcomes: RefCell::new(Vec::new()),
    });
    let clients = LocalSet::new();
    for _ in 0..pace.connections {
        clients.spawn_local(Rc::clone(&schedule).ask());
    }
    clients.await;
    Ok(schedule.outcomes.take())
}

struct Schedule<N> {
    address: SocketAddr,
    begin: Instant,
    end: Instant,
    interval: Duration,
    next: N,
    count: Cell<usize>,
    outcomes: RefCell<Vec<Outcome>>,
}

impl<N: Fn(usize) -> Asked> Schedule<N> {
    /// One connection's part.
    async fn ask(self: Rc<Self>) {
        let mut client = None;
        loop {
            let number = self.count.replace(self.count.get() + 1);
            let due = self.begin + self.interval * u32::try_from(number).unwrap_or(u32::MAX);
            if due >= self.end {
                return;
            }
            let mut sent = due;
            if due > Instant::now() {
                tokio::time::sleep_until(due.into()).await;
                // The timer's own delay is not the server's.
                sent = Instant::now();
            }
            let asked = (self.next)(number);
            let answered = exchange(&mut client, self.address, &asked);
            let failure = match tokio::time::timeout(PATIENCE, answered).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("no answer in time".to_owned()),
            };
            if failure.is_some() {
                client = None;
            }
            self.outcomes.borrow_mut().push(Outcome {
                kind: asked.kind,
                time: sent.elapsed(),
                failure,
            });
        }
    }
}

async fn exchange(client: &mut Option<Client>, address: SocketAddr, asked: &Asked) -> Result<()> {
    let client = match client {
        Some(client) => client,
        None => client.insert(Client::open(address).await?),
    };
    client.exchange(&asked.request).await?.expect(asked.status)
}
