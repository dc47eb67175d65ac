//! Links with which a group registers, such as a classroom behind one address. A registration with
//! a group link counts against the link and not against the network. The link gives no role, and
//! everybody still confirms their email address.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use platform::audit::{Entity, Entry, RequestFacts};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use web::Site;

use crate::account::{self, AccountId};
use crate::grant::{self, SITE, Scope};
use crate::scope::domain::{DomainAccounts, GroupPlace};
use crate::session::signed_in::SignedIn;

/// How many people may use a link.
pub const USES: RangeInclusive<i64> = 2..=200;
/// For how many days a link may be valid.
pub const DAYS: RangeInclusive<i64> = 1..=30;
/// The maximum number of links of one person that are valid at one time.
pub const LIMIT: i64 = 20;

const PURPOSE: &str = "accounts.group_link";

platform::id!(GroupLinkId, random, "One group link.");

/// A group link that can be used until it ends.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
#[row(table = "group_link")]
pub struct GroupLink {
    pub id: GroupLinkId,
    pub made_by: AccountId,
    /// What the link is for; empty if it only registers.
    pub title: String,
    /// The page to which people are led once they have confirmed their email address; may be empty.
    pub path: String,
    pub uses: i64,
    pub used: i64,
    pub expires_at: Timestamp,
}

impl GroupLink {
    pub fn url(&self, site: &Site) -> String {
        site.url().join(&format!("/group/{}", self.token(site)))
    }

    pub fn token(&self, site: &Site) -> String {
        let signature = site.keys.key(PURPOSE).sign(&[self.id.as_str()]);
        format!("{}.{signature}", self.id)
    }
}

/// The proof that a person may make group links: for everything as an administrator, or for the
/// places that a domain names.
#[derive(Clone, Debug)]
pub struct Maker {
    who: SignedIn,
    request: RequestFacts,
    is_administrator: bool,
    places: Vec<GroupPlace>,
}

impl Maker {
    /// The pages to which a link may lead.
    pub fn places(&self) -> &[GroupPlace] {
        &self.places
    }

    /// Whether a link may lead to no page.
    pub fn is_administrator(&self) -> bool {
        self.is_administrator
    }
}

/// Returns a [`Maker`] if `who` may make group links.
pub fn maker(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    who: &SignedIn,
    request: RequestFacts,
) -> Result<Option<Maker>, StoreError> {
    if !who.is_in_browser() {
        return Ok(None);
    }
    let rank = grant::rank_in(tx, who, &Scope::site())?;
    let is_administrator = rank.is_some_and(|rank| SITE.at_least(rank, grant::ADMIN));
    let of = (!is_administrator).then_some(&who.account().id);
    let mut places = Vec::new();
    for domain in domains {
        places.extend((domain.group_places)(tx, of)?);
    }
    let may = is_administrator || !places.is_empty();
    Ok(may.then(|| Maker {
        who: who.clone(),
        request,
        is_administrator,
        places,
    }))
}

#[derive(Clone, Debug)]
pub struct NewGroupLink {
    /// The path of one of [`Maker::places`]; empty for none.
    pub path: String,
    pub uses: i64,
    pub days: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    #[error("the number of uses is not allowed")]
    Uses,
    #[error("the number of days is not allowed")]
    Days,
    #[error("the page is none of the person's")]
    Place,
    #[error("there are {LIMIT} links already")]
    LimitReached,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub fn create(tx: &mut Tx<'_>, by: &Maker, new: &NewGroupLink) -> Result<GroupLinkId, MakeError> {
    let title = match by.places.iter().find(|place| place.path == new.path) {
        Some(place) => place.title.clone(),
        None if new.path.is_empty() && by.is_administrator => String::new(),
        None => return Err(MakeError::Place),
    };
    if !USES.contains(&new.uses) {
        return Err(MakeError::Uses);
    }
    if !DAYS.contains(&new.days) {
        return Err(MakeError::Days);
    }
    let (now, maker) = (tx.now(), &by.who.account().id);
    account::lock(tx, maker)?;
    sql!("DELETE FROM group_link WHERE expires_at <= :now", now).run(tx, Rows::Any)?;
    let (open,): (i64,) = sql!(
        "SELECT COUNT(*) FROM group_link WHERE made_by = :maker",
        maker
    )
    .one(tx)?;
    if open >= LIMIT {
        return Err(MakeError::LimitReached);
    }
    let id: GroupLinkId = tx.id();
    sql!(
        "INSERT INTO group_link (id, made_by, title, path, uses, expires_at, created_at)
         VALUES (:id, :maker, :title, :path, :uses, :expires_at, :now)",
        id,
        maker,
        title,
        path = new.path,
        uses = new.uses,
        expires_at = now + SignedDuration::from_hours(24 * new.days),
        now
    )
    .run(tx, Rows::Exactly(1))?;
    let changes = json!([{ "field": "uses", "new": new.uses }]);
    record(tx, by, "group_link.created", &id, changes)?;
    Ok(id)
}

/// The valid links of the person, or of everybody for an administrator, the newest first.
pub fn list(tx: &mut Tx<'_>, by: &Maker) -> Result<Vec<GroupLink>, StoreError> {
    let now = tx.roughly_now();
    let all: Vec<GroupLink> = sql!(
        "SELECT {GroupLink} FROM group_link WHERE expires_at > :now ORDER BY created_at DESC, id",
        now
    )
    .all(tx)?;
    let maker = &by.who.account().id;
    let is_seen = |link: &GroupLink| by.is_administrator || link.made_by == *maker;
    Ok(all.into_iter().filter(is_seen).collect())
}

/// Ends a link, and returns whether it was one of those that [`list`] shows.
pub fn end(tx: &mut Tx<'_>, by: &Maker, id: &GroupLinkId) -> Result<bool, StoreError> {
    if !list(tx, by)?.iter().any(|link| link.id == *id) {
        return Ok(false);
    }
    sql!("DELETE FROM group_link WHERE id = :id", id).run(tx, Rows::AtMostOne)?;
    record(tx, by, "group_link.ended", id, json!([]))?;
    Ok(true)
}

/// Finds the valid link with this token. Returns `None` too if all its uses are taken.
pub fn find(tx: &mut Tx<'_>, site: &Site, token: &str) -> Result<Option<GroupLink>, StoreError> {
    let Some(id) = read_token(site, token) else {
        return Ok(None);
    };
    let now = tx.roughly_now();
    let found: Option<GroupLink> = sql!(
        "SELECT {GroupLink} FROM group_link
         WHERE id = :id AND expires_at > :now AND used < uses",
        id,
        now
    )
    .maybe(tx)?;
    match found {
        Some(link) if account::find(tx, &link.made_by)?.is_some() => Ok(Some(link)),
        _ => Ok(None),
    }
}

/// Takes one use of the link. Returns `None` if the link has ended or all its uses are taken.
pub fn take(tx: &mut Tx<'_>, site: &Site, token: &str) -> Result<Option<GroupLinkId>, StoreError> {
    let Some(id) = read_token(site, token) else {
        return Ok(None);
    };
    let count = sql!(
        "UPDATE group_link SET used = used + 1
         WHERE id = :id AND expires_at > :now AND used < uses",
        id,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    Ok((count > 0).then_some(id))
}

/// Undoes [`take`].
pub(super) fn give_back(tx: &mut Tx<'_>, id: &GroupLinkId) -> Result<(), StoreError> {
    sql!(
        "UPDATE group_link SET used = used - 1 WHERE id = :id AND used > 0",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

pub(super) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!("DELETE FROM group_link WHERE made_by = :account", account).run(tx, Rows::Any)?;
    Ok(())
}

fn read_token(site: &Site, token: &str) -> Option<GroupLinkId> {
    let (id, signature) = token.split_once('.')?;
    let is_ours = site.keys.key(PURPOSE).verify(&[id], signature);
    is_ours.then(|| id.parse().ok()).flatten()
}

fn record(
    tx: &mut Tx<'_>,
    by: &Maker,
    action: &'static str,
    id: &GroupLinkId,
    changes: Value,
) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: by.who.actor(),
        action,
        entity: Entity::new("group_link", id.to_string()),
        scope: None,
        changes,
        request: Some(by.request.clone()),
    })
}
