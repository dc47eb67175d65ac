//! Server-sent events, and limits on the number of open streams.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::Form;

/// The delay before a browser reconnects, in milliseconds; sent with the first event.
pub const RETRY: &str = "retry: 3000\n";
/// An empty comment, which keeps the connection alive.
pub const COMMENT: &str = ":\n\n";

/// Formats an event. JSON contains no line break, so the data fits on one line.
pub fn event(id: Option<i64>, name: &str, data: &Value) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n")
}

pub fn response(events: Body) -> Response {
    let headers = [
        (CONTENT_TYPE.as_str(), "text/event-stream"),
        (CACHE_CONTROL.as_str(), "no-store"),
        // Without this header, nginx would buffer and delay events.
        ("x-accel-buffering", "no"),
    ];
    (headers, events).into_response()
}

/// The id of the last event that the client received. Browsers send it in the header
/// `Last-Event-ID` when they reconnect. Without the header, the query parameter `parameter` is
/// used.
pub fn last_event_id<'a>(
    headers: &'a HeaderMap,
    query: &'a Form,
    parameter: &str,
) -> Option<&'a str> {
    let header = headers.get("last-event-id");
    let header = header.and_then(|value| value.to_str().ok());
    header.or_else(|| query.find(parameter))
}

/// The open streams in this process, counted by account or by network. Clones share the counters.
#[derive(Debug)]
pub struct Places<K>(Arc<Mutex<Open<K>>>);

#[derive(Debug)]
struct Open<K> {
    /// The open streams of each key, oldest first. Dropping a sender ends its stream.
    of: HashMap<K, VecDeque<(u64, oneshot::Sender<()>)>>,
    total: usize,
    next: u64,
}

/// A slot for an open stream, which is released on drop. The stream should own its slot.
#[derive(Debug)]
pub struct Place<K: Eq + Hash> {
    places: Places<K>,
    who: K,
    number: u64,
}

/// A signal to end the stream, because its slot was released or a newer stream needs the slot.
#[derive(Debug)]
pub struct End(oneshot::Receiver<()>);

impl<K> Default for Places<K> {
    fn default() -> Self {
        let (of, total, next) = (HashMap::new(), 0, 0);
        Self(Arc::new(Mutex::new(Open { of, total, next })))
    }
}

impl<K> Clone for Places<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> Places<K> {
    fn open(&self) -> MutexGuard<'_, Open<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash + Clone> Places<K> {
    /// Takes a slot, if `who` has fewer than `each` streams and there are fewer than `most` in
    /// total.
    pub fn take(&self, who: &K, each: usize, most: usize) -> Option<Place<K>> {
        let mut open = self.open();
        let own = open.of.get(who).map_or(0, VecDeque::len);
        let is_free = open.total < most && own < each;
        is_free.then(|| self.add(&mut open, who).0)
    }

    /// Takes a slot. If `who` already has `each` streams, the oldest one ends, because the page
    /// that was opened last is probably the one in view.
    pub fn take_over(&self, who: &K, each: usize) -> (Place<K>, End) {
        let mut open = self.open();
        let own = open.of.get_mut(who).filter(|own| own.len() >= each);
        if own.and_then(VecDeque::pop_front).is_some() {
            open.total -= 1;
        }
        self.add(&mut open, who)
    }

    fn add(&self, open: &mut Open<K>, who: &K) -> (Place<K>, End) {
        let (keep, end) = oneshot::channel();
        open.next += 1;
        open.total += 1;
        let number = open.next;
        let own = open.of.entry(who.clone()).or_default();
        own.push_back((number, keep));
        let place = Place {
            places: self.clone(),
            who: who.clone(),
            number,
        };
        (place, End(end))
    }
}

impl End {
    /// Waits until the stream must end.
    pub async fn wait(&mut self) {
        // Nothing is ever sent; the wait ends when the sender is dropped.
        let _ = (&mut self.0).await;
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut open = self.places.open();
        let Some(own) = open.of.get_mut(&self.who) else {
            return;
        };
        let before = own.len();
        own.retain(|(number, _)| *number != self.number);
        let given_back = before - own.len();
        if own.is_empty() {
            open.of.remove(&self.who);
        }
        open.total -= given_back;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_and_all_together_have_so_many_places() {
        let places = Places::default();
        let take = |number: u32| places.take(&number, 4, 50);
        let of_one: Vec<_> = (0..9).filter_map(|_| take(0)).collect();
        assert_eq!(of_one.len(), 4);
        let others: Vec<_> = (1..90).filter_map(take).collect();
        assert_eq!(of_one.len() + others.len(), 50);
        drop(of_one);
        assert!(take(0).is_some());
        drop(others);
        let open = places.open();
        assert!(open.of.is_empty());
        assert_eq!(open.total, 0);
    }

    #[tokio::test]
    async fn a_newer_stream_ends_the_oldest_one() {
        let places = Places::default();
        let (first, mut end) = places.take_over(&"aina", 2);
        let (_second, mut other) = places.take_over(&"aina", 2);
        let (_third, _) = places.take_over(&"aina", 2);
        end.wait().await;
        drop(first);
        assert!(
            other
                .0
                .try_recv()
                .is_err_and(|error| { error == oneshot::error::TryRecvError::Empty })
        );
        assert_eq!(places.open().total, 2);
    }
}
