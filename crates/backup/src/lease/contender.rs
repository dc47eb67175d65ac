//! The decisions of a machine about the lease, without any input or output: [`Contender::next`]
//! says what to do, and [`Contender::finish`] hears how it went.

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) const RENEWAL: Duration = Duration::from_secs(10);
/// Since the beginning of the last renewal. Then the holder writes nothing more.
pub(crate) const VALID: Duration = Duration::from_secs(40);
/// After the lease's end, for a write that was begun before.
pub(super) const LAST_WRITE: Duration = Duration::from_secs(10);
/// Others take a lease that did not change for this long. What the holder had begun to write may
/// arrive in between.
pub(super) const EXPIRY: Duration = Duration::from_mins(1);

/// The content of the lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Rises each time that a process takes the lease.
    pub(super) generation: u64,
    /// A random text of the process that holds the lease.
    pub(super) claim: String,
    pub(super) host: String,
    /// The number of this renewal.
    renewal: u64,
    /// By the holder's clock, in milliseconds since the Unix epoch.
    pub(super) at: i64,
    /// All changes of the store before this time are in the backup, in milliseconds since the Unix
    /// epoch.
    #[serde(default)]
    pub(super) copied_until: i64,
    pub(super) is_released: bool,
    /// When it was released, everything was in the backup.
    #[serde(default)]
    pub(super) is_whole: bool,
    /// Its holder acknowledges nothing once its last renewal is [`VALID`] old, so another machine may
    /// take over by itself.
    #[serde(default)]
    pub(super) stops: bool,
    /// The database in which the store is; `None` if it is the holder's own file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database: Option<String>,
}

/// What a data folder knows of its own claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// The last claim that was written, and later ones of which this is not known.
    claims: Vec<String>,
    /// The generation of the last claim.
    generation: u64,
    /// The generation of the last claim that was certainly written; 0 if there is none. It is on
    /// the disk before anything is written under the claim.
    #[serde(default)]
    held: u64,
    /// The lease may say that its holder stops ([`Record::stops`]), so this machine has to, whatever
    /// its settings say now.
    #[serde(default)]
    pub(super) stops: bool,
}

/// What a holder is, beside its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    /// The database in which the store is, which several machines share, so a machine that held the
    /// lease before lacks nothing of what another one with the same database has written. `None` if
    /// the store is a file.
    pub(crate) database: Option<String>,
    /// Whether it acknowledges nothing without the lease.
    pub(crate) stops: bool,
}

/// How this process stands to the lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Unless it is renewed, it ends at this time.
    Held { until: Duration },
    /// This process does not hold it, and does not know that another one does.
    Open,
    /// It was given back, or another process holds it.
    Lost,
}

/// Whose lease is taken although it has not expired.
#[derive(Debug)]
enum Insistence {
    Anybodys,
    /// Only this one, by its tag.
    Unchanged(String),
}

/// The lease in the place.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) tag: String,
    /// `None` if the content cannot be read.
    pub(super) record: Option<Record>,
}

#[derive(Clone, Debug)]
pub(super) enum Call {
    Read,
    /// Writes the record if the object still has the tag `over`, or, if that is `None`, does not
    /// exist.
    Write {
        over: Option<String>,
        record: Record,
    },
}

#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Read(Option<Found>),
    Written(String),
    Refused,
    /// It is not known whether a write arrives.
    Failed,
}

/// Why this machine has no lease.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// `None` if the lease cannot be read.
    pub(super) record: Option<Record>,
    /// This machine held the lease before.
    pub(super) is_superseded: bool,
    /// The lease was renewed while this machine watched.
    pub(super) is_alive: bool,
    at: Duration,
}

#[derive(Debug)]
enum State {
    Unknown,
    /// The lease that this process held is missing, perhaps with the disk.
    Gone,
    Refused(Refusal),
    Taking(Attempt),
    Held(Held),
}

#[derive(Debug)]
struct Held {
    record: Record,
    tag: String,
    /// When the last renewal that arrived was begun.
    renewed: Duration,
    /// A renewal whose outcome is not known.
    attempt: Option<Attempt>,
    must_look: bool,
}

impl Held {
    /// After a write that was confirmed.
    fn written(attempt: Attempt, tag: String) -> Self {
        Self {
            record: attempt.record,
            tag,
            renewed: attempt.begun,
            attempt: None,
            must_look: false,
        }
    }
}

#[derive(Clone, Debug)]
struct Attempt {
    over: Option<String>,
    record: Record,
    begun: Duration,
}

#[derive(Debug)]
pub(super) struct Contender {
    host: String,
    /// A random text of this process.
    claim: String,
    memory: Memory,
    holding: Holding,
    insists: Option<Insistence>,
    copied_until: i64,
    state: State,
    /// The tag that was last seen, and since when.
    watched: Option<Watched>,
}

#[derive(Debug)]
struct Watched {
    tag: String,
    since: Duration,
    has_changed: bool,
}

impl Contender {
    pub(super) fn new(memory: Memory, host: String, claim: String, holding: Holding) -> Self {
        Self {
            host,
            claim,
            memory,
            holding,
            insists: None,
            copied_until: 0,
            state: State::Unknown,
            watched: None,
        }
    }

    pub(super) fn set_copied_until(&mut self, copied_until: i64) {
        self.copied_until = copied_until;
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(super) fn insist(&mut self) {
        self.state = State::Unknown;
        self.insists = Some(Insistence::Anybodys);
    }

    /// Takes the lease at the next look if it still has this tag, and otherwise does not.
    pub(super) fn insist_on(&mut self, tag: String) {
        self.state = State::Unknown;
        self.insists = Some(Insistence::Unchanged(tag));
    }

    /// Whether changes may be acknowledged only while this machine holds the lease.
    pub(super) fn stops(&self) -> bool {
        self.holding.stops || self.memory.stops
    }

    pub(super) fn doubt(&mut self) {
        if let State::Held(held) = &mut self.state {
            held.must_look = true;
        }
    }

    pub(super) fn may_write(&self, now: Duration) -> bool {
        matches!(self.standing(), Standing::Held { until } if now < until)
    }

    pub(super) fn standing(&self) -> Standing {
        match &self.state {
            State::Held(held) if held.record.is_released => Standing::Lost,
            State::Held(held) => Standing::Held {
                until: held.renewed + VALID,
            },
            State::Refused(_) => Standing::Lost,
            State::Unknown | State::Gone | State::Taking(_) => Standing::Open,
        }
    }

    /// Whether the record is of this data folder.
    pub(super) fn is_own(&self, record: &Record) -> bool {
        self.memory.claims.contains(&record.claim)
    }

    pub(super) fn refusal(&self) -> Option<&Refusal> {
        match &self.state {
            State::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    pub(super) fn was_refused_recently(&self, now: Duration) -> bool {
        let refusal = self.refusal();
        refusal.is_some_and(|refusal| now.saturating_sub(refusal.at) < RENEWAL)
    }

    /// Returns what to do now; `None` if nothing. `at` is the time for people.
    pub(super) fn next(&mut self, now: Duration, at: i64) -> Option<Call> {
        match &mut self.state {
            State::Gone => None,
            State::Held(held) if held.record.is_released => None,
            State::Unknown
            | State::Held(Held {
                must_look: true, ..
            }) => Some(Call::Read),
            State::Refused(refusal) => {
                let is_recent = now.saturating_sub(refusal.at) < RENEWAL;
                (!is_recent).then_some(Call::Read)
            }
            State::Taking(attempt) => {
                attempt.begun = now;
                attempt.record.at = at;
                if !self.memory.claims.contains(&self.claim) {
                    self.memory.claims.push(self.claim.clone());
                }
                self.memory.generation = attempt.record.generation;
                self.memory.stops |= self.holding.stops;
                Some(Call::Write {
                    over: attempt.over.clone(),
                    record: attempt.record.clone(),
                })
            }
            State::Held(held) => {
                if now.saturating_sub(held.renewed) < RENEWAL {
                    return None;
                }
                let last = held
                    .attempt
                    .as_ref()
                    .map_or(&held.record, |last| &last.record);
                let next = Attempt {
                    over: Some(held.tag.clone()),
                    record: Record {
                        renewal: last.renewal + 1,
                        at,
                        copied_until: self.copied_until,
                        ..held.record.clone()
                    },
                    begun: now,
                };
                let call = Call::Write {
                    over: next.over.clone(),
                    record: next.record.clone(),
                };
                held.attempt = Some(next);
                Some(call)
            }
        }
    }

    pub(super) fn finish(&mut self, outcome: Outcome, now: Duration) {
        match outcome {
            Outcome::Read(found) => self.look(found, now),
            Outcome::Written(tag) => self.written(tag),
            Outcome::Refused | Outcome::Failed => match &mut self.state {
                State::Held(held) => held.must_look = true,
                State::Taking(_) => self.state = State::Unknown,
                State::Unknown | State::Gone | State::Refused(_) => {}
            },
        }
    }

    fn written(&mut self, tag: String) {
        match std::mem::replace(&mut self.state, State::Unknown) {
            State::Taking(attempt) => {
                self.insists = None;
                self.watched = None;
                self.memory = Memory {
                    claims: vec![self.claim.clone()],
                    generation: attempt.record.generation,
                    held: attempt.record.generation,
                    stops: attempt.record.stops,
                };
                self.state = State::Held(Held::written(attempt, tag));
            }
            State::Held(mut held) => {
                let held = match held.attempt.take() {
                    Some(attempt) => Held::written(attempt, tag),
                    None => Held {
                        tag,
                        must_look: false,
                        ..held
                    },
                };
                // Nobody takes over by itself from a machine that has given its lease back.
                self.memory.stops &= !held.record.is_released;
                self.state = State::Held(held);
            }
            other => self.state = other,
        }
    }

    fn look(&mut self, found: Option<Found>, now: Duration) {
        if let (State::Held(held), Some(found)) = (&mut self.state, &found)
            && let Some(there) = &found.record
            && there.claim == held.record.claim
        {
            // An attempt of before may arrive late, so its time counts only for the last one.
            let attempt = held.attempt.as_ref();
            if let Some(last) = attempt.filter(|last| last.record == *there) {
                held.renewed = last.begun;
            }
            held.record.clone_from(there);
            held.tag.clone_from(&found.tag);
            held.must_look = false;
            return;
        }
        let was_held = matches!(self.state, State::Held(_));
        self.state = if was_held && found.is_none() {
            State::Gone
        } else {
            self.decide(found, now)
        };
    }

    /// A lease that went missing is made again. The caller has looked whether the rest is there.
    pub(super) fn begin_round(&mut self) {
        if matches!(self.state, State::Gone) {
            self.state = State::Unknown;
        }
    }

    fn decide(&mut self, found: Option<Found>, now: Duration) -> State {
        let Some(Found { tag, record }) = found else {
            if matches!(self.insists, Some(Insistence::Unchanged(_))) {
                return State::Refused(Refusal {
                    record: None,
                    is_superseded: false,
                    is_alive: false,
                    at: now,
                });
            }
            return self.take(None, None);
        };
        let watched = match self.watched.take() {
            Some(watched) if watched.tag == tag => watched,
            before => Watched {
                tag: tag.clone(),
                since: now,
                has_changed: before.is_some(),
            },
        };
        let has_expired = now.saturating_sub(watched.since) >= EXPIRY;
        let is_alive = watched.has_changed && !has_expired;
        self.watched = Some(watched);
        let is_released = record.as_ref().is_some_and(|record| record.is_released);
        let is_own = record.as_ref().is_some_and(|record| self.is_own(record));
        // A copy of the data folder may run on another machine.
        let is_here = record
            .as_ref()
            .is_some_and(|record| record.host == self.host);
        // Nothing was ever written under a claim of which this is not certain.
        let held = self.memory.held;
        let is_superseded = !is_own
            && held > 0
            && record.as_ref().is_some_and(|record| {
                let database = &self.holding.database;
                let is_shared = database.is_some() && record.database == *database;
                record.generation > held && !is_shared
            });
        let is_free = !is_superseded && (is_released || has_expired);
        let may_take = match &self.insists {
            Some(Insistence::Anybodys) => true,
            Some(Insistence::Unchanged(expected)) => *expected == tag || is_own && is_here,
            None => is_own && is_here || is_free,
        };
        if may_take {
            return self.take(Some(tag), record);
        }
        State::Refused(Refusal {
            record,
            is_superseded,
            is_alive,
            at: now,
        })
    }

    fn take(&self, over: Option<String>, former: Option<Record>) -> State {
        let former = former.map_or(0, |former| former.generation);
        State::Taking(Attempt {
            over,
            record: Record {
                generation: former.max(self.memory.generation) + 1,
                claim: self.claim.clone(),
                host: self.host.clone(),
                renewal: 0,
                at: 0,
                copied_until: self.copied_until,
                is_released: false,
                is_whole: false,
                stops: self.holding.stops,
                database: self.holding.database.clone(),
            },
            begun: Duration::ZERO,
        })
    }

    /// Returns the write that releases the lease, if this process holds it. `is_whole`: everything is
    /// in the backup.
    pub(super) fn release(&mut self, now: Duration, at: i64, is_whole: bool) -> Option<Call> {
        if !self.may_write(now) {
            return None;
        }
        let State::Held(held) = &mut self.state else {
            return None;
        };
        let next = Record {
            renewal: held.record.renewal + 1,
            at,
            copied_until: self.copied_until,
            is_released: true,
            is_whole,
            ..held.record.clone()
        };
        held.attempt = Some(Attempt {
            over: Some(held.tag.clone()),
            record: next.clone(),
            begun: now,
        });
        // Whatever becomes of the write, this process writes nothing more.
        held.record.is_released = true;
        Some(Call::Write {
            over: Some(held.tag.clone()),
            record: next,
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
