//! Detects that a peer makes no progress.

use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::sleep;

use crate::lock::lock;

const CHECKS_PER_TIME: u32 = 4;

/// Counts a peer's progress, and records whether progress is expected. Counting needs no clock,
/// because a task reads the count at intervals.
#[derive(Debug, Default)]
pub(crate) struct ProgressWatch {
    moved: AtomicUsize,
    is_awaited: AtomicBool,
    is_given_up: AtomicBool,
    /// Wakes the task that gives up the peer.
    task: Mutex<Option<Waker>>,
}

impl ProgressWatch {
    pub(crate) fn moved(&self) {
        self.moved.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn awaits(&self, is_awaited: bool) {
        self.is_awaited.store(is_awaited, Ordering::Relaxed);
    }

    pub(crate) fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Relaxed)
    }

    /// Decides that the peer is given up before its time is over.
    pub(crate) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Release);
        if let Some(task) = lock(&self.task).take() {
            task.wake();
        }
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Acquire)
    }

    pub(crate) async fn given_up(&self) {
        poll_fn(|context| self.poll_given_up(context)).await;
    }

    pub(crate) fn poll_given_up(&self, context: &Context<'_>) -> Poll<()> {
        let mut task = lock(&self.task);
        if self.is_given_up() {
            return Poll::Ready(());
        }
        match &mut *task {
            Some(task) => task.clone_from(context.waker()),
            None => *task = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// Completes when there has been no progress for `time` although progress was expected. May
    /// complete later than that, by up to a quarter of `time`.
    pub(crate) async fn stands_still(&self, time: Duration) {
        let mut seen = self.moved.load(Ordering::Relaxed);
        let mut looks = 0;
        while looks < CHECKS_PER_TIME {
            sleep(time / CHECKS_PER_TIME).await;
            let now = self.moved.load(Ordering::Relaxed);
            looks = if now == seen && self.is_awaited() {
                looks + 1
            } else {
                0
            };
            seen = now;
        }
    }
}
