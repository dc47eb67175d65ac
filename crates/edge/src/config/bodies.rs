//! How much of bodies is buffered, and how slow those of requests may be: `[proxy]`,
//! `listen.body_rate`, and what a route says otherwise.

use super::check::Check;
use crate::description;
use crate::route::{self, Target};

/// What holds for all routes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bodies {
    /// So much of the body of a request is read before a server is asked.
    pub(super) buffer: usize,
    /// All buffers together.
    pub(super) memory: usize,
    /// Bytes a second that a body keeps; 0: none.
    pub(super) rate: u64,
}

impl Bodies {
    /// What is built in.
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
        bodies.fits("proxy.buffer_request", bodies.buffer, check);
        Some(bodies)
    }

    /// The same as a route has it.
    pub(super) fn of_route(
        self,
        number: usize,
        target: &Target,
        written: &description::Route,
        check: &mut Check,
    ) -> Option<Self> {
        let key = |name: &str| format!("route[{number}].{name}");
        let mut bodies = self;
        if !written.buffer_request.is_empty() {
            let key = key("buffer_request");
            let buffer = check.accept(&key, units::size_or_none(&written.buffer_request))?;
            bodies.buffer = usize::try_from(buffer).ok()?;
            bodies.fits(&key, bodies.buffer, check);
            if !matches!(target, Target::Proxy(_)) {
                check.refuse(
                    &key,
                    format!("it is for servers, and {} is none", written.to),
                    "remove it",
                );
            }
        }
        if !written.body_rate.is_empty() {
            let rate = units::size_or_none(&written.body_rate);
            bodies.rate = check.accept(&key("body_rate"), rate)?;
        }
        Some(bodies)
    }

    /// A body that needs more than there is would never be read.
    fn fits(&self, key: &str, buffer: usize, check: &mut Check) {
        if buffer > self.memory {
            check.refuse(
                key,
                "one body would take more memory than all may",
                "make it smaller, or proxy.buffer_memory larger",
            );
        }
    }
}
