//! Countdowns as a list of items that their owners create, change and delete.

use identity::account::{self, AccountId};
use identity::person::slug;
use identity::session::signed_in::{Confirmed, SignedIn};
use identity::session::sudo;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::audit::{Entity, Entry, RequestFacts};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::Value;
use site::dates::Dates;
use site::proof::{Proof, Requester};
use site::resource::{self, Edit, History, Parent, Removal, Resource, TypedRemoval, history_of};
use web::codes::SLUG_TAKEN;
use web::fields::{choice, flag, key, line};
use web::{Field, Findings, Input, List, PageQuery};

use crate::Refusal;
use crate::calendar::{Repeat, Target};
use crate::countdown::{
    self, Countdown, CountdownId, Kind, LIMIT, OwnerOf, TITLE, Visibility, account_of, free_slug,
};
use crate::followed_date::{self, Choice};
use crate::reset::{self, Sent};
use crate::webhook::{self, About, Event};
use crate::{day_reached, leaving};

/// The signed-in person as the owner of countdowns.
#[derive(Clone, Debug)]
pub struct Keeper {
    pub who: SignedIn,
    request: RequestFacts,
    /// The dates of all domains that a countdown can follow.
    pub(crate) dates: Dates,
}

impl Keeper {
    pub(crate) fn new(who: &SignedIn, request: &RequestFacts, dates: Dates) -> Self {
        Self {
            who: who.clone(),
            request: request.clone(),
            dates,
        }
    }

    fn may_make(&self, tx: &mut Tx<'_>) -> Result<AccountId, Refusal> {
        countdown::maker(tx, &self.who)?;
        if self.who.is_limited() {
            return Err(Refusal::TokenNotPermitted);
        }
        let account = &self.who.account().id;
        account::lock(tx, account)?;
        Ok(account.clone())
    }
}

impl Proof for Keeper {
    type Refusal = Refusal;

    fn enter(_: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let dates = requester.declared().unwrap_or(Dates(&[]));
        Ok(Self::new(&requester.who, &requester.request, dates))
    }
}

impl Parent for Keeper {
    type Permission = ();
    const OWN: () = ();

    fn zone(&self, _: &mut Tx<'_>) -> Result<TimeZone, Refusal> {
        let zone = TimeZone::get(&self.who.account().time_zone);
        Ok(zone.unwrap_or(TimeZone::UTC))
    }

    fn record(
        &self,
        tx: &mut Tx<'_>,
        entity: Entity,
        action: &'static str,
        changes: Value,
    ) -> Result<(), StoreError> {
        tx.record(Entry {
            actor: self.who.actor(),
            action,
            scope: Some(entity.id.clone()),
            entity,
            changes,
            request: Some(self.request.clone()),
        })
    }
}

impl Resource for Countdown {
    type Parent = Keeper;
    const FIELDS: &'static [Field] = web::fields! { Countdown:
        title: line(TITLE).label("countdown-title"),
        kind: choice().label("countdown-kind").fixed(),
        follows: line(64).label("countdown-follows").hint("countdown-follows-hint"),
        target: line(16).label("countdown-target"),
        repeat: choice().label("countdown-repeat"),
        after: choice().label("countdown-after"),
        leap_day: choice().label("countdown-leap-day"),
        time_zone: line(64).label("countdown-time-zone"),
        day_counting: choice().label("countdown-days"),
        slug: key(0, 50).label("countdown-slug").hint("countdown-slug-hint"),
        visibility: choice().label("countdown-visibility"),
        listed: flag().label("countdown-listed"),
        show_notes: flag().label("countdown-show-notes"),
        show_stats: flag().label("countdown-show-stats"),
        show_phrase: flag().label("countdown-show-phrase").hint("countdown-show-phrase-hint"),
        is_primary: flag().label("countdown-is-primary").hint("countdown-is-primary-hint"),
    };
    const HISTORY: History = history_of!("countdown", named_by: "title", removed: "deleted");
    const TYPED_REMOVAL: TypedRemoval = TypedRemoval::People;
    /// The audit log omits the title of a deleted countdown. Later, the title's owner would be
    /// unknown, so the title could not be erased together with the owner's data.
    const IS_FORGOTTEN: bool = true;

    fn key(&self) -> &str {
        &self.title
    }

    fn address(&self) -> &str {
        self.id.as_str()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn list(tx: &mut Tx<'_>, keeper: &Keeper, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(countdown::list(tx, &keeper.who)?))
    }

    fn find(tx: &mut Tx<'_>, keeper: &Keeper, id: &str) -> Result<Self, Refusal> {
        let id: CountdownId = id.parse().map_err(|_| Refusal::NotFound)?;
        let owner = countdown::enter(tx, &keeper.who, &id, &keeper.request)?;
        Ok(owner.countdown().clone())
    }

    fn find_locked(tx: &mut Tx<'_>, keeper: &Keeper, id: &str) -> Result<Self, Refusal> {
        let id: CountdownId = id.parse().map_err(|_| Refusal::NotFound)?;
        let owner = countdown::enter_locked(tx, &keeper.who, &id, &keeper.request)?;
        Ok(owner.countdown().clone())
    }

    fn blank(tx: &mut Tx<'_>, keeper: &Keeper, input: &Input, _: &[Self]) -> Result<Self, Refusal> {
        let kind = Kind::find(input.text("kind")).unwrap_or(Kind::Since);
        let mut new = Self::blank(tx.id(), kind, &keeper.who.account().time_zone);
        if let Input::Form(form, _) = input {
            // Links to the form can contain these values.
            form.text("title").clone_into(&mut new.title);
            form.text("target").clone_into(&mut new.target);
            new.repeat = Repeat::find(form.text("repeat")).unwrap_or(new.repeat);
            new.visibility = Visibility::Unlisted;
        }
        Ok(new)
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let keeper = edit.parent;
        let account = match edit.old {
            None => keeper.may_make(tx)?,
            Some(old) => account_of(tx, &old.id)?,
        };
        let choice = Choice {
            who: &keeper.who,
            account: &account,
            dates: keeper.dates,
        };
        choice.settle(tx, self, edit.old, findings)?;
        self.check(edit.old, tx.now(), findings);
        if let Some(said) = self.said_begin(edit) {
            match self.begin(said) {
                Some(begin) => reset::check("/since", begin, tx.now(), findings),
                None if said.is_empty() => findings.add("/since", "required", []),
                None => findings.add("/since", "date_invalid", []),
            }
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        let account = &edit.parent.who.account().id;
        if !edit.input.has("slug") {
            self.slug = free_slug(tx, account, &self.slug)?;
        }
        let (count,): (i64,) = sql!(
            "SELECT COUNT(*) FROM countdown WHERE account_id = :account",
            account
        )
        .one(tx)?;
        if count >= LIMIT {
            return Err(Refusal::LimitReached(LIMIT));
        }
        let inserted = sql!(
            "INSERT INTO countdown (account_id, {Countdown}, revision, link_generation, created_at,
                 updated_at)
             VALUES (:account, {:Countdown}, 1, 1, :now, :now)
             ON CONFLICT (account_id, slug) DO NOTHING",
            account,
            Countdown = Countdown {
                is_primary: false,
                ..self.clone()
            },
            now = tx.now()
        )
        .run(tx, Rows::AtMostOne)?;
        if inserted == 0 {
            return Err(SLUG_TAKEN.into());
        }
        if self.is_primary {
            make_primary(tx, account, &self.id)?;
        }
        slug::of(tx, account)?;
        countdown::give(tx, account, &self.id)?;
        day_reached::plan(tx, self)?;
        followed_date::begin(tx, self)?;
        if let Some(begin) = self.said_begin(edit).and_then(|said| self.begin(said)) {
            let Keeper { who, request, .. } = edit.parent;
            let owner = countdown::enter_locked(tx, who, &self.id, request)?;
            let first = Sent {
                reset_at: Some(begin.to_string()),
                note: None,
            };
            reset::create(tx, &owner, &first)?;
        }
        Ok(())
    }

    fn update(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        let Some(old) = edit.old else { return Ok(()) };
        let id = &old.id;
        let becomes_primary = self.is_primary && !old.is_primary;
        // When a countdown becomes the main one, the previous main countdown changes too. A token
        // that is limited to one countdown may not do that.
        if becomes_primary && edit.parent.who.is_limited() {
            return Err(Refusal::TokenNotPermitted);
        }
        self.version += 1;
        // Every change to a slug or to the main countdown locks the account.
        let account = account_of(tx, id)?;
        account::lock(tx, &account)?;
        let (others,): (i64,) = sql!(
            "SELECT COUNT(*) FROM countdown
             WHERE account_id = :account AND slug = :slug AND id <> :id",
            account,
            slug = self.slug,
            id
        )
        .one(tx)?;
        if others > 0 {
            return Err(SLUG_TAKEN.into());
        }
        sql!(
            "UPDATE countdown SET {Countdown = :Countdown}, updated_at = :now WHERE id = :id",
            Countdown = Countdown {
                is_primary: old.is_primary && self.is_primary,
                ..self.clone()
            },
            now = tx.now(),
            id
        )
        .run(tx, Rows::Exactly(1))?;
        if becomes_primary {
            make_primary(tx, &account, id)?;
        }
        if old.visibility == Visibility::Unlisted && self.visibility != Visibility::Unlisted {
            // The new generation number invalidates old private links for good, even if the
            // countdown gets a new private link later.
            sql!(
                "UPDATE countdown SET link_generation = link_generation + 1 WHERE id = :id",
                id
            )
            .run(tx, Rows::Exactly(1))?;
        }
        day_reached::plan(tx, self)?;
        if self.follows != old.follows {
            followed_date::begin(tx, self)?;
        }
        day_reached::announce(tx, id)?;
        webhook::fire(tx, self, Event::Changed, About::Nothing)?;
        Ok(())
    }

    fn removal(&self, tx: &mut Tx<'_>, keeper: &Keeper, _: &[Self]) -> Result<Removal, Refusal> {
        sudo::require::<Refusal>(tx, &keeper.who)?;
        Ok(Removal::Delete)
    }

    fn delete(&self, tx: &mut Tx<'_>, _: &Keeper) -> Result<(), Refusal> {
        Ok(leaving::remove(tx, &self.id)?)
    }
}

impl Countdown {
    /// The typed start of a new countdown that counts up. Only the form has this field; API clients
    /// create the first reset with a separate request.
    fn said_begin<'a>(&self, edit: &Edit<'a, Self>) -> Option<&'a str> {
        match edit.input {
            Input::Form(form, _) if edit.old.is_none() && self.kind == Kind::Since => {
                form.find("since")
            }
            _ => None,
        }
    }

    fn begin(&self, said: &str) -> Option<Timestamp> {
        said.parse::<Target>().ok()?.instant(&self.zone())
    }
}

/// Creates a countdown that the caller owns.
pub fn create(
    tx: &mut Tx<'_>,
    who: &Confirmed,
    request: &RequestFacts,
    dates: Dates,
    input: &Input,
) -> Result<Countdown, Refusal> {
    let keeper = Keeper::new(who.who(), request, dates);
    resource::create(tx, &keeper, input)
}

/// Changes a locked countdown, unless the change is based on an outdated version.
pub fn change(
    tx: &mut Tx<'_>,
    owner: &OwnerOf,
    version: i64,
    dates: Dates,
    input: &Input,
) -> Result<Countdown, Refusal> {
    let (who, request) = owner.asking();
    let keeper = Keeper::new(who, request, dates);
    resource::change(tx, &keeper, owner.countdown().id.as_str(), version, input)
}

/// The caller holds the account's lock.
fn make_primary(tx: &mut Tx<'_>, account: &AccountId, id: &CountdownId) -> Result<(), StoreError> {
    sql!(
        "UPDATE countdown SET is_primary = 0, version = version + 1, revision = revision + 1
         WHERE account_id = :account AND is_primary = 1",
        account
    )
    .run(tx, Rows::AtMostOne)?;
    sql!("UPDATE countdown SET is_primary = 1 WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    Ok(())
}
