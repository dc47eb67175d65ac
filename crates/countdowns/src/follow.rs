//! A countdown to a date that is kept elsewhere: its day and zone are that date's, and move with it.

use accounts::account::AccountId;
use accounts::dates::{self, Date, Dates};
use accounts::signed_in::SignedIn;
use accounts::web::resource::Resource as _;
use platform::audit::{Actor, Entry};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use web::{Findings, fields};

use crate::calendar::DayCounting;
use crate::countdown::{self, Countdown, CountdownId, Kind};
use crate::reach;
use crate::webhook::event::{self, About, Event};

/// Who chooses a date, and among which.
pub(crate) struct Choice<'a> {
    pub(crate) who: &'a SignedIn,
    /// Under whose name the countdown is found: their dates may be followed, for as long as they
    /// have them.
    pub(crate) account: &'a AccountId,
    pub(crate) dates: Dates,
}

impl Choice<'_> {
    /// Gives the countdown the day and the zone of the date that was chosen for it; a new one also
    /// counts to it, and is called as it is where nobody said otherwise.
    pub(crate) fn settle(
        &self,
        tx: &mut Tx<'_>,
        new: &mut Countdown,
        old: Option<&Countdown>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        if new.follows.is_empty() {
            return Ok(());
        }
        if let Some(old) = old.filter(|old| old.follows == new.follows) {
            new.target.clone_from(&old.target);
            new.time_zone.clone_from(&old.time_zone);
            return Ok(());
        }
        // A token for countdowns says nothing of what else its owner has.
        let is_own = self.who.is_in_browser() && self.who.account().id == *self.account;
        let counts_up = old.is_some_and(|old| old.kind == Kind::Since);
        if !is_own || counts_up {
            findings.add("/follows", "not_allowed", []);
            return Ok(());
        }
        match self.dates.find(tx, self.account, &new.follows)? {
            None => findings.add("/follows", "unknown_option", []),
            Some(date) => {
                if new.kind == Kind::Since {
                    new.kind = Kind::Until;
                    new.day_counting = DayCounting::Calendar;
                }
                if new.title.is_empty() {
                    new.title = date.label.chars().take(countdown::TITLE).collect();
                }
                new.target = date.at;
                new.time_zone = date.time_zone;
            }
        }
        Ok(())
    }
}

/// Whatever moves its date from now on finds it, and so does whatever is moving it just now.
pub(crate) fn begin(tx: &mut Tx<'_>, new: &Countdown) -> Result<(), StoreError> {
    if new.follows.is_empty() {
        return Ok(());
    }
    dates::moved(tx, &new.follows)
}

/// Looks again at a date for all countdowns that follow it: it was moved, is gone, or is not for
/// whoever follows it any more. Then the last day stays.
pub(crate) fn follow(tx: &mut Tx<'_>, dates: Dates, id: &str) -> Result<(), StoreError> {
    let all: Vec<(CountdownId, AccountId)> = sql!(
        "SELECT id, account_id FROM countdown WHERE follows = :id ORDER BY id FOR NO KEY UPDATE",
        id
    )
    .all(tx)?;
    for (countdown, account) in all {
        let date = dates.find(tx, &account, id)?;
        if let Some(old) = countdown::load(tx, &countdown)? {
            go_along(tx, &old, date)?;
        }
    }
    Ok(())
}

/// The lock of the countdown is held.
fn go_along(tx: &mut Tx<'_>, old: &Countdown, date: Option<Date>) -> Result<(), StoreError> {
    let mut new = old.clone();
    match date {
        Some(date) => {
            new.target = date.at;
            new.time_zone = date.time_zone;
        }
        None => new.follows = String::new(),
    }
    let changes = fields::difference(Countdown::FIELDS, old, &new);
    if changes.is_empty() {
        return Ok(());
    }
    new.version += 1;
    sql!(
        "UPDATE countdown SET {Countdown = :Countdown}, updated_at = :now WHERE id = :id",
        Countdown = new,
        now = tx.now(),
        id = old.id
    )
    .run(tx, Rows::Exactly(1))?;
    reach::plan(tx, &new)?;
    reach::announce(tx, &new.id)?;
    event::fire(tx, &new, Event::Changed, About::Nothing)?;
    tx.record(Entry {
        actor: Actor::System,
        action: "countdown.changed",
        entity: ("countdown", new.id.to_string()),
        scope: Some(new.id.to_string()),
        changes: json!(changes),
        request: None,
    })
}
