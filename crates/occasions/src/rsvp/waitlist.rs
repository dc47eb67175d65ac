//! Gives free seats to households on the waiting list. A household gets seats for all its waiting
//! guests, or for none. Earlier answers come first. A household that needs more seats than are free
//! is skipped.

use std::collections::BTreeMap;

use platform::audit::Actor;
use platform::jobs::NewJob;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use super::{Commit, commit_answers, seat};
use crate::event::{self, Seats};
use crate::household_plan;
use crate::id::{EventId, InvitationId, OccasionId};
use crate::invitation;
use crate::invitation_snapshot;
use crate::snapshot;
use crate::words::{ReplyStatus, Source};

/// The kind of the job that informs a household by mail that it has got seats.
pub const MOVED_UP: &str = "occasions.moved_up";

#[derive(Row)]
struct Party {
    event: EventId,
    invitation: InvitationId,
    people: i64,
    /// How many of these guests' replies the household gave itself. Hosts gave the others.
    own_answers: i64,
    capacity: Option<i64>,
    /// The number of taken seats. Seats of answers that wait for approval are not counted.
    taken: i64,
}

/// Recounts the taken seats of each event with limited seats, and gives free seats to waiting
/// households. Called after a host's change that may affect many guests.
pub fn recount_seats(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    event::recount_seats(tx, occasion)?;
    move_up(tx, occasion)
}

/// Gives free seats to waiting households, at events that have not begun. The caller must hold the
/// locks of all events with limited seats.
pub(crate) fn move_up(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    let mut lucky: BTreeMap<InvitationId, Lucky> = BTreeMap::new();
    let mut given: BTreeMap<EventId, i64> = BTreeMap::new();
    for party in waiting(tx, occasion)? {
        let taken = given.entry(party.event.clone()).or_insert(party.taken);
        if party
            .capacity
            .is_some_and(|seats| *taken + party.people > seats)
        {
            continue;
        }
        *taken += party.people;
        let one = lucky.entry(party.invitation).or_default();
        one.events.push(party.event);
        one.answered_itself |= party.own_answers > 0;
    }
    // The map is sorted by id. So the invitations are locked in the order of their ids.
    for (id, one) in lucky {
        promote(tx, &id, &one)?;
    }
    Ok(())
}

#[derive(Default)]
struct Lucky {
    events: Vec<EventId>,
    answered_itself: bool,
}

/// In the order in which they get seats, without answers that wait for approval.
fn waiting(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Party>, StoreError> {
    sql!(
        "SELECT event.id AS event, guest.invitation AS invitation, COUNT(*) AS people,
             COUNT(CASE WHEN reply.answered_by = 'household' THEN 1 END) AS own_answers,
             event.capacity AS capacity, event.seats_taken AS taken
         FROM event
         JOIN reply ON reply.event = event.id AND reply.status = 'waitlisted'
         JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE event.occasion = :occasion AND event.starts_at > :now
           AND invitation.archived_at IS NULL AND invitation.unapproved = 0
         GROUP BY event.id, guest.invitation, event.capacity, event.seats_taken
         ORDER BY MIN(COALESCE(reply.answered_at, 0)), guest.invitation, event.id",
        occasion,
        now = tx.now()
    )
    .all(tx)
}

fn promote(tx: &mut Tx<'_>, id: &InvitationId, lucky: &Lucky) -> Result<(), StoreError> {
    let Some(stored) = invitation::lock(tx, id)? else {
        return Ok(());
    };
    let occasion_snapshot = snapshot::load(tx, &stored.occasion)?;
    let mut snapshot = invitation_snapshot::load(tx, occasion_snapshot, stored)?;
    let mut after = snapshot.household.guests.clone();
    for reply in after.iter_mut().flat_map(|guest| guest.replies.iter_mut()) {
        let (event, reply) = reply;
        if lucky.events.contains(event) && reply.status == ReplyStatus::Waitlisted {
            reply.status = ReplyStatus::Yes;
        }
    }
    for event in &lucky.events {
        sql!(
            "UPDATE reply SET status = 'yes'
             WHERE event = :event AND status = 'waitlisted'
               AND guest IN (SELECT id FROM guest WHERE invitation = :id)",
            event,
            id
        )
        .run(tx, Rows::Any)?;
    }
    seat(tx, &mut snapshot, &after, Seats::Free)?;
    let (events, questions) = (&snapshot.events, &snapshot.questions);
    let changes =
        household_plan::differences(&snapshot.household.guests, &after, events, questions);
    snapshot.household.guests = after;
    let commit = Commit {
        source: Source::Waitlist,
        action: "rsvp.moved_up",
        actor: Actor::System,
        host: None,
        request: None,
        replied_at: snapshot.household.invitation.replied_at,
    };
    commit_answers(tx, &mut snapshot, &changes, commit)?;
    if snapshot.household.invitation.details.email.is_some() {
        tx.enqueue(NewJob {
            key: Some(format!("moved-up:{id}")),
            ..NewJob::new(
                MOVED_UP,
                json!({ "invitation": id, "by_host": !lucky.answered_itself }),
            )
        })?;
    }
    Ok(())
}

/// How many guests and households wait for seats at an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub people: i64,
    pub households: i64,
}

/// Counts the waiting guests and households of each event.
pub fn count(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<BTreeMap<EventId, Waiting>, StoreError> {
    let found: Vec<(EventId, i64, i64)> = sql!(
        "SELECT reply.event, COUNT(*), COUNT(DISTINCT guest.invitation)
         FROM event
         JOIN reply ON reply.event = event.id AND reply.status = 'waitlisted'
         JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE event.occasion = :occasion AND invitation.archived_at IS NULL
         GROUP BY reply.event",
        occasion
    )
    .all(tx)?;
    let counted = found.into_iter().map(|(event, people, households)| {
        let waiting = Waiting { people, households };
        (event, waiting)
    });
    Ok(counted.collect())
}
