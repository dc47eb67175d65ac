//! One family or household, addressed together: one code, one language, one
//! deadline, one allowance.

use jiff::Timestamp;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::code::{self, CodeKey};
use crate::guest::Guest;
use crate::occasion::{Occasion, OccasionId};
use crate::words::{Access, LockMode, OccasionStatus};

platform::id!(InvitationId, "One invitation.");

/// An invitation, as stored.
#[derive(Clone, Debug, Row)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// What it belongs to.
    pub occasion: OccasionId,
    /// The code as shown.
    pub code: String,
    /// What hosts fill in.
    #[row(flatten)]
    pub details: Details,
    /// What the household wrote to the hosts, 0–4,000.
    pub note: String,
    /// Raised by every change of the note.
    pub note_version: i64,
    /// When a household last saved.
    pub replied_at: Option<Timestamp>,
    /// Raised when the code is replaced: ends every guest session.
    pub access_epoch: i64,
    /// Set while archived.
    pub archived_at: Option<Timestamp>,
    /// Raised by every change.
    pub version: i64,
    /// Whether it came without a code and waits for a host's approval.
    #[row(rename = "unapproved")]
    pub is_unapproved: bool,
}

/// What hosts fill in about an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Details {
    /// 1–120.
    pub household: String,
    /// Up to 200, instead of the usual salutation.
    pub salutation: Option<String>,
    /// Up to 254.
    pub email: Option<String>,
    /// Up to 32.
    pub phone: Option<String>,
    /// Up to 500.
    pub address: Option<String>,
    /// One of the occasion's languages, or null: unknown.
    pub language: Option<String>,
    /// How many more people it may bring, 0–20.
    pub plus_ones: i64,
    /// How many more children, 0–20.
    pub children: i64,
    /// Wins over the occasion's deadline, in both directions.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub deadline_override: Option<Timestamp>,
    /// What decides whether answers are open.
    pub lock_mode: LockMode,
    /// End of [`LockMode::Open`].
    #[schema(value_type = Option<String>, format = "date-time")]
    pub open_until: Option<Timestamp>,
    /// For hosts only, 0–200.
    pub lock_reason: String,
    /// Shown to the household, up to 2,000.
    pub host_message: String,
    /// Never shown to guests, up to 2,000.
    pub host_note: String,
    /// 0–20 of 1–40 characters.
    #[row(json)]
    pub tags: Vec<String>,
}

impl Invitation {
    /// What the household may do at `now`, and nothing else decides it.
    pub fn access(&self, occasion: &Occasion, now: Timestamp) -> Access {
        if self.archived_at.is_some() {
            return Access::Revoked;
        }
        match occasion.status {
            OccasionStatus::Archived => return Access::Expired,
            OccasionStatus::Closed => return Access::Closed,
            OccasionStatus::Draft | OccasionStatus::Published => {}
        }
        match self.details.lock_mode {
            LockMode::Locked => return Access::Locked,
            LockMode::Open if self.details.open_until.is_none_or(|until| now < until) => {
                return Access::Open;
            }
            LockMode::Open | LockMode::Auto => {}
        }
        match self.deadline(occasion) {
            Some(deadline) if now >= deadline => Access::Closed,
            _ => Access::Open,
        }
    }

    /// The effective deadline: this household's own, or the occasion's.
    pub fn deadline(&self, occasion: &Occasion) -> Option<Timestamp> {
        self.details.deadline_override.or(occasion.rsvp_deadline)
    }

    /// The instant from which answers are closed by themselves; `None`: never.
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

/// The invitation a code opens: that of two that were put together, which has
/// the people now, until its own code is replaced.
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

/// As [`find_by_code`], where no more is asked than which one it is, and of which occasion.
pub fn seek(
    tx: &mut Tx<'_>,
    key: &CodeKey,
) -> Result<Option<(InvitationId, OccasionId)>, StoreError> {
    sql!(
        "SELECT id, occasion FROM invitation
         WHERE id = (SELECT CASE WHEN merged_into IS NULL OR alias_ended_at IS NOT NULL
                                 THEN id ELSE merged_into END
                     FROM invitation WHERE code_key = :key)",
        key
    )
    .maybe(tx)
}

/// As much of an invitation as tells whether its page would read as before.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Glance {
    /// Its id.
    pub id: InvitationId,
    /// What it belongs to.
    pub occasion: OccasionId,
    /// The code as shown.
    pub code: String,
    /// See [`Invitation::version`].
    pub version: i64,
    /// See [`Invitation::access_epoch`].
    pub access_epoch: i64,
    /// See [`Details::language`].
    pub language: Option<String>,
    /// Whether it is archived.
    pub archived: bool,
    /// Of the occasion with its events and food needs.
    pub revision: i64,
}

/// A first look at the invitation a code opens.
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

/// The invitation with this id.
pub fn find(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Option<Invitation>, StoreError> {
    sql!("SELECT {Invitation} FROM invitation WHERE id = :id", id).maybe(tx)
}

/// As [`find`], holding the invitation's lock: what is read now stays so until
/// this transaction ends.
pub fn lock(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Option<Invitation>, StoreError> {
    sql!(
        "SELECT {Invitation} FROM invitation WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)
}

/// Writes a new invitation under `code`; `None` when that code is, or within
/// the last 24 months was, somebody else's.
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
    Ok((inserted == 1).then_some(id))
}

/// As [`insert`] with a code nobody chose.
pub fn insert_with_new_code(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    details: &Details,
) -> Result<InvitationId, StoreError> {
    let (live,): (u64,) = tx.one(
        sql!("SELECT COUNT(*) FROM invitation WHERE archived_at IS NULL"),
        &[],
    )?;
    // With the chosen lengths a draw collides once in some thousand times.
    for _ in 0..64 {
        let drawn = code::draw(tx.random(), code::length_for(live + 1));
        if let Ok(key) = CodeKey::parse(&drawn)
            && let Some(id) = insert(tx, occasion, &drawn, &key, details)?
        {
            return Ok(id);
        }
    }
    Err(StoreError::Busy)
}

pub(crate) fn is_retired(tx: &mut Tx<'_>, key: &CodeKey) -> Result<bool, StoreError> {
    // 24 months, as the longest possible 731 days.
    let since = tx.now() - jiff::SignedDuration::from_hours(731 * 24);
    let found: Option<(i64,)> = sql!(
        "SELECT retired_at FROM retired_code WHERE code_key = :key AND retired_at > :since",
        key,
        since
    )
    .maybe(tx)?;
    Ok(found.is_some())
}

/// Writes what hosts search and sort by: names and tags for all of them, code
/// and contact for those who may see these.
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
    .run(tx, Rows::Exactly(1))?;
    for guest in guests {
        sql!(
            "UPDATE guest SET sort_name = :sort_name WHERE id = :id AND sort_name <> :sort_name",
            sort_name = text_cleaning::fold(&guest.name),
            id = guest.id
        )
        .run(tx, Rows::AtMostOne)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
