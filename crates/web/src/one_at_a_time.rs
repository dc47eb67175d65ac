//! Work that needs much memory, of which one piece is done at a time.

use tokio::sync::Semaphore;

/// Runs `work` with a permit of `semaphore`. The permit is held until `work` ends, even if the
/// client disconnects in the meantime.
pub async fn run_alone<T: Send + 'static>(
    semaphore: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let permit = semaphore.acquire().await.ok()?;
    let work = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(work).await.ok()
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_keeps_its_permit_when_nobody_waits_for_it_any_more() {
        static ONE: Semaphore = Semaphore::const_new(1);
        let (begun, begins) = oneshot::channel();
        let (end, ends) = oneshot::channel::<()>();
        let request = tokio::spawn(run_alone(&ONE, move || {
            begun.send(()).unwrap();
            ends.blocking_recv().unwrap();
        }));
        begins.await.unwrap();
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        assert!(ONE.try_acquire().is_err());
        end.send(()).unwrap();
        assert!(ONE.acquire().await.is_ok());
    }
}
