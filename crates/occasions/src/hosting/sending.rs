//! Sending invitations by hand, one household after the other.

use jiff::Timestamp;
use platform::Tx;

use super::listing::{self, InvitationFilter, InvitationRow};
use super::permissions::{HostOf, Permission};
use super::{Refusal, invitations, portals};
use crate::id::InvitationId;
use crate::portal::Portal;

/// A place on the way through the households.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// This household, sent or not.
    pub at: Option<InvitationId>,
    /// The next that waits behind this one.
    pub after: Option<InvitationId>,
}

/// Where somebody is on the way.
#[derive(Debug)]
pub struct Walk {
    /// The household whose turn it is, and when it was marked as sent; `None` when all are.
    pub turn: Option<(Portal, Option<Timestamp>)>,
    /// How many wait to be sent, this one included.
    pub left: usize,
    /// The household before: its id and its name.
    pub before: Option<(InvitationId, String)>,
}

/// Whether it still has to be sent: who answered without a code needs no invitation.
pub fn waits(row: &InvitationRow) -> bool {
    row.sent_at.is_none() && row.open.is_none()
}

/// The household whose turn it is, by name, of those that match the filter. Those passed over come
/// again behind the last.
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
