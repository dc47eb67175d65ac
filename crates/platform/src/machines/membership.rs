//! The thread that keeps this process in the list, and holds the leader's lease if it can get it.
//!
//! It has a connection of its own, so that it never waits behind changes. It sends one statement
//! after each pause, which renews both leases and tells the database's time.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, GenericClient, Row, Statement};

use super::join_error::{Other, Ours, compare};
use super::mark::Mark;
use super::statements::{
    FORGET, GIVE_BACK, HAS_OTHERS, JOIN, LEAVE, OTHERS, RENEW, STORE_KEY, TAKE_TURN, TIME,
};
use super::{CLOCK_DIFFERS, CLOCK_IS_WRONG, JoinError, Joining, Process, Standing, Watch};
use super::{Shared, identity};
use crate::clock::{Clock, since_boot};
use crate::random::Random;
use crate::store::{Address, Fence, PostgresSettings, SESSION, StoreError, explain};

/// The pause of the leader, of a start, and of a process that is not in the list.
const RENEWAL: Duration = Duration::from_secs(1);
/// The pause of all others, of whose leases only the long one is to be kept.
const CALM_RENEWAL: Duration = Duration::from_secs(2);
/// How long the database may take to answer. The leader's lease outlasts one answer that is late.
const ANSWER: Duration = Duration::from_secs(3);
/// How long a process stays in the list without a renewal, in milliseconds.
const PROCESS_LEASE: i64 = 10_000;
/// In milliseconds.
const LEADER_LEASE: i64 = 5_000;
/// An answer that takes longer tells too little of the time.
const PROMPT: Duration = Duration::from_millis(500);
/// How long a dead process is kept, in milliseconds.
const KEPT: i64 = 3_600_000;
/// How often a start looks whether a process that differs has ended.
const LOOK: Duration = Duration::from_millis(500);

/// This process's place in the list. When it is dropped, the process leaves.
#[derive(Debug)]
pub(super) struct Lease {
    state: Arc<State>,
    requests: mpsc::UnboundedSender<Request>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Request {
    Ready(Vec<String>),
    Drain,
    Leave,
}

/// What other threads read without a query.
#[derive(Debug)]
struct State {
    /// Until when this process leads, in milliseconds since the machine was started.
    leads_until: AtomicI64,
    term: AtomicI64,
    /// In milliseconds.
    clock_ahead: AtomicI64,
    /// Whether this process dropped out of the list, and differs from one that is in it.
    is_refused: AtomicBool,
    standing: watch::Sender<Standing>,
}

impl State {
    fn leads(&self) -> bool {
        milliseconds(since_boot()) < self.leads_until.load(Ordering::SeqCst)
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl Lease {
    /// Joins the list, and keeps the lease in a thread from then on. This function blocks.
    pub(super) fn join(
        settings: &PostgresSettings,
        joining: &Joining,
        me: &Process,
        clock: Clock,
        random: &Random,
    ) -> Result<Self, JoinError> {
        let state = Arc::new(State {
            leads_until: AtomicI64::new(0),
            term: AtomicI64::new(0),
            clock_ahead: AtomicI64::new(0),
            is_refused: AtomicBool::new(false),
            standing: watch::Sender::new(Standing::default()),
        });
        let mut renewal = Renewal {
            address: Address::of(settings)?,
            connection: None,
            state: Arc::clone(&state),
            me: me.clone(),
            boot: identity::boot_id(),
            id_path: identity::machine_id_path(&joining.data),
            shared: joining.shared.clone(),
            mark: Mark::write(&joining.files, random)?,
            clock,
            is_ready: false,
            is_draining: false,
            is_failing: false,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StoreError::Thread)?;
        runtime.block_on(renewal.join(joining.wait))?;
        let (requests, asked) = mpsc::unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("machines".to_owned())
            .spawn(move || runtime.block_on(renewal.run(asked)))
            .map_err(StoreError::Thread)?;
        Ok(Self {
            state,
            requests,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) fn leads(&self) -> bool {
        self.state.leads()
    }

    /// The present term, if this process leads.
    pub(super) fn fence(&self, process: &str) -> Option<Fence> {
        let term = self.state.term.load(Ordering::SeqCst);
        self.leads().then(|| Fence {
            process: process.to_owned(),
            term,
        })
    }

    pub(super) fn standing(&self) -> Watch {
        self.state.standing.subscribe()
    }

    pub(super) fn clock_ahead(&self) -> i64 {
        self.state.clock_ahead.load(Ordering::SeqCst)
    }

    pub(super) fn is_refused(&self) -> bool {
        self.state.is_refused.load(Ordering::SeqCst)
    }

    pub(super) fn set_ready(&self, addresses: &[String]) {
        // The process may be leaving.
        let _ = self.requests.send(Request::Ready(addresses.to_vec()));
    }

    pub(super) fn drain(&self) {
        // The process may be leaving.
        let _ = self.requests.send(Request::Drain);
    }

    pub(super) fn leave(&self) {
        self.state.leads_until.store(0, Ordering::SeqCst);
        let _ = self.requests.send(Request::Leave);
        let thread = self.thread.lock();
        if let Some(thread) = thread.unwrap_or_else(PoisonError::into_inner).take()
            && thread.join().is_err()
        {
            tracing::error!(
                "the thread for the list of machines ended in a panic, so this process was not the leader since, and others took it for dead; “the program panicked” in the log says where: please report it"
            );
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leave();
    }
}

struct Renewal {
    address: Address,
    connection: Option<Connected>,
    state: Arc<State>,
    me: Process,
    boot: String,
    /// The file with this machine's id.
    id_path: PathBuf,
    shared: Shared,
    mark: Mark,
    clock: Clock,
    is_ready: bool,
    is_draining: bool,
    is_failing: bool,
}

struct Connected {
    client: Client,
    renew: Statement,
}

/// Why there was no answer.
type Lost = String;

impl Renewal {
    /// Tries until no process that differs is left, or the wait is over.
    async fn join(&mut self, wait: Duration) -> Result<(), JoinError> {
        let (begin, mut told) = (since_boot(), None);
        loop {
            let Err(refusal) = self.begin().await else {
                return Ok(());
            };
            // A process that froze while it joined holds a lock for some seconds.
            let is_final = match &refusal {
                JoinError::Store(error) => !error.is_passing(),
                _ => false,
            };
            if is_final || since_boot().saturating_sub(begin) >= wait {
                return Err(refusal);
            }
            let is_store = matches!(refusal, JoinError::Store(_));
            if told.replace(is_store) != Some(is_store) {
                if is_store {
                    tracing::warn!(reason = %refusal, "cannot join the list of machines yet; it is tried again for some seconds");
                } else {
                    tracing::info!(
                        "waiting for another machine, which may have been stopped: {refusal}"
                    );
                }
            }
            sleep(LOOK).await;
        }
    }

    async fn begin(&mut self) -> Result<(), JoinError> {
        self.connect().await.map_err(StoreError::Unavailable)?;
        self.measure().await?;
        self.try_to_join(false).await
    }

    /// Joins unless another process differs. `is_back`: this process was in the list before.
    async fn try_to_join(&mut self, is_back: bool) -> Result<(), JoinError> {
        let lost = |error| StoreError::Unavailable(explain(&error));
        // Before others wait for this start.
        let mark = self.mark.read().await;
        let Some(Connected { mut client, renew }) = self.connection.take() else {
            return Err(StoreError::Stopped.into());
        };
        let transaction = client.transaction().await.map_err(lost)?;
        transaction.query_one(TAKE_TURN, &[]).await.map_err(lost)?;
        let others = transaction
            .query(OTHERS, &[&self.me.machine, &self.boot])
            .await
            .map_err(lost)?;
        let store_key = transaction.query_opt(STORE_KEY, &[]).await.map_err(lost)?;
        let store_key: Option<String> = store_key.map(|row| row.get(0));
        let ours = Ours {
            me: &self.me,
            mark: &mark,
            shared: &self.shared,
            store_key: store_key.as_deref(),
            id_path: &self.id_path,
        };
        let mut found = others
            .iter()
            .try_for_each(|row| compare(&ours, &other(row)?));
        if is_back && found.is_ok() && !ours.has_stores_key() {
            found = Err(JoinError::KeyReplaced);
        }
        if let Err(refusal) = found {
            transaction.rollback().await.map_err(lost)?;
            self.connection = Some(Connected { client, renew });
            return Err(refusal);
        }
        transaction.execute(FORGET, &[&KEPT]).await.map_err(lost)?;
        let me = &self.me;
        transaction
            .execute(
                JOIN,
                &[
                    &me.id,
                    &me.machine,
                    &self.boot,
                    &me.name,
                    &me.version,
                    &me.files,
                    &json(&self.shared),
                    &PROCESS_LEASE,
                ],
            )
            .await
            .map_err(lost)?;
        let sent = since_boot();
        let row = self.send(&transaction, &renew, &mark).await.map_err(lost)?;
        transaction.commit().await.map_err(lost)?;
        self.note(&row, sent);
        self.connection = Some(Connected { client, renew });
        Ok(())
    }

    async fn run(mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        loop {
            match timeout(self.pause(), requests.recv()).await {
                Err(_) => self.renew().await,
                Ok(Some(Request::Ready(addresses))) => {
                    self.me.addresses = addresses;
                    self.is_ready = true;
                    self.renew().await;
                }
                Ok(Some(Request::Drain)) => {
                    self.is_draining = true;
                    self.renew().await;
                }
                Ok(Some(Request::Leave) | None) => return self.leave().await,
            }
        }
    }

    fn pause(&self) -> Duration {
        let is_refused = self.state.is_refused.load(Ordering::SeqCst);
        if self.is_ready && !self.is_failing && !is_refused && !self.state.leads() {
            CALM_RENEWAL
        } else {
            RENEWAL
        }
    }

    async fn renew(&mut self) {
        let renewed = timeout(ANSWER, self.renew_once()).await;
        let renewed = renewed.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        match renewed {
            Ok(()) => self.is_failing = false,
            Err(reason) => {
                self.connection = None;
                if !self.is_failing {
                    tracing::warn!(
                        reason,
                        "cannot renew this machine's place in the list; it is tried again; if this goes on, check the database server, and store.url"
                    );
                }
                self.is_failing = true;
                self.note_lost();
            }
        }
    }

    async fn renew_once(&mut self) -> Result<(), Lost> {
        self.connect().await?;
        let mark = self.mark.read().await;
        let Some(Connected { client, renew }) = &self.connection else {
            return Err("it ended".to_owned());
        };
        if self.is_draining && self.state.leads() {
            self.give_back(client)
                .await
                .map_err(|error| explain(&error))?;
        }
        let (sent, at) = (since_boot(), self.clock.now());
        let answer = self.send(client, renew, &mark).await;
        let row = answer.map_err(|error| explain(&error))?;
        self.note_clock(at, since_boot().saturating_sub(sent), row.get(0));
        self.note(&row, sent);
        let is_listed: bool = row.get(2);
        if is_listed {
            return Ok(());
        }
        self.come_back().await
    }

    /// Gives the lead back if somebody else can have it. The last one leads to the end.
    async fn give_back(&self, client: &Client) -> Result<(), tokio_postgres::Error> {
        let row = client.query_one(HAS_OTHERS, &[&self.me.id]).await?;
        if row.get(0) {
            self.state.leads_until.store(0, Ordering::SeqCst);
            client.execute(GIVE_BACK, &[&self.me.id]).await?;
        }
        Ok(())
    }

    /// After the lease ran out, other machines may have started with other settings.
    async fn come_back(&mut self) -> Result<(), Lost> {
        match self.try_to_join(true).await {
            Ok(()) => {
                self.state.is_refused.store(false, Ordering::SeqCst);
                tracing::info!("this process is back in the list of machines");
            }
            Err(JoinError::Store(error)) => return Err(error.to_string()),
            Err(refusal) => {
                if !self.state.is_refused.swap(true, Ordering::SeqCst) {
                    tracing::error!(
                        "this process had dropped out of the list of machines, and cannot come \
                         back, so it takes no jobs and is not ready: {refusal}"
                    );
                }
            }
        }
        Ok(())
    }

    async fn connect(&mut self) -> Result<(), Lost> {
        if self
            .connection
            .as_ref()
            .is_some_and(|one| !one.client.is_closed())
        {
            return Ok(());
        }
        let (client, driver) = self
            .address
            .open()
            .await
            .map_err(|error| error.to_string())?;
        // It ends when the client is dropped.
        tokio::spawn(async move { drop(driver.await) });
        let prepared = async {
            client.batch_execute(&SESSION).await?;
            client.prepare(RENEW).await
        };
        let renew = prepared.await.map_err(|error| explain(&error))?;
        self.connection = Some(Connected { client, renew });
        Ok(())
    }

    async fn send(
        &self,
        client: &impl GenericClient,
        renew: &Statement,
        mark: &str,
    ) -> Result<Row, tokio_postgres::Error> {
        // With a wrong clock a machine leads only until it serves, so that its start comes to an end.
        let may_lead = !self.is_ready || self.clock_ahead().abs() <= CLOCK_IS_WRONG.as_millis();
        client
            .query_one(
                renew,
                &[
                    &self.me.id,
                    &self.me.machine,
                    &json(&self.me.addresses),
                    &mark,
                    &i64::from(self.is_ready),
                    &self.state.clock_ahead.load(Ordering::SeqCst),
                    &PROCESS_LEASE,
                    &LEADER_LEASE,
                    &may_lead,
                    &self.is_draining,
                ],
            )
            .await
    }

    /// Before the first renewal.
    async fn measure(&self) -> Result<(), StoreError> {
        let Some(Connected { client, .. }) = &self.connection else {
            return Err(StoreError::Stopped);
        };
        let (sent, at) = (since_boot(), self.clock.now());
        let asked = client.query_one(TIME, &[]).await;
        let row = asked.map_err(|error| StoreError::Unavailable(explain(&error)))?;
        self.note_clock(at, since_boot().saturating_sub(sent), row.get(0));
        Ok(())
    }

    fn clock_ahead(&self) -> i128 {
        self.state.clock_ahead.load(Ordering::SeqCst).into()
    }

    /// `sent_at` is this machine's time before the question that the database answered at `there`.
    fn note_clock(&self, sent_at: Timestamp, took: Duration, there: i64) {
        if took > PROMPT {
            return;
        }
        let half = i64::try_from(took.as_millis() / 2).unwrap_or(0);
        let ahead = sent_at.as_millisecond() + half - there;
        let before = self.state.clock_ahead.swap(ahead, Ordering::SeqCst);
        let judge = |ahead: i64| {
            let ahead = i128::from(ahead).abs();
            u8::from(ahead > CLOCK_DIFFERS.as_millis())
                + u8::from(ahead > CLOCK_IS_WRONG.as_millis())
        };
        match (judge(before), judge(ahead)) {
            (before, now) if before == now => {}
            (_, 0) => tracing::info!("this machine's clock agrees with the database's again"),
            (_, 1) => tracing::warn!(
                ahead_ms = ahead,
                "this machine's clock differs from the database's; set it by NTP"
            ),
            _ => tracing::error!(
                ahead_ms = ahead,
                "this machine's clock differs from the database's, so it takes no jobs and is not \
                 ready; set it by NTP"
            ),
        }
    }

    /// After a renewal that was sent at this time since boot.
    fn note(&self, row: &Row, sent: Duration) {
        let state = &self.state;
        let term: Option<i64> = row.get(1);
        if let Some(term) = term {
            let is_new = state.term.swap(term, Ordering::SeqCst) != term;
            // The database's lease began later.
            let until = milliseconds(sent) + LEADER_LEASE;
            state.leads_until.store(until, Ordering::SeqCst);
            if is_new || !state.standing.borrow().leads {
                tracing::info!(term, "this process is the leader");
            }
        } else {
            state.leads_until.store(0, Ordering::SeqCst);
        }
        self.set_standing(Standing {
            leads: term.is_some(),
            is_here: term.is_some() || row.get(3),
            is_ready: row.get(4),
        });
    }

    /// After a renewal that failed.
    fn note_lost(&self) {
        let before = *self.state.standing.borrow();
        self.set_standing(Standing {
            leads: self.state.leads(),
            ..before
        });
    }

    fn set_standing(&self, standing: Standing) {
        self.state.standing.send_if_modified(|now| {
            match (now.leads && !standing.leads, self.is_draining) {
                (true, true) => tracing::info!("this process has handed the lead over"),
                (true, false) => tracing::warn!("this process is not the leader any more; another one becomes it, and nothing needs to be done"),
                (false, _) => {}
            }
            let is_new = *now != standing;
            *now = standing;
            is_new
        });
    }

    /// Without a connection, the leases run out.
    async fn leave(self) {
        self.state.leads_until.store(0, Ordering::SeqCst);
        if let Some(Connected { client, .. }) = self.connection {
            let left = timeout(ANSWER, client.execute(LEAVE, &[&self.me.id])).await;
            if !matches!(left, Ok(Ok(_))) {
                tracing::warn!(
                    "could not leave the list of machines; the lease runs out by itself, and nothing needs to be done"
                );
            }
        }
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// What a version that this one does not know has written differs.
fn other(row: &Row) -> Result<Other, JoinError> {
    let shared: String = row.get(4);
    let unreadable = |_| {
        StoreError::Schema("a newer Kenduri runs on another machine\n  install the same version here, and start it again".to_owned())
    };
    Ok(Other {
        machine: row.get(0),
        name: row.get(1),
        files: row.get(2),
        mark: row.get(3),
        shared: serde_json::from_str(&shared).map_err(unreadable)?,
    })
}
