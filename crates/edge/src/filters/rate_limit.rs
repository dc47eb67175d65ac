//! Limits the request rate of each client. A client is identified by its IP address (IPv6: a /64),
//! or by the value of a header or a cookie.
//!
//! A limit without `on` counts requests. A limit with `on` counts responses in which the header
//! [`OUTCOME`] has the value of `on`, such as `wrong-code`. After too many of these responses, all
//! requests of the client are rejected.

mod buckets;

use std::fmt::{self, Display};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::client_network::network_64;
use crate::cookies;
use crate::description::Limit;
use crate::values::Rate;
use buckets::Buckets;

/// The header in which the app reports the outcome of a request. The edge removes it.
pub const OUTCOME: HeaderName = HeaderName::from_static("x-kenduri-outcome");

/// Removes the header [`OUTCOME`] and returns its value.
pub fn take_outcome(answer: &mut HeaderMap) -> Option<HeaderValue> {
    let mut found = None;
    while let Some(outcome) = answer.remove(OUTCOME) {
        found = Some(outcome);
    }
    found
}

/// How many times the rate an IP address (IPv6: a /64) gets if a header or a cookie identifies
/// clients: new values in each request must not evade the limit.
const BY_ADDRESS: u32 = 10;
const MAX_CLIENTS: usize = 100_000;

/// A rate limit and the clients' counts.
#[derive(Debug)]
pub struct Limiter {
    limit: Limit,
    by: By,
    counts: ArcSwap<Counts>,
}

#[derive(Debug)]
struct Counts {
    seed: RandomState,
    start: Instant,
    buckets: Buckets,
    /// The second limit, by IP address; `None` if `buckets` already counts by address.
    by_address: Option<Buckets>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum By {
    Address,
    Header(HeaderName),
    Cookie(String),
}

/// A permitted request. Contains hashes that identify the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    client: u64,
    address: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; come back in {} seconds", retry_after.as_secs())]
pub struct Refused {
    /// The value for `Retry-After`, in whole seconds, at least one.
    pub retry_after: Duration,
}

impl Limiter {
    /// Validates the settings. Calls `refuse` for each error, with the key, the error and the
    /// correction.
    pub fn check(written: &Limit, refuse: &mut impl FnMut(&str, String, String)) -> Option<Self> {
        let mut told = |name: &str, why: String| {
            let (what, mend) = why
                .split_once("; ")
                .unwrap_or((&why, "correct or remove it"));
            refuse(name, what.to_owned(), mend.to_owned());
        };
        let rate = Rate::parse(&written.rate).map_err(|why| told("rate", why));
        let by = By::parse(&written.by).map_err(|why| told("by", why));
        let on = HeaderValue::from_str(&written.on).map_err(|_| {
            told(
                "on",
                format!(
                    "{:?} cannot be a value of the header; write a word",
                    written.on
                ),
            );
        });
        let (rate, by, _) = (rate.ok()?, by.ok()?, on.ok()?);
        let each = rate.per / rate.count.get();
        if each.is_zero() {
            told(
                "rate",
                format!(
                    "{:?} is too fast to count; write a lower rate",
                    written.rate
                ),
            );
            return None;
        }
        let burst = match written.burst {
            0 => rate.count.get(),
            burst => burst,
        };
        let by_address = (by != By::Address).then(|| {
            let burst = burst.saturating_mul(BY_ADDRESS);
            Buckets::new(each / BY_ADDRESS, burst, MAX_CLIENTS)
        });
        Some(Self {
            limit: written.clone(),
            by,
            counts: ArcSwap::from_pointee(Counts {
                seed: RandomState::new(),
                start: Instant::now(),
                buckets: Buckets::new(each, burst, MAX_CLIENTS),
                by_address,
            }),
        })
    }

    /// Counts the request, unless this limit counts outcomes.
    pub fn admit(&self, client: IpAddr, headers: &HeaderMap) -> Result<Admitted, Refused> {
        let admitted = self.client(client, headers);
        self.ask(admitted, self.limit.on.is_empty())?;
        Ok(admitted)
    }

    /// Counts the outcome of a request, if this limit counts that outcome.
    pub fn report(&self, admitted: Admitted, outcome: &HeaderValue) {
        if !self.limit.on.is_empty() && outcome == self.limit.on.as_str() {
            // The result is ignored, because a client over the limit is rejected at its next
            // request.
            let _ = self.ask(admitted, true);
        }
    }

    /// Takes over the counts of `other` if both have the same settings.
    pub(crate) fn go_on_from(&self, other: &Self) {
        if self.limit == other.limit {
            self.counts.store(other.counts.load_full());
        }
    }

    fn ask(&self, Admitted { client, address }: Admitted, counts: bool) -> Result<(), Refused> {
        let used = self.counts.load();
        let now = used.start.elapsed();
        let by_address = |counts| {
            let buckets = used.by_address.as_ref();
            buckets.map_or(Ok(()), |buckets| buckets.ask(address, counts, now))
        };
        // A request that one of the limits refuses counts for none.
        let asked = by_address(false)
            .and_then(|()| used.buckets.ask(client, counts, now))
            .and_then(|()| by_address(counts));
        asked.map_err(|wait| {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Refused {
                retry_after: Duration::from_secs(seconds.max(1)),
            }
        })
    }

    fn client(&self, client: IpAddr, headers: &HeaderMap) -> Admitted {
        let told = match &self.by {
            By::Address => None,
            By::Header(name) => headers.get(name).map(HeaderValue::as_bytes),
            By::Cookie(name) => cookies::value(headers, name),
        };
        let seed = &self.counts.load().seed;
        let address = seed.hash_one(network_64(client));
        let client = told.map_or(address, |value| seed.hash_one(value));
        Admitted { client, address }
    }
}

impl Display for Limiter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} by {}", self.limit.rate, self.limit.by)?;
        if !self.limit.on.is_empty() {
            write!(out, " on {}", self.limit.on)?;
        }
        Ok(())
    }
}

impl By {
    fn parse(text: &str) -> Result<Self, String> {
        let how = || {
            format!("{text:?} is not something to count by; write ip, header:NAME or cookie:NAME")
        };
        match text.split_once(':') {
            None if text == "ip" => Ok(Self::Address),
            Some(("header", name)) => name.parse().map(Self::Header).map_err(|_| how()),
            // A cookie's name is a token (RFC 6265, section 4.1.1), like a header's name.
            Some(("cookie", name)) if name.parse::<HeaderName>().is_ok() => {
                Ok(Self::Cookie(name.to_owned()))
            }
            _ => Err(how()),
        }
    }
}

#[cfg(test)]
mod tests;
