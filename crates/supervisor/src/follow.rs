//! Which lines somebody wants, and those that are still to come.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::control::Control;
use crate::fleet::Fleet;
use crate::output::{Line, Output};

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
        let last = Wish {
            last: Some(wish.last.unwrap_or(0)),
            ..wish.clone()
        };
        let (mut followed, mut before) = (Vec::new(), Vec::new());
        for output in &outputs {
            let newest = *output.news().borrow();
            let next = if let Some(seen) = wish.seen.get(&**output.service()) {
                output.after(seen)
            } else {
                let mut said = output.said(&last).await;
                said.retain(|line| line.sequence < newest);
                before.append(&mut said);
                newest
            };
            followed.push(Followed::new(output, next));
        }
        let mut follow = Self {
            control,
            fleet,
            followed,
            before: Vec::new(),
            wish,
        };
        follow.before = follow.in_order(before);
        follow.before = follow
            .before
            .split_off(follow.before.len().saturating_sub(last.most()));
        follow
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
