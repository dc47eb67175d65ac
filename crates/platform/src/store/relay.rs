//! The relay numbers the news on PostgreSQL. PostgreSQL commits transactions concurrently, so one
//! process at a time assigns the numbers after the commits.
//!
//! Each process keeps one connection for the relay. The process that holds the advisory lock leads.
//! It numbers committed rows in the order in which they were written, and notifies all processes
//! with one message. Other processes notify the leader outside the transaction, so that no commit
//! waits for the leader. A leader that froze keeps its lock, so another process numbers what has
//! waited for long: the counter's row makes them take turns. A reader never sees a lower number
//! after a higher one, because numbers are assigned under the lock of the counter's row and become
//! visible together with the counter.
//!
//! The relay also finds out for the whole engine whether a primary server answers.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, Client, Error};
use tokio_util::sync::CancellationToken;

use super::postgres_address::{Address, Driver, SESSION};
use super::postgres_error::explain;
use super::postgres_migrate::announce;
use super::postgres_queue::Queue;
use super::{Signals, StoreError, Wake};

/// How often the leading process polls, and how often the other processes try to become leader.
/// Polling is needed if a process dies between its commit and its notification, or if the leader
/// dies, and to learn whether the server still answers.
const LOOK: Duration = Duration::from_secs(1);
/// How long a server may take for a look.
const LOOK_TIME: Duration = Duration::from_secs(2);
/// How long the numbering of news may take: it waits for a process that froze while it numbered.
const NUMBER_TIME: Duration = Duration::from_secs(10);
/// How long news waits for the leader until another process numbers it.
const LATE: Duration = Duration::from_secs(2);
const RECONNECT_AFTER: Duration = Duration::from_millis(200);
const PART: i64 = 1_000;
/// How long opening the store waits for the relay's first connection.
const FIRST_TIME: Duration = Duration::from_secs(5);
/// The pause after a numbering, so that the news of busy times is numbered in few transactions.
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Relay {
    changed: Arc<Notify>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Starts the relay thread, which connects and reconnects by itself. Returns when other
    /// programs can see that this one uses the store.
    pub(super) fn start(
        address: Address,
        signals: Arc<Signals>,
        queue: Arc<Queue>,
        fingerprint: i32,
    ) -> Result<Self, StoreError> {
        let (connects, connected) = sync_channel(1);
        let changed = Arc::new(Notify::new());
        let stop = CancellationToken::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StoreError::Thread)?;
        let state = State {
            address,
            signals,
            queue,
            changed: Arc::clone(&changed),
            fingerprint,
            connects,
        };
        let stopped = stop.clone();
        let work = async move { stopped.run_until_cancelled(Box::pin(state.run())).await };
        let thread = std::thread::Builder::new()
            .name("store-relay".to_owned())
            .spawn(move || {
                runtime.block_on(work);
            })
            .map_err(StoreError::Thread)?;
        // Without a connection in time, the store opens all the same.
        let _ = connected.recv_timeout(FIRST_TIME);
        Ok(Self {
            changed,
            stop,
            thread: Some(thread),
        })
    }

    /// Notifies the relay that this process has committed news.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(
                "the thread for PostgreSQL's notifications ended in a panic, so jobs and open pages heard late of changes; “the program panicked” in the log says where: please report it"
            );
        }
    }
}

struct State {
    address: Address,
    signals: Arc<Signals>,
    queue: Arc<Queue>,
    changed: Arc<Notify>,
    /// What this program knows of the schema.
    fingerprint: i32,
    connects: SyncSender<()>,
}

const NUMBERED: Wake = Wake {
    jobs: false,
    news: true,
};

impl State {
    async fn run(self) {
        loop {
            match self.address.open().await {
                Ok((client, driver)) => {
                    if let Err(error) = self.connected(client, driver).await {
                        tracing::warn!(
                            error,
                            "the connection to PostgreSQL for notifications was lost; it is \
                             opened again, and nothing needs to be done"
                        );
                    }
                }
                Err(error) => self.queue.lost(error),
            }
            tokio::time::sleep(RECONNECT_AFTER).await;
        }
    }

    async fn connected(&self, client: Client, mut driver: Driver) -> Result<(), String> {
        let listen = async {
            loop {
                match poll_fn(|context| driver.poll_message(context)).await {
                    Some(Ok(AsyncMessage::Notification(message))) => match message.channel() {
                        "kenduri_numbered" => self.signals.send(NUMBERED),
                        _ => self.changed.notify_one(),
                    },
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(explain(&error)),
                    None => return Err("it ended".to_owned()),
                }
            }
        };
        let lead = pin!(self.lead(client));
        let listen = pin!(listen);
        tokio::select! {
            ended = listen => ended,
            ended = lead => ended,
        }
    }

    async fn lead(&self, mut client: Client) -> Result<(), String> {
        let announce = announce(self.fingerprint);
        let begin = format!("{SESSION}; {announce}; LISTEN kenduri_numbered");
        in_time(LOOK_TIME, client.batch_execute(&begin)).await?;
        // Only the first connection is waited for.
        let _ = self.connects.try_send(());
        // News may have been numbered while this process was not listening.
        self.signals.send(NUMBERED);
        let mut leads = false;
        let mut asked = false;
        let mut oldest: Option<(i64, Instant)> = None;
        loop {
            let look = in_time(LOOK_TIME, look(&client, leads)).await?;
            if look.is_standby {
                return Err("the server has become a standby".to_owned());
            }
            self.queue.answered();
            if !leads && look.leads {
                leads = true;
                in_time(LOOK_TIME, client.batch_execute("LISTEN kenduri_waiting")).await?;
            }
            let same = oldest.filter(|(sequence, _)| look.oldest == Some(*sequence));
            let now = Instant::now();
            oldest = same.or_else(|| look.oldest.map(|sequence| (sequence, now)));
            let is_late = oldest.is_some_and(|(_, since)| now.duration_since(since) >= LATE);
            if look.oldest.is_some() && (leads || is_late) {
                while in_time(NUMBER_TIME, number(&mut client)).await? {}
                tokio::time::sleep(PAUSE).await;
            } else if asked && !leads {
                in_time(LOOK_TIME, client.batch_execute("NOTIFY kenduri_waiting")).await?;
            }
            asked = tokio::time::timeout(LOOK, self.changed.notified())
                .await
                .is_ok();
        }
    }
}

/// The error says why there is no answer in time.
async fn in_time<T>(
    limit: Duration,
    ask: impl Future<Output = Result<T, Error>>,
) -> Result<T, String> {
    let answer = tokio::time::timeout(limit, ask).await;
    let answer = answer.map_err(|_| "no answer in time".to_owned())?;
    answer.map_err(|error| explain(&error))
}

struct Look {
    is_standby: bool,
    leads: bool,
    /// The first news without a number.
    oldest: Option<i64>,
}

/// It writes nothing, and takes no lock that others wait for.
async fn look(client: &Client, leads: bool) -> Result<Look, Error> {
    let look = if leads {
        "SELECT pg_is_in_recovery(), true,
             (SELECT min(sequence) FROM news WHERE number IS NULL)"
    } else {
        "SELECT pg_is_in_recovery(), pg_try_advisory_lock(7003),
             (SELECT min(sequence) FROM news WHERE number IS NULL)"
    };
    let row = client.query_one(look, &[]).await?;
    Ok(Look {
        is_standby: row.get(0),
        leads: row.get(1),
        oldest: row.get(2),
    })
}

/// Numbers one batch of committed rows, and returns whether there may be more.
async fn number(client: &mut Client) -> Result<bool, Error> {
    let waiting = client
        .query_opt("SELECT 1 FROM news WHERE number IS NULL LIMIT 1", &[])
        .await?;
    if waiting.is_none() {
        return Ok(false);
    }
    let transaction = client.transaction().await?;
    let counter = transaction
        .query_one(
            "SELECT last FROM news_counter WHERE id = 1 FOR NO KEY UPDATE",
            &[],
        )
        .await?;
    let last: i64 = counter.get(0);
    let numbered = transaction
        .execute(
            "UPDATE news SET number = $1 + waiting.place
             FROM (SELECT sequence, row_number() OVER (ORDER BY sequence) AS place
                   FROM news WHERE number IS NULL ORDER BY sequence LIMIT $2) AS waiting
             WHERE news.sequence = waiting.sequence",
            &[&last, &PART],
        )
        .await?;
    let numbered = i64::try_from(numbered).unwrap_or(i64::MAX);
    transaction
        .execute(
            "UPDATE news_counter SET last = $1 WHERE id = 1",
            &[&(last.saturating_add(numbered))],
        )
        .await?;
    transaction.batch_execute("NOTIFY kenduri_numbered").await?;
    transaction.commit().await?;
    Ok(numbered >= PART)
}
