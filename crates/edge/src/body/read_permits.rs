//! Permits for steps that read, compress or send large files.
//!
//! Each step is short, but there may be as many steps as clients. A worker runs only a few steps at
//! once, so a page request does not wait behind all downloads.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::PollSemaphore;

const STEPS_PER_WORKER: usize = 2;
/// More threads for slow reads would take processor time from fast requests.
const THREADS_PER_WORKER: usize = 2;

#[derive(Debug, Clone)]
pub(crate) struct Readers {
    steps: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

/// A permit for one step that does not block.
#[derive(Debug)]
pub(crate) struct ReadPermit {
    _permit: OwnedSemaphorePermit,
}

/// Acquires permits in the order of the requests. A permit may already be reserved for a waiting
/// task. The task must therefore keep waiting until it gets the permit, or drop this value.
#[derive(Debug)]
pub(super) struct PermitQueue(PollSemaphore);

/// The result of a read on a blocking thread. The read may wait for the disk.
pub(super) type Reading<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl Default for Readers {
    fn default() -> Self {
        Self {
            steps: Arc::new(Semaphore::new(STEPS_PER_WORKER)),
            threads: Arc::new(Semaphore::new(THREADS_PER_WORKER)),
        }
    }
}

impl Readers {
    pub(super) fn turns(&self) -> PermitQueue {
        PermitQueue(PollSemaphore::new(Arc::clone(&self.steps)))
    }

    /// Starts the read at once if a blocking thread is free. Otherwise, the read starts when the
    /// result is polled.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Reading<T> {
        let begun = |permit: OwnedSemaphorePermit| {
            tokio::task::spawn_blocking(move || {
                let done = work();
                drop(permit);
                done
            })
        };
        if let Ok(permit) = Arc::clone(&self.threads).try_acquire_owned() {
            let reading = begun(permit);
            return Box::pin(async { reading.await.map_err(io::Error::other).flatten() });
        }
        let threads = Arc::clone(&self.threads);
        Box::pin(async move {
            let permit = threads.acquire_owned().await.map_err(io::Error::other)?;
            begun(permit).await.map_err(io::Error::other).flatten()
        })
    }
}

impl PermitQueue {
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ReadPermit>> {
        let permit = ready!(self.0.poll_acquire(context));
        let turn = permit.map(|permit| ReadPermit { _permit: permit });
        Poll::Ready(turn.ok_or_else(|| io::Error::other("no more turns")))
    }
}

impl ReadPermit {
    /// Releases the permit after all ready tasks have run.
    pub(crate) fn pass_on(self) {
        if let Ok(worker) = Handle::try_current() {
            worker.spawn(async { drop(self) });
        }
    }
}
