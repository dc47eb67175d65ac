//! A countdown shows the time since an instant, which may be reset, or the time until a day.

use identity::account::AccountId;
use identity::grant::{self, GrantError, Scope, ScopeKind};
use identity::person::slug;
use identity::session::signed_in::{Confirmed, SignedIn};
use identity::session::token::TokenScope;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::audit::{self, Entity, RequestFacts};
use platform::id::Id as _;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use site::proof::{Proof, Requester};
use utoipa::ToSchema;
use web::Findings;

use crate::Refusal;
use crate::calendar::{DayCounting, LeapDay, Repeat, Target};

platform::id!(CountdownId, "One countdown.");

/// The maximum length of a title, in characters.
pub(crate) const TITLE: usize = 80;
/// The maximum number of countdowns of an account.
pub const LIMIT: i64 = 100;

/// Each countdown is a scope of this kind, in which its owners have their role.
pub static COUNTDOWN: ScopeKind = ScopeKind {
    name: "countdown",
    top: OWNER,
    below: &[],
    duties: &[],
    only: "countdown-token-one",
    home: "/me/countdowns",
    makes_hosts: false,
    invites_newcomers: false,
};
/// The role of the creator, and of everybody who accepted an invite.
pub const OWNER: grant::Role = grant::Role::new("countdown_owner", "countdown-join-as-owner");

/// The scope of API tokens for reading countdowns as their owners see them.
pub const READ: TokenScope = TokenScope::new("countdowns:read", "countdown-scope-read");
/// The scope of API tokens for creating, changing, resetting and deleting countdowns.
pub const WRITE: TokenScope = TokenScope::new("countdowns:write", "countdown-scope-write");

web::words! {
    /// The direction in which a countdown counts.
    Kind {
        /// Up, since the last reset.
        Since = "since" => "countdown-kind-since",
        /// Down, to a day.
        Until = "until" => "countdown-kind-until",
    }
}

web::words! {
    /// The people who can see a countdown.
    Visibility {
        /// Only the countdown's owners.
        Private = "private" => "countdown-private",
        /// The countdown's owners, and the trusted contacts of the account whose slug is in the
        /// URL.
        Trusted = "trusted" => "countdown-trusted",
        /// The countdown's owners, and everybody who has its private link.
        Unlisted = "unlisted" => "countdown-unlisted",
        /// Everybody who knows the countdown's URL.
        Public = "public" => "countdown-public",
    }
}

web::words! {
    /// The content that is shown after a countdown's day has come.
    After {
        /// The time that has passed since the day.
        CountUp = "count_up" => "countdown-after-count-up",
        /// Only the statement that the day has come.
        Freeze = "freeze" => "countdown-after-freeze",
        /// Nothing. Only the owners can still see the countdown.
        Hide = "hide" => "countdown-after-hide",
    }
}

impl Visibility {
    /// Whether people who are not signed in can see a countdown with this visibility.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Unlisted | Self::Public)
    }
}

/// A countdown, as its owners see it.
#[expect(clippy::struct_excessive_bools, reason = "each is chosen by itself")]
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Countdown {
    /// The countdown's id.
    pub id: CountdownId,
    /// The title, 1–80 characters.
    pub title: String,
    /// The slug in URLs, 2–50 characters of `a-z0-9-`; if omitted, it is made from the title.
    pub slug: String,
    /// The direction of counting. It is set at creation and never changes.
    pub kind: Kind,
    /// The id of the date that the countdown follows; empty if it follows no date. Only the person
    /// whose account is in the countdown's URL can choose it, and only in a browser. The countdown
    /// then takes its day and time zone from that date.
    pub follows: String,
    /// A day or a local time, `2027-01-16` or `2027-01-16T18:00`; empty for a countdown that counts
    /// up. An offset, as in `2027-10-31T02:30+01:00`, selects one of two equal local times.
    pub target: String,
    /// The IANA name of the time zone.
    pub time_zone: String,
    /// How whole days are counted.
    pub day_counting: DayCounting,
    /// How often the day recurs.
    pub repeat: Repeat,
    /// The date of an anniversary of 29 February in a year without that day.
    pub leap_day: LeapDay,
    /// The content that is shown after the day has come.
    pub after: After,
    /// The people who can see the countdown.
    pub visibility: Visibility,
    /// Whether the countdown is in the directory, which is only possible for public countdowns.
    pub listed: bool,
    /// Whether others see the notes of resets.
    pub show_notes: bool,
    /// Whether others see the statistics of earlier runs.
    pub show_stats: bool,
    /// Whether others see the phrase of the day.
    pub show_phrase: bool,
    /// Whether this is the main countdown, at `/{account}/incident-timer`.
    pub is_primary: bool,
    /// The version, which increases with every change. A change must contain the version on which
    /// it is based.
    pub version: i64,
}

impl Countdown {
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// The day or time to which the countdown counts at `now`; `None` if it counts up.
    pub fn target_at(&self, now: Timestamp) -> Option<Target> {
        let first: Target = self.target.parse().ok()?;
        Some(first.current(self.repeat, self.leap_day, &self.zone(), now))
    }

    pub(crate) fn blank(id: CountdownId, kind: Kind, time_zone: &str) -> Self {
        Self {
            id,
            title: String::new(),
            slug: String::new(),
            kind,
            follows: String::new(),
            target: String::new(),
            time_zone: time_zone.to_owned(),
            day_counting: match kind {
                Kind::Since => DayCounting::Elapsed,
                Kind::Until => DayCounting::Calendar,
            },
            repeat: Repeat::None,
            leap_day: LeapDay::Feb28,
            after: After::CountUp,
            visibility: Visibility::Private,
            listed: false,
            show_notes: false,
            show_stats: true,
            show_phrase: false,
            is_primary: false,
            version: 1,
        }
    }

    /// Validates rules that concern several fields, and fills in derived values.
    pub(crate) fn check(&mut self, old: Option<&Self>, now: Timestamp, findings: &mut Findings) {
        if TimeZone::get(&self.time_zone).is_err() {
            findings.add("/time_zone", "time_zone_unknown", []);
        }
        if self.title.is_empty() {
            findings.add("/title", "required", []);
        }
        if self.slug.is_empty() {
            self.slug = self.proposed_slug();
        } else if !findings.has("/slug") && !slug::is_valid(&self.slug) {
            findings.add("/slug", "slug_invalid", []);
        }
        let is_lowered = old.is_some_and(|old| old.visibility == Visibility::Public && old.listed);
        if self.visibility != Visibility::Public && is_lowered {
            self.listed = false;
        } else if self.visibility != Visibility::Public && self.listed {
            findings.add("/listed", "listed_requires_public", []);
        }
        match (self.kind, self.target.as_str()) {
            (Kind::Since, "") => {}
            (Kind::Since, _) => findings.add("/target", "not_allowed", []),
            // The chosen date was refused, so the missing target is not reported as well.
            (Kind::Until, _) if findings.has("/follows") => {}
            (Kind::Until, "") => findings.add("/target", "required", []),
            (Kind::Until, _) => self.check_target(old, now, findings),
        }
    }

    /// A slug made from the title. If the title yields no valid slug, the slug is made from the id.
    fn proposed_slug(&self) -> String {
        let of_title = slug::from_name(&self.title);
        if slug::is_valid(&of_title) {
            return of_title;
        }
        let ending = self.id.as_str().len().saturating_sub(6);
        format!("countdown-{}", &self.id.as_str()[ending..])
    }

    fn check_target(&self, old: Option<&Self>, now: Timestamp, findings: &mut Findings) {
        let parsed = self.target.parse::<Target>().ok();
        let Some(target) = parsed.filter(|target| target.fits(&self.zone())) else {
            findings.add("/target", "date_invalid", []);
            return;
        };
        let instant = target.instant(&self.zone());
        let Some(instant) = instant.filter(|_| target.date().year() >= 1900) else {
            findings.add("/target", "target_out_of_range", []);
            return;
        };
        let is_chosen =
            old.is_none_or(|old| (&old.target, old.after) != (&self.target, self.after));
        let goes_on = self.after == After::CountUp || self.repeat != Repeat::None;
        if is_chosen && instant <= now && !goes_on {
            findings.add("/target", "target_in_past", []);
        }
    }
}

pub fn scope(id: &CountdownId) -> Scope {
    COUNTDOWN.scope(id)
}

/// A value that proves that a person is an owner of a countdown. Only [`enter`] makes one.
#[derive(Debug)]
pub struct OwnerOf {
    who: SignedIn,
    request: RequestFacts,
    countdown: Countdown,
}

impl OwnerOf {
    pub fn countdown(&self) -> &Countdown {
        &self.countdown
    }

    /// The signed-in caller, and the request's data for the audit log.
    pub(crate) fn asking(&self) -> (&SignedIn, &RequestFacts) {
        (&self.who, &self.request)
    }

    pub fn account(&self) -> &AccountId {
        &self.who.account().id
    }

    pub(crate) fn record(
        &self,
        tx: &mut Tx<'_>,
        action: &'static str,
        changes: Value,
    ) -> Result<(), StoreError> {
        let id = self.countdown.id.to_string();
        tx.record(audit::Entry {
            actor: self.who.actor(),
            action,
            scope: Some(id.clone()),
            entity: Entity::new("countdown", id),
            changes,
            request: Some(self.request.clone()),
        })
    }
}

impl Proof for OwnerOf {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let id = requester.id("id")?;
        enter(tx, &requester.who, &id, &requester.request)
    }

    fn enter_to_change(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let id = requester.id("id")?;
        enter_locked(tx, &requester.who, &id, &requester.request)
    }
}

/// Checks that `who` owns the countdown, and returns the countdown with its owner.
pub fn enter(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    id: &CountdownId,
    request: &RequestFacts,
) -> Result<OwnerOf, Refusal> {
    grant::rank_in(tx, who, &scope(id))?.ok_or(Refusal::NotFound)?;
    let countdown = load(tx, id)?.ok_or(Refusal::NotFound)?;
    let (who, request) = (who.clone(), request.clone());
    Ok(OwnerOf {
        who,
        request,
        countdown,
    })
}

/// Like [`enter`], but locks the countdown, as every change requires.
pub fn enter_locked(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    id: &CountdownId,
    request: &RequestFacts,
) -> Result<OwnerOf, Refusal> {
    let _: Option<(CountdownId,)> = sql!(
        "SELECT id FROM countdown WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    enter(tx, who, id, request)
}

pub(crate) fn load(tx: &mut Tx<'_>, id: &CountdownId) -> Result<Option<Countdown>, StoreError> {
    sql!("SELECT {Countdown} FROM countdown WHERE id = :id", id).maybe(tx)
}

/// The account whose slug is in the countdown's URL.
pub(crate) fn account_of(tx: &mut Tx<'_>, id: &CountdownId) -> Result<AccountId, StoreError> {
    let (account,): (AccountId,) =
        sql!("SELECT account_id FROM countdown WHERE id = :id", id).one(tx)?;
    Ok(account)
}

/// Lists the countdowns of `who`, by title.
pub fn list(tx: &mut Tx<'_>, who: &SignedIn) -> Result<Vec<Countdown>, StoreError> {
    let mut all = Vec::new();
    for (id, _) in grant::ranks_of(tx, who, &COUNTDOWN)? {
        all.extend(load(tx, &CountdownId::from_text(id))?);
    }
    all.sort_by(|one, other| one.title.cmp(&other.title));
    Ok(all)
}

/// Checks that `who` may create a countdown, which requires a confirmed email address.
pub fn maker(tx: &mut Tx<'_>, who: &SignedIn) -> Result<Confirmed, Refusal> {
    identity::session::signed_in::confirmed(tx, who)?.ok_or(Refusal::EmailUnverified)
}

/// Adds a number to a generated slug if another countdown of the account has the same slug. The
/// caller holds the account's lock.
pub(crate) fn free_slug(
    tx: &mut Tx<'_>,
    account: &AccountId,
    base: &str,
) -> Result<String, StoreError> {
    let taken: Vec<(String,)> = sql!(
        "SELECT slug FROM countdown WHERE account_id = :account",
        account
    )
    .all(tx)?;
    let numbered = (2..).map(|number: u32| {
        let kept = base.len().min(45);
        format!("{}-{number}", base[..kept].trim_end_matches('-'))
    });
    let mut all = std::iter::once(base.to_owned()).chain(numbered);
    let free = all.find(|slug| taken.iter().all(|(other,)| other != slug));
    Ok(free.unwrap_or_default())
}

/// Inserts a countdown that did not come from a form, and makes the account its owner. The
/// countdown's slug must be free.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    account: &AccountId,
    new: &Countdown,
    created_at: Timestamp,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO countdown (account_id, {Countdown}, revision, link_generation, created_at,
             updated_at)
         VALUES (:account, {:Countdown}, 1, 1, :created_at, :now)",
        account,
        Countdown = new,
        created_at,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    give(tx, account, &new.id)
}

pub(crate) fn give(
    tx: &mut Tx<'_>,
    account: &AccountId,
    id: &CountdownId,
) -> Result<(), StoreError> {
    match grant::give(tx, account, OWNER, &scope(id), None) {
        Err(GrantError::Store(error)) => Err(error),
        // No other error is possible, because the scope is new and the role exists in this kind of
        // scope.
        _ => Ok(()),
    }
}
