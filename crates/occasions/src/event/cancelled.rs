//! Events that hosts have cancelled. Their replies and who is invited to them are set aside, so all
//! other code, which reads [`super::list`], neither asks for them nor counts them.

use platform::{Rows, StoreError, Tx, sql};

use super::Event;
use crate::id::{EventId, GuestId, InvitationId, OccasionId};

/// Returns the cancelled events whose day is known, in the order in which they would begin.
pub fn cancelled(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Event>, StoreError> {
    sql!(
        "SELECT {Event} FROM event
         WHERE occasion = :occasion AND day_known = 1 AND cancelled_at IS NOT NULL
         ORDER BY starts_at, position, id",
        occasion
    )
    .all(tx)
}

/// Returns the cancelled events of which everybody may know: those that are open to all, or, where no
/// event takes place, the first in the hosts' order.
pub(crate) fn for_all<'a>(events: &[Event], cancelled: &'a [Event]) -> Vec<&'a Event> {
    let open: Vec<_> = cancelled.iter().filter(|event| event.open_to_all).collect();
    if open.is_empty() && events.is_empty() {
        let first = cancelled.iter().min_by_key(|event| event.position);
        return first.into_iter().collect();
    }
    open
}

/// Returns the cancelled events to which an invitation was.
pub(crate) fn of_invitation(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
) -> Result<Vec<EventId>, StoreError> {
    let found: Vec<(EventId,)> = sql!(
        "SELECT event FROM cancelled_invitation WHERE invitation = :invitation ORDER BY event",
        invitation
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(event,)| event).collect())
}

/// A new invitation is for the same cancelled events as another one.
pub(crate) fn invite_like(
    tx: &mut Tx<'_>,
    new: &InvitationId,
    old: &InvitationId,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO cancelled_invitation (invitation, event)
         SELECT :new, event FROM cancelled_invitation WHERE invitation = :old",
        new,
        old
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Sets the replies aside. The caller must hold the locks of the event and of all invitations.
pub(crate) fn set_aside(tx: &mut Tx<'_>, event: &EventId) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO cancelled_reply (guest, event, status, answered_at, answered_by, source,
             seat_until)
         SELECT guest, event, status, answered_at, answered_by, source, seat_until
         FROM reply WHERE event = :event",
        event
    )
    .run(tx, Rows::Any)?;
    sql!(
        "INSERT INTO cancelled_invitation (invitation, event)
         SELECT invitation, event FROM invitation_event WHERE event = :event",
        event
    )
    .run(tx, Rows::Any)?;
    sql!("DELETE FROM reply WHERE event = :event", event).run(tx, Rows::Any)?;
    sql!("DELETE FROM invitation_event WHERE event = :event", event).run(tx, Rows::Any)?;
    Ok(())
}

/// Invites everybody to the event as soon as it is brought back.
pub(crate) fn invite_everyone(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
) -> Result<(), StoreError> {
    forget(tx, event)?;
    sql!(
        "INSERT INTO cancelled_invitation (invitation, event)
         SELECT id, :event FROM invitation WHERE occasion = :occasion",
        event,
        occasion
    )
    .run(tx, Rows::Any)?;
    sql!(
        "INSERT INTO cancelled_reply (guest, event, status)
         SELECT guest.id, :event, 'pending' FROM guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :occasion",
        event,
        occasion
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// A new invitation to everything is also to the cancelled events, once they are brought back.
pub(crate) fn invite_to_all(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    invitation: &InvitationId,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO cancelled_invitation (invitation, event)
         SELECT :invitation, id FROM event
         WHERE occasion = :occasion AND day_known = 1 AND cancelled_at IS NOT NULL",
        invitation,
        occasion
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Brings the replies back. Guests who came to their household meanwhile are asked, and guests who
/// moved to another household take with them what they had answered. The caller must hold the locks
/// of the event and of all invitations; the event must still be cancelled.
pub(crate) fn bring_back(tx: &mut Tx<'_>, event: &EventId) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO invitation_event (invitation, event)
         SELECT invitation, event FROM cancelled_invitation WHERE event = :event
         UNION SELECT guest.invitation, kept.event FROM cancelled_reply AS kept
         JOIN guest ON guest.id = kept.guest
         WHERE kept.event = :event AND kept.status IN ('yes', 'undecided', 'waitlisted')",
        event
    )
    .run(tx, Rows::Any)?;
    sql!(
        "INSERT INTO reply (guest, event, status, answered_at, answered_by, source, seat_until)
         SELECT guest.id, event.id, COALESCE(kept.status, 'pending'), kept.answered_at,
             kept.answered_by, kept.source, kept.seat_until
         FROM event JOIN invitation_event AS invited ON invited.event = event.id
         JOIN guest ON guest.invitation = invited.invitation
         LEFT JOIN cancelled_reply AS kept ON kept.guest = guest.id AND kept.event = event.id
         WHERE event.id = :event
           AND (kept.guest IS NOT NULL
                OR (guest.created_at > event.cancelled_at
                    AND EXISTS (SELECT 1 FROM cancelled_invitation AS off
                                WHERE off.event = event.id
                                  AND off.invitation = guest.invitation)))",
        event
    )
    .run(tx, Rows::Any)?;
    forget(tx, event)
}

/// Whether anybody had answered for the cancelled event.
pub(crate) fn is_answered(tx: &mut Tx<'_>, event: &EventId) -> Result<bool, StoreError> {
    let (answered,): (i64,) = sql!(
        "SELECT COUNT(*) FROM cancelled_reply WHERE event = :event AND status <> 'pending'",
        event
    )
    .one(tx)?;
    Ok(answered > 0)
}

/// Whether hosts had left somebody out.
pub(crate) fn is_chosen(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
) -> Result<bool, StoreError> {
    let (left_out,): (i64,) = sql!(
        "SELECT COUNT(*) FROM guest JOIN invitation ON invitation.id = guest.invitation
         JOIN event ON event.id = :event
         WHERE invitation.occasion = :occasion AND guest.created_at <= event.cancelled_at
           AND NOT EXISTS (SELECT 1 FROM cancelled_reply AS kept
                           WHERE kept.guest = guest.id AND kept.event = event.id)",
        event,
        occasion
    )
    .one(tx)?;
    Ok(left_out > 0)
}

/// A guest who stays takes over what another one answered later.
pub(crate) fn take_answers(
    tx: &mut Tx<'_>,
    staying: &GuestId,
    leaving: &GuestId,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO cancelled_reply (guest, event, status, answered_at, answered_by, source,
             seat_until)
         SELECT :staying, event, status, answered_at, answered_by, source, seat_until
         FROM cancelled_reply WHERE guest = :leaving
         ON CONFLICT (guest, event) DO UPDATE SET
             status = excluded.status, answered_at = excluded.answered_at,
             answered_by = excluded.answered_by, source = excluded.source,
             seat_until = excluded.seat_until
         WHERE COALESCE(excluded.answered_at, 0) > COALESCE(cancelled_reply.answered_at, 0)",
        staying,
        leaving
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Deletes what was set aside.
pub(crate) fn forget(tx: &mut Tx<'_>, event: &EventId) -> Result<(), StoreError> {
    sql!("DELETE FROM cancelled_reply WHERE event = :event", event).run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM cancelled_invitation WHERE event = :event",
        event
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Deletes what was set aside of an invitation.
pub fn forget_invitation(tx: &mut Tx<'_>, invitation: &InvitationId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM cancelled_reply
         WHERE guest IN (SELECT id FROM guest WHERE invitation = :invitation)",
        invitation
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM cancelled_invitation WHERE invitation = :invitation",
        invitation
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
