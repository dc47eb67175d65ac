//! Loads an invitation for hosts, either to read it, or to change it under its lock.

use platform::{StoreError, Tx};

use super::permissions::{HostOf, Permission};
use super::{Current, Refusal};
use crate::event;
use crate::id::InvitationId;
use crate::invitation::{self, Invitation};
use crate::invitation_snapshot::{self, InvitationSnapshot};
use crate::snapshot;

/// Loads an invitation, even if it is archived.
pub fn load(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::See)?;
    load_changed(tx, host, id)
}

/// Like [`load`], but does not check permissions. Used by callers that have already changed the
/// invitation.
pub(crate) fn load_changed(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
) -> Result<InvitationSnapshot, Refusal> {
    find(tx, host, id)?.ok_or(Refusal::NotFound)
}

/// Like [`load`], for many invitations. The snapshots have the order of the ids.
pub fn load_all(
    tx: &mut Tx<'_>,
    host: &HostOf,
    ids: &[InvitationId],
) -> Result<Vec<InvitationSnapshot>, Refusal> {
    host.needs(Permission::See)?;
    let invitations = find_all(tx, host, ids)?;
    let occasion_snapshot = snapshot::load(tx, host.occasion())?;
    Ok(invitation_snapshot::load_all(
        tx,
        &occasion_snapshot,
        invitations,
    )?)
}

/// Finds the invitations with these ids, in the order of the ids, without checking permissions.
/// Refuses ids that are not of the host's occasion.
pub fn find_all(
    tx: &mut Tx<'_>,
    host: &HostOf,
    ids: &[InvitationId],
) -> Result<Vec<Invitation>, Refusal> {
    let found = invitation::find_all(tx, ids)?;
    let is_own = |one: &Invitation| one.occasion == *host.occasion();
    if found.len() < ids.len() || !found.iter().all(is_own) {
        return Err(Refusal::NotFound);
    }
    Ok(found)
}

/// Locks an invitation, and checks that `version` is the current one. Refuses archived invitations.
pub(super) fn lock(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
) -> Result<InvitationSnapshot, Refusal> {
    let snapshot = lock_any(tx, host, id, version)?;
    if snapshot.household.invitation.archived_at.is_some() {
        return Err(Refusal::WrongState);
    }
    Ok(snapshot)
}

/// Like [`lock`], but also accepts archived invitations.
pub(super) fn lock_any(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
) -> Result<InvitationSnapshot, Refusal> {
    event::lock_limited(tx, host.occasion())?;
    let locked = invitation::lock(tx, id)?.ok_or(Refusal::NotFound)?;
    let snapshot = open(tx, host, locked)?.ok_or(Refusal::NotFound)?;
    if version.is_some_and(|seen| seen != snapshot.household.invitation.version) {
        return Err(Refusal::VersionConflict(Current::Invitation(Box::new(
            snapshot,
        ))));
    }
    Ok(snapshot)
}

fn find(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
) -> Result<Option<InvitationSnapshot>, StoreError> {
    match invitation::find(tx, id)? {
        Some(found) => open(tx, host, found),
        None => Ok(None),
    }
}

fn open(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: Invitation,
) -> Result<Option<InvitationSnapshot>, StoreError> {
    if invitation.occasion != *host.occasion() {
        return Ok(None);
    }
    let occasion_snapshot = snapshot::load(tx, host.occasion())?;
    invitation_snapshot::load(tx, occasion_snapshot, invitation).map(Some)
}
