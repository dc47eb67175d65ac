//! The counters of wrong attempts, per network, per code and for the installation.
//!
//! An IPv4 client is in two networks, its own address and the /24. An IPv6 client is in four
//! networks, the /64, /56, /48 and /32. A provider gives a customer anything from a /64 to a /48,
//! so no single level is enough. Each level allows a few times as many failures as the level below.
//!
//! The number of counters is bounded. When there are many counters, new small networks share the
//! counter of a larger network around them. When there are still more, all new networks share one
//! counter. A counter is dropped only when its period is over.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};

use super::super::window::Window;
use super::super::{Rule, Wait};
use super::rows::Failure;

const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The maximum numbers of wrong attempts in 10 minutes and in a day, from one network of the
/// smallest level.
const IN_TEN_MINUTES: u32 = 10;
const IN_A_DAY: u32 = 30;
/// The limits per network level. Each larger network may have several times as many failures as the
/// network within it. For attempts without a guest's name the factor is small, so that one customer
/// of an internet provider cannot use up the installation's budget. For attempts with a name the
/// factor is larger, so that an attacker is less likely to use up the limit of other people in the
/// same large network.
const ALONE: [[Rule; 2]; 4] = levels(3);
const WITH_NAME: [[Rule; 2]; 4] = levels(8);
const INSTALLATION: [Rule; 2] = rules(150, TEN_MINUTES, 1_500, DAY);
const NAMES: [Rule; 2] = rules(3, HOUR, 3, HOUR);

/// The prefix lengths of the network levels, smallest network first. IPv4 addresses are mapped into
/// `::ffff:0:0/96`, so 128 means one address and 120 a /24.
const LEVELS_V4: [u8; 2] = [128, 120];
const LEVELS_V6: [u8; 4] = [64, 56, 48, 32];
/// The total number of counters at which a level gets no new counters. There is one limit for each
/// level, smallest network first.
const BOUNDS: [usize; 4] = [20_000, 30_000, 40_000, 50_000];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Network(Network),
    /// The counter that is shared by all networks without a separate counter.
    Others {
        with_name: bool,
    },
    /// The counter of one code, by the code's short hash.
    Code(u16),
    Installation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Network {
    bits: u128,
    length: u8,
    /// The level of the network, where 0 is the smallest network.
    level: u8,
    with_name: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tallies {
    networks: HashMap<Key, Tally>,
    rest: HashMap<Key, Tally>,
    swept_at: Timestamp,
}

#[derive(Debug)]
struct Tally {
    windows: [Window; 2],
    open: u32,
}

/// The result of checking the limits for another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    Free,
    /// The attempt would exceed a limit if all look-ups in flight failed.
    Busy,
    /// The attempt exceeds a limit. It may be repeated after this many milliseconds.
    Full(i64),
}

/// The keys of the counters in which one look-up in flight is reserved.
#[derive(Debug)]
pub(super) struct Held(Vec<Key>);

impl Room {
    pub(super) fn wait(self) -> Wait {
        match self {
            Self::Full(wait) => Wait::millisecond(wait),
            Self::Free | Self::Busy => Wait { seconds: 1 },
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Full(one), Self::Full(other)) => Self::Full(one.max(other)),
            (full @ Self::Full(_), _) | (_, full @ Self::Full(_)) => full,
            (Self::Busy, _) | (_, Self::Busy) => Self::Busy,
            (Self::Free, Self::Free) => Self::Free,
        }
    }
}

impl Tallies {
    /// Returns whether the limits allow another attempt like `failure`.
    pub(super) fn room(&self, failure: &Failure, now: Timestamp) -> Room {
        let keys = keys(failure).filter_map(|key| self.place(key));
        keys.fold(Room::Free, |room, key| match self.of(key).get(&key) {
            Some(tally) => room.and(tally.room(key.rules(), now.as_millisecond())),
            None => room,
        })
    }

    /// Reserves a look-up in flight in every counter that applies.
    pub(super) fn begin(&mut self, failure: &Failure, now: Timestamp) -> Held {
        let mut held = Vec::new();
        self.each(failure, now, |key, tally| {
            tally.open += 1;
            held.push(key);
        });
        Held(held)
    }

    /// Releases the reservation of a look-up that has ended.
    pub(super) fn end(&mut self, held: &Held, now: Timestamp) {
        for key in &held.0 {
            let tallies = self.of_mut(*key);
            if let Some(tally) = tallies.get_mut(key) {
                tally.open = tally.open.saturating_sub(1);
                if tally.is_over(now.as_millisecond()) {
                    tallies.remove(key);
                }
            }
        }
    }

    pub(super) fn count(&mut self, failure: &Failure, now: Timestamp) {
        let at = failure.at.as_millisecond();
        self.each(failure, now, |_, tally| {
            for window in &mut tally.windows {
                window.count(at, 1);
            }
        });
    }

    pub(super) fn is_used_up(&self, now: Timestamp) -> bool {
        let tally = self.rest.get(&Key::Installation);
        let room = tally.map(|tally| tally.room(&INSTALLATION, now.as_millisecond()));
        matches!(room, Some(Room::Full(_)))
    }

    /// Drops counters whose period is over.
    pub(super) fn forget(&mut self, now: Timestamp) {
        let at = now.as_millisecond();
        self.networks.retain(|_, tally| !tally.is_over(at));
        self.rest.retain(|_, tally| !tally.is_over(at));
        self.swept_at = now;
    }

    fn each(&mut self, failure: &Failure, now: Timestamp, mut change: impl FnMut(Key, &mut Tally)) {
        let may_sweep = now.duration_since(self.swept_at) >= SignedDuration::from_mins(1);
        if self.networks.len() >= BOUNDS[0] && may_sweep {
            self.forget(now);
        }
        for key in keys(failure) {
            let Some(key) = self.place(key) else {
                continue;
            };
            let tally = self.of_mut(key).entry(key);
            change(key, tally.or_insert_with(|| Tally::new(key.rules())));
        }
    }

    /// Returns the key of the counter in which `key` is counted. Returns `None` if `key` is a small
    /// network and only the larger networks around it are counted.
    fn place(&self, key: Key) -> Option<Key> {
        let Key::Network(network) = key else {
            return Some(key);
        };
        let bound = if network.is_largest() {
            BOUNDS[3]
        } else {
            BOUNDS[usize::from(network.level)]
        };
        if self.networks.len() < bound || self.networks.contains_key(&key) {
            return Some(key);
        }
        network.is_largest().then_some(Key::Others {
            with_name: network.with_name,
        })
    }

    fn of(&self, key: Key) -> &HashMap<Key, Tally> {
        match key {
            Key::Network(_) => &self.networks,
            _ => &self.rest,
        }
    }

    fn of_mut(&mut self, key: Key) -> &mut HashMap<Key, Tally> {
        match key {
            Key::Network(_) => &mut self.networks,
            _ => &mut self.rest,
        }
    }
}

impl Tally {
    fn new(rules: &[Rule; 2]) -> Self {
        Self {
            windows: rules.map(|rule| Window::new(rule.per)),
            open: 0,
        }
    }

    fn room(&self, rules: &[Rule; 2], now: i64) -> Room {
        let mut all = Room::Free;
        for (window, rule) in self.windows.iter().zip(rules) {
            let room = match window.wait(rule.count, now) {
                Some(wait) => Room::Full(wait),
                None if window.total(now).saturating_add(self.open) >= rule.count => Room::Busy,
                None => Room::Free,
            };
            all = all.and(room);
        }
        all
    }

    fn is_over(&self, now: i64) -> bool {
        self.open == 0 && self.windows.iter().all(|window| window.is_over(now))
    }
}

impl Key {
    fn rules(self) -> &'static [Rule; 2] {
        match self {
            Self::Network(network) => {
                let rules = if network.with_name {
                    &WITH_NAME
                } else {
                    &ALONE
                };
                &rules[usize::from(network.level)]
            }
            Self::Others { with_name: false } => &ALONE[3],
            Self::Others { with_name: true } => &WITH_NAME[3],
            Self::Code(_) => &NAMES,
            Self::Installation => &INSTALLATION,
        }
    }
}

impl Network {
    fn is_largest(self) -> bool {
        [LEVELS_V4[1], LEVELS_V6[3]].contains(&self.length)
    }
}

/// The smallest counted network that contains the client.
pub(super) fn leaf(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(cut(address.to_bits(), LEVELS_V6[0])).into(),
        address @ IpAddr::V4(_) => address,
    }
}

fn keys(failure: &Failure) -> impl Iterator<Item = Key> {
    let (bits, lengths) = match failure.network {
        IpAddr::V4(address) => (address.to_ipv6_mapped().to_bits(), &LEVELS_V4[..]),
        IpAddr::V6(address) => (address.to_bits(), &LEVELS_V6[..]),
    };
    let with_name = failure.code.is_some();
    let networks = (0_u8..).zip(lengths).map(move |(level, length)| {
        Key::Network(Network {
            bits: cut(bits, *length),
            length: *length,
            level,
            with_name,
        })
    });
    networks.chain([failure.code.map_or(Key::Installation, Key::Code)])
}

fn cut(bits: u128, length: u8) -> u128 {
    let rest = 128 - u32::from(length);
    bits >> rest << rest
}

const fn rules(count: u32, per: SignedDuration, in_all: u32, longer: SignedDuration) -> [Rule; 2] {
    [
        Rule { count, per },
        Rule {
            count: in_all,
            per: longer,
        },
    ]
}

/// Smallest network first. Each level allows `times` as much as the level before.
const fn levels(times: u32) -> [[Rule; 2]; 4] {
    [
        level(1),
        level(times),
        level(times.pow(2)),
        level(times.pow(3)),
    ]
}

const fn level(times: u32) -> [Rule; 2] {
    rules(times * IN_TEN_MINUTES, TEN_MINUTES, times * IN_A_DAY, DAY)
}
