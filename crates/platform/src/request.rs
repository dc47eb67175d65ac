//! The id of the request being handled. The server sets it around each handler, and the jobs and
//! mails of every change within it carry it.

use std::sync::Arc;

tokio::task_local! {
    static REQUEST: Option<Arc<str>>;
}

/// Runs `work` under this request id; `None` for work that no request caused. A task spawned within
/// does not inherit it.
pub async fn caused_by<F: Future>(id: Option<Arc<str>>, work: F) -> F::Output {
    REQUEST.scope(id, work).await
}

/// The id of the request that the current task handles.
pub(crate) fn current() -> Option<Arc<str>> {
    REQUEST.try_with(Clone::clone).ok().flatten()
}
