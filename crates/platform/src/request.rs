//! The request that is being handled: its id, and how much of its body is in memory. The server sets
//! it around each handler. Every job and mail that the handler creates is stored with the id.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

tokio::task_local! {
    static REQUEST: Current;
}

struct Current {
    id: Option<Arc<str>>,
    held: AtomicUsize,
}

/// Runs `work` under a request id. `None` is for work that no request caused. A task spawned inside
/// `work` does not inherit the id.
pub async fn caused_by<F: Future>(id: Option<Arc<str>>, work: F) -> F::Output {
    let held = AtomicUsize::new(0);
    REQUEST.scope(Current { id, held }, work).await
}

/// Notes that the current request holds this many more bytes of its body in memory. Fewer changes
/// wait for PostgreSQL if their requests hold much.
pub fn hold(bytes: usize) {
    // Without a request, nothing is counted.
    let _ = REQUEST.try_with(|current| current.held.fetch_add(bytes, Ordering::Relaxed));
}

/// How many bytes of its body the current request holds in memory.
pub fn held() -> usize {
    let held = REQUEST.try_with(|current| current.held.load(Ordering::Relaxed));
    held.unwrap_or_default()
}

/// The id of the request that the current task handles.
pub(crate) fn current() -> Option<Arc<str>> {
    REQUEST
        .try_with(|current| current.id.clone())
        .ok()
        .flatten()
}
