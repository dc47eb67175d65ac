//! The objects that wait to be copied to the second place of the backup.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// What is more waits in the first place.
const MAX_BYTES: usize = 64 << 20;
const MAX_OBJECTS: usize = 1_000;

/// An object as it is in the first place.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) sealed: Vec<u8>,
}

#[derive(Debug)]
pub(crate) enum Message {
    Object(Object),
    Stop,
}

/// The writing end. Nothing here ever waits for the second place.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    sender: SyncSender<Message>,
    state: Arc<State>,
}

/// The reading end.
#[derive(Debug)]
pub(crate) struct Waiting {
    receiver: Receiver<Message>,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    bytes: AtomicUsize,
    /// Objects were left out, so the two places have to be compared.
    is_incomplete: AtomicBool,
    /// Nobody waits for the reader any more.
    is_over: AtomicBool,
}

pub(crate) fn queue() -> (Queue, Waiting) {
    let (sender, receiver) = sync_channel(MAX_OBJECTS);
    let state = Arc::new(State {
        bytes: AtomicUsize::new(0),
        // What was written before is not known.
        is_incomplete: AtomicBool::new(true),
        is_over: AtomicBool::new(false),
    });
    let queue = Queue {
        sender,
        state: Arc::clone(&state),
    };
    (queue, Waiting { receiver, state })
}

impl Queue {
    /// Offers an object that has been written to the first place.
    pub(crate) fn offer(&self, name: &str, sealed: Vec<u8>) {
        let state = &self.state;
        if state.is_incomplete.load(Ordering::SeqCst) {
            return;
        }
        let length = sealed.len();
        let waiting = state.bytes.fetch_add(length, Ordering::SeqCst);
        let object = Object {
            name: name.to_owned(),
            sealed,
        };
        let fits = waiting.saturating_add(length) <= MAX_BYTES;
        if !fits || self.sender.try_send(Message::Object(object)).is_err() {
            state.bytes.fetch_sub(length, Ordering::SeqCst);
            state.is_incomplete.store(true, Ordering::SeqCst);
        }
    }

    /// Lets the reader write nothing more.
    pub(crate) fn end(&self) {
        self.state.is_over.store(true, Ordering::SeqCst);
    }

    /// Lets the reader end after what waits. It may have ended already, or be too slow to hear it.
    pub(crate) fn stop(&self) {
        let _ = self.sender.try_send(Message::Stop);
    }
}

impl Waiting {
    /// `None` if nothing came in this time.
    pub(crate) fn next(&self, time: Duration) -> Option<Message> {
        match self.receiver.recv_timeout(time) {
            Ok(Message::Object(object)) => {
                let length = object.sealed.len();
                self.state.bytes.fetch_sub(length, Ordering::SeqCst);
                Some(Message::Object(object))
            }
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => Some(Message::Stop),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.state.is_over.load(Ordering::SeqCst)
    }

    pub(crate) fn is_incomplete(&self) -> bool {
        self.state.is_incomplete.load(Ordering::SeqCst)
    }

    pub(crate) fn set_incomplete(&self, is_incomplete: bool) {
        self.state
            .is_incomplete
            .store(is_incomplete, Ordering::SeqCst);
    }
}
