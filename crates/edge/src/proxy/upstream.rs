//! Servers that answer alike, shared by all workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderMap;
use http::header::HeaderValue;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::balance::{Group, Wish, opaque};
use super::health::Vitals;
use super::settings::{
    Balance, HealthSettings, MemberSettings, ServerAddress, Times, UpstreamSettings,
};
use crate::{Facts, Scheme};

/// What clients are told to wait when nothing better is known.
const RETRY: Duration = Duration::from_secs(2);

/// Tells members apart that had the same address at different times.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// Servers that answer alike.
#[derive(Debug)]
pub struct Upstream {
    name: String,
    balance: Balance,
    pub(super) health: Option<HealthSettings>,
    pub(super) times: Times,
    pub(super) idle_connections: usize,
    group: ArcSwap<Group>,
    turn: AtomicUsize,
    changed: Notify,
    start: Instant,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) number: u64,
    pub(super) address: ServerAddress,
    pub(super) weight: u32,
    /// In the cookies of clients that stay with it.
    pub(super) name: String,
    pub(super) authority: HeaderValue,
    pub(super) vitals: Vitals,
    running: AtomicUsize,
    removed: AtomicBool,
}

impl Member {
    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    pub(super) fn is_removed(&self) -> bool {
        self.removed.load(Ordering::Relaxed)
    }
}

/// How a member fares, for metrics and `kenduri status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberStatus {
    /// Where it is.
    pub address: ServerAddress,
    /// Whether it gets requests.
    pub ready: bool,
    /// Requests and tunnels it has now.
    pub running: usize,
}

/// A request that a member has, counted until it is over.
#[derive(Debug)]
pub(super) struct Running(Arc<Member>);

impl Running {
    pub(super) fn new(member: Arc<Member>) -> Self {
        member.running.fetch_add(1, Ordering::Relaxed);
        Self(member)
    }

    pub(super) fn member(&self) -> &Arc<Member> {
        &self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A member that was chosen, and the cookie that leads back to it.
pub(super) struct Chosen {
    pub(super) running: Running,
    pub(super) cookie: Option<HeaderValue>,
}

impl Upstream {
    /// A group as its settings say. Its servers are not asked before [`Upstream::watch`].
    pub fn new(settings: UpstreamSettings) -> Arc<Self> {
        let upstream = Self {
            name: settings.name,
            balance: settings.balance,
            health: settings.health,
            times: settings.times,
            idle_connections: settings.idle_connections,
            group: ArcSwap::default(),
            turn: AtomicUsize::new(0),
            changed: Notify::new(),
            start: Instant::now(),
        };
        upstream.set_members(&settings.members);
        Arc::new(upstream)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Replaces the servers. Those that stay keep what is known of them; what
    /// runs on those that go is finished there. Requests that wait hear of it.
    pub fn set_members(&self, wanted: &[MemberSettings]) {
        let before = self.group.rcu(|group| {
            let mut old = group.members.clone();
            let members = wanted
                .iter()
                .map(|wanted| {
                    let same = old.iter().position(|member| {
                        member.address == wanted.address && member.weight == wanted.weight
                    });
                    same.map_or_else(|| self.member(wanted), |same| old.swap_remove(same))
                })
                .collect();
            Group::new(members)
        });
        let now = self.group.load();
        for member in &before.members {
            let stays = now
                .members
                .iter()
                .any(|other| other.number == member.number);
            member.removed.store(!stays, Ordering::Relaxed);
        }
        self.changed();
    }

    fn member(&self, settings: &MemberSettings) -> Arc<Member> {
        let authority = settings.address.authority();
        Arc::new(Member {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            name: opaque(&self.name, &settings.address.to_string()),
            // Hosts are checked when an address is read.
            authority: HeaderValue::from_str(&authority)
                .unwrap_or(HeaderValue::from_static("localhost")),
            address: settings.address.clone(),
            weight: settings.weight.clamp(1, 100),
            vitals: Vitals::default(),
            running: AtomicUsize::new(0),
            removed: AtomicBool::new(false),
        })
    }

    /// How each server fares.
    pub fn status(&self) -> Vec<MemberStatus> {
        let now = self.now();
        let group = self.group.load();
        let members = group.members.iter();
        members
            .map(|member| MemberStatus {
                address: member.address.clone(),
                ready: member.vitals.is_ready(now),
                running: member.running(),
            })
            .collect()
    }

    /// Whether a header decides whose turn it is.
    pub(super) fn hashes_headers(&self) -> bool {
        matches!(self.balance, Balance::HashHeader(_))
    }

    pub(super) fn members(&self) -> Vec<Arc<Member>> {
        self.group.load().members.clone()
    }

    /// Wakes those who wait for a server.
    pub(super) fn changed(&self) {
        self.changed.notify_waiters();
    }

    /// Milliseconds on this upstream's clock.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A server for a request, if one is ready that was not tried yet.
    pub(super) fn choose(
        &self,
        headers: &HeaderMap,
        facts: &Facts,
        tried: &[u64],
    ) -> Option<Chosen> {
        let wish = Wish {
            balance: &self.balance,
            headers,
            facts,
            tried,
            now: self.now(),
        };
        let group = self.group.load();
        let member = group.choose(&wish, &self.turn)?;
        let cookie = match &self.balance {
            Balance::Sticky(name) if !wish.names(member) => {
                let secure = match facts.scheme {
                    Scheme::Http => "",
                    Scheme::Https => "; Secure",
                };
                let value = &member.name;
                let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}");
                HeaderValue::from_str(&text).ok()
            }
            _ => None,
        };
        Some(Chosen {
            running: Running::new(Arc::clone(member)),
            cookie,
        })
    }

    /// The same, waiting for one to become ready.
    pub(super) async fn wait(&self, headers: &HeaderMap, facts: &Facts) -> Option<Chosen> {
        let deadline = Instant::now() + self.times.ready;
        loop {
            // Made before the look, so that no change between the two is missed.
            let changed = self.changed.notified();
            if let Some(chosen) = self.choose(headers, facts, &[]) {
                return Some(chosen);
            }
            if Instant::now() >= deadline {
                return None;
            }
            let next = self
                .next_ready()
                .map_or(deadline, |next| deadline.min(next));
            tokio::select! {
                () = changed => {}
                () = sleep_until(next) => {}
            }
        }
    }

    /// When one that is out gets its next chance.
    fn next_ready(&self) -> Option<Instant> {
        let group = self.group.load();
        let members = group.members.iter();
        members
            .filter_map(|member| member.vitals.ready_at())
            .min()
            .map(|at| self.start + Duration::from_millis(at))
    }

    /// When a client may come back.
    pub(super) fn retry_after(&self) -> Duration {
        let left = self
            .next_ready()
            .map_or(RETRY, |next| next.duration_since(Instant::now()));
        left.max(Duration::from_secs(1))
    }
}
