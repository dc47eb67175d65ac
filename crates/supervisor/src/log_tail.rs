//! Queries for log lines, and following them as they are written.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::control::Control;
use crate::ready_instances::ReadyInstances;
use crate::service_log::{LogLine, MOST_BYTES, ServiceLog};

/// The most lines of one answer.
const MOST_LINES: usize = 10_000;

/// A query for log lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Of this service; none: of all.
    pub service: Option<String>,
    /// Of this instance; none: of all.
    pub instance: Option<u32>,
    /// From then on.
    pub since: Option<Timestamp>,
    /// That hold this text.
    pub grep: Option<String>,
    /// The last so many, at most 10,000.
    pub last: Option<usize>,
    /// The last line of each service that the follower has, to go on after it.
    pub seen: BTreeMap<String, LogPosition>,
}

/// The position of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPosition {
    /// When it was written.
    pub at: Timestamp,
    /// That of the line.
    pub sequence: u64,
}

impl LogQuery {
    pub(crate) fn matches(&self, line: &LogLine) -> bool {
        (self.instance.is_none() || self.instance == line.instance)
            && self.since.is_none_or(|since| since <= line.at)
            && self
                .grep
                .as_ref()
                .is_none_or(|text| line.text.contains(text))
    }

    pub(crate) fn line_limit(&self) -> usize {
        self.last.unwrap_or(MOST_LINES).min(MOST_LINES)
    }

    /// Puts lines of one more service among the newest of others, by time; those of one are in
    /// order. Once there are enough, older ones are not wished for any more.
    pub(crate) fn merge(&mut self, lines: &mut Vec<LogLine>, mut more: Vec<LogLine>) {
        let is_first = lines.is_empty();
        lines.append(&mut more);
        if !is_first {
            lines.sort_by_key(|line| line.at);
        }
        let mut bytes = 0;
        let newest = lines
            .iter()
            .rev()
            .take(self.line_limit())
            .take_while(|line| {
                bytes += line.text.len();
                bytes <= MOST_BYTES
            });
        let newest = newest.count();
        let is_enough = newest == self.line_limit() || newest < lines.len();
        lines.drain(..lines.len() - newest);
        if is_enough {
            self.since = self.since.max(lines.iter().map(|line| line.at).min());
        }
    }

    /// Whether not every line of a service is wanted.
    fn is_filtered(&self) -> bool {
        self.instance.is_some() || self.grep.is_some()
    }
}

/// The lines of services as they come, each once.
pub struct LogTail {
    control: Control,
    ready_instances: watch::Receiver<ReadyInstances>,
    followed: Vec<TailedLog>,
    /// Lines from before the start.
    before: Vec<LogLine>,
    query: LogQuery,
}

/// One service.
struct TailedLog {
    output: Weak<ServiceLog>,
    newest: watch::Receiver<u64>,
    next: u64,
}

/// Lines that have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBatch {
    /// The lines that were wanted.
    pub lines: Vec<LogLine>,
    /// How many lines were dropped from memory before they were read: the reader is slower than
    /// the service, and they are in the file.
    pub missed: u64,
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
                // What was seen last was wanted: what came after it may have been judged already.
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

    /// Waits for lines; nothing: the service is gone.
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

    /// Waits for a new line or a new service; nothing: there will be none.
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

    /// Follows services that have come since.
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

    /// Those of several services by time; those of one are in order.
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

    /// Takes what has come; says how many lines are forgotten already.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of so many bytes, written at these seconds.
    fn written(seconds: impl IntoIterator<Item = i64>, bytes: usize) -> Vec<LogLine> {
        let line = |second| LogLine {
            sequence: 0,
            at: Timestamp::from_second(second).unwrap(),
            service: "a".into(),
            instance: Some(0),
            run: None,
            stream: None,
            text: "x".repeat(bytes),
        };
        seconds.into_iter().map(line).collect()
    }

    fn seconds(lines: &[LogLine]) -> Vec<i64> {
        lines.iter().map(|line| line.at.as_second()).collect()
    }

    #[test]
    fn the_newest_of_all_services_are_given() {
        let mut query = LogQuery {
            last: Some(3),
            ..LogQuery::default()
        };
        let mut lines = Vec::new();
        query.merge(&mut lines, written([1, 4], 1));
        assert_eq!(query.since, None);
        query.merge(&mut lines, written([2, 3, 5], 1));
        assert_eq!(seconds(&lines), [3, 4, 5]);
        let oldest = Timestamp::from_second(3).unwrap();
        assert_eq!(query.since, Some(oldest), "nobody looks for older ones");
        query.merge(&mut lines, written([6], 1));
        assert_eq!(seconds(&lines), [4, 5, 6]);
    }

    #[test]
    fn all_services_together_give_no_more_than_one_may() {
        let (mut query, mut lines) = (LogQuery::default(), Vec::new());
        let piece = MOST_BYTES / 4;
        for first in 0..4 {
            query.merge(&mut lines, written([first, first + 10, first + 20], piece));
            let bytes: usize = lines.iter().map(|line| line.text.len()).sum();
            assert!(bytes <= MOST_BYTES);
        }
        assert_eq!(seconds(&lines), [20, 21, 22, 23]);
    }
}
