//! Follows log lines as services write them.

use std::sync::{Arc, Weak};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::control::{Control, ControlError};
use crate::log_query::{LogLine, LogQuery};
use crate::ready_instances::ReadyInstances;
use crate::service_log::ServiceLog;

/// Follows the logs of services, and yields each log line once.
pub struct LogTail {
    control: Control,
    ready_instances: watch::Receiver<ReadyInstances>,
    followed: Vec<TailedLog>,
    /// Matching lines from before this value was created.
    before: Vec<LogLine>,
    query: LogQuery,
}

struct TailedLog {
    output: Weak<ServiceLog>,
    newest: watch::Receiver<u64>,
    next: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBatch {
    pub lines: Vec<LogLine>,
    /// The number of lines that the client missed because it reads more slowly than the service
    /// writes. The missed lines are only in the log file.
    pub missed: u64,
}

impl Control {
    /// Returns the last log lines that the query requests, and then follows new lines.
    pub async fn follow(&self, query: LogQuery) -> Result<LogTail, ControlError> {
        let outputs = self.outputs(&query).await?;
        Ok(LogTail::start(self.clone(), outputs, query).await)
    }
}

impl LogTail {
    pub(crate) async fn start(
        control: Control,
        outputs: Vec<Arc<ServiceLog>>,
        query: LogQuery,
    ) -> Self {
        let ready_instances = control.ready_instances();
        let mut last = LogQuery {
            last: Some(query.last.unwrap_or(0)),
            ..query.clone()
        };
        let (mut followed, mut before) = (Vec::new(), Vec::new());
        for output in &outputs {
            let newest = *output.newest().borrow();
            let next = if let Some(seen) = query.seen.get(&**output.service()) {
                let next = output.sequence_after(seen);
                // If the query has a filter, `seen` is the last line that matched. Lines after it
                // may already have been checked. Those that are no longer in memory therefore do
                // not count as missed.
                let judged = query.is_filtered().then(|| output.first_sequence());
                next.max(judged.unwrap_or(next))
            } else {
                let mut said = output.query(&last).await;
                said.retain(|line| line.sequence < newest);
                last.merge(&mut before, said);
                newest
            };
            followed.push(TailedLog::new(output, next));
        }
        Self {
            control,
            ready_instances,
            followed,
            before,
            query,
        }
    }

    /// Waits for matching lines. Returns `None` when the followed service no longer exists, or when
    /// the supervisor has exited.
    pub async fn next(&mut self) -> Option<LogBatch> {
        let lines = std::mem::take(&mut self.before);
        if !lines.is_empty() {
            return Some(LogBatch { lines, missed: 0 });
        }
        loop {
            self.followed
                .retain(|followed| followed.output.strong_count() > 0);
            let (mut lines, mut missed) = (Vec::new(), 0);
            for followed in &mut self.followed {
                missed += followed.take_new(&self.query, &mut lines);
            }
            if missed > 0 || !lines.is_empty() {
                let lines = self.in_order(lines);
                return Some(LogBatch { lines, missed });
            }
            if self.query.service.is_some() && self.followed.is_empty() {
                return None;
            }
            self.wait().await?;
        }
    }

    /// `None` if the supervisor has exited.
    async fn wait(&mut self) -> Option<()> {
        let mut tasks = JoinSet::new();
        for followed in &self.followed {
            let (mut newest, next) = (followed.newest.clone(), followed.next);
            tasks.spawn(async move { newest.wait_for(|newest| *newest > next).await.is_ok() });
        }
        tokio::select! {
            Some(_) = tasks.join_next() => Some(()),
            Ok(()) = self.ready_instances.changed(), if self.query.service.is_none() => self.add_new_services().await,
            () = self.control.closed() => None,
        }
    }

    async fn add_new_services(&mut self) -> Option<()> {
        for output in self.control.outputs(&self.query).await.ok()? {
            let here = Arc::downgrade(&output);
            let known = |followed: &TailedLog| followed.output.ptr_eq(&here);
            if !self.followed.iter().any(known) {
                self.followed
                    .push(TailedLog::new(&output, output.first_sequence()));
            }
        }
        Some(())
    }

    /// Each service's lines are already in order.
    fn in_order(&self, mut lines: Vec<LogLine>) -> Vec<LogLine> {
        if self.followed.len() > 1 {
            lines.sort_by_key(|line| line.at);
        }
        lines
    }
}

impl TailedLog {
    fn new(output: &Arc<ServiceLog>, next: u64) -> Self {
        Self {
            output: Arc::downgrade(output),
            newest: output.newest(),
            next,
        }
    }

    /// Returns the number of lines that were dropped from memory before they could be read.
    fn take_new(&mut self, query: &LogQuery, heard: &mut Vec<LogLine>) -> u64 {
        let Some(output) = self.output.upgrade() else {
            return 0;
        };
        let lines = output.since(self.next);
        let Some((first, last)) = lines.first().zip(lines.last()) else {
            return 0;
        };
        let missed = first.sequence.saturating_sub(self.next);
        self.next = last.sequence + 1;
        heard.extend(lines.into_iter().filter(|line| query.matches(line)));
        missed
    }
}
