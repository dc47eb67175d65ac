//! A guest on an invitation, with the guest's answers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::store::{IdSet, Json, Row};
use platform::{Rows, StoreError, Tx, sql};
use web::Text;

use crate::answer::{self, Answers};
use crate::id::{EventId, GuestId, InvitationId};
use crate::words::{ActedBy, GuestKind, ReplyStatus, Source};

#[derive(Clone, Debug, Default, PartialEq, Eq, Row)]
pub struct Guest {
    pub id: GuestId,
    /// The guest's name, 1–100 characters. The name of a guest whom the household brings may be
    /// empty.
    pub name: String,
    /// How the guest came onto the invitation: the hosts listed the guest by name, or the household
    /// brings the guest.
    pub kind: GuestKind,
    pub is_child: bool,
    /// The age of a child, 0–17.
    pub child_age: Option<i64>,
    pub added_by: ActedBy,
    /// True if a host has allowed this guest although the household's allowance was used up.
    pub beyond_allowance: bool,
    pub position: i64,
    #[row(json)]
    pub diets: Vec<String>,
    /// Dietary requirements as free text, up to 500 characters.
    pub diet_note: String,
    /// Answers to the hosts' own questions. Empty unless the whole household was loaded.
    #[row(skip)]
    pub answers: Answers,
    /// A reply for each event to which the guest is invited.
    #[row(skip)]
    pub replies: BTreeMap<EventId, Reply>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: ReplyStatus,
    /// When the guest gave the reply; `None` while there is no reply.
    pub answered_at: Option<Timestamp>,
    /// Until when a guest who had said yes and is asked again keeps the seat.
    pub seat_until: Option<Timestamp>,
}

impl Reply {
    pub const PENDING: Self = Self {
        status: ReplyStatus::Pending,
        answered_at: None,
        seat_until: None,
    };

    /// A reply that is given now, or taken back.
    pub fn at(status: ReplyStatus, now: Timestamp) -> Self {
        Self {
            status,
            answered_at: (status != ReplyStatus::Pending).then_some(now),
            seat_until: None,
        }
    }

    /// Whether the reply takes a seat.
    pub fn is_seated(&self) -> bool {
        self.status == ReplyStatus::Yes || self.seat_until.is_some()
    }
}

/// Returns the guest's name, or "guest of …" if the name is empty.
pub fn shown_name(name: &str, guest_of: &str, text: &Text) -> String {
    match name {
        "" => text.with("guest-of", [("name", guest_of.into())]),
        name => name.to_owned(),
    }
}

impl Guest {
    /// Whether hosts know that somebody comes with the household, and nobody has said more.
    pub fn is_place(&self) -> bool {
        let mut replies = self.replies.values();
        self.name.is_empty()
            && self.kind == GuestKind::PlusOne
            && self.added_by == ActedBy::Host
            && self.diets.is_empty()
            && self.diet_note.is_empty()
            && self.answers.is_empty()
            && replies.all(|reply| *reply == Reply::PENDING)
    }

    /// Whether the guest has said yes to an event.
    pub fn comes(&self) -> bool {
        let mut replies = self.replies.values();
        replies.any(|reply| reply.status == ReplyStatus::Yes)
    }

    /// Returns the time of the guest's latest reply.
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.replies
            .values()
            .filter_map(|reply| reply.answered_at)
            .max()
    }
}

/// A reply with its guest and event, as it is read.
pub(crate) type ReadReply = (
    GuestId,
    EventId,
    ReplyStatus,
    Option<Timestamp>,
    Option<Timestamp>,
);

/// Gives the guests of an invitation their replies.
pub(crate) fn with_replies(mut guests: Vec<Guest>, replies: Vec<ReadReply>) -> Vec<Guest> {
    for (guest, event, status, answered_at, seat_until) in replies {
        if let Some(guest) = guests.iter_mut().find(|one| one.id == guest) {
            let reply = Reply {
                status,
                answered_at,
                seat_until,
            };
            guest.replies.insert(event, reply);
        }
    }
    guests
}

/// Returns all guests of an invitation with their replies, in display order.
pub fn list(tx: &mut Tx<'_>, invitation: &InvitationId) -> Result<Vec<Guest>, StoreError> {
    let (guests, replies) = tx.all_of_two(
        sql!(
            "SELECT {Guest} FROM guest WHERE invitation = :invitation ORDER BY position, id",
            invitation
        ),
        sql!(
            "SELECT reply.guest, reply.event, reply.status, reply.answered_at, reply.seat_until
             FROM guest JOIN reply ON reply.guest = guest.id
             WHERE guest.invitation = :invitation",
            invitation
        ),
    )?;
    Ok(with_replies(guests, replies))
}

#[derive(Row)]
struct Listed {
    invitation: InvitationId,
    #[row(flatten)]
    guest: Guest,
}

/// Like [`list`], for these invitations. Invitations without guests are not among them.
pub fn list_all<'a>(
    tx: &mut Tx<'_>,
    invitations: impl IntoIterator<Item = &'a InvitationId>,
) -> Result<BTreeMap<InvitationId, Vec<Guest>>, StoreError> {
    let mut all: BTreeMap<InvitationId, Vec<Guest>> = BTreeMap::new();
    for set in IdSet::of(invitations.into_iter().map(InvitationId::as_str)) {
        let guests: Vec<Listed> = sql!(
            "SELECT invitation, {Guest} FROM guest WHERE invitation IN ({:IdSet})
             ORDER BY position, id",
            IdSet = set
        )
        .all(tx)?;
        let replies: Vec<ReadReply> = sql!(
            "SELECT reply.guest, reply.event, reply.status, reply.answered_at, reply.seat_until
             FROM guest JOIN reply ON reply.guest = guest.id
             WHERE guest.invitation IN ({:IdSet})",
            IdSet = set
        )
        .all(tx)?;
        let mut of: BTreeMap<GuestId, BTreeMap<EventId, Reply>> = BTreeMap::new();
        for (guest, event, status, answered_at, seat_until) in replies {
            let reply = Reply {
                status,
                answered_at,
                seat_until,
            };
            of.entry(guest).or_default().insert(event, reply);
        }
        for Listed {
            invitation,
            mut guest,
        } in guests
        {
            guest.replies = of.remove(&guest.id).unwrap_or_default();
            all.entry(invitation).or_default().push(guest);
        }
    }
    Ok(all)
}

pub fn insert(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
    guest: &Guest,
    source: Source,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO guest ({Guest}, invitation, created_at, updated_at)
         VALUES ({:Guest}, :invitation, :now, :now)",
        Guest = guest,
        invitation,
        now = tx.now()
    )
    .run_later(tx, Rows::Any)?;
    let replies = guest
        .replies
        .iter()
        .map(|(event, reply)| StoredReply::new(&guest.id, event, reply, guest.added_by, source));
    write_replies(tx, &replies.collect::<Vec<_>>())?;
    let none = Answers::new();
    answer::write(tx, invitation, Some(&guest.id), &none, &guest.answers)
}

pub fn update(tx: &mut Tx<'_>, guest: &Guest) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "UPDATE guest SET name = :name, is_child = :is_child, child_age = :child_age,
             beyond_allowance = :beyond_allowance,
             diets = :diets, diet_note = :diet_note, updated_at = :now
         WHERE id = :id",
        id = guest.id,
        name = guest.name,
        is_child = guest.is_child,
        child_age = guest.child_age,
        beyond_allowance = guest.beyond_allowance,
        diets = Json(&guest.diets),
        diet_note = guest.diet_note,
        now
    )
    .run_later(tx, Rows::Exactly(1))
}

pub fn remove(tx: &mut Tx<'_>, guest: &GuestId) -> Result<(), StoreError> {
    sql!("DELETE FROM reply WHERE guest = :guest", guest).run_later(tx, Rows::Any)?;
    sql!("DELETE FROM cancelled_reply WHERE guest = :guest", guest).run_later(tx, Rows::Any)?;
    sql!("DELETE FROM answer WHERE guest = :guest", guest).run_later(tx, Rows::Any)?;
    sql!("DELETE FROM guest WHERE id = :guest", guest).run_later(tx, Rows::Exactly(1))
}

/// A reply as it is stored.
#[derive(Row)]
pub struct StoredReply {
    guest: GuestId,
    event: EventId,
    status: ReplyStatus,
    answered_at: Option<Timestamp>,
    /// Who answered or took the answer back, if anybody did.
    answered_by: Option<ActedBy>,
    source: Option<Source>,
    seat_until: Option<Timestamp>,
}

impl StoredReply {
    /// The first reply, which may be pending.
    pub fn new(
        guest: &GuestId,
        event: &EventId,
        reply: &Reply,
        by: ActedBy,
        source: Source,
    ) -> Self {
        let answered = reply.answered_at.is_some();
        Self {
            answered_by: answered.then_some(by),
            source: answered.then_some(source),
            ..Self::changed(guest, event, reply, by, source)
        }
    }

    pub fn changed(
        guest: &GuestId,
        event: &EventId,
        reply: &Reply,
        by: ActedBy,
        source: Source,
    ) -> Self {
        Self {
            guest: guest.clone(),
            event: event.clone(),
            status: reply.status,
            answered_at: reply.answered_at,
            answered_by: Some(by),
            source: Some(source),
            seat_until: reply.seat_until,
        }
    }
}

pub fn insert_reply(
    tx: &mut Tx<'_>,
    guest: &GuestId,
    event: &EventId,
    reply: &Reply,
    by: ActedBy,
    source: Source,
) -> Result<(), StoreError> {
    write_replies(tx, &[StoredReply::new(guest, event, reply, by, source)])
}

/// Inserts or replaces the replies.
pub fn write_replies(tx: &mut Tx<'_>, replies: &[StoredReply]) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO reply ({StoredReply}) VALUES {(:StoredReply), ...}
         ON CONFLICT (guest, event) DO UPDATE SET
             status = excluded.status, answered_at = excluded.answered_at,
             answered_by = excluded.answered_by, source = excluded.source,
             seat_until = excluded.seat_until",
        StoredReply = replies
    )
    .insert_later(tx)
}
