//! Lists the email addresses to which no mail goes. Hosts can lift a suppression that bounces have
//! caused.

use platform::key::Key;
use platform::mail::Address;
use platform::mail::suppression::{self, Suppression};
use platform::{StoreError, Tx};

use super::{HostOf, Permission, Refusal, portals};
use crate::id::InvitationId;
use crate::invitation::Invitation;

/// Returns the suppressions of an invitation's email address, or `None` if the host may not see the
/// address.
pub fn list(
    tx: &mut Tx<'_>,
    key: &Key,
    host: &HostOf,
    invitation: &Invitation,
) -> Result<Option<Vec<Suppression>>, StoreError> {
    if !host.may(Permission::SeeContacts) {
        return Ok(None);
    }
    let Some(address) = address(invitation) else {
        return Ok(Some(Vec::new()));
    };
    suppression::list_in(tx, key, &address, invitation.occasion.as_str()).map(Some)
}

/// Lifts a suppression that bounces have caused. Mail is then sent to the invitation's email
/// address again.
pub fn lift_bounce(
    tx: &mut Tx<'_>,
    key: &Key,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
) -> Result<(), Refusal> {
    host.needs(Permission::Invite)?;
    let snapshot = portals::lock(tx, host, id, version)?;
    if let Some(address) = address(&snapshot.household.invitation) {
        let request = host.request();
        suppression::lift_bounce(tx, key, &address, &host.actor(), request.as_ref())?;
    }
    Ok(())
}

fn address(invitation: &Invitation) -> Option<Address> {
    invitation.details.email.as_deref()?.parse().ok()
}
