//! Who gets a mail that confirms a household's answers.
//!
//! Hosts choose the addresses of their households and know the codes. So that members cannot mail
//! strangers with an occasion of their own, it is restricted until an administrator lets it send
//! mail: confirmations go only to households that answered by their own link, few a day, and from
//! one network not to one address after the other.

use std::net::IpAddr;

use jiff::SignedDuration;
use platform::audit::RequestFacts;
use platform::jobs::NewJob;
use platform::mail::Address;
use platform::text_cleaning::hexadecimal;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use web::Network;

use crate::id::{InvitationId, OccasionId};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::{self, MailPermission};

/// The kind of the job that sends the confirmation mail of a save.
pub const CONFIRM: &str = "occasions.confirm";

/// The maximum number of mails that a restricted occasion sends in 24 hours.
pub const MOST_A_DAY: i64 = 60;
/// The time between answers for two addresses from one network, if both are confirmed.
const APART: SignedDuration = SignedDuration::from_mins(10);
const DAY: SignedDuration = SignedDuration::from_hours(24);

pub(crate) fn is_restricted(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<bool, StoreError> {
    Ok(occasion::mail_permission(tx, occasion)? == MailPermission::Restricted)
}

/// Schedules the confirmation mail of a save, unless it is refused. The mail is sent two minutes
/// after the last save, but at most ten minutes after the first.
pub(crate) fn schedule(
    tx: &mut Tx<'_>,
    snapshot: &InvitationSnapshot,
    request: Option<&RequestFacts>,
) -> Result<(), StoreError> {
    let invitation = &snapshot.household.invitation;
    let wanted = snapshot.occasion.switches.confirmation_mail;
    let Some(email) = invitation.details.email.as_deref().filter(|_| wanted) else {
        return Ok(());
    };
    if snapshot.mail_permission == MailPermission::Restricted {
        let hash = hash(email);
        let network = request.and_then(|request| request.network);
        let is_granted = claim(tx, snapshot, network, &hash)?;
        let to = if is_granted { hash } else { String::new() };
        set_recipient(tx, &invitation.id, &to)?;
        if !is_granted {
            return Ok(());
        }
    }
    let at = snapshot.now + SignedDuration::from_mins(2);
    tx.enqueue(NewJob {
        key: Some(format!("confirm:{}", invitation.id)),
        run_at: Some(at),
        latest: Some(SignedDuration::from_mins(10)),
        ..NewJob::new(CONFIRM, json!({ "invitation": invitation.id }))
    })
}

/// Whether answers that were just saved from this network may be confirmed to this address. If they
/// may, no other address is confirmed from the network for a time.
fn claim(
    tx: &mut Tx<'_>,
    snapshot: &InvitationSnapshot,
    network: Option<IpAddr>,
    hash: &str,
) -> Result<bool, StoreError> {
    let id = &snapshot.household.invitation.id;
    if is_open_answer(tx, id)? || count_mails(tx, &snapshot.occasion.id)? >= MOST_A_DAY {
        return Ok(false);
    }
    let now = tx.now();
    sql!(
        "DELETE FROM confirmation_network WHERE answered_at < :before",
        before = now - DAY
    )
    .run(tx, Rows::Any)?;
    let claimed = sql!(
        "INSERT INTO confirmation_network (network, address_hash, answered_at)
         VALUES (:network, :hash, :now)
         ON CONFLICT (network) DO UPDATE
             SET address_hash = excluded.address_hash, answered_at = excluded.answered_at
             WHERE confirmation_network.address_hash = excluded.address_hash
                OR confirmation_network.answered_at <= :before",
        // Requests from an unknown network share one.
        network = network.map(household_network).unwrap_or_default(),
        hash,
        now,
        before = now - APART
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(claimed == 1)
}

fn household_network(address: IpAddr) -> String {
    match Network::of(address).address() {
        IpAddr::V6(address) => {
            let [first, second, third, ..] = address.segments();
            format!("{first:x}:{second:x}:{third:x}::/48")
        }
        address @ IpAddr::V4(_) => address.to_string(),
    }
}

/// Whether a restricted occasion may send this invitation's mail to its address: the household has
/// answered for this very address, and the occasion has not sent too many mails today.
pub(crate) fn may_send(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    invitation: &InvitationId,
) -> Result<bool, StoreError> {
    let is_due = is_recipient(tx, invitation)? && !is_open_answer(tx, invitation)?;
    Ok(is_due && count_mails(tx, occasion)? < MOST_A_DAY)
}

/// Whether the last save of a restricted occasion's household was refused its confirmation.
pub fn is_refused(tx: &mut Tx<'_>, snapshot: &InvitationSnapshot) -> Result<bool, StoreError> {
    let id = &snapshot.household.invitation.id;
    Ok(is_restricted(tx, &snapshot.occasion.id)? && !is_recipient(tx, id)?)
}

/// Notes that the confirmation is not sent after all.
pub(crate) fn refuse(tx: &mut Tx<'_>, invitation: &InvitationId) -> Result<(), StoreError> {
    set_recipient(tx, invitation, "")
}

fn set_recipient(tx: &mut Tx<'_>, invitation: &InvitationId, hash: &str) -> Result<(), StoreError> {
    sql!(
        "UPDATE invitation SET confirm_to = :hash WHERE id = :invitation",
        invitation,
        hash
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn is_recipient(tx: &mut Tx<'_>, invitation: &InvitationId) -> Result<bool, StoreError> {
    let (email, confirm_to): (Option<String>, String) = sql!(
        "SELECT email, confirm_to FROM invitation WHERE id = :invitation",
        invitation
    )
    .one(tx)?;
    Ok(email.is_some_and(|email| hash(&email) == confirm_to))
}

/// Whether somebody answered without a code. They can enter a stranger's address.
pub(crate) fn is_open_answer(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
) -> Result<bool, StoreError> {
    let (open,): (i64,) = sql!(
        "SELECT COUNT(*) FROM invitation i WHERE i.id = :invitation
           AND (i.unapproved = 1 OR EXISTS
               (SELECT 1 FROM open_answer o WHERE o.invitation = i.id))",
        invitation
    )
    .one(tx)?;
    Ok(open > 0)
}

/// The number of mails that the occasion has sent in the last 24 hours.
pub(crate) fn count_mails(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<i64, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM mail WHERE scope = :occasion AND created_at > :since",
        occasion,
        since = tx.roughly_now() - DAY
    )
    .one(tx)?;
    Ok(count)
}

fn hash(email: &str) -> String {
    let address = email.parse::<Address>();
    let canonical = address.as_ref().map_or(email, Address::canonical);
    hexadecimal(&Sha256::digest(canonical))
}
