//! The request that a change is made for. The server sets it once, around the handler, and each
//! change made within knows it: the jobs and mails that follow carry its id.

use std::sync::Arc;

tokio::task_local! {
    static REQUEST: Option<Arc<str>>;
}

/// Runs `work` for the request with this id; `None`: for what no request caused. A task that is
/// spawned within begins without one.
pub async fn caused_by<F: Future>(id: Option<Arc<str>>, work: F) -> F::Output {
    REQUEST.scope(id, work).await
}

/// The request that the running task works for.
pub(crate) fn current() -> Option<Arc<str>> {
    REQUEST.try_with(Clone::clone).ok().flatten()
}
