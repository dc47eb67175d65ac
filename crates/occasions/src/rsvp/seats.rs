//! Checks and takes seats at events with limited seats, when answers are saved.

use platform::{StoreError, Tx};

use crate::event::{self, Seats};
use crate::guest::{Guest, Reply};
use crate::household_plan::{self, HouseholdPlan, asking};
use crate::id::EventId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::Refusal;
use crate::words::ReplyStatus;

/// Checks whether the events have enough seats for a save. The household gets all the seats that it
/// needs, or none of them. It keeps the seats that it has, even if the hosts have lowered the
/// limit.
pub(crate) fn check_seats(snapshot: &InvitationSnapshot, after: &[Guest]) -> Result<(), Refusal> {
    for event in snapshot.events.iter() {
        let Some(left) = snapshot.seats_left(event) else {
            continue;
        };
        let wanted = coming(after, &event.id) - coming(&snapshot.household.guests, &event.id);
        if wanted > left {
            return Err(Refusal::EventFull {
                event: event.key.clone(),
                left,
            });
        }
    }
    Ok(())
}

/// Gives seats to all guests of the household who want to come, or gives no new seats. Guests
/// without a seat go on the waiting list. If the occasion has no waiting list, the save is refused.
/// Guests who already wait keep their position. Returns whether a reply in `after` was changed. The
/// caller must hold the locks of the events.
pub(crate) fn settle_seats(
    snapshot: &InvitationSnapshot,
    after: &mut [Guest],
) -> Result<bool, Refusal> {
    let mut is_changed = false;
    for event in snapshot.events.iter() {
        let before = |guest: &Guest| {
            let known = snapshot
                .household
                .guests
                .iter()
                .find(|one| one.id == guest.id)?;
            known.replies.get(&event.id)
        };
        let seated = coming(&snapshot.household.guests, &event.id);
        let wanting =
            coming(after, &event.id) + with_status(after, &event.id, ReplyStatus::Waitlisted);
        let left = snapshot.seats_left(event);
        let has_room = left.is_none_or(|left| wanting - seated <= left);
        if has_room && with_status(after, &event.id, ReplyStatus::Waitlisted) == 0 {
            continue;
        }
        for guest in after.iter_mut() {
            let old = before(guest).cloned();
            let is_seated = old.as_ref().is_some_and(Reply::is_seated);
            let waiting = old.filter(|old| old.status == ReplyStatus::Waitlisted);
            let Some(reply) = guest.replies.get_mut(&event.id) else {
                continue;
            };
            match reply.status {
                ReplyStatus::Waitlisted if has_room => {
                    reply.status = ReplyStatus::Yes;
                    is_changed = true;
                }
                ReplyStatus::Yes if !has_room && !is_seated => {
                    is_changed = true;
                    *reply = match waiting {
                        Some(waiting) => waiting,
                        None if snapshot.has_waitlist() => {
                            Reply::at(ReplyStatus::Waitlisted, snapshot.now)
                        }
                        None => {
                            return Err(Refusal::EventFull {
                                event: event.key.clone(),
                                left: left.unwrap_or(0),
                            });
                        }
                    };
                }
                _ => {}
            }
        }
    }
    Ok(is_changed)
}

/// Like [`settle_seats`], but for a household's plan. Also updates the changes in the plan.
pub(super) fn settle_plan(
    snapshot: &InvitationSnapshot,
    mut plan: HouseholdPlan,
) -> Result<HouseholdPlan, Refusal> {
    if settle_seats(snapshot, &mut plan.guests)? {
        let household = &snapshot.household;
        plan.changes = household_plan::differences(
            &household.guests,
            &plan.guests,
            &snapshot.events,
            &snapshot.questions,
        );
        let answers = &plan.answers;
        let changes = &mut plan.changes;
        asking::differences(
            &household.answers,
            answers,
            &snapshot.questions,
            "",
            changes,
        );
    }
    Ok(plan)
}

/// Takes or frees seats for the replies in `after`, and updates the counts in `snapshot`. The caller
/// must hold the locks of the events.
pub(crate) fn seat(
    tx: &mut Tx<'_>,
    snapshot: &mut InvitationSnapshot,
    after: &[Guest],
    seats: Seats,
) -> Result<(), StoreError> {
    for event in snapshot.events.iter() {
        let more = coming(after, &event.id) - coming(&snapshot.household.guests, &event.id);
        if event.capacity.is_none() || more == 0 {
            continue;
        }
        let taken = snapshot.seats_taken.entry(event.id.clone()).or_default();
        if snapshot.household.invitation.is_unapproved {
            event::take_unapproved_seats(tx, &event.id, more, seats)?;
            taken.unapproved += more;
        } else {
            event::take_seats(tx, &event.id, more, seats)?;
            taken.confirmed += more;
        }
    }
    Ok(())
}

fn coming(guests: &[Guest], event: &EventId) -> i64 {
    count(guests, event, Reply::is_seated)
}

fn with_status(guests: &[Guest], event: &EventId, status: ReplyStatus) -> i64 {
    count(guests, event, |reply| reply.status == status)
}

fn count(guests: &[Guest], event: &EventId, is_counted: impl Fn(&Reply) -> bool) -> i64 {
    let replies = guests.iter().filter_map(|guest| guest.replies.get(event));
    let count = replies.filter(|reply| is_counted(reply)).count();
    i64::try_from(count).unwrap_or(i64::MAX)
}
