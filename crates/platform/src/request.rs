//! The id of the request that is being handled. The server sets it around each handler. Every job
//! and mail that the handler creates is stored with this id.

use std::sync::Arc;

tokio::task_local! {
    static REQUEST: Option<Arc<str>>;
}

/// Runs `work` under a request id. `None` is for work that no request caused. A task spawned inside
/// `work` does not inherit the id.
pub async fn caused_by<F: Future>(id: Option<Arc<str>>, work: F) -> F::Output {
    REQUEST.scope(id, work).await
}

/// The id of the request that the current task handles.
pub(crate) fn current() -> Option<Arc<str>> {
    REQUEST.try_with(Clone::clone).ok().flatten()
}
