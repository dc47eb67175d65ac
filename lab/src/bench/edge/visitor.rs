//! Visitors who request pages and occasionally send a form, each on one connection.

use std::time::Duration;

use anyhow::Result;

use super::doors::Door;
use super::{Row, Turn};
use crate::bench::client::{Answer, get, send_json};
use crate::bench::load::{Conversation, drive, figure};

/// One in so many requests.
const FORMS: usize = 20;

pub(super) async fn ask(door: &Door, row: Row, duration: Duration) -> Result<Turn> {
    let visitors = (0..row.connections).map(|number| Visitor {
        path: row.case.path,
        // Visitors start with different numbers, so that they do not all send their form at once.
        asked: number,
    });
    let used = || door.server.processor_time();
    let address = door.server.address;
    let (turn, [before, after]) = drive(address, visitors.collect(), duration, used).await?;
    let used = after.saturating_sub(before);
    Ok(Turn {
        per_second: turn.per_second,
        cost_us: used.as_secs_f64() * 1e6 / figure(turn.answers),
        p99_us: turn.p99.as_secs_f64() * 1e6,
        instructions: None,
    })
}

struct Visitor {
    path: &'static str,
    asked: usize,
}

impl Conversation for Visitor {
    fn ask(&mut self, request: &mut Vec<u8>) {
        self.asked += 1;
        request.extend(if self.asked.is_multiple_of(FORMS) {
            send_json("POST", self.path, "", &"k".repeat(1 << 10))
        } else {
            get(self.path, "")
        });
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)
    }
}
