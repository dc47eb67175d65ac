//! The gate that admits control requests. Before the supervisor process upgrades itself by `exec`,
//! it closes the gate and waits for the requests in progress, because `exec` would interrupt them.

use std::future::Future;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// For requests in progress.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Default)]
pub(crate) struct CommandGate {
    is_shut: watch::Sender<bool>,
    inside: TaskTracker,
}

/// Permission for a control request. It must be held until the reply is sent.
pub(crate) type GatePermit = TaskTrackerToken;

/// Keeps the gate closed until this value is dropped.
pub(super) struct ClosedGate(CommandGate);

impl Drop for ClosedGate {
    fn drop(&mut self) {
        self.0.inside.reopen();
        self.0.is_shut.send_replace(false);
    }
}

impl CommandGate {
    /// Admits a request. Fails if the gate is closed.
    pub(crate) fn enter(&self) -> Result<GatePermit> {
        if *self.is_shut.borrow() {
            return refuse();
        }
        Ok(self.inside.token())
    }

    /// Runs `what` and returns its result. Fails if the gate closes first.
    pub(crate) async fn unless_shut<T>(&self, what: impl Future<Output = T>) -> Result<T> {
        let mut is_shut = self.is_shut.subscribe();
        tokio::select! {
            biased;
            // An error is impossible, because `self` owns the sender.
            _ = is_shut.wait_for(|is_shut| *is_shut) => refuse(),
            done = what => Ok(done),
        }
    }

    /// Waits until the gate is open again.
    pub(crate) async fn opened(&self) {
        let mut is_shut = self.is_shut.subscribe();
        // An error is impossible, because `self` owns the sender.
        let _ = is_shut.wait_for(|is_shut| !*is_shut).await;
    }

    /// Closes the gate, and waits for the requests in progress. Fails if a request takes too long
    /// and `longer` is done as well. The gate opens again after a failure, or when the returned
    /// guard is dropped.
    pub(super) async fn shut(&self, longer: impl Future<Output = ()>) -> Result<ClosedGate> {
        self.is_shut.send_replace(true);
        let shut = ClosedGate(self.clone());
        self.inside.close();
        let late = async {
            sleep(PATIENCE).await;
            longer.await;
            // A request that ends with `longer` has yet to be answered.
            sleep(PATIENCE).await;
        };
        tokio::select! {
            biased;
            () = self.inside.wait() => Ok(shut),
            () = late => bail!("other commands are still being carried out\n  try again when they are done"),
        }
    }
}

fn refuse<T>() -> Result<T> {
    bail!("Kenduri is just being upgraded; try again")
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_inside_is_waited_for_and_nobody_comes_in_meanwhile() {
        let gate = CommandGate::default();
        let inside = gate.enter().unwrap();
        let queue = gate.unless_shut(std::future::pending::<()>());
        let shutting = gate.shut(ready(()));
        tokio::pin!(queue, shutting);
        tokio::select! {
            biased;
            _ = &mut queue => panic!("it is open"),
            _ = &mut shutting => panic!("somebody is inside"),
            () = ready(()) => {}
        }
        assert!(gate.enter().is_err());
        assert!(queue.await.unwrap_err().to_string().contains("try again"));
        drop(inside);
        let shut = shutting.await.unwrap();
        assert!(gate.unless_shut(ready(())).await.is_err());
        drop(shut);
        gate.opened().await;
        assert!(gate.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_stays_too_long_keeps_it_open() {
        let gate = CommandGate::default();
        let _inside = gate.enter().unwrap();
        let refused = gate.shut(ready(())).await.err().unwrap();
        assert!(refused.to_string().contains("still being carried out"));
        assert!(gate.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_stays_for_a_reason_is_waited_for() {
        let gate = CommandGate::default();
        let inside = gate.enter().unwrap();
        let longer = async {
            sleep(Duration::from_mins(5)).await;
            drop(inside);
        };
        assert!(gate.shut(longer).await.is_ok());
    }
}
