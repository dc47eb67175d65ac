//! Turns to read, compress or send large files.
//!
//! Each step of it is short, but there may be as many as there are clients. A worker
//! therefore takes few at once, and whatever else is ready goes between two of them: whoever
//! asks for a page does not wait behind everybody who downloads.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::PollSemaphore;

/// So many steps of each worker.
const STEPS: usize = 2;
/// So many threads of each worker. As many as there are slow readers would take the processor
/// from whoever is quick.
const THREADS: usize = 2;

/// Those who read large files for one worker.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    steps: Arc<Semaphore>,
    threads: Arc<Semaphore>,
}

/// Leave to take one step that waits for nothing.
#[derive(Debug)]
pub(crate) struct ReadPermit {
    _permit: OwnedSemaphorePermit,
}

/// Waits for one turn after the other, in the order of asking. Who has begun to wait has to
/// go on or be dropped: the turn is kept for it.
#[derive(Debug)]
pub(super) struct Turns(PollSemaphore);

/// What a thread will bring that may wait for the disk.
pub(super) type Reading<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl Default for Readers {
    fn default() -> Self {
        Self {
            steps: Arc::new(Semaphore::new(STEPS)),
            threads: Arc::new(Semaphore::new(THREADS)),
        }
    }
}

impl Readers {
    pub(super) fn turns(&self) -> Turns {
        Turns(PollSemaphore::new(Arc::clone(&self.steps)))
    }

    /// Begins at once where a thread is free, else when somebody waits for it.
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

impl Turns {
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ReadPermit>> {
        let permit = ready!(self.0.poll_acquire(context));
        let turn = permit.map(|permit| ReadPermit { _permit: permit });
        Poll::Ready(turn.ok_or_else(|| io::Error::other("no more turns")))
    }
}

impl ReadPermit {
    /// Ends the turn when all who are ready now have gone first.
    pub(crate) fn pass_on(self) {
        if let Ok(worker) = Handle::try_current() {
            worker.spawn(async { drop(self) });
        }
    }
}
