//! One family or household, addressed together: one code, one language, one
//! deadline, one allowance.

use jiff::Timestamp;
use platform::store::{FromRow, Row};
use platform::{Rows, StoreError, Tx, sql, text_cleaning};

use crate::code::{self, CodeKey};
use crate::guest::Guest;
use crate::occasion::{Occasion, OccasionId, json, to_json};
use crate::words::{Access, LockMode, OccasionStatus};

platform::id!(InvitationId, "One invitation.");

/// An invitation, as stored.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// What it belongs to.
    pub occasion: OccasionId,
    /// The code as shown.
    pub code: String,
    /// What hosts fill in.
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
    pub is_unapproved: bool,
}

/// What hosts fill in about an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// 1–120.
    pub household: String,
    /// Instead of the salutation the templates make, 1–200.
    pub salutation: Option<String>,
    /// Up to 254.
    pub email: Option<String>,
    /// Up to 32.
    pub phone: Option<String>,
    /// Up to 500.
    pub address: Option<String>,
    /// One of the occasion's languages; `None`: unknown.
    pub language: Option<String>,
    /// How many more people it may bring, 0–20.
    pub plus_ones: i64,
    /// How many more children, 0–20.
    pub children: i64,
    /// Wins over the occasion's deadline, in both directions.
    pub deadline_override: Option<Timestamp>,
    /// What decides whether answers are open.
    pub lock_mode: LockMode,
    /// End of [`LockMode::Open`].
    pub open_until: Option<Timestamp>,
    /// For hosts only, 0–200.
    pub lock_reason: String,
    /// Shown to the household, 0–2,000.
    pub host_message: String,
    /// Never shown to guests, 0–2,000.
    pub host_note: String,
    /// 0–20 of 1–40.
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
        self.details
            .deadline_override
            .or(occasion.details.rsvp_deadline)
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

impl FromRow for Invitation {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.column(0)?,
            occasion: row.column(1)?,
            code: row.column(2)?,
            details: Details {
                household: row.column(3)?,
                salutation: row.column(4)?,
                email: row.column(5)?,
                phone: row.column(6)?,
                address: row.column(7)?,
                language: row.column(8)?,
                plus_ones: row.column(9)?,
                children: row.column(10)?,
                deadline_override: row.column(11)?,
                lock_mode: row.column(12)?,
                open_until: row.column(13)?,
                lock_reason: row.column(14)?,
                host_message: row.column(15)?,
                host_note: row.column(16)?,
                tags: json(row, 17)?,
            },
            note: row.column(18)?,
            note_version: row.column(19)?,
            replied_at: row.column(20)?,
            access_epoch: row.column(21)?,
            archived_at: row.column(22)?,
            version: row.column(23)?,
            is_unapproved: row.column(24)?,
        })
    }
}

/// The invitation a code opens: that of two that were put together, which has
/// the people now, until its own code is replaced.
pub fn find_by_code(tx: &mut Tx<'_>, key: &CodeKey) -> Result<Option<Invitation>, StoreError> {
    tx.maybe(
        sql!(
            "SELECT id, occasion, code, household, salutation, email, phone, address, language,
                    plus_ones, children, deadline_override, lock_mode, open_until, lock_reason,
                    host_message, host_note, tags, note, note_version, replied_at, access_epoch,
                    archived_at, version, unapproved
             FROM invitation
             WHERE id = (SELECT CASE WHEN merged_into IS NULL OR alias_ended_at IS NOT NULL
                                     THEN id ELSE merged_into END
                         FROM invitation WHERE code_key = $1)"
        ),
        &[key],
    )
}

/// As much of an invitation as tells whether its page would read as before.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl FromRow for Glance {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.column(0)?,
            occasion: row.column(1)?,
            code: row.column(2)?,
            version: row.column(3)?,
            access_epoch: row.column(4)?,
            language: row.column(5)?,
            archived: row.column::<Option<i64>>(6)?.is_some(),
            revision: row.column(7)?,
        })
    }
}

/// A first look at the invitation a code opens.
pub fn glance(tx: &mut Tx<'_>, key: &CodeKey) -> Result<Option<Glance>, StoreError> {
    tx.maybe(
        sql!(
            "SELECT invitation.id, invitation.occasion, invitation.code, invitation.version,
                    invitation.access_epoch, invitation.language, invitation.archived_at,
                    occasion.revision
             FROM invitation JOIN occasion ON occasion.id = invitation.occasion
             WHERE invitation.id =
                 (SELECT CASE WHEN merged_into IS NULL OR alias_ended_at IS NOT NULL
                              THEN id ELSE merged_into END
                  FROM invitation WHERE code_key = $1)"
        ),
        &[key],
    )
}

/// The invitation with this id.
pub fn find(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Option<Invitation>, StoreError> {
    tx.maybe(
        sql!(
            "SELECT id, occasion, code, household, salutation, email, phone, address, language,
                    plus_ones, children, deadline_override, lock_mode, open_until, lock_reason,
                    host_message, host_note, tags, note, note_version, replied_at, access_epoch,
                    archived_at, version, unapproved
             FROM invitation WHERE id = $1"
        ),
        &[id],
    )
}

/// As [`find`], holding the invitation's lock: what is read now stays so until
/// this transaction ends.
pub fn lock(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Option<Invitation>, StoreError> {
    tx.maybe(
        sql!(
            "SELECT id, occasion, code, household, salutation, email, phone, address, language,
                    plus_ones, children, deadline_override, lock_mode, open_until, lock_reason,
                    host_message, host_note, tags, note, note_version, replied_at, access_epoch,
                    archived_at, version, unapproved
             FROM invitation WHERE id = $1 FOR NO KEY UPDATE"
        ),
        &[id],
    )
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
    let now = tx.now();
    let inserted = tx.run(
        sql!(
            "INSERT INTO invitation (id, occasion, code, code_key, household, salutation, email,
                 phone, address, language, plus_ones, children, deadline_override, lock_mode,
                 open_until, lock_reason, host_message, host_note, note, note_version, tags,
                 search, open_count, access_epoch, version, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                 $18, '', 1, $19, '', 0, 1, 1, $20, $20)
             ON CONFLICT (code_key) DO NOTHING"
        ),
        &[
            &id,
            occasion,
            &code,
            key,
            &details.household,
            &details.salutation,
            &details.email,
            &details.phone,
            &details.address,
            &details.language,
            &details.plus_ones,
            &details.children,
            &details.deadline_override,
            &details.lock_mode,
            &details.open_until,
            &details.lock_reason,
            &details.host_message,
            &details.host_note,
            &to_json(&details.tags),
            &now,
        ],
        Rows::AtMostOne,
    )?;
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
    let found: Option<(i64,)> = tx.maybe(
        sql!("SELECT retired_at FROM retired_code WHERE code_key = $1 AND retired_at > $2"),
        &[key, &since],
    )?;
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
    tx.run(
        sql!(
            "UPDATE invitation SET search = $2, contact_search = $3, sort_name = $4
             WHERE id = $1"
        ),
        &[
            &invitation.id,
            &text_cleaning::fold(&names.join("\n")),
            &text_cleaning::fold(&contact.join("\n")),
            &text_cleaning::fold(&details.household),
        ],
        Rows::Exactly(1),
    )?;
    for guest in guests {
        tx.run(
            sql!("UPDATE guest SET sort_name = $2 WHERE id = $1 AND sort_name <> $2"),
            &[&guest.id, &text_cleaning::fold(&guest.name)],
            Rows::AtMostOne,
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
