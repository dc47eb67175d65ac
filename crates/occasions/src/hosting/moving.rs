//! Moves guests from one invitation to another or to a new one, on behalf of hosts.

use std::collections::BTreeSet;

use platform::{Tx, sql};
use serde_json::json;
use web::Findings;

use super::permissions::{HostOf, Permission};
use super::{Refusal, history, invitations, open_rsvp, portals};
use crate::event::{self, cancelled};
use crate::guest::{Guest, Reply};
use crate::household::{GUEST_LIMIT, Household};
use crate::id::{GuestId, InvitationId};
use crate::invitation;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::words::GuestKind;

/// The invitation that guests move to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An invitation of the same occasion.
    Existing(InvitationId),
    /// A new invitation for a household with this name. It has the same events, language and labels
    /// as the old invitation, and its own code.
    New(String),
}

/// Moves guests to another invitation. They keep their replies to events that both invitations
/// have, and are asked about the other events of the destination. At least one guest must stay. To
/// move all guests, merge the invitations instead. Returns the destination.
pub fn move_guests(
    tx: &mut Tx<'_>,
    host: &HostOf,
    from: &InvitationId,
    version: Option<i64>,
    guests: &[GuestId],
    destination: &Destination,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Invite)?;
    // A new invitation needs the occasion's lock, which must be taken before all other locks.
    let into = match destination {
        Destination::Existing(into) => into.clone(),
        Destination::New(household) => split_off(tx, host, from, household)?,
    };
    if *from == into {
        return Err(Refusal::WrongState);
    }
    // Both invitations are locked in the order of their ids. So two moves in opposite directions
    // cannot deadlock.
    event::lock_limited(tx, host.occasion())?;
    for id in [from.min(&into), from.max(&into)] {
        invitation::lock(tx, id)?.ok_or(Refusal::NotFound)?;
    }
    let mut leaving = portals::lock(tx, host, from, version)?;
    let mut joining = portals::lock(tx, host, &into, None)?;
    let is_open = |snapshot: &InvitationSnapshot| snapshot.household.invitation.is_unapproved;
    if is_open(&leaving) || is_open(&joining) {
        return Err(Refusal::WrongState);
    }
    let chosen: BTreeSet<&GuestId> = guests.iter().collect();
    check(&leaving.household, &chosen)?;
    let there = joining.household.guests.len();
    if there + chosen.len() > GUEST_LIMIT {
        return Err(Refusal::GuestLimit);
    }
    let (before_from, before_into) = (
        leaving.household.guests.clone(),
        joining.household.guests.clone(),
    );
    let moved = rejoin(&leaving.household, &joining.household, &chosen);
    for guest in &moved {
        open_rsvp::move_guest(tx, guest, &into)?;
    }
    leaving
        .household
        .guests
        .retain(|guest| !chosen.contains(&guest.id));
    joining.household.guests.extend(moved);
    history::finish_guests(tx, host, &mut leaving, &before_from)?;
    history::finish_guests(tx, host, &mut joining, &before_into)?;
    portals::load_changed(tx, host, &into)
}

fn check(household: &Household, chosen: &BTreeSet<&GuestId>) -> Result<(), Refusal> {
    let known = household.guests.iter().map(|guest| &guest.id);
    let known: BTreeSet<&GuestId> = known.collect();
    if !chosen.is_subset(&known) {
        return Err(Refusal::GuestNotFound);
    }
    let mut findings = Findings::default();
    if chosen.is_empty() {
        findings.add("/guests", "required", []);
    } else if chosen.len() == known.len() {
        let most = known.len().saturating_sub(1);
        findings.add("/guests", "too_many", [("max", most.into())]);
    }
    Ok(findings.finish()?)
}

fn split_off(
    tx: &mut Tx<'_>,
    host: &HostOf,
    from: &InvitationId,
    household: &str,
) -> Result<InvitationId, Refusal> {
    let found = invitation::find(tx, from)?.filter(|one| one.occasion == *host.occasion());
    let details = found.ok_or(Refusal::NotFound)?.details;
    let events: Vec<(String,)> = sql!(
        "SELECT event.key FROM invitation_event
         JOIN event ON event.id = invitation_event.event
         WHERE invitation_event.invitation = :from ORDER BY event.starts_at, event.position, event.id",
        from
    )
    .all(tx)?;
    let input = json!({
        "household": household,
        "language": details.language,
        "tags": details.tags,
        "plus_ones": 0,
        "children": 0,
        "deadline_override": details.deadline_override,
    });
    let mut new = invitations::InvitationChange::from(web::Input::from(input));
    new.events = Some(events.into_iter().map(|(key,)| key).collect());
    let made = invitations::create(tx, host, &new, None)?
        .household
        .invitation
        .id;
    cancelled::invite_like(tx, &made, from)?;
    Ok(made)
}

/// Returns the chosen guests as they will be stored on the destination.
fn rejoin(leaving: &Household, joining: &Household, chosen: &BTreeSet<&GuestId>) -> Vec<Guest> {
    let positions = joining.guests.iter().map(|guest| guest.position + 1);
    let next = positions.max().unwrap_or(0);
    let moved = leaving
        .guests
        .iter()
        .filter(|guest| chosen.contains(&guest.id));
    let rejoined = (next..).zip(moved).map(|(position, guest)| {
        let invited = joining.events.iter().map(|event| {
            let reply = guest.replies.get(event).cloned();
            (event.clone(), reply.unwrap_or(Reply::PENDING))
        });
        Guest {
            position,
            // A guest who moves counts as listed by the hosts. A guest without a name stays a
            // plus-one.
            kind: if guest.name.is_empty() {
                GuestKind::PlusOne
            } else {
                GuestKind::Named
            },
            replies: invited.collect(),
            ..guest.clone()
        }
    });
    rejoined.collect()
}
