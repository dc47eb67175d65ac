//! The upstream connections of one worker.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use super::backend::Backend;
use super::tunnel::Tunnels;
use super::upstream_connection::UpstreamConnection;
use crate::lock::lock;

#[derive(Debug, Clone, Default)]
pub struct Pool {
    pub(super) idle: Idle,
    pub(super) tunnels: Tunnels,
}

impl Pool {
    /// Creates an empty pool. Its tunnels are counted and closed together with those of other
    /// workers.
    pub fn new(tunnels: Tunnels) -> Self {
        Self {
            idle: Idle::default(),
            tunnels,
        }
    }

    pub(super) fn forget(&self, gone: &[Arc<Backend>]) {
        for backend in gone {
            self.idle.forget(backend.number);
        }
    }
}

/// The idle connections by their server's number.
#[derive(Debug, Clone, Default)]
pub(super) struct Idle(Arc<Mutex<HashMap<u64, IdleConnections>>>);

/// Of one server. While there are any, a task closes those that have been idle for too long.
#[derive(Debug, Default)]
struct IdleConnections {
    /// The connections, most recently used last.
    connections: VecDeque<Box<UpstreamConnection>>,
    keep: Duration,
}

impl Idle {
    fn kept(&self) -> MutexGuard<'_, HashMap<u64, IdleConnections>> {
        lock(&self.0)
    }

    /// Returns the most recently used connection, unless it has been idle for too long.
    pub(super) fn take(
        &self,
        backend: &Backend,
        keep: Duration,
    ) -> Option<Box<UpstreamConnection>> {
        let mut kept = self.kept();
        let connections = &mut kept.get_mut(&backend.number)?.connections;
        let connection = connections.pop_back()?;
        if connection.rested.elapsed() < keep {
            return Some(connection);
        }
        // All other connections have been idle for longer.
        connections.clear();
        None
    }

    pub(super) fn forget(&self, number: u64) {
        let closed = self.kept().remove(&number);
        drop(closed);
    }

    /// Keeps a connection. If there are too many, closes the one that has been idle longest.
    pub(super) fn put(
        &self,
        backend: &Backend,
        connection: Box<UpstreamConnection>,
        keep: Duration,
        most: usize,
    ) {
        if most == 0 || keep.is_zero() {
            return;
        }
        let mut all = self.kept();
        // `forget` takes the lock after `removed` is set, so `removed` must be checked while the
        // lock is held.
        if backend.is_removed() {
            return;
        }
        let kept = all.entry(backend.number).or_insert_with(|| {
            tokio::spawn(close_unused(Arc::downgrade(&self.0), backend.number, keep));
            IdleConnections::default()
        });
        kept.keep = keep;
        if kept.connections.len() >= most {
            kept.connections.pop_front();
        }
        kept.connections.push_back(connection);
    }
}

/// Ends when no connection is left.
async fn close_unused(
    idle: Weak<Mutex<HashMap<u64, IdleConnections>>>,
    backend: u64,
    mut keep: Duration,
) {
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
        while let Some(connection) = kept.connections.front()
            && connection.rested.elapsed() >= keep
        {
            kept.connections.pop_front();
        }
        if kept.connections.is_empty() {
            all.remove(&backend);
            return;
        }
    }
}
