//! Unused connections, kept by each worker for itself.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use super::backend::Backend;
use super::upstream_connection::UpstreamConnection;
use crate::lock::lock;

/// Unused connections by the number of their server.
#[derive(Debug, Clone, Default)]
pub(super) struct Idle(Arc<Mutex<HashMap<u64, Kept>>>);

/// Those to one server. A task closes what nobody asks for, as long as there are any.
#[derive(Debug, Default)]
struct Kept {
    /// The one used last is at the back.
    wires: VecDeque<Box<UpstreamConnection>>,
    /// How long each is kept.
    keep: Duration,
}

impl Idle {
    fn kept(&self) -> MutexGuard<'_, HashMap<u64, Kept>> {
        lock(&self.0)
    }

    /// The connection used last, if it is still young enough.
    pub(super) fn take(
        &self,
        backend: &Backend,
        keep: Duration,
    ) -> Option<Box<UpstreamConnection>> {
        let mut kept = self.kept();
        let wires = &mut kept.get_mut(&backend.number)?.wires;
        let wire = wires.pop_back()?;
        if wire.rested.elapsed() < keep {
            return Some(wire);
        }
        // All others have been here for longer.
        wires.clear();
        None
    }

    /// Closes all to a server that was removed.
    pub(super) fn forget(&self, number: u64) {
        let closed = self.kept().remove(&number);
        drop(closed);
    }

    /// Keeps a connection for the next request; closes one too many.
    pub(super) fn put(
        &self,
        backend: &Backend,
        wire: Box<UpstreamConnection>,
        keep: Duration,
        most: usize,
    ) {
        if most == 0 || keep.is_zero() {
            return;
        }
        let mut all = self.kept();
        // Looked at where `forget` has to wait: it comes after the removal.
        if backend.is_removed() {
            return;
        }
        let kept = all.entry(backend.number).or_insert_with(|| {
            tokio::spawn(close_unused(Arc::downgrade(&self.0), backend.number, keep));
            Kept::default()
        });
        kept.keep = keep;
        if kept.wires.len() >= most {
            kept.wires.pop_front();
        }
        kept.wires.push_back(wire);
    }
}

/// Closes what nobody has asked for, and ends when nothing is kept.
async fn close_unused(idle: Weak<Mutex<HashMap<u64, Kept>>>, backend: u64, mut keep: Duration) {
    loop {
        tokio::time::sleep(keep).await;
        let Some(idle) = idle.upgrade() else {
            return;
        };
        let mut all = lock(&idle);
        let Some(kept) = all.get_mut(&backend) else {
            return;
        };
        keep = kept.keep;
        while let Some(wire) = kept.wires.front()
            && wire.rested.elapsed() >= keep
        {
            kept.wires.pop_front();
        }
        if kept.wires.is_empty() {
            all.remove(&backend);
            return;
        }
    }
}
