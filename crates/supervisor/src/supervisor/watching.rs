//! Notices what ends, and what uses how much.

use std::sync::Arc;
use std::time::Duration;

use rustix::process::Pid;

use super::{SAMPLE, Supervisor};
use crate::control::Message;
use crate::output::Attention;
use crate::process::{Group, Table, reap_adopted};
use crate::state::{Event, Exit, MemoryAction, RunId};

/// What a process that is gone has said is read for so long at most.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl Supervisor {
    /// Ends the groups of those that have ended; once nothing of one is left, its state hears of it.
    pub(super) fn reap(&mut self) {
        let mut ended = false;
        for live in self
            .services
            .values_mut()
            .flat_map(|served| served.live.values_mut())
        {
            ended |= live.exit.is_none() && live.process.has_ended();
        }
        if !ended && !self.means.adopt_orphans {
            return;
        }
        let table = Table::read();
        for (name, served) in &mut self.services {
            for (run, live) in &mut served.live {
                if live.exit.is_some() {
                    continue;
                }
                let Some(exit) = live.process.finish(&table) else {
                    continue;
                };
                live.exit = Some(exit);
                if exit == Exit::OutOfMemory {
                    let (instance, max) = (live.number, live.settings.memory);
                    tracing::warn!(service = %name, instance, max, "the system killed a service for its memory");
                }
                live.look_away();
                live.attention.send_replace(Attention::Over);
                let readers = std::mem::take(&mut live.readers);
                let (voice, name, run) = (self.voice.clone(), Arc::clone(name), *run);
                // What it said last belongs to the news of its end.
                tokio::spawn(async move {
                    let read = async {
                        for reader in readers {
                            let _ = reader.await;
                        }
                    };
                    let _ = tokio::time::timeout(LAST_WORDS, read).await;
                    let _ = voice
                        .send(Message::Event(name, Event::Exited(run, exit)))
                        .await;
                });
            }
        }
        if self.means.adopt_orphans {
            let own = self.own();
            reap_adopted(&table, |pid| own.contains(&pid));
        }
    }

    fn own(&self) -> Vec<Pid> {
        let live = self
            .services
            .values()
            .flat_map(|served| served.live.values());
        live.filter(|live| live.exit.is_none())
            .map(|live| live.process.pid())
            .collect()
    }

    /// Looks at time and memory of every group.
    pub(super) fn sample(&mut self) {
        if self.services.values().all(|served| served.live.is_empty()) {
            return;
        }
        let table = Table::read();
        let ticks_per_second = rustix::param::clock_ticks_per_second();
        let mut over: Vec<(Arc<str>, RunId, u64)> = Vec::new();
        for (name, served) in &mut self.services {
            for (run, live) in &mut served.live {
                let (pid, max) = (live.process.pid(), live.settings.memory);
                let (ticks, bytes) = table.use_of(pid);
                let used = live
                    .use_of
                    .ticks
                    .map_or(0, |before| ticks.saturating_sub(before));
                live.use_of.ticks = Some(ticks);
                live.use_of.cpu_percent = percent(used, ticks_per_second);
                let group = live.process.control_group();
                if let Some(bytes) = group.and_then(Group::memory) {
                    live.use_of.memory_bytes = bytes;
                    // Otherwise the system holds the limit itself.
                    let is_asked = live.settings.policy.memory != MemoryAction::Kill;
                    if is_asked && max.is_some_and(|max| bytes >= max) {
                        over.push((Arc::clone(name), *run, bytes));
                    }
                    continue;
                }
                live.use_of.memory_bytes = bytes;
                if max.is_some_and(|max| bytes > max) {
                    // What several processes of it share is counted once, which takes longer to find out.
                    let fair = table.fair_memory_of(pid).unwrap_or(bytes);
                    live.use_of.memory_bytes = fair;
                    if max.is_some_and(|max| fair > max) {
                        over.push((Arc::clone(name), *run, fair));
                    }
                }
            }
        }
        for (name, run, bytes) in over {
            self.step(&name, Event::OverMemory(run, bytes));
        }
    }
}

fn percent(ticks: u64, ticks_per_second: u64) -> f64 {
    let ticks = f64::from(u32::try_from(ticks).unwrap_or(u32::MAX));
    let per_second = f64::from(u32::try_from(ticks_per_second).unwrap_or(100).max(1));
    100.0 * ticks / per_second / SAMPLE.as_secs_f64()
}
