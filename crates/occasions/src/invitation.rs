//! Invitations. Each invitation is for one household. Its guests share a code, a language, a
//! deadline and an allowance.

use std::collections::HashMap;

use jiff::Timestamp;
use platform::store::{IdSet, Row};
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::code::{self, CodeKey};
use crate::guest::Guest;
use crate::id::{InvitationId, OccasionId};
use crate::occasion::Occasion;
use crate::phone;
use crate::words::{Access, LockMode, OccasionStatus};

#[derive(Clone, Debug, Default, Row)]
pub struct Invitation {
    pub id: InvitationId,
    pub occasion: OccasionId,
    /// The code as it is displayed.
    pub code: String,
    #[row(flatten)]
    pub details: Details,
    /// The household's note to the hosts, up to 4,000 characters.
    pub note: String,
    /// Increased by every change to the note.
    pub note_version: i64,
    /// When the household last saved its answers.
    pub replied_at: Option<Timestamp>,
    /// Increased when a host replaces the code. Browsers then no longer remember the household.
    pub access_epoch: i64,
    /// When the invitation was archived; `None` while it is in use.
    pub archived_at: Option<Timestamp>,
    /// Increased by every change to the invitation.
    pub version: i64,
    /// Whether the invitation was created by an answer without a code, and still waits for a host's
    /// approval.
    #[row(rename = "unapproved")]
    pub is_unapproved: bool,
}

/// The fields of an invitation that hosts fill in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Details {
    /// The household's name, 1–120 characters.
    pub household: String,
    /// Replaces the usual salutation; up to 200 characters.
    pub salutation: Option<String>,
    /// The household's email address, up to 254 characters.
    pub email: Option<String>,
    /// The household's telephone number, up to 32 characters.
    pub phone: Option<String>,
    /// The household's postal address, up to 500 characters.
    pub address: Option<String>,
    /// One of the occasion's languages; null if unknown.
    pub language: Option<String>,
    /// How many additional people the household may bring, 0–20.
    pub plus_ones: i64,
    /// How many additional children the household may bring, 0–20.
    pub children: i64,
    /// The household's own deadline. It replaces the occasion's deadline, and can be earlier or
    /// later.
    pub deadline_override: Option<Timestamp>,
    /// What decides whether answers are open: the deadline, or a host who has locked or opened
    /// them.
    pub lock_mode: LockMode,
    /// When [`LockMode::Open`] ends; null if it does not end. From then on, the deadline decides.
    pub open_until: Option<Timestamp>,
    /// The reason for a lock, up to 200 characters. Only hosts see it.
    pub lock_reason: String,
    /// The hosts' message to the household, up to 2,000 characters.
    pub host_message: String,
    /// The hosts' note about the household, up to 2,000 characters. Only hosts see it.
    pub host_note: String,
    /// Up to 20 labels of 1–40 characters.
    #[row(json)]
    pub tags: Vec<String>,
}

/// The fields that decide whether a household may answer. A household with an archived invitation
/// may never answer.
#[derive(Clone, Copy, Debug, Row)]
pub struct Lock {
    pub lock_mode: LockMode,
    pub open_until: Option<Timestamp>,
    pub deadline_override: Option<Timestamp>,
}

impl Lock {
    /// Returns what the household may do at `now`. The SQL of the lists (`hosting/listing.rs`) repeats
    /// this rule, and `tests/hosting/access_in_sql.rs` compares both.
    pub fn access(self, occasion: &Occasion, now: Timestamp) -> Access {
        match occasion.status {
            OccasionStatus::Archived => return Access::Expired,
            OccasionStatus::Closed => return Access::Closed,
            OccasionStatus::Draft | OccasionStatus::Published => {}
        }
        match self.lock_mode {
            LockMode::Locked => return Access::Locked,
            LockMode::Open if self.open_until.is_none_or(|until| now < until) => {
                return Access::Open;
            }
            LockMode::Open | LockMode::Auto => {}
        }
        match self.deadline_override.or(occasion.rsvp_deadline) {
            Some(deadline) if now >= deadline => Access::Closed,
            _ => Access::Open,
        }
    }
}

impl Invitation {
    /// Returns what the household may do at `now`.
    pub fn access(&self, occasion: &Occasion, now: Timestamp) -> Access {
        if self.archived_at.is_some() {
            return Access::Revoked;
        }
        let lock = Lock {
            lock_mode: self.details.lock_mode,
            open_until: self.details.open_until,
            deadline_override: self.details.deadline_override,
        };
        lock.access(occasion, now)
    }

    /// Returns the deadline that applies: the household's own, or else the occasion's.
    pub fn deadline(&self, occasion: &Occasion) -> Option<Timestamp> {
        self.details.deadline_override.or(occasion.rsvp_deadline)
    }

    /// Returns the time at which answers close automatically; `None` if they never do. The SQL of the
    /// sweep (`deadline_notices.rs`) repeats this rule, and `tests/hosting/access_in_sql.rs` compares
    /// both.
    pub fn closes_at(&self, occasion: &Occasion) -> Option<Timestamp> {
        match self.details.lock_mode {
            LockMode::Open => match (self.details.open_until, self.deadline(occasion)) {
                (Some(until), Some(deadline)) => Some(until.max(deadline)),
                _ => None,
            },
            LockMode::Auto | LockMode::Locked => self.deadline(occasion),
        }
    }
}

/// Finds the invitation that a code opens. After a merge, the code of the merged invitation opens
/// the remaining invitation, until a host replaces the remaining invitation's code.
pub fn find_by_code(tx: &mut Tx<'_>, key: &CodeKey) -> Result<Option<Invitation>, StoreError> {
    sql!(
        "SELECT {Invitation} FROM invitation
         WHERE id = (SELECT CASE WHEN merged_into IS NULL OR alias_ended_at IS NOT NULL
                                 THEN id ELSE merged_into END
                     FROM invitation WHERE code_key = :key)",
        key
    )
    .maybe(tx)
}

/// What a change must know before it takes its locks.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Sought {
    pub id: InvitationId,
    pub occasion: OccasionId,
    /// Whether the occasion has events with limited seats.
    pub has_limited_events: bool,
}

/// Like [`find_by_code`], but returns only what comes before the locks.
pub fn seek(tx: &mut Tx<'_>, key: &CodeKey) -> Result<Option<Sought>, StoreError> {
    sql!(
        "SELECT id, occasion,
             EXISTS (SELECT 1 FROM event
                     WHERE event.occasion = invitation.occasion AND event.capacity IS NOT NULL)
                 AS has_limited_events
         FROM invitation
         WHERE id = (SELECT CASE WHEN merged_into IS NULL OR alias_ended_at IS NOT NULL
                                 THEN id ELSE merged_into END
                     FROM invitation WHERE code_key = :key)",
        key
    )
    .maybe(tx)
}

/// The columns that show whether a cached page of an invitation is still current.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Glance {
    pub id: InvitationId,
    pub occasion: OccasionId,
    /// The code as it is displayed.
    pub code: String,
    /// See [`Invitation::version`].
    pub version: i64,
    /// See [`Invitation::access_epoch`].
    pub access_epoch: i64,
    /// See [`Details::language`].
    pub language: Option<String>,
    pub archived: bool,
    /// The occasion's revision. A change to the occasion's events, dietary options or questions
    /// also raises it.
    pub revision: i64,
}

/// Reads the [`Glance`] of the invitation that this code opens.
pub fn glance(tx: &mut Tx<'_>, key: &CodeKey) -> Result<Option<Glance>, StoreError> {
    sql!(
        "SELECT invitation.id, invitation.occasion, invitation.code, invitation.version,
                invitation.access_epoch, invitation.language,
                invitation.archived_at IS NOT NULL AS archived, occasion.revision
         FROM invitation JOIN occasion ON occasion.id = invitation.occasion
         WHERE invitation.id =
             (SELECT CASE WHEN merged_into IS NULL OR alias_ended_at IS NOT NULL
                          THEN id ELSE merged_into END
              FROM invitation WHERE code_key = :key)",
        key
    )
    .maybe(tx)
}

pub fn find(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Option<Invitation>, StoreError> {
    sql!("SELECT {Invitation} FROM invitation WHERE id = :id", id).maybe(tx)
}

/// Finds the invitations with these ids, in the order of the ids. Ids of no invitation are left out.
pub fn find_all(tx: &mut Tx<'_>, ids: &[InvitationId]) -> Result<Vec<Invitation>, StoreError> {
    let mut found = HashMap::new();
    for set in IdSet::of(ids.iter().map(InvitationId::as_str)) {
        let some: Vec<Invitation> = sql!(
            "SELECT {Invitation} FROM invitation WHERE id IN ({:IdSet})",
            IdSet = set
        )
        .all(tx)?;
        found.extend(some.into_iter().map(|one| (one.id.clone(), one)));
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// Like [`find`], but also locks the invitation until the transaction ends.
pub fn lock(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Option<Invitation>, StoreError> {
    sql!(
        "SELECT {Invitation} FROM invitation WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)
}

/// Locks every invitation of the occasion, and so waits for all saves in progress. Afterwards the
/// caller sees every new guest and answer.
pub(crate) fn wait_for_answers(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    let _: Vec<(InvitationId,)> = sql!(
        "SELECT id FROM invitation WHERE occasion = :occasion FOR NO KEY UPDATE",
        occasion
    )
    .all(tx)?;
    Ok(())
}

/// Inserts an invitation with this code. Returns `None` if another invitation has the code or had
/// it in the last 24 months.
pub fn insert(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    code: &str,
    key: &CodeKey,
    details: &Details,
) -> Result<Option<InvitationId>, StoreError> {
    if is_retired(tx, key)? {
        return Ok(None);
    }
    let id: InvitationId = tx.id();
    let inserted = sql!(
        "INSERT INTO invitation (id, occasion, code, code_key, {Details}, note, note_version,
             search, open_count, access_epoch, version, created_at, updated_at)
         VALUES (:id, :occasion, :code, :key, {:Details}, '', 1, '', 0, 1, 1, :now, :now)
         ON CONFLICT (code_key) DO NOTHING",
        id,
        occasion,
        code,
        key,
        Details = details,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    if inserted == 0 {
        return Ok(None);
    }
    phone::note_of_invitation(tx, &id, details.phone.as_deref())?;
    Ok(Some(id))
}

/// Like [`insert`], with a random code.
pub fn insert_with_new_code(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    details: &Details,
) -> Result<InvitationId, StoreError> {
    let (live,): (u64,) = tx.one(
        sql!("SELECT COUNT(*) FROM invitation WHERE archived_at IS NULL"),
        &[],
    )?;
    insert_with_drawn(tx, occasion, details, code::length_for(live + 1))
}

/// Like [`insert_with_new_code`], but with a code of this length.
pub fn insert_with_drawn(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    details: &Details,
    length: usize,
) -> Result<InvitationId, StoreError> {
    // Random codes are long enough that at most about one in several thousand is already taken.
    for _ in 0..64 {
        let drawn = code::draw(tx.random(), length);
        if let Ok(key) = CodeKey::parse(&drawn)
            && let Some(id) = insert(tx, occasion, &drawn, &key, details)?
        {
            return Ok(id);
        }
    }
    Err(StoreError::Busy)
}

pub(crate) fn is_retired(tx: &mut Tx<'_>, key: &CodeKey) -> Result<bool, StoreError> {
    // 24 months are at most 731 days.
    let since = tx.now() - jiff::SignedDuration::from_hours(731 * 24);
    let found: Option<(i64,)> = sql!(
        "SELECT retired_at FROM retired_code WHERE code_key = :key AND retired_at > :since",
        key,
        since
    )
    .maybe(tx)?;
    Ok(found.is_some())
}

pub fn update_details(
    tx: &mut Tx<'_>,
    id: &InvitationId,
    details: &Details,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE invitation SET {Details = :Details}, phone_e164 = NULL WHERE id = :id",
        Details = details,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    phone::note_of_invitation(tx, id, details.phone.as_deref())
}

/// Whether an invitation was merged into another one. A merged invitation cannot be restored.
pub(crate) fn is_merged(tx: &mut Tx<'_>, id: &InvitationId) -> Result<bool, StoreError> {
    let (merged,): (bool,) = sql!(
        "SELECT CASE WHEN merged_into IS NULL THEN 0 ELSE 1 END
         FROM invitation WHERE id = :id",
        id
    )
    .one(tx)?;
    Ok(merged)
}

/// Updates the columns that hosts search and sort by. All hosts can search names and tags. Codes
/// and contact data can be searched only by hosts who may see them.
pub fn update_search(
    tx: &mut Tx<'_>,
    invitation: &Invitation,
    guests: &[Guest],
) -> Result<(), StoreError> {
    let details = &invitation.details;
    let mut names = vec![details.household.as_str()];
    names.extend(details.tags.iter().map(String::as_str));
    names.extend(guests.iter().map(|guest| guest.name.as_str()));
    let phone = details.phone.as_deref().unwrap_or_default();
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let email = details.email.as_deref().unwrap_or_default();
    let contact = [invitation.code.as_str(), email, phone, &digits];
    sql!(
        "UPDATE invitation
         SET search = :search, contact_search = :contact_search, sort_name = :sort_name
         WHERE id = :id",
        search = text_cleaning::fold(&names.join("\n")),
        contact_search = text_cleaning::fold(&contact.join("\n")),
        sort_name = text_cleaning::fold(&details.household),
        id = invitation.id
    )
    .run_later(tx, Rows::Exactly(1))?;
    for guest in guests {
        sql!(
            "UPDATE guest SET sort_name = :sort_name WHERE id = :id AND sort_name <> :sort_name",
            sort_name = text_cleaning::fold(&guest.name),
            id = guest.id
        )
        .run_later(tx, Rows::AtMostOne)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
