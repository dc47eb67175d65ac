//! Announces that a countdown's day has come, exactly once for each occurrence, even if several
//! processes run.

use jiff::{SignedDuration, Timestamp};
use platform::jobs::{self, Done, Handler, Job, JobError, NewJob};
use platform::news::NewNews;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::countdown::{self, Countdown, CountdownId};
use crate::webhook::{self, About, Event};

const KIND: &str = "countdown.reach";
/// How late the job may run after the day has come. A later run means that no process was running
/// when the day came.
const LATE: SignedDuration = SignedDuration::from_mins(1);

#[derive(Serialize, Deserialize)]
struct Payload {
    countdown: CountdownId,
}

/// The job that runs when a countdown's day comes.
pub(crate) fn handler() -> Handler {
    Handler::new(KIND, async |job: Job| {
        let Payload { countdown } = job.read()?;
        let write = move |tx: &mut Tx<'_>| reach(tx, &countdown).map(drop);
        Ok::<_, JobError>(Done::with(write))
    })
}

/// Schedules the job for the next occurrence of the countdown's day. The caller holds the
/// countdown's lock.
pub(crate) fn plan(tx: &mut Tx<'_>, countdown: &Countdown) -> Result<(), StoreError> {
    let at = next(countdown, tx.now());
    sql!(
        "UPDATE countdown SET reach_at = :at WHERE id = :id",
        at,
        id = countdown.id
    )
    .run(tx, Rows::Exactly(1))?;
    match at {
        Some(at) => enqueue(tx, &countdown.id, at),
        None => Ok(()),
    }
}

fn key(id: &CountdownId) -> String {
    format!("{KIND} {id}")
}

/// Cancels the scheduled job.
pub(crate) fn withdraw(tx: &mut Tx<'_>, id: &CountdownId) -> Result<(), StoreError> {
    jobs::withdraw(tx, &key(id))
}

fn enqueue(tx: &mut Tx<'_>, id: &CountdownId, at: Timestamp) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        key: Some(key(id)),
        run_at: Some(at),
        ..NewJob::new(KIND, json!({"countdown": id}))
    })
}

fn next(countdown: &Countdown, now: Timestamp) -> Option<Timestamp> {
    let zone = countdown.zone();
    // `target_at` returns the same day until that day ends, so the search also starts one and two
    // days later.
    let later =
        (0..3).filter_map(|days| now.checked_add(SignedDuration::from_hours(24 * days)).ok());
    let mut found = later.filter_map(|at| countdown.target_at(at)?.instant(&zone));
    found.find(|at| *at > now)
}

/// Announces that the day has come. Returns `false` if it has not come, or if it was already
/// announced.
pub fn reach(tx: &mut Tx<'_>, id: &CountdownId) -> Result<bool, StoreError> {
    let found: Option<(Option<Timestamp>,)> = sql!(
        "SELECT reach_at FROM countdown WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    let (Some((Some(at),)), Some(countdown)) = (found, countdown::load(tx, id)?) else {
        return Ok(false);
    };
    if at > tx.now() {
        // The owner has moved the day to a later date.
        enqueue(tx, id, at)?;
        return Ok(false);
    }
    plan(tx, &countdown)?;
    announce(tx, id)?;
    let is_late = tx.now().duration_since(at) > LATE;
    webhook::fire(tx, &countdown, Event::Reached, About::Late(is_late))?;
    Ok(true)
}

/// Increases the revision and notifies open pages. The caller holds the countdown's lock.
pub(crate) fn announce(tx: &mut Tx<'_>, id: &CountdownId) -> Result<(), StoreError> {
    sql!(
        "UPDATE countdown SET revision = revision + 1 WHERE id = :id",
        id
    )
    .run(tx, Rows::Exactly(1))?;
    tx.publish(NewNews {
        scope: id.to_string(),
        name: "countdown",
        payload: json!({}),
    })
}

#[cfg(test)]
mod tests {
    use platform::id::Id as _;

    use super::*;
    use crate::calendar::Repeat;
    use crate::countdown::Kind;

    #[test]
    fn the_next_day_lies_ahead() {
        let one = |target: &str, repeat| Countdown {
            target: target.to_owned(),
            repeat,
            ..Countdown::blank(CountdownId::from_text(String::new()), Kind::Until, "UTC")
        };
        let now: Timestamp = "2027-01-16T12:00:00Z".parse().unwrap();
        for (target, repeat, expected) in [
            ("2027-01-17", Repeat::None, Some("2027-01-17T00:00:00Z")),
            ("2027-01-16", Repeat::None, None),
            ("2027-01-16", Repeat::Weekly, Some("2027-01-23T00:00:00Z")),
            (
                "2027-01-16T18:00",
                Repeat::Weekly,
                Some("2027-01-16T18:00:00Z"),
            ),
            (
                "2020-01-16T12:00",
                Repeat::Yearly,
                Some("2028-01-16T12:00:00Z"),
            ),
        ] {
            let expected = expected.map(|at| at.parse().unwrap());
            assert_eq!(next(&one(target, repeat), now), expected, "{target}");
        }
    }
}
