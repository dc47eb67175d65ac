//! The suppression list contains email addresses whose owners want no mail, and addresses that
//! cannot receive mail.
//!
//! The list is checked when a mail is sent, not when it is written. It contains only keyed hashes
//! of addresses. So it can be kept after a person's data is erased, and still prevents mail if a
//! later import contains the address again.
//!
//! Three sources say that a mail did not arrive: the mail server while it takes the mail, the
//! provider's callbacks, and delivery reports in a mailbox ([`bounces`](super::bounces)). All go
//! through [`report`], and count once for each mail.

mod place;
mod report;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::address::Address;
use super::{MailId, Stream, UNSUBSCRIBABLE};
use crate::audit::{Actor, Entity, Entry, RequestFacts};
use crate::key::Key;
use crate::limits::Wait;
use crate::sql;
use crate::store::{Bind, Column, Row, Rows, StoreError, Tx, Value};
pub use place::{NotAPlace, Place, find_unsubscribe, unsubscribe_link};
pub use report::{Outcome, report, sweep};
pub(super) use report::{delivered, outcome_of_mail, returned};

/// The number of soft bounces within [`SOFT_PERIOD`] that suppresses an email address.
pub const SOFT_LIMIT: i64 = 3;
/// The period in which [`SOFT_LIMIT`] soft bounces suppress an email address. A suppression lasts
/// for the same period.
pub const SOFT_PERIOD: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The minimum time between two confirmation mails to a suppressed email address.
pub const CONFIRM_PERIOD: SignedDuration = SignedDuration::from_hours(24);

/// Why an email address is suppressed. The causes are ordered from the weakest to the strongest,
/// and only a stronger cause replaces a recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The recipient's mail server refused several mails lately, but may accept others.
    SoftBounce,
    /// The recipient unsubscribed.
    Unsubscribe,
    /// The recipient's mail server says that the email address does not exist.
    HardBounce,
    /// The recipient marked a mail as spam.
    Complaint,
    /// An administrator suppressed the email address.
    Manual,
}

impl Cause {
    /// All causes, from the weakest to the strongest.
    pub const ALL: [Self; 5] = [
        Self::SoftBounce,
        Self::Unsubscribe,
        Self::HardBounce,
        Self::Complaint,
        Self::Manual,
    ];

    pub fn blocks(self, stream: Stream) -> bool {
        match (self, stream) {
            // Mail in direct response to the recipient's own actions is still sent.
            (Self::Unsubscribe, Stream::Security | Stream::Transactional) => false,
            (Self::Unsubscribe, Stream::Notification | Stream::Marketing)
            | (Self::SoftBounce | Self::HardBounce | Self::Complaint | Self::Manual, _) => true,
        }
    }

    /// Whether the cause is that mail to the email address failed.
    pub fn is_bounce(self) -> bool {
        matches!(self, Self::SoftBounce | Self::HardBounce)
    }

    /// Whether the suppression ends when the owner of the email address opens a confirmation link.
    pub fn ends_when_confirmed(self) -> bool {
        self.is_bounce() || self == Self::Complaint
    }

    /// The cause's name in the store and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::SoftBounce => "soft_bounce",
            Self::Unsubscribe => "unsubscribe",
            Self::HardBounce => "hard_bounce",
            Self::Complaint => "complaint",
            Self::Manual => "manual",
        }
    }
}

impl Bind for Cause {
    fn bind(&self) -> Value<'_> {
        Value::Text(self.word())
    }
}

impl Column for Cause {
    fn read(value: Value<'_>) -> Option<Self> {
        let Value::Text(word) = value else {
            return None;
        };
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }
}

/// The purpose of the derived key that hashes email addresses.
pub const PURPOSE: &str = "suppression";

/// An entry in the suppression list, for all mail to an email address or for one stream.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Suppression {
    #[row(flatten)]
    pub place: Place,
    pub cause: Cause,
    soft_count: i64,
    /// The time at which the entry was recorded, or the time of the last soft bounce.
    pub last_at: Timestamp,
}

impl Suppression {
    /// Whether the entry blocks mail at the time `now`. Fewer than [`SOFT_LIMIT`] soft bounces
    /// block nothing.
    pub fn is_held(&self, now: Timestamp) -> bool {
        self.cause != Cause::SoftBounce
            || (self.soft_count >= SOFT_LIMIT && self.last_at > now - SOFT_PERIOD)
    }
}

/// The entries that block mail to `address` now, whether for all streams or for one.
pub fn list_of(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
) -> Result<Vec<Suppression>, StoreError> {
    let now = tx.roughly_now();
    let mut all = Vec::new();
    // An entry may have been written under an earlier key.
    for hash in key.macs(&[address.canonical()]) {
        let found: Vec<Suppression> = sql!(
            "SELECT {Suppression} FROM suppression WHERE address = :hash ORDER BY scope, stream",
            hash
        )
        .all(tx)?;
        all.extend(found.into_iter().filter(|one| one.is_held(now)));
    }
    Ok(all)
}

/// The entries that block this scope's mail to `address` now: at most one for each cause, strongest
/// cause first.
pub fn list_in(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    scope: &str,
) -> Result<Vec<Suppression>, StoreError> {
    let mut all = list_of(tx, key, address)?;
    all.retain(|one| one.place.is_in(scope));
    all.sort_by_key(|one| std::cmp::Reverse((one.cause, one.last_at)));
    all.dedup_by_key(|one| one.cause);
    Ok(all)
}

/// The strongest cause that blocks any mail to `address`.
pub fn find(tx: &mut Tx<'_>, key: &Key, address: &Address) -> Result<Option<Cause>, StoreError> {
    let all = list_of(tx, key, address)?;
    Ok(all.into_iter().map(|one| one.cause).max())
}

/// The strongest cause that blocks mail of this stream and scope to `address`.
pub fn find_for(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    stream: Stream,
    scope: Option<&str>,
) -> Result<Option<Cause>, StoreError> {
    let all = list_of(tx, key, address)?.into_iter();
    let blocking = all.filter(|one| one.cause.blocks(stream) && one.place.covers(stream, scope));
    Ok(blocking.map(|one| one.cause).max())
}

/// The email addresses, as hashes, to which mail of one stream in one scope is blocked.
#[derive(Debug)]
pub struct Blocked(HashMap<Vec<u8>, Cause>);

impl Blocked {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The strongest cause that blocks mail to `address`.
    pub fn find(&self, key: &Key, address: &Address) -> Option<Cause> {
        let parts = [address.canonical()];
        let hashes = key.macs(&parts);
        hashes
            .filter_map(|hash| self.0.get(hash.as_slice()).copied())
            .max()
    }
}

/// Reads all blocked addresses in one query, for callers that check many addresses.
pub fn blocked(tx: &mut Tx<'_>, stream: Stream, scope: &str) -> Result<Blocked, StoreError> {
    let blocks =
        |one: &Suppression| one.cause.blocks(stream) && one.place.covers(stream, Some(scope));
    blocked_where(tx, scope, blocks)
}

/// Like [`blocked`], for any mail of the scope, as [`list_in`] lists it for one address.
pub fn blocked_in(tx: &mut Tx<'_>, scope: &str) -> Result<Blocked, StoreError> {
    blocked_where(tx, scope, |one| one.place.is_in(scope))
}

fn blocked_where(
    tx: &mut Tx<'_>,
    scope: &str,
    blocks: impl Fn(&Suppression) -> bool,
) -> Result<Blocked, StoreError> {
    let now = tx.roughly_now();
    let all: Vec<Suppression> = sql!(
        "SELECT {Suppression} FROM suppression WHERE scope IN ('', :scope)",
        scope
    )
    .all(tx)?;
    let mut blocked = HashMap::new();
    for one in all {
        if one.is_held(now) && blocks(&one) {
            let cause = blocked.entry(one.place.address).or_insert(one.cause);
            *cause = one.cause.max(*cause);
        }
    }
    Ok(Blocked(blocked))
}

/// Suppresses `address`, unless a stronger cause is recorded.
pub fn record(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    cause: Cause,
) -> Result<(), StoreError> {
    raise(tx, &Place::whole(key, address), cause, None)
}

/// Unsubscribes an email address from a stream, at its owner's request.
pub fn unsubscribe(
    tx: &mut Tx<'_>,
    place: &Place,
    request: &RequestFacts,
) -> Result<(), StoreError> {
    raise(tx, place, Cause::Unsubscribe, Some(request))
}

/// Unsubscribes an email address from every stream that allows it, because an import says that the
/// owner unsubscribed. Returns `false` if the address was already unsubscribed.
pub fn unsubscribe_from_all(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
) -> Result<bool, StoreError> {
    let mut is_new = false;
    for stream in UNSUBSCRIBABLE {
        is_new |= find_for(tx, key, address, stream, None)?.is_none();
        let place = Place::of_stream(key, address, stream, None);
        raise(tx, &place, Cause::Unsubscribe, None)?;
    }
    Ok(is_new)
}

fn raise(
    tx: &mut Tx<'_>,
    place: &Place,
    cause: Cause,
    request: Option<&RequestFacts>,
) -> Result<(), StoreError> {
    if place.stream().is_some() {
        lock(tx, &place.address())?;
    }
    let known = lock(tx, place)?;
    if known >= cause {
        return Ok(());
    }
    let now = tx.now();
    sql!(
        "UPDATE suppression SET cause = :cause, last_at = :now
         WHERE address = :address AND scope = :scope AND stream = :stream",
        cause,
        now,
        address = place.address,
        scope = place.scope,
        stream = place.stream
    )
    .run(tx, Rows::Exactly(1))?;
    audit(
        tx,
        place,
        "suppression.added",
        cause,
        Actor::System,
        request,
    )
}

/// Locks the email address while Kenduri decides whether to send a mail to it. A concurrent
/// unsubscription takes effect either before or after this decision. It does not stop a mail that
/// is already being sent.
pub(super) fn lock_address(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
) -> Result<(), StoreError> {
    lock(tx, &Place::whole(key, address)).map(drop)
}

/// If the entry is missing, inserts it as a soft bounce with a count of 0.
fn lock(tx: &mut Tx<'_>, place: &Place) -> Result<Cause, StoreError> {
    let now = tx.now();
    let (known,): (Cause,) = sql!(
        "INSERT INTO suppression (address, scope, stream, cause, soft_count, last_at)
         VALUES (:address, :scope, :stream, 'soft_bounce', 0, :now)
         ON CONFLICT (address, scope, stream) DO UPDATE SET last_at = suppression.last_at
         RETURNING cause",
        address = place.address,
        scope = place.scope,
        stream = place.stream,
        now
    )
    .one(tx)?;
    Ok(known)
}

fn audit(
    tx: &mut Tx<'_>,
    place: &Place,
    action: &'static str,
    cause: Cause,
    actor: Actor,
    request: Option<&RequestFacts>,
) -> Result<(), StoreError> {
    tx.record(Entry {
        actor,
        action,
        entity: Entity::new("suppression", place.to_string()),
        scope: None,
        changes: json!([{ "field": "cause", "new": cause.word() }]),
        request: request.cloned(),
    })
}

/// Ends the suppressions of `address` for bounces and complaints, after the owner opened a mailed
/// link. Unsubscriptions and an administrator's suppressions remain.
pub fn lift(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    actor: &Actor,
    request: Option<&RequestFacts>,
) -> Result<(), StoreError> {
    lift_if(tx, key, address, actor, request, Cause::ends_when_confirmed)
}

/// Ends a suppression caused by bounces, because a person confirmed that the email address is
/// right.
pub fn lift_bounce(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    actor: &Actor,
    request: Option<&RequestFacts>,
) -> Result<(), StoreError> {
    lift_if(tx, key, address, actor, request, Cause::is_bounce)
}

fn lift_if(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    actor: &Actor,
    request: Option<&RequestFacts>,
    ends: fn(Cause) -> bool,
) -> Result<(), StoreError> {
    for place in Place::wholes(key, address) {
        if find_row(tx, &place)?.is_some_and(|found| ends(found.cause)) {
            remove(tx, &place, actor.clone(), request)?;
        }
    }
    Ok(())
}

pub fn find_row(tx: &mut Tx<'_>, place: &Place) -> Result<Option<Suppression>, StoreError> {
    sql!(
        "SELECT {Suppression} FROM suppression
         WHERE address = :address AND scope = :scope AND stream = :stream FOR NO KEY UPDATE",
        address = place.address,
        scope = place.scope,
        stream = place.stream
    )
    .maybe(tx)
}

/// Removes one entry. The caller must have checked that this is allowed. Returns `false` if there
/// is no such entry.
pub fn remove(
    tx: &mut Tx<'_>,
    place: &Place,
    actor: Actor,
    request: Option<&RequestFacts>,
) -> Result<bool, StoreError> {
    let Some(found) = find_row(tx, place)? else {
        return Ok(false);
    };
    sql!(
        "DELETE FROM suppression WHERE address = :address AND scope = :scope AND stream = :stream",
        address = place.address,
        scope = place.scope,
        stream = place.stream
    )
    .run(tx, Rows::Exactly(1))?;
    report::forget_soft(tx, &place.address)?;
    if found.is_held(tx.now()) {
        audit(tx, place, "suppression.lifted", found.cause, actor, request)?;
    }
    Ok(true)
}

/// Exempts the confirmation mail `mail` from a suppression for bounces or for a complaint. This is
/// allowed once in [`CONFIRM_PERIOD`] for each email address.
pub fn confirm_by(
    tx: &mut Tx<'_>,
    place: &Place,
    mail: &MailId,
) -> Result<Result<(), Wait>, StoreError> {
    let now = tx.now();
    let last: Option<(Option<Timestamp>,)> = sql!(
        "SELECT confirm_at FROM suppression
         WHERE address = :address AND scope = :scope AND stream = :stream FOR NO KEY UPDATE",
        address = place.address,
        scope = place.scope,
        stream = place.stream
    )
    .maybe(tx)?;
    if let Some((Some(last),)) = last
        && last + CONFIRM_PERIOD > now
    {
        let seconds = u32::try_from((last + CONFIRM_PERIOD).duration_since(now).as_secs());
        return Ok(Err(Wait {
            seconds: seconds.unwrap_or(0).max(1),
        }));
    }
    sql!(
        "UPDATE suppression SET confirm_at = :now
         WHERE address = :address AND scope = :scope AND stream = :stream",
        now,
        address = place.address,
        scope = place.scope,
        stream = place.stream
    )
    .run(tx, Rows::AtMostOne)?;
    sql!("UPDATE mail SET confirms = 1 WHERE id = :mail", mail).run(tx, Rows::Exactly(1))?;
    Ok(Ok(()))
}

/// An entry as shown to administrators.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Listed {
    #[row(flatten)]
    pub suppression: Suppression,
    /// The email address, if a mail to it is still stored. The list itself contains only hashes.
    pub recipient: Option<String>,
}

/// A position in the list of entries, from which the next page starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct After {
    /// The entry's time, in milliseconds since 1970.
    at: i64,
    place: String,
}

impl After {
    /// The position directly after this entry.
    pub fn of(listed: &Listed) -> Self {
        Self {
            at: listed.suppression.last_at.as_millisecond(),
            place: listed.suppression.place.to_string(),
        }
    }
}

/// A page of the entries that block mail now, newest first.
pub fn list(tx: &mut Tx<'_>, after: Option<&After>, rows: i64) -> Result<Vec<Listed>, StoreError> {
    let oldest = tx.roughly_now() - SOFT_PERIOD;
    let place: Place = match after.and_then(|after| after.place.parse().ok()) {
        Some(place) => place,
        None => Place::FIRST,
    };
    sql!(
        "SELECT s.address, s.scope, s.stream, s.cause, s.soft_count, s.last_at,
             (SELECT MAX(m.recipient) FROM mail m WHERE m.recipient_hash = s.address) AS recipient
         FROM suppression s
         WHERE (s.cause <> 'soft_bounce' OR s.soft_count >= :limit AND s.last_at > :oldest)
           AND (s.last_at < :at
                OR s.last_at = :at AND (s.address, s.scope, s.stream) > (:address, :scope, :stream))
         ORDER BY s.last_at DESC, s.address, s.scope, s.stream LIMIT :rows",
        limit = SOFT_LIMIT,
        oldest,
        at = after.map_or(i64::MAX, |after| after.at),
        address = place.address,
        scope = place.scope,
        stream = place.stream,
        rows
    )
    .all(tx)
}

/// Removes all entries. Called after the hash key was lost, because the entry of an email address
/// cannot be found without the key.
pub fn forget_all(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    tx.run(sql!("DELETE FROM mail_report"), &[], Rows::Any)?;
    tx.run(sql!("DELETE FROM suppression"), &[], Rows::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_block_streams_as_the_table_says() {
        let streams = [
            Stream::Security,
            Stream::Transactional,
            Stream::Notification,
            Stream::Marketing,
        ];
        for (cause, blocked) in [
            (Cause::SoftBounce, [true; 4]),
            (Cause::Unsubscribe, [false, false, true, true]),
            (Cause::HardBounce, [true; 4]),
            (Cause::Complaint, [true; 4]),
            (Cause::Manual, [true; 4]),
        ] {
            assert_eq!(
                streams.map(|stream| cause.blocks(stream)),
                blocked,
                "{cause:?}"
            );
        }
    }
}
