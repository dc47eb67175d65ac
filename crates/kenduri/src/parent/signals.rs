//! Signals to the supervisor process.

use std::collections::VecDeque;
use std::future;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{self, SignalKind, signal};

/// What a signal requests from the supervisor process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Signal {
    Stop,
    /// In the handover, this signal has the name that earlier versions gave it.
    #[serde(rename = "reload")]
    Apply,
}

pub(super) struct Signals {
    /// Signals that were received but not handled.
    heard: VecDeque<Signal>,
    terminate: unix::Signal,
    interrupt: unix::Signal,
    hangup: unix::Signal,
}

impl Signals {
    /// Starts receiving signals. `heard` contains unhandled signals from the previous program.
    /// These signals come first.
    pub(super) fn listen(heard: Vec<Signal>) -> Result<Self> {
        Ok(Self {
            heard: heard.into(),
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    pub(super) async fn next(&mut self) -> Signal {
        if let Some(signal) = self.heard.pop_front() {
            return signal;
        }
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hangup.recv() => Signal::Apply,
        }
    }

    /// Puts unhandled signals back into the queue.
    pub(super) fn again(&mut self, signals: impl IntoIterator<Item = Signal>) {
        self.heard.extend(signals);
    }

    /// Returns the unhandled signals for the next program. The caller must already have
    /// [blocked](supervisor::block_signals) signals.
    pub(super) async fn rest(&mut self) -> Vec<Signal> {
        // Lets the runtime deliver signals that have already arrived.
        tokio::task::yield_now().await;
        let mut rest = Vec::new();
        loop {
            tokio::select! {
                biased;
                signal = self.next() => rest.push(signal),
                () = future::ready(()) => return rest,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_heard_is_done_by_whoever_goes_on() {
        let mut signals = Signals::listen(vec![Signal::Apply]).unwrap();
        signals.again([Signal::Stop]);
        let rest = signals.rest().await;
        assert_eq!(rest, [Signal::Apply, Signal::Stop]);
        let mut next = Signals::listen(rest).unwrap();
        assert_eq!(next.next().await, Signal::Apply);
        assert_eq!(next.next().await, Signal::Stop);
        assert_eq!(next.rest().await, []);
    }
}
