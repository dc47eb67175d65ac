//! Leads a host through all unsent invitations. The host sends each of them through another app.

use jiff::Timestamp;
use platform::Tx;

use super::listing::filter::Open;
use super::listing::{self, InvitationFilter, InvitationRow};
use super::permissions::{HostOf, Permission};
use super::{Refusal, invitations, portals};
use crate::id::InvitationId;
use crate::invitation_snapshot::InvitationSnapshot;

/// The host's position on the way through the unsent invitations.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The household to show, even if its invitation was already sent.
    pub at: Option<InvitationId>,
    /// The household that the host has just seen. The walk continues with the next unsent
    /// invitation.
    pub after: Option<InvitationId>,
}

/// The household to show, and the progress of the walk.
#[derive(Debug)]
pub struct Walk {
    /// The household, and when its invitation was marked as sent. `None` if all invitations are
    /// sent.
    pub turn: Option<(InvitationSnapshot, Option<Timestamp>)>,
    /// The number of unsent invitations, including this household's.
    pub left: usize,
    /// The id and name of the household that the host saw before.
    pub before: Option<(InvitationId, String)>,
}

pub fn waits(row: &InvitationRow) -> bool {
    is_unsent(row.sent_at, row.open)
}

/// Whether the invitation still has to be sent. A household that answered without a code needs no
/// invitation.
pub(super) fn is_unsent(sent_at: Option<Timestamp>, open: Option<Open>) -> bool {
    sent_at.is_none() && open.is_none()
}

/// Finds the household to show. The walk goes through the households that match the filter, sorted
/// by name. After the last one, it returns to the skipped households.
pub fn walk(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: &InvitationFilter,
    place: &Place,
) -> Result<Walk, Refusal> {
    host.needs(Permission::Invite)?;
    host.needs(Permission::SeeContacts)?;
    let filter = InvitationFilter {
        sent: None,
        archived: false,
        ..filter.clone()
    };
    let all = listing::all_invitations(tx, host, &filter)?;
    let place_of = |id: &Option<InvitationId>| {
        let id = id.as_ref()?;
        all.iter().position(|row| row.id == *id)
    };
    let before = place_of(&place.after);
    let (passed, onward) = all.split_at(before.map_or(0, |place| place + 1));
    let turn = match place_of(&place.at) {
        Some(at) => Some(&all[at]),
        None => onward.iter().chain(passed).find(|row| waits(row)),
    };
    let turn = match turn {
        Some(row) => Some((
            portals::load(tx, host, &row.id)?,
            invitations::bookkeeping(tx, &row.id)?.sent_at,
        )),
        None => None,
    };
    Ok(Walk {
        turn,
        left: all.iter().filter(|row| waits(row)).count(),
        before: before.map(|place| (all[place].id.clone(), all[place].household.clone())),
    })
}
