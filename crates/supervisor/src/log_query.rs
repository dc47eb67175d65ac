//! Log lines and log queries.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::state::RunId;

/// The maximum total size of the log lines in one result, in bytes.
pub(crate) const MOST_BYTES: usize = 16 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The line's number. It increases by one with each line of a service.
    pub sequence: u64,
    /// When the supervisor read the line. If a line in a log file has no timestamp, this is the
    /// timestamp of the next line.
    pub at: Timestamp,
    pub service: Arc<str>,
    /// The number of the instance. `None` for a JSON line from a file, because such lines contain
    /// no instance number.
    pub instance: Option<u32>,
    /// The run that wrote the line. `None` for a line from a file, because log files contain no run
    /// IDs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The output stream. `None` for a JSON line from a file.
    pub stream: Option<Stream>,
    /// The text without the line ending; invalid UTF-8 is replaced.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    Out,
    Err,
}

/// The maximum number of log lines in one result.
const MOST_LINES: usize = 10_000;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Only lines of this service; `None` for all services.
    pub service: Option<String>,
    /// Only lines of this instance; `None` for all instances.
    pub instance: Option<u32>,
    /// Only lines that the supervisor read at this time or later.
    pub since: Option<Timestamp>,
    /// Only lines that contain this text.
    pub grep: Option<String>,
    /// The maximum number of lines to return, at most 10,000. If more lines match, the last ones
    /// are returned.
    pub last: Option<usize>,
    /// For each service, the last line that the client has received.
    /// [`Control::follow`](crate::Control::follow) continues after these lines.
    pub seen: BTreeMap<String, LogPosition>,
}

/// The position of a line in a service's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPosition {
    /// When the supervisor read the line.
    pub at: Timestamp,
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

    /// Merges another service's lines into `lines` by time. Lines of the same service stay in
    /// order. If there are too many lines, drops the oldest.
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

    /// Whether the query may match some lines of a service and exclude others.
    pub(crate) fn is_filtered(&self) -> bool {
        self.instance.is_some() || self.grep.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
