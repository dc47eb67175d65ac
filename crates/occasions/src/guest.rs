//! One person on an invitation, and this person's answers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::store::{FromRow, Row};
use platform::{Rows, StoreError, Tx, sql};
use web::Text;

use crate::event::EventId;
use crate::invitation::InvitationId;
use crate::occasion::{json, to_json};
use crate::question::{self, Answers};
use crate::words::{ActedBy, GuestKind, ReplyStatus, Source};

platform::id!(GuestId, "One guest.");

/// A guest with all replies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// Its id.
    pub id: GuestId,
    /// As written, 1–100; a plus-one's may be empty.
    pub name: String,
    /// Put there by a host, or brought by the household.
    pub kind: GuestKind,
    /// A child.
    pub is_child: bool,
    /// 0–17, only of a child.
    pub child_age: Option<i64>,
    /// Who added the guest.
    pub added_by: ActedBy,
    /// A host allowed this one beyond the allowance.
    pub beyond_allowance: bool,
    /// Order of showing.
    pub position: i64,
    /// Keys of dietary options.
    pub diets: Vec<String>,
    /// 0–500.
    pub diet_note: String,
    /// Answers to the hosts' questions; only of whom a household was loaded with.
    pub answers: Answers,
    /// One per event the guest is invited to.
    pub replies: BTreeMap<EventId, Reply>,
}

/// One guest's answer for one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The answer.
    pub status: ReplyStatus,
    /// When it was given.
    pub answered_at: Option<Timestamp>,
}

impl Reply {
    /// No answer yet.
    pub const PENDING: Self = Self {
        status: ReplyStatus::Pending,
        answered_at: None,
    };
}

/// The name to show: as written, or whose guest it is.
pub fn shown_name(name: &str, guest_of: &str, text: &Text) -> String {
    match name {
        "" => text.with("guest-of", [("name", guest_of.into())]),
        name => name.to_owned(),
    }
}

impl Guest {
    /// The latest answer of this guest.
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.replies
            .values()
            .filter_map(|reply| reply.answered_at)
            .max()
    }
}

impl FromRow for Guest {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.column(0)?,
            name: row.column(1)?,
            kind: row.column(2)?,
            is_child: row.column(3)?,
            child_age: row.column(4)?,
            added_by: row.column(5)?,
            beyond_allowance: row.column(6)?,
            position: row.column(7)?,
            diets: json(row, 8)?,
            diet_note: row.column(9)?,
            answers: Answers::new(),
            replies: BTreeMap::new(),
        })
    }
}

/// All guests of an invitation with their replies, in the order they are shown.
pub fn list(tx: &mut Tx<'_>, invitation: &InvitationId) -> Result<Vec<Guest>, StoreError> {
    let mut guests: Vec<Guest> = tx.all(
        sql!(
            "SELECT id, name, kind, is_child, child_age, added_by, beyond_allowance, position,
                    diets, diet_note
             FROM guest WHERE invitation = $1 ORDER BY position, id"
        ),
        &[invitation],
    )?;
    let replies: Vec<(GuestId, EventId, ReplyStatus, Option<Timestamp>)> = tx.all(
        sql!(
            "SELECT reply.guest, reply.event, reply.status, reply.answered_at
             FROM guest JOIN reply ON reply.guest = guest.id
             WHERE guest.invitation = $1"
        ),
        &[invitation],
    )?;
    for (guest, event, status, answered_at) in replies {
        if let Some(guest) = guests.iter_mut().find(|one| one.id == guest) {
            let reply = Reply {
                status,
                answered_at,
            };
            guest.replies.insert(event, reply);
        }
    }
    Ok(guests)
}

/// Writes a new guest with its replies.
pub fn insert(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
    guest: &Guest,
    source: Source,
) -> Result<(), StoreError> {
    let now = tx.now();
    tx.run(
        sql!(
            "INSERT INTO guest (id, invitation, name, kind, is_child, child_age, added_by,
                 beyond_allowance, position, diets, diet_note, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)"
        ),
        &[
            &guest.id,
            invitation,
            &guest.name,
            &guest.kind,
            &guest.is_child,
            &guest.child_age,
            &guest.added_by,
            &guest.beyond_allowance,
            &guest.position,
            &to_json(&guest.diets),
            &guest.diet_note,
            &now,
        ],
        Rows::Exactly(1),
    )?;
    for (event, reply) in &guest.replies {
        insert_reply(tx, &guest.id, event, reply, guest.added_by, source)?;
    }
    let none = Answers::new();
    question::write_answers(tx, invitation, Some(&guest.id), &none, &guest.answers)
}

/// Writes what may change about a guest.
pub fn update(tx: &mut Tx<'_>, guest: &Guest) -> Result<(), StoreError> {
    let now = tx.now();
    tx.run(
        sql!(
            "UPDATE guest SET name = $2, is_child = $3, child_age = $4, beyond_allowance = $5,
                 diets = $6, diet_note = $7, updated_at = $8
             WHERE id = $1"
        ),
        &[
            &guest.id,
            &guest.name,
            &guest.is_child,
            &guest.child_age,
            &guest.beyond_allowance,
            &to_json(&guest.diets),
            &guest.diet_note,
            &now,
        ],
        Rows::Exactly(1),
    )?;
    Ok(())
}

/// Removes a guest with all replies and answers.
pub fn remove(tx: &mut Tx<'_>, guest: &GuestId) -> Result<(), StoreError> {
    for delete in [
        sql!("DELETE FROM reply WHERE guest = $1"),
        sql!("DELETE FROM answer WHERE guest = $1"),
    ] {
        tx.run(delete, &[guest], Rows::Any)?;
    }
    tx.run(
        sql!("DELETE FROM guest WHERE id = $1"),
        &[guest],
        Rows::Exactly(1),
    )?;
    Ok(())
}

/// Invites a guest to an event.
pub fn insert_reply(
    tx: &mut Tx<'_>,
    guest: &GuestId,
    event: &EventId,
    reply: &Reply,
    by: ActedBy,
    source: Source,
) -> Result<(), StoreError> {
    let answered = reply.answered_at.is_some();
    tx.run(
        sql!(
            "INSERT INTO reply (guest, event, status, answered_at, answered_by, source)
             VALUES ($1, $2, $3, $4, $5, $6)"
        ),
        &[
            guest,
            event,
            &reply.status,
            &reply.answered_at,
            &answered.then_some(by),
            &answered.then_some(source),
        ],
        Rows::Exactly(1),
    )?;
    Ok(())
}

/// Writes an answer over the one that stands.
pub fn update_reply(
    tx: &mut Tx<'_>,
    guest: &GuestId,
    event: &EventId,
    reply: &Reply,
    by: ActedBy,
    source: Source,
) -> Result<(), StoreError> {
    tx.run(
        sql!(
            "UPDATE reply SET status = $3, answered_at = $4, answered_by = $5, source = $6
             WHERE guest = $1 AND event = $2"
        ),
        &[
            guest,
            event,
            &reply.status,
            &reply.answered_at,
            &by,
            &source,
        ],
        Rows::Exactly(1),
    )?;
    Ok(())
}
