//! The workers, each with a channel from the supervisor process. Requests go to the worker that
//! became ready last.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Error, Result};
use operate::channel::{Halt, Parcel};
use operate::control_requests::Reply;
use operate::messages::{MessageSender, RequestRate, ToParent, ToWorker};
use supervisor::state::RunId;
use supervisor::{Address, Control, ControlError, ReadyInstances};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

/// Until a worker serves.
const SERVING_TIMEOUT: Duration = Duration::from_secs(30);
/// Requests take only seconds, so a worker that has not replied by then hangs.
const REPLY_TIMEOUT: Duration = Duration::from_mins(1);
/// For the reason of a worker that has ended. One that was killed gives none.
const REASON_TIMEOUT: Duration = Duration::from_secs(1);
/// A working worker reads at once.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct Workers {
    links: Arc<Mutex<BTreeMap<RunId, WorkerLink>>>,
    /// The worker that became ready last; `None` if it has exited.
    serving: watch::Sender<Option<RunId>>,
    fleet: watch::Receiver<ReadyInstances>,
    served: watch::Sender<bool>,
    /// Why the last worker that said so has ended.
    failure: watch::Sender<Option<String>>,
    rates: Arc<Mutex<Vec<RequestRate>>>,
}

struct WorkerLink {
    line: MessageSender<ToWorker>,
    halt: Halt,
    hearing: JoinHandle<()>,
    /// Each worker has its own task, so a worker that does not read does not delay the others.
    leading: AbortOnDropHandle<()>,
    /// Replaced instances to which this worker sends no more requests.
    drained: BTreeSet<Instance>,
}

/// One run of a service's process.
type Instance = (String, RunId);

impl Workers {
    pub(super) fn new(fleet: watch::Receiver<ReadyInstances>) -> Self {
        Self {
            links: Arc::default(),
            serving: watch::Sender::default(),
            fleet,
            served: watch::Sender::default(),
            failure: watch::Sender::default(),
            rates: Arc::default(),
        }
    }

    /// Whether any worker has ever become ready.
    pub(super) fn have_served(&self) -> bool {
        *self.served.borrow()
    }

    pub(super) async fn first_served(&self) {
        let mut served = self.served.subscribe();
        // An error is impossible, because `self` owns the sender.
        let _ = served.wait_for(|served| *served).await;
    }

    /// Replaces the worker by `replace`. If its successor says why it does not serve, that is the
    /// error.
    pub(super) async fn replace(
        &self,
        replace: impl Future<Output = Result<(), ControlError>>,
    ) -> Result<()> {
        self.failure.send_replace(None);
        let Err(error) = replace.await else {
            return Ok(());
        };
        // The message may arrive after the process has ended.
        let mut failure = self.failure.subscribe();
        let reason = timeout(REASON_TIMEOUT, failure.wait_for(Option::is_some)).await;
        let reason = reason.ok().and_then(|reason| reason.ok()?.clone());
        Err(reason.map_or_else(|| error.into(), Error::msg))
    }

    /// Adds a worker. `hearing` is the task that handles the worker's messages.
    pub(super) fn add(
        &self,
        run: RunId,
        line: MessageSender<ToWorker>,
        halt: Halt,
        hearing: JoinHandle<()>,
    ) {
        let leading = send_ready_instances(line.clone(), self.fleet.clone());
        let link = WorkerLink {
            line,
            halt,
            hearing,
            leading: AbortOnDropHandle::new(tokio::spawn(leading)),
            drained: BTreeSet::new(),
        };
        self.links().insert(run, link);
    }

    pub(super) fn serving(&self) -> Option<RunId> {
        *self.serving.borrow()
    }

    pub(super) fn serves(&self, run: Option<RunId>) {
        self.serving.send_replace(run);
        self.served.send_replace(true);
    }

    /// Halts the channels to all workers, and returns them for the next program.
    pub(super) async fn halt(&self) -> Vec<(RunId, OwnedFd)> {
        let links = std::mem::take(&mut *self.links());
        let mut halted = Vec::new();
        for (run, link) in links {
            drop(link.leading);
            match link.halt.halt().await {
                Ok(channel) => halted.push((run, channel)),
                // The worker notices the closed channel, exits and is restarted.
                Err(error) => {
                    tracing::error!(%error, run, "a worker's channel is lost, so the worker is restarted; if it comes again, please report this");
                }
            }
            // The task ends without its channel. The replies for which callers still wait are lost.
            let _ = link.hearing.await;
            link.line.hang_up();
        }
        halted
    }

    /// Handles a worker's messages until its channel closes. Passes requests from the worker to
    /// `order`.
    pub(super) async fn hear(
        &self,
        run: RunId,
        mut inbox: mpsc::Receiver<Parcel<ToParent>>,
        control: &Control,
        mut order: impl FnMut(u64, operate::control_requests::ControlRequest),
    ) {
        while let Some((message, _)) = inbox.recv().await {
            match message {
                ToParent::Failed { reason } => {
                    self.failure.send_replace(Some(reason));
                }
                ToParent::Serving => {
                    self.serves(Some(run));
                }
                ToParent::Reply { id, reply } => {
                    if let Some(line) = self.line(run) {
                        line.answered(id, reply);
                    }
                }
                ToParent::Drained {
                    service,
                    run: instance,
                } => {
                    if let Some(link) = self.links().get_mut(&run) {
                        link.drained.insert((service, instance));
                    }
                    self.report_drained(control).await;
                }
                ToParent::Rates(rates) => *lock(&self.rates) = rates,
                ToParent::Request { id, order: wanted } => order(id, wanted),
            }
        }
        // The worker is missing here if its channel was halted. The channel then stays open for the
        // next program.
        let Some(link) = self.links().remove(&run) else {
            return;
        };
        link.line.hang_up();
        drop(link);
        // This worker may have been the last one that sent requests to a replaced instance.
        self.report_drained(control).await;
        self.serving.send_if_modified(|serving| {
            let was_this = *serving == Some(run);
            if was_this {
                *serving = None;
            }
            was_this
        });
    }

    /// Replaced instances that get no more requests from any worker.
    async fn report_drained(&self, control: &Control) {
        for (service, run) in self.take_drained() {
            // The instance or the supervisor may have ended.
            let _ = control.drained(&service, run).await;
        }
    }

    /// Each only once. While a worker is replaced, both workers may send requests.
    /// When the supervisor process is upgraded, the reports that it has received are lost, and
    /// these instances are stopped only after their full drain time.
    fn take_drained(&self) -> BTreeSet<Instance> {
        let mut links = self.links();
        let mut said = links.values().map(|link| &link.drained);
        let Some(mut by_all) = said.next().cloned() else {
            return BTreeSet::new();
        };
        for drained in said {
            by_all.retain(|instance| drained.contains(instance));
        }
        for link in links.values_mut() {
            link.drained.retain(|instance| !by_all.contains(instance));
        }
        by_all
    }

    pub(super) async fn end(&self) {
        self.broadcast(|| ToWorker::Ending).await;
    }

    /// Concurrently. Skips a worker that does not read within [`SEND_TIMEOUT`].
    async fn broadcast(&self, message: impl Fn() -> ToWorker) {
        let telling: JoinSet<()> = self
            .links()
            .values()
            .map(|link| {
                let (line, message) = (link.line.clone(), message());
                async move { line.say(message).await }
            })
            .collect();
        if timeout(SEND_TIMEOUT, telling.join_all()).await.is_err() {
            tracing::warn!(
                "a worker does not read its messages; if it stays so, replace it: kenduri reload kenduri"
            );
        }
    }

    /// Returns the worker that became ready last. If there is none, waits for one.
    pub(super) async fn one_that_serves(&self) -> Result<(RunId, MessageSender<ToWorker>)> {
        let mut serving = self.serving.subscribe();
        let found = serving.wait_for(Option::is_some);
        let found = timeout(SERVING_TIMEOUT, found).await;
        let run = found.ok().and_then(|found| found.ok().and_then(|run| *run));
        let found = run.and_then(|run| Some((run, self.line(run)?)));
        found.context("no worker serves\n  its log says why (journalctl -u kenduri); correct that, and try again")
    }

    /// Returns the workers that were started after this one.
    pub(super) fn later_than(&self, run: RunId) -> Vec<(RunId, MessageSender<ToWorker>)> {
        let links = self.links();
        let later = links.range((Bound::Excluded(run), Bound::Unbounded));
        later.map(|(run, link)| (*run, link.line.clone())).collect()
    }

    /// Sends a request to the worker that became ready last.
    pub(super) async fn ask(&self, message: impl FnOnce(u64) -> ToWorker) -> Reply {
        match self.one_that_serves().await {
            Ok((_, line)) => answer(&line, message, Vec::new()).await,
            Err(error) => Reply::Error(error.to_string()),
        }
    }

    /// Returns how many requests went to this address in the last second.
    pub(super) fn rate(&self, address: &Address) -> Option<f64> {
        let rates = lock(&self.rates);
        let found = rates.iter().find(|rate| rate.address == *address);
        found.map(|rate| rate.per_second)
    }

    fn line(&self, run: RunId) -> Option<MessageSender<ToWorker>> {
        self.links().get(&run).map(|link| link.line.clone())
    }

    fn links(&self) -> MutexGuard<'_, BTreeMap<RunId, WorkerLink>> {
        lock(&self.links)
    }
}

/// Sends a request to one worker, and waits for its reply.
pub(super) async fn answer(
    line: &MessageSender<ToWorker>,
    message: impl FnOnce(u64) -> ToWorker,
    descriptors: Vec<OwnedFd>,
) -> Reply {
    let answered = timeout(REPLY_TIMEOUT, line.ask(message, descriptors)).await;
    answered.unwrap_or_else(|_| {
        Reply::Error(
            "the worker does not answer\n  if it hangs, replace it: kenduri reload kenduri"
                .to_owned(),
        )
    })
}

/// Now and after each change.
async fn send_ready_instances(
    line: MessageSender<ToWorker>,
    mut fleet: watch::Receiver<ReadyInstances>,
) {
    loop {
        let now = fleet.borrow_and_update().clone();
        line.say(ToWorker::ReadyInstances(now)).await;
        if fleet.changed().await.is_err() {
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use operate::channel;
    use operate::control_requests::ControlRequest;
    use operate::messages::RequestIds;
    use supervisor::ServiceInstances;

    use super::*;

    /// The time limit of a test, long enough for a slow machine.
    const LONG: Duration = Duration::from_mins(1);

    /// Adds a worker, and returns the worker's end of the channel.
    fn add(workers: &Workers, run: RunId) -> UnixStream {
        let (here, there) = UnixStream::pair().expect("a pair");
        let (outbox, inbox, halt) = channel::open::<_, ToParent>(here).expect("an end");
        let hearing = tokio::spawn(async move { drop(inbox) });
        workers.add(
            run,
            MessageSender::new(outbox, RequestIds::default()),
            halt,
            hearing,
        );
        there
    }

    #[tokio::test]
    async fn an_instance_is_done_with_when_all_workers_are() {
        let (_fleet, told) = watch::channel(ReadyInstances::new());
        let workers = Workers::new(told);
        let _ends = [add(&workers, 1), add(&workers, 2)];
        let said = |worker, instance| {
            let drained = ("web".to_owned(), instance);
            let mut links = workers.links();
            links
                .get_mut(&worker)
                .expect("it is known")
                .drained
                .insert(drained);
        };
        let taken = || -> Vec<RunId> {
            let taken = workers.take_drained().into_iter();
            taken.map(|(_, instance)| instance).collect()
        };
        // Worker 1 may still send requests to the two instances. Worker 2 does not.
        said(2, 7);
        said(2, 8);
        assert!(taken().is_empty());
        said(1, 7);
        assert_eq!(taken(), [7]);
        assert!(taken().is_empty());
        // A worker that has exited sends no more requests.
        workers.links().remove(&1);
        assert_eq!(taken(), [8]);
        said(2, 9);
        assert_eq!(taken(), [9]);
        workers.links().clear();
        assert!(taken().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_order_that_is_not_answered_is_given_up() {
        let (_fleet, told) = watch::channel(ReadyInstances::new());
        let workers = Workers::new(told);
        let _deaf = add(&workers, 1);
        workers.serves(Some(1));
        let order = ControlRequest::MaintenanceOff { host: None };
        let reply = workers.ask(|id| ToWorker::Request { id, order }).await;
        assert!(
            matches!(&reply, Reply::Error(why) if why.contains("does not answer")),
            "{reply:?}"
        );
    }

    #[tokio::test]
    async fn one_that_does_not_listen_holds_up_nobody() {
        let (fleet, told) = watch::channel(ReadyInstances::new());
        let workers = Workers::new(told);
        let _deaf = add(&workers, 1);
        let (_outbox, mut inbox, _halt) =
            channel::open::<ToParent, ToWorker>(add(&workers, 2)).expect("an end");
        // These are more messages than the socket and the queue can hold.
        for number in 0..200 {
            let name = format!("{number}{}", "x".repeat(50_000));
            let news = ReadyInstances::from([(name.into(), ServiceInstances::default())]);
            fleet.send_replace(news.clone());
            let hears = async {
                while let Some((message, _)) = inbox.recv().await {
                    if matches!(message, ToWorker::ReadyInstances(heard) if heard == news) {
                        return;
                    }
                }
                panic!("the channel has ended");
            };
            timeout(LONG, hears).await.expect("it hears");
        }
        timeout(LONG, workers.end()).await.expect("an end");
        let hears = async {
            while let Some((message, _)) = inbox.recv().await {
                if matches!(message, ToWorker::Ending) {
                    return;
                }
            }
            panic!("the channel has ended");
        };
        timeout(LONG, hears).await.expect("it hears");
    }
}
