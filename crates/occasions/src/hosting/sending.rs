//! Helps a host send invitations manually, one household at a time.

use jiff::Timestamp;
use platform::Tx;

use super::listing::{self, InvitationFilter, InvitationRow};
use super::permissions::{HostOf, Permission};
use super::{Refusal, invitations, portals};
use crate::id::InvitationId;
use crate::invitation_snapshot::InvitationSnapshot;

/// A position in the sequence of households.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Shows this household, whether its invitation was sent or not.
    pub at: Option<InvitationId>,
    /// Shows the next unsent household after this one.
    pub after: Option<InvitationId>,
}

/// The current position in the sequence.
#[derive(Debug)]
pub struct Walk {
    /// The current household, and when its invitation was marked as sent; `None` when all are sent.
    pub turn: Option<(InvitationSnapshot, Option<Timestamp>)>,
    /// How many households are still to be sent an invitation, including the current household.
    pub left: usize,
    /// The previous household's id and name.
    pub before: Option<(InvitationId, String)>,
}

/// Returns whether the invitation has not been sent yet. An invitation created without a code never
/// needs sending.
pub fn waits(row: &InvitationRow) -> bool {
    row.sent_at.is_none() && row.open.is_none()
}

/// Finds the current household among the households that match the filter, ordered by name. Skipped
/// households come again after the last household.
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
