//! The newest lines of a service, in memory.

use std::collections::VecDeque;

use super::LogLine;

/// For one service's lines, in bytes, including the overhead of each line.
const CAPACITY: usize = 256 << 10;
const OVERHEAD: usize = std::mem::size_of::<LogLine>();

#[derive(Debug, Default)]
pub(super) struct Ring {
    lines: VecDeque<LogLine>,
    bytes: usize,
    next: u64,
}

impl Ring {
    /// Restores an earlier ring from its lines and its next sequence number.
    pub(super) fn restore(lines: Vec<LogLine>, next: u64) -> Self {
        let mut ring = Self::default();
        for line in lines {
            ring.push(line);
        }
        ring.next = next;
        ring
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn push(&mut self, line: LogLine) {
        self.next = line.sequence + 1;
        self.bytes += line.text.len() + OVERHEAD;
        self.lines.push_back(line);
        while self.bytes > CAPACITY
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes -= oldest.text.len() + OVERHEAD;
        }
    }

    /// Returns the lines in memory, beginning with this sequence number.
    pub(super) fn since(&self, sequence: u64) -> Vec<LogLine> {
        let from = self.lines.partition_point(|line| line.sequence < sequence);
        self.lines.range(from..).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_query::Stream;

    #[test]
    fn the_newest_are_kept_within_bounds() {
        let mut ring = Ring::default();
        for sequence in 0..10_000 {
            assert_eq!(ring.next(), sequence);
            ring.push(LogLine {
                sequence,
                at: jiff::Timestamp::UNIX_EPOCH,
                service: "a".into(),
                instance: Some(0),
                run: None,
                stream: Some(Stream::Out),
                text: "x".repeat(100),
            });
        }
        assert!(ring.bytes <= CAPACITY && ring.lines.len() > 1_000);
        assert_eq!(ring.since(9_998).len(), 2);
        assert_eq!(ring.since(0).last().unwrap().sequence, 9_999);
        assert!(ring.since(10_000).is_empty());
    }
}
