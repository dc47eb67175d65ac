//! Unused connections, kept by each worker for itself.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::crew::Member;
use super::wire::Wire;

/// Unused connections by server, the one used last at the back.
#[derive(Debug, Clone, Default)]
pub(super) struct Idle(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    by_member: HashMap<u64, VecDeque<Box<Wire>>>,
    /// Whether somebody will come and close what has been kept too long.
    swept: bool,
}

impl Idle {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection used last, if it is still young enough.
    pub(super) fn take(&self, member: &Member, keep: Duration) -> Option<Box<Wire>> {
        let mut kept = self.kept();
        let wires = kept.by_member.get_mut(&member.number)?;
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
        let closed = self.kept().by_member.remove(&number);
        drop(closed);
    }

    /// Keeps a connection for the next request; closes one too many.
    pub(super) fn put(&self, member: &Member, wire: Box<Wire>, keep: Duration, most: usize) {
        if most == 0 || keep.is_zero() {
            return;
        }
        let mut kept = self.kept();
        // Looked at where `forget` has to wait: it comes after the removal.
        if member.is_removed() {
            return;
        }
        let wires = kept.by_member.entry(member.number).or_default();
        if wires.len() >= most {
            wires.pop_front();
        }
        wires.push_back(wire);
        if !kept.swept {
            kept.swept = true;
            drop(kept);
            tokio::spawn(sweep(Arc::downgrade(&self.0), keep));
        }
    }
}

/// Closes what nobody has asked for, and ends when nothing is kept.
async fn sweep(idle: Weak<Mutex<Kept>>, keep: Duration) {
    loop {
        tokio::time::sleep(keep).await;
        let Some(idle) = idle.upgrade() else {
            return;
        };
        let mut kept = idle.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        kept.by_member.retain(|_, wires| {
            while wires
                .front()
                .is_some_and(|wire| now.duration_since(wire.rested) >= keep)
            {
                wires.pop_front();
            }
            !wires.is_empty()
        });
        if kept.by_member.is_empty() {
            kept.swept = false;
            return;
        }
    }
}
