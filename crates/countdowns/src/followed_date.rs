//! Countdowns that follow a date of another domain. A follower copies the date's day and time zone,
//! and every later change to them.

use identity::account::AccountId;
use identity::session::signed_in::SignedIn;
use platform::audit::{Actor, Entity, Entry};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use site::dates::{self, Date, Dates};
use site::resource::Resource as _;
use web::{Findings, fields};

use crate::calendar::DayCounting;
use crate::countdown::{self, Countdown, CountdownId, Kind};
use crate::day_reached;
use crate::webhook::{self, About, Event};

/// The person who chooses a date to follow, and the dates that domains offer.
pub(crate) struct Choice<'a> {
    pub(crate) who: &'a SignedIn,
    /// The account whose slug is in the countdown's URL. The countdown can follow only this
    /// account's dates.
    pub(crate) account: &'a AccountId,
    pub(crate) dates: Dates,
}

impl Choice<'_> {
    /// Copies the day and time zone of the chosen date into the countdown. A new countdown then
    /// counts down. If it has no title, it takes the title of the date.
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
        // An API token for countdowns must not reveal the owner's dates.
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

/// Makes the countdown follow its date, so that later and concurrent changes to the date update the
/// countdown.
pub(crate) fn begin(tx: &mut Tx<'_>, new: &Countdown) -> Result<(), StoreError> {
    if new.follows.is_empty() {
        return Ok(());
    }
    dates::moved(tx, &new.follows)
}

/// Updates every countdown that follows a changed date. A countdown keeps its day and stops
/// following if the date was deleted, or if the countdown's account may no longer see the date.
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

/// The caller holds the countdown's lock.
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
    day_reached::plan(tx, &new)?;
    day_reached::announce(tx, &new.id)?;
    webhook::fire(tx, &new, Event::Changed, About::Nothing)?;
    tx.record(Entry {
        actor: Actor::System,
        action: "countdown.changed",
        entity: Entity::new("countdown", new.id.to_string()),
        scope: Some(new.id.to_string()),
        changes: json!(changes),
        request: None,
    })
}
