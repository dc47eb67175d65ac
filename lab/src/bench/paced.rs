//! An open loop: sends a fixed number of requests per second, however long the responses take.
//!
//! If a request is late because all connections are busy, its time is counted from the moment when
//! it was due. Otherwise slow responses would hide the delay of the requests behind them.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::LocalSet;

use super::client::Client;

const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// A request with the expected response.
pub(super) struct Asked {
    /// The index of the request's kind; each kind is counted separately.
    pub(super) kind: usize,
    pub(super) request: Vec<u8>,
    pub(super) status: u16,
}

pub(super) struct Outcome {
    pub(super) kind: usize,
    pub(super) time: Duration,
    /// The reason why the request failed; `None` if it succeeded.
    pub(super) failure: Option<String>,
}

#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) per_second: u32,
    pub(super) connections: usize,
}

/// Sends requests for `duration`. The argument of `next` is the number of earlier requests.
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
                // The delay of the client's own timer is not part of the response time.
                sent = Instant::now();
            }
            let asked = (self.next)(number);
            let answered = exchange(&mut client, self.address, &asked);
            let failure = match tokio::time::timeout(RESPONSE_TIMEOUT, answered).await {
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
