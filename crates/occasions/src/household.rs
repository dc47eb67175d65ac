//! A household: an invitation with its guests and answers.

use std::collections::BTreeMap;

use platform::store::IdSet;
use platform::{Rows, StoreError, Tx, sql};
use web::Text;

use crate::answer::{self, Answers, Given};
use crate::event::Event;
use crate::guest::{self, Guest};
use crate::id::{EventId, InvitationId};
use crate::invitation::Invitation;
use crate::question::Question;
use crate::words::GuestKind;

/// The maximum number of guests on an invitation.
pub const GUEST_LIMIT: usize = 30;

#[derive(Clone, Debug)]
pub struct Household {
    pub invitation: Invitation,
    /// Everyone on the invitation, in display order.
    pub guests: Vec<Guest>,
    pub events: Vec<EventId>,
    /// The household's answers to the hosts' own questions.
    pub answers: Answers,
}

/// How many additional guests a household may bring, and how many it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Places {
    /// How many additional guests the household may bring.
    pub allowed: i64,
    /// How many additional guests are on the invitation, whatever they answered.
    pub used: i64,
}

/// The slots for additional guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Allowance {
    /// Slots for guests of any age.
    pub plus_ones: Places,
    /// Slots for children only. They are used before the other slots.
    pub children: Places,
}

impl Allowance {
    /// Computes how many slots are used. `allowed` contains the slots for anybody and the slots for
    /// children. `brought` contains the number of guests who use a slot, and how many of these are
    /// children. The SQL of the lists (`hosting/listing.rs`) repeats this rule, and
    /// `tests/hosting/access_in_sql.rs` compares both.
    pub(crate) fn new(allowed: [i64; 2], brought: [usize; 2]) -> Self {
        let [all, children] = brought.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
        let own_places = children.min(allowed[1]);
        Self {
            plus_ones: Places {
                allowed: allowed[0],
                used: all - own_places,
            },
            children: Places {
                allowed: allowed[1],
                used: own_places,
            },
        }
    }
}

pub fn load(tx: &mut Tx<'_>, invitation: Invitation) -> Result<Household, StoreError> {
    Ok(load_with_revision(tx, invitation)?.0)
}

/// Also returns the [revision](crate::snapshot::revision) of the invitation's occasion.
pub(crate) fn load_with_revision(
    tx: &mut Tx<'_>,
    invitation: Invitation,
) -> Result<(Household, i64), StoreError> {
    let id = &invitation.id;
    let (guests, replies, events, given, revisions) = tx.all_of_five([
        sql!(
            "SELECT {Guest} FROM guest WHERE invitation = :id ORDER BY position, id",
            id
        ),
        sql!(
            "SELECT reply.guest, reply.event, reply.status, reply.answered_at, reply.seat_until
             FROM guest JOIN reply ON reply.guest = guest.id
             WHERE guest.invitation = :id",
            id
        ),
        sql!(
            "SELECT event FROM invitation_event WHERE invitation = :id ORDER BY event",
            id
        ),
        sql!("SELECT {Given} FROM answer WHERE invitation = :id", id),
        sql!(
            "SELECT revision FROM occasion WHERE id = :occasion",
            occasion = invitation.occasion
        ),
    ])?;
    let [(revision,)] = revisions[..] else {
        return Err(StoreError::rule("the invitation's occasion is missing"));
    };
    let guests = guest::with_replies(guests, replies);
    let events: Vec<(EventId,)> = events;
    let events = events.into_iter().map(|(event,)| event).collect();
    Ok((Household::with(invitation, guests, events, given), revision))
}

/// Like [`load`], for many invitations. The households have the invitations' order.
pub fn load_all(
    tx: &mut Tx<'_>,
    invitations: Vec<Invitation>,
    questions: &[Question],
) -> Result<Vec<Household>, StoreError> {
    let ids = || invitations.iter().map(|invitation| &invitation.id);
    let mut guests = guest::list_all(tx, ids())?;
    let mut events: BTreeMap<InvitationId, Vec<EventId>> = BTreeMap::new();
    for set in IdSet::of(ids().map(InvitationId::as_str)) {
        let invited: Vec<(InvitationId, EventId)> = sql!(
            "SELECT invitation, event FROM invitation_event WHERE invitation IN ({:IdSet})
             ORDER BY event",
            IdSet = set
        )
        .all(tx)?;
        for (invitation, event) in invited {
            events.entry(invitation).or_default().push(event);
        }
    }
    let mut given: BTreeMap<InvitationId, Vec<Given>> = BTreeMap::new();
    if !questions.is_empty() {
        for one in answer::of_invitations(tx, ids())? {
            given.entry(one.invitation.clone()).or_default().push(one);
        }
    }
    let households = invitations.into_iter().map(|invitation| {
        let guests = guests.remove(&invitation.id).unwrap_or_default();
        let events = events.remove(&invitation.id).unwrap_or_default();
        let given = given.remove(&invitation.id).unwrap_or_default();
        Household::with(invitation, guests, events, given)
    });
    Ok(households.collect())
}

pub fn invite(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
    event: &EventId,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO invitation_event (invitation, event) VALUES (:invitation, :event)",
        invitation,
        event
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

impl Household {
    fn with(
        invitation: Invitation,
        mut guests: Vec<Guest>,
        events: Vec<EventId>,
        given: Vec<Given>,
    ) -> Self {
        let mut answers = Answers::new();
        for given in given {
            let of = match &given.guest {
                None => Some(&mut answers),
                Some(id) => {
                    let guest = guests.iter_mut().find(|guest| guest.id == *id);
                    guest.map(|guest| &mut guest.answers)
                }
            };
            if let Some(answers) = of {
                answers.insert(given.question, given.answer);
            }
        }
        Self {
            invitation,
            guests,
            events,
            answers,
        }
    }

    /// Returns how many slots the household has, and how many it uses. A guest whom a host allowed
    /// beyond the allowance uses no slot.
    pub fn allowance(&self) -> Allowance {
        allowance(&self.invitation, &self.guests)
    }

    /// Whether hosts invited nobody by name, but a number of people.
    pub fn names_nobody(&self) -> bool {
        let mut guests = self.guests.iter();
        !self.guests.is_empty() && guests.all(|guest| guest.kind == GuestKind::PlusOne)
    }

    /// Returns the guest's name. A guest without one is "guest of" the first guest who has a name;
    /// if nobody has, guests are numbered.
    pub fn shown_name(&self, guest: &Guest, text: &Text) -> String {
        let named = self.guests.iter().find(|one| !one.name.is_empty());
        let mut guests = self.guests.iter();
        match (named, guests.position(|one| one.id == guest.id)) {
            (None, Some(at)) => text.with("answer-new-person", [("n", (at + 1).into())]),
            (named, _) => {
                let household = &self.invitation.details.household;
                guest::shown_name(&guest.name, named.map_or(household, |one| &one.name), text)
            }
        }
    }

    /// Whether the household is invited to at least one of the question's events. If it is not,
    /// nobody in the household can be asked the question.
    pub fn is_concerned(&self, question: &Question, events: &[Event]) -> bool {
        events
            .iter()
            .any(|event| question.is_about(&event.key) && self.events.contains(&event.id))
    }
}

/// Returns the guests who use a slot of the household's allowance.
pub(crate) fn brought(guests: &[Guest]) -> impl Iterator<Item = &Guest> {
    guests
        .iter()
        .filter(|guest| guest.kind == GuestKind::PlusOne && !guest.beyond_allowance)
}

/// Returns how many slots an invitation with these guests has, and how many are used.
pub(crate) fn allowance(invitation: &Invitation, guests: &[Guest]) -> Allowance {
    let children = brought(guests).filter(|guest| guest.is_child).count();
    let allowed = [invitation.details.plus_ones, invitation.details.children];
    Allowance::new(allowed, [brought(guests).count(), children])
}
