//! Counts an occasion's numbers once for all its event streams. The numbers are the same for every
//! role. Counting is the most expensive part of a stream.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use axum::body::Bytes;
use serde_json::Value;
use tokio::time::Instant;
use web::event_stream;

use super::SUMMARY_EVERY;
use super::recent::Recent;
use crate::hosting::Refusal;
use crate::id::OccasionId;

#[derive(Clone, Debug, Default)]
pub struct AllCounts(Arc<Mutex<HashMap<OccasionId, Weak<Shared>>>>);

#[derive(Debug, Default)]
struct Shared {
    counted: tokio::sync::Mutex<Option<Counted>>,
    recent: tokio::sync::Mutex<Recent>,
}

/// The shared counters of one occasion. They are dropped with the last handle to them.
#[derive(Clone, Debug)]
pub(super) struct Counts(Arc<Shared>);

/// The counters at a certain time.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    /// The number of the latest news that the counters reflect.
    pub(super) cursor: i64,
    pub(super) summary: Arc<Value>,
    /// The counters in the form of an event.
    pub(super) event: Bytes,
    at: Instant,
}

impl AllCounts {
    pub(super) fn of(&self, occasion: &OccasionId) -> Counts {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = all.get(occasion).and_then(Weak::upgrade) {
            return Counts(shared);
        }
        all.retain(|_, shared| shared.strong_count() > 0);
        let shared = Arc::new(Shared::default());
        all.insert(occasion.clone(), Arc::downgrade(&shared));
        Counts(shared)
    }
}

impl Counts {
    /// Locks and returns the latest news, which the streams of the occasion share.
    pub(super) async fn recent(&self) -> tokio::sync::MutexGuard<'_, Recent> {
        self.0.recent.lock().await
    }

    /// Returns counters that include all changes up to the news with the number `last`. If another
    /// feed is counting, waits for the other feed's result. Runs `count` only if that result is too
    /// old.
    pub(super) async fn after<F>(
        &self,
        last: i64,
        count: impl FnOnce() -> F,
    ) -> Result<Counted, Refusal>
    where
        F: Future<Output = Result<(i64, Value), Refusal>>,
    {
        let mut known = self.0.counted.lock().await;
        if let Some(counted) = known.as_ref()
            && counted.cursor >= last
            && counted.at.elapsed() < SUMMARY_EVERY
        {
            return Ok(counted.clone());
        }
        let (cursor, summary) = count().await?;
        let counted = Counted {
            cursor,
            event: event_stream::event(None, "summary", &summary).into(),
            summary: Arc::new(summary),
            at: Instant::now(),
        };
        *known = Some(counted.clone());
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use platform::id::Id as _;
    use serde_json::json;
    use tokio::sync::Notify;

    use super::*;

    fn occasion(number: usize) -> OccasionId {
        OccasionId::from_text(format!("01970000-0000-7000-8000-{number:012}"))
    }

    #[tokio::test]
    async fn all_who_ask_for_one_state_get_what_is_counted_once() {
        let (all, counted, begin) = (
            AllCounts::default(),
            Arc::new(AtomicUsize::new(0)),
            Arc::new(Notify::new()),
        );
        let ask = |last: i64| {
            let counts = all.of(&occasion(1));
            let (counted, begin) = (Arc::clone(&counted), Arc::clone(&begin));
            tokio::spawn(async move {
                let count = async || {
                    counted.fetch_add(1, Ordering::Relaxed);
                    begin.notified().await;
                    Ok((last, json!({"cursor": last})))
                };
                counts.after(last, count).await.unwrap().cursor
            })
        };
        let keeps = all.of(&occasion(1));
        let asked: Vec<_> = (0..50).map(|_| ask(7)).collect();
        tokio::task::yield_now().await;
        begin.notify_one();
        for one in asked {
            assert_eq!(one.await.unwrap(), 7);
        }
        assert_eq!(counted.load(Ordering::Relaxed), 1);
        begin.notify_one();
        assert_eq!(ask(8).await.unwrap(), 8, "later news is counted anew");
        assert_eq!(ask(7).await.unwrap(), 8);
        assert_eq!(counted.load(Ordering::Relaxed), 2);
        keeps.0.counted.lock().await.as_mut().unwrap().at -= SUMMARY_EVERY;
        begin.notify_one();
        assert_eq!(ask(7).await.unwrap(), 7, "days pass without news");
        assert_eq!(counted.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn occasions_nobody_listens_to_are_forgotten() {
        let all = AllCounts::default();
        for number in 0..1_000 {
            drop(all.of(&occasion(number)));
        }
        assert_eq!(all.0.lock().unwrap().len(), 1);
    }
}
