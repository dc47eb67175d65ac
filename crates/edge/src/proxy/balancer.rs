//! Chooses the server for a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;

use super::backend::Backend;
use super::settings::Balance;
use crate::client_info::ClientInfo;
use crate::cookies;

#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) members: Vec<Arc<Backend>>,
}

impl Group {
    /// Returns a ready server that the request has not tried.
    pub(super) fn choose(
        &self,
        wish: &SelectionContext<'_>,
        turn: &AtomicUsize,
    ) -> Option<&Arc<Backend>> {
        let fits = |backend: &Backend| wish.fits(backend);
        match wish.balance {
            Balance::RoundRobin => self.next(fits, turn),
            Balance::LeastRequests => self.least(fits, turn),
            Balance::Sticky(cookie) => match cookies::value(wish.headers, cookie) {
                Some(name) => self
                    .named(name)
                    .filter(|backend| fits(backend))
                    .or_else(|| self.youngest(fits)),
                None => self.next(fits, turn),
            },
        }
    }

    /// Servers are replaced one by one, so the newest one stays longest, and a client whose server
    /// was replaced keeps its next server for a long time.
    fn youngest(&self, fits: impl Fn(&Backend) -> bool) -> Option<&Arc<Backend>> {
        self.members
            .iter()
            .filter(|backend| fits(backend))
            .max_by_key(|backend| backend.number)
    }

    fn named(&self, name: &[u8]) -> Option<&Arc<Backend>> {
        let mut members = self.members.iter();
        members.find(|backend| backend.name.as_bytes() == name)
    }

    pub(super) fn next(
        &self,
        fits: impl Fn(&Backend) -> bool,
        turn: &AtomicUsize,
    ) -> Option<&Arc<Backend>> {
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        let all = self.members.len().max(1);
        let backend = self.members.get(turn % all)?;
        if fits(backend) {
            return Some(backend);
        }
        // The requests of a paused server are distributed among all other servers.
        let fitting = || self.members.iter().filter(|backend| fits(backend));
        let count = fitting().count().max(1);
        fitting().nth((turn / all + turn) % count)
    }

    fn least(&self, fits: impl Fn(&Backend) -> bool, turn: &AtomicUsize) -> Option<&Arc<Backend>> {
        // The search starts at another server each time, so servers with equally few running
        // requests take turns.
        let start = turn.fetch_add(1, Ordering::Relaxed) % self.members.len().max(1);
        let (before, after) = self.members.split_at(start);
        let fitting = after.iter().chain(before).filter(|backend| fits(backend));
        fitting.min_by_key(|backend| backend.running())
    }
}

/// The properties of a request that determine which server it gets.
pub(super) struct SelectionContext<'a> {
    pub(super) balance: &'a Balance,
    pub(super) headers: &'a HeaderMap,
    pub(super) info: &'a ClientInfo,
    /// The numbers of the servers that the request has tried without success.
    pub(super) tried: [&'a [u64]; 2],
    /// The current time, as `Upstream::now` returns it.
    pub(super) now: u64,
    /// Whether a paused server may be chosen because no other server is available.
    pub(super) is_last_resort: bool,
}

impl SelectionContext<'_> {
    fn fits(&self, backend: &Backend) -> bool {
        let is_tried = self
            .tried
            .iter()
            .any(|tried| tried.contains(&backend.number));
        let is_ready = if self.is_last_resort {
            backend.vitals.ready_at().is_some()
        } else {
            backend.vitals.is_ready(self.now)
        };
        is_ready && !is_tried
    }

    /// Whether the client's cookie names this server. True if the upstream uses no cookie.
    pub(super) fn names(&self, backend: &Backend) -> bool {
        match self.balance {
            Balance::Sticky(cookie) => {
                cookies::value(self.headers, cookie) == Some(backend.name.as_bytes())
            }
            _ => true,
        }
    }
}
