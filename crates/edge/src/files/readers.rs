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

/// So many steps of each worker. As many threads as there are slow readers would take the
/// processor from whoever is quick.
const AT_ONCE: usize = 2;

/// Those who read large files for one worker.
#[derive(Debug, Clone)]
pub(super) struct Readers(Arc<Semaphore>);

/// Leave to take one step.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// Waits for one turn after the other, in the order of asking.
#[derive(Debug)]
pub(super) struct Turns(PollSemaphore);

/// What a thread will bring that may wait for the disk.
pub(super) type Reading<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl Default for Readers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Readers {
    pub(super) fn turns(&self) -> Turns {
        Turns(PollSemaphore::new(Arc::clone(&self.0)))
    }

    /// Begins at once where it is nobody's turn, else when somebody waits for it.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Reading<T> {
        if let Ok(turn) = Arc::clone(&self.0).try_acquire_owned() {
            return Turn::new(turn).on_thread(work);
        }
        let turns = Arc::clone(&self.0);
        Box::pin(async move {
            let turn = turns.acquire_owned().await.map_err(io::Error::other)?;
            Turn::new(turn).on_thread(work).await
        })
    }
}

impl Turns {
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        let permit = ready!(self.0.poll_acquire(context));
        let turn = permit.map(Turn::new);
        Poll::Ready(turn.ok_or_else(|| io::Error::other("no more turns")))
    }
}

impl Turn {
    fn new(permit: OwnedSemaphorePermit) -> Self {
        Self { _permit: permit }
    }

    /// Takes the step where it may block.
    pub(super) fn on_thread<T: Send + 'static>(
        self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Reading<T> {
        let reading = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(self);
            done
        });
        Box::pin(async { reading.await.map_err(io::Error::other).flatten() })
    }

    /// Ends the turn when all who are ready now have gone first.
    pub(crate) fn pass_on(self) {
        if let Ok(worker) = Handle::try_current() {
            worker.spawn(async { drop(self) });
        }
    }
}
