//! Who gets the next request.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;
use http::header::COOKIE;

use super::crew::Member;
use super::settings::Balance;
use crate::Facts;

/// The members of an upstream, and the order in which they are asked.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) members: Vec<Arc<Member>>,
    /// Places in `members`, each as often as its weight and as evenly spread as can be.
    turns: Vec<usize>,
}

impl Group {
    pub(super) fn new(members: Vec<Arc<Member>>) -> Self {
        let weights: Vec<u32> = members.iter().map(|member| member.weight).collect();
        Self {
            turns: spread(&weights),
            members,
        }
    }

    /// One that is ready and has not been tried.
    pub(super) fn choose(&self, wish: &Wish<'_>, turn: &AtomicUsize) -> Option<&Arc<Member>> {
        let fits = |member: &Member| wish.fits(member);
        match wish.balance {
            Balance::RoundRobin => self.next(fits, turn),
            Balance::LeastRequests => self.least(fits, turn),
            Balance::HashAddress => self.hashed(fits, network(wish.facts.client)),
            Balance::HashHeader(name) => match wish.headers.get(name) {
                Some(value) => self.hashed(fits, value.as_bytes()),
                None => self.next(fits, turn),
            },
            Balance::Sticky(cookie) => match cookie_value(wish.headers, cookie) {
                Some(name) => self
                    .named(name)
                    .filter(|member| fits(member))
                    .or_else(|| self.youngest(fits)),
                None => self.next(fits, turn),
            },
        }
    }

    /// Where servers are replaced one by one, the one that came last stays longest:
    /// who lost a server to it is not sent to one that goes next.
    fn youngest(&self, fits: impl Fn(&Member) -> bool) -> Option<&Arc<Member>> {
        self.members
            .iter()
            .filter(|member| fits(member))
            .max_by_key(|member| member.number)
    }

    fn named(&self, name: &str) -> Option<&Arc<Member>> {
        self.members.iter().find(|member| member.name == name)
    }

    pub(super) fn next(
        &self,
        fits: impl Fn(&Member) -> bool,
        turn: &AtomicUsize,
    ) -> Option<&Arc<Member>> {
        if self.turns.is_empty() {
            return None;
        }
        let turn = turn.fetch_add(1, Ordering::Relaxed);
        let member = &self.members[self.turns[turn % self.turns.len()]];
        if fits(member) {
            return Some(member);
        }
        // The share of one that is out goes to all others by their weights, not
        // to whoever comes after it.
        let fitting = || self.members.iter().filter(|member| fits(member));
        let all: u64 = fitting().map(|member| u64::from(member.weight)).sum();
        let mut place = (turn / self.turns.len() + turn) as u64 % all.max(1);
        fitting().find(|member| match place.checked_sub(u64::from(member.weight)) {
            Some(rest) => {
                place = rest;
                false
            }
            None => true,
        })
    }

    fn least(&self, fits: impl Fn(&Member) -> bool, turn: &AtomicUsize) -> Option<&Arc<Member>> {
        // Among equals each begins in turn.
        let start = turn.fetch_add(1, Ordering::Relaxed) % self.members.len().max(1);
        let (before, after) = self.members.split_at(start);
        let load = |member: &Member| (member.running() as u64 + 1, u64::from(member.weight));
        after
            .iter()
            .chain(before)
            .filter(|member| fits(member))
            .min_by(|left, right| {
                let ((left, left_weight), (right, right_weight)) = (load(left), load(right));
                (left * right_weight).cmp(&(right * left_weight))
            })
    }

    /// Rendezvous: when one goes, only its own clients move.
    fn hashed(
        &self,
        fits: impl Fn(&Member) -> bool,
        key: impl AsRef<[u8]>,
    ) -> Option<&Arc<Member>> {
        self.members
            .iter()
            .filter(|member| fits(member))
            .max_by(|left, right| {
                let key = key.as_ref();
                score(left, key).total_cmp(&score(right, key))
            })
    }
}

/// What is known of a request when a member is chosen for it.
pub(super) struct Wish<'a> {
    pub(super) balance: &'a Balance,
    pub(super) headers: &'a HeaderMap,
    pub(super) facts: &'a Facts,
    /// Members that were tried in vain.
    pub(super) tried: [&'a [u64]; 2],
    /// Milliseconds on the upstream's clock.
    pub(super) now: u64,
    /// Whether those that failed are as good as any: nobody else is there.
    pub(super) is_last_resort: bool,
}

impl Wish<'_> {
    fn fits(&self, member: &Member) -> bool {
        let is_tried = self
            .tried
            .iter()
            .any(|tried| tried.contains(&member.number));
        let is_ready = if self.is_last_resort {
            member.vitals.ready_at().is_some()
        } else {
            member.vitals.is_ready(self.now)
        };
        is_ready && !is_tried
    }

    /// Whether the client's cookie names this member.
    pub(super) fn names(&self, member: &Member) -> bool {
        match self.balance {
            Balance::Sticky(cookie) => cookie_value(self.headers, cookie) == Some(&member.name),
            _ => true,
        }
    }
}

/// How a member is called in a cookie: the same in every worker and after a
/// restart, and not its address.
pub(super) fn opaque(upstream: &str, address: &str) -> String {
    format!(
        "{:016x}",
        digest(&[upstream.as_bytes(), address.as_bytes()])
    )
}

fn digest(parts: &[&[u8]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// Weighted rendezvous: -weight / ln(hash in 0..1).
fn score(member: &Member, key: &[u8]) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits are taken, which is what fits"
    )]
    let part = ((digest(&[member.name.as_bytes(), key]) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    -f64::from(member.weight) / part.ln()
}

/// Who counts as one client: an address, or the /64 that one household has.
fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => {
            let high = u128::from(address) >> 64 << 64;
            Ipv6Addr::from(high).octets().to_vec()
        }
    }
}

fn cookie_value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Each place as often as its weight, spread evenly: the one that is furthest
/// behind its share comes next.
fn spread(weights: &[u32]) -> Vec<usize> {
    let shared = weights.iter().copied().fold(0, divisor).max(1);
    let weights: Vec<i64> = weights
        .iter()
        .map(|weight| i64::from(weight / shared))
        .collect();
    let all: i64 = weights.iter().sum();
    let mut credit = vec![0_i64; weights.len()];
    let mut turns = Vec::new();
    for _ in 0..all {
        for (credit, weight) in credit.iter_mut().zip(&weights) {
            *credit += weight;
        }
        let best = (0..credit.len()).rev().max_by_key(|place| credit[*place]);
        if let Some(best) = best {
            credit[best] -= all;
            turns.push(best);
        }
    }
    turns
}

fn divisor(left: u32, right: u32) -> u32 {
    if right == 0 {
        left
    } else {
        divisor(right, left % right)
    }
}
