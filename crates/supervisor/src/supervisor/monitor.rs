//! Reaps exited processes, and samples processor time and memory.

use std::cell::LazyCell;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Pid;

use super::{SAMPLE_INTERVAL, Supervisor};
use crate::control::Message;
use crate::process::{ProcessTable, reap_adopted};
use crate::service_log::WatchPhase;
use crate::state::{Event, Exit, MemoryAction, RunId};

/// For the remaining output of an exited process.
const LAST_OUTPUT_TIME: Duration = Duration::from_secs(2);

impl Supervisor {
    pub(super) fn reap(&mut self) {
        for live in self
            .services
            .values_mut()
            .flat_map(|managed| managed.live.values_mut())
        {
            if live.exit.is_none() && !live.process.is_ended() && live.process.has_ended() {
                self.look_again_soon = true;
            }
        }
        let table: LazyCell<ProcessTable> = LazyCell::new(ProcessTable::read);
        self.finish(&table);
        if self.options.adopt_orphans {
            let own = self.own();
            reap_adopted(&table, |pid| own.contains(&pid));
        }
    }

    /// Checks whether the groups of exited processes still contain processes.
    pub(super) fn look_at_lingering(&mut self) {
        self.finish(&LazyCell::new(ProcessTable::read));
    }

    /// Also sends the exit event of each group that has become empty.
    fn finish(&mut self, table: &LazyCell<ProcessTable>) {
        for (name, managed) in &mut self.services {
            for (run, live) in &mut managed.live {
                if live.exit.is_some() {
                    continue;
                }
                let Some(exit) = live.process.finish(table) else {
                    continue;
                };
                live.exit = Some(exit);
                if exit == Exit::OutOfMemory {
                    let (instance, max) = (live.number, live.settings.memory);
                    tracing::warn!(
                        service = %name, instance, max,
                        "the system killed a service because it used too much memory; raise its memory.max, or give this machine more"
                    );
                }
                live.stop_watching();
                live.attention.send_replace(WatchPhase::Ended);
                let readers = std::mem::take(&mut live.readers);
                let (messages, name, run) = (self.messages.clone(), Arc::clone(name), *run);
                // The last output is read before the exit is reported, because the report contains
                // the last lines.
                tokio::spawn(async move {
                    let read = async {
                        for reader in readers {
                            let _ = reader.await;
                        }
                    };
                    let _ = tokio::time::timeout(LAST_OUTPUT_TIME, read).await;
                    let _ = messages
                        .send(Message::Event(name, Event::Exited(run, exit)))
                        .await;
                });
            }
        }
    }

    fn own(&self) -> Vec<Pid> {
        let live = self
            .services
            .values()
            .flat_map(|managed| managed.live.values());
        live.filter(|live| live.exit.is_none())
            .map(|live| live.process.pid())
            .collect()
    }

    /// Samples processor time and memory of every instance.
    pub(super) fn sample(&mut self) {
        if self
            .services
            .values()
            .all(|managed| managed.live.is_empty())
        {
            return;
        }
        let table: LazyCell<ProcessTable> = LazyCell::new(ProcessTable::read);
        let ticks_per_second = rustix::param::clock_ticks_per_second();
        let mut over: Vec<(Arc<str>, RunId, u64)> = Vec::new();
        for (name, managed) in &mut self.services {
            for (run, live) in &mut managed.live {
                let (pid, max) = (live.process.pid(), live.settings.memory);
                let group = live.process.control_group();
                let counted = group.and_then(|group| {
                    let ticks = ticks(group.processor_time()?, ticks_per_second);
                    Some((ticks, group.memory()?))
                });
                let (ticks, bytes) = counted.unwrap_or_else(|| {
                    if live.settings.own {
                        ProcessTable::of(pid).use_of(pid)
                    } else {
                        table.use_of(pid)
                    }
                });
                let used = live
                    .use_of
                    .ticks
                    .map_or(0, |before| ticks.saturating_sub(before));
                live.use_of.ticks = Some(ticks);
                live.use_of.cpu_percent = percent(used, ticks_per_second);
                live.use_of.memory_bytes = bytes;
                if counted.is_some() {
                    // With the action `kill`, the kernel itself enforces the memory limit.
                    let is_asked = live.settings.policy.memory != MemoryAction::Kill;
                    if is_asked && max.is_some_and(|max| bytes >= max) {
                        over.push((Arc::clone(name), *run, bytes));
                    }
                    continue;
                }
                if max.is_some_and(|max| bytes > max) {
                    // Shared memory is counted several times in `bytes`. Counting it only once is
                    // slow, so this is done only for processes that seem to exceed their limit.
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

fn ticks(time: Duration, ticks_per_second: u64) -> u64 {
    let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    microseconds.saturating_mul(ticks_per_second) / 1_000_000
}

fn percent(ticks: u64, ticks_per_second: u64) -> f64 {
    let ticks = f64::from(u32::try_from(ticks).unwrap_or(u32::MAX));
    let per_second = f64::from(u32::try_from(ticks_per_second).unwrap_or(100).max(1));
    100.0 * ticks / per_second / SAMPLE_INTERVAL.as_secs_f64()
}
