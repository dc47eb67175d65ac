//! Which lines somebody wants, and those that are still to come.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::control::Control;
use crate::fleet::Fleet;
use crate::output::{Line, MOST_BYTES, Output};

/// So many lines are given at once.
const MOST_LINES: usize = 10_000;

/// Which lines somebody wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
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
    /// What somebody who follows has seen last of each service, and goes on after.
    pub seen: BTreeMap<String, Seen>,
}

/// A line that somebody has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When it was said.
    pub at: Timestamp,
    /// That of the line.
    pub sequence: u64,
}

impl Wish {
    pub(crate) fn fits(&self, line: &Line) -> bool {
        (self.instance.is_none() || self.instance == line.instance)
            && self.since.is_none_or(|since| since <= line.at)
            && self
                .grep
                .as_ref()
                .is_none_or(|text| line.text.contains(text))
    }

    pub(crate) fn most(&self) -> usize {
        self.last.unwrap_or(MOST_LINES).min(MOST_LINES)
    }

    /// Puts lines of one more service among the newest of others, by time; those of one are in
    /// order. Once there are enough, older ones are not wished for any more.
    pub(crate) fn gather(&mut self, lines: &mut Vec<Line>, mut more: Vec<Line>) {
        let is_first = lines.is_empty();
        lines.append(&mut more);
        if !is_first {
            lines.sort_by_key(|line| line.at);
        }
        let mut bytes = 0;
        let newest = lines.iter().rev().take(self.most()).take_while(|line| {
            bytes += line.text.len();
            bytes <= MOST_BYTES
        });
        let newest = newest.count();
        let is_enough = newest == self.most() || newest < lines.len();
        lines.drain(..lines.len() - newest);
        if is_enough {
            self.since = self.since.max(lines.iter().map(|line| line.at).min());
        }
    }

    /// Whether not every line of a service is wanted.
    fn is_choosy(&self) -> bool {
        self.instance.is_some() || self.grep.is_some()
    }
}

/// The lines of services as they come, each once.
pub struct Follow {
    control: Control,
    fleet: watch::Receiver<Fleet>,
    followed: Vec<Followed>,
    /// What was said before.
    before: Vec<Line>,
    wish: Wish,
}

/// One service.
struct Followed {
    output: Weak<Output>,
    news: watch::Receiver<u64>,
    next: u64,
}

/// Lines that have come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The lines that were wanted.
    pub lines: Vec<Line>,
    /// So many came and were forgotten before they were asked for: the reader is slower than the
    /// service, and they are in the file.
    pub missed: u64,
}

impl Follow {
    pub(crate) async fn begin(control: Control, outputs: Vec<Arc<Output>>, wish: Wish) -> Self {
        let fleet = control.fleet();
        let mut last = Wish {
            last: Some(wish.last.unwrap_or(0)),
            ..wish.clone()
        };
        let (mut followed, mut before) = (Vec::new(), Vec::new());
        for output in &outputs {
            let newest = *output.news().borrow();
            let next = if let Some(seen) = wish.seen.get(&**output.service()) {
                let next = output.after(seen);
                // What was seen last was wanted: what came after it may have been judged already.
                let judged = wish.is_choosy().then(|| output.first());
                next.max(judged.unwrap_or(next))
            } else {
                let mut said = output.said(&last).await;
                said.retain(|line| line.sequence < newest);
                last.gather(&mut before, said);
                newest
            };
            followed.push(Followed::new(output, next));
        }
        Self {
            control,
            fleet,
            followed,
            before,
            wish,
        }
    }

    /// Waits for lines; nothing: the service is gone.
    pub async fn next(&mut self) -> Option<Heard> {
        let lines = std::mem::take(&mut self.before);
        if !lines.is_empty() {
            return Some(Heard { lines, missed: 0 });
        }
        loop {
            self.followed
                .retain(|followed| followed.output.strong_count() > 0);
            let (mut lines, mut missed) = (Vec::new(), 0);
            for followed in &mut self.followed {
                missed += followed.hear(&self.wish, &mut lines);
            }
            if missed > 0 || !lines.is_empty() {
                let lines = self.in_order(lines);
                return Some(Heard { lines, missed });
            }
            if self.wish.service.is_some() && self.followed.is_empty() {
                return None;
            }
            self.wait().await?;
        }
    }

    /// Waits until somebody said something, or there is another service; nothing: nobody will.
    async fn wait(&mut self) -> Option<()> {
        let mut news = JoinSet::new();
        for followed in &self.followed {
            let (mut newest, next) = (followed.news.clone(), followed.next);
            news.spawn(async move { newest.wait_for(|newest| *newest > next).await.is_ok() });
        }
        tokio::select! {
            Some(_) = news.join_next() => Some(()),
            Ok(()) = self.fleet.changed(), if self.wish.service.is_none() => self.look().await,
            () = self.control.closed() => None,
        }
    }

    /// Follows services that have come since.
    async fn look(&mut self) -> Option<()> {
        for output in self.control.outputs(&self.wish).await.ok()? {
            let here = Arc::downgrade(&output);
            let known = |followed: &Followed| followed.output.ptr_eq(&here);
            if !self.followed.iter().any(known) {
                self.followed.push(Followed::new(&output, output.first()));
            }
        }
        Some(())
    }

    /// Those of several services by time; those of one are in order.
    fn in_order(&self, mut lines: Vec<Line>) -> Vec<Line> {
        if self.followed.len() > 1 {
            lines.sort_by_key(|line| line.at);
        }
        lines
    }
}

impl Followed {
    fn new(output: &Arc<Output>, next: u64) -> Self {
        Self {
            output: Arc::downgrade(output),
            news: output.news(),
            next,
        }
    }

    /// Takes what has come; says how many lines are forgotten already.
    fn hear(&mut self, wish: &Wish, heard: &mut Vec<Line>) -> u64 {
        let Some(output) = self.output.upgrade() else {
            return 0;
        };
        let lines = output.since(self.next);
        let Some((first, last)) = lines.first().zip(lines.last()) else {
            return 0;
        };
        let missed = first.sequence.saturating_sub(self.next);
        self.next = last.sequence + 1;
        heard.extend(lines.into_iter().filter(|line| wish.fits(line)));
        missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of so many bytes, said at these seconds.
    fn said(seconds: impl IntoIterator<Item = i64>, bytes: usize) -> Vec<Line> {
        let line = |second| Line {
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

    fn seconds(lines: &[Line]) -> Vec<i64> {
        lines.iter().map(|line| line.at.as_second()).collect()
    }

    #[test]
    fn the_newest_of_all_services_are_given() {
        let mut wish = Wish {
            last: Some(3),
            ..Wish::default()
        };
        let mut lines = Vec::new();
        wish.gather(&mut lines, said([1, 4], 1));
        assert_eq!(wish.since, None);
        wish.gather(&mut lines, said([2, 3, 5], 1));
        assert_eq!(seconds(&lines), [3, 4, 5]);
        let oldest = Timestamp::from_second(3).unwrap();
        assert_eq!(wish.since, Some(oldest), "nobody looks for older ones");
        wish.gather(&mut lines, said([6], 1));
        assert_eq!(seconds(&lines), [4, 5, 6]);
    }

    #[test]
    fn all_services_together_give_no_more_than_one_may() {
        let (mut wish, mut lines) = (Wish::default(), Vec::new());
        let piece = MOST_BYTES / 4;
        for first in 0..4 {
            wish.gather(&mut lines, said([first, first + 10, first + 20], piece));
            let bytes: usize = lines.iter().map(|line| line.text.len()).sum();
            assert!(bytes <= MOST_BYTES);
        }
        assert_eq!(seconds(&lines), [20, 21, 22, 23]);
    }
}
