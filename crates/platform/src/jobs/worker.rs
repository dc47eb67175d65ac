//! The worker leases jobs, runs their handlers and commits the results.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, interval_at, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::Instrument as _;

use super::handler::{self, Done, Effect, Handler, JobError, Verdict};
use super::held::{Held, HeldJobs};
use super::lease::{self, Return};
use super::{Job, NewJob, Queue};
use crate::clock::Clock;
use crate::machines::Membership;
use crate::random::Random;
use crate::request;
use crate::sql;
use crate::store::{Rows, Store, StoreError, Tx};

/// How often a running job's lease is renewed: after a third of the lease's duration.
const RENEWAL: Duration = Duration::from_secs(20);
/// How often the store is looked at while a job is due that no worker could take.
const POLL: Duration = Duration::from_secs(1);
/// How often the store is looked at while no job is due. Usually a commit wakes the worker before, or
/// a job becomes due: this is for jobs whose process died before it told of them, and for leases.
const LOOK: Duration = super::LOOK.unsigned_abs();
/// After a time in which the store saved nothing, no job is taken for this long: the process that
/// runs it renews its lease first.
const AFTER_CLOSURE: Duration = Duration::from_secs(3);
/// The shortest time between two looks.
const PAUSE: Duration = Duration::from_millis(20);
const MINUTE: i64 = 60_000;
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
const MAILS_AT_ONCE: usize = 2;
const CALLS_AT_ONCE: usize = 8;
/// During an upgrade, another process may know the kind of job and run it.
const STRANGER: SignedDuration = SignedDuration::from_secs(60);
/// How many times the commit of a result is tried while the store is unavailable.
const COMMITS: u32 = 5;
/// The longest stored error text, in bytes.
const ERROR_LIMIT: usize = 1_000;

/// Runs jobs. Clones share all state, so that a test can control one clone while another runs.
#[derive(Clone, Debug)]
pub struct Worker(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Clock,
    random: Random,
    handlers: Vec<Handler>,
    held: HeldJobs,
    /// When the store was last found to save nothing.
    closed: Mutex<Option<Instant>>,
    /// The last minute for which this process has enqueued scheduled jobs.
    minute: AtomicI64,
    /// `None` in tests, which have one process.
    membership: Option<Membership>,
}

/// A queue while the worker runs.
struct Served {
    queue: Queue,
    /// For jobs at once.
    room: Arc<Semaphore>,
    /// Wakes who takes its jobs.
    due: Arc<Notify>,
}

/// How a run ends.
#[derive(Clone, Copy)]
struct Ending<'a> {
    stop: &'a CancellationToken,
    tracker: &'a TaskTracker,
    halt: &'a CancellationToken,
}

struct End {
    outcome: Outcome,
    effect: Option<Effect>,
    given_up: Option<Effect>,
    logged: String,
}

enum Outcome {
    Done,
    Wait {
        pause: SignedDuration,
        attempts: u32,
        starts: i64,
        error: String,
    },
    GivenUp {
        attempts: u32,
        error: String,
    },
}

impl Worker {
    /// Creates a worker that runs jobs of the `handlers`' kinds and leaves other jobs alone.
    pub fn new(store: Store, clock: Clock, random: Random, handlers: Vec<Handler>) -> Self {
        Self::with(None, store, clock, random, handlers)
    }

    /// Like [`Worker::new`], for one of several processes. Only the leader enqueues scheduled jobs.
    /// The worker takes jobs only while the process [may](Membership::may_work).
    pub fn on(
        membership: Membership,
        store: Store,
        clock: Clock,
        random: Random,
        handlers: Vec<Handler>,
    ) -> Self {
        Self::with(Some(membership), store, clock, random, handlers)
    }

    fn with(
        membership: Option<Membership>,
        store: Store,
        clock: Clock,
        random: Random,
        handlers: Vec<Handler>,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            clock,
            random,
            handlers,
            held: HeldJobs::default(),
            closed: Mutex::default(),
            minute: AtomicI64::new(i64::MIN),
            membership,
        }))
    }

    /// Runs jobs until `stop`: up to `at_once` ordinary jobs, plus mails and HTTP requests. After
    /// `stop`, running jobs have half a minute to finish; unfinished jobs return to the queue.
    pub async fn run(self, at_once: usize, stop: CancellationToken) {
        let tracker = TaskTracker::new();
        let halt = CancellationToken::new();
        let ending = Ending {
            stop: &stop,
            tracker: &tracker,
            halt: &halt,
        };
        let served = Queue::ALL.map(|queue| Served::new(queue, at_once));
        let [work, mail, calls, services, fetches] = &served;
        tokio::join!(
            self.look(&served, &stop),
            self.serve(work, ending),
            self.serve(mail, ending),
            self.serve(calls, ending),
            self.serve(services, ending),
            self.serve(fetches, ending),
        );
        tracker.close();
        if timeout(STOP_TIMEOUT, tracker.wait()).await.is_err() {
            tracing::warn!(
                jobs = tracker.len(),
                "stopping with unfinished jobs; they run again after the next start, and nothing needs to be done"
            );
            halt.cancel();
            tracker.wait().await;
        }
    }

    /// Runs all due jobs one after the other, including jobs that they enqueue for immediate
    /// execution. Returns the number of attempts. Only tests use this function, because they
    /// control the clock.
    pub async fn run_due(&self) -> Result<usize, StoreError> {
        let never = CancellationToken::new();
        let mut count = 0;
        self.schedule().await?;
        loop {
            let before = count;
            for queue in Queue::ALL {
                while let Some(job) = self.take(queue).await? {
                    self.attempt(job, &never).await;
                    count += 1;
                }
            }
            if count == before {
                return Ok(count);
            }
        }
    }

    /// Wakes the queues that have due jobs, until `stop`.
    async fn look(&self, served: &[Served], stop: &CancellationToken) {
        let mut waiting = self.0.store.jobs_waiting();
        loop {
            // The worker marks the wake-up signal as seen before it queries, so that a job enqueued
            // after the query wakes it.
            waiting.mark_unchanged();
            let pause = match self.look_once(served).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "cannot look for due jobs; it is tried again; if this goes on, check the store's disk or database server");
                    POLL
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(PAUSE) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                _ = waiting.changed() => {}
                () = sleep(pause.saturating_sub(PAUSE)) => {}
            }
        }
    }

    /// One query serves all queues. Returns when to look again, at the latest.
    async fn look_once(&self, served: &[Served]) -> Result<Duration, StoreError> {
        if !self.may_save() {
            // The backup's agent has logged why.
            return Ok(POLL);
        }
        self.schedule().await?;
        if !self.may_work() {
            return Ok(POLL);
        }
        let earliest = self.0.store.read(lease::earliest).await?;
        let now = self.0.clock.now();
        let mut pause = LOOK;
        for (queue, due_at) in earliest {
            let Some(one) = served.iter().find(|one| one.queue == queue) else {
                continue;
            };
            if due_at <= now {
                one.due.notify_one();
                pause = pause.min(POLL);
            } else {
                pause = pause.min(due_at.duration_since(now).unsigned_abs());
            }
        }
        // Then jobs are scheduled.
        let left = MINUTE - now.as_millisecond().rem_euclid(MINUTE);
        Ok(pause.min(SignedDuration::from_millis(left).unsigned_abs()))
    }

    async fn serve(&self, served: &Served, ending: Ending<'_>) {
        let Ending { stop, tracker, .. } = ending;
        loop {
            let place = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                place = Arc::clone(&served.room).acquire_owned() => place,
            };
            match self.take(served.queue).await {
                Ok(Some(job)) => {
                    let (worker, halt) = (self.clone(), ending.halt.clone());
                    let lanes = served.queue.line_at_once().map(|_| Arc::clone(&served.due));
                    tracker.spawn(async move {
                        worker.attempt(job, &halt).await;
                        drop(place);
                        // The next job in its lane may begin.
                        if let Some(due) = lanes {
                            due.notify_one();
                        }
                    });
                    continue;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot take due jobs; it is tried again; if this goes on, check the store's disk or database server");
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = served.due.notified() => {}
            }
        }
    }

    /// Enqueues the scheduled jobs of this minute, unless another process has done so.
    async fn schedule(&self) -> Result<(), StoreError> {
        let lead = self.0.membership.as_ref().map(Membership::lead);
        let store = match &lead {
            None => self.0.store.clone(),
            Some(Some(lead)) => lead.store(&self.0.store),
            Some(None) => return Ok(()),
        };
        let minute = self.0.clock.now().as_second().div_euclid(60);
        if self.0.minute.load(Ordering::Relaxed) >= minute {
            return Ok(());
        }
        let due: Vec<(&'static str, i64)> = self
            .0
            .handlers
            .iter()
            .filter_map(|handler| Some((handler.kind, handler.period?)))
            // The start of the present period, in minutes.
            .map(|(kind, period)| (kind, minute - minute.rem_euclid(period)))
            .collect();
        if !due.is_empty() {
            store
                .write(move |tx| {
                    let mut due = due.iter();
                    due.try_for_each(|(kind, minute)| schedule(tx, kind, *minute))
                })
                .await?;
        }
        self.0.minute.fetch_max(minute, Ordering::Relaxed);
        Ok(())
    }

    /// Whether the store saves changes, and has done so long enough that leases are renewed.
    fn may_save(&self) -> bool {
        let closed = self.0.closed.lock();
        let mut closed = closed.unwrap_or_else(PoisonError::into_inner);
        if !self.0.store.may_acknowledge() {
            *closed = Some(Instant::now());
        }
        closed.is_none_or(|at| at.elapsed() >= AFTER_CLOSURE)
    }

    /// Due times and leases are compared with this machine's clock.
    fn may_work(&self) -> bool {
        let membership = self.0.membership.as_ref();
        membership.is_none_or(Membership::may_work)
    }

    async fn take(&self, queue: Queue) -> Result<Option<Job>, StoreError> {
        if !self.may_work() || !self.may_save() {
            return Ok(None);
        }
        // Looking for a due job is a cheap read; the write transaction runs only if a job is due.
        if !self
            .0
            .store
            .read(move |tx| lease::is_due(tx, queue))
            .await?
        {
            return Ok(None);
        }
        let held = self.0.held.list();
        let take = move |tx: &mut Tx<'_>| lease::take(tx, queue, &held);
        self.0.store.write(take).await
    }

    /// Runs with the id of the request that caused the job. `halt` cancels the attempt.
    async fn attempt(&self, job: Job, halt: &CancellationToken) {
        let request: Option<Arc<str>> = job.request_id.as_deref().map(Arc::from);
        // The span has the highest level, so that no log filter drops it.
        let span = tracing::error_span!("job", request_id = request.as_deref());
        let attempt = self.attempt_once(job, halt, request.clone());
        request::caused_by(request, attempt).instrument(span).await;
    }

    async fn attempt_once(&self, job: Job, halt: &CancellationToken, request: Option<Arc<str>>) {
        let _holding = self.0.held.hold(Held::of(&job));
        if job.starts > lease::STARTS {
            let error = JobError::fail(
                "it was started several times and never ended; if the log has “the program panicked”, please report it",
            );
            return self.settle(job, Err(error), halt).await;
        }
        let Some(handler) = self.handler(&job) else {
            let error = JobError::later(
                STRANGER,
                "this program does not know the job; run the same version of Kenduri on all machines",
            );
            return self.settle(job, Err(error), halt).await;
        };
        let run = request::caused_by(request, (handler.run)(job.clone()));
        let mut running = AbortOnDropHandle::new(tokio::spawn(run.in_current_span()));
        let mut renewal = interval_at(Instant::now() + RENEWAL, RENEWAL);
        let result = loop {
            tokio::select! {
                ended = &mut running => {
                    break ended.unwrap_or_else(|_| Err(JobError::retry("the handler panicked")));
                }
                _ = renewal.tick() => {
                    if !self.0.store.may_acknowledge() {
                        // The backup's agent has logged why.
                        renewal.reset_after(POLL);
                        continue;
                    }
                    let held = Held::of(&job);
                    match self.0.store.write(move |tx| lease::renew(tx, &held)).await {
                        Ok(true) => {}
                        Ok(false) => {
                            tracing::warn!(
                                job = %job.id, kind = job.kind,
                                "lost a job's lease, so another worker may run the job; nothing needs to be done"
                            );
                            return;
                        }
                        Err(error) => {
                            renewal.reset_after(POLL);
                            tracing::warn!(job = %job.id, %error, "cannot renew a job's lease; it is tried again; if this goes on, check the store's disk or database server");
                        }
                    }
                }
                () = halt.cancelled() => {
                    break Err(JobError::later(SignedDuration::ZERO, "the program stopped"));
                }
            }
        };
        drop(running);
        self.settle(job, result, halt).await;
    }

    /// If a write of the handler is refused, the attempt fails with that error.
    async fn settle(&self, job: Job, result: Result<Done, JobError>, halt: &CancellationToken) {
        let end = match result {
            Ok(done) => End {
                outcome: Outcome::Done,
                effect: done.effect,
                given_up: None,
                logged: String::new(),
            },
            Err(error) => self.judge(&job, error),
        };
        let Err(refusal) = self.commit(&job, end, halt).await else {
            return;
        };
        let end = self.judge(&job, refusal);
        if let Err(error) = self.commit(&job, end, halt).await {
            // The lease will expire, and another worker will start the job again.
            tracing::error!(
                job = %job.id, kind = job.kind, %error,
                "cannot store the outcome of a job; the job runs again later; if this goes on, check the store's disk or database server"
            );
        }
    }

    fn handler(&self, job: &Job) -> Option<&Handler> {
        let kind = |handler: &&Handler| handler.kind == job.kind;
        self.0.handlers.iter().find(kind)
    }

    fn judge(&self, job: &Job, error: JobError) -> End {
        let mut text = error.to_string();
        text.truncate(text.floor_char_boundary(ERROR_LIMIT));
        let attempts = job.attempts + 1;
        let pause = handler::pause_after(job.queue, attempts, self.0.random.below(401));
        let outcome = match (error.verdict, pause) {
            (Verdict::Later(pause), _) => Outcome::Wait {
                pause,
                attempts: job.attempts,
                starts: job.starts - 1,
                error: text,
            },
            (Verdict::Retry, Some(pause)) => Outcome::Wait {
                pause,
                attempts,
                starts: job.starts,
                error: text,
            },
            (Verdict::Retry, None) | (Verdict::Fail, _) => Outcome::GivenUp {
                attempts,
                error: text,
            },
        };
        End {
            outcome,
            logged: error.logged(),
            effect: error.effect,
            given_up: self
                .handler(job)
                .and_then(|handler| handler.given_up.clone()),
        }
    }

    /// While the store saves nothing because the lease of the backup is over, waits until it does, or
    /// until `halt`.
    async fn commit(&self, job: &Job, end: End, halt: &CancellationToken) -> Result<(), JobError> {
        let end = Arc::new(end);
        let mut tries = 1;
        loop {
            let (held, settled) = (job.clone(), Arc::clone(&end));
            let written = self.0.store.write(move |tx| settled.write(tx, &held)).await;
            match written {
                Err(error) if error.is_passing && !self.0.store.may_acknowledge() => {
                    tokio::select! {
                        biased;
                        () = halt.cancelled() => return Err(error),
                        () = sleep(POLL) => {}
                    }
                }
                Err(error) if error.is_passing && tries < COMMITS => {
                    tries += 1;
                    sleep(POLL).await;
                }
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        end.tell(job);
        Ok(())
    }
}

impl Served {
    /// `at_once` is how many ordinary jobs run at once.
    fn new(queue: Queue, at_once: usize) -> Self {
        let places = match queue {
            Queue::Work => at_once.max(1),
            Queue::Mail => MAILS_AT_ONCE,
            Queue::Calls | Queue::Services | Queue::Fetches => CALLS_AT_ONCE,
        };
        Self {
            queue,
            room: Arc::new(Semaphore::new(places)),
            due: Arc::default(),
        }
    }
}

impl End {
    fn write(&self, tx: &mut Tx<'_>, job: &Job) -> Result<(), JobError> {
        match &self.outcome {
            Outcome::Done => lease::end(tx, job)?,
            Outcome::Wait {
                pause,
                attempts,
                starts,
                error,
            } => {
                let back = Return {
                    pause: *pause,
                    attempts: *attempts,
                    starts: *starts,
                    error: Some(error),
                };
                lease::put_back(tx, job, &back)?;
            }
            Outcome::GivenUp { attempts, error } => {
                lease::give_up(tx, job, *attempts, error)?;
                if let Some(given_up) = &self.given_up {
                    given_up(tx)?;
                }
            }
        }
        match &self.effect {
            Some(effect) => effect(tx),
            None => Ok(()),
        }
    }

    fn tell(&self, job: &Job) {
        let outcome = match &self.outcome {
            Outcome::Done => "done",
            Outcome::Wait { pause, .. } => {
                let (pause_s, error) = (pause.as_secs(), &self.logged);
                tracing::info!(job = %job.id, kind = job.kind, pause_s, error, "a job is tried again later");
                "waiting"
            }
            Outcome::GivenUp { attempts, .. } => {
                let error = &self.logged;
                tracing::error!(job = %job.id, kind = job.kind, attempts, error, "a job failed and is not tried again (one of each minute or day runs at its next time); correct the error, or report it if the log has “the program panicked”; `kind` says what was not done: do that again, such as sending or importing");
                "failed"
            }
        };
        metrics::counter!("kenduri_job_attempts_total", "kind" => job.kind.clone(), "outcome" => outcome)
            .increment(1);
    }
}

fn schedule(tx: &mut Tx<'_>, kind: &'static str, minute: i64) -> Result<(), StoreError> {
    let rows = sql!(
        "INSERT INTO schedule (kind, minute) VALUES (:kind, :minute)
         ON CONFLICT (kind) DO UPDATE SET minute = excluded.minute
         WHERE schedule.minute < excluded.minute",
        kind,
        minute
    )
    .run(tx, Rows::AtMostOne)?;
    if rows == 0 {
        return Ok(());
    }
    tx.enqueue(NewJob {
        key: Some(format!("{kind}:{minute}")),
        ..NewJob::new(kind, serde_json::Value::Null)
    })
}
