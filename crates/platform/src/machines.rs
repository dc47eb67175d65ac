//! The list of machines on one PostgreSQL, and the one leader among their processes.
//!
//! A machine is a random id in its data folder. Each of its processes (a reload has two) is a row
//! of the table `machine_process`, with a lease by the database's clock. One process is the leader:
//! it holds a lease of 5 s, renews it every second, and gives it back when it stops. On SQLite there
//! is one machine, which keeps no rows and always leads.
//!
//! The leader schedules the jobs of each minute and each day, makes the backup and its drills, and
//! does once what a start has to do. What it writes meanwhile is fenced ([`Lead::store`]): the
//! number of its term is checked in the same transaction.
//!
//! These are safe on several machines without a leader: a job runs under its own lease, and its
//! effects are committed only under that lease; a scheduled job is enqueued once for its period
//! (table `schedule`); news is numbered by the holder of an advisory lock, under the lock of the
//! counter's row (`store/relay.rs`); what a start declares is inserted by unique keys.
//!
//! A machine that differs from those that run is refused ([`JoinError`]). A process that was out of
//! the list, because it was suspended or could not reach the database, is compared again.

mod identity;
mod join_error;
mod mark;
mod membership;
mod statements;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::files::Files;
use crate::id;
use crate::random::Random;
use crate::sql;
use crate::store::{self, Fence, Row, Store, StoreError, Tx};
pub use join_error::JoinError;
use membership::Lease;

/// A difference of clocks that operators are told of.
pub const CLOCK_DIFFERS: SignedDuration = SignedDuration::from_secs(2);
/// A difference of clocks with which a machine takes no jobs, and is not ready.
pub const CLOCK_IS_WRONG: SignedDuration = SignedDuration::from_secs(10);
/// How long a start waits for a process that differs to end, and for a leader that does not serve
/// yet. Longer than a process that was killed stays in the list.
pub const JOIN_WAIT: Duration = Duration::from_secs(15);
/// How long a dead process stays in the list.
const SHOWN: SignedDuration = SignedDuration::from_hours(1);

/// What a process tells of itself when it joins the list.
#[derive(Clone, Debug)]
pub struct Joining {
    /// The data folder, where the machine's id is kept.
    pub data: PathBuf,
    /// The version of Kenduri.
    pub version: String,
    pub files: Files,
    pub shared: Shared,
    /// [`JOIN_WAIT`], but for tests.
    pub wait: Duration,
}

/// What must be the same on all machines. Other versions of Kenduri read it, so a value that only
/// one of two versions knows is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shared {
    pub site_url: String,
    /// The fingerprints of the secrets in the key file, in order, with spaces in between.
    pub key: String,
    /// All domains, and whether they are on.
    pub domains: BTreeMap<String, bool>,
    /// The settings of `[compat]`, also those that are off.
    pub compat: BTreeMap<String, String>,
}

/// A process in the list. Instants are the database's.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Process {
    pub id: String,
    /// The id of its machine.
    pub machine: String,
    /// The machine's host name.
    pub name: String,
    pub version: String,
    /// Where it listens; empty until it serves.
    #[row(json)]
    pub addresses: Vec<String>,
    /// The folder or the bucket of its files.
    pub files: String,
    /// By how many milliseconds its clock is ahead of the database's.
    pub clock_ahead: i64,
    pub started_at: Timestamp,
    pub seen_at: Timestamp,
    /// Until when its lease lasts.
    pub until_at: Timestamp,
}

/// A process in the list, with what follows from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub process: Process,
    /// Whether it renewed its lease in time.
    pub is_alive: bool,
    pub is_leader: bool,
}

/// This process in the list. Clones share it; when the last one is dropped, the process leaves.
#[derive(Clone, Debug)]
pub struct Membership(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    me: Process,
    clock: Clock,
    addresses: Mutex<Vec<String>>,
    /// How long a start waits for others.
    wait: Duration,
    /// `None` on SQLite.
    lease: Option<Lease>,
}

/// A term in which this process leads.
#[derive(Clone, Debug)]
pub struct Lead {
    membership: Membership,
    /// `None` on SQLite.
    fence: Option<Fence>,
}

/// What this process last saw of the leader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Standing {
    leads: bool,
    /// Whether the leader is a process of this machine.
    is_here: bool,
    /// Whether the leader serves.
    is_ready: bool,
}

impl Membership {
    /// Joins the list. Waits if a process that differs is still in it, because that one may just
    /// have been killed. This function blocks.
    pub fn join(
        settings: &store::Settings,
        joining: &Joining,
        clock: Clock,
        random: &Random,
    ) -> Result<Self, JoinError> {
        let store::Settings::Postgres(settings) = settings else {
            return Ok(Self::alone(&joining.version, &joining.files, clock));
        };
        let machine = identity::machine_id(&joining.data, random)?;
        let me = Process {
            machine,
            ..Self::describe(&joining.version, &joining.files, &clock)
        };
        let lease = Lease::join(settings, joining, &me, clock.clone(), random)?;
        Ok(Self::of(me, clock, joining.wait, Some(lease)))
    }

    /// The only machine, as on SQLite.
    pub fn alone(version: &str, files: &Files, clock: Clock) -> Self {
        let me = Self::describe(version, files, &clock);
        Self::of(me, clock, Duration::ZERO, None)
    }

    fn of(me: Process, clock: Clock, wait: Duration, lease: Option<Lease>) -> Self {
        Self(Arc::new(Inner {
            me,
            clock,
            addresses: Mutex::default(),
            wait,
            lease,
        }))
    }

    fn describe(version: &str, files: &Files, clock: &Clock) -> Process {
        let now = clock.now();
        Process {
            // A seeded generator would give another process the same id.
            id: id::generate_random(&Random::system()),
            machine: String::new(),
            name: identity::host_name(),
            version: version.to_owned(),
            addresses: Vec::new(),
            files: files.place(),
            clock_ahead: 0,
            started_at: now,
            seen_at: now,
            until_at: now,
        }
    }

    /// Whether this is the only machine there can be, because the store is SQLite.
    pub fn is_alone(&self) -> bool {
        self.0.lease.is_none()
    }

    /// Whether this process leads now, by a deadline in this process: no query. Before each step
    /// that reaches the outside, the leader asks again.
    pub fn is_leader(&self) -> bool {
        self.0.lease.as_ref().is_none_or(Lease::leads)
    }

    /// The present term, if this process leads.
    pub fn lead(&self) -> Option<Lead> {
        let fence = match &self.0.lease {
            None => None,
            Some(lease) => Some(lease.fence(&self.0.me.id)?),
        };
        Some(Lead {
            membership: self.clone(),
            fence,
        })
    }

    /// Whether a process of this machine leads: this one, or its predecessor.
    pub fn is_leader_here(&self) -> bool {
        self.0
            .lease
            .as_ref()
            .is_none_or(|lease| lease.standing().borrow().is_here)
    }

    /// Waits at a start until this process leads, or a process of this machine does, or another one
    /// leads and serves. Waits no longer than [`Joining::wait`].
    pub async fn lead_or_follow(&self) -> Option<Lead> {
        let Some(lease) = &self.0.lease else {
            return self.lead();
        };
        let mut seen = lease.standing();
        let is_known =
            seen.wait_for(|standing| standing.leads || standing.is_here || standing.is_ready);
        // An error means that the thread has ended, which only a stop does.
        if timeout(self.0.wait, is_known).await.is_err() {
            tracing::warn!(
                "the machine that leads does not serve yet; this one starts without waiting for it; if it stays so, see the log of the machine that leads"
            );
        }
        self.lead()
    }

    /// Says that this process serves, and where.
    pub fn set_ready(&self, addresses: Vec<String>) {
        if let Some(lease) = &self.0.lease {
            lease.set_ready(&addresses);
        }
        *self
            .0
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    /// By how much this machine's clock is ahead of the database's.
    pub fn clock_ahead(&self) -> SignedDuration {
        let ahead = self.0.lease.as_ref().map_or(0, Lease::clock_ahead);
        SignedDuration::from_millis(ahead)
    }

    /// Whether the clock differs so much that this machine takes no jobs.
    pub fn is_clock_wrong(&self) -> bool {
        self.clock_ahead().abs() > CLOCK_IS_WRONG
    }

    /// Whether this process dropped out of the list, and cannot come back because another machine
    /// differs from it by now.
    pub fn is_refused(&self) -> bool {
        self.0.lease.as_ref().is_some_and(Lease::is_refused)
    }

    /// Whether this process may take jobs.
    pub fn may_work(&self) -> bool {
        !self.is_clock_wrong() && !self.is_refused()
    }

    /// Gives the lead back as soon as another process is there, because this one is stopping. It
    /// stays in the list. The last process leads on, to finish the backup.
    pub fn drain(&self) {
        if let Some(lease) = &self.0.lease {
            lease.drain();
        }
    }

    /// Leaves the list, and gives the lead back. This function blocks.
    pub fn leave(&self) {
        if let Some(lease) = &self.0.lease {
            lease.leave();
        }
    }

    /// All processes that were alive lately, by machine.
    pub fn list(&self, tx: &mut Tx<'_>) -> Result<Vec<Listed>, StoreError> {
        if self.is_alone() {
            let addresses = self.0.addresses.lock();
            let me = Process {
                addresses: addresses.unwrap_or_else(PoisonError::into_inner).clone(),
                seen_at: self.0.clock.now(),
                ..self.0.me.clone()
            };
            return Ok(vec![Listed {
                process: me,
                is_alive: true,
                is_leader: true,
            }]);
        }
        let now = tx.roughly_now() - self.clock_ahead();
        list(tx, now)
    }
}

/// All processes that were alive within the last hour before `now`, by machine.
pub fn list(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
    let leader: Option<(String,)> = sql!(
        "SELECT process FROM leader WHERE process IS NOT NULL AND until_at >= :now",
        now
    )
    .maybe(tx)?;
    let since = now - SHOWN;
    let all: Vec<Process> = sql!(
        "SELECT {Process} FROM machine_process WHERE until_at >= :since
         ORDER BY name, machine, started_at, id",
        since
    )
    .all(tx)?;
    let listed = all.into_iter().map(|process| Listed {
        is_alive: process.until_at >= now,
        is_leader: leader.as_ref().is_some_and(|(id,)| *id == process.id),
        process,
    });
    Ok(listed.collect())
}

/// The name of another machine than the one with this data folder on which a process is alive, by
/// PostgreSQL's clock. Until the transaction ends, no process joins the list. For PostgreSQL only.
pub fn find_other(tx: &mut Tx<'_>, data: &Path) -> Result<Option<String>, StoreError> {
    // Without an id, no process of this machine is in the list.
    let machine = identity::kept_id(data).ok().flatten().unwrap_or_default();
    let boot = identity::boot_id();
    let _: (i64,) = tx.one(
        sql!("SELECT term FROM leader WHERE id = 1 FOR NO KEY UPDATE"),
        &[],
    )?;
    let alive: Option<(String,)> = sql!(
        "SELECT name FROM machine_process WHERE (machine <> :machine OR boot <> :boot)
             AND until_at >= CAST(
                 extract(epoch FROM pg_catalog.clock_timestamp()) * 1000 AS bigint)
         ORDER BY started_at, id LIMIT 1",
        machine,
        boot
    )
    .maybe(tx)?;
    Ok(alive.map(|(name,)| name))
}

/// Whether PostgreSQL has no synchronous standby, so that an answer that was acknowledged can be
/// lost with the primary server. `false` on SQLite.
pub fn lacks_standby(membership: &Membership, tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    if membership.is_alone() {
        return Ok(false);
    }
    let (names,): (String,) = tx.one(
        sql!("SELECT setting FROM pg_settings WHERE name = 'synchronous_standby_names'"),
        &[],
    )?;
    Ok(names.is_empty())
}

impl Lead {
    /// Whether this process still leads, in the same term.
    pub fn is_held(&self) -> bool {
        match &self.fence {
            None => true,
            Some(_) => self
                .membership
                .lead()
                .is_some_and(|now| now.fence == self.fence),
        }
    }

    /// The number of the term, for names of what the leader creates elsewhere; 0 on SQLite.
    pub fn term(&self) -> i64 {
        self.fence.as_ref().map_or(0, |fence| fence.term)
    }

    /// Fails if the term has ended.
    pub fn check(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.fence.as_ref().map_or(Ok(()), |fence| fence.check(tx))
    }

    /// A store whose changes fail as soon as the term has ended.
    pub fn store(&self, store: &Store) -> Store {
        match &self.fence {
            None => store.clone(),
            Some(fence) => store.fenced(fence.clone()),
        }
    }
}

type Watch = watch::Receiver<Standing>;
