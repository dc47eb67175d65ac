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
//! A process that has committed jobs that are due tells all processes, at most once a second.
//!
//! The relay also finds out for the whole engine whether a primary server answers.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_postgres::{AsyncMessage, Client, Error, Statement};
use tokio_util::sync::CancellationToken;

use super::postgres_address::{Address, Driver, SESSION};
use super::postgres_error::explain;
use super::postgres_migrate::announce;
use super::postgres_queue::Queue;
use super::{Signals, StoreError, Wake};

/// How often the leading process polls, and how often the other processes try to become leader.
/// Polling is needed if a process dies between its commit and its notification, or if the leader
/// dies, and to learn whether the server still answers.
const LOOK: Duration = Duration::from_secs(2);
/// The same while news waits for the leader, or if calls wait only a few seconds for a server.
const QUICK_LOOK: Duration = Duration::from_secs(1);
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
/// The pause after the other processes were told of jobs.
const JOBS_PAUSE: Duration = Duration::from_secs(1);
/// The pause after a numbering, so that the news of busy times is numbered in few transactions.
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(super) struct Relay {
    committed: Arc<Committed>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// What the relay has to pass on.
#[derive(Debug, Default)]
struct Committed {
    news: Notify,
    jobs: Notify,
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
        let committed = Arc::<Committed>::default();
        let stop = CancellationToken::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StoreError::Thread)?;
        let state = State {
            address,
            signals,
            queue,
            committed: Arc::clone(&committed),
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
            committed,
            stop,
            thread: Some(thread),
        })
    }

    /// Notifies the relay of what this process has committed.
    pub(super) fn wake(&self, wake: Wake) {
        if wake.news {
            self.committed.news.notify_one();
        }
        if wake.jobs {
            self.committed.jobs.notify_one();
        }
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
    committed: Arc<Committed>,
    /// What this program knows of the schema.
    fingerprint: i32,
    connects: SyncSender<()>,
}

const NUMBERED: Wake = Wake {
    jobs: false,
    news: true,
};
const JOBS: Wake = Wake {
    jobs: true,
    news: false,
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
                        "kenduri_jobs" => self.signals.send(JOBS),
                        _ => self.committed.news.notify_one(),
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
        let session = &*SESSION;
        let begin = format!("{session}; {announce}; LISTEN kenduri_numbered; LISTEN kenduri_jobs");
        in_time(LOOK_TIME, client.batch_execute(&begin)).await?;
        let statement = in_time(LOOK_TIME, client.prepare(LOOK_UP)).await?;
        // Only the first connection is waited for.
        let _ = self.connects.try_send(());
        // Others may have told something while this process was not listening.
        self.signals.send(NUMBERED);
        self.signals.send(JOBS);
        // Whether calls get an answer is known in time.
        let pause = LOOK.min(self.queue.patience() / 4).max(QUICK_LOOK);
        let mut tell_jobs_at = Instant::now();
        let mut leads = false;
        let mut asked = false;
        let mut oldest: Option<(i64, Instant)> = None;
        loop {
            let look = in_time(LOOK_TIME, look(&client, &statement, leads)).await?;
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
            let has_news = look.oldest.is_some();
            let may_number = leads || is_late;
            if has_news && may_number {
                while in_time(NUMBER_TIME, number(&mut client)).await? {}
                tokio::time::sleep(PAUSE).await;
            } else if asked && !leads {
                in_time(LOOK_TIME, client.batch_execute("NOTIFY kenduri_waiting")).await?;
            }
            let pause = if has_news && !may_number {
                QUICK_LOOK
            } else {
                pause
            };
            let end = Instant::now() + pause;
            asked = self.wait(&client, end, &mut tell_jobs_at).await?;
        }
    }

    /// Waits for news to number until `end`, and returns whether there is any. Meanwhile, tells the
    /// other processes of jobs.
    async fn wait(
        &self,
        client: &Client,
        end: Instant,
        tell_jobs_at: &mut Instant,
    ) -> Result<bool, String> {
        loop {
            let tell_at = *tell_jobs_at;
            let has_jobs = async {
                sleep_until(tell_at).await;
                self.committed.jobs.notified().await;
            };
            tokio::select! {
                () = self.committed.news.notified() => return Ok(true),
                () = has_jobs => {
                    in_time(LOOK_TIME, client.batch_execute("NOTIFY kenduri_jobs")).await?;
                    *tell_jobs_at = Instant::now() + JOBS_PAUSE;
                }
                () = sleep_until(end) => return Ok(false),
            }
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

/// It writes nothing, and takes no lock that others wait for. `$1`: whether this process leads.
const LOOK_UP: &str = "SELECT pg_is_in_recovery(),
         CASE WHEN $1::boolean THEN true ELSE pg_try_advisory_lock(7003) END,
         (SELECT min(sequence) FROM news WHERE number IS NULL)";

/// `statement` is [`LOOK_UP`], because preparing it is another transaction.
async fn look(client: &Client, statement: &Statement, leads: bool) -> Result<Look, Error> {
    let row = client.query_one(statement, &[&leads]).await?;
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
