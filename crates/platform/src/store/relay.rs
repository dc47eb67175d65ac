//! The relay numbers the news on PostgreSQL. PostgreSQL commits transactions concurrently, so one
//! process at a time assigns the numbers after the commits.
//!
//! Each process keeps one connection for the relay. The process that holds the advisory lock leads.
//! It numbers committed rows in the order in which they were written, and notifies all processes
//! with one message. Other processes notify the leader outside the transaction, so that no commit
//! waits for the leader. A reader never sees a lower number after a higher one, because numbers are
//! assigned under the lock of the counter's row and become visible together with the counter.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, Client, Config, Error};
use tokio_util::sync::CancellationToken;

use super::postgres_statements::{explain, tls};
use super::{Signals, StoreError, Wake};

/// How often the leading process polls, and how often the other processes try to become leader.
/// Polling is needed if a process dies between its commit and its notification, or if the leader
/// dies.
const LOOK: Duration = Duration::from_millis(200);
const RECONNECT_AFTER: Duration = Duration::from_secs(1);
const PART: i64 = 1_000;

#[derive(Debug)]
pub(super) struct Relay {
    changed: Arc<Notify>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Starts the relay thread, which connects and reconnects by itself.
    pub(super) fn start(config: Config, signals: Arc<Signals>) -> Result<Self, StoreError> {
        let changed = Arc::new(Notify::new());
        let stop = CancellationToken::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let work = run(config, signals, Arc::clone(&changed), stop.clone());
        let thread = std::thread::Builder::new()
            .name("store-relay".to_owned())
            .spawn(move || runtime.block_on(work))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
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
            tracing::error!("the thread for notifications ended in a panic");
        }
    }
}

async fn run(config: Config, signals: Arc<Signals>, changed: Arc<Notify>, stop: CancellationToken) {
    let work = async {
        loop {
            if let Err(error) = connected(&config, &signals, &changed).await {
                tracing::warn!(
                    error = explain(&error),
                    "the connection to PostgreSQL for notifications was lost; it is opened again"
                );
            }
            tokio::time::sleep(RECONNECT_AFTER).await;
        }
    };
    stop.run_until_cancelled(work).await;
}

async fn connected(config: &Config, signals: &Signals, changed: &Notify) -> Result<(), Error> {
    let (client, mut connection) = config.connect(tls()).await?;
    let listen = async {
        loop {
            match poll_fn(|context| connection.poll_message(context)).await {
                Some(Ok(AsyncMessage::Notification(message))) => match message.channel() {
                    "kenduri_numbered" => signals.send(NUMBERED),
                    _ => changed.notify_one(),
                },
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            }
        }
    };
    let lead = pin!(lead(client, signals, changed));
    let listen = pin!(listen);
    tokio::select! {
        ended = listen => ended,
        ended = lead => ended,
    }
}

const NUMBERED: Wake = Wake {
    jobs: false,
    news: true,
};

async fn lead(mut client: Client, signals: &Signals, changed: &Notify) -> Result<(), Error> {
    client.batch_execute("LISTEN kenduri_numbered").await?;
    // News may have been numbered while this process was not listening.
    signals.send(NUMBERED);
    let mut leads = false;
    let mut asked = false;
    loop {
        if !leads {
            let row = client
                .query_one("SELECT pg_try_advisory_lock(7003)", &[])
                .await?;
            leads = row.get(0);
            if leads {
                client.batch_execute("LISTEN kenduri_waiting").await?;
            }
        }
        if leads {
            while number(&mut client).await? {}
        } else if asked {
            client.batch_execute("NOTIFY kenduri_waiting").await?;
        }
        asked = tokio::time::timeout(LOOK, changed.notified()).await.is_ok();
    }
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
