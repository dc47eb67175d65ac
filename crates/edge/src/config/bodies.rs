//! Validates `[proxy]`, `listen.body_rate`, and the settings by which a route replaces them.

use units::Check;

use crate::description;
use crate::route::{self, Target};

#[derive(Debug, Clone, Copy)]
pub(super) struct Bodies {
    /// The maximum number of request body bytes that are read before a server is contacted.
    pub(super) buffer: usize,
    /// The memory limit for all buffers, in bytes.
    pub(super) memory: usize,
    /// The minimum rate of a request body in bytes per second; 0 for no limit.
    pub(super) rate: u64,
}

impl Bodies {
    pub(super) const USUAL: Self = Self {
        buffer: route::BUFFER_REQUEST,
        memory: 32 << 20,
        rate: route::BODY_RATE,
    };

    pub(super) fn of(written: &description::Description, check: &mut Check) -> Option<Self> {
        let description::Proxy {
            buffer_request,
            buffer_memory,
        } = &written.proxy;
        let rate = &written.listen.body_rate;
        let memory = check.accept("proxy.buffer_memory", units::size(buffer_memory));
        let rate = check.accept("listen.body_rate", units::size_or_none(rate));
        let buffer = units::size_or_none(buffer_request);
        let buffer = check.accept("proxy.buffer_request", buffer);
        let bodies = Self {
            buffer: usize::try_from(buffer?).ok()?,
            memory: usize::try_from(memory?).ok()?,
            rate: rate?,
        };
        bodies.refuse_beyond_memory("proxy.buffer_request", bodies.buffer, check);
        Some(bodies)
    }

    /// Returns the settings for a route. The route's own settings replace those for all routes.
    pub(super) fn of_route(
        self,
        target: &Target,
        written: &description::Route,
        check: &mut Check,
    ) -> Option<Self> {
        let mut bodies = self;
        if !written.buffer_request.is_empty() {
            let key = "buffer_request";
            let buffer = check.accept(key, units::size_or_none(&written.buffer_request))?;
            bodies.buffer = usize::try_from(buffer).ok()?;
            bodies.refuse_beyond_memory(key, bodies.buffer, check);
            if !matches!(target, Target::Proxy(_)) {
                check.refuse(
                    key,
                    format!(
                        "it is for routes to servers, and {} is not a server",
                        written.to
                    ),
                    "remove it",
                );
            }
        }
        if !written.body_rate.is_empty() {
            let rate = units::size_or_none(&written.body_rate);
            bodies.rate = check.accept("body_rate", rate)?;
        }
        Some(bodies)
    }

    fn refuse_beyond_memory(&self, key: &str, buffer: usize, check: &mut Check) {
        if buffer > self.memory {
            check.refuse(
                key,
                "one body would take more memory than all bodies may take together",
                "lower it, or raise proxy.buffer_memory",
            );
        }
    }
}
